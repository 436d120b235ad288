# What stands before a delimiter and is no part, so is discarded: a preamble, or the epilogue of a
# multipart within another one.


cdef Py_ssize_t _between(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end, list events
) except -1:
    cdef ps_delimiters *d = &parser._delimiters
    cdef int result
    cdef Py_ssize_t found, search, size
    if parser._fresh and not parser._in_preamble:
        # Of an epilogue only the line of its closing delimiter is looked at (row o).
        size = min(d.break_size, end - at)
        if memcmp(s + at, d.needle.bytes, size) != 0:
            raise Deviation.EPILOGUE.at(parser._base + at)
        if size < d.break_size and not parser._final:
            return _hold(parser, s, at, end)
        parser._fresh = False
    elif parser._fresh:
        result = _match(parser, s, at, end, parser._in_preamble, parser._final)
        if result == PS_MORE:
            return _hold(parser, s, at, end)
        if result != PS_NO:
            return _delimiter(parser, result, at, events, False)
        if not _top(parser).mask & PREAMBLE:
            return _strict_start(parser, s, at, end)
        parser._fresh = False
    search = at
    while True:
        found = ps_find(s, search, end, &d.needle, False)
        if found < 0:
            break
        _discard(parser, s, at, found)
        at = found
        search = found + 1
        result = _match(
            parser, s, found + d.break_size, end, parser._in_preamble, parser._final
        )
        if result == PS_MORE:
            return _hold(parser, s, found, end)
        if result != PS_NO:
            _check_first_line_end(parser, found)
            return _delimiter(parser, result, found, events, False)
    found = _partial(parser, s, at, end)
    _discard(parser, s, at, found)
    return _hold(parser, s, found, end)


cdef Py_ssize_t _strict_start(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end
) except -1:
    """Let one CRLF stand before the first delimiter, and nothing else."""
    if not parser._discarded and s[at] == c"\r":
        if at + 1 < end:
            if s[at + 1] == c"\n":
                parser._discarded = 2
                return at + 2
        else:
            return end if parser._final else _hold(parser, s, at, end)
    # What is cut within its first delimiter ends too early, and has no preamble (row p).
    if parser._final and s[at] == c"-":
        if _match(parser, s, at, end, parser._in_preamble, False) == PS_MORE:
            return end
    raise Deviation.PREAMBLE.at(parser._base + at)


cdef int _check_first_line_end(MultipartParser parser, Py_ssize_t found) except -1:
    """Refuse a first delimiter behind a bare LF: until then lines may end in either."""
    if parser._delimiters.lf < 0 and not parser._last_is_cr:
        if not parser._delimiters.levels[0].bare_lf:
            raise Deviation.BARE_LF.at(parser._base + found)
    return 0


cdef int _discard(MultipartParser parser, chars s, Py_ssize_t start, Py_ssize_t stop) except -1:
    cdef Py_ssize_t stray
    if parser._strays and parser._delimiters.lf >= 0 and not parser._final:
        stray = ps_stray(&parser._delimiters, s, start, stop)
        if stray < stop:
            _count_discarded(parser, s, start, stray)
            raise Deviation.BOUNDARY_IN_CONTENT.at(parser._base + stray)
    return _count_discarded(parser, s, start, stop)


cdef int _count_discarded(
    MultipartParser parser, chars s, Py_ssize_t start, Py_ssize_t stop
) except -1:
    cdef int64_t size, limit
    if stop > start:
        parser._discarded += stop - start
        parser._last_is_cr = s[stop - 1] == c"\r"
    # A CR before the LF that the search starts with belongs to the delimiter.
    size = parser._discarded - (parser._last_is_cr and parser._delimiters.lf < 0)
    limit = parser._max.preamble if parser._in_preamble else parser._max.epilogue
    if size > limit:
        name = "max_preamble" if parser._in_preamble else "max_epilogue"
        raise parser._limits.exceeded(name, parser._mark + limit)
    return 0
