"""What tests of the writer have in common: things to write onto, and random trees of parts.

A tree is a description: :class:`Leaf` and :class:`Node`.  :func:`build` makes a writer of it, as
often as wanted, for a part of some kinds can be written once only.
"""

from __future__ import annotations

import io
import json
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from .running import run

__all__ = [
    "KINDS", "AsyncOnly", "Files", "Leaf", "Node", "Recorder", "build", "data_of", "descriptors",
    "drained", "made", "random_data", "random_tree",
]  # fmt: skip


class Recorder:
    """Looks like a writer of aiohttp's, and keeps what is written."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.pieces: list[bytes] = []
        self.fail_at = fail_at

    async def write(self, chunk: Any) -> None:
        if len(self.pieces) == self.fail_at:
            raise ConnectionResetError("the peer has gone")
        self.pieces.append(bytes(chunk))

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


class AsyncOnly:
    """An async iterable that can be iterated again, and knows which of its passes are open."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.open = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            for chunk in self.chunks:
                yield chunk
        finally:
            self.open -= 1


def made(ps: ModuleType, *parts: Any, subtype: str = "mixed", boundary: str = "B") -> Any:
    """Make a writer of some parts."""
    writer = ps.MultipartWriter(subtype, boundary=boundary)
    for part in parts:
        writer.append(part)
    return writer


def data_of(writer: Any) -> bytes:
    """Give all that a writer writes."""
    return run(writer.as_bytes())  # type: ignore[no-any-return]


def descriptors() -> int:
    """Tell how many files the process has open."""
    return len(os.listdir("/proc/self/fd"))


async def drained(body: Any) -> bytes:
    """Give all that an async iterable gives, which must be bytes."""
    found = []
    async for chunk in body:
        assert type(chunk) is bytes
        found.append(chunk)
    return b"".join(found)


class Files:
    """Makes the files that parts are, and closes them.

    Args:
        folder: where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._count = 0

    def path(self, data: bytes) -> Path:
        self._count += 1
        path = self._folder / str(self._count) / "file.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def opened(self, data: bytes, **options: Any) -> Any:
        path = self.path(data)
        if not options:
            return self._stack.enter_context(path.open("rb"))
        return self._stack.enter_context(path.open(**options))

    def at_an_offset(self, data: bytes) -> Any:
        file = self.opened(b"before" + data)
        file.seek(len(b"before"))
        return file

    def pipe(self, data: bytes) -> Any:
        """Give the reading end of a pipe; the data must fit into what the system holds."""
        reading, writing = os.pipe()
        with open(writing, "wb") as file:
            file.write(data)
        return self._stack.enter_context(open(reading, "rb"))

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def _cut(data: bytes) -> list[bytes]:
    middle = len(data) // 3
    return [data[:middle], b"", data[middle:]]


def _generated(data: bytes) -> Iterator[bytes]:
    yield from _cut(data)


async def _async_generated(data: bytes) -> AsyncIterator[bytes]:
    for chunk in _cut(data):
        yield chunk


class _Again:
    """An iterable that can be iterated again."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        return _generated(self._data)


@dataclass(frozen=True)
class Maker:
    """What is at hand where a part is made."""

    ps: ModuleType
    sync: ModuleType
    files: Files


def _payload_that_writes(maker: Maker, data: bytes) -> Any:
    class OwnPayload(maker.ps.Payload):  # type: ignore[name-defined,misc]
        async def write(self, writer: Any) -> None:
            for chunk in _cut(data):
                await writer.write(chunk)

    return OwnPayload(None)


def _offset_bytes_io(data: bytes) -> io.BytesIO:
    file = io.BytesIO(b"before" + data)
    file.seek(len(b"before"))
    return file


def _text_file(maker: Maker, data: bytes) -> Any:
    return maker.files.opened(data, mode="r", encoding="utf-8", newline="")


#: What every system holds of a pipe that nobody reads from yet.
_IN_A_PIPE = 4000
_OF_A_PART = b"\r\n--of-a-part--\r\n"


@dataclass(frozen=True)
class Kind:
    """A kind of thing that can be a part.

    Attributes:
        make: makes it of bytes.
        sized: whether its size can be seen.
        awaits: whether only an asynchronous pass can write it.
        once: whether it can be written once only.
        text: whether the bytes must be UTF-8.
        gives: what is written for the bytes.
    """

    make: Callable[[Maker, bytes], Any]
    sized: bool = True
    awaits: bool = False
    once: bool = False
    text: bool = False
    gives: Callable[[bytes], bytes] = bytes


KINDS: dict[str, Kind] = {
    "bytes": Kind(lambda maker, data: data),
    "bytearray": Kind(lambda maker, data: bytearray(data)),
    "memoryview": Kind(lambda maker, data: memoryview(data)),
    "str": Kind(lambda maker, data: data.decode(), text=True),
    "BytesIO": Kind(lambda maker, data: io.BytesIO(data)),
    "BytesIO at an offset": Kind(lambda maker, data: _offset_bytes_io(data)),
    "StringIO": Kind(lambda maker, data: io.StringIO(data.decode(), newline=""), text=True),
    "Path": Kind(lambda maker, data: maker.files.path(data)),
    "file": Kind(lambda maker, data: maker.files.opened(data)),
    "file at an offset": Kind(lambda maker, data: maker.files.at_an_offset(data)),
    "unbuffered file": Kind(lambda maker, data: maker.files.opened(data, mode="rb", buffering=0)),
    "text file": Kind(_text_file, text=True),
    "pipe": Kind(
        lambda maker, data: maker.files.pipe(data[:_IN_A_PIPE]),
        sized=False,
        once=True,
        gives=lambda data: data[:_IN_A_PIPE],
    ),
    "list": Kind(lambda maker, data: _cut(data)),
    "generator": Kind(lambda maker, data: _generated(data), sized=False, once=True),
    "generator of a declared size": Kind(
        lambda maker, data: maker.ps.payloads.IterablePayload(_generated(data), size=len(data)),
        once=True,
    ),
    "iterable": Kind(lambda maker, data: _Again(data), sized=False),
    "async generator": Kind(
        lambda maker, data: _async_generated(data), sized=False, awaits=True, once=True
    ),
    "async iterable": Kind(lambda maker, data: AsyncOnly(*_cut(data)), sized=False, awaits=True),
    "async iterable of a declared size": Kind(
        lambda maker, data: maker.ps.AsyncIterablePayload(AsyncOnly(*_cut(data)), size=len(data)),
        awaits=True,
    ),
    "part": Kind(
        lambda maker, data: maker.ps.BodyPartReader(
            b"--of-a-part", {"X-Of": "a part"}, _async_generated(data + _OF_A_PART)
        ),
        sized=False,
        awaits=True,
        once=True,
    ),
    "part, blocking": Kind(
        lambda maker, data: maker.sync.BodyPartReader(
            b"--of-a-part", {"X-Of": "a part"}, _generated(data + _OF_A_PART)
        ),
        sized=False,
        once=True,
    ),
    "payload that only writes": Kind(_payload_that_writes, sized=False, awaits=True),
    "JSON": Kind(
        lambda maker, data: maker.ps.JsonPayload(data.decode()),
        text=True,
        gives=lambda data: json.dumps(data.decode()).encode(),
    ),
}


@dataclass(frozen=True)
class Leaf:
    """A part that is no multipart."""

    kind: str
    data: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def sized(self) -> bool:
        coding = self.headers.get("Content-Encoding", "identity")
        transfer = self.headers.get("Content-Transfer-Encoding", "8bit")
        countable = coding == "identity" and transfer != "quoted-printable"
        return KINDS[self.kind].sized and countable

    @property
    def written(self) -> bytes:
        """What the part is, before any encoding."""
        return KINDS[self.kind].gives(self.data)


@dataclass(frozen=True)
class Node:
    """A multipart; ``late`` says that its parts are added once it is a part itself."""

    subtype: str
    boundary: str
    parts: list[Leaf | Node]
    late: bool = False

    def leaves(self) -> Iterator[Leaf]:
        for part in self.parts:
            if isinstance(part, Leaf):
                yield part
            else:
                yield from part.leaves()

    @property
    def sized(self) -> bool:
        return all(leaf.sized for leaf in self.leaves())

    @property
    def awaits(self) -> bool:
        return any(KINDS[leaf.kind].awaits for leaf in self.leaves())

    @property
    def once(self) -> bool:
        return any(KINDS[leaf.kind].once for leaf in self.leaves())


def build(node: Node, ps: ModuleType, sync: ModuleType, files: Files) -> Any:
    """Make the writer that a tree describes."""
    writer = ps.MultipartWriter(node.subtype, boundary=node.boundary)
    _fill(writer, node, Maker(ps, sync, files))
    return writer


def _fill(writer: Any, node: Node, maker: Maker) -> None:
    for part in node.parts:
        if isinstance(part, Leaf):
            thing = KINDS[part.kind].make(maker, part.data)
            writer.append(thing, part.headers)
            continue
        with maker.ps.MultipartWriter(part.subtype, boundary=part.boundary) as inner:
            if part.late:
                writer.append(inner)
            _fill(inner, part, maker)
            if not part.late:
                writer.append(inner)


_TOKENS = (b"\r\n", b"\r", b"\n", b"--", b"-", b"\r\n--", b"\r\n\r\n", b"x", b"abc", b" ", b"\t")
_RAW = (b"\x00", b"\xff", b"=", b"\x80\x81")
_TRANSFERS = ("base64", "quoted-printable", "BINARY", "8bit")
_CODINGS = ("gzip", "deflate", "identity", "gzip, deflate")


def random_data(rng: random.Random, text: bool) -> bytes:
    """Give bytes that look like framing, now and then many."""
    tokens = _TOKENS if text else _TOKENS + _RAW
    data = b"".join(rng.choices(tokens, k=rng.choice((0, 1, 3, 10, 40))))
    if rng.random() < 0.1:
        data += (b"text" if text else rng.randbytes(4)) * rng.choice((9_000, 20_000))
    return data


def random_tree(rng: random.Random, kinds: list[str], plain: bool = False) -> Node:
    """Give a tree of a depth that the default limits of the readers allow.

    Args:
        rng: what chooses.
        kinds: of parts.
        plain: no encodings.
    """
    count = 0

    def node(depth: int) -> Node:
        nonlocal count
        count += 1
        # Boundaries of which none is another with a dash behind it.
        boundary = f"{rng.choice(('tree', 'tree ', ':', 'b='))}{count}_"
        parts: list[Leaf | Node] = []
        for _ in range(rng.choice((0, 1, 2, 3, 4))):
            nested = depth < 5 and rng.random() < 0.3
            parts.append(node(depth + 1) if nested else leaf())
        return Node(rng.choice(("mixed", "related")), boundary, parts, rng.random() < 0.5)

    def leaf() -> Leaf:
        kind = rng.choice(kinds)
        headers: dict[str, str] = {}
        if rng.random() < 0.3:
            headers["X-Number"] = str(rng.randrange(100))
        if not plain and rng.random() < 0.25:
            headers["Content-Transfer-Encoding"] = rng.choice(_TRANSFERS)
        if not plain and rng.random() < 0.2:
            headers["Content-Encoding"] = rng.choice(_CODINGS)
        return Leaf(kind, random_data(rng, KINDS[kind].text), headers)

    return node(1)
