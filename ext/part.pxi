# The event at the beginning of a part; its pure twin is src/partstream/_part_py.py.


@cython.final
@cython.freelist(64)
@cython.no_gc  # strings and a mapping of strings: no cycle can go through it
cdef class PartBegin:
    """A part begins: its header block has been read and checked.

    Attributes:
        depth: 0 for a part of the outermost multipart, one more for each multipart around it.
        offset: of the part's first header byte in the stream.
        body_offset: of the part's first body byte in the stream.
        multipart: whether the part is a multipart whose own parts follow as events, before the
            ``PartEnd`` of this one.
    """

    cdef bytes _block
    cdef object _headers
    # Where a plain name stands in the block, or the object that headers.py made of it.
    cdef ps_span _name_span, _filename_span
    cdef object _name, _filename
    cdef readonly int64_t offset, body_offset
    cdef readonly int depth
    cdef readonly bint multipart

    def __cinit__(self):
        self._block = b""
        self._name_span.size = self._filename_span.size = -1

    @property
    def name(self):
        """The ``name`` of Content-Disposition, None where there is none (RFC 7578 section 4.2)."""
        return self._name if self._name_span.size < 0 else self._decoded(self._name_span)

    @property
    def filename(self):
        """The ``filename`` of Content-Disposition as sent: it may be a path, or hostile."""
        if self._filename_span.size < 0:
            return self._filename
        return self._decoded(self._filename_span)

    @property
    @cython.critical_section
    def headers(self):
        """The headers: case-insensitive, in their order, with repeated names."""
        if self._headers is None:
            self._headers = CIMultiDictProxy(CIMultiDict(tokenize(self._block)))
        return self._headers

    @property
    def content_type(self):
        """Content-Type in lower case without its parameters; None where the part has none."""
        cdef chars s = <chars> PyBytes_AS_STRING(self._block)
        cdef ps_span span = ps_content_type(s, PyBytes_GET_SIZE(self._block))
        if span.size < 0:
            return None
        return PyUnicode_DecodeUTF8(
            <const char *> s + span.at, span.size, "surrogateescape"
        ).lower()

    def __eq__(self, other):
        if not isinstance(other, PartBegin):
            return NotImplemented
        return self._key() == (<PartBegin> other)._key()

    def __hash__(self):
        return hash(self._key())

    def __repr__(self):
        return (
            f"PartBegin(name={self.name!r}, filename={self.filename!r}, "
            f"content_type={self.content_type!r}, depth={self.depth}, offset={self.offset})"
        )

    def __reduce__(self):
        return (_part, (self._block, self.depth, self.offset, self.body_offset, self.multipart,
                        self.name, self.filename))

    cdef object _key(self):
        return (self._block, self.depth, self.offset, self.body_offset, self.multipart)

    cdef object _decoded(self, ps_span span):
        return PyUnicode_DecodeUTF8(
            PyBytes_AS_STRING(self._block) + span.at, span.size, "surrogateescape"
        )


def _part(bytes block not None, depth, offset, body_offset, multipart, str name, str filename):
    """Make a PartBegin again that was pickled."""
    cdef PartBegin part = PartBegin.__new__(PartBegin)
    part._block, part._name, part._filename = block, name, filename
    part.depth, part.multipart = depth, multipart
    part.offset, part.body_offset = offset, body_offset
    return part
