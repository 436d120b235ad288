"""Nothing that a writer is given can become a header, a parameter or a part that nobody wrote.

Hostile texts go through every door that a writer has.  Each is refused at once, or is written so
that our readers, with both twins, and readers of other hands find as many parts as were added,
with the names that were given.  Known attacks are named by their identifiers.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import readback
from support.doors import (
    ATTACKS,
    DISPOSITIONS,
    HEADERS,
    IN_FORMS,
    MESSAGES,
    TOKENS,
    TYPES,
    Door,
    being_read,
)
from support.injection import (
    CONTROLS,
    FORM_READERS,
    HOSTILE,
    LONE,
    MIXED_READERS,
    WAYS,
    Sink,
    as_read,
    heads,
    leaves,
    names_read,
    percent_decoded,
    ways_to_write,
    whole,
)

#: Each of them ends a line, or is no text of a header at all.
BREAKING = (
    *(f"a{control}b" for control in CONTROLS),
    *(text for text in HOSTILE if set(text) & set(CONTROLS)),
)


def refused(ps: ModuleType, door: Door, text: str, subtype: str = "mixed") -> str:
    """Go through a door, which must be shut; see that nothing is in the writer; give the message.

    Where a disposition is set, the part is there already: it stays as it was.
    """
    writer = ps.MultipartWriter(subtype)
    with pytest.raises(ValueError) as caught:
        door(ps, writer, text)
    for part in writer:
        assert set(part.headers) <= {"Content-Type", "Content-Length"}
        assert text == "" or text not in str(part.headers)
    assert len(heads(writer, whole(writer))) == len(writer) <= 1
    return str(caught.value)


def shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:80] + "...")


# At once


@pytest.mark.parametrize("door", HEADERS)
def test_a_header_is_refused_when_it_is_appended(ps: ModuleType, door: str) -> None:
    """CVE-2026-50269; the message names the header and its value."""
    for text in BREAKING:
        message = refused(ps, HEADERS[door], text)
        assert message.startswith(f"header 'X-A': {shown(text)} holds the control character")


@pytest.mark.parametrize("door", TYPES)
def test_a_content_type_is_refused_when_it_is_appended(ps: ModuleType, door: str) -> None:
    """CVE-2026-34514."""
    for text in BREAKING:
        message = refused(ps, TYPES[door], text)
        assert message.startswith(f"header 'Content-Type': {shown(text)} holds the control")


@pytest.mark.parametrize("door", DISPOSITIONS)
def test_a_name_with_a_control_is_refused_where_nothing_escapes_it(
    ps: ModuleType, door: str
) -> None:
    for text in BREAKING:
        message = refused(ps, DISPOSITIONS[door], text)
        assert f"name={shown(text)} holds the control character" in message


@pytest.mark.parametrize("door", IN_FORMS)
def test_a_name_with_a_control_is_refused_in_a_form(ps: ModuleType, door: str) -> None:
    for text in BREAKING:
        if set(text) & set(CONTROLS) - {"\r", "\n"}:
            message = refused(ps, IN_FORMS[door], text, "form-data")
            assert "name=" in message
            assert "holds the control character" in message


@pytest.mark.parametrize("door", TOKENS)
def test_what_must_be_a_token_is_refused_if_it_is_none(ps: ModuleType, door: str) -> None:
    for text in (*BREAKING, *LONE, "\u00fc", "a\u2028b", 'a"b', "a;b", "a\\b", ""):
        if not (door == "a boundary" and text == "a;b"):
            assert repr(text)[1:20].rstrip("'") in refused(ps, TOKENS[door], text)


@pytest.mark.parametrize("door", MESSAGES)
def test_a_message_of_a_batch_is_refused_when_it_is_appended(ps: ModuleType, door: str) -> None:
    for text in BREAKING:
        refused(ps, MESSAGES[door], text)


@pytest.mark.parametrize("encoding", ["utf\r8", "utf\r\n8", "utf-8\n", "utf-8\r\nX: 1", "a\0"])
def test_a_charset_is_no_way_into_the_headers(ps: ModuleType, encoding: str) -> None:
    """Python takes ``utf\\r8`` for UTF-8, because it takes anything for a hyphen."""
    for text in (f"text/plain; charset={encoding}", f'a/b; charset="{encoding}"'):
        refused(ps, lambda ps, w, v: w.append("1", {"Content-Type": v}), text)
    refused(ps, lambda ps, w, v: w.append(ps.StringPayload("1", encoding=v)), encoding)


@pytest.mark.parametrize("wrong", [None, 5, b"bytes", ["list"], Path("x")], ids=repr)
def test_what_is_no_str_is_a_type_error(ps: ModuleType, wrong: Any) -> None:
    for subtype in ("mixed", "form-data"):
        names = ["X-A", "Content-Type", "Content-Disposition"]
        if subtype == "mixed":
            names += ["Content-Length", "Content-Encoding", "Content-Transfer-Encoding"]
        for obj in ("text", b"bytes", io.BytesIO(), [b"list"]):
            writer = ps.MultipartWriter(subtype)
            for name in names:
                with pytest.raises(TypeError):
                    writer.append(obj, {name: wrong})
            for name in ("name", "filename", "content_type"):
                if wrong is not None:
                    with pytest.raises(TypeError):
                        writer.append(obj, **{name: wrong})
            assert len(writer) == 0


# What is changed after it was appended


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("level", ["part", "nested part", "nested writer"])
def test_a_header_that_is_changed_is_refused_before_the_first_byte(
    ps: ModuleType, way: str, level: str
) -> None:
    for key, text in (*(("X-A", text) for text in BREAKING[::5]), ("X-A\r\nX-B", "1"), ("", "1"),
                      ("Content-Type", "a\nb"), ("Content-Disposition", "a\rb"), ("X-A", LONE[3]),
                      ("Content-Encoding", "gzip\r\n"), ("X A", "1")):  # fmt: skip
        writer, nested = ps.MultipartWriter(), ps.MultipartWriter()
        first, inner = writer.append("1" * 100_000), nested.append("2")
        writer.append(nested)
        {"part": first, "nested part": inner, "nested writer": nested}[level].headers[key] = text
        sink = Sink()
        with pytest.raises(ValueError, match="header"):
            ways_to_write(writer, way, sink)
        with pytest.raises(ValueError, match="header"):
            _ = writer.size
        assert not sink.data


@pytest.mark.parametrize("wrong", [None, 5, b"bytes"])
def test_a_header_that_is_changed_to_no_str_is_a_type_error(ps: ModuleType, wrong: Any) -> None:
    for name in ("X-A", "Content-Type", "Content-Length", "Content-Encoding",
                 "Content-Transfer-Encoding"):  # fmt: skip
        for part in ("text", io.BytesIO(b"file")):
            writer = ps.MultipartWriter()
            writer.append(part).headers[name] = wrong
            with pytest.raises(TypeError, match=name):
                writer.body()


def test_a_header_is_looked_at_again_whenever_it_changes(ps: ModuleType) -> None:
    """What headers say is remembered, for as long as they stay the same."""
    writer = ps.MultipartWriter()
    part = writer.append("1")
    good = whole(writer)
    changes: list[Callable[[Any], Any]] = [
        lambda headers: headers.update({"X-A": "a\r\nb"}),
        lambda headers: headers.add("X-A", "a\r\nb"),
        lambda headers: headers.extend([("X-A", "a\r\nb")]),
        lambda headers: headers.setdefault("X-A", "a\r\nb"),
        lambda headers: headers.__setitem__("X-A", "a\r\nb"),
    ]
    for change in changes:
        change(part.headers)
        with pytest.raises(ValueError, match="header injection"):
            whole(writer)
        del part.headers["X-A"]
        assert whole(writer) == good
    body = writer.body()
    part.headers["X-A"] = "a\r\nb"
    assert body.read() == good  # a body is what it was when it was made


def test_headers_for_a_client_are_checked(ps: ModuleType) -> None:
    for text in BREAKING:
        writer = ps.MultipartWriter()
        writer.headers["X-A"] = text
        with pytest.raises(ValueError, match="header 'X-A'"):
            writer.http_headers()


@pytest.mark.parametrize("lengths", [["1", "9"], ["1", "1"], ["+1"], ["1\r\n"], ["\u0661"], ["1_0"],
                                     ["-1"], ["1, 1"], ["9" * 5000]])  # fmt: skip
def test_a_length_is_one_number(ps: ModuleType, lengths: list[str]) -> None:
    """Parsers that take different ones of two would find different parts."""
    writer = ps.MultipartWriter()
    part = writer.append("1")
    part.headers.popall("Content-Length")
    part.headers.extend([("Content-Length", length) for length in lengths])
    with pytest.raises(ValueError):
        whole(writer)


def test_a_payload_of_a_registered_kind_is_checked(
    ps: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = type(ps.PAYLOAD_REGISTRY)()
    registry.register(lambda value: ps.StringPayload("1", headers={"X-A": value}), str)
    monkeypatch.setattr(ps.payloads, "PAYLOAD_REGISTRY", registry)
    refused(ps, lambda ps, w, v: w.append(v), "a\r\nX-Injected: 1")


# Known attacks, and what readers make of them


@pytest.mark.parametrize("ids", ATTACKS)
def test_an_attack_is_refused_or_read_as_what_it_is(ps: ModuleType, ids: str) -> None:
    attack, named = ATTACKS[ids]
    for text in HOSTILE:
        writer = ps.MultipartWriter("form-data")
        writer.append_fields({"before": "0"})
        names = ["before", "after"]
        with contextlib.suppress(ValueError):
            attack(ps, writer, text)
            names.insert(1, text if named else "x")
        writer.append("2", name="after", filename="f")
        assert len(writer) == len(names)
        body = whole(writer)
        assert all(len(lines) <= 3 for lines in heads(writer, body))
        expected = [percent_decoded(name) for name in names]
        # Of a content type only its line is ours to keep; STRICT takes no backslash.
        policy = "DEFAULT" if "-type" in ids or "\\" in text else "STRICT"
        assert [part.name for part in leaves(ps, ps.sync, writer, body, policy)] == expected
        # Single backslashes are in nobody's way, and some drop them.
        plain = sorted(name.replace("\\", "") for name in expected)
        for reader in FORM_READERS:
            found = names_read(reader, writer, body)
            assert sorted(str(name).replace("\\", "") for name in found) == plain, reader


@pytest.mark.parametrize("text", HOSTILE)
def test_an_attack_outside_of_a_form_is_refused_or_stays_in_its_part(
    ps: ModuleType, text: str
) -> None:
    for door in (*HEADERS, *TYPES, *DISPOSITIONS):
        if door == "headers= with a generator":
            continue  # it must be awaited
        writer = ps.MultipartWriter()
        writer.append("before")
        with contextlib.suppress(ValueError):
            {**HEADERS, **TYPES, **DISPOSITIONS}[door](ps, writer, text)
        writer.append("after")
        count, body = len(writer), whole(writer)
        assert len(heads(writer, body)) == count
        for reader in MIXED_READERS:
            items = readback.read(reader, writer.headers["Content-Type"], body)
            assert len(items) == count, (door, reader)
            assert items[0].data == b"before"
            assert items[-1].data == b"after"


@pytest.mark.parametrize("ids", ["CVE-2025-7783", "CVE-2025-22150"])
def test_a_boundary_that_was_seen_tells_nothing_of_the_next(
    ps: ModuleType, ids: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = [ps.MultipartWriter("form-data").boundary for _ in range(100)]
    line = 'Content-Disposition: form-data; name="admin"'
    text = "".join(f"\r\n--{boundary}\r\n{line}\r\n\r\n1" for boundary in seen)
    writer = ps.MultipartWriter("form-data")
    writer.append_fields({"a": text, "b": "2"})
    for reader in FORM_READERS:
        assert names_read(reader, writer, whole(writer)) == ["a", "b"]
    # With a source that can be guessed it is another matter.
    monkeypatch.setattr(os, "urandom", lambda size: bytes.fromhex(seen[0]))
    writer = ps.MultipartWriter("form-data")
    writer.append_fields({"a": text})
    assert "admin" in names_read("werkzeug_form", writer, whole(writer))


# Names that nobody chose

_ODD_FILES = ('a"b', "a\nb", "a\rX-Injected: 1\r\n\r\n", "a\x01\x7fb", "a\udcffb", "a;b",
              "a\\b", "a\\", "filename*=UTF-8''x", " a ", "\ta", "..a", "\U0001f600.png",
              "a\u2028b", '"; name="x', "data:text;html,x", "x.html\r\nX-Injected: 1")  # fmt: skip


@pytest.mark.parametrize("odd", _ODD_FILES, ids=ascii)
def test_a_file_with_an_odd_name_is_sent(ps: ModuleType, odd: str, tmp_path: Path) -> None:
    path = tmp_path / odd
    path.write_bytes(b"data")
    for subtype in ("mixed", "form-data"):
        for name in (None, "n"):
            with path.open("rb") as raw, path.open(encoding="latin-1") as text:
                memory = io.BytesIO(b"data")
                memory.name = str(path)
                writer = ps.MultipartWriter(subtype)
                for file in (raw, text, path, memory):
                    writer.append(file, name=name)
                body = whole(writer)
            names = [f"section-{at}" if subtype == "form-data" else None for at in range(4)]
            sent = _sent(odd)
            assert [part[:2] for part in leaves(ps, ps.sync, writer, body)] == [
                (name or default, sent) for default in names
            ]
            for lines in heads(writer, body):
                assert not any(line.startswith(b"X-") for line in lines)
                assert re.match(
                    rb"Content-Type: (text/plain|image/png|application/octet-)", lines[0]
                )


def _sent(name: str) -> str:
    """Give a file's name as it must be read: controls are no part of it, nor what is no UTF-8."""
    text = "".join("_" if letter in (*CONTROLS, "\t") else letter for letter in name)
    return text.replace("\udcff", "\ufffd")


@pytest.mark.parametrize("filename", ["data:text/html,x", "data:a/b\r\nX-Injected: 1,x", "data:,x"])
def test_a_name_is_not_taken_for_a_url_that_tells_its_type(ps: ModuleType, filename: str) -> None:
    writer = ps.MultipartWriter("form-data")
    assert writer.append(b"1", filename=filename).content_type == "application/octet-stream"
    assert len(heads(writer, whole(writer))[0]) == 2


def test_what_is_not_the_name_of_a_file_names_nothing(ps: ModuleType) -> None:
    with tempfile.TemporaryFile() as file:  # its name is a number
        memory = io.BytesIO(b"1")
        for name in ("<stdin>", "", 5, b"bytes", None):
            memory.name = name
            writer = ps.MultipartWriter("form-data")
            writer.append(memory)
            writer.append(file)
            assert [part.filename for part in leaves(ps, ps.sync, writer, whole(writer))] == [
                None
            ] * 2


@pytest.mark.parametrize("head", [
    'Content-Disposition: form-data; name="a%0D%0AX-Injected: 1%0D%0A%0D%0A"; filename="%22;x"',
    "Content-Disposition: form-data; name=a; filename*=UTF-8''a%0D%0AX-Injected:%201",
    "Content-Disposition: attachment; filename*=UTF-8''a%00%0D%0AX-Injected:%201",
    'Content-Disposition: attachment; filename="a\\\\"; name="; filename=x; y="',
    'Content-Disposition: form-data; name="\\\\"; filename="; name=admin; x="',
    'Content-Disposition: attachment; filename="\u00ff\u2028"; name="\u0085"',
])  # fmt: skip
def test_a_part_that_is_passed_on_is_named_anew(ps: ModuleType, head: str) -> None:
    """What came escaped must not be written unescaped, nor so that others read it otherwise."""
    for source in ("mixed", "form-data"):
        for target in ("mixed", "form-data"):
            writer = ps.MultipartWriter(target)
            with contextlib.suppress(ValueError):
                writer.append(being_read(ps, head + "\r\n", source))
            count = len(writer)
            writer.append("after", name="after")
            body = whole(writer)
            assert len(heads(writer, body)) == count + 1
            assert not any(line.startswith(b"X-") for line in body.split(b"\r\n"))
            names = names_read("own", writer, body)
            assert len(names) == count + 1
            if target == "form-data":
                assert None not in names
                assert names_read("werkzeug_form", writer, body) == names


def test_a_part_that_is_passed_on_into_a_form_has_a_name(ps: ModuleType) -> None:
    """Django leaves parts out that are no form-data, and those without a name."""
    for head in ("attachment; filename=x", "form-data; filename=x", "inline; name=a; filename=x"):
        writer = ps.MultipartWriter("form-data")
        writer.append(being_read(ps, f"Content-Disposition: {head}\r\n"))
        writer.append(being_read(ps, f"Content-Disposition: {head}\r\n"), name="b")
        body = whole(writer)
        for reader in ("own", "django_form"):
            assert names_read(reader, writer, body) == ["b", "section-0"]


def test_a_disposition_that_was_given_stays(ps: ModuleType) -> None:
    given, file = {"Content-Disposition": 'form-data; name="given"'}, io.BytesIO(b"1")
    file.name = "/tmp/name.txt"
    for payload in (ps.BytesIOPayload(file), ps.BytesIOPayload(file, headers=given)):
        writer = ps.MultipartWriter("form-data")
        writer.append(payload, given)
        writer.append(file, given)
        payload = ps.BytesIOPayload(file)
        payload.headers.update(given)
        writer.append(payload)
        assert names_read("own", writer, whole(writer)) == ["given"] * 3


# Anything

_PIECES = (*'"\\;=%*:/<> \t\r\n\0-', "a", "name=", "filename", "%22", "%0D", "--", "\r\n\r\n",
           "\x85", "\u2028", "\u00e9", "\U0001f600", "\udcff", "\ud800",
           "Content-Type: a/b")  # fmt: skip
_TEXT = st.text(max_size=8) | st.lists(st.sampled_from(_PIECES), max_size=8).map("".join)
_TOKEN = st.sampled_from(["X-A", "x-b", "--", "Content-ID", "Content-Language", "!#$%&'*+-.^_`|~"])
_TYPES = ("text/plain; charset=utf-8", "image/png", "text/plain")
_PART = st.fixed_dictionaries(
    {"obj": st.binary(max_size=20) | _TEXT},
    optional={
        "name": _TEXT,
        "filename": _TEXT,
        "headers": st.lists(st.tuples(_TOKEN | _TEXT, _TEXT), max_size=3),
        "content_type": st.sampled_from(_TYPES) | _TEXT,
    },
)


@given(
    st.lists(_PART, max_size=4),
    st.sampled_from(["form-data", "mixed"]),
    st.sampled_from([None, None, "B", ":", "a b"]),
)
def test_anything_is_refused_at_once_or_read_as_it_was_given(
    twins: dict[str, ModuleType], parts: list[dict[str, Any]], subtype: str, boundary: str | None
) -> None:
    for ps in twins.values():
        writer = ps.MultipartWriter(subtype, boundary)
        given: list[tuple[str | None, str | None]] = []
        for part in parts:
            with contextlib.suppress(ValueError):
                writer.append(**part)
                name = f"section-{len(given)}" if subtype == "form-data" else None
                given.append((part.get("name", name), part.get("filename")))
        assert len(writer) == len(given)
        try:
            body = whole(writer)
        except ValueError:
            assert boundary is not None  # which may stand in the data
            continue
        found = leaves(ps, ps.sync, writer, body, _policy(subtype, writer))
        assert [part[:2] for part in found] == [_read(subtype, names) for names in given]
        assert [part.headers for part in found] == [
            tuple((name, as_read(value).strip(" \t")) for name, value in part.headers.items())
            for part in writer
        ]
        assert [part.data for part in found] == [bytes(part._value) for part in writer]


def _policy(subtype: str, writer: Any) -> str:
    """STRICT takes no bytes that are no UTF-8, and looks at the parameters of a Content-Type."""
    for part in writer:
        if not as_read("".join(part.headers.values())).isprintable():
            return "DEFAULT"
        if part.content_type not in (*_TYPES, "application/octet-stream"):
            return "DEFAULT"
    return "STRICT" if subtype == "form-data" else "DEFAULT"


def _read(subtype: str, names: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Give names as they are read: in a form after its escapes, elsewhere as UTF-8."""
    if subtype == "form-data":
        return tuple(name and as_read(percent_decoded(name)) for name in names)
    return tuple(
        name and as_read(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for name in names
    )
