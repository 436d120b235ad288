"""An HTTP server that tells what it was sent: the framing headers, and a hash of the body.

It runs on threads of its own, so that blocking clients and those of an event loop can be tested
with the same one, and does on purpose what servers do by accident; see :class:`Echo`.
"""

from __future__ import annotations

import hashlib
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

#: Seconds after which a thread that waits for its client is given up.
PATIENCE = 30
#: How much of a body :attr:`Echo.STALL` and :attr:`Echo.EARLY` take.
A_BIT = 1 << 16
REALM = 'Digest realm="r", nonce="abc", qop="auth", algorithm=MD5'


@dataclass(frozen=True)
class Seen:
    """A request as the server saw it.

    Attributes:
        length: the Content-Length.
        coding: the Transfer-Encoding.
        size: how many bytes of the body came.
        whole: whether all came that were announced.
        awaited: whether the client has waited for ``100 Continue``.
    """

    method: str
    path: str
    content_type: str | None
    length: str | None
    coding: str | None
    size: int
    sha256: str
    whole: bool
    awaited: bool


class Echo(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Answers each request with what was :class:`Seen` of it, as JSON.

    Attributes:
        ECHO: does just that.
        MOVED: takes the body, and answers 307: the same again to ``ECHO``.
        EARLY: answers so before it has taken the body, and closes the connection.
        HALF: drops the first connection amid the body, and echoes then.
        DIGEST: asks for digest authentication (RFC 7616), and echoes then.
        STALL: takes a bit of the body, sets ``stalled``, and waits for ``release``; then it takes
            the rest, and when the client has closed the connection it sets ``gone``.
        seen: all requests so far.
    """

    ECHO, MOVED, EARLY, HALF, DIGEST, STALL = "/", "/moved", "/early", "/half", "/digest", "/stall"
    allow_reuse_address = True
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: list[Seen] = []
        self.dropped = 0
        self.stalled, self.release, self.gone = (threading.Event() for _ in range(3))
        self.connections: set[Any] = set()

    def get_request(self) -> Any:
        connection, address = super().get_request()
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none."""

    def end(self) -> None:
        """Stop, and let no thread wait for a client that keeps its connection."""
        self.release.set()
        self.shutdown()
        for connection in list(self.connections):
            try:
                connection.shutdown(2)
            except OSError:
                continue  # it was closed meanwhile
        self.server_close()


@contextmanager
def echo_server() -> Iterator[Echo]:
    """Serve on loopback."""
    server = Echo()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: Echo
    awaited = False

    def log_message(self, *args: Any) -> None:
        pass

    def handle_expect_100(self) -> bool:
        self.awaited = True
        return super().handle_expect_100()

    def do_POST(self) -> None:
        server = self.server
        if self.path == Echo.STALL:
            self._seen(A_BIT)
            server.stalled.set()
            server.release.wait(PATIENCE)
            while self._read(A_BIT):
                pass
            server.gone.set()
            self.close_connection = True
        elif self.path == Echo.HALF and not server.dropped:
            server.dropped += 1
            self._seen(int(self.headers.get("Content-Length", 2 * A_BIT)) // 2)
            self.close_connection = True
        elif self.path == Echo.EARLY:
            self._seen(A_BIT)
            self.close_connection = True
            self._answer(307, {"Location": Echo.ECHO, "Connection": "close"})
        else:
            self._whole(self._seen())

    do_PUT = do_POST

    def _whole(self, seen: Seen) -> None:
        """Answer when the body has come."""
        if not seen.whole:
            self.close_connection = True
        elif self.path == Echo.MOVED:
            self._answer(307, {"Location": Echo.ECHO})
        elif self.path == Echo.DIGEST and "Authorization" not in self.headers:
            self._answer(401, {"WWW-Authenticate": REALM})
        else:
            body = json.dumps(asdict(seen)).encode()
            self._answer(200, {"Content-Type": "application/json"}, body)

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _seen(self, most: int | None = None) -> Seen:
        """Take the body, or at most so much of it."""
        digest, size, whole = hashlib.sha256(), 0, False
        for piece in self._pieces(most):
            digest.update(piece)
            size += len(piece)
            whole = not piece
        get = self.headers.get
        seen = Seen(self.command, self.path, get("Content-Type"), get("Content-Length"),
                    get("Transfer-Encoding"), size, digest.hexdigest(), whole,
                    self.awaited)  # fmt: skip
        self.server.seen.append(seen)
        return seen

    def _pieces(self, most: int | None) -> Iterator[bytes]:
        """Give the body; an empty piece says that it was whole."""
        taken = 0
        for size in self._sizes():
            left = size
            while left:
                room = left if most is None else min(left, most - taken)
                piece = self._read(min(room, A_BIT))
                if not piece:
                    return
                yield piece
                taken += len(piece)
                left -= len(piece)
        yield b""

    def _sizes(self) -> Iterator[int]:
        """Give the sizes of the chunks of the body."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield int(self.headers.get("Content-Length", 0))
            return
        while size := int(self.rfile.readline() or b"-1", 16):
            if size < 0:
                yield 1  # of which nothing comes
            yield size
            self.rfile.readline()
        self.rfile.readline()

    def _read(self, size: int) -> bytes:
        try:
            return self.rfile.read(size)
        except OSError:
            return b""  # the client has gone
