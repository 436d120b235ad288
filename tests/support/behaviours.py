"""The behaviour table as data: one entry for each odd input, one cell for each policy.

``STREAMS`` holds the rows that a parser decides, ``HEADERS`` those of a Content-Type that
announces a boundary.  The documentation can be made from the same lists.

Notation.  An input is text, one character a byte (latin-1).  A ``^`` marks the offset that an error
must name, and is taken out.  A cell holds the parts that are read, then the error::

    a=1 !bare_lf        a part named a with the body 1, then an error with this code at the mark
    !bare_lf@5          an error with this code at another offset
    a=1~                the same part, marked as incomplete
    a[ -=x -=y ]        a multipart with two parts that have no name
    -                   no part and no error

Line ends and other bytes that do not print stand as escapes, and an empty body as nothing at all.
A row that looks at something other than bodies says so in ``shows``.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from support.events import Outcome, Part, tree

#: Stands in for the boundary ``B`` where a long one has to get the same.
LONG: Final = "WebKitFormBoundaryAbCdEfGh"

POLICIES: Final = ("STRICT", "DEFAULT", "LEGACY")

Shows = Literal["body", "name", "filename", "headers", "type"]


class Cells(NamedTuple):
    """What an input gets under each policy."""

    strict: str
    default: str
    legacy: str


def same(cell: str) -> Cells:
    """Say that all three policies agree."""
    return Cells(cell, cell, cell)


class Row(NamedTuple):
    """An odd stream, and what it gets as a form and as any other subtype; None: not looked at."""

    row: str
    what: str
    data: str
    form: Cells | None
    other: Cells | None
    shows: Shows = "body"
    boundary: str = "B"
    nested: bool = False


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


def _disposition(value: str) -> str:
    return f"--B\r\nContent-Disposition: ^{value}\r\n\r\n1{_END}"


def _headers(lines: str) -> str:
    return f"--B\r\n{_A}{lines}\r\n1{_END}"


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
    HeaderRow("b", "no boundary", "multipart/mixed", same("!missing_boundary")),
    HeaderRow("c", "quoted semicolon", 'multipart/mixed; boundary="B;C"', same("B;C")),
    HeaderRow("c", "quoted colon", 'multipart/mixed; boundary=":"', same(":")),
    HeaderRow("c", "every character of RFC 2046, quoted",
              "multipart/mixed; boundary=\"'()+_,-./:=? x\"", same("'()+_,-./:=? x")),
    HeaderRow("c", "70 characters", f"multipart/mixed; boundary={'b' * 70}", same("b" * 70)),
    HeaderRow("c", "71 characters", f"multipart/mixed; boundary={'b' * 71}",
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
    HeaderRow("i", "text after the quoted boundary", 'multipart/mixed; boundary="B"x',
              Cells("!malformed_parameter", "!malformed_parameter", "!missing_boundary")),
)  # fmt: skip


STREAMS: Final = (
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
    Row("k2", "LF in a body, before a seeming delimiter", f"--B\r\n{_A}\r\n1\n--B\r\n2{_END}",
        same("a=1\\n--B\\r\\n2"), same("a=1\\n--B\\r\\n2")),
    Row("k2", "CR in a body, before a seeming delimiter", f"--B\r\n{_A}\r\n1\r--B\r\n2{_END}",
        same("a=1\\r--B\\r\\n2"), same("a=1\\r--B\\r\\n2")),
    Row("k2", "all kinds of line ends in a body", f"--B\r\n{_A}\r\n\r\r\n\n\r{_END}",
        same("a=\\r\\r\\n\\n\\r"), same("a=\\r\\r\\n\\n\\r")),
    Row("k2", "CR in a body, where lines end in LF",
        "--B^\n" + _A.replace("\r", "") + "\n1\r\n--B--\n",
        Cells("!bare_lf", "!bare_lf", "a=1\\r"), Cells("!bare_lf", "!bare_lf", "a=1\\r")),
    Row("l", "a space and a tab after a delimiter", f"--B^ \t\r\n{_A}\r\n1{_END}",
        Cells("!delimiter_padding", "a=1", "a=1"), Cells("!delimiter_padding", "a=1", "a=1")),
    Row("l", "64 spaces after a delimiter", f"--B^{' ' * 64}\r\n{_A}\r\n1{_END}",
        Cells("!delimiter_padding", "a=1", "a=1"), Cells("!delimiter_padding", "a=1", "a=1")),
    Row("l", "65 spaces after a delimiter", f"--B^{' ' * 65}\r\n{_A}\r\n1{_END}",
        same("!delimiter_padding"), same("!delimiter_padding")),
    Row("l", "a space after a later delimiter", f"--B\r\n{_A}\r\n1\r\n--B^ \r\n{_A}\r\n2{_END}",
        Cells("a=1~ !delimiter_padding", "a=1 a=2", "a=1 a=2"),
        Cells("a=1~ !delimiter_padding", "a=1 a=2", "a=1 a=2")),
    Row("m", "a body line starts with a delimiter", f"--B\r\n{_A}\r\n1\r\n--B^xx\r\n2{_END}",
        Cells("a=1~ !delimiter_suffix", "a=1\\r\\n--Bxx\\r\\n2", "a=1\\r\\n--Bxx\\r\\n2"),
        Cells("a=1~ !delimiter_suffix", "a=1\\r\\n--Bxx\\r\\n2", "a=1\\r\\n--Bxx\\r\\n2")),
    Row("m", "a body line starts with a delimiter, one dash", f"--B\r\n{_A}\r\n1\r\n--B^-x{_END}",
        Cells("a=1~ !delimiter_suffix", "a=1\\r\\n--B-x", "a=1\\r\\n--B-x"),
        Cells("a=1~ !delimiter_suffix", "a=1\\r\\n--B-x", "a=1\\r\\n--B-x")),
    Row("m2", "the first line starts with a delimiter", f"--B^xx\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!first_line_suffix", "a=1", "a=1"), Cells("!first_line_suffix", "a=1", "a=1")),
    # Before the first delimiter, and behind the last.
    Row("n", "a lone CRLF first", f"\r\n--B\r\n{_A}\r\n1{_END}", same("a=1"), same("a=1")),
    Row("n", "two CRLF first", f"\r\n^\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!preamble", "a=1", "a=1"), Cells("!preamble", "a=1", "a=1")),
    Row("n", "a preamble", f"^hello\r\n--B\r\n{_A}\r\n1{_END}",
        Cells("!preamble", "a=1", "a=1"), Cells("!preamble", "a=1", "a=1")),
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
    Row("p", "cut short in a body", f"--B\r\n{_A}\r\n1^",
        Cells("a=1~ !truncated", "a=1~ !truncated", "a=1~"),
        Cells("a=1~ !truncated", "a=1~ !truncated", "a=1~")),
    Row("p", "cut short behind a delimiter", f"--B\r\n{_A}\r\n1\r\n--B\r\n^",
        Cells("a=1 !truncated", "a=1 !truncated", "a=1"),
        Cells("a=1 !truncated", "a=1 !truncated", "a=1")),
    Row("p", "cut short in a header", f"--B\r\n{_A}\r\n1\r\n--B\r\nContent^",
        Cells("a=1 !truncated", "a=1 !truncated", "a=1"),
        Cells("a=1 !truncated", "a=1 !truncated", "a=1")),
    Row("p", "nothing at all", "^", same("!empty_body"), same("!empty_body")),
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
    Row("s3", "a tab in a header is no fault", _headers("X-A: b\tc\r\n"), same("a=1"), same("a=1")),
    Row("s4", "a header that is not UTF-8", _headers("X-A: b^\xff\r\n"),
        Cells("!undecodable_header", 'a=Content-Disposition: form-data; name="a"; X-A: b\\udcff',
              'a=Content-Disposition: form-data; name="a"; X-A: b\\udcff'),
        Cells("!undecodable_header", 'a=Content-Disposition: form-data; name="a"; X-A: b\\udcff',
              'a=Content-Disposition: form-data; name="a"; X-A: b\\udcff'), shows="headers"),
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
    Row("f", "continuations beside `filename`",
        f"--B\r\n{_FILE}b; ^filename*0=c; filename*1=d\r\n\r\n1{_END}",
        Cells("!extended_parameter", "a=b", "a=cd"), same("a=cd"), shows="filename"),
    Row("g", "percent escapes in a name", _disposition('form-data; name="%22%0D%0A%41%2522"'),
        same('"\\r\\n%41%2522'), same("%22%0D%0A%41%2522"), shows="name"),
    Row("g", "percent escapes in a filename", f'--B\r\n{_FILE}"%22%0d%250A"\r\n\r\n1{_END}',
        same('a="%0d%250A'), same("a=%22%0d%250A"), shows="filename"),
    Row("h", "backslashes in a quoted name", _disposition(r'form-data; name="a\"b\\c\d"'),
        same(r'a"b\c\d'), None, shows="name"),
    Row("h", "a full Windows path", f'--B\r\n{_FILE}"C:\\dir\\b.txt"\r\n\r\n1{_END}',
        Cells(r"a=C:\dir\b.txt", r"a=C:\dir\b.txt", "a=b.txt"), None, shows="filename"),
    Row("h", "a full Windows path on a share",
        f'--B\r\n{_FILE}"\\\\\\\\host\\d\\b.txt"\r\n\r\n1{_END}',
        Cells(r"a=\\host\d\b.txt", r"a=\\host\d\b.txt", "a=b.txt"), None, shows="filename"),
    Row("i", "unterminated quote", f'--B\r\n{_FILE}^"b\r\n\r\n1{_END}',
        Cells("!malformed_parameter", "!malformed_parameter", "a=-"),
        Cells("!malformed_parameter", "!malformed_parameter", "a=-"), shows="filename"),
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
    Row("u", "Content-Transfer-Encoding: 7Bit", _headers("Content-Transfer-Encoding: 7bIT\r\n"),
        same("a=1"), same("a=1")),
    Row("v", "charset=utf-7", _headers("Content-Type: ^text/plain; charset=utf-7\r\n"),
        Cells("!unsafe_charset", "a=1", "a=1"), Cells("!unsafe_charset", "a=1", "a=1")),
    Row("v", "a charset that is unknown", _headers("Content-Type: ^text/plain; charset=x\r\n"),
        Cells("!unsafe_charset", "a=1", "a=1"), Cells("!unsafe_charset", "a=1", "a=1")),
    # Multiparts within each other.
    Row("w2", "nine multiparts within each other",
        "".join(f"--{at}\r\n{'^' if at == 8 else ''}"
                f"Content-Type: multipart/mixed; boundary={at + 1}\r\n\r\n" for at in range(1, 9)),
        None, same(f"{'-[ ' * 7}{']~ ' * 7}!max_depth"), boundary="1", nested=True),
    Row("x", "child never closed, the parent's delimiter comes",
        f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1^\r\n--B\r\n{_A}\r\n2{_END}",
        Cells("a[ -=1~ ]~ !unclosed_child", "a[ -=1 ]~ a=2", "a[ -=1 ]~ a=2"),
        Cells("a[ -=1~ ]~ !unclosed_child", "a[ -=1 ]~ a=2", "a[ -=1 ]~ a=2"), nested=True),
    Row("x", "child never begun, the parent ends", f"--B\r\n{_CHILD}^text{_END}",
        Cells("a[ ]~ !preamble", "a[ ]~", "a[ ]~"), Cells("a[ ]~ !preamble", "a[ ]~", "a[ ]~"),
        nested=True),
    *(Row("y", f"child closed, an epilogue of {lines} lines, then the parent's delimiter",
          f"--B\r\n{_CHILD}--C\r\nX: y\r\n\r\n1\r\n--C--\r\n{text}--B\r\n{_A}\r\n2{_END}",
          same("a[ -=1 ] a=2"), same("a[ -=1 ] a=2"), nested=True)
      for lines, text in enumerate(("", "\r\n", "x\r\ny\r\n", "x\r\n\r\n--Cz\r\n"))),
)  # fmt: skip
