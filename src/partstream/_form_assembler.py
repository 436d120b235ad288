"""A form in ``multipart/form-data`` while it is put together, without waiting for anything.

Chunks go in, names and values come out.  The loop over a parser's events is
:meth:`FormAssembler.go`.  A field that is nothing but a name and text never leaves it; all else is
written into a *sink* (``_form_sinks.py``), fields with a charset or an encoding of their own too.
Where something has to be done that may block, or that has to be awaited, the loop stops and gives
a :class:`Step`; called again, it goes on where it stopped.  That is all that a driver has to know::

    step = assembler.feed(chunk)  # b"" at the end of the source
    while step is not None:
        assembler.flush()  # on a thread, where there is an event loop
        step = assembler.go()

What a form gets, and what error at which offset, depends on its bytes alone, never on how they
were cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from ._backend import PartBegin
from ._form_fields import CharsetField, OddField, decoder_of, too_large, value_of
from ._form_sinks import AS_FIELD, SKIPPED, FileHead, Sink
from ._form_work import BATCH, FIELD, Assembler, Decode, Step
from ._need import NEED, Need
from .decoding import Decoder
from .deviations import Deviation
from .errors import LimitExceeded
from .events import PartEnd
from .limits import Limits
from .parser import MultipartParser
from .policy import Policy

__all__ = ["FormAssembler", "OpenSink"]

#: Gives the sink for a file, None where nobody wants it, AS_FIELD where it is to be a field.  It
#: must not block: a sink opens its file when the first data comes.
OpenSink: TypeAlias = Callable[[FileHead], "Sink | None"]

#: What a file takes beside its head: the objects around it.
_FILE: Final = 1024
#: A header block with a Content-Transfer-Encoding has so many bytes more than its name, at least.
_LEAST_ENCODED: Final = len("content-disposition:x;name=\ncontent-transfer-encoding:x\n\n")

_NOTHING: Final[Iterator[Any]] = iter(())


class FormAssembler(Assembler):
    """A form in ``multipart/form-data`` (RFC 7578) while it is put together.

    Args:
        boundary: of the Content-Type.
        open: gives the sink for a file.
        limits: what the form may be at most.
        policy: which deviations are tolerated.
        decode: gives the value of a field that is no plain text in UTF-8; by default it is decoded
            strictly, by the charset that it names, or the form does.
        charset: of fields that name none, if it is not UTF-8.
        streamed: stop at each file that has a filename, see :attr:`Step.FILE`.  Then :meth:`take`
            gives its data, and :meth:`keep` or :meth:`spool` says what becomes of it.
    """

    _begin: PartBegin | None
    _data: Any
    _sink: Sink | None
    _odd: OddField | None
    _decoder: Decoder | None
    _outer: str | None

    def __init__(
        self,
        boundary: str | bytes,
        open: OpenSink,  # noqa: A002
        *,
        limits: Limits = Limits.FORM,
        policy: Policy = Policy.DEFAULT,
        decode: Decode | None = None,
        charset: str | None = None,
        streamed: bool = False,
    ) -> None:
        self._set_up(limits, policy, decode, charset)
        self._begin = None  # of a plain field that has begun
        self._name = ""
        self._data = b""
        self._room = 0
        self._sink = None  # of any other part that has begun
        self._odd = None  # the same, if it is a field
        self._place = -1  # among the items, if it is a file
        self._spilt = False  # whether data of it went where it waits for a thread
        self._decoder = None
        self._outer = None  # the name of the part around a multipart
        self._begun = False  # a part that is no plain field
        self._open = open
        self._usual = charset is None  # no multipart within it, no charset
        self._streamed = streamed
        self._files_left = limits.maxima.files
        self._parser = MultipartParser(boundary, nested=True, limits=limits, policy=policy)
        self._events: Iterator[Any] = _NOTHING

    def take_in(self, chunk: bytes) -> None:
        """Take bytes, and leave them for the next step."""
        if chunk:
            self._events = iter(self._parser.feed(chunk))
        else:
            self.ended = True
            self.complete = self._parser.done  # or cut short, even where no part was
            events = self._parser.close()
            # Most often there are none; those with a fault behind them are no plain list.
            self._events = iter(events) if events or type(events) is not list else _NOTHING

    def go(self) -> Step | None:
        """Go on with what is there; see :meth:`Assembler.go`.

        One function for the sake of speed: most forms are plain fields, and a call for each would
        take as long as what is here.
        """
        events = self._events
        if events is _NOTHING:
            return Step.WORK if self.ended and self._jobs else None
        begin, name, data, room = self._begin, self._name, self._data, self._room
        left, usual, items = self.left, self._usual, self.items
        most, each = self.limits.maxima.field_size, FIELD
        step: Step | None = None
        for event in events:
            kind = type(event)  # pyright: ignore[reportUnknownVariableType]
            if kind is PartBegin:
                part: PartBegin = event
                size = part.body_offset - part.offset
                if (
                    usual
                    and part.name is not None
                    and part.filename is None
                    and part.content_type is None
                    and size < len(part.name) + _LEAST_ENCODED
                    and part.name != "_charset_"
                ):
                    begin, name, data = part, part.name, b""
                    left -= size + each
                    self.fields_left -= 1
                    room = most if most < left else left
                    if room < 0 or self.fields_left < 0:
                        raise self._too_many(part)
                    continue
                self.left = left
                step = self._start(part)
                left, usual = self.left, self._usual
            elif begin is None:
                self.left = left
                step = self._write(event) if kind is bytes else self._finish(event)
                left, usual = self.left, self._usual
            elif kind is bytes:
                if not data:
                    data = event
                elif type(data) is bytes:
                    data = bytearray(data) + event
                else:
                    data += event
                if len(data) > room:
                    raise too_large(self, begin, room)
                continue
            else:
                if data.isascii() and name.isascii():
                    left -= len(data)
                else:
                    self.left = left
                    self.charge_text(begin.body_offset, name, data, len(data))
                    left = self.left
                try:
                    items.append((name, data.decode()))
                except UnicodeDecodeError:
                    items.append((name, value_of(self, begin, bytes(data), None)))
                begin = None
                continue
            if step is not None:
                break
        self.left = left
        self._begin, self._name, self._data, self._room = begin, name, data, room
        return Step.WORK if step is None and self.ended and self._jobs else step

    def _too_many(self, part: PartBegin) -> LimitExceeded:
        code = "max_fields" if self.fields_left < 0 else "max_fields_size"
        return self.limits.exceeded(code, part.offset)

    # All other parts

    def _start(self, part: PartBegin) -> Step | None:
        """Begin a part that is no plain field."""
        first = not (self._begun or self.items)
        self._begun = True
        name = self._outer if part.depth else part.name
        if name is None and self.policy.nameless_in_form == "error":
            raise Deviation.NAMELESS_PART.at(part.offset)
        if part.multipart:
            if not self.policy.form_mask & Deviation.MULTIPART_IN_FORM.bit:
                raise Deviation.MULTIPART_IN_FORM.at(part.offset)
            if not part.depth:  # deeper ones have the name of this one, too (RFC 2388 section 4.2)
                self._outer = name
                self._usual = False
            return None
        if name is None:
            self._sink = SKIPPED
            return None
        self._decoder = decoder_of(part, self)
        if part.filename is not None:
            return self._start_file(name, part)
        if first and name == "_charset_" and self.policy.charset_field and not part.depth:
            self._sink = self._odd = CharsetField(self, part)
            return None
        self._start_field(name, part)
        return None

    def _start_field(self, name: str, part: PartBegin) -> None:
        self.left -= part.body_offset - part.offset + FIELD
        self.fields_left -= 1
        room = min(self.limits.maxima.field_size, self.left)
        if room < 0 or self.fields_left < 0:
            raise self._too_many(part)
        self._sink = self._odd = OddField(self, name, part, room)

    def _start_file(self, name: str, part: PartBegin) -> Step | None:
        self._files_left -= 1
        if self._files_left < 0:
            raise self.limits.exceeded("max_files", part.offset)
        self.left -= 2 * (part.body_offset - part.offset) + _FILE
        if self.left < 0:
            raise self.limits.exceeded("max_fields_size", part.offset)
        self.head = FileHead(name, part)
        if self._streamed and part.filename:
            self._sink = SKIPPED  # until somebody says otherwise
            return Step.FILE
        self.spool()
        return None

    def _write(self, data: bytes) -> Step | None:
        """Take data of a part that is no plain field."""
        if self._odd is not None:
            self._odd.count(len(data))
        if self._decoder is None:
            self._put(data)
        else:
            for piece in self._decoder.feed(data):
                self._put(piece)
        return Step.WORK if self._queued >= BATCH else None

    def _put(self, data: bytes) -> None:
        sink: Any = self._sink
        # Behind data that waits, or is being written by a thread just now, all has to wait.
        if not self._spilt and len(data) <= sink.room:
            sink.write(data)
        else:
            self._spilt = True
            self._pieces = self.queue(sink, self._pieces, data)

    def _finish(self, event: PartEnd) -> Step | None:
        """End a part that is no plain field."""
        sink = self._sink
        if sink is None:
            self._end(event)
            return None
        if self._decoder is not None:
            for piece in self._decoder.end():
                self._put(piece)
        self._end(event)
        if self._odd is not None:
            self._odd = None
            sink.finish()
            self._usual = self._usual and self.charset is None
        elif sink is not SKIPPED:
            self.store(self._place, sink, self._spilt)
        self._pieces, self._spilt = None, False
        return Step.WORK if self._queued >= BATCH else None

    def _end(self, event: PartEnd) -> None:
        if self._sink is not None:
            self._sink = self._decoder = None
        elif not event.depth:  # a multipart within the form
            self._outer = None
            self._usual = self.charset is None

    # A file that is streamed

    def take(self) -> bytes | Need:
        """Give the next data of the file, ``b""`` at its end, or NEED.

        Raises:
            MultipartError: for a fault of the form, or a limit.
        """
        while self._sink is not None:
            event = next(self._events, None)
            if event is None:
                return NEED
            decoder = self._decoder
            if type(event) is PartEnd:
                self._end(event)
                pieces: Iterable[bytes] = decoder.end() if decoder is not None else ()
            elif decoder is not None:
                pieces = decoder.feed(event)
            else:
                return event  # type: ignore[no-any-return]
            if data := b"".join(pieces):
                return data
        return b""

    def keep(self, value: Any) -> None:
        """Have the form keep a value for the file, if it is not None; what is left is skipped."""
        if value is not None:
            self.add_file(self.head.name, value)

    def spool(self) -> None:
        """Have the file written into its sink, as where nothing is streamed."""
        sink = self._open(self.head)
        if sink is None:
            self._sink = SKIPPED
            return
        if sink is AS_FIELD:
            self._start_field(self.head.name, self.head.part)
            return
        self._sinks.append(sink)
        self._sink = sink
        self._place = self.add_file(self.head.name)
