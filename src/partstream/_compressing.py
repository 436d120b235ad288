"""Bytes compressed while they are written: gzip, deflate, br and zstd (RFC 9110 section 8.4.1).

The reverse of :mod:`partstream._compression`.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from ._compression import Missing

__all__ = ["CODINGS", "Missing", "Stage"]

#: Brotli's own default, 11, is some fifty times as slow as gzip.  5 is about as fast as gzip, and
#: its result is smaller.
_BROTLI_QUALITY: Final = 5
#: The window as a power of two.  By its own default brotli keeps megabytes back, to compress them
#: all at the end; with this it writes as it goes, and the result is 2% larger.
_BROTLI_WINDOW: Final = 18


class Stage(Protocol):
    """One encoding that is applied."""

    def feed(self, data: bytes | memoryview, /) -> bytes:
        """Take the next bytes, and give what can be written now."""
        raise NotImplementedError

    def end(self) -> bytes:
        """Say that no more comes; give what was kept."""
        raise NotImplementedError


class _Compressor(NamedTuple):
    """A stage that is one of somebody else's compressors."""

    feed: Callable[[bytes | memoryview], bytes]
    end: Callable[[], bytes]


def _stage(feed: Callable[[bytes | memoryview], bytes], end: Callable[[], bytes]) -> Stage:
    # Pyright takes a field that can be called for a method, and misses its self.
    return _Compressor(feed, end)  # pyright: ignore[reportReturnType]


def _zlib(bits: int) -> Stage:
    # zlib's default level.  The header of gzip has no name and no time, so that the same data
    # always gives the same bytes.
    one = zlib.compressobj(wbits=bits)
    return _stage(one.compress, one.flush)


def _gzip() -> Stage:
    return _zlib(16 + zlib.MAX_WBITS)


def _deflate() -> Stage:
    # Raw, without the zlib wrapper of RFC 9110 section 8.4.1.2: the one reader of parts that is
    # known to undo deflate is aiohttp's, and it knows no other.  Ours knows both.
    return _zlib(-zlib.MAX_WBITS)


def _brotli() -> Stage:
    try:
        import brotli
    except ImportError:
        raise Missing("br") from None
    one = brotli.Compressor(quality=_BROTLI_QUALITY, lgwin=_BROTLI_WINDOW)
    return _stage(one.process, one.finish)


def _zstd() -> Stage:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise Missing("zstd") from None
    one = zstd.ZstdCompressor()
    return _stage(one.compress, one.flush)


#: The names of Content-Encoding (RFC 9110, the IANA registry), and what applies each.
CODINGS: Final[dict[str, Callable[[], Stage]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
