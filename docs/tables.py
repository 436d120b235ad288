"""Makes the tables of the pages here, from the lists that the library and its tests are made of.

``python docs/tables.py`` writes them between the marks of the pages.  With ``--check`` nothing is
written, and the status is 1 where a page is not what would be written.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import Field, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args, get_type_hints

DOCS: Final = Path(__file__).parent
for _folder in (DOCS, DOCS.parent / "tests", DOCS.parent / "src"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from causes import ATTACKS, CAUSES  # noqa: E402

from partstream import Deviation, Limits, MultipartError, Policy  # noqa: E402
from partstream.policy import Tolerance  # noqa: E402
from support.behaviours import (  # noqa: E402
    HEADERS,
    POLICIES,
    READINGS,
    STREAMS,
    Cells,
    ReaderRow,
    Row,
)
from support.evasion import LEFT, NAMES, SPLIT  # noqa: E402
from support.form_rows import FORMS  # noqa: E402

#: The head, then the other lines; cells are Markdown.
Table = list[list[str]]

_MARKUP: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\*_<`["})


def markdown(table: Table) -> str:
    """Write a table."""
    head, *lines = [[cell.replace("|", "\\|") for cell in line] for line in table]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *lines))


def _plain(text: str) -> str:
    return text.translate(_MARKUP)


def _code(value: object) -> str:
    return f"`{value}`"


# The policy


def _fields(kind: type[Policy] | type[Limits]) -> list[Field[Any]]:
    return [item for item in fields(kind) if item.init]


def _options(name: str) -> tuple[Any, ...]:
    """Give all values that a field of the policy takes."""
    return get_args(get_type_hints(Policy)[name]) or (False, True)


def _values(name: str) -> str:
    if _options(name) == get_args(Tolerance):
        return "a tolerance"
    return ", ".join(_code(option) for option in _options(name))


def policy() -> Table:
    """Every field of ``Policy``."""
    table = [["field", "row", "what it is about", "values", *POLICIES]]
    for item in _fields(Policy):
        presets = (_code(getattr(getattr(Policy, name), item.name)) for name in POLICIES)
        row, doc = item.metadata["row"], item.metadata["doc"]
        table.append([_code(item.name), row, doc.rstrip("."), _values(item.name), *presets])
    return table


# The behaviour table


class _Family(NamedTuple):
    """What cases of a row have in common that stand in one line of the table."""

    row: str
    where: str
    shows: str
    outcomes: tuple[str, ...]


_Cases = Iterable[tuple[str, _Family]]


def _of_headers() -> _Cases:
    """Give what the input of each case is, and its family."""
    for header in HEADERS:
        yield header.what, _Family(header.row, "Content-Type", "boundary", _outcomes(header.cells))


def _of_streams(rows: Iterable[Row | ReaderRow]) -> _Cases:
    for row in rows:
        both = row.form is not None and row.form == row.other
        cells = {"any": row.form} if both else {"form": row.form, "other": row.other}
        for where, of_policies in cells.items():
            if of_policies is not None:
                yield row.what, _Family(row.row, where, row.shows, _outcomes(of_policies))


def _in_order(row: str) -> tuple[str, int]:
    return row[0], int(row[1:] or 0)


def _outcomes(cells: Cells) -> tuple[str, ...]:
    return tuple(_outcome(cell) for cell in cells)


def _outcome(cell: str) -> str:
    """Write a cell; the offset of the error is for the tests only."""
    parts, mark, fault = f" {cell}".rpartition(" !")
    if not mark:
        return _code(cell)
    error = f"error {_code(fault.partition('@')[0])}"
    return f"{_code(parts.strip())}, then {error}" if parts.strip() else error


def behaviours() -> Table:
    """What a parser makes of each input, and so a reader."""
    return _in_lines("shown", (*_of_headers(), *_of_streams(STREAMS)))


def readings() -> Table:
    """What only a reader shows."""
    return _in_lines("asked for", _of_streams(READINGS))


def forms() -> Table:
    """What only ``parse_form`` shows."""
    table = [["row", "input", *POLICIES]]
    for row in FORMS:
        table.append([row.row, row.what, *_outcomes(row.cells)])
    return table


def _in_lines(shown: str, cases: _Cases) -> Table:
    """Give one line for all cases of a row that come to the same."""
    families: dict[_Family, list[str]] = {}
    for what, family in cases:
        families.setdefault(family, []).append(what)
    table = [["row", "input", "in a", shown, *POLICIES]]
    for family in sorted(families, key=lambda family: _in_order(family.row)):
        row, where, shows, outcomes = family
        table.append([row, "; ".join(families[family]), where, shows, *outcomes])
    return table


# The limits


def _presets() -> list[str]:
    return [name for name, value in vars(Limits).items() if isinstance(value, Limits)]


def limits() -> Table:
    """Every field of ``Limits``."""
    table = [["limit", "unit", "what is counted", *(_code(name) for name in _presets())]]
    for item in _fields(Limits):
        values = (getattr(getattr(Limits, name), item.name) for name in _presets())
        shown = ["unlimited" if value is None else str(value) for value in values]
        unit, doc = item.metadata["unit"], item.metadata["doc"]
        table.append([_code(item.name), unit, _plain(doc.rstrip(".")), *shown])
    return table


# The errors


def _kind(error: MultipartError) -> str:
    return f"{_code(type(error).__name__)}, {error.http_status}"


@cache
def _masks(name: str) -> list[tuple[int, int]]:
    """Give what the policy tolerates for each value of a field: in forms, and elsewhere."""
    choices: list[dict[str, Any]] = [{name: value} for value in _options(name)]
    policies = [Policy(**choice) for choice in choices]
    return [(policy.form_mask, policy.other_mask) for policy in policies]


def _field_of(deviation: Deviation) -> str:
    """Give the field of the policy that makes the difference for a deviation, if any does."""
    bit = deviation.bit
    for item in _fields(Policy):
        if len({(form & bit, other & bit) for form, other in _masks(item.name)}) > 1:
            return _code(item.name)
    return "none"


def _cause(code: str) -> str:
    if code not in CAUSES:
        raise LookupError(f"the error {code} has no likely cause yet: add it to docs/causes.py")
    return _plain(CAUSES[code])


def faults() -> Table:
    """Every deviation."""
    table = [["code", "error, status", "what was met", "likely cause", "what helps", "field"]]
    for item in sorted(Deviation, key=lambda item: item.code):
        texts = [_plain(item.text), _cause(item.code), _plain(item.remedy)]
        table.append([_code(item.code), _kind(item.at(0)), *texts, _field_of(item)])
    return table


def exceeded() -> Table:
    """Every limit, as an error."""
    table = [["code", "error, status", "more than is allowed of", "likely cause"]]
    for item in _fields(Limits):
        if item.metadata["soft"]:
            continue  # where it is gone over, a file goes to disk
        doc, error = _plain(item.metadata["doc"].rstrip(".")), Limits.STREAM.exceeded(item.name, 0)
        texts = [doc[0].lower() + doc[1:], _cause(item.name)]
        table.append([_code(item.name), _kind(error), *texts])
    return table


# Attacks


def evasion() -> Table:
    """What parsers read in different ways, and what STRICT does with it."""
    table = [["row", "what it is about", "read otherwise by", "under STRICT"]]
    for row, names in SPLIT.items():
        cells = [item for item in STREAMS if item.row == row]
        strict = {cell.strict for item in cells for cell in (item.form, item.other) if cell}
        codes = {code.partition("@")[0] for cell in strict for code in re.findall(r"!(\S+)", cell)}
        what = _code(", ".join(sorted(codes))).replace(", ", "`, `") if codes else ""
        left = LEFT.get(row, "")
        verdict = "; ".join(text for text in (f"refused: {what}" if codes else "", left) if text)
        abouts = "; ".join(dict.fromkeys(item.what for item in cells[:3]))
        table.append([row, abouts, ", ".join(NAMES[name] for name in names), verdict])
    return table


def attacks() -> Table:
    """Which attack each limit stops."""
    table = [["limit", "`STREAM`", "`FORM`", "what it stops", "seen as"]]
    for item in _fields(Limits):
        what, seen = ATTACKS[item.name]
        values = (getattr(preset, item.name) for preset in (Limits.STREAM, Limits.FORM))
        shown = ["unlimited" if value is None else str(value) for value in values]
        table.append([_code(item.name), *shown, what, seen])
    return table


# The pages

TABLES: Final[dict[str, Callable[[], Table]]] = {
    "policy": policy,
    "behaviours": behaviours,
    "readings": readings,
    "forms": forms,
    "limits": limits,
    "faults": faults,
    "exceeded": exceeded,
    "evasion": evasion,
    "attacks": attacks,
}
END: Final = "\n<!-- end of table -->"


def mark(name: str) -> str:
    """Give the line that stands above a table."""
    return f"<!-- table {name}: made by docs/tables.py -->\n"


def pages() -> list[Path]:
    """Give all pages that hold a table."""
    marks = [mark(name) for name in TABLES]
    found = sorted(DOCS.glob("*.md"))
    return [page for page in found if any(line in _text(page) for line in marks)]


def filled(text: str) -> str:
    """Give the text of a page with its tables made anew.

    Raises:
        ValueError: where a table has no end mark.
    """
    for name, make in TABLES.items():
        before, begin, rest = text.partition(mark(name))
        if begin:
            _, end, after = rest.partition(END)
            if not end:
                raise ValueError(f"the table {name} has no line {END.strip()!r} below it")
            text = f"{before}{begin}\n{markdown(make())}{end}{after}"
    return text


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Write the tables, or check them; give the exit status."""
    parser = argparse.ArgumentParser(description="Make the tables of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    check = parser.parse_args(arguments).check
    stale = [page for page in pages() if filled(_text(page)) != _text(page)]
    for page in stale:
        if check:
            print(f"{page.name} is not up to date: run python docs/tables.py", file=sys.stderr)
        else:
            page.write_text(filled(_text(page)), encoding="utf-8", newline="\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
