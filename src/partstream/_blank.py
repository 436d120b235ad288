"""An object whose attributes are set by whoever makes it; compiled: ``ext/_reading_c.pxd``."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["blank"]

_T = TypeVar("_T")


def blank(cls: type[_T]) -> _T:
    """Make an object without calling ``__init__``."""
    return cls.__new__(cls)
