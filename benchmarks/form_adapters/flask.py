"""Flask: `request.form` and `request.files` of its request and of ours, without routing."""

from __future__ import annotations

import io
from collections.abc import Sequence

from flask import Flask, Request

from partstream.contrib.flask import FormRequest

from . import OURS, OWN, Found, Post

FRAMEWORK = "Flask"


def _post(kind: type[Request]) -> Post:
    app = Flask(__name__)

    def once(body: bytes, content_type: str) -> Found:
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
            "wsgi.input": io.BytesIO(body), "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
        }  # fmt: skip
        request = kind(environ)
        fields = len(list(request.form.items(multi=True)))
        sizes = [file.seek(0, io.SEEK_END) for _, file in request.files.items(multi=True)]
        request.close()
        return fields, sum(sizes)

    def post(chunks: Sequence[bytes], content_type: str, count: int) -> Found:
        body = b"".join(chunks)
        with app.app_context():
            found = {once(body, content_type) for _ in range(count)}
        if len(found) != 1:
            raise RuntimeError(f"found {found}")
        return found.pop()

    return post


def ways() -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(Request), OURS: _post(FormRequest)}
