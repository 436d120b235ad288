"""The blocking readers: the same names, arguments and semantics as in ``partstream``, no ``await``.

::

    from partstream.sync import MultipartReader

    for part in MultipartReader(response.headers, response):
        print(part.name, part.text())

All logic is shared with ``reader.py``, which see for how it is divided.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from ._form_sync import FilePart, Form, UploadedFile, parse_form
from ._need import NEED, Need
from ._reading import Flow, PartBase, PartFlow, ReaderBase, Stream
from ._response import release
from ._settings import Settings, SizeError, length_of, mapped, own_headers
from ._sync_sources import sync_source
from ._text import as_form, as_json, as_text
from .batch import HttpMessage, parse_http
from .errors import MultipartError
from .limits import Limits
from .policy import Policy
from .sources import content_type_of

__all__ = [
    "BodyPartReader", "FilePart", "Form", "MultipartReader", "MultipartResponseWrapper",
    "UploadedFile", "parse_form",
]  # fmt: skip

_T = TypeVar("_T")
_Self = TypeVar("_Self")

#: Then what asks for no bytes is one call of C, during which no other thread runs.  The lock would
#: cost 500 ns a field, as much as reading it.
_COMPILED: Final = not hasattr(Flow.check, "__code__")

#: A lock that the same thread may take again: a hook of a subclass may read on.
_SHARED: Final = "another thread is reading this stream: read it from one thread at a time"


class _Driver(Flow):
    """Pulls the bytes that a flow needs.

    Attributes:
        turn: held by the thread that is amid a step.
    """

    __slots__ = ()
    turn: Any

    def finish(self, step: Callable[[], _T | Need]) -> _T:
        """Repeat a step, with more bytes each time, until it has its result."""
        if not self.turn.acquire(False):
            raise ValueError(_SHARED)
        around, self.busy = self.busy, True
        try:
            self.check()
            try:
                result = step()
                while result is NEED:
                    if self.answered(self.ask()):
                        self.close()
                    result = step()
            except BaseException as error:
                self.interrupted(error)
                raise
            return result
        finally:
            self.busy = around
            self.over()

    def at_once(self, step: Callable[[], Any]) -> Any:
        """Make a step that asks for no bytes."""
        if not self.turn.acquire(False):
            raise ValueError(_SHARED)
        try:
            return step()
        finally:
            self.over()

    def over(self) -> None:
        """Give the turn back, and close what another thread could not while it was taken."""
        self.turn.release()
        if self.error is not None:
            self.close()

    def interrupted(self, error: BaseException) -> None:
        """Leave the stream as it has to be after what ended a step, or the wait for bytes."""
        if self.filling:
            self.filling = False
            self.failed(error)
            self.close()
        elif isinstance(error, MultipartError):
            self.end()

    def close(self) -> None:
        """Close the iterator that is the source, if it is one that has to be closed."""
        if self.close_source is None or not self.turn.acquire(False):
            return  # the thread that is amid a step closes it
        try:
            close = self.closing()
            if close is not None:
                close()
        finally:
            self.turn.release()

    def end(self) -> None:
        """Close the source if a fault has ended the stream: it may have come with good events."""
        if self.error is not None:
            self.close()


class _Stream(_Driver, Stream):
    __slots__ = ("turn",)


class _PartStream(_Driver, PartFlow):
    __slots__ = ("turn",)


class BodyPartReader(PartBase):
    """One part of a multipart stream, read as it arrives.

    See :class:`partstream.BodyPartReader`, also for the arguments.  ``content`` is anything that
    :func:`partstream._sync_sources.sync_source` takes.  It is a binary stream as well, as far as
    ``shutil.copyfileobj`` and ``boto3`` ask for one: ``read(size)`` gives ``b""`` at the end.
    """

    def __init__(
        self,
        boundary: bytes,
        headers: Any,
        content: Any,
        *,
        subtype: str = "mixed",
        default_charset: str | None = None,
        max_decompress_size: int | None = None,
        client_max_size: int | None = None,
        max_size_error_cls: SizeError | None = None,
        limits: Limits = Limits.STREAM,
        policy: Policy = Policy.DEFAULT,
    ) -> None:
        self._boundary = boundary
        if isinstance(content, _Stream):
            self._join(content, headers, default_charset)
            return
        limits = mapped(limits, client_max_size, None, None)
        settings = Settings(limits, policy, subtype == "form-data", max_size_error_cls)
        own = own_headers(headers)
        stream = _PartStream(boundary, length_of(own, settings), settings)
        stream.turn = threading.RLock()
        stream.read_from(sync_source(b"" if content is None else content))
        self._stand_alone(stream, own, settings, default_charset)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk: bytes = self._stream.finish(self._piece)
        if not chunk:
            raise StopIteration
        return chunk

    def next(self) -> bytes | None:
        """Give all that is left of the part, None where nothing is."""
        return self.read() or None

    def read(self, size: int | None = -1, *, decode: bool = False) -> bytes:
        """Give all that is left of the part, or ``size`` bytes of it, fewer at the end alone.

        Args:
            size: how many bytes; all that is left if it is negative.  boto3 takes what is shorter
                for the end; for bytes as they arrive there is :meth:`read_chunk`.
            decode: undo Content-Transfer-Encoding and Content-Encoding, see :meth:`decode`; only
                of the whole part.

        Raises:
            ValueError: for a size together with ``decode``.
            MultipartError: where the stream is at fault or ends too early.
            LimitExceeded: where it is over ``max_read_size``, decoded or not.
        """
        if size is not None and size >= 0:
            if decode:
                raise ValueError("read(size, decode=True): use decode_iter() on what read() gives")
            return self._exactly(size) if size else b""
        decoder = self._new_decoder(whole=True) if decode else None
        try:
            data = self._all_now() if _COMPILED else self._stream.at_once(self._all_now)
        except MultipartError:
            self._stream.end()
            raise
        if data is NEED:
            data = self._stream.finish(self._all)
        if decoder is None or decoder.idle:
            return data
        try:
            return self._decoded(decoder, data)
        except BaseException:
            self._opened().restore(data)  # it can be read again
            raise

    def _exactly(self, size: int) -> bytes:
        data: bytes = self._stream.finish(partial(self._next_some, size))
        if not data or len(data) == size:
            return data
        pieces, size = [data], size - len(data)
        try:
            while size and (data := self._stream.finish(partial(self._next_some, size))):
                pieces.append(data)
                size -= len(data)
        except BaseException:
            self._opened().restore(b"".join(pieces))  # it can be read again
            raise
        return b"".join(pieces)

    def _next_some(self, size: int) -> bytes | Need:
        return self._opened().some(size)

    def read_chunk(self, size: int = 8192) -> bytes:
        """Give the next bytes; see :meth:`partstream.BodyPartReader.read_chunk`."""
        return self._stream.finish(partial(self._some, size))  # type: ignore[no-any-return]

    def readline(self) -> bytes:
        """Give the next line; see :meth:`partstream.BodyPartReader.readline`."""
        return self._stream.finish(self._line)  # type: ignore[no-any-return]

    def text(self, *, encoding: str | None = None) -> str:
        """Give all that is left as text; see :meth:`partstream.BodyPartReader.text`."""
        codec = self._codec(encoding)
        return as_text(self.read(decode=True), codec)

    def json(
        self, *, encoding: str | None = None, loads: Callable[[str], Any] | None = None
    ) -> Any:
        """Give the value of a JSON text; see :meth:`partstream.BodyPartReader.json`."""
        codec = self._codec(encoding)
        return as_json(self.read(decode=True), codec, loads)

    def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """Give the pairs of an urlencoded form; see :meth:`partstream.BodyPartReader.form`."""
        codec = self._codec(encoding)
        return as_form(self.read(decode=True), codec)

    def http(self) -> HttpMessage:
        """Give the HTTP message in the part; see :meth:`partstream.BodyPartReader.http`."""
        return parse_http(self.read(decode=True), self._settings.policy)

    def release(self) -> None:
        """Leave out what is left of the part."""
        self._stream.finish(self._leave)

    def decode_iter(self, data: bytes | bytearray | memoryview) -> Iterator[bytes]:
        """Decode piece by piece; see :meth:`partstream.BodyPartReader.decode_iter`."""
        return self._decoding(bytes(data))


class MultipartReader(ReaderBase):
    """Reads a ``multipart/*`` stream part by part; see :class:`partstream.MultipartReader`.

    Args:
        headers: where the Content-Type is: any mapping, a WSGI environ, or its value.
        content: where the bytes come from: bytes, a file, a response of requests, httpx or
            urllib3, an iterable, a WSGI environ.
        limits: what the stream may be at most.
        policy: which deviations are tolerated.
        client_max_size: the same as ``max_read_size`` of the limits, by aiohttp's name.
        max_field_size: the same as ``max_header_line``.
        max_headers: the same as ``max_headers`` of the limits.
        max_size_error_cls: raised, with the size that is allowed, where reading a part goes over
            it; :class:`partstream.LimitExceeded` by default.

    Raises:
        ParseError: where the Content-Type is not multipart, or has no usable boundary.
        TypeError: for a content that cannot be read.
    """

    #: What :meth:`from_response` wraps a response in.
    response_wrapper_cls: ClassVar[type[MultipartResponseWrapper]]
    #: What reads a nested multipart; None is the class of the reader itself.
    multipart_reader_cls: ClassVar[type[MultipartReader] | None] = None
    #: What reads any other part.
    part_reader_cls: ClassVar[type[BodyPartReader]] = BodyPartReader

    def __init__(
        self,
        headers: Any,
        content: Any,
        *,
        limits: Limits = Limits.STREAM,
        policy: Policy = Policy.DEFAULT,
        client_max_size: int | None = None,
        max_field_size: int | None = None,
        max_headers: int | None = None,
        max_size_error_cls: SizeError | None = None,
    ) -> None:
        self._own_fetch = type(self).fetch_next_part is not _FETCH_NEXT_PART
        if isinstance(content, _Stream):
            self._join(content, headers)
            return
        limits = mapped(limits, client_max_size, max_field_size, max_headers)
        stream = _Stream(content_type_of(headers), limits, policy, max_size_error_cls)
        stream.turn = threading.RLock()
        stream.read_from(sync_source(content))
        stream.part_cls = BodyPartReader
        self._begin(stream, headers)

    @classmethod
    def from_response(cls, response: Any, **options: Any) -> MultipartResponseWrapper:
        """Read the response of a client, which is closed at the end.

        Args:
            response: of requests (``stream=True``), httpx (``client.stream()``), urllib3
                (``preload_content=False``) or ``urllib.request``.
            options: what the reader itself takes by name.
        """
        stream = cls(response.headers, response, **options)
        return cls.response_wrapper_cls(response, stream)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        part = self.next()
        if part is None:
            raise StopIteration
        return part

    def next(self) -> Any:
        """Give the next part, None after the last; see :meth:`partstream.MultipartReader.next`."""
        try:
            part = self._next_now() if _COMPILED else self._stream.at_once(self._next_now)
        except MultipartError:
            self._stream.end()
            raise
        if part is not NEED:
            return part
        if self._own_fetch:
            more = self._stream.finish(self._advance)
            return self.fetch_next_part() if more else None
        return self._stream.finish(self._next)

    def fetch_next_part(self) -> Any:
        """Give the next part; :meth:`next` calls it where there is one."""
        return self._stream.finish(self._next)

    def release(self) -> None:
        """Leave out what is left of this multipart."""
        self._stream.finish(self._leave)

    def close(self) -> None:
        """Read no more of the stream; a generator that was made for it is closed.

        Needed only where a loop over the parts is left before its end; ``with`` calls it.
        Another thread may call it: one that waits for bytes of the stream meanwhile gets a
        ValueError when they come, and closes the generator in its turn.
        """
        self._stream.leave()
        self._stream.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


class MultipartResponseWrapper:
    """A reader of a client's response, which it closes after the last part.

    Args:
        resp: the response, with ``close()``.
        stream: the reader of its body.
    """

    def __init__(self, resp: Any, stream: MultipartReader) -> None:
        self.resp = resp
        self.stream = stream

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        part = self.next()
        if part is None:
            raise StopIteration
        return part

    def at_eof(self) -> bool:
        """Tell whether the last part has been given."""
        return self.stream.at_eof()

    def next(self) -> Any:
        """Give the next part, None after the last one; see :meth:`MultipartReader.next`."""
        try:
            part = self.stream.next()
        except MultipartError:
            self.release()
            raise
        if self.stream.at_eof():
            self.release()
        return part

    def release(self) -> None:
        """Close the response; what has not been read is dropped."""
        stream = getattr(self.stream, "_stream", None)
        if isinstance(stream, _Driver):
            stream.close()
        release(self.resp, "close")

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.release()


MultipartReader.response_wrapper_cls = MultipartResponseWrapper
_FETCH_NEXT_PART: Final[Any] = MultipartReader.fetch_next_part
