"""Files of a form in a ``tempfile.SpooledTemporaryFile``, as ASGI frameworks hand them out."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from ._form_sinks import FileHead, Sink
from ._form_spool import Memory
from .limits import Limits

__all__ = ["TempfileSink", "Tempfiles"]

#: Pieces below this size are put together while they are held: each is an object.
_SMALL: Final = 1 << 13


class Tempfiles:
    """Opens the sinks of a form; what they hold in memory together is bounded, as in ``Spools``.

    Args:
        limits: of the form.
        made: makes what the form gets for a file: of its head, the file, and its size in bytes.
    """

    __slots__ = ("_limits", "_made", "_memory")

    def __init__(self, limits: Limits, made: Callable[[FileHead, Any, int], Any]) -> None:
        self._limits = limits
        self._made = made
        self._memory: Memory | None = None  # of a form with files

    def __call__(self, head: FileHead) -> TempfileSink:
        """Give the sink for a file."""
        if self._memory is None:
            self._memory = Memory(self._limits)
        return TempfileSink(head, self._memory, self._made)


class TempfileSink(Sink):
    """Writes a file into a ``SpooledTemporaryFile``, which goes to disk where its room ends."""

    __slots__ = ("_held", "_made", "_memory", "_rolled", "file", "head", "room", "size")

    def __init__(
        self, head: FileHead, memory: Memory, made: Callable[[FileHead, Any, int], Any]
    ) -> None:
        self.head = head
        self._memory = memory
        self._made = made
        self._rolled = False
        self._held: list[Any] = []
        self.file: Any = SpooledTemporaryFile(max_size=memory.most)  # noqa: SIM115
        self.size = 0
        self.room = memory.room()

    def write(self, data: Any) -> None:
        """Take data that there is room for.

        It is put together first: a file in memory that grows piece by piece is copied many times.
        """
        size = len(data)
        held = self._held
        if size >= _SMALL:
            held.append(data)
        elif held and type(held[-1]) is bytearray and len(held[-1]) < _SMALL:
            held[-1] += data
        else:
            held.append(bytearray(data))
        self.size += size
        self.room -= size
        self._memory.left -= size

    def writelines(self, pieces: Iterable[Any]) -> None:
        """Take data that there is no room for.

        Raises:
            OSError: where the disk is full, or will not.
        """
        if not self._rolled:
            self._put_held()
            self.file.rollover()
            self._rolled, self.room = True, 0
            self._memory.left += self.size
        for piece in pieces:
            self.file.write(piece)
            self.size += len(piece)

    def finish(self) -> Any:
        """Give what the form has for the file, to be read from its start."""
        self._put_held()
        self.file.seek(0)
        return self._made(self.head, self.file, self.size)

    def _put_held(self) -> None:
        held, self._held = self._held, []
        if held:
            # What SpooledTemporaryFile has while it is in memory.  A BytesIO shares the bytes that
            # it is made of; write() would copy them, into memory that is new to the process.
            self.file._file = io.BytesIO(held[0] if len(held) == 1 else b"".join(held))
            self.file._file.seek(0, os.SEEK_END)

    def abort(self) -> None:
        """Close the file, which removes it."""
        self.file.close()
