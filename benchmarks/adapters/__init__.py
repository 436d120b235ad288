"""The contenders. Each is imported when it is asked for: no peer is needed to run the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

from .. import twins
from ..cases import Record, Workload
from .own import adapter

__all__ = ["BASELINE", "NAMES", "Parse", "load"]

#: One parser behind the common task: the same chunks in, the same records out.
Parse = Callable[[Workload], list[Record]]

#: All ratios are against this one.
BASELINE = "multipart"


def _peer(module: str) -> Callable[[], Parse]:
    def parse_of() -> Parse:
        parse: Parse = import_module(f".{module}", __package__).parse
        return parse

    return parse_of


def _twin(backend: str) -> Callable[[], Parse]:
    return lambda: adapter(twins.load(backend))


_PARSERS: dict[str, Callable[[], Parse]] = {
    "partstream-c": _twin("c"),
    "partstream-py": _twin("py"),
    BASELINE: _peer("multipart_push"),
    "python-multipart": _peer("python_multipart"),
    "werkzeug": _peer("werkzeug_sansio"),
    "streaming-form-data": _peer("streaming_form"),
    "emmett-core": _peer("emmett"),
    "django": _peer("django_lower"),
    "null": _peer("null"),
}
NAMES = tuple(name for name in _PARSERS if name != "null")


@cache
def load(name: str) -> Parse:
    """The adapter of that name; ImportError where the peer is not installed."""
    return _PARSERS[name]()
