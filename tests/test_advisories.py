"""Known attacks on multipart parsers, each by the identifier that it became known under.

Here are those that bytes alone make up: what the parser decides.  Each is sent whole and a byte at
a time, to both twins and under every policy, and must end in a ``MultipartError`` or read right,
without keeping more than its limits allow.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.attacks import ATTACKS, END, HEAD, Attack, disposition, mixed
from support.building import field_part, form
from support.events import Begin, Outcome, Settings, assert_same, parse

POLICIES = ("STRICT", "DEFAULT", "LEGACY")


def _name(attack: Attack) -> str:
    return f"{attack.ids}-{attack.what}".replace(" ", "_")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("attack", ATTACKS, ids=_name)
def test_attack(ps: ModuleType, attack: Attack, policy: str) -> None:
    given = attack.settings
    settings = Settings(given.boundary, given.subtype, given.nested, policy, {}, given.limits)
    outcome = parse(ps, settings, [attack.data])
    if policy == "DEFAULT":
        code = outcome.fault.code if outcome.fault else None
        assert code == attack.code
    assert_same(parse(ps, settings, chunking.bytewise(attack.data)), outcome)
    _check_bounded(ps, settings, outcome)


def _check_bounded(ps: ModuleType, settings: Settings, outcome: Outcome) -> None:
    """What came out is within the limits."""
    limits = ps.Limits(**settings.limits)
    depth = max((event.depth for event in outcome.events if isinstance(event, Begin)), default=0)
    assert depth < limits.max_depth
    for event in outcome.events:
        if isinstance(event, bytes):
            assert len(event) <= (limits.max_part_size or 10**6)
        elif isinstance(event, Begin):
            assert len(event.headers) <= limits.max_headers
            assert not any(set("\r\n\0") & set(key + value) for key, value in event.headers)


# Whose value counts


@pytest.mark.parametrize(
    "extra",
    [
        b"name*=utf-8''evil",
        b"name*0=evil",
        b"filename*=utf-8''evil",
        b"filename*0=evil",
        b"filename*0*=utf-8''evil",
        b'name="evil"',
        b'filename="evil"',
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_cve_2026_53537_a_plain_parameter_is_never_overridden(
    ps: ModuleType, extra: bytes, first: bool
) -> None:
    """A firewall that reads the plain parameter must have seen what the application gets."""
    plain = b'name="good"; filename="good"'
    data = disposition(b"form-data; " + b"; ".join([extra, plain] if first else [plain, extra]))
    for policy in ("STRICT", "DEFAULT"):
        outcome = parse(ps, Settings(policy=policy), [data])
        if outcome.fault is None:
            begin = outcome.events[0]
            assert isinstance(begin, Begin)
            assert (begin.name, begin.filename) == ("good", "good")
        else:
            assert outcome.fault.code in ("repeated_parameter", "extended_parameter")


@pytest.mark.parametrize(
    "value",
    [
        "multipart/form-data; boundary=B; boundary=C",
        "multipart/form-data; boundary=B; Boundary=C",
        'multipart/form-data; boundary=B; boundary="C"',
    ],
)
def test_cve_2026_26961_boundary_twice(
    ps: ModuleType, ps_module: Callable[[str], ModuleType], value: str
) -> None:
    parameters = ps_module("parameters")
    for policy in (ps.Policy.STRICT, ps.Policy.DEFAULT):
        with pytest.raises(ps.ParseError) as caught:
            parameters.boundary_of(parameters.Header(value, None, policy.form_mask, True))
        assert caught.value.code == "repeated_boundary"


@pytest.mark.parametrize("value", ["boundary*=utf-8''B", "boundary*0=B", "boundary*0*=utf-8''B"])
def test_waffled_continued_boundary(
    ps: ModuleType, ps_module: Callable[[str], ModuleType], value: str
) -> None:
    parameters = ps_module("parameters")
    for policy in POLICIES:
        mask = getattr(ps.Policy, policy).form_mask
        header = parameters.Header(f"multipart/form-data; {value}", None, mask, True)
        with pytest.raises(ps.ParseError) as caught:
            parameters.boundary_of(header)
        assert caught.value.code == "missing_boundary"


@pytest.mark.parametrize("size", [71, 4096, 1_000_000])
def test_cve_2014_0050_overlong_boundary(ps: ModuleType, size: int) -> None:
    with pytest.raises(ps.ParseError) as caught:
        ps.MultipartParser("b" * size)
    assert caught.value.code == "invalid_boundary"
    data = b"--B\r\nContent-Type: multipart/mixed; boundary=" + b"b" * min(size, 8000) + b"\r\n\r\n"
    outcome = parse(ps, mixed(), [data])
    assert outcome.fault is not None
    assert outcome.fault.code == "invalid_boundary"


@pytest.mark.parametrize("name", ["/etc/passwd", "../../x", "..\\..\\x", "C:\\x", "a/../b", ".."])
def test_cve_2026_24486_a_filename_is_told_as_it_was_sent(ps: ModuleType, name: str) -> None:
    """A parser writes no files; it must not make a hostile name look like another one."""
    data = disposition(b'form-data; name="a"; filename="' + name.encode() + b'"')
    begin = parse(ps, Settings(), [data]).events[0]
    assert isinstance(begin, Begin)
    assert begin.filename == name


# Work and memory


def _endless(start: bytes, piece: bytes) -> Iterator[bytes]:
    yield start
    while True:
        yield piece


ENDLESS = {
    "CVE-2026-40347 preamble": (b"", b"x" * 1000),
    "CVE-2026-42561 header line": (b"--B\r\nA: ", b"x" * 1000),
    "CVE-2025-61772 header block": (b"--B\r\n", b"A: b\r\n" * 100),
    "CVE-2026-34516 header names": (b"--B\r\n", b"x:\r\n"),
    "CVE-2024-53981 epilogue": (HEAD + END, b"\r\n" * 500),
    "CVE-2023-30798 parts": (b"", form(field_part("a", b"1")).removesuffix(b"--") + b"\r\n"),
    "CVE-2024-47874 body": (HEAD, b"x" * 1000),
    "CVE-2023-46136 body": (HEAD, b"\r\n--"),
}


@pytest.mark.parametrize("attack", ENDLESS.values(), ids=ENDLESS)
def test_a_stream_without_end_is_refused_in_bounded_memory(
    ps: ModuleType, attack: tuple[bytes, bytes]
) -> None:
    limits = ps.Limits(max_parts=1000, max_part_size=60_000, max_total_size=200_000)
    parser = ps.MultipartParser("B", limits=limits)
    tracemalloc.start()
    try:
        with pytest.raises(ps.MultipartError) as caught:
            _drain(parser, _endless(*attack))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.http_status in (400, 413)
    assert peak < 200_000


def _drain(parser: Any, chunks: Iterator[bytes]) -> None:
    for chunk in chunks:
        for _ in parser.feed(chunk):
            pass


def _fed(parser: Any, data: bytes) -> int:
    """Feed bytewise; give how many bytes of events came out."""
    found = 0
    for chunk in chunking.bytewise(data):
        for event in parser.feed(chunk):
            found += len(event) if type(event) is bytes else 0
    return found


def test_cve_2023_46136_nothing_is_lost_bytewise(ps: ModuleType) -> None:
    content = (b"\r" * 100 + b"\r\n" * 100 + b"\r\n--" * 100 + b"x" * 500) * 10
    parser = ps.MultipartParser("B")
    assert _fed(parser, HEAD + content + END) == len(content)
    assert parser.done
