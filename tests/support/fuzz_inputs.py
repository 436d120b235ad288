"""Inputs for ``ci/fuzz``: made fast, and the same again from a seed and the number of a batch."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from email.message import Message
from functools import cache
from types import ModuleType
from typing import Any, Final, NamedTuple

from support import corpus, fuzz_trees, generate
from support.events import Settings
from support.fuzz_trees import pick

#: Inputs of a batch.
BATCH: Final = 1000

#: Sources of streams in a batch, each with settings of its own: making those costs more than
#: parsing with them.
_SOURCES: Final = 40

#: Bytes of a captured body that are taken: headers and delimiters stand in them, and more bytes
#: would only be more data.
_BODY: Final = 2000

#: What a header is made of, beside the tokens of streams.
_BITS: Final = (
    b'"', b"\\", b";", b"; ", b"=", b"*", b"*0", b"*1*=", b"%22", b"%0D", b"utf-8''", b":", b": ",
    b"\r\n ", b"\r\n\t", b"form-data", b"attachment", b"name", b"filename", b"name=", b"multipart/",
    b"Content-Length: ", b"Content-Type: ", b"9" * 20, b"+1", b"\x7f", b"\x80",
)  # fmt: skip

Stream = Callable[[], bytes]


class Input(NamedTuple):
    """A stream, what to parse it with, and where to cut it once."""

    settings: Settings
    data: bytes
    places: tuple[int, ...]


def dumped(given: Input) -> dict[str, Any]:
    """Give an input as JSON can hold it."""
    settings = {item.name: getattr(given.settings, item.name)
                for item in dataclasses.fields(Settings) if item.init}  # fmt: skip
    return {"settings": settings, "data": given.data.decode("latin-1"), "places": given.places}


def loaded(kept: dict[str, Any]) -> Input:
    """Give an input again that was dumped."""
    data, places = kept["data"].encode("latin-1"), tuple(kept["places"])
    return Input(Settings(**kept["settings"]), data, places)


@cache
def captured() -> tuple[tuple[str, str, bytes], ...]:
    """Give boundary, subtype and body of each captured message."""
    found = []
    for name in corpus.names():
        case = corpus.load(name)
        header = Message()
        header["Content-Type"] = case.content_type
        boundary = header.get_boundary()
        if boundary and len(boundary) <= 70 and boundary.isascii():
            found.append((boundary, header.get_content_subtype(), case.body))
    return tuple(found)


def tolerances(package: ModuleType) -> list[str]:
    """Name the fields of Policy that say where something is tolerated."""
    known = ("never", "form", "other", "always")
    return [field.name for field in dataclasses.fields(package.Policy) if field.default in known]


def batch(seed: int, number: int, choices: list[str]) -> Iterator[Input]:
    """Give the inputs of a batch, which depend on seed and number alone.

    Args:
        seed: of the whole run.
        number: of the batch.
        choices: what :func:`tolerances` gave.
    """
    # A str is hashed in a way that is the same in each process.
    rng = random.Random(f"{seed}:{number}")
    sources = [_source(rng, choices) for _ in range(_SOURCES)]
    for _ in range(BATCH):
        settings, stream = sources[int(rng.random() * _SOURCES)]
        data = stream()
        yield Input(settings, data, _places(rng, data))


def _places(rng: random.Random, data: bytes) -> tuple[int, ...]:
    """Say where to cut; a place that stands there twice makes an empty chunk."""
    size = len(data)
    places = []
    for _ in range(int(rng.random() * 7)):
        at = int(rng.random() * (size + 1))
        if rng.random() < 0.5:
            # A cut in a delimiter, or right behind it, says more than one in data.
            at = data.find(b"--", at)
            at = min(at + int(rng.random() ** 2 * 48), size) if at >= 0 else size
        places.append(at)
    return tuple(sorted(places))


def _source(rng: random.Random, choices: list[str]) -> tuple[Settings, Stream]:
    settings = generate.settings(rng, choices)
    kind = rng.random()
    if kind < 0.2:
        return settings, lambda: generate.stream(rng)
    if kind < 0.35:
        made = [generate.stream(rng) for _ in range(4)]
        tokens = (*generate.TOKENS, *_BITS)
        return settings, lambda: mutated(rng, pick(rng, made), tokens, pick(rng, made))
    if kind < 0.45:
        longer = generate.lengthened(settings, b"")[0]
        return longer, lambda: generate.lengthened(settings, generate.stream(rng))[1]
    if kind < 0.75:
        return _tree_source(rng, settings)
    return _captured_source(rng, settings)


def _tree_source(rng: random.Random, settings: Settings) -> tuple[Settings, Stream]:
    """Give streams that are nearly right, every other one with a few changes."""
    boundary = pick(rng, ("B", "B", "a b", ":", "x" * 70, "----Form1"))
    raw = boundary.encode()
    tokens = (*(token.replace(b"B", raw) for token in generate.TOKENS), *_BITS)
    settings = dataclasses.replace(
        settings,
        boundary=boundary if rng.random() < 0.9 else f"--{boundary}"[:70],
        nested=rng.random() < 0.8,
        limits=fuzz_trees.limits(rng),
    )

    def stream() -> bytes:
        data = fuzz_trees.tree(rng, raw)
        return data if rng.random() < 0.5 else mutated(rng, data, tokens, data)

    return settings, stream


def _captured_source(rng: random.Random, settings: Settings) -> tuple[Settings, Stream]:
    """Give mutations of a captured body, or of what stands from one of its delimiters on."""
    boundary, subtype, body = pick(rng, captured())
    raw = boundary.encode()
    other = pick(rng, captured())
    donor = other[2].replace(other[0].encode(), raw)
    if rng.random() < 0.5:
        body = body[max(body.find(b"--" + raw, int(rng.random() * len(body))), 0) :]
    body = body[:_BODY]
    tokens = (*(token.replace(b"B", raw) for token in generate.TOKENS), *_BITS)
    limits = settings.limits
    if rng.random() < 0.8:  # those of generate end most of these streams at their first header
        limits = {name: rng.randrange(3, 1500) for name in limits}
    settings = dataclasses.replace(
        settings,
        boundary=boundary if rng.random() < 0.9 else f"--{boundary}"[:70],
        subtype=subtype if rng.random() < 0.7 else settings.subtype,
        limits=limits,
    )
    return settings, lambda: mutated(rng, body, tokens, donor)


def mutated(rng: random.Random, data: bytes, tokens: Sequence[bytes], donor: bytes) -> bytes:
    """Give the data with a few changes.

    Args:
        rng: what chooses.
        data: what is changed.
        tokens: what is put in.
        donor: whose bytes are put in.
    """
    found = bytearray(data)
    for _ in range(1 + int(rng.random() * 4)):
        size = len(found)
        at = int(rng.random() * (size + 1))
        length = int(rng.random() ** 3 * 60) + 1
        kind = int(rng.random() * 9)
        if kind == 0:
            found[at : at + 1] = bytes((int(rng.random() * 256),))
        elif kind == 1:
            del found[at : at + length]
        elif kind == 2:
            found[at:at] = found[at : at + length]
        elif kind == 3:
            start = int(rng.random() * size)
            found[at:at] = found[start : start + length * 3]
        elif kind == 4:
            start = int(rng.random() * len(donor))
            found[at : at + length] = donor[start : start + length * 3]
        elif kind == 5 and rng.random() < 0.4:
            del found[at:]
        elif kind == 5:
            found[at:] = donor[int(rng.random() * len(donor)) :][:_BODY]
        elif kind == 6:
            found[at : at + length] = pick(rng, tokens)
        else:
            found[at:at] = pick(rng, tokens)
    return bytes(found)
