"""Blocks are read into again only where nobody else has kept them, and reads come as asked for."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Module = Callable[[str], ModuleType]

KIB, MIB = 1 << 10, 1 << 20
counted = pytest.mark.skipif(
    sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)(),
    reason="here blocks are never given again",
)


@pytest.fixture
def blocks(ps_module: Module) -> Any:
    """Gives blocks."""
    return ps_module("_reused").Reused()


@counted
def test_a_block_that_nobody_keeps_is_given_again(blocks: Any) -> None:
    assert len({id(blocks.take(8)) for _ in range(20)}) == 2


_KEPT: dict[str, Callable[[bytearray], Any]] = {
    "itself": lambda block: block,
    "in a tuple": lambda block: (block,),
    "a view": memoryview,
    "a view of a part": lambda block: memoryview(block)[2:3],
    "a view of a view": lambda block: memoryview(memoryview(block).cast("B")),
    "a method": lambda block: block.find,
    "an iterator": iter,
    "a function": lambda block: lambda: block,
}


@pytest.mark.parametrize("keep", _KEPT.values(), ids=_KEPT)
def test_a_block_that_is_kept_is_left_alone(blocks: Any, keep: Callable[[bytearray], Any]) -> None:
    kept = []
    seen = set()
    for number in range(10):
        block = blocks.take(8)
        block[:] = bytes([number]) * 8
        seen.add(id(block))
        kept.append(keep(block))
    assert len(seen) == 10


@counted
def test_a_block_of_another_size_is_another(blocks: Any) -> None:
    for size in (8, 8, 9, 9, 3, 0, 8, 8):
        assert len(blocks.take(size)) == size
    del blocks.take(8)[5:]
    assert [len(blocks.take(8)) for _ in range(4)] == [8] * 4


# What a sink keeps


@pytest.fixture
def data() -> bytes:
    """More than a few blocks, none of them like another."""
    return random.Random(5).randbytes(5 * MIB + 12345)


@pytest.fixture
def path(tmp_path: Path, data: bytes) -> Path:
    """A file of them."""
    found = tmp_path / "data.bin"
    found.write_bytes(data)
    return found


def _writer(ps: ModuleType, value: Any) -> Any:
    writer = ps.MultipartWriter("form-data")
    writer.append(value, name="f")
    return writer


class _Sink:
    def __init__(self, keep: Callable[[int], Any]) -> None:
        self.keep, self.kept, self.copies = keep, {}, []  # type: ignore[var-annotated]
        self.mutable: list[int] = []

    async def write(self, piece: Any) -> None:
        number = len(self.copies)
        kept = self.keep(number)
        if kept is not None:
            self.kept[number] = kept(piece)
        self.copies.append(bytes(piece))
        if isinstance(piece, bytearray) and len(piece) > 1000:
            self.mutable.append(id(piece))


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize(
    "keep",
    [
        lambda number: lambda piece: piece,
        lambda number: memoryview if number % 2 else None,
        lambda number: (lambda piece: memoryview(piece)[3:7]) if number % 3 else None,
    ],
)
def test_what_a_sink_keeps_stays_as_it_was(
    ps: ModuleType, path: Path, data: bytes, opened: bool, keep: Callable[[int], Any]
) -> None:
    with path.open("rb") as file:
        writer, sink = _writer(ps, file if opened else path), _Sink(keep)
        asyncio.run(writer.write(sink))
    assert data in b"".join(sink.copies)
    assert len(sink.kept) > 2
    for number, kept in sink.kept.items():
        copy = sink.copies[number]
        assert bytes(kept) == (copy if len(kept) == len(copy) else copy[3:7])


@counted
@pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="files are read on threads here")
def test_a_sink_that_keeps_nothing_gets_the_same_memory(ps: ModuleType, path: Path) -> None:
    with path.open("rb") as file:
        writer, sink = _writer(ps, file), _Sink(lambda number: None)
        asyncio.run(writer.write(sink))
    if len(sink.mutable) > 10:  # the file system can tell what it has in memory
        assert len(set(sink.mutable)) <= 3  # the last one is shorter


# Reads as they are asked for


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("size", [1, 1000, 32 * KIB - 1, 32 * KIB, 64 * KIB, 100_001, MIB, 9 * MIB])
def test_any_size_of_reads_gives_the_body(
    ps: ModuleType, path: Path, opened: bool, size: int
) -> None:
    if size == 1:
        path.write_bytes(path.read_bytes()[:5000])
    with path.open("rb") as file:
        body = _writer(ps, file if opened else path).body()
        whole = b"".join(body)
        found = list(iter(lambda: body.read(size), b""))
    assert b"".join(found) == whole
    assert [len(piece) for piece in found[:-1]] == [size] * (len(found) - 1)
    assert 0 < len(found[-1]) <= size


@pytest.mark.skipif(not hasattr(os, "pread"), reason="files are read otherwise here")
@pytest.mark.parametrize(
    ("size", "expected"), [(64 * KIB, 64 * KIB), (MIB, MIB), (2 * MIB, 2 * MIB), (1000, MIB)]
)
def test_a_file_is_read_by_as_much_as_is_asked_for(
    ps: ModuleType, path: Path, monkeypatch: pytest.MonkeyPatch, size: int, expected: int
) -> None:
    sizes = []
    real = os.pread

    def pread(number: int, most: int, at: int) -> bytes:
        sizes.append(most)
        found.append(real(number, most, at))
        return found[-1]

    found: list[bytes] = []
    body = _writer(ps, path).body()
    monkeypatch.setattr(os, "pread", pread)
    given = list(iter(lambda: body.read(size), b""))
    assert sizes[0] <= 64 * KIB  # most files are small
    assert set(sizes[2:-2]) <= {expected}
    assert max(sizes) <= max(expected, MIB)
    if expected == size:  # what was read is what is given: nothing is copied
        same = {id(piece) for piece in given} & {id(piece) for piece in found}
        assert len(same) >= len(path.read_bytes()) // size - 2


def test_reads_of_all_sizes_and_from_any_place(
    ps: ModuleType, path: Path, rng: random.Random
) -> None:
    body = _writer(ps, path).body()
    whole = body.read()
    assert body.read() == b""
    for _ in range(30):
        at = body.seek(rng.randrange(len(whole)))
        for _ in range(3):
            size = rng.choice((1, 70, 5000, 40_000, 300_000, 2 * MIB))
            expected = whole[at : at + size]
            if not expected:
                break
            assert body.read(size) == expected
            at += len(expected)
        body.seek(0)
