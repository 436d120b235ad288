"""Every way into the package that is counted: each gives a call that takes a whole input.

What a door needs is made before the call, so that the call is the package's work and a loop around
it.  No limit holds but that of depth, so that what an input costs goes on growing with it.
"""

from __future__ import annotations

import dataclasses
import inspect
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

__all__ = ["DOORS", "Given", "Job"]


class Given(NamedTuple):
    """What a door is opened with.

    Attributes:
        bounded: whether the default limits hold.
    """

    boundary: str = "B"
    subtype: str = "form-data"
    nested: bool = False
    policy: str = "DEFAULT"
    bounded: bool = False


class Job(NamedTuple):
    """One count: a twin, a door, what it is opened with, and what goes through it."""

    twin: str
    door: str
    data: bytes
    chunk: int
    given: Given = Given()


Call = Callable[[], Any]
#: Takes the package, the bytes, the size of the chunks and what else is given.
Door = Callable[[ModuleType, bytes, int, Given], Call]


@cache
def _unlimited(package: ModuleType) -> Any:
    names = [field.name for field in dataclasses.fields(package.Limits) if field.init]
    return package.Limits(**dict.fromkeys(names))


def _options(ps: ModuleType, given: Given, form: bool = False) -> dict[str, Any]:
    limits = ps.Limits.FORM if form else ps.Limits.STREAM
    return {
        "limits": limits if given.bounded else _unlimited(ps),
        "policy": getattr(ps.Policy, given.policy),
    }


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def _type(given: Given) -> str:
    return f'multipart/{given.subtype}; boundary="{given.boundary}"'


async def _awaited(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _finished(value: Any) -> Any:
    """Run a coroutine that has to wait for nothing."""
    if not inspect.isawaitable(value):
        return value
    try:
        next(value.__await__())
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("it waits, and nothing will come")


def _refused(ps: ModuleType, call: Call) -> Call:
    """Make a call of one that may end in the errors of a stream."""

    def refused() -> None:
        with suppress(ps.MultipartError):
            call()

    return refused


# Reading


def parser(ps: ModuleType, data: bytes, chunk: int, given: Given) -> Call:
    chunks, options = _pieces(data, chunk), _options(ps, given)

    def call() -> None:
        made = ps.MultipartParser(
            given.boundary, subtype=given.subtype, nested=given.nested, **options
        )
        for piece in chunks:
            for _ in made.feed(piece):
                pass
        made.close()

    return _refused(ps, call)


Use = Callable[[Any], Any]


def _sync_reader(use: Use) -> Door:
    """Make a door of what is done with each part of the blocking reader."""

    def door(ps: ModuleType, data: bytes, chunk: int, given: Given) -> Call:
        chunks, options = _pieces(data, chunk), _options(ps, given)

        def walk(made: Any) -> None:
            for part in made:
                if hasattr(part, "fetch_next_part"):
                    walk(part)
                else:
                    use(part)

        def call() -> None:
            walk(ps.sync.MultipartReader(_type(given), iter(chunks), **options))

        return _refused(ps, call)

    return door


def _lines(part: Any) -> None:
    while part.readline():
        pass


def _small_chunks(part: Any) -> None:
    while part.read_chunk(64):
        pass


def _decoded_pieces(part: Any) -> None:
    for piece in part:
        for _ in part.decode_iter(piece):
            pass


def async_reader(ps: ModuleType, data: bytes, chunk: int, given: Given) -> Call:
    chunks, options = _pieces(data, chunk), _options(ps, given)

    async def walk(made: Any) -> None:
        async for part in made:
            if hasattr(part, "fetch_next_part"):
                await walk(part)
            else:
                while await part.read_chunk(8192):
                    pass

    def call() -> None:
        _finished(walk(ps.MultipartReader(_type(given), _awaited(chunks), **options)))

    return _refused(ps, call)


def _form(awaited: bool, urlencoded: bool = False) -> Door:
    def door(ps: ModuleType, data: bytes, chunk: int, given: Given) -> Call:
        chunks, options = _pieces(data, chunk), _options(ps, given, form=True)
        kind = "application/x-www-form-urlencoded" if urlencoded else _type(given)

        def blocking() -> None:
            ps.sync.parse_form(kind, iter(chunks), **options).close()

        def waiting() -> None:
            form = _finished(ps.parse_form(kind, _awaited(chunks), **options))
            _finished(form.aclose())

        return _refused(ps, waiting if awaited else blocking)

    return door


def _header(function: str, *more: Any) -> Door:
    """Make a door of what takes a header; a character stands for each byte."""

    def door(ps: ModuleType, data: bytes, chunk: int, given: Given) -> Call:
        text, take = data.decode("latin-1"), getattr(ps, function)

        def call() -> None:
            with suppress(ValueError, RuntimeWarning):
                take(text, *more)

        return call

    return door


def _index(ps: ModuleType, data: bytes, chunk: int, given: Given) -> Call:
    file, options = io.BytesIO(data), _options(ps, given)

    def call() -> None:
        file.seek(0)
        ps.index(file, _type(given), **options)

    return _refused(ps, call)


# Writing: no error of the stream is expected


def _written(writer: Any, chunk: int) -> None:
    body = writer.body()
    while body.read(chunk):
        pass


def _writing(fill: Callable[[ModuleType, Any, bytes], Any], subtype: str = "form-data") -> Door:
    """Make a door of what is appended; the chunk is what is read of the body at once."""

    def door(ps: ModuleType, data: bytes, chunk: int, given: Given) -> Call:
        def call() -> None:
            writer = ps.MultipartWriter(
                subtype, given.boundary if len(given.boundary) > 8 else None
            )
            try:
                fill(ps, writer, data)
            except ValueError:
                return  # what would inject something is refused
            _written(writer, chunk)

        return call

    return door


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _many(ps: ModuleType, writer: Any, data: bytes) -> None:
    for at in range(0, len(data), 8):
        writer.append(data[at : at + 8], name=_text(data[at : at + 8]), filename="f")


def _fields(ps: ModuleType, writer: Any, data: bytes) -> None:
    writer.append_fields([("a", _text(data[at : at + 8])) for at in range(0, len(data), 8)])


def _encoded(encoding: str) -> Callable[[ModuleType, Any, bytes], Any]:
    return lambda ps, writer, data: writer.append(data, {"Content-Transfer-Encoding": encoding})


def _nested_writers(ps: ModuleType, writer: Any, data: bytes) -> None:
    inner = ps.MultipartWriter("mixed")
    for at in range(0, len(data), 256):
        child = ps.MultipartWriter("mixed")
        child.append(data[at : at + 256])
        inner.append(child)
    writer.append(inner)


def _streamed(ps: ModuleType, writer: Any, data: bytes) -> None:
    pieces: Iterator[bytes] = iter(_pieces(data, 16))
    writer.append(ps.IterablePayload(pieces))


DOORS: dict[str, Door] = {
    "parser": parser,
    "async reader": async_reader,
    "reader": _sync_reader(lambda part: part.read()),
    "reader, decoded": _sync_reader(lambda part: part.read(decode=True)),
    "reader, decoded in pieces": _sync_reader(_decoded_pieces),
    "reader, text": _sync_reader(lambda part: part.text()),
    "reader, form": _sync_reader(lambda part: part.form()),
    "reader, lines": _sync_reader(_lines),
    "reader, chunks of 64": _sync_reader(_small_chunks),
    "reader, skipped": _sync_reader(lambda part: None),
    "form": _form(True),
    "blocking form": _form(False),
    "urlencoded": _form(True, urlencoded=True),
    "blocking urlencoded": _form(False, urlencoded=True),
    "parse_content_disposition": _header("parse_content_disposition"),
    "parse_content_type": _header("parse_content_type"),
    "parse_range": _header("parse_range", 10**9),
    "index": _index,
    "writer, body": _writing(lambda ps, w, data: w.append(data, name="a", filename="f")),
    "writer, name": _writing(lambda ps, w, data: w.append(b"1", name=_text(data))),
    "writer, filename": _writing(
        lambda ps, w, data: w.append(b"1", name="a", filename=_text(data))
    ),
    "writer, filename outside of forms": _writing(
        lambda ps, w, data: w.append(b"1").set_content_disposition(
            "attachment", filename=_text(data)
        ),
        "mixed",
    ),
    "writer, header": _writing(lambda ps, w, data: w.append(b"1", {"X-A": _text(data)}), "mixed"),
    "writer, many parts": _writing(_many),
    "writer, many fields": _writing(_fields),
    "writer, base64": _writing(_encoded("base64"), "mixed"),
    "writer, quoted-printable": _writing(_encoded("quoted-printable"), "mixed"),
    "writer, nested": _writing(_nested_writers, "mixed"),
    "writer, streamed": _writing(_streamed, "mixed"),
    "writer, json": _writing(lambda ps, w, data: w.append_json(_text(data), name="a")),
    "writer, urlencoded": _writing(
        lambda ps, w, data: w.append_form([("a", _text(data))]), "mixed"
    ),
}
