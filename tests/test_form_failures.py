"""A form that fails leaves nothing: no temporary file, no handle, no sink that was not aborted."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import field_part, file_part, form
from support.forms import WRITES, Forms, driven, nothing_left

Module = Callable[[str], ModuleType]

BODY = form(
    file_part("a", "a", b"a" * 3000),
    field_part("text", b"1"),
    file_part("b", "b", b"b" * 3000),
    file_part("c", "c", b""),
)
ON_DISK: dict[str, int | None] = {"max_spool_size": 100}


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with nothing_left(tmp_path, monkeypatch):
        yield


@pytest.fixture
def small_batches(ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files written little by little, so that there is something to fail amid them."""
    chosen = ps_module("_forming").FormAssembler.__module__  # compiled, but for free threads
    module = ps_module(chosen.rpartition(".")[2])
    monkeypatch.setattr(module, "BATCH", 500)


@pytest.mark.usefixtures("small_batches")
def test_cut_anywhere(forms: Forms) -> None:
    """CVE-2026-3304: what came before is cleaned up, however much that is."""
    for end in range(0, len(BODY) - 6, 41):
        with pytest.raises(forms.package.IncompleteBody):
            forms.parse(chunking.pieces(BODY[:end], 300), limits=ON_DISK)


@pytest.mark.usefixtures("small_batches")
def test_a_source_that_fails_anywhere(forms: Forms) -> None:
    """CVE-2025-47935, CVE-2026-2359: so is it where the connection is lost."""

    def failing(end: int) -> Iterator[bytes]:
        yield from chunking.pieces(BODY[:end], 300)
        raise ConnectionResetError

    for end in range(0, len(BODY), 41):
        with pytest.raises(ConnectionResetError):
            forms.parse(failing(end), limits=ON_DISK)


def _full_after(count: int) -> Callable[..., int]:
    written = getattr(os, WRITES)
    left = [count]

    def write(number: int, pieces: Any) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(number, pieces)  # type: ignore[no-any-return]

    return write


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("count", range(6))
def test_a_disk_that_is_full(forms: Forms, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """It is no fault of the sender's: an OSError, as it came."""
    monkeypatch.setattr(f"os.{WRITES}", _full_after(count))
    with pytest.raises(OSError, match="No space left"):
        forms.parse(chunking.pieces(BODY, 300), limits=ON_DISK)


def test_a_disk_that_is_full_when_a_file_grows(
    forms: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forms.open(BODY) as got:
        file = got.files["a"]
        monkeypatch.setattr(f"os.{WRITES}", _full_after(0))
        monkeypatch.setattr(file, "_room", 3000)
        driven(file.seek(0, os.SEEK_END))
        with pytest.raises(OSError, match="No space left"):
            driven(file.write(b"more"))
        assert file.size == 3000
        driven(file.seek(0))
        assert driven(file.read()) == b"a" * 3000


def test_a_temporary_directory_that_is_gone(
    forms: Forms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError):
        forms.parse(BODY, limits=ON_DISK)
    with forms.open(BODY) as got:  # in memory
        assert len(got.files) == 3


def test_no_handles_are_left(forms: Forms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2023-24580, CVE-2017-1000098: the second file is one too many for the system."""
    opened: list[Any] = []
    temporary = tempfile.TemporaryFile

    def one(**options: Any) -> Any:
        if opened:
            raise OSError(errno.EMFILE, "Too many open files")
        opened.append(temporary(**options))
        return opened[0]

    spool = forms.submodule("_form_spool")
    monkeypatch.setattr(spool, "_O_TMPFILE", 0)
    monkeypatch.setattr(spool.tempfile, "TemporaryFile", one)
    with pytest.raises(OSError, match="Too many"):
        forms.parse(BODY, limits=ON_DISK)
    assert opened[0].closed
