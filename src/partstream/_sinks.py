"""What a body can be written onto."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ._later import Later

if TYPE_CHECKING:
    import inspect
else:
    inspect = Later("inspect")

__all__ = ["sink"]

Emit = Callable[[Any], Awaitable[Any]]


def sink(writer: Any) -> Emit:
    """Give the function that writes one chunk, and waits until there is room for the next.

    Args:
        writer: has an awaitable ``write()`` (aiohttp's writers and responses), a ``write()`` beside
            an awaitable ``drain()`` (``asyncio.StreamWriter``), ``send_all()`` (trio) or
            ``send()`` (byte streams of anyio).

    Raises:
        TypeError: for anything else.
    """
    write = getattr(writer, "write", None)
    if write is None:
        for name in ("send_all", "send"):
            found = getattr(writer, name, None)
            if inspect.iscoroutinefunction(found):
                return found
        raise TypeError(
            f"cannot write onto {type(writer).__name__}: it has no write(), and no send_all() or "
            "send() that is awaited"
        )
    drain = getattr(writer, "drain", None)

    async def emit(chunk: Any) -> None:
        waiting = write(chunk)
        if waiting is not None and inspect.isawaitable(waiting):
            await waiting
        elif drain is not None:
            waiting = drain()
            if inspect.isawaitable(waiting):
                await waiting

    return write if inspect.iscoroutinefunction(write) else emit
