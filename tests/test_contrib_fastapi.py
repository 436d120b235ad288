"""``partstream.contrib.fastapi``: parameters and OpenAPI as FastAPI's own, behind uvicorn."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from types import ModuleType
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, File, Form, Request, UploadFile
from starlette.formparsers import MultiPartParser

from support.asgi_forms import (
    part,
    post,
    temporary_files,
    whole,
)  # fmt: skip
from support.serving import run, uvicorn_server

MIB = 1 << 20
pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def route(ps_module: Callable[[str], ModuleType]) -> Any:
    return ps_module("contrib.fastapi").FormRoute


def declare(target: Any) -> None:
    """Declare the routes that the tests post to."""

    @target.post("/upload")
    async def upload(
        title: Annotated[str, Form()],
        tags: Annotated[list[str], Form()],
        count: Annotated[int, Form()],
        files: list[UploadFile],
        raw: Annotated[bytes, File()] = b"none",
        note: Annotated[str | None, Form()] = None,
    ) -> dict[str, Any]:
        named = [[item.filename, item.size, len(await item.read())] for item in files]
        return {"title": title, "tags": tags, "count": count, "files": named, "raw": len(raw)}

    @target.post("/items")
    async def items(request: Request) -> list[str]:
        async with request.form(max_fields=200) as data:
            return [name for name, _ in data.multi_items()]

    @target.post("/json")
    async def body(content: dict[str, int]) -> dict[str, int]:
        return content


def application(route: Any = None, router: bool = False) -> FastAPI:
    """Make an application, with ours where a route class is given."""
    app = FastAPI()
    if router:
        target = APIRouter(**({"route_class": route} if route else {}))
        declare(target)
        app.include_router(target)
    else:
        if route:
            app.router.route_class = route
        declare(app)
    return app


TEXTS = (part("title", "é".encode()), part("tags", b"a"), part("tags", b"b"), part("count", b"3"))
BODIES = {
    "whole": whole(*TEXTS, part("files", b"x", "1"), part("files", bytes(2 * MIB), "2")),
    "bytes": whole(*TEXTS, part("files", b"x", "1"), part("raw", b"12345", "r")),
    "invalid": whole(*TEXTS[:3], part("count", b"many"), part("files", b"x", "1")),
    "missing": whole(*TEXTS),
    "no file chosen": whole(*TEXTS, part("files", b"", "")),
    "too many": whole(*TEXTS, *[part("files", b"", "f")] * 1001),
    "too large": whole(*TEXTS, part("files", bytes(2 * MIB), "f"), part("note", bytes(MIB + 1))),
}


async def answers(app: FastAPI) -> dict[str, Any]:
    """Post all of the bodies, and give the statuses and the answers."""
    found: dict[str, Any] = {}
    async with uvicorn_server(app) as url:
        for name, body in BODIES.items():
            answer = await post(f"{url}upload", body)
            found[name] = answer.status_code, answer.json()
        fields = whole(*[part(f"f{n}", b"%d" % n) for n in range(100)])
        answer = await post(f"{url}items", fields)
        found["100 fields"] = answer.status_code, answer.json()
        answer = await post(f"{url}items", b"", "application/x-www-form-urlencoded")
        found["nothing"] = answer.status_code, answer.json()
        answer = await post(f"{url}json", b'{"a":1}', "application/json")
        found["json"] = answer.status_code, answer.json()
        answer = await post(f"{url}upload", b"nonsense")
        found["malformed"] = answer.status_code
    return found


@pytest.mark.parametrize("router", [False, True])
def test_answers_as_fastapi_does(route: Any, router: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = run(answers(application(router=router)))
    # From here on, whatever asks Starlette's parser is seen.
    monkeypatch.delattr(MultiPartParser, "parse")
    ours = run(answers(application(route, router)))
    assert ours == theirs
    assert ours["whole"][0] == 200
    assert ours["whole"][1]["files"] == [["1", 1, 1], ["2", 2 * MIB, 2 * MIB]]
    statuses = [
        ours[name][0] for name in ("invalid", "missing", "no file chosen", "too many", "too large")
    ]
    assert statuses == [422, 422, 422, 400, 400]
    assert ours["malformed"] == 400
    assert temporary_files() == []


def test_openapi_is_unchanged(route: Any) -> None:
    schema = application(route).openapi()
    assert schema == application().openapi()
    assert "multipart/form-data" in schema["paths"]["/upload"]["post"]["requestBody"]["content"]


if "form_limits" in signature(APIRouter).parameters:  # before that, there is nothing to be tested

    def test_form_limits_are_fastapis(route: Any) -> None:
        def limited(kind: dict[str, Any]) -> FastAPI:
            router = APIRouter(form_limits={"max_fields": 2}, **kind)

            @router.post("/")
            async def few(a: Annotated[list[str], Form()]) -> list[str]:
                return a

            app = FastAPI()
            app.include_router(router)
            return app

        async def main() -> list[tuple[int, Any]]:
            found = []
            for kind in ({}, {"route_class": route}):
                async with uvicorn_server(limited(kind)) as url:
                    for count in (2, 3):
                        answer = await post(url, whole(*[part("a", b"1")] * count))
                        found.append((answer.status_code, answer.json()))
            return found

        found = run(main())
        assert found[2:] == found[:2]
        assert [status for status, _ in found[2:]] == [200, 400]
