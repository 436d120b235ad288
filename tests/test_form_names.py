"""``safe_name``: whatever the sender calls a file, a name that can be a file's, and no path."""

from __future__ import annotations

import os
import random
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from support.building import file_part, form
from support.forms import Forms

Module = Callable[[str], ModuleType]

NAMES = [
    ("cat.jpg", "cat.jpg"),
    ("My cat (1).jpg", "My cat (1).jpg"),
    ("schläft.txt", "schläft.txt"),
    ("日本語.pdf", "日本語.pdf"),
    # Paths
    ("/etc/passwd", "passwd"),
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\me\\cat.jpg", "cat.jpg"),
    ("..\\..\\boot.ini", "boot.ini"),
    ("a/b\\c", "c"),
    ("a/", "file"),
    ("\\", "file"),
    ("C:cat.jpg", "C_cat.jpg"),
    # Nothing left
    ("", "file"),
    (".", "file"),
    ("..", "file"),
    ("...", "file"),
    (" ", "file"),
    ("\u202e", "file"),
    ("\udcff", "file"),
    # Hidden, and ends that Windows drops
    (".htaccess", "htaccess"),
    ("..cat", "cat"),
    ("cat. ", "cat"),
    ("cat...", "cat"),
    (" cat ", "cat"),
    ("-rf", "_rf"),
    ("--", "_-"),
    # What means something elsewhere
    ('a<b>c:d"e|f?g*h', "a_b_c_d_e_f_g_h"),
    ("a\x00b\x1f\x7f\x85c", "abc"),
    ("a\tb\nc", "a b c"),
    ("exe\u202egpj.txt", "exegpj.txt"),
    ("zero\u200bwidth\ufeff", "zerowidth"),
    ("bad\udcffbyte", "badbyte"),
    ("line\u2028break", "linebreak"),
    ("no\u00a0break", "no break"),
    # One form of what looks the same
    ("e\u0301.txt", "\xe9.txt"),
    # Devices of Windows
    ("CON", "_CON"),
    ("con.txt", "_con.txt"),
    ("NUL.tar.gz", "_NUL.tar.gz"),
    ("com1", "_com1"),
    ("LPT\xb2.txt", "_LPT\xb2.txt"),
    ("aux .txt", "_aux .txt"),
    ("CONIN$", "_CONIN$"),
    ("console", "console"),
    ("com10", "com10"),
]


@pytest.mark.parametrize(("filename", "safe"), NAMES, ids=ascii)
def test_names(ps_module: Module, filename: str, safe: str) -> None:
    assert ps_module("_form_names").safe_name(filename) == safe


def test_long_names(ps_module: Module) -> None:
    safe_name = ps_module("_form_names").safe_name
    assert safe_name("x" * 300 + ".txt") == "x" * 196 + ".txt"
    assert safe_name("x" * 300) == "x" * 200
    assert safe_name("x" * 300 + "." + "y" * 30) == "x" * 200
    assert safe_name("ä" * 300 + ".txt") == "ä" * 98 + ".txt"
    assert safe_name("x." + "y" * 300) == "x." + "y" * 198
    assert safe_name("." * 300 + "x" * 300).endswith("x")
    assert safe_name("x" * 195 + " ....txt." + "y" * 10).startswith("x" * 189 + ".y")
    assert safe_name("\ud800" * 5000) == "file"


def _check(name: str) -> None:
    assert name
    assert name not in (".", "..")
    assert len(name.encode()) <= 200
    assert not set(name) & set('<>:"/\\|?*\0')
    assert name == name.strip(". ")
    assert unicodedata.normalize("NFC", name) == name
    assert os.path.basename(name) == name
    assert name.partition(".")[0].strip().lower() not in ("con", "prn", "aux", "nul", "com1")


def test_whatever_is_sent(ps_module: Module, rng: random.Random, tmp_path: Path) -> None:
    """It is a name, made of itself it is itself, and a file can be called so."""
    safe_name = ps_module("_form_names").safe_name
    pieces = [
        *'/\\.:- _ax*"\0\r\n\t', "com1", "nul", "..", "\udc80", "\u0301", "\u202e", "ä", "日", "😀",
        "\ufdfa", "\u1100\u1161", "\uac00", "x" * 90, "CON", ".txt",
    ]  # fmt: skip
    for _ in range(300):
        name = safe_name("".join(rng.choices(pieces, k=rng.randrange(12))))
        _check(name)
        assert safe_name(name) == name
        (tmp_path / name).write_bytes(b"")
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*"))


def test_long_rows_of_accents_take_no_time(ps_module: Module) -> None:
    """Normalizing them takes quadratic time; so no more than a thousand characters are."""
    normalized: list[int] = []
    names = ps_module("_form_names")

    class Spy:
        category = staticmethod(unicodedata.category)

        @staticmethod
        def normalize(form: str, text: str) -> str:
            normalized.append(len(text))
            return unicodedata.normalize(form, text)

    original, names.unicodedata = names.unicodedata, Spy
    try:
        names.safe_name("a" + "\u0316\u0301" * 4000)
    finally:
        names.unicodedata = original
    assert normalized == [800]


def test_of_a_file(forms: Forms) -> None:
    with forms.open(form(file_part("a", "../a\u202e.txt", b""))) as got:
        file = got.files["a"]
        assert (file.filename, file.safe_name) == ("../a\u202e.txt", "a.txt")
