"""Boundary scanner, pure twin of ``ext/_scanner_c.pyx``: chunks in, events out.

The scanner is always in one of six places, each a method that reads on from ``at`` and tells where
it stopped::

    _between        before a delimiter: a preamble, or the epilogue of a nested multipart
    _headers        in a header block
    _body           in a body that ends where a delimiter says so
    _measured       in a body that ends where its Content-Length says so
    _after_length   behind such a body, where a delimiter must stand
    _epilogue       behind the closing delimiter of the outermost multipart

Invariants, which make the results independent of how the input was cut:

- ``_held`` is the longest end of the input that may still become a delimiter.  Nothing else is
  kept back, but for an unfinished header block, in ``_head``.
- A fault is raised once the bytes that prove it are there, and all before it is delivered first.
- Each byte is searched a bounded number of times: ``_held`` is never longer than a delimiter, and
  the quick looks at a plain header block and a short body reach a fixed number of bytes.

It knows nothing of sockets and files, of how names stand in headers (``headers.py``), and of what
exactly a delimiter is (``_delimiters_py.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from ._between_py import Between
from ._delimiters_py import MORE, NO
from ._part_py import PartBegin
from ._search_py import LARGE, MAY_FOLLOW, NOWHERE, UNKNOWN, first_in_small, next_open
from ._state_py import BETWEEN, BODY, BUSY, CLOSED, HEADERS, INTERRUPTED, MEASURED, Events, Refusal
from .deviations import Deviation, cut_short
from .errors import MultipartError
from .events import EventList, part_end

__all__ = ["PartBegin", "Scanner"]

_LF: Final = 10
_DASH: Final = 45
_SMALL: Final = 80  # a chunk that a delimiter may be longer than
_WINDOW: Final = 192  # longer than a delimiter with all its padding
_END: Final = part_end(0)
_NO_CR: Final = -4
_ENDING: Final = -3  # nowhere, but the end of the data may become one
_CR: Final = 13
_MANY: Final = 8  # needles that are no delimiters, behind each other
_DENSE: Final = frozenset({b"\n\r", b"\r\r"})  # what follows a CR where line ends are dense
_FIRST_SUFFIX: Final = Deviation.FIRST_LINE_SUFFIX
_SUFFIX: Final = Deviation.DELIMITER_SUFFIX
_IN_CONTENT: Final = Deviation.BOUNDARY_IN_CONTENT.bit
_IN_HEADERS: Final = Deviation.DELIMITER_IN_HEADERS.bit


class Scanner(Between):
    """What :class:`partstream.MultipartParser` is, which see for the arguments."""

    __slots__ = ()

    def feed(self, chunk: bytes | bytearray | memoryview) -> list[Any]:
        """Take the next bytes of the stream and give the events that they complete.

        Args:
            chunk: any number of bytes, cut anywhere; one that is all body comes back as the event.

        Returns:
            A list.  Where a fault follows good events, iterating it raises after the last of them.

        Raises:
            MultipartError: for a fault with no event before it in this chunk, and for every
                call after a fault.
            TypeError: for a chunk that is not bytes-like.
            ValueError: after close(), and when another thread is feeding this parser just now.
        """
        data = chunk if type(chunk) is bytes else _as_bytes(chunk)
        try:
            flow = self._flow
        except AttributeError:
            raise _not_set_up() from None
        known = UNKNOWN
        if flow:
            # A chunk that is all body: the path that large files take, so nothing is called here.
            size = len(data)
            if _CR not in data:
                if size:
                    self.offset += size
                    return [data]
            elif self._rare not in data:
                known = NOWHERE
            else:
                known = data.find(flow) if size >= LARGE else first_in_small(data, flow)
            if known == NOWHERE:
                tail = data[-len(flow) :]
                if _CR not in tail or not flow.startswith(tail[tail.rfind(_CR) :]):
                    self.offset += size
                    return [data]
                known = _ENDING
            self._flow = b""
        if self._refusal is not None:
            _refuse(self._refusal)
        self._refusal = BUSY
        self._known = known
        events: Events = []
        try:
            self._feed(data, events)
        except MultipartError as error:
            self._refusal = error
            if events:
                return EventList(events, error)
            raise
        except BaseException:
            self._refusal = INTERRUPTED  # somewhere amid a chunk: where, nobody knows
            raise
        self._refusal = None
        return events

    def close(self) -> list[Any]:
        """Say that no more bytes come.

        Returns:
            The events that this completes; none unless the policy tolerates a truncated stream.

        Raises:
            IncompleteBody: if the closing delimiter has not come.
            MultipartError: the fault that feed() met.
            ValueError: when another thread is feeding this parser just now, or was interrupted
                while it did.
        """
        try:
            refusal = self._refusal
        except AttributeError:
            raise _not_set_up() from None
        if refusal is not None:
            if refusal is CLOSED:
                return []
            _refuse(refusal)
        self._refusal = BUSY
        self._flow = b""
        events: Events = []
        if self.end_offset < 0 or self._crlf_left == b"\n":
            try:
                self._close(events)
            except MultipartError as error:
                self._refusal = error
                raise
            except BaseException:
                self._refusal = INTERRUPTED
                raise
        self._refusal = CLOSED
        return events

    def _close(self, events: Events) -> None:
        self._final = True
        held, self._held = self._held, b""
        self._base = self.offset - len(held)
        self._last = self._known = UNKNOWN
        at, end = 0, len(held)
        while at < end:
            at = _STEPS[self._place](self, held, at, events)
        self._end(events)

    def _feed(self, data: bytes, events: Events) -> None:
        at, end, maxima = 0, len(data), self._maxima
        too_long = self.offset + end > maxima.total_size
        if end < _SMALL and not too_long and self._take_piece(data, end):
            return
        if too_long:
            end = maxima.total_size - self.offset
            data = data[:end]
        if self._held:
            while self._held and at < end:
                at += self._feed_held(data, at, events)
        self._base = offset = self.offset - at
        self.offset = offset + end
        self._last = UNKNOWN
        steps = _STEPS
        while at < end:
            at = steps[self._place](self, data, at, events)
        if too_long:
            raise self._limits.exceeded("max_total_size", maxima.total_size)
        if self._place == BODY and self._usual and not self._fresh and not self._held:
            if self._limits.unlimited:
                self._rarest()
                self._flow = self._usual

    def _take_piece(self, data: bytes, end: int) -> bool:
        """Take a piece of a header line or of a delimiter; tell whether it was one."""
        if self._held:
            piece = self._held + data
            if not self._expected().startswith(piece):
                return False
            self._held = piece
        elif self._head and _LF not in data and len(self._head) + end <= self._maxima.reach:
            self._head += data
        else:
            return False
        self.offset += end
        return True

    def _feed_held(self, data: bytes, start: int, events: Events) -> int:
        """Decide on what was held back; give how many bytes of the chunk that took.

        A window is laid over what was held back and the start of the chunk.  It is read only
        until the bytes held back are behind, so that the chunk itself is never copied.
        """
        held = len(self._held)
        window = self._held + data[start : start + _WINDOW]
        end = len(window)
        self._held = b""
        self._base = self.offset - held
        expected = self._expected()
        if end < len(expected) and expected.startswith(window):
            self._held = window
            self.offset += end - held
            return end - held
        if expected and not self._first and not self._fresh and self._mask & _IN_CONTENT:
            if self._is_data(window, held, end, events):
                return 0
        self.offset += end - held
        self._last = UNKNOWN
        at = 0
        while at < held:
            at = _STEPS[self._place](self, window, at, events)
        self.offset -= end - at
        return at - held

    def _expected(self) -> bytes:
        """Give what held bytes would have to go on as; empty where that is not so simple."""
        if self._usual and self._place == BODY:
            return b"" if self._fresh else self._usual
        if self._first:
            return self._first
        delimiters = self._delimiters
        if self._place == BODY or self._place == BETWEEN:
            if not self._fresh:
                return delimiters.needle
            if self._place == BETWEEN and delimiters.lf is None:
                return delimiters.first
        return b""

    def _is_data(self, window: bytes, held: int, end: int, events: Events) -> bool:
        """Deliver what was held back, if it turns out to be no delimiter; tell whether it did."""
        delimiters = self._delimiters
        between = self._place == BETWEEN
        if window.startswith(delimiters.needle):
            suffix = _FIRST_SUFFIX if between and self._in_preamble else _SUFFIX
            width = 1 if delimiters.lf is not False else 2
            if delimiters.looks(window, width, end, self._base, suffix):
                return False
        if between:
            self._discard(window, 0, held)
        else:
            self._emit(window, 0, held, events)
        return True

    # Bodies

    def _body(self, data: bytes, at: int, events: Events) -> int:
        if self._fresh:
            if data[at] == _DASH:
                delimiters, end = self._delimiters, len(data)
                result = delimiters.match(data, at, end, self._base, _SUFFIX, self._final)
                if result == MORE:
                    return self._hold(data, at)
                if result != NO:
                    return self._unbroken(result, at, events, leaf=True)
            self._fresh = False
        needle = self._usual
        found, self._known = self._known, UNKNOWN
        if found < at and found != _ENDING:
            found = self._find(data, at, needle) if needle else UNKNOWN
        if needle and found < 0:
            return self._go_on(data, at, found == _NO_CR, events)
        if needle and self._size + found - at <= self._maxima.part_size:
            after = found + len(needle) + 2
            if self._goes_on(data[after - 2 : after], self._base + after):
                return self._end_usual(data, at, found, after, events)
        return self._end_unusual(data, at, found, events)

    def _end_unusual(self, data: bytes, at: int, found: int, events: Events) -> int:
        """Go on from the needle at ``found``, where the body may end or go on."""
        delimiters, end = self._delimiters, len(data)
        needle, width = delimiters.needle, 1 if delimiters.lf else 2
        size = len(needle)
        # What goes on so is data, where only one boundary is open and no deviation counts.
        suffixed = self._usual and self._mask & _SUFFIX.bit
        if found == UNKNOWN:
            found = data.find(needle, at)
        passed = 0
        while found >= 0:
            after = found + size
            if suffixed and after < end and data[after] not in MAY_FOLLOW:
                passed += 1
            else:
                passed = 0
                result = self._match(data, at, found, found + width, end, events, False)
                if result != NO:
                    self._emit(data, at, found, events)
                    if result == MORE:
                        return self._hold(data, found)
                    return self._delimiter(result, found, events, leaf=True)
            few = passed < _MANY
            found = data.find(needle, after) if few else next_open(data, needle, after)
        return self._go_on(data, at, False, events)

    def _go_on(self, data: bytes, at: int, whole: bool, events: Events) -> int:
        """Deliver a body that goes on behind the data, but for what may become a delimiter."""
        end = len(data)
        stop = end if whole else self._partial(data, at, end)
        self._emit(data, at, stop, events)
        return self._hold(data, stop) if stop < end else end

    def _end_usual(self, data: bytes, at: int, found: int, after: int, events: Events) -> int:
        """End a body at a delimiter that ``_goes_on()`` took, as _delimiter() would."""
        if found > at:
            events.append(data[at:found])
        events.append(_END)
        if self._place == BODY:
            self._place = HEADERS
            self._mark = self._base + after
        return after

    def _find(self, data: bytes, at: int, needle: bytes) -> int:
        """Find the needle, which starts with CRLF; -1 if it is nowhere, _NO_CR if no CR is either.

        In little data, CPython's forward search is slow on dense line ends, its backward one on
        most else, and both are needless where there is no CR: the first CR tells which to take.
        """
        start = self._searched - self._base
        if start < at:
            start = at
        if len(data) - start >= LARGE:
            return data.find(needle, start) if data.find(self._rarest(), start) >= 0 else -1
        first = data.find(_CR, start)
        if first < 0:
            return _NO_CR
        if data[first + 1 : first + 3] in _DENSE:
            if self._last == UNKNOWN:
                self._last = data.rfind(needle)
            if self._last < first:
                return -1
        return data.find(needle, first)

    def _match(
        self, data: bytes, at: int, found: int, start: int, end: int, events: Events, last: bool
    ) -> int:
        """Match a delimiter at ``found``; on a fault, deliver the body before it first."""
        final = last or self._final
        try:
            return self._delimiters.match(data, start, end, self._base, _SUFFIX, final)
        except MultipartError:
            self._emit(data, at, found, events)
            raise

    def _unbroken(self, result: int, at: int, events: Events, leaf: bool) -> int:
        """Act on a delimiter with no line end of its own behind a header block (row q)."""
        delimiters = self._delimiters
        if not delimiters.levels[delimiters.level].mask & Deviation.MISSING_LINE_BREAK.bit:
            raise Deviation.MISSING_LINE_BREAK.at(self._base + at)
        return self._delimiter(result, at, events, leaf)

    def _measured(self, data: bytes, at: int, events: Events) -> int:
        delimiters, base = self._delimiters, self._base
        last = at + self._remaining <= len(data)  # whether the body ends within the data
        end = at + self._remaining if last else len(data)
        needle, width = delimiters.needle, 1 if delimiters.lf else 2
        if self._fresh and data[at] == _DASH:
            found, width = at, 0
        else:
            found = data.find(needle, at, end)
        while found >= 0:
            result = self._match(data, at, found, found + width, end, events, last)
            if result != NO:
                self._emit(data, at, found, events)
                self._remaining -= found - at
                if result == MORE:
                    return self._hold(data, found)
                raise Deviation.LENGTH_MISMATCH.at(base + found)
            found = data.find(needle, found + 1, end)
            width = 1 if delimiters.lf else 2
        self._fresh = False
        stop = end if last else self._partial(data, at, end)
        self._emit(data, at, stop, events)
        self._remaining -= stop - at
        self._end_measured(events)
        return stop if last else self._hold(data, stop)

    def _after_length(self, data: bytes, at: int, events: Events) -> int:
        delimiters, end = self._delimiters, len(data)
        line_end = b"\n" if delimiters.lf else b"\r\n"
        unbroken = self._fresh and data[at] == _DASH
        start = at if unbroken else at + len(line_end)
        have = line_end if unbroken else data[at:start]
        result = NO
        if have == line_end:
            result = delimiters.match(data, start, end, self._base, _SUFFIX, self._final)
            if result == NO and self._final:
                result = delimiters.match(data, start, end, self._base, _SUFFIX)
        elif line_end.startswith(have):
            result = MORE
        if result == MORE:
            return end if self._final else self._hold(data, at)
        if result == NO:
            raise Deviation.LENGTH_MISMATCH.at(self._base + at)
        if unbroken:
            return self._unbroken(result, at, events, leaf=False)
        return self._delimiter(result, at, events)

    # The end

    def _epilogue(self, data: bytes, at: int, events: Events) -> int:
        left = self._crlf_left
        if left and data.endswith(left, at) and len(data) - at == len(left):
            self._mark += len(left)
            self._crlf_left = b""
            return len(data)
        while left and at < len(data) and data[at] == left[0]:
            left = left[1:]
            self._mark += 1
            at += 1
        self._crlf_left = left
        if at == len(data):
            return at
        self._crlf_left = b""
        if not self._mask & Deviation.EPILOGUE.bit:
            raise Deviation.EPILOGUE.at(self._base + at)
        self._discarded += len(data) - at
        limit = self._maxima.epilogue
        if self._discarded > limit:
            raise self._limits.exceeded("max_epilogue", self._mark + limit)
        return len(data)

    def _end(self, events: Events) -> None:
        """Refuse an end of input that comes too early, or end what is open (row p)."""
        mask = self._mask
        if self._place == HEADERS and self._head and mask & _IN_HEADERS:
            line = bytes(self._head[self._line :])  # which nothing ends any more
            if line.startswith(b"--"):
                self._delimiter_in_headers(self._head, line, events)
        if self.end_offset >= 0:
            if self._crlf_left == b"\n" and not self._delimiters.lf:  # a CR, and no LF
                if not mask & Deviation.EPILOGUE.bit:
                    raise Deviation.EPILOGUE.at(self.offset - 1)
            return
        started = self._delimiters.lf is not None
        if not started or not mask & Deviation.TRUNCATED.bit:
            raise cut_short(self.offset, started, self._parts, self._where())
        depth = len(self._delimiters.levels) - 1
        if self._place in (BODY, MEASURED):
            events.append(part_end(depth, False))
        while depth > 0:
            depth -= 1
            events.append(part_end(depth, False))
        self.end_offset = self.offset

    def _where(self) -> str:
        if self._place == HEADERS:
            return "in the headers of"
        return "in" if self._place in (BODY, MEASURED) else "after"


# By place, in the order of the constants.
_STEPS: Final[tuple[Callable[[Scanner, bytes, int, Events], int], ...]] = (
    Scanner._between, Scanner._headers, Scanner._body, Scanner._measured, Scanner._after_length,
    Scanner._epilogue,
)  # fmt: skip


def _not_set_up() -> ValueError:
    return ValueError("this parser was not set up: call super().__init__() first")


def _refuse(refusal: Refusal | MultipartError) -> NoReturn:
    if isinstance(refusal, Refusal):
        raise ValueError(refusal.why)
    raise refusal


def _as_bytes(chunk: object) -> bytes:
    if isinstance(chunk, memoryview):
        return chunk.tobytes()
    if isinstance(chunk, (bytes, bytearray)):
        return bytes(chunk)
    try:
        return bytes(memoryview(chunk))  # type: ignore[arg-type]
    except TypeError:
        kind = type(chunk).__name__
        raise TypeError(f"feed() takes bytes, bytearray or memoryview, not {kind}") from None
