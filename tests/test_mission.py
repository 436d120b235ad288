"""The examples that every reader must run, each over real servers and clients.

They are those of aiohttp's introduction to multipart, with this package's names: the loop that
picks two parts of many, raw data that is decoded later, nesting, documents with attachments, and
the stream of a camera.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import dataclasses
import gzip
import io
import zlib
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp import web

from support.building import Multipart, Part, body, nested_part
from support.serving import WAYS, Message, Opened, aiohttp_server, in_pieces, run

JSON = ("Content-Type", "application/json")
TEXT = ("Content-Type", "text/plain")
#: What a reader meets in data that is no delimiter, and more than a socket takes at once.
LARGE = b"\r\n--B \r\n--outer-\r\n" * 20_000
SIZES = (13, 10**6)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Any:
    """A way that a multipart travels; to be opened in the test."""
    return WAYS[request.param]


class Buffer:
    """What a writer of aiohttp may write to."""

    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, data: bytes) -> None:
        self.data += data


async def written(writer: aiohttp.MultipartWriter, **options: Any) -> bytes:
    """Give what aiohttp writes."""
    buffer = Buffer()
    await writer.write(buffer, **options)  # type: ignore[arg-type]
    return bytes(buffer.data)


# ---------------------------------------------------------------------------------------------
# The loop: a JSON document and one file, of many parts
# ---------------------------------------------------------------------------------------------

METADATA = {"files": ["a.bin", "secret.txt"]}
SECRET = b"the one that is wanted\r\n--not a delimiter"


def attached(filename: str, data: bytes) -> Part:
    disposition = ("Content-Disposition", f'attachment; filename="{filename}"')
    return Part((("Content-Type", "application/octet-stream"), disposition), data)


async def by_hand() -> tuple[str, bytes]:
    parts = [
        attached("a.bin", LARGE),
        Part((JSON,), b'{"files": ["a.bin", "secret.txt"]}'),
        attached("b.bin", b""),
        attached("secret.txt", SECRET),
        attached("c.bin", LARGE),
    ]
    return 'multipart/mixed; boundary="outer"', body(Multipart("outer", parts))


async def by_aiohttp() -> tuple[str, bytes]:
    with aiohttp.MultipartWriter("mixed") as writer:
        writer.append(LARGE)
        writer.append_json(METADATA)
        writer.append("hello")
        writer.append(io.BytesIO(b"GIF89a"), {"Content-Type": "image/gif"})
        part = writer.append(SECRET)
        part.set_content_disposition("attachment", filename="secret.txt")
        writer.append(LARGE)
    return writer.content_type, await written(writer)


async def by_httpx() -> tuple[str, bytes]:
    request = httpx.Request(
        "POST",
        "http://127.0.0.1/",
        files=[
            ("file", ("a.bin", LARGE, "application/octet-stream")),
            ("document", (None, b'{"files": ["a.bin", "secret.txt"]}', "application/json")),
            ("file", ("secret.txt", SECRET, "text/plain")),
            ("file", ("c.bin", LARGE, "application/octet-stream")),
        ],
    )
    return request.headers["Content-Type"], request.read()


def test_the_loop_picks_the_document_and_one_file(ps: ModuleType, way: Any) -> None:
    async def pick(opened: Opened) -> tuple[Any, Any, list[str | None]]:
        reader = opened(ps.MultipartReader)
        metadata = filedata = None
        seen = []
        while True:
            part = await reader.next()
            if part is None:
                break
            assert type(part) is ps.BodyPartReader
            if part.headers[ps.hdrs.CONTENT_TYPE] == "application/json":
                metadata = await part.json()
                continue
            seen.append(part.filename)
            if part.filename != "secret.txt":
                continue
            filedata = await part.read(decode=False)
            filedata = part.decode(filedata)
            break
        return metadata, filedata, seen

    async def main() -> list[Any]:
        async with way() as send:
            return [
                await send(in_pieces(*await peer(), 10**5), pick)
                for peer in (by_hand, by_aiohttp, by_httpx)
            ]

    assert run(main()) == [
        (METADATA, SECRET, ["a.bin", "b.bin", "secret.txt"]),
        (METADATA, SECRET, [None, None, None, "secret.txt"]),
        (METADATA, SECRET, ["a.bin", "secret.txt"]),
    ]


def test_the_loop_ends_with_none_and_again(ps: ModuleType, way: Any) -> None:
    async def skip(opened: Opened) -> list[Any]:
        reader = opened(ps.MultipartReader)
        count = 0
        while await reader.next() is not None:
            count += 1
        return [count, await reader.next(), await reader.next()]

    async def main() -> list[Any]:
        content_type, data = await by_hand()
        async with way() as send:
            return [await send(in_pieces(content_type, data, 10**5), skip) for _ in range(2)]

    assert run(main()) == [[5, None, None]] * 2


def test_the_response_is_released_with_the_last_part(ps: ModuleType) -> None:
    """And not only with its end, which this server keeps back."""

    async def main() -> list[Any]:
        released = asyncio.Event()
        content_type, data = await by_hand()

        async def handle(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": content_type})
            await response.prepare(request)
            await response.write(data)
            await released.wait()
            return response

        async with aiohttp_server(handle) as url, aiohttp.request("GET", url) as response:
            reader = ps.MultipartReader.from_response(response)
            held = [response.connection is not None async for _ in reader]
            released.set()
            return [held, response.connection]

    assert run(main()) == [[True] * 5, None]


# ---------------------------------------------------------------------------------------------
# Data as it is, and decoded
# ---------------------------------------------------------------------------------------------

BASE64 = ("Content-Transfer-Encoding", "base64")
QUOTED = ("Content-Transfer-Encoding", "quoted-printable")
GZIP = ("Content-Encoding", "gzip")
DEFLATE = ("Content-Encoding", "deflate")
IDENTITY = ("Content-Encoding", "identity")


def encoded(data: bytes) -> list[tuple[tuple[tuple[str, str], ...], bytes]]:
    """Give the data in each encoding that a reader recognises, after the headers that say so."""
    zipped, deflated = gzip.compress(data, mtime=0), zlib.compress(data)
    return [
        ((), data),
        ((IDENTITY,), data),
        ((GZIP,), zipped),
        ((DEFLATE,), deflated),
        ((BASE64,), base64.encodebytes(data).replace(b"\n", b"\r\n")),
        ((QUOTED,), quoted(data)),
        ((GZIP, BASE64), base64.b64encode(zipped)),
        ((DEFLATE, QUOTED), quoted(deflated)),
    ]


def quoted(data: bytes) -> bytes:
    """Give quoted-printable, in which all line ends that are left are soft ones."""
    soft = binascii.b2a_qp(data, quotetabs=True, istext=False)
    return soft.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_raw_data_is_decoded_later(ps: ModuleType, way: Any) -> None:
    """Later is when the reader and the connection are gone."""
    data = "\r\n--outer: grün".encode() * 300
    forms = encoded(data)
    parts = [Part((TEXT, *headers), sent) for headers, sent in forms]
    sent = body(Multipart("outer", parts))

    async def raw(opened: Opened) -> list[Any]:
        return [(part, await part.read(decode=False)) async for part in opened(ps.MultipartReader)]

    async def main() -> list[Any]:
        async with way() as send:
            return [
                await send(in_pieces("multipart/mixed; boundary=outer", sent, size), raw)
                for size in SIZES
            ]

    for found in run(main()):
        assert [read for _, read in found] == [sent for _, sent in forms]
        assert [part.decode(read) for part, read in found] == [data] * len(forms)


def test_what_aiohttp_encodes_is_decoded(ps: ModuleType, way: Any) -> None:
    async def read(opened: Opened) -> list[Any]:
        found = []
        async for part in opened(ps.MultipartReader):
            data = await part.read(decode=False)
            found.append((data == LARGE, part.decode(data) == LARGE))
        return found

    async def main() -> Any:
        with aiohttp.MultipartWriter("mixed") as writer:
            writer.append(LARGE, {"Content-Encoding": "gzip"})
            writer.append(LARGE, {"Content-Encoding": "deflate"})
            writer.append(LARGE, {"Content-Transfer-Encoding": "base64"})
            writer.append(LARGE, {"Content-Transfer-Encoding": "quoted-printable"})
            writer.append(
                LARGE, {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "base64"}
            )
        data = await written(writer)
        async with way() as send:
            return await send(in_pieces(writer.content_type, data, 10**5), read)

    assert run(main()) == [(False, True)] * 5


HELPED = [
    ("text", TEXT, "grün, as it is".encode(), "grün, as it is"),
    ("text", ("Content-Type", "text/plain; charset=iso-8859-1"), b"gr\xfcn", "grün"),
    ("json", JSON, '{"grün": [1, 2]}'.encode(), {"grün": [1, 2]}),
    ("form", ("Content-Type", "application/x-www-form-urlencoded"), b"key=value&key=%C3%BC&empty=",
     [("key", "value"), ("key", "ü"), ("empty", "")]),
    ("read", TEXT, b"as bytes", None),
    ("read_chunk", TEXT, b"as bytes", None),
]  # fmt: skip


def test_the_helpers_undo_what_the_headers_say(ps: ModuleType, way: Any) -> None:
    """All but the two that give the data as it was sent."""

    async def main() -> list[Any]:
        found = []
        async with way() as send:
            for helper, kind, data, _ in HELPED:
                parts = [Part((kind, *headers), form) for headers, form in encoded(data)]

                async def read(opened: Opened, helper: str = helper) -> list[Any]:
                    reader = opened(ps.MultipartReader)
                    return [await getattr(part, helper)() async for part in reader]

                sent = body(Multipart("outer", parts))
                message = in_pieces("multipart/mixed; boundary=outer", sent, 10**5)
                found.append((helper, await send(message, read)))
        return found

    expected = []
    for helper, _, data, value in HELPED:
        forms = encoded(data)
        raw = [form for _, form in forms]
        expected.append((helper, raw if value is None else [value] * len(forms)))
    assert run(main()) == expected


# ---------------------------------------------------------------------------------------------
# Nesting
# ---------------------------------------------------------------------------------------------


async def tree(ps: ModuleType, reader: Any) -> list[Any]:
    """Read all levels: text as it is, a multipart as its subtype and a list."""
    found: list[Any] = []
    while True:
        part = await reader.next()
        if part is None:
            return found
        kind = part.headers[ps.hdrs.CONTENT_TYPE].partition(";")[0]
        if isinstance(part, ps.MultipartReader):
            found.append((kind.removeprefix("multipart/"), await tree(ps, part)))
        else:
            found.append(await part.text())


async def written_nested() -> tuple[str, bytes]:
    """Give the levels that the introduction to the writer has."""
    with aiohttp.MultipartWriter("mixed") as writer:
        writer.append("first")
        with aiohttp.MultipartWriter("related") as subwriter:
            subwriter.append("one")
        writer.append(subwriter)
        with aiohttp.MultipartWriter("related") as subwriter:
            subwriter.append("two")
            with aiohttp.MultipartWriter("alternative") as subsubwriter:
                subsubwriter.append("three")
                subsubwriter.append("four")
            subwriter.append(subsubwriter)
            subwriter.append("five")
        writer.append(subwriter)
        with aiohttp.MultipartWriter("related") as subwriter:
            subwriter.append("")
        writer.append(subwriter)
    return writer.content_type, await written(writer)


LEVELS = [
    "first",
    ("related", ["one"]),
    ("related", ["two", ("alternative", ["three", "four"]), "five"]),
    ("related", [""]),
]


def test_multiparts_are_read_to_all_levels(ps: ModuleType, way: Any) -> None:
    async def read(opened: Opened) -> list[Any]:
        return await tree(ps, opened(ps.MultipartReader))

    async def main() -> list[Any]:
        content_type, data = await written_nested()
        async with way() as send:
            return [await send(in_pieces(content_type, data, size), read) for size in SIZES]

    assert run(main()) == [LEVELS] * len(SIZES)


def nested_to(depth: int) -> tuple[bytes, list[Any]]:
    """Give so many levels, of which each boundary starts with the one around it."""
    text = Part((TEXT,), b"end")
    found: list[Any] = ["end"]
    inner = Multipart("outer" + "-" * depth, [text])
    for level in reversed(range(1, depth)):
        inner = Multipart("outer" + "-" * level, [text, nested_part(inner), text])
        found = ["end", ("mixed", found), "end"]
    return body(inner), found


def test_as_many_levels_as_the_limit_allows(ps: ModuleType, way: Any) -> None:
    depth = ps.Limits.STREAM.max_depth

    async def read(opened: Opened) -> list[Any]:
        return await tree(ps, opened(ps.MultipartReader))

    async def main() -> list[Any]:
        found = []
        async with way() as send:
            for levels in (depth, depth + 1):
                data, _ = nested_to(levels)
                message = in_pieces("multipart/mixed; boundary=outer-", data, 50)
                try:
                    found.append(await send(message, read))
                except ps.LimitExceeded as error:
                    found.append((error.code, error.http_status))
        return found

    assert run(main()) == [nested_to(depth)[1], ("max_depth", 413)]


def test_what_is_left_of_nested_parts_is_skipped(ps: ModuleType, way: Any) -> None:
    async def some(opened: Opened) -> list[Any]:
        reader = opened(ps.MultipartReader)
        first = await reader.next()
        await reader.next()  # nothing of it is read
        nested = await reader.next()
        two = await nested.next()
        inner = await nested.next()
        three = await inner.next()
        last = await reader.next()
        inside = await last.next()
        return [
            await inside.text(),
            await last.next(),
            await reader.next(),
            [await part.read() for part in (first, two, three)],
            [nested.at_eof(), inner.at_eof(), await nested.next(), await inner.next()],
        ]

    async def main() -> list[Any]:
        content_type, data = await written_nested()
        async with way() as send:
            return [await send(in_pieces(content_type, data, size), some) for size in SIZES]

    expected = ["", None, None, [b"", b"", b""], [True, True, None, None]]
    assert run(main()) == [expected] * len(SIZES)


# ---------------------------------------------------------------------------------------------
# Documents, and the files attached to some of them
# ---------------------------------------------------------------------------------------------

#: As it is printed: boundaries announced with their dashes, and lines that have no more.
ANNOUNCED = (
    "multipart/mixed; boundary=--:",
    b"""\
--:
CONTENT-TYPE: application/json

{"_id": "foo"}
--:
CONTENT-TYPE: multipart/related; boundary=----:

----:
CONTENT-TYPE: application/json

{"_id": "bar"}
----:
CONTENT-TYPE: text/plain
CONTENT-DISPOSITION: attachment; filename=bar.txt

bar! bar! bar!
----:--
--:
CONTENT-TYPE: application/json

{"_id": "boo"}
--:
CONTENT-TYPE: multipart/related; boundary=----:

----:
CONTENT-TYPE: application/json

{"_id": "baz"}
----:
CONTENT-TYPE: text/plain
CONTENT-DISPOSITION: attachment; filename=baz.txt

baz! baz! baz!
----:--
--:--
""".replace(b"\n", b"\r\n"),
)

#: The same with the boundaries that the lines stand for.
PLAIN = (
    'multipart/mixed; boundary=":"',
    ANNOUNCED[1].replace(b"boundary=----:", b'boundary="--:"'),
)

#: The same with boundaries as most peers choose them.
USUAL = (
    "multipart/mixed; boundary=outer",
    ANNOUNCED[1]
    .replace(b"boundary=----:", b"boundary=inner")
    .replace(b"\n----:", b"\n--inner")
    .replace(b"--:", b"--outer"),
)

#: All of one content: Content-Type and body of a response.
SHAPES = [ANNOUNCED, PLAIN, USUAL]


def read_in_all_shapes(way: Any, use: Any) -> list[Any]:
    """Read each of them in small pieces, and in one; what they give must be the same."""

    async def main() -> list[Any]:
        async with way() as send:
            return [await send(in_pieces(*shape, size), use) for shape in SHAPES for size in SIZES]

    first, *others = run(main())
    assert others == [first] * (len(SHAPES) * len(SIZES) - 1)
    return first  # type: ignore[no-any-return]


def test_documents_and_attachments_in_a_plain_loop(ps: ModuleType, way: Any) -> None:
    async def read(opened: Opened) -> list[Any]:
        reader = opened(ps.MultipartReader)
        result: list[Any] = []
        while True:
            part = await reader.next()
            if part is None:
                break
            if isinstance(part, ps.MultipartReader):
                # Fetching files
                while True:
                    filepart = await part.next()
                    if filepart is None:
                        break
                    result[-1].append(await filepart.read())
            else:
                # Fetching document
                result.append([await part.json()])
        return result

    expected = [
        [{"_id": "foo"}, b'{"_id": "bar"}', b"bar! bar! bar!"],
        [{"_id": "boo"}, b'{"_id": "baz"}', b"baz! baz! baz!"],
    ]
    assert read_in_all_shapes(way, read) == expected


def pairs_reader(ps: ModuleType) -> Any:
    """Give the subclass that reads documents and their files in pairs."""

    class PairsMultipartReader(ps.MultipartReader):  # type: ignore[name-defined,misc]
        # keep reference on the original reader
        multipart_reader_cls = ps.MultipartReader

        async def next(self) -> Any:
            """Give a document, and the reader of the attachments that follow it (if any)."""
            reader = await super().next()
            if self._at_eof:
                return None, None
            if isinstance(reader, self.multipart_reader_cls):
                part = await reader.next()
                doc = await part.json()
            else:
                doc = await reader.json()
            return doc, reader

    return PairsMultipartReader


def test_documents_and_attachments_in_pairs(ps: ModuleType, way: Any) -> None:
    async def read(opened: Opened) -> list[Any]:
        reader = opened(pairs_reader(ps))
        result = []
        while True:
            doc, files_reader = await reader.next()
            if doc is None:
                break
            files = []
            while True:
                # A document that came alone is its own reader, and has been read.
                filepart = await files_reader.next()
                if filepart is None:
                    break
                files.append((filepart.filename, await filepart.read()))
            result.append((doc, files))
        return [*result, await reader.next()]

    expected = [
        ({"_id": "foo"}, []),
        ({"_id": "bar"}, [("bar.txt", b"bar! bar! bar!")]),
        ({"_id": "boo"}, []),
        ({"_id": "baz"}, [("baz.txt", b"baz! baz! baz!")]),
        (None, None),
    ]
    assert read_in_all_shapes(way, read) == expected


def test_files_of_a_pair_that_are_not_read_are_skipped(ps: ModuleType, way: Any) -> None:
    async def read(opened: Opened) -> list[Any]:
        reader = opened(pairs_reader(ps))
        found = []
        while (pair := await reader.next()) != (None, None):
            found.append((pair[0]["_id"], type(pair[1])))
        return found

    alone, nested = ps.BodyPartReader, ps.MultipartReader
    expected = [("foo", alone), ("bar", nested), ("boo", alone), ("baz", nested)]
    assert read_in_all_shapes(way, read) == expected


# ---------------------------------------------------------------------------------------------
# A camera: multipart/x-mixed-replace, which never ends
# ---------------------------------------------------------------------------------------------

FRAMES = [b"\xff\xd8" + bytes([at]) * 9_000 + LARGE[: at * 70_000] + b"\xff\xd9" for at in range(5)]

#: What a camera may announce, when its lines are ``--some-boundary``.
CAMERAS = ["some-boundary", "--some-boundary"]


async def all_at_once(part: Any) -> bytes:
    data: bytes = await part.read()
    return data


async def by_chunks(part: Any) -> bytes:
    chunks = []
    while chunk := await part.read_chunk(1000):
        chunks.append(chunk)
    return b"".join(chunks)


async def by_iteration(part: Any) -> bytes:
    return b"".join([chunk async for chunk in part])


async def until_at_eof(part: Any) -> bytes:
    chunks = []
    while not part.at_eof():
        chunks.append(await part.read_chunk())
    return b"".join(chunks)


async def released(part: Any) -> None:
    await part.release()


#: How a client gets a frame: each in another way, and the last leaves it out.
TAKEN = [all_at_once, by_chunks, by_iteration, until_at_eof, released]


class Camera:
    """Sends a frame once the one before it was taken, and never a closing delimiter.

    Where frames have a Content-Length, nothing is sent behind their last byte; where they have
    none, their delimiter is.
    """

    def __init__(self, announced: str, sized: bool) -> None:
        self.taken = asyncio.Event()
        self.sized = sized
        self.message = Message(f"multipart/x-mixed-replace;boundary={announced}", self._pieces)

    async def _pieces(self) -> AsyncIterator[bytes]:
        delimiter = b"--some-boundary\r\n"
        for frame in FRAMES:
            if self.sized:
                length = b"Content-Length: %d\r\n" % len(frame)
                yield delimiter + b"Content-Type: image/jpeg\r\n" + length + b"\r\n" + frame
                delimiter = b"\r\n--some-boundary\r\n"
            else:
                yield delimiter + b"Content-Type: image/jpeg\r\n\r\n" + frame
                yield b"\r\n--some-boundary\r\n"
                delimiter = b""
            await self.taken.wait()
            self.taken.clear()


def test_a_frame_is_there_as_soon_as_its_bytes_are(ps: ModuleType, way: Any) -> None:
    """If a reader wanted one byte more, it would wait for ever, for it is not sent before."""
    kinds = [(announced, sized) for announced in CAMERAS for sized in (True, False)]

    async def main() -> list[Any]:
        found = []
        async with way() as send:
            for announced, sized in kinds:
                camera = Camera(announced, sized)

                async def watch(opened: Opened, camera: Camera = camera) -> list[Any]:
                    reader = opened(ps.MultipartReader)
                    frames = []
                    for take in TAKEN:
                        part = await reader.next()
                        assert part.headers[ps.hdrs.CONTENT_TYPE] == "image/jpeg"
                        frames.append(await take(part))
                        camera.taken.set()
                    return frames

                found.append(await send(camera.message, watch))
        return found

    assert run(main()) == [[*FRAMES[:4], None]] * len(kinds)


def test_the_first_half_of_a_frame_does_not_wait_for_the_other(ps: ModuleType, way: Any) -> None:
    frame = FRAMES[1]
    first, second = frame[:5_000], frame[5_000:]

    def camera(half: asyncio.Event, sized: bool) -> Message:
        length = b"Content-Length: %d\r\n" % len(frame) if sized else b""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"--some-boundary\r\n" + length + b"\r\n" + first
            await half.wait()
            yield second + (b"" if sized else b"\r\n--some-boundary\r\n")

        return Message("multipart/x-mixed-replace; boundary=some-boundary", pieces)

    async def main() -> list[Any]:
        found = []
        async with way() as send:
            for sized in (True, False):
                half = asyncio.Event()

                async def watch(opened: Opened, half: asyncio.Event = half) -> tuple[bytes, bytes]:
                    part = await opened(ps.MultipartReader).next()
                    data = b""
                    while len(data) < len(first):
                        data += await part.read_chunk()
                    half.set()
                    return data, await part.read()

                found.append(await send(camera(half, sized), watch))
        return found

    assert run(main()) == [(first, second)] * 2


def test_a_stream_of_frames_that_breaks_off(ps: ModuleType, way: Any) -> None:
    """All frames are there; whether the end is an error is for the policy to say."""

    tolerant = dataclasses.replace(ps.Policy.DEFAULT, truncated="other")

    async def main() -> list[Any]:
        found = []
        async with way() as send:
            for policy in (ps.Policy.DEFAULT, tolerant):
                camera = Camera("--some-boundary", sized=True)

                async def watch(
                    opened: Opened, camera: Camera = camera, policy: Any = policy
                ) -> list[Any]:
                    frames: list[Any] = []
                    try:
                        async for part in opened(ps.MultipartReader, policy=policy):
                            frames.append(await part.read())
                            camera.taken.set()
                    except ps.IncompleteBody as error:
                        frames.append(error.code)
                    return frames

                found.append(await send(camera.message, watch))
        return found

    assert run(main()) == [[*FRAMES, "truncated"], FRAMES]


def test_the_stream_that_the_introduction_writes(ps: ModuleType) -> None:
    """An aiohttp server writes frames as it is told to there, and an aiohttp client reads them."""

    async def main() -> list[bytes]:
        taken = asyncio.Event()

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
            for frame in FRAMES:
                with aiohttp.MultipartWriter("image/jpeg", boundary=my_boundary) as mpwriter:
                    mpwriter.append(frame, {"Content-Type": "image/jpeg"})
                    await mpwriter.write(response, close_boundary=False)
                await taken.wait()
                taken.clear()
            return response

        async with aiohttp_server(handle) as url, aiohttp.request("GET", url) as response:
            reader = ps.MultipartReader.from_response(response)
            frames = []
            for _ in FRAMES:
                part = await reader.next()
                frames.append(await part.read(decode=True))
                taken.set()
            return frames

    assert run(main()) == FRAMES
