"""Threads and tasks with one reader, parser or body for all of them, by mistake or to close it.

What they do is right or is refused, never wrong; see test_threads.py.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import file_part, form
from support.forms import CONTENT_TYPE
from support.threads import (
    DATA,
    MIXED,
    ROUNDS,
    THREADS,
    TYPE,
    at_once,
    pieces_at_once,
    refused,
    written,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("in_turns")


# One that is closed while it is read


def _closed_amid(close: Callable[[], None], chunks: list[bytes]) -> Iterator[bytes]:
    """Give all chunks; before the second one another thread closes the reader."""
    yield chunks[0]
    assert at_once(lambda _: close(), 1) == [None]
    yield from chunks[1:]


@pytest.mark.parametrize("generator", [True, False], ids=["generator", "iterator"])
@pytest.mark.parametrize("way", ["reader", "response"])
def test_a_reader_that_another_thread_closes(ps: ModuleType, way: str, generator: bool) -> None:
    """Whoever waits for bytes is told when they come, and closes the generator."""
    chunks = [MIXED[:60], MIXED[60:]]
    source = _closed_amid(lambda: closer(), chunks)
    reader = ps.sync.MultipartReader(TYPE, source if generator else _Each(source))
    response = io.BytesIO()
    wrapper = ps.sync.MultipartResponseWrapper(response, reader)
    closer = reader.close if way == "reader" else wrapper.release
    next(reader)
    if way == "reader":
        with pytest.raises(ValueError, match="this reader was closed before its end"):
            list(reader)
        with pytest.raises(ValueError, match="this reader was closed before its end"):
            next(reader)
    else:  # the body goes on as far as the response gives it
        assert len(list(reader)) == 3
        assert response.closed
    assert (source.gi_frame is None) == generator
    reader.close()
    source.close()


class _Each:
    """An iterator that is no generator: it is left as it is."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)


def test_a_reader_that_some_read_and_some_close(ps: ModuleType) -> None:
    """The generator is closed, whoever comes to it."""
    chunks = chunking.pieces(MIXED, 700)
    for _ in range(ROUNDS * 3):
        source = (chunk for chunk in chunks)
        reader = ps.sync.MultipartReader(TYPE, source)

        def work(number: int, reader: Any = reader) -> None:
            if number < 2:
                list(reader)
            else:
                reader.close()

        for outcome in at_once(work):
            if outcome is not None:
                assert type(outcome) is ValueError
                assert "another thread" in str(outcome) or "was closed" in str(outcome)
        assert source.gi_frame is None


def test_a_reader_that_another_thread_closes_where_no_bytes_are_wanted(ps: ModuleType) -> None:
    """The thread that has the turn closes the generator, also where it asks for nothing."""
    parts: list[Any] = []

    class Reader(ps.sync.MultipartReader):  # type: ignore[misc,name-defined]
        def _get_part_reader(self, headers: Any) -> Any:
            parts.append(super()._get_part_reader(headers))
            if len(parts) == 2:
                assert at_once(lambda _: reader.close(), 1) == [None]
            return parts[-1]

    source = (chunk for chunk in [MIXED[:-20], MIXED[-20:]])
    reader = Reader(TYPE, source)
    assert [next(reader), next(reader)] == parts
    assert source.gi_frame is None
    with pytest.raises(ValueError, match="this reader was closed before its end"):
        next(reader)


@pytest.mark.parametrize("way", ["reader", "response"])
def test_a_reader_that_another_task_closes(ps: ModuleType, way: str) -> None:
    ended = []

    async def source() -> AsyncIterator[bytes]:
        try:
            yield MIXED[:60]
            await asyncio.ensure_future(closer())
            yield MIXED[60:]
            ended.append("read")
        finally:
            ended.append("closed")

    async def main() -> None:
        async for part in reader:
            await part.release()

    reader = ps.MultipartReader(TYPE, source())
    response = io.BytesIO()
    wrapper = ps.MultipartResponseWrapper(response, reader)
    closer = reader.aclose if way == "reader" else wrapper.release
    if way == "reader":
        with pytest.raises(ValueError, match="this reader was closed before its end"):
            asyncio.run(main())
    else:
        asyncio.run(main())
        assert response.closed
    assert ended == ["closed"]


# One for all, by mistake


def test_one_parser(ps: ModuleType) -> None:
    """A chunk is parsed as a whole, or refused, whoever else is at it."""
    parser = ps.MultipartParser("B", subtype="mixed")
    assert parser.feed(b"--B\r\n\r\n") != []
    chunk = b"1\r\n--B\r\nX-Odd: a\r\n b\r\nContent-Type: text/plain\r\n\r\n" * 20

    def feed(_: int) -> list[Any]:
        given = []
        for _round in range(40):
            try:
                given.append(list(parser.feed(chunk)))
            except ValueError as error:
                refused([error], "another thread")
        return given

    taken = []
    for outcome in at_once(feed):
        if isinstance(outcome, BaseException):
            raise outcome
        taken += outcome
    kinds = [[type(event) for event in events] for events in taken]
    assert all(kind == [bytes, ps.PartEnd, ps.PartBegin] * 20 for kind in kinds)
    begins = sorted(event.offset for events in taken for event in events[2::3])
    assert len(set(begins)) == len(begins) == 20 * len(taken)
    assert [type(event) for event in parser.feed(b"end\r\n--B--")] == [bytes, ps.PartEnd]
    assert parser.close() == []


class _Slow:
    """A source in which a thread is found by the others."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.left = chunks
        self.inside = 0

    def read(self, size: int) -> bytes:
        self.inside += 1
        assert self.inside == 1, "two threads are reading the source"
        data = self.left.pop(0) if self.left else b""
        self.inside -= 1
        return data


@pytest.mark.parametrize("method", ["read_chunk", "readline", "__next__", "read"])
def test_one_part(ps: ModuleType, method: str) -> None:
    """What a thread is given is right, and no byte is given twice or lost."""
    lines = [b"line %d\n" % number for number in range(1000)]
    data = b"--B\r\n\r\n" + b"".join(lines) + b"\r\n--B--"
    part = next(ps.sync.MultipartReader(TYPE, _Slow(chunking.pieces(data, 64))))

    def read() -> bytes:
        return next(part, b"") if method == "__next__" else getattr(part, method)()

    pieces = pieces_at_once(read)
    if method == "readline":
        assert sorted(pieces) == sorted(lines)
    assert sorted(b"".join(pieces)) == sorted(b"".join(lines))
    assert part.at_eof()


def test_one_reader(ps: ModuleType) -> None:
    """Each part is given once; whoever asks while another one does is told so."""
    count = 400
    data = b"".join(b"--B\r\nX-N: %d\r\n\r\n%d\r\n" % (n, n) for n in range(count)) + b"--B--"
    reader = ps.sync.MultipartReader(TYPE, _Slow(chunking.pieces(data, 100)))

    def read(_: int) -> list[str]:
        given: list[str] = []
        while True:
            try:
                part = reader.next()
                if part is None:
                    return given
                given.append(part.headers["X-N"])
                data = part.read()
                assert data in (b"", given[-1].encode())  # another one has gone on
            except ValueError as error:
                refused([error], "another thread")

    found = at_once(read)
    assert refused(found, "another thread") == []
    numbers = [int(number) for numbers in found for number in numbers]
    assert sorted(numbers) == list(range(count))


def test_one_file_that_arrives(ps: ModuleType) -> None:
    lines = [b"line %d\n" % number for number in range(1000)]
    data = form(file_part("f", "f", b"".join(lines)))

    def on_file(part: Any) -> list[bytes]:
        return pieces_at_once(lambda: part.read_chunk(50))

    source = _Slow(chunking.pieces(data, 64))
    with ps.sync.parse_form(CONTENT_TYPE, source, on_file=on_file) as got:
        assert sorted(b"".join(got.files["f"])) == sorted(b"".join(lines))


@pytest.mark.parametrize("way", ["read", "readinto", "iterated"])
def test_one_body(ps: ModuleType, tmp_path: Path, way: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA * 800)
    view = written(ps, path).body()
    expected = written(ps, path).body().read()
    largest = 1 << 20
    # Behind its end, a body starts anew: each thread may be about to read one piece more.
    near = len(expected) - (THREADS + 1) * largest
    assert near > 0

    def read(_: int) -> list[bytes]:
        given: list[bytes] = []
        while view.tell() < near:
            try:
                given.append(_piece(view, way))
            except ValueError as error:
                refused([error], "another thread")
        return given

    with view:
        found = at_once(read)
        assert refused(found, "another thread") == []
        pieces = [piece for pieces in found for piece in pieces]
        assert max(map(len, pieces)) <= largest
        whole = b"".join([*pieces, view.read()])
    assert len(whole) == len(expected)
    assert [whole.count(byte) for byte in range(256)] == [expected.count(n) for n in range(256)]


def _piece(view: Any, way: str) -> bytes:
    if way == "iterated":
        return next(iter(view), b"")
    if way == "read":
        return view.read(5000)  # type: ignore[no-any-return]
    buffer = bytearray(5000)
    return bytes(buffer[: view.readinto(buffer)])


def test_one_pass_for_two_tasks(ps: ModuleType, tmp_path: Path) -> None:
    """One is refused: the answer that it would take is what the other waits for."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0)
            yield b"chunk"

    async def main() -> bytes:
        writer = ps.MultipartWriter("mixed", "B")
        writer.append(chunks())
        pieces = aiter(writer.abody())
        found = []
        refused = 0

        async def take() -> None:
            found.append(b"".join([piece async for piece in pieces]))

        task = asyncio.ensure_future(take())
        while not task.done():
            await asyncio.sleep(0)
            if not task.done():
                for call in (pieces.__anext__, pieces.aclose):
                    with pytest.raises(ValueError, match="another task"):
                        await call()
                    refused += 1
        await task
        assert refused > 2
        return found[0]

    data = asyncio.run(main())
    assert data.endswith(b"chunkchunkchunk\r\n--B--\r\n")
