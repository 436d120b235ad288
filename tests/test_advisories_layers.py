"""Known attacks on a parser, sent through everything above it.

Each stream goes whole and bytewise through both readers and both kinds of ``parse_form``, with both
twins.  It ends in a ``MultipartError`` or is read, the same for each cut; it logs and warns of
nothing, leaves nothing open, and takes no more steps and memory than its bytes allow.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fuzzing import chunking as doors
from support import chunking
from support.attacks import ATTACKS, Attack
from support.forms import nothing_left
from support.fuzzing import Outcome

DOORS = ("async reader", "sync reader", "async form", "sync form")
#: Refused by a form for another reason, or not at all: readers stop at the end, and do not look at
#: what is behind it.
_BEHIND_THE_END = "bytes after the last delimiter", "a large epilogue"

#: Calls that a byte may cause, of Python functions and of those in C, if it comes by itself; and
#: what a stream may cause beside that.
STEPS_A_BYTE, STEPS = 120, 40_000
#: Bytes from which on a stream comes by seven: bytewise would take seconds.
LONG = 6000
#: Bytes of memory at most, beside a few times what was sent.
MEMORY = 400_000


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with nothing_left(tmp_path, monkeypatch):
        yield


def named(attack: Attack) -> str:
    return f"{attack.ids}-{attack.what}".replace(" ", "_")


def counted(call: Callable[[], Outcome]) -> tuple[Outcome, int]:
    """Give what a call gives, and how many calls of functions that took."""
    steps = 0

    def step(frame: Any, event: str, argument: Any) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    sys.setprofile(step)
    try:
        return call(), steps
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize(
    ("door", "attack"),
    [
        pytest.param(door, attack, id=f"{door}-{named(attack)}".replace(" ", "_"))
        for door in DOORS
        for attack in ATTACKS
        if attack.settings.subtype == "form-data" or door.endswith("reader")
    ],
)
def test_an_attack_through(
    ps: ModuleType,
    ps_module: Callable[[str], ModuleType],
    caplog: pytest.LogCaptureFixture,
    attack: Attack,
    door: str,
) -> None:
    settings, data = attack.settings, attack.data
    caplog.set_level(logging.DEBUG)
    enter = doors.doors(ps, ps_module("sync"))[door]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        whole, steps = counted(lambda: enter(settings, [data]))
        assert steps < STEPS_A_BYTE * len(data) + STEPS
        pieces = chunking.bytewise(data) if len(data) < LONG else chunking.sevens(data)
        bytewise, steps = counted(lambda: enter(settings, pieces))
        assert steps < STEPS_A_BYTE * len(data) + STEPS
        assert bytewise == whole
        assert whole.stray is None
        gc.collect()
        tracemalloc.start()
        try:
            enter(settings, chunking.sevens(data))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 6 * len(data) + MEMORY
    assert not caplog.records
    assert not warned
    if attack.code is not None and attack.what not in _BEHIND_THE_END:
        assert whole.fault is not None
        if door.endswith("reader"):
            assert whole.fault[1] == attack.code
    elif door.endswith("reader"):
        assert whole.fault is None


_OPTIMIZED = """
import json, sys
import partstream

for given in json.load(sys.stdin):
    parser = partstream.MultipartParser("B", subtype=given["subtype"])
    try:
        for byte in given["data"].encode("latin-1"):
            for _ in parser.feed(bytes((byte,))):
                pass
        parser.close()
        print(None)
    except partstream.MultipartError as error:
        print(error.code)
"""


def test_cve_2025_69227_nothing_hangs_on_asserts(ps: ModuleType) -> None:
    """Under ``python -O`` there are none."""
    attacks = [attack for attack in ATTACKS
               if len(attack.data) < 2000 and attack.settings.boundary == "B"
               and not attack.settings.limits and "multipart/" not in str(attack.data)]  # fmt: skip
    given = [{"data": attack.data.decode("latin-1"), "subtype": attack.settings.subtype}
             for attack in attacks]  # fmt: skip
    environment = os.environ | {"PARTSTREAM_NO_EXTENSIONS": "1" * (ps.BACKEND == "py")}
    done = subprocess.run([sys.executable, "-O", "-c", _OPTIMIZED], input=json.dumps(given),
                          env=environment, capture_output=True, text=True, check=True)  # fmt: skip
    assert len(attacks) > 20
    assert done.stdout.split() == [str(attack.code) for attack in attacks]
