"""The writers that are compared: a form in, its body handed to a sink, piece by piece.

Each makes the whole request body anew, as one request does: a fresh form object out of the same
names, texts and paths; the Content-Type and the length, which all clients send; then the body. What
gives pieces by itself (an iterator, a `read`) is asked for them the way that its own client asks.

- partstream: `append_fields` for the texts, a path for a file, `await writer.write(sink)`.
- partstream-body: the same as `body()` gives it to blocking clients, iterated.
- partstream-append: every field by `append` and `set_content_disposition`, as aiohttp's users do.
- aiohttp: its `FormData`, what `session.post(data=...)` takes, and `write` of what that gives.
- aiohttp-writer: its `MultipartWriter`, every field by `append` and `set_content_disposition`.
- httpx: the stream that a request makes of `data=` and `files=`, iterated.
- urllib3: `encode_multipart_formdata`, which has the body in one piece (as requests has it).
- toolbelt: requests-toolbelt's `MultipartEncoder`, read in blocks of 16 KiB, as http.client reads.
- raw: no form at all: what lies in the files, read in blocks of 256 KiB, which is the limit.

partstream, httpx, urllib3 and toolbelt leave the Content-Type of a text field out, as browsers do;
aiohttp, and whoever appends one by one, write it: 41 bytes a field, which nobody has to compute.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import twins

BLOCK = 1 << 18
_HTTP_CLIENT_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True)
class Form:
    """What is to be sent: texts, and files by their paths."""

    fields: Mapping[str, str]
    files: Mapping[str, Path]


class Sink:
    """Takes the pieces: an async `write`, and the same without waiting."""

    def __init__(self) -> None:
        self.size = 0

    async def write(self, piece: Any) -> None:
        self.size += len(piece)

    def take(self, piece: Any) -> None:
        self.size += len(piece)


class Keeping(Sink):
    """A sink that keeps what it gets, for the check."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    async def write(self, piece: Any) -> None:
        self.take(piece)

    def take(self, piece: Any) -> None:
        self.size += len(piece)
        self.data += piece


#: Writes a form onto a sink; gives the Content-Type, and the length that was announced.
Writer = Callable[[Form, Sink], Awaitable["tuple[str, int | None]"]]


def _own(form: Form) -> Any:
    writer = twins.load("c").MultipartWriter("form-data")
    writer.append_fields(form.fields)
    for name, path in form.files.items():
        writer.append(path, name=name)
    return writer


async def partstream(form: Form, sink: Sink) -> tuple[str, int | None]:
    writer = _own(form)
    size = writer.size
    await writer.write(sink)
    return writer.content_type, size


async def partstream_body(form: Form, sink: Sink) -> tuple[str, int | None]:
    writer = _own(form)
    body = writer.body()
    for piece in body:
        sink.take(piece)
    return writer.content_type, body.size


async def partstream_append(form: Form, sink: Sink) -> tuple[str, int | None]:
    writer = twins.load("c").MultipartWriter("form-data")
    return await _one_by_one(writer, form, sink)


async def _one_by_one(writer: Any, form: Form, sink: Sink) -> tuple[str, int | None]:
    for name, text in form.fields.items():
        writer.append(text).set_content_disposition("form-data", name=name)
    files = [(name, path, path.open("rb")) for name, path in form.files.items()]
    try:
        for name, path, file in files:
            part = writer.append(file)
            part.set_content_disposition("form-data", name=name, filename=path.name)
        size: int | None = writer.size
        await writer.write(sink)
    finally:
        for _, _, file in files:
            file.close()
    return writer.headers["Content-Type"], size


async def aiohttp_form(form: Form, sink: Sink) -> tuple[str, int | None]:
    import aiohttp

    made = aiohttp.FormData(dict(form.fields), default_to_multipart=True)
    files = [(name, path, path.open("rb")) for name, path in form.files.items()]
    try:
        for name, path, file in files:
            made.add_field(name, file, filename=path.name)
        payload: Any = made()
        size = payload.size
        await payload.write(sink)
    finally:
        for _, _, file in files:
            file.close()
    return payload.headers["Content-Type"], size


async def aiohttp_writer(form: Form, sink: Sink) -> tuple[str, int | None]:
    import aiohttp

    return await _one_by_one(aiohttp.MultipartWriter("form-data"), form, sink)


async def httpx_stream(form: Form, sink: Sink) -> tuple[str, int | None]:
    # The class behind `data=` and `files=`: a whole `Request` would parse its URL too, which no
    # other contender does.
    from httpx._multipart import MultipartStream

    files: dict[str, Any] = {name: path.open("rb") for name, path in form.files.items()}
    try:
        stream = MultipartStream(data=dict(form.fields), files=files)
        headers = stream.get_headers()
        for piece in stream:
            sink.take(piece)
    finally:
        for file in files.values():
            file.close()
    return headers["Content-Type"], int(headers["Content-Length"])


async def urllib3_encoded(form: Form, sink: Sink) -> tuple[str, int | None]:
    from urllib3.filepost import encode_multipart_formdata

    fields: dict[str, Any] = dict(form.fields)
    for name, path in form.files.items():
        fields[name] = (path.name, path.read_bytes(), "application/octet-stream")
    body, content_type = encode_multipart_formdata(fields)
    sink.take(body)
    return content_type, len(body)


async def toolbelt(form: Form, sink: Sink) -> tuple[str, int | None]:
    from requests_toolbelt import MultipartEncoder

    files = [(name, path, path.open("rb")) for name, path in form.files.items()]
    try:
        fields: dict[str, Any] = dict(form.fields)
        for name, path, file in files:
            fields[name] = (path.name, file, "application/octet-stream")
        encoder = MultipartEncoder(fields)
        size = encoder.len
        while piece := encoder.read(_HTTP_CLIENT_BLOCK):
            sink.take(piece)
    finally:
        for _, _, file in files:
            file.close()
    return encoder.content_type, size


async def raw(form: Form, sink: Sink) -> tuple[str, int | None]:
    for path in form.files.values():
        with path.open("rb", buffering=0) as file:
            while piece := file.read(BLOCK):
                sink.take(piece)
    return "", None


WRITERS: Mapping[str, Writer] = {
    "partstream": partstream,
    "partstream-body": partstream_body,
    "partstream-append": partstream_append,
    "aiohttp": aiohttp_form,
    "aiohttp-writer": aiohttp_writer,
    "httpx": httpx_stream,
    "urllib3": urllib3_encoded,
    "toolbelt": toolbelt,
}
