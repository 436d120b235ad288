"""A file while it is read in blocks, perhaps on a thread, and closed whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ._passes import BLOCK

__all__ = ["FilePass"]


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
    """

    __slots__ = ("_at", "_busy", "_file", "_file_lock", "_lock", "_open", "_over", "_owned")

    def __init__(
        self,
        open: Callable[[], Any],  # noqa: A002
        owned: bool,
        start: int | None = None,
        lock: threading.Lock | None = None,
    ) -> None:
        self._open = open
        self._owned = owned
        self._file: Any = None
        self._at = start
        self._lock = threading.Lock()
        self._file_lock = lock or threading.Lock()
        self._busy = self._over = False

    def read(self, most: int = BLOCK) -> Any:
        """Give the next block, empty at the end; the first call opens the file."""
        with self._file_lock:
            return self._read(most)

    def _read(self, most: int) -> Any:
        with self._lock:
            if self._over:
                return b""
            self._busy = True
        try:
            if self._file is None:
                self._file = self._open()
            if self._at is None:
                return self._file.read(most)
            self._file.seek(self._at)
            data = self._file.read(most)
            self._at += len(data)
            return data
        finally:
            with self._lock:
                self._busy = False
                over = self._over
            if over:
                self._close_file()

    def close(self) -> None:
        """Be done with the file."""
        with self._lock:
            self._over = True
            busy = self._busy
        if not busy:
            self._close_file()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if self._owned and file is not None:
            file.close()
