"""Every kind of stream that a reader takes without an adapter, the real ones of real libraries."""

from __future__ import annotations

import asyncio
import email.message
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType
from typing import Any

import aiohttp
import anyio
import httpx
import pytest
import trio
import trio.testing
from aiohttp.test_utils import make_mocked_request
from starlette.requests import Request

CONTENT_TYPE = "multipart/mixed; boundary=B"
BODY = b"--B\r\nContent-Type: text/plain\r\n\r\none\r\n--B\r\n\r\n\xfftwo\r\n--B--\r\n"
PARTS = [b"one", b"\xfftwo"]
PIECES = [BODY[:9], BODY[9:40], b"", BODY[40:]]


async def read(ps: ModuleType, content: Any, headers: Any = CONTENT_TYPE) -> list[bytes]:
    return [await part.read() async for part in ps.MultipartReader(headers, content)]


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


@pytest.mark.parametrize("content", [BODY, [BODY], None, 1], ids=["bytes", "list", "none", "int"])
def test_what_cannot_be_awaited_is_refused_with_a_remedy(ps: ModuleType, content: Any) -> None:
    with pytest.raises(TypeError, match="pass something with readany"):
        ps.MultipartReader(CONTENT_TYPE, content)


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

    with pytest.raises(TypeError, match="bytes"):
        asyncio.run(read(ps, text()))


def test_headers_of_the_standard_library(ps: ModuleType) -> None:
    headers = email.message.Message()
    headers["Content-Type"] = CONTENT_TYPE
    assert asyncio.run(read(ps, pieces(), headers)) == PARTS


def test_a_list_that_holds_no_pairs_is_refused(ps: ModuleType) -> None:
    with pytest.raises(TypeError, match="pairs of name and value"):
        ps.MultipartReader(["Content-Type"], pieces())
