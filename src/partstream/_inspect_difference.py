"""How two boundaries differ, the announced one and that of the body, in words."""

from __future__ import annotations

__all__ = ["common_start", "difference", "quoted"]


def difference(announced: bytes, found: bytes) -> str:
    """Say how two boundaries differ, as a clause; empty where they have nothing in common."""
    if announced.strip(b"\"' ") == found.strip(b"\"' "):
        single = b"'" in announced
        note = ": single quotes are part of a boundary, only double ones quote" if single else ""
        return f"they differ in quotes or spaces only{note}"
    if announced.strip(b"-") == found.strip(b"-"):
        return (
            f"they differ in dashes only: {_dashes(announced)} announced, {_dashes(found)} in the "
            "body (besides the two of every delimiter)"
        )
    if announced.lower() == found.lower():
        return "they differ in upper and lower case only"
    return _edit(announced, found)


def _edit(announced: bytes, found: bytes) -> str:
    common = common_start(announced, found)
    ending = common_start(announced[common:][::-1], found[common:][::-1])
    only, instead = announced[common : len(announced) - ending], found[common : len(found) - ending]
    if len(only) <= 1 and len(instead) <= 1:
        return f"they differ in one character, the {_ordinal(common + 1)}: {_swap(only, instead)}"
    if not only and not ending:
        return f"the body's goes on, with {quoted(instead)}"
    if not instead and not ending:
        return f"the body's is cut: it lacks {quoted(only)}"
    return ""


def common_start(left: bytes, right: bytes) -> int:
    """Tell how many bytes two values have in common at their start."""
    size = 0
    while size < min(len(left), len(right)) and left[size] == right[size]:
        size += 1
    return size


def _dashes(boundary: bytes) -> str:
    lead = len(boundary) - len(boundary.lstrip(b"-"))
    tail = len(boundary) - len(boundary.rstrip(b"-"))
    return f"{lead} before and {tail} behind" if tail else f"{lead} before it"


def _ordinal(number: int) -> str:
    kind = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else kind}"


def _swap(only: bytes, instead: bytes) -> str:
    if not only:
        return f"{quoted(instead)} is one too many in the body"
    if not instead:
        return f"{quoted(only)} is missing in the body"
    return f"{quoted(only)} announced, {quoted(instead)} in the body"


def quoted(value: bytes) -> str:
    """Give bytes in quotes, escaped as in Python, the middle of long ones left out."""
    shown = value if len(value) <= 80 else value[:60] + b"..." + value[-17:]
    return repr(shown)[1:]
