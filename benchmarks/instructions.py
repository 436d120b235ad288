"""How many instructions the core takes, compared with the record.

``python -m benchmarks.instructions``, or ``ci/instructions``, which pins what the counts depend on.
Seconds depend on what else a machine does; a count of instructions does not, so that a few percent
can be held. It does depend on Python, the compiler and the processor: `instructions.json` has a
record for each such environment, and `--record` writes the one of this.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import callgrind, machine
from .callgrind import Count, Unavailable
from .counted import COUNTED
from .report import text

RECORD = Path(__file__).with_name("instructions.json")
#: A count may grow by this share of the recorded one.
TOLERANCE = 0.05
#: Two counts of the same thing that differ by more are not recorded.
REPEATABLE = 0.001

GROWN, SHRUNK, NEW, GONE = "GROWN", "shrunk: record it", "NOT RECORDED", "NOT COUNTED"

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A case, what was recorded of it, what was counted now, and what is to be said of it."""

    case: str
    recorded: int | None
    now: int | None

    @property
    def share(self) -> float | None:
        """By how much it has grown, as a share of what was recorded."""
        if self.recorded is None or self.now is None:
            return None
        return self.now / self.recorded - 1

    @property
    def verdict(self) -> str:
        """Empty where there is nothing to say."""
        if self.recorded is None or self.now is None:
            return NEW if self.recorded is None else GONE
        if self.now > self.recorded * (1 + TOLERANCE):
            return GROWN
        return SHRUNK if self.now < self.recorded * (1 - TOLERANCE) else ""

    @property
    def fails(self) -> bool:
        """Whether the record has to be changed, or the code."""
        return self.verdict in (GROWN, NEW, GONE)


def compare(recorded: Counts, now: Counts) -> list[Change]:
    """All cases that either has, in the order of the counts."""
    names = [*now, *(name for name in recorded if name not in now)]
    return [Change(name, recorded.get(name), now.get(name)) for name in names]


def table(changes: Iterable[Change]) -> str:
    """One line a case: recorded, now, change."""
    rows = [["instructions a pass", "recorded", "now", "change", ""]]
    for change in changes:
        counts = ("" if count is None else f"{count:,}" for count in (change.recorded, change.now))
        share = "" if change.share is None else f"{change.share:+.2%}"
        rows.append([change.case, *counts, share, change.verdict])
    return text(rows)


def _compiler() -> str:
    """Name and major version, such as "gcc-12"."""
    command = callgrind.compiler()
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    name = "clang" if "clang" in done.stdout else "gcc"
    found = re.search(r"\d+", re.sub(r"\(.*?\)", "", done.stdout.partition("\n")[0]))
    return f"{name}-{found[0]}" if found else name


def environment(vector: str) -> str:
    """What the counts depend on, in a line; what else they may, `made_with` tells."""
    optimized = "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))
    names = (machine.interpreter() + "-pgo" * optimized, _compiler(), platform.machine(), vector)
    return " ".join(name for name in names if name)


def made_with() -> dict[str, str]:
    """What may shift the counts a little: shown where it is not what was recorded."""
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return {
        "python": f"{platform.python_version()}, {platform.python_compiler()}",
        "valgrind": valgrind.stdout.strip().removeprefix("valgrind-"),
        "flags": str(sysconfig.get_config_var("CFLAGS")),
        "libc": " ".join(platform.libc_ver()),
        "Cython": version("Cython"),
        "multidict": version("multidict"),
    }


def _count_all(names: Iterable[str]) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    with tempfile.TemporaryDirectory() as folder:
        library = callgrind.build(Path(folder))
        for number, name in enumerate(names):
            own = Path(folder) / str(number)
            own.mkdir()
            print(f"counting: {name}", file=sys.stderr, flush=True)
            counts[name] = callgrind.count(name, library, own)
    return counts


def _instructions(counts: Mapping[str, Count]) -> dict[str, int]:
    return {name: count.instructions for name, count in counts.items()}


def read() -> dict[str, Any]:
    """All records, by environment."""
    records: dict[str, Any] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return records


def _record(key: str, counts: Counts) -> int:
    """Count once more, and write the record if it is the same."""
    again = _instructions(_count_all(counts))
    spread = max(abs(again[name] / counts[name] - 1) for name in counts)
    print(f"two counts differ by at most {spread:.4%}")
    if spread > REPEATABLE:
        print(f"not recorded: that is more than {REPEATABLE:.1%}")
        return 1
    records = read()
    records[key] = {"made with": made_with(), "instructions": dict(counts)}
    RECORD.write_text(json.dumps(records, indent=1) + "\n")
    print(f"recorded for {key}")
    others = [name for name in records if name != key]
    if others:
        print(f"not counted anew, and maybe not right any more: {'; '.join(others)}")
    return 0


def _missing(reason: str) -> int:
    """Nothing to compare: fails where nothing may be left out."""
    print(f"instruction counts: {reason}")
    return 1 if os.environ.get("PARTSTREAM_REQUIRE_PEERS") == "1" else 0


def _compared(key: str, counts: Counts, whole: bool) -> int:
    entry = read().get(key)
    if entry is None:
        print(table(compare({}, counts)))
        return _missing(f"no record for {key}; ci/instructions --record makes one")
    recorded: dict[str, int] = entry["instructions"]
    if not whole:
        recorded = {name: recorded[name] for name in counts if name in recorded}
    changes = compare(recorded, counts)
    print(f"{key}\n\n{table(changes)}\n")
    failed = any(change.fails for change in changes)
    for name, now in made_with().items():
        if now != (before := entry["made with"].get(name)):
            print(f"{name}: recorded with {before}, now {now}")
    if failed:
        print(f"a count that grows by more than {TOLERANCE:.0%} needs a new record, on purpose:")
        print("ci/instructions --record")
    return 1 if failed else 0


def main(argv: list[str] | None = None) -> int:
    """Compare, or record; 1 where a count has grown, or the record does not have it."""
    parser = argparse.ArgumentParser(prog="ci/instructions", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write what is counted as the record")
    parser.add_argument("--only", nargs="+", metavar="CASE", choices=COUNTED, default=[*COUNTED],
                        help="compare these cases alone")  # fmt: skip
    args = parser.parse_args(argv)
    whole = set(args.only) == set(COUNTED)
    if args.record and not whole:
        parser.error("--record is of all cases")
    try:
        counts = _count_all(args.only)
    except Unavailable as error:
        return _missing(f"not counted: {error}")
    key = environment(next(iter(counts.values())).vector)
    if args.record:
        return _record(key, _instructions(counts))
    return _compared(key, _instructions(counts), whole)


if __name__ == "__main__":
    sys.exit(main())
