"""FastAPI: ``File()``, ``Form()`` and ``UploadFile`` parameters, read several times as fast.

One line, before the routes are declared, for an application or a router::

    from partstream.contrib.fastapi import FormRoute

    app.router.route_class = FormRoute
    router = APIRouter(route_class=FormRoute)

Parameters, validation, ``form_limits`` and OpenAPI are FastAPI's own and stay as they are; so does
``request.form()`` in an endpoint, which is the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from .starlette import FormRequest

__all__ = ["FormRoute"]


class FormRoute(APIRoute):
    """A route that reads forms with :func:`partstream.contrib.starlette.form`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give FastAPI's own handler, for a request that reads its form in this way."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if not isinstance(request, FormRequest):
                request = FormRequest(request.scope, request.receive, request._send)
            return await handler(request)

        return handle
