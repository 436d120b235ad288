"""Feeds random and mutated streams to both twins, and compares: what ``ci/fuzz`` runs.

A third contender is the pure twin without its quick ways through header blocks.

Usage: ci/fuzz [--inputs N] [--seed S] [--jobs J] [--minutes M]

The inputs are the same for the same seed, however many jobs share them.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import itertools
import multiprocessing
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from support import fuzz_inputs
from support.fuzz_inputs import BATCH, Input
from support.fuzzing import Packages, Tally
from support.twins import NAMES, examined, twin

#: Seconds between two lines of progress.
_PROGRESS: Final = 10.0

#: Seconds after which an input that is not done counts as one that hangs.
_PATIENCE: Final = 120.0

#: Findings after which a run ends: one fault shows in many inputs.
_ENOUGH: Final = 10

Load = Callable[[], Packages]


def packages() -> Packages:
    """Give both twins, the compiled one first, and the pure one that examines each block."""
    return {name: twin(name).package for name in NAMES} | {"examined": examined().package}


class _Job:
    """A process that works on every ``jobs``-th batch."""

    def __init__(self, number: int, options: argparse.Namespace, load: Load) -> None:
        # Spawned, because a forked process would share whatever the parent had loaded.
        context = multiprocessing.get_context("spawn")
        self.pipe, end = context.Pipe(duplex=False)
        #: The batch and the input that the process is at: all that is left of it if it dies.
        self.at = context.RawArray("q", 2)
        self.process = context.Process(
            target=_work, args=(end, self.at, number, options, load), daemon=True
        )
        self.process.start()
        end.close()
        self._seen: list[int] = []
        self._since = time.monotonic()

    def hangs(self) -> bool:
        """Whether it is at the same input for too long."""
        if self.at[:] != self._seen:
            self._seen, self._since = self.at[:], time.monotonic()
        return time.monotonic() - self._since > _PATIENCE

    def current(self, options: argparse.Namespace, load: Load) -> Input:
        """Give the input that the process is at."""
        batch, index = self.at
        choices = fuzz_inputs.tolerances(next(iter(load().values())))
        inputs = fuzz_inputs.batch(options.seed, batch, choices)
        return next(itertools.islice(inputs, index, None))


def _work(pipe: Connection, at: Any, number: int, options: argparse.Namespace, load: Load) -> None:
    """Work on batches until all are done or the time is over; tell the parent after each."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    loaded = load()
    choices = fuzz_inputs.tolerances(next(iter(loaded.values())))
    end = time.monotonic() + options.minutes * 60
    for batch in range(number, -(-options.inputs // BATCH), options.jobs):
        tally = Tally()
        inputs = fuzz_inputs.batch(options.seed, batch, choices)
        wanted = min(BATCH, options.inputs - batch * BATCH)
        for index, given in enumerate(itertools.islice(inputs, wanted)):
            at[:] = (batch, index)
            tally.add(loaded, given)
            if len(tally.findings) >= _ENOUGH:
                break
        pipe.send((tally.inputs, tally.codes, [(item.stray, item.report())
                                               for item in tally.findings]))  # fmt: skip
        if time.monotonic() > end:
            break
    pipe.close()


class _Run:
    """All jobs, and what they found so far."""

    def __init__(self, options: argparse.Namespace, load: Load) -> None:
        self._options, self._load = options, load
        self._codes: Counter[str] = Counter()
        self._inputs = self._differences = self._strays = 0
        self._start = self._told = time.monotonic()
        self._jobs = [_Job(number, options, load) for number in range(options.jobs)]

    def run(self) -> bool:
        """Work until all jobs are done; say whether nothing was found."""
        try:
            while self._jobs and self._differences + self._strays < _ENOUGH:
                ready = wait([job.pipe for job in self._jobs], timeout=1.0)
                for job in list(self._jobs):
                    if job.pipe in ready:
                        self._receive(job)
                    elif job.hangs():
                        self._lost(job, "hangs")
                self._progress()
        finally:
            for job in self._jobs:
                job.process.terminate()
        print(self._summary())
        return not self._differences + self._strays

    def _receive(self, job: _Job) -> None:
        try:
            inputs, codes, findings = job.pipe.recv()
        except EOFError:
            job.process.join()
            self._jobs.remove(job)
            if job.process.exitcode:
                self._lost(job, f"ended with {job.process.exitcode}")
            return
        self._inputs += inputs
        self._codes.update(codes)
        for stray, report in findings:
            self._tell(stray, report)

    def _lost(self, job: _Job, why: str) -> None:
        """Tell of a process that will give no more results."""
        if job in self._jobs:
            self._jobs.remove(job)
            job.process.kill()
        given = job.current(self._options, self._load)
        self._tell(True, f"the process {why} at this input: {given!r}")

    def _tell(self, stray: bool, report: str) -> None:
        self._differences += not stray
        self._strays += stray
        print(f"{'ERROR' if stray else 'DIFFERENCE'} with seed {self._options.seed}: {report}\n",
              flush=True)  # fmt: skip

    def _progress(self) -> None:
        if time.monotonic() - self._told > _PROGRESS:
            self._told = time.monotonic()
            faults = sum(self._codes.values())
            print(f"{self._summary()} ({len(self._codes)} codes in {faults} faults)",
                  file=sys.stderr, flush=True)  # fmt: skip

    def _summary(self) -> str:
        rate = self._inputs / (time.monotonic() - self._start)
        return (
            f"seed {self._options.seed}: {self._inputs} inputs, {self._differences} differences, "
            f"{self._strays} errors that are no MultipartError, {rate:.0f} inputs/s"
        )


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError("takes a number above zero")
        return value

    return convert


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ci/fuzz", description="Compare the twins.")
    parser.add_argument("--inputs", type=_positive(int), default=200_000, metavar="N")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**9), metavar="S"
    )
    parser.add_argument("--jobs", type=_positive(int), default=2, metavar="J")
    parser.add_argument("--minutes", type=_positive(float), default=float("inf"), metavar="M")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, load: Load = packages) -> int:
    """Run; give the exit status: 1 at a difference.

    Args:
        arguments: of the command.
        load: gives the packages to compare, in each process anew.
    """
    options = _options(arguments)
    print(f"seed {options.seed}: {options.inputs} inputs, {options.jobs} jobs", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        return 0 if _Run(options, load).run() else 1
    return 130


if __name__ == "__main__":
    sys.exit(main())
