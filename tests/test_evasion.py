"""What firewalls are evaded with: under STRICT nothing is read that another parser reads otherwise.

Each input of the behaviour table, the corpus, and thousands of mutations of it go through STRICT
and through each peer.  Where both read a message, parts and bodies must be the same; of names and
filenames may differ what ``evasion.LEFT`` names, and how `email` treats names that are not ASCII.
"""

from __future__ import annotations

import random
import sys
from functools import cache
from types import ModuleType

import pytest

import peers
from peers import Message, allowed, mutations, own
from support import corpus, evasion
from support.effort import rounds
from support.events import Settings, parse
from support.twins import twin

PEERS = (*peers.FORM_PEERS, *peers.MIXED_PEERS)

#: Mutations a peer, most of which STRICT refuses.
ROUNDS = 1500
_LARGE = 8000

#: What differences of names and filenames may be explained by, as the rules of ``peers`` say it.
_VALUES_LEFT = ("row g: ", "email ")


@pytest.fixture
def readings(ps: ModuleType) -> list[evasion.Reading]:
    found = list(evasion.readings(ps))
    if sys.version_info < (3, 11):  # the last python-multipart for it is another one
        for reading in found:
            reading.theirs.pop("python_multipart", None)
    return found


def _rows(found: list[evasion.Reading], strict: bool) -> dict[str, set[str]]:
    rows: dict[str, set[str]] = {}
    for reading in found:
        ours = reading.strict if strict else reading.default
        if strict and ours is None:
            continue
        for peer in reading.otherwise(ours):
            rows.setdefault(reading.row.row, set()).add(peer)
    return rows


def test_who_reads_what_otherwise_than_default(readings: list[evasion.Reading]) -> None:
    missing = {"python_multipart"} if sys.version_info < (3, 11) else set()
    expected = {row: set(names) - missing for row, names in evasion.SPLIT.items()}
    assert _rows(readings, strict=False) == expected


def test_strict_refuses_it_or_all_agree(readings: list[evasion.Reading]) -> None:
    assert _rows(readings, strict=True).keys() == evasion.LEFT.keys()


def test_what_is_left_are_values_and_no_parts(readings: list[evasion.Reading]) -> None:
    looked_at = 0
    for reading in readings:
        for parts in reading.theirs.values():
            if reading.strict is not None:
                looked_at += 1
                ours = [leaf.body for leaf in reading.strict]
                assert [leaf.body for leaf in parts] == ours, reading.row
    assert looked_at > 100


def test_each_split_row_has_an_input_that_strict_refuses(readings: list[evasion.Reading]) -> None:
    refused = {reading.row.row for reading in readings if reading.strict is None}
    assert evasion.SPLIT.keys() - refused == {"g"}


def test_dashes_before_the_first_delimiter_are_preamble(ps: ModuleType) -> None:
    """A find of fuzzing: the compiled twin held them back, as if they could be a stray there."""
    boundary = "-" * 19 + "b" * 20
    choices = {"boundary_in_content": "never"}
    limits = {"max_preamble": 12, "max_total_size": 17}
    settings = Settings(boundary, policy="LEGACY", choices=choices, limits=limits)
    fault = parse(ps, settings, [b"\r\r" + b"-" * 16]).fault
    assert fault is not None
    assert (fault.code, fault.offset) == ("max_preamble", 12)


@cache
def _messages(form: bool) -> tuple[Message, ...]:
    parameters = twin("c").module("parameters")
    found = [own.message(corpus.load(name), parameters) for name in corpus.names()]
    found = [item for item in found if (item.subtype == "form-data") == form]
    small = [item for item in found if len(item.data) < _LARGE]
    return tuple(mutations.numbered(item) if form else item for item in small)


@pytest.mark.parametrize("peer", PEERS)
def test_mutations(peer: str, twins: dict[str, ModuleType], rng: random.Random) -> None:
    if peer == "python_multipart" and sys.version_info < (3, 11):
        pytest.skip("the rules are those of python-multipart 0.0.34, which needs Python 3.11")
    form = peer in peers.FORM_PEERS
    read = 0
    for _ in rounds(ROUNDS):
        sent = mutations.mutated(rng, rng.choice(_messages(form)))
        if rng.random() < 0.3:
            sent = mutations.mutated(rng, sent)
        ours = _strict(twins["c"], sent, form)
        if ours.fault is None:
            theirs = peers.read(peer, sent)
            read += not isinstance(theirs, peers.Refusal)
            for found in allowed.compare(peer, sent, ours, theirs):
                if found.kind != "they_refuse":
                    rule = allowed.rule_for(found)
                    assert rule is not None, (found, sent.data)
                    assert rule.kind == "value", (found, sent.data)
                    assert rule.why.startswith(_VALUES_LEFT), (found, sent.data)
    assert read > len(rounds(ROUNDS)) // 20  # or nothing was compared


def _strict(package: ModuleType, sent: Message, form: bool) -> own.Own:
    settings = Settings(sent.boundary, subtype=sent.subtype, nested=not form, policy="STRICT")
    return own.reading(parse(package, settings, [sent.data]))
