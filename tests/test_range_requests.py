"""Ranges that are asked for: how Range is read, and real servers that answer real clients."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
from aiohttp import web
from multidict import CIMultiDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from support import effort
from support.serving import PATIENCE, aiohttp_server, httpx_client, run, uvicorn_server

Module = Callable[[str], ModuleType]


@pytest.mark.parametrize(
    ("value", "size", "ranges"),
    [
        ("bytes=0-499", 1000, [(0, 499)]),
        ("bytes=500-", 1000, [(500, 999)]),
        ("bytes=-500", 1000, [(500, 999)]),
        ("bytes=-5000", 1000, [(0, 999)]),
        ("bytes=0-0,-1", 1000, [(0, 0), (999, 999)]),
        ("bytes=900-5000", 1000, [(900, 999)]),
        (" BYTES=0-1 ", 9, [(0, 1)]),
        ("bytes= 0-1 ,\t4-5, ", 9, [(0, 1), (4, 5)]),
        ("bytes=,,0-1,,", 9, [(0, 1)]),
        ("bytes=007-08", 9, [(7, 8)]),
        ("bytes=0-1,9-", 9, [(0, 1)]),  # the second one does not exist
        ("bytes=0-1,-0", 9, [(0, 1)]),
        ("bytes=4-5,0-1", 9, [(4, 5), (0, 1)]),  # as they were asked for
        ("bytes=0-3,4-5", 9, [(0, 3), (4, 5)]),  # they touch, and do not overlap
        ("bytes=0-4,4-5", 9, [(0, 5)]),
        ("bytes=8-8,3-5,0-1,1-3", 9, [(8, 8), (0, 5)]),
        ("bytes=7-7,2-2,0-5", 9, [(7, 7), (0, 5)]),
        ("bytes=3-5,8-8,0-3", 9, [(0, 5), (8, 8)]),
        ("bytes=0-,0-,0-,-5,2-3", 9, [(0, 8)]),
        ("bytes=0-" + "9" * 5000, 9, [(0, 8)]),
        ("bytes=-" + "9" * 5000, 9, [(0, 8)]),
        ("bytes=" + "0" * 5000 + "1-2", 9, [(1, 2)]),
        ("bytes=18446744073709551616-", 1 << 70, [(1 << 64, (1 << 70) - 1)]),
    ],
)
def test_ranges_that_are_asked_for(
    ps: ModuleType, value: str, size: int, ranges: list[tuple[int, int]]
) -> None:
    assert ps.parse_range(value, size) == ranges


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("bytes=9-", 9), ("bytes=9-10,100-200", 9), ("bytes=-0", 9), ("bytes=0-0", 0),
        ("bytes=0-", 0), ("bytes=-0", 0), ("bytes=" + "9" * 5000 + "-", 9),
    ],
)  # fmt: skip
def test_ranges_that_do_not_exist(ps: ModuleType, value: str, size: int) -> None:
    assert ps.parse_range(value, size) == []


@pytest.mark.parametrize(
    "value",
    [
        "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=1", "bytes=1-x", "0-1",
        "bytes=0-1,x", "bytes=0-1;2-3", "bytes 0-1", "bytes =0-1", "bytes=+0-1", "bytes=0--1",
        "bytes=--1", "bytes=0-1-2", "bytes=0 - 1", "bytes=0_0-1", "bytes=\u0660-1",
        "bytes=0-\u0661", "items=0-1", "=0-1", "bytes=5-4", "bytes=0-1,5-4",
        "bytes=0-1,bytes=2-3", "bytes=\xb2-",
        "bytes=" + "9" * 5000 + "-" + "9" * 4999, "bytes=" + "9" * 5000 + "-" + "9" * 4999 + "8",
    ],
)  # fmt: skip
def test_what_is_to_be_ignored(ps: ModuleType, value: str) -> None:
    assert ps.parse_range(value, 9) is None


def test_the_end_of_what_is_empty_is_all_of_it(ps: ModuleType) -> None:
    assert ps.parse_range("bytes=-5", 0) is None
    assert ps.parse_range("bytes=3-4,-5", 0) is None


def test_too_many_ranges_are_ignored(ps: ModuleType) -> None:
    """The attack of CVE-2011-3192: ``bytes=0-,5-0,5-1,5-2,...``"""
    few = ",".join(f"{at}-{at}" for at in range(0, 32, 2))
    assert ps.parse_range(f"bytes={few}", 99) == [(at, at) for at in range(0, 32, 2)]
    assert ps.parse_range(f"bytes={few},40-41", 99) is None
    assert ps.parse_range(f"bytes={few},40-41", 99, max_ranges=17) is not None
    assert ps.parse_range("bytes=" + "0-," * 17, 99) is None
    assert ps.parse_range("bytes=0-1,3-4", 99, max_ranges=1) is None


@pytest.mark.parametrize(("size", "most"), [(-1, 16), (9, 0)])
def test_a_size_below_0_is_a_mistake(ps: ModuleType, size: int, most: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        ps.parse_range("bytes=0-1", size, max_ranges=most)


def test_ranges_cover_what_was_asked_for_and_nothing_twice(
    ps: ModuleType, rng: random.Random
) -> None:
    for _ in effort.rounds(2000):
        size = rng.randrange(1, 40)
        wanted: list[range] = []
        items = []
        for _ in range(rng.randrange(1, 8)):
            first, length = rng.randrange(50), rng.randrange(1, 20)
            kind = rng.randrange(3)
            items.append((f"{first}-{first + length - 1}", f"{first}-", f"-{length}")[kind])
            stop = (first + length, size, size)[kind]
            wanted.append(range(max(0, size - length) if kind == 2 else first, min(size, stop)))
        found = ps.parse_range("bytes=" + ",".join(items), size)
        places = [place for first, last in found for place in range(first, last + 1)]
        assert len(places) == len(set(places))
        assert set(places) == {place for item in wanted for place in item}
        if sum(map(len, wanted)) == len(places):  # none of them overlap
            assert [range(first, last + 1) for first, last in found] == list(filter(len, wanted))


@pytest.mark.parametrize("value", ["bytes 0-499/1234", "bytes 42-42/*", "bytes */1234"])
def test_a_content_range_is_written_as_it_was_read(ps_module: Module, value: str) -> None:
    assert str(ps_module("ranges").parse_content_range(value)) == value


# Real servers and real clients.

DATA = bytes(range(256)) * 4096  # a megabyte
Ranges = list[tuple[int, int]]

#: What is asked for, what the status is, and what comes.
ASKED: list[tuple[str, int, Ranges]] = [
    ("0-9,20-29", 206, [(0, 9), (20, 29)]),
    ("700000-,5-5,-3", 206, [(700_000, len(DATA) - 1), (5, 5)]),
    ("100-900099", 206, [(100, 900_099)]),
    ("-1", 206, [(len(DATA) - 1, len(DATA) - 1)]),
    (f"{len(DATA)}-", 416, []),
    ("0-1," * 16 + "2-3", 200, [(0, len(DATA) - 1)]),
]
asked = pytest.mark.parametrize(
    ("value", "status", "ranges"), ASKED, ids=[row[0][:9] for row in ASKED]
)


class Answer(NamedTuple):
    """What a client has got."""

    status: int
    length: str
    content_range: str | None
    parts: list[bytes]


@asynccontextmanager
async def aiohttp_serves(ps: ModuleType, path: Path) -> AsyncIterator[str]:
    """aiohttp writes the body."""

    async def handle(request: web.Request) -> web.StreamResponse:
        found = ps.range_response(path, request.headers.get("Range"))
        response = web.StreamResponse(status=found.status, headers=found.headers)
        await response.prepare(request)
        await found.write(response)
        await response.write_eof()
        return response

    async with aiohttp_server(handle) as url:
        yield url


@asynccontextmanager
async def starlette_serves(ps: ModuleType, path: Path) -> AsyncIterator[str]:
    """Starlette, under uvicorn, iterates over the body; h11 looks after its length."""

    async def endpoint(request: Request) -> StreamingResponse:
        found = ps.range_response(path, request.headers.get("Range"))
        return StreamingResponse(found.abody(), found.status, found.headers)

    async with uvicorn_server(Starlette(routes=[Route("/", endpoint)])) as url:
        yield url


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@asynccontextmanager
async def wsgi_serves(ps: ModuleType, path: Path) -> AsyncIterator[str]:
    """The standard library's server of WSGI iterates over the body, for one request."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        found = ps.range_response(path, environ.get("HTTP_RANGE"))
        status = HTTPStatus(found.status)
        start_response(f"{status:d} {status.phrase}", list(found.headers.items()))
        return found.body()

    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        server.timeout = PATIENCE
        serving = asyncio.ensure_future(asyncio.to_thread(server.handle_request))
        yield f"http://127.0.0.1:{server.server_port}/"
        await serving


async def curl_reads(ps_module: Module, url: str, value: str, tmp_path: Path) -> Answer:
    """``curl -r``, and our blocking reader on the file that it has made."""
    head, body = tmp_path / "head", tmp_path / "body"
    curl = await asyncio.create_subprocess_exec(
        "curl", "-q", "-sS", "--noproxy", "*", "-r", value, "-D", str(head), "-o", str(body), url
    )
    assert await curl.wait() == 0
    status, *lines = head.read_text().splitlines()
    headers: CIMultiDict[str] = CIMultiDict()
    for name, _, text in (line.partition(": ") for line in lines if line):
        headers[name] = text
    data = body.read_bytes() if body.exists() else b""
    assert len(data) == int(headers["Content-Length"])
    parts = [data]
    if is_multipart(headers):
        parts = [part.read() for part in ps_module("sync").MultipartReader(headers, data)]
    return Answer(
        int(status.split()[1]), headers["Content-Length"], headers.get("Content-Range"), parts
    )


async def requests_reads(ps_module: Module, url: str, value: str, tmp_path: Path) -> Answer:
    """``requests``, and our blocking reader on its response."""

    def get() -> Answer:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, headers={"Range": f"bytes={value}"}, stream=True) as response:
                if is_multipart(response.headers):
                    reader = ps_module("sync").MultipartReader.from_response(response)
                    parts = [part.read() for part in reader]
                else:
                    parts = [response.content]
                headers = response.headers
                length = headers["Content-Length"]
                return Answer(response.status_code, length, headers.get("Content-Range"), parts)

    return await asyncio.to_thread(get)


async def httpx_reads(ps_module: Module, url: str, value: str, tmp_path: Path) -> Answer:
    """``httpx``, and our reader on its response."""
    asking = {"Range": f"bytes={value}"}
    async with httpx_client() as client, client.stream("GET", url, headers=asking) as response:
        headers = response.headers
        if is_multipart(headers):
            reader = ps_module("reader").MultipartReader(headers, response)
            parts = [await part.read() async for part in reader]
        else:
            parts = [await response.aread()]
        length = headers["Content-Length"]
        return Answer(response.status_code, length, headers.get("Content-Range"), parts)


def is_multipart(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Type", "").startswith("multipart/byteranges")


Server = Callable[[ModuleType, Path], AbstractAsyncContextManager[str]]
Client = Callable[[Module, str, str, Path], Awaitable[Answer]]

SERVERS: dict[str, Server] = {
    "aiohttp": aiohttp_serves,
    "starlette": starlette_serves,
    "wsgi": wsgi_serves,
}
CLIENTS: dict[str, Client] = {
    "curl": curl_reads,
    "requests": requests_reads,
    "httpx": httpx_reads,
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("client", CLIENTS)
@asked
def test_a_client_gets_the_ranges_that_it_asks_for(
    ps: ModuleType,
    ps_module: Module,
    tmp_path: Path,
    server: str,
    client: str,
    value: str,
    status: int,
    ranges: Ranges,
) -> None:
    if client == "curl" and shutil.which("curl") is None:
        if os.environ.get("PARTSTREAM_REQUIRE_PEERS") == "1":
            pytest.fail("there is no curl")
        pytest.skip("there is no curl")
    path = tmp_path / "file"
    path.write_bytes(DATA)

    async def main() -> Answer:
        async with SERVERS[server](ps, path) as url:
            return await CLIENTS[client](ps_module, url, value, tmp_path)

    found = run(main())
    assert found.status == status
    assert found.parts == ([DATA[first : last + 1] for first, last in ranges] or [b""])
    expected = None
    if status == 206 and len(ranges) == 1:
        expected = f"bytes {ranges[0][0]}-{ranges[0][1]}/{len(DATA)}"
    elif status == 416:
        expected = f"bytes */{len(DATA)}"
    assert found.content_range == expected
    if len(ranges) < 2:
        assert found.length == str(len(found.parts[0]))
