"""Starlette: forms as its own ``request.form()`` gives them, several times as fast.

::

    from partstream.contrib.starlette import form

    async with form(request) as data:  # or: data = await form(request)
        upload = data["photo"]

What it gives is Starlette's own ``FormData``, with its own ``UploadFile``, each of which has a
``SpooledTemporaryFile``.  They are closed as Starlette closes them: by ``async with``, by
``data.close()`` and ``request.close()``.  Where reading fails, or is cancelled, nothing stays open.
:class:`FormRequest` is a request whose ``form()`` is this one.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import Any, Final

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .._form_reading import assembler_of
from .._form_spool import Spools
from .._form_tempfile import TempfileSink
from .._forming import Assembler, FormAssembler
from .._settings import latin
from ..charsets import codec_for
from ..errors import MultipartError, UnsupportedMediaType
from ..form import assemble_iterated
from ..limits import Limits
from ..parameters import Header, content_type, usual_multipart
from ..policy import Policy
from ..sources import content_type_of

__all__ = ["FormRequest", "form"]

#: Starlette refuses parts without a name, and gives ``_charset_`` as any other field.
_POLICY: Final = Policy(nameless_in_form="error", charset_field=False)
_MIB: Final = 1 << 20
#: What Starlette says, by the limit that is exceeded.
_LIMITED: Final = {
    "max_files": "Too many files. Maximum number of files is {0.max_files}.",
    "max_fields": "Too many fields. Maximum number of fields is {0.max_fields}.",
}
_FAULTS: Final = {
    "missing_boundary": "Missing boundary in multipart.",
    "nameless_part": 'The Content-Disposition header field "name" must be provided.',
}


class _Pending:
    """A form that is read when it is awaited, or entered: then it is closed when it is left."""

    __slots__ = ("_data", "_reading")

    _data: FormData

    def __init__(self, reading: Any) -> None:
        self._reading = reading

    def __await__(self) -> Generator[Any, None, FormData]:
        return self._reading.__await__()  # type: ignore[no-any-return]

    async def __aenter__(self) -> FormData:
        data: FormData = await self._reading
        self._data = data
        return data

    async def __aexit__(self, *failure: object) -> None:
        try:
            await self._data.close()
        except BaseException:  # cancelled amid that, where Starlette leaves the others open
            for _, value in self._data.multi_items():
                if isinstance(value, UploadFile):
                    value.file.close()
            raise


def form(
    request: Request,
    *,
    max_files: int | float = 1000,
    max_fields: int | float = 1000,
    max_part_size: int | float = _MIB,
) -> _Pending:
    """Read the form of a request, as ``request.form()`` does; it is kept in the request.

    Args:
        request: whose body was not read in pieces yet.
        max_files: how many files there may be; ``math.inf`` for any number.
        max_fields: how many fields that are no files.
        max_part_size: how many bytes a field may have.

    Returns:
        What to await, or to enter with ``async with``.  The form is empty where the Content-Type
        is of no form.

    Raises:
        HTTPException: in an application, for a form that is malformed, ends too early, or is over
            one of these limits (400, as of Starlette), or one that Starlette does not have (413).
        MultiPartException: the same where there is no application.
        ClientDisconnect: where the client goes away.
    """
    return _Pending(_kept(request, max_files, max_fields, max_part_size))


class FormRequest(Request):
    """A request whose ``form()`` is :func:`form`; as a base, it goes before other requests."""

    def form(
        self,
        *,
        max_files: int | float = 1000,
        max_fields: int | float = 1000,
        max_part_size: int | float = _MIB,
    ) -> _Pending:
        """Read the form; see :func:`form`."""
        return _Pending(_kept(self, max_files, max_fields, max_part_size))


async def _kept(
    request: Request, max_files: float, max_fields: float, max_part_size: float
) -> FormData:
    if request._form is None:
        # A setting of Starlette's, read for each form as Starlette does; before 0.46, its old name.
        spool = getattr(MultiPartParser, "spool_max_size", None)
        if spool is None:
            spool = getattr(MultiPartParser, "max_file_size", _MIB)
        limits = _limits(max_files, max_fields, max_part_size, spool)
        try:
            assembler = _assembler(request.scope["headers"], limits)
            await assemble_iterated(assembler, request.stream())
            request._form = FormData(_pairs(assembler))
        except UnsupportedMediaType:
            request._form = FormData()
        except MultipartError as error:
            message, status = _explained(error, limits, request.headers.get("content-type", ""))
            if "app" in request.scope:
                raise HTTPException(status, message) from error
            raise MultiPartException(message) from error
    return request._form


def _pairs(assembler: Assembler) -> list[tuple[str, Any]]:
    pairs = assembler.pairs()
    if not "".join([name for name, _ in pairs]).isascii():
        pairs = [(_text(name), value) for name, value in pairs]
    return pairs


def _assembler(headers: Any, limits: Limits) -> Assembler:
    value = _content_type(headers)
    usual = usual_multipart(value)
    if usual is not None and usual[0] == "form-data":
        return FormAssembler(
            usual[1], Spools(limits, _upload, TempfileSink), limits=limits, policy=_POLICY,
            decode=_decoded,
        )  # fmt: skip
    charset = None
    if "charset" in value.lower():
        header = Header(latin(value), None, _POLICY.form_mask, True)
        charset = content_type(header).parameters.get("charset")
        if charset is not None and codec_for(charset) == "utf-8":
            charset = None
    return assembler_of(
        value, Spools(limits, _upload, TempfileSink), limits=limits, policy=_POLICY,
        decode=_decoded, charset=charset,
    )  # fmt: skip


def _content_type(headers: Any) -> str:
    if headers.__class__ is list:  # as servers give it, with names in lower case (ASGI)
        for name, value in headers:
            if name == b"content-type":
                return value.decode("latin-1")  # type: ignore[no-any-return]
    return content_type_of(headers)


def _upload(sink: TempfileSink) -> UploadFile:
    head = sink.head
    raw = [
        (name.lower().encode("latin-1"), latin(value).encode("latin-1"))
        for name, value in head.headers.items()
    ]
    filename = _text(head.filename)
    return UploadFile(sink.file, size=sink.size, filename=filename, headers=Headers(raw=raw))


def _text(name: str) -> str:
    """Give a name; one that is not UTF-8 as latin-1, as Starlette does."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name


def _decoded(part: object, data: bytes, charset: str | None) -> str:
    """Give text that is not UTF-8: as Starlette, which raises for none."""
    if part is None:
        return data.decode("utf-8", "replace")
    try:
        return data.decode(codec_for(charset) or "latin-1" if charset else "utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@lru_cache(64)
def _limits(max_files: float, max_fields: float, max_part_size: float, spool: int) -> Limits:
    """Put Starlette's limits into ours; what all fields take grows with what it lets through.

    ``spool`` is the ``max_size`` of a SpooledTemporaryFile, with which 0 is never to go to disk.
    """
    total = max(8 * _MIB, 4 * max_part_size, 512 * max_fields, 2048 * max_files)
    return Limits(
        max_files=_whole(max_files),
        max_fields=_whole(max_fields),
        max_field_size=_whole(max_part_size),
        max_fields_size=_whole(total),
        max_spool_size=max(1, spool) if spool else None,
        max_spool_total=Limits.FORM.max_spool_total if spool else None,
        max_parts=None,
    )


def _whole(limit: float) -> int | None:
    return None if limit == float("inf") else max(0, int(limit))


def _explained(error: MultipartError, limits: Limits, kind: str) -> tuple[str, int]:
    """Give what Starlette says to an error, as far as it knows it, and the status."""
    if error.code in _LIMITED:
        return _LIMITED[error.code].format(limits), 400
    if error.code == "max_field_size":
        what = "Part" if kind.lower().startswith("multipart") else "Field"
        return f"{what} exceeded maximum size of {(limits.max_field_size or 0) // 1024}KB.", 400
    return _FAULTS.get(error.code, str(error)), 413 if error.http_status == 413 else 400
