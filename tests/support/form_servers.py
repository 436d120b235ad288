"""Servers of forms in processes of their own, and a look at what they leave open."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import django
import pytest

from .serving import PATIENCE

_TESTS = Path(__file__).parents[1]
_MADE = "support.form_apps:made"
_OWN = "import socket; from support.form_apps import made; listener = socket.socket(fileno=FD); "

#: How each server is started; FD is the number of a socket that listens.
COMMANDS = {
    "uvicorn": ["-m", "uvicorn", "--factory", _MADE, "--fd", "FD", "--log-level", "critical"],
    "hypercorn": ["-m", "hypercorn", f"{_MADE}()", "--bind", "fd://FD", "--workers", "0"],
    "gunicorn": [
        "-m", "gunicorn", f"{_MADE}()", "--bind", "fd://FD", "--worker-class", "sync",
        "--workers", "1", "--log-level", "critical", "--worker-tmp-dir", "/dev/shm",
        "--no-control-socket", "--graceful-timeout", "1",
    ],
    "waitress": ["-c", _OWN + "import waitress; "
                 "waitress.serve(made(), sockets=[listener], threads=1, _quiet=True)"],
    "aiohttp": ["-c", _OWN + "from aiohttp import web; "
                "web.run_app(made(), sock=listener, access_log=None, print=None)"],
}  # fmt: skip


class Served:
    """A server that runs.

    Attributes:
        port: that it listens at, on loopback.
        spool: its directory for temporary files, which nobody else has.
        log: what it writes, for whoever looks into a failure.
    """

    def __init__(self, port: int, pid: int, spool: Path, log: Path) -> None:
        self.port = port
        self.spool = spool
        self.log = log
        self._pid = pid

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def state(self) -> Any:
        """Ask how many forms were told; the connection is closed by the server then."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request("GET", "/", headers={"Connection": "close"})
            return json.loads(connection.getresponse().read())

    def handles(self) -> Counter[str]:
        """Give the handles of all its processes: files by their names, others by their kinds.

        Connections are the server's own matter: hypercorn keeps them for a while.
        """
        found: Counter[str] = Counter()
        for process in self._processes():
            for handle in process.glob("fd/*"):
                try:
                    target = os.readlink(handle)
                except OSError:
                    continue  # closed meanwhile
                if not target.startswith("socket:"):
                    found[target if target.startswith("/") else target.partition(":")[0]] += 1
        return found

    def _processes(self) -> Iterator[Path]:
        left = [str(self._pid)]
        while left:
            process = Path("/proc", left.pop())
            yield process
            for children in process.glob("task/*/children"):
                with suppress(OSError):  # a thread that has ended meanwhile
                    left += children.read_text().split()

    def writes(self) -> bool:
        """Whether it has a temporary file open."""
        return any(name.startswith(f"{self.spool}/") for name in self.handles())

    def until(self, true: Callable[[], bool]) -> None:
        """Wait, for a while, until something is true."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, "the server never came to that"
            os.sched_yield()

    def settle(self, before: Counter[str]) -> None:
        """Wait until nothing is left of what was served; see :meth:`is_as`."""
        end = time.monotonic() + PATIENCE
        while not self.is_as(before):
            left = self.handles() - before, os.listdir(self.spool)
            assert time.monotonic() < end, f"left open: {left}"
        # A file that was left to the garbage collector; waitress leaves its own to it, where a
        # client goes away.
        lines = self.log.read_text().splitlines()
        lost = [line for line in lines if "unclosed file" in line and "/waitress/" not in line]
        assert lost == []

    def is_as(self, before: Counter[str]) -> bool:
        """Whether no temporary file is left, nor any handle that was not there before."""
        self.state()  # it has its turn
        return not any(self.spool.iterdir()) and not self.handles() - before


def interpreter(app: str) -> str:
    """Give the interpreter that serves an integration: Django has parser classes from 6.1 on.

    That needs Python 3.12, so older ones have another one serve: see ``ci/test``.
    """
    if "-parser-" not in app or django.VERSION >= (6, 1):
        return sys.executable
    named = os.environ.get("PARTSTREAM_DJANGO_PYTHON", "")
    if not named:
        why = "Django 6.1 and Python 3.12 are missing; ci/test sets PARTSTREAM_DJANGO_PYTHON"
        if os.environ.get("PARTSTREAM_REQUIRE_PEERS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return named


@contextmanager
def serving(app: str, server: str, twin: str, directory: Path) -> Iterator[Served]:
    """Serve an integration; see ``form_apps.py``.

    The server inherits a socket that listens already, so nobody has to wait for it.
    """
    spool, log = directory / "spool", directory / "log"
    spool.mkdir()
    environment = {
        **os.environ, "PYTHONPATH": str(_TESTS), "TMPDIR": str(spool), "FORM_APP": app,
        "PARTSTREAM_NO_EXTENSIONS": "1" if twin == "py" else "",
    }  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        number = listener.fileno()
        command = [re.sub(r"\bFD\b", str(number), word) for word in COMMANDS[server]]
        process = subprocess.Popen(
            [interpreter(app), "-W", "always::ResourceWarning", *command],
            pass_fds=[number],
            env=environment,
            cwd=directory,
            stdout=output,
            stderr=output,
        )
        with process:
            port = listener.getsockname()[1]
            listener.close()  # if it dies, clients are told
            try:
                yield Served(port, process.pid, spool, log)
            finally:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    pytest.fail(f"{server} did not end")
