"""Text fields of a form, written together: most forms are nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import hdrs
from ._head import escaped_field
from ._payload_memory import BytesPayload, StringPayload

if TYPE_CHECKING:
    from ._collision import Guard

__all__ = ["Fields", "field_text"]

_LEAD = 'Content-Disposition: form-data; name="'
_MIDDLE = '"\r\n\r\n'


def field_text(value: object) -> str | None:
    """Give the text that a value is written as; None for what is no text field."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else None


class Fields:
    """Some fields of a form, as browsers send them: a name, and text in UTF-8.

    Args:
        pairs: names and texts.
        lead: the delimiter line.

    Raises:
        TypeError: for a name that is no str.
        ValueError: for what cannot be sent in a name, and for text with a lone surrogate.

    Attributes:
        data: the parts, as they are written.
    """

    __slots__ = ("_pairs", "data")

    def __init__(self, pairs: list[tuple[str, str]], lead: bytes) -> None:
        self._pairs = pairs
        start = lead.decode("ascii") + _LEAD
        names = [name for name, _ in pairs]
        if not _plain(names):
            names = [escaped_field("name", _checked(name)) for name in names]
            pairs = [(name, pair[1]) for name, pair in zip(names, pairs, strict=True)]
        try:
            # Joined, and not formatted: a member of an enum, though a str, formats as another text.
            fields = ("\r\n" + start).join([_MIDDLE.join(pair) for pair in pairs])
            self.data = f"{start}{fields}\r\n".encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise ValueError(f"a field holds a lone surrogate: {error}") from None

    def __len__(self) -> int:
        return len(self._pairs)

    def check(self, guard: Guard) -> None:
        """See to it that nothing holds a delimiter."""
        for pair in self._pairs:
            for text in pair:  # each by itself, because a value starts a line
                guard.check(text.encode("utf-8", "surrogateescape"))

    def payloads(self) -> Iterator[BytesPayload]:
        """Give the fields one by one, for whoever wants to look at them, or to change them."""
        for name, value in self._pairs:
            payload = BytesPayload(value.encode("utf-8", "surrogateescape"), encoding="utf-8")
            payload.__class__ = StringPayload
            del payload.headers[hdrs.CONTENT_TYPE]
            payload.set_content_disposition("form-data", name=name)
            yield payload


def _plain(names: list[str]) -> bool:
    """Tell whether no name needs an escape."""
    try:
        text = "".join(names)
    except TypeError:
        return False
    return text.isprintable() and '"' not in text and "\\" not in text


def _checked(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the name of a field must be a str, not {type(name).__name__}")
    return name
