"""multipart (defnull): `PushMultipartParser`, which knows no input or output."""

from __future__ import annotations

from multipart import MultipartSegment, PushMultipartParser, parse_options_header

from . import Item, essence


def read(content_type: str, body: bytes) -> list[Item]:
    """Feed it the body, and collect its events."""
    _, options = parse_options_header(content_type)
    items: list[Item] = []
    pieces: list[bytes] = []
    with PushMultipartParser(options["boundary"]) as parser:
        for event in parser.parse(body):
            if isinstance(event, MultipartSegment):
                begin, pieces = event, []
            elif event is not None:
                pieces.append(bytes(event))
            else:
                kind = essence(begin.content_type)
                items.append(Item(begin.name, begin.filename, kind, b"".join(pieces)))
    return items
