# Chunks: how one is read, place by place, and what of it is held back for the next one.


cdef int _feed(MultipartParser parser, bytes chunk, list events) except -1:
    cdef chars data = <chars> PyBytes_AS_STRING(chunk)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(chunk), at = 0
    cdef bint too_long = size > parser._max.total - parser.offset
    if too_long:
        size = parser._max.total - parser.offset
    while parser._held_size and at < size:
        at += _feed_held(parser, data + at, size - at, events)
    if at < size:
        parser._chunk = chunk
        parser._base = parser.offset
        parser.offset += size - at
        _run(parser, data + at, size - at, events)
    if too_long:
        raise parser._limits.exceeded("max_total_size", parser._max.total)
    return 0


cdef Py_ssize_t _feed_held(
    MultipartParser parser, chars data, Py_ssize_t size, list events
) except -1:
    """Decide on what was held back; give how many bytes of the chunk that took.

    A window is laid over what was held back and the start of the chunk.  It is read only
    until the bytes held back are behind, so that the chunk itself is never copied.
    """
    cdef unsigned char window[2 * WINDOW]
    cdef Py_ssize_t held = parser._held_size, at = 0
    cdef Py_ssize_t end = held + min(size, WINDOW)
    memcpy(window, parser._held, held)
    memcpy(window + held, data, end - held)
    parser._held_size = 0
    parser._base = parser.offset - held
    if _is_data(parser, window, held, end, events):
        return 0
    parser.offset += end - held
    while at < held:
        at = _step(parser, window, at, end, events)
    parser.offset -= end - at
    return at - held


cdef bint _is_data(
    MultipartParser parser, chars window, Py_ssize_t held, Py_ssize_t end, list events
) except -1:
    """Deliver what was held back, if it turns out to be no delimiter; tell whether it did."""
    cdef ps_delimiters *d = &parser._delimiters
    if parser._fresh or parser._strays or (parser._place != BODY and parser._place != BETWEEN):
        return False
    if memcmp(window, d.needle.bytes, min(end, <Py_ssize_t> d.needle.size)) == 0:
        if end < d.needle.size:
            return False
        if ps_match(d, window, d.break_size, end, parser._place == BETWEEN and parser._in_preamble,
                    False) != PS_NO:
            return False
    if parser._place != BODY:
        _discard(parser, window, 0, held)
    elif parser._size + held > parser._max.size:
        _emit(parser, window, 0, held, events)
    else:
        # It goes out with what follows it in the chunk, see _emit().
        parser._size += held
        parser._before = held
    return True


cdef int _run(MultipartParser parser, chars s, Py_ssize_t end, list events) except -1:
    cdef Py_ssize_t at = 0
    while at < end:
        at = _step(parser, s, at, end, events)
    return 0


cdef inline Py_ssize_t _step(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end, list events
) except -1:
    if parser._place == BODY:
        return _body(parser, s, at, end, events)
    if parser._place == HEADERS:
        return _headers(parser, s, at, end, events)
    if parser._place == BETWEEN:
        return _between(parser, s, at, end, events)
    if parser._place == MEASURED:
        return _measured(parser, s, at, end, events)
    if parser._place == AFTER_LENGTH:
        return _after_length(parser, s, at, end, events)
    return _epilogue(parser, s, at, end)


cdef Py_ssize_t _hold(MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end) noexcept:
    parser._held_size = end - at
    memcpy(parser._held, s + at, end - at)
    return end
