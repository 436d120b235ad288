"""What the tests of frameworks share: forms, requests, and a look at what is left open."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from support.serving import httpx_client

BOUNDARY = "----WebKitFormBoundaryAbCdEfGh01234567"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, data: bytes, filename: str | None = None) -> bytes:
    """Give a part, with the delimiter before it."""
    named = "" if filename is None else f'; filename="{filename}"\r\nContent-Type: text/x-odd'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def whole(*parts: bytes) -> bytes:
    """Give a form of parts."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def post(url: str, content: Any, content_type: str = CONTENT_TYPE) -> httpx.Response:
    """Post a body, bytes or an async iterable."""
    async with httpx_client() as client:
        return await client.post(url, content=content, headers={"Content-Type": content_type})


def temporary_files() -> list[str]:
    """Give the files in the temporary directory, and those that the process holds open there.

    The directory must be the test's own: see the fixture ``directory``.
    """
    directory = tempfile.gettempdir()
    found = os.listdir(directory)
    for number in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(number)
        except OSError:
            continue  # of the listing itself
        if target.startswith(directory + os.sep):
            found.append(target)
    return found


def scope(content_type: str = CONTENT_TYPE, **more: Any) -> dict[str, Any]:
    """Give the scope of a request."""
    headers = [(b"host", b"x"), (b"content-type", content_type.encode())]
    return {
        "type": "http", "method": "POST", "path": "/", "query_string": b"",
        "headers": headers, **more,
    }  # fmt: skip


def receiving(*chunks: bytes, disconnect: bool = False) -> Callable[[], Any]:
    """Give a ``receive`` for these chunks; the client goes away behind them, or is done."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    messages.append({"type": "http.disconnect" if disconnect else "http.request"})
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(left)

    return receive
