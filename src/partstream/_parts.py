"""What a part, and a reader of parts, know without waiting for anything.

``reader.py`` and ``sync.py`` add the methods that wait, each a line or two over what is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar, Final

from multidict import CIMultiDictProxy

from . import hdrs
from ._backend import PartBegin
from ._body import Body
from ._flow import NEED, Flow, Need
from ._part_flow import PartFlow
from ._settings import Settings, SizeError, latin
from .charsets import codec_for
from .decoding import Decoder
from .deviations import Deviation
from .errors import LimitExceeded
from .events import PartEnd
from .limits import Limits
from .parameters import ContentType, Header, boundary_of, content_type, disposition
from .parser import MultipartParser
from .policy import Policy
from .ranges import ContentRange, parse_content_range
from .sources import content_type_of

__all__ = ["PartBase", "ReaderBase", "Stream"]

_LONGEST_CHARSET: Final = 31
_LARGE_CODED: Final = 4096  # bytes that may be so much more once they are inflated
_LARGE: Final = 1 << 20


class Stream(Flow):
    """One source, and the flow of events that comes out of it.

    Attributes:
        current: the event that the newest part began with.
        charset: what the leading field ``_charset_`` of a form said, None where there was none.
    """

    __slots__ = ("boundary", "charset", "current", "delimiter", "settings", "subtype")

    def __init__(
        self, value: str, limits: Limits, policy: Policy, size_error: SizeError | None
    ) -> None:
        essence = value.partition(";")[0].strip(" \t").lower()
        self.subtype = essence.removeprefix("multipart/")
        form = self.subtype == "form-data"
        self.settings = settings = Settings(limits, policy, form, size_error)
        self.boundary = boundary_of(Header(latin(value), None, settings.mask, form))
        self.delimiter = b"--" + self.boundary
        parser = MultipartParser(
            self.boundary, subtype=self.subtype, nested=True, limits=limits, policy=policy
        )
        super().__init__(parser, drain=not settings.mask & Deviation.EPILOGUE.bit)
        self.current: PartBegin | None = None
        self.charset: str | None = None


class PartBase:
    """The logic of both ``BodyPartReader`` classes; see there."""

    _stream: Any
    _settings: Settings
    _body: Body
    # What few parts have is set only where they do: forms have many parts.
    _event: PartBegin | None = None
    _own_headers: CIMultiDictProxy[str] | None = None
    _default_charset: str | None = None
    _decoder: Decoder | None = None  # of decode_iter(), amid the body

    def _join(self, stream: Stream, headers: Any, charset: str | None) -> None:
        """Become the part that a stream has just come to."""
        event = stream.current
        if event is not None and event.multipart:
            raise ValueError("this part is a multipart: read it with a MultipartReader")
        self._stream = stream
        self._settings = stream.settings
        self._event = event
        self._body = Body(stream, event.depth if event is not None else 0)
        if headers is not event:
            self._own_headers = headers
            if event is not None and headers is not event.headers:
                self._event = None  # the names are those that these headers say
        if charset or stream.charset:
            self._default_charset = charset or stream.charset

    def _stand_alone(
        self, stream: PartFlow, headers: Any, settings: Settings, charset: str | None
    ) -> None:
        """Become a part whose headers somebody else has read."""
        self._stream = stream
        self._settings = settings
        self._own_headers = headers
        self._default_charset = charset
        self._body = Body(stream, 0)

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The part's headers: case-insensitive, in their order, with repeated names."""
        if self._own_headers is None:
            return self._event.headers  # type: ignore[union-attr]
        return self._own_headers

    @property
    def name(self) -> str | None:
        """The ``name`` of Content-Disposition, None where there is none."""
        return self._event.name if self._event is not None else self._disposition()[0]

    @property
    def filename(self) -> str | None:
        """The ``filename`` of Content-Disposition as sent: it may be a path, or hostile."""
        return self._event.filename if self._event is not None else self._disposition()[1]

    @property
    def content_range(self) -> ContentRange | None:
        """The part's Content-Range (``multipart/byteranges``), None where there is none.

        Raises:
            ParseError: for one that cannot be read.
        """
        value = self.headers.get(hdrs.CONTENT_RANGE)
        return None if value is None else parse_content_range(value)

    @property
    def complete(self) -> bool:
        """Whether the part came to its end, as far as it has been read."""
        return self._body.complete

    @property
    def _at_eof(self) -> bool:
        return self._body.at_eof

    @_at_eof.setter
    def _at_eof(self, value: bool) -> None:
        if value:
            self._body.close()

    @property
    def _content(self) -> Any:
        return self._stream

    def at_eof(self) -> bool:
        """Tell whether nothing is left to be read."""
        return self._body.at_eof

    def decode(self, data: bytes | bytearray | memoryview) -> bytes:
        """Undo the part's Content-Transfer-Encoding, then its Content-Encoding.

        In a form, Content-Encoding means nothing (RFC 7578 section 4.8).

        Args:
            data: the whole body of the part, as :meth:`read` gave it.

        Raises:
            ParseError: for an encoding that is unknown, and for data that is not so encoded.
            LimitExceeded: where the result is larger than ``max_decoded_size``.
        """
        return self._new_decoder().all(bytes(data))

    def get_charset(self, default: str) -> str:
        """Give the charset that the part names, or the form did, or ``default``.

        Returns:
            The label as sent; one that :meth:`text` reads, if ``default`` is.

        Raises:
            ParseError: for a charset that is unknown or unsafe, if the policy refuses it.
        """
        charset = self._content_type().parameters.get("charset") or self._default_charset
        if not charset:
            return default
        if codec_for(charset) is None:
            if self._settings.policy.unsafe_charset != "utf-8":
                raise Deviation.UNSAFE_CHARSET.at(None, repr(charset[:40]))
            return "utf-8"
        return charset

    def _content_type(self) -> ContentType:
        value = self.headers.get(hdrs.CONTENT_TYPE)
        if value is None:
            return ContentType("", {})
        settings = self._settings
        return content_type(Header(latin(str(value)), None, settings.mask, settings.form))

    def _disposition(self) -> tuple[str | None, str | None]:
        value = self.headers.get(hdrs.CONTENT_DISPOSITION)
        if value is None:
            return None, None
        settings = self._settings
        return disposition(Header(latin(str(value)), None, settings.mask, settings.form))

    # Steps, and what is done with their results

    def _is_over(self) -> bool:
        return self._body.at_eof

    def _leave(self) -> Need | None:
        return self._body.skip()

    def _pass(self) -> _Passed:
        """Give nothing more; the reader around this part skips what is left."""
        body = self._body
        left = None if body.ended else body.depth
        body.close()
        return _Passed(self._stream, left, body)

    def _end(self) -> None:
        self._body.close()

    def _all(self) -> bytes | Need:
        """Give all that is left, or NEED."""
        limits = self._settings.limits
        try:
            return self._body.all(limits, limits.maxima.read_size)
        except LimitExceeded as error:
            raise self._settings.failed(error) from None

    def _line(self) -> bytes | Need:
        limits = self._settings.limits
        try:
            return self._body.line(limits, limits.maxima.read_size)
        except LimitExceeded as error:
            raise self._settings.failed(error) from None

    def _chunk_step(self, size: int) -> Callable[[], bytes | Need]:
        """Give the step of ``read_chunk()``."""
        if size < 1:
            raise ValueError(f"read_chunk(size={size}): must be at least 1")
        transfer = self.headers.get(hdrs.CONTENT_TRANSFER_ENCODING)
        if transfer is not None and transfer.strip().lower() == "base64":
            step = self._body.quartets
        else:
            step = self._body.some
        return partial(self._some, step, size)

    def _some(self, step: Callable[[int], bytes | Need], size: int) -> bytes | Need:
        data = step(size)
        if not data and self._decoder is not None:
            # The end did not come with the last chunk, so that decode_iter() did not see it.
            decoder, self._decoder = self._decoder, None
            for _ in decoder.end():
                pass
        return data

    def _decoded(self, decoder: Decoder, data: bytes) -> bytes:
        """Decode a whole body; where that fails, or is cancelled, the body can be read again."""
        try:
            return decoder.all(data)
        except LimitExceeded as error:
            raise self._settings.failed(error) from None

    def _decoding(self, data: bytes) -> Iterator[bytes]:
        """Decode the next chunk, in pieces; the chunk behind which the part ends is the last."""
        decoder, self._decoder = self._decoder or self._new_decoder(), None
        yield from decoder.feed(data)
        if self._body.at_eof:
            yield from decoder.end()
        else:
            self._decoder = decoder

    def _new_decoder(self, whole: bool = False) -> Decoder:
        headers = self.headers
        # Several lines are one list (RFC 9110 section 5.3).
        codings = [] if self._settings.form else headers.getall(hdrs.CONTENT_ENCODING, [])
        limits = self._settings.limits
        maxima = limits.maxima
        coding = ",".join(codings) or None
        least = "max_decoded_size"
        if whole and maxima.read_size < maxima.decoded_size:
            least = "max_read_size"
        return Decoder(headers.get(hdrs.CONTENT_TRANSFER_ENCODING), coding, limits, least)

    def _takes_long(self, data: bytes) -> bool:
        """Tell whether decoding this would hold up an event loop."""
        codings = [] if self._settings.form else self.headers.getall(hdrs.CONTENT_ENCODING, [])
        if len(codings) > 1 or (codings and "," in codings[0]):
            return bool(data)  # little can become much, twice
        return len(data) >= (_LARGE_CODED if codings else _LARGE)

    def _codec(self, encoding: str | None) -> str:
        """Choose the codec for text, before anything of the body is read."""
        if encoding is not None:
            return encoding
        label = self.get_charset("utf-8")
        return codec_for(label) or label


def _names_charset(settings: Settings, event: PartBegin) -> bool:
    """Tell whether the first part, called ``_charset_``, is the field of that name (row v2)."""
    wanted = settings.form and settings.policy.charset_field
    return wanted and event.filename is None and not event.multipart


class _Passed:
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

    def _is_over(self) -> bool:
        return False  # done() knows

    def done(self) -> Need | None:
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

    def _end(self) -> None:
        """Nobody has it."""


class _CharsetField(_Passed):
    """The leading field of a form that names the charset of the others (RFC 7578 section 4.6)."""

    def __init__(self, stream: Stream, event: PartBegin) -> None:
        self._stream = stream
        self._event = event
        self._field = Body(stream, event.depth)

    def done(self) -> Need | None:
        """Read the label."""
        stream = self._stream
        try:
            label = self._field.all(stream.settings.limits, _LONGEST_CHARSET)
        except LimitExceeded:
            offset, detail = self._event.body_offset, "the field _charset_ is too long for one"
            stream.error = Deviation.UNSAFE_CHARSET.at(offset, detail)
            raise stream.error from None
        if label is NEED:
            return NEED
        stream.charset = label.decode("latin-1").strip()
        return None


class ReaderBase:
    """The logic of both ``MultipartReader`` classes; see there."""

    multipart_reader_cls: ClassVar[Any] = None
    part_reader_cls: ClassVar[Any]

    _stream: Any
    _last_part: Any

    def _join(self, stream: Stream, headers: Any) -> None:
        """Become the reader of the multipart that a stream has just come to."""
        event = stream.current
        if event is not None and not event.multipart:
            raise ValueError("this part is no multipart: read it with a BodyPartReader")
        self._stream = stream
        self._depth = event.depth + 1 if event is not None else 1
        self.headers: Any = event.headers if event is not None and headers is event else headers
        self._delimiter: bytes | None = None
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
        self._coming: PartBegin | None = None  # the part that was gone to, and not yet given

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
        more = self._advance()
        if more is NEED or not more:
            return NEED if more is NEED else None
        event: Any = self._coming
        self._coming = None
        return self._made(event)

    def _advance(self) -> bool | Need:
        """Go to the beginning of the next part; tell whether there is one."""
        if self._coming is not None:
            return True
        last = self._last_part
        if last is not None:
            if not last._is_over():
                # It ends at once: what a cancelled call has begun to skip is nobody's any more.
                if not isinstance(last, _Passed):
                    self._last_part = last = last._pass()
                left: Need | None = last.done()
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
        if first and event.name == "_charset_" and _names_charset(stream.settings, event):
            self._last_part = _CharsetField(stream, event)
            more: bool | Need = self._advance()
            return more
        self._coming = event
        return True

    def _made(self, event: PartBegin) -> Any:
        stream = self._stream
        try:
            if type(self)._get_part_reader is ReaderBase._get_part_reader:
                part = self._dispatch(event)  # whose headers are made when somebody asks for them
            else:
                part = self._get_part_reader(event.headers)
        except BaseException:
            # The hook failed: the part is passed by, as any that nobody wants.
            self._last_part = _Passed(stream, event.depth)
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
        return self.part_reader_cls(self._delimiter or self._boundary, headers, self._stream)

    def _leave(self) -> Need | None:
        """Leave out what is left, or give NEED."""
        while True:
            more = self._advance()
            if more is NEED:
                return NEED
            if not more:
                return None
            event, self._coming = self._coming, None
            if event is not None:
                self._last_part = _Passed(self._stream, event.depth)

    def _is_over(self) -> bool:
        return self._at_eof

    def _pass(self) -> _Passed:
        """Give nothing more; the reader around this one skips what is left."""
        left = None if self._at_eof else self._depth - 1
        self._end()
        return _Passed(self._stream, left)

    def _end(self) -> None:
        self._at_eof = True
        self._coming = None
        last = self._last_part
        if last is not None:
            last._end()
