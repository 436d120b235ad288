"""Python clients and encoders: requests, httpx, urllib3, requests-toolbelt, django, werkzeug."""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from typing import Any

from .content import LINES, TEXT, UNICODE, tricky
from .core import Case, Part, case
from .server import CaptureServer

OCTETS = "application/octet-stream"
DATA = tricky(2500, 51)
FIELDS = [("title", "plain"), ("note", TEXT), ("unicode naïve 日本", UNICODE), ("empty", "")]
FIELDS += [('quo"te\\slash', "x"), ("line\r\nbreak", "y"), ("100%", "z"), ("title", "again")]


def capture(sender: str, what: str, send: Callable[[str], object], parts: Sequence[Part]) -> Case:
    """Capture what send(url) sends."""
    with CaptureServer() as server:
        send(server.url)
        return Case(f"{sender} {version(sender)}", what, server.wait(), parts)


def post(url: str, content_type: str, body: bytes) -> None:
    """Post a body that an encoder made, with http.client."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("POST", "/", body, {"Content-Type": content_type})
    connection.getresponse().read()
    connection.close()


def field_parts() -> list[Part]:
    """Return the expected parts of the fields."""
    return [Part(value.encode(), name) for name, value in FIELDS]


def file_parts() -> list[Part]:
    """Return the expected parts of the files."""
    return [
        Part(DATA, "file", 'Grüße "odd"; 🎈.bin', OCTETS),
        Part(LINES.encode(), "file", "back\\slash 100%.txt", "text/plain"),
        Part(b"", "none", "empty.png", "image/png"),
    ]


def files() -> list[tuple[str, tuple[str, Any, str]]]:
    """Return the files the way requests and httpx want them."""
    return [
        (part.name or "", (part.filename or "", part.body, part.content_type or ""))
        for part in file_parts()
    ]


@case("requests")
def with_requests() -> Case:
    """Post fields and files."""
    import requests

    def send(url: str) -> None:
        requests.post(url, data=FIELDS, files=files(), timeout=30)

    what = "data= and files=: odd names, one file empty; the boundary is 32 hex digits"
    return capture("requests", what, send, [*field_parts(), *file_parts()])


@case("urllib3")
def with_urllib3() -> Case:
    """Post a form that encode_multipart_formdata made."""
    import urllib3
    from urllib3.fields import RequestField

    extra = RequestField("loc", b"{}", headers={"Content-Type": "application/json"})
    extra.make_multipart(content_type="application/json", content_location="/there")
    items: list[Any] = [*FIELDS, *files(), extra]

    def send(url: str) -> None:
        urllib3.request("POST", url, fields=items, timeout=30)

    what = "encode_multipart_formdata: odd names, a part with Content-Location"
    parts = [*field_parts(), *file_parts(), Part(b"{}", "loc", None, "application/json")]
    return capture("urllib3", what, send, parts)


def by_name(fields: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the fields as a dictionary of lists."""
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def grouped() -> list[Part]:
    """Return the parts of the fields in the order of by_name()."""
    named = by_name(FIELDS)
    return [Part(value.encode(), name) for name, values in named.items() for value in values]


@case("httpx")
def with_httpx() -> Case:
    """Post fields and files."""
    import httpx

    def send(url: str) -> None:
        httpx.post(url, data=by_name(FIELDS), files=files(), timeout=30)

    what = 'data= and files=: " becomes %22 while a backslash is doubled'
    return capture("httpx", what, send, [*grouped(), *file_parts()])


class Endless(io.RawIOBase):
    """A readable whose length cannot be known."""

    def __init__(self, data: bytes) -> None:
        """Read from data."""
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to size bytes."""
        return self._data.read(min(size, 700) if size > 0 else 700)

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over pieces."""
        return iter(lambda: self.read(), b"")

    def fileno(self) -> int:
        """There is no descriptor."""
        raise OSError

    def seekable(self) -> bool:
        """Say that there is no way back."""
        return False


@case("httpx-chunked")
def with_httpx_chunked() -> Case:
    """Post a file of unknown length."""
    import httpx

    def send(url: str) -> None:
        stream: Any = Endless(DATA)
        httpx.post(url, data={"a": "1"}, files={"file": ("x.bin", stream)}, timeout=30)

    what = "a file of unknown length: chunked transfer coding, the chunks are small"
    return capture("httpx", what, send, [Part(b"1", "a"), Part(DATA, "file", "x.bin", OCTETS)])


@case("requests-toolbelt")
def with_toolbelt() -> Case:
    """Post with the streaming encoder of requests-toolbelt."""
    import requests
    from requests_toolbelt import MultipartEncoder

    items: list[Any] = [*FIELDS, *files()]

    def send(url: str) -> None:
        encoder = MultipartEncoder(items)
        headers = {"Content-Type": encoder.content_type}
        requests.post(url, data=encoder, headers=headers, timeout=30)

    what = "MultipartEncoder, which streams; escapes as urllib3 does"
    return capture("requests-toolbelt", what, send, [*field_parts(), *file_parts()])


@case("django-client")
def with_django() -> Case:
    """Post what the encoder of django's test client makes."""
    from django.conf import settings
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    if not settings.configured:
        settings.configure()
    data: dict[str, Any] = {"title": ["plain", "again"], "note": TEXT, "empty": "", "naïve": "é"}
    data["file"] = SimpleUploadedFile("Grüße.txt", LINES.encode(), "text/plain")
    data["data"] = SimpleUploadedFile("data.bin", DATA, OCTETS)

    def send(url: str) -> None:
        post(url, MULTIPART_CONTENT, encode_multipart(BOUNDARY, data))

    parts = [
        Part(b"plain", "title"),
        Part(b"again", "title"),
        Part(TEXT.encode(), "note"),
        Part(b"", "empty"),
        Part("é".encode(), "naïve"),
        Part(LINES.encode(), "file", "Grüße.txt", "text/plain"),
        Part(DATA, "data", "data.bin", OCTETS),
    ]
    what = "encode_multipart of the test client, posted with http.client: boundary BoUnDaRyStRiNg"
    return capture("Django", what, send, parts)


@case("werkzeug-client")
def with_werkzeug() -> Case:
    """Post what the encoder of werkzeug's test client makes."""
    from werkzeug.datastructures import FileStorage
    from werkzeug.test import stream_encode_multipart

    data: dict[str, Any] = {"title": ["plain", "again"], "empty": "", "note": TEXT}
    data["file"] = FileStorage(io.BytesIO(LINES.encode()), "Grüße.txt", content_type="text/plain")
    data["none"] = FileStorage(io.BytesIO(b""), "empty.bin", content_type=OCTETS)
    data["data"] = FileStorage(io.BytesIO(DATA), "data.bin", content_type=OCTETS)

    def send(url: str) -> None:
        stream, _, boundary = stream_encode_multipart(data)
        post(url, f'multipart/form-data; boundary="{boundary}"', stream.read())

    parts = [
        Part(b"plain", "title"),
        Part(b"again", "title"),
        Part(b"", "empty"),
        Part(TEXT.encode(), "note"),
        Part(LINES.encode(), "file", "Grüße.txt", "text/plain"),
        Part(b"", "none", "empty.bin", OCTETS),
        Part(DATA, "data", "data.bin", OCTETS),
    ]
    what = (
        "stream_encode_multipart of the test client, posted with http.client: CRLF before the "
        "first delimiter; after the headers of an empty field comes one CRLF only, which is both "
        "the blank line and the start of the delimiter"
    )
    return capture("werkzeug", what, send, parts)
