"""What can be wrong with a multipart stream, as exceptions.

::

    ValueError
    └── MultipartError       anything the peer sent, or failed to send
        ├── ParseError       the bytes break the grammar, and the policy does not tolerate it (400)
        │   ├── UnsupportedEncoding  a part is encoded in a way that nobody here can undo (415)
        │   └── UnsupportedMediaType  the body is of a type that is no form (415)
        ├── IncompleteBody   the stream ended before its closing delimiter (400)
        └── LimitExceeded    the stream is larger than a limit allows (413)

Nothing else is raised because of bytes a peer sent.  Mistakes of the programmer who calls the
library are plain ``TypeError`` and ``ValueError``.
"""

from __future__ import annotations

__all__ = [
    "IncompleteBody",
    "LimitExceeded",
    "MultipartError",
    "ParseError",
    "UnsupportedEncoding",
    "UnsupportedMediaType",
]


class MultipartError(ValueError):
    """The stream cannot be read on.

    Attributes:
        code: short, stable name of the fault (``"bare_lf"``, ``"max_parts"``); safe to compare
            with, to count and to show.
        offset: where in the stream the fault lies, in bytes from its first byte, or None where
            the fault lies in a header outside of the stream (the Content-Type of the message).
        message: one sentence for the operator of a server, without the code and the offset.
        http_status: the status that a server should answer with.
    """

    http_status = 400

    def __init__(self, message: str, *, code: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.offset = offset

    def __str__(self) -> str:
        place = "" if self.offset is None else f" at offset {self.offset}"
        return f"{self.message} [{self.code}{place}]"

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}({self.message!r}, code={self.code!r}, offset={self.offset!r})"

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions travel between processes (worker pools); keyword arguments do not by default.
        return (_rebuild, (type(self), self.message, self.code, self.offset))


class ParseError(MultipartError):
    """The bytes break the grammar in a way that the policy does not tolerate."""


class UnsupportedEncoding(ParseError, RuntimeError):
    """A part is encoded in a way that is not supported (RFC 9110 section 15.5.16).

    It is a RuntimeError too, because that is what aiohttp's users catch.
    """

    http_status = 415


class UnsupportedMediaType(ParseError):
    """A form was asked for, and the Content-Type is of none (RFC 9110 section 15.5.16)."""

    http_status = 415


class IncompleteBody(MultipartError):
    """The stream ended before its closing delimiter (RFC 2046 section 5.1.1)."""


class LimitExceeded(MultipartError):
    """The stream is larger than one of its limits; ``code`` is the name of that limit."""

    http_status = 413


def _rebuild(
    kind: type[MultipartError], message: str, code: str, offset: int | None
) -> MultipartError:
    return kind(message, code=code, offset=offset)
