"""The pages for those who move from another parser: every name in their tables is there."""

from __future__ import annotations

import importlib
import inspect
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parent.parent / "docs" / "moving"
#: Where the names of the first column are looked up.
HOMES = {
    "aiohttp": "aiohttp",
    "cgi": "cgi",
    "multipart": "multipart",
    "python-multipart": "python_multipart",
    "werkzeug": "werkzeug",
}


def _rows(page: str) -> list[tuple[str, str]]:
    """Give the first two cells of each line of the table of names."""
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    table = text.partition("## Name by name\n\n")[2].partition("\n\n")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines()[2:]]
    assert {len(row) for row in rows} == {3}
    return [(theirs.strip(), ours.strip()) for theirs, ours, _ in rows]


def _look_up(name: str, home: Any) -> None:
    """Find an attribute, or by ``f(x=)`` a parameter.

    Raises:
        LookupError: where it is not there.
    """
    path, _, parameter = name.partition("(")
    found = home
    for part in path.split("."):
        if isinstance(found, ModuleType) and not hasattr(found, part):
            found = importlib.import_module(f"{found.__name__}.{part}")
        elif hasattr(found, part):
            found = getattr(found, part)
        else:
            # Attributes that __init__ sets.
            if inspect.isclass(found) and _sets(found, part):
                return
            raise LookupError(name)
    if parameter and parameter.rstrip("=)") not in inspect.signature(found).parameters:
        raise LookupError(name)


def _sets(kind: type, attribute: str) -> bool:
    """Tell whether methods of a class set an attribute of its instances."""
    source = "".join(
        inspect.getsource(base)
        for base in kind.__mro__
        if str(getattr(inspect.getmodule(base), "__file__", "")).endswith(".py")
    )
    return f"self.{attribute} =" in source or f"self.{attribute}:" in source


def _home(page: str) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of cgi, in CPython 3.12
        return importlib.import_module(HOMES[page])


def test_every_page_is_looked_at() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} == set(HOMES)


@pytest.mark.parametrize("page", HOMES)
def test_the_names_are_there(ps: ModuleType, page: str) -> None:
    rows = _rows(page)
    assert len(rows) > 20
    for theirs, ours in rows:
        assert theirs.startswith("`"), theirs
        assert theirs.endswith("`"), theirs
        _look_up(theirs.strip("`"), _home(page))
        if ours:
            name = ours.strip("`")
            _look_up(name, ps if name != "ValueError" else importlib.import_module("builtins"))


@pytest.mark.parametrize(
    "name", ["NoSuchName", "MultipartReader.no_such", "MultipartReader(no_such=)", "no_such.Name"]
)
def test_a_name_that_is_not_there(ps: ModuleType, name: str) -> None:
    with pytest.raises((LookupError, ImportError)):
        _look_up(name, ps)


@pytest.mark.parametrize(
    ("page", "module"),
    [
        ("aiohttp", "aiohttp.multipart"),
        ("aiohttp", "aiohttp.payload"),
        ("multipart", "multipart"),
        ("python-multipart", "python_multipart"),
    ],
)
def test_no_name_is_left_out(page: str, module: str) -> None:
    """All that the other exports has a line; with exceptions that are said here."""
    told = {theirs.strip("`").partition("(")[0].split(".")[-1] for theirs, _ in _rows(page)}
    left_out = set(importlib.import_module(module).__all__) - told
    assert left_out == LEFT_OUT.get(module, set())


#: What quotes header values is of no use to who reads; base classes are not used by themselves.
LEFT_OUT = {
    "multipart": {
        "content_disposition_quote", "content_disposition_unquote",
        "header_quote", "header_unquote",
    },
    "python_multipart": {"BaseParser"},
}  # fmt: skip
