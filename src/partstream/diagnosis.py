"""The likely cause of a fault: what an engineer would look at first, looked at.

The parser says which rule was broken, and where.  Here the rest of the evidence is weighed: the
first bytes of the body, the last ones, what the head promised, what the file holds.  Each code has
a function that gives sentences, the answer first, and what would help last.  Nothing is certain
here and nothing depends on it, so it may be as long as it is helpful.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from ._inspect_difference import common_start, difference, quoted
from ._inspect_ending import empty_body, message_cut, promised, truncated, wrong_closing
from ._inspect_evidence import Evidence
from ._inspect_formats import is_escaped, looks_chunked, other_format
from .deviations import Deviation

__all__ = ["Look", "likely_causes", "place_to_look", "summary"]


class Look(NamedTuple):
    """A better place to show than the fault's own.

    Attributes:
        offset: in the body.
        wanted: what should stand there, None where nobody knows.
    """

    offset: int
    wanted: bytes | None = None


#: The codes whose text says what is met here; their causes are only hints where it comes from.
_HINTS: Final = frozenset({
    "header_without_colon", "invalid_header_name", "malformed_parameter", "delimiter_in_headers",
    "chunked", "content_encoding", "unsupported_coding", "missing_line_break", "header_control",
    "invalid_boundary",
})  # fmt: skip


def likely_causes(code: str, evidence: Evidence) -> list[str]:
    """Give what is likely behind a fault, and what helps; nothing where its message says all."""
    if code not in _FRAMING and looks_chunked(evidence.start, sure=True):
        return other_format(evidence.start, evidence.report.kind)
    causes = _CAUSES.get(code, _no_cause)(evidence)
    if code.startswith("max_"):
        causes.append("this limit only keeps nonsense out; it is no limit of a server")
    return causes


def summary(code: str, evidence: Evidence, causes: list[str]) -> str:
    """Give the answer in one sentence."""
    hints = code in _HINTS or code.startswith("max_")
    hints = hints and not (code == "malformed_parameter" and evidence.place == "in the head")
    chunks = code not in _FRAMING and looks_chunked(evidence.start, sure=True)
    if causes and (chunks or not hints):
        return causes[0]
    member = Deviation.__members__.get(code.upper())
    text = evidence.message
    if member is not None:
        text = text.removesuffix(f"; {member.remedy}")
    return f"{text}, {evidence.place}" if evidence.place else text


def place_to_look(code: str, evidence: Evidence) -> Look | None:
    """Give the place to show instead of the fault's own, None for that one."""
    found, start = evidence.delimiter, evidence.start
    if code == "truncated":
        wrong = wrong_closing(evidence)
        if wrong is None:
            return None
        line, same = wrong
        last = len(evidence.end.rstrip(b"\r\n")) - len(line)
        offset = evidence.size - len(evidence.end) + last + same
        return Look(offset, (b"--" + evidence.boundary + b"--")[same:])
    if code not in ("boundary_not_found", "missing_boundary") or not start:
        return None
    if code == "missing_boundary" and evidence.report.content_type is not None:
        return None  # the head has the fault
    if found is None or not evidence.boundary or _is_cut(evidence) or is_escaped(start):
        return Look(0)
    same = common_start(evidence.boundary, found.boundary)
    return Look(found.offset + 2 + same, evidence.boundary[same:] + b"\r\n")


def _no_cause(evidence: Evidence) -> list[str]:
    return []


# The boundary


def _boundary_not_found(evidence: Evidence) -> list[str]:
    found, announced = evidence.delimiter, evidence.boundary
    if found is None or is_escaped(evidence.start):
        causes = other_format(evidence.start, evidence.report.kind, announced)
        return [*causes, *promised(evidence)]
    if _is_cut(evidence):
        stop = f"the body ends within its first delimiter line, after {evidence.size:,} bytes"
        return [stop, *promised(evidence)]
    if evidence.is_announced(found.boundary):
        return ["the delimiter is there, but what follows it on its line does not end the line"]
    where = "the body's first line is" if found.offset == 0 else "the first such line is"
    causes = [f"the boundary announced is {quoted(announced)}, but {where} {evidence.first_line()}"]
    how = difference(announced, found.boundary)
    causes.append(
        how
        or "they have little in common: head and body are of two different messages, or a client "
        "made the body anew and kept the old header"
    )
    return [*causes, *evidence.hint()]


def _is_cut(evidence: Evidence) -> bool:
    """Tell whether the body ends within its first line, which was right up to there."""
    found = evidence.delimiter
    return (
        found is not None and not found.line_end and evidence.boundary.startswith(found.boundary)
        and found.offset + 2 + len(found.boundary) == evidence.size
    )  # fmt: skip


def _first_line(evidence: Evidence) -> list[str]:
    found = evidence.delimiter
    if found is None or evidence.is_announced(found.boundary):
        return []
    return _boundary_not_found(evidence)


def _dashed_boundary(evidence: Evidence) -> list[str]:
    announced = evidence.boundary
    return [
        f"the boundary announced is {quoted(announced)}, and the lines are just that: they lack "
        "the two dashes of a delimiter",
        f"the header has to say boundary={announced[2:].decode('latin-1')}, without two of its "
        "dashes",
        f"--boundary {quoted(announced[2:])} reads it as it is",
    ]


def _missing_boundary(evidence: Evidence) -> list[str]:
    if evidence.report.content_type is None:
        return other_format(evidence.start, evidence.report.kind)
    return [
        "the Content-Type has no boundary: it was set by hand",
        "leave it to the client library, which knows the boundary",
        *evidence.hint(),
    ]


def _invalid_boundary(evidence: Evidence) -> list[str]:
    if evidence.report.content_type is None and is_escaped(evidence.start):
        return other_format(evidence.start, evidence.report.kind)
    return evidence.hint()


def _not_multipart(evidence: Evidence) -> list[str]:
    value = evidence.report.content_type or ""
    form = "application/x-www-form-urlencoded"
    if evidence.delimiter is None:
        if value.lower().startswith(form):
            return [
                f"the Content-Type is {form}, not multipart",
                'an HTML form sends files only with enctype="multipart/form-data"',
            ]
        causes = other_format(evidence.start, evidence.report.kind)
        return [f"the Content-Type is {_quoted(value)}, not multipart", *causes]
    if value.lower().startswith("multipart/") and "boundary" in value.lower():
        causes = [f"no ';' stands before the boundary in the Content-Type {_quoted(value)}"]
    else:
        line = evidence.first_line()
        causes = [
            f"the Content-Type is {_quoted(value)}, but the body looks like a multipart, with the "
            f"line {line}"
        ]
    return [*causes, *evidence.hint()]


def _quoted(value: str) -> str:
    return quoted(value.encode("utf-8", "surrogateescape"))


# Line ends and headers


def _first_lines(start: bytes) -> bytes:
    """Give the lines up to the first empty one: behind it, line ends may be those of content."""
    ends = [start.find(empty) + len(empty) for empty in (b"\n\n", b"\n\r\n") if empty in start]
    return start[: min(ends)] if ends else start


def _bare_lf(evidence: Evidence) -> list[str]:
    start = _first_lines(evidence.start)
    feeds, pairs = start.count(b"\n"), start.count(b"\r\n")
    if b"\r\r\n" in start:
        return [
            "lines end in CR CR LF: LF became CRLF twice",
            "write and copy the file in binary mode ('wb'), not as text",
        ]
    if not feeds and b"\r" in start:
        return ["lines end in CR alone, as on computers of old"]
    if not pairs and evidence.report.kind == "mail":
        return ["every line ends in LF, as mails are stored on Unix; in transit it is CRLF"]
    if not pairs:
        return [
            "every line ends in LF, where CRLF is due: the file was converted (an editor, git, "
            "text mode), or written by hand",
            "send or save the bytes as they are; of a copy that holds text only, sed 's/$/\\r/' "
            "makes CRLF again",
        ]
    if feeds > pairs:
        return [
            f"line ends are mixed, {pairs:,} CRLF and {feeds - pairs:,} LF at its start: was it "
            "put together by hand, or by a sender that does not hold to one?"
        ]
    return []


def _header(evidence: Evidence) -> list[str]:
    return ["is the empty line between the part's headers and its body missing?"]


def _malformed_parameter(evidence: Evidence) -> list[str]:
    value = evidence.report.content_type
    if value is not None and evidence.report.boundary is None:
        found = evidence.delimiter
        causes = ["the Content-Type of the message cannot be read: a boundary with ';', a space or "
                  "another special character in it needs double quotes"]  # fmt: skip
        if found is not None:
            causes.append(f'send boundary="{found.boundary.decode("latin-1")}"')
        return [*causes, *evidence.hint()]
    if "must be quoted" in evidence.message:
        return ["a value with a space or a quote in it needs double quotes around it"]
    return [
        "a quote is missing, or a quote or a backslash in a name was not escaped (a backslash "
        "before the closing quote hides it, as in a Windows path): write a quote as %22"
    ]


# Chunks and compression


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


#: The codes of what stands around the body.
_FRAMING: Final = frozenset(
    {"chunked", "content_encoding", "unsupported_coding", "message_cut", "head_too_long"}
)

_CAUSES: Final[dict[str, Callable[[Evidence], list[str]]]] = {
    "boundary_not_found": _boundary_not_found,
    "first_line_suffix": _first_line,
    "preamble": _first_line,
    "dashed_boundary": _dashed_boundary,
    "bare_lf": _bare_lf,
    "empty_body": empty_body,
    "truncated": truncated,
    "length_mismatch": promised,
    "message_cut": message_cut,
    "chunked": _chunked,
    "content_encoding": _content_encoding,
    "unsupported_coding": _unsupported_coding,
    "missing_boundary": _missing_boundary,
    "invalid_boundary": _invalid_boundary,
    "not_multipart": _not_multipart,
    "header_without_colon": _header,
    "invalid_header_name": _header,
    "delimiter_in_headers": _header,
    "max_header_line": _header,
    "max_header_block": _header,
    "malformed_parameter": _malformed_parameter,
}
