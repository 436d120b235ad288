"""Each limit: a stream that just keeps it passes, one byte or part more is refused there."""

from __future__ import annotations

import dataclasses
import pickle
from collections import deque
from collections.abc import Callable
from itertools import repeat
from types import ModuleType
from typing import NamedTuple

import pytest

from support import chunking
from support.building import Multipart, Part, body, nested_part
from support.events import Settings, assert_same, parse

PLAIN = (("A", "b"),)
HEAD = b"--B\r\nA: b\r\n\r\n"


class Case(NamedTuple):
    """A stream that needs a limit to be ``need`` at least.

    Attributes:
        over: the offset that the error names when the limit is one less.
        step: by how much the limit has to be lower to be felt.
    """

    name: str
    what: str
    data: bytes
    need: int
    over: int


def _header_line() -> Case:
    data = b"--B\r\nA: " + b"b" * 40 + b"\r\n\r\n1\r\n--B--"
    return Case("max_header_line", "a line", data, 43, 5 + 42)


def _second_header_line() -> Case:
    data = b"--B\r\nX: y\r\nA: " + b"b" * 40 + b"\r\nZ: z\r\n\r\n1\r\n--B--"
    return Case("max_header_line", "the second line", data, 43, 11 + 42)


def _headers() -> Case:
    data = b"--B\r\n" + b"A: b\r\n" * 5 + b"\r\n1\r\n--B--"
    return Case("max_headers", "lines", data, 5, 5 + 4 * 6)


def _header_block() -> Case:
    data = b"--B\r\n" + b"A: b\r\n" * 5 + b"\r\n1\r\n--B--"
    return Case("max_header_block", "a block and its line ends", data, 32, 5 + 31)


def _preamble() -> Case:
    data = b"p" * 20 + b"\r\n" + body(Multipart("B", [Part(PLAIN, b"1")]))
    return Case("max_preamble", "the outermost", data, 20, 19)


def _long_preamble() -> Case:
    data = b"p" * 500 + b"\r\n" + body(Multipart("B", [Part(PLAIN, b"1")]))
    return Case("max_preamble", "longer than a chunk", data, 500, 499)


def _inner(preamble: bytes = b"", epilogue: bytes = b"") -> tuple[bytes, int]:
    """Give a stream with a multipart in it, and where that one's content starts."""
    inner = Multipart("C", [Part(PLAIN, b"1")], preamble, epilogue)
    data = body(Multipart("B", [nested_part(inner)]))
    return data, data.index(b"\r\n\r\n") + 4


def _inner_preamble() -> Case:
    data, start = _inner(preamble=b"p" * 20)
    return Case("max_preamble", "an inner one", data, 20, start + 19)


def _epilogue() -> Case:
    data = HEAD + b"1\r\n--B--\r\n" + b"e" * 20
    return Case("max_epilogue", "the outermost", data, 20, len(data) - 1)


def _inner_epilogue() -> Case:
    data, _ = _inner(epilogue=b"e" * 20)
    start = data.index(b"--C--") + 5
    return Case("max_epilogue", "an inner one, its line break included", data, 22, start + 21)


def _depth() -> Case:
    inner = Multipart("4", [Part(PLAIN, b"1")])
    for boundary in "321":
        inner = Multipart(boundary, [nested_part(inner)])
    data = body(Multipart("B", [nested_part(inner)]))
    return Case("max_depth", "levels", data, 5, data.rindex(b"Content-Type: multipart/"))


def _parts() -> Case:
    data = body(Multipart("B", [Part(PLAIN, b"1")] * 5))
    return Case("max_parts", "parts", data, 5, data.rindex(b"\r\n--B\r\n"))


def _nested_parts() -> Case:
    data, _ = _inner()
    return Case("max_parts", "nested parts", data, 2, data.index(b"--C"))


def _part_size() -> Case:
    data = HEAD + b"x" * 300 + b"\r\n--B--"
    return Case("max_part_size", "a body", data, 300, len(HEAD) + 299)


def _part_size_with_line_ends() -> Case:
    data = HEAD + b"\r\n" * 50 + b"\r\n--B--"
    return Case("max_part_size", "a body of line ends", data, 100, len(HEAD) + 99)


def _measured_part_size() -> Case:
    head = b"--B\r\nContent-Length: 30\r\n\r\n"
    data = head + b"x" * 30 + b"\r\n--B--"
    return Case("max_part_size", "a body with Content-Length", data, 30, len(head) + 29)


def _total_size() -> Case:
    data = HEAD + b"x" * 30 + b"\r\n--B--\r\nepilogue"
    return Case("max_total_size", "all", data, len(data), len(data) - 1)


def _total_size_in_the_delimiter() -> Case:
    data = HEAD + b"x" * 30 + b"\r\n--B--"
    return Case("max_total_size", "the end is a delimiter", data, len(data), len(data) - 1)


CASES = tuple(
    make()
    for make in (
        _header_line, _second_header_line, _headers, _header_block, _preamble, _long_preamble,
        _inner_preamble, _epilogue, _inner_epilogue, _depth, _parts, _nested_parts, _part_size,
        _part_size_with_line_ends, _measured_part_size, _total_size, _total_size_in_the_delimiter,
    )
)  # fmt: skip

each = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.what}")


def _settings(case: Case, limit: int | None) -> Settings:
    return Settings(subtype="mixed", nested=True, limits={case.name: limit})


@each
def test_at_the_limit(ps: ModuleType, case: Case) -> None:
    free = parse(ps, _settings(case, None), [case.data])
    assert free.fault is None
    for chunks in chunking.every(case.data):
        assert_same(parse(ps, _settings(case, case.need), chunks), free)


@each
def test_one_over_the_limit(ps: ModuleType, case: Case) -> None:
    settings = _settings(case, case.need - 1)
    outcome = parse(ps, settings, [case.data])
    fault = outcome.fault
    assert fault is not None
    assert (fault.kind, fault.code, fault.offset) == ("LimitExceeded", case.name, case.over)
    assert f"{case.name}={case.need - 1} " in fault.text
    for chunks in chunking.every(case.data):
        assert_same(parse(ps, settings, chunks), outcome, len(chunks[0]))


@each
def test_far_over_the_limit(ps: ModuleType, case: Case) -> None:
    settings = _settings(case, 1)
    outcome = parse(ps, settings, [case.data])
    assert outcome.fault is not None
    assert outcome.fault.code == case.name
    for chunks in chunking.every(case.data):
        assert_same(parse(ps, settings, chunks), outcome, len(chunks[0]))


@each
def test_limits_are_faults_of_size(ps: ModuleType, case: Case) -> None:
    parser = _settings(case, case.need - 1).parser(ps)
    with pytest.raises(ps.LimitExceeded) as caught:
        list(parser.feed(case.data))
    assert caught.value.http_status == 413


def test_every_limit_of_the_parser_has_a_case() -> None:
    assert {case.name for case in CASES} == {
        "max_header_line", "max_headers", "max_header_block", "max_preamble", "max_epilogue",
        "max_depth", "max_parts", "max_part_size", "max_total_size",
    }  # fmt: skip


def test_a_body_is_given_up_to_its_limit(ps: ModuleType) -> None:
    limits = ps.Limits(max_part_size=3)
    events = ps.MultipartParser("B", subtype="mixed", limits=limits).feed(HEAD + b"12345")
    assert list.__getitem__(events, 1) == b"123"


def test_a_header_block_without_end_is_refused_early(ps: ModuleType) -> None:
    """Memory: no more than the limit is kept, however long the sender goes on."""
    parser = ps.MultipartParser("B", subtype="mixed", limits=ps.Limits(max_headers=None))
    parser.feed(b"--B\r\n")
    with pytest.raises(ps.LimitExceeded) as caught:
        deque(map(parser.feed, repeat(b"A: b\r\n")), maxlen=0)
    assert caught.value.code == "max_header_block"
    assert parser.offset <= 16384 + 16


# The values


def test_presets_and_defaults_are_safe(ps: ModuleType) -> None:
    stream = ps.Limits.STREAM
    assert stream == ps.Limits()
    assert (stream.max_header_line, stream.max_headers, stream.max_header_block) == (
        8190, 128, 16384,
    )  # fmt: skip
    assert (stream.max_preamble, stream.max_epilogue, stream.max_depth) == (65536, 65536, 8)
    assert stream.max_parts is stream.max_part_size is stream.max_total_size is None


@pytest.mark.parametrize("value", ["1", 1.0, True, b"1"])
def test_a_limit_is_an_int_or_none(ps: ModuleType, value: object) -> None:
    with pytest.raises(TypeError, match="max_parts"):
        ps.Limits(max_parts=value)


@pytest.mark.parametrize(("name", "value"), [("max_parts", -1), ("max_depth", 0)])
def test_a_limit_has_a_least_value(ps: ModuleType, name: str, value: int) -> None:
    with pytest.raises(ValueError, match=name):
        ps.Limits(**{name: value})


@pytest.mark.parametrize("value", [2**62, 2**64, 2**200])
def test_a_limit_may_be_larger_than_any_stream(ps: ModuleType, value: int) -> None:
    names = [item.name for item in dataclasses.fields(ps.Limits) if item.init]
    limits = {name: value for name in names if name != "max_depth"}
    outcome = parse(ps, Settings(subtype="mixed", limits=limits), [HEAD + b"1\r\n--B--x"])
    assert outcome.fault is None


@pytest.mark.parametrize("name", ["max_preamble", "max_epilogue", "max_parts", "max_part_size"])
def test_a_limit_of_nothing_lets_nothing_pass(ps: ModuleType, name: str) -> None:
    settings = Settings(subtype="mixed", limits={name: 0})
    empty = parse(ps, settings, [b"--B--"])
    assert empty.fault is None
    outcome = parse(ps, settings, [b"p\r\n" + HEAD + b"1\r\n--B--\r\ne"])
    assert outcome.fault is not None
    assert outcome.fault.code == name


def test_unlimited_depth_has_an_end(ps: ModuleType) -> None:
    """Each open boundary costs time at each delimiter, so there are no more than a hundred."""
    inner = Multipart("x", [Part(PLAIN, b"1")])
    for level in range(100):
        inner = Multipart(f"b{level}", [nested_part(inner)])
    settings = Settings(inner.boundary, "mixed", nested=True, limits={"max_depth": None})
    outcome = parse(ps, settings, [body(inner)])
    assert outcome.fault is not None
    assert outcome.fault.code == "max_depth"
    assert "max_depth=100 " in outcome.fault.text


def test_limits_are_values(ps: ModuleType) -> None:
    limits = ps.Limits(max_parts=5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.max_parts = 6
    assert limits == dataclasses.replace(ps.Limits.STREAM, max_parts=5) != ps.Limits.STREAM
    assert hash(limits) == hash(ps.Limits(max_parts=5))
    assert pickle.loads(pickle.dumps(limits)) == limits
    assert repr(limits).startswith("Limits(max_header_line=8190, ")
    with pytest.raises(TypeError):
        ps.Limits(5)


def test_each_limit_is_documented(ps: ModuleType) -> None:
    for item in dataclasses.fields(ps.Limits):
        if item.init:
            assert item.name.startswith("max_")
            assert item.metadata["doc"].endswith(".")
            assert item.metadata["unit"]


def test_the_error_names_the_limit(ps_module: Callable[[str], ModuleType]) -> None:
    limits = ps_module("limits").Limits(max_parts=5)
    error = limits.exceeded("max_parts", 7)
    text = "over the limit max_parts=5 parts (parts of the whole stream, nested ones too)"
    assert (error.code, error.offset, error.message) == ("max_parts", 7, text)
