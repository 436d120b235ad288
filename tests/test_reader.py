"""The asynchronous reader: parts in turn, nested ones, skipping, and real servers."""

from __future__ import annotations

import asyncio
import gzip
import sysconfig
import zlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import aiohttp
import pytest
import trio
from aiohttp import web

from support.building import Multipart, Part, body, field_part, file_part, nested_part

NESTED = body(
    Multipart(
        "out",
        [
            Part((("Content-Type", "application/json"),), b'{"a": 1}'),
            nested_part(
                Multipart("in", [Part((), b"x" * 100), Part((), b"deep"), Part((), b"")]),
                "related",
            ),
            Part((("Content-Type", "text/plain; charset=iso-8859-1"),), b"gr\xfcn"),
        ],
    )
)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


async def source(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def reader(ps: ModuleType, data: bytes, size: int = 7, **options: Any) -> Any:
    subtype = options.pop("subtype", "mixed")
    boundary = options.pop("boundary", "out")
    value = f"multipart/{subtype}; boundary={boundary}"
    return ps.MultipartReader(value, source(cut(data, size)), **options)


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(main)


async def tree(ps: ModuleType, parts: Any) -> list[Any]:
    """Read everything, nested multiparts as lists."""
    found: list[Any] = []
    async for part in parts:
        nested = isinstance(part, ps.MultipartReader)
        found.append(await tree(ps, part) if nested else await part.read())
    return found


TREE = [b'{"a": 1}', [b"x" * 100, b"deep", b""], b"gr\xfcn"]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10**6])
def test_parts_come_in_their_order_whatever_the_chunks(ps: ModuleType, size: int) -> None:
    assert run(tree(ps, reader(ps, NESTED, size))) == TREE


def test_any_event_loop_will_do(ps: ModuleType) -> None:
    assert trio.run(tree, ps, reader(ps, NESTED)) == TREE


def test_next_gives_none_after_the_last_part_and_again(ps: ModuleType) -> None:
    async def main() -> list[Any]:
        parts = reader(ps, NESTED)
        while await parts.next() is not None:
            assert not parts.at_eof()
        return [await parts.next(), await parts.next(), parts.at_eof()]

    assert run(main()) == [None, None, True]


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_what_was_not_read_of_a_part_is_skipped(ps: ModuleType, size: int) -> None:
    async def main() -> list[bytes]:
        parts, found = reader(ps, NESTED, size), []
        async for part in parts:
            if isinstance(part, ps.MultipartReader):
                inner = await part.next()
                found.append(await inner.read_chunk(3))
                continue
            found.append(await part.read_chunk(2))
        return found

    found = run(main())
    assert [b'{"a": 1}'.startswith(found[0]), found[1], b"gr\xfcn".startswith(found[2])] == [
        True,
        b"xxx" if size > 1 else b"x",
        True,
    ]


def test_a_part_is_empty_once_the_next_was_asked_for(ps: ModuleType) -> None:
    async def main() -> list[Any]:
        parts = reader(ps, NESTED)
        first = await parts.next()
        nested = await parts.next()
        inner = await nested.next()
        last = await parts.next()
        return [await first.read(), await inner.read(), await nested.next(), await last.read()]

    assert run(main()) == [b"", b"", None, b"gr\xfcn"]


def test_release_leaves_out_the_rest(ps: ModuleType) -> None:
    async def main() -> list[Any]:
        parts = reader(ps, NESTED)
        first = await parts.next()
        await first.release()
        nested = await parts.next()
        await nested.release()
        last = await parts.next()
        return [first.at_eof(), nested.at_eof(), await last.text(), last.at_eof()]

    assert run(main()) == [True, True, "grün", True]


def test_releasing_the_reader_reads_the_stream_to_its_end(ps: ModuleType) -> None:
    async def main() -> list[Any]:
        parts = reader(ps, NESTED)
        await parts.next()
        await parts.release()
        return [parts.at_eof(), await parts.next()]

    assert run(main()) == [True, None]


def test_chunks_are_as_they_came_and_make_up_the_part(ps: ModuleType) -> None:
    async def main() -> list[bytes]:
        part = await reader(ps, body(Multipart("out", [Part((), b"y" * 50)])), 10).next()
        return [chunk async for chunk in part]

    chunks = run(main())
    assert b"".join(chunks) == b"y" * 50
    assert len(chunks) > 1
    assert all(chunks)


@pytest.mark.parametrize("size", [1, 3, 8192])
def test_read_chunk_gives_at_most_what_was_asked_for(ps: ModuleType, size: int) -> None:
    async def main() -> list[bytes]:
        part = await reader(ps, body(Multipart("out", [Part((), bytes(range(256)))])), 100).next()
        chunks = []
        while chunk := await part.read_chunk(size):
            chunks.append(chunk)
        return [*chunks, await part.read_chunk(size)]

    chunks = run(main())
    assert b"".join(chunks) == bytes(range(256))
    assert max(map(len, chunks)) <= size


def test_read_goes_on_where_read_chunk_stopped(ps: ModuleType) -> None:
    async def main() -> list[Any]:
        part = await reader(ps, body(Multipart("out", [Part((), b"0123456789")])), 10**6).next()
        return [
            await part.read_chunk(3),
            part.at_eof(),
            await part.read(),
            part.at_eof(),
            await part.read(),
            await part.next(),
        ]

    assert run(main()) == [b"012", False, b"3456789", True, b"", None]


def test_a_size_below_one_is_refused(ps: ModuleType) -> None:
    async def main() -> None:
        part = await reader(ps, NESTED).next()
        await part.read_chunk(0)

    with pytest.raises(ValueError, match="must be at least 1"):
        run(main())


def test_names_headers_and_json(ps: ModuleType) -> None:
    data = body(
        Multipart(
            "out",
            [
                field_part("doc", b'{"a": [1]}', ("Content-Type", "application/json")),
                file_part("f", "x.txt", b"  "),
            ],
        )
    )

    async def main() -> list[Any]:
        parts = reader(ps, data, subtype="form-data")
        doc = await parts.next()
        value = await doc.json()
        file = await parts.next()
        return [
            doc.name,
            doc.filename,
            doc.headers["content-TYPE"],
            value,
            file.name,
            file.filename,
            await file.json(),
        ]

    assert run(main()) == ["doc", None, "application/json", {"a": [1]}, "f", "x.txt", None]


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        ((("Content-Encoding", "gzip"),), gzip.compress(b"tex") + gzip.compress(b"t")),
        ((("Content-Encoding", "deflate"),), zlib.compress(b"text")),
        ((("Content-Encoding", "deflate"),), zlib.compress(b"text")[2:-4]),
        ((("Content-Encoding", "identity"),), b"text"),
        ((("Content-Transfer-Encoding", "base64"),), b"dGV4\r\ndA=="),
        ((("Content-Transfer-Encoding", "quoted-printable"),), b"te=78t"),
        ((("Content-Transfer-Encoding", "8bit"),), b"text"),
    ],
    ids=["gzip", "zlib", "deflate", "identity", "base64", "quoted-printable", "8bit"],
)
def test_encodings_are_undone_where_that_is_asked_for(
    ps: ModuleType, headers: tuple[tuple[str, str], ...], data: bytes
) -> None:
    async def main(ask: str) -> Any:
        part = await reader(ps, body(Multipart("out", [Part(headers, data)]))).next()
        return await (part.text() if ask == "text" else part.read(decode=ask == "decode"))

    assert run(main("text")) == "text"
    assert run(main("decode")) == b"text"
    assert run(main("raw")) == data


def test_a_form_part_has_no_content_encoding(ps: ModuleType) -> None:
    data = body(Multipart("out", [field_part("a", b"plain", ("Content-Encoding", "gzip"))]))

    async def main() -> Any:
        return await (await reader(ps, data, subtype="form-data").next()).read(decode=True)

    assert run(main()) == b"plain"


@pytest.mark.parametrize(
    ("headers", "data", "code"),
    [
        (("Content-Encoding", "gzip"), b"not gzip", "invalid_encoding"),
        (("Content-Encoding", "gzip"), gzip.compress(b"text", mtime=0)[:-3], "invalid_encoding"),
        (("Content-Encoding", "brotli?"), b"", "unsupported_encoding"),
        (("Content-Transfer-Encoding", "base64"), b"dGV4d", "invalid_encoding"),
        (("Content-Transfer-Encoding", "x-uue"), b"", "unsupported_encoding"),
        (("Content-Type", "text/plain; charset=utf-7"), b"x", "unsafe_charset"),
        (("Content-Type", "text/plain; charset=utf-8"), b"\xff", "invalid_encoding"),
    ],
)
def test_what_cannot_be_decoded_is_an_error_of_the_tree(
    ps: ModuleType, headers: tuple[str, str], data: bytes, code: str
) -> None:
    async def main() -> None:
        part = await reader(ps, body(Multipart("out", [Part((headers,), data)]))).next()
        await part.text()

    with pytest.raises(ps.ParseError) as caught:
        run(main())
    assert caught.value.code == code


def test_a_gzip_bomb_stops_at_the_limit(ps: ModuleType) -> None:
    bomb = gzip.compress(bytes(10**6))
    data = body(Multipart("out", [Part((("Content-Encoding", "gzip"),), bomb)]))
    limits = replace(ps.Limits.STREAM, max_decoded_size=1000)

    async def main() -> None:
        part = await reader(ps, data, limits=limits).next()
        await part.read(decode=True)

    with pytest.raises(ps.LimitExceeded) as caught:
        run(main())
    assert caught.value.code == "max_decoded_size"


def test_a_frame_is_read_before_anything_of_the_next_has_come(ps: ModuleType) -> None:
    """A camera's part ends with its Content-Length, or else with its delimiter."""
    waited = []

    async def camera() -> AsyncIterator[bytes]:
        yield b"--out\r\nContent-Length: 5\r\n\r\nframe"
        waited.append("after the first frame")
        yield b"\r\n--out\r\n"
        yield b"\r\nframe\r\n--out\r\n"
        waited.append("after the second delimiter")
        yield b"\r\n"

    async def main() -> None:
        parts = ps.MultipartReader("multipart/x-mixed-replace; boundary=out", camera())
        assert await (await parts.next()).read() == b"frame"
        assert waited == []
        assert await (await parts.next()).read() == b"frame"
        assert waited == ["after the first frame"]

    run(main())


def test_parts_before_a_fault_are_read(ps: ModuleType) -> None:
    data = b"--out\r\n\r\ngood\r\n--out\r\nbad header\r\n\r\n"

    async def main() -> bytes:
        parts = reader(ps, data, 10**6)
        first = await parts.next()
        good: bytes = await first.read()
        with pytest.raises(ps.ParseError, match="no colon"):
            await parts.next()
        with pytest.raises(ps.ParseError, match="no colon"):
            await parts.next()
        return good

    assert run(main()) == b"good"


def test_an_end_that_comes_too_early_is_an_error(ps: ModuleType) -> None:
    async def main() -> None:
        part = await reader(ps, b"--out\r\n\r\nhalf").next()
        assert await part.read_chunk(100)
        await part.read()

    with pytest.raises(ps.IncompleteBody) as caught:
        run(main())
    assert caught.value.code == "truncated"


def test_a_tolerant_policy_marks_what_is_incomplete(ps: ModuleType) -> None:
    async def main() -> list[Any]:
        parts = reader(ps, b"--out\r\n\r\nhalf", policy=ps.Policy.LEGACY)
        part = await parts.next()
        return [await part.read(), part.complete, await parts.next()]

    assert run(main()) == [b"half", False, None]


def test_a_cancelled_read_loses_nothing(ps: ModuleType) -> None:
    async def main() -> bytes:
        stream = asyncio.StreamReader()
        stream.feed_data(b"--out\r\n\r\nfirst ")
        part = await ps.MultipartReader("multipart/mixed; boundary=out", stream).next()
        reading = asyncio.ensure_future(part.read())
        for _ in range(5):
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        stream.feed_data(b"second\r\n--out--")
        stream.feed_eof()
        data: bytes = await part.read()
        return data

    assert run(main()) == b"first second"


def test_two_tasks_on_one_stream_are_refused(ps: ModuleType) -> None:
    async def main() -> None:
        stream = asyncio.StreamReader()
        parts = ps.MultipartReader("multipart/mixed; boundary=out", stream)
        waiting = asyncio.ensure_future(parts.next())
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match="another task"):
            await parts.next()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(main())


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("multipart/mixed", "missing_boundary"),
        ("multipart/mixed; boundary=", "malformed_parameter"),
        ('multipart/mixed; boundary=""', "invalid_boundary"),
        ("text/plain; boundary=x", "not_multipart"),
        ("", "not_multipart"),
        ("multipart/mixed; boundary=a; boundary=b", "repeated_boundary"),
    ],
)
def test_a_content_type_that_is_no_use_is_refused_at_once(
    ps: ModuleType, value: str, code: str
) -> None:
    with pytest.raises(ps.ParseError) as caught:
        ps.MultipartReader(value, source([]))
    assert (caught.value.code, caught.value.offset) == (code, None)


def test_the_class_hooks_choose_what_reads(ps: ModuleType) -> None:
    class Part(ps.BodyPartReader):  # type: ignore[name-defined,misc]
        pass

    class Reader(ps.MultipartReader):  # type: ignore[name-defined,misc]
        part_reader_cls = Part
        multipart_reader_cls = ps.MultipartReader

    async def main() -> list[type]:
        parts = Reader("multipart/mixed; boundary=out", source([NESTED]))
        return [type(part) async for part in parts]

    assert run(main()) == [Part, ps.MultipartReader, Part]


def test_the_response_is_released_after_the_last_part(ps: ModuleType) -> None:
    class Response:
        headers = {"Content-Type": "multipart/mixed; boundary=out"}  # noqa: RUF012
        content = source([NESTED])
        released = 0

        def release(self) -> None:
            self.released += 1

    async def main() -> list[Any]:
        response = Response()
        parts = ps.MultipartReader.from_response(response)
        found = [await part.read() async for part in parts if hasattr(part, "read")]
        return [found, response.released]

    assert run(main()) == [[TREE[0], TREE[2]], 1]


def test_a_real_server_reads_what_a_real_client_sends(ps: ModuleType) -> None:
    received: list[Any] = []

    async def handle(request: web.Request) -> web.Response:
        received.extend(await tree(ps, ps.MultipartReader(request.headers, request.content)))
        return web.Response()

    async def main() -> None:
        app = web.Application(client_max_size=2**30)
        app.router.add_post("/", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        with aiohttp.MultipartWriter("mixed") as writer:
            writer.append_json({"a": 1})
            with aiohttp.MultipartWriter("related") as inner:
                inner.append("text")
                inner.append(b"\r\n--" * 10**5)
                writer.append(inner)
        url = f"http://127.0.0.1:{port}/"
        async with aiohttp.ClientSession() as session, session.post(url, data=writer) as response:
            assert response.status == 200
        await runner.cleanup()

    run(main())
    assert received == [b'{"a": 1}', [b"text", b"\r\n--" * 10**5]]


def test_an_error_is_raised_again_without_waiting_for_the_peer(ps: ModuleType) -> None:
    async def main() -> None:
        stream = asyncio.StreamReader()
        stream.feed_data(b"--out\r\nbad line\r\n\r\n")  # and nothing more ever comes
        parts = ps.MultipartReader("multipart/mixed; boundary=out", stream)
        for action in (parts.next, parts.next, parts.release):
            with pytest.raises(ps.ParseError, match="no colon"):
                await action()

    run(main())


def test_a_second_task_takes_nothing_from_the_first(ps: ModuleType) -> None:
    async def main() -> bytes:
        stream = asyncio.StreamReader()
        stream.feed_data(b"--out\r\n\r\nhello")
        parts = ps.MultipartReader("multipart/mixed; boundary=out", stream)
        part = await parts.next()
        reading = asyncio.ensure_future(part.read())
        for _ in range(5):
            await asyncio.sleep(0)
        for action in (parts.next, parts.release, part.release, part.read):
            with pytest.raises(ValueError, match="another task"):
                await action()
        stream.feed_data(b"!\r\n--out--")
        data: bytes = await reading
        return data

    assert run(main()) == b"hello!"


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_what_follows_the_closing_delimiter_counts_under_strict_only(
    ps: ModuleType, size: int
) -> None:
    data = body(Multipart("out", [Part((), b"x")])) + b"\r\njunk"

    async def main(policy: Any) -> list[bytes]:
        return [await part.read() async for part in reader(ps, data, size, policy=policy)]

    assert run(main(ps.Policy.DEFAULT)) == [b"x"]
    with pytest.raises(ps.ParseError) as caught:
        run(main(ps.Policy.STRICT))
    assert caught.value.code == "epilogue"


@pytest.mark.parametrize("size", [1, 10**6])
def test_a_flood_behind_the_end_is_not_read(ps: ModuleType, size: int) -> None:
    data = body(Multipart("out", [Part((), b"x")])) + b"junk" * 10**5

    async def main() -> list[bytes]:
        return [await part.read() async for part in reader(ps, data[: 10**6], size)]

    assert run(main()) == [b"x"]


def test_options_reach_the_reader_of_a_response(ps: ModuleType) -> None:
    class Response:
        headers = {"Content-Type": "multipart/mixed; boundary=out"}  # noqa: RUF012
        content = source([b"--out\n\nlf only\n--out--\n"])

        def release(self) -> None:
            """Nothing to release."""

    async def main() -> Any:
        parts = ps.MultipartReader.from_response(Response(), policy=ps.Policy.LEGACY)
        return await (await parts.next()).read()

    assert run(main()) == b"lf only"


def test_the_compiled_twin_reads_with_compiled_readers(ps: ModuleType, ps_module: Any) -> None:
    """The readers' logic is one text, so that nothing else would show a fallback."""
    compiled = ps_module("_backend").COMPILED_READERS
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    assert compiled is (ps.BACKEND == "c" and not free_threaded)
    for module in (ps, ps_module("sync")):
        for cls in (module.MultipartReader, module.BodyPartReader):
            assert (cls.__base__.__module__ == "partstream._reading_c") is compiled
