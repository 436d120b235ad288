"""The chunked transfer coding of HTTP/1.1, undone: raw bytes in, the message's body out.

::

    chunked-body = *chunk last-chunk trailer-section CRLF        RFC 9112 section 7.1
    chunk        = chunk-size [ chunk-ext ] CRLF data CRLF
    last-chunk   = 1*"0" [ chunk-ext ] CRLF

Lines must end in CRLF.  A size is hexadecimal digits and nothing else, because `0x10`, `+10` and
`1_0` are where two readers of one message part ways.  Extensions and trailers are skipped, up to
a limit.  White space behind a size is let pass, for some senders pad it.

It knows no I/O, holds no body, and keeps back only the line that it is in.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Final

from .errors import ParseError

__all__ = ["Dechunker"]

_HEX: Final = b"0123456789abcdefABCDEF"
_MAX_DIGITS: Final = 15  # a size fits into 63 bits
_MAX_LINE: Final = 8192
_MAX_TRAILERS: Final = 65536


class _State(enum.Enum):
    SIZE = "in the size line of a chunk"
    DATA = "in the data of a chunk"
    DATA_END = "behind the data of a chunk"
    TRAILER = "in the trailers"
    DONE = "behind the last chunk"


class Dechunker:
    """Incremental reader of one chunked body.

    Attributes:
        offset: how many raw bytes were taken, up to the end of the body at most.
        remaining: how many bytes of the current chunk are still to come.
    """

    __slots__ = ("_line", "_state", "_trailers", "offset", "remaining")

    def __init__(self) -> None:
        self.offset: int = 0
        self.remaining: int = 0
        self._line = bytearray()
        self._state = _State.SIZE
        self._trailers = 0

    @property
    def done(self) -> bool:
        """Whether the last chunk and the trailers have come."""
        return self._state is _State.DONE

    @property
    def place(self) -> str:
        """Where in the coding the input stands, for a message."""
        return self._state.value

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give the pieces of body in these bytes; what follows the body's end is not taken.

        Raises:
            ParseError: code ``chunked``, with the raw offset, once all before it was given.
        """
        at, size = 0, len(data)
        while at < size and self._state is not _State.DONE:
            if self._state is _State.DATA:
                stop = min(size, at + self.remaining)
                yield data if stop - at == size else data[at:stop]
                self._take(stop - at)
            else:
                stop = self._read_line(data, at)
            self.offset += stop - at
            at = stop

    def _take(self, size: int) -> None:
        self.remaining -= size
        if not self.remaining:
            self._state = _State.DATA_END

    def _read_line(self, data: bytes, at: int) -> int:
        """Collect a line, and act on it when it is whole; give where the reading stopped."""
        found = data.find(b"\n", at, at + _MAX_LINE + 1)
        stop = min(len(data), at + _MAX_LINE + 1) if found < 0 else found + 1
        line = self._line
        line += data[at:stop]
        if self._state is _State.DATA_END and not b"\r\n".startswith(line[:2]):
            raise self._fault("the data of a chunk goes on where its size says it ends", stop - at)
        if len(line) > _MAX_LINE:
            raise self._fault(f"a line is longer than {_MAX_LINE} bytes", stop - at)
        if found >= 0:
            if not line.endswith(b"\r\n"):
                raise self._fault("a line ends in LF alone", stop - at, len(line) - 1)
            _ON_LINE[self._state](self, bytes(line[:-2]), stop - at)
            line.clear()
        return stop

    def _fault(self, message: str, taken: int, index: int = 0) -> ParseError:
        """Give the error for byte ``index`` of the line, whose last ``taken`` bytes are new."""
        offset = self.offset + taken - len(self._line) + index
        text = f"the chunked transfer coding is broken: {message}"
        return ParseError(text, code="chunked", offset=offset)

    def _on_size(self, line: bytes, taken: int) -> None:
        digits = line.partition(b";")[0].rstrip(b" \t")
        if not digits or digits.translate(None, _HEX):
            index = next((i for i, code in enumerate(digits) if code not in _HEX), 0)
            raise self._fault("a chunk size is not hexadecimal", taken, index)
        if len(digits.lstrip(b"0")) > _MAX_DIGITS:
            raise self._fault("a chunk size is beyond 63 bits", taken)
        self.remaining = int(digits, 16)
        self._state = _State.DATA if self.remaining else _State.TRAILER

    def _on_data_end(self, line: bytes, taken: int) -> None:
        self._state = _State.SIZE

    def _on_trailer(self, line: bytes, taken: int) -> None:
        self._trailers += len(line)
        if self._trailers > _MAX_TRAILERS:
            raise self._fault(f"the trailers are longer than {_MAX_TRAILERS} bytes", taken)
        if not line:
            self._state = _State.DONE


_ON_LINE: Final[dict[_State, Callable[[Dechunker, bytes, int], None]]] = {
    _State.SIZE: Dechunker._on_size,
    _State.DATA_END: Dechunker._on_data_end,
    _State.TRAILER: Dechunker._on_trailer,
}
