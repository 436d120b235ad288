"""Compressed bytes, undone while they arrive: gzip, deflate, br and zstd (RFC 9110 section 8.4.1).

Each coding is a :class:`Stage`.  What it gives comes in pieces of about :data:`PIECE` bytes at
most (brotli gives up to twice as much), so that a bomb is noticed after one piece too many.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

__all__ = ["CODINGS", "PIECE", "Missing", "Stage"]

#: The largest piece of output that is asked for, in bytes.
PIECE: Final = 1 << 18

_FIRST_WINDOW: Final = 512
_LAST_WINDOW: Final = 1 << 20


class Missing(Exception):
    """The package that undoes a coding is not installed."""


class Stage(Protocol):
    """One coding that is undone; what is wrong with the data is a ValueError."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes, and give what comes of them, piece by piece."""
        raise NotImplementedError

    def end(self) -> bytes:
        """Say that no more comes; give what was kept."""
        raise NotImplementedError


class _Members:
    """Undoes streams that stand one behind the other, each with an end mark.

    Args:
        make: makes what undoes one: has ``decompress(data, most)``, ``eof`` and ``unused_data``.
        fault: what that raises for data that is no such stream.
        many: whether several may follow each other, with zeros behind the last.
    """

    def __init__(self, make: Callable[[], Any], fault: type[Exception], many: bool) -> None:
        self._make = make
        self._fault = fault
        self._many = many
        self._undo: Any = None
        self._window = _FIRST_WINDOW
        self._begun = self._over = False  # over: only zeros can follow

    def feed(self, data: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(data):
            if self._undo is None:
                self._over = self._over or (self._begun and data[at] == 0)
                if self._over:
                    if any(data[at:]):
                        raise ValueError("there is something behind the end of the data")
                    return
                self._begun = True
                self._undo = self._make()
                self._window = _FIRST_WINDOW
            # What a decompressor was given and did not need, it copies.  So it is given little at
            # first, and more as its stream goes on: many small ones cost no more than a large one.
            window = data[at : at + self._window]
            self._window = min(2 * self._window, _LAST_WINDOW)
            at += len(window)
            yield from self._all_of(window)
            if self._undo.eof:
                at -= len(self._undo.unused_data)
                self._undo = None
                self._over = not self._many

    def _all_of(self, window: bytes) -> Iterator[bytes]:
        piece = self._decompress(window)
        while piece:
            yield piece
            if len(piece) < PIECE or self._undo.eof:
                return
            # zlib has its caller keep what it did not get at; others keep it.
            piece = self._decompress(getattr(self._undo, "unconsumed_tail", b""))

    def _decompress(self, window: bytes) -> bytes:
        try:
            return self._undo.decompress(window, PIECE)  # type: ignore[no-any-return]
        except self._fault as error:
            raise ValueError(str(error)) from None

    def end(self) -> bytes:
        if self._undo is not None:
            raise ValueError("the data ends before its end mark")
        return b""


class _Deflate:
    """Undoes deflate: with the zlib wrapper of RFC 9110, or raw, as some senders have it."""

    def __init__(self) -> None:
        self._start = b""
        self._stage: _Members | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._stage is None:
            data = self._start = self._start + data
            if len(data) < 2:
                return
            wrapped = data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._stage = _zlib(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, many=False)
        yield from self._stage.feed(data)

    def end(self) -> bytes:
        if self._stage is not None:
            return self._stage.end()
        if self._start:
            raise ValueError("the data ends before its end mark")
        return b""


class _Brotli:
    """Undoes br (RFC 7932)."""

    def __init__(self) -> None:
        try:
            import brotli
        except ImportError:
            raise Missing("br") from None
        self._undo = brotli.Decompressor()
        self._fault = brotli.error
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        if self._begun and self._undo.is_finished():
            raise ValueError("there is something behind the end of the data")
        self._begun = True
        piece = self._process(data)
        while piece or not self._undo.can_accept_more_data():
            if piece:
                yield piece
            if self._undo.can_accept_more_data():
                return
            piece = self._process(b"")

    def _process(self, data: bytes) -> bytes:
        try:
            return self._undo.process(data, output_buffer_limit=PIECE)
        except self._fault as error:
            raise ValueError(str(error)) from None

    def end(self) -> bytes:
        if self._begun and not self._undo.is_finished():
            raise ValueError("the data ends before its end mark")
        return b""


def _zlib(bits: int, many: bool) -> _Members:
    return _Members(lambda: zlib.decompressobj(wbits=bits), zlib.error, many)


def _gzip() -> Stage:
    # One member or several (RFC 1952 section 2.2).
    return _zlib(16 + zlib.MAX_WBITS, many=True)


def _zstd() -> Stage:
    # One frame or several (RFC 8878 section 3).
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise Missing("zstd") from None
    return _Members(zstd.ZstdDecompressor, zstd.ZstdError, many=True)


#: The names of Content-Encoding (RFC 9110, the IANA registry), and what undoes each.
CODINGS: Final[dict[str, Callable[[], Stage]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _zstd,
}
