"""Readers that are interrupted at each place where they wait: nothing is lost, nothing stays open.

Each way of reading is run once for each such place, in which something is thrown: a cancellation,
a fault of the network, and the end of the event loop, which closes coroutines.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import random
import sys
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import Multipart, Part, body, nested_part
from support.waits import Interruption, Pausing, drive, left_at, pause, pausing

Module = Callable[[str], ModuleType]
Again = Callable[[Callable[[], Any]], Any]
Way = Callable[[Any, Again], Coroutine[Any, Any, list[Any]]]

TYPE = "multipart/mixed; boundary=B"
INFLATED = random.Random(7).randbytes(5000)  # so much that it is decoded on a thread
LINES = b"first\nsecond line\r\nlast"
JSON = b'{"a": [1, 2, 3], "b": "text"}'


def _part(data: bytes, *headers: tuple[str, str]) -> Part:
    return Part((("X-Size", str(len(data))), *headers), data)


PLAIN = body(
    Multipart(
        "B",
        [
            _part(LINES),
            _part(base64.b64encode(LINES), ("Content-Transfer-Encoding", "base64")),
            _part(b""),
            nested_part(Multipart("C", [_part(b"inner"), _part(LINES)])),
            _part(JSON, ("Content-Type", "application/json")),
        ],
        preamble=b"preamble",
    )
)
CODED = body(
    Multipart(
        "B",
        [
            _part(gzip.compress(INFLATED, mtime=0), ("Content-Encoding", "gzip")),
            _part(gzip.compress(JSON, mtime=0), ("Content-Encoding", "gzip")),
        ],
    )
)
DOCUMENTS = body(Multipart("B", [_part(JSON), _part(JSON)]))
PAIRS = body(Multipart("B", [_part(b"a=1&b=2"), _part(b"c=%C3%A9")]))
MESSAGES = body(Multipart("B", [_part(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nbody")] * 2))

END: Any = object()


# The ways to read, each of which tells what it has read


async def _each(reader: Any, again: Again, read: Callable[[Any], Any]) -> list[Any]:
    found: list[Any] = []
    while (part := await again(lambda: anext(reader, END))) is not END:
        if hasattr(part, "next") and not hasattr(part, "read"):
            found.append(await _each(part, again, read))
        else:
            found.append(await read(part))
    return found


def _with(method: str, **options: Any) -> Way:
    async def way(reader: Any, again: Again) -> list[Any]:
        return await _each(
            reader, again, lambda part: again(lambda: getattr(part, method)(**options))
        )

    return way


async def _iterated(reader: Any, again: Again) -> list[Any]:
    async def read(part: Any) -> bytes:
        pieces = []
        while (piece := await again(lambda: anext(part, END))) is not END:
            pieces.append(piece)
        return b"".join(pieces)

    return await _each(reader, again, read)


def _until_empty(method: str, **options: Any) -> Way:
    async def way(reader: Any, again: Again) -> list[Any]:
        async def read(part: Any) -> bytes:
            pieces = []
            while piece := await again(lambda: getattr(part, method)(**options)):
                pieces.append(piece)
            assert part.at_eof()
            return b"".join(pieces)

        return await _each(reader, again, read)

    return way


async def _lines(reader: Any, again: Again) -> list[Any]:
    async def read(part: Any) -> list[bytes]:
        lines = []
        while line := await again(part.readline):
            lines.append(line)
        return lines

    return await _each(reader, again, read)


async def _skipped(reader: Any, again: Again) -> list[Any]:
    """Go from part to part; what is left of each is skipped."""
    found: list[Any] = []
    while (part := await again(reader.next)) is not None:
        found.append(part.headers.get("X-Size"))
    return found


async def _mixed(reader: Any, again: Again) -> list[Any]:
    """Begin in one way, and go on in others."""

    async def read(part: Any) -> bytes:
        found = await again(lambda: part.read_chunk(3))
        found += await again(part.readline)
        found += await again(lambda: anext(part, b""))
        return found + await again(part.read)  # type: ignore[no-any-return]

    return await _each(reader, again, read)


async def _decoded(reader: Any, again: Again) -> list[Any]:
    """Decode while reading; a chunk that was interrupted amid its decoding is decoded anew."""

    async def read(part: Any) -> bytes:
        data = await again(part.read)

        async def decoded() -> bytes:
            return b"".join([piece async for piece in part.decode_iter(data)])

        return await again(decoded)  # type: ignore[no-any-return]

    return await _each(reader, again, read)


WAYS: dict[str, tuple[bytes, Way]] = {
    "iterated": (PLAIN, _iterated),
    "read": (PLAIN, _with("read")),
    "next": (PLAIN, _with("next")),
    "read decoded": (CODED, _with("read", decode=True)),
    "read_chunk": (PLAIN, _until_empty("read_chunk", size=5)),
    "read_chunk, large": (PLAIN, _until_empty("read_chunk")),
    "readline": (PLAIN, _lines),
    "text": (PLAIN, _with("text")),
    "json": (DOCUMENTS, _with("json")),
    "form": (PAIRS, _with("form")),
    "http": (MESSAGES, _with("http")),
    "release": (PLAIN, _with("release")),
    "skipped": (PLAIN, _skipped),
    "mixed": (PLAIN, _mixed),
    "decode_iter": (CODED, _decoded),
}
each_way = pytest.mark.parametrize("way", WAYS)


def _chunks(way: str, size: int = 11) -> list[bytes]:
    data = WAYS[way][0]
    return chunking.pieces(data, 600 if data is CODED else size)


@pytest.fixture(autouse=True)
def _threads_that_pause(ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a thread be waited for before it has begun, and when it is done."""

    async def offload(work: Callable[[], Any]) -> Any:
        await pause()
        result = work()
        await pause()
        return result

    monkeypatch.setattr(ps_module("reader"), "offload", offload)


def _read(ps: ModuleType, way: str, source: Any, stop: Interruption) -> Any:
    reader = ps.MultipartReader(TYPE, source)
    return drive(WAYS[way][1](reader, stop.again), stop)


@each_way
@pytest.mark.parametrize("error", [asyncio.CancelledError, ConnectionResetError])
def test_nothing_is_lost_wherever_it_is_interrupted(
    ps: ModuleType, way: str, error: type[BaseException]
) -> None:
    """The same call, made again, gives what it would have given."""
    chunks = _chunks(way)
    expected = _read(ps, way, Pausing(chunks), Interruption(-1, error()))
    at, stop = 0, Interruption(-1, error())
    while stop.reached or not at:
        stop = Interruption(at, error("stopped here"))
        source = Pausing(chunks)
        assert _read(ps, way, source, stop) == expected, at
        assert not source.left
        at += 1
    assert at > len(chunks)


@each_way
@pytest.mark.parametrize("error", [asyncio.CancelledError, ConnectionResetError])
def test_a_generator_that_is_interrupted_has_ended(
    ps: ModuleType, way: str, error: type[BaseException]
) -> None:
    """It cannot be asked again: that is said, and what was read before was right."""
    chunks = _chunks(way, 23)
    expected = _read(ps, way, pausing(chunks), Interruption(-1, error()))
    assert expected
    at, stop = 0, Interruption(-1, error())
    while stop.reached or not at:
        stop = Interruption(at, error("stopped here"))
        ended: list[bool] = []
        refusal = ValueError if error is asyncio.CancelledError else ConnectionResetError
        try:
            found = _read(ps, way, pausing(chunks, ended), stop)
        except refusal as refused:
            if "interrupted" not in str(refused):
                stop.same(refused)
        else:  # not reached; or on a thread, which takes nothing of the source
            assert found == expected
        assert ended == [True], "the generator stays open"
        at += 1
    assert at > len(chunks)


@each_way
def test_a_coroutine_is_closed_wherever_it_waits(ps: ModuleType, way: str) -> None:
    """Where a loop ends, nothing is waited for; the reader is as usable as its source."""
    chunks = _chunks(way)
    at, reached = 0, True

    async def once(call: Callable[[], Any]) -> Any:
        return await call()

    while reached:
        source = Pausing(chunks)
        reader = ps.MultipartReader(TYPE, source)
        reached = left_at(WAYS[way][1](reader, once), at)
        drive(reader.release())
        assert reader.at_eof()
        assert not source.left
        at += 1
    assert at > len(chunks)


@each_way
def test_a_generator_is_closed_with_the_coroutine_that_waits_in_it(
    ps: ModuleType, way: str
) -> None:
    """Before CPython 3.13 it counts as running, and is closed when nobody refers to it."""
    at, reached = 0, True

    async def once(call: Callable[[], Any]) -> Any:
        return await call()

    while reached:
        ended: list[bool] = []
        reader = ps.MultipartReader(TYPE, pausing(_chunks(way, 23), ended))
        reached = left_at(WAYS[way][1](reader, once), at)
        drive(reader.aclose())
        if sys.version_info < (3, 13):
            del reader
        assert ended == [True]
        at += 1
    assert at > 3


# What is around a reader


class _Response:
    """What a client gives: released once, and not before the end."""

    headers = {"Content-Type": TYPE}  # noqa: RUF012

    def __init__(self, chunks: list[bytes]) -> None:
        self.content = Pausing(chunks)
        self.released = 0
        self.content.at_eof = lambda: not self.content.left  # type: ignore[attr-defined]

    async def release(self) -> None:
        await pause()
        self.released += 1


def test_a_response_is_read_on_wherever_it_is_interrupted(ps: ModuleType) -> None:
    chunks = _chunks("read")
    expected = _read(ps, "read", Pausing(chunks), Interruption(-1, KeyError()))
    at, stop = 0, Interruption(-1, asyncio.CancelledError())
    while stop.reached or not at:
        stop = Interruption(at, asyncio.CancelledError("stopped here"))
        response = _Response(chunks)
        wrapper = ps.MultipartReader.from_response(response)

        async def main(wrapper: Any = wrapper, stop: Interruption = stop) -> Any:
            found = await _with("read")(wrapper, stop.again)
            await stop.again(wrapper.release)
            return found

        assert drive(main(), stop) == expected
        assert response.released
        at += 1
    assert at > len(chunks)


@pytest.mark.parametrize("size", [3, 64])
def test_a_part_by_itself_is_read_on_wherever_it_is_interrupted(ps: ModuleType, size: int) -> None:
    data = LINES * 5
    chunks = chunking.pieces(data + b"\r\n--B\r\nnext", size)
    at, stop = 0, Interruption(-1, asyncio.CancelledError())
    while stop.reached or not at:
        stop = Interruption(at, asyncio.CancelledError())
        source = Pausing(chunks)
        given: list[bytes] = []
        source.unread_data = given.append  # type: ignore[attr-defined]
        part = ps.BodyPartReader(b"--B", {}, source)
        found = drive(_collected(part, stop.again), stop)
        assert found == data
        assert b"".join(given + source.left) == b"--B\r\nnext"
        at += 1
    assert at > 1


async def _collected(part: Any, again: Again) -> bytes:
    pieces = []
    while piece := await again(part.read_chunk):
        pieces.append(piece)
    return b"".join(pieces)


def test_an_asgi_receive_is_asked_again(ps: ModuleType) -> None:
    """An event that was received is not lost, as nothing is awaited behind it."""
    chunks = _chunks("read")
    expected = _read(ps, "read", Pausing(chunks), Interruption(-1, KeyError()))
    at, stop = 0, Interruption(-1, asyncio.CancelledError())
    while stop.reached or not at:
        stop = Interruption(at, asyncio.CancelledError())
        left = list(chunks)

        async def receive(left: list[bytes] = left) -> dict[str, Any]:
            await pause()
            body = left.pop(0) if left else b""
            return {"type": "http.request", "body": body, "more_body": bool(left)}

        assert _read(ps, "read", receive, stop) == expected
        at += 1
    assert at > len(chunks)
