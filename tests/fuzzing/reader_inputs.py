"""The bytes that an engine makes, as an input of the target ``reader``, and the other way round."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from support.events import Settings
from support.fuzz_inputs import Input

__all__ = ["POLICIES", "packed", "unpacked"]

#: Bytes in front that choose: subtype, nesting, policy and limits, and then where to cut.
_HEADER: Final = 4

POLICIES: Final = ("DEFAULT", "STRICT", "LEGACY")

#: Bytes of a stream that are looked at; a cut a byte is what is slow.
_MOST: Final = 4000

_CHARACTERS: Final = frozenset(
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? "
)

#: Limits that are tight, so that what counts is reached.
_LIMITS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"max_header_line": 60, "max_headers": 3, "max_header_block": 120},
    {"max_depth": 2, "max_parts": 3, "max_part_size": 40, "max_total_size": 400},
    {"max_preamble": 5, "max_epilogue": 5, "max_decoded_size": 50, "max_read_size": 100},
)


@lru_cache(1000)  # making limits and policy takes longer than a small stream
def _settings(boundary: str, bits: int) -> Settings:
    return Settings(
        boundary=boundary,
        subtype="mixed" if bits & 1 else "form-data",
        nested=bool(bits & 2),
        policy=POLICIES[(bits >> 2) % 3],
        limits=_LIMITS[(bits >> 4) % len(_LIMITS)],
    )


def unpacked(data: bytes) -> tuple[bytes, Input]:
    """Give the line, and what the rest of the input stands for.

    The first byte chooses subtype, nesting, policy and limits, the others where to cut.
    """
    head, (line, _, stream) = data[:_HEADER], data[_HEADER:].partition(b"\n")
    stream = stream[:_MOST]
    fits = 0 < len(line) <= 70 and _CHARACTERS.issuperset(line) and not line.endswith(b" ")
    boundary = line.decode("ascii") if fits else "B"
    places = tuple(sorted(byte * (len(stream) + 1) // 256 for byte in head[1:] if byte))
    return line, Input(_settings(boundary, head[0] if head else 0), stream, places)


def packed(
    line: bytes, data: bytes, form: bool, nested: bool, policy: int, places: bytes = b""
) -> bytes:
    """Give the bytes that stand for a stream; the opposite of :func:`unpacked`."""
    bits = (0 if form else 1) | nested << 1 | policy << 2
    return bytes((bits,)) + places.ljust(_HEADER - 1, b"\0") + line + b"\n" + data
