"""The process whose instructions are counted: ``python -m benchmarks.counted LIBRARY CASE``.

`callgrind.py` starts it under valgrind. It prints what the processor that valgrind makes up can do,
and leaves two counts: those of the passes, and those of as many passes of the driver, which
does what is around them and parses nothing. Nothing here may differ from one run to the next: no
event loop, no clock, no garbage collector.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from . import adapters, cases, twins
from .adapters import null
from .cases import CHUNK, KIB, Record, Workload

#: Small: valgrind takes some fifty times as long. Large bodies are a few chunks.
SIZES = cases.Sizes("counted", large=256 * KIB, worst=256 * KIB, mixed=64 * KIB)

#: Passes that come first and are not counted: caches fill, the interpreter specialises.
WARM_UP = 5

Pass = Callable[[Workload], list[Record]]


@dataclass(frozen=True, slots=True)
class Counted:
    """A case of `cases.py` that is counted, and how often it is read for that."""

    case: str
    passes: int
    awaited: bool = False


COUNTED = {
    "fields-2": Counted("fields-2", 50),
    "fields-100": Counted("fields-100", 5),
    "mixed": Counted("mixed", 3),
    "text": Counted("text", 3),
    "all-crlf": Counted("all-crlf", 3),
    "delimiter-plus-one": Counted("delimiter-plus-one", 2),
    "one-byte": Counted("one-byte", 2),
    "async fields-100": Counted("fields-100", 5, awaited=True),
    "async random": Counted("random", 3, awaited=True),
}


class _Source:
    """A stream that never makes anybody wait."""

    def __init__(self, work: Workload) -> None:
        self._rest = iter(work.chunks)

    async def readany(self) -> bytes:
        return next(self._rest, b"")


def _finish(awaitable: Awaitable[list[Record]]) -> list[Record]:
    """What an event loop would do, were there anything to wait for."""
    steps = awaitable.__await__()
    try:
        next(steps)
    except StopIteration as stop:
        records: list[Record] = stop.value
        return records
    raise RuntimeError("the reader waits, and nothing will come")


async def _null(work: Workload) -> list[Record]:
    source = _Source(work)
    while await source.readany():
        pass
    return null.records(work)


def _async_pass() -> Pass:
    partstream = twins.load("c")
    limits = replace(partstream.Limits.STREAM, max_preamble=None, max_parts=None)

    async def parts(work: Workload) -> list[Record]:
        headers = {"Content-Type": work.content_type}
        reader: Any = partstream.MultipartReader(headers, _Source(work), limits=limits)
        records: list[Record] = []
        while (part := await reader.next()) is not None:
            name, filename = part.name, part.filename
            content_type = part.headers.get("Content-Type")
            if filename is None:
                records.append((name, None, content_type, await part.read()))
                continue
            size = 0
            while chunk := await part.read_chunk(CHUNK):
                size += len(chunk)
            records.append((name, filename, content_type, size))
        return records

    return lambda work: _finish(parts(work))


def _passes(entry: Counted) -> dict[str, Pass]:
    """The driver alone, and the core."""
    if entry.awaited:
        return {"driver": lambda work: _finish(_null(work)), "core": _async_pass()}
    return {"driver": adapters.load("null"), "core": adapters.load("partstream-c")}


def main(library: str, name: str) -> None:
    """Count one case; `library` has the requests to callgrind."""
    requests = ctypes.CDLL(library)
    requests.counting_vector.restype = ctypes.c_char_p
    entry = COUNTED[name]
    work = cases.load(entry.case, SIZES)
    gc.disable()
    for label, run in _passes(entry).items():
        for _ in range(WARM_UP):
            if run(work) != work.records:
                raise SystemExit(f"{name}, {label}: these are not the records that went in")
        requests.counting_start()
        for _ in range(entry.passes):
            run(work)
        requests.counting_stop(label.encode())
    print(requests.counting_vector().decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
