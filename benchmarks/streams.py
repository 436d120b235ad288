"""The async layer: partstream's reader and aiohttp's, both over aiohttp's own StreamReader.

Chunks arrive one by one. The feeder is a chain of event-loop callbacks, one chunk each, as a
transport's `data_received` would be: the reader that waits is woken before the next chunk is fed,
so nobody finds more than one chunk waiting, and there is no feeder task whose switches would be
timed. What remains of it (the loop's turns, the stream's own queue) is the same for all, and the
null consumer pays it too: it reads the stream with `readany` and is subtracted.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from typing import Any

import aiohttp
import aiohttp.multipart
from aiohttp.base_protocol import BaseProtocol
from multidict import CIMultiDict

from . import twins
from .adapters import null
from .cases import CHUNK, Record, Workload
from .layers import Layer
from .timing import Run

Headers = CIMultiDict[str]
Consume = Callable[[Workload, Headers, aiohttp.StreamReader], Awaitable[list[Record]]]

CASES = ("fields-2", "fields-100", "fields-1000", "mixed", "random", "all-crlf")
BASELINE = "aiohttp"
#: aiohttp's default for a server's connection.
_STREAM_LIMIT = 2**18


class _Protocol(BaseProtocol):
    """A connection that is always open and needs no flow control: the feeder waits by itself."""

    __slots__ = ()

    @property
    def connected(self) -> bool:
        return True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self, resume_parser: bool = True) -> None:
        pass


def stream_of(chunks: Iterable[bytes], loop: asyncio.AbstractEventLoop) -> aiohttp.StreamReader:
    """A stream whose first chunk comes in the loop's next turn, and so on to the end."""
    stream = aiohttp.StreamReader(_Protocol(loop), _STREAM_LIMIT, loop=loop)
    rest = iter(chunks)
    feed_data, call_soon = stream.feed_data, loop.call_soon

    def feed() -> None:
        chunk = next(rest, None)
        if chunk is None:
            stream.feed_eof()
        else:
            feed_data(chunk)
            call_soon(feed)

    call_soon(feed)
    return stream


async def _null(work: Workload, _headers: Headers, stream: aiohttp.StreamReader) -> list[Record]:
    """Read every chunk and make the records; parse nothing."""
    while await stream.readany():
        pass
    return null.records(work)


async def _parts(reader: Any) -> list[Record]:
    """The common task, in the same words for both: their readers have the same names.

    Of every part the name and the filename, which both compute when asked, and the content type
    out of its headers. A field is read whole: aiohttp gives a bytearray, equal to the bytes wanted
    and not copied. A file is read by chunks of at most what came, and counted.
    """
    records: list[Record] = []
    while (part := await reader.next()) is not None:
        name, filename = part.name, part.filename
        content_type = part.headers.get("Content-Type")
        if filename is None:
            records.append((name, None, content_type, await part.read()))
            continue
        size = 0
        while chunk := await part.read_chunk(CHUNK):
            size += len(chunk)
        records.append((name, filename, content_type, size))
    return records


def _aiohttp() -> Consume:
    async def consume(
        _work: Workload, headers: Headers, stream: aiohttp.StreamReader
    ) -> list[Record]:
        return await _parts(aiohttp.MultipartReader(headers, stream))

    return consume


def _partstream(backend: str) -> Consume:
    partstream = twins.load(backend)
    limits = replace(partstream.Limits.STREAM, max_preamble=None, max_parts=None)

    async def consume(
        _work: Workload, headers: Headers, stream: aiohttp.StreamReader
    ) -> list[Record]:
        return await _parts(partstream.MultipartReader(headers, stream, limits=limits))

    return consume


@contextmanager
def _hoisted() -> Iterator[None]:
    """aiohttp without the escape string that it builds anew for each Content-Disposition.

    With one character in the set there is next to nothing to build; no case holds a backslash.
    """
    module: Any = aiohttp.multipart
    before = module.CHAR
    module.CHAR = "!"
    try:
        yield
    finally:
        module.CHAR = before


_CONSUMERS: dict[str, Callable[[], Consume]] = {
    "partstream-c": lambda: _partstream("c"),
    "partstream-py": lambda: _partstream("py"),
    BASELINE: _aiohttp,
    "aiohttp-hoisted": _aiohttp,
    "null": lambda: _null,
}
NAMES = tuple(name for name in _CONSUMERS if name != "null")


@cache
def consumer(name: str) -> Consume:
    """The consumer of that name."""
    return _CONSUMERS[name]()


def _context(name: str) -> AbstractContextManager[None]:
    return _hoisted() if name == "aiohttp-hoisted" else nullcontext()


def _headers(work: Workload) -> Headers:
    return CIMultiDict({"Content-Type": work.content_type})


async def _one(consume: Consume, work: Workload) -> list[Record]:
    return await consume(work, _headers(work), stream_of(work.chunks, asyncio.get_running_loop()))


async def _many(consume: Consume, work: Workload, passes: int) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(passes):
        await consume(work, _headers(work), stream_of(work.chunks, loop))


def _pass_of(name: str, work: Workload) -> Callable[[], list[Record]]:
    def once() -> list[Record]:
        with _context(name):
            return asyncio.run(_one(consumer(name), work))

    return once


def _run_of(name: str, work: Workload) -> Run:
    """One loop for all samples: starting one is not what is measured."""
    loop = _loop()
    consume = consumer(name)

    def run(passes: int) -> None:
        with _context(name):
            loop.run_until_complete(_many(consume, work, passes))

    return run


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


LAYER = Layer("async readers over aiohttp.StreamReader", BASELINE, CASES, _pass_of, _run_of)
