"""Content-Range: what is read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

Module = Callable[[str], ModuleType]


@pytest.mark.parametrize(
    ("value", "expected", "size"),
    [
        ("bytes 0-499/1234", ("bytes", 0, 499, 1234), 500),
        ("bytes 734-1233/1234", ("bytes", 734, 1233, 1234), 500),
        ("bytes 42-42/*", ("bytes", 42, 42, None), 1),
        ("bytes */1234", ("bytes", None, None, 1234), None),
        ("Bytes  0-0/1 ", ("bytes", 0, 0, 1), 1),
        ("items 3-4/9", ("items", 3, 4, 9), 2),
    ],
)
def test_ranges(
    ps_module: Module, value: str, expected: tuple[object, ...], size: int | None
) -> None:
    found = ps_module("ranges").parse_content_range(value)
    assert found == expected
    assert (found.unit, found.first, found.last, found.total) == expected
    assert found.size == size


@pytest.mark.parametrize(
    "value",
    [
        "", "bytes", "bytes 0-4", "bytes=0-4/9", "bytes 4-3/9", "bytes 0-9/9", "bytes */*",
        "bytes -4/9", "bytes 4-/9", "bytes 0-4/", "bytes 0-4/x", "bytes +0-4/9", "bytes 0-4/9/9",
        "bytes 0_1-4/9", "bytes \u0660-4/9", "by tes 0-4/9", "0-4/9", "bytes 0-4 /9",
        "bytes 0-" + "9" * 19 + "/*", "b\u00e4 0-4/9",
    ],
)  # fmt: skip
def test_what_is_no_range(ps: ModuleType, ps_module: Module, value: str) -> None:
    with pytest.raises(ps.ParseError) as caught:
        ps_module("ranges").parse_content_range(value)
    assert caught.value.code == "invalid_range"
