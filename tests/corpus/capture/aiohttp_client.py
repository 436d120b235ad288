"""aiohttp: its client with FormData, and its MultipartWriter."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import json
import zlib
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from .content import LINES, TEXT, UNICODE, noise, tricky
from .core import Case, Part, case
from .server import CaptureServer

if TYPE_CHECKING:
    from aiohttp import FormData, MultipartWriter

OCTETS = "application/octet-stream"
DATA = tricky(2500, 61)


def capture(what: str, data: FormData | MultipartWriter, parts: Sequence[Part]) -> Case:
    """Post the data with aiohttp and capture the request."""
    import aiohttp

    async def send(url: str) -> None:
        async with aiohttp.ClientSession() as session, session.post(url, data=data) as response:
            await response.read()

    with CaptureServer() as server:
        asyncio.run(send(server.url))
        return Case(f"aiohttp {version('aiohttp')}", what, server.wait(), parts)


def form_data(quote: bool) -> FormData:
    """Return a FormData with fields and files; a quoted name beyond ASCII cannot be sent."""
    from aiohttp import FormData

    form = FormData(quote_fields=quote, default_to_multipart=True)
    form.add_field("title", "plain")
    form.add_field("note", TEXT)
    form.add_field("unicode" if quote else "unicode naïve 日本", UNICODE)
    form.add_field('quo"te;\\slash100%', "x")
    form.add_field("json", '{"a": 1}', content_type="application/json")
    form.add_field("file", io.BytesIO(DATA), filename="data.bin", content_type=OCTETS)
    form.add_field("file", LINES, filename='Grüße "a\\b".txt', content_type="text/plain")
    form.add_field("none", io.BytesIO(b""), filename="empty one.txt", content_type="text/plain")
    return form


def form_parts(unicode: str, odd: str, empty: str) -> list[Part]:
    """Return the parts of form_data(), given some names as they come out."""
    plain = "text/plain"
    return [
        Part(b"plain", "title", None, plain),
        Part(TEXT.encode(), "note", None, plain),
        Part(UNICODE.encode(), unicode, None, plain),
        Part(b"x", 'quo"te;\\slash100%', None, plain),
        Part(b'{"a": 1}', "json", None, "application/json"),
        Part(DATA, "file", "data.bin", OCTETS),
        Part(LINES.encode(), "file", odd, plain),
        Part(b"", "none", empty, plain),
    ]


@case("aiohttp-form")
def form_quoted() -> Case:
    """Send FormData as it is by default."""
    what = (
        "FormData by default: filenames are percent-encoded as a whole, so that "
        'Grüße "a\\b".txt and "empty one.txt" are recorded as they are on the wire, only %22 '
        "undone; backslash escapes in names; every field has a Content-Type"
    )
    parts = form_parts("unicode", 'Gr%C3%BC%C3%9Fe%20"a%5Cb".txt', "empty%20one.txt")
    return capture(what, form_data(True), parts)


@case("aiohttp-form-spaces")
def form_spaces() -> Case:
    """Send names with spaces in FormData as it is by default."""
    from aiohttp import FormData

    form = FormData(default_to_multipart=True)
    form.add_field("two words", "x")
    form.add_field("two words", b"y", filename="two words.txt", content_type="text/plain")
    what = (
        'FormData by default sends the name "two words" as "two\\ words", the filename with '
        "%20: recorded as on the wire, since only backslash-quote and double backslash are undone"
    )
    parts = [
        Part(b"x", "two\\ words", None, "text/plain"),
        Part(b"y", "two\\ words", "two%20words.txt", "text/plain"),
    ]
    return capture(what, form, parts)


@case("aiohttp-form-raw")
def form_raw() -> Case:
    """Send FormData with quote_fields=False."""
    what = "FormData with quote_fields=False: raw UTF-8 and backslash escapes"
    parts = form_parts("unicode naïve 日本", 'Grüße "a\\b".txt', "empty one.txt")
    return capture(what, form_data(False), parts)


@case("aiohttp-mixed")
def mixed() -> Case:
    """Send nested multiparts made with MultipartWriter."""
    from aiohttp import MultipartWriter

    record = {"title": UNICODE, "list": [1, 2.5, None]}
    picture = noise(900, 62)
    long = LINES * 20
    with MultipartWriter("related") as related:
        related.append("<p><img src='cid:p'></p>", {"Content-Type": "text/html"})
        related.append(picture, {"Content-Type": "image/png", "Content-ID": "<p>"})
    with MultipartWriter("mixed", boundary="outer boundary:'1'") as writer:
        writer.append_json(record)
        writer.append(TEXT)
        writer.append(long, {"Content-Encoding": "gzip", "Content-Type": "text/plain"})
        writer.append(DATA[:400], {"Content-Transfer-Encoding": "base64"})
        writer.append(UNICODE, {"Content-Transfer-Encoding": "quoted-printable"})
        writer.append(related)
        attached = writer.append(DATA)
        attached.set_content_disposition("attachment", filename="naïve.bin", quote_fields=False)
        writer.append_form([("a", "1 2"), ("b", "é")])
        writer.append(b"")
    what = (
        "MultipartWriter: boundary with a space, quoted; Content-Length in the parts, gzip, "
        "base64 without line breaks, quoted-printable, a nested multipart/related"
    )
    children = [
        Part(b"<p><img src='cid:p'></p>", None, None, "text/html"),
        Part(picture, None, None, "image/png"),
    ]
    parts = [
        Part(json.dumps(record).encode(), None, None, "application/json"),
        Part(TEXT.encode(), None, None, "text/plain"),
        Part(gzip(long.encode()), None, None, "text/plain"),
        Part(base64.b64encode(DATA[:400]), None, None, OCTETS),
        Part(binascii.b2a_qp(UNICODE.encode()), None, None, "text/plain"),
        Part(content_type="multipart/related", parts=children),
        Part(DATA, None, "naïve.bin", OCTETS),
        Part(b"a=1+2&b=%C3%A9", None, None, "application/x-www-form-urlencoded"),
        Part(b"", None, None, OCTETS),
    ]
    return capture(what, writer, parts)


def gzip(data: bytes) -> bytes:
    """Return the data as aiohttp compresses it."""
    compress = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return compress.compress(data) + compress.flush()
