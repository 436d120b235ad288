"""Peak memory of reading or writing one large part, each layer in a process of its own.

``python -m benchmarks.peaks LAYER BYTES`` is such a process: it imports what it takes, notes
what is resident, moves that many bytes through, and prints that and the peak as JSON. The chunks
are made as they are asked for, each a new object: whoever keeps them shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import children, drains
from .drains import Body

_CHUNK = 1 << 16
_BOUNDARY = "----=_Part_7MA4YWxkTrZu0gW9"
_HEAD = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'.encode()
_TAIL = f"\r\n--{_BOUNDARY}--\r\n".encode()

#: Moves so many bytes; gives how many there were in the part.
Move = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Peak:
    """MiB that are resident: with everything imported, and at most while all bytes are moved."""

    layer: str
    contender: str
    before: float
    after: float


def peak() -> float:
    """The most memory of this process that was resident so far, in MiB.

    What `getrusage` says is kept across exec on Linux, so a child would have the peak of whoever
    started it; the kernel's own account starts anew.
    """
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    import resource  # not on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def forget_peak() -> None:
    """Let the peak start at what is resident now, where the system can.

    Importing takes memory for a moment, and what is done later would hide below its peak.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _chunks(size: int) -> Iterator[bytes]:
    block = memoryview(os.urandom(_CHUNK))
    yield _HEAD
    for at in range(0, size, _CHUNK):
        yield bytes(block[: size - at])
    yield _TAIL


def _body(size: int) -> Body:
    return Body(_chunks(size), _BOUNDARY)


class _File:
    """What a file would give, were it asked for at least a chunk."""

    def __init__(self, body: Body) -> None:
        self._chunks = iter(body.chunks)

    def read(self, size: int) -> bytes:
        chunk = next(self._chunks, b"")
        if len(chunk) > size:
            raise ValueError(f"asked for {size} bytes, less than a chunk")
        return chunk


async def _awaited(body: Body) -> AsyncIterator[bytes]:
    for chunk in body.chunks:
        yield chunk


def _parser() -> Move:
    import partstream

    drain = drains.parser(partstream)
    return lambda size: drain(_body(size)).nbytes


def _reader() -> Move:
    import partstream

    def move(size: int) -> int:
        body = _body(size)
        reader = partstream.MultipartReader(body.content_type, _awaited(body))
        return asyncio.run(drains.read(reader)).nbytes

    return move


def _blocking() -> Move:
    from partstream import sync

    def move(size: int) -> int:
        body = _body(size)
        return drains.read_blocking(sync.MultipartReader(body.content_type, _File(body))).nbytes

    return move


def _form() -> Move:
    """A form, its file put onto the disk, in a folder that the system may hold in memory."""
    import partstream

    async def read(size: int) -> int:
        body = _body(size)
        async with partstream.parse_form(body.content_type, _awaited(body)) as form:
            found: int = form.files["a"].size
            return found

    return lambda size: asyncio.run(read(size))


def _writer(written: Callable[[Any], int]) -> Callable[[], Move]:
    """A writer of one file, which has a size and no blocks; less the framing, as it announced."""

    def prepare() -> Move:
        import partstream

        def move(size: int) -> int:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "large.bin"
                with path.open("wb") as file:
                    file.truncate(size)
                writer = partstream.MultipartWriter("form-data")
                writer.append(path, name="file")
                return written(writer) - ((writer.size or 0) - size)

        return move

    return prepare


def _read_body(writer: Any) -> int:
    body, size = writer.body(), 0
    while chunk := body.read(_CHUNK):
        size += len(chunk)
    return size


def _iterate_abody(writer: Any) -> int:
    async def iterate() -> int:
        size = 0
        async for chunk in writer.abody():
            size += len(chunk)
        return size

    return asyncio.run(iterate())


def _multipart() -> Move:
    from multipart import PushMultipartParser

    def move(size: int) -> int:
        parser, found = PushMultipartParser(_BOUNDARY), 0
        for chunk in _chunks(size):
            for event in parser.parse(chunk):
                if type(event) is bytes:
                    found += len(event)
        parser.close()
        return found

    return move


def _aiohttp() -> Move:
    import aiohttp

    from .streams import stream_of

    async def read(size: int) -> int:
        body, found = _body(size), 0
        stream = stream_of(body.chunks, asyncio.get_running_loop())
        reader = aiohttp.MultipartReader({"Content-Type": body.content_type}, stream)
        while (part := await reader.next()) is not None:
            while chunk := await part.read_chunk(_CHUNK):  # type: ignore[union-attr]
                found += len(chunk)
        return found

    return lambda size: asyncio.run(read(size))


_OWN: dict[str, Callable[[], Move]] = {
    "sans-IO parser": _parser,
    "async reader": _reader,
    "blocking reader": _blocking,
    "whole form": _form,
    "writer, body()": _writer(_read_body),
    "writer, abody()": _writer(_iterate_abody),
}
_PEERS: dict[str, tuple[str, Callable[[], Move]]] = {
    "multipart": ("sans-IO parser", _multipart),
    "aiohttp": ("async reader", _aiohttp),
}


def run(size: int, environment: children.Environment, warm_up: bool = True) -> list[Peak]:
    """Move so many bytes through every layer: both twins of ours, and the peers that are there."""
    jobs = [
        (layer, f"partstream-{backend}", layer, environment | variables)
        for layer in _OWN
        for backend, variables in children.BACKENDS.items()
    ]
    jobs += [
        (layer, peer, peer, environment)
        for peer, (layer, _) in _PEERS.items()
        if children.installed(peer)
    ]

    def one(job: tuple[str, str, str, children.Environment]) -> Peak:
        layer, contender, argument, variables = job
        done = children.python(["-m", "benchmarks.peaks", argument, str(size)], variables)
        found = json.loads(done.stdout)
        if not contender.endswith(found["backend"]):
            raise RuntimeError(f"{contender} was wanted, and {found['backend']} ran")
        return Peak(layer, contender, found["before"], found["after"])

    for job in (jobs[0], *jobs[-len(_PEERS) :]) if warm_up else ():
        children.python(["-m", "benchmarks.peaks", job[2], "0"], job[3])  # compiles what it takes
    with ThreadPoolExecutor(2) as pool:  # no times are taken
        return sorted(pool.map(one, jobs), key=lambda peak: list(_OWN).index(peak.layer))


def main() -> None:
    """Be one of the processes."""
    name, size = sys.argv[1], int(sys.argv[2])
    move = _OWN[name]() if name in _OWN else _PEERS[name][1]()
    forget_peak()
    before = peak()
    moved = move(size)
    if moved != size:
        raise SystemExit(f"{name}: {moved} bytes came through instead of {size}")
    own = sys.modules.get("partstream")
    backend = own.BACKEND if own is not None and name in _OWN else name
    print(json.dumps({"backend": backend, "before": before, "after": peak()}))


if __name__ == "__main__":
    main()
