"""The likely cause of a fault: what an engineer would look at first, looked at.

The parser says which rule was broken, and where.  Here the rest of the evidence is weighed: the
first bytes of the body, the last ones, what the head promised, what the file holds.  Each code has
a function that gives sentences, the most likely first, and what would help last.  Nothing is
certain here and nothing depends on it, so it may be as long as it is helpful.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from ._inspect_difference import common_start, difference, quoted
from ._inspect_report import Report
from .message import Delimiter
from .policy import Policy

__all__ = ["Evidence", "likely_causes", "notes", "place_to_look"]

_BOM: Final = b"\xef\xbb\xbf"


class Evidence(NamedTuple):
    """What a diagnosis looks at.

    Attributes:
        report: what was found so far.
        policy: what was tolerated.
        start: the first bytes of the body.
        end: its last bytes.
        delimiter: the first line of the body that looks like a delimiter.
        length: the Content-Length that counted, None where none did.
        chunks_ended: whether there were chunks, and the last one came.
        missing: what the framing of the message lacks, as a clause; empty for nothing.
        rest: how many bytes are known to follow the message in its file.
    """

    report: Report
    policy: Policy
    start: bytes
    end: bytes
    delimiter: Delimiter | None
    length: int | None
    chunks_ended: bool
    missing: str
    rest: int


def likely_causes(code: str, evidence: Evidence) -> list[str]:
    """Give what is likely behind a fault, and what helps; nothing where its message says all."""
    causes = _CAUSES.get(code, _no_cause)(evidence)
    if code.startswith("max_"):
        causes.append("this limit only keeps nonsense out; it is no limit of a server")
    tolerated = getattr(Policy.LEGACY, code, None) == "always"
    if tolerated and getattr(evidence.policy, code) != "always" and code != "truncated":
        causes.append("--policy legacy tolerates it")
    return causes


def place_to_look(code: str, evidence: Evidence) -> int | None:
    """Give the offset in the body to show instead of the fault's own, None for that one."""
    found, boundary = evidence.delimiter, evidence.report.boundary
    if code != "boundary_not_found" or not evidence.start:
        return None
    if found is None or boundary is None:
        return 0
    return found.offset + 2 + common_start(boundary, found.boundary)


def notes(evidence: Evidence, first: int | None, end: int) -> list[str]:
    """Give what is odd about a body that could be read, or about what was read of it.

    Args:
        evidence: what is known.
        first: where the headers of the first part start, None without parts.
        end: where the closing delimiter ended, -1 where it did not come.
    """
    found = []
    report = evidence.report
    if evidence.start.startswith(_BOM):
        found.append("the body starts with a byte order mark: an editor saved it as text")
    shown = evidence.delimiter
    if shown is not None and first is not None and _is_before(shown, first, report):
        found.append(f"the preamble has a line {_line(shown)}, which is skipped")
    for part in report.parts:
        if part.multipart and not part.complete and not part.children:
            found.append(f"part {part.number} is a multipart in which no delimiter was found")
    if 0 <= end < report.body_size - 2 and report.fault is None:
        size = report.body_size - end
        found.append(f"{size:,} bytes of the body follow its closing delimiter")
    if evidence.rest and report.fault is None:
        found.append(f"{evidence.rest:,} bytes follow the message in the file: another message?")
    return found


def _is_before(delimiter: Delimiter, first: int, report: Report) -> bool:
    """Tell whether this is not the delimiter before the first part, but one before that."""
    end = delimiter.offset + 2 + len(delimiter.boundary)
    own_line = len(report.boundary or b"") + 4
    return end < first - own_line and not _is_of(delimiter.boundary, report)


def _is_of(boundary: bytes, report: Report) -> bool:
    announced = report.boundary or b""
    return boundary in (announced, announced + b"--", announced.removeprefix(b"--"))


def _line(delimiter: Delimiter) -> str:
    return quoted(b"--" + delimiter.boundary)


def _hint(delimiter: Delimiter) -> str:
    return f"--boundary {quoted(delimiter.boundary)} reads it as it is"


def _no_cause(evidence: Evidence) -> list[str]:
    return []


def _boundary_not_found(evidence: Evidence) -> list[str]:
    found, announced = evidence.delimiter, evidence.report.boundary or b""
    if found is None:
        return [_other_format(evidence.start), *_cut(evidence)]
    if _is_of(found.boundary, evidence.report):
        return ["the delimiter is there, but what follows it on its line does not end the line"]
    where = "the body's first line is" if found.offset == 0 else "the first such line is"
    causes = [f"the boundary announced is {quoted(announced)}, but {where} {_line(found)}"]
    how = difference(announced, found.boundary)
    causes.append(
        how
        or "they have little in common: head and body are of two different messages, or a client "
        "made the body anew and kept the old header"
    )
    return [*causes, _hint(found)]


def _other_format(start: bytes) -> str:
    """Say what a body without any delimiter looks like."""
    text = start.lstrip()[:256]
    if start.startswith(b"\x1f\x8b"):
        return "the body is gzip: a Content-Encoding header is missing"
    if text[:1] in (b"{", b"["):
        return "the body looks like JSON"
    if text[:1] == b"<":
        return "the body looks like HTML or XML: an error page in place of the answer?"
    first = text.partition(b"&")[0]
    if b"=" in first and b"\n" not in text.strip() and b" " not in first:
        return "the body looks like an ordinary form (application/x-www-form-urlencoded)"
    size = start.partition(b"\r\n")[0]
    if size and not size.translate(None, b"0123456789abcdefABCDEF"):
        return "the body looks chunked: a Transfer-Encoding header is missing"
    return "no line of the body starts with two dashes: it is no multipart, or only a piece of one"


def _first_line(evidence: Evidence) -> list[str]:
    found = evidence.delimiter
    if found is None or _is_of(found.boundary, evidence.report):
        return []
    return _boundary_not_found(evidence)


def _dashed_boundary(evidence: Evidence) -> list[str]:
    announced = evidence.report.boundary or b""
    return [
        f"the boundary announced is {quoted(announced)}, and the lines are just that: they lack "
        "the two dashes of a delimiter",
        f"--boundary {quoted(announced[2:])} reads it as it is",
    ]


def _first_lines(start: bytes) -> bytes:
    """Give the lines up to the first empty one: behind it, line ends may be those of content."""
    ends = [start.find(empty) + len(empty) for empty in (b"\n\n", b"\n\r\n") if empty in start]
    return start[: min(ends)] if ends else start


def _bare_lf(evidence: Evidence) -> list[str]:
    start = _first_lines(evidence.start)
    feeds, pairs = start.count(b"\n"), start.count(b"\r\n")
    if b"\r\r\n" in start:
        return ["lines end in CR CR LF: LF became CRLF twice, as when written in text mode"]
    if not feeds and b"\r" in start:
        return ["lines end in CR alone, as on computers of old"]
    if not pairs:
        return [
            "every line ends in LF: the file was converted (an editor, git, text mode), or written "
            "by hand"
        ]
    if feeds > pairs:
        return [
            f"line ends are mixed, {pairs:,} CRLF and {feeds - pairs:,} LF at its start: was it "
            "put together by hand, or by a sender that does not hold to one?"
        ]
    return []


def _empty_body(evidence: Evidence) -> list[str]:
    if evidence.length:
        return [
            f"Content-Length says {evidence.length:,} bytes, and none are in the file: was only "
            "the head saved, or was the body read before?"
        ]
    if evidence.length == 0:
        return [
            "Content-Length is 0: the sender sent none; had it been read before, to log it, or in "
            "a first try?"
        ]
    if evidence.report.kind != "body":
        return ["nothing follows the head: was only the head saved, or was the body read before?"]
    return ["was it consumed before it was saved?"]


def _cut(evidence: Evidence) -> list[str]:
    return [f"{evidence.missing}: it was cut on its way here"] if evidence.missing else []


def _truncated(evidence: Evidence) -> list[str]:
    boundary = evidence.report.boundary or b""
    end, closing = evidence.end, b"--" + boundary + b"--"
    causes = _cut(evidence)
    at = end.rfind(closing)
    if at > 0 and end[at - 2 : at] != b"\r\n":
        before = quoted(end[max(0, at - 2) : at])
        causes.append(f"the closing delimiter is there, but behind {before}, where CRLF is due")
    elif end.rstrip(b"\r\n").endswith(b"\n--" + boundary):
        causes.append(
            "the last line is a delimiter without two dashes behind it: an endless stream (a "
            "camera) ends so, or a sender that does not close"
        )
    if evidence.length is not None and not evidence.missing:
        causes.append(_full_length(evidence))
    elif evidence.chunks_ended:
        causes.append("the chunks are complete: the sender itself stopped here")
    return causes


def _message_cut(evidence: Evidence) -> list[str]:
    if evidence.length is not None and b"\n" in evidence.start and b"\r\n" not in evidence.start:
        return ["its line ends were converted to LF, which made it shorter"]
    if evidence.length is not None:
        return ["Content-Length is too large, or bytes behind the closing delimiter were cut off"]
    return ["it was cut on its way here, behind the closing delimiter"]


def _full_length(evidence: Evidence) -> str:
    if evidence.rest:
        return (
            f"Content-Length ends the body here, and {evidence.rest:,} more bytes follow in the "
            "file: it is too small"
        )
    return "the body is as long as Content-Length says: the sender itself stopped here"


def _chunked(evidence: Evidence) -> list[str]:
    if evidence.start:
        return ["bytes were lost or added: was the file edited, or were its line ends converted?"]
    return [
        "the body may stand in the file decoded already, as browsers and proxies save it: "
        "--decoded reads it so"
    ]


def _content_encoding(evidence: Evidence) -> list[str]:
    if evidence.start:
        return ["the compressed data is damaged"]
    return _chunked(evidence)


def _unsupported_coding(evidence: Evidence) -> list[str]:
    return ["decompress it first; if it stands in the file decoded already, --decoded reads it"]


def _missing_boundary(evidence: Evidence) -> list[str]:
    found = evidence.delimiter
    if evidence.report.content_type is None:
        return [_other_format(evidence.start), "--boundary or --content-type can tell it"]
    causes = [
        "the sender set the Content-Type by hand: leave it to the client library, which knows the "
        "boundary"
    ]
    return causes if found is None else [*causes, _hint(found)]


def _not_multipart(evidence: Evidence) -> list[str]:
    value = (evidence.report.content_type or "").lower()
    found = evidence.delimiter
    if value.startswith("application/x-www-form-urlencoded") and found is None:
        return ['an HTML form sends files only with enctype="multipart/form-data"']
    if found is None:
        return [_other_format(evidence.start)]
    return [f"the body does look like one, with the line {_line(found)}", _hint(found)]


def _header(evidence: Evidence) -> list[str]:
    return ["is the empty line between the part's headers and its body missing?"]


def _malformed_parameter(evidence: Evidence) -> list[str]:
    return [
        "a quote or a backslash in a name was not escaped (a backslash before the closing quote "
        "hides it), or text follows the value"
    ]


_CAUSES: Final[dict[str, Callable[[Evidence], list[str]]]] = {
    "boundary_not_found": _boundary_not_found,
    "first_line_suffix": _first_line,
    "preamble": _first_line,
    "dashed_boundary": _dashed_boundary,
    "bare_lf": _bare_lf,
    "empty_body": _empty_body,
    "truncated": _truncated,
    "length_mismatch": _cut,
    "message_cut": _message_cut,
    "chunked": _chunked,
    "content_encoding": _content_encoding,
    "unsupported_coding": _unsupported_coding,
    "missing_boundary": _missing_boundary,
    "not_multipart": _not_multipart,
    "header_without_colon": _header,
    "invalid_header_name": _header,
    "max_header_line": _header,
    "max_header_block": _header,
    "malformed_parameter": _malformed_parameter,
}
