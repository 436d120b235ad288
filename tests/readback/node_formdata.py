"""Node: `new Response(body).formData()`, of its fetch, which is undici."""

from __future__ import annotations

from . import Item, node


def missing() -> str | None:
    """Give a line on what is missing."""
    return node.missing("undici")


def read(content_type: str, body: bytes) -> list[Item]:
    """Let Node read the body of a response."""
    return node.process.read(content_type, body, peer="formdata")
