"""Forms in web frameworks: their own parsers, and partstream in their place.

``python -m benchmarks.forms [--quick] [--only FRAMEWORK]``. The framework is called as a server
calls it, in this process and without a socket. All take turns; medians of a request in ms, of the
clock and of the processor (all threads). Every answer is compared with what was sent.

Two ratios are given, because two things can be asked. *Of the request*: how many times as fast is
what a server does for this form, in which the framework's own work (routing, the request, a queue
of chunks) is on both sides. *Of the form*: how many times as fast is reading it, which is all
that a parser is answerable for; there the same request is subtracted from both, with one in its
place that reads the body, parses nothing, and gives the values that it was told beforehand (its
files are in memory, where they were before). It is the null contender that every benchmark here
subtracts. A framework that takes 150 us for what it does with two fields anyway shows no parser in
the first ratio; the second one shows no framework.

For the large file there is a limit, too: a search for the boundary, and ``writev`` of 1 MiB at a
time onto a temporary file. Nothing that finds its end and keeps it on disk is faster.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from . import cases, children, form_adapters, report
from .body import BOUNDARY, Field, File, Part, encode
from .cases import KIB, MIB, Sizes
from .check import OK
from .form_adapters import NOTHING, OURS, OWN, Found, Post
from .form_goals import BASELINE, CASES, KINDS, NAMES, case_of, kind_of
from .results import CaseResult, Cell, Table

#: What a server gives at once: uvicorn's and hypercorn's buffers have 64 KiB.
CHUNK = 64 * KIB
_ROUNDS = {"full": 9, "quick": 5, "smoke": 1}
#: Less than this share of a request cannot be told from what medians are off by.
_TELLABLE = 0.1
#: Rounds, and into how many samples each is cut, where the machine is not ours alone: short samples
#: in turns have the same neighbours.
_HELD_ROUNDS, _HELD_CUTS = 15, 8

#: Of the clock, and of the processor.
_Times = tuple[float, float]
#: Where there is something to compare with that is no framework.
_LIMIT = "limit"
#: Stands before a ratio that is a lower bound.
AT_LEAST = "at least "


@dataclass(frozen=True, slots=True)
class FormRow:
    """One framework on one form: ms a request, and how many times as fast partstream is.

    `nothing` is the request with the null parser; `ratio` is of whole requests,
    `form_ratio` of what is left of them without that. All are there for the clock and for the
    processor. `limit` is what search and writing take, where that is all there is to do.
    """

    framework: str
    form: str
    own: float
    partstream: float
    nothing: float
    ratio: float
    form_ratio: float
    own_cpu: float
    partstream_cpu: float
    nothing_cpu: float
    cpu_ratio: float
    form_cpu_ratio: float
    limit: float | None = None
    limit_cpu: float | None = None

    @property
    def bound(self) -> bool:
        """Whether `form_ratio` is no more than a lower bound."""
        return self.partstream - self.nothing < _TELLABLE * self.partstream

    @property
    def cpu_bound(self) -> bool:
        """The same of `form_cpu_ratio`."""
        return self.partstream_cpu - self.nothing_cpu < _TELLABLE * self.partstream_cpu

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def _forms(sizes: Sizes) -> dict[str, tuple[list[Part], int]]:
    """The forms by name, and how many requests make a sample."""
    rng = random.Random(32)

    def file(size: int) -> File:
        return File("file", "upload.bin", "application/octet-stream", rng.randbytes(size))

    def fields(count: int) -> list[Part]:
        return [Field("field", b"the value of field %d" % number) for number in range(count)]

    steps = [KIB + (sizes.mixed - KIB) * number // 19 for number in range(20)]
    many = 1 if sizes.name == "smoke" else 200
    return {
        "2 fields": (fields(2), 5 * many),
        "100 fields": (fields(100), many),
        f"file of {sizes.large // KIB} KiB": ([file(sizes.large)], 1),
        "20 fields, 20 files": ([*fields(20), *map(file, steps)], 1 + many // 50),
    }


def adapters(only: str | None = None) -> Iterator[Any]:
    """The adapters whose frameworks are installed."""
    for item in iter_modules(form_adapters.__path__):
        if only not in (None, item.name):
            continue
        try:
            yield import_module(f"{form_adapters.__name__}.{item.name}")
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] in ("benchmarks", "partstream"):
                raise


def _sample(post: Post, body: _Body, count: int, wanted: Found) -> tuple[float, float]:
    """Post so many times; give ms of the clock and of the processor for one."""
    gc.collect()
    gc.disable()
    try:
        start, spent = time.perf_counter(), time.process_time()
        found = post(body.chunks, f"multipart/form-data; boundary={BOUNDARY}", count)
        wall, cpu = time.perf_counter() - start, time.process_time() - spent
    finally:
        gc.enable()
    if found != wanted:
        raise RuntimeError(f"found {found} instead of {wanted}")
    return 1e3 * wall / count, 1e3 * cpu / count


class _Body:
    """A form as it is sent, and what is to be found in it."""

    def __init__(self, parts: list[Part]) -> None:
        whole = encode(parts, BOUNDARY)
        self.chunks = tuple(whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK))
        self.size = len(whole)
        files = [part for part in parts if isinstance(part, File)]
        self.found = len(parts) - len(files), sum(len(part.data) for part in files)
        self.is_file = len(parts) == 1

    def wanted(self, way: str) -> Found:
        """Give what is to be found: how many fields, and bytes of files, or of the body."""
        return (0, self.size) if way == _LIMIT else self.found


def _limit(chunks: Sequence[bytes], content_type: str, count: int) -> Found:
    """Search, and write; what the parts' heads have is written, too, which is nothing."""
    needle = b"\r\n--" + content_type.partition("=")[2].encode()
    size = 0
    for _ in range(count):
        with tempfile.TemporaryFile(buffering=0) as file:
            size = 0
            for at in range(0, len(chunks), MIB // CHUNK):
                batch = chunks[at : at + MIB // CHUNK]
                for chunk in batch:
                    chunk.find(needle)
                size += os.writev(file.fileno(), batch)
            file.seek(0)
    return 0, size


def _medians(ways: dict[str, Post], body: _Body, count: int, rounds: int) -> dict[str, _Times]:
    """Have all take turns; give the times of each, of the clock and of the processor."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for name, post in ways.items():
        _sample(post, body, 1, body.wanted(name))
    rng, names = random.Random(0), list(ways)
    for _ in range(rounds):
        rng.shuffle(names)
        for name in names:
            samples[name].append(_sample(ways[name], body, count, body.wanted(name)))
    return {
        name: (statistics.median(wall), statistics.median(cpu))
        for name, taken in samples.items()
        for wall, cpu in [zip(*taken, strict=True)]
    }


def _ratios(times: dict[str, _Times], clock: int) -> tuple[float, float]:
    """How many times as fast partstream is: of the request, and of the form."""
    own, ours, nothing = (times[name][clock] for name in (OWN, OURS, NOTHING))
    return own / ours, (own - nothing) / max(ours - nothing, _TELLABLE * ours)


def _row(framework: str, form: str, times: dict[str, _Times]) -> FormRow:
    (ratio, form_ratio), (cpu_ratio, form_cpu_ratio) = _ratios(times, 0), _ratios(times, 1)
    (own, own_cpu), (ours, ours_cpu), (nothing, nothing_cpu) = (
        times[name] for name in (OWN, OURS, NOTHING)
    )
    limit, limit_cpu = times.get(_LIMIT, (None, None))
    return FormRow(
        framework, form, own, ours, nothing, ratio, form_ratio, own_cpu, ours_cpu, nothing_cpu,
        cpu_ratio, form_cpu_ratio, limit, limit_cpu,
    )  # fmt: skip


def run(sizes: Sizes, tell: Callable[[str], None]) -> list[FormRow]:
    """Do as `measured`, in a process of its own: one that has loaded both twins has neither whole.

    Raises:
        RuntimeError: where a form is not read as it was sent.
    """
    tell("forms: in a process of its own")
    return _apart([] if sizes.name == "full" else [f"--{sizes.name}"])


def _apart(options: list[str]) -> list[FormRow]:
    done = children.python(["-m", __name__, "--json", *options], dict(os.environ))
    return [FormRow(**row) for row in json.loads(done.stdout)]


def held(sizes: Sizes, only: Collection[str], tell: Callable[[str], None]) -> Table:
    """Measure these of `form_goals.CASES`, for CI to hold: a process for each framework."""
    rows: list[FormRow] = []
    for name in dict.fromkeys(CASES[case][0] for case in only):
        kinds = [CASES[case][1] for case in only if CASES[case][0] == name]
        tell(f"forms: {name}, {', '.join(kinds)}")
        size = [] if sizes.name == "full" else [f"--{sizes.name}"]
        rows += _apart(["--held", "--only", name, "--forms", *kinds, *size])
    return table_of(rows)


def table_of(rows: Iterable[FormRow], files_by_clock: bool = False) -> Table:
    """Give the rows as a table of what is left of each without the request.

    Of the processor; of forms with files of the clock, if that is wanted: who writes on a thread
    meanwhile is done earlier, which counts where nobody else wants the machine.
    """
    table = Table("Forms in frameworks", BASELINE, list(NAMES))
    for row in rows:
        if files_by_clock and not kind_of(row.form).startswith("fields"):
            own, ours, nothing, bound = row.own, row.partstream, row.nothing, row.bound
        else:
            own, ours, nothing = row.own_cpu, row.partstream_cpu, row.nothing_cpu
            bound = row.cpu_bound
        left = (max(own - nothing, 0.0) / 1e3, max(ours - nothing, _TELLABLE * ours) / 1e3)
        reason = "no more than a tenth of the request: counted as a tenth" if bound else ""
        cells = {OWN: Cell(OK, left[0]), OURS: Cell(OK, left[1], reason=reason)}
        case = case_of(row.framework, row.form)
        table.rows.append(CaseResult(case, 0, False, nothing / 1e3, None, cells))
    return table


def measured(
    sizes: Sizes,
    tell: Callable[[str], None],
    only: str | None = None,
    kinds: Collection[str] = tuple(KINDS),
    for_ci: bool = False,
) -> list[FormRow]:
    """Post forms of these kinds to every framework, or to one; `tell` hears of each.

    Raises:
        RuntimeError: where a form is not read as it was sent.
    """
    rows, rounds = [], _ROUNDS[sizes.name]
    for adapter in adapters(only):
        tell(f"forms: {adapter.FRAMEWORK}")
        for form, (parts, count) in _forms(sizes).items():
            if kind_of(form) not in kinds:
                continue
            body, ways = _Body(parts), dict(adapter.ways(parts))
            if for_ci:
                count, rounds = 1 + count // _HELD_CUTS, _HELD_ROUNDS
            elif body.is_file and hasattr(os, "writev"):
                ways[_LIMIT] = _limit
            times = _medians(ways, body, count, rounds)
            rows.append(_row(adapter.FRAMEWORK, form, times))
    return rows


def table(rows: list[FormRow]) -> report.Rows:
    """As text."""
    cells = [["framework", "form", "own ms", "partstream ms", "nothing ms", "limit ms",
              "request: times", "form: times", "processor: request", "form"]]  # fmt: skip
    for row in rows:
        figures = [f"{each:.3f}" for each in (row.own, row.partstream, row.nothing)]
        figures.append("" if row.limit is None else f"{row.limit:.3f}")
        ratios = [f"{each:.1f}" for each in (row.ratio, row.form_ratio, row.cpu_ratio)]
        ratios.append(f"{row.form_cpu_ratio:.1f}")
        for place, bound in ((1, row.bound), (3, row.cpu_bound)):
            ratios[place] = AT_LEAST * bound + ratios[place]
        cells.append([row.framework, row.form, *figures, *ratios])
    return cells


def main() -> None:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forms", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    for name in ("quick", "smoke"):
        size.add_argument(f"--{name}", dest="sizes", action="store_const", const=name)
    parser.add_argument("--only", metavar="FRAMEWORK")
    parser.add_argument("--forms", nargs="+", choices=KINDS, default=tuple(KINDS))
    parser.add_argument("--held", action="store_true", help="shorter samples, as CI takes them")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON, and only them")
    parser.set_defaults(sizes="full")
    options = parser.parse_args()
    tell = partial(print, file=sys.stderr)
    sizes = cases.SIZES[options.sizes]
    rows = measured(sizes, tell, options.only, options.forms, options.held)
    if options.json:
        print(json.dumps([row.as_data() for row in rows]))
    else:
        print(report.text(table(rows)))


if __name__ == "__main__":
    main()
