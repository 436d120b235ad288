"""What an attacker may put where a writer takes text, and how what was written is read again.

A text is hostile where it could end what it stands in: a line, a quoted string, a header block, a
part.  Those here are put through every door that a writer has; see test_writing_security.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import readback
from support.events import policy_of

__all__ = [
    "CONTROLS", "FORM_READERS", "HOSTILE", "LONE", "MIXED_READERS", "TOKEN_BREAKERS", "WAYS",
    "Leaf", "Sink", "as_read", "heads", "leaves", "names_read", "percent_decoded",
    "ways_to_write", "whole",
]  # fmt: skip

#: All that no header value may hold: every control but the tab.
CONTROLS = tuple(chr(code) for code in (*range(9), *range(10, 32), 127))

#: What a name of a header, a disposition or a parameter must not hold beside the controls.
TOKEN_BREAKERS = (*' \t"(),/:;<=>?@[\\]{}', "\u00e9", "\u0130", "\u2028", "\udcff", "\ud800")

#: Surrogates that stand for no byte; the low byte of some is a control, or a quote.
LONE = tuple(chr(code) for code in (0xD800, 0xDBFF, 0xDC00, 0xDC0A, 0xDC0D, 0xDC22, 0xDC7F, 0xDFFF))

#: Texts that would be more than a text, if a writer let them.
HOSTILE = (
    "a\r\nX-Injected: 1",
    "a\nX-Injected: 1",
    "a\rX-Injected: 1",
    "a\r\n X-Folded: 1",
    'a\r\n\r\ninjected\r\n--B\r\nContent-Disposition: form-data; name="admin"\r\n\r\n1',
    'a"\r\nX-Injected: "1',
    'a"; filename="evil.exe',
    'a"; name="admin',
    'a\\"; name="admin',
    'a\\\\"; name="admin',
    "a\0b",
    "a\0\r\nX-Injected: 1",
)

#: Readers of forms, and of other multiparts, that need no more than Python: ours and others.
FORM_READERS = ("own", "own_sync", "werkzeug_form", "multipart_push", "python_multipart_form")
MIXED_READERS = ("own", "own_sync", "aiohttp_reader", "email_parser")

#: The ways to have a writer write.
WAYS = ("read", "iterate", "chunks", "abody", "write", "write_with_length", "as_bytes", "decode")


class Sink:
    """What can be written onto."""

    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, data: Any) -> None:
        self.data += data


def ways_to_write(writer: Any, way: str, sink: Sink) -> None:
    """Write in one of :data:`WAYS`; what comes before an error is in the sink, where it can be."""
    if way == "read":
        sink.data += writer.body().read()
    elif way in ("iterate", "chunks"):
        for piece in writer.body() if way == "iterate" else writer.chunks():
            sink.data += piece
    elif way == "decode":
        sink.data += writer.decode("utf-8", "surrogateescape").encode("utf-8", "surrogateescape")
    else:
        asyncio.run(_write_async(writer, way, sink))


async def _write_async(writer: Any, way: str, sink: Sink) -> None:
    if way == "abody":
        async for piece in writer.abody():
            sink.data += piece
    elif way == "as_bytes":
        sink.data += await writer.as_bytes()
    elif way == "write":
        await writer.write(sink)
    else:
        await writer.write_with_length(sink, None)


def whole(writer: Any) -> bytes:
    """Give the body."""
    body: bytes = writer.body().read()
    return body


def heads(writer: Any, body: bytes) -> list[list[bytes]]:
    """Give the header lines of each part, found by nothing but the delimiter and empty lines."""
    delimiter = b"--" + writer.boundary.encode()
    first, *parts = (b"\r\n" + body).split(b"\r\n" + delimiter)
    assert first == b""
    assert parts.pop() == b"--\r\n"
    return [part.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:] for part in parts]


def percent_decoded(text: str) -> str:
    """Undo the three escapes of a form, also where they are what was given (WHATWG HTML)."""
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def as_read(text: str) -> str:
    """Give a text as it is once it was bytes: surrogates that stand for bytes may be letters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


class Leaf(NamedTuple):
    """A part that our reader has read."""

    name: str | None
    filename: str | None
    headers: tuple[tuple[str, str], ...]
    data: bytes


def leaves(
    ps: ModuleType, sync: ModuleType, writer: Any, body: bytes, policy: str = "DEFAULT"
) -> list[Leaf]:
    """Read with our blocking reader under one of the policies, a few bytes at a time."""
    chunks = (body[at : at + 11] for at in range(0, len(body), 11))
    kind = writer.headers["Content-Type"]
    return list(_leaves(sync.MultipartReader(kind, chunks, policy=policy_of(ps, policy))))


def _leaves(reader: Any) -> Iterator[Leaf]:
    for part in reader:
        if hasattr(part, "fetch_next_part"):
            yield from _leaves(part)
        else:
            headers = tuple(part.headers.items())
            yield Leaf(part.name, part.filename, headers, part.read(decode=True))


def names_read(reader: str, writer: Any, body: bytes) -> list[str | None]:
    """Give the names of all parts as a reader finds them, sorted; see the package readback."""
    items = readback.read(reader, writer.headers["Content-Type"], body)
    return _sorted(None if item.name is None else percent_decoded(item.name) for item in items)


def _sorted(names: Iterable[str | None]) -> list[str | None]:
    key: Callable[[str | None], str] = repr
    return sorted(names, key=key)
