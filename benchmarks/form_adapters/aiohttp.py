"""aiohttp: `request.post()` of its request and ours, over its own stream, without routing."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

from aiohttp import HttpVersion11, web
from aiohttp.http_parser import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy
from yarl import URL

from partstream.contrib.aiohttp import post as read_post

from ..body import Part
from ..streams import stream_of
from . import NOTHING, OURS, OWN, Found, Post, known

FRAMEWORK = "aiohttp"
#: What `web.BaseRequest` asks a connection for.
_PROTOCOL: Any = SimpleNamespace(
    ssl_context=None, peername=None, sockname=None, transport=None, max_field_size=8190,
    max_headers=128,
)  # fmt: skip


def _shown(data: Any) -> Found:
    values = list(data.values())
    files = [value for value in values if isinstance(value, web.FileField)]
    size = sum(value.file.seek(0, io.SEEK_END) for value in files)
    for value in files:
        value.file.close()
    return len(values) - len(files), size


async def _own(request: web.BaseRequest) -> Found:
    return _shown(await request.post())


async def _ours(request: web.BaseRequest) -> Found:
    return _shown(await read_post(request))


def _null(parts: list[Part]) -> Callable[[web.BaseRequest], Awaitable[Found]]:
    fields, files = known(parts)
    headers = [CIMultiDictProxy(CIMultiDict({"Content-Type": file.content_type})) for file in files]

    async def read(request: web.BaseRequest) -> Found:
        while await request.content.readany():
            pass
        data: MultiDict[Any] = MultiDict(fields)
        for file, head in zip(files, headers, strict=True):
            content: Any = io.BytesIO(file.data)
            field = web.FileField(file.name, file.filename, content, file.content_type, head)
            data.add(file.name, field)
        return _shown(MultiDictProxy(data))

    return read


def _post(read: Callable[[web.BaseRequest], Awaitable[Found]]) -> Post:
    loop = asyncio.new_event_loop()
    nobody: Any = None

    async def times(chunks: Sequence[bytes], content_type: str, count: int) -> set[Found]:
        found = set()
        for _ in range(count):
            headers = CIMultiDictProxy(CIMultiDict({"Content-Type": content_type}))
            message = RawRequestMessage(
                "POST", "/", HttpVersion11, headers, (), False, None, False, False, URL("/")
            )
            request = web.BaseRequest(
                message, stream_of(chunks, loop), _PROTOCOL, nobody, nobody, loop, client_max_size=0
            )
            found.add(await read(request))
        return found

    def post(chunks: Sequence[bytes], content_type: str, count: int) -> Found:
        found = loop.run_until_complete(times(chunks, content_type, count))
        if len(found) != 1:
            raise RuntimeError(f"found {found}")
        return found.pop()

    return post


def ways(parts: list[Part]) -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(_own), OURS: _post(_ours), NOTHING: _post(_null(parts))}
