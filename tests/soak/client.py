"""A client for one connection that can be as rude as it is told to be."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import NamedTuple

#: In seconds, for one request: who takes longer hangs.
PATIENCE = 120.0


class Answer(NamedTuple):
    """What a server says.

    Attributes:
        status: None where it went away without an answer.
        closes: whether the connection is of no further use.
    """

    status: int | None
    body: bytes
    closes: bool


class Connection:
    """A connection to the server, which may be used for one request after the other.

    Attributes:
        after_error: whether the answer before was no 200.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.after_error = False

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def reset(self) -> None:
        """Go away with a reset instead of a close."""
        linger = struct.pack("ii", 1, 0)
        wrapped = self._writer.get_extra_info("socket")
        wrapped.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()
        await self.close()

    def end(self) -> None:
        """Send no more, and still listen."""
        if self._writer.can_write_eof() and not self._writer.is_closing():
            self._writer.write_eof()

    async def send(self, pieces: Iterable[bytes] | AsyncIterator[bytes]) -> None:
        """Send all pieces, as fast as the server takes them; or some, where it goes away."""
        try:
            if isinstance(pieces, AsyncIterator):
                async for piece in pieces:
                    await self._sent(piece)
            else:
                for piece in pieces:
                    await self._sent(piece)
        except OSError:
            return

    async def _sent(self, piece: bytes) -> None:
        if self._writer.is_closing():
            raise ConnectionResetError("closed")
        self._writer.write(piece)
        await self._writer.drain()

    async def exchange(self, pieces: Iterable[bytes] | AsyncIterator[bytes]) -> Answer:
        """Send a request, and read the answer meanwhile: it may come before all is sent.

        Raises:
            asyncio.TimeoutError: where it takes too long.
        """
        sending = asyncio.ensure_future(self.send(pieces))
        try:
            answer = await asyncio.wait_for(self.answer(), PATIENCE)
            if not answer.closes:
                await asyncio.wait_for(sending, PATIENCE)
            return answer
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def answer(self) -> Answer:
        """Read an answer."""
        try:
            status, headers = await self._head()
            while status < 200:
                status, headers = await self._head()
            closes = headers.get("connection", "").lower() == "close"
            if headers.get("transfer-encoding", "").lower() == "chunked":
                return Answer(status, await self._chunks(), closes)
            if "content-length" in headers:
                size = int(headers["content-length"])
                return Answer(status, await self._reader.readexactly(size), closes)
            return Answer(status, await self._reader.read(), True)
        except (OSError, asyncio.IncompleteReadError):
            return Answer(None, b"", True)

    async def _head(self) -> tuple[int, dict[str, str]]:
        block = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = block.decode("latin-1").rstrip("\r\n").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    async def _chunks(self) -> bytes:
        found = b""
        while size := int((await self._reader.readline()).strip() or b"0", 16):
            found += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readuntil(b"\r\n")
        return found
