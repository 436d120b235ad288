"""What the files of a form are written into: the interface that integrations fill in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from multidict import CIMultiDictProxy

from . import hdrs
from ._backend import PartBegin

__all__ = ["ALWAYS", "AS_FIELD", "SKIPPED", "FileHead", "Sink"]

#: The room of a sink that never blocks.
ALWAYS: Final = 1 << 62


class FileHead:
    """What is known of a file of a form when it begins.

    Args:
        name: of the field that it belongs to.
        part: the event that it began with.

    Attributes:
        name: of the field: that of the part around it where a multipart stands within the form.
    """

    __slots__ = ("name", "part")

    def __init__(self, name: str, part: PartBegin) -> None:
        self.name: str = name
        self.part: PartBegin = part

    @property
    def filename(self) -> str:
        """The filename as sent: it may be a path, empty, or hostile."""
        return self.part.filename or ""

    @property
    def content_type(self) -> str | None:
        """Content-Type in lower case without its parameters; None where the part has none."""
        return self.part.content_type

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The headers: case-insensitive, in their order, with repeated names."""
        return self.part.headers

    @property
    def content_length(self) -> int | None:
        """What the part says its length is, None where it says nothing: never rely on it."""
        value = self.part.headers.get(hdrs.CONTENT_LENGTH, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None


class Sink:
    """What one file of a form is written into.

    Inherit from it.  The calls come in this order: :meth:`write` or :meth:`writelines` for the data
    as it arrives, then :meth:`finish`; :meth:`abort` at any time, also behind :meth:`finish`, where
    the form fails.  None of them overlaps with another one of the same sink; while a thread is at
    one, the next file of the form may be opened and written, and of this one what comes waits.

    A call that may block must not be made on an event loop.  So a sink says in :attr:`room` how
    much it takes at once.  What is more goes to :meth:`writelines`, about 1 MiB at a time, which
    is called on a thread where an event loop runs; so is :meth:`finish` once no room is left.

    Attributes:
        room: how many bytes :meth:`write` takes next without blocking; to be kept up by the sink.
            A sink that never blocks, or is used without an event loop, leaves it as it is.
        ends_blocking: whether :meth:`finish` may block where no room is left, though
            :meth:`writelines` was not called.
    """

    room: int = ALWAYS
    ends_blocking: bool = True

    def write(self, data: Any) -> None:
        """Take data, ``bytes`` or a ``bytearray``; no more than :attr:`room` on an event loop."""
        raise NotImplementedError

    def writelines(self, pieces: Iterable[Any]) -> None:
        """Take data that there is no room for; this may block."""
        for piece in pieces:
            self.write(piece)

    def finish(self) -> Any:
        """Be done, and give what the form has for the file; None for nothing at all."""

    def abort(self) -> None:
        """Give up, and leave nothing behind.  What this raises is not looked at."""


class _Skipped(Sink):
    """A part that nobody wants."""

    def write(self, data: Any) -> None:
        """Drop it."""


SKIPPED: Final = _Skipped()
#: Says of a file that it is a field: where a framework takes an input without a filename for one.
AS_FIELD: Final = _Skipped()
