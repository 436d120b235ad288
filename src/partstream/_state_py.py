"""What the pure scanner knows while it reads, and what a delimiter does to it.

The stack of multiparts that are open, the counters behind the limits, and the few acts that every
place of the scanner shares: keep bytes back, deliver some, discard some, act on a delimiter.  The
places themselves are in ``_between_py.py``, ``_blocks_py.py`` (header blocks) and
``_scanner_py.py`` (all others).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NoReturn

from ._delimiters_py import CLOSE, Delimiters
from .deviations import Deviation
from .errors import MultipartError
from .events import part_end
from .headers import Level
from .limits import Limits
from .parameters import checked_boundary
from .policy import Policy, check_settings

__all__ = ["AFTER_LENGTH", "BETWEEN", "BODY", "EPILOGUE", "HEADERS", "MEASURED", "Events", "State"]

BETWEEN: Final = 0
HEADERS: Final = 1
BODY: Final = 2
MEASURED: Final = 3
AFTER_LENGTH: Final = 4
EPILOGUE: Final = 5

_CR: Final = 13
_UNCLOSED: Final = Deviation.UNCLOSED_CHILD.bit

Events = list[Any]

_level = lru_cache(maxsize=64)(Level)


class State:
    """The fields of a scanner; see :class:`partstream.MultipartParser` for the arguments.

    Attributes:
        offset: how many bytes were fed.
        end_offset: where the closing delimiter ended, -1 as long as it has not come.
    """

    __slots__ = (
        "_base", "_busy", "_closed", "_closed_end", "_crlf_left", "_delimiters", "_discarded",
        "_ends", "_error", "_final", "_flow", "_fresh", "_head", "_held", "_in_preamble",
        "_known", "_last",
        "_last_is_cr", "_limits", "_line", "_lines", "_mark", "_max_block", "_max_depth",
        "_max_epilogue", "_max_line", "_max_lines", "_max_parts", "_max_preamble", "_max_size",
        "_max_total", "_nested", "_parts", "_place", "_policy", "_reach", "_remaining", "_size",
        "end_offset", "offset",
    )  # fmt: skip

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
        if not isinstance(subtype, str):
            raise TypeError(
                f"subtype takes a str such as 'form-data', not {type(subtype).__name__}"
            )
        if type(limits) is not Limits or type(policy) is not Policy:
            check_settings(limits, policy)
        raw = checked_boundary(boundary)
        self._limits = limits
        self._policy = policy
        self._nested = nested
        (self._max_line, self._max_lines, self._max_block, self._max_preamble,
         self._max_epilogue, self._max_depth, self._max_parts, self._max_size,
         self._max_total, _) = limits.maxima  # fmt: skip
        self._reach = min(self._max_line, self._max_block)
        self._error: MultipartError | None = None
        self._busy = self._closed = False
        self._final = False  # no more bytes can come
        self._held = b""
        self._flow = b""  # what ends the body that is being read, if nothing else is to be watched
        self._base = self.offset = 0  # of the data at hand, and of what follows it
        self._last = -1  # the last place of the needle in the data at hand, if looked for
        self._known = -1  # the first place of the needle in the chunk at hand, if it is known
        self._mark = 0  # where the place that the scanner is in began
        self._ends = [-1]  # where each open multipart must end, -1 if unknown
        self._closed_end = -1  # the same of the one whose epilogue this is
        self._head = bytearray()
        self._line = self._lines = 0  # of the header block: start of the line, lines so far
        self._parts = self._size = 0
        self._remaining = self.end_offset = -1
        self._crlf_left = b"\r\n"  # what may follow the closing delimiter in any case
        form = subtype == "form-data" or subtype.lower() == "form-data"
        mask = policy.form_mask if form else policy.other_mask
        level = _level(mask, form, nested)
        self._delimiters = Delimiters(raw, level)
        self._enter_between(preamble=True)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a parser cannot be copied or pickled: make a new one for each stream")

    @property
    def done(self) -> bool:
        """Whether the closing delimiter of the outermost multipart has come."""
        return self.end_offset >= 0

    def _open(self, boundary: bytes, form: bool, end: int) -> None:
        """Enter a multipart within the one that is being read."""
        mask = self._policy.form_mask if form else self._policy.other_mask
        self._delimiters.push(boundary, _level(mask, form, self._nested))
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
        needle = self._delimiters.needle
        found = data.rfind(needle[:1], max(at, end - len(needle) + 1), end)
        return found if found >= 0 and needle.startswith(data[found:end]) else end

    def _emit(self, data: bytes, start: int, stop: int, events: Events) -> None:
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
        self._mark = self._base + delimiters.end
        if result == CLOSE:
            self._close_level(level, events)
        else:
            self._parts += 1
            if self._parts > self._max_parts:
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
        self._closed_end = self._ends.pop()
        events.append(part_end(level - 1))
        self._enter_between(preamble=False)

    def _check_end(self, expected: int, offset: int) -> None:
        if expected not in (-1, offset):
            raise Deviation.LENGTH_MISMATCH.at(offset)
