# Bodies that end where their Content-Length says so, and the delimiter that has to stand behind.


cdef Py_ssize_t _measured(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end, list events
) except -1:
    cdef ps_delimiters *d = &parser._delimiters
    cdef bint passing = ps_passes(d)
    cdef bint last = parser._remaining <= end - at  # whether the body ends within the data
    cdef Py_ssize_t found, stop = at + parser._remaining if last else end
    cdef int result
    if parser._fresh and s[at] == c"-":
        result = _match(parser, s, at, stop, False, last or parser._final)
        if result == PS_MORE:
            return _hold(parser, s, at, end)
        if result != PS_NO:
            raise Deviation.LENGTH_MISMATCH.at(parser._base + at)
    parser._fresh = False
    found = ps_find(s, at, stop, &d.needle, passing)
    while found >= 0:
        result = _match_in_body(parser, s, at, found, stop, events, last)
        if result != PS_NO:
            _emit(parser, s, at, found, events)
            parser._remaining -= found - at
            if result == PS_MORE:
                return _hold(parser, s, found, end)
            raise Deviation.LENGTH_MISMATCH.at(parser._base + found)
        found = ps_find(s, found + 1, stop, &d.needle, passing)
    found = stop if last else _partial(parser, s, at, stop)
    _emit(parser, s, at, found, events)
    parser._remaining -= found - at
    _end_measured(parser, events)
    return found if last else _hold(parser, s, found, end)


cdef int _end_measured(MultipartParser parser, list events) except -1:
    if parser._remaining == 0:
        events.append(_part_end(parser._delimiters.depth - 1))
        parser._place = AFTER_LENGTH
    return 0


cdef Py_ssize_t _after_length(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end, list events
) except -1:
    cdef ps_delimiters *d = &parser._delimiters
    cdef bint unbroken = parser._fresh and s[at] == c"-"
    cdef Py_ssize_t width = 0 if unbroken else d.break_size
    cdef Py_ssize_t have = min(width, end - at)
    cdef int result = PS_NO
    cdef Py_ssize_t i = 0
    while i < have and s[at + i] == d.needle.bytes[i]:
        i += 1
    if i == width:
        result = _match(parser, s, at + width, end, False, parser._final)
        if result == PS_NO and parser._final:
            result = _match(parser, s, at + width, end, False, False)
    elif i == have:
        result = PS_MORE
    if result == PS_MORE:
        return end if parser._final else _hold(parser, s, at, end)
    if result == PS_NO:
        raise Deviation.LENGTH_MISMATCH.at(parser._base + at)
    if unbroken:
        return _unbroken(parser, result, at, events, False)
    return _delimiter(parser, result, at, events, False)
