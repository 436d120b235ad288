"""The inputs that take most instructions a byte, of all that ``tests/fuzzing/worst.py`` found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from linear.counting import TWINS
from linear.doors import Job
from linear.worker import decoded, encoded

__all__ = ["CEILING", "FOUND", "LEAST", "Found", "load", "niches", "scored", "store"]

FOUND: Final = Path(__file__).with_name("found.json")

#: An input may take as many times what is recorded: another interpreter, another compiler.
CEILING: Final = 2.0

#: Bytes that an input counts for at least: with fewer, one odd header would be all of it.
LEAST: Final = 400

#: Doors that are searched, each with chunks of one byte and of 64 KiB, with both twins.
_DOORS: Final = ("parser", "reader, decoded", "form", "urlencoded", "parse_content_disposition")


class Found(NamedTuple):
    """One input, and the instructions that each of its bytes takes."""

    niche: str
    job: Job
    a_byte: int


def niches() -> list[str]:
    """Name all kinds of inputs, of which each has a worst one."""
    return [f"{door}/{chunk}/{twin}" for door in _DOORS for chunk in (1, 1 << 16)
            for twin in TWINS if chunk > 1 or not door.startswith("parse_")]  # fmt: skip


def load(path: Path = FOUND) -> list[Found]:
    """Give what is kept in a file; nothing where there is none."""
    kept = json.loads(path.read_text("utf-8")) if path.exists() else []
    return [Found(item["niche"], decoded(item["job"]), item["a_byte"]) for item in kept]


def store(found: Iterable[Found], path: Path) -> None:
    """Keep inputs in a file."""
    items = [{"niche": item.niche, "a_byte": item.a_byte, "job": encoded(item.job)}
             for item in sorted(found, key=lambda item: item.niche)]  # fmt: skip
    path.write_text(json.dumps(items, indent=1) + "\n", "utf-8")


def scored(job: Job, count: Callable[[Job], int]) -> float:
    """Give the instructions of each byte of a job, less what it takes without any."""
    empty = job._replace(data=b"")
    count(empty)
    base = count(empty)
    return (count(job) - base) / max(len(job.data), LEAST)
