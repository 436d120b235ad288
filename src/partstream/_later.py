"""Modules that most programs never need from here: imported when something of them is used.

``inspect``, ``asyncio``, ``tempfile`` and the like take longer to import than this whole package.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["Later", "seen"]


class Later:
    """Stands for a module until something of it is asked for, and from then on keeps that.

    Args:
        name: of a module that is in no package.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(__import__(self._name), attribute)
        setattr(self, attribute, found)
        return found


def seen(module: str, kind: str) -> Any:
    """Give a class for isinstance(): of a module that nobody has imported there are no objects."""
    return getattr(sys.modules.get(module), kind, ())
