"""Parts that nobody reads: those that are skipped, and the charset field of a form."""

from __future__ import annotations

from typing import Final

from ._backend import PartBegin
from ._body import Body
from ._item import Item
from ._need import NEED, Need
from ._settings import Settings
from ._stream import Stream
from .deviations import Deviation
from .errors import LimitExceeded

__all__ = ["CharsetField", "Passed", "names_charset"]

_LONGEST_CHARSET: Final = 31


def names_charset(settings: Settings, event: PartBegin) -> bool:
    """Tell whether the first part, called ``_charset_``, is the field of that name (row v2)."""
    wanted = settings.form and settings.policy.charset_field
    return wanted and event.filename is None and not event.multipart


class Passed(Item):
    """A part that is skipped: all of it, or what somebody has left of it.

    Args:
        stream: that it is in.
        depth: of the part; None where its end was taken already.
        body: what learns whether the part was complete.
    """

    def __init__(self, stream: Stream, depth: int | None, body: Body | None = None) -> None:
        self._stream = stream
        self._depth = depth
        self._body = body

    def _done(self) -> Need | None:
        """Skip what is left, or give NEED."""
        if self._depth is None:
            return None
        complete = self._stream.skip(self._depth)
        if complete is NEED:
            return NEED
        self._depth = None
        if self._body is not None:
            self._body.complete = complete
        return None


class CharsetField(Passed):
    """The leading field of a form that names the charset of the others (RFC 7578 section 4.6)."""

    def __init__(self, stream: Stream, event: PartBegin) -> None:
        self._stream = stream
        self._event = event
        self._field = Body(stream, event.depth)

    def _done(self) -> Need | None:
        """Read the label."""
        stream = self._stream
        try:
            label = self._field.all(_LONGEST_CHARSET)
        except LimitExceeded:
            offset, detail = self._event.body_offset, "the field _charset_ is too long for one"
            stream.error = Deviation.UNSAFE_CHARSET.at(offset, detail)
            raise stream.error from None
        if label is NEED:
            return NEED
        stream.charset = label.decode("latin-1").strip()
        return None
