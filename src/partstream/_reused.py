"""Memory to read into, and again, where nobody else has kept what was read before.

A fresh ``bytearray`` is set to zero first: one more pass over memory, for reading that is little
more than one pass itself.
"""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["Reused"]


class Reused:
    """Blocks that are given one after the other.

    A block is given again if it is referred to from nowhere else.  Then nobody can see it any more,
    and without this class it would be freed.  Two blocks take turns, because the frames of a pass
    still refer to the last one.
    """

    __slots__ = ("_blocks", "_turn")

    def __init__(self) -> None:
        self._blocks = [bytearray(), bytearray()]
        self._turn = 0

    def take(self, size: int) -> bytearray:
        """Give a block of so many bytes, whatever they are."""
        if not _COUNTED:
            return bytearray(size)
        self._turn = turn = 1 - self._turn
        if _references(self._blocks, turn) != _ALONE or len(self._blocks[turn]) != size:
            self._blocks[turn] = bytearray(size)
        return self._blocks[turn]


def _references(blocks: list[bytearray], at: int) -> int:
    return sys.getrefcount(blocks[at])


# Where the interpreter counts references, and another thread cannot be about to add one.
_COUNTED: Final = (
    sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
)
_ALONE: Final = _references([bytearray()], 0) if _COUNTED else 0
