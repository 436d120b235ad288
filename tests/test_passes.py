"""One pass over a body: sizes that were promised, and every way out."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio.lowlevel
import pytest

from support.ways import (
    CANCELLING,
    LOOPS,
    WAITING,
    WAYS,
    Sink,
    on_asyncio,
    one_part,
    only_part,
    open_under,
    own,
)

Module = Callable[[str], ModuleType]
each_way = pytest.mark.parametrize("way", WAYS)
each_waiting = pytest.mark.parametrize("way", WAITING)
each_loop = pytest.mark.parametrize("loop", LOOPS)

LARGE = b"x" * 300_000


# Sizes that somebody has promised


async def awaited(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def promised(kind: str, path: Path) -> Any:
    path.write_bytes(b"abcdef")
    return {
        "async": lambda: awaited(b"abc", b"", b"def"),
        "iterable": lambda: iter([b"abc", b"def"]),
        "path": lambda: path,
        "BytesIO": lambda: io.BytesIO(b"abcdef"),
    }[kind]()


KINDS = ["async", "iterable", "path", "BytesIO"]
DOORS = ["size", "header"]


def promising(ps: ModuleType, value: Any, size: int, door: str) -> Any:
    if door == "size":
        return one_part(ps, value, size=size)
    return one_part(ps, value, headers={"Content-Length": str(size)})


@pytest.mark.parametrize(
    ("kind", "door"),
    [(kind, "size") for kind in KINDS] + [("async", "header"), ("iterable", "header")],
)
@each_waiting
def test_a_size_that_was_promised_is_announced_and_checked(
    ps: ModuleType, tmp_path: Path, kind: str, door: str, way: str
) -> None:
    writer = promising(ps, promised(kind, tmp_path / "a"), 6, door)
    size = writer.size
    data = WAYS[way](writer)
    headers, body = only_part(data)
    assert (size, headers["Content-Length"], body) == (len(data), "6", b"abcdef")
    for size, message in ((5, "gives more than the 5 bytes"), (7, "ended after 6 of 7 bytes")):
        writer = promising(ps, promised(kind, tmp_path / "a"), size, door)
        with pytest.raises(ValueError, match=f"{message} announced"):
            WAYS[way](writer)
        assert open_under(tmp_path) == []


def test_nothing_over_a_size_that_was_promised_is_sent(ps: ModuleType) -> None:
    sink = Sink()
    writer = one_part(ps, iter([LARGE, LARGE]), size=len(LARGE) + 9)
    with pytest.raises(ValueError, match="gives more"):
        on_asyncio(lambda: writer.write(sink))
    assert sink.data.endswith(b"\r\n\r\n" + LARGE)


def test_a_pipe_does_not_change_so_its_size_must_be_the_one_promised(ps: ModuleType) -> None:
    for size in (2, 4):
        end, start = os.pipe()
        with open(end, "rb") as file:
            with open(start, "wb") as pipe:
                pipe.write(b"abc")
            writer = one_part(ps, file, headers={"Content-Length": str(size)})
            with pytest.raises(ValueError, match="bytes announced"):
                on_asyncio(lambda writer=writer: writer.write(Sink()))


# Every way out


class Sources:
    """All that has to be closed, in one multipart; and what of it is open.

    Attributes:
        open: how many generators have begun, and not ended.
    """

    def __init__(self, ps: ModuleType, folder: Path) -> None:
        self.open = 0
        self.folder = folder
        path = folder / "path"
        path.write_bytes(LARGE * 5)
        self.file = path.open("rb")
        self.writer = ps.MultipartWriter()
        nested = self.writer.append(ps.MultipartWriter())
        for value in (path, self._awaited(), self._taken(), own(ps, self._write)):
            nested.append(value)
            nested.append(b"between")
        self.writer.append(self.file)
        self.writer.append(path).headers["Content-Encoding"] = "gzip"
        self.writer.append(path).headers["Content-Transfer-Encoding"] = "base64"

    async def _awaited(self) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
                yield LARGE
        finally:
            self.open -= 1
            await anyio.lowlevel.checkpoint()

    def _taken(self) -> Iterator[bytes]:
        self.open += 1
        try:
            for _ in range(3):
                yield LARGE
        finally:
            self.open -= 1

    async def _write(self, payload: Any, writer: Any = None) -> None:
        self.open += 1
        try:
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
                await (writer or payload).write(LARGE)
        finally:
            self.open -= 1
            await anyio.lowlevel.checkpoint()

    def check(self) -> None:
        """See to it that all is closed but the file that was given, which the writer closes."""
        assert self.open == 0
        assert open_under(self.folder) == [self.file.name]
        on_asyncio(self.writer.close)
        assert self.file.closed
        assert open_under(self.folder) == []


class SlowSink(Sink):
    """A sink at which one has to wait."""

    async def write(self, chunk: Any) -> None:
        await anyio.lowlevel.checkpoint()
        await super().write(chunk)


def no_hurry(ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files read on a thread, also what the system has in memory."""
    files = ps_module("_file_pass")
    monkeypatch.setattr(files, "_NOWAIT", 0)


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("loop", CANCELLING)
def test_nothing_stays_open_wherever_a_write_is_cancelled(
    ps: ModuleType, ps_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    loop: str, threads: bool,
) -> None:  # fmt: skip
    """Once for each place where it waits, the last time for none."""
    if threads:
        no_hurry(ps_module, monkeypatch)
    at = 0
    reached = True
    while reached:
        sources = Sources(ps, tmp_path)
        reached = CANCELLING[loop](lambda sources=sources: sources.writer.write(SlowSink()), at)
        sources.check()
        at += 1
    assert at > 40


@each_loop
def test_nothing_stays_open_wherever_the_peer_goes(
    ps: ModuleType, tmp_path: Path, loop: str
) -> None:
    at = 0
    failed = True
    while failed:
        sources = Sources(ps, tmp_path)
        sink = SlowSink(at)
        failed = False
        try:
            LOOPS[loop](lambda sources=sources, sink=sink: sources.writer.write(sink))
        except ConnectionResetError:
            failed = True
        sources.check()
        at += 1
    assert at > 20


@each_loop
def test_nothing_stays_open_wherever_a_pass_is_closed(
    ps: ModuleType, tmp_path: Path, loop: str
) -> None:
    async def some(sources: Sources, count: int) -> bool:
        pieces = aiter(sources.writer.abody())
        try:
            for _ in range(count):
                await anext(pieces)
        except StopAsyncIteration:
            return False
        finally:
            await pieces.aclose()
        return True

    count, more = 0, True
    while more:
        sources = Sources(ps, tmp_path)
        more = LOOPS[loop](lambda sources=sources, count=count: some(sources, count))
        sources.check()
        count += 1
    assert count > 20


@pytest.mark.parametrize("blocking", [True, False])
def test_a_pass_that_is_dropped_closes_its_file_at_once(
    ps: ModuleType, tmp_path: Path, blocking: bool
) -> None:
    path = tmp_path / "path"
    path.write_bytes(LARGE * 5)
    writer = one_part(ps, path)

    async def main() -> None:
        pieces: Any = iter(writer.body()) if blocking else aiter(writer.abody())
        while open_under(tmp_path) == []:
            next(pieces) if blocking else await anext(pieces)
        assert open_under(tmp_path) == [str(path)]
        del pieces
        assert open_under(tmp_path) == []

    on_asyncio(main)


class Unclosable:
    """Gives a chunk, then fails, and fails again when it is closed."""

    def __init__(self) -> None:
        self.left = 1

    def __aiter__(self) -> Unclosable:
        return self

    async def __anext__(self) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise OSError("the source")
        return LARGE

    async def aclose(self) -> None:
        raise OSError("its closing")


def test_the_first_fault_is_the_one_that_is_told(ps: ModuleType) -> None:
    with pytest.raises(OSError, match="the source"):
        on_asyncio(lambda: one_part(ps, Unclosable()).write(Sink()))
    with pytest.raises(OSError, match="its closing") as raised:
        on_asyncio(lambda: one_part(ps, Unclosable()).write(Sink(1)))
    assert isinstance(raised.value.__context__, ConnectionResetError)


# A file that a thread is reading


class SlowFile:
    """A file whose ``read()`` waits until it is let go."""

    def __init__(self) -> None:
        self.reading = threading.Event()
        self.go_on = threading.Event()
        self.closed_by: list[int] = []

    def seek(self, place: int) -> None:
        pass

    def read(self, size: int) -> bytes:
        self.reading.set()
        assert self.go_on.wait(20)
        return b"late"

    def close(self) -> None:
        self.closed_by.append(threading.get_ident())


@pytest.mark.parametrize("start", [None, 0])
def test_a_file_that_a_thread_still_reads_is_closed_by_that_thread(
    ps_module: Module, start: int | None
) -> None:
    file = SlowFile()
    reading = ps_module("_file_pass").FilePass(lambda: file, True, start)
    thread = threading.Thread(target=reading.read)
    thread.start()
    assert file.reading.wait(20)
    reading.close()
    assert file.closed_by == []
    file.go_on.set()
    thread.join()
    assert file.closed_by == [thread.ident]
    assert reading.read() == b""
    reading.close()
    assert len(file.closed_by) == 1


def test_a_file_that_a_thread_still_opens_is_closed_by_that_thread(ps_module: Module) -> None:
    file = SlowFile()
    file.go_on.set()
    opening, go_on = threading.Event(), threading.Event()

    def open_slowly() -> SlowFile:
        opening.set()
        assert go_on.wait(20)
        return file

    reading = ps_module("_file_pass").FilePass(open_slowly, True)
    thread = threading.Thread(target=reading.read)
    thread.start()
    assert opening.wait(20)
    reading.close()
    go_on.set()
    thread.join()
    assert file.closed_by == [thread.ident]


def test_a_file_that_was_given_is_not_closed_by_a_thread(ps_module: Module) -> None:
    file = SlowFile()
    file.go_on.set()
    reading = ps_module("_file_pass").FilePass(lambda: file, False)
    assert reading.read() == b"late"
    reading.close()
    assert file.closed_by == []


def test_a_write_that_is_cancelled_while_a_thread_reads_closes_its_path(
    ps: ModuleType, ps_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "path"
    path.write_bytes(LARGE)
    no_hurry(ps_module, monkeypatch)
    reading, go_on = threading.Event(), threading.Event()
    kind = ps_module("_file_pass").FilePass
    block = kind._block

    def slowly(self: Any, most: int) -> Any:
        reading.set()
        assert go_on.wait(20)
        return block(self, most)

    monkeypatch.setattr(kind, "_block", slowly)

    async def main() -> None:
        task = asyncio.ensure_future(one_part(ps, path).write(Sink()))
        await asyncio.to_thread(reading.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert open_under(tmp_path) == [str(path)]
        go_on.set()

    on_asyncio(main)  # which waits for its threads
    assert open_under(tmp_path) == []
