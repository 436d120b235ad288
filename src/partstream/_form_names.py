"""What a file may be called here, whatever its sender calls it."""

from __future__ import annotations

import unicodedata
from typing import Final

from multidict import CIMultiDictProxy

from ._form_sinks import FileHead

__all__ = ["Described", "safe_name"]

#: No file is called so on Windows, whatever its extension; with superscript digits, too.
_RESERVED: Final = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [device + digit for device in ("com", "lpt") for digit in "0123456789\xb9\xb2\xb3"]
)
#: What means something in a path, on Windows, or to a shell that forgot its quotes.
_SPECIAL: Final = dict.fromkeys(map(ord, '<>:"/\\|?*'), "_")
#: Controls, invisible ones that turn text around, surrogates, code points without meaning,
#: separators of lines and paragraphs.
_UNSEEN: Final = frozenset(["Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"])
_LONGEST: Final = 200  # bytes in UTF-8: file systems take 255, and something may be added
_LONGEST_SUFFIX: Final = 20
_NAMELESS: Final = "file"


def safe_name(filename: str) -> str:
    """Give a name that a file can be saved under, made of the one that its sender gave.

    The rules, in their order:

    - of a path, with slashes or backslashes, only the last component counts;
    - it is put into the Unicode form NFC; controls, invisible characters (those that turn text
      around among them), lone surrogates and code points without meaning are left out;
    - ``< > : " / \\ | ? *`` become ``_``, any white space becomes a space;
    - dots and spaces at either end are left out, and a dash at the start becomes ``_``;
    - a name that Windows reserves for a device (``NUL.txt``, ``COM1``) gets ``_`` before it;
    - it has 200 bytes in UTF-8 at most: the stem is cut, and an extension of up to 20 bytes stays;
    - where nothing is left, it is ``file``.

    So it is never empty, never a path, never hidden, and the same file on every system.  It is not
    unique: two senders may call their files the same.

    Args:
        filename: as sent.
    """
    name = filename.replace("\\", "/").rpartition("/")[2]
    if len(name) > 4 * _LONGEST:  # normalizing long rows of accents takes quadratic time
        name = name[: 2 * _LONGEST] + name[-2 * _LONGEST :]
    if not (name.isascii() and name.isprintable()):
        name = unicodedata.normalize("NFC", name)
        name = "".join(" " if c.isspace() else c for c in name if _is_seen(c))
    name = name.translate(_SPECIAL).strip(". ")
    if name.startswith("-"):
        name = "_" + name[1:]
    if name.partition(".")[0].rstrip(" ").lower() in _RESERVED:
        name = "_" + name
    return _cut(name) or _NAMELESS


def _is_seen(character: str) -> bool:
    if character in "\t\n\r\x0b\x0c":
        return True
    return unicodedata.category(character) not in _UNSEEN


def _cut(name: str) -> str:
    """Make a name short enough; its extension stays, if that is short itself."""
    data = name.encode()
    if len(data) <= _LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    end = (dot + suffix).encode()
    if not stem or len(end) > _LONGEST_SUFFIX:
        return data[:_LONGEST].decode("utf-8", "ignore").rstrip(". ")
    start = stem.encode()[: _LONGEST - len(end)].decode("utf-8", "ignore")
    return start.rstrip(". ") + dot + suffix


class Described:
    """A file of a form, as its head describes it: while it arrives, and when it is there."""

    __slots__ = ("_head",)

    _head: FileHead

    @property
    def name(self) -> str:
        """The name of the field that the file belongs to."""
        return self._head.name

    @property
    def filename(self) -> str:
        """The filename as sent: it may be a path, empty, or hostile.  Never join it to a path."""
        return self._head.filename

    @property
    def safe_name(self) -> str:
        """A name that the file can be saved under; see :func:`safe_name` for its rules."""
        return safe_name(self._head.filename)

    @property
    def content_type(self) -> str | None:
        """The Content-Type in lower case without its parameters; None where the part has none.

        It is not looked into: the content may be anything.
        """
        return self._head.content_type

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The part's headers: case-insensitive, in their order, with repeated names."""
        return self._head.headers
