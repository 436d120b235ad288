"""The fuzzer finds nothing in the twins, and finds what is planted."""

from __future__ import annotations

import os
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

import fuzz
from support import fuzz_inputs
from support.events import Settings
from support.fuzz_inputs import Input
from support.fuzzing import Packages, Tally, check

PART = b"--B\r\n\r\n"
BODY = PART + b"some data with xyz in it" * 3 + b"\r\n--B--"


def _with(feed: Any, name: str = "py") -> Packages:
    """Give both twins, one of which has a parser that feeds otherwise."""
    packages = dict(fuzz.packages())
    package = packages[name]
    parser = type("Parser", (package.MultipartParser,), {"feed": feed})
    changed = SimpleNamespace(**{**vars(package), "MultipartParser": parser})
    packages[name] = cast(ModuleType, changed)
    return packages


def _lying() -> Packages:
    """Give twins of which one swallows data with ``xyz`` in it."""

    def feed(self: Any, chunk: Any) -> Any:
        events = super(type(self), self).feed(chunk)
        if type(events) is not list:  # it ends with a fault
            return events
        return [event for event in events if not (type(event) is bytes and b"xyz" in event)]

    return _with(feed)


def _raising() -> Packages:
    def feed(self: Any, chunk: Any) -> Any:
        if b"\xff" in bytes(chunk):
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "planted")
        return super(type(self), self).feed(chunk)

    return _with(feed, "c")


def _dying() -> Packages:
    def feed(self: Any, chunk: Any) -> Any:
        if b"xyz" in bytes(chunk):
            os._exit(7)
        return super(type(self), self).feed(chunk)

    return _with(feed)


def _first(seed: int, number: int) -> list[Input]:
    choices = fuzz_inputs.tolerances(fuzz.packages()["c"])
    return list(fuzz_inputs.batch(seed, number, choices))


def test_the_twins_agree() -> None:
    tally, packages = Tally(), fuzz.packages()
    for given in _first(7, 0):
        tally.add(packages, given)
    assert [finding.report() for finding in tally.findings] == []
    assert tally.inputs == fuzz_inputs.BATCH
    assert len(tally.codes) > 20, f"these inputs get no further than {tally.codes}"
    assert 100 < sum(tally.codes.values()) < 900


def test_inputs_depend_on_seed_and_number_alone() -> None:
    assert _first(7, 1) == _first(7, 1)
    assert _first(7, 1) != _first(7, 2)
    assert _first(7, 1) != _first(8, 1)


def test_a_planted_difference_is_found_and_shrunk() -> None:
    tally = Tally()
    tally.add(_lying(), Input(Settings(subtype="mixed"), BODY, (3, 20, 33)))
    (finding,) = tally.findings
    assert not finding.stray
    assert finding.way == "py, whole"
    assert finding.input == Input(Settings(subtype="mixed"), b"--B\r\n\r\nxyz", ())
    assert finding.found.events == [(None, None, None, (), 0, 5, 7, False)]
    assert finding.expected.events[1] == (b"xyz",)
    assert repr(finding.input.data) in finding.report()


def test_a_difference_that_only_cuts_show_is_found() -> None:
    def feed(self: Any, chunk: Any) -> Any:
        events = super(type(self), self).feed(chunk)
        return [] if self.offset > len(chunk) and bytes(chunk) == b"so" else events

    given = Input(Settings(subtype="mixed"), BODY, (3, 7, 9))
    for name in ("c", "py"):
        tally = Tally()
        tally.add(_with(feed, name), given)
        (finding,) = tally.findings
        assert finding.way == f"{name}, in pieces"
        assert finding.input == Input(given.settings, PART + b"so", (7,))


@pytest.mark.parametrize("place", ["feed", "again"])
def test_an_error_outside_of_the_family_is_found(place: str) -> None:
    def feed(self: Any, chunk: Any) -> Any:
        if place == "feed" or chunk == b"\r\n--B":
            raise OverflowError("planted")
        return super(type(self), self).feed(chunk)

    given = Input(Settings(), b"--B\r\nbad\r\n\r\n", ())
    finding = check(_with(feed), given)[1]
    assert finding is not None
    assert finding.found.stray == "OverflowError: planted"
    assert finding.stray


def test_a_fault_that_is_not_kept_is_found() -> None:
    def feed(self: Any, chunk: Any) -> Any:
        return [] if chunk == b"\r\n--B" else super(type(self), self).feed(chunk)

    finding = check(_with(feed), Input(Settings(), b"--B\r\nbad\r\n\r\n", ()))[1]
    assert finding is not None
    assert finding.found.stray == "after the fault none"


def test_the_command_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--inputs", "150", "--seed", "3", "--jobs", "1"]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first == "seed 3: 150 inputs, 1 jobs"
    assert last.startswith("seed 3: 150 inputs, 0 differences, 0 errors that are no MultipartErr")


@pytest.mark.parametrize(
    ("load", "report", "culprit"),
    [
        (_lying, "DIFFERENCE with seed 3: py, ", "xyz"),
        (_raising, "ERROR with seed 3: c, ", r"\xff"),
        (_dying, "ERROR with seed 3: the process ended with 7 at this input: ", "xyz"),
    ],
)
def test_the_command_reports_and_fails(
    capsys: pytest.CaptureFixture[str], load: fuzz.Load, report: str, culprit: str
) -> None:
    assert fuzz.main(["--inputs", "1000", "--seed", "3", "--jobs", "1"], load) == 1
    out = capsys.readouterr().out
    assert report in out
    assert culprit in out
    assert "Settings(boundary=" in out


def test_an_option_that_makes_no_sense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        fuzz.main(["--inputs", "0"])
    assert "takes a number above zero" in capsys.readouterr().err
