"""JPEG pictures made of flat squares: what a camera would give, made without one.

A JPEG codes squares of 8 by 8 pixels, each by its mean and by how the pixels differ from it
(ITU-T T.81).  Here they do not differ, so that most of the codec is not needed: per square and
component there is one number, the step from the mean of the square before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

__all__ = ["SQUARE", "jpeg", "picture"]

#: The width and the height of a square, in pixels.
SQUARE: Final = 8

#: Of a square: how bright it is, how blue, and how red, each 0 to 255; 128 is no colour.
Colour = tuple[int, int, int]

#: Code words of 4 bits for steps of 0 to 8 bits, and one of 1 bit for "no difference in here".
_STEPS: Final = bytes([0, 0, 0, 9] + [0] * 12 + [*range(9)])
_FLAT: Final = bytes([1] + [0] * 15 + [0])


def jpeg(rows: list[list[Colour]]) -> bytes:
    """Give the picture as a baseline JPEG in the colours of JFIF.

    Args:
        rows: of squares, from the top; all of the same length.
    """
    size = (SQUARE * len(rows)).to_bytes(2, "big") + (SQUARE * len(rows[0])).to_bytes(2, "big")
    return b"".join((
        b"\xff\xd8",
        _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        _segment(0xDB, b"\0" + b"\x08" * 64),  # in units of 8, a square's number is its mean
        _segment(0xC0, b"\x08" + size + b"\3" + b"\1\x11\0" + b"\2\x11\0" + b"\3\x11\0"),
        _segment(0xC4, b"\0" + _STEPS + b"\x10" + _FLAT),
        _segment(0xDA, b"\3" + b"\1\0" + b"\2\0" + b"\3\0" + b"\0\x3f\0"),
        _coded(square for row in rows for square in row),
        b"\xff\xd9",
    ))  # fmt: skip


def _segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (len(data) + 2).to_bytes(2, "big") + data


def _coded(squares: Iterable[Colour]) -> bytes:
    """Give the squares as bits: each component's step, and that nothing else follows."""
    last = [128, 128, 128]
    bits: list[str] = []
    for square in squares:
        for at, value in enumerate(square):
            step, last[at] = value - last[at], value
            length = abs(step).bit_length()
            number = step if step >= 0 else step + (1 << length) - 1
            bits.append(f"{length:04b}{number:0{length}b}0" if length else "00000")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    # A byte that might start a marker is told from one by the zero behind it.
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def picture(seconds: float, width: int = 40, height: int = 30) -> bytes:
    """Give what is to be seen at a time: colours that drift, and a light that circles over them.

    Args:
        seconds: since the start.
        width: in squares.
        height: in squares.
    """
    light_x = width * (0.5 + 0.34 * math.cos(2 * seconds))
    light_y = height * (0.5 + 0.34 * math.sin(2 * seconds))

    def square(x: int, y: int) -> Colour:
        hue = x / 9 + math.sin(y / 6 + seconds) - seconds
        near = math.exp(-((x - light_x) ** 2 + (y - light_y) ** 2) / 12)
        bright = 80 + 25 * math.sin((x + y) / 5 - 2 * seconds) + 150 * near
        depth = 70 * (1 - near)
        return min(255, round(bright)), _shade(depth * math.sin(hue)), _shade(depth * math.cos(hue))

    return jpeg([[square(x, y) for x in range(width)] for y in range(height)])


def _shade(depth: float) -> int:
    return 128 + round(depth)
