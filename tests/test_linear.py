"""What is held to be linear, and how that is told: ``ci/linear`` without its counting."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from linear import all as command  # noqa: E402
from linear import page  # noqa: E402
from linear.counting import Growth, Task, grown, tasks  # noqa: E402
from linear.doors import DOORS, Given, Job  # noqa: E402
from linear.families import CHUNKS, LEVELS, Family, families, repeated  # noqa: E402
from linear.found import CEILING, FOUND, Found, load, niches, scored, store  # noqa: E402
from linear.worker import decoded, encoded  # noqa: E402
from support.advisories import ADVISORIES  # noqa: E402
from test_advisory_list import ids_in  # noqa: E402

FAMILY = Family("own", "x", repeated(b"x"))
TASK = Task(FAMILY, 7, "c")


def counting(cost: Callable[[int], float]) -> Callable[[Job], int]:
    return lambda job: 1000 + round(cost(len(job.data)))


@pytest.mark.parametrize(
    ("cost", "fails"),
    [
        (lambda size: 100 * size, False),
        (lambda size: size**1.2, True),
        (lambda size: size * size, True),
        (lambda size: 100 * size + size * size / 100, True),
        (lambda size: 5000.0, False),
        (lambda size: 1000 * size + 3e6 * (size > 3000), False),  # a step is not growth
    ],
    ids=["linear", "power", "square", "a little square", "flat", "step"],
)
def test_what_grows_too_fast_is_told(cost: Callable[[int], float], fails: bool) -> None:
    growth = grown(TASK, counting(cost), 3_000_000)
    assert growth.fails == fails, growth
    assert growth.sizes[2] == 2 * growth.sizes[1] == 4 * growth.sizes[0]
    assert "own: x, in chunks of 7, c" in command.shown(growth)


def test_levels_are_told_by_bytes() -> None:
    deep = Family(LEVELS, "25 levels", repeated(b"x"), by_bytes=True)
    growth = Growth(Task(deep, 1, "py"), (100, 250, 500), (1000, 2500, 5000))
    assert growth.ratios == [2, 2]
    assert not growth._replace(counts=(1000, 5000, 20_000)).fails
    assert growth._replace(counts=(1000, 9000, 90_000)).fails


def test_families_are_what_they_say() -> None:
    every = families()
    assert len({family.name for family in every}) == len(every)
    assert {family.door for family in every} == set(DOORS)
    groups = {family.group for family in every}
    assert {family.group for family in every if family.quick} <= groups
    assert set().union(*(ids_in(family.what) for family in every)) <= set(ADVISORIES)
    assert {chunk for family in every for chunk in family.chunks} == set(CHUNKS)
    boundaries = {len(family.given.boundary) for family in every}
    assert boundaries >= set(range(1, 71))
    for family in every:
        times = -(-300 // family.make.unit)
        sizes = [len(family.make.times(times << more)) for more in range(3)]
        assert sizes[2] - sizes[1] >= 2 * (sizes[1] - sizes[0]) - 8, family.name


def test_parts_are_read_to_the_last_one(
    twins: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An input that is refused at its start costs the same at any length, and shows nothing."""
    monkeypatch.setattr("linear.doors.suppress", lambda _: nullcontext())
    for family in families():
        if family.group in ("many parts", "forms", "readers") and "no text" not in family.what:
            for package in twins.values():
                data = family.make.times(-(-300 // family.make.unit))
                DOORS[family.door](package, data, 1 << 16, family.given)()


def test_a_selection_has_the_smallest_and_the_largest_chunks() -> None:
    assert {task.chunk for task in tasks([FAMILY], quick=True)} == {1, 1 << 16}
    assert len(tasks([FAMILY])) == 2 * len(CHUNKS)


@pytest.mark.parametrize("door", DOORS)
def test_each_door_takes_bytes(twins: dict[str, Any], door: str) -> None:
    data = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--\r\n'
    for package in twins.values():
        for given in (Given(), Given(bounded=True, policy="LEGACY")):
            for body in (data, b"\xff\r\n", b""):
                DOORS[door](package, body, 7, given)()


def test_a_job_is_sent_whole() -> None:
    job = Job("py", "form", bytes(range(256)), 7, Given("a b", policy="LEGACY"))
    assert decoded(encoded(job)) == job


def test_the_worst_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    assert load(path) == []
    found = Found("parser/1/c", Job("c", "parser", b"\xff\r\n" * 200, 1), 12)
    store([found], path)
    assert load(path) == [found]
    assert scored(found.job, lambda job: 500 + 12 * len(job.data)) == 12


def test_there_is_a_worst_of_each_kind() -> None:
    kept = load(FOUND)
    assert [item.niche for item in kept] == sorted(niches())
    assert all(item.a_byte > 0 and item.job.given.bounded for item in kept)


def test_the_page_tells_of_each_group() -> None:
    done = [
        Growth(Task(family, 1, twin), (100, 200, 400), (1000, 2100, 4000))
        for twin in ("c", "py")
        for family in (FAMILY, FAMILY._replace(group="other"))
    ]
    text = page.text(done, [FAMILY] * 9, load(), "some Python", 5000)
    assert "| own | 1 | 2.10 | 2.10 | 10 | 10 |" in text
    assert "4 counts of three sizes each, of 2 of the 9 families" in " ".join(text.split())
    assert f"more than {CEILING:g} times" in text


def test_the_command_fails_at_what_is_too_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Planted:
        def __enter__(self) -> Planted:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def count(self, job: Job) -> int:
            return 1000 + cost(len(job.data))

    monkeypatch.setattr(command, "Meter", Planted)
    monkeypatch.setattr(command, "families", lambda: [FAMILY._replace(quick=True)])
    cost: Callable[[int], int] = lambda size: 9 * size  # noqa: E731
    assert command.main([]) == 0
    assert "none above 2 times" in capsys.readouterr().out
    assert command.main(["--minutes", "0"]) == 0
    assert "NOT COUNTED: 4 of 4 inputs" in capsys.readouterr().out
    cost = lambda size: size * size  # noqa: E731
    assert command.main([]) == 1
    assert "MORE THAN LINEAR" in capsys.readouterr().out
    cost = lambda size: 200_000 * size  # noqa: E731
    assert command.main([]) == 1
    assert "TOO MUCH: parser/1/c" in capsys.readouterr().out


@pytest.mark.parametrize(("required", "status"), [("0", 0), ("1", 1)])
def test_what_is_missing_fails_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch, required: str, status: int
) -> None:
    def unavailable() -> Any:
        raise command.Unavailable("valgrind is not installed")

    monkeypatch.setattr(command, "Meter", unavailable)
    monkeypatch.setenv("PARTSTREAM_REQUIRE_PEERS", required)
    assert command.main([]) == status
