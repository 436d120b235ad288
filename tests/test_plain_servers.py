"""Forms without a framework: the applications of ``docs/asgi-wsgi.md``, in real servers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import httpx
import pytest

ROOT = Path(__file__).parent.parent
LARGEST = 3_000_000

SERVERS = {
    "uvicorn": ["uvicorn", "plain_asgi:app", "--fd", "FD"],
    "hypercorn": ["hypercorn", "plain_asgi:app", "--bind", "fd://FD"],
    "waitress": ["WAITRESS"],
    "gunicorn": [
        "gunicorn",
        "plain_wsgi:app",
        "--bind",
        "fd://FD",
        "--no-control-socket",
        "--worker-tmp-dir",
        ".",
    ],
}
WAITRESS = """
import socket, waitress, plain_wsgi
waitress.serve(plain_wsgi.app, sockets=[socket.socket(fileno=FD)], _quiet=True)
"""


def write_apps(directory: Path) -> None:
    """Write the applications of the page as modules; their forms have a limit."""
    text = (ROOT / "docs" / "asgi-wsgi.md").read_text()
    blocks = [block.partition("```")[0] for block in text.split("```python\n")[1:]]
    limited = f"Limits(max_total_size={LARGEST}, max_parts=1000)"
    for name, block in zip(("plain_asgi", "plain_wsgi"), blocks, strict=True):
        for call in ('parse_form(scope["headers"], receive', "parse_form(environ, environ"):
            block = block.replace(call, f"{call}, limits={limited}")
        assert limited in block
        (directory / f"{name}.py").write_text("from partstream import Limits\n" + block)


@contextmanager
def serving(name: str, ps: ModuleType, directory: Path) -> Iterator[tuple[str, Path]]:
    """Run a server; it inherits a socket that listens already, so nobody has to wait for it."""
    write_apps(directory)
    spool = directory / "spool"
    spool.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        arguments = [item.replace("FD", str(number)) for item in SERVERS[name]]
        module = arguments[0]
        command = ["-c", WAITRESS.replace("FD", str(number))] if module == "WAITRESS" else None
        env = {
            **os.environ,
            "PYTHONPATH": f"{directory}:{Path(ps.__file__ or '').parent.parent}",
            "TMPDIR": str(spool),
        }
        env.pop("PARTSTREAM_NO_EXTENSIONS", None)
        if ps.BACKEND == "py":
            env["PARTSTREAM_NO_EXTENSIONS"] = "1"
        process = subprocess.Popen(
            [sys.executable, *(command or ["-m", *arguments])],
            env=env, cwd=directory, pass_fds=[number],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/", spool
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def spooled(spool: Path) -> list[str]:
    """Give the temporary files of any process of the server."""
    found = []
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = os.readlink(handle)
        except OSError:
            continue
        if target.startswith(f"{spool}/"):
            found.append(target)
    return found


def cut(url: str) -> None:
    """Send half a form, and go away."""

    async def main() -> None:
        port = int(url.rpartition(":")[2].strip("/"))
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        writer.write(f"{head}Content-Length: 2900000\r\n\r\n".encode())
        writer.write(b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n')
        writer.write(b"\0" * 2_000_000)
        await writer.drain()
        writer.close()

    asyncio.run(main())


@pytest.mark.parametrize("name", SERVERS)
def test_a_form_its_limits_and_a_client_that_goes_away(
    ps: ModuleType, name: str, tmp_path: Path
) -> None:
    head = {"Content-Type": "multipart/form-data; boundary=b"}
    with (
        serving(name, ps, tmp_path) as (url, spool),
        httpx.Client(trust_env=False, timeout=20) as client,
    ):
        files = {"f": ("x", b"\0" * 2_000_000)}
        answer = client.post(url, data={"a": "1", "b": "2"}, files=files)
        assert (answer.status_code, answer.text) == (200, "a, b")
        answer = client.post(url, content=b"--b\r\nno colon\r\n\r\n", headers=head)
        assert answer.status_code == 400
        assert client.post(url, json={}).status_code == 415
        body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
        answer = client.post(url, content=body + b"\0" * (LARGEST + 10), headers=head)
        assert answer.status_code == 413
        cut(url)
        for _ in range(1000):  # until the server has noticed
            assert client.post(url, data={"a": "1"}).text == "a"
            if not spooled(spool):
                break
        assert spooled(spool) == []
