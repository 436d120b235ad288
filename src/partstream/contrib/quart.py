"""Quart: ``await request.form`` and ``await request.files`` as its own parser gives them.

One line for an application::

    from partstream.contrib.quart import FormRequest

    app.request_class = FormRequest

What it gives is Quart's own: MultiDict, ``FileStorage``, spooled temporary files.  What goes to
disk is written on the event loop, about 1 MiB at a time, as Quart does it: nothing else holds a
sender back there, so that a file written on a thread would gather in memory meanwhile.  Where a
form fails, or is cancelled, all of its files are closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import IO, Any

from quart import formparser
from quart.wrappers import Request
from werkzeug.formparser import default_stream_factory

from .._form_sinks import FileHead, Sink
from .._form_spool import Spools
from .._form_tempfile import TempfileSink
from ..form import assemble_iterated
from ._quart_body import ChunkedBody
from .werkzeug import assembler_for, limits_for, named, translated

__all__ = ["FormDataParser", "FormRequest"]


class _Container(Sink):
    """Writes a file into what a stream factory of the application gives."""

    room = 0

    def __init__(
        self, factory: Callable[..., IO[bytes]], total: int | None, made: Any, head: FileHead
    ) -> None:
        self._head = head
        self._made = made
        kind = head.headers.get("content-type")
        self._open = partial(factory, total, kind, head.filename, head.content_length or 0)
        self._file: IO[bytes] | None = None

    def writelines(self, pieces: Iterable[Any]) -> None:
        """Write pieces; the first ones open the file."""
        if self._file is None:
            self._file = self._open()
        for piece in pieces:
            self._file.write(piece)

    def finish(self) -> Any:
        """Give Quart's own object, to be read from its start."""
        self.writelines(())
        file: Any = self._file
        file.seek(0)
        return self._made(self._head, file, 0)

    def abort(self) -> None:
        """Close the file, which removes it."""
        if self._file is not None:
            self._file.close()


class FormDataParser(formparser.FormDataParser):
    """A parser for ``form_data_parser_class`` of a request.

    It reads ``multipart/form-data``; any other type is Quart's.  ``max_form_memory_size`` is what
    one field may have, ``max_form_parts`` how many parts there may be.
    """

    async def parse(
        self,
        body: Any,
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Any:
        """Read a form.

        Args:
            body: of the request.
            mimetype: the Content-Type without its parameters.
            content_length: of the body in bytes, if it is known: a stream factory gets it.
            options: the parameters of the Content-Type.

        Returns:
            The fields and the files.

        Raises:
            RequestEntityTooLarge: for a form that is over a limit (413).
            BadRequest: for one that is malformed, or ends too early (400).
            MultipartError: the same, where the parser is not ``silent``; it is a ValueError.
        """
        if mimetype != "multipart/form-data":
            # Quart does not say of what its multidicts are.
            return await super().parse(body, mimetype, content_length, options)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        open_sink: Callable[[FileHead], Sink]
        if self.stream_factory is default_stream_factory:
            limits = limits_for(self.max_form_memory_size, self.max_form_parts)
            open_sink = Spools(limits, self._spooled, TempfileSink)
        else:
            open_sink = partial(_Container, self.stream_factory, content_length, self._storage)
        try:
            # Of a body without Content-Length, Quart bounds what is there at a time.
            assembler = assembler_for(self, options, open_sink, self.max_content_length)
            await assemble_iterated(assembler, body, on_loop=True)
        except ValueError as error:
            raise translated(error, self.silent) from error
        fields, files = assembler.split()
        cls: Any = self.cls  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return cls(fields), cls(files)

    def _spooled(self, sink: TempfileSink) -> Any:
        return self._storage(sink.head, sink.file, sink.size)

    def _storage(self, head: FileHead, file: Any, size: int) -> Any:
        return self.file_storage_class(file, head.filename, head.name, headers=named(head))


class FormRequest(Request):
    """Quart's request, whose forms are read by :class:`FormDataParser`.

    Chunks of its body are handed on as they come, where Quart copies each twice.
    """

    body_class = ChunkedBody
    form_data_parser_class = FormDataParser
