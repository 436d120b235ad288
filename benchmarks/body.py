"""Writes a multipart/form-data body the way a browser does; knows nothing of any parser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: The shape that Chromium and Safari send: four dashes, a fixed word, sixteen random characters.
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW9"


@dataclass(frozen=True, slots=True)
class Field:
    """A text field: no filename, no content type."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class File:
    """A file part."""

    name: str
    filename: str
    content_type: str
    data: bytes


Part = Field | File


def _head(part: Part) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{part.name}"'
    if isinstance(part, Field):
        return f"{disposition}\r\n\r\n".encode()
    head = f'{disposition}; filename="{part.filename}"\r\nContent-Type: {part.content_type}'
    return f"{head}\r\n\r\n".encode()


def encode(parts: Iterable[Part], boundary: str, preamble: bytes = b"") -> bytes:
    """The whole body. A preamble is ended by the line break that belongs to the delimiter."""
    line = f"--{boundary}\r\n".encode()
    pieces = [preamble + b"\r\n" if preamble else b""]
    for part in parts:
        pieces += [line, _head(part), part.data, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces)
