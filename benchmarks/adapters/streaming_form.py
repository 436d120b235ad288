"""streaming-form-data: its Cython parser, with one target that takes every part.

The library wants to know each field's name beforehand and looks it up in a list. One target whose
`matches` says yes to any name spares it that search, which is in its favour, and tells the name.
It parses part headers with the standard library's email package; that is its own cost.
"""

from __future__ import annotations

from streaming_form_data import StreamingFormDataParser
from streaming_form_data.targets import BaseTarget

from ..cases import Record, Workload


class _Every(BaseTarget):  # type: ignore[misc]
    """Collects all parts, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.name = ""
        self.pieces: list[bytes] = []
        self.size = 0

    def matches(self, _registered: str, name: str) -> bool:
        self.name = name
        return True

    def on_start(self) -> None:
        self.multipart_content_type = None  # the library keeps the part before's
        self.pieces, self.size = [], 0

    def data_received(self, chunk: bytes) -> None:
        # Overrides the step that would look for a validator and call on_data_received.
        if self.multipart_filename is None:
            self.pieces.append(chunk)
        else:
            self.size += len(chunk)

    def on_finish(self) -> None:
        filename = self.multipart_filename
        content = b"".join(self.pieces) if filename is None else self.size
        self.records.append((self.name, filename, self.multipart_content_type, content))


def parse(work: Workload) -> list[Record]:
    """Feed every chunk."""
    parser = StreamingFormDataParser({"Content-Type": work.content_type})
    target = _Every()
    parser.register("*", target, target.matches)
    for chunk in work.chunks:
        parser.data_received(chunk)
    return target.records
