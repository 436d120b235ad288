"""The head of a part as it is written: header lines, and the value of a Content-Disposition.

Nothing that a value holds can end its line, or the quotes around it: whatever could is refused
with a ValueError, or escaped where the standard says how.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote

from multidict import CIMultiDict

from . import hdrs
from .parameters import is_token

__all__ = [
    "NO_ENCODING", "Facts", "charset_in", "content_disposition", "encodings_of", "escaped_field",
    "header_lines", "printable_name",
]  # fmt: skip

#: All controls but the tab, which RFC 9110 section 5.5 allows within a value.
_CONTROLS: Final = bytes(code for code in range(32) if code != 9) + b"\x7f"
#: What stands as it is in an ext-value (RFC 8187 section 3.2.1), beside letters and digits.
_ATTR_CHARS: Final = "!#$&+-.^_`|~"
#: What some parsers take for the end of a quoted string, or of a parameter.
_MISREAD: Final = frozenset('"\\;')
_MOST_SHOWN: Final = 80
#: What can stand once only, in lower case.
_ONCE: Final = (
    "content-disposition", "content-type", "content-length", "content-transfer-encoding",
)  # fmt: skip


def header_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Write header fields, each with its line end.

    Raises:
        TypeError: for a value that is no str.
        ValueError: for a name that is no token, for CR, LF, NUL or another control character, and
            for headers twice that say what a part is.
    """
    pairs = list(headers)
    try:
        data = "".join([name + ": " + value + "\r\n" for name, value in pairs]).encode()
    except (TypeError, UnicodeEncodeError):
        data = "".join([_checked(name, value) for name, value in pairs]).encode(
            "utf-8", "surrogateescape"
        )
    if len(data.translate(None, _CONTROLS)) != len(data) - 2 * len(pairs):
        for name, value in pairs:
            _checked(name, value)
    _check_names(tuple([name for name, _ in pairs]))
    return data


@lru_cache(1024)
def _check_names(names: tuple[str, ...]) -> None:
    """Refuse what is no name, and headers of which one parser takes the first, another the last."""
    for name in names:
        if not is_token(name):
            raise ValueError(f"{_shown(name)} is no name for a header: it must be a token")
    folded = [name.lower() for name in names]
    for name in _ONCE:
        if folded.count(name) > 1:
            raise ValueError(
                f"header {name!r} stands there more than once, and parsers differ in which they "
                "take: leave one"
            )


def _checked(name: object, value: object) -> str:
    """Give a header line, or say what is wrong with it."""
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"header {name!r}: {value!r} must be of two str")
    for text in (name, value):
        _refuse_controls(text, f"header {_shown(name)}: {_shown(value)}")
        _encodable(text, f"header {_shown(name)}: {_shown(value)}")
    return f"{name}: {value}\r\n"


def _refuse_controls(text: str, where: str) -> None:
    for character in text:
        if (character < " " and character != "\t") or character == "\x7f":
            raise ValueError(
                f"{where} holds the control character {character!r}, which would allow "
                "header injection: take it out"
            )


def _encodable(text: str, where: str) -> None:
    """Let those surrogates pass that stand for bytes which were no UTF-8 (PEP 383)."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ValueError(f"{where} holds a lone surrogate, which cannot be sent") from None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "...")


def printable_name(name: str) -> str:
    """Make a name that nobody chose, such as a file's, one that can be sent.

    Bytes that are no UTF-8 become U+FFFD: for one of them, some parsers drop the whole form.
    """
    if name.isprintable():
        return name
    text = "".join(
        "_" if character < " " or character == "\x7f" or _is_lone(character) else character
        for character in name
    )
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_lone(character: str) -> bool:
    """Tell whether this is a surrogate that stands for no byte (PEP 383)."""
    return "\ud800" <= character <= "\udfff" and not "\udc80" <= character <= "\udcff"


def content_disposition(
    disposition: str, parameters: Mapping[str, str], quote_fields: bool = True
) -> str:
    r"""Write a Content-Disposition.

    In ``form-data``, names are written as browsers do (WHATWG HTML, "multipart/form-data encoding
    algorithm"): ``"``, CR and LF percent-escaped, the rest as it is.  One thing is added to it:
    two or more backslashes, or any at the end of a name, are doubled, because a parser that
    undoes ``\"`` would take the closing quote for a part of the name, and what follows for
    parameters.  Some parsers do not know of doubled ones: where a name ends in a backslash, a
    filename with a ``;`` is refused.

    In any other disposition, values are quoted strings (RFC 9110 section 5.6.4); what is not
    ASCII, or holds ``"``, a backslash or ``;``, is written as an ext-value (RFC 8187), for
    ``filename`` beside a rendering without: there are parsers that split at any ``;``.

    Args:
        disposition: ``form-data``, ``attachment``, ``inline``...
        parameters: in their order.
        quote_fields: False writes quoted strings of raw UTF-8, with backslashes, for recipients
            that want them so.

    Raises:
        TypeError: for a value that is no str.
        ValueError: for a disposition or a parameter's name that is no token, for a parameter
            twice, for control characters that have no escape, and for a backslash at an end.
    """
    if not isinstance(disposition, str):
        raise ValueError(f"bad content disposition type {disposition!r}: it must be a token")
    _check_parameters(disposition, tuple(parameters))
    form = disposition.lower() == "form-data"
    items = [disposition]
    for name, value in parameters.items():
        if type(value) is not str:
            value = _exact(name, value)
        if not quote_fields:
            items.append(f'{name}="{_backslashed(name, value)}"')
        elif form:
            items.append(f'{name}="{escaped_field(name, value)}"')
        elif value.isascii() and _MISREAD.isdisjoint(value):
            items.append(f'{name}="{_backslashed(name, value)}"')
        else:
            items += _extended(name, value)
    text = "; ".join(items)
    if '\\"' in text:
        _refuse_reading_on(parameters)
    return text


def _exact(name: str, value: object) -> str:
    """Give a str itself: a member of an enum, though a str, formats as another text."""
    if not isinstance(value, str):
        raise TypeError(f"{name}={value!r}: the value must be a str")
    return str.__str__(value)


@lru_cache(1024)
def _check_parameters(disposition: str, names: tuple[str, ...]) -> None:
    """Refuse what is no token, and what would make two parsers take different values."""
    if not is_token(disposition):
        raise ValueError(f"bad content disposition type {disposition!r}: it must be a token")
    for name in names:
        if not is_token(name):
            raise ValueError(f"bad content disposition parameter {name!r}: it must be a token")
        if "*" in name:
            raise ValueError(
                f"bad content disposition parameter {name!r}: leave the '*' out, it is written "
                "where the value needs it (RFC 8187)"
            )
    if len({name.lower() for name in names}) != len(names):
        raise ValueError(f"bad content disposition parameters {names!r}: one stands there twice")


def _refuse_reading_on(parameters: Mapping[str, str]) -> None:
    r"""Refuse a value that ends in a backslash where there is a ``;`` in one behind it.

    Some parsers look for ``\"`` only, and take the end of ``\\"`` for one: ``email``, and Django,
    python-multipart and Starlette, which go by it.  They read on to the next quote, and would then
    take what stands behind the ``;`` for a parameter.
    """
    ended = None
    for name, value in parameters.items():
        if ended is not None and ";" in value:
            raise ValueError(
                f"{ended}={_shown(parameters[ended])} ends in a backslash, and {name}="
                f"{_shown(value)} holds a ';', which some parsers would take for the start of "
                "another parameter: change one of them"
            )
        if value.endswith("\\"):
            ended = name


def escaped_field(name: str, value: str) -> str:
    """Write the value of a parameter of ``form-data``."""
    if value.isalnum():
        return value
    if '"' in value:
        value = value.replace('"', "%22")
    if "\\" in value:
        value = _runs_doubled(value)
    if not value.isprintable():
        value = value.replace("\r", "%0D").replace("\n", "%0A")
        _refuse_controls(value, f"{name}={_shown(value)}")
        _encodable(value, f"{name}={_shown(value)}")
    return value


def _runs_doubled(value: str) -> str:
    r"""Double each run of backslashes that a parser might take for escapes."""
    pieces: list[str] = []
    at = 0
    while (start := value.find("\\", at)) >= 0:
        end = start + 1
        while value.startswith("\\", end):
            end += 1
        alone = end - start == 1 and end < len(value)
        pieces += [value[at:start], value[start:end] * (1 if alone else 2)]
        at = end
    return "".join(pieces) + value[at:]


def _backslashed(name: str, value: str) -> str:
    where = f"{name}={_shown(value)}"
    _refuse_controls(value, where)
    _encodable(value, where)
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _extended(name: str, value: str) -> list[str]:
    where = f"{name}={_shown(value)}"
    _refuse_controls(value, where)
    _encodable(value, where)
    # A name with bytes that are no UTF-8 cannot be an ext-value in UTF-8: they are replaced.
    data = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    extended = f"{name}*=UTF-8''{quote(data, _ATTR_CHARS)}"
    if name.lower() != "filename":
        return [extended]
    plain = "".join(
        character if character < "\x7f" and character not in _MISREAD else "_"
        for character in value
    )
    # The plain one first: some recipients take the first that they see (RFC 6266, appendix D).
    return [f'{name}="{_backslashed(name, plain)}"', extended]


def charset_in(content_type: str) -> str | None:
    """Give the charset that a Content-Type of our own side names, None where it names none."""
    if not isinstance(content_type, str):
        raise TypeError(f"content_type={content_type!r} must be a str")
    _, found, rest = content_type.lower().partition("charset=")
    if not found:
        return None
    return rest.partition(";")[0].strip().strip("\"'") or None


class Facts(NamedTuple):
    """What the headers of a part say to whoever writes it.

    Attributes:
        lines: the headers as they are written.
        encodings: see :func:`encodings_of`.
    """

    lines: bytes
    encodings: tuple[str | None, str | None]


#: The encodings of most parts.
NO_ENCODING: Final = (None, None)


def encodings_of(headers: CIMultiDict[str]) -> tuple[str | None, str | None]:
    """Give the Content-Transfer-Encoding and the Content-Encoding; None where nothing is done."""
    if hdrs.CONTENT_TRANSFER_ENCODING not in headers and hdrs.CONTENT_ENCODING not in headers:
        return NO_ENCODING
    for key in (hdrs.CONTENT_TRANSFER_ENCODING, hdrs.CONTENT_ENCODING):
        for value in headers.getall(key, []):
            _checked(key, value)
    transfer = headers.get(hdrs.CONTENT_TRANSFER_ENCODING)
    if transfer is not None and transfer.strip().lower() in ("7bit", "8bit", "binary", ""):
        transfer = None
    coding = ", ".join(headers.getall(hdrs.CONTENT_ENCODING, []))
    if coding.strip().lower() in ("identity", ""):
        return transfer, None
    return transfer, coding
