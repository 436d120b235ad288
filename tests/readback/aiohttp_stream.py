"""What both readers of aiohttp read from: its own stream, with the whole body in it."""

from __future__ import annotations

import asyncio

from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader


def stream(body: bytes) -> StreamReader:
    """Give the stream, in a running event loop."""
    loop = asyncio.get_running_loop()
    reader = StreamReader(BaseProtocol(loop), 2**20, loop=loop)
    reader.feed_data(body)
    reader.feed_eof()
    return reader
