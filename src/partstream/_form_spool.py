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

__all__ = ["SMALL", "Memory", "SpoolSink", "Spools", "temporary_file", "write_all"]

#: A file up to this size is in memory, however many there are.
_LEAST: Final = 1 << 16
#: Pieces below this size are put together while they are held: each is an object.
SMALL: Final = 1 << 13
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
        elif isinstance(file, io.FileIO):
            count = os.write(file.fileno(), waiting[at])
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
    """How much all files of a form may hold in memory.

    Attributes:
        most: what one file may hold.
        left: what is left for all; changed where the form is put together.
        returned: what was given back by threads meanwhile.
    """

    __slots__ = ("left", "most", "returned")

    def __init__(self, limits: Limits) -> None:
        self.most: int = limits.maxima.spool_size
        self.left: int = limits.maxima.spool_total
        self.returned: list[int] = []

    def room(self) -> int:
        """Give how much the next file may hold."""
        while self.returned:
            self.left += self.returned.pop()
        return min(self.most, max(self.left, _LEAST))


class Spools:
    """Opens the sinks of a form.

    Args:
        limits: of the form.
        made: makes what the form gets for a file, of its sink.
        kind: of the sinks.
    """

    __slots__ = ("_kind", "_limits", "_made", "_memory")

    def __init__(
        self, limits: Limits, made: Callable[[Any], Any], kind: type[SpoolSink] | None = None
    ) -> None:
        self._limits = limits
        self._made = made
        self._kind = kind or SpoolSink
        self._memory: Memory | None = None  # of a form with files

    def __call__(self, head: FileHead) -> SpoolSink:
        """Give the sink for a file."""
        if self._memory is None:
            self._memory = Memory(self._limits)
        return self._kind(head, self._memory, self._made)


class SpoolSink(Sink):
    """Holds a file in memory, and once it is too large for that writes it onto disk.

    Args:
        head: of the file.
        memory: what the files of the form may hold.
        made: makes what the form gets for the file, of this sink.

    Attributes:
        file: what is to be closed: the file on disk, or what was given; None for what is held.
        held: its content, while it is in memory.
        size: how many bytes.
        on_disk: whether it is a file on disk.
    """

    ends_blocking = False  # what is full, and no more than that, is in memory

    __slots__ = ("_given", "_made", "_memory", "file", "head", "held", "on_disk", "room", "size")

    def __init__(self, head: FileHead, memory: Memory, made: Callable[[SpoolSink], Any]) -> None:
        self.head: FileHead = head
        self._memory = memory
        self._made = made
        self._given: Any = None
        self.file: Any = None
        self.held: list[Any] = []
        self.size: int = 0
        self.on_disk: bool = False
        self.room: int = memory.room()

    def write(self, data: Any) -> None:
        """Take data that there is room for.

        It is kept as it comes, but for small pieces: what grows in memory piece by piece is copied
        many times, into pages that are new to the process, which is where the time is.
        """
        size = len(data)
        held = self.held
        if size >= SMALL or not held:
            held.append(data)
        elif type(held[-1]) is bytearray and len(held[-1]) < SMALL:
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
        if not self.on_disk:
            self.file = temporary_file()
            held, self.held, self.on_disk, self.room = self.held, [], True, 0
            self._memory.returned.append(self.size)
            if held:
                write_all(self.file, held)
        self.size += write_all(self.file, pieces)

    def opened(self) -> Any:
        """Give the file, at its start: a BytesIO, or a file without a buffer."""
        if not self.on_disk:
            # It shares the bytes that it is made of; write() would copy them.
            held = self.held
            alone = len(held) == 1 and type(held[0]) is bytes
            self.file = io.BytesIO(held[0] if alone else b"".join(held))
            self.held = []
        else:
            self.file.seek(0)
        return self.file

    def finish(self) -> Any:
        """Give what the form has for the file, to be read from its start."""
        self._given = self._made(self)
        return self._given

    def abort(self) -> None:
        """Close the file, which removes it."""
        if self._given is not None:
            self._given._shut()
        elif self.file is not None:
            self.file.close()
