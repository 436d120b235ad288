"""HTTP messages as they are written into a part (RFC 9112 section 2.1).

Nothing in a message can end its line, its head or its body before the place where they end: the
start line and the headers are checked, and a Content-Length has to be that of the body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from multidict import CIMultiDict, CIMultiDictProxy

from . import hdrs
from ._head import header_lines
from ._later import Later
from .parameters import is_token

if TYPE_CHECKING:
    from .batch import HttpMessage

if TYPE_CHECKING:
    import json
else:
    json = Later("json")

__all__ = ["http_type", "message_bytes", "reason_of", "with_body"]

_STATUSES: Final = range(100, 1000)
_BARE: Final = (204, 304)  # No Content, Not Modified
_MOST_SHOWN: Final = 60


def with_body(
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None,
    body: Any,
    obj: Any,
    status: int | None = None,
) -> tuple[CIMultiDictProxy[str], bytes]:
    """Give the headers and the body of a new message; see :meth:`HttpMessage.request`."""
    fields = CIMultiDict(headers or ())
    content_type = None
    if obj is not None:
        if body is not None:
            raise ValueError("a message has one body: give either body= or json=")
        body, content_type = json.dumps(obj), "application/json"
    if isinstance(body, str):
        body = body.encode()
        content_type = content_type or "text/plain; charset=utf-8"
    if body is None:
        return CIMultiDictProxy(fields), b""
    if isinstance(body, memoryview):
        data = body.tobytes()
    elif isinstance(body, (bytes, bytearray)):
        data = bytes(body)
    else:
        raise TypeError(f"body={body!r} must be bytes or str; or see json=")
    if content_type is not None:
        fields.setdefault(hdrs.CONTENT_TYPE, content_type)
    if hdrs.TRANSFER_ENCODING not in fields and (data or not _is_bare(status)):
        fields.setdefault(hdrs.CONTENT_LENGTH, str(len(data)))
    return CIMultiDictProxy(fields), data


def reason_of(status: int) -> str:
    """Give the name of a status, which is empty for one that has none."""
    from http import HTTPStatus  # when it is used: few messages are made without a reason

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def http_type(message: HttpMessage) -> str:
    """Give the Content-Type of a part that is this message (RFC 9112 section 10.2)."""
    return f"application/http; msgtype={'request' if message.status is None else 'response'}"


def message_bytes(message: HttpMessage) -> bytes:
    """Write a message.

    Raises:
        TypeError: for a header that is not of two str, and a body that is not bytes.
        ValueError: for what cannot be sent.
    """
    if not isinstance(message.body, (bytes, bytearray, memoryview)):
        raise TypeError(f"the body of a message must be bytes, not {type(message.body).__name__}")
    if not _is_version(message.version):
        raise ValueError(f"version={_shown(message.version)} is no version, such as 'HTTP/1.1'")
    start = _status_line(message) if message.method is None else _request_line(message)
    headers = CIMultiDict(message.headers)
    lines = header_lines(headers.items())
    _check_length(message, headers)
    return b"".join((start.encode("latin-1"), b"\r\n", lines, b"\r\n", message.body))


def _is_version(version: object) -> bool:
    """Tell whether this is a version of HTTP; batches have ``HTTP/2``, too."""
    if not isinstance(version, str) or not version.startswith("HTTP/") or not version.isascii():
        return False
    major, dot, minor = version[len("HTTP/") :].partition(".")
    return major.isdigit() and (minor.isdigit() if dot else True)


def _request_line(message: HttpMessage) -> str:
    method, target = message.method, message.target
    if message.status is not None:
        raise ValueError("a message has a method or a status, not both")
    if not isinstance(method, str) or not is_token(method):
        raise ValueError(f"method={_shown(method)} is no token, such as 'GET'")
    if not isinstance(target, str) or not target:
        raise ValueError(f"target={_shown(target)}: a request needs one, such as '/'")
    if not target.isascii() or not target.isprintable() or " " in target:
        raise ValueError(
            f"target={_shown(target)} holds spaces, control characters or what is not ASCII: "
            "percent-encode them, see urllib.parse.quote()"
        )
    return f"{method} {target} {message.version}"


def _status_line(message: HttpMessage) -> str:
    status, reason = message.status, message.reason or ""
    if not isinstance(status, int) or status not in _STATUSES:
        raise ValueError(f"status={_shown(status)} is no number of three digits")
    if not reason.isprintable() or max(reason, default="") > "\xff":
        raise ValueError(
            f"reason={_shown(reason)} holds control characters, or such as are not Latin-1"
        )
    if message.body and _is_bare(status):
        raise ValueError(f"a response with status {status:d} has no body (RFC 9112 section 6.3)")
    return f"{message.version} {status:d} {reason}"


def _is_bare(status: int | None) -> bool:
    """Tell whether a response ends with its head, whatever its headers say."""
    return status is not None and (status < 200 or status in _BARE)


def _check_length(message: HttpMessage, headers: CIMultiDict[str]) -> None:
    """See to it that whoever goes by the headers takes the whole body, and nothing else.

    A response to HEAD, and 304, has the Content-Length of a body that is not there.
    """
    lengths = headers.getall(hdrs.CONTENT_LENGTH, [])
    if not lengths:
        return
    if hdrs.TRANSFER_ENCODING in headers:
        raise ValueError(
            "a message cannot have both Content-Length and Transfer-Encoding (RFC 9112 section "
            "6.2): leave one of them out"
        )
    size, length = len(message.body), lengths[0]
    if len(lengths) == 1 and length.isascii() and length.isdigit():
        if length.lstrip("0") == str(size).lstrip("0"):
            return
        if message.status is not None and not size:
            return
    raise ValueError(
        f"Content-Length: {_shown(', '.join(lengths))} of a message with {size} bytes: leave it out"
    )


def _shown(value: object) -> str:
    return repr(value if not isinstance(value, str) else value[:_MOST_SHOWN])
