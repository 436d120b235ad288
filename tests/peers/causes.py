"""What can be the cause of a difference, looked for in the input.

A *check* takes a difference and tells whether its cause is there: in the region where the parts
differ, at the offset of our error, or in what we read.  Here regular expressions are at their
place: nothing of this runs on a peer's input.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from . import MIXED_PEERS, Leaf
from .differences import Difference
from .values import READINGS, by_the_table, is_utf8, raw_parameters

Check = Callable[[Difference], bool]


# What to look for in the region of a difference.  LINE stands for dashes and boundary, of the
# message or of a multipart within it.


def delimiter_lines(found: Difference) -> list[bytes]:
    """Give the dashes and boundaries of the message and of what is in it, as far as announced."""
    inner_ones = re.findall(rb'boundary="?([^"\r\n;]+)', found.message.data)
    return [found.message.line, *(b"--" + boundary for boundary in inner_ones)]


def has(pattern: bytes) -> Check:
    def check(found: Difference) -> bool:
        line = b"(?:%b)" % b"|".join(re.escape(line) for line in delimiter_lines(found))
        return re.search(pattern.replace(b"LINE", line), found.region, re.DOTALL) is not None

    return check


def one_of(*checks: Check) -> Check:
    return lambda found: any(check(found) for check in checks)


def all_of(*checks: Check) -> Check:
    return lambda found: all(check(found) for check in checks)


SUFFIX: Final = has(rb"\r\nLINE(?!--|[ \t]*(?:\r|\n|\Z))")
PADDING: Final = has(rb"LINE[ \t]+\r\n")
OWN_LINE_BREAK: Final = has(rb"\r\n\r\nLINE")
EMPTY_BLOCK: Final = has(rb"LINE[ \t]*\r\n\r\n")
ODD_PADDING: Final = has(rb"LINE(?:--)?[ \t]*[\x0b\x0c]")
BARE_LINE_END: Final = has(rb"(?:(?<!\r)\n|\r)LINE|LINE(?:--)?[ \t]*(?:\n|\r(?!\n))")
WITHIN_LINE: Final = has(rb"[^\r\n]LINE")
BEFORE_FIRST: Final = has(rb"\A(?:(?!LINE).)*(?<!\r\n)(?<!\A)LINE")
NOT_AT_START: Final = has(rb"\A(?![\r\n]*LINE)")
FIRST_SUFFIX: Final = has(rb"\A(?:(?!LINE).)*LINE(?!--|\r\n)")


# What stands at the offset of our error.


def line_at(found: Difference) -> bytes:
    """Give the line that the offset is in."""
    data = found.message.data
    before = re.search(rb"(?:.*\r\n)?(?![ \t])", data[: found.at], re.DOTALL)
    start = before.end() if before else 0
    stop = re.compile(rb"\r\n(?![ \t])|\Z").search(data, found.at)
    return data[start : stop.start() if stop else len(data)]


def block_at(found: Difference) -> list[bytes]:
    """Give the names of the headers in the block that the offset is in, in lower case."""
    data = b"\r\n" + found.message.data
    at = found.at + 2
    start = max(data.rfind(b"\r\n" + line, 0, at) for line in delimiter_lines(found))
    stop = data.find(b"\r\n\r\n", at)
    block = data[max(0, start) : len(data) if stop < 0 else stop]
    return [line.partition(b":")[0].strip().lower() for line in block.split(b"\r\n")]


PARAMETERS: Final = re.compile(
    rb"""[\w!#$%&'*+.^`|~-]+[ \t]*(?:/[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]*)?   # what it is
    (?:;[ \t]*(?:[\w!#$%&'*+.^`|~-]+[ \t]*=[ \t]*
       (?:"(?:\\.|[^"\\])*"|[^\s;"]+)[ \t]*)?)*\Z""",
    re.VERBOSE | re.DOTALL,
)


def malformed_at(found: Difference) -> bool:
    name, _, value = line_at(found).partition(b":")
    if name.lower() not in (b"content-disposition", b"content-type"):
        return False
    if name.lower() == b"content-disposition" and b"/" in value.partition(b";")[0]:
        return True
    # Of an extended parameter more is asked than the grammar of all parameters says.
    return PARAMETERS.match(value.strip(b" \t")) is None or b"*" in value


def repeated_parameter(found: Difference) -> bool:
    names = [name.strip().lower() for name in re.findall(rb";([^=;\"]*)=", line_at(found))]
    return len(set(names)) < len(names)


def repeated_header(found: Difference) -> bool:
    names = block_at(found)
    return max(names.count(b"content-disposition"), names.count(b"content-type")) > 1


def control_at(found: Difference) -> bool:
    byte = found.message.data[found.at]
    return byte == 0x7F or (byte < 0x20 and byte != 0x09)


def bare_line_end_at(found: Difference) -> bool:
    data, at = found.message.data, found.at
    return data[at : at + 1] in (b"\r", b"\n") and data[at : at + 2] != b"\r\n"


def fold_at(found: Difference) -> bool:
    data, at = found.message.data, found.at
    return data[at - 2 : at] == b"\r\n" and data[at : at + 1] in (b" ", b"\t")


def no_token(found: Difference) -> bool:
    return re.match(rb"[\w!#$%&'*+.^`|~-]+:", found.message.data[found.at :]) is None


def not_multipart(found: Difference) -> bool:
    value = line_at(found).partition(b":")[2]
    return re.match(rb"[ \t]*multipart/[\w!#$%&'*+.^`|~-]+[ \t]*(?:;|\Z)", value, re.I) is None


def no_boundary(found: Difference) -> bool:
    return re.search(rb";[ \t]*boundary[ \t]*=", line_at(found), re.I) is None


def length_before(found: Difference) -> bool:
    return b"\r\ncontent-length:" in found.message.data[: found.at].lower()


def as_long_as_announced(found: Difference) -> bool:
    """Our part ends where its length says, and not where a delimiter is: an error follows."""
    ours, theirs = found.ours, found.theirs
    if not isinstance(ours, Leaf) or not isinstance(theirs, Leaf) or found.code == "":
        return False
    mine, other = ours.body or b"", theirs.body or b""
    length = found.own.headers[found.index].get("content-length", "")
    return (
        length.isdigit()
        and int(length) == len(mine)
        and (other.startswith(mine) or mine.startswith(other))
        and found.code == "length_mismatch"
    )


def bad_length(found: Difference) -> bool:
    line = line_at(found)
    name, _, value = line.partition(b":")
    twice = found.message.data.lower().count(b"content-length:") > 1
    return name.lower() == b"content-length" and (twice or not value.strip(b" \t").isdigit())


def child_not_begun(found: Difference) -> bool:
    """A boundary is announced within the message, and no line has it."""
    data = found.message.data
    return any(
        re.search(rb"\r\n" + re.escape(line) + rb"[ \t]*\r\n", data) is None
        for line in delimiter_lines(found)[1:]
    )


def refused_line(found: Difference) -> bytes:
    """Give the line that aiohttp says is no boundary."""
    met = ast.literal_eval(
        found.text.partition("Invalid boundary ")[2].partition(", expected b")[0]
    )
    return met if isinstance(met, bytes) else b""


def met_suffix(found: Difference) -> bool:
    met = refused_line(found)
    return any(
        met.startswith(line) and met not in (line, line + b"--") for line in delimiter_lines(found)
    )


def met_epilogue(found: Difference) -> bool:
    met = re.escape(refused_line(found))
    return has(rb"LINE--[^\n]*\n(?:[^\n]*\n)?[ \t]*" + met)(found)


def type_name(found: Difference) -> bool:
    """No filename stands in the Content-Disposition, and the Content-Type has a name."""
    value = found.own.headers[found.index].get("content-type", "")
    absent = "filename" not in raw_parameters(found.disposition)
    named = str(found.theirs).strip() in value.partition("name")[2].replace("\\", "")
    return absent and found.field == "filename" and found.theirs is not None and named


def child_not_closed(found: Difference) -> bool:
    data = found.message.data
    return any(b"\r\n" + line + b"--" not in data for line in delimiter_lines(found)[1:])


def dashed_line(found: Difference) -> bool:
    """A line is the boundary itself, which starts with dashes of its own."""
    return any(
        line.startswith(b"----") and re.search(rb"(?:\A|\r\n)" + re.escape(line[2:]), found.region)
        for line in delimiter_lines(found)
    )


def outer_within(found: Difference) -> bool:
    data, outer = found.message.data, found.message.line
    spans = [(data.find(line[2:]), data.find(line + b"--")) for line in delimiter_lines(found)[1:]]
    return any(b"\r\n" + outer in data[start:stop] for start, stop in spans)


def header_twice(found: Difference) -> bool:
    name = re.escape(found.text.partition("Duplicate '")[2].partition("'")[0].encode())
    return has(rb"(?i:\r\n" + name + rb":(?:(?!\r\n\r\n).)*\r\n" + name + rb":)")(found)


def dashed_at(found: Difference) -> bool:
    """The line has the boundary alone; where a line end was before it, that is where we point."""
    start = found.message.data[found.at :].lstrip(b"\r\n")
    return start.startswith(found.message.boundary) and not start.startswith(found.message.line)


def at_end(found: Difference) -> bool:
    return found.at == len(found.message.data)


def unclosed(found: Difference) -> bool:
    """No closing delimiter stands where one can."""
    line = re.escape(found.message.line)
    return at_end(found) and not re.search(rb"(?:\A|\r\n)" + line + b"--", found.message.data)


def swallowed(found: Difference) -> bool:
    """The header block that the offset is in is one that the peer took for data (row q)."""
    data = found.message.data
    start = data.rfind(found.message.line, 0, found.at)
    return start > 3 and data[start - 4 : start] == b"\r\n\r\n"


# What our reading holds.


def header_with(name: str, check: Callable[[str | None, Leaf], bool]) -> Check:
    """Find a part one of whose headers, None where it is absent, passes the check."""
    return lambda found: any(
        check(headers.get(name), leaf)
        for headers, leaf in zip(found.own.headers, found.own.leaves, strict=True)
    )


NO_DISPOSITION: Final = header_with("content-disposition", lambda value, _: value is None)


def not_utf8(found: Difference) -> bool:
    return not all(is_utf8(value) for headers in found.own.headers for value in headers.values())


BASE64: Final = header_with("content-transfer-encoding", lambda value, _: value == "base64")


# Values.


def value_with(cause: Callable[[str], bool]) -> Check:
    """Look for a cause in the value on the wire, and foretell what the peer makes of it, and we."""

    def check(found: Difference) -> bool:
        raw = raw_parameters(found.disposition).get(found.field)
        if raw is None or not cause(raw):
            return False
        ours = {by_the_table(raw, form=True)}
        if found.message.subtype != "form-data" or found.peer in MIXED_PEERS:  # nested ones
            ours.add(by_the_table(raw, form=False))
        return found.ours in ours and found.theirs == READINGS[found.peer](raw, found.field)

    return check


def is_extended(found: Difference) -> bool:
    return any(key.startswith(f"{found.field}*") for key in raw_parameters(found.disposition))


def extended_ignored(found: Difference) -> bool:
    plain = found.field in raw_parameters(found.disposition)
    return is_extended(found) and not plain and not found.theirs


def plain_wins(found: Difference) -> bool:
    raw = raw_parameters(found.disposition)
    plain, extended = raw.get(found.field), raw.get(f"{found.field}*")
    if plain is None or extended is None or found.ours != unquote(extended.rpartition("'")[2]):
        return False
    return found.theirs == READINGS[found.peer](plain, found.field)


def extended_wins(found: Difference) -> bool:
    raw = raw_parameters(found.disposition)
    values = [value for key, value in raw.items() if key.startswith(f"{found.field}*")]
    return bool(values) and found.theirs == unquote(values[0].rpartition("'")[2])
