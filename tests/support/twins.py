"""Both twins of the package in one process.

The package is imported twice: once with its compiled core, once with its pure one.  Each import
is a :class:`Twin` with modules, classes and exceptions of its own, and :meth:`Twin.active` puts
them into ``sys.modules``, so that an import (or a pickle) that a test causes finds its own kind.

The compiled twin comes first and is the one that stays in ``sys.modules`` between tests: an
extension module is initialised once a process, and is bound to the classes it met then.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

PACKAGE = "partstream"
SWITCH = "PARTSTREAM_NO_EXTENSIONS"
NAMES = ("c", "py")

_HOW_TO_BUILD = "build it with: python setup.py build_ext --inplace"


class TwinUnavailable(Exception):
    """A twin cannot be imported, or is not the one that was asked for."""


class Twin:
    """One copy of the package, and all of its modules that were imported so far.

    Attributes:
        name: ``c`` or ``py``.
        modules: the copy's entries for ``sys.modules``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.modules: dict[str, ModuleType] = {}

    @property
    def package(self) -> ModuleType:
        """The package itself."""
        return self.modules[PACKAGE]

    def module(self, name: str) -> ModuleType:
        """Give a submodule of this copy, imported if it was not yet."""
        with self.active():
            return importlib.import_module(f"{PACKAGE}.{name}")

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make this copy the one that imports find."""
        before, switch = _taken_out(), os.environ.get(SWITCH)
        _remember(before)
        sys.modules.update(self.modules)
        _switch("1" if self.name == "py" else None)
        try:
            yield
        finally:
            self.modules.update(_taken_out())
            sys.modules.update(before)
            if before.get(PACKAGE) is self.package:
                sys.modules.update(self.modules)
            _switch(switch)


def _remember(modules: dict[str, ModuleType]) -> None:
    """Let the twin that these modules are of know those that were imported meanwhile."""
    for known in _LOADED.values():
        if isinstance(known, Twin) and known.package is modules.get(PACKAGE):
            known.modules.update(modules)


def _taken_out() -> dict[str, ModuleType]:
    """Take the package's modules out of ``sys.modules``."""
    names = [name for name in sys.modules if name.partition(".")[0] == PACKAGE]
    return {name: sys.modules.pop(name) for name in names}


def _switch(value: str | None) -> None:
    if value is None:
        os.environ.pop(SWITCH, None)
    else:
        os.environ[SWITCH] = value


def _load(name: str) -> Twin:
    twin = Twin(name)
    with twin.active():
        package = importlib.import_module(PACKAGE)
        for export in (*package.__all__, "sync"):
            getattr(package, export)  # imported while this copy is the one that imports find
    if name != package.BACKEND:
        hint = f"; {_HOW_TO_BUILD}" if name == "c" else ""
        raise TwinUnavailable(f"asked for the {name!r} twin, got {package.BACKEND!r}{hint}")
    return twin


def _load_all() -> None:
    for name in NAMES:
        try:
            _LOADED[name] = _load(name)
        except (ImportError, TwinUnavailable) as error:
            _LOADED[name] = TwinUnavailable(f"no {name!r} twin to test: {error}")
    compiled = _LOADED["c"]
    if isinstance(compiled, Twin):
        _taken_out()
        sys.modules.update(compiled.modules)
        _switch(None)


_LOADED: dict[str, Twin | TwinUnavailable] = {}
_load_all()


def twin(name: str) -> Twin:
    """Give a twin.

    Raises:
        TwinUnavailable: where there is none, with a word on how to get it.
    """
    found = _LOADED[name]
    if isinstance(found, TwinUnavailable):
        raise found
    return found


@cache
def examined() -> Twin:
    """Give a third copy: the pure twin without its quick ways through header blocks.

    Each block is read by ``headers.examine``, which is the law for the quick ways of both twins.
    """
    copy = _load("py")
    blocks = copy.module("_blocks_py")
    for name in ("plain_head", "ordinary_head"):
        if not hasattr(blocks, name):
            raise TwinUnavailable(f"there is no {name} to take away: see examined()")
        setattr(blocks, name, lambda *_: None)
    return copy
