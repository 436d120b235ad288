"""A Flask application that tells what a form holds, for servers in processes of their own."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Flask, request

from partstream.contrib.flask import FormRequest


def made(kind: Any) -> Flask:
    """Give the application, with a request class."""
    application = Flask("forms")
    application.request_class = kind

    @application.post("/")
    def tell() -> dict[str, Any]:
        files = []
        for name, file in request.files.items(multi=True):
            digest = hashlib.sha256()
            size = 0
            while data := file.stream.read(1 << 20):
                digest.update(data)
                size += len(data)
            files.append([name, file.filename, file.content_type, size, digest.hexdigest()])
        return {"fields": list(request.form.items(multi=True)), "files": files}

    return application


app = made(FormRequest)
