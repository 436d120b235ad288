"""Which charsets text may be in.

Python's codec registry holds codecs that are no charsets (``rot13``, ``unicode_escape``), that
firewalls do not see through (``utf-7``), and it remembers every unknown name it was ever asked
for.  So a label that a peer sent is looked up here, never there.

The list: the encodings of the WHATWG Encoding Standard (section 4.2) that CPython has.
"""

from __future__ import annotations

from typing import Final

__all__ = ["codec_for"]

_CODECS: Final = {
    "utf-8": "utf-8", "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-8-sig": "utf-8-sig",
    "us-ascii": "ascii", "ascii": "ascii",
    "latin1": "latin-1", "latin-1": "latin-1", "l1": "latin-1",
    "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
    "ibm866": "cp866", "cp866": "cp866", "866": "cp866",
    "koi8-r": "koi8-r", "koi8-u": "koi8-u",
    "macintosh": "mac-roman", "mac": "mac-roman", "x-mac-cyrillic": "mac-cyrillic",
    "windows-874": "cp874", "tis-620": "tis-620",
    "gbk": "gbk", "gb2312": "gb2312", "gb18030": "gb18030", "x-gbk": "gbk",
    "big5": "big5", "big5-hkscs": "big5-hkscs",
    "euc-jp": "euc-jp", "iso-2022-jp": "iso2022-jp", "shift-jis": "shift-jis", "sjis": "shift-jis",
    "windows-31j": "cp932", "cp932": "cp932", "ms932": "cp932", "x-sjis": "cp932",
    "euc-kr": "euc-kr", "ks-c-5601-1987": "cp949", "windows-949": "cp949", "cp949": "cp949",
}  # fmt: skip
for _number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16):
    for _label in (f"iso-8859-{_number}", f"iso8859-{_number}"):
        _CODECS[_label] = f"iso8859-{_number}"
for _number in range(1250, 1259):
    for _label in (f"windows-{_number}", f"cp{_number}", f"x-cp{_number}"):
        _CODECS[_label] = f"cp{_number}"


def codec_for(charset: str) -> str | None:
    """Give the name of the Python codec for a charset label, or None where there is no safe one.

    Args:
        charset: the label as sent; case, and ``_`` for ``-``, make no difference.
    """
    return _CODECS.get(charset.strip().lower().replace("_", "-"))
