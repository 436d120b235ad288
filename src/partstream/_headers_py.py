"""Header tokenizer, pure twin of ``ext/_headers_c.pyx``.

:func:`tokenize` turns a normal header block (see ``headers.py``) into the pairs that a mapping is
made of.  It checks nothing, because nothing unchecked reaches it, and runs only when somebody
asks for the headers.
"""

from __future__ import annotations

from typing import Final

from . import hdrs
from .deviations import Deviation
from .headers import Level

__all__ = ["plain_head", "tokenize"]

# Names as they stand on the wire, to the one object that stands for them.
_NAMES: Final = {
    spelling.encode("ascii"): name
    for name in hdrs.KNOWN
    for spelling in (str(name), name.lower())
}

# The headers of a plain block, each with the bit that tells whether it was seen.
_DISPOSITION: Final = 1
_PLAIN: Final = {"Content-Disposition": _DISPOSITION, "Content-Type": 2}
_NAME_AND_FILENAME: Final = ["form-data; name=", "; filename=", ""]
_CHARSET_LATER: Final = Deviation.UNSAFE_CHARSET.bit
_NAMELESS: Final = Deviation.NAMELESS_PART.bit


def tokenize(block: bytes) -> list[tuple[str, str]]:
    """Give the headers of a normal block as pairs of name and value, in their order.

    Values are decoded as UTF-8; bytes that are not UTF-8 become lone surrogates.
    """
    pairs: list[tuple[str, str]] = []
    if not block:
        return pairs
    for line in block.split(b"\r\n"):
        raw, _, value = line.partition(b":")
        name = _NAMES.get(raw) or raw.decode("ascii")
        pairs.append((name, value.strip(b" \t").decode("utf-8", "surrogateescape")))
    return pairs


def plain_head(
    block: bytes, level: Level, max_lines: int
) -> tuple[str | None, str | None, int] | None:
    """Read a header block in the shape that nearly all have.

    Returns:
        The name, the filename and the Content-Length (-1 for none); or None where the block is
        not plain, and ``headers.examine`` has to look at it.
    """
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return None
    lines = text.split("\r\n")
    if len(lines) > max_lines or not "".join(lines).isprintable():
        return None
    name = filename = None
    seen = 0
    for line in lines:
        header, _, value = line.partition(": ")
        kind = _PLAIN.get(header, 0)
        if kind == 0 or seen & kind:
            return None
        seen |= kind
        if kind == _DISPOSITION:
            pieces = value.split('"')
            if "%" in value or "\\" in value or pieces[-1]:
                return None
            if len(pieces) == 3 and pieces[0] == "form-data; name=":
                name = pieces[1]
            elif len(pieces) == 5 and pieces[::2] == _NAME_AND_FILENAME:
                name, filename = pieces[1], pieces[3]
            else:
                return None
        elif value[:10].lower() == "multipart/" or not level.mask & _CHARSET_LATER:
            return None
    if name is None and not level.mask & _NAMELESS:
        return None
    return name, filename, -1
