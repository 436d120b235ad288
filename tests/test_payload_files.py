"""Files as parts: open ones of bytes and of text, paths, and files of async libraries."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest
import trio

from support.ways import (
    LOOPS,
    WAYS,
    Sink,
    on_asyncio,
    only_part,
    open_under,
    part,
)

Module = Callable[[str], ModuleType]
each_way = pytest.mark.parametrize("way", WAYS)
each_loop = pytest.mark.parametrize("loop", LOOPS)

#: More than is read at a time, so that there are several blocks.
DATA = bytes(range(256)) * 5_000 + b"end"
TEXT = "Größe\r\n" + "zeile €\n" * 400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "data.bin"
    file.write_bytes(DATA)
    return file


@pytest.fixture(autouse=True)
def closed(tmp_path: Path) -> Iterator[contextlib.ExitStack]:
    """Closes what a test has opened; what is open besides then, was left open by the package."""
    with contextlib.ExitStack() as stack:
        yield stack
    assert open_under(tmp_path) == []


# Open files of bytes


def _gzip(path: Path) -> Any:
    with gzip.open(path, "wb", 1) as file:
        file.write(DATA)
    return gzip.open(path)


def _bz2(path: Path) -> Any:
    with bz2.open(path, "wb", 1) as file:
        file.write(DATA)
    return bz2.open(path)


def _lzma(path: Path) -> Any:
    with lzma.open(path, "wb", preset=0) as file:
        file.write(DATA)
    return lzma.open(path)


def _zip(path: Path) -> Any:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("member", DATA)
    return zipfile.ZipFile(path).open("member")


def _filled(file: Any) -> Any:
    file.write(DATA)
    file.seek(0)
    return file


#: How a file is opened, and whether its size can be seen.
OPENED: dict[str, tuple[Callable[[Path], Any], bool]] = {
    "buffered": (lambda path: path.open("rb"), True),
    "raw": (lambda path: path.open("rb", buffering=0), True),
    "to-write-too": (lambda path: path.open("r+b"), True),
    "new": (lambda path: _filled(path.open("w+b")), True),
    "TemporaryFile": (lambda path: _filled(tempfile.TemporaryFile()), True),  # noqa: SIM115
    "NamedTemporaryFile": (lambda path: _filled(tempfile.NamedTemporaryFile()), True),  # noqa: SIM115
    "spooled": (lambda path: _filled(tempfile.SpooledTemporaryFile(1 << 30)), True),  # noqa: SIM115
    "rolled-over": (lambda path: _filled(tempfile.SpooledTemporaryFile(1 << 10)), True),  # noqa: SIM115
    "gzip": (_gzip, False),
    "bz2": (_bz2, False),
    "lzma": (_lzma, False),
    "zip": (_zip, False),
}
each_opened = pytest.mark.parametrize("kind", OPENED)


@each_way
@pytest.mark.parametrize("kind", [kind for kind in OPENED if kind not in ("bz2", "lzma")])
def test_a_file_is_written_from_its_position_and_stays_open(
    ps: ModuleType, path: Path, closed: contextlib.ExitStack, kind: str, way: str
) -> None:
    make, seen = OPENED[kind]
    file = closed.enter_context(make(path))
    file.seek(5)
    writer = ps.MultipartWriter()
    payload = writer.append(file)
    for _ in range(2):
        headers, body = only_part(WAYS[way](writer))
        assert body == DATA[5:]
        assert headers.get("Content-Length") == (str(len(DATA) - 5) if seen else None)
    assert not file.closed
    assert not payload.consumed
    on_asyncio(writer.close)
    assert file.closed


@each_opened
def test_the_size_of_a_file_is_that_of_its_bytes(
    ps: ModuleType, path: Path, closed: contextlib.ExitStack, kind: str
) -> None:
    """A GzipFile has a descriptor, too: that of the file that is compressed."""
    make, seen = OPENED[kind]
    payload = ps.get_payload(closed.enter_context(make(path)))
    assert payload.size == (len(DATA) if seen else None)
    assert on_asyncio(payload.as_bytes) == DATA


def test_a_spooled_file_stays_in_memory(ps: ModuleType) -> None:
    with tempfile.SpooledTemporaryFile(1 << 30) as file:
        _filled(file)
        assert part(ps, file)[1] == DATA
        assert not file._rolled  # type: ignore[attr-defined]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("kind", [kind for kind in OPENED if kind != "zip"])
def test_a_file_that_was_closed_is_an_error_before_the_first_byte(
    ps: ModuleType, path: Path, kind: str, before: bool
) -> None:
    writer = ps.MultipartWriter()
    with OPENED[kind][0](path) as file:
        if not before:
            writer.append(file)
    if before:
        writer.append(file)
    assert writer.consumed
    sink = Sink()
    with pytest.raises(ValueError, match="has been written, or closed, and cannot be written"):
        on_asyncio(lambda: writer.write(sink))
    assert sink.chunks == []


@pytest.mark.parametrize("mode", ["wb", "ab", "w"])
def test_a_file_that_can_only_be_written_is_refused(
    ps: ModuleType, tmp_path: Path, mode: str
) -> None:
    with (tmp_path / "new").open(mode) as file:
        for size in (None, 5):
            with pytest.raises(ValueError, match="open it with 'rb'"):
                ps.MultipartWriter().append(file, size=size)


@pytest.mark.parametrize("way", ["body", *LOOPS])
def test_of_a_file_that_is_closed_while_it_is_written_no_other_is_read(
    ps: ModuleType, path: Path, tmp_path: Path, way: str
) -> None:
    """The next file that is opened may get the same descriptor."""
    (tmp_path / "secret").write_bytes(b"secret" * 300_000)
    file = path.open("rb")
    number = file.fileno()
    writer = ps.MultipartWriter()
    writer.append(file)

    def exchange() -> None:
        with (tmp_path / "secret").open("rb") as other:
            file.close()
            os.dup2(other.fileno(), number)

    async def main() -> None:
        pieces = aiter(writer.abody())
        while not (await anext(pieces)).startswith(DATA[:9]):
            pass
        exchange()
        with pytest.raises(ValueError, match="the file was closed while it was written"):
            await anext(pieces)

    if way == "body":
        with writer.body() as body:
            assert DATA[:9] in body.read(9_000)
            exchange()
            with pytest.raises(ValueError, match="the file was closed while it was written"):
                body.read()
    else:
        LOOPS[way](main)
    os.close(number)


def test_a_payload_can_be_shown_whatever_has_become_of_its_file(ps: ModuleType, path: Path) -> None:
    file, memory = path.open("rb"), io.BytesIO(b"abc")
    payloads = [ps.get_payload(value) for value in (path, file, memory)]
    assert [f"size={len(DATA)}" in repr(payload) for payload in payloads[:2]] == [True, True]
    file.close()
    memory.close()
    path.unlink()
    assert [repr(payload).endswith(" size=?>") for payload in payloads] == [True] * 3


def test_what_close_has_closed_is_not_written(ps: ModuleType, path: Path) -> None:
    writer = ps.MultipartWriter()
    payload = writer.append(path.open("rb"))
    on_asyncio(writer.close)
    on_asyncio(writer.close)  # and again
    assert payload.consumed
    sink = Sink()
    with pytest.raises(ValueError, match="cannot be written again: make it of bytes, a path"):
        on_asyncio(lambda: writer.write(sink))
    assert sink.chunks == []


def test_passes_over_one_file_do_not_disturb_each_other(
    ps: ModuleType, path: Path, closed: contextlib.ExitStack
) -> None:
    packed = closed.enter_context(_gzip(path.with_name("packed")))
    for value in (path, closed.enter_context(path.open("rb")), packed):
        writer = ps.MultipartWriter()
        writer.append(value)
        with writer.body() as one, writer.body() as two:
            found: list[list[bytes]] = [[], []]
            for size in (1, 70_000, 3, 2_000_000, 9_000_000):
                for body, pieces in zip((one, two), found, strict=True):
                    pieces.append(body.read(size))
        assert b"".join(found[0]) == b"".join(found[1])
        assert only_part(b"".join(found[0]))[1] == DATA


def test_a_file_is_named_by_its_base_name(
    ps: ModuleType, tmp_path: Path, closed: contextlib.ExitStack
) -> None:
    path = tmp_path / 'gr"ö.html'
    path.write_bytes(b"")
    for value in (path, closed.enter_context(path.open("rb"))):
        headers, _ = part(ps, value)
        assert headers["Content-Type"] == "text/html"
        assert headers["Content-Disposition"] == (
            "attachment; filename=\"gr__.html\"; filename*=UTF-8''gr%22%C3%B6.html"
        )
        headers, _ = part(ps, value, subtype="form-data")
        assert headers["Content-Disposition"] == (
            'form-data; name="section-0"; filename="gr%22ö.html"'
        )
        headers, _ = part(ps, value, subtype="form-data", name="f", filename="other.txt")
        assert headers["Content-Type"] == "text/plain"
        assert headers["Content-Disposition"] == 'form-data; name="f"; filename="other.txt"'
        headers, _ = part(ps, value, headers={"Content-Disposition": "inline"})
        assert headers["Content-Disposition"] == "inline"


@pytest.mark.parametrize("name", [7, None, "<stdin>", "", b"bytes"])
def test_a_file_without_a_name_of_its_own_has_no_disposition(ps: ModuleType, name: Any) -> None:
    file = io.BytesIO(b"")
    file.name = name  # type: ignore[misc]
    headers, _ = part(ps, file)
    assert "Content-Disposition" not in headers


def test_a_disposition_may_be_another_or_none(ps: ModuleType, path: Path) -> None:
    for make in (lambda value, *args: ps.PathPayload(path, *args), ps.IOBasePayload):
        with path.open("rb") as file:
            assert make(file, "inline").headers["Content-Disposition"].startswith("inline; ")
            assert "Content-Disposition" not in make(file, None).headers


# Files that change


@pytest.mark.parametrize("way", [way for way in WAYS if "write" not in way])
@pytest.mark.parametrize("opened", [True, False])
def test_a_file_that_grows_is_cut_to_the_size_announced(
    ps: ModuleType, path: Path, closed: contextlib.ExitStack, opened: bool, way: str
) -> None:
    writer = ps.MultipartWriter()
    writer.append(closed.enter_context(path.open("rb")) if opened else path)
    body = writer.abody() if "abody" in way else writer.body()
    with path.open("ab") as file:
        file.write(b"more")
    frozen = type("Frozen", (), {"body": lambda self: body, "abody": lambda self: body})()
    data = WAYS[way](frozen)
    assert len(data) == body.size
    headers, content = only_part(data)
    assert (headers["Content-Length"], content) == (str(len(DATA)), DATA)
    assert only_part(writer.body().read())[1] == DATA + b"more"  # what is asked for anew


@each_way
@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("left", [0, 9, 70_000, len(DATA) - 1])
def test_a_file_that_shrinks_is_an_error(
    ps: ModuleType, path: Path, closed: contextlib.ExitStack, opened: bool, left: int, way: str
) -> None:
    writer = ps.MultipartWriter()
    # The file before it is written first: then this one is cut off.
    writer.append(ps.BytesPayload(b"x" * 2_000_000))
    payload = writer.append(closed.enter_context(path.open("rb")) if opened else path)
    message = f"'data.bin' ended after {left} of {len(DATA)} bytes announced"
    _cut_when_announced(payload, path, left)
    with pytest.raises(OSError, match=message):
        WAYS[way](writer)


def _cut_when_announced(payload: Any, path: Path, left: int) -> None:
    """Make the file shorter as soon as its size has been asked for."""
    kind = type(payload)

    class Shrinking(kind):  # type: ignore[misc,valid-type]
        @property
        def size(self) -> int | None:
            size = super().size
            os.truncate(path, left)
            return size  # type: ignore[no-any-return]

    payload.__class__ = Shrinking


@each_way
def test_a_file_that_is_gone_when_it_is_written_is_an_error_before_the_first_byte(
    ps: ModuleType, path: Path, way: str
) -> None:
    writer = ps.MultipartWriter()
    writer.append(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        WAYS[way](writer)
    sink = Sink()
    with pytest.raises(FileNotFoundError):
        on_asyncio(lambda: writer.write(sink))
    assert sink.chunks == []


def test_a_file_that_is_gone_amid_the_body_is_an_error(ps: ModuleType, path: Path) -> None:
    writer = ps.MultipartWriter()
    writer.append(b"x" * 2_000_000)
    writer.append(path)
    body = writer.body()
    assert body.read(9)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"data\.bin"):
        body.read()


def test_a_file_that_is_unlinked_while_it_is_read_is_whole(ps: ModuleType, path: Path) -> None:
    writer = ps.MultipartWriter()
    writer.append(path)
    with writer.body() as body:
        start = body.read(70_000)
        path.unlink()
        assert only_part(start + body.read())[1] == DATA


# Paths


def test_a_path_is_opened_when_it_is_written_and_closed_behind_it(
    ps: ModuleType, path: Path, tmp_path: Path
) -> None:
    writer = ps.MultipartWriter()
    writer.append(path)
    writer.append(b"behind" * 500_000)
    body = writer.body()
    assert open_under(tmp_path) == []
    body.read(len(DATA) // 2)
    assert open_under(tmp_path) == [str(path)]
    body.read(len(DATA))
    assert open_under(tmp_path) == []


def _entry(path: Path) -> Any:
    """Give what a listing of a folder by bytes gives."""
    with os.scandir(os.fsencode(path.parent)) as entries:
        return next(entries)


@pytest.mark.parametrize("make", [trio.Path, anyio.Path, _entry])
def test_paths_of_all_kinds_will_do(ps: ModuleType, path: Path, make: Any) -> None:
    value = make(path)
    headers, body = part(ps, value)
    assert headers["Content-Disposition"] == 'attachment; filename="data.bin"'
    assert body == DATA


def test_a_path_that_leads_nowhere_is_an_error(ps: ModuleType, tmp_path: Path) -> None:
    writer = ps.MultipartWriter()
    with pytest.raises(FileNotFoundError):
        writer.append(tmp_path / "missing")
    with pytest.raises(ValueError, match="null"):
        writer.append(tmp_path / "mis\0sing")
    assert len(writer) == 0
    writer.append(tmp_path / "missing", size=3)  # it may be there later
    with pytest.raises(FileNotFoundError):
        writer.body().read()


def test_a_directory_is_an_error(ps: ModuleType, tmp_path: Path) -> None:
    writer = ps.MultipartWriter()
    with pytest.raises(IsADirectoryError):
        writer.append(tmp_path)
    assert len(writer) == 0


def test_an_empty_file_has_a_size(ps: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    headers, body = part(ps, tmp_path / "empty")
    assert (headers["Content-Length"], body) == ("0", b"")


@pytest.mark.parametrize("name", ["a\nb", "a\x7f", "a\ud800"])
def test_a_name_that_cannot_be_sent_is_made_one_that_can(
    ps: ModuleType, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    payload = ps.PathPayload(path)
    disposition = payload.headers["Content-Disposition"]
    assert disposition == f'attachment; filename="a_{"b" if "b" in name else ""}"'
