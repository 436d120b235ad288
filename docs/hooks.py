"""What MkDocs does besides: pages from outside ``docs/``, and links between the two.

A page links to a file of the repository by its place in it, which works where the repository is
shown.  On the site, such a link leads to the page that the file has become: those of ``BROUGHT``
as they are, any other as a page with its text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).parent.parent
log = get_plugin_logger("hooks")

#: Files of the repository that are pages of the site, and where.
BROUGHT: Final = {
    "ARCHITECTURE.md": "design.md",
    "CHANGES.md": "changes.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "benchmarks/README.md": "measuring.md",
    "changes/README.md": "source/change-notes.md",
    "README.md": "index.md",
}
_PAGES: Final = {page: source for source, page in BROUGHT.items() if source != "README.md"}
_LANGUAGES: Final = {".py": "python", ".sh": "bash", ".json": "json", ".toml": "toml", "": "bash"}
_LINK: Final = re.compile(r"(\]\()([^()\s]+)(\))")
_CODE: Final = re.compile(r"(`+).*?\1")


def _source_of(uri: str) -> str:
    """Give the place in the repository of what a page of the site was made of."""
    return _PAGES.get(uri) or f"docs/{uri}"


def _links(text: str, change: Callable[[str], str]) -> str:
    """Change the targets of links, outside of code."""
    lines, fence = [], ""
    for line in text.split("\n"):
        start = line.lstrip()
        if start.startswith("```"):
            fence = "" if fence else "```"
        elif not fence:
            line = _outside_code(line, change)
        lines.append(line)
    return "\n".join(lines)


def _outside_code(line: str, change: Callable[[str], str]) -> str:
    spans: list[str] = []

    def hide(span: re.Match[str]) -> str:
        spans.append(span[0])
        return f"\0{len(spans) - 1}\0"

    hidden = _LINK.sub(lambda link: link[1] + change(link[2]) + link[3], _CODE.sub(hide, line))
    return re.sub("\0(\\d+)\0", lambda place: spans[int(place[1])], hidden)


def _place(source: str, target: str) -> str | None:
    """Give the file of the repository that a link leads to; None for another place."""
    path = target.partition("#")[0]
    if not path or ":" in path:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), path))


def _on_site(place: str) -> str:
    """Give the place on the site of a file of the repository."""
    if place.startswith("docs/"):
        return place.removeprefix("docs/")
    return BROUGHT.get(place) or f"source/{place}.md"


def _targets(files: Files) -> Iterator[str]:
    """Find the files outside of ``docs/`` that pages link to."""
    for file in files.documentation_pages():
        source = _source_of(file.src_uri)
        for target in _targets_in(file.content_string):
            place = _place(source, target)
            if place is not None and not place.startswith("docs/") and place not in BROUGHT:
                yield place


def _targets_in(text: str) -> list[str]:
    found: list[str] = []

    def keep(target: str) -> str:
        found.append(target)
        return target

    _links(text, keep)
    return found


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside."""
    for source, page in BROUGHT.items():
        if source != "README.md" and (ROOT / source).exists():
            files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    for place in sorted(set(_targets(files))):
        path = ROOT / place
        if not path.is_file():
            log.warning("a page links to %s, which is no file", place)
            continue
        language = _LANGUAGES.get(path.suffix, "text")
        text = f"# {place}\n\n````{language}\n{path.read_text(encoding='utf-8')}````\n"
        files.append(File.generated(config, f"source/{place}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Lead links to where the files are on the site."""
    uri = page.file.src_uri
    source = _source_of(uri)

    def change(target: str) -> str:
        place = _place(source, target)
        if place is None:
            return target
        _, mark, anchor = target.partition("#")
        return posixpath.relpath(_on_site(place), posixpath.dirname(uri) or ".") + mark + anchor

    return markdown if uri.startswith("source/") else _links(markdown, change)
