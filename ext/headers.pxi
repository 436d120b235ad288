# Header blocks: the usual one is read by block.h in one go; any other is collected here line by
# line, and looked at by headers.py.


cdef Py_ssize_t _headers(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end, list events
) except -1:
    cdef ps_block block
    cdef Py_ssize_t reach = <Py_ssize_t> min(end - at, min(parser._max.line, parser._max.block))
    if parser._head_size == 0 and parser._delimiters.lf == 0:
        if ps_read_block(s + at, reach, &parser._rules, &block):
            if block.lines <= parser._max.lines and not (
                parser._strays
                and ps_stray(&parser._delimiters, s, at, at + block.size) < at + block.size
            ):
                _begin_plain(parser, s + at, &block, events)
                return at + block.end
    return _header_lines(parser, s, at, end, events)


cdef int _begin_plain(MultipartParser parser, chars s, ps_block *block, list events) except -1:
    cdef PartBegin part = PartBegin.__new__(PartBegin)
    if block.size <= PART_ROOM:
        part._short_size = <int> block.size
        memcpy(part._short, s, block.size)
    else:
        part._long = PyBytes_FromStringAndSize(<const char *> s, block.size)
    if block.name.size >= 0:
        part.name = _decoded(s, block.name, block.high)
    if block.filename.size >= 0:
        part.filename = _decoded(s, block.filename, block.high)
    if block.type.size >= 0:
        part.content_type = _essence(s, block.type, block.high)
    if _top(parser).mask & LENGTH_MISMATCH:
        block.length = -1
    return _begin(parser, part, block.end, block.length, None, events)


cdef Py_ssize_t _header_lines(
    MultipartParser parser, chars s, Py_ssize_t at, Py_ssize_t end, list events
) except -1:
    """Collect the block line by line: it is cut by a chunk's end, or not plain."""
    cdef chars found
    cdef Py_ssize_t stop, line_size
    cdef int lf = parser._delimiters.lf
    cdef int width = 1 if lf else 2
    cdef bint cr
    while at < end:
        found = <chars> memchr(s + at, c"\n", end - at)
        stop = end if found == NULL else found - s + 1
        _keep(parser, s + at, stop - at)
        at = stop
        _check_header_size(parser, found != NULL)
        if found == NULL:
            break
        cr = parser._head_size >= 2 and parser._head[parser._head_size - 2] == c"\r"
        if cr == (lf == 1):
            _refuse_line_end(parser, lf)
        line_size = parser._head_size - parser._line
        if line_size == width:
            _examine(parser, parser._line - width, parser._nested, events)
            break
        if parser._head[parser._line] == c"-" and parser._head[parser._line + 1] == c"-":
            if _delimiter_in_headers(parser, events):
                break
        parser._line = parser._head_size
        parser._lines += 1
        if parser._lines > parser._max.lines:
            raise parser._limits.exceeded("max_headers", parser._mark + parser._line - line_size)
    return at


cdef int _refuse_line_end(MultipartParser parser, bint lf) except -1:
    """Refuse a line that ends otherwise than those of this stream."""
    cdef int64_t end = parser._mark + parser._head_size
    if lf:
        raise Deviation.HEADER_CONTROL.at(end - 2, "a CR, and lines end in LF")
    raise Deviation.BARE_LF.at(end - 1)


cdef int _keep(MultipartParser parser, chars s, Py_ssize_t size) except -1:
    """Put bytes behind the header block so far."""
    cdef Py_ssize_t needed = parser._head_size + size
    cdef unsigned char *head
    if needed > parser._head_room:
        needed = max(2 * needed, 256)
        head = <unsigned char *> realloc(parser._head, needed)
        if head == NULL:
            raise MemoryError
        parser._head = head
        parser._head_room = needed
    memcpy(parser._head + parser._head_size, s, size)
    parser._head_size += size
    return 0


cdef int _check_header_size(MultipartParser parser, bint ended) except -1:
    """Refuse a line or a block that is too long, whichever limit comes first."""
    cdef Py_ssize_t end = parser._head_size - ended
    cdef bint line_over, block_over
    if not parser._delimiters.lf and end > parser._line and parser._head[end - 1] == c"\r":
        end -= 1
    line_over = end - parser._line > parser._max.line
    block_over = parser._head_size > parser._max.block
    if block_over and (not line_over or parser._max.block <= parser._line + parser._max.line):
        raise parser._limits.exceeded("max_header_block", parser._mark + parser._max.block)
    if line_over:
        raise parser._limits.exceeded(
            "max_header_line", parser._mark + parser._line + parser._max.line
        )
    return 0


cdef bint _delimiter_in_headers(MultipartParser parser, list events) except -1:
    """Act on a header line that is a delimiter; tell whether it was one."""
    cdef int64_t offset = parser._mark + parser._line
    cdef int64_t base = parser._base
    cdef Py_ssize_t size = parser._head_size - parser._line
    cdef bytes line = PyBytes_FromStringAndSize(<char *> parser._head + parser._line, size)
    cdef chars s = <chars> PyBytes_AS_STRING(line)
    cdef int result
    parser._base = offset
    result = _match(parser, s, 0, size, False, True)
    if result == PS_NO:
        parser._base = base
        return False
    if not _top(parser).mask & DELIMITER_IN_HEADERS:
        raise Deviation.DELIMITER_IN_HEADERS.at(offset)
    _examine(parser, parser._line - (1 if parser._delimiters.lf else 2), False, events)
    if parser._place == MEASURED:
        raise Deviation.LENGTH_MISMATCH.at(offset)
    _delimiter(parser, result, 0, events, parser._place == BODY)
    parser._base = base
    return True


cdef int _examine(MultipartParser parser, Py_ssize_t size, bint nested, list events) except -1:
    """Have a block of ``size`` bytes looked at that is not plain, and begin its part."""
    cdef ps_level *top = _top(parser)
    cdef bytes block = PyBytes_FromStringAndSize(<char *> parser._head, max(size, 0))
    cdef Py_ssize_t whole = parser._head_size
    cdef PartBegin part
    cdef Py_ssize_t stray
    if parser._strays:
        stray = ps_stray(&parser._delimiters, parser._head, 0, max(size, 0))
        if stray < size:
            raise Deviation.BOUNDARY_IN_CONTENT.at(parser._mark + stray)
    head = examine(
        block, parser._mark, Level(top.mask, top.form, nested), lf=parser._delimiters.lf == 1
    )
    free(parser._head)
    parser._head = NULL
    parser._head_size = parser._head_room = parser._line = parser._lines = 0
    part = _odd_part(head.block, head.name, head.filename)
    return _begin(parser, part, whole, head.length, head.child, events)


cdef int _begin(
    MultipartParser parser,
    PartBegin part,
    Py_ssize_t size,
    int64_t length,
    object child,
    list events,
) except -1:
    """Begin the part whose header block, of ``size`` bytes, has just ended."""
    cdef bytes boundary
    part.depth = parser._delimiters.depth - 1
    part.offset = parser._mark
    part.body_offset = parser._mark + size
    part.multipart = child is not None
    if child is not None and part.depth + 2 > parser._max.depth:
        raise parser._limits.exceeded("max_depth", part.offset)
    if child is not None and parser._strays:
        boundary = b"--" + child.boundary
        size = len(boundary)
        if ps_stray(&parser._delimiters, <chars> PyBytes_AS_STRING(boundary), 0, size) < size:
            raise Deviation.BOUNDARY_IN_CONTENT.at(part.offset, _BOUNDARY_WITHIN)
    events.append(part)
    parser._fresh = True
    parser._size = 0
    if child is not None:
        parser._mark = part.body_offset
        boundary = child.boundary
        _open(
            parser, ps_text(<chars> PyBytes_AS_STRING(boundary), PyBytes_GET_SIZE(boundary)),
            child.form,
            part.body_offset + length if length >= 0 else -1,
        )
    elif length < 0:
        parser._place = BODY
    else:
        parser._remaining = length
        parser._place = MEASURED
        _end_measured(parser, events)
    return 0
