"""Header tokenizer, pure twin of ``ext/tokenizer.pxi``.

:func:`tokenize` turns a normal header block (see ``headers.py``) into the pairs that a mapping is
made of.  It checks nothing, because nothing unchecked reaches it, and runs only when somebody
asks for the headers.
"""

from __future__ import annotations

from typing import Final

from . import hdrs
from .deviations import Deviation

__all__ = ["plain_head", "tokenize"]

# Names as they stand on the wire, to the one object that stands for them.
_NAMES: Final = {
    spelling.encode("ascii"): name for name in hdrs.KNOWN for spelling in (str(name), name.lower())
}

_USUAL_START: Final = "Content-Disposition: form-data; name="
_CHARSET_LATER: Final = Deviation.UNSAFE_CHARSET.bit


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


def content_type(block: bytes) -> str | None:
    """Give type and subtype of the first Content-Type of a normal block, None if it has none."""
    at = _line_of(block, b"content-type:")
    if at < 0:
        return None
    end = block.find(b"\r\n", at)
    value = block[at + 13 :] if end < 0 else block[at + 13 : end]
    essence = value.partition(b";")[0].strip(b" \t")
    return essence.decode("utf-8", "surrogateescape").lower()


def _line_of(block: bytes, start: bytes) -> int:
    """Find the line with this start, in lower case, whatever the case of the block; or -1."""
    folded = block.lower()
    if folded.startswith(start):
        return 0
    at = folded.find(b"\r\n" + start)
    return at + 2 if at >= 0 else -1


def plain_head(block: bytes, mask: int) -> tuple[str, str | None, str | None] | None:
    """Read a header block in the shape that browsers write.

    That is a Content-Disposition with a name and perhaps a filename, nothing escaped in them, and
    perhaps a Content-Type that is no multipart.

    Args:
        block: the lines, without the line ends of the last one.
        mask: the deviations that are tolerated.

    Returns:
        The name, the filename and the type without its parameters; or None where the block looks
        otherwise, and ``headers.examine`` has to read it.
    """
    try:
        pieces = block.decode().split('"', 4)
    except UnicodeDecodeError:
        return None
    if pieces[0] != _USUAL_START:
        return None
    filename = None
    if len(pieces) == 5 and pieces[2] == "; filename=":
        _, name, _, filename, rest = pieces
        given = name + filename
    elif len(pieces) == 3:
        _, name, rest = pieces
        given = name
    else:
        return None
    if "%" in given or "\\" in given or not given.isprintable():
        return None
    if not rest:
        return name, filename, None
    if not rest.startswith("\r\nContent-Type: "):
        return None
    value = rest[16:]
    if not value.isprintable() or not mask & _CHARSET_LATER:
        return None
    essence = value.partition(";")[0].strip(" ").lower()
    if essence.startswith("multipart/"):
        return None
    return name, filename, essence
