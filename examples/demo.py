"""A server that reads a nested multipart stream part by part, as it arrives.

Run it with ``ci/demo``, or ``python examples/demo.py`` where partstream and aiohttp are installed.
An aiohttp client sends JSON, a text, and a multipart with a note and a file of 64 MB within it; an
aiohttp server hands its stream to partstream.  This is done twice: with the compiled twin, if it
was built, and with the pure one.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

import partstream

MEGABYTE = 10**6
ROW = "  {:<8} {:<34} {:<26} {:>12}  {:<16}"


async def read(reader: partstream.MultipartReader, prefix: str = "") -> int:
    """Print a row for each part as soon as it has been read; give their bytes."""
    total = number = 0
    async for part in reader:
        number += 1
        index = f"{prefix}{number}"
        kind = part.headers.get(partstream.hdrs.CONTENT_TYPE, "-").partition(";")[0]
        if isinstance(part, partstream.MultipartReader):
            print(ROW.format(index, kind, "", "", ""), flush=True)
            total += await read(part, f"{index}.")
            continue
        size, digest = 0, hashlib.sha256()
        async for chunk in part:
            size += len(chunk)
            digest.update(chunk)
        name = part.filename or part.name or "-"
        print(ROW.format(index, kind, name, f"{size:,}", digest.hexdigest()[:16]), flush=True)
        total += size
    return total


async def receive(request: web.Request) -> web.Response:
    """Handle the upload: the request's stream is all that partstream needs."""
    start = time.perf_counter()
    print(ROW.format("part", "content type", "name", "bytes", "sha256"))
    reader = partstream.MultipartReader(request.headers, request.content)
    total = await read(reader)
    seconds = time.perf_counter() - start
    print(f"  {total:,} bytes in {seconds:.2f} s: {total / seconds / MEGABYTE:,.0f} MB/s, "
          f"over HTTP and with SHA-256; backend: {partstream.BACKEND}")  # fmt: skip
    return web.json_response({"bytes": total, "backend": partstream.BACKEND})


async def serve() -> None:
    """Serve on a free port of the loopback interface, and say which, until told to stop."""
    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"port {runner.addresses[0][1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


async def send(port: int, path: Path) -> Any:
    """Send a document, a text, and a multipart with a note and the file."""
    with aiohttp.MultipartWriter("mixed") as writer, path.open("rb") as file:
        writer.append_json({"title": "holiday", "pictures": 1})
        writer.append("Greetings from the seaside.\r\n").set_content_disposition(
            "attachment", name="letter"
        )
        with aiohttp.MultipartWriter("related") as inner:
            inner.append("the file below").set_content_disposition("inline", name="note")
            inner.append(file).set_content_disposition("attachment", filename="sea.raw")
            writer.append(inner)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{port}/", data=writer) as response,
        ):
            response.raise_for_status()
            return await response.json()


def show(path: Path, pure: bool) -> str:
    """Run a server with one of the twins, send to it, and give the backend it used."""
    environment = dict(os.environ, PARTSTREAM_NO_EXTENSIONS="1" if pure else "0")
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the server has no pipes")
        port = int(server.stdout.readline().split()[1])
        answer = asyncio.run(send(port, path))
        server.stdin.close()
        print(server.stdout.read(), end="")
    if server.returncode:
        raise SystemExit(f"the server ended with status {server.returncode}")
    return str(answer["backend"])


def main() -> None:
    """Show both twins."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--serve", action="store_true", help="be the server")
    options.add_argument("--megabytes", type=int, default=64, help="size of the file")
    arguments = options.parse_args()
    if arguments.serve:
        asyncio.run(serve())
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sea.raw")
        block = os.urandom(MEGABYTE)
        with path.open("wb") as file:
            for _ in range(arguments.megabytes):
                file.write(block)
        print(
            f"A nested multipart stream with a file of {arguments.megabytes} MB, sent by aiohttp:"
        )
        if show(path, pure=False) == "py":
            print("The compiled twin was not built here, so that was the pure one.")
            return
        print("The same, read by the pure twin:")
        show(path, pure=True)


if __name__ == "__main__":
    main()
