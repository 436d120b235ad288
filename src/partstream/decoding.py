"""Content-Encoding and Content-Transfer-Encoding, undone.

Neither touches a form's parts on its own: RFC 7578 section 4.8 knows no Content-Encoding, and
section 4.7 deprecates the other.  What is decoded is capped: a few kilobytes of gzip can mean
gigabytes.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable
from typing import Final

from .deviations import Deviation
from .limits import Limits

__all__ = ["undo_content_encoding", "undo_transfer_encoding"]

_MOST_CODINGS: Final = 4
_FIRST_WINDOW: Final = 512
_LAST_WINDOW: Final = 1 << 20
_IDENTITY: Final = frozenset({"7bit", "8bit", "binary", "identity", ""})


def undo_transfer_encoding(data: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding (RFC 2045 section 6).

    Args:
        data: the body of a part, whole.
        encoding: the header's value.

    Raises:
        ParseError: for an encoding that is unknown, and for data that is not so encoded.
    """
    name = encoding.strip().lower()
    if name in _IDENTITY:
        return data
    if name == "base64":
        try:
            return binascii.a2b_base64(data)
        except binascii.Error as error:
            raise Deviation.INVALID_ENCODING.at(None, f"base64: {error}") from None
    if name == "quoted-printable":
        return binascii.a2b_qp(data)
    raise Deviation.UNSUPPORTED_ENCODING.at(None, repr(encoding[:40]))


def undo_content_encoding(data: bytes, encoding: str, limits: Limits) -> bytes:
    """Undo a Content-Encoding (RFC 9110 section 8.4), several in a row where it names several.

    Raises:
        ParseError: for an encoding that is unknown, and for data that is not so encoded.
        LimitExceeded: where the result is larger than ``max_decoded_size``.
    """
    names = encoding.split(",")
    if len(names) > _MOST_CODINGS:
        raise Deviation.UNSUPPORTED_ENCODING.at(None, f"{len(names)} codings in a row")
    for name in reversed(names):
        undo = _UNDO.get(name.strip().lower())
        if undo is None:
            raise Deviation.UNSUPPORTED_ENCODING.at(None, repr(name.strip()[:40]))
        try:
            data = undo(data, limits)
        except zlib.error as error:
            detail = f"{name.strip().lower()}: {error}"
            raise Deviation.INVALID_ENCODING.at(None, detail) from None
    return data


def _gunzip(data: bytes, limits: Limits) -> bytes:
    """Undo gzip: one member or several (RFC 1952 section 2.2), and zeros that pad the last."""
    pieces: list[bytes] = []
    room = limits.maxima.decoded_size
    view, at = memoryview(data), 0
    while at < len(view) and (at == 0 or view[at] != 0):
        at, member = _inflate(view, at, 16 + zlib.MAX_WBITS, room, limits)
        pieces.append(member)
        room -= len(member)
    if any(view[at:]):
        raise zlib.error("there is something behind the last member")
    return b"".join(pieces)


def _undeflate(data: bytes, limits: Limits) -> bytes:
    """Undo deflate: with the zlib wrapper of RFC 9110, or raw, as some senders have it."""
    if not data:
        return data
    wrapped = len(data) >= 2 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
    bits = zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
    return _inflate(memoryview(data), 0, bits, limits.maxima.decoded_size, limits)[1]


def _inflate(view: memoryview, at: int, bits: int, room: int, limits: Limits) -> tuple[int, bytes]:
    """Undo one zlib stream; give where it ends, and what it holds.

    zlib copies what it was given and did not need.  So it is given little at first, and more as
    the stream goes on: many small members in a row cost no more than one large one.
    """
    undo = zlib.decompressobj(wbits=bits)
    pieces: list[bytes] = []
    size = _FIRST_WINDOW
    while not undo.eof:
        if at == len(view):
            raise zlib.error("the data ends before its end mark")
        window = view[at : at + size]
        # One byte more than there is room for tells that there is too much.
        piece = undo.decompress(window, room + 1)
        at += len(window) - len(undo.unconsumed_tail) - len(undo.unused_data)
        room -= len(piece)
        if room < 0:
            raise limits.exceeded("max_decoded_size", None)
        pieces.append(piece)
        size = min(2 * size, _LAST_WINDOW)
    return at, b"".join(pieces)


def _as_it_is(data: bytes, _limits: Limits) -> bytes:
    return data


_UNDO: Final[dict[str, Callable[[bytes, Limits], bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "identity": _as_it_is,
    "": _as_it_is,
}
