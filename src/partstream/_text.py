"""Bytes of a part, as text and what text can stand for."""

from __future__ import annotations

import sys
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
#: How deep JSON may nest on WebAssembly, whose stack Python cannot measure: what nests too deeply
#: ends the interpreter there. Elsewhere ``json`` knows its limit, and this is None.
_DEEPEST: Final[int | None] = 1000 if sys.platform == "emscripten" else None
#: Where ``json`` raises SystemError, too, for some texts that are none, as U+3000, and may raise a
#: ValueError whose text cannot be read.
_PYPY: Final = sys.implementation.name == "pypy"
_NO_JSON: Final[tuple[type[Exception], ...]] = (
    (ValueError, RecursionError, SystemError) if _PYPY else (ValueError, RecursionError)
)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


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
    if loads is None and _DEEPEST is not None and _nests_deeper(text, _DEEPEST):
        raise Deviation.INVALID_JSON.at(None, f"it nests deeper than {_DEEPEST} levels")
    try:
        return (loads or json.loads)(text)
    except _NO_JSON as error:
        detail = type(error).__name__ if _PYPY else str(error)
        raise Deviation.INVALID_JSON.at(None, detail) from error


def _nests_deeper(text: str, most: int) -> bool:
    """Whether brackets of a JSON text nest deeper than that; of what is no JSON, up to there."""
    if text.count("[") + text.count("{") <= most:
        return False
    outside = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])  # of strings
    depth = 0
    for bracket in outside.encode("ascii", "ignore").translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > most:
            return True
    return False


def as_form(data: bytes, codec: str) -> list[tuple[str, str]]:
    """Give the pairs of ``application/x-www-form-urlencoded`` (WHATWG URL, section 5.1).

    Raises:
        ParseError: where the bytes are no text in this codec.
    """
    return parse_qsl(as_text(data, codec).rstrip(), keep_blank_values=True, encoding=codec)
