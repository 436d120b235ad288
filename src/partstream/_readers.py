"""What a reader of parts knows without waiting for anything; see ``_parts.py`` for its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from ._backend import PartBegin
from ._blank import blank
from ._item import Item
from ._need import NEED, Need
from ._parts import PartBase
from ._passed import CharsetField, Passed, names_charset
from ._settings import latin
from ._stream import Stream
from .events import PartEnd
from .parameters import Header, boundary_of
from .policy import Policy
from .sources import content_type_of

__all__ = ["ReaderBase"]


class ReaderBase(Item):
    """The logic of both ``MultipartReader`` classes; see there."""

    multipart_reader_cls: ClassVar[Any] = None
    part_reader_cls: ClassVar[Any] = None

    headers: Any
    _stream: Any
    _depth: int
    _delimiter: bytes | None
    _at_eof: bool
    _last_part: Any
    _coming: PartBegin | None
    _hooked: bool
    _own_fetch: bool

    def _join(self, stream: Stream, headers: Any) -> None:
        """Become the reader of the multipart that a stream has just come to."""
        event = stream.current
        if event is not None and not event.multipart:
            raise ValueError("this part is no multipart: read it with a BodyPartReader")
        self._stream = stream
        self._depth = event.depth + 1 if event is not None else 1
        self.headers = event.headers if event is not None and headers is event else headers
        self._delimiter = None
        self._start()

    def _begin(self, stream: Stream, headers: Any) -> None:
        self._stream = stream
        self._depth = 0
        self.headers = headers
        self._delimiter = stream.delimiter
        self._start()

    def _start(self) -> None:
        self._at_eof = False
        self._last_part = None
        self._coming = None  # the part that was gone to, and not yet given
        # Whether a subclass chooses itself what reads a part.
        self._hooked = type(self)._get_part_reader is not _GET_PART_READER

    @property
    def _content(self) -> Any:
        return self._stream

    @property
    def _boundary(self) -> bytes:
        """The delimiter: the boundary with its two dashes."""
        if self._delimiter is None:
            value = latin(content_type_of(self.headers))
            found = boundary_of(Header(value, None, Policy.LEGACY.other_mask, False))
            self._delimiter = b"--" + found
        return self._delimiter

    def at_eof(self) -> bool:
        """Tell whether the last part has been given."""
        return self._at_eof

    def _next(self) -> Any:
        """Give the next part, None after the last one, or NEED."""
        more = ReaderBase._advance(self)
        if more is NEED or not more:
            return NEED if more is NEED else None
        event: Any = self._coming
        self._coming = None
        return self._made(event)

    def _next_now(self) -> Any:
        """Do as :meth:`_next`; NEED also where it is not the time for it."""
        if self._own_fetch or self._stream.filling or self._stream.busy:
            return NEED
        return ReaderBase._next(self)

    def _advance(self) -> bool | Need:
        """Go to the beginning of the next part; tell whether there is one."""
        if self._coming is not None:
            return True
        last: Item | None = self._last_part
        if last is not None:
            if not last._is_over():
                # It ends at once: what a cancelled call has begun to skip is nobody's any more.
                self._last_part = last = last._pass()
                left: Need | None = last._done()
                if left is NEED:
                    return NEED
            self._last_part = None
        if self._at_eof:
            return False
        stream: Stream = self._stream
        event: Any = stream.take()
        if event is NEED:
            return Need.NEED
        if event is None or type(event) is PartEnd:
            self._at_eof = True
            return False
        first, stream.current = stream.current is None, event
        if first and event.name == "_charset_" and names_charset(stream.settings, event):
            self._last_part = CharsetField(stream, event)
            more: bool | Need = ReaderBase._advance(self)
            return more
        self._coming = event
        return True

    def _made(self, event: PartBegin) -> Any:
        stream = self._stream
        try:
            if not self._hooked:
                part = self._dispatch(event)  # whose headers are made when somebody asks for them
            else:
                part = self._get_part_reader(event.headers)
                if not isinstance(part, Item):
                    kind = type(part).__name__
                    raise TypeError(
                        "_get_part_reader() has to give a BodyPartReader or a MultipartReader (or "
                        f"what inherits from one), not {kind}"
                    )
        except BaseException:
            # The hook failed: the part is passed by, as any that nobody wants.
            self._last_part = Passed(stream, event.depth)
            raise
        self._last_part = part
        return part

    def _get_part_reader(self, headers: Mapping[str, str]) -> Any:
        """Choose what reads a part; subclasses may choose otherwise.

        Args:
            headers: of the part.
        """
        return self._dispatch(headers)

    def _dispatch(self, headers: Any) -> Any:
        event = self._stream.current
        if event is None:
            multipart = content_type_of(headers).lower().lstrip(" \t").startswith("multipart/")
        else:
            multipart = event.multipart
        if multipart:
            cls: Any = self.multipart_reader_cls or type(self)
            return cls(headers, self._stream)
        delimiter = self._delimiter if self._delimiter is not None else self._boundary
        cls = self.part_reader_cls
        if cls is not self._stream.part_cls:
            return cls(delimiter, headers, self._stream)
        part: PartBase = blank(cls)  # what its __init__ comes to is done here
        part._boundary = delimiter
        PartBase._join(part, self._stream, headers, None)
        return part

    def _leave(self) -> Need | None:
        """Leave out what is left, or give NEED."""
        while True:
            more = ReaderBase._advance(self)
            if more is NEED:
                return NEED
            if not more:
                return None
            event, self._coming = self._coming, None
            if event is not None:
                self._last_part = Passed(self._stream, event.depth)

    def _is_over(self) -> bool:
        return self._at_eof

    def _pass(self) -> Passed:
        """Give nothing more; the reader around this one skips what is left."""
        left = None if self._at_eof else self._depth - 1
        self._end()
        return Passed(self._stream, left)

    def _end(self) -> None:
        self._at_eof = True
        self._coming = None
        last = self._last_part
        if last is not None:
            last._end()


_GET_PART_READER: Final[Any] = ReaderBase._get_part_reader
