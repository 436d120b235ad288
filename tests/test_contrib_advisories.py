"""Known attacks, through each framework: the answer is its error or the form, and nothing stays.

Whatever is sent, there is no exception that the framework has no answer for (a 500), no temporary
file or handle left, no line of log for each fault, and no more memory than the limits allow.
"""

from __future__ import annotations

import json
import logging
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from support import chunking
from support.asgi_forms import temporary_files
from support.attacked import INTEGRATIONS, posting
from support.attacks import ATTACKS as STREAMS
from support.building import field_part, file_part, form
from support.form_apps import BODY, FIELD_SIZE, FILES, PARTS

KIB, MIB = 1 << 10, 1 << 20
MULTIPART = "multipart/form-data; boundary=B"
URLENCODED = "application/x-www-form-urlencoded"

each = pytest.mark.parametrize("name", INTEGRATIONS)

#: Attacks on frameworks, by identifiers: the form, and whether it is refused.
ATTACKS = {
    "CVE-2023-30798 CVE-2023-25577 CVE-2023-25578 CVE-2025-69228 many fields":
        (form(*[field_part("a", b"1")] * (PARTS * 8)), True),
    "CVE-2024-47874 CVE-2024-49767 CVE-2026-34517 CVE-2024-52581 a huge field without filename":
        (form(field_part("a", b"x" * (BODY + KIB))), True),
    "CVE-2023-24580 many files":
        (form(*[file_part("f", "f", b"x")] * (PARTS * 8)), True),
    "CVE-2023-46136 a file that starts with CR, and goes on without":
        (form(file_part("f", "f", b"\r" + b"x" * MIB)), False),
    "CVE-2023-46136 a file that starts with LF, and goes on without":
        (form(file_part("f", "f", b"\n" + b"x" * MIB)), False),
    "CVE-2022-23833 a file that ends within its delimiter":
        (form(file_part("f", "f", b"x" * 100))[:-3], True),
    "CVE-2026-33033 base64 of white space":
        (form(file_part("f", "f", b" " * (256 * KIB) + b"eA==",
                        ("Content-Transfer-Encoding", "base64"))), False),
    "CVE-2025-47287 a fault in each part":
        (form(*[field_part("a", b"1", ("no token", "1"))] * 100), True),
    "CVE-2024-53981 line ends before the first delimiter": (b"\r\n" * MIB + form(), True),
    "CVE-2026-40347 a preamble":
        (b"x" * (BODY - KIB) + b"\r\n" + form(field_part("a", b"1")), True),
    "CVE-2026-34516 large headers":
        (form(field_part("a", b"1", *[("X-A", "x" * 8000)] * 100)), True),
    "CVE-2024-30251 CVE-2025-69227 nothing behind the headers":
        (form(field_part("a", b"1", ("Content-Length", "5")))[:60], True),
    "CVE-2026-54283 an urlencoded form": (b"a&" * (BODY // 2 + 1), False),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _left(directory: Path) -> Iterator[None]:
    yield
    assert not temporary_files()


@each
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_a_framework(
    ps: ModuleType, caplog: pytest.LogCaptureFixture, name: str, attack: str
) -> None:
    data, refused = ATTACKS[attack]
    caplog.set_level(logging.DEBUG)
    post = posting(name)
    chunks = chunking.pieces(data, 4099)
    tracemalloc.start()
    try:
        status, text = post(chunks, URLENCODED if data.startswith(b"a&") else MULTIPART)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # What these two read from has it all at once: nobody makes the sender wait here.
    assert peak < 5 * MIB + len(data) * (name in ("aiohttp", "quart"))
    assert status in ((400, 413) if refused else (200, 400, 413)), text
    assert len([record for record in caplog.records if record.name != "asyncio"]) < 6
    assert not temporary_files()
    if len(data) < 4 * KIB:
        assert post(chunking.bytewise(data), MULTIPART)[0] == status


@each
def test_a_stream_that_is_an_attack(
    ps: ModuleType, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """All of :data:`support.attacks.ATTACKS`, whole and bytewise: no 500, and one answer."""
    caplog.set_level(logging.DEBUG)
    post = posting(name)
    for attack in STREAMS:
        settings, data = attack.settings, attack.data
        if settings.subtype != "form-data":
            continue
        kind = f"multipart/form-data; boundary={settings.boundary}"
        caplog.clear()
        whole = post([data], kind)
        assert whole[0] in (200, 400, 413), (attack.ids, attack.what, whole)
        if len(data) <= 2 * KIB:
            assert post(chunking.bytewise(data), kind)[0] == whole[0], attack.what
        assert not temporary_files(), attack.what
        assert len([item for item in caplog.records if item.name != "asyncio"]) < 6, attack.what


@each
def test_a_filename_is_no_place(ps: ModuleType, name: str, tmp_path: Path) -> None:
    """CVE-2026-24486, CVE-2021-28658, CVE-2021-31542: nothing is written where it says."""
    names = ("../../x", "/x", "..\\\\x", "C:\\\\x", "..")
    data = form(*(file_part("f", item, b"x" * (2 * MIB // 8)) for item in names))
    status, text = posting(name)([data], MULTIPART)
    assert status == 200
    assert not list(tmp_path.rglob("*"))
    if name == "django":  # it gives base names only
        given = {item[1] for item in json.loads(text)["files"]}
        assert given <= {"x", "..\\x"}


def test_there_is_room_for_what_is_no_attack(ps: ModuleType) -> None:
    """The limits that are tested above let an ordinary form pass."""
    fields = [field_part(f"a{at}", b"x" * 100) for at in range(20)]
    files = [file_part("f", "f", b"x" * FIELD_SIZE)] * (FILES // 2)
    for name in INTEGRATIONS:
        status, text = posting(name)([form(*fields, *files)], MULTIPART)
        assert status == 200, (name, text)
