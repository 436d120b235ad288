"""Ways to cut a stream into chunks."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator


def whole(data: bytes) -> list[bytes]:
    """All in one chunk."""
    return [data]


def pieces(data: bytes, size: int) -> list[bytes]:
    """Chunks of ``size`` bytes."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def bytewise(data: bytes) -> list[bytes]:
    """A byte at a time."""
    return pieces(data, 1)


def sevens(data: bytes) -> list[bytes]:
    """Seven bytes at a time: no power of two, and shorter than a delimiter."""
    return pieces(data, 7)


def two_way(data: bytes, places: Iterable[int] | None = None) -> Iterator[list[bytes]]:
    """Two chunks, cut at each place in turn."""
    for at in range(1, len(data)) if places is None else places:
        yield [data[:at], data[at:]]


def random_cuts(data: bytes, rng: random.Random) -> list[bytes]:
    """Up to nine chunks, some of them perhaps empty."""
    places = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(9)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def coarse(data: bytes) -> dict[str, list[bytes]]:
    """The few ways that show most faults, by name."""
    return {"whole": whole(data), "bytewise": bytewise(data), "sevens": sevens(data)}


def every(data: bytes) -> Iterator[list[bytes]]:
    """The coarse ways, and each cut in two."""
    yield from coarse(data).values()
    yield from two_way(data)
