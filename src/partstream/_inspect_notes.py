"""What is odd about a body that could be read, or about what was read of it."""

from __future__ import annotations

from ._inspect_difference import difference, quoted
from ._inspect_evidence import Evidence
from ._inspect_formats import looks_chunked
from ._inspect_report import Part
from .message import BOM, Delimiter, first_delimiter

__all__ = ["lost_child", "notes"]


def notes(evidence: Evidence, first: int | None, end: int) -> list[str]:
    """Give what is odd, as sentences.

    Args:
        evidence: what is known.
        first: where the headers of the first part start, None without parts.
        end: where the closing delimiter ended, -1 where it did not come.
    """
    found: list[str] = []
    report = evidence.report
    if evidence.start.startswith(BOM):
        found.append("the body starts with a byte order mark: an editor saved it as text")
    if first is not None:
        found += _preamble(evidence, first)
    if 0 <= end < report.body_size - 2 and report.fault is None:
        size = report.body_size - end
        found.append(f"{size:,} bytes of the body follow its closing delimiter")
    if evidence.rest and report.fault is None:
        found.append(f"{evidence.rest:,} bytes follow the message in the file: another message?")
    return found


def lost_child(part: Part, start: bytes, outer: list[bytes | None]) -> str:
    """Say why a multipart within another one has no parts.

    Args:
        part: the inner multipart.
        start: the bytes from its start.
        outer: the boundaries of those around it.
    """
    note = f"part {part.number} is a multipart in which no delimiter was found"
    found, announced = first_delimiter(start), part.boundary
    if found is None or announced is None or announced in (found.boundary, found.boundary[:-2]):
        return note
    if found.boundary in outer or found.boundary[:-2] in outer:
        return note
    line = quoted(b"--" + found.boundary)
    how = difference(announced, found.boundary)
    return f"{note}: it announces {quoted(announced)}, and its first such line is {line}" + (
        f"; {how}" if how else ""
    )


def _preamble(evidence: Evidence, first: int) -> list[str]:
    """Say what stands before the first part and is skipped, if it is worth a word."""
    shown, start = evidence.delimiter, evidence.start
    if looks_chunked(start, sure=True):
        if evidence.report.fault is not None:  # and says that
            return []
        return ["the body looks chunked still: --undo chunked reads it without the chunk sizes"]
    if shown is not None and _is_before(shown, first, evidence):
        line = evidence.first_line()
        return [
            f"the preamble has a line {line}, which is skipped with all up to the next delimiter"
        ]
    size = 0 if shown is None else shown.offset
    before = start[:size].removeprefix(BOM)
    if not before.strip() or evidence.report.kind == "mail":  # a mail says there what MIME is
        return []
    what = f"{size:,} bytes stand before the first delimiter and are skipped"
    if b"HTTP/1." not in before and b"content-type:" not in before.lower():
        return [what]
    if any(line.startswith((b"> ", b"< ")) for line in before.splitlines()):
        return [
            f"{what}: what curl --verbose prints, with a mark before each line, is no head; "
            "--include --output saves an answer as it came"
        ]
    if b"HTTP/1.1 100" in before:
        return [f"{what}: an interim response (100 Continue) was saved with the request"]
    return [f"{what}: a head is in them that was not read as one; does the file start with it?"]


def _is_before(delimiter: Delimiter, first: int, evidence: Evidence) -> bool:
    """Tell whether this is not the delimiter before the first part, but one before that."""
    end = delimiter.offset + 2 + len(delimiter.boundary)
    own_line = len(evidence.boundary) + 4
    return end < first - own_line and not evidence.is_announced(delimiter.boundary)
