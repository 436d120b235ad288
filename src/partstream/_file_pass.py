"""A file while it is read in blocks, perhaps on a thread, and closed whatever happens."""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
from collections.abc import Callable
from typing import Any, Final

from ._later import seen
from ._passes import LARGE, NOT_NOW, Steps, Work
from ._reused import Reused

__all__ = ["READ", "FilePass", "descriptor", "plain_size", "read_in_blocks"]

#: What is read at a time, in bytes: little at first, because most files are small.
FIRST: Final = 1 << 16
READ: Final = 1 << 20
_MOST: Final = 1 << 22  # where as much as that is wanted
_NOW: Final = 1 << 19  # without a thread: what a loop waits for, and two of them stay in a cache
#: Of Linux. CPython on WebAssembly knows the flag, and not the call that takes it.
_NOWAIT: Final[int] = getattr(os, "RWF_NOWAIT", 0) if hasattr(os, "preadv") else 0
_HAS_PREAD: Final = hasattr(os, "pread")


def descriptor(file: Any) -> int | None:
    """Give the descriptor of a file whose bytes are those of the descriptor; else None.

    A ``GzipFile`` has one, too, and a ``SpooledTemporaryFile`` goes to disk when it is asked.
    """
    if isinstance(file, seen("tempfile", "_TemporaryFileWrapper")):
        file = file.file
    if type(file) in (io.BufferedReader, io.BufferedRandom):
        file = file.raw
    if type(file) is not io.FileIO or file.closed:
        return None
    return file.fileno()


def plain_size(number: int) -> int | None:
    """Give the size of an open file, None where it is a pipe, a device or one of ``/proc``."""
    status = os.fstat(number)
    if not stat.S_ISREG(status.st_mode):
        return None
    if not status.st_size and _HAS_PREAD and os.pread(number, 1, 0):
        return None
    return status.st_size


class FilePass:
    """Reads a file from a place on, block by block.

    A read that was given up (its task was cancelled) may still go on in a thread.  The file is not
    closed under its hands: whoever comes last, the reader or :meth:`close`, closes it.

    Args:
        open: gives the file; it may block.
        owned: whether the file is closed with the pass.
        start: the position to start at, None where the file stands there or cannot be moved.  With
            it, several passes over one file do not disturb each other.
        lock: of the file, if others read from it too.
        stop: the position behind the last byte to read, None for all; for a pass with a start.
    """

    __slots__ = ("_at", "_blocks", "_busy", "_descriptor", "_file", "_file_lock", "_lock", "_most",
                 "_now", "_open", "_over", "_owned", "_stop")  # fmt: skip

    def __init__(
        self,
        open: Callable[[], Any],  # noqa: A002
        owned: bool,
        start: int | None = None,
        lock: threading.Lock | None = None,
        stop: int | None = None,
    ) -> None:
        self._open = open
        self._owned = owned
        self._file: Any = None
        self._descriptor: int | None = None
        self._at = start
        self._stop = stop
        self._most = FIRST
        self._now = bool(_NOWAIT)
        self._blocks = Reused()
        self._lock = threading.Lock()
        self._file_lock = lock or threading.Lock()
        self._busy = self._over = False

    def read(self, wanted: int | None = None) -> Any:
        """Give the next block, empty at the end; the first call opens the file.

        Args:
            wanted: how much there is use for: a block of just that much need not be copied.
        """
        with self._file_lock:
            with self._lock:
                if self._over:
                    return b""
                self._busy = True
            try:
                if self._file is None:
                    self._open_file()
                most = self._most
                if wanted is not None and wanted >= LARGE:
                    most = min(wanted, _MOST if most == READ else most)
                data = self._block(most)
                self._most = READ
                return data
            finally:
                with self._lock:
                    self._busy = False
                    over = self._over
                if over:
                    self._close_file()

    def _open_file(self) -> None:
        self._file = self._open()
        if self._at is not None and _HAS_PREAD:
            self._descriptor = descriptor(self._file)

    def _block(self, most: int) -> Any:
        if self._at is None:
            data = self._file.read(most)
            if data is None:
                raise BlockingIOError(errno.EAGAIN, "the file is one that does not wait for data")
            return data
        if self._stop is not None:
            most = min(most, self._stop - self._at)
        if self._descriptor is not None:
            self._check()
            data = os.pread(self._descriptor, most, self._at)
        else:
            self._file.seek(self._at)
            data = self._file.read(most)
        self._at += len(data)
        return data

    def _check(self) -> None:
        """See to it that the descriptor is still that of the file, and not of another one."""
        if self._file.closed:
            raise ValueError("the file was closed while it was written")

    def read_now(self) -> Any:
        """Give the next block if the system has it in memory: that saves going to a thread."""
        if not self._now or self._at is None or self._over:
            return NOT_NOW
        if self._file is None and not self._owned:
            self._open_file()  # it is open already
        if self._descriptor is None:
            return NOT_NOW
        self._check()
        size = _NOW if self._stop is None else min(_NOW, self._stop - self._at)
        block = self._blocks.take(size)
        try:
            size = os.preadv(self._descriptor, [block], self._at, _NOWAIT)
        except BlockingIOError:
            return NOT_NOW
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
            self._now = False  # not with this kind of file system
            return NOT_NOW
        if not size and block and os.fstat(self._descriptor).st_size > self._at:
            return NOT_NOW  # some versions of Linux give nothing for what they have not in memory
        self._at += size
        if size < len(block):
            del block[size:]
        return block

    def close(self) -> None:
        """Be done with the file."""
        with self._lock:
            self._over = True
            busy = self._busy
        if not busy:
            self._close_file()

    def _close_file(self) -> None:
        file, self._file, self._descriptor = self._file, None, None
        if self._owned and file is not None:
            file.close()


def read_in_blocks(reading: FilePass) -> Steps:
    """Give what is read, and close it."""
    try:
        while piece := (yield Work(reading.read, reading.read_now, sized=True)):
            if isinstance(piece, str):
                raise TypeError("the file gives text where bytes are expected: open it with 'rb'")
            yield piece
    finally:
        reading.close()
