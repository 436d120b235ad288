"""What a run found, as plain data: the report renders it, `--json` writes it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .check import OK
from .timing import Timing


@dataclass(frozen=True, slots=True)
class Cell:
    """One contender on one case. `seconds` is net of the driver's own cost; None if not timed."""

    status: str
    seconds: float | None = None
    once: bool = False
    reason: str = ""
    samples: tuple[float, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the records were right."""
        return self.status == OK


@dataclass(slots=True)
class CaseResult:
    """One row: all contenders on one case. `limit` is what nobody can beat, see `Table`."""

    case: str
    nbytes: int
    throughput: bool
    driver: float
    limit: float | None = None
    cells: dict[str, Cell] = field(default_factory=dict)

    def ratio(self, name: str, baseline: str) -> float | None:
        """How many times as fast as the baseline; None where either has no time."""
        base, cell = self.cells.get(baseline), self.cells.get(name)
        if base is None or cell is None or base.seconds is None or cell.seconds is None:
            return None
        return base.seconds / cell.seconds

    def rate(self, name: str) -> float | None:
        """Megabytes (10**6) a second."""
        seconds = self.cells[name].seconds
        return None if seconds is None else self.nbytes / seconds / 1e6


@dataclass(slots=True)
class Table:
    """One layer: the rows, and the contender that the ratios are against."""

    title: str
    baseline: str
    contenders: list[str]
    rows: list[CaseResult] = field(default_factory=list)
    #: What the rows' limit is.
    limit: str = "the memchr limit: one bytes.find for a byte that is not there"

    def row(self, case: str) -> CaseResult | None:
        """The row of that case; None where it was not asked for."""
        return next((row for row in self.rows if row.case == case), None)

    def as_data(self, samples: bool = True) -> dict[str, Any]:
        """For JSON. Without samples, and without what follows from the rest, it is small."""
        data = asdict(self)
        for row, plain in zip(self.rows, data["rows"], strict=True):
            for name in row.cells:
                if samples:
                    plain["cells"][name]["ratio"] = row.ratio(name, self.baseline)
                else:
                    del plain["cells"][name]["samples"]
        return data

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Table:
        """What `as_data` gave."""
        rows = [
            CaseResult(
                **{**row, "cells": {name: _cell(cell) for name, cell in row["cells"].items()}}
            )
            for row in data["rows"]
        ]
        return cls(**{**data, "rows": rows})


def _cell(data: dict[str, Any]) -> Cell:
    samples = tuple(data.get("samples", ()))
    return Cell(data["status"], data["seconds"], data["once"], data["reason"], samples)


@dataclass(slots=True)
class Results:
    """A whole run: the tables by layer (sync, async, writer), and what other modules measured.

    `more` has plain data by the measuring module's name, as its `as_data` gives it.
    """

    heading: dict[str, str]
    tables: dict[str, Table]
    more: dict[str, Any] = field(default_factory=dict)

    def as_data(self, samples: bool = True) -> dict[str, Any]:
        """For JSON; numbers rounded to five digits, which is more than any of them is good for."""
        tables = {layer: table.as_data(samples) for layer, table in self.tables.items()}
        data = {"heading": self.heading, "tables": tables, "more": self.more}
        return {name: _rounded(value) for name, value in data.items()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Results:
        """What `as_data` gave."""
        tables = {layer: Table.from_data(table) for layer, table in data["tables"].items()}
        return cls(data["heading"], tables, data["more"])


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value


def net(timing: Timing, driver: float) -> float:
    """The time less the driver's own. Never nothing: a tenth is left where they are that close."""
    return max(timing.seconds - driver, timing.seconds / 10)
