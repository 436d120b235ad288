"""From the bytes behind a message's head to the bytes of its body (RFC 9112 section 6).

What is undone, in this order: the chunked transfer coding, then compression, which stands in
Transfer-Encoding or in Content-Encoding.  Without chunks, Content-Length says where the body of
an HTTP message ends; a mail, and a message that says nothing, goes on to the end of the file.

A fault is kept in ``fault`` instead of being raised, so that the bytes before it are never lost.
It knows no I/O, and gives pieces of bounded size, however far a bomb expands.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Final

from .chunked import Dechunker
from .errors import IncompleteBody, MultipartError, ParseError
from .message import Head

__all__ = ["Framing"]

_PIECE: Final = 1 << 20
_MAX_DIGITS: Final = 18
_GZIP: Final = 16 + zlib.MAX_WBITS
_INFLATABLE: Final = frozenset({"gzip", "x-gzip", "deflate"})


class Framing:
    """How the body of one message stands in its file.

    Args:
        head: the head of the message.
        decoded: take the bytes as they are, whatever the head says of codings: browsers and
            proxies save bodies that way.
        undo: the codings to undo, the outermost first, whatever the head says; chunks, which stand
            around all others, are undone first in any case.

    Attributes:
        chunked: whether the chunked coding is undone.
        codings: the compressions to undo, the outermost first.
        length: the Content-Length that counts, None where there is none.
        notes: what is odd in the head, as sentences.
        taken: how many bytes of the file belong to the message's body so far.
        extra: how many bytes were seen behind the end of the message.
        fault: what broke; its offset counts from the first byte behind the head.
    """

    def __init__(self, head: Head, *, decoded: bool = False, undo: Sequence[str] = ()) -> None:
        self.notes: list[str] = []
        self.fault: MultipartError | None = None
        self.taken: int = 0
        self.extra: int = 0
        transfer = [] if decoded else _tokens(head, "transfer-encoding")
        self.chunked: bool = transfer[-1:] == ["chunked"]
        codings = [] if decoded else _tokens(head, "content-encoding")
        codings += transfer[: -1 if self.chunked else None]
        self.codings: tuple[str, ...] = tuple(
            name for name in reversed(codings) if name != "identity"
        )
        self.length = None if head.kind in ("mail", "body") else self._length(head)
        if undo:
            self.chunked = "chunked" in undo
            self.codings = tuple(name for name in undo if name != "chunked")
            self.length = None if self.chunked else self.length
        if self.chunked and self.length is not None:
            self.notes.append(
                "Content-Length and Transfer-Encoding stand together: the chunks count, but "
                "another reader may take the length (request smuggling)"
            )
            self.length = None
        self._dechunker = Dechunker() if self.chunked else None
        self._inflaters: list[_Inflater] = []
        for name in self.codings:
            self._add_inflater(name)

    @property
    def transformed(self) -> bool:
        """Whether the body's bytes stand in the file in another form."""
        return self.chunked or bool(self.codings)

    @property
    def done(self) -> bool:
        """Whether no byte that follows can belong to the body."""
        if self.fault is not None:
            return True
        if self._dechunker is not None:
            return self._dechunker.done
        return self.length is not None and self.taken >= self.length

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give the body in the next bytes of the file, in pieces that are never empty."""
        if self._dechunker is None:
            raw = data if self.length is None else data[: max(0, self.length - self.taken)]
            self.taken += len(raw)
            if self.fault is None:
                self.extra += len(data) - len(raw)
                yield from self._inflated(raw, 0)
            return
        before = self._dechunker.offset
        pieces: list[bytes] = []
        try:
            for piece in self._dechunker.feed(data):
                pieces.append(piece)
        except ParseError as error:
            self.fault = self.fault or error
        self.taken = self._dechunker.offset
        if self._dechunker.done:
            self.extra += len(data) - (self.taken - before)
        yield from self._inflated(pieces[0] if len(pieces) == 1 else b"".join(pieces), 0)

    def shortfall(self) -> MultipartError | None:
        """Tell, at the end of the file, what of the message is missing."""
        text = ""
        if self.length is not None and self.taken < self.length:
            missing = self.length - self.taken
            text = f"Content-Length says {self.length:,} bytes, {missing:,} of them are missing"
        elif self._dechunker is not None and not self._dechunker.done:
            remaining = self._dechunker.remaining
            missing_data = f", {remaining:,} bytes before its end" if remaining else ""
            text = f"the chunked coding stops {self._dechunker.place}{missing_data}"
        elif any(not inflater.complete for inflater in self._inflaters):
            text = "the compressed data stops before its end"
        return IncompleteBody(text, code="message_cut", offset=self.taken) if text else None

    def _inflated(self, data: bytes, stage: int) -> Iterator[bytes]:
        if stage == len(self._inflaters) or not data:
            if data:
                yield data
            return
        try:
            for piece in self._inflaters[stage].feed(data):
                yield from self._inflated(piece, stage + 1)
        except zlib.error as error:
            name = self.codings[stage]
            text = f"the body is said to be {name}, and is not: {error}"
            # Of damage further on, zlib does not tell the place.
            offset = None if self._inflaters[stage].started else 0
            self.fault = ParseError(text, code="content_encoding", offset=offset)

    def _add_inflater(self, name: str) -> None:
        if name in _INFLATABLE:
            self._inflaters.append(_Inflater(name))
        elif self.fault is None:
            text = f"the body's coding {name[:40]!r} cannot be undone here"
            self.fault = ParseError(text, code="unsupported_coding", offset=None)

    def _length(self, head: Head) -> int | None:
        lines = head.values("content-length")
        values = {item.strip() for line in lines for item in line.split(",")}
        if not values:
            return None
        value = values.pop()
        if values or not value.isascii() or not value.isdigit() or len(value) > _MAX_DIGITS:
            self.notes.append("Content-Length is no plain number, or stands twice: ignored")
            return None
        return int(value)


class _Inflater:
    """Undoes gzip (RFC 1952, any number of members) or deflate (zlib, or raw as some send it)."""

    __slots__ = ("_first", "_gzip", "_inflate", "complete", "started")

    def __init__(self, name: str) -> None:
        self._gzip = name != "deflate"
        self._inflate = zlib.decompressobj(_GZIP) if self._gzip else None
        self._first = b""
        self.complete = self.started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            data = self._first = self._first + data
            if len(data) < 2:
                return
            # The header of zlib: method 8, and a checksum of its two bytes (RFC 1950 section 2.2).
            wrapped = data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
            self._first = b""
        piece = b""
        while data or len(piece) == _PIECE:  # a full piece: zlib may hold more of the output
            if self.complete:
                if not self._gzip or not data.startswith(b"\x1f"):
                    return  # padding
                self._inflate = zlib.decompressobj(_GZIP)
            piece = self._inflate.decompress(data, _PIECE)
            if piece:
                self.started = True
                yield piece
            self.complete = self._inflate.eof
            data = self._inflate.unused_data if self.complete else self._inflate.unconsumed_tail


def _tokens(head: Head, name: str) -> list[str]:
    """Give the elements of a list header, in lower case, without parameters."""
    items = [item for value in head.values(name) for item in value.split(",")]
    tokens = [item.partition(";")[0].strip().lower() for item in items]
    return [token for token in tokens if token]
