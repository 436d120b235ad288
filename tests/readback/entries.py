"""What an entry of :mod:`readback.differences` is, and what entries are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import Item, readings
from .readings import BOUNDARY


class Refusal(Exception):
    """The reader is expected to raise something, whatever that is."""


class Difference(NamedTuple):
    """One entry.

    Attributes:
        peers: the readers, by the names of their adapters.
        kind: the kind of input, in words.
        shows: what they give instead, in words.
        why: where that comes from.
        applies: whether a part is of that kind.
        gives: what they give for it: a part, another number of them, or a Refusal is raised.
        form: whether it holds in forms, or in other multiparts.
        first: whether it holds for the first part only.
    """

    peers: tuple[str, ...]
    kind: str
    shows: str
    why: str
    applies: Callable[[Item], bool]
    gives: Callable[[Item], list[Item]]
    form: bool = True
    first: bool = False


# How entries are made.


def texts(
    peers: tuple[str, ...],
    kind: str,
    shows: str,
    why: str,
    function: Callable[[str], str],
    *,
    fields: tuple[str, ...] = ("name", "filename"),
    form: bool = True,
) -> Difference:
    """Make an entry for names and filenames: of its kind are those that the function changes."""

    def read(item: Item) -> Item:
        found = item._asdict()
        known = [field for field in fields if found[field] is not None]
        return Item(**{**found, **{field: function(found[field]) for field in known}})

    return Difference(
        peers, kind, shows, why, lambda item: read(item) != item, lambda item: [read(item)], form
    )


def refused(item: Item) -> list[Item]:
    raise Refusal


def left_out(item: Item) -> list[Item]:
    return []


def without(*fields: str) -> Callable[[Item], list[Item]]:
    return lambda item: [Item(**{**item._asdict(), **dict.fromkeys(fields)})]


def data(function: Callable[[bytes], bytes]) -> Callable[[Item], list[Item]]:
    return lambda item: [item._replace(data=function(item.data))]


def typed(content_type: str) -> Callable[[Item], list[Item]]:
    return lambda item: [item._replace(content_type=content_type)]


# The kinds of input.


def is_field(item: Item) -> bool:
    return item.filename is None


def has_two_semicolons(item: Item) -> bool:
    return any(text is not None and text.count(";") > 1 for text in (item.name, item.filename))


def line_over(most: int) -> Callable[[Item], bool]:
    return lambda item: readings.line_length(item) > most


def is_text(item: Item) -> bool:
    return is_field(item) and (item.content_type or "text/").startswith("text/")


def is_not_utf8(item: Item) -> bool:
    return item.data != readings.replaced(item.data)


def reads_on(item: Item) -> bool:
    return item.filename is not None and (item.name or "").endswith("\\")


def holds_the_boundary(item: Item) -> bool:
    return BOUNDARY in item.data


# Readers that are alike.

OWN = ("own", "own_sync")
AIOHTTP = ("aiohttp_reader", "aiohttp_post")
MULTIPART = ("multipart_push", "multipart_form")
PYTHON_MULTIPART = ("python_multipart_form", "starlette_form")
GO = ("go_parts", "go_form")
LIKE_EMAIL = (*PYTHON_MULTIPART, "email_parser", "django_form")
LITERAL = (*AIOHTTP, *LIKE_EMAIL, "node_busboy", *GO)
