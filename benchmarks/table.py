"""The command: `python -m benchmarks` checks, times and prints; without options also the page."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from . import cases, form_goals, gate, goals, known, machine, measure, report, standing
from .layers import PLANS, Plan
from .results import Results, Table
from .twins import TwinMissing

_DOCS = Path(__file__).parent.parent / "docs"


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="plan", action="store_const", const="quick",
                      help="smaller large cases, fewer rounds; fails on a lost ratio")  # fmt: skip
    size.add_argument("--smoke", dest="plan", action="store_const", const="smoke",
                      help="tiny, one round; fails where one is other than known")  # fmt: skip
    parser.add_argument("--only", nargs="+", metavar="CASE", choices=measure.CASES,
                        help="these cases alone")  # fmt: skip
    parser.add_argument("--contenders", metavar="NAME,...", help="these contenders alone")
    parser.add_argument("--layer", choices=(*measure.LAYERS, goals.FORMS),
                        help="one of the three tables alone, or forms in frameworks")  # fmt: skip
    parser.add_argument("--rounds", type=int, help="samples of each contender on each case")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the samples there")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    parser.add_argument("--compare", type=Path, metavar="FILE",
                        help="say how ratios moved against an earlier JSON")  # fmt: skip
    parser.add_argument("--publish", type=Path, metavar="FOLDER",
                        help="measure all, write benchmarks.md and its plots there;"
                             " docs/ without any option")  # fmt: skip
    parser.add_argument("--record", action="store_true",
                        help="with --quick: make this run's ratios those that floors are"
                             " made of")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="name the cases and contenders")
    parser.set_defaults(plan="full", **({} if argv else {"publish": _DOCS}))
    args = parser.parse_args(argv)
    args.whole = not (args.only or args.contenders or args.layer)
    if args.publish and not args.whole:
        parser.error("--publish needs all cases, contenders and layers")
    if args.record and not (args.whole and args.plan == "quick"):
        parser.error("--record needs --quick, and all of it")
    return args


def _list() -> None:
    for case in cases.ALL:
        print(f"{case.name:20} {case.about}")
    for layer in (*measure.LAYERS, goals.FORMS):
        print(f"{layer}: {', '.join(measure.names(layer))}")
    print(f"cases of the writers and of forms: {', '.join(measure.CASES[len(cases.ALL) :])}")


def _tables(args: argparse.Namespace, plan: Plan) -> dict[str, Table]:
    layers = [args.layer] if args.layer else [*measure.LAYERS]
    # A full run, and a page, has all of the frameworks beside the tables.
    quick = args.plan == "quick" and not (args.layer or args.publish or args.contenders)
    if quick and not form_goals.CASES.keys().isdisjoint(args.only or form_goals.CASES):
        layers.append(goals.FORMS)
    wanted = args.contenders.split(",") if args.contenders else None
    unknown = set(wanted or ()) - {name for layer in layers for name in measure.names(layer)}
    if unknown:
        raise SystemExit(f"no such contender: {', '.join(sorted(unknown))}; see --list")
    try:
        return measure.tables(plan, _tell, layers, args.only or measure.CASES, wanted)
    except TwinMissing as missing:
        raise SystemExit(str(missing)) from None


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _surprises(tables: dict[str, Table]) -> list[str]:
    """Every cell that is not what the contender's entry claims of the pinned version."""
    return [
        f"not as known: {table.title}: {name} on {row.case} is {cell.status} {cell.reason}"
        for table in tables.values()
        for row in table.rows
        for name, cell in row.cells.items()
        if cell.ok == (row.case in known.CANNOT.get(name, ()))
    ]


def _print(results: Results, args: argparse.Namespace) -> None:
    print(report.render(results.tables.values(), results.heading, args.markdown))
    verdicts = goals.judge(results.tables)
    floors = gate.load() if args.plan == "quick" else None
    if verdicts and args.plan != "smoke":
        print("\n" + standing.goals(verdicts, floors, args.markdown))
    if args.json:
        args.json.write_text(json.dumps(results.as_data(), indent=1) + "\n")
    if args.compare:
        before = Results.from_data(json.loads(args.compare.read_text()))
        print()
        for line in standing.differences(results.heading, before.heading):
            print(line)
        print(standing.compared(results.tables, before.tables))


def _failures(args: argparse.Namespace, plan: Plan, results: Results) -> list[str]:
    """A line for each thing that this kind of run is there to find."""
    if args.plan == "smoke":
        found = _surprises(results.tables)
        if args.whole:
            from . import publish

            found += publish.faults(results)
        return found
    if args.plan == "quick" and not args.record:
        return gate.failures(results.tables, plan, _tell)
    return []


def main(argv: list[str] | None = None) -> int:
    """Run what the arguments ask for; 1 where `--smoke` met a surprise, `--quick` a lost ratio."""
    args = _arguments(sys.argv[1:] if argv is None else argv)
    if args.list:
        _list()
        return 0
    plan = PLANS[args.plan]
    if args.rounds:
        plan = replace(plan, rounds=args.rounds)
    wall = plan.files_clock is time.perf_counter
    heading = machine.heading(plan.sizes.name, plan.rounds, wall)
    results = Results(heading, _tables(args, plan))
    if args.publish or (args.whole and args.plan == "smoke"):
        results.more = measure.beside(plan.sizes, _tell)
    _print(results, args)
    if args.publish:
        from . import publish

        publish.write(results, args.publish, _tell)
    if args.record:
        gate.record(results.tables, heading, plan, _tell)
    failures = _failures(args, plan, results)
    for line in failures:
        _tell(line)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
