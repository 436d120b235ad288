"""Each cell of the behaviour table, with both twins, however the stream is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from support import behaviours, chunking
from support.behaviours import HEADERS, POLICIES, READINGS, STREAMS, HeaderRow, Row
from support.events import Settings, assert_same, parse, policy_of
from support.form_rows import FORMS

_INCOMPLETE = {"truncated", "empty_body", "boundary_not_found"}

#: All rows of the behaviour table but w, which is about ``parse_form`` (``form_rows.py``).
_ROWS = ("a", "b", "c", "c2", "c3", "d", "e", "f", "g", "h", "i", "j", "k", "k2", "l", "m", "m2",
         "n", "n2", "o", "p", "q", "q2", "r", "s", "s2", "s3", "s4", "t", "t2", "t3", "u", "v",
         "v2", "w2", "x", "y")  # fmt: skip


def _cells() -> Iterator[Any]:
    """Give each cell with its row."""
    for row in STREAMS:
        for subtype, cells in (("form-data", row.form), ("mixed", row.other)):
            for policy, cell in zip(POLICIES, cells or (), strict=False):
                name = f"{row.row}-{row.what}-{subtype}-{policy}".replace(" ", "_")
                yield pytest.param(row, subtype, policy, cell, id=name)


@pytest.mark.parametrize(("row", "subtype", "policy", "cell"), list(_cells()))
def test_stream(ps: ModuleType, row: Row, subtype: str, policy: str, cell: str) -> None:
    data, mark = behaviours.marked(row.data)
    settings = Settings(row.boundary, subtype, row.nested, policy, limits=row.limits)
    outcome = parse(ps, settings, [data])
    assert behaviours.described(outcome, mark, row.shows) == cell
    if outcome.fault is not None:
        assert outcome.fault.kind == _kind(outcome.fault.code)
    for chunks in chunking.every(data):
        assert_same(parse(ps, settings, chunks), outcome, [len(chunk) for chunk in chunks][:2])


@pytest.mark.parametrize(("row", "subtype", "policy", "cell"), list(_cells()))
def test_stream_with_a_long_boundary(
    ps: ModuleType, row: Row, subtype: str, policy: str, cell: str
) -> None:
    """Long boundaries are searched for in other ways than short ones."""
    row = behaviours.lengthened(row)
    data, mark = behaviours.marked(row.data)
    settings = Settings(row.boundary, subtype, row.nested, policy, limits=row.limits)
    expected = cell.replace("B", behaviours.LONG).partition("@")[0]
    for chunks in chunking.coarse(data).values():
        outcome = parse(ps, settings, chunks)
        assert behaviours.described(outcome, mark, row.shows).partition("@")[0] == expected


def _kind(code: str) -> str:
    if code.startswith("max_"):
        return "LimitExceeded"
    return "IncompleteBody" if code in _INCOMPLETE else "ParseError"


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("subtype", ["form", "other"])
@pytest.mark.parametrize("row", HEADERS, ids=lambda row: f"{row.row}-{row.what}".replace(" ", "_"))
def test_content_type(
    ps: ModuleType,
    ps_module: Callable[[str], ModuleType],
    row: HeaderRow,
    subtype: str,
    policy: str,
) -> None:
    parameters = ps_module("parameters")
    mask = getattr(policy_of(ps, policy), f"{subtype}_mask")
    header = parameters.Header(row.text, None, mask, subtype == "form")
    try:
        found = parameters.boundary_of(header).decode()
    except ps.ParseError as error:
        found = f"!{error.code}" if error.offset is None else f"!{error.code}@{error.offset}"
    assert found == row.cells[POLICIES.index(policy)]


def test_every_row_of_the_policy_has_a_case(ps: ModuleType) -> None:
    rows = {row.row for row in (*STREAMS, *HEADERS, *READINGS, *FORMS)}
    for choice in ps.Policy.__dataclass_fields__.values():
        if choice.init and "row" in choice.metadata:
            for name in choice.metadata["row"].split(", "):
                assert name in rows, f"{choice.name} has no case in row {name}"


@pytest.mark.parametrize("row", _ROWS)
def test_each_row_has_cases_for_forms_and_for_others(row: str) -> None:
    cases = [case for case in (*STREAMS, *READINGS) if case.row == row]
    assert any(case.form for case in cases)
    assert any(case.other for case in cases)


@pytest.mark.parametrize(
    "row", [row for row in STREAMS if row.row == "k"], ids=lambda row: row.what
)
def test_bare_lf_says_which_line_end_it_wants(ps: ModuleType, row: Row) -> None:
    data, _ = behaviours.marked(row.data)
    for subtype in ("form-data", "mixed"):
        for policy in ("STRICT", "DEFAULT"):
            fault = parse(ps, Settings(row.boundary, subtype, policy=policy), [data]).fault
            assert fault is not None
            assert fault.code == "bare_lf"
            assert "lines must end in CRLF" in fault.text


def test_notation_of_a_cell() -> None:
    assert behaviours.marked("a^b") == (b"ab", 1)
    assert behaviours.marked("ab") == (b"ab", -1)
    assert behaviours.escaped('a\r"\xe4') == 'a\\r"\\xe4'
