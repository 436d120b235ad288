"""Runs the cases of one layer: check every contender, time those that are right, subtract."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from . import cases
from .cases import Case, Record, Sizes, Workload
from .check import OK, STOPPED, Verdict, examine
from .results import CaseResult, Cell, Table, net
from .timing import ABSURD, MIN_SAMPLE, Clock, Run, Timing, take_turns

_DRIVER, _LIMIT = " driver", " find"


@dataclass(frozen=True, slots=True)
class Plan:
    """How thorough a run is: sizes, rounds, seconds until a pass is stopped, a sample's length.

    Who writes files reads them in threads, and waiting for these is part of the work: `files_clock`
    is that of the wall. Only where a ratio must not depend on who else is on the machine, it is
    the processor time of all threads, as everywhere else.
    """

    sizes: Sizes
    rounds: int
    stop_after: float
    min_sample: float = MIN_SAMPLE
    files_clock: Clock = time.process_time


PLANS = {
    "full": Plan(cases.FULL, rounds=21, stop_after=60, files_clock=time.perf_counter),
    "quick": Plan(cases.QUICK, rounds=15, stop_after=10),
    "smoke": Plan(cases.SMOKE, rounds=1, stop_after=10, min_sample=0),
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A kind of interface: its cases, and how a contender is bound to an input.

    `limit` says that a search over the chunks is something to compare with: that nothing but the
    parser's own work is left after the subtraction.
    """

    title: str
    baseline: str
    cases: tuple[str, ...]
    pass_of: Callable[[str, Workload], Callable[[], list[Record]]]
    run_of: Callable[[str, Workload], Run]
    null: str = "null"
    limit: bool = False


def _limit_run(work: Workload) -> Run:
    """One search for a byte that is nowhere: what memory and memchr allow, whoever parses.

    The chunks are the same, but copies where they hold that byte.
    """
    chunks = [chunk.replace(b"\0", b"\1") for chunk in work.chunks]

    def run(passes: int) -> None:
        for _ in range(passes):
            for chunk in chunks:
                chunk.find(b"\0")

    return run


def _cell(verdict: Verdict, timing: Timing | None, driver: float) -> Cell:
    if timing is not None:
        return Cell(OK, net(timing, driver), samples=timing.samples)
    if verdict.status == OK:
        return Cell(OK, verdict.seconds, once=True, reason="measured once")
    return Cell(verdict.status, None, verdict.status == STOPPED, verdict.reason)


def _time_case(
    layer: Layer, case: Case, work: Workload, fit: Iterable[str], plan: Plan
) -> Mapping[str, Timing]:
    runs = {name: layer.run_of(name, work) for name in fit}
    runs[_DRIVER] = layer.run_of(layer.null, work)
    if case.throughput and layer.limit:
        runs[_LIMIT] = _limit_run(work)
    return take_turns(runs, plan.rounds, plan.min_sample)


def run_case(layer: Layer, case: Case, names: list[str], plan: Plan) -> CaseResult:
    """One row of the table."""
    work = cases.load(case.name, plan.sizes)
    verdicts = {
        name: examine(layer.pass_of(name, work), work.records, plan.stop_after) for name in names
    }
    fit = [name for name, seen in verdicts.items() if seen.status == OK and seen.seconds < ABSURD]
    times = _time_case(layer, case, work, fit, plan)
    driver = times[_DRIVER].seconds
    row = CaseResult(case.name, work.nbytes, case.throughput, driver)
    if _LIMIT in times:
        row.limit = net(times[_LIMIT], driver)
    for name, verdict in verdicts.items():
        row.cells[name] = _cell(verdict, times.get(name), driver)
    return row


def run_layer(
    layer: Layer, names: list[str], only: list[str], plan: Plan, tell: Callable[[str], None]
) -> Table:
    """All rows; `tell` hears of each as it begins."""
    table = Table(layer.title, layer.baseline, names)
    for case_name in layer.cases:
        if case_name in only:
            tell(f"{layer.title}: {case_name}")
            table.rows.append(run_case(layer, cases.BY_NAME[case_name], names, plan))
    return table
