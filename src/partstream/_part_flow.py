"""The flow of one part that was taken out of its stream by somebody else.

``BodyPartReader(boundary, headers, content)`` reads the body of one part, whose headers have been
read already, and leaves the source where the next delimiter line starts, if the source can take
bytes back.
"""

from __future__ import annotations

from ._backend import PartBegin
from ._flow import Flow
from ._need import NEED, Need
from ._options import replace
from ._settings import Settings
from .deviations import Deviation
from .errors import MultipartError
from .events import PartEnd
from .limits import Limits
from .parser import MultipartParser

__all__ = ["PartFlow"]


class PartFlow(Flow):
    """The body of one part, up to the next delimiter line.

    Args:
        delimiter: the boundary with its two dashes.
        length: the Content-Length, None where there is none.
        settings: limits and policy; and whether the part is one of a form.

    Raises:
        ValueError: for a delimiter without its dashes.
    """

    __slots__ = (
        "_behind",
        "_chunk",
        "_delimiter",
        "_end",
        "_fault",
        "_given",
        "_held",
        "_measured",
        "_shift",
    )

    def __init__(self, delimiter: bytes, length: str | None, settings: Settings) -> None:
        if not isinstance(delimiter, bytes):
            raise TypeError(f"a part's boundary is bytes, not {type(delimiter).__name__}")
        if not delimiter.startswith(b"--"):
            raise ValueError(f"a part's boundary comes with its dashes: {b'--' + delimiter!r}")
        limits = replace(Limits.STREAM, max_part_size=settings.limits.max_part_size)
        subtype = "form-data" if settings.form else "mixed"
        parser = MultipartParser(
            delimiter[2:], subtype=subtype, limits=limits, policy=settings.policy
        )
        Flow.__init__(self, parser, settings, drain=False)
        head = b"" if length is None else b"Content-Length: %b\r\n" % length.encode()
        if settings.form:
            head += b'Content-Disposition: form-data; name=""\r\n'
        head = delimiter + b"\r\n" + head + b"\r\n"
        _begin, *events = parser.feed(head)  # a part of no bytes ends with its headers
        self.line_up(events)
        self._delimiter = delimiter
        ignored = settings.mask & Deviation.LENGTH_MISMATCH.bit
        self._measured = length is not None and not ignored
        self._shift = len(head)
        self._given = 0  # bytes of the body
        self._held = self._chunk = b""  # fed before, and last: not all of it is given
        self._end: PartEnd | None = None
        self._fault: MultipartError | None = None
        self._behind: bytes | None = None  # the delimiter line, and what came with it

    def take_in(self, chunk: bytes) -> None:
        """Take bytes from the source; what of them is behind the part is given back at the end."""
        self.feed(chunk)

    def feed(self, chunk: bytes) -> None:
        """Take bytes from the source, as any flow does."""
        self._held, self._chunk = self._pending(), chunk
        if self._end is not None:  # only what follows is of interest, whatever it means
            self.fed += len(chunk)
            self.ended = not chunk
            return
        try:
            if chunk or not self._ends_in_delimiter():
                Flow.feed(self, chunk)
            else:  # the delimiter is there, and only its line end is not
                self.ended = True
                self.line_up(self.parser.feed(b"\r\n"))
        except MultipartError as error:
            raise self._shifted(error) from None

    def take(self) -> PartBegin | bytes | PartEnd | None | Need:
        """Give the next event; the end of the part only when it is known what follows it."""
        if self._end is None or self.ahead is not None:
            was_ahead = self.ahead is not None
            try:
                event = Flow.take(self)
            except MultipartError as error:
                raise self._shifted(error) from None
            if type(event) is bytes and not was_ahead:
                self._given += len(event)
            if type(event) is not PartEnd:
                return event
            self._end = event
        if self._behind is None:
            self._behind = self._find_behind(self._end)
            if self._behind is None:
                return NEED
            self.give_back(self._behind)
        return self._end

    def take_end(self) -> PartEnd | None:
        """Give the end of the part if it is at hand."""
        if self.ahead is None:
            try:
                event = self.take()
            except MultipartError:
                return None  # the next step raises it again
            if type(event) is PartEnd:
                return event
            self.ahead = event if type(event) is bytes else None
        return None

    def _find_behind(self, end: PartEnd) -> bytes | None:
        """Give the input from the delimiter line on, None where it is not there yet."""
        pending, delimiter = self._pending(), b"\r\n" + self._delimiter
        if not end.complete:
            return b""
        if pending.startswith(delimiter):
            return pending[2:]
        if pending.startswith(self._delimiter) and not self._measured:
            return pending  # row q: no bytes, and no line end of its own
        if delimiter.startswith(pending):
            if not self.ended:
                return None
            self._fault = Deviation.TRUNCATED.at(self.fed)
        else:
            self._fault = Deviation.LENGTH_MISMATCH.at(self._given)
        self.error = self._fault
        raise self._fault

    def _pending(self) -> bytes:
        """Give what was fed, and is not body."""
        size = self.fed - self._given
        if size <= len(self._chunk):
            return self._chunk[len(self._chunk) - size :]
        return (self._held + self._chunk)[-size:]

    def _ends_in_delimiter(self) -> bool:
        pending = self._pending()
        return pending in (self._delimiter, b"\r\n" + self._delimiter)

    def _shifted(self, error: MultipartError) -> MultipartError:
        """Give an error whose offset counts from the start of the body."""
        if error is not self._fault:
            offset = None if error.offset is None else error.offset - self._shift
            self._fault = self.error = type(error)(error.message, code=error.code, offset=offset)
            return self._fault
        return error
