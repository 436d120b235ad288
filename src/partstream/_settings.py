"""What holds for a whole stream: limits, policy, and how both come out of what users pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

from . import hdrs
from ._options import replace
from .deviations import Deviation
from .errors import LimitExceeded
from .limits import Limits
from .policy import Policy, check_settings

__all__ = ["Settings", "SizeError", "latin", "length_of", "mapped", "own_headers"]

#: Anything that takes the size that was allowed, as aiohttp's HTTPRequestEntityTooLarge does.
SizeError = Callable[[int], Exception]


class Settings:
    """What a reader hands on to its parts."""

    __slots__ = ("form", "limits", "policy", "size_error")

    def __init__(
        self, limits: Limits, policy: Policy, form: bool, size_error: SizeError | None
    ) -> None:
        check_settings(limits, policy)
        self.limits = limits
        self.policy = policy
        self.form = form
        self.size_error = size_error

    @property
    def mask(self) -> int:
        """The deviations that are tolerated."""
        return self.policy.form_mask if self.form else self.policy.other_mask

    def failed(self, error: LimitExceeded) -> Exception:
        """Give the error that the caller wants for a part that is too large."""
        if self.size_error is None or error.code not in ("max_read_size", "max_decoded_size"):
            return error
        return self.size_error(getattr(self.limits, error.code))


def latin(value: str) -> str:
    """Give a header value with one character a byte."""
    if value.isascii():
        return value
    try:
        raw = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that no byte of a header becomes
        raw = value.encode("utf-8", "replace")
    return raw.decode("latin-1")


def mapped(
    limits: Limits, client_max_size: int | None, max_field_size: int | None, max_headers: int | None
) -> Limits:
    """Put aiohttp's keyword arguments into limits."""
    if client_max_size is None and max_field_size is None and max_headers is None:
        return limits
    changes: dict[str, Any] = {
        "max_read_size": client_max_size,
        "max_header_line": max_field_size,
        "max_headers": max_headers,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(limits, **given)


def own_headers(headers: Any) -> CIMultiDictProxy[str]:
    """Give a mapping as what a part's headers are."""
    if isinstance(headers, CIMultiDictProxy):
        return headers  # pyright: ignore[reportUnknownVariableType]
    if isinstance(headers, CIMultiDict):
        return CIMultiDictProxy(headers)  # pyright: ignore[reportUnknownArgumentType]
    pairs = headers.items() if hasattr(headers, "items") else headers
    own = CIMultiDict((str(name), str(value)) for name, value in pairs)
    return CIMultiDictProxy(own)


def length_of(headers: CIMultiDictProxy[str], settings: Settings) -> str | None:
    """Give the Content-Length of a part, None where there is none that counts (row t3).

    Raises:
        ParseError: for one that is no plain number.
    """
    values = headers.getall(hdrs.CONTENT_LENGTH, [])
    if not values:
        return None
    if len(values) > 1 or not (values[0].isascii() and values[0].isdigit()):
        if not settings.mask & Deviation.INVALID_LENGTH.bit:
            raise Deviation.INVALID_LENGTH.at(None, repr(", ".join(values)[:40]))
        return None
    return values[0]
