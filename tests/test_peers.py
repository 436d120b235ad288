"""Other parsers beside ours: on real messages, on the same with one change, and on known defects.

The corpus and thousands of mutations of it go through each peer and through both twins; what the
peers read otherwise must be explained by ``peers/allowed.py``.  A difference without explanation
is a bug of ours, or news of a peer: look at the input that the failure shows, decide by the
behaviour table who is right, and mend the one or write a rule with the reason.
"""

from __future__ import annotations

import random
import sys
from functools import cache
from types import ModuleType

import pytest
from multipart import StrictParserError

import peers
from peers import Leaf, Message, Refusal, allowed, multipart_push, mutations, own
from support import chunking, corpus
from support.effort import rounds
from support.events import Settings, assert_same, parse
from support.twins import twin

PEERS = (*peers.FORM_PEERS, *peers.MIXED_PEERS)

#: Mutations a peer; the change must matter, so messages that are mostly body are left out.
ROUNDS = 700
_LARGE = 8000


@cache
def _messages() -> tuple[Message, ...]:
    parameters = twin("c").module("parameters")
    return tuple(own.message(corpus.load(name), parameters) for name in corpus.names())


def _is_form(message: Message) -> bool:
    return message.subtype == "form-data"


@cache
def _to_mutate(form: bool) -> tuple[Message, ...]:
    found = [item for item in _messages() if len(item.data) < _LARGE and _is_form(item) == form]
    return tuple(mutations.numbered(item) if form else item for item in found)


def _check(peer: str, sent: Message, twins: dict[str, ModuleType]) -> None:
    """Let all read a message, and fail for a difference that no rule explains."""
    nested = peer in peers.MIXED_PEERS
    first, second = (own.outcome(package, sent, nested) for package in twins.values())
    assert_same(first, second, "between the twins")
    theirs = peers.read(peer, sent)
    ours = own.reading(first)
    for found in allowed.compare(peer, sent, ours, theirs):
        if allowed.rule_for(found) is None:
            short = found._replace(message=None, own=None, region=found.region[-400:])  # type: ignore[arg-type]
            raise AssertionError(f"{short}\n  our fault {ours.fault}\n  in {sent.data!r}")


@pytest.mark.parametrize("peer", PEERS)
def test_corpus(peer: str, twins: dict[str, ModuleType]) -> None:
    for sent in _messages():
        if _is_form(sent) or peer in peers.MIXED_PEERS:
            _check(peer, sent, twins)


@pytest.mark.parametrize("peer", PEERS)
def test_mutations(peer: str, twins: dict[str, ModuleType], rng: random.Random) -> None:
    if peer == "python_multipart" and sys.version_info < (3, 11):
        pytest.skip("the rules are those of python-multipart 0.0.34, which needs Python 3.11")
    originals = _to_mutate(peer in peers.FORM_PEERS)
    for _ in rounds(ROUNDS):
        _check(peer, mutations.mutated(rng, rng.choice(originals)), twins)


# Defects seen in peers by running them.  Ours is right on each; what the installed peer does is
# asserted too, so that we learn when it is mended.

_A = b'Content-Disposition: form-data; name="a"\r\n'
_CHILD = b"Content-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\nX: y\r\n\r\n1\r\n--C--\r\n"


def _form(data: bytes, boundary: str = "B") -> Message:
    content_type = f"multipart/form-data; boundary={boundary}"
    return Message(content_type, boundary.encode(), "form-data", data)


def _mixed(data: bytes) -> Message:
    return Message("multipart/mixed; boundary=B", b"B", "mixed", data)


def _bodies(found: list[Leaf] | Refusal) -> list[bytes | None] | str:
    return found.text if isinstance(found, Refusal) else [leaf.body for leaf in found]


def _ours(ps: ModuleType, sent: Message, nested: bool = False) -> list[bytes | None] | str:
    """Give the bodies, or the code of the error, and see that no chunks change them."""
    whole = own.outcome(ps, sent, nested)
    settings = own.settings(sent, nested)
    for chunks in chunking.every(sent.data):
        assert_same(parse(ps, settings, chunks), whole, chunks)
    found = own.reading(whole)
    return found.fault.code if found.fault else _bodies(found.leaves)


def test_chunk_that_ends_behind_the_boundary(ps: ModuleType) -> None:
    chunks = [b"--B\r\n" + _A + b"\r\n1\r\n--B-", b"-\r\n"]
    sent = _form(b"".join(chunks))
    assert _ours(ps, sent) == [b"1"]
    assert _bodies(peers.read("werkzeug_sansio", sent)) == [b"1"]
    assert _bodies(peers.read("werkzeug_sansio", sent, chunks)) == [b"1\r"]  # a CR leaks


@pytest.mark.parametrize("behind", [b"", b"\n", b"x", b"\r", b" \r\n", b"\r\n\r\n", b"\r\n--B\r\n"])
def test_closing_delimiter_with_anything_behind_it(ps: ModuleType, behind: bytes) -> None:
    assert _ours(ps, _form(b"--B\r\n" + _A + b"\r\n1\r\n--B--" + behind)) == [b"1"]


def test_line_that_starts_with_the_boundary(ps: ModuleType) -> None:
    sent = _form(b"--foo\r\n" + _A + b"\r\n1\r\n--foobar\r\n2\r\n--foo--\r\n", "foo")
    assert _ours(ps, sent) == [b"1\r\n--foobar\r\n2"]


def test_padding_loses_no_part(ps: ModuleType) -> None:
    part = b"--foo \t\r\n" + _A + b"\r\n1\r\n"
    assert _ours(ps, _form(part + part + b"--foo--\r\n", "foo")) == [b"1", b"1"]


def test_inner_closing_delimiter_right_before_an_outer_one(ps: ModuleType) -> None:
    sent = _mixed(b"--B\r\n" + _CHILD + b"--B\r\n" + _A + b"\r\n2\r\n--B--\r\n")
    assert _ours(ps, sent, nested=True) == [b"1", b"2"]
    assert own.reading(own.outcome(ps, sent, nested=True)).leaves[1].name == "a"
    theirs = peers.read("aiohttp_reader", sent)
    assert isinstance(theirs, Refusal)  # a header line is lost, and turns up as a delimiter
    assert theirs.text.startswith("ValueError: Invalid boundary b'Content-Disposition: form-data")


def test_inner_epilogue_of_two_lines(ps: ModuleType) -> None:
    sent = _mixed(b"--B\r\n" + _CHILD + b"x\r\ny\r\n--B\r\n" + _A + b"\r\n2\r\n--B--\r\n")
    assert _ours(ps, sent, nested=True) == [b"1", b"2"]
    theirs = peers.read("aiohttp_reader", sent)
    assert theirs == Refusal("ValueError: Invalid boundary b'x', expected b'--B'")


def test_leading_charset_field(ps: ModuleType) -> None:
    field = b'Content-Disposition: form-data; name="_charset_"\r\n\r\nutf-8\r\n'
    boundary = "b" * 32
    line = b"--" + boundary.encode()
    data = line + b"\r\n" + field + line + b"\r\n" + _A + b"\r\n1\r\n" + line + b"--\r\n"
    sent = _form(data, boundary)
    assert _ours(ps, sent) == [b"utf-8", b"1"]
    theirs = peers.read("aiohttp_reader", sent)
    assert isinstance(theirs, Refusal)
    assert theirs.text.startswith("AssertionError: Chunk size must be greater or equal")


def test_truncated_body(ps: ModuleType) -> None:
    part = b"--B\r\n" + _A + b"\r\n1\r\n"
    sent = _form(part + part[:-3])
    assert _ours(ps, sent) == "truncated"
    assert _bodies(peers.read("python_multipart", sent)) == [b"1"]


@pytest.mark.parametrize(
    ("before", "behind", "code"),
    [(b"a preamble\r\n", b"\r\n", "preamble"), (b"", b"\r\nan epilogue", "epilogue")],
)
def test_strict_is_the_same_however_the_input_is_cut(
    ps: ModuleType, before: bytes, behind: bytes, code: str
) -> None:
    sent = _form(before + b"--B\r\n" + _A + b"\r\n1\r\n--B--" + behind)
    settings = Settings(policy="STRICT")
    codes = {parse(ps, settings, chunks).fault.code for chunks in chunking.every(sent.data)}
    assert codes == {code}
    assert _bodies(multipart_push.read(sent, [sent.data], strict=True)) == [b"1"]
    with pytest.raises(StrictParserError):
        multipart_push.read(sent, chunking.sevens(sent.data), strict=True)
