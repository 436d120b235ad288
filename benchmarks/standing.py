"""Renders the goals beside what was measured, and how ratios moved from one run to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import gate
from .goals import ASYNC, CLEAN, FORMS, LIMIT, SYNC, WRITER, Goal, Verdict
from .report import markdown, text
from .results import Table

_LAYERS = {SYNC: "sans-IO", ASYNC: "async reader", WRITER: "writer", FORMS: "forms"}
_LIMITS = {SYNC: "one bytes.find over the chunks (memchr)", WRITER: "a raw loop of 256 KiB reads"}
_LEFT = ("against", "met", "note")


def _lines(verdicts: Iterable[Verdict]) -> list[list[Verdict]]:
    """Those of one line together, in order, the lowest first."""
    lines: dict[str, list[Verdict]] = {}
    for item in verdicts:
        lines.setdefault(item.goal.together or item.goal.key, []).append(item)
    return [
        sorted(line, key=lambda item: (item.met, item.ratio is None, item.ratio or 0))
        for line in lines.values()
    ]


def _against(goal: Goal) -> str:
    if goal.against == LIMIT:
        return _LIMITS[goal.layer]
    return "our own clean upload, bytes a second" if goal.against == CLEAN else goal.against


def _goal(line: list[Verdict], floors: Mapping[str, float] | None) -> list[str]:
    first = line[0]
    goal = first.goal
    own = "" if goal.contender in ("partstream", "partstream-c") else f", {goal.contender}"
    case = "every case" if goal.together else goal.case
    measured = first.note if first.ratio is None else f"{first.ratio:.2f}"
    if goal.together and first.ratio is not None:
        measured += f" ({goal.case})"
    # The note of a line that has no ratio stands in its place.
    noted = [item for item in line if item.note and (item.ratio is not None or item is not first)]
    notes = [f"{item.goal.case}: {item.note}" if goal.together else item.note for item in noted]
    return [
        f"{_LAYERS[goal.layer]}{own}, {case}",
        _against(goal),
        f"{goal.at_least:g}",
        measured,
        "yes" if first.met else "no",
        *([] if floors is None else [f"{gate.floor(goal, floors):.2f}"]),
        "; ".join(notes),
    ]


def goals(
    verdicts: Iterable[Verdict], floors: Mapping[str, float] | None, as_markdown: bool
) -> str:
    """The goals with what was measured; of goals that stand together, the lowest.

    `floors` are the recorded ratios, where what CI holds is to stand there too.
    """
    held = [] if floors is None else ["held"]
    rows = [["work", "against", "at least", "measured", "met", *held, "note"]]
    rows += [_goal(line, floors) for line in _lines(verdicts)]
    return markdown(rows, _LEFT) if as_markdown else text(rows)


def differences(now: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    """What two runs do not have in common, a line each; the date aside."""
    return [
        f"another {key} than before: {now.get(key)}; before: {value}"
        for key, value in before.items()
        if key != "date" and now.get(key) != value
    ]


def compared(tables: Mapping[str, Table], before: Mapping[str, Table], least: float = 0.1) -> str:
    """Which ratios moved by more than a share of `least` against an earlier run's, and how."""
    rows = [["layer", "case", "contender", "before", "now", "moved"]]
    for layer, table in tables.items():
        for row in table.rows:
            old = before[layer].row(row.case) if layer in before else None
            for name in table.contenders:
                then = old.ratio(name, table.baseline) if old else None
                now = row.ratio(name, table.baseline)
                if then and now and abs(now / then - 1) >= least:
                    moved = f"{now / then - 1:+.0%}"
                    rows.append([layer, row.case, name, f"{then:.2f}x", f"{now:.2f}x", moved])
    if len(rows) == 1:
        return f"no ratio moved by {least:.0%} or more"
    return text(rows)
