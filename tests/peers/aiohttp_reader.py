"""aiohttp: `MultipartReader` over a stream that has everything, so that no event loop is needed."""

from __future__ import annotations

import warnings
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

from aiohttp import MultipartReader
from aiohttp.multipart import BodyPartReader
from aiohttp.streams import StreamReader

from . import Leaf, Message, essence


def read(message: Message, chunks: list[bytes]) -> list[Leaf]:
    """Walk the reader and the readers within it."""
    protocol: Any = SimpleNamespace(
        _reading_paused=False, pause_reading=_nothing, resume_reading=_nothing
    )
    loop: Any = SimpleNamespace()
    stream = StreamReader(protocol, 2**30, loop=loop)
    for chunk in chunks:
        stream.feed_data(chunk)
    stream.feed_eof()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of headers that it does not read
        return _finished(_leaves(MultipartReader({"Content-Type": message.content_type}, stream)))


def _nothing(**_options: object) -> None:
    pass


def _finished(step: Coroutine[Any, Any, list[Leaf]]) -> list[Leaf]:
    try:
        step.send(None)
    except StopIteration as end:
        parts: list[Leaf] = end.value
        return parts
    step.close()
    raise RuntimeError("it waits for more than there is")


async def _leaves(reader: MultipartReader) -> list[Leaf]:
    parts: list[Leaf] = []
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader):
            kind = essence(part.headers.get("Content-Type"))
            parts.append(Leaf(part.name, part.filename, kind, bytes(await part.read())))
        else:
            parts += await _leaves(part)
    return parts
