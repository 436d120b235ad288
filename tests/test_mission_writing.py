"""The examples that the writer must run, each over a real server and client.

They are those of aiohttp's introduction to multipart, with this package's names: nesting, what
``append()`` takes, headers that are set later, JSON and forms, the stream of a camera, and the two
odd servers: one that wants no Content-Length in parts, and one that wants it of the whole.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web

from support.serving import aiohttp_server, run

SOURCE = Path(__file__).read_bytes()


@pytest.fixture
def native(ps_module: Callable[[str], ModuleType]) -> ModuleType:
    """What lets aiohttp take a writer as data: to import it is enough."""
    return ps_module("contrib.aiohttp")


class Request(NamedTuple):
    """What a server got: headers, and the parts, each with its headers and its body.

    The body is a list of such pairs where the part is a multipart.
    """

    headers: Any
    parts: list[Any]

    @property
    def content(self) -> list[Any]:
        """The parts, without their headers."""
        return without_headers(self.parts)


def without_headers(parts: list[Any]) -> list[Any]:
    return [body if isinstance(body, bytes) else without_headers(body) for _, body in parts]


async def parts_of(ps: ModuleType, reader: Any) -> list[Any]:
    """Read all levels, the bodies as they were sent."""
    found: list[Any] = []
    async for part in reader:
        if isinstance(part, ps.MultipartReader):
            found.append((part.headers, await parts_of(ps, part)))
        else:
            found.append((part.headers, bytes(await part.read())))
    return found


class Writer:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    async def write(self, data: bytes) -> None:
        self.buffer.extend(data)


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    """Give what a reader can read from."""
    yield data


async def parsed(ps: ModuleType, mpwriter: Any) -> list[Any]:
    """Give the parts of what is written."""
    data = pieces(await mpwriter.as_bytes())
    return await parts_of(ps, ps.MultipartReader(mpwriter.headers, data))


@asynccontextmanager
async def example_com(ps: ModuleType) -> AsyncIterator[tuple[str, list[Request]]]:
    """Serve, and give the address and the list of the requests that came."""
    requests: list[Request] = []

    async def handle(request: web.Request) -> web.Response:
        reader = ps.MultipartReader(request.headers, request.content)
        parts = await parts_of(ps, reader)
        requests.append(Request(request.headers, parts))
        return web.Response()

    async with aiohttp_server(handle) as url:
        yield url, requests


# ---------------------------------------------------------------------------------------------
# with, and append()
# ---------------------------------------------------------------------------------------------


def nested(ps: ModuleType) -> Any:
    with ps.MultipartWriter("mixed") as mpwriter:
        mpwriter.append("first")
        with ps.MultipartWriter("related") as subwriter:
            subwriter.append("one")
        mpwriter.append(subwriter)
        with ps.MultipartWriter("related") as subwriter:
            subwriter.append("two")
            with ps.MultipartWriter("related") as subsubwriter:
                subsubwriter.append("three")
                subsubwriter.append("four")
            subwriter.append(subsubwriter)
        mpwriter.append(subwriter)
        with ps.MultipartWriter("related") as subwriter:
            subwriter.append("five")
        mpwriter.append(subwriter)
    return mpwriter


LEVELS = [b"first", [b"one"], [b"two", [b"three", b"four"]], [b"five"]]


def test_a_writer_in_a_writer_in_a_writer(ps: ModuleType, native: ModuleType) -> None:
    async def main() -> Any:
        async with example_com(ps) as (url, requests), aiohttp.ClientSession() as session:
            await session.post(url, data=nested(ps))
            return requests[0]

    request = run(main())
    assert request.content == LEVELS
    assert request.headers["Content-Type"].startswith("multipart/mixed; boundary=")
    kinds = [headers["Content-Type"].partition(";")[0] for headers, _ in request.parts]
    assert kinds == ["text/plain", *["multipart/related"] * 3]


def test_text_is_plain_text_in_utf_8(ps: ModuleType) -> None:
    mpwriter = ps.MultipartWriter("mixed")
    mpwriter.append("hello")
    mpwriter.append("grün")
    for (headers, body), text in zip(run(parsed(ps, mpwriter)), ["hello", "grün"], strict=True):
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert body == text.encode()


def test_bytes_are_an_octet_stream(ps: ModuleType) -> None:
    mpwriter = ps.MultipartWriter("mixed")
    mpwriter.append(b"aiohttp")
    [(headers, body)] = run(parsed(ps, mpwriter))
    assert headers["Content-Type"] == "application/octet-stream"
    assert body == b"aiohttp"


def test_headers_that_are_given_win(ps: ModuleType) -> None:
    mpwriter = ps.MultipartWriter("mixed")
    mpwriter.append(io.BytesIO(b"GIF89a..."), {"CONTENT-TYPE": "image/gif"})
    [(headers, body)] = run(parsed(ps, mpwriter))
    assert headers.getall("Content-Type") == ["image/gif"]
    assert body == b"GIF89a..."


def test_a_file_has_its_type_and_its_base_name(ps: ModuleType) -> None:
    with ps.MultipartWriter("mixed") as root, open(__file__, "rb") as file:
        part = root.append(file)
        assert isinstance(part, ps.Payload)
        [(headers, body)] = run(parsed(ps, root))
    assert headers["Content-Type"] == "text/x-python"
    name = Path(__file__).name
    assert headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert body == SOURCE


def test_a_file_that_was_not_closed_is_closed_with_the_writer(ps: ModuleType) -> None:
    """The introduction leaves that to chance: ``root.append(open(__file__, 'rb'))``."""

    async def main() -> Any:
        file = open(__file__, "rb")  # noqa: SIM115
        async with ps.MultipartWriter("mixed") as root:
            root.append(file)
            assert (await root.as_bytes()).count(SOURCE) == 1
            assert not file.closed
        return file.closed

    assert run(main())


# ---------------------------------------------------------------------------------------------
# What is set on the payload later
# ---------------------------------------------------------------------------------------------


def test_a_payload_takes_headers_until_it_is_written(ps: ModuleType, native: ModuleType) -> None:
    async def main() -> Any:
        async with example_com(ps) as (url, requests), aiohttp.ClientSession() as session:
            with ps.MultipartWriter("mixed") as root, open(__file__, "rb") as file:
                part = root.append(file)
                part.set_content_disposition("attachment", filename="secret.txt")
                part.headers[ps.hdrs.CONTENT_ID] = "X-12345"
                part.headers[ps.hdrs.CONTENT_ENCODING] = "gzip"
                await session.post(url, data=root)
            return requests[0].parts

    [(headers, body)] = run(main())
    assert headers["Content-Disposition"] == 'attachment; filename="secret.txt"'
    assert headers["Content-ID"] == "X-12345"
    assert headers["Content-Encoding"] == "gzip"
    assert "Content-Length" not in headers, "it was of the file, not of what is sent"
    assert len(body) < len(SOURCE)
    assert gzip.decompress(body) == SOURCE


CODINGS = [
    {"Content-Encoding": "gzip"},
    {"Content-Encoding": "deflate"},
    {"Content-Encoding": "identity"},
    {"Content-Transfer-Encoding": "base64"},
    {"Content-Transfer-Encoding": "quoted-printable"},
    {"Content-Transfer-Encoding": "binary"},
    {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "base64"},
]


def test_encodings_are_applied_while_it_streams(ps: ModuleType, rng: Any) -> None:
    """Chunk by chunk: neither what is read nor what is written is ever there as a whole."""
    chunks = [rng.randbytes(50_000) for _ in range(20)]
    given = 0

    async def stream() -> AsyncIterator[bytes]:
        nonlocal given
        for chunk in chunks:
            given += 1
            yield chunk

    class Sink:
        def __init__(self) -> None:
            self.data = bytearray()
            self.given_at_first = 0

        async def write(self, chunk: bytes) -> None:
            self.given_at_first = self.given_at_first or given
            self.data += chunk

    async def main() -> None:
        nonlocal given
        for coding in CODINGS:
            given = 0
            with ps.MultipartWriter("mixed") as mpwriter:
                part = mpwriter.append(stream())
                part.headers.update(coding)
            sink = Sink()
            await mpwriter.write(sink)
            assert sink.given_at_first < 5
            reader = ps.MultipartReader(mpwriter.headers, pieces(bytes(sink.data)))
            found = await reader.next()
            raw = await found.read(decode=False)
            assert found.decode(raw) == b"".join(chunks)
            plain = not {"identity", "binary"}.isdisjoint(coding.values())
            assert (raw == b"".join(chunks)) == plain

    run(main())


# ---------------------------------------------------------------------------------------------
# JSON, forms, and a request
# ---------------------------------------------------------------------------------------------


def test_json_and_a_form(ps: ModuleType, native: ModuleType) -> None:
    async def main() -> Any:
        async with example_com(ps) as (url, requests), aiohttp.ClientSession() as session:
            mpwriter = ps.MultipartWriter("mixed")
            mpwriter.append_json({"test": "passed"})
            mpwriter.append_form([("key", "value")])
            async with session.post(url, data=mpwriter) as response:
                assert response.status == 200
            return requests[0].parts

    (document, first), (form, second) = run(main())
    assert document["Content-Type"] == "application/json"
    assert json.loads(first) == {"test": "passed"}
    assert form["Content-Type"] == "application/x-www-form-urlencoded"
    assert second == b"key=value"


def test_it_is_written_again_without_rewinding(ps: ModuleType) -> None:
    """The introduction says that it cannot be; files are rewound to where they stood."""

    async def main() -> list[Any]:
        with open(__file__, "rb") as file, ps.MultipartWriter("mixed") as mpwriter:
            file.seek(10)
            mpwriter.append(file)
            mpwriter.append("text")
            written = []
            for _ in range(3):
                writer = Writer()
                await mpwriter.write(writer)
                written.append(bytes(writer.buffer))
            assert written[1:] == written[:1] * 2
            return without_headers(await parsed(ps, mpwriter))

    assert run(main()) == [SOURCE[10:], b"text"]


def test_a_request_is_repeated(ps: ModuleType, native: ModuleType) -> None:
    """aiohttp closes the files that it was given when a request is over; a path it cannot close."""

    async def main() -> list[Any]:
        async with example_com(ps) as (url, requests), aiohttp.ClientSession() as session:
            mpwriter = ps.MultipartWriter("mixed")
            mpwriter.append(Path(__file__))
            mpwriter.append("text")
            for _ in range(3):
                await session.post(url, data=mpwriter)
            return [request.content for request in requests]

    assert run(main()) == [[SOURCE, b"text"]] * 3


# ---------------------------------------------------------------------------------------------
# A camera
# ---------------------------------------------------------------------------------------------

FRAMES = [b"\xff\xd8" + bytes([at]) * 9_000 * at + b"\r\n--some\r\n\xff\xd9" for at in range(5)]


def test_a_camera(ps: ModuleType) -> None:
    """Each frame is read before the next one is asked for."""

    async def main() -> list[bytes]:
        taken: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def handle(request: web.Request) -> web.StreamResponse:
            my_boundary = "some-boundary"
            response = web.StreamResponse(
                status=200,
                reason="OK",
                headers={
                    "Content-Type": f"multipart/x-mixed-replace;boundary=--{my_boundary}",
                },
            )
            await response.prepare(request)
            while True:
                frame = await taken.get()
                if frame is None:
                    return response
                with ps.MultipartWriter("image/jpeg", boundary=my_boundary) as mpwriter:
                    mpwriter.append(frame, {"Content-Type": "image/jpeg"})
                    await mpwriter.write(response, close_boundary=False)
                with pytest.warns(DeprecationWarning, match="drain method is deprecated"):
                    await response.drain()

        async with aiohttp_server(handle) as url:
            taken.put_nowait(FRAMES[0])
            async with aiohttp.request("GET", url) as response:
                reader = ps.MultipartReader.from_response(response)
                found = []
                for following in [*FRAMES[1:], None]:
                    part = await reader.next()
                    assert part.headers["Content-Type"] == "image/jpeg"
                    found.append(bytes(await part.read()))
                    taken.put_nowait(following)
                with pytest.raises(ps.IncompleteBody):
                    await reader.next()
                return found

    assert run(main()) == FRAMES


# ---------------------------------------------------------------------------------------------
# Odd servers
# ---------------------------------------------------------------------------------------------


def field_storage(content_type: str, data: bytes) -> Any:
    """Read a form as a CGI program does: ``cgi`` was Python's own up to 3.12."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import cgi
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(data)),
    }
    return cgi.FieldStorage(io.BytesIO(data), environ=environ, keep_blank_values=True)


@pytest.mark.parametrize("subtype", ["form-data", "mixed"])
def test_a_server_that_wants_no_content_length_in_parts(ps: ModuleType, subtype: str) -> None:
    with ps.MultipartWriter(subtype) as mpwriter, open(__file__, "rb") as file:
        mpwriter.append("hello").set_content_disposition("form-data", name="text")
        part = mpwriter.append(file)
        part.set_content_disposition("form-data", name="file", filename="secret.txt")
        mpwriter.append("").set_content_disposition("form-data", name="empty")
        had = [ps.hdrs.CONTENT_LENGTH in part.headers for part in mpwriter]
        assert had == [subtype == "mixed"] * 3
        for part in mpwriter:
            part.headers.pop(ps.hdrs.CONTENT_LENGTH, None)
        size, data = mpwriter.size, run(mpwriter.as_bytes())
    assert b"content-length" not in data.replace(SOURCE, b"").lower()
    assert len(data) == size, "it is known none the less"
    form = field_storage(mpwriter.content_type, data)
    assert form.getvalue("text") == "hello"
    assert form["file"].filename == "secret.txt"
    assert form["file"].value == SOURCE
    assert form.getvalue("empty") == ""


def test_a_server_that_wants_the_content_length_of_the_whole(ps: ModuleType) -> None:
    async def main() -> Any:
        async with example_com(ps) as (url, requests), aiohttp.ClientSession() as session:
            mpwriter = nested(ps)
            writer = Writer()
            await mpwriter.write(writer)
            await session.post(url, data=writer.buffer, headers=mpwriter.headers)
            assert requests[0].headers["Content-Length"] == str(len(writer.buffer))
            assert mpwriter.size == len(writer.buffer)
            return requests[0]

    request = run(main())
    assert request.content == LEVELS
    assert "Transfer-Encoding" not in request.headers


def test_the_content_length_is_sent_where_it_can_be_known(
    ps: ModuleType, native: ModuleType
) -> None:
    """So that the class above is not needed; where it cannot be, the request is chunked."""

    async def stream() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def main() -> Any:
        async with example_com(ps) as (url, requests), aiohttp.ClientSession() as session:
            known, unknown = nested(ps), nested(ps)
            unknown.append(stream())
            for mpwriter in (known, unknown):
                await session.post(url, data=mpwriter)
            assert requests[0].headers["Content-Length"] == str(known.size)
            assert "Content-Length" not in requests[1].headers
            assert requests[1].headers["Transfer-Encoding"] == "chunked"
            return [request.content for request in requests]

    assert run(main()) == [LEVELS, [*LEVELS, b"onetwo"]]
