"""What tests of ``partstream.contrib.aiohttp`` have in common: bodies that are sent and read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

import aiohttp

from .echoing import Echo, echo_server
from .serving import run
from .writing import Recorder

__all__ = ["chunks", "posted", "read", "written"]


async def chunks() -> AsyncIterator[bytes]:
    """An async generator: its size is not known, and it can be written once."""
    yield b"one "
    yield b"two"


def written(payload: Any) -> bytes:
    """Write a payload as aiohttp does, and give all of it."""
    recorder = Recorder()
    run(payload.write(recorder))
    return recorder.data


def read(
    ps_module: Callable[[str], ModuleType], content_type: str, body: bytes
) -> list[tuple[Any, bytes]]:
    """Read a multipart with our reader: the headers and the decoded body of each part."""
    reader = ps_module("sync").MultipartReader({"Content-Type": content_type}, body)
    return [(part.headers, part.read(decode=True)) for part in reader]


def posted(data: Any, path: str = Echo.ECHO, **options: Any) -> dict[str, Any]:
    """Post something with aiohttp, and give what the server has seen."""

    async def main(url: str) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=data, **options) as response,
        ):
            return await response.json()

    with echo_server() as server:
        return run(main(server.url + path))  # type: ignore[no-any-return]
