"""Each integration of forms in this process: posts a body, and gives the status of the answer.

There is no server and no socket, so that a thousand attacks take little time.  An exception that a
framework has no answer for is not caught.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from werkzeug.test import EnvironBuilder

from support import form_apps
from support.django_app import project
from support.running import run

__all__ = ["INTEGRATIONS", "Posted", "posting"]

#: Takes chunks and a content type, and gives status and text of the answer.
Posted = Callable[[Sequence[bytes], str], "tuple[int, str]"]


def _asgi(app: Any) -> Posted:
    def post(chunks: Sequence[bytes], kind: str) -> tuple[int, str]:
        left = iter((*chunks, b""))
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            chunk = next(left, None)
            if chunk is None:  # the client waits for its answer
                await asyncio.get_running_loop().create_future()
            return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(b"host", b"x"), (b"content-type", kind.encode("latin-1"))]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": "/", "raw_path": b"/", "root_path": "", "query_string": b"",
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("x", 80), "state": {},
        }  # fmt: skip
        run(app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sent)
        return sent[0]["status"], body.decode()

    return post


class _Input(io.RawIOBase):
    """A body that comes in the chunks that it is sent in."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = list(reversed(chunks))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._chunks:
            return 0
        chunk = self._chunks.pop()
        part, rest = chunk[: len(buffer)], chunk[len(buffer) :]
        if rest:
            self._chunks.append(rest)
        buffer[: len(part)] = part
        return len(part)


def _wsgi(app: Any) -> Posted:
    def post(chunks: Sequence[bytes], kind: str) -> tuple[int, str]:
        statuses: list[str] = []

        def start(status: str, headers: Any, error: Any = None) -> Callable[[bytes], Any]:
            statuses.append(status)
            return lambda data: None

        environ = EnvironBuilder(method="POST").get_environ()
        environ |= {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(sum(map(len, chunks))),
                    "wsgi.input": io.BufferedReader(_Input(chunks))}  # fmt: skip
        answer = app(environ, start)
        try:
            body = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        return int(statuses[0].split()[0]), body.decode()

    return post


def _django() -> Posted:
    from django.core.handlers.wsgi import WSGIHandler

    def post(chunks: Sequence[bytes], kind: str) -> tuple[int, str]:
        with project(
            DATA_UPLOAD_MAX_NUMBER_FIELDS=form_apps.PARTS,
            DATA_UPLOAD_MAX_NUMBER_FILES=form_apps.FILES,
            DATA_UPLOAD_MAX_MEMORY_SIZE=form_apps.FIELD_SIZE,
        ):
            return _wsgi(WSGIHandler())(chunks, kind)

    return post


def _aiohttp() -> Posted:
    from partstream.contrib.aiohttp import post as read

    async def main(chunks: Sequence[bytes], kind: str) -> tuple[int, str]:
        loop = asyncio.get_running_loop()
        stream = StreamReader(BaseProtocol(loop), 1 << 30, loop=loop)  # never paused
        for chunk in chunks:
            stream.feed_data(chunk)
        stream.feed_eof()
        app = web.Application(client_max_size=form_apps.BODY)
        request = make_mocked_request("POST", "/", {"Content-Type": kind}, payload=stream, app=app,
                                      client_max_size=form_apps.BODY)  # fmt: skip
        try:
            data = await read(request)
            return 200, form_apps.told(data.items())
        except web.HTTPException as error:
            return error.status, error.text or ""
        finally:
            request._finish()

    return lambda chunks, kind: run(main(chunks, kind))  # type: ignore[no-any-return]


#: What makes each of them; the package must be the twin's while it does.
INTEGRATIONS: dict[str, Callable[[], Posted]] = {
    "starlette": lambda: _asgi(form_apps.starlette()),
    "fastapi": lambda: _asgi(form_apps.fastapi()),
    "litestar": lambda: _asgi(form_apps.litestar()),
    "quart": lambda: _asgi(form_apps.quart()),
    "werkzeug": lambda: _wsgi(form_apps.werkzeug()),
    "flask": lambda: _wsgi(form_apps.flask()),
    "django": _django,
    "aiohttp": _aiohttp,
}


def posting(name: str) -> Posted:
    """Give what posts to an integration."""
    return INTEGRATIONS[name]()
