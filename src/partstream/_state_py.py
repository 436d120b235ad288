"""What the pure scanner knows while it reads, and what a delimiter does to it.

The stack of multiparts that are open, the counters behind the limits, and the few acts that every
place of the scanner shares: keep bytes back, deliver some, discard some, act on a delimiter.  The
places themselves are in ``_between_py.py``, ``_blocks_py.py`` (header blocks) and
``_scanner_py.py`` (all others).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn

from ._delimiters_py import CLOSE, Delimiters
from ._search_py import rarest
from .deviations import Deviation
from .errors import MultipartError
from .events import part_end
from .headers import Level
from .limits import Limits
from .parameters import checked_boundary
from .policy import Policy, check_settings

__all__ = ["AFTER_LENGTH", "BETWEEN", "BODY", "BUSY", "CLOSED", "EPILOGUE", "HEADERS",
           "INTERRUPTED", "MEASURED", "Events", "State"]  # fmt: skip

BETWEEN: Final = 0
HEADERS: Final = 1
BODY: Final = 2
MEASURED: Final = 3
AFTER_LENGTH: Final = 4
EPILOGUE: Final = 5

_CR: Final = 13
_DASH: Final = b"-"
_LONGEST_LINE: Final = 72
_UNCLOSED: Final = Deviation.UNCLOSED_CHILD.bit
_IN_CONTENT: Final = Deviation.BOUNDARY_IN_CONTENT.bit

Events = list[Any]

_level = lru_cache(maxsize=64)(Level)


def _is_form(subtype: object) -> bool:
    if not isinstance(subtype, str):
        raise TypeError(f"subtype takes a str such as 'form-data', not {type(subtype).__name__}")
    return subtype.lower() == "form-data"


class Refusal(NamedTuple):
    """Why a parser takes nothing, where that is no fault of its input."""

    why: str


BUSY: Final = Refusal("this parser is in use by another thread: make one for each stream")
CLOSED: Final = Refusal("this parser was closed: make a new one for each stream")
INTERRUPTED: Final = Refusal("this parser was interrupted: make a new one for each stream")


class State:
    """The fields of a scanner; see :class:`partstream.MultipartParser` for the arguments.

    A parser lives for one small form more often than not, so it sets up only what that takes.
    What a place needs is set where the place is entered, and the stack of boundaries is made when
    something comes that is not plain.

    Attributes:
        offset: how many bytes were fed.
        end_offset: where the closing delimiter ended, -1 as long as it has not come.
    """

    __slots__ = (
        "_base", "_boundary", "_closed_end", "_crlf_left", "_discarded", "_ends", "_final",
        "_first", "_flow", "_form", "_fresh", "_head", "_held", "_in_preamble", "_known", "_last",
        "_last_is_cr", "_limits", "_line", "_lines", "_mark", "_mask", "_maxima", "_nested",
        "_parts", "_place", "_policy", "_rare", "_refusal", "_remaining", "_searched", "_size",
        "_stack", "_usual", "end_offset", "offset",
    )  # fmt: skip

    _base: int  # offset of the data at hand
    _closed_end: int  # where the multipart must end whose epilogue this is, -1 if unknown
    _crlf_left: bytes  # what may follow the closing delimiter in any case
    _discarded: int  # bytes of this preamble or epilogue
    _ends: list[int]  # where each open multipart must end, -1 if unknown
    _fresh: bool  # whether nothing was read since the place that the scanner is in began
    _form: bool  # whether the outermost multipart is one
    _in_preamble: bool
    _known: int  # the first place of the needle in the chunk at hand, if it is known
    _last: int  # the last place of the needle in the data at hand, if looked for
    _last_is_cr: bool  # of what was discarded
    _line: int  # where in the header block the line starts that is being read
    _lines: int  # of the header block so far
    _remaining: int  # bytes of a body with Content-Length
    _size: int  # of the body so far

    def __init__(
        self,
        boundary: str | bytes,
        *,
        subtype: str = "form-data",
        nested: bool = False,
        limits: Limits = Limits.STREAM,
        policy: Policy = Policy.DEFAULT,
    ) -> None:
        if hasattr(self, "offset"):
            raise ValueError("a parser cannot be used again: make a new one for each stream")
        if type(limits) is not Limits or type(policy) is not Policy:
            check_settings(limits, policy)
        if subtype == "form-data":
            mask, form = policy.form_mask, True
        else:
            form = _is_form(subtype)
            mask = policy.form_mask if form else policy.other_mask
        self._boundary = raw = checked_boundary(boundary)
        self._form = form
        self._nested = nested
        self._mask = mask
        self._limits = limits
        self._maxima = limits.maxima
        self._policy = policy
        self._refusal: Refusal | MultipartError | None = None
        self._final = False  # no more bytes can come
        self._first = b"--" + raw + b"\r\n"  # how a stream should start; empty once it has
        self._usual = (
            b""  # the needle, where one boundary is open, lines end in CRLF, and no stray matters
        )
        self._held = b""
        self._flow = b""  # what ends the body that is being read, if nothing else is to be watched
        self._head: bytearray | None = None
        self._stack: Delimiters | None = None
        self._mark = 0  # where the place that the scanner is in began
        self._parts: int = 0
        self.offset: int = 0
        self.end_offset: int = -1
        self._searched = 0  # no delimiter that ends the body at hand starts before it
        self._rare = -1  # the byte to look for before a delimiter, once it is needed
        self._place = BETWEEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a parser cannot be copied or pickled: make a new one for each stream")

    @property
    def done(self) -> bool:
        """Whether the closing delimiter of the outermost multipart has come."""
        return self.end_offset >= 0

    @property
    def _delimiters(self) -> Delimiters:
        """The stack of boundaries, made when something is not plain."""
        if self._stack is None:
            level = _level(self._mask, self._form, self._nested)
            self._stack = Delimiters(self._boundary, level)
            self._ends = [-1]
            self._closed_end = -1
            if self._usual:
                self._stack.settle()
        return self._stack

    def _rarest(self) -> int:
        """Give the byte of the outermost boundary that is least to be expected in data."""
        if self._rare < 0:
            self._rare = rarest(self._boundary)
        return self._rare

    def _open(self, boundary: bytes, form: bool, end: int) -> None:
        """Enter a multipart within the one that is being read."""
        mask = self._policy.form_mask if form else self._policy.other_mask
        self._delimiters.push(boundary, _level(mask, form, self._nested))
        self._usual = b""
        self._ends.append(end)
        self._enter_between(preamble=True)

    def _enter_between(self, preamble: bool) -> None:
        self._in_preamble = self._fresh = preamble
        self._discarded = 0
        self._last_is_cr = False
        self._place = BETWEEN

    def _hold(self, data: bytes, at: int) -> int:
        self._held = data[at:]
        return len(data)

    def _partial(self, data: bytes, at: int, end: int) -> int:
        """Find where an end of the data starts that may still become a delimiter, or its end."""
        if self._final:
            return end
        # A needle has one line end, at its start: what may become one starts at the last of them.
        needle = self._usual or self._delimiters.needle
        found = data.rfind(needle[:1], max(at, end - len(needle) + 1), end)
        if found < 0 or not needle.startswith(data[found:end]):
            found = end
        return found if self._mask & _IN_CONTENT else self._partial_stray(data, at, found, end)

    def _partial_stray(self, data: bytes, at: int, stop: int, end: int) -> int:
        """Find where an end of the data starts, before ``stop``, that may still become a stray.

        What is one already may overlap what may become one, as boundaries may hold dashes: then it
        is ``stop``.
        """
        lines = self._delimiters.lines
        found = data.find(_DASH, max(at, end - 2 * (_LONGEST_LINE - 1)), stop)
        while found >= 0:
            for line in lines:
                have = data[found : min(found + len(line), end)]
                if line.startswith(have):
                    return found if len(have) < len(line) else stop
            found = data.find(_DASH, found + 1, stop)
        return stop

    def _stray(self, data: bytes, start: int, stop: int) -> int:
        """Find where dashes and a boundary stand in what is no delimiter; ``stop`` if nowhere."""
        first = stop
        for line in self._delimiters.lines:
            found = data.find(line, start, min(stop, first + len(line) - 1))
            if found >= 0:
                first = found
        return first

    def _emit(self, data: bytes, start: int, stop: int, events: Events) -> None:
        stray = stop
        # What is left at the end of input may be a delimiter that was cut (row p).
        if not self._mask & _IN_CONTENT and not self._final:
            stray = self._stray(data, start, stop)
        if stray > start:
            self._size += stray - start
            if self._size > self._maxima.part_size:
                allowed = stray - (self._size - self._maxima.part_size)
                if allowed > start:
                    events.append(data[start:allowed])
                raise self._limits.exceeded("max_part_size", self._base + allowed)
            events.append(data[start:stray])
        if stray < stop:
            raise Deviation.BOUNDARY_IN_CONTENT.at(self._base + stray)

    def _discard(self, data: bytes, start: int, stop: int) -> None:
        if not (self._mask & _IN_CONTENT or self._delimiters.lf is None or self._final):
            stray = self._stray(data, start, stop)
            if stray < stop:
                self._count_discarded(data, start, stray)
                raise Deviation.BOUNDARY_IN_CONTENT.at(self._base + stray)
        self._count_discarded(data, start, stop)

    def _count_discarded(self, data: bytes, start: int, stop: int) -> None:
        if stop > start:
            self._discarded += stop - start
            self._last_is_cr = data[stop - 1] == _CR
        limit = self._maxima.preamble if self._in_preamble else self._maxima.epilogue
        if self._discarded > limit:
            # A CR before the LF that the search starts with belongs to the delimiter.
            if self._last_is_cr and self._discarded - 1 == limit and self._delimiters.lf is None:
                return
            name = "max_preamble" if self._in_preamble else "max_epilogue"
            raise self._limits.exceeded(name, self._mark + limit)

    def _delimiter(self, result: int, at: int, events: Events, leaf: bool = False) -> int:
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
        self._usual = delimiters.usual if self._mask & _IN_CONTENT else b""
        self._mark = self._base + delimiters.end
        if result == CLOSE:
            self._close_level(level, events)
        else:
            self._parts += 1
            if self._parts > self._maxima.parts:
                raise self._limits.exceeded("max_parts", offset)
            self._place = HEADERS
        return delimiters.end

    def _close_level(self, level: int, events: Events) -> None:
        if level == 0:
            self.end_offset = self._mark
            self._discarded = 0
            self._crlf_left = b"\n" if self._delimiters.lf else b"\r\n"
            self._place = EPILOGUE
            return
        self._delimiters.cut(level)
        self._usual = self._delimiters.usual if self._mask & _IN_CONTENT else b""
        self._closed_end = self._ends.pop()
        events.append(part_end(level - 1))
        self._enter_between(preamble=False)
        self._fresh = not self._delimiters.levels[-1].mask & Deviation.EPILOGUE.bit

    def _check_end(self, expected: int, offset: int) -> None:
        if expected not in (-1, offset):
            raise Deviation.LENGTH_MISMATCH.at(offset)
