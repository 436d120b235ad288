"""Readers in other processes: one process for all bodies, a line of JSON each way.

A process is started with the first question, and ended with this one.
"""

from __future__ import annotations

import atexit
import json
import select
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import Item, essence

ROOT = Path(__file__).parents[2]
#: What is built or installed for the tests; git ignores it.
INSTALLED = ROOT / ".env"
#: Seconds after which a process that does not answer has failed.
PATIENCE = 60


class Refused(ValueError):
    """The reader did not read the body, and says why."""


class Process:
    """A process that answers.

    Args:
        command: gives its command line when it is to start.
        environment: its environment, None for ours.
    """

    def __init__(
        self, command: Callable[[], list[str]], environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = command
        self._environment = environment
        self._running: subprocess.Popen[bytes] | None = None

    def read(self, content_type: str, body: bytes, **more: Any) -> list[Item]:
        """Let it read a body.

        Args:
            content_type: of the body.
            body: what is read.
            more: what the process is to know besides.

        Raises:
            Refused: if it could not.
        """
        question = {"contentType": content_type, "body": b64encode(body).decode(), **more}
        answer = json.loads(self._ask(json.dumps(question).encode()))
        if answer.get("error"):
            raise Refused(answer["error"])
        return [_item(**found) for found in answer["items"]]

    def _ask(self, question: bytes) -> bytes:
        process = self._running or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        answer = b""
        try:
            process.stdin.write(question + b"\n")
            process.stdin.flush()
            # It writes its answer at once, so that either nothing is there or soon all of it.
            if select.select([process.stdout], [], [], PATIENCE)[0]:
                answer = process.stdout.readline()
        finally:
            if not answer:
                self.end()
        if not answer:
            raise RuntimeError(f"{process.args!r} gave no answer")
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        self._running = subprocess.Popen(
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
        )
        atexit.register(self.end)
        return self._running

    def end(self) -> None:
        """End the process, and forget it."""
        if self._running is not None:
            self._running.kill()
            self._running.communicate()
            self._running = None
            atexit.unregister(self.end)


def _item(name: str | None, filename: str | None, contentType: str | None, data: str) -> Item:
    return Item(name, filename, essence(contentType), b64decode(data))
