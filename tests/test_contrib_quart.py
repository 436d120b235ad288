"""``partstream.contrib.quart``, beside Quart's own parser."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import io
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from types import ModuleType
from typing import Any

import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, request
from quart.datastructures import FileStorage
from quart.formparser import FormDataParser
from quart.wrappers import Request
from quart.wrappers.request import Body
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from support.asgi_forms import (
    BOUNDARY,
    CONTENT_TYPE,
    part,
    temporary_files,
    whole,
)  # fmt: skip
from support.serving import PATIENCE, run

MIB = 1 << 20
pytestmark = pytest.mark.usefixtures("directory")
FILE = part("f", bytes(MIB), "large")


@pytest.fixture
def contrib(ps_module: Callable[[str], ModuleType]) -> ModuleType:
    return ps_module("contrib.quart")


async def parsed(kind: Any, body: bytes, options: Any = None, **limits: Any) -> Any:
    source = Body(len(body), None)
    source.set_result(body)
    parser = kind(**limits)
    given = {"boundary": BOUNDARY} if options is None else options
    return await parser.parse(source, "multipart/form-data", len(body), given)


def listed(form: Any, files: Any) -> Any:
    found = []
    for name, file in files.items(multi=True):
        facts = file.filename, file.name, file.content_type, list(file.headers)
        found.append((name, *facts, hashlib.sha256(file.read()).hexdigest()))
        file.close()
    return list(form.items(multi=True)), found


FORMS = {
    "empty": whole(),
    "text": whole(part("a", b"1"), part("b", "é".encode()), part("a", b"\xe9")),
    "100 fields": whole(*[part(f"field{n}", b"value %d" % n) for n in range(100)]),
    "files": whole(part("f", b"x" * 9000, "a.txt"), part("f", b"y", "b"), part("t", b"z")),
    "no file chosen": whole(part("f", b"", "")),
    "on disk": whole(FILE, part("t", b"z")),
}


@pytest.mark.parametrize("name", FORMS)
def test_gives_what_quart_gives(contrib: ModuleType, name: str) -> None:
    found = listed(*run(parsed(contrib.FormDataParser, FORMS[name])))
    assert found == listed(*run(parsed(FormDataParser, FORMS[name])))
    assert any(found) == (name != "empty")


def test_files_are_quarts_own(contrib: ModuleType) -> None:
    _, files = run(parsed(contrib.FormDataParser, whole(FILE)))
    assert type(files["f"]) is FileStorage
    assert isinstance(files["f"].stream, SpooledTemporaryFile)
    files["f"].close()


def test_files_are_written_on_the_event_loop(contrib: ModuleType) -> None:
    """On a thread, what comes meanwhile would gather in Quart's body, which holds nobody back."""
    writers: set[int] = set()

    class Noting(io.BytesIO):
        def write(self, data: Any) -> int:
            writers.add(threading.get_ident())
            return super().write(data)

    body = whole(part("f", bytes(3 * MIB), "large"), part("f", b"x", "small"))
    factory = lambda *_: Noting()  # noqa: E731
    _, files = run(parsed(contrib.FormDataParser, body, stream_factory=factory))
    assert [len(file.read()) for file in files.getlist("f")] == [3 * MIB, 1]
    assert writers == {threading.get_ident()}


def test_a_stream_factory_is_used(contrib: ModuleType) -> None:
    told = []

    def factory(total: int, kind: str, filename: str, length: int) -> io.BytesIO:
        told.append((total, kind, filename, length))  # named as one likes: Quart names none
        return io.BytesIO()

    body = whole(part("f", b"123", "x"), part("g", b"", "y"))
    _, files = run(parsed(contrib.FormDataParser, body, stream_factory=factory))
    assert (files["f"].read(), files["g"].read()) == (b"123", b"")
    assert told == [(len(body), "text/x-odd", name, 0) for name in "xy"]
    assert listed(*run(parsed(FormDataParser, body, stream_factory=factory)))[1]
    assert told[:2] == told[2:]


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (FILE, None),
        (b"hello", None),
        (whole(FILE, part("?", b"")).replace(b'"?"', b'"\xe9"'), None),
        (whole(FILE), {}),
        (whole(FILE), {"boundary": "x" * 300}),
    ],
    ids=["no end", "no delimiter", "name in latin-1", "no boundary", "long boundary"],
)
def test_malformed_forms_are_bad_requests(contrib: ModuleType, body: bytes, options: Any) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        run(parsed(contrib.FormDataParser, body, options))
    assert not temporary_files()
    with pytest.raises(ValueError, match=r"boundary|delimiter|UTF-8"):
        run(parsed(contrib.FormDataParser, body, options, silent=False))


@pytest.mark.parametrize(
    ("limits", "body"),
    [
        ({"max_form_parts": 1}, whole(FILE, part("a", b""))),
        ({"max_form_memory_size": 10}, whole(FILE, part("a", b"12345678901"))),
        ({"max_content_length": len(whole(FILE)) - 1}, whole(FILE)),
    ],
    ids=["parts", "memory", "length"],
)
def test_limits_are_quarts(contrib: ModuleType, limits: Any, body: bytes) -> None:
    with pytest.raises(RequestEntityTooLarge):
        run(parsed(contrib.FormDataParser, body, **limits))
    assert not temporary_files()


def test_cancelling_leaves_nothing(contrib: ModuleType) -> None:
    async def read() -> None:
        read = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield FILE
            read.set()
            await asyncio.Event().wait()

        parser = contrib.FormDataParser()
        parsing = asyncio.ensure_future(
            parser.parse(body(), "multipart/form-data", None, {"boundary": BOUNDARY})
        )
        await read.wait()
        assert temporary_files()
        parsing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await parsing

    run(read())
    assert not temporary_files()


@asynccontextmanager
async def hypercorn_server(kind: type[Request], **config: Any) -> AsyncIterator[int]:
    """Serve an application that reads files with requests of this kind, and give the port."""
    app, over, options = Quart(__name__), asyncio.Event(), Config()
    app.request_class = kind
    app.config.update(config)

    @app.post("/")
    async def tell() -> Any:
        return {"files": len(await request.files)}

    with socket.create_server(("127.0.0.1", 0)) as listener:
        options.bind = [f"fd://{os.dup(listener.fileno())}"]
        options.errorlog = options.accesslog = None
        serving = asyncio.ensure_future(serve(app, options, shutdown_trigger=over.wait))
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            await serving


def answer(port: int, body: bytes) -> bytes:
    """Send half of what is announced, say nothing more, and give the first line of the answer."""
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\n"
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(f"{head}Content-Length: {2 * len(body)}\r\n\r\n".encode() + body)
        with client.makefile("rb") as lines:
            return lines.readline()


def test_a_client_that_stalls_is_answered_as_quart_does(contrib: ModuleType) -> None:
    async def answer_to(kind: type[Request], body: bytes) -> bytes:
        async with hypercorn_server(kind, BODY_TIMEOUT=0.2) as port:
            return await asyncio.to_thread(answer, port, body)

    async def main() -> None:
        ours = await answer_to(contrib.FormRequest, FILE)
        gc.collect()  # what is not closed says so here
        assert not temporary_files()
        assert ours == await answer_to(Request, part("a", b""))  # Quart leaves files open
        assert ours.split()[1] == b"408"

    run(main())
