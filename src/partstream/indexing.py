"""Where each part of a multipart body stands, for bodies that were spooled to disk.

A proxy, or a server with a buffering one before it, has the whole body in a file before anybody
looks into it.  What is wanted then is no stream but places: this part's body starts here and is so
long, to be sent on with ``sendfile``, mapped, or sliced.  :func:`index` gives these places and
holds no body: the events of the parser are counted and dropped.

Two things need more than counting.  The parser says that a nested multipart has ended when its
own closing delimiter comes, but its body, epilogue included, goes on to the next delimiter of a
multipart around it (RFC 2046 section 5.1.1), for which there is no event.  So while a multipart is
open, what stands between two bodies is looked at again, by the same law of delimiters.  And a
header block that ends in a delimiter (row q3, tolerated by few) ends before it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from multidict import CIMultiDictProxy

from . import hdrs
from ._backend import PartBegin
from ._delimiters_py import NO, OPEN, Delimiters
from ._later import Later, seen
from ._settings import latin
from .deviations import Deviation
from .events import PartEnd
from .headers import Level
from .limits import Limits
from .parameters import Header, boundary_of
from .parser import MultipartParser
from .policy import Policy, check_settings
from .sources import content_type_of

if TYPE_CHECKING:
    import inspect
else:
    inspect = Later("inspect")

__all__ = ["PartIndex", "index"]

_CHUNK: Final = 1 << 18  # fits into a second-level cache, which a copy of it then stays in
_TAIL: Final = 256  # longer than a delimiter with all its padding, which a chunk's end may cut
_SUFFIX: Final = Deviation.DELIMITER_SUFFIX

_Slice: TypeAlias = slice  # PartIndex has an attribute of that name


@dataclass(frozen=True, slots=True)
class PartIndex:
    """Where one part stands; all offsets are in bytes, from where the source started.

    It can be pickled, so that other processes can take the parts from the same file.

    Attributes:
        name: the ``name`` of Content-Disposition, None where there is none (RFC 7578 section 4.2).
        filename: the ``filename`` of Content-Disposition as sent: it may be a path, or hostile.
        content_type: Content-Type in lower case without its parameters; None where there is none.
        depth: 0 for a part of the outermost multipart, one more for each multipart around it.
        multipart: whether the part was taken apart: its parts are those that follow one deeper.
        header_offset: of its first header byte.
        header_length: of its header block, the empty line at its end included.
        body_offset: of the first byte of its body.
        body_length: of its body, without the line end that belongs to the delimiter behind it;
            that of a multipart goes from its first line to where the multipart around it goes on,
            preamble and epilogue included.
        complete: False where the input ended before the part did, or where a multipart was never
            closed by its own closing delimiter; only a tolerant policy lets that pass.
        parent: the place in the list of the multipart that the part is in, None at depth 0.
    """

    name: str | None
    filename: str | None
    content_type: str | None
    depth: int
    multipart: bool
    header_offset: int
    header_length: int
    body_offset: int
    body_length: int
    complete: bool
    parent: int | None
    _begin: PartBegin = field(repr=False)

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The headers: case-insensitive, in their order, with repeated names."""
        return self._begin.headers

    @property
    def slice(self) -> _Slice:
        """The body in the source: ``data[part.slice]`` of bytes, a memoryview or an mmap."""
        return _Slice(self.body_offset, self.body_offset + self.body_length)


def index(
    source: Any,
    content_type: Any,
    *,
    nested: bool = True,
    limits: Limits = Limits.STREAM,
    policy: Policy = Policy.DEFAULT,
) -> list[PartIndex]:
    """Find where the parts of a multipart body stand, without reading bodies into memory.

    >>> data = b"--B\\r\\nContent-Type: text/plain\\r\\n\\r\\nhello\\r\\n--B--"
    >>> part, = index(data, "multipart/mixed; boundary=B")
    >>> part.body_offset, part.body_length, data[part.slice]
    (33, 5, b'hello')

    The source is read to its end, as the parser would be fed with it: what follows the closing
    delimiter is subject to limits and policy, too.  Memory grows with the number of parts, their
    headers, and the preambles and epilogues of multiparts; not with the size of bodies.

    Args:
        source: the body: a path (str or os.PathLike), a file opened in binary mode, which is read
            from where it stands and not closed, or bytes-like, an ``mmap.mmap`` for one.
        content_type: the headers of the message: any mapping, a list of pairs, or the value of
            its Content-Type.
        nested: take multiparts among the parts apart too.
        limits: what the body may be at most.
        policy: which deviations are tolerated.

    Returns:
        The parts in the order of their headers, so that a multipart stands before its parts.

    Raises:
        MultipartError: where the body is at fault or ends too early, or the Content-Type has no
            boundary that can be used.
        OSError: what opening or reading the source raises.
        TypeError: for a source that is no such thing, or a file in text mode.
        ValueError: for a file that does not wait for its data.
    """
    indexing = _Indexing(content_type_of(content_type), nested, limits, policy)
    # On every way out, so that files are closed, and an mmap can be.
    with closing(_chunks(source)) as chunks:
        for chunk in chunks:
            indexing.feed(chunk)
    return indexing.finish()


# What can be read


def _chunks(source: Any) -> Generator[bytes, None, None]:
    """Give the bytes of a source; see :func:`index`."""
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb", buffering=0) as file:  # pyright: ignore[reportUnknownArgumentType]
            yield from _read(file.read)
    elif isinstance(source, bytes):
        for at in range(0, len(source), _CHUNK):
            yield source[at : at + _CHUNK]
    elif isinstance(source, seen("mmap", "mmap")) or not hasattr(source, "read"):
        yield from _viewed(source)
    elif isinstance(source, io.TextIOBase):
        raise _in_text_mode()
    elif inspect.iscoroutinefunction(source.read):
        raise TypeError("read() of this source is a coroutine: pass a file that blocks, or a path")
    else:
        yield from _read(source.read)


def _read(read: Callable[[int], Any]) -> Iterator[bytes]:
    data = read(_CHUNK)
    while data and not isinstance(data, str):
        yield data if type(data) is bytes else bytes(memoryview(data))
        data = read(_CHUNK)
    if isinstance(data, str):
        raise _in_text_mode()
    if data is None:
        raise ValueError("read() gave None: pass a file that is in blocking mode")


def _viewed(source: Any) -> Iterator[bytes]:
    try:
        with memoryview(source) as view:
            size = view.nbytes
            with view.cast("B") if size else view as octets:
                for at in range(0, size, _CHUNK):
                    yield octets[at : at + _CHUNK].tobytes()
    except TypeError:
        kind = type(source).__name__
        raise TypeError(
            "source takes a path, a file opened in binary mode, an mmap or contiguous bytes, "
            f"not {kind}"
        ) from None


def _in_text_mode() -> TypeError:
    return TypeError("the file is in text mode, which changes bytes: open it with mode 'rb'")


# What is made of it


class _Row:
    """A part whose end is not known."""

    __slots__ = ("body", "complete", "end", "event", "parent", "place")

    def __init__(self, event: PartBegin, place: int, parent: int | None) -> None:
        self.event = event
        self.place = place
        self.parent = parent
        self.body = self.end = event.body_offset
        self.complete = False

    def freeze(self) -> PartIndex:
        event, body = self.event, self.body
        return PartIndex(
            event.name, event.filename, event.content_type, event.depth, event.multipart,
            event.offset, body - event.offset, body, self.end - body, self.complete, self.parent,
            event)  # fmt: skip


class _Indexing:
    """One body on its way through the parser."""

    def __init__(self, value: str, nested: bool, limits: Limits, policy: Policy) -> None:
        check_settings(limits, policy)
        subtype = value.partition(";")[0].strip(" \t").lower().removeprefix("multipart/")
        self._policy = policy
        outer = self._level(subtype == "form-data")
        boundary = boundary_of(Header(latin(value), None, outer.mask, outer.form))
        self._parser = MultipartParser(
            boundary, subtype=subtype, nested=nested, limits=limits, policy=policy
        )
        self._parts: list[PartIndex | None] = []  # None for those whose end is not known
        self._open: list[_Row] = []  # of the parts that have not ended, outermost first
        self._passed = _Passed()
        # For the ends of multiparts.
        self._delimiters = Delimiters(boundary, outer)
        self._unended: list[_Row] = []  # multiparts whose end is not known, outermost first
        self._gap = 0 if nested else -1  # where the last body ended, -1 if nobody wants to know

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            MultipartError: where they are at fault.
        """
        self._passed.add(chunk)
        self._take(self._parser.feed(chunk))
        if self._gap >= 0 and self._parser.done:
            self._look(self._parser.end_offset)
        self._passed.keep_from(self._gap)

    def finish(self) -> list[PartIndex]:
        """Come to the end of the body, and give what was found.

        Raises:
            MultipartError: where it ends too early.
        """
        self._take(self._parser.close())
        if self._gap >= 0:
            self._look(self._parser.offset)
        self._end_from(0, self._parser.offset)
        return [part for part in self._parts if part is not None]

    def _take(self, events: list[Any]) -> None:
        for event in events:
            if type(event) is bytes:
                self._open[-1].end += len(event)
            elif type(event) is PartEnd:
                self._end(self._open.pop(), event.complete)
            else:
                self._begin(event)

    def _begin(self, event: PartBegin) -> None:
        if self._gap >= 0:
            self._look(event.offset)
        row = _Row(event, len(self._parts), self._open[-1].place if self._open else None)
        self._open.append(row)
        self._parts.append(None)
        if event.multipart:
            self._enter(row)

    def _end(self, row: _Row, complete: bool) -> None:
        row.complete = complete
        if row.event.multipart:
            return
        if row.end == row.event.body_offset and self._policy.delimiter_in_headers != "never":
            row.body = row.end = self._passed.header_end(row.event)
        self._parts[row.place] = row.freeze()
        if self._unended:
            self._gap = row.end

    # The ends of multiparts

    def _level(self, form: bool) -> Level:
        """Give the level of a multipart; lines that are data were refused before, if at all."""
        mask = self._policy.form_mask if form else self._policy.other_mask
        return Level(mask | _SUFFIX.bit, form, True)

    def _enter(self, row: _Row) -> None:
        event, around = row.event, self._delimiters.levels[-1]
        value = latin(event.headers[hdrs.CONTENT_TYPE])
        boundary = boundary_of(Header(value, None, around.mask, around.form))
        self._delimiters.push(boundary, self._level(event.content_type == "multipart/form-data"))
        self._unended.append(row)
        self._gap = event.body_offset

    def _look(self, stop: int) -> None:
        """Look for delimiters between two bodies, as the parser did, and end what ends there.

        Args:
            stop: where the header block starts that follows, or the input ends.
        """
        start, self._gap = self._gap, -1
        gap, delimiters = self._passed.between(start, stop), self._delimiters
        at, unbroken = 0, gap.startswith(b"-")  # no line end of its own: row q
        while True:
            found = 0 if unbroken else gap.find(delimiters.needle, at)
            if found < 0:
                return
            line = found if unbroken else found + (2 if delimiters.lf is False else 1)
            result = delimiters.match(gap, line, len(gap), start, _SUFFIX, final=True)
            at, unbroken = found + 1, False
            if result != NO:
                delimiters.accept(start + found)
                level = delimiters.level
                self._end_from(level, start + found)
                if result == OPEN or level == 0:
                    if len(delimiters.levels) > level + 1:
                        delimiters.cut(level + 1)
                    return
                delimiters.cut(level)

    def _end_from(self, depth: int, offset: int) -> None:
        """End the multiparts at this depth, and those in them."""
        unended = self._unended
        while unended and unended[-1].event.depth >= depth:
            row = unended.pop()
            row.end = offset
            self._parts[row.place] = row.freeze()


class _Passed:
    """The bytes that passed last: those of the chunk at hand, and some before them."""

    __slots__ = ("_base", "_chunk", "_kept")

    def __init__(self) -> None:
        self._kept = bytearray()  # what stands right before the chunk
        self._chunk = b""
        self._base = 0  # offset of the chunk

    def add(self, chunk: bytes) -> None:
        """Take the next chunk; :meth:`keep_from` must have been called for the one before."""
        self._chunk = chunk

    def keep_from(self, offset: int) -> None:
        """Drop the chunk but for its tail, or for all from ``offset`` if that is not negative."""
        chunk, kept = self._chunk, self._kept
        end = self._base + len(chunk)
        start = end - _TAIL if offset < 0 else min(offset, end - _TAIL)
        if start >= self._base:
            self._kept = bytearray(chunk[start - self._base :])
        else:
            kept += chunk
            surplus = len(kept) - (end - start)
            if surplus > len(kept) // 2:  # so that each byte is moved a few times at most
                del kept[:surplus]
        self._base, self._chunk = end, b""

    def between(self, start: int, stop: int) -> bytes:
        """Give the bytes between two offsets, as far as they are kept."""
        at, base = self._base, self._base - len(self._kept)
        if start >= at:
            return self._chunk[start - at : stop - at]
        kept = self._kept[max(0, start - base) : stop - base]
        return bytes(kept + self._chunk[: max(0, stop - at)])

    def header_end(self, event: PartBegin) -> int:
        """Give where a header block ends, which may be where its last line is a delimiter."""
        end = event.body_offset
        line = self.between(max(event.offset, end - _TAIL), end).rpartition(b"\n")
        # The last line has no end where the input ends with it.
        last = line[2] or line[0].rpartition(b"\n")[2] + line[1]
        return end - len(last) if last.strip(b"\r\n") else end
