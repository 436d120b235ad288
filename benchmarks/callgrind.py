"""Counts instructions with valgrind's callgrind, between two requests of the counted process.

The requests are a few C functions, compiled here: so nothing is counted but the passes, and a count
is repeated to the instruction. The difference between many passes and few needs no compiler, but
counts the start of Python twice, a billion instructions each time, for some millions that matter.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from .counted import COUNTED

#: Valgrind's processor has no AVX-512, whatever the machine's has.
_REQUESTS = b"""
#include <valgrind/callgrind.h>
void counting_start(void) { CALLGRIND_START_INSTRUMENTATION; CALLGRIND_ZERO_STATS; }
void counting_stop(const char *label) {
    CALLGRIND_DUMP_STATS_AT(label);
    CALLGRIND_STOP_INSTRUMENTATION;
}
void counting_mark(const char *label) { CALLGRIND_DUMP_STATS_AT(label); }
const char *counting_vector(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bw") ? "avx512"
         : __builtin_cpu_supports("avx2") ? "avx2" : "sse2";
#else
    return "";
#endif
}
"""


class Unavailable(RuntimeError):
    """There is no valgrind here, or no compiler, or none of valgrind's C headers."""


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions a pass, the driver's own subtracted, and the widest vectors there were."""

    instructions: int
    vector: str


def compiler() -> list[str]:
    """The command that compiles extensions for this interpreter."""
    return shlex.split(os.environ.get("CC") or str(sysconfig.get_config_var("CC") or "cc"))


def _failure(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = [line for line in done.stderr.decode().splitlines() if not line.startswith("==")]
    return "\n".join(lines[-5:]) or f"exit status {done.returncode}"


def build(folder: Path) -> Path:
    """Compile the requests into a library in `folder`; raise `Unavailable` where it cannot be."""
    if shutil.which("valgrind") is None:
        raise Unavailable("valgrind is not installed")
    library = folder / "counting.so"
    command = [*compiler(), "-O1", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)]
    try:
        done = subprocess.run(command, input=_REQUESTS, capture_output=True, check=False)
    except OSError as error:
        raise Unavailable(f"no compiler: {error}") from None
    if done.returncode:
        raise Unavailable(f"valgrind's C headers do not compile: {_failure(done)}")
    return library


def fixed_addresses() -> list[str]:
    """The prefix that lays every process out alike, where it is allowed: containers may forbid it.

    Valgrind lays out nearly all by itself; the counts were the same without.
    """
    command = ["setarch", "-R"]
    try:
        done = subprocess.run([*command, "true"], capture_output=True, check=False)
    except OSError:
        return []
    return [] if done.returncode else command


def environment() -> dict[str, str]:
    """As little as can be: its size moves what lies behind it in memory."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}


def _totals(folder: Path) -> dict[str, int]:
    """The counts of all dumps there, by the label that was given with each."""
    totals: dict[str, int] = {}
    for dump in folder.glob("callgrind.out*"):
        label = total = ""
        for line in dump.read_text().splitlines():
            if line.startswith("desc: Trigger: Client Request: "):
                label = line.rpartition(": ")[2]
            elif line.startswith("totals: "):
                total = line.rpartition(" ")[2]
        if label:
            totals[label] = int(total)
    return totals


def count(case: str, library: Path, folder: Path) -> Count:
    """Count one case. `folder` is for files of this count alone."""
    command = [
        *fixed_addresses(),
        *("valgrind", "--tool=callgrind", "--instr-atstart=no"),
        f"--callgrind-out-file={folder}/callgrind.out",
        *(sys.executable, "-m", f"{__package__}.counted", str(library), case),
    ]
    done = subprocess.run(command, capture_output=True, env=environment(), check=False)
    if done.returncode:
        raise RuntimeError(f"{case}: {_failure(done)}")
    totals = _totals(folder)
    net = totals["core"] - totals["driver"]
    return Count(round(net / COUNTED[case].passes), done.stdout.decode().strip())
