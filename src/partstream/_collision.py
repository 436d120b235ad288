"""A boundary that somebody chose, looked for in what is written between its delimiters.

A boundary from the secure random source is never met by accident, nor on purpose by whoever
wrote the data.  One that is fixed in a program may be, and would end the part: so the data is
searched.  By RFC 2046 only a line of its own is a delimiter; but there are parsers that take
``--B`` for one amid a line, or at the start of a longer word, so it may stand nowhere.  A boundary
of a few characters is an exception: any data may hold it, and it is refused at the start of a line.
"""

from __future__ import annotations

from typing import Final

from ._passes import BLOCK, Piece, Steps

__all__ = ["LONG", "Guard"]

#: From this length on, in bytes, no data holds a boundary by accident.
LONG: Final = 8


class Guard:
    """Refuses data that might be taken for a delimiter.

    Args:
        boundaries: of the multipart around the data, and of those around that.
    """

    __slots__ = ("_boundaries", "_left", "_needles", "_reach")

    def __init__(self, boundaries: tuple[bytes, ...]) -> None:
        self._boundaries = boundaries
        self._needles = [b"--" + boundary for boundary in boundaries]
        self._reach = max(len(needle) for needle in self._needles)
        # The end of what has come, in which a needle may start; a body starts behind a line end.
        self._left = b"\n"

    @property
    def boundaries(self) -> tuple[bytes, ...]:
        """The boundaries that are looked for."""
        return self._boundaries

    def fresh(self) -> Guard:
        """Give the same for another body."""
        return Guard(self._boundaries)

    def check(self, data: Piece) -> None:
        """Search a whole body, or anything else.

        Raises:
            ValueError: where a delimiter is found.
        """
        if not isinstance(data, memoryview):
            self._search(data, True)
            return
        for at in range(0, len(data), BLOCK):  # a view cannot be searched, nor is it copied whole
            self._search(bytes(data[at : at + BLOCK + self._reach]), at == 0)

    def take(self, piece: Piece) -> Steps:
        """Search the next piece of a body, and let it pass."""
        start = self._left + bytes(piece[: self._reach])
        self._search(start, False)
        if len(piece) > self._reach:
            self._search(bytes(piece) if isinstance(piece, memoryview) else piece, False)
            self._left = bytes(piece[-self._reach :])
        else:
            self._left = start[-self._reach :]
        yield piece

    def _search(self, data: bytes | bytearray, first: bool) -> None:
        """Search bytes; ``first`` says that they start a line."""
        for needle in self._needles:
            at = data.find(needle)
            while at >= 0:
                begins = data[at - 1] in b"\r\n" if at else first
                if begins or len(needle) - 2 >= LONG:
                    raise ValueError(
                        f"the boundary {needle[2:].decode()!r} stands in the data: leave the "
                        "boundary to the writer, which takes a random one, or take another"
                    )
                at = data.find(needle, at + 1)
