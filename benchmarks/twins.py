"""Loads both twins of partstream into one process.

The package chooses its backend while it is imported, from the environment. So each twin is imported
with no `partstream` module in `sys.modules`, and kept by its package object alone.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType

_PACKAGE = "partstream"
_VARIABLE = "PARTSTREAM_NO_EXTENSIONS"


class TwinMissing(RuntimeError):
    """The package is there, but runs on the other twin: nothing may be measured in its name."""


def _take_modules() -> dict[str, ModuleType]:
    ours = [name for name in sys.modules if name.split(".")[0] == _PACKAGE]
    return {name: sys.modules.pop(name) for name in ours}


@contextmanager
def _environment(value: str | None) -> Iterator[None]:
    before = os.environ.pop(_VARIABLE, None)
    if value is not None:
        os.environ[_VARIABLE] = value
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE, None)
        if before is not None:
            os.environ[_VARIABLE] = before


@lru_cache(maxsize=2)
def load(backend: str) -> ModuleType:
    """Import partstream on `backend`, "c" or "py"; raise `TwinMissing` where it runs on another.

    What was imported as `partstream` before is put back, so that nobody else is disturbed.
    """
    before = _take_modules()
    try:
        with _environment("1" if backend == "py" else None):
            module = importlib.import_module(_PACKAGE)
            for name in (*module.__all__, "sync"):
                getattr(module, name)  # imported now, where it is of this twin
    finally:
        _take_modules()
        sys.modules.update(before)
    if backend != module.BACKEND:
        raise TwinMissing(
            f"partstream runs on {module.BACKEND!r} where {backend!r} was wanted; build the"
            f" extensions (PARTSTREAM_REQUIRE_EXTENSIONS=1 pip install -e .) or leave"
            f" partstream-{backend} out with --contenders"
        )
    return module
