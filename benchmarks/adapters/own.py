"""partstream's `MultipartParser`, over whichever twin the given package object runs on.

The same task as for the peers: name, filename and content type are asked for at every part, though
they are computed only when asked for, and the pieces of a field are joined although most come in
one. Limits that a case needs lifted are lifted for all cases; every other one is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

from ..cases import Record, Workload


def adapter(partstream: ModuleType) -> Callable[[Workload], list[Record]]:
    """The adapter for one loaded twin."""
    parser_class, part_begin = partstream.MultipartParser, partstream.PartBegin
    limits = replace(partstream.Limits.STREAM, max_preamble=None, max_parts=None)

    def parse(work: Workload) -> list[Record]:
        parser = parser_class(work.boundary, subtype=work.subtype, limits=limits)
        feed = parser.feed
        records: list[Record] = []
        name, filename, content_type = "", None, None
        pieces: list[bytes] = []
        size = 0
        for chunk in work.chunks:
            for event in feed(chunk):
                kind = type(event)
                if kind is bytes:
                    if filename is None:
                        pieces.append(event)
                    else:
                        size += len(event)
                elif kind is part_begin:
                    name, filename = event.name, event.filename
                    content_type = event.content_type
                    pieces, size = [], 0
                else:
                    content = b"".join(pieces) if filename is None else size
                    records.append((name, filename, content_type, content))
        parser.close()
        return records

    return parse
