"""``partstream.contrib.aiohttp.post``: what ``request.post()`` gives, in aiohttp's own server."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from support.asgi_forms import temporary_files
from support.serving import run

Module = Callable[[str], ModuleType]
pytestmark = pytest.mark.usefixtures("directory")

HEAD = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
def contrib(ps_module: Module) -> ModuleType:
    return ps_module("contrib.aiohttp")


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Any], **limits: int) -> AsyncIterator[str]:
    app = web.Application(**limits)
    app.router.add_route("*", "/", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def shown(data: Any) -> list[Any]:
    """Give all that a form holds, in an order, so that two forms compare."""
    found: list[Any] = []
    for name, value in data.items():
        if isinstance(value, web.FileField):
            head = (value.name, value.filename, value.content_type, list(value.headers.items()))
            found.append((name, *head, hashlib.sha256(value.file.read()).hexdigest()))
        else:
            found.append((name, type(value), value))
    return found


def sent(
    contrib: ModuleType,
    body: bytes,
    head: dict[str, str] = HEAD,
    options: dict[str, Any] | None = None,
    **limits: int,
) -> Any:
    """Post a body, and give the status, the text, and the form as we and as aiohttp read it.

    With ``options`` of ours, aiohttp does not.
    """
    forms: list[Any] = []

    async def ours(request: web.Request) -> web.Response:
        data = await contrib.post(request, **options or {})
        assert await contrib.post(request) is data is await request.post()
        forms.append(shown(data))
        return web.Response()

    async def theirs(request: web.Request) -> web.Response:
        forms.append(shown(await request.post()))
        return web.Response()

    async def main() -> Any:
        async with aiohttp.ClientSession() as session, serving(ours, **limits) as url:
            async with session.post(url, data=io.BytesIO(body), headers=head) as response:
                status, text = response.status, await response.text()
            if status == 200 and options is None:
                async with serving(theirs, **limits) as other:
                    await session.post(other, data=io.BytesIO(body), headers=head)
        return status, text, forms

    return run(main())


def part(head: str, body: bytes) -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + body + b"\r\n"


FORMS = {
    "text": part('name="a"', b"1") + part('name="a"', "z\u00e4h".encode()),
    "files": part('name="f"; filename="x.txt"\r\nContent-Type: text/Plain; a=b', b"data")
    + part('name="f"; filename="y"', b"\0" * 100_000),
    "empty-input": part('name="f"; filename=""\r\nContent-Type: application/octet-stream', b""),
    "typed-fields": part('name="j"\r\nContent-Type: application/json', b"{}")
    + part('name="t"\r\nContent-Type: text/plain; charset=latin-1', b"\xe4"),
    "typed-input": part(
        'name="f"; filename=""\r\nContent-Type: text/plain; charset=latin-1', b"\xe4"
    ),
    "encoded": part('name="e"\r\nContent-Transfer-Encoding: base64', b"aGVsbG8="),
    "many": b"".join(part(f'name="n{at}"', b"x" * at) for at in range(100)),
    "large": part('name="f"; filename="big"', b"\1\2\3" * 700_000),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_what_request_post_gives(contrib: ModuleType, name: str) -> None:
    status, text, forms = sent(contrib, FORMS[name] + b"--b--\r\n", client_max_size=0)
    assert (status, text) == (200, "")
    ours, theirs = forms
    assert ours
    assert ours == theirs
    assert temporary_files() == []


def test_an_urlencoded_form(contrib: ModuleType) -> None:
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, (ours, theirs) = sent(contrib, b"a=1&b=%C3%A4+x&a=&c", head)
    assert status == 200
    assert ours == theirs
    assert [value for _, _, value in ours] == ["1", "\u00e4 x", "", ""]


def test_an_urlencoded_form_is_read_as_url_has_it(contrib: ModuleType) -> None:
    """What cannot be decoded is replaced, and a field that is named _charset_ is a field."""
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, (ours, theirs) = sent(contrib, b"_charset_=latin-1&a=%FF%zz&b=%C3%A4", head)
    assert status == 200
    assert ours == theirs
    assert [value for _, _, value in ours] == ["latin-1", "\ufffd%zz", "\u00e4"]
    head = {"Content-Type": "application/x-www-form-urlencoded; charset=latin-1"}
    _, _, (ours, theirs) = sent(contrib, b"a=%E4&b=\xe4", head)
    assert ours == theirs
    assert [value for _, _, value in ours] == ["\u00e4"] * 2


def test_other_content_types_give_nothing(contrib: ModuleType) -> None:
    assert sent(contrib, b"{}", {"Content-Type": "application/json"})[2] == [[], []]


BAD = {
    "cut-short": (HEAD, part('name="f"; filename="x"', b"\0" * 2_000_000)),
    "nothing": (HEAD, b""),
    "no-boundary": ({"Content-Type": "multipart/form-data"}, b"--b--"),
    "nameless": (HEAD, b"--b\r\n\r\nx\r\n--b--\r\n"),
    "header": (HEAD, b"--b\r\nno colon\r\n\r\nx\r\n--b--\r\n"),
    "text": (HEAD, part('name="a"', b"\xff") + b"--b--\r\n"),
    "charset": (HEAD, part('name="a"\r\nContent-Type: text/plain; charset=x', b"") + b"--b--\r\n"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_form_is_a_bad_request(contrib: ModuleType, name: str) -> None:
    head, body = BAD[name]
    status, text, forms = sent(contrib, body, head, client_max_size=0)
    assert (status, forms) == (400, [])
    assert "[" in text
    assert temporary_files() == []


def test_over_client_max_size(contrib: ModuleType) -> None:
    body = part('name="f"; filename="x"', b"\0" * 2_000_000) + b"--b--\r\n"
    most = len(body)
    assert sent(contrib, body, client_max_size=most)[0] == 200
    status, text, forms = sent(contrib, body, client_max_size=most - 1)
    assert (status, text) == (413, f"Maximum request body size {most - 1} exceeded.")
    assert forms == []
    assert temporary_files() == []


@pytest.mark.parametrize("head", [HEAD, {"Content-Type": "application/x-www-form-urlencoded"}])
def test_over_client_max_fields(contrib: ModuleType, head: dict[str, str]) -> None:
    body = FORMS["many"] + b"--b--\r\n" if head is HEAD else b"&".join([b"a=1"] * 100)
    assert sent(contrib, body, head, client_max_fields=100)[0] == 200
    status, text, _ = sent(contrib, body, head, client_max_fields=99)
    assert (status, text) == (413, "Maximum number of form fields 99 exceeded.")


def test_no_limits(contrib: ModuleType) -> None:
    """What aiohttp takes for none; what all fields take together stays bounded, as in any form."""
    end = b"--b--\r\n"
    for most in (0, -1):
        limits = {"client_max_size": most, "client_max_fields": most}
        status, _, (ours, theirs) = sent(
            contrib, part('name="a"', b"x" * 2_000_000) + end, **limits
        )
        assert status == 200
        assert ours == theirs
        status, _, (ours, theirs) = sent(contrib, part('name="a"', b"x") * 1001 + end, **limits)
        assert (status, len(ours)) == (200, 1001)
        assert ours == theirs
    status, text, _ = sent(contrib, part('name="a"', b"x" * 9_000_000) + end, client_max_size=0)
    assert status == 413
    assert text.startswith("over the limit max_fields_size=8388608 bytes")


def body_of(kind: str, count: int) -> tuple[bytes, dict[str, str]]:
    """Give a form of so many fields that are as short as can be."""
    if kind == "urlencoded":
        return b"a&" * count, {"Content-Type": "application/x-www-form-urlencoded"}
    return part('name="a"', b"") * count + b"--b--\r\n", HEAD


@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
def test_what_fields_take_is_bounded_whatever_files_need(contrib: ModuleType, kind: str) -> None:
    """A field of two bytes takes fifty times that in memory, and is charged for twice as much."""
    limits = {"client_max_size": 1 << 30, "client_max_fields": 0}
    body, head = body_of(kind, 20_000)
    status, _, (ours,) = sent(contrib, body, head, {}, **limits)  # aiohttp takes half a minute
    assert status == 200
    assert len(ours) == 20_000
    body, head = body_of(kind, 40_000)
    status, text, forms = sent(contrib, body, head, **limits)
    assert (status, forms) == (413, [])
    assert text.startswith("over the limit max_fields_size=8388608 bytes")
    assert sent(contrib, body, head, {"max_fields_size": None}, **limits)[0] == 200
    body, head = body_of(kind, 1000)
    assert sent(contrib, body, head, {"max_fields_size": 100_000}, **limits)[0] == 413


def test_so_is_a_file_input_without_a_filename(contrib: ModuleType) -> None:
    """It is a field, and in memory."""
    body = part('name="f"; filename="x"', bytes(2_000_000))
    body += part('name="f"; filename=""', bytes(1_000_000)) * 9 + b"--b--\r\n"
    status, text, forms = sent(contrib, body, client_max_size=1 << 30)
    assert (status, forms) == (413, [])
    assert text.startswith("over the limit max_fields_size=8388608 bytes")
    assert temporary_files() == []


def test_where_aiohttp_does_not_say_what_it_allows(
    contrib: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 3.14, it counted no fields; 1 MiB is what all of them allow by default."""
    with monkeypatch.context() as patch:
        patch.delattr(web.BaseRequest, "client_max_fields", raising=False)
        patch.delattr(web.BaseRequest, "client_max_size")
        assert sent(contrib, part('name="a"', b"") * 1001 + b"--b--\r\n", options={})[0] == 200
        status, text, _ = sent(contrib, part('name="a"', bytes(1 << 20)))
    assert (status, text) == (413, "Maximum request body size 1048576 exceeded.")
