"""Known attacks on whole forms, each by the identifier that it became known under.

Each is sent whole and in small chunks, to both twins, awaited and not; it ends in a
``MultipartError`` or is read right, in bounded memory, and leaves nothing behind.  Those that bytes
alone make up are in ``test_advisories.py``; cancelled uploads (CVE-2025-24033, CVE-2026-2359) and
what blocks an event loop (CVE-2025-54121) in ``test_form_loops.py``.
"""

from __future__ import annotations

import os
import stat
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support import chunking
from support.building import Multipart, Part, field_part, file_part, form, nested_part
from support.forms import CONTENT_TYPE, Forms, driven, nothing_left, outcome

URLENCODED = "application/x-www-form-urlencoded"
MIB = 2**20


class Attack(NamedTuple):
    """A form, and the code that it is refused with; None where it is read."""

    ids: str
    what: str
    data: bytes
    code: str | None
    content_type: str = CONTENT_TYPE


def _base64(data: bytes) -> bytes:
    return form(file_part("f", "f", data, ("Content-Transfer-Encoding", "base64")))


def _nested(count: int) -> bytes:
    inner = Multipart("C", [file_part("x", "x", b"")] * count)
    return form(field_part("a", inner, ("Content-Type", "multipart/mixed; boundary=C")))


def _deep(levels: int) -> Multipart:
    inner = Multipart("last", [file_part("x", "x", b"")])
    for level in range(levels):
        inner = Multipart(f"b{level}", [nested_part(inner)])
    return inner


ATTACKS = (
    Attack("CVE-2023-30798, CVE-2023-25577, CVE-2023-25576, CVE-2023-24998", "many fields",
           form(*[field_part("a", b"")] * 1001), "max_parts"),
    Attack("CVE-2023-24580, CVE-2022-41725, CVE-2023-24536", "many files",
           form(*[file_part("a", "a", b"x")] * 1001), "max_parts"),
    Attack("CVE-2023-24580", "many files in a multipart within the form", _nested(1000),
           "max_parts"),
    Attack("CVE-2026-3520", "multiparts within each other",
           form(field_part("a", _deep(20), ("Content-Type", "multipart/mixed; boundary=b19"))),
           "max_depth"),
    Attack("CVE-2024-47874, CVE-2026-34517, CVE-2025-61771, CVE-2023-26048", "a large field",
           form(field_part("a", b"x" * (MIB + 1))), "max_field_size"),
    Attack("CVE-2024-47874", "a large field that has a type",
           form(field_part("a", b"x" * (MIB + 1), ("Content-Type", "text/plain"))),
           "max_field_size"),
    Attack("CVE-2025-69228, CVE-2024-49767", "large fields together",
           form(*[field_part("a", b"x" * MIB)] * 9), "max_fields_size"),
    Attack("CVE-2025-48976, CVE-2026-34516", "files with large headers",
           form(*[file_part("a", "a", b"", ("X", "x" * 8000))] * 600), "max_fields_size"),
    Attack("CVE-2023-46136", "a field that starts with CR, and goes on without",
           form(field_part("a", b"\r" + b"x" * (MIB - 1))), None),
    Attack("CVE-2023-46136", "a file that starts with LF, and goes on without",
           form(file_part("a", "a", b"\n" + b"x" * MIB)), None),
    Attack("CVE-2026-33033", "base64 of white space", _base64(b" " * MIB + b"eA=="), None),
    Attack("CVE-2026-33033", "base64 of white space, and no end", _base64(b"\r\n" * MIB + b"eA"),
           "invalid_encoding"),
    Attack("CVE-2022-23833", "base64 that stops amid four digits", _base64(b"eHh4e"),
           "invalid_encoding"),
    Attack("CVE-2025-48997", "an empty name, and a file", form(file_part("", "x", b"1")), None),
    Attack("CVE-2026-8161", "names of JavaScript", form(field_part("__proto__", b"1"),
           field_part("constructor[prototype]", b"2")), None),
    Attack("CVE-2026-5079", "a name of many brackets", form(field_part("a" + "[b]" * 2000, b"")),
           None),
    Attack("CVE-2026-21876", "a charset in a part that is not the last",
           form(field_part("a", b"+ADw-", ("Content-Type", "text/plain; charset=utf-7")),
                field_part("b", b"1")), "unsafe_charset"),
    Attack("CVE-2026-53537", "another name, extended",
           form(Part((("Content-Disposition", "form-data; name=\"a\"; name*=UTF-8''b"),), b"1")),
           None),
    Attack("CVE-2026-53539", "urlencoded semicolons", b"a;" * 300_000, None, URLENCODED),
    Attack("GHSA-6jv3-5f52-599m", "an urlencoded semicolon", b"a=1;b=2", None, URLENCODED),
    Attack("CVE-2026-54283", "urlencoded pairs", b"a&" * 1001, "max_fields", URLENCODED),
    Attack("CVE-2026-54283", "a large urlencoded field", b"a=" + b"x" * MIB, "max_field_size",
           URLENCODED),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with nothing_left(tmp_path, monkeypatch):
        yield


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.ids}-{attack.what}")
def test_attack(forms: Forms, attack: Attack) -> None:
    expected = outcome(forms, [attack.data], attack.content_type)
    assert (None if isinstance(expected[0], list) else expected[1]) == attack.code
    size = 4099 if len(attack.data) > 20_000 else 3
    assert outcome(forms, chunking.pieces(attack.data, size), attack.content_type) == expected


def test_what_stood_first_counts(forms: Forms) -> None:
    """CVE-2026-53537, GHSA-6jv3-5f52-599m: what is smuggled is no field."""
    for attack in ATTACKS:
        if attack.ids == "CVE-2026-53537":
            assert outcome(forms, [attack.data])[0] == [("a", "1")]
        if attack.ids == "GHSA-6jv3-5f52-599m":
            assert outcome(forms, [attack.data], URLENCODED)[0] == [("a", "1;b=2")]


def test_a_filename_is_no_place(forms: Forms, tmp_path: Path) -> None:
    """CVE-2026-24486, CVE-2021-28658, CVE-2021-31542, CVE-2022-29622."""
    names = ["../../x", "/x", "C:\\x", "..\\x", "x\0y".replace("\0", "%00"), "CON", ".", ""]
    data = form(*(file_part("f", name.replace("\\", "\\\\"), b"1") for name in names))
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    with forms.open(data) as got:
        for file in got.files.values():
            driven(file.save(uploads / file.safe_name))
    found = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    assert {path.parts[0] for path in found} == {"uploads"}
    assert {path.name for path in uploads.iterdir()} <= {"x", "C_x", "x%00y", "_CON", "file"}
    for path in uploads.iterdir():
        path.unlink()
    uploads.rmdir()


def test_a_temporary_file_has_no_name_to_guess(forms: Forms, tmp_path: Path) -> None:
    """CVE-2025-46653.  Where a system wants a name, it is random, and the file only its owner's."""
    data = form(file_part("f", "f", b"x" * 100))
    limits: dict[str, int | None] = {"max_spool_size": 10}
    with forms.open(data, limits=limits) as got:
        assert list(tmp_path.iterdir()) == []
        assert os.fstat(got.files["f"]._file.fileno()).st_nlink == 0
    spool = forms.submodule("_form_spool")
    nameless, spool._O_TMPFILE = spool._O_TMPFILE, 0
    try:
        with forms.open(data, limits=limits) as got:
            status = os.fstat(got.files["f"]._file.fileno())
            assert stat.S_IMODE(status.st_mode) == 0o600
            assert status.st_nlink == 0
    finally:
        spool._O_TMPFILE = nameless


def test_memory_of_many_files(forms: Forms) -> None:
    """CVE-2022-41725: what the objects take is bounded, and counted."""
    data = form(*[file_part("a", "a" * 100, b"x")] * 1000)
    tracemalloc.start()
    try:
        got = forms.parse(chunking.pieces(data, 10_000))
        for file in got.files.values():
            assert file.headers
        assert tracemalloc.get_traced_memory()[0] < len(data) * 2 + 1000 * 3000
    finally:
        tracemalloc.stop()
    forms.close(got)


def test_memory_of_a_large_field(forms: Forms) -> None:
    """CVE-2024-49767: what it takes at most is a little over twice its size."""
    data = form(field_part("a", b"x" * MIB))
    chunks = chunking.pieces(data, 1 << 16)
    tracemalloc.start()
    try:
        got: Any = forms.parse(chunks)
        assert tracemalloc.get_traced_memory()[1] < 2.4 * MIB
    finally:
        tracemalloc.stop()
    assert len(got.fields["a"]) == MIB


def test_memory_of_a_large_file(forms: Forms) -> None:
    """CVE-2024-52581: it goes to disk, and the whole body is never in memory."""
    chunk = b"x" * (1 << 16)
    data = form(file_part("f", "f", b"")).partition(b"\r\n--B--")
    chunks = (piece for piece in (data[0], *[chunk] * 64, data[1]))
    tracemalloc.start()
    try:
        got: Any = forms.parse(chunks)
        assert tracemalloc.get_traced_memory()[1] < 2.5 * MIB
    finally:
        tracemalloc.stop()
    assert got.files["f"].size == 64 * len(chunk)
    forms.close(got)
