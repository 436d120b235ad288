"""What CI holds: no ratio may fall below its floor, however slow the machine is.

A ratio is taken within one process, so a slow machine does not lower it, but chance moves it by a
quarter and more. So the floor of a goal lies below what was measured, and a goal that seems lost
is measured again before it is called lost. Small losses are for the instruction counts to find.

What Python itself takes has a share in most ratios, so each version of it has ratios of its own.
Where a version has none, nothing is held, which is said; and is a failure where
PARTSTREAM_REQUIRE_PEERS=1 says that nothing may be left out. The ratios of another version, or the
goals alone, would call lost what never was, or hold nothing that matters.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low
from typing import Any

from . import cases, machine, measure
from .goals import BASELINE, FORMS, GOALS, WRITER, Goal, Verdict, judge
from .layers import Plan
from .measure import Tell
from .results import Table

#: What `--quick --record` measured last with each version of Python: ratios by `Goal.key`.
RECORD = Path(__file__).with_name("floors.json")
#: A floor's share of the recorded ratio. In eight quick runs, half of them with each core taken by
#: others too, 9 of 912 ratios were under this share of the recorded ones, and seven of these of one
#: body that had come to lie badly in memory: made anew it was as fast as ever.
MARGIN = 0.75
#: The same where one of both hands files to a thread. What that takes of the processor is up to
#: whether the system wakes the thread on the same core: 1.3 to 2.9 ms for the same 4 MiB.
THREADS_MARGIN = 0.6
#: The same of forms in frameworks: a request is subtracted, and what medians are off by is a larger
#: share of what is left. With 16 processes waiting for two cores, 24 of 28 ratios differed by less
#: than 23% between two runs, the others by 27 to 36%.
FORMS_MARGIN = 0.7
#: Who does so: against each other and against the raw loop.
_THREADED = ("partstream", "aiohttp")
#: How often a row that seems lost is measured again.
AGAIN = 3
#: How many runs the recorded ratios are the medians of. The lowest of three had once been a sixth
#: of all others, before and after: a floor of that holds nothing.
RUNS = 3


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


def records() -> dict[str, Any]:
    """All that is recorded, by interpreter."""
    found: dict[str, Any] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return found


def load() -> dict[str, float] | None:
    """The ratios that were recorded with this version of Python; None where none were."""
    entry = records().get(machine.interpreter())
    if entry is None:
        return None
    ratios: dict[str, float] = entry["ratios"]
    return ratios


def floor(goal: Goal, recorded: Mapping[str, float]) -> float:
    """The goal itself where the recorded ratio is well above it, or there is none; else below."""
    ratio = recorded.get(goal.key)
    return goal.at_least if ratio is None else min(goal.at_least, margin(goal) * ratio)


def margin(goal: Goal) -> float:
    """The share of a recorded ratio that may be lost without a loss being called."""
    if goal.layer == FORMS:
        return FORMS_MARGIN
    threaded = goal.contender in _THREADED or goal.against in _THREADED
    files = goal.layer == WRITER and goal.case.startswith("write-file")
    return THREADS_MARGIN if threaded and files else MARGIN


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
    """Measure these goals alone anew, with bodies made anew: a ratio may be up to where one lies.

    All of a layer's case are measured in turns, as ever.
    """
    cases.load.cache_clear()
    groups: dict[tuple[str, tuple[str, ...]], list[Goal]] = {}
    forms = [goal for goal in goals if goal.layer == FORMS]
    if forms:  # together: each framework is a process
        groups[FORMS, tuple(goal.case for goal in forms)] = forms
    for goal in goals:
        if goal.layer != FORMS:
            groups.setdefault((goal.layer, goal.cases), []).append(goal)
    verdicts = []
    for (layer, only), group in groups.items():
        wanted = {name for goal in group for name in (goal.contender, goal.against)}
        if BASELINE in wanted:  # where it does not answer, the fastest that does takes its place
            wanted.update(measure.names(layer))
        again = measure.table(layer, plan, tell, only, wanted)
        verdicts += judge({layer: again}, group)
    return verdicts


def hold(
    tables: Mapping[str, Table], recorded: Mapping[str, float], plan: Plan, tell: Tell
) -> list[Lost]:
    """Judge, measure again what seems lost, and give what stays so."""
    found = lost(judge(tables), recorded)
    for attempt in range(AGAIN):
        if found:
            tell(f"under their floors: {len(found)}; measured again, {attempt + 1} of {AGAIN}")
            found = lost(_again([item.verdict.goal for item in found], plan, tell), recorded)
    return found


def failures(tables: Mapping[str, Table], plan: Plan, tell: Tell) -> list[str]:
    """A line for each goal that stays under its floor; one where there are no floors to hold."""
    recorded = load()
    if recorded is None:
        line = (
            f"no ratio is held: none are recorded for {machine.interpreter()}, but for"
            f" {', '.join(records()) or 'no other'}; ci/bench --quick --record records them"
        )
        if os.environ.get("PARTSTREAM_REQUIRE_PEERS") == "1":
            return [line]
        tell(line)
        return []
    return [f"lost: {item}" for item in hold(tables, recorded, plan, tell)]


def record(tables: Mapping[str, Table], heading: Mapping[str, str], plan: Plan, tell: Tell) -> None:
    """Write the median ratios of this run and of more of them, as what floors are made of.

    What is recorded of other versions of Python stays.
    """
    runs = [judge(tables), *(_again(list(GOALS), plan, tell) for _ in range(RUNS - 1))]
    found: dict[str, list[float]] = {}
    for verdict in (verdict for run in runs for verdict in run):
        if verdict.ratio is not None:
            found.setdefault(verdict.goal.key, []).append(verdict.ratio)
    ratios = {key: float(f"{median_low(taken):.3g}") for key, taken in found.items()}
    ratios = {goal.key: ratios[goal.key] for goal in GOALS if goal.key in ratios}
    where = {name: heading[name] for name in ("machine", "python", "date")}
    entries = records() | {machine.interpreter(): {**where, "ratios": ratios}}
    RECORD.write_text(json.dumps(entries, indent=1) + "\n")
