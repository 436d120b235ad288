"""Threads: each with its own reader, form or writer, or rightly with one for all of them.

What they do is right or is refused, never wrong.  They take turns all the time, and under an
interpreter without a global lock (ci/free-threaded) they run at once.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.forms import CONTENT_TYPE
from support.threads import (
    DATA,
    FORM,
    MIXED,
    ROUNDS,
    THREADS,
    TYPE,
    at_once,
    written,
)  # fmt: skip

Module = Callable[[str], ModuleType]


pytestmark = pytest.mark.usefixtures("in_turns")


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


def test_writers(ps: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA * 20)
    expected = written(ps, path).body().read()
    assert DATA * 20 in expected
    all_right(lambda: written(ps, path).body().read(), expected)
    all_right(lambda: b"".join(written(ps, path).chunks()), expected)
    all_right(lambda: asyncio.run(written(ps, path).as_bytes()), expected, 4)


# One for all, rightly: what is written can be read by several threads, each with its own view


def test_one_writer_and_a_body_for_each_thread(ps: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA * 20)
    with path.open("rb") as file, io.StringIO("é" * 5000) as text:
        writer = written(ps, path)
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
