"""Where the files of a form are kept: in memory while they are small, and then on disk."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from ._form_sinks import FileHead, Sink
from ._later import Later
from .limits import Limits

if TYPE_CHECKING:
    import tempfile
else:
    tempfile = Later("tempfile")

__all__ = ["Memory", "SpoolSink", "Spools", "temporary_file", "write_all"]

#: A file up to this size is in memory, however many there are.
_SMALL: Final = 1 << 16
#: Pieces that are written by one call; a system takes 1024 on Linux, 16 by the standard.
_PIECES: Final = 512 if hasattr(os, "writev") else 0
_O_TMPFILE: Final[int] = getattr(os, "O_TMPFILE", 0)
_O_CLOEXEC: Final[int] = getattr(os, "O_CLOEXEC", 0)


def temporary_file() -> io.FileIO:
    """Open a file in the directory of the ``tempfile`` module; it goes away when it is closed.

    It has no name, where the system has such files: nobody can open it, nothing is left of it when
    the process is killed, and it can be given a name later.  Its mode is that of any new file, for
    the sake of that name.

    Raises:
        OSError: where it cannot be made.
    """
    directory = tempfile.gettempdir()
    if _O_TMPFILE:
        try:
            number = os.open(directory, os.O_RDWR | _O_TMPFILE | _O_CLOEXEC, 0o666)
        except OSError:
            pass  # not on this file system: what is wrong otherwise, the next attempt tells
        else:
            return io.FileIO(number, "r+b")
    return tempfile.TemporaryFile(dir=directory, buffering=0)


def write_all(file: Any, pieces: Iterable[Any]) -> int:
    """Write pieces onto a file without a buffer, with few calls; give how many bytes they were.

    Raises:
        OSError: where the disk is full, or will not.
    """
    waiting = [memoryview(piece) for piece in pieces]
    written = 0
    at = 0
    while at < len(waiting):
        if _PIECES and isinstance(file, io.FileIO):
            count = os.writev(file.fileno(), waiting[at : at + _PIECES])
        else:
            count = file.write(waiting[at]) or 0
        written += count
        while at < len(waiting) and count >= len(waiting[at]):
            count -= len(waiting[at])
            at += 1
        if count:
            waiting[at] = waiting[at][count:]
    return written


class Memory:
    """How much all files of a form may hold in memory."""

    __slots__ = ("left", "most")

    def __init__(self, limits: Limits) -> None:
        self.most = limits.maxima.spool_size
        self.left = limits.maxima.spool_total

    def room(self) -> int:
        """Give how much the next file may hold."""
        return min(self.most, max(self.left, _SMALL))


class Spools:
    """Opens the sinks of a form.

    Args:
        limits: of the form.
        made: makes what the form gets for a file, of its sink.
    """

    __slots__ = ("_limits", "_made", "_memory")

    def __init__(self, limits: Limits, made: Callable[[SpoolSink], Any]) -> None:
        self._limits = limits
        self._made = made
        self._memory: Memory | None = None  # of a form with files

    def __call__(self, head: FileHead) -> SpoolSink:
        """Give the sink for a file."""
        if self._memory is None:
            self._memory = Memory(self._limits)
        return SpoolSink(head, self._memory, self._made)


class SpoolSink(Sink):
    """Writes a file into memory, and once it is too large for that onto disk.

    Args:
        head: of the file.
        memory: what the files of the form may hold.
        made: makes what the form gets for the file, of this sink.

    Attributes:
        file: what it is written into: a BytesIO, or a file without buffer.
        size: how many bytes.
        on_disk: whether it is a file on disk.
    """

    __slots__ = ("_given", "_made", "_memory", "file", "head", "on_disk", "room", "size")

    def __init__(self, head: FileHead, memory: Memory, made: Callable[[SpoolSink], Any]) -> None:
        self.head = head
        self._memory = memory
        self._made = made
        self._given: Any = None
        self.file: Any = None
        self.size = 0
        self.on_disk = False
        self.room = memory.room()

    def write(self, data: Any) -> None:
        """Take data that there is room for."""
        if self.file is None:
            self.file = io.BytesIO(data)  # which copies bytes only when more come
            self.file.seek(0, os.SEEK_END)
        else:
            self.file.write(data)
        size = len(data)
        self.size += size
        self.room -= size
        self._memory.left -= size

    def writelines(self, pieces: Iterable[Any]) -> None:
        """Take data that there is no room for.

        Raises:
            OSError: where the disk is full, or will not.
        """
        if not self.on_disk:
            file = temporary_file()
            held, self.file, self.on_disk, self.room = self.file, file, True, 0
            self._memory.left += self.size
            if held is not None:
                write_all(file, [held.getbuffer()])
        self.size += write_all(self.file, pieces)

    def finish(self) -> Any:
        """Give the file, to be read from its start."""
        if self.file is None:
            self.file = io.BytesIO()
        self.file.seek(0)
        self._given = self._made(self)
        return self._given

    def abort(self) -> None:
        """Close the file, which removes it."""
        if self._given is not None:
            self._given._shut()
        elif self.file is not None:
            self.file.close()
