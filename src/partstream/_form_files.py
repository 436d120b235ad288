"""A file of a form: what ``form.UploadedFile`` and its blocking twin have in common.

A file may be closed while a thread still reads it, because whoever waited for that was cancelled.
So each operation holds the lock of the file, and whoever is last closes it: :meth:`FileBase._shut`
does not wait for the lock.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from ._form_names import Described
from ._form_saving import copy, save
from ._form_spool import SpoolSink, temporary_file, write_all

__all__ = ["FileBase"]

_T = TypeVar("_T")


class FileBase(Described):
    """The logic of both ``UploadedFile`` classes; see there."""

    __slots__ = ("_closed", "_file", "_linked", "_lock", "_on_disk", "_room", "size")

    def __init__(self, sink: SpoolSink) -> None:
        self._head = sink.head
        self._file: Any = sink.opened()
        self._on_disk = sink.on_disk
        self._room = sink.size + sink.room  # what it may be in memory
        self._linked = False  # saved under a name, without a copy
        self._closed = False
        self._lock = threading.Lock()
        self.size: int = sink.size

    @property
    def empty(self) -> bool:
        """Whether no file was chosen: no filename and no content, as browsers send that."""
        return not self.size and not self._head.filename

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._closed

    def __repr__(self) -> str:
        place = "closed" if self._closed else "on disk" if self._on_disk else "in memory"
        return (
            f"<{type(self).__name__} name={self.name!r} filename={self.filename!r} "
            f"size={self.size} {place}>"
        )

    def __del__(self) -> None:
        if getattr(self, "_closed", True):
            return
        if self.size:
            warnings.warn(
                f"{self!r} was not closed: use 'with' for the form, or close it",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
        self._shut()

    # What may block

    def _blocks(self, growth: int = 0) -> bool:
        """Tell whether an operation may block: where the file is on disk, or will be by it."""
        grows = growth > 0 and not self._closed
        return self._on_disk or (grows and self._file.tell() + growth > self._room)

    def _locked(self, call: Callable[..., _T], *arguments: Any) -> _T:
        """Do an operation, alone."""
        try:
            with self._lock:
                if self._closed:
                    raise ValueError("the file is closed")
                return call(*arguments)
        finally:
            if self._closed:  # perhaps meanwhile
                self._shut()

    def _read(self, size: int) -> bytes:
        data: bytes = self._file.read(size)
        return data

    def _seek(self, offset: int, whence: int) -> int:
        place: int = self._file.seek(offset, whence)
        return place

    def _write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if not self._on_disk and self._file.tell() + len(view) > self._room:
            self._move()
        elif self._linked:
            self._move()  # what was saved stays as it was
        if self._on_disk:
            write_all(self._file, [view])
        else:
            self._file.write(view)
        self.size = max(self.size, self._file.tell())
        return len(view)

    def _move(self) -> None:
        """Have the content in a temporary file of its own."""
        file = temporary_file()
        try:
            copy(self._file, file)
            file.seek(self._file.tell())
        except BaseException:
            file.close()
            raise
        old, self._file = self._file, file
        self._on_disk, self._linked = True, False
        old.close()

    def _save(self, path: Any) -> None:
        linked = save(self._file, path, self._head.filename, self._on_disk and not self._linked)
        self._linked = self._linked or linked

    def _shut(self) -> None:
        """Close the file; where a thread is at it, that does so when it is done."""
        self._closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._file.close()
            finally:
                self._lock.release()
