"""What real senders put on the wire reads as what was given to them, however it is cut."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest

from support import chunking, corpus
from support.events import Begin, Outcome, Part, Settings, assert_same, parse, tree
from support.twins import twin

#: Bodies above this size are not cut at every place: see _places().
_LARGE = 2000


@cache
def _case(name: str) -> corpus.Case:
    return corpus.load(name)


def _settings(case: corpus.Case, parameters: ModuleType) -> Settings:
    mask = parameters.Deviation.LOOSE_PARAMETER.bit
    header = parameters.Header(case.content_type, None, mask, False)
    boundary = parameters.boundary_of(header)
    essence = parameters.content_type(header).essence
    return Settings(boundary=boundary, subtype=essence.partition("/")[2], nested=True)


def _known(part: dict[str, Any]) -> dict[str, Any]:
    """Give the expectation in the shape of _found()."""
    known = {key: part[key] for key in ("name", "filename", "content_type")}
    if "parts" in part:
        return known | {"parts": [_known(item) for item in part["parts"]]}
    return known | {"size": part["size"], "sha256": part["sha256"]}


def _found(part: Part) -> dict[str, Any]:
    begin = part.begin
    found: dict[str, Any] = {
        "name": begin.name,
        "filename": begin.filename,
        "content_type": begin.content_type,
    }
    if part.body is None:
        return found | {"parts": [_found(item) for item in part.parts]}
    digest = hashlib.sha256(part.body).hexdigest()
    return found | {"size": len(part.body), "sha256": digest}


def _places(body: bytes, boundary: bytes) -> list[int]:
    """Where to cut in two.

    A small body is cut everywhere.  A large one at each place within 100 bytes of a delimiter and
    at each place in what starts like one, where all decisions fall, and at every 37th elsewhere,
    where a cut is a cut through data.
    """
    if len(body) <= _LARGE:
        return list(range(1, len(body)))
    places = set(range(1, len(body), 37))
    for at in _occurrences(body, boundary):
        places.update(range(at - 100, at + len(boundary) + 100))
    for at in _occurrences(body, b"\r\n-"):
        places.update(range(at, at + 4))
    return sorted(place for place in places if 0 < place < len(body))


def _occurrences(data: bytes, needle: bytes) -> Iterator[int]:
    at = data.find(needle)
    while at >= 0:
        yield at
        at = data.find(needle, at + 1)


def _check(case: corpus.Case, outcome: Outcome) -> None:
    if case.refused:
        assert outcome.fault is not None
        assert outcome.fault.code == case.refused
        return
    parts = list(tree(outcome.events))
    if case.complete:
        assert outcome.fault is None
    else:
        assert outcome.fault is not None
        assert (outcome.fault.kind, outcome.fault.code) == ("IncompleteBody", "truncated")
        assert outcome.fault.offset == len(case.body)
    assert [_found(part) for part in parts] == [_known(part) for part in case.parts]
    assert all(part.complete for part in parts)


@pytest.mark.parametrize("name", corpus.names())
def test_reads_as_it_was_sent(
    name: str, ps: ModuleType, ps_module: Callable[[str], ModuleType]
) -> None:
    case = _case(name)
    settings = _settings(case, ps_module("parameters"))
    outcome = parse(ps, settings, [case.body])
    _check(case, outcome)
    for chunks in chunking.coarse(case.body).values():
        assert_same(parse(ps, settings, chunks), outcome)
    boundary = bytes(settings.boundary)  # type: ignore[arg-type]
    for chunks in chunking.two_way(case.body, _places(case.body, boundary)):
        assert_same(parse(ps, settings, chunks), outcome, f"cut at {len(chunks[0])}")


@pytest.mark.parametrize("name", corpus.names())
def test_bodies_stand_where_their_offsets_say(
    name: str, ps: ModuleType, ps_module: Callable[[str], ModuleType]
) -> None:
    case = _case(name)
    events = parse(ps, _settings(case, ps_module("parameters")), [case.body]).events
    for begin, data in pairwise(events):
        if isinstance(begin, Begin) and isinstance(data, bytes):
            assert case.body[begin.body_offset :].startswith(data)
            assert case.body[: begin.offset].endswith(b"\r\n")


@pytest.mark.parametrize("name", corpus.names())
def test_twins_agree(name: str, twins: dict[str, ModuleType]) -> None:
    case = _case(name)
    settings = _settings(case, twin("c").module("parameters"))
    chunks = chunking.sevens(case.body)
    assert_same(parse(twins["c"], settings, chunks), parse(twins["py"], settings, chunks))
