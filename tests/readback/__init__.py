"""Readers of other hands, given what our writer writes: an adapter each, all with one answer.

``read(content_type, body)`` of an adapter gives the parts as a user of that reader gets them, with
its usual settings: not what stands on the wire, but what an application has in its hands.  What
that is where it is not what was written stands in :mod:`readback.differences`.

An adapter is imported when it is asked for; one of the Python packages that is not there is a
failure.  Node and Go are asked through a process each, and may be absent, see :func:`missing`.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple


class Item(NamedTuple):
    """A part that is no multipart itself.

    Attributes:
        name: None where the part has none, or the reader does not tell it.
        filename: the same.
        content_type: the same; type and subtype in lower case, without parameters.
        data: the body, decoded where the reader decodes it; text is in UTF-8 again.
    """

    name: str | None
    filename: str | None
    content_type: str | None
    data: bytes


class Peer(NamedTuple):
    """What is to be known of a reader before it is asked.

    Attributes:
        title: what it is called in docs/readback.md.
        decodes: the encodings of a part that it undoes, where the part is not of a form.
        grouped: whether a form comes as fields by name and then files by name, its order lost.
        form: whether it reads forms.
        mixed: whether it reads other subtypes, and multiparts within them.
    """

    title: str
    decodes: tuple[str, ...] = ()
    grouped: bool = False
    form: bool = True
    mixed: bool = False


_ALL = ("base64", "quoted-printable", "gzip", "deflate")

#: By the name of the adapter's module.
PEERS = {
    "own": Peer("partstream", _ALL, mixed=True),
    "own_sync": Peer("partstream.sync", _ALL, mixed=True),
    "aiohttp_reader": Peer("aiohttp `MultipartReader`", _ALL, mixed=True),
    "aiohttp_post": Peer("aiohttp `request.post()`"),
    "werkzeug_form": Peer("Werkzeug `Request` (Flask)", grouped=True),
    "django_form": Peer("Django `MultiPartParser`", grouped=True),
    "multipart_push": Peer("multipart `PushMultipartParser`"),
    "multipart_form": Peer("multipart `MultipartParser`"),
    "python_multipart_form": Peer("python-multipart `parse_form`"),
    "starlette_form": Peer("Starlette `request.form()`"),
    "email_parser": Peer("Python's `email`", _ALL[:2], mixed=True),
    "node_formdata": Peer("Node `Response.formData()`"),
    "node_busboy": Peer("busboy"),
    "go_parts": Peer("Go `multipart.Reader`", _ALL[1:2], mixed=True),
    "go_form": Peer("Go `ParseMultipartForm`", grouped=True),
}

FORM_PEERS = tuple(name for name, peer in PEERS.items() if peer.form)
MIXED_PEERS = tuple(name for name, peer in PEERS.items() if peer.mixed)


def read(peer: str, content_type: str, body: bytes) -> list[Item]:
    """Let a reader read; what it raises is passed on."""
    items: list[Item] = import_module(f".{peer}", __package__).read(content_type, body)
    return items


def missing(peer: str) -> str | None:
    """Give one line on what is not installed that this reader needs, None if all is."""
    check = getattr(import_module(f".{peer}", __package__), "missing", None)
    return None if check is None else check()


def essence(value: str | None) -> str | None:
    """Give the type and subtype of a Content-Type."""
    return None if value is None else value.partition(";")[0].strip(" \t").lower()
