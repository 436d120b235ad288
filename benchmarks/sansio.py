"""The sans-IO layer: chunks in, events or callbacks out."""

from __future__ import annotations

from collections.abc import Callable

from . import adapters, cases
from .cases import Record, Workload
from .layers import Layer
from .timing import Run

NAMES = adapters.NAMES


def _pass_of(name: str, work: Workload) -> Callable[[], list[Record]]:
    parse = adapters.load(name)
    return lambda: parse(work)


def _run_of(name: str, work: Workload) -> Run:
    parse = adapters.load(name)

    def run(passes: int) -> None:
        for _ in range(passes):
            parse(work)

    return run


LAYER = Layer(
    "sans-IO parsers",
    adapters.BASELINE,
    tuple(case.name for case in cases.ALL),
    _pass_of,
    _run_of,
    limit=True,
)
