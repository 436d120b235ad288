"""Forms in web frameworks: their own parsers, and partstream in their place.

``python -m benchmarks.forms [--quick] [--only FRAMEWORK]``. The framework is called as a server
calls it, in this process and without a socket; what that costs beside the form is in both figures.
Both take turns; medians of a request in ms, of the clock and of the processor (all threads). Every
answer is compared with what was sent.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from . import cases, children, form_adapters, report
from .body import BOUNDARY, Field, File, Part, encode
from .cases import KIB, Sizes
from .form_adapters import OURS, OWN, Post

#: What a server gives at once: uvicorn's and hypercorn's buffers have 64 KiB.
CHUNK = 64 * KIB
_ROUNDS = {"full": 9, "quick": 5, "smoke": 1}


@dataclass(frozen=True, slots=True)
class FormRow:
    """One framework on one form: ms a request, and how many times as fast partstream is."""

    framework: str
    form: str
    own: float
    partstream: float
    ratio: float
    own_cpu: float
    partstream_cpu: float
    cpu_ratio: float

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


def _sample(post: Post, parts: list[Part], chunks: list[bytes], count: int) -> tuple[float, float]:
    """Post so many times; give ms of the clock and of the processor for one."""
    start, spent = time.perf_counter(), time.process_time()
    found = post(chunks, f"multipart/form-data; boundary={BOUNDARY}", count)
    wall, cpu = time.perf_counter() - start, time.process_time() - spent
    files = [part for part in parts if isinstance(part, File)]
    sent = len(parts) - len(files), sum(len(part.data) for part in files)
    if found != sent:
        raise RuntimeError(f"found {found} instead of {sent}")
    return 1e3 * wall / count, 1e3 * cpu / count


def run(sizes: Sizes, tell: Callable[[str], None]) -> list[FormRow]:
    """Do as `measured`, in a process of its own: one that has loaded both twins has neither whole.

    Raises:
        RuntimeError: where a form is not read as it was sent.
    """
    tell("forms: in a process of its own")
    command = ["-m", __name__, "--json", *([] if sizes.name == "full" else [f"--{sizes.name}"])]
    done = children.python(command, dict(os.environ))
    return [FormRow(**row) for row in json.loads(done.stdout)]


def measured(sizes: Sizes, tell: Callable[[str], None], only: str | None = None) -> list[FormRow]:
    """Post every form to every framework; `tell` hears of each.

    Raises:
        RuntimeError: where a form is not read as it was sent.
    """
    rows = []
    for adapter in adapters(only):
        tell(f"forms: {adapter.FRAMEWORK}")
        ways: dict[str, Post] = adapter.ways()
        for form, (parts, count) in _forms(sizes).items():
            body = encode(parts, BOUNDARY)
            chunks = [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]
            samples: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
            for post in ways.values():
                _sample(post, parts, chunks, 1)
            for _ in range(_ROUNDS[sizes.name]):
                for name, post in ways.items():
                    samples[name].append(_sample(post, parts, chunks, count))
            (own, own_cpu), (ours, ours_cpu) = (
                [statistics.median(item) for item in zip(*samples[name], strict=True)]
                for name in (OWN, OURS)
            )
            ratios = own / ours, own_cpu / ours_cpu
            rows.append(
                FormRow(adapter.FRAMEWORK, form, own, ours, ratios[0], own_cpu, ours_cpu, ratios[1])
            )
    return rows


def table(rows: list[FormRow]) -> report.Rows:
    """As text."""
    cells = [["framework", "form", "own ms", "partstream ms", "times", "processor: times"]]
    for row in rows:
        figures = f"{row.own:.3f}", f"{row.partstream:.3f}", f"{row.ratio:.1f}"
        cells.append([row.framework, row.form, *figures, f"{row.cpu_ratio:.1f}"])
    return cells


def main() -> None:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forms", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    for name in ("quick", "smoke"):
        size.add_argument(f"--{name}", dest="sizes", action="store_const", const=name)
    parser.add_argument("--only", metavar="FRAMEWORK")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON, and only them")
    parser.set_defaults(sizes="full")
    options = parser.parse_args()
    tell = partial(print, file=sys.stderr)
    rows = measured(cases.SIZES[options.sizes], tell, options.only)
    if options.json:
        print(json.dumps([row.as_data() for row in rows]))
    else:
        print(report.text(table(rows)))


if __name__ == "__main__":
    main()
