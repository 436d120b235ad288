"""Work that would hold up an event loop, done on a thread of that loop's own pool.

The one place that knows event loops by name, because a thread pool is a loop's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["begin", "offload"]

_T = TypeVar("_T")


def begin(work: Callable[[], _T]) -> Any:
    """Have a thread do ``work`` while the caller goes on; give what to await, None where it cannot.

    That is so under asyncio alone.  What it raises is raised where it is awaited, and is dropped
    where it never is.
    """
    loop = None if _in_trio() else _asyncio_loop()
    if loop is None:
        return None
    future = loop.run_in_executor(None, work)
    future.add_done_callback(_seen)
    return future


def _seen(future: Any) -> None:
    """Look at the outcome, or it would be logged that nobody did."""
    if not future.cancelled():
        future.exception()


async def offload(work: Callable[[], _T]) -> _T:
    """Run ``work`` on a thread, and wait for it.

    Under asyncio this takes the loop's default executor, under trio its worker threads; on a loop
    that is neither, the work is done at once.
    """
    if _in_trio():
        trio: Any = sys.modules["trio"]
        return await trio.to_thread.run_sync(work)  # type: ignore[no-any-return]
    loop = _asyncio_loop()
    if loop is None:
        return work()
    return await loop.run_in_executor(None, work)  # type: ignore[no-any-return]


def _in_trio() -> bool:
    trio = sys.modules.get("trio")  # nobody runs on trio who has not imported it
    return trio is not None and trio.lowlevel.in_trio_run()


def _asyncio_loop() -> Any:
    asyncio: Any = sys.modules.get("asyncio")  # nor on asyncio
    try:
        return asyncio.get_running_loop() if asyncio is not None else None
    except RuntimeError:
        return None
