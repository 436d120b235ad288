"""A payload that only writes, made one that can be read from.

``write(writer)`` of somebody else's payload pushes; a client that reads a body pulls.  No task is
needed between them: the coroutine is driven by hand.  Where it hands a chunk to its writer, it
is left standing until the next chunk is asked for; what else it awaits goes to the event loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ._later import Later
from ._passes import Closing, Piece, Steps, Wait, as_piece

if TYPE_CHECKING:
    import inspect
else:
    inspect = Later("inspect")

__all__ = ["pushed"]


class _Chunk:
    """What the writer below hands over; no event loop ever sees it."""

    __slots__ = ("data",)

    def __init__(self, data: Piece) -> None:
        self.data = data

    def __await__(self) -> Generator[Any, None, None]:
        yield self


class _Writer:
    """Looks like a stream that can be written onto."""

    async def write(self, chunk: Piece) -> None:
        piece = as_piece(chunk, "write()")
        if piece:
            await _Chunk(piece)

    async def drain(self) -> None:
        pass

    async def write_eof(self, chunk: Piece = b"") -> None:
        await self.write(chunk)


_OVER: Final = b""


class _Pull:
    """Awaited, it goes on with the coroutine until that has handed over a chunk, or is done."""

    def __init__(self, write: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        self._coroutine = write(_Writer())
        self._over = False

    def next(self) -> Awaitable[Piece]:
        return self._next()

    async def _next(self) -> Piece:
        return await self

    def __await__(self) -> Generator[Any, Any, Piece]:
        return self._go(None)

    def _go(self, error: BaseException | None) -> Generator[Any, Any, Piece]:
        answer: Any = None
        while not self._over:
            try:
                if error is None:
                    item = self._coroutine.send(answer)
                else:
                    item = self._coroutine.throw(error)
            except StopIteration:
                self._over = True
                break
            except BaseException:
                self._over = True
                raise
            if isinstance(item, _Chunk):
                return item.data
            answer = error = None
            try:
                answer = yield item
            except BaseException as raised:
                error = raised
        return _OVER

    async def close(self) -> None:
        """Let the coroutine end as an async generator does: it may await on its way out."""
        if self._has_begun() and not self._over:
            with suppress(GeneratorExit):
                await _Ending(self)
        self._over = True
        self._coroutine.close()

    def drop(self) -> None:
        """Be done with a coroutine that was never awaited, and never will be."""
        if not self._has_begun():
            self._coroutine.close()

    def _has_begun(self) -> bool:
        return inspect.getcoroutinestate(self._coroutine) != inspect.CORO_CREATED


class _Ending:
    """Awaited, it throws a GeneratorExit into the coroutine, and goes on with what that awaits."""

    def __init__(self, pull: _Pull) -> None:
        self._pull = pull

    def __await__(self) -> Generator[Any, Any, Piece]:
        return self._pull._go(GeneratorExit())


def pushed(write: Callable[[Any], Coroutine[Any, Any, None]]) -> Steps:
    """Give what ``write(writer)`` writes, as steps of an asynchronous pass."""
    pull = _Pull(write)
    try:
        yield Closing(pull.close)
        while chunk := (yield Wait(pull.next)):
            yield chunk
    finally:
        pull.drop()
