"""Payloads that lie in memory: bytes, text, JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

from multidict import CIMultiDict

from . import hdrs
from ._head import charset_in
from ._passes import Steps, sliced
from ._payload import Headers, Payload, guess_type

__all__ = [
    "BytesPayload", "JsonBytesPayload", "JsonPayload", "StringIOPayload", "StringPayload",
    "text_charset",
]  # fmt: skip


class BytesPayload(Payload):
    """Bytes, as ``application/octet-stream`` by default.

    Args:
        value: bytes, a bytearray or a memoryview.  It is not copied: what is written is what it
            holds then.
        args: as of :class:`Payload`.
        kwargs: as of :class:`Payload`.

    Raises:
        TypeError: for anything else.
        ValueError: for a declared size that is not its own.
    """

    _value: bytes | bytearray | memoryview
    _autoclose = True

    def __init__(self, value: bytes | bytearray | memoryview, *args: Any, **kwargs: Any) -> None:
        if not isinstance(value, bytes):
            value = self._view(value)
        super().__init__(value, *args, **kwargs)
        if self._size is not None and self._size != len(value):
            raise ValueError(f"size={self._size}: there are {len(value)} bytes; leave it out")
        self._size = len(value)

    @staticmethod
    def _view(value: bytearray | memoryview) -> bytes | bytearray | memoryview:
        if isinstance(value, bytearray):
            return value
        if not isinstance(value, memoryview):
            raise TypeError(f"value argument must be byte-ish, not {type(value)!r}")
        try:
            return value.cast("B")
        except (TypeError, ValueError):  # with gaps, or of items that memoryview does not know
            return value.tobytes()

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self._value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Give the bytes as text.

        Args:
            encoding: the charset.
            errors: as of ``bytes.decode()``.
        """
        return bytes(self._value).decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Give the bytes; the arguments mean nothing here."""
        return bytes(self._value)

    def _steps(self) -> Steps:
        return sliced(self._value)


class StringPayload(BytesPayload):
    """Text, as ``text/plain; charset=utf-8`` by default.

    Args:
        value: the text.
        headers: of the part; they win over what is set by default.
        args: as of :class:`Payload`.
        encoding: the charset that it is written in; by default the one that the Content-Type
            names, or UTF-8.
        content_type: the part's Content-Type.
        kwargs: as of :class:`Payload`.

    Raises:
        ValueError: for a charset that Python does not know, and for text that it cannot hold.
    """

    def __init__(
        self,
        value: str,
        headers: Headers | None = None,
        *args: Any,
        encoding: str | None = None,
        content_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        name = kwargs.get("filename")
        if headers is None and encoding is None and content_type is None and name is None:
            encoding, content_type = "utf-8", "text/plain; charset=utf-8"
        else:
            headers = CIMultiDict(headers or ())
            encoding, content_type = text_charset(encoding, content_type, headers, name)
        try:
            data = value.encode(encoding)
        except LookupError:
            raise ValueError(f"unknown charset {encoding!r}: see the codecs of Python") from None
        kwargs.update(encoding=encoding, content_type=content_type)
        super().__init__(data, headers, *args, **kwargs)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Give the text; the arguments are for what is not text of its own charset."""
        return bytes(self._value).decode(self._encoding or encoding, errors)


def text_charset(
    encoding: str | None,
    content_type: str | None,
    headers: CIMultiDict[str],
    filename: str | None = None,
) -> tuple[str, str]:
    """Find out in which charset text is to be written, and as what.

    Returns:
        The charset and the Content-Type.
    """
    given = headers.getall(hdrs.CONTENT_TYPE, [content_type])[-1]
    if encoding is None:
        encoding = (charset_in(given) if given is not None else None) or "utf-8"
    if content_type is not None:
        return encoding, content_type
    guessed = guess_type(filename) if filename else None
    if guessed is not None and not guessed.startswith("text/") and encoding == "utf-8":
        return encoding, guessed  # such as JSON: its charset goes without saying
    kind = guessed if guessed is not None and guessed.startswith("text/") else "text/plain"
    return encoding, f"{kind}; charset={encoding}"


class StringIOPayload(StringPayload):
    """What a ``StringIO`` holds from its position on, read at once.

    Args:
        value: the ``StringIO``, or any file of text.
        args: as of :class:`StringPayload`.
        kwargs: as of :class:`StringPayload`.
    """

    def __init__(self, value: IO[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(value.read(), *args, **kwargs)


def json_text(value: Any) -> str:
    """Give ``json.dumps(value)``."""
    import json  # when it is used: most bodies hold none

    return json.dumps(value)


class JsonPayload(BytesPayload):
    """Any value as JSON (RFC 8259).

    Args:
        value: what ``dumps`` takes.
        encoding: the charset, UTF-8 unless somebody has another wish.
        content_type: the part's Content-Type.
        dumps: gives the text, or as ``orjson.dumps`` does, the bytes.
        args: as of :class:`Payload`.
        kwargs: as of :class:`Payload`.
    """

    def __init__(
        self,
        value: Any,
        encoding: str = "utf-8",
        content_type: str = "application/json",
        dumps: Callable[[Any], str | bytes] = json_text,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        text = dumps(value)
        data = text.encode(encoding) if isinstance(text, str) else text
        kwargs.update(content_type=content_type, encoding=encoding)
        super().__init__(data, *args, **kwargs)


class JsonBytesPayload(JsonPayload):
    """Any value as JSON, for a ``dumps`` that gives bytes.

    Args:
        value: what ``dumps`` takes.
        dumps: gives the bytes.
        content_type: the part's Content-Type.
        args: as of :class:`Payload`.
        kwargs: as of :class:`Payload`.
    """

    def __init__(
        self,
        value: Any,
        dumps: Callable[[Any], bytes],
        content_type: str = "application/json",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(value, "utf-8", content_type, dumps, *args, **kwargs)
