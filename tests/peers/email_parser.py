"""The standard library's email package, given the body as a mail.

It never raises; what it notes as a defect of the outermost multipart's framing is its refusal.
"""

from __future__ import annotations

from email import errors, message_from_bytes
from email.message import Message as Mail

from . import Leaf, Message, essence

_REFUSALS = (
    errors.StartBoundaryNotFoundDefect,
    errors.CloseBoundaryNotFoundDefect,
    errors.NoBoundaryInMultipartDefect,
)


def read(message: Message, chunks: list[bytes]) -> list[Leaf]:
    """Parse all at once: its push parser is the same code."""
    head = f"Content-Type: {message.content_type}\r\n\r\n".encode("latin-1")
    mail = message_from_bytes(head + b"".join(chunks))
    for defect in mail.defects:
        if isinstance(defect, _REFUSALS):
            raise defect
    return _leaves(mail)


def _leaves(mail: Mail) -> list[Leaf]:
    if mail.get_content_maintype() == "multipart" and mail.is_multipart():
        return [leaf for part in mail.get_payload() for leaf in _leaves(part)]
    kind = mail.get("Content-Type")
    name = mail.get_param("name", header="Content-Disposition")
    body = None
    if not mail.is_multipart():  # it opens message/*, and does not tell the bytes of it
        del mail["Content-Transfer-Encoding"]  # so that nothing is decoded
        body = mail.get_payload(decode=True)
    text = name[2] if isinstance(name, tuple) else name
    return [Leaf(text, mail.get_filename(), essence(_unfolded(kind)), body)]


def _unfolded(value: object) -> str | None:
    return None if value is None else " ".join(line.strip() for line in str(value).splitlines())
