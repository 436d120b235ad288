"""What a run found, as plain data: the report renders it, `--json` writes it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

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

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        data = asdict(self)
        for row, plain in zip(self.rows, data["rows"], strict=True):
            for name in row.cells:
                plain["cells"][name]["ratio"] = row.ratio(name, self.baseline)
        return data


def net(timing: Timing, driver: float) -> float:
    """The time less the driver's own. Never nothing: a tenth is left where they are that close."""
    return max(timing.seconds - driver, timing.seconds / 10)
