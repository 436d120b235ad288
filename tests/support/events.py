"""A normal form of what a parser gives, which can be compared across twins and chunkings."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple


class Begin(NamedTuple):
    """All that a ``PartBegin`` tells."""

    name: str | None
    filename: str | None
    content_type: str | None
    headers: tuple[tuple[str, str], ...]
    depth: int
    offset: int
    body_offset: int
    multipart: bool


class End(NamedTuple):
    """All that a ``PartEnd`` tells."""

    depth: int
    complete: bool


class Fault(NamedTuple):
    """All that a ``MultipartError`` tells."""

    kind: str
    code: str
    offset: int | None
    text: str


Event = Begin | bytes | End


class Outcome(NamedTuple):
    """What came of a stream: events, adjacent data joined, and the fault that ended it."""

    events: tuple[Event, ...]
    fault: Fault | None


@dataclass(frozen=True)
class Settings:
    """The arguments of a parser, in terms that hold for each twin.

    Attributes:
        policy: the name of a preset.
        choices: fields of the policy that differ from the preset.
        limits: fields of the limits that differ from ``Limits.STREAM``.
    """

    boundary: str | bytes = "B"
    subtype: str = "form-data"
    nested: bool = False
    policy: str = "DEFAULT"
    choices: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int | None] = field(default_factory=dict)
    _cache: dict[Any, tuple[Any, Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def parser(self, package: ModuleType) -> Any:
        """Make a parser of this twin."""
        limits, policy = self.made(package)
        return package.MultipartParser(
            self.boundary,
            subtype=self.subtype,
            nested=self.nested,
            limits=limits,
            policy=policy,
        )

    def made(self, package: ModuleType) -> tuple[Any, Any]:
        """Give limits and policy, made once a package: they cost more than a small stream."""
        made = self._cache.get(package.Limits)
        if made is None:
            policy = policy_of(package, self.policy, self.choices)
            made = self._cache[package.Limits] = (package.Limits(**self.limits), policy)
        return made


def policy_of(package: ModuleType, preset: str, choices: Mapping[str, Any] | None = None) -> Any:
    """Give a twin's policy: a preset, with some fields changed."""
    return dataclasses.replace(getattr(package.Policy, preset), **dict(choices or {}))


def fault_of(error: Any) -> Fault:
    """Give the normal form of an error."""
    return Fault(type(error).__name__, error.code, error.offset, str(error))


def normal(package: ModuleType, events: Iterable[Any]) -> tuple[Event, ...]:
    """Give the normal form of events."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, package.PartEnd):
            found.append(End(event.depth, event.complete))
        elif isinstance(event, package.PartBegin):
            found.append(_begin(event))
        else:
            _add_data(found, event)
    return tuple(found)


def parse(package: ModuleType, settings: Settings, chunks: Iterable[Any]) -> Outcome:
    """Feed all chunks to a new parser, and close it."""
    events: list[Any] = []
    fault = None
    try:
        for event in _drive(settings.parser(package), chunks):
            events.append(event)
    except package.MultipartError as error:
        fault = fault_of(error)
    return Outcome(normal(package, events), fault)


def _drive(parser: Any, chunks: Iterable[Any]) -> Iterator[Any]:
    for chunk in chunks:
        yield from parser.feed(chunk)
    yield from parser.close()


def _begin(event: Any) -> Begin:
    return Begin(
        event.name,
        event.filename,
        event.content_type,
        tuple(event.headers.items()),
        event.depth,
        event.offset,
        event.body_offset,
        event.multipart,
    )


def _add_data(found: list[Event], data: Any) -> None:
    if type(data) is not bytes or not data:
        raise TypeError(f"an event is {data!r}: neither PartBegin, PartEnd nor data")
    last = found[-1] if found else None
    if isinstance(last, bytes):
        found[-1] = last + data
    else:
        found.append(data)


def assert_same(found: Outcome, expected: Outcome, note: object = "") -> None:
    """Compare two outcomes; where they differ, tell in a few lines how."""
    if found == expected:
        return
    pairs = itertools.zip_longest(found.events, expected.events)
    index, pair = next(
        ((index, pair) for index, pair in enumerate(pairs) if pair[0] != pair[1]),
        (len(found.events), (found.fault, expected.fault)),
    )
    raise AssertionError(
        f"event {index} differs {note}\n  found    {_short(pair[0])}\n  expected {_short(pair[1])}"
        f"\n  faults   {found.fault}\n           {expected.fault}"
    )


def _short(event: object) -> str:
    text = repr(event)
    return text if len(text) < 400 else f"{text[:190]} ... {text[-190:]} ({len(text)} characters)"


class Part(NamedTuple):
    """A part with its body, or with its own parts in place of it."""

    begin: Begin
    body: bytes | None
    parts: tuple[Part, ...]
    complete: bool


def tree(events: Iterable[Event]) -> tuple[Part, ...]:
    """Put events together into parts; parts that did not end count as incomplete."""
    parts, left = _siblings(list(events), 0)
    if left:
        raise ValueError(f"events in no part: {left}")
    return parts


def _siblings(events: list[Event], depth: int) -> tuple[tuple[Part, ...], list[Event]]:
    parts: list[Part] = []
    while events and isinstance(events[0], Begin):
        begin = events[0]
        if begin.depth != depth:
            raise ValueError(f"a part at depth {begin.depth} where {depth} was expected")
        body, inner, events = _content(begin, events[1:])
        complete = False
        if events and isinstance(events[0], End):
            if events[0].depth != depth:
                return tuple(parts), events
            complete = events[0].complete
            events = events[1:]
        parts.append(Part(begin, body, inner, complete))
    return tuple(parts), events


def _content(
    begin: Begin, events: list[Event]
) -> tuple[bytes | None, tuple[Part, ...], list[Event]]:
    if begin.multipart:
        inner, events = _siblings(events, begin.depth + 1)
        return None, inner, events
    if events and isinstance(events[0], bytes):
        return events[0], (), events[1:]
    return b"", (), events
