"""Django: the boundary and header layer under its `MultiPartParser`.

`MultiPartParser.parse` needs configured settings, decodes every field into a QueryDict and files
into another mapping; its order of parts is lost by then. The classes below it do the parsing, give
the parts in order and run with no settings, so they are timed instead: less work than Django does
for a request, which is in its favour. They read from a file; this one gives a chunk a read.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.http.multipartparser import RAW, ChunkIter, LazyStream, Parser

from ..cases import Record, Workload


class _Chunks:
    """A file whose every read is one chunk, however much was asked for, as of a socket."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._rest: Iterator[bytes] = iter(chunks)

    def read(self, _size: int) -> bytes:
        return next(self._rest, b"")


def parse(work: Workload) -> list[Record]:
    """Walk the parts; fields are read whole and files by chunk, as Django does it."""
    stream = LazyStream(ChunkIter(_Chunks(work.chunks), 64 * 1024))
    records: list[Record] = []
    for kind, headers, content in Parser(stream, work.boundary.encode()):
        if kind is RAW:
            continue  # what stands before the first delimiter and after the last
        disposition = headers["content-disposition"][1]
        name = disposition["name"].decode()
        content_type = None
        if "content-type" in headers:
            content_type = headers["content-type"][0].lstrip()  # Django 5 leaves the space there
        if "filename" not in disposition:
            records.append((name, None, content_type, content.read()))
            continue
        size = 0
        for chunk in content:
            size += len(chunk)
        records.append((name, disposition["filename"].decode(), content_type, size))
    return records
