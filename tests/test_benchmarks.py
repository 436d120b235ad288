"""What the benchmarks make of their figures: goals, floors, the page. Nothing is timed here."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import (
    cases,
    form_goals,
    forms,
    gate,
    goals,
    machine,
    measure,
    publish,
    report,
    standing,
    table,
)
from benchmarks.goals import CLEAN, GOALS, LIMIT, Goal, judge
from benchmarks.layers import PLANS
from benchmarks.results import CaseResult, Cell, Results, Table

OK, WRONG, REFUSED = "ok", "wrong", "refused"


def _row(case: str, times: dict[str, float | str], limit: float | None = None) -> CaseResult:
    """A row of 1000 bytes: seconds by contender, or what it is instead."""
    cells = {
        name: Cell(OK, value) if isinstance(value, float) else Cell(value, reason="because")
        for name, value in times.items()
    }
    return CaseResult(case, 1000, throughput=True, driver=0.0, limit=limit, cells=cells)


def _tables(*rows: CaseResult, layer: str = goals.SYNC) -> dict[str, Table]:
    return {layer: Table("made up", "multipart", list(rows[0].cells), list(rows))}


GOAL = Goal(goals.SYNC, "random", "multipart", 2)
EXTRA = {"scaling": [], "servers": [], "clients": [], "forms": []}


def test_a_lost_ratio_is_found() -> None:
    fast = _tables(_row("random", {"partstream-c": 1.0, "multipart": 2.0}))
    slow = _tables(_row("random", {"partstream-c": 1.0, "multipart": 1.99}))
    assert [(item.ratio, item.met) for item in judge(fast, [GOAL])] == [(2.0, True)]
    assert [(item.ratio, item.met) for item in judge(slow, [GOAL])] == [(1.99, False)]


def test_what_was_not_measured_is_not_judged() -> None:
    tables = _tables(_row("text", {"partstream-c": 1.0, "multipart": 2.0}))
    assert judge(tables, [GOAL, replace(GOAL, layer=goals.ASYNC)]) == []
    tables = _tables(_row("random", {"partstream-c": 1.0}))
    assert judge(tables, [GOAL, replace(GOAL, against=CLEAN)]) == []


@pytest.mark.parametrize("status", [WRONG, REFUSED, "stopped"])
def test_a_peer_that_fails_is_beaten(status: str) -> None:
    tables = _tables(_row("random", {"partstream-c": 1.0, "django": status}))
    (verdict,) = judge(tables, [replace(GOAL, against="django")])
    assert (verdict.met, verdict.ratio) == (True, None)
    assert verdict.note == f"django: {status}"


def test_where_the_baseline_fails_the_fastest_peer_takes_its_place() -> None:
    times: dict[str, float | str] = {
        "partstream-c": 1.0,
        "partstream-py": 0.1,
        "multipart": REFUSED,
    }
    tables = _tables(_row("random", {**times, "django": 5.0, "werkzeug": 1.5, "x": WRONG}))
    (verdict,) = judge(tables, [GOAL])
    assert (verdict.ratio, verdict.met) == (1.5, False)
    assert verdict.note == "multipart: refused; against werkzeug"
    (verdict,) = judge(_tables(_row("random", times)), [GOAL])
    assert (verdict.ratio, verdict.met) == (None, True)


@pytest.mark.parametrize("against", ["multipart", "django", LIMIT])
def test_we_are_never_excused(against: str) -> None:
    times = {"partstream-c": WRONG, "multipart": REFUSED, "django": REFUSED}
    (verdict,) = judge(_tables(_row("random", times, 1.0)), [replace(GOAL, against=against)])
    assert not verdict.met
    assert verdict.note == "partstream-c: wrong, because"
    assert gate.lost([verdict], {})


def test_shares_of_the_limit_and_of_the_clean_upload() -> None:
    tables = _tables(
        _row("all-cr", {"partstream-c": 4.0}, 1.0), _row("clean", {"partstream-c": 1.0}, 0.5)
    )
    limit, clean = Goal(goals.SYNC, "all-cr", LIMIT, 0.2), Goal(goals.SYNC, "all-cr", CLEAN, 0.3)
    assert [(item.ratio, item.met) for item in judge(tables, [limit, clean])] == [
        (0.25, True),
        (0.25, False),
    ]
    (verdict,) = judge(_tables(_row("all-cr", {"partstream-c": 4.0})), [limit])
    assert not verdict.met, "without a limit nothing is known"


def test_each_goal_can_be_measured() -> None:
    for goal in GOALS:
        names = measure.names(goal.layer)
        assert goal.contender in names
        assert goal.against in (*names, LIMIT, CLEAN)
        assert set(goal.cases) <= set(measure.CASES)
    assert len({goal.key for goal in GOALS}) == len(GOALS)
    for peer in goals.BEHIND:
        assert {goal.case for goal in GOALS if goal.against == peer} == set(cases.BY_NAME)


def test_floors() -> None:
    assert gate.floor(GOAL, {}) == 2
    assert gate.floor(GOAL, {GOAL.key: 8.0}) == 2
    assert gate.floor(GOAL, {GOAL.key: 1.0}) == gate.MARGIN


@pytest.mark.parametrize(
    ("contender", "case", "against", "margin"),
    [
        ("partstream", "write-file", "aiohttp", gate.THREADS_MARGIN),
        ("partstream", "write-file", LIMIT, gate.THREADS_MARGIN),
        ("partstream-body", "write-file", LIMIT, gate.MARGIN),
        ("partstream", "write-fields-100", "aiohttp", gate.MARGIN),
    ],
)
def test_where_a_thread_is_waited_for_a_floor_is_lower(
    contender: str, case: str, against: str, margin: float
) -> None:
    goal = Goal(goals.WRITER, case, against, 4, contender)
    assert goal.key in {known.key for known in GOALS}
    assert gate.floor(goal, {goal.key: 1.0}) == margin
    assert gate.floor(goal, {goal.key: 100.0}) == 4


def test_the_record_is_of_goals_that_there_are() -> None:
    records = gate.records()
    assert records
    for where, entry in records.items():
        assert set(entry["ratios"]) <= {goal.key for goal in GOALS}, where
        assert entry["python"].lower().startswith(where.rstrip("t").replace("-", " ")), where


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of another version of Python alone, in place of the real one."""
    path = tmp_path / "floors.json"
    path.write_text(json.dumps({"cpython-2.7": {"ratios": {GOAL.key: 9.0}}}))
    monkeypatch.setattr(gate, "RECORD", path)
    return path


@pytest.mark.parametrize(("required", "fails"), [(None, False), ("0", False), ("1", True)])
def test_where_nothing_is_recorded_nothing_is_held_and_that_is_said(
    record: Path, monkeypatch: pytest.MonkeyPatch, required: str | None, fails: bool
) -> None:
    monkeypatch.delenv("PARTSTREAM_REQUIRE_PEERS", raising=False)
    if required is not None:
        monkeypatch.setenv("PARTSTREAM_REQUIRE_PEERS", required)
    told: list[str] = []
    tables = _tables(_row("random", {"partstream-c": 1.0, "multipart": 0.5}))
    assert gate.load() is None
    failures = gate.failures(tables, PLANS["quick"], told.append)
    assert len(failures) == (1 if fails else 0)
    assert len(failures + told) == 1
    assert f"none are recorded for {machine.interpreter()}, but for cpython-2.7;" in str(
        failures + told
    )


def test_a_version_replaces_its_own_record_alone(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "table", Again(1.5, 0.2))
    monkeypatch.setattr(gate, "GOALS", [GOAL])
    tables = _tables(_row("random", {"partstream-c": 1.0, "multipart": 1.9}))
    heading = {"machine": "m", "python": "p", "date": "d"}
    gate.record(tables, heading, PLANS["quick"], lambda line: None)
    found = json.loads(record.read_text())
    assert found["cpython-2.7"] == {"ratios": {GOAL.key: 9.0}}
    assert found[machine.interpreter()] == {**heading, "ratios": {GOAL.key: 1.5}}
    assert gate.load() == {GOAL.key: 1.5}


class Again:
    """In place of `measure.table`: a given ratio each time, and what was asked."""

    def __init__(self, *ratios: float) -> None:
        self.ratios = list(ratios)
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def __call__(
        self, layer: str, plan: Any, tell: Any, only: Collection[str], wanted: Collection[str]
    ) -> Table:
        self.asked.append((layer, tuple(only)))
        ratio = self.ratios.pop(0)
        return _tables(*(_row(case, {"partstream-c": 1.0, "multipart": ratio}) for case in only))[
            layer
        ]


@pytest.mark.parametrize(
    ("again", "lost"), [((1.2,), 0), ((0.9, 1.2), 0), ((0.9, 0.7, 0.8), 1)], ids=str
)
def test_what_seems_lost_is_measured_again(
    again: tuple[float, ...], lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = Again(*again)
    monkeypatch.setattr(measure, "table", measured)
    first = _row("random", {"partstream-c": 1.0, "multipart": 0.5}, 1.0)
    good = _row("text", {"partstream-c": 1.0, "multipart": 9.0})
    recorded = {GOAL.key: 1.25}
    found = gate.hold(_tables(first, good), recorded, PLANS["quick"], lambda line: None)
    assert measured.asked == [("sync", ("random",))] * len(again)
    assert len(found) == lost
    if lost:
        text = f"{GOAL.key}: 0.80 times, held at {1.25 * gate.MARGIN:.2f}; goal 2"
        assert str(found[0]) == text


def test_goals_that_stand_together_are_one_line() -> None:
    one, two = (replace(GOAL, case=case, together="all", at_least=1) for case in ("text", "random"))
    tables = _tables(
        _row("text", {"partstream-c": 1.0, "multipart": 0.5}),
        _row("random", {"partstream-c": 1.0, "multipart": 0.7}),
    )
    lines = standing.goals(judge(tables, [one, two]), None, as_markdown=True).splitlines()
    assert len(lines) == 3
    assert "| 0.50 (text) | no |" in lines[-1]


def test_how_ratios_moved() -> None:
    before = _tables(_row("random", {"partstream-c": 1.0, "multipart": 2.0}))
    now = _tables(_row("random", {"partstream-c": 1.0, "multipart": 3.0}))
    assert "+50%" in standing.compared(now, before)
    assert standing.compared(now, now) == "no ratio moved by 10% or more"
    assert standing.compared(now, {}) == "no ratio moved by 10% or more"


def test_what_two_runs_do_not_have_in_common_is_said() -> None:
    before = {"machine": "one", "date": "today", "run": "sizes full"}
    assert standing.differences({**before, "date": "tomorrow"}, before) == []
    (line,) = standing.differences({**before, "run": "sizes quick"}, before)
    assert line == "another run than before: sizes quick; before: sizes full"


def _results() -> Results:
    times: dict[str, float | str] = {"partstream-c": 0.25, "multipart": 1.0, "django": WRONG}
    rows = [_row(case, times, 0.1) for case in ("random", "all-cr", "clean", "one-byte")]
    rows[0].cells["multipart"] = Cell(OK, 1.0, samples=(0.9, 1.0, 1.1))
    return Results({"machine": "one | two", "date": "today"}, _tables(*rows), dict(EXTRA))


def test_the_page(tmp_path: Path) -> None:
    results = _results()
    shown = {"throughput.svg": "Throughput"}
    text = publish.page(results, shown)
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert tables
    for lines in tables:
        assert len({line.replace("\\|", "").count("|") for line in lines}) == 1, lines
    assert "![Throughput](benchmarks/throughput.svg)" in text
    assert text.count(".svg") == 1, "of what was not drawn there is no link"
    assert "django: wrong" in text
    assert "random, django: because" in text


def test_the_data_is_read_as_it_was_written() -> None:
    results = _results()
    data = json.loads(json.dumps(results.as_data()))
    assert Results.from_data(data) == results
    small = json.loads(json.dumps(results.as_data(samples=False)))
    assert "samples" not in json.dumps(small)
    assert Results.from_data(small).as_data(samples=False) == small


def test_no_ratio_is_shown_as_nothing() -> None:
    slow = _tables(_row("random", {"partstream-c": 400.0, "multipart": 1.0}))["sync"]
    rows, _ = report.times(slow)
    assert rows[1][1].endswith(" 0.0025x")


def test_no_share_is_shown_as_nothing() -> None:
    tables = _tables(_row("random", {"partstream-c": 1.0, "multipart": 2000.0}, 0.5))
    assert [cell.split()[-1] for cell in report.rates(tables["sync"])[1][2:]] == ["50%", "0.03%"]


@pytest.mark.parametrize(
    "options",
    [
        ["--record"],
        ["--record", "--quick", "--only", "text"],
        ["--publish", "x", "--layer", "sync"],
        ["--quick", "--smoke"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        table.main(options)
    assert caught.value.code == 2
    assert capsys.readouterr().err


def test_only_a_run_without_options_writes_the_documentation() -> None:
    assert table._arguments([]).publish.name == "docs"
    for options in (["--quick"], ["--layer", "sync"], ["--rounds", "3"]):
        assert table._arguments(options).publish is None


def _form(framework: str, form: str, clock: tuple[float, float, float], cpu: Any) -> forms.FormRow:
    """Times of its own parser, of ours and of nothing, by the clock and by the processor."""
    times = dict(
        zip((forms.OWN, forms.OURS, forms.NOTHING), zip(clock, cpu, strict=True), strict=True)
    )
    return forms._row(framework, form, times)


def test_the_ratio_of_a_form_is_without_the_request_around_it() -> None:
    row = _form("Quart", "file of 32768 KiB", (35.0, 15.0, 5.0), (25.0, 15.0, 5.0))
    assert (row.ratio, row.form_ratio, row.bound) == (35 / 15, 3, False)
    assert (row.cpu_ratio, row.form_cpu_ratio, row.cpu_bound) == (25 / 15, 2, False)


def test_forms_are_judged_by_the_processor_and_files_on_the_page_by_the_clock() -> None:
    rows = [
        _form("Quart", "file of 32768 KiB", (35.0, 15.0, 5.0), (25.0, 15.0, 5.0)),
        _form("Quart", "2 fields", (35.0, 15.0, 5.0), (25.0, 15.0, 5.0)),
    ]
    for by_clock, met in ((True, {"quart-file": True}), (False, {"quart-file": False})):
        verdicts = judge({goals.FORMS: forms.table_of(rows, by_clock)})
        assert {item.goal.case: item.met for item in verdicts} == {"quart-fields-2": False, **met}


def test_what_is_too_little_to_be_told_is_a_bound_and_said_to_be() -> None:
    row = _form("Django", "100 fields", (2.6, 0.1, 0.12), (2.6, 0.1, 0.12))
    assert row.bound
    assert row.form_ratio == pytest.approx(248)
    assert forms.table([row])[1][-3:] == ["at least 248.0", "26.0", "at least 248.0"]
    (verdict,) = judge({goals.FORMS: forms.table_of([row])})
    assert (verdict.met, verdict.note) == (True, "at least that")
    results = Results({}, {}, {"forms": [row.as_data()]})
    page = publish.page(results, {})
    assert (
        "| forms, django-fields-100 | its own parser | 5 | 248.00 | yes | at least that |" in page
    )
    assert page.count("| at least 248 |") == 2


def test_each_framework_has_its_goals() -> None:
    wanted = {goal.case: goal.at_least for goal in GOALS if goal.layer == goals.FORMS}
    assert set(wanted) == set(form_goals.CASES)
    assert {case for case, least in wanted.items() if least == 5} == {
        case for case in wanted if "-fields-" in case
    }
    three = {
        f"{name}-{kind}" for name in ("starlette", "fastapi", "quart") for kind in ("file", "mixed")
    }
    assert {case for case, least in wanted.items() if least == 3} == three
    names = [adapter.FRAMEWORK for adapter in forms.adapters()]
    assert {name.lower() for name in names} <= set(form_goals.FRAMEWORKS)
    for form in forms._forms(cases.SMOKE):
        assert form_goals.case_of("Quart", form) in form_goals.CASES


def test_a_form_that_is_lost_is_measured_again_with_others_of_its_framework(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goal = next(goal for goal in GOALS if goal.case == "quart-fields-2")
    other = next(goal for goal in GOALS if goal.case == "flask-fields-2")
    assert gate.floor(goal, {goal.key: 4.0}) == pytest.approx(4 * gate.FORMS_MARGIN)
    asked, ours = [], iter([25.0, 25.0, 6.0])

    def held(_sizes: Any, only: Collection[str], _tell: Any) -> Table:
        asked.append(list(only))
        time = next(ours)
        names = ("Quart", "Flask") if len(only) == 2 else ("Quart",)
        return forms.table_of(
            [
                _form(name, "2 fields", (9, 9, 1), (25.0, time if name == "Quart" else 6.0, 5.0))
                for name in names
            ]
        )

    monkeypatch.setattr(forms, "held", held)
    first = forms.table_of(
        [_form(n, "2 fields", (9, 9, 1), (25.0, 25.0, 5.0)) for n in ("Quart", "Flask")]
    )
    recorded = {item.key: 8.0 for item in (goal, other)}
    assert not gate.hold({goals.FORMS: first}, recorded, PLANS["quick"], lambda _line: None)
    assert asked == [["flask-fields-2", "quart-fields-2"], ["quart-fields-2"], ["quart-fields-2"]]
