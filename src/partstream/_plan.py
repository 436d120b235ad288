"""What a writer writes, in its order: heads, bodies and delimiters, all sizes known that can be.

A plan is made of a writer when its body, or its size, is asked for, and no more looks at headers
then: what is written is what was announced, in every pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from . import hdrs
from ._collision import Guard
from ._fields import Fields
from ._head import NO_ENCODING, encodings_of, header_lines
from ._passes import LARGE, Mark, Piece, Steps, Work, sliced
from ._payload import steps_of, steps_of_class
from ._payload_files import refuse_consumed
from ._payload_memory import BytesPayload
from ._payload_streams import BodyPartReaderPayload, through
from ._small_files import SmallFiles, grouped, is_small
from .encoding import Encoder

if TYPE_CHECKING:
    from .writer import MultipartWriter

__all__ = ["Plan", "checked_encoder"]

#: Compressing as much at a time is done on a thread, where an event loop runs.
_LONG: Final = 1 << 14
#: A body of less is copied to its head at once; what is larger lies in memory only once.
_TINY: Final = 1 << 10


class Run:
    """The body of one part that does not lie in memory as it is to be written.

    Attributes:
        size: of what is written, None where it is not known.
    """

    __slots__ = ("_expected", "_guard", "_may_change", "_plan", "_raw", "_wanted", "payload",
                 "size")  # fmt: skip

    def __init__(self, payload: Any, wanted: tuple[str | None, str | None], size: int | None,
                 guard: Guard | None) -> None:  # fmt: skip
        self.payload = payload
        self._guard = guard
        self._plan = Plan(payload) if payload._is_writer else None
        self._raw = isinstance(payload, BodyPartReaderPayload) and payload._applied == wanted
        self._wanted = NO_ENCODING if self._raw else wanted
        if self._plan is not None:
            self._expected = self._plan.size
        else:
            self._expected = payload._raw_size if self._raw else payload.size
        self._may_change = self._expected is not None and payload._may_change
        if self._expected is None and self._wanted == NO_ENCODING:
            self._expected = size
        self.size = Encoder(*self._wanted).size(self._expected)

    @property
    def small(self) -> bool:
        """Whether it is a small file, which can be read together with others."""
        plain = self._guard is None and self._wanted == NO_ENCODING
        return plain and is_small(self.payload, self.size)

    @property
    def awaits(self) -> bool:
        """Whether only an asynchronous pass can give it."""
        return awaits(self.payload) if self._plan is None else self._plan.awaits

    @property
    def replayable(self) -> bool:
        """Whether it can be given again."""
        if self._plan is not None:
            return self._plan.replayable
        return not (self.payload.consumed or self.payload._once)

    def check(self, others: set[int]) -> None:
        """See to it that it can be given.

        Args:
            others: the payloads before it that can be given once only; it is added to them.

        Raises:
            ValueError: where it cannot.
        """
        if self._plan is not None:
            self._plan.check(others)
            return
        refuse_consumed(self.payload)
        if self.payload._once:
            # Two payloads can be of one generator, or one pipe.
            source = self.payload._value
            key = id(self.payload if source is None else source)
            if key in others:
                raise ValueError(
                    f"{type(self.payload).__name__} stands here twice, and can be written once "
                    "only: make it of bytes, a path, or a file that can be rewound"
                )
            others.add(key)

    def steps(self) -> Steps:
        """Give the body, encoded, and checked against the size that was announced."""
        payload = self.payload
        if self._plan is not None:
            steps = self._plan.steps()
        else:
            steps = payload._raw_steps() if self._raw else steps_of(payload)
        if self._expected is not None:
            count = _Count(payload, self._expected, self._may_change)
            steps = through(steps, count.take, count.end, count.enough)
        encoder = Encoder(*self._wanted)
        if not encoder.idle:
            steps = through(steps, partial(_encoded, encoder), partial(_encoded_end, encoder))
        if self._guard is not None:
            guard = self._guard.fresh()
            steps = through(steps, guard.take)
        return steps


def _encoded(encoder: Encoder, piece: Piece) -> Steps:
    if encoder.compresses and len(piece) >= _LONG:
        data = yield Work(partial(encoder.feed, piece))
    else:
        data = encoder.feed(piece)
    if data:
        yield data


def _encoded_end(encoder: Encoder) -> Steps:
    data = encoder.end()
    if data:
        yield data


class _Count:
    """Sees to it that a body has the size that was announced for it.

    Args:
        payload: whose body it is.
        size: in bytes.
        may_change: whether the size is one that a file had, and not one that somebody promised.
    """

    def __init__(self, payload: Any, size: int, may_change: bool) -> None:
        self._payload = payload
        self._may_change = may_change
        self._size = self._left = size

    def take(self, piece: Piece) -> Steps:
        left = self._left
        self._left -= len(piece)
        if self._left >= 0:
            yield piece
        elif not self._may_change:
            raise ValueError(f"{self._who()} gives more than the {self._size} bytes announced")
        elif left > 0:
            yield memoryview(piece)[:left]

    def enough(self) -> bool:
        """Tell whether a file has turned out to have grown: no more of it is wanted."""
        return self._may_change and self._left < 0

    def end(self) -> Steps:
        if self._left > 0:
            got = self._size - self._left
            text = f"{self._who()} ended after {got} of {self._size} bytes announced"
            raise OSError(text) if self._may_change else ValueError(text)
        yield from ()

    def _who(self) -> str:
        name = self._payload.filename
        return f"{type(self._payload).__name__}{f' {name!r}' if name else ''}"


class Plan:
    """The segments of a multipart.

    Args:
        writer: what is to be written.
        close_boundary: whether the closing delimiter follows.
        marks: whether there are to be :class:`Mark` steps.

    Attributes:
        size: of the whole, None where it is not known.

    Raises:
        ValueError: for headers that cannot be sent, encodings that are unknown, and a writer that
            contains itself.
    """

    __slots__ = ("_segments", "size")

    def __init__(
        self, writer: MultipartWriter, close_boundary: bool = True, marks: bool = False
    ) -> None:
        segments: list[Any] = []
        self.size: int | None = _laid_out(writer, segments, close_boundary, marks)
        self._segments = segments

    @property
    def runs(self) -> Iterator[Run]:
        """The bodies that do not lie in memory."""
        return (item for item in self._segments if isinstance(item, Run))

    @property
    def awaits(self) -> bool:
        """Whether only an asynchronous pass can give all bodies."""
        return any(run.awaits for run in self.runs)

    @property
    def replayable(self) -> bool:
        """Whether there can be another pass."""
        return all(run.replayable for run in self.runs)

    def check(self, others: set[int] | None = None) -> None:
        """See to it that nothing is sent of what cannot be sent whole.

        Args:
            others: as of :meth:`Run.check`.

        Raises:
            ValueError: where a part cannot be written again.
        """
        others = set() if others is None else others
        for run in self.runs:
            run.check(others)

    def steps(self, start: int = 0) -> Steps:
        """Give the whole, from a place on: one pass.

        Args:
            start: how many bytes are left out, which saves reading the bodies before them.
        """
        self.check()
        mark = Mark(None, None)
        for item in grouped(_joined(self._segments)):
            if isinstance(item, Mark):
                mark = item
                yield item
                continue
            streamed = isinstance(item, (Run, SmallFiles))
            steps = item.steps() if streamed else sliced(item)
            if start:
                size = item.size if streamed else len(item)
                if size is not None and size <= start:
                    start -= size
                    continue
                yield Mark(mark.payload, mark.size, start)
                steps = through(steps, _Skip(start).take)
                start = 0
            yield from steps


class _Skip:
    """Leaves out the first bytes."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, piece: Piece) -> Steps:
        left, self._left = self._left, max(0, self._left - len(piece))
        if left < len(piece):
            yield memoryview(piece)[left:] if left else piece


def awaits(payload: Any) -> bool:
    """Tell whether a payload can only be written where it is awaited."""
    if steps_of_class(type(payload)) is None:
        return True  # it has a write() of its own
    return bool(getattr(payload, "_awaits", False))


def _joined(segments: list[Any]) -> Iterator[Any]:
    """Put what is small together, as much as is written at a time."""
    small: list[bytes] = []
    size = 0
    for item in segments:
        alone = not isinstance(item, bytes) or len(item) >= LARGE
        if small and (alone or size >= 2 * LARGE):
            yield b"".join(small)
            small = []
            size = 0
        if alone:
            yield item
        else:
            small.append(item)
            size += len(item)
    if small:
        yield b"".join(small)


class _Level:
    """A writer while it is laid out."""

    __slots__ = ("at", "guard", "iterator", "known", "lead", "payload", "segments", "size",
                 "writer")  # fmt: skip

    def __init__(self, writer: Any, payload: Any, guard: Guard | None, segments: list[Any]) -> None:
        self.writer = writer
        self.payload = payload
        self.guard = guard
        self.lead: bytes = b"--" + writer._boundary + b"\r\n"
        self.iterator = iter(writer._entries)
        self.segments = segments  # of all levels
        self.at = len(segments)
        self.size = 0
        self.known = True


def _laid_out(
    writer: MultipartWriter, segments: list[Any], close_boundary: bool, marks: bool
) -> int | None:
    """Lay out a writer and those in it, however deep, without a call within a call."""
    stack = [_Level(writer, None, writer._guard(None), segments)]
    around = {id(writer)}
    while True:
        level = stack[-1]
        entry = next(level.iterator, None)
        if entry is not None:
            payload = entry[0]
            inner = _inner(payload)
            if inner is None:
                _add(level, payload, marks)
            else:
                if id(inner) in around:
                    raise ValueError("a MultipartWriter cannot be a part of itself")
                around.add(id(inner))
                stack.append(_Level(inner, payload, inner._guard(level.guard), segments))
                segments.append(b"")  # its head, which tells its size: that is known behind it
            continue
        stack.pop()
        around.discard(id(level.writer))
        if stack or close_boundary:
            _append(level, b"--" + level.writer._boundary + b"--\r\n")
        size = level.size if level.known else None
        if not stack:
            return size
        above = stack[-1]
        segments[level.at] = head = _head(above, level.payload, size, encoded=False)
        above.size += len(head) + level.size
        above.known = above.known and level.known
        _append(above, b"\r\n")


def _inner(payload: Any) -> Any:
    """Give the writer that a part is, unless it is written encoded; else None."""
    if not getattr(payload, "_is_writer", False):
        return None
    if payload._facts.encodings == NO_ENCODING:
        return payload
    return None


def _append(level: _Level, data: bytes) -> None:
    level.segments.append(data)
    level.size += len(data)


def _add(level: _Level, payload: Any, marks: bool) -> None:
    """Lay out one part."""
    if isinstance(payload, Fields):
        if level.guard is not None:
            payload.check(level.guard)
        _append(level, payload.data)
        return
    wanted = payload._facts.encodings
    if wanted is not NO_ENCODING:
        checked_encoder(payload, level.writer._is_form_data)
    data = _in_memory(payload) if wanted == NO_ENCODING else None
    if data is not None:
        size: int | None = len(data)
        body: Any = data
        if level.guard is not None:
            level.guard.check(data)
        if len(data) < _TINY and not marks:
            head = _head(level, payload, size, encoded=False)
            _append(level, b"".join((head, data, b"\r\n")))
            return
    else:
        body = Run(payload, wanted, _promised(payload), level.guard)
        size = body.size
    encoded = wanted != NO_ENCODING and not (isinstance(body, Run) and body._raw)
    _append(level, _head(level, payload, size, encoded))
    if marks:
        level.segments.append(Mark(payload, size))
    if size != 0 or isinstance(body, Run):
        level.segments.append(body)
    if size is None:
        level.known = False
    else:
        level.size += size
    if marks:
        level.segments.append(Mark(None, None))
    _append(level, b"\r\n")


def _in_memory(payload: Any) -> Piece | None:
    if isinstance(payload, BytesPayload):
        if steps_of_class(type(payload)) is BytesPayload._steps:
            value = payload._value
            return value if isinstance(value, bytes) else memoryview(value)
    return None


def _promised(payload: Any) -> int | None:
    """Give the Content-Length that somebody has set for a part whose size cannot be seen."""
    declared = _declared(payload)
    return None if str(declared) == payload._announced else declared


def _declared(payload: Any) -> int | None:
    """Give the Content-Length that stands in the headers of a part."""
    lengths = payload.headers.getall(hdrs.CONTENT_LENGTH, [])
    if not lengths:
        return None
    if len(lengths) > 1 or not lengths[0].isascii() or not lengths[0].isdigit():
        raise ValueError(f"Content-Length: {', '.join(lengths)!r} is no number of bytes")
    return int(lengths[0])


def _head(level: _Level, payload: Any, size: int | None, encoded: bool) -> bytes:
    """Write a part's delimiter line and headers, with the Content-Length that is true."""
    headers = payload.headers
    lines = payload._facts.lines
    if hdrs.CONTENT_LENGTH in headers and headers.getall(hdrs.CONTENT_LENGTH) != [str(size)]:
        declared = _declared(payload)
        stale = str(declared) == payload._announced
        if size is not None and declared != size and not stale and not encoded:
            raise ValueError(
                f"Content-Length: {declared} of a part that has {size} bytes: leave it out"
            )
        lines = header_lines(
            (key, str(size) if key.lower() == "content-length" else value)
            for key, value in headers.items()
            if not (key.lower() == "content-length" and (encoded or size is None))
        )
    if level.guard is not None:
        level.guard.check(lines)
    return b"".join((level.lead, lines, b"\r\n"))


def checked_encoder(payload: Any, form: bool) -> Encoder:
    """Give what encodes a part as its headers say.

    Raises:
        ValueError: for an encoding that is unknown, or any in a form.
    """
    transfer, coding = encodings_of(payload.headers)
    if transfer is None and coding is None:
        return _IDLE
    if form:
        raise ValueError(
            "a part of a form cannot have a Content-Encoding or Content-Transfer-Encoding "
            "(RFC 7578 sections 4.7 and 4.8): send the encoded bytes as a file"
        )
    if isinstance(payload, BodyPartReaderPayload) and payload._applied == (transfer, coding):
        return _IDLE  # it is encoded already, and may be in a way that only others know
    return Encoder(transfer, coding)


_IDLE: Final = Encoder(None, None)
