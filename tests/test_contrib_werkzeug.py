"""``partstream.contrib.werkzeug``, beside Werkzeug's own parser."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from types import ModuleType
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, ClientDisconnected, RequestEntityTooLarge
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from support.asgi_forms import (
    BOUNDARY,
    CONTENT_TYPE,
    part,
    temporary_files,
    whole,
)  # fmt: skip

MIB = 1 << 20
pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def contrib(ps_module: Callable[[str], ModuleType]) -> ModuleType:
    return ps_module("contrib.werkzeug")


def request_of(kind: Any, body: bytes, content_type: str = CONTENT_TYPE, **more: Any) -> Any:
    environ = EnvironBuilder(method="POST").get_environ()
    sent = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return kind({**environ, **sent, "CONTENT_TYPE": content_type, **more})


def listed(request: Any) -> Any:
    files = []
    for name, file in request.files.items(multi=True):
        facts = file.filename, file.name, file.content_type, list(file.headers)
        files.append((name, *facts, hashlib.sha256(file.read()).hexdigest()))
    found = list(request.form.items(multi=True)), files
    request.close()
    return found


FORMS = {
    "empty": whole(),
    "text": whole(part("a", b"1"), part("b", "é".encode()), part("a", b"")),
    "latin-1": whole(part("a", b"\xe9")),
    "charset": whole(part("_charset_", b"latin-1"), part("a", b"x")),
    "100 fields": whole(*[part(f"field{n}", b"value %d" % n) for n in range(100)]),
    "files": whole(part("f", b"x" * 9000, "a.txt"), part("f", b"y", "b"), part("t", b"z")),
    "no file chosen": whole(part("f", b"", "")),
    "on disk": whole(part("f", b"0123456789abcdef" * (MIB // 16), "large"), part("t", b"z")),
    "typed": whole(part("a", b"\xe9").replace(
        b"\r\n\r\n", b"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n")),
    "unknown charset": whole(part("a", b"\xe9").replace(
        b"\r\n\r\n", b"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n")),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_gives_what_werkzeug_gives(contrib: ModuleType, name: str) -> None:
    found = listed(request_of(contrib.FormRequest, FORMS[name]))
    assert found == listed(request_of(Request, FORMS[name]))
    assert any(found) == (name != "empty")


def test_other_types_are_werkzeugs(contrib: ModuleType) -> None:
    form = "application/x-www-form-urlencoded"
    assert listed(request_of(contrib.FormRequest, b"a=1&a=%C3%A9", form)) == (
        [("a", "1"), ("a", "é")], [],
    )  # fmt: skip
    request = request_of(contrib.FormRequest, b"text", "text/plain")
    assert not request.form
    assert request.get_data() == b"text"


def test_everything_is_werkzeugs_own(contrib: ModuleType) -> None:
    body = whole(part("a", b"1"), part("f", bytes(MIB), "large"), part("s", b"1", "small"))
    request = request_of(contrib.FormRequest, body)
    assert type(request.form) is type(request.files) is ImmutableMultiDict
    file = request.files["f"]
    assert type(file) is FileStorage
    assert isinstance(file.stream, SpooledTemporaryFile)
    assert temporary_files()
    request.close()
    assert file.closed
    assert not temporary_files()


def test_the_stream_factory_is_told_what_is_known(contrib: ModuleType) -> None:
    told = []

    def factory(**facts: Any) -> io.BytesIO:
        told.append(facts)
        return io.BytesIO()

    body = whole(part("f", b"123", "x"))
    parser = contrib.FormDataParser(stream_factory=factory, cls=MultiDict)
    _, form, files = parser.parse(
        io.BytesIO(body), "multipart/form-data", len(body), {"boundary": BOUNDARY}
    )
    assert (type(form), files["f"].read()) == (MultiDict, b"123")
    assert told == [
        {"total_content_length": len(body), "filename": "x", "content_type": "text/x-odd",
         "content_length": 0}
    ]  # fmt: skip


FILE = part("f", bytes(MIB), "large")
MALFORMED = {
    "no end": FILE,
    "bad header": FILE + f"--{BOUNDARY}\r\nno colon\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
    "no delimiter": b"hello",
    "name in latin-1": whole(FILE, part("?", b"")).replace(b'"?"', b'"\xe9"'),
    "no name": whole(FILE, part("?", b"")).replace(b'; name="?"', b""),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_forms_are_bad_requests(contrib: ModuleType, name: str) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        _ = request_of(contrib.FormRequest, MALFORMED[name]).form
    assert not temporary_files()


@pytest.mark.parametrize("boundary", ["", '; boundary=""', f"; boundary={'x' * 300}"])
def test_so_are_those_without_a_usable_boundary(contrib: ModuleType, boundary: str) -> None:
    with pytest.raises(BadRequest):
        _ = request_of(contrib.FormRequest, b"x", "multipart/form-data" + boundary).form


def test_a_parser_that_is_not_silent_raises_value_errors(contrib: ModuleType) -> None:
    parser = contrib.FormDataParser(silent=False)
    with pytest.raises(ValueError, match="no delimiter was found"):
        parser.parse(io.BytesIO(b"x"), "multipart/form-data", 1, {"boundary": "b"})


@pytest.mark.parametrize(
    ("limit", "body"),
    [
        ({"max_form_parts": 2}, whole(FILE, part("a", b""), part("b", b""))),
        ({"max_form_memory_size": 10}, whole(FILE, part("a", b"12345678901"))),
        ({"max_content_length": 100}, whole(FILE)),
    ],
    ids=["parts", "memory", "content"],
)
def test_limits_are_werkzeugs(contrib: ModuleType, limit: dict[str, int], body: bytes) -> None:
    request = request_of(contrib.FormRequest, body)
    for name, value in limit.items():
        setattr(request, name, value)
    with pytest.raises(RequestEntityTooLarge):
        _ = request.form
    assert not temporary_files()


def test_up_to_the_limits_all_is_read(contrib: ModuleType) -> None:
    request = request_of(contrib.FormRequest, whole(part("a", b"1234567890"), part("b", b"")))
    request.max_form_parts, request.max_form_memory_size = 2, 10
    assert listed(request) == ([("a", "1234567890"), ("b", "")], [])


def test_without_limits_all_is_read(contrib: ModuleType) -> None:
    request = request_of(contrib.FormRequest, whole(*[part("a", b"")] * 1100))
    request.max_form_parts = request.max_form_memory_size = None
    assert len(listed(request)[0]) == 1100


def test_a_client_that_goes_away_leaves_nothing(contrib: ModuleType) -> None:
    request = request_of(contrib.FormRequest, FILE, CONTENT_LENGTH=str(2 * len(FILE)))
    with pytest.raises(ClientDisconnected):
        _ = request.form
    assert not temporary_files()
