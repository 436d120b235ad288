"""Forms on real event loops: what is done on threads, and what is left when it is cancelled."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest
import trio

from support import chunking
from support.building import field_part, file_part, form
from support.forms import CONTENT_TYPE, handles

Module = Callable[[str], ModuleType]
Main = Callable[[], Awaitable[Any]]

MIB = 2**20
DATA = b"0123456789abcdef" * (MIB // 8)
BODY = form(
    field_part("a", b"1"),
    file_part("f", "f", DATA),
    file_part("small", "s", b"small"),
    file_part("g", "g", DATA[:MIB] + b"!"),
)
CHUNKS = chunking.pieces(BODY, 65_536)


def _asyncio(main: Main) -> Any:
    return asyncio.run(main())  # type: ignore[arg-type]


def _anyio_on(backend: str) -> Callable[[Main], Any]:
    return lambda main: anyio.run(main, backend=backend)


LOOPS: dict[str, Callable[[Main], Any]] = {
    "asyncio": _asyncio,
    "trio": lambda main: trio.run(main),
    "anyio-asyncio": _anyio_on("asyncio"),
    "anyio-trio": _anyio_on("trio"),
}


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[[Main], Any]:
    loop: str = request.param
    return LOOPS[loop]


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """See to it that nothing is left; a thread that was left to itself may still be at it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())
    assert [target for _, target in handles() if target.startswith(str(folder))] == []


async def _source() -> AsyncIterator[bytes]:
    for chunk in CHUNKS:
        await anyio.lowlevel.checkpoint()
        yield chunk


def test_on_every_loop(ps: ModuleType, run: Callable[[Main], Any], tmp_path: Path) -> None:
    async def main() -> None:
        async with ps.parse_form(CONTENT_TYPE, _source()) as got:
            assert dict(got.fields) == {"a": "1"}
            f, small, g = (got.files[name] for name in ("f", "small", "g"))
            assert (f.size, small.size, g.size) == (2 * MIB, 5, MIB + 1)
            assert await f.read(10) == DATA[:10]
            await f.seek(-6, 2)
            assert await f.read() == DATA[-6:]
            assert await f.write(b"more") == 4
            await g.save(tmp_path / "g")
            await small.save(tmp_path / "s")
        assert all(file.closed for file in (f, small, g))
        assert (tmp_path / "g").read_bytes() == DATA[:MIB] + b"!"
        assert (tmp_path / "s").read_bytes() == b"small"

    run(main)


def test_what_may_block_is_on_a_thread(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """CVE-2025-54121: writing, going to disk, reading it, saving, closing; and in few hops."""
    spool, files = ps_module("_form_spool"), ps_module("_form_files")
    here = threading.get_ident()
    seen: list[str] = []

    def watched(module: ModuleType, name: str) -> None:
        original = getattr(module, name)

        def call(*arguments: Any) -> Any:
            assert threading.get_ident() != here, name
            seen.append(name)
            return original(*arguments)

        monkeypatch.setattr(module, name, call)

    for module, name in ((spool, "temporary_file"), (spool, "write_all"), (files, "write_all")):
        watched(module, name)
    form_module = ps_module("form")
    offload, begin, hops = form_module.offload, form_module.begin, []

    async def counted(work: Callable[[], Any]) -> Any:
        hops.append(work)
        return await offload(work)

    def begun(work: Callable[[], Any]) -> Any:
        hops.append(work)
        return begin(work)

    monkeypatch.setattr(form_module, "offload", counted)
    monkeypatch.setattr(form_module, "begin", begun)

    async def main() -> None:
        async with ps.parse_form(CONTENT_TYPE, _source()) as got:
            assert len(hops) <= len(BODY) // MIB + 1
            assert len(seen) <= 2 * len(hops) + 4
            before = len(hops)
            small = got.files["small"]
            await small.read()
            await small.seek(0)
            await small.write(b"x")
            assert len(hops) == before  # it is in memory
            large = got.files["f"]
            await large.read(1)
            await large.seek(0)
            await large.write(b"x")
            await large.save(tmp_path / "f")
            assert len(hops) == before + 4
            close = large._file.close
        assert len(hops) == before + 5
        assert close is not None

    asyncio.run(main())


def test_a_form_of_fields_and_small_files_needs_no_thread(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(work: object) -> None:
        raise AssertionError

    monkeypatch.setattr(ps_module("form"), "offload", never)
    monkeypatch.setattr(ps_module("form"), "begin", never)
    small = (file_part(str(at), "x", b"x" * 10_000) for at in range(50))
    body = form(*small, field_part("a", b""), file_part("f", "f", b"x" * MIB))  # just not too large

    async def main() -> None:
        async with ps.parse_form(CONTENT_TYPE, body) as got:
            assert len(got.files) == 51

    asyncio.run(main())


# While a thread writes


class _Held:
    """Has the first write, on its thread, wait until it is let go; then it may fail."""

    def __init__(
        self, ps_module: Module, monkeypatch: pytest.MonkeyPatch, failing: bool = False
    ) -> None:
        spool = ps_module("_form_spool")
        self._write_all = spool.write_all
        self._failing = failing
        self.let_go = threading.Event()
        self.writes = 0
        monkeypatch.setattr(spool, "write_all", self._held)

    def _held(self, file: Any, pieces: Any) -> Any:
        self.writes += 1
        assert self.let_go.wait(20)
        if self._failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._write_all(file, pieces)


@pytest.mark.parametrize("size", [1, MIB + 4096, MIB + 500_000])
def test_the_form_goes_on_while_a_thread_writes(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """And nothing is put in a wrong place by that: of the same file, or of the next one."""
    held = _Held(ps_module, monkeypatch)
    body = form(file_part("f", "f", DATA[:MIB] + b"!" * (MIB + 1)), file_part("g", "g", b"small"))

    async def source() -> AsyncIterator[bytes]:
        yield body[:size]  # more than is held in memory, and then less than is left of that
        *chunks, last = chunking.pieces(body[size:], 65_000)
        for chunk in chunks:
            yield chunk
        held.let_go.set()  # which is never, where the first write is waited for
        yield last

    async def main() -> None:
        async with ps.parse_form(CONTENT_TYPE, source()) as got:
            assert await got.files["f"].read() == DATA[:MIB] + b"!" * (MIB + 1)
            assert await got.files["g"].read() == b"small"
            assert held.writes > 1

    asyncio.run(main())


def test_no_more_than_one_piece_of_work_at_a_time(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what is held in memory has an end: one is written, and one is put together."""
    module, futures, sizes = ps_module("form"), list[Any](), list[int]()
    begin = module.begin

    def begun(work: Any) -> Any:
        assert all(future.done() for future in futures)
        pieces = [piece for _, argument in work.args[0] for piece in argument]
        sizes.append(sum(len(piece) for piece in pieces if isinstance(piece, bytes)))
        futures.append(begin(work))
        return futures[-1]

    monkeypatch.setattr(module, "begin", begun)

    async def source() -> AsyncIterator[bytes]:
        for chunk in chunking.pieces(form(file_part("f", "f", DATA * 3)), 65_536):
            yield chunk

    async def main() -> None:
        async with ps.parse_form(CONTENT_TYPE, source()):
            pass

    asyncio.run(main())
    assert len(futures) == len(DATA) * 3 // MIB - 1
    assert max(sizes) <= MIB + 65_536


@pytest.mark.parametrize("fault", ["malformed", "cut short", "source"])
@pytest.mark.parametrize("failing", [True, False])
def test_a_fault_while_a_thread_writes(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch, fault: str, failing: bool
) -> None:
    """Where the write fails, that is what is raised: it came first.  All is closed either way."""
    held = _Held(ps_module, monkeypatch, failing)
    whole = form(file_part("f", "f", DATA[: 2 * MIB + 99]))
    part = b"\r\n--B\r\nno header\r\n\r\n" if fault == "malformed" else b""

    async def source() -> AsyncIterator[bytes]:
        for chunk in chunking.pieces(whole[: len(whole) - 20], 65_536):
            yield chunk
        held.let_go.set()
        if fault == "source":
            raise ConnectionResetError
        yield part

    expected = {"malformed": ps.ParseError, "cut short": ps.IncompleteBody}
    kind = OSError if failing else expected.get(fault, ConnectionResetError)

    async def main() -> None:
        with pytest.raises(kind) as caught:
            await ps.parse_form(CONTENT_TYPE, source())
        if failing:
            assert caught.value.errno == errno.ENOSPC

    asyncio.run(main())
    assert held.writes


# Cancelled


class _Counting:
    """Cancels what it is told to at its n-th await, counted over source and threads."""

    def __init__(self, at: int) -> None:
        self.left = at

    def reached(self) -> bool:
        self.left -= 1
        return self.left == 0


async def _parsed(ps: ModuleType, stop: Callable[[], Awaitable[None]]) -> None:
    async def source() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            await stop()
            yield chunk

    async with ps.parse_form(CONTENT_TYPE, source()) as got:
        await stop()
        await got.files["f"].read()
        await stop()


def _awaits() -> int:
    return len(CHUNKS) + 2


@pytest.mark.parametrize("at", [*range(1, _awaits() + 1, 7), _awaits() - 1, _awaits()])
def test_cancelled_at_each_await(ps: ModuleType, run: Callable[[Main], Any], at: int) -> None:
    """CVE-2025-24033: in the source, behind it, and while the form is used."""
    counting = _Counting(at)
    ended: list[str] = []

    async def main() -> None:
        with anyio.CancelScope() as scope:

            async def stop() -> None:
                if counting.reached():
                    scope.cancel()
                await anyio.lowlevel.checkpoint()

            await _parsed(ps, stop)
            ended.append("was not cancelled")

    async def on_trio() -> None:
        with trio.CancelScope() as scope:

            async def stop() -> None:
                if counting.reached():
                    scope.cancel()
                await trio.lowlevel.checkpoint()

            await _parsed(ps, stop)
            ended.append("was not cancelled")

    run(on_trio if run is LOOPS["trio"] else main)
    assert ended == []


def _slow(
    ps_module: Module, monkeypatch: pytest.MonkeyPatch, at: int, cancel: Callable[[], None]
) -> tuple[threading.Event, list[bool]]:
    """Have the at-th write, on its thread, cancel the task, and go on when it is let.

    The list gets whether its file was closed meanwhile, under its hands.
    """
    spool = ps_module("_form_spool")
    write_all, go_on, left = spool.write_all, threading.Event(), [at]
    closed: list[bool] = []

    def slow(file: Any, pieces: Any) -> int:
        left[0] -= 1
        if left[0] == 0:
            cancel()
            assert go_on.wait(20)
            closed.append(file.closed)
        return write_all(file, pieces)  # type: ignore[no-any-return]

    monkeypatch.setattr(spool, "write_all", slow)
    return go_on, closed


@pytest.mark.parametrize("at", [1, 2, 3])
def test_asyncio_cancelled_amid_a_write(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The thread is left to itself: it closes what it writes when it is done."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(_parsed(ps, _nothing))
        go_on, closed = _slow(
            ps_module, monkeypatch, at, lambda: loop.call_soon_threadsafe(task.cancel) and None
        )
        try:
            with pytest.raises(asyncio.CancelledError):
                await task
        finally:
            go_on.set()
        await loop.shutdown_default_executor()
        assert closed == [False]

    asyncio.run(main())


@pytest.mark.parametrize("at", [1, 2])
def test_trio_cancelled_amid_a_write(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The thread is waited for."""

    async def main() -> None:
        token = trio.lowlevel.current_trio_token()
        with trio.CancelScope() as scope:
            go_on, closed = _slow(
                ps_module, monkeypatch, at, lambda: token.run_sync_soon(scope.cancel)
            )
            token.run_sync_soon(go_on.set)
            await _parsed(ps, trio.lowlevel.checkpoint)
        assert scope.cancelled_caught
        assert closed == [False]

    trio.run(main)


async def _nothing() -> None:
    pass


def test_cancelled_while_a_file_is_read(ps: ModuleType, ps_module: Module) -> None:
    """It is closed when the thread that reads it is done, and not before."""
    body = form(file_part("f", "f", DATA))
    files = ps_module("_form_files").FileBase
    go_on, original, shut = threading.Event(), files._read, files._shut

    async def main() -> None:
        loop = asyncio.get_running_loop()
        started, tried = asyncio.Event(), asyncio.Event()

        def slow(self: Any, size: int) -> bytes:
            loop.call_soon_threadsafe(started.set)
            assert go_on.wait(20)
            return original(self, size)  # type: ignore[no-any-return]

        def noted(self: Any) -> None:
            shut(self)
            loop.call_soon_threadsafe(tried.set)

        async def use() -> None:
            async with ps.parse_form(CONTENT_TYPE, body) as got:
                kept.append(got.files["f"])
                await kept[0].read()

        kept: list[Any] = []
        files._read, files._shut = slow, noted
        try:
            task = loop.create_task(use())
            await started.wait()
            task.cancel()
            await tried.wait()
            assert not kept[0]._file.closed
        finally:
            go_on.set()
            files._read, files._shut = original, shut
        with pytest.raises(asyncio.CancelledError):
            await task
        await loop.shutdown_default_executor()
        assert kept[0].closed
        assert kept[0]._file.closed

    asyncio.run(main())


def test_cancelled_again_while_it_is_closed(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the thread for that never starts, files are closed at once."""
    form_module = ps_module("form")
    real = form_module.offload

    async def main() -> None:
        got = await ps.parse_form(CONTENT_TYPE, BODY)
        files = list(got.files.values())

        async def cancelled(work: object) -> None:
            raise asyncio.CancelledError

        monkeypatch.setattr(form_module, "offload", cancelled)
        with pytest.raises(asyncio.CancelledError):
            await got.aclose()
        assert all(file.closed and file._file.closed for file in files)
        monkeypatch.setattr(form_module, "offload", real)

    asyncio.run(main())


def test_a_form_that_fails_is_cleaned_up_though_cancelled(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    form_module = ps_module("form")
    real = form_module.offload

    async def offload(work: Any) -> Any:
        if work.__name__ == "abort":
            raise asyncio.CancelledError
        return await real(work)

    monkeypatch.setattr(form_module, "offload", offload)

    async def main() -> None:
        with pytest.raises(asyncio.CancelledError):
            await ps.parse_form(CONTENT_TYPE, BODY[:-10])

    asyncio.run(main())


def test_many_forms_at_once(ps: ModuleType, run: Callable[[Main], Any]) -> None:
    sizes: list[int] = []

    async def one(number: int) -> None:
        body = form(file_part("f", "f", bytes([number]) * (MIB + 1)))
        async with ps.parse_form(CONTENT_TYPE, body) as got:
            data = await got.files["f"].read()
            assert data == bytes([number]) * (MIB + 1)
            sizes.append(got.files["f"].size)

    async def main() -> None:
        if run is LOOPS["trio"]:
            async with trio.open_nursery() as nursery:
                for number in range(8):
                    nursery.start_soon(one, number)
            return
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(one, number)

    run(main)
    assert sizes == [MIB + 1] * 8
