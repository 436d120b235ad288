"""Header blocks as most programs write them, read without ``headers.examine``: pure twin alone.

A block is ordinary where ``examine`` would change nothing and refuse nothing, and finds no
multipart to take apart.  ``_headers_py.plain_head`` is faster still, and knows forms alone.
"""

from __future__ import annotations

from typing import Final

from . import hdrs
from .deviations import Deviation
from .headers import Head, Level
from .parameters import is_token

__all__ = ["ordinary_head"]

_ANY, _DISPOSITION, _TYPE, _LENGTH, _ENCODING = range(5)
_OTHER: Final = -1

_SPECIAL: Final = {
    hdrs.CONTENT_DISPOSITION: _DISPOSITION,
    hdrs.CONTENT_TYPE: _TYPE,
    hdrs.CONTENT_LENGTH: _LENGTH,
    hdrs.CONTENT_TRANSFER_ENCODING: _ENCODING,
}
# Names as they stand on the wire, to what they mean.
_KINDS: Final = {
    str(spelling): _SPECIAL.get(name, _ANY)
    for name in hdrs.KNOWN
    for spelling in (name, name.lower())
}
_PLAIN_ENCODINGS: Final = frozenset({"7bit", "8bit", "binary"})
_BARE: Final = frozenset({"attachment", "form-data", "inline"})
# What may stand before a quoted value, and whether that is a filename.
_FIRST: Final = {
    f"{kind}; {parameter}=": parameter == "filename"
    for kind in _BARE
    for parameter in ("name", "filename")
}
_NEXT: Final = {"; name=": False, "; filename=": True}
_CHARSET_LATER: Final = Deviation.UNSAFE_CHARSET.bit
_NAMELESS: Final = Deviation.NAMELESS_PART.bit
_ANY_LENGTH: Final = Deviation.LENGTH_MISMATCH.bit
_MAX_DIGITS: Final = 18


def ordinary_head(block: bytes, level: Level, most: int) -> tuple[Head, str | None] | None:
    """Read a header block of any lines, each of which is as it should be.

    Args:
        block: the lines, joined by CRLF, without the line end of the last one.
        level: the multipart that the part is in.
        most: how many lines there may be.

    Returns:
        What ``examine`` would give, and the Content-Type without its parameters; or None where
        the block is not so ordinary, and ``examine`` has to read it.
    """
    try:
        lines = block.decode().split("\r\n")
    except UnicodeDecodeError:
        return None
    name = filename = essence = None
    length, seen = -1, 0
    if len(lines) > most:
        return None
    for line in lines:
        header, _, value = line.partition(": ")
        if not value or value[0] == " " or value[-1] == " " or not line.isprintable():
            return None
        kind = _KINDS.get(header, _OTHER)
        if kind == _OTHER:
            kind = _kind(header)
        if kind == _ANY:
            continue
        if kind == _OTHER or seen & 1 << kind:
            return None
        seen |= 1 << kind
        if kind == _TYPE:
            essence = value.partition(";")[0].rstrip(" ").lower()
            if not level.mask & _CHARSET_LATER or essence.startswith("multipart/"):
                return None
        elif kind == _DISPOSITION:
            found = _disposition(value, level.form)
            if found is None:
                return None
            name, filename = found
        elif kind == _LENGTH:
            if len(value) > _MAX_DIGITS or not value.isascii() or not value.isdigit():
                return None
            length = int(value)
        elif level.form and value.lower() not in _PLAIN_ENCODINGS:
            return None
    if name is None and level.form and not level.mask & _NAMELESS:
        return None
    if level.mask & _ANY_LENGTH:
        length = -1
    return Head(block, name, filename, length, None), essence


def _kind(header: str) -> int:
    """Give what a header with a name in another spelling means; _OTHER where it is no name."""
    if not is_token(header) or header.startswith("--"):
        return _OTHER
    return _KINDS.get(header.lower(), _ANY)


def _disposition(value: str, form: bool) -> tuple[str | None, str | None] | None:
    """Give name and filename of a Content-Disposition with nothing but these."""
    if value in _BARE:
        return None, None
    if "\\" in value or (form and "%" in value):
        return None
    pieces = value.split('"', 4)
    if len(pieces) == 1:
        start, equals, token = value.partition("=")
        pieces = [start + equals, token if is_token(token) else "", ""]
        if not pieces[1]:
            return None
    first = _FIRST.get(pieces[0])
    if first is None or len(pieces) % 2 == 0 or pieces[-1]:
        return None
    if len(pieces) == 3:
        return (None, pieces[1]) if first else (pieces[1], None)
    second = _NEXT.get(pieces[2])
    if second is None or second == first:
        return None
    return (pieces[3], pieces[1]) if first else (pieces[1], pieces[3])
