"""One pass over what is to be written, as steps that know nothing of awaiting.

What a payload gives is a generator of steps.  A step is a piece, which is bytes-like and not
empty, or a :class:`Request`, to which whoever drives the generator sends the answer:

- :class:`Work` is a call that may block: made at once, or on a thread of the event loop's;
- :class:`Wait` is an awaitable: only an asynchronous pass can have it;
- :class:`Closing` names what has to be awaited when the pass is over, however it ends;
- :class:`Mark` says which part the following pieces are the body of.

So a payload is written once, and :class:`Pieces` and :class:`AsyncPieces` are all that differs
between a blocking client and an event loop.  Both put small pieces together, so that a form of
many fields is one write, and give everything that they hold before they wait for anything.
A pass that is dropped closes its files at once, because the generator is closed with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from ._offload import offload

if TYPE_CHECKING:
    from ._payload import Payload

__all__ = [
    "BLOCK", "LARGE", "NOT_NOW", "AsyncPieces", "Closing", "Mark", "Piece", "Pieces", "Progress",
    "Request", "Steps", "Wait", "Work", "as_piece", "sliced",
]  # fmt: skip

#: How much of what lies in memory is handed over at a time, in bytes.
BLOCK: Final = 1 << 18
#: Pieces of this size are handed over as they are; smaller ones are put together.
LARGE: Final = 1 << 15

Piece: TypeAlias = "bytes | bytearray | memoryview"


class Request:
    """A step that is no piece."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call


#: Says that a call would block.
NOT_NOW: Final[Any] = object()


class Work(Request):
    """A call that may block.

    Attributes:
        now: gives the same at once or NOT_NOW; perhaps there is none.
        sized: whether the call takes how many bytes are wanted, too.
    """

    __slots__ = ("now", "sized")
    call: Callable[..., Any]

    def __init__(
        self,
        call: Callable[..., Any],
        now: Callable[[], Any] | None = None,
        sized: bool = False,
    ) -> None:
        self.call = call
        self.now = now
        self.sized = sized


class Wait(Request):
    """A call that gives an awaitable."""

    __slots__ = ()
    call: Callable[[], Awaitable[Any]]


class Closing(Request):
    """A call that gives an awaitable, for the end of the pass."""

    __slots__ = ()
    call: Callable[[], Awaitable[Any]]


class Mark(Request):
    """The start of a part's body, or with None the end of it."""

    __slots__ = ("payload", "sent", "size")

    def __init__(self, payload: Payload | None, size: int | None, sent: int = 0) -> None:
        self.payload = payload
        self.size = size
        self.sent = sent  # how much of it was left out, because somebody went to a place in it


Steps: TypeAlias = Generator["Piece | Request", Any, None]


class Progress(NamedTuple):
    """How far a body has been handed over.

    Attributes:
        part: the part whose body it is in, None between parts.  Of a writer in the writer it is a
            part of that.
        part_sent: the bytes of its body so far, as they are written.
        part_size: how many there will be, None where that is not known.
        sent: the bytes of the whole so far.
        size: how many there will be, None where that is not known.
    """

    part: Payload | None
    part_sent: int
    part_size: int | None
    sent: int
    size: int | None


def as_piece(chunk: object, giver: str) -> Piece:
    """Let only bytes pass, each item of one byte; what may be changed meanwhile is copied.

    So whoever gives a buffer, and fills it again when the next chunk is asked for, need not know
    that chunks are put together, and that a transport keeps what it cannot send yet.

    Args:
        chunk: what somebody gave.
        giver: who, for the message.

    Raises:
        TypeError: for anything else, such as text.
    """
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, memoryview):
        uncopied = isinstance(chunk.obj, bytes) and chunk.c_contiguous and chunk.nbytes
        return chunk.cast("B") if uncopied else chunk.tobytes()
    if isinstance(chunk, bytearray):
        return bytes(chunk)
    raise TypeError(
        f"{giver} got {type(chunk).__name__} where bytes are expected"
        + (": encode it" if isinstance(chunk, str) else "")
    )


def sliced(data: Piece) -> Steps:
    """Give what lies in memory, in pieces that a transport can take one after the other."""
    if len(data) <= 4 * BLOCK:
        if data:
            yield data
        return
    view = memoryview(data)
    for at in range(0, len(view), BLOCK):
        yield view[at : at + BLOCK]


class _Pass:
    """What both kinds of passes do with steps."""

    __slots__ = ("_held", "_held_size", "_mark", "_part_sent", "_progress", "_sent", "_size",
                 "_steps", "_waiting")  # fmt: skip

    def __init__(
        self,
        steps: Steps,
        progress: Callable[[Progress], object] | None = None,
        size: int | None = None,
        start: int = 0,
    ) -> None:
        self._steps: Steps | None = steps
        self._progress = progress
        self._size = size
        self._held: list[Piece] = []
        self._held_size = 0
        self._waiting: Piece | Request | None = None  # comes behind what was held
        self._mark = Mark(None, None)
        self._part_sent = 0
        self._sent = start

    def _take(self, answer: Any) -> Piece | Request | None:
        """Go on until there is something to hand over, or to be done; None at the end."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            return self._counted(waiting)
        while self._steps is not None:
            try:
                item = self._steps.send(answer)
            except StopIteration:
                self._steps = None
                break
            answer = None
            if isinstance(item, Mark):
                self._mark = item
                self._part_sent = item.sent
            elif isinstance(item, Request) or len(item) >= LARGE:
                if not self._held:
                    return self._counted(item)
                self._waiting = item
                return self._flushed()
            else:
                self._held.append(item)
                self._held_size += len(item)
                self._part_sent += len(item)
                if self._held_size >= 2 * LARGE:
                    return self._flushed()
        return self._flushed() if self._held else None

    def _counted(self, item: Piece | Request) -> Piece | Request:
        if not isinstance(item, Request):
            self._part_sent += len(item)
        return item

    def _flushed(self) -> bytes:
        held, self._held, self._held_size = self._held, [], 0
        return b"".join(held)

    def _given(self, piece: Piece) -> Piece:
        """Hand over a piece, and tell whoever wants to know."""
        self._sent += len(piece)
        if self._progress is not None:
            mark = self._mark
            sent = self._part_sent if mark.payload is not None else 0
            self._progress(Progress(mark.payload, sent, mark.size, self._sent, self._size))
        return piece

    def _stop(self) -> None:
        """Close what the steps have opened."""
        steps, self._steps = self._steps, None
        self._waiting = None
        self._held = []
        if steps is not None:
            steps.close()

    def _failed(self, error: BaseException) -> None:
        """Let the steps know that a request failed, so that they can say what they were at."""
        steps, self._steps = self._steps, None
        self._held = []
        if steps is not None:
            try:
                steps.throw(error)
            except StopIteration:
                pass
            finally:
                steps.close()


class Pieces(_Pass):
    """The pieces of one pass, one after the other, with blocking reads.

    Attributes:
        wanted: how many bytes whoever asks wants, None where any number is as good as another.
    """

    __slots__ = ("wanted",)

    def __init__(
        self,
        steps: Steps,
        progress: Callable[[Progress], object] | None = None,
        size: int | None = None,
        start: int = 0,
    ) -> None:
        super().__init__(steps, progress, size, start)
        self.wanted: int | None = None

    def __iter__(self) -> Pieces:
        return self

    def __next__(self) -> Piece:
        answer = None
        try:
            while (item := self._take(answer)) is not None:
                if not isinstance(item, Request):
                    return self._given(item)
                if not isinstance(item, Work):
                    raise TypeError("this part can only be written where it is awaited: abody()")
                answer = item.call(self.wanted) if item.sized else item.call()
        except BaseException as error:
            self._failed(error)
            raise
        raise StopIteration

    def close(self) -> None:
        """End the pass, and close what it has opened."""
        self._stop()


def _called(call: Callable[[], Any]) -> Any:
    """Make a call on a thread, where a StopIteration would have the event loop wait for ever."""
    try:
        return call()
    except StopIteration as error:
        raise RuntimeError("a part raised StopIteration") from error


class AsyncPieces(_Pass):
    """The pieces of one pass, one after the other, on any event loop.

    Args:
        steps: what is to be given.
        progress: called with a :class:`Progress` for each piece.
        size: of all together, for ``progress``.
        whole: whether each piece is to be ``bytes``; else it may be a view of somebody's memory.
    """

    __slots__ = ("_busy", "_closing", "_whole")

    def __init__(
        self,
        steps: Steps,
        progress: Callable[[Progress], object] | None = None,
        size: int | None = None,
        whole: bool = False,
    ) -> None:
        super().__init__(steps, progress, size)
        self._whole = whole
        self._closing: list[Closing] = []
        self._busy = False  # a task waits for the next piece

    def __aiter__(self) -> AsyncPieces:
        return self

    async def __anext__(self) -> Piece:
        answer = None
        self._check()
        self._busy = True
        try:
            while (item := self._take(answer)) is not None:
                if not isinstance(item, Request):
                    piece = self._given(item)
                    self._busy = False
                    return bytes(piece) if self._whole else piece
                answer = await self._answer(item)
            self._busy = False
        except BaseException as error:
            self._busy = False
            try:
                self._failed(error)
            except StopAsyncIteration:
                # It would look like the end, and half a body like a whole one (PEP 479).
                raise RuntimeError("a part raised StopAsyncIteration") from error
            finally:
                with suppress(Exception):  # the first fault is the one to tell
                    await self.aclose()
            raise
        await self.aclose()
        raise StopAsyncIteration

    def _check(self) -> None:
        """Refuse what would take the answer away that another task waits for, or end its pass.

        Raises:
            ValueError: where another one waits for the next piece.
        """
        if self._busy:
            raise ValueError("another task is amid this pass over a body: start one for each task")

    async def _answer(self, request: Request) -> Any:
        if isinstance(request, Work):
            if request.now is not None and (answer := request.now()) is not NOT_NOW:
                return answer
            return await offload(partial(_called, request.call))
        if isinstance(request, Closing):
            self._closing.append(request)
            return None
        return await request.call()

    async def aclose(self) -> None:
        """End the pass, and close what it has opened: all of it, also where that fails for one."""
        self._check()
        failed: BaseException | None = None
        try:
            self._stop()
        except BaseException as error:
            failed = error
        while self._closing:
            try:
                await self._closing.pop().call()
            except BaseException as error:
                failed = failed or error
        if failed is not None:
            raise failed  # and not in a stack of contexts, which forgets why all is closed
