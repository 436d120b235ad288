"""The documentation: tables as they are made, and a cause for each code."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.behaviours import HEADERS, STREAMS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SOURCES = ROOT / "src" / "partstream"
PAGES = sorted(DOCS.glob("*.md"))

each = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@pytest.fixture
def tables(ps: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The generator, on the twin that ``ps`` is."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    spec = importlib.util.spec_from_file_location("tables", DOCS / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.Policy is ps.Policy
    return module


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@each
def test_the_tables_are_up_to_date(tables: Any, page: Path) -> None:
    assert tables.filled(_text(page)) == _text(page), "run: python docs/tables.py"


def test_each_table_is_on_one_page(tables: Any) -> None:
    texts = [_text(page) for page in PAGES]
    for name in tables.TABLES:
        assert sum(text.count(tables.mark(name)) for text in texts) == 1, name
    assert sum(text.count("<!-- table ") for text in texts) == len(tables.TABLES)


def test_a_stale_page_is_noticed_and_made_anew(
    tables: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = _text(DOCS / "limits.md")
    page = tmp_path / "limits.md"
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    page.write_text(good.replace("| 8190 |", "| 8191 |"), encoding="utf-8")
    assert tables.main(["--check"]) == 1
    assert "limits.md" in capsys.readouterr().err
    assert _text(page) != good
    assert tables.main([]) == 0
    assert _text(page) == good
    assert tables.main(["--check"]) == 0


def test_a_table_without_end_is_refused(tables: Any) -> None:
    with pytest.raises(ValueError, match="limits"):
        tables.filled(tables.mark("limits") + "text")


def test_cells_keep_within_their_columns(tables: Any) -> None:
    for make in tables.TABLES.values():
        table = make()
        assert {len(line) for line in table} == {len(table[0])}
        assert all(cell and "\n" not in cell for line in table for cell in line)
    assert tables.markdown([["a|b"], ["`c|d`"]]) == "| a\\|b |\n| --- |\n| `c\\|d` |\n"


def test_each_code_has_a_cause(ps: ModuleType, tables: Any) -> None:
    codes = {deviation.code for deviation in ps.Deviation}
    limits = [item for item in dataclasses.fields(ps.Limits) if item.init]
    codes |= {item.name for item in limits if not item.metadata["soft"]}
    assert set(tables.CAUSES) == codes, "put it into docs/causes.py"
    assert list(tables.ATTACKS) == [item.name for item in limits], "put it into docs/causes.py"
    for cause in tables.CAUSES.values():
        assert 10 < len(cause) < 160
        assert cause == cause.strip().rstrip(".")


def test_each_code_in_the_sources_is_documented() -> None:
    """Some errors are raised without the list of deviations, by the code alone."""
    text = _text(DOCS / "errors.md")
    for code in {code for path in SOURCES.glob("*.py") for code in _codes_in(path)}:
        assert f"\n| `{code}` |" in text, code


def _codes_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(_text(path))):
        if isinstance(node, ast.keyword) and node.arg == "code":
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                yield node.value.value


def test_no_case_of_the_behaviour_table_is_left_out(tables: Any) -> None:
    table = tables.behaviours()
    inputs = [(line[0], what) for line in table for what in line[1].split("; ")]
    for case in (*HEADERS, *STREAMS):
        assert (case.row, case.what) in inputs
    cells = 3 * len(HEADERS)
    cells += sum(3 for row in STREAMS for one in (row.form, row.other) if one is not None)
    lines = [(line[1].split("; "), 2 if line[2] == "any" else 1) for line in table[1:]]
    assert sum(3 * places * len(cases) for cases, places in lines) == cells


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("a=1", "`a=1`"),
        ("!bare_lf@5", "error `bare_lf`"),
        ("a=1~ !bare_lf", "`a=1~`, then error `bare_lf`"),
        ('a=X: b!; name="c d"', '`a=X: b!; name="c d"`'),
    ],
)
def test_how_a_cell_is_shown(tables: Any, cell: str, shown: str) -> None:
    assert tables._outcome(cell) == shown
