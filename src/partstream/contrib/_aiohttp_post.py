"""What aiohttp's ``request.post()`` gives, read by this package: see ``contrib/aiohttp.py``.

Read off aiohttp 3.14: what ``request._post`` holds is what a second ``post()`` gives, and the files
in it are closed with the request.
"""

from __future__ import annotations

import io
from functools import lru_cache, partial
from typing import Any, Final

from aiohttp import web
from multidict import MultiDict, MultiDictProxy

from .. import hdrs
from .._backend import PartBegin
from .._form_reading import assembler_of
from .._form_sinks import AS_FIELD, FileHead, Sink
from .._form_spool import Memory, SpoolSink
from ..charsets import codec_for
from ..deviations import Deviation
from ..errors import LimitExceeded, MultipartError
from ..form import assemble
from ..limits import Limits
from ..policy import Policy
from ..sources import Source, async_source

__all__ = ["post"]

_MULTIPART: Final = "multipart/form-data"
_FORMS: Final = (_MULTIPART, "application/x-www-form-urlencoded")
_POLICY: Final = Policy(nameless_in_form="error")
#: In an urlencoded form, aiohttp gives ``_charset_`` as any other field.
_URLENCODED_POLICY: Final = Policy(charset_field=False)
#: Bytes that are pulled at a time: ``readany()`` would put all that is there together.
_READ: Final = 1 << 17
#: The limits that are ``client_max_fields`` of an application.
_COUNTS: Final = ("max_parts", "max_fields", "max_files")
#: What an application allows where its aiohttp does not say: of bytes, what all of them do by
#: default; fields are counted from 3.14 on.
_MAX_SIZE: Final = 1 << 20
_MAX_FIELDS: Final = 0


@lru_cache(maxsize=64)
def _limits(max_size: int | None, max_fields: int, max_fields_size: int | None) -> Limits:
    """Give the limits of an application; to aiohttp, what is not above zero is unlimited.

    ``client_max_size`` may be large for the sake of files, which are on disk: fields are in memory.
    """
    size = max_size if max_size and max_size > 0 else None
    count = max_fields if max_fields > 0 else None
    return Limits(
        max_parts=count,
        max_fields=count,
        max_files=count,
        max_total_size=size,
        max_field_size=None,
        max_fields_size=max_fields_size,
    )


def _value(part: PartBegin | None, data: bytes, charset: str | None) -> str | bytearray:
    """Give a field that is no plain text in UTF-8: bytes where its type is of no text.

    In an urlencoded form, which has no parts, what cannot be decoded is replaced (WHATWG URL).
    """
    kind = part.content_type if part is not None else None
    if kind is not None and not kind.startswith("text/"):
        return bytearray(data)
    place = part.body_offset if part is not None else None
    codec = codec_for(charset) if charset else "utf-8"
    if codec is None:
        raise Deviation.UNSAFE_CHARSET.at(place, repr(str(charset)[:40]))
    try:
        return data.decode(codec, "replace" if part is None else "strict")
    except UnicodeDecodeError as error:
        detail = f"a field cannot be decoded with {codec} encoding, at byte {error.start} of it"
        raise Deviation.INVALID_ENCODING.at(place, detail) from None


class _File(SpoolSink):
    """A file, which is given as aiohttp's own ``FileField``."""

    __slots__ = ()

    def finish(self) -> web.FileField:
        """Give the file, to be read from its start."""
        self.file = self.opened()
        if self.on_disk:
            self.file = io.BufferedRandom(self.file)
        head = self.head
        kind = head.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
        return web.FileField(head.name, head.filename, self.file, kind, head.headers)

    def abort(self) -> None:
        """Close the file, which removes it."""
        if self.file is not None:
            self.file.close()


class _Opened:
    """Opens the sinks of a form; to aiohttp, a file input without a filename is a field."""

    __slots__ = ("_limits", "_memory")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._memory: Memory | None = None

    def __call__(self, head: FileHead) -> Sink:
        if not head.filename:
            return AS_FIELD
        if self._memory is None:
            self._memory = Memory(self._limits)
        return _File(head, self._memory, _given)


def _given(sink: SpoolSink) -> SpoolSink:
    return sink


async def post(
    request: web.BaseRequest, *, max_fields_size: int | None = Limits.FORM.max_fields_size
) -> MultiDictProxy[Any]:
    """Read the form of a request, as ``request.post()`` does; it is kept in the request.

    ::

        data = await partstream.contrib.aiohttp.post(request)
        photo = data["photo"]  # aiohttp's FileField: photo.filename, photo.file

    Fields are ``str``; ``bytearray`` where their Content-Type is of no text.  Files are on disk
    when they are large, and closed with the request.  Where reading fails, all that was opened is
    closed.  The form is empty for methods and Content-Types that have none.

    Args:
        request: whose body was not read in pieces yet.
        max_fields_size: how many bytes all fields may take in memory, with what objects take
            around them, whatever ``client_max_size`` the files need; None for any number.

    Raises:
        HTTPRequestEntityTooLarge: over ``client_max_size``, in bytes of the whole body, over
            ``client_max_fields``, ``max_fields_size``, or a limit to headers of parts (413).
        HTTPBadRequest: for a form that is malformed or ends too early (400).
    """
    if request._post is None:
        read = request.method in request.POST_METHODS and request.content_type in _FORMS
        pairs = await _read(request, max_fields_size) if read else []
        request._post = MultiDictProxy(MultiDict(pairs))
    return request._post


def _asked(request: web.BaseRequest) -> tuple[int | None, int]:
    """Give what the application allows, in bytes and in fields."""
    size: int | None = getattr(request, "client_max_size", _MAX_SIZE)
    fields: int = getattr(request, "client_max_fields", _MAX_FIELDS)
    return size, fields


async def _read(request: web.BaseRequest, max_fields_size: int | None) -> list[tuple[str, Any]]:
    limits = _limits(*_asked(request), max_fields_size)
    policy = _POLICY if request.content_type == _MULTIPART else _URLENCODED_POLICY
    held = getattr(request, "_read_bytes", None)  # by request.read()
    try:
        assembler = assembler_of(
            request.headers, _Opened(limits), limits=limits, policy=policy, decode=_value
        )
        source = (
            Source(partial(request.content.read, _READ)) if held is None else async_source(held)
        )
        await assemble(assembler, source)
    except LimitExceeded as error:
        raise _too_large(request, error) from error
    except MultipartError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    return assembler.pairs()


def _too_large(request: web.BaseRequest, error: LimitExceeded) -> Exception:
    """Give aiohttp's own error for a limit."""
    size, most = _asked(request)
    text = str(error)
    if error.code == "max_total_size":
        most, text = size or 0, f"Maximum request body size {size} exceeded."
    elif error.code in _COUNTS:
        text = f"Maximum number of form fields {most} exceeded."
    else:
        most = 0
    # How large it is, which nobody knows, has to be said before aiohttp 3.14.
    return web.HTTPRequestEntityTooLarge(most, 0, text=text)
