"""Header blocks: the normal form that is made of them, and the tokenizers that read it."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from support.effort import rounds
from support.twins import twin

Module = Callable[[str], ModuleType]
A = b'Content-Disposition: form-data; name="a"'


@pytest.fixture
def headers(ps_module: Module) -> ModuleType:
    """The module that examines header blocks."""
    return ps_module("headers")


def _level(ps: ModuleType, headers: ModuleType, policy: str, form: bool, nested: bool) -> Any:
    chosen = getattr(ps.Policy, policy)
    return headers.Level(chosen.form_mask if form else chosen.other_mask, form, nested)


@pytest.fixture
def examine(ps: ModuleType, headers: ModuleType) -> Callable[..., Any]:
    """Examines a block, as a part of a form under LEGACY where nothing else is said."""

    def examined(
        block: bytes,
        policy: str = "LEGACY",
        form: bool = True,
        nested: bool = True,
        base: int = 0,
        lf: bool = False,
    ) -> Any:
        return headers.examine(block, base, _level(ps, headers, policy, form, nested), lf=lf)

    return examined


# Normal form


@pytest.mark.parametrize(
    ("block", "normal"),
    [
        (b"A: b", b"A: b"),
        (b"A:b", b"A: b"),
        (b"A: \t b \t", b"A: b"),
        (b"A:", b"A: "),
        (b"A: b: c", b"A: b: c"),
        (b"A: b\tc", b"A: b\tc"),
        (b"A: b\r\nC: d", b"A: b\r\nC: d"),
        (b"A: b\r\n c\r\n\td", b"A: b c d"),
        (b"A:\r\n b", b"A: b"),
        (b"A: b\r\n \r\n c", b"A: b c"),
        (b"A: b\r\n ", b"A: b"),
        (b"A: b\r\nno colon\r\nC: d", b"A: b\r\nC: d"),
        (b"A: b\r\nno colon\r\n fold\r\nC: d", b"A: b\r\nC: d"),
        (b"A : b", b"A: b"),
        (b"A\t: b", b"A: b"),
        (b"A B: c\r\nD: e", b"D: e"),
        (b": b\r\nD: e", b"D: e"),
        (b"\xe9: b\r\nD: e", b"D: e"),
        (b" A: b\r\nD: e", b"D: e"),
        (b"A: caf\xc3\xa9", b"A: caf\xc3\xa9"),
        (b"A: \xff", b"A: \xff"),
        (b"", b""),
    ],
)
def test_normal_form(examine: Callable[..., Any], block: bytes, normal: bytes) -> None:
    found = examine(block).block
    assert found == normal
    assert examine(found).block == normal
    if b"\r\n" in block:
        assert examine(block.replace(b"\r\n", b"\n"), lf=True).block == normal


@pytest.mark.parametrize("code", [*range(9), 11, 12, 13, *range(14, 32), 127])
def test_controls_are_refused_wherever_they_are(
    ps: ModuleType, examine: Callable[..., Any], code: int
) -> None:
    control = bytes([code])
    for block in (b"A: b" + control, b"A" + control + b": b", control, b"A: b\r\n " + control):
        with pytest.raises(ps.ParseError) as caught:
            examine(block, base=100)
        assert caught.value.code == "header_control"
        assert caught.value.offset == 100 + block.index(control, 6 if b"\n" in block else 0)
        assert f"0x{code:02x}" in str(caught.value)


def test_a_bare_line_feed_is_a_control(ps: ModuleType, examine: Callable[..., Any]) -> None:
    with pytest.raises(ps.ParseError, match="0x0a"):
        examine(b"A: b\nC: d")


def test_offsets_of_folded_lines(ps: ModuleType, examine: Callable[..., Any]) -> None:
    for line_end, lf in ((b"\r\n", False), (b"\n", True)):
        block = line_end.join([b"A: b", b" c", b"D: e", b"no colon"])
        with pytest.raises(ps.ParseError) as caught:
            examine(block, "DEFAULT", form=False, base=50, lf=lf)
        assert caught.value.offset == 50 + block.index(b"no")


# What the headers mean


@pytest.mark.parametrize(
    ("value", "length"),
    [
        (b"0", 0),
        (b"1", 1),
        (b"007", 7),
        (b"0" * 5000 + b"7", 7),
        (b"123456789012345678", 123456789012345678),
        (b"9" * 19, 10**18),
        (b"9" * 5000, 10**18),
    ],
)
def test_content_length(examine: Callable[..., Any], value: bytes, length: int) -> None:
    head = examine(b"Content-Length: " + value, "DEFAULT", form=False)
    assert head.length == length
    assert examine(b"Content-Length: " + value, "LEGACY").length == -1


@pytest.mark.parametrize(
    "value",
    [b"", b"+5", b"-1", b"1_0", b"5, 5", b"0x5", b"5.0", b"5 5", "\u0665".encode(), b"\xb2"],
)
def test_content_length_that_is_no_number(
    ps: ModuleType, examine: Callable[..., Any], value: bytes
) -> None:
    for form in (True, False):
        with pytest.raises(ps.ParseError) as caught:
            examine(A + b"\r\nContent-Length: " + value, "DEFAULT", form)
        assert caught.value.code == "invalid_length"
        assert examine(A + b"\r\nContent-Length: " + value, "LEGACY", form).length == -1


def test_a_multipart_part_is_a_child(examine: Callable[..., Any], headers: ModuleType) -> None:
    block = b"Content-Type: Multipart/Mixed; boundary=C"
    assert examine(block, form=False).child == headers.Child(b"C", False)
    assert examine(block, form=False, nested=False).child is None
    assert examine(b"Content-Type: text/plain; boundary=C", form=False).child is None
    form = b"Content-Type: multipart/Form-Data ; boundary=C"
    assert examine(form, form=False).child == headers.Child(b"C", True)


def test_a_file_of_a_form_is_no_child(examine: Callable[..., Any]) -> None:
    """A page that a browser saved as multipart/related is uploaded as the file that it is."""
    kind = b"\r\nContent-Type: multipart/related; boundary=C"
    assert examine(A + kind).child is not None
    assert examine(A + b'; filename="a.mht"' + kind).child is None
    assert examine(A + b'; filename=""' + kind).child is None
    assert examine(A + b"\r\nContent-Type: multipart/related").child is None


def test_a_child_without_boundary_is_an_error(ps: ModuleType, examine: Callable[..., Any]) -> None:
    with pytest.raises(ps.ParseError) as caught:
        examine(b"Content-Type: multipart/mixed", form=False, base=100)
    assert (caught.value.code, caught.value.offset) == ("missing_boundary", 114)


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        (b"7bit", True),
        (b"8Bit", True),
        (b"BINARY", True),
        (b"base64", False),
        (b"x", False),
        (b"", False),
    ],
)
def test_transfer_encodings_of_a_strict_form(
    ps: ModuleType, examine: Callable[..., Any], value: bytes, fine: bool
) -> None:
    block = A + b"\r\nContent-Transfer-Encoding: " + value
    examine(block, "DEFAULT")
    examine(block, "STRICT", form=False)
    if fine:
        examine(block, "STRICT")
        return
    with pytest.raises(ps.ParseError) as caught:
        examine(block, "STRICT")
    assert (caught.value.code, caught.value.offset) == ("transfer_encoding", block.rindex(value))


# The tokenizers


def _both() -> tuple[Callable[[bytes], Any], Callable[[bytes], Any]]:
    compiled, pure = (twin(name).module("_backend").tokenize for name in ("c", "py"))
    assert compiled is not pure
    return compiled, pure


@pytest.mark.parametrize(
    ("block", "pairs"),
    [
        (b"", []),
        (b"A: b", [("A", "b")]),
        (b"A:b", [("A", "b")]),
        (b"A: ", [("A", "")]),
        (b"A:", [("A", "")]),
        (b"A: \t b \t", [("A", "b")]),
        (b"A: b: c", [("A", "b: c")]),
        (b"A: b\r\nA: c", [("A", "b"), ("A", "c")]),
        (b"content-type: x", [("Content-Type", "x")]),
        (b"CONTENT-TYPE: x", [("CONTENT-TYPE", "x")]),
        (b"A: caf\xc3\xa9", [("A", "caf\xe9")]),
        (b"A: \xff", [("A", "\udcff")]),
        (b"A: \xed\xa0\x80", [("A", "\udced\udca0\udc80")]),
        (b"A: \xf0\x9f\x98\x80", [("A", "\U0001f600")]),
    ],
)
def test_tokenize(ps_module: Module, block: bytes, pairs: list[tuple[str, str]]) -> None:
    assert ps_module("_backend").tokenize(block) == pairs


def test_tokenizers_agree(rng: random.Random) -> None:
    compiled, pure = _both()
    names = [b"A", b"content-type", b"Content-Disposition", b"X-!#$%&'*+.^_`|~", b"b" * 300]
    pieces = [b"x", b" ", b"\t", b":", b'"', b"\\", b"\xc3\xa9", b"\xff", b"\xf0\x9f", b";"]
    for _ in rounds(2000):
        lines = []
        for _ in range(rng.randrange(5)):
            value = b"".join(rng.choice(pieces) for _ in range(rng.randrange(12)))
            lines.append(rng.choice(names) + b":" + value)
        block = b"\r\n".join(lines)
        assert compiled(block) == pure(block), block


def test_what_is_normal_tokenizes_as_it_was_written(
    examine: Callable[..., Any], ps_module: Module, rng: random.Random
) -> None:
    tokenize = ps_module("_backend").tokenize
    for _ in rounds(300):
        pairs = [(f"X-{index}", "v" * rng.randrange(9)) for index in range(rng.randrange(6))]
        written = "\r\n".join(f"{name}:{' ' * rng.randrange(3)}{value}" for name, value in pairs)
        assert tokenize(examine(written.encode()).block) == pairs
