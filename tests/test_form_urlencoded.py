"""``application/x-www-form-urlencoded`` through ``parse_form`` (WHATWG URL, section 5.1)."""

from __future__ import annotations

import random
import tracemalloc
from types import ModuleType
from urllib.parse import parse_qsl, unquote, urlencode

import pytest

from support import chunking
from support.forms import Forms, outcome

TYPE = "application/x-www-form-urlencoded"

PAIRS = [
    ("", []),
    ("a=1", [("a", "1")]),
    ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
    ("a", [("a", "")]),
    ("a=", [("a", "")]),
    ("=1", [("", "1")]),
    ("=", [("", "")]),
    ("a=b=c", [("a", "b=c")]),
    ("&", []),
    ("&&a=1&&&b=2&", [("a", "1"), ("b", "2")]),
    ("a+b=c++d", [("a b", "c  d")]),
    ("%61=%2B%26%3D%25", [("a", "+&=%")]),
    ("a=%c3%A4", [("a", "ä")]),
    ("a=ä", [("a", "ä")]),
    ("a=%", [("a", "%")]),
    ("a=%4&b=%zz%20", [("a", "%4"), ("b", "%zz ")]),
    ("%3D=%26", [("=", "&")]),
    ("a=%0D%0A%00", [("a", "\r\n\0")]),
    ("a=\r\n", [("a", "\r\n")]),
    # A semicolon separates nothing (GHSA-6jv3-5f52-599m, CVE-2021-23336).
    ("a=1;b=2", [("a", "1;b=2")]),
    ("a;a;a;", [("a;a;a;", "")]),
    ("a[b][c]=1", [("a[b][c]", "1")]),
    ("__proto__=1", [("__proto__", "1")]),
    # The charset of the others (row v2)
    ("_charset_=iso-8859-1&a=%e9", [("a", "é")]),
    ("_charset_=utf-8&a=%c3%a9", [("a", "é")]),
    ("&_charset_=latin1&%e9=b", [("é", "b")]),
    ("a=1&_charset_=iso-8859-1", [("a", "1"), ("_charset_", "iso-8859-1")]),
]


@pytest.mark.parametrize(("text", "pairs"), PAIRS, ids=lambda item: ascii(item)[:40])
def test_pairs(forms: Forms, text: str, pairs: list[tuple[str, str]]) -> None:
    data = text.encode()
    for chunks in chunking.every(data):
        assert outcome(forms, chunks, TYPE) == (pairs, [], True)


def test_long_values_are_unquoted_whole_and_in_little_memory(forms: Forms) -> None:
    limits = {"max_field_size": 1 << 21, "max_fields_size": 1 << 23}
    for shift in range(4):
        sent = "%" * shift + "%41" * 200_000 + "%4"
        tracemalloc.start()
        found = outcome(forms, [b"a=" + sent.encode()], TYPE, limits=limits)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == ([("a", unquote(sent))], [], True)
        assert peak < 20 * len(sent)  # unquote() alone takes 77 times that


@pytest.mark.parametrize(
    "value", [TYPE, TYPE.title(), f"{TYPE}; charset=utf-8", f"{TYPE};charset=UTF8", f" {TYPE} ;"]
)
def test_types(forms: Forms, value: str) -> None:
    if value.endswith(";"):
        value = value.rstrip(" ;")
    assert outcome(forms, [b"a=%c3%a9"], value)[0] == [("a", "é")]


def test_a_charset_in_the_type(forms: Forms) -> None:
    assert outcome(forms, [b"a=%e9"], f"{TYPE}; charset=iso-8859-1")[0] == [("a", "é")]


@pytest.mark.parametrize(
    ("text", "code", "offset"),
    [
        ("a=1&b=%e9&c=2", "invalid_encoding", 4),
        ("%ff=1", "invalid_encoding", 0),
        ("_charset_=utf-7&a=1", "unsafe_charset", 16),
        ("_charset_=" + "x" * 32, "unsafe_charset", 0),
    ],
)
def test_what_is_no_text(forms: Forms, text: str, code: str, offset: int) -> None:
    for chunks in chunking.every(text.encode()):
        got = outcome(forms, chunks, TYPE)
        assert got[:3] == ("ParseError", code, offset)


def test_policies(forms: Forms) -> None:
    text = [b"_charset_=utf-7&a=%c3%a9"]
    strict = outcome(forms, text, TYPE, policy="STRICT")
    assert strict[0] == [("_charset_", "utf-7"), ("a", "é")]
    assert outcome(forms, text, TYPE, policy="LEGACY")[0] == [("a", "é")]


def test_as_other_parsers_read_it(forms: Forms, rng: random.Random) -> None:
    pieces = ["y", "=", "&", "+", "%", "%41", "%c3%a4", "%zz", "ä", ";", "\0", "z" * 20]
    for _ in range(200):
        text = "".join(rng.choices(pieces, k=rng.randrange(20)))
        got = outcome(forms, chunking.random_cuts(text.encode(), rng), TYPE)
        try:
            wanted = parse_qsl(text, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:  # a percent sign that letters have made an escape of no text
            assert got[:2] == ("ParseError", "invalid_encoding")
        else:
            assert got[0] == wanted


def test_what_others_write(forms: Forms) -> None:
    pairs = [("a b", "c&d=e"), ("ä", "日本語 😀"), ("", ""), ("x", "\r\n\0%+")]
    assert outcome(forms, [urlencode(pairs).encode()], TYPE)[0] == pairs


@pytest.mark.parametrize("piece", [b"a;", b"&", b"%", b"+", b"=", b"a&", b"%41", b"a=1&"])
def test_floods_take_linear_time(ps: ModuleType, forms: Forms, piece: bytes) -> None:
    """CVE-2026-53539.  What takes quadratic time would not end here."""
    data = piece * (2**20 // len(piece) // (8 if piece == b"a=1&" else 1))
    limits: dict[str, int | None] = {
        "max_field_size": None, "max_fields": None, "max_fields_size": None,
    }  # fmt: skip
    form = forms.parse(chunking.pieces(data, 65_536), TYPE, limits=limits)
    size = sum(len(name) + len(value) for name, value in form.fields.items())
    assert size <= len(data)


def test_the_limits_hold_by_default(forms: Forms) -> None:
    """CVE-2026-54283."""
    for data, code in (
        (b"a=1&" * 1001, "max_fields"),
        (b"a=" + b"x" * 2**20, "max_field_size"),
        ((b"a=" + b"x" * 2**19 + b"&") * 17, "max_fields_size"),
    ):
        got = outcome(forms, chunking.pieces(data, 65_536), TYPE)
        assert got[:2] == ("LimitExceeded", code)
        assert outcome(forms, [data], TYPE) == got


def test_a_hook_is_never_called(forms: Forms) -> None:
    def never(part: object) -> None:
        raise AssertionError

    assert outcome(forms, [b"a=1"], TYPE, on_file=forms.hook(never))[0] == [("a", "1")]
