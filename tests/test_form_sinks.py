"""What integrations bring: sinks, their order, what they are told when a form fails; and texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support import chunking
from support.building import field_part, file_part, form
from support.forms import CONTENT_TYPE, Forms, driven

BODY = form(
    file_part("a", "a", b"a" * 3000),
    field_part("text", b"1"),
    file_part("b", "b", b"b" * 3000),
    file_part("c", "c", b""),
)


class _Recorder:
    """What a test knows of the sinks of a form."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.data: dict[str, bytes] = {}


def _sink(
    forms: Forms, recorder: _Recorder, fail: str = "", room: int | None = None
) -> Callable[[Any], Any]:
    base = forms.submodule("_form_sinks").Sink

    class Recording(base):  # type: ignore[misc, valid-type]
        def __init__(self, head: Any) -> None:
            self._name = head.name
            recorder.data[self._name] = b""
            if room is not None:
                self.room = room

        def _note(self, what: str) -> None:
            recorder.calls.append(f"{self._name} {what}")
            if fail == recorder.calls[-1]:
                raise LookupError(fail)

        def write(self, data: Any) -> None:
            assert len(data) <= self.room
            self._note("write")
            recorder.data[self._name] += bytes(data)

        def writelines(self, pieces: Any) -> None:
            self._note("writelines")
            for piece in pieces:
                recorder.data[self._name] += bytes(piece)

        def finish(self) -> Any:
            self._note("finish")
            return None if self._name == "c" else f"value of {self._name}"

        def abort(self) -> None:
            recorder.calls.append(f"{self._name} abort")

    return Recording


def _assembled(forms: Forms, chunks: list[bytes], open_sink: Any, **options: Any) -> Any:
    assembler = forms.submodule("_form_reading").assembler_of(CONTENT_TYPE, open_sink, **options)
    if forms.name == "sync":
        source = forms.submodule("_sync_sources").sync_source(iter(chunks))
        forms.submodule("_form_sync").assemble(assembler, source)
    else:
        source = forms.submodule("sources").async_source(forms.source(chunks))
        driven(forms.submodule("form").assemble(assembler, source))
    return assembler


@pytest.mark.parametrize("room", [None, 0, 1000])
def test_sinks(forms: Forms, room: int | None) -> None:
    for chunks in chunking.coarse(BODY).values():
        recorder = _Recorder()
        got = _assembled(forms, chunks, _sink(forms, recorder, room=room))
        assert recorder.data == {"a": b"a" * 3000, "b": b"b" * 3000, "c": b""}
        assert got.pairs() == [("a", "value of a"), ("text", "1"), ("b", "value of b")]
        assert got.split() == ([("text", "1")], [("a", "value of a"), ("b", "value of b")])
        assert sorted(call for call in recorder.calls if "finish" in call) == [
            "a finish", "b finish", "c finish",
        ]  # fmt: skip
        assert not [call for call in recorder.calls if "abort" in call]


@pytest.mark.parametrize("room", [None, 0])
@pytest.mark.parametrize("fail", ["a write", "b finish", "c finish"])
def test_a_sink_that_fails(forms: Forms, fail: str, room: int | None) -> None:
    """All that were opened are aborted, those that are finished too, and none but those."""
    fail = fail.replace("write", "writelines") if room == 0 else fail
    for chunks in (chunking.whole(BODY), chunking.pieces(BODY, 500)):
        recorder = _Recorder()
        with pytest.raises(LookupError, match=fail):
            _assembled(forms, chunks, _sink(forms, recorder, fail, room))
        aborted = [call for call in recorder.calls if "abort" in call]
        assert aborted == [f"{name} abort" for name in recorder.data]


def test_sinks_of_a_form_that_is_at_fault(forms: Forms) -> None:
    recorder = _Recorder()
    with pytest.raises(forms.package.IncompleteBody):
        _assembled(forms, [BODY[:-5]], _sink(forms, recorder))
    assert [call for call in recorder.calls if "abort" in call] == ["a abort", "b abort", "c abort"]


def test_an_abort_that_fails_hides_nothing(forms: Forms) -> None:
    base = forms.submodule("_form_sinks").Sink
    aborted: list[Any] = []

    class Failing(base):  # type: ignore[misc, valid-type]
        def write(self, data: Any) -> None:
            pass

        def abort(self) -> None:
            aborted.append(self)
            raise OSError("abort")

    with pytest.raises(forms.package.IncompleteBody):
        _assembled(forms, [BODY[:-5]], lambda head: Failing())
    assert len(aborted) == 3


def test_files_that_nobody_wants(forms: Forms) -> None:
    recorder = _Recorder()
    make = _sink(forms, recorder)
    for chunks in chunking.coarse(BODY).values():
        got = _assembled(forms, chunks, lambda head: make(head) if head.name == "b" else None)
        assert got.pairs() == [("text", "1"), ("b", "value of b")]


def test_an_error_where_a_sink_is_opened(forms: Forms) -> None:
    recorder = _Recorder()
    make = _sink(forms, recorder)

    def open_sink(head: Any) -> Any:
        if head.name == "b":
            raise LookupError(head.name)
        return make(head)

    with pytest.raises(LookupError):
        _assembled(forms, [BODY], open_sink)
    assert recorder.calls[-1] == "a abort"


def test_the_head_of_a_file(forms: Forms) -> None:
    heads: list[Any] = []
    data = form(
        file_part("a", "x", b"12345", ("Content-Type", "A/b;c=d"), ("Content-Length", "5")),
        file_part("b", "", b"", ("Content-Length", "9" * 30)),
    )
    _assembled(forms, [data], heads.append)
    a, b = heads
    assert (a.name, a.filename, a.content_type, a.content_length) == ("a", "x", "a/b", 5)
    assert a.headers["Content-Type"] == "A/b;c=d"
    assert (b.filename, b.content_type, b.content_length) == ("", None, None)


def test_what_waits_is_written_in_large_pieces(forms: Forms) -> None:
    """One batch of about 1 MiB at a time: that is one thread, and few calls."""
    sizes: list[int] = []
    base = forms.submodule("_form_sinks").Sink

    class Sizing(base):  # type: ignore[misc, valid-type]
        room = 0

        def writelines(self, pieces: Any) -> None:
            sizes.append(sum(len(piece) for piece in pieces))

    data = form(file_part("a", "a", b"x" * (5 * 2**20)))
    for size in (65536, 1000):
        sizes.clear()
        _assembled(forms, chunking.pieces(data, size), lambda head: Sizing())
        assert len(sizes) == 5 or (len(sizes) == 6 and sizes[-1] < 65536)
        assert all(2**20 <= count < 2**20 + size for count in sizes[:-1])


# What is no text


def test_decode(forms: Forms) -> None:
    """Only what is neither plain nor UTF-8 is asked for."""
    asked: list[Any] = []

    def decode(part: Any, data: bytes, charset: str | None) -> Any:
        asked.append((part.name, data, charset))
        return data

    body = form(
        field_part("plain", "ä".encode()),
        field_part("bad", b"\xe9"),
        field_part("typed", b"1", ("Content-Type", "application/json; charset=latin1")),
        field_part("coded", b"w6k=", ("Content-Transfer-Encoding", "base64")),
    )
    got = _assembled(forms, [body], None, decode=decode)
    assert got.items == [("plain", "ä"), ("bad", b"\xe9"), ("typed", b"1"), ("coded", b"\xc3\xa9")]
    assert asked == [
        ("bad", b"\xe9", None), ("typed", b"1", "latin1"), ("coded", b"\xc3\xa9", None),
    ]  # fmt: skip
    asked.clear()
    got = _assembled(forms, [body], None, decode=decode, charset="utf-16")
    assert [charset for _, _, charset in asked] == ["utf-16", "utf-16", "latin1", "utf-16"]


def test_a_charset_that_is_given(forms: Forms) -> None:
    body = form(
        field_part("a", b"\xe9"),
        field_part("b", b"\xc3\xa9", ("Content-Type", "text/plain; charset=utf-8")),
    )
    assert _assembled(forms, [body], None, charset="iso-8859-1").items == [("a", "é"), ("b", "é")]
    utf16 = form(field_part("a", "\ufeffé".encode("utf-16-le")))
    assert _assembled(forms, [utf16], None, charset="utf-16le").items == [("a", "é")]


def test_urlencoded_forms_have_the_same_interface(forms: Forms) -> None:
    reading = forms.submodule("_form_reading")
    assembler = reading.assembler_of(
        "application/x-www-form-urlencoded", None, decode=lambda part, data, charset: (part, data)
    )
    assert assembler.feed(b"a=%e9&b=1") is None
    assert assembler.feed(b"") is None
    assert assembler.pairs() == [((None, b"a"), (None, b"\xe9")), ("b", "1")]
    assert assembler.split() == (assembler.items, [])
    assert assembler.ended
    assembler.abort()
