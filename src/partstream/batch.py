"""Parts that are HTTP messages themselves, as batch APIs send them (``application/http``)."""

from __future__ import annotations

from typing import Final, NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

from ._backend import tokenize
from .deviations import Deviation
from .errors import MultipartError
from .headers import Level, examine
from .parameters import is_token
from .policy import Policy

__all__ = ["HttpMessage", "parse_http"]

_MOST_CODE: Final = 3


class HttpMessage(NamedTuple):
    """A request or a response (RFC 9112 section 2.1).

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
