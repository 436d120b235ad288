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
- No byte is searched twice, but for those of ``_held``, which is never longer than a delimiter.

It knows nothing of sockets and files, of how names stand in headers (``headers.py``), and of what
exactly a delimiter is (``_delimiters_py.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import unpack
from threading import Lock
from typing import Any, Final

from ._delimiters_py import CLOSE, MORE, NO, OPEN, Delimiters
from ._headers_py import plain_head
from ._part_py import PartBegin
from .deviations import Deviation, cut_short
from .errors import MultipartError
from .events import EventList, part_end
from .headers import Child, Level, examine
from .limits import Limits
from .parameters import checked_boundary
from .policy import Policy, check_settings

__all__ = ["PartBegin", "Scanner"]

_CR: Final = 13
_DASH: Final = 45
_SUFFIX: Final = Deviation.DELIMITER_SUFFIX
_UNCLOSED: Final = Deviation.UNCLOSED_CHILD.bit

_Events = list[Any]


class Scanner:
    """What :class:`partstream.MultipartParser` is, which see for the arguments.

    Attributes:
        offset: how many bytes were fed.
        end_offset: where the closing delimiter ended, -1 as long as it has not come.
    """

    __slots__ = ("_base", "_closed", "_closed_end", "_crlf_left", "_delimiters", "_discarded",
                 "_ends", "_error", "_final", "_fresh", "_head", "_held", "_in_preamble",
                 "_last_is_cr", "_limits", "_line", "_lines", "_lock", "_mark", "_max_block",
                 "_max_depth", "_max_epilogue", "_max_line", "_max_lines", "_max_parts",
                 "_max_preamble", "_max_size", "_max_total", "_nested", "_parts", "_policy",
                 "_reach", "_remaining", "_size", "_step", "end_offset", "offset")  # fmt: skip

    def __init__(
        self,
        boundary: str | bytes,
        *,
        subtype: str = "form-data",
        nested: bool = False,
        limits: Limits = Limits.STREAM,
        policy: Policy = Policy.DEFAULT,
    ) -> None:
        check_settings(limits, policy)
        self._lock = Lock()
        self._limits = limits
        self._policy = policy
        self._nested = nested
        (self._max_line, self._max_lines, self._max_block, self._max_preamble,
         self._max_epilogue, self._max_depth, self._max_parts, self._max_size,
         self._max_total) = unpack("9q", limits.packed)  # fmt: skip
        self._reach = min(self._max_line, self._max_block)
        self._delimiters = Delimiters()
        self._ends: list[int] = []  # where each open multipart must end, -1 if unknown
        self._closed_end = -1  # the same of the one whose epilogue this is
        self._error: MultipartError | None = None
        self._closed = self._final = False
        self._held = b""
        self._head = bytearray()
        self._base = self.offset = self._parts = self._size = 0
        self._line = self._lines = 0  # of the header block: start of the line, lines so far
        self._remaining = -1
        self.end_offset = -1
        self._crlf_left = b"\r\n"  # what may follow the closing delimiter in any case
        self._open(checked_boundary(boundary), subtype.lower() == "form-data", -1)

    @property
    def done(self) -> bool:
        """Whether the closing delimiter of the outermost multipart has come."""
        return self.end_offset >= 0

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
        self._enter()
        events: _Events = []
        try:
            self._feed(data, events)
        except MultipartError as error:
            self._error = error
            if events:
                return EventList(events, error)
            raise
        finally:
            self._lock.release()
        return events

    def close(self) -> list[Any]:
        """Say that no more bytes come.

        Returns:
            The events that this completes; none unless the policy tolerates a truncated stream.

        Raises:
            IncompleteBody: if the closing delimiter has not come.
            MultipartError: the fault that feed() met.
            ValueError: when another thread is feeding this parser just now.
        """
        if self._closed and self._error is None:
            return []
        self._enter()
        events: _Events = []
        try:
            self._closed = self._final = True
            held, self._held = self._held, b""
            self._base = self.offset - len(held)
            self._run(held, events)
            self._end(events)
        except MultipartError as error:
            self._error = error
            raise
        finally:
            self._lock.release()
        return events

    def _enter(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise ValueError("this parser is in use by another thread: make one for each stream")
        if self._error is None and not self._closed:
            return
        self._lock.release()
        if self._error is not None:
            raise self._error
        raise ValueError("this parser was closed: make a new one for each stream")

    def _feed(self, data: bytes, events: _Events) -> None:
        too_long = self.offset + len(data) > self._max_total
        if too_long:
            data = data[: self._max_total - self.offset]
        self._base = self.offset - len(self._held)
        self.offset += len(data)
        if self._held:
            data = self._held + data
            self._held = b""
        self._run(data, events)
        if too_long:
            raise self._limits.exceeded("max_total_size", self._max_total)

    def _run(self, data: bytes, events: _Events) -> None:
        at, end = 0, len(data)
        while at < end:
            at = self._step(self, data, at, events)

    def _hold(self, data: bytes, at: int) -> int:
        self._held = data[at:]
        return len(data)

    def _partial(self, data: bytes, at: int, end: int) -> int:
        """Find where an end of the data starts that may still become a delimiter."""
        if self._final:
            return end
        needle = self._delimiters.needle
        start = needle[:1]
        at = data.find(start, max(at, end - len(needle) + 1), end)
        while at >= 0:
            if needle.startswith(data[at:end]):
                return at
            at = data.find(start, at + 1, end)
        return end

    # Between bodies

    def _open(self, boundary: bytes, form: bool, end: int) -> None:
        """Enter a multipart."""
        mask = self._policy.form_mask if form else self._policy.other_mask
        self._delimiters.push(boundary, Level(mask, form, self._nested))
        self._ends.append(end)
        self._enter_between(self._base if len(self._ends) == 1 else self._mark, preamble=True)

    def _enter_between(self, mark: int, preamble: bool) -> None:
        self._mark = mark
        self._in_preamble = self._fresh = preamble
        self._discarded = 0
        self._last_is_cr = False
        self._step: Callable[[Scanner, bytes, int, _Events], int] = Scanner._between

    def _between(self, data: bytes, at: int, events: _Events) -> int:
        delimiters, end, base = self._delimiters, len(data), self._base
        suffix = Deviation.FIRST_LINE_SUFFIX if self._in_preamble else _SUFFIX
        if self._fresh:
            result = delimiters.match(data, at, end, base, suffix, self._final)
            if result == MORE:
                return self._hold(data, at)
            if result != NO:
                return self._delimiter(result, at, events)
            if not delimiters.levels[-1].mask & Deviation.PREAMBLE.bit:
                return self._strict_start(data, at)
            self._fresh = False
        needle, width = delimiters.needle, 2 if delimiters.lf is False else 1
        found = data.find(needle, at)
        while found >= 0:
            self._discard(data, at, found)
            at = found
            result = delimiters.match(data, found + width, end, base, suffix, self._final)
            if result == MORE:
                return self._hold(data, found)
            if result != NO:
                self._check_first_line_end(found)
                return self._delimiter(result, found, events)
            found = data.find(needle, found + 1)
        stop = self._partial(data, at, end)
        self._discard(data, at, stop)
        return self._hold(data, stop)

    def _strict_start(self, data: bytes, at: int) -> int:
        """Let one CRLF stand before the first delimiter, and nothing else."""
        first = data[at : at + 2]
        if not self._discarded:
            if first == b"\r\n":
                self._discarded = 2
                return at + 2
            if first == b"\r" and not self._final:
                return self._hold(data, at)
        raise Deviation.PREAMBLE.at(self._base + at)

    def _check_first_line_end(self, found: int) -> None:
        """Refuse a first delimiter behind a bare LF: until then lines may end in either."""
        delimiters = self._delimiters
        if delimiters.lf is None and not self._last_is_cr:
            if not delimiters.levels[0].mask & Deviation.BARE_LF.bit:
                raise Deviation.BARE_LF.at(self._base + found)

    def _discard(self, data: bytes, start: int, stop: int) -> None:
        if stop > start:
            self._discarded += stop - start
            self._last_is_cr = data[stop - 1] == _CR
        # A CR before the LF that the search starts with belongs to the delimiter.
        size = self._discarded - (self._last_is_cr and self._delimiters.lf is None)
        limit = self._max_preamble if self._in_preamble else self._max_epilogue
        if size > limit:
            name = "max_preamble" if self._in_preamble else "max_epilogue"
            raise self._limits.exceeded(name, self._mark + limit)

    def _delimiter(self, result: int, at: int, events: _Events, leaf: bool = False) -> int:
        """Act on the delimiter that starts at ``at``; ``leaf``: a body ends there."""
        delimiters, offset = self._delimiters, self._base + at
        level, top = delimiters.level, len(delimiters.levels) - 1
        if level < top and not delimiters.levels[level].mask & _UNCLOSED:
            raise Deviation.UNCLOSED_CHILD.at(offset)
        delimiters.accept(offset)
        if leaf:
            events.append(part_end(top))
        self._check_end(self._closed_end, offset)
        self._closed_end = -1
        while top > level:
            self._check_end(self._ends.pop(), offset)
            top -= 1
            events.append(part_end(top, False))
        if len(delimiters.levels) > level + 1:
            delimiters.cut(level + 1)
        self._mark = self._base + delimiters.end
        if result == CLOSE:
            self._close_level(level, events)
        else:
            self._parts += 1
            if self._parts > self._max_parts:
                raise self._limits.exceeded("max_parts", offset)
            self._step = Scanner._headers
        return delimiters.end

    def _close_level(self, level: int, events: _Events) -> None:
        if level == 0:
            self.end_offset = self._mark
            self._discarded = 0
            self._crlf_left = b"\n" if self._delimiters.lf else b"\r\n"
            self._step = Scanner._epilogue
            return
        self._delimiters.cut(level)
        self._closed_end = self._ends.pop()
        events.append(part_end(level - 1))
        self._enter_between(self._mark, preamble=False)

    def _check_end(self, expected: int, offset: int) -> None:
        if expected not in (-1, offset):
            raise Deviation.LENGTH_MISMATCH.at(offset)

    # Headers

    def _headers(self, data: bytes, at: int, events: _Events) -> int:
        delimiters = self._delimiters
        if not self._head and delimiters.lf is False:
            end = data.find(b"\r\n\r\n", at, at + self._reach)
            if end > at:
                block = data[at:end]
                plain = plain_head(block, delimiters.levels[-1], self._max_lines)
                if plain is not None:
                    name, filename, length = plain
                    self._begin(block, name, filename, length, None, end + 4 - at, events)
                    return end + 4
        return self._header_lines(data, at, events)

    def _header_lines(self, data: bytes, at: int, events: _Events) -> int:
        """Collect the block line by line: it is cut by a chunk's end, or not plain."""
        head, size, lf = self._head, len(data), self._delimiters.lf
        while at < size:
            found = data.find(b"\n", at)
            stop = size if found < 0 else found + 1
            head += data[at:stop]
            at = stop
            self._check_header_size(found >= 0)
            if found < 0:
                break
            if not lf and head[-2:-1] != b"\r":
                raise Deviation.BARE_LF.at(self._mark + len(head) - 1)
            line = bytes(head[self._line :])
            width = 1 if lf else 2
            if len(line) == width:
                self._examine(bytes(head[: max(0, self._line - width)]), events)
                break
            if line.startswith(b"--") and self._delimiter_in_headers(line, events):
                break
            self._line = len(head)
            self._lines += 1
            if self._lines > self._max_lines:
                raise self._limits.exceeded("max_headers", self._mark + self._line - len(line))
        return at

    def _check_header_size(self, ended: bool) -> None:
        """Refuse a line or a block that is too long, whichever limit comes first."""
        head = self._head
        end = len(head) - ended
        if not self._delimiters.lf and head[end - 1 : end] == b"\r" and end > self._line:
            end -= 1
        line_over = end - self._line > self._max_line
        block_over = len(head) > self._max_block
        if block_over and (not line_over or self._max_block <= self._line + self._max_line):
            raise self._limits.exceeded("max_header_block", self._mark + self._max_block)
        if line_over:
            at = self._mark + self._line + self._max_line
            raise self._limits.exceeded("max_header_line", at)

    def _delimiter_in_headers(self, line: bytes, events: _Events) -> bool:
        """Act on a header line that is a delimiter; tell whether it was one."""
        delimiters, offset = self._delimiters, self._mark + self._line
        result = delimiters.match(line, 0, len(line), offset, _SUFFIX, final=True)
        if result == NO:
            return False
        if not delimiters.levels[-1].mask & Deviation.DELIMITER_IN_HEADERS.bit:
            raise Deviation.DELIMITER_IN_HEADERS.at(offset)
        width = 1 if delimiters.lf else 2
        self._base, base = offset, self._base
        self._examine(bytes(self._head[: max(0, self._line - width)]), events)
        # The block's end is where the delimiter starts, so the part is empty.
        delimiters.match(line, 0, len(line), offset, _SUFFIX, final=True)
        self._delimiter(result, 0, events, leaf=True)
        self._base = base
        return True

    def _examine(self, block: bytes, events: _Events) -> None:
        delimiters = self._delimiters
        size = len(self._head)
        head = examine(block, self._mark, delimiters.levels[-1], lf=bool(delimiters.lf))
        self._head = bytearray()
        self._line = self._lines = 0
        self._begin(head.block, head.name, head.filename, head.length, head.child, size, events)

    def _begin(
        self,
        block: bytes,
        name: str | None,
        filename: str | None,
        length: int,
        child: Child | None,
        size: int,
        events: _Events,
    ) -> None:
        """Begin the part whose header block, of ``size`` bytes, has just ended."""
        depth = len(self._ends) - 1
        offset, body_offset = self._mark, self._mark + size
        if child is not None and depth + 2 > self._max_depth:
            raise self._limits.exceeded("max_depth", offset)
        events.append(
            PartBegin(block, depth, offset, body_offset, child is not None, name, filename)
        )
        self._fresh = True
        self._size = 0
        if child is not None:
            self._mark = body_offset
            self._open(child.boundary, child.form, body_offset + length if length >= 0 else -1)
        elif length < 0:
            self._step = Scanner._body
        else:
            self._remaining = length
            self._step = Scanner._measured
            self._end_measured(events)

    # Bodies

    def _body(self, data: bytes, at: int, events: _Events) -> int:
        delimiters, end = self._delimiters, len(data)
        if self._fresh:
            if data[at] == _DASH:
                result = delimiters.match(data, at, end, self._base, _SUFFIX, self._final)
                if result == MORE:
                    return self._hold(data, at)
                if result != NO:
                    return self._unbroken(result, at, events, leaf=True)
            self._fresh = False
        needle, width = delimiters.needle, 1 if delimiters.lf else 2
        found = data.find(needle, at)
        while found >= 0:
            if delimiters.single and data.startswith(b"\r\n", found + len(needle)):
                delimiters.end = found + len(needle) + 2  # the usual line, without the ceremony
                result = OPEN
            else:
                result = self._match(data, at, found, found + width, end, events, False)
            if result != NO:
                self._emit(data, at, found, events)
                if result == MORE:
                    return self._hold(data, found)
                return self._delimiter(result, found, events, leaf=True)
            found = data.find(needle, found + 1)
        stop = self._partial(data, at, end)
        self._emit(data, at, stop, events)
        return self._hold(data, stop) if stop < end else end

    def _match(
        self, data: bytes, at: int, found: int, start: int, end: int, events: _Events, last: bool
    ) -> int:
        """Match a delimiter at ``found``; on a fault, deliver the body before it first."""
        final = last or self._final
        try:
            return self._delimiters.match(data, start, end, self._base, _SUFFIX, final)
        except MultipartError:
            self._emit(data, at, found, events)
            raise

    def _unbroken(self, result: int, at: int, events: _Events, leaf: bool) -> int:
        """Act on a delimiter with no line end of its own behind a header block (row q)."""
        delimiters = self._delimiters
        if not delimiters.levels[delimiters.level].mask & Deviation.MISSING_LINE_BREAK.bit:
            raise Deviation.MISSING_LINE_BREAK.at(self._base + at)
        return self._delimiter(result, at, events, leaf)

    def _emit(self, data: bytes, start: int, stop: int, events: _Events) -> None:
        size = stop - start
        if size <= 0:
            return
        self._size += size
        if self._size > self._max_size:
            allowed = stop - (self._size - self._max_size)
            if allowed > start:
                events.append(data[start:allowed])
            raise self._limits.exceeded("max_part_size", self._base + allowed)
        events.append(data[start:stop])

    def _measured(self, data: bytes, at: int, events: _Events) -> int:
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

    def _end_measured(self, events: _Events) -> None:
        if self._remaining == 0:
            events.append(part_end(len(self._ends) - 1))
            self._step = Scanner._after_length

    def _after_length(self, data: bytes, at: int, events: _Events) -> int:
        delimiters, end = self._delimiters, len(data)
        line_end = b"\n" if delimiters.lf else b"\r\n"
        unbroken = self._fresh and data[at] == _DASH
        start = at if unbroken else at + len(line_end)
        have = line_end if unbroken else data[at:start]
        result = NO
        if have == line_end:
            result = delimiters.match(data, start, end, self._base, _SUFFIX, self._final)
        elif line_end.startswith(have) and not self._final:
            result = MORE
        if result == MORE:
            return self._hold(data, at)
        if result == NO:
            raise Deviation.LENGTH_MISMATCH.at(self._base + at)
        if unbroken:
            return self._unbroken(result, at, events, leaf=False)
        return self._delimiter(result, at, events)

    # The end

    def _epilogue(self, data: bytes, at: int, events: _Events) -> int:
        while self._crlf_left and at < len(data) and data[at] == self._crlf_left[0]:
            self._crlf_left = self._crlf_left[1:]
            self._mark += 1
            at += 1
        if at == len(data):
            return at
        self._crlf_left = b""
        if not self._delimiters.levels[0].mask & Deviation.EPILOGUE.bit:
            raise Deviation.EPILOGUE.at(self._base + at)
        self._discarded += len(data) - at
        if self._discarded > self._max_epilogue:
            raise self._limits.exceeded("max_epilogue", self._mark + self._max_epilogue)
        return len(data)

    def _end(self, events: _Events) -> None:
        """Refuse an end of input that comes too early, or end what is open (row p)."""
        mask = self._delimiters.levels[0].mask
        if self.end_offset >= 0:
            if self._crlf_left == b"\n" and not self._delimiters.lf:  # a CR, and no LF
                if not mask & Deviation.EPILOGUE.bit:
                    raise Deviation.EPILOGUE.at(self.offset - 1)
            return
        started = self._delimiters.lf is not None
        if not started or not mask & Deviation.TRUNCATED.bit:
            raise cut_short(self.offset, started, self._parts, self._place())
        depth = len(self._ends) - 1
        if self._step in (Scanner._body, Scanner._measured):
            events.append(part_end(depth, False))
        while depth > 0:
            depth -= 1
            events.append(part_end(depth, False))
        self.end_offset = self.offset

    def _place(self) -> str:
        if self._step is Scanner._headers:
            return "in the headers of"
        return "in" if self._step in (Scanner._body, Scanner._measured) else "after"


def _as_bytes(chunk: object) -> bytes:
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    try:
        return bytes(memoryview(chunk))  # type: ignore[arg-type]
    except TypeError:
        kind = type(chunk).__name__
        raise TypeError(f"feed() takes bytes, bytearray or memoryview, not {kind}") from None
