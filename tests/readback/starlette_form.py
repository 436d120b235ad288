"""Starlette: `request.form()`, and so FastAPI."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from . import Item, essence


def read(content_type: str, body: bytes) -> list[Item]:
    """Let a request read its form."""
    return asyncio.run(_all(content_type, body))


async def _all(content_type: str, body: bytes) -> list[Item]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", content_type.encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    async with request.form() as form:
        return [await _item(name, value) for name, value in form.multi_items()]


async def _item(name: str, value: str | UploadFile) -> Item:
    if isinstance(value, str):
        return Item(name, None, None, value.encode())
    return Item(name, value.filename, essence(value.content_type), await value.read())
