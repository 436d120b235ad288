"""What CI holds: no ratio may fall below its floor, however slow the machine is.

A ratio is taken within one process, so a slow machine does not lower it, but a busy one moves it by
a quarter and more. So the floor of a goal lies below what was measured, and a goal that seems lost
is measured again before it is called lost. Small losses are for the instruction counts to find.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import measure
from .goals import BASELINE, GOALS, Goal, Verdict, judge
from .layers import Plan
from .measure import Tell
from .results import Table

#: The ratios that `--quick --record` measured last, by `Goal.key`.
RECORD = Path(__file__).with_name("floors.json")
#: Quick runs on a busy machine have shown ratios a tenth apart, and a fifth at the worst.
MARGIN = 0.75
#: How often a row that seems lost is measured again.
AGAIN = 2


@dataclass(frozen=True, slots=True)
class Lost:
    """A goal that stayed under its floor."""

    verdict: Verdict
    floor: float

    def __str__(self) -> str:
        goal, ratio = self.verdict.goal, self.verdict.ratio
        found = "no time" if ratio is None else f"{ratio:.2f} times"
        note = f" ({self.verdict.note})" if self.verdict.note else ""
        return f"{goal.key}: {found}, held at {self.floor:.2f}; goal {goal.at_least:g}{note}"


def load(path: Path = RECORD) -> dict[str, float]:
    """The recorded ratios; none where nothing was recorded, so that the goals themselves hold."""
    if not path.exists():
        return {}
    ratios: dict[str, float] = json.loads(path.read_text())["ratios"]
    return ratios


def floor(goal: Goal, recorded: Mapping[str, float]) -> float:
    """The goal itself where the recorded ratio is well above it, or there is none; else below."""
    ratio = recorded.get(goal.key)
    return goal.at_least if ratio is None else min(goal.at_least, MARGIN * ratio)


def lost(verdicts: Iterable[Verdict], recorded: Mapping[str, float]) -> list[Lost]:
    """Those under their floors."""
    found = []
    for verdict in verdicts:
        least = floor(verdict.goal, recorded)
        held = verdict.met if verdict.ratio is None else verdict.ratio >= least
        if not held:
            found.append(Lost(verdict, least))
    return found


def _again(goals: list[Goal], plan: Plan, tell: Tell) -> list[Verdict]:
    """Measure these goals alone anew, all of a layer's case in one process and in turns."""
    groups: dict[tuple[str, tuple[str, ...]], list[Goal]] = {}
    for goal in goals:
        groups.setdefault((goal.layer, goal.cases), []).append(goal)
    verdicts = []
    for (layer, only), group in groups.items():
        wanted = {name for goal in group for name in (goal.contender, goal.against)}
        if BASELINE in wanted:  # where it does not answer, the fastest that does takes its place
            wanted.update(measure.names(layer))
        again = measure.table(layer, plan, tell, only, wanted)
        verdicts += judge({layer: again}, group)
    return verdicts


def hold(tables: Mapping[str, Table], plan: Plan, tell: Tell) -> list[Lost]:
    """Judge, measure again what seems lost, and give what stays so."""
    recorded = load()
    found = lost(judge(tables), recorded)
    for attempt in range(AGAIN):
        if found:
            tell(f"under their floors: {len(found)}; measured again, {attempt + 1} of {AGAIN}")
            found = lost(_again([item.verdict.goal for item in found], plan, tell), recorded)
    return found


def record(tables: Mapping[str, Table], heading: Mapping[str, str], plan: Plan, tell: Tell) -> None:
    """Write the ratios of this run, and of a second one the lower, as what floors are made of."""
    first = judge(tables)
    second = {item.goal: item.ratio for item in _again(list(GOALS), plan, tell)}
    ratios = {}
    for item in first:
        other = second.get(item.goal)
        if item.ratio is not None and other is not None:
            ratios[item.goal.key] = float(f"{min(item.ratio, other):.3g}")
    where = {name: heading[name] for name in ("machine", "python", "date")}
    RECORD.write_text(json.dumps({**where, "ratios": ratios}, indent=1) + "\n")
