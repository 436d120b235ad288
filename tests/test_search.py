"""Where delimiters stand among what looks like them: the search must miss none, and take no other.

Both twins are asked, and compared; the lengths go over the widths of all vectors that C compares.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from support.building import field_part, form
from support.events import Settings, assert_same, parse
from support.twins import twin

HEAD = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
POLICIES = ("STRICT", "DEFAULT", "LEGACY")
LONG = "WebKitFormBoundaryAbCdEfGhIjKlMnOp"


def _same(twins: dict[str, ModuleType], settings: Settings, chunks: list[bytes]) -> Any:
    found = {name: parse(package, settings, chunks) for name, package in twins.items()}
    assert_same(found["c"], found["py"], (settings, chunks))
    return found["c"]


@pytest.mark.parametrize("size", [1, 2, 11, 12, 13, 14, 27, 28, 29, 30, 34, 43, 44, 45, 60, 70])
def test_a_delimiter_is_found_at_every_place(ps: ModuleType, size: int) -> None:
    boundary = ("x" * 70)[:size]
    for before in [*range(70), *range(120, 140), 255, 256, 257]:
        body = b"\rx\n-"[before % 4 : before % 4 + 1] * before
        outcome = parse(ps, Settings(boundary), [form(field_part("a", body), boundary=boundary)])
        assert outcome.fault is None
        assert [event for event in outcome.events if isinstance(event, bytes)] == [body][:before]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("boundary", ["B", LONG])
@pytest.mark.parametrize("spare", [0, 200])
def test_what_stands_behind_a_boundary_decides(
    twins: dict[str, ModuleType], policy: str, boundary: str, spare: int
) -> None:
    """Each byte, alone or behind a dash, a space or a CR, many times, and with little behind it."""
    settings = Settings(boundary, policy=policy)
    head, line = HEAD.replace(b"B", boundary.encode(), 1), b"\r\n--" + boundary.encode()
    for byte in range(256):
        for start in (b"", b"-", b" ", b"\r"):
            body = (line + start + bytes([byte])) * 3 + b"y" * spare
            data = head + b"y" * spare + body + line + b"--"
            _same(twins, settings, [data])


@pytest.mark.parametrize("policy", POLICIES)
def test_delimiters_that_go_on_are_data_however_they_are_cut(
    twins: dict[str, ModuleType], policy: str
) -> None:
    line = b"\r\n--" + LONG.encode()
    body = (line + b"x") * 20
    data = HEAD.replace(b"B", LONG.encode(), 1) + body + line + b"--"
    expected = _same(twins, Settings(LONG, policy=policy), [data])
    assert (expected.fault is None) == (policy != "STRICT")
    for size in (1, 2, 5, 31, 32, 33, 39, 40, 64, 65, 100, 700):
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        assert_same(_same(twins, Settings(LONG, policy=policy), chunks), expected, size)


def test_a_nested_boundary_that_goes_on_is_looked_at(twins: dict[str, ModuleType]) -> None:
    """With two boundaries open, what they share is looked for, and nothing is passed by."""
    inner = LONG + "x"
    for policy in POLICIES:
        data = (
            HEAD.replace(b"B", LONG.encode(), 1).replace(
                b"\r\n\r\n", b"\r\nContent-Type: multipart/mixed; boundary=" + inner.encode()
            )
            + b"\r\n\r\n--" + inner.encode() + b"\r\n\r\n" + b"y" * 100
            + (b"\r\n--" + LONG.encode() + b"y" + b"y" * 100) * 3
            + b"\r\n--" + inner.encode() + b"--\r\n--" + LONG.encode() + b"--"
        )  # fmt: skip
        _same(twins, Settings(LONG, policy=policy, nested=True), [data])


# Bytes that were held back


def test_held_bytes_that_are_data_come_with_what_is_copied_anyway() -> None:
    """The compiled twin joins them; a chunk that is all body is still the caller's own object."""
    parser = twin("c").package.MultipartParser("B")
    parser.feed(HEAD)
    assert parser.feed(b"ab\r\n") == [b"ab"]
    assert parser.feed(b"cd\r\n--") == [b"\r\ncd"]
    chunk = b"all of it"
    held, event = parser.feed(chunk)
    assert held == b"\r\n--"
    assert event is chunk
    assert parser.feed(b"\r") == []
    assert parser.feed(b"\r\n-") == [b"\r"]
    assert parser.feed(b"\r\n--B--")[0] == b"\r\n-"


@pytest.mark.parametrize("size", range(1, 12))
def test_held_bytes_count_like_all_others(twins: dict[str, ModuleType], size: int) -> None:
    data = HEAD + b"\r\n-\r\r\n--C\r\n\r\n--" + b"\r\nabc\r" * 3 + b"\r\n--B--"
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    for limit in range(40):
        for name in ("max_part_size", "max_total_size"):
            more = len(HEAD) if name == "max_total_size" else 0
            settings = Settings(limits={name: limit + more})
            assert_same(
                _same(twins, settings, chunks), _same(twins, settings, [data]), (name, limit)
            )
