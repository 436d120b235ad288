# Header tokenizer, compiled twin of src/partstream/_headers_py.py: tokenize() turns a normal header
# block (see headers.py) into the pairs that a mapping is made of, mapping() makes the mapping.
# They check nothing, because nothing unchecked reaches them, and run only when somebody asks for
# the headers.

# Names as they stand on the wire, to the one object that stands for them.
cdef dict _NAMES = {
    spelling.encode("ascii"): name
    for name in hdrs.KNOWN
    for spelling in (str(name), name.lower())
}

# The two that nearly all parts have, found without a look into the table.
cdef object _DISPOSITION = hdrs.CONTENT_DISPOSITION
cdef object _TYPE = hdrs.CONTENT_TYPE

cdef object _MULTIDICT = CIMultiDict
cdef object _PROXY = CIMultiDictProxy

# Where a header line has what.
ctypedef struct Line:
    const char *name
    const char *colon
    const char *value
    const char *end
    const char *next


cdef Line _line(const char *at, const char *end) except *:
    """Take the line apart that starts here."""
    cdef Line line
    line.name = at
    line.end = <const char *> memchr(at, c"\r", end - at)
    if line.end == NULL:
        line.end = end
    line.next = line.end + 2
    line.colon = <const char *> memchr(at, c":", line.end - at)
    if line.colon == NULL:
        raise ValueError("tokenize() takes a header block in normal form")
    line.value = line.colon + 1
    while line.value < line.end and (line.value[0] == c" " or line.value[0] == c"\t"):
        line.value += 1
    while line.end > line.value and ((line.end - 1)[0] == c" " or (line.end - 1)[0] == c"\t"):
        line.end -= 1
    return line


cdef object _name(const Line *line):
    cdef Py_ssize_t size = line.colon - line.name
    if size == 19 and memcmp(line.name, b"Content-Disposition", 19) == 0:
        return _DISPOSITION
    if size == 12 and memcmp(line.name, b"Content-Type", 12) == 0:
        return _TYPE
    name = _NAMES.get(line.name[:size])
    return PyUnicode_DecodeASCII(line.name, size, NULL) if name is None else name


cdef object _value(const Line *line):
    """Decode as UTF-8; bytes that are not UTF-8 become lone surrogates."""
    return PyUnicode_DecodeUTF8(line.value, line.end - line.value, "surrogateescape")


def tokenize(bytes block not None):
    """Give the headers of a normal block as pairs of name and value, in their order."""
    cdef list pairs = []
    cdef const char *at = PyBytes_AS_STRING(block)
    cdef const char *end = at + PyBytes_GET_SIZE(block)
    cdef Line line
    while at < end:
        line = _line(at, end)
        pairs.append((_name(&line), _value(&line)))
        at = line.next
    return pairs


cdef object mapping(const char *at, Py_ssize_t size):
    """Give the headers of a normal block as the mapping that users get."""
    cdef const char *end = at + size
    cdef Line line
    cdef bint first = True
    headers = _MULTIDICT()
    while at < end:
        line = _line(at, end)
        if first:  # a fifth faster than the other, and the same where nothing is there yet
            headers[_name(&line)] = _value(&line)
            first = False
        else:
            headers.add(_name(&line), _value(&line))
        at = line.next
    return _PROXY(headers)
