"""What partstream takes beside time: memory while it reads and writes, and its import.

``python -m benchmarks.footprint`` prints three tables: what is resident at most while one large
part goes through each layer, what a field takes while a form is held, and how long it takes to
import the package. Each is argued in a file of its own: `peaks.py`, `held.py`, `imports.py`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field

from . import cases, children, held, imports, peaks, report
from .cases import MIB
from .held import Held
from .imports import ImportCost, ImportTime
from .peaks import Peak


@dataclass(frozen=True, slots=True)
class Plan:
    """How many bytes go through each layer, fields a form has, and runs an import gets.

    Without `warm`, modules may have to be compiled: quick, where no time is to be believed.
    """

    nbytes: int
    fields: int
    imports: int
    costs: int
    warm: bool = True


PLANS = {
    "full": Plan(1024 * MIB, fields=1000, imports=21, costs=7),
    "quick": Plan(64 * MIB, fields=1000, imports=3, costs=1),
    "smoke": Plan(4 * MIB, fields=100, imports=1, costs=1, warm=False),
}


@dataclass(slots=True)
class Footprint:
    """What a run found. `note` says why something is missing."""

    nbytes: int
    fields: int
    peaks: list[Peak] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    imports: list[ImportTime] = field(default_factory=list)
    costs: list[ImportCost] = field(default_factory=list)
    note: str = ""

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def run(sizes: cases.Sizes, tell: Callable[[str], None]) -> Footprint:
    """Measure all of it; `tell` hears of each as it begins."""
    plan = PLANS[sizes.name]
    found = Footprint(plan.nbytes, plan.fields)
    tell("footprint: what is held")
    found.held = held.run(plan.fields)
    with children.warm() if plan.warm else nullcontext(dict(os.environ)) as environment:
        tell("footprint: imports")  # first: everything is compiled from then on
        found.imports = imports.run(plan.imports, environment, plan.warm)
        found.costs = imports.costs(plan.costs, environment)
        if sys.platform == "win32":
            found.note = "no peaks: what is resident is asked of POSIX systems"
        else:
            tell("footprint: peaks")
            found.peaks = peaks.run(plan.nbytes, environment, plan.warm)
    return found


def tables(found: Footprint, costs: int = 12) -> list[tuple[str, report.Rows]]:
    """Titles and rows; of the modules that the import is made of, as many as asked for."""
    peak_rows = [["layer", "contender", "before, MiB", "peak, MiB", "more, MiB"]]
    for peak in found.peaks:
        figures = (peak.before, peak.after, peak.after - peak.before)
        peak_rows.append([peak.layer, peak.contender, *(f"{mib:.1f}" for mib in figures)])
    held_rows = [["held", "contender", "blocks a field", "bytes a field"]]
    for item in found.held:
        blocks, nbytes = f"{item.blocks:.1f}", f"{item.nbytes:.0f}"
        held_rows.append([item.what, item.contender, blocks, nbytes])
    import_rows = [["import", "ms"], *([i.module, f"{i.milliseconds:.1f}"] for i in found.imports)]
    cost_rows = [["module", "ms"]]
    cost_rows += [[cost.module, f"{cost.milliseconds:.2f}"] for cost in found.costs[:costs]]
    moved = f"one part of {found.nbytes // MIB} MiB"
    return [
        (f"Resident memory, {moved}: with everything imported, and at most", peak_rows),
        (f"Memory while a form of {found.fields} short fields is held", held_rows),
        ("Import time, the interpreter's own start taken off", import_rows),
        ("The import of the compiled twin by module, slowed by -X importtime", cost_rows),
    ]


def main(argv: list[str] | None = None) -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.footprint", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    for name in ("quick", "smoke"):
        size.add_argument(f"--{name}", dest="sizes", action="store_const", const=name)
    parser.set_defaults(sizes="full")
    sizes = cases.SIZES[parser.parse_args(argv).sizes]
    found = run(sizes, lambda line: print(line, file=sys.stderr, flush=True))
    for title, rows in tables(found):
        print(f"\n{title}\n\n{report.text(rows)}")
    if found.note:
        print(f"\n{found.note}")


if __name__ == "__main__":
    main()
