"""Time a unit against how many units there are: what is linear is flat.

``python -m benchmarks.scaling``: one file of 1 KB to 1 GB, forms of 1 to 100,000 fields, chunks of
1 byte to 1 MiB, multiparts in multiparts to the greatest depth there may be. What is set up once a
body is in the times, so that a unit takes less the more there are; it must never take more.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from . import cases, drains, report, twins
from .cases import KIB, MIB
from .drains import Body, Drain, Tally
from .growing import cut, fields, nested, one_file
from .results import net
from .timing import MIN_SAMPLE, Run, take_turns

_SMALL = b"sixteen bytes ok"


@dataclass(frozen=True, slots=True)
class Axis:
    """One plot: for every contender the time a unit (`y`) at each of the sizes (`x`)."""

    name: str
    title: str
    x: str
    y: str
    series: dict[str, list[tuple[float, float]]]
    log_x: bool = True

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def flatness(axis: Axis) -> dict[str, float]:
    """How many times as long a unit takes at the largest x as where it takes least, a contender.

    1 is flat, or falling; what takes quadratic time has here about what x itself grows by.
    """
    return {
        name: points[-1][1] / min(time for _, time in points)
        for name, points in axis.series.items()
    }


@dataclass(frozen=True, slots=True)
class Point:
    """One body, what it holds, and how many units there are in it.

    `less` is a body that has all but the units, where what is around them is not to be in their
    time.
    """

    x: int
    units: int
    body: Body
    holds: Tally
    less: Body | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """How far each axis goes, and how often everything is timed."""

    files: tuple[int, ...]
    fields: tuple[int, ...]
    cut: int
    chunks: tuple[int, ...]
    depths: tuple[int, ...]
    count: int
    deep: int
    rounds: int
    min_sample: float = MIN_SAMPLE


_DEPTHS = (1, 2, 4, 8, 16, 32, 64, 100)
GRIDS = {
    "full": Grid(
        files=tuple(4**n * KIB for n in range(11)),
        fields=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000),
        cut=MIB,
        chunks=tuple(4**n for n in range(11)),
        depths=_DEPTHS,
        count=3000,
        deep=64 * MIB,
        rounds=5,
    ),
    "quick": Grid(
        files=tuple(16**n * KIB for n in range(5)),
        fields=(1, 10, 100, 1000, 10_000),
        cut=32 * KIB,
        chunks=tuple(32**n for n in range(4)),
        depths=(1, 8, 32),
        count=300,
        deep=8 * MIB,
        rounds=3,
        min_sample=MIN_SAMPLE / 2,
    ),
    "smoke": Grid(
        files=(KIB, 256 * KIB),
        fields=(1, 100),
        cut=KIB,
        chunks=(1, KIB),
        depths=(1, 100),
        count=10,
        deep=64 * KIB,
        rounds=1,
        min_sample=0,
    ),
}

_LAYERS: dict[str, tuple[Callable[..., Drain], Drain]] = {
    "": (drains.parser, drains.walk),
    " async": (drains.reader, drains.walk_async),
    " blocking": (drains.blocking, drains.walk),
}


def contenders() -> dict[str, tuple[Drain, Drain]]:
    """Each layer of each twin, the parser by the twin's name alone, and what it costs to feed."""
    return {
        f"partstream-{backend}{layer}": (of(twins.load(backend)), walk)
        for backend in ("c", "py")
        for layer, (of, walk) in _LAYERS.items()
    }


def _run_of(drain: Drain, body: Body) -> Run:
    def run(passes: int) -> None:
        for _ in range(passes):
            drain(body)

    return run


def _time(point: Point, grid: Grid) -> dict[str, float]:
    """Nanoseconds a unit, once every contender has read what is there."""
    entries = contenders()
    for name, (drain, _) in entries.items():
        found = drain(point.body)
        if found != point.holds:
            raise RuntimeError(f"{name} has read {found}, and there is {point.holds}")
    bodies = {"": point.body} | ({" less": point.less} if point.less else {})
    runs = {}
    for which, body in bodies.items():
        for name, (drain, walk) in entries.items():
            runs[name + which] = _run_of(drain, body)
            runs[walk.__name__ + which] = _run_of(walk, body)
    times = take_turns(runs, grid.rounds, grid.min_sample)
    units = {}
    for name, (_, walk) in entries.items():
        both = [net(times[name + which], times[walk.__name__ + which].seconds) for which in bodies]
        seconds = max(both[0] - sum(both[1:]), both[0] / 100)  # never nothing, on any machine
        units[name] = seconds / point.units * 1e9
    return units


def _axis(name: str, title: str, x: str, y: str, points: Iterable[Point], grid: Grid) -> Axis:
    series: dict[str, list[tuple[float, float]]] = {contender: [] for contender in contenders()}
    for point in points:
        for contender, time in _time(point, grid).items():
            series[contender].append((point.x, time))
    return Axis(name, title, x, y, series)


def _size(grid: Grid) -> Axis:
    def point(size: int) -> Point:
        # One chunk of random bytes again and again: nobody holds a gigabyte, and from 64 KiB on
        # all sizes are read from the same place. That is the cache: see `random` for memory.
        chunk = random.Random(64).randbytes(min(size, cases.CHUNK))
        return Point(size, size, one_file([chunk] * (size // len(chunk))), Tally(1, size))

    points = map(point, grid.files)
    return _axis(
        "size", "Time a byte against the size of a file", "bytes", "ns a byte", points, grid
    )


def _parts(grid: Grid) -> Axis:
    def point(count: int) -> Point:
        body, nbytes = fields(count)
        return Point(count, count, body, Tally(count, nbytes))

    points = map(point, grid.fields)
    return _axis("parts", "Time a field against their number", "fields", "ns a field", points, grid)


def _chunk(grid: Grid) -> Axis:
    data = random.Random(1).randbytes(grid.cut)

    def point(size: int) -> Point:
        return Point(size, len(data), one_file(cut(data, size)), Tally(1, len(data)))

    title = f"Time a byte against the size of chunks, a file of {grid.cut // KIB} KiB"
    points = map(point, grid.chunks)
    return _axis("chunk", title, "bytes a chunk", "ns a byte", points, grid)


def _depth(grid: Grid) -> Axis:
    def point(depth: int) -> Point:
        less = nested(depth, 1, [_SMALL])
        holds = Tally(depth + grid.count, (grid.count + 1) * len(_SMALL))
        return Point(depth, grid.count, nested(depth, grid.count + 1, [_SMALL]), holds, less)

    title = f"Time a part against its depth, {grid.count} small parts in the innermost multipart"
    return _axis("depth", title, "depth", "ns a part", map(point, grid.depths), grid)


def _levels(grid: Grid) -> Axis:
    less = nested(1, 1, [_SMALL])

    def point(depth: int) -> Point:
        holds = Tally(depth, len(_SMALL))
        return Point(depth, depth - 1, nested(depth, 1, [_SMALL]), holds, less)

    points = map(point, grid.depths[1:])
    title = "Time a multipart within another against how deep they go, one part in the innermost"
    return _axis("levels", title, "depth", "ns a level", points, grid)


def _deep(grid: Grid) -> Axis:
    chunks = [random.Random(2).randbytes(cases.CHUNK)] * (grid.deep // cases.CHUNK)

    def point(depth: int) -> Point:
        holds = Tally(depth, grid.deep)
        less = nested(depth, 1, [_SMALL])
        return Point(depth, grid.deep, nested(depth, 1, chunks), holds, less)

    title = f"Time a byte against the depth of its part, {grid.deep // KIB} KiB in the innermost"
    return _axis("deep", title, "depth", "ns a byte", map(point, grid.depths), grid)


_AXES = (_size, _parts, _chunk, _depth, _levels, _deep)


def run(sizes: cases.Sizes, tell: Callable[[str], None]) -> list[Axis]:
    """Time every axis; `tell` hears of each as it begins."""
    grid = GRIDS[sizes.name]
    axes = []
    for make in _AXES:
        tell(f"scaling: {make.__name__.strip('_')}")
        axes.append(make(grid))
    return axes


def table(axis: Axis) -> report.Rows:
    """A row for each x, and below them by how much the time a unit grows."""
    rows = [[f"{axis.x}; {axis.y}", *axis.series]]
    for number, (x, _) in enumerate(next(iter(axis.series.values()))):
        times = [f"{points[number][1]:.3g}" for points in axis.series.values()]
        rows.append([f"{x:,}", *times])
    rows.append(["growth", *(f"{growth:.2f}" for growth in flatness(axis).values())])
    return rows


def main(argv: list[str] | None = None) -> None:
    """Run all axes, and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    for name in ("quick", "smoke"):
        size.add_argument(f"--{name}", dest="sizes", action="store_const", const=name)
    parser.set_defaults(sizes="full")
    sizes = cases.SIZES[parser.parse_args(argv).sizes]
    for axis in run(sizes, lambda line: print(line, file=sys.stderr, flush=True)):
        print(f"\n{axis.title}\n\n{report.text(table(axis))}")


if __name__ == "__main__":
    main()
