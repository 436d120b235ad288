"""What the readers of one stream share: the parser, and the events that nobody has taken yet.

This is all the logic of reading, without any waiting: each step either gives a result or
:data:`NEED`, which says that it wants more bytes and will go on where it stopped.  A driver
(``reader.py`` for coroutines) repeats ``fill`` and the step until the result is there, so that an
async and a blocking reader differ in three lines a method.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any, Final, final

from ._backend import PartBegin
from .errors import MultipartError
from .events import PartEnd
from .parser import MultipartParser

__all__ = ["NEED", "Body", "Flow", "Need"]


@final
class Need(enum.Enum):
    """The type of :data:`NEED`."""

    NEED = enum.auto()


#: More bytes are needed: a value, not an exception.
NEED: Final = Need.NEED

_NOTHING: Final[Iterator[Any]] = iter(())


class Flow:
    """The events of one stream, in their order, for all readers of it.

    Args:
        parser: makes the events.
        drain: read on behind the closing delimiter, to the end of the source, because something
            there would be a fault.  Otherwise the stream ends with its closing delimiter, and
            what follows is never looked at, so that nothing depends on how the bytes were cut.
    """

    __slots__ = ("drain", "ended", "error", "events", "parser")

    def __init__(self, parser: MultipartParser, drain: bool) -> None:
        self.parser = parser
        self.drain = drain
        self.events: Iterator[Any] = _NOTHING
        self.error: MultipartError | None = None
        self.ended = False

    def feed(self, chunk: bytes) -> None:
        """Take bytes from the source, ``b""`` at its end, once all events are taken.

        Raises:
            MultipartError: see :meth:`MultipartParser.feed` and :meth:`~MultipartParser.close`.
        """
        try:
            if chunk:
                self.events = iter(self.parser.feed(chunk))
            else:
                self.ended = True
                self.events = iter(self.parser.close())
        except MultipartError as error:
            self.error = error
            raise

    def take(self) -> PartBegin | bytes | PartEnd | None | Need:
        """Give the next event, None at the end of the stream, or NEED.

        Raises:
            MultipartError: the fault behind the last event, and again for every later call.
        """
        if self.error is not None:
            raise self.error
        try:
            event = next(self.events, None)
        except MultipartError as error:
            if self.parser.done and not self.drain:
                return None
            self.error = error
            raise
        if event is None and (not self.parser.done or (self.drain and not self.ended)):
            return NEED
        return event

    def skip(self, depth: int) -> bool | Need:
        """Leave out what is left of the part at ``depth``; give whether it was complete."""
        while True:
            event = self.take()
            if event is NEED:
                return NEED
            if event is None:
                return False
            if type(event) is PartEnd and event.depth == depth:
                return event.complete


class Body:
    """The body of one part, while it is read."""

    __slots__ = ("complete", "depth", "ended", "flow", "pieces", "rest", "rest_at")

    def __init__(self, flow: Flow, depth: int) -> None:
        self.flow = flow
        self.depth = depth
        self.ended = False  # its end has been taken from the flow
        self.complete = True
        self.pieces: list[bytes] = []  # of a read() that is under way
        self.rest = b""  # of a chunk that was larger than wanted
        self.rest_at = 0

    @property
    def at_eof(self) -> bool:
        """Whether nothing is left to be read."""
        return self.ended and not self.rest and not self.pieces

    def chunk(self) -> bytes | Need:
        """Give the next bytes as they came, ``b""`` at the end, or NEED."""
        if self.pieces:
            data = b"".join(self.pieces)
            self.pieces = []
            return data
        if self.rest:
            data = self.rest[self.rest_at :]
            self.rest, self.rest_at = b"", 0
            return data
        if self.ended:
            return b""
        event = self.flow.take()
        if type(event) is bytes:
            return event
        if event is NEED:
            return NEED
        self.ended = True
        self.complete = type(event) is PartEnd and event.complete
        return b""

    def all(self) -> bytes | Need:
        """Give all that is left, or NEED; what has come so far is kept."""
        pieces = self.pieces
        self.pieces = []
        while True:
            data = self.chunk()
            if data is NEED:
                self.pieces = pieces
                return NEED
            if not data:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.append(data)

    def some(self, size: int) -> bytes | Need:
        """Give at most ``size`` of the next bytes, ``b""`` at the end, or NEED."""
        if not self.rest:
            data = self.chunk()
            if data is NEED or len(data) <= size:
                return data
            self.rest = data
        data = self.rest[self.rest_at : self.rest_at + size]
        self.rest_at += size
        if self.rest_at >= len(self.rest):
            self.rest, self.rest_at = b"", 0
        return data

    def skip(self) -> Need | None:
        """Leave out what is left, or give NEED."""
        self.pieces, self.rest, self.rest_at = [], b"", 0
        if not self.ended:
            complete = self.flow.skip(self.depth)
            if complete is NEED:
                return NEED
            self.ended = True
            self.complete = complete
        return None
