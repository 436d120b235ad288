"""``parse_form``: what real senders send, from every kind of source, however it is cut."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from multidict import CIMultiDict, MultiDictProxy

from support import chunking, corpus, effort
from support.building import Multipart, body, field_part, file_part, form
from support.forms import CONTENT_TYPE, Forms, driven, outcome

SMALL = form(
    field_part("title", b"Cat"),
    field_part("tag", b"grey"),
    file_part("photo", "cat.jpg", b"\xff\xd8", ("Content-Type", "image/jpeg")),
    field_part("tag", "schläft 😀".encode()),
    file_part("none", "", b"", ("Content-Type", "application/octet-stream")),
)


#: What is sent as a field, without a filename, and is not UTF-8.
_NO_TEXT = {("curl-field-from-file", "invalid_encoding")}


@cache
def _case(name: str) -> corpus.Case:
    return corpus.load(name)


def _forms() -> list[str]:
    cases = map(_case, corpus.names())
    return [case.name for case in cases if case.content_type.lower().startswith("multipart/form")]


def _leaves(parts: list[dict[str, Any]], outer: str | None = None) -> Iterator[dict[str, Any]]:
    """Give all parts that are no multiparts, under the name of what they are in (RFC 2388)."""
    for part in parts:
        name = part["name"] if outer is None else outer
        if "parts" in part:
            yield from _leaves(part["parts"], name)
        else:
            yield part | {"name": name}


def _digest(data: bytes) -> tuple[int, str]:
    return len(data), hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", _forms())
def test_real_forms(forms: Forms, name: str) -> None:
    case = _case(name)
    expected = outcome(forms, [case.body], case.content_type)
    if case.refused:
        assert expected[1] == case.refused
    elif not case.complete:
        assert expected[1] == "truncated"
    elif isinstance(expected[0], list):
        _check(case, expected)
    else:  # a field that is no text
        assert (name, expected[1]) in _NO_TEXT
    for chunks in chunking.coarse(case.body).values():
        assert outcome(forms, chunks, case.content_type) == expected
    step = 1 if effort.EFFORT > 1 else 1 + len(case.body) // 400
    for chunks in chunking.two_way(case.body, range(1, len(case.body), step)):
        assert outcome(forms, chunks, case.content_type) == expected, len(chunks[0])


def _check(case: corpus.Case, expected: Any) -> None:
    fields, files, complete = expected
    assert complete
    known = list(_leaves(case.parts))
    charset = bool(known) and known[0]["name"] == "_charset_"
    texts = [part for part in known[charset:] if part["filename"] is None]
    assert [part["name"] for part in texts] == [name for name, _ in fields]
    for part, (_, value) in zip(texts, fields, strict=True):
        if not charset and part["content_type"] in (None, "text/plain"):
            assert _digest(value.encode()) == (part["size"], part["sha256"])
    sent = [part for part in known if part["filename"] is not None]
    assert [(part["name"], part["filename"]) for part in sent] == [item[:2] for item in files]
    for part, (*_, headers, size, _, content) in zip(sent, files, strict=True):
        assert size == len(content)
        if "content-transfer-encoding" in {key.lower() for key, _ in headers}:
            assert size == {"noise.bin": 300}[part["filename"]]  # which curl has put into base64
        else:
            assert _digest(content) == (part["size"], part["sha256"])


# What a form is


def test_fields_and_files_in_their_order(forms: Forms) -> None:
    with forms.open(SMALL) as got:
        assert isinstance(got.fields, MultiDictProxy)
        assert list(got.fields.items()) == [
            ("title", "Cat"), ("tag", "grey"), ("tag", "schläft 😀"),
        ]  # fmt: skip
        assert got.fields.getall("tag") == ["grey", "schläft 😀"]
        assert list(got.files) == ["photo", "none"]
        photo = got.files["photo"]
        assert isinstance(photo, forms.module.UploadedFile)
        assert (photo.name, photo.filename, photo.safe_name) == ("photo", "cat.jpg", "cat.jpg")
        assert (photo.content_type, photo.size, photo.empty) == ("image/jpeg", 2, False)
        assert photo.headers["content-type"] == "image/jpeg"
        assert (got.files["none"].empty, got.files["none"].size) == (True, 0)
        assert got.complete
        assert repr(got) == "<Form 3 fields, 2 files>"
    assert photo.closed


def test_a_file_without_a_name_but_with_content_is_not_empty(forms: Forms) -> None:
    with forms.open(form(file_part("a", "", b"x"), file_part("b", "b", b""))) as got:
        assert [file.empty for file in got.files.values()] == [False, False]


@pytest.mark.parametrize(
    "end", [b"\r\n--B--", b"\r\n--B--\r", b"\r\n--B--\r\n", b"\r\n--B--  \r\n"]
)
def test_a_form_that_is_complete(forms: Forms, end: bytes) -> None:
    data = SMALL.removesuffix(b"\r\n--B--") + end
    for policy in ("DEFAULT", "LEGACY"):
        for chunks in chunking.coarse(data).values():
            assert outcome(forms, chunks, policy=policy)[-1] is True
    for chunks in chunking.coarse(data.rstrip(b"- \r\n")).values():
        assert outcome(forms, chunks, policy="LEGACY")[-1] is False


def test_a_form_of_nothing(forms: Forms) -> None:
    with forms.open(b"--B--") as got:
        assert (list(got.fields), list(got.files)) == ([], [])


def test_a_field_may_have_any_type(forms: Forms) -> None:
    """Without a filename it is text (RFC 7578 section 4.2, WHATWG Fetch)."""
    data = form(
        field_part("a", b"{}", ("Content-Type", "application/json")),
        field_part("b", b"\xff", ("Content-Type", "application/octet-stream; charset=latin1")),
    )
    with forms.open(data) as got:
        assert dict(got.fields) == {"a": "{}", "b": "ÿ"}


def test_what_stands_behind_the_form_is_read_and_left(forms: Forms) -> None:
    chunks = [SMALL, b"\r\n", b"more", b""]
    left: list[bytes] = []

    def source() -> Iterable[bytes]:
        yield from chunks
        left.append(b"all was read")

    with forms.open(source()) as got:
        assert len(got.fields) == 3
    assert left


@pytest.mark.parametrize(
    "headers",
    [
        CONTENT_TYPE,
        CONTENT_TYPE.encode(),
        {"Content-Type": CONTENT_TYPE},
        {"content-type": CONTENT_TYPE},
        CIMultiDict({"CONTENT-TYPE": CONTENT_TYPE}),
        [(b"host", b"x"), (b"content-type", CONTENT_TYPE.encode())],
        [("Content-Type", CONTENT_TYPE)],
        {"CONTENT_TYPE": CONTENT_TYPE, "wsgi.input": None},
        "Multipart/Form-Data;BOUNDARY=B",
        'multipart/form-data; charset=utf-8; boundary="B"',
        "multipart/form-data ; boundary=B",
    ],
    ids=repr,
)
def test_headers(forms: Forms, headers: Any) -> None:
    with forms.open(SMALL, headers) as got:
        assert got.fields["title"] == "Cat"


@pytest.mark.parametrize(
    "headers",
    ["", "text/plain", "multipart/mixed; boundary=B", "application/json", "multipart/form-datas",
     {}, [], {"Content-Type": ""}, "application/x-www-form-urlencodeds"],
    ids=repr,
)  # fmt: skip
def test_what_is_no_form(forms: Forms, headers: Any) -> None:
    with pytest.raises(forms.package.UnsupportedMediaType) as caught:
        forms.parse(SMALL, headers)
    error = caught.value
    assert isinstance(error, forms.package.ParseError)
    assert (error.code, error.http_status, error.offset) == ("not_a_form", 415, None)
    assert "application/x-www-form-urlencoded" in error.message


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ("multipart/form-data", "missing_boundary"),
        ("multipart/form-data; boundary=", "malformed_parameter"),
        ('multipart/form-data; boundary=""', "invalid_boundary"),
        ("multipart/form-data; boundary=" + "x" * 71, "invalid_boundary"),
        ("multipart/form-data; boundary=\u0660", "invalid_boundary"),
        ("multipart/form-data; boundary=B; boundary=C", "repeated_boundary"),
    ],
)
def test_boundaries_that_cannot_be_used(forms: Forms, headers: str, code: str) -> None:
    with pytest.raises(forms.package.ParseError) as caught:
        forms.parse(SMALL, headers)
    assert (caught.value.code, caught.value.offset) == (code, None)


@pytest.mark.parametrize("boundary", ["-", "--", "a-b", "x" * 70, "''()+_,-./:=?", "0"])
def test_boundaries(forms: Forms, boundary: str) -> None:
    data = body(Multipart(boundary, [field_part("a", b"1")]))
    with forms.open(data, f'multipart/form-data; boundary="{boundary}"') as got:
        assert dict(got.fields) == {"a": "1"}
    if boundary.replace("-", "").isalnum() or not boundary.strip("-"):
        with forms.open(data, f"multipart/form-data; boundary={boundary}") as got:
            assert dict(got.fields) == {"a": "1"}


def test_settings_of_another_type_are_refused(forms: Forms) -> None:
    for options in ({"limits": 5}, {"policy": "STRICT"}):
        with pytest.raises(TypeError, match=next(iter(options))):
            driven(forms.module.parse_form(CONTENT_TYPE, forms.source([SMALL]), **options))


# Where it comes from


class _Read:
    """Has ``read(n)``, awaited."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    async def read(self, size: int) -> bytes:
        return self._file.read(min(size, 7))


class _Request:
    """Has ``stream()``, as Starlette's has."""

    async def stream(self) -> AsyncIterator[bytes]:
        for chunk in (*chunking.sevens(SMALL), b""):
            yield chunk


def _receive(messages: list[dict[str, Any]]) -> Callable[[], Any]:
    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return receive


def _messages(data: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": True}
        for chunk in chunking.sevens(data)
    ]
    return [*found, {"type": "http.request"}]


@pytest.mark.parametrize(
    "make", [lambda: SMALL, lambda: _Read(SMALL), _Request, lambda: _receive(_messages(SMALL))]
)
def test_what_can_be_awaited(ps: ModuleType, make: Callable[[], Any]) -> None:
    async def main() -> None:
        async with ps.parse_form(CONTENT_TYPE, make()) as got:
            assert got.fields["title"] == "Cat"
            assert await got.files["photo"].read() == b"\xff\xd8"

    driven(main())


@pytest.mark.parametrize(
    "make",
    [
        lambda: SMALL,
        lambda: bytearray(SMALL),
        lambda: io.BytesIO(SMALL),
        lambda: iter(chunking.sevens(SMALL)),
        lambda: {"wsgi.input": io.BytesIO(SMALL + b"the next request"),
                 "CONTENT_LENGTH": str(len(SMALL))},
    ],
)  # fmt: skip
def test_what_is_there_at_once(
    ps_module: Callable[[str], ModuleType], make: Callable[[], Any]
) -> None:
    with ps_module("sync").parse_form(CONTENT_TYPE, make()) as got:
        assert got.fields["title"] == "Cat"
        assert got.files["photo"].read() == b"\xff\xd8"


def test_a_wsgi_environ_is_headers_and_source(ps_module: Callable[[str], ModuleType]) -> None:
    environ = {
        "CONTENT_TYPE": CONTENT_TYPE,
        "CONTENT_LENGTH": str(len(SMALL)),
        "wsgi.input": io.BytesIO(SMALL),
    }
    with ps_module("sync").parse_form(environ, environ) as got:
        assert got.fields["title"] == "Cat"


def test_sources_of_the_other_kind_are_refused(
    ps: ModuleType, ps_module: Callable[[str], ModuleType]
) -> None:
    with pytest.raises(TypeError, match=r"partstream\.sync"):
        driven(ps.parse_form(CONTENT_TYPE, io.BytesIO(SMALL)).__aenter__())
    with pytest.raises(TypeError, match=r"partstream\.MultipartReader"):
        ps_module("sync").parse_form(CONTENT_TYPE, _Request())


def test_a_client_that_goes_away(ps: ModuleType) -> None:
    messages = [*_messages(SMALL[:100])[:-1], {"type": "http.disconnect"}]
    with pytest.raises(ps.IncompleteBody) as caught:
        driven(ps.parse_form(CONTENT_TYPE, _receive(messages)))
    assert (caught.value.code, caught.value.offset) == ("disconnected", 100)


def test_a_generator_that_was_given_is_closed(ps: ModuleType) -> None:
    closed: list[str] = []

    async def chunks(bad: bytes) -> AsyncIterator[bytes]:
        try:
            yield bad
            yield SMALL
        finally:
            closed.append("closed")

    with pytest.raises(ps.MultipartError):
        driven(ps.parse_form(CONTENT_TYPE, chunks(b"--B\nx")))
    assert closed == ["closed"]
    driven(driven(ps.parse_form(CONTENT_TYPE, chunks(b""))).aclose())
    assert closed == ["closed"] * 2


def test_awaited_or_entered(ps: ModuleType) -> None:
    async def main() -> None:
        got = await ps.parse_form(CONTENT_TYPE, SMALL)
        assert not got.files["photo"].closed
        async with got:
            assert got.fields["title"] == "Cat"
        assert got.files["photo"].closed
        await got.aclose()  # again: nothing happens
        request = ps.parse_form(CONTENT_TYPE, SMALL)
        with pytest.raises(LookupError):
            async with request as got:
                raise LookupError
        assert got.files["photo"].closed

    driven(main())


def test_a_form_that_is_never_awaited_opens_nothing(ps: ModuleType) -> None:
    ps.parse_form("text/plain", b"")


def test_a_form_that_is_dropped_says_so_and_closes(
    forms: Forms, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    got = forms.parse(SMALL, limits={"max_spool_size": 1})
    with pytest.warns(ResourceWarning, match="'photo'.*was not closed") as warned:
        del got
    assert len(warned) == 1  # not for the file that is empty
    assert not list(tmp_path.iterdir())


def test_a_file_outlives_its_form(forms: Forms) -> None:
    file = forms.parse(form(file_part("a", "a", b"data"))).files["a"]
    assert driven(file.read()) == b"data"
    forms.close(file)


def test_both_twins_and_both_ways_agree(twins: dict[str, ModuleType]) -> None:
    from support.twins import twin

    found = []
    for name in twins:
        one = twin(name)
        with one.active():
            for way in ("async", "sync"):
                forms = Forms(way, one.package, one.module)
                found.append(
                    [outcome(forms, chunking.sevens(SMALL)), outcome(forms, [SMALL[:200]])]
                )
    assert all(item == found[0] for item in found)


def test_the_compiled_twin_puts_forms_together_compiled(ps_module: Any) -> None:
    """The logic of forms is one text, so that nothing else would show a fallback."""
    compiled = ps_module("_backend").COMPILED_READERS
    module = ps_module("_forming").FormAssembler.__module__
    assert (module == "partstream._forming_c") is compiled
