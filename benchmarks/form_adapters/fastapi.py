"""FastAPI: an application with parameters for files and fields, routing and answer included."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Request, Response, UploadFile
from fastapi.routing import APIRoute

from partstream.contrib.fastapi import FormRoute

from ..body import Part
from . import NOTHING, OURS, OWN, Found, Post, asgi
from .starlette import null

FRAMEWORK = "FastAPI"


def _post(kind: type[APIRoute]) -> Post:
    found: list[Found] = []
    router = APIRouter(route_class=kind)

    @router.post("/")
    async def read(
        field: Annotated[list[str] | None, Form()] = None, file: list[UploadFile] | None = None
    ) -> None:
        sizes = [item.size or 0 for item in file or ()]
        found.append((len(field or ()), sum(sizes)))

    app = FastAPI(openapi_url=None)
    app.include_router(router)
    return asgi(app, found)


def _null(parts: list[Part]) -> type[APIRoute]:
    kind = null(parts)

    class Null(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                return await handler(kind(request.scope, request.receive, request._send))

            return handle

    return Null


def ways(parts: list[Part]) -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(APIRoute), OURS: _post(FormRoute), NOTHING: _post(_null(parts))}
