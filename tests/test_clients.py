"""One writer, sent by every client, to a real server that says what has come."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import http.client
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from requests.auth import HTTPDigestAuth

from support.clients import CLIENTS, FOLLOWING, by_aiohttp
from support.echoing import Echo, Seen, echo_server
from support.serving import PATIENCE, run

Module = Callable[[str], ModuleType]
Make = Callable[..., Any]

each_client = pytest.mark.parametrize("name", CLIENTS)
each_following = pytest.mark.parametrize("name", FOLLOWING)
#: Whether the sizes of all parts are known.
sized_or_not = pytest.mark.parametrize("sized", [True, False], ids=["sized", "chunked"])
#: Seconds after which the clients below give up a server that takes nothing more.
SOON = 0.3


class Rows:
    """An iterable that can be iterated again, and does not tell its size."""

    def __iter__(self) -> Iterator[bytes]:
        for number in range(1000):
            yield b"row %d\r\n" % number


@pytest.fixture
def echo() -> Iterator[Echo]:
    with echo_server() as server:
        yield server


@pytest.fixture
def path(tmp_path: Path, rng: Any) -> Path:
    """A file of 3 MB."""
    path = tmp_path / "three.bin"
    path.write_bytes(rng.randbytes(3_000_000))
    return path


@pytest.fixture
def make(ps: ModuleType, ps_module: Module, path: Path) -> Make:
    """Makes the writer that is sent."""
    ps_module("contrib.aiohttp")

    def make(*more: Any, path: Path = path, **options: Any) -> Any:
        with ps.MultipartWriter("mixed") as writer:
            writer.append("text: \u00e4")
            writer.append(b"bytes\r\n\0")
            writer.append(path)
            writer.append_json({"n": [1, 2]})
            with ps.MultipartWriter("related") as nested:
                nested.append("within").set_content_disposition("attachment", filename="a.txt")
                writer.append(nested)
            for part in more:
                writer.append(part, **options)
        return writer

    return make


def digest_of(writer: Any) -> str:
    return hashlib.sha256(asyncio.run(writer.as_bytes())).hexdigest()


def check(answer: dict[str, Any], writer: Any) -> None:
    """See to it that the writer has arrived, whole and rightly framed."""
    seen = Seen(**answer)
    assert seen.sha256 == digest_of(writer)
    assert seen.content_type == writer.content_type
    if writer.size is None:
        assert (seen.length, seen.coding) == (None, "chunked")
    else:
        assert (seen.length, seen.coding) == (str(writer.size), None)
        assert seen.size == writer.size


def open_files(path: Path) -> int:
    """Tell how often this process has a file open."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no /proc/self/fd on this system: which files are open cannot be seen")
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{number}") == str(path)
        except OSError:
            continue  # the descriptor of the listing itself
    return found


def open_files_that_are_held(path: Path) -> int:
    """The same, without those that only the traceback of a blocking client still holds."""
    gc.collect()
    return open_files(path)


@sized_or_not
def test_one_writer_goes_unchanged_through_every_client(
    echo: Echo, make: Make, path: Path, sized: bool
) -> None:
    writer = make() if sized else make(Rows())
    assert (writer.size is not None) == sized
    for send in CLIENTS.values():
        check(send(echo.url + Echo.ECHO, writer), writer)
    assert len(echo.seen) == len(CLIENTS)
    assert open_files(path) == 0


@sized_or_not
@each_following
def test_a_307_has_it_sent_again(echo: Echo, make: Make, name: str, sized: bool) -> None:
    writer = make() if sized else make(Rows())
    check(CLIENTS[name](echo.url + Echo.MOVED, writer), writer)
    assert [seen.path for seen in echo.seen] == [Echo.MOVED, Echo.ECHO]
    assert echo.seen[0].sha256 == echo.seen[1].sha256


def _retry() -> urllib3.Retry:
    return urllib3.Retry(1, allowed_methods=None)


#: Clients that send again by themselves what a server has dropped, and what they want for it.
RETRYING: dict[str, Callable[[], dict[str, Any]]] = {
    "aiohttp": lambda: {"method": "PUT"},
    "requests": lambda: {"retries": _retry()},
    "urllib3": lambda: {"retries": _retry()},
}


@sized_or_not
@pytest.mark.parametrize("name", RETRYING)
def test_a_client_that_retries_sends_it_whole_after_a_dropped_connection(
    echo: Echo, make: Make, name: str, sized: bool
) -> None:
    writer = make() if sized else make(Rows())
    check(CLIENTS[name](echo.url + Echo.HALF, writer, **RETRYING[name]()), writer)
    assert [seen.whole for seen in echo.seen] == [False, True]


#: What a client raises where a connection is dropped.
DROPPED: dict[str, tuple[type[Exception], ...]] = {
    "aiohttp": (aiohttp.ClientError,),
    "httpx": (httpx.TransportError,),
    "httpx-async": (httpx.TransportError,),
    "requests": (requests.ConnectionError,),
    "urllib3": (urllib3.exceptions.HTTPError,),
    "http.client": (OSError, http.client.HTTPException),
    "urllib": (OSError, http.client.HTTPException),
}


@each_client
def test_a_writer_can_be_sent_again_by_hand_after_a_dropped_connection(
    echo: Echo, make: Make, path: Path, name: str
) -> None:
    writer = make()
    options = {"retries": False} if name in ("requests", "urllib3") else {}
    with pytest.raises(DROPPED[name]):
        CLIENTS[name](echo.url + Echo.HALF, writer, **options)
    assert open_files_that_are_held(path) == 0
    check(CLIENTS[name](echo.url + Echo.HALF, writer), writer)
    assert [seen.whole for seen in echo.seen] == [False, True]


#: What makes a client authenticate: it sends the body, is refused, and sends it again.
DIGEST: dict[str, Callable[[], dict[str, Any]]] = {
    "aiohttp": lambda: {"middlewares": (aiohttp.DigestAuthMiddleware("me", "secret"),)},
    "httpx": lambda: {"auth": httpx.DigestAuth("me", "secret")},
    "httpx-async": lambda: {"auth": httpx.DigestAuth("me", "secret")},
    "requests": lambda: {"auth": HTTPDigestAuth("me", "secret")},
}


@sized_or_not
@pytest.mark.parametrize("name", DIGEST)
def test_digest_authentication_has_it_sent_again(
    echo: Echo, make: Make, name: str, sized: bool
) -> None:
    writer = make() if sized else make(Rows())
    check(CLIENTS[name](echo.url + Echo.DIGEST, writer, **DIGEST[name]()), writer)
    assert [seen.whole for seen in echo.seen] == [True, True]
    assert echo.seen[0].sha256 == echo.seen[1].sha256


def once() -> Iterator[bytes]:
    """A part that can be written once; in 10 bytes."""
    yield b"only "
    yield b"once!"


#: What a client raises where a redirect needs a part that is gone.
CANNOT_FOLLOW: dict[str, type[Exception]] = {
    "aiohttp": aiohttp.ClientPayloadError,
    "httpx": ValueError,
    "httpx-async": ValueError,
    "requests": ValueError,
    "urllib3": ValueError,
}


@sized_or_not
@each_following
def test_a_307_raises_where_a_part_cannot_be_sent_again(
    echo: Echo, make: Make, path: Path, name: str, sized: bool
) -> None:
    writer = make(once(), size=10 if sized else None)
    with pytest.raises(CANNOT_FOLLOW[name]):
        CLIENTS[name](echo.url + Echo.MOVED, writer)
    assert writer.consumed
    assert echo.seen[0].whole
    assert not any(seen.whole for seen in echo.seen[1:])
    assert open_files_that_are_held(path) == 0


#: What a client raises where a part is gone before it has sent anything; else a ValueError.
CANNOT_SEND: dict[str, type[Exception]] = {"aiohttp": aiohttp.ClientConnectionError}


@sized_or_not
@each_client
def test_nothing_is_sent_of_a_writer_whose_part_is_gone(
    echo: Echo, make: Make, name: str, sized: bool
) -> None:
    writer = make(once(), size=10 if sized else None)
    CLIENTS[name](echo.url + Echo.ECHO, writer)
    with pytest.raises(CANNOT_SEND.get(name, ValueError), match="cannot be written again"):
        CLIENTS[name](echo.url + Echo.ECHO, writer)
    assert [(seen.whole, seen.size) for seen in echo.seen[1:]] in ([], [(False, 0)])


@each_client
def test_nothing_is_sent_of_a_writer_whose_file_is_missing(
    echo: Echo, make: Make, tmp_path: Path, name: str
) -> None:
    gone = tmp_path / "gone"
    gone.touch()
    writer = make(path=gone)
    gone.unlink()
    with pytest.raises(FileNotFoundError):
        CLIENTS[name](echo.url + Echo.ECHO, writer)
    assert echo.seen == []


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """A file that does not fit into the buffers of a connection, and takes no room on the disk."""
    path = tmp_path / "huge.bin"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    return path


#: Requests of an event loop that the test below cancels.
async def _aiohttp(url: str, writer: Any) -> None:
    async with aiohttp.ClientSession() as session, session.post(url, data=writer):
        pass


async def _httpx(url: str, writer: Any) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
        await client.post(url, content=writer.abody(), headers=writer.http_headers())


@pytest.mark.parametrize("request_", [_aiohttp, _httpx])
def test_a_client_that_is_cancelled_amid_the_body_closes_the_file(
    echo: Echo, make: Make, huge: Path, request_: Callable[..., Any]
) -> None:
    writer = make(path=huge)

    async def main() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(request_(echo.url + Echo.STALL, writer))
        await loop.run_in_executor(None, echo.stalled.wait, PATIENCE)
        amid = open_files(huge)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _let_go(echo)
        return amid, open_files(huge)

    assert run(main()) == (1, 0)
    assert not echo.seen[0].whole


async def _let_go(echo: Echo) -> None:
    """Wait for what a client leaves: its socket is not closed before what is in it was taken."""
    loop = asyncio.get_running_loop()
    echo.release.set()
    await loop.run_in_executor(None, echo.gone.wait, PATIENCE)
    await loop.shutdown_default_executor()  # a thread may have been amid a read of the file


def test_a_time_limit_amid_the_body_closes_the_file(echo: Echo, make: Make, huge: Path) -> None:
    writer = make(path=huge)

    async def main() -> int:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SOON)) as session:
            with pytest.raises(asyncio.TimeoutError):
                await session.post(echo.url + Echo.STALL, data=writer)
        await _let_go(echo)
        return open_files(huge)

    assert run(main()) == 0


def _by_httpx(url: str, body: Any, headers: Any) -> None:
    with httpx.Client(trust_env=False, timeout=SOON) as client:
        client.post(url, content=body, headers=headers)


def _by_requests(url: str, body: Any, headers: Any) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.post(url, data=body, headers=headers, timeout=SOON)


def _by_urllib3(url: str, body: Any, headers: Any) -> None:
    with urllib3.PoolManager(timeout=SOON, retries=False) as pool:
        pool.request("POST", url, body=body, headers=headers)


def _by_urllib(url: str, body: Any, headers: Any) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, body, headers), timeout=SOON):
        pass


@pytest.mark.parametrize("send", [_by_httpx, _by_requests, _by_urllib3, _by_urllib])
def test_a_blocking_client_that_times_out_amid_the_body_leaves_no_file_open(
    echo: Echo, make: Make, huge: Path, send: Callable[..., None]
) -> None:
    writer = make(path=huge)
    with writer.body() as body:
        with pytest.raises((OSError, httpx.WriteTimeout, urllib3.exceptions.HTTPError)) as failure:
            send(echo.url + Echo.STALL, body, writer.http_headers())
        assert "time" in repr(failure.value).lower()
        assert open_files(huge) == 1  # the client does not close what it was given, but ``with``
    assert open_files(huge) == 0


def test_a_body_that_nobody_holds_leaves_no_file_open(echo: Echo, make: Make, huge: Path) -> None:
    writer = make(path=huge)
    with pytest.raises(httpx.WriteTimeout):
        _by_httpx(echo.url + Echo.STALL, writer.body(), writer.headers)
    assert open_files_that_are_held(huge) == 0


def test_aiohttp_waits_for_100_continue(echo: Echo, make: Make) -> None:
    writer = make()
    answer = by_aiohttp(echo.url + Echo.ECHO, writer, expect100=True)
    assert answer["awaited"]
    check(answer, writer)


class _Hasty(httpx.BaseTransport):
    """Answers 307 when the body has just begun, as a server may, and takes all of the next."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        pieces = iter(request.stream)
        if not self.bodies:
            self.bodies.append(next(pieces))
            return httpx.Response(307, headers={"Location": "/again"})
        self.bodies.append(b"".join(pieces))
        return httpx.Response(200)


@sized_or_not
def test_a_pass_that_httpx_gives_up_is_not_gone_on_with(make: Make, sized: bool) -> None:
    """What follows a redirect is all of the body, and never the rest of it."""
    writer = make() if sized else make(Rows())
    hasty = _Hasty()
    with httpx.Client(transport=hasty, follow_redirects=True) as client:
        client.post("http://localhost/", content=writer.chunks(), headers=writer.headers)
    assert hashlib.sha256(hasty.bodies[1]).hexdigest() == digest_of(writer)
