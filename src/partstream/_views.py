"""A multipart as a body that can be read: what clients take.

Each is a fresh view of a writer, with the headers that the parts had when it was made.  It can be
read again where all parts can, for a client that retries, follows a redirect or authenticates.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ._passes import AsyncPieces, Piece, Pieces, Progress
from ._plan import Plan

if TYPE_CHECKING:
    from .writer import MultipartWriter

__all__ = [
    "AsyncBody", "Body", "Chunks", "SizedAsyncBody", "SizedBody", "SizedChunks", "make_abody",
    "make_body", "make_chunks",
]  # fmt: skip

OnProgress = Callable[[Progress], object]


class Body:
    """The body for blocking clients: a file of bytes that can only be read, and an iterable.

    Once its end was given (``b""``, or the end of an iteration), it starts anew: clients that send
    a request a second time read on.  Where parts cannot be written again, that raises.

    Attributes:
        size: how many bytes there are, None where that is not known.
    """

    def __init__(self, plan: Plan, progress: OnProgress | None = None) -> None:
        self._plan = plan
        self._progress = progress
        self._pieces: Pieces | None = None
        self._left: memoryview = memoryview(b"")
        self._at = 0
        self._closed = False
        self._turn = threading.RLock()  # held by the thread that is amid a read
        self.size = plan.size

    def _enter(self) -> None:
        """Take the turn, which whoever calls this gives back.

        Raises:
            ValueError: where another thread has it.
        """
        if not self._turn.acquire(False):
            raise ValueError("another thread is reading this body: call body() for each thread")

    def read(self, size: int | None = -1) -> bytes:
        """Give the next bytes.

        Args:
            size: how many; fewer come at the end only.  Negative, or None: all that are left.

        Raises:
            OSError: where a file cannot be read, or is shorter than it was.
            ValueError: where a part cannot be written again, or has not the size announced.
        """
        if size is None or size < 0:
            size = 1 << 62
        self._enter()
        try:
            self._check_open()
            if size == 0:
                return b""
            data = self._next_bytes(size)
            if not data:
                self._rewind()
            return data
        finally:
            self._turn.release()

    def _next_bytes(self, size: int) -> bytes:
        """Give so many bytes, fewer at the end only, and there again and again none."""
        found: list[Piece] = []
        room = size
        over = 0 if self.size is None else max(0, size - (self.size - self._at))  # behind the end
        while room:
            if not self._left:
                piece = self._next(room - over)
                if piece is None:
                    break
                if len(piece) == size == room and isinstance(piece, bytes):
                    self._at += size
                    return piece
                self._left = memoryview(piece)
            taken = self._left[:room]
            self._left = self._left[room:]
            room -= len(taken)
            found.append(taken)
        data = b"".join(found)
        self._at += len(data)
        return data

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Put the next bytes into a buffer.

        Unlike :meth:`read`, this does not start anew behind the end: ``io.BufferedReader`` asks
        more than once.

        Args:
            buffer: takes as many as it has room for.

        Returns:
            How many there were, 0 at the end.
        """
        view = memoryview(buffer).cast("B")
        self._enter()
        try:
            self._check_open()
            data = self._next_bytes(len(view))
        finally:
            self._turn.release()
        view[: len(data)] = data
        return len(data)

    def __iter__(self) -> Iterator[bytes]:
        """Give what is left, or behind the end all of it, in pieces as they come."""
        while piece := self._piece():
            yield piece if isinstance(piece, bytes) else bytes(piece)

    def _piece(self) -> Piece | None:
        """Give the next piece as it comes; behind the end none, and start anew."""
        self._enter()
        try:
            left, self._left = self._left, memoryview(b"")
            piece = left or self._next()
            if piece:
                self._at += len(piece)
            else:
                self._rewind()
            return piece
        finally:
            self._turn.release()

    def _next(self, wanted: int | None = None) -> Piece | None:
        self._check_open()
        if self._pieces is None:
            self._pieces = self._pass(self._at)
        self._pieces.wanted = wanted
        try:
            return next(self._pieces, None)
        except BaseException:
            self._rewind()  # what comes next is no rest of it, which might be taken for all of it
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the body is closed: call body() for a fresh one")

    def _pass(self, start: int) -> Pieces:
        refuse_awaited(self._plan)
        return Pieces(self._plan.steps(start), self._progress, self.size, start)

    def _rewind(self) -> None:
        if self._pieces is not None:
            self._pieces.close()
        self._pieces = None
        self._left = memoryview(b"")
        self._at = 0

    def tell(self) -> int:
        """Give the place of the next byte."""
        self._check_open()
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place.

        Args:
            offset: in bytes.
            whence: as of ``io.IOBase.seek()``.

        Returns:
            The place.

        Raises:
            io.UnsupportedOperation: where the size is not known, unless it is for the start, and
                where a part cannot be read again.
            ValueError: for a place before the start, and an unknown ``whence``.
        """
        self._enter()
        try:
            return self._went(offset, whence)
        finally:
            self._turn.release()

    def _went(self, offset: int, whence: int) -> int:
        self._check_open()
        if not self.seekable():
            if (offset, whence) == (0, io.SEEK_SET) and self._plan.replayable:
                self._rewind()  # which is how clients rewind what they send again
                return 0
            raise io.UnsupportedOperation(
                "not every part of this body has a known size and can be read again"
            )
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size or 0}
        if whence not in bases:
            raise ValueError(f"seek(..., {whence}): must be one of io.SEEK_SET, _CUR and _END")
        base = bases[whence]
        if base + offset < 0:
            raise ValueError(f"seek({offset}, {whence}) goes to a place before the start")
        self._rewind()
        self._at = min(base + offset, self.size or 0)
        return self._at

    def seekable(self) -> bool:
        """Tell whether all parts can be read again, and have a known size."""
        return self.size is not None and self._plan.replayable

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def writable(self) -> bool:
        """Tell that it cannot be written."""
        return False

    def flush(self) -> None:
        """Do nothing: ``io.BufferedReader`` calls it before :meth:`close`."""

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    def close(self) -> None:
        """Close what this view has opened.  The writer's parts stay as they are."""
        self._enter()
        try:
            self._rewind()
            self._closed = True
        finally:
            self._turn.release()

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class SizedBody(Body):
    """A :class:`Body` whose size is known."""

    size: int

    def __len__(self) -> int:
        return self.size


class Chunks:
    """The body for blocking clients that iterate: each iteration starts anew.

    There is no place in it, so a client that gives a pass up and sends the body again, as one that
    is answered with a redirect before it has sent all, starts at the start.

    Attributes:
        size: how many bytes there are, None where that is not known.
    """

    def __init__(self, plan: Plan, progress: OnProgress | None = None) -> None:
        self._plan = plan
        self._progress = progress
        self.size = plan.size

    def __iter__(self) -> Iterator[bytes]:
        """Start a pass.

        Raises:
            TypeError: where a part must be awaited.
            ValueError: where a part cannot be written again.
        """
        refuse_awaited(self._plan)
        self._plan.check()
        pieces = Pieces(self._plan.steps(), self._progress, self.size)
        return (piece if isinstance(piece, bytes) else bytes(piece) for piece in pieces)


class SizedChunks(Chunks):
    """A :class:`Chunks` whose size is known."""

    size: int

    def __len__(self) -> int:
        return self.size


def refuse_awaited(plan: Plan) -> None:
    """Say that a body cannot be given without awaiting, before anything of it is."""
    if plan.awaits:
        raise TypeError("a part of this body must be awaited: use abody(), or write()")


class AsyncBody:
    """The body for asynchronous clients: each ``async for`` over it starts anew.

    Attributes:
        size: how many bytes there are, None where that is not known.
    """

    def __init__(self, plan: Plan, progress: OnProgress | None = None) -> None:
        self._plan = plan
        self._progress = progress
        self.size = plan.size

    def __aiter__(self) -> AsyncPieces:
        """Start a pass.

        Raises:
            ValueError: where a part cannot be written again.
        """
        self._plan.check()
        return AsyncPieces(self._plan.steps(), self._progress, self.size, whole=True)


class SizedAsyncBody(AsyncBody):
    """An :class:`AsyncBody` whose size is known."""

    size: int

    def __len__(self) -> int:
        return self.size


def make_body(writer: MultipartWriter, close_boundary: bool, progress: OnProgress | None) -> Body:
    """Make the body for blocking clients."""
    plan = Plan(writer, close_boundary, marks=progress is not None)
    return (Body if plan.size is None else SizedBody)(plan, progress)


def make_chunks(
    writer: MultipartWriter, close_boundary: bool, progress: OnProgress | None
) -> Chunks:
    """Make the body for blocking clients that iterate."""
    plan = Plan(writer, close_boundary, marks=progress is not None)
    refuse_awaited(plan)  # clients take a TypeError of iter() for a body that is none
    return (Chunks if plan.size is None else SizedChunks)(plan, progress)


def make_abody(
    writer: MultipartWriter, close_boundary: bool, progress: OnProgress | None
) -> AsyncBody:
    """Make the body for asynchronous clients."""
    plan = Plan(writer, close_boundary, marks=progress is not None)
    return (AsyncBody if plan.size is None else SizedAsyncBody)(plan, progress)
