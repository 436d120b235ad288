"""A report for people: the answer first, then what it is, a table of the parts, and what is wrong.

Every value of the peer passes through :class:`Text`, so nothing of it can move a cursor or break
a line.  Columns are as wide as what is in them, up to what the terminal leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ._inspect_fault import counted, fault, verdicts, wrapped
from ._inspect_report import Part, Report
from ._inspect_text import Text, amount, width

__all__ = ["render"]

_KINDS: Final = {
    "request": "HTTP request",
    "response": "HTTP response",
    "mail": "mail",
    "body": "multipart body",
}
_WIDEST: Final = 40
_NARROWEST: Final = 8
_PAGE: Final = 100  # columns of running text where there is no terminal
_GAP: Final = "  "
_INDENT: Final = "  "
_DEEP: Final = 10  # levels that are indented


class _Column(NamedTuple):
    title: str
    right: bool = False
    flexible: bool = False


_COLUMNS: Final = (
    _Column("part"),
    _Column("name", flexible=True),
    _Column("filename", flexible=True),
    _Column("type", flexible=True),
    _Column("size", right=True),
    _Column("", right=True),
    _Column("offset", right=True),
    _Column("in file", right=True),
    _Column("sha256"),
)


def render(report: Report, text: Text, columns: int | None) -> Iterator[str]:
    """Give the lines to print.

    Args:
        report: what to show.
        text: makes values printable.
        columns: how wide the terminal is, None where it is no terminal.
    """
    page = columns or _PAGE
    for line in (_answer(report, text), _summary(report, text)):
        # What is no terminal may be grep, or head -1: it gets the answer in one line.
        yield from [line] if columns is None else wrapped(line, columns)
    if report.parts:
        yield ""
        yield from _table(report, text, columns)
        yield ""
    for part in report.parts:
        if part.path is not None:
            cut = "" if part.complete else ", cut short"
            yield f"wrote {text.shown(part.path, 400)}, {_bytes(part.size or 0)}{cut}"
    for note in report.notes:
        yield from wrapped(f"note: {text.sentence(note)}", page)
    if report.fault is not None:
        if not report.parts or report.notes:
            yield ""
        yield from fault(report.fault, text, page)
    if report.policies:
        if report.fault is not None or report.notes:
            yield ""
        yield from verdicts(report.policies, page)


def _answer(report: Report, text: Text) -> str:
    """Give what most people want to know, and nothing else."""
    source = "standard input" if report.source == "-" else text.shown(report.source, 200)
    if report.fault is not None:
        return f"{source}: {text.sentence(report.fault.summary)} [{report.fault.code}]"
    cut = any(not part.complete for part in report.parts if not part.multipart)
    found = "cut short" if cut else "no fault"
    notes = f", {counted(len(report.notes), 'note')}" if report.notes else ""
    return f"{source}: {counted(len(report.parts), 'part')}, {found}{notes}"


def _summary(report: Report, text: Text) -> str:
    kind = _KINDS[report.kind]
    if report.start_line:
        kind += f" {text.shown_bytes(report.start_line, 50)}"
    type_ = f"multipart/{report.subtype}" if report.subtype else "type unknown"
    if report.content_type is not None:
        type_ = report.content_type.partition(";")[0].strip() or type_
    words = [kind, text.shown(type_)]
    if report.boundary is not None:
        words.append(f"boundary {text.shown_bytes(report.boundary, 80)}")
    words.append(f"{_bytes(report.body_size)} of body")
    undone = [*(["chunked"] if report.chunked else []), *report.codings]
    if undone:
        words.append(f"{text.shown(' and '.join(undone))} undone")
    words.append(f"backend {report.backend}")
    return ", ".join(words)


def _bytes(size: int) -> str:
    readable = amount(size)
    return counted(size, "byte") + (f" ({readable})" if readable else "")


def _table(report: Report, text: Text, columns: int | None) -> Iterator[str]:
    used = _used(report)
    limits = _limits(report, text, used, columns)
    titles = [_COLUMNS[index].title for index in used]
    widths = [width(title) for title in titles]
    for part in report.parts:
        for place, cell in enumerate(_row(part, report, text, used, limits)):
            widths[place] = max(widths[place], width(cell))
    yield _line(titles, used, widths)
    for part in report.parts:
        yield _line(_row(part, report, text, used, limits), used, widths)


def _used(report: Report) -> list[int]:
    """Leave out the columns that would say nothing: offsets twice, digests nobody asked for."""
    file_offset = report.file_offset_known and report.body_offset > 0
    digest = any(part.sha256 for part in report.parts)
    wanted = {"in file": file_offset, "sha256": digest}
    return [index for index, column in enumerate(_COLUMNS) if wanted.get(column.title, True)]


def _limits(report: Report, text: Text, used: Sequence[int], columns: int | None) -> dict[int, int]:
    """Say how wide each column may be, so that a line fits the terminal."""
    limits = dict.fromkeys(used, _WIDEST)
    limits.update({index: 64 for index in used if _COLUMNS[index].title == "sha256"})
    if columns is None:
        return limits
    widths = {index: width(_COLUMNS[index].title) for index in used}
    for part in report.parts:
        for index, cell in zip(used, _row(part, report, text, used, limits), strict=True):
            widths[index] = max(widths[index], width(cell))
    flexible = [index for index in used if _COLUMNS[index].flexible]
    shown = [size for size in widths.values() if size]
    excess = sum(shown) + len(_GAP) * (len(shown) - 1) - columns
    while excess > 0:
        widest = max(flexible, key=lambda index: widths[index])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        excess -= 1
    limits.update({index: widths[index] for index in flexible})
    return limits


def _row(
    part: Part, report: Report, text: Text, used: Sequence[int], limits: dict[int, int]
) -> list[str]:
    in_file = report.in_file(part.offset)
    size, readable = _size(part)
    cells = [
        _INDENT * min(part.depth, _DEEP) + text.shown(part.number, _WIDEST),
        text.shown(part.name, limits[1]),
        text.shown(part.filename, limits[2]),
        text.shown(part.content_type, limits[3]),
        size,
        readable,
        f"{part.offset:,}",
        "" if in_file is None else f"{in_file:,}",
        part.sha256 or "",
    ]
    return [cells[index] for index in used]


def _size(part: Part) -> tuple[str, str]:
    if part.size is None:
        count = counted(part.children, "part")
        return count, "" if part.complete else "not closed"
    return f"{part.size:,}", amount(part.size) if part.complete else "cut short"


def _line(cells: Sequence[str], used: Sequence[int], widths: Sequence[int]) -> str:
    padded: list[str] = []
    for cell, index, size in zip(cells, used, widths, strict=True):
        if size:
            space = " " * (size - width(cell))
            padded.append(space + cell if _COLUMNS[index].right else cell + space)
    return _GAP.join(padded).rstrip()
