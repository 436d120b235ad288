"""Families of inputs that grow: the known attacks, the behaviour table, and what stands between.

A family gives the input for about so many bytes, and says through which door it goes, in which
chunks.  Names start with their group; in the table of results one line is one group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from linear.doors import Given
from support import behaviours

__all__ = ["CHUNKS", "LEVELS", "Family", "Made", "families"]

#: The group whose inputs grow by levels: an open boundary more is one more to compare with.
LEVELS = "nesting, by levels"

#: The sizes of chunks that every stream comes in.
CHUNKS = (1, 2, 7, 1 << 16)


class Made(NamedTuple):
    """Gives an input for how often something stands in it, and says how many bytes that is."""

    unit: int
    times: Callable[[int], bytes]


class Family(NamedTuple):
    """Inputs that differ in how long they are.

    Attributes:
        group: the line of the table that it counts for.
        what: says what repeats.
        make: gives the inputs.
        quick: whether it is counted in every run of ``ci/linear``.
        first: bytes of the smallest input.
        most: bytes of the largest.
        by_bytes: whether twice as many units are not just twice as many bytes.
    """

    group: str
    what: str
    make: Made
    door: str = "parser"
    given: Given = Given()
    chunks: tuple[int, ...] = CHUNKS
    quick: bool = False
    first: int = 512
    most: int = 1 << 19
    by_bytes: bool = False

    @property
    def name(self) -> str:
        return f"{self.group}: {self.what}"


_A = b'Content-Disposition: form-data; name="a"\r\n'
_F = b'Content-Disposition: form-data; name="f"; filename="f"\r\n'
_MIXED = Given(subtype="mixed", nested=True)
_LEGACY = Given(subtype="mixed", nested=True, policy="LEGACY")
_WHOLE = (1 << 16,)


def repeated(unit: bytes, before: bytes = b"", after: bytes = b"") -> Made:
    """Give inputs that have a unit again and again."""
    return Made(len(unit), lambda times: before + unit * times + after)


def numbered(unit: bytes, before: bytes = b"", after: bytes = b"") -> Made:
    """Give inputs that have a unit again and again, its ``%d`` another number each time."""

    def make(times: int) -> bytes:
        return before + b"".join([unit % at for at in range(times)]) + after

    return Made(len(unit), make)


def _head(boundary: str = "B", lines: bytes = _A) -> bytes:
    return b"--" + boundary.encode() + b"\r\n" + lines + b"\r\n"


def _end(boundary: str = "B") -> bytes:
    return b"\r\n--" + boundary.encode() + b"--"


#: What a body, a preamble or an epilogue is full of, and by which attacks that is known.
_FILLINGS = {
    "plain bytes": b"x",
    "CR (CVE-2023-46136)": b"\r",
    "LF (CVE-2023-46136)": b"\n",
    "CRLF (CVE-2023-46136, CVE-2024-53981)": b"\r\n",
    "dashes (CVE-2023-46136)": b"-",
    "CRLF and dashes (CVE-2024-8925)": b"\r\n--",
    "delimiters of another boundary (CVE-2026-40347)": b"\r\n--A",
    "delimiters that go on (CVE-2023-46136)": b"\r\n--Bx",
    "delimiters and a dash": b"\r\n--B-",
    "padded delimiters that go on": b"\r\n--B" + b" " * 64 + b"x",
    "padded delimiters, one too many": b"\r\n--B" + b"\t" * 65,
    "delimiters without CR": b"\n--B",
    "delimiters without LF": b"\r--B",
    "NUL": b"\0",
}


def _bodies() -> Iterator[Family]:
    for what, unit in _FILLINGS.items():
        quick = what.startswith(("CR (", "CRLF and", "delimiters that", "padded delimiters that"))
        yield Family("bodies", what, repeated(unit, _head(), _end()), quick=quick)
        preamble = repeated(unit, b"", b"\r\n" + _head() + b"1" + _end())
        yield Family("preambles", what, preamble)
        # Behind the end, a delimiter is nothing any more.
        epilogue = repeated(unit, _head() + b"1" + _end() + b"\r\n")
        yield Family("epilogues", what, epilogue, quick=what.startswith("CRLF ("))
        inner = b"Content-Type: multipart/mixed; boundary=C\r\n"
        yield Family("bodies, nested", what,
                     repeated(unit, _head("B", inner) + _head("C"), _end("C") + _end()),
                     given=_MIXED)  # fmt: skip
    for boundary in ("-" * 70, "ab" * 35, "--:", "a" * 70):
        near = b"\r\n--" + boundary.encode()[:-1]
        for what, unit in (("near misses", near + b"#"), ("what repeats in it", near[4:])):
            yield Family("bodies", f"{what} of {boundary[:6]}... ({len(boundary)})",
                         repeated(unit, _head(boundary), _end(boundary)),
                         given=Given(boundary))  # fmt: skip


def _boundaries() -> Iterator[Family]:
    """Give each length there may be, and near misses of each start of a delimiter."""
    for length in range(1, 71):
        boundary = ("Boundary0123456789" * 4)[:length]
        delimiter = b"\r\n--" + boundary.encode()
        given = Given(boundary)
        quick = length in (1, 69, 70)
        yield Family("boundaries of 1 to 70 bytes", f"near misses of {length} (CVE-2016-3092)",
                     repeated(delimiter[:-1] + b"#", _head(boundary), _end(boundary)),
                     given=given, chunks=CHUNKS if quick else (7,), quick=quick)  # fmt: skip
        yield Family("boundaries of 1 to 70 bytes", f"fields under one of {length}",
                     repeated(delimiter[2:] + b"\r\n" + _A + b"\r\nx\r\n", b"",
                              delimiter[2:] + b"--"), given=given,
                     chunks=CHUNKS if quick else (1 << 16,))  # fmt: skip
    for boundary in ("B", "Boundary0123456789", ("Boundary0123456789" * 4)[:70]):
        delimiter = b"\r\n--" + boundary.encode()
        for size in range(1, len(delimiter) + 1):
            quick = len(boundary) == 18 and size in (1, 2, 3, 5, len(delimiter) - 1)
            yield Family("near misses of every delimiter prefix",
                         f"{size} of {len(delimiter)} bytes",
                         repeated(delimiter[:size] + b"#", _head(boundary), _end(boundary)),
                         given=Given(boundary), quick=quick,
                         chunks=CHUNKS if len(boundary) == 18 else (1, 1 << 16))  # fmt: skip


def _headers() -> Iterator[Family]:
    lines = {
        "a line without end (CVE-2026-42561, CVE-2023-45290)": (b"X-A: ", b"b"),
        "a name without end (CVE-2026-42561)": (b"", b"b"),
        "a line of spaces": (b"X-A:", b" "),
        "many lines (CVE-2026-34516, CVE-2025-61772)": (b"", b"A: b\r\n"),
        "many lines of their own names": (b"", b"X-%d: b\r\n"),
        "many empty values": (b"", b"x:\r\n"),
        "many long lines (CVE-2025-48976)": (b"", b"X-A: " + b"b" * 500 + b"\r\n"),
        "many lines that are not UTF-8": (b"", b"X-A: \xff\xfe\r\n"),
        "carriage returns (CVE-2025-61772)": (b"X-A: ", b"\r"),
        "folded (CVE-2015-4024)": (b"X-A: b\r\n", b" c\r\n"),
        "folded, and empty": (b"X-A: b\r\n", b" \r\n"),
        "lines without colon (CVE-2022-24434)": (b"", b"abc\r\n"),
        "names that are none": (b"", b"a b: c\r\n"),
        "line feeds": (b"", b"A: b\n"),
        "Content-Disposition again and again": (b"", _A),
        "Content-Type again and again": (b"", b"Content-Type: a/b\r\n"),
        "Content-Length again and again": (b"", b"Content-Length: 1\r\n"),
        "delimiters": (b"X-A: b\r\n", b"--Bx: y\r\n"),
    }
    for what, (start, unit) in lines.items():
        make = numbered if b"%d" in unit else repeated
        for given, end in ((_LEGACY, b"\r\n\r\n1" + _end()), (Given(), b"\r\n\r\n1" + _end())):
            lf = b"--B\n" if b"\n" in unit and b"\r" not in unit else b"--B\r\n"
            quick = given is _LEGACY and what.startswith(("a line w", "many lines (", "folded ("))
            yield Family("header blocks", f"{what}, {given.policy}",
                         make(unit, lf + start, end), given=given, quick=quick,
                         first=2048, most=1 << 15)  # fmt: skip


def _parts() -> Iterator[Family]:
    heads = {
        "fields (CVE-2023-30798, CVE-2024-29025)": _A,
        "files (CVE-2023-24580)": _F,
        "without headers": b"",
        "with 20 headers (CVE-2023-24536)": _A + b"".join(b"X-%d: y\r\n" % n for n in range(20)),
        "with 10 KB of headers (CVE-2025-48976)": _A + b"X: " + b"y" * 10_000 + b"\r\n",
        "with escape-heavy names (CVE-2026-34827)": _A.replace(b'"a"', b'"%b"' % (b'\\"' * 200)),
        "with percent signs in names": _A.replace(b'"a"', b'"%b"' % (b"%22" * 200)),
        "with folded headers": _A + b"X-A: b\r\n c\r\n",
        "with lengths": _A + b"Content-Length: 1\r\n",
        "with types": _A + b"Content-Type: text/plain; charset=utf-8\r\n",
        "with extended names (CVE-2026-53537)": _A[:-2] + b"; filename*=utf-8''%e2%82%ac\r\n",
    }
    for what, head in heads.items():
        unit = b"--B\r\n" + head + b"\r\n1\r\n"
        quick = what.startswith(("fields", "with 20", "with escape"))
        make = repeated(unit, b"", b"--B--\r\n")
        # What is refused costs the same at any length.
        given = Given(policy="LEGACY" if what.startswith(("without", "with folded")) else "DEFAULT")
        yield Family("many parts", what, make, given=given, quick=quick)
        yield Family("many parts", f"{what}, as mixed", make, given=_LEGACY)
        for door in ("form", "blocking form"):
            yield Family("forms", f"{what}, {door}", make, door, given, (7, 1 << 16),
                         quick=quick and door == "form")  # fmt: skip
        yield Family("readers", f"parts {what}", make, "async reader", _MIXED, (7, 1 << 16))
    yield Family("many parts", "empty ones", repeated(b"\r\n--B\r\n", b"--B\r\n", b"\r\n--B--"))
    yield Family("many parts", "in LF lines (CVE-2025-47287)",
                 repeated(b"--B\n" + _A.replace(b"\r", b"") + b"\n1\n", b"", b"--B--\n"),
                 given=_LEGACY)  # fmt: skip


_PARAMETERS = {
    "backslashes (CVE-2024-24762)": (b'; filename="', b"\\", b'"'),
    "escaped quotes (CVE-2026-28356)": (b'; filename="', b'\\"', b'"'),
    "escaped quotes without end (CVE-2026-28356)": (b'; filename="', b'\\"', b""),
    "semicolons in quotes (CVE-2025-67726)": (b'; filename="', b";", b'"'),
    "quotes": (b"; filename=", b'"', b""),
    "empty parameters": (b"", b";", b""),
    "parameters (CVE-2025-67726)": (b"", b"; p%d=1", b""),
    "the same parameter (CVE-2026-8159)": (b"", b'; !filename="1', b""),
    "quoted parameters": (b"", b'; p%d="\\""', b""),
    "continuations (CVE-2026-53537)": (b"", b"; filename*%d=a", b""),
    "extended continuations": (b"", b"; filename*%d*=%%41", b""),
    "percent signs (CVE-2026-8162)": (b"; filename*=utf-8''", b"%", b""),
    "percent escapes": (b"; filename*=utf-8''", b"%%41", b""),
    "percent escapes of no text": (b"; filename*=utf-8''", b"%%ff", b""),
    "percent quotes (WHATWG)": (b'; filename="', b"%22", b'"'),
    "spaces": (b"; filename=", b" ", b"x"),
    "spaces between": (b"", b"; a = b", b""),
    "equals signs": (b"; filename", b"=", b""),
    "brackets (CVE-2026-5079)": (b'; filename="', b"[b]", b'"'),
    "bytes that are not UTF-8": (b'; filename="', b"\xff", b'"'),
    "a Windows path": (b'; filename="C:', b"\\\\x", b'"'),
    "letters": (b"; filename=", b"x", b""),
}


def _parameters() -> Iterator[Family]:
    for what, (start, unit, end) in _PARAMETERS.items():
        make: Callable[..., Made] = numbered if b"%d" in unit else repeated
        if make is repeated:
            unit = unit.replace(b"%%", b"%")
        quick = what.startswith(("backslashes", "escaped quotes (", "parameters", "continuations"))
        for given in (Given(), Given(policy="LEGACY"), _MIXED):
            line = b'--B\r\nContent-Disposition: form-data; name="a"' + start
            yield Family("parameters", f"{what}, {given.subtype}, {given.policy}",
                         make(unit, line, end + b"\r\n\r\n1" + _end()), given=given,
                         chunks=(7, 1 << 16), quick=quick and given == Given())  # fmt: skip
        line = b"--B\r\nContent-Type: multipart/mixed; boundary=C" + start
        yield Family("parameters", f"{what}, of a Content-Type",
                     make(unit, line, end + b"\r\n\r\n1" + _end()), given=_LEGACY,
                     chunks=_WHOLE)  # fmt: skip
        yield Family("parameters", f"{what}, parse_content_disposition",
                     make(unit, b"attachment" + start, end), "parse_content_disposition",
                     chunks=_WHOLE, quick=quick)  # fmt: skip
        yield Family("parameters", f"{what}, parse_content_type",
                     make(unit, b"text/plain" + start, end), "parse_content_type",
                     chunks=_WHOLE, quick=quick)  # fmt: skip
    for what, unit in (("ranges", b"bytes=1-2,"), ("digits", b"9"), ("spaces", b" ")):
        yield Family("parameters", f"{what}, parse_range",
                     repeated(unit, b"bytes "), "parse_range", chunks=_WHOLE)  # fmt: skip


def _levels(count: int, name: str = "n%d") -> bytes:
    """Give as many multiparts within each other, none of them closed."""
    head = "--{}\r\nContent-Type: multipart/mixed; boundary={}\r\n\r\n"
    names = ["B", *(name % level for level in range(1, count))]
    opened = "".join(head.format(*pair) for pair in pairwise(names))
    return (opened + f"--{names[-1]}\r\n\r\n").encode()


def _nesting() -> Iterator[Family]:
    def deep(levels: int) -> bytes:
        return _levels(levels) + b"1" + _end()

    yield Family("nesting", "2, 4, 8 levels (CVE-2026-3520)", Made(40, deep), given=_MIXED,
                 quick=True, first=80, most=320, by_bytes=True)  # fmt: skip
    yield Family(LEVELS, "25, 50, 100 levels", Made(40, deep), given=_MIXED, first=1000, most=4000,
                 by_bytes=True)  # fmt: skip
    child = b"--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\n1\r\n"
    yield Family("nesting", "children", repeated(child + b"--C--\r\n", b"", b"--B--"), given=_MIXED)
    yield Family("nesting", "children that are not closed", repeated(child, b"", b"--B--"),
                 given=_MIXED, quick=True)  # fmt: skip
    both = _levels(3) + b"1\r\n"
    yield Family("nesting", "children of children that are not closed",
                 repeated(both, b"", b"--B--"), given=_MIXED)  # fmt: skip
    yield Family(LEVELS, "the same boundary within itself",
                 repeated(child.replace(b"=C", b"=B").replace(b"--C\r\n\r\n1\r\n", b"")),
                 given=_MIXED, first=1250, most=5000, by_bytes=True)  # fmt: skip
    for what, unit in (("parts", b"\r\n--n99\r\n\r\n1"), ("starts of delimiters", b"\r\n--n"),
                       ("delimiters that go on", b"\r\n--n99x"),
                       ("delimiters of none", b"\r\n--n100")):  # fmt: skip
        yield Family(
            "nesting",
            f"{what} at 100 levels",
            repeated(unit, _levels(100), _end()),
            given=_MIXED,
            chunks=(7, 1 << 16),
        )
    long = "x" * 66 + "%d"
    yield Family("nesting", "starts of delimiters under 90 long boundaries",
                 repeated(b"\r\n--" + b"x" * 66, _levels(90, long), _end()),
                 given=_MIXED, chunks=(7, 1 << 16))  # fmt: skip
    for door in ("reader", "async reader", "index"):
        yield Family("nesting", f"children, {door}", repeated(child + b"--C--\r\n", b"", b"--B--"),
                     door, _MIXED, (7, 1 << 16))  # fmt: skip


def _readers() -> Iterator[Family]:
    for door in ("reader", "async reader", "reader, chunks of 64", "reader, skipped",
                 "reader, lines", "reader, text", "index"):  # fmt: skip
        for what, unit in (("plain bytes", b"x"), ("CRLF", b"\r\n"), ("CR", b"\r"), ("LF", b"\n"),
                           ("delimiters that go on", b"\r\n--Bx")):  # fmt: skip
            yield Family(
                "readers",
                f"{what}, {door}",
                repeated(unit, _head(), _end()),
                door,
                chunks=(1, 1 << 16),
                quick=what == "CRLF" and door == "reader, lines",
            )
    for encoding, units in {
        b"base64": {"digits": b"eHh4", "white space (CVE-2026-33033)": b" ",
                    "what is no digit": b"*", "padding": b"=", "a digit a line": b"e\r\n"},
        b"quoted-printable": {"letters": b"x", "escapes": b"=41", "soft breaks": b"=\r\n",
                              "spaces": b" ", "spaces and breaks": b"  \r\n", "equals signs": b"=",
                              "tabs, and no end": b"\t"},
    }.items():  # fmt: skip
        for what, unit in units.items():
            head = _A + b"Content-Transfer-Encoding: " + encoding + b"\r\n"
            make = repeated(unit, _head("B", head), _end())
            for door in ("reader, decoded", "reader, decoded in pieces", "reader, chunks of 64",
                         "form"):  # fmt: skip
                quick = what.startswith(("white", "spaces")) and door == "reader, decoded in pieces"
                yield Family("encodings", f"{encoding.decode()}: {what}, {door}", make, door,
                             chunks=(1, 7, 1 << 16), quick=quick)  # fmt: skip
    typed = _A + b"Content-Type: application/x-www-form-urlencoded\r\n"
    for what, unit in (("pairs", b"a=1&"), ("escapes", b"%41"), ("ampersands", b"&")):
        yield Family("readers", f"{what}, part.form()",
                     repeated(unit, _head("B", typed), _end()), "reader, form",
                     chunks=_WHOLE)  # fmt: skip


def _forms() -> Iterator[Family]:
    fillings = {
        "a large field (CVE-2024-47874, CVE-2025-61771)": (_A, b"x"),
        "a field that starts with CR (CVE-2023-46136)": (_A, b"\r"),
        "a field of bytes that are no text": (_A, b"\xff"),
        "a field with a charset": (_A + b"Content-Type: text/plain; charset=utf-16\r\n", b"xy"),
        "a large file (CVE-2023-26048)": (_F, b"x"),
        "a file of CRLF": (_F, b"\r\n"),
    }
    for what, (head, unit) in fillings.items():
        for door in ("form", "blocking form"):
            yield Family("forms", f"{what}, {door}", repeated(unit, _head("B", head), _end()), door,
                         chunks=CHUNKS)  # fmt: skip
    inner = (b"--B\r\n" + _A + b"Content-Type: multipart/mixed; boundary=C\r\n\r\n"
             b'--C\r\nContent-Disposition: file; filename="x"\r\n\r\n1\r\n--C--\r\n')  # fmt: skip
    yield Family("forms", "multiparts within the form", repeated(inner, b"", b"--B--"), "form",
                 chunks=(7, 1 << 16))  # fmt: skip
    charset = b'--B\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nutf-8\r\n'
    yield Family("forms", "fields `_charset_`", repeated(charset, b"", b"--B--"), "form",
                 chunks=(7, 1 << 16))  # fmt: skip
    for what, unit in (
        ("semicolons (CVE-2026-53539)", b"a;"), ("pairs (CVE-2026-54283)", b"a=1&"),
        ("ampersands", b"&"), ("equals signs", b"="), ("escapes", b"%41"), ("percent signs", b"%"),
        ("bytes that are no text", b"%ff"), ("plus signs", b"+"), ("letters", b"x"),
        ("names of their own", b"a%d=&"),
    ):  # fmt: skip
        make = numbered if b"%d" in unit else repeated
        for door in ("urlencoded", "blocking urlencoded"):
            quick = what.startswith(("semicolons", "escapes")) and door == "urlencoded"
            yield Family("urlencoded", f"{what}, {door}", make(unit), door, chunks=CHUNKS,
                         quick=quick)  # fmt: skip


def _writers() -> Iterator[Family]:
    texts = {
        "letters": b"x", "quotes (CVE-2026-12143)": b'"', "backslashes": b"\\",
        "line ends (CVE-2026-34514)": b"\r\n", "percent signs": b"%", "escapes": b"%22",
        "not ASCII": "\u00e9".encode(), "semicolons": b"; a=b", "NUL": b"\0",
    }  # fmt: skip
    for door in ("writer, name", "writer, filename", "writer, filename outside of forms",
                 "writer, header", "writer, many fields", "writer, json",
                 "writer, urlencoded"):  # fmt: skip
        for what, unit in texts.items():
            quick = what.startswith("quotes") and door in ("writer, filename", "writer, name")
            yield Family("writers", f"{what}, {door}", repeated(unit), door, chunks=_WHOLE,
                         quick=quick)  # fmt: skip
    bodies = {
        "letters": b"x", "CRLF": b"\r\n", "spaces": b" ", "equals signs": b"=", "dots": b".",
        "long lines": b"x" * 75 + b" \r\n", "dashes": b"-", "delimiters": b"\r\n--B",
        "near misses": b"\r\n--Boundary012345678", "not ASCII": b"\xff",
    }  # fmt: skip
    for door in ("writer, body", "writer, many parts", "writer, base64", "writer, quoted-printable",
                 "writer, nested", "writer, streamed"):  # fmt: skip
        for what, unit in bodies.items():
            quick = what == "spaces" and door == "writer, quoted-printable"
            yield Family("writers", f"{what}, {door}", repeated(unit), door,
                         Given("Boundary0123456789"), (7, 1 << 16), quick)  # fmt: skip


def _rows() -> Iterator[Family]:
    """Give each stream of the behaviour table, again and again in one stream.

    Its closing delimiter is left away where it is last, so that a repetition is read, too.
    """
    for index, row in enumerate(behaviours.STREAMS):
        data = behaviours.marked(row.data)[0]
        close = b"\r\n--" + row.boundary.encode() + b"--"
        again = data.removesuffix(close) + (b"\r\n" if data.endswith(close) else b"")
        kinds = (("form-data", row.form, "DEFAULT", 1 << 16), ("mixed", row.other, "LEGACY", 7))
        for subtype, cells, policy, chunk in kinds:
            if cells is not None and again:
                given = Given(row.boundary, subtype, row.nested, policy)
                yield Family("behaviours", f"{index} {row.row}, {row.what}, {subtype}, {policy}",
                             repeated(again, b"", close), given=given, chunks=(chunk,),
                             most=1 << 15)  # fmt: skip


def families() -> list[Family]:
    """Give all of them."""
    makers = (_bodies, _boundaries, _headers, _parts, _parameters, _nesting, _readers, _forms,
              _writers, _rows)  # fmt: skip
    return [family for make in makers for family in make()]
