"""The stack of open boundaries, and what a delimiter line is; pure twin of ``ext/delimiters.h``.

The law (RFC 2046 section 5.1.1; rows c3 and k to m2 of the behaviour table)::

    delimiter  = line-start "--" boundary ( "--" / *64( SP / HTAB ) line-end )

A delimiter of any open boundary ends what is open within it.  Where two boundaries match, the
longer one counts; as long as a longer one can still come, the answer is MORE.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final, NamedTuple

from .deviations import Deviation
from .errors import MultipartError
from .headers import Level

__all__ = ["CLOSE", "MORE", "NO", "OPEN", "Delimiters"]

NO: Final = 0  # no delimiter starts here, whatever follows
MORE: Final = 1  # what is at hand may become one
OPEN: Final = 2  # a delimiter, and a part follows
CLOSE: Final = 3  # a closing delimiter

_MAX_PADDING: Final = 64
_LF: Final = 10
_CR: Final = 13
_BLANK: Final = b" \t"
_DASH: Final = 45


class _Candidate(NamedTuple):
    """A delimiter to look for; they sort longest first, and then innermost first."""

    less_size: int
    less_level: int
    line: bytes  # dashes and boundary
    dashed: bool  # row c3: the boundary's own dashes are those of the delimiter


class Delimiters:
    """The open boundaries, outermost first.

    Attributes:
        levels: what each open multipart means for the parts in it.
        lines: dashes and boundary of each of them.
        first: the first line of a stream that is as it should be.
        usual: the needle, where one boundary is open and lines end in CRLF; else empty.
        lf: whether lines end in LF; None until the first delimiter has shown it.
        level: which boundary matched last.
        end: where the delimiter that matched last ends.
    """

    __slots__ = ("_candidates", "_common", "_dashed", "_line", "_matched", "_needle",
                 "_shown", "end", "first", "level", "levels", "lf", "lines",
                 "usual")  # fmt: skip

    def __init__(self, boundary: bytes, level: Level) -> None:
        self._line = b"--" + boundary
        self.first = self._line + b"\r\n"
        self.levels = [level]
        self.lines = [self._line]
        self._common = [len(self._line)]  # how much each line has in common with all outer ones
        self._dashed = _is_dashed(boundary)  # whether row c3 is open for the innermost one
        self.usual = b""
        self.lf: bool | None = None
        self.level = self.end = 0
        self._needle: bytes | None = None
        self._candidates: list[_Candidate] | None = None  # made when first asked for, then kept
        self._matched: _Candidate
        self._shown = False  # whether the delimiter that matched last ends in LF

    def push(self, boundary: bytes, level: Level) -> None:
        """Open a boundary within those that are open."""
        self._undash()
        self.levels.append(level)
        self._dashed = _is_dashed(boundary)
        self._append(b"--" + boundary)
        self._change()

    def cut(self, depth: int) -> None:
        """Close all but the outermost ``depth`` boundaries."""
        while len(self.lines) > depth:
            self._pop()
        del self.levels[depth:]
        self._undash()
        self._change()

    def settle(self) -> None:
        """Latch what the line ``first`` shows: lines end in CRLF, the boundary is as announced."""
        self._undash()
        self.lf = False
        self._change()

    @property
    def needle(self) -> bytes:
        """How every delimiter of an open boundary starts, the line end before it included."""
        if self._needle is None:
            start = b"\r\n" if self.lf is False else b"\n"
            line, size = self.lines[-1], self._common[-1]
            if self._dashed:
                line = line[2:]
                size = _same_start(line, self._line, size)
            self._needle = start + line[:size]
        return self._needle

    def match(
        self, data: bytes, at: int, end: int, base: int, suffix: Deviation, final: bool = False
    ) -> int:
        """Tell what starts at ``at``, which is known to be the start of a line.

        Args:
            data: the bytes at hand.
            at: where the dashes of the delimiter would stand.
            end: where the bytes at hand end.
            base: offset of ``data`` in the stream, for errors.
            suffix: the deviation that a delimiter with text behind it is here.
            final: whether no more bytes can come.

        Returns:
            NO, MORE, OPEN or CLOSE; for the last two ``level`` and ``end`` are set.
        """
        if self.usual and data.startswith(self._line, at):
            stop = at + len(self._line)
            tail = data[stop : min(stop + 2, end)]
            if tail == b"\r\n" or tail == b"--":
                self.end, self.level = stop + 2, 0
                return OPEN if tail == b"\r\n" else CLOSE
        more = False
        suffixed = None
        for candidate in self._all():
            stop = at + len(candidate.line)
            have = data[at : min(stop, end)]
            if have != candidate.line:
                more = more or candidate.line.startswith(have)
                continue
            mask = self.levels[-candidate.less_level].mask
            try:
                result = self._tail(data, stop, end, base, mask)
            except MultipartError:
                if more and not final:
                    continue  # a longer boundary may still make it something else
                raise
            if result == NO:
                suffixed = suffixed or (stop, mask)
            elif result == MORE:
                more = True
            elif not more or final:
                self.level, self._matched = -candidate.less_level, candidate
                return result
        if more and not final:
            return MORE
        if suffixed and not suffixed[1] & suffix.bit:
            raise suffix.at(base + suffixed[0])
        return NO

    def looks(self, data: bytes, at: int, end: int, base: int, suffix: Deviation) -> bool:
        """Tell whether a delimiter, or a fault, starts at ``at``, or may still; see match()."""
        try:
            return self.match(data, at, end, base, suffix) != NO
        except MultipartError:
            return True

    def accept(self, at: int) -> None:
        """Latch what the delimiter that matched last has shown; ``at`` is its offset.

        Raises:
            ParseError: where row c3 is not tolerated.
        """
        if self.lf is not None and not self._dashed:
            return
        self.lf = self._shown if self.lf is None else self.lf
        if self._matched.dashed:
            if not self.levels[self.level].mask & Deviation.DASHED_BOUNDARY.bit:
                raise Deviation.DASHED_BOUNDARY.at(at)
            line = self.lines[self.level][2:]  # the innermost: only there is row c3 open
            self._pop()
            self._dashed = False
            if self.level == 0:
                self._line = line
            self._append(line)
        self._undash()
        self._change()

    def _append(self, line: bytes) -> None:
        """Look for one more line; what is known of the others stays as it is."""
        self.lines.append(line)
        common = self._common[-1] if self._common else len(line)
        self._common.append(_same_start(line, self._line, common))
        if self._candidates is not None:
            self._look_for(len(self.lines) - 1)

    def _pop(self) -> None:
        """Look no more for the innermost line."""
        self._undash()
        line = self.lines.pop()
        self._common.pop()
        if self._candidates is not None:
            del self._candidates[bisect_left(self._candidates, (-len(line), -len(self.lines)))]

    def _undash(self) -> None:
        """Settle it that the innermost boundary does not bring the dashes of its delimiter."""
        if self._dashed and self._candidates is not None:
            key = (2 - len(self.lines[-1]), 1 - len(self.lines))
            del self._candidates[bisect_left(self._candidates, key)]
        self._dashed = False

    def _change(self) -> None:
        """Forget what is derived from the boundaries; it is made again where it is needed."""
        single = self.lf is False and len(self.levels) == 1 and not self._dashed
        self.usual = b"\r\n" + self._line if single else b""
        self._needle = self.usual or None

    def _all(self) -> list[_Candidate]:
        """List the delimiters to look for, longest first, innermost first."""
        if self._candidates is None:
            self._candidates = []
            for level in range(len(self.lines)):
                self._look_for(level)
        return self._candidates

    def _look_for(self, level: int) -> None:
        """Put the line of a level where it belongs among the candidates."""
        line, candidates = self.lines[level], self._all()
        insort(candidates, _Candidate(-len(line), -level, line, False))
        if self._dashed and level == len(self.lines) - 1:
            insort(candidates, _Candidate(2 - len(line), -level, line[2:], True))

    def _tail(self, data: bytes, at: int, end: int, base: int, mask: int) -> int:
        """Tell what follows dashes and boundary."""
        # By one call: byte by byte, a stream that comes so, too, took 90,000 instructions for each.
        padding = data[at : min(at + _MAX_PADDING + 1, end)]
        stop = at + len(padding) - len(padding.lstrip(_BLANK))
        if stop - at > _MAX_PADDING:
            raise Deviation.DELIMITER_PADDING.at(base + at)
        if stop == end:
            return MORE
        first = data[stop]
        if first == _DASH:
            if stop > at:
                return NO
            if stop + 1 == end:
                return MORE
            self.end = stop + 2
            self._shown = False
            return CLOSE if data[stop + 1] == _DASH else NO
        if first != _CR and first != _LF:
            return NO
        result = self._line_end(data, stop, end, base, mask)
        if result == OPEN and stop > at and not mask & Deviation.DELIMITER_PADDING.bit:
            raise Deviation.DELIMITER_PADDING.at(base + at)
        return result

    def _line_end(self, data: bytes, at: int, end: int, base: int, mask: int) -> int:
        """Tell whether the CR or LF at ``at`` ends a line of this stream (row k)."""
        if data[at] == _LF:
            if self.lf or (self.lf is None and mask & Deviation.BARE_LF.bit):
                self.end = at + 1
                self._shown = True
                return OPEN
        elif self.lf:
            return NO
        elif at + 1 == end:
            return MORE
        elif data[at + 1] == _LF:
            self.end = at + 2
            self._shown = False
            return OPEN
        if self.lf is None or not mask & Deviation.BARE_LF.bit:
            raise Deviation.BARE_LF.at(base + at)
        return NO


def _is_dashed(boundary: bytes) -> bool:
    return boundary.startswith(b"--") and len(boundary) > 2


def _same_start(one: bytes, other: bytes, size: int) -> int:
    """Give how many bytes both start with alike, ``size`` at most."""
    size = min(size, len(one), len(other))
    start = int.from_bytes(one[:size], "big")
    differing = start ^ int.from_bytes(other[:size], "big")
    return size - (differing.bit_length() + 7) // 8
