"""Payloads of one's own: what a ``write()`` may await and raise, and how it is given up."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from support.ways import LOOPS, WAITING, WAYS, Sink, on_asyncio, one_part, only_part, own

each_waiting = pytest.mark.parametrize("way", WAITING)
each_loop = pytest.mark.parametrize("loop", LOOPS)

LARGE = b"x" * 300_000


@each_waiting
def test_a_payload_that_only_writes_can_be_read_from(ps: ModuleType, way: str) -> None:
    async def write(self: Any, writer: Any) -> None:
        await writer.write(b"a")
        await writer.write(b"")
        await writer.write(bytearray(b"b"))
        await writer.write(memoryview(b"c?d?")[::2])
        await writer.drain()
        await writer.write(LARGE)
        await writer.write_eof(b"end")

    writer = one_part(ps, own(ps, write))
    first = WAYS[way](writer)
    headers, body = only_part(first)
    assert body == b"abcd" + LARGE + b"end"
    assert list(headers.items()) == [("Content-Type", "application/octet-stream")]
    assert WAYS[way](writer) == first


@each_waiting
def test_a_size_that_a_payload_of_ones_own_tells_is_checked(ps: ModuleType, way: str) -> None:
    async def write(self: Any, writer: Any) -> None:
        await writer.write(b"abc")

    for size in (3, 2, 4):
        writer = one_part(ps, own(ps, write, size=property(lambda self, size=size: size)))
        if size == 3:
            assert writer.size == len(WAYS[way](writer))
        else:
            with pytest.raises(ValueError, match="bytes announced"):
                WAYS[way](writer)


@each_loop
def test_a_payload_of_ones_own_may_await_anything(ps: ModuleType, loop: str) -> None:
    sleeps: list[str] = []
    told: list[bytes] = []

    async def write(self: Any, writer: Any) -> None:
        async with anyio.create_task_group() as group:
            for letter in "ab":
                await anyio.lowlevel.checkpoint()
                group.start_soon(self.sleep, letter)
                await writer.write(letter.encode())
        told.append("".join(sorted(sleeps)).encode())
        await writer.write(told[0])
        await writer.write(await anyio.to_thread.run_sync(lambda: LARGE))

    async def sleep(self: Any, letter: str) -> None:
        await anyio.lowlevel.checkpoint()
        sleeps.append(letter)

    writer = one_part(ps, own(ps, write, sleep=sleep))
    assert only_part(WAYS[f"write-{loop}"](writer))[1] == b"abab" + LARGE
    assert told == [b"ab"]


@each_waiting
@pytest.mark.parametrize("error", [OSError("mine"), StopAsyncIteration("mine")])
def test_what_a_payload_of_ones_own_raises_passes_as_it_is(
    ps: ModuleType, way: str, error: Exception
) -> None:
    ended = []

    async def write(self: Any, writer: Any) -> None:
        try:
            await writer.write(LARGE)
            await anyio.lowlevel.checkpoint()
            raise error
        finally:
            await anyio.lowlevel.cancel_shielded_checkpoint()
            ended.append(True)

    writer = one_part(ps, own(ps, write))
    with pytest.raises((OSError, RuntimeError)) as raised:
        WAYS[way](writer)
    # To the loop that reads the body, a StopAsyncIteration would be the end of it.
    assert error in (raised.value, raised.value.__cause__)
    assert ended == [True]


@each_loop
def test_what_a_payload_of_ones_own_does_when_it_is_given_up_is_awaited(
    ps: ModuleType, loop: str
) -> None:
    events: list[Any] = []

    @asynccontextmanager
    async def resource() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.lowlevel.checkpoint()
            events.append("closed")

    async def write(self: Any, writer: Any) -> None:
        async with resource():
            try:
                for _ in range(5):
                    await writer.write(LARGE)
            except GeneratorExit:
                events.append("given up")
                raise
            events.append("never")

    async def main() -> None:
        pieces = aiter(one_part(ps, own(ps, write)).abody())
        await anext(pieces)
        assert await anext(pieces) == LARGE
        await pieces.aclose()
        assert events == ["given up", "closed"]

    LOOPS[loop](main)


@each_loop
def test_who_writes_when_it_is_given_up_is_told_so(ps: ModuleType, loop: str) -> None:
    events: list[Any] = []

    async def write(self: Any, writer: Any) -> None:
        try:
            await writer.write(LARGE)
        finally:
            await anyio.lowlevel.checkpoint()
            try:
                await writer.write(b"footer")
            finally:
                events.append("closed")

    async def main() -> None:
        pieces = aiter(one_part(ps, own(ps, write)).abody())
        await anext(pieces)
        await anext(pieces)
        await pieces.aclose()
        assert events == ["closed"]

    LOOPS[loop](main)


def test_a_pass_that_was_never_begun_leaves_no_coroutine_behind(ps: ModuleType) -> None:
    async def write(self: Any, writer: Any) -> None:
        raise AssertionError("nobody asked for it")

    writer = one_part(ps, own(ps, write))
    with pytest.raises(TypeError, match=r"abody\(\)"):
        writer.body().read(1)
    on_asyncio(aiter(writer.abody()).aclose)
    del writer
    gc.collect()  # a coroutine that was never awaited would be a warning, and so an error


@each_waiting
def test_a_payload_of_ones_own_may_add_to_one_of_ours(ps: ModuleType, way: str) -> None:
    class Framed(ps.BytesPayload):  # type: ignore[name-defined,misc]
        async def write(self, writer: Any) -> None:
            await writer.write(b"<")
            await super().write(writer)
            await writer.write(b">")

        @property
        def size(self) -> int:
            return super().size + 2  # type: ignore[no-any-return]

    class Inner(Framed):
        pass

    for kind in (Framed, Inner):
        headers, body = only_part(WAYS[way](one_part(ps, kind(b"abc"))))
        assert (headers["Content-Length"], body) == ("5", b"<abc>")


@each_waiting
def test_a_payload_of_ones_own_may_have_only_write_with_length(ps: ModuleType, way: str) -> None:
    asked = []

    class Limited(ps.BytesPayload):  # type: ignore[name-defined,misc]
        async def write_with_length(self, writer: Any, content_length: int | None) -> None:
            asked.append(content_length)
            await super().write_with_length(writer, content_length)

    class Alone(ps.Payload):  # type: ignore[name-defined,misc]
        async def write_with_length(self, writer: Any, content_length: int | None) -> None:
            asked.append(content_length)
            await writer.write(b"abc")

    for kind in (Limited, Alone):
        assert only_part(WAYS[way](one_part(ps, kind(b"abc"))))[1] == b"abc"
    assert asked == [None, None]


@pytest.mark.parametrize("length", [None, 0, 1, 3, 4, 300_001, 400_000])
def test_write_with_length_writes_as_much_as_it_may(ps: ModuleType, length: int | None) -> None:
    class Own(ps.BytesPayload):  # type: ignore[name-defined,misc]
        async def write(self, writer: Any) -> None:
            await super().write(writer)

    data = b"abc" + LARGE
    for payload in (ps.BytesPayload(data), ps.get_payload([b"abc", LARGE])):
        sink = Sink()
        on_asyncio(lambda payload=payload, sink=sink: payload.write_with_length(sink, length))
        assert sink.data == data[:length]
        assert b"" not in sink.chunks  # which would be the end of a chunked body
    sink = Sink()
    on_asyncio(lambda: Own(data).write(sink))
    assert sink.data == data


def test_a_payload_without_write_says_what_is_missing(ps: ModuleType) -> None:
    async def write(self: Any, writer: Any) -> None:
        await ps.Payload.write(self, writer)

    payloads = [ps.Payload(None), type("Empty", (ps.Payload,), {})(None), own(ps, write)]
    for payload in payloads:
        with pytest.raises(NotImplementedError, match=r"must override write\(\)"):
            on_asyncio(lambda payload=payload: one_part(ps, payload).write(Sink()))


def test_a_payload_of_ones_own_that_is_text_need_only_decode_to_be_bytes(ps: ModuleType) -> None:
    async def write(self: Any, writer: Any) -> None:
        await writer.write(self.decode().encode())

    payload = own(ps, write, decode=lambda self, encoding="utf-8", errors="strict": "ö")
    assert on_asyncio(payload.as_bytes) == "ö".encode()
    assert on_asyncio(lambda: payload.as_bytes("latin-1")) == b"\xf6"


def test_what_a_payload_of_ones_own_writes_must_be_bytes(ps: ModuleType) -> None:
    async def write(self: Any, writer: Any) -> None:
        await writer.write("text")

    with pytest.raises(TypeError, match="got str where bytes are expected: encode it"):
        on_asyncio(lambda: one_part(ps, own(ps, write)).write(Sink()))


@each_waiting
def test_a_payload_of_ones_own_may_fill_its_buffer_again(ps: ModuleType, way: str) -> None:
    async def write(self: Any, writer: Any) -> None:
        buffer = bytearray(3)
        for letter in b"abc":
            buffer[:] = bytes([letter]) * 3
            await writer.write(memoryview(buffer))

    assert only_part(WAYS[way](one_part(ps, own(ps, write))))[1] == b"aaabbbccc"
