"""Pieces of a file: which are asked for (Range), and which one a part holds (Content-Range).

See RFC 9110 section 14.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .deviations import Deviation
from .parameters import is_token

__all__ = ["ContentRange", "parse_content_range", "parse_range"]

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

    def __str__(self) -> str:
        """Give the value of the header, such as ``bytes 0-499/1234``."""
        where = "*" if self.first is None else f"{self.first}-{self.last}"
        return f"{self.unit} {where}/{'*' if self.total is None else self.total}"


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


def parse_range(
    value: str | None, size: int, *, max_ranges: int = 16
) -> list[tuple[int, int]] | None:
    """Read a Range header, such as ``bytes=0-499,-500`` (RFC 9110 sections 14.1.2 and 14.2).

    Ranges that overlap become one, as section 15.3.7.2 allows: so an answer is never longer than
    the whole, but for the heads of its parts.  A header with more than ``max_ranges`` is ignored,
    as section 14.2 allows: its sender gets the whole, which is what everybody gets.  These are the
    answers to the attack of section 17.15.  Ranges that touch, or lie near each other, stay as
    they were asked for, and in that order.

    Args:
        value: of the header, None where there is none.  It counts for GET alone, and not where
            there is an If-Range that does not hold.
        size: of the whole, in bytes.
        max_ranges: how many ranges a header may have.

    Returns:
        The first and the last byte of each range that exists, counted from 0, the last one
        included.  An empty list: none of them exists (416).  None: the header is to be ignored,
        because it is malformed, is of another unit, or has too many ranges; or because it asks for
        the end of what is empty, which is all of it, and no range.

    Raises:
        ValueError: for a size below 0, and for ``max_ranges`` below 1.
    """
    if size < 0 or max_ranges < 1:
        raise ValueError(f"size={size} must be at least 0, and max_ranges={max_ranges} at least 1")
    unit, equals, rest = (value or "").strip(" \t").partition("=")
    if not equals or unit.lower() != "bytes":
        return None
    # A list may have empty elements (RFC 9110 section 5.6.1.2).
    asked = [item for element in rest.split(",") if (item := element.strip(" \t"))]
    if not 0 < len(asked) <= max_ranges:
        return None
    existing: list[tuple[int, int]] = []
    for item in asked:
        found = _range(item, size)
        if found is None:
            return None
        if found[0] < size:
            existing.append(found)
    return _merged(existing)


def _range(item: str, size: int) -> tuple[int, int] | None:
    """Read one range: its first byte is behind the end where it does not exist."""
    first, dash, last = item.partition("-")
    if not dash or not all(part.isascii() and part.isdigit() for part in (first, last) if part):
        return None
    # There may be any number of digits, and so no more of them are read than the size has.
    first_digits, last_digits = first.lstrip("0"), last.lstrip("0")
    if not first:
        if not last or (last_digits and not size):
            return None
        return max(0, size - _limited(last_digits, size)), size - 1
    if last and (len(last_digits), last_digits) < (len(first_digits), first_digits):
        return None
    end = min(_limited(last_digits, size), size - 1) if last else size - 1
    return _limited(first_digits, size), end


def _limited(digits: str, size: int) -> int:
    """Give a number, or the size where it is larger."""
    return min(int(digits or "0"), size) if len(digits) <= len(str(size)) else size


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Make one range of those that overlap; it stands where the first of them stood."""
    found: list[tuple[int, int, int]] = []
    for place, (first, last) in sorted(enumerate(ranges), key=lambda item: item[1]):
        if found and first <= found[-1][1]:
            start, end, before = found.pop()
            found.append((start, max(end, last), min(before, place)))
        else:
            found.append((first, last, place))
    return [(first, last) for first, last, _ in sorted(found, key=lambda item: item[2])]
