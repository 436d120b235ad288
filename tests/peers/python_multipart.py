"""python-multipart: `MultipartParser`, driven by callbacks as Starlette drives it.

A part counts when its end was reported, which is when Starlette keeps it.
"""

from __future__ import annotations

import logging

from python_multipart.multipart import MultipartParser, parse_options_header

from . import Leaf, Message, essence

logging.getLogger("python_multipart").addHandler(logging.NullHandler())

_DATA = ("header_field", "header_value", "part_data")


class _Sink:
    """The callbacks, and the part in progress."""

    def __init__(self) -> None:
        self.parts: list[Leaf] = []
        self.on_part_begin()

    def on_part_begin(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.texts = dict.fromkeys(_DATA, b"")

    def add(self, kind: str, data: bytes) -> None:
        self.texts[kind] += data

    def on_header_end(self) -> None:
        self.headers[self.texts["header_field"].lower()] = self.texts["header_value"]
        self.texts["header_field"] = self.texts["header_value"] = b""

    def on_part_end(self) -> None:
        _, options = parse_options_header(self.headers.get(b"content-disposition"))
        content_type = self.headers.get(b"content-type")
        self.parts.append(
            Leaf(
                _text(options.get(b"name")),
                _text(options.get(b"filename")),
                essence(_text(content_type)),
                self.texts["part_data"],
            )
        )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "surrogateescape")


def read(message: Message, chunks: list[bytes]) -> list[Leaf]:
    """Write every chunk to the parser."""
    sink = _Sink()
    callbacks = {
        f"on_{kind}": lambda data, start, end, kind=kind: sink.add(kind, data[start:end])
        for kind in _DATA
    }
    for event in ("part_begin", "header_end", "part_end"):
        callbacks[f"on_{event}"] = getattr(sink, f"on_{event}")
    parser = MultipartParser(message.boundary, callbacks)
    for chunk in chunks:
        parser.write(chunk)
    parser.finalize()
    return sink.parts
