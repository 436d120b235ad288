"""Files of a form: kept in memory and on disk, read, written, saved, closed."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import file_part, form
from support.forms import Forms, driven, nothing_left

Module = Callable[[str], ModuleType]

DATA = bytes(range(256)) * 40
LIMITS: dict[str, int | None] = {"max_spool_size": 5000}
needs_nameless = pytest.mark.skipif(
    not (hasattr(os, "O_TMPFILE") and hasattr(os, "link")), reason="Linux"
)


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "temporary"
    folder.mkdir()
    with nothing_left(folder, monkeypatch):
        yield folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "uploads"
    path.mkdir()
    return path


@pytest.fixture(params=["memory", "disk"])
def file(request: pytest.FixtureRequest, forms: Forms) -> Iterator[Any]:
    """A file of a form, in memory or on disk."""
    limits = {"max_spool_size": len(DATA) if request.param == "memory" else 5000}
    with forms.open(chunking.pieces(_body(), 999), limits=limits) as got:
        file = got.files["a"]
        assert f"on {request.param}" in repr(file) or f"in {request.param}" in repr(file)
        yield file


def _body(data: bytes = DATA, filename: str = "a.bin") -> bytes:
    return form(file_part("a", filename, data, ("Content-Type", "x/Y; z=1")))


def test_read_and_seek(file: Any) -> None:
    assert (file.size, file.content_type) == (len(DATA), "x/y")
    assert driven(file.read(3)) == DATA[:3]
    assert driven(file.read()) == DATA[3:]
    assert driven(file.read()) == b""
    assert driven(file.seek(0)) == 0
    assert driven(file.read(-1)) == DATA
    assert driven(file.seek(-2, os.SEEK_END)) == len(DATA) - 2
    assert driven(file.read(9)) == DATA[-2:]


def test_write(file: Any) -> None:
    driven(file.seek(2))
    assert driven(file.write(b"xyz")) == 3
    assert file.size == len(DATA)
    driven(file.seek(0, os.SEEK_END))
    assert driven(file.write(memoryview(b"abcd")[::1])) == 4
    assert driven(file.write(bytearray(b"e"))) == 1
    assert file.size == len(DATA) + 5
    driven(file.seek(0))
    assert driven(file.read()) == DATA[:2] + b"xyz" + DATA[5:] + b"abcde"
    assert "on disk" in repr(file)  # there was no room for more


def test_text_cannot_be_written(file: Any) -> None:
    with pytest.raises(TypeError):
        driven(file.write("text"))


def test_a_file_in_memory_may_grow_within_its_limit(forms: Forms) -> None:
    with forms.open(_body(b"12345"), limits={"max_spool_size": 10}) as got:
        file = got.files["a"]
        driven(file.seek(0, os.SEEK_END))
        driven(file.write(b"67890"))
        assert "in memory" in repr(file)
        driven(file.write(b"!"))
        assert "on disk" in repr(file)
        assert driven(file.seek(0, os.SEEK_CUR)) == 11
        driven(file.seek(0))
        assert driven(file.read()) == b"1234567890!"


def test_closed(forms: Forms, file: Any, folder: Path) -> None:
    assert not file.closed
    forms.close(file)
    forms.close(file)
    assert file.closed
    assert "closed" in repr(file)
    for call in (
        lambda: file.read(),
        lambda: file.seek(0),
        lambda: file.write(b""),
        lambda: file.write(b"x"),
        lambda: file.save(folder / "x"),
    ):
        with pytest.raises(ValueError, match=r"^the file is closed$"):
            driven(call())
    assert file.safe_name == "a.bin"
    assert not list(folder.iterdir())


def test_how_much_is_in_memory(forms: Forms) -> None:
    for size, where in ((5000, "in memory"), (5001, "on disk"), (0, "in memory")):
        for chunks in chunking.coarse(_body(DATA[:size])).values():
            with forms.open(chunks, limits=LIMITS) as got:
                file = got.files["a"]
                assert where in repr(file)
                assert driven(file.read()) == DATA[:size]


def test_nothing_in_memory(forms: Forms) -> None:
    with forms.open(_body(b"1"), limits={"max_spool_size": 0}) as got:
        assert "on disk" in repr(got.files["a"])
    with forms.open(_body(b""), limits={"max_spool_size": 0}) as got:
        assert got.files["a"].size == 0
        assert driven(got.files["a"].read()) == b""


def test_all_in_memory(forms: Forms) -> None:
    limits = {"max_spool_size": None, "max_spool_total": None}
    with forms.open(_body(b"x" * 3_000_000), limits=limits) as got:
        assert "in memory" in repr(got.files["a"])


def test_files_in_memory_share_a_limit(forms: Forms) -> None:
    """Once it is reached, those of up to 64 KiB still are: a file on disk costs its sender more."""
    sizes = [100_000, 100_000, 100_000, 65_536, 65_537, 10]
    data = form(*(file_part(str(at), "x", b"x" * size) for at, size in enumerate(sizes)))
    limits: dict[str, int | None] = {"max_spool_size": 100_000, "max_spool_total": 200_000}
    for chunks in (chunking.whole(data), chunking.pieces(data, 7777)):
        with forms.open(chunks, limits=limits) as got:
            where = ["memory" in repr(file) for file in got.files.values()]
            assert where == [True, True, False, True, False, True]
            assert [file.size for file in got.files.values()] == sizes


def test_a_file_that_went_to_disk_makes_room(forms: Forms) -> None:
    data = form(file_part("a", "x", b"x" * 3_000_000), file_part("b", "x", b"x" * 100_000))
    limits: dict[str, int | None] = {"max_spool_size": 100_000, "max_spool_total": 100_000}
    with forms.open(chunking.pieces(data, 5000), limits=limits) as got:
        assert ["memory" in repr(file) for file in got.files.values()] == [False, True]


# Saved


def test_save(file: Any, folder: Path) -> None:
    driven(file.seek(5))
    driven(file.save(folder / file.safe_name))
    assert [path.name for path in folder.iterdir()] == ["a.bin"]
    assert (folder / "a.bin").read_bytes() == DATA
    assert driven(file.read(1)) == DATA[5:6]
    driven(file.save(str(folder / "b")))
    driven(file.save(os.fsencode(folder / "c")))
    assert (folder / "b").read_bytes() == (folder / "c").read_bytes() == DATA


def test_what_was_saved_stays(forms: Forms, file: Any, folder: Path) -> None:
    """Also where it was not copied: what is written later goes elsewhere."""
    driven(file.save(folder / "first"))
    driven(file.seek(0))
    driven(file.write(b"changed"))
    driven(file.save(folder / "second"))
    driven(file.seek(0))
    assert driven(file.read()) == b"changed" + DATA[7:]
    forms.close(file)
    assert (folder / "first").read_bytes() == DATA
    assert (folder / "second").read_bytes() == b"changed" + DATA[7:]
    (folder / "first").write_bytes(b"")
    assert (folder / "second").read_bytes() == b"changed" + DATA[7:]


def test_saved_twice_they_are_two_files(file: Any, folder: Path) -> None:
    for name in ("first", "second"):
        driven(file.save(folder / name))
    (folder / "first").write_bytes(b"")
    assert (folder / "second").read_bytes() == DATA
    assert driven(file.read()) in (b"", DATA)


def test_a_saved_file_has_the_mode_of_any_new_file(file: Any, folder: Path) -> None:
    (folder / "other").write_bytes(b"")
    driven(file.save(folder / "a"))
    modes = [stat.S_IMODE((folder / name).stat().st_mode) for name in ("other", "a")]
    assert modes[0] == modes[1]


def test_what_was_there_is_replaced_and_no_link_is_followed(file: Any, folder: Path) -> None:
    precious = folder / "precious"
    precious.write_bytes(b"precious")
    (folder / "old").write_bytes(b"old")
    (folder / "link").symlink_to(precious)
    for name in ("old", "link"):
        driven(file.save(folder / name))
        assert (folder / name).read_bytes() == DATA
        assert not (folder / name).is_symlink()
    assert precious.read_bytes() == b"precious"


@needs_nameless
def test_a_large_file_is_not_copied(forms: Forms, folder: Path, ps_module: Module) -> None:
    """It is given a name: the inode of the temporary file is that of the saved one."""
    with forms.open(_body(), limits=LIMITS) as got:
        file = got.files["a"]
        temporary = os.fstat(file._file.fileno())
        driven(file.save(folder / "a"))
        assert (folder / "a").stat().st_ino == temporary.st_ino
        driven(file.save(folder / "b"))
        assert (folder / "b").stat().st_ino != temporary.st_ino


def test_it_is_copied_where_it_cannot_be_linked(
    forms: Forms, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr("os.link", refuse, raising=False)
    with forms.open(_body(), limits=LIMITS) as got:
        driven(got.files["a"].save(folder / "a"))
        assert (folder / "a").read_bytes() == DATA
        assert driven(got.files["a"].read()) == DATA


def test_without_nameless_files(
    forms: Forms, folder: Path, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on other systems than Linux."""
    monkeypatch.setattr(ps_module("_form_spool"), "_O_TMPFILE", 0)
    monkeypatch.setattr(ps_module("_form_spool"), "_PIECES", 0)
    monkeypatch.setattr(ps_module("_form_saving"), "_LINKS", False)
    with forms.open(chunking.pieces(_body(), 999), limits=LIMITS) as got:
        driven(got.files["a"].save(folder / "a"))
        assert (folder / "a").read_bytes() == DATA
        assert driven(got.files["a"].read()) == DATA


@pytest.mark.parametrize("filename", ["../a", "/a", "x/../../a", "a/../../b", "..\\a"])
def test_a_path_that_leaves_its_directory_by_the_filename_is_refused(
    forms: Forms, folder: Path, filename: str
) -> None:
    quoted = filename.replace("\\", "\\\\")
    with forms.open(_body(filename=quoted)) as got:
        file = got.files["a"]
        assert file.filename == filename
        for path in (folder / filename, os.path.join(folder, filename)):
            with pytest.raises(ValueError, match="safe_name"):
                driven(file.save(path))
        driven(file.save(folder / file.safe_name))
    assert len(list(folder.iterdir())) == 1
    assert len(list(folder.parent.iterdir())) == 2


@pytest.mark.parametrize("filename", ["/a", "uploads/a", "x/a", "C:\\a"])
def test_no_filename_keeps_a_safe_name_from_being_saved(
    forms: Forms, folder: Path, filename: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever directory the sender thinks of."""
    monkeypatch.chdir(folder)
    with forms.open(_body(filename=filename.replace("\\", "\\\\"))) as got:
        file = got.files["a"]
        for directory in (str(folder), "../uploads", "./", ""):
            driven(file.save(os.path.join(directory, file.safe_name)))
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_a_path_that_names_a_directory_is_refused(file: Any, folder: Path) -> None:
    for path in (f"{folder}/", f"{folder}/..", f"{folder}/.", "", ".."):
        with pytest.raises(ValueError, match="safe_name"):
            driven(file.save(path))
    with pytest.raises(TypeError):
        driven(file.save(5))


def test_where_it_cannot_be_saved_nothing_is_left(file: Any, folder: Path) -> None:
    (folder / "directory").mkdir()
    with pytest.raises(IsADirectoryError):
        driven(file.save(folder / "directory"))
    with pytest.raises(FileNotFoundError) as caught:
        driven(file.save(folder / "missing" / "a"))
    named = (folder / "missing", folder / "missing" / "a")  # and no name that we made up
    assert Path(caught.value.filename) in named
    assert [path.name for path in folder.iterdir()] == ["directory"]
    assert driven(file.read()) == DATA


def test_a_disk_that_is_full_while_a_file_is_saved(
    forms: Forms, folder: Path, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Any, pieces: Any) -> int:
        os.write(file.fileno(), b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with forms.open(_body()) as got:
        monkeypatch.setattr(ps_module("_form_saving"), "write_all", full)
        with pytest.raises(OSError, match="No space"):
            driven(got.files["a"].save(folder / "a"))
        assert not list(folder.iterdir())
        assert driven(got.files["a"].read()) == DATA


# How it is written


class _Stingy(io.RawIOBase):
    """Takes three bytes at a time."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: Any) -> int:
        self.data += bytes(data[:3])
        return min(3, len(data))


def test_all_is_written(ps_module: Module, tmp_path: Path) -> None:
    write_all = ps_module("_form_spool").write_all
    pieces = [b"a" * 10, bytearray(b"b"), b"c" * 7]
    stingy = _Stingy()
    assert write_all(stingy, pieces) == 18
    assert stingy.data == b"a" * 10 + b"b" + b"c" * 7
    with io.FileIO(tmp_path / "x", "w+") as file:
        assert write_all(file, [b"x"] * 2000) == 2000
        assert write_all(file, []) == 0
        file.seek(0)
        assert file.read() == b"x" * 2000


@pytest.mark.skipif(not hasattr(os, "writev"), reason="a system that has not the call")
def test_calls_that_take_less_than_all(
    ps_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writev = os.writev
    monkeypatch.setattr("os.writev", lambda number, pieces: writev(number, [pieces[0][:4]]))
    with io.FileIO(tmp_path / "x", "w+") as file:
        ps_module("_form_spool").write_all(file, [b"0123456789", b"", b"abcdef"])
        file.seek(0)
        assert file.read() == b"0123456789abcdef"


def test_calls_that_take_one_piece_and_less_than_all(
    ps_module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on PyPy, which has no ``os.writev``."""
    spool, write = ps_module("_form_spool"), os.write
    monkeypatch.setattr(spool, "_PIECES", 0)
    monkeypatch.setattr("os.write", lambda number, piece: write(number, piece[:4]))
    with io.FileIO(tmp_path / "x", "w+") as file:
        assert spool.write_all(file, [b"0123456789", b"", b"abcdef"]) == 16
        file.seek(0)
        assert file.read() == b"0123456789abcdef"
