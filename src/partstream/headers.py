"""A part's header block, when it is not plain: both twins hand such blocks to :func:`examine`.

The scanners know a fast path for the blocks that nearly all parts have, and take it only where
this module would change nothing and refuse nothing.  So every decision on odd headers is made
here, once, and the twins cannot differ in it.

A block comes without its last line end and without the empty line.  What leaves is *normal*: each
line is ``name: value``, lines are joined by CRLF, nothing is folded, and nothing has to be checked
again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .charsets import codec_for
from .deviations import Deviation
from .parameters import Header, boundary_of, content_type, disposition, is_token

__all__ = ["Child", "Head", "Level", "examine"]

_SPACE: Final = b" \t"
_CONTROLS: Final = bytes(code for code in range(32) if code != 9) + b"\x7f"
_PLAIN_ENCODINGS: Final = frozenset({b"7bit", b"8bit", b"binary"})
_ONCE: Final = frozenset({b"content-disposition", b"content-type"})
_MAX_DIGITS: Final = 18


class Level(NamedTuple):
    """What a multipart means for the parts directly in it.

    Attributes:
        mask: the tolerated deviations.
        form: whether it is multipart/form-data.
        nested: whether a multipart among its parts is taken apart too.
    """

    mask: int
    form: bool
    nested: bool


class Child(NamedTuple):
    """A part that is a multipart itself."""

    boundary: bytes
    form: bool


class Head(NamedTuple):
    """All that the scanner, and the event, need to know of a header block.

    ``length`` is the Content-Length, -1 where there is none that counts.
    """

    block: bytes
    name: str | None
    filename: str | None
    length: int
    child: Child | None


class _Line(NamedTuple):
    name: bytes
    value: bytes
    at: int  # of the value, in the stream


def examine(block: bytes, base: int, level: Level, *, lf: bool = False) -> Head:
    """Check a header block against the policy and bring it into normal form.

    Args:
        block: the header lines, without the last line end.
        base: offset of the block in the stream.
        level: the multipart that the part is in.
        lf: whether the lines of this stream end in LF.

    Raises:
        ParseError: for a deviation that the level's mask does not tolerate.
    """
    _check_encoding(block, base, level)
    lines = _normal_lines(block, base, level, b"\n" if lf else b"\r\n")
    first = _special(lines, level)
    if not lines:
        _refuse(level, Deviation.NO_HEADERS, base)
    name = filename = None
    if line := first.get(b"content-disposition"):
        name, filename = disposition(_header(line, level))
    if name is None and level.form:
        _refuse(level, Deviation.NAMELESS_PART, base)
    child = None
    if line := first.get(b"content-type"):
        _check_charset(line, level)
        child = _child(line, level, filename)
    if level.form and b"content-transfer-encoding" in first:
        _check_transfer_encodings(lines, level)
    normal = b"\r\n".join([b"%b: %b" % (line.name, line.value) for line in lines])
    return Head(normal, name, filename, _length(lines, level), child)


def _refuse(level: Level, deviation: Deviation, offset: int) -> None:
    if not level.mask & deviation.bit:
        raise deviation.at(offset)


def _check_encoding(block: bytes, base: int, level: Level) -> None:
    if block.isascii() or level.mask & Deviation.UNDECODABLE_HEADER.bit:
        return
    try:
        block.decode()
    except UnicodeDecodeError as error:
        raise Deviation.UNDECODABLE_HEADER.at(base + error.start) from None


def _normal_lines(block: bytes, base: int, level: Level, end: bytes) -> list[_Line]:
    """Check each line, and put folded ones together."""
    lines: list[_Line] = []
    folds: list[bytes] = []  # what continues the last line of `lines`
    skipping = False  # whether the line that a fold would continue was skipped
    offset = base
    for raw in block.split(end) if block else ():
        _check_controls(raw, offset)
        if raw[:1] in (b" ", b"\t") and (lines or skipping):
            _refuse(level, Deviation.FOLDED_HEADER, offset)
            if not skipping and (fold := raw.strip(_SPACE)):
                folds.append(fold)
        else:
            _unfold(lines, folds)
            line = _line(raw, offset, level)
            skipping = line is None
            if line is not None:
                lines.append(line)
        offset += len(raw) + len(end)
    _unfold(lines, folds)
    return lines


def _unfold(lines: list[_Line], folds: list[bytes]) -> None:
    if folds:
        value = b" ".join([lines[-1].value, *folds]).strip(_SPACE)
        lines[-1] = lines[-1]._replace(value=value)
        folds.clear()


def _line(raw: bytes, offset: int, level: Level) -> _Line | None:
    """Take one line apart; None where the policy has it skipped."""
    colon = raw.find(b":")
    if colon < 0:
        _refuse(level, Deviation.HEADER_WITHOUT_COLON, offset)
        return None
    name = raw[:colon]
    if not is_token(name):
        _refuse(level, Deviation.INVALID_HEADER_NAME, offset)
        name = name.rstrip(_SPACE)
        if not is_token(name):
            return None
    value = raw[colon + 1 :].lstrip(_SPACE)
    at = offset + len(raw) - len(value)
    return _Line(name, value.rstrip(_SPACE), at)


def _check_controls(raw: bytes, offset: int) -> None:
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        at = next(index for index, code in enumerate(raw) if code in _CONTROLS)
        raise Deviation.HEADER_CONTROL.at(offset + at, f"byte 0x{raw[at]:02x}")


def _special(lines: list[_Line], level: Level) -> dict[bytes, _Line]:
    """Give each header's first line by its name in lower case; refuse some that stand twice."""
    first: dict[bytes, _Line] = {}
    for line in lines:
        name = line.name.lower()
        if first.setdefault(name, line) is not line and name in _ONCE:
            _refuse(level, Deviation.REPEATED_HEADER, line.at)
    return first


def _check_transfer_encodings(lines: list[_Line], level: Level) -> None:
    """Refuse what changes bytes; of several of them other parsers take the last."""
    for line in lines:
        if line.name.lower() == b"content-transfer-encoding":
            if line.value.lower() not in _PLAIN_ENCODINGS:
                _refuse(level, Deviation.TRANSFER_ENCODING, line.at)


def _header(line: _Line, level: Level) -> Header:
    return Header(line.value.decode("latin-1"), line.at, level.mask, level.form)


def _check_charset(line: _Line, level: Level) -> None:
    """Refuse an unsafe charset at once, where the policy does not wait until text is asked for."""
    if level.mask & Deviation.UNSAFE_CHARSET.bit:
        return
    charset = content_type(_header(line, level)).parameters.get("charset")
    if charset is not None and codec_for(charset) is None:
        raise Deviation.UNSAFE_CHARSET.at(line.at, repr(charset[:40]))


def _child(line: _Line, level: Level, filename: str | None) -> Child | None:
    """Tell whether the part is a multipart to be taken apart.

    A file that a form uploads is a file, also when its type says multipart (an ``.mht`` that was
    saved by a browser); and a form's part without boundary is data, not an error.
    """
    value = line.value.lower()
    if not level.nested or not value.startswith(b"multipart/"):
        return None
    header = _header(line, level)
    if level.form:
        if filename is not None or "boundary" not in content_type(header).parameters:
            return None
    boundary = boundary_of(header)
    form = value.partition(b";")[0].rstrip(_SPACE) == b"multipart/form-data"
    return Child(boundary, form)


def _length(lines: list[_Line], level: Level) -> int:
    """Give the Content-Length if it counts; refuse one that is no plain number (row t3)."""
    length = -1
    for index, line in enumerate(item for item in lines if item.name.lower() == b"content-length"):
        if index > 0 or not line.value.isdigit():
            _refuse(level, Deviation.INVALID_LENGTH, line.at)
            return -1
        # More digits than a stream can have bytes: capped, so that the sum cannot overflow in C.
        digits = line.value.lstrip(b"0")
        length = int(digits or b"0") if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS
    return -1 if level.mask & Deviation.LENGTH_MISMATCH.bit else length
