"""What a parser gives: ``PartBegin``, then ``bytes``, then ``PartEnd``.

``PartBegin`` is made once a part, in the hottest place of all, so each twin of the scanner brings
its own; the rest of the vocabulary stands here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, final

from .errors import MultipartError
from .limits import DEEPEST

__all__ = ["EventList", "PartEnd", "part_end"]


@final
class PartEnd:
    """The part that began last at this depth has ended.

    Attributes:
        depth: 0 for a part of the outermost multipart, one more for each multipart around it.
        complete: False where the input ended before the part did, or where a nested multipart
            was never closed by its own closing delimiter; only a tolerant policy lets that pass.
    """

    __slots__ = ("complete", "depth")

    depth: int
    complete: bool

    def __init__(self, depth: int = 0, complete: bool = True) -> None:
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "complete", complete)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"PartEnd is immutable: cannot set {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"PartEnd is immutable: cannot delete {name!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PartEnd):
            return NotImplemented
        return self.depth == other.depth and self.complete == other.complete

    def __hash__(self) -> int:
        return hash((self.depth, self.complete))

    def __repr__(self) -> str:
        return f"PartEnd(depth={self.depth}, complete={self.complete})"

    def __reduce__(self) -> tuple[object, ...]:
        return (PartEnd, (self.depth, self.complete))


class EventList(list[Any]):
    """The events before a fault, and then the fault: iterating it raises at its end.

    A chunk can hold good parts and then a bad one.  Whoever iterates gets the good ones first,
    as it would have with smaller chunks.
    """

    __slots__ = ("error",)

    def __init__(self, events: list[Any], error: MultipartError) -> None:
        super().__init__(events)
        self.error: MultipartError = error

    def __iter__(self) -> Iterator[Any]:
        yield from super().__iter__()
        raise self.error


_COMPLETE: Final = tuple(PartEnd(depth) for depth in range(DEEPEST))


def part_end(depth: int, complete: bool = True) -> PartEnd:
    """Give the event, the same object again where one was made before."""
    if complete and depth < len(_COMPLETE):
        return _COMPLETE[depth]
    return PartEnd(depth, complete)
