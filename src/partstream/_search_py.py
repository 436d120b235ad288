"""How the pure scanner finds a delimiter in a chunk without reading every byte in Python.

``bytes.find`` for many bytes reads some 10 GB a second, whatever it is given in a large chunk; for
one byte it is memchr, at several times that.  So a byte that every delimiter has, and most data has
not, is looked for first: where it is missing, so is the delimiter.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LARGE", "NOWHERE", "UNKNOWN", "first_in_small", "rarest"]

NOWHERE: Final = -1  # what find() gives
UNKNOWN: Final = -2

_CR: Final = 13
_LINE_ENDS: Final = b"\r\n"
LARGE: Final = 32768  # from here on the search is of the kind that no data makes slow

# The bytes of boundaries, those first that files of text have least.
_RARE_FIRST: Final = b"ZQXJKYVWUGHBFPMLODNRCITSAE7986543210_-zqxjkvbpgwyfmcuhldrsinoate"


def rarest(boundary: bytes) -> int:
    """Give the byte of a boundary that is least to be expected in data."""
    for byte in _RARE_FIRST:
        if byte in boundary:
            return byte
    return boundary[0]


def first_in_small(data: bytes, needle: bytes, rare: int) -> int:
    """Find the first delimiter in a chunk amid a body that is smaller than ``LARGE``.

    CPython's forward search is slow there on dense line ends, its backward one on most else: the
    last CR tells which to take.

    Args:
        data: the chunk.
        needle: how every delimiter starts; its only CR is its first byte.
        rare: a byte of the needle.

    Returns:
        Where it is, NOWHERE, or UNKNOWN.
    """
    if rare not in data or _CR not in data:
        return NOWHERE if data else UNKNOWN
    tail = data[-len(needle) :]
    last = tail.rfind(_CR)
    if last > 0 and tail[last - 1] in _LINE_ENDS:
        return NOWHERE if data.rfind(needle) < 0 else UNKNOWN
    return data.find(needle)
