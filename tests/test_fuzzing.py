"""The targets of ci/fuzz find nothing, and find what is planted; the command shares out time."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

import fuzz
from fuzzing import all as command
from fuzzing import chunking, reader_inputs, roundtrip, seeds
from fuzzing.all import Missing, Share, Target
from support import fuzz_inputs
from support.events import Settings
from support.fuzz_inputs import Input
from support.fuzzing import Packages, Tally

FORM = (
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nxyz\r\n'
    b'--B\r\nContent-Disposition: form-data; name="b"\r\n\r\nother\r\n--B--'
)
GIVEN = Input(Settings(), FORM, (50, 60))


def _changed(**names: Any) -> Packages:
    """Give both twins, with other names in the compiled one."""
    packages = dict(fuzz.packages())
    packages["c"] = cast(ModuleType, SimpleNamespace(**{**vars(packages["c"]), **names}))
    return packages


# Chunking


def test_no_door_depends_on_cuts() -> None:
    packages = fuzz.packages()
    choices = fuzz_inputs.tolerances(packages["c"])
    tally = Tally(chunking.TARGET)
    for given, _ in zip(chunking.TARGET.inputs(3, 0, choices), range(200), strict=False):
        tally.add(packages, given)
    assert [finding.report() for finding in tally.findings] == []
    assert tally.inputs == 200
    assert len(tally.codes) > 15


def test_a_reader_that_depends_on_cuts_is_found() -> None:
    package = fuzz.packages()["c"]

    class Hasty(package.MultipartReader):  # type: ignore[misc, name-defined]
        def __init__(self, headers: Any, content: Any, **options: Any) -> None:
            async def first() -> Any:
                async for chunk in content:
                    yield bytes(chunk)[:55]

            super().__init__(headers, first(), **options)

    finding = chunking.check(_changed(MultipartReader=Hasty), GIVEN)[1]
    assert finding is not None
    assert finding.way == "c, async reader, in pieces"


def test_a_form_that_raises_what_it_should_not_is_found() -> None:
    def parse_form(*_: Any, **__: Any) -> Any:
        raise KeyError("planted")

    finding = chunking.check(_changed(parse_form=parse_form), GIVEN)[1]
    assert finding is not None
    assert finding.way == "c, async form, whole"
    assert finding.stray


@pytest.mark.parametrize("door", ["parser", "async reader", "sync reader", "async form"])
def test_a_door_gives_what_is_in_the_stream(twins: dict[str, ModuleType], door: str) -> None:
    for name, package in twins.items():
        sync = fuzz.twin(name).module("sync")
        found = chunking.doors(package, sync)[door](Settings(), [FORM])
        assert found.fault is None
        assert found.stray is None
        assert "other" in repr(found.events)


# Round trip


def test_all_that_is_written_is_read_back() -> None:
    packages, tally = fuzz.packages(), Tally(roundtrip.TARGET)
    for given in roundtrip.inputs(3, 0, []):
        tally.add(packages, given)
    assert [finding.report() for finding in tally.findings] == []


@pytest.mark.parametrize("kind", ["tree", "form"])
def test_a_writer_that_loses_something_is_found(kind: str) -> None:
    package = fuzz.packages()["c"]

    class Losing(package.MultipartWriter):  # type: ignore[misc, name-defined]
        def chunks(self) -> Any:
            return [b"".join(super().chunks()).replace(b"\n\r\n", b"\r\n")]

    packages = _changed(MultipartWriter=Losing)
    found = [finding for number in range(4) for given in roundtrip.inputs(3, number, [])
             if (finding := roundtrip.check(packages, given)[1]) is not None]  # fmt: skip
    assert any(kind in finding.way or kind in str(finding.found) for finding in found)
    assert all(finding.way.startswith("c, ") for finding in found)


# Seeds, and what the engines make of them


@pytest.mark.parametrize("target", ["reader", "search", "delimiters", "block"])
def test_there_are_seeds(tmp_path: Path, target: str) -> None:
    seeds.write(target, tmp_path, 300)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) > 50
    assert max(sizes) <= 300


def test_a_seed_stands_for_its_stream() -> None:
    data = reader_inputs.packed(b"a b", b"--a b\r\n", False, True, 2, bytes((0, 128, 255)))
    line, given = reader_inputs.unpacked(data)
    assert line == b"a b"
    assert given.data == b"--a b\r\n"
    assert given.places == (4, 7)
    settings = given.settings
    assert (settings.boundary, settings.subtype, settings.nested) == ("a b", "mixed", True)
    assert settings.policy == "LEGACY"


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff" * 9, b"\0\0\0\0\n", b"\0\0\0\0" + b"x" * 99])
def test_any_bytes_stand_for_something(data: bytes) -> None:
    given = reader_inputs.unpacked(data)[1]
    assert given.settings.boundary == "B"
    assert all(place <= len(given.data) for place in given.places)


# The command


def test_an_input_that_was_kept_is_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = Input(Settings("B", limits={"max_parts": 3}), b"--B\r\n\xff\0", (1, 2))
    for name, kept in (("chunking", fuzz_inputs.dumped(given)), ("roundtrip", {"seed": "1:2:3"})):
        path = tmp_path / f"{name}-1-1.json"
        path.write_text(json.dumps({"target": name, "input": kept}), "utf-8")
        assert fuzz.main(["--replay", str(path)]) == 0
        assert capsys.readouterr().out == "nothing is found\n"
    assert fuzz_inputs.loaded(json.loads(json.dumps(fuzz_inputs.dumped(given)))) == given


def test_a_finding_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "FOUND", tmp_path)
    arguments = ["--inputs", "100", "--seed", "3", "--jobs", "1", "--keep", "own-twins"]
    assert fuzz.main(arguments, _lying) == 1
    path = tmp_path / "own-twins-3-1.json"
    assert fuzz.main(["--replay", str(path)], _lying) == 1
    assert fuzz.main(["--replay", str(path)]) == 0


def _lying() -> Packages:
    parser = fuzz.packages()["c"].MultipartParser

    class Lying(parser):  # type: ignore[misc, valid-type]
        def feed(self, chunk: Any) -> Any:
            return list(super().feed(chunk))[:1]

    return _changed(MultipartParser=Lying)


ENGINE = """INFO: Seed: 1
#2\tINITED cov: 5 ft: 6 corp: 1/1b exec/s: 0 rss: 30Mb
#8173\tDONE   cov: 2373 ft: 11554 corp: 831/502Kb lim: 3000 exec/s: 199 rss: 66Mb
Done 8173 runs in 41 second(s)
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGINE, ("8173", "2373 edges")),
        (ENGINE + "stat::number_of_executed_units: 8174\n", ("8174", "2373 edges")),
        ("seed 1: 9 inputs, 0 differences, 0 errors, 5 inputs/s, 3 codes", ("9", "3 codes")),
        ("Traceback", ("?", "-")),
    ],
)  # fmt: skip
def test_figures_are_taken_from_what_a_target_says(text: str, expected: tuple[str, str]) -> None:
    assert command.figures(text) == expected


def _planted(status: int, missing: bool = False) -> Target:
    def run(share: Share) -> list[str]:
        if missing:
            raise Missing("nothing is installed")
        return ["sh", "-c", f"echo '{share.seconds} {share.seed}'; exit {status}"]

    return Target(f"own{status}", "tests/fuzzing/chunking.py", run, lambda path: ["cat", str(path)])


@pytest.mark.parametrize(
    ("targets", "required", "expected"),
    [
        ([_planted(0)], "0", 0),
        ([_planted(0), _planted(1)], "0", 1),
        ([_planted(0), _planted(2, missing=True)], "0", 0),
        ([_planted(0), _planted(2, missing=True)], "1", 1),
    ],
)
def test_the_exit_status_tells_of_findings(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    targets: list[Target],
    required: str,
    expected: int,
) -> None:
    monkeypatch.setattr(command, "WORK", tmp_path)
    monkeypatch.setattr(command, "FOUND", tmp_path / "found")
    monkeypatch.setattr(command, "TARGETS", {target.name: target for target in targets})
    monkeypatch.setenv("PARTSTREAM_REQUIRE_PEERS", required)
    assert command.main(["--minutes", "2", "--seed", "5"]) == expected
    out = capsys.readouterr().out
    each = 120 // len(targets)
    assert out.startswith(f"seed 5, 2 minutes\nown0, {each} s: Any cut of a stream")
    assert (tmp_path / "log" / "own0.txt").read_text("utf-8") == f"{120 / len(targets)} 5\n"
    rows = [line.split() for line in out.splitlines()]
    last = [row[-1] for row in rows if row[:1] == [targets[-1].name]][-1]
    assert last == ("run" if "is left out" in out else "FOUND" if expected else "clean")
    found = "own1" in out
    total = [row for row in rows if row[:2] == ["in", "all"]]
    assert [row[-1] for row in total] == ["FOUND" if found else "clean"]
    assert (f"inputs are in {tmp_path / 'found'}" in out) is found


@pytest.mark.parametrize(
    ("weights", "jobs", "expected"),
    [
        ([1], 1, [120]),
        ([1], 2, [120]),
        ([1, 2, 1], 1, [30, 60, 30]),
        ([1, 2, 1], 2, [60, 120, 60]),
        ([1, 5], 2, [40, 120]),
    ],
)
def test_time_is_shared_out_by_weight(weights: list[int], jobs: int, expected: list[int]) -> None:
    targets = [_planted(0)._replace(name=str(at), weight=of) for at, of in enumerate(weights)]
    assert list(command.shares(targets, 2, jobs).values()) == expected


def test_targets_run_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of two waits for what the other writes."""

    def waiting(name: str, other: str) -> Target:
        script = f"echo x > {tmp_path}/{name}; until [ -e {tmp_path}/{other} ]; do :; done"
        return _planted(0)._replace(name=name, command=lambda share: ["sh", "-c", script])

    targets = [waiting("one", "two"), waiting("two", "one")]
    monkeypatch.setattr(command, "WORK", tmp_path)
    monkeypatch.setattr(command, "FOUND", tmp_path / "found")
    monkeypatch.setattr(command, "TARGETS", {target.name: target for target in targets})
    assert command.main(["--minutes", "1", "--jobs", "2"]) == 0
    assert capsys.readouterr().out.count("clean") == 3


def test_each_target_states_its_invariant() -> None:
    for target in command.TARGETS.values():
        assert len(target.invariant()) > 40
        assert target.name in (command.ROOT / "docs" / "fuzzing.md").read_text("utf-8")


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["--minutes", "0"], ["--inputs", "0", "twins"], ["--jobs", "0"]]
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(arguments)


def test_a_file_of_no_target_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--replay", "crash-123"]) == 2
    assert "starts with the name of no target" in capsys.readouterr().out
