"""The bytes of a file or of standard input, in large pieces and with progress."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from types import TracebackType
from typing import Any, BinaryIO, Final

from ._progress import Progress

__all__ = ["FileSource"]

_CHUNK: Final = 1 << 20


class FileSource:
    """What an inspection reads from, as a context manager.

    Args:
        name: what to call it.
        file: a binary file; it is closed at the end unless ``keep`` says not to.
        keep: whether the file is somebody else's to close.
        make_progress: makes the display for a total size.
    """

    def __init__(
        self, name: str, file: BinaryIO, make_progress: Callable[[int | None], Progress], *,
        keep: bool = False
    ) -> None:  # fmt: skip
        self.name = name
        self.size = _size_of(file)
        self._file = file
        self._keep = keep
        self._done = 0
        self._progress = make_progress(self.size)
        # One read of a pipe gives what is there; waiting for a whole chunk would hold it back.
        self._read: Callable[[int], Any] = getattr(file, "read1", None) or file.read

    def read(self) -> bytes:
        """Give the next bytes, none at the end."""
        data: bytes = self._read(_CHUNK) or b""
        self._done += len(data)
        self._progress.update(self._done)
        return data

    def __enter__(self) -> FileSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        self._progress.erase()
        if not self._keep:
            self._file.close()


def _size_of(file: BinaryIO) -> int | None:
    """Give the size of a regular file; a pipe or a device has none that counts."""
    try:
        status = os.fstat(file.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
