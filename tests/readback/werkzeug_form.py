"""Werkzeug: the form and the files of a `Request`, which Flask hands on."""

from __future__ import annotations

from io import BytesIO

from werkzeug.wrappers import Request

from . import Item, essence


def read(content_type: str, body: bytes) -> list[Item]:
    """Let a request read its form: fields by name, then files by name."""
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    with Request(environ) as request:
        items = [
            Item(name, None, None, value.encode())
            for name, values in request.form.lists()
            for value in values
        ]
        for name, files in request.files.lists():
            for file in files:
                kind = essence(file.headers.get("Content-Type"))
                items.append(Item(name, file.filename, kind, file.read()))
    return items
