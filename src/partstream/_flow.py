"""What the readers of one stream share: the parser, and the events that nobody has taken yet.

This is all the logic of reading, without any waiting: each step either gives a result or
:data:`NEED`, which says that it wants more bytes and will go on where it stopped.  A driver
(``reader.py`` for coroutines, ``sync.py`` for plain calls) asks the source and repeats the step
until the result is there, so that an async and a blocking reader differ in three lines a method.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ._backend import PartBegin
from ._need import NEED, Need
from ._settings import Settings
from .errors import MultipartError
from .events import EventList, PartEnd
from .parser import MultipartParser
from .sources import Source, checked

__all__ = ["Flow"]


class Flow:
    """The events of one stream, in their order, for all readers of it.

    Args:
        parser: makes the events.
        settings: what holds for the whole stream.
        drain: read on behind the closing delimiter, to the end of the source, because something
            there would be a fault.  Otherwise the stream ends with its closing delimiter, and
            what follows is never looked at, so that nothing depends on how the bytes were cut.

    Attributes:
        pull: asks the source for bytes.
        unread: has the source take bytes back, None where it cannot.
        close_source: ends the source, None where it has no need of that.
        past: whether the closing delimiter has come, and what follows it is not looked at.
        filling: whether somebody is waiting for bytes just now.
        busy: whether a thread is amid a step that may have to wait.
        error: what ended the stream too early; it is raised again by every later step.
        ended: whether the source has come to its end.
        fed: how many bytes the source has given.
        read_size: how many bytes one read may hold at most.
    """

    __slots__ = ("ahead", "busy", "close_source", "drain", "ended", "error", "events", "fault",
                 "fed", "filling", "parser", "past", "pull", "read_size", "settings",
                 "unread")  # fmt: skip

    pull: Callable[[], Any]
    unread: Callable[[bytes], Any] | None
    close_source: Callable[[], Any] | None

    def __init__(self, parser: MultipartParser, settings: Settings, drain: bool) -> None:
        self.parser = parser
        self.settings = settings
        self.read_size = settings.limits.maxima.read_size
        self.drain = drain
        # Those that nobody has taken, the next one last: what is taken is not held here any more.
        self.events: list[Any] = []
        self.fault: MultipartError | None = None  # behind them
        self.ahead: Any = None  # an event that was looked at, and not taken
        self.error: Exception | None = None
        self.ended = self.past = False
        self.fed: int = 0
        self.filling = self.busy = False

    def read_from(self, source: Source) -> None:
        """Have the bytes come from there."""
        self.pull, self.unread, self.close_source = source

    def failed(self, error: BaseException) -> None:
        """Keep what ended the stream, where it is over with that."""
        if isinstance(error, MultipartError):
            self.error = error
        elif self.close_source is not None:  # a generator, which cannot be asked again
            self.error = (
                error
                if isinstance(error, Exception)
                else ValueError(
                    "the generator that is read was interrupted amid its work: it has ended"
                )
            )

    def leave(self) -> None:
        """Refuse to be read any more; whoever waits for bytes just now is told when they come."""
        if not self.done:
            self.error = ValueError("this reader was closed before its end")

    def closing(self) -> Callable[[], Any] | None:
        """Give what ends the source, once: None afterwards, and where there is no need of it.

        Also None while somebody waits for bytes of the source, which cannot be ended amid that:
        whoever waits asks again when they have come.
        """
        if self.filling:
            return None
        close, self.close_source = self.close_source, None
        return close

    def check(self) -> None:
        """Refuse to go on where another task or thread is reading, before anything is taken.

        Raises:
            ValueError: where another one waits for bytes of the same stream.
        """
        if self.filling:
            raise ValueError("another task is reading this stream: read it from one task only")

    def ask(self) -> Any:
        """Ask the source for bytes; what it gives, awaited or not, goes to :meth:`answered`."""
        self.filling = True
        return self.pull()

    def answered(self, chunk: Any) -> bool:
        """Take what the source gave; tell whether it has to be closed now.

        Raises:
            MultipartError: see :meth:`feed`.
            TypeError: for what is no bytes.
        """
        self.take_in(chunk if type(chunk) is bytes else checked(chunk))
        self.filling = False
        return self.close_source is not None and self.done

    def take_in(self, chunk: bytes) -> None:
        """Take bytes from the source, and give back what of them is behind the multipart."""
        self.feed(chunk)
        if self.past and self.unread is not None:
            behind = chunk[max(0, len(chunk) - (self.fed - self.parser.end_offset)) :]
            # A lone line end would keep a source from being at its end.
            self.give_back(behind.removeprefix(b"\r\n") if behind != b"\r" else b"")

    def give_back(self, data: bytes) -> None:
        """Have the source take bytes back, if it can."""
        if data and self.unread is not None:
            with warnings.catch_warnings():
                # aiohttp deprecates its method for all but readers like this one.
                warnings.simplefilter("ignore", DeprecationWarning)
                self.unread(data)

    def feed(self, chunk: bytes) -> None:
        """Take bytes from the source, ``b""`` at its end, once all events are taken.

        Raises:
            MultipartError: see :meth:`MultipartParser.feed` and :meth:`~MultipartParser.close`.
        """
        try:
            if chunk:
                self.fed += len(chunk)
                self.line_up(self.parser.feed(chunk))
            else:
                self.ended = True
                self.line_up(self.parser.close())
        except MultipartError as error:
            if self.parser.done and not self.drain:
                self.past = True
                return  # the fault lies behind the closing delimiter
            self.error = error
            raise
        if not (self.events and type(self.events[0]) is bytes):  # a part that goes on says enough
            self.past = not self.drain and self.parser.done

    def line_up(self, events: list[Any]) -> None:
        """Have these events taken next."""
        if type(events) is EventList:
            self.fault = events.error
            events = events[:]
        taken = events
        if len(taken) > 1:
            taken.reverse()
        self.events = taken

    @property
    def done(self) -> bool:
        """Whether the source need not be read on."""
        return self.past or self.ended or self.error is not None

    def take(self) -> PartBegin | bytes | PartEnd | None | Need:
        """Give the next event, None at the end of the stream, or NEED.

        Raises:
            MultipartError: the fault behind the last event, and again for every later call.
        """
        if self.ahead is not None:
            event, self.ahead = self.ahead, None
            return event  # type: ignore[no-any-return]
        if self.error is not None:
            raise self.error
        if self.events:
            return self.events.pop()  # type: ignore[no-any-return]
        if self.past:
            return None
        if self.fault is not None:
            self.error = self.fault
            raise self.fault
        return None if self.parser.done and self.ended else NEED

    def take_end(self) -> PartEnd | None:
        """Give the next event if it is the end of a part, and at hand."""
        if self.ahead is None and self.error is None and self.events:
            self.ahead = self.events.pop()
        if type(self.ahead) is not PartEnd:
            return None
        event, self.ahead = self.ahead, None
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
