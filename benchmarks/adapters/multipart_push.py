"""multipart (defnull): `PushMultipartParser`, its sans-IO layer and the nearest to ours.

Fair because both give the same three kinds of event, and this loop is the one of `own.py`. Names
and content types are read from the segment, which has parsed them by then; its limits are unlimited
by default, except the segment count, which is set so. `parse` is a generator, and its events are
taken one by one, as it gives them.
"""

from __future__ import annotations

from math import inf

from multipart import PushMultipartParser

from ..cases import Record, Workload


def parse(work: Workload) -> list[Record]:
    """Feed every chunk, and drain the events of each before the next."""
    parser = PushMultipartParser(work.boundary, max_segment_count=inf)
    records: list[Record] = []
    name, filename, content_type = "", None, None
    pieces: list[bytes] = []
    size = 0
    for chunk in work.chunks:
        for event in parser.parse(chunk):
            if event is None:
                content = b"".join(pieces) if filename is None else size
                records.append((name, filename, content_type, content))
            elif type(event) is bytes:
                if filename is None:
                    pieces.append(event)
                else:
                    size += len(event)
            else:
                name, filename = event.name, event.filename
                content_type = event.content_type
                pieces, size = [], 0
    parser.close()
    return records
