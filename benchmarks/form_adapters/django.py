"""Django: `request.POST` and `request.FILES` of a WSGI request, without routing."""

from __future__ import annotations

import io
from collections.abc import Sequence

from django.conf import settings

if not settings.configured:
    settings.configure(DATA_UPLOAD_MAX_NUMBER_FIELDS=1000)

from django.core.files import uploadhandler
from django.core.handlers.wsgi import WSGIRequest

from partstream.contrib.django import FormUploadHandler

from . import OURS, OWN, Found, Post

FRAMEWORK = "Django"
_OWN_HANDLERS = [
    uploadhandler.MemoryFileUploadHandler,
    uploadhandler.TemporaryFileUploadHandler,
]


def _post(handlers: list[type[uploadhandler.FileUploadHandler]]) -> Post:
    def once(body: bytes, content_type: str) -> Found:
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
            "wsgi.input": io.BytesIO(body), "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
        }  # fmt: skip
        request = WSGIRequest(environ)
        request.upload_handlers = [handler(request) for handler in handlers]
        fields = sum(len(values) for _, values in request.POST.lists())
        sizes = [file.size for _, files in request.FILES.lists() for file in files]
        request.close()
        return fields, sum(sizes)

    def post(chunks: Sequence[bytes], content_type: str, count: int) -> Found:
        body = b"".join(chunks)
        found = {once(body, content_type) for _ in range(count)}
        if len(found) != 1:
            raise RuntimeError(f"found {found}")
        return found.pop()

    return post


def ways() -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(_OWN_HANDLERS), OURS: _post([FormUploadHandler, *_OWN_HANDLERS])}
