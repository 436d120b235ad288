"""The asynchronous readers: parts as they arrive, on any event loop.

Nothing here knows asyncio or trio: a reader only awaits what its source gives it.  The logic is in
``_parts.py``, ``_readers.py``, ``_body.py`` and ``_flow.py``; a method here repeats a step of it,
with more bytes each time, until it is done.  ``sync.py`` is the same without waiting.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from ._need import NEED, Need
from ._offload import offload
from ._reading import Flow, PartBase, PartFlow, ReaderBase, Stream
from ._response import content_of, release
from ._settings import Settings, SizeError, length_of, mapped, own_headers
from ._text import as_form, as_json, as_text
from .batch import HttpMessage, parse_http
from .errors import MultipartError
from .limits import Limits
from .policy import Policy
from .sources import async_source, content_type_of

__all__ = ["BodyPartReader", "MultipartReader", "MultipartResponseWrapper"]

_T = TypeVar("_T")
_Self = TypeVar("_Self")


class _Driver(Flow):
    """Awaits the bytes that a flow needs."""

    __slots__ = ()

    async def finish(self, step: Callable[[], _T | Need]) -> _T:
        """Repeat a step, with more bytes each time, until it has its result."""
        self.check()
        try:
            result = step()
            while result is NEED:
                if self.answered(await self.ask()):
                    await self.close()
                result = step()
        except BaseException as error:
            await self.interrupted(error)
            raise
        return result

    async def interrupted(self, error: BaseException) -> None:
        """Leave the stream as it has to be after what ended a step, or the wait for bytes."""
        if self.filling:
            self.filling = False
            self.failed(error)
            await self.close()
        elif isinstance(error, MultipartError):
            await self.end()

    async def close(self) -> None:
        """Close the iterator that is the source, if it is one that has to be closed."""
        close = self.closing()
        if close is not None:
            await close()

    async def end(self) -> None:
        """Close the source if a fault has ended the stream: it may have come with good events."""
        if self.error is not None:
            await self.close()


class _Stream(_Driver, Stream):
    __slots__ = ()


class _PartStream(_Driver, PartFlow):
    __slots__ = ()


class BodyPartReader(PartBase):
    """One part of a multipart stream, read as it arrives.

    A reader makes it; see :meth:`MultipartReader.next`.  A part can be read once: what was read,
    or was skipped because the next part was asked for, is gone, and reads as empty.

    Made by itself, it reads the body of a part whose headers have been read already, and leaves
    the source where the next delimiter line starts, if the source has ``unread_data()``.

    Args:
        boundary: the delimiter: the boundary with two dashes before it.
        headers: of the part, any mapping.
        content: where the bytes come from; see :func:`partstream.sources.async_source`; None for
            a part of which only the headers are wanted.
        subtype: of the multipart around the part; ``form-data`` has its own rules.
        default_charset: what :meth:`get_charset` gives where the part names none.
        max_decompress_size: taken for the sake of aiohttp's users, and ignored: the pieces of
            :meth:`decode_iter` are of a size that does not matter.
        client_max_size: the same as ``max_read_size`` of the limits.
        max_size_error_cls: raised, with the size that is allowed, where a read goes over it;
            :class:`LimitExceeded` by default.
        limits: what the part may be at most.
        policy: which deviations are tolerated.

    Attributes:
        complete: False where the input ended before the part did, which only a policy with
            ``truncated`` tolerated lets pass; known once the part is at its end.

    Raises:
        ParseError: for a Content-Length that is none.
        TypeError: for a content that cannot be read.
        ValueError: for a boundary without its dashes.
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
        stream.read_from(async_source(b"" if content is None else content))
        self._stand_alone(stream, own, settings, default_charset)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        stream = self._stream
        stream.check()
        try:
            chunk = self._piece()
            while chunk is NEED:
                if stream.answered(await stream.ask()):
                    await stream.close()
                chunk = self._piece()
        except BaseException as error:
            await stream.interrupted(error)
            raise
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def next(self) -> bytes | None:
        """Give all that is left of the part, None where nothing is."""
        return await self.read() or None

    async def read(self, *, decode: bool = False) -> bytes:
        """Give all that is left of the part.

        Args:
            decode: undo Content-Transfer-Encoding and Content-Encoding, see :meth:`decode`; what
                takes long is done on a thread.

        Raises:
            MultipartError: where the stream is at fault or ends too early.
            LimitExceeded: where it is over ``max_read_size``, decoded or not.
        """
        decoder = self._new_decoder(whole=True) if decode else None
        try:
            data = self._all_now()
        except MultipartError:
            await self._stream.end()
            raise
        if data is NEED:
            data = await self._stream.finish(self._all)
        if decoder is None or decoder.idle:
            return data
        try:
            if self._takes_long(data):
                return await offload(partial(self._decoded, decoder, data))
            return self._decoded(decoder, data)
        except BaseException:
            self._opened().restore(data)  # also where this was cancelled: it can be read again
            raise

    async def read_chunk(self, size: int = 8192) -> bytes:
        """Give the next bytes, as soon as any are there, and ``b""`` at the end.

        A chunk of a part in base64 ends where :meth:`decode` and :meth:`decode_iter` can take it
        by itself: four digits are never cut, unless ``size`` bytes do not hold as many.

        Args:
            size: how many bytes at most.

        Raises:
            ValueError: for a size below 1.
            MultipartError: where the stream is at fault or ends too early.
        """
        # What finish() does, without a coroutine more for each chunk.
        stream = self._stream
        stream.check()
        try:
            data = self._some(size)
            while data is NEED:
                if stream.answered(await stream.ask()):
                    await stream.close()
                data = self._some(size)
        except BaseException as error:
            await stream.interrupted(error)
            raise
        return data

    async def readline(self) -> bytes:
        r"""Give the next line with its line end, and ``b""`` at the end.

        A line ends in ``\n``; the last one may lack it.

        Raises:
            MultipartError: where the stream is at fault or ends too early.
            LimitExceeded: where the line is over ``max_read_size``.
        """
        return await self._stream.finish(self._line)  # type: ignore[no-any-return]

    async def text(self, *, encoding: str | None = None) -> str:
        """Give all that is left, decoded, as text.

        Args:
            encoding: a Python codec; by default the charset of the part, or else UTF-8.

        Raises:
            MultipartError: also where the charset is not safe, or the text is not in it.
        """
        codec = self._codec(encoding)
        return as_text(await self.read(decode=True), codec)

    async def json(
        self, *, encoding: str | None = None, loads: Callable[[str], Any] | None = None
    ) -> Any:
        """Give all that is left as the value that the JSON text stands for, None if it is empty.

        Args:
            encoding: as for :meth:`text`.
            loads: turns text into a value; ``json.loads`` by default.

        Raises:
            ParseError: for text that is no JSON; what ``loads`` raised is its cause.
            MultipartError: see :meth:`text`.
        """
        codec = self._codec(encoding)
        return as_json(await self.read(decode=True), codec, loads)

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """Give all that is left as the pairs of ``application/x-www-form-urlencoded``.

        Raises:
            MultipartError: see :meth:`text`.
        """
        codec = self._codec(encoding)
        return as_form(await self.read(decode=True), codec)

    async def http(self) -> HttpMessage:
        """Give all that is left as the HTTP message of a part that is ``application/http``.

        Raises:
            ParseError: where it is none.
            MultipartError: see :meth:`read`.
        """
        return parse_http(await self.read(decode=True), self._settings.policy)

    async def release(self) -> None:
        """Leave out what is left of the part."""
        await self._stream.finish(self._leave)

    async def decode_iter(self, data: bytes | bytearray | memoryview) -> AsyncIterator[bytes]:
        """Undo what :meth:`decode` undoes, piece by piece, large data on a thread.

        Args:
            data: the whole body, or the chunks that :meth:`read_chunk` gave, one after the other
                in their order.

        Raises:
            MultipartError: see :meth:`decode`.
        """
        data = bytes(data)
        pieces = self._decoding(data)
        if not self._takes_long(data):
            for piece in pieces:
                yield piece
            return
        while (piece := await offload(partial(next, pieces, b""))) != b"":
            yield piece


class MultipartReader(ReaderBase):
    """Reads a ``multipart/*`` stream part by part.

    ::

        reader = MultipartReader(request.headers, request.content)
        async for part in reader:
            print(part.name, await part.text())

    Args:
        headers: where the Content-Type is: any mapping, an ASGI list of pairs, a WSGI environ,
            or its value.
        content: where the bytes come from; see :func:`partstream.sources.async_source`.
        limits: what the stream may be at most.
        policy: which deviations are tolerated.
        client_max_size: the same as ``max_read_size`` of the limits, by aiohttp's name.
        max_field_size: the same as ``max_header_line``.
        max_headers: the same as ``max_headers`` of the limits.
        max_size_error_cls: raised, with the size that is allowed, where reading a part goes over
            it; :class:`LimitExceeded` by default.

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
        stream.read_from(async_source(content))
        stream.part_cls = BodyPartReader
        self._begin(stream, headers)

    @classmethod
    def from_response(cls, response: Any, **options: Any) -> MultipartResponseWrapper:
        """Read the response of a client, which is released at the end.

        Args:
            response: of aiohttp, or of an asynchronous httpx client that streams.
            options: what the reader itself takes by name.
        """
        stream = cls(response.headers, content_of(response, "aiter_bytes"), **options)
        return cls.response_wrapper_cls(response, stream)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    async def next(self) -> Any:
        """Give the next part, None after the last one.

        What is left of the part before is skipped.

        Returns:
            A :class:`BodyPartReader`, or a :class:`MultipartReader` for a part that is a
            multipart itself.

        Raises:
            MultipartError: where the stream is at fault or ends too early.
        """
        try:
            part = self._next_now()
        except MultipartError:
            await self._stream.end()
            raise
        if part is not NEED:
            return part
        if self._own_fetch:
            more = await self._stream.finish(self._advance)
            return await self.fetch_next_part() if more else None
        return await self._stream.finish(self._next)

    async def fetch_next_part(self) -> Any:
        """Give the next part; :meth:`next` calls it where there is one."""
        return await self._stream.finish(self._next)

    async def release(self) -> None:
        """Leave out what is left of this multipart."""
        await self._stream.finish(self._leave)

    async def aclose(self) -> None:
        """Read no more of the stream; a generator that was made for it is closed.

        Needed only where a loop over the parts is left before its end; ``async with`` calls it.
        A task that waits for bytes of the stream meanwhile gets a ValueError when they come, and
        closes the generator in its turn.
        """
        self._stream.leave()
        await self._stream.close()

    async def __aenter__(self: _Self) -> _Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.aclose()


class MultipartResponseWrapper:
    """A reader of a client's response, which it releases after the last part.

    Args:
        resp: the response, with ``release()``, ``aclose()`` or ``close()``.
        stream: the reader of its body.
    """

    def __init__(self, resp: Any, stream: MultipartReader) -> None:
        self.resp = resp
        self.stream = stream

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    def at_eof(self) -> bool:
        """Tell whether all of the response has been read."""
        if hasattr(self.resp, "release"):
            return bool(self.resp.content.at_eof())
        return self.stream.at_eof()

    async def next(self) -> Any:
        """Give the next part, None after the last one; see :meth:`MultipartReader.next`."""
        try:
            part = await self.stream.next()
        except MultipartError:
            await self.release()
            raise
        if self.stream.at_eof():
            await self.release()
        return part

    async def release(self) -> None:
        """Release the connection; what has not been read is dropped."""
        stream = getattr(self.stream, "_stream", None)
        if isinstance(stream, _Driver):
            await stream.close()
        released = release(self.resp, "release", "aclose", "close")
        if released is not None:
            await released

    async def __aenter__(self: _Self) -> _Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.release()


MultipartReader.response_wrapper_cls = MultipartResponseWrapper
_FETCH_NEXT_PART: Final[Any] = MultipartReader.fetch_next_part
