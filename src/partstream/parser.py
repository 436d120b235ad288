"""Bytes in, events out: the parser for whoever moves the bytes himself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._backend import BACKEND, Scanner

__all__ = ["MultipartParser"]


class MultipartParser(Scanner):
    """Incremental parser of a ``multipart/*`` body (RFC 2046 section 5.1, RFC 7578).

    >>> parser = MultipartParser("B", subtype="mixed")
    >>> for event in parser.feed(b"--B\\r\\nContent-Type: text/plain\\r\\n\\r\\nhello\\r\\n--B--"):
    ...     print(event)
    PartBegin(name=None, filename=None, content_type='text/plain', depth=0, offset=5)
    b'hello'
    PartEnd(depth=0, complete=True)
    >>> parser.close()
    []

    The events depend on the bytes alone, never on how they were cut into chunks, but for the
    places where the data of a body is cut.

    Args:
        boundary: the ``boundary`` parameter of the Content-Type, without leading dashes added.
        subtype: what stands behind ``multipart/``; ``form-data`` picks the rules for forms.
        nested: take a part that is a multipart apart too: its parts' events come between its
            ``PartBegin`` and its ``PartEnd``, one deeper.
        limits: what the stream may be at most.
        policy: which deviations are tolerated.

    Attributes:
        offset: how many bytes of the stream were fed so far.
        end_offset: the offset behind the closing delimiter of the outermost multipart, in bytes of
            the stream; -1 as long as it has not come.

    Raises:
        ParseError: for a boundary that cannot be used (1 to 70 printable ASCII characters).
        TypeError: for an argument of another type.
    """

    __slots__ = ()


if not TYPE_CHECKING and BACKEND == "c":
    # The compiled class has this name and this documentation already: it takes a call of a Python
    # class that inherits from it twice as long to make a parser.
    MultipartParser = Scanner
