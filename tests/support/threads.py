"""Work that several threads do at once, what they read and write, and what came of it."""

from __future__ import annotations

import base64
import gzip
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from support.building import Multipart, Part, body, field_part, file_part, form, nested_part

__all__ = [
    "DATA", "FORM", "MIXED", "ROUNDS", "THREADS", "TYPE", "at_once", "in_turns", "pieces_at_once",
    "refused", "written",
]  # fmt: skip

THREADS = 4
ROUNDS = 12

TYPE = "multipart/mixed; boundary=B"
DATA = random.Random(3).randbytes(9000)
MIXED = body(
    Multipart(
        "B",
        [
            Part((("X-A", "1"),), b"plain"),
            nested_part(Multipart("C", [Part((), b"inner"), Part((("X-Odd", "a\r\n b"),), b"2")])),
            Part(
                (("Content-Transfer-Encoding", "base64"), ("Content-Encoding", "gzip")),
                base64.b64encode(gzip.compress(DATA, mtime=0)),
            ),
            Part((), DATA),
        ],
    )
)
FORM = form(
    field_part("a", b"1"), file_part("f", "f", DATA), field_part("b", "é".encode()),
    file_part("g", "g", DATA * 3), file_part("s", "s", b"small"),
)  # fmt: skip


@contextmanager
def in_turns() -> Iterator[None]:
    """Let threads take turns all the time."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def at_once(work: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """Do work on several threads that start together; give what each gave, or raised."""
    barrier = threading.Barrier(threads)
    found: list[Any] = [None] * threads

    def run(number: int) -> None:
        barrier.wait()
        try:
            found[number] = work(number)
        except BaseException as error:
            found[number] = error

    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def refused(found: list[Any], word: str) -> list[str]:
    """Give what was refused; anything else that was raised is a failure."""
    refusals = [outcome for outcome in found if isinstance(outcome, BaseException)]
    for refusal in refusals:
        if type(refusal) is not ValueError or word not in str(refusal):
            raise refusal
    return [str(refusal) for refusal in refusals]


def written(ps: ModuleType, path: Path) -> Any:
    writer = ps.MultipartWriter("form-data", "B")
    writer.append_fields([("a", "1"), ("b", "é")])
    writer.append(DATA, name="f", filename="f")
    writer.append(path, name="g", filename="g")
    return writer


def pieces_at_once(read: Callable[[], bytes]) -> list[bytes]:
    """Have threads read one thing to its end, each again where it is refused; give all they got."""

    def pieces(_: int) -> list[bytes]:
        given: list[bytes] = []
        while True:
            try:
                piece = read()
            except ValueError as error:
                refused([error], "another thread")
                continue
            if not piece:
                return given
            given.append(piece)

    found = at_once(pieces)
    assert refused(found, "another thread") == []
    return [piece for pieces in found for piece in pieces]
