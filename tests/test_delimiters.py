"""Many boundaries at once: what is looked for, and that the twins look for the same."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import Multipart, build, nested_part
from support.effort import rounds
from support.events import Outcome, Settings, assert_same, parse
from support.twins import twin

Twins = dict[str, ModuleType]


def _boundaries(rng: random.Random, count: int) -> list[str]:
    """Boundaries that are of any length, start alike or as each other, or with dashes."""
    stems = ["", "--", "-", "a", "aa", "--a", "aaaaaaaab", "-" * 20]
    found = [f"{rng.choice(stems)}{rng.randrange(30)}{'x' * rng.choice((0, 0, 1, 40))}"]
    while len(found) < count:
        longer = f"{rng.choice(found)}{rng.randrange(3)}"
        other = f"{rng.choice(stems)}{rng.randrange(1000)}"
        new = longer if len(longer) <= 70 and rng.random() < 0.3 else other
        if new not in found:
            found.append(new)
    return found


class _Naive:
    """What is looked for, made anew at each step from all that is open."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.dashed = False

    def push(self, boundary: bytes) -> None:
        self.lines.append(b"--" + boundary)
        self.dashed = boundary.startswith(b"--") and len(boundary) > 2

    def all(self) -> list[tuple[bytes, int]]:
        found = [(line, level) for level, line in enumerate(self.lines)]
        if self.dashed:
            found.append((self.lines[-1][2:], len(self.lines) - 1))
        return sorted(found, key=lambda item: (-len(item[0]), -item[1]))


def _check(stack: Any, naive: _Naive) -> None:
    found = [(item.line, -item.less_level) for item in stack._all()]
    assert found == naive.all()
    first, last = min(found)[0], max(found)[0]  # what these two start with, all do
    size = next(
        (at for at in range(len(first)) if not last.startswith(first[: at + 1])), len(first)
    )
    start = first[:size]
    assert stack.needle == (b"\n" if stack.lf is not False else b"\r\n") + start


def _settle(rng: random.Random, stack: Any, naive: _Naive) -> None:
    """Let a delimiter of the innermost boundary come, as announced or without its dashes."""
    line = naive.lines[-1]
    if naive.dashed and rng.random() < 0.5:
        line = line[2:]
        naive.lines[-1] = line
    naive.dashed = False
    data = line + b"\r\n"
    suffix = twin("py").module("deviations").Deviation.DELIMITER_SUFFIX
    assert stack.match(data, 0, len(data), 0, suffix) == 2
    stack.accept(0)


@pytest.mark.parametrize("ask", [0.1, 0.5, 1.0])
def test_the_pure_stack_knows_what_to_look_for(rng: random.Random, ask: float) -> None:
    """Whatever is opened and closed, and however often it is asked for in between."""
    delimiters, headers = twin("py").module("_delimiters_py"), twin("py").module("headers")
    level = headers.Level(twin("py").package.Policy.LEGACY.other_mask, False, True)
    for _ in rounds(40):
        names = [name.encode() for name in _boundaries(rng, 40)]
        naive = _Naive()
        naive.push(names[0])
        stack = delimiters.Delimiters(names[0], level)
        for name in names[1:]:
            if rng.random() < 0.8:
                _settle(rng, stack, naive)
            if len(naive.lines) > 1 and rng.random() < 0.3:
                depth = rng.randrange(1, len(naive.lines))
                stack.cut(depth)
                del naive.lines[depth:]
                naive.dashed = False
            stack.push(name, level)
            naive.push(name)
            if rng.random() < ask:
                _check(stack, naive)
            if rng.random() < 0.1:  # the multipart around it goes on, without one part of this one
                stack.cut(len(naive.lines) - 1)
                naive.lines.pop()
                naive.dashed = False
        _check(stack, naive)


def _deep(rng: random.Random, names: list[str]) -> Multipart:
    """A multipart around others, with text between that starts as delimiters do."""
    inner = Multipart(names[-1], [])
    for name in reversed(names[:-1]):
        closed = rng.random() < 0.7
        start = rng.choice(names)[: rng.randrange(1, 9)].encode()
        text = rng.choice((b"", b"\r\n--", b"\r\n--" + start))
        inner = Multipart(inner.boundary, inner.parts, b"", text if closed else b"", closed)
        inner = Multipart(name, [nested_part(inner)] * rng.choice((1, 1, 1, 2)))
        if len(inner.parts) > 1 and rng.random() < 0.9:
            inner = Multipart(name, inner.parts[:1])
    return inner


def test_the_twins_agree_on_deep_streams(twins: Twins, rng: random.Random) -> None:
    deepest = 0
    for _ in rounds(60):
        names = _boundaries(rng, rng.choice((3, 10, 40, 100)))
        if rng.random() < 0.3:  # of two that are the same, the inner one counts
            names[-1] = rng.choice(names)
        data = bytes(build(_deep(rng, names)).data)
        if rng.random() < 0.5:
            data = data.replace(f"\r\n--{names[-1]}".encode(), b"\r\n--" + names[0].encode(), 1)
        settings = Settings(names[0], "mixed", nested=True, limits={"max_depth": None},
                            policy=rng.choice(("DEFAULT", "LEGACY")))  # fmt: skip
        expected = parse(twins["c"], settings, [data])
        deepest = max(deepest, *(event[4] for event in expected.events if len(event) > 4), 0)
        for chunks in ([data], chunking.random_cuts(data, rng), chunking.bytewise(data)):
            for package in twins.values():
                assert_same(parse(package, settings, chunks), expected, f"{settings}\n{data!r}")
    assert deepest == 98


def test_a_deep_stream_reads_as_it_was_built(ps: ModuleType) -> None:
    """Boundaries that grow with depth, and that shrink: the innermost is the first, or the last."""
    growing = ["b" * (1 + level // 2) + str(level % 2) for level in range(100)]
    for names in (growing, growing[::-1]):
        inner = Multipart(names[-1], [])
        for name in reversed(names[:-1]):
            inner = Multipart(name, [nested_part(inner)])
        built = build(inner)
        settings = Settings(names[0], "mixed", nested=True, limits={"max_depth": None})
        outcome = parse(ps, settings, [bytes(built.data)])
        assert_same(outcome, Outcome(tuple(built.events), None))


def test_the_end_of_a_part_is_one_object_at_any_depth(ps: ModuleType) -> None:
    names = [f"b{level:03}" for level in range(100)]
    inner = Multipart(names[-1], [])
    for name in reversed(names[:-1]):
        inner = Multipart(name, [nested_part(inner)])
    data = bytes(build(inner).data)

    def ends() -> list[Any]:
        limits = ps.Limits(max_depth=None)
        parser = ps.MultipartParser(names[0], subtype="mixed", nested=True, limits=limits)
        return [event for event in parser.feed(data) if isinstance(event, ps.PartEnd)]

    once, again = ends(), ends()
    assert [end.depth for end in once] == list(range(98, -1, -1))
    assert all(one is other for one, other in zip(once, again, strict=True))
