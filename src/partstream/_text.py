"""Bytes of a part, as text and what text can stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from ._later import Later
from .deviations import Deviation

if TYPE_CHECKING:
    import json
else:
    json = Later("json")

__all__ = ["as_form", "as_json", "as_text"]

_UTF8: Final = frozenset({"utf-8", "utf8"})
_JSON_SPACE: Final = " \t\r\n"


def as_text(data: bytes, codec: str) -> str:
    """Decode text; a byte order mark is none of it (WHATWG Encoding, section 6).

    Raises:
        ParseError: where the bytes are no text in this codec.
    """
    try:
        text = data.decode("utf-8-sig" if codec.lower() in _UTF8 else codec)
    except UnicodeDecodeError as error:
        detail = f"data cannot be decoded with {codec} encoding, at byte {error.start}"
        raise Deviation.INVALID_ENCODING.at(None, detail) from None
    return text.removeprefix("\ufeff") if codec.startswith("utf-16") else text


def as_json(data: bytes, codec: str, loads: Callable[[str], Any] | None) -> Any:
    """Give what a JSON text stands for, None where there is none.

    Raises:
        ParseError: where it is no JSON, or nests too deeply to be read.
    """
    text = as_text(data, codec)
    if not text.strip(_JSON_SPACE):
        return None
    try:
        return (loads or json.loads)(text)
    except (ValueError, RecursionError) as error:
        raise Deviation.INVALID_JSON.at(None, str(error)) from error


def as_form(data: bytes, codec: str) -> list[tuple[str, str]]:
    """Give the pairs of ``application/x-www-form-urlencoded`` (WHATWG URL, section 5.1).

    Raises:
        ParseError: where the bytes are no text in this codec.
    """
    return parse_qsl(as_text(data, codec).rstrip(), keep_blank_values=True, encoding=codec)
