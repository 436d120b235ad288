"""Litestar: `request.form()` in a whole application, routing and answer included."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, post
from litestar.datastructures import FormMultiDict, UploadFile

from partstream.contrib.litestar import FormRequest

from ..body import Part
from . import NOTHING, OURS, OWN, Found, Post, asgi, known, spooled

FRAMEWORK = "Litestar"


Request_ = Request[Any, Any, Any]


async def _form(request: Request_) -> Found:
    data = await request.form()
    values = list(data.values())
    files = [value for value in values if isinstance(value, UploadFile)]
    size = sum(value.file.seek(0, 2) for value in files)
    await data.close()
    return len(values) - len(files), size


def _null(parts: list[Part]) -> type[Request_]:
    fields, files = known(parts)

    class Null(Request_):
        async def form(self) -> FormMultiDict:
            async for _chunk in self.stream():
                pass
            found: dict[str, Any] = {}
            for name, text in fields:
                found.setdefault(name, []).append(text)
            for file in files:
                upload = UploadFile(file.content_type, file.filename)
                upload.file = spooled(file.data)
                found.setdefault(file.name, []).append(upload)
            self._connection_state.form = found
            return await super().form()

    return Null


def _post(kind: type[Request_]) -> Post:
    found: list[Found] = []

    @post("/", status_code=200)
    async def read(request: Request[Any, Any, Any]) -> None:
        found.append(await _form(request))

    app = Litestar(
        [read], request_class=kind, request_max_body_size=None, openapi_config=None,
        logging_config=None,
    )  # fmt: skip
    return asgi(app, found)


def ways(parts: list[Part]) -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(Request), OURS: _post(FormRequest), NOTHING: _post(_null(parts))}
