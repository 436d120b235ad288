"""The writers' table: forms of texts and of files, checked by reading back what was written."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from . import twins
from .cases import KIB, Sizes
from .check import OK, REFUSED, WRONG
from .layers import Plan
from .results import CaseResult, Cell, Table, net
from .timing import Run, take_turns
from .writers import WRITERS, Form, Keeping, Sink, Writer, raw

NAMES = tuple(WRITERS)
BASELINE = "aiohttp"
TITLE = "writers"
CASES = ("write-fields-2", "write-fields-100", "write-fields-1000", "write-files-100",
         "write-file")  # fmt: skip
_SMALL_FILE = 4 * KIB


def _form(case: str, sizes: Sizes, folder: Path) -> Form:
    kind, _, count = case.removeprefix("write-").partition("-")
    if kind == "fields":
        texts = {f"field{i}": f"the value of field number {i}" for i in range(int(count))}
        return Form(texts, {})
    rng = random.Random(5)
    number, size = (int(count), _SMALL_FILE) if count else (1, sizes.large)
    files = {}
    for i in range(number):
        files[f"file{i}"] = folder / f"{case}-{i}.bin"
        files[f"file{i}"].write_bytes(rng.randbytes(size))
    return Form({"title": "some files"}, files)


def _run(loop: asyncio.AbstractEventLoop, writer: Writer, form: Form) -> Run:
    async def passes(count: int) -> None:
        for _ in range(count):
            await writer(form, Sink())

    return lambda count: loop.run_until_complete(passes(count))


def _fault(loop: asyncio.AbstractEventLoop, writer: Writer, form: Form) -> str:
    """Read back what a contender writes; say what is wrong, nothing if nothing is."""
    sink = Keeping()
    content_type, size = loop.run_until_complete(writer(form, sink))
    if size != sink.size:
        return f"announces {size} bytes, and writes {sink.size}"
    reader = twins.load("c").sync.MultipartReader(content_type, bytes(sink.data))
    fields, files = {}, {}
    for part in reader:
        if part.filename is None:
            fields[part.name] = part.text()
        else:
            files[part.name] = part.read()
    wanted = {name: path.read_bytes() for name, path in form.files.items()}
    if fields == form.fields and files == wanted:
        return ""
    return "what is read back is not what was to be sent"


def _cell(loop: asyncio.AbstractEventLoop, writer: Writer, form: Form) -> Cell:
    try:
        fault = _fault(loop, writer, form)
    except Exception as error:
        return Cell(REFUSED, reason=f"{type(error).__name__}: {error}"[:160])
    return Cell(WRONG if fault else OK, reason=fault)


def _row(loop: asyncio.AbstractEventLoop, case: str, names: list[str], plan: Plan) -> CaseResult:
    with tempfile.TemporaryDirectory() as name:
        form = _form(case, plan.sizes, Path(name))
        cells = {name: _cell(loop, WRITERS[name], form) for name in names}
        runs = {name: _run(loop, WRITERS[name], form) for name in names if cells[name].ok}
        if form.files:
            runs[" raw"] = _run(loop, raw, form)
        nothing = Form({}, {})
        clock = plan.files_clock if form.files else time.process_time
        runs[" driver"] = _run(loop, raw, nothing)
        timings = take_turns(runs, plan.rounds, plan.min_sample, clock)
    size = sum(plan.sizes.large if "-" not in case[6:] else _SMALL_FILE for _ in form.files)
    row = CaseResult(case, size, bool(form.files), timings[" driver"].seconds)
    if form.files:
        row.limit = net(timings[" raw"], row.driver)
    for name, cell in cells.items():
        timing = timings.get(name)
        if timing is not None:
            cell = Cell(OK, net(timing, row.driver), samples=timing.samples)
        row.cells[name] = cell
    return row


def run_table(names: list[str], only: list[str], plan: Plan, tell: Callable[[str], None]) -> Table:
    """All rows; `tell` hears of each as it begins."""
    table = Table(TITLE, BASELINE, names, limit="reading the files in blocks of 256 KiB")
    loop = asyncio.new_event_loop()
    try:
        for case in CASES:
            if case in only:
                tell(f"{TITLE}: {case}")
                table.rows.append(_row(loop, case, names, plan))
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    return table
