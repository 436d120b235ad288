"""Looks at the site that was built: links, what is loaded from elsewhere, names of the reference.

``python docs/site_check.py build/site`` prints what is wrong; the status is 1 where anything is.
Nothing is asked for over a network: of an address elsewhere only the form is looked at.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

SOURCES: Final = Path(__file__).parent.parent / "src" / "partstream"
#: Attributes that lead somewhere, and tags that load what they name.
_LEADS: Final = frozenset({"href", "src"})
_LOADS: Final = frozenset({"img", "link", "script", "source", "iframe"})
#: What a page that is not part of the site's tree is for; its links are as from the root.
_ODD: Final = frozenset({"404.html"})


class Looked(HTMLParser):
    """A page: its anchors, and where it leads.

    Attributes:
        anchors: all that ``#...`` can lead to.
        links: tag and target of each link.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a tag has."""
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            elif name in _LEADS:
                self.links.append((tag, value))


def faults(site: Path) -> Iterator[str]:
    """Give what is wrong with the links of a site."""
    pages = {path: Looked(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        if path.name in _ODD:
            continue
        for tag, target in page.links:
            fault = _fault(path, tag, target, pages)
            if fault:
                yield f"{path.relative_to(site)}: {target}: {fault}"


def _fault(path: Path, tag: str, target: str, pages: dict[Path, Looked]) -> str | None:
    """Tell what is wrong with a link; None where nothing is."""
    try:
        parts = urlsplit(target)
    except ValueError as error:
        return str(error)
    if parts.scheme or parts.netloc:
        if tag in _LOADS and parts.scheme != "data":
            return "is loaded from elsewhere"
        if parts.scheme in ("http", "https"):
            return None if parts.hostname and " " not in target else "is no address"
        return None if parts.scheme in ("data", "mailto") else f"has the scheme {parts.scheme!r}"
    place = path
    if parts.path:
        place = (path.parent / unquote(parts.path)).resolve()
        if place.is_dir():
            place /= "index.html"
        if not place.is_file():
            return "is not there"
    if parts.fragment and place in pages and unquote(parts.fragment) not in pages[place].anchors:
        return "has no such anchor"
    return None


def public_names(sources: Path = SOURCES) -> Iterator[str]:
    """Give all that modules without an underscore export, by its dotted name."""
    for path in sorted(sources.rglob("*.py")):
        place = path.relative_to(sources).with_suffix("").parts
        if place[-1] != "__init__" and any(part.startswith("_") for part in place):
            continue
        module = ".".join(("partstream", *(part for part in place if part != "__init__")))
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                yield from (f"{module}.{name}" for name in ast.literal_eval(node.value))


def not_told(site: Path) -> Iterator[str]:
    """Give the public names that the reference of a site does not have."""
    told: set[str] = set()
    for path in (site / "reference").glob("*.html"):
        told |= Looked(path.read_text("utf-8")).anchors
    names = list(public_names())
    for name in names:
        module, _, own = name.rpartition(".")
        usual = f"partstream.{own}"  # by which it is imported, if it can be
        apart = module.startswith(("partstream.sync", "partstream.contrib"))  # namesakes only
        if name not in told and (apart or usual not in names or usual not in told):
            yield name


def main(arguments: list[str]) -> int:
    """Look at a site; give the status."""
    site = Path(*arguments).resolve()
    wrong = list(faults(site))
    wrong += [f"{name}: is not in the reference" for name in not_told(site)]
    for line in wrong:
        print(line)
    if wrong:
        return 1
    print(f"{len(list(site.rglob('*.html')))} pages, {len(list(public_names()))} public names")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
