"""What an inspection finds, as plain data: the views read it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .message import Kind

__all__ = ["Excerpt", "Fault", "Part", "Report", "Verdict"]


@dataclass(slots=True)
class Part:
    """One part of the body.

    Attributes:
        number: its place in the tree: ``"2"``, and ``"2.1"`` for the first part within it.
        depth: 0 for a part of the outermost multipart.
        name: the name of its Content-Disposition, None where there is none.
        filename: the filename as sent, which may be hostile, None where there is none.
        content_type: Content-Type in lower case without its parameters.
        headers: all of its headers, None where they were not asked for.
        multipart: whether it was taken apart: its parts are those that follow, one deeper.
        header_offset: of its first header byte, in the body.
        offset: of the first byte of its own body, in the body.
        size: of its own body, as sent; None for a multipart.
        children: how many parts are directly in it.
        complete: False where it was cut short.
        sha256: of its body, None where it was not asked for.
        path: the file that it was extracted to.
        boundary: what a multipart announces, None where that cannot be read.
    """

    number: str
    depth: int
    name: str | None
    filename: str | None
    content_type: str | None
    headers: list[tuple[str, str]] | None
    multipart: bool
    header_offset: int
    offset: int
    size: int | None = None
    children: int = 0
    complete: bool = False
    sha256: str | None = None
    path: str | None = None
    boundary: bytes | None = None


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Bytes around a place.

    Attributes:
        of: what the offset counts in; the body's bytes may stand in the file in another form.
        offset: of the first byte of ``after``.
        before: what stands before it.
        after: what stands from there; empty at the end of input.
        wanted: what should stand from there, None where nobody knows.
    """

    of: Literal["body", "file"]
    offset: int
    before: bytes
    after: bytes
    wanted: bytes | None = None


@dataclass(slots=True)
class Fault:
    """What is wrong.

    Attributes:
        code: stable short name.
        message: one sentence, as a program gets it.
        summary: the answer in one sentence: what differs here.
        offset: where in the body, None for a fault elsewhere.
        file_offset: where in the file, None where that is not known.
        place: between or in which parts.
        causes: what is likely behind it, and what helps, as sentences.
        excerpt: the bytes to look at.
    """

    code: str
    message: str
    offset: int | None
    file_offset: int | None
    place: str
    causes: list[str] = field(default_factory=list[str])
    excerpt: Excerpt | None = None
    summary: str = ""


@dataclass(slots=True)
class Verdict:
    """What one policy makes of the body.

    Attributes:
        policy: its name, in lower case.
        parts: how many parts came before the end, or before the fault.
        complete: False where it let a part end that was cut short.
        ended: False where the input was not read to its end.
        code: of what it refuses, None where it takes everything.
        message: the error's.
        offset: the error's: in the body, or in the head where no part of the body was read.
    """

    policy: str
    parts: int = 0
    complete: bool = True
    ended: bool = True
    code: str | None = None
    message: str | None = None
    offset: int | None = None


@dataclass(slots=True)
class Report:
    """One inspected input.

    Attributes:
        source: name of the file, ``-`` for standard input.
        backend: which twin of the parser read it.
        kind: what sort of message it is.
        start_line: the request or status line, empty where there is none.
        content_type: the one that counted, None where the body itself had to tell.
        subtype: what stands behind ``multipart/``.
        boundary: the boundary that was looked for.
        chunked: whether a chunked transfer coding was undone.
        codings: which compressions were undone.
        body_offset: where the body starts in the file.
        body_size: bytes of the body, codings undone.
        file_offset_known: whether an offset in the body plus ``body_offset`` is one in the file.
        parts: in the order sent.
        policies: what each policy makes of it; empty where there was no body to read.
        notes: what is odd, and no fault.
        fault: what ended the reading too early.
    """

    source: str
    backend: str
    kind: Kind = "body"
    start_line: bytes = b""
    content_type: str | None = None
    subtype: str | None = None
    boundary: bytes | None = None
    chunked: bool = False
    codings: tuple[str, ...] = ()
    body_offset: int = 0
    body_size: int = 0
    file_offset_known: bool = True
    parts: list[Part] = field(default_factory=list[Part])
    policies: list[Verdict] = field(default_factory=list[Verdict])
    notes: list[str] = field(default_factory=list[str])
    fault: Fault | None = None

    def in_file(self, offset: int) -> int | None:
        """Give where in the file an offset of the body is, None where that is not known."""
        return self.body_offset + offset if self.file_offset_known else None
