"""What partstream makes of a message, beside where in the stream each part stands."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import NamedTuple

from support import corpus
from support.events import Fault, Outcome, Part, Settings, parse, tree

from . import Leaf, Message, essence


class Own(NamedTuple):
    """Our reading of a message.

    Attributes:
        leaves: the parts that ended; what was in progress when a fault came is not among them.
        begins: for each of them where it begins and where its body does.
        headers: for each of them its headers, names in lower case.
        fault: what ended the reading, None for nothing.
    """

    leaves: list[Leaf]
    begins: list[tuple[int, int]]
    headers: list[dict[str, str]]
    fault: Fault | None


def message(case: corpus.Case, parameters: ModuleType) -> Message:
    """Give a message of the corpus."""
    header = parameters.Header(
        case.content_type, None, parameters.Deviation.LOOSE_PARAMETER.bit, False
    )
    boundary = parameters.boundary_of(header)
    subtype = parameters.content_type(header).essence.partition("/")[2]
    return Message(case.content_type, boundary, subtype, case.body)


def settings(sent: Message, nested: bool) -> Settings:
    """Give the arguments of a parser for a message."""
    return Settings(boundary=sent.boundary, subtype=sent.subtype, nested=nested)


def outcome(package: ModuleType, sent: Message, nested: bool) -> Outcome:
    """Let one twin read a message, all at once."""
    return parse(package, settings(sent, nested), [sent.data])


def reading(found: Outcome) -> Own:
    """Give the leaf parts of an outcome."""
    leaves = list(_leaves(tree(found.events)))
    return Own(
        [_leaf(part) for part in leaves],
        [(part.begin.offset, part.begin.body_offset) for part in leaves],
        [{name.lower(): value for name, value in part.begin.headers} for part in leaves],
        found.fault,
    )


def _leaves(parts: Iterable[Part]) -> Iterable[Part]:
    for part in parts:
        if part.body is None:
            yield from _leaves(part.parts)
        elif part.complete:
            yield part


def _leaf(part: Part) -> Leaf:
    begin = part.begin
    return Leaf(begin.name, begin.filename, essence(begin.content_type), part.body)
