"""Writes seed corpora for the engines that are guided by coverage, one folder a target.

What there is: the captured messages of ``tests/corpus`` and the cases of the behaviour tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from fuzzing.reader_inputs import POLICIES, packed
from support import behaviours, corpus, form_rows, fuzz_inputs

__all__ = ["streams", "write"]

#: Bytes of a seed, at most: longer ones are slow, and only more data.
_MOST: Final = 3000


class Stream(NamedTuple):
    """A stream that is known."""

    boundary: bytes
    form: bool
    nested: bool
    data: bytes


def streams() -> Iterator[Stream]:
    """Give all streams that are known."""
    for boundary, subtype, body in fuzz_inputs.captured():
        yield Stream(boundary.encode(), subtype == "form-data", True, body[:_MOST])
    for row in behaviours.STREAMS:
        for form in (row.form, row.other):
            if form is not None:
                data = behaviours.marked(row.data)[0]
                yield Stream(row.boundary.encode(), form is row.form, row.nested, data)
    for reading in behaviours.READINGS:
        yield Stream(b"B", True, False, behaviours.marked(reading.data)[0])
    for case in form_rows.FORMS:
        yield Stream(b"B", True, True, behaviours.marked(case.data)[0])
    yield from _lone()


def _lone() -> Iterator[Stream]:
    """Give forms with what is a delimiter, but for the lone CR or LF before it."""
    head = b'Content-Disposition: form-data; name="a"\r\n\r\n'
    for before in (b"\r", b"\n", b"\n\r", b"x\r", b"x\n", b"\r\n\r", b"x" * 200 + b"\n"):
        for behind in (b"\r\n" + head + b"2", b"--\r\n", b"--", b"\n", b" \t\r\n", b"C"):
            data = b"--B\r\n" + head + b"1" + before + b"--B" + behind + b"\r\n--B--\r\n"
            yield Stream(b"B", True, True, data)
            yield Stream(b"B", False, False, data)
        yield Stream(b"B", True, False, before + b"--B\r\n" + head + b"1\r\n--B--" + before)


def _for_reader() -> Iterator[bytes]:
    for number, (boundary, form, nested, data) in enumerate(streams()):
        for policy in range(len(POLICIES)):
            places = bytes((0, 85 * (number % 4), 40 * (number % 7)))
            yield packed(boundary, data, form, nested, policy, places)
    for row in behaviours.HEADERS:
        line = behaviours.marked(row.text)[0]
        yield packed(line, b"--B\r\n\r\n1\r\n--B--", True, False, 0)
    for name in corpus.names():
        case = corpus.load(name)
        yield packed(case.content_type.encode(), case.body[:_MOST], True, False, 0)


def _for_search() -> Iterator[bytes]:
    for stream in streams():
        boundary = stream.boundary[:70]
        head = bytes((1, 0, len(boundary)))
        yield head + boundary + stream.data.replace(b"\r\n--" + boundary, b"\x80")[:_MOST]


def _for_delimiters() -> Iterator[bytes]:
    for flags in (0, 4, 13, 31):
        one, dashed = bytes((flags, 1, 4)), bytes((flags, 3, 0, 0, 4))
        for head in (b"\x01" + one, b"\x01" + dashed, b"\x02" + one, b"\x00" + dashed,
                     b"\x04" + one + bytes((flags, 2, 4, 3)),
                     b"\x07" + one + one + dashed):  # fmt: skip
            yield head + b"\x80\r\n\xa0--\r\n\xa1  \r\n\xa0x\xa0-\xa2--\xa0"
            for padding in (63, 64, 65):
                yield head + b"\x80" + b" " * padding + b"\r\n"
            for start in range(0xE0, 0x100, 4):  # the starts of a delimiter, at the end
                yield head + b"\x80\r\nx" + bytes((start,))


def _for_block() -> Iterator[bytes]:
    for stream in streams():
        for piece in stream.data.split(b"--" + stream.boundary + b"\r\n")[1:]:
            block = piece[: piece.find(b"\r\n\r\n") + 4]
            for rules in (0x3F, 0x1D, 0x00):
                yield bytes((rules,)) + block


_OF: Final = {
    "reader": _for_reader,
    "search": _for_search,
    "delimiters": _for_delimiters,
    "block": _for_block,
}


def write(target: str, folder: Path, longest: int = _MOST) -> None:
    """Write the seeds of a target, each named after what is in it.

    Args:
        target: a name.
        folder: made where there is none.
        longest: bytes of a seed at most; what is longer is cut.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for seed in {seed[:longest] for seed in _OF[target]()}:
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
