"""What a multipart can be written onto: real streams of asyncio, trio, anyio and aiohttp."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest
import trio
import trio.testing
from aiohttp import ClientSession, web

from support import serving
from support.serving import run
from support.writing import AsyncOnly, Files, Recorder, data_of, made


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    with Files(tmp_path) as found:
        yield found


@pytest.fixture
def large(ps: ModuleType, files: Files) -> Any:
    """A writer of more than any buffer holds, of every kind that is written differently."""
    return made(ps, "small", files.path(b"p" * 3_000_000), b"b" * 3_000_000, AsyncOnly(b"a", b"b"))


def test_it_is_written_onto_a_stream_of_asyncio(large: Any) -> None:
    async def main() -> bytes:
        received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.set_result(await reader.read())
            writer.close()

        async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            await large.write(writer)
            writer.close()
            await writer.wait_closed()
            return await received

    assert run(main()) == data_of(large)


def test_it_is_written_onto_a_stream_of_trio(large: Any) -> None:
    async def main() -> bytes:
        received = bytearray()
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")

        async def take() -> None:
            async with await listener.accept() as stream, listener:
                async for chunk in stream:
                    received.extend(chunk)

        with trio.fail_after(serving.PATIENCE):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(take)
                async with await trio.testing.open_stream_to_socket_listener(listener) as stream:
                    await large.write(stream)
        return bytes(received)

    assert trio.run(main) == data_of(large)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_is_written_onto_a_stream_of_anyio(large: Any, backend: str) -> None:
    async def main() -> bytes:
        received = bytearray()
        done = anyio.Event()

        async def take(stream: Any) -> None:
            async with stream:
                async for chunk in stream:
                    received.extend(chunk)
            done.set()

        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            port = listener.extra(anyio.abc.SocketAttribute.local_port)
            with anyio.fail_after(serving.PATIENCE):
                async with anyio.create_task_group() as group:
                    group.start_soon(listener.serve, take)
                    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                        await large.write(stream)
                    await done.wait()
                    group.cancel_scope.cancel()
        return bytes(received)

    assert anyio.run(main, backend=backend) == data_of(large)


def test_it_is_written_onto_a_response_of_aiohttp(large: Any) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=large.headers)
        await response.prepare(request)
        await large.write(response)
        return response

    async def main() -> bytes:
        async with (
            serving.aiohttp_server(handle) as url,
            ClientSession() as session,
            session.get(url) as response,
        ):
            return await response.read()

    assert run(main()) == data_of(large)


def test_it_is_written_onto_anything_with_a_write_that_is_not_awaited(large: Any) -> None:
    file = io.BytesIO()
    run(large.write(file))
    assert file.getvalue() == data_of(large)


def test_what_nothing_can_be_written_onto_is_refused_before_the_first_byte(ps: ModuleType) -> None:
    writer = made(ps, iter([b"x"]))
    with socket.socket() as plain:
        for thing in (plain, object(), None, b"", iter([])):
            with pytest.raises(TypeError, match="cannot write onto"):
                run(writer.write(thing))
    assert not writer.consumed


def test_at_most_so_many_bytes_are_written_as_a_length_allows(ps: ModuleType) -> None:
    writer = made(ps, b"x" * 100_000)
    data = data_of(writer)
    for most in (0, 1, 70_000, len(data), len(data) + 1, None):
        recorder = Recorder()
        run(writer.write_with_length(recorder, most))
        assert recorder.data == data[:most]
        assert b"" not in recorder.pieces
