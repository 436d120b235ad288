"""A boundary that somebody chose, looked for in what is written between its delimiters.

A boundary from the secure random source is never met by accident, nor on purpose by whoever
wrote the data.  One that is fixed in a program may be, and would end the part: so the data is
searched.
"""

from __future__ import annotations

from typing import Final

from ._passes import Piece, Steps

__all__ = ["Guard"]

#: What makes ``--B`` the start of a longer boundary, and so no delimiter (RFC 2046 section 5.1.1).
_CONTINUES: Final = frozenset(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,./:=?"
)


class Guard:
    """Refuses data in which a line is a delimiter, or might be taken for one.

    Args:
        boundaries: of the multipart around the data, and of those around that.
    """

    __slots__ = ("_boundaries", "_left", "_needles", "_reach")

    def __init__(self, boundaries: tuple[bytes, ...]) -> None:
        self._boundaries = boundaries
        self._needles = [b"--" + boundary for boundary in boundaries]
        self._reach = max(len(needle) for needle in self._needles) + 1
        self._left = b"\n"  # a body starts behind a line end

    @property
    def boundaries(self) -> tuple[bytes, ...]:
        """The boundaries that are looked for."""
        return self._boundaries

    def fresh(self) -> Guard:
        """Give the same for another body."""
        return Guard(self._boundaries)

    def check(self, data: Piece) -> None:
        """Search a whole body.

        Raises:
            ValueError: where a delimiter is found.
        """
        for _ in self.take(data):
            pass
        for _ in self.end():
            pass

    def take(self, piece: Piece) -> Steps:
        """Search the next piece of a body, and let it pass."""
        start = self._left + bytes(piece[: self._reach])
        self._search(start)
        if len(piece) > self._reach:
            self._search(bytes(piece) if isinstance(piece, memoryview) else piece)
            self._left = bytes(piece[-self._reach :])
        else:
            self._left = start[-self._reach :]
        yield piece

    def end(self) -> Steps:
        """Search what may still have become a delimiter."""
        self._search(self._left + b"\r\n")
        yield from ()

    def _search(self, data: bytes | bytearray) -> None:
        for needle in self._needles:
            at = data.find(needle)
            while at >= 0:
                end = at + len(needle)
                if at and data[at - 1] in b"\r\n" and end < len(data):
                    if data[end] not in _CONTINUES:
                        raise ValueError(
                            f"the boundary {needle[2:].decode()!r} stands in the data: leave the "
                            "boundary to the writer, which takes a random one, or take another"
                        )
                at = data.find(needle, at + 1)
