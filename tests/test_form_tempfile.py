"""The file that ASGI frameworks hand out: it is to be told from no ``SpooledTemporaryFile``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Module = Callable[[str], ModuleType]
PIECES = [b"ab\ncd", bytearray(b"e" * 9000), b"\n" + b"x" * 20_000, b"", b"the end"]
DATA = b"".join(PIECES)
#: Enough for all of it, for half of it, for nothing of it.
ROOMS = [1 << 20, len(DATA) // 2, 0]


class _Head:
    name = filename = "f"


def made(ps_module: Module, pieces: list[Any], room: int) -> Any:
    """Give our file with that content, which came in those pieces."""
    spool, module = ps_module("_form_spool"), ps_module("_form_tempfile")
    limits = ps_module("limits").Limits(max_spool_size=room, max_spool_total=1 << 20)
    given: list[Any] = []
    sink = module.TempfileSink(_Head, spool.Memory(limits), lambda sink: given.append(sink.file))
    for piece in pieces:
        if sink.room >= len(piece) and not sink.on_disk:
            sink.write(piece)
        else:
            sink.writelines([piece])
    sink.finish()
    return given[0]


def usual(data: bytes, room: int) -> Any:
    """Give the file of the standard library with that content."""
    file = tempfile.SpooledTemporaryFile(max_size=room)  # noqa: SIM115
    file.write(data)
    if len(data) > room:
        file.rollover()
    file.seek(0)
    return file


STEPS: dict[str, Callable[[Any], Any]] = {
    "read": lambda f: (f.read(), f.read(), f.tell()),
    "read twice": lambda f: (f.read(), f.seek(0), f.read(-1), f.seek(0), f.read(None)),
    "read some": lambda f: (f.read(7), f.tell(), f.read(9000), f.read(), f.read(1)),
    "read behind": lambda f: (f.seek(0, 2), f.read(), f.tell()),
    "size": lambda f: (f.seek(0, 2), f.tell(), f.seek(0), f.read(3)),
    "places": lambda f: (f.seek(5), f.read(4), f.seek(2, 1), f.tell(), f.seek(-3, 2), f.read()),
    "here": lambda f: (f.seek(0, 2), f.seek(0, 1), f.tell(), f.read()),
    "lines": lambda f: (f.readline(), f.readlines()),
    "iterate": lambda f: list(f),
    "write": lambda f: (f.seek(0, 2), f.write(b"more"), f.seek(0), f.read()),
    "overwrite": lambda f: (f.read(3), f.write(b"XX"), f.tell(), f.seek(0), f.read()),
    "read, then write": lambda f: (f.read(), f.write(b"more"), f.seek(0), f.read()),
    "writelines": lambda f: (f.writelines([b"1", b"2"]), f.tell(), f.seek(0), f.read()),
    "truncate": lambda f: (f.seek(3), f.truncate(), f.seek(0), f.read()),
    "grow": lambda f: (f.seek(0, 2), f.write(b"m" * (1 << 20)), f._rolled, f.seek(0), f.read()),
    "roll over": lambda f: (f.read(2), f.rollover(), f._rolled, f.tell(), f.read()),
    "roll over behind": lambda f: (f.seek(0, 2), f.rollover(), f.tell(), f.seek(0), f.read()),
    "on disk": lambda f: (f.fileno() > 2, f._rolled, f.read()),
    "what it is": lambda f: (f._rolled, f._max_size, f.closed, f.isatty(), f.mode),
    "close": lambda f: (f.close(), f.closed, f.close()),
    "with": lambda f: (f.__enter__() is f, f.__exit__(None, None, None), f.closed),
    "closed, then read": lambda f: (f.close(), f.read()),
    "closed, then seek": lambda f: (f.close(), f.seek(0)),
    "read, closed, then seek": lambda f: (f.read(), f.close(), f.seek(0, 2)),
    "closed, then tell": lambda f: (f.close(), f.tell()),
    "a bad place": lambda f: f.seek(-1),
    "a bad whence": lambda f: f.seek(0, 9),
}


def outcome(step: Callable[[Any], Any], file: Any) -> Any:
    """Give what a step gives, or the class of what it raises, and that the file can be closed."""
    try:
        return step(file)
    except (ValueError, OSError) as error:
        return "raised", isinstance(error, ValueError)
    finally:
        file.close()
        assert file.closed


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("pieces", [PIECES, [DATA], []], ids=["pieces", "one", "none"])
def test_it_does_as_the_usual_one(
    ps_module: Module, pieces: list[Any], step: Callable[[Any], Any], room: int
) -> None:
    data = b"".join(pieces)
    if not room:
        pieces = [*pieces, b""]  # what goes to disk whatever it is
    file = made(ps_module, pieces, room)
    assert isinstance(file, tempfile.SpooledTemporaryFile)
    other = usual(data, room)
    if file._rolled and not other._rolled:
        other.rollover()
    assert outcome(step, file) == outcome(step, other)


def test_one_piece_is_not_copied(ps_module: Module) -> None:
    data = bytes(range(256)) * 100
    file = made(ps_module, [data], 1 << 20)
    with file:
        assert file.read() is data
        file.seek(0)
        assert file.read(5) == data[:5]


def test_an_aborted_file_is_closed(ps_module: Module, tmp_path: Path) -> None:
    spool, module = ps_module("_form_spool"), ps_module("_form_tempfile")
    memory = spool.Memory(ps_module("limits").Limits(max_spool_size=4))
    sinks = [module.TempfileSink(_Head, memory, lambda sink: None) for _ in range(4)]
    sinks[0].write(b"held")
    sinks[1].writelines([b"on disk"])
    sinks[2].write(b"x")
    sinks[2].finish()
    sinks[3].writelines([b"on disk"])
    sinks[3].finish()
    for sink in sinks:
        sink.abort()
    assert sinks[0].held == []
    assert [sink.file.closed for sink in sinks[1:]] == [True] * 3
