"""Takes the times: contenders in turn, equal treatment, medians.

A sample is several passes over the input, enough to last about `MIN_SAMPLE`. In every round each
contender takes one sample, in an order that is shuffled anew (from a fixed seed), so that a slow
spell of the machine, or the caches that whoever came before left behind, fall on all alike. The
garbage collector runs before each sample and never in it.

The clock is the processor time of this process, all its threads and the system's work for it
included: what takes turns here waits for nothing, and the time that somebody else on the machine
got is nobody's. Where waiting is part of the work (a thread that reads files), the caller asks
for `time.perf_counter`.
"""

from __future__ import annotations

import gc
import math
import random
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

#: Makes so many passes over the input.
Run = Callable[[int], None]
#: Seconds from some point on.
Clock = Callable[[], float]

MIN_SAMPLE = 0.002
#: From here on, in seconds a pass, one pass has to be enough.
ABSURD = 5.0
#: The rounds of a contender stop when it has had this many seconds, after at least three.
BUDGET = 4.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a pass: the median, and the samples it comes from."""

    seconds: float
    samples: tuple[float, ...]


class TooLong(BaseException):
    """A pass was stopped. Not an `Exception`: no parser's own handler may swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in the block after `seconds`; without effect where there is no SIGALRM."""
    usable = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
    if sys.platform == "win32" or not usable:
        yield
        return

    def stop(_signal: int, _frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def sample(run: Run, passes: int, clock: Clock = time.process_time) -> float:
    """Seconds a pass, over `passes` of them."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        start = clock()
        run(passes)
        return (clock() - start) / passes
    finally:
        if enabled:
            gc.enable()


def _passes(run: Run, min_sample: float, clock: Clock) -> int:
    """How many passes make a sample long enough; the trial runs double as a warm-up."""
    passes = 1
    while True:
        took = sample(run, passes, clock) * passes
        if took >= min_sample or passes >= 1 << 16:
            return passes
        passes = max(passes * 2, math.ceil(min_sample / max(took, 1e-7) * passes * 0.5))


def take_turns(
    runs: Mapping[str, Run],
    rounds: int,
    min_sample: float = MIN_SAMPLE,
    clock: Clock = time.process_time,
) -> dict[str, Timing]:
    """Time every run, `rounds` samples each, one a round."""
    # What is here already (all imported peers) need not be walked again before each sample: that
    # would take longer than the sample, and leave it with the caches of the walk.
    gc.collect()
    gc.freeze()
    try:
        return _take_turns(runs, rounds, min_sample, clock)
    finally:
        gc.unfreeze()


def _take_turns(
    runs: Mapping[str, Run], rounds: int, min_sample: float, clock: Clock
) -> dict[str, Timing]:
    passes = {name: _passes(run, min_sample, clock) if min_sample else 1
              for name, run in runs.items()}  # fmt: skip
    samples: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    rng = random.Random(0)
    for _ in range(rounds):
        rng.shuffle(names)
        for name in names:
            taken = samples[name]
            if len(taken) < 3 or sum(taken) * passes[name] < BUDGET:
                taken.append(sample(runs[name], passes[name], clock))
    return {name: Timing(statistics.median(taken), tuple(taken)) for name, taken in samples.items()}
