"""Links between the repository's pages lead somewhere, as they are shown there."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pytest

from support.pages import ROOT

#: What a page is in the repository, and not made by a run.
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md",
     ROOT / "changes" / "README.md"]
)  # fmt: skip
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_FENCED = re.compile(r"^(```+).*?^\1$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+).*?\1")
_HEADING = re.compile(r"^#{1,6} (.*)$", re.MULTILINE)
_NO_ANCHOR = re.compile(r"[^\w\- ]")


def _prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """Give the anchors of the headings, as repositories and the site make them."""
    found: set[str] = set()
    for heading in _HEADING.findall(_prose(page)):
        text = _NO_ANCHOR.sub("", _LINK.sub("]", heading).lower()).replace(" ", "-")
        assert text not in found, f"{page}: two headings are {text}"
        found.add(text)
    return found


def _links(page: Path) -> Iterator[str]:
    yield from _LINK.findall(_CODE.sub("", _prose(page)))


def _fault(page: Path, target: str) -> str | None:
    parts = urlsplit(target)
    if parts.scheme:
        known = parts.scheme == "https" and bool(parts.hostname)
        return None if known else f"{target} is no address"
    place = (page.parent / parts.path).resolve() if parts.path else page
    if not place.is_relative_to(ROOT) or not place.is_file():
        return f"{target} is not there"
    made = parts.fragment.startswith("partstream.")  # by the site, of docstrings
    if parts.fragment and not made and parts.fragment not in _anchors(place):
        return f"{target} has no such anchor"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page(page: Path) -> None:
    assert [fault for target in _links(page) if (fault := _fault(page, target))] == []


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("limits.md", None),
        ("limits.md#forms", None),
        ("../ARCHITECTURE.md#the-twins", None),
        ("limits.md#no-such", "anchor"),
        ("no-such.md", "not there"),
        ("../../outside.md", "not there"),
        ("http:/x", "no address"),
    ],
)
def test_a_link_that_leads_nowhere(target: str, fault: str | None) -> None:
    found = _fault(ROOT / "docs" / "policy.md", target)
    assert found is None if fault is None else fault in str(found)


# ---------------------------------------------------------------------------------------------
# The site
# ---------------------------------------------------------------------------------------------


@pytest.fixture
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_check", ROOT / "docs" / "site_check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_public_name_is_in_the_reference(ps: ModuleType, check: ModuleType) -> None:
    """By itself or with its module; ``ci/docs`` looks for each on the site that was built."""
    text = "".join(page.read_text() for page in (ROOT / "docs" / "reference").glob("*.md"))
    told = set(re.findall(r"^::: (\S+)$", text, re.MULTILINE))
    names = list(check.public_names())
    assert {name.removeprefix("partstream.") for name in names} >= set(ps.__all__)
    for name in names:
        module, _, own = name.rpartition(".")
        assert {name, module, f"partstream.{own}"} & told, name
    for name in set(ps.__all__):
        assert f"partstream.{name}" in told, name


def test_all_pages_are_on_the_site() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert re.search(rf"[ -]{re.escape(name)}$", nav, re.MULTILINE), name


SITE = {
    "index.html": '<a href="more/page.html#here">a</a><img src="a.svg"><a href="https://example.com/">b</a>',
    "more/page.html": '<h2 id="here">c</h2><a href="../index.html">d</a><a href="#here">e</a>',
    "a.svg": "<svg/>",
}


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("", "", None),
        ("#here", "#there", "has no such anchor"),
        ("../index.html", "../other.html", "is not there"),
        ('"a.svg"', '"b.svg"', "is not there"),
        ('"a.svg"', '"https://example.com/a.svg"', "is loaded from elsewhere"),
        ("https://example.com/", "https://", "is no address"),
        ("https://example.com/", "file:///etc/", "has the scheme 'file'"),
        ("https://example.com/", "http://[", "Invalid IPv6 URL"),
    ],
)
def test_a_site_with_a_fault(
    check: ModuleType, tmp_path: Path, good: str, bad: str, fault: str | None
) -> None:
    for name, text in SITE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace(good, bad) if good else text)
    found = list(check.faults(tmp_path))
    assert not found if fault is None else all(line.endswith(fault) for line in found)
    assert bool(found) == (fault is not None)


def test_a_name_that_the_site_lacks(check: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    page = tmp_path / "reference" / "all.html"
    names = list(check.public_names())
    page.write_text("".join(f'<h2 id="{name}"></h2>' for name in names))
    assert list(check.not_told(tmp_path)) == []
    text = page.read_text()
    page.write_text(text.replace('"partstream.sync.parse_form"', '"x"'))
    assert list(check.not_told(tmp_path)) == ["partstream.sync.parse_form"]
    page.write_text(text.replace('"partstream.writer.MultipartWriter"', '"x"'))
    assert list(check.not_told(tmp_path)) == []  # it is partstream.MultipartWriter
