"""``partstream.contrib.aiohttp.FormData``, beside aiohttp's and in front of its server."""

from __future__ import annotations

import io
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from multidict import MultiDict, MultiDictProxy

from support.aiohttp_traffic import chunks, posted, read, written
from support.echoing import Echo
from support.serving import aiohttp_server, run

Module = Callable[[str], ModuleType]
#: What a server has got of a form: name, and text or filename, type and bytes.
Got = list[tuple[str, Any]]


@pytest.fixture(name="FormData")
def form_data(ps_module: Module) -> Any:
    return ps_module("contrib.aiohttp").FormData


def received(data: Any) -> tuple[str, Got]:
    """Post a form to a server of aiohttp's; give its type, and what ``request.post()`` gave."""
    found: list[tuple[str, Got]] = []

    async def handle(request: web.Request) -> web.Response:
        items: Got = []
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file:
                    items.append((name, (value.filename, value.content_type, value.file.read())))
            else:
                items.append((name, value))
        found.append((request.content_type, items))
        return web.Response()

    async def main() -> None:
        async with (
            aiohttp_server(handle) as url,
            aiohttp.ClientSession() as session,
            session.post(url, data=data) as response,
        ):
            response.raise_for_status()

    run(main())
    return found[0]


def quietly(form: Any, *fields: Any, **options: Any) -> None:
    """Add a field of which aiohttp's warns that its meaning will change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        form.add_field(*fields, **options)


#: Forms that aiohttp's and ours must both send: how one is made of either class.
FORMS: dict[str, Callable[[Any], Any]] = {
    "empty": lambda kind: kind(),
    "dict": lambda kind: kind({"a": "1", "b": "\u00e4 & = +"}),
    "pairs": lambda kind: kind([("a", "1"), ["a", "2"]]),
    "multidict": lambda kind: kind(MultiDict([("a", "1"), ("a", "2")])),
    "proxy": lambda kind: kind([("z", "0"), MultiDictProxy(MultiDict(a="1"))]),
    "numbers": lambda kind: kind({"a": 1, "b": 2.5, "c": True, "d": None}),
    "lists": lambda kind: kind({"a": ["1", "2"], "b": (3, 4), "c": []}),
    "other-objects": lambda kind: kind({"a": uuid.UUID(int=5)}),
    "charset": lambda kind: kind({"\u00e4": "\u00e9"}, charset="latin-1"),
    "multipart": lambda kind: kind({"a b": "1", "b": "\u00e9"}, default_to_multipart=True),
    "multipart-charset": lambda kind: kind({"a": "\u00e9"}, True, "latin-1",
                                           default_to_multipart=True),
    "unquoted": lambda kind: kind({"a b": "\u00e9"}, False, default_to_multipart=True),
}  # fmt: skip

#: Fields beside one of text, which make a form a multipart: the arguments of ``add_field()``.
FIELDS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "bytes": (lambda: b"\0\xff", {}),
    "bytearray": (lambda: bytearray(b"\0\xff"), {}),
    "bytes-with-a-name": (lambda: b"GIF", {"filename": "a.bin"}),
    "bytes-with-a-type": (lambda: b"GIF", {"content_type": "image/gif"}),
    "BytesIO": (lambda: io.BytesIO(b"GIF"), {}),
    "BytesIO-with-all": (
        lambda: io.BytesIO(b"GIF"), {"filename": "a.gif", "content_type": "image/gif"},
    ),
    "StringIO": (lambda: io.StringIO("\u00e4"), {}),
    "text-with-a-type": (lambda: "[1]", {"content_type": "application/json"}),
    "text-with-a-name": (lambda: "<p>", {"filename": "notes"}),
    "text-with-both": (lambda: "<p>", {"filename": "a.html", "content_type": "text/html"}),
    "text-encoded": (lambda: "text", {"content_transfer_encoding": "7bit"}),
    "bytes-encoded": (lambda: b"text", {"content_transfer_encoding": "8bit"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_form_arrives_as_aiohttps_does(FormData: Any, name: str) -> None:
    make = FORMS[name]
    ours = received(make(FormData))
    assert ours == received(make(aiohttp.FormData))
    assert make(FormData).is_multipart is make(aiohttp.FormData).is_multipart


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_arrives_as_aiohttps_does(FormData: Any, name: str) -> None:
    value, options = FIELDS[name]
    found = []
    for kind in (FormData, aiohttp.FormData):
        form = kind([("before", "1")])
        assert not form.is_multipart
        quietly(form, "field", value(), **options)
        form.add_field("behind", "2")
        assert form.is_multipart
        found.append(received(form))
    assert found[0] == found[1]
    assert [key for key, _ in found[0][1]] == ["before", "field", "behind"]


def test_a_file_arrives_as_aiohttps_does(FormData: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    found = []
    for kind in (FormData, aiohttp.FormData):
        with path.open("rb") as file:
            found.append(received(kind(file)))
            assert file.closed
        with path.open("rb") as file:
            found.append(received(kind({"a.txt": file})))
    assert (
        found == [("multipart/form-data", [("a.txt", ("a.txt", "text/plain", b"0123456789"))])] * 4
    )


def test_a_form_can_be_posted_with_or_without_a_call(ps: ModuleType, FormData: Any) -> None:
    form = FormData({"a": "1"}, default_to_multipart=True)
    assert isinstance(form, aiohttp.FormData)
    writer = form()
    assert type(writer) is ps.MultipartWriter
    assert form() is writer
    for data in (form, writer):
        seen = posted(data, Echo.MOVED)
        assert seen["content_type"] == writer.content_type
        assert seen["length"] == str(writer.size)
    form.add_field("b", "2")
    assert [part.headers["Content-Disposition"] for part in form()] == [
        'form-data; name="a"', 'form-data; name="b"',
    ]  # fmt: skip


def test_a_form_without_files_is_urlencoded(ps: ModuleType, FormData: Any) -> None:
    payload = FormData({"a": "\u00e4 b", "c": "&"})()
    assert type(payload) is ps.BytesPayload
    assert payload.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert written(payload) == b"a=%C3%A4+b&c=%26"
    payload = FormData({"a": "\u00e4"}, charset="latin-1")()
    assert payload.content_type == "application/x-www-form-urlencoded; charset=latin-1"
    assert written(payload) == b"a=%E4"


def test_text_has_a_type_only_where_it_is_no_utf_8(ps_module: Module, FormData: Any) -> None:
    for charset, kind, data in (
        (None, None, b"\xc3\xa9"),
        ("UTF-8", None, b"\xc3\xa9"),
        ("latin-1", "text/plain; charset=latin-1", b"\xe9"),
    ):
        writer = FormData({"a": "\u00e9"}, charset=charset, default_to_multipart=True)()
        [(headers, body)] = read(ps_module, writer.content_type, written(writer))
        assert (headers.get("Content-Type"), body) == (kind, data)


def test_a_value_reads_the_same_whether_or_not_there_is_a_file(
    ps_module: Module, FormData: Any
) -> None:
    fields = {"a": True, "b": 1.5, "c": None, "d": [1, "2"], "e": uuid.UUID(int=5)}
    plain = FormData(fields)
    with_file = FormData(fields, default_to_multipart=True)
    assert received(plain)[1] == received(with_file)[1]


def test_what_our_writer_takes_can_be_a_value(
    ps: ModuleType, FormData: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.css"
    path.write_bytes(b"p {}")
    form = FormData({"path": path, "async": chunks(), "iterable": iter([b"x", b"y"])})
    form.add_field("payload", ps.StringPayload("[]"), content_type="text/x")
    form.add_field("theirs", aiohttp.BytesPayload(b"1"), filename="b.bin")
    form.add_field("listed", [b"x", b"y"], filename="c.bin")
    assert form.is_multipart
    kind = "application/octet-stream"
    assert received(form) == ("multipart/form-data", [
        ("path", ("a.css", "text/css", b"p {}")),
        ("async", b"one two"),
        ("iterable", b"xy"),
        ("payload", "[]"),
        ("theirs", ("b.bin", kind, b"1")),
        ("listed", ("c.bin", kind, b"xy")),
    ])  # fmt: skip


def test_names_are_written_as_browsers_do(ps_module: Module, FormData: Any) -> None:
    form = FormData()
    form.add_field('a"\r\n', "1")
    form.add_field("b", b"2", filename='\u65e5 ".txt')
    writer = form()
    assert [
        headers["Content-Disposition"]
        for headers, _ in read(ps_module, writer.content_type, written(writer))
    ] == ['form-data; name="a%22%0D%0A"', 'form-data; name="b"; filename="\u65e5 %22.txt"']
    form = FormData({'a"\\': "1"}, quote_fields=False, default_to_multipart=True)
    assert b'name="a\\"\\\\"' in written(form())


def test_names_beyond_ascii_arrive_as_they_are(FormData: Any) -> None:
    """Where aiohttp's form has them percent-encoded, and its server leaves them so."""
    form = FormData({"\u00e4 \u65e5": "1"})
    form.add_field("b", b"2", filename="\u65e5 c.html")
    assert received(form)[1] == [
        ("\u00e4 \u65e5", "1"), ("b", ("\u65e5 c.html", "text/html", b"2")),
    ]  # fmt: skip


def test_the_name_of_a_file_on_disk_cannot_make_a_form_fail(FormData: Any, tmp_path: Path) -> None:
    path = tmp_path / "a\x01\n.txt"
    path.write_bytes(b"x")
    with path.open("rb") as file:
        form = FormData([file, ("b", file)])
        assert form().size
        assert [part.filename for part in form()] == ["a__.txt"] * 2


@pytest.mark.parametrize(
    "add",
    [
        lambda form: form.add_field(1, "x"),
        lambda form: form.add_field(None, "x"),
        lambda form: form.add_field(b"a", "x"),
        lambda form: form.add_field("a", "x", filename=1),
        lambda form: form.add_field("a", "x", content_type=1),
        lambda form: form.add_field("a", "x", content_transfer_encoding=1),
        lambda form: form.add_field("a", {"b": 1}),
        lambda form: form.add_fields("ab"),
        lambda form: form.add_fields(("a", "b", "c")),
        lambda form: form.add_fields(1),
    ],
)
def test_misuse_is_a_type_error_and_changes_nothing(
    FormData: Any, add: Callable[[Any], None]
) -> None:
    form = FormData({"before": "1"})
    with pytest.raises(TypeError):
        add(form)
    assert not form.is_multipart
    assert written(form()) == b"before=1"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a\0", {}),
        ("a\x7f", {"filename": "b"}),
        ("a", {"filename": "b\0"}),
        ("a", {"content_type": "text/plain\r\nX: 1"}),
        ("\ud800", {}),
    ],
)
def test_controls_are_refused_when_they_are_added(
    FormData: Any, name: str, options: dict[str, str]
) -> None:
    for value in ("x", b"x", 1):
        form = FormData({"before": "1"})
        with pytest.raises(ValueError, match=r"control character|surrogate"):
            form.add_field(name, value, **options)
        assert not form.is_multipart
        assert written(form()) == b"before=1"


def test_text_that_a_charset_does_not_have_is_refused_and_not_lost(FormData: Any) -> None:
    form = FormData({"a": "1", "b": "\u65e5"}, charset="latin-1", default_to_multipart=True)
    for _ in range(2):
        with pytest.raises(ValueError, match="latin-1"):
            form()


def test_a_transfer_encoding_is_not_applied_and_said_to_be_so(FormData: Any) -> None:
    form = FormData()
    with pytest.warns(DeprecationWarning, match="nothing is encoded"):
        form.add_field("a", "text", content_transfer_encoding="base64")
    assert form.is_multipart
    assert b"\r\n\r\ntext\r\n" in written(form())
