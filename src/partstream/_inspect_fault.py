"""A fault for people: the message, the place, the bytes there, the causes; and the policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from ._inspect_report import Excerpt, Fault, Verdict
from ._inspect_text import Text, escape_byte

__all__ = ["counted", "fault", "verdicts", "wrapped"]

_HALF: Final = 48  # columns of an excerpt on each side, where there is room
_LEAST: Final = 8
_INDENT: Final = "  "
_FOUND: Final = "found     "
_WANTED: Final = "expected  "


def fault(found: Fault, text: Text, columns: int) -> Iterator[str]:
    """Give the lines that say what is wrong.

    Args:
        found: the fault.
        text: makes values printable.
        columns: how wide a line may be.
    """
    yield from wrapped(f"error: {text.sentence(found.message)} [{found.code}]", columns)
    places = [_offsets(found), found.place]
    if any(places):
        yield from wrapped(_INDENT + ", ".join(place for place in places if place), columns)
    causes = [cause for cause in found.causes if cause != found.summary]  # it stands on top of all
    if found.excerpt is not None:
        yield ""
        yield from _excerpt(found.excerpt, found, columns)
        if causes:
            yield ""
    for cause in causes:
        yield from wrapped(f"{_INDENT}- {text.sentence(cause)}", columns, _INDENT * 2)


def verdicts(found: Sequence[Verdict], columns: int) -> Iterator[str]:
    """Give the lines that say what each policy makes of the body; one where they agree."""
    names = [verdict.policy for verdict in found]
    if len({_verdict(verdict, "") for verdict in found}) == 1:
        line = f"policies {', '.join(names[:-1])} and {names[-1]} all {_verdict(found[0], '')}"
        yield from wrapped(line, columns)
        return
    widest = max(map(len, names))
    for verdict in found:
        line = f"policy {verdict.policy.ljust(widest)}  {_verdict(verdict, 's')}"
        yield from wrapped(line, columns)


def _verdict(verdict: Verdict, ending: str) -> str:
    if verdict.code is None:
        cut = "" if verdict.complete else ", not all complete"
        more = "" if verdict.ended else " so far; no more was read"
        return f"read{ending} it, {counted(verdict.parts, 'part')}{cut}{more}"
    after = f" after {counted(verdict.parts, 'part')}" if verdict.parts else ""
    return f"refuse{ending} it{after} [{verdict.code}]"


def counted(number: int, what: str) -> str:
    """Give a number and what it counts."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def wrapped(line: str, columns: int, indent: str = _INDENT) -> list[str]:
    """Break a line of running text where it is too long."""
    return wrap(
        line, columns, subsequent_indent=indent, break_on_hyphens=False, replace_whitespace=False
    )


def _offsets(found: Fault) -> str:
    if found.offset is None:
        in_file = found.file_offset
        return "" if in_file is None else f"at offset {in_file:,} of the file"
    if found.file_offset in (None, found.offset):
        return f"at offset {found.offset:,} of the body"
    return f"at offset {found.offset:,} of the body ({found.file_offset:,} of the file)"


def _excerpt(excerpt: Excerpt, found: Fault, columns: int) -> Iterator[str]:
    """Give the bytes in one line, and a caret under the one that is meant.

    Where it is known what should stand there, that is the line below the bytes: so the eye
    compares the two, and the caret points at the first place where they differ.
    """
    label = "" if excerpt.wanted is None else _FOUND
    half = max(_LEAST, min(_HALF, (columns - len(label) - 2 * len(_INDENT)) // 2))
    before = _clipped([escape_byte(code) for code in reversed(excerpt.before)], half)[::-1]
    after = _clipped([escape_byte(code) for code in excerpt.after], half)
    marked = after[0] if after else "<end>"
    known = found.offset if excerpt.of == "body" else found.file_offset
    if excerpt.offset != known:
        yield f"{_INDENT}at offset {excerpt.offset:,} of the {excerpt.of}:"
    lead = "".join(before)
    yield f"{_INDENT * 2}{label}{lead}{''.join(after) or marked}"
    if excerpt.wanted is not None:
        wanted = _clipped([escape_byte(code) for code in excerpt.wanted], half)
        line = lead[_last_line(before) :] + "".join(wanted)
        yield f"{_INDENT * 2}{_WANTED}{' ' * _last_line(before)}{line}"
    caret = "^" * (len(marked) if after else 1)
    yield f"{_INDENT * 2}{' ' * len(label + lead)}{caret}"


def _last_line(cells: list[str]) -> int:
    """Give the column in which the last of some lines starts."""
    for index in range(len(cells) - 1, -1, -1):
        if cells[index] == "\\n":
            return sum(map(len, cells[: index + 1]))
    return 0


def _clipped(cells: list[str], room: int) -> list[str]:
    size = 0
    for index, cell in enumerate(cells):
        size += len(cell)
        if size > room:
            return cells[:index]
    return cells
