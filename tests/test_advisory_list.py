"""Each known attack has a regression test under its identifier, in each layer that it concerns."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from support.advisories import ADVISORIES, LAYERS
from support.pages import ROOT

_ID = re.compile(r"CVE-\d{4}-\d+|GHSA(?:-\w{4}){3}|aiohttp-(?:\d+|nesting)|WAFFLED")


def _texts(value: Any) -> Iterator[str]:
    """Give all texts of the arguments of a test."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in value:
            yield from _texts(key)
    elif isinstance(value, tuple | list):  # parameters and attacks are tuples
        for item in value:
            yield from _texts(item)


def ids_in(text: str) -> set[str]:
    """Give the identifiers in a text, or in the name of a function."""
    spelled = re.sub(r"cve_(\d{4})_(\d+)", r"CVE-\1-\2", text).replace("waffled", "WAFFLED")
    return set(_ID.findall(spelled))


@cache
def ids_of(module: str) -> set[str]:
    """Give the identifiers that tests of a module have: in name, docstring or parameters."""
    found: set[str] = set()
    for name, test in vars(importlib.import_module(module)).items():
        if name.startswith("test_") and callable(test):
            texts = [name, test.__doc__ or ""]
            for mark in getattr(test, "pytestmark", ()):
                if mark.name == "parametrize":
                    texts += _texts([*mark.args, *mark.kwargs.values()])
            for text in texts:
                found |= ids_in(text)
    return found


@pytest.mark.parametrize("name", ADVISORIES)
def test_there_is_a_test_in_each_layer(name: str) -> None:
    missing = [layer for layer in ADVISORIES[name]
               if not any(name in ids_of(module) for module in LAYERS[layer])]  # fmt: skip
    assert not missing, f"{name} has no test in: {', '.join(missing)}"


def test_there_is_no_test_of_what_is_not_listed() -> None:
    modules = {module for found in LAYERS.values() for module in found}
    assert set().union(*map(ids_of, modules)) <= set(ADVISORIES)


def test_the_page_says_how_many() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert f"| {len(ADVISORIES)} advisories, none without a test |" in page


def test_an_identifier_is_known_in_each_spelling() -> None:
    assert ids_in("test_cve_2023_46136_x, GHSA-6jv3-5f52-599m, test_waffled_y, aiohttp-13652") == {
        "CVE-2023-46136", "GHSA-6jv3-5f52-599m", "WAFFLED", "aiohttp-13652"}  # fmt: skip
