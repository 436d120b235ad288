"""Faults that a reading of the writer has found: each has its test."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Module = Callable[[str], Any]


@pytest.mark.parametrize("boundary", ["abc", "a-longer-one"])
def test_a_field_that_starts_with_the_delimiter_is_refused(ps: ModuleType, boundary: str) -> None:
    writer = ps.MultipartWriter("form-data", boundary)
    evil = f'--{boundary}\r\nContent-Disposition: form-data; name="admin"\r\n\r\n1'
    writer.append_fields([("a", evil)])
    with pytest.raises(ValueError, match="stands in the data"):
        writer.body()


def test_a_buffered_reader_of_a_body_comes_to_an_end(ps: ModuleType) -> None:
    writer = ps.MultipartWriter()
    writer.append(b"x" * 10_000)
    whole = writer.body().read()
    reader = io.BufferedReader(writer.body())
    found = b""
    while piece := reader.read(4096):
        found += piece
        assert len(found) <= len(whole)
    assert found == whole
    assert reader.read() == b""


def test_one_generator_cannot_be_two_parts(ps: ModuleType) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"1"

    source = pieces()
    writer = ps.MultipartWriter()
    writer.append(source)
    writer.append(source)
    with pytest.raises(ValueError, match="stands here twice"):
        writer.body().read()


def test_a_size_that_was_promised_is_checked_among_small_files(
    ps: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    writer = ps.MultipartWriter()
    for _ in range(2):
        writer.append(path, size=5)
    with pytest.raises(ValueError, match="more than the 5 bytes announced"):
        writer.body().read()


def test_of_a_file_that_has_grown_no_more_is_read_than_announced(
    ps: ModuleType, ps_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"1" * 100_000)
    writer = ps.MultipartWriter()
    writer.append(path)
    body = writer.body()
    with path.open("r+b") as file:
        file.truncate(1 << 30)
    count = 0
    kind = ps_module("_file_pass").FilePass
    read = kind.read

    def counting(self: Any, wanted: int | None = None) -> Any:
        nonlocal count
        data = read(self, wanted)
        count += len(data)
        return data

    monkeypatch.setattr(kind, "read", counting)
    assert len(body.read()) == len(body)
    assert count < 300_000


def test_a_longer_boundary_within_may_be_taken_for_the_one_around(ps: ModuleType) -> None:
    outer = ps.MultipartWriter("mixed", "foofoofoo")
    outer.append(ps.MultipartWriter("mixed", "foofoofoobar"))
    with pytest.raises(ValueError, match="may be taken for"):
        outer.body()


def test_pack_does_not_destroy_its_input(ps_module: Module, tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"precious")
    main = ps_module("__main__").main
    assert main(["pack", f"a=@{path}", "-o", str(path)]) == 0
    assert b"precious" in path.read_bytes()
    path.write_bytes(b"precious")
    assert main(["pack", f"a=@{path}", "b=@/no/such", "-o", str(path)]) == 2
    assert path.read_bytes() == b"precious"
    assert os.listdir(tmp_path) == ["x.bin"]


def test_pack_has_one_host_and_one_framing(ps_module: Module, tmp_path: Path) -> None:
    main = ps_module("__main__").main
    out = tmp_path / "out"
    arguments = ["pack", "a=1", "--request", "/x", "-o", str(out)]
    assert main([*arguments, "--header", "Host: other"]) == 0
    assert out.read_bytes().startswith(b"POST /x HTTP/1.1\r\nHost: other\r\nContent-Type")
    assert main([*arguments, "--header", "Transfer-Encoding: chunked"]) == 2


def test_a_subclass_sees_each_part(ps: ModuleType) -> None:
    class Marking(ps.MultipartWriter):  # type: ignore[name-defined, misc]
        def append_payload(self, payload: Any) -> Any:
            payload.headers["X-Mark"] = "1"
            return super().append_payload(payload)

    writer = Marking()
    for value in ("text", b"bytes", io.BytesIO(b"file")):
        assert writer.append(value).headers["X-Mark"] == "1"
    assert writer.append_json({}).headers["X-Mark"] == "1"
