"""The command: `python -m benchmarks` checks, times and prints."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from . import cases, known, machine, report, writing
from .layers import PLANS, Layer, Plan, run_layer
from .results import Table
from .twins import TwinMissing

_LAYERS = {"sync": "sansio", "async": "streams"}
_WRITER = "writer"
_CASES = (*cases.BY_NAME, *writing.CASES)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="plan", action="store_const", const="quick",
                      help="smaller large cases and fewer rounds")  # fmt: skip
    size.add_argument("--smoke", dest="plan", action="store_const", const="smoke",
                      help="tiny, one round; fails where one is other than known")  # fmt: skip
    parser.add_argument("--only", nargs="+", metavar="CASE", choices=_CASES,
                        default=_CASES, help="these cases alone")  # fmt: skip
    parser.add_argument("--contenders", metavar="NAME,...", help="these contenders alone")
    parser.add_argument("--layer", choices=[*_LAYERS, _WRITER],
                        help="one of the three tables alone")  # fmt: skip
    parser.add_argument("--rounds", type=int, help="samples of each contender on each case")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the samples there")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    parser.add_argument("--list", action="store_true", help="name the cases and contenders")
    parser.set_defaults(plan="full")
    return parser.parse_args(argv)


def _layer(name: str) -> tuple[Layer, tuple[str, ...]]:
    module = import_module(f".{_LAYERS[name]}", __package__)
    return module.LAYER, module.NAMES


def _list() -> None:
    for case in cases.ALL:
        print(f"{case.name:20} {case.about}")
    for name in _LAYERS:
        print(f"{name}: {', '.join(_layer(name)[1])}")
    print(f"{_WRITER}: {', '.join(writing.NAMES)}; {', '.join(writing.CASES)}")


def _run(args: argparse.Namespace, plan: Plan) -> list[Table]:
    tables = []
    wanted = args.contenders.split(",") if args.contenders else None
    layers = {name: _layer(name) for name in _LAYERS if args.layer in (None, name)}
    known_names = {name for _, names in layers.values() for name in names} | set(writing.NAMES)
    unknown = set(wanted or ()) - known_names
    if unknown:
        raise SystemExit(f"no such contender: {', '.join(sorted(unknown))}; see --list")
    for layer, names in layers.values():
        chosen = [name for name in names if wanted is None or name in wanted]
        if chosen:
            tables.append(run_layer(layer, chosen, args.only, plan, _tell))
    if args.layer in (None, _WRITER):
        chosen = [name for name in writing.NAMES if wanted is None or name in wanted]
        if chosen:
            tables.append(writing.run_table(chosen, args.only, plan, _tell))
    return tables


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _surprises(tables: list[Table]) -> list[str]:
    """Every cell that is not what the contender's entry claims of the pinned version."""
    return [
        f"{table.title}: {name} on {row.case} is {cell.status} {cell.reason}"
        for table in tables
        for row in table.rows
        for name, cell in row.cells.items()
        if cell.ok == (row.case in known.CANNOT.get(name, ()))
    ]


def main(argv: list[str] | None = None) -> int:
    """Run what the arguments ask for; 1 where `--smoke` met a surprise."""
    args = _arguments(argv)
    if args.list:
        _list()
        return 0
    plan = PLANS[args.plan]
    if args.rounds:
        plan = replace(plan, rounds=args.rounds)
    try:
        tables = _run(args, plan)
    except TwinMissing as missing:
        raise SystemExit(str(missing)) from None
    heading = machine.heading(plan.sizes.name, plan.rounds)
    print(report.render(tables, heading, args.markdown))
    if args.json:
        data = {"heading": heading, "tables": [table.as_data() for table in tables]}
        args.json.write_text(json.dumps(data, indent=1) + "\n")
    surprises = _surprises(tables) if args.plan == "smoke" else []
    for line in surprises:
        _tell(f"not as known: {line}")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
