"""How long importing takes, in fresh interpreters.

A time is that of `python -c "import X"` from start to end, the median of runs in turns, less that
of an interpreter that imports nothing. Everything is in the system's memory and compiled.
"""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass

from . import children
from .children import BACKENDS, Environment

_PACKAGE = "partstream"
_NOTHING = "nothing"
_PEERS = ("multidict", "aiohttp", "multipart", "werkzeug.sansio.multipart")


@dataclass(frozen=True, slots=True)
class ImportTime:
    """Milliseconds beyond those of an interpreter that imports nothing."""

    module: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class ImportCost:
    """What one module has in the package's own import time, in milliseconds.

    Of a module of the package, its own; of any other that the package is the first to want, all
    that it imports in turn: what would go if it were not imported, unless others want the same.
    """

    module: str
    milliseconds: float
    ours: bool


def _statements() -> dict[str, tuple[str, Environment]]:
    own = {f"{_PACKAGE}-{twin}": (_PACKAGE, variables) for twin, variables in BACKENDS.items()}
    peers = {peer: (peer, Environment()) for peer in _PEERS if children.installed(peer)}
    return {name: (f"import {module}", more) for name, (module, more) in (own | peers).items()}


def run(rounds: int, environment: Environment, warm_up: bool = True) -> list[ImportTime]:
    """Import everything so many times, in turns, and once before that counts."""
    jobs = {_NOTHING: ("", Environment()), **_statements()}
    samples: dict[str, list[float]] = {name: [] for name in jobs}
    names, rng = list(jobs), random.Random(0)
    for turn in range(0 if warm_up else 1, rounds + 1):
        rng.shuffle(names)
        for name in names:
            statement, more = jobs[name]
            began = time.perf_counter()
            children.python(["-c", statement], environment | more)
            if turn:  # the first compiles, and brings what is read into memory
                samples[name].append((time.perf_counter() - began) * 1e3)
    medians = {name: statistics.median(taken) for name, taken in samples.items()}
    nothing = medians.pop(_NOTHING)
    return [ImportTime(name, taken - nothing) for name, taken in medians.items()]


def costs(rounds: int, environment: Environment) -> list[ImportCost]:
    """What each module has in the import of the compiled twin, the most expensive first.

    `-X importtime` makes all of it slower: these say where the time goes, not how long it takes.
    """
    found: dict[tuple[str, bool], list[float]] = {}
    for _ in range(rounds):
        arguments = ["-X", "importtime", "-c", f"import {_PACKAGE}"]
        for cost in _parse(children.python(arguments, environment | BACKENDS["c"]).stderr):
            found.setdefault((cost.module, cost.ours), []).append(cost.milliseconds)
    medians = [ImportCost(name, statistics.median(ms), ours) for (name, ours), ms in found.items()]
    return sorted(medians, key=lambda cost: -cost.milliseconds)


def _parse(listing: str) -> list[ImportCost]:
    """Take the listing apart: a module stands below those that it imports, which are indented."""
    lines = [line.partition(":")[2].split("|") for line in listing.splitlines() if "|" in line]
    costs: list[ImportCost] = []
    above: list[tuple[int, bool]] = []  # depth of the modules around, and whether they are ours
    for own, total, entry in reversed(lines[1:]):
        name = entry.strip()
        depth = len(entry) - len(entry.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        ours = name.partition(".")[0] == _PACKAGE
        if ours:
            costs.append(ImportCost(name, int(own) / 1e3, ours))
        elif above and above[-1][1]:
            costs.append(ImportCost(name, int(total) / 1e3, ours))
        above.append((depth, ours))
    return costs


def main() -> None:
    """Print what each module has in the import of the package."""
    with children.warm() as environment:
        costs(1, environment)
        for cost in costs(5, environment):
            print(f"{cost.milliseconds:8.2f} ms  {cost.module}")


if __name__ == "__main__":
    main()
