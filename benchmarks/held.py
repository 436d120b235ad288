"""What is kept of a form: memory blocks a field, and bytes, while all of it is held.

Counted by `tracemalloc`, which sees every block that Python's allocators give, in C too, with the
sizes that were asked for. The chunks are there before, and nothing is counted twice: what events
share with each other, or with the chunks, costs a field nothing. What was made and dropped again
does not count either; instruction counts have that.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from . import children, drains, twins
from .drains import Body, Source
from .growing import fields


@dataclass(frozen=True, slots=True)
class Held:
    """What one field takes while it is held."""

    what: str
    contender: str
    blocks: float
    nbytes: float


#: Reads a form, and gives all that is to be held.
Keep = Callable[[Body], list[Any]]

EVENTS = "events of the parser"
ASKED = "events, name, filename and type asked for"
PARTS = "parts of the reader and their data"


def _events(partstream: ModuleType, asked: bool) -> Keep:
    parser_class, part_begin = partstream.MultipartParser, partstream.PartBegin
    limits = drains.limits_of(partstream)

    def keep(body: Body) -> list[Any]:
        parser = parser_class(body.boundary, limits=limits)
        held: list[Any] = []
        for chunk in body.chunks:
            held += parser.feed(chunk)
        parser.close()
        for event in held:
            if asked and type(event) is part_begin:
                _ = event.name, event.filename, event.content_type
        return held

    return keep


async def _read(reader: Any) -> list[Any]:
    held: list[Any] = []
    while (part := await reader.next()) is not None:
        held += part, await part.read()
    return held


def _parts(partstream: ModuleType) -> Keep:
    limits = drains.limits_of(partstream)

    def keep(body: Body) -> list[Any]:
        source = Source(body.chunks)
        reader = partstream.MultipartReader(body.content_type, source, limits=limits)
        return drains.finish(_read(reader))

    return keep


def _multipart() -> Keep:
    """Its segments have parsed their headers by then: the same as events that were asked."""
    from multipart import PushMultipartParser

    def keep(body: Body) -> list[Any]:
        parser = PushMultipartParser(body.boundary, max_segment_count=float("inf"))
        held: list[Any] = []
        for chunk in body.chunks:
            held += parser.parse(chunk)
        parser.close()
        return held

    return keep


def _aiohttp() -> Keep:
    import aiohttp

    from .streams import stream_of

    async def read(body: Body) -> list[Any]:
        stream = stream_of(body.chunks, asyncio.get_running_loop())
        return await _read(aiohttp.MultipartReader({"Content-Type": body.content_type}, stream))

    return lambda body: asyncio.run(read(body))


def _contenders() -> list[tuple[str, str, Keep]]:
    rows: list[tuple[str, str, Keep]] = []
    for backend in ("c", "py"):
        name, partstream = f"partstream-{backend}", twins.load(backend)
        rows += (EVENTS, name, _events(partstream, False)), (ASKED, name, _events(partstream, True))
        rows.append((PARTS, name, _parts(partstream)))
    if children.installed("multipart"):
        rows.append((ASKED, "multipart", _multipart()))
    if children.installed("aiohttp"):
        rows.append((PARTS, "aiohttp", _aiohttp()))
    return sorted(rows, key=lambda row: (EVENTS, ASKED, PARTS).index(row[0]))


def _measure(keep: Keep, count: int) -> tuple[float, float]:
    # Other names than those that count: what is made once is there by then, and no cache helps.
    keep(fields(count, first=count)[0])
    body, _ = fields(count)
    gc.collect()  # which also empties the freelists: each block is a new one
    gc.disable()
    tracemalloc.start()
    try:
        held = keep(body)
        gc.collect()  # what has cycles, and is not held
        sizes = [trace.size for trace in tracemalloc.take_snapshot().traces]
    finally:
        tracemalloc.stop()
        gc.enable()
    # The list itself is the driver's: its head and its items.
    return (len(sizes) - 2) / count, (sum(sizes) - sys.getsizeof(held)) / count


def run(count: int) -> list[Held]:
    """Hold a form of so many fields, by everybody."""
    return [
        Held(what, contender, *_measure(keep, count)) for what, contender, keep in _contenders()
    ]
