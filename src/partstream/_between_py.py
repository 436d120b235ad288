"""What stands between bodies, as the pure scanner reads it: preambles, and epilogues of multiparts.

All of it is discarded and counted; what is looked for is the line of a delimiter.  Until the first
one it is open how lines end (row k), and whose the dashes before the boundary are (row c3).
"""

from __future__ import annotations

from typing import Final

from ._blocks_py import Blocks
from ._delimiters_py import MORE, NO
from ._state_py import HEADERS, Events
from .deviations import Deviation

__all__ = ["Between"]

_LF: Final = 10
_DASH: Final = 45
_LONG: Final = 16  # from here on a boundary is worth looking for by itself
_WINDOW: Final = 192  # longer than a delimiter with all its padding
_FIRST_SUFFIX: Final = Deviation.FIRST_LINE_SUFFIX
_SUFFIX: Final = Deviation.DELIMITER_SUFFIX
_IN_CONTENT: Final = Deviation.BOUNDARY_IN_CONTENT.bit
_PREAMBLE: Final = Deviation.PREAMBLE.bit


class Between(Blocks):
    """A scanner's way through what stands between bodies."""

    __slots__ = ()

    def _between(self, data: bytes, at: int, events: Events) -> int:
        if self._first:
            line, self._first = self._first, b""
            if data.startswith(line, at):
                if self._maxima.parts:
                    return self._first_line(line, at)
            elif not self._final and line.startswith(data[at : at + len(line)]):
                self._first = line
                return self._hold(data, at)
            self._enter_between(preamble=True)
        if self._fresh and not self._in_preamble:
            # Of an epilogue only the line of its closing delimiter is looked at (row o).
            line_end = b"\n" if self._delimiters.lf else b"\r\n"
            behind = data[at : at + len(line_end)]
            if not line_end.startswith(behind):
                raise Deviation.EPILOGUE.at(self._base + at)
            if behind != line_end and not self._final:
                return self._hold(data, at)
            self._fresh = False
        elif self._fresh:
            if data[at] == _DASH or not self._mask & _PREAMBLE or self._stack is not None:
                return self._take_start(data, at, events)
            self._fresh = False
        end, stack = len(data), self._stack
        first = stack is None or stack.lf is None  # whether the first delimiter has not come
        long = first and len(self._boundary) >= _LONG
        # Until then it is not known whose the dashes are (row c3), and all that is sure to stand
        # there is the announced boundary; it is worth looking for if it is long.
        needle = self._boundary if long else self._delimiters.needle
        there = not long or self._rarest() in data
        found = data.find(needle, at) if there else -1
        while found >= 0:
            start = self._line_end_before(data, at, found) if long else found
            if start >= 0:
                self._discard(data, at, start)
                at = start
                stop = self._take_line(data, start, end, events)
                if stop >= 0:
                    return stop
            found = data.find(needle, found + 1)
        if not first:
            stop = self._partial(data, at, end)
        elif data[-1] != _LF and data.rfind(b"\n-", -_WINDOW) < 0:
            stop = end  # the last line is no start of a delimiter
        else:
            stop = self._partial_line(data, at, end)
        self._discard(data, at, stop)
        return self._hold(data, stop) if stop < end else end

    def _first_line(self, line: bytes, at: int) -> int:
        """Act on a first delimiter that is as it should be, as _delimiter() would."""
        if self._mask & _IN_CONTENT:
            self._usual = b"\r\n" + line[:-2]
        if not self._usual or self._stack is not None:
            self._delimiters.settle()
        self._parts = 1
        self._place = HEADERS
        self._mark = self._base + at + len(line)
        return at + len(line)

    def _take_start(self, data: bytes, at: int, events: Events) -> int:
        """Act on a delimiter with nothing before it, if there is one."""
        delimiters = self._delimiters
        if data[at] == _DASH:
            suffix = _FIRST_SUFFIX if self._in_preamble else _SUFFIX
            result = delimiters.match(data, at, len(data), self._base, suffix, self._final)
            if result == MORE:
                return self._hold(data, at)
            if result != NO:
                return self._delimiter(result, at, events)
        if not delimiters.levels[-1].mask & _PREAMBLE:
            return self._strict_start(data, at)
        self._fresh = False
        return at

    def _take_line(self, data: bytes, at: int, end: int, events: Events) -> int:
        """Act on the line behind the line end at ``at``; -1 if it is no delimiter."""
        delimiters = self._delimiters
        start = at + (2 if delimiters.lf is False else 1)
        if delimiters.lf is None and self._last_is_cr and self._maxima.parts:
            if data.startswith(delimiters.first, start):
                return self._first_line(delimiters.first, start)
        suffix = _FIRST_SUFFIX if self._in_preamble else _SUFFIX
        result = delimiters.match(data, start, end, self._base, suffix, self._final)
        if result == NO:
            return -1
        if result == MORE:
            return self._hold(data, at)
        self._check_first_line_end(at)
        return self._delimiter(result, at, events)

    def _line_end_before(self, data: bytes, at: int, found: int) -> int:
        """Give where the line end is right before a boundary, or -1: dashes may stand between."""
        for start in (found - 1, found - 3):
            if start >= at and data[start] == _LF and data[start + 1 : found] in (b"", b"--"):
                return start
        return -1

    def _partial_line(self, data: bytes, at: int, end: int) -> int:
        """Find where the last line starts, if it may still become the first delimiter."""
        low = end - _WINDOW
        start = data.rfind(b"\n", low if low > at else at)
        if start < 0 or self._final:
            return end
        line = data[start + 1 :]
        if line and line[0] != _DASH:
            return end
        dashed = self._boundary if self._boundary.startswith(b"--") else b""
        more = self._delimiters.first.startswith(line) or dashed.startswith(line)
        return start if more else end

    def _strict_start(self, data: bytes, at: int) -> int:
        """Let one CRLF stand before the first delimiter, and nothing else."""
        first = data[at : at + 2]
        if not self._discarded:
            if first == b"\r\n":
                self._discarded = 2
                return at + 2
            if first == b"\r":
                return len(data) if self._final else self._hold(data, at)
        if self._final and data[at] == _DASH:
            # What is cut within its first delimiter ends too early, and has no preamble (row p).
            end = len(data)
            suffix = _FIRST_SUFFIX if self._in_preamble else _SUFFIX
            if self._delimiters.match(data, at, end, self._base, suffix) == MORE:
                return end
        raise Deviation.PREAMBLE.at(self._base + at)

    def _check_first_line_end(self, found: int) -> None:
        """Refuse a first delimiter behind a bare LF: until then lines may end in either."""
        delimiters = self._delimiters
        if delimiters.lf is None and not self._last_is_cr:
            if not delimiters.levels[0].mask & Deviation.BARE_LF.bit:
                raise Deviation.BARE_LF.at(self._base + found)
