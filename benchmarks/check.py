"""Whether a contender did the work: compared with what was written, before anything is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .cases import Record
from .timing import TooLong, time_limit

OK, WRONG, REFUSED, STOPPED = "ok", "wrong", "refused", "stopped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one checked pass; `reason` says what a footnote has to."""

    status: str
    seconds: float
    reason: str = ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}...{text[-16:]}"


def _first_difference(got: list[Record], wanted: list[Record]) -> str:
    labels = ("name", "filename", "content type", "content")
    for number, (mine, right) in enumerate(zip(got, wanted, strict=False)):
        for label, value, expected in zip(labels, mine, right, strict=True):
            if value != expected:
                part = f"part {number}, {label}:"
                return f"{part} {_shown(value)} instead of {_shown(expected)}"
    return f"{len(got)} parts instead of {len(wanted)}"


def examine(parse: Callable[[], list[Record]], wanted: list[Record], limit: float) -> Verdict:
    """Run one pass, for at most `limit` seconds, and judge what it gave.

    Any exception of a parser is an answer here: the case is refused, and the table says why.
    """
    start = time.perf_counter()
    try:
        with time_limit(limit):
            got = parse()
    except TooLong:
        return Verdict(STOPPED, limit, f"stopped after {limit:.0f} s")
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return Verdict(REFUSED, time.perf_counter() - start, " ".join(reason.split())[:160])
    seconds = time.perf_counter() - start
    if got != wanted:
        return Verdict(WRONG, seconds, _first_difference(got, wanted))
    return Verdict(OK, seconds)
