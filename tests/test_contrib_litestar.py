"""``partstream.contrib.litestar``, beside Litestar's own request, behind uvicorn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

import litestar.connection.request
import pytest
from litestar import Litestar, Request, post
from litestar.datastructures import UploadFile

from support.asgi_forms import (
    part,
    temporary_files,
    whole,
)  # fmt: skip
from support.asgi_forms import post as send
from support.serving import run, uvicorn_server

MIB = 1 << 20
pytestmark = pytest.mark.usefixtures("directory")
FIELDS = [part(f"field{n}", b"value %d" % n) for n in range(100)]
BODIES = {
    "empty": whole(),
    "text": whole(part("a", "é".encode()), part("b", b""), part("a", b"2")),
    "100 fields": whole(*FIELDS),
    "files": whole(part("f", b"x", "1"), part("f", bytes(2 * MIB), "2"), part("t", b"z")),
    "no file chosen": whole(part("f", b"", "")),
    "too many parts": whole(*FIELDS, part("f", bytes(2 * MIB), "f"), *FIELDS),
    "malformed": b"nonsense",
}
NAMELESS = whole(part("f", bytes(2 * MIB), "f"), part("x", b"").replace(b'; name="x"', b""))
#: Litestar gives a name that is empty to the one, and answers 500 to the other, whose file it
#: leaves open.
LEFT_OPEN = {
    "nameless": NAMELESS,
    "not UTF-8": whole(part("f", bytes(2 * MIB), "f"), part("x", b"\xe9")),
    "name not UTF-8": whole(part("f", bytes(2 * MIB), "f"), part("?", b"")).replace(
        b'"?"', b'"\xe9"'
    ),
    "not UTF-8, no file chosen": whole(part("f", bytes(2 * MIB), "f"), part("x", b"\xff", "")),
}


async def answers(kind: Any) -> dict[str, Any]:
    """Post all of the bodies, and give the statuses and the answers."""

    @post("/", status_code=200)
    async def form(request: Request[Any, Any, Any]) -> list[Any]:
        found: list[Any] = []
        data = await request.form()
        for name, value in data.items():
            if isinstance(value, UploadFile):
                assert isinstance(value.file, tempfile.SpooledTemporaryFile)
                size = len(await value.read())
                kept = [value.filename, value.content_type, value.rolled_to_disk, size]
                value = [*kept, {key.lower(): item for key, item in value.headers.items()}]
            found.append([name, value])
        await data.close()
        return found

    app = Litestar(
        [form], request_class=kind, multipart_form_part_limit=150,
        request_max_body_size=3 * MIB, openapi_config=None, logging_config=None,
    )  # fmt: skip
    found: dict[str, Any] = {}
    async with uvicorn_server(app) as url:
        for name, body in (BODIES if kind is Request else BODIES | LEFT_OPEN).items():
            answer = await send(url, body)
            found[name] = answer.status_code, answer.json()
        answer = await send(url, whole(part("f", bytes(4 * MIB), "f")))
        found["too large"] = answer.status_code, answer.json()
        answer = await send(url, b"", "multipart/form-data")
        found["no boundary"] = answer.status_code, answer.json()
        answer = await send(url, b"a=1&b=2", "application/x-www-form-urlencoded")
        found["urlencoded"] = answer.status_code, answer.json()
    return found


def test_answers_as_litestar_does(
    ps_module: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = run(answers(Request))
    monkeypatch.delattr(litestar.connection.request, "parse_multipart_form")
    ours = run(answers(ps_module("contrib.litestar").FormRequest))
    assert [ours.pop(name)[0] for name in LEFT_OPEN] == [400] * len(LEFT_OPEN)
    assert ours == theirs
    assert [ours[name][0] for name in ("text", "files", "urlencoded")] == [200, 200, 200]
    assert [ours[name][0] for name in ("too many parts", "malformed")] == [400] * 2
    assert ours["too large"][0] == 413
    assert temporary_files() == []


def test_what_fields_take_is_bounded_whatever_files_need(
    ps_module: Callable[[str], ModuleType],
) -> None:
    """A part without data takes five times what is sent; one without a filename is a field."""
    contrib = ps_module("contrib.litestar")
    bodies = [
        whole(*[part("a", b"")] * 20_000),
        whole(part("f", bytes(9 * MIB), "f")),
        whole(*[part("a", b"")] * 40_000),
        whole(part("f", bytes(2 * MIB), "f"), *[part("a", bytes(MIB))] * 8),
        whole(part("f", bytes(2 * MIB), "f"), *[part("a", bytes(MIB), "")] * 8),
    ]

    async def statuses(most: int | None) -> list[int]:
        class Own(contrib.FormRequest):  # type: ignore[name-defined,misc]
            max_fields_size = most

        @post("/", status_code=200)
        async def form(request: Request[Any, Any, Any]) -> int:
            data = await request.form()
            await data.close()
            return len(data)

        app = Litestar(
            [form], request_class=Own, multipart_form_part_limit=100_000,
            request_max_body_size=1 << 30, openapi_config=None, logging_config=None,
        )  # fmt: skip
        async with uvicorn_server(app) as url:
            return [(await send(url, body)).status_code for body in bodies]

    assert contrib.FormRequest.max_fields_size == 8 * MIB
    assert run(statuses(8 * MIB)) == [200, 200, 400, 400, 400]
    assert run(statuses(None)) == [200] * 5
    assert run(statuses(1000)) == [400, 400, 400, 400, 400]
    assert temporary_files() == []
