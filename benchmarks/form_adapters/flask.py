"""Flask: `request.form` and `request.files` of its request and of ours, without routing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from flask import Flask, Request
from werkzeug.datastructures import FileStorage
from werkzeug.formparser import FormDataParser

from partstream.contrib.flask import FormRequest

from ..body import Part
from . import NOTHING, OURS, OWN, Found, Post, joined, known

FRAMEWORK = "Flask"
#: What its own parser reads at a time.
CHUNK = 1 << 16


def _environ(body: bytes, content_type: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(body), "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
    }  # fmt: skip


def _form(request: Request) -> Found:
    fields = len(list(request.form.items(multi=True)))
    sizes = [file.seek(0, io.SEEK_END) for _, file in request.files.items(multi=True)]
    return fields, sum(sizes)


def _null(parts: list[Part]) -> type[Request]:
    fields, files = known(parts)

    class Null(FormDataParser):
        def parse(self, stream: Any, *_: Any, **__: Any) -> Any:
            while stream.read(CHUNK):
                pass
            found = [
                (file.name, FileStorage(
                    io.BytesIO(file.data), file.filename, file.name, file.content_type
                ))
                for file in files
            ]  # fmt: skip
            return stream, self.cls(fields), self.cls(found)

    return type("NullRequest", (Request,), {"form_data_parser_class": Null})


def _post(kind: type[Request]) -> Post:
    app = Flask(__name__)

    def once(body: bytes, content_type: str) -> Found:
        request = kind(_environ(body, content_type))
        found = _form(request)
        request.close()
        return found

    def post(chunks: Sequence[bytes], content_type: str, count: int) -> Found:
        body = joined(chunks)
        with app.app_context():
            found = {once(body, content_type) for _ in range(count)}
        if len(found) != 1:
            raise RuntimeError(f"found {found}")
        return found.pop()

    return post


def ways(parts: list[Part]) -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(Request), OURS: _post(FormRequest), NOTHING: _post(_null(parts))}
