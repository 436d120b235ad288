"""Header blocks, as the pure scanner reads them: the plain ones in a run, all others by line.

What is cut by the end of a chunk goes on in ``_head``, and is never read from its start again.
"""

from __future__ import annotations

from typing import Final, NoReturn

from ._delimiters_py import NO
from ._headers_py import content_type, plain_head
from ._ordinary_py import ordinary_head
from ._part_py import PartBegin
from ._search_py import LARGE
from ._state_py import AFTER_LENGTH, BODY, EPILOGUE, MEASURED, Events, State
from .deviations import Deviation
from .events import part_end
from .headers import Head, examine

__all__ = ["Blocks"]

_DASH: Final = 45
_END: Final = part_end(0)
_PLAIN_LINES: Final = 2  # a plain block has no more
_PLAIN_SIZE: Final = 1024  # nor is it usually longer; a longer one is read by line
_SHORT: Final = 4096  # a field that ends within so many bytes is read in a run
_IN_CONTENT: Final = Deviation.BOUNDARY_IN_CONTENT.bit
_SUFFIX: Final = Deviation.DELIMITER_SUFFIX
_BOUNDARY_WITHIN: Final = "the boundary of an inner multipart holds that of an outer one"


class Blocks(State):
    """A scanner's way through header blocks."""

    __slots__ = ()

    def _headers(self, data: bytes, at: int, events: Events) -> int:
        """Read part after part, as long as they are plain, short, and whole.

        This does nothing that the other methods would not do; it is what makes forms fast.
        """
        maxima = self._maxima
        if not self._usual or self._head or maxima.headers < _PLAIN_LINES:
            return self._one_block(data, at, events)
        needle, base, mask = self._usual, self._base, self._mask
        size = len(needle) + 2
        reach = _PLAIN_SIZE if maxima.reach > _PLAIN_SIZE else maxima.reach
        part_size, length = maxima.part_size, len(data)
        longest = _SHORT if part_size > _SHORT else part_size
        parts, most = self._parts, maxima.parts
        name: str | None
        while True:
            end = data.find(b"\r\n\r\n", at, at + reach)
            block = data[at:end] if end > at else b""
            plain = plain_head(block, mask)
            if plain is not None:
                name, filename, kind = plain  # a call with a star is slower
            else:
                ordinary = self._ordinary(block)
                if ordinary is None or ordinary[0].length >= 0:
                    self._parts = parts
                    self._mark = base + at
                    return self._begin_or_collect(ordinary, data, at, end + 4, events)
                name, filename, kind = ordinary[0].name, ordinary[0].filename, ordinary[1]
            body = end + 4
            begin = PartBegin(block, 0, base + at, base + body, False, name, filename, kind)
            events.append(begin)
            stop = body + (longest if filename is None or length - body < LARGE else part_size)
            found = data.find(needle, body, stop)
            at = found + size
            tail = data[at - 2 : at]
            usual = (tail == b"\r\n" and parts < most) or tail == b"--"
            if found < 0 or not usual or data[body] == _DASH:
                self._parts = parts
                self._enter_body()
                if found < 0:
                    self._searched = base + min(stop, length) - size
                return body
            if found > body:
                events.append(data[body:found])
            events.append(_END)
            if tail == b"--":
                self._parts = parts
                self._end_all(base + at)
                return at
            parts += 1

    def _one_block(self, data: bytes, at: int, events: Events) -> int:
        """Read one block, at any depth, at once if it is whole and ordinary."""
        if self._head or self._delimiters.lf is not False:
            return self._header_lines(data, at, events)
        reach = min(_PLAIN_SIZE, self._maxima.reach)
        end = data.find(b"\r\n\r\n", at, at + reach)
        ordinary = self._ordinary(data[at:end]) if end > at else None
        if not self._mask & _IN_CONTENT and self._stray(data, at, end) < end:
            ordinary = None  # _examine() will say so
        return self._begin_or_collect(ordinary, data, at, end + 4, events)

    def _ordinary(self, block: bytes) -> tuple[Head, str | None] | None:
        """Read a block that is whole; None where ``examine`` has to."""
        return ordinary_head(block, self._delimiters.levels[-1], self._maxima.headers)

    def _begin_or_collect(
        self,
        ordinary: tuple[Head, str | None] | None,
        data: bytes,
        at: int,
        body: int,
        events: Events,
    ) -> int:
        """Begin the part of an ordinary block, or collect another one line by line."""
        if ordinary is None:
            return self._header_lines(data, at, events)
        head, kind = ordinary
        self._begin(head, kind, body - at, events)
        return body

    def _goes_on(self, tail: bytes, end: int) -> bool:
        """Act on the tail of a delimiter, if it is one of the two usual ones."""
        if tail == b"\r\n" and self._parts < self._maxima.parts:
            self._parts += 1
            return True
        if tail == b"--":
            self._end_all(end)
            return True
        return False

    def _end_all(self, end: int) -> None:
        """Act on a closing delimiter that ends at ``end`` and is plain."""
        self._mark = self.end_offset = end
        self._discarded = 0
        self._crlf_left = b"\r\n"
        self._place = EPILOGUE

    def _header_lines(self, data: bytes, at: int, events: Events) -> int:
        """Collect the block line by line: it is cut by a chunk's end, or not plain."""
        head, size, lf = self._head, len(data), self._delimiters.lf
        if head is None:
            self._head = head = bytearray()
            self._line = self._lines = 0
        while at < size:
            found = data.find(b"\n", at)
            stop = size if found < 0 else found + 1
            head += data[at:stop]
            at = stop
            if found < 0 and len(head) <= self._maxima.reach:
                break
            self._check_header_size(head, found >= 0)
            if found < 0:
                break
            if (head[-2:-1] == b"\r") == bool(lf):
                self._refuse_line_end(bool(lf), self._mark + len(head))
            line = bytes(head[self._line :])
            width = 1 if lf else 2
            if len(line) == width:
                self._examine(head, width, self._nested, events)
                break
            if line.startswith(b"--") and self._delimiter_in_headers(head, line, events):
                break
            self._line = len(head)
            self._lines += 1
            if self._lines > self._maxima.headers:
                raise self._limits.exceeded("max_headers", self._mark + self._line - len(line))
        return at

    def _refuse_line_end(self, lf: bool, end: int) -> NoReturn:
        """Refuse a line that ends otherwise than those of this stream."""
        if lf:
            raise Deviation.HEADER_CONTROL.at(end - 2, "a CR, and lines end in LF")
        raise Deviation.BARE_LF.at(end - 1)

    def _check_header_size(self, head: bytearray, ended: bool) -> None:
        """Refuse a line or a block that is too long, whichever limit comes first."""
        maxima, end = self._maxima, len(head) - ended
        if not self._delimiters.lf and head[end - 1 : end] == b"\r" and end > self._line:
            end -= 1
        line_over = end - self._line > maxima.header_line
        block_over = len(head) > maxima.header_block
        if block_over and (not line_over or maxima.header_block <= self._line + maxima.header_line):
            raise self._limits.exceeded("max_header_block", self._mark + maxima.header_block)
        if line_over:
            at = self._mark + self._line + maxima.header_line
            raise self._limits.exceeded("max_header_line", at)

    def _delimiter_in_headers(self, head: bytearray, line: bytes, events: Events) -> bool:
        """Act on a header line that is a delimiter; tell whether it was one."""
        delimiters, offset = self._delimiters, self._mark + self._line
        result = delimiters.match(line, 0, len(line), offset, _SUFFIX, final=True)
        if result == NO:
            return False
        if not delimiters.levels[-1].mask & Deviation.DELIMITER_IN_HEADERS.bit:
            raise Deviation.DELIMITER_IN_HEADERS.at(offset)
        width = 1 if delimiters.lf else 2
        self._base, base = offset, self._base
        self._examine(head, width, False, events)
        if self._place == MEASURED:
            raise Deviation.LENGTH_MISMATCH.at(offset)
        self._delimiter(result, 0, events, leaf=self._place == BODY)
        self._base = base
        return True

    def _examine(self, lines: bytearray, width: int, nested: bool, events: Events) -> None:
        """Examine a whole block, whose lines end in ``width`` bytes, and begin its part."""
        block = bytes(lines[: max(0, self._line - width)])
        self._head = None
        if not self._mask & _IN_CONTENT:
            stray = self._stray(block, 0, len(block))
            if stray < len(block):
                raise Deviation.BOUNDARY_IN_CONTENT.at(self._mark + stray)
        plain = plain_head(block, self._mask) if self._usual else None
        if plain is not None and self._lines <= _PLAIN_LINES:
            body = self._mark + len(lines)
            events.append(PartBegin(block, 0, self._mark, body, False, *plain))
            self._enter_body()
            return
        delimiters = self._delimiters
        level = delimiters.levels[-1]._replace(nested=nested)
        head = examine(block, self._mark, level, lf=bool(delimiters.lf))
        self._begin(head, content_type(head.block), len(lines), events)

    def _enter_body(self) -> None:
        self._fresh = True
        self._size = 0
        self._place = BODY

    def _begin(self, head: Head, kind: str | None, size: int, events: Events) -> None:
        """Begin the part of this type whose header block, of ``size`` bytes, has just ended."""
        depth = len(self._delimiters.levels) - 1
        offset, body_offset = self._mark, self._mark + size
        child, length = head.child, head.length
        if child is not None and depth + 2 > self._maxima.depth:
            raise self._limits.exceeded("max_depth", offset)
        if child is not None and not self._mask & _IN_CONTENT:
            line = b"--" + child.boundary
            if self._stray(line, 0, len(line)) < len(line):
                raise Deviation.BOUNDARY_IN_CONTENT.at(offset, _BOUNDARY_WITHIN)
        events.append(
            PartBegin(
                head.block,
                depth,
                offset,
                body_offset,
                child is not None,
                head.name,
                head.filename,
                kind,
            )
        )
        self._enter_body()
        if child is not None:
            self._mark = body_offset
            self._open(child.boundary, child.form, body_offset + length if length >= 0 else -1)
        elif length >= 0:
            self._remaining = length
            self._place = MEASURED
            self._end_measured(events)

    def _end_measured(self, events: Events) -> None:
        if self._remaining == 0:
            events.append(part_end(len(self._delimiters.levels) - 1))
            self._place = AFTER_LENGTH
