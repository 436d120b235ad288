"""``examples/upload_server.py`` for tests: imported, served, run as a command, and sent to."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from .serving import httpx_client, uvicorn_server

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
JSON = {"Accept": "application/json"}
TYPE = "multipart/form-data; boundary=b"
#: Behind the last part.
END = b"\r\n--b--\r\n"


def example_of(ps: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the example, on the twin that ``ps`` is."""
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])
    monkeypatch.delitem(sys.modules, "_uploads", raising=False)
    spec = importlib.util.spec_from_file_location("upload_server", EXAMPLES / "upload_server.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.partstream is ps
    return module


@contextmanager
def settings(folder: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int = 100) -> Iterator[Path]:
    """Set what ``main`` sets for the workers, and give the directory for files, for a while."""
    kept, reports = folder / "files", folder / "reports"
    for directory in (kept, reports):
        directory.mkdir(parents=True)
    values = {"directory": str(kept), "reports": str(reports), "megabytes": megabytes}
    with monkeypatch.context() as patch:
        patch.setenv("UPLOAD_SERVER_SETTINGS", json.dumps(values))
        yield kept
    shutil.rmtree(kept, ignore_errors=True)  # a test may have done so


def head(filename: str) -> bytes:
    """Begin a part."""
    return (
        f'--b\r\nContent-Disposition: form-data; name="files"; filename="{filename}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()


@dataclass
class Served:
    """A server: its address, and where its files are kept."""

    url: str
    kept: Path
    process: asyncio.subprocess.Process | None = None

    def names(self) -> list[str]:
        """Give the names of all that is kept, without the ids of uploads."""
        return sorted(path.name for path in self.kept.rglob("*") if path.is_file())


@asynccontextmanager
async def command(ps: ModuleType, tmp_path: Path, *options: str) -> AsyncIterator[Served]:
    """Run the example as its users do, and give it when all its workers listen."""
    kept, temporary = tmp_path / "kept", tmp_path / "temporary"
    temporary.mkdir(exist_ok=True)
    workers = options[options.index("--workers") + 1] if "--workers" in options else "1"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(EXAMPLES / "upload_server.py"), "--port", "0",
        "--directory", str(kept), *options, stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, env={
            **os.environ, "TMPDIR": str(temporary),
            "PYTHONPATH": str(Path(ps.__file__ or "").parent.parent),
        },
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said, url, ready = b"", "", 0
        while not url or ready < int(workers):
            said += (line := await process.stderr.readline())
            assert line, said.decode()
            ready += b"startup complete" in line
            if found := re.search(rb"running on (http://[\d.:]+)", line):
                url = found[1].decode()
        yield Served(url, kept, process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@asynccontextmanager
async def served(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int = 100
) -> AsyncIterator[Served]:
    """Serve the example within the test."""
    example = example_of(ps, monkeypatch)
    with settings(tmp_path, monkeypatch, megabytes) as kept:
        async with uvicorn_server(example.application()) as url:
            yield Served(url.rstrip("/"), kept)


@asynccontextmanager
async def sending(url: str, path: str, length: int) -> AsyncIterator[Any]:
    """Begin an upload of so many bytes, and give the streams of its connection."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {TYPE}\r\n"
            f"Accept: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        yield reader, writer
    finally:
        writer.close()


async def report(url: str, until: Callable[[Any], bool]) -> Any:
    """Ask for the report of an upload, by a new connection each time, until it is as wanted."""
    while True:
        async with httpx_client() as client:
            response = await client.get(url)
        if response.status_code == 200 and until(response.json()):
            return response.json()


def new_path() -> str:
    return f"/uploads/{uuid.uuid4().hex}"


async def post(url: str, body: Any, content_type: str = TYPE, **headers: str) -> httpx.Response:
    async with httpx_client() as client:
        sent = {"Content-Type": content_type, **headers}
        return await client.post(url, content=body, headers=sent)
