"""What a reader can read from: every usual stream, without an adapter.

A source is looked at once, when the reader is made, and becomes a :class:`Source`, whose ``pull``
gives the next bytes, and ``b""`` at the end.  The order of the looks matters: many objects can be
read in several ways, and some of those ways are traps (iterating an asyncio stream gives lines;
``.content`` of a response reads all of it, so it is never touched).  What can be read without
awaiting is in ``_sync_sources.py``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import AsyncGeneratorType, BuiltinMethodType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from . import hdrs
from ._later import Later
from .deviations import Deviation

if TYPE_CHECKING:
    import inspect
else:
    inspect = Later("inspect")

__all__ = [
    "Source", "async_source", "checked", "content_type_of", "iterated", "takes_a_size", "unread_of",
]  # fmt: skip

READ_SIZE = 1 << 16


class Source(NamedTuple):
    """What a driver needs of a stream.

    Attributes:
        pull: gives the next bytes of the stream, ``b""`` at its end; to be awaited, or not, as
            the driver does.
        unread: takes bytes back that were read too far, None where the stream cannot.
        close: ends an iterator that will not be read to its end, None where there is none.
    """

    pull: Callable[[], Any]
    unread: Callable[[bytes], Any] | None = None
    close: Callable[[], Any] | None = None


def async_source(content: Any) -> Source:
    """Find out how something gives bytes asynchronously.

    Args:
        content: looked at in this order: bytes, ``readany()`` (aiohttp), ``receive_some()``
            (trio), ``aiter_bytes()`` (httpx), a coroutine ``read(n)`` (``asyncio.StreamReader``,
            aiofiles), an async iterable (generators, anyio, Quart, Sanic), ``stream()``
            (Starlette, Litestar, BlackSheep), and last a plain callable, which is taken for an
            ASGI ``receive``.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(content, bytes):
        return Source(_Bytes(content).pull)
    if type(content) is FunctionType:
        return Source(_Receive(content).pull)
    unread = unread_of(content)
    for name in ("readany", "receive_some"):
        method = getattr(content, name, None)
        if method is not None:
            return Source(method, unread)
    if hasattr(content, "aiter_bytes"):
        return iterated(content.aiter_bytes())
    read: Any = getattr(content, "read", None)
    if _is_coroutine_function(read) and takes_a_size(read):
        return Source(_Read(read).pull, unread)
    if hasattr(content, "__aiter__"):
        return iterated(content)
    stream = getattr(content, "stream", None)
    if stream is not None:
        return async_source(stream() if callable(stream) else stream)
    if callable(read) and takes_a_size(read) and not hasattr(content, "__iter__"):
        return Source(_Read(read).pull, unread)  # what it gives has to be awaitable
    if callable(content):
        return Source(_Receive(cast(Any, content)).pull)
    kind = type(content).__name__
    if isinstance(content, Awaitable):
        raise TypeError(
            f"cannot read a multipart stream from {kind}: await it, and pass the result"
        )
    raise TypeError(
        f"cannot read a multipart stream from {kind} here: pass something with readany(), "
        "receive_some(), aiter_bytes(), async read(n) or __aiter__(), or an ASGI receive; what "
        "can be read without await, partstream.sync.MultipartReader reads"
    )


def checked(chunk: Any) -> bytes:
    """Give what a source gave as bytes that nobody changes.

    Raises:
        TypeError: where it is no bytes; the message says what to do.
    """
    if type(chunk) is bytes:
        return chunk
    if isinstance(chunk, memoryview):
        return chunk.tobytes()
    if isinstance(chunk, bytearray):
        return bytes(chunk)  # the source may use its buffer again
    if isinstance(chunk, bytes):  # of a class that inherits
        return bytes(chunk)
    if isinstance(chunk, str):
        remedy = "open the file in binary mode ('rb'), or encode the text"
    elif inspect.isawaitable(chunk):
        if inspect.iscoroutine(chunk):
            chunk.close()  # or Python would complain that nobody has awaited it
        remedy = "what has to be awaited, partstream.MultipartReader reads"
    else:
        remedy = "pass a source that waits until there are some"
    raise TypeError(f"the source gives {type(chunk).__name__}, not bytes: {remedy}")


def unread_of(content: Any) -> Callable[[bytes], Any] | None:
    """Give the method that takes bytes back, if there is one."""
    method = getattr(content, "unread_data", None)
    return method if callable(method) else None


def takes_a_size(read: Any) -> bool:
    """Tell whether ``read`` can be called with a size (Sanic's takes nothing)."""
    if type(read) is BuiltinMethodType and not isinstance(read, MethodType):  # PyPy: the same
        return True  # of a file: its signature would be read out of its documentation, in 0.1 ms
    try:
        signature = inspect.signature(read)
    except (TypeError, ValueError):
        return True  # compiled, or a mock, and says nothing
    try:
        signature.bind(READ_SIZE)
    except TypeError:
        return False
    return True


def _is_coroutine_function(read: Any) -> bool:
    # The second is how functions say so that are none: partials, mocks, what Cython compiled.
    return inspect.iscoroutinefunction(read) or hasattr(read, "_is_coroutine")


def content_type_of(headers: Any) -> str:
    """Give the Content-Type, empty where there is none.

    Args:
        headers: any mapping, a list of pairs as ASGI has it, a WSGI environ, or the value itself.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(headers, (str, bytes)):
        return _as_text(headers)
    if hasattr(headers, "items"):  # also what is no Mapping: http.client's, email's
        value = headers.get(hdrs.CONTENT_TYPE)
        if value is None:
            value = _look_up(headers.items())
        return _as_text(value)
    if isinstance(headers, Iterable):
        return _as_text(_look_up(headers))  # pyright: ignore[reportUnknownArgumentType]
    kind = type(headers).__name__
    raise TypeError(f"headers takes a mapping, a list of pairs or a Content-Type, not {kind}")


def _look_up(pairs: Iterable[Any]) -> Any:
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:  # pyright: ignore[reportUnknownArgumentType]
            raise TypeError(
                f"headers as a list must hold pairs of name and value, not {pair!r:.60}"
            )
        name, value = pair  # pyright: ignore[reportUnknownVariableType]
        if _as_text(name).lower().replace("_", "-") == "content-type":
            return value  # pyright: ignore[reportUnknownVariableType]
    return None


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None else str(value)


class _Bytes:
    """Pulls bytes that are there already."""

    __slots__ = ("_left",)

    def __init__(self, data: bytes) -> None:
        self._left = data

    async def pull(self) -> bytes:
        data, self._left = self._left, b""
        return data


class _Read:
    """Pulls from ``read(n)``."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[int], Any]) -> None:
        self._read = read

    async def pull(self) -> bytes:
        coming = self._read(READ_SIZE)
        if not inspect.isawaitable(coming):
            raise TypeError(
                "read(n) of this source gives bytes at once: partstream.sync.MultipartReader "
                "reads it; this reader needs one to await"
            )
        return await coming  # type: ignore[no-any-return]


def iterated(iterable: Any) -> Source:
    """Give a source of an async iterable, in which an empty chunk means nothing."""
    iterator = iterable.__aiter__()
    # A generator that is left amid its work is an error in some event loops.  Nothing else is
    # closed: an open connection may be wanted on.
    source = _Iterated(iterator)
    return Source(
        source.pull, None, source.close if isinstance(iterator, AsyncGeneratorType) else None
    )


class _Iterated:
    """Pulls from an async iterator, in which an empty chunk means nothing."""

    __slots__ = ("_iterator", "_left")

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator
        self._left = False  # whether a coroutine that waited in it was closed

    async def pull(self) -> bytes:
        try:
            async for chunk in self._iterator:
                if chunk:
                    return chunk  # type: ignore[no-any-return]
        except GeneratorExit:
            self._left = True
            raise
        return b""

    async def close(self) -> None:
        try:
            await self._iterator.aclose()
        except RuntimeError:
            # Before CPython 3.13, a generator that was left so counts as running for ever.
            if not self._left:
                raise


class _Receive:
    """Pulls from an ASGI ``receive`` (ASGI HTTP specification, "Request")."""

    __slots__ = ("_more", "_offset", "_receive")

    def __init__(self, receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        self._receive = receive
        self._more = True
        self._offset = 0

    async def pull(self) -> bytes:
        while self._more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Deviation.DISCONNECTED.at(self._offset)
            self._more = message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            if chunk:
                self._offset += len(chunk)
                return chunk
        return b""
