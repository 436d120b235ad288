"""What every part that is to be written has: headers, a size, and steps that give its body."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from multidict import CIMultiDict, getversion

from . import hdrs
from ._head import Facts, content_disposition, encodings_of, header_lines
from ._later import Later
from ._passes import AsyncPieces, Piece, Pieces, Steps, Work
from ._pushed import pushed
from ._sinks import sink

if TYPE_CHECKING:
    import mimetypes
else:
    mimetypes = Later("mimetypes")

__all__ = ["SENTINEL", "Headers", "Payload", "guess_filename", "guess_type"]

Headers: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"

#: Stands for a Content-Type that nobody has given.
SENTINEL: Final[Any] = object()

#: The types of files that are compressed: what is inside is not what is sent.
_COMPRESSED: Final = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "xz": "application/x-xz",
    "br": "application/x-brotli",
}


#: What opens compressed files gives what is inside them, to which their name does not fit.
_INFLATING: Final = frozenset({"gzip", "bz2", "lzma", "_compression", "compression.zstd"})
_SUFFIXES: Final = frozenset({".gz", ".bz2", ".xz", ".lzma", ".zst"})


class Payload:
    """Something that can be a part: a value, its headers, and how it is written.

    A subclass for a type of one's own overrides ``write()``, which awaits ``writer.write(chunk)``
    for each piece, and sets ``size`` where it is known; see :func:`partstream.register_payload`.

    Args:
        value: what is to be written.
        headers: of the part; they win over what is set by default.
        content_type: the part's Content-Type.
        filename: tells the Content-Type where none is given.
        encoding: the charset of text.
        size: the size of the body in bytes, where it cannot be seen but is known.  It is checked
            while the body is written.
        kwargs: taken, and ignored, so that all payloads can be made alike.

    Raises:
        ValueError: for a size below 0.
    """

    _default_content_type: str = "application/octet-stream"
    _size: int | None = None
    _consumed: bool = False
    _autoclose: bool = False
    #: Whether only an asynchronous pass can give the body.
    _awaits: bool = False
    #: Whether it can be written once only.
    _once: bool = False
    #: Whether it is a multipart of its own parts.
    _is_writer: bool = False
    #: Whether it is a file, which may grow (what is new is left out) or shrink (an OSError).
    _may_change: bool = False
    #: A Content-Disposition that nobody has chosen.
    _default_disposition: str | None = None
    _version: int | None = None  # of the headers for which the facts are known
    _known: Facts
    #: The Content-Length that was set when the part was appended.
    _announced: str | None = None

    def __init__(
        self,
        value: Any,
        headers: Headers | None = None,
        content_type: str | None = SENTINEL,
        filename: str | None = None,
        encoding: str | None = None,
        *,
        size: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._value = value
        self._encoding = encoding
        self._filename = filename
        if content_type is SENTINEL or content_type is None:
            content_type = self._default_content_type
            if filename is not None:
                content_type = guess_type(filename) or content_type
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._headers[hdrs.CONTENT_TYPE] = content_type
        if headers:
            self._headers.update(headers)
        if size is not None:
            if not isinstance(size, int):
                raise TypeError(f"size={size!r} must be an int, a number of bytes")
            if size < 0:
                raise ValueError(f"size={size}: must be at least 0, or None where it is not known")
            self._size = size
            self._may_change = False  # somebody has promised it

    def __repr__(self) -> str:
        try:
            size = self.size
        except (OSError, ValueError):  # the file is gone, or closed: that is for others to say
            size = None
        return f"<{type(self).__name__} {self.content_type!r} size={'?' if size is None else size}>"

    @property
    def size(self) -> int | None:
        """How many bytes the body has, before any encoding; None where that is not known."""
        return self._size

    @property
    def filename(self) -> str | None:
        """The name of the file that this is, if it is one."""
        return self._filename

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers of the part; they can be changed until it is written."""
        return self._headers

    @property
    def _binary_headers(self) -> bytes:
        return self._facts.lines + b"\r\n"

    @property
    def _facts(self) -> Facts:
        """What the headers say, found out once for as long as they stay the same."""
        version = getversion(self._headers)  # type: ignore[arg-type]
        if version != self._version:
            headers = self._headers
            self._known = Facts(header_lines(headers.items()), encodings_of(headers))
            self._version = version
        return self._known

    @property
    def encoding(self) -> str | None:
        """The charset of text, None for what is no text."""
        return self._encoding

    @property
    def content_type(self) -> str:
        """The Content-Type of the part, or what it is where the part names none."""
        return self._headers.get(hdrs.CONTENT_TYPE, self._default_content_type)

    @property
    def consumed(self) -> bool:
        """Whether the body has been written, or closed, and cannot be written again."""
        return self._consumed

    @property
    def autoclose(self) -> bool:
        """Whether nothing needs to be closed by :meth:`close`."""
        return self._autoclose

    def set_content_disposition(
        self,
        disptype: str,
        quote_fields: bool = True,
        _charset: str = "utf-8",
        **params: str,
    ) -> None:
        r"""Set the part's Content-Disposition.

        Args:
            disptype: ``form-data``, ``attachment``, ``inline``...
            quote_fields: False writes raw UTF-8 with backslashes before ``"`` and ``\``.
            _charset: taken for the sake of aiohttp's users; it is always UTF-8 that is written.
            params: such as ``name`` and ``filename``, in their order.

        Raises:
            TypeError: for a parameter that is no str.
            ValueError: for names that are no tokens, and for control characters; see
                RFC 7578 section 4.2 and RFC 6266.
        """
        self._dispose(disptype, params, quote_fields)

    @property
    def _disposition_is_default(self) -> bool:
        """Whether Content-Disposition is one that nobody has chosen, also not by the headers."""
        default = self._default_disposition
        return default is not None and self._headers.get(hdrs.CONTENT_DISPOSITION) == default

    @_disposition_is_default.setter
    def _disposition_is_default(self, is_default: bool) -> None:
        now = self._headers.get(hdrs.CONTENT_DISPOSITION)
        self._default_disposition = now if is_default else None

    def _dispose(self, disptype: str, params: Mapping[str, str], quote_fields: bool = True) -> None:
        value = content_disposition(disptype, params, quote_fields)
        self._headers[hdrs.CONTENT_DISPOSITION] = value
        self._disposition_is_default = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Give the body as text.  It may have to read a file, and block.

        Args:
            encoding: the charset, if the part has none of its own.
            errors: as of ``bytes.decode()``.

        Raises:
            TypeError: for a part that can only be read where it is awaited.
        """
        return b"".join(Pieces(steps_of(self))).decode(self._encoding or encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Give the whole body, before any encoding.

        Args:
            encoding: the charset for a subclass that has only :meth:`decode`.
            errors: as of ``str.encode()``.
        """
        if type(self).decode is not Payload.decode and steps_of_class(type(self)) is None:
            charset = self._encoding or encoding
            return self.decode(charset, errors).encode(charset)
        return await gathered(steps_of(self))

    async def write(self, writer: Any) -> None:
        """Write the body, before any encoding.

        Args:
            writer: has an awaitable ``write(chunk)``; see :meth:`MultipartWriter.write`.
        """
        if type(self).write is Payload.write and self._has_own_length():
            await self.write_with_length(writer, None)
            return
        # Where a subclass has its own write(), this is what it has called.
        await deliver(AsyncPieces(self._inherited_steps()), writer)

    async def write_with_length(self, writer: Any, content_length: int | None) -> None:
        """Write the body, or as much of it as the length allows.

        Args:
            writer: as of :meth:`write`.
            content_length: the most to write, in bytes; None for all.
        """
        if type(self).write is not Payload.write and not self._has_own_length():
            await self.write(writer)
            return
        await deliver(AsyncPieces(self._inherited_steps()), writer, content_length)

    def _has_own_length(self) -> bool:
        return type(self).write_with_length is not Payload.write_with_length

    def _inherited_steps(self) -> Steps:
        """Give the body as it is without a ``write()`` of a subclass."""
        if type(self)._steps is Payload._steps:
            raise NotImplementedError(f"{type(self).__name__} must override write()")
        return self._steps()

    def _steps(self) -> Steps:
        """Give the body; see ``_passes.py``."""
        if type(self).write is Payload.write and not self._has_own_length():
            raise NotImplementedError(f"{type(self).__name__} must override write()")
        return pushed(self.write)

    def _close(self) -> None:
        """Close what the payload holds."""

    async def close(self) -> None:
        """Close what the payload holds, such as the file that was given.  Nothing is awaited."""
        self._close()


def _steps_of_class(kind: type) -> Callable[[Any], Steps] | None:
    """Give the steps of a class; None where a subclass has a ``write()`` that comes before them."""
    for base in kind.__mro__:
        if base is Payload:
            return None
        if "_steps" in vars(base):
            return vars(base)["_steps"]  # type: ignore[no-any-return]
        if "write" in vars(base) or "write_with_length" in vars(base):
            return None
    return None


#: The same, remembered.
steps_of_class: Callable[[Any], Callable[[Any], Steps] | None] = lru_cache(1024)(_steps_of_class)


def steps_of(payload: Any) -> Steps:
    """Give the steps of a payload, which may be one of somebody else's."""
    own = steps_of_class(type(payload))
    if own is not None:
        return own(payload)
    if "write" in vars(payload.__class__) or not isinstance(payload, Payload):
        return pushed(payload.write)
    return Payload._steps(payload)


async def gathered(steps: Steps) -> bytes:
    """Give all pieces as one."""
    async with aclosing(AsyncPieces(steps)) as pieces:
        found = [piece async for piece in pieces]
    if len(found) == 1 and isinstance(found[0], bytes):
        return found[0]
    return b"".join(found)


async def deliver(pieces: AsyncPieces, writer: Any, most: int | None = None) -> None:
    """Write pieces, one after the other.

    Args:
        pieces: closed at the end, however it comes.
        writer: see :func:`partstream._sinks.sink`.
        most: how many bytes to write at most; None for all.
    """
    emit = sink(writer)
    async with aclosing(pieces):
        if most == 0:
            return
        async for piece in pieces:
            if most is not None:
                if len(piece) >= most:
                    await emit(memoryview(piece)[:most] if len(piece) > most else piece)
                    return
                most -= len(piece)
            await emit(piece)


def guess_filename(file: Any) -> str | None:
    """Give the base name of an open file, None where it has none."""
    try:
        name = getattr(file, "name", None)
    except ValueError:  # of bz2 and lzma, closed, from 3.13 on: to write it will say so
        return None
    if isinstance(name, str) and name and not (name[0] == "<" and name[-1] == ">"):
        path = PurePath(name)
        inside = type(file).__module__ in _INFLATING
        return (path.stem if inside and path.suffix in _SUFFIXES else path.name) or None
    return None


def guess_type(filename: str) -> str | None:
    """Tell the media type from a file's name, None where it does not tell."""
    if not isinstance(filename, str):
        raise TypeError(f"filename={filename!r}: the value must be a str")
    # Behind this, nothing in a name can be taken for a URL.
    name = "./" + filename.rpartition("/")[2]
    if sys.version_info >= (3, 13):
        found, encoding = mimetypes.guess_file_type(name)
    else:
        found, encoding = mimetypes.guess_type(name)
    if encoding is not None:
        return _COMPRESSED.get(encoding)
    return found


__all__ += ["Piece", "Work", "deliver", "gathered", "steps_of", "steps_of_class"]
