"""Threads: each with its own reader, form or writer, or by mistake with one for all of them.

What they do is right or is refused, never wrong.  They take turns all the time, and under an
interpreter without a global lock (ci/free-threaded) they run at once.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import random
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import Multipart, Part, body, field_part, file_part, form, nested_part
from support.forms import CONTENT_TYPE, nothing_left

Module = Callable[[str], ModuleType]

THREADS = 4
ROUNDS = 12
TYPE = "multipart/mixed; boundary=B"
DATA = random.Random(3).randbytes(9000)
MIXED = body(
    Multipart(
        "B",
        [
            Part((("X-A", "1"),), b"plain"),
            nested_part(Multipart("C", [Part((), b"inner"), Part((("X-Odd", "a\r\n b"),), b"2")])),
            Part(
                (("Content-Transfer-Encoding", "base64"), ("Content-Encoding", "gzip")),
                base64.b64encode(gzip.compress(DATA, mtime=0)),
            ),
            Part((), DATA),
        ],
    )
)
FORM = form(
    field_part("a", b"1"), file_part("f", "f", DATA), field_part("b", "é".encode()),
    file_part("g", "g", DATA * 3), file_part("s", "s", b"small"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let threads take turns all the time, and see to it that nothing is left open."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with nothing_left(folder, monkeypatch):
            yield
    finally:
        sys.setswitchinterval(interval)


def at_once(work: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """Do work on several threads that start together; give what each gave, or raised."""
    barrier = threading.Barrier(threads)
    found: list[Any] = [None] * threads

    def run(number: int) -> None:
        barrier.wait()
        try:
            found[number] = work(number)
        except BaseException as error:
            found[number] = error

    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def all_right(work: Callable[[], Any], expected: Any, rounds: int = ROUNDS) -> None:
    """See to it that threads, each by itself, get what is right."""

    def many(number: int) -> None:
        for _ in range(rounds):
            found = work()
            assert found == expected, number

    for outcome in at_once(many):
        if outcome is not None:
            raise outcome


# Each with its own


def _events(ps: ModuleType, chunks: list[bytes]) -> list[Any]:
    parser = ps.MultipartParser("B", subtype="mixed", nested=True)
    found: list[Any] = []
    for events in [*map(parser.feed, chunks), parser.close()]:
        for event in events:
            if isinstance(event, ps.PartBegin):
                found.append((event.name, tuple(event.headers.items()), event.offset))
            elif isinstance(event, bytes) and found and isinstance(found[-1], bytes):
                found[-1] += event
            else:
                found.append(event)
    return found


@pytest.mark.parametrize("size", [7, 1000])
def test_parsers(ps: ModuleType, size: int) -> None:
    chunks = chunking.pieces(MIXED, size)
    expected = _events(ps, [MIXED])
    assert DATA in expected
    all_right(lambda: _events(ps, chunks), expected, 3 if size == 7 else ROUNDS)


def _all_parts(reader: Any) -> list[Any]:
    return [
        _all_parts(part) if hasattr(part, "fetch_next_part") else part.read(decode=True)
        for part in reader
    ]


READ = [b"plain", [b"inner", b"2"], DATA, DATA]


def test_readers(ps: ModuleType) -> None:
    chunks = chunking.pieces(MIXED, 700)
    all_right(lambda: _all_parts(ps.sync.MultipartReader(TYPE, iter(chunks))), READ)


def test_readers_on_event_loops(ps: ModuleType) -> None:
    """Each thread with a loop of its own, which has threads that decode."""

    async def source() -> AsyncIterator[bytes]:
        for chunk in chunking.pieces(MIXED, 700):
            await asyncio.sleep(0)
            yield chunk

    async def parts(reader: Any) -> list[Any]:
        return [
            await parts(part) if hasattr(part, "fetch_next_part") else await part.read(decode=True)
            async for part in reader
        ]

    async def main() -> list[Any]:
        return await parts(ps.MultipartReader(TYPE, source()))

    all_right(lambda: asyncio.run(main()), READ, 4)


FILES = {"f": DATA, "g": DATA * 3, "s": b"small"}


def test_forms(ps: ModuleType) -> None:
    limits = ps.Limits(max_spool_size=100)
    chunks = chunking.pieces(FORM, 3000)

    def parsed() -> Any:
        with ps.sync.parse_form(CONTENT_TYPE, iter(chunks), limits=limits) as got:
            return dict(got.fields), {name: file.read() for name, file in got.files.items()}

    all_right(parsed, ({"a": "1", "b": "é"}, FILES))


def test_forms_on_event_loops(ps: ModuleType) -> None:
    limits = ps.Limits(max_spool_size=100)

    async def source() -> AsyncIterator[bytes]:
        for chunk in chunking.pieces(FORM, 3000):
            await asyncio.sleep(0)
            yield chunk

    async def main() -> Any:
        async with ps.parse_form(CONTENT_TYPE, source(), limits=limits) as got:
            return {name: await file.read() for name, file in got.files.items()}

    all_right(lambda: asyncio.run(main()), FILES, 4)


def _writer(ps: ModuleType, path: Path) -> Any:
    writer = ps.MultipartWriter("form-data", "B")
    writer.append_fields([("a", "1"), ("b", "é")])
    writer.append(DATA, name="f", filename="f")
    writer.append(path, name="g", filename="g")
    return writer


def test_writers(ps: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA * 20)
    expected = _writer(ps, path).body().read()
    assert DATA * 20 in expected
    all_right(lambda: _writer(ps, path).body().read(), expected)
    all_right(lambda: b"".join(_writer(ps, path).chunks()), expected)
    all_right(lambda: asyncio.run(_writer(ps, path).as_bytes()), expected, 4)


# One for all, rightly: what is written can be read by several threads, each with its own view


def test_one_writer_and_a_body_for_each_thread(ps: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA * 20)
    with path.open("rb") as file, io.StringIO("é" * 5000) as text:
        writer = _writer(ps, path)
        writer.append(file, name="open", filename="open")
        writer.append(io.BytesIO(DATA), name="memory", filename="memory")
        writer.append(text, name="text", filename="text")
        expected = writer.body().read()
        assert "é".encode() * 5000 in expected
        all_right(lambda: writer.body().read(), expected)
        all_right(lambda: b"".join(writer.chunks()), expected)
        all_right(lambda: asyncio.run(writer.as_bytes()), expected, 4)


def test_one_uploaded_file(ps: ModuleType) -> None:
    """Each of its methods is done as a whole, one after the other."""
    with ps.sync.parse_form(CONTENT_TYPE, FORM, limits=ps.Limits(max_spool_size=100)) as got:
        file = got.files["g"]
        found = at_once(lambda _: [file.read(1000) for _ in range(len(DATA) // 1000)])
        pieces = [piece for pieces in found for piece in pieces if piece]
        whole = chunking.pieces(DATA * 3, 1000)
        assert sorted(pieces) == sorted(whole)


def test_one_form_is_closed_by_all(ps: ModuleType) -> None:
    for _ in range(ROUNDS):
        got = ps.sync.parse_form(CONTENT_TYPE, FORM, limits=ps.Limits(max_spool_size=100))
        assert at_once(lambda _, got=got: got.close()) == [None] * THREADS
        assert all(file.closed for file in got.files.values())


def test_one_event_is_looked_at_by_all(ps: ModuleType) -> None:
    """What is made when somebody asks for it is made for all."""
    head = b'--B\r\nContent-Disposition: form-data; name="n"; filename="f"\r\n' + (
        b"Content-Type: text/plain; x=y\r\nX-A: 1\r\n\r\n"
    )
    for _ in range(ROUNDS * 3):
        (event,) = ps.MultipartParser("B").feed(head)

        def look(_: int, event: Any = event) -> Any:
            headers = dict(event.headers)
            return event.name, event.filename, event.content_type, headers["X-A"]

        assert at_once(look) == [("n", "f", "text/plain", "1")] * THREADS


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


def _refused(found: list[Any], word: str) -> list[str]:
    """Give what was refused; anything else that was raised is a failure."""
    refusals = [outcome for outcome in found if isinstance(outcome, BaseException)]
    for refusal in refusals:
        if type(refusal) is not ValueError or word not in str(refusal):
            raise refusal
    return [str(refusal) for refusal in refusals]


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
                _refused([error], "another thread")
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

    def read(_: int) -> list[bytes]:
        given: list[bytes] = []
        while True:
            try:
                piece = getattr(part, method)()
            except StopIteration:
                return given
            except ValueError as error:
                _refused([error], "another thread")
                continue
            if not piece:
                return given
            given.append(piece)

    found = at_once(read)
    assert _refused(found, "another thread") == []
    pieces = [piece for pieces in found for piece in pieces]
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
                _refused([error], "another thread")

    found = at_once(read)
    assert _refused(found, "another thread") == []
    numbers = [int(number) for numbers in found for number in numbers]
    assert sorted(numbers) == list(range(count))


def test_one_file_that_arrives(ps: ModuleType) -> None:
    lines = [b"line %d\n" % number for number in range(1000)]
    data = form(file_part("f", "f", b"".join(lines)))

    def on_file(part: Any) -> list[bytes]:
        def read(_: int) -> list[bytes]:
            given: list[bytes] = []
            while True:
                try:
                    piece = part.read_chunk(50)
                except ValueError as error:
                    _refused([error], "another thread")
                    continue
                if not piece:
                    return given
                given.append(piece)

        found = at_once(read)
        assert _refused(found, "another thread") == []
        return [piece for pieces in found for piece in pieces]

    source = _Slow(chunking.pieces(data, 64))
    with ps.sync.parse_form(CONTENT_TYPE, source, on_file=on_file) as got:
        assert sorted(b"".join(got.files["f"])) == sorted(b"".join(lines))


@pytest.mark.parametrize("way", ["read", "readinto", "iterated"])
def test_one_body(ps: ModuleType, tmp_path: Path, way: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA * 800)
    view = _writer(ps, path).body()
    expected = _writer(ps, path).body().read()
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
                _refused([error], "another thread")
        return given

    with view:
        found = at_once(read)
        assert _refused(found, "another thread") == []
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
