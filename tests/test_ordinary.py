"""Quick ways through header blocks: taken only where ``examine`` changes and refuses nothing."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.effort import rounds
from support.twins import twin

DISPOSITION = b'Content-Disposition: form-data; name="a"'

ORDINARY = [
    (b"Content-Type: text/plain", None, None, "text/plain", -1),
    (b"content-type: Text/PLAIN ; charset=utf-8", None, None, "text/plain", -1),
    (b"CONTENT-TYPE: ;", None, None, "", -1),
    (b"Content-Type: image/jpeg\r\nContent-Length: 007", None, None, "image/jpeg", 7),
    (b"Content-Length: 0", None, None, None, 0),
    (b"Content-Length: " + b"9" * 18, None, None, None, 10**18 - 1),
    (b"X-A: b\r\nX-A: c\r\nx_~: a: b", None, None, None, -1),
    (b"Content-ID: <a@b>\r\nContent-Transfer-Encoding: binary", None, None, None, -1),
    (b"Content-Transfer-Encoding: 8BIT", None, None, None, -1),
    (b"X: caf\xc3\xa9", None, None, None, -1),
    (DISPOSITION, "a", None, None, -1),
    (DISPOSITION + b"\r\nX-A: b\r\nContent-Type: a/b", "a", None, "a/b", -1),
    (DISPOSITION + b'; filename="b c.txt"', "a", "b c.txt", None, -1),
    (b'Content-Disposition: form-data; filename="b"; name="a"', "a", "b", None, -1),
    (b'Content-Disposition: attachment; filename="b;c=d"', None, "b;c=d", None, -1),
    (b'Content-Disposition: inline; name=""', "", None, None, -1),
    (b"Content-Disposition: attachment; filename=b.txt", None, "b.txt", None, -1),
    (b"content-disposition: inline", None, None, None, -1),
    (b'Content-Disposition: attachment; filename="\xe2\x82\xac"', None, "\u20ac", None, -1),
]

ODD = [
    b"", b"A:b", b"A: b ", b"A:  b", b"A: ", b"A : b", b" A: b", b"A: b\r\n c", b"no colon",
    b"A: b\tc", b"A: \xff", b"A: b\x7f", b"A\xc3\xa9: b", b"A: b\r\n", b"\r\nA: b", b"A: b\nC: d",
    b"--B: x", b"A: b\rC: d", b"Content-Type: a/b\r\ncontent-type: a/b", b"Content-Length: ",
    b"Content-Length: +1", b"Content-Length: \xc2\xb2", b"Content-Length: 1\r\nContent-Length: 1",
    b"Content-Length: " + b"1" * 19, DISPOSITION + b"\r\n" + DISPOSITION, DISPOSITION + b"; x=y",
    DISPOSITION + b'; name="b"', DISPOSITION + b"; filename=b", DISPOSITION + b"x",
    DISPOSITION[:-1],
    b'Content-Disposition: form-data; name="a\\"b"', b"Content-Disposition: form-data; name=",
    b'Content-Disposition: form-data; name=a"b"', b"Content-Disposition: form-data; name=a b",
    b'Content-Disposition: form-data;name="a"', b"Content-Disposition: form-data; filename*=a",
    b'Content-Disposition: =; name="a"', b'Content-Disposition: form-data; name="a"; filename="b"c',
    b'Content-Disposition: form-data; NAME="a"', b'Content-Disposition: form-data; "name="a"',
    b"Content-Disposition: form-data; name=a=b", b"Content-Disposition: form-data; a; name=b",
]  # fmt: skip

_LINES = [item[0] for item in ORDINARY] + ODD
_BITS = [b"\r\n", b"\r\n", b": ", b":", b" ", b"\t", b'"', b"; ", b";", b"=", b"%22", b"\\", b"a",
         b"name", b"filename", b'filename="x"', b"form-data", b"multipart/mixed", b"charset=utf-7",
         b"base64", b"7bit", b"\xc3\xa4", b"\xff", b"\0", b"--", b"*", b"9",
         b"Content-Type: multipart/mixed; boundary=C"]  # fmt: skip


def _pure(name: str) -> Any:
    return twin("py").module(name)


def _level(policy: str, form: bool, nested: bool) -> Any:
    chosen = getattr(twin("py").package.Policy, policy)
    return _pure("headers").Level(chosen.form_mask if form else chosen.other_mask, form, nested)


_KINDS = [
    (policy, form, nested)
    for policy in ("STRICT", "DEFAULT", "LEGACY")
    for form in (False, True)
    for nested in (False, True)
]


@pytest.mark.parametrize(("block", "name", "filename", "kind", "length"), ORDINARY)
def test_these_are_ordinary(
    block: bytes, name: str | None, filename: str | None, kind: str | None, length: int
) -> None:
    level = _level("DEFAULT", False, True)
    found = _pure("_ordinary_py").ordinary_head(block, level, 9)
    expected = _pure("headers").Head(block, name, filename, length, None)
    assert found == (expected, kind)


@pytest.mark.parametrize("block", ODD)
def test_these_are_not(block: bytes) -> None:
    for policy in ("STRICT", "DEFAULT", "LEGACY"):
        level = _level(policy, True, False)
        assert _pure("_ordinary_py").ordinary_head(block, level, 9) is None


@pytest.mark.parametrize(
    ("block", "policy", "form"),
    [
        (b"Content-Type: multipart/mixed; boundary=B", "DEFAULT", False),
        (b"Content-Type: text/plain; charset=utf-7", "STRICT", False),
        (b"Content-Transfer-Encoding: base64", "DEFAULT", True),
        (b'Content-Disposition: form-data; name="%22"', "DEFAULT", True),
        (b"Content-Type: text/plain", "STRICT", True),
    ],
)
def test_what_the_policy_or_the_subtype_makes_odd(block: bytes, policy: str, form: bool) -> None:
    ordinary_head = _pure("_ordinary_py").ordinary_head
    assert ordinary_head(block, _level(policy, form, True), 9) is None


def test_a_line_more_than_there_may_be() -> None:
    ordinary_head = _pure("_ordinary_py").ordinary_head
    level = _level("DEFAULT", False, False)
    assert ordinary_head(b"A: b\r\nC: d", level, 2) is not None
    assert ordinary_head(b"A: b\r\nC: d", level, 1) is None


def _block(rng: random.Random) -> bytes:
    """Give lines of which most are ordinary, with a change or two more often than not."""
    block = b"\r\n".join(rng.choice(_LINES) for _ in range(rng.choice((1, 1, 2, 3))))
    for _ in range(rng.choice((0, 1, 1, 2))):
        at, size = rng.randrange(len(block) + 1), rng.choice((0, 0, 1, 3))
        block = block[:at] + rng.choice(_BITS) + block[at + size :]
    return block


def test_examine_would_change_nothing(rng: random.Random) -> None:
    """What a quick way of the pure twin gives is what ``examine`` gives."""
    examine, content_type = _pure("headers").examine, _pure("_headers_py").content_type
    plain_head, head_of = _pure("_headers_py").plain_head, _pure("headers").Head
    ordinary_head = _pure("_ordinary_py").ordinary_head
    taken = plain = 0
    for _ in rounds(4000):
        block, kind = _block(rng), rng.choice(_KINDS)
        level = _level(*kind)
        found = ordinary_head(block, level, 9)
        if found is not None:
            taken += 1
            assert (examine(block, 0, level), content_type(block)) == found, (block, kind)
        quick = plain_head(block, level.mask)
        if quick is not None and b":  " not in block and b" \r\n" not in block + b"\r\n":
            plain += 1
            head = head_of(block, *quick[:2], -1, None)
            assert (examine(block, 0, level), content_type(block)) == (head, quick[2]), block
    assert taken > len(rounds(300))
    assert plain >= len(rounds(10))


def test_a_beginning_is_the_same_whichever_way_its_block_took(
    ps: ModuleType, rng: random.Random
) -> None:
    """A block that is cut goes through ``examine``; its event is equal to that of the whole."""
    met = 0
    for _ in rounds(400):
        block = _block(rng)
        data = b"--B\r\n" + block + b"\r\n\r\n1\r\n--B--"
        policy, form, nested = rng.choice(_KINDS)
        outcomes = []
        for chunks in ([data], chunking.bytewise(data)):
            subtype, chosen = "form-data" if form else "mixed", getattr(ps.Policy, policy)
            parser = ps.MultipartParser("B", subtype=subtype, nested=nested, policy=chosen)
            begins: list[Any] = []
            try:
                for chunk in chunks:
                    for event in parser.feed(chunk):
                        if isinstance(event, ps.PartBegin):
                            begins.append(event)
            except ps.MultipartError:
                pass
            outcomes.append(begins)
        assert outcomes[0] == outcomes[1], (block, policy, form, nested)
        assert [*map(hash, outcomes[0])] == [*map(hash, outcomes[1])]
        met += len(outcomes[0])
    assert met > len(rounds(100))
