"""One application for each integration of forms, for servers in processes of their own.

All answer alike: ``POST /`` reads a form within the limits below and tells in JSON what it holds,
``POST /large`` does so without a limit to the whole body, and ``GET`` tells how many forms were
told so far, and on which twin.  ``FORM_APP`` in the environment is the integration.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import partstream

#: The limits, as far as a framework has them; its own names are in :data:`APPS`.
PARTS, FILES, FIELD_SIZE, BODY = 150, 20, 100_000, 3_000_000
_PAGE = Path(__file__).parents[2] / "docs" / "asgi-wsgi.md"
_JSON = "application/json"
_HEADERS = {"Content-Type": _JSON}


class _Count:
    """How many forms were told."""

    forms = 0


def state() -> str:
    return json.dumps({"forms": _Count.forms, "backend": partstream.BACKEND})


def told(pairs: Iterable[tuple[str, Any]]) -> str:
    """Tell what a form holds, and count it; what is no text is a file, or has one."""
    found: dict[str, list[Any]] = {"fields": [], "files": []}
    for name, value in pairs:
        if isinstance(value, (str, bytearray)):
            found["fields"].append([name, value if isinstance(value, str) else value.decode()])
        else:
            read = partial(getattr(value, "file", value).read, 1 << 20)
            filename = value.filename if hasattr(value, "filename") else value.name
            found["files"].append([name, filename, *digest(iter(read, b""))])
    _Count.forms += 1
    return json.dumps(found)


def digest(pieces: Iterable[bytes]) -> tuple[int, str]:
    """Give size and SHA-256 of data."""
    size, sha = 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        sha.update(piece)
    return size, sha.hexdigest()


def starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from partstream.contrib.starlette import form

    async def tell(request: Request) -> Response:
        limits = {"max_files": FILES, "max_fields": PARTS, "max_part_size": FIELD_SIZE}
        async with form(request, **limits) as data:
            return Response(told(data.multi_items()), media_type=_JSON)

    return Starlette(
        routes=[Route("/", tell, methods=["POST"]), Route("/large", tell, methods=["POST"])]
    )


def fastapi() -> Any:
    from fastapi import FastAPI, Request, Response, UploadFile

    from partstream.contrib.fastapi import FormRoute

    app = FastAPI()
    app.router.route_class = FormRoute

    @app.post("/")
    async def tell(request: Request) -> Response:
        limits = {"max_files": FILES, "max_fields": PARTS, "max_part_size": FIELD_SIZE}
        async with request.form(**limits) as data:  # type: ignore[arg-type]
            return Response(told(data.multi_items()), media_type=_JSON)

    @app.post("/large")
    async def large(f: UploadFile | None = None) -> Response:
        return Response(told([("f", f)] if f else []), media_type=_JSON)

    return app


def litestar() -> Any:
    from litestar import Litestar, Request, Response, post

    from partstream.contrib.litestar import FormRequest

    async def tell(request: Request[Any, Any, Any]) -> Response[str]:
        data = await request.form()
        try:
            return Response(told(data.items()), media_type=_JSON)
        finally:
            await data.close()

    return Litestar(
        [
            post("/", status_code=200, request_max_body_size=BODY)(tell),
            post("/large", status_code=200, request_max_body_size=None)(tell),
        ],
        request_class=FormRequest, multipart_form_part_limit=PARTS, openapi_config=None,
        logging_config=None,
    )  # fmt: skip


def quart() -> Any:
    from quart import Quart, request

    from partstream.contrib.quart import FormRequest

    class Request(FormRequest):
        def __init__(self, method: str, scheme: str, path: str, *more: Any, **options: Any) -> None:
            if path == "/large":
                options["max_content_length"] = None
            super().__init__(method, scheme, path, *more, **options)
            if path == "/large":
                self.max_content_length = 1 << 40  # None would be what the application says

    app = Quart("forms")
    app.request_class = Request
    app.config |= {
        "MAX_FORM_PARTS": PARTS, "MAX_FORM_MEMORY_SIZE": FIELD_SIZE, "MAX_CONTENT_LENGTH": BODY,
    }  # fmt: skip

    @app.post("/")
    @app.post("/large")
    async def tell() -> Any:
        fields, files = await request.form, await request.files
        try:
            return told([*fields.items(multi=True), *files.items(multi=True)]), _HEADERS
        finally:
            for file in files.values():
                file.close()

    return app


def flask() -> Any:
    from flask import Flask, request

    from partstream.contrib.flask import FormRequest

    app = Flask("forms")
    app.request_class = FormRequest
    app.config |= {
        "MAX_FORM_PARTS": PARTS, "MAX_FORM_MEMORY_SIZE": FIELD_SIZE, "MAX_CONTENT_LENGTH": BODY,
    }  # fmt: skip

    @app.post("/")
    @app.post("/large")
    def tell() -> Any:
        if request.path == "/large":
            request.max_content_length = 1 << 30  # None would be what the application has
        fields, files = request.form, request.files
        return told([*fields.items(multi=True), *files.items(multi=True)]), _HEADERS

    return app


def werkzeug() -> Any:
    from werkzeug.exceptions import HTTPException
    from werkzeug.wrappers import Response

    from partstream.contrib.werkzeug import FormRequest

    def app(environ: Any, start_response: Any) -> Any:
        with FormRequest(environ) as request:
            request.max_form_parts, request.max_form_memory_size = PARTS, FIELD_SIZE
            request.max_content_length = None if request.path == "/large" else BODY
            answer: Any
            try:
                items = [*request.form.items(multi=True), *request.files.items(multi=True)]
                answer = Response(told(items), mimetype=_JSON)
            except HTTPException as error:
                answer = error
            return answer(environ, start_response)

    return app


def django() -> Any:
    import django
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    from support.django_app import MEMORY, OURS, TEMPORARY, project

    by_parser = "-parser-" in os.environ["FORM_APP"]

    @csrf_exempt
    def tell(request: HttpRequest) -> HttpResponse:
        if by_parser:
            from partstream.contrib.django import FormParser

            assert request.multipart_parser_class is not FormParser  # there is such a thing
            request.multipart_parser_class = FormParser
        pairs = [
            (k, v) for found in (request.POST, request.FILES) for k, vs in found.lists() for v in vs
        ]
        return HttpResponse(told(pairs), content_type=_JSON)

    project(
        [MEMORY, TEMPORARY] if by_parser else [OURS, MEMORY, TEMPORARY],
        ROOT_URLCONF=(path("", tell), path("large", tell)), DATA_UPLOAD_MAX_NUMBER_FIELDS=PARTS,
        DATA_UPLOAD_MAX_NUMBER_FILES=FILES, DATA_UPLOAD_MAX_MEMORY_SIZE=FIELD_SIZE,
    ).enable()  # fmt: skip
    django.setup()
    return ASGIHandler() if os.environ["FORM_APP"].endswith("-asgi") else WSGIHandler()


def aiohttp() -> Any:
    from aiohttp import web

    from partstream.contrib.aiohttp import post

    async def tell(request: web.Request) -> web.Response:
        data = await post(request)
        return web.Response(text=told(data.items()), content_type="application/json")

    async def large(request: web.Request) -> web.Response:
        unlimited = request.clone(client_max_size=0)
        try:
            return await tell(unlimited)
        finally:
            unlimited._finish()  # aiohttp itself closes the files of the request that it made

    async def count(request: web.Request) -> web.Response:
        return web.Response(text=state())

    app = web.Application(client_max_size=BODY, client_max_fields=PARTS)
    app.add_routes([web.get("/", count), web.post("/", tell), web.post("/large", large)])
    return app


async def _told(form: Any) -> str:
    """Tell what a form of ``parse_form`` holds."""
    pairs = [*form.fields.items()]
    for name, file in form.files.items():
        content = io.BytesIO()
        while data := await file.read(1 << 20):
            content.write(data)
        content.seek(0)
        kept = SimpleNamespace(filename=file.filename, content_type=file.content_type, file=content)
        pairs.append((name, kept))
    return told(pairs)


def _documented(number: int, answer: str) -> dict[str, Any]:
    """Give an application of ``docs/asgi-wsgi.md`` by path; it has limits, and tells all."""
    block = _PAGE.read_text(encoding="utf-8").split("```python\n")[number].partition("```")[0]
    block = block.replace('", ".join(form.fields)', answer)
    found = {}
    for path, total in (("/", BODY), ("/large", None)):
        space: dict[str, Any] = {"told": told, "_told": _told}
        exec(block, space)
        limits = partstream.Limits(max_parts=PARTS, max_field_size=FIELD_SIZE, max_total_size=total)
        space["parse_form"] = partial(space["parse_form"], limits=limits)
        found[path] = space["app"]
    return found


def plain_asgi() -> Any:
    apps = _documented(1, "await _told(form)")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await apps[scope["path"]](scope, receive, send)

    return app


def plain_wsgi() -> Any:
    apps = _documented(2, "told([*form.fields.items(), *form.files.items()])")
    return lambda environ, start_response: apps[environ["PATH_INFO"]](environ, start_response)


def _counting_asgi(app: Any) -> Any:
    async def counting(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("method") != "GET":
            await app(scope, receive, send)
            return
        headers = [(b"content-length", str(len(state())).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": state().encode()})

    return counting


def _counting_wsgi(app: Any) -> Any:
    def counting(environ: Any, start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] != "GET":
            return app(environ, start_response)
        start_response("200 OK", [("Content-Length", str(len(state())))])
        return [state().encode()]

    return counting


#: What makes the application of an integration, and what has it count.
APPS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "starlette": (starlette, _counting_asgi),
    "fastapi": (fastapi, _counting_asgi),
    "litestar": (litestar, _counting_asgi),
    "quart": (quart, _counting_asgi),
    "django-asgi": (django, _counting_asgi),
    "django-parser-asgi": (django, _counting_asgi),
    "plain-asgi": (plain_asgi, _counting_asgi),
    "aiohttp": (aiohttp, lambda app: app),
    "flask": (flask, _counting_wsgi),
    "werkzeug": (werkzeug, _counting_wsgi),
    "django-wsgi": (django, _counting_wsgi),
    "django-parser-wsgi": (django, _counting_wsgi),
    "plain-wsgi": (plain_wsgi, _counting_wsgi),
}


def made() -> Any:
    """Give the application that the environment asks for."""
    make, counting = APPS[os.environ["FORM_APP"]]
    return counting(make())
