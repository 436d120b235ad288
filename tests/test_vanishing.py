"""Clients that vanish at every byte, and sources that do all that a source should not."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import Multipart, Part, body, field_part, file_part, form, nested_part
from support.forms import CONTENT_TYPE, Forms, driven, nothing_left
from support.reading import NAMES, Reading

Module = Callable[[str], ModuleType]

NESTED = body(
    Multipart(
        "B",
        [
            Part((("X-A", "1"),), b"first\r\n--"),
            nested_part(Multipart("BC", [Part((), b"inner"), Part((), b"")])),
            Part((), b"last"),
        ],
        preamble=b"pre",
    )
)
READ = [b"first\r\n--", [b"inner", b""], b"last"]
FORM = form(field_part("a", b"1"), file_part("f", "f", b"file" * 9), field_part("b", b"2"))
ON_DISK: dict[str, int | None] = {"max_spool_size": 10}


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with nothing_left(tmp_path, monkeypatch):
        yield


@pytest.fixture(params=NAMES)
def reading(request: pytest.FixtureRequest, ps: ModuleType) -> Reading:
    return Reading(request.param, ps, ps.sync)


def _parts(reading: Reading, reader: Any, found: list[Any]) -> list[Any]:
    for part in reading.each(reader):
        if hasattr(part, "fetch_next_part"):
            found.append([])
            _parts(reading, part, found[-1])
        else:
            found.append(reading.done(part.read()))
    return found


def _is_start(found: list[Any], expected: list[Any]) -> bool:
    """Tell whether what was found is what comes first of what there is."""
    for one, other in zip(found, expected, strict=False):
        if one == other:
            continue
        nested = isinstance(one, list) and isinstance(other, list)
        return nested and one is found[-1] and _is_start(one, other)
    return len(found) <= len(expected)


SIZES = (1, 7, 10_000)


@pytest.mark.parametrize("size", SIZES)
def test_a_reader_whose_client_vanishes(reading: Reading, size: int) -> None:
    for end in range(len(NESTED) + 1):
        reader = reading.reader(NESTED[:end], size)
        found: list[Any] = []
        if end == len(NESTED):
            assert _parts(reading, reader, found) == READ
            continue
        with pytest.raises(reading.package.IncompleteBody) as caught:
            _parts(reading, reader, found)
        assert caught.value.offset == end
        assert _is_start(found, READ), (end, found)
        with pytest.raises(reading.package.IncompleteBody):  # and again, whoever asks
            reading.done(reader.next())


@pytest.mark.parametrize("size", SIZES)
def test_a_reader_whose_connection_is_reset(reading: Reading, size: int) -> None:
    """What the source raises comes out as it is, and a generator gives the same again."""
    for end in range(len(NESTED)):
        error = ConnectionResetError("gone")
        source = _failing(reading.name, chunking.pieces(NESTED[:end], size), error)
        reader = reading.module.MultipartReader("multipart/mixed; boundary=B", source)
        found: list[Any] = []
        for _ in range(2):
            with pytest.raises(ConnectionResetError) as caught:
                _parts(reading, reader, found)
            assert caught.value is error
        assert _is_start(found, READ), (end, found)


def _failing(name: str, chunks: list[bytes], error: Exception) -> Any:
    """Give chunks, and then raise."""

    def plain() -> Iterator[bytes]:
        yield from chunks
        raise error

    async def awaited() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        raise error

    return plain() if name == "sync" else awaited()


@pytest.mark.parametrize("size", SIZES)
def test_a_form_whose_client_vanishes(forms: Forms, size: int) -> None:
    for end in range(len(FORM)):
        with pytest.raises(forms.package.IncompleteBody):
            forms.parse(chunking.pieces(FORM[:end], size), limits=ON_DISK)
    with forms.open(chunking.pieces(FORM, size), limits=ON_DISK) as got:  # the next one
        assert forms.content(got) == [("f", "f", b"file" * 9)]


@pytest.mark.parametrize("size", SIZES)
def test_a_form_whose_connection_is_reset(forms: Forms, size: int) -> None:
    for end in range(len(FORM)):
        error = ConnectionResetError("gone")
        source = _failing(forms.name, chunking.pieces(FORM[:end], size), error)
        with pytest.raises(ConnectionResetError) as caught:
            driven(forms.module.parse_form(CONTENT_TYPE, source, limits=_limits(forms)))
        assert caught.value is error


def _limits(forms: Forms) -> Any:
    return forms.package.Limits(max_spool_size=10)


# Sources that misbehave at each chunk in turn


class _Bad:
    """A stream whose n-th read is answered in an odd way.

    Args:
        at: which one.
        odd: what is given then, or raised if it is an exception.
    """

    def __init__(self, data: bytes, at: int, odd: Any) -> None:
        self.chunks = chunking.pieces(data, 20)
        self.at = at
        self.odd = odd

    def _next(self) -> Any:
        self.at -= 1
        if self.at == -1:
            if isinstance(self.odd, Exception):
                raise self.odd
            return self.odd
        return self.chunks.pop(0) if self.chunks else b""


class _AsyncBad(_Bad):
    async def read(self, size: int) -> Any:
        return self._next()


class _SyncBad(_Bad):
    def read(self, size: int) -> Any:
        return self._next()


def _bad(name: str, data: bytes, at: int, odd: Any) -> Any:
    return (_AsyncBad if name == "async" else _SyncBad)(data, at, odd)


ODD = {"None": None, "text": "text", "a number": 5, "a list": [b"1"]}


@pytest.mark.parametrize("odd", ODD)
def test_a_reader_refuses_what_is_no_bytes(reading: Reading, odd: str) -> None:
    """And goes on with what comes next, as nothing was lost."""
    for at in range(len(NESTED) // 20 + 1):
        source = _bad(reading.name, NESTED, at, ODD[odd])
        reader = reading.module.MultipartReader("multipart/mixed; boundary=B", source)
        with pytest.raises(TypeError, match=r"the source gives|read\(n\) of this source"):
            reading.done(reader.release())
        reading.done(reader.release())
        assert reader.at_eof()


@pytest.mark.parametrize("odd", ODD)
def test_a_form_refuses_what_is_no_bytes(forms: Forms, odd: str) -> None:
    for at in range(len(FORM) // 20 + 1):
        source = _bad(forms.name, FORM, at, ODD[odd])
        with pytest.raises(TypeError, match=r"the source gives|read\(n\) of this source"):
            driven(forms.module.parse_form(CONTENT_TYPE, source, limits=_limits(forms)))


def test_nothing_is_the_end_of_a_stream(reading: Reading) -> None:
    for at in range(len(NESTED) // 20 + 1):
        source = _bad(reading.name, NESTED, at, b"")
        reader = reading.module.MultipartReader("multipart/mixed; boundary=B", source)
        with pytest.raises(reading.package.IncompleteBody):
            _parts(reading, reader, [])


def test_a_stream_that_fails_once_is_read_on(reading: Reading) -> None:
    for at in range(len(NESTED) // 20 + 1):
        error = TimeoutError("stalled")
        source = _bad(reading.name, NESTED, at, error)
        reader = reading.module.MultipartReader("multipart/mixed; boundary=B", source)
        with pytest.raises(TimeoutError) as caught:
            reading.done(reader.release())
        assert caught.value is error
        reading.done(reader.release())
        assert reader.at_eof()


def test_empty_chunks_of_an_iterable_mean_nothing(reading: Reading) -> None:
    chunks = chunking.pieces(NESTED, 20)
    for at in range(len(chunks)):
        given = [*chunks[:at], b"", b"", *chunks[at:]]
        source = reading.source(given)
        reader = reading.module.MultipartReader("multipart/mixed; boundary=B", source)
        assert _parts(reading, reader, []) == READ


class _Generous(io.BytesIO):
    """Gives all that it has, whatever is asked for."""

    asked: list[int] | None = None

    def read(self, size: int | None = -1) -> bytes:
        self.asked = [*(self.asked or []), -1 if size is None else size]
        return super().read()


@pytest.mark.parametrize("behind", [b"", b"the next request"])
def test_an_input_that_gives_too_much(ps: ModuleType, behind: bytes) -> None:
    """Of a request, no more is read than its length: what follows is another one's."""
    stream = _Generous(FORM + behind)
    environ = {
        "wsgi.input": stream, "CONTENT_LENGTH": str(len(FORM)), "CONTENT_TYPE": CONTENT_TYPE,
    }  # fmt: skip
    with ps.sync.parse_form(environ, environ, policy=ps.Policy.STRICT) as got:
        assert dict(got.fields) == {"a": "1", "b": "2"}
    assert stream.asked == [len(FORM)]  # never for a negative size, which is for all


@pytest.mark.parametrize("odd", ODD)
def test_an_input_that_gives_no_bytes(ps: ModuleType, odd: str) -> None:
    environ = {
        "wsgi.input": _SyncBad(FORM, 1, ODD[odd]), "CONTENT_LENGTH": str(len(FORM)),
        "CONTENT_TYPE": CONTENT_TYPE,
    }  # fmt: skip
    with pytest.raises(TypeError, match=r"the source gives|read\(n\) of this source"):
        ps.sync.parse_form(environ, environ)
