"""What both kinds of forms have in common while they are put together: values, and what waits."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeAlias

from ._backend import PartBegin
from ._form_sinks import FileHead, Sink
from .charsets import codec_for
from .limits import Limits
from .policy import Policy, check_settings

__all__ = ["BATCH", "FIELD", "Assembler", "Decode", "Step"]

#: Gives the value of a field that is no plain text in UTF-8: of the part (None in urlencoded
#: forms), its data, and the charset that the part or the form names.
Decode: TypeAlias = Callable[["PartBegin | None", bytes, "str | None"], Any]

#: How much is written at a time, where writing may block: going to a thread takes as long as
#: writing some 200 KB.
BATCH: Final = 1 << 20
#: What a field takes beside its text: two str, a pair, its entry in a multidict.
FIELD: Final = 240
#: Pieces below this size are put together while they wait.
_SMALL: Final = 1 << 13
#: Held for a moment by whoever changes who writes, or whether it is over.
_LOCK: Final = threading.Lock()


class Step(enum.Enum):
    """Why an assembler stopped amid a chunk."""

    #: ``flush()`` has to be called, which may block.
    WORK = enum.auto()
    #: A file has begun that is to be streamed; ``head`` tells which.
    FILE = enum.auto()


class Assembler:
    """A form while it is put together.

    Attributes:
        items: the names and values in the order of the form; see :meth:`pairs`.
        files: which of the items are files.
        complete: False where the form was cut short, and the policy tolerates that.
        ended: whether the source has come to its end.
        head: of the file that is to be streamed, after :attr:`Step.FILE`.
        left: how much memory the fields may still take.
        fields_left: how many fields may still come.
    """

    head: FileHead
    _pieces: list[Any] | None

    def __init__(
        self, limits: Limits, policy: Policy, decode: Decode | None, charset: str | None
    ) -> None:
        self._set_up(limits, policy, decode, charset)

    def _set_up(
        self, limits: Limits, policy: Policy, decode: Decode | None, charset: str | None
    ) -> None:
        check_settings(limits, policy)
        self.items: list[tuple[str, Any]] = []
        self.files: list[int] = []
        self.limits = limits
        self.policy = policy
        self.decode = decode
        self.charset = charset
        maxima = limits.maxima
        self.left: int = maxima.fields_size
        self.fields_left: int = maxima.fields
        self._jobs: list[tuple[Callable[[Any], Any], Any]] = []
        self._sinks: list[Sink] = []
        self.complete: bool = True
        self.ended = False
        self._queued = 0
        self._pieces = None  # of the file that has begun, that wait
        self._busy = self._over = False

    def feed(self, chunk: bytes) -> Step | None:
        """Take bytes, ``b""`` at the end of the source; see :meth:`go`."""
        self.take_in(chunk)
        return self.go()

    def take_in(self, chunk: bytes) -> None:
        """Take bytes, and leave them for the next step."""
        raise NotImplementedError

    def go(self) -> Step | None:
        """Go on with what is there.

        Returns:
            What has to be done before the next call of this; None where bytes are wanted, or
            nothing is, because the source has ended.

        Raises:
            MultipartError: for a fault of the form, or a limit.
        """
        raise NotImplementedError

    def split(self) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
        """Give the fields and the files, each in their order."""
        if not self.files:
            return self.items, []
        places = set(self.files)
        fields = [item for at, item in enumerate(self.items) if at not in places]
        files = [self.items[at] for at in self.files]
        return fields, [item for item in files if item[1] is not None]

    def pairs(self) -> list[tuple[str, Any]]:
        """Give fields and files in the order of the form."""
        return [item for item in self.items if item[1] is not None] if self.files else self.items

    def take_charset(self, label: bytes | bytearray) -> None:
        """Take what the field ``_charset_`` says; UTF-8 is nothing to take (row v2)."""
        charset = label.decode("latin-1").strip()
        self.charset = None if codec_for(charset) == "utf-8" else charset or None

    def charge_text(self, offset: int, name: str, data: bytes | bytearray, size: int) -> None:
        """Count what the text of a field takes.

        Args:
            offset: where it starts in the stream.
            name: of the field, which was counted as ASCII.
            data: the text.
            size: how long it was as sent.

        Raises:
            LimitExceeded: where there is no room for it.
        """
        self.left -= size
        if not (data.isascii() and name.isascii()):
            self.left -= 3 * (len(data) + len(name))  # a str takes so much more at most (PEP 393)
        if self.left < 0:
            raise self.limits.exceeded("max_fields_size", offset + size)

    # What may block

    def add_file(self, name: str, value: Any = None) -> int:
        """Give a file its place among the items."""
        place = len(self.items)
        self.files.append(place)
        self.items.append((name, value))
        return place

    def queue(self, sink: Sink, pieces: list[Any] | None, data: bytes) -> list[Any]:
        """Have data wait until it is written by :meth:`flush`.

        Args:
            sink: that it is for.
            pieces: of the same sink, which wait already.
            data: what comes behind them.
        """
        if pieces is None:
            pieces = []
            self._jobs.append((sink.writelines, pieces))
        self._queued += len(data)
        if len(data) >= _SMALL:
            pieces.append(data)
        elif pieces and type(pieces[-1]) is bytearray and len(pieces[-1]) < _SMALL:
            pieces[-1] += data
        else:
            pieces.append(bytearray(data))
        return pieces

    def store(self, place: int, sink: Sink, waits: bool) -> None:
        """Finish a file: at once, or behind what waits to be written."""
        if waits or (sink.room <= 0 and sink.ends_blocking):
            self._jobs.append((self._store, (place, sink)))
        else:
            self._store((place, sink))

    def _store(self, file: tuple[int, Sink]) -> None:
        place, sink = file
        self.items[place] = (self.items[place][0], sink.finish())

    @property
    def has_sinks(self) -> bool:
        """Whether there is something to abort."""
        return bool(self._sinks)

    def flush(self) -> None:
        """Do what may block: write what waits, and finish files."""
        self.work(self.take_jobs())

    def take_jobs(self) -> list[Any]:
        """Give what waits to be done by :meth:`work`; the form may go on meanwhile."""
        jobs, self._jobs = self._jobs, []
        self._queued, self._pieces = 0, None
        return jobs

    def work(self, jobs: list[Any]) -> None:
        """Do what may block; one of these at a time, in the order in which it was taken.

        It may be given up (its task was cancelled) while a thread is at it: whoever is last, this
        or :meth:`abort`, then closes what is open.
        """
        with _LOCK:
            if self._over:
                return
            self._busy = True
        try:
            for call, argument in jobs:
                call(argument)
        finally:
            with _LOCK:
                self._busy = False
                over = self._over
            if over:
                self._abort()

    def abort(self) -> None:
        """Be done with a form that has failed: abort all its sinks.  It does not raise."""
        with _LOCK:
            self._over = True
            busy = self._busy
        if not busy:
            self._abort()

    def _abort(self) -> None:
        sinks, self._sinks, self._jobs = self._sinks, [], []
        for sink in sinks:
            with suppress(Exception):  # the fault that ended the form is the one to tell
                sink.abort()
