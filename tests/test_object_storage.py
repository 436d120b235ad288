"""The recipes of ``docs/object-storage.md``, against real stores: S3 (moto, on loopback), local."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import fsspec
import obstore
import pytest
from obstore.store import LocalStore, MemoryStore, S3Store

from support.serving import run

PAGE = Path(__file__).parent.parent / "docs" / "object-storage.md"
TYPE = "multipart/form-data; boundary=b"
DATA = os.urandom(1 << 20) * 12  # more than one piece of a multipart upload
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}

SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
"""


def namespace(number: int) -> dict[str, Any]:
    """Run the code of a section of the page; its imports find the twin that is tested."""
    block = PAGE.read_text(encoding="utf-8").split("```python\n")[number].partition("```")[0]
    space: dict[str, Any] = {}
    exec(block, space)
    return space


def recipe(number: int) -> Any:
    return namespace(number)["upload"]


def pieces(data: bytes = DATA) -> Iterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="f"; filename="../x"\r\n\r\n'
    for at in range(0, len(data), 65536):
        yield data[at : at + 65536]
    yield b"\r\n--b--\r\n"


class Request:
    """As much of a request as the recipe needs."""

    headers = {"Content-Type": TYPE}  # noqa: RUF012

    async def stream(self) -> Any:
        for piece in pieces():
            yield piece


def environ() -> dict[str, Any]:
    source = pieces()

    class Input:
        def read(self, size: int) -> bytes:
            return next(source, b"")

    return {"CONTENT_TYPE": TYPE, "wsgi.input": Input(), "wsgi.input_terminated": True}


@pytest.fixture(autouse=True)
def no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a temporary file fails, and so does who asks another server than ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9/")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    # In a process of its own: its server makes temporary files, and what it stores is in memory.
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def client(endpoint: str) -> Iterator[Any]:
    client = boto3.client("s3", endpoint_url=endpoint, **KEYS)
    client.create_bucket(Bucket="bucket")
    yield client
    client.close()


def same(data: Any) -> bool:
    return hashlib.sha256(data).digest() == hashlib.sha256(DATA).digest()


@pytest.mark.parametrize("kind", ["memory", "local", "s3"])
def test_obstore(ps: ModuleType, client: Any, endpoint: str, kind: str, tmp_path: Path) -> None:
    store: Any
    if kind == "memory":
        store = MemoryStore()
    elif kind == "local":
        store = LocalStore(tmp_path)
    else:
        store = S3Store(
            "bucket", endpoint=endpoint, access_key_id="a", secret_access_key="b",
            region="us-east-1", client_options={"allow_http": True},
        )  # fmt: skip

    async def main() -> Any:
        (key,) = await recipe(1)(Request(), store)
        reader = ps.MultipartReader(TYPE, Request())
        async for part in reader:
            await obstore.put_async(store, "read", part)
        return [bytes(obstore.get(store, name).bytes()) for name in (key, "read")]

    assert all(map(same, run(main())))


@pytest.mark.parametrize("source", ["form", "reader"])
def test_boto3(ps_module: Callable[[str], ModuleType], client: Any, source: str) -> None:
    if source == "form":
        (key,) = recipe(2)(environ(), client, "bucket")
    else:
        key = "read"
        for part in ps_module("sync").MultipartReader(TYPE, pieces()):
            client.upload_fileobj(part, "bucket", key, Config=namespace(2)["PIECES"])
    found = client.get_object(Bucket="bucket", Key=key)
    assert same(found["Body"].read())
    assert found["ETag"].endswith('-3"')  # pieces, all but the last of 5 MiB: no read was short


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_fsspec(ps_module: Callable[[str], ModuleType], kind: str, tmp_path: Path) -> None:
    filesystem = fsspec.filesystem(kind)
    (path,) = recipe(3)(environ(), filesystem, str(tmp_path))
    assert same(filesystem.cat_file(path))
    for part in ps_module("sync").MultipartReader(TYPE, pieces()):
        with filesystem.open(f"{tmp_path}/read", "wb") as target:
            shutil.copyfileobj(part, target)
    assert same(filesystem.cat_file(f"{tmp_path}/read"))


MEMORY = """
import os, sys, time
sys.path[:0] = [{tests!r}]
import test_object_storage as t
def body():
    yield b'--b\\r\\nContent-Disposition: form-data; name="f"; filename="x"\\r\\n\\r\\n'
    for _ in range(4096):
        yield bytes(65536)
    yield b"\\r\\n--b--\\r\\n"
def peak():
    # Of this program alone: ru_maxrss begins with what the parent had.
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
if {kind!r} == "obstore":
    class Request:
        headers = {{"Content-Type": t.TYPE}}
        async def stream(self):
            for piece in body():
                yield piece
    before = peak()
    t.run(t.recipe(1)(Request(), t.LocalStore({path!r})))
else:
    t.pieces = body
    before = peak()
    if {kind!r} == "boto3":
        client = t.boto3.client("s3", endpoint_url={endpoint!r}, **t.KEYS)
        t.recipe(2)(t.environ(), client, "bucket")
    else:
        t.recipe(3)(t.environ(), t.fsspec.filesystem("file"), {path!r})
print(peak() - before, flush=True)
# A thread of obstore's that has told the event loop that it is done has to get the interpreter once
# more, to come out of call_soon_threadsafe(). Where the program is at its end by then, CPython ends
# that thread, which Rust takes for an exception of another language: the process is aborted. One in
# six was, also without partstream (obstore 0.12.1, PyO3/pyo3-async-runtimes#40). No other thread
# runs Python when it is out of there.
end = time.monotonic() + 10
while len(sys._current_frames()) > 1 and time.monotonic() < end:
    os.sched_yield()
"""

#: MiB that a part of 256 MiB may take; 10 to 54, 108 and 2 were measured. obstore holds pieces of
#: 5 MiB for up to 12 writes at once, as many as the disk is late; boto3 for its 10 threads, and 10
#: more that wait.
NEEDS = {"obstore": 75, "boto3": 135, "fsspec": 4}


@pytest.mark.parametrize("kind", NEEDS)
def test_memory_is_bounded(client: Any, endpoint: str, kind: str, tmp_path: Path) -> None:
    script = MEMORY.format(
        tests=str(Path(__file__).parent), kind=kind, path=str(tmp_path), endpoint=endpoint
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert int(found.stdout) < NEEDS[kind] * 1024, kind
