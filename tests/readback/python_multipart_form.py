"""python-multipart: `parse_form`, and the fields and files that it calls back with."""

from __future__ import annotations

import logging
from io import BytesIO

from python_multipart import parse_form
from python_multipart.multipart import Field, File

from . import Item, essence

logging.getLogger("python_multipart").addHandler(logging.NullHandler())


def read(content_type: str, body: bytes) -> list[Item]:
    """Let it read a stream."""
    found: list[Field | File] = []
    headers = {"Content-Type": content_type.encode()}
    try:
        parse_form(headers, BytesIO(body), found.append, found.append)
        return [_item(part) for part in found]
    finally:
        for part in found:
            part.close()


def _item(part: Field | File) -> Item:
    kind = essence(part.content_type)
    if isinstance(part, Field):
        return Item(_text(part.field_name), None, kind, part.value or b"")
    part.file_object.seek(0)
    data = part.file_object.read()
    return Item(_text(part.field_name), _text(part.file_name), kind, data)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
