"""Feeds random and mutated streams to both twins, and compares: the targets without an engine.

For the target ``twins`` a third contender is the pure twin without its quick ways through header
blocks.  ``fuzzing/all.py``, which ``ci/fuzz`` runs, starts this for each of its targets.

Usage: python tests/fuzz.py [--target T] [--inputs N] [--seed S] [--jobs J] [--minutes M]
       python tests/fuzz.py --replay FILE

The inputs are the same for the same seed, however many jobs share them.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import itertools
import json
import multiprocessing
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final

from fuzzing import chunking, roundtrip
from support import fuzz_inputs
from support.fuzzing import TWINS, Packages, Tally, Target
from support.twins import NAMES, examined, twin

#: Seconds between two lines of progress.
_PROGRESS: Final = 10.0

#: Seconds after which an input that is not done counts as one that hangs.
_PATIENCE: Final = 120.0

#: Findings after which a run ends: one fault shows in many inputs.
_ENOUGH: Final = 10

#: Where the inputs of findings are kept.
FOUND: Final = Path(__file__).parent.parent / ".fuzz" / "found"

Load = Callable[[], Packages]

TARGETS: Final[dict[str, Target]] = {
    target.name: target for target in (TWINS, chunking.TARGET, roundtrip.TARGET)
}


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

    def current(self, options: argparse.Namespace, load: Load) -> Any:
        """Give the input that the process is at."""
        batch, index = self.at
        choices = fuzz_inputs.tolerances(next(iter(load().values())))
        inputs = TARGETS[options.target].inputs(options.seed, batch, choices)
        return next(itertools.islice(inputs, index, None))


def _work(pipe: Connection, at: Any, number: int, options: argparse.Namespace, load: Load) -> None:
    """Work on batches until all are done or the time is over; tell the parent after each."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    loaded = load()
    choices = fuzz_inputs.tolerances(next(iter(loaded.values())))
    end = time.monotonic() + options.minutes * 60
    target = TARGETS[options.target]
    for batch in range(number, -(-options.inputs // target.size), options.jobs):
        tally = Tally(target)
        wanted = min(target.size, options.inputs - batch * target.size)
        inputs = target.inputs(options.seed, batch, choices)
        for index, given in enumerate(itertools.islice(inputs, wanted)):
            at[:] = (batch, index)
            tally.add(loaded, given)
            if len(tally.findings) >= _ENOUGH or time.monotonic() > end:
                break
        pipe.send((tally.inputs, tally.codes, [(item.stray, item.report(), target.dump(item.input))
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
        for finding in findings:
            self._tell(*finding)

    def _lost(self, job: _Job, why: str) -> None:
        """Tell of a process that will give no more results."""
        if job in self._jobs:
            self._jobs.remove(job)
            job.process.kill()
        given = job.current(self._options, self._load)
        kept = TARGETS[self._options.target].dump(given)
        self._tell(True, f"the process {why} at this input: {given!r}", kept)

    def _tell(self, stray: bool, report: str, kept: dict[str, Any]) -> None:
        self._differences += not stray
        self._strays += stray
        options = self._options
        print(f"{'ERROR' if stray else 'DIFFERENCE'} with seed {options.seed}: {report}")
        if options.keep is not None:
            number = self._differences + self._strays
            path = FOUND / f"{options.keep}-{options.seed}-{number}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"target": options.target, "input": kept}), "utf-8")
            print(f"the input is in {path}; to try it again: ci/fuzz --replay {path}")
        print(flush=True)

    def _progress(self) -> None:
        if time.monotonic() - self._told > _PROGRESS:
            self._told = time.monotonic()
            print(f"{self._summary()} in {sum(self._codes.values())} faults", file=sys.stderr,
                  flush=True)  # fmt: skip

    def _summary(self) -> str:
        rate = self._inputs / (time.monotonic() - self._start)
        return (
            f"seed {self._options.seed}: {self._inputs} inputs, {self._differences} differences, "
            f"{self._strays} errors that are no MultipartError, {rate:.0f} inputs/s, "
            f"{len(self._codes)} codes"
        )


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError("takes a number above zero")
        return value

    return convert


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the twins.")
    parser.add_argument("--target", choices=TARGETS, default=TWINS.name)
    parser.add_argument("--inputs", type=_positive(int), default=200_000, metavar="N")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**9), metavar="S"
    )
    parser.add_argument("--jobs", type=_positive(int), default=2, metavar="J")
    parser.add_argument("--minutes", type=_positive(float), default=float("inf"), metavar="M")
    parser.add_argument("--keep", metavar="NAME", help="write the inputs of findings to files")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try one of these files")
    return parser.parse_args(arguments)


def _replay(path: Path, loaded: Packages) -> int:
    """Try an input again that was kept; give the exit status."""
    kept = json.loads(path.read_text("utf-8"))
    target = TARGETS[kept["target"]]
    finding = target.check(loaded, target.load(kept["input"]))[1]
    print("nothing is found" if finding is None else finding.report())
    return 0 if finding is None else 1


def main(arguments: Sequence[str] | None = None, load: Load = packages) -> int:
    """Run; give the exit status: 1 at a difference.

    Args:
        arguments: of the command.
        load: gives the packages to compare, in each process anew.
    """
    options = _options(arguments)
    if options.replay is not None:
        return _replay(options.replay, load())
    print(f"seed {options.seed}: {options.inputs} inputs, {options.jobs} jobs", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        return 0 if _Run(options, load).run() else 1
    return 130


if __name__ == "__main__":
    sys.exit(main())
