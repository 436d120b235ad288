"""Limits of forms: a form that just keeps one passes, one byte or part more is refused there."""

from __future__ import annotations

import dataclasses
import tracemalloc
from collections.abc import Iterator
from itertools import chain, repeat
from types import ModuleType
from typing import NamedTuple

import pytest

from support import chunking
from support.building import field_part, file_part, form
from support.forms import Forms, outcome

HEAD = b'--B\r\nContent-Disposition: form-data; name="a"\r\n'
URLENCODED = "application/x-www-form-urlencoded"


class Case(NamedTuple):
    """A form that needs a limit to be ``need`` at least; one less is refused at ``over``."""

    name: str
    what: str
    data: bytes
    need: int
    over: int
    content_type: str = "multipart/form-data; boundary=B"


def _place(data: bytes, text: bytes) -> int:
    return data.index(text)


def _fields() -> Case:
    data = form(*(field_part(name, b"1") for name in "abc"), file_part("f", "f", b"1"))
    return Case(
        "max_fields", "three", data, 3, _place(data, b'Content-Disposition: form-data; name="c"')
    )


def _odd_fields() -> Case:
    data = form(field_part("a", b"1"), field_part("b", b"1", ("Content-Type", "text/plain")))
    return Case(
        "max_fields",
        "one has a type",
        data,
        2,
        _place(data, b'Content-Disposition: form-data; name="b"'),
    )


def _files() -> Case:
    data = form(*(file_part(name, "x", b"1") for name in "abc"), field_part("d", b"1"))
    return Case(
        "max_files", "three", data, 3, _place(data, b'Content-Disposition: form-data; name="c"')
    )


def _field_size() -> Case:
    data = form(field_part("a", b"x" * 300), file_part("f", "f", b"x" * 500))
    return Case("max_field_size", "a field", data, 300, _place(data, b"xxx") + 299)


def _odd_field_size() -> Case:
    data = form(field_part("a", b"x" * 300, ("Content-Type", "text/plain; charset=latin1")))
    return Case("max_field_size", "with a type", data, 300, _place(data, b"xxx") + 299)


def _coded_field_size() -> Case:
    data = form(field_part("a", b"eHh4" * 50, ("Content-Transfer-Encoding", "base64")))
    return Case("max_field_size", "as sent", data, 200, _place(data, b"eHh4") + 199)


#: What a field of a name of one letter takes, beside its text.
_FIELD = 240 + len(HEAD) - 5 + 2


def _fields_size() -> Case:
    data = form(field_part("a", b"x" * 100), field_part("b", b"y" * 100))
    return Case("max_fields_size", "in a field", data, 2 * _FIELD + 200, _place(data, b"yyy") + 99)


def _fields_size_of_heads() -> Case:
    data = form(field_part("a", b"x" * 100), field_part("b", b""))
    place = _place(data, b'Content-Disposition: form-data; name="b"')
    return Case("max_fields_size", "in a head", data, 2 * _FIELD + 100, place)


def _fields_size_of_odd_ones() -> Case:
    header = ("Content-Type", "text/plain")
    data = form(field_part("a", b"x" * 100, header), field_part("b", b"y" * 100, header))
    need = 2 * (_FIELD + len("Content-Type: text/plain\r\n")) + 200
    return Case("max_fields_size", "with types", data, need, _place(data, b"yyy") + 99)


def _fields_size_of_text() -> Case:
    """Text that is not ASCII takes up to four bytes a character, its name included."""
    data = form(field_part("a", ("x" * 96 + "\U0001f600").encode()))
    return Case(
        "max_fields_size", "no ASCII", data, _FIELD + 100 + 3 * 101, _place(data, b"xxx") + 100
    )


def _fields_size_of_files() -> Case:
    data = form(field_part("a", b"x" * 100), file_part("f", "f", b"y" * 10_000))
    place = _place(data, b'Content-Disposition: form-data; name="f"')
    head = _place(data, b"yyy") - place
    return Case("max_fields_size", "heads of files", data, _FIELD + 100 + 2 * head + 1024, place)


def _urlencoded_fields() -> Case:
    return Case("max_fields", "pairs", b"a=1&&b=2&c=3", 3, 9, URLENCODED)


def _urlencoded_field_size() -> Case:
    return Case("max_field_size", "a pair, decoded", b"b=1&a=" + b"%41" * 50, 51, 4, URLENCODED)


def _urlencoded_fields_size() -> Case:
    data = b"a=" + b"x" * 99 + b"&b=" + b"y" * 99
    return Case("max_fields_size", "pairs", data, 2 * 240 + 200, 102, URLENCODED)


def _urlencoded_fields_size_of_text() -> Case:
    return Case("max_fields_size", "pairs, no ASCII", b"a=%C3%A4", 240 + 4 * 3, 0, URLENCODED)


def _urlencoded_total_size() -> Case:
    return Case("max_total_size", "pairs", b"a=1&b=22&", 9, 8, URLENCODED)


CASES = tuple(
    make()
    for make in (
        _fields, _odd_fields, _files, _field_size, _odd_field_size, _coded_field_size, _fields_size,
        _fields_size_of_heads, _fields_size_of_odd_ones, _fields_size_of_text,
        _fields_size_of_files, _urlencoded_fields, _urlencoded_field_size, _urlencoded_fields_size,
        _urlencoded_fields_size_of_text, _urlencoded_total_size,
    )
)  # fmt: skip

each = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.what}")


@each
def test_at_the_limit(forms: Forms, case: Case) -> None:
    free = outcome(forms, [case.data], case.content_type, limits={case.name: None})
    assert isinstance(free[0], list)
    for chunks in chunking.every(case.data):
        got = outcome(forms, chunks, case.content_type, limits={case.name: case.need})
        assert got == free


@each
def test_one_over_the_limit(forms: Forms, case: Case) -> None:
    for chunks in chunking.every(case.data):
        got = outcome(forms, chunks, case.content_type, limits={case.name: case.need - 1})
        assert got[:3] == ("LimitExceeded", case.name, case.over), [len(item) for item in chunks]
        assert f"{case.name}={case.need - 1} " in got[3]


@each
def test_far_over_the_limit(forms: Forms, case: Case) -> None:
    """The first that is met is the same, however the form is cut."""
    expected = outcome(forms, [case.data], case.content_type, limits={case.name: 1})
    assert expected[:2] == ("LimitExceeded", case.name)
    for chunks in chunking.every(case.data):
        assert outcome(forms, chunks, case.content_type, limits={case.name: 1}) == expected


@each
def test_a_limit_of_nothing(forms: Forms, case: Case) -> None:
    assert outcome(forms, [case.data], case.content_type, limits={case.name: 0})[1] == case.name


def test_every_limit_of_forms_has_a_case(ps: ModuleType) -> None:
    reading = {item.name for item in dataclasses.fields(ps.Limits) if item.init}
    here = {case.name for case in CASES} | {"max_spool_size", "max_spool_total"}
    others = {
        "max_header_line", "max_headers", "max_header_block", "max_preamble", "max_epilogue",
        "max_depth", "max_parts", "max_part_size", "max_total_size", "max_decoded_size",
        "max_read_size",
    }  # fmt: skip
    assert here | others == reading


@pytest.mark.parametrize("limit", ["max_parts", "max_part_size", "max_total_size", "max_headers"])
def test_limits_of_the_parser_hold(forms: Forms, limit: str) -> None:
    data = form(field_part("a", b"x" * 90), file_part("b", "b", b"y" * 90))
    with pytest.raises(forms.package.LimitExceeded) as caught:
        forms.parse(data, limits={limit: 0})
    assert (caught.value.code, caught.value.http_status) == (limit, 413)


def test_two_limits_at_once(forms: Forms) -> None:
    """The one that is lower is met, in whatever chunks."""
    data = form(field_part("a", b"x" * 300))
    for field, fields, code in (
        (100, _FIELD + 99, "max_fields_size"),
        (99, _FIELD + 100, "max_field_size"),
    ):
        for chunks in chunking.coarse(data).values():
            got = outcome(
                forms, chunks, limits={"max_field_size": field, "max_fields_size": fields}
            )
            assert got[1:3] == (code, _place(data, b"xxx") + 99)
    pair = b"a=" + b"x" * 500
    for chunks in chunking.coarse(pair).values():
        limits: dict[str, int | None] = {"max_field_size": 100, "max_fields_size": 50}
        assert outcome(forms, chunks, URLENCODED, limits=limits)[1:3] == ("max_fields_size", 0)


def test_presets(ps: ModuleType) -> None:
    preset = ps.Limits.FORM
    assert (preset.max_parts, preset.max_files, preset.max_fields) == (1000, 1000, 1000)
    assert (preset.max_field_size, preset.max_fields_size) == (2**20, 8 * 2**20)
    assert (preset.max_spool_size, preset.max_spool_total) == (2**20, 16 * 2**20)
    assert preset.max_part_size is preset.max_total_size is None
    # Whoever starts from the other preset has the same, but for the number of parts.
    assert dataclasses.replace(ps.Limits.STREAM, max_parts=1000) == preset


# Memory: never more than the limits say, whatever comes


class _Endless(Exception):
    """The source was asked for more than it should have been."""


def _then_fail(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    for _, chunk in zip(range(most), chunks, strict=False):
        yield chunk
    raise _Endless


def _peak_of(
    forms: Forms, chunks: Iterator[bytes], content_type: str, code: str, **limits: int | None
) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(forms.package.LimitExceeded) as caught:
            forms.parse(chunks, content_type, limits=limits)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert caught.value.code == code


_MIB = 2**20


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=B", URLENCODED])
@pytest.mark.parametrize("size", [3, 65536])
def test_a_field_without_end(forms: Forms, kind: str, size: int) -> None:
    """It is refused while it is read, and takes little more than its size until then."""
    start = HEAD + b"\r\n" if "multipart" in kind else b"a="
    limit = _MIB if size > 3 else 2**15
    most = (3 if kind == URLENCODED else 1) * limit
    chunks = _then_fail(chain([start], repeat(b"x" * size)), most // size + 3)
    peak = _peak_of(forms, chunks, kind, "max_field_size", max_field_size=limit)
    assert peak < 2.5 * most + 20_000


def test_many_fields_each_within_its_limit(forms: Forms) -> None:
    """CVE-2025-69228."""
    part = HEAD + b"\r\n" + b"x" * 1_000_000 + b"\r\n"
    chunks = _then_fail(repeat(part), 10)
    assert _peak_of(forms, chunks, "multipart/form-data; boundary=B", "max_fields_size") < 20 * _MIB


def test_tiny_fields_count_what_they_take(ps: ModuleType, forms: Forms) -> None:
    """What is counted is no less than what they take in fact."""
    limits: dict[str, int | None] = {"max_parts": None, "max_fields": None}
    for value in (b"x", b"x" * 100, "\U0001f600".encode(), ("x" * 99 + "\U0001f600").encode()):
        names = [f"field{at:04}" for at in range(2000)]
        data = form(*(field_part(name, value) for name in names))
        # Fields that need exactly this are held to it.
        most = 4 * _MIB
        assert isinstance(outcome(forms, [data], limits=limits)[0], list)
        tracemalloc.start()
        try:
            got = forms.parse(data, limits=limits)
            taken = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        counted = _least(forms, data, most, limits)
        assert taken <= counted, value
        assert len(got.fields) == 2000
        forms.close(got)


def _least(forms: Forms, data: bytes, high: int, limits: dict[str, int | None]) -> int:
    """Give the least ``max_fields_size`` that a form passes with."""
    low = 0
    while low < high:
        middle = (low + high) // 2
        got = outcome(forms, [data], limits=limits | {"max_fields_size": middle})
        low, high = (low, middle) if isinstance(got[0], list) else (middle + 1, high)
    return low


def test_single_bytes_do_not_pile_up(forms: Forms) -> None:
    """As small pieces they would take many times their size."""
    data = form(file_part("f", "f", b"xy" * 40_000))
    tracemalloc.start()
    try:
        for spool in (0, _MIB):
            got = forms.parse(chunking.pieces(data, 3), limits={"max_spool_size": spool})
            forms.close(got)
        chunks = 27_000 * 50  # of the list of the test itself, about
        assert tracemalloc.get_traced_memory()[1] < chunks + 250_000
    finally:
        tracemalloc.stop()
