"""Reads a body to its end through each layer, and keeps nothing of it but a count.

For what grows with the body (`scaling.py`, `peaks.py`): the adapters of the tables keep a record of
every part, whose memory would be in the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Body:
    """What is read: chunks, which may be made as they are asked for, and what its header says."""

    chunks: Iterable[bytes]
    boundary: str
    subtype: str = "form-data"

    @property
    def content_type(self) -> str:
        """The header under which it would have come."""
        return f'multipart/{self.subtype}; boundary="{self.boundary}"'


@dataclass(slots=True)
class Tally:
    """What was met: how many parts, and how many bytes in them."""

    parts: int = 0
    nbytes: int = 0


#: Reads a body to its end.
Drain = Callable[[Body], Tally]


class Source:
    """Chunks to be awaited, which are always there.

    So the reader never waits, and no event loop's turns are in its time: `finish` runs it.
    """

    __slots__ = ("_chunks",)

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)

    async def readany(self) -> bytes:
        """The next chunk, empty at the end."""
        return next(self._chunks, b"")


def finish(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        result: _T = done.value
        return result
    work.close()
    raise RuntimeError("the reader waits, and there is nothing to wait for")


def limits_of(partstream: ModuleType) -> Any:
    """As deep as can be, and no end to the size: the same for all sizes and layers."""
    return replace(partstream.Limits.STREAM, max_depth=None)


def parser(partstream: ModuleType) -> Drain:
    """The sans-IO parser. Of each part its name, filename and type are asked for."""
    parser_class, part_begin = partstream.MultipartParser, partstream.PartBegin
    limits = limits_of(partstream)

    def drain(body: Body) -> Tally:
        tally = Tally()
        parser = parser_class(body.boundary, subtype=body.subtype, nested=True, limits=limits)
        feed = parser.feed
        parts = nbytes = 0
        for chunk in body.chunks:
            for event in feed(chunk):
                kind = type(event)
                if kind is bytes:
                    nbytes += len(event)
                elif kind is part_begin:
                    parts += 1
                    _ = event.name, event.filename, event.content_type
        parser.close()
        tally.parts, tally.nbytes = parts, nbytes
        return tally

    return drain


def reader(partstream: ModuleType) -> Drain:
    """The async reader, over a source that need not be waited for."""
    reader_class, limits = partstream.MultipartReader, limits_of(partstream)

    def drain(body: Body) -> Tally:
        headers = {"Content-Type": body.content_type}
        return finish(read(reader_class(headers, Source(body.chunks), limits=limits)))

    return drain


async def read(outermost: Any) -> Tally:
    """Read with an async reader: fields whole, files chunk by chunk, multiparts part by part."""
    reader_class = type(outermost)
    tally = Tally()
    open_readers = [outermost]
    while open_readers:
        part = await open_readers[-1].next()
        if part is None:
            open_readers.pop()
            continue
        tally.parts += 1
        if isinstance(part, reader_class):
            open_readers.append(part)
        elif part.name is not None and part.filename is None:
            tally.nbytes += len(await part.read())
        else:
            async for chunk in part:
                tally.nbytes += len(chunk)
    return tally


def blocking(partstream: ModuleType) -> Drain:
    """The blocking reader, over an iterator."""
    reader_class, limits = partstream.sync.MultipartReader, limits_of(partstream)

    def drain(body: Body) -> Tally:
        headers = {"Content-Type": body.content_type}
        return read_blocking(reader_class(headers, iter(body.chunks), limits=limits))

    return drain


def read_blocking(outermost: Any) -> Tally:
    """Do as `read`, with a blocking reader."""
    reader_class = type(outermost)
    tally = Tally()
    open_readers = [outermost]
    while open_readers:
        part = open_readers[-1].next()
        if part is None:
            open_readers.pop()
            continue
        tally.parts += 1
        if isinstance(part, reader_class):
            open_readers.append(part)
        elif part.name is not None and part.filename is None:
            tally.nbytes += len(part.read())
        else:
            for chunk in part:
                tally.nbytes += len(chunk)
    return tally


def walk(body: Body) -> Tally:
    """The driver's own cost, where nothing is awaited: every chunk is looked at."""
    tally = Tally()
    for chunk in body.chunks:
        tally.nbytes += len(chunk)
    return tally


def walk_async(body: Body) -> Tally:
    """The driver's own cost, where each chunk is awaited."""
    return finish(_walk_async(body))


async def _walk_async(body: Body) -> Tally:
    tally, source = Tally(), Source(body.chunks)
    while chunk := await source.readany():
        tally.nbytes += len(chunk)
    return tally
