"""aiohttp: `request.post()` of its server."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from unittest.mock import patch

from aiohttp import web_request
from aiohttp.test_utils import make_mocked_request
from aiohttp.web import FileField

from . import Item, essence
from .aiohttp_stream import stream


def read(content_type: str, body: bytes) -> list[Item]:
    """Let a request read its form; a value is text, bytes, or a file."""
    with ExitStack() as files, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of headers that it does not read

        def opened(*args: Any) -> IO[bytes]:
            return files.enter_context(SpooledTemporaryFile(*args))

        # It leaves files open when it fails.
        with patch.object(web_request, "SpooledTemporaryFile", opened):
            return asyncio.run(_all(content_type, body))


async def _all(content_type: str, body: bytes) -> list[Item]:
    headers = {"Content-Type": content_type}
    request = make_mocked_request("POST", "/", headers, payload=stream(body))
    form = await request.post()
    return [_item(name, value) for name, value in form.items()]


def _item(name: str, value: str | bytes | bytearray | FileField) -> Item:
    if isinstance(value, str):
        return Item(name, None, None, value.encode())
    if isinstance(value, (bytes, bytearray)):
        return Item(name, None, None, bytes(value))
    return Item(value.name, value.filename, essence(value.content_type), value.file.read())
