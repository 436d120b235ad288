"""A payload that is a piece of a file."""

from __future__ import annotations

import os
import threading
from typing import Any

from ._file_pass import FilePass, plain_size, read_in_blocks
from ._passes import Steps
from ._payload import Payload
from ._payload_files import refuse_consumed

__all__ = ["SlicePayload", "opened", "size_of_file"]


class SlicePayload(Payload):
    """Some bytes in the middle of a file.

    A path is opened when the slice is written, and closed behind that, however it ends.  An open
    file is closed by :meth:`close`; to write it does not.  Either can be written again.

    Args:
        value: a path, or an open file that can be rewound.
        first: where the slice starts, in bytes from the start of the file.
        length: how many bytes it has.
        lock: of an open file that has no descriptor, for all slices of it.
        kwargs: as of :class:`Payload`.
    """

    _may_change = True
    _size: int

    def __init__(
        self, value: Any, first: int, length: int, lock: threading.Lock | None = None, **kwargs: Any
    ) -> None:
        super().__init__(value, size=length, **kwargs)
        self._autoclose = isinstance(value, (str, os.PathLike))
        self._first = first
        self._lock = lock

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._size

    def _steps(self) -> Steps:
        refuse_consumed(self)
        file = self._value
        if self._autoclose:
            reading = FilePass(lambda: opened(file), True, self._first)
        else:
            reading = FilePass(lambda: file, False, self._first, self._lock)
        return self._limited(reading)

    def _limited(self, reading: FilePass) -> Steps:
        """Give what is read, as far as the slice goes."""
        left = self._size
        steps = read_in_blocks(reading)
        try:
            answer = None
            while left:
                step = steps.send(answer)
        finally:
            steps.close()

    def _close(self) -> None:
        if not self._autoclose:
            self._consumed = True
            self._value.close()
