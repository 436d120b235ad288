"""Parts that are being read, written into another multipart."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from support.reading import NAMES, Reading
from support.ways import WAITING, WAYS, Sink, on_asyncio, only_part

Module = Callable[[str], ModuleType]

#: Four chunks: the head, two of body alone, and the rest.
HEAD = b"--B\r\nX-A: 1\r\nContent-Type: a/b; c=d\r\nx-a: 2\r\n\r\n"
BODY = [b"x" * 40_000, bytes(range(256)) * 200]
TAIL = b"\r\n--B--\r\n"

TEXT = b"some text, and more\n" * 5_000
PACKED = gzip.compress(TEXT, mtime=0)
CODED = base64.encodebytes(TEXT).replace(b"\n", b"\r\n")


@pytest.fixture(params=NAMES)
def reading(request: pytest.FixtureRequest, ps: ModuleType, ps_module: Module) -> Reading:
    """The package's readers, that which is awaited, and that which is not."""
    return Reading(request.param, ps, ps_module("sync"))


def ways(reading: Reading) -> list[str]:
    return [way for way in WAYS if way in WAITING or reading.name == "sync"]


def opened(reading: Reading, chunks: list[bytes], subtype: str = "mixed", **options: Any) -> Any:
    """Give a reader of chunks that come as they are."""
    value = f"multipart/{subtype}; boundary=B"
    return reading.module.MultipartReader(value, reading.source(chunks), **options)


def first(reading: Reading, chunks: list[bytes], **options: Any) -> Any:
    """Give the first part."""
    return reading.done(opened(reading, chunks, **options).next())


def multipart(body: bytes, *headers: str, size: int = 1000) -> list[bytes]:
    """Give the chunks of a multipart with one part."""
    head = "".join(f"{header}\r\n" for header in headers)
    data = b"--B\r\n" + head.encode() + b"\r\n" + body + TAIL
    return [data[at : at + size] for at in range(0, len(data), size)]


def proxied(reading: Reading, way: str, part: Any, **options: Any) -> Any:
    """Write a part in one of the ways: give its headers and its body."""
    subtype = options.pop("subtype", "mixed")
    writer = reading.package.MultipartWriter(subtype)
    writer.append(part, **options)
    size = writer.size
    data = WAYS[way](writer)
    assert size in (None, len(data))
    return only_part(data)


def test_a_part_is_passed_on_whole(reading: Reading) -> None:
    for way in ways(reading):
        headers, body = proxied(reading, way, first(reading, [HEAD, *BODY, TAIL]))
        assert body == b"".join(BODY)
        assert list(headers.items()) == [("X-A", "1"), ("Content-Type", "a/b; c=d"), ("x-a", "2")]


def test_its_chunks_are_passed_on_uncopied(reading: Reading) -> None:
    sink = Sink()
    writer = reading.package.MultipartWriter()
    writer.append(first(reading, [HEAD, *BODY, TAIL]))
    on_asyncio(lambda: writer.write(sink))
    for chunk in BODY:
        assert any(given is chunk for given in sink.chunks)


def test_a_part_without_headers_gets_none(reading: Reading) -> None:
    for way in ways(reading):
        headers, body = proxied(reading, way, first(reading, multipart(b"abc")))
        assert (list(headers), body) == ([], b"abc")


def test_a_type_is_only_named_where_somebody_names_one(reading: Reading) -> None:
    for lines, options, expected in (
        ([], {}, None),
        ([], {"content_type": "c/d"}, "c/d"),
        (["Content-Type: a/b"], {"content_type": "c/d"}, "c/d"),
        (["Content-Type: a/b"], {"filename": "a.html"}, "a/b"),
    ):
        part = first(reading, multipart(b"", *lines))
        headers, _ = proxied(reading, "write-asyncio", part, **options)
        assert headers.getall("Content-Type", [None]) == [expected]


def test_headers_that_are_given_win(reading: Reading) -> None:
    part = first(reading, [HEAD, *BODY, TAIL])
    given = {"Content-Type": "c/d", "X-B": "3"}
    headers, _ = proxied(reading, "write-asyncio", part, headers=given)
    assert headers.getall("content-type") == ["c/d"]
    assert headers.getall("x-a") == ["1", "2"]
    assert headers["x-b"] == "3"


@pytest.mark.parametrize("pieces", [1, 100, 1 << 20])
def test_an_encoding_is_kept_and_its_bytes_are_as_they_came(reading: Reading, pieces: int) -> None:
    for header, coded in (
        ("Content-Encoding: gzip", PACKED),
        ("Content-Transfer-Encoding: base64", CODED),
        ("Content-Transfer-Encoding: binary", TEXT),
        ("Content-Encoding: unheard-of", TEXT),
    ):
        part = first(reading, multipart(coded, header, size=max(pieces, len(coded) // 500)))
        headers, body = proxied(reading, "write-asyncio", part)
        name, _, value = header.partition(": ")
        assert (headers[name], body) == (value, coded)


@pytest.mark.parametrize("way", WAYS)
def test_an_encoding_that_is_taken_away_is_undone(reading: Reading, way: str) -> None:
    if way not in ways(reading):
        way = "write-trio"
    lines = ("Content-Encoding: gzip", "Content-Transfer-Encoding: base64", "Content-Length: {}")
    coded = base64.encodebytes(PACKED)
    chunks = multipart(coded, *(line.format(len(coded)) for line in lines))
    writer = reading.package.MultipartWriter()
    payload = writer.append(first(reading, chunks))
    for key in ("Content-Encoding", "Content-Transfer-Encoding"):
        del payload.headers[key]
    headers, body = only_part(WAYS[way](writer))
    assert (list(headers), body) == ([], TEXT)


def test_an_encoding_may_be_changed_for_another(reading: Reading) -> None:
    writer = reading.package.MultipartWriter()
    payload = writer.append(first(reading, multipart(CODED, "Content-Transfer-Encoding: base64")))
    payload.headers["Content-Encoding"] = "gzip"
    del payload.headers["Content-Transfer-Encoding"]
    sink = Sink()
    on_asyncio(lambda: writer.write(sink))
    headers, body = only_part(sink.data)
    assert list(headers.items()) == [("Content-Encoding", "gzip")]
    assert gzip.decompress(body) == TEXT


def test_in_a_form_it_is_decoded_and_keeps_its_names(reading: Reading) -> None:
    part = first(
        reading,
        multipart(
            PACKED,
            "Content-Encoding: gzip",
            f"Content-Length: {len(PACKED)}",
            "Content-Type: a/b",
            'Content-Disposition: form-data; name="a%22b"; filename="ö.txt"',
        ),
    )
    headers, body = proxied(reading, "write-asyncio", part, subtype="form-data")
    assert body == TEXT
    assert sorted(headers) == ["Content-Disposition", "Content-Type"]
    assert headers["Content-Disposition"] == 'form-data; name="a%22b"; filename="ö.txt"'
    assert headers["Content-Type"] == "a/b"


def test_a_name_that_two_parsers_would_read_in_two_ways_is_written_anew(reading: Reading) -> None:
    chunks = multipart(b"", 'Content-Disposition: FORM-DATA ;name=a; filename="x\\"; y=\\\\"')
    part = first(reading, chunks, subtype="form-data")
    headers, _ = proxied(reading, "write-asyncio", part, subtype="form-data")
    expected = f'form-data; name="a"; filename="{part.filename}"'.replace('x"', "x%22")
    assert headers["Content-Disposition"] == expected.replace("\\", "\\\\")


def test_a_length_is_kept_and_makes_the_size_known(reading: Reading) -> None:
    for way in ways(reading):
        part = first(reading, multipart(TEXT, f"Content-Length: {len(TEXT)}", "X-A: 1"))
        writer = reading.package.MultipartWriter()
        payload = writer.append(part)
        assert payload.size == len(TEXT)
        size = writer.size
        data = WAYS[way](writer)
        headers, body = only_part(data)
        assert (size, body) == (len(data), TEXT)
        assert headers.getall("Content-Length") == [str(len(TEXT))]


def test_a_length_of_encoded_bytes_counts_as_long_as_they_are_passed_on(reading: Reading) -> None:
    chunks = multipart(PACKED, f"Content-Length: {len(PACKED)}", "Content-Encoding: gzip")
    writer = reading.package.MultipartWriter()
    payload = writer.append(first(reading, chunks))
    assert payload.size is None
    size = writer.size
    sink = Sink()
    on_asyncio(lambda: writer.write(sink))
    headers, body = only_part(sink.data)
    assert (size, body) == (len(sink.data), PACKED)
    assert headers["Content-Encoding"] == "gzip"


def test_a_length_that_the_reader_ignores_is_not_believed(reading: Reading) -> None:
    """In a form, whoever sent it may say what he likes."""
    chunks = multipart(b"abc", "Content-Length: 99", 'Content-Disposition: form-data; name="a"')
    part = first(reading, chunks, subtype="form-data")
    headers, body = proxied(reading, "write-asyncio", part)
    assert (body, "Content-Length" in headers) == (b"abc", False)


def test_a_length_that_does_not_hold_is_the_readers_error(reading: Reading) -> None:
    ps = reading.package
    writer = ps.MultipartWriter()
    writer.append(first(reading, multipart(b"abc", "Content-Length: 99", size=40)))
    with pytest.raises(ps.MultipartError):
        on_asyncio(lambda: writer.write(Sink()))


def test_what_the_reader_raises_passes_as_it_is(reading: Reading) -> None:
    ps = reading.package
    for way in ways(reading):
        writer = ps.MultipartWriter()
        writer.append(first(reading, [HEAD, *BODY]))
        with pytest.raises(ps.IncompleteBody):
            WAYS[way](writer)


def test_coded_data_that_is_at_fault_is_an_error(reading: Reading) -> None:
    ps = reading.package
    part = first(reading, multipart(PACKED[:-9], "Content-Encoding: gzip"))
    writer = ps.MultipartWriter("form-data")
    writer.append(part)
    with pytest.raises(ps.MultipartError):
        on_asyncio(lambda: writer.write(Sink()))


def test_a_part_is_written_once(reading: Reading) -> None:
    writer = reading.package.MultipartWriter()
    payload = writer.append(first(reading, [HEAD, *BODY, TAIL]))
    assert not payload.consumed
    on_asyncio(lambda: writer.write(Sink()))
    assert payload.consumed
    sink = Sink()
    with pytest.raises(ValueError, match="cannot be written again"):
        on_asyncio(lambda: writer.write(sink))
    assert sink.chunks == []


@pytest.mark.parametrize("how", ["read", "skipped", "released"])
def test_a_part_that_is_gone_is_an_error_before_the_first_byte(reading: Reading, how: str) -> None:
    """Else it would be written empty, and nobody would know."""
    reader = opened(reading, multipart(b"abc"))
    part = reading.done(reader.next())
    writer = reading.package.MultipartWriter()
    payload = writer.append(part)
    if how == "read":
        assert reading.done(part.read()) == b"abc"
    elif how == "skipped":
        assert reading.done(reader.next()) is None
    else:
        reading.done(part.release())
    assert payload.consumed
    sink = Sink()
    with pytest.raises(ValueError, match="cannot be written again"):
        on_asyncio(lambda: writer.write(sink))
    assert sink.chunks == []


def test_an_empty_part_is_not_taken_for_one_that_is_gone(reading: Reading) -> None:
    for way in ways(reading):
        assert proxied(reading, way, first(reading, multipart(b"", "X-A: 1")))[1] == b""


def test_a_part_that_is_awaited_is_an_error_in_a_blocking_body(
    ps: ModuleType, ps_module: Module
) -> None:
    reading = Reading("async", ps, ps_module("sync"))
    writer = ps.MultipartWriter()
    payload = writer.append(first(reading, [HEAD, *BODY, TAIL]))
    with pytest.raises(TypeError, match=r"abody\(\)"):
        writer.body().read(1)
    assert not payload.consumed


def test_a_part_is_not_held_and_cannot_be_decoded(reading: Reading) -> None:
    payload = reading.package.get_payload(first(reading, multipart(b"abc")))
    with pytest.raises(TypeError, match=r"text\(\)"):
        payload.decode()
    with pytest.raises(TypeError, match=r"write\(\)"):
        on_asyncio(payload.as_bytes)


def test_parts_are_passed_on_from_one_stream_to_another_one_after_the_other(
    reading: Reading,
) -> None:
    """As a proxy does: each is written before its reader is asked for the next."""
    bodies = [b"one", b"", b"x" * 100_000, b"last"]
    data = b"".join(b"--B\r\nX-A: %d\r\n\r\n%b\r\n" % item for item in enumerate(bodies)) + b"--B--"
    reader = opened(reading, [data[at : at + 777] for at in range(0, len(data), 777)])
    sink = Sink()
    writers = []
    while (part := reading.done(reader.next())) is not None:
        writer = reading.package.MultipartWriter(boundary="C")
        writer.append(part)
        writers.append(writer)
        on_asyncio(lambda writer=writer: writer.write(sink, close_boundary=False))
    again = opened(reading, [sink.data.replace(b"--C", b"--B") + b"--B--"])
    found = []
    while (part := reading.done(again.next())) is not None:
        found.append(reading.done(part.read()))
    assert found == bodies
