# Multiparts within each other: the stack of those that are open, and what each of them sets.


cdef ps_level *_top(MultipartParser parser) noexcept:
    """Give the innermost multipart."""
    return &parser._delimiters.levels[parser._delimiters.depth - 1]


cdef int _open(MultipartParser parser, ps_text boundary, bint form, int64_t end) except -1:
    """Enter a multipart."""
    cdef uint64_t mask
    if parser._policy is _DEFAULT_POLICY:
        mask = _DEFAULT_FORM_MASK if form else _DEFAULT_OTHER_MASK
    else:
        mask = parser._policy.form_mask if form else parser._policy.other_mask
    cdef ps_level *level = ps_push(&parser._delimiters, boundary.s, <int> boundary.size)
    if level == NULL:
        raise MemoryError
    level.form = form
    level.mask = mask
    if parser._delimiters.depth == 1:
        parser._strays = not mask & BOUNDARY_IN_CONTENT
    level.end = end
    level.bare_lf = (mask & BARE_LF) != 0
    level.padding = (mask & DELIMITER_PADDING) != 0
    level.suffix = (mask & DELIMITER_SUFFIX) != 0
    level.first_suffix = (mask & FIRST_LINE_SUFFIX) != 0
    level.dashed = (mask & DASHED_BOUNDARY) != 0
    level.unclosed = (mask & UNCLOSED_CHILD) != 0
    level.unbroken = (mask & MISSING_LINE_BREAK) != 0
    _set_rules(parser)
    _enter_between(parser, preamble=True)
    return 0


cdef void _set_rules(MultipartParser parser) noexcept:
    cdef ps_level *top = _top(parser)
    parser._rules.form = top.form
    parser._rules.nested = parser._nested
    parser._rules.high = (top.mask & UNDECODABLE_HEADER) != 0
    parser._rules.nameless = (top.mask & NAMELESS_PART) != 0
    parser._rules.any_charset = (top.mask & UNSAFE_CHARSET) != 0
    parser._rules.any_encoding = (top.mask & TRANSFER_ENCODING) != 0


cdef void _enter_between(MultipartParser parser, bint preamble) noexcept:
    parser._in_preamble = parser._fresh = preamble
    parser._discarded = 0
    parser._last_is_cr = False
    parser._place = BETWEEN
