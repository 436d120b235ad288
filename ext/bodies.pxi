# Bodies that end where a delimiter says so, and how the data of any body goes out.  The search
# itself: scan.h.

# A body of so many bytes in a chunk is copied as it is searched, if it has to be copied; but not
# its first ones: where it ends among them, no copy is laid out for all of it.
cdef enum:
    COPIED_FROM = 16384
    COPIED_LATER = 2048

# Of a body that begins amid a chunk, and may end there, at most so many: from 128 KiB on an
# allocator asks the system, which for each small part of a large chunk takes longer than the part.
cdef enum:
    COPIED_UP_TO = 126976


cdef Py_ssize_t _body(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end, list events
) except -1:
    cdef ps_delimiters *d = &parser._delimiters
    cdef bint passing = ps_passes(d)
    cdef int result
    cdef Py_ssize_t found, search, stop
    if parser._fresh:
        if s[at] == c"-":
            result = _match(parser, s, at, end, False, parser._final)
            if result == PS_MORE:
                return _hold(parser, s, at, end)
            if result != PS_NO:
                return _unbroken(parser, result, at, events, True)
        parser._fresh = False
    search = at
    stop = end
    if end - at >= COPIED_FROM and _is_cut(parser, s, at, end):
        stop = at + COPIED_LATER
    while True:
        if parser._copy == NULL:
            found = ps_find(s, search, stop, &d.needle, passing)
        else:
            found = _find_and_copy(parser, s, at, search, stop)
        if found >= 0:
            result = _match_in_body(parser, s, at, found, end, events, False)
            if result != PS_NO:
                _emit(parser, s, at, found, events)
                if result == PS_MORE:
                    return _hold(parser, s, found, end)
                return _delimiter(parser, result, found, events, True)
            search = found + 1
        elif stop < end:
            search = max(search, stop - d.needle.size + 1)
            stop = end
            _lay_out(parser, s, at, search, end)
        else:
            break
    found = _partial(parser, s, at, end)
    _emit(parser, s, at, found, events)
    return _hold(parser, s, found, end)


cdef inline Py_ssize_t _partial(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end
) noexcept:
    """Find where an end of the data starts that has to be held back, or give its end."""
    cdef Py_ssize_t found
    if parser._final:
        return end
    found = ps_partial(&parser._delimiters, s, at, end)
    if parser._strays and parser._delimiters.lf >= 0:
        return ps_partial_stray(&parser._delimiters, s, at, found, end)
    return found


cdef bint _is_cut(MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end) noexcept:
    """Tell whether these are many bytes of a body that go out as other than the whole chunk."""
    if not _is_chunk(parser, s + at, end - at):
        return end - at <= COPIED_UP_TO
    return ps_partial(&parser._delimiters, s, at, end) < end


cdef int _lay_out(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t search, Py_ssize_t end
) except -1:
    """Have what of a body is searched from now on be copied."""
    cdef object made = PyBytes_FromStringAndSize(NULL, parser._before + end - at)
    Py_XDECREF(parser._copy)
    Py_INCREF(made)
    parser._copy = <PyObject *> made
    memcpy(PyBytes_AS_STRING(made) + parser._before, s + at, search - at)
    return 0


cdef Py_ssize_t _find_and_copy(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t search, Py_ssize_t end
) noexcept:
    """Find the next delimiter of a body that starts at ``at``, and copy the body."""
    cdef ps_delimiters *d = &parser._delimiters
    cdef bint passing = ps_passes(d)
    cdef unsigned char *to
    cdef Py_ssize_t found
    to = <unsigned char *> PyBytes_AS_STRING(<object> parser._copy) + parser._before
    found = ps_find_and_copy(s + at, search - at, end - at, &d.needle, passing, to)
    return found + at if found >= 0 else -1


cdef int _match_in_body(
    MultipartParser parser,
    chars s,
    Py_ssize_t at,
    Py_ssize_t found,
    Py_ssize_t end,
    list events,
    bint last,
) except -1:
    """Match a delimiter at ``found``; on a fault, deliver the body before it first."""
    cdef int result = ps_match_found(
        &parser._delimiters, s, found, end, last or parser._final
    )
    if result == PS_FAULT:
        _emit(parser, s, at, found, events)
        _raise_fault(parser)
    return result


cdef Py_ssize_t _unbroken(
    MultipartParser parser, int result, Py_ssize_t at, list events, bint leaf
) except -1:
    """Act on a delimiter with no line end of its own behind a header block (row q)."""
    if not parser._delimiters.levels[parser._delimiters.level].unbroken:
        raise Deviation.MISSING_LINE_BREAK.at(parser._base + at)
    return _delimiter(parser, result, at, events, leaf)


cdef int _emit(
    MultipartParser parser, chars s, Py_ssize_t start, Py_ssize_t stop, list events
) except -1:
    """Deliver data of a body, and before it what turned out to be data and was held back."""
    cdef Py_ssize_t size, before = parser._before, stray = stop
    cdef int64_t over
    # What is left at the end of input may be a delimiter that was cut (row p).
    if parser._strays and start < stop and not parser._final:
        stray = ps_stray(&parser._delimiters, s, start, stop)
    size = max(stray - start, 0)
    cdef bytes joined
    parser._before = 0
    parser._size += size
    over = parser._size - parser._max.size
    if over > 0:
        size -= <Py_ssize_t> over
    if parser._copy != NULL:
        _emit_copy(parser, before, size, events)
    elif before == 0:
        if size:
            events.append(_bytes(parser, s + start, size))
    elif _is_chunk(parser, s + start, size):
        events.append(PyBytes_FromStringAndSize(<const char *> parser._held, before))
        events.append(parser._chunk)
    else:
        # It has to be copied in any case: one event, and one copy.
        joined = PyBytes_FromStringAndSize(NULL, before + size)
        memcpy(PyBytes_AS_STRING(joined), parser._held, before)
        memcpy(PyBytes_AS_STRING(joined) + before, s + start, size)
        events.append(joined)
    if over > 0:
        raise parser._limits.exceeded("max_part_size", parser._base + start + size)
    if stray < stop:
        raise Deviation.BOUNDARY_IN_CONTENT.at(parser._base + stray)
    return 0


cdef int _emit_copy(
    MultipartParser parser, Py_ssize_t before, Py_ssize_t size, list events
) except -1:
    """Deliver what was copied while it was searched."""
    cdef PyObject *data = parser._copy
    parser._copy = NULL
    if before + size != PyBytes_GET_SIZE(<object> data):
        _PyBytes_Resize(&data, before + size)  # on failure it has set data to NULL, and raises
    memcpy(PyBytes_AS_STRING(<object> data), parser._held, before)
    if before + size:
        events.append(<object> data)
    Py_DECREF(data)
    return 0


cdef bint _is_chunk(MultipartParser parser, chars s, Py_ssize_t size) noexcept:
    """Tell whether these bytes are all of the chunk that is being fed."""
    return (
        parser._chunk is not None
        and s == <chars> PyBytes_AS_STRING(parser._chunk)
        and size == PyBytes_GET_SIZE(parser._chunk)
    )


cdef bytes _bytes(MultipartParser parser, chars s, Py_ssize_t size):
    """Give these bytes as an object: the chunk itself where they are all of it."""
    if _is_chunk(parser, s, size):
        return parser._chunk
    return PyBytes_FromStringAndSize(<const char *> s, size)
