"""The head of a raw message: where it ends, and what it says of the body.

Three kinds of input have one, and each is told by its first line::

    request     method SP target SP "HTTP/" version            RFC 9112 section 3
    response    "HTTP/" version SP status [ SP reason ]        RFC 9112 section 4
    mail        header lines at once, maybe after an mbox line, with a Content-Type among them
    body        anything else: no head, the multipart body at once

Captures are seldom clean, so this reads kindly: lines end in CRLF or LF, odd lines are skipped
and counted, a byte order mark is
skipped, a missing empty line before the first delimiter is forgiven and noted.  What the
reading of the head lets pass never lets a body pass: that is the parser's to judge.

For a body without a head, its first line tells the boundary: see :func:`first_delimiter`.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from .parameters import is_token

__all__ = [
    "BOM",
    "Delimiter",
    "Field",
    "Head",
    "Kind",
    "first_delimiter",
    "guess_subtype",
    "read_head",
]

Kind = Literal["request", "response", "mail", "body"]

BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = b" \t"
_MAX_BOUNDARY: Final = 200


class Field(NamedTuple):
    """A header line: ``name`` in lower case, ``value`` one character a byte (latin-1).

    ``offset`` is where the value starts in the file, None where it was folded over lines.
    """

    name: str
    value: str
    offset: int | None


class Head(NamedTuple):
    """What stands before a body.

    Attributes:
        kind: what sort of message this is.
        start_line: the request or status line, empty where there is none.
        fields: the header lines in order.
        size: where the body starts in the file.
        skipped: how many lines of the head could not be read.
        unbroken: whether the empty line between head and body is missing.
    """

    kind: Kind
    start_line: bytes
    fields: list[Field]
    size: int
    skipped: int = 0
    unbroken: bool = False

    def values(self, name: str) -> list[str]:
        """Give the values of the lines with this name (in lower case)."""
        return [field.value for field in self.fields if field.name == name]

    def first(self, name: str) -> Field | None:
        """Give the first line with this name (in lower case)."""
        return next((field for field in self.fields if field.name == name), None)


class Delimiter(NamedTuple):
    """The first line of a body that looks like a delimiter."""

    boundary: bytes
    offset: int  # of its two dashes, in the body
    line_end: bytes


def read_head(window: bytes, *, final: bool = False) -> Head | None:
    """Read the head at the start of a file.

    Args:
        window: the first bytes of the file.
        final: whether they are all of the file.

    Returns:
        None where the window is too short to tell.
    """
    at = len(BOM) if window.startswith(BOM) else 0
    while True:
        start = _skip_blank(window, at)
        line, after = _line(window, start, final)
        if line is None:
            return None
        kind = _kind(line)
        if kind == "body":
            return Head("body", b"", [], 0)
        if kind == "mail":
            return _mail(window, at, final)
        head = _fields(window, after, final, kind, line)
        if head is None or not _is_interim(line):
            return head
        at = head.size  # 100 Continue: the answer itself follows (RFC 9110 section 15.2)


def _kind(line: bytes) -> Kind:
    words = line.split(b" ")
    if words[0].startswith(b"HTTP/") and len(words) > 1 and words[1].isdigit():
        return "response"
    if len(words) > 2 and words[-1].startswith(b"HTTP/") and is_token(words[0]):
        return "request"
    # No sender calls a header "--name", and a boundary may well hold a colon.
    if not line.startswith(b"--") and (_is_header(line) or line.startswith(b"From ")):
        return "mail"
    return "body"


def _is_interim(line: bytes) -> bool:
    return line.startswith(b"HTTP/") and line.split(b" ")[1].startswith(b"1")


def _is_header(line: bytes) -> bool:
    name, colon, _ = line.partition(b":")
    return bool(colon) and is_token(name.rstrip(_SPACE))


def _mail(window: bytes, at: int, final: bool) -> Head | None:
    """Read header lines without a start line; without a Content-Type they are a preamble."""
    if window.startswith(b"From ", at):  # the line that an mbox puts before each mail
        line, at = _line(window, at, final)
        if line is None:
            return None
    head = _fields(window, at, final, "mail", b"")
    if head is not None and head.first("content-type") is None:
        return Head("body", b"", [], 0)
    return head


def _fields(window: bytes, at: int, final: bool, kind: Kind, start_line: bytes) -> Head | None:
    fields: list[Field] = []
    skipped = 0
    while True:
        line, after = _line(window, at, final)
        if line is None:
            return None
        if not line or line.startswith(b"--"):
            size = at if line else after
            return Head(kind, start_line, fields, size, skipped, unbroken=bool(line))
        if line[:1] in (b" ", b"\t") and fields:
            value = f"{fields[-1].value} {line.strip(_SPACE).decode('latin-1')}"
            fields[-1] = Field(fields[-1].name, value.strip(), None)
        elif _is_header(line):
            fields.append(_field(line, at))
        else:
            skipped += 1
        at = after


def _field(line: bytes, at: int) -> Field:
    name, _, rest = line.partition(b":")
    value = rest.lstrip(_SPACE)
    offset = at + len(line) - len(value)
    text = value.rstrip(_SPACE).decode("latin-1")
    return Field(name.rstrip(_SPACE).decode("latin-1").lower(), text, offset)


def _line(window: bytes, at: int, final: bool) -> tuple[bytes | None, int]:
    """Give the line at ``at`` without its end, and where the next one starts; None for too few."""
    end = window.find(b"\n", at)
    if end < 0:
        return (window[at:] if final else None), len(window)
    stop = end - 1 if end > at and window[end - 1] == 13 else end
    return window[at:stop], end + 1


def _skip_blank(window: bytes, at: int) -> int:
    """Skip the empty lines that some clients send before a request (RFC 9112 section 2.2)."""
    for _ in range(2):
        if window.startswith(b"\r\n", at):
            at += 2
        elif window.startswith(b"\n", at):
            at += 1
    return at


def first_delimiter(body: bytes) -> Delimiter | None:
    """Find the first line that looks like a delimiter, in the first bytes of a body."""
    at = 3 if body.startswith(BOM) else 0
    while at < len(body):
        if body.startswith(b"--", at):
            found = _delimiter(body, at)
            if found is not None:
                return found
        end = body.find(b"\n", at)
        if end < 0:
            break
        at = end + 1
    return None


def _delimiter(body: bytes, at: int) -> Delimiter | None:
    line, after = _line(body, at, final=True)
    end = body[at + len(line or b"") : after]
    if not end and line is not None and b"\r" in line:  # lines that end in CR, as of old
        line, end = line.partition(b"\r")[0], b"\r"
    boundary = (line or b"")[2:].rstrip(_SPACE)
    if boundary.endswith(b"--") and not body[after:].strip():
        boundary = boundary[:-2]  # a body without parts: nothing but the closing delimiter
    # "-- " starts the signature of a mail, and no boundary is as long as a line of text can be.
    if not boundary.strip(b"-") or len(boundary) > _MAX_BOUNDARY:
        return None
    return Delimiter(boundary, at, end)


def guess_subtype(body: bytes, delimiter: Delimiter) -> str:
    """Tell a form from the other multiparts by the headers of its first part."""
    at = delimiter.offset + 2 + len(delimiter.boundary)
    while at < len(body):
        end = body.find(b"\n", at)
        stop = len(body) if end < 0 else end
        line = body[at:stop].strip().lower()
        if line.startswith(b"content-disposition:"):
            value = line.partition(b":")[2].strip()
            return "form-data" if value.startswith(b"form-data") else "mixed"
        if not line and at > delimiter.offset + 2 + len(delimiter.boundary):
            break
        at = stop + 1
    return "mixed"
