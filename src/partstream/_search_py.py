"""How the pure scanner finds a delimiter in a chunk without reading every byte in Python.

``bytes.find`` for many bytes reads some 10 GB a second, whatever it is given in a large chunk; for
one byte it is memchr, at several times that.  So a byte that every delimiter has, and most data has
not, is looked for first: where it is missing, so is the delimiter.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LARGE", "MAY_FOLLOW", "NOWHERE", "UNKNOWN", "first_in_small", "next_open", "rarest"]

NOWHERE: Final = -1  # what find() gives
UNKNOWN: Final = -2

MAY_FOLLOW: Final = b"\r\n-\t "  # what a delimiter may go on with

_CR: Final = 13
_LINE_ENDS: Final = b"\r\n"
_BLOCK: Final = 4096
_FLAT: Final = bytes.maketrans(MAY_FOLLOW, b"-----")
LARGE: Final = 32768  # from here on the search is of the kind that no data makes slow

# The bytes of boundaries, those first that files of text have least.
_RARE_FIRST: Final = b"ZQXJKYVWUGHBFPMLODNRCITSAE7986543210_-zqxjkvbpgwyfmcuhldrsinoate"


def rarest(boundary: bytes) -> int:
    """Give the byte of a boundary that is least to be expected in data."""
    for byte in _RARE_FIRST:
        if byte in boundary:
            return byte
    return boundary[0]


def first_in_small(data: bytes, needle: bytes) -> int:
    """Find the first delimiter in a chunk amid a body that is smaller than ``LARGE``.

    CPython's forward search is slow there on dense line ends, its backward one on most else: the
    last CR tells which to take.

    Args:
        data: the chunk.
        needle: how every delimiter starts; its only CR is its first byte.

    Returns:
        Where it is, NOWHERE, or UNKNOWN.
    """
    tail = data[-len(needle) :]
    last = tail.rfind(_CR)
    if last > 0 and tail[last - 1] in _LINE_ENDS:
        return NOWHERE if data.rfind(needle) < 0 else UNKNOWN
    return data.find(needle)


def next_open(data: bytes, needle: bytes, at: int) -> int:
    """Find the next needle that may be a delimiter: by what follows it, or as the data ends there.

    For data with many needles in it that are none, of which each costs a call otherwise.  All that
    may follow is made one byte, so that one search finds any of it; a block at a time, because
    whoever asks may be done after the first.

    Args:
        data: the data.
        needle: how every delimiter starts.
        at: where to search from.

    Returns:
        Where it is, or NOWHERE.
    """
    flat_needle = needle.translate(_FLAT) + b"-"
    for start in range(at, len(data), _BLOCK - len(needle)):
        flat = data[start : start + _BLOCK].translate(_FLAT)
        found = flat.find(flat_needle)
        while found >= 0:
            if data.startswith(needle, start + found):
                return start + found
            found = flat.find(flat_needle, found + 1)
    last = len(data) - len(needle)
    return last if last >= at and data.endswith(needle) else NOWHERE
