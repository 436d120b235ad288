"""Whole requests: real clients post a form to a server on loopback, their own way and with ours.

``python -m benchmarks.clients``. The server is a process of its own that reads a body by its
length, counts it, and answers. A time is that of one request on an open connection, medians; beside
it the processor time that the client took for it. Nothing is subtracted: it is what a user of
that client sees, the client's own work and the server's included.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import requests
import urllib3
from requests_toolbelt import MultipartEncoder

import partstream
import partstream.contrib.aiohttp

from .cases import FULL, MIB, Sizes

_END = b"\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests whose length is announced."""
    try:
        while True:
            head = await reader.readuntil(_END)
            left = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            while left:
                left -= len(await reader.read(min(left, 1 << 20)))
            writer.write(_ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _server(ready: Connection) -> None:
    async def main() -> None:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0, limit=1 << 20)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


Form = tuple[dict[str, str], dict[str, Path]]


def _own(form: Form) -> partstream.MultipartWriter:
    writer = partstream.MultipartWriter("form-data")
    writer.append_fields(form[0])
    for name, path in form[1].items():
        writer.append(path, name=name)
    return writer


async def _aiohttp(session: aiohttp.ClientSession, url: str, form: Form) -> None:
    data = aiohttp.FormData(form[0], default_to_multipart=True)
    files = [(name, path.open("rb")) for name, path in form[1].items()]
    for name, file in files:
        data.add_field(name, file)
    async with session.post(url, data=data) as answer:
        answer.raise_for_status()
    for _, file in files:
        file.close()


async def _aiohttp_own(session: aiohttp.ClientSession, url: str, form: Form) -> None:
    async with session.post(url, data=_own(form)) as answer:
        answer.raise_for_status()


def _httpx(client: httpx.Client, url: str, form: Form) -> None:
    files: dict[str, Any] = {name: path.open("rb") for name, path in form[1].items()}
    client.post(url, data=form[0], files=files or {"": ("", b"")}).raise_for_status()
    for file in files.values():
        file.close()


def _httpx_own(client: httpx.Client, url: str, form: Form) -> None:
    writer = _own(form)
    client.post(url, content=writer.chunks(), headers=writer.http_headers()).raise_for_status()


def _urllib3(pool: urllib3.PoolManager, url: str, form: Form) -> None:
    fields: dict[str, Any] = dict(form[0])
    fields |= {name: (path.name, path.read_bytes()) for name, path in form[1].items()}
    pool.request("POST", url, fields=fields)


def _urllib3_own(pool: urllib3.PoolManager, url: str, form: Form) -> None:
    writer = _own(form)
    pool.request("POST", url, body=writer.chunks(), headers=writer.http_headers())


def _toolbelt(session: requests.Session, url: str, form: Form) -> None:
    fields: dict[str, Any] = dict(form[0])
    files = [(name, path.open("rb")) for name, path in form[1].items()]
    fields |= {name: (name, file, "application/octet-stream") for name, file in files}
    encoder = MultipartEncoder(fields)
    session.post(url, data=encoder, headers={"Content-Type": encoder.content_type})
    for _, file in files:
        file.close()


def _requests_own(session: requests.Session, url: str, form: Form) -> None:
    writer = _own(form)
    session.post(url, data=writer.chunks(), headers=dict(writer.headers))


def _blocking(
    make: Callable[[], Any], post: Callable[[Any, str, Form], None]
) -> Callable[[str, Form, int], list[tuple[float, float]]]:
    def run(url: str, form: Form, count: int) -> list[tuple[float, float]]:
        times = []
        with make() as client:
            post(client, url, form)
            for _ in range(count):
                start, spent = time.perf_counter(), time.process_time()
                post(client, url, form)
                times.append((time.perf_counter() - start, time.process_time() - spent))
        return times

    return run


def _awaited(
    post: Callable[[aiohttp.ClientSession, str, Form], Awaitable[None]],
) -> Callable[[str, Form, int], list[tuple[float, float]]]:
    async def main(url: str, form: Form, count: int) -> list[tuple[float, float]]:
        times = []
        async with aiohttp.ClientSession() as session:
            await post(session, url, form)
            for _ in range(count):
                start, spent = time.perf_counter(), time.process_time()
                await post(session, url, form)
                times.append((time.perf_counter() - start, time.process_time() - spent))
        return times

    return lambda url, form, count: asyncio.run(main(url, form, count))


_CLIENTS = {
    "aiohttp": _awaited(_aiohttp),
    "aiohttp, partstream": _awaited(_aiohttp_own),
    "httpx": _blocking(httpx.Client, _httpx),
    "httpx, partstream": _blocking(httpx.Client, _httpx_own),
    "urllib3": _blocking(urllib3.PoolManager, _urllib3),
    "urllib3, partstream": _blocking(urllib3.PoolManager, _urllib3_own),
    "requests, toolbelt": _blocking(requests.Session, _toolbelt),
    "requests, partstream": _blocking(requests.Session, _requests_own),
}


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One client on one form: milliseconds a request, and of its own processor time."""

    case: str
    client: str
    wall: float
    cpu: float

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@contextmanager
def _serving() -> Iterator[str]:
    """The server's URL, while it runs."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(
        target=_server, args=(sender,), daemon=True
    )
    server.start()
    try:
        yield f"http://127.0.0.1:{receiver.recv()}/"
    finally:
        server.terminate()
        server.join()


def _case(case: str, form: Form, count: int, rounds: int, url: str) -> Iterator[ClientRow]:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _CLIENTS}
    for _ in range(rounds):
        for name, run in _CLIENTS.items():
            found[name] += run(url, form, count)
    for name, times in found.items():
        wall, spent = (1e3 * statistics.median(item) for item in zip(*times, strict=True))
        yield ClientRow(case, name, wall, spent)


def run(sizes: Sizes, tell: Callable[[str], None], rounds: int | None = None) -> list[ClientRow]:
    """Run all clients in turns on each form; `tell` hears of each form as it begins."""
    rounds = rounds or {"full": 5, "quick": 2}.get(sizes.name, 1)
    rows: list[ClientRow] = []
    with _serving() as url, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.bin"
        path.write_bytes(bytes(range(256)) * (sizes.large // 256))
        texts = {f"field{i}": f"the value of field {i}" for i in range(100)}
        forms: dict[str, tuple[Form, int]] = {
            "100 fields": ((texts, {}), 40 if rounds > 1 else 1),
            f"file of {sizes.large / MIB:g} MiB": (({"title": "a file"}, {"file": path}), 4),
        }
        for case, (form, count) in forms.items():
            tell(f"clients: {case}")
            rows += _case(case, form, count, rounds, url)
    return rows


def main() -> None:
    """Print the rows as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    print("ms a request, and ms of the client's processor time")
    for row in run(FULL, print, parser.parse_args().rounds):
        print(f"  {row.client:22} {row.wall:8.2f} {row.cpu:8.2f}")


if __name__ == "__main__":
    main()
