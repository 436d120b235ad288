"""The end of a part, and the list that ends in a fault."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

Module = Callable[[str], ModuleType]


def test_an_end_tells_of_its_part(ps: ModuleType) -> None:
    assert (ps.PartEnd().depth, ps.PartEnd().complete) == (0, True)
    end = ps.PartEnd(3, complete=False)
    assert (end.depth, end.complete) == (3, False)
    assert repr(end) == "PartEnd(depth=3, complete=False)"
    assert eval(repr(end), {"PartEnd": ps.PartEnd}) == end


def test_ends_are_values(ps: ModuleType) -> None:
    assert ps.PartEnd(1) == ps.PartEnd(1)
    assert hash(ps.PartEnd(1)) == hash(ps.PartEnd(1))
    assert ps.PartEnd(1) != ps.PartEnd(2)
    assert ps.PartEnd(1) != ps.PartEnd(1, complete=False)
    assert ps.PartEnd() != (0, True)
    assert ps.PartEnd() != 0
    assert len({ps.PartEnd(0), ps.PartEnd(0), ps.PartEnd(1)}) == 2


@pytest.mark.parametrize("name", ["depth", "complete", "other"])
def test_an_end_cannot_be_changed(ps: ModuleType, name: str) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        setattr(ps.PartEnd(), name, 1)


@pytest.mark.parametrize("name", ["depth", "complete"])
def test_an_end_cannot_lose_anything(ps: ModuleType, name: str) -> None:
    """The same object stands for the end of many parts, in all parsers."""
    with pytest.raises(AttributeError):
        delattr(ps.PartEnd(), name)


def test_an_end_has_nothing_else(ps: ModuleType) -> None:
    assert not hasattr(ps.PartEnd(), "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_end_can_be_pickled(ps: ModuleType, protocol: int) -> None:
    end = ps.PartEnd(4, complete=False)
    assert pickle.loads(pickle.dumps(end, protocol)) == end
    assert copy.copy(end) == copy.deepcopy(end) == end


def test_an_end_is_final(ps: ModuleType) -> None:
    assert getattr(ps.PartEnd, "__final__", True)


@pytest.mark.parametrize("depth", [0, 1, 7, 8, 31, 32, 33, 99])
def test_ends_made_before_are_right(ps: ModuleType, ps_module: Module, depth: int) -> None:
    part_end = ps_module("events").part_end
    assert part_end(depth) == ps.PartEnd(depth)
    assert part_end(depth, False) == ps.PartEnd(depth, complete=False)


def test_a_list_of_events_raises_behind_the_last(ps: ModuleType, ps_module: Module) -> None:
    error = ps.ParseError("m", code="c")
    events: Any = ps_module("events").EventList([b"a", ps.PartEnd()], error)
    assert issubclass(type(events), list)
    assert (len(events), events[0], events.error) == (2, b"a", error)
    for _ in range(2):
        found: list[object] = []
        with pytest.raises(ps.ParseError) as caught:
            found.extend(event for event in events)
        assert caught.value is error
        assert found == [b"a", ps.PartEnd()]


@pytest.mark.parametrize("take", [list, tuple, lambda events: [*events], sorted])
def test_a_fault_is_not_lost_by_taking_all_at_once(
    ps: ModuleType, ps_module: Module, take: Callable[[object], object]
) -> None:
    events = ps_module("events").EventList([b"a"], ps.ParseError("m", code="c"))
    with pytest.raises(ps.ParseError):
        take(events)


def test_a_fault_is_not_lost_by_extending_a_list(ps: ModuleType, ps_module: Module) -> None:
    events = ps_module("events").EventList([b"a"], ps.ParseError("m", code="c"))
    found: list[object] = []
    with pytest.raises(ps.ParseError):
        found.extend(events)
