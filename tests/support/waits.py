"""Coroutines that are driven by hand, and interrupted at a place where they wait.

No event loop is needed, so that a test can do it at each such place in turn, and knows what was
thrown there.  :func:`on_loop` does it on a real one, with threads.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterable
from typing import Any

from .ways import PATIENCE, Interrupted

__all__ = ["Interruption", "Pausing", "drive", "left_at", "on_loop", "pause", "pausing"]


class _Pause:
    """Suspends whoever awaits it, once."""

    def __await__(self) -> Generator[None, None, None]:
        yield None


async def pause() -> None:
    await _Pause()


class Interruption:
    """What is thrown, and where.

    Args:
        at: the number of the place, counted from 0; one that is not reached interrupts nothing.
        error: what is thrown there.

    Attributes:
        reached: whether there was such a place.
    """

    def __init__(self, at: int, error: BaseException) -> None:
        self.at = at
        self.error = error
        self.reached = False

    async def again(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Await a call, and where it is interrupted, make it again."""
        try:
            return await call()
        except type(self.error) as error:
            self.same(error)
            return await call()

    def same(self, error: BaseException | None) -> None:
        """See to it that what came out is what was thrown."""
        assert error is self.error, "it does not come out as it was thrown"
        assert self.reached


def drive(coroutine: Coroutine[Any, Any, Any], stop: Interruption | None = None) -> Any:
    """Run a coroutine that waits for nothing but pauses, and interrupt it where ``stop`` says."""
    count = 0
    try:
        coroutine.send(None)
        while True:
            if stop is not None and count == stop.at:
                stop.reached = True
                coroutine.throw(stop.error)
            else:
                coroutine.send(None)
            count += 1
    except StopIteration as end:
        return end.value


def left_at(coroutine: Coroutine[Any, Any, Any], at: int) -> bool:
    """Run a coroutine up to such a place, and close it there; tell whether there was one."""
    try:
        for _ in range(at + 1):
            coroutine.send(None)
    except StopIteration:
        return False
    coroutine.close()
    return True


class Pausing:
    """A source that pauses before each chunk, and goes on where it was interrupted.

    Args:
        chunks: what it gives.
        after: what it raises behind them, in place of the end.
    """

    def __init__(self, chunks: Iterable[bytes], after: BaseException | None = None) -> None:
        self.left = list(chunks)
        self._after = after

    async def readany(self) -> bytes:
        await pause()
        if not self.left and self._after is not None:
            raise self._after
        return self.left.pop(0) if self.left else b""


async def pausing(chunks: Iterable[bytes], ended: list[bool] | None = None) -> AsyncIterator[bytes]:
    """Do the same as a generator, which cannot be asked again; note where it has ended."""
    try:
        for chunk in chunks:
            await pause()
            yield chunk
    finally:
        if ended is not None:
            ended.append(True)


def on_loop(work: Callable[[], Awaitable[Any]], at: int) -> tuple[bool, Any]:
    """Run ``work`` on asyncio, and cancel it where it waits for the ``at``-th time.

    Args:
        work: what is awaited.
        at: counted from 0.

    Returns:
        Whether there was such a place, and what ``work`` gave or raised.  No task and no thread
        are left.
    """
    before = set(threading.enumerate())

    async def main() -> tuple[bool, Any]:
        task = asyncio.current_task()
        assert task is not None
        interrupted = Interrupted(work(), at, task.cancel)
        try:
            result: Any = await interrupted
        except asyncio.CancelledError as cancelled:
            assert interrupted.reached
            task.uncancel() if hasattr(task, "uncancel") else None
            result = cancelled
        except Exception as raised:
            result = raised
        assert asyncio.all_tasks() == {task}, "a task is left"
        return interrupted.reached, result

    outcome = asyncio.run(main())
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)  # it was told to end, with the loop
        assert not thread.is_alive(), "a thread is left"
    return outcome
