"""ARCHITECTURE.md: its table names files that there are, and each module of the package."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import PurePosixPath

from support.pages import ROOT

#: Said by what it is, and not by its name: nobody asks where it is.
UNSAID = {"__init__.py", "_version.py"}


def _named() -> set[str]:
    """Give what looks like a file in the table, without where it is."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.partition("## Which file answers which question")[2].partition("\n## ")[0]
    said = re.findall(r"`([\w./*-]+\.(?:py|pyx|pxi|pxd|h|md|yml|toml))`", table)
    return {PurePosixPath(name).name for name in said}


def _files(*folders: str) -> set[str]:
    return {
        path.name
        for folder in folders
        for path in (ROOT / folder).glob("*.*")
        if path.suffix in (".py", ".pyx", ".pxi", ".pxd", ".h")
    }


def test_each_file_of_the_package_is_named() -> None:
    named = _named()
    package = _files("src/partstream", "ext") - UNSAID
    assert [
        name for name in sorted(package) if not any(fnmatch(name, what) for what in named)
    ] == []


def test_each_file_that_is_named_is_there() -> None:
    there = {path.name for folder in ("src", "ext", "tests", "docs", "examples", "benchmarks", "ci")
             for path in (ROOT / folder).rglob("*")}  # fmt: skip
    there |= {path.name for path in ROOT.iterdir()}
    named = _named()
    assert len(named) > 100
    assert [what for what in sorted(named) if not any(fnmatch(name, what) for name in there)] == []
