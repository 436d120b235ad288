"""Django: ``request.POST`` and ``request.FILES`` as its own parser gives them, but faster.

One setting, before the handlers that are there::

    FILE_UPLOAD_HANDLERS = [
        "partstream.contrib.django.FormUploadHandler",
        "django.core.files.uploadhandler.MemoryFileUploadHandler",
        "django.core.files.uploadhandler.TemporaryFileUploadHandler",
    ]

It reads the form and has the handlers behind it, and those before it, take the files.  From
Django 6.1 on there is a class for ``request.multipart_parser_class``, too: :class:`FormParser`.
"""

# Django has no types: what comes of it is unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import (
    ImproperlyConfigured,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.files.uploadhandler import (
    FileUploadHandler,
    SkipFile,
    StopFutureHandlers,
    StopUpload,
)
from django.http import QueryDict
from django.http.multipartparser import (
    MAX_TOTAL_HEADER_SIZE,
    MultiPartParser,
    MultiPartParserError,
)
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

from .._form_sinks import FileHead, Sink
from .._form_sync import assemble
from .._forming import FormAssembler
from ..charsets import codec_for
from ..errors import LimitExceeded, MultipartError
from ..limits import Limits
from ..policy import Policy
from ..sources import Source

__all__ = ["FormParser", "FormUploadHandler"]

#: Django gives ``_charset_`` as any other field, leaves out parts without a name, and never gives
#: a name that is no text: it drops headers that are not UTF-8, and the part with them.
_POLICY: Final = Policy(charset_field=False, nameless_in_form="skip", undecodable_header="never")
_EXCEEDED: Final = {
    "fields": (
        TooManyFieldsSent,
        "The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.",
    ),
    "files": (
        TooManyFilesSent,
        "The number of files exceeded settings.DATA_UPLOAD_MAX_NUMBER_FILES.",
    ),
    "memory": (RequestDataTooBig, "Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE."),
}
_LIMITS: Final = {"max_fields": "fields", "max_field_size": "memory", "max_fields_size": "memory"}


class FormUploadHandler(FileUploadHandler):  # type: ignore[misc]
    """An upload handler that reads the form; the other handlers of the request take the files.

    A request with an encoding that is not UTF-8 is left to Django's own parser.
    """

    def handle_raw_input(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> tuple[Any, Any] | None:
        """Read the form; see :meth:`FileUploadHandler.handle_raw_input`.

        Returns:
            What ``request.POST`` and ``request.FILES`` are to be; None where there is no request
            whose handlers are known.

        Raises:
            MultiPartParserError: for a form that is malformed, or ends too early (400).
            SuspiciousOperation: for one that is over a limit: Django's own TooManyFieldsSent,
                TooManyFilesSent, and RequestDataTooBig.
            ImproperlyConfigured: for a file that there is no other handler to take.
        """
        handlers: list[Any] = list(getattr(self.request, "upload_handlers", ()))
        if self not in handlers or not _is_utf8(encoding):
            return None
        place = handlers.index(self)
        for handler in handlers[place + 1 :]:
            result = handler.handle_raw_input(input_data, META, content_length, boundary, encoding)
            if result is not None:
                return result  # type: ignore[no-any-return]
        others = [handler for handler in handlers if handler is not self]
        return _read(others, input_data, boundary, alone=not others)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Leave the data to the next handler, where Django's own parser reads the form."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""


class FormParser(MultiPartParser):  # type: ignore[misc]
    """A parser for ``request.multipart_parser_class`` (Django 6.1 and later)."""

    def parse(self) -> tuple[Any, Any]:
        """Read the form; see :meth:`FormUploadHandler.handle_raw_input`."""
        if self._content_length == 0 or not _is_utf8(self._encoding):
            return super().parse()  # type: ignore[no-any-return]
        for handler in self._upload_handlers:
            result = handler.handle_raw_input(
                self._input_data, self._meta, self._content_length, self._boundary, self._encoding
            )
            if result is not None:
                return result[0], result[1]
        return _read(list(self._upload_handlers), self._input_data, self._boundary)


def _is_utf8(encoding: str | None) -> bool:
    """Whether a form is ours to read.

    Raises:
        MultiPartParserError: for a charset that text cannot be read with, such as rot13: Django
            takes it, and answers 500.
    """
    charset = encoding or settings.DEFAULT_CHARSET
    if codec_for(charset) == "utf-8":
        return True
    try:
        b"a".decode(charset, "replace")
    except (LookupError, ValueError) as error:
        raise MultiPartParserError(f"Invalid charset: {error}") from error
    return False


def _read(
    handlers: list[Any], input_data: Any, boundary: bytes, alone: bool = False
) -> tuple[Any, Any]:
    """Read a form, and have the handlers take its files."""
    form = _Form(handlers, alone)
    size = min([2**31 - 4, *(handler.chunk_size for handler in handlers if handler.chunk_size)])
    pull = partial(input_data.read, size)
    try:
        try:
            assembler = form.assembler(boundary)
            assemble(assembler, Source(pull))
            form.check_memory()
        except StopUpload as stop:
            form.close_current()
            if not stop.connection_reset:
                while pull():
                    pass
        any(handler.upload_complete() for handler in handlers)
    except BaseException as error:
        form.fail()
        if isinstance(error, MultipartError):
            raise _translated(error) from error
        raise
    return form.result()


def _type_of(head: FileHead) -> tuple[str, dict[str, bytes]]:
    """Give a file's type and its parameters, as Django's parser: none where it is not plain."""
    try:
        kind, parameters = parse_header_parameters(head.headers.get("content-type", ""))
        return kind, {name: value.encode() for name, value in parameters.items()}
    except ValueError:  # an extended parameter of no charset, or of no text
        return "", {}


def _translated(error: MultipartError) -> Exception:
    if isinstance(error, LimitExceeded) and error.code in _LIMITS:
        return _exceeded(_LIMITS[error.code])
    message = str(error)
    if error.code == "max_header_block":
        message = "Request max total header size exceeded."
    elif error.code == "invalid_encoding":  # of a part: text is never refused
        message = "Could not decode base64 data."
    fault: Exception = MultiPartParserError(message)
    return fault


def _exceeded(what: str) -> Exception:
    kind, message = _EXCEEDED[what]
    error: Exception = kind(message)
    return error


class _Form:
    """A form while it is read: what Django counts, and which files there are.

    Attributes:
        handlers: that take the files.
        current: the file that the handlers are at.
    """

    current: _Upload | None = None

    def __init__(self, handlers: list[Any], alone: bool) -> None:
        self.handlers = handlers
        self._alone = alone
        self.files: Any = MultiValueDict()
        self.most: int | None = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        self._fields: int | None = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        self._most_files: int | None = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        self._count = 0
        self._counted = self._memory = 0

    def assembler(self, boundary: bytes) -> FormAssembler:
        """Give what puts the form together.

        Raises:
            MultiPartParserError: where the boundary cannot be used.
        """
        limits = _limits(self.most, self._fields, self._most_files)
        try:
            self._assembler = FormAssembler(
                boundary, self._open, limits=limits, policy=_POLICY, decode=self._decoded
            )
        except ValueError as error:  # Django lets longer ones through
            raise MultiPartParserError(f"Invalid boundary in multipart: {error}") from error
        return self._assembler

    def _decoded(self, part: Any, data: bytes, charset: str | None) -> str:
        text = data.decode("utf-8", "replace")
        self._memory -= len(text.encode()) - len(data)  # it is counted by its text
        return text

    def check_memory(self) -> None:
        """Count the fields that have come, as Django does: two bytes more for ``&=``.

        Raises:
            RequestDataTooBig: where they are too large together.
        """
        items = self._assembler.items
        if self.most is None:
            return
        for name, value in items[self._counted :]:
            if type(value) is str:
                size = len(value) if value.isascii() else len(value.encode())
                self._memory += size + len(name.strip()) + 2
        self._counted = len(items)
        if self._memory > self.most:
            raise _exceeded("memory")

    def _open(self, head: FileHead) -> Sink | None:
        self.check_memory()
        if not head.filename:  # a field, to Django
            self._assembler.fields_left -= 1
            if self._assembler.fields_left < 0:
                raise _exceeded("fields")
            return _Nameless(self)
        if self._alone:
            raise ImproperlyConfigured(
                "FormUploadHandler reads the form, and leaves its files to other handlers: put "
                "Django's MemoryFileUploadHandler and TemporaryFileUploadHandler behind it in "
                "FILE_UPLOAD_HANDLERS"
            )
        self._count += 1
        if self._most_files is not None and self._count > self._most_files:
            raise _exceeded("files")
        sanitize: Any = MultiPartParser.sanitize_file_name  # which uses nothing of a parser
        filename = sanitize(None, head.filename)
        if not filename:
            return None
        return _Upload(self, head, filename)

    def close_current(self) -> None:
        """Close what the handlers have of the file that they are at, as Django does."""
        for handler in self.handlers:
            if hasattr(handler, "file"):
                handler.file.close()

    def fail(self) -> None:
        """Leave no file behind, of those that are finished and the one that is not."""
        for _, files in self.files.lists():
            for file in files:
                file.close()
        if self.current is not None:
            for handler in self.handlers:
                handler.upload_interrupted()
            self.close_current()

    def result(self) -> tuple[Any, Any]:
        """Give ``POST`` and ``FILES``."""
        post = QueryDict(mutable=True)
        for name, value in self._assembler.items:
            if type(value) is str:
                # What appendlist() does, but for the conversion of what is text already.
                dict.setdefault(post, name.strip(), []).append(value)
        post._mutable = False
        return post, self.files


class _Nameless(Sink):
    """Takes a part with an empty filename, which Django gives as a field."""

    def __init__(self, form: _Form) -> None:
        self._form = form
        self._data = bytearray()

    def write(self, data: Any) -> None:
        """Take data, up to what all fields may have."""
        self._data += data
        if self._form.most is not None and len(self._data) > self._form.most:
            raise _exceeded("memory")

    def finish(self) -> str:
        """Give the value of the field."""
        return self._form._decoded(None, bytes(self._data), None)

    def abort(self) -> None:
        """Drop the data."""
        self._data.clear()


class _Upload(Sink):
    """Hands a file to the handlers, as Django's parser does."""

    def __init__(self, form: _Form, head: FileHead, filename: str) -> None:
        self._form = form
        self._name = head.name.strip()
        self._handlers = form.handlers
        self._counters = [0] * len(self._handlers)
        self._skipped = False
        form.current = self
        kind, extra = _type_of(head)
        facts = self._name, filename, kind.strip(), head.content_length, extra.get("charset"), extra
        self._guarded(partial(self._begin, facts))

    def _begin(self, facts: Iterable[Any]) -> None:
        for handler in self._handlers:
            try:
                handler.new_file(*facts)
            except StopFutureHandlers:
                break

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except SkipFile:
            self._skipped = True
            self._form.close_current()
            self._form.current = None

    def write(self, data: Any) -> None:
        """Hand data to the handlers, until one keeps it."""
        if not self._skipped:
            self._guarded(partial(self._receive, data if type(data) is bytes else bytes(data)))

    def _receive(self, data: Any) -> None:
        for number, handler in enumerate(self._handlers):
            size = len(data)
            data = handler.receive_data_chunk(data, self._counters[number])
            self._counters[number] += size
            if data is None:
                break

    def finish(self) -> None:
        """Have the handlers give the file, which goes into ``FILES``."""
        if self._skipped:
            return
        for number, handler in enumerate(self._handlers):
            file = handler.file_complete(self._counters[number])
            if file:
                self._form.files.appendlist(self._name, file)
                break
        self._form.current = None


@lru_cache(16)
def _limits(memory: int | None, fields: int | None, files: int | None) -> Limits:
    """Put Django's limits into ours; fields are counted as Django does beside them."""
    total = None
    if memory is not None and fields is not None and files is not None:
        total = 4 * memory + 2048 * fields + 4096 * files
    return Limits(
        max_fields=fields, max_files=None, max_field_size=memory, max_fields_size=total,
        max_header_block=MAX_TOTAL_HEADER_SIZE,
    )  # fmt: skip
