"""A multipart as a body: read, sought, iterated and awaited as clients do, and told about."""

from __future__ import annotations

import gc
import io
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trio

from support.effort import rounds
from support.running import run
from support.writing import (
    KINDS,
    AsyncOnly,
    Files,
    Leaf,
    Node,
    Recorder,
    build,
    data_of,
    descriptors,
    drained,
    made,
)

Module = Callable[[str], ModuleType]

SEEKABLE = [
    name for name, kind in KINDS.items() if kind.sized and not kind.once and not kind.awaits
]


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    with Files(tmp_path) as found:
        yield found


@pytest.fixture
def seekable(ps: ModuleType, ps_module: Module, files: Files) -> Any:
    """A writer of every kind of part in which one can go to any place."""
    base64 = {"Content-Transfer-Encoding": "base64"}
    leaves = [Leaf(kind, b"some bytes") for kind in SEEKABLE]
    inner = Node("mixed", "I", [Leaf("Path", b"in" * 40, base64), Leaf("bytes", b"")])
    return build(Node("mixed", "B", [*leaves, inner]), ps, ps_module("sync"), files)


# Reading.


@pytest.mark.parametrize("size", [1, 2, 7, 65536, -1, None])
def test_read_gives_just_so_many_bytes_until_the_end(
    ps: ModuleType, files: Files, size: int | None
) -> None:
    writer = made(ps, b"a" * 30_000, files.path(b"p" * 300_001), ["b" * 9 and b"c", b"d"])
    data = data_of(writer)
    body, same = writer.body(), io.BytesIO(data)
    while want := same.read(size):
        assert body.tell() == same.tell() - len(want)
        assert body.read(size) == want
        assert body.tell() == same.tell()
        if size in (1, 2, 7) and same.tell() > 3_000:
            return
    assert body.read(size) == b""


def test_reads_of_all_sizes_and_iteration_go_on_where_the_last_one_ended(
    ps: ModuleType, files: Files, rng: random.Random
) -> None:
    for _ in rounds(40):
        count = rng.choice((100, 40_000, 600_000))
        writer = made(ps, b"a" * count, files.path(rng.randbytes(count)), b"b", b"c" * count)
        data = data_of(writer)
        body, found = writer.body(), bytearray()
        while len(found) < len(data):
            size = rng.choice((0, 1, 1000, 65536, 10**6))
            buffer = bytearray(size)
            way = rng.choice(("read", "readinto", "next"))
            if way == "read":
                found += body.read(size)
            elif way == "readinto":
                found += buffer[: body.readinto(buffer)]
            else:
                found += next(iter(body))
            assert body.tell() == len(found)
        assert found == data


def test_readinto_takes_any_buffer_of_single_or_many_bytes(ps: ModuleType) -> None:
    writer = made(ps, b"x")
    data = data_of(writer)
    words = memoryview(bytearray(16)).cast("H")
    body = writer.body()
    assert body.readinto(words) == 16
    assert words.tobytes() == data[:16]
    assert body.readinto(bytearray()) == 0
    assert body.read() == data[16:]


def test_iteration_gives_bytes(ps: ModuleType, files: Files) -> None:
    writer = made(ps, bytearray(2_000_000), memoryview(b"x" * 2_000_000), files.path(b"p"))
    pieces = list(writer.body())
    assert {type(piece) for piece in pieces} == {bytes}
    assert b"" not in pieces
    assert max(map(len, pieces)) <= 1 << 20


def test_a_body_starts_anew_behind_its_end(seekable: Any) -> None:
    data = data_of(seekable)
    body = seekable.body()
    for _ in range(3):
        assert b"".join(body) == data
        assert body.tell() == 0
        assert body.read() == data
        assert body.tell() == len(data)
        assert body.read(10) == b""
        assert body.tell() == 0
        shutil.copyfileobj(body, found := io.BytesIO())
        assert found.getvalue() == data


def test_views_know_nothing_of_each_other(seekable: Any) -> None:
    data = data_of(seekable)
    first, second = seekable.body(), seekable.body()
    assert first is not second
    for at in range(0, len(data), 10):
        assert first.read(10) == second.read(10) == data[at : at + 10]
        second.seek(at + 10)


def test_len_is_there_only_where_the_size_is_known(ps: ModuleType, seekable: Any) -> None:
    size = len(data_of(seekable))
    for view in (seekable.body(), seekable.chunks(), seekable.abody()):
        assert len(view) == view.size == size
    unknown = made(ps, iter([b"x"]))
    for view in (unknown.body(), unknown.chunks(), unknown.abody()):
        assert view.size is None
        assert not hasattr(view, "__len__")
        assert view  # and is no empty body


def test_views_are_what_clients_look_for(ps: ModuleType, seekable: Any) -> None:
    body, abody = seekable.body(), seekable.abody()
    assert (body.readable(), body.writable(), body.seekable()) == (True, False, True)
    assert hasattr(body, "__iter__")
    assert not hasattr(body, "__aiter__")
    assert hasattr(abody, "__aiter__")
    assert not any(hasattr(abody, name) for name in ("__iter__", "read", "__next__"))


# Places.


def test_seek_goes_to_every_place_as_in_a_file(seekable: Any) -> None:
    data = data_of(seekable)
    body, same = seekable.body(), io.BytesIO(data)
    for at in range(len(data) + 1):
        assert body.seek(at) == same.seek(at)
        assert body.read(37) == same.read(37)
        moves = [(-min(at, 20), io.SEEK_CUR), (at - len(data), io.SEEK_END)]
        for move, whence in moves:
            if at < len(data):
                assert body.seek(move, whence) == same.seek(move, whence) == body.tell()
                assert body.read(5) == same.read(5)
    body.seek(-30, io.SEEK_END)
    assert b"".join(body) == data[-30:]


def test_seek_goes_to_any_place_of_a_large_body(
    ps: ModuleType, files: Files, rng: random.Random
) -> None:
    large = rng.randbytes(900_000)
    writer = made(ps, large, files.path(large), files.at_an_offset(large), bytearray(large))
    data = data_of(writer)
    body = writer.body()
    for _ in rounds(40):
        at = rng.randrange(len(data))
        body.seek(at)
        assert body.read(1000) == data[at : at + 1000]


def test_seek_stops_at_the_end(seekable: Any) -> None:
    body = seekable.body()
    assert body.seek(10**9) == body.seek(0, io.SEEK_END) == len(body)
    assert body.read() == b""
    for offset, whence in ((-1, io.SEEK_SET), (-1, io.SEEK_CUR), (-len(body) - 1, io.SEEK_END)):
        body.seek(0)
        with pytest.raises(ValueError, match="before the start"):
            body.seek(offset, whence)
    with pytest.raises(ValueError, match=r"io\.SEEK_SET"):
        body.seek(0, 3)


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.once])
def test_where_a_part_goes_once_nobody_can_go_anywhere(
    ps: ModuleType, ps_module: Module, files: Files, kind: str
) -> None:
    node = Node("mixed", "B", [Leaf("bytes", b"x"), Leaf(kind, b"y")])
    body = build(node, ps, ps_module("sync"), files).body()
    assert not body.seekable()
    for place in ((0,), (1,), (0, io.SEEK_CUR), (0, io.SEEK_END)):
        with pytest.raises(io.UnsupportedOperation, match="can be read again"):
            body.seek(*place)
    assert body.tell() == 0


def test_where_the_size_is_not_known_one_can_go_to_the_start_only(
    ps: ModuleType, ps_module: Module, files: Files
) -> None:
    node = Node("mixed", "B", [Leaf("bytes", b"x"), Leaf("iterable", b"y")])
    writer = build(node, ps, ps_module("sync"), files)
    body = writer.body()
    assert not body.seekable()
    body.read(50)
    assert body.seek(0) == 0
    assert body.read() == data_of(writer)
    for place in ((1,), (0, io.SEEK_CUR), (0, io.SEEK_END)):
        with pytest.raises(io.UnsupportedOperation, match="known size"):
            body.seek(*place)


# What it opens, and what it is for others.


def test_a_body_is_a_file_for_the_standard_library(ps: ModuleType) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.txt", "hello\n" * 1000)
    writer = made(ps, archive.getvalue())
    with zipfile.ZipFile(writer.body()) as found:
        assert found.read("a.txt") == b"hello\n" * 1000
    with io.BufferedReader(writer.body()) as lines:
        assert lines.readline() == b"--B\r\n"
        assert lines.readline() == b"Content-Type: application/octet-stream\r\n"
        assert lines.seek(0) == 0
        assert lines.read() == data_of(writer)
    with io.TextIOWrapper(io.BufferedReader(writer.body()), "latin-1", newline="") as text:
        assert next(text) == "--B\r\n"


def test_a_body_closes_what_it_has_opened_and_the_writer_stays(
    ps: ModuleType, files: Files
) -> None:
    given = files.opened(b"g" * 700_000)
    writer = made(ps, files.path(b"p" * 700_000), given)
    before = descriptors()
    with writer.body() as body:
        assert not body.closed
        body.read(300_000)
        assert descriptors() == before + 1
    assert body.closed
    assert descriptors() == before
    assert not given.closed
    body.close()
    for use in (body.read, lambda: body.read(0), lambda: next(iter(body)), body.tell,
                lambda: body.seek(0), lambda: body.readinto(bytearray(1))):  # fmt: skip
        with pytest.raises(ValueError, match="closed: call body"):
            use()
    assert writer.body().read() == data_of(writer)


def test_a_body_that_is_dropped_closes_what_it_has_opened(ps: ModuleType, files: Files) -> None:
    writer = made(ps, files.path(b"p" * 700_000))
    before = descriptors()
    body = writer.body()
    body.read(300_000)
    del body
    gc.collect()
    assert descriptors() == before


def test_a_file_that_fails_fails_the_body_which_then_starts_anew(
    ps: ModuleType, files: Files
) -> None:
    path = files.path(b"p" * 700_000)
    writer = made(ps, path)
    body = writer.body()
    path.write_bytes(b"p" * 300_000)
    before = descriptors()
    for use in (body.read, lambda: b"".join(body)):
        with pytest.raises(OSError, match=r"PathPayload .file.bin. ended after 300000 of 700000 b"):
            use()
        assert descriptors() == before
        assert body.tell() == 0
    path.write_bytes(b"q" * 700_000)
    assert body.read() == data_of(writer)


def test_parts_that_must_be_awaited_are_refused_before_the_first_byte(ps: ModuleType) -> None:
    before = iter([b"taken too early"])
    writer = made(ps, b"x" * 100_000, before, made(ps, AsyncOnly(b"y"), boundary="I"))
    for use in (lambda: writer.body().read(1), lambda: next(iter(writer.body())), writer.decode):
        with pytest.raises(TypeError, match=r"use abody\(\)"):
            use()
    assert next(before) == b"taken too early"
    assert not writer.consumed


def test_what_was_written_cannot_be_read_again(ps: ModuleType) -> None:
    writer = made(ps, b"x" * 100_000, iter([b"once"]))
    body, abody = writer.body(), writer.abody()
    assert len(body.read()) > 100_000
    assert body.read() == b""
    for use in (body.read, writer.body().read, lambda: next(iter(body)), lambda: aiter(abody)):
        with pytest.raises(ValueError, match="cannot be written again"):
            use()


# Chunks, and awaited.


def test_each_iteration_of_chunks_starts_anew(ps: ModuleType, files: Files) -> None:
    writer = made(ps, bytearray(b"b" * 300_000), files.path(b"p" * 700_000))
    data = data_of(writer)
    view = writer.chunks()
    before = descriptors()
    given_up, other = iter(view), iter(view)
    pieces = [next(given_up) for _ in range(4)]
    assert descriptors() == before + 1
    assert b"".join(view) == data
    assert b"".join(other) == data
    pieces += given_up
    assert b"".join(pieces) == data
    assert {type(piece) for piece in pieces} == {bytes}
    given_up = iter(view)
    for _ in range(4):
        next(given_up)
    given_up.close()
    assert descriptors() == before
    assert not hasattr(view, "read")
    assert b"".join(writer.chunks(close_boundary=False)) == data.removesuffix(b"--B--\r\n")


def test_chunks_of_what_cannot_be_given_are_refused_at_once(ps: ModuleType) -> None:
    with pytest.raises(TypeError, match=r"use abody\(\)"):
        iter(made(ps, b"x", AsyncOnly(b"y")).chunks())
    once = made(ps, b"x", iter([b"y"])).chunks()
    assert b"".join(once)
    with pytest.raises(ValueError, match="cannot be written again"):
        iter(once)


def test_each_iteration_of_an_async_body_starts_anew(ps: ModuleType, seekable: Any) -> None:
    data = data_of(seekable)
    view = seekable.abody()

    async def main() -> None:
        first = aiter(view)
        await anext(first)
        assert await drained(view) == data
        rest = [piece async for piece in first]
        assert {type(piece) for piece in rest} <= {bytes}
        await first.aclose()

    run(main())
    assert trio.run(drained, view) == data


def test_an_async_body_gives_bytes_that_nobody_changes_afterwards(ps: ModuleType) -> None:
    buffer = bytearray(b"a" * 100_000)
    writer = made(ps, buffer)

    async def main() -> list[bytes]:
        pieces = []
        async for piece in writer.abody():
            pieces.append(piece)
            if len(piece) == len(buffer):
                buffer[:] = b"b" * len(buffer)
        return pieces

    pieces = run(main())
    assert {type(piece) for piece in pieces} == {bytes}
    assert b"a" * 100_000 in pieces


def test_an_async_pass_that_is_left_closes_what_it_has_opened(ps: ModuleType, files: Files) -> None:
    source = AsyncOnly(b"a" * 100_000, b"b" * 100_000)
    writer = made(ps, files.path(b"p" * 700_000), source)

    async def main() -> None:
        before = descriptors()
        for count in range(1, 6):
            chunks = aiter(writer.abody())
            for _ in range(count):
                await anext(chunks)
            await chunks.aclose()
            assert descriptors() == before
            assert source.open == 0

    run(main())
    trio.run(main)


def test_all_that_must_be_closed_is_closed_though_closing_fails(ps: ModuleType) -> None:
    class Sticking(AsyncOnly):
        async def __aiter__(self) -> Any:
            self.open += 1
            try:
                for chunk in self.chunks:
                    yield chunk
            finally:
                self.open -= 1
                raise OSError("stuck")

    sources = [AsyncOnly(b"x" * 50_000), Sticking(b"x" * 50_000, b"y" * 50_000)]

    async def main() -> None:
        chunks = aiter(made(ps, *sources).abody())
        for _ in range(4):
            await anext(chunks)
        with pytest.raises(OSError, match="stuck"):
            await chunks.aclose()

    run(main())
    assert [source.open for source in sources] == [0, 0]


# How far it is.


def kinds_of_progress(writer: Any, ask: Callable[[Any], Any]) -> dict[str, Callable[[], Any]]:
    """Give each way to hand over a whole body that tells how far it is."""
    return {
        "iteration": lambda: b"".join(writer.body(progress=ask)),
        "chunks": lambda: b"".join(writer.chunks(progress=ask)),
        "read": lambda: writer.body(progress=ask).read(),
        "read, many at a time": lambda: shutil.copyfileobj(
            writer.body(progress=ask), io.BytesIO(), 40_000
        ),
        "abody": lambda: run(drained(writer.abody(progress=ask))),
        "write": lambda: run(writer.write(Recorder(), progress=ask)),
    }


WAYS = list(kinds_of_progress(None, print))


@pytest.mark.parametrize("way", WAYS)
def test_progress_goes_up_to_the_size_part_by_part(ps: ModuleType, files: Files, way: str) -> None:
    inner = made(ps, b"small", files.path(b"p" * 700_000), boundary="I")
    writer = made(ps, "small", b"b" * 1_500_000, inner, files.opened(b"f" * 10), b"c" * 40_000)
    told: list[Any] = []
    kinds_of_progress(writer, told.append)[way]()
    assert [step.sent for step in told] == sorted({step.sent for step in told})
    assert {step.size for step in told} == {writer.size}
    assert told[-1].sent == writer.size
    assert told[-1].part is None
    _, large, _, file, last = writer
    path = list(inner)[1]
    ends = {}
    for step in told:
        if step.part is None:
            assert step.part_sent == 0
            continue
        assert ends.get(step.part, 0) <= step.part_sent <= step.part_size == step.part.size
        ends[step.part] = step.part_sent
    assert ends == {part: part.size for part in (large, path, file, last)}


@pytest.mark.parametrize("way", WAYS[:-2])
def test_progress_of_parts_whose_size_is_not_known(ps: ModuleType, way: str) -> None:
    writer = made(ps)
    part = writer.append(iter([b"a" * 50_000, b"b" * 50_000]))
    coded = writer.append(b"c" * 100_000, {"Content-Encoding": "gzip"})
    told: list[Any] = []
    kinds_of_progress(writer, told.append)[way]()
    assert {step.size for step in told} == {None}
    found = {step.part: (step.part_sent, step.part_size) for step in told if step.part}
    assert found[part] == (100_000, None)
    assert 0 <= found.get(coded, (0, None))[0] < 1000


def test_progress_is_that_of_the_whole_also_from_a_place_on(ps: ModuleType, files: Files) -> None:
    writer = made(ps, b"x")
    path = writer.append(files.path(b"p" * 700_000))
    told: list[Any] = []
    body = writer.body(progress=told.append)
    data = data_of(writer)
    at = data.index(b"p" * 50) + 500_000
    body.seek(at)
    assert body.read() == data[at:]
    steps = [(step.part_sent, step.sent - step.part_sent) for step in told if step.part]
    assert [step.part for step in told if step.part] == [path] * len(steps)
    assert {start for _, start in steps} == {data.index(b"p" * 50)}
    assert steps[-1][0] == 700_000
    assert told[-1].sent == len(data)


@pytest.mark.parametrize("way", WAYS)
def test_a_callback_that_raises_ends_it_and_all_is_closed(
    ps: ModuleType, files: Files, way: str
) -> None:
    class StopIt(Exception):
        pass

    def ask(step: Any) -> None:
        if step.part_sent > 300_000:
            raise StopIt

    writer = made(ps, files.path(b"p" * 900_000))
    before = descriptors()
    with pytest.raises(StopIt) as caught:
        kinds_of_progress(writer, ask)[way]()
    assert caught.value.args == ()
    assert descriptors() == before


def test_nothing_of_what_is_written_depends_on_who_looks_on(seekable: Any) -> None:
    told: list[Any] = []
    assert b"".join(seekable.body(progress=told.append)) == data_of(seekable)
    assert told
