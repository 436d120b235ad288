"""The same cases and adapters under pytest-benchmark: `pytest benchmarks/ --benchmark-only`.

PARTSTREAM_BENCH_SIZES picks the sizes (full, quick, smoke; quick unless said otherwise). Here
nothing is subtracted: the tool compares runs of one contender over time, the table compares
contenders.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from . import cases, known, sansio, streams
from .check import OK, examine

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from .layers import Layer

SIZES = cases.SIZES[os.environ.get("PARTSTREAM_BENCH_SIZES", "quick")]
#: Seconds after which the checked pass is given up.
STOP_AFTER = 60


def _bench(benchmark: BenchmarkFixture, layer: Layer, case: str, contender: str) -> None:
    work = cases.load(case, SIZES)
    verdict = examine(layer.pass_of(contender, work), work.records, STOP_AFTER)
    if verdict.status != OK and case in known.CANNOT.get(contender, ()):
        pytest.skip(f"{verdict.status}: {verdict.reason}")
    assert verdict.status == OK, verdict.reason
    benchmark.group = f"{layer.title}: {case}"
    benchmark.extra_info["bytes"] = work.nbytes
    benchmark(layer.run_of(contender, work), 1)


@pytest.mark.parametrize("contender", sansio.NAMES)
@pytest.mark.parametrize("case", sansio.LAYER.cases)
def test_sansio(benchmark: BenchmarkFixture, case: str, contender: str) -> None:
    _bench(benchmark, sansio.LAYER, case, contender)


@pytest.mark.parametrize("contender", streams.NAMES)
@pytest.mark.parametrize("case", streams.LAYER.cases)
def test_streams(benchmark: BenchmarkFixture, case: str, contender: str) -> None:
    _bench(benchmark, streams.LAYER, case, contender)
