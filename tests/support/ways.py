"""Writes one writer in every way there is, and looks at what was left open.

``WAYS`` are all of them, by name; each takes a writer, and gives what it wrote.  ``WAITING`` are
those that can wait, and so take parts that must be awaited.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from types import TracebackType
from typing import Any

import trio
from multidict import CIMultiDict

#: Seconds after which a test has failed; one that passes needs a hundredth of that.
PATIENCE = 30


def on_asyncio(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run on asyncio, and end what waits for ever."""

    async def limited() -> Any:
        return await asyncio.wait_for(main(), PATIENCE)

    return asyncio.run(limited())


def on_trio(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run on trio, and end what waits for ever."""

    async def limited() -> Any:
        with trio.fail_after(PATIENCE):
            return await main()

    return trio.run(limited)


LOOPS: dict[str, Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]] = {
    "asyncio": on_asyncio,
    "trio": on_trio,
}


class Sink:
    """Takes what is written, and keeps the objects as they came.

    Args:
        fails_at: the number of the write that fails with ``error``; None for none.
    """

    def __init__(self, fails_at: int | None = None, error: Exception | None = None) -> None:
        self.chunks: list[Any] = []
        self._fails_at = fails_at
        self._error = error or ConnectionResetError("the peer is gone")

    async def write(self, chunk: Any) -> None:
        if len(self.chunks) == self._fails_at:
            raise self._error
        self.chunks.append(chunk)

    @property
    def data(self) -> bytes:
        return b"".join(self.chunks)


def _read(writer: Any) -> bytes:
    with writer.body() as body:
        return body.read()  # type: ignore[no-any-return]


def _in_small_reads(writer: Any) -> bytes:
    with writer.body() as body:
        return b"".join(iter(lambda: body.read(4099), b""))


def _iterated(writer: Any) -> bytes:
    return b"".join(writer.body())


def _async_iterated(run: Any) -> Callable[[Any], bytes]:
    async def gathered(writer: Any) -> bytes:
        return b"".join([piece async for piece in writer.abody()])

    return lambda writer: run(lambda: gathered(writer))


def _pushed(run: Any) -> Callable[[Any], bytes]:
    async def write(writer: Any) -> bytes:
        sink = Sink()
        await writer.write(sink)
        return sink.data

    return lambda writer: run(lambda: write(writer))


WAITING: dict[str, Callable[[Any], bytes]] = {
    "abody-asyncio": _async_iterated(on_asyncio),
    "abody-trio": _async_iterated(on_trio),
    "write-asyncio": _pushed(on_asyncio),
    "write-trio": _pushed(on_trio),
}
WAYS: dict[str, Callable[[Any], bytes]] = {
    "read": _read,
    "small-reads": _in_small_reads,
    "iterated": _iterated,
    **WAITING,
}


def written(
    ps: Any, value: Any, way: str = "read", subtype: str = "mixed", **options: Any
) -> bytes:
    """Give the body of the only part of a multipart, written in one of the ways."""
    return part(ps, value, way, subtype, **options)[1]


def part(
    ps: Any, value: Any, way: str = "read", subtype: str = "mixed", **options: Any
) -> tuple[CIMultiDict[str], bytes]:
    """Give the headers and the body of the only part of a multipart, written in one of the ways.

    The size that the writer tells must be the one that was written, where it tells one.
    """
    writer = ps.MultipartWriter(subtype)
    writer.append(value, **options)
    size = writer.size
    data = WAYS[way](writer)
    assert size in (None, len(data))
    return only_part(data)


def one_part(ps: Any, value: Any, **options: Any) -> Any:
    """Give a writer with one part."""
    writer = ps.MultipartWriter()
    writer.append(value, **options)
    return writer


def own(ps: Any, write: Callable[..., Awaitable[None]], **members: Any) -> Any:
    """Make a payload with a ``write()`` of its own, and other members."""
    return type("Own", (ps.Payload,), {"write": write, **members})(None)


def only_part(data: bytes) -> tuple[CIMultiDict[str], bytes]:
    """Take a multipart of one part apart, whatever is in it."""
    delimiter, _, rest = data.partition(b"\r\n")
    head, _, rest = (b"\r\n" + rest).partition(b"\r\n\r\n")
    end = b"\r\n" + delimiter + b"--\r\n"
    assert rest.endswith(end)
    lines = [line.partition(": ") for line in head.decode().split("\r\n") if line]
    return CIMultiDict((name, value) for name, _, value in lines), rest[: -len(end)]


def open_under(folder: Path) -> list[str]:
    """Give the files in a folder that this process has open: the paths, one a descriptor."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue  # the one that the listing itself had open
        if target.startswith(str(folder)):
            found.append(target)
    return found


class Interrupted:
    """Awaits something, and cancels it where it waits for the so-and-so-manieth time.

    Args:
        awaitable: what is awaited.
        at: counted from 0; a number that is not reached cancels nothing.
        cancel: makes the event loop cancel what runs, at the next place where it waits.

    Attributes:
        reached: whether there was such a place.
    """

    def __init__(self, awaitable: Awaitable[Any], at: int, cancel: Callable[[], object]) -> None:
        self._steps = awaitable.__await__()
        self._at = at
        self._cancel = cancel
        self._count = 0
        self.reached = False

    def __await__(self) -> Generator[Any, Any, Any]:
        return self

    def __iter__(self) -> Interrupted:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        return self._seen(self._steps.send(value))

    def throw(self, error: Any, value: Any = None, traceback: TracebackType | None = None) -> Any:
        return self._seen(self._steps.throw(error))

    def close(self) -> None:
        self._steps.close()

    def _seen(self, trap: Any) -> Any:
        if self._count == self._at:
            self.reached = True
            self._cancel()
        self._count += 1
        return trap


def cancelled_on_asyncio(work: Callable[[], Awaitable[Any]], at: int) -> bool:
    """Run ``work``, and cancel it where it waits for the so-and-so-manieth time.

    Returns:
        Whether there was such a place.
    """

    async def main() -> bool:
        task = asyncio.current_task()
        assert task is not None
        interrupted = Interrupted(work(), at, task.cancel)
        try:
            await interrupted
        except asyncio.CancelledError:
            task.uncancel() if hasattr(task, "uncancel") else None
            assert interrupted.reached
        return interrupted.reached

    return asyncio.run(main())


def cancelled_on_trio(work: Callable[[], Awaitable[Any]], at: int) -> bool:
    """The same on trio, which may take a while to notice: a thread is waited for."""

    async def main() -> bool:
        with trio.CancelScope() as scope:
            interrupted = Interrupted(work(), at, scope.cancel)
            await interrupted
        return interrupted.reached

    return trio.run(main)


CANCELLING: dict[str, Callable[[Callable[[], Awaitable[Any]], int], bool]] = {
    "asyncio": cancelled_on_asyncio,
    "trio": cancelled_on_trio,
}
