"""Django: `request.POST` and `request.FILES` of a WSGI request, without routing."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings

if not settings.configured:
    settings.configure(DATA_UPLOAD_MAX_NUMBER_FIELDS=1000)

from django.core.files import uploadhandler
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from partstream.contrib.django import FormUploadHandler

from ..body import Part
from . import NOTHING, OURS, OWN, Found, Post, joined, known

FRAMEWORK = "Django"
#: What its own parser reads at a time.
CHUNK = 1 << 16
_OWN_HANDLERS = [
    uploadhandler.MemoryFileUploadHandler,
    uploadhandler.TemporaryFileUploadHandler,
]


def _request(body: bytes, content_type: str) -> WSGIRequest:
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(body), "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
    }  # fmt: skip
    return WSGIRequest(environ)


def _form(request: WSGIRequest, handlers: list[type[uploadhandler.FileUploadHandler]]) -> Found:
    request.upload_handlers = [handler(request) for handler in handlers]
    fields = sum(len(values) for _, values in request.POST.lists())
    sizes = [file.size for _, files in request.FILES.lists() for file in files]
    return fields, sum(sizes)


def _null(parts: list[Part]) -> type[uploadhandler.FileUploadHandler]:
    fields, files = known(parts)

    class Null(uploadhandler.FileUploadHandler):  # type: ignore[misc]
        def handle_raw_input(self, input_data: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            while input_data.read(CHUNK):
                pass
            post, found = QueryDict(mutable=True), MultiValueDict()
            for name, text in fields:
                post.appendlist(name, text)
            post._mutable = False
            for file in files:
                content = io.BytesIO(file.data)
                upload = InMemoryUploadedFile(
                    content, file.name, file.filename, file.content_type, len(file.data), None
                )
                found.appendlist(file.name, upload)
            return post, found

    return Null


def _post(read: Callable[[WSGIRequest], Found]) -> Post:
    def once(body: bytes, content_type: str) -> Found:
        request = _request(body, content_type)
        found = read(request)
        request.close()
        return found

    def post(chunks: Sequence[bytes], content_type: str, count: int) -> Found:
        body = joined(chunks)
        found = {once(body, content_type) for _ in range(count)}
        if len(found) != 1:
            raise RuntimeError(f"found {found}")
        return found.pop()

    return post


def ways(parts: list[Part]) -> dict[str, Post]:
    """What posts, by its name."""
    ours = [FormUploadHandler, *_OWN_HANDLERS]
    return {
        OWN: _post(partial(_form, handlers=_OWN_HANDLERS)),
        OURS: _post(partial(_form, handlers=ours)),
        NOTHING: _post(partial(_form, handlers=[_null(parts)])),
    }
