"""The command line: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import partstream
from support import corpus

Module = Callable[[str], Any]

SOURCES = Path(partstream.__file__).parent.parent
BODY = (
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n'
    b'--B\r\nContent-Disposition: form-data; name="b"; filename="b.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nthree\r\n--B--\r\n"
)
HEAD = b"POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=%b\r\n\r\n"


class Outcome(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(ps_module: Module, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command line in this process, with one of the twins."""
    main = ps_module("__main__").main

    def command(*arguments: str | Path) -> Outcome:
        status = main([str(argument) for argument in arguments])
        return Outcome(status, *capsys.readouterr())

    return command


@pytest.fixture
def save(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write bytes to a file."""

    def write(data: bytes) -> Path:
        path = tmp_path / "message.http"
        path.write_bytes(data)
        return path

    return write


def _message(name: str) -> Path:
    return next(corpus.FOLDER.glob(f"{name}.[!j]*"))


def _flat(parts: list[dict[str, Any]], depth: int = 0) -> list[dict[str, Any]]:
    found = []
    for part in parts:
        keys = ("name", "filename", "content_type", "size", "sha256")
        found.append({"depth": depth, **{key: part.get(key) for key in keys}})
        found += _flat(part.get("parts", []), depth + 1)
    return found


def _child(*arguments: str | Path, twin: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a command line in a process of its own."""
    command = [sys.executable, "-m", "partstream", *map(str, arguments)]
    return subprocess.run(command, env=_environment(twin), timeout=60, check=False, **options)


def _environment(twin: str) -> dict[str, str]:
    pure = {"PARTSTREAM_NO_EXTENSIONS": "1"} if twin == "py" else {}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PARTSTREAM_")}
    return kept | pure | {"PYTHONPATH": str(SOURCES), "PYTHONIOENCODING": "utf-8"}


# What it prints


TABLE = """\
{path}: 2 parts, no fault
HTTP request POST / HTTP/1.1, multipart/form-data, boundary B, 161 bytes of body, backend {backend}

part  name  filename  type        size  offset  in file
1     a     -         -              3      49      115
2     b     b.txt     text/plain     5     147      213

policies strict, default and legacy all read it, 2 parts
"""

WRONG = """\
{path}: the boundary announced is 'X', but the body's first line is '--B' [boundary_not_found]
HTTP request POST / HTTP/1.1, multipart/form-data, boundary X, 161 bytes of body, backend {backend}

error: the input ended and no delimiter was found; compare the boundary parameter with the first
  line of the body; where a client library makes the body, let it set the Content-Type
  [boundary_not_found]
  at offset 161 of the body (227 of the file), before the first part

  at offset 2 of the body:
    found     --B\\r\\nContent-Disposition: form-data; name="
    expected  --X\\r\\n
                ^

  - they differ in one character, the 1st: 'X' announced, 'B' in the body
  - --boundary 'B' reads it as it is

policy strict   refuses it [preamble]
policy default  refuses it [boundary_not_found]
policy legacy   refuses it [boundary_not_found]
"""


def test_a_good_message(
    run: Callable[..., Outcome], save: Callable[[bytes], Path], ps: ModuleType
) -> None:
    path = save(HEAD % b"B" + BODY)
    assert run("inspect", path) == (0, TABLE.format(path=path, backend=ps.BACKEND), "")


def test_a_wrong_boundary(
    run: Callable[..., Outcome], save: Callable[[bytes], Path], ps: ModuleType
) -> None:
    path = save(HEAD % b"X" + BODY)
    assert run("inspect", path) == (1, WRONG.format(path=path, backend=ps.BACKEND), "")
    assert run("inspect", "--boundary", "B", path).status == 0
    assert run("inspect", "--content-type", "multipart/mixed; boundary=B", path).status == 0


@pytest.mark.parametrize("name", corpus.names())
def test_json_of_the_corpus(run: Callable[..., Outcome], ps: ModuleType, name: str) -> None:
    known = corpus.load(name)
    outcome = run("inspect", "--json", "--sha256", _message(name))
    found = json.loads(outcome.out)
    assert outcome.out.isascii()
    assert found["backend"] == ps.BACKEND
    if name == "curl-backslash-end":
        assert (outcome.status, found["error"]["code"]) == (1, "malformed_parameter")
        return
    keys = ("depth", "name", "filename", "content_type", "size", "sha256")
    parts = [{key: part[key] for key in keys} for part in found["parts"]]
    assert parts == _flat(known.parts)
    assert [part["index"] for part in found["parts"]] == list(range(len(parts)))
    assert found["content_type"] == known.content_type
    code = found["error"] and found["error"]["code"]
    assert (outcome.status, code) == ((0, None) if known.complete else (1, "truncated"))


@pytest.mark.parametrize("name", corpus.names())
def test_table_of_the_corpus(run: Callable[..., Outcome], name: str) -> None:
    outcome = run("inspect", _message(name))
    lines = outcome.out.splitlines()
    assert outcome.err == ""
    assert all(line.isprintable() for line in lines)
    case = corpus.load(name)
    if name != "curl-backslash-end":
        assert f": {len(_flat(case.parts))} part" in lines[0] or not case.complete
        for line, part in zip(lines[4:], _flat(case.parts), strict=False):
            assert line.startswith("  " * part["depth"])
            for shown in (part["content_type"] or "-", f"{part['size'] or 0:,}"):
                assert f" {shown}" in line or part["size"] is None


def test_json_shape(run: Callable[..., Outcome], save: Callable[[bytes], Path]) -> None:
    found = json.loads(run("inspect", "--json", save(HEAD % b"B" + BODY[:-9])).out)
    size = len(BODY) - 9
    second = found["parts"].pop()
    error = found.pop("error")
    assert second == {
        "number": "2", "index": 1, "depth": 0, "name": "b", "filename": "b.txt",
        "content_type": "text/plain", "multipart": False, "complete": False, "size": 5,
        "headers": [["Content-Disposition", 'form-data; name="b"; filename="b.txt"'],
                    ["Content-Type", "text/plain"]],
        "header_offset": 59, "offset": 147, "file_header_offset": 125, "file_offset": 213,
    }  # fmt: skip
    assert [error[key] for key in ("code", "offset", "file_offset")] == [
        "truncated",
        size,
        size + 66,
    ]
    assert error["excerpt"] == {"of": "body", "offset": size, "after": "",
                                "before": BODY[size - 48 : size].decode(),
                                "wanted": None}  # fmt: skip
    assert error["summary"] == (
        f"the body is cut short at offset {size}, in part 2, after 5 bytes of its body"
    )
    strict, default, legacy = found.pop("policies")
    assert strict["policy"] == "strict"
    assert default == {
        "policy": "default", "parts": 2, "complete": True, "ended": True,
        "error": {"code": "truncated", "message": default["error"]["message"], "offset": size},
    }  # fmt: skip
    assert legacy == {"policy": "legacy", "parts": 2, "complete": False, "ended": True,
                      "error": None}  # fmt: skip
    assert found["parts"][0]["name"] == "a"
    assert {key: value for key, value in found.items() if key not in ("parts", "source")} == {
        "backend": found["backend"], "kind": "request", "start_line": "POST / HTTP/1.1",
        "content_type": "multipart/form-data; boundary=B", "subtype": "form-data",
        "boundary": "B", "chunked": False, "codings": [], "body_offset": 66, "body_size": size,
        "notes": [],
    }  # fmt: skip


def test_policy_and_other_options(
    run: Callable[..., Outcome], save: Callable[[bytes], Path]
) -> None:
    path = save(b"preamble\r\n" + BODY)
    assert run("inspect", path).status == 0
    assert "[preamble]" in run("inspect", "--policy", "strict", path).out
    path = save(BODY.replace(b"\r", b""))
    assert "[bare_lf]" in run("inspect", path).out
    assert run("inspect", "--policy", "legacy", "--subtype", "mixed", path).status == 0
    path = save((HEAD % b"B")[:-2] + b"Transfer-Encoding: chunked\r\n\r\n" + BODY)
    assert "--decoded" in run("inspect", path).out
    assert run("inspect", "--decoded", path).status == 0
    path = save(HEAD % b"B" + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))
    assert "--undo chunked" in run("inspect", path).out
    assert run("inspect", "--undo", "chunked", path).out.startswith(f"{path}: 2 parts, no fault")
    path = save(HEAD % b"B" + gzip.compress(BODY))
    assert "--undo gzip" in run("inspect", path).out
    assert run("inspect", "--undo", "gzip", path).status == 0


def test_standard_input(run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(HEAD % b"B" + BODY)))
    outcome = run("inspect", "-")
    assert outcome.status == 0
    assert outcome.out.startswith("standard input: 2 parts, no fault\n")
    assert not sys.stdin.buffer.closed


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_nothing_hostile_reaches_the_terminal(
    ps_module: Module, save: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    name = "\u202e\u2066日本\u0085\x9b2J\U0001f388".encode() + b"\xe4\xff"
    data = BODY.replace(b'name="a"', b'name="%b"' % name).replace(b"b.txt", b"%0D%0A%22" * 50)
    data = data.replace(b"text/plain", b"\xff" * 500)
    for body in (data, data[:-20], data.replace(b"Type:", b"\x1b[31m"), b"\x1b]0;x\x07" + data):
        for head in (
            HEAD % b"B",
            b"GET /\x1b[2J\x07 HTTP/1.1\r\nContent-Type: \x1b[3m\xff\r\n\r\n",
        ):
            out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="")
            monkeypatch.setattr(sys, "stdout", out)
            assert ps_module("__main__").main(["inspect", str(save(head + body))]) in (0, 1)
            out.seek(0)
            assert all(line.isprintable() for line in out.read().split("\n"))


def test_a_narrow_terminal(
    ps_module: Module, save: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = BODY.replace(b"b.txt", b"f" * 90).replace(b'"b"', b'"%b"' % (b"n" * 90))
    monkeypatch.setenv("COLUMNS", "70")
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    assert ps_module("__main__").main(["inspect", str(save(data))]) == 0
    lines = out.getvalue().splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("part"))
    assert max(map(len, lines[start : start + 3])) == 70


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_no_line_is_wider_than_the_terminal(
    ps_module: Module, save: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    lf = BODY.replace(b"\r", b"")
    for data in (HEAD % b"longer-than-that" + BODY, HEAD % b"B" + lf, HEAD % b'"B "' + BODY):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.chdir(save(data).parent)
        out = Terminal()
        monkeypatch.setattr(sys, "stdout", out)
        assert ps_module("__main__").main(["inspect", "message.http"]) == 1
        lines = out.getvalue().splitlines()
        assert max(map(len, lines)) <= columns
        caret = next(place for place, line in enumerate(lines) if line.strip(" ^") == "" != line)
        assert lines[caret].count("^") in (1, 2)
        assert "\x1b" not in out.getvalue()  # no colours, so NO_COLOR has nothing to turn off


def test_what_is_no_terminal_gets_the_answer_in_one_line(
    run: Callable[..., Outcome], save: Callable[[bytes], Path]
) -> None:
    path = save(HEAD % (b"x" * 60) + BODY)
    first, second = run("inspect", path).out.splitlines()[:2]
    assert first.startswith(f"{path}: the boundary announced is 'xxx")
    assert first.endswith(" [boundary_not_found]")
    assert second.startswith("HTTP request")


def test_the_answer_says_that_there_are_notes(
    run: Callable[..., Outcome], save: Callable[[bytes], Path]
) -> None:
    path = save(HEAD % b"B" + b"lost\r\n" + BODY)
    assert run("inspect", path).out.startswith(f"{path}: 2 parts, no fault, 1 note\n")
    path = save(HEAD % b"B" + BODY[:-9])
    outcome = run("inspect", "--policy", "legacy", path)
    assert (outcome.status, outcome.out.splitlines()[0]) == (0, f"{path}: 2 parts, cut short")


def test_the_caret_is_under_the_byte(
    run: Callable[..., Outcome], save: Callable[[bytes], Path]
) -> None:
    body = BODY.replace(b"--B", b"--boundary-1")
    lines = run("inspect", save(HEAD % b"boundary-2" + body)).out.splitlines()
    found, wanted, caret = (
        next(line for line in lines if line.strip().startswith(start))
        for start in ("found", "expected", "^")
    )
    at = caret.index("^")
    assert (found[at], wanted[at], found[:at][14:], wanted[:at][14:]) == (
        "1", "2", "--boundary-", "--boundary-")  # fmt: skip


# What it writes


def test_extract(
    run: Callable[..., Outcome], save: Callable[[bytes], Path], tmp_path: Path
) -> None:
    out = tmp_path / "sub" / "out"
    names = ["../../x", "C:\\\\x\\\\y", "/etc/passwd", "", "same.txt", "same.txt", "n" * 4000, ".."]
    head = '--B\r\nContent-Disposition: form-data; name="f"; filename="{}"\r\n\r\n{}\r\n'
    data = "".join(head.format(name, place) for place, name in enumerate(names)) + "--B--"
    outcome = run("inspect", "--extract", out, save(data.encode()))
    found = {path.name: path.read_text() for path in out.iterdir()}
    assert found == {
        "1-x": "0", "2-y": "1", "3-passwd": "2", "4-f": "3", "5-same.txt": "4", "6-same.txt": "5",
        "7-" + "n" * 120: "6", "8-f": "7"}  # fmt: skip
    assert outcome.status == 0
    assert f"wrote {out / '1-x'}, 1 byte\n" in outcome.out
    assert [path.name for path in tmp_path.iterdir()] == ["message.http", "sub"] or sorted(
        path.name for path in tmp_path.iterdir()) == ["message.http", "sub"]  # fmt: skip


def test_extract_overwrites_nothing(
    run: Callable[..., Outcome], save: Callable[[bytes], Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "1-a").write_bytes(b"mine")
    (out / "2-b.txt").symlink_to(tmp_path / "elsewhere")
    found = json.loads(run("inspect", "--json", "--extract", out, save(BODY)).out)
    assert [Path(part["path"]).name for part in found["parts"]] == ["1-a-1", "2-b-1.txt"]
    assert (out / "1-a").read_bytes() == b"mine"
    assert (out / "2-b-1.txt").read_bytes() == b"three"
    assert not (tmp_path / "elsewhere").exists()


def test_extract_of_a_nested_and_of_a_cut_message(
    run: Callable[..., Outcome], save: Callable[[bytes], Path], tmp_path: Path
) -> None:
    run("inspect", "--extract", tmp_path / "a", _message("curl-nested"))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "1.1-part", "1.2.1-part", "1.2.2-noise.bin", "2-end"]  # fmt: skip
    outcome = run("inspect", "--extract", tmp_path / "b", save(BODY[:-10]))
    assert (outcome.status, (tmp_path / "b" / "2-b.txt").read_bytes()) == (1, b"thre")
    assert "4 bytes, cut short" in outcome.out


# How it ends


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required"),
        (["inspect"], "FILE"),
        (["no-such-command"], "invalid choice"),
        (["inspect", "--boundary", "", "x"], "it is empty"),
        (["inspect", "--boundary", "x" * 71, "x"], "71 bytes"),
        (["inspect", "--subtype", "a b", "x"], "token"),
        (["inspect", "--policy", "lax", "x"], "invalid choice"),
        (["inspect", "--undo", "br", "x"], "invalid choice"),
        (["inspect", "--undo", "gzip", "--decoded", "x"], "not allowed with"),
        (["inspect", "/no/such/file"], "partstream: /no/such/file: No such file"),
        (["inspect", str(SOURCES)], "Is a directory"),
        (["inspect", "--extract", __file__, __file__], "File exists"),
        (["inspect", "/no/such/\x1b[31m"], '"/no/such/\\x1b[31m": No such file'),
    ],
)
def test_usage_errors(run: Callable[..., Outcome], arguments: list[str], message: str) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BrokenPipeError(), OSError(5, "bad disk")])
def test_when_it_is_stopped(
    ps_module: Module, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:  # fmt: skip
    def fail(arguments: object) -> int:
        raise error

    monkeypatch.setattr(ps_module("_inspect_command"), "run", fail)
    outcome = run("inspect", "x")
    status = {KeyboardInterrupt: 130, BrokenPipeError: 141}.get(type(error), 2)
    assert (outcome.status, outcome.out) == (status, "")
    assert outcome.err == ("partstream: bad disk\n" if status == 2 else "")


def test_version_and_help(run: Callable[..., Outcome], ps: ModuleType) -> None:
    assert run("--version").out == f"partstream {ps.__version__} ({ps.BACKEND} backend)\n"
    shown = run("inspect", "--help")
    assert shown.status == 0
    assert "--extract" in shown.out
    assert "Exit status: 0 if" in shown.out


@pytest.mark.parametrize("twin", ["c", "py"])
def test_as_a_process(save: Callable[[bytes], Path], twin: str) -> None:
    data = HEAD % b"B" + BODY
    done = _child("inspect", "-", twin=twin, input=data, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"backend {twin}" in done.stdout.decode()
    done = _child("inspect", save(data[:-30]), twin=twin, capture_output=True)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"[truncated]" in done.stdout


@pytest.mark.parametrize("twin", ["c", "py"])
@pytest.mark.skipif(os.name != "posix", reason="a pipe that breaks is a POSIX matter")
def test_a_broken_pipe_is_quiet(save: Callable[[bytes], Path], twin: str) -> None:
    path = save(BODY[:-7] * 500 + b"--B--")
    reader, writer = os.pipe()
    os.close(reader)
    done = _child("inspect", path, twin=twin, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


# Large input


def test_memory_stays_small(
    run: Callable[..., Outcome], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "large.http"
    size = 300_000_000
    with path.open("wb") as file:
        file.write(HEAD % b"B" + b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n")
        begun = file.tell()
        file.truncate(begun + size)
        file.seek(0, os.SEEK_END)
        file.write(b"\r\n--B--\r\n")
    tracemalloc.start()
    try:
        outcome = run("inspect", path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert outcome.status == 0
    assert f"{size:,}" in outcome.out
    assert peak < 30_000_000


# Safe to print, safe to write


@pytest.mark.parametrize(
    ("value", "encoding", "shown"),
    [
        ("plain", "ascii", "plain"),
        (None, "ascii", "-"),
        ("-", "ascii", '"-"'),
        ("", "ascii", '""'),
        (" x", "ascii", '" x"'),
        ('say "x"', "utf-8", '"say \\"x\\""'),
        ("C:\\x", "utf-8", "C:\\x"),
        ("C:\\x\n", "utf-8", '"C:\\\\x\\n"'),
        ("\x1b[31m\x07\r", "utf-8", '"\\x1b[31m\\x07\\r"'),
        ("\u202egpj.exe", "utf-8", '"\\u202egpj.exe"'),
        ("\x9b2J", "utf-8", '"\\u009b2J"'),
        ("\udce4\udcff", "utf-8", '"\\xe4\\xff"'),
        ("\ud800", "utf-8", '"\\ud800"'),
        ("grün", "utf-8", "grün"),
        ("grün", "ascii", '"gr\\u00fcn"'),
        ("\U0001f388", "latin-1", '"\\U0001f388"'),
        ("x", "no such codec", '"\\x78"'),
    ],
)
def test_text(ps_module: Module, value: str | None, encoding: str, shown: str) -> None:
    assert ps_module("_inspect_text").Text(encoding).shown(value) == shown


@pytest.mark.parametrize("value", ["x" * 10**6, "\x1b" * 10**6, "e\u0301" * 10**6, "日" * 100])
@pytest.mark.parametrize("limit", [8, 20, 60])
def test_long_text_is_cut(ps_module: Module, value: str, limit: int) -> None:
    module = ps_module("_inspect_text")
    for encoding in ("utf-8", "ascii"):
        shown = module.Text(encoding).shown(value, limit)
        assert module.width(shown) <= limit
        assert len(shown) <= limit
        assert not shown.replace("\\x1b", "").strip('"').count("\\x")


@pytest.mark.parametrize(
    ("filename", "name", "safe"),
    [
        ("../../etc/passwd", "f", "1-passwd"),
        ("C:\\dir\\x.txt", "f", "1-x.txt"),
        ("..", "f", "1-f"),
        (None, "../..", "1-part"),
        ("", "", "1-part"),
        (None, None, "1-part"),
        ("CON", None, "1-CON"),
        (".bashrc", None, "1-bashrc"),
        ("a\x1b\nb:*?.txt. ", None, "1-a__b___.txt"),
        ("\udce4.bin", None, "1-_.bin"),
        ("x" * 5000 + ".jpeg", None, "1-" + "x" * 115 + ".jpeg"),
        ("x." + "y" * 5000, None, "1-" + "y" * 120),
    ],
)
def test_safe_names(ps_module: Module, filename: str | None, name: str | None, safe: str) -> None:
    part = ps_module("_inspect_report").Part("1", 0, name, filename, None, None, False, 0, 0)
    assert ps_module("_inspect_files").safe_name(part) == safe


# Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _progress(module: Any, stream: io.StringIO, total: int | None) -> str:
    times = iter([0.0, 0.5, 1.5, 1.55, 2.5])
    progress = module.Progress(stream, total, lambda: next(times))
    for done in (10**8, 3 * 10**8, 4 * 10**8, 5 * 10**8):
        progress.update(done)
    progress.erase()
    progress.erase()
    return stream.getvalue()


def test_progress(ps_module: Module) -> None:
    module = ps_module("_progress")
    first, second = "read 300 MB (30%), 200 MB/s", "read 500 MB (50%), 200 MB/s"
    shown = _progress(module, Terminal(), 10**9)
    assert shown == f"\r{first}\r{second}\r{' ' * len(second)}\r"
    assert "%" not in _progress(module, Terminal(), None)
    assert _progress(module, io.StringIO(), 10**9) == ""
