"""Which piece of a file a part holds: Content-Range (RFC 9110 section 14.4)."""

from __future__ import annotations

from typing import Final, NamedTuple

from .deviations import Deviation
from .parameters import is_token

__all__ = ["ContentRange", "parse_content_range"]

_MOST_DIGITS: Final = 18


class ContentRange(NamedTuple):
    """The range that a part of ``multipart/byteranges`` holds.

    Attributes:
        unit: what is counted, ``"bytes"`` nearly always.
        first: the first one, counted from 0; None where the range is unsatisfied (``*``).
        last: the last one, which belongs to the range; None where the range is unsatisfied.
        total: how long the whole is, None where the sender does not know (``*``).
    """

    unit: str
    first: int | None
    last: int | None
    total: int | None

    @property
    def size(self) -> int | None:
        """How many the range holds, None where it is unsatisfied."""
        return None if self.first is None or self.last is None else self.last - self.first + 1


def parse_content_range(value: str) -> ContentRange:
    """Read a Content-Range such as ``bytes 0-499/1234``, ``bytes 0-9/*`` or ``bytes */1234``.

    Raises:
        ParseError: for a value that is none, or contradicts itself.
    """
    unit, space, rest = value.strip(" \t").partition(" ")
    where, slash, whole = rest.strip(" \t").partition("/")
    if not space or not slash or not is_token(unit):
        raise _invalid(value)
    total = None if whole == "*" else _number(whole, value)
    if where == "*":
        if total is None:
            raise _invalid(value)
        return ContentRange(unit.lower(), None, None, total)
    first, _, last = where.partition("-")
    found = ContentRange(unit.lower(), _number(first, value), _number(last, value), total)
    if found.size is not None and found.size < 1:
        raise _invalid(value)
    if total is not None and found.last is not None and found.last >= total:
        raise _invalid(value)
    return found


def _number(digits: str, value: str) -> int:
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MOST_DIGITS:
        raise _invalid(value)
    return int(digits)


def _invalid(value: str) -> Exception:
    return Deviation.INVALID_RANGE.at(None, repr(value[:60]))
