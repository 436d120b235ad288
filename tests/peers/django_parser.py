"""Django: `MultiPartParser`, with settings of its own and an upload handler that keeps the bytes.

Its fields and files leave by different doors, so that their order in the stream is lost: the parts
come as a bag.  The type of a field is not told.
"""

from __future__ import annotations

import codecs
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser

from . import Leaf, Message, essence

if not settings.configured:
    settings.configure(DATA_UPLOAD_MAX_NUMBER_FIELDS=None, DATA_UPLOAD_MAX_MEMORY_SIZE=None)

#: UTF-8 that keeps every byte: Django decodes values with errors="replace", and would lose some.
_LOSSLESS = "peers_lossless"


def _decode(data: Any, _errors: str = "strict") -> tuple[str, int]:
    return bytes(data).decode("utf-8", "surrogateescape"), len(data)


def _encode(text: str, _errors: str = "strict") -> tuple[bytes, int]:
    return text.encode("utf-8", "surrogateescape"), len(text)


def _find_codec(name: str) -> codecs.CodecInfo | None:
    return codecs.CodecInfo(_encode, _decode, name=_LOSSLESS) if name == _LOSSLESS else None


codecs.register(_find_codec)


class _File:
    """What the handler hands over; Django closes it when something goes wrong later."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf

    def close(self) -> None:
        """There is nothing to close."""


class _Keep(FileUploadHandler):
    """Gives the content of each file as it came."""

    pieces: list[bytes]

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.pieces = []

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        self.pieces.append(raw_data)

    def file_complete(self, _file_size: int) -> _File:
        kind = essence(self.content_type) or None
        leaf = Leaf(self.field_name, self.file_name, kind, b"".join(self.pieces))
        return _File(leaf)


class _Chunks:
    """A file whose every read is one chunk, however much was asked for, as of a socket."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._rest = iter(filter(None, chunks))

    def read(self, _size: int) -> bytes:
        return next(self._rest, b"")


def read(message: Message, chunks: list[bytes]) -> list[Leaf]:
    """Let it read a request's body."""
    meta = {"CONTENT_TYPE": message.content_type, "CONTENT_LENGTH": str(len(message.data))}
    fields, files = MultiPartParser(meta, _Chunks(chunks), [_Keep()], _LOSSLESS).parse()
    parts = [
        Leaf(name, None, None, value.encode("utf-8", "surrogateescape"))
        for name, values in fields.lists()
        for value in values
    ]
    parts += [file.leaf for _, kept in files.lists() for file in kept]
    return parts
