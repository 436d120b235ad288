"""What the pages of the documentation take for granted: a server at ``url``, an application.

A world gives the names that a page finds there already, and looks at what the page's code has made
when it has run.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import queue
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import requests
from aiohttp import web
from django.core.handlers.wsgi import WSGIRequest
from starlette.applications import Starlette
from starlette.routing import Route

from . import django_app

PATIENCE = 30
World = Callable[[ModuleType, dict[str, Any]], Any]


@contextmanager
def served(handle: Callable[[web.Request], Any]) -> Iterator[str]:
    """Serve on a thread, for code that blocks and code that awaits; give the address."""
    told: queue.Queue[Any] = queue.Queue()

    async def main() -> None:
        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            ended = asyncio.Event()
            told.put((asyncio.get_running_loop(), ended, runner.addresses[0][1]))
            await ended.wait()
        finally:
            await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    loop, ended, port = told.get(timeout=PATIENCE)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()


def _asked(app: Any, method: str, path: str, **options: Any) -> httpx.Response:
    """Ask an ASGI application, without a server."""

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(main())


def _documents(ps: ModuleType) -> Any:
    """Documents, each followed by a multipart of its files."""
    root = ps.MultipartWriter("mixed")
    for key, text in (("foo", "bar"), ("boo", "baz")):
        root.append_json({"_id": key})
        files = ps.MultipartWriter("related")
        files.append(f"{text}! {text}! {text}!", filename=f"{text}.txt")
        root.append(files)
    return root


async def _tree(ps: ModuleType, reader: Any) -> list[Any]:
    return [
        await _tree(ps, part) if isinstance(part, ps.MultipartReader) else await part.text()
        async for part in reader
    ]


def _answering(ps: ModuleType) -> Callable[[web.Request], Any]:
    """A server that gives documents to GET, and tells of a POST what it was."""

    async def handle(request: web.Request) -> web.Response:
        if request.method == "GET":
            writer = _documents(ps)
            return web.Response(body=await writer.as_bytes(), headers=writer.headers)
        if request.content_type == "multipart/form-data":
            async with ps.parse_form(request.headers, request.content) as form:
                files = {key: [file.filename, file.size] for key, file in form.files.items()}
                return web.json_response({**form.fields, **files})
        return web.json_response(
            await _tree(ps, ps.MultipartReader(request.headers, request.content))
        )

    return handle


@contextmanager
def answering(ps: ModuleType, names: dict[str, Any]) -> Iterator[None]:
    """A server at ``url``."""
    with served(_answering(ps)) as names["url"]:
        yield


@contextmanager
def ranges(ps: ModuleType, names: dict[str, Any]) -> Iterator[None]:
    """A file at ``url``, and a working directory with the one that the answers are about."""
    data = b"0123456789" * 10

    async def handle(request: web.Request) -> web.Response:
        answer = ps.range_response(data, request.headers.get("Range"))
        return web.Response(body=answer.body().read(), status=answer.status, headers=answer.headers)

    Path("video.bin").write_bytes(data)
    with served(handle) as names["url"]:
        yield
    asked = "bytes=0-3"

    async def app(request: web.Request) -> Any:
        return await names["download"](request)

    with served(app) as url:
        assert requests.get(url, headers={"Range": asked}, timeout=PATIENCE).content == b"0123"
    starlette = Starlette(routes=[Route("/", names["download_starlette"])])
    assert _asked(starlette, "GET", "/", headers={"Range": asked}).content == b"0123"
    statuses: list[str] = []
    body = names["app"]({"HTTP_RANGE": asked}, lambda status, headers: statuses.append(status))
    assert (statuses, b"".join(body)) == (["206 Partial Content"], b"0123")


@contextmanager
def camera(ps: ModuleType, names: dict[str, Any]) -> Iterator[None]:
    """A camera: the one of the page itself, once it is there."""

    async def frames() -> AsyncIterator[bytes]:
        for size in (1000, 1001, 1002):
            yield b"\xff" * size

    async def handle(request: web.Request) -> Any:
        return await names["stream"](request)

    names["frames"] = frames
    with served(handle) as names["url"]:
        yield


def _form(ps: ModuleType, size: int = 23) -> tuple[Any, bytes]:
    """The form that the pages send: a title, and a picture of so many bytes."""
    writer = ps.MultipartWriter("form-data")
    writer.append_fields({"title": "Cat"})
    writer.append(b"\xff" * size, name="photo", filename="cat.jpg")
    return writer.headers, writer.body().read()


@contextmanager
def quickstart(ps: ModuleType, names: dict[str, Any]) -> Iterator[None]:
    """Nothing; the application, the client and the reader are tried."""
    yield
    headers, body = _form(ps)
    answer = _asked(names["app"], "POST", "/upload", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"title": "Cat", "size": 23})
    assert Path("cat.jpg").read_bytes() == b"\xff" * 23
    answer = _asked(names["app"], "POST", "/upload", content=body[:-20], headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"error": "truncated"})
    with served(_answering(ps)) as url:
        sent = names["send"](url, Path("cat.jpg"))
        assert sent.json() == {"title": "Cat", "photo": ["cat.jpg", 23]}
    digests = asyncio.run(names["digests"](headers, body))
    assert digests["cat.jpg"] == hashlib.sha256(b"\xff" * 23).hexdigest()
    assert set(digests) == {"title", "cat.jpg"}


@contextmanager
def disk(ps: ModuleType, names: dict[str, Any]) -> Iterator[None]:
    """Nothing; each way of the page writes to a directory of its own."""
    yield
    size = 3 << 20  # more than is held in memory
    headers, body = _form(ps, size)
    places = [Path(name) for name in ("save", "stream", "reader", "blocking")]
    for place in places:
        place.mkdir()
    assert asyncio.run(names["upload"](headers, body, places[0])) == size
    [(_, digest)] = asyncio.run(names["stream"](headers, body, places[1]))
    assert digest == hashlib.sha256(b"\xff" * size).hexdigest()
    asyncio.run(names["store"](headers, body, places[2]))
    names["store_blocking"](headers, body, places[3])
    assert [len(list(place.iterdir())) for place in places] == [1, 1, 2, 2]
    for place in places:
        assert any(file.read_bytes() == b"\xff" * size for file in place.iterdir()), place
    with pytest.raises(ps.IncompleteBody):
        asyncio.run(names["stream"](headers, body[:-20], places[1]))
    assert len(list(places[1].iterdir())) == 1


@contextmanager
def readme(ps: ModuleType, names: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """A body in chunks; the application is tried."""
    writer = ps.MultipartWriter("form-data", boundary="boundary-from-the-content-type")
    writer.append_fields({"title": "Cat"})
    names["chunks"] = list(writer.chunks())
    tried = _Tried(ps, names)
    yield tried
    assert tried.kinds == ["starlette"]


#: What a client gets from the application of each framework that is sent a form.
_UPLOADED = {"title": "Cat", "size": 23}


def _upload_to(app: Any, headers: Any, body: bytes) -> Any:
    """Send a form to an application, as its framework's own tests would; give the answer."""
    kind = type(app).__module__.partition(".")[0]
    if kind == "flask":
        answer = app.test_client().post("/upload", data=body, headers=dict(headers))
        return answer.get_json()
    if kind == "aiohttp":
        with served(app._handle) as url:
            return requests.post(url + "/upload", body, headers=headers, timeout=PATIENCE).json()
    return _asked(app, "POST", "/upload", content=body, headers=headers).json()


class _Tried:
    """Sends a form to each application that a block has made."""

    def __init__(self, ps: ModuleType, names: dict[str, Any]) -> None:
        self.kinds: list[str] = []
        self.headers, self.body = _form(ps)
        self._names = names

    def __call__(self) -> None:
        app = self._names.pop("app", None)
        if app is not None:
            self.kinds.append(type(app).__module__.partition(".")[0])
            assert _upload_to(app, self.headers, self.body) == _UPLOADED, self.kinds[-1]
            self.app = app


def _django_request(tried: _Tried) -> Any:
    """The same form, as Django gives it to a view."""
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": tried.headers["Content-Type"],
        "CONTENT_LENGTH": str(len(tried.body)),
        "wsgi.input": io.BytesIO(tried.body),
    }
    return WSGIRequest(environ)


@contextmanager
def frameworks(ps: ModuleType, names: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """Nothing; the applications are tried."""
    tried = _Tried(ps, names)
    yield tried
    assert tried.kinds == ["starlette", "fastapi", "litestar", "aiohttp", "flask", "quart"]
    with django_app.project(names["FILE_UPLOAD_HANDLERS"]):
        answer = names["upload"](_django_request(tried))
    assert json.loads(answer.content) == _UPLOADED


@contextmanager
def old_python(ps: ModuleType, names: dict[str, Any]) -> Iterator[None]:
    """Nothing; but cgi may be imported, of which CPython 3.12 warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def parts(ps: ModuleType, names: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """Nothing; the applications are tried, and the view, and what is answered to a bad body."""
    tried = _Tried(ps, names)
    yield tried
    kinds = ["aiohttp", "starlette", "fastapi", "litestar", "quart", "flask", "starlette"]
    assert tried.kinds == kinds
    bad = tried.body[:-20]
    answer = _asked(tried.app, "POST", "/upload", content=bad, headers=tried.headers)
    assert (answer.status_code, answer.json()) == (400, {"error": "truncated"})
    assert django_app.settings.configured
    answer = names["upload_django"](_django_request(tried))
    assert json.loads(answer.content) == _UPLOADED


WORLDS: dict[str, World] = {
    "byte-ranges": ranges,
    "clients": answering,
    "disk": disk,
    "frameworks": frameworks,
    "README": readme,
    "mjpeg": camera,
    "moving/aiohttp": answering,
    "moving/cgi": old_python,
    "parts": parts,
    "quickstart": quickstart,
    "tutorial-reading": answering,
    "tutorial-writing": answering,
}
