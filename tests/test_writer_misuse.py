"""What beginners get wrong: each is said at once, and with its remedy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _append(value: Any, *arguments: Any, **options: Any) -> Callable[[Any], Any]:
    return lambda writer: writer.append(value, *arguments, **options)


def _fields(fields: Any) -> Callable[[Any], Any]:
    return lambda writer: writer.append_fields(fields)


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (_append("x", "n"), TypeError, r"headers='n' must be a mapping.*name="),
        (_append(None), TypeError, r"None: make it bytes or text"),
        (_append({"a": 1}), TypeError, r"dict as a part.*append_json"),
        (_append(["a"]), TypeError, r"str where bytes are expected: encode it"),
        (_append(iter([b"x"]), size=6.0), TypeError, r"size=6\.0 must be an int"),
        (_append(iter([b"x"]), size="6"), TypeError, r"size='6' must be an int"),
        (_append(iter([b"x"]), size=-1), ValueError, r"size=-1: must be at least 0"),
        (_append("x", {"X-A": "a\r\nb"}), ValueError, r"'X-A'.*header injection"),
        (_append("x", {"X-A": 5}), TypeError, r"header 'X-A': 5"),
        (_fields("abc"), TypeError, r"must be a mapping, or pairs"),
        (_fields({"a": "1", "b": None}), TypeError, r"the field 'b' is None: leave it out"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_part_is_refused_at_append(
    ps: ModuleType, use: Callable[[Any], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        use(ps.MultipartWriter("form-data"))


def test_the_type_of_all_is_not_a_part_of_the_subtype(ps: ModuleType) -> None:
    for subtype in ("multipart/form-data", "Multipart/mixed"):
        with pytest.raises(ValueError, match="leave 'multipart/' out"):
            ps.MultipartWriter(subtype)


def test_chunks_say_at_once_that_a_part_must_be_awaited(ps: ModuleType) -> None:
    """A client would take a TypeError of ``iter()`` for a body of the wrong type."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b""

    writer = ps.MultipartWriter()
    writer.append(pieces())
    with pytest.raises(TypeError, match=r"must be awaited: use abody\(\), or write\(\)"):
        writer.chunks()


def test_a_part_that_is_gone_is_called_by_its_name(ps: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(b"1")
    writer = ps.MultipartWriter()
    with path.open("rb") as file:
        writer.append(file)
    with pytest.raises(ValueError, match=r"'cat\.jpg' has been written, or closed"):
        writer.body().read()


def test_a_range_header_that_is_not_there_does_not_count(ps: ModuleType, tmp_path: Path) -> None:
    assert ps.parse_range(None, 10) is None
    path = tmp_path / "x.bin"
    path.write_bytes(b"0123456789")
    with pytest.raises(TypeError, match="range_response"):
        ps.byteranges(path, None)
