"""HTTP messages within parts: what is read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

Module = Callable[[str], ModuleType]


def _fields(message: Any) -> tuple[Any, ...]:
    return (*message[:5], list(message.headers.items()), message.body)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", ("HTTP/1.1", "GET", "/", None, None, [], b"")),
        (b"GET / HTTP/1.1", ("HTTP/1.1", "GET", "/", None, None, [], b"")),
        (
            b"\r\nPOST /a b HTTP/1.0\r\nA: 1\r\nB:2\r\n\r\n\r\nx",
            ("HTTP/1.0", "POST", "/a b", None, None, [("A", "1"), ("B", "2")], b"\r\nx"),
        ),
        (
            b"DELETE /x HTTP/1.1\nA: 1\n\nbody\r\n",
            ("HTTP/1.1", "DELETE", "/x", None, None, [("A", "1")], b"body\r\n"),
        ),
        (
            b"GET /x HTTP/1.1\r\nA: 1\r\n",
            ("HTTP/1.1", "GET", "/x", None, None, [("A", "1")], b""),
        ),
        (b"HTTP/1.1 204\r\n\r\n", ("HTTP/1.1", None, None, 204, "", [], b"")),
        (
            b"HTTP/2 200 All Right\r\nA: 1\r\n\r\n{}",
            ("HTTP/2", None, None, 200, "All Right", [("A", "1")], b"{}"),
        ),
    ],
)
def test_messages(ps_module: Module, data: bytes, expected: tuple[Any, ...]) -> None:
    assert _fields(ps_module("batch").parse_http(data)) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\r\n", b"hello", b"GET /", b"GET HTTP/1.1", b"GET / FTP/1.1", b"G(T / HTTP/1.1",
        b"HTTP/1.1", b"HTTP/1.1 2x0 OK\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nnocolon\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_message(ps: ModuleType, ps_module: Module, data: bytes) -> None:
    with pytest.raises(ps.ParseError) as caught:
        ps_module("batch").parse_http(data)
    assert caught.value.code == "invalid_http"


def test_the_policy_holds_for_its_headers(ps: ModuleType, ps_module: Module) -> None:
    data = b"GET / HTTP/1.1\r\nnocolon\r\nA: 1\r\n\r\n"
    found = ps_module("batch").parse_http(data, ps.Policy.LEGACY)
    assert list(found.headers.items()) == [("A", "1")]
