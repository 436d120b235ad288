"""What forms in frameworks are called in goals, and how many times as fast they have to be.

Apart from what measures them, so that goals can be judged where no framework is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

#: The kinds of forms, and how the names of the forms begin, which tell sizes too.
KINDS: Final = {
    "fields-2": "2 fields",
    "fields-100": "100 fields",
    "file": "file of",
    "mixed": "20 fields, 20 files",
}
#: The names of the adapters; a framework's own name in lower case.
FRAMEWORKS: Final = ("aiohttp", "django", "fastapi", "flask", "litestar", "quart", "starlette")
BASELINE: Final = "its own parser"
NAMES: Final = (BASELINE, "partstream")
#: Where large files have to gain: in the others it is enough that none is slower.
_FILES_GAIN: Final = ("starlette", "fastapi", "quart")
#: Framework and kind, by the name of the case.
CASES: Final = {f"{name}-{kind}": (name, kind) for name in FRAMEWORKS for kind in KINDS}


def kind_of(form: str) -> str:
    """Give the kind of a form by its name."""
    return next(kind for kind, start in KINDS.items() if form.startswith(start))


def case_of(framework: str, form: str) -> str:
    """Give the name of the case, by the names that a page has of framework and form."""
    return f"{framework.lower()}-{kind_of(form)}"


def at_least() -> Iterator[tuple[str, float]]:
    """Give each case, and how many times as fast as its own parser it has to be."""
    for case, (name, kind) in CASES.items():
        if kind.startswith("fields"):
            yield case, 5
        else:
            yield case, 3 if name in _FILES_GAIN else 1
