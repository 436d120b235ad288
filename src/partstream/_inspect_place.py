"""Where in the tree of parts a reading stopped, in words that fit the numbers of the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ._inspect_report import Part
from .deviations import Deviation
from .errors import MultipartError

__all__ = ["place_of", "plain_message"]

#: Faults that are found in the headers of a part, before it has begun as an event.
_OF_HEADERS: Final = frozenset({
    "no_headers", "header_without_colon", "folded_header", "invalid_header_name",
    "header_control", "undecodable_header", "repeated_header", "invalid_length",
    "transfer_encoding", "unsafe_charset", "unsupported_encoding", "missing_boundary",
    "invalid_boundary", "repeated_boundary", "repeated_parameter", "loose_parameter",
    "malformed_parameter", "extended_parameter", "nameless_part", "delimiter_in_headers",
    "max_header_line", "max_header_block", "max_headers",
})  # fmt: skip


def place_of(
    error: MultipartError, parts: Sequence[Part], open_parts: Sequence[Part], coming: str
) -> str:
    """Say in which part the reading stopped, or after which.

    Args:
        error: what stopped it.
        parts: all that have begun.
        open_parts: those of them that have not ended, the outermost first.
        coming: the number that the next part has.
    """
    if error.code in _OF_HEADERS or "in the headers of" in error.message:
        return f"in the headers of part {coming}"
    if not parts:
        return "before the first part"
    last = parts[-1]
    if open_parts and open_parts[-1] is last:
        after = "" if last.size is None else f", after {last.size:,} bytes of its body"
        return f"in part {last.number}{after}"
    return f"after part {last.number}"


def plain_message(error: MultipartError) -> str:
    """Give its message, without the number of a part that counts otherwise than a table does."""
    plain = Deviation.TRUNCATED.at(error.offset)
    return plain.message if error.code == plain.code else error.message
