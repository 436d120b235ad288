"""A whole form at once, without ``await``: what ``partstream.sync`` has of ``form.py``."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

from ._form_files import FileBase
from ._form_part import PartBase
from ._form_reading import FormBase, FormDriver, assembler_of
from ._form_spool import Spools
from ._forming import Assembler, Step
from ._need import NEED, Need
from ._sync_sources import sync_source
from .errors import MultipartError
from .limits import Limits
from .policy import Policy
from .sources import Source, checked

__all__ = ["FilePart", "Form", "UploadedFile", "assemble", "parse_form"]


class FilePart(PartBase):
    """A file of a form while it arrives; see :class:`partstream.form.FilePart`.

    It is a binary stream as well, as far as ``shutil.copyfileobj`` and ``boto3`` ask for one.
    """

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data: bytes = self._driver.finish(self._chunk)
        if not data:
            raise StopIteration
        return data

    def read_chunk(self, size: int = 65536) -> bytes:
        """Give the next bytes; see :meth:`partstream.form.FilePart.read_chunk`."""
        return self._driver.finish(partial(self._some, size))  # type: ignore[no-any-return]

    def read(self, size: int | None = -1) -> bytes:
        """Give all that is left, or ``size`` bytes of it, fewer at the end alone.

        boto3 takes what is shorter for the end, and then reads all that is left at once.
        """
        if size is None or size < 0:
            return b"".join(self)
        pieces: list[bytes] = []
        while size and (data := self.read_chunk(size)):
            pieces.append(data)
            size -= len(data)
        return b"".join(pieces)


class UploadedFile(FileBase):
    """A file of a form; see :class:`partstream.UploadedFile`.

    Attributes:
        size: how many bytes it has.
    """

    __slots__ = ()

    def read(self, size: int = -1) -> bytes:
        """Give ``size`` of the next bytes, fewer at the end; all that are left by default."""
        return self._locked(self._read, size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, and give it; see :meth:`io.IOBase.seek`."""
        return self._locked(self._seek, offset, whence)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Write at the position; see :meth:`partstream.UploadedFile.write`."""
        return self._locked(self._write, data)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the file under a name; see :meth:`partstream.UploadedFile.save`."""
        self._locked(self._save, path)

    def close(self) -> None:
        """Close the file, which removes what is on disk."""
        self._shut()


class Form(FormBase):
    """A form: its fields and its files; see :class:`partstream.Form`."""

    __slots__ = ()

    def close(self) -> None:
        """Close all files, which removes what is on disk."""
        for file in self._opened():
            file._shut()

    def __enter__(self) -> Form:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


#: What takes a file away while it arrives.
OnFile: TypeAlias = Callable[[FilePart], Any]


class _Driver(FormDriver):
    """Gets what a file needs that is streamed."""

    __slots__ = ("_turn",)

    def __init__(self, assembler: Assembler, pull: Callable[[], Any]) -> None:
        super().__init__(assembler, pull)
        self._turn = threading.RLock()  # held by the thread that is amid a step

    def stream(self, on_file: OnFile) -> None:
        """Have the hook take a file away."""
        part = FilePart(self.assembler, self)
        try:
            value = on_file(part)
        finally:
            part._over = True
        self.check()
        if hasattr(value, "__await__"):
            _refuse(value)
        part._left(value)

    def finish(self, step: Callable[[], bytes | Need]) -> bytes:
        """Repeat a step of the file, with more bytes each time."""
        if not self._turn.acquire(False):
            raise ValueError("another thread is reading this file: read it from one at a time")
        try:
            self.check()
            while (data := step()) is NEED:
                self.filling = True
                try:
                    chunk = checked(self.pull())
                finally:
                    self.filling = False
                self.assembler.take_in(chunk)
        except MultipartError as error:
            self.error = error
            raise
        finally:
            self._turn.release()
        return data


def _refuse(value: Any) -> None:
    """Say that nobody awaits what the hook gave."""
    if hasattr(value, "close"):
        value.close()  # a coroutine, or Python would complain that nobody has awaited it
    raise TypeError(
        "on_file gave what has to be awaited: partstream.parse_form awaits it; here it has to be a "
        "plain function"
    )


def assemble(assembler: Assembler, source: Source, on_file: OnFile | None = None) -> None:
    """Put a form together; see :func:`partstream.form.assemble`.

    Args:
        assembler: what to feed; see :func:`partstream._form_reading.assembler_of`.
        source: where the bytes come from; see :func:`partstream._sync_sources.sync_source`.
        on_file: takes files away, for an assembler that is ``streamed``.
    """
    pull = source.pull
    try:
        while not assembler.ended:
            step = assembler.feed(checked(pull()))
            while step is not None:
                if step is Step.WORK:
                    assembler.flush()
                elif on_file is not None:
                    _Driver(assembler, pull).stream(on_file)
                step = assembler.go()
    except BaseException:
        assembler.abort()
        raise
    finally:
        if source.close is not None:
            source.close()


def parse_form(
    headers: Any,
    source: Any,
    *,
    limits: Limits = Limits.FORM,
    policy: Policy = Policy.DEFAULT,
    on_file: OnFile | None = None,
) -> Form:
    """Read a whole form; see :func:`partstream.parse_form`, also for the arguments.

    ::

        with parse_form(environ, environ) as form:
            form.files["photo"].save(directory / form.files["photo"].safe_name)

    Args:
        headers: where the Content-Type is: any mapping, a WSGI environ, or its value.
        source: where the bytes come from: bytes, a file, a WSGI environ, an iterable; see
            :func:`partstream._sync_sources.sync_source`.
        limits: what the form may be at most.
        policy: which deviations are tolerated.
        on_file: takes a file away while it arrives: a plain function.

    Raises:
        TypeError: where ``on_file`` gives what has to be awaited.
    """
    spools = Spools(limits, UploadedFile)
    streamed = on_file is not None
    assembler = assembler_of(headers, spools, limits=limits, policy=policy, streamed=streamed)
    assemble(assembler, sync_source(source), on_file)
    return Form(assembler)
