"""Ranges of a file, as they are written: ``multipart/byteranges``, and whole answers."""

from __future__ import annotations

import asyncio
import builtins
import gzip
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import aiofiles
import anyio
import pytest
import trio

from support.serving import run

Module = Callable[[str], ModuleType]
Opened = list[Any]

DATA = bytes(range(256)) * 2048  # half a megabyte, in which every 256 bytes differ in their place
RANGES = [(0, 9), (300_000, 399_999), (len(DATA) - 1, len(DATA) - 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "picture.png"
    found.write_bytes(DATA)
    return found


@pytest.fixture
def opened(ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Collects the files that slices open."""
    files: Opened = []

    def noted(*args: Any, **kwargs: Any) -> Any:
        files.append(builtins.open(*args, **kwargs))  # noqa: SIM115
        return files[-1]

    monkeypatch.setattr(ps_module("_payload_slices"), "open", noted, raising=False)
    return files


def parts_of(ps_module: Module, writer: Any, data: bytes) -> list[tuple[Any, str | None, bytes]]:
    """Read what was written: the range, the type and the bytes of each part."""
    reader = ps_module("sync").MultipartReader(writer.headers, data)
    return [(part.content_range, part.headers["Content-Type"], part.read()) for part in reader]


def expected(content_type: str, ranges: Any = RANGES) -> list[tuple[Any, str, bytes]]:
    return [
        (("bytes", first, last, len(DATA)), content_type, DATA[first : last + 1])
        for first, last in ranges
    ]


def _kinds() -> dict[str, Callable[[Path], Any]]:
    def spooled(path: Path) -> Any:
        file = tempfile.SpooledTemporaryFile(1 << 30)  # noqa: SIM115
        file.write(path.read_bytes())
        return file

    def compressed(path: Path) -> Any:
        with gzip.open(f"{path}.gz", "wb") as file:
            file.write(path.read_bytes())
        return gzip.open(f"{path}.gz")

    def unwritten(path: Path) -> Any:
        file = tempfile.NamedTemporaryFile(suffix=".png", buffering=1 << 20)  # noqa: SIM115
        file.write(path.read_bytes())  # it is in the buffer of the file, and not on the disk yet
        return file

    return {
        "str": str,
        "path": lambda path: path,
        "bytes": lambda path: path.read_bytes(),
        "bytearray": lambda path: bytearray(path.read_bytes()),
        "memoryview": lambda path: memoryview(path.read_bytes()).cast("H"),
        "BytesIO": lambda path: io.BytesIO(path.read_bytes()),
        "file": lambda path: path.open("rb"),
        "file-unbuffered": lambda path: path.open("rb", buffering=0),
        "file-read-write": lambda path: path.open("r+b"),
        "spooled": spooled,
        "gzip": compressed,
        "temporary": unwritten,
    }


KINDS = _kinds()
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def made(path: Path) -> Iterator[Callable[[str], Any]]:
    """Makes a file of some kind, which is closed behind the test."""
    files = []

    def make(kind: str) -> Any:
        files.append(KINDS[kind](path))
        return files[-1]

    yield make
    for file in files:
        if hasattr(file, "close"):
            file.close()


@kinds
def test_ranges_of_each_kind_of_file(
    ps: ModuleType, ps_module: Module, made: Callable[[str], Any], kind: str
) -> None:
    file = made(kind)
    if hasattr(file, "seek"):
        file.seek(17)  # ranges count from the start of a file, wherever it stands
    writer = ps.byteranges(file, RANGES)
    if hasattr(file, "seek"):
        assert file.tell() == 17
    named = kind in ("str", "path", "file", "file-unbuffered", "file-read-write", "temporary")
    parts = expected("image/png" if named else "application/octet-stream")
    body = writer.body()
    data = body.read()
    assert writer.size == len(body) == len(data)
    assert parts_of(ps_module, writer, data) == parts
    assert b"".join(writer.body()) == data
    assert asyncio.run(writer.as_bytes()) == data
    assert writer.content_type == f"multipart/byteranges; boundary={writer.boundary}"


def test_a_part_has_two_headers(ps: ModuleType) -> None:
    writer = ps.byteranges(b"abcdef", [(1, 2)], content_type="text/plain", boundary="b")
    assert writer.body().read() == (
        b"--b\r\nContent-Type: text/plain\r\nContent-Range: bytes 1-2/6\r\n\r\nbc\r\n--b--\r\n"
    )


def test_what_lies_in_memory_is_taken_as_it_is_then(ps: ModuleType, ps_module: Module) -> None:
    with io.BytesIO(DATA) as file:
        writer = ps.byteranges(file, RANGES)
        file.write(b"other")
        file.truncate(99)
    data = writer.body().read()
    assert parts_of(ps_module, writer, data) == expected("application/octet-stream")


def test_files_of_async_libraries(ps: ModuleType, ps_module: Module, path: Path) -> None:
    async def of_aiofiles() -> None:
        async with aiofiles.open(path, "rb") as file:
            await check(file)

    async def of_anyio() -> None:
        async with await anyio.open_file(path, "rb") as file:
            await check(file)

    async def of_trio() -> None:
        async with await trio.open_file(path, "rb") as file:
            await check(file)

    async def check(file: Any) -> None:
        writer = ps.byteranges(file, RANGES)
        assert parts_of(ps_module, writer, await writer.as_bytes()) == expected("image/png")

    run(of_aiofiles())
    run(of_anyio())
    trio.run(of_trio)


def test_what_has_no_ranges(ps: ModuleType, path: Path) -> None:
    with path.open(encoding="latin-1") as text, pytest.raises(TypeError, match="mode 'rb'"):
        ps.byteranges(text, RANGES)
    with pytest.raises(TypeError, match="no file"):
        ps.byteranges(42, RANGES)
    with pytest.raises(FileNotFoundError):
        ps.byteranges(path.with_name("missing"), RANGES)
    read, write = os.pipe()
    os.close(write)
    with open(read, "rb") as pipe, pytest.raises(ValueError, match="cannot be rewound"):
        ps.byteranges(pipe, RANGES)
    with pytest.raises(ValueError, match="leave it out"):
        ps.byteranges(b"abc", [(0, 1)], size=4)
    with pytest.raises(ValueError, match="no plain file"):
        ps.byteranges("/dev/null", [(0, 1)])


@pytest.mark.parametrize("item", [(-1, 2), (2, 1), (0, 6), (6, 6)])
def test_a_range_that_the_file_does_not_have(ps: ModuleType, item: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="parse_range"):
        ps.byteranges(b"abcdef", [(0, 1), item])


def test_no_range_at_all(ps: ModuleType) -> None:
    with pytest.raises(ValueError, match="416"):
        ps.byteranges(b"abcdef", [])


def test_a_size_that_is_given_is_not_looked_up(
    ps: ModuleType, ps_module: Module, path: Path
) -> None:
    missing = path.with_name("later.png")
    writer = ps.byteranges(missing, RANGES, size=len(DATA), content_type="x/y")
    missing.write_bytes(DATA)
    assert parts_of(ps_module, writer, writer.body().read()) == expected("x/y")


def test_a_boundary_that_is_given_is_looked_for(ps: ModuleType, path: Path) -> None:
    path.write_bytes(b"1234\r\n--b\r\n5678")
    assert ps.byteranges(path, [(0, 3), (9, 14)], boundary="b").body().read()
    with pytest.raises(ValueError, match="stands in the data"):
        ps.byteranges(path, [(0, 3), (4, 14)], boundary="b").body().read()


# What is read, and what is closed.


class Noting(io.RawIOBase):
    """A file without a descriptor, that notes what is read of it, and by whom."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)
        self.read_bytes = 0
        self.thread = 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.thread = threading.get_ident()
        return self.inner.seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        data = self.inner.read(size)
        self.read_bytes += len(data)
        if self.thread != threading.get_ident() and size:
            raise RuntimeError("another thread has moved the file")
        return data


def test_nothing_else_is_read_than_the_ranges(ps: ModuleType) -> None:
    with Noting(DATA) as file:
        writer = ps.byteranges(file, RANGES)
        writer.body().read()
        assert file.read_bytes == sum(last - first + 1 for first, last in RANGES)


def test_bytes_at_the_end_of_a_huge_file(ps: ModuleType, ps_module: Module, path: Path) -> None:
    size = 1 << 36
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(-3, os.SEEK_END)
        file.write(b"end")
        writer = ps.byteranges(file, [(size - 3, size - 1), (0, 1)])
        data = writer.body().read()
    found = [part[2] for part in parts_of(ps_module, writer, data)]
    assert found == [b"end", DATA[:2]]


@pytest.fixture
def often() -> Iterator[None]:
    """Lets threads take turns all the time."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_many_passes_over_one_file_do_not_disturb_each_other(
    ps: ModuleType, ps_module: Module, path: Path, often: None
) -> None:
    async def main(file: Any) -> None:
        writer = ps.byteranges(file, [(0, 262_143), (5, 500_000), (9, 70_000)])
        many = await asyncio.gather(*(writer.as_bytes() for _ in range(8)))
        assert len(set(many)) == 1
        assert [len(part[2]) for part in parts_of(ps_module, writer, many[0])] == [
            262_144, 499_996, 69_992,
        ]  # fmt: skip

    with path.open("rb") as file, Noting(DATA) as other:
        run(main(file))
        run(main(other))


def test_each_range_of_a_path_is_opened_once_a_pass_and_closed(
    ps: ModuleType, path: Path, opened: Opened
) -> None:
    writer = ps.byteranges(path, RANGES)
    assert not opened
    writer.body().read()
    asyncio.run(writer.as_bytes())
    assert len(opened) == 2 * len(RANGES)
    assert all(file.closed for file in opened)


def test_a_pass_that_is_dropped_closes_the_path(ps: ModuleType, path: Path, opened: Opened) -> None:
    pieces = iter(ps.byteranges(path, [(0, len(DATA) - 1)]).body())
    next(pieces)
    next(pieces)
    assert [file.closed for file in opened] == [False]
    del pieces
    assert [file.closed for file in opened] == [True]


class Stuck:
    """Takes one piece of a body, and then none."""

    def __init__(self, stuck: Callable[[], Any]) -> None:
        self.stuck = stuck
        self.size = 0

    async def write(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > 1000:
            await self.stuck()


def test_a_write_that_is_cancelled_closes_the_path(
    ps: ModuleType, path: Path, opened: Opened
) -> None:
    async def under_asyncio() -> None:
        reached = asyncio.Event()

        async def stuck() -> None:
            reached.set()
            await asyncio.Event().wait()

        writing = asyncio.ensure_future(ps.byteranges(path, RANGES).write(Stuck(stuck)))
        await reached.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    async def under_trio() -> None:
        with trio.CancelScope() as scope:

            async def stuck() -> None:
                scope.cancel()
                await trio.sleep_forever()

            await ps.byteranges(path, RANGES).write(Stuck(stuck))

    run(under_asyncio())
    assert len(opened) == 2
    trio.run(under_trio)
    assert len(opened) == 4
    assert all(file.closed for file in opened)


def test_an_open_file_is_closed_with_the_writer_only(ps: ModuleType, path: Path) -> None:
    with path.open("rb") as file:
        writer = ps.byteranges(file, RANGES)
        writer.body().read()
        assert not file.closed
        assert not writer.consumed
        asyncio.run(writer.close())
        assert file.closed
        with pytest.raises(ValueError, match="cannot be written again"):
            writer.body().read()


def test_a_file_that_shrinks_is_an_error(ps: ModuleType, path: Path, opened: Opened) -> None:
    with path.open("rb") as file:
        writers = [ps.byteranges(value, RANGES) for value in (path, file)]
        response = ps.range_response(path, "bytes=10-400000")
        os.truncate(path, 350_000)
        for writer in writers:
            with pytest.raises(OSError, match="shorter"):
                writer.body().read()
            with pytest.raises(OSError, match="shorter"):
                asyncio.run(writer.as_bytes())
        for call in (response.body().read, lambda: run(response.write(Sink()))):
            with pytest.raises(OSError, match="shorter"):
                call()
    assert opened
    assert all(file.closed for file in opened)


def test_a_file_that_grows_is_cut(ps: ModuleType, ps_module: Module, path: Path) -> None:
    writer = ps.byteranges(path, [(0, 9), (len(DATA) - 5, len(DATA) - 1)])
    with path.open("ab") as file:
        file.write(b"more")
    data = writer.body().read()
    assert len(data) == writer.size
    assert [part[2] for part in parts_of(ps_module, writer, data)] == [DATA[:10], DATA[-5:]]


def test_a_file_that_vanishes_is_an_error(ps: ModuleType, path: Path) -> None:
    writer = ps.byteranges(path, RANGES)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        writer.body().read()


class Sink:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def write(self, piece: bytes) -> None:
        self.pieces.append(bytes(piece))


# Whole answers.


def _body(response: Any) -> bytes:
    """Give the body in each of the ways that there are, which must be the same."""

    async def main() -> list[bytes]:
        sink = Sink()
        await response.write(sink)
        return [b"".join([piece async for piece in response.abody()]), b"".join(sink.pieces)]

    data: bytes = response.body().read()
    assert run(main()) == [data, data]
    assert len(response.body()) == len(response.abody()) == len(data)
    assert response.headers["Content-Length"] == str(len(data))
    return data


@kinds
def test_one_range_is_no_multipart(ps: ModuleType, made: Callable[[str], Any], kind: str) -> None:
    response = ps.range_response(made(kind), "bytes=-100000", content_type="x/y")
    assert response.status == 206
    first = len(DATA) - 100_000
    assert response.headers == {
        "Content-Type": "x/y",
        "Content-Range": f"bytes {first}-{len(DATA) - 1}/{len(DATA)}",
        "Content-Length": "100000",
        "Accept-Ranges": "bytes",
    }
    assert _body(response) == DATA[first:]
    body = response.body()
    body.seek(99_990)
    assert body.read() == DATA[-10:]


def test_several_ranges_are_a_multipart(ps: ModuleType, ps_module: Module, path: Path) -> None:
    value = "bytes=" + ",".join(f"{first}-{last}" for first, last in RANGES)
    response = ps.range_response(path, value, boundary="b")
    assert response.status == 206
    assert set(response.headers) == {"Content-Type", "Content-Length", "Accept-Ranges"}
    assert response.headers["Content-Type"] == "multipart/byteranges; boundary=b"
    data = _body(response)
    assert parts_of(ps_module, response, data) == expected("image/png")


@kinds
@pytest.mark.parametrize("value", [None, "lines=1-2", "bytes=" + "0-1," * 17])
def test_the_whole(
    ps: ModuleType, made: Callable[[str], Any], kind: str, value: str | None
) -> None:
    response = ps.range_response(made(kind), value, content_type="x/y")
    assert response.status == 200
    assert set(response.headers) == {"Content-Type", "Content-Length", "Accept-Ranges"}
    assert _body(response) == DATA


def test_no_range_that_exists(ps: ModuleType, path: Path) -> None:
    response = ps.range_response(path, f"bytes={len(DATA)}-")
    assert response.status == 416
    assert response.headers == {
        "Content-Range": f"bytes */{len(DATA)}",
        "Content-Length": "0",
        "Accept-Ranges": "bytes",
    }
    assert _body(response) == b""


def test_an_empty_file(ps: ModuleType, path: Path) -> None:
    path.write_bytes(b"")
    for value, status in ((None, 200), ("bytes=-5", 200), ("bytes=0-", 416)):
        response = ps.range_response(path, value)
        assert response.status == status
        assert _body(response) == b""


def test_the_file_of_an_answer_is_closed_with_its_payload(ps: ModuleType, path: Path) -> None:
    for value in (None, "bytes=0-9", "bytes=0-9,20-29"):
        with path.open("rb") as file:
            response = ps.range_response(file, value)
            _body(response)
            assert not file.closed
            asyncio.run(response.payload.close())
            assert file.closed
            with pytest.raises(ValueError, match="cannot be written again"):
                run(response.write(Sink()))
