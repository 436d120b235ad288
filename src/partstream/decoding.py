"""Content-Encoding and Content-Transfer-Encoding, undone while the bytes arrive.

A :class:`Decoder` is a row of stages; each takes bytes and gives those that it can make of them,
in pieces of bounded size.  What is decoded is capped: a few kilobytes of gzip can mean gigabytes.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from typing import Final

from ._compression import CODINGS, PIECE, Missing, Stage
from .deviations import Deviation
from .limits import Limits

__all__ = ["NOT_BASE64", "Decoder"]

_MOST_CODINGS: Final = 4
_ANY: Final = 1 << 62
_IDENTITY: Final = frozenset({"7bit", "8bit", "binary", "identity", ""})
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
#: The bytes that are no digit of base64 (RFC 2045 section 6.8 has them ignored).
NOT_BASE64: Final = bytes(code for code in range(256) if code not in _ALPHABET)


class _Base64:
    """Undoes base64 (RFC 2045 section 6.8), wherever it is cut."""

    def __init__(self) -> None:
        self._left = b""
        self._padded = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), PIECE):
            digits = self._left + data[at : at + PIECE].translate(None, NOT_BASE64)
            whole = len(digits) & ~3
            self._left = digits[whole:]
            if whole:
                yield self._quartets(digits[:whole])

    def _quartets(self, digits: bytes) -> bytes:
        padding = digits.find(b"=")
        if self._padded or (padding >= 0 and digits[padding:] not in (b"=", b"==")):
            raise ValueError("padding stands amid the data")
        self._padded = padding >= 0
        return binascii.a2b_base64(digits)

    def end(self) -> bytes:
        if self._left:
            raise ValueError("the data ends amid four digits")
        return b""


class _QuotedPrintable:
    """Undoes quoted-printable (RFC 2045 section 6.7), wherever it is cut."""

    def __init__(self) -> None:
        self._left = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), PIECE):
            yield self._piece(self._left + data[at : at + PIECE])

    def _piece(self, data: bytes) -> bytes:
        end = len(data)  # or where an escape starts that may go on
        if data.endswith(b"="):
            end -= 1
        elif data[-2:-1] == b"=" and not data.endswith(b"\n"):
            end -= 2
        self._left = data[end:]
        return binascii.a2b_qp(data[:end])

    def end(self) -> bytes:
        left, self._left = self._left, b""
        return binascii.a2b_qp(left)


class Decoder:
    """Undoes what the headers of a part say was done to its body.

    Args:
        transfer: the Content-Transfer-Encoding (RFC 2045 section 6), if there is one.
        coding: the Content-Encoding (RFC 9110 section 8.4), if there is one that counts: one
            coding, or several in the order in which they were applied.
        limits: ``max_decoded_size`` holds for what each of them gives.
        name: the limit that holds instead of it.

    Raises:
        ParseError: for an encoding that is unknown, or whose package is not installed.
    """

    __slots__ = ("_limit", "_limits", "_names", "_rooms", "_stages")

    def __init__(
        self,
        transfer: str | None,
        coding: str | None,
        limits: Limits,
        name: str = "max_decoded_size",
    ) -> None:
        self._limits = limits
        self._limit = name
        self._stages: list[Stage] = []
        self._names: list[str] = []
        if transfer is not None:
            self._add_transfer(transfer)
        if coding is not None:
            names = coding.split(",")
            if len(names) > _MOST_CODINGS:
                raise Deviation.UNSUPPORTED_ENCODING.at(None, f"{len(names)} codings in a row")
            for one in reversed(names):
                self._add_coding(one)
        most: int = getattr(limits.maxima, name.removeprefix("max_"))
        # What undoes a transfer encoding gives no more than it takes.
        self._rooms = [most if coding in CODINGS else _ANY for coding in self._names]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to be undone."""
        return not self._stages

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes of the body, and give what comes of them, piece by piece.

        Raises:
            ParseError: for data that is not encoded as the headers say.
            LimitExceeded: where the result is larger than ``max_decoded_size``.
        """
        pieces: Iterable[bytes] = (data,)
        for number in range(len(self._stages)):
            pieces = self._through(number, pieces)
        yield from pieces

    def end(self) -> Iterator[bytes]:
        """Say that the body has ended, and give what was kept.

        Raises:
            ParseError: where the encoded data is not whole.
        """
        for first in range(len(self._stages)):
            try:
                left = self._stages[first].end()
            except ValueError as error:
                raise self._invalid(first, error) from None
            pieces: Iterable[bytes] = (left,) if left else ()
            for number in range(first + 1, len(self._stages)):
                pieces = self._through(number, pieces)
            yield from pieces

    def all(self, data: bytes) -> bytes:
        """Give what a whole body stands for."""
        if not self._stages:
            return data
        pieces = list(self.feed(data))
        pieces += self.end()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _add_transfer(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name == "base64":
            self._stages.append(_Base64())
        elif name == "quoted-printable":
            self._stages.append(_QuotedPrintable())
        elif name not in _IDENTITY:
            raise Deviation.UNSUPPORTED_ENCODING.at(
                None, f"unknown content transfer encoding {encoding[:40]!r}"
            )
        self._names += [name] * (len(self._stages) - len(self._names))

    def _add_coding(self, coding: str) -> None:
        name = coding.strip().lower()
        if name in _IDENTITY:
            return
        try:
            self._stages.append(CODINGS[name]())
        except KeyError:
            detail = f"unknown content encoding {coding.strip()[:40]!r}"
            raise Deviation.UNSUPPORTED_ENCODING.at(None, detail) from None
        except Missing as missing:
            detail = f"{missing} needs a package: pip install 'partstream[{missing}]'"
            raise Deviation.UNSUPPORTED_ENCODING.at(None, detail) from None
        self._names.append(name)

    def _through(self, number: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Send pieces through one stage."""
        stage, rooms = self._stages[number], self._rooms
        for data in pieces:
            given = stage.feed(data)
            while True:
                try:
                    piece = next(given, None)
                except ValueError as error:
                    raise self._invalid(number, error) from None
                if piece is None:
                    break
                if not piece:
                    continue
                rooms[number] -= len(piece)
                if rooms[number] < 0:
                    raise self._limits.exceeded(self._limit, None)
                yield piece

    def _invalid(self, number: int, error: Exception) -> Exception:
        detail = f"{self._names[number]}: {error}"
        return Deviation.INVALID_ENCODING.at(None, detail)
