"""How much of anything a peer may send."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from ._options import options
from .errors import LimitExceeded

if TYPE_CHECKING:
    from dataclasses import dataclass, field
else:
    from ._options import dataclass, field

__all__ = ["DEEPEST", "Limits"]

# No stream is longer, and sums of two still fit into 64 bits.
_UNLIMITED: Final = 2**60
DEEPEST: Final = 100  # what max_depth can be at most


class Maxima(NamedTuple):
    """The limits in the order of the fields of :class:`Limits`, none of them None."""

    header_line: int
    headers: int
    header_block: int
    preamble: int
    epilogue: int
    depth: int
    parts: int
    part_size: int
    total_size: int
    decoded_size: int
    read_size: int
    fields: int
    files: int
    field_size: int
    fields_size: int
    spool_size: int
    spool_total: int
    reach: int  # what a header block may be as long as it has one line


def _limit(default: int | None, doc: str, unit: str = "bytes", soft: bool = False) -> Any:
    """A field with its line of documentation; nothing is refused for going over a soft one."""
    return field(default=default, metadata={"doc": doc, "unit": unit, "soft": soft})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Security limits of a stream, enforced while it is read; None is unlimited.

    A stream that goes over one raises :class:`~partstream.LimitExceeded`, whose ``code`` is the
    name of the field.  ``Limits.STREAM`` is the preset of the parser and the readers,
    ``Limits.FORM`` that of ``parse_form``; limits about fields, files and spools are for forms
    alone.  Derive others with ``dataclasses.replace(Limits.FORM, max_files=10)``.

    Raises:
        TypeError: for a limit that is neither an int nor None.
        ValueError: for a limit below zero, or a depth below one.
    """

    STREAM: ClassVar[Limits]
    FORM: ClassVar[Limits]

    max_header_line: int | None = _limit(8190, "One header line, without its line end.")
    max_headers: int | None = _limit(128, "Header lines of one part.", "lines")
    max_header_block: int | None = _limit(16384, "All headers of one part, with line ends.")
    max_preamble: int | None = _limit(65536, "Bytes before the first delimiter of a multipart.")
    max_epilogue: int | None = _limit(65536, "Bytes after the closing delimiter of a multipart.")
    max_depth: int | None = _limit(
        8, "Multiparts within each other; the outermost is 1, and None is 100.", "levels"
    )
    max_parts: int | None = _limit(None, "Parts of the whole stream, nested ones too.", "parts")
    max_part_size: int | None = _limit(None, "Body of one part, as sent.")
    max_total_size: int | None = _limit(None, "The whole stream, framing included.")
    max_decoded_size: int | None = _limit(
        64 * 2**20, "What the body of one part may be once its Content-Encoding is undone."
    )
    max_read_size: int | None = _limit(
        None, "What reading the whole body of one part, or a line of it, may hold in memory."
    )
    max_fields: int | None = _limit(1000, "Fields of a form that are no files.", "fields")
    max_files: int | None = _limit(1000, "Files of a form.", "files")
    max_field_size: int | None = _limit(2**20, "One field of a form that is no file.")
    max_fields_size: int | None = _limit(
        8 * 2**20,
        "All fields of a form in memory, the heads of its files and what objects take included.",
    )
    max_spool_size: int | None = _limit(
        2**20, "What of one file of a form is held in memory: a larger one goes to disk.", soft=True
    )
    max_spool_total: int | None = _limit(
        16 * 2**20,
        "What of all files of a form is held in memory: once it is, those over 64 KiB go to disk.",
        soft=True,
    )

    #: The values with a number for None: what the pure scanner takes.
    maxima: Maxima = field(init=False, repr=False, compare=False)
    #: The same as native 64-bit integers: what the compiled scanner takes.
    packed: bytes = field(init=False, repr=False, compare=False)
    #: Whether neither a part nor the stream has a limit to its size.
    unlimited: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values = [_checked(name, getattr(self, name)) for name in _NAMES]
        object.__setattr__(self, "maxima", Maxima._make((*values, min(values[0], values[2]))))
        unlimited = self.max_part_size is None and self.max_total_size is None
        object.__setattr__(self, "unlimited", unlimited)
        object.__setattr__(self, "packed", pack(f"{len(values)}q", *values))

    def exceeded(self, name: str, offset: int | None) -> LimitExceeded:
        """Give the error for the limit ``name``.

        Args:
            name: a field of this class.
            offset: the first byte over the limit, counted from the start of the stream; None for
                what is not counted there (decoded data).
        """
        metadata = options(Limits)[name].metadata
        what, unit = metadata["doc"].rstrip("."), metadata["unit"]
        value = _checked(name, getattr(self, name))
        message = f"over the limit {name}={value} {unit} ({what[0].lower()}{what[1:]})"
        return LimitExceeded(message, code=name, offset=offset)


def _checked(name: str, value: object) -> int:
    if value is None:
        # Each open boundary may cost time at each delimiter, so there is an end to depth.
        return DEEPEST if name == "max_depth" else _UNLIMITED
    if isinstance(value, bool) or not isinstance(value, int):
        kind = type(value).__name__
        raise TypeError(f"Limits({name}=...) takes an int, or None for unlimited, not {kind}")
    least = 1 if name == "max_depth" else 0
    if value < least:
        raise ValueError(f"Limits({name}={value}): must be at least {least}, or None for unlimited")
    return min(value, DEEPEST if name == "max_depth" else _UNLIMITED)


_NAMES: Final = tuple(options(Limits))

Limits.STREAM = Limits()
Limits.FORM = Limits(max_parts=1000)
