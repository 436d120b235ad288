"""Any cut of a stream equals the whole: for the parser, both readers, and both kinds of parse_form.

A reader reads each part in a way that the stream itself chooses, so that it is the same one for
each cut; what may differ between two cuts (how much a chunk of a part holds) is put together.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, Final

from support import forms, fuzz_inputs
from support.events import Settings
from support.fuzz_inputs import Input
from support.fuzzing import Finding, Outcome, Packages, Target, cuts, outcome
from support.reading import Reading
from support.twins import twin

__all__ = ["TARGET", "check", "doors"]

#: Ways to read a part, and what to do with it instead.
_STEPS: Final = ("read", "read", "decoded", "text", "lines", "chunks", "iterated", "partly", "skip",
                 "release")  # fmt: skip

#: Takes settings and chunks.
Door = Callable[[Settings, list[Any]], Outcome]


def content_type(settings: Settings) -> str:
    """Give the value of a Content-Type."""
    return f'multipart/{settings.subtype}; boundary="{settings.boundary}"'


def doors(package: ModuleType, sync: ModuleType, steps: int = 0) -> dict[str, Door]:
    """Give the ways into a twin.

    Args:
        package: the twin.
        sync: its module of that name.
        steps: chooses how parts are read.
    """
    found: dict[str, Door] = {"parser": partial(outcome, package)}
    for name in ("async", "sync"):
        found[f"{name} reader"] = partial(_read, Reading(name, package, sync), steps)
    for name in forms.NAMES:
        form = forms.Forms(name, package, lambda _: sync)
        found[f"{name} form"] = partial(_form, form, content_type)
        found[f"{name} urlencoded"] = partial(_form, form, _urlencoded)
    return found


def _urlencoded(settings: Settings) -> str:
    return "application/x-www-form-urlencoded"


def _form(
    form: forms.Forms, kind: Callable[[Settings], str], settings: Settings, chunks: list[Any]
) -> Outcome:
    package = form.package
    limits = forms.limits_of(package, dict(settings.limits))
    policy = settings.made(package)[1]
    events: list[Any] = []
    fault = stray = None
    try:
        call = form.module.parse_form(
            kind(settings), form.source(chunks), policy=policy, limits=limits
        )
        made = forms.driven(call)
        try:
            events = [*made.fields.items(), made.complete]
            for name, file in made.files.items():
                told = (file.filename, file.content_type, tuple(file.headers.items()), file.size)
                events.append((name, *told, forms.driven(file.read())))
        finally:
            form.close(made)
    except package.MultipartError as error:
        fault = _fault(error)
    except Exception as error:
        stray = f"{type(error).__name__}: {error}"
    return Outcome(events, fault, None, stray)


def _fault(error: Any) -> tuple[Any, ...]:
    return (type(error).__name__, error.code, error.offset, str(error))


def _read(reading: Reading, steps: int, settings: Settings, chunks: list[Any]) -> Outcome:
    package = reading.package
    events: list[Any] = []
    fault = stray = None
    limits, policy = settings.made(package)
    try:
        reader = reading.module.MultipartReader(
            content_type(settings), reading.source(chunks), limits=limits, policy=policy
        )
        for event in _walk(reading, reader, steps, 0):
            events.append(event)
    except package.MultipartError as error:
        fault = _fault(error)
    except Exception as error:
        stray = f"{type(error).__name__}: {error}"
    return Outcome(events, fault, None, stray)


def _walk(reading: Reading, reader: Any, steps: int, depth: int) -> Iterator[tuple[Any, ...]]:
    for number, part in enumerate(reading.each(reader)):
        step = _STEPS[zlib.crc32(b"%d %d %d" % (steps, depth, number)) % len(_STEPS)]
        yield (depth, step, tuple(part.headers.items()))
        if step == "release":
            reading.done(part.release())
        elif isinstance(part, reading.module.MultipartReader):
            if step != "skip":
                yield from _walk(reading, part, steps, depth + 1)
        elif step != "skip":
            yield (part.name, part.filename, _content(reading, part, step), part.complete)


def _content(reading: Reading, part: Any, step: str) -> Any:
    """Read a part; an error that is of its content, and not of the stream, is its content."""
    try:
        return _WAYS[step](reading, part)
    except reading.package.MultipartError as error:
        return _fault(error)


def _lines(reading: Reading, part: Any) -> list[bytes]:
    found = []
    while line := reading.done(part.readline()):
        found.append(line)
    return found


def _chunks(reading: Reading, part: Any) -> bytes:
    found = bytearray()
    while chunk := reading.done(part.read_chunk(7)):
        if len(chunk) > 7:
            raise ValueError("read_chunk() gave more than was asked for")
        found += chunk
    return bytes(found)


def _partly(reading: Reading, part: Any) -> None:
    reading.done(part.read_chunk(5))


_WAYS: Final[dict[str, Callable[[Reading, Any], Any]]] = {
    "read": lambda reading, part: reading.done(part.read()),
    "decoded": lambda reading, part: reading.done(part.read(decode=True)),
    "text": lambda reading, part: reading.done(part.text()),
    "lines": _lines,
    "chunks": _chunks,
    "iterated": lambda reading, part: b"".join(reading.each(part)),
    "partly": _partly,
}


def check(packages: Packages, given: Input) -> tuple[Outcome, Finding | None]:
    """Go through each door of each twin, with the stream cut in several ways.

    Returns:
        What the parser of the first twin gave for the whole, and the first way that differs from
        what the same door of the first twin gave for the whole.
    """
    settings, data, places = given
    steps = zlib.crc32(data)
    wholes: dict[str, Outcome] = {}
    for name in ("c", "py"):
        if name not in packages:
            continue
        package = packages[name]
        for door, enter in doors(package, twin(name).module("sync"), steps).items():
            if door.endswith("form") and settings.subtype != "form-data":
                continue
            for cut, chunks in cuts(data, places):
                found = enter(settings, chunks)
                expected = wholes.setdefault(door, found)
                if found.stray is not None or found != expected:
                    way = f"{name}, {door}, {cut}"
                    return wholes["parser"], Finding(given, way, found, expected)
    return wholes["parser"], None


TARGET: Final = Target(
    "chunking", fuzz_inputs.BATCH, fuzz_inputs.batch, check, fuzz_inputs.dumped, fuzz_inputs.loaded
)
