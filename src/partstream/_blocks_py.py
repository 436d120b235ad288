"""Header blocks, as the pure scanner reads them: the plain ones in a run, all others by line.

What is cut by the end of a chunk goes on in ``_head``, and is never read from its start again.
"""

from __future__ import annotations

from typing import Final, NoReturn

from ._delimiters_py import NO
from ._headers_py import content_type, plain_head
from ._part_py import PartBegin
from ._state_py import AFTER_LENGTH, BODY, EPILOGUE, HEADERS, MEASURED, Events, State
from .deviations import Deviation
from .events import part_end
from .headers import Head, examine

__all__ = ["Blocks"]

_DASH: Final = 45
_END: Final = part_end(0)
_PLAIN_LINES: Final = 2  # a plain block has no more
_PLAIN_SIZE: Final = 1024  # nor is it usually longer; a longer one is read by line
_SHORT: Final = 4096  # a body that ends within so many bytes is read in a run
_SUFFIX: Final = Deviation.DELIMITER_SUFFIX


class Blocks(State):
    """A scanner's way through header blocks."""

    __slots__ = ()

    def _headers(self, data: bytes, at: int, events: Events) -> int:
        if self._delimiters.usual and not self._head and self._max_lines >= _PLAIN_LINES:
            at = self._run(data, at, events)
            if self._place != HEADERS:
                return at
        return self._header_lines(data, at, events)

    def _run(self, data: bytes, at: int, events: Events) -> int:
        """Read part after part, as long as they are plain, short, and whole.

        This does nothing that the other methods would not do; it is what makes forms fast.
        """
        level, needle = self._delimiters.levels[0], self._delimiters.usual
        size, reach, base = len(needle), min(self._reach, _PLAIN_SIZE), self._base
        longest = min(_SHORT, self._max_size)
        while True:
            end = data.find(b"\r\n\r\n", at, at + reach)
            block = data[at:end] if end > at else b""
            plain = plain_head(block, level)
            if plain is None:
                self._mark = base + at
                return at
            body = end + 4
            events.append(PartBegin(block, 0, base + at, base + body, False, *plain))
            found = data.find(needle, body, body + longest)
            at = found + size + 2
            tail = data[at - 2 : at]
            if found < 0 or data[body] == _DASH or not self._goes_on(tail, base + at):
                self._fresh = True
                self._size = 0
                self._place = BODY
                return body
            if found > body:
                events.append(data[body:found])
            events.append(_END)
            if tail == b"--":
                return at

    def _goes_on(self, tail: bytes, end: int) -> bool:
        """Act on the tail of a delimiter, if it is one of the two usual ones."""
        if tail == b"\r\n" and self._parts < self._max_parts:
            self._parts += 1
            return True
        if tail == b"--":
            self._mark = self.end_offset = end
            self._discarded = 0
            self._place = EPILOGUE
            return True
        return False

    def _header_lines(self, data: bytes, at: int, events: Events) -> int:
        """Collect the block line by line: it is cut by a chunk's end, or not plain."""
        head, size, lf = self._head, len(data), self._delimiters.lf
        while at < size:
            found = data.find(b"\n", at)
            stop = size if found < 0 else found + 1
            head += data[at:stop]
            at = stop
            if found < 0 and len(head) <= self._reach:
                break
            self._check_header_size(found >= 0)
            if found < 0:
                break
            if (head[-2:-1] == b"\r") == bool(lf):
                self._refuse_line_end(bool(lf))
            line = bytes(head[self._line :])
            width = 1 if lf else 2
            if len(line) == width:
                self._examine(bytes(head[: max(0, self._line - width)]), self._nested, events)
                break
            if line.startswith(b"--") and self._delimiter_in_headers(line, events):
                break
            self._line = len(head)
            self._lines += 1
            if self._lines > self._max_lines:
                raise self._limits.exceeded("max_headers", self._mark + self._line - len(line))
        return at

    def _refuse_line_end(self, lf: bool) -> NoReturn:
        """Refuse a line that ends otherwise than those of this stream."""
        end = self._mark + len(self._head)
        if lf:
            raise Deviation.HEADER_CONTROL.at(end - 2, "a CR, and lines end in LF")
        raise Deviation.BARE_LF.at(end - 1)

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

    def _delimiter_in_headers(self, line: bytes, events: Events) -> bool:
        """Act on a header line that is a delimiter; tell whether it was one."""
        delimiters, offset = self._delimiters, self._mark + self._line
        result = delimiters.match(line, 0, len(line), offset, _SUFFIX, final=True)
        if result == NO:
            return False
        if not delimiters.levels[-1].mask & Deviation.DELIMITER_IN_HEADERS.bit:
            raise Deviation.DELIMITER_IN_HEADERS.at(offset)
        width = 1 if delimiters.lf else 2
        self._base, base = offset, self._base
        self._examine(bytes(self._head[: max(0, self._line - width)]), False, events)
        if self._place == MEASURED:
            raise Deviation.LENGTH_MISMATCH.at(offset)
        self._delimiter(result, 0, events, leaf=self._place == BODY)
        self._base = base
        return True

    def _examine(self, block: bytes, nested: bool, events: Events) -> None:
        delimiters = self._delimiters
        size = len(self._head)
        level = delimiters.levels[-1]._replace(nested=nested)
        head = examine(block, self._mark, level, lf=bool(delimiters.lf))
        self._head = bytearray()
        self._line = self._lines = 0
        self._begin(head, size, events)

    def _begin(self, head: Head, size: int, events: Events) -> None:
        """Begin the part whose header block, of ``size`` bytes, has just ended."""
        depth = len(self._ends) - 1
        offset, body_offset = self._mark, self._mark + size
        child, length = head.child, head.length
        if child is not None and depth + 2 > self._max_depth:
            raise self._limits.exceeded("max_depth", offset)
        events.append(
            PartBegin(
                head.block,
                depth,
                offset,
                body_offset,
                child is not None,
                head.name,
                head.filename,
                content_type(head.block),
            )
        )
        self._fresh = True
        self._size = 0
        if child is not None:
            self._mark = body_offset
            self._open(child.boundary, child.form, body_offset + length if length >= 0 else -1)
        elif length < 0:
            self._place = BODY
        else:
            self._remaining = length
            self._place = MEASURED
            self._end_measured(events)

    def _end_measured(self, events: Events) -> None:
        if self._remaining == 0:
            events.append(part_end(len(self._ends) - 1))
            self._place = AFTER_LENGTH
