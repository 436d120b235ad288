"""Every kind of stream that a reader takes without an adapter, the real ones of real libraries."""

from __future__ import annotations

import asyncio
import email.message
import functools
import gc
import gzip
import io
import random
import threading
import types
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import aiofiles
import aiohttp
import anyio
import httpx
import pytest
import trio
import trio.testing
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from support import serving
from support.serving import PATIENCE

Module = Callable[[str], ModuleType]

CONTENT_TYPE = "multipart/mixed; boundary=B"
BODY = b"--B\r\nContent-Type: text/plain\r\n\r\none\r\n--B\r\n\r\n\xfftwo\r\n--B--\r\n"
PARTS = [b"one", b"\xfftwo"]
PIECES = [BODY[:9], BODY[9:40], b"", BODY[40:]]


async def read(ps: ModuleType, content: Any, headers: Any = CONTENT_TYPE) -> list[bytes]:
    return [await part.read() async for part in ps.MultipartReader(headers, content)]


@pytest.fixture
def body_file(tmp_path: Path) -> Path:
    path = tmp_path / "body"
    path.write_bytes(BODY)
    return path


async def pieces() -> AsyncIterator[bytes]:
    for piece in PIECES:
        yield piece


class Anyiter:
    """An async iterable that is no iterator, as requests of frameworks are."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return pieces()


class Streaming:
    """Has the stream behind an attribute, as Sanic's request does."""

    def __init__(self) -> None:
        self.stream = Anyiter()


def receive_of(*messages: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any]]]:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive


def request_messages() -> list[dict[str, Any]]:
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in PIECES]
    return [*messages, {"type": "http.request"}]


def fed(reader: Any) -> Any:
    reader.feed_data(BODY)
    reader.feed_eof()
    return reader


@pytest.mark.parametrize("make", [pieces, Anyiter, Streaming], ids=lambda make: make.__name__)
def test_async_iterables(ps: ModuleType, make: Callable[[], Any]) -> None:
    assert asyncio.run(read(ps, make())) == PARTS


def test_asyncio_stream_reader(ps: ModuleType) -> None:
    async def main() -> list[bytes]:
        return await read(ps, fed(asyncio.StreamReader()))

    assert asyncio.run(main()) == PARTS


def test_aiohttp_stream_reader(ps: ModuleType) -> None:
    async def main() -> list[bytes]:
        protocol = aiohttp.base_protocol.BaseProtocol(asyncio.get_running_loop())
        stream = aiohttp.StreamReader(protocol, 2**16, loop=asyncio.get_running_loop())
        request = make_mocked_request("POST", "/", {"Content-Type": CONTENT_TYPE}, payload=stream)
        fed(stream)
        return await read(ps, request.content, request.headers)

    assert asyncio.run(main()) == PARTS


def test_asgi_receive(ps: ModuleType) -> None:
    headers = [(b"host", b"x"), (b"content-type", CONTENT_TYPE.encode())]
    assert asyncio.run(read(ps, receive_of(*request_messages()), headers)) == PARTS


def test_asgi_disconnect_is_an_incomplete_body(ps: ModuleType) -> None:
    receive = receive_of(*request_messages()[:2], {"type": "http.disconnect"})
    with pytest.raises(ps.IncompleteBody) as caught:
        asyncio.run(read(ps, receive))
    assert (caught.value.code, caught.value.offset) == ("disconnected", 40)


def test_starlette_request(ps: ModuleType) -> None:
    scope = {"type": "http", "headers": [(b"content-type", CONTENT_TYPE.encode())]}
    request = Request(scope, receive_of(*request_messages()))
    assert asyncio.run(read(ps, request, request.headers)) == PARTS


def test_httpx_response(ps: ModuleType) -> None:
    response = httpx.Response(200, headers={"Content-Type": CONTENT_TYPE}, content=pieces())
    assert asyncio.run(read(ps, response, response.headers)) == PARTS


def test_trio_stream(ps: ModuleType) -> None:
    async def main() -> list[bytes]:
        near, far = trio.testing.memory_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, near)
            return await read(ps, far)

    async def send(stream: trio.abc.SendStream) -> None:
        for piece in PIECES:
            await stream.send_all(piece)
        await stream.aclose()

    assert trio.run(main) == PARTS


def test_anyio_stream(ps: ModuleType) -> None:
    async def main() -> list[bytes]:
        send, receive = anyio.create_memory_object_stream[bytes](len(PIECES))
        for piece in PIECES:
            send.send_nowait(piece)
        send.close()
        async with receive:
            return await read(ps, receive)

    assert anyio.run(main) == PARTS


@pytest.mark.parametrize(
    "headers",
    [
        CONTENT_TYPE,
        CONTENT_TYPE.encode(),
        {"content-type": CONTENT_TYPE},
        {"CONTENT_TYPE": CONTENT_TYPE},
        [("Content-Type", CONTENT_TYPE)],
    ],
    ids=["str", "bytes", "dict", "environ", "pairs"],
)
def test_headers_of_every_kind(ps: ModuleType, headers: Any) -> None:
    assert asyncio.run(read(ps, pieces(), headers)) == PARTS


@pytest.mark.parametrize(
    "content",
    [[BODY], (BODY,), None, 1, "text", bytearray(BODY), memoryview(BODY), io.BytesIO(BODY)],
    ids=["list", "tuple", "none", "int", "str", "bytearray", "memoryview", "BytesIO"],
)
def test_what_cannot_be_awaited_is_refused_with_a_remedy(ps: ModuleType, content: Any) -> None:
    with pytest.raises(TypeError, match=r"readany.*partstream\.sync\.MultipartReader reads"):
        ps.MultipartReader(CONTENT_TYPE, content)


def test_what_was_not_awaited_is_refused_with_a_remedy(ps: ModuleType) -> None:
    async def body() -> bytes:
        return BODY

    coroutine = body()
    with pytest.raises(TypeError, match="from coroutine: await it, and pass the result"):
        ps.MultipartReader(CONTENT_TYPE, coroutine)
    coroutine.close()


def test_a_plain_file_is_refused_with_a_remedy(ps: ModuleType, body_file: Path) -> None:
    remedy = r"partstream\.sync\.MultipartReader reads"
    with body_file.open("rb") as file, pytest.raises(TypeError, match=remedy):
        ps.MultipartReader(CONTENT_TYPE, file)


def test_a_plain_read_is_refused_with_a_remedy(ps: ModuleType) -> None:
    plain = mock.Mock(spec=["read"], read=lambda size: BODY)
    with pytest.raises(TypeError, match=r"gives bytes at once: partstream\.sync\.MultipartReader"):
        asyncio.run(read(ps, plain))


def test_a_read_that_gives_none_is_refused(ps: ModuleType) -> None:
    source = mock.Mock(spec=["read"], read=mock.AsyncMock(return_value=None))
    with pytest.raises(TypeError, match="gives NoneType, not bytes"):
        asyncio.run(read(ps, source))


def test_headers_that_are_none_are_refused(ps: ModuleType) -> None:
    with pytest.raises(TypeError, match="headers takes a mapping"):
        ps.MultipartReader(1, pieces())


def test_an_error_of_the_source_goes_through(ps: ModuleType) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PIECES[0]
        raise OSError("the wire was cut")

    with pytest.raises(OSError, match="the wire was cut"):
        asyncio.run(read(ps, broken()))


def test_a_source_that_gives_text_is_refused(ps: ModuleType) -> None:
    async def text() -> AsyncIterator[Any]:
        yield "--B"

    with pytest.raises(TypeError, match="gives str, not bytes: open the file in binary mode"):
        asyncio.run(read(ps, text()))


def test_headers_of_the_standard_library(ps: ModuleType) -> None:
    headers = email.message.Message()
    headers["Content-Type"] = CONTENT_TYPE
    assert asyncio.run(read(ps, pieces(), headers)) == PARTS


def test_a_list_that_holds_no_pairs_is_refused(ps: ModuleType) -> None:
    with pytest.raises(TypeError, match="pairs of name and value"):
        ps.MultipartReader(["Content-Type"], pieces())


# Files, and other objects with a read()


def test_bytes(ps: ModuleType) -> None:
    assert asyncio.run(read(ps, BODY)) == PARTS


@pytest.mark.parametrize("buffering", [0, -1])
def test_aiofiles(ps: ModuleType, body_file: Path, buffering: int) -> None:
    async def main() -> list[bytes]:
        async with aiofiles.open(body_file, "rb", buffering=buffering) as file:
            return await read(ps, file)

    assert asyncio.run(main()) == PARTS


def test_aiofiles_as_text_is_refused_with_a_remedy(ps: ModuleType, body_file: Path) -> None:
    async def main() -> list[bytes]:
        async with aiofiles.open(body_file, encoding="latin-1") as file:
            return await read(ps, file)

    with pytest.raises(TypeError, match="binary mode"):
        asyncio.run(main())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_file_of_anyio(ps: ModuleType, body_file: Path, backend: str) -> None:
    async def main() -> list[bytes]:
        async with await anyio.open_file(body_file, "rb") as file:
            return await read(ps, file)

    assert anyio.run(main, backend=backend) == PARTS


def test_a_file_of_trio(ps: ModuleType, body_file: Path) -> None:
    async def main() -> list[bytes]:
        async with await trio.open_file(body_file, "rb") as file:
            return await read(ps, file)

    assert trio.run(main) == PARTS


async def read_from(left: list[bytes], size: int) -> bytes:
    return left.pop(0) if left else b""


class PlainRead:
    """Its ``read`` is a plain function, which returns something to await."""

    def __init__(self, left: list[bytes]) -> None:
        self._left = left

    def read(self, size: int) -> Awaitable[bytes]:
        return read_from(self._left, size)


class Lines:
    """Iterates over lines, as files and streams do, which a reader must not use."""

    read: Any

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise AssertionError("iterated over lines")


class Compiled(Lines):
    """Its ``read`` says as Cython says it that it is a coroutine function."""

    def __init__(self, left: list[bytes]) -> None:
        def read(size: int) -> Awaitable[bytes]:
            return read_from(left, size)

        self.read = read
        read._is_coroutine = object()  # type: ignore[attr-defined]


def partial_read(left: list[bytes]) -> Any:
    found = Lines()
    found.read = functools.partial(read_from, left)
    return found


def mocked_read(left: list[bytes]) -> Any:
    found = Lines()
    found.read = mock.AsyncMock(side_effect=[*left, b""])
    return found


def future_read(left: list[bytes]) -> Any:
    def read(size: int) -> asyncio.Future[bytes]:
        return asyncio.ensure_future(read_from(left, size))

    return types.SimpleNamespace(read=read)


@pytest.mark.parametrize(
    "make", [PlainRead, Compiled, partial_read, mocked_read, future_read], ids=lambda m: m.__name__
)
def test_a_read_that_is_no_plain_coroutine_function(
    ps: ModuleType, make: Callable[[list[bytes]], Any]
) -> None:
    async def main() -> list[bytes]:
        return await read(ps, make([piece for piece in PIECES if piece]))

    assert asyncio.run(main()) == PARTS


def test_a_read_without_a_size_is_passed_over(ps: ModuleType) -> None:
    class Sanic(Anyiter):
        async def read(self) -> bytes:
            raise AssertionError("read() gives who knows what")

    assert asyncio.run(read(ps, Sanic())) == PARTS
    assert asyncio.run(read(ps, types.SimpleNamespace(stream=Sanic()))) == PARTS


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_chunks_of_every_kind(ps: ModuleType, kind: Any) -> None:
    async def chunks() -> AsyncIterator[Any]:
        for piece in PIECES:
            yield kind(piece)

    assert asyncio.run(read(ps, chunks())) == PARTS


# What follows the closing delimiter


class Unreading:
    """Has a ``read`` and takes bytes back."""

    def __init__(self, chunks: list[Any]) -> None:
        self.chunks = chunks
        self.unread: list[bytes] = []

    async def read(self, size: int) -> Any:
        return self.chunks.pop(0) if self.chunks else b""

    def unread_data(self, data: bytes) -> None:
        self.unread.append(data)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_follows_a_part_is_given_back(ps: ModuleType, kind: Any, size: int) -> None:
    data = b"some text\r\n--B\r\nrest"
    source = Unreading([kind(data[at : at + size]) for at in range(0, len(data), size)])
    assert asyncio.run(ps.BodyPartReader(b"--B", {}, source).read()) == b"some text"
    assert b"".join(source.unread) + b"".join(source.chunks) == b"--B\r\nrest"
    source = Unreading([kind(BODY + b"GET")])
    assert asyncio.run(read(ps, source)) == PARTS
    assert source.unread == [b"GET"]


@pytest.mark.parametrize("behind", [b"", b"next", b"\r\nnext"], ids=["nothing", "next", "lines"])
def test_aiohttp_gets_back_what_follows(ps: ModuleType, behind: bytes) -> None:
    async def main() -> tuple[list[bytes], bytes]:
        protocol = aiohttp.base_protocol.BaseProtocol(asyncio.get_running_loop())
        stream = aiohttp.StreamReader(protocol, 2**16, loop=asyncio.get_running_loop())
        stream.feed_data(BODY + behind)
        stream.feed_eof()
        return await read(ps, stream), await stream.read()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert asyncio.run(main()) == (PARTS, behind)
    assert [str(warning.message) for warning in caught] == []


# Generators are closed, so that no event loop complains of one that was left


class Kept:
    """An async generator of pieces, and whether it has been closed."""

    def __init__(self, *given: Any) -> None:
        self.closed = False
        self.generator = self._run(given)

    async def _run(self, given: tuple[Any, ...]) -> AsyncIterator[Any]:
        try:
            for piece in given:
                yield piece
            raise AssertionError("nobody asked for more")
        finally:
            self.closed = True


Run = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]
RUNS: dict[str, Run] = {"asyncio": lambda main: asyncio.run(main()), "trio": trio.run}

LATE_FAULT = b"--B\r\n\r\nx\r\n--B\r\nno colon\r\n\r\n"


@pytest.mark.parametrize("loop", RUNS)
def test_a_generator_is_closed_at_the_closing_delimiter(ps: ModuleType, loop: str) -> None:
    async def main() -> None:
        kept = Kept(*PIECES)
        assert await read(ps, kept.generator) == PARTS
        assert kept.closed
        del kept
        gc.collect()

    RUNS[loop](main)


@pytest.mark.parametrize("loop", RUNS)
@pytest.mark.parametrize(
    "given",
    [
        [b"--B\r\nno colon\r\n\r\n"],
        [LATE_FAULT],
        [LATE_FAULT[:20], LATE_FAULT[20:]],
        [BODY[:40], "text"],
    ],
    ids=["fault", "fault-behind-a-part", "later-fault", "text"],
)
def test_a_generator_is_closed_after_an_error(ps: ModuleType, loop: str, given: list[Any]) -> None:
    async def main() -> None:
        kept = Kept(*given)
        with pytest.raises((ValueError, TypeError)):
            await read(ps, kept.generator)
        assert kept.closed
        del kept
        gc.collect()

    RUNS[loop](main)


def test_a_generator_stays_open_where_reading_can_go_on(ps: ModuleType) -> None:
    async def main() -> list[bytes]:
        kept = Kept(b"--B\r\n\r\n", b"too much", b"\r\n--B\r\n\r\n", b"ok\r\n--B--")
        limits = ps.Limits(max_read_size=4)
        reader = ps.MultipartReader(CONTENT_TYPE, kept.generator, limits=limits)
        with pytest.raises(ps.LimitExceeded):
            await (await reader.next()).read()
        assert not kept.closed
        found = [await part.read() async for part in reader]
        assert kept.closed
        return found

    assert asyncio.run(main()) == [b"ok"]


class _Waiting:
    """Suspends whoever awaits it."""

    def __await__(self) -> Iterator[None]:
        yield None


@pytest.mark.parametrize("what", ["reader", "form", "form of a framework"])
@pytest.mark.parametrize("late", [False, True])
def test_a_coroutine_that_waits_in_a_generator_can_be_closed(
    ps: ModuleType, ps_module: Callable[[str], ModuleType], what: str, late: bool
) -> None:
    """Nothing is waited for where a loop ends; before CPython 3.13 the generator still counts as
    running then, and cannot be closed."""

    async def pieces() -> AsyncIterator[bytes]:
        if late:
            yield BODY[:10]
        await _Waiting()

    async def main() -> None:
        if what == "form":
            await ps.parse_form("multipart/form-data; boundary=B", pieces())
        elif what == "form of a framework":
            form_type = "multipart/form-data; boundary=B"
            assembler = ps_module("_form_reading").assembler_of(form_type, None)
            await ps_module("form").assemble_iterated(assembler, pieces())
        else:
            await (await ps.MultipartReader(CONTENT_TYPE, pieces()).next()).read()

    coroutine = main()
    coroutine.send(None)
    coroutine.close()  # or: aclose(): asynchronous generator is already running


@pytest.mark.parametrize("loop", RUNS)
def test_releasing_a_response_closes_its_iterator(ps: ModuleType, loop: str) -> None:
    class Streamed:
        headers = {"Content-Type": CONTENT_TYPE}  # noqa: RUF012

        def __init__(self) -> None:
            self.kept = Kept(*PIECES)
            self.closings: list[bool] = []

        def aiter_bytes(self) -> AsyncIterator[bytes]:
            return self.kept.generator

        async def aclose(self) -> None:
            self.closings.append(self.kept.closed)

    async def main() -> None:
        response = Streamed()
        reader = ps.MultipartReader.from_response(response)
        await reader.next()
        await reader.release()
        assert response.closings == [True]

    RUNS[loop](main)


# Clients and servers on loopback


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_byte_stream_of_anyio(ps: ModuleType, backend: str) -> None:
    async def main() -> list[bytes]:
        async def serve(stream: anyio.abc.SocketStream) -> None:
            async with stream:
                for piece in PIECES:
                    await stream.send(piece)

        with anyio.fail_after(PATIENCE):
            listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
            async with listener, anyio.create_task_group() as group:
                group.start_soon(listener.serve, serve)
                port = listener.extra(anyio.abc.SocketAttribute.local_port)
                async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                    found = await read(ps, stream)
                group.cancel_scope.cancel()
        return found

    assert anyio.run(main, backend=backend) == PARTS


def test_a_socket_stream_of_trio(ps: ModuleType) -> None:
    async def main() -> list[bytes]:
        async def serve(stream: trio.SocketStream) -> None:
            for piece in PIECES:
                await stream.send_all(piece)

        with trio.fail_after(PATIENCE):
            async with trio.open_nursery() as nursery:
                serving = functools.partial(trio.serve_tcp, serve, 0, host="127.0.0.1")
                listener = (await nursery.start(serving))[0]
                async with await trio.testing.open_stream_to_socket_listener(listener) as stream:
                    found = await read(ps, stream)
                nursery.cancel_scope.cancel()
        return found

    assert trio.run(main) == PARTS


@asynccontextmanager
async def answering(body: bytes) -> AsyncIterator[tuple[str, set[Any]]]:
    """Serve a multipart; give the address, and the connections that it was asked for by."""
    connections: set[Any] = set()

    async def handle(request: web.Request) -> web.Response:
        assert request.transport is not None
        connections.add(request.transport.get_extra_info("peername"))
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    async with serving.aiohttp_server(handle) as url:
        yield url, connections


def test_a_response_of_aiohttp_is_released_and_its_connection_reused(ps: ModuleType) -> None:
    async def main() -> None:
        async with answering(BODY) as (url, connections), aiohttp.ClientSession() as session:
            for _ in range(3):
                response = await session.get(url)
                reader = ps.MultipartReader.from_response(response)
                assert [await part.read() async for part in reader] == PARTS
                assert reader.at_eof()
                assert response.closed
                assert response.connection is None
            assert len(connections) == 1

    serving.run(main())


def test_a_response_of_aiohttp_that_is_released_early(ps: ModuleType) -> None:
    async def main() -> None:
        async with answering(BODY) as (url, _), aiohttp.ClientSession() as session:
            response = await session.get(url)
            reader = ps.MultipartReader.from_response(response)
            assert await (await reader.next()).read() == PARTS[0]
            await reader.release()
            assert response.closed

    serving.run(main())


def test_a_response_of_httpx_is_closed_after_the_last_part(ps: ModuleType) -> None:
    async def main() -> None:
        async with answering(BODY) as (url, _), serving.httpx_client() as client:
            response = await client.send(client.build_request("GET", url), stream=True)
            reader = ps.MultipartReader.from_response(response)
            for data in PARTS:
                assert await (await reader.next()).read() == data
                assert not response.is_closed
            assert await reader.next() is None
            assert reader.at_eof()
            assert response.is_closed

    serving.run(main())


#: Where the first part is known to have ended, and the second has not begun.
AMID = BODY.index(b"\r\n\xfftwo")


async def leave_amid_a_body(url: str, left: asyncio.Event) -> None:
    """Send some of a body, and hang up when it has been read."""
    port = int(url.rsplit(":", 1)[1].rstrip("/"))
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    fields = f"Host: x\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    writer.write(b"POST / HTTP/1.1\r\n" + fields.encode() + BODY[:AMID])
    try:
        await left.wait()
    finally:
        writer.close()
        await writer.wait_closed()


async def read_until_the_client_leaves(
    ps: ModuleType, opened: Callable[[Any, Any, Any], Any]
) -> BaseException:
    """Give what the reader raises in a real server when the client hangs up."""
    raised: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    first_read = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reader = opened(scope, receive, send)
        try:
            assert await (await reader.next()).read() == PARTS[0]
            first_read.set()
            await reader.next()
            raise AssertionError("there is no second part")
        except Exception as error:
            first_read.set()
            raised.set_result(error)
        await Response()(scope, receive, send)

    async with serving.uvicorn_server(app) as url:
        await leave_amid_a_body(url, first_read)
        return await raised


def test_a_client_that_leaves_is_an_incomplete_body_to_receive(ps: ModuleType) -> None:
    def opened(scope: Any, receive: Any, send: Any) -> Any:
        return ps.MultipartReader(scope["headers"], receive)

    error = serving.run(read_until_the_client_leaves(ps, opened))
    assert type(error) is ps.IncompleteBody
    assert (error.code, error.offset, error.http_status) == ("disconnected", AMID, 400)


@pytest.mark.parametrize("method", [False, True], ids=["request", "stream"])
def test_what_starlette_raises_when_a_client_leaves_goes_through(
    ps: ModuleType, method: bool
) -> None:
    def opened(scope: Any, receive: Any, send: Any) -> Any:
        request = Request(scope, receive, send)
        return ps.MultipartReader(request.headers, request.stream() if method else request)

    error = serving.run(read_until_the_client_leaves(ps, opened))
    assert type(error) is ClientDisconnect


# Decoding on a thread


def coded(data: bytes, coding: str = "gzip") -> bytes:
    fields = b"Content-Encoding: " + coding.encode() + b"\r\n" if coding else b""
    return b"--B\r\n" + fields + b"\r\n" + data + b"\r\n--B\r\n\r\nlast\r\n--B--"


class Watch:
    """What the decoders of a test have done, and where."""

    def __init__(self, hold: Callable[[], None] = lambda: None) -> None:
        self.threads: set[int] = set()
        self.hold = hold

    def install(self, ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
        package = ps_module("_backend")
        parts = ps_module("_parts" if package.BACKEND == "py" else "_reading_c")
        watch = self

        class Watched(parts.Decoder):  # type: ignore[misc,name-defined]
            def all(self, data: bytes) -> bytes:
                watch.threads.add(threading.get_ident())
                watch.hold()
                return super().all(data)  # type: ignore[no-any-return]

            def feed(self, data: bytes) -> Any:
                watch.threads.add(threading.get_ident())
                return super().feed(data)

        monkeypatch.setattr(parts, "Decoder", Watched)


SMALL = b"some text"
LARGE = random.Random(0).randbytes(1 << 16)


@pytest.mark.parametrize("loop", RUNS)
@pytest.mark.parametrize(
    ("data", "coding", "threaded"),
    [
        (gzip.compress(LARGE), "gzip", True),
        (gzip.compress(SMALL), "gzip", False),
        (SMALL, "", False),
    ],
    ids=["large", "small", "plain"],
)
@pytest.mark.parametrize("method", ["read", "decode_iter"])
def test_what_takes_long_to_decode_is_done_on_a_thread(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch,
    loop: str, data: bytes, coding: str, threaded: bool, method: str,
) -> None:  # fmt: skip
    watch = Watch()
    watch.install(ps_module, monkeypatch)
    assert len(data) > 4096 or not threaded

    async def main() -> bytes:
        part = await ps.MultipartReader(CONTENT_TYPE, coded(data, coding)).next()
        if method == "read":
            return await part.read(decode=True)  # type: ignore[no-any-return]
        raw = await part.read()
        return b"".join([piece async for piece in part.decode_iter(raw)])

    assert RUNS[loop](main) == (gzip.decompress(data) if coding else data)
    assert (bool(watch.threads) and threading.get_ident() not in watch.threads) is threaded


@pytest.mark.parametrize("loop", RUNS)
def test_what_goes_wrong_on_a_thread_is_raised_by_read(ps: ModuleType, loop: str) -> None:
    async def main() -> bytes:
        reader = ps.MultipartReader(CONTENT_TYPE, coded(b"no gzip" * 1000))
        with pytest.raises(ps.ParseError):
            await (await reader.next()).read(decode=True)
        return await (await reader.next()).read()  # type: ignore[no-any-return]

    assert RUNS[loop](main) == b"last"


async def after(part: Any, reader: Any, again: bytes) -> None:
    """Check what a part whose decoding was cancelled gives, and that the next is there."""
    assert part.at_eof() is (again == b"")
    assert await part.read() == again
    assert part.at_eof()
    assert await part.read(decode=True) == b""
    assert await (await reader.next()).read() == b"last"
    assert await reader.next() is None


def test_asyncio_cancels_a_read_while_the_thread_works(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, packed = threading.Event(), gzip.compress(LARGE)

    async def main() -> None:
        loop, at_work = asyncio.get_running_loop(), asyncio.Event()

        def hold() -> None:
            if threading.get_ident() != on_loop:
                loop.call_soon_threadsafe(at_work.set)
                assert go_on.wait(PATIENCE)

        on_loop = threading.get_ident()
        Watch(hold).install(ps_module, monkeypatch)
        reader = ps.MultipartReader(CONTENT_TYPE, coded(packed))
        part = await reader.next()
        task = asyncio.create_task(part.read(decode=True))
        await at_work.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await after(part, reader, packed)  # nothing is lost
        go_on.set()

    serving.run(main())


def test_trio_cancels_a_read_while_the_thread_works(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    async def main() -> None:
        at_work = trio.Event()

        def hold() -> None:
            if threading.get_ident() != on_loop:
                trio.from_thread.run_sync(at_work.set)
                assert go_on.wait(PATIENCE)

        on_loop = threading.get_ident()
        Watch(hold).install(ps_module, monkeypatch)
        reader = ps.MultipartReader(CONTENT_TYPE, coded(gzip.compress(LARGE)))
        part = await reader.next()
        with trio.fail_after(PATIENCE):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(functools.partial(part.read, decode=True))
                await at_work.wait()
                nursery.cancel_scope.cancel()
                go_on.set()  # a thread of trio is waited for
        await after(part, reader, b"")  # it was read to its end before trio cancelled

    trio.run(main)
