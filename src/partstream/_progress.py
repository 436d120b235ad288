"""How far a long reading or writing has come, on one line that goes away again.

Nothing is written unless a person watches, and nothing in the first second.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import Final, TextIO

__all__ = ["Progress"]

_DELAY: Final = 1.0  # seconds until it is worth a line
_INTERVAL: Final = 0.1  # seconds between two lines
_MEGABYTE: Final = 1_000_000


class Progress:
    """One line on a terminal, rewritten as it goes on.

    Args:
        stream: where to write, standard error; nothing is written to what is no terminal.
        total: how many bytes there are, None where that is not known.
        clock: tells the time in seconds.
        verb: what is done with the bytes.
    """

    def __init__(
        self,
        stream: TextIO | None,
        total: int | None,
        clock: Callable[[], float] = time.monotonic,
        verb: str = "read",
    ) -> None:
        self._verb = verb
        self._stream = stream if stream is not None and _is_terminal(stream) else None
        self._total = total
        self._clock = clock
        self._start = clock()
        self._next = self._start + _DELAY
        self._shown = 0

    def update(self, done: int) -> None:
        """Say how many bytes it is so far."""
        if self._stream is None:
            return
        now = self._clock()
        if now >= self._next:
            self._next = now + _INTERVAL
            self._show(self._line(done, now - self._start))

    def erase(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write("\r" + " " * self._shown + "\r")
            self._shown = 0

    def _line(self, done: int, seconds: float) -> str:
        share = f" ({100 * done // self._total}%)" if self._total else ""
        speed = done / seconds / _MEGABYTE if seconds > 0 else 0.0
        return f"{self._verb} {done / _MEGABYTE:,.0f} MB{share}, {speed:,.0f} MB/s"

    def _show(self, line: str) -> None:
        line = line[: shutil.get_terminal_size().columns - 1]
        self._write("\r" + line.ljust(self._shown))
        self._shown = len(line)

    def _write(self, text: str) -> None:
        stream = self._stream
        if stream is None:
            return
        try:
            stream.write(text)
            stream.flush()
        except OSError:
            self._stream = None  # the terminal is gone, the reading goes on


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
