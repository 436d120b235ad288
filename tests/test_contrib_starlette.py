"""``partstream.contrib.starlette``, beside Starlette's own parser."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from types import ModuleType
from typing import Any

import pytest
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from support.asgi_forms import (
    CONTENT_TYPE,
    part,
    receiving,
    scope,
    temporary_files,
    whole,
)  # fmt: skip
from support.serving import run

MIB = 1 << 20
pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def contrib(ps_module: Callable[[str], ModuleType]) -> ModuleType:
    return ps_module("contrib.starlette")


async def listed(data: FormData) -> list[list[Any]]:
    """Give all that stands in a form."""
    found: list[list[Any]] = []
    for name, value in data.multi_items():
        if isinstance(value, UploadFile):
            digest = hashlib.sha256(await value.read()).hexdigest()
            found.append([name, value.filename, value.content_type, value.size, digest])
        else:
            found.append([name, value])
    return found


def of(contrib: ModuleType, *chunks: bytes, **limits: Any) -> list[list[Any]]:
    """Read a form without a server."""

    async def read() -> list[list[Any]]:
        async with contrib.form(Request(scope(), receiving(*chunks)), **limits) as data:
            return await listed(data)

    return run(read())  # type: ignore[no-any-return]


FORMS = {
    "empty": whole(),
    "text": whole(part("a", b"1"), part("b", "é".encode()), part("a", b"")),
    "latin-1": whole(part("a", b"\xe9")),
    "names in latin-1": whole(part("?", b"1"), part("?", b"2", "?"), part("é", b"3")).replace(
        b'"?"', b'"\xe9"'
    ),
    "charset": whole(part("_charset_", b"latin-1"), part("a", b"x")),
    "100 fields": whole(*[part(f"field{n}", b"value %d" % n) for n in range(100)]),
    "files": whole(part("f", b"x" * 9000, "a.txt"), part("f", b"y", "b"), part("t", b"z")),
    "no file chosen": whole(part("f", b"", "")),
    "on disk": whole(part("f", b"0123456789abcdef" * (3 * MIB // 16), "large"), part("t", b"z")),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("size", [7, 65536])
def test_gives_what_starlette_gives(contrib: ModuleType, name: str, size: int) -> None:
    body = FORMS[name]
    if size == 7 and len(body) > MIB:
        size = 4096
    chunks = [body[at : at + size] for at in range(0, len(body), size)]

    async def theirs() -> list[list[Any]]:
        async with Request(scope(), receiving(*chunks)).form() as data:
            return await listed(data)

    found = of(contrib, *chunks)
    assert found == run(theirs())
    assert bool(found) == (name != "empty")


@pytest.mark.parametrize("body", [b"a=1&b=%C3%A9+x&a=", b"", b"a=%FF"])
def test_gives_what_starlette_gives_of_an_urlencoded_form(contrib: ModuleType, body: bytes) -> None:
    headers = scope("application/x-www-form-urlencoded")

    async def read(ours: bool) -> list[list[Any]]:
        kind = contrib.FormRequest if ours else Request
        return await listed(await kind(headers, receiving(body)).form())

    assert run(read(True)) == run(read(False))


def test_files_are_starlettes_own(contrib: ModuleType) -> None:
    body = whole(part("s", b"small", "s.txt"), part("l", bytes(2 * MIB), "l.bin"))

    async def read() -> None:
        request = contrib.FormRequest(scope(), receiving(body))
        data = await request.form()
        assert type(data) is FormData
        assert data is await request.form()
        small, large = data["s"], data["l"]
        assert type(small) is UploadFile
        assert isinstance(small.file, SpooledTemporaryFile)
        assert isinstance(large.file, SpooledTemporaryFile)
        assert small._in_memory
        assert not large._in_memory
        assert small.headers["content-disposition"] == 'form-data; name="s"; filename="s.txt"'
        assert await small.read(2) == b"sm"
        await small.seek(0)
        await small.write(b"SM")
        await small.seek(0)
        assert await small.read() == b"SMall"
        await small.write(bytes(2 * MIB))  # what was in memory goes to disk as ever
        assert not small._in_memory
        await small.seek(0)
        assert len(await small.read()) == 2 * MIB + 5
        await request.close()
        assert small.file.closed
        assert large.file.closed

    run(read())
    assert temporary_files() == []


def test_memory_of_all_files_is_bounded(contrib: ModuleType) -> None:
    files = [part(f"f{n}", bytes(MIB), f"{n}") for n in range(20)]

    async def read() -> None:
        async with contrib.form(Request(scope(), receiving(whole(*files)))) as data:
            held = [value._in_memory for _, value in data.multi_items()]
            assert held == [True] * 16 + [False] * 4

    run(read())
    assert temporary_files() == []


@pytest.mark.parametrize("most", [0, 1, 300_000])
def test_spool_max_size_is_starlettes(
    contrib: ModuleType, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 0, nothing ever goes to disk, however much it is, also of what is written later."""
    monkeypatch.setattr(MultiPartParser, "spool_max_size", most)
    sizes = [0, 100, 100_000, 300_000, 300_001, *[6 * MIB] * 3]
    body = whole(*[part("f", bytes(size), "f") for size in sizes])

    async def held(kind: Any) -> list[bool]:
        async with kind(scope(), receiving(body)).form() as data:
            found = [value._in_memory for _, value in data.multi_items()]
            for _, value in data.multi_items():
                await value.write(bytes(MIB))
            return found + [value._in_memory for _, value in data.multi_items()]

    found = run(held(contrib.FormRequest))
    assert found == run(held(Request))
    assert all(found) is (most == 0)
    assert temporary_files() == []


LIMITS = {
    "files": ({"max_files": 1}, "Too many files. Maximum number of files is 1."),
    "fields": ({"max_fields": 1}, "Too many fields. Maximum number of fields is 1."),
    "size": ({"max_part_size": 1024}, "Part exceeded maximum size of 1KB."),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("in_app", [False, True])
def test_limits_are_starlettes(contrib: ModuleType, name: str, in_app: bool) -> None:
    options, message = LIMITS[name]
    body = whole(
        part("f", bytes(2 * MIB), "f"), part("a", b"x" * 1025), part("g", b"", "g"), part("b", b"")
    )

    async def read(ours: bool) -> Any:
        request = Request(scope(app=None) if in_app else scope(), receiving(body))
        try:
            await (contrib.form(request, **options) if ours else request.form(**options))
        except HTTPException as error:
            return type(error), error.status_code, error.detail
        except MultiPartException as error:
            return type(error), error.message
        return None

    found = run(read(True))
    assert found == run(read(False))
    assert found == ((HTTPException, 400, message) if in_app else (MultiPartException, message))
    assert temporary_files() == []


def test_no_limits(contrib: ModuleType) -> None:
    body = whole(part("a", b"x" * (9 * MIB)), *[part("b", b"")] * 1001)
    options = {"max_fields": math.inf, "max_part_size": math.inf}
    assert len(of(contrib, body, **options)) == 1002


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"nonsense", CONTENT_TYPE),
        (whole(part("f", bytes(2 * MIB), "f"))[:-9], CONTENT_TYPE),
        (whole(b"--" + CONTENT_TYPE[30:].encode() + b"\r\n\r\nx\r\n"), CONTENT_TYPE),
        (whole(), "multipart/form-data"),
    ],
)
def test_malformed_is_400(contrib: ModuleType, body: bytes, content_type: str) -> None:
    async def read() -> None:
        request = Request(scope(content_type, app=None), receiving(body))
        with pytest.raises(HTTPException) as caught:
            await contrib.form(request)
        assert caught.value.status_code == 400
        assert temporary_files() == []

    run(read())


def test_what_is_no_form_is_empty(contrib: ModuleType) -> None:
    async def read() -> None:
        request = Request(scope("text/plain"), receiving(b"x"))
        assert (await contrib.form(request)).multi_items() == []
        assert await request.body() == b"x"

    run(read())


def test_disconnect_and_cancellation_leave_nothing(contrib: ModuleType) -> None:
    begun = part("f", bytes(3 * MIB), "f")[:-2]

    async def read() -> None:
        with pytest.raises(ClientDisconnect):
            await contrib.form(Request(scope(), receiving(begun, disconnect=True)))
        assert temporary_files() == []
        waiting = asyncio.Event()
        first = receiving(begun)

        async def receive() -> Any:
            if waiting.is_set():
                await asyncio.Future()
            waiting.set()
            return await first()

        async def parse() -> None:
            await contrib.form(Request(scope(), receive))

        task = asyncio.ensure_future(parse())
        await waiting.wait()
        while not temporary_files():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(read())
    assert temporary_files() == []
