"""A plain builder of multipart bodies, which also tells the events that they must give.

It shares no code with the package: a stream is a description, written down byte by byte here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from support.events import Begin, End, Event

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Multipart:
    """A multipart to build; ``closed`` says whether its closing delimiter is written."""

    boundary: str
    parts: Sequence[Part] = ()
    preamble: bytes = b""
    epilogue: bytes = b""
    closed: bool = True


@dataclass(frozen=True)
class Part:
    """A part to build, and the name and filename that are to be read from its headers."""

    headers: Headers = ()
    body: bytes | Multipart = b""
    name: str | None = None
    filename: str | None = None


@dataclass
class Built:
    """A stream, and the events that it must give when it is taken apart at all levels."""

    data: bytearray = field(default_factory=bytearray)
    events: list[Event] = field(default_factory=list)


def field_part(name: str, body: bytes | Multipart, *headers: tuple[str, str]) -> Part:
    """Describe a form's field."""
    disposition = ("Content-Disposition", f'form-data; name="{name}"')
    return Part((disposition, *headers), body, name)


def file_part(name: str, filename: str, body: bytes, *headers: tuple[str, str]) -> Part:
    """Describe a form's file."""
    value = f'form-data; name="{name}"; filename="{filename}"'
    return Part((("Content-Disposition", value), *headers), body, name, filename)


def nested_part(multipart: Multipart, subtype: str = "mixed", *headers: tuple[str, str]) -> Part:
    """Describe a part that is a multipart itself."""
    value = f'multipart/{subtype}; boundary="{multipart.boundary}"'
    return Part((("Content-Type", value), *headers), multipart)


def build(multipart: Multipart) -> Built:
    """Write a stream."""
    built = Built()
    _write(built, multipart, 0)
    return built


def body(multipart: Multipart) -> bytes:
    """Write a stream, and give its bytes alone."""
    return bytes(build(multipart).data)


def form(*parts: Part, boundary: str = "B") -> bytes:
    """Write a form of these parts."""
    return body(Multipart(boundary, parts))


def _write(built: Built, multipart: Multipart, depth: int) -> None:
    line = b"--" + multipart.boundary.encode()
    if multipart.preamble:
        built.data += multipart.preamble + b"\r\n"
    for index, part in enumerate(multipart.parts):
        built.data += (b"\r\n" if index else b"") + line + b"\r\n"
        _write_part(built, part, depth)
    if multipart.closed:
        built.data += (b"\r\n" if multipart.parts else b"") + line + b"--"
    if multipart.epilogue:
        built.data += b"\r\n" + multipart.epilogue


def _write_part(built: Built, part: Part, depth: int) -> None:
    offset = len(built.data)
    for name, value in part.headers:
        built.data += f"{name}: {value}\r\n".encode("utf-8", "surrogateescape")
    built.data += b"\r\n"
    nested = isinstance(part.body, Multipart)
    built.events.append(
        Begin(part.name, part.filename, _essence(part), part.headers, depth, offset,
              len(built.data), nested)
    )  # fmt: skip
    complete = True
    if isinstance(part.body, Multipart):
        _write(built, part.body, depth + 1)
        complete = part.body.closed
    elif part.body:
        built.data += part.body
        built.events.append(part.body)
    built.events.append(End(depth, complete))


def _essence(part: Part) -> str | None:
    for name, value in part.headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return None
