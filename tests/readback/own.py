"""Our own reader, of the twin that imports find: see the fixture ``ps``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

from . import Item, essence


def read(content_type: str, body: bytes) -> list[Item]:
    """Walk the reader and the readers within it; the body comes in pieces."""
    reader = import_module("partstream").MultipartReader(content_type, _pieces(body))
    return asyncio.run(_leaves(reader))


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), 4096):
        yield body[at : at + 4096]


async def _leaves(reader: Any) -> list[Item]:
    items: list[Item] = []
    async for part in reader:
        if hasattr(part, "fetch_next_part"):
            items += await _leaves(part)
            continue
        kind = essence(part.headers.get("Content-Type"))
        items.append(Item(part.name, part.filename, kind, await part.read(decode=True)))
    return items
