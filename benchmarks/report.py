"""Renders tables, as aligned text or as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from .results import CaseResult, Cell, Table

Rows = list[list[str]]


def seconds(value: float) -> str:
    """Three significant digits and the unit that suits."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1 or unit == "us":
            number = value * factor
            digits = 0 if number >= 100 else 1 if number >= 10 else 2
            return f"{number:.{digits}f} {unit}"
    raise AssertionError("not reached")


def _times(ratio: float | None) -> str:
    if ratio is None:
        return ""
    digits = 1 if ratio >= 1.05 else 2 if ratio >= 0.01 else 4
    return f"{ratio:.{digits}f}x"


class _Notes:
    """Footnotes, numbered as they come."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def mark(self, text: str) -> str:
        self.lines.append(f"[{len(self.lines) + 1}] {text}")
        return f"[{len(self.lines)}]"


def _cell(row: CaseResult, name: str, table: Table, notes: _Notes) -> str:
    cell: Cell = row.cells[name]
    mark = notes.mark(f"{row.case}, {name}: {cell.reason}") if cell.reason else ""
    if cell.seconds is None:
        return f"{cell.status} {mark}".strip()
    ratio = "" if name == table.baseline else _times(row.ratio(name, table.baseline))
    return " ".join(piece for piece in (seconds(cell.seconds), ratio, mark) if piece)


def times(table: Table) -> tuple[Rows, list[str]]:
    """Time and ratio of each contender on each case, and the footnotes."""
    notes = _Notes()
    rows = [["case", *table.contenders]]
    for row in table.rows:
        rows.append([row.case, *(_cell(row, name, table, notes) for name in table.contenders)])
    return rows, notes.lines


def _rate(row: CaseResult, name: str) -> str:
    rate = row.rate(name)
    if rate is None:
        return row.cells[name].status
    if not row.limit:
        return f"{rate:.0f}"
    share = row.limit / (row.nbytes / rate / 1e6)
    return f"{rate:.0f} {share:.{0 if share >= 0.01 else 2}%}"


def rates(table: Table) -> Rows:
    """MB/s where bytes are what takes the time, and the share of the memchr limit."""
    head = ["limit"] if any(row.limit for row in table.rows) else []
    rows = [["case", *head, *table.contenders]]
    for row in table.rows:
        if row.throughput:
            limit = [f"{row.nbytes / row.limit / 1e6:.0f}"] if row.limit else []
            rows.append([row.case, *limit, *(_rate(row, name) for name in table.contenders)])
    return rows


def text(rows: Rows) -> str:
    """Columns aligned, the first to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: list[str], widths: list[int]) -> str:
    first, *rest = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return "  ".join(cells).rstrip()


def markdown(rows: Rows, left: Container[str] = ()) -> str:
    """A pipe table, the first column and those headed by one of `left` to the left."""
    head, *body = rows
    ruler = ["---", *("---" if title in left else "---:" for title in head[1:])]
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (head, ruler, *body)]
    return "\n".join("| " + " | ".join(row) + " |" for row in escaped)


def render(tables: Iterable[Table], heading: dict[str, str], as_markdown: bool) -> str:
    """The whole report."""
    grid: Callable[[Rows], str] = markdown if as_markdown else text
    bullet, title = ("- ", "## ") if as_markdown else ("", "")
    parts = ["\n".join(f"{bullet}{key}: {value}" for key, value in heading.items())]
    for table in tables:
        rows, notes = times(table)
        parts.append(f"{title}{table.title}: time a pass, and how many times as fast as"
                     f" {table.baseline}")  # fmt: skip
        parts.append(grid(rows))
        parts.extend([("\n\n" if as_markdown else "\n").join(notes)] if notes else [])
        if any(row.throughput for row in table.rows):
            share = (
                f", and the share of {table.limit}" if any(row.limit for row in table.rows) else ""
            )
            parts.append(f"{title}{table.title}: MB/s{share}")
            parts.append(grid(rates(table)))
    return "\n\n".join(parts)
