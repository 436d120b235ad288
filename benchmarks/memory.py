"""Writes one large part and reads it back at once, and tells the peak of resident memory.

``python -m benchmarks.memory --gigabytes 10``: a sparse file of that size is a part of a writer;
what the writer gives goes straight into a reader, over asyncio and without it. The peak is that of
the process, its interpreter and libraries included, which are told beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import partstream
from partstream import sync

from .peaks import peak

_GIB = 1 << 30


def _writer(path: Path) -> partstream.MultipartWriter:
    writer = partstream.MultipartWriter("form-data")
    writer.append_fields({"a": "text"})
    writer.append(path, name="file")
    return writer


async def _asynchronous(path: Path) -> int:
    writer = _writer(path)
    size = 0
    async for part in partstream.MultipartReader(writer.headers, writer.abody()):
        async for chunk in part:
            size += len(chunk)
    return size


def _blocking(path: Path) -> int:
    writer = _writer(path)
    size = 0
    for part in sync.MultipartReader(writer.headers, writer.body()):
        for chunk in part:
            size += len(chunk)
    return size


def main() -> None:
    """Run both, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=int, default=10)
    size = parser.parse_args().gigabytes * _GIB
    which = f"partstream {partstream.__version__}, backend {partstream.BACKEND}"
    print(f"{which}; before: {peak():.0f} MiB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.bin"
        with path.open("wb") as file:
            file.truncate(size)
        for name, run in (
            ("blocking", _blocking),
            ("asyncio", lambda path: asyncio.run(_asynchronous(path))),
        ):
            began = time.perf_counter()
            read = run(path)
            seconds = time.perf_counter() - began
            if read != size + len("text"):
                raise SystemExit(f"{name}: {read} bytes were read back instead of {size + 4}")
            rate = size / seconds / 1e6
            done = f"{size / _GIB:.0f} GiB written and read in {seconds:.1f} s"
            print(f"{name}: {done} ({rate:.0f} MB/s), peak {peak():.0f} MiB")


if __name__ == "__main__":
    main()
