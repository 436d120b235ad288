"""aiohttp: `MultipartReader` and its `BodyPartReader`."""

from __future__ import annotations

import asyncio
import warnings

from aiohttp import MultipartReader
from aiohttp.multipart import BodyPartReader

from . import Item, essence
from .aiohttp_stream import stream


def read(content_type: str, body: bytes) -> list[Item]:
    """Walk the reader and the readers within it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of headers that it does not read
        return asyncio.run(_all(content_type, body))


async def _all(content_type: str, body: bytes) -> list[Item]:
    return await _leaves(MultipartReader({"Content-Type": content_type}, stream(body)))


async def _leaves(reader: MultipartReader) -> list[Item]:
    items: list[Item] = []
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader):
            kind = essence(part.headers.get("Content-Type"))
            data = bytes(await part.read(decode=True))
            items.append(Item(part.name, part.filename, kind, data))
        else:
            items += await _leaves(part)
    return items
