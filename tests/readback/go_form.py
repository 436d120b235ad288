"""Go: `ParseMultipartForm` of net/http."""

from __future__ import annotations

from . import Item, go_program

missing = go_program.missing


def read(content_type: str, body: bytes) -> list[Item]:
    """Let Go read a form: fields by name, then files by name, names in the order of their bytes."""
    return go_program.process.read(content_type, body, peer="form")
