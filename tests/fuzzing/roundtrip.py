"""What the writer of one twin writes, in any way, is read back by both readers of either twin.

Two kinds of inputs take turns: trees of parts, with all kinds of payloads, encodings and nesting;
and forms, with names, filenames and texts that no form should have.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from support import forms
from support.fuzz_trees import pick
from support.fuzzing import Finding, Outcome, Packages, Target
from support.roundtrip import AWAITED, WAYS, described, read_back
from support.twins import twin
from support.writing import KINDS, Files, build, random_tree

__all__ = ["TARGET", "Written", "check"]

#: Inputs of a batch; each takes some milliseconds.
_BATCH: Final = 40

_BLOCKING: Final = [name for name, kind in KINDS.items() if not kind.awaits]

#: What names and values are made of: what is framing somewhere, or has been.
_BITS: Final = (
    '"', "\\", '\\"', ";", "; ", "=", "%", "%25", "%2", "22", "%22", "%0D%0A", "'", "''", "utf-8''",
    "*", "\u00e9", "\u20ac", "\U0001f600", " ", "a", "name", "; filename=x", "C:\\", "/", "..", ":",
    "\t", "--", "--B", "&", "+", "\x85", "\u2028", "[", "]", "x" * 50,
)  # fmt: skip
_LINES: Final = ("\r\n", "\n", "\r", "\r\n--B\r\n", "\r\n--B--\r\n", "\r\n\r\n", "\x00")


class Written(NamedTuple):
    """An input: all of it comes from a seed."""

    seed: str


class _Differs(Exception):
    """What was read is not what was written: where, the one, and the other."""


def inputs(seed: int, number: int, choices: list[str]) -> Iterator[Written]:
    """Give the inputs of a batch."""
    for index in range(_BATCH):
        yield Written(f"{seed}:{number}:{index}")


def check(packages: Packages, given: Written) -> tuple[Outcome, Finding | None]:
    """Write with one twin, and read with both.

    Returns:
        Nothing of interest, and what was not read back, or went wrong.
    """
    rng = random.Random(given.seed)
    names = [name for name in ("c", "py") if name in packages]
    writing = pick(rng, names)
    kind = pick(rng, ("tree", "form"))
    way, stray = kind, None
    found, expected = Outcome([], None, None, None), Outcome([], None, None, None)
    try:
        (_tree if kind == "tree" else _form)(rng, packages, writing, names)
    except _Differs as differs:
        way, left, right = differs.args
        found, expected = found._replace(events=left), expected._replace(events=right)
    except Exception as error:
        stray = f"{type(error).__name__}: {error}"
    found = found._replace(stray=stray)
    clean = found == expected
    return expected, None if clean else Finding(given, f"{writing}, {way}", found, expected)


def _tree(rng: random.Random, packages: Packages, writing: str, names: list[str]) -> None:
    package, sync = packages[writing], twin(writing).module("sync")
    awaited = rng.random() < 0.3
    node = random_tree(rng, list(KINDS) if awaited else _BLOCKING)
    ways = [pick(rng, AWAITED)] if awaited else [pick(rng, list(WAYS)), pick(rng, list(WAYS))]
    with tempfile.TemporaryDirectory() as folder, Files(Path(folder)) as files:
        writer = build(node, package, sync, files)
        size, kind, expected = writer.size, writer.content_type, described(writer, node)
        found = [WAYS[way](build(node, package, sync, files)) for way in ways]
    if any(data != found[0] for data in found):
        raise _Differs(f"written by {ways}", found, [])
    if size is not None and size != len(found[0]):
        raise _Differs("the size that was told", [len(found[0])], [size])
    for name in names:
        read = read_back(packages[name], twin(name).module("sync"), kind, found[0])
        if read != expected:
            raise _Differs(f"tree, read by {name}", read, expected)


def _text(rng: random.Random, lines: bool) -> str:
    bits = _BITS + _LINES[:6] if lines else _BITS
    return "".join(pick(rng, bits) for _ in range(int(rng.random() * 6)))


def _form(rng: random.Random, packages: Packages, writing: str, names: list[str]) -> None:
    package = packages[writing]
    writer = package.MultipartWriter("form-data", boundary=pick(rng, ("B-" * 9, "--x" * 5, None)))
    fields, files = [], []
    for _ in range(int(rng.random() * 5)):
        name, value = _text(rng, rng.random() < 0.3), _text(rng, True)
        filename = _text(rng, False) if rng.random() < 0.5 else None
        try:
            if filename is None and rng.random() < 0.3:
                writer.append_fields({name: value})
            elif filename is None:
                writer.append(value, name=name)
            else:
                writer.append(value.encode(), name=name, filename=filename)
        except ValueError:
            continue  # a name that would be read as another one by most
        if filename is None:
            fields.append((_decoded(name), value))
        else:
            files.append((_decoded(name), _decoded(filename), value.encode()))
    data = pick(rng, ("iteration", "read", "write", "chunks"))
    body = WAYS[data](writer)
    for name in names:
        for door in forms.NAMES:
            _parse(forms.Forms(door, packages[name], twin(name).module), writer.content_type,
                   body, fields, files)  # fmt: skip


def _parse(form: forms.Forms, kind: str, data: bytes, fields: list[Any], files: list[Any]) -> None:
    with form.open(data, kind) as made:
        read = (list(made.fields.items()), form.content(made))
    if read != (fields, files):
        raise _Differs(f"form, {form.name}, of {data!r}", [read], [(fields, files)])


def _decoded(name: str) -> str:
    """Undo what a name that looks escaped already is read as (row g of the behaviour table)."""
    for escape, plain in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        name = name.replace(escape, plain)
    return name


def _dump(given: Written) -> dict[str, Any]:
    return given._asdict()


TARGET: Final = Target("roundtrip", _BATCH, inputs, check, _dump, lambda kept: Written(**kept))
