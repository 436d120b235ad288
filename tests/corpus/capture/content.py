"""The deterministic contents which the senders are given."""

from __future__ import annotations

import random

TEXT = "first line\r\nsecond line\nthird line\rfourth, no end"
"""A text with every kind of line end inside."""

UNICODE = "naïve café, Grüße, 日本語, 🎈"

LINES = (
    "--\n----\r\n-----------------------------\r\n--boundary\r\n--boundary--\r\n"
    "------WebKitFormBoundary\r\n--xYzZY\r\n--------------------------00\r\n\r\n--"
)
"""Lines of dashes and lines that look like delimiters."""


def noise(size: int, seed: int) -> bytes:
    """Return random bytes, the same ones every time."""
    return random.Random(seed).randbytes(size)


def tricky(size: int, seed: int) -> bytes:
    """Return random bytes with line ends and dashes sprinkled in, ending with a lone CR."""
    rng = random.Random(seed)
    seasoning = [b"\r\n--", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"--", b"\r\n-", b"\r\r\n--\r\n"]
    data = bytearray()
    while len(data) < size:
        data += rng.randbytes(rng.randrange(1, 24)) + rng.choice(seasoning)
    return bytes(data[: size - 1]) + b"\r"
