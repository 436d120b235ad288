"""The readers on random streams: nothing depends on how bytes are cut, or on how they are read."""

from __future__ import annotations

import dataclasses
import random
import tracemalloc
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from support import effort
from support.events import Settings, policy_of
from support.generate import settings as random_settings
from support.generate import stream as random_stream
from support.reading import NAMES, Reading, cut

Module = Callable[[str], ModuleType]


@pytest.fixture(params=NAMES)
def reading(request: pytest.FixtureRequest, ps: ModuleType, ps_module: Module) -> Reading:
    return Reading(request.param, ps, ps_module("sync"))


def _pieces(data: bytes, rng: random.Random) -> list[bytes]:
    at, pieces = 0, []
    while at < len(data):
        size = rng.choice((1, 1, 2, 3, 10, 100, 10_000))
        pieces.append(data[at : at + size])
        at += size
        if rng.random() < 0.1:
            pieces.append(b"")
    return pieces


def _read_somehow(reading: Reading, part: Any, content: bytes, rng: random.Random) -> None:
    """Read a part by steps taken at random, each of which gives what a file would."""
    at = 0
    while at < len(content):
        step = rng.choice(("chunk", "line", "iterate", "all"))
        if step == "chunk":
            size = rng.choice((1, 2, 5, 50, 5000))
            got = reading.done(part.read_chunk(size))
            assert 0 < len(got) <= size
        elif step == "line":
            got = reading.done(part.readline())
            assert got == content[at : content.find(b"\n", at) + 1 or len(content)]
        elif step == "iterate":
            got = next(iter(reading.each(part)))
            assert got
        elif rng.random() < 0.8:
            continue
        else:
            got = reading.done(part.read())
            assert len(got) == len(content) - at
        assert content.startswith(got, at)
        at += len(got)
    assert reading.done(part.read_chunk()) == b""
    assert part.at_eof()


def test_a_part_gives_its_bytes_in_any_steps(reading: Reading, rng: random.Random) -> None:
    for _ in effort.rounds(100):
        contents = [
            b"".join(rng.choices((b"\n", b"\r\n", b"\r", b"-", b"--", b"--B", b"abc", b"x" * 40),
                                 k=rng.randrange(40)))
            for _ in range(3)
        ]  # fmt: skip
        contents = [content.replace(b"\n--B", b"\n--b") for content in contents]
        contents = [b"x" + content if content.startswith(b"--B") else content
                    for content in contents]  # fmt: skip
        data = b"".join(b"--B\r\n\r\n" + content + b"\r\n" for content in contents) + b"--B--"
        reader = reading.module.MultipartReader(
            "multipart/mixed; boundary=B", reading.source(_pieces(data, rng))
        )
        for content in contents:
            _read_somehow(reading, reading.done(reader.next()), content, rng)
        assert reading.done(reader.next()) is None


def _walk(reading: Reading, reader: Any, depth: int = 0) -> Iterator[tuple[Any, ...]]:
    for part in reading.each(reader):
        yield (depth, sorted(part.headers.items()))
        if isinstance(part, reading.module.MultipartReader):
            yield from _walk(reading, part, depth + 1)
        else:
            yield (depth, reading.done(part.read()), part.complete)


def _outcome(reading: Reading, settings: Settings, chunks: list[bytes]) -> Any:
    ps = reading.package
    found: list[Any] = []
    value = f'multipart/{settings.subtype}; boundary="{settings.boundary}"'
    limits = ps.Limits(**settings.limits)
    policy = policy_of(ps, settings.policy, settings.choices)
    try:
        source = reading.source(chunks)
        reader = reading.module.MultipartReader(value, source, limits=limits, policy=policy)
        found.extend(_walk(reading, reader))
    except ps.MultipartError as error:
        return found, (type(error).__name__, error.code, error.offset)
    return found, None


def test_readers_do_not_depend_on_cuts(
    ps: ModuleType, ps_module: Module, rng: random.Random
) -> None:
    """The async reader on the whole stream, and the blocking one on its pieces, agree."""
    whole = Reading("async", ps, ps_module("sync"))
    pieces = Reading("sync", ps, ps_module("sync"))
    tolerances = [item.name for item in dataclasses.fields(ps.Policy) if item.default == "never"]
    for _ in effort.rounds(300):
        settings, data = random_settings(rng, tolerances), random_stream(rng)
        expected = _outcome(whole, settings, [data])
        assert _outcome(pieces, settings, _pieces(data, rng)) == expected, (settings, data)
        assert _outcome(whole, settings, cut(data, 1)) == expected, (settings, data)


def test_an_endless_stream_takes_constant_memory(reading: Reading) -> None:
    frame = b"--B\r\nContent-Type: image/jpeg\r\nContent-Length: 50000\r\n\r\n" + b"f" * 50_000

    def frames() -> Iterator[bytes]:
        while True:
            yield frame
            yield b"\r\n"

    async def coming() -> Any:
        for chunk in frames():
            yield chunk

    source = coming() if reading.name == "async" else frames()
    reader = reading.module.MultipartReader("multipart/x-mixed-replace; boundary=B", source)

    def take(count: int) -> None:
        for _ in range(count):
            part = reading.done(reader.next())
            assert len(reading.done(part.read())) == 50_000

    take(20)
    tracemalloc.start()
    try:
        take(20)
        before, _ = tracemalloc.get_traced_memory()
        take(400)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000  # of 20 MB
    assert peak < 1_000_000
