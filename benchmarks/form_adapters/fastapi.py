"""FastAPI: an application with parameters for files and fields, routing and answer included."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, UploadFile
from fastapi.routing import APIRoute

from partstream.contrib.fastapi import FormRoute

from . import OURS, OWN, Found, Post, asgi

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


def ways() -> dict[str, Post]:
    """What posts, by its name."""
    return {OWN: _post(APIRoute), OURS: _post(FormRoute)}
