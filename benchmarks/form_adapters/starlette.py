"""Starlette: `request.form()` of its request and of ours, without routing."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from partstream.contrib.starlette import FormRequest

from . import OURS, OWN, Found, Post, asgi

FRAMEWORK = "Starlette"


def _post(kind: type[Request]) -> Post:
    found: list[Found] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async with kind(scope, receive).form() as data:
            values = [value for _, value in data.multi_items()]
            files = [value.size or 0 for value in values if isinstance(value, UploadFile)]
        found.append((len(values) - len(files), sum(files)))

    return asgi(app, found)


def ways() -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(Request), OURS: _post(FormRequest)}
