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
from ._inspect_opening import AROUND, LIMITS, Opening, Options, Source
from ._inspect_report import Excerpt, Fault, Part, Report
from ._inspect_window import Window
from .deviations import Deviation
from .diagnosis import Evidence
from .errors import MultipartError
from .events import PartEnd
from .parser import MultipartParser

__all__ = ["LIMITS", "Options", "Part", "Report", "Sink", "Source", "inspect"]

_CUT: Final = "message_cut"
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
        self._ended = False  # whether the input was read to its end
        self._top = 0  # how many parts have begun in the outermost multipart

    def run(self) -> Report:
        report, opening = self._report, self._opening
        parser = None
        try:
            opening.read()
            parser = opening.parser()
            for data in opening.body():
                self._window.add(data)
                self._take(parser.feed(data))
            self._finish(parser)
        except MultipartError as error:
            report.body_size = self._window.end
            report.fault = self._fault(error, reading=parser is not None)
        finally:
            self._end_open()
        report.body_size = self._window.end
        if parser is not None:
            first = report.parts[0].header_offset if report.parts else None
            report.notes += diagnosis.notes(self._evidence(), first, parser.end_offset)
        return report

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

    def _begin_part(self, event: PartBegin) -> None:
        if self._open:
            parent = self._open[-1]
            parent.children += 1
            number = f"{parent.number}.{parent.children}"
        else:
            self._top += 1
            number = str(self._top)
        headers = list(event.headers.items()) if self._options.headers else None
        part = Part(
            number, event.depth, event.name, event.filename, event.content_type, headers,
            event.multipart, event.offset, event.body_offset,
            None if event.multipart else 0)  # fmt: skip
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
        self._ended = True
        self._take(parser.close())
        fault = framing.fault or framing.shortfall()
        if fault is not None:
            raise fault

    def _fault(self, error: MultipartError, *, reading: bool) -> Fault:
        """Say where it lies, in the body and in the file, and what is likely behind it."""
        fault = Fault(error.code, _message(error), None, None, self._place(error))
        evidence = self._evidence()
        fault.causes = diagnosis.likely_causes(error.code, evidence)
        look = self._locate(fault, error, reading)
        if reading:
            better = diagnosis.place_to_look(error.code, evidence)
            look = look if better is None else better
        if look is not None:
            fault.excerpt = self._excerpt(look)
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
        fault.excerpt = opening.excerpt(offset)
        return None

    def _place(self, error: MultipartError) -> str:
        """Say in which part the reading stopped, or after which."""
        parts = self._report.parts
        if "in the headers of" in error.message:  # of a part that has not begun as an event
            after = f" after part {parts[-1].number}" if parts else ""
            return f"in the headers of the {'next' if parts else 'first'} part{after}"
        if not parts:
            return "before the first part"
        last = parts[-1]
        if self._open and self._open[-1] is last:
            after = "" if last.size is None else f", after {last.size:,} bytes of its body"
            return f"in part {last.number}{after}"
        return f"after part {last.number}"

    def _excerpt(self, offset: int) -> Excerpt | None:
        """Give the bytes around an offset of the body, those that follow in the input too."""
        while self._window.end < offset + AROUND:
            data = self._opening.more()
            if not data:
                break
            self._window.add(data)
        found = self._window.around(offset, AROUND)
        start = self._opening.start
        if found is None and offset < len(start):
            found = start[max(0, offset - AROUND) : offset], start[offset : offset + AROUND]
        return None if found is None else Excerpt("body", offset, *found)

    def _evidence(self) -> Evidence:
        opening, framing = self._opening, self._opening.framing
        shortfall = framing.shortfall() if self._ended else None
        around = self._window.around(self._window.end, _END)
        return Evidence(
            self._report, self._options.policy, opening.start, around[0] if around else b"",
            opening.delimiter, framing.length, framing.chunked and framing.done,
            shortfall.message if shortfall else "", opening.rest())  # fmt: skip


def _message(error: MultipartError) -> str:
    """Give its message, without the number of a part that counts otherwise than a table does."""
    plain = Deviation.TRUNCATED.at(error.offset)
    return plain.message if error.code == plain.code else error.message
