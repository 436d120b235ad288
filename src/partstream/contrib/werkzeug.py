"""Werkzeug: ``request.form`` and ``request.files`` as its own parser gives them, but faster.

::

    from partstream.contrib.werkzeug import FormRequest

    @FormRequest.application
    def application(request):
        upload = request.files["photo"]

Any other request class of Werkzeug takes the parser alone::

    class Request(werkzeug.wrappers.Request):
        form_data_parser_class = FormDataParser

What it gives is Werkzeug's own: the request's ``parameter_storage_class``, ``FileStorage``, files
of the request's ``_get_file_stream``.  Where a form fails, all of its files are closed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import IO, Any, Final

from werkzeug import formparser
from werkzeug.datastructures import FileStorage, Headers
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request

from .._form_sinks import FileHead, Sink
from .._form_spool import Spools
from .._form_sync import assemble
from .._form_tempfile import TempfileSink
from .._forming import FormAssembler
from ..errors import LimitExceeded, MultipartError
from ..limits import Limits
from ..policy import Policy
from ..sources import READ_SIZE, Source

__all__ = ["FormDataParser", "FormRequest"]

#: Werkzeug gives ``_charset_`` as any other field.  It never gives a name that is no text: where
#: headers are not UTF-8, it has no form.
_POLICY: Final = Policy(charset_field=False, undecodable_header="never")
#: What gives a SpooledTemporaryFile, which partstream makes itself then.
_USUAL: Final = (formparser.default_stream_factory, Request._get_file_stream)
_MIB: Final = 1 << 20
#: The charsets of fields that Werkzeug knows; any other is read as UTF-8.
_CHARSETS: Final = frozenset(["ascii", "us-ascii", "utf-8", "iso-8859-1"])


class _Container(Sink):
    """Writes a file into what the request's ``stream_factory`` gives."""

    def __init__(self, factory: Callable[..., IO[bytes]], total: int | None, head: FileHead):
        self._head = head
        self._file = factory(
            total_content_length=total,
            content_type=head.headers.get("content-type"),
            filename=head.filename,
            content_length=head.content_length or 0,
        )
        self.write = self._file.write  # type: ignore[method-assign,assignment]

    def finish(self) -> FileStorage:
        """Give Werkzeug's own object, to be read from its start."""
        self._file.seek(0)
        head = self._head
        return FileStorage(self._file, head.filename, head.name, headers=named(head))

    def abort(self) -> None:
        """Close the file, which removes it."""
        self._file.close()


class FormDataParser(formparser.FormDataParser):
    """A parser for ``form_data_parser_class`` of a request.

    It reads ``multipart/form-data``; any other type is Werkzeug's.  ``max_form_memory_size`` is
    what one field may have, ``max_form_parts`` how many parts there may be.
    """

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Any:
        """Read a form.

        Args:
            stream: that the body is read from; its end is the end of the body.
            mimetype: the Content-Type without its parameters.
            content_length: of the body in bytes, if it is known: the stream factory gets it.
            options: the parameters of the Content-Type.

        Returns:
            The stream, the fields, and the files.

        Raises:
            RequestEntityTooLarge: for a form that is over a limit (413).
            BadRequest: for one that is malformed, or ends too early (400).
            MultipartError: the same, where the parser is not ``silent``; it is a ValueError.
        """
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        factory: Any = self.stream_factory
        open_sink: Callable[[FileHead], Sink]
        if getattr(factory, "__func__", factory) in _USUAL:
            limits = limits_for(self.max_form_memory_size, self.max_form_parts)
            open_sink = Spools(limits, _storage, TempfileSink)
        else:
            open_sink = partial(_Container, factory, content_length)
        try:
            assembler = assembler_for(self, options, open_sink)
            assemble(assembler, Source(partial(stream.read, READ_SIZE)))
        except ValueError as error:
            raise translated(error, self.silent) from error
        fields, files = assembler.split()
        return stream, self.cls(fields), self.cls(files)


class FormRequest(Request):
    """Werkzeug's request, whose forms are read by :class:`FormDataParser`."""

    form_data_parser_class = FormDataParser


def _storage(sink: TempfileSink) -> FileStorage:
    head = sink.head
    return FileStorage(sink.file, head.filename, head.name, headers=named(head))


# What contrib.quart shares


def assembler_for(
    parser: Any,
    options: dict[str, str] | None,
    open_sink: Callable[[FileHead], Sink],
    total: int | None = None,
) -> FormAssembler:
    """Give what puts the form together, by the options of the Content-Type and a parser's limits.

    ``total`` is what the whole body may have, where nobody else looks at that.

    Raises:
        ValueError: where there is no boundary, or none that can be used.
    """
    boundary = (options or {}).get("boundary")
    if not boundary:
        raise ValueError("Missing boundary")
    limits = limits_for(parser.max_form_memory_size, parser.max_form_parts, total)
    return FormAssembler(boundary, open_sink, limits=limits, policy=_POLICY, decode=_decoded)


@lru_cache(64)
def limits_for(memory: int | None, parts: int | None, total: int | None = None) -> Limits:
    """Put Werkzeug's limits into ours; what all fields take grows with what it lets through."""
    fields = None
    if memory is not None and parts is not None:
        fields = max(8 * _MIB, 4 * memory, 2048 * parts)
    return Limits(
        max_parts=parts, max_fields=None, max_files=None, max_field_size=memory,
        max_fields_size=fields, max_total_size=total, max_spool_size=500 * 1024,
    )  # fmt: skip


def translated(error: ValueError, silent: bool) -> HTTPException | ValueError:
    """Give Werkzeug's error for one of ours; anything else stays what it is."""
    if isinstance(error, LimitExceeded):
        return RequestEntityTooLarge()
    if silent:
        message = error.message if isinstance(error, MultipartError) else str(error)
        return BadRequest(f"The form cannot be read: {message}.")
    return error


def named(head: FileHead) -> Headers:
    """Give the headers of a part."""
    return Headers(list(head.headers.items()))


def _decoded(part: Any, data: bytes, charset: str | None) -> str:
    """Give text that is not UTF-8: as Werkzeug, which raises for none."""
    label = (charset or "").lower()
    return data.decode(label if label in _CHARSETS else "utf-8", "replace")
