"""Text of a peer, made safe to print: on any terminal, in any encoding, in any width.

A value that is plain is shown as it is.  Any other is put in double quotes, and within them what
cannot be seen or is not to reach a terminal is written as in Python: ``\\n``, ``\\x1b``,
``\\u202e``.  ``\\xe4`` is also how a byte that is not UTF-8 is written.
"""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["Text", "amount", "escape_byte", "width"]

_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_NAMED_BYTES: Final = {9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB")


class Text:
    """Writes values for one output stream.

    Args:
        encoding: of the stream; what it cannot encode is escaped.
    """

    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding or "ascii"
        self._gap = "\N{HORIZONTAL ELLIPSIS}" if self._can("\N{HORIZONTAL ELLIPSIS}") else ".."

    def shown(self, value: str | None, limit: int = 60) -> str:
        """Give a value in at most ``limit`` columns, cut in its middle; ``-`` for None."""
        if value is None:
            return "-"
        if len(value) > 2 * limit:
            value = value[:limit] + value[-limit:]  # nobody will see what stands between
        if self._is_plain(value):
            short = value.isascii() and len(value) <= limit
            return value if short else self._fitted(list(value), limit)
        return f'"{self._fitted([self._escaped(char) for char in value], limit - 2)}"'

    def shown_bytes(self, value: bytes, limit: int = 60) -> str:
        """Give bytes as text: UTF-8 where they are, each other byte escaped."""
        return self.shown(value.decode("utf-8", "surrogateescape"), limit)

    def sentence(self, value: str) -> str:
        """Give a sentence of our own, with what it quotes of a peer escaped, and uncut."""
        if value.isprintable() and self._can(value):
            return value
        return "".join(char if char in '"\\' else self._escaped(char) for char in value)

    def _is_plain(self, value: str) -> bool:
        if value in ("", "-") or '"' in value or value != value.strip(" "):
            return False
        return value.isprintable() and self._can(value)

    def _can(self, value: str) -> bool:
        try:
            value.encode(self._encoding)
        except (UnicodeError, LookupError):
            return False
        return True

    def _escaped(self, char: str) -> str:
        if char in _NAMED:
            return _NAMED[char]
        if char.isprintable() and self._can(char):
            return char
        code = ord(char)
        if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8 (surrogateescape)
            return f"\\x{code - 0xDC00:02x}"
        if code < 0x80:
            return f"\\x{code:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    def _fitted(self, cells: list[str], room: int) -> str:
        """Join the cells; where they are too many leave some out, never a part of one."""
        # Marks that take no column count as one, or a name of a million of them would fit.
        if sum(max(1, width(cell)) for cell in cells) <= room:
            return "".join(cells)
        room -= width(self._gap)
        tail = _taken(cells[::-1], room // 3)
        head = _taken(cells, room - sum(max(1, width(cell)) for cell in tail))
        return "".join(head) + self._gap + "".join(tail[::-1])


def _taken(cells: list[str], room: int) -> list[str]:
    taken: list[str] = []
    for cell in cells:
        room -= max(1, width(cell))
        if room < 0:
            break
        taken.append(cell)
    return taken


def width(text: str) -> int:
    """Tell how many columns of a terminal a printable text takes."""
    return len(text) if text.isascii() else sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def escape_byte(code: int) -> str:
    """Give one byte as printable ASCII."""
    if code in _NAMED_BYTES:
        return _NAMED_BYTES[code]
    return chr(code) if 32 <= code < 127 else f"\\x{code:02x}"


def amount(size: int) -> str:
    """Give a size in the largest unit that it fills, empty for one under a kibibyte."""
    value, unit = float(size), ""
    for unit_above in _UNITS:
        if value < 1024:
            break
        value, unit = value / 1024, unit_above
    return f"{value:.1f} {unit}" if unit else ""
