"""Ways to write a tree of parts, and to read it back: for tests of the writer, and ``ci/fuzz``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any, Final

from support.running import run
from support.writing import Leaf, Node, Recorder, drained

__all__ = ["AWAITED", "WAYS", "described", "read_back", "written"]


def described(writer: Any, node: Node) -> list[Any]:
    """Give what is to be read: headers and bodies, of nested multiparts in a list."""
    found: list[Any] = []
    for payload, part in zip(writer, node.parts, strict=True):
        headers = without_length(payload.headers)
        body = part.written if isinstance(part, Leaf) else described(payload, part)
        found.append((headers, body))
    return found


def without_length(headers: Any) -> list[tuple[str, str]]:
    return [(key, value) for key, value in headers.items() if key != "Content-Length"]


def checked(part: Any, raw: bytes) -> None:
    """See to it that what a part announces is what there is."""
    assert part.headers.get("Content-Length", str(len(raw))) == str(len(raw))


async def tree(ps: ModuleType, reader: Any) -> list[Any]:
    found: list[Any] = []
    async for part in reader:
        if isinstance(part, ps.MultipartReader):
            found.append((without_length(part.headers), await tree(ps, part)))
        else:
            raw = await part.read()
            checked(part, raw)
            found.append((without_length(part.headers), part.decode(raw)))
    return found


def blocking_tree(sync: ModuleType, reader: Any) -> list[Any]:
    found: list[Any] = []
    for part in reader:
        if isinstance(part, sync.MultipartReader):
            found.append((without_length(part.headers), blocking_tree(sync, part)))
        else:
            raw = part.read()
            checked(part, raw)
            found.append((without_length(part.headers), part.decode(raw)))
    return found


async def in_chunks(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def written(writer: Any) -> bytes:
    recorder = Recorder()
    await writer.write(recorder)
    return recorder.data


def read_in(body: Any, *sizes: int) -> bytes:
    """Read with each of the sizes in turn; at the end there is less, and then nothing."""
    found = []
    at = 0
    while data := body.read(sizes[at % len(sizes)]):
        found.append(data)
        at += 1
    return b"".join(found)


def read_into(body: Any, size: int) -> bytes:
    buffer = bytearray(size)
    found = []
    while count := body.readinto(buffer):
        found.append(bytes(buffer[:count]))
    return b"".join(found)


#: Each way to get at the bytes of a writer that can be written anywhere.
WAYS: dict[str, Callable[[Any], bytes]] = {
    "write": lambda writer: run(written(writer)),
    "abody": lambda writer: run(drained(writer.abody())),
    "as_bytes": lambda writer: run(writer.as_bytes()),
    "iteration": lambda writer: b"".join(writer.body()),
    "chunks": lambda writer: b"".join(writer.chunks()),
    "read": lambda writer: writer.body().read(),
    "read, seven at a time": lambda writer: read_in(writer.body(), 7),
    "read, many at a time": lambda writer: read_in(writer.body(), 65536),
    "read, in any sizes": lambda writer: read_in(writer.body(), 1, 100_000, 2, 31),
    "readinto": lambda writer: read_into(writer.body(), 1000),
    "decode": lambda writer: writer.decode("latin-1").encode("latin-1"),
}
AWAITED: Final = ("write", "abody", "as_bytes")


def read_back(ps: ModuleType, sync: ModuleType, content_type: str, data: bytes) -> list[Any]:
    """Read with both readers, which must agree."""
    found = run(tree(ps, ps.MultipartReader(content_type, in_chunks(data, 1000))))
    assert blocking_tree(sync, sync.MultipartReader(content_type, data)) == found
    return found  # type: ignore[no-any-return]
