"""Parts that come while they are written: iterables, awaited or not."""

from __future__ import annotations

import array
import asyncio
import collections
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import Any

import anyio.lowlevel
import pytest
import trio
import trio.testing

from support.ways import (
    LOOPS,
    WAITING,
    WAYS,
    Sink,
    on_asyncio,
    on_trio,
    only_part,
    part,
)

Module = Callable[[str], ModuleType]
each_way = pytest.mark.parametrize("way", WAYS)
each_loop = pytest.mark.parametrize("loop", LOOPS)

LARGE = b"x" * 300_000
CHUNKS: list[Any] = [
    b"", b"a", bytearray(b"b"), memoryview(b"cd"), b"", memoryview(array.array("H", b"efgh")),
    memoryview(b"i?j?")[::2], LARGE, bytearray(LARGE), b"",
]  # fmt: skip
WHOLE = b"abcdefghij" + LARGE + LARGE


class Awaited:
    """Gives chunks, waiting before each; each ``async for`` over it starts anew.

    Attributes:
        open: how many of the generators have begun, and not ended.
    """

    def __init__(self, chunks: list[Any], error: Exception | None = None) -> None:
        self.chunks = chunks
        self.error = error
        self.open = 0

    async def __aiter__(self) -> AsyncIterator[Any]:
        self.open += 1
        try:
            for chunk in self.chunks:
                await anyio.lowlevel.checkpoint()
                yield chunk
            if self.error is not None:
                raise self.error
        finally:
            await anyio.lowlevel.cancel_shielded_checkpoint()
            self.open -= 1


class Taken:
    """The same without waiting.

    Attributes:
        threads: those that have taken a chunk.
    """

    def __init__(self, chunks: list[Any], error: Exception | None = None) -> None:
        self.chunks = chunks
        self.error = error
        self.open = 0
        self.threads: set[int] = set()

    def __iter__(self) -> Iterator[Any]:
        self.open += 1
        try:
            for chunk in self.chunks:
                self.threads.add(threading.get_ident())
                yield chunk
            if self.error is not None:
                raise self.error
        finally:
            self.open -= 1


#: What can be iterated, by whether it has to be awaited, and can be iterated again.
SOURCES: dict[str, tuple[Any, Callable[[Any], Any], bool, bool]] = {
    "async-iterable": (Awaited, lambda source: source, True, True),
    "async-generator": (Awaited, lambda source: source.__aiter__(), True, False),
    "iterable": (Taken, lambda source: source, False, True),
    "generator": (Taken, iter, False, False),
    "iterator": (Taken, lambda source: itertools.chain(source), False, False),
}
each_source = pytest.mark.parametrize("kind", SOURCES)
each_source_and_way = pytest.mark.parametrize(
    ("kind", "way"),
    [(kind, way) for kind in SOURCES for way in (WAITING if SOURCES[kind][2] else WAYS)],
)


def made(kind: str, *args: Any) -> tuple[Any, Any]:
    """Give a source, and what of it is appended."""
    cls, take, _, _ = SOURCES[kind]
    source = cls(*args)
    return source, take(source)


@each_source_and_way
def test_what_is_iterated_is_written_as_it_comes(ps: ModuleType, kind: str, way: str) -> None:
    source, value = made(kind, CHUNKS)
    headers, body = part(ps, value, way)
    assert body == WHOLE
    assert list(headers.items()) == [("Content-Type", "application/octet-stream")]
    assert source.open == 0


@each_source_and_way
def test_what_can_be_iterated_again_can_be_written_again(
    ps: ModuleType, kind: str, way: str
) -> None:
    _, value = made(kind, CHUNKS)
    writer = ps.MultipartWriter()
    payload = writer.append(value)
    first = WAYS[way](writer)
    assert payload.consumed is not SOURCES[kind][3]
    if SOURCES[kind][3]:
        assert WAYS[way](writer) == first
        return
    sink = Sink()
    for send in (lambda: writer.write(sink), lambda: anext(aiter(writer.abody()))):
        with pytest.raises(ValueError, match="has been written, or closed, and cannot be written"):
            on_asyncio(send)
    assert sink.chunks == []


@each_source_and_way
@pytest.mark.parametrize("error", [OSError("disk"), KeyError("x"), StopAsyncIteration("odd")])
def test_what_a_source_raises_passes_as_it_is(
    ps: ModuleType, kind: str, way: str, error: Exception
) -> None:
    if isinstance(error, StopAsyncIteration) and "async" in kind:
        error = RuntimeError("odd")  # what Python makes of it
    source, value = made(kind, [b"a", LARGE], error)
    writer = ps.MultipartWriter()
    writer.append(value)
    writer.append(b"never written")
    if isinstance(error, StopAsyncIteration) and way in WAITING:
        # It would look like the end.
        with pytest.raises(RuntimeError, match="raised StopAsyncIteration"):
            WAYS[way](writer)
        return
    with pytest.raises(type(error)) as raised:
        WAYS[way](writer)
    assert raised.value is error
    assert source.open == 0


@each_source
@each_loop
@pytest.mark.parametrize("fails_at", [0, 1, 2])
def test_a_source_is_closed_where_the_peer_is_gone(
    ps: ModuleType, kind: str, loop: str, fails_at: int
) -> None:
    source, value = made(kind, [LARGE] * 5)

    async def main() -> None:
        writer = ps.MultipartWriter()
        writer.append(value)
        error = ConnectionResetError("gone")
        with pytest.raises(ConnectionResetError) as raised:
            await writer.write(Sink(fails_at, error))
        assert raised.value is error
        del writer
        if kind != "iterator":  # which has nothing to close
            assert source.open == 0

    LOOPS[loop](main)


@pytest.mark.parametrize("kind", ["async-iterable", "async-generator"])
@each_loop
def test_a_pass_that_is_given_up_closes_its_generator(ps: ModuleType, kind: str, loop: str) -> None:
    source, value = made(kind, [LARGE] * 5)

    async def main() -> None:
        writer = ps.MultipartWriter()
        writer.append(value)
        pieces = aiter(writer.abody())
        assert await anext(pieces)
        assert await anext(pieces) == LARGE
        assert source.open == 1
        await pieces.aclose()
        assert source.open == 0
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)

    LOOPS[loop](main)


@pytest.mark.parametrize("kind", ["iterable", "generator"])
@pytest.mark.parametrize("dropped", [True, False])
def test_a_body_that_is_given_up_closes_its_generator(
    ps: ModuleType, kind: str, dropped: bool
) -> None:
    source, value = made(kind, [LARGE] * 5)
    writer = ps.MultipartWriter()
    writer.append(value)
    body = writer.body()
    assert body.read(200_000)
    assert source.open == 1
    if dropped:
        del body
    else:
        body.close()
    assert source.open == 0


@each_loop
def test_each_of_several_is_closed_though_one_fails(ps: ModuleType, loop: str) -> None:
    before, behind = Awaited([LARGE] * 2), Awaited([LARGE] * 5)
    closed = []

    class Failing:
        """Cannot be closed."""

        def __init__(self) -> None:
            self.left = 3

        def __aiter__(self) -> Failing:
            return self

        async def __anext__(self) -> bytes:
            self.left -= 1
            if not self.left:
                raise StopAsyncIteration
            return LARGE

        async def aclose(self) -> None:
            closed.append(self)
            raise OSError("cannot be closed")

    async def main() -> None:
        writer = ps.MultipartWriter()
        for value in (before, Failing(), Failing(), behind):
            writer.append(value)
        pieces = aiter(writer.abody())
        while behind.open == 0:
            await anext(pieces)
        with pytest.raises(OSError, match="cannot be closed"):
            await pieces.aclose()
        assert (before.open, len(closed), behind.open) == (0, 2, 0)

    LOOPS[loop](main)


def test_an_iterator_that_cannot_be_closed_will_do(ps: ModuleType) -> None:
    class Plain:
        def __init__(self) -> None:
            self.left = [b"a", b"", b"b"]

        def __aiter__(self) -> Plain:
            return self

        async def __anext__(self) -> bytes:
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop(0)

    assert part(ps, Plain(), "write-asyncio")[1] == b"ab"


@pytest.mark.parametrize("chunk", ["text", 1, None, ["x"]], ids=repr)
@each_source
def test_what_is_no_bytes_is_an_error(ps: ModuleType, kind: str, chunk: Any) -> None:
    source, value = made(kind, [b"a", chunk])
    with pytest.raises(TypeError, match=f"got {type(chunk).__name__} where bytes are expected"):
        part(ps, value, "write-asyncio")
    if kind != "iterator":  # which has nothing to close
        assert source.open == 0


@pytest.mark.parametrize("sort", [bytearray, memoryview])
@each_source_and_way
def test_a_source_may_fill_its_buffer_again_when_it_is_asked_for_more(
    ps: ModuleType, kind: str, way: str, sort: Any
) -> None:
    buffer = bytearray(3)

    class Filled(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            for letter in b"abcdef":
                buffer[:] = bytes([letter]) * 3
                yield sort(buffer) if sort is memoryview else buffer

    _, value = made(kind, Filled())
    assert part(ps, value, way)[1] == b"aaabbbcccdddeeefff"


def test_streams_of_trio_are_async_iterables(ps: ModuleType) -> None:
    async def main() -> None:
        sending, receiving = trio.testing.memory_stream_one_way_pair()
        writer = ps.MultipartWriter()
        writer.append(receiving, size=6)
        sink = Sink()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(writer.write, sink)
            await sending.send_all(b"abc")
            await sending.send_all(b"def")
            await sending.aclose()
        assert only_part(sink.data)[1] == b"abcdef"

    on_trio(main)


# What is awaited


@pytest.mark.parametrize("kind", ["async-iterable", "async-generator"])
def test_what_must_be_awaited_is_an_error_in_a_blocking_body_before_the_first_byte(
    ps: ModuleType, kind: str
) -> None:
    writer = ps.MultipartWriter()
    writer.append(b"before")
    payload = writer.append(made(kind, [b"a"])[1])
    body = writer.body()
    with pytest.raises(TypeError, match=r"abody\(\)"):
        body.read(1)
    with pytest.raises(TypeError, match=r"abody\(\)"):
        next(iter(writer.body()))
    assert not payload.consumed
    assert WAYS["write-trio"](writer).count(b"before") == 1


def test_what_was_read_with_as_bytes_is_kept(ps: ModuleType) -> None:
    source, value = made("async-generator", [b"a", LARGE])
    writer = ps.MultipartWriter()
    payload = writer.append(value)
    with pytest.raises(TypeError, match=r"as_bytes\(\)"):
        payload.decode()
    assert on_asyncio(payload.as_bytes) == on_asyncio(payload.as_bytes) == b"a" + LARGE
    assert payload.decode() == (b"a" + LARGE).decode()
    assert not payload.consumed
    for way in WAITING:
        assert only_part(WAYS[way](writer))[1] == b"a" + LARGE
    assert source.open == 0


# What is taken on a thread


@each_loop
@pytest.mark.parametrize("kind", ["iterable", "generator"])
def test_an_iterable_is_advanced_on_a_thread_where_an_event_loop_runs(
    ps: ModuleType, kind: str, loop: str
) -> None:
    source, value = made(kind, [LARGE] * 3)
    part(ps, value, f"write-{loop}")
    assert threading.get_ident() not in source.threads
    source, value = made(kind, [LARGE] * 3)
    part(ps, value, "iterated")
    assert source.threads == {threading.get_ident()}


@pytest.fixture
def hops(ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The calls that were made on a thread."""
    calls: list[Any] = []
    offload = ps_module("_passes").offload

    def counted(work: Any) -> Any:
        calls.append(work)
        return offload(work)

    monkeypatch.setattr(ps_module("_passes"), "offload", counted)
    return calls


class Clock:
    """Stands still, or goes on by a step each time that it is looked at."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


def test_small_chunks_do_not_go_to_a_thread_one_by_one(
    ps: ModuleType, ps_module: Module, hops: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ps_module("_payload_streams"), "time", Clock(0))
    assert part(ps, iter([b"ab"] * 50_000), "write-asyncio")[1] == b"ab" * 50_000
    assert len(hops) == 1
    part(ps, iter([LARGE] * 4), "write-asyncio")
    assert len(hops) <= 6  # as much as a block


def test_chunks_that_take_long_are_not_kept_waiting_for_the_next(
    ps: ModuleType, ps_module: Module, hops: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ps_module("_payload_streams"), "time", Clock(1))
    sink = Sink()
    writer = ps.MultipartWriter()
    writer.append(iter([b"one", b"two", b""]))
    on_asyncio(lambda: writer.write(sink))
    assert b"one" in sink.chunks
    assert b"two" in sink.chunks
    assert len(hops) == 4


def test_a_generator_that_a_thread_is_in_is_closed_by_that_thread(ps: ModuleType) -> None:
    """Where the pass is cancelled meanwhile, nobody else can."""
    begun, go_on = threading.Event(), threading.Event()
    ended: list[int] = []

    def chunks() -> Iterator[bytes]:
        try:
            begun.set()
            assert go_on.wait(20)
            yield LARGE
            yield LARGE
        finally:
            ended.append(threading.get_ident())

    generator = chunks()

    async def main() -> None:
        writer = ps.MultipartWriter()
        writer.append(generator)
        task = asyncio.ensure_future(writer.write(Sink()))
        await asyncio.to_thread(begun.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == []
        go_on.set()

    on_asyncio(main)  # which waits for its threads
    assert len(ended) == 1
    assert ended != [threading.get_ident()]
    assert generator.gi_frame is None


def test_what_an_iterable_gives_is_not_asked_for_before_it_is_written(ps: ModuleType) -> None:
    source = Taken([b"a"])
    writer = ps.MultipartWriter()
    writer.append(source)
    assert writer.size is None
    writer.body()
    assert source.threads == set()


@pytest.mark.parametrize("make", [collections.deque, lambda chunks: dict.fromkeys(chunks).keys()])
def test_other_collections_of_bytes_will_do(ps: ModuleType, make: Any) -> None:
    assert part(ps, make([b"a", b"b"]))[1] == b"ab"


def test_an_endless_iterable_is_never_held(ps: ModuleType) -> None:
    def forever() -> Iterator[bytes]:
        while True:
            yield LARGE

    generator = forever()
    writer = ps.MultipartWriter()
    writer.append(generator)
    with writer.body() as body:
        assert len(body.read(3_000_000)) == 3_000_000
    assert generator.gi_frame is None
