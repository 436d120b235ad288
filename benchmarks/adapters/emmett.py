"""emmett-core: its Rust `MultiPartReader`, fed and read as Emmett does.

It keeps the parts itself and hands them out at the end, each file in a temporary file of its own,
which no option turns off; that cost is its design's and stays in. In its favour files are not read
back: their size is what the reader says. It tells no field's content type.
"""

from __future__ import annotations

from emmett_core._emmett_core import MultiPartReader

from ..cases import Record, Workload

_UNLIMITED = 1 << 40


def parse(work: Workload) -> list[Record]:
    """Feed every chunk, then walk the contents."""
    reader = MultiPartReader(work.content_type, _UNLIMITED)
    for chunk in work.chunks:
        reader.parse(chunk)
    records: list[Record] = []
    for name, is_file, content in reader.contents():
        if is_file:
            records.append((name, content.filename, content.content_type, content.content_length))
        else:
            records.append((name, None, None, content))
    return records
