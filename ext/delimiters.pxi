# What a delimiter does once it is found: a part ends, with the multiparts that it leaves open, and
# another part begins, or a multipart is closed.  What a delimiter is: delimiters.h.


cdef int _match(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end, bint first, bint final
) except -1:
    cdef int result = ps_match(&parser._delimiters, s, at, end, first, final)
    if result == PS_FAULT:
        _raise_fault(parser)
    return result


cdef int _raise_fault(MultipartParser parser) except -1:
    raise _FAULTS[parser._delimiters.fault].at(parser._base + parser._delimiters.fault_at)


cdef Py_ssize_t _delimiter(
    MultipartParser parser, int result, Py_ssize_t at, list events, bint leaf
) except -1:
    """Act on the delimiter that starts at ``at``; ``leaf``: a body ends there."""
    cdef ps_delimiters *d = &parser._delimiters
    cdef int64_t offset = parser._base + at
    cdef int level = d.level, top = d.depth - 1
    if level < top and not d.levels[level].unclosed:
        raise Deviation.UNCLOSED_CHILD.at(offset)
    if not ps_accept(d):
        raise Deviation.DASHED_BOUNDARY.at(offset)
    if leaf:
        events.append(_part_end(top))
    _check_end(parser, parser._closed_end, offset)
    parser._closed_end = -1
    while top > level:
        _check_end(parser, d.levels[top].end, offset)
        top -= 1
        events.append(part_end(top, False))
    if d.depth > level + 1:
        ps_cut(d, level + 1)
        _set_rules(parser)
    parser._mark = parser._base + d.end
    if result == PS_CLOSE:
        _close_level(parser, level, events)
    else:
        parser._parts += 1
        if parser._parts > parser._max.parts:
            raise parser._limits.exceeded("max_parts", offset)
        parser._place = HEADERS
    return d.end


cdef int _close_level(MultipartParser parser, int level, list events) except -1:
    if level == 0:
        parser.end_offset = parser._mark
        parser._discarded = 0
        parser._crlf_left = 1 if parser._delimiters.lf else 2
        parser._place = EPILOGUE
        return 0
    parser._closed_end = _top(parser).end
    ps_cut(&parser._delimiters, level)
    _set_rules(parser)
    events.append(_part_end(level - 1))
    _enter_between(parser, preamble=False)
    parser._fresh = not _top(parser).mask & EPILOGUE_BYTES
    return 0


cdef int _check_end(MultipartParser parser, int64_t expected, int64_t offset) except -1:
    if expected != -1 and expected != offset:
        raise Deviation.LENGTH_MISMATCH.at(offset)
    return 0
