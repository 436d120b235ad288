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
    for name in reversed(encoding.split(",")):
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
    """Undo gzip; a stream may have several members (RFC 1952 section 2.2)."""
    pieces: list[bytes] = []
    room = limits.maxima.decoded_size
    while data:
        piece, data = _inflate(data, 16 + zlib.MAX_WBITS, room, limits)
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces)


def _undeflate(data: bytes, limits: Limits) -> bytes:
    """Undo deflate: with the zlib wrapper of RFC 9110, or raw, as some senders have it."""
    wrapped = len(data) >= 2 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
    bits = zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
    return _inflate(data, bits, limits.maxima.decoded_size, limits)[0] if data else b""


def _inflate(data: bytes, bits: int, room: int, limits: Limits) -> tuple[bytes, bytes]:
    """Undo one zlib stream; give what it holds, and what stands behind it."""
    undo = zlib.decompressobj(wbits=bits)
    piece = undo.decompress(data, room + 1)
    if len(piece) > room:
        raise limits.exceeded("max_decoded_size", None)
    if not undo.eof:
        raise zlib.error("the data ends before its end mark")
    return piece, undo.unused_data


def _as_it_is(data: bytes, _limits: Limits) -> bytes:
    return data


_UNDO: Final[dict[str, Callable[[bytes, Limits], bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "identity": _as_it_is,
    "": _as_it_is,
}
