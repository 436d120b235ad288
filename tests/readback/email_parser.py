"""The standard library's email package, given the body as a mail."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

from . import Item, essence


def read(content_type: str, body: bytes) -> list[Item]:
    """Parse it as a mail whose only header is the Content-Type; a defect of it is raised."""
    mail = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    for defect in mail.defects:
        raise defect
    return _leaves(mail)


def _leaves(mail: Any) -> list[Item]:
    if mail.is_multipart():
        return [item for part in mail.get_payload() for item in _leaves(part)]
    name = mail.get_param("name", header="Content-Disposition")
    kind = mail.get("Content-Type")
    data = mail.get_payload(decode=True)
    return [Item(name, mail.get_filename(), essence(kind), data)]
