"""Content-Disposition and Content-Type of headers at hand: lenient, warnings instead of errors.

The readers use :mod:`~partstream.parameters`, where a policy says what is tolerated.  The first
two functions here are for code that was written for aiohttp's functions of these names: they give
what aiohttp 3.14 gives, with a warning of the same class wherever it warns.  That includes what
one would not expect:

- an empty parameter (``a;;b=c``) is skipped, a blank one (``a; ``) spoils the whole header;
- a tab is a token character;
- one ``;`` within quotes is understood, a second one spoils the header;
- leading slashes and backslashes of a quoted value are cut off, those of ``name*0`` are not;
- ``filename*10`` sorts before ``filename*2``, so that eleven continuations give the first two.

On purpose it differs in this:

- A charset label is looked up in :mod:`~partstream.charsets`, never in Python's registry.  A
  label that is not in that list (``utf-7``, ``cp037``, ``utf-32``, and rare aliases such as
  ``csisolatin1``) counts as unknown, though Python may have a codec of that name; WHATWG labels
  that Python lacks (``x-sjis``) are known; and ``ks_c-5601-1987`` is cp949, which contains the
  EUC-KR that Python takes it for.
- The text of a warning is one of few and holds nothing that the peer sent: Python remembers each
  text that it has warned of, and prints it, so a peer could fill memory and log.
- Joined continuations with a single ``'`` are taken as they are, where aiohttp raises
  ``ValueError``.  Nothing here raises on any str.

All of it takes linear time, and uses no regular expression.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Mapping
from heapq import nsmallest
from itertools import groupby
from typing import Final
from urllib.parse import unquote_to_bytes

from .charsets import codec_for
from .parameters import Header, content_type, is_token
from .policy import Policy

__all__ = [
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "content_disposition_filename",
    "parse_content_disposition",
    "parse_content_type",
]

#: Everything that :func:`~partstream.parameters.content_type` could refuse.
_TOLERANT: Final = Policy.LEGACY.other_mask

#: Continuations are read in the order of their names as text.  There "10" stands before "2", so
#: that no more than the ten from 0 to 9 can follow each other.
_MAX_CONTINUATIONS: Final = 10


class BadContentDispositionHeader(RuntimeWarning):
    """A Content-Disposition that is malformed as a whole, or has an empty parameter."""


class BadContentDispositionParam(RuntimeWarning):
    """A parameter of a Content-Disposition that was left out."""


def parse_content_disposition(header: str | None) -> tuple[str | None, dict[str, str]]:
    """Take a Content-Disposition apart (RFC 6266), as aiohttp's function of this name does.

    Extended values (``filename*=utf-8''...``, RFC 8187) are decoded; continuations
    (``filename*0=``, RFC 2231) are left for :func:`content_disposition_filename` to join.
    Quoted values have their backslashes undone.

    Args:
        header: the value of the header, without its name; None and ``""`` are no header.

    Returns:
        The type (``form-data``, ``attachment``) in lower case, and the parameters by name in
        lower case, stars and all.  ``(None, {})`` where there is no header, or a malformed one.

    Raises:
        TypeError: for bytes, and anything else that is neither str nor None.

    Warns:
        BadContentDispositionHeader: once for each empty parameter, or that nothing could be read.
        BadContentDispositionParam: once for each parameter that is left out.
    """
    if not header:
        return None, {}
    kind, *items = _checked(header).split(";")
    kind = kind.strip()
    if not _is_token(kind):
        _warn(BadContentDispositionHeader, "a Content-Disposition must start with its type")
        return None, {}
    parameters = _parameters(items)
    if parameters is None:
        return None, {}
    return kind.lower(), parameters


def content_disposition_filename(params: Mapping[str, str], name: str = "filename") -> str | None:
    """Choose the filename among parameters, as aiohttp's function of this name does.

    An extended one (``filename*``) wins over the plain one, and that over continuations
    (RFC 6266 section 4.3, RFC 2231 section 3), which are joined and decoded.

    The result is what the peer sent.  It may be a path: never open it as it is.

    Args:
        params: the parameters that :func:`parse_content_disposition` gives.
        name: the parameter to choose; ``"name"`` for that of a form's field.

    Returns:
        The filename; None where there is none, or none in a charset that is known and kept.
    """
    if not params:
        return None
    star = f"{name}*"
    for key in (star, name):
        if key in params:
            return params[key]
    joined = _joined(params, star)
    if joined is None or joined.count("'") < 2:
        return joined
    charset, _, text = joined.split("'", 2)
    return _percent_decoded(text, charset)


def parse_content_type(header: str) -> tuple[str, dict[str, str]]:
    """Take a Content-Type apart (RFC 9110 section 8.3), and leave out what cannot be read.

    Of parameters that stand twice the first counts.  Extended values and continuations
    (RFC 2231) are resolved and count where the plain parameter is absent; ``boundary*`` is none.

    Args:
        header: the value of the header, without its name.

    Returns:
        The type in lower case without parameters, such as ``"text/plain"``, or ``""`` where the
        header does not start with one; and the parameters, their names in lower case, their
        values unquoted.

    Raises:
        TypeError: for anything but str.
    """
    essence, parameters = content_type(Header(_bytewise(header), None, _TOLERANT, form=False))
    major, _, minor = essence.partition("/")
    return essence if is_token(major) and is_token(minor) else "", parameters


def _checked(header: object) -> str:
    if not isinstance(header, str):
        remedy = "bytes: value.decode('utf-8', 'surrogateescape')"
        raise TypeError(f"a header value is str here, not {type(header).__name__}; {remedy}")
    return header


def _bytewise(header: str) -> str:
    """Give the header with one character a byte, as the grammar wants it."""
    text = _checked(header)
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte: no header ever held it
        raw = text.encode("utf-8", "replace")
    return raw.decode("latin-1")


def _warn(category: type[RuntimeWarning], text: str) -> None:
    # No line of the caller is to blame: the place is this module, as it is in aiohttp.
    warnings.warn(text, category, stacklevel=1)


def _parameters(items: list[str]) -> dict[str, str] | None:
    """Read what stood between semicolons; None where that makes the header malformed."""
    parameters: dict[str, str] = {}
    waiting = deque(items)
    while waiting:
        item = waiting.popleft()
        if not item:
            _warn(BadContentDispositionHeader, "a Content-Disposition has an empty parameter")
            continue
        name, equals, text = item.partition("=")
        name = name.lower().strip()
        if not equals or name in parameters:
            _warn(BadContentDispositionHeader, "a parameter stands twice, or without '='")
            return None
        plain = _is_token(name) and not _is_starred(name)
        value = _plain(text.lstrip(), waiting) if plain else _starred(name, text.lstrip())
        if value is not None:
            parameters[name] = value
        elif plain:
            _warn(BadContentDispositionHeader, "a value is neither a token nor quoted")
            return None
        else:
            _warn(BadContentDispositionParam, "a parameter was left out: it is malformed")
    return parameters


def _is_starred(name: str) -> bool:
    """Tell an extended parameter (``a*``) or a continuation (``a*0``, ``a*0*``)."""
    return name.endswith("*") or _is_continued(name)


def _is_continued(name: str) -> bool:
    return name.partition("*")[2].removesuffix("*").isdigit()


def _starred(name: str, text: str) -> str | None:
    if not _is_token(name):
        return None
    return _continued(text) if _is_continued(name) else _extended(text)


def _plain(text: str, waiting: deque[str]) -> str | None:
    """Read a value; it takes the item behind it where the ``;`` between them was quoted."""
    quoted = text.rstrip()
    if not _is_quoted(quoted):
        if _is_token(text):
            return text
        quoted = f"{text};{waiting[0]}" if waiting else ""
        if not _is_quoted(quoted):
            return None
        waiting.popleft()
    return _unescaped(quoted[1:-1].lstrip("\\/"))


def _continued(text: str) -> str | None:
    """Read a piece of a value; what is percent-encoded is decoded when all are joined."""
    if _is_quoted(text):
        return _unescaped(text[1:-1])
    return text if _is_token(text) else None


def _extended(text: str) -> str | None:
    if not _is_token(text) or text.count("'") != 2:
        return None
    charset, _, encoded = text.split("'")
    return _percent_decoded(encoded, charset)


def _joined(params: Mapping[str, str], star: str) -> str | None:
    """Join the continuations 0, 1, ... of ``star``; None where there is no first one."""
    found = nsmallest(
        _MAX_CONTINUATIONS, (item for item in params.items() if item[0].startswith(star))
    )
    pieces: list[str] = []
    for number, (key, value) in enumerate(found):
        if key.partition("*")[2].removesuffix("*") != str(number):
            break
        pieces.append(value)
    return "".join(pieces) if pieces else None


def _percent_decoded(text: str, charset: str) -> str | None:
    """Undo the percent-encoding; None for an unknown charset, or bytes that are not in it."""
    if "%" not in text:
        return text  # whatever the charset: that is how it always was
    codec = codec_for(charset or "utf-8")
    if codec is None:
        return None
    runs = ((ascii_only, "".join(run)) for ascii_only, run in groupby(text, str.isascii))
    try:
        return "".join(
            unquote_to_bytes(run).decode(codec) if ascii_only else run for ascii_only, run in runs
        )
    except UnicodeDecodeError:
        return None


def _unescaped(text: str) -> str:
    """Drop each backslash before an ASCII character, also before another backslash."""
    if "\\" not in text:
        return text
    return "\\".join(_without_backslashes(piece) for piece in text.split("\\\\"))


def _without_backslashes(text: str) -> str:
    """Do so in a text where no two backslashes stand together."""
    first, *rest = text.split("\\")
    kept = (after if after and after[0].isascii() else f"\\{after}" for after in rest)
    return first + "".join(kept)


def _is_token(text: str) -> bool:
    return is_token(text.replace("\t", "_"))


def _is_quoted(text: str) -> bool:
    return len(text) >= 2 and text[0] == text[-1] == '"'
