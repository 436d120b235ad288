"""The event at the beginning of a part, pure twin; the compiled one is in ``_scanner_c``."""

from __future__ import annotations

from multidict import CIMultiDict, CIMultiDictProxy

from ._headers_py import tokenize

__all__ = ["PartBegin"]


class PartBegin:
    """A part begins: its header block has been read and checked."""

    __slots__ = (
        "_block",
        "_body_offset",
        "_content_type",
        "_depth",
        "_filename",
        "_headers",
        "_multipart",
        "_name",
        "_offset",
    )

    _headers: CIMultiDictProxy[str]  # made when somebody asks for them

    def __init__(
        self,
        block: bytes,
        depth: int,
        offset: int,
        body_offset: int,
        multipart: bool,
        name: str | None,
        filename: str | None,
        content_type: str | None,
    ) -> None:
        self._block = block
        self._depth = depth
        self._offset = offset
        self._body_offset = body_offset
        self._multipart = multipart
        self._name = name
        self._filename = filename
        self._content_type = content_type

    @property
    def depth(self) -> int:
        """0 for a part of the outermost multipart, one more for each multipart around it."""
        return self._depth

    @property
    def offset(self) -> int:
        """Where the part's first header byte is in the stream."""
        return self._offset

    @property
    def body_offset(self) -> int:
        """Where the part's first body byte is in the stream."""
        return self._body_offset

    @property
    def multipart(self) -> bool:
        """Whether the part's own parts follow as events, before the ``PartEnd`` of this one."""
        return self._multipart

    @property
    def name(self) -> str | None:
        """The ``name`` of Content-Disposition, None where there is none (RFC 7578 section 4.2)."""
        return self._name

    @property
    def filename(self) -> str | None:
        """The ``filename`` of Content-Disposition as sent: it may be a path, or hostile."""
        return self._filename

    @property
    def content_type(self) -> str | None:
        """Content-Type in lower case without its parameters; None where the part has none."""
        return self._content_type

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The headers: case-insensitive, in their order, with repeated names."""
        try:
            return self._headers
        except AttributeError:
            self._headers = CIMultiDictProxy(CIMultiDict(tokenize(self._block)))
            return self._headers

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PartBegin):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return (
            f"PartBegin(name={self.name!r}, filename={self.filename!r}, "
            f"content_type={self.content_type!r}, depth={self.depth}, offset={self.offset})"
        )

    def __reduce__(self) -> tuple[object, ...]:
        place = (self._depth, self._offset, self._body_offset, self._multipart)
        what = (self._name, self._filename, self._content_type)
        return (PartBegin, (self._block, *place, *what))

    def _key(self) -> tuple[object, ...]:
        # Not the block: a plain one stands as it came, another one in normal form.
        place = (self._depth, self._offset, self._body_offset, self._multipart)
        return (*tokenize(self._block), *place)
