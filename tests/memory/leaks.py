"""After thousands of rounds through a layer, nothing is left: objects, blocks, memory, open files.

A round takes good, malformed, cancelled and abandoned input through one layer of one twin.  After
some rounds that fill what is kept for ever (caches, interned names), the number of objects that the
collector knows must not grow at all, blocks of CPython's allocator by less than one in ten rounds
(lists of free objects fill up slowly), and the memory of the process by less than a bound.

Usage: python tests/memory/leaks.py {parser,readers,forms,writer} {c,py} [--quick] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import itertools
import os
import pickle
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

sys.path[0] = str(Path(__file__).parent.parent)

from fuzzing import chunking, seeds  # noqa: E402
from support.chunking import sevens, whole  # noqa: E402
from support.events import Settings  # noqa: E402
from support.twins import twin  # noqa: E402

#: Rounds before anything is measured, and those that are.
_WARM: Final = 2400
_ROUNDS: Final = 6000
_QUICK: Final = 1600

#: By how much fewer there are of rounds that take longer.
_SLOWER: Final = {"parser": 1, "readers": 1, "forms": 1, "writer": 4}

#: Bytes by which the process may have grown: pools of allocators, and no more.
_GROWTH: Final = 4 << 20

_FILE: Final = b'Content-Disposition: form-data; name="f"; filename="x"\r\n\r\n' + b"y" * 3000
_FIELD: Final = b'Content-Disposition: form-data; name="a"\r\n\r\nvalue'
_FORM: Final = b"--B\r\n" + b"\r\n--B\r\n".join((_FIELD, _FILE, _FIELD)) + b"\r\n--B--\r\n"
_KIND: Final = "multipart/form-data; boundary=B"

Round = Callable[[int], object]


class Waiting:
    """Suspends whoever awaits it, for ever."""

    def __await__(self) -> Iterator[None]:
        yield None
        raise RuntimeError("nobody was to go on")


async def _stalled(data: bytes, size: int) -> AsyncIterator[bytes]:
    """Give some bytes, and then nothing more."""
    yield data[:size]
    await Waiting()


def _cancelled(work: Any, close: bool) -> None:
    """Run a coroutine until it waits, and end it there."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration:
        return
    if close:
        steps.close()
        return
    try:
        steps.throw(asyncio.CancelledError())
    except asyncio.CancelledError:
        return
    raise RuntimeError("a cancellation was swallowed")


def _known(package: ModuleType) -> Iterator[tuple[Settings, bytes]]:
    """Give all streams that are known, again and again: good ones, and all that are refused."""
    found = [
        (Settings(raw.decode("latin-1"), "form-data" if form else "mixed", nested, policy), data)
        for raw, form, nested, data in seeds.streams()
        for policy in ("DEFAULT", "LEGACY")
    ]  # fmt: skip
    for settings, _ in found:
        settings.made(package)  # and kept
    return itertools.cycle(found)


def _through(door: chunking.Door, streams: Iterator[tuple[Settings, bytes]], number: int) -> None:
    settings, data = next(streams)
    door(settings, (whole if number % 2 else sevens)(data))


def _parser(package: ModuleType, sync: ModuleType) -> Round:
    streams = _known(package)
    door = chunking.doors(package, sync)["parser"]

    def one(number: int) -> None:
        _through(door, streams, number)
        parser = package.MultipartParser("B")
        events = parser.feed(_FORM[: number % len(_FORM)])  # and is left there
        for event in events:
            if isinstance(event, package.PartBegin):
                pickle.loads(pickle.dumps(event))
                repr(event)
                hash(event)
        for wrong in ({"boundary": ""}, {"boundary": "B", "policy": 1}, {}):
            try:
                package.MultipartParser(**wrong)
            except (TypeError, ValueError):
                continue

    return one


def _readers(package: ModuleType, sync: ModuleType) -> Round:
    streams = _known(package)
    found = chunking.doors(package, sync)
    doors = itertools.cycle([found["async reader"], found["sync reader"]])

    async def read_to(size: int) -> None:
        reader = package.MultipartReader(_KIND, _stalled(_FORM, size))
        async for part in reader:
            await (part.read() if size % 2 else part.readline())

    def one(number: int) -> None:
        _through(next(doors), streams, number)
        _cancelled(read_to(number * 7 % (len(_FORM) - 12)), number % 2 == 0)
        for part in sync.MultipartReader(_KIND, iter([_FORM])):  # and is left there
            part.read_chunk(10)
            break

    return one


def _forms(package: ModuleType, sync: ModuleType) -> Round:
    streams = _known(package)
    found = chunking.doors(package, sync)
    doors = itertools.cycle([door for name, door in found.items() if name.endswith("form")])
    small = package.Limits(max_spool_size=100, max_parts=10)

    async def parsed(size: int) -> None:
        async with package.parse_form(_KIND, _stalled(_FORM, size), limits=small):
            pass

    def one(number: int) -> None:
        _through(next(doors), streams, number)
        _cancelled(parsed(number * 7 % (len(_FORM) - 12)), number % 2 == 0)
        with sync.parse_form(_KIND, iter(sevens(_FORM)), limits=small) as form:
            for file in form.files.values():
                file.read(5)
        sync.parse_form(_KIND, iter([_FORM])).close()

    return one


class _Failing:
    """Takes two writes."""

    def __init__(self) -> None:
        self._left = 2

    async def write(self, chunk: bytes) -> None:
        if not self._left:
            await Waiting()
        self._left -= 1


def _writer(package: ModuleType, sync: ModuleType) -> Round:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"some"
        yield b"more"

    def made(number: int) -> Any:
        writer = package.MultipartWriter("form-data")
        writer.append_fields({"a": "1", "b": "2" * 100})
        writer.append(io.BytesIO(b"x" * 3000), name="f", filename="f.txt")
        writer.append(Path(__file__), name="p")
        with package.MultipartWriter("mixed") as inner:
            inner.append("text" * 50, {"Content-Transfer-Encoding": "base64"})
            inner.append("text", {"Content-Encoding": "gzip"})
            inner.append_json({"a": number})
        writer.append(inner, name="m")
        return writer

    def one(number: int) -> None:
        writer = made(number)
        size = writer.size
        writer.body().read()
        for _ in writer.chunks():  # and is left there
            break
        with writer.body() as body:
            body.read(number % (size or 4000))
        _cancelled(made(number).write(_Failing()), number % 2 == 0)
        awaited = made(number)
        awaited.append(pieces(), name="l")
        _cancelled(awaited.write(_Failing()), number % 2 == 1)
        for wrong in ("a\r\nb", "\0"):
            try:
                writer.append("1", {"X-A": wrong})
            except ValueError:
                continue

    return one


SCENARIOS: Final = {"parser": _parser, "readers": _readers, "forms": _forms, "writer": _writer}


def _memory() -> int:
    """Give the memory of the process in bytes; 0 where that cannot be asked for."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _files() -> int:
    folder = "/proc/self/fd"
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def _counted() -> dict[str, int]:
    gc.collect()
    counts = {"blocks": sys.getallocatedblocks(), "objects": len(gc.get_objects())}
    return counts | {"memory": _memory(), "files": _files()}


def left(one: Round, warm: int, rounds: int) -> dict[str, int]:
    """Give what ``rounds`` rounds left behind, by kind, after ``warm`` that do not count."""
    for number in range(warm):
        one(number)
    for _ in range(2):  # the first counting leaves objects of its own
        before = _counted()
    for number in range(rounds):
        one(number)
    after = _counted()
    return {kind: after[kind] - before[kind] for kind in after}


def too_much(growth: dict[str, int], rounds: int) -> list[str]:
    """Name what has grown by more than it may."""
    bounds = {"objects": 0, "files": 0, "blocks": rounds // 10, "memory": _GROWTH}
    return [kind for kind, bound in bounds.items() if growth[kind] > bound]


def main(arguments: list[str]) -> int:
    """Run; give the exit status: 1 where something has grown."""
    parser = argparse.ArgumentParser(description="Look for what a layer leaves behind.")
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("twin", choices=("c", "py"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, metavar="N")
    options = parser.parse_args(arguments)
    slower = _SLOWER[options.scenario]
    rounds = options.rounds or (_QUICK if options.quick else _ROUNDS) // slower
    chosen = twin(options.twin)
    with tempfile.TemporaryDirectory() as folder, chosen.active():
        tempfile.tempdir = folder
        one = SCENARIOS[options.scenario](chosen.package, chosen.module("sync"))
        growth = left(one, _WARM // slower, rounds)
        grown = too_much(growth, rounds)
        if remaining := os.listdir(folder):
            grown.append(f"temporary files: {remaining[:3]}")
    print(f"{options.scenario}, {options.twin}: {rounds} rounds left {growth}")
    if grown:
        print(f"too much: {', '.join(grown)}")
    return int(bool(grown))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
