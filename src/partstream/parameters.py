"""The grammar of Content-Type and Content-Disposition.

::

    value      = main *( OWS ";" OWS [ parameter ] )
    parameter  = token "=" ( token / quoted-string )         RFC 9110 section 5.6.6
    extended   = token "*" "=" charset "'" [ language ] "'" percent-encoded      RFC 8187
    continued  = token "*" number [ "*" ] "=" ...                                RFC 2231

What differs between peers is a deviation: see the rows a to i of the behaviour table.  Text is
taken apart as latin-1, so that one character is one byte and offsets are exact, and decoded at
the end.  Everything here walks forward only: no regular expression, no second look at a byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from .charsets import codec_for
from .deviations import Deviation
from .policy import EXTENDED_PREFER, WINDOWS_PATH

__all__ = ["ContentType", "Header", "boundary_of", "content_type", "disposition", "is_token",
           "usual_multipart"]  # fmt: skip

_TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SPACE: Final = " \t"
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_MAX_BOUNDARY: Final = 70
_USUAL: Final = {
    f"multipart/{subtype}": subtype
    for subtype in ("form-data", "mixed", "related", "x-mixed-replace", "byteranges")
}


class Header(NamedTuple):
    """A header value on its way through the grammar.

    Attributes:
        text: the value, one character a byte (latin-1).
        base: offset of its first byte in the stream, None for a header outside of it.
        mask: what is tolerated (``Policy.form_mask`` or ``other_mask``).
        form: whether the rules of multipart/form-data hold.
    """

    text: str
    base: int | None
    mask: int
    form: bool

    def refuse(self, deviation: Deviation, at: int, detail: str = "") -> None:
        """Raise, unless this deviation is tolerated."""
        if not self.mask & deviation.bit:
            raise deviation.at(None if self.base is None else self.base + at, detail)


class _Parameter(NamedTuple):
    name: str  # lower case, stars and all
    raw: str  # between the quotes, or the token
    quoted: bool
    at: int  # of its name, in the header's text


class ContentType(NamedTuple):
    """A Content-Type: ``essence`` in lower case, and its parameters in the order sent."""

    essence: str
    parameters: dict[str, str]


def is_token(text: str | bytes) -> bool:
    """Tell whether this is a token (RFC 9110 section 5.6.2)."""
    if isinstance(text, str):
        if not text.isascii():
            return False
        text = text.encode("ascii")
    return bool(text) and not text.translate(None, _TOKEN)


def disposition(header: Header) -> tuple[str | None, str | None]:
    """Give the name and the filename of a Content-Disposition, None for what it has not.

    Raises:
        ParseError: for a deviation that the header's mask does not tolerate.
    """
    kind, parameters = _split(header)
    if not is_token(kind):
        header.refuse(Deviation.MALFORMED_PARAMETER, 0, "it must start with its type")
    plain, extended = _sorted(header, parameters)
    if extended and not header.mask & Deviation.EXTENDED_PARAMETER.bit:
        first = min(item.at for group in extended.values() for item in group)
        header.refuse(Deviation.EXTENDED_PARAMETER, first)
    return _chosen(header, "name", plain, extended), _chosen(header, "filename", plain, extended)


def content_type(header: Header) -> ContentType:
    """Give the essence and the parameters of a Content-Type.

    An extended parameter (``charset*=``) counts where the plain one is absent; ``boundary*`` is
    no boundary (row b of the behaviour table), and is left out.

    Raises:
        ParseError: for a deviation that the header's mask does not tolerate.
    """
    kind, parameters = _split(header)
    plain, extended = _sorted(header, parameters)
    extended.pop("boundary", None)
    values = {name: _text(_unquoted(header, item)) for name, item in plain.items()}
    for name in extended:
        if name not in values:
            value = _extended(header, name, extended[name])
            if value is not None:
                values[name] = value
    return ContentType(kind.lower(), values)


def boundary_of(header: Header) -> bytes:
    """Give the boundary that a multipart Content-Type announces.

    Raises:
        ParseError: where there is none, or none that can be used.
    """
    essence, parameters = content_type(header)
    major, _, minor = essence.partition("/")
    if major != "multipart" or not is_token(minor):
        raise Deviation.NOT_MULTIPART.at(header.base, f"it is {essence[:80]!r}")
    boundary = parameters.get("boundary")
    if boundary is None:
        raise Deviation.MISSING_BOUNDARY.at(header.base)
    return checked_boundary(boundary, header.base)


def usual_multipart(value: str) -> tuple[str, bytes] | None:
    """Give subtype and boundary of ``multipart/x; boundary=token``; None: it has to be looked at.

    Nearly all servers see nothing else; :func:`boundary_of` comes to the same under any policy.
    """
    essence, _, boundary = value.partition("; boundary=")
    if essence not in _USUAL or not 0 < len(boundary) <= _MAX_BOUNDARY or not boundary.isascii():
        return None
    raw = boundary.encode()
    return None if raw.translate(None, _TOKEN) else (_USUAL[essence], raw)


def checked_boundary(boundary: str | bytes, offset: int | None = None) -> bytes:
    """Give the boundary as bytes.

    Anything printable is taken, not only the characters of RFC 2046, because senders do.

    Raises:
        ParseError: for one that is empty, longer than 70 bytes, or has unusable characters.
        TypeError: for anything but str and bytes.
    """
    if type(boundary) is str and boundary.isascii() and boundary.isprintable():
        if 0 < len(boundary) <= _MAX_BOUNDARY and boundary[-1] != " ":
            return boundary.encode()
    if isinstance(boundary, str):
        raw = boundary.encode("utf-8", "surrogateescape")
    elif isinstance(boundary, (bytes, bytearray, memoryview)):
        raw = bytes(boundary)
    else:
        raise TypeError(f"a boundary is str or bytes, not {type(boundary).__name__}")
    if not raw:
        raise Deviation.INVALID_BOUNDARY.at(offset, "it is empty")
    if len(raw) > _MAX_BOUNDARY:
        raise Deviation.INVALID_BOUNDARY.at(offset, f"it is {len(raw)} bytes long")
    if not raw.isascii() or not raw.decode("ascii").isprintable():
        raise Deviation.INVALID_BOUNDARY.at(offset, "it holds a control or a non-ASCII character")
    if raw.endswith(b" "):
        raise Deviation.INVALID_BOUNDARY.at(offset, "it ends in a space")
    return raw


def _split(header: Header) -> tuple[str, list[_Parameter]]:
    """Take a value apart into what stands before the first ``;``, and its parameters."""
    text = header.text
    end = text.find(";")
    if end < 0:
        return text.strip(_SPACE), []
    return text[:end].strip(_SPACE), list(_parameters(header, end))


def _parameters(header: Header, at: int) -> Iterator[_Parameter]:
    """Walk over the parameters; ``at`` is at the first ``;``."""
    text = header.text
    while 0 <= at < len(text):
        start = _skip_space(text, at + 1)
        if start == len(text) or text[start] == ";":
            at = start  # an empty parameter means nothing (RFC 9110 section 5.6.6)
            continue
        item, at = _parameter(header, start)
        if item is not None:
            yield item


def _parameter(header: Header, start: int) -> tuple[_Parameter | None, int]:
    """Read a parameter; give it, None if dropped, and where the next ``;`` is, -1 for none."""
    text = header.text
    equals = _name_end(text, start)
    name = text[start:equals].rstrip(_SPACE)
    if equals == len(text) or text[equals] != "=" or not is_token(name):
        header.refuse(Deviation.MALFORMED_PARAMETER, start, "a parameter needs a name and '='")
        return None, text.find(";", equals)
    value = _skip_space(text, equals + 1)
    if value != equals + 1 or len(name) != equals - start:
        header.refuse(Deviation.LOOSE_PARAMETER, start)
    if value < len(text) and text[value] == '"':
        return _quoted(header, name.lower(), start, value)
    return _bare(header, name.lower(), start, value)


def _quoted(header: Header, name: str, start: int, quote: int) -> tuple[_Parameter | None, int]:
    text = header.text
    end = _closing_quote(text, quote)
    if end < 0:
        header.refuse(Deviation.MALFORMED_PARAMETER, quote, "the quote is never closed")
        return None, -1
    after = _skip_space(text, end + 1)
    if after < len(text) and text[after] != ";":
        header.refuse(Deviation.MALFORMED_PARAMETER, after, "text after a quoted value")
        return None, text.find(";", after)
    backslash = text.find("\\", quote, end)
    if backslash >= 0:
        header.refuse(Deviation.QUOTED_PAIR, backslash)
    return _Parameter(name, text[quote + 1 : end], True, start), after


def _bare(header: Header, name: str, start: int, value: int) -> tuple[_Parameter | None, int]:
    text = header.text
    end = text.find(";", value)
    raw = text[value:].rstrip(_SPACE) if end < 0 else text[value:end].rstrip(_SPACE)
    if not is_token(raw):
        if not raw or '"' in raw or " " in raw or "\t" in raw:
            header.refuse(Deviation.MALFORMED_PARAMETER, value, "a value must be quoted")
            return None, end
        header.refuse(Deviation.LOOSE_PARAMETER, value)
    return _Parameter(name, raw, False, start), end


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _name_end(text: str, at: int) -> int:
    """Find the first of ``=``, ``;`` and a quote; none is looked for behind the next ``;``."""
    end = text.find(";", at)
    if end < 0:
        end = len(text)
    for stop in '="':
        found = text.find(stop, at, end)
        if found >= 0:
            end = found
    return end


def _closing_quote(text: str, quote: int) -> int:
    """Find the quote that closes the one at ``quote``, or -1; a backslash hides the next one."""
    at = quote + 1
    end = text.find('"', at)
    while end >= 0:
        backslash = text.find("\\", at, end)
        if backslash < 0:
            return end
        at = backslash + 2
        if at > end:
            end = text.find('"', at)
    return -1


def _sorted(
    header: Header, parameters: list[_Parameter]
) -> tuple[dict[str, _Parameter], dict[str, list[_Parameter]]]:
    """Part the plain parameters from the extended ones; refuse those that stand twice."""
    plain: dict[str, _Parameter] = {}
    extended: dict[str, list[_Parameter]] = {}
    seen: set[str] = set()
    for item in parameters:
        if item.name in seen:
            twice = item.name == "boundary"
            deviation = Deviation.REPEATED_BOUNDARY if twice else Deviation.REPEATED_PARAMETER
            header.refuse(deviation, item.at, item.name[:80])
            continue
        seen.add(item.name)
        name, star, _ = item.name.partition("*")
        if star:
            extended.setdefault(name, []).append(item)
        else:
            plain[name] = item
    return plain, extended


def _chosen(
    header: Header,
    name: str,
    plain: dict[str, _Parameter],
    extended: dict[str, list[_Parameter]],
) -> str | None:
    """Give the value of ``name``: the plain or the extended one, as the policy has it (row f)."""
    if name in extended and (header.mask & EXTENDED_PREFER or name not in plain):
        value = _extended(header, name, extended[name])
        if value is not None:
            return value
    if name not in plain:
        return None
    value = _unquoted(header, plain[name])
    if header.form:
        value = value.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
        if name == "filename" and header.mask & WINDOWS_PATH:
            value = _last_component(value)
    return _text(value)


def _unquoted(header: Header, item: _Parameter) -> str:
    """Undo backslashes: all of RFC 9110's in general, of a form only two (row h)."""
    if not item.quoted or "\\" not in item.raw:
        return item.raw
    pieces = item.raw.split("\\\\")
    if header.form:
        return "\\".join(piece.replace('\\"', '"') for piece in pieces)
    return "\\".join(piece.replace("\\", "") for piece in pieces)


def _last_component(path: str) -> str:
    if path[1:3] == ":\\" or path[:2] == "\\\\":
        return path.rpartition("\\")[2]
    return path


def _extended(header: Header, name: str, items: list[_Parameter]) -> str | None:
    """Give the value of ``name*``, or else of ``name*0``, ``name*1``, ...; None if dropped."""
    whole = [item for item in items if item.name == name + "*"]
    pieces = whole or _in_order(header, name, items)
    charset, raw = "", b""
    encoded = whole or (pieces[:1] and pieces[0].name.endswith("*"))
    if encoded:
        charset, _, rest = pieces[0].raw.partition("'")
        _, quote, rest = rest.partition("'")
        if not quote or pieces[0].quoted:
            _dropped(header, pieces[0], "it must read charset'language'value")
            return None
        pieces = [pieces[0]._replace(raw=rest), *pieces[1:]]
    values = [_piece(header, item) for item in pieces]
    if not values or None in values:
        return None
    raw = b"".join(value for value in values if value is not None)
    codec = codec_for(charset) if encoded else "utf-8"
    if codec is None:
        _dropped(header, pieces[0], f"charset {charset[:40]!r} is not supported")
        return None
    try:
        return raw.decode(codec, "strict" if encoded else "surrogateescape")
    except UnicodeDecodeError:
        _dropped(header, pieces[0], f"it is not {codec}")
        return None


def _in_order(header: Header, name: str, items: list[_Parameter]) -> list[_Parameter]:
    """Give the continuations by number; where one lacks, those after it are refused."""
    numbered = {item.name[len(name) + 1 :].removesuffix("*"): item for item in items}
    pieces: list[_Parameter] = []
    while str(len(pieces)) in numbered:
        pieces.append(numbered.pop(str(len(pieces))))
    if numbered:
        _dropped(header, next(iter(numbered.values())), "a continuation is out of order")
    return pieces


def _piece(header: Header, item: _Parameter) -> bytes | None:
    if not item.name.endswith("*"):
        return _unquoted(header, item).encode("latin-1")
    first, *rest = item.raw.split("%")
    decoded = [first.encode("latin-1")]
    for part in rest:
        if len(part) < 2 or part[0] not in _HEX or part[1] not in _HEX:
            _dropped(header, item, "'%' must be followed by two hexadecimal digits")
            return None
        decoded.append(bytes.fromhex(part[:2]) + part[2:].encode("latin-1"))
    return b"".join(decoded)


def _dropped(header: Header, item: _Parameter, detail: str) -> None:
    header.refuse(Deviation.MALFORMED_PARAMETER, item.at, f"{item.name[:40]}: {detail}")


def _text(value: str) -> str:
    return value.encode("latin-1").decode("utf-8", "surrogateescape")
