"""A look into a multipart message: which parts it has, and what is wrong with it.

The bytes of a file pass through three stages, none of which holds them::

    message.py     where the head ends, and what it says
    framing.py     chunks and compression undone; where the body ends
    the parser     which part each byte belongs to

What is found is a :class:`Report`.  Memory grows with the number of parts and their headers, never
with the size of bodies.  The limits here are no defence, only an end to nonsense: a server's own
limits are far lower, but the file to look into is often one that went over them.

Offsets count from the first byte of the multipart body, with chunks and compression undone.  Where
neither was in the way, the offset in the file is known as well, and given beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final, Protocol

from . import diagnosis
from ._backend import BACKEND, PartBegin
from ._inspect_evidence import Evidence
from ._inspect_formats import looks_chunked
from ._inspect_notes import lost_child, notes
from ._inspect_opening import AROUND, LIMITS, Opening, Options, Source
from ._inspect_place import place_of, plain_message
from ._inspect_policies import Trials
from ._inspect_report import Excerpt, Fault, Part, Report
from ._inspect_window import REACH, Window
from .deviations import Deviation
from .diagnosis import Look
from .errors import MultipartError
from .events import PartEnd
from .parameters import Header, boundary_of
from .parser import MultipartParser
from .policy import Policy

__all__ = ["LIMITS", "Options", "Part", "Report", "Sink", "Source", "inspect"]

_CUT: Final = "message_cut"
_HEAD_LIMIT: Final = "head_too_long"
#: How far a pipe is read behind a fault, to see what other policies make of the rest: it may be a
#: camera's, and never end.
_READ_ON: Final = 1 << 20
_END: Final = 256  # how much of a body's end is looked at


class Sink(Protocol):
    """Who wants the bodies, too; each call is for the part that began last."""

    def begin(self, part: Part) -> None:
        """Take note of a part that is no multipart."""

    def data(self, data: bytes) -> None:
        """Take some of its body."""

    def end(self, part: Part) -> None:
        """Take note of its end; ``part.complete`` tells whether it was cut short."""


def inspect(source: Source, options: Options, sink: Sink | None = None) -> Report:
    """Read a message to its end, or to its first fault.

    Raises:
        OSError: what the source or the sink raises; bad bytes never raise anything.
    """
    return _Inspection(source, options, sink).run()


class _Digests:
    """A sink that fills in ``Part.sha256``."""

    def begin(self, part: Part) -> None:
        self._hash = hashlib.sha256()

    def data(self, data: bytes) -> None:
        self._hash.update(data)

    def end(self, part: Part) -> None:
        part.sha256 = self._hash.hexdigest()


class _Inspection:
    def __init__(self, source: Source, options: Options, sink: Sink | None) -> None:
        self._options = options
        self._sinks: list[Sink] = [_Digests()] if options.sha256 else []
        self._sinks += [sink] if sink is not None else []
        self._opening = Opening(source, options, Report(source.name, BACKEND))
        self._report = self._opening.report
        self._window = Window()
        self._open: list[Part] = []
        self._trials: Trials | None = None
        self._ended = False  # whether the input was read to its end
        self._top = 0  # how many parts have begun in the outermost multipart

    def run(self) -> Report:
        report, opening = self._report, self._opening
        parser = None
        try:
            opening.read()
            parser = opening.parser()
            self._trials = Trials(opening.trial)
            while data := self._more():
                self._take(parser.feed(data))
            self._finish(parser)
        except MultipartError as error:
            if parser is None and error.code != _HEAD_LIMIT:
                self._trials = Trials(opening.trial)  # which another policy may let pass
            report.fault = self._fault(error, reading=parser is not None)
            self._read_on()
        finally:
            self._end_open()
        if parser is not None:
            first = report.parts[0].header_offset if report.parts else None
            report.notes += notes(self._evidence(), first, parser.end_offset)
        self._judge()
        return report

    def _more(self) -> bytes:
        """Give the next bytes of the body, none at its end."""
        data = self._opening.more()
        if not data:
            self._ended = True
            return data
        self._window.add(data)
        self._report.body_size += len(data)
        if self._trials is not None:
            self._trials.feed(data)
        return data

    def _read_on(self) -> None:
        """Read what stands behind a fault, for those policies that let it pass."""
        if self._trials is None:
            return
        stop = self._report.body_size + _READ_ON
        while self._opening.whole or (self._trials.running and self._report.body_size < stop):
            if not self._more():
                break

    def _judge(self) -> None:
        """Note what each policy makes of the body."""
        report, framing = self._report, self._opening.framing
        if self._trials is None or framing.fault is not None:
            return
        report.policies = self._trials.verdicts(ended=self._ended)
        fault, legacy = report.fault, report.policies[-1]
        if fault is not None and legacy.code is None and legacy.complete and legacy.ended:
            spoilt = looks_chunked(self._opening.start, sure=True)
            if fault.code not in (_CUT, Deviation.TRUNCATED.code) and not spoilt:
                fault.causes.append("--policy legacy tolerates it (in a program: Policy.LEGACY)")

    # The parts

    def _take(self, events: Iterable[Any]) -> None:
        for event in events:
            if type(event) is bytes:
                part = self._open[-1]
                part.size = (part.size or 0) + len(event)
                for sink in self._sinks:
                    sink.data(event)
            elif type(event) is PartEnd:
                self._end_part(event.complete)
            else:
                self._begin_part(event)

    def _next_number(self) -> str:
        """Give the place in the tree of the part that comes next."""
        if not self._open:
            return str(self._top + 1)
        return f"{self._open[-1].number}.{self._open[-1].children + 1}"

    def _begin_part(self, event: PartBegin) -> None:
        number = self._next_number()
        if self._open:
            self._open[-1].children += 1
        else:
            self._top += 1
        headers = list(event.headers.items()) if self._options.headers else None
        part = Part(
            number, event.depth, event.name, event.filename, event.content_type, headers,
            event.multipart, event.offset, event.body_offset,
            None if event.multipart else 0)  # fmt: skip
        if event.multipart:
            part.boundary = _announced(event)
        self._report.parts.append(part)
        self._open.append(part)
        if not part.multipart:
            for sink in self._sinks:
                sink.begin(part)

    def _end_part(self, complete: bool) -> None:
        part = self._open.pop()
        part.complete = complete
        if not part.multipart:
            for sink in self._sinks:
                sink.end(part)
        elif not complete and not part.children:
            around = self._window.around(part.offset, REACH)
            outer = [self._report.boundary, *(parent.boundary for parent in self._open)]
            self._report.notes.append(lost_child(part, around[1] if around else b"", outer))

    def _end_open(self) -> None:
        """End what a fault left open."""
        while self._open:
            self._end_part(False)

    # The end

    def _finish(self, parser: MultipartParser) -> None:
        """Come to the end of the input; raise for what is missing.

        A body that was cut says more about it than the message around it, unless that is broken.
        """
        framing = self._opening.framing
        if framing.fault is not None and not parser.done:
            raise framing.fault
        self._take(parser.close())
        fault = framing.fault or framing.shortfall()
        if fault is not None:
            raise fault

    def _fault(self, error: MultipartError, *, reading: bool) -> Fault:
        """Say where it lies, in the body and in the file, and what is likely behind it."""
        fault = Fault(
            error.code,
            plain_message(error),
            None,
            None,
            place_of(error, self._report.parts, self._open, self._next_number()),
        )
        look = self._locate(fault, error, reading)
        evidence = self._evidence(fault.place, fault.message)
        fault.causes = diagnosis.likely_causes(error.code, evidence)
        fault.summary = diagnosis.summary(error.code, evidence, fault.causes)
        better = diagnosis.place_to_look(error.code, evidence)
        if better is not None:
            fault.excerpt = self._excerpt(better)
        elif look is not None:
            fault.excerpt = self._excerpt(Look(look))
        return fault

    def _locate(self, fault: Fault, error: MultipartError, reading: bool) -> int | None:
        """Fill in the offsets; give the one of the body to show, None where others are shown."""
        opening, report, offset = self._opening, self._report, error.offset
        if error is opening.framing.fault or error.code == _CUT:
            fault.offset = self._window.end
            if offset is not None:  # counted from the end of the head
                fault.file_offset = report.body_offset + offset
                fault.excerpt = opening.excerpt(fault.file_offset)
            return None if opening.framing.transformed else offset
        if reading:
            fault.offset = offset
            fault.file_offset = None if offset is None else report.in_file(offset)
            return offset
        fault.place = "" if offset is None else "in the head"
        fault.file_offset = offset
        fault.excerpt = opening.excerpt(opening.boundary_at(offset))
        return None

    def _excerpt(self, look: Look) -> Excerpt | None:
        """Give the bytes around a place in the body, those that follow in the input too."""
        offset = look.offset
        while self._window.end < offset + AROUND and self._more():
            pass
        found = self._window.around(offset, AROUND)
        start = self._opening.start
        if found is None and offset < len(start):
            found = start[max(0, offset - AROUND) : offset], start[offset : offset + AROUND]
        return None if found is None else Excerpt("body", offset, *found, look.wanted)

    def _evidence(self, place: str = "", message: str = "") -> Evidence:
        opening, framing = self._opening, self._opening.framing
        shortfall = framing.shortfall() if self._ended else None
        around = self._window.around(self._window.end, _END)
        return Evidence(
            self._report, self._options.policy, opening.start, around[0] if around else b"",
            opening.delimiter, framing.length, framing.chunked and framing.done,
            shortfall.message if shortfall else "", opening.rest(), self._window.end, place,
            message)  # fmt: skip


def _announced(event: PartBegin) -> bytes | None:
    """Give the boundary of a part that is a multipart."""
    value = str(event.headers.get("Content-Type", ""))
    text = value.encode("utf-8", "surrogateescape").decode("latin-1")
    try:
        return boundary_of(Header(text, None, Policy.LEGACY.other_mask, False))
    except MultipartError:
        return None
