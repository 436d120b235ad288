"""What the tests of WSGI frameworks share: servers, and a client that may go away."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import waitress

from .asgi_forms import BOUNDARY, CONTENT_TYPE
from .serving import PATIENCE

_TESTS = Path(__file__).parents[1]


@contextmanager
def waitress_server(app: Any) -> Iterator[int]:
    """Serve with waitress in this process, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sockets: dict[Any, Any] = {}
        server = waitress.create_server(app, sockets=[listener], map=sockets, threads=1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                server.asyncore.loop(timeout=PATIENCE, map=sockets, count=1)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            server.pull_trigger()
            thread.join(PATIENCE)
            server.task_dispatcher.shutdown()
            for channel in list(sockets.values()):
                channel.close()


@contextmanager
def gunicorn_server(app: str, twin: str, directory: Path) -> Iterator[int]:
    """Serve ``module:name`` with one sync worker of gunicorn, and give the port.

    Args:
        app: where gunicorn finds the application.
        twin: of the package that it runs on.
        directory: for temporary files.
    """
    environment = {
        **os.environ, "PYTHONPATH": str(_TESTS), "TMPDIR": str(directory),
        "PARTSTREAM_NO_EXTENSIONS": "1" if twin == "py" else "",
    }  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        command = [
            sys.executable, "-m", "gunicorn", app, "--bind", f"fd://{number}", "--workers", "1",
            "--worker-class", "sync", "--log-level", "critical", "--graceful-timeout", "1",
            "--worker-tmp-dir", "/dev/shm", "--no-control-socket",
        ]  # fmt: skip
        with subprocess.Popen(command, pass_fds=[number], env=environment) as process:
            try:
                yield listener.getsockname()[1]
            finally:
                process.terminate()
                process.wait(PATIENCE)


def ask(
    port: int, body: bytes | Iterable[bytes], length: int | None = None,
    content_type: str = CONTENT_TYPE, headers: dict[str, str] | None = None,
    path: str = "/",
) -> tuple[int, bytes]:  # fmt: skip
    """Post a body, and give the status and the answer."""
    size = len(body) if isinstance(body, bytes) else length
    sent = {"Content-Type": content_type, "Content-Length": str(size), **(headers or {})}
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("POST", path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.read()


def ask_and_leave(port: int, body: bytes, length: int, stall: bool = False) -> bytes:
    """Send less than was announced and no more; give the first line of the answer, if any.

    A client that stalls says nothing of it, and waits for the answer.
    """
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {length}"
        "\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(head.encode() + body)
        if not stall:
            client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as answer:
            first = answer.readline()
            answer.read()
    return first


def large(size: int) -> tuple[Iterator[bytes], int]:
    """Give a form with one file of so many MiB, piece by piece, and its length."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="large"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    piece = bytes(range(256)) * 4096

    def pieces() -> Iterator[bytes]:
        yield head
        for _ in range(size):
            yield piece
        yield tail

    return pieces(), len(head) + size * len(piece) + len(tail)
