"""What a part knows without waiting for anything.

``reader.py`` and ``sync.py`` add the methods that wait, each a line or two over what is here and,
for the readers of parts, in ``_readers.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from multidict import CIMultiDictProxy

from . import hdrs
from ._backend import PartBegin
from ._body import Body
from ._item import Item
from ._need import NEED, Need
from ._part_flow import PartFlow
from ._passed import Passed
from ._settings import Settings, latin
from ._stream import Stream
from .charsets import codec_for
from .decoding import Decoder
from .deviations import Deviation
from .errors import LimitExceeded
from .parameters import ContentType, Header, content_type, disposition
from .ranges import ContentRange, parse_content_range

__all__ = ["PartBase"]

#: The body of a part that was read whole at once: one for all of them, which nobody changes.
_READ: Final[Any] = Body(None, 0)  # type: ignore[arg-type]
_READ.ended = True

_LARGE_CODED: Final = 4096  # bytes that may be so much more once they are inflated
_LARGE: Final = 1 << 20


class PartBase(Item):
    """The logic of both ``BodyPartReader`` classes; see there."""

    _boundary: bytes
    _stream: Any
    _settings: Settings
    _body: Body | None
    _event: PartBegin | None
    _own_headers: CIMultiDictProxy[str] | None
    _default_charset: str | None
    _decoder: Decoder | None
    _base64: bool | None

    def _join(self, stream: Stream, headers: Any, charset: str | None) -> None:
        """Become the part that a stream has just come to."""
        event = stream.current
        if event is not None and event.multipart:
            raise ValueError("this part is a multipart: read it with a MultipartReader")
        self._begin(stream, stream.settings, event, charset or stream.charset)
        if headers is not event:
            self._own_headers = headers
            if event is not None and headers is not event.headers:
                self._event = None  # the names are those that these headers say

    def _stand_alone(
        self, stream: PartFlow, headers: Any, settings: Settings, charset: str | None
    ) -> None:
        """Become a part whose headers somebody else has read."""
        self._begin(stream, settings, None, charset)
        self._own_headers = headers

    def _begin(
        self, stream: Any, settings: Settings, event: PartBegin | None, charset: str | None
    ) -> None:
        self._stream = stream
        self._settings = settings
        self._event = event
        self._body = None  # nobody has begun to read
        self._own_headers = None
        self._default_charset = charset
        self._decoder = None  # of decode_iter(), amid the body
        self._base64 = None  # whether it is in base64, once somebody has asked

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
        return self._opened().complete

    @property
    def _at_eof(self) -> bool:
        return self._is_over()

    @_at_eof.setter
    def _at_eof(self, value: bool) -> None:
        if value:
            self._opened().close()

    @property
    def _content(self) -> Any:
        return self._stream

    def at_eof(self) -> bool:
        """Tell whether nothing is left to be read."""
        return self._is_over()

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

    def _opened(self) -> Body:
        """Give the body, as what is to be read.

        Steps call it by the class: compiled, a call by the instance looks for an override first.
        """
        if self._body is None or self._body is _READ:
            event = self._event
            body = Body(self._stream, event.depth if event is not None else 0)
            body.ended = self._body is _READ
            self._body = body
        return self._body

    def _is_over(self) -> bool:
        return self._body is not None and self._body.over()

    def _leave(self) -> Need | None:
        return PartBase._opened(self).skip()

    def _pass(self) -> Passed:
        """Give nothing more; the reader around this part skips what is left."""
        body = PartBase._opened(self)
        left = None if body.ended else body.depth
        body.close()
        return Passed(self._stream, left, body)

    def _end(self) -> None:
        PartBase._opened(self).close()

    def _all(self) -> bytes | Need:
        """Give all that is left, or NEED."""
        if self._body is None:
            data = self._whole()
            if data is not None:
                return data
        elif self._body is _READ:
            return b""
        try:
            return PartBase._opened(self).all(self._stream.read_size)
        except LimitExceeded as error:
            raise self._settings.failed(error) from None

    def _all_now(self) -> bytes | Need:
        """Do as :meth:`_all`; NEED also where it is not the time for it."""
        stream = self._stream
        return NEED if stream.filling or stream.busy else PartBase._all(self)

    def _whole(self) -> bytes | None:
        """Read a body that is at hand as one piece with its end, as nearly every field is.

        Where it is not, what was taken of it stands in the body.
        """
        stream = self._stream
        data = stream.take()
        if type(data) is bytes:
            end = stream.take_end()
            if end is not None and end.complete and len(data) <= stream.read_size:
                self._body = _READ
                return data
            PartBase._opened(self).put(data, end)
        elif data is not NEED:
            PartBase._opened(self).put(b"", data)
        return None

    def _line(self) -> bytes | Need:
        try:
            return PartBase._opened(self).line(self._stream.read_size)
        except LimitExceeded as error:
            raise self._settings.failed(error) from None

    def _piece(self) -> bytes | Need:
        return PartBase._opened(self).chunk()

    def _some(self, size: int) -> bytes | Need:
        if size < 1:
            raise ValueError(f"read_chunk(size={size}): must be at least 1")
        if self._base64 is None:
            transfer = self.headers.get(hdrs.CONTENT_TRANSFER_ENCODING)
            self._base64 = transfer is not None and transfer.strip().lower() == "base64"
        body = PartBase._opened(self)
        data = body.quartets(size) if self._base64 else body.some(size)
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
        if self._is_over():
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
