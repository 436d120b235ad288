"""A server of the soak, in a process of its own, and a look at what it holds."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from soak.client import Connection

#: In seconds, for all that a round left behind to be gone.
SETTLED: Final = 30.0

#: By how much these may rise from the end of the warm-up to the end of the run, along the line of
#: least squares through what they were at the end of each round; the memory in bytes.
GROWTH: Final = {"memory": 16 << 20, "objects": 1000, "blocks": 10_000}

#: What is logged as an error of what a client did, with a framework's own parser as with ours, by
#: logger and exception: a client goes away amid its request, and the framework raises that through
#: its server; Django says so where it answers 400.
_TOLD: Final = {
    ("aiohttp.server", "ConnectionResetError"): "left",
    ("uvicorn.error", "ClientDisconnect"): "left",
    ("django.security.TooManyFieldsSent", "TooManyFieldsSent"): "refused",
    ("django.security.TooManyFilesSent", "TooManyFilesSent"): "refused",
    ("django.security.RequestDataTooBig", "RequestDataTooBig"): "refused",
}


class Sample(NamedTuple):
    """What a server holds when nothing is asked of it.

    Attributes:
        memory: the resident set, in bytes.
        files: open ones, sockets not counted.
        objects: that the garbage collector knows.
        blocks: of CPython's allocator.
    """

    memory: int
    files: int
    sockets: int
    tasks: int
    objects: int
    blocks: int


class Server:
    """A server that runs.

    Attributes:
        port: that it listens at, on loopback.
        complaints: lines of its log that tell of an error.
        told: how often its log tells that a client left, and that one was refused.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.port = port
        self.complaints: list[str] = []
        self.told: Counter[str] = Counter()
        self._process, self._folder = process, folder
        self._read = 0

    def gone(self) -> bool:
        return self._process.poll() is not None

    def spooled(self) -> list[str]:
        """Name the temporary files that are there."""
        return os.listdir(self._folder / "spool")

    def output(self) -> str:
        return (self._folder / "output").read_text("utf-8", "replace")

    async def sample(self) -> Sample:
        """Have it collect its garbage, and say what is left.

        Raises:
            OSError: where it does not answer.
        """
        connection = await Connection.open(self.port)
        request = b"GET /state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        answer = await connection.exchange([request])
        if answer.status != 200:
            raise ConnectionError(f"the server does not tell its state: {answer}")
        state = json.loads(answer.body)
        handles = self._handles()
        found = Sample(self._memory("VmRSS"), sum(handles.values()) - handles["socket"],
                       handles["socket"] - 1, state["tasks"], state["objects"],
                       state["blocks"])  # fmt: skip
        await connection.close()
        return found

    async def settled(self, before: Sample | None) -> tuple[Sample, list[str]]:
        """Wait until it holds no more than before; give what it holds, and what is too much."""
        end = time.monotonic() + SETTLED
        while True:
            found = await self.sample()
            wrong = self._left(found, before)
            if not wrong or time.monotonic() > end:
                return found, wrong
            await asyncio.sleep(0.02)

    def _left(self, now: Sample, before: Sample | None) -> list[str]:
        names = self.spooled()
        wrong = [f"{len(names)} temporary files are left: {names[:3]}"] if names else []
        if before is not None:
            for kind in ("files", "sockets", "tasks"):
                found, most = getattr(now, kind), getattr(before, kind)
                if found > most:
                    wrong.append(f"{found} {kind} are open, {most} were")
        return wrong

    def peak(self) -> int:
        """Give the most memory that it ever had, in bytes."""
        return self._memory("VmHWM")

    def listen(self) -> None:
        """Read what was logged meanwhile."""
        text = (self._folder / "log").read_text("utf-8")
        *lines, _ = text[self._read :].split("\n")
        self._read += sum(len(line) + 1 for line in lines)
        for line in lines:
            found = json.loads(line)
            if what := _TOLD.get((found["logger"], found["raised"])):
                self.told[what] += 1
            elif found["level"] in ("ERROR", "CRITICAL") or "unclosed" in found["message"]:
                self.complaints.append(line)

    def _memory(self, name: str) -> int:
        for line in Path(f"/proc/{self._process.pid}/status").read_text("ascii").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) << 10
        raise RuntimeError(f"the system does not tell {name}")

    def _handles(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for handle in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                found[os.readlink(handle).partition(":")[0]] += 1
        return found


@contextmanager
def served(kind: str, twin: str, folder: Path, fault: str | None = None) -> Iterator[Server]:
    """Serve; the server inherits a socket that listens, so that nobody has to wait for it."""
    (folder / "spool").mkdir()
    (folder / "log").touch()
    program = Path(__file__).parent / "server.py"
    environment = os.environ | {
        "TMPDIR": str(folder / "spool"), "PARTSTREAM_NO_EXTENSIONS": "1" if twin == "py" else "",
        # Or each thread has memory of its own that it keeps, and there are some in the pools.
        "MALLOC_ARENA_MAX": "1",
    }  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listener, (folder / "output").open("wb") as out:
        number = listener.fileno()
        command = [sys.executable, "-W", "always::ResourceWarning", str(program), kind, str(number),
                   str(folder / "log"), *([fault] if fault else [])]  # fmt: skip
        process = subprocess.Popen(command, pass_fds=[number], env=environment, cwd=folder,
                                   stdout=out, stderr=out)  # fmt: skip
        port = listener.getsockname()[1]
    with process:
        try:
            yield Server(port, process, folder)
        finally:
            process.terminate()
            try:
                process.wait(SETTLED)
            except subprocess.TimeoutExpired:
                process.kill()


def rise(values: Sequence[float]) -> float:
    """Give by how much values rise from the first to the last, along the line of least squares."""
    count = len(values)
    if count < 2:
        return 0.0
    middle, mean = (count - 1) / 2, sum(values) / count
    slope: Any = sum((at - middle) * (value - mean) for at, value in enumerate(values))
    slope /= sum((at - middle) ** 2 for at in range(count))
    return float(slope * (count - 1))


def grown(samples: Sequence[Sample]) -> list[str]:
    """Say what rises by too much in the rounds that these samples stand behind."""
    found = []
    for kind, most in GROWTH.items():
        risen = rise([getattr(sample, kind) for sample in samples])
        if risen > most:
            found.append(f"{kind} grew by {risen:.0f} in {len(samples)} rounds, more than {most}")
    return found
