"""The behaviour table as data: one entry for each odd input, one cell for each policy.

``STREAMS`` holds the rows that a parser decides, ``HEADERS`` those of a Content-Type that
announces a boundary, and ``READINGS`` what only the readers show: charsets, encodings that are
undone, and what stands behind the end.  The documentation is made from the same lists.

Row w, and what only ``parse_form`` shows of others, is in ``form_rows.py``.

Notation.  An input is text, one character a byte (latin-1).  A ``^`` marks the offset that an error
must name, and is taken out.  A cell holds the parts that are read, then the error::

    a=1 !bare_lf        a part named a with the body 1, then an error with this code at the mark
    !bare_lf@5          an error with this code at another offset
    a=1~                the same part, marked as incomplete
    a[ -=x -=y ]        a multipart with two parts that have no name
    -                   no part and no error
    a=!unsafe_charset   what is asked for of the part is an error, which does not end the stream

Line ends and other bytes that do not print stand as escapes, and an empty body as nothing at all.
A row that looks at something other than bodies says so in ``shows``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from support.events import Outcome, Part, tree

#: Stands in for the boundary ``B`` where a long one has to get the same.
LONG: Final = "WebKitFormBoundaryAbCdEfGh"

POLICIES: Final = ("STRICT", "DEFAULT", "LEGACY")

Shows = Literal["body", "name", "filename", "headers", "type"]
#: The body as sent, ``read(decode=True)``, or ``text()``.
Asks = Literal["body", "decoded", "text"]

_DEFAULTS: Final[Mapping[str, int | None]] = MappingProxyType({})


class Cells(NamedTuple):
    """What an input gets under each policy."""

    strict: str
    default: str
    legacy: str


def same(cell: str) -> Cells:
    """Say that all three policies agree."""
    return Cells(cell, cell, cell)


def twice(cells: Cells) -> tuple[Cells, Cells]:
    """Say that a form and any other subtype get the same."""
    return cells, cells


class Row(NamedTuple):
    """An odd stream, and what it gets as a form and as any other subtype; None: not looked at.

    ``limits`` are those that differ from ``Limits.STREAM``.
    """

    row: str
    what: str
    data: str
    form: Cells | None
    other: Cells | None
    shows: Shows = "body"
    boundary: str = "B"
    nested: bool = False
    limits: Mapping[str, int | None] = _DEFAULTS


class ReaderRow(NamedTuple):
    """An odd stream of which a reader shows more than a parser; see :class:`Row`."""

    row: str
    what: str
    data: str
    form: Cells
    other: Cells
    shows: Asks = "text"
    limits: Mapping[str, int | None] = _DEFAULTS


class HeaderRow(NamedTuple):
    """An odd Content-Type, and the boundary that it gives."""

    row: str
    what: str
    text: str
    cells: Cells


def marked(text: str) -> tuple[bytes, int]:
    """Give an input without its mark, and where the mark stood, -1 for nowhere."""
    return text.replace("^", "").encode("latin-1"), text.find("^")


def lengthened(row: Row) -> Row:
    """Give the same row with a boundary as long as senders make them."""
    return row._replace(data=row.data.replace("B", LONG), boundary=row.boundary.replace("B", LONG))


def described(outcome: Outcome, mark: int, shows: Shows = "body") -> str:
    """Write an outcome in the notation of a cell."""
    words = [_part(part, shows) for part in tree(outcome.events)]
    if outcome.fault is not None:
        place = "" if outcome.fault.offset == mark else f"@{outcome.fault.offset}"
        words.append(f"!{outcome.fault.code}{place}")
    return " ".join(words) or "-"


def _part(part: Part, shows: Shows) -> str:
    begin = part.begin
    name = "-" if begin.name is None else escaped(begin.name)
    end = "" if part.complete else "~"
    if begin.multipart:
        return f"{name}[ {''.join(_part(item, shows) + ' ' for item in part.parts)}]{end}"
    if shows == "name":
        return f"{name}{end}"
    if shows == "headers":
        text = "; ".join(f"{key}: {value}" for key, value in begin.headers)
    elif shows == "filename":
        text = "-" if begin.filename is None else begin.filename
    elif shows == "type":
        text = str(begin.content_type)
    else:
        text = (part.body or b"").decode("latin-1")
    return f"{name}={escaped(text)}{end}"


def escaped(text: str) -> str:
    """Write text with escapes for all but printable ASCII."""
    return text.encode("unicode_escape").decode("ascii").replace("\\\\", "\\")


_A: Final = 'Content-Disposition: form-data; name="a"\r\n'
_FILE: Final = 'Content-Disposition: form-data; name="a"; filename='
_END: Final = "\r\n--B--"
_CHILD: Final = _A + "Content-Type: multipart/mixed; boundary=C\r\n\r\n"
_AS_PARENT: Final = _CHILD.replace("=C", "=B")
_LONGER: Final = _CHILD.replace("=C", "=Bx")
_GRANDCHILD: Final = "Content-Type: multipart/mixed; boundary=D\r\n\r\n"


def _disposition(value: str) -> str:
    return f"--B\r\nContent-Disposition: ^{value}\r\n\r\n1{_END}"


def _headers(lines: str, body: str = "1") -> str:
    return f"--B\r\n{_A}{lines}\r\n{body}{_END}"


def _nested(content_type: str, boundary: str = "C") -> str:
    """Give a multipart with a part of its own, by the boundary of its lines."""
    lines = f"--{boundary}\r\nX: y\r\n\r\n1\r\n--{boundary}--"
    return _headers(f"Content-Type: {content_type}\r\n", lines)


def _closed(behind: str) -> str:
    """Give a stream with something behind its closing delimiter."""
    return f"--B\r\n{_A}\r\n1{_END}{behind}"


def _field(name: str, body: str, lines: str = "") -> str:
    """Give a part of a form without the line end behind it."""
    return f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n{lines}\r\n{body}'


def _fields(*fields: str) -> str:
    return "\r\n".join(fields) + _END


HEADERS: Final = (
    HeaderRow("a", "`boundary=` twice", "multipart/mixed; boundary=B; boundary=C",
              Cells("!repeated_boundary", "!repeated_boundary", "B")),
    HeaderRow("a", "`boundary=` twice, the same value", "multipart/mixed; boundary=B; Boundary=B",
              Cells("!repeated_boundary", "!repeated_boundary", "B")),
    HeaderRow("b", "`boundary*=`", "multipart/mixed; boundary*=utf-8''B",
              same("!missing_boundary")),
    HeaderRow("b", "`boundary*0=`", "multipart/mixed; boundary*0=B; boundary*1=C",
              same("!missing_boundary")),
    HeaderRow("b", "`boundary*=` beside `boundary=`",
              "multipart/mixed; boundary*=utf-8''B; boundary=C",
              same("C")),
    HeaderRow("b", "`boundary*0*=`", "multipart/mixed; boundary*0*=utf-8''B",
              same("!missing_boundary")),
    HeaderRow("b", "no boundary", "multipart/mixed", same("!missing_boundary")),
    HeaderRow("c", "quoted semicolon", 'multipart/mixed; boundary="B;C"', same("B;C")),
    HeaderRow("c", "quoted colon", 'multipart/mixed; boundary=":"', same(":")),
    HeaderRow("c", "every character of RFC 2046, quoted",
              "multipart/mixed; boundary=\"'()+_,-./:=? x\"", same("'()+_,-./:=? x")),
    HeaderRow("c", "70 characters", f"multipart/mixed; boundary={'b' * 70}", same("b" * 70)),
    HeaderRow("c", "71 characters", f"multipart/mixed; boundary={'b' * 71}",
              same("!invalid_boundary")),
    HeaderRow("c", "71 characters, quoted", 'multipart/mixed; boundary="' + "b" * 71 + '"',
              same("!invalid_boundary")),
    HeaderRow("c", "a space at its end", 'multipart/mixed; boundary="B "',
              same("!invalid_boundary")),
    HeaderRow("c", "empty", 'multipart/mixed; boundary=""', same("!invalid_boundary")),
    HeaderRow("c", "a CR in it", 'multipart/mixed; boundary="B\rC"', same("!invalid_boundary")),
    HeaderRow("c", "an LF in it", 'multipart/mixed; boundary="B\nC"', same("!invalid_boundary")),
    HeaderRow("c", "a NUL in it", 'multipart/mixed; boundary="B\0C"', same("!invalid_boundary")),
    HeaderRow("c2", "unquoted, and no token", "multipart/mixed; boundary=--:",
              Cells("!loose_parameter", "--:", "--:")),
    HeaderRow("c2", "space around the equals sign", "multipart/mixed; boundary = B",
              Cells("!loose_parameter", "B", "B")),
    HeaderRow("i", "unterminated quote", 'multipart/mixed; boundary="B',
              Cells("!malformed_parameter", "!malformed_parameter", "!missing_boundary")),
    HeaderRow("i", "no semicolon behind the quoted boundary",
              'multipart/mixed; boundary="B" charset=x',
              Cells("!malformed_parameter", "!malformed_parameter", "!missing_boundary")),
    HeaderRow("i", "text after the quoted boundary", 'multipart/mixed; boundary="B"x',
              Cells("!malformed_parameter", "!malformed_parameter", "!missing_boundary")),
)  # fmt: skip


STREAMS: Final = (
    # The Content-Type of a multipart within another one; HEADERS has that of the outermost.
    Row("a", "`boundary=` twice, in a part", _nested("multipart/mixed; boundary=C; ^boundary=D"),
        Cells("!repeated_boundary", "!repeated_boundary", "a[ -=1 ]"),
        Cells("!repeated_boundary", "!repeated_boundary", "a[ -=1 ]"), nested=True),
    Row("b", "`boundary*=` in a part", _nested("^multipart/mixed; boundary*=utf-8''C"),
        same("a=--C\\r\\nX: y\\r\\n\\r\\n1\\r\\n--C--"), same("!missing_boundary"), nested=True),
    Row("c", "quoted colon, in a part", _nested('multipart/mixed; boundary=":"', ":"),
        same("a[ -=1 ]"), same("a[ -=1 ]"), nested=True),
    Row("c", "70 characters, in a part", _nested(f"multipart/mixed; boundary={'c' * 70}", "c" * 70),
        same("a[ -=1 ]"), same("a[ -=1 ]"), nested=True),
    Row("c", "71 characters, in a part",
        _nested(f"^multipart/mixed; boundary={'c' * 71}", "c" * 71),
        same("!invalid_boundary"), same("!invalid_boundary"), nested=True),
    Row("c2", "unquoted, and no token, in a part",
        _nested("multipart/mixed; boundary=^--:", "--:"),
        Cells("!loose_parameter", "a[ -=1 ]", "a[ -=1 ]"),
        Cells("!loose_parameter", "a[ -=1 ]", "a[ -=1 ]"), nested=True),
    Row("c2", "space around the equals sign, in a part",
        _nested("multipart/mixed; ^boundary = C"),
        Cells("!loose_parameter", "a[ -=1 ]", "a[ -=1 ]"),
        Cells("!loose_parameter", "a[ -=1 ]", "a[ -=1 ]"), nested=True),
    Row("c3", "boundary=--C announced in a part, lines are --C",
        _nested("multipart/mixed; boundary=--C").replace("--C\r\nX", "^--C\r\nX"),
        Cells("a[ ]~ !dashed_boundary", "a[ -=1 ]", "a[ -=1 ]"),
        Cells("a[ ]~ !dashed_boundary", "a[ -=1 ]", "a[ -=1 ]"), nested=True),
    # The first delimiter, and what every delimiter line is.
    Row("c3", "boundary=--B announced, lines are --B", f"^--B\r\n{_A}\r\n1\r\n--B--",
        Cells("!dashed_boundary", "!dashed_boundary", "a=1"),
        Cells("!dashed_boundary", "a=1", "a=1"), boundary="--B"),
    Row("c3", "boundary=--B announced, and meant", f"----B\r\n{_A}\r\n1\r\n----B--",
        same("a=1"), same("a=1"), boundary="--B"),
    Row("c3", "once meant, --B lines are data", f"----B\r\n{_A}\r\n1\r\n--B\r\n2\r\n----B--",
        same("a=1\\r\\n--B\\r\\n2"), same("a=1\\r\\n--B\\r\\n2"), boundary="--B"),
    Row("k", "bare LF after the first delimiter", f"--B^\n{_A}\r\n1{_END}",
        Cells("!bare_lf", "!bare_lf", "!header_control@44"),
        Cells("!bare_lf", "!bare_lf", "!header_control@44")),
    Row("k", "every line ends in LF", "--B^\n" + _A.replace("\r", "") + "\n1\n--B--\n",
        Cells("!bare_lf", "!bare_lf", "a=1"), Cells("!bare_lf", "!bare_lf", "a=1")),
    Row("k", "every line ends in CR", "--B^\r" + _A.replace("\n", "") + "\r1\r--B--\r",
        same("!bare_lf"), same("!bare_lf")),
    Row("k", "header line ends in LF", f"--B\r\n{_A}X-A: b^\nX-C: d\r\n\r\n1{_END}",
        same("!bare_lf"), same("!bare_lf")),
    Row("k", "later delimiter ends in LF", f"--B\r\n{_A}\r\n1\r\n--B^\n{_A}\r\n2{_END}",
        Cells("a=1~ !bare_lf", "a=1~ !bare_lf", f"a=1\\r\\n--B\\n{escaped(_A)}\\r\\n2"),
        Cells("a=1~ !bare_lf", "a=1~ !bare_lf", f"a=1\\r\\n--B\\n{escaped(_A)}\\r\\n2")),
    Row("k2", "LF in a body, before a seeming delimiter", f"--B\r\n{_A}\r\n1\n^--B\r\n2{_END}",
        *twice(Cells("a=1\\n~ !boundary_in_content", *["a=1\\n--B\\r\\n2"] * 2))),
    Row("k2", "CR in a body, before a seeming delimiter", f"--B\r\n{_A}\r\n1\r^--B\r\n2{_END}",
        *twice(Cells("a=1\\r~ !boundary_in_content", *["a=1\\r--B\\r\\n2"] * 2))),
    Row("k2", "a seeming delimiter within a line", f"--B\r\n{_A}\r\n1^--B\r\n2{_END}",
        *twice(Cells("a=1~ !boundary_in_content", *["a=1--B\\r\\n2"] * 2))),
    Row("k2", "a seeming delimiter first in a body, behind LF", f"--B\r\n{_A}\r\n\n^--B--{_END}",
        *twice(Cells("a=\\n~ !boundary_in_content", *["a=\\n--B--"] * 2))),
    Row("k2", "a seeming delimiter behind dashes", f"--B\r\n{_A}\r\n1\r\n-^--B{_END}",
        *twice(Cells("a=1\\r\\n-~ !boundary_in_content", *["a=1\\r\\n---B"] * 2))),
    Row("k2", "a seeming delimiter in a header", _headers("X-A: b ^--B c\r\n"),
        *twice(Cells("!boundary_in_content", "a=1", "a=1"))),
    Row("k2", "a seeming delimiter in a name",
        _disposition('form-data; name="a--B"').replace("^", "").replace("--B\"", "^--B\""),
        *twice(Cells("!boundary_in_content", "a--B", "a--B")), shows="name"),
    Row("k2", "a seeming delimiter of the parent in a child",
        f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1\n^--B--\r\n--C--{_END}",
        *twice(Cells("a[ -=1\\n~ ]~ !boundary_in_content", *["a[ -=1\\n--B-- ]"] * 2)),
        nested=True),
    Row("k2", "a seeming delimiter of a child in it",
        f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1^--C\r\n--C--{_END}",
        *twice(Cells("a[ -=1~ ]~ !boundary_in_content", *["a[ -=1--C ]"] * 2)), nested=True),
    Row("k2", "a seeming delimiter in the epilogue of a child",
        f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1\r\n--C--\r\nx\n^--B--{_END}",
        *twice(Cells("a[ -=1 ] !boundary_in_content", *["a[ -=1 ]"] * 2)), nested=True),
    Row("k2", "a seeming delimiter that the start of another one overlaps",
        f"---\r\n{_A}\r\n1^---\r\n2\r\n-----",
        *twice(Cells("a=1~ !boundary_in_content", *["a=1---\\r\\n2"] * 2)), boundary="-"),
    Row("k2", "the boundary of its parent in a child",
        f"--B\r\n^{_AS_PARENT}--B\r\nX: y\r\n\r\n1\r\n--B--{_END}",
        None, Cells("!boundary_in_content", *["a[ -=1 ]"] * 2), nested=True),
    Row("k2", "a boundary that goes on as that of its child",
        f"--B\r\n^{_LONGER}--Bx\r\nX: y\r\n\r\n1\r\n--Bx--{_END}",
        None, Cells("!boundary_in_content", *["a[ -=1 ]"] * 2), nested=True),
    Row("k2", "all kinds of line ends in a body", f"--B\r\n{_A}\r\n\r\r\n\n\r{_END}",
        same("a=\\r\\r\\n\\n\\r"), same("a=\\r\\r\\n\\n\\r")),
    Row("k2", "CR in a body, where lines end in LF",
        "--B^\n" + _A.replace("\r", "") + "\n1\r\n--B--\n",
        Cells("!bare_lf", "!bare_lf", "a=1\\r"), Cells("!bare_lf", "!bare_lf", "a=1\\r")),
    Row("k2", "LF in a body before a delimiter, where lines end in LF",
        f"--B^\r\n{_A}\r\n1\r\n--B\r\n{_A}\r\n2\r\n--B--\r\n".replace("\r", ""),
        Cells("!bare_lf", "!bare_lf", "a=1 a=2"), Cells("!bare_lf", "!bare_lf", "a=1 a=2")),
    Row("l", "a space and a tab after a delimiter", f"--B^ \t\r\n{_A}\r\n1{_END}",
        Cells("!delimiter_padding", "a=1", "a=1"), Cells("!delimiter_padding", "a=1", "a=1")),
    Row("l", "64 spaces after a delimiter", f"--B^{' ' * 64}\r\n{_A}\r\n1{_END}",
        Cells("!delimiter_padding", "a=1", "a=1"), Cells("!delimiter_padding", "a=1", "a=1")),
    Row("l", "65 spaces after a delimiter", f"--B^{' ' * 65}\r\n{_A}\r\n1{_END}",
        same("!delimiter_padding"), same("!delimiter_padding")),
    Row("l", "a space after a later delimiter", f"--B\r\n{_A}\r\n1\r\n--B^ \r\n{_A}\r\n2{_END}",
        Cells("a=1~ !delimiter_padding", "a=1 a=2", "a=1 a=2"),
        Cells("a=1~ !delimiter_padding", "a=1 a=2", "a=1 a=2")),
    Row("l", "64 tabs after a later delimiter",
        f"--B\r\n{_A}\r\n1\r\n--B^" + "\t" * 64 + f"\r\n{_A}\r\n2{_END}",
        Cells("a=1~ !delimiter_padding", "a=1 a=2", "a=1 a=2"),
        Cells("a=1~ !delimiter_padding", "a=1 a=2", "a=1 a=2")),
    Row("l", "65 spaces after a later delimiter",
        f"--B\r\n{_A}\r\n1\r\n--B^{' ' * 65}\r\n{_A}\r\n2{_END}",
        same("a=1~ !delimiter_padding"), same("a=1~ !delimiter_padding")),
    # Behind the closing delimiter padding is what anything else is there: an epilogue.
    Row("l", "a space and a tab after the closing delimiter", _closed("^ \t\r\n"),
        Cells("a=1 !epilogue", "a=1", "a=1"), Cells("a=1 !epilogue", "a=1", "a=1")),
    Row("l", "65 spaces after the closing delimiter", _closed("^" + " " * 65 + "\r\n"),
        Cells("a=1 !epilogue", "a=1", "a=1"), Cells("a=1 !epilogue", "a=1", "a=1")),
    Row("m", "a body line starts with a delimiter", f"--B\r\n{_A}\r\n1\r\n--B^xx\r\n2{_END}",
        Cells("a=1~ !delimiter_suffix", "a=1\\r\\n--Bxx\\r\\n2", "a=1\\r\\n--Bxx\\r\\n2"),
        Cells("a=1~ !delimiter_suffix", "a=1\\r\\n--Bxx\\r\\n2", "a=1\\r\\n--Bxx\\r\\n2")),
    Row("m", "a body line starts with a delimiter, one dash", f"--B\r\n{_A}\r\n1\r\n--B^-x{_END}",
        Cells("a=1~ !delimiter_suffix", "a=1\\r\\n--B-x", "a=1\\r\\n--B-x"),
        Cells("a=1~ !delimiter_suffix", "a=1\\r\\n--B-x", "a=1\\r\\n--B-x")),
    Row("m", "a line in a child starts with a delimiter of its parent",
        f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1\r\n--B^xx\r\n2\r\n--C--{_END}",
        Cells("a[ -=1~ ]~ !delimiter_suffix", *["a[ -=1\\r\\n--Bxx\\r\\n2 ]"] * 2),
        Cells("a[ -=1~ ]~ !delimiter_suffix", *["a[ -=1\\r\\n--Bxx\\r\\n2 ]"] * 2),
        nested=True),
    Row("m2", "the first line starts with a delimiter", f"--B^xx\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!first_line_suffix", "a=1", "a=1"), Cells("!first_line_suffix", "a=1", "a=1")),
    # Before the first delimiter, and behind the last.
    Row("n", "a lone CRLF first", f"\r\n--B\r\n{_A}\r\n1{_END}", same("a=1"), same("a=1")),
    Row("n", "two CRLF first", f"\r\n^\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!preamble", "a=1", "a=1"), Cells("!preamble", "a=1", "a=1")),
    Row("n", "a preamble", f"^hello\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!preamble", "a=1", "a=1"), Cells("!preamble", "a=1", "a=1")),
    Row("n", "a preamble of as many bytes as `max_preamble` says",
        f"^hello\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!preamble", "a=1", "a=1"), Cells("!preamble", "a=1", "a=1"),
        limits={"max_preamble": 5}),
    Row("n", "a preamble of more bytes than `max_preamble` says",
        f"hell^o\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!preamble@0", "!max_preamble", "!max_preamble"),
        Cells("!preamble@0", "!max_preamble", "!max_preamble"), limits={"max_preamble": 4}),
    Row("n", "a lone CRLF first, where `max_preamble` is 0", f"\r\n--B\r\n{_A}\r\n1{_END}",
        same("a=1"), same("a=1"), limits={"max_preamble": 0}),
    Row("n2", "a delimiter within a line of the preamble", f"^hello--B\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!preamble", "a=1", "a=1"), Cells("!preamble", "a=1", "a=1")),
    Row("n2", "no delimiter but one within a line", "hello--B\r\nA: b\r\n\r\n1--B--^",
        Cells("!preamble@0", "!boundary_not_found", "!boundary_not_found"),
        Cells("!preamble@0", "!boundary_not_found", "!boundary_not_found")),
    Row("o", "one CRLF after the end", f"--B\r\n{_A}\r\n1{_END}\r\n", same("a=1"), same("a=1")),
    Row("o", "two CRLF after the end", f"--B\r\n{_A}\r\n1{_END}\r\n^\r\n",
        Cells("a=1 !epilogue", "a=1", "a=1"), Cells("a=1 !epilogue", "a=1", "a=1")),
    Row("o", "a part after the end", f"--B\r\n{_A}\r\n1{_END}\r\n^--B\r\n{_A}\r\n2{_END}",
        Cells("a=1 !epilogue", "a=1", "a=1"), Cells("a=1 !epilogue", "a=1", "a=1")),
    Row("o", "text right behind the end", f"--B\r\n{_A}\r\n1{_END}^x",
        Cells("a=1 !epilogue", "a=1", "a=1"), Cells("a=1 !epilogue", "a=1", "a=1")),
    Row("o", "text right behind the end of a child",
        f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1\r\n--C--^x\r\n{_END}",
        *twice(Cells("a[ -=1 ] !epilogue", *["a[ -=1 ]"] * 2)), nested=True),
    Row("o", "a space right behind the end of a child",
        f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1\r\n--C--^ \r\n{_END}",
        *twice(Cells("a[ -=1 ] !epilogue", *["a[ -=1 ]"] * 2)), nested=True),
    Row("o", "an LF after the end", _closed("^\n"),
        Cells("a=1 !epilogue", "a=1", "a=1"), Cells("a=1 !epilogue", "a=1", "a=1")),
    Row("o", "a CR after the end", _closed("^\r"),
        Cells("a=1 !epilogue", "a=1", "a=1"), Cells("a=1 !epilogue", "a=1", "a=1")),
    Row("o", "an epilogue of as many bytes as `max_epilogue` says", _closed("\r\n^123456"),
        Cells("a=1 !epilogue", "a=1", "a=1"), Cells("a=1 !epilogue", "a=1", "a=1"),
        limits={"max_epilogue": 6}),
    Row("o", "an epilogue of more bytes than `max_epilogue` says", _closed("\r\n^123456"),
        Cells("a=1 !epilogue", f"a=1 !max_epilogue@{len(_closed('')) + 7}",
              f"a=1 !max_epilogue@{len(_closed('')) + 7}"),
        Cells("a=1 !epilogue", f"a=1 !max_epilogue@{len(_closed('')) + 7}",
              f"a=1 !max_epilogue@{len(_closed('')) + 7}"), limits={"max_epilogue": 5}),
    Row("o", "one CRLF after the end, where `max_epilogue` is 0", _closed("\r\n"),
        same("a=1"), same("a=1"), limits={"max_epilogue": 0}),
    Row("p", "cut short in a body", f"--B\r\n{_A}\r\n1^",
        Cells("a=1~ !truncated", "a=1~ !truncated", "a=1~"),
        Cells("a=1~ !truncated", "a=1~ !truncated", "a=1~")),
    Row("p", "cut short behind a delimiter", f"--B\r\n{_A}\r\n1\r\n--B\r\n^",
        Cells("a=1 !truncated", "a=1 !truncated", "a=1"),
        Cells("a=1 !truncated", "a=1 !truncated", "a=1")),
    Row("p", "cut short in a header", f"--B\r\n{_A}\r\n1\r\n--B\r\nContent^",
        Cells("a=1 !truncated", "a=1 !truncated", "a=1"),
        Cells("a=1 !truncated", "a=1 !truncated", "a=1")),
    Row("p", "cut short in a delimiter", f"--B\r\n{_A}\r\n1\r\n--B^",
        Cells("a=1~ !truncated", "a=1~ !truncated", "a=1\\r\\n--B~"),
        Cells("a=1~ !truncated", "a=1~ !truncated", "a=1\\r\\n--B~")),
    Row("p", "cut short in the closing delimiter", f"--B\r\n{_A}\r\n1\r\n--B-^",
        Cells("a=1~ !truncated", "a=1~ !truncated", "a=1\\r\\n--B-~"),
        Cells("a=1~ !truncated", "a=1~ !truncated", "a=1\\r\\n--B-~")),
    Row("p", "cut short behind a header block", f"--B\r\n{_A}\r\n^",
        Cells("a=~ !truncated", "a=~ !truncated", "a=~"),
        Cells("a=~ !truncated", "a=~ !truncated", "a=~")),
    Row("p", "cut short in a child", f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1^",
        Cells("a[ -=1~ ]~ !truncated", "a[ -=1~ ]~ !truncated", "a[ -=1~ ]~"),
        Cells("a[ -=1~ ]~ !truncated", "a[ -=1~ ]~ !truncated", "a[ -=1~ ]~"), nested=True),
    Row("p", "cut short behind the first delimiter", "--B\r\n^",
        Cells("!truncated", "!truncated", "-"), Cells("!truncated", "!truncated", "-")),
    # Where no delimiter is found there is no part that could end, so that LEGACY has no choice.
    Row("p", "nothing at all", "^", same("!empty_body"), same("!empty_body")),
    Row("p", "nothing but CRLF", "\r\n^", same("!boundary_not_found"),
        same("!boundary_not_found")),
    Row("p", "cut short in the first delimiter", "--B^",
        same("!boundary_not_found"), same("!boundary_not_found")),
    Row("p", "cut short in the first delimiter, behind CRLF", "\r\n--B\r^",
        same("!boundary_not_found"), same("!boundary_not_found")),
    Row("p", "no delimiter at all", "hello\r\n^",
        Cells("!preamble@0", "!boundary_not_found", "!boundary_not_found"),
        Cells("!preamble@0", "!boundary_not_found", "!boundary_not_found")),
    Row("p", "the delimiters of another boundary", f"--C\r\n{_A}\r\n1\r\n--C--\r\n^",
        Cells("!preamble@0", "!boundary_not_found", "!boundary_not_found"),
        Cells("!preamble@0", "!boundary_not_found", "!boundary_not_found")),
    # Header blocks.
    Row("q", "a delimiter right behind the header block", f"--B\r\n{_A}\r\n^--B\r\n{_A}\r\n2{_END}",
        Cells("a=~ !missing_line_break", "a= a=2", "a= a=2"),
        Cells("a=~ !missing_line_break", "a= a=2", "a= a=2")),
    Row("q", "the closing delimiter right behind the header block", f"--B\r\n{_A}\r\n^--B--",
        Cells("a=~ !missing_line_break", "a=", "a="), Cells("a=~ !missing_line_break", "a=", "a=")),
    Row("q2", "a part with no headers", f"--B\r\n^\r\n1{_END}",
        Cells("!no_headers", "-=1", "-=1"), same("-=1")),
    Row("q3", "a delimiter within a header block", f"--B\r\n{_A}^--B\r\n{_A}\r\n2{_END}",
        Cells("!delimiter_in_headers", "!delimiter_in_headers", "a= a=2"),
        Cells("!delimiter_in_headers", "!delimiter_in_headers", "a= a=2")),
    Row("q3", "the closing delimiter within a header block", f"--B\r\n{_A}^--B--\r\n",
        Cells("!delimiter_in_headers", "!delimiter_in_headers", "a="),
        Cells("!delimiter_in_headers", "!delimiter_in_headers", "a=")),
    Row("q3", "the same, and the input ends with it", f"--B\r\n{_A}--B--^",
        Cells("!truncated", "!truncated", "a="), Cells("!truncated", "!truncated", "a=")),
    Row("r", "a line without colon", _headers("^no colon\r\nX-A: b\r\n"),
        Cells("!header_without_colon", "!header_without_colon",
              'a=Content-Disposition: form-data; name="a"; X-A: b'),
        Cells("!header_without_colon", "!header_without_colon",
              'a=Content-Disposition: form-data; name="a"; X-A: b'), shows="headers"),
    Row("s", "a folded header", f"--B\r\nX-A: b\r\n^ \tc \r\n{_A}\r\n1{_END}",
        Cells("!folded_header", "!folded_header",
              'a=X-A: b c; Content-Disposition: form-data; name="a"'),
        Cells("!folded_header", 'a=X-A: b c; Content-Disposition: form-data; name="a"',
              'a=X-A: b c; Content-Disposition: form-data; name="a"'), shows="headers"),
    Row("s", "a folded Content-Disposition",
        f'--B\r\nContent-Disposition: form-data;\r\n^ name="a"\r\n\r\n1{_END}',
        Cells("!folded_header", "!folded_header", "a=1"), Cells("!folded_header", "a=1", "a=1")),
    Row("s2", "space before the colon", _headers("^X-A : b\r\n"),
        Cells("!invalid_header_name", "!invalid_header_name",
              'a=Content-Disposition: form-data; name="a"; X-A: b'),
        Cells("!invalid_header_name", "!invalid_header_name",
              'a=Content-Disposition: form-data; name="a"; X-A: b'), shows="headers"),
    Row("s2", "a name that is no token", _headers("^X A: b\r\n"),
        Cells("!invalid_header_name", "!invalid_header_name",
              'a=Content-Disposition: form-data; name="a"'),
        Cells("!invalid_header_name", "!invalid_header_name",
              'a=Content-Disposition: form-data; name="a"'), shows="headers"),
    Row("s2", "an empty name", _headers("^: b\r\n"),
        Cells("!invalid_header_name", "!invalid_header_name", "a=1"),
        Cells("!invalid_header_name", "!invalid_header_name", "a=1")),
    Row("s3", "NUL in a header", _headers("X-A: b^\0\r\n"),
        same("!header_control"), same("!header_control")),
    Row("s3", "bare CR in a header", _headers("X-A: b^\rc\r\n"),
        same("!header_control"), same("!header_control")),
    Row("s3", "DEL in a header", _headers("X-A: b^\x7f\r\n"),
        same("!header_control"), same("!header_control")),
    Row("s3", "a control in a header's name", f"--B\r\n{_A}X^\x01A: b\r\n\r\n1{_END}",
        same("!header_control"), same("!header_control")),
    Row("s3", "a tab in a header is no fault", _headers("X-A: b\tc\r\n"), same("a=1"), same("a=1")),
    Row("s4", "a header that is not UTF-8", _headers("X-A: b^\xff\r\n"),
        Cells("!undecodable_header", 'a=Content-Disposition: form-data; name="a"; X-A: b\\udcff',
              'a=Content-Disposition: form-data; name="a"; X-A: b\\udcff'),
        Cells("!undecodable_header", 'a=Content-Disposition: form-data; name="a"; X-A: b\\udcff',
              'a=Content-Disposition: form-data; name="a"; X-A: b\\udcff'), shows="headers"),
    Row("s4", "a filename that is not UTF-8", f"--B\r\n{_FILE}\"^\xe9\"\r\n\r\n1{_END}",
        Cells("!undecodable_header", "a=\\udce9", "a=\\udce9"),
        Cells("!undecodable_header", "a=\\udce9", "a=\\udce9"), shows="filename"),
    # Content-Disposition.
    Row("d", "`name` twice", _disposition('form-data; name="a"; name="b"').replace(
        "^", "").replace('; name="b', '; ^name="b'),
        Cells("!repeated_parameter", "!repeated_parameter", "a=1"),
        Cells("!repeated_parameter", "!repeated_parameter", "a=1")),
    Row("d", "`filename` twice", f'--B\r\n{_FILE}"b"; ^filename="c"\r\n\r\n1{_END}',
        Cells("!repeated_parameter", "!repeated_parameter", "a=b"),
        Cells("!repeated_parameter", "!repeated_parameter", "a=b"), shows="filename"),
    Row("e", "Content-Disposition twice", _headers('Content-Disposition: ^form-data; name="b"\r\n'),
        Cells("!repeated_header", "!repeated_header", "a=1"),
        Cells("!repeated_header", "!repeated_header", "a=1")),
    Row("e", "Content-Type twice", _headers("Content-Type: text/plain\r\nContent-type: ^a/b\r\n"),
        Cells("!repeated_header", "!repeated_header", "a=text/plain"),
        Cells("!repeated_header", "!repeated_header", "a=text/plain"), shows="type"),
    Row("f", "`filename*` beside `filename`",
        f"--B\r\n{_FILE}b; ^filename*=utf-8''c\r\n\r\n1{_END}",
        Cells("!extended_parameter", "a=b", "a=c"), same("a=c"), shows="filename"),
    Row("f", "`filename*` before `filename`",
        '--B\r\nContent-Disposition: form-data; name="a"; ^filename*=utf-8\'\'c; filename="b"'
        f"\r\n\r\n1{_END}",
        Cells("!extended_parameter", "a=b", "a=c"), same("a=c"), shows="filename"),
    Row("f", "`filename*` alone", f"--B\r\n{_FILE}".replace(" filename=", " ^filename*=")
        + f"utf-8'en'%e2%82%ac.txt\r\n\r\n1{_END}",
        Cells("!extended_parameter", "a=\\u20ac.txt", "a=\\u20ac.txt"), same("a=\\u20ac.txt"),
        shows="filename"),
    Row("f", "`name*` beside `name`", _disposition("form-data; name=a; ^name*=utf-8''b").replace(
        ": ^", ": "),
        Cells("!extended_parameter", "a", "b"), same("b"), shows="name"),
    Row("f", "`name*` alone", _disposition("form-data; ^name*=utf-8''b").replace(": ^", ": "),
        Cells("!extended_parameter", "b", "b"), same("b"), shows="name"),
    Row("f", "continuations alone",
        f"--B\r\n{_A[:-2]}; ^filename*0=c; filename*1*=%64\r\n\r\n1{_END}",
        Cells("!extended_parameter", "a=cd", "a=cd"), same("a=cd"), shows="filename"),
    Row("f", "continuations of `name` alone",
        _disposition("form-data; ^name*0=c; name*1=d").replace(": ^", ": "),
        Cells("!extended_parameter", "cd", "cd"), same("cd"), shows="name"),
    Row("f", "continuations beside `filename`",
        f"--B\r\n{_FILE}b; ^filename*0=c; filename*1=d\r\n\r\n1{_END}",
        Cells("!extended_parameter", "a=b", "a=cd"), same("a=cd"), shows="filename"),
    Row("g", "percent escapes in a name", _disposition('form-data; name="%22%0D%0A%41%2522"'),
        same('"\\r\\n%41%2522'), same("%22%0D%0A%41%2522"), shows="name"),
    Row("g", "percent escapes in a filename", f'--B\r\n{_FILE}"%22%0d%250A"\r\n\r\n1{_END}',
        same('a="%0d%250A'), same("a=%22%0d%250A"), shows="filename"),
    Row("g", "percent escapes, as the headers show them",
        '--B\r\nContent-Disposition: form-data; name="%22"; filename="%0D%0A"\r\n\r\n1' + _END,
        same('"=Content-Disposition: form-data; name="%22"; filename="%0D%0A"'),
        same('%22=Content-Disposition: form-data; name="%22"; filename="%0D%0A"'),
        shows="headers"),
    # Outside of a form, a backslash hides whatever follows it (RFC 9110 section 5.6.4).
    Row("h", "backslashes in a quoted name",
        _disposition(r'form-data; name="a^\"b\\c\d"').replace(": ^", ": "),
        Cells("!quoted_pair", *[r'a"b\c\d'] * 2), Cells("!quoted_pair", *[r'a"b\cd'] * 2),
        shows="name"),
    Row("h", "backslashes in a filename", f'--B\r\n{_FILE}"a^\\"b\\\\c\\d"\r\n\r\n1{_END}',
        Cells("!quoted_pair", *[r'a=a"b\c\d'] * 2), Cells("!quoted_pair", *[r'a=a"b\cd'] * 2),
        shows="filename"),
    Row("h", "a full Windows path", f'--B\r\n{_FILE}"C:^\\dir\\b.txt"\r\n\r\n1{_END}',
        Cells("!quoted_pair", r"a=C:\dir\b.txt", "a=b.txt"),
        Cells("!quoted_pair", *["a=C:dirb.txt"] * 2), shows="filename"),
    Row("h", "a full Windows path on a share",
        f'--B\r\n{_FILE}"^\\\\\\\\host\\d\\b.txt"\r\n\r\n1{_END}',
        Cells("!quoted_pair", r"a=\\host\d\b.txt", "a=b.txt"),
        Cells("!quoted_pair", *[r"a=\\hostdb.txt"] * 2), shows="filename"),
    Row("i", "unterminated quote", f'--B\r\n{_FILE}^"b\r\n\r\n1{_END}',
        Cells("!malformed_parameter", "!malformed_parameter", "a=-"),
        Cells("!malformed_parameter", "!malformed_parameter", "a=-"), shows="filename"),
    Row("i", "unterminated quote of a name", _disposition('form-data; name="a').replace(
        ": ^", ": ").replace('="', '=^"'),
        Cells("!malformed_parameter", "!malformed_parameter", "-=1"),
        Cells("!malformed_parameter", "!malformed_parameter", "-=1")),
    Row("i", "no semicolon", f'--B\r\n{_FILE}"b" ^x="y"\r\n\r\n1{_END}',
        Cells("!malformed_parameter", "!malformed_parameter", "a=-"),
        Cells("!malformed_parameter", "!malformed_parameter", "a=-"), shows="filename"),
    Row("i", "text after a quoted value", f'--B\r\n{_FILE}"b"^x\r\n\r\n1{_END}',
        Cells("!malformed_parameter", "!malformed_parameter", "a=-"),
        Cells("!malformed_parameter", "!malformed_parameter", "a=-"), shows="filename"),
    Row("j", "no Content-Disposition", f"--B\r\n^X-A: b\r\n\r\n1{_END}",
        Cells("!nameless_part", "-=1", "-=1"), same("-=1")),
    Row("j", "Content-Disposition without name", "--B\r\n^Content-Disposition: form-data\r\n"
        f"\r\n1{_END}", Cells("!nameless_part", "-=1", "-=1"), same("-=1")),
    # Headers that speak of the body.
    Row("t", "Content-Length that is right", _headers("Content-Length: 1\r\n"),
        same("a=1"), same("a=1")),
    Row("t", "Content-Length too small", f"--B\r\n{_A}Content-Length: 1\r\n\r\n1^2{_END}",
        Cells("a=1 !length_mismatch", "a=12", "a=12"),
        Cells("a=1 !length_mismatch", "a=1 !length_mismatch", "a=12")),
    Row("t", "Content-Length too large", f"--B\r\n{_A}Content-Length: 40\r\n\r\n1^{_END}",
        Cells("a=1~ !length_mismatch", "a=1", "a=1"),
        Cells("a=1~ !length_mismatch", "a=1~ !length_mismatch", "a=1")),
    Row("t2", "a delimiter within Content-Length",
        f"--B\r\n{_A}Content-Length: 40\r\n\r\n1^\r\n--B\r\n{_END}",
        Cells("a=1~ !length_mismatch", "a=1 -=", "a=1 -="),
        Cells("a=1~ !length_mismatch", "a=1~ !length_mismatch", "a=1 -=")),
    Row("t3", "Content-Length with a sign", _headers("Content-Length: ^+1\r\n"),
        Cells("!invalid_length", "!invalid_length", "a=1"),
        Cells("!invalid_length", "!invalid_length", "a=1")),
    Row("t3", "Content-Length below zero", _headers("Content-Length: ^-1\r\n"),
        Cells("!invalid_length", "!invalid_length", "a=1"),
        Cells("!invalid_length", "!invalid_length", "a=1")),
    Row("t3", "Content-Length with an underscore", _headers("Content-Length: ^1_0\r\n"),
        Cells("!invalid_length", "!invalid_length", "a=1"),
        Cells("!invalid_length", "!invalid_length", "a=1")),
    Row("t3", "Content-Length twice", _headers("Content-Length: 1\r\nContent-Length: ^1\r\n"),
        Cells("!invalid_length", "!invalid_length", "a=1"),
        Cells("!invalid_length", "!invalid_length", "a=1")),
    Row("t3", "Content-Length that is empty", _headers("Content-Length:^\r\n"),
        Cells("!invalid_length", "!invalid_length", "a=1"),
        Cells("!invalid_length", "!invalid_length", "a=1")),
    Row("u", "Content-Transfer-Encoding: base64",
        _headers("Content-Transfer-Encoding: ^base64\r\n"),
        Cells("!transfer_encoding", "a=1", "a=1"), same("a=1")),
    Row("u", "Content-Transfer-Encoding: 7bit, and then base64",
        _headers("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: ^base64\r\n",
                 "YWJj"),
        Cells("!transfer_encoding", "a=YWJj", "a=YWJj"), same("a=YWJj")),
    Row("u", "Content-Transfer-Encoding: quoted-printable",
        _headers("Content-Transfer-Encoding: ^quoted-printable\r\n"),
        Cells("!transfer_encoding", "a=1", "a=1"), same("a=1")),
    Row("u", "a Content-Transfer-Encoding that is unknown",
        _headers("Content-Transfer-Encoding: ^x-own\r\n"),
        Cells("!transfer_encoding", "a=1", "a=1"), same("a=1")),
    Row("u", "Content-Transfer-Encoding: 8bit", _headers("Content-Transfer-Encoding: 8bit\r\n"),
        same("a=1"), same("a=1")),
    Row("u", "Content-Transfer-Encoding: binary",
        _headers("Content-Transfer-Encoding: binary\r\n"), same("a=1"), same("a=1")),
    Row("u", "Content-Transfer-Encoding: 7Bit", _headers("Content-Transfer-Encoding: 7bIT\r\n"),
        same("a=1"), same("a=1")),
    Row("v", "charset=utf-7", _headers("Content-Type: ^text/plain; charset=utf-7\r\n"),
        Cells("!unsafe_charset", "a=1", "a=1"), Cells("!unsafe_charset", "a=1", "a=1")),
    Row("v", "a charset that is unknown", _headers("Content-Type: ^text/plain; charset=x\r\n"),
        Cells("!unsafe_charset", "a=1", "a=1"), Cells("!unsafe_charset", "a=1", "a=1")),
    Row("v", "a charset that Python knows, and that is none",
        _headers("Content-Type: ^text/plain; charset=rot13\r\n"),
        Cells("!unsafe_charset", "a=1", "a=1"), Cells("!unsafe_charset", "a=1", "a=1")),
    # Multiparts within each other.
    Row("w2", "nine multiparts within each other",
        "".join(f"--{at}\r\n{'^' if at == 8 else ''}{_A}"
                f"Content-Type: multipart/mixed; boundary={at + 1}\r\n\r\n" for at in range(1, 9)),
        same(f"{'a[ ' * 7}{']~ ' * 7}!max_depth"), same(f"{'a[ ' * 7}{']~ ' * 7}!max_depth"),
        boundary="1", nested=True),
    Row("w2", "a multipart in a part, where `max_depth` is 1", f"--B\r\n^{_CHILD}",
        same("!max_depth"), same("!max_depth"), nested=True, limits={"max_depth": 1}),
    Row("x", "child never closed, the parent's delimiter comes",
        f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1^\r\n--B\r\n{_A}\r\n2{_END}",
        Cells("a[ -=1~ ]~ !unclosed_child", "a[ -=1 ]~ a=2", "a[ -=1 ]~ a=2"),
        Cells("a[ -=1~ ]~ !unclosed_child", "a[ -=1 ]~ a=2", "a[ -=1 ]~ a=2"), nested=True),
    Row("x", "child and its child never closed, the parent's delimiter comes",
        f"--B\r\n{_CHILD}--C\r\n{_GRANDCHILD}--D\r\nX: y\r\n\r\n1^\r\n--B\r\n{_A}\r\n2{_END}",
        Cells("a[ -[ -=1~ ]~ ]~ !unclosed_child", "a[ -[ -=1 ]~ ]~ a=2", "a[ -[ -=1 ]~ ]~ a=2"),
        Cells("a[ -[ -=1~ ]~ ]~ !unclosed_child", "a[ -[ -=1 ]~ ]~ a=2", "a[ -[ -=1 ]~ ]~ a=2"),
        nested=True),
    Row("x", "child never begun, the parent ends", f"--B\r\n{_CHILD}^text{_END}",
        Cells("a[ ]~ !preamble", "a[ ]~", "a[ ]~"), Cells("a[ ]~ !preamble", "a[ ]~", "a[ ]~"),
        nested=True),
    *(Row("y", f"child closed, an epilogue of {lines} lines, then the parent's delimiter",
          f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1\r\n--C--\r\n{text}--B\r\n{_A}\r\n2{_END}",
          same("a[ -=1 ] a=2"), same("a[ -=1 ] a=2"), nested=True)
      for lines, text in enumerate(("", "\r\n", "x\r\ny\r\n", "x\r\n\r\n--Cz\r\n"))),
    Row("y", "child and its child closed, each with an epilogue, then the parent's delimiter",
        f"--B\r\n{_CHILD}--C\r\n{_GRANDCHILD}--D\r\nX: y\r\n\r\n1\r\n--D--\r\nx\r\n--C--\r\n"
        f"x\r\ny\r\n--B\r\n{_A}\r\n2{_END}",
        same("a[ -[ -=1 ] ] a=2"), same("a[ -[ -=1 ] ] a=2"), nested=True),
)  # fmt: skip


#: UTF-8 for one character, which ISO-8859-1 has for two.
_E: Final = "\xc3\xa9"
_LATIN: Final = _field("_charset_", "iso-8859-1")
_PLAIN: Final = "Content-Type: text/plain; charset="
_CODED: Final = "Content-Transfer-Encoding: "


READINGS: Final = (
    # Malformed parameters of a Content-Type that nobody needs are looked at when they are needed.
    ReaderRow("d", "`charset` twice", _headers(f"{_PLAIN}utf-8; ^charset=iso-8859-1\r\n", _E),
              Cells("!repeated_parameter", "a=!repeated_parameter", "a=\\xe9"),
              Cells("!repeated_parameter", "a=!repeated_parameter", "a=\\xe9")),
    ReaderRow("i", "unterminated quote of a `charset`", _headers(f'{_PLAIN}^"iso-8859-1\r\n', _E),
              Cells("!malformed_parameter", "a=!malformed_parameter", "a=\\xe9"),
              Cells("!malformed_parameter", "a=!malformed_parameter", "a=\\xe9")),
    # What follows the closing delimiter is not read, unless it would be a fault.
    ReaderRow("o", "an epilogue of more bytes than `max_epilogue` says, to a reader",
              _closed("\r\n^123456"), Cells("a=1 !epilogue", "a=1", "a=1"),
              Cells("a=1 !epilogue", "a=1", "a=1"), limits={"max_epilogue": 5}),
    ReaderRow("u", "base64, decoded", _headers(f"{_CODED}^base64\r\n", "w6k\r\n="),
              Cells("!transfer_encoding", "a=\\xc3\\xa9", "a=\\xc3\\xa9"), same("a=\\xc3\\xa9"),
              shows="decoded"),
    ReaderRow("u", "base64, as text", _headers(f"{_CODED}^BASE64\r\n", "w6k="),
              Cells("!transfer_encoding", "a=\\xe9", "a=\\xe9"), same("a=\\xe9")),
    ReaderRow("u", "base64, not decoded", _headers(f"{_CODED}^base64\r\n", "w6k="),
              Cells("!transfer_encoding", "a=w6k=", "a=w6k="), same("a=w6k="), shows="body"),
    ReaderRow("u", "quoted-printable, decoded",
              _headers(f"{_CODED}^quoted-printable\r\n", "=C3=\r\n=A9"),
              Cells("!transfer_encoding", "a=\\xc3\\xa9", "a=\\xc3\\xa9"), same("a=\\xc3\\xa9"),
              shows="decoded"),
    ReaderRow("u", "quoted-printable, as text",
              _headers(f"{_CODED}^quoted-printable\r\n", "=C3=A9"),
              Cells("!transfer_encoding", "a=\\xe9", "a=\\xe9"), same("a=\\xe9")),
    *(ReaderRow("u", f"{name}, decoded", _headers(f"{_CODED}{name}\r\n", _E),
                same("a=\\xc3\\xa9"), same("a=\\xc3\\xa9"), shows="decoded")
      for name in ("7bit", "8bit", "binary")),
    ReaderRow("u", "an encoding that is unknown, decoded", _headers(f"{_CODED}^x-own\r\n"),
              Cells("!transfer_encoding", "a=!unsupported_encoding", "a=!unsupported_encoding"),
              same("a=!unsupported_encoding"), shows="decoded"),
    ReaderRow("u", "an encoding that is unknown, not decoded", _headers(f"{_CODED}^x-own\r\n"),
              Cells("!transfer_encoding", "a=1", "a=1"), same("a=1"), shows="body"),
    *(ReaderRow("v", f"charset={name}, as text", _headers(f"{_PLAIN}{name}\r\n", _E).replace(
                    "text/plain", "^text/plain"),
                Cells("!unsafe_charset", "a=!unsafe_charset", "a=\\xe9"),
                Cells("!unsafe_charset", "a=!unsafe_charset", "a=\\xe9"))
      for name in ("utf-7", "rot13", "unicode_escape", "x-unknown")),
    ReaderRow("v", "charset=utf-7, not as text", _headers(f"Content-Type: ^{_PLAIN[14:]}utf-7\r\n"),
              Cells("!unsafe_charset", "a=1", "a=1"), Cells("!unsafe_charset", "a=1", "a=1"),
              shows="decoded"),
    ReaderRow("v2", "a leading field `_charset_`", _fields(_LATIN, _field("a", _E)),
              Cells("_charset_=iso-8859-1 a=\\xe9", "a=\\xc3\\xa9", "a=\\xc3\\xa9"),
              same("_charset_=iso-8859-1 a=\\xe9")),
    ReaderRow("v2", "a leading field `_charset_`, and a part with a charset of its own",
              _fields(_LATIN, _field("a", _E, f"{_PLAIN}utf-8\r\n"), _field("b", _E)),
              Cells("_charset_=iso-8859-1 a=\\xe9 b=\\xe9", "a=\\xe9 b=\\xc3\\xa9",
                    "a=\\xe9 b=\\xc3\\xa9"), same("_charset_=iso-8859-1 a=\\xe9 b=\\xe9")),
    ReaderRow("v2", "a field `_charset_` that is not the first",
              _fields(_field("a", _E), _LATIN, _field("b", _E)),
              same("a=\\xe9 _charset_=iso-8859-1 b=\\xe9"),
              same("a=\\xe9 _charset_=iso-8859-1 b=\\xe9")),
    ReaderRow("v2", "two leading fields `_charset_`",
              _fields(_LATIN, _field("_charset_", "utf-8"), _field("a", _E)),
              Cells("_charset_=iso-8859-1 _charset_=utf-8 a=\\xe9",
                    "_charset_=utf-8 a=\\xc3\\xa9", "_charset_=utf-8 a=\\xc3\\xa9"),
              same("_charset_=iso-8859-1 _charset_=utf-8 a=\\xe9")),
    ReaderRow("v2", "`_charset_` first in a multipart within the form",
              _fields(f"--B\r\n{_CHILD}--C\r\n{_LATIN[5:]}\r\n--C\r\n{_A}\r\n{_E}\r\n--C--"),
              same("a[ _charset_=iso-8859-1 a=\\xe9 ]"), same("a[ _charset_=iso-8859-1 a=\\xe9 ]")),
    ReaderRow("v2", "a field `_charset_` and no other", _fields(_LATIN),
              Cells("_charset_=iso-8859-1", "-", "-"), same("_charset_=iso-8859-1")),
    ReaderRow("v2", "a field `_charset_` that is empty", _fields(_field("_charset_", ""),
              _field("a", _E)), Cells("_charset_= a=\\xe9", "a=\\xe9", "a=\\xe9"),
              same("_charset_= a=\\xe9")),
    ReaderRow("v2", "a field `_charset_` of 31 characters",
              _fields(_field("_charset_", f"{'iso-8859-1':31}"), _field("a", _E)),
              Cells(f"_charset_={'iso-8859-1':31} a=\\xe9", "a=\\xc3\\xa9", "a=\\xc3\\xa9"),
              same(f"_charset_={'iso-8859-1':31} a=\\xe9")),
    ReaderRow("v2", "a field `_charset_` of 32 characters",
              _fields(_field("_charset_", "^" + "x" * 32), _field("a", _E)),
              Cells(f"_charset_={'x' * 32} a=\\xe9", "!unsafe_charset", "!unsafe_charset"),
              same(f"_charset_={'x' * 32} a=\\xe9")),
    ReaderRow("v2", "a field `_charset_` that is unknown, as text",
              _fields(_field("_charset_", "x" * 31), _field("a", _E)),
              Cells(f"_charset_={'x' * 31} a=\\xe9", "a=!unsafe_charset", "a=\\xe9"),
              same(f"_charset_={'x' * 31} a=\\xe9")),
    ReaderRow("v2", "a field `_charset_` that is utf-7, as text",
              _fields(_field("_charset_", "utf-7"), _field("a", _E)),
              Cells("_charset_=utf-7 a=\\xe9", "a=!unsafe_charset", "a=\\xe9"),
              same("_charset_=utf-7 a=\\xe9")),
    ReaderRow("v2", "a field `_charset_` that is unknown, not as text",
              _fields(_field("_charset_", "x"), _field("a", _E)),
              Cells("_charset_=x a=\\xc3\\xa9", "a=\\xc3\\xa9", "a=\\xc3\\xa9"),
              same("_charset_=x a=\\xc3\\xa9"), shows="decoded"),
)  # fmt: skip
