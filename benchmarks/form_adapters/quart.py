"""Quart: `request.form` and `request.files` of its request and of ours, without routing."""

from __future__ import annotations

import asyncio
import io
from typing import Any

from quart import Request
from quart.datastructures import FileStorage
from quart.formparser import FormDataParser
from werkzeug.datastructures import Headers

from partstream.contrib.quart import FormRequest

from ..body import Part
from . import NOTHING, OURS, OWN, Found, Post, asgi, known

FRAMEWORK = "Quart"


async def _pushed(promise: str, headers: Headers) -> None:
    raise RuntimeError(promise)


async def _form(request: Request) -> Found:
    fields, files = await request.form, await request.files
    sizes = [file.seek(0, io.SEEK_END) for _, file in files.items(multi=True)]
    for _, file in files.items(multi=True):
        file.close()
    return len(list(fields.items(multi=True))), sum(sizes)


def _null(parts: list[Part]) -> type[Request]:
    fields, files = known(parts)

    class Null(FormDataParser):
        async def parse(self, body: Any, *_: Any, **__: Any) -> Any:
            async for _chunk in body:
                pass
            found = [
                (file.name, FileStorage(
                    io.BytesIO(file.data), file.filename, file.name, file.content_type
                ))
                for file in files
            ]  # fmt: skip
            cls: Any = self.cls
            return cls(fields), cls(found)

    return type("NullRequest", (Request,), {"form_data_parser_class": Null})


def _post(kind: type[Request]) -> Post:
    found: list[Found] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = Headers([(name.decode(), value.decode()) for name, value in scope["headers"]])
        request = kind(
            "POST", "http", "/", b"", headers, "", "1.1", scope, send_push_promise=_pushed
        )
        request.max_form_memory_size, request.max_form_parts = 500_000, 1000

        async def received() -> None:  # as quart.asgi does beside the handler
            more = True
            while more:
                message = await receive()
                request.body.append(message["body"])
                more = message["more_body"]
                await asyncio.sleep(0)  # as where a server has to wait for its client
            request.body.set_complete()

        receiving = asyncio.ensure_future(received())
        found.append(await _form(request))
        await receiving

    return asgi(app, found)


def ways(parts: list[Part]) -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(Request), OURS: _post(FormRequest), NOTHING: _post(_null(parts))}
