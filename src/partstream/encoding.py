"""Content-Encoding and Content-Transfer-Encoding, applied while the bytes are written.

An :class:`Encoder` is a row of stages, as :class:`~partstream.decoding.Decoder` is: each takes
bytes, and gives those that can be written now.  What a stage keeps back are a few lines of
text, or the window of a compressor; so memory does not grow with what is written.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Callable
from itertools import chain
from typing import Final

from ._compressing import CODINGS, Missing, Stage

__all__ = ["Encoder", "UnknownEncoding"]

#: How many bytes go through the stages in one go: what is made of them stays in the caches.
_PIECE: Final = 1 << 16
_IDENTITY: Final = frozenset({"7bit", "8bit", "binary", "identity", ""})

#: A line of base64 has at most 76 digits (RFC 2045 section 6.8), which are 57 bytes.
_LINE, _LINE_BYTES = 76, 57
#: Many lines are cut at once by a struct, in half the time that slices take.
_LINES: Final = struct.Struct(f"{_LINE}s" * 128)

#: Less than this is kept until more comes: else each byte that comes by itself would have all
#: that is kept encoded again.
_QUOTED_AT_LEAST: Final = 512


class UnknownEncoding(ValueError, RuntimeError):
    """What a header asks for cannot be applied: it is unknown, or its package is not installed.

    It is a RuntimeError too, because that is what aiohttp's users catch.
    """


class _Base64:
    """Applies base64 (RFC 2045 section 6.8); the lines do not depend on where the data is cut."""

    def __init__(self) -> None:
        self._left = b""  # less than a line
        self._begun = False

    def feed(self, data: bytes | memoryview) -> bytes:
        room = _LINE_BYTES - len(self._left)
        if len(data) < room:
            self._left += data
            return b""
        view = memoryview(data)
        end = len(view) - (len(view) - room) % _LINE_BYTES
        lines = self._so_far()
        lines.append(_digits(self._left + view[:room]))
        lines += _cut_into_lines(_digits(view[room:end]))
        self._left = bytes(view[end:])
        return b"\r\n".join(lines)

    def end(self) -> bytes:
        left, self._left = self._left, b""
        return b"\r\n".join([*self._so_far(), _digits(left)]) if left else b""

    def _so_far(self) -> list[bytes]:
        """Give what the next lines are joined to: a line end stands before all but the first."""
        begun, self._begun = self._begun, True
        return [b""] if begun else []

    @staticmethod
    def size(size: int) -> int:
        """Tell how many bytes come out for so many."""
        digits = (size + 2) // 3 * 4
        return digits + 2 * (max(digits - 1, 0) // _LINE)


def _digits(data: bytes | memoryview) -> bytes:
    return binascii.b2a_base64(data, newline=False)


def _cut_into_lines(digits: bytes) -> list[bytes]:
    whole = len(digits) - len(digits) % _LINES.size
    lines: list[bytes] = list(chain.from_iterable(_LINES.iter_unpack(memoryview(digits)[:whole])))
    lines += [digits[at : at + _LINE] for at in range(whole, len(digits), _LINE)]
    return lines


class _QuotedPrintable:
    """Applies quoted-printable (RFC 2045 section 6.7): CRLF is a line end, all else is data.

    What is kept back are the last two lines that were made: what comes next may change where they
    end.  They are kept as the bytes that they stand for, and made anew with what comes.
    """

    def __init__(self) -> None:
        self._left = b""

    def feed(self, data: bytes | memoryview) -> bytes:
        whole = self._left + data
        if len(whole) < _QUOTED_AT_LEAST:
            self._left = whole
            return b""
        text = _quoted(whole)
        end = text.rfind(b"\n", 0, text.rfind(b"\n")) + 1
        self._left = binascii.a2b_qp(text[end:])
        return text[:end]

    def end(self) -> bytes:
        left, self._left = self._left, b""
        # A soft break has nothing to break where nothing follows.
        return _quoted(left).removesuffix(b"=\r\n")


def _quoted(data: bytes) -> bytes:
    lines = data.split(b"\n")
    last = binascii.b2a_qp(lines.pop(), False, False)
    quoted = [_quoted_line(line) for line in lines]
    quoted.append(last)
    # All that is left of LF are line ends: those of here, and those of the soft breaks.
    return b"\n".join(quoted).replace(b"\n", b"\r\n")


def _quoted_line(line: bytes) -> bytes:
    """Encode what an LF followed, which is the end of the line or, without CR, data.

    binascii must not see either.  It takes an LF for a line end even where it was told that there
    are none, and then makes lines of 77 characters; and of 78 where a blank stands before it.
    """
    if line.endswith(b"\r"):
        return binascii.b2a_qp(line[:-1], False, False)
    # Another control character in its place gets the same room.  The soft break behind it is for
    # those who read the text as it is.
    return binascii.b2a_qp(line + b"\x0b", False, False)[:-1] + b"A="


#: What applies each transfer encoding that is more than a name.
_TRANSFERS: Final[dict[str, Callable[[], Stage]]] = {
    "base64": _Base64,
    "quoted-printable": _QuotedPrintable,
}


class Encoder:
    """Does to a body what the headers of its part say; one encoder is for one body.

    The Content-Encoding is applied first, the Content-Transfer-Encoding to what comes of it.  Case
    and surrounding blanks of the names do not matter.

    Args:
        transfer: the Content-Transfer-Encoding (RFC 2045 section 6), if there is one: base64,
            quoted-printable, 7bit, 8bit or binary.
        coding: the Content-Encoding (RFC 9110 section 8.4), if there is one: gzip, deflate, br,
            zstd or identity, or several with commas between them, in the order in which they are
            applied.

    Attributes:
        idle: whether nothing is to be applied, so that what goes in comes out.
        compresses: whether a Content-Encoding is applied, so that it may take long.

    Raises:
        UnknownEncoding: for an encoding that is unknown, or whose package is not installed.
    """

    __slots__ = ("_spent", "_stages", "compresses", "idle")

    def __init__(self, transfer: str | None, coding: str | None) -> None:
        self._spent = False
        self._stages: list[Stage] = []
        for name in (coding or "").split(","):
            self._add(name, "Content-Encoding", CODINGS, "identity")
        self.compresses: bool = bool(self._stages)
        self._add(transfer or "", "Content-Transfer-Encoding", _TRANSFERS, "7bit, 8bit, binary")
        self.idle: bool = not self._stages

    def feed(self, data: bytes | bytearray | memoryview) -> bytes:
        """Take the next bytes of the body, and give what can be written now, perhaps nothing.

        Args:
            data: any contiguous buffer; nothing refers to it afterwards.  Where the encoder is
                idle, bytes are given back as they are, uncopied.

        Raises:
            TypeError: where the data is no contiguous buffer.
            ValueError: behind ``end()``.
        """
        self._check()
        if self.idle and isinstance(data, bytes):
            return data
        view = _bytewise(data)
        if self.idle:
            return bytes(view)
        if len(view) <= _PIECE:
            return self._through(view)
        pieces = range(0, len(view), _PIECE)
        return b"".join([self._through(view[at : at + _PIECE]) for at in pieces])

    def end(self) -> bytes:
        """Say that the body has ended, and give what was kept.  The encoder is spent then.

        Raises:
            ValueError: where this was said before.
        """
        self._check()
        self._spent = True
        data = b""
        for stage in self._stages:
            data = stage.feed(data) + stage.end()
        return data

    def size(self, size: int | None) -> int | None:
        """Tell what size a body has when it was encoded.

        Args:
            size: that of the body as it is, in bytes, or None where it is not known.

        Returns:
            The exact number of bytes where arithmetic tells it, which is so where nothing is
            applied, or base64 alone; else None.
        """
        if size is None or self.idle:
            return size
        first = self._stages[0]  # if that is base64, there was no coding before it
        return first.size(size) if isinstance(first, _Base64) else None

    def _add(
        self, value: str, header: str, known: dict[str, Callable[[], Stage]], also: str
    ) -> None:
        name = value.strip().lower()
        if name in _IDENTITY:
            return
        if name not in known:
            raise UnknownEncoding(
                f"unknown {header} {value.strip()[:40]!r}: known are {', '.join(known)}, {also}"
            )
        try:
            self._stages.append(known[name]())
        except Missing as missing:
            raise UnknownEncoding(
                f"{header} {name!r} needs a package: pip install 'partstream[{missing}]'"
            ) from None

    def _check(self) -> None:
        if self._spent:
            raise ValueError("this encoder has ended: make a new one for each body")

    def _through(self, data: bytes | memoryview) -> bytes:
        for stage in self._stages:
            data = stage.feed(data)
        return bytes(data)


def _bytewise(data: bytes | bytearray | memoryview) -> memoryview:
    """Give a view of single bytes, whatever the items of the buffer are."""
    try:
        view = memoryview(data)
    except TypeError:
        kind = type(data).__name__
        raise TypeError(f"only bytes can be encoded, not {kind}: encode text first") from None
    if not view.nbytes:
        return memoryview(b"")  # a view with a zero in its shape cannot be cast
    if not view.c_contiguous:
        raise TypeError("the buffer is not contiguous: give bytes(view)")
    return view.cast("B")
