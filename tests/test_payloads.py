"""Payloads that lie in memory, and how the payload for a value is chosen."""

from __future__ import annotations

import array
import collections
import copy
import ctypes
import io
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from support.ways import WAYS, Sink, on_asyncio, only_part, part, written

Module = Callable[[str], ModuleType]
each_way = pytest.mark.parametrize("way", WAYS)

LARGE = bytes(range(256)) * 20_000  # five megabytes

IN_MEMORY: dict[str, tuple[Callable[[], Any], bytes]] = {
    "str": (lambda: "text", b"text"),
    "other-letters": (lambda: "Größe €", "Größe €".encode()),
    "no-text": (lambda: "", b""),
    "bytes": (lambda: b"\0\xff\r\n", b"\0\xff\r\n"),
    "no-bytes": (lambda: b"", b""),
    "large": (lambda: LARGE, LARGE),
    "bytearray": (lambda: bytearray(b"abc"), b"abc"),
    "large-bytearray": (lambda: bytearray(LARGE), LARGE),
    "memoryview": (lambda: memoryview(b"abc"), b"abc"),
    "every-second": (lambda: memoryview(b"a?b?c?")[::2], b"abc"),
    "backwards": (lambda: memoryview(b"cba")[::-1], b"abc"),
    "items-of-two": (lambda: memoryview(array.array("H", b"abcd")), b"abcd"),
    "rows": (lambda: memoryview(b"abcdef").cast("B", [2, 3]), b"abcdef"),
    "other-byte-order": (
        lambda: memoryview((ctypes.c_uint16.__ctype_be__ * 2)(1, 2)),  # type: ignore[attr-defined]
        b"\0\1\0\2",
    ),
    "empty-rows": (lambda: memoryview(((ctypes.c_int * 0) * 2)()), b""),
    "BytesIO": (lambda: io.BytesIO(b"abc"), b"abc"),
    "large-BytesIO": (lambda: io.BytesIO(LARGE), LARGE),
    "StringIO": (lambda: io.StringIO("Größe"), "Größe".encode()),
    "list": (lambda: [b"a", bytearray(b"b"), memoryview(b"c"), b""], b"abc"),
    "tuple": (lambda: (b"a", b"bc"), b"abc"),
}  # fmt: skip


@each_way
@pytest.mark.parametrize("kind", IN_MEMORY)
def test_what_lies_in_memory_is_written_as_it_is(ps: ModuleType, kind: str, way: str) -> None:
    make, expected = IN_MEMORY[kind]
    headers, body = part(ps, make(), way)
    assert body == expected
    assert headers["Content-Length"] == str(len(expected))


@pytest.mark.parametrize("kind", IN_MEMORY)
def test_what_lies_in_memory_can_be_written_again(ps: ModuleType, kind: str) -> None:
    make, expected = IN_MEMORY[kind]
    writer = ps.MultipartWriter()
    payload = writer.append(make())
    first = writer.body().read()
    assert writer.body().read() == first == b"".join(writer.body())
    assert only_part(first)[1] == expected
    assert not payload.consumed
    assert on_asyncio(payload.as_bytes) == expected
    assert payload.size == len(expected)


def test_bytes_are_not_copied_on_their_way(ps: ModuleType) -> None:
    sink = Sink()
    writer = ps.MultipartWriter()
    half = LARGE[: 1 << 19]
    for value in (LARGE, half):
        writer.append(value)
    on_asyncio(lambda: writer.write(sink))
    views = [chunk for chunk in sink.chunks if isinstance(chunk, memoryview)]
    assert sum(len(view) for view in views) == len(LARGE)
    assert all(view.obj is LARGE for view in views)
    assert any(chunk is half for chunk in sink.chunks)


def test_a_large_value_is_handed_over_in_pieces_that_a_transport_can_take(ps: ModuleType) -> None:
    sink = Sink()
    writer = ps.MultipartWriter()
    writer.append(LARGE)
    on_asyncio(lambda: writer.write(sink))
    assert max(len(chunk) for chunk in sink.chunks) <= 1 << 18


def test_a_bytearray_is_written_as_it_is_then(ps: ModuleType) -> None:
    value = bytearray(b"before")
    writer = ps.MultipartWriter()
    writer.append(value)
    value[:] = b"afterwards"
    headers, body = only_part(writer.body().read())
    assert body == b"afterwards"
    assert headers["Content-Length"] == "10"
    value += b"."  # nothing holds it any more
    assert only_part(writer.body().read())[1] == b"afterwards."


@pytest.mark.parametrize("kind", ["BytesIO", "StringIO"])
def test_memory_files_are_written_from_their_position(ps: ModuleType, kind: str) -> None:
    file: Any = io.BytesIO(b"abcdef") if kind == "BytesIO" else io.StringIO("abcdef")
    file.seek(4)
    assert part(ps, file)[1] == b"ef"


def test_a_bytesio_behind_its_end_is_empty(ps: ModuleType) -> None:
    file = io.BytesIO(b"abc")
    file.seek(9)
    assert part(ps, file)[1] == b""


def test_a_bytesio_stays_where_it_is_and_open(ps: ModuleType) -> None:
    file = io.BytesIO(b"abcdef")
    file.seek(2)
    writer = ps.MultipartWriter()
    writer.append(file)
    assert only_part(writer.body().read())[1] == b"cdef"
    assert file.tell() == 2
    on_asyncio(writer.close)
    assert not file.closed
    file.seek(0, io.SEEK_END)
    file.write(b"gh")
    headers, body = only_part(writer.body().read())
    assert (headers["Content-Length"], body) == ("6", b"cdefgh")


def test_a_closed_bytesio_is_an_error_before_the_first_byte(ps: ModuleType) -> None:
    file = io.BytesIO(b"abc")
    writer = ps.MultipartWriter()
    writer.append(file)
    file.close()
    with pytest.raises(ValueError, match="closed file"):
        writer.body()


# Text and its charset


LATIN = "text/plain; charset=latin-1"
DOORS: dict[str, Callable[[], dict[str, Any]]] = {
    "content_type": lambda: {"content_type": LATIN},
    "mapping": lambda: {"headers": {"content-type": LATIN}},
    "pairs": lambda: {"headers": [("X-A", "1"), ("Content-Type", 'text/plain; charset="latin-1"')]},
    "iterator": lambda: {"headers": iter([("Content-Type", "text/plain;Charset=Latin-1")])},
}


@pytest.mark.parametrize("kind", [str, io.StringIO])
@pytest.mark.parametrize("door", DOORS)
def test_text_is_written_in_the_charset_that_its_headers_name(
    ps: ModuleType, door: str, kind: Any
) -> None:
    headers, body = part(ps, kind("Größe"), **DOORS[door]())
    assert body == "Größe".encode("latin-1")
    assert "latin-1" in headers["Content-Type"].lower()
    assert len(headers.getall("Content-Type")) == 1


def test_text_may_be_given_a_charset_of_its_own(ps: ModuleType) -> None:
    payload = ps.StringPayload("Größe", encoding="cp1252")
    assert payload.headers["Content-Type"] == "text/plain; charset=cp1252"
    assert payload.encoding == "cp1252"
    assert payload.decode() == "Größe"
    assert part(ps, payload)[1] == "Größe".encode("cp1252")


def test_a_media_type_without_charset_stays_as_it_is(ps: ModuleType) -> None:
    headers, body = part(ps, "<p>ö", content_type="text/html")
    assert (headers["Content-Type"], body) == ("text/html", "<p>ö".encode())


def test_utf_16_has_one_mark(ps: ModuleType) -> None:
    body = written(ps, "ab" * 50_000, content_type="text/plain; charset=utf-16")
    assert body == ("ab" * 50_000).encode("utf-16")
    assert body.count(b"\xff\xfe") + body.count(b"\xfe\xff") == 1


@pytest.mark.parametrize("charset", ["klingon", "base64", "rot13"])
def test_a_charset_that_is_none_is_an_error(ps: ModuleType, charset: str) -> None:
    with pytest.raises(ValueError, match=f"unknown charset '{charset}'"):
        ps.MultipartWriter().append("text", content_type=f"text/plain; charset={charset}")


def test_text_that_the_charset_cannot_hold_is_an_error(ps: ModuleType) -> None:
    writer = ps.MultipartWriter()
    with pytest.raises(ValueError, match="can't encode"):
        writer.append("€", content_type="text/plain; charset=ascii")
    with pytest.raises(ValueError, match="surrogates not allowed"):
        writer.append("\ud800")
    assert len(writer) == 0


# JSON and forms


@pytest.mark.parametrize(
    "dumps",
    [json.dumps, lambda value: json.dumps(value).encode(), lambda value: memoryview(b"[1, 2]")],
)
def test_json_is_what_dumps_gives(ps: ModuleType, dumps: Any) -> None:
    writer = ps.MultipartWriter()
    writer.append_json([1, 2], {"X-A": "1"}, dumps=dumps)
    headers, body = only_part(writer.body().read())
    assert body == b"[1, 2]"
    assert list(headers.items()) == [
        ("Content-Type", "application/json"), ("X-A", "1"), ("Content-Length", "6"),
    ]  # fmt: skip


def test_json_payloads_take_what_those_of_aiohttp_take(ps: ModuleType) -> None:
    text = ps.JsonPayload({"ö": 1}, "utf-16", "application/x", lambda value: '{"ö": 1}')
    assert text.decode("utf-16") == '{"ö": 1}'
    assert on_asyncio(text.as_bytes) == '{"ö": 1}'.encode("utf-16")
    data = ps.JsonBytesPayload([1], lambda value: b"[1]")
    assert (data.content_type, data.size, data.encoding) == ("application/json", 3, "utf-8")


def test_what_dumps_raises_passes_as_it_is(ps: ModuleType) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        ps.MultipartWriter().append_json(object())


FORMS: list[tuple[Any, bytes]] = [
    ({"a": "1", "b": "ö &"}, b"a=1&b=%C3%B6+%26"),
    ([("a", "1"), ("a", "2")], b"a=1&a=2"),
    ({"a": ["1", "2"]}, b"a=1&a=2"),
    ((), b""),
]


@pytest.mark.parametrize(("form", "expected"), FORMS)
def test_a_form_in_a_part_is_urlencoded(ps: ModuleType, form: Any, expected: bytes) -> None:
    writer = ps.MultipartWriter()
    writer.append_form(form)
    headers, body = only_part(writer.body().read())
    assert body == expected
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("form", ["a=1", b"a=1", 5, None, {1}])
def test_what_is_no_form_is_refused(ps: ModuleType, form: Any) -> None:
    with pytest.raises(TypeError, match="mapping or a sequence of pairs"):
        ps.MultipartWriter().append_form(form)


# Headers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "text/plain; charset=utf-8"),
        (b"", "application/octet-stream"),
        (io.BytesIO(), "application/octet-stream"),
        (io.StringIO(), "text/plain; charset=utf-8"),
        ([b""], "application/octet-stream"),
    ],
)
def test_defaults_are_those_of_the_kind(ps: ModuleType, value: Any, expected: str) -> None:
    headers, _ = part(ps, value)
    assert list(headers.items()) == [("Content-Type", expected), ("Content-Length", "0")]


NAMES = [
    ("page.html", "text/html"),
    ("PAGE.HTML", "text/html"),
    ("a.json", "application/json"),
    ("a.png", "image/png"),
    ("a.tar.gz", "application/gzip"),
    ("a.tgz", "application/gzip"),
    ("a.html.bz2", "application/x-bzip2"),
    ("a.xz", "application/x-xz"),
    ("a.unheard-of", "application/octet-stream"),
    ("a", "application/octet-stream"),
    (".html", "application/octet-stream"),
    ("http://example.com/a.html", "text/html"),
    ("http://example.unheard-of", "application/octet-stream"),
    ("data:text/html,a", "application/octet-stream"),
    ("data:,a.html", "text/html"),
    ("a.html;x=y", "application/octet-stream"),
    ("a.html?q", "application/octet-stream"),
    ("..", "application/octet-stream"),
    ("a/b.d/c", "application/octet-stream"),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_name_tells_the_type(ps: ModuleType, name: str, expected: str) -> None:
    assert part(ps, b"", filename=name)[0]["Content-Type"] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.unheard-of", "text/plain; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("kind", [str, io.StringIO])
def test_a_name_tells_the_type_of_text_too(
    ps: ModuleType, kind: Any, name: str, expected: str
) -> None:
    assert part(ps, kind("x"), filename=name)[0]["Content-Type"] == expected


def test_headers_that_are_given_win(ps: ModuleType) -> None:
    given = {"content-TYPE": "a/b", "Content-Disposition": "inline", "X-A": "1"}
    file = io.BytesIO(b"")
    file.name = "page.html"  # type: ignore[misc]
    headers, _ = part(ps, file, headers=given)
    assert headers.getall("Content-Type") == ["a/b"]
    assert headers.getall("Content-Disposition") == ["inline"]
    assert headers["X-A"] == "1"


def test_the_content_type_that_is_given_wins_over_the_name(ps: ModuleType) -> None:
    assert part(ps, b"", filename="a.html", content_type="a/b")[0]["Content-Type"] == "a/b"


def test_headers_may_be_changed_until_the_part_is_written(ps: ModuleType) -> None:
    writer = ps.MultipartWriter()
    payload = writer.append(b"abc")
    payload.headers["X-A"] = "1"
    del payload.headers["Content-Type"]
    headers, _ = only_part(writer.body().read())
    assert list(headers.items()) == [("Content-Length", "3"), ("X-A", "1")]
    assert payload.content_type == "application/octet-stream"


def test_headers_are_added_to_a_payload_that_was_made_before(ps: ModuleType) -> None:
    payload = ps.BytesPayload(b"abc", content_type="a/b")
    headers, _ = part(ps, payload, headers={"X-A": "1"}, content_type="c/d")
    assert (headers["Content-Type"], headers["X-A"]) == ("c/d", "1")


# What is refused


REFUSED: list[Any] = [
    {"a": 1}, {}, collections.OrderedDict(), {b"a"}, frozenset((b"a",)), 1, 1.5, None, True,
    object(), Exception(), lambda: b"", ..., b"a".join, int, io.BytesIO,
]  # fmt: skip


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: repr(value).partition(" at 0x")[0])
@pytest.mark.parametrize("subtype", ["mixed", "form-data"])
def test_what_cannot_be_meant_is_refused_when_it_is_appended(
    ps: ModuleType, value: Any, subtype: str
) -> None:
    writer = ps.MultipartWriter(subtype)
    with pytest.raises(TypeError):
        writer.append(value)
    assert len(writer) == 0
    assert writer.body().read() == f"--{writer.boundary}--\r\n".encode()


def test_a_refusal_names_what_would_do(ps: ModuleType) -> None:
    with pytest.raises(TypeError, match=r"append_json\(\)"):
        ps.MultipartWriter().append(None)
    with pytest.raises(TypeError, match=r"cannot write dict .* append_json\(\) and append_form"):
        ps.MultipartWriter().append({"a": 1})


@pytest.mark.parametrize("value", [["a"], [b"a", 1], (None,), [["a"]]], ids=repr)
def test_a_list_of_anything_but_bytes_is_refused_when_it_is_appended(
    ps: ModuleType, value: Any
) -> None:
    with pytest.raises(TypeError, match="where bytes are expected"):
        ps.MultipartWriter().append(value)


def test_bytes_payloads_take_only_bytes(ps: ModuleType) -> None:
    with pytest.raises(TypeError, match="byte-ish"):
        ps.BytesPayload("text")
    with pytest.raises(TypeError, match="AsyncIterable"):
        ps.AsyncIterablePayload([b"a"])


@pytest.mark.parametrize("size", [0, 2, 4])
def test_a_declared_size_that_is_not_that_of_bytes_is_refused(ps: ModuleType, size: int) -> None:
    with pytest.raises(ValueError, match=f"size={size}"):
        ps.MultipartWriter().append(b"abc", size=size)


@pytest.mark.parametrize("value", [b"", [b""], io.BytesIO(), iter([b""])])
def test_a_size_below_zero_is_refused(ps: ModuleType, value: Any) -> None:
    with pytest.raises(ValueError, match="size=-1"):
        ps.MultipartWriter().append(value, size=-1)


# The registry


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


class Corner(Point):
    pass


@pytest.fixture
def payloads(ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, with a registry that can be spoiled."""
    module = ps_module("payloads")
    monkeypatch.setattr(module, "PAYLOAD_REGISTRY", copy.deepcopy(module.PAYLOAD_REGISTRY))
    return module


def named(payloads: ModuleType, name: str) -> Callable[..., Any]:
    """Give a factory whose payload tells who made it."""
    return lambda value, **options: payloads.BytesPayload(name.encode(), **options)


def chosen(payloads: ModuleType, value: Any) -> bytes:
    return on_asyncio(payloads.get_payload(value).as_bytes)  # type: ignore[no-any-return]


def test_a_type_of_ones_own_has_a_payload_of_ones_own(ps: ModuleType, payloads: ModuleType) -> None:
    @ps.payload_type(Point)
    class PointPayload(ps.BytesPayload):  # type: ignore[name-defined,misc]
        def __init__(self, point: Point, **options: Any) -> None:
            super().__init__(b"%d" % point.x, content_type="text/x-point", **options)

    assert PointPayload.__name__ == "PointPayload"  # the decorator gives it back
    headers, body = part(ps, Point(3), headers={"X-A": "1"})
    assert (headers["Content-Type"], headers["X-A"], body) == ("text/x-point", "1", b"3")
    assert part(ps, Corner(4))[1] == b"4"  # a subclass is found


def test_a_factory_may_be_a_function_for_several_types(
    ps: ModuleType, payloads: ModuleType
) -> None:
    ps.register_payload(named(payloads, "made"), (Point, complex))
    assert part(ps, Point(1))[1] == part(ps, 1j)[1] == b"made"


def test_who_comes_first_is_tried_before_anything_else(payloads: ModuleType) -> None:
    order = payloads.Order
    payloads.register_payload(named(payloads, "first"), str, order=order.try_first)
    payloads.register_payload(named(payloads, "second"), str, order=order.try_first)
    payloads.register_payload(named(payloads, "normal"), str)
    assert chosen(payloads, "text") == b"first"
    payload = payloads.BytesPayload(b"own")
    payloads.register_payload(named(payloads, "first"), payloads.Payload, order=order.try_first)
    assert chosen(payloads, payload) == b"first"


def test_who_comes_last_is_tried_where_nothing_else_fits(payloads: ModuleType) -> None:
    payloads.register_payload(named(payloads, "last"), object, order=payloads.Order.try_last)
    payloads.register_payload(named(payloads, "later"), Point, order=payloads.Order.try_last)
    assert chosen(payloads, "text") == b"text"
    assert chosen(payloads, Point(1)) == b"last"


def test_the_last_registered_for_the_very_type_wins(payloads: ModuleType) -> None:
    payloads.register_payload(named(payloads, "one"), Point)
    payloads.register_payload(named(payloads, "two"), Point)
    payloads.register_payload(named(payloads, "corner"), Corner)
    assert chosen(payloads, Point(1)) == b"two"
    assert chosen(payloads, Corner(1)) == b"corner"
    payloads.register_payload(named(payloads, "mine"), str)
    assert chosen(payloads, "text") == b"mine"


def test_of_those_that_a_subclass_fits_the_first_wins(payloads: ModuleType) -> None:
    class Inner(Corner):
        pass

    payloads.register_payload(named(payloads, "point"), Point)
    payloads.register_payload(named(payloads, "corner"), Corner)
    assert chosen(payloads, Inner(1)) == b"point"


def test_a_payload_is_given_back_as_it_is(payloads: ModuleType) -> None:
    payload = payloads.BytesPayload(b"abc")
    assert payloads.get_payload(payload) is payload


def test_what_nobody_has_registered_is_a_lookup_error(ps: ModuleType, payloads: ModuleType) -> None:
    with pytest.raises(payloads.LookupError, match="Point"):
        payloads.get_payload(Point(1))
    with pytest.raises(TypeError, match="register_payload"):
        ps.MultipartWriter().append(Point(1))


def test_the_registry_is_looked_up_when_a_part_is_appended(
    ps: ModuleType, payloads: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = payloads.PayloadRegistry()
    monkeypatch.setattr(payloads, "PAYLOAD_REGISTRY", registry)
    with pytest.raises(TypeError, match="Cannot create payload"):
        ps.MultipartWriter().append("text")
    ps.register_payload(named(payloads, "replaced"), str)
    assert part(ps, "text")[1] == b"replaced"
    assert part(ps, ps.BytesPayload(b"own"))[1] == b"own"  # a payload needs no registry


@pytest.mark.parametrize("order", [None, "first", 1])
def test_an_order_that_is_none_is_refused(payloads: ModuleType, order: Any) -> None:
    with pytest.raises(ValueError, match="unsupported order"):
        payloads.register_payload(named(payloads, "x"), Point, order=order)


def test_orders_are_the_names_that_those_of_aiohttp_have(ps: ModuleType) -> None:
    assert [order.value for order in ps.Order] == ["normal", "try_first", "try_last"]
