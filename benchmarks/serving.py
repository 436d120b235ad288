"""The servers of `servers.py`: aiohttp and uvicorn, each with every way of reading a form.

Each runs in a process of its own, and serves all ways, each under its own path, so that what they
are compared by is one process, one socket and one HTTP parser. All ways do the same: names and
values of the fields into a dict, the bytes of a file counted; the answer says how many fields
there were, and how long names, values and file were together. The way "nothing" only reads the
body, and answers with its length: what the server itself costs.

`request.post()`, Starlette's `Request.form()` and our `parse_form()` put files into temporary ones;
that is their design. They are asked for the size of these, and do not have to read them back. The
readers, aiohttp's and ours, hand a file over as it comes: compare like with like.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing.connection import Connection
from typing import Any

import uvicorn
from aiohttp import web
from starlette.datastructures import UploadFile
from starlette.requests import Request

import partstream

from .cases import CHUNK

NOTHING = "nothing (drains the body)"
PARTSTREAM, WHOLE = "partstream.MultipartReader", "partstream.parse_form()"
#: Answers with the processor time that the server has taken, in seconds.
SPENT = "spent"

_LARGEST = 1 << 30
#: A connection may wait for so many seconds, while the other server has its turns.
_IDLE = 600

#: Gives the answer: how many fields, and how many characters and bytes.
Answer = tuple[int, int]


def _answer(fields: Mapping[str, str], size: int) -> Answer:
    return len(fields), size + sum(len(name) + len(value) for name, value in fields.items())


async def _parts(reader: Any) -> Answer:
    """What is common to aiohttp's reader and ours."""
    fields: dict[str, str] = {}
    size = 0
    while (part := await reader.next()) is not None:
        if part.filename is None:
            fields[part.name] = await part.text()
        else:
            while chunk := await part.read_chunk(CHUNK):
                size += len(chunk)
    return _answer(fields, size)


async def _whole(headers: Any, source: Any) -> Answer:
    async with partstream.parse_form(headers, source) as form:
        fields = {name: str(value) for name, value in form.fields.items()}
        return _answer(fields, sum(file.size for file in form.files.values()))


async def _post(request: web.Request) -> Answer:
    fields: dict[str, str] = {}
    size = 0
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            with value.file as file:
                size += file.seek(0, os.SEEK_END)
        else:
            fields[name] = str(value)
    return _answer(fields, size)


async def _multipart(request: web.Request) -> Answer:
    return await _parts(await request.multipart())


async def _aiohttp_own(request: web.Request) -> Answer:
    return await _parts(partstream.MultipartReader(request.headers, request.content))


async def _aiohttp_whole(request: web.Request) -> Answer:
    return await _whole(request.headers, request.content)


async def _aiohttp_nothing(request: web.Request) -> Answer:
    size = 0
    while chunk := await request.content.readany():
        size += len(chunk)
    return 0, size


async def _form(scope: Any, receive: Any) -> Answer:
    fields: dict[str, str] = {}
    size = 0
    async with Request(scope, receive).form() as form:
        for name, value in form.items():
            if isinstance(value, UploadFile):
                size += value.size or 0
            else:
                fields[name] = value
    return _answer(fields, size)


async def _asgi_own(scope: Any, receive: Any) -> Answer:
    return await _parts(partstream.MultipartReader(scope["headers"], receive))


async def _asgi_whole(scope: Any, receive: Any) -> Answer:
    return await _whole(scope["headers"], receive)


async def _asgi_nothing(_scope: Any, receive: Any) -> Answer:
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            return 0, size


_AIOHTTP: dict[str, Callable[[web.Request], Awaitable[Answer]]] = {
    NOTHING: _aiohttp_nothing,
    "request.post()": _post,
    "request.multipart()": _multipart,
    PARTSTREAM: _aiohttp_own,
    WHOLE: _aiohttp_whole,
}
_ASGI: dict[str, Callable[[Any, Any], Awaitable[Answer]]] = {
    NOTHING: _asgi_nothing,
    "Starlette request.form() (python-multipart)": _form,
    PARTSTREAM: _asgi_own,
    WHOLE: _asgi_whole,
}
#: Server -> its ways; a way's path is its place in the list.
WAYS = {"aiohttp": tuple(_AIOHTTP), "uvicorn": tuple(_ASGI)}


def _spent() -> str:
    return f"{time.process_time():.6f}"


async def _serve_aiohttp(sock: socket.socket, stop: asyncio.Event) -> None:
    def handler(
        read: Callable[[web.Request], Awaitable[Answer]],
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            fields, size = await read(request)
            return web.Response(text=f"{fields} {size}")

        return handle

    async def spent(_request: web.Request) -> web.Response:
        return web.Response(text=_spent())

    app = web.Application(client_max_size=_LARGEST)
    for number, read in enumerate(_AIOHTTP.values()):
        app.router.add_post(f"/{number}", handler(read))
    app.router.add_post(f"/{SPENT}", spent)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=_IDLE)
    await runner.setup()
    try:
        await web.SockSite(runner, sock).start()
        await stop.wait()
    finally:
        await runner.cleanup()


async def _serve_uvicorn(sock: socket.socket, stop: asyncio.Event) -> None:
    ways = {f"/{number}": read for number, read in enumerate(_ASGI.values())}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == f"/{SPENT}":
            text = _spent().encode()
        else:
            fields, size = await ways[scope["path"]](scope, receive)
            text = b"%d %d" % (fields, size)
        headers = [(b"content-length", b"%d" % len(text)), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    config = uvicorn.Config(
        app, loop="asyncio", http="auto", lifespan="off", log_level="error", access_log=False,
        timeout_keep_alive=_IDLE, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)

    async def wait() -> None:
        await stop.wait()
        server.should_exit = True

    waiting = asyncio.create_task(wait())
    try:
        await server.serve(sockets=[sock])
    finally:
        waiting.cancel()


_SERVE = {"aiohttp": _serve_aiohttp, "uvicorn": _serve_uvicorn}


def serve(server: str, pipe: Connection) -> None:
    """Serve until the other end of the pipe is closed, also where that is by a crash.

    The port goes through the pipe as soon as there is a queue for connections.
    """

    async def main(sock: socket.socket) -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_reader(pipe.fileno(), stop.set)
        try:
            await _SERVE[server](sock, stop)
        finally:
            asyncio.get_running_loop().remove_reader(pipe.fileno())

    # asyncio sends small answers at once where it can see that this is TCP; without, each of
    # uvicorn's would wait 40 ms for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        pipe.send(sock.getsockname()[1])
        asyncio.run(main(sock))


def about() -> str:
    """The versions that were asked, and the HTTP parser that uvicorn takes by itself."""
    parser = "httptools" if find_spec("httptools") else "h11"
    uvicorns = f"uvicorn {version('uvicorn')} ({parser} {version(parser)}, asyncio)"
    readers = f"Starlette {version('starlette')}, python-multipart {version('python-multipart')}"
    return (
        f"aiohttp {version('aiohttp')}, {uvicorns}, {readers}, partstream on {partstream.BACKEND!r}"
    )
