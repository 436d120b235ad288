"""The asynchronous readers: parts as they arrive, on any event loop.

Nothing here knows asyncio or trio: a reader only awaits what its source gives it.  All logic is in
``_flow.py``; a method here repeats a step of it, with more bytes each time, until it is done.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, ClassVar, TypeVar

from multidict import CIMultiDictProxy

from . import hdrs
from ._backend import PartBegin
from ._flow import NEED, Body, Flow, Need
from .charsets import codec_for
from .decoding import undo_content_encoding, undo_transfer_encoding
from .deviations import Deviation
from .errors import MultipartError
from .events import PartEnd
from .limits import Limits
from .parameters import Header, boundary_of, content_type
from .parser import MultipartParser
from .policy import Policy, check_settings
from .sources import Pull, async_pull, content_type_of

__all__ = ["BodyPartReader", "MultipartReader", "MultipartResponseWrapper"]

_T = TypeVar("_T")


class _Stream(Flow):
    """One source, and the flow of events that comes out of it."""

    __slots__ = ("boundary", "filling", "form", "limits", "policy", "pull", "subtype")

    def __init__(self, value: str, content: Any, limits: Limits, policy: Policy) -> None:
        check_settings(limits, policy)
        essence = value.partition(";")[0].strip(" \t").lower()
        self.subtype = essence.removeprefix("multipart/")
        self.form = self.subtype == "form-data"
        mask = policy.form_mask if self.form else policy.other_mask
        self.boundary = boundary_of(Header(_latin(value), None, mask, self.form))
        parser = MultipartParser(
            self.boundary, subtype=self.subtype, nested=True, limits=limits, policy=policy
        )
        super().__init__(parser, drain=not mask & Deviation.EPILOGUE.bit)
        self.limits = limits
        self.policy = policy
        self.pull: Pull = async_pull(content)
        self.filling = False

    def check(self) -> None:
        """Refuse to go on where another task is reading, before anything is taken from it.

        Raises:
            ValueError: where another task waits for the same stream.
        """
        if self.filling:
            raise ValueError("another task is reading this stream: read it from one task only")

    async def fill(self) -> None:
        """Wait for bytes, and make events of them.

        Raises:
            MultipartError: where they are at fault, or end too early.
        """
        self.filling = True
        try:
            chunk = await self.pull()
        except MultipartError as error:
            self.error = error
            raise
        finally:
            self.filling = False
        self.feed(chunk)

    async def finish(self, step: Callable[[], _T | Need]) -> _T:
        """Repeat a step, with more bytes each time, until it has its result."""
        self.check()
        result = step()
        while result is NEED:
            await self.fill()
            result = step()
        return result


def _latin(value: str) -> str:
    """Give a header value with one character a byte."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


class BodyPartReader:
    """One part of a multipart stream, read as it arrives.

    A reader makes it; see :meth:`MultipartReader.next`.  A part can be read once: what was read,
    or was skipped because the next part was asked for, is gone, and reads as empty.

    Attributes:
        complete: False where the input ended before the part did, which only a policy with
            ``truncated`` tolerated lets pass; known once the part is at its end.
    """

    def __init__(self, boundary: bytes, headers: Any, content: Any) -> None:
        if not isinstance(headers, PartBegin) or not isinstance(content, _Stream):
            raise TypeError("a BodyPartReader is made by a MultipartReader: await reader.next()")
        self._boundary = boundary
        self._event = headers
        self._stream = content
        self._body = Body(content, headers.depth)

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The part's headers: case-insensitive, in their order, with repeated names."""
        return self._event.headers

    @property
    def name(self) -> str | None:
        """The ``name`` of Content-Disposition, None where there is none."""
        return self._event.name

    @property
    def filename(self) -> str | None:
        """The ``filename`` of Content-Disposition as sent: it may be a path, or hostile."""
        return self._event.filename

    @property
    def complete(self) -> bool:
        """Whether the part came to its end, as far as it has been read."""
        return self._body.complete

    def at_eof(self) -> bool:
        """Tell whether nothing is left to be read."""
        return self._body.at_eof

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._stream.finish(self._body.chunk)
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def next(self) -> bytes | None:
        """Give all that is left of the part, None where nothing is."""
        return await self.read() or None

    async def read(self, *, decode: bool = False) -> bytes:
        """Give all that is left of the part.

        Args:
            decode: undo Content-Transfer-Encoding and Content-Encoding, see :meth:`decode`.

        Raises:
            MultipartError: where the stream is at fault or ends too early.
        """
        data = await self._stream.finish(self._body.all)
        return self.decode(data) if decode else data

    async def read_chunk(self, size: int = 8192) -> bytes:
        """Give the next bytes, as soon as any are there, and ``b""`` at the end.

        Args:
            size: how many bytes at most.

        Raises:
            ValueError: for a size below 1.
            MultipartError: where the stream is at fault or ends too early.
        """
        if size < 1:
            raise ValueError(f"read_chunk(size={size}): must be at least 1")
        return await self._stream.finish(partial(self._body.some, size))

    async def text(self, *, encoding: str | None = None) -> str:
        """Give all that is left, decoded, as text.

        Args:
            encoding: a Python codec; by default the charset of the part, or else UTF-8.

        Raises:
            MultipartError: also where the charset is not safe, or the text is not in it.
        """
        data = await self.read(decode=True)
        codec = encoding or self.get_charset("utf-8")
        try:
            return data.decode(codec)
        except UnicodeDecodeError as error:
            detail = f"byte {error.start} of the part is not {codec}"
            raise Deviation.INVALID_ENCODING.at(None, detail) from None

    async def json(
        self, *, encoding: str | None = None, loads: Callable[[str], Any] = json.loads
    ) -> Any:
        """Give all that is left as the value that the JSON text stands for, None if it is empty.

        Raises:
            ValueError: what ``loads`` raises for text that is no JSON.
            MultipartError: see :meth:`text`.
        """
        text = await self.text(encoding=encoding)
        return loads(text) if text.strip() else None

    async def release(self) -> None:
        """Leave out what is left of the part."""
        await self._stream.finish(self._body.skip)

    def decode(self, data: bytes) -> bytes:
        """Undo the part's Content-Transfer-Encoding, then its Content-Encoding.

        In a form, Content-Encoding means nothing (RFC 7578 section 4.8).

        Args:
            data: the whole body of the part, as :meth:`read` gave it.

        Raises:
            ParseError: for an encoding that is unknown, and for data that is not so encoded.
            LimitExceeded: where the result is larger than ``max_decoded_size``.
        """
        transfer = self.headers.get(hdrs.CONTENT_TRANSFER_ENCODING)
        if transfer is not None:
            data = undo_transfer_encoding(data, transfer)
        encoding = self.headers.get(hdrs.CONTENT_ENCODING)
        if encoding is not None and not self._stream.form:
            data = undo_content_encoding(data, encoding, self._stream.limits)
        return data

    def get_charset(self, default: str) -> str:
        """Give the codec for the part's charset, or ``default`` where it names none.

        Raises:
            ParseError: for a charset that is unknown or unsafe, if the policy refuses it.
        """
        value = self.headers.get(hdrs.CONTENT_TYPE)
        if value is None:
            return default
        policy, form = self._stream.policy, self._stream.form
        mask = policy.form_mask if form else policy.other_mask
        charset = content_type(Header(_latin(value), None, mask, form)).parameters.get("charset")
        if charset is None:
            return default
        codec = codec_for(charset)
        if codec is None:
            if policy.unsafe_charset != "utf-8":
                raise Deviation.UNSAFE_CHARSET.at(None, repr(charset[:40]))
            codec = "utf-8"
        return codec


class MultipartReader:
    """Reads a ``multipart/*`` stream part by part.

    ::

        reader = MultipartReader(request.headers, request.content)
        async for part in reader:
            print(part.name, await part.text())

    Args:
        headers: where the Content-Type is: any mapping, an ASGI list of pairs, a WSGI environ,
            or its value.
        content: where the bytes come from; see :func:`partstream.sources.async_pull`.
        limits: what the stream may be at most.
        policy: which deviations are tolerated.

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
    ) -> None:
        if isinstance(content, _Stream):
            self._stream = content
            self._depth = headers.depth + 1
            self.headers = headers.headers
        else:
            self._stream = _Stream(content_type_of(headers), content, limits, policy)
            self._depth = 0
            self.headers = headers
        self._at_eof = False
        self._last_part: BodyPartReader | MultipartReader | None = None

    @classmethod
    def from_response(cls, response: Any, **options: Any) -> MultipartResponseWrapper:
        """Read the response of an aiohttp client, which is released at the end.

        Args:
            response: has ``headers``, ``content`` and ``release()``.
            options: ``limits`` and ``policy``, as for the reader itself.
        """
        stream = cls(response.headers, response.content, **options)
        return cls.response_wrapper_cls(response, stream)

    def at_eof(self) -> bool:
        """Tell whether the last part has been given."""
        return self._at_eof

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
        return await self._stream.finish(self._next)

    async def fetch_next_part(self) -> Any:
        """Give the next part as :meth:`next` does; a subclass may give something else there."""
        return await MultipartReader.next(self)

    async def release(self) -> None:
        """Leave out what is left of this multipart."""
        await self._stream.finish(self._skip)

    def _next(self) -> BodyPartReader | MultipartReader | None | Need:
        last = self._last_part
        if last is not None:
            skip = last._body.skip if isinstance(last, BodyPartReader) else last._skip
            if skip() is NEED:
                return NEED
            self._last_part = None
        if self._at_eof:
            return None
        event = self._stream.take()
        if event is NEED:
            return NEED
        if event is None or type(event) is PartEnd:
            self._at_eof = True
            return None
        self._last_part = part = self._part(event)
        return part

    def _part(self, event: Any) -> BodyPartReader | MultipartReader:
        if event.multipart:
            cls = self.multipart_reader_cls or type(self)
            return cls(event, self._stream)
        return self.part_reader_cls(self._stream.boundary, event, self._stream)

    def _skip(self) -> None | Need:
        """Leave out what is left, or give NEED."""
        if not self._at_eof:
            if self._stream.skip(self._depth - 1) is NEED:
                return NEED
            self._end()
        return None

    def _end(self) -> None:
        self._at_eof = True
        last = self._last_part
        if isinstance(last, MultipartReader):
            last._end()
        elif last is not None:
            last._body.ended = True


class MultipartResponseWrapper:
    """A reader of a client's response, which it releases after the last part.

    Args:
        resp: the response, with ``release()``.
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
        return bool(self.resp.content.at_eof())

    async def next(self) -> Any:
        """Give the next part, None after the last one; see :meth:`MultipartReader.next`."""
        part = await self.stream.next()
        if self.stream.at_eof():
            await self.release()
        return part

    async def release(self) -> None:
        """Release the connection; what has not been read is dropped."""
        released = self.resp.release()
        if released is not None:
            await released


MultipartReader.response_wrapper_cls = MultipartResponseWrapper
