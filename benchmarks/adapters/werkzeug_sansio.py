"""Werkzeug's `MultipartDecoder`, the sans-IO layer below its form parser.

Fair because the decoder is what Flask and Quart run for each chunk; nothing of the request, the
spooled files or the multidicts above it is in the time. It has no limits unless they are given.
"""

from __future__ import annotations

from werkzeug.sansio.multipart import NEED_DATA, Data, Field, File, MultipartDecoder

from ..cases import Record, Workload


def parse(work: Workload) -> list[Record]:
    """Feed every chunk, and ask for events until the decoder wants more."""
    decoder = MultipartDecoder(work.boundary.encode())
    records: list[Record] = []
    name, filename, content_type = "", None, None
    pieces: list[bytes] = []
    size = 0
    for chunk in work.chunks:
        decoder.receive_data(chunk)
        while (event := decoder.next_event()) is not NEED_DATA:
            if type(event) is Data:
                if filename is None:
                    pieces.append(event.data)
                else:
                    size += len(event.data)
                if not event.more_data:
                    content = b"".join(pieces) if filename is None else size
                    records.append((name, filename, content_type, content))
            elif isinstance(event, Field | File):
                name = event.name
                filename = event.filename if isinstance(event, File) else None
                content_type = event.headers.get("content-type")
                pieces, size = [], 0
    decoder.receive_data(None)
    decoder.next_event()  # the epilogue; raises where the body was cut short
    return records
