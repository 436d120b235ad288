"""Writes a run as a page: docs/benchmarks.md, its plots, and the data for later comparison.

``python -m benchmarks.publish`` writes the page anew from the data that is there, and measures
nothing: for a change of wording or of a plot.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from . import cases, goals, report, standing
from .report import Rows, markdown
from .results import Results, Table

_DOCS = Path(__file__).parent.parent / "docs"
_INSTRUCTIONS = Path(__file__).with_name("instructions.json")
DATA = "results.json"
#: What columns of plain data are called, and those that hold words.
_TITLES = {"cpu": "processor", "wall": "all"}
_WORDS = ("way", "work", "unit", "client", "framework", "form")
#: Bytes that a plot and the data may have.
PLOT_SIZE, DATA_SIZE = 150_000, 200_000

_INTRODUCTION = """\
# Benchmarks

Written by `ci/bench`; not by hand. How everything is timed, and what makes the comparison fair, is
in [benchmarks/README.md](../benchmarks/README.md) and at the top of each adapter there."""

_GOALS = """\
A ratio is how many times as fast partstream is, compiled unless the row says otherwise. Where a
row stands for every case, the lowest ratio is given, and its case. A peer that gave something else
than what was written, refused the body or had to be stopped counts as beaten on that case; the
notes name these. Forms in frameworks are compared without the request around them, which is
explained there; fields by the processor's time, files by the clock's. Our own clean upload is the
case `clean`, of the size of the worst cases, all of which are bodies: cutting one into bytes is in
the scaling by chunk. Why a row is not met, and what would do it, is in
[ARCHITECTURE.md](../ARCHITECTURE.md#speed-what-was-tried)."""

#: What stands above a layer's table: whose names its columns are.
_CONTENDERS = {
    "sync": """\
Parsers that are fed chunks and give events (sans-IO: they read nothing themselves). `partstream-c`
is the compiled core, `partstream-py` the same in pure Python.""",
    "async": """\
Both readers over the stream that aiohttp hands to a request, chunks arriving one by one.
`aiohttp-hoisted` is aiohttp without a string that it builds anew for each part: what it would be,
were that mended.""",
    "writer": """\
Each makes the body of a form anew and writes it onto a sink that counts. `partstream` is
`append_fields` and `write`, `partstream-body` the same as `body()` gives it to blocking clients,
`partstream-append` one `append` a field, as aiohttp's users write it; `aiohttp` is its `FormData`,
`aiohttp-writer` its `MultipartWriter`; `toolbelt` is requests-toolbelt.""",
}

_CASES = """\
Bodies of multipart/form-data, in chunks of 64 KiB but for the last. The async readers read some of
them."""

_SCALING = """\
What is linear has a flat line. The figure is the time a unit at the right end of a plot over the
least on it: 1 is flat, or falling all the way, because what is done once a body, or once a chunk,
is in the times. In the pure twin a part of a multipart within another takes up to twice as long as
one of the outermost, at whatever depth: its quick ways are for one boundary, not for several."""

_SERVERS = """\
Real servers on loopback, a bounded load from a process of its own. What the server does besides
reading the form is in the figures. Whatever gives a whole form (`post()`, `form()`, `parse_form()`)
puts an upload into a temporary file; the readers count its bytes as they come. Beside the figures
the server's processor time, for a request or for 100 MB."""

_CLIENTS = """\
Whole requests of real clients on loopback, the client's own way and with our writer: milliseconds a
request, and milliseconds of the client's processor time in it."""

_FORMS = """\
Forms in web frameworks, called as a server calls them but without a socket: milliseconds a request
with the framework's own parser and with partstream in its place, and how many times as fast that
is; the same of the processor, all threads together.

The goals are of `form ratio`, as all goals here are of what is left without the driver's own cost:
the same request with a parser that reads the body, parses nothing and gives the values that it was
told (`nothing`) is subtracted from both. What a framework does for any request would else hide the
parsers: where that takes twice what its parser takes, none at all would be 1.5 times as fast.
`ratio` is of the whole request, the framework's work included: what a server gains. Where less
than a tenth of a request is left of ours, that is within what medians are off by: a tenth is
counted, and the ratio is a bound, which stands there as "at least". `limit` is a search for the
boundary and `writev` onto a temporary file: a large file takes it."""

_INSTRUCTION_COUNTS = """\
Instructions of one pass (callgrind), as recorded in `benchmarks/instructions.json`, a column an
environment. CI fails where one grows by more than 5%."""


def _image(shown: dict[str, str], *names: str) -> str:
    return "\n\n".join(
        f"![{shown[f'{name}.svg']}](benchmarks/{name}.svg)"
        for name in names
        if f"{name}.svg" in shown
    )


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _grid(rows: list[dict[str, Any]]) -> str:
    """Dictionaries with the same keys as a table."""
    head = list(rows[0])
    body = [["" if row[key] is None else _number(row[key]) for key in head] for row in rows]
    titles = [_TITLES.get(key, key.replace("_", " ")) for key in head]
    return markdown([titles, *body], _WORDS)


def _footprint(data: dict[str, Any]) -> Iterator[str]:
    module: Any = import_module(".footprint", __package__)
    found = module.Footprint(
        data["nbytes"],
        data["fields"],
        [module.Peak(**item) for item in data["peaks"]],
        [module.Held(**item) for item in data["held"]],
        [module.ImportTime(**item) for item in data["imports"]],
        [module.ImportCost(**item) for item in data["costs"]],
        data["note"],
    )
    for title, rows in module.tables(found):
        yield f"**{title}**"
        yield markdown(rows, ("contender",))
    if found.note:
        yield found.note


def _table(table: Table, about: str, pictures: str) -> Iterator[str]:
    rows, notes = report.times(table)
    yield f"## {table.title[0].upper()}{table.title[1:]}"
    if about:
        yield about
    yield f"Time a pass, and how many times as fast as {table.baseline}:"
    yield markdown(rows)
    yield from notes
    if any(row.throughput for row in table.rows):
        limited = any(row.limit for row in table.rows)
        yield "MB/s" + (f", and the share of {table.limit}:" if limited else ":")
        yield markdown(report.rates(table))
    if pictures:
        yield pictures
        yield "A contender without a mark on a line has no time there: see the notes."
        if missing := [
            row.case for row in table.rows if not row.ratio(table.baseline, table.baseline)
        ]:
            cases_of = ", ".join(missing)
            yield f"Not on the plot of ratios, for want of a time of {table.baseline}: {cases_of}."


def _cases(table: Table) -> str:
    """What the names of the cases stand for."""
    rows = [["case", "what it is", "bytes"]]
    for row in table.rows:
        rows.append([row.case, cases.BY_NAME[row.case].about, _number(row.nbytes)])
    return markdown(rows, ("what it is",))


def _flatness(axes: list[dict[str, Any]]) -> str:
    scaling: Any = import_module(".scaling", __package__)
    found = [(axis["name"], scaling.flatness(scaling.Axis(**axis))) for axis in axes]
    names = list(dict.fromkeys(name for _, figures in found for name in figures))
    rows: Rows = [["against", *names]]
    for axis, figures in found:
        rows.append([axis, *(f"{figures[name]:.2f}" if name in figures else "" for name in names)])
    return markdown(rows)


def _instructions() -> str:
    if not _INSTRUCTIONS.exists():
        return "Nothing is recorded."
    record = json.loads(_INSTRUCTIONS.read_text())
    counts = {where: entry["instructions"] for where, entry in record.items()}
    names = dict.fromkeys(name for entry in counts.values() for name in entry)
    rows = [["case", *counts]]
    for name in names:
        rows.append([name, *(_number(entry.get(name, "")) for entry in counts.values())])
    return markdown(rows)


def _form_rows(results: Results) -> list[Any]:
    forms: Any = import_module(".forms", __package__)
    return [forms.FormRow(**row) for row in results.more.get("forms", ())]


def _judged(results: Results) -> dict[str, Table]:
    """The tables, and what forms in frameworks come to as one."""
    rows = _form_rows(results)
    if not rows:
        return results.tables
    forms: Any = import_module(".forms", __package__)
    return {**results.tables, goals.FORMS: forms.table_of(rows, files_by_clock=True)}


def _forms(results: Results) -> str:
    """The rows, with what is no more than a bound named as one."""
    forms: Any = import_module(".forms", __package__)
    shown = []
    for row in _form_rows(results):
        cells = row.as_data()
        for name, bound in (("form_ratio", row.bound), ("form_cpu_ratio", row.cpu_bound)):
            cells[name] = forms.AT_LEAST * bound + _number(cells[name])
        shown.append(cells)
    return _grid(shown)


def _sections(results: Results, shown: dict[str, str]) -> Iterator[str]:
    yield _INTRODUCTION
    yield "\n".join(f"- {key}: {value}" for key, value in results.heading.items())
    yield "## Goals"
    yield _GOALS
    yield standing.goals(goals.judge(_judged(results)), None, as_markdown=True)
    if sync := results.tables.get("sync"):
        yield "## Cases"
        yield _CASES
        yield _cases(sync)
    pictures = {"sync": ("throughput", "sansio", "limit"), "async": ("async",)}
    for layer, table in results.tables.items():
        pictured = _image(shown, *pictures.get(layer, ("writers",)))
        yield from _table(table, _CONTENDERS.get(layer, ""), pictured)
    more = results.more
    if axes := more.get("scaling"):
        yield "## Scaling"
        yield _SCALING
        yield _flatness(axes)
        yield _image(shown, *(f"scaling-{axis['name']}" for axis in axes))
    if "footprint" in more:
        yield "## Memory and import"
        yield from _footprint(more["footprint"])
        yield _image(shown, "memory", "held")
    if more.get("servers"):
        yield "## Servers"
        yield _SERVERS
        yield _grid([row | {"cpu": report.seconds(row["cpu"])} for row in more["servers"]])
        yield _image(shown, "servers")
    if more.get("clients"):
        yield "## Clients"
        yield _CLIENTS
        yield _grid(more["clients"])
    if more.get("forms"):
        yield "## Forms in web frameworks"
        yield _FORMS
        yield _forms(results)
        yield _image(shown, "forms")
    yield "## Instruction counts"
    yield _INSTRUCTION_COUNTS
    yield _instructions()
    yield "## The data"
    yield (
        f"[{DATA}](benchmarks/{DATA}) holds the medians of this run; `ci/bench --compare"
        f" docs/benchmarks/{DATA}` tells how ratios have moved since."
    )


def page(results: Results, shown: dict[str, str]) -> str:
    """The Markdown; `shown` are the plots that there are, by file name, and what is on them."""
    return "\n\n".join(_sections(results, shown)) + "\n"


def write(results: Results, docs: Path, tell: Callable[[str], None]) -> None:
    """The page, its plots, and the data; plots of an earlier page that are no more are removed."""
    from . import plots  # matplotlib takes a second to import, and only this needs it

    folder = docs / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(results.as_data(samples=False), indent=1) + "\n"
    (folder / DATA).write_text(data)
    results = Results.from_data(json.loads(data))  # so that the same page comes of it later
    for old in folder.glob("*.svg"):
        old.unlink()
    shown = plots.draw(results, folder)
    path = docs / "benchmarks.md"
    path.write_text(page(results, shown))
    tell(f"written: {path}, and {len(shown)} plots beside {folder / DATA}")


def faults(results: Results) -> list[str]:
    """Write the page twice to a temporary folder; a line for whatever is not as it should be."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        first, second = Path(name, "first"), Path(name, "second")
        for docs in (first, second):
            write(results, docs, lambda _line: None)
        for plot in sorted(first.glob("benchmarks/*.svg")):
            if plot.read_bytes() != (second / "benchmarks" / plot.name).read_bytes():
                found.append(f"{plot.name} is drawn otherwise the second time")
            if plot.stat().st_size > PLOT_SIZE:
                found.append(f"{plot.name} has {plot.stat().st_size} bytes")
            ElementTree.parse(plot)
        data = first / "benchmarks" / DATA
        if data.stat().st_size > DATA_SIZE:
            found.append(f"{DATA} has {data.stat().st_size} bytes")
        again = Results.from_data(json.loads(data.read_text()))
        if again.as_data(samples=False) != results.as_data(samples=False):
            found.append(f"{DATA} is not what was measured once it is read")
    return found


def main() -> None:
    """Write the page from its data."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=__doc__)
    parser.add_argument("docs", nargs="?", type=Path, default=_DOCS)
    docs = parser.parse_args().docs
    results = Results.from_data(json.loads((docs / "benchmarks" / DATA).read_text()))
    write(results, docs, print)


if __name__ == "__main__":
    main()
