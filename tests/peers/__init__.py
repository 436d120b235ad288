"""What other parsers make of the same bytes: an adapter each, all with one normal form.

``read(peer, message, chunks)`` gives the leaf parts in the order of the stream, or a refusal.  An
adapter is imported when it is asked for, and one that cannot be is a failure: without the peer
there is nothing to compare with, and a skip would hide that.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

FORM_PEERS = ("multipart_push", "python_multipart", "werkzeug_sansio", "django_parser")
MIXED_PEERS = ("aiohttp_reader", "email_parser")


class Message(NamedTuple):
    """A multipart body and the header that announces it.

    Attributes:
        boundary: as the Content-Type has it, unquoted.
        subtype: what stands behind ``multipart/``.
    """

    content_type: str
    boundary: bytes
    subtype: str
    data: bytes

    @property
    def line(self) -> bytes:
        """What every delimiter line starts with."""
        return b"--" + self.boundary


class Leaf(NamedTuple):
    """A part that is no multipart itself.

    Attributes:
        content_type: type and subtype in lower case, None where the part has no such header.
        body: as in the stream, nothing decoded; None where the peer does not tell it.
    """

    name: str | None
    filename: str | None
    content_type: str | None
    body: bytes | None


class Refusal(NamedTuple):
    """The peer did not read the message.

    Attributes:
        text: type and text of what it raised.
    """

    text: str


def read(peer: str, message: Message, chunks: list[bytes] | None = None) -> list[Leaf] | Refusal:
    """Let a peer read a message.

    Args:
        peer: one of the names above.
        message: what to read.
        chunks: the body as the peer gets it; None for all at once.
    """
    adapter = import_module(f".{peer}", __package__)
    try:
        parts: list[Leaf] = adapter.read(message, [message.data] if chunks is None else chunks)
    except Exception as error:  # what a peer raises is its own affair, even an AttributeError
        return Refusal(f"{type(error).__name__}: {error}")
    return parts


def essence(value: str | None) -> str | None:
    """Give type and subtype of a Content-Type in lower case."""
    return None if value is None else value.partition(";")[0].strip(" \t").lower()
