"""Work that would hold up an event loop, done on a thread of that loop's own pool.

The one place that knows event loops by name, because a thread pool is a loop's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["offload"]

_T = TypeVar("_T")


async def offload(work: Callable[[], _T]) -> _T:
    """Run ``work`` on a thread, and wait for it.

    Under asyncio this takes the loop's default executor, under trio its worker threads; on a loop
    that is neither, the work is done at once.
    """
    trio = sys.modules.get("trio")  # nobody runs on trio who has not imported it
    if trio is not None and trio.lowlevel.in_trio_run():
        return await trio.to_thread.run_sync(work)  # type: ignore[no-any-return]
    asyncio: Any = sys.modules.get("asyncio")  # nor on asyncio
    try:
        loop = asyncio.get_running_loop() if asyncio is not None else None
    except RuntimeError:
        loop = None
    if loop is None:
        return work()
    return await loop.run_in_executor(None, work)  # type: ignore[no-any-return]
