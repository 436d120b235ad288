"""Payloads that are files: open ones of bytes or text, paths, and files of async libraries."""

from __future__ import annotations

import codecs
import io
import os
import stat
import threading
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from multidict import CIMultiDict

from . import hdrs
from ._file_pass import READ, FilePass, descriptor, plain_size, read_in_blocks
from ._head import printable_name
from ._later import Later, seen
from ._passes import Piece, Steps, Wait, sliced
from ._payload import Headers, Payload, guess_filename
from ._payload_memory import text_charset

if TYPE_CHECKING:
    import inspect
else:
    inspect = Later("inspect")

__all__ = [
    "AsyncFile", "AsyncFilePayload", "BufferedReaderPayload", "BytesIOPayload", "File",
    "IOBasePayload", "PathPayload", "TextIOPayload", "file_payload",
]  # fmt: skip


class IOBasePayload(Payload):
    """An open file of bytes, from its position on.

    It is read in large blocks, where an event loop runs on a thread of that loop's.  As long as it
    can be rewound, it can be written again.  ``close()`` closes it; to write it does not.

    Args:
        value: the file.
        disposition: the Content-Disposition, which names the file; None for none.
        args: as of :class:`Payload`.
        kwargs: as of :class:`Payload`; ``filename`` by default is the file's.

    Raises:
        ValueError: for a file that was opened to be written only.
    """

    _may_change = True
    _start_position: int | None = None
    _lock: threading.Lock

    def __init__(
        self, value: Any, disposition: str | None = "attachment", *args: Any, **kwargs: Any
    ) -> None:
        if isinstance(value, io.IOBase) and not value.closed and not value.readable():
            raise ValueError(f"{value!r} cannot be read from: open it with 'rb'")
        if "filename" not in kwargs:
            kwargs["filename"] = guess_filename(value)
        super().__init__(value, *args, **kwargs)
        if self._filename is not None and disposition is not None:
            default_disposition(self, disposition, self._filename)
        self._lock = threading.Lock()
        try:
            self._start_position = value.tell()
        except (OSError, AttributeError, ValueError):
            self._start_position = None
        self._once = self._start_position is None or not can_seek(value)

    @property
    def consumed(self) -> bool:
        """Whether it was written and cannot be rewound, or was closed, by whomever."""
        return self._consumed or getattr(self._value, "closed", False) is True

    @property
    def size(self) -> int | None:
        """How many bytes follow the position that the file had; None for what is no plain file."""
        if self._size is not None:
            return self._size
        if self._start_position is None:
            return None
        whole = whole_size(self._value)
        return None if whole is None else max(0, whole - self._start_position)

    def _steps(self) -> Steps:
        refuse_consumed(self)
        self._consumed = self._once
        yield from self._read_from(None if self._once else self._start_position)

    def _read_from(self, start: int | None) -> Steps:
        return read_in_blocks(FilePass(lambda: self._value, False, start, self._lock))

    def _close(self) -> None:
        self._consumed = True
        self._value.close()

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Read the whole file; the arguments mean nothing here."""
        return await super().as_bytes(encoding, errors)


def inner_file(file: Any) -> Any:
    """Give the file that a temporary file with a name is; any other is itself."""
    return file.file if isinstance(file, seen("tempfile", "_TemporaryFileWrapper")) else file


def whole_size(file: Any) -> int | None:
    """Tell how many bytes a file has, None where it does not tell."""
    inner = inner_file(file)
    if isinstance(inner, io.TextIOWrapper):
        file = cast(Any, inner).buffer
    number = descriptor(file)
    if number is not None:
        return plain_size(number)
    if isinstance(file, seen("tempfile", "SpooledTemporaryFile")) and not file.closed:
        at = file.tell()
        try:
            file.seek(0, io.SEEK_END)
            return int(file.tell())
        finally:
            file.seek(at)
    return None


def can_seek(file: Any) -> bool:
    """Tell whether a file can be rewound."""
    try:
        return bool(file.seekable())
    except AttributeError:
        return hasattr(file, "seek")
    except ValueError:
        return False  # it is closed; to read it will say so


def refuse_consumed(payload: Payload) -> None:
    """Say that a body cannot be given a second time, before anything of it is."""
    if payload.consumed:
        which = f" {payload.filename!r}" if payload.filename else ""
        raise ValueError(
            f"{type(payload).__name__}{which} has been written, or closed, and cannot be written "
            "again: make it of bytes, a path, or a file that can be rewound"
        )


def default_disposition(payload: Payload, disposition: str, filename: str) -> None:
    """Name the file in the part's headers, unless they do."""
    if hdrs.CONTENT_DISPOSITION not in payload.headers:
        payload.set_content_disposition(disposition, filename=printable_name(filename))
        payload._disposition_is_default = True


class BufferedReaderPayload(IOBasePayload):
    """A file that was opened with ``open(name, "rb")``; see :class:`IOBasePayload`."""


class BytesIOPayload(IOBasePayload):
    """What a ``BytesIO`` holds from its position on, uncopied.  It is never closed.

    Args:
        value: the ``BytesIO``.
        args: as of :class:`IOBasePayload`.
        kwargs: as of :class:`IOBasePayload`.
    """

    _autoclose = True
    _value: io.BytesIO

    @property
    def size(self) -> int:
        """How many bytes there are."""
        if self._size is not None:
            return self._size
        with self._value.getbuffer() as view:
            return max(0, len(view) - (self._start_position or 0))

    def _steps(self) -> Steps:
        # This does not copy, and leaves the position where it is.
        data: Piece = self._value.getvalue()
        if self._start_position:
            data = memoryview(data)[self._start_position :]
        return sliced(data)

    def _close(self) -> None:
        pass


class TextIOPayload(IOBasePayload):
    """An open file of text, from its position on.

    Where the file is of the charset that it is to be written in, and was not read from yet, its
    bytes are written as they are; so its size is known.

    Args:
        value: the file.
        disposition: as of :class:`IOBasePayload`.
        headers: of the part; they win over what is set by default.
        args: as of :class:`Payload`.
        encoding: the charset that it is written in; by default the one that the Content-Type
            names, or UTF-8.
        content_type: the part's Content-Type.
        kwargs: as of :class:`IOBasePayload`.

    Raises:
        ValueError: for a charset that Python does not know.
    """

    def __init__(
        self,
        value: Any,
        disposition: str | None = "attachment",
        headers: Headers | None = None,
        *args: Any,
        encoding: str | None = None,
        content_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        headers = CIMultiDict(headers or ())
        name = kwargs.get("filename") or guess_filename(value)
        encoding, content_type = text_charset(encoding, content_type, headers, name)
        try:
            "".encode(encoding)  # refuses base64 and the like, too
            self._codec = codecs.lookup(encoding)
        except LookupError:
            raise ValueError(f"unknown charset {encoding!r}: see the codecs of Python") from None
        kwargs.update(encoding=encoding, content_type=content_type)
        super().__init__(value, disposition, headers, *args, **kwargs)

    @property
    def size(self) -> int | None:
        """How many bytes there are; None where the text has to be encoded first."""
        return super().size if self._as_it_is() else self._size

    def _as_it_is(self) -> bool:
        own = getattr(self._value, "encoding", None)
        inner = inner_file(self._value)
        if self._start_position != 0 or not isinstance(inner, io.TextIOWrapper) or not own:
            return False
        return codecs.lookup(own).name == self._codec.name and not self._once

    def _read_from(self, start: int | None) -> Steps:
        if self._as_it_is():
            return read_in_blocks(FilePass(lambda: self._value.buffer, False, 0, self._lock))
        return read_in_blocks(FilePass(lambda: self._encoded(start), False, None, self._lock))

    def _encoded(self, start: int | None) -> _Encoded:
        return _Encoded(self._value, self._codec, start)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Read the text.  It may block; the arguments mean nothing here."""
        return super().decode(self._encoding or encoding, errors)


class _Encoded:
    """Gives text as bytes.  Of a charset with a mark at its start, only one is written.

    Args:
        file: of text.
        codec: that it is to be written in.
        place: where to start, as ``file.tell()`` gave it: each pass goes on from a place of its
            own, and others may read the same file meanwhile.  None where it stands there.
    """

    def __init__(self, file: Any, codec: codecs.CodecInfo, place: int | None) -> None:
        self._file = file
        self._place = place
        self._encoder = codec.incrementalencoder() if codec.incrementalencoder else None
        self._codec = codec

    def read(self, most: int) -> bytes:
        while True:
            text = self._text(most)
            if self._encoder is None:
                return self._codec.encode(text)[0]
            data = self._encoder.encode(text, final=not text)
            if data or not text:
                return data
            # The next character tells how the last one is written: this is not the end.

    def _text(self, most: int) -> str:
        if self._place is None:
            return self._file.read(most)  # type: ignore[no-any-return]
        self._file.seek(self._place)
        text: str = self._file.read(most)
        self._place = self._file.tell()
        return text


class PathPayload(Payload):
    """A file by its path, opened when it is written, and closed behind that, however it ends.

    Args:
        value: the path.
        disposition: the Content-Disposition, which names the file; None for none.
        args: as of :class:`Payload`.
        kwargs: as of :class:`Payload`; ``filename`` by default is the last component of the path.
    """

    _autoclose = True
    _may_change = True

    def __init__(
        self,
        value: os.PathLike[str],
        disposition: str | None = "attachment",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self._path = os.fsdecode(value)
        self._once = is_pipe(self._path)
        kwargs.setdefault("filename", os.path.basename(self._path) or None)
        super().__init__(value, *args, **kwargs)
        if self._filename is not None and disposition is not None:
            default_disposition(self, disposition, self._filename)

    @property
    def size(self) -> int | None:
        """How many bytes the file has now; None where it is no plain file.

        Raises:
            OSError: where there is no such file.
        """
        if self._size is not None:
            return self._size
        if self._once:
            return None  # to open it is to wait for its other end
        status = os.stat(self._path)
        if stat.S_ISREG(status.st_mode) and status.st_size and os.access(self._path, os.R_OK):
            return status.st_size
        with self._opened() as file:
            return plain_size(file.fileno())

    def _steps(self) -> Steps:
        refuse_consumed(self)
        self._consumed = self._once
        start = None if self._once else 0
        yield from read_in_blocks(FilePass(self._opened, owned=True, start=start))

    def _opened(self) -> Any:
        return open(self._path, "rb", buffering=0)


def is_pipe(path: str) -> bool:
    """Tell whether there is something with neither a size nor places: a pipe, or a device."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False  # to open it will say so
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


class _FileKind(type):
    """Tells what can be read from, though it is no ``IOBase``: temporary files with a name."""

    def __instancecheck__(cls, instance: object) -> bool:
        return callable(getattr(instance, "read", None)) and not isinstance(instance, type)


class File(metaclass=_FileKind):
    """Stands for all types with a ``read(n)`` that gives bytes."""


def file_payload(value: Any, *args: Any, **kwargs: Any) -> IOBasePayload:
    """Make the payload of a file that is no ``IOBase``."""
    kind = TextIOPayload if isinstance(inner_file(value), io.TextIOBase) else IOBasePayload
    return kind(value, *args, **kwargs)


class _AsyncFileKind(type):
    """Tells files whose ``read()`` is awaited: of aiofiles, anyio and trio, and stream readers."""

    def __instancecheck__(cls, instance: object) -> bool:
        return inspect.iscoroutinefunction(getattr(instance, "read", None))


class AsyncFile(metaclass=_AsyncFileKind):
    """Stands for all types with an awaitable ``read(n)``."""


#: The libraries whose files are a file and a thread.
_WRAPPERS: Final = frozenset(("aiofiles", "anyio", "trio"))


def wrapped_file(file: object) -> Any:
    """Give the file that an async library has wrapped, None where there is none to be seen.

    Only the libraries' own classes do nothing else: one of somebody else's may count what is read,
    or encrypt it.
    """
    if type(file).__module__.partition(".")[0] not in _WRAPPERS:
        return None
    for name in ("wrapped", "_file"):  # of anyio and trio; of aiofiles
        inner = getattr(file, name, None)
        if isinstance(inner, (io.IOBase, seen("tempfile", "_TemporaryFileWrapper"))):
            return inner
    return None


class AsyncFilePayload(Payload):
    """A file, or a stream, with an awaitable ``read(n)``.

    Made of a file of aiofiles, anyio or trio, this is an :class:`IOBasePayload` of the file in it,
    because that can be read in larger blocks.  A stream is read once.

    Args:
        value: the file or stream.
        args: as of :class:`Payload`.
        kwargs: as of :class:`Payload`.
    """

    _awaits = True
    _autoclose = True
    _once = True
    _blocks: ClassVar[int] = READ

    def __new__(cls, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Take the file out of its wrapping, if it has one."""
        inner = wrapped_file(value)
        if inner is None or cls is not AsyncFilePayload:
            return super().__new__(cls)
        return file_payload(inner, *args, **kwargs)

    def _steps(self) -> Steps:
        refuse_consumed(self)
        self._consumed = True
        while True:
            piece = yield Wait(lambda: self._value.read(self._blocks))
            if isinstance(piece, str):
                raise TypeError("the file gives text: open it with mode 'rb'")
            if not piece:
                return
            yield piece
