"""The last bytes of a stream that passed by, for a look around the place of a fault."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["Window"]

#: A fault lies at most this far back: it is within a header block, whose size is limited.
REACH: Final = 1 << 20
_SMALL: Final = 8192


class Window:
    """Chunks are kept as they are, not copied, but for small ones, which are put together."""

    __slots__ = ("_chunks", "_kept", "end")

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self.end = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        chunks = self._chunks
        if chunks and len(chunks[-1]) + len(data) <= _SMALL:
            chunks[-1] += data
        else:
            chunks.append(data)
        self.end += len(data)
        self._kept += len(data)
        while self._kept - len(chunks[0]) >= REACH:
            self._kept -= len(chunks.popleft())

    def around(self, offset: int, reach: int) -> tuple[bytes, bytes] | None:
        """Give up to ``reach`` bytes before and from ``offset``; None where they have passed."""
        start = self.end - self._kept
        if not start <= offset <= self.end:
            return None
        before, after = bytearray(), bytearray()
        for chunk in self._chunks:
            at = max(0, min(len(chunk), offset - start))
            before = (before + chunk[max(0, at - reach) : at])[-reach:]
            after += chunk[at : at + reach - len(after)]
            start += len(chunk)
        return bytes(before), bytes(after)
