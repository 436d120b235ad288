"""Many small files in a row, read in one go: a thread for each would take longer than the file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ._passes import Steps, Work
from ._payload import steps_of_class
from ._payload_files import PathPayload

__all__ = ["SmallFiles", "grouped", "is_small"]

#: The largest file that is taken together with others, and the most that is read in one go.
_SMALL: Final = 1 << 16
_MOST: Final = 1 << 20


def is_small(payload: Any, size: int | None) -> bool:
    """Tell whether a part is a file of little, by its path."""
    return (
        size is not None
        and size <= _SMALL
        and isinstance(payload, PathPayload)
        and not payload._once
        and payload._may_change  # a size that was promised is checked against all of the file
        and steps_of_class(type(payload)) is PathPayload._steps
    )


class SmallFiles:
    """Some heads of parts, and the files between them.

    Args:
        items: bytes, and bodies that have a ``payload`` and a ``size``.

    Attributes:
        size: of all of them.
    """

    __slots__ = ("_items", "size")

    def __init__(self, items: list[Any]) -> None:
        self._items = items
        self.size = sum(len(item) if isinstance(item, bytes) else item.size for item in items)

    def steps(self) -> Steps:
        """Give them."""
        yield (yield Work(self._read))

    def _read(self) -> bytes:
        return b"".join(
            [
                item if isinstance(item, bytes) else _contents(item.payload, item.size)
                for item in self._items
            ]
        )


def _contents(payload: Any, size: int) -> bytes:
    """Give as much of a file as was announced: what it has grown by is left out."""
    with io.FileIO(payload._path) as file:
        data = file.read(size) or b""
        while len(data) < size and (more := file.read(size - len(data))):
            data += more
    if len(data) < size:
        raise OSError(
            f"{type(payload).__name__} {payload.filename!r} ended after {len(data)} of {size} "
            "bytes announced"
        )
    return data


def grouped(items: Iterable[Any]) -> Iterator[Any]:
    """Put small files that follow each other together, with what stands between them."""
    group: list[Any] = []
    files = size = 0
    for item in items:
        small: bool = getattr(item, "small", False)
        length: int = item.size if small else 0
        fits = small
        if files and isinstance(item, bytes):
            fits, length = True, len(item)
        if group and (not fits or size + length > _MOST):
            yield from _closed(group, files)
            group, files, size = [], 0, 0
            fits = small
        if fits:
            group.append(item)
            files += small
            size += length
        else:
            yield item
    yield from _closed(group, files)


def _closed(group: list[Any], files: int) -> Iterator[Any]:
    if files > 1:
        yield SmallFiles(group)
    else:
        yield from group
