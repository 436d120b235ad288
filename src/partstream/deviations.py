"""Every way in which input can differ from a plain multipart stream, named once.

A *deviation* has a stable code, one line that says what was met, and one that says what helps.
The core only names what it met and where; a :class:`~partstream.Policy` says which deviations are
tolerated; those that are not become an error with that code.  Error messages, the documentation,
the command line and the tests all read this list.

A member's value is its bit in the masks that the scanners test, so the order here is free, and
no number is written down a second time anywhere.
"""

from __future__ import annotations

import enum
from typing import Final

from .errors import (
    IncompleteBody,
    MultipartError,
    ParseError,
    UnsupportedEncoding,
    UnsupportedMediaType,
)

__all__ = ["Deviation"]


class Deviation(enum.Enum):
    """An odd thing that a peer can send.

    Attributes:
        bit: this deviation's bit in a tolerance mask.
        code: stable short name, the ``code`` of the error.
        text: what was met, as a sentence for an operator.
        remedy: what the sender, or the operator, can do about it.
    """

    bit: int
    text: str
    remedy: str

    def __new__(cls, text: str, remedy: str) -> Deviation:
        """Give the member the next free bit."""
        member = object.__new__(cls)
        member.bit = 1 << len(cls.__members__)
        member._value_ = member.bit
        member.text = text
        member.remedy = remedy
        return member

    @property
    def code(self) -> str:
        """Stable short name of this deviation."""
        return self.name.lower()

    def at(self, offset: int | None, detail: str = "") -> MultipartError:
        """Give the error for this deviation.

        Args:
            offset: where it was met, in bytes from the start of the stream.
            detail: what exactly was met, put behind the text.
        """
        message = f"{self.text}{': ' + detail if detail else ''}; {self.remedy}"
        return _KINDS.get(self, ParseError)(message, code=self.code, offset=offset)

    # Framing: the delimiter lines (RFC 2046 section 5.1.1).
    BARE_LF = (
        "a delimiter or header line ends in a bare LF or CR",
        "lines must end in CRLF (Policy.LEGACY accepts LF)",
    )
    DASHED_BOUNDARY = (
        "the delimiter lines lack the two dashes before the announced boundary",
        "announce the boundary without its two leading dashes",
    )
    DELIMITER_PADDING = (
        "white space follows a delimiter",
        "at most 64 spaces or tabs may stand between the boundary and CRLF, none under STRICT",
    )
    DELIMITER_SUFFIX = (
        "a line in a body starts like a delimiter and goes on",
        "choose a boundary that no line of the content starts with",
    )
    BOUNDARY_IN_CONTENT = (
        "two dashes and the boundary stand where no delimiter line is",
        "choose a boundary that is nowhere in the content; each delimiter needs CRLF before it",
    )
    FIRST_LINE_SUFFIX = (
        "the first line starts like a delimiter and goes on",
        "compare the boundary parameter with the first line of the body; where a client library "
        "makes the body, let it set the Content-Type",
    )
    PREAMBLE = (
        "there are bytes before the first delimiter",
        "the body must start with the first delimiter line",
    )
    EPILOGUE = (
        "there are bytes after the closing delimiter",
        "the body must end with the closing delimiter, or one CRLF after it",
    )
    MISSING_LINE_BREAK = (
        "a delimiter follows the header block without a line break of its own",
        "an empty body still needs CRLF before the next delimiter",
    )
    UNCLOSED_CHILD = (
        "the delimiter of an outer multipart comes before the inner one was closed",
        "the inner multipart must end with its own closing delimiter",
    )
    DELIMITER_IN_HEADERS = (
        "a delimiter line stands inside a header block",
        "an empty line must end the header block",
    )
    # The end of input.
    EMPTY_BODY = (
        "the body is empty",
        "read the body once: no middleware and no other parser may have read it before",
    )
    BOUNDARY_NOT_FOUND = (
        "the input ended and no delimiter was found",
        "compare the boundary parameter with the first line of the body; where a client library "
        "makes the body, let it set the Content-Type",
    )
    TRUNCATED = (
        "the input ended before the closing delimiter",
        "the sender, or something between, cut the body short: send it again, and look at the size "
        "and time limits on the way if that happens often",
    )
    DISCONNECTED = (
        "the client went away before the end of the body",
        "nothing is wrong on this side; look at the time limits on the way if that happens often",
    )
    # Header blocks (RFC 9110 section 5, RFC 5322 section 2.2).
    NO_HEADERS = (
        "a part has no headers",
        "each part of a form needs a Content-Disposition header",
    )
    HEADER_WITHOUT_COLON = (
        "a header line has no colon",
        "write each header as 'name: value', and end the headers with an empty line",
    )
    FOLDED_HEADER = (
        "a header is folded over several lines",
        "write the header as one line",
    )
    INVALID_HEADER_NAME = (
        "a header name is empty, has white space before its colon, or is no token",
        "header names must be tokens (RFC 9110 section 5.6.2)",
    )
    HEADER_CONTROL = (
        "a header holds a control character",
        "encode NUL, CR, LF and other controls before they get into a header",
    )
    UNDECODABLE_HEADER = (
        "a header is not UTF-8",
        "send header values in UTF-8",
    )
    REPEATED_HEADER = (
        "Content-Disposition or Content-Type stands twice in a part",
        "send it once",
    )
    INVALID_LENGTH = (
        "Content-Length is no plain number, or stands twice",
        "send one Content-Length of digits only, or none",
    )
    LENGTH_MISMATCH = (
        "a part is malformed: it is longer or shorter than its Content-Length",
        "correct the part's Content-Length, or leave it out",
    )
    TRANSFER_ENCODING = (
        "a form part has a Content-Transfer-Encoding other than 7bit, 8bit or binary",
        "send the content as it is (RFC 7578 section 4.7)",
    )
    UNSAFE_CHARSET = (
        "the charset is unknown or unsafe",
        "send text as UTF-8",
    )
    UNSUPPORTED_ENCODING = (
        "a part is encoded in a way that is not supported",
        "use gzip, deflate, br, zstd or identity (Content-Encoding), and base64, "
        "quoted-printable, 7bit, 8bit or binary (Content-Transfer-Encoding)",
    )
    INVALID_ENCODING = (
        "a part is not encoded as its headers say",
        "the sender must encode it so, or leave the header out",
    )
    INVALID_JSON = (
        "a part that should be JSON is not",
        "the part must hold one JSON text in its charset (RFC 8259)",
    )
    INVALID_RANGE = (
        "a part's Content-Range cannot be read",
        "send 'bytes first-last/total' (RFC 9110 section 14.4)",
    )
    INVALID_HTTP = (
        "a part that is application/http holds no HTTP message",
        "it must hold a start line, header lines and an empty line (RFC 9112 section 2.1)",
    )
    # Content-Disposition and Content-Type (RFC 7578, 6266, 8187, 9110).
    MISSING_BOUNDARY = (
        "the multipart Content-Type has no boundary parameter",
        "send 'boundary=' (not 'boundary*=') in the Content-Type; where a client library makes the "
        "body, let it set that header",
    )
    INVALID_BOUNDARY = (
        "the boundary is not usable",
        "it must be 1 to 70 printable ASCII characters that do not end in a space",
    )
    NOT_MULTIPART = (
        "the Content-Type is not multipart",
        "send 'multipart/...; boundary=...'",
    )
    REPEATED_BOUNDARY = (
        "the boundary parameter stands twice",
        "send it once",
    )
    REPEATED_PARAMETER = (
        "a parameter stands twice in one header",
        "send each parameter once",
    )
    LOOSE_PARAMETER = (
        "a parameter value is neither a token nor quoted, or has space around its '='",
        "put the value in double quotes",
    )
    MALFORMED_PARAMETER = (
        "a header's parameters cannot be read",
        "write them as '; name=\"value\"', with quotes closed and nothing after them",
    )
    QUOTED_PAIR = (
        "a quoted parameter value holds a backslash, which parsers read in different ways",
        "send a quote in a name as browsers do (%22), and filenames without a path",
    )
    EXTENDED_PARAMETER = (
        "a form part uses an extended parameter (name*, filename*, or a continuation)",
        "send plain name and filename in UTF-8 (RFC 7578 section 4.2)",
    )
    NOT_A_FORM = (
        "the Content-Type is that of no form",
        "send multipart/form-data or application/x-www-form-urlencoded",
    )
    MULTIPART_IN_FORM = (
        "a part of a form is a multipart itself",
        "send each file as a part of its own, under the same name (RFC 7578 section 4.3)",
    )
    NAMELESS_PART = (
        "a form part has no name",
        "send 'Content-Disposition: form-data; name=\"...\"' with each part",
    )


_KINDS: Final[dict[Deviation, type[MultipartError]]] = {
    Deviation.EMPTY_BODY: IncompleteBody,
    Deviation.BOUNDARY_NOT_FOUND: IncompleteBody,
    Deviation.TRUNCATED: IncompleteBody,
    Deviation.DISCONNECTED: IncompleteBody,
    Deviation.UNSUPPORTED_ENCODING: UnsupportedEncoding,
    Deviation.NOT_A_FORM: UnsupportedMediaType,
}


def cut_short(offset: int, started: bool, parts: int, place: str) -> MultipartError:
    """Give the error for an input that ended before its closing delimiter.

    Args:
        offset: how long the input was.
        started: whether a delimiter was found.
        parts: how many parts have begun.
        place: where in the last of them the input ended ("in", "after", "in the headers of").
    """
    if offset == 0:
        return Deviation.EMPTY_BODY.at(0)
    if not started:
        return Deviation.BOUNDARY_NOT_FOUND.at(offset)
    return Deviation.TRUNCATED.at(offset, f"{place} part {parts}")
