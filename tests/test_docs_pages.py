"""The documentation's pages: their code runs, as it stands there, over both twins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest

from support.page_worlds import WORLDS
from support.pages import CODE, DATA, ROOT, Block, Page, blocks_of

DOCS = ROOT / "docs"


def _pages() -> Iterator[Path]:
    """All pages with code; those of the reference have none, and benchmarks.md is measured."""
    for page in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]:
        if page.parent.name != "reference":
            if any(block.language in CODE for block in blocks_of(_text(page))):
                yield page


def _name(page: Path) -> str:
    return page.relative_to(ROOT).with_suffix("").as_posix().removeprefix("docs/")


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


PAGES = {_name(page): page for page in _pages()}


@pytest.mark.parametrize("name", PAGES)
def test_the_code_of_a_page(
    ps: ModuleType, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "spooled" and not hasattr(os, "copy_file_range"):
        pytest.skip("its last example is for Linux alone")
    monkeypatch.chdir(tmp_path)
    page = Page(PAGES[name], ps.BACKEND)
    with WORLDS[name](ps, page.names) if name in WORLDS else nullcontext() as after:
        assert page.run(after) or all(block.not_run for block in _code(PAGES[name]))


def _code(page: Path) -> list[Block]:
    return [block for block in blocks_of(_text(page)) if block.language in CODE]


def test_every_world_is_of_a_page() -> None:
    assert set(WORLDS) <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_what_is_not_run_says_why(name: str) -> None:
    for block in blocks_of(_text(PAGES[name])):
        assert block.language in CODE | DATA, f"{name}, line {block.line}: {block.language!r}"
        if block.not_run:
            assert len(block.mark) > len("not run: ") + 10, f"{name}, line {block.line}"
        else:
            assert not block.mark or block.raises or block.mark.startswith("table "), block.mark


# ---------------------------------------------------------------------------------------------
# A page that does not hold is noticed
# ---------------------------------------------------------------------------------------------

GOOD = """
```python
import partstream
print(partstream.BACKEND in "c py".split())
```

```text
True
```

```python
def f():
    raise KeyError("x")
```

<!-- raises: KeyError -->
```python
f()
```

```pycon
>>> f.__name__
'f'
```

```text
is read by nobody
```

<!-- not run: there is no such program here -->
```console
$ frobnicate
```

```console
$ partstream inspect nothing-here
partstream: nothing-here: No such file or directory
```
"""


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("\nTrue", "\nFalse"),
        ("<!-- raises: KeyError -->", ""),
        ("raises: KeyError", "raises: ValueError"),
        ("raise KeyError", "return (lambda x: x)"),
        ("'f'", "'g'"),
        ("partstream: nothing-here", "partstream: something-here"),
        ("<!-- not run: there is no such program here -->\n", ""),
        ("import partstream", "import part_stream"),
    ],
)
def test_a_page_that_does_not_hold(ps: ModuleType, tmp_path: Path, good: str, bad: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(GOOD, encoding="utf-8")
    assert Page(page, ps.BACKEND).run() == 5
    assert GOOD.count(good) == 1
    page.write_text(GOOD.replace(good, bad), encoding="utf-8")
    with pytest.raises((AssertionError, KeyError, ImportError)):
        Page(page, ps.BACKEND).run()


def test_the_code_runs_on_the_twin(ps: ModuleType, tmp_path: Path) -> None:
    """An import in a page finds the twin that is asked for."""
    page = tmp_path / "page.md"
    code = "```python\nimport partstream\nprint(partstream.BACKEND)\n```\n\n```text\n"
    page.write_text(f"{code}{ps.BACKEND}\n```\n", encoding="utf-8")
    assert Page(page, ps.BACKEND).run() == 1


def test_a_fence_that_is_not_closed() -> None:
    with pytest.raises(ValueError, match="line 2"):
        blocks_of("text\n```python\nx = 1\n")
