"""Uploads in the browser: drag and drop, a progress bar, and each file in a table as it arrives.

Run ``python examples/upload_server.py`` where partstream, starlette and uvicorn are installed, and
open the address that it prints.  It also takes ``curl -F file=@photo.jpg http://.../uploads``.
``receive`` is where partstream reads; what becomes of the files stands in ``_uploads.py``, the
page in ``upload_page/``.  Anyone who can reach the port can upload: there are no users here.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from _uploads import Report, Store, reason
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

import partstream

HERE = Path(__file__).parent
#: The variable of the environment by which the workers get what the command line says.
SETTINGS = "UPLOAD_SERVER_SETTINGS"
MEGABYTE = 10**6
PAGE = {
    "/": ("index.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/chart.js": ("chart.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
}
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def page(request: Request) -> Response:
    """Give a file of the page."""
    name, media_type = PAGE[request.url.path]
    return FileResponse(HERE / "upload_page" / name, headers=HEADERS, media_type=media_type)


async def receive(request: Request) -> Response:
    """Receive an upload: each file goes where it belongs while it arrives."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return refused("Only pages of this server may upload to it.", 403)
    upload_id = request.path_params.get("id") or uuid.uuid4()
    length = request.headers.get("content-length")
    store: Store = request.app.state.store
    limits: partstream.Limits = request.app.state.limits
    try:
        upload = store.upload(upload_id.hex, int(length) if length else None, partstream.BACKEND)
    except FileExistsError:
        return refused("There is an upload of this id.", 409)
    except OSError as error:
        return refused(f"Nothing can be kept: {reason(error)}.", 507)
    try:
        async with upload:
            if length and limits.max_total_size is not None and int(length) > limits.max_total_size:
                raise partstream.LimitExceeded(
                    f"the body has {int(length):,} bytes, and at most {limits.max_total_size:,} "
                    "are taken",
                    code="max_total_size",
                )
            async with partstream.parse_form(
                request.headers, request, limits=limits, on_file=upload.take
            ):
                pass  # Fields that are no files were read, and are not kept.
    except partstream.MultipartError as error:
        return answer(request, upload.report, error.http_status)
    except ClientDisconnect:
        return answer(request, upload.report, 400)  # which nobody hears
    except OSError:
        return answer(request, upload.report, 507)  # Insufficient Storage
    return answer(request, upload.report, 200)


def answer(request: Request, report: Report, status: int) -> Response:
    """Say what became of an upload: to the page, or to somebody who has no script."""
    headers = {**HEADERS, "Cache-Control": "no-store"}
    if status != 200:
        headers["Connection"] = "close"  # The rest of the body was not read.
    if "application/json" in request.headers.get("accept", ""):
        return Response(report.json(), status, headers, "application/json")
    return PlainTextResponse(report.text(), status, headers)


def refused(text: str, status: int) -> Response:
    """Refuse a request, of which nothing was read."""
    return PlainTextResponse(f"{text}\n", status, {**HEADERS, "Connection": "close"})


async def look(request: Request) -> Response:
    """Say how far an upload has come, whichever worker receives it."""
    found = request.app.state.store.report(request.path_params["id"].hex)
    headers = {**HEADERS, "Cache-Control": "no-store"}
    if found is None:
        return PlainTextResponse("Nothing is known of this upload.\n", 404, headers)
    return Response(found, 200, headers, "application/json")


def application() -> Starlette:
    """Give the server, with the settings that ``main`` left in the environment."""
    settings = json.loads(os.environ[SETTINGS])
    app = Starlette(
        routes=[
            *(Route(path, page) for path in PAGE),
            Route("/uploads", receive, methods=["POST"]),
            Route("/uploads/{id:uuid}", receive, methods=["POST"]),
            Route("/uploads/{id:uuid}", look),
        ]
    )
    app.state.store = Store(Path(settings["directory"]), Path(settings["reports"]))
    app.state.store.clean()
    app.state.limits = replace(
        partstream.Limits.FORM,
        max_files=100,
        max_fields=100,
        max_fields_size=MEGABYTE,
        max_total_size=settings["megabytes"] * MEGABYTE,
    )
    return app


def number(text: str) -> int:
    """Read a number that is at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def port(text: str) -> int:
    """Read the value of ``--port``."""
    value = int(text)
    if not 0 <= value < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 65535")
    return value


def arguments() -> argparse.Namespace:
    """Read the command line."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--host", default="127.0.0.1", help="to listen at, 127.0.0.1 by default")
    options.add_argument("--port", type=port, default=8000, help="0 for any that is free")
    options.add_argument("--workers", type=number, default=1, help="processes, 1 by default")
    options.add_argument(
        "--directory", type=Path, help="for the files; by default they go when the server ends"
    )
    options.add_argument(
        "--megabytes", type=number, default=1000, help="of the largest upload, 1000 by default"
    )
    return options.parse_args()


def main() -> None:
    """Serve until interrupted."""
    options = arguments()
    # By default SIGTERM ends a process on the spot, and temporary files would stay.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="uploads-") as temporary:
        reports = Path(temporary, "reports")
        reports.mkdir()
        directory = (options.directory or Path(temporary, "files")).absolute()
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SystemExit(f"cannot keep files in {directory}: {error}") from None
        os.environ[SETTINGS] = json.dumps(
            {
                "directory": str(directory),
                "reports": str(reports),
                "megabytes": options.megabytes,
            }
        )
        print(f"Files are kept in {directory}", flush=True)
        # Workers are processes of their own, which import the application by its name.
        uvicorn.run(
            "upload_server:application", factory=True, app_dir=str(HERE), host=options.host,
            port=options.port, workers=options.workers, access_log=False, server_header=False,
            timeout_graceful_shutdown=3,
        )  # fmt: skip


if __name__ == "__main__":
    main()
