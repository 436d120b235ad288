"""Random trees of parts: written in every way to the same bytes, and read back to the same tree."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.effort import rounds
from support.roundtrip import AWAITED, WAYS, described, read_back, written
from support.running import run
from support.writing import KINDS, Files, Leaf, Node, build, drained, random_tree

Module = Callable[[str], ModuleType]

BLOCKING = [name for name, kind in KINDS.items() if not kind.awaits]
AGAIN = [name for name, kind in KINDS.items() if not kind.once]


@pytest.fixture
def made(ps: ModuleType, ps_module: Module, tmp_path: Path) -> Iterator[Callable[[Node], Any]]:
    """Gives a function that makes the writer of a tree."""
    with Files(tmp_path) as files:
        yield lambda node: build(node, ps, ps_module("sync"), files)


def test_every_way_to_write_gives_the_same_and_it_is_read_back(
    ps: ModuleType, ps_module: Module, made: Callable[[Node], Any], rng: random.Random
) -> None:
    for _ in rounds(25):
        node = random_tree(rng, BLOCKING)
        found = {way: give(made(node)) for way, give in WAYS.items()}
        data = found["write"]
        assert [way for way in found if found[way] != data] == []
        writer = made(node)
        want = described(writer, node)
        assert read_back(ps, ps_module("sync"), writer.content_type, data) == want


def test_parts_that_have_to_be_awaited_are_written_and_read_back(
    ps: ModuleType, ps_module: Module, made: Callable[[Node], Any], rng: random.Random
) -> None:
    for _ in rounds(25):
        node = random_tree(rng, list(KINDS))
        found = {way: WAYS[way](made(node)) for way in AWAITED}
        data = found["write"]
        assert [way for way in found if found[way] != data] == []
        writer = made(node)
        want = described(writer, node)
        assert read_back(ps, ps_module("sync"), writer.content_type, data) == want


def test_the_size_is_exact_wherever_it_can_be_known_and_else_none(
    made: Callable[[Node], Any], rng: random.Random
) -> None:
    known = 0
    for _ in rounds(150):
        few = [name for name in KINDS if KINDS[name].sized] if rng.random() < 0.8 else list(KINDS)
        node = random_tree(rng, few, plain=rng.random() < 0.5)
        writer = made(node)
        size = writer.size
        assert (size is not None) == node.sized
        if size is not None:
            known += 1
            assert size == len(run(writer.as_bytes()))
    assert known > len(rounds(30))


def test_a_writer_without_parts_that_go_once_can_be_written_again_and_again(
    made: Callable[[Node], Any], rng: random.Random
) -> None:
    for _ in rounds(15):
        node = random_tree(rng, [name for name in AGAIN if name in BLOCKING])
        writer = made(node)
        assert not node.once
        data = run(written(writer))
        body, abody = writer.body(), writer.abody()
        for _ in range(2):
            assert b"".join(body) == data
            assert run(drained(abody)) == data
            assert body.read() == data
            assert body.read() == b""
        assert not writer.consumed


def test_whether_a_tree_must_be_awaited_or_goes_once_is_known(
    made: Callable[[Node], Any], rng: random.Random
) -> None:
    for _ in rounds(60):
        node = random_tree(rng, list(KINDS))
        writer = made(node)
        if node.awaits:
            with pytest.raises(TypeError, match=r"abody\(\)"):
                writer.body().read(1)
            assert not writer.consumed
        first = run(writer.as_bytes())
        assert writer.consumed == node.once
        if node.once:
            with pytest.raises(ValueError, match="cannot be written again"):
                run(writer.as_bytes())
        else:
            assert run(writer.as_bytes()) == first


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_part_reads_back_by_itself_and_in_a_form(
    ps: ModuleType, ps_module: Module, tmp_path: Path, kind: str
) -> None:
    data = "gr\u00fcn\r\n--no\r\n".encode() * 9
    leaf = Leaf(kind, data)
    for subtype in ("mixed", "form-data"):
        with Files(tmp_path) as files:
            node = Node(subtype, "boundary", [leaf, leaf])
            writer = build(node, ps, ps_module("sync"), files)
            want = described(writer, node)
            body = run(writer.as_bytes())
            assert writer.size == (len(body) if leaf.sized else None)
            assert read_back(ps, ps_module("sync"), writer.content_type, body) == want


def test_two_passes_at_once_do_not_disturb_each_other(
    made: Callable[[Node], Any], rng: random.Random
) -> None:
    async def both(writer: Any) -> tuple[bytes, bytes]:
        return await asyncio.gather(drained(writer.abody()), written(writer))

    for _ in rounds(15):
        writer = made(random_tree(rng, AGAIN))
        first, second = run(both(writer))
        assert first == second == run(writer.as_bytes())
