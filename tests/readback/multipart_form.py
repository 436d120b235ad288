"""multipart (defnull): `MultipartParser`, which keeps the parts in memory or in files."""

from __future__ import annotations

from io import BytesIO

from multipart import MultipartParser, parse_options_header

from . import Item, essence


def read(content_type: str, body: bytes) -> list[Item]:
    """Let it read a stream."""
    _, options = parse_options_header(content_type)
    items: list[Item] = []
    for part in MultipartParser(BytesIO(body), options["boundary"]):
        items.append(Item(part.name, part.filename, essence(part.content_type), part.raw))
        part.close()
    return items
