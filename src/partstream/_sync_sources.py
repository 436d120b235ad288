"""What the blocking reader can read from: files, responses, iterables, a WSGI environ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Final

from ._later import Later
from .deviations import Deviation
from .sources import READ_SIZE, Source, checked, takes_a_size, unread_of

if TYPE_CHECKING:
    import inspect
else:
    inspect = Later("inspect")

__all__ = ["sync_source"]

_LONGEST_LENGTH: Final = 19  # digits, of 2**63


def sync_source(content: Any) -> Source:
    """Find out how something gives bytes at once.

    Args:
        content: looked at in this order: bytes-like; a WSGI environ, whose ``wsgi.input`` is read
            no further than its CONTENT_LENGTH; ``iter_bytes()`` (httpx); ``iter_content()``
            (requests); ``read1(n)`` or ``read(n)`` (files, urllib3, http.client); an iterable of
            bytes.

    Raises:
        TypeError: for anything else.
        ParseError: for an environ whose CONTENT_LENGTH is no number, which a client may send.
    """
    if isinstance(content, (bytes, bytearray, memoryview)):
        return _iterated(_cut(memoryview(content)))  # pyright: ignore[reportUnknownArgumentType]
    if _is_environ(content):
        return _environ(content)
    if hasattr(content, "iter_bytes"):
        return _iterated(content.iter_bytes())
    if hasattr(content, "iter_content"):
        return _iterated(content.iter_content(READ_SIZE))
    for name in ("read1", "read"):  # the first gives what is there, and does not wait for more
        read = getattr(content, name, None)
        if callable(read) and takes_a_size(read) and not inspect.iscoroutinefunction(read):
            return Source(_Read(read, None).pull, unread_of(content))
    if _is_iterable(content):
        return _iterated(iter(content))
    kind = type(content).__name__
    raise TypeError(
        f"cannot read a multipart stream from {kind} here: pass bytes, something with read(n), "
        "iter_bytes(), iter_content() or __iter__(), or a WSGI environ; what has to be awaited, "
        "partstream.MultipartReader reads"
    )


def _is_environ(content: object) -> bool:
    return isinstance(content, Mapping) and "wsgi.input" in content


def _is_iterable(content: object) -> bool:
    return isinstance(content, Iterable) and not isinstance(content, (str, Mapping))


def _cut(view: memoryview) -> Iterator[bytes]:
    if not view.nbytes or not view.c_contiguous:  # neither can be cast
        view = memoryview(view.tobytes())
    view = view.cast("B")
    for at in range(0, len(view), READ_SIZE):
        yield bytes(view[at : at + READ_SIZE])


def _environ(environ: Mapping[str, Any]) -> Source:
    """Give the body of a WSGI request (PEP 3333; ``wsgi.input_terminated`` is an extension)."""
    left: int | None = None
    if not environ.get("wsgi.input_terminated"):
        length = str(environ.get("CONTENT_LENGTH") or 0)
        if not (length.isascii() and length.isdigit() and len(length) <= _LONGEST_LENGTH):
            raise Deviation.INVALID_LENGTH.at(None, f"CONTENT_LENGTH {length[:40]!r}")
        left = int(length)
    return Source(_Read(environ["wsgi.input"].read, left).pull)


class _Read:
    """Pulls from ``read(n)``, up to so many bytes where that is known."""

    __slots__ = ("_left", "_read")

    def __init__(self, read: Callable[[int], Any], left: int | None) -> None:
        self._read = read
        self._left = left

    def pull(self) -> bytes:
        size = READ_SIZE if self._left is None else min(READ_SIZE, self._left)
        chunk: Any = self._read(size) if size else b""
        if chunk is None:
            raise TypeError(
                "read(n) of this source gave None: it does not wait for bytes; open it so that "
                "it does, or read it with partstream.MultipartReader"
            )
        if self._left is not None:
            # What is more than was asked for is of another request.
            chunk = checked(chunk)[: self._left]
            self._left -= len(chunk)
        return chunk  # type: ignore[no-any-return]


def _iterated(iterator: Iterator[bytes]) -> Source:
    source: Any = iterator
    close = source.close if isinstance(source, GeneratorType) else None
    return Source(_Iterated(iterator).pull, None, close)


class _Iterated:
    """Pulls from an iterator, in which an empty chunk means nothing."""

    __slots__ = ("_iterator",)

    def __init__(self, iterator: Iterator[bytes]) -> None:
        self._iterator = iterator

    def pull(self) -> bytes:
        for chunk in self._iterator:
            if chunk:
                return chunk
        return b""
