"""The process whose instructions are counted; :mod:`linear.meter` starts it under valgrind.

Each line of its input is a job, each line of its output says that the count of one is written.
Callgrind's cost centres are set to zero before a job and written behind it, so that what is counted
is the call of a door, and some thousand instructions of ctypes.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import warnings
from typing import Any

from benchmarks import twins
from linear.doors import DOORS, Given, Job


def encoded(job: Job) -> str:
    """Give a job as a line."""
    return json.dumps({**job._asdict(), "data": job.data.decode("latin-1"), "given": [*job.given]})


def decoded(line: str) -> Job:
    """Give the job of a line."""
    kept: dict[str, Any] = json.loads(line)
    given = Given(*kept.pop("given"))
    return Job(**{**kept, "data": kept["data"].encode("latin-1"), "given": given})


def main(library: str) -> None:
    """Count jobs until the input ends; ``library`` has the requests to callgrind."""
    warnings.simplefilter("ignore")
    requests = ctypes.CDLL(library)
    packages = {name: twins.load(name) for name in ("c", "py")}
    gc.disable()
    gc.collect()
    gc.freeze()
    label = b"job"
    for line in sys.stdin:
        job = decoded(line)
        call = DOORS[job.door](packages[job.twin], job.data, job.chunk, job.given)
        requests.counting_start()
        call()
        requests.counting_mark(label)
        print(flush=True)
        del call
        gc.collect()


if __name__ == "__main__":
    main(sys.argv[1])
