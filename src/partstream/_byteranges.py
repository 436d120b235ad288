"""Pieces of a file as a server gives them: several are a multipart, one is not (RFC 9110, 14)."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

from . import hdrs
from ._file_pass import descriptor, plain_size
from ._head import NO_ENCODING
from ._payload import Payload, guess_filename, guess_type
from ._payload_files import can_seek, wrapped_file
from ._payload_memory import BytesPayload
from ._payload_slices import SlicePayload
from ._plan import Plan, Run
from ._views import SizedAsyncBody, SizedBody
from .ranges import ContentRange, parse_range
from .writer import MultipartWriter

__all__ = ["RangeResponse", "byteranges", "range_response"]


def byteranges(
    file: Any,
    ranges: Iterable[tuple[int, int]],
    *,
    content_type: str | None = None,
    size: int | None = None,
    boundary: str | None = None,
) -> MultipartWriter:
    """Make the body of an answer with several ranges (RFC 9110 section 14.6).

    Its size is known, and it can be written again.  The ranges are read when they are written, in
    large blocks, and off the event loop.  A path is opened for each of them, and closed behind it:
    where another file may take its place meanwhile, give an open one.

    Args:
        file: a path; an open file of bytes that can be rewound, in which ranges count from its
            start; or bytes.
        ranges: the first and the last byte of each, as :func:`parse_range` gives them.
        content_type: of the whole; by default what the file's name tells.
        size: of the whole, in bytes, if it is known already, or the file cannot tell it.
        boundary: as of :class:`MultipartWriter`.

    Returns:
        A writer of the subtype ``byteranges``; see its ``http_headers()``.

    Raises:
        OSError: where there is no such file.  While it is written: where the file is shorter.
        TypeError: for a file of text, and what is no file.
        ValueError: for a range that the file does not have, and for none at all; for a file whose
            size is not known, or that cannot be rewound.
    """
    if ranges is None:
        raise TypeError("ranges=None: the Range header does not count; see range_response()")
    return _Whole(file, content_type, size).pieces(ranges, boundary)


class RangeResponse(NamedTuple):
    """What a server answers to a request for a file, or for ranges of it.

    Attributes:
        status: 200, the whole; 206, one range or several; 416, none that exists.
        headers: Content-Type, Content-Length, Content-Range and Accept-Ranges, as the status
            demands.  Those that the server wants beside them, such as ETag, can be added.
        payload: the body.  ``await payload.close()`` closes a file that was given open.
    """

    status: int
    headers: dict[str, str]
    payload: Payload

    def body(self) -> SizedBody:
        """Give the body for a blocking server, such as one of WSGI: an iterable, and a file."""
        return SizedBody(self._plan())

    def abody(self) -> SizedAsyncBody:
        """Give the body for an asynchronous server, such as one of ASGI: an async iterable."""
        return SizedAsyncBody(self._plan())

    async def write(self, writer: Any) -> None:
        """Write the body.

        Args:
            writer: as of :meth:`MultipartWriter.write`.

        Raises:
            OSError: where the file cannot be read, or is shorter than it was.
        """
        await self.payload.write(writer)

    def _plan(self) -> Plan:
        if isinstance(self.payload, MultipartWriter):
            return Plan(self.payload)
        return _Alone(self.payload)


def range_response(
    file: Any,
    value: str | None,
    *,
    content_type: str | None = None,
    size: int | None = None,
    boundary: str | None = None,
    max_ranges: int = 16,
) -> RangeResponse:
    """Make the answer to a GET of a file (RFC 9110 sections 14.2, 15.3.7 and 15.5.17).

    A request for one range is not answered with a multipart.

    Args:
        file: as of :func:`byteranges`.
        value: of the Range header; None where there is none, or where it does not count, because
            the method is not GET, or an If-Range does not hold (section 13.1.5).
        content_type: as of :func:`byteranges`.
        size: as of :func:`byteranges`.
        boundary: as of :func:`byteranges`.
        max_ranges: as of :func:`parse_range`.

    Raises:
        OSError: as of :func:`byteranges`.
        TypeError: as of :func:`byteranges`.
        ValueError: as of :func:`byteranges`.
    """
    whole = _Whole(file, content_type, size)
    ranges = None if value is None else parse_range(value, whole.size, max_ranges=max_ranges)
    payload: Payload
    if ranges is None:
        status, payload = 200, whole.slice(0, whole.size)
    elif not ranges:
        status, payload = 416, BytesPayload(b"")
        none = ContentRange("bytes", None, None, whole.size)
        payload.headers.clear()
        payload.headers[hdrs.CONTENT_RANGE] = str(none)
    elif len(ranges) == 1:
        status, payload = 206, whole.piece(*ranges[0])
    else:
        status, payload = 206, whole.pieces(ranges, boundary)
    # A server of WSGI takes no subclass of str (PEP 3333), as the names in a CIMultiDict are.
    headers = {str(name): text for name, text in payload.headers.items()}
    headers["Content-Length"] = str(payload.size)
    headers["Accept-Ranges"] = "bytes"
    return RangeResponse(status, headers, payload)


class _Whole:
    """What ranges are taken of.

    Args:
        file: as of :func:`byteranges`; likewise the others.
        content_type: likewise.
        size: likewise.

    Attributes:
        size: how many bytes it has.
    """

    def __init__(self, file: Any, content_type: str | None, size: int | None) -> None:
        self._data: memoryview | None = None
        self._file = file
        self._lock = threading.Lock()
        name = None
        if isinstance(file, io.BytesIO):
            file = file.getvalue()  # this does not copy
        if isinstance(file, (bytes, bytearray, memoryview)):
            self._data = memoryview(file).cast("B")  # pyright: ignore[reportUnknownArgumentType]
            found = len(self._data)
            if size not in (None, found):
                raise ValueError(f"size={size}: there are {found} bytes; leave it out")
            size = found
        elif isinstance(file, (str, os.PathLike)):
            name = os.path.basename(os.fsdecode(file))  # pyright: ignore[reportUnknownArgumentType]
        else:
            self._file = _binary(file)
            # The name of what decompresses a file is that of the compressed one.
            name = guess_filename(self._file) if descriptor(self._file) is not None else None
        self.size = _size_of(self._file) if size is None else size
        if content_type is None:
            content_type = (guess_type(name) if name else None) or Payload._default_content_type
        self._content_type = content_type

    def slice(self, first: int, length: int) -> Payload:
        """Give some of it."""
        if self._data is not None:
            return BytesPayload(self._data[first : first + length], content_type=self._content_type)
        return SlicePayload(self._file, first, length, self._lock, content_type=self._content_type)

    def piece(self, first: int, last: int) -> Payload:
        """Give a range, with the header that names it."""
        if not 0 <= first <= last < self.size:
            raise ValueError(
                f"the range ({first}, {last}) is none of {self.size} bytes: the first and the last "
                "byte are given, counted from 0; see parse_range()"
            )
        payload = self.slice(first, last - first + 1)
        payload.headers[hdrs.CONTENT_RANGE] = str(ContentRange("bytes", first, last, self.size))
        return payload

    def pieces(self, ranges: Iterable[tuple[int, int]], boundary: str | None) -> MultipartWriter:
        """Give ranges as a multipart."""
        writer = MultipartWriter("byteranges", boundary)
        for first, last in ranges:
            payload = writer.append_payload(self.piece(first, last))
            del payload.headers[hdrs.CONTENT_LENGTH]  # Content-Range has told it
        if not len(writer):
            raise ValueError("there are no ranges: where none of them exists, the status is 416")
        return writer


def _binary(file: Any) -> Any:
    """Give a file of bytes that can be rewound, out of what an async library has around it."""
    inner = file if isinstance(file, io.IOBase) else wrapped_file(file) or file
    if not hasattr(inner, "read"):
        raise TypeError(f"{file!r} is no file, no path and no bytes")
    if not can_seek(inner):
        raise ValueError(f"{file!r} cannot be rewound, and so it has no ranges")
    if not isinstance(inner.read(0), bytes):
        raise TypeError(f"{file!r} is no file of bytes: open it with mode 'rb'")
    return inner


def _size_of(file: Any) -> int:
    """Tell how many bytes a file has."""
    if not isinstance(file, (str, os.PathLike)):
        at = file.tell()
        try:
            file.seek(0, os.SEEK_END)
            return int(file.tell())
        finally:
            file.seek(at)
    with open(file, "rb", buffering=0) as opened:  # pyright: ignore[reportUnknownArgumentType]
        size = plain_size(opened.fileno())
    if size is None:
        raise ValueError(f"{os.fspath(file)!r} is no plain file: give its size, if it has one")
    return size


class _Alone(Plan):
    """The plan of a body that is no multipart."""

    __slots__ = ()

    def __init__(self, payload: Payload) -> None:
        self.size = payload.size
        self._segments = [Run(payload, NO_ENCODING, self.size, None)]
