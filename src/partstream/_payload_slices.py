"""A payload that is a piece of a file."""

from __future__ import annotations

import os
import threading
from typing import Any

from ._file_pass import FilePass
from ._passes import Steps, Work
from ._payload import Payload
from ._payload_files import refuse_consumed

__all__ = ["SlicePayload"]


class SlicePayload(Payload):
    """A run of bytes of a file.

    A path is opened when the slice is written, and closed behind that, however it ends.  An open
    file is closed by :meth:`close`; to write it does not.  Either can be written again.

    Args:
        value: a path, or an open file that can be rewound.
        first: where the slice starts, in bytes from the start of the file.
        length: how many bytes it has.
        lock: of an open file, for all slices of it.
        kwargs: as of :class:`Payload`.
    """

    _may_change = True
    _size: int  # pyright: ignore[reportIncompatibleVariableOverride] # it is always known

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
        stop = self._first + self._size
        reading = FilePass(self._file, self._autoclose, self._first, self._lock, stop)
        left = self._size
        try:
            while left:
                piece = yield Work(reading.read, reading.read_now, sized=True)
                if not piece:
                    raise OSError(
                        f"the file ends {left} bytes before the end of its bytes "
                        f"{self._first}-{stop - 1}: it has become shorter"
                    )
                left -= len(piece)
                yield piece
        finally:
            reading.close()

    def _file(self) -> Any:
        return open(self._value, "rb", buffering=0) if self._autoclose else self._value

    def _close(self) -> None:
        if not self._autoclose:
            self._consumed = True
            self._value.close()
