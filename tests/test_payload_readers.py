"""Parts with a ``read()`` that are no plain files: pipes, wrappers, files of async libraries."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import aiofiles
import aiofiles.tempfile
import anyio
import anyio.lowlevel
import pytest
import trio

from support.ways import LOOPS, WAITING, WAYS, Sink, on_asyncio, on_trio, only_part, part, written

each_way = pytest.mark.parametrize("way", WAYS)

#: More than is read at a time, so that there are several blocks.
DATA = bytes(range(256)) * 5_000 + b"end"
TEXT = "Größe\r\n" * 100_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "data.bin"
    file.write_bytes(DATA)
    return file


# What has no size


@each_way
def test_files_of_proc_have_no_size_and_are_written_whole(ps: ModuleType, way: str) -> None:
    path = Path("/proc/self/mountinfo")
    expected = path.read_bytes()
    assert expected
    with path.open("rb") as file:
        for value in (path, file):
            headers, body = part(ps, value, way)
            assert body == expected
            assert "Content-Length" not in headers


def _pipe(data: bytes) -> Any:
    """Give the end of a pipe to read from; who writes into it is a thread."""
    end, start = os.pipe()

    def fill() -> None:
        with contextlib.suppress(BrokenPipeError), open(start, "wb") as file:
            file.write(data)

    threading.Thread(target=fill).start()
    return open(end, "rb")


@each_way
def test_a_pipe_is_written_once(ps: ModuleType, way: str) -> None:
    with _pipe(DATA) as file:
        writer = ps.MultipartWriter()
        payload = writer.append(file)
        assert payload.size is None
        headers, body = only_part(WAYS[way](writer))
        assert (body, "Content-Length" in headers) == (DATA, False)
        assert payload.consumed
        assert not file.closed
        sink = Sink()
        with pytest.raises(ValueError, match="has been written, or closed, and cannot be written"):
            on_asyncio(lambda: writer.write(sink))
        assert sink.chunks == []
        on_asyncio(writer.close)
        assert file.closed


@each_way
def test_a_named_pipe_is_opened_when_it_is_written_and_only_then(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """To open one is to wait for its other end, and who is there must not lose it again."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = ps.MultipartWriter()
    monkeypatch.delattr(ps.PathPayload, "_opened")
    payload = writer.append(path)
    assert writer.size is None
    monkeypatch.undo()
    filling = threading.Thread(target=path.write_bytes, args=(DATA,))
    filling.start()
    headers, body = only_part(WAYS[way](writer))
    filling.join()
    assert (body, "Content-Length" in headers) == (DATA, False)
    assert payload.consumed
    with pytest.raises(ValueError, match="cannot be written again"):
        WAYS[way](writer)


@pytest.mark.parametrize("buffering", [-1, 0])
def test_a_pipe_that_does_not_wait_is_an_error_and_not_the_end(
    ps: ModuleType, buffering: int
) -> None:
    end, start = os.pipe()
    os.set_blocking(end, False)
    with open(start, "wb", 0) as pipe, open(end, "rb", buffering) as file:
        pipe.write(b"some")
        writer = ps.MultipartWriter()
        writer.append(file)
        with pytest.raises(BlockingIOError):
            writer.body().read()


# Other objects with read()


class Counting:
    """Does something with what it reads of the file that it holds."""

    def __init__(self, file: Any) -> None:
        self._file = self.file = self.wrapped = file
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        return data.lower()  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("it is read, and not iterated by lines")


class AwaitedCounting(Counting):
    async def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        return super().read(size)


@pytest.mark.parametrize(
    ("kind", "way"),
    [(Counting, way) for way in WAYS] + [(AwaitedCounting, way) for way in WAITING],
)
def test_whoever_wraps_a_file_is_asked_and_not_the_file(
    ps: ModuleType, path: Path, kind: Any, way: str
) -> None:
    with path.open("rb") as file:
        value = kind(file)
        assert part(ps, value, way)[1] == DATA.lower()
        assert value.count == len(DATA)
        assert ps.get_payload(value).size is None


@each_way
def test_a_read_that_is_a_next_is_an_error_and_not_the_end(ps: ModuleType, way: str) -> None:
    """A StopIteration on a thread has asyncio wait for ever, and in a generator is its end."""

    class Chunks:
        def __init__(self) -> None:
            self.left = iter([b"a", b"b"])

        def read(self, size: int) -> bytes:
            return next(self.left)

    with pytest.raises(RuntimeError, match="raised StopIteration"):
        written(ps, Chunks(), way)


def test_a_file_of_text_that_is_read_as_bytes_is_an_error(ps: ModuleType, path: Path) -> None:
    with path.open(encoding="latin-1") as file, pytest.raises(TypeError, match="gives text"):
        written(ps, Counting(file))
    with path.open(encoding="latin-1") as file, pytest.raises(TypeError, match="gives text"):
        written(ps, AwaitedCounting(file), "write-asyncio")


# Async files


@pytest.mark.parametrize(
    ("opener", "loop"),
    [
        (aiofiles.open, "asyncio"),
        (anyio.open_file, "asyncio"),
        (anyio.open_file, "trio"),
        (trio.open_file, "trio"),
    ],
)
def test_files_of_async_libraries_are_those_that_they_wrap(
    ps: ModuleType, path: Path, opener: Any, loop: str
) -> None:
    async def main() -> None:
        file = await opener(path, "rb")
        await file.seek(5)
        writer = ps.MultipartWriter()
        payload = writer.append(file)
        assert payload.size == len(DATA) - 5
        assert payload.filename == "data.bin"
        for _ in range(2):
            sink = Sink()
            await writer.write(sink)
            assert only_part(sink.data)[1] == DATA[5:]
        assert only_part(writer.body().read())[1] == DATA[5:]  # and without waiting
        await writer.close()

    LOOPS[loop](main)


def test_text_files_and_temporary_files_of_async_libraries_are_known(
    ps: ModuleType, path: Path
) -> None:
    path.write_text(TEXT, encoding="utf-8", newline="")

    async def on_its_loop() -> None:
        async with aiofiles.open(path, encoding="utf-8") as file:
            assert await _bytes(ps, file) == TEXT.encode()
        async with aiofiles.tempfile.NamedTemporaryFile() as file:
            await file.write(DATA)
            await file.seek(0)
            assert await _bytes(ps, file) == DATA
        async with anyio.NamedTemporaryFile() as file:
            await file.write(DATA)
            await file.seek(0)
            assert await _bytes(ps, file) == DATA

    on_asyncio(on_its_loop)

    async def on_trio_s() -> None:
        async with await trio.open_file(path, encoding="utf-8") as file:
            assert await _bytes(ps, file) == TEXT.encode()

    on_trio(on_trio_s)


async def _bytes(ps: ModuleType, file: Any) -> bytes:
    sink = Sink()
    writer = ps.MultipartWriter()
    writer.append(file)
    await writer.write(sink)
    return only_part(sink.data)[1]


def test_a_stream_reader_is_written_once_as_it_comes(ps: ModuleType) -> None:
    async def main() -> None:
        stream = asyncio.StreamReader()
        writer = ps.MultipartWriter()
        payload = writer.append(stream, size=6)
        sink = Sink()
        task = asyncio.ensure_future(writer.write(sink))
        for data in (b"abc", b"def"):
            stream.feed_data(data)
            while stream._buffer:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
        stream.feed_eof()
        await task
        headers, body = only_part(sink.data)
        assert (headers["Content-Length"], body) == ("6", b"abcdef")
        assert payload.consumed
        with pytest.raises(ValueError, match="cannot be written again"):
            await writer.write(Sink())

    on_asyncio(main)


def test_a_stream_in_a_blocking_body_is_an_error_before_the_first_byte(ps: ModuleType) -> None:
    async def main() -> None:
        writer = ps.MultipartWriter()
        writer.append(asyncio.StreamReader())
        with pytest.raises(TypeError, match=r"abody\(\)"):
            writer.body().read(1)

    on_asyncio(main)
