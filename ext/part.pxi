# The event at the beginning of a part; its pure twin is src/partstream/_part_py.py.


@cython.final
@cython.freelist(64)
@cython.no_gc  # strings and a mapping of strings: no cycle can go through it
cdef class PartBegin:
    """A part begins: its header block has been read and checked.

    Attributes:
        name: the ``name`` of Content-Disposition, None where there is none (RFC 7578 section 4.2).
        filename: the ``filename`` of Content-Disposition as sent: it may be a path, or hostile.
        content_type: Content-Type in lower case without its parameters; None where there is none.
        depth: 0 for a part of the outermost multipart, one more for each multipart around it.
        offset: of the part's first header byte in the stream.
        body_offset: of the part's first body byte in the stream.
        multipart: whether the part is a multipart whose own parts follow as events, before the
            ``PartEnd`` of this one.
    """

    @property
    @cython.critical_section
    def headers(self):
        """The headers: case-insensitive, in their order, with repeated names."""
        if self._headers is None:
            if self._long is None:
                self._headers = mapping(<const char *> self._short, self._short_size)
            else:
                self._headers = mapping(
                    PyBytes_AS_STRING(self._long), PyBytes_GET_SIZE(self._long)
                )
        return self._headers

    def __eq__(self, other):
        if not isinstance(other, PartBegin):
            return NotImplemented
        return _key(self) == _key(other)

    def __hash__(self):
        return hash(_key(self))

    def __repr__(self):
        return (
            f"PartBegin(name={self.name!r}, filename={self.filename!r}, "
            f"content_type={self.content_type!r}, depth={self.depth}, offset={self.offset})"
        )

    def __reduce__(self):
        return (_part, (_block(self), self.depth, self.offset, self.body_offset, self.multipart,
                        self.name, self.filename))


cdef object _key(PartBegin part):
    # Not the block: a plain one stands as it came, another one in normal form.
    place = (part.depth, part.offset, part.body_offset, part.multipart)
    return (*tokenize(_block(part)), *place)


cdef bytes _block(PartBegin part):
    """Give the header block."""
    if part._long is not None:
        return part._long
    return PyBytes_FromStringAndSize(<const char *> part._short, part._short_size)


cdef object _decoded(chars s, ps_span span, bint high):
    """Give text of a header; ``high``: it may hold bytes that are not ASCII."""
    if high:
        return PyUnicode_DecodeUTF8(<const char *> s + span.at, span.size, "surrogateescape")
    return ps_ascii(s + span.at, span.size)


cdef object _essence(chars s, ps_span span, bint high):
    """Give type and subtype of a Content-Type, None where there is none."""
    cdef Py_ssize_t i
    if span.size < 0:
        return None
    for i in range(span.at, span.at + span.size):
        if s[i] >= 128 or c"A" <= s[i] <= c"Z":
            return _decoded(s, span, high).lower()
    return ps_ascii(s + span.at, span.size)


cdef PartBegin _odd_part(bytes block, str name, str filename):
    """Make the event for a block in normal form that something else has read."""
    cdef PartBegin part = PartBegin.__new__(PartBegin)
    cdef chars s = <chars> PyBytes_AS_STRING(block)
    part._long, part.name, part.filename = block, name, filename
    part.content_type = _essence(s, ps_content_type(s, PyBytes_GET_SIZE(block)), True)
    return part


def _part(bytes block not None, depth, offset, body_offset, multipart, str name, str filename):
    """Make a PartBegin again that was pickled."""
    cdef PartBegin part = _odd_part(block, name, filename)
    part.depth, part.multipart = depth, multipart
    part.offset, part.body_offset = offset, body_offset
    return part


cdef extern from "shortcuts.h":
    """
    #define PS_PLACE(object, field) ((char *)&(object)->field - (char *)(object))
    #define ps_name_place(part) PS_PLACE(part, name)
    #define ps_filename_place(part) PS_PLACE(part, filename)
    #define ps_type_place(part) PS_PLACE(part, content_type)
    """
    ctypedef struct PyMemberDef:
        pass
    Py_ssize_t ps_name_place(PartBegin part)
    Py_ssize_t ps_filename_place(PartBegin part)
    Py_ssize_t ps_type_place(PartBegin part)
    int ps_add_member(object kind, PyMemberDef *member, const char *name,
                      Py_ssize_t place, const char *doc) except -1

cdef PyMemberDef _members[3]


cdef int _add_members() except -1:
    """Let Python read what every caller asks for without a call."""
    cdef PartBegin part = PartBegin.__new__(PartBegin)
    ps_add_member(
        PartBegin, &_members[0], "name", ps_name_place(part),
        "The ``name`` of Content-Disposition, None where there is none (RFC 7578 section 4.2).",
    )
    ps_add_member(
        PartBegin, &_members[1], "filename", ps_filename_place(part),
        "The ``filename`` of Content-Disposition as sent: it may be a path, or hostile.",
    )
    ps_add_member(
        PartBegin, &_members[2], "content_type", ps_type_place(part),
        "Content-Type in lower case without its parameters; None where the part has none.",
    )
    return 0


_add_members()
