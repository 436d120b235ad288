"""Boundaries: random ones, given ones, and those that stand in what is written."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from email import message_from_bytes
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import readback
from support.injection import WAYS, Sink, leaves, ways_to_write, whole

Modules = Callable[[str], ModuleType]

#: RFC 2046 section 5.1.1: the characters of a boundary; the blank may not be the last.
BCHARS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? "

B = "boundary"
COLLISION = rf"boundary '{B}' stands in the data.*random"

#: What a body may hold where the boundary is B, and what is a delimiter, or is taken for one by
#: parsers that do not look at what stands before it, or behind it.
FINE = (
    B, f"-{B}", f"\r\n-{B}\r\n", f"\r\n{B}", f"\r\n--{B[:-1]}", f"\r\n--{B[:-1]}\r\n",
    f"--{B.upper()}", f"\r\n-- {B}", f"-\r\n-{B}", "\r\n--", "--", "-" * 50, f"--{B[1:]}{B}", "",
)  # fmt: skip
DELIMITERS = (
    f"--{B}", f"--{B}--", f"\r\n--{B}", f"\r\n--{B}\r\n", f"\n--{B}\n", f"\r--{B}", f"--{B} \t\r\n",
    f"\r\n--{B}-x", f"\r\n--{B}\0", f"a--{B}", f"--{B}x", f"---{B}", f"-----{B}", f" --{B}:",
    f"--{B[:3]}--{B}",
)  # fmt: skip


class Named(str, Enum):
    """A str that formats as another one."""

    TOKEN = "token"
    QUOTED = "a:b"


def searched(guard: Any, chunks: list[Any]) -> bool:
    """Give a body to a guard; tell whether it was refused, and see that else it was let pass."""
    found: list[Any] = []
    try:
        for chunk in chunks:
            found += guard.take(chunk)
    except ValueError:
        return True
    assert found == chunks
    assert all(one is other for one, other in zip(found, chunks, strict=True))
    return False


# Random boundaries


def test_a_boundary_comes_from_the_secure_source(
    ps: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2025-7783, CVE-2025-22150: one that can be guessed lets a value end its part."""
    asked: list[int] = []

    def urandom(size: int) -> bytes:
        asked.append(size)
        return b"\xff" * size

    monkeypatch.setattr(os, "urandom", urandom)
    writer = ps.MultipartWriter()
    assert writer.boundary == "f" * 32
    assert writer.headers["Content-Type"] == "multipart/mixed; boundary=" + "f" * 32
    assert asked == [16]  # bytes: 128 bits


def test_boundaries_are_distinct_whatever_the_seed(ps: ModuleType) -> None:
    state = random.getstate()
    try:
        found = set()
        for _ in range(100):
            random.seed(1)
            found |= {ps.MultipartWriter("form-data").boundary for _ in range(100)}
    finally:
        random.setstate(state)
    assert len(found) == 10_000
    assert {len(boundary) for boundary in found} == {32}
    assert set("".join(found)) == set("0123456789abcdef")


def test_data_is_not_searched_for_a_random_boundary(ps: ModuleType) -> None:
    """It cannot be in there: so nothing has to be read but to be written."""
    writer = ps.MultipartWriter()
    assert writer._guard(None) is None


# Given boundaries


@pytest.mark.parametrize("code", range(256))
def test_a_boundary_is_made_of_the_characters_of_the_rfc(ps: ModuleType, code: int) -> None:
    letter = chr(code)
    for boundary in (f"a{letter}b", f"{letter}b", letter * 70):
        if letter in BCHARS and not boundary.endswith(" "):
            assert ps.MultipartWriter("mixed", boundary).boundary == boundary
            continue
        with pytest.raises(ValueError, match="boundary=") as caught:
            ps.MultipartWriter("mixed", boundary)
        assert repr(boundary) in str(caught.value)


@pytest.mark.parametrize(
    "boundary", ["", "a" * 71, "a ", " ", "a\r\n", "a\nX-Injected: 1", "a\0", 'a"', "a\\", "\u00fc",
                 "\ud800", "\u0660"]
)  # fmt: skip
def test_a_boundary_that_cannot_be_one_is_refused(ps: ModuleType, boundary: str) -> None:
    with pytest.raises(ValueError, match="boundary="):
        ps.MultipartWriter("mixed", boundary)


@pytest.mark.parametrize("boundary", [b"bytes", 5, object(), ["a"]])
def test_a_boundary_is_a_str(ps: ModuleType, boundary: Any) -> None:
    with pytest.raises(TypeError, match=r"boundary=.*must be a str"):
        ps.MultipartWriter("mixed", boundary)


@pytest.mark.parametrize(
    ("boundary", "shown"),
    [
        ("token-'+_.", "token-'+_."),
        ("a:b", '"a:b"'),
        (":", '":"'),
        ("a b", '"a b"'),
        ("a,b", '"a,b"'),
        ("(a)", '"(a)"'),
        ("a/b=?", '"a/b=?"'),
        (Named.TOKEN, "token"),
        (Named.QUOTED, '"a:b"'),
    ],
)
def test_a_boundary_is_quoted_only_where_it_is_no_token(
    ps: ModuleType, boundary: str, shown: str
) -> None:
    writer = ps.MultipartWriter("form-data", boundary)
    assert writer.headers["Content-Type"] == f"multipart/form-data; boundary={shown}"
    writer.append("1", name="a")
    body = whole(writer)
    assert [part.name for part in leaves(ps, ps.sync, writer, body, "STRICT")] == ["a"]
    head = f"Content-Type: {writer.headers['Content-Type']}\r\n\r\n".encode()
    assert message_from_bytes(head + body).get_boundary() == writer.boundary == shown.strip('"')


@pytest.mark.parametrize("subtype", ["", "a b", "mixed; boundary=x", "mixed\r\nX-Injected: 1", "a/",
                                     "\u00fc", 'a"'])  # fmt: skip
def test_a_subtype_is_a_token(ps: ModuleType, subtype: str) -> None:
    with pytest.raises(ValueError, match="subtype=") as caught:
        ps.MultipartWriter(subtype)
    assert repr(subtype) in str(caught.value)


@pytest.mark.parametrize("subtype", [None, 5, b"mixed"])
def test_a_subtype_is_a_str(ps: ModuleType, subtype: Any) -> None:
    with pytest.raises(TypeError, match=r"subtype=.*must be a str"):
        ps.MultipartWriter(subtype)


def test_a_subtype_is_written_as_the_str_that_it_is(ps: ModuleType) -> None:
    assert ps.MultipartWriter(Named.TOKEN, "b").content_type == "multipart/token; boundary=b"


# The search, wherever data is cut


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_may_be_taken_for_a_delimiter_is_found(
    ps_module: Modules, kind: Callable[[bytes], Any]
) -> None:
    make = ps_module("_collision").Guard
    for text, wrong in (*((text, False) for text in FINE), *((text, True) for text in DELIMITERS)):
        for before, after in (("", ""), ("a\r\n", ""), ("", "\r\nb"), ("x" * 500, "\r\n" * 300)):
            data = (before + text + after).encode()
            assert searched(make((B.encode(),)), [kind(data)]) == wrong, data
            for at in range(1, len(data)):
                pieces = [kind(data[:at]), kind(data[at:])]
                assert searched(make((B.encode(),)), pieces) == wrong, (data, at)


_PIECES = ("\r\n", "\r", "\n", "-", "--", B, B[:3], B[3:], "x", ":", " ", "--" + B, "\r\n--" + B)
_DATA = st.lists(st.sampled_from(_PIECES), max_size=12).map(lambda found: "".join(found).encode())
_MORE = st.sampled_from([(), (b":",), (b"boundaryx",), (b"b",), (b"x" * 70, b"-")])


@given(_DATA, st.lists(st.integers(0, 60), max_size=5), _MORE)
def test_where_data_is_cut_does_not_matter(
    twins: dict[str, ModuleType], data: bytes, cuts: list[int], more: tuple[bytes, ...]
) -> None:
    places = [0, *sorted(set(cuts) & set(range(1, len(data)))), len(data)]
    boundaries = (B.encode(), *more)
    expected = any(_is_met(boundary, data) for boundary in boundaries)
    chunks = [data[one:two] for one, two in itertools.pairwise(places) if one != two]
    for package in twins.values():
        make = package._collision.Guard
        assert searched(make(boundaries), chunks) == expected
        assert searched(make(boundaries), list(_cut(data, 1))) == expected


def _is_met(boundary: bytes, data: bytes) -> bool:
    """Tell whether data must be refused: a short boundary counts at the start of a line only."""
    if len(boundary) >= 8:
        return b"--" + boundary in data
    return any(end + b"--" + boundary in b"\n" + data for end in (b"\r", b"\n"))


@pytest.mark.parametrize(("boundary", "refused"), [("shorter", False), ("long-one", True)])
def test_a_boundary_of_a_few_characters_may_stand_amid_a_line(
    ps: ModuleType, boundary: str, refused: bool
) -> None:
    writer = ps.MultipartWriter("mixed", boundary)
    writer.append(f"a --{boundary}\r\nb")
    if refused:
        with pytest.raises(ValueError, match="stands in the data"):
            writer.body()
    else:
        assert leaves(ps, ps.sync, writer, whole(writer))[0].data == f"a --{boundary}\r\nb".encode()
    writer.append(f"a\n--{boundary}")
    with pytest.raises(ValueError, match="stands in the data"):
        writer.body()


def test_what_is_kept_of_a_body_is_as_long_as_a_delimiter(ps_module: Modules) -> None:
    guard = ps_module("_collision").Guard((B.encode(), b"b"))
    for piece in (b"x" * 10**6, b"y", b"", memoryview(b"z" * 10**6)):
        assert list(guard.take(piece)) == [piece]
        assert len(guard._left) <= len(B) + 2


def test_the_message_names_the_boundary_and_the_remedy(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("form-data", B)
    writer.append(f"--{B}", name="a")
    with pytest.raises(ValueError, match=COLLISION):
        writer.body()


# Payloads of every kind


async def _async(data: bytes, size: int) -> AsyncIterator[bytes]:
    for piece in _cut(data, size):
        yield piece


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def _appended(ps: ModuleType, writer: Any, kind: str, data: bytes, path: Path) -> None:
    """Add data to a writer in one of many ways."""
    path.write_bytes(data)
    text = data.decode()
    if kind in ("bytes", "bytearray", "memoryview"):
        writer.append(
            {"bytes": bytes, "bytearray": bytearray, "memoryview": memoryview}[kind](data)
        )
    elif kind == "str":
        writer.append(text)
    elif kind == "json":
        writer.append_json(None, dumps=lambda _: text)
    elif kind == "BytesIO":
        file = io.BytesIO(b"skipped" + data)
        file.seek(7)
        writer.append(file)
    elif kind == "StringIO":
        writer.append(io.StringIO(text, newline=""))
    elif kind == "path":
        writer.append(path)
    elif kind == "list":
        writer.append(list(_cut(data, 3)))
    elif kind == "iterator":
        writer.append(_cut(data, 5))
    elif kind == "async iterator":
        writer.append(_async(data, 1))
    elif kind == "quoted-printable":
        writer.append(data, {"Content-Transfer-Encoding": "quoted-printable"})
    elif kind == "nested":
        inner = ps.MultipartWriter()
        inner.append(data)
        writer.append(inner)
    elif kind == "nested twice":
        inner = ps.MultipartWriter("mixed", "other")
        _appended(ps, inner, "nested", data, path)
        writer.append(inner)
    else:
        raise AssertionError(kind)


KINDS = ("bytes", "bytearray", "memoryview", "str", "json", "BytesIO", "StringIO", "path", "list",
         "iterator", "async iterator", "quoted-printable", "nested", "nested twice")  # fmt: skip
ASYNC_ONLY = {"async iterator": ("abody", "write", "write_with_length", "as_bytes")}
IN_MEMORY = {
    "bytes",
    "bytearray",
    "memoryview",
    "str",
    "json",
    "StringIO",
    "nested",
    "nested twice",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_delimiter_is_found_in_a_part_of_every_kind(
    ps: ModuleType, kind: str, tmp_path: Path
) -> None:
    for text in (
        f"--{B}",
        f"--{B}--\r\nx",
        f"x\r\n--{B}",
        f"x\r\n--{B}\r\nContent-Type: a/b\r\n\r\n",
    ):
        for way in ASYNC_ONLY.get(kind, WAYS):
            writer = ps.MultipartWriter("mixed", B)
            writer.append("before")
            _appended(ps, writer, kind, text.encode(), tmp_path / "file")
            writer.append("after")
            sink = Sink()
            with pytest.raises(ValueError, match=COLLISION):
                ways_to_write(writer, way, sink)
            assert f"\n--{B}\r\n".encode() not in sink.data[sink.data.find(b"before") + 60 :]
            assert kind not in IN_MEMORY or not sink.data


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_only_near_is_written_in_a_part_of_every_kind(
    ps: ModuleType, kind: str, tmp_path: Path
) -> None:
    for text in FINE:
        writer = ps.MultipartWriter("mixed", B)
        _appended(ps, writer, kind, text.encode(), tmp_path / "file")
        body = asyncio.run(writer.as_bytes())
        assert [part.data for part in leaves(ps, ps.sync, writer, body)] == [text.encode()]


@pytest.mark.parametrize("header", ["Content-Encoding: gzip", "Content-Transfer-Encoding: base64"])
def test_an_encoded_part_is_searched_as_it_is_written(ps: ModuleType, header: str) -> None:
    writer = ps.MultipartWriter("mixed", B)
    name, _, value = header.partition(": ")
    data = f"\r\n--{B}--\r\n".encode() * 3
    writer.append(data, {name: value})
    assert [part.data for part in leaves(ps, ps.sync, writer, whole(writer))] == [data]


def test_an_encoded_multipart_may_have_the_same_boundary(ps: ModuleType) -> None:
    writer, nested = ps.MultipartWriter("mixed", B), ps.MultipartWriter("mixed", B)
    nested.append("1")
    nested.headers["Content-Encoding"] = "gzip"
    writer.append(nested)
    assert whole(writer).count(f"--{B}".encode()) == 2


def test_a_delimiter_across_the_blocks_of_a_file_is_found(ps: ModuleType, tmp_path: Path) -> None:
    block = ps._passes.BLOCK
    path = tmp_path / "file"
    for at in (block - 9, block - 2, block - 1, block, 2 * block - 5, 4 * block - 4):
        data = bytearray(b"x") * (4 * block + 100)
        data[at : at + len(B) + 6] = f"\r\n--{B}\r\n".encode()
        path.write_bytes(data)
        for obj in (path, io.BytesIO(data), bytes(data), memoryview(data)):
            writer = ps.MultipartWriter("mixed", B)
            writer.append(obj)
            with pytest.raises(ValueError, match=COLLISION):
                whole(writer)
        with path.open("rb") as file:
            writer = ps.MultipartWriter("mixed", B)
            writer.append(file)
            with pytest.raises(ValueError, match=COLLISION):
                whole(writer)


def test_a_part_that_is_passed_on_is_searched(ps: ModuleType) -> None:
    inner = ps.MultipartWriter("mixed", "other")
    inner.append(f"x\r\n--{B}\r\n")
    part = next(iter(ps.sync.MultipartReader(inner.headers, whole(inner))))
    writer = ps.MultipartWriter("mixed", B)
    writer.append(part)
    with pytest.raises(ValueError, match=COLLISION):
        whole(writer)


@pytest.mark.parametrize(
    ("boundary", "header"),
    [(":", ("--", "")), ("a: b", ("--a", "b")), ("a: b", ("--a", "b--")), ("a:", ("--a", "")),
     ("a: b", ("--a", "b\t")), (":", ("--", "--")), ("a: -", ("--a", "---")),
     ("boundary-x", ("X-A", "a --boundary-x")), ("form-form", ("X-A", "--form-form--"))],
)  # fmt: skip
def test_a_header_line_that_is_a_delimiter_is_refused(
    ps: ModuleType, boundary: str, header: tuple[str, str]
) -> None:
    """``--`` is a token, and so may be the name of a header."""
    for nested in (False, True):
        outer = writer = ps.MultipartWriter("mixed", boundary)
        if nested:
            writer = ps.MultipartWriter()
            outer.append(writer)
        writer.append("1", [("X-A", "1"), header])
        with pytest.raises(ValueError, match="stands in the data"):
            outer.body()
    writer = ps.MultipartWriter("mixed", "other")
    writer.append("1", [("X-A", "1"), header])
    assert header[0] in dict(leaves(ps, ps.sync, writer, whole(writer))[0].headers)


# Boundaries within each other


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("B", "B"), ("B", "B-"), ("B", "B--"), ("B", "B-x"), ("B--", "B"), ("B", "B--x"), ("-", "--")],
)
def test_boundaries_that_may_be_taken_for_each_other_are_refused(
    ps: ModuleType, outer: str, inner: str
) -> None:
    """``--B--`` closes B, and is a delimiter of ``B--``."""
    for between in (0, 1, 2):
        writer = top = ps.MultipartWriter("mixed", outer)
        for _ in range(between):
            writer.append(below := ps.MultipartWriter())
            writer = below
        writer.append(ps.MultipartWriter("mixed", inner))
        with pytest.raises(ValueError, match="may be taken for"):
            top.body()


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("foo", "foobar"), ("foobar", "foo"), (":", "::"), ("::", ":"), ("--B", "B"),
     ("x-", "x"), ("a", "a b"), ("-:", "-"), ("'()+_,-./:=?", "'()"), ("B--x", "B"), ("--:", ":")],
)  # fmt: skip
def test_boundaries_that_begin_alike_are_fine(ps: ModuleType, outer: str, inner: str) -> None:
    writer, nested = ps.MultipartWriter("mixed", outer), ps.MultipartWriter("mixed", inner)
    data = [b"1", f"near: -{inner}".encode(), b"2"]
    nested.append(data[1])
    writer.append(data[0])
    writer.append(nested)
    writer.append(data[2])
    body = whole(writer)
    assert [part.data for part in leaves(ps, ps.sync, writer, body)] == data
    for reader in ("own", "email_parser"):
        assert [item.data for item in readback.read(reader, writer.content_type, body)] == data


def test_boundaries_of_few_letters_are_refused_or_read_right(ps: ModuleType) -> None:
    """All pairs of up to two of the letters that matter, and what closes them."""
    names = ["".join(found) for size in (1, 2) for found in itertools.product("B-:", repeat=size)]
    names += [name + "--" for name in names] + ["B x", "B -"]
    data = [b"1", b"", b"2"]
    for outer, inner in itertools.product(sorted(set(names)), repeat=2):
        writer, nested = ps.MultipartWriter("mixed", outer), ps.MultipartWriter("mixed", inner)
        nested.append(data[0])
        nested.append(data[1])
        if inner == outer or inner.startswith(outer + "-") or outer == inner + "--":
            with pytest.raises(ValueError, match="may be taken for"):
                _written(writer, nested, data[2])
            continue
        body = _written(writer, nested, data[2])
        for reader in ("own_sync", "email_parser"):
            found = readback.read(reader, writer.content_type, body)
            assert [item.data for item in found] == data, (outer, inner, reader)


def _written(writer: Any, *parts: Any) -> bytes:
    for part in parts:
        writer.append(part)
    return whole(writer)


def test_the_same_boundary_may_come_twice_beside_each_other(ps: ModuleType) -> None:
    writer = ps.MultipartWriter()
    for data in (b"1", b"2"):
        nested = ps.MultipartWriter("mixed", B)
        nested.append(data)
        writer.append(nested)
    writer.append(f"\r\n--{B}\r\n")  # behind them, it means nothing
    found = [part.data for part in leaves(ps, ps.sync, writer, whole(writer))]
    assert found == [b"1", b"2", f"\r\n--{B}\r\n".encode()]
