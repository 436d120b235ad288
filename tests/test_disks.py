"""Disks that fill up, files that change, directories that are gone, descriptors that run out.

Each call of the system is made to fail in turn, the first, the second, and so on, until nothing
fails: what is raised is the OSError of that call, nothing stays open, and the next form works.
"""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import field_part, file_part, form
from support.forms import WRITES, Forms, driven, handles
from support.ways import WAYS

Module = Callable[[str], ModuleType]

DATA = bytes(range(256)) * 12
BODY = form(
    file_part("a", "a", DATA), field_part("text", b"1"), file_part("b", "b", DATA),
    file_part("c", "c", b"small"),
)  # fmt: skip
ON_DISK: dict[str, int | None] = {"max_spool_size": 100}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory for temporary files, in which nothing may be left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert left_in(tmp_path) == []


def left_in(folder: Path) -> list[str]:
    """Give the temporary files below a folder, and the files there that are open."""
    held = [target for _, target in handles() if target.startswith(str(folder))]
    parts = [str(path) for path in folder.rglob("*.part")]
    temporary = folder / "temporary"
    rest = [str(path) for path in temporary.iterdir()] if temporary.is_dir() else []
    return [*held, *parts, *rest]


@pytest.fixture(autouse=True)
def _often(ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files written little by little, so that there is much to fail."""
    chosen = ps_module("_forming").FormAssembler.__module__  # compiled, but for free threads
    module = ps_module(chosen.rpartition(".")[2])
    monkeypatch.setattr(module, "BATCH", 500)


class Fails:
    """Has the n-th call of some functions of ``os`` fail."""

    def __init__(self, at: int, number: int) -> None:
        self.left = at
        self.number = number

    @property
    def reached(self) -> bool:
        return self.left < 0

    @contextmanager
    def among(self, *names: str) -> Iterator[None]:
        before = {name: getattr(os, name) for name in names if hasattr(os, name)}
        for name, call in before.items():
            setattr(os, name, self._failing(call))
        try:
            yield
        finally:
            for name, call in before.items():
                setattr(os, name, call)

    def _failing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == -1:
                raise OSError(self.number, os.strerror(self.number))
            return call(*arguments, **options)

        return wrapped


def each_failure(number: int, names: tuple[str, ...], work: Callable[[], Any], least: int) -> None:
    """Do work with the first call failing, then with the second, until none does."""
    at, reached = 0, True
    while reached:
        fails = Fails(at, number)
        try:
            with fails.among(*names):
                work()
        except OSError as error:
            if error.errno != number:
                raise
        reached = fails.reached
        at += 1
    assert at > least, "hardly anything could fail"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fills_up_at_each_write(forms: Forms, folder: Path, number: int) -> None:
    def parse() -> None:
        with forms.open(chunking.pieces(BODY, 300), limits=ON_DISK) as got:
            assert forms.content(got)[1][2] == DATA
        assert left_in(folder.parent) == []

    each_failure(number, (WRITES,), parse, 8)
    parse()


SAVES: dict[str, tuple[str, bool]] = {"on disk": ("a", True), "copied": ("a", False),
                                      "in memory": ("c", True)}  # fmt: skip


@pytest.mark.parametrize("which", SAVES)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.EROFS])
def test_saving_fails_at_each_call(
    forms: Forms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, number: int
) -> None:
    """What was there before stays, and the file can be saved again."""
    name, links = SAVES[which]
    monkeypatch.setattr(forms.submodule("_form_saving"), "_LINKS", links)
    target = tmp_path / "saved"
    with forms.open(BODY, limits=ON_DISK) as got:
        file = got.files[name]
        content = driven(file.read())
        at, reached = 0, True
        while reached:
            target.write_bytes(b"before")
            fails = Fails(at, number)
            try:
                with fails.among("open", WRITES, "link", "replace"):
                    driven(file.save(target))
            except OSError as error:
                if error.errno != number:
                    raise
                assert target.read_bytes() == b"before"
            else:
                assert target.read_bytes() == content
            assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
            reached, at = fails.reached, at + 1
        assert at > 2
        driven(file.seek(0))
        assert driven(file.read()) == content


def test_descriptors_run_out_at_each_open(forms: Forms, folder: Path) -> None:
    def parse() -> None:
        with forms.open(BODY, limits=ON_DISK) as got:
            assert len(got.files) == 3

    # Where a file without a name cannot be made, one with a name is tried: both have to fail.
    for at in range(4):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = _lowest_free()
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + at, limit[1]))
        try:
            if at < 2:
                with pytest.raises(OSError, match="Too many open files") as caught:
                    parse()
                assert caught.value.errno == errno.EMFILE
            else:
                parse()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        assert left_in(folder.parent) == []
    parse()


def _lowest_free() -> int:
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


_SCRIPT = """
import os, resource, sys
from partstream.sync import parse_form
from partstream import BACKEND, Limits, MultipartWriter
body = b'--B\\r\\nContent-Disposition: form-data; name="f"; filename="f"\\r\\n\\r\\n' + \\
    b'x' * 200000 + b'\\r\\n--B--'
def parse():
    with parse_form('multipart/form-data; boundary=B', body) as form:
        return len(form.files['f'].read())
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
limits, held = Limits(max_spool_size=100), []
def small():
    with parse_form('multipart/form-data; boundary=B', body, limits=limits) as form:
        return form.files['f'].size
assert BACKEND == sys.argv[1]
while True:
    try:
        held.append(os.open('/dev/null', os.O_RDONLY))
    except OSError:
        break
for _ in range(3):
    try:
        small()
    except OSError as error:
        print(error.errno)
print(parse())  # what stays in memory needs no descriptor
for number in held:
    os.close(number)
print(small())
"""


def test_a_process_without_descriptors_serves_on(ps: ModuleType) -> None:
    """Also where nothing was on disk before, so that all that is needed has to be imported."""
    environment = {**os.environ, "PARTSTREAM_NO_EXTENSIONS": "1" if ps.BACKEND == "py" else ""}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _SCRIPT, ps.BACKEND], env=environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.split() == [str(errno.EMFILE)] * 3 + ["200000"] * 2


def test_a_directory_that_is_none(
    forms: Forms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for place, kind in ((tmp_path / "gone", FileNotFoundError), (file, NotADirectoryError)):
        with monkeypatch.context() as patch:
            patch.setattr("tempfile.tempdir", str(place))
            with pytest.raises(kind):
                forms.parse(BODY, limits=ON_DISK)
            with forms.open(BODY) as got:  # in memory
                assert len(got.files) == 3
    with forms.open(BODY, limits=ON_DISK) as got:
        assert len(got.files) == 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    is_root = hasattr(os, "geteuid") and not os.geteuid()
    if not is_root or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_real_disk_that_fills_up(
    forms: Forms, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = form(file_part("f", "f", DATA * 40))
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(small_disk))
        with pytest.raises(OSError, match="No space left"):
            forms.parse(chunking.pieces(large, 5000), limits=ON_DISK)
        assert list(small_disk.iterdir()) == []
        with forms.open(BODY, limits=ON_DISK) as got:  # the next one has room
            assert len(got.files) == 3
    with forms.open(large, limits=ON_DISK) as got:
        with pytest.raises(OSError, match="No space left"):
            driven(got.files["f"].save(small_disk / "saved"))
        assert list(small_disk.iterdir()) == []
        driven(got.files["f"].save(tmp_path / "saved"))
    assert (tmp_path / "saved").read_bytes() == DATA * 40


def test_packing_onto_a_disk_that_fills_up(
    ps_module: Module, small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    source.write_bytes(DATA * 40)
    output = small_disk / "body"
    output.write_bytes(b"before")
    main = ps_module("__main__").main
    status = main(["pack", "-o", str(output), f"f=@{source}"])
    assert status != 0
    assert "No space left" in capsys.readouterr().err
    assert list(small_disk.iterdir()) == [output]
    assert output.read_bytes() == b"before"


# Files that change while they are written

LARGE = DATA * 800


def _truncated(path: Path) -> None:
    os.truncate(path, 10)


def _grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more" * 1000)


def _gone(path: Path) -> None:
    path.unlink()


CHANGES: dict[str, Callable[[Path], None]] = {
    "shrinks": _truncated, "grows": _grown, "vanishes": _gone,
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["path", "file", "gzip"])
def test_a_file_that_changes_at_each_piece(
    ps: ModuleType, tmp_path: Path, change: str, way: str, kind: str
) -> None:
    """It is written as it was announced, or fails: never is half of it taken for all."""
    at, reached = 0, True
    path = tmp_path / "file"
    while reached:
        path.write_bytes(LARGE)
        pieces = [0]

        def seen(_: Any, pieces: list[int] = pieces, at: int = at) -> None:
            if pieces[0] == at:
                CHANGES[change](path)
            pieces[0] += 1

        with path.open("rb") as file:
            writer = ps.MultipartWriter("mixed", "B")
            writer.append(b"x" * 40_000)
            part = writer.append(file if kind == "file" else path)
            if kind == "gzip":
                part.headers["Content-Encoding"] = "gzip"
            watched = _Watched(writer, seen)
            try:
                data = WAYS[way](watched)
            except (OSError, ValueError) as error:
                if change == "grows":
                    raise error
            else:
                assert data.endswith(b"\r\n--B--\r\n")
                assert kind == "gzip" or LARGE in data
        reached, at = pieces[0] > at, at + 1
        assert [target for _, target in handles() if target.startswith(str(path))] == []
    assert at > 3


class _Watched:
    """A writer, all of whose passes are watched."""

    def __init__(self, writer: Any, seen: Callable[[Any], None]) -> None:
        self._writer = writer
        self._seen = seen

    def body(self) -> Any:
        return self._writer.body(progress=self._seen)

    def abody(self) -> Any:
        return self._writer.abody(progress=self._seen)

    async def write(self, sink: Any) -> None:
        await self._writer.write(sink, progress=self._seen)
