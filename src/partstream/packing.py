"""Builds a multipart from items of a command line, and an HTTP request around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from . import hdrs
from ._head import header_lines
from ._passes import Piece
from ._views import Body
from .parameters import is_token
from .payloads import IOBasePayload, PathPayload, Payload
from .writer import MultipartWriter

__all__ = ["add_item", "chunked", "request_head"]

_OPTIONS: Final = ("type", "filename")


def add_item(writer: MultipartWriter, item: str, stdin: BinaryIO) -> None:
    """Add a field or a file.

    Args:
        writer: what it is added to.
        item: ``NAME=TEXT``, ``NAME=@FILE`` or, for the text that a file holds, ``NAME=<FILE``;
            ``;type=T`` and ``;filename=N`` may follow FILE.  Without a NAME, the part has none.
        stdin: is read where FILE is ``-``.

    Raises:
        OSError: for a file that cannot be read.
        ValueError: for anything else.
    """
    name, found, value = item.partition("=")
    if not found:
        raise ValueError(f"{item!r} is neither NAME=TEXT nor NAME=@FILE")
    if value[:1] == "@":
        _add_file(writer, name, value[1:], stdin)
    elif value[:1] == "<":
        path, options = _options(value[1:])
        text = stdin.read() if path == "-" else Path(path).read_bytes()
        _add(writer, name, text, options.get("type", "text/plain"), None)
    elif writer._is_form_data:
        writer.append_fields([(name, value)])
    else:
        _add(writer, name, value, None, None)


def _add_file(writer: MultipartWriter, name: str, value: str, stdin: BinaryIO) -> None:
    path, options = _options(value)
    filename = options.get("filename")
    payload: Payload
    if path == "-":
        payload = IOBasePayload(stdin, filename=filename or "-", content_type=options.get("type"))
    else:
        filename = filename or Path(path).name
        payload = PathPayload(Path(path), filename=filename, content_type=options.get("type"))
        if payload.size is None and Path(path).is_dir():
            raise IsADirectoryError(21, "Is a directory", path)
    if name:
        writer.append(payload, name=name, filename=filename or "-")
    else:
        writer.append(payload)


def _add(
    writer: MultipartWriter, name: str, value: str | bytes, kind: str | None, filename: str | None
) -> None:
    writer.append(value, name=name or None, content_type=kind, filename=filename)


def _options(value: str) -> tuple[str, dict[str, str]]:
    """Take the options behind a file's name off it, from the end."""
    options: dict[str, str] = {}
    while True:
        rest, found, last = value.rpartition(";")
        key, equals, text = last.partition("=")
        if not found or not equals or key.strip() not in _OPTIONS:
            return value, options
        options[key.strip()] = text
        value = rest


def request_head(
    writer: MultipartWriter, size: int | None, method: str, url: str, headers: Sequence[str]
) -> bytes:
    """Write the head of an HTTP/1.1 request (RFC 9112 section 3).

    Args:
        writer: gives the Content-Type.
        size: of the body; None announces chunks.
        method: such as ``POST``.
        url: of the resource: ``http://host/path``, or a path alone.
        headers: more of them, each ``Name: value``.

    Raises:
        ValueError: for a method, an address or a header that cannot be sent.
    """
    if not url.startswith(("http://", "https://", "/")):
        raise ValueError(f"{url!r} is no address: it must start with http://, https:// or /")
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not is_token(method):
        raise ValueError(f"{method!r} is no method: it must be a token such as POST")
    if not target.isascii() or not target.isprintable() or " " in target:
        raise ValueError(f"{url!r} is no address: percent-escape what is not ASCII, and spaces")
    pairs = [("Host", parts.netloc.rpartition("@")[2] or "localhost")]
    pairs.append((hdrs.CONTENT_TYPE, writer.content_type))
    if size is None:
        pairs.append((hdrs.TRANSFER_ENCODING, "chunked"))
    else:
        pairs.append((hdrs.CONTENT_LENGTH, str(size)))
    for header in headers:
        name, found, value = header.partition(":")
        if not found:
            raise ValueError(f"{header!r} is no header: it must be 'Name: value'")
        if name.lower() in ("content-length", "transfer-encoding", "content-type"):
            raise ValueError(f"{header!r}: {name} is set to what the body is")
        if name.lower() == "host":
            del pairs[0]
        pairs.insert(0 if name.lower() == "host" else len(pairs), (name, value.strip(" \t")))
    return f"{method} {target} HTTP/1.1\r\n".encode("ascii") + header_lines(pairs) + b"\r\n"


def chunked(body: Body) -> Iterator[Piece]:
    """Frame a body as chunks (RFC 9112 section 7.1)."""
    for piece in body:
        yield b"%x\r\n" % len(piece)
        yield piece
        yield b"\r\n"
    yield b"0\r\n\r\n"
