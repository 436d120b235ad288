"""How the reading of an input opens: head, start of the body, boundary, and then a parser.

The boundary is the one asked for, or that of the Content-Type, or else that of the first line of
the body which looks like a delimiter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol

from ._inspect_report import Excerpt, Report
from ._inspect_window import REACH, Window
from .deviations import Deviation
from .errors import ParseError
from .framing import Framing
from .limits import Limits
from .message import BOM, Delimiter, Head, first_delimiter, guess_subtype, read_head
from .parameters import Header, boundary_of, checked_boundary
from .parser import MultipartParser
from .policy import Policy

__all__ = ["AROUND", "LIMITS", "Opening", "Options", "Source"]

LIMITS: Final = Limits(
    max_header_line=REACH, max_headers=10_000, max_header_block=REACH, max_preamble=None,
    max_epilogue=None, max_depth=None, max_parts=1_000_000)  # fmt: skip

#: How many bytes are shown before and behind the place of a fault.
AROUND: Final = 48
_MAX_HEAD: Final = 1 << 20
_START: Final = 1 << 16  # how much of a body's start is looked at to tell what it is


class Source(Protocol):
    """Where the bytes come from.

    Attributes:
        name: what to call it.
        size: how many bytes it has, None where that is not known beforehand.
    """

    name: str
    size: int | None

    def read(self) -> bytes:
        """Give the next bytes, none at the end."""
        raise NotImplementedError


@dataclass(frozen=True)
class Options:
    """What to look for, None for what the input itself is to tell.

    Attributes:
        boundary: the boundary, whatever the head says.
        subtype: what stands behind ``multipart/``, whatever the head says.
        content_type: a Content-Type in place of the head's.
        policy: which deviations are tolerated.
        bare: the input has no head, whatever its first line looks like.
        decoded: take the body as it is, whatever the head says of chunks and compression.
        undo: the codings to undo, whatever the head says: "chunked", "gzip", "deflate".
        headers: keep the headers of each part.
        sha256: give the digest of each body.
    """

    boundary: bytes | None = None
    subtype: str | None = None
    content_type: str | None = None
    policy: Policy = Policy.DEFAULT
    bare: bool = False
    decoded: bool = False
    undo: tuple[str, ...] = ()
    headers: bool = False
    sha256: bool = False


class Opening:
    """The way from an input to the body of its multipart.

    Attributes:
        report: takes what the head says.
        framing: how the body stands in the input.
        start: the first bytes of the body.
        delimiter: the first line in them that looks like a delimiter.
    """

    def __init__(self, source: Source, options: Options, report: Report) -> None:
        self.report = report
        self.start = b""
        self.delimiter: Delimiter | None = None
        self._source = source
        self._options = options
        self._head = Head("body", b"", [], 0)
        self.framing = Framing(self._head)
        self._head_bytes = b""
        self._raw = Window()  # of the bytes behind the head, where the body is not those
        self._body: Iterator[bytes] = iter(())

    def read(self) -> None:
        """Read the head and the start of the body.

        Raises:
            ParseError: for a head without end.
        """
        window = self._read_head()
        head, report = self._head, self.report
        self._head_bytes = window[: head.size]
        self.framing = Framing(head, decoded=self._options.decoded, undo=self._options.undo)
        report.notes += self.framing.notes
        self._describe()
        self._body = self._framed(window[head.size :])
        self._collect_start()

    def more(self) -> bytes:
        """Give the next bytes of the body, none at its end."""
        return next(self._body, b"")

    @property
    def whole(self) -> bool:
        """Whether the input is known to end."""
        return self._source.size is not None

    def boundary_at(self, offset: int | None) -> int | None:
        """Give where the boundary stands in the header value at an offset of the head.

        That is what is looked at of a Content-Type; the offset itself where there is none.
        """
        if offset is None:
            return None
        value = self._head_bytes[offset:].partition(b"\n")[0].lower()
        return offset + max(0, value.find(b"boundary"))

    def rest(self) -> int:
        """Tell how many bytes are known to follow the message in its file."""
        if not self.framing.done or self._source.size is None:
            return self.framing.extra
        return max(0, self._source.size - self.report.body_offset - self.framing.taken)

    def excerpt(self, offset: int | None) -> Excerpt | None:
        """Give the bytes around an offset of the file, None where they have passed."""
        if offset is None:
            return None
        head, size = self._head_bytes, self.report.body_offset
        if offset < size:
            found = head[max(0, offset - AROUND) : offset], head[offset : offset + AROUND]
            return Excerpt("file", offset, *found)
        around = self._raw.around(offset - size, AROUND)
        return None if around is None else Excerpt("file", offset, *around)

    def parser(self) -> MultipartParser:
        """Give a parser for the body.

        Raises:
            MultipartError: where there is no boundary, or none that can be used.
        """
        report, options = self.report, self._options
        header = self._content_type(options.policy)
        if header is not None:
            value = header.text.encode("latin-1").decode("utf-8", "surrogateescape")
            report.content_type = value
            report.subtype = _essence(value).partition("/")[2] or None
        report.subtype = options.subtype or report.subtype
        report.boundary = self._boundary(header)
        if header is None and options.boundary is None and report.kind != "body":
            report.notes.append(
                "the head has no Content-Type: the boundary is that of the body's first line"
            )
        if report.subtype is None:
            found = self.delimiter
            report.subtype = guess_subtype(self.start, found) if found else "mixed"
        return self._made(report.boundary, options.policy)

    def trial(self, policy: Policy) -> MultipartParser:
        """Give a parser for the body under another policy, once :meth:`parser` was called.

        Raises:
            MultipartError: where the policy refuses what the head says.
        """
        return self._made(self._boundary(self._content_type(policy)), policy)

    def _made(self, boundary: bytes, policy: Policy) -> MultipartParser:
        subtype = self.report.subtype or "mixed"
        return MultipartParser(
            boundary, subtype=subtype, nested=True, limits=LIMITS, policy=policy)  # fmt: skip

    def _boundary(self, header: Header | None) -> bytes:
        if self._options.boundary is not None:
            return self._options.boundary
        return self._boundary_of_body() if header is None else boundary_of(header)

    def _read_head(self) -> bytes:
        """Find the head; give what was read to find it."""
        if self._options.bare:
            return b""
        window, wanted, final = b"", 1, False
        while True:
            pieces, size = [window], len(window)
            while size < wanted and not final:
                data = self._source.read()
                pieces.append(data)
                size, final = size + len(data), not data
            window = b"".join(pieces)
            enough = final or len(window) >= _MAX_HEAD
            head = read_head(window, final=enough)
            if head is not None:
                break
            wanted = min(2 * len(window), _MAX_HEAD)
        self._head = head
        if enough and not final and head.size >= _MAX_HEAD:
            text = f"the head of the message is longer than {_MAX_HEAD:,} bytes"
            raise ParseError(text, code="head_too_long", offset=_MAX_HEAD)
        return window

    def _describe(self) -> None:
        report, head, framing = self.report, self._head, self.framing
        report.kind, report.start_line, report.body_offset = head.kind, head.start_line, head.size
        report.chunked, report.codings = framing.chunked, framing.codings
        report.file_offset_known = not framing.transformed
        if head.size and self._head_bytes.startswith(BOM):
            report.notes.append(
                "the file starts with a byte order mark: an editor saved it as text, and may have "
                "changed more"
            )
        if head.unbroken:
            report.notes.append("no empty line stands between the head and the body")
        if head.skipped:
            report.notes.append(f"lines of the head that are no header, skipped: {head.skipped}")
        if len(head.values("content-type")) > 1:
            report.notes.append("Content-Type stands twice in the head: the first counts")

    def _framed(self, data: bytes) -> Iterator[bytes]:
        framing = self.framing
        data = data or self._source.read()
        while data:
            if framing.transformed:
                self._raw.add(data)
            yield from framing.feed(data)
            if framing.done:
                return
            data = self._source.read()

    def _collect_start(self) -> None:
        started: list[bytes] = []
        size = 0
        while size < _START:
            data = self.more()
            if not data:
                break
            started.append(data)
            size += len(data)
        self.start = b"".join(started)[:_START]
        self.delimiter = first_delimiter(self.start)
        self._body = chain(started, self._body)

    def _content_type(self, policy: Policy) -> Header | None:
        """Give the Content-Type that counts, None where the body has to tell its boundary."""
        given, field = self._options.content_type, self._head.first("content-type")
        if given is not None:
            text, offset = given.encode("utf-8", "surrogateescape").decode("latin-1"), None
        elif field is not None:
            text, offset = field.value, field.offset
        else:
            return None
        form = _essence(text) == "multipart/form-data"
        return Header(text, offset, policy.form_mask if form else policy.other_mask, form)

    def _boundary_of_body(self) -> bytes:
        if self.framing.fault is not None:
            raise self.framing.fault
        if not self.start:
            raise Deviation.EMPTY_BODY.at(None)
        if self.delimiter is None:
            text = "no Content-Type tells the boundary, and no line starts with two dashes"
            raise ParseError(text, code=Deviation.MISSING_BOUNDARY.code, offset=None)
        return checked_boundary(self.delimiter.boundary)


def _essence(value: str) -> str:
    return value.partition(";")[0].strip(" \t").lower()
