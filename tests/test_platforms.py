"""What is left out on other platforms: names that name something, files that can be imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from platforms import core, pypy, wasm

TESTS = core.TESTS
LEFT_OUT = {name for names in core.LEFT_OUT.values() for name in names}
#: What is installed on each of these platforms.
THERE = {"_pytest", "hypothesis", "multidict", "partstream", "pytest"}


def test_names_that_name_nothing_are_found() -> None:
    good = "test_platforms.py::test_names_that_name_nothing_are_found"
    wrong = ["test_platforms.py::test_x[py]", "test_nothing.py", "test_nothing.py::test_x"]
    names = [good, *wrong, "test_platforms.py", f"{good}[py]"]
    assert core.unknown({"some reason": names}) == wrong


def test_what_is_left_out_is_there() -> None:
    assert core.unknown(core.LEFT_OUT) == []
    assert core.unknown(core.AMID) == []
    assert core.unknown(wasm.NOT_HERE) == []
    assert core.unknown(pypy.NOT_HERE) == []


@pytest.mark.parametrize("name", sorted({path.name for path in TESTS.glob("test_*.py")} - LEFT_OUT))
def test_what_a_file_imports_is_there_or_stood_in_for(name: str) -> None:
    """Else the whole run ends while it collects the tests: leave the file out, or add the peer."""
    assert sorted(set(_imports(TESTS / name, set())) - THERE - core.PEERS) == []


def _imports(path: Path, seen: set[Path]) -> Iterator[str]:
    """Give what a file of the tests needs to be imported, of what is not Python's own."""
    if path in seen:
        return
    seen.add(path)
    for name in _modules(ast.parse(path.read_text("utf-8")).body, path.parent.name):
        own = _own(name)
        if own is not None:
            yield from _imports(own, seen)
        elif name.partition(".")[0] not in sys.stdlib_module_names:
            yield name.partition(".")[0]


def _modules(body: list[ast.stmt], package: str) -> Iterator[str]:
    """Give the modules that are imported when a module is, but for those that need not be there."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            module = statement.module or ""
            if statement.level:
                module = f"{package}.{module}".rstrip(".")
            yield module
            names = (f"{module}.{alias.name}" for alias in statement.names)
            yield from (name for name in names if _own(name))


def _own(name: str) -> Path | None:
    """Give the file of a module of the tests' own."""
    path = TESTS.joinpath(*name.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)
