"""What a part and a reader can do, over the async and the blocking reader alike."""

from __future__ import annotations

import base64
import gzip
import inspect
import json
import random
import tracemalloc
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from multidict import CIMultiDict

from support.reading import NAMES, Reading, cut

Module = Callable[[str], ModuleType]
SIZES = (1, 2, 7, 64, 10**6)


@pytest.fixture(params=NAMES)
def reading(request: pytest.FixtureRequest, ps: ModuleType, ps_module: Module) -> Reading:
    return Reading(request.param, ps, ps_module("sync"))


def message(*parts: tuple[str, bytes], end: bytes = b"\r\n--B--\r\n") -> bytes:
    """Give a body with the boundary B of header lines and contents."""
    data = b""
    for headers, content in parts:
        lines = "".join(f"{line}\r\n" for line in headers.split("|") if line)
        data += b"\r\n--B\r\n" + lines.encode() + b"\r\n" + content
    return data[2:] + end


def one(reading: Reading, headers: str, content: bytes, size: int = 7, **options: Any) -> Any:
    """Give the reader of the only part of a multipart."""
    return reading.done(reading.reader(message((headers, content)), size, **options).next())


# The surface


def test_both_readers_have_the_same_surface(ps: ModuleType, ps_module: Module) -> None:
    sync = ps_module("sync")
    for name in ("BodyPartReader", "MultipartReader", "MultipartResponseWrapper"):
        ours = {
            kind: {key for key in dir(getattr(module, name)) if not key.startswith("_")}
            for kind, module in (("async", ps), ("sync", sync))
        }
        assert {"close" if key == "aclose" else key for key in ours["async"]} == ours["sync"]
        for key in ours["async"] - {"aclose"}:
            first, second = getattr(getattr(ps, name), key), getattr(getattr(sync, name), key)
            if callable(first) and not inspect.isclass(first):
                given = list(inspect.signature(first).parameters)
                also = list(inspect.signature(second).parameters)
                assert [item for item in also if item != "size" or key != "read"] == given, key


def test_aiohttps_surface_is_there(ps: ModuleType) -> None:
    part = {
        "headers", "name", "filename", "next", "read", "read_chunk", "readline", "text", "json",
        "form", "decode", "decode_iter", "release", "at_eof", "get_charset", "__aiter__",
    }  # fmt: skip
    reader = {
        "next", "release", "at_eof", "fetch_next_part", "from_response", "response_wrapper_cls",
        "multipart_reader_cls", "part_reader_cls", "__aiter__",
    }  # fmt: skip
    assert part <= set(dir(ps.BodyPartReader))
    assert reader <= set(dir(ps.MultipartReader))
    assert inspect.iscoroutinefunction(ps.MultipartReader.next)


# Reading


@pytest.mark.parametrize("size", SIZES)
def test_lines(reading: Reading, size: int) -> None:
    lines = [b"one\n", b"\r\n", b"\r\r\n", b"--b\n", b"x" * 300 + b"\r\n", b"last"]
    part = one(reading, "", b"".join(lines), size)
    assert [reading.done(part.readline()) for _ in lines] == lines
    assert part.at_eof()
    assert reading.done(part.readline()) == b""


def test_a_line_over_the_limit_is_refused(reading: Reading) -> None:
    ps = reading.package
    part = one(reading, "", b"short\n" + b"x" * 100, limits=ps.Limits(max_read_size=10))
    assert reading.done(part.readline()) == b"short\n"
    with pytest.raises(ps.LimitExceeded) as caught:
        reading.done(part.readline())
    assert caught.value.code == "max_read_size"


@pytest.mark.parametrize("size", SIZES)
def test_many_short_lines_are_not_copied_over_and_over(reading: Reading, size: int) -> None:
    data = b"\n" * 5000
    part = one(reading, "", data, max(size, 100))
    for _ in range(5000):
        assert reading.done(part.readline()) == b"\n"
    assert reading.done(part.readline()) == b""


@pytest.mark.parametrize("size", SIZES)
def test_lines_chunks_and_the_rest_mix(reading: Reading, size: int) -> None:
    part = one(reading, "", b"head\nabcdefghij\nrest\nmore", size)
    assert reading.done(part.readline()) == b"head\n"
    got = b""
    while len(got) < 4:
        got += reading.done(part.read_chunk(4 - len(got)))
    assert got == b"abcd"
    assert reading.done(part.readline()) == b"efghij\n"
    assert reading.done(part.read()) == b"rest\nmore"


def test_the_end_is_known_with_the_last_chunk(reading: Reading) -> None:
    """What stands at hand is looked at, so that `while not part.at_eof()` gives no empty chunk."""
    part = one(reading, "", b"12345678", size=10**6)
    chunks = []
    while not part.at_eof():
        chunks.append(reading.done(part.read_chunk(4)))
    assert chunks == [b"1234", b"5678"]


def test_iteration_gives_chunks(reading: Reading) -> None:
    part = one(reading, "", b"0123456789" * 3)
    chunks = list(reading.each(part))
    assert b"".join(chunks) == b"0123456789" * 3
    assert b"" not in chunks
    assert len(chunks) > 1


def test_next_of_a_part_gives_all_of_it_once(reading: Reading) -> None:
    part = one(reading, "", b"all")
    assert reading.done(part.next()) == b"all"
    assert reading.done(part.next()) is None


def test_a_part_after_the_next_was_taken_reads_as_empty(reading: Reading) -> None:
    reader = reading.reader(message(("", b"first\n"), ("", b"second")))
    first = reading.done(reader.next())
    second = reading.done(reader.next())
    assert first.at_eof()
    for step in (first.read, first.readline, first.read_chunk, first.text):
        assert not reading.done(step())
    assert reading.done(first.json()) is None
    assert reading.done(first.form()) == []
    reading.done(first.release())
    assert reading.done(second.read()) == b"second"


def test_a_part_whose_end_was_set_reads_as_empty(reading: Reading) -> None:
    part = one(reading, "", b"text")
    part._at_eof = True
    assert reading.done(part.read_chunk()) == b""
    assert part.at_eof()


# Text and other forms


@pytest.mark.parametrize(
    ("headers", "content", "text"),
    [
        ("", "grün".encode(), "grün"),
        ("Content-Type: text/plain", "grün".encode(), "grün"),
        ("Content-Type: text/plain; charset=latin1", b"gr\xfcn", "grün"),
        ("Content-Type: text/plain; charset=windows-31j", b"\x82\xa0", "\u3042"),
        ("Content-Type: text/plain; charset=UTF8", b"\xef\xbb\xbfbom", "bom"),
        ("", b"\xef\xbb\xbfbom", "bom"),
        ("Content-Type: text/plain; charset=utf-16", "\ufeffbom".encode("utf-16-le"), "bom"),
        ("Content-Type: text/plain; charset=utf-16be", "\ufeffbom".encode("utf-16-be"), "bom"),
        ("Content-Transfer-Encoding: base64", b"Z3LD\r\nvG4=", "grün"),
        ("Content-Transfer-Encoding: quoted-printable", b"gr=C3=BCn=\r\n!", "grün!"),
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_text(reading: Reading, headers: str, content: bytes, text: str, size: int) -> None:
    assert reading.done(one(reading, headers, content, size).text()) == text


def test_text_in_another_encoding_than_said(reading: Reading) -> None:
    part = one(reading, "Content-Type: text/plain; charset=utf-8", "Мир".encode("cp1251"))
    assert reading.done(part.text(encoding="cp1251")) == "Мир"


@pytest.mark.parametrize("method", ["text", "json", "form"])
def test_bytes_that_are_no_text_are_an_error(reading: Reading, method: str) -> None:
    part = one(reading, "", b"ab\xff")
    with pytest.raises(
        reading.package.ParseError, match="with utf-8 encoding, at byte 2"
    ) as caught:
        reading.done(getattr(part, method)())
    assert caught.value.code == "invalid_encoding"


def test_json(reading: Reading) -> None:
    part = one(reading, "Content-Type: application/json", b'\xef\xbb\xbf{"a": [1, null]}')
    assert reading.done(part.json()) == {"a": [1, None]}
    assert reading.done(one(reading, "", b" \r\n").json()) is None
    part = one(reading, "", b"1.10")
    assert reading.done(part.json(loads=lambda text: json.loads(text, parse_float=str))) == "1.10"
    for text in (b"{'a'}", b"1 2", b"[" * 200_000, b"\xe3\x80\x80"):
        with pytest.raises(reading.package.ParseError) as caught:
            reading.done(one(reading, "", text, 10**6).json())
        assert caught.value.code == "invalid_json"
    assert isinstance(caught.value.__cause__, json.JSONDecodeError)


def test_json_that_nests_too_deeply_for_the_interpreter(
    reading: Reading, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On WebAssembly reading it would end the interpreter: it is refused before."""
    monkeypatch.setattr(ps_module("_text"), "_DEEPEST", 3)
    for text in ('[[{"a": 1}], [[]]]', '["[[[[[[", {"}\\\\": ["\\"[[[[", 1]}]'):
        assert reading.done(one(reading, "", text.encode()).json()) == json.loads(text)
    with pytest.raises(reading.package.ParseError, match=r"Extra data|JSONDecodeError"):
        reading.done(one(reading, "", b"[],[],[],[]").json())
    for text in ('[[{"a": []}]]', '["\\\\", ["]", [{}]]]', "[" * 200_000):
        with pytest.raises(reading.package.ParseError) as caught:
            reading.done(one(reading, "", text.encode(), 10**6).json())
        assert caught.value.code == "invalid_json"
        assert "nests deeper than 3 levels" in str(caught.value)
    assert reading.done(one(reading, "", b"[[[[]]]]").json(loads=json.loads)) == [[[[]]]]


def test_an_urlencoded_form(reading: Reading) -> None:
    part = one(reading, "", b"a=1&a=&b=%c3%bc+x&c\r\n")
    assert reading.done(part.form()) == [("a", "1"), ("a", ""), ("b", "ü x"), ("c", "")]
    kind = "Content-Type: application/x-www-form-urlencoded; charset=cp1251"
    assert reading.done(one(reading, kind, b"a=%c6").form()) == [("a", "Ж")]


def test_the_charset_is_given_as_sent(reading: Reading) -> None:
    part = one(reading, "Content-Type: text/plain; charset=UTF-8", b"")
    assert part.get_charset("x") == "UTF-8"
    assert one(reading, "", b"").get_charset("cp1252") == "cp1252"


def test_the_charset_field_of_a_form(reading: Reading) -> None:
    disposition = 'Content-Disposition: form-data; name="{}"'
    data = message(
        (disposition.format("_charset_"), b" cp1251\r\n"),
        (disposition.format("a"), "Мир".encode("cp1251")),
        (disposition.format("b") + "|Content-Type: text/plain; charset=utf-8", "Мир".encode()),
        (disposition.format("_charset_"), b"latin1"),
        (disposition.format("c"), "Мир".encode("cp1251")),
    )
    for size in SIZES:
        reader = reading.reader(data, size, subtype="form-data")
        found = [(part.name, reading.done(part.text())) for part in reading.each(reader)]
        assert found == [("a", "Мир"), ("b", "Мир"), ("_charset_", "latin1"), ("c", "Мир")]


# HTTP within parts


def test_a_part_knows_its_range(reading: Reading) -> None:
    part = one(reading, "Content-Range: bytes 10-19/200", b"0123456789")
    assert part.content_range == ("bytes", 10, 19, 200)
    assert part.content_range.size == 10
    assert one(reading, "", b"").content_range is None
    with pytest.raises(reading.package.ParseError) as caught:
        _ = one(reading, "Content-Range: bytes 20-19/200", b"").content_range
    assert caught.value.code == "invalid_range"


def test_a_batch_of_requests_and_responses(reading: Reading) -> None:
    kind = "Content-Type: application/http"
    data = message(
        (kind, b"GET /a?b HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nX-A: 2\r\n\r\n"),
        (kind, b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno\r\nbody"),
    )
    request, response = [reading.done(part.http()) for part in reading.each(reading.reader(data))]
    assert (request.method, request.target, request.version) == ("GET", "/a?b", "HTTP/1.1")
    assert request.headers.getall("x-a") == ["1", "2"]
    assert request.body == b""
    assert (response.status, response.reason, response.body) == (404, "Not Found", b"no\r\nbody")
    with pytest.raises(reading.package.ParseError) as caught:
        reading.done(one(reading, kind, b"hello").http())
    assert caught.value.code == "invalid_http"


# Decoding by pieces


@pytest.mark.parametrize("size", [1, 3, 4, 5, 8, 64, 1000])
@pytest.mark.parametrize("chunk", SIZES)
def test_a_chunk_of_base64_decodes_by_itself(reading: Reading, size: int, chunk: int) -> None:
    content = bytes(range(256)) * 2
    part = one(reading, "Content-Transfer-Encoding: base64", base64.encodebytes(content), chunk)
    decoded = b""
    while data := reading.done(part.read_chunk(size)):
        assert len(data) <= size
        decoded += part.decode(data) if size > 4 else data
    assert (decoded if size > 4 else base64.b64decode(decoded)) == content


def test_base64_in_a_sea_of_space(reading: Reading) -> None:
    """A quartet that no chunk can hold is cut, and nothing is held back without bound."""
    part = one(reading, "Content-Transfer-Encoding: base64", b"Q" + b" " * 100 + b"UJD", 3)
    chunks = []
    while data := reading.done(part.read_chunk(10)):
        chunks.append(data)
        assert len(data) <= 10
    assert b"".join(chunks) == b"Q" + b" " * 100 + b"UJD"


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_chunks_that_end_too_early_are_an_error_at_the_end(reading: Reading, size: int) -> None:
    """Also where the last chunk was given before it was known for the last."""
    part = one(reading, "Content-Encoding: gzip", gzip.compress(b"text")[:-4], size)

    def all_of_it() -> None:
        while data := reading.done(part.read_chunk(4)):
            list(reading.each(part.decode_iter(data)))

    with pytest.raises(reading.package.ParseError, match="end mark"):
        all_of_it()


@pytest.mark.parametrize("coding", ["gzip", "base64", "both"])
@pytest.mark.parametrize("size", SIZES)
def test_chunks_are_decoded_one_after_the_other(reading: Reading, coding: str, size: int) -> None:
    text = b"some text, and more of it\r\n" * 30
    content, headers = text, ""
    if coding != "base64":
        content, headers = gzip.compress(content), "Content-Encoding: gzip"
    if coding != "gzip":
        content = base64.encodebytes(content)
        headers += "|Content-Transfer-Encoding: base64"
    part = one(reading, headers, content, size)
    pieces: list[bytes] = []
    while data := reading.done(part.read_chunk(50)):
        pieces.extend(reading.each(part.decode_iter(data)))
    assert b"".join(pieces) == text


def test_a_whole_body_is_decoded_as_often_as_wanted(reading: Reading) -> None:
    part = one(reading, "Content-Encoding: gzip", gzip.compress(b"text"))
    data = reading.done(part.read())
    for _ in range(2):
        assert part.decode(data) == b"text"
        assert b"".join(reading.each(part.decode_iter(data))) == b"text"


def test_a_body_that_is_cut_short_is_an_error_at_its_end(reading: Reading) -> None:
    part = one(reading, "Content-Encoding: gzip", gzip.compress(b"text")[:-3])
    data = reading.done(part.read())
    with pytest.raises(reading.package.ParseError, match="end mark"):
        list(reading.each(part.decode_iter(data)))


def test_an_encoding_that_is_not_supported(reading: Reading) -> None:
    for headers in ("Content-Encoding: snappy", "Content-Transfer-Encoding: rot13"):
        with pytest.raises(reading.package.UnsupportedEncoding) as caught:
            reading.done(one(reading, headers, b"x").read(decode=True))
        assert caught.value.http_status == 415
        assert isinstance(caught.value, RuntimeError)  # which aiohttp's users catch


# Limits by aiohttp's names


class TooLarge(Exception):
    pass


def test_client_max_size_is_for_what_is_held_in_memory(reading: Reading) -> None:
    ps, big = reading.package, b"x" * 100
    options = {"client_max_size": 50, "max_size_error_cls": TooLarge}
    with pytest.raises(TooLarge, match="50"):
        reading.done(one(reading, "", big, **options).read())
    packed = gzip.compress(big)
    with pytest.raises(TooLarge, match="50"):
        reading.done(one(reading, "Content-Encoding: gzip", packed, **options).read(decode=True))
    with pytest.raises(ps.LimitExceeded) as caught:
        reading.done(one(reading, "", big, client_max_size=50).text())
    assert caught.value.code == "max_read_size"
    part = one(reading, "", big, **options)
    assert b"".join(reading.each(part)) == big
    assert reading.done(one(reading, "", big[:50], **options).read()) == big[:50]


def test_header_limits_by_aiohttps_names(reading: Reading) -> None:
    ps = reading.package
    with pytest.raises(ps.LimitExceeded) as caught:
        one(reading, "X-Long: " + "x" * 50, b"", max_field_size=40)
    assert caught.value.code == "max_header_line"
    with pytest.raises(ps.LimitExceeded) as caught:
        one(reading, "A: 1|B: 2|C: 3", b"", max_headers=2)
    assert caught.value.code == "max_headers"


# Hooks


def test_subclasses_choose_what_reads_a_part(reading: Reading) -> None:
    class Part(reading.module.BodyPartReader):  # type: ignore[misc, name-defined]
        def __init__(self, boundary: bytes, headers: Any, content: Any, **options: Any) -> None:
            super().__init__(boundary, headers, content, **options)
            self.seen = dict(headers)

    class Reader(reading.module.MultipartReader):  # type: ignore[misc, name-defined]
        def _get_part_reader(self, headers: Any) -> Any:
            if headers.get("Content-Type") == "special/x":
                return Part(self._boundary, headers, self._content)
            return super()._get_part_reader(headers)

    nested = b"--C\r\n\r\ndeep\r\n--C--"
    data = message(
        ("Content-Type: special/x", b"1"),
        ("Content-Type: multipart/mixed; boundary=C", nested),
        ("", b"2"),
    )
    reader = reading.reader(data, kind=Reader)
    first = reading.done(reader.next())
    assert first.seen == {"Content-Type": "special/x"}
    assert reading.done(first.read()) == b"1"
    inner = reading.done(reader.next())
    assert type(inner) is Reader
    assert inner._boundary == b"--C"
    assert reading.done(reading.done(inner.next()).read()) == b"deep"
    assert type(reading.done(reader.next())) is reading.module.BodyPartReader


def test_a_hook_that_mistakes_the_kind_of_a_part_is_told_so(reading: Reading) -> None:
    class Reader(reading.module.MultipartReader):  # type: ignore[misc, name-defined]
        def _get_part_reader(self, headers: Any) -> Any:
            if "Content-Type" in headers:
                return reading.module.BodyPartReader(self._boundary, headers, self._content)
            return type(self)(headers, self._content)

    for headers in ("Content-Type: multipart/mixed; boundary=C", ""):
        with pytest.raises(ValueError, match="read it with a"):
            one(reading, headers, b"--C\r\n\r\n\r\n--C--", kind=Reader)


def test_what_fetches_the_next_part_can_be_replaced(reading: Reading) -> None:
    if reading.name == "async":

        class Reader(reading.module.MultipartReader):  # type: ignore[misc, name-defined]
            async def fetch_next_part(self) -> Any:
                part = await super().fetch_next_part()
                return part, part.headers.get("X")
    else:

        class Reader(reading.module.MultipartReader):  # type: ignore[misc, name-defined, no-redef]
            def fetch_next_part(self) -> Any:
                part = super().fetch_next_part()
                return part, part.headers.get("X")

    reader = reading.reader(message(("X: 1", b"a"), ("X: 2", b"b")), kind=Reader)
    found = [(reading.done(part.read()), value) for part, value in reading.each(reader)]
    assert found == [(b"a", "1"), (b"b", "2")]


def test_a_hook_that_fails_loses_only_its_part(reading: Reading) -> None:
    class Reader(reading.module.MultipartReader):  # type: ignore[misc, name-defined]
        def _get_part_reader(self, headers: Any) -> Any:
            if "X-Bad" in headers:
                raise PermissionError
            return super()._get_part_reader(headers)

    nested = b"--C\r\n\r\ndeep\r\n--C--"
    bad = "X-Bad: 1|Content-Type: multipart/mixed; boundary=C"
    for size in SIZES:
        data = message(("X-Bad: 1", b"secret"), (bad, nested), ("", b"good"))
        reader = reading.reader(data, size, kind=Reader)
        for _ in range(2):
            with pytest.raises(PermissionError):
                reading.done(reader.next())
        assert reading.done(reading.done(reader.next()).read()) == b"good"
        assert reading.done(reader.next()) is None


def test_a_hook_may_correct_the_headers(reading: Reading) -> None:
    class Reader(reading.module.MultipartReader):  # type: ignore[misc, name-defined]
        def _get_part_reader(self, headers: Any) -> Any:
            other = CIMultiDict(headers)
            other["Content-Disposition"] = 'form-data; name="other"'
            return super()._get_part_reader(other)

    part = one(reading, 'Content-Disposition: form-data; name="a"; filename="b"', b"x", kind=Reader)
    assert (part.name, part.filename) == ("other", None)
    assert reading.done(part.read()) == b"x"


def test_a_nested_part_knows_its_own_boundary(reading: Reading) -> None:
    nested = b"--C\r\n\r\ndeep\r\n--C--"
    inner = one(reading, "Content-Type: multipart/mixed; boundary=C", nested)
    assert inner._boundary == b"--C"
    assert reading.done(inner.next())._boundary == b"--C"


# After something went wrong


class Slow:
    """A source that can be interrupted: it raises once, and goes on."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks

    def _next(self) -> bytes:
        chunk = self.chunks.pop(0) if self.chunks else b""
        if chunk == b"interrupt":
            raise KeyboardInterrupt
        return chunk


class AsyncSlow(Slow):
    async def read(self, size: int) -> bytes:
        return self._next()


class SyncSlow(Slow):
    def read(self, size: int) -> bytes:
        return self._next()


def _slow(reading: Reading, *chunks: bytes) -> Any:
    kind = AsyncSlow if reading.name == "async" else SyncSlow
    return reading.module.MultipartReader("multipart/mixed; boundary=B", kind(list(chunks)))


def test_a_part_that_is_being_skipped_is_at_its_end(reading: Reading) -> None:
    reader = _slow(reading, b"--B\r\n\r\nabc", b"interrupt", b"def\r\n--B\r\n\r\nnext\r\n--B--")
    part = reading.done(reader.next())
    with pytest.raises(KeyboardInterrupt):
        reading.done(reader.next())
    assert part.at_eof()
    assert reading.done(part.read()) == b""
    assert reading.done(reading.done(reader.next()).read()) == b"next"


def test_so_is_one_that_is_being_released(reading: Reading) -> None:
    reader = _slow(reading, b"--B\r\n\r\nabc", b"interrupt", b"def\r\n--B\r\n\r\nnext\r\n--B--")
    part = reading.done(reader.next())
    with pytest.raises(KeyboardInterrupt):
        reading.done(part.release())
    assert reading.done(part.read()) == b""
    assert part.at_eof()
    assert reading.done(reading.done(reader.next()).read()) == b"next"


def test_a_nested_reader_gives_no_parts_of_others(reading: Reading) -> None:
    kind = b"Content-Type: multipart/mixed; boundary=C\r\n\r\n"
    reader = _slow(
        reading, b"--B\r\n" + kind + b"--C\r\n\r\none", b"interrupt",
        b"-one\r\n--C\r\n\r\nTWO\r\n--C--\r\n--B\r\n\r\nnext\r\n--B--",
    )  # fmt: skip
    nested = reading.done(reader.next())
    deep = reading.done(nested.next())
    with pytest.raises(KeyboardInterrupt):
        reading.done(reader.next())
    assert reading.done(deep.read()) == b""
    assert reading.done(nested.next()) is None
    assert reading.done(reading.done(reader.next()).read()) == b"next"
    assert reading.done(reader.next()) is None


def test_a_generator_that_was_interrupted_is_not_the_peers_fault(reading: Reading) -> None:
    def chunks() -> Any:
        yield b"--B\r\n\r\nabc"
        raise KeyboardInterrupt

    async def coming() -> Any:
        for chunk in chunks():
            yield chunk

    source = coming() if reading.name == "async" else chunks()
    reader = reading.module.MultipartReader("multipart/mixed; boundary=B", source)
    part = reading.done(reader.next())
    with pytest.raises(KeyboardInterrupt):
        reading.done(part.read())
    with pytest.raises(ValueError, match="was interrupted") as caught:
        reading.done(part.read())
    assert not isinstance(caught.value, reading.package.MultipartError)


def test_what_was_too_large_stays_so(reading: Reading) -> None:
    part = one(reading, "", b"x" * 100, client_max_size=50)
    for _ in range(2):
        with pytest.raises(reading.package.LimitExceeded):
            reading.done(part.read())
    reader = reading.reader(message(("", b"x" * 100), ("", b"next")), client_max_size=50)
    with pytest.raises(reading.package.LimitExceeded):
        reading.done(reading.done(reader.next()).read())
    assert reading.done(reading.done(reader.next()).read()) == b"next"


def test_what_cannot_be_decoded_can_be_read_as_it_is(reading: Reading) -> None:
    for headers in ("Content-Encoding: gzip", "Content-Encoding: snappy"):
        part = one(reading, headers, b"no gzip")
        with pytest.raises(reading.package.ParseError):
            reading.done(part.read(decode=True))
        assert reading.done(part.read()) == b"no gzip"
    part = one(reading, "Content-Type: text/plain; charset=utf-7", b"text")
    with pytest.raises(reading.package.ParseError):
        reading.done(part.text())
    assert reading.done(part.read()) == b"text"


def test_a_reader_that_is_left_closes_its_generator(reading: Reading) -> None:
    closed: list[bool] = []
    data = message(("", b"a"), ("", b"b"))

    def chunks() -> Any:
        try:
            yield from cut(data, 4)
        finally:
            closed.append(True)

    class Response:
        headers = {"Content-Type": "multipart/mixed; boundary=B"}  # noqa: RUF012

        def iter_bytes(self) -> Any:
            return chunks()

        async def aiter_bytes(self) -> Any:
            try:
                for chunk in cut(data, 4):
                    yield chunk
            finally:
                closed.append(True)

        def close(self) -> None:
            closed.append(True)

    async def leave_async() -> None:
        async with reading.module.MultipartReader(Response.headers, Response()) as reader:
            assert await (await reader.next()).read() == b"a"
        assert closed == [True]
        with pytest.raises(ValueError, match="was closed"):
            await reader.next()
        async with reading.module.MultipartReader.from_response(Response()) as reader:
            await reader.next()

    def leave() -> None:
        with reading.module.MultipartReader(Response.headers, Response()) as reader:
            assert reader.next().read() == b"a"
        assert closed == [True]
        with pytest.raises(ValueError, match="was closed"):
            reader.next()
        with reading.module.MultipartReader.from_response(Response()) as reader:
            reader.next()

    reading.done(leave_async() if reading.name == "async" else leave())
    assert closed == [True, True, True]


def test_a_response_is_released_where_reading_fails(reading: Reading) -> None:
    released: list[bool] = []
    source = reading.source([b"--B\r\n\r\na\r\n--B\r\nnocolon\r\n\r\n"])

    class Response:
        headers = {"Content-Type": "multipart/mixed; boundary=B"}  # noqa: RUF012
        content = source

        def __iter__(self) -> Any:
            return iter(source)

        def close(self) -> None:
            released.append(True)

    reader = reading.module.MultipartReader.from_response(Response())
    assert reading.done(reading.done(reader.next()).read()) == b"a"
    with pytest.raises(reading.package.ParseError):
        reading.done(reader.next())
    assert released == [True]


def test_small_pieces_do_not_take_many_times_their_size(reading: Reading) -> None:
    data = b"x" * 300_000
    part = one(reading, "", data, size=1)
    tracemalloc.start()
    try:
        assert reading.done(part.read()) == data
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * len(data)


# A part by itself


def alone(reading: Reading, chunks: list[bytes], headers: Any = (), **options: Any) -> Any:
    source = reading.unreading(chunks)
    kind = reading.module.BodyPartReader
    return kind(b"--B", CIMultiDict(headers), source, **options), source


@pytest.mark.parametrize(
    "tail", [b"--B\r\nX: y\r\n\r\nmore", b"--B--", b"--B--\r\nepilogue", b"--B"]
)
@pytest.mark.parametrize("content", [b"", b"body", b"a\r\n-\r\n--b", b"x" * 300])
@pytest.mark.parametrize("size", SIZES)
def test_a_part_by_itself_leaves_the_delimiter(
    reading: Reading, content: bytes, tail: bytes, size: int
) -> None:
    part, source = alone(reading, cut(content + b"\r\n" + tail, size))
    assert reading.done(part.read()) == content
    assert part.at_eof()
    assert source.left == tail


@pytest.mark.parametrize("method", ["read", "release", "readline", "read_chunk", "text"])
@pytest.mark.parametrize("size", SIZES)
def test_however_it_is_read(reading: Reading, method: str, size: int) -> None:
    part, source = alone(reading, cut(b"line\r\n--B--\r\n", size))
    while not part.at_eof():
        reading.done(getattr(part, method)())
    assert source.left == b"--B--\r\n"


@pytest.mark.parametrize("size", SIZES)
def test_a_part_by_itself_with_its_length(reading: Reading, size: int) -> None:
    for content in (b"", b"12345"):
        headers = {"content-length": str(len(content))}
        part, source = alone(reading, cut(content + b"\r\n--B--", size), headers)
        assert reading.done(part.read()) == content
        assert source.left == b"--B--"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("data", "code", "offset"),
    [
        (b"12345XX--B--", "length_mismatch", 5),
        (b"123\r\n--B--", "length_mismatch", 5),
        (b"1234", "truncated", 4),
        (b"12345", "truncated", 5),
        (b"12345\r\n--C\r\n", "length_mismatch", 5),
        (b"12345\n--B--", "length_mismatch", 5),
        (b"12345\r\n--", "truncated", 9),
    ],
)
def test_a_length_that_is_not_kept(
    reading: Reading, size: int, data: bytes, code: str, offset: int
) -> None:
    part, _ = alone(reading, cut(data, size), {"Content-Length": "5"})
    for _ in range(2):
        with pytest.raises(reading.package.MultipartError) as caught:
            reading.done(part.read())
        assert (caught.value.code, caught.value.offset) == (code, offset)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("data", [b"", b"body", b"body\r\n--", b"body\r\n--C", b"body\r\n--B-"])
def test_a_part_by_itself_that_is_cut_short(reading: Reading, size: int, data: bytes) -> None:
    part, _ = alone(reading, cut(data, size))
    for _ in range(2):
        with pytest.raises(reading.package.IncompleteBody) as caught:
            reading.done(part.read())
        assert caught.value.offset == len(data)


def test_what_a_part_by_itself_refuses(reading: Reading) -> None:
    ps, kind = reading.package, reading.module.BodyPartReader
    for value in ("-1", "+5", "1_0", "0x5", "5"):
        with pytest.raises(ps.ParseError, match="Content-Length"):
            alone(reading, [], [("Content-Length", value), ("Content-Length", "5")])
    with pytest.raises(ValueError, match="comes with its dashes: b'--B'"):
        kind(b"B", {}, reading.source([]))
    with pytest.raises(TypeError, match="is bytes, not str"):
        kind("--B", {}, reading.source([]))
    with pytest.raises(TypeError, match="cannot read"):
        kind(b"--B", {}, object())


def test_a_part_by_itself_has_names_and_charset(reading: Reading) -> None:
    kind = reading.module.BodyPartReader
    headers = {"Content-Disposition": 'form-data; name="a"; filename="f.txt"', "X": 5}
    part = kind(b"--B", headers, None, default_charset="latin1")
    assert (part.name, part.filename, part.headers["x"]) == ("a", "f.txt", "5")
    assert part.get_charset("utf-8") == "latin1"
    assert kind(b"--B", {}, None).name is None


def test_a_form_part_by_itself_ignores_its_length(reading: Reading) -> None:
    part, source = alone(reading, [b"12345\r\n--B--"], {"Content-Length": "3"}, subtype="form-data")
    assert reading.done(part.read()) == b"12345"
    assert source.left == b"--B--"


# What is behind the end


@pytest.mark.parametrize("behind", [b"", b"\r\n", b"\r\nnext", b"next", b"\r\n\r\n"])
def test_a_reader_gives_back_what_it_did_not_use(reading: Reading, behind: bytes) -> None:
    data = message(("", b"a"), end=b"\r\n--B--")
    source = reading.unreading([data + behind])
    reader = reading.module.MultipartReader("multipart/mixed; boundary=B", source)
    assert [reading.done(part.read()) for part in reading.each(reader)] == [b"a"]
    assert source.left == behind.removeprefix(b"\r\n")


def test_nesting_gives_back_only_what_is_behind_all_of_it(
    reading: Reading, rng: random.Random
) -> None:
    inner = b"--C\r\n\r\ndeep\r\n--C--\r\nepilogue of the inner one\r\nmore of it"
    data = message(
        ("Content-Type: multipart/mixed; boundary=C", inner), ("", b"a"), end=b"\r\n--B--"
    )
    for _ in range(50):
        at = sorted(rng.randrange(len(data)) for _ in range(3))
        cuts = [data[: at[0]], data[at[0] : at[1]], data[at[1] : at[2]], data[at[2] :] + b"X"]
        source = reading.unreading([chunk for chunk in cuts if chunk])
        reader = reading.module.MultipartReader("multipart/mixed; boundary=B", source)
        reading.done(reader.release())
        assert source.left == b"X"
        assert reader.at_eof()
