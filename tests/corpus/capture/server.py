"""Loopback servers which keep the bytes that a sender puts on the wire."""

from __future__ import annotations

import io
import queue
import socketserver
import threading
from collections.abc import Mapping
from types import TracebackType


def read_head(stream: io.BufferedIOBase) -> bytes:
    """Read a start line and headers up to and with the blank line."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            break
        head += line
    return bytes(head)


def fields(head: bytes) -> dict[str, str]:
    """Return the headers with lower-case names."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in pairs}


def read_chunks(stream: io.BufferedIOBase) -> bytes:
    """Read a body in chunked transfer coding, as it is, with the last chunk."""
    raw = bytearray()
    while True:
        line = stream.readline()
        raw += line
        size = int(line.split(b";")[0], 16)
        raw += stream.read(size + 2)
        if not size:
            return bytes(raw)


def read_body(stream: io.BufferedIOBase, head: bytes) -> bytes:
    """Read the body that the headers announce."""
    headers = fields(head)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return read_chunks(stream)
    return stream.read(int(headers.get("content-length", "0")))


class _Http(socketserver.StreamRequestHandler):
    """Serves the pages, and keeps each request that has a body."""

    server: _Server

    def handle(self) -> None:
        head = read_head(self.rfile)
        if not head:
            return
        method, path = head.split(b" ", 2)[:2]
        if method == b"GET":
            page = self.server.pages.get(path.decode())
            self.answer(b"200 OK" if page else b"404 Not Found", page or b"")
            return
        if fields(head).get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        raw = head + read_body(self.rfile, head)
        self.answer(b"200 OK", b"ok")
        self.server.captured.put(raw)

    def answer(self, status: bytes, body: bytes) -> None:
        """Send a response and close."""
        self.wfile.write(
            b"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
            b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body)
        )


class _Smtp(socketserver.StreamRequestHandler):
    """Takes one mail and keeps what came after DATA, dot-stuffing undone."""

    server: _Server

    def handle(self) -> None:
        self.wfile.write(b"220 capture\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                self.server.captured.put(self.read_mail())
            if verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")

    def read_mail(self) -> bytes:
        """Read up to the line with the single dot."""
        mail = bytearray()
        for line in self.rfile:
            if line == b".\r\n":
                break
            mail += line.removeprefix(b".")
        return bytes(mail)


class _Server(socketserver.ThreadingTCPServer):
    """A threading server that knows its pages and collects what it took in."""

    allow_reuse_address = True
    daemon_threads = True
    pages: Mapping[str, bytes]
    captured: queue.Queue[bytes]


class CaptureServer:
    """A loopback server for the duration of a with block."""

    def __init__(self, pages: Mapping[str, bytes] | None = None, *, smtp: bool = False) -> None:
        """Serve the given pages by path, or take mail when smtp is set."""
        self._server = _Server(("127.0.0.1", 0), _Smtp if smtp else _Http)
        self._server.pages = pages or {}
        self._server.captured = queue.Queue()
        scheme = "smtp" if smtp else "http"
        self.port: int = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> CaptureServer:
        """Start to serve."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def wait(self, timeout: float = 30.0) -> bytes:
        """Return the next captured message."""
        return self._server.captured.get(timeout=timeout)
