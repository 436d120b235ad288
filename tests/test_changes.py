"""``ci/changes``: what waits in changes/, and how it gets into CHANGES.md."""

from __future__ import annotations

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
TEXT = "# Changes\n\n## 2.0 (unreleased)\n\n- One.\n\n## 1.0\n\n- Old.\n"


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader = SourceFileLoader("changes", str(ROOT / "ci" / "changes"))
    spec = importlib.util.spec_from_loader("changes", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "CHANGES.md").write_text(TEXT)
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "README.md").write_text("# How\n")
    (tmp_path / "changes" / "b.md").write_text("- Three,\n  and more.\n")
    (tmp_path / "changes" / "a.md").write_text("- Two.\n")
    return tmp_path


def test_those_of_this_tree_are_as_they_have_to_be(changes: Any) -> None:
    assert changes.faults(ROOT) == []


def test_what_waits_is_shown(changes: Any, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert changes.main([], tree) == 0
    assert capsys.readouterr().out == "- Two.\n- Three,\n  and more.\n"
    assert (tree / "CHANGES.md").read_text() == TEXT


def test_what_waits_is_moved(changes: Any, tree: Path) -> None:
    assert changes.main(["--collect"], tree) == 0
    wanted = TEXT.replace("- One.\n", "- One.\n- Two.\n- Three,\n  and more.\n")
    assert (tree / "CHANGES.md").read_text() == wanted
    assert [path.name for path in (tree / "changes").iterdir()] == ["README.md"]
    assert changes.main(["--collect"], tree) == 0
    assert (tree / "CHANGES.md").read_text() == wanted


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("c.md", "", "is empty"),
        ("c.md", "Two.\n", "c.md:1"),
        ("c.md", "- Two\nand more.\n", "c.md:2"),
        ("c.md", f"- {'x' * 200}\n", "202 characters"),
        ("c.txt", "- Two.\n", "must end in .md"),
    ],
)
def test_what_is_wrong_is_said(
    changes: Any, tree: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, fault: str
) -> None:
    (tree / "changes" / name).write_text(text)
    for arguments in (["--check"], ["--collect"], []):
        assert changes.main(arguments, tree) == 1
        assert fault in capsys.readouterr().err
    assert (tree / "CHANGES.md").read_text() == TEXT


def test_a_release_has_to_begin_a_section(
    changes: Any, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "CHANGES.md").write_text(TEXT.replace(" (unreleased)", ""))
    assert changes.main(["--check"], tree) == 1
    assert "CHANGES.md" in capsys.readouterr().err
