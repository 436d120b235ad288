"""Which odd inputs parsers read in different ways, and what STRICT does with each.

A firewall, a proxy and an application each read a request with a parser of their own; what two of
them read differently gets past the first one.  The inputs are those of the behaviour table.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Final, NamedTuple

import peers
from peers import Leaf, Message, Refusal, own
from support.behaviours import STREAMS, Row, lengthened, marked
from support.events import Settings, parse

_ALL: Final = (*peers.FORM_PEERS, *peers.MIXED_PEERS)

#: By row of the behaviour table: who reads an input of it otherwise than we do under DEFAULT, or
#: reads it where DEFAULT refuses it.  ``test_evasion.py`` lets each of them read, and compares.
SPLIT: Final[dict[str, tuple[str, ...]]] = {
    "a": ("aiohttp_reader", "email_parser"),
    "b": ("email_parser",),
    "c": ("email_parser",),
    "c3": ("django_parser", "email_parser"),
    "d": _ALL,
    "e": _ALL,
    "f": _ALL,
    "g": ("django_parser", "python_multipart", "werkzeug_sansio"),
    "h": _ALL,
    "i": _ALL,
    "j": ("django_parser", "multipart_push"),
    "k": _ALL,
    "k2": ("aiohttp_reader", "django_parser", "email_parser", "werkzeug_sansio"),
    "l": ("aiohttp_reader", "django_parser", "email_parser", "python_multipart", "werkzeug_sansio"),
    "m": ("django_parser",),
    "n2": ("django_parser",),
    "o": ("django_parser", "email_parser"),
    "p": ("django_parser", "python_multipart"),
    "q": ("django_parser", "multipart_push", "python_multipart"),
    "q2": ("django_parser",),
    "q3": ("django_parser", "email_parser", "python_multipart", "werkzeug_sansio"),
    "r": ("django_parser", "email_parser", "werkzeug_sansio"),
    "s": ("django_parser", "multipart_push", "werkzeug_sansio"),
    "s2": ("django_parser", "email_parser", "multipart_push", "werkzeug_sansio"),
    "s3": (
        "django_parser",
        "email_parser",
        "multipart_push",
        "python_multipart",
        "werkzeug_sansio",
    ),
    "s4": ("django_parser", "email_parser"),
    "t": ("email_parser",),
    "t2": ("django_parser", "email_parser", "python_multipart"),
    "t3": ("django_parser", "email_parser", "python_multipart", "werkzeug_sansio"),
    "u": ("django_parser",),
    "w2": ("django_parser", "python_multipart"),
    "x": ("email_parser",),
}

#: Where STRICT takes what peers read otherwise, and why it does not refuse that.
LEFT: Final[dict[str, str]] = {
    "f": "outside of forms `filename*` is what RFC 6266 asks for beside a plain `filename`",
    "g": "every browser sends a quote in a filename as `%22`; the header as sent is in `headers`",
}

NAMES: Final = {
    "aiohttp_reader": "aiohttp", "django_parser": "Django", "email_parser": "`email`",
    "multipart_push": "multipart", "python_multipart": "python-multipart",
    "werkzeug_sansio": "Werkzeug",
}  # fmt: skip


class Reading(NamedTuple):
    """An input of the table, and who makes what of it.

    Attributes:
        strict: our parts under STRICT, None where it is refused.
        default: the same under DEFAULT.
        theirs: the parts of each peer that reads it.
    """

    row: Row
    subtype: str
    strict: list[Leaf] | None
    default: list[Leaf] | None
    theirs: dict[str, list[Leaf]]

    def otherwise(self, ours: list[Leaf] | None) -> list[str]:
        """Name the peers that read it otherwise."""
        return [peer for peer, parts in self.theirs.items() if parts != ours]


def readings(package: ModuleType) -> Iterator[Reading]:
    """Let all read each input of the behaviour table that has a place in a stream."""
    for short in STREAMS:
        row = lengthened(short)
        for subtype, cells in (("form-data", row.form), ("mixed", row.other)):
            if cells is None or row.limits:
                continue
            form = subtype == "form-data"
            data, _ = marked(row.data)
            boundary = f'"{row.boundary}"'
            sent = Message(f"multipart/{subtype}; boundary={boundary}", row.boundary.encode(),
                           subtype, data)  # fmt: skip
            theirs = {}
            for peer in peers.FORM_PEERS if form else peers.MIXED_PEERS:
                parts = peers.read(peer, sent)
                if not isinstance(parts, Refusal):
                    theirs[peer] = [_shown(leaf) for leaf in parts]
            # A multipart in a form is data to parsers of forms; parse_form() refuses it (row w).
            strict, default = (
                _ours(package, sent, not form, policy) for policy in ("STRICT", "DEFAULT")
            )
            yield Reading(short, subtype, strict, default, theirs)


def _ours(package: ModuleType, sent: Message, nested: bool, policy: str) -> list[Leaf] | None:
    settings = Settings(sent.boundary, subtype=sent.subtype, nested=nested, policy=policy)
    found = own.reading(parse(package, settings, [sent.data]))
    return None if found.fault is not None else [_shown(leaf) for leaf in found.leaves]


def _shown(leaf: Leaf) -> Leaf:
    """Give what firewalls look at: names, filenames, and where a body begins and ends."""
    return leaf._replace(content_type=None)
