"""Each known attack has a regression test under its identifier, in each layer that it concerns."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.advisories import ADVISORIES, LAYERS

_ID = re.compile(r"CVE-\d{4}-\d+|GHSA(?:-\w{4}){3}|aiohttp-(?:\d+|nesting)|WAFFLED")
#: The list that this one was made of, where the whole is at hand.
_SHARED = [parent / "shared" / "advisories.md" for parent in Path(__file__).resolve().parents]


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


def listed(text: str) -> set[str]:
    """Give the identifiers of the shared list, which leaves out what stands before them."""
    found: set[str] = set()
    for line in text.splitlines():
        if not line.startswith("- "):
            continue
        year = ""
        for name in re.findall(r"CVE-\d{4}-\d+|GHSA[-\w]+|(?<![\w-])-\d{4,5}\b|#\d{5}|WAFFLED|"
                               "unlimited nesting", line):  # fmt: skip
            if name.startswith("CVE"):
                year = name[:9]
            found.add(
                f"{year}{name[1:]}" if name.startswith("-")
                else name.replace("#", "aiohttp-").replace("unlimited nesting", "aiohttp-nesting")
            )  # fmt: skip
    return found


def test_the_list_is_whole() -> None:
    shared = next((path for path in _SHARED if path.exists()), None)
    if shared is None:
        pytest.skip("the list that this one was made of is not at hand")
    assert listed(shared.read_text("utf-8")) == set(ADVISORIES)


def test_an_identifier_is_known_in_each_spelling() -> None:
    line = "- PHP: CVE-2015-4024 header; -61771 text, CVE-2026-2359; aiohttp#13652, #12794"
    assert listed(line) == {"CVE-2015-4024", "CVE-2015-61771", "CVE-2026-2359", "aiohttp-13652",
                            "aiohttp-12794"}  # fmt: skip
    assert ids_in("test_cve_2023_46136_x, GHSA-6jv3-5f52-599m") == {
        "CVE-2023-46136", "GHSA-6jv3-5f52-599m"}  # fmt: skip
