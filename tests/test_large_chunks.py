"""Bodies in chunks of 16 KiB and more, which are copied as they are searched where they are cut."""

from __future__ import annotations

import random
from types import ModuleType

import pytest

from support.events import Begin, End, Settings, parse

BOUNDARY = "----boundary"
DELIMITER = b"\r\n--" + BOUNDARY.encode()
HEAD = b'Content-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
#: Around the places from which a body is copied, and from which its copy is begun.
SIZES = (2000, 2047, 2048, 2049, 2100, 16383, 16384, 16385, 16500, 18432, 40000, 65536)
NEAR = (b"", DELIMITER[:-1], DELIMITER + b"x", b"\r\n", b"\r", b"\r\n--", b"\n")


def _stream(bodies: list[bytes]) -> bytes:
    parts = (DELIMITER + b"\r\n" + HEAD + body for body in bodies)
    return b"".join(parts)[2:] + DELIMITER + b"--\r\n"


def _check(ps: ModuleType, bodies: list[bytes], chunks: list[bytes]) -> None:
    found = parse(ps, Settings(BOUNDARY), chunks)
    assert found.fault is None
    data: list[bytes] = []
    for event in found.events:
        if isinstance(event, Begin):
            data.append(b"")
        elif not isinstance(event, End):
            data[-1] += event
    assert data == bodies


@pytest.mark.parametrize("size", SIZES)
def test_a_body_ends_anywhere_in_a_large_chunk(ps: ModuleType, size: int) -> None:
    body = random.Random(size).randbytes(size).replace(b"\r", b".")
    for near in NEAR:
        bodies = [body + near, b"", near + body + near + body, near]
        data = _stream(bodies)
        _check(ps, bodies, [data])
        for at in (1, size // 2, size, size + 60, len(data) - 20):
            _check(ps, bodies, [data[:at], data[at:]])


@pytest.mark.parametrize("near", NEAR)
def test_each_chunk_ends_in_what_may_be_a_delimiter(ps: ModuleType, near: bytes) -> None:
    filler = b"." * (20000 - len(near))
    body = (filler + near) * 5
    data = _stream([body])
    start = data.index(filler)
    for shift in range(len(near) + 1):
        at = [start + n * 20000 - shift for n in range(1, 6)]
        chunks = [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]
        _check(ps, [body], chunks)


def test_a_chunk_of_nothing_but_body_is_handed_on_behind_bytes_held_back(ps: ModuleType) -> None:
    parser = ps.MultipartParser(BOUNDARY)
    parser.feed(_stream([b"body"])[: -len(DELIMITER) - 4] + b"\r")
    chunk = b"." * 70000
    held, given = parser.feed(chunk)
    assert held == b"\r"
    assert given is chunk


def test_many_parts_in_one_chunk_of_any_size(ps: ModuleType) -> None:
    bodies = [b"." * size + near for size in (2000, 2500, 17000, 60000, 130000) for near in NEAR]
    _check(ps, bodies, [_stream(bodies)])


def test_a_large_chunk_goes_over_the_limit_of_a_part(ps: ModuleType) -> None:
    body = b"." * 30000 + b"\r"
    data = _stream([body])
    start = data.index(b".")
    for limit in (0, 1, 2047, 2048, 2049, 20000, 30000):
        settings = Settings(BOUNDARY, limits={"max_part_size": limit})
        found = parse(ps, settings, [data[: start + 30001], data[start + 30001 :]])
        assert found.fault is not None
        assert (found.fault.code, found.fault.offset) == ("max_part_size", start + limit)
        assert b"".join(event for event in found.events if type(event) is bytes) == body[:limit]


def test_a_fault_behind_data_that_was_copied(ps: ModuleType) -> None:
    body = b"." * 20000
    data = _stream([body]).replace(DELIMITER + b"--", DELIMITER + b"\n")
    for cut in (0, 100, 150, len(data) - 5):
        found = parse(ps, Settings(BOUNDARY, policy="STRICT"), [data[:cut], data[cut:]])
        assert found.fault is not None
        assert b"".join(event for event in found.events if type(event) is bytes) == body


def test_random_cuts_of_large_bodies(ps: ModuleType) -> None:
    rng = random.Random(20261125)
    for _ in range(60):
        bodies = []
        for _ in range(rng.randrange(1, 5)):
            pieces = [rng.choice(NEAR) + b"." * rng.choice((0, 5, 3000, 17000)) for _ in range(4)]
            bodies.append(b"".join(pieces))
        data = _stream(bodies)
        at = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(4)))
        chunks = [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]
        _check(ps, bodies, chunks)
