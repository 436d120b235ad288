"""Files of a form in a ``tempfile.SpooledTemporaryFile``, as frameworks hand them out."""

from __future__ import annotations

import io
import os
from tempfile import SpooledTemporaryFile
from typing import Any

from ._form_spool import SpoolSink

__all__ = ["SpooledFile", "TempfileSink"]


class SpooledFile(SpooledTemporaryFile[bytes]):
    """A ``SpooledTemporaryFile`` of what a sink was given, at its start.

    In memory it is the pieces as they came.  They become one when somebody reads them, the usual
    ``BytesIO`` when more is wanted than all of it: each copy is into memory that is new to the
    process, and takes as long as all else that is done for the file.

    Args:
        sink: whose content it takes.
        size: above which it goes to disk when it is written.
    """

    _held: list[Any] | None = None
    _at = 0  # the position, while it is held

    def __init__(self, sink: SpoolSink, size: int) -> None:
        super().__init__(max_size=size)
        if sink.on_disk:
            sink.file.seek(0)
            self._file = io.BufferedRandom(sink.file)
            self._rolled = True
        else:
            self._held, sink.held = sink.held, []
            self._size = sink.size

    @property
    def _file(self) -> Any:
        """What the base class keeps its content in, and takes for all that is not said here."""
        if self._held is not None:
            file = io.BytesIO(self._joined())
            file.seek(self._at)
            self._real, self._held = file, None
        return self._real

    @_file.setter
    def _file(self, file: Any) -> None:
        self._real, self._held = file, None

    def _joined(self) -> bytes:
        held = self._held or [b""]
        if len(held) > 1 or type(held[0]) is not bytes:
            self._held = held = [b"".join(held)]
        data: bytes = held[0]
        return data

    def read(self, *size: Any) -> bytes:
        """Read; see :meth:`io.BufferedIOBase.read`."""
        if self._held is None or self._at or size not in ((), (-1,), (None,)):
            return super().read(*size)
        self._at = self._size
        return self._joined()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, and give it; see :meth:`io.IOBase.seek`."""
        if self._held is None or offset or whence not in (os.SEEK_SET, os.SEEK_END):
            return self._file.seek(offset, whence)  # type: ignore[no-any-return]
        self._at = self._size if whence else 0
        return self._at

    def tell(self) -> int:
        """Give the position."""
        return self._at if self._held is not None else super().tell()

    def close(self) -> None:
        """Close the file, which removes it."""
        if self._held is not None:
            # What the base class has as an attribute is a property here.
            self._file = io.BytesIO()  # pyright: ignore[reportIncompatibleVariableOverride]
        super().close()

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._held is None and self._real.closed


class TempfileSink(SpoolSink):
    """Gives a :class:`SpooledFile`, which ``made`` puts into the framework's own object."""

    __slots__ = ()

    def finish(self) -> Any:
        """Give what the form has for the file, to be read from its start."""
        self.file = SpooledFile(self, self._memory.most)
        return self._made(self)

    def abort(self) -> None:
        """Close the file, which removes it."""
        self.held = []
        if self.file is not None:
            self.file.close()
