"""The searches of the pure scanner, against searches that are plain to see."""

from __future__ import annotations

import random
from typing import Any

from partstream._search_py import LARGE, MAY_FOLLOW, NOWHERE, first_in_small, next_open, rarest

_BOUNDARY = b"--x-Zeta"
_NEEDLE = b"\r\n--" + _BOUNDARY


def _plain_next_open(data: bytes, at: int) -> int:
    found = data.find(_NEEDLE, at)
    while found >= 0:
        after = found + len(_NEEDLE)
        if after == len(data) or data[after] in MAY_FOLLOW:
            return found
        found = data.find(_NEEDLE, found + 1)
    return NOWHERE


def _pieces(rng: random.Random, size: int) -> bytes:
    flat = _NEEDLE.replace(b"\r", b"-").replace(b"\n", b"\t")
    choices = (_NEEDLE + b"x", _NEEDLE + b"x", flat + b"-", b"\r\n", b"text", _NEEDLE + b"-")
    weights = (40, 40, 10, 5, 5, rng.choice((0, 1)))
    data = b"".join(rng.choices(choices, weights, k=size // 8))
    return data + rng.choice((b"", _NEEDLE, _NEEDLE[:-1], b"\r"))


def test_next_open_gives_what_a_loop_gives() -> None:
    seed = 5
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(300):
        data = _pieces(rng, rng.choice((40, 400, 9000)))
        at = rng.randrange(len(data))
        assert next_open(data, _NEEDLE, at) == _plain_next_open(data, at)


def test_next_open_across_blocks() -> None:
    for before in range(4096 - len(_NEEDLE) - 3, 4096 + 3):
        data = b"a" * before + _NEEDLE + b"\r\n" + b"a" * 5000
        assert next_open(data, _NEEDLE, 0) == before


def test_rarest_is_a_byte_of_the_boundary() -> None:
    assert rarest(b"----WebKitFormBoundary7MA4YWxkTrZu0gW9") == ord("Z")
    assert rarest(b"0123456789abcdef") == ord("7")
    assert rarest(b":") == ord(":")
    assert rarest(b"e") == ord("e")


def test_first_in_small_never_misses() -> None:
    seed = 6
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(500):
        lines = rng.choices((b"\r\n", b"\r", b"\n", b"text", b"Z", _NEEDLE[:-1]), k=60)
        if rng.random() < 0.5:
            lines.insert(rng.randrange(60), _NEEDLE)
        data = b"".join(lines)
        found = first_in_small(data, _NEEDLE)
        assert (found == NOWHERE) == (_NEEDLE not in data)
        assert found < 0 or data.startswith(_NEEDLE, found)


def _joined(events: list[Any]) -> list[Any]:
    joined: list[Any] = []
    for event in events:
        if isinstance(event, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += event
        else:
            joined.append(event)
    return joined


def test_large_chunks_give_what_small_ones_give(ps: Any) -> None:
    """Bodies in which much looks like a delimiter, in chunks beyond LARGE and below."""
    seed = 7
    print("seed", seed)
    rng = random.Random(seed)
    boundary = "x-Zeta"
    needle = b"\r\n--x-Zeta"
    for _ in range(12):
        stream = b"--x-Zeta\r\n"
        for number in range(rng.randrange(1, 4)):
            odd = (
                needle + b"x",
                needle + b"- ",
                needle + b" y",
                b"\r\n",
                b"\r",
                b"Z" * 50,
                b"text",
            )
            body = b"".join(rng.choices(odd, (60, 1, 1, 8, 8, 8, 8), k=rng.choice((30, 12000))))
            stream += b'Content-Disposition: form-data; name="a"; filename="%d"\r\n\r\n' % number
            stream += body + needle + b"\r\n"
        stream = stream[:-2] + b"--\r\n"
        results = []
        for size in (997, 16 * 1024, LARGE, 3 * LARGE + 1, len(stream)):
            parser = ps.MultipartParser(boundary)
            events: list[Any] = []
            for at in range(0, len(stream), size):
                events += parser.feed(stream[at : at + size])
            events += parser.close()
            results.append(_joined(events))
        assert all(result == results[0] for result in results)
