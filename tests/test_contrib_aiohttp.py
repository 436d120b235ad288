"""``partstream.contrib.aiohttp``: our writer and payloads in aiohttp, and aiohttp's in ours."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from aiohttp import hdrs, web

from support.aiohttp_traffic import chunks, posted, read, written
from support.echoing import Echo
from support.serving import aiohttp_server, run

Module = Callable[[str], ModuleType]


@pytest.fixture(autouse=True)
def contrib(ps_module: Module) -> ModuleType:
    return ps_module("contrib.aiohttp")


def answered(handler: Callable[[web.Request], Any], method: str = "GET") -> tuple[Any, bytes]:
    """Serve one request, and give the headers and the body of the answer."""

    async def main() -> tuple[Any, bytes]:
        async with (
            aiohttp_server(handler) as url,
            aiohttp.ClientSession() as session,
            session.request(method, url) as response,
        ):
            return response.headers, await response.read()

    return run(main())


# Registering


def test_all_our_payloads_are_payloads_of_aiohttps(ps: ModuleType) -> None:
    kinds = [kind for name, kind in vars(ps).items() if name.endswith("Payload")]
    assert len(kinds) > 10
    for kind in [*kinds, ps.MultipartWriter]:
        assert issubclass(kind, aiohttp.Payload)


def test_to_register_again_changes_nothing(ps: ModuleType, contrib: ModuleType) -> None:
    before = list(ps.PAYLOAD_REGISTRY._first)
    contrib.register()
    assert ps.PAYLOAD_REGISTRY._first == before


def test_a_registry_that_was_replaced_gets_them_too(
    ps_module: Module, contrib: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    payloads = ps_module("payloads")
    with monkeypatch.context() as patch:
        patch.setattr(payloads, "PAYLOAD_REGISTRY", payloads.PayloadRegistry())
        contrib.register()
        payload = payloads.get_payload(aiohttp.BytesPayload(b"x"))
        assert type(payload) is contrib.AiohttpPayload
    contrib.register()
    assert type(payloads.get_payload(aiohttp.BytesPayload(b"x"))) is contrib.AiohttpPayload


def test_our_own_payloads_stay_what_they_are(
    ps: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = ps.BytesPayload(b"x")
    assert ps.get_payload(payload) is payload
    assert ps.MultipartWriter().append(payload) is payload
    assert aiohttp.get_payload(payload) is payload

    class Other(ps.BytesPayload):
        pass

    registry = ps.PAYLOAD_REGISTRY
    monkeypatch.setattr(registry, "_first", list(registry._first))
    ps.register_payload(lambda value: Other(value._value), Other, order=ps.Order.try_first)
    other = Other(b"x")
    assert ps.get_payload(other) is not other  # whoever registers for ours is asked


# The client


def test_a_post_of_a_writer_has_a_type_and_a_length(ps: ModuleType) -> None:
    with ps.MultipartWriter("mixed") as mpwriter:
        mpwriter.append("hello")
        mpwriter.append(io.BytesIO(b"GIF89a..."), {"CONTENT-TYPE": "image/gif"})
        part = mpwriter.append(b"squeezed" * 100)
        part.headers[hdrs.CONTENT_ENCODING] = "identity"
    seen = posted(mpwriter)
    assert seen["content_type"] == mpwriter.content_type
    assert seen["length"] == str(mpwriter.size) == str(seen["size"])
    assert seen["coding"] is None
    assert posted(mpwriter, Echo.MOVED)["sha256"] == seen["sha256"]


def test_a_post_of_a_writer_of_unknown_size_is_chunked(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("mixed")
    writer.append(b"squeezed" * 100).headers[hdrs.CONTENT_ENCODING] = "gzip"
    seen = posted(writer)
    assert (seen["length"], seen["coding"]) == (None, "chunked")
    assert seen["whole"]


def test_headers_that_a_request_has_win(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("mixed")
    writer.append("x")
    kind = f"multipart/parallel; boundary={writer.boundary}"
    assert posted(writer, headers={"Content-Type": kind})["content_type"] == kind


def test_a_payload_alone_can_be_posted(ps: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    file = path.open("rb")
    for payload, kind, size in [
        (ps.BytesPayload(b"0123456789"), "application/octet-stream", 10),
        (ps.StringPayload("text"), "text/plain; charset=utf-8", 4),
        (ps.JsonPayload({"a": 1}), "application/json", 8),
        (ps.BytesIOPayload(io.BytesIO(b"123")), "application/octet-stream", 3),
        (ps.PathPayload(path), "text/plain", 10),
        (ps.BufferedReaderPayload(file), "text/plain", 10),
        (ps.IterablePayload([b"ab", b"c"]), "application/octet-stream", 3),
    ]:
        seen = posted(payload)
        assert (seen["content_type"], seen["length"], seen["size"]) == (kind, str(size), size)
    assert file.closed
    seen = posted(ps.AsyncIterablePayload(chunks()))
    assert (seen["coding"], seen["size"]) == ("chunked", 7)


def test_a_post_closes_the_files_that_were_given(ps: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    file = path.open("rb")
    writer = ps.MultipartWriter()
    writer.append(file)
    assert posted(writer, Echo.MOVED)["whole"]  # also that which is sent twice
    assert file.closed
    assert writer.consumed
    with pytest.raises(aiohttp.ClientConnectionError, match="cannot be written again"):
        posted(writer)


# The server


def _example(ps: ModuleType) -> Any:
    writer = ps.MultipartWriter("mixed", boundary="B")
    writer.append("one")
    writer.append_json({"two": 2})
    return writer


def test_a_response_of_a_writer_has_a_type_and_a_length(ps: ModuleType) -> None:
    writer = _example(ps)

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=writer)

    headers, body = answered(handle)
    assert headers["Content-Type"] == "multipart/mixed; boundary=B"
    assert headers["Content-Length"] == str(writer.size)
    assert "Transfer-Encoding" not in headers
    assert body == written(writer)


def test_a_head_request_gets_the_same_headers_and_no_body(ps: ModuleType) -> None:
    writer = _example(ps)

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=writer)

    headers, body = answered(handle, "HEAD")
    assert headers["Content-Type"] == "multipart/mixed; boundary=B"
    assert headers["Content-Length"] == str(writer.size)
    assert body == b""
    assert not writer.consumed


def test_a_response_of_unknown_size_is_chunked(ps: ModuleType, ps_module: Module) -> None:
    async def handle(request: web.Request) -> web.Response:
        writer = _example(ps)
        writer.append(chunks())
        return web.Response(body=writer, status=203, headers={"X-A": "1"})

    headers, body = answered(handle)
    assert headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in headers
    assert headers["X-A"] == "1"
    assert [data for _, data in read(ps_module, headers["Content-Type"], body)] == [
        b"one", b'{"two": 2}', b"one two",
    ]  # fmt: skip


def test_a_response_closes_the_files_that_were_given(ps: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"0123456789")
    file = path.open("rb")
    writer = ps.MultipartWriter()
    writer.append(file)

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=writer)

    _, body = answered(handle)
    assert b"0123456789" in body
    assert file.closed


def test_frames_are_streamed_without_a_closing_boundary(ps: ModuleType, ps_module: Module) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "multipart/x-mixed-replace;boundary=--frame"}
        )
        await response.prepare(request)
        for number in range(3):
            with ps.MultipartWriter("image/jpeg", boundary="frame") as mpwriter:
                mpwriter.append(b"jpeg %d" % number, {"Content-Type": "image/jpeg"})
            await mpwriter.write(response, close_boundary=False)
        return response

    headers, body = answered(handle)
    assert body == b"".join(
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 6\r\n\r\njpeg %d\r\n" % number
        for number in range(3)
    )
    reader = ps_module("sync").MultipartReader(headers, body)
    assert [reader.next().read() for _ in range(3)] == [b"jpeg 0", b"jpeg 1", b"jpeg 2"]
    with pytest.raises(ps.IncompleteBody):
        reader.next()
