"""The leak runs of ci/sanitize tell what is left behind, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory import leaks


@pytest.mark.parametrize("scenario", leaks.SCENARIOS)
@pytest.mark.parametrize("name", ["c", "py"])
def test_a_few_rounds_go_well(scenario: str, name: str) -> None:
    """Whether something is left is for ci/sanitize to see, in a process of its own."""
    chosen = leaks.twin(name)
    with chosen.active():
        one = leaks.SCENARIOS[scenario](chosen.package, chosen.module("sync"))
        for number in range(6):
            one(number)


def test_objects_that_are_left_are_seen() -> None:
    kept: list[list[int]] = []
    growth = leaks.left(lambda number: kept.append([number]), 5, 40)
    assert growth["objects"] > 30
    assert leaks.too_much(growth, 40) == ["objects", "blocks"]


def test_blocks_that_are_left_are_seen() -> None:
    kept: list[bytes] = []
    growth = leaks.left(lambda number: kept.append(b"%d" % number), 5, 400)
    assert growth["objects"] == 0
    assert leaks.too_much(growth, 400) == ["blocks"]


def test_files_that_are_left_open_are_seen() -> None:
    kept = []
    growth = leaks.left(lambda number: kept.append(Path(__file__).open()), 1, 2)  # noqa: SIM115
    assert "files" in leaks.too_much(growth, 2)
    for file in kept:
        file.close()


def test_nothing_is_seen_where_nothing_is_left() -> None:
    assert leaks.too_much(leaks.left(lambda number: [number] * 9, 20, 400), 400) == []
