"""Bodies of any size: one file, many fields, multiparts in multiparts."""

from __future__ import annotations

import random
from itertools import pairwise

from . import body
from .body import BOUNDARY, Field
from .cases import CHUNK
from .drains import Body

_FILE_HEAD = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="upload"; filename="upload.bin"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode()
_FILE_TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


def cut(data: bytes, size: int = CHUNK) -> list[bytes]:
    """Chunks of that size, the last one shorter."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def one_file(chunks: list[bytes]) -> Body:
    """A form that is one file, cut as given; what is around the file has chunks of its own."""
    return Body([_FILE_HEAD, *chunks, _FILE_TAIL], BOUNDARY)


def fields(count: int, first: int = 0) -> tuple[Body, int]:
    """A form of short text fields, all of a length, and how many bytes their values have.

    Their names and values are numbered, from `first` on.
    """
    numbers = range(first, first + count)
    parts = [Field(f"field_{number:06d}", b"value %06d" % number) for number in numbers]
    nbytes = sum(len(part.data) for part in parts)
    return Body(cut(body.encode(parts, BOUNDARY)), BOUNDARY), nbytes


def nested(depth: int, count: int, chunks: list[bytes]) -> Body:
    """Multiparts within each other, `depth` of them; the innermost has `count` parts.

    Each part is of these chunks, a part of one chunk with its head: many small parts come in
    chunks of the usual size. The boundaries begin alike and are of one length, as those that one
    program makes are.
    """
    rng = random.Random(depth)
    boundaries = [f"----=_Part_{level:03d}_{rng.getrandbits(64):016x}" for level in range(depth)]
    opened = "".join(
        f'--{outer}\r\nContent-Type: multipart/mixed; boundary="{inner}"\r\n\r\n'
        for outer, inner in pairwise(boundaries)
    )
    head = f'--{boundaries[-1]}\r\nContent-Disposition: attachment; filename="a.bin"\r\n\r\n'
    closed = "".join(f"--{boundary}--\r\n" for boundary in reversed(boundaries))
    if len(chunks) == 1:
        parts = cut((head.encode() + chunks[0] + b"\r\n") * count)
    else:
        parts = [head.encode(), *chunks, b"\r\n"] * count
    around = [opened.encode()] if opened else []
    return Body([*around, *parts, closed.encode()], boundaries[0], "mixed")
