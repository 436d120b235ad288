"""The event at the beginning of a part, pure twin; the compiled one is in ``_scanner_c``."""

from __future__ import annotations

from multidict import CIMultiDict, CIMultiDictProxy

from ._headers_py import tokenize

__all__ = ["PartBegin"]


class PartBegin:
    """A part begins: its header block has been read and checked.

    Attributes:
        depth: 0 for a part of the outermost multipart, one more for each multipart around it.
        offset: of the part's first header byte in the stream.
        body_offset: of the part's first body byte in the stream.
        multipart: whether the part is a multipart whose own parts follow as events, before the
            ``PartEnd`` of this one.
        name: the ``name`` of Content-Disposition, None where there is none (RFC 7578 section 4.2).
        filename: the ``filename`` of Content-Disposition as sent: it may be a path, or hostile.
        content_type: Content-Type in lower case without its parameters; None where there is none.
    """

    __slots__ = ("_block", "_headers", "body_offset", "content_type", "depth", "filename",
                 "multipart", "name", "offset")  # fmt: skip

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
        self.depth = depth
        self.offset = offset
        self.body_offset = body_offset
        self.multipart = multipart
        self.name = name
        self.filename = filename
        self.content_type = content_type
        self._headers: CIMultiDictProxy[str] | None = None

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The headers: case-insensitive, in their order, with repeated names."""
        if self._headers is None:
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

    def _key(self) -> tuple[object, ...]:
        return (self._block, self.depth, self.offset, self.body_offset, self.multipart)
