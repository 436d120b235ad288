"""``examples/upload_server.py`` under uvicorn, in one process and in several, without its page.

The page is tested in ``test_example_upload_page.py``.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.example_upload import (
    END,
    EXAMPLES,
    JSON,
    TYPE,
    command,
    example_of,
    head,
    new_path,
    post,
    report,
    sending,
    served,
    settings,
)
from support.serving import httpx_client, run

#: Bytes of a file that are sent before the test looks.
HALF = 300_000


# ---------------------------------------------------------------------------------------------
# What is received
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
def test_three_files_are_kept_and_reported_by_all_workers(
    ps: ModuleType, workers: int, tmp_path: Path, rng: Any
) -> None:
    sent = {f"{size}.bin": rng.randbytes(size) for size in (3_000_000, 70_000, 0)}

    async def main() -> None:
        async with command(ps, tmp_path, "--workers", str(workers)) as server:
            url = server.url + new_path()
            files = [("files", (name, data, "image/png")) for name, data in sent.items()]
            async with httpx_client() as client:
                response = await client.post(url, files=files, headers=JSON)
            assert response.status_code == 200
            found = response.json()
            reports = [await report(url, lambda _: True) for _ in range(2 * workers)]
            folder = server.kept / url.rpartition("/")[2]
            assert {path.name: path.read_bytes() for path in folder.iterdir()} == sent
            assert [*server.kept.iterdir()] == [folder]
        assert reports == [found] * (2 * workers)
        assert (found["phase"], found["error"]) == ("done", None)
        assert found["backend"] == ps.BACKEND
        assert found["size"] == sum(map(len, sent.values())) == found["samples"][-1][1]
        shown = [
            [part[key] for key in ("name", "filename", "saved", "content_type", "size", "sha256")]
            for part in found["parts"]
        ]
        assert shown == [
            ["files", name, name, "image/png", len(data), hashlib.sha256(data).hexdigest()]
            for name, data in sent.items()
        ]
        assert 0 < sum(part["seconds"] for part in found["parts"]) <= found["seconds"]
        assert not [*(tmp_path / "temporary").iterdir()]

    run(main())


def test_another_worker_tells_how_far_an_upload_has_come(
    ps: ModuleType, tmp_path: Path, rng: Any
) -> None:
    """The worker that receives it is halted meanwhile, so it is another one that answers."""
    data = rng.randbytes(2 * HALF)
    first = head("a.png") + b"whole\r\n" + head("b.png") + data[:HALF]

    async def main() -> None:
        async with command(ps, tmp_path, "--workers", "2") as server:
            path = new_path()
            length = len(first) + HALF + len(END)
            async with sending(server.url, path, length) as (reader, writer):
                writer.write(first)
                # The last bytes may be those of a delimiter, as long as nothing comes behind them.
                found = await report(
                    server.url + path, lambda found: found["size"] >= 5 + HALF - 100
                )
                os.kill(found["worker"], signal.SIGSTOP)
                try:
                    found = await report(server.url + path, lambda _: True)
                finally:
                    os.kill(found["worker"], signal.SIGCONT)
                assert found["phase"] == "receiving"
                assert [part["saved"] for part in found["parts"]] == ["a.png", "b.png"]
                digests = [part["sha256"] for part in found["parts"]]
                assert digests == [hashlib.sha256(b"whole").hexdigest(), None]
                assert server.names() == ["a.png", "b.png"]
                assert [path.name[0] for path in server.kept.iterdir()] == ["."]
                writer.write(data[HALF:] + END)
                assert b" 200 OK" in await reader.readline()
            found = await report(server.url + path, lambda found: found["phase"] == "done")
            assert found["parts"][1]["sha256"] == hashlib.sha256(data).hexdigest()

    run(main())


def test_no_name_leaves_the_directory_or_overwrites_a_file(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = ["a.txt", "../../a.txt", "/etc/a.txt", "..", "C:\\NUL", "x" * 300 + ".png"]
    kept = ["a.txt", "a (2).txt", "a (3).txt", "file", "_NUL", "x" * 196 + ".png"]
    parts = [head(name.replace("\\", "\\\\")) + name.encode() for name in sent]

    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch) as server:
            response = await post(f"{server.url}/uploads", b"\r\n".join(parts) + END, **JSON)
            found = response.json()
            assert [part["saved"] for part in found["parts"]] == kept
            assert [part["filename"] for part in found["parts"]] == [
                *sent[:4], found["parts"][4]["filename"], "x" * 200
            ]  # fmt: skip
            folder = server.kept / found["id"]
            for name, content in zip(kept, sent, strict=True):
                assert (folder / name).read_text() == content
            assert server.names() == sorted(kept)

    run(main())


def test_a_client_without_a_page_gets_text(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does a browser without scripts; a file input without a choice is no file."""
    body = head("a.png") + b"one\r\n" + head("") + b"\r\n" + head("b.png") + b"three" + END

    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch) as server:
            response = await post(f"{server.url}/uploads", body)
            assert response.headers["content-type"] == "text/plain; charset=utf-8"
            lines = response.text.splitlines()
            assert lines[0].split() == [hashlib.sha256(b"one").hexdigest(), "3", "a.png"]
            assert lines[1:] == [
                f"{hashlib.sha256(b'three').hexdigest()}             5  b.png",
                "2 files, 8 bytes",
            ]
            body_without = b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello' + END
            response = await post(f"{server.url}/uploads", body_without)
            assert (response.status_code, response.text) == (200, "0 files, 0 bytes\n")
            assert server.names() == ["a.png", "b.png"]
            assert len([*server.kept.iterdir()]) == 1

    run(main())


# ---------------------------------------------------------------------------------------------
# What is refused
# ---------------------------------------------------------------------------------------------

MALFORMED = {
    "cut": head("a.png") + b"data",
    "twice": head("a.png") + b"data\r\n" + head("b.png")[:-2] + head("c.png")[5:] + b"data" + END,
    "header": head("a.png") + b"data\r\n--b\r\nno header\r\n\r\n" + END,
    "empty": b"",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_body_is_400_with_the_fault(
    ps: ModuleType, body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        with pytest.raises(ps.MultipartError) as fault:
            await ps.parse_form(TYPE, body)
        async with served(ps, tmp_path, monkeypatch) as server:
            url = server.url + new_path()
            response = await post(url, body, **JSON)
            assert response.status_code == 400
            assert response.json()["phase"] == "failed"
            assert response.json()["error"] == str(fault.value)
            assert (await post(f"{server.url}/uploads", body)).text == (
                f"The upload failed: {fault.value}\n"
            )
            assert await report(url, lambda _: True) == response.json()
            assert [*server.kept.iterdir()] == []

    run(main())


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_body_over_the_limit_is_413(
    ps: ModuleType, announced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(size: int) -> AsyncIterator[bytes]:
        yield head("a.png")
        yield bytes(size - len(head("a.png")) - len(END))
        yield END

    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch, megabytes=1) as server:
            for size, status in [(1_000_000, 200), (1_000_001, 413)]:
                url = server.url + new_path()
                length = {"Content-Length": str(size)} if announced else {}
                response = await post(url, body(size), **JSON, **length)
                assert response.status_code == status
                found = response.json()
                assert found["length"] == (size if announced else None)
                assert await report(url, lambda _: True) == found
            assert "max_total_size" in found["error"]
            assert bool(found["parts"]) is not announced
            assert server.names() == ["a.png"]
            assert len([*server.kept.iterdir()]) == 1

    run(main())


def test_what_else_is_refused(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = head("a.png") + b"data" + END

    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch) as server:
            url = server.url + new_path()
            async with httpx_client() as client:
                assert (await client.get(url)).status_code == 404
                assert (await client.get(f"{server.url}/uploads/../x")).status_code == 404
                assert (await client.get(f"{server.url}/uploads")).status_code == 405
            assert (await post(url, body, "application/json")).status_code == 415
            assert (await post(url, body)).status_code == 409
            for origin in ("https://example.org", "null", server.url + "1"):
                assert (await post(server.url + new_path(), body, Origin=origin)).status_code == 403
            assert [*server.kept.iterdir()] == []
            response = await post(server.url + new_path(), body, Origin=server.url)
            assert response.status_code == 200
            assert response.text.endswith("a.png\n1 file, 4 bytes\n")

    run(main())


def test_an_id_is_taken_once(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch) as server:
            path = new_path()
            for data, status in [(b"first", 200), (b"second", 409)]:
                response = await post(server.url + path, head("a.png") + data + END)
                assert response.status_code == status
            assert (server.kept / path[9:] / "a.png").read_bytes() == b"first"

    run(main())


# ---------------------------------------------------------------------------------------------
# What goes wrong
# ---------------------------------------------------------------------------------------------


def test_nothing_is_left_of_an_upload_whose_client_goes_away(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = head("a.png") + b"whole\r\n" + head("b.png") + bytes(HALF)

    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch) as server:
            path = new_path()
            async with sending(server.url, path, 2 * HALF) as (_, writer):
                writer.write(first)
                await report(server.url + path, lambda found: found["size"] > HALF // 2)
                assert server.names() == ["a.png", "b.png"]
            found = await report(server.url + path, lambda found: found["phase"] != "receiving")
            assert found["phase"] == "failed"
            assert found["error"] == "the connection was closed amid the upload"
            assert [*server.kept.iterdir()] == []

    run(main())


@pytest.mark.parametrize(("workers", "sign"), [("1", signal.SIGTERM), ("2", signal.SIGINT)])
def test_nothing_is_left_of_an_upload_whose_server_ends(
    twins: dict[str, ModuleType], workers: str, sign: int, tmp_path: Path
) -> None:
    """It is given a moment, and then cancelled."""

    async def main() -> None:
        async with command(twins["c"], tmp_path, "--workers", workers) as server:
            path = new_path()
            async with sending(server.url, path, 2 * HALF) as (_, writer):
                writer.write(head("a.png") + bytes(HALF))
                await report(server.url + path, lambda found: found["size"] > HALF // 2)
                assert server.names() == ["a.png"]
                assert server.process is not None
                server.process.send_signal(sign)
                await server.process.communicate()
                assert server.process.returncode == 0
            assert [*server.kept.iterdir()] == []
            assert [*(tmp_path / "temporary").iterdir()] == []

    run(main())


def test_what_a_killed_worker_leaves_goes_when_another_one_starts(
    twins: dict[str, ModuleType], tmp_path: Path
) -> None:
    """Uvicorn starts one in its place, in a server of several."""

    async def main() -> None:
        async with command(twins["c"], tmp_path, "--workers", "2") as server:
            path = new_path()
            async with sending(server.url, path, 2 * HALF) as (_, writer):
                writer.write(head("a.png") + bytes(HALF))
                found = await report(server.url + path, lambda found: found["size"] > HALF // 2)
                (left,) = server.kept.iterdir()
                assert left.name == f".{found['id']}.part"
                os.kill(found["worker"], signal.SIGKILL)
                while left.exists():
                    await asyncio.sleep(0)
            assert [*server.kept.iterdir()] == []

    run(main())


def test_a_server_that_starts_removes_what_is_left_and_nothing_else(
    twins: dict[str, ModuleType], tmp_path: Path
) -> None:
    """Another one may receive uploads into the same directory, and people have files of theirs."""
    first = head("a.png") + bytes(HALF)
    number = uuid.uuid4().hex
    kept = tmp_path / "kept"

    async def main() -> None:
        async with command(twins["c"], tmp_path) as killed:
            assert killed.process is not None
            path = new_path()
            async with sending(killed.url, path, 2 * HALF) as (_, writer):
                writer.write(first)
                await report(killed.url + path, lambda found: found["size"] > HALF // 2)
                killed.process.kill()
                await killed.process.communicate()
        (left,) = kept.iterdir()
        assert [file.name for file in left.iterdir()] == ["a.png"]
        theirs = [f".{number}.part", f".{number}.parts", ".mine.part", number, "link"]
        (kept / theirs[0]).touch()
        for name in theirs[1:4]:
            (kept / name).mkdir()
        (kept / "link").symlink_to(kept / number)
        async with command(twins["c"], tmp_path) as server:
            assert sorted(file.name for file in kept.iterdir()) == sorted(theirs)
            path = new_path()
            async with sending(server.url, path, len(first + END)) as (reader, writer):
                writer.write(first)
                await report(server.url + path, lambda found: found["size"] > HALF // 2)
                async with command(twins["c"], tmp_path):
                    writer.write(END)
                    assert b" 200 OK" in await reader.readline()
            assert (kept / path[9:] / "a.png").stat().st_size == HALF
            assert sorted(file.name for file in kept.iterdir()) == sorted([*theirs, path[9:]])

    run(main())


def test_a_disk_that_is_full_is_507(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch) as server:
            with monkeypatch.context() as patch:
                full = open("/dev/full", "wb", 0)  # noqa: SIM115  the example closes it
                patch.setattr(sys.modules["_uploads"], "_created", lambda *_: full)
                url = server.url + new_path()
                response = await post(url, head("a.png") + b"data" + END, **JSON)
            assert response.status_code == 507
            assert response.json()["error"] == "No space left on device"
            assert [*server.kept.iterdir()] == []
            server.kept.rmdir()
            response = await post(server.url + new_path(), head("a.png") + b"data" + END)
            assert response.status_code == 507
            assert response.text == "Nothing can be kept: No such file or directory.\n"

    run(main())


# ---------------------------------------------------------------------------------------------
# Reports
# ---------------------------------------------------------------------------------------------


def test_a_long_upload_has_few_samples(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They tell of all of it, however long it took."""
    example_of(ps, monkeypatch)
    uploads: Any = sys.modules["_uploads"]
    monkeypatch.setattr(uploads, "PACE", 0)  # a report whenever the loop gets round to it
    monkeypatch.setattr(uploads.Upload, "_save", lambda upload: None)
    body = head("a.png") + bytes(20_000) + END

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 10):
            await asyncio.sleep(0)
            yield body[at : at + 10]

    async def main() -> Any:
        with settings(tmp_path, monkeypatch) as kept:
            store = uploads.Store(kept, kept.parent / "reports")
            async with store.upload("x", None, ps.BACKEND) as upload:
                await ps.parse_form(TYPE, pieces(), on_file=upload.take)
            return upload.report.samples

    samples = run(main())
    assert samples == sorted(samples)
    assert samples[0] == (0, 0)
    assert samples[-1][1] == 20_000
    assert uploads.SAMPLES / 2 <= len(samples) <= uploads.SAMPLES
    sizes = [later[1] - sample[1] for sample, later in itertools.pairwise(samples)]
    assert max(sizes) <= 8 * 20_000 / len(samples)


def test_reports_are_forgotten(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch) as server:
            paths = [new_path() for _ in range(3)]
            for path, age in zip(paths, (4000, 3000, 0), strict=True):
                await post(server.url + path, head("a.png") + b"data" + END)
                file = tmp_path / "reports" / f"{path[9:]}.json"
                then = file.stat().st_mtime - age
                os.utime(file, (then, then))
            async with httpx_client() as client:
                found = [(await client.get(server.url + path)).status_code for path in paths]
            assert found == [404, 200, 200]
            assert len([*server.kept.iterdir()]) == 3

    run(main())


# ---------------------------------------------------------------------------------------------
# The page's files, and the command line
# ---------------------------------------------------------------------------------------------


def test_the_page_is_served_with_its_headers(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = {"/": "html", "/page.css": "css", "/page.js": "javascript", "/chart.js": "javascript"}

    async def main() -> None:
        async with served(ps, tmp_path, monkeypatch) as server, httpx_client() as client:
            for path, kind in types.items():
                response = await client.get(server.url + path)
                assert response.headers["content-type"] == f"text/{kind}; charset=utf-8"
                assert response.headers["x-content-type-options"] == "nosniff"
                assert response.headers["content-security-policy"].startswith("default-src 'none'")
                source = EXAMPLES / "upload_page" / (path[1:] or "index.html")
                assert response.content == source.read_bytes()
            for path in ("/index.htm", "/page", "/../upload_server.py"):
                assert (await client.get(server.url + path)).status_code == 404

    run(main())


@pytest.mark.parametrize(
    "option", ["--port=65536", "--port=-1", "--port=x", "--workers=0", "--megabytes=0"]
)
def test_an_option_that_makes_no_sense_is_refused(
    ps: ModuleType,
    option: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    example = example_of(ps, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["upload_server.py", option])
    with pytest.raises(SystemExit) as caught:
        example.main()
    assert caught.value.code == 2
    assert option.partition("=")[0] in capsys.readouterr().err


def test_what_cannot_be_served_is_said(ps: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    async def said(*options: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", str(EXAMPLES / "upload_server.py"), *options,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(ps.__file__ or "").parent.parent)},
        )  # fmt: skip
        _, errors = await process.communicate()
        return process.returncode, errors.decode()

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            status, errors = await said("--port", str(listener.getsockname()[1]))
        assert status not in (0, None)
        assert "address already in use" in errors
        taken = tmp_path / "file"
        status, errors = await said("--directory", str(taken))
        assert status == 1
        assert errors == f"cannot keep files in {taken}: [Errno 17] File exists: '{taken}'\n"

    run(main())
