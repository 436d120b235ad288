"""What a reader can read from: every usual stream, without an adapter.

A source is looked at once, when the reader is made, and becomes a *pull*: a coroutine function
that gives the next bytes, and ``b""`` at the end.  The order of the looks matters: many objects
can be read in several ways, and some of those ways are traps (iterating an asyncio stream gives
lines; ``.content`` of a response reads all of it, so it is never touched).
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

from . import hdrs
from .deviations import Deviation

__all__ = ["Pull", "async_pull", "content_type_of"]

#: Gives the next bytes of a stream, ``b""`` at its end.
Pull = Callable[[], Awaitable[bytes]]

_READ_SIZE = 1 << 16


def async_pull(content: Any) -> Pull:
    """Make a pull of whatever gives bytes asynchronously.

    Args:
        content: looked at in this order: ``readany()`` (aiohttp), ``receive_some()`` (trio),
            ``aiter_bytes()`` (httpx), a coroutine ``read(n)`` (``asyncio.StreamReader``,
            aiofiles), an async iterable (generators, anyio, Quart, Sanic), ``stream()``
            (Starlette, Litestar, BlackSheep), and last a plain callable, which is taken for an
            ASGI ``receive``.

    Raises:
        TypeError: for anything else.
    """
    for name in ("readany", "receive_some"):
        method = getattr(content, name, None)
        if method is not None:
            return method  # type: ignore[no-any-return]
    if hasattr(content, "aiter_bytes"):
        return _Iterated(content.aiter_bytes()).pull
    if inspect.iscoroutinefunction(getattr(content, "read", None)):
        return _Read(content.read).pull
    if hasattr(content, "__aiter__"):
        return _Iterated(content).pull
    stream = getattr(content, "stream", None)
    if stream is not None:
        return async_pull(stream() if callable(stream) else stream)
    if callable(content):
        return _Receive(content).pull
    kind = type(content).__name__
    raise TypeError(
        f"cannot read a multipart stream from {kind}: pass something with readany(), "
        "receive_some(), aiter_bytes(), async read(n) or __aiter__(), or an ASGI receive"
    )


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
        return _as_text(_look_up(headers))
    kind = type(headers).__name__
    raise TypeError(f"headers takes a mapping, a list of pairs or a Content-Type, not {kind}")


def _look_up(pairs: Iterable[Any]) -> Any:
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f"headers as a list must hold pairs of name and value, not {pair!r:.60}"
            )
        name, value = pair
        if _as_text(name).lower().replace("_", "-") == "content-type":
            return value
    return None


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None else str(value)


class _Read:
    """Pulls from ``read(n)``."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[int], Awaitable[bytes]]) -> None:
        self._read = read

    async def pull(self) -> bytes:
        return await self._read(_READ_SIZE)


class _Iterated:
    """Pulls from an async iterable, in which an empty chunk means nothing."""

    __slots__ = ("_iterator",)

    def __init__(self, iterable: Any) -> None:
        self._iterator: AsyncIterator[bytes] = iterable.__aiter__()

    async def pull(self) -> bytes:
        async for chunk in self._iterator:
            if chunk:
                return chunk
        return b""


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
