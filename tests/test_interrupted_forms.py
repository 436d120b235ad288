"""Forms that are interrupted at each place where they wait: all of them, in turn.

Once by hand, where what is thrown is known, and comes out as it is; once on asyncio, where threads
write; and once more through each integration that can be run without a server.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import aiohttp.test_utils
import pytest
from fastapi import FastAPI, Form, UploadFile
from litestar import Litestar
from litestar import Request as LitestarRequest
from litestar import post as litestar_post
from starlette.applications import Starlette
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from support import chunking
from support.asgi_forms import CONTENT_TYPE, part, scope, whole
from support.forms import handles
from support.waits import Interruption, Pausing, drive, left_at, on_loop, pause, pausing

Module = Callable[[str], ModuleType]

DATA = bytes(range(256)) * 20
BODY = whole(
    part("a", b"1"), part("f", DATA, "f"), part("b", b"2"), part("s", b"small", "s"),
    part("g", DATA, "g"), part("none", b"", ""),
)  # fmt: skip
CHUNKS = chunking.pieces(BODY, 1200)
FIELDS = {"a": "1", "b": "2"}
FILES = {"f": DATA, "s": b"small", "g": DATA, "none": b""}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory for temporary files, of which none is left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert _left(folder) == []


def _left(folder: Path) -> list[str]:
    held = [target for _, target in handles() if target.startswith(str(folder))]
    return [*(str(path) for path in folder.iterdir()), *held]


@pytest.fixture(autouse=True)
def _often(ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files written little by little, so that there are many places to wait at."""
    chosen = ps_module("_forming").FormAssembler.__module__  # compiled, but for free threads
    module = ps_module(chosen.rpartition(".")[2])
    monkeypatch.setattr(module, "BATCH", 2000)


@pytest.fixture
def _threads_that_pause(ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a thread be waited for before it has begun, and when it is done."""
    module = ps_module("form")

    async def offload(work: Callable[[], Any]) -> Any:
        await pause()
        result = work()
        await pause()
        return result

    class Begun:
        """Is done before it is waited for, as if the thread were quick."""

        def __init__(self, work: Callable[[], Any]) -> None:
            work()

        def __await__(self) -> Any:
            return pause().__await__()

    monkeypatch.setattr(module, "offload", offload)
    monkeypatch.setattr(module, "begin", Begun)


def _limits(ps: ModuleType) -> Any:
    return ps.Limits(max_spool_size=100, max_spool_total=100)


def _small_memory(ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what has no limit of its own go to disk, too."""
    monkeypatch.setattr(ps_module("_form_spool"), "_LEAST", 100)


# What is done with a form


async def _used(ps: ModuleType, source: Any, folder: Path) -> Any:
    """Read a form, and do all with its files that can be done."""
    async with ps.parse_form(CONTENT_TYPE, source, limits=_limits(ps)) as form:
        assert dict(form.fields) == FIELDS
        found = {name: await file.read() for name, file in form.files.items()}
        await form.files["s"].write(b"longer than what may be in memory" * 4)
        await form.files["f"].seek(0)
        await form.files["f"].save(folder / "saved")
        (folder / "saved").unlink()
    return found


async def _kept(ps: ModuleType, source: Any, folder: Path) -> Any:
    """Do without ``async with``."""
    form = await ps.parse_form(CONTENT_TYPE, source, limits=_limits(ps))
    try:
        return {name: await file.read() for name, file in form.files.items()}
    finally:
        await form.aclose()


async def _taken(ps: ModuleType, source: Any, folder: Path) -> Any:
    """Take files away while they arrive, each in another way."""

    async def on_file(file: Any) -> Any:
        if file.name == "f":
            return b"".join([chunk async for chunk in file])
        if file.name == "s":
            return await file.read()
        await pause() if not asyncio._get_running_loop() else await asyncio.sleep(0)
        return file  # which is spooled

    request = ps.parse_form(CONTENT_TYPE, source, limits=_limits(ps), on_file=on_file)
    async with request as form:
        assert dict(form.fields) == FIELDS
        return {
            name: value if isinstance(value, bytes) else await value.read()
            for name, value in form.files.items()
        }


USES: dict[str, Callable[[ModuleType, Any, Path], Any]] = {
    "used": _used, "kept": _kept, "taken": _taken,
}  # fmt: skip
SOURCES: dict[str, Callable[..., Any]] = {"stream": Pausing, "generator": pausing}
each_use = pytest.mark.parametrize("use", USES)
each_source = pytest.mark.parametrize("source", SOURCES)


@each_use
@each_source
@pytest.mark.parametrize("error", [asyncio.CancelledError, ConnectionResetError])
@pytest.mark.usefixtures("_threads_that_pause")
def test_what_interrupts_a_form_comes_out_as_it_is(
    ps: ModuleType, tmp_path: Path, temporary: Path,
    use: str, source: str, error: type[BaseException],
) -> None:  # fmt: skip
    at, reached = 0, True
    while reached:
        stop = Interruption(at, error("stopped here"))
        try:
            found = drive(USES[use](ps, SOURCES[source](CHUNKS), tmp_path), stop)
        except error as raised:
            stop.same(raised)
        else:
            assert found == FILES
        assert _left(temporary) == [], at
        assert not (tmp_path / "saved").exists() or (tmp_path / "saved").read_bytes() == DATA
        at, reached = at + 1, stop.reached
    assert at > len(CHUNKS) + 5


@pytest.mark.parametrize("use", ["used", "taken"])  # the other awaits while it is closed
@each_source
@pytest.mark.usefixtures("_threads_that_pause")
def test_a_form_whose_coroutine_is_closed_leaves_nothing(
    ps: ModuleType, tmp_path: Path, temporary: Path, use: str, source: str
) -> None:
    """As where a loop ends: nothing can be awaited any more."""
    at, reached = 0, True
    while reached:
        reached = left_at(USES[use](ps, SOURCES[source](CHUNKS), tmp_path), at)
        assert _left(temporary) == [], at
        at += 1
    assert at > len(CHUNKS) + 5


class _Stream:
    """Gives chunks, each of which has to be waited for on an event loop."""

    def __init__(self) -> None:
        self._left = list(CHUNKS)

    async def readany(self) -> bytes:
        await asyncio.sleep(0)
        return self._left.pop(0) if self._left else b""


@each_use
def test_a_form_that_is_cancelled_on_a_loop_leaves_nothing(
    ps: ModuleType, tmp_path: Path, temporary: Path, use: str
) -> None:
    """Threads that are amid their work are left to it, and close what they have open."""
    at, reached = 0, True
    while reached:
        reached, result = on_loop(lambda: USES[use](ps, _Stream(), tmp_path), at)
        assert isinstance(result, asyncio.CancelledError) if reached else result == FILES
        assert _left(temporary) == [], at
        at += 1
    assert at > len(CHUNKS) + 5


# Integrations

#: Where a form was given away for good, from there on.
_ENTERED: list[str] = []


class _Receive:
    """An ASGI ``receive`` that has to be waited for."""

    def __init__(self) -> None:
        self._left = list(CHUNKS)

    async def __call__(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        if not self._left:
            return {"type": "http.disconnect"}
        body = self._left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self._left)}


class _Sent:
    """An ASGI ``send``; what was answered."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""

    async def __call__(self, message: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


def _asgi(app: Any) -> Callable[[], Awaitable[Any]]:
    async def work() -> Any:
        sent = _Sent()
        await app(scope(raw_path=b"/", root_path="", scheme="http", server=("x", 80),
                        client=("y", 1), http_version="1.1", asgi={"version": "3.0"},
                        path_params={}), _Receive(), sent)  # fmt: skip
        return sent.status, sent.body

    return work


def _told(pairs: Any) -> str:
    return " ".join(f"{name}={getattr(value, 'size', value)}" for name, value in pairs)


ALL = f"a=1 f={len(DATA)} b=2 s=5 g={len(DATA)} none=0"


def _starlette(ps_module: Module) -> Any:
    contrib = ps_module("contrib.starlette")

    async def form(request: Request) -> PlainTextResponse:
        async with contrib.form(request) as data:
            for upload in data.getlist("f"):
                assert len(await upload.read()) == len(DATA)
            return PlainTextResponse(_told(data.multi_items()))

    return _asgi(Starlette(routes=[Route("/", form, methods=["POST"])])), (200, ALL.encode())


def _fastapi(ps_module: Module) -> Any:
    """FastAPI closes files itself, one after the other: cancelled there, it leaves the others."""
    app = FastAPI(openapi_url=None)
    app.router.route_class = ps_module("contrib.fastapi").FormRoute

    @app.post("/")
    async def form(
        a: Annotated[str, Form()], b: Annotated[str, Form()], f: UploadFile, g: UploadFile
    ) -> list[Any]:
        _ENTERED.append("fastapi")
        return [a, b, f.size, len(await g.read())]

    return _asgi(app), (200, f'["1","2",{len(DATA)},{len(DATA)}]'.encode())


def _litestar(ps_module: Module) -> Any:
    @litestar_post("/", status_code=200)
    async def form(request: LitestarRequest[Any, Any, Any]) -> str:
        data = await request.form()
        try:
            return f"{data['a']} {data['b']} {len(await data['f'].read())}"
        finally:
            await data.close()

    kind = ps_module("contrib.litestar").FormRequest
    app = Litestar([form], request_class=kind, openapi_config=None, logging_config=None)
    return _asgi(app), (200, f"1 2 {len(DATA)}".encode())


def _quart(ps_module: Module) -> Any:
    contrib = ps_module("contrib.quart")

    async def body() -> Any:
        for chunk in CHUNKS:
            await asyncio.sleep(0)
            yield chunk

    async def work() -> Any:
        boundary = {"boundary": CONTENT_TYPE.partition("=")[2]}
        fields, files = await contrib.FormDataParser().parse(
            body(), "multipart/form-data", None, boundary
        )
        found = len(files["f"].read())
        for file in files.values():
            file.close()
        return dict(fields), found

    return work, (FIELDS, len(DATA))


def _aiohttp(ps_module: Module) -> Any:
    contrib = ps_module("contrib.aiohttp")

    class Content(_Stream):
        async def read(self, size: int) -> bytes:
            return await self.readany()

    async def work() -> Any:
        request = aiohttp.test_utils.make_mocked_request(
            "POST", "/", {"Content-Type": CONTENT_TYPE}, payload=Content()
        )
        data = await contrib.post(request)
        found = [(data["a"], data["b"], len(data["f"].file.read()))]
        for value in data.values():
            if isinstance(value, aiohttp.web.FileField):
                value.file.close()
        return found

    return work, [("1", "2", len(DATA))]


INTEGRATIONS = {
    "starlette": _starlette, "fastapi": _fastapi, "litestar": _litestar, "quart": _quart,
    "aiohttp": _aiohttp,
}  # fmt: skip


@pytest.mark.parametrize("name", INTEGRATIONS)
def test_an_integration_that_is_cancelled_leaves_nothing(
    ps_module: Module, monkeypatch: pytest.MonkeyPatch, temporary: Path, name: str
) -> None:
    _small_memory(ps_module, monkeypatch)
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 100)
    work, expected = INTEGRATIONS[name](ps_module)
    _reached, result = on_loop(work, sys.maxsize)  # caches are filled
    assert result == expected
    _ENTERED.clear()
    at, reached = 0, True
    while reached and not _ENTERED:
        reached, result = on_loop(work, at)
        if _ENTERED and reached:
            break
        cancelled = isinstance(result, asyncio.CancelledError)
        assert cancelled or result == expected, (at, result)
        del result
        if left := _left(temporary):  # what a traceback or a cycle of the framework's refers to
            gc.collect()
            left = _left(temporary)
        assert left == [], at
        at += 1
    assert at > len(CHUNKS)
