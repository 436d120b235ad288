"""The servers of the soak: a process with every way to read a form, under aiohttp or uvicorn.

Usage: python tests/soak/server.py {aiohttp,uvicorn} FD LOG [FAULT]

FD is a socket that listens.  What is logged at WARNING or above goes to LOG, a line of JSON each.
With a fault, something is wrong on purpose, so that the soak can be seen to fail: see ``FAULTS``.

``GET /state`` collects garbage, and tells what the process holds.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path[0] = str(Path(__file__).parent.parent)

import partstream  # noqa: E402
from partstream import Limits, MultipartError, MultipartReader, parse_form  # noqa: E402
from support import form_apps  # noqa: E402
from support.form_apps import BODY, FIELD_SIZE, PARTS  # noqa: E402

#: Integrations that share the process of uvicorn.
ASGI: Final = ("starlette", "fastapi", "litestar", "quart", "django-asgi")

#: What the body of a part may be once it is decoded: see the bombs in ``kinds.py``.
DECODED: Final = 4 << 20

_SMALL: Final = Limits(
    max_parts=PARTS, max_read_size=FIELD_SIZE, max_total_size=BODY, max_decoded_size=DECODED
)
_LARGE: Final = Limits(max_parts=PARTS, max_read_size=FIELD_SIZE, max_decoded_size=DECODED)
_FORM: Final = Limits(max_parts=PARTS, max_field_size=FIELD_SIZE, max_total_size=BODY)
_FORM_LARGE: Final = Limits(max_parts=PARTS, max_field_size=FIELD_SIZE)

#: What a fault keeps.
_kept: list[Any] = []


def _keep_handle() -> None:
    _kept.append(open(os.devnull, "rb"))  # noqa: SIM115


def _keep_memory() -> None:
    _kept.append(os.urandom(1 << 20))


def _keep_objects() -> None:
    _kept.append([[] for _ in range(100)])


def _keep_file() -> None:
    descriptor, _ = tempfile.mkstemp()
    os.close(descriptor)


def _keep_task() -> None:
    _kept.append(asyncio.ensure_future(asyncio.Event().wait()))


def _log() -> None:
    logging.getLogger("soak").error("planted")


def _raise() -> None:
    raise KeyError("planted")


def _nothing() -> None:
    """No fault: what each good form does."""


#: What may be wrong on purpose: it happens at each form that :func:`_read` reads.
FAULTS: Final[dict[str, Callable[[], None]]] = {
    "handle": _keep_handle,
    "memory": _keep_memory,
    "objects": _keep_objects,
    "file": _keep_file,
    "task": _keep_task,
    "log": _log,
    "500": _raise,
    "digest": _nothing,  # see _read()
}
_fault = _nothing
_wrong = False


async def _read(headers: Any, source: Any, large: bool) -> str:
    """Read a form by the reader, and tell in JSON what is in it: as ``form_apps.told()``."""
    _fault()
    found: dict[str, list[Any]] = {"fields": [], "files": []}
    async for part in MultipartReader(headers, source, limits=_LARGE if large else _SMALL):
        if isinstance(part, MultipartReader):
            await part.release()
        elif part.filename is None:
            found["fields"].append([part.name, await part.text()])
        elif "Content-Encoding" in part.headers or "Content-Transfer-Encoding" in part.headers:
            data = await part.read(decode=True)
            found["files"].append([part.name, part.filename, *form_apps.digest([data])])
        else:
            size, sha = 0, hashlib.sha256(b"x" if _wrong else b"")
            async for chunk in part:
                size += len(chunk)
                sha.update(chunk)
            found["files"].append([part.name, part.filename, size, sha.hexdigest()])
    form_apps._Count.forms += 1
    return json.dumps(found)


async def _parsed(headers: Any, source: Any, large: bool) -> str:
    """Read a form by ``parse_form``, and tell the same."""
    async with parse_form(headers, source, limits=_FORM_LARGE if large else _FORM) as form:
        found: dict[str, list[Any]] = {"fields": [*form.fields.items()], "files": []}
        for name, file in form.files.items():
            size, sha = 0, hashlib.sha256()
            while data := await file.read(1 << 20):
                size += len(data)
                sha.update(data)
            found["files"].append([name, file.filename, size, sha.hexdigest()])
    form_apps._Count.forms += 1
    return json.dumps(found)


def _state() -> str:
    gc.collect()
    return json.dumps({
        "forms": form_apps._Count.forms,
        "backend": partstream.BACKEND,
        "tasks": len(asyncio.all_tasks()),
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
    })  # fmt: skip


# aiohttp


def _for_aiohttp() -> Any:
    from aiohttp import web

    def handler(read: Any, large: bool) -> Any:
        async def answer(request: web.Request) -> web.Response:
            try:
                text = await read(request.headers, request.content, large)
            except MultipartError as error:
                return web.Response(status=error.http_status, text=str(error))
            except OSError:  # the client has gone
                return web.Response(status=400)
            return web.Response(text=text, content_type="application/json")

        return answer

    async def state(request: web.Request) -> web.Response:
        return web.Response(text=_state())

    app = form_apps.aiohttp()
    app.router.add_get("/state", state)
    for path, read in (("/reader", _read), ("/form", _parsed)):
        app.router.add_post(f"{path}/", handler(read, False))
        app.router.add_post(f"{path}/large", handler(read, True))
    return app


def _serve_aiohttp(listener: socket.socket) -> None:
    from aiohttp import web

    web.run_app(_for_aiohttp(), sock=listener, access_log=None, print=None)


# uvicorn


def _apps() -> dict[str, Any]:
    found = {}
    for name in ASGI:
        os.environ["FORM_APP"] = name
        found[name] = form_apps.APPS[name][0]()
    return found


def _for_uvicorn() -> Any:
    apps = _apps()

    async def respond(send: Any, status: int, text: str) -> None:
        body = text.encode()
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def own(read: Any, scope: Any, receive: Any, send: Any) -> None:
        try:
            text = await read(scope["headers"], receive, scope["path"].endswith("large"))
        except MultipartError as error:
            await respond(send, error.http_status, str(error))
        else:
            await respond(send, 200, text)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        name, _, path = scope["path"][1:].partition("/")
        if name == "state":
            await respond(send, 200, _state())
        elif name in ("reader", "form"):
            await own(_read if name == "reader" else _parsed, scope, receive, send)
        else:
            inner = dict(scope, path=f"/{path}", raw_path=f"/{path}".encode())
            await apps[name](inner, receive, send)

    return app


def _serve_uvicorn(listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        _for_uvicorn(), lifespan="off", ws="none", log_config=None, access_log=False,
        timeout_graceful_shutdown=2, timeout_keep_alive=60,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])


# The process


class _Lines(logging.FileHandler):
    """Writes what is logged as lines of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        raised = record.exc_info[1] if record.exc_info else None
        return json.dumps({
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:2000],
            "raised": type(raised).__name__ if raised is not None else None,
            "traceback": logging.Formatter().formatException(record.exc_info)[-2000:]
            if record.exc_info and raised is not None else None,
        })  # fmt: skip


def _logged(path: str) -> None:
    handler = _Lines(path)
    handler.setLevel(logging.WARNING)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(True)
    # What could not be raised (in __del__, in callbacks) is an error too.
    sys.unraisablehook = lambda info: logging.getLogger("soak").error(
        "unraisable, in %r", info.object, exc_info=info.exc_value
    )


def main(arguments: list[str]) -> None:
    """Serve until a signal comes."""
    global _fault, _wrong
    kind, number, log, *fault = arguments
    _logged(log)
    if fault:
        _fault, _wrong = FAULTS[fault[0]], fault[0] == "digest"
    listener = socket.socket(fileno=int(number))
    {"aiohttp": _serve_aiohttp, "uvicorn": _serve_uvicorn}[kind](listener)


if __name__ == "__main__":
    main(sys.argv[1:])
