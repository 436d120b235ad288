"""Writes ``multipart/*``: parts of any kind, for any client."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import urlencode

from . import hdrs, payloads
from ._batch_writing import http_type
from ._collision import LONG, Guard
from ._fields import Fields, field_text
from ._head import NO_ENCODING, encodings_of, header_lines, printable_name
from ._passes import AsyncPieces, Progress, Steps
from ._payload import Headers, Payload, deliver, gathered
from ._payload_streams import BodyPartReaderPayload
from ._plan import Plan, checked_encoder
from ._views import AsyncBody, Body, Chunks, make_abody, make_body, make_chunks
from .batch import HttpMessage
from .parameters import is_token

__all__ = ["MultipartWriter"]

_MOST_BOUNDARY: Final = 70
_BCHARS: Final = frozenset(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? "
)
_NOT_IN_FORMS: Final = (
    hdrs.CONTENT_ENCODING,
    hdrs.CONTENT_TRANSFER_ENCODING,
    hdrs.CONTENT_LENGTH,
)

#: Values that nearly all parts are, and the payloads that are made of them by default.
_PLAIN: Final = frozenset({str, bytes})
_PLAIN_TYPES: Final[dict[type, str]] = {
    payloads.StringPayload: "text/plain; charset=utf-8",
    payloads.BytesPayload: "application/octet-stream",
}
_NOTHING: Final = (None, None, None, None, None)

Part = tuple[Payload, str, str]


class MultipartWriter(Payload):
    """A multipart body, made of parts (RFC 2046 section 5.1).

    It is a payload, so that it can be a part of another one, to any depth.  ``with`` makes that
    read well and does nothing else; :meth:`close`, or ``async with``, closes the files that were
    given.

    Args:
        subtype: ``mixed``, ``form-data``, ``related``...; the parts of a form get names, and no
            encodings (RFC 7578).
        boundary: by default 128 bits from the system's secure random source.  Where it is given,
            what is written is searched for it, because data that holds it would end its part.

    Raises:
        ValueError: for a subtype that is no token, and a boundary that RFC 2046 does not allow.
    """

    _is_writer = True
    _autoclose = True

    def __init__(self, subtype: str = "mixed", boundary: str | None = None) -> None:
        if not isinstance(subtype, str):
            raise TypeError(f"subtype={subtype!r} must be a str, such as 'mixed' or 'form-data'")
        if subtype.lower().startswith("multipart/"):
            raise ValueError(f"subtype={subtype!r}: leave 'multipart/' out, as in 'form-data'")
        if not all(is_token(item) for item in subtype.split("/")):
            raise ValueError(f"subtype={subtype!r} is no token, such as 'mixed' or 'form-data'")
        self._given = boundary is not None
        value = os.urandom(16).hex() if boundary is None else _checked(boundary)
        self._boundary = value.encode("ascii")
        self._is_form_data = subtype.lower() == "form-data"
        self._entries: list[Any] = []
        self._more = 0  # how many parts the entries stand for, beside one each
        self._closed: set[int] = set()
        quoted = value if is_token(value) else "".join(('"', value, '"'))
        # Joined, and not formatted: a member of an enum, though a str, formats as another text.
        kind = "".join(("multipart/", subtype, "; boundary=", quoted))
        super().__init__(None, content_type=kind)

    def __repr__(self) -> str:
        return f"<MultipartWriter {self.content_type!r} of {len(self)} parts>"

    def __enter__(self) -> MultipartWriter:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    async def __aenter__(self) -> MultipartWriter:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def __iter__(self) -> Iterator[Payload]:
        """Give the parts, to look at or to change."""
        return iter([entry[0] for entry in self._parts])

    def __len__(self) -> int:
        """Tell how many parts there are."""
        return len(self._entries) + self._more

    def __bool__(self) -> bool:
        return True

    @property
    def boundary(self) -> str:
        """The boundary, without dashes or quotes."""
        return self._boundary.decode("ascii")

    @property
    def _parts(self) -> list[Part]:
        if self._more or any(isinstance(entry[0], Fields) for entry in self._entries):
            self._entries = [part for entry in self._entries for part in _one_by_one(entry)]
            self._more = 0
        return self._entries

    @_parts.setter
    def _parts(self, parts: list[Part]) -> None:
        self._entries = parts
        self._more = 0

    @property
    def consumed(self) -> bool:
        """Whether a part cannot be written again."""
        return any(
            payload.consumed
            for payload in self._all_parts()
            if not isinstance(payload, MultipartWriter)
        )

    def _all_parts(self) -> Iterator[Payload]:
        """Give the parts, and those of the writers among them, however deep; none of them twice."""
        found: set[int] = set()
        waiting: list[Any] = [self]
        while waiting:
            for entry in waiting.pop()._entries:
                payload = entry[0]
                if isinstance(payload, Fields) or id(payload) in found:
                    continue
                found.add(id(payload))
                yield payload
                if isinstance(payload, MultipartWriter):
                    waiting.append(payload)

    @property
    def _once(self) -> bool:  # type: ignore[override]
        return not Plan(self).replayable

    @property
    def _awaits(self) -> bool:  # type: ignore[override]
        return Plan(self).awaits

    @property
    def size(self) -> int | None:
        """How many bytes are written, the closing delimiter included; None if that is not known.

        Raises:
            OSError: where a file is not there.
            ValueError: as of :meth:`body`.
        """
        return Plan(self).size

    def append(
        self,
        obj: Any,
        headers: Headers | None = None,
        *,
        name: str | None = None,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> Payload:
        """Add a part.

        Args:
            obj: text, bytes, an open file, a path, a file of an async library, an iterable or async
                iterable of bytes, a part that is being read, another writer, a payload; see
                :func:`partstream.register_payload` for types of one's own.
            headers: of the part; they win over what is set by default.
            name: of the field, for a part of a form.
            filename: for Content-Disposition, and to tell the Content-Type.
            content_type: of the part.
            size: of what does not show it, in bytes; it is checked while the part is written.

        Returns:
            The payload, whose headers can be changed until it is written.

        Raises:
            TypeError: for a type for which no payload is registered.
            ValueError: for headers that cannot be sent, and encodings that are unknown.
        """
        if type(obj) in _PLAIN and (headers, name, filename, content_type, size) == _NOTHING:
            return self._append_plain(obj)
        if isinstance(headers, (str, bytes)):
            raise TypeError(f"headers={headers!r} must be a mapping; or is it meant as name=?")
        given = {"filename": filename, "content_type": content_type, "size": size}
        options = {key: value for key, value in given.items() if value is not None}
        if isinstance(obj, Payload):
            payload = obj
            if size is not None:
                raise TypeError("size= is for what is no payload yet: give it to the payload")
            if headers:
                payload.headers.update(headers)
            if content_type is not None:
                payload.headers[hdrs.CONTENT_TYPE] = content_type
        else:
            payload = _payload_for(obj, headers=headers, **options)
        if name is not None or filename is not None:
            self._name(payload, name, filename)
        return self.append_payload(payload)

    def _append_plain(self, obj: Any) -> Payload:
        """Add what has nothing that could be wrong with it."""
        payload = _payload_for(obj)
        headers = payload.headers
        plain = len(headers) == 1 and (
            headers.get(hdrs.CONTENT_TYPE) == _PLAIN_TYPES.get(type(payload))
        )
        # A subclass may want to see each part.
        if not plain or type(self).append_payload is not MultipartWriter.append_payload:
            return self.append_payload(payload)
        if self._is_form_data:
            disposition = f'form-data; name="section-{len(self)}"'
            headers[hdrs.CONTENT_DISPOSITION] = disposition
        else:
            payload._announced = headers[hdrs.CONTENT_LENGTH] = str(payload.size)
        self._entries.append((payload, "", ""))
        return payload

    def _name(self, payload: Payload, name: str | None, filename: str | None) -> None:
        """Set Content-Disposition to the names that were given."""
        if name is None and self._is_form_data:
            name = f"section-{len(self)}"
        if filename is None and payload.filename is not None:
            filename = printable_name(payload.filename)
        names = {"name": name, "filename": filename}
        known = {key: value for key, value in names.items() if value is not None}
        payload._dispose("form-data" if self._is_form_data else "attachment", known)

    def append_payload(self, payload: Payload) -> Payload:
        """Add a part that is a payload already.

        Args:
            payload: it may be written later, changed headers and all.

        Returns:
            The same payload.

        Raises:
            TypeError: for anything else.
            ValueError: as of :meth:`append`.
        """
        if not isinstance(payload, Payload):
            raise TypeError(f"{payload!r} is no Payload: use append()")
        if isinstance(payload, MultipartWriter):
            if payload is self or any(part is self for part in payload._all_parts()):
                raise ValueError("a MultipartWriter cannot be a part of itself")
        if self._is_form_data:
            self._add_to_form(payload)
        else:
            checked_encoder(payload, False)
            self._announce(payload)
        transfer, coding = payload._facts.encodings
        self._entries.append((payload, coding or "", transfer or ""))
        return payload

    def _add_to_form(self, payload: Payload) -> None:
        """Give a part the name that it must have in a form (RFC 7578 section 4.2)."""
        headers = payload.headers
        if isinstance(payload, BodyPartReaderPayload):
            for key in _NOT_IN_FORMS:  # it is decoded while it is passed on
                headers.popall(key, None)
        if headers.get(hdrs.CONTENT_LENGTH, "") == payload._announced:
            del headers[hdrs.CONTENT_LENGTH]  # it was a part of another multipart before
        for key in _NOT_IN_FORMS:
            if key in headers:
                raise ValueError(
                    f"a part of a form cannot have a {key} (RFC 7578 section 4): leave it out"
                    + (", and give append() the size" if key == hdrs.CONTENT_LENGTH else "")
                )
        if hdrs.CONTENT_DISPOSITION not in headers or payload._disposition_is_default:
            names = {"name": f"section-{len(self)}"}
            if payload.filename is not None and payload._disposition_is_default:
                names["filename"] = printable_name(payload.filename)
            payload._dispose("form-data", names)

    def _announce(self, payload: Payload) -> None:
        """Name the size in the headers, where it is known and nobody has."""
        if hdrs.CONTENT_LENGTH in payload.headers or encodings_of(payload.headers) != NO_ENCODING:
            return
        size = payload.size
        if size is not None:
            payload._announced = payload.headers[hdrs.CONTENT_LENGTH] = str(size)

    def append_json(
        self,
        obj: Any,
        headers: Headers | None = None,
        *,
        dumps: Callable[[Any], str | bytes] | None = None,
        name: str | None = None,
    ) -> Payload:
        """Add a part that is JSON.

        Args:
            obj: what ``dumps`` takes.
            headers: as of :meth:`append`.
            dumps: by default ``json.dumps``; one that gives bytes, such as ``orjson.dumps``, fits.
            name: as of :meth:`append`.

        Returns:
            The payload.
        """
        options = {} if dumps is None else {"dumps": dumps}
        payload = payloads.JsonPayload(obj, headers=headers, **options)  # type: ignore[arg-type]
        if name is not None:
            self._name(payload, name, None)
        return self.append_payload(payload)

    def append_form(
        self,
        obj: Sequence[tuple[str, Any]] | Mapping[str, Any],
        headers: Headers | None = None,
    ) -> Payload:
        """Add a part that is a form itself (``application/x-www-form-urlencoded``).

        Args:
            obj: its fields.
            headers: as of :meth:`append`.

        Returns:
            The payload.

        Raises:
            TypeError: for anything but a mapping or a sequence of pairs.
        """
        if isinstance(obj, Mapping):
            obj = list(obj.items())
        if not isinstance(obj, Sequence) or isinstance(obj, (str, bytes)):
            raise TypeError(f"append_form() takes a mapping or a sequence of pairs, not {obj!r}")
        return self.append_payload(
            payloads.StringPayload(
                urlencode(obj, doseq=True),
                headers=headers,
                content_type="application/x-www-form-urlencoded",
                encoding="utf-8",
            )
        )

    def append_http(self, message: HttpMessage, headers: Headers | None = None) -> Payload:
        """Add a part that is an HTTP message, as those of a batch are (RFC 9112 section 10.2).

        Args:
            message: a request or a response, that was read or is new.
            headers: of the part, such as Content-ID; they win over what is set by default.

        Returns:
            The payload.

        Raises:
            TypeError: for anything else.
            ValueError: for a message that cannot be sent; see :class:`HttpMessage`.
        """
        if not isinstance(message, HttpMessage):
            raise TypeError(f"append_http() takes an HttpMessage, not {message!r}")
        kind = http_type(message)
        payload = payloads.BytesPayload(bytes(message), headers=headers, content_type=kind)
        return self.append_payload(payload)

    def append_fields(self, fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add fields of a form, many at a time, as a browser sends them.

        Text, int, float and bool are text fields, without a Content-Type; anything else is added
        with :meth:`append`.  A list or tuple is one field for each of its items.

        Args:
            fields: names and values.

        Raises:
            TypeError: for a name that is no str, and a value that cannot be a part.
            ValueError: for control characters in a name, and where this is no form.
        """
        if not self._is_form_data:
            raise ValueError("append_fields() is for MultipartWriter('form-data')")
        if isinstance(fields, (str, bytes)):
            raise TypeError(f"append_fields({fields!r}): it must be a mapping, or pairs")
        if isinstance(fields, Mapping):
            pairs = list(cast("Mapping[str, Any]", fields).items())
        else:
            pairs = list(fields)
        if {type(value) for _, value in pairs} == {str}:
            self._add_fields(pairs)
            return
        plain: list[tuple[str, str]] = []
        for name, value in pairs:
            many = value if isinstance(value, (list, tuple)) else (value,)  # pyright: ignore[reportUnknownVariableType]
            for item in many:  # pyright: ignore[reportUnknownVariableType]
                text = field_text(item)  # pyright: ignore[reportUnknownArgumentType]
                if text is not None:
                    plain.append((name, text))
                    continue
                self._add_fields(plain)
                plain = []
                if item is None:
                    raise TypeError(f"the field {name!r} is None: leave it out, or give it a text")
                self.append(item, name=name)
        self._add_fields(plain)

    def _add_fields(self, pairs: list[tuple[str, str]]) -> None:
        if pairs:
            fields = Fields(pairs, b"--" + self._boundary + b"\r\n")
            self._entries.append((fields, "", ""))
            self._more += len(fields) - 1

    def body(
        self,
        *,
        close_boundary: bool = True,
        progress: Callable[[Progress], object] | None = None,
    ) -> Body:
        """Give the body as a file: to be read, or iterated; sized where it can be.

        For clients that send a body again by themselves :meth:`chunks` is safer: how far a client
        has read this one, when it gives a request up, is where it would go on.

        Args:
            close_boundary: whether the closing delimiter follows the last part.
            progress: called with a :class:`Progress` for each piece that is handed over.

        Raises:
            OSError: where a file is not there.
            ValueError: for headers that cannot be sent, encodings that are unknown, a boundary that
                stands in the data, and a writer that contains itself.
        """
        return make_body(self, close_boundary, progress)

    def chunks(
        self,
        *,
        close_boundary: bool = True,
        progress: Callable[[Progress], object] | None = None,
    ) -> Chunks:
        """Give the body for a blocking client: an iterable of bytes, sized where it can be.

        Each iteration is a pass of its own, so that retries, redirects and challenges send all of
        it.  httpx, requests, urllib3 and http.client take it.

        Args:
            close_boundary: as of :meth:`body`.
            progress: as of :meth:`body`.

        Raises:
            OSError: as of :meth:`body`.
            TypeError: where a part must be awaited.
            ValueError: as of :meth:`body`.
        """
        return make_chunks(self, close_boundary, progress)

    def abody(
        self,
        *,
        close_boundary: bool = True,
        progress: Callable[[Progress], object] | None = None,
    ) -> AsyncBody:
        """Give the body for an asynchronous client: an async iterable.

        Args:
            close_boundary: as of :meth:`body`.
            progress: as of :meth:`body`.

        Raises:
            OSError: as of :meth:`body`.
            ValueError: as of :meth:`body`.
        """
        return make_abody(self, close_boundary, progress)

    def http_headers(self) -> dict[str, str]:
        """Give the headers for an HTTP message: those of the writer, and Content-Length if known.

        For clients that do not ask a body for its size, such as ``httpx.AsyncClient``.

        Raises:
            OSError: as of :meth:`body`.
            ValueError: as of :meth:`body`.
        """
        # Names of exactly this type, which WSGI servers want (PEP 3333).
        headers = {str(name): value for name, value in self.headers.items()}
        size = self.size
        if size is not None:
            headers["Content-Length"] = str(size)
        elif headers.get(hdrs.CONTENT_LENGTH, "") == self._announced:
            del headers[hdrs.CONTENT_LENGTH]  # what it had as a part, before more was appended
        header_lines(headers.items())
        return headers

    async def write(
        self,
        writer: Any,
        close_boundary: bool = True,
        *,
        progress: Callable[[Progress], object] | None = None,
    ) -> None:
        """Write the body.

        Args:
            writer: anything with an awaitable ``write(chunk)``, such as the responses of aiohttp;
                or an ``asyncio.StreamWriter``, a stream of trio or anyio.
            close_boundary: False leaves the closing delimiter out, so that parts can follow: one
                frame after the other of ``multipart/x-mixed-replace``.
            progress: as of :meth:`body`.

        Raises:
            OSError: as of :meth:`body`, and where a file is shorter than it was.
            ValueError: as of :meth:`body`, and where a part cannot be written again.
        """
        plan = Plan(self, close_boundary, marks=progress is not None)
        await deliver(AsyncPieces(plan.steps(), progress, plan.size), writer)

    async def write_with_length(self, writer: Any, content_length: int | None) -> None:
        """Write the body, or as much of it as the length allows.

        Args:
            writer: as of :meth:`write`.
            content_length: the most to write, in bytes; None for all.
        """
        await deliver(AsyncPieces(Plan(self).steps()), writer, content_length)

    def _steps(self) -> Steps:
        return Plan(self).steps()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Give the body as text.  It may have to read files, and block.

        Args:
            encoding: a charset.
            errors: as of ``bytes.decode()``.
        """
        return self.body().read().decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Give the whole body; the arguments mean nothing here."""
        return await gathered(self._steps())

    async def close(self) -> None:
        """Close the files that were given.  Nothing is awaited, and all are tried.

        Paths need no closing.  What lies in memory, or has a path, can still be written.
        """
        self._consumed = True
        for payload in self._all_parts():
            if isinstance(payload, MultipartWriter) or payload.autoclose:
                continue
            # One that has been written has nothing left that is open, but for a file.
            written = payload.consumed and not isinstance(payload, payloads.IOBasePayload)
            if written or id(payload) in self._closed:
                continue
            self._closed.add(id(payload))
            try:
                await payload.close()
            except Exception:
                continue  # one that cannot be closed does not keep the others open

    def _guard(self, outer: Guard | None) -> Guard | None:
        """Give what searches the data of this writer's parts for boundaries that were chosen."""
        if not self._given:
            return outer
        own = self._boundary
        if outer is None:
            return Guard((own,))
        for boundary in outer.boundaries:
            # `--B--` closes B, and is a delimiter of `B--`; some parsers take `--Bx` for `--B`.
            longer = own.startswith(boundary if len(boundary) >= LONG else boundary + b"-")
            if own == boundary or longer or boundary == own + b"--":
                raise ValueError(
                    f"the boundary {own.decode()!r} of a part may be taken for "
                    f"{boundary.decode()!r}, which is around it: leave one of them to the writer"
                )
        return Guard((*outer.boundaries, own))


def _payload_for(obj: Any, **options: Any) -> Payload:
    """Make the payload of a part.

    Raises:
        TypeError: where none is registered for the type.
    """
    try:
        return payloads.get_payload(obj, **options)
    except payloads.LookupError:
        raise TypeError(
            f"Cannot create payload from {obj!r}: make it bytes or text, or see "
            "append_json(), append_form() and register_payload()"
        ) from None


def _one_by_one(entry: Any) -> Iterator[Part]:
    if isinstance(entry[0], Fields):
        for payload in entry[0].payloads():
            yield payload, "", ""
    else:
        yield entry


def _checked(boundary: str) -> str:
    """Give a boundary that RFC 2046 section 5.1.1 allows."""
    if not isinstance(boundary, str):
        raise TypeError(f"boundary={boundary!r} must be a str")
    if not boundary.isascii():
        raise ValueError(f"boundary={boundary!r} should contain ASCII only chars")
    if not 0 < len(boundary) <= _MOST_BOUNDARY:
        raise ValueError(f"boundary={boundary!r} must have 1 to {_MOST_BOUNDARY} characters")
    if not _BCHARS.issuperset(boundary) or boundary.endswith(" "):
        raise ValueError(
            f"boundary={boundary!r} contains invalid characters: letters, digits and "
            "'()+_,-./:=? are allowed (RFC 2046 section 5.1.1)"
        )
    return boundary
