"""What the instruction counts are held to: `benchmarks/instructions.py` and its record."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def instructions(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, wherever the tests are started."""
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    return importlib.import_module("benchmarks.instructions")


@pytest.mark.parametrize(
    ("now", "verdict", "fails"),
    [
        (10_000, "", False),
        (10_500, "", False),
        (10_501, "GROWN", True),
        (30_000, "GROWN", True),
        (9_500, "", False),
        (9_499, "shrunk: record it", False),
        (1, "shrunk: record it", False),
    ],
)
def test_a_count_may_grow_by_five_percent(
    instructions: Any, now: int, verdict: str, fails: bool
) -> None:
    (change,) = instructions.compare({"text": 10_000}, {"text": now})
    assert (change.verdict, change.fails) == (verdict, fails)
    assert change.share == pytest.approx(now / 10_000 - 1)


def test_a_case_that_only_one_side_has_fails(instructions: Any) -> None:
    changes = instructions.compare({"old": 1, "both": 2}, {"both": 2, "new": 3})
    assert [(change.case, change.verdict, change.fails) for change in changes] == [
        ("both", "", False),
        ("new", "NOT RECORDED", True),
        ("old", "NOT COUNTED", True),
    ]
    assert [change.share for change in changes] == [0, None, None]


def test_the_table_names_what_has_grown(instructions: Any) -> None:
    changes = instructions.compare({"a": 1_000, "b": 2_000}, {"a": 1_200, "b": 2_000, "c": 7})
    _, grown, same, new = instructions.table(changes).splitlines()
    assert grown.split() == ["a", "1,000", "1,200", "+20.00%", "GROWN"]
    assert same.split() == ["b", "2,000", "2,000", "+0.00%"]
    assert new.split() == ["c", "7", "NOT", "RECORDED"]


@pytest.fixture
def counted(instructions: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The command, with a record of its own and counts that the test gives."""
    monkeypatch.setattr(instructions, "RECORD", tmp_path / "instructions.json")
    monkeypatch.setattr(instructions, "environment", lambda vector: f"here {vector}")
    monkeypatch.setattr(instructions, "made_with", lambda: {"python": "3"})

    def run(*runs: int | Exception, arguments: tuple[str, ...] = ()) -> int:
        rest = iter(runs)

        def count_all(names: Any) -> Any:
            count = next(rest)
            if isinstance(count, Exception):
                raise count
            return {name: instructions.Count(count, "avx2") for name in names}

        monkeypatch.setattr(instructions, "_count_all", count_all)
        status: int = instructions.main([*arguments])
        return status

    return run


def test_a_record_is_written_and_held(
    counted: Any, instructions: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert counted(1_000, 1_000, arguments=("--record",)) == 0
    assert counted(1_049) == 0
    assert counted(1_051) == 1
    assert counted(1_051, arguments=("--only", "text")) == 1
    assert "GROWN" in capsys.readouterr().out
    assert counted(500) == 0
    assert "shrunk" in capsys.readouterr().out
    assert [*json.loads(instructions.RECORD.read_text())] == ["here avx2"]


def test_counts_that_do_not_repeat_are_not_recorded(counted: Any, instructions: Any) -> None:
    assert counted(1_000, 1_002, arguments=("--record",)) == 1
    assert not instructions.RECORD.exists()


@pytest.mark.parametrize(("required", "status"), [(None, 0), ("0", 0), ("1", 1)])
def test_what_is_missing_fails_where_it_is_required(
    counted: Any,
    instructions: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    required: str | None,
    status: int,
) -> None:
    monkeypatch.delenv("PARTSTREAM_REQUIRE_PEERS", raising=False)
    if required is not None:
        monkeypatch.setenv("PARTSTREAM_REQUIRE_PEERS", required)
    assert counted(1_000) == status
    assert "no record for here avx2; ci/instructions --record" in capsys.readouterr().out
    assert counted(instructions.Unavailable("valgrind is not installed")) == status
    assert "valgrind is not installed" in capsys.readouterr().out


def test_the_record_has_every_case(instructions: Any) -> None:
    records = instructions.read()
    assert records
    for key, entry in records.items():
        assert set(entry["instructions"]) == set(instructions.COUNTED), key
        assert all(count > 0 for count in entry["instructions"].values()), key
