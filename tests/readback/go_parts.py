"""Go: `multipart.Reader`, part by part, with `FormName` and `FileName`."""

from __future__ import annotations

from . import Item, go_program

missing = go_program.missing


def read(content_type: str, body: bytes) -> list[Item]:
    """Let Go read a body, and the multiparts within it."""
    return go_program.process.read(content_type, body, peer="parts")
