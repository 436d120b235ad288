"""The head of a part as it is written: header lines, Content-Disposition, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.message import Message
from email.utils import collapse_rfc2231_value
from enum import Enum
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, istr
from werkzeug.http import parse_options_header

import readback
from support.injection import (
    CONTROLS,
    LONE,
    TOKEN_BREAKERS,
    as_read,
    names_read,
    percent_decoded,
    whole,
)

Modules = Callable[[str], ModuleType]


class Colour(str, Enum):
    """A str that formats as another one."""

    RED = "red"
    DARK = 'dark"red'


@pytest.fixture
def head(ps_module: Modules) -> ModuleType:
    """The module, of each twin."""
    return ps_module("_head")


# Header lines


def test_each_header_is_a_line(head: ModuleType) -> None:
    lines = head.header_lines([("Content-Type", "a/b"), (istr("X-A"), ""), ("x-a", "c: d")])
    assert lines == b"Content-Type: a/b\r\nX-A: \r\nx-a: c: d\r\n"
    assert head.header_lines([]) == b""


def test_any_iterable_of_pairs_is_taken_once(head: ModuleType) -> None:
    assert head.header_lines(pair for pair in [("A", "b\t")]) == b"A: b\t\r\n"
    assert head.header_lines(CIMultiDict(A="b").items()) == b"A: b\r\n"


@pytest.mark.parametrize("control", CONTROLS, ids=repr)
def test_a_control_in_a_header_value_is_refused_by_name(head: ModuleType, control: str) -> None:
    for value in (f"a{control}b", control, f"{control}a", f"a{control}"):
        with pytest.raises(ValueError) as caught:
            head.header_lines([("X-Good", "1"), ("X-Bad", value), ("X-Last", "1")])
        message = str(caught.value)
        assert "'X-Bad'" in message
        assert repr(value) in message
        assert repr(control) in message
        assert "header injection" in message


@pytest.mark.parametrize("breaker", [*CONTROLS, *TOKEN_BREAKERS], ids=repr)
def test_a_header_name_is_a_token(head: ModuleType, breaker: str) -> None:
    for name in (f"X{breaker}A", breaker, f"{breaker}X", f"X{breaker}"):
        with pytest.raises(ValueError) as caught:
            head.header_lines([("X-Good", "1"), (name, "value")])
        assert repr(name) in str(caught.value)


def test_a_header_name_is_not_empty(head: ModuleType) -> None:
    with pytest.raises(ValueError, match="'' is no name for a header"):
        head.header_lines([("", "value")])


@pytest.mark.parametrize("letter", ["\x85", "\u2028", "\u2029", "\xa0", "\x80", "\ufeff"])
def test_what_only_some_take_for_a_line_end_stays_in_its_line(
    head: ModuleType, letter: str
) -> None:
    line = head.header_lines([("A", f"b{letter}c")])
    assert line == f"A: b{letter}c\r\n".encode()
    assert line.splitlines() == [line[:-2]]


def test_a_value_with_bytes_that_are_no_utf_8_gives_them_back(head: ModuleType) -> None:
    assert head.header_lines([("A", "b\udcff"), ("C", "\u00fc")]) == b"A: b\xff\r\nC: \xc3\xbc\r\n"


@pytest.mark.parametrize("value", LONE, ids=repr)
def test_a_surrogate_that_stands_for_no_byte_is_refused(head: ModuleType, value: str) -> None:
    """Least of all one that a careless encoder would make a line end of."""
    with pytest.raises(ValueError, match=r"'X-A'.*lone surrogate"):
        head.header_lines([("X-A", value)])


@pytest.mark.parametrize("wrong", [None, 5, b"bytes", ["list"], 1.5])
def test_what_is_no_str_is_refused_by_name(head: ModuleType, wrong: Any) -> None:
    with pytest.raises(TypeError, match="'X-A'") as caught:
        head.header_lines([("X-Good", "1"), ("X-A", wrong)])
    assert repr(wrong) in str(caught.value)
    with pytest.raises(TypeError):
        head.header_lines([(wrong, "value")])


def test_a_message_shows_the_start_of_a_long_value(head: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"xxx\.\.\.") as caught:
        head.header_lines([("X-A", "x" * 100_000 + "\r")])
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "name", ["Content-Disposition", "Content-Type", "Content-Length", "Content-Transfer-Encoding"]
)
def test_what_says_what_a_part_is_stands_there_once(head: ModuleType, name: str) -> None:
    """Of two, one parser takes the first and another the last (row e of the behaviour table)."""
    with pytest.raises(ValueError, match=name.lower()):
        head.header_lines([(name, "1"), ("X-A", "2"), (name.swapcase(), "1")])


def test_other_headers_may_be_repeated(head: ModuleType) -> None:
    assert head.header_lines([("Link", "a"), ("link", "b")]) == b"Link: a\r\nlink: b\r\n"
    assert head.header_lines([("Content-Encoding", "gzip")] * 2).count(b"gzip") == 2


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=9)), max_size=4))
def test_as_many_lines_as_headers_or_an_error(
    twins: dict[str, ModuleType], pairs: list[tuple[str, str]]
) -> None:
    for package in twins.values():
        try:
            data = package._head.header_lines(pairs)
        except ValueError:
            continue
        expected = [f"{name}: {value}".encode("utf-8", "surrogateescape") for name, value in pairs]
        assert data.split(b"\r\n") == [*expected, b""]
        assert len(data.splitlines()) == len(pairs)
        assert b"\0" not in data


# Content-Disposition in a form (WHATWG HTML, "multipart/form-data encoding algorithm")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", ""),
        ("plain", "plain"),
        ('"', "%22"),
        ('""a"', "%22%22a%22"),
        ("\r", "%0D"),
        ("\n", "%0A"),
        ("\r\n", "%0D%0A"),
        ('a\r\n"b', "a%0D%0A%22b"),
        ("%", "%"),
        ("%22", "%22"),
        ("100%0D", "100%0D"),
        ("a;b=c'd", "a;b=c'd"),
        ("\t", "\t"),
        ("\u00fc\U0001f600", "\u00fc\U0001f600"),
        ("\u2028\x85\xa0", "\u2028\x85\xa0"),
        ("../x", "../x"),
        ("a\\b", "a\\b"),
        ("\\a", "\\a"),
        ("a\\", "a\\\\"),
        ("\\", "\\\\"),
        ("a\\\\b", "a\\\\\\\\b"),
        ("\\\\\\", "\\\\\\\\\\\\"),
        ("C:\\dir\\", "C:\\dir\\\\"),
        ("\\\\host\\share\\f", "\\\\\\\\host\\share\\f"),
        ('a\\"b', "a\\%22b"),
        ('a\\"', "a\\%22"),
        ("a\\\r", "a\\%0D"),
    ],
)
def test_names_in_a_form_are_escaped_as_browsers_do(
    head: ModuleType, value: str, written: str
) -> None:
    assert head.escaped_field("name", value) == written
    disposition = head.content_disposition("form-data", {"name": value, "filename": "f"})
    assert disposition == f'form-data; name="{written}"; filename="f"'
    disposition = head.content_disposition("Form-Data", {"name": "n", "filename": value})
    assert disposition == f'Form-Data; name="n"; filename="{written}"'


@pytest.mark.parametrize("control", sorted(set(CONTROLS) - set("\r\n")), ids=repr)
def test_a_control_without_an_escape_is_refused_in_a_form(head: ModuleType, control: str) -> None:
    for key in ("name", "filename"):
        with pytest.raises(ValueError) as caught:
            head.content_disposition("form-data", {key: f"a{control}b"})
        assert f"{key}={f'a{control}b'!r}" in str(caught.value)


@pytest.mark.parametrize("control", CONTROLS, ids=repr)
def test_a_control_is_refused_where_nothing_escapes_it(head: ModuleType, control: str) -> None:
    value = f"a{control}b"
    for disposition, quote_fields in (("attachment", True), ("form-data", False)):
        for text in (value, value + "\u00fc"):
            with pytest.raises(ValueError) as caught:
                head.content_disposition(disposition, {"filename": text}, quote_fields)
            assert f"filename={text!r}" in str(caught.value)


def test_surrogates_are_bytes_or_refused(head: ModuleType) -> None:
    assert head.content_disposition("form-data", {"name": "a\udcff"}) == 'form-data; name="a\udcff"'
    for disposition, quote_fields in (("form-data", True), ("inline", True), ("form-data", False)):
        for value in LONE:
            with pytest.raises(ValueError, match=r"name=.*lone surrogate"):
                head.content_disposition(disposition, {"name": value}, quote_fields)


# Content-Disposition elsewhere (RFC 6266, RFC 8187)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a b", 'filename="a b"'),
        ("", 'filename=""'),
        ('a"b\\c', "filename=\"a_b_c\"; filename*=UTF-8''a%22b%5Cc"),
        ("\t%22;", "filename=\"\t%22_\"; filename*=UTF-8''%09%2522%3B"),
        ("\u00fc.txt", "filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt"),
        ('\u20ac"\\', "filename=\"___\"; filename*=UTF-8''%E2%82%AC%22%5C"),
        (
            "!#$&+-.^_`|~*'%()\u00fc",
            "filename=\"!#$&+-.^_`|~*'%()_\"; filename*=UTF-8''!#$&+-.^_`|~%2A%27%25%28%29%C3%BC",
        ),
        ("\udcff", "filename=\"_\"; filename*=UTF-8''%EF%BF%BD"),
    ],
)
def test_a_filename_elsewhere_is_a_quoted_string_or_extended(
    head: ModuleType, value: str, written: str
) -> None:
    assert head.content_disposition("attachment", {"filename": value}) == f"attachment; {written}"


def test_only_a_filename_has_an_ascii_rendering(head: ModuleType) -> None:
    value = head.content_disposition("inline", {"name": "\u00fc", "FileName": "\u00fc"})
    assert value == "inline; name*=UTF-8''%C3%BC; FileName=\"_\"; FileName*=UTF-8''%C3%BC"


def test_raw_utf_8_is_written_where_that_is_asked_for(head: ModuleType) -> None:
    value = head.content_disposition("attachment", {"filename": '\u00fc"\\'}, False)
    assert value == 'attachment; filename="\u00fc\\"\\\\"'
    value = head.content_disposition("form-data", {"name": '"'}, False)
    assert value == 'form-data; name="\\""'


@pytest.mark.parametrize("text", ["\u00fc.txt", "\U0001f600 ; x=y", "a'b\u20ac\"c\\d", "%41\u00fc"])
def test_others_read_an_extended_value(head: ModuleType, text: str) -> None:
    message = Message()
    message["Content-Disposition"] = head.content_disposition("attachment", {"name": text})
    found = message.get_param("name", header="Content-Disposition")
    assert isinstance(found, tuple)
    assert collapse_rfc2231_value(found) == text
    value = head.content_disposition("attachment", {"filename": text})
    _, parameters = parse_options_header(value)
    assert parameters["filename"] == text


# Backslashes, as other readers take them


def _names(reader: str, content_type: str, body: bytes) -> list[tuple[str | None, str | None]]:
    return [(item.name, item.filename) for item in readback.read(reader, content_type, body)]


def _raw(parameters: str) -> tuple[str, bytes]:
    line = f"Content-Disposition: form-data; {parameters}"
    return "multipart/form-data; boundary=B", f"--B\r\n{line}\r\n\r\n1\r\n--B--\r\n".encode()


@pytest.mark.parametrize(
    "reader", ["werkzeug_form", "django_form", "python_multipart_form", "starlette_form"]
)
def test_a_backslash_as_browsers_write_it_gives_another_name(ps: ModuleType, reader: str) -> None:
    r"""A parser that undoes ``\"`` reads on behind the name, up to a quote of the filename's."""
    name, filename = "\\", "; name=admin; x="
    assert _names(reader, *_raw(f'name="{name}"; filename="{filename}"')) == [("admin", None)]
    writer = ps.MultipartWriter("form-data", "B")
    with pytest.raises(ValueError, match="ends in a backslash"):
        writer.append(b"1", name=name, filename=filename)
    with pytest.raises(ValueError, match="ends in a backslash"):
        writer.append(b"1").set_content_disposition("form-data", name=name, filename=filename)


@pytest.mark.parametrize("reader", ["werkzeug_form", "own", "own_sync"])
def test_a_doubled_backslash_is_undone_by_who_undoes_backslashes(
    ps: ModuleType, reader: str
) -> None:
    for name, filename in (("\\", "f"), ("a\\\\b", "\\"), ("a\\\\\\", "a\\\\")):
        writer = ps.MultipartWriter("form-data")
        writer.append(b"1", name=name, filename=filename)
        found = _names(reader, writer.headers["Content-Type"], whole(writer))
        assert found == [(name, filename)]


@pytest.mark.parametrize("reader", ["django_form", "python_multipart_form", "starlette_form"])
def test_a_doubled_backslash_does_not_help_with_those_who_go_by_email(
    ps: ModuleType, reader: str
) -> None:
    """They look for the quote's backslash only: so a ``;`` that follows is refused."""
    raw = _raw(r'name="\\"; filename="; name=admin; x="')
    assert _names(reader, *raw) == [("admin", None)]
    assert _names("own", *raw) == [("\\", "; name=admin; x=")]
    for subtype in ("form-data", "mixed"):
        writer = ps.MultipartWriter(subtype)
        for name, filename in (("\\", ";"), ("a\\\\", "; name=admin; x="), ("a;\\", "f;g")):
            if subtype == "mixed":  # neither stands in quotes there
                continue
            with pytest.raises(ValueError, match="ends in a backslash"):
                writer.append(b"1", name=name, filename=filename)
        assert len(writer) == 0
        writer.append(b"1", name="\\", filename="f")
        writer.append(b"1", name="a;b", filename=";\\")
        writer.append(b"1", name="a\\b", filename="f;g")
        found = names_read("own", writer, whole(writer))
        assert found == ["\\", "a;b", "a\\b"]


def test_a_path_of_windows_is_not_changed_for_who_reads_it_as_it_stands(ps: ModuleType) -> None:
    """Which is why single backslashes are written as browsers do (WHATWG)."""
    writer = ps.MultipartWriter("form-data")
    writer.append(b"1", name="a", filename="new\\x.txt")
    for reader in ("own", "own_sync", "multipart_push"):
        found = _names(reader, writer.headers["Content-Type"], whole(writer))
        assert found == [("a", "new\\x.txt")]


# What a disposition consists of


@pytest.mark.parametrize("breaker", [*CONTROLS, *TOKEN_BREAKERS], ids=repr)
def test_a_disposition_and_its_parameters_are_tokens(head: ModuleType, breaker: str) -> None:
    for name in (f"a{breaker}b", breaker):
        with pytest.raises(ValueError) as caught:
            head.content_disposition(name, {})
        assert repr(name) in str(caught.value)
        with pytest.raises(ValueError) as caught:
            head.content_disposition("form-data", {name: "value"})
        assert repr(name) in str(caught.value)


@pytest.mark.parametrize("wrong", ["", None, 5, b"form-data"])
def test_a_disposition_is_a_token(head: ModuleType, wrong: Any) -> None:
    with pytest.raises(ValueError, match="must be a token"):
        head.content_disposition(wrong, {})


def test_a_parameter_is_not_written_twice(head: ModuleType) -> None:
    """Row d of the behaviour table: one parser takes the first, another the last."""
    with pytest.raises(ValueError, match="twice"):
        head.content_disposition("form-data", {"name": "a", "Name": "b"})


@pytest.mark.parametrize("name", ["filename*", "name*", "name*0", "filename*1*", "*"])
def test_an_extended_parameter_is_not_smuggled_in(head: ModuleType, name: str) -> None:
    """It would win over the plain one, and its value would be no ext-value (CVE-2026-53537)."""
    with pytest.raises(ValueError, match="leave the '\\*' out"):
        head.content_disposition("form-data", {"name": "a", name: "b"})


@pytest.mark.parametrize("wrong", [None, 5, b"x", ("x",)])
def test_a_value_is_a_str(head: ModuleType, wrong: Any) -> None:
    for disposition, quote_fields in (("form-data", True), ("inline", True), ("inline", False)):
        with pytest.raises(TypeError) as caught:
            head.content_disposition(disposition, {"name": wrong}, quote_fields)
        assert f"name={wrong!r}" in str(caught.value)


def test_a_member_of_an_enum_is_written_as_the_str_that_it_is(head: ModuleType) -> None:
    names = {"name": Colour.RED, "filename": Colour.DARK}
    assert head.content_disposition("form-data", names) == (
        'form-data; name="red"; filename="dark%22red"'
    )
    assert head.content_disposition("inline", names) == (
        'inline; name="red"; filename="dark_red"; filename*=UTF-8\'\'dark%22red'
    )
    assert head.content_disposition(Colour.RED, {}) == "red"
    assert head.header_lines([("X-A", Colour.RED)]) == b"X-A: red\r\n"


# Both ways

_ODD = (*"\"\\;=%*' \t\r\n", "a", "name", "%22", "%0D", "\u00e9", "\U0001f600", "\udcff")
_TEXT = st.text(max_size=10) | st.lists(st.sampled_from(_ODD), max_size=10).map("".join)


@given(name=_TEXT, filename=st.none() | _TEXT, form=st.booleans(), strict=st.booleans())
def test_our_reader_reads_the_names_or_they_are_refused(
    twins: dict[str, ModuleType], name: str, filename: str | None, form: bool, strict: bool
) -> None:
    names = {"name": name} if filename is None else {"name": name, "filename": filename}
    for package in twins.values():
        try:
            value = package._head.content_disposition("form-data" if form else "inline", names)
        except ValueError:
            texts = "".join(names.values())
            assert set(texts) & {*CONTROLS, "\\"} or not _sendable(texts)
            continue
        policy = package.Policy.DEFAULT
        if strict:  # but for backslashes, which we write as browsers do
            policy = replace(package.Policy.STRICT, quoted_pair="always")
        mask = policy.form_mask if form else policy.other_mask
        text = value.encode("utf-8", "surrogateescape").decode("latin-1")
        parameters = package.parameters
        got = parameters.disposition(parameters.Header(text, None, mask, form))
        read = _form_text if form else _other_text
        assert got == (read(name), None if filename is None else read(filename))


def _sendable(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _form_text(text: str) -> str:
    return as_read(percent_decoded(text))


def _other_text(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


# The rest


@pytest.mark.parametrize(
    ("name", "printable"),
    [
        ("plain.txt", "plain.txt"),
        ("\u00fc \u2028", "\u00fc \u2028"),
        ("a\r\nb\0\x7f\x1b\tc", "a__b____c"),
        ("a\udcffb", "a\ufffdb"),
        ("\udcc3\udcbc", "\u00fc"),
        ("a\ud800\udc0ab", "a__b"),
    ],
)
def test_a_name_that_nobody_chose_can_be_sent(head: ModuleType, name: str, printable: str) -> None:
    assert head.printable_name(name) == printable
    for disposition in ("form-data", "attachment"):
        head.content_disposition(disposition, {"filename": printable})


@pytest.mark.parametrize(
    ("value", "charset"),
    [
        ("text/plain", None),
        ("text/plain; charset=utf-8", "utf-8"),
        ("text/plain; Charset=UTF-8; x=y", "utf-8"),
        ("text/plain; charset='latin-1'", "latin-1"),
        ('text/plain; charset="latin-1"', "latin-1"),
        ("text/plain; charset=", None),
        ("", None),
    ],
)
def test_a_charset_is_found(head: ModuleType, value: str, charset: str | None) -> None:
    assert head.charset_in(value) == charset


@pytest.mark.parametrize("wrong", [5, b"text/plain; charset=x"])
def test_a_charset_is_looked_for_in_a_str(head: ModuleType, wrong: Any) -> None:
    with pytest.raises(TypeError, match="must be a str"):
        head.charset_in(wrong)


@pytest.mark.parametrize(
    ("headers", "encodings"),
    [
        ([], (None, None)),
        ([("Content-Transfer-Encoding", " 8BIT ")], (None, None)),
        ([("Content-Encoding", " Identity")], (None, None)),
        ([("Content-Encoding", "gzip"), ("content-encoding", "br")], (None, "gzip, br")),
        ([("Content-Transfer-Encoding", "base64"), ("Content-Encoding", "")], ("base64", None)),
    ],
)
def test_encodings_are_found(
    head: ModuleType, headers: list[tuple[str, str]], encodings: tuple[str | None, str | None]
) -> None:
    assert head.encodings_of(CIMultiDict(headers)) == encodings


@pytest.mark.parametrize("name", ["Content-Encoding", "Content-Transfer-Encoding"])
def test_an_encoding_is_a_str_in_one_line(head: ModuleType, name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}.*5"):
        head.encodings_of(CIMultiDict([(name, 5)]))
    with pytest.raises(ValueError, match=f"{name}.*header injection"):
        head.encodings_of(CIMultiDict([(name, "8bit\r\nX-Injected: 1")]))
