"""Counts instructions at n, 2n and 4n bytes, for families of inputs: ``ci/linear``.

Usage: ci/linear [--all] [--group G...] [--minutes M] [--jobs J] [--write]

Without arguments a selection is counted, and the worst inputs that were found (``ci/fuzz worst``).
With ``--all`` all families are, and ``--write`` puts the results into docs/linear-time.md.  The
exit status is 1 where a family takes more than 2.2 times as many instructions for twice as much, or
one of the worst inputs more than twice what is recorded.
"""

from __future__ import annotations

import argparse
import os
import platform
import queue
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.callgrind import Unavailable
from linear import page
from linear.counting import TWINS, Growth, Task, grown, tasks
from linear.families import families
from linear.found import CEILING, Found, load, scored
from linear.meter import Meter

#: Instructions that the largest input takes at least: of the selection, and of all.
QUICK: Final = 400_000
ENOUGH: Final = 800_000


class Run:
    """Counts everything in some processes at once.

    Attributes:
        count: how many inputs there are.
        done: what has been counted of them.
        errors: what went wrong.
    """

    def __init__(self, todo: Iterable[Task], enough: int, minutes: float) -> None:
        self._todo: queue.SimpleQueue[Task] = queue.SimpleQueue()
        for task in _in_turns(todo):
            self._todo.put(task)
        self._end = time.monotonic() + minutes * 60
        self._enough = enough
        self.count = self._todo.qsize()
        self.done: list[Growth] = []
        self.errors: list[Exception] = []

    def run(self, jobs: int) -> None:
        """Count until nothing is left.

        Raises:
            Exception: the first that came.
        """
        threads = [threading.Thread(target=self._work) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _work(self) -> None:
        try:
            with Meter() as meter:
                while not self.errors and time.monotonic() < self._end:
                    task = self._todo.get_nowait()
                    growth = grown(task, meter.count, self._enough)
                    self.done.append(growth)
                    if growth.fails:
                        print(f"MORE THAN LINEAR: {shown(growth)}", flush=True)
        except queue.Empty:
            pass
        except Exception as error:
            self.errors.append(error)


def _in_turns(todo: Iterable[Task]) -> list[Task]:
    """Give some of each group first, for a time that does not do for all."""
    shuffled = list(todo)
    random.Random(0).shuffle(shuffled)
    seen: Counter[str] = Counter()
    turns = []
    for task in shuffled:
        seen[task.family.group] += 1
        turns.append(seen[task.family.group])
    return [task for _, task in sorted(zip(turns, shuffled, strict=True), key=lambda item: item[0])]


def shown(growth: Growth) -> str:
    """Write a result in one line."""
    pairs = zip(growth.sizes, growth.counts, strict=True)
    counts = ", ".join(f"{size:,} bytes {count:,}" for size, count in pairs)
    return f"{growth.ratio:.2f}, {growth.task.name}: {counts}"


def worst_found() -> list[tuple[Found, float]]:
    """Count the worst inputs that are known; give those that take too much, and how much."""
    with Meter() as meter:
        scores = [(found, scored(found.job, meter.count)) for found in load()]
    over = [(found, score) for found, score in scores if score > found.a_byte * CEILING]
    for found, score in over:
        print(f"TOO MUCH: {found.niche}, {score:,.0f} instructions a byte, {found.a_byte:,} is"
              " what is recorded")  # fmt: skip
    print(f"{len(scores)} worst inputs, none above {CEILING:g} times what is recorded" * (not over))
    return over


def _summary(done: Sequence[Growth]) -> str:
    lines = []
    for twin in TWINS:
        of_twin = [growth for growth in done if growth.task.twin == twin]
        if of_twin:
            worst = max(of_twin, key=lambda growth: growth.ratio)
            lines.append(f"{twin}: {len(of_twin)} inputs, the worst {shown(worst)}")
    return "\n".join(lines)


def made_with() -> str:
    """Say what the counts depend on."""
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return (f"CPython {platform.python_version()}, {platform.machine()}, "
            f"{valgrind.stdout.strip()}")  # fmt: skip


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    groups = sorted({family.group for family in families()})
    parser = argparse.ArgumentParser(prog="ci/linear", description="See that time is linear.")
    parser.add_argument("--all", action="store_true", help="count all families")
    parser.add_argument("--group", nargs="+", choices=groups, help="count all of these groups")
    parser.add_argument("--minutes", type=float, default=600.0, metavar="M",
                        help="stop then; some of each group are counted")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1, metavar="J")
    parser.add_argument("--write", action="store_true", help="write docs/linear-time.md")
    options = parser.parse_args(arguments)
    if options.write and (options.group or not options.all):
        parser.error("--write is of all families: --all --write")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; give the exit status: 1 at what is too much, or where nothing can be counted and must.

    Args:
        arguments: of the command.
    """
    options = _options(arguments)
    chosen = [
        family
        for family in families()
        if options.all or (family.group in options.group if options.group else family.quick)
    ]
    start = time.monotonic()
    quick = not (options.all or options.group)
    run = Run(tasks(chosen, quick), QUICK if quick else ENOUGH, options.minutes)
    try:
        run.run(options.jobs)
        over = [] if options.group else worst_found()
    except Unavailable as error:
        print(f"not counted: {error}")
        return 1 if os.environ.get("PARTSTREAM_REQUIRE_PEERS") == "1" else 0
    print(_summary(run.done))
    if len(run.done) < run.count:
        print(f"NOT COUNTED: {run.count - len(run.done)} of {run.count} inputs; time was over")
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)
    if options.write:
        page.write(run.done, families(), load(), made_with(), ENOUGH)
    return 1 if over or any(growth.fails for growth in run.done) else 0


if __name__ == "__main__":
    sys.exit(main())
