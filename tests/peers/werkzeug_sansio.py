"""Werkzeug: its `MultipartDecoder`, which Flask and Quart run for each chunk."""

from __future__ import annotations

from werkzeug.sansio.multipart import NEED_DATA, Data, Field, File, MultipartDecoder

from . import Leaf, Message, essence


def read(message: Message, chunks: list[bytes]) -> list[Leaf]:
    """Feed every chunk, and ask for events until the decoder wants more."""
    decoder = MultipartDecoder(message.boundary)
    parts: list[Leaf] = []
    begin: Field | File
    pieces: list[bytes] = []
    for chunk in chunks:
        decoder.receive_data(chunk)
        while (event := decoder.next_event()) is not NEED_DATA:
            if isinstance(event, (Field, File)):
                begin, pieces = event, []
            elif isinstance(event, Data):
                pieces.append(event.data)
                if not event.more_data:
                    parts.append(_leaf(begin, b"".join(pieces)))
    decoder.receive_data(None)
    decoder.next_event()  # the epilogue; raises where the body was cut short
    return parts


def _leaf(begin: Field | File, body: bytes) -> Leaf:
    filename = begin.filename if isinstance(begin, File) else None
    return Leaf(begin.name, filename, essence(begin.headers.get("content-type")), body)
