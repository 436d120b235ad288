"""Counts the instructions of jobs, one after the other in one process under callgrind.

The counts are those of the processor's instructions in user space: interpreter, extensions, libc
and the allocator.  What one instruction moves, be it a byte or a vector, is not told apart.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from benchmarks import callgrind
from linear.doors import Job
from linear.worker import encoded

__all__ = ["Meter"]

_ROOT = Path(__file__).parent.parent.parent


class Meter:
    """A process that counts.

    Raises:
        callgrind.Unavailable: where there is no valgrind, no compiler, or none of their headers.
    """

    def __init__(self) -> None:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self._folder = tempfile.TemporaryDirectory(dir=memory)
        folder = Path(self._folder.name)
        try:
            library = callgrind.build(folder)
        except callgrind.Unavailable:
            self._folder.cleanup()
            raise
        command = [
            *callgrind.fixed_addresses(),
            *("valgrind", "--tool=callgrind", "--instr-atstart=no", "--dump-line=no"),
            f"--callgrind-out-file={folder}/out",
            *(sys.executable, "-m", "linear.worker", str(library)),
        ]
        path = os.pathsep.join((str(_ROOT / "tests"), str(_ROOT)))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=callgrind.environment() | {"PYTHONPATH": path}, text=True,
        )  # fmt: skip
        self._number = 0

    def __enter__(self) -> Meter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def count(self, job: Job) -> int:
        """Give the instructions of one job.

        Raises:
            RuntimeError: where the process has died.
        """
        process = self._process
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("the process has no pipes")
        try:
            process.stdin.write(encoded(job) + "\n")
            process.stdin.flush()
            told = process.stdout.readline()
        except BrokenPipeError:
            told = ""
        if not told:
            raise RuntimeError(f"counting {job!r:.300}: {process.stderr.read()[-2000:]}")
        self._number += 1
        dump = Path(self._folder.name) / f"out.{self._number}"
        total = _total(dump)
        dump.unlink()
        return total


def _total(dump: Path) -> int:
    """Give the sum at the end of a dump."""
    with dump.open("rb") as file:
        file.seek(max(0, dump.stat().st_size - 200))
        for line in reversed(file.read().decode().splitlines()):
            if line.startswith("totals: "):
                return int(line.split()[1])
    raise RuntimeError(f"{dump} has no totals")
