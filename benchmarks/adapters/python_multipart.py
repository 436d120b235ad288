"""python-multipart's `MultipartParser`, driven by callbacks as Starlette drives it.

Fair because its callbacks are the layer that reports parts as they come; `FormParser` above it
writes files to disk. Callbacks give offsets, so slicing is the caller's, and so is the parse of
Content-Disposition, for which the library's own function is used. A truncated body is not noticed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from python_multipart.multipart import MultipartParser, parse_options_header

from ..cases import Record, Workload

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

#: It logs what it refuses; the table says so already.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


class _Sink:
    """The callbacks, and the part in progress."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._start()

    def _start(self) -> None:
        self.header = b""
        self.value = b""
        self.disposition = b""
        self.content_type: str | None = None
        self.name = ""
        self.filename: str | None = None
        self.pieces: list[bytes] = []
        self.size = 0

    def on_part_begin(self) -> None:
        self._start()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_header_end(self) -> None:
        header = self.header.lower()
        if header == b"content-disposition":
            self.disposition = self.value
        elif header == b"content-type":
            self.content_type = self.value.decode()
        self.header = self.value = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self.disposition)
        self.name = options[b"name"].decode()
        if b"filename" in options:
            self.filename = options[b"filename"].decode()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self.filename is None:
            self.pieces.append(piece)
        else:
            self.size += len(piece)

    def on_part_end(self) -> None:
        content = b"".join(self.pieces) if self.filename is None else self.size
        self.records.append((self.name, self.filename, self.content_type, content))


_EVENTS = ("part_begin", "header_field", "header_value", "header_end", "headers_finished",
           "part_data", "part_end")  # fmt: skip


def parse(work: Workload) -> list[Record]:
    """Write every chunk to the parser."""
    sink = _Sink()
    callbacks = {f"on_{event}": getattr(sink, f"on_{event}") for event in _EVENTS}
    parser = MultipartParser(work.boundary.encode(), cast("MultipartCallbacks", callbacks))
    for chunk in work.chunks:
        parser.write(chunk)
    parser.finalize()
    return sink.records
