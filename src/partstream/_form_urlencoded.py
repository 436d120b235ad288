"""A form in ``application/x-www-form-urlencoded`` while it is put together.

The grammar is that of WHATWG URL, section 5.1: pairs are separated by ``&`` and by nothing else,
``+`` is a space, ``%`` and two digits a byte, and a ``%`` that is followed by anything else is
itself.  A chunk is cut at its separators by one ``split``; what is behind the last one waits, in a
buffer that only grows until the next one.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote_to_bytes

from ._form_fields import text_of
from ._forming import FIELD, Assembler, Decode, Step
from .deviations import Deviation
from .limits import Limits
from .policy import Policy

__all__ = ["UrlencodedAssembler"]

_LONGEST_CHARSET: Final = 31
#: What is unquoted at a time: Python takes some 80 times that while it does.
_UNQUOTED: Final = 1 << 14
#: What is split at a time: a list of all pieces of a large chunk might take many times its size.
_SLICE: Final = 1 << 16
#: An encoded byte takes so many.
_TRIPLE: Final = 3


class UrlencodedAssembler(Assembler):
    """A form in ``application/x-www-form-urlencoded`` while it is put together.

    Args:
        limits: what the form may be at most.
        policy: which deviations are tolerated.
        decode: gives names and values that are not UTF-8; the part is None.
        charset: of the form, if it is not UTF-8.
    """

    def __init__(
        self,
        *,
        limits: Limits = Limits.FORM,
        policy: Policy = Policy.DEFAULT,
        decode: Decode | None = None,
        charset: str | None = None,
    ) -> None:
        super().__init__(limits, policy, decode, charset)
        self._rest = bytearray()  # of a pair that has begun
        self._at = 0  # where that is in the stream, or where the next one will be
        self._chunk = b""
        self._begun = False

    def take_in(self, chunk: bytes) -> None:
        """Take bytes, and leave them for the next step."""
        self._chunk = chunk
        self.ended = not chunk

    def go(self) -> Step | None:
        """Go on with what is there; see :meth:`Assembler.go`."""
        chunk, self._chunk = self._chunk, b""
        room = self.limits.maxima.total_size - self._at - len(self._rest)
        for at in range(0, min(len(chunk), room), _SLICE):
            self._take(chunk[at : min(at + _SLICE, room)])
        if len(chunk) > room:
            raise self.limits.exceeded("max_total_size", self.limits.max_total_size)
        if self.ended and self._rest:
            self._pair(bytes(self._rest))
            self._rest = bytearray()
        return None

    def _take(self, data: bytes) -> None:
        first, separator, behind = data.partition(b"&")
        self._rest += first
        if separator:
            pairs = behind.split(b"&")
            last = pairs.pop()
            self._pair(bytes(self._rest))
            for pair in pairs:
                self._pair(pair)
            self._rest = bytearray(last)
        self._check(len(self._rest))

    def _check(self, size: int) -> None:
        """Refuse a pair that cannot be within the limits, however it is encoded.

        Whether it has come to its end makes no difference, so that neither do chunks.

        Raises:
            LimitExceeded: where it is too long.
        """
        most = self.limits.maxima.field_size
        if size > _TRIPLE * min(most, self.left) + 1:
            code = "max_field_size" if most <= self.left else "max_fields_size"
            raise self.limits.exceeded(code, self._at)

    def _pair(self, pair: bytes) -> None:
        """Take a pair, and go to what is behind it and its separator."""
        if not pair:
            self._at += 1
            return
        self._check(len(pair))
        first, self._begun = not self._begun, True
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        if b"%" in pair:
            name, value = _unquoted(name), _unquoted(value)
        if first and name == b"_charset_" and self.policy.charset_field:
            self._read_charset(value)
        else:
            self._add(name, value)
        self._at += len(pair) + 1

    def _read_charset(self, label: bytes) -> None:
        """Read the leading field that names the charset of the others (row v2)."""
        if len(label) > _LONGEST_CHARSET:
            detail = "the field _charset_ is too long for one"
            raise Deviation.UNSAFE_CHARSET.at(self._at, detail)
        self.take_charset(label)

    def _add(self, name: bytes, value: bytes) -> None:
        size = len(name) + len(value)
        self.fields_left -= 1
        if self.fields_left < 0:
            raise self.limits.exceeded("max_fields", self._at)
        if size > self.limits.maxima.field_size:
            raise self.limits.exceeded("max_field_size", self._at)
        self.left -= size + FIELD
        if not (name.isascii() and value.isascii()):
            self.left -= 3 * size  # a str takes so much more at most (PEP 393)
        if self.left < 0:
            raise self.limits.exceeded("max_fields_size", self._at)
        try:
            if self.charset is None:
                self.items.append((name.decode(), value.decode()))
                return
        except UnicodeDecodeError:
            pass
        self.items.append((self._text(name), self._text(value)))

    def _text(self, data: bytes) -> Any:
        if self.decode is not None:
            return self.decode(None, data, self.charset)
        return text_of(self, data, self.charset, self._at)


def _unquoted(data: bytes) -> bytes:
    """Undo percent escapes, slice by slice, none of which cuts one."""
    if len(data) <= _UNQUOTED:
        return unquote_to_bytes(data)
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + _UNQUOTED
        if end < len(data):
            escape = data.rfind(b"%", end - 2, end)
            end = end if escape < 0 else escape
        pieces.append(unquote_to_bytes(data[at:end]))
        at = end
    return b"".join(pieces)
