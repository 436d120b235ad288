"""Parts that are HTTP messages themselves, as batch APIs send them (``application/http``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy

from ._backend import tokenize
from ._batch_writing import message_bytes, reason_of, with_body
from .deviations import Deviation
from .errors import MultipartError
from .headers import Level, examine
from .parameters import is_token
from .policy import Policy

__all__ = ["HttpMessage", "parse_http"]

Headers: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"
Body: TypeAlias = "bytes | bytearray | memoryview | str | None"

_MOST_CODE: Final = 3


class HttpMessage(NamedTuple):
    """A request or a response (RFC 9112 section 2.1).

    One that was read can be written again; :meth:`request` and :meth:`response` make new ones.  A
    message is written by :meth:`MultipartWriter.append_http`.

    Attributes:
        version: such as ``"HTTP/1.1"``.
        method: of a request, else None.
        target: of a request as sent, else None.
        status: of a response, else None.
        reason: of a response, empty where it has none; None for a request.
        headers: case-insensitive, in their order, with repeated names.
        body: what follows the empty line, as sent.
    """

    version: str
    method: str | None
    target: str | None
    status: int | None
    reason: str | None
    headers: CIMultiDictProxy[str]
    body: bytes

    @classmethod
    def request(
        cls,
        method: str,
        target: str,
        headers: Headers | None = None,
        body: Body = None,
        *,
        json: Any = None,
        version: str = "HTTP/1.1",
    ) -> HttpMessage:
        """Make a request.

        Args:
            method: such as ``"POST"``.
            target: mostly a path and a query, percent-encoded.
            headers: they win over what is set by default: Content-Length where there is a body,
                and a Content-Type for text and JSON.
            body: text is written as UTF-8.
            json: what ``json.dumps`` takes, in place of a body.
            version: of HTTP.

        Raises:
            TypeError: for a body of another type.
            ValueError: for ``body`` and ``json`` both.  What cannot be sent is found when the
                message is appended.
        """
        fields, data = with_body(headers, body, json)
        return cls(version, method, target, None, None, fields, data)

    @classmethod
    def response(
        cls,
        status: int,
        headers: Headers | None = None,
        body: Body = None,
        *,
        json: Any = None,
        reason: str | None = None,
        version: str = "HTTP/1.1",
    ) -> HttpMessage:
        """Make a response.

        Args:
            status: such as 200.
            headers: as of :meth:`request`.
            body: as of :meth:`request`; a response with status 1xx, 204 or 304 has none.
            json: as of :meth:`request`.
            reason: by default what the status is called.
            version: as of :meth:`request`.

        Raises:
            TypeError: as of :meth:`request`.
            ValueError: as of :meth:`request`.
        """
        fields, data = with_body(headers, body, json, status)
        name = reason_of(status) if reason is None else reason
        return cls(version, None, None, status, name, fields, data)

    def __bytes__(self) -> bytes:
        """Write the message, as it is.

        Raises:
            TypeError: for a header that is not of two str, and a body that is not bytes.
            ValueError: for what cannot be sent: control characters, a target that is not
                percent-encoded, a Content-Length that is not that of the body.
        """
        return message_bytes(self)


def parse_http(data: bytes, policy: Policy = Policy.DEFAULT) -> HttpMessage:
    """Read a whole HTTP message.

    Lines may end in CRLF or, as in the batches of some senders, in LF; the first one tells.  A
    message may end behind its header lines, with no empty line, if it has no body.

    Args:
        data: the body of the part.
        policy: which deviations its header lines may have (the column for other subtypes).

    Raises:
        ParseError: where this is no HTTP message.
    """
    data = data.lstrip(b"\r\n")
    end = data.find(b"\n")
    lf = not data[:end].endswith(b"\r") if end >= 0 else False
    line_end = b"\n" if lf else b"\r\n"
    start, _, rest = data.partition(line_end)
    if rest.startswith(line_end):
        block, body = b"", rest[len(line_end) :]
    else:
        block, _, body = rest.partition(line_end * 2)
        block = block.removesuffix(line_end)
    return _start_line(start)._replace(headers=_headers(block, lf, policy), body=body)


def _headers(block: bytes, lf: bool, policy: Policy) -> CIMultiDictProxy[str]:
    mask = policy.other_mask | Deviation.NO_HEADERS.bit
    try:
        head = examine(block, 0, Level(mask, form=False, nested=False), lf=lf)
    except MultipartError as error:
        raise _invalid(error.message) from None
    return CIMultiDictProxy(CIMultiDict(tokenize(head.block)))


def _start_line(line: bytes) -> HttpMessage:
    nothing: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())
    text = line.decode("latin-1")
    if not text.isprintable():
        raise _invalid("the start line holds a control character")
    if text.startswith("HTTP/"):
        version, _, rest = text.partition(" ")
        code, _, reason = rest.partition(" ")
        if len(code) != _MOST_CODE or not code.isascii() or not code.isdigit():
            raise _invalid(f"the status line is {text[:60]!r}")
        return HttpMessage(version, None, None, int(code), reason, nothing, b"")
    method, _, rest = text.partition(" ")
    target, space, version = rest.rpartition(" ")
    if not space or not target or not is_token(method) or not version.startswith("HTTP/"):
        raise _invalid(f"the start line is {text[:60]!r}")
    return HttpMessage(version, method, target, None, None, nothing, b"")


def _invalid(detail: str) -> MultipartError:
    return Deviation.INVALID_HTTP.at(None, detail)
