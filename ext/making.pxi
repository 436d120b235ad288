# How a parser is made: what a call of the class comes to, and what an ordinary boundary is.

cdef str _FORM_DATA = "form-data"

# The names of arguments, as callers have them: one object each.
cdef str _SUBTYPE = intern("subtype")
cdef str _LIMITS = intern("limits")
cdef str _POLICY = intern("policy")
cdef str _NESTED = intern("nested")


cdef ps_text _plain_boundary(object boundary) noexcept:
    """Give where the bytes of an ordinary boundary are; size 0: it has to be looked at."""
    cdef ps_text text
    cdef unsigned char odd = 0
    cdef Py_ssize_t i
    text.s = NULL
    text.size = 0
    if type(boundary) is str:
        if PyUnicode_IS_COMPACT_ASCII(boundary):
            text.s = <chars> PyUnicode_1BYTE_DATA(boundary)
            text.size = PyUnicode_GET_LENGTH(boundary)
    elif type(boundary) is bytes:
        text.s = <chars> PyBytes_AS_STRING(boundary)
        text.size = PyBytes_GET_SIZE(boundary)
    if text.size > 70:
        text.size = 0
    for i in range(text.size):
        odd |= (text.s[i] <= 32) | (text.s[i] >= 127)
    if odd:
        text.size = 0
    return text


cdef int _set_up(
    MultipartParser parser,
    object boundary,
    object subtype,
    bint nested,
    object limits,
    object policy,
) except -1:
    cdef bytes raw
    cdef bint form
    if parser._delimiters.depth:
        raise ValueError("a parser cannot be used again: make a new one for each stream")
    if type(subtype) is str and <str> subtype == "form-data":
        form = True
    elif isinstance(subtype, str):
        form = subtype.lower() == "form-data"
    else:
        kind = type(subtype).__name__
        raise TypeError(f"subtype takes a str such as 'form-data', not {kind}")
    if type(limits) is not _LIMITS_CLASS or type(policy) is not _POLICY_CLASS:
        check_settings(limits, policy)
    parser._limits = limits
    parser._policy = policy
    parser._nested = nested
    raw = _DEFAULT_PACKED if limits is _DEFAULT_LIMITS else limits.packed
    memcpy(&parser._max, PyBytes_AS_STRING(raw), sizeof(Maxima))
    cdef ps_text text = _plain_boundary(boundary)
    if text.size == 0:
        raw = checked_boundary(boundary)
        text.s = <chars> PyBytes_AS_STRING(raw)
        text.size = PyBytes_GET_SIZE(raw)
    return _open(parser, text, form, -1)


cdef object _make(
    object kind, PyObject *const *arguments, size_t count, PyObject *names
):
    """Make a parser from what a call of the class has: positional arguments, then named ones.

    Whatever is not right, or not usual, goes through ``__init__``, which says what is wrong.
    """
    cdef MultipartParser parser
    cdef object subtype = _FORM_DATA, limits = _DEFAULT_LIMITS, policy = _DEFAULT_POLICY
    cdef bint nested = False
    cdef Py_ssize_t i
    if PyVectorcall_NARGS(count) != 1 or kind is not MultipartParser:
        return ps_make_slowly(kind, arguments, count, names)
    if names != NULL:
        for i, name in enumerate(<tuple> names):
            if name is _SUBTYPE:
                subtype = <object> arguments[i + 1]
            elif name is _LIMITS:
                limits = <object> arguments[i + 1]
            elif name is _POLICY:
                policy = <object> arguments[i + 1]
            elif name is _NESTED:
                nested = <object> arguments[i + 1]
            else:
                return ps_make_slowly(kind, arguments, count, names)
    parser = MultipartParser.__new__(MultipartParser)
    _set_up(parser, <object> arguments[0], subtype, nested, limits, policy)
    return parser


ps_rename(MultipartParser, "partstream.parser.MultipartParser")
ps_answer_calls(MultipartParser, <vectorcallfunc> _make)
