"""Runs the targets, each for its share of the time, one or more at once: ``ci/fuzz``.

Usage: ci/fuzz [--minutes N] [--jobs J] [--inputs N] [--seed S] [TARGET...]
       ci/fuzz --replay FILE

A target runs for its share of the minutes, or for a number of inputs: those that go through the
whole package get twice as much as the others.  What has to be built is built before, and does not
count.  With a seed, the engines
that are guided by coverage start from the seeds alone; without one, they go on from what they kept,
in ``.fuzz/kept``.  Inputs of findings are in ``.fuzz/found``.  The exit status is 1 at a finding.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent.parent
WORK: Final = ROOT / ".fuzz"
FOUND: Final = WORK / "found"

#: Bytes of an input that an engine makes, at most: of a stream, and of what one header gets.
_STREAM: Final = 3000
_SHORT: Final = 700

#: Inputs of a target without an engine, where the time is what ends it.
_ENDLESS: Final = 10**9

#: What the core is compiled with.
SANITIZERS: Final = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


class Missing(Exception):
    """What a target needs is not here."""


class Share(NamedTuple):
    """How long a target runs."""

    seconds: float
    inputs: int | None
    seed: int
    kept: bool


class Result(NamedTuple):
    """What came of a target."""

    found: bool
    seconds: float
    executions: str
    coverage: str


class Target(NamedTuple):
    """A target, and how it is run.

    Attributes:
        source: the file with its invariant on the first line.
        command: gives the command for a share; what that needs is built.
        again: gives the command that tries an input again.
        weight: of its share.
    """

    name: str
    source: str
    command: Callable[[Share], list[str]]
    again: Callable[[Path], list[str]]
    weight: int = 1

    def invariant(self) -> str:
        """Give the first line of its file."""
        line = (ROOT / self.source).read_text("utf-8").split("\n")[0]
        return line.strip('"').removeprefix("/* ")


# Without an engine: tests/fuzz.py


def _random(name: str, source: str, weight: int, *python: str) -> Target:
    driver = [*(python or (sys.executable,)), str(ROOT / "tests" / "fuzz.py")]
    target = name.rpartition("-")[2]

    def command(share: Share) -> list[str]:
        if python:
            _sanitized()
        return [*driver, "--target", target, "--keep", name, "--jobs", "1", "--seed",
                str(share.seed), "--minutes", str(share.seconds / 60), "--inputs",
                str(share.inputs or _ENDLESS)]  # fmt: skip

    return Target(name, source, command, lambda path: [*driver, "--replay", str(path)], weight)


@cache
def _sanitized() -> None:
    """Build the extensions with sanitizers, and see whether they can be loaded."""
    command = [*_SANITIZED, "-c", "import partstream; assert partstream.BACKEND == 'c'"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise Missing(f"ci/sanitize cannot build the extensions: {done.stderr.strip()[-500:]}")


# Guided by coverage


def _engine(
    name: str, source: str, longest: int, program: Callable[[], list[str]], weight: int = 1
) -> Target:
    def command(share: Share) -> list[str]:
        from fuzzing import seeds  # it loads both twins

        given, kept = WORK / "seeds" / name, WORK / "kept" / name
        shutil.rmtree(given, ignore_errors=True)
        seeds.write(name, given, longest)
        if not share.kept:
            kept = WORK / "fresh" / name
            shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True, exist_ok=True)
        return [*program(), f"-max_total_time={max(1, round(share.seconds))}",
                *([f"-runs={share.inputs}"] if share.inputs else []), f"-seed={share.seed}",
                f"-max_len={longest}", f"-artifact_prefix={FOUND}/{name}-", "-timeout=20",
                f"-dict={ROOT}/tests/fuzzing/multipart.dict", "-print_final_stats=1",
                str(kept), str(given)]  # fmt: skip

    return Target(name, source, command, lambda path: [*program(), str(path)], weight)


def _native(name: str) -> Target:
    source = f"tests/native/fuzz_{name}.c"

    def program() -> list[str]:
        if shutil.which("clang") is None:
            raise Missing("clang is not installed")
        built = WORK / "bin" / name
        built.parent.mkdir(parents=True, exist_ok=True)
        command = ["clang", "-std=c99", "-g", "-O1", f"-I{ROOT}/ext", "-fsanitize=fuzzer",
                   *SANITIZERS, str(ROOT / source), "-o", str(built)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"clang cannot build {source}: {done.stderr.strip()[-300:]}")
        return [str(built)]

    return _engine(name, source, _SHORT, program)


def _traced() -> list[str]:
    """Give the command of the target that atheris runs, in an environment of its own."""
    needs = ["atheris", "multidict>=6.0", "pytest", "trio"]
    made = subprocess.run([ROOT / "ci" / "env", "fuzz", *needs], capture_output=True, text=True,
                          env=os.environ | {"PYTHON": _interpreter()}, check=False)  # fmt: skip
    if made.returncode:
        raise Missing("atheris is not to be had for this interpreter")
    return [f"{made.stdout.strip()}/bin/python", str(ROOT / "tests" / "fuzzing" / "reader.py")]


def _interpreter() -> str:
    found = subprocess.run([ROOT / "ci" / "python"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def _costly(share: Share) -> list[str]:
    if shutil.which("valgrind") is None:
        raise Missing("valgrind is not installed")
    limit = ["--inputs", str(share.inputs)] if share.inputs else []
    return [sys.executable, str(ROOT / _WORST_SOURCE), "--minutes", str(share.seconds / 60),
            "--seed", str(share.seed), *limit]  # fmt: skip


_WORST_SOURCE: Final = "tests/fuzzing/worst.py"
_WORST: Final = Target(
    "worst", _WORST_SOURCE, _costly,
    lambda path: [sys.executable, str(ROOT / _WORST_SOURCE), "--replay", str(path)],
)  # fmt: skip

_SANITIZED: Final = (str(ROOT / "ci" / "sanitize"), "--exec")

TARGETS: Final = {
    target.name: target
    for target in (
        _random("twins", "tests/support/fuzzing.py", 2),
        _random("chunking", "tests/fuzzing/chunking.py", 2),
        _random("roundtrip", "tests/fuzzing/roundtrip.py", 1),
        _engine("reader", "tests/fuzzing/reader.py", _STREAM, _traced, 2),
        _WORST,
        _native("search"),
        _native("delimiters"),
        _native("block"),
        _random("sanitized-twins", "tests/support/fuzzing.py", 2, *_SANITIZED),
        _random("sanitized-chunking", "tests/fuzzing/chunking.py", 2, *_SANITIZED),
        _random("sanitized-roundtrip", "tests/fuzzing/roundtrip.py", 1, *_SANITIZED),
    )
}


def _run(target: Target, command: list[str]) -> Result:
    """Run a target; what it says is in a file, and is shown where something was found."""
    log = WORK / "log" / f"{target.name}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    before = set(os.listdir(FOUND))
    start = time.monotonic()
    with log.open("wb") as file:
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        status = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT,
                                env=environment, check=False).returncode  # fmt: skip
    seconds = time.monotonic() - start
    text = log.read_text("utf-8", "replace")
    if status:
        names = sorted(set(os.listdir(FOUND)) - before)
        found = [f"found: {FOUND / name}; to try it again: ci/fuzz --replay {FOUND / name}"
                 for name in names if name.startswith(f"{target.name}-")]  # fmt: skip
        print("\n".join([text[-6000:], *found]), flush=True)
    return Result(status != 0, seconds, *figures(text))


def figures(text: str) -> tuple[str, str]:
    """Give executions and coverage, as the last lines of a target tell them."""
    executions, coverage = "?", "-"
    for line in text.split("\n"):
        words = line.split()
        if line.startswith("stat::number_of_executed_units:"):
            executions = words[1]
        elif words[:1] and words[0].startswith("#") and "cov:" in words:
            executions = words[0][1:].rstrip(":")
            coverage = f"{words[words.index('cov:') + 1]} edges"
        elif line.startswith("seed ") and "inputs/s, " in line:
            executions = words[2]
            coverage = line.rpartition(", ")[2]
    return executions, coverage


def _table(results: dict[str, Result | None]) -> str:
    rows = [("target", "executions", "coverage", "time", "result")]
    for name, result in results.items():
        if result is None:
            rows.append((name, "-", "-", "-", "not run"))
        else:
            rows.append((name, result.executions, result.coverage, f"{result.seconds:.0f} s",
                         "FOUND" if result.found else "clean"))  # fmt: skip
    ran = [result for result in results.values() if result is not None]
    total = sum(int(result.executions) for result in ran if result.executions.isdecimal())
    rows.append(("in all", str(total), "", f"{sum(result.seconds for result in ran):.0f} s",
                 "FOUND" if any(result.found for result in ran) else "clean"))  # fmt: skip
    return "\n".join(f"{name:<20} {count:>12} {cover:>14} {seconds:>8}  {end}"
                     for name, count, cover, seconds, end in rows)  # fmt: skip


def _replay(path: Path) -> int:
    """Try an input again; its name starts with that of its target."""
    names = [name for name in TARGETS if path.name.startswith(f"{name}-")]
    if not names:
        print(f"{path.name} starts with the name of no target: {', '.join(TARGETS)}")
        return 2
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    try:
        command = TARGETS[names[0]].again(path.resolve())
    except Missing as missing:
        print(f"ci/fuzz: {missing}")
        return 2
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ci/fuzz", description="Look for what should not be.")
    parser.add_argument("--minutes", type=float, default=10.0, metavar="N")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="targets at once")
    parser.add_argument("--inputs", type=int, metavar="N", help="of each target")
    parser.add_argument("--seed", type=int, metavar="S")
    parser.add_argument("--replay", type=Path, metavar="FILE")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args(arguments)
    for name in options.targets:
        if name not in TARGETS:
            parser.error(f"there is no target {name}; there are {', '.join(TARGETS)}")
    numbers = (options.minutes, options.jobs, 1 if options.inputs is None else options.inputs)
    if min(numbers) <= 0:
        parser.error("--minutes, --jobs and --inputs take numbers above zero")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; give the exit status: 1 at a finding, or where a target is missing that must not be."""
    options = _options(arguments)
    if options.replay is not None:
        return _replay(options.replay)
    chosen = [TARGETS[name] for name in options.targets] or list(TARGETS.values())
    kept = options.seed is None
    seed = random.SystemRandom().randrange(10**9) if kept else options.seed
    required = os.environ.get("PARTSTREAM_REQUIRE_PEERS", "") not in ("", "0")
    FOUND.mkdir(parents=True, exist_ok=True)
    seconds = shares(chosen, options.minutes, options.jobs)
    commands: dict[str, list[str]] = {}
    print(f"seed {seed}, {options.minutes:g} minutes")
    for target in chosen:
        share = Share(seconds[target.name], options.inputs, seed, kept)
        print(f"{target.name}, {share.seconds:.0f} s: {target.invariant()}", flush=True)
        try:
            commands[target.name] = target.command(share)
        except Missing as missing:
            print(f"ci/fuzz: {missing}: {target.name} is left out")
    results = _all([target for target in chosen if target.name in commands], commands, options.jobs)
    print(_table({target.name: results.get(target.name) for target in chosen}))
    if any(result.found for result in results.values()):
        print(f"inputs are in {FOUND}, what the targets said in {WORK / 'log'}")
    return int(
        any(result.found for result in results.values())
        or (required and len(results) < len(chosen))
    )


def shares(targets: Sequence[Target], minutes: float, jobs: int) -> dict[str, float]:
    """Give the seconds of each target, by its weight, so that all take so many minutes.

    Where so many run at once, there is as much more to share; none gets more than all the minutes.
    """
    one = minutes * 60 * min(jobs, len(targets)) / sum(target.weight for target in targets)
    return {target.name: min(one * target.weight, minutes * 60) for target in targets}


def _all(targets: Sequence[Target], commands: dict[str, list[str]], jobs: int) -> dict[str, Result]:
    """Run targets, some at once, the longest first: so the short ones fill what is left."""
    order = sorted(targets, key=lambda target: -target.weight)
    with ThreadPoolExecutor(jobs) as pool:
        running = {target.name: pool.submit(_run, target, commands[target.name])
                   for target in order}  # fmt: skip
        return {name: future.result() for name, future in running.items()}


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)
    sys.exit(main())
