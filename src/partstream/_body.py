"""The body of one part, while it is read, in steps that give a result or ``NEED``."""

from __future__ import annotations

from typing import Final

from ._flow import Flow
from ._need import NEED, Need
from .decoding import NOT_BASE64
from .errors import LimitExceeded
from .events import PartEnd

__all__ = ["Body"]

_QUARTET: Final = 4
_UNKNOWN: Final = -1
_MANY: Final = 256
_SMALL: Final = 4096


class Body:
    """What is left of the body of a part.

    Args:
        flow: where the events of the part come from.
        depth: of the part.

    Attributes:
        ended: whether the end of the part has been taken from the flow.
        complete: whether the part came to its end.
    """

    __slots__ = ("complete", "depth", "digits", "ended", "fault", "flow", "pieces", "rest",
                 "rest_at", "size", "skipping")  # fmt: skip

    def __init__(self, flow: Flow, depth: int) -> None:
        self.flow = flow
        self.depth = depth
        self.ended = False
        self.complete = True
        self.pieces: list[bytes] | None = None  # of a read() that is under way
        self.size = 0  # of these pieces
        self.digits = 0  # of base64 in them, if that was counted
        self.rest = b""  # of a chunk that was larger than wanted
        self.rest_at = 0
        self.fault: LimitExceeded | None = None
        self.skipping = False  # somebody has begun to skip what is left

    def over(self) -> bool:
        """Tell whether nothing is left to be read."""
        return self.ended and not self.rest and not self.pieces

    def close(self) -> None:
        """Leave out what is left, where the flow has gone on already."""
        self._drop()
        self.ended = True

    def chunk(self) -> bytes | Need:
        """Give the next bytes as they came, ``b""`` at the end, or NEED."""
        if self.fault is not None:
            raise self.fault
        if self.pieces:
            data = b"".join(self.pieces)
            self.pieces, self.size, self.digits = None, 0, 0
            return data
        if self.rest:
            data = self.rest[self.rest_at :]
            self.rest, self.rest_at = b"", 0
            return data
        if self.ended:
            return b""
        if self.skipping:
            return NEED if self.skip() is NEED else b""
        event = self.flow.take()
        if type(event) is bytes:
            end = self.flow.take_end()
            if end is not None:
                self._end(end)
            return event
        if event is NEED:
            return NEED
        self._end(event if type(event) is PartEnd else None)
        return b""

    def all(self, most: int) -> bytes | Need:
        """Give all that is left, or NEED; what has come so far is kept.

        Raises:
            LimitExceeded: once it is more than ``most`` bytes.
        """
        pieces, size = self.pieces, self.size
        if pieces is not None:
            self.pieces, self.size, self.digits = None, 0, 0
        while True:
            data = self.chunk()
            if data is NEED:
                self._keep(pieces, size)
                return NEED
            if not data:
                return b"".join(pieces) if pieces else b""
            size += len(data)
            if size > most:
                raise self._too_large()
            if pieces is None:
                if self.ended:
                    return data  # and nothing is left, as in nearly every field of a form
                pieces = []
            _collect(pieces, data)

    def some(self, size: int) -> bytes | Need:
        """Give at most ``size`` of the next bytes, ``b""`` at the end, or NEED."""
        if not self.rest:
            data = self.chunk()
            if data is NEED or len(data) <= size:
                return data
            self.rest = data
        data = self.rest[self.rest_at : self.rest_at + size]
        self._advance(self.rest_at + size)
        return data

    def quartets(self, size: int) -> bytes | Need:
        """Give at most ``size`` of the next bytes, cut where no quartet of base64 is cut.

        Where ``size`` bytes hold no whole quartet, they are given as they are.
        """
        pieces, count, digits = self.pieces or [], self.size, self.digits
        self.pieces, self.size, self.digits = None, 0, 0
        if digits < 0 or count >= size:  # kept by another step, or for a larger size
            self.rest = b"".join(pieces)
            pieces, count, digits = [], 0, 0
        while True:
            data = self.some(size - count)
            if data is NEED:
                self.pieces, self.size, self.digits = pieces, count, digits
                return NEED
            pieces.append(data)
            count += len(data)
            digits += len(data.translate(None, NOT_BASE64))
            if not data or count == size or digits >= _QUARTET or self.over():
                break
        window = b"".join(pieces)
        if digits < _QUARTET or self.over() or not data:
            return window
        cut = _before_last(window, digits % _QUARTET)
        self._put_back(window[cut:])
        return window[:cut]

    def line(self, most: int) -> bytes | Need:
        """Give the bytes up to the next LF and with it, or what is left, or NEED.

        Raises:
            LimitExceeded: once it is more than ``most`` bytes.
        """
        pieces, size = self.pieces or [], self.size
        self.pieces, self.size, self.digits = None, 0, 0
        while True:
            if not self.rest:
                data = self.chunk()
                if data is NEED:
                    self._keep(pieces, size)
                    return NEED
                if not data:
                    return b"".join(pieces)
                self.rest = data
            end = self.rest.find(b"\n", self.rest_at) + 1
            stop = end or len(self.rest)
            _collect(pieces, self.rest[self.rest_at : stop])
            size += stop - self.rest_at
            if size > most:
                raise self._too_large()
            self._advance(stop)
            if end:
                return b"".join(pieces)

    def skip(self) -> Need | None:
        """Leave out what is left, or give NEED."""
        self._drop()
        self.skipping = True
        if not self.ended:
            complete = self.flow.skip(self.depth)
            if complete is NEED:
                return NEED
            self.ended = True
            self.complete = complete
        return None

    def put(self, data: bytes, end: PartEnd | None) -> None:
        """Take what was taken from the flow already: the next data, and the end if it has come."""
        self.rest = data
        if end is not None or not data:
            self._end(end)

    def _end(self, event: PartEnd | None) -> None:
        self.ended = True
        self.complete = event is not None and event.complete

    def restore(self, data: bytes) -> None:
        """Take back what was given last, where it could not be used."""
        if data and not self.rest:
            self.rest, self.rest_at = data, 0

    def _too_large(self) -> LimitExceeded:
        self.fault = self.flow.settings.limits.exceeded("max_read_size", None)
        return self.fault

    def _keep(self, pieces: list[bytes] | None, size: int) -> None:
        if pieces:
            self.pieces, self.size, self.digits = pieces, size, _UNKNOWN

    def _advance(self, at: int) -> None:
        self.rest_at = at
        if at >= len(self.rest):
            self.rest, self.rest_at = b"", 0

    def _put_back(self, data: bytes) -> None:
        if self.rest_at >= len(data):  # it was cut from there
            self.rest_at -= len(data)
        else:
            self.rest, self.rest_at = data + self.rest[self.rest_at :], 0

    def _drop(self) -> None:
        self.pieces, self.size, self.digits, self.rest, self.rest_at = None, 0, 0, b"", 0


def _collect(pieces: list[bytes], data: bytes) -> None:
    """Add a piece, and join small ones: each costs more to keep than its few bytes."""
    pieces.append(data)
    if len(pieces) >= _MANY and len(pieces[-_MANY]) < _SMALL:
        small = b"".join(pieces[-_MANY:])
        del pieces[-_MANY:]
        pieces.append(small)


def _before_last(data: bytes, digits: int) -> int:
    """Give where the last so many digits of base64 start."""
    at = len(data)
    while digits:
        at -= 1
        digits -= data[at] not in NOT_BASE64
    return at
