"""multipart/byteranges answers of nginx and starlette."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from .content import LINES, tricky
from .core import Case, Part, case, program

RANGES = [(0, 0), (0, 99), (500, 2999), (3990, 3999)]
DATA = LINES.encode() + tricky(4000 - len(LINES), 81)

CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log stderr crit;
events {{ }}
http {{
  access_log off; default_type text/plain;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/root; }}
}}
"""


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connect(port: int, timeout: float = 15.0) -> socket.socket:
    """Connect to a server that may still be starting."""
    end = time.monotonic() + timeout
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 15)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def read_all(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    with connection, connection.makefile("rb") as stream:
        return stream.read()


def ask(port: int) -> bytes:
    """Ask for the ranges and return the whole answer."""
    wanted = ", ".join(f"{first}-{last}" for first, last in RANGES[:-1]) + ", -10"
    connection = connect(port)
    connection.sendall(
        b"GET /data.bin HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Range: bytes=%s\r\n\r\n" % wanted.encode()
    )
    return read_all(connection)


def parts(content_type: str, ranges: list[tuple[int, int]] = RANGES) -> list[Part]:
    """Return the expected parts."""
    pieces = [DATA[first : last + 1] for first, last in ranges]
    return [Part(piece, None, None, content_type) for piece in pieces]


@contextmanager
def nginx() -> Iterator[int]:
    """Run nginx in a temporary directory and give its port."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        root = Path(folder, "root")
        root.mkdir()
        (root / "data.bin").write_bytes(DATA)
        os.utime(root / "data.bin", (1704110400, 1704110400))
        config = Path(folder, "conf")
        config.write_text(CONFIG.format(folder=folder, port=port))
        command = [program("nginx"), "-p", folder, "-c", str(config)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(10)


@case("nginx-byteranges")
def with_nginx() -> Case:
    """Ask nginx for several ranges."""
    with nginx() as port:
        raw = ask(port)
    found = re.search(rb"Server: nginx/([\d.]+)", raw)
    sender = f"nginx {found[1].decode() if found else ''}".strip()
    what = "answer for four ranges: CRLF before the first delimiter, a boundary of 20 digits"
    return Case(sender, what, raw, parts("text/plain"))


@contextmanager
def starlette() -> Iterator[int]:
    """Run starlette in uvicorn, in a thread, and give its port."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import FileResponse
    from starlette.routing import Route

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.bin")
        path.write_bytes(DATA)
        os.utime(path, (1704110400, 1704110400))

        async def serve(request: Request) -> FileResponse:
            return FileResponse(path, media_type="text/x-odd; charset=utf-8")

        port = free_port()
        config = uvicorn.Config(
            Starlette(routes=[Route("/data.bin", serve)]), port=port, log_level="critical"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join(10)


@case("starlette-byteranges")
def with_starlette() -> Case:
    """Ask starlette for several ranges."""
    with starlette() as port:
        raw = ask(port)
    what = (
        "FileResponse for several ranges, overlapping ones joined; no CRLF after the close "
        "delimiter"
    )
    joined = [(0, 99), *RANGES[2:]]
    return Case(f"starlette {version('starlette')}", what, raw, parts("text/x-odd", joined))
