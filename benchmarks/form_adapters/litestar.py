"""Litestar: `request.form()` in a whole application, routing and answer included."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, post
from litestar.datastructures import UploadFile

from partstream.contrib.litestar import FormRequest

from . import OURS, OWN, Found, Post, asgi

FRAMEWORK = "Litestar"


def _post(kind: type[Request[Any, Any, Any]]) -> Post:
    found: list[Found] = []

    @post("/", status_code=200)
    async def read(request: Request[Any, Any, Any]) -> None:
        data = await request.form()
        values = list(data.values())
        files = [value for value in values if isinstance(value, UploadFile)]
        size = sum(value.file.seek(0, 2) for value in files)
        await data.close()
        found.append((len(values) - len(files), size))

    app = Litestar(
        [read], request_class=kind, request_max_body_size=None, openapi_config=None,
        logging_config=None,
    )  # fmt: skip
    return asgi(app, found)


def ways() -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(Request), OURS: _post(FormRequest)}
