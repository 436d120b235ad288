"""multipart (defnull): `PushMultipartParser`, lenient as by default, or strict."""

from __future__ import annotations

from multipart import MultipartSegment, PushMultipartParser

from . import Leaf, Message, essence


def read(message: Message, chunks: list[bytes], *, strict: bool = False) -> list[Leaf]:
    """Feed every chunk; an empty one would mean the end to this parser."""
    parser = PushMultipartParser(message.boundary, strict=strict)
    parts: list[Leaf] = []
    begin = Leaf(None, None, None, None)
    pieces: list[bytes] = []
    for chunk in filter(None, chunks):
        for event in parser.parse(chunk):
            if event is None:
                parts.append(begin._replace(body=b"".join(pieces)))
            elif isinstance(event, MultipartSegment):
                begin = Leaf(event.name, event.filename, essence(event.content_type), None)
                pieces = []
            else:
                pieces.append(bytes(event))
    parser.close()
    return parts
