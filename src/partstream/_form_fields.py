"""Fields of a form that are more than a name and text in UTF-8: charsets, encodings, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from . import hdrs
from ._backend import PartBegin
from ._form_sinks import Sink
from ._settings import latin
from .charsets import codec_for
from .decoding import Decoder
from .deviations import Deviation
from .errors import LimitExceeded, MultipartError
from .parameters import Header, content_type

if TYPE_CHECKING:
    from ._forming import Assembler

__all__ = [
    "CharsetField", "OddField", "charset_of", "decoder_of", "text_of", "too_large", "value_of",
]  # fmt: skip

_LONGEST_CHARSET: Final = 31


def decoder_of(part: PartBegin, form: Assembler) -> Decoder | None:
    """Give what undoes the Content-Transfer-Encoding of a part, None where it has none (row u).

    Raises:
        ParseError: for an encoding that is unknown.
    """
    transfer = part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING)
    if transfer is None:
        return None
    decoder = Decoder(transfer, None, form.limits)
    return None if decoder.idle else decoder


def charset_of(part: PartBegin, mask: int) -> str | None:
    """Give the charset that the Content-Type of a part names."""
    if part.content_type is None:
        return None
    header = Header(latin(part.headers[hdrs.CONTENT_TYPE]), None, mask, True)
    return content_type(header).parameters.get("charset")


def text_of(form: Assembler, data: bytes, charset: str | None, offset: int | None) -> str:
    """Decode the text of a field.

    Args:
        form: that it is in.
        data: the text.
        charset: that it is in, None for UTF-8.
        offset: where the text starts in the stream.

    Raises:
        ParseError: where the charset is unknown or unsafe (row v), or the data is no text in it.
    """
    codec = codec_for(charset) if charset else "utf-8"
    if codec is None:
        if form.policy.unsafe_charset != "utf-8":
            raise Deviation.UNSAFE_CHARSET.at(offset, repr(str(charset)[:40]))
        codec = "utf-8"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        detail = f"a field cannot be decoded with {codec} encoding, at byte {error.start} of it"
        raise Deviation.INVALID_ENCODING.at(offset, detail) from None
    return text.removeprefix("\ufeff") if codec.startswith("utf-16") else text


def value_of(form: Assembler, part: PartBegin, data: bytes, charset: str | None) -> Any:
    """Give the value of a field that is no plain text in UTF-8; see :func:`text_of`."""
    if form.decode is not None:
        return form.decode(part, data, charset)
    return text_of(form, data, charset, part.body_offset)


def too_large(form: Assembler, part: PartBegin, room: int) -> LimitExceeded:
    """Give the error for a field with more than ``room`` bytes."""
    code = "max_field_size" if room == form.limits.maxima.field_size else "max_fields_size"
    return form.limits.exceeded(code, part.body_offset + room)


class OddField(Sink):
    """A field that has a Content-Type or an encoding, or is in a form with a charset of its own.

    Args:
        form: that it is in; its budget was charged for the part's head already.
        name: of the field.
        part: the event that it began with.
        room: how many bytes it may have.
    """

    def __init__(self, form: Assembler, name: str, part: PartBegin, room: int) -> None:
        self._form = form
        self._name = name
        self._part = part
        self._most = room
        self._data = bytearray()
        self.size = 0  # as sent

    def count(self, size: int) -> None:
        """Count bytes as they were sent.

        Raises:
            LimitExceeded: where there are too many.
        """
        self.size += size
        if self.size > self._most:
            raise self._exceeded()

    def _exceeded(self) -> MultipartError:
        return too_large(self._form, self._part, self._most)

    def write(self, data: Any) -> None:
        """Take data, decoded if it was encoded."""
        self._data += data

    def finish(self) -> None:
        """Add the field to the form."""
        form, part = self._form, self._part
        form.charge_text(part.body_offset, self._name, self._data, self.size)
        charset = charset_of(part, form.policy.form_mask) or form.charset
        form.items.append((self._name, value_of(form, part, bytes(self._data), charset)))


class CharsetField(OddField):
    """The leading field that names the charset of the others (row v2; RFC 7578 section 4.6)."""

    def __init__(self, form: Assembler, part: PartBegin) -> None:
        super().__init__(form, "", part, _LONGEST_CHARSET)

    def _exceeded(self) -> MultipartError:
        detail = "the field _charset_ is too long for one"
        return Deviation.UNSAFE_CHARSET.at(self._part.body_offset, detail)

    def finish(self) -> None:
        """Let the form know."""
        self._form.take_charset(self._data)
