"""A second opinion on the expected parts, from the parser of Python's email package.

The expected parts come from what was given to the sender; this only tells where the email
package sees the captured bytes differently. It compares the tree, types, sizes and contents,
and names after a plain undoing of the escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import Message
from email.utils import collapse_rfc2231_value

from .core import Case, Part, body_of, header

ESCAPE = re.compile(r'%22|%0D|%0A|\\(["\\])')
ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}


def differences(captured: Case) -> list[str]:
    """Return a line for each difference between the expected parts and the email package's."""
    head = f"Content-Type: {header(captured.raw, 'content-type')}\r\n\r\n".encode()
    message = message_from_bytes(head + body_of(captured.raw))
    return list(compare("body", captured.parts, children(message), captured.complete))


def children(message: Message) -> list[Message]:
    """Return the parts of a multipart message."""
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if payload else []


def compare(
    where: str, parts: Sequence[Part], seen: Sequence[Message], complete: bool = True
) -> Iterator[str]:
    """Compare a list of expected parts with what the email package found."""
    if len(parts) != len(seen) and (complete or len(parts) + 1 != len(seen)):
        yield f"{where}: {len(parts)} parts expected, {len(seen)} seen"
    for index, (part, message) in enumerate(zip(parts, seen, strict=False)):
        yield from compare_part(f"{where}[{index}]", part, message)


def compare_part(where: str, part: Part, message: Message) -> Iterator[str]:
    """Compare one expected part with one of the email package's."""
    content_type = message.get_content_type() if "content-type" in message else None
    pairs: list[tuple[str, object, object]] = [
        ("type", part.content_type, content_type),
        ("name", part.name, parameter(message, "name")),
        ("filename", part.filename, parameter(message, "filename")),
    ]
    if part.parts is None and not message.is_multipart():
        pairs.append(("body", part.body, payload_bytes(message)))
    for label, expected, found in pairs:
        if expected != found:
            yield f"{where}: {label} {expected!r:.200} expected, {found!r:.200} seen"
    if part.parts is not None:
        yield from compare(where, part.parts, children(message))


def payload_bytes(message: Message) -> bytes:
    """Return the raw body of a part; the package's own accessor would decode the charset."""
    payload = message._payload  # type: ignore[attr-defined]
    return str(payload).encode("ascii", "surrogateescape")


def parameter(message: Message, name: str) -> str | None:
    """Return a parameter of the part's Content-Disposition with the escapes undone."""
    raw = message.raw_items() if hasattr(message, "raw_items") else message.items()
    values = [str(v) for k, v in raw if k.lower() == "content-disposition"]
    if not values:
        return None
    plain = Message()
    plain["content-disposition"] = ascii_only(values[0])
    extended = plain.get_param(name, None, "content-disposition")
    if isinstance(extended, tuple):
        return collapse_rfc2231_value(extended)
    text = values[0].encode("ascii", "surrogateescape").decode("utf-8", "replace")
    found = re.search(rf';\s*{name}=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))', text, re.S)
    if not found:
        return None
    if found[2] is not None:
        return str(found[2])
    return ESCAPE.sub(lambda hit: hit[1] or ESCAPES[hit[0]], found[1])


def ascii_only(value: str) -> str:
    """Return the header with anything beyond ASCII replaced."""
    return value.encode("ascii", "replace").decode()
