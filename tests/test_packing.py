"""``partstream pack``: what it writes, and that curl and a server take it."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

import partstream

Module = Callable[[str], Any]

SOURCES = Path(partstream.__file__).parent.parent


class Outcome(NamedTuple):
    """How a command ended, and what it wrote."""

    status: int
    out: bytes
    err: str


@pytest.fixture
def pack(
    ps_module: Module, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """Run ``partstream pack`` in this process, with one of the twins."""

    def command(*arguments: str | Path, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
        status = ps_module("__main__").main(["pack", *map(str, arguments)])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Outcome(status, out, err.decode())

    return command


def _parts(ps: ModuleType, content_type: str, body: bytes) -> list[tuple[Any, ...]]:
    reader_cls = __import__(f"{ps.__name__}.sync", fromlist=["x"]).MultipartReader
    return [
        (part.name, part.filename, part.headers.get("Content-Type"), part.read())
        for part in reader_cls(content_type, body)
    ]


def _type(err: str) -> str:
    name, _, value = err.strip().partition(": ")
    assert name == "Content-Type"
    return value


def test_fields_and_files_come_in_the_order_given(
    ps: ModuleType, pack: Callable[..., Outcome], tmp_path: Path
) -> None:
    (tmp_path / "a b.png").write_bytes(b"\x89PNG")
    (tmp_path / "note.txt").write_text("höhe\n", encoding="utf-8")
    found = pack(
        "title=Ein=Bild", f"photo=@{tmp_path / 'a b.png'}", "empty=",
        f"note=<{tmp_path / 'note.txt'}",
        f"other=@{tmp_path / 'a b.png'};type=image/x;filename=ü.png",
    )  # fmt: skip
    assert found.status == 0
    assert _parts(ps, _type(found.err), found.out) == [
        ("title", None, None, b"Ein=Bild"),
        ("photo", "a b.png", "image/png", b"\x89PNG"),
        ("empty", None, None, b""),
        ("note", None, "text/plain", "höhe\n".encode()),
        ("other", "ü.png", "image/x", b"\x89PNG"),
    ]


def test_options_that_are_none_belong_to_the_name_of_the_file(
    ps: ModuleType, pack: Callable[..., Outcome], tmp_path: Path
) -> None:
    odd = tmp_path / "a;b=c;d"
    odd.write_bytes(b"1")
    found = pack(f"f=@{odd};type=x/y")
    assert _parts(ps, _type(found.err), found.out) == [("f", "a;b=c;d", "x/y", b"1")]


def test_literal_text_may_start_with_an_at_sign(
    ps: ModuleType, pack: Callable[..., Outcome]
) -> None:
    found = pack("--literal", "a=@home", "--literal", "b=<c>")
    bodies = [(name, data) for name, _, _, data in _parts(ps, _type(found.err), found.out)]
    assert bodies == [("a", b"@home"), ("b", b"<c>")]


def test_standard_input_can_be_a_file(ps: ModuleType, pack: Callable[..., Outcome]) -> None:
    found = pack("a=1", "f=@-;filename=x.txt", stdin=b"from a pipe")
    assert _parts(ps, _type(found.err), found.out)[1] == (
        "f",
        "x.txt",
        "text/plain",
        b"from a pipe",
    )


def test_another_subtype_has_parts_without_names(
    ps: ModuleType, pack: Callable[..., Outcome], tmp_path: Path
) -> None:
    (tmp_path / "x.json").write_bytes(b"{}")
    found = pack("--subtype", "related", "--boundary", "B", f"=@{tmp_path / 'x.json'}", "=text")
    assert found.err == "Content-Type: multipart/related; boundary=B\n"
    assert _parts(ps, _type(found.err), found.out) == [
        (None, "x.json", "application/json", b"{}"),
        (None, None, "text/plain; charset=utf-8", b"text"),
    ]


def test_a_request_has_an_exact_length(pack: Callable[..., Outcome], tmp_path: Path) -> None:
    out = tmp_path / "request.http"
    found = pack("a=1", "--request", "http://u:p@example.org:8080/a/b?c=d", "-o", out,
                 "--method", "PUT", "--header", "X-Test: yes")  # fmt: skip
    assert (found.status, found.out, found.err) == (0, b"", "")
    head, _, body = out.read_bytes().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[:2] == ["PUT /a/b?c=d HTTP/1.1", "Host: example.org:8080"]
    assert lines[2].startswith("Content-Type: multipart/form-data; boundary=")
    assert lines[3:] == [f"Content-Length: {len(body)}", "X-Test: yes"]


def test_a_request_of_unknown_length_is_chunked(
    ps: ModuleType, ps_module: Module, pack: Callable[..., Outcome], tmp_path: Path
) -> None:
    found = pack("f=@-", "--request", "/up", stdin=b"x" * 100_000)
    assert b"\r\nTransfer-Encoding: chunked\r\n" in found.out
    assert b"Content-Length" not in found.out.partition(b"\r\n\r\n")[0]
    path = tmp_path / "request.http"
    path.write_bytes(found.out)
    assert ps_module("__main__").main(["inspect", str(path)]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "'nothing' is neither NAME=TEXT nor NAME=@FILE"),
        (["a\x01=b"], "control character"),
        (["--literal", "x"], "--literal 'x' is not NAME=TEXT"),
        (["--boundary", "B", "a=\r\n--B\r\n"], "the boundary 'B' stands in the data"),
        (["--boundary", "ü", "a=1"], "ASCII"),
        (["--subtype", "a b", "a=1"], "is no token"),
        (["--request", "/a b", "a=1"], "is no address"),
        (["--request", "localhost:80/x", "a=1"], "it must start with http://"),
        (["--request", "/", "--method", "A B", "a=1"], "is no method"),
        (["--request", "/", "--header", "X", "a=1"], "is no header"),
        (["--request", "/", "--header", "X: a\rb", "a=1"], "header injection"),
        (["f=@/no/such/file"], "/no/such/file: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    pack: Callable[..., Outcome], tmp_path: Path, arguments: list[str], message: str
) -> None:
    out = tmp_path / "out"
    found = pack(*arguments, "-o", out)
    assert found.status == 2
    assert found.err.startswith("partstream: ")
    assert message in found.err
    assert found.err.count("\n") == 1
    assert not out.exists()


def test_an_output_that_is_not_whole_is_not_left_behind(
    ps_module: Module, pack: Callable[..., Outcome], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    big = tmp_path / "big"
    big.write_bytes(bytes(3_000_000))
    views = ps_module("_views")
    given = views.Pieces.__next__
    count = 0

    def failing(self: Any) -> Any:
        nonlocal count
        count += 1
        if count == 3:
            raise OSError(5, "Input/output error", str(big))
        return given(self)

    monkeypatch.setattr(views.Pieces, "__next__", failing)
    out = tmp_path / "out"
    found = pack(f"f=@{big}", "-o", out)
    assert found.status == 2
    assert "Input/output error" in found.err
    assert not out.exists()


def test_progress_is_shown_where_a_person_watches(
    ps_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(4_000_000))
    progress = ps_module("_progress")
    monkeypatch.setattr(progress, "_DELAY", 0.0)
    monkeypatch.setattr(progress, "_INTERVAL", 0.0)
    shown = io.StringIO()
    shown.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", shown)
    assert ps_module("__main__").main(["pack", f"f=@{big}", "-o", str(tmp_path / "out")]) == 0
    assert "written 4 MB (9" in shown.getvalue() or "written 4 MB (100%)" in shown.getvalue()
    assert shown.getvalue().endswith("\r")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got = (self.headers["Content-Type"], data)  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_curl_sends_what_comes_out_of_the_pipe(
    ps: ModuleType, server: HTTPServer, tmp_path: Path
) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed: nothing is sent by it")
    big = tmp_path / "big.bin"
    big.write_bytes(hashlib.shake_128(b"seed").digest(3_000_000))
    command = [sys.executable, "-m", "partstream", "pack", "a=1", f"f=@{big}", "--boundary", "xyz"]
    environment = {
        "PYTHONPATH": str(SOURCES),
        "PARTSTREAM_NO_EXTENSIONS": str(int(ps.BACKEND == "py")),
    }
    packed = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert packed.stdout is not None
    assert packed.stderr is not None
    with packed, packed.stdout, packed.stderr:
        url = f"http://127.0.0.1:{server.server_port}/"
        header = "Content-Type: multipart/form-data; boundary=xyz"
        subprocess.run(
            [curl, "--silent", "--fail", "--data-binary", "@-", "-H", header, "-H", "Expect:", url],
            stdin=packed.stdout, check=True, timeout=60,
        )  # fmt: skip
        assert packed.stderr.read().decode() == header + "\n"
    assert packed.returncode == 0
    content_type, body = server.got  # type: ignore[attr-defined]
    assert _parts(ps, content_type, body) == [
        ("a", None, None, b"1"),
        ("f", "big.bin", "application/octet-stream", big.read_bytes()),
    ]
