"""Real servers and clients on loopback, one of which reads what the other sends.

There are five ways for a multipart to travel, see :data:`WAYS`: a client reads a response, or a
server reads a request.  A way is opened once a test, and gives a function that lets one message
after the other travel::

    async with WAYS["asgi"]() as send:
        result = await send(message, use)

``use`` gets a function that makes the reader, ``opened(ps.MultipartReader)``, and runs where the
reading is done: in the client, or in the handler of the server.  Its result, or what it raised,
is the result of ``send``.

Nothing sleeps: a server listens before its address is given away.  Whoever waits for what never
comes is a failure, which :func:`run` ends.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import uvicorn
from aiohttp import web
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .running import PATIENCE as PATIENCE
from .running import run as run


@dataclass(frozen=True)
class Message:
    """What travels: the value of its Content-Type, and what gives its body, piece by piece."""

    content_type: str
    pieces: Callable[[], AsyncIterator[bytes]]


#: Makes the reader: takes its class, and the options that it is to be made with.
Opened = Callable[..., Any]
Use = Callable[[Opened], Awaitable[Any]]
Send = Callable[[Message, Use], Awaitable[Any]]


def in_pieces(content_type: str, data: bytes, size: int) -> Message:
    """Make a message of bytes that are at hand, sent so many at a time."""

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(data), size):
            yield data[at : at + size]

    return Message(content_type, pieces)


@asynccontextmanager
async def aiohttp_server(handler: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    """Serve with aiohttp, and give the address."""
    app = web.Application()
    app.router.add_route("*", "/", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def uvicorn_server(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI application with uvicorn, and give the address.

    ``Server.serve()`` would do the same, but it also takes the signals of the process, and looks
    only ten times a second whether it is to end.
    """
    config = uvicorn.Config(
        app, lifespan="off", ws="none", http="h11", log_config=None, timeout_graceful_shutdown=1
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        await server.startup(sockets=[listener])
        try:
            yield address
        finally:
            await server.shutdown(sockets=[listener])


def httpx_client() -> httpx.AsyncClient:
    """Give a client that heeds no proxy of the environment, and leaves the waiting to run()."""
    return httpx.AsyncClient(trust_env=False, timeout=None)


class _Reading:
    """A request that a server reads while a client sends it."""

    def __init__(self, message: Message, use: Use) -> None:
        self.message = message
        self._use = use
        self._outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def use(self, opened: Opened) -> bool:
        """Read, in the server; tell whether that went well.

        If so, the server must take what was not wanted, or the client may be cut off amid sending
        before it has seen the answer.
        """
        try:
            result = await self._use(opened)
        except Exception as error:
            self._outcome.set_exception(error)
            return False
        self._outcome.set_result(result)
        return True

    async def result(self, sending: Coroutine[Any, Any, None]) -> Any:
        """Send, in the client, and give what the server has read.

        A server that fails ends the sending: the client may be waiting for it.
        """
        sent = asyncio.ensure_future(sending)
        try:
            await asyncio.wait({sent, self._outcome}, return_when=asyncio.FIRST_EXCEPTION)
            if not self._outcome.done():
                sent.result()
            return self._outcome.result()
        finally:
            sent.cancel()
            await asyncio.gather(sent, return_exceptions=True)


@asynccontextmanager
async def aiohttp_client_reads() -> AsyncIterator[Send]:
    """An aiohttp client reads what an aiohttp server answers."""
    messages: list[Message] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        message = messages.pop()
        response = web.StreamResponse(headers={"Content-Type": message.content_type})
        await response.prepare(request)
        async for piece in message.pieces():
            await response.write(piece)
        return response

    async with aiohttp_server(handle) as url, aiohttp.ClientSession() as session:

        async def send(message: Message, use: Use) -> Any:
            messages.append(message)
            async with session.get(url) as response:
                return await use(lambda cls, **options: cls.from_response(response, **options))

        yield send


@asynccontextmanager
async def httpx_client_reads() -> AsyncIterator[Send]:
    """An httpx client reads what an ASGI application under uvicorn answers."""
    messages: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = messages.pop()
        headers = [(b"content-type", message.content_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for piece in message.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    async with uvicorn_server(app) as url, httpx_client() as client:

        async def send(message: Message, use: Use) -> Any:
            messages.append(message)
            async with client.stream("GET", url) as response:
                return await use(lambda cls, **options: cls(response.headers, response, **options))

        yield send


@asynccontextmanager
async def aiohttp_server_reads() -> AsyncIterator[Send]:
    """An aiohttp server reads what an aiohttp client sends."""
    readings: list[_Reading] = []

    async def handle(request: web.Request) -> web.Response:
        def opened(cls: Any, **options: Any) -> Any:
            return cls(request.headers, request.content, **options)

        if await readings.pop().use(opened):
            while not request.content.at_eof():
                await request.content.readany()
        return web.Response()

    async with aiohttp_server(handle) as url, aiohttp.ClientSession() as session:

        async def sending(message: Message) -> None:
            headers = {"Content-Type": message.content_type}
            async with session.post(url, data=message.pieces(), headers=headers) as response:
                response.raise_for_status()

        yield _sender(readings, sending)


@asynccontextmanager
async def asgi_reads() -> AsyncIterator[Send]:
    """An ASGI application under uvicorn reads its ``receive``; httpx sends."""
    readings: list[_Reading] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True

        async def watched() -> Any:
            nonlocal more
            message = await receive()
            more = message.get("more_body", False)
            return message

        def opened(cls: Any, **options: Any) -> Any:
            return cls(scope["headers"], watched, **options)

        if await readings.pop().use(opened):
            while more:
                await watched()
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    async with uvicorn_server(app) as url, httpx_client() as client:
        yield _sender(readings, lambda message: _post(client, url, message))


@asynccontextmanager
async def starlette_reads() -> AsyncIterator[Send]:
    """A Starlette endpoint under uvicorn reads ``request.stream()``; httpx sends."""
    readings: list[_Reading] = []

    async def endpoint(request: Request) -> Response:
        stream = request.stream()

        def opened(cls: Any, **options: Any) -> Any:
            return cls(request.headers, stream, **options)

        if await readings.pop().use(opened):
            async for _ in stream:
                pass
        return Response()

    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    async with uvicorn_server(app) as url, httpx_client() as client:
        yield _sender(readings, lambda message: _post(client, url, message))


def _sender(
    readings: list[_Reading], sending: Callable[[Message], Coroutine[Any, Any, None]]
) -> Send:
    async def send(message: Message, use: Use) -> Any:
        reading = _Reading(message, use)
        readings.append(reading)
        return await reading.result(sending(message))

    return send


async def _post(client: httpx.AsyncClient, url: str, message: Message) -> None:
    headers = {"Content-Type": message.content_type}
    response = await client.post(url, content=message.pieces(), headers=headers)
    response.raise_for_status()


#: Each way that a multipart may travel, by who reads it.
WAYS: dict[str, Callable[[], AbstractAsyncContextManager[Send]]] = {
    "aiohttp-client": aiohttp_client_reads,
    "httpx-client": httpx_client_reads,
    "aiohttp-server": aiohttp_server_reads,
    "asgi": asgi_reads,
    "starlette": starlette_reads,
}
