"""aiohttp: its client and server take our payloads, our writer takes its, and a form for both.

Importing this module is all that it takes (:func:`register` is called)::

    import partstream.contrib.aiohttp

    await session.post(url, data=writer)        # Content-Length, and replay on a redirect
    return web.Response(body=writer)
    data = await post(request)                  # as request.post(), several times as fast

Read off aiohttp 3.14: payloads are told by ``isinstance``, of an abstract class that others can
be registered with.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import urlencode

import aiohttp
from aiohttp.multipart import BodyPartReaderPayload as TheirPartPayload
from multidict import CIMultiDict, MultiDict, MultiDictProxy

from .. import hdrs, payloads
from .._head import escaped_field, header_lines, printable_name
from .._passes import Steps
from .._payload import Headers, Payload, guess_filename
from .._payload_files import refuse_consumed
from .._pushed import pushed
from ..payloads import BytesPayload, Order, StringPayload
from ..writer import MultipartWriter
from ._aiohttp_post import post

__all__ = ["AiohttpPayload", "FormData", "post", "register"]

#: What does not hold of a part whose body is decoded while it is passed on.
_OF_ENCODED_BODY = (
    hdrs.CONTENT_ENCODING,
    hdrs.CONTENT_TRANSFER_ENCODING,
    hdrs.CONTENT_LENGTH,
)
_NO_OPTIONS = (None, None, None)
_OPTION = (str, type(None))
_TEXTS = (str, int, float, type(None))


class AiohttpPayload(Payload):
    """A payload of aiohttp's as a part; made when one is appended to our writer.

    It has the headers of that payload: what is changed in one is changed in the other.

    Args:
        value: the payload.
        headers: win over its own.
        content_type: wins over its own.
        filename: as of :class:`Payload`; by default the payload's.
        size: of what does not show it, in bytes; it is checked while the part is written.
        kwargs: taken, and ignored.
    """

    _awaits = True
    _value: aiohttp.Payload

    def __init__(
        self,
        value: aiohttp.Payload,
        headers: Headers | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        *,
        size: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value, filename=filename or value.filename, size=size)
        self._headers = value.headers
        self._encoding = value.encoding
        if headers:
            self._headers.update(headers)
        if content_type is not None:
            self._headers[hdrs.CONTENT_TYPE] = content_type
        self._may_change = isinstance(value, aiohttp.payload.IOBasePayload)
        # aiohttp sets one for each file that has a name; in a form it would have no field name.
        disposition = self._headers.get(hdrs.CONTENT_DISPOSITION, "form-data")
        self._disposition_is_default = not disposition.lower().startswith("form-data")

    @property
    def size(self) -> int | None:
        """How many bytes there are, before any encoding; None where that is not known."""
        # That of text is the size of the file, whatever the text is encoded to.
        if isinstance(self._value, aiohttp.payload.TextIOPayload):
            return self._size
        size = self._value.size
        return self._size if size is None else size

    @property
    def consumed(self) -> bool:
        """Whether the payload has been written, or closed, and cannot be written again."""
        return self._value.consumed

    @property
    def autoclose(self) -> bool:
        """Whether nothing needs to be closed by :meth:`close`."""
        return self._value.autoclose

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Give the body as text, as the payload does.

        Args:
            encoding: the charset.
            errors: as of ``bytes.decode()``.
        """
        return self._value.decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Give the whole body, as the payload does.

        Args:
            encoding: the charset, where it is text without one.
            errors: as of ``str.encode()``.
        """
        return await self._value.as_bytes(encoding, errors)

    def _steps(self) -> Steps:
        refuse_consumed(self)
        yield from pushed(self._value.write)

    def _close(self) -> None:
        self._value._close()

    async def close(self) -> None:
        """Close what the payload holds, such as a file: aiohttp does so on a thread."""
        await self._value.close()


class _TheirKind(type):
    """Tells aiohttp's payloads from ours, which aiohttp takes for its own."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, aiohttp.Payload) and not isinstance(instance, Payload)


class _Theirs(metaclass=_TheirKind):
    """Stands for all payloads of aiohttp's."""


def _part(
    value: aiohttp.BodyPartReader, headers: Headers | None = None, **kwargs: Any
) -> AiohttpPayload:
    """Make a payload of a part that aiohttp's reader gives: its headers, and its body decoded."""
    own = CIMultiDict(value.headers)
    for key in _OF_ENCODED_BODY:
        own.popall(key, None)
    return AiohttpPayload(TheirPartPayload(value, headers=own), headers, **kwargs)


_registered_in: object = None


def register() -> None:
    """Have aiohttp take our payloads, and our writers take aiohttp's.

    Importing the module does this.  To call it again does nothing, unless
    ``payloads.PAYLOAD_REGISTRY`` was replaced meanwhile.
    """
    global _registered_in
    aiohttp.Payload.register(Payload)
    if _registered_in is not payloads.PAYLOAD_REGISTRY:
        _registered_in = payloads.PAYLOAD_REGISTRY
        payloads.register_payload(AiohttpPayload, _Theirs, order=Order.try_first)
        payloads.register_payload(_part, aiohttp.BodyPartReader, order=Order.try_first)


def _all_text(pairs: list[Any]) -> bool:
    """Tell whether these are all usual fields: most forms are nothing else."""
    names = [name for name, _ in pairs]
    kinds = {*map(type, names), *[type(value) for _, value in pairs]}
    return kinds == {str} and "".join(names).isprintable()


class FormData(aiohttp.FormData):
    """A form for aiohttp's client: ``session.post(url, data=form)``, or ``data=form()``.

    Used as ``aiohttp.FormData`` is, with these differences: names and filenames are written as
    browsers write them (WHATWG), and not percent-encoded; a filename tells the Content-Type where
    none is given; text has none, unless it has a filename, or a charset other than UTF-8; and
    whatever our writer takes can be a value: paths, iterables of bytes, parts that are being read.
    A list or tuple is one field for each of its items, and any other value is ``str(value)``,
    whether or not the form is a multipart.

    Args:
        fields: a mapping, or a sequence of pairs, open files and multidicts.
        quote_fields: False writes names as quoted strings of raw UTF-8, with backslashes.
        charset: that text is written in, by default UTF-8.
        default_to_multipart: whether it is ``multipart/form-data`` even without files; else it is
            ``application/x-www-form-urlencoded`` then.

    Raises:
        TypeError: for fields that are nothing of that, names that are no str, and values that
            cannot be sent.
        ValueError: for control characters in names, filenames and content types.
    """

    def __init__(
        self,
        fields: Iterable[Any] = (),
        quote_fields: bool = True,
        charset: str | None = None,
        *,
        default_to_multipart: bool = False,
    ) -> None:
        # The base is not set up, because nothing of it is used: it is there so that aiohttp, which
        # calls what is an instance of it, does.
        self._form = MultipartWriter("form-data")
        self._pending: list[tuple[Any, Any]] = []  # text that no file came behind
        self._multipart = default_to_multipart
        self._quoted = quote_fields
        self._text_charset = charset if charset is not None else "utf-8"
        if isinstance(fields, Mapping):
            fields = list(fields.items())  # pyright: ignore[reportUnknownArgumentType]
            if _all_text(fields):
                self._pending = fields
                return
        elif not isinstance(fields, (list, tuple)):
            fields = (fields,)
        self.add_fields(*fields)

    @property
    def is_multipart(self) -> bool:
        """Whether it will be ``multipart/form-data``."""
        return self._multipart

    def add_field(
        self,
        name: str,
        value: Any,
        *,
        content_type: str | None = None,
        filename: str | None = None,
        content_transfer_encoding: str | None = None,
    ) -> None:
        """Add a field, or with a list of values several.

        Args:
            name: of the field.
            value: text, a number, or what makes the form a multipart: a file, a path, bytes, an
                iterable of bytes, a payload.  Bytes are a file, called as the field is.
            content_type: of the field; the form is a multipart then.
            filename: the same.
            content_transfer_encoding: nothing is encoded (RFC 7578 section 4.7): deprecated.

        Raises:
            TypeError: for a name, filename or content type that is no str, and for a value that
                cannot be sent.
            ValueError: for control characters in them.
        """
        options = (content_type, filename, content_transfer_encoding)
        plain = options == _NO_OPTIONS
        if plain and self._add_text(name, value):
            return
        if not isinstance(name, str) or not all(isinstance(item, _OPTION) for item in options):
            raise TypeError(f"a name, filename or type must be a str: {name!r}, {options!r}")
        if not name.isprintable():
            escaped_field("name", name)
        if content_transfer_encoding is not None:
            warnings.warn(
                "content_transfer_encoding is deprecated, and nothing is encoded: leave it out",
                DeprecationWarning,
                stacklevel=2,
            )
        elif filename is None and isinstance(value, (bytes, bytearray, memoryview)):
            filename = name
        elif plain and isinstance(value, (list, tuple)):
            for item in cast("list[Any]", value):
                self.add_field(name, item)
            return
        elif plain and isinstance(value, _TEXTS):
            self._pending.append((name, value))
            return
        self._add_part(name, value, content_type, filename)

    def _add_text(self, name: object, value: object) -> bool:
        """Add the usual field, in a quarter of the time; tell whether this was one."""
        usual = type(name) is str and type(value) is str and name.isprintable()
        if usual:
            self._pending.append((name, value))
        return usual

    def _add_part(
        self, name: str, value: Any, content_type: str | None, filename: str | None
    ) -> None:
        """Add what is no mere text."""
        if filename is None and isinstance(value, io.IOBase):
            filename = printable_name(guess_filename(value) or name)
        given = {"filename": filename, "content_type": content_type}
        options: dict[str, Any] = {key: item for key, item in given.items() if item is not None}
        try:
            payload = payloads.get_payload(value, encoding=self._text_charset, **options)
        except payloads.LookupError:
            if not options:
                self._pending.append((name, value))
                return
            payload = StringPayload(str(value), encoding=self._text_charset, **options)
        if content_type is not None:
            payload.headers[hdrs.CONTENT_TYPE] = content_type
        self._name(payload, name, filename or payload.filename)
        header_lines(payload.headers.items())  # before anything changes
        self._multipart = True
        self._add_pending()
        self._form.append_payload(payload)

    def _name(self, payload: Payload, name: str, filename: str | None = None) -> None:
        names = {"name": name}
        if filename is not None:
            names["filename"] = filename
        payload.set_content_disposition("form-data", self._quoted, **names)

    def add_fields(self, *fields: Any) -> None:
        """Add many fields.

        Args:
            fields: pairs of name and value, multidicts, and open files, whose fields are called as
                the files are.

        Raises:
            TypeError: for anything else, and as of :meth:`add_field`.
            ValueError: as of :meth:`add_field`.
        """
        for field in fields:
            if isinstance(field, (list, tuple)) and len(cast("list[Any]", field)) == 2:
                name, value = cast("tuple[Any, Any]", field)
                if not self._add_text(name, value):
                    self.add_field(name, value)
            elif isinstance(field, io.IOBase):
                self.add_field(printable_name(guess_filename(field) or "unknown"), field)
            elif isinstance(field, (MultiDict, MultiDictProxy)):
                self.add_fields(*field.items())
            else:
                raise TypeError(
                    "Only io.IOBase, multidict and (name, file) pairs allowed, use .add_field() "
                    f"for passing more complex parameters, got {field!r}"
                )

    def __call__(self) -> Payload:  # type: ignore[override]  # aiohttp takes it: see register()
        """Give the body: a :class:`MultipartWriter`, the same one for each call, or a payload."""
        if not self._multipart:
            return self._urlencoded()
        self._add_pending()
        return self._form

    def _add_pending(self) -> None:
        """Make parts of the text so far."""
        charset = self._text_charset
        pairs = [
            (name, value if type(value) is str else str(value)) for name, value in self._pending
        ]
        if self._quoted and charset.lower() == "utf-8":
            self._form.append_fields(pairs)
        else:
            parts = [StringPayload(text, encoding=charset) for _, text in pairs]
            for (name, _), payload in zip(pairs, parts, strict=True):
                self._name(payload, name)
                self._form.append_payload(payload)
        self._pending = []

    def _urlencoded(self) -> BytesPayload:
        charset = self._text_charset
        content_type = "application/x-www-form-urlencoded"
        if charset != "utf-8":
            content_type += f"; charset={charset}"
        data = urlencode(self._pending, encoding=charset).encode("ascii")
        return BytesPayload(data, content_type=content_type)


register()
