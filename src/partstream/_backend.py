"""The one place that chooses between the twins; nothing above knows which one runs.

The compiled twin is taken where it was built, unless the environment has
``PARTSTREAM_NO_EXTENSIONS=1``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

__all__ = ["BACKEND", "COMPILED_READERS", "PartBegin", "Scanner", "tokenize"]


def _wants_pure() -> bool:
    return os.environ.get("PARTSTREAM_NO_EXTENSIONS", "") not in ("", "0")


def _has_compiled() -> bool:
    if _wants_pure():
        return False
    try:
        from . import _scanner_c  # type: ignore[attr-defined]  # noqa: F401
    except ImportError:
        return False
    return True


BACKEND: Final = "c" if not TYPE_CHECKING and _has_compiled() else "py"

if TYPE_CHECKING or BACKEND == "py":
    from ._headers_py import tokenize
    from ._scanner_py import PartBegin, Scanner

    COMPILED_READERS: Final = False
else:
    from ._scanner_c import FREE_THREADED, PartBegin, tokenize
    from ._scanner_c import MultipartParser as Scanner

    # Without the GIL, what two threads share by mistake is safe as Python only (see setup.py).
    COMPILED_READERS = not FREE_THREADED
