"""Payloads of aiohttp's as parts of our writer, and ours as parts of aiohttp's."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from aiohttp import hdrs
from aiohttp.base_protocol import BaseProtocol

from support.aiohttp_traffic import chunks, posted, read, written
from support.echoing import Echo
from support.serving import run
from support.writing import Recorder

Module = Callable[[str], ModuleType]


@pytest.fixture(autouse=True)
def contrib(ps_module: Module) -> ModuleType:
    return ps_module("contrib.aiohttp")


# Their payloads in our writer


def _nested() -> Any:
    writer = aiohttp.MultipartWriter("related", boundary="N")
    writer.append("inner")
    return writer


_INNER = (
    b"--N\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\ninner\r\n--N--\r\n"
)
#: Payloads of aiohttp's by name: what makes one, what it writes, and whether its size is known.
THEIRS: dict[str, tuple[Callable[[Path], Any], bytes, bool]] = {
    "bytes": (lambda path: aiohttp.BytesPayload(b"\0\1"), b"\0\1", True),
    "text": (lambda path: aiohttp.payload.StringPayload("\u00e4"), "\u00e4".encode(), True),
    "json": (lambda path: aiohttp.JsonPayload([1]), b"[1]", True),
    "BytesIO": (lambda path: aiohttp.BytesIOPayload(io.BytesIO(b"abc")), b"abc", True),
    "file": (lambda path: aiohttp.BufferedReaderPayload(path.open("rb")), b"0123456789", True),
    "text-file": (
        lambda path: aiohttp.payload.TextIOPayload(path.open(encoding="ascii")),
        b"0123456789",
        False,
    ),
    "async-iterable": (lambda path: aiohttp.AsyncIterablePayload(chunks()), b"one two", False),
    "multipart": (lambda path: _nested(), _INNER, True),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    return path


@pytest.mark.parametrize("name", THEIRS)
def test_a_payload_of_aiohttps_is_a_part_of_ours(ps: ModuleType, path: Path, name: str) -> None:
    make, data, known = THEIRS[name]
    payload, size = make(path), len(data) if known else None
    writer = ps.MultipartWriter("mixed", boundary="B")
    part = writer.append(payload, {"X-A": "1"})
    assert list(writer) == [part]
    assert part.headers is payload.headers
    assert part.size == size
    assert part.content_type == payload.content_type
    lines = dict(part.headers)
    assert lines["X-A"] == "1"
    assert lines.get("Content-Length") == (None if size is None else str(size))
    head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    body = written(writer)
    assert body == f"--B\r\n{head}\r\n".encode() + data + b"\r\n--B--\r\n"
    assert writer.size == (None if size is None else len(body))

    asyncio.run(writer.close())  # aiohttp does it on a thread, which the end of the loop waits for
    if name in ("file", "text-file"):
        assert payload._value.closed


def test_theirs_goes_through_every_asynchronous_way(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("mixed")
    writer.append(_nested())
    body = written(writer)
    assert _INNER in body

    async def main() -> None:
        assert b"".join([piece async for piece in writer.abody()]) == body
        assert await writer.as_bytes() == body
        sink = Recorder()
        await writer.write_with_length(sink, len(body) - 7)
        assert sink.data == body[:-7]
        assert await next(iter(writer)).as_bytes() == _INNER

    run(main())
    assert next(iter(writer)).decode()
    with pytest.raises(TypeError, match="abody"):
        writer.body().read()
    assert posted(writer, Echo.MOVED)["length"] == str(len(body))


def test_theirs_that_was_written_once_is_consumed(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("mixed")
    part = writer.append(aiohttp.AsyncIterablePayload(chunks()))
    assert part.autoclose
    assert not writer.consumed
    assert b"one two" in written(writer)
    assert part.consumed
    assert writer.consumed
    for payload in (writer, part):
        with pytest.raises(ValueError, match="cannot be written again"):
            written(payload)


def test_a_size_that_theirs_does_not_tell_can_be_declared(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("mixed")
    writer.append(aiohttp.AsyncIterablePayload(chunks()), size=7)
    assert writer.size == len(written(writer))
    writer = ps.MultipartWriter("mixed")
    writer.append(aiohttp.AsyncIterablePayload(chunks()), size=8)
    with pytest.raises(ValueError, match="ended after 7 of 8"):
        written(writer)


def test_theirs_is_encoded_as_its_headers_say(ps: ModuleType, ps_module: Module) -> None:
    writer = ps.MultipartWriter("mixed")
    payload = aiohttp.BytesPayload(b"squeeze" * 50)
    writer.append(payload)
    payload.headers[hdrs.CONTENT_ENCODING] = "gzip"
    body = written(writer)
    assert b"squeezesqueeze" not in body
    [(headers, data)] = read(ps_module, writer.content_type, body)
    assert headers["Content-Encoding"] == "gzip"
    assert data == b"squeeze" * 50


def test_a_file_of_theirs_gets_a_name_in_our_form(
    ps: ModuleType, ps_module: Module, path: Path
) -> None:
    with path.open("rb") as first, path.open("rb") as second:
        form = ps.MultipartWriter("form-data")
        form.append(aiohttp.BufferedReaderPayload(first), name="file")
        form.append(aiohttp.BufferedReaderPayload(second))
        chosen = aiohttp.payload.StringPayload("x")
        chosen.set_content_disposition("form-data", name="chosen")
        form.append(chosen, content_type="text/html")
        found = read(ps_module, form.content_type, written(form))
    assert [headers["Content-Disposition"] for headers, _ in found] == [
        'form-data; name="file"; filename="a.txt"',
        'form-data; name="section-1"; filename="a.txt"',
        'form-data; name="chosen"',
    ]
    assert found[2][0]["Content-Type"] == "text/html"
    assert [data for _, data in found] == [b"0123456789", b"0123456789", b"x"]


def test_a_part_of_aiohttps_reader_goes_into_our_writer_decoded(
    ps: ModuleType, ps_module: Module
) -> None:
    packed = gzip.compress(b"packed")
    source = b"--S\r\nContent-Type: text/css\r\nContent-Encoding: gzip\r\nX-A: 1\r\n\r\n%b\r\n--S--"

    async def main() -> tuple[str, bytes]:
        content = aiohttp.StreamReader(_Protocol(), 1 << 16, loop=asyncio.get_running_loop())
        content.feed_data(source % packed)
        content.feed_eof()
        reader = aiohttp.MultipartReader({"Content-Type": "multipart/mixed; boundary=S"}, content)
        part = await reader.next()
        writer = ps.MultipartWriter("mixed")
        writer.append(part, {"X-B": "2"})
        sink = Recorder()
        await writer.write(sink)
        assert writer.consumed
        return writer.content_type, sink.data

    [(headers, data)] = read(ps_module, *run(main()))
    assert data == b"packed"
    assert dict(headers) == {"Content-Type": "text/css", "X-A": "1", "X-B": "2"}


class _Protocol(BaseProtocol):
    """What a stream of aiohttp's asks to pause: nothing is behind it."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop())


# Our payloads in their writer


def test_ours_are_parts_of_aiohttps_writer(
    ps: ModuleType, tmp_path: Path, ps_module: Module
) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(b"<p>")
    nested = ps.MultipartWriter("related", boundary="N")
    nested.append("inner")
    theirs = aiohttp.MultipartWriter("mixed", boundary="B")
    theirs.append(ps.BytesPayload(b"\0"), {"X-A": "1"})
    theirs.append_payload(ps.StringPayload("\u00e4"))
    theirs.append(ps.PathPayload(path))
    theirs.append(ps.JsonPayload([1]))
    theirs.append(nested)
    body = written(theirs)
    assert theirs.size == len(body)
    assert run(theirs.as_bytes()) == body
    assert theirs.decode()
    *found, (outer, _) = _parts(ps, theirs.content_type, body)
    assert [data for _, data in found] == [b"\0", "\u00e4".encode(), b"<p>", b"[1]"]
    assert found[0][0]["X-A"] == "1"
    assert found[2][0]["Content-Type"] == "text/html"
    assert outer["Content-Type"] == "multipart/related; boundary=N"
    assert written(nested) in body
    assert posted(theirs, Echo.MOVED)["length"] == str(len(body))


def _parts(ps: ModuleType, content_type: str, body: bytes) -> list[tuple[Any, bytes]]:
    """Read a multipart without going into those within."""
    parser = ps.MultipartParser(content_type.partition("boundary=")[2], subtype="mixed")
    found: list[tuple[Any, bytes]] = []
    for event in parser.feed(body):
        if isinstance(event, ps.PartBegin):
            found.append((event.headers, b""))
        elif isinstance(event, bytes):
            found[-1] = (found[-1][0], found[-1][1] + event)
    parser.close()
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate"},
        {"Content-Transfer-Encoding": "base64"},
        {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "base64"},
    ],
)
def test_aiohttps_writer_encodes_ours(
    ps: ModuleType, ps_module: Module, headers: dict[str, str]
) -> None:
    theirs = aiohttp.MultipartWriter("mixed")
    nested = ps.MultipartWriter("related", boundary="N")
    nested.append(b"data" * 1000)
    theirs.append(ps.BytesPayload(b"data" * 1000), headers)
    theirs.append(ps.IterablePayload([b"da", b"ta"] * 1000), headers)
    body = written(theirs)
    assert theirs.size is None
    assert [data for _, data in read(ps_module, theirs.content_type, body)] == [b"data" * 1000] * 2


def test_ours_are_fields_of_aiohttps_forms(
    ps: ModuleType, tmp_path: Path, ps_module: Module
) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(b"<p>")
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("a", ps.StringPayload("text"))
    form.add_field("b", ps.PathPayload(path), filename="b.html")
    writer = form()
    body = written(writer)
    assert writer.size == len(body)
    found = read(ps_module, writer.headers["Content-Type"], body)
    assert [(headers["Content-Disposition"], data) for headers, data in found] == [
        ('form-data; name="a"', b"text"),
        ('form-data; name="b"; filename="b.html"', b"<p>"),
    ]
