"""Real servers on loopback, with and without partstream: requests a second, and MB a second.

``python -m benchmarks.servers [--quick]``. The servers (`serving.py`) are processes of their own;
the load comes from here: few connections, each of which sends a request that was made beforehand as
soon as the one before is answered. It is cheap, so that the server is what is measured; what the
server and its HTTP parser cost without any form shows the row "nothing". Every answer is compared
with what was sent. The ways take turns, in an order that is shuffled anew for each round; medians.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass

from . import cases, report
from .body import BOUNDARY, Field, File, Part, encode
from .cases import KIB, MIB, Sizes
from .serving import NOTHING, SPENT, WAYS, about, serve

SMALL, UPLOAD = "small form", "upload"
REQUESTS, MEGABYTES = "requests/s", "MB/s"
#: Open at once; more would only wait, as a server has one thread.
CONNECTIONS = 4
#: In seconds, for one request, and for a server to end.
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class ServerRow:
    """What one way of reading one kind of request makes of a server.

    Attributes:
        server: "aiohttp" or "uvicorn".
        way: how the form is read.
        work: "small form" or "upload".
        per_second: how much, in the unit.
        unit: "requests/s" or "MB/s", of 10**6 bytes.
        cpu: the server's processor time in seconds, for a request, or for 100 MB.
    """

    server: str
    way: str
    work: str
    per_second: float
    unit: str
    cpu: float

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Load:
    """How much is sent: rounds, requests of each kind a round, the size of the upload."""

    rounds: int
    forms: int
    uploads: int
    upload: int


_LOADS = {
    "full": _Load(rounds=15, forms=200, uploads=4, upload=16 * MIB),
    "quick": _Load(rounds=3, forms=200, uploads=8, upload=2 * MIB),
    "smoke": _Load(rounds=1, forms=8, uploads=4, upload=128 * KIB),
}


@dataclass(frozen=True, slots=True)
class _Work:
    """One kind of request: its body, how many a round, and what the answers have to be."""

    name: str
    body: bytes
    count: int
    answer: str

    def request(self, path: str) -> bytes:
        """The whole request, as it goes out."""
        return (
            f"POST /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        ).encode() + self.body

    def expected(self, way: str) -> str:
        """The answer to it."""
        return f"0 {len(self.body)}" if way == NOTHING else self.answer

    def row(self, server: str, way: str, samples: list[tuple[float, float]]) -> ServerRow:
        """The medians of samples: seconds, and seconds of the processor, for all requests."""
        wall, spent = (statistics.median(item) for item in zip(*samples, strict=True))
        if self.name == SMALL:
            return ServerRow(server, way, SMALL, self.count / wall, REQUESTS, spent / self.count)
        megabytes = self.count * len(self.body) / 1e6
        return ServerRow(server, way, UPLOAD, megabytes / wall, MEGABYTES, spent / megabytes * 100)


def _work(name: str, parts: list[Part], count: int) -> _Work:
    fields = [part for part in parts if isinstance(part, Field)]
    size = sum(len(field.name) for field in fields) + sum(len(part.data) for part in parts)
    return _Work(name, encode(parts, BOUNDARY), count, f"{len(fields)} {size}")


def _works(load: _Load) -> list[_Work]:
    words = ("on", "1234567", "jane.doe@example.org", "two words")
    fields: list[Part] = [Field(f"field_{i}", words[i % 4].encode()) for i in range(10)]
    data = random.Random(16).randbytes(load.upload)
    file = File("upload", "upload.bin", "application/octet-stream", data)
    return [_work(SMALL, fields, load.forms), _work(UPLOAD, [*fields[:1], file], load.uploads)]


class _Client:
    """One connection, kept alive."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes a thread that still waits
        self._socket.close()

    def post(self, request: bytes) -> str:
        """Send a request, and give the text of the answer."""
        self._socket.sendall(request)
        answer = b""
        while not (end := answer.find(b"\r\n\r\n") + 4) > 3:
            answer += self._received()
        head = answer[:end].lower()
        if not head.startswith(b"http/1.1 200 "):
            raise RuntimeError(f"the server answers {answer[:200]!r}")
        whole = end + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(answer) < whole:
            answer += self._received()
        return answer[end:].decode()

    def _received(self) -> bytes:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server has closed the connection")
        return data

    def repeat(self, request: bytes, count: int, expected: str) -> None:
        """Send the request so many times, and compare the answers."""
        for _ in range(count):
            if (answer := self.post(request)) != expected:
                raise RuntimeError(f"the answer is {answer!r} instead of {expected!r}")


@contextmanager
def _started(server: str) -> Iterator[int]:
    """Run the server in a process of its own, and give its port; it has ended when this ends."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(server, theirs), daemon=True
    )
    process.start()
    theirs.close()
    try:
        if not ours.poll(PATIENCE):
            raise TimeoutError(f"{server} does not start")
        try:
            port = ours.recv()
        except EOFError:
            raise RuntimeError(f"{server} has ended while it started") from None
        yield port
    finally:
        ours.close()  # what the server waits for
        process.join(PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


class _Server:
    """A server that runs, the connections to it, and a thread for each of them."""

    def __init__(self, name: str, stack: ExitStack) -> None:
        self.name = name
        port = stack.enter_context(_started(name))
        # What is entered last ends first: connections, then threads, and last the server.
        self._threads = stack.enter_context(ThreadPoolExecutor(CONNECTIONS))
        self._clients: list[_Client] = []
        for _ in range(CONNECTIONS):
            self._clients.append(client := _Client(port))
            stack.callback(client.close)

    def _spent(self) -> float:
        request = f"POST /{SPENT} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
        return float(self._clients[0].post(request.encode()))

    def sample(self, work: _Work, way: str, count: int) -> tuple[float, float]:
        """Send `count` requests over all connections; give seconds, and the server's own."""
        request = work.request(str(WAYS[self.name].index(way)))
        share = count // CONNECTIONS
        spent = self._spent()
        start = time.perf_counter()
        posts = [
            self._threads.submit(client.repeat, request, share, work.expected(way))
            for client in self._clients
        ]
        for post in posts:
            post.result()
        wall = time.perf_counter() - start
        return wall, self._spent() - spent


def run(sizes: Sizes, tell: Callable[[str], None]) -> list[ServerRow]:
    """Ask every server in every way; `tell` hears of each round.

    Raises:
        RuntimeError: where an answer is not right, or a server does not start.
        OSError: where a server does not answer.
    """
    load = _LOADS[sizes.name]
    works = _works(load)
    rng = random.Random(0)
    with ExitStack() as stack:
        servers = [_Server(name, stack) for name in WAYS]
        turns = [
            (server, way, work) for work in works for server in servers for way in WAYS[server.name]
        ]
        samples: dict[tuple[str, str, str], list[tuple[float, float]]] = {
            (server.name, way, work.name): [] for server, way, work in turns
        }
        for server, way, work in turns:
            server.sample(work, way, CONNECTIONS)
        for number in range(load.rounds):
            tell(f"servers: round {number + 1} of {load.rounds}")
            for server, way, work in rng.sample(turns, len(turns)):
                sample = server.sample(work, way, work.count)
                samples[server.name, way, work.name].append(sample)
        return [
            work.row(server.name, way, samples[server.name, way, work.name])
            for server, way, work in turns
        ]


def table(rows: list[ServerRow]) -> report.Rows:
    """As text: rate, and processor time of a request or of 100 MB."""
    cells = [["way", "work", "rate", "", "server's processor time"]]
    for row in rows:
        of = "a request" if row.work == SMALL else "100 MB"
        cpu = f"{report.seconds(row.cpu)} {of}"
        way = f"{row.server}: {row.way}"
        cells.append([way, row.work, f"{row.per_second:.0f}", row.unit, cpu])
    return cells


def main() -> None:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    for name in ("quick", "smoke"):
        size.add_argument(f"--{name}", dest="sizes", action="store_const", const=name)
    parser.set_defaults(sizes="full")
    sizes = cases.SIZES[parser.parse_args().sizes]
    rows = run(sizes, lambda line: print(line, file=sys.stderr, flush=True))
    print(f"{about()}; {CONNECTIONS} connections\n\n{report.text(table(rows))}")


if __name__ == "__main__":
    main()
