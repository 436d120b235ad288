"""The goals: each a ratio that partstream has to reach, and how it is computed from the tables.

A goal is held against one case. A peer that is wrong on a case, refuses it or had to be stopped
counts as beaten there; where it is the one that the goal names, the fastest peer that answers
takes its place, and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from . import cases, form_goals
from .results import CaseResult, Table

SYNC, ASYNC, WRITER = "sync", "async", "writer"
#: Forms in frameworks: no table of the page, but judged and held as the tables are.
FORMS = "forms"
OWN, PURE = "partstream-c", "partstream-py"
BASELINE = "multipart"
#: Things to compare with that are no contenders: the limit beside the table, and our own upload.
LIMIT, CLEAN = "limit", "clean"

#: The case that is our own clean upload: of the size of the worst cases, so that all of them come
#: out of the same cache, or out of none.
CLEAN_CASE = "clean"
#: Bodies made to be slow. (`one-byte` is a way to cut a body, and is in the scaling by chunk.)
WORST = ("all-crlf", "all-cr", "all-lf", "dashes", "delimiter-less-one", "delimiter-plus-one",
         "preamble")  # fmt: skip
#: Who has to be behind on every case.
BEHIND = ("emmett-core", "streaming-form-data", "python-multipart", "werkzeug", "django")
_CASES = tuple(case.name for case in cases.ALL)


@dataclass(frozen=True, slots=True)
class Goal:
    """`contender` is to be `at_least` times as fast as `against` on one case of a layer.

    Against LIMIT it is the share of the row's limit; against CLEAN, bytes a second over those of
    CLEAN_CASE. Goals that have the same `together` are one line of the report, by the lowest.
    """

    layer: str
    case: str
    against: str
    at_least: float
    contender: str = OWN
    together: str = ""

    @property
    def key(self) -> str:
        """Its name in files and messages."""
        return f"{self.layer} {self.case}: {self.contender} / {self.against}"

    @property
    def cases(self) -> tuple[str, ...]:
        """What has to be measured to judge it."""
        return (self.case, CLEAN_CASE) if self.against == CLEAN else (self.case,)


def _goals(layer: str, against: str, at_least: Mapping[str, float], own: str = OWN) -> list[Goal]:
    return [Goal(layer, case, against, ratio, own) for case, ratio in at_least.items()]


def _all(against: str, contender: str, together: str) -> list[Goal]:
    return [Goal(SYNC, case, against, 1, contender, together) for case in _CASES]


def _every() -> Iterator[Goal]:
    yield from _goals(SYNC, BASELINE, {
        "fields-2": 8, "fields-100": 12, "fields-1000": 12,
        "text": 3, "random": 2, "mixed": 2.5,
        "all-crlf": 2, "all-cr": 2, "all-lf": 2, "dashes": 2,
        "delimiter-less-one": 1.5, "delimiter-plus-one": 1,
    })  # fmt: skip
    yield from _goals(SYNC, CLEAN, dict.fromkeys(WORST, 0.5))
    yield from _goals(SYNC, LIMIT, {"random": 0.6})
    fields = ("fields-2", "fields-100", "fields-1000")
    yield from _goals(ASYNC, "aiohttp", dict(zip(fields, (25, 100, 100), strict=True)))
    yield from _goals(ASYNC, "aiohttp-hoisted", dict(zip(fields, (8, 25, 25), strict=True)))
    yield from _goals(ASYNC, "aiohttp", {"random": 4, "mixed": 6, "all-crlf": 4})
    yield from _goals(WRITER, "aiohttp", {"write-fields-100": 20}, "partstream")
    yield from _goals(WRITER, "httpx", {"write-fields-100": 5}, "partstream")
    yield from _goals(WRITER, "aiohttp", {"write-file": 4}, "partstream")
    # The raw loop blocks: `body()` does the same, `write` reads in a thread beside the event loop.
    yield from _goals(WRITER, LIMIT, {"write-file": 0.7}, "partstream-body")
    yield from _goals(WRITER, LIMIT, {"write-file": 0.7}, "partstream")
    yield from _goals(FORMS, form_goals.BASELINE, dict(form_goals.at_least()), "partstream")
    yield from _all(BASELINE, PURE, "pure twin")
    for peer in BEHIND:
        yield from _all(peer, OWN, f"ahead of {peer}")


GOALS = tuple(_every())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a goal. No ratio: a contender without a time; `note` says whose, and why."""

    goal: Goal
    ratio: float | None
    met: bool
    note: str = ""


def judge(tables: Mapping[str, Table], goals: Iterable[Goal] = GOALS) -> list[Verdict]:
    """A verdict on each goal whose cases and contenders were measured, in the goals' order."""
    verdicts = []
    for goal in goals:
        table = tables.get(goal.layer)
        row = table.row(goal.case) if table else None
        if table and row and _measured(goal, table, row):
            verdicts.append(_verdict(goal, table, row))
    return verdicts


def _measured(goal: Goal, table: Table, row: CaseResult) -> bool:
    if goal.contender not in row.cells:
        return False
    if goal.against == CLEAN:
        return table.row(CLEAN_CASE) is not None
    return goal.against == LIMIT or goal.against in row.cells


def _verdict(goal: Goal, table: Table, row: CaseResult) -> Verdict:
    own = row.cells[goal.contender]
    if own.seconds is None:
        return Verdict(goal, None, met=False, note=f"{goal.contender}: {own.status}, {own.reason}")
    if goal.against == LIMIT:
        return _compared(goal, row.limit, own.seconds, "")
    if goal.against == CLEAN:
        clean = table.row(CLEAN_CASE)
        wanted = clean.rate(goal.contender) if clean else None
        return _compared(goal, row.rate(goal.contender), wanted, "")
    peer = row.cells[goal.against]
    if peer.seconds is not None:
        note = "at least that" if goal.layer == FORMS and own.reason else ""
        return _compared(goal, peer.seconds, own.seconds, note)
    failure = f"{goal.against}: {peer.status}"
    if goal.against != BASELINE:
        return Verdict(goal, None, met=True, note=failure)
    name, seconds = fastest(row)
    if name is None:
        return Verdict(goal, None, met=True, note=f"{failure}, and so are all")
    return _compared(goal, seconds, own.seconds, f"{failure}; against {name}")


def _compared(goal: Goal, theirs: float | None, ours: float | None, note: str) -> Verdict:
    if theirs is None or not ours:
        return Verdict(goal, None, met=False, note="nothing to compare with was measured")
    ratio = theirs / ours
    return Verdict(goal, ratio, ratio >= goal.at_least, note)


def fastest(row: CaseResult) -> tuple[str | None, float | None]:
    """The fastest contender that is not ours, and its time; Nones where no one has one."""
    times = {
        name: cell.seconds
        for name, cell in row.cells.items()
        if cell.seconds is not None and not name.startswith("partstream")
    }
    name = min(times, key=times.__getitem__, default=None)
    return (name, times[name]) if name is not None else (None, None)
