"""Known attacks that bytes alone make up, each by the identifier that it became known under.

What each gets from a parser is in ``test_advisories.py``, from readers and forms in
``test_advisories_layers.py``, and from frameworks in ``test_contrib_advisories.py``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from support.building import Multipart, Part, body, field_part, form, nested_part
from support.events import Settings

__all__ = ["ATTACKS", "END", "HEAD", "Attack", "disposition", "mixed"]

HEAD = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
END = b"\r\n--B--"

#: A code where the stream must be refused with it under the default policy, None where it is read.
Expected = str | None


class Attack(NamedTuple):
    """A stream, and what it gets under ``Policy.DEFAULT``."""

    ids: str
    what: str
    data: bytes
    code: Expected
    settings: Settings = Settings()


def mixed(**limits: int) -> Settings:
    return Settings(subtype="mixed", nested=True, limits=limits)


#: Low enough that a flood need not be long to be one.
_SMALL = Settings(limits={"max_preamble": 8192, "max_epilogue": 8192})


def disposition(value: bytes) -> bytes:
    return b"--B\r\nContent-Disposition: " + value + b"\r\n\r\n1" + END


def _typed(value: bytes) -> bytes:
    line = b'--B\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: '
    return line + value + b"\r\n\r\n1" + END


def _measured(value: bytes, data: bytes = b"1") -> bytes:
    return b"--B\r\nContent-Length: " + value + b"\r\n\r\n" + data + END


def _nested(levels: int) -> bytes:
    """Give as many multiparts within each other, none of them closed."""
    head = "--{}\r\nContent-Type: multipart/mixed; boundary={}\r\n\r\n"
    names = ["B", *(f"n{level}" for level in range(levels))]
    return "".join(head.format(*pair) for pair in pairwise(names)).encode()


ATTACKS = (
    # Preamble and epilogue
    Attack("CVE-2024-53981", "line ends before the first delimiter", b"\r\n" * 5000 + HEAD + END,
           "max_preamble", _SMALL),
    Attack("CVE-2024-53981", "line feeds before the first delimiter", b"\n" * 9000 + HEAD + END,
           "max_preamble", _SMALL),
    Attack("CVE-2024-53981", "bytes after the last delimiter", HEAD + END + b"\r\n" * 5000,
           "max_epilogue", _SMALL),
    Attack("CVE-2026-40347", "a large preamble", b"x" * 70_000, "max_preamble"),
    Attack("CVE-2026-40347", "a large epilogue", HEAD + END + b"x" * 70_000, "max_epilogue"),
    Attack("CVE-2026-40347", "a preamble of near misses", b"\r\n--A" * 2000, "max_preamble",
           _SMALL),
    Attack("CVE-2025-61770", "a preamble without end and without lines", b"\0" * 9000,
           "max_preamble", _SMALL),
    Attack("aiohttp-13652", "a preamble counts for the size of the stream", b"x" * 300,
           "max_total_size", Settings(limits={"max_total_size": 200})),
    Attack("aiohttp-13652", "the preamble of a child counts as well",
           body(Multipart("B", [nested_part(Multipart("C", [Part()], b"x" * 9000))])),
           "max_preamble", mixed(max_preamble=8192)),
    # Header blocks
    Attack("CVE-2026-34516", "many headers", b"--B\r\n" + b"A: b\r\n" * 1000, "max_headers"),
    Attack("CVE-2026-34516", "large headers", b"--B\r\n" + (b"A: " + b"b" * 8000 + b"\r\n") * 3,
           "max_header_block"),
    Attack("CVE-2026-42561 CVE-2023-45290", "a header line without end",
           b"--B\r\nA: " + b"b" * 20_000,
           "max_header_line"),
    Attack("CVE-2026-42561", "a header name without end", b"--B\r\n" + b"b" * 20_000,
           "max_header_line"),
    Attack("CVE-2025-61772", "a header block that never ends", b"--B\r\n" + b"A: bcdefg\r\n" * 1400,
           "max_headers"),
    Attack("CVE-2025-61772", "a header block of carriage returns", b"--B\r\n" + b"\r" * 20_000,
           "max_header_line"),
    Attack("CVE-2025-48976", "headers of 10 KB in each part",
           b"".join(b"--B\r\nA: " + b"b" * 10_000 + b"\r\n\r\n\r\n" for _ in range(3)),
           "max_header_line"),
    Attack("CVE-2015-4024", "a header folded a thousand times",
           b"--B\r\nA: b\r\n" + b" c\r\n" * 1000 + b"\r\n1" + END, "max_headers", mixed()),
    Attack("CVE-2015-4024", "a header folded as often as may be",
           b"--B\r\nA: b\r\n" + b" c\r\n" * 127 + b"\r\n1" + END, None, mixed()),
    Attack("CVE-2026-26962", "a folded name keeps no line end",
           b'--B\r\nContent-Disposition: form-data;\r\n name="a\r\n b"\r\n\r\n1' + END, None,
           mixed()),
    Attack("CVE-2026-26962", "a folded name in a form",
           b'--B\r\nContent-Disposition: form-data;\r\n name="a"\r\n\r\n1' + END, "folded_header"),
    Attack("CVE-2022-24434", "a header without name and colon", b"--B\r\n\0\r\n\r\n1" + END,
           "header_control"),
    Attack("CVE-2022-24434", "a header that is nothing but a colon", b"--B\r\n:\r\n\r\n1" + END,
           "invalid_header_name"),
    Attack("CVE-2025-7338 CVE-2025-47944", "header bytes that are in no charset",
           b"--B\r\nContent-Disposition: form-data; name=a; \xff\xfe\r\n\r\n1" + END,
           "malformed_parameter"),
    Attack("WAFFLED", "NUL in a name", disposition(b'form-data; name="a\0b"'), "header_control"),
    Attack("WAFFLED", "an end of line missing behind the headers", b"--B\r\nA: b\r\n1" + END,
           "truncated"),
    Attack("WAFFLED", "the same, and an end of line behind the end",
           b"--B\r\nA: b\r\n1" + END + b"\r\n", "delimiter_in_headers"),
    Attack("WAFFLED", "the part's headers dropped", b"--B\r\n\r\n1" + END, None),
    # Content-Disposition
    Attack("CVE-2024-24762", "a Content-Type of backslashes",
           _typed(b'text/plain; charset="' + b"\\" * 8000), None),
    Attack("CVE-2024-24762", "a nested Content-Type of backslashes",
           b'--B\r\nContent-Type: multipart/mixed; boundary="' + b"\\" * 8000 + b"\r\n\r\n1" + END,
           "malformed_parameter", mixed()),
    Attack("CVE-2026-28356", "a name of escaped quotes",
           disposition(b'form-data; name="' + b'\\"' * 4000), "malformed_parameter"),
    Attack("CVE-2026-28356", "a name of escaped quotes, closed",
           disposition(b'form-data; name="' + b'\\"' * 4000 + b'"'), None),
    Attack("CVE-2025-67726", "many quoted semicolons",
           disposition(b'form-data; name="' + b";" * 8000 + b'"'), None),
    Attack("CVE-2025-67726", "many parameters", disposition(b"form-data" + b"; a=b" * 1500),
           "repeated_parameter"),
    Attack("CVE-2026-8159", "a parameter with a strange name many times",
           disposition(b"form-data" + b'; !filename="1' * 500), "malformed_parameter"),
    Attack("CVE-2026-8161", "a name that is special elsewhere", form(field_part("__proto__", b"1")),
           None),
    Attack("CVE-2025-48997", "an empty name", form(field_part("", b"1")), None),
    Attack("CVE-2026-5079", "a name of brackets", form(field_part("a" + "[b]" * 2000, b"1")), None),
    Attack("CVE-2026-8162", "a percent sign with nothing behind it",
           disposition(b"form-data; name=a; filename*=utf-8''%"), "malformed_parameter"),
    Attack("CVE-2026-8162", "a percent sign with no digits behind it",
           disposition(b"form-data; name=a; filename*=utf-8''%zz"), "malformed_parameter"),
    Attack("CVE-2026-34827", "escapes in the names of many parts",
           form(*[field_part('\\"' * 1000, b"") for _ in range(20)]), None),
    Attack("CVE-2026-21876", "an unsafe charset", _typed(b"text/plain; charset=utf-7"), None),
    Attack("WAFFLED", "quotes taken away", disposition(b"form-data; name=a"), None),
    Attack("WAFFLED", "one quote taken away", disposition(b'form-data; name="a'),
           "malformed_parameter"),
    Attack("WAFFLED", "two names", disposition(b'form-data; name="a"; name="b"'),
           "repeated_parameter"),
    Attack("CVE-2022-44571 CVE-2025-49007", "spaces between parameters",
           disposition(b'form-data; name="a";' + b" " * 7000 + b"b"), "malformed_parameter"),
    Attack("CVE-2022-44571 CVE-2025-49007", "quotes that are opened and never closed",
           disposition(b'form-data; name="a"' + b'; b="' * 1500), "repeated_parameter"),
    Attack("CVE-2022-30122", "a name of spaces and colons", b"--B\r\n" + b" :" * 4000
           + b"\r\n\r\n1" + END, "invalid_header_name"),
    Attack("CVE-2022-44572", "a nested boundary behind spaces",
           b"--B\r\nContent-Type: multipart/mixed;" + b" " * 7000 + b"boundary=C\r\n\r\n1" + END,
           None, mixed()),
    Attack("CVE-2022-48279", "two types of one part", HEAD[:-2] + b"Content-Type: text/plain\r\n"
           b"Content-Type: text/html\r\n\r\n1" + END, "repeated_header"),
    # The boundary
    Attack("WAFFLED", "delimiters with a bare line feed", HEAD + b"1\r\n--B\n" + END, "bare_lf"),
    Attack("WAFFLED", "the dashes changed", b"-B\r\n\r\n1\r\n-B--", "boundary_not_found"),
    Attack("CVE-2016-3092", "a boundary of the greatest length, and near misses of it",
           form(field_part("a", (b"\r\n--" + b"b" * 69) * 100), boundary="b" * 70), None,
           Settings("b" * 70)),
    Attack("CVE-2022-23833", "a file that ends within its delimiter",
           HEAD.replace(b'"a"', b'"a"; filename="b"') + b"1\r\n--B", "truncated"),
    Attack("CVE-2024-8925", "nothing but starts of delimiters", HEAD + b"\r\n--" * 500 + END, None),
    # Bodies
    Attack("CVE-2023-46136", "CR, then much without line ends", HEAD + b"\r" + b"x" * 12_000 + END,
           None),
    Attack("CVE-2023-46136", "LF, then much without line ends", HEAD + b"\n" + b"x" * 12_000 + END,
           None),
    Attack("CVE-2023-46136", "nothing but carriage returns", HEAD + b"\r" * 12_000 + END, None),
    Attack("CVE-2023-46136", "nothing but line ends", HEAD + b"\r\n" * 6_000 + END, None),
    Attack("CVE-2023-46136", "nothing but dashes", HEAD + b"-" * 12_000 + END, None),
    Attack("CVE-2023-46136", "nothing but near misses", HEAD + b"\r\n--A" * 2_500 + END, None),
    Attack("CVE-2023-46136", "lines that start like a delimiter",
           HEAD + b"\r\n--Bx" * 2_500 + END, None),
    # Content-Length
    Attack("CVE-2024-30251", "a part longer than its Content-Length", _measured(b"1", b"123"),
           "length_mismatch", mixed()),
    Attack("CVE-2024-30251", "a part shorter than its Content-Length", _measured(b"100", b"1"),
           "length_mismatch", mixed()),
    Attack("CVE-2024-30251", "a Content-Length, and then nothing",
           b"--B\r\nContent-Length: 5\r\n\r\n", "truncated", mixed()),
    Attack("CVE-2025-69227", "a Content-Length of no body, and then none of the line end",
           b"--B\r\nContent-Length: 0\r\n\r\nx", "length_mismatch", mixed()),
    Attack("aiohttp-13758", "a Content-Length of 0", _measured(b"0", b""), None, mixed()),
    Attack("CVE-2026-53540", "a negative Content-Length", _measured(b"-1"), "invalid_length",
           mixed()),
    Attack("aiohttp-12794", "a Content-Length with a sign", _measured(b"+1"), "invalid_length",
           mixed()),
    Attack("aiohttp-12794", "a Content-Length with an underscore", _measured(b"1_0"),
           "invalid_length", mixed()),
    Attack("aiohttp-12794", "a Content-Length larger than any integer", _measured(b"9" * 400),
           "length_mismatch", mixed()),
    Attack("aiohttp-12794", "a Content-Length just over 64 bits",
           _measured(b"18446744073709551617"), "length_mismatch", mixed()),
    # Many parts, and parts in parts
    Attack("CVE-2023-30798 CVE-2023-25577 CVE-2023-25578 CVE-2023-25576 CVE-2023-24998 "
           "CVE-2023-0662 CVE-2026-31958 CVE-2023-27530 CVE-2025-48988 CVE-2017-1000098",
           "many parts",
           form(*[field_part("a", b"1")] * 500), "max_parts", Settings(limits={"max_parts": 100})),
    Attack("CVE-2023-24536", "many parts within parts",
           body(Multipart("B", [nested_part(Multipart("C", [Part()] * 10)) for _ in range(30)])),
           "max_parts", mixed(max_parts=100)),
    Attack("CVE-2022-41725 CVE-2024-29025", "many parts with nothing in them",
           form(*[field_part("", b"")] * 500), "max_parts", Settings(limits={"max_parts": 100})),
    Attack("CVE-2025-47287", "many faults give one error", b"--B\nx\n" * 2000, "bare_lf"),
    Attack("aiohttp-nesting", "nine levels", _nested(8), "max_depth", mixed()),
    Attack("aiohttp-nesting", "a thousand levels", _nested(1000), "max_depth", mixed()),
    Attack("CVE-2026-3520", "a multipart that has its own boundary",
           b"--B\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n" * 20, "max_depth", mixed()),
    Attack("CVE-2024-47874 CVE-2023-26048 CVE-2025-61771", "a huge field without a filename",
           HEAD + b"x" * 20_000 + END, "max_part_size", Settings(limits={"max_part_size": 15_000})),
)  # fmt: skip
