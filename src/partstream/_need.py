"""The value that says that a step of reading wants more bytes."""

from __future__ import annotations

import enum
from typing import Final, final

__all__ = ["NEED", "Need"]


@final
class Need(enum.Enum):
    """The type of :data:`NEED`."""

    NEED = enum.auto()


#: More bytes are needed: a value, not an exception.
NEED: Final = Need.NEED
