"""A file of a form while it arrives: what ``on_file`` gets, awaited or not."""

from __future__ import annotations

from typing import Any

from ._form_names import Described
from ._forming import FormAssembler
from ._need import NEED, Need

__all__ = ["PartBase"]


class PartBase(Described):
    """The logic of both ``FilePart`` classes; see there."""

    def __init__(self, assembler: FormAssembler, driver: Any) -> None:
        self._assembler = assembler
        self._driver = driver
        self._head = assembler.head
        self._rest = b""
        self._rest_at = 0
        self._touched = False
        self._over = False  # the hook has returned

    def _chunk(self) -> bytes | Need:
        """Give the next data, ``b""`` at the end, or NEED."""
        if self._over:
            raise ValueError("this file is over: it can be read until on_file returns")
        self._touched = True
        if self._rest:
            data = self._rest[self._rest_at :] if self._rest_at else self._rest
            self._rest, self._rest_at = b"", 0
            return data
        return self._assembler.take()

    def _some(self, size: int) -> bytes | Need:
        """Give at most ``size`` of the next bytes, ``b""`` at the end, or NEED."""
        if size < 1:
            raise ValueError(f"size={size}: must be at least 1")
        if not self._rest or self._over:
            data = self._chunk()
            if data is NEED or len(data) <= size:
                return data
            self._rest = data
        stop = self._rest_at + size
        data = self._rest[self._rest_at : stop]
        self._rest_at = stop
        if stop >= len(self._rest):
            self._rest, self._rest_at = b"", 0
        return data

    def _left(self, value: Any) -> None:
        """Have the form keep what the hook gave.

        Raises:
            ValueError: where that is this part, of which something was read already.
        """
        self._over = True
        self._rest = b""
        if value is not self:
            self._assembler.keep(value)
        elif self._touched:
            raise ValueError(
                "on_file returned the part, which has it spooled, and has read from it before: "
                "decide by what its attributes say"
            )
        else:
            self._assembler.spool()
