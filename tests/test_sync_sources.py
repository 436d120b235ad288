"""Every kind of stream that the blocking reader takes, the real ones of real libraries."""

from __future__ import annotations

import array
import asyncio
import collections
import functools
import gzip
import http.client
import io
import itertools
import shutil
import socket
import tempfile
import threading
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
import requests
import urllib3

CONTENT_TYPE = "multipart/mixed; boundary=B"
BODY = b"--B\r\nContent-Type: text/plain\r\n\r\none\r\n--B\r\n\r\n\xfftwo\r\n--B--\r\n"
PARTS = [b"one", b"\xfftwo"]
PIECES = [BODY[:9], BODY[9:40], b"", BODY[40:]]
#: Seconds after which a test has failed; one that passes needs a hundredth of that.
PATIENCE = 20

Module = Callable[[str], ModuleType]


@pytest.fixture
def sync(ps_module: Module) -> ModuleType:
    return ps_module("sync")


def read(
    sync: ModuleType, content: Any, headers: Any = CONTENT_TYPE, **options: Any
) -> list[bytes]:
    return [part.read() for part in sync.MultipartReader(headers, content, **options)]


class Reads:
    """Gives a chunk for each ``read``, whatever its size, and takes bytes back."""

    def __init__(self, chunks: Iterable[Any]) -> None:
        self.chunks = list(chunks)
        self.unread: list[bytes] = []

    def read(self, size: int) -> Any:
        return self.chunks.pop(0) if self.chunks else b""

    def unread_data(self, data: bytes) -> None:
        self.unread.append(data)


# What is at hand


AT_HAND: dict[str, Callable[[], Any]] = {
    "bytes": lambda: BODY,
    "bytearray": lambda: bytearray(BODY),
    "memoryview": lambda: memoryview(BODY),
    "cast": lambda: memoryview(array.array("H", BODY)),
    "rows": lambda: memoryview(BODY).cast("B", [2, len(BODY) // 2]),
    "every-second": lambda: memoryview(b"".join(b"%c?" % byte for byte in BODY))[::2],
    "BytesIO": lambda: io.BytesIO(BODY),
    "gzip": lambda: gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(BODY))),
    "list": lambda: PIECES,
    "tuple": lambda: tuple(PIECES),
    "deque": lambda: collections.deque(PIECES),
    "iterator": lambda: iter(PIECES),
    "generator": lambda: (piece for piece in PIECES),
    "bytearrays": lambda: map(bytearray, PIECES),
    "memoryviews": lambda: map(memoryview, PIECES),
    "map": lambda: map(bytes, PIECES),
    "read-only": lambda: Reads(piece for piece in PIECES if piece),
}


def test_the_body_can_be_seen_two_bytes_at_a_time() -> None:
    assert len(BODY) % 2 == 0


@pytest.mark.parametrize("kind", AT_HAND)
def test_what_is_at_hand(sync: ModuleType, kind: str) -> None:
    assert read(sync, AT_HAND[kind]()) == PARTS


def test_a_spooled_file(sync: ModuleType) -> None:
    with tempfile.SpooledTemporaryFile() as file:
        file.write(BODY)
        file.seek(0)
        assert read(sync, file) == PARTS


@pytest.mark.parametrize("buffering", [0, 1 << 12, -1])
def test_a_real_file_is_read_and_left_open(
    sync: ModuleType, tmp_path: Path, buffering: int
) -> None:
    path = tmp_path / "body"
    path.write_bytes(BODY)
    with path.open("rb", buffering=buffering) as file:
        assert read(sync, file) == PARTS
        assert not file.closed


@pytest.mark.parametrize("kind", ["bytes", "memoryview", "file", "list"])
def test_more_than_is_read_at_once(sync: ModuleType, kind: str) -> None:
    data = bytes(range(256)) * 1000
    body = b"--B\r\n\r\n" + data + b"\r\n--B\r\n\r\nlast\r\n--B--"
    kinds = {
        "bytes": body,
        "memoryview": memoryview(body),
        "file": io.BytesIO(body),
        "list": [body],
    }
    assert read(sync, kinds[kind]) == [data, b"last"]


@pytest.mark.parametrize(
    "content",
    [b"", bytearray(), memoryview(b""), memoryview(array.array("H")), io.BytesIO(), [], [b""]],
    ids=["bytes", "bytearray", "memoryview", "cast", "BytesIO", "list", "list-of-nothing"],
)
def test_what_is_empty_is_an_empty_body(ps: ModuleType, sync: ModuleType, content: Any) -> None:
    with pytest.raises(ps.IncompleteBody) as caught:
        read(sync, content)
    assert caught.value.code == "empty_body"


def test_a_buffer_may_be_used_again_by_its_source(sync: ModuleType) -> None:
    buffer = bytearray(1)

    class Reusing:
        def __init__(self, data: bytes) -> None:
            self.left = list(data)

        def read(self, size: int) -> bytearray:
            if not self.left:
                return bytearray()
            buffer[0] = self.left.pop(0)
            return buffer

    assert read(sync, Reusing(BODY)) == PARTS
    part = sync.BodyPartReader(b"--B", {}, Reusing(b"some text\r\n--B\r\n"))
    assert part.read() == b"some text"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_follows_is_given_back(sync: ModuleType, kind: Any, size: int) -> None:
    data = b"some text\r\n--B\r\nrest"
    source = Reads([kind(data[at : at + size]) for at in range(0, len(data), size)])
    assert sync.BodyPartReader(b"--B", {}, source).read() == b"some text"
    left = b"".join(source.unread) + b"".join(source.chunks)
    assert left == b"--B\r\nrest"
    source = Reads([kind(BODY + b"GET")])
    assert read(sync, source) == PARTS
    assert source.unread == [b"GET"]


def test_copyfileobj(sync: ModuleType, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    path = tmp_path / "copy"
    reader = sync.MultipartReader(CONTENT_TYPE, b"--B\r\n\r\n" + data + b"\r\n--B--")
    with path.open("wb") as file:
        shutil.copyfileobj(reader.next(), file)
    assert path.read_bytes() == data
    assert reader.next() is None


# How it is read


def test_read1_is_preferred(sync: ModuleType) -> None:
    class Both(io.BytesIO):
        def read(self, *args: Any) -> bytes:
            raise AssertionError("read() waits for all that it was asked for")

    assert read(sync, Both(BODY)) == PARTS


def test_a_read_without_a_size_is_passed_over(sync: ModuleType) -> None:
    class Whole:
        def read(self) -> bytes:
            raise AssertionError("read() gives the whole body")

        def __iter__(self) -> Iterator[bytes]:
            return iter(PIECES)

    assert read(sync, Whole()) == PARTS


class Kept:
    """A generator of pieces, and whether it has been closed."""

    def __init__(self, *pieces: Any) -> None:
        self.closed = False
        self.generator = self._run(pieces)

    def _run(self, pieces: Iterable[Any]) -> Iterator[Any]:
        try:
            yield from pieces
            raise AssertionError("nobody asked for more")
        finally:
            self.closed = True


LATE_FAULT = b"--B\r\n\r\nx\r\n--B\r\nno colon\r\n\r\n"


def test_a_generator_is_closed_at_the_closing_delimiter(sync: ModuleType) -> None:
    kept = Kept(*PIECES)
    reader = sync.MultipartReader(CONTENT_TYPE, kept.generator)
    for part in reader:
        assert part.read() in PARTS
    assert kept.closed


@pytest.mark.parametrize(
    "pieces",
    [
        [b"--B\r\nno colon\r\n\r\n"],
        [LATE_FAULT],
        [LATE_FAULT[:20], LATE_FAULT[20:]],
        [BODY[:40], ""],
    ],
    ids=["fault", "fault-behind-a-part", "later-fault", "text"],
)
def test_a_generator_is_closed_after_an_error(sync: ModuleType, pieces: list[Any]) -> None:
    kept = Kept(*(piece or "text" for piece in pieces))
    with pytest.raises((ValueError, TypeError)):
        read(sync, kept.generator)
    assert kept.closed


def test_a_generator_stays_open_where_reading_can_go_on(ps: ModuleType, sync: ModuleType) -> None:
    kept = Kept(b"--B\r\n\r\n", b"too much", b"\r\n--B\r\n\r\n", b"ok\r\n--B--")
    limits = ps.Limits(max_read_size=4)
    reader = sync.MultipartReader(CONTENT_TYPE, kept.generator, limits=limits)
    with pytest.raises(ps.LimitExceeded):
        reader.next().read()
    assert not kept.closed
    assert [part.read() for part in reader] == [b"ok"]
    assert kept.closed


def test_an_error_of_the_source_goes_through(sync: ModuleType) -> None:
    def broken() -> Iterator[bytes]:
        yield PIECES[0]
        raise OSError("the wire was cut")

    with pytest.raises(OSError, match="the wire was cut"):
        read(sync, broken())


# Misuse


class Awaited:
    """Its ``read`` looks like a plain one."""

    async def _read(self) -> bytes:
        raise AssertionError("nobody awaits this")

    def read(self, size: int) -> Any:
        return self._read()


async def stream() -> AsyncIterator[bytes]:
    yield b""


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (io.StringIO(BODY.decode("latin-1")), "binary mode"),
        (io.StringIO(), "binary mode"),
        (["--B"], "encode the text"),
        (BODY.decode("latin-1"), "pass bytes, something with read"),
        (None, "pass bytes, something with read"),
        (1, "pass bytes, something with read"),
        ({"a": b"b"}, "pass bytes, something with read"),
        ([1], "not bytes: pass a source"),
        (array.array("B", BODY), "not bytes: pass a source"),
        (Awaited(), "has to be awaited, partstream.MultipartReader reads"),
        (mock.Mock(spec=["read"], read=mock.AsyncMock()), "awaited, partstream.MultipartReader"),
        (stream(), "has to be awaited, partstream.MultipartReader reads"),
        (asyncio.StreamReader.__new__(asyncio.StreamReader), "awaited, partstream.Multipart"),
    ],
    ids=[
        "text-file", "empty-text-file", "texts", "str", "none", "int", "mapping", "numbers",
        "array", "awaitable-read", "coroutine-read", "async-generator", "asyncio",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_remedy(
    sync: ModuleType, content: Any, remedy: str
) -> None:
    with pytest.raises(TypeError, match=remedy):
        read(sync, content)


def test_a_coroutine_read_is_refused_when_the_reader_is_made(sync: ModuleType) -> None:
    source = mock.Mock(spec=["read"], read=mock.AsyncMock())
    with pytest.raises(TypeError, match=r"partstream\.MultipartReader reads"):
        sync.MultipartReader(CONTENT_TYPE, source)


def test_a_text_file_is_refused_with_a_remedy(sync: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(BODY.replace(b"\xff", b""))
    with path.open(encoding="ascii") as file, pytest.raises(TypeError, match="binary mode"):
        read(sync, file)


def test_a_file_that_does_not_wait_is_refused_with_a_remedy(sync: ModuleType) -> None:
    near, far = socket.socketpair()
    with near, far, near.makefile("rb", buffering=0) as file:
        far.sendall(BODY[:9])
        near.setblocking(False)
        with pytest.raises(TypeError, match="does not wait for bytes"):
            read(sync, file)


# Frames, each of which is sent only when the one before was read

FRAMES = [b"one", b"two", b"x" * 1000]


def frames_with_length() -> list[bytes]:
    return [b"--B\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(data), data) for data in FRAMES]


def frames_without() -> list[bytes]:
    first, *others = FRAMES
    return [b"--B\r\n\r\n" + first + b"\r\n--B\r\n", *(b"\r\n%b\r\n--B\r\n" % x for x in others)]


SENDINGS: dict[str, tuple[Callable[[], list[bytes]], bytes]] = {
    "with-length": (frames_with_length, b"--B--"),
    "without": (frames_without, b"\r\n\r\n--B--"),
}


class Steps:
    """Lets a sender go on when the reader has taken what was sent."""

    def __init__(self) -> None:
        self._taken = threading.Semaphore(0)

    def taken(self) -> None:
        self._taken.release()

    def wait(self) -> None:
        if not self._taken.acquire(timeout=PATIENCE):
            raise TimeoutError("what was sent has not been read: the reader waits for more")

    def send(self, sending: str, send: Callable[[bytes], Any]) -> None:
        make, end = SENDINGS[sending]
        for frame in make():
            send(frame)
            self.wait()
        send(end)
        self.wait()


def read_in_steps(reader: Any, steps: Steps, sending: str) -> None:
    found = []
    for _ in FRAMES:
        found.append(reader.next().read())
        steps.taken()
    assert found == FRAMES
    last = reader.next()
    if sending == "without":
        assert last.read() == b""
        last = reader.next()
    assert last is None
    steps.taken()


@contextmanager
def running(work: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Do something on a thread, which has to end well."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        yield future
        future.result(PATIENCE)


@pytest.mark.parametrize("buffering", [0, -1])
@pytest.mark.parametrize("sending", SENDINGS)
def test_a_frame_is_given_as_soon_as_its_bytes_are_there(
    sync: ModuleType, sending: str, buffering: int
) -> None:
    near, far = socket.socketpair()
    steps = Steps()
    sent = functools.partial(steps.send, sending, far.sendall)
    with near, far, near.makefile("rb", buffering=buffering) as file, running(sent):
        read_in_steps(sync.MultipartReader(CONTENT_TYPE, file), steps, sending)


# Clients


@contextmanager
def answering(answer: Callable[[socket.socket], Any]) -> Iterator[str]:
    """Answer one request on loopback, with the bytes of a whole response; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def serve() -> None:
            connection = listener.accept()[0]
            with connection:
                connection.settimeout(PATIENCE)
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += connection.recv(1 << 16)
                answer(connection)

        with running(serve):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def sending(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


FRAMINGS = ["length", "chunked", "close"]


def head(framing: str, size: int = 0) -> bytes:
    field = {
        "length": b"Content-Length: %d" % size,
        "chunked": b"Transfer-Encoding: chunked",
        "close": b"Connection: close",
    }[framing]
    start = b"HTTP/1.1 200 OK\r\nContent-Type: " + CONTENT_TYPE.encode()
    return start + b"\r\n" + field + b"\r\n\r\n"


def framed(framing: str, data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if framing == "chunked" else data


@contextmanager
def by_requests(url: str) -> Iterator[Any]:
    with requests.Session() as session:
        session.trust_env = False
        with session.get(url, stream=True) as response:
            yield response


@contextmanager
def by_requests_raw(url: str) -> Iterator[Any]:
    with by_requests(url) as response:
        yield response.raw


@contextmanager
def by_httpx(url: str) -> Iterator[Any]:
    with httpx.Client(trust_env=False) as client, client.stream("GET", url) as response:
        yield response


@contextmanager
def by_urllib3(url: str) -> Iterator[Any]:
    with urllib3.PoolManager() as pool:
        response = pool.request("GET", url, preload_content=False)
        yield response
        response.close()


@contextmanager
def by_urllib_request(url: str) -> Iterator[Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url) as response:
        yield response


@contextmanager
def by_http_client(url: str) -> Iterator[Any]:
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"))
    try:
        connection.request("GET", "/")
        with connection.getresponse() as response:
            yield response
    finally:
        connection.close()


CLIENTS: dict[str, Callable[[str], AbstractContextManager[Any]]] = {
    "requests": by_requests,
    "requests-raw": by_requests_raw,
    "httpx": by_httpx,
    "urllib3": by_urllib3,
    "urllib.request": by_urllib_request,
    "http.client": by_http_client,
}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("client", CLIENTS)
def test_the_response_of_a_client(sync: ModuleType, client: str, framing: str) -> None:
    whole = head(framing, len(BODY)) + framed(framing, BODY)
    whole += framed(framing, b"") if framing == "chunked" else b""
    with answering(sending(whole)) as url, CLIENTS[client](url) as response:
        assert read(sync, response, response.headers) == PARTS


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_response_that_ends_too_early(
    ps: ModuleType, sync: ModuleType, client: str, framing: str
) -> None:
    short = BODY[:-10]
    whole = head(framing, len(short)) + framed(framing, short)
    whole += framed(framing, b"") if framing == "chunked" else b""
    with answering(sending(whole)) as url, CLIENTS[client](url) as response:
        reader = sync.MultipartReader(response.headers, response)
        with pytest.raises(ps.IncompleteBody) as caught:
            reader.release()
    assert caught.value.offset == len(short)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_response_is_closed_after_the_last_part(sync: ModuleType, client: str) -> None:
    framing = "chunked" if client == "requests" else "close"  # see PROMPT
    gone = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.sendall(head(framing) + framed(framing, BODY))
        with suppress(ConnectionError):  # another way to say the same
            assert connection.recv(1) == b""
        gone.set()

    with answering(answer) as url, CLIENTS[client](url) as response:
        reader = sync.MultipartReader.from_response(response)
        assert reader.resp is response
        for data, part in zip(PARTS, reader, strict=False):
            assert part.read() == data
        assert not reader.at_eof()
        # Two of them hang up as soon as their iterator is closed.
        assert client in ("httpx", "requests") or not gone.is_set()
        assert reader.next() is None
        assert reader.at_eof()
        assert gone.wait(PATIENCE)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_response_is_closed_when_it_is_released(sync: ModuleType, client: str) -> None:
    gone = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.sendall(head("close") + BODY[:40])
        with suppress(ConnectionError):
            assert connection.recv(1) == b""
        gone.set()

    with answering(answer) as url, CLIENTS[client](url) as response:
        reader = sync.MultipartReader.from_response(response)
        reader.release()
        assert gone.wait(PATIENCE)


# requests gives no way to what is there already but its ``raw``: where the length is not known,
# ``iter_content`` waits until a chunk is full.
PROMPT = [(client, framing) for client in CLIENTS for framing in ("chunked", "close")]
PROMPT.remove(("requests", "close"))


@pytest.mark.parametrize("sending", SENDINGS)
@pytest.mark.parametrize(("client", "framing"), PROMPT)
def test_a_client_gives_a_frame_as_soon_as_its_bytes_are_there(
    sync: ModuleType, client: str, framing: str, sending: str
) -> None:
    steps = Steps()

    def answer(connection: socket.socket) -> None:
        connection.sendall(head(framing))
        steps.send(sending, lambda data: connection.sendall(framed(framing, data)))

    with answering(answer) as url, CLIENTS[client](url) as response:
        read_in_steps(sync.MultipartReader(response.headers, response), steps, sending)


def test_a_response_that_has_been_read_is_an_empty_body(ps: ModuleType, sync: ModuleType) -> None:
    whole = head("length", len(BODY)) + BODY
    with answering(sending(whole)) as url, by_urllib3(url) as response:
        assert response.read() == BODY
        with pytest.raises(ps.IncompleteBody) as caught:
            read(sync, response, response.headers)
    assert caught.value.code == "empty_body"


# WSGI


def environ(data: bytes, **others: Any) -> dict[str, Any]:
    return {"CONTENT_TYPE": CONTENT_TYPE, "wsgi.input": io.BytesIO(data), **others}


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def serve_wsgi(use: Callable[[dict[str, Any]], Any], sent: bytes, length: str) -> Any:
    """Have a real server call ``use`` with the environ of a request; the client hangs on."""
    outcome: Future[Any] = Future()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            outcome.set_result(use(environ))
        except Exception as error:
            outcome.set_exception(error)
        start_response("204 No Content", [])
        return []

    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        server.timeout = PATIENCE
        with socket.create_connection(server.server_address[:2], PATIENCE) as client:
            fields = f"Host: x\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {length}\r\n\r\n"
            client.sendall(b"POST / HTTP/1.1\r\n" + fields.encode() + sent)
            with running(server.handle_request):
                return outcome.result(PATIENCE)


@pytest.mark.parametrize("behind", [b"", b"GET / HTTP/1.1\r\n\r\n"], ids=["nothing", "pipelined"])
@pytest.mark.parametrize("preset", ["DEFAULT", "STRICT"])
def test_a_wsgi_request_is_read_to_its_length(
    ps: ModuleType, sync: ModuleType, preset: str, behind: bytes
) -> None:
    def use(environ: dict[str, Any]) -> list[bytes]:
        return read(sync, environ, environ, policy=getattr(ps.Policy, preset))

    assert serve_wsgi(use, BODY + behind, str(len(BODY))) == PARTS


def test_a_wsgi_request_that_ends_too_early(ps: ModuleType, sync: ModuleType) -> None:
    def use(environ: dict[str, Any]) -> list[bytes]:
        return read(sync, environ, environ)

    with pytest.raises(ps.IncompleteBody) as caught:
        serve_wsgi(use, BODY, str(len(BODY) - 10))
    assert caught.value.offset == len(BODY) - 10


@pytest.mark.parametrize("length", ["x", "-1", "+5", "1_0", "1 0", "\u0665", "9" * 5000])
def test_a_length_that_is_none_is_refused(ps: ModuleType, sync: ModuleType, length: str) -> None:
    with pytest.raises(ps.ParseError, match="CONTENT_LENGTH") as caught:
        read(sync, environ(BODY, CONTENT_LENGTH=length), CONTENT_TYPE)
    assert (caught.value.code, caught.value.http_status) == ("invalid_length", 400)


def test_a_client_can_send_a_bad_length(ps: ModuleType, sync: ModuleType) -> None:
    with pytest.raises(ps.ParseError):
        serve_wsgi(lambda environ: read(sync, environ, environ), BODY, "many")


@pytest.mark.parametrize("others", [{}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}])
def test_without_a_length_there_is_no_body(
    ps: ModuleType, sync: ModuleType, others: dict[str, str]
) -> None:
    env = environ(BODY, **others)
    with pytest.raises(ps.IncompleteBody) as caught:
        read(sync, env, env)
    assert caught.value.code == "empty_body"
    assert env["wsgi.input"].tell() == 0


@pytest.mark.parametrize("length", [None, "", "5", "x"])
def test_an_input_that_ends_by_itself_is_read_to_its_end(
    sync: ModuleType, length: str | None
) -> None:
    env = environ(BODY, **{"wsgi.input_terminated": True})
    if length is not None:
        env["CONTENT_LENGTH"] = length
    assert read(sync, env, env) == PARTS


def test_no_more_is_asked_for_than_the_length(sync: ModuleType) -> None:
    asked: list[int] = []
    left = [BODY[:10], BODY[10:11], BODY[11:]]

    def some(size: int) -> bytes:
        asked.append(size)
        return left.pop(0)

    env = {"wsgi.input": mock.Mock(spec=["read"], read=some), "CONTENT_LENGTH": str(len(BODY))}
    assert read(sync, env) == PARTS
    assert asked == [len(BODY), len(BODY) - 10, len(BODY) - 11]


# Reads of a size


class Failing(Reads):
    """Fails where an exception stands among its chunks, once."""

    def read(self, size: int) -> Any:
        chunk = super().read(size)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk


HEAD = b"--B\r\n\r\n"


@pytest.mark.parametrize("step", [1, 3, 7, 100])
@pytest.mark.parametrize("size", [1, 4, 5, 10, 99])
def test_a_read_is_short_at_the_end_alone(sync: ModuleType, step: int, size: int) -> None:
    data = HEAD + b"0123456789\r\n--B--"
    chunks = [data[at : at + step] for at in range(0, len(data), step)]
    for part in sync.MultipartReader(CONTENT_TYPE, iter(chunks)):
        found = list(iter(functools.partial(part.read, size), b""))
        assert found == [b"0123456789"[at : at + size] for at in range(0, 10, size)]
        assert part.read(size) == b""


def test_what_a_read_has_is_not_lost_where_the_source_fails(sync: ModuleType) -> None:
    source = Failing([HEAD, b"abcd", b"efgh", TimeoutError(), b"ij\r\n--B--"])
    [part] = itertools.islice(sync.MultipartReader(CONTENT_TYPE, source), 1)
    with pytest.raises(TimeoutError):
        part.read(10)
    assert part.read(3) == b"abc"
    assert part.read(10) == b"defghij"


def test_nor_where_the_stream_is_at_fault(ps: ModuleType, sync: ModuleType) -> None:
    [part] = itertools.islice(sync.MultipartReader(CONTENT_TYPE, [HEAD, b"abcd", b"efgh"]), 1)
    with pytest.raises(ps.IncompleteBody):
        part.read(10)
    assert part.read(4) == b"abcd"
