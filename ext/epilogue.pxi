# What stands behind the closing delimiter of the outermost multipart, and the end of the input.


cdef Py_ssize_t _epilogue(MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end) except -1:
    while parser._crlf_left and at < end:
        if s[at] != (c"\n" if parser._crlf_left == 1 else c"\r"):
            break
        parser._crlf_left -= 1
        parser._mark += 1
        at += 1
    if at == end:
        return at
    parser._crlf_left = 0
    if not parser._delimiters.levels[0].mask & EPILOGUE_BYTES:
        raise Deviation.EPILOGUE.at(parser._base + at)
    parser._discarded += end - at
    if parser._discarded > parser._max.epilogue:
        raise parser._limits.exceeded("max_epilogue", parser._mark + parser._max.epilogue)
    return end


cdef int _end(MultipartParser parser, list events) except -1:
    """Refuse an end of input that comes too early, or end what is open (row p)."""
    cdef uint64_t mask = parser._delimiters.levels[0].mask
    cdef bint started = parser._delimiters.lf >= 0
    cdef int depth
    if parser._place == HEADERS and mask & DELIMITER_IN_HEADERS:
        # The last line, which nothing ends any more.
        if parser._head_size - parser._line >= 2 and parser._head[parser._line] == c"-":
            if parser._head[parser._line + 1] == c"-":
                _delimiter_in_headers(parser, events)
    depth = parser._delimiters.depth - 1
    if parser.end_offset >= 0:
        if parser._crlf_left == 1 and not parser._delimiters.lf:  # a CR, and no LF
            if not mask & EPILOGUE_BYTES:
                raise Deviation.EPILOGUE.at(parser.offset - 1)
        return 0
    if not started or not mask & TRUNCATED:
        raise cut_short(parser.offset, started, parser._parts, _where(parser))
    if parser._place == BODY or parser._place == MEASURED:
        events.append(part_end(depth, False))
    while depth > 0:
        depth -= 1
        events.append(part_end(depth, False))
    parser.end_offset = parser.offset
    return 0


cdef str _where(MultipartParser parser):
    if parser._place == HEADERS:
        return "in the headers of"
    return "in" if parser._place == BODY or parser._place == MEASURED else "after"
