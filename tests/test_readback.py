"""What our writer writes is read back unchanged, by our readers and by those of other hands.

Each reader gets the same bodies: a fixed list of what readers differ on, and random ones.  What it
gives must be what was written, but for what ``readback/differences.py`` says of it; and each entry
there must be met, so that none outlives the reader that it was written for.

Node and Go may be absent; with ``PARTSTREAM_REQUIRE_PEERS=1`` that is a failure.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

import readback
from readback import FORM_PEERS, MIXED_PEERS, Item, cases, differences, node_busboy, written
from readback.differences import DIFFERENCES, Difference, Refusal
from support.effort import rounds
from support.twins import twin

FORMS, TREES = 60, 40

Twins = dict[str, ModuleType]


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> str:
    """The name of a reader; the test is skipped where that is not installed."""
    name: str = request.param
    why = readback.missing(name)
    if why is not None and os.environ.get("PARTSTREAM_REQUIRE_PEERS") == "1":
        pytest.fail(f"{name}: {why}", pytrace=False)
    if why is not None:
        pytest.skip(f"{name}: {why}")
    return name


each_form_peer = pytest.mark.parametrize("peer", FORM_PEERS, indirect=True)
each_mixed_peer = pytest.mark.parametrize("peer", MIXED_PEERS, indirect=True)


def _read(peer: str, content_type: str, body: bytes) -> list[Item] | str:
    """Let a reader read; ours is that of the twin in use."""
    try:
        return readback.read(peer, content_type, body)
    except Exception as error:  # what a reader raises is its own affair
        return f"refused: {type(error).__name__}: {error}"


def _readings(peer: str, twins: Twins, content_type: str, body: bytes) -> list[list[Item] | str]:
    if not peer.startswith("own"):
        return [_read(peer, content_type, body)]
    found = []
    for name in twins:
        with twin(name).active():
            found.append(_read(peer, content_type, body))
    return found


def _same(bodies: Iterable[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Give what both twins have written."""
    first, *others = bodies
    assert others == [first] * len(others)
    return first


def _check(
    peer: str,
    twins: Twins,
    sent: list[Item],
    body: tuple[str, bytes],
    used: set[Difference] | None = None,
) -> None:
    """Let a reader read a body, and fail where it does not give what it should."""
    form = body[0].startswith("multipart/form-data")
    for got in _readings(peer, twins, *body):
        try:
            expected = differences.expected(peer, sent, form, used)
        except Refusal:
            assert isinstance(got, str), f"{peer} is said to refuse {_short(sent)}"
        else:
            assert _short(got) == _short(expected), f"{peer} got {_short(sent)}"
            assert got == expected


def _short(found: list[Item] | str) -> list[str] | str:
    """Give what can be shown where large bodies would fill the screen."""
    return found if isinstance(found, str) else [f"{item!r:.300}" for item in found]


def _check_form(
    peer: str, twins: Twins, sent: list[Item], used: set[Difference] | None = None
) -> None:
    _check(peer, twins, sent, _same(written.form(each, sent) for each in twins.values()), used)


def _check_tree(
    peer: str, twins: Twins, nodes: list[written.Node], used: set[Difference] | None = None
) -> None:
    body = _same(written.mixed(each, nodes) for each in twins.values())
    _check(peer, twins, list(written.leaves(nodes)), body, used)


def _all_used(peer: str, form: bool, used: set[Difference]) -> None:
    for entry in DIFFERENCES:
        if peer in entry.peers and entry.form == form:
            assert entry in used, f"{peer}: nothing that was written shows: {entry.kind}"


@each_form_peer
def test_a_form_is_read_back(peer: str, twins: Twins) -> None:
    used: set[Difference] = set()
    for sent in cases.forms():
        _check_form(peer, twins, sent, used)
    _all_used(peer, True, used)


@each_form_peer
def test_a_random_form_is_read_back(peer: str, twins: Twins, rng: random.Random) -> None:
    for _ in rounds(FORMS):
        _check_form(peer, twins, cases.form(rng))


@each_form_peer
def test_a_plain_name_is_read_alike_by_all(peer: str, twins: Twins, rng: random.Random) -> None:
    for _ in rounds(20):
        sent = cases.plain(rng, ascii_only=peer == "email_parser")
        assert differences.expected(peer, [sent], form=True) == [sent]
        _check_form(peer, twins, [sent])


@each_mixed_peer
def test_another_multipart_is_read_back(peer: str, twins: Twins) -> None:
    used: set[Difference] = set()
    for nodes in cases.trees():
        _check_tree(peer, twins, nodes, used)
    _all_used(peer, False, used)


@each_mixed_peer
def test_a_random_multipart_is_read_back(peer: str, twins: Twins, rng: random.Random) -> None:
    for _ in rounds(TREES):
        _check_tree(peer, twins, cases.tree(rng))


@each_mixed_peer
def test_an_encoded_part_is_read_back(peer: str, twins: Twins, rng: random.Random) -> None:
    for nodes in cases.encoded(readback.PEERS[peer].decodes, rng):
        _check_tree(peer, twins, nodes)


@pytest.mark.parametrize("peer", ["node_busboy"], indirect=True)
def test_busboy_reads_names_as_latin_1_unless_it_is_told(peer: str, twins: Twins) -> None:
    body = written.form(twins["c"], [Item("\u00fc", None, "text/plain", b"1")])
    assert node_busboy.read(*body, charset="latin1") == [
        Item("\u00c3\u00bc", None, "text/plain", b"1")
    ]


@pytest.mark.parametrize("peer", ["aiohttp_reader"], indirect=True)
def test_aiohttp_finds_no_parameters_within_the_filename_of_an_attachment(
    peer: str, twins: Twins
) -> None:
    """It splits at any ``;``, so that none may stand within quotes."""
    sent = Item(None, "a\"; filename*=UTF-8''b; x*=", "text/plain", b"1")
    got = _read(peer, *written.mixed(twins["c"], [written.Part(sent)]))
    assert got == [sent]


@pytest.mark.parametrize("form", [True, False])
def test_the_page_shows_the_list(form: bool) -> None:
    page = (Path(__file__).parent.parent / "docs" / "readback.md").read_text(encoding="utf-8")
    for cells in differences.table(form):
        assert f"| {' | '.join(cells)} |\n" in page
