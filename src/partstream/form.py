"""A whole form at once: its fields and its files, for coroutines on any event loop.

What a form is made of is decided in ``_form_assembler.py`` and ``_form_urlencoded.py``; here is who
waits: for the source, for a thread that writes, for the hook.  ``_form_sync.py`` is the same
without waiting.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ._form_files import FileBase
from ._form_part import PartBase
from ._form_reading import FormBase, FormDriver, assembler_of
from ._form_spool import Spools
from ._forming import Assembler, Step
from ._later import Later
from ._need import NEED, Need
from ._offload import begin, offload
from .errors import MultipartError
from .limits import Limits
from .policy import Policy
from .sources import Source, async_source, checked

if TYPE_CHECKING:
    import inspect
else:
    inspect = Later("inspect")

__all__ = ["FilePart", "Form", "UploadedFile", "assemble", "parse_form"]

_T = TypeVar("_T")


class FilePart(PartBase):
    """A file of a form while it arrives: what ``on_file`` gets.

    Its data is given as it comes, and a Content-Transfer-Encoding is undone.  It can be read until
    ``on_file`` returns.
    """

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        data: bytes = await self._driver.finish(self._chunk)
        if not data:
            raise StopAsyncIteration
        return data

    async def read_chunk(self, size: int = 65536) -> bytes:
        """Give the next bytes, as soon as any are there, and ``b""`` at the end.

        Args:
            size: how many bytes at most.

        Raises:
            ValueError: for a size below 1.
            MultipartError: where the form is at fault, ends too early or is over a limit.
        """
        return await self._driver.finish(partial(self._some, size))  # type: ignore[no-any-return]

    async def read(self) -> bytes:
        """Give all that is left, however much that is.

        Raises:
            MultipartError: where the form is at fault, ends too early or is over a limit.
        """
        return b"".join([chunk async for chunk in self])


class UploadedFile(FileBase):
    """A file of a form: in memory while it is small, else in a temporary file.

    What may block is done on a thread.  It goes away when it is closed; :meth:`save` keeps it.

    Attributes:
        size: how many bytes it has.
    """

    __slots__ = ()

    async def _do(self, growth: int, call: Callable[..., _T], *arguments: Any) -> _T:
        if self._blocks(growth):
            return await offload(partial(self._locked, call, *arguments))
        return self._locked(call, *arguments)

    async def read(self, size: int = -1) -> bytes:
        """Give ``size`` of the next bytes, fewer at the end; all that are left by default."""
        return await self._do(0, self._read, size)

    async def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, and give it; see :meth:`io.IOBase.seek`."""
        return await self._do(0, self._seek, offset, whence)

    async def write(self, data: bytes | bytearray | memoryview) -> int:
        """Write at the position, and give how many bytes that were.

        Raises:
            OSError: where the disk is full, or will not.
        """
        return await self._do(memoryview(data).nbytes, self._write, data)

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Save the file under a name.

        It is written beside ``path`` and renamed when it is whole, so that nobody sees half of it;
        what was there before is replaced, also where it is a symbolic link.  A large file is not
        copied where the system can give it a name: on Linux, where the directory for temporary
        files is on the same file system (``TMPDIR``, ``tempfile.tempdir``).  It is not forced out
        to the disk (``fsync``).

        Args:
            path: where to: your directory, and :attr:`safe_name` or a name of your own.

        Raises:
            OSError: where it cannot be saved; nothing is left then.
            ValueError: for a directory, and for a path that leaves its directory because
                :attr:`filename` was joined to it.
        """
        await offload(partial(self._locked, self._save, path))

    async def aclose(self) -> None:
        """Close the file, which removes what is on disk."""
        if self._on_disk and not self._closed:
            await _closed([self])
        else:
            self._shut()


async def _closed(files: list[UploadedFile]) -> None:
    """Close files on a thread: giving back what a large one has on disk takes a while."""
    try:
        await offload(partial(_shut, files))
    except BaseException:
        _shut(files)  # cancelled before that
        raise


def _shut(files: list[UploadedFile]) -> None:
    for file in files:
        file._shut()


class Form(FormBase):
    """A form: its fields and its files.

    Attributes:
        fields: names and texts, in their order; a multidict, so ``getall(name)`` gives those that
            stand there several times.
        files: names, and an :class:`UploadedFile` for each file, or what ``on_file`` gave.
        complete: False where the form was cut short, and the policy tolerates that.
    """

    __slots__ = ()

    async def aclose(self) -> None:
        """Close all files, which removes what is on disk."""
        files = self._opened()
        if any(file._on_disk for file in files):
            await _closed(files)
        else:
            _shut(files)

    async def __aenter__(self) -> Form:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await _left(self, failure)


async def _left(form: Form, failure: tuple[object, ...]) -> None:
    """Close a form that is left; at once where the coroutine is closed, and cannot wait."""
    if failure and failure[0] is GeneratorExit:
        _shut(form._opened())
    else:
        await form.aclose()


#: What takes a file away while it arrives.
OnFile: TypeAlias = Callable[[FilePart], Any]


class _Driver(FormDriver):
    """Awaits what a file needs that is streamed."""

    __slots__ = ()

    async def stream(self, on_file: OnFile) -> None:
        """Have the hook take a file away."""
        part = FilePart(self.assembler, self)
        try:
            value = on_file(part)
            if inspect.isawaitable(value):
                value = await value
        finally:
            part._over = True
        self.check()
        part._left(value)

    async def finish(self, step: Callable[[], bytes | Need]) -> bytes:
        """Repeat a step of the file, with more bytes each time."""
        self.check()
        try:
            while (data := step()) is NEED:
                self.filling = True
                try:
                    chunk = checked(await self.pull())
                finally:
                    self.filling = False
                self.assembler.take_in(chunk)
        except MultipartError as error:
            self.error = error
            raise
        return data


async def assemble(assembler: Assembler, source: Source, on_file: OnFile | None = None) -> None:
    """Put a form together: read the source to its end, and do on threads what may block.

    Args:
        assembler: what to feed; see :func:`partstream._form_reading.assembler_of`.
        source: where the bytes come from; see :func:`partstream.sources.async_source`.
        on_file: takes files away, for an assembler that is ``streamed``.

    Raises:
        MultipartError: where the form is at fault, ends too early or is over a limit.

    Whatever is raised, the assembler's sinks were aborted before.
    """
    pull = source.pull
    writer: _Writer | None = None
    try:
        while not assembler.ended:
            step = assembler.feed(checked(await pull()))
            if step is not None:
                writer = writer or _Writer(assembler)
                await writer.go(step, pull, on_file)
        if writer is not None:
            await writer.wait()
    except BaseException as error:
        await (writer or _Writer(assembler)).fail(error)
        raise
    finally:
        if source.close is not None:
            await source.close()


async def assemble_iterated(assembler: Assembler, iterator: Any, on_loop: bool = False) -> None:
    """Do as :func:`assemble` with a ``Source`` of this async iterator, and no hook, but faster.

    Two coroutines less for each chunk: that is as long as a field or two take.

    Args:
        assembler: of the form.
        iterator: gives the chunks.
        on_loop: do what may block here, where nothing but that holds the sender back.
    """
    writer: _Writer | None = None
    try:
        async for chunk in iterator:
            if not chunk:
                continue
            step = assembler.feed(chunk if type(chunk) is bytes else checked(chunk))
            if step is not None and on_loop:
                _work_here(assembler)
            elif step is not None:
                writer = writer or _Writer(assembler)
                await writer.go(step)
        step = assembler.feed(b"")
        if step is not None and on_loop:
            _work_here(assembler)
        elif step is not None:
            writer = writer or _Writer(assembler)
            await writer.go(step)
        if writer is not None:
            await writer.wait()
    except BaseException as error:
        try:
            await (writer or _Writer(assembler)).fail(error)
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                try:
                    await close()
                except RuntimeError:
                    # See sources.py: before CPython 3.13 a generator that was left so cannot be.
                    if not isinstance(error, GeneratorExit):
                        raise
        raise


def _work_here(assembler: Assembler) -> None:
    step: Step | None = Step.WORK  # what nobody streams asks for nothing else
    while step is not None:
        assembler.work(assembler.take_jobs())
        step = assembler.go()


class _Writer:
    """Has threads do what may block, one piece of work at a time, while the form goes on.

    So a thread writes 1 MiB while the next one comes.  Where the next one is there first, it is
    waited for: no more than two are in memory.

    Attributes:
        future: of the work that a thread is at.
    """

    __slots__ = ("_assembler", "future")

    def __init__(self, assembler: Assembler) -> None:
        self._assembler = assembler
        self.future: Any = None

    async def go(self, step: Step | None, pull: Any = None, on_file: Any = None) -> None:
        """Do what a step asks for, and go on, until bytes are wanted."""
        assembler = self._assembler
        while step is not None:
            await self.wait()
            if step is Step.WORK:
                work = partial(assembler.work, assembler.take_jobs())
                # At the end there is nothing to go on with.
                self.future = None if assembler.ended else begin(work)
                if self.future is None:
                    await offload(work)
            elif on_file is not None:
                await _Driver(assembler, pull).stream(on_file)
            step = assembler.go()

    async def wait(self) -> None:
        """Wait for the thread, if one is at work.

        Raises:
            OSError: where it could not write, or what else it has met.
        """
        future, self.future = self.future, None
        if future is not None:
            await future

    async def fail(self, error: BaseException) -> None:
        """Abort the form.

        Raises:
            OSError: what the thread has met, which came before any fault of what was read since.
        """
        if not isinstance(error, Exception):
            self._assembler.abort()
            return
        try:
            await self.wait()
        finally:
            await _aborted(self._assembler)


async def _aborted(assembler: Assembler) -> None:
    if assembler.has_sinks:
        try:
            await offload(assembler.abort)
        except BaseException:
            assembler.abort()  # cancelled before that
            raise


class FormRequest:
    """A form that is read when it is awaited, or entered; see :func:`parse_form`."""

    __slots__ = ("_form", "_read")

    def __init__(self, read: Callable[[], Any]) -> None:
        self._read = read
        self._form: Form | None = None

    def __await__(self) -> Generator[Any, None, Form]:
        return self._read().__await__()  # type: ignore[no-any-return]

    async def __aenter__(self) -> Form:
        self._form = form = await self._read()
        return form  # type: ignore[no-any-return]

    async def __aexit__(self, *failure: object) -> None:
        form, self._form = self._form, None
        if form is not None and form.files:
            await _left(form, failure)


def parse_form(
    headers: Any,
    source: Any,
    *,
    limits: Limits = Limits.FORM,
    policy: Policy = Policy.DEFAULT,
    on_file: OnFile | None = None,
) -> FormRequest:
    """Read a whole form, ``multipart/form-data`` or ``application/x-www-form-urlencoded``.

    ::

        async with parse_form(request.headers, request) as form:
            title = form.fields["title"]
            await form.files["photo"].save(directory / form.files["photo"].safe_name)

    ``async with`` closes every file, however it is left.  ``form = await parse_form(...)`` gives
    the form too; then ``await form.aclose()`` does so.  Where reading fails or is cancelled, all
    that was opened is closed.  The source is read to its end.

    Args:
        headers: where the Content-Type is: any mapping, a list of pairs as ASGI has it, or its
            value.
        source: where the bytes come from: a request or a stream; see
            :func:`partstream.sources.async_source`.
        limits: what the form may be at most.
        policy: which deviations are tolerated.
        on_file: called, and awaited if it is a coroutine, with a :class:`FilePart` for each file as
            soon as it begins, to take it away while it arrives: to an object store, into a hash,
            onto a disk of your own.  What it returns stands in ``form.files``; for None nothing
            does.  What it leaves unread is skipped.  Returning the part itself, unread, has it
            spooled as if there were no hook.  It is not called for file inputs without a
            filename, such as those where no file was chosen.

    Raises:
        UnsupportedMediaType: where the Content-Type is of no form (415).
        ParseError: for a form that is malformed, and a policy that does not tolerate it (400).
        IncompleteBody: where it ends too early (400).
        LimitExceeded: where it is larger than a limit allows (413).
        OSError: where a file cannot be written.
    """
    return FormRequest(partial(_read, headers, source, limits, policy, on_file))


async def _read(
    headers: Any, content: Any, limits: Limits, policy: Policy, on_file: OnFile | None
) -> Form:
    spools = Spools(limits, UploadedFile)
    streamed = on_file is not None
    assembler = assembler_of(headers, spools, limits=limits, policy=policy, streamed=streamed)
    await assemble(assembler, async_source(content), on_file)
    return Form(assembler)
