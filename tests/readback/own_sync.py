"""Our own blocking reader, of the twin that imports find: see the fixture ``ps``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import Item, essence


def read(content_type: str, body: bytes) -> list[Item]:
    """Walk the reader and the readers within it; the body comes at once."""
    return _leaves(import_module("partstream.sync").MultipartReader(content_type, body))


def _leaves(reader: Any) -> list[Item]:
    items: list[Item] = []
    for part in reader:
        if hasattr(part, "fetch_next_part"):
            items += _leaves(part)
            continue
        kind = essence(part.headers.get("Content-Type"))
        items.append(Item(part.name, part.filename, kind, part.read(decode=True)))
    return items
