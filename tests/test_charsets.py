"""Charset labels: those of the WHATWG Encoding Standard, and nothing of Python's own."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

Module = Callable[[str], ModuleType]

SAFE = {
    "utf-8": "utf-8", "UTF-8": "utf-8", "utf8": "utf-8", "utf_8": "utf-8", " utf-8 ": "utf-8",
    "us-ascii": "ascii", "iso-8859-1": "iso8859-1", "ISO_8859-15": "iso8859-15",
    "latin1": "latin-1", "windows-1252": "cp1252", "cp1251": "cp1251", "Shift_JIS": "shift-jis",
    "gb18030": "gb18030", "big5": "big5", "euc-kr": "euc-kr", "koi8-r": "koi8-r",
    "utf-16": "utf-16", "utf-16le": "utf-16-le",
}  # fmt: skip

UNSAFE = (
    "utf-7", "utf7", "unicode-1-1-utf-7", "rot13", "rot_13", "base64", "hex", "bz2", "zlib", "uu",
    "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem",
    "cp65001", "cp037", "hz", "hz-gb-2312", "iso-2022-kr", "utf-32", "", " ", "x", "utf-8\0",
    "../etc/passwd", "os", "\udcff", "x" * 10_000,
)  # fmt: skip


@pytest.mark.parametrize(("label", "codec"), SAFE.items())
def test_safe_labels(ps_module: Module, label: str, codec: str) -> None:
    assert codecs.lookup(ps_module("charsets").codec_for(label)) == codecs.lookup(codec)


@pytest.mark.parametrize("label", UNSAFE)
def test_other_labels(ps_module: Module, label: str) -> None:
    assert ps_module("charsets").codec_for(label) is None


def test_every_codec_exists_and_gives_text(ps_module: Module) -> None:
    charsets = ps_module("charsets")
    for label, codec in charsets._CODECS.items():
        assert label == label.lower().replace("_", "-")
        assert charsets.codec_for(label.upper()) == codec
        assert isinstance(b"".decode(codec), str)
        assert codecs.lookup(codec)._is_text_encoding


def test_no_label_reaches_the_codec_registry(
    ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It imports modules by name, and remembers every name that it was asked for."""
    charsets = ps_module("charsets")

    def forbidden(_: str) -> None:
        raise AssertionError("looked up")

    monkeypatch.setattr(codecs, "lookup", forbidden)
    before = set(sys.modules)
    for label in (*SAFE, *UNSAFE):
        charsets.codec_for(label)
    assert set(sys.modules) == before
