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
_LONG: Final = 16  # from here on a boundary is worth looking for by itself
_WINDOW: Final = 192  # longer than a delimiter with all its padding
_FIRST_SUFFIX: Final = Deviation.FIRST_LINE_SUFFIX
_SUFFIX: Final = Deviation.DELIMITER_SUFFIX


class Between(Blocks):
    """A scanner's way through what stands between bodies."""

    __slots__ = ()

    def _between(self, data: bytes, at: int, events: Events) -> int:
        delimiters, end, base = self._delimiters, len(data), self._base
        suffix = _FIRST_SUFFIX if self._in_preamble else _SUFFIX
        if self._fresh:
            if delimiters.lf is None and not self._final:
                have = data[at : at + len(delimiters.first)]
                if have == delimiters.first:
                    if self._max_parts:
                        return self._first_part(at)
                elif delimiters.first.startswith(have):
                    return self._hold(data, at)
            result = delimiters.match(data, at, end, base, suffix, self._final)
            if result == MORE:
                return self._hold(data, at)
            if result != NO:
                return self._delimiter(result, at, events)
            if not delimiters.levels[-1].mask & Deviation.PREAMBLE.bit:
                return self._strict_start(data, at)
            self._fresh = False
        width = 2 if delimiters.lf is False else 1
        found = self._find_line(data, at)
        while found >= 0:
            self._discard(data, at, found)
            at = found
            result = delimiters.match(data, found + width, end, base, suffix, self._final)
            if result == MORE:
                return self._hold(data, found)
            if result != NO:
                self._check_first_line_end(found)
                return self._delimiter(result, found, events)
            found = self._find_line(data, found + 1)
        if delimiters.lf is None:
            stop = self._partial_line(data, at)
        else:
            stop = self._partial(data, at, end)
        self._discard(data, at, stop)
        return self._hold(data, stop)

    def _find_line(self, data: bytes, at: int) -> int:
        """Find the line end before what may be a delimiter, or -1.

        Before the first delimiter it is not known yet whose the dashes are (row c3), and all that
        is sure to stand there is the announced boundary; it is worth looking for if it is long.
        """
        delimiters = self._delimiters
        line = delimiters.boundary
        if delimiters.lf is not None or len(line) < _LONG:
            return data.find(delimiters.needle, at)
        found = data.find(line, at + 1)
        while found >= 0:
            for start in (found - 1, found - 3):
                if start >= at and data[start] == _LF and data[start + 1 : found] in (b"", b"--"):
                    return start
            found = data.find(line, found + 1)
        return -1

    def _partial_line(self, data: bytes, at: int) -> int:
        """Find where the last line starts, if it may still become the first delimiter."""
        start = data.rfind(b"\n", at)
        if start < 0 or self._final:
            return len(data)
        line = data[start + 1 : start + _WINDOW]
        delimiters = self._delimiters
        dashed = delimiters.boundary if delimiters.boundary.startswith(b"--") else b""
        more = delimiters.first.startswith(line) or dashed.startswith(line)
        return start if more else len(data)

    def _first_part(self, at: int) -> int:
        """Act on a first line that is as it should be, as _delimiter() would."""
        self._delimiters.settle()
        at += len(self._delimiters.first)
        self._mark = self._base + at
        self._parts = 1
        self._place = HEADERS
        return at

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
