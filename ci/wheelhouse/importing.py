"""What ``import partstream`` takes beyond ``import multidict``, as a multiple of the latter.

A multiple does not depend on how fast a machine is. It is of processor time, the least of some
runs in turns, as what else the machine does only ever adds to it. On the machine of
docs/benchmarks.md multidict takes 19 ms, so 0.8 of it are the 15 ms that the package may take.
"""

from __future__ import annotations

import resource
import subprocess

MOST = 0.8
_RUNS = 12
_TIMES = 4
_STATEMENTS = ("pass", "import multidict", "import partstream")


def share(python: str, environment: dict[str, str]) -> float:
    """Measure it with the modules that this interpreter has installed, compiled beforehand."""
    least = dict.fromkeys(_STATEMENTS, float("inf"))
    found = float("inf")
    for _ in range(_TIMES):  # a busy machine needs more runs until each has had a quiet one
        for _ in range(_RUNS):
            for statement in _STATEMENTS:
                before = _of_children()
                subprocess.run([python, "-I", "-c", statement], env=environment, check=True)
                least[statement] = min(least[statement], _of_children() - before)
        nothing, other, ours = (least[statement] for statement in _STATEMENTS)
        found = (ours - other) / (other - nothing)
        if found <= MOST:
            break
    return found


def _of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
