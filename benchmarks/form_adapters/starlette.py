"""Starlette: `request.form()` of its request and of ours, without routing."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.requests import Request

from partstream.contrib.starlette import FormRequest

from ..body import Part
from . import NOTHING, OURS, OWN, Found, Post, asgi, known, spooled

FRAMEWORK = "Starlette"


def _post(kind: type[Request]) -> Post:
    found: list[Found] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async with kind(scope, receive).form() as data:
            values = [value for _, value in data.multi_items()]
            files = [value.size or 0 for value in values if isinstance(value, UploadFile)]
        found.append((len(values) - len(files), sum(files)))

    return asgi(app, found)


def null(parts: list[Part]) -> type[Request]:
    """Give a request with the null parser; FastAPI's is the same."""
    fields, files = known(parts)

    class Null(Request):
        async def _get_form(self, **_: Any) -> FormData:
            if self._form is None:
                async for _chunk in self.stream():
                    pass
                uploads = [
                    (file.name, UploadFile(
                        spooled(file.data), size=len(file.data), filename=file.filename,
                        headers=Headers({"content-type": file.content_type}),
                    ))
                    for file in files
                ]  # fmt: skip
                self._form = FormData([*fields, *uploads])
            return self._form

    return Null


def ways(parts: list[Part]) -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(Request), OURS: _post(FormRequest), NOTHING: _post(null(parts))}
