"""Draws a run's results as SVG.

The same results give the same bytes: no date, no random ids. Colours are those of Okabe and Ito,
which colour-blind people can tell apart; every contender has a mark of its own beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from . import form_goals
from .goals import ASYNC, GOALS, LIMIT, OWN, SYNC, WRITER
from .results import CaseResult, Results, Table

#: Letters are drawn as outlines: a page that shows the picture need not have the font.
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "partstream",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
}
_WIDTH = 8.4
_BLUE, _SKY, _ORANGE, _GREEN = "#0072B2", "#56B4E9", "#E69F00", "#009E73"
_RED, _PINK, _BLACK, _GREY = "#D55E00", "#CC79A7", "#000000", "#777777"
#: Colour and mark. No table has two contenders with the same pair.
_LOOKS = {
    "partstream-c": (_BLUE, "o"),
    "partstream-py": (_SKY, "s"),
    "partstream": (_BLUE, "o"),
    "partstream-body": (_SKY, "s"),
    "partstream-append": (_GREEN, "D"),
    "multipart": (_BLACK, "^"),
    "python-multipart": (_ORANGE, "v"),
    "werkzeug": (_RED, "P"),
    "streaming-form-data": (_PINK, "X"),
    "emmett-core": (_GREEN, "D"),
    "django": (_GREY, "p"),
    "aiohttp": (_BLACK, "^"),
    "aiohttp-hoisted": (_RED, "v"),
    "aiohttp-writer": (_GREY, "v"),
    "httpx": (_ORANGE, "P"),
    "urllib3": (_RED, "X"),
    "toolbelt": (_PINK, "p"),
}
_OTHERS = ((_GREY, "*"), (_GREEN, "h"), (_PINK, "<"), (_ORANGE, ">"))
Value = Callable[[CaseResult, str], "float | None"]


def _look(name: str, number: int) -> tuple[str, str]:
    return _LOOKS.get(name) or _OTHERS[number % len(_OTHERS)]


def _figure(height: float, columns: int = 1, **options: Any) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, list(figure.subplots(1, columns, squeeze=False, **options)[0])


def _legend(figure: Figure, axes: Axes, columns: int = 4) -> None:
    """Below the plot, never over it."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(columns, len(labels)),
        frameon=False,
        columnspacing=1.2,
        handletextpad=0.4,
    )


def _plain(value: float, _position: object = None) -> str:
    """1000 as 1k, 0.5 as 0.5."""
    for factor, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:g}{suffix}"
    return f"{value:g}"


def _log(axis: Any) -> None:
    """Ticks at powers of ten; within two of them also at 2 and 5."""
    low, high = axis.get_view_interval()
    subs = (1.0, 2.0, 5.0) if high < 200 * low else (1.0,)
    axis.set_major_locator(LogLocator(subs=subs, numticks=20))
    axis.set_major_formatter(FuncFormatter(_plain))
    axis.set_minor_formatter(NullFormatter())


def _rows(table: Table, value: Value) -> list[CaseResult]:
    """The cases that have anything to show."""
    return [row for row in table.rows if any(value(row, name) for name in table.contenders)]


def _dots(table: Table, value: Value, title: str, x: str) -> tuple[Figure, Axes]:
    """One line a case, from above in the table's order, one mark a contender."""
    rows = _rows(table, value)
    figure, (axes,) = _figure(1.7 + 0.36 * len(rows))
    for number, name in enumerate(table.contenders):
        points = [(value(row, name), line) for line, row in enumerate(rows)]
        colour, mark = _look(name, number)
        shown = [(found, line) for found, line in points if found is not None]
        axes.plot(
            [found for found, _ in shown],
            [line for _, line in shown],
            linestyle="none",
            marker=mark,
            color=colour,
            markersize=8 if mark in "oPX" else 6.5,
            markeredgecolor="white",
            markeredgewidth=0.3,
            zorder=10 - number,
            clip_on=False,
            label=name,
        )
    axes.set_yticks(range(len(rows)), [row.case for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xscale("log")
    _log(axes.xaxis)
    axes.set_xlabel(x)
    axes.set_title(title, loc="left", fontsize=11)
    return figure, axes


def _strokes(axes: Axes, points: list[tuple[float, int]], colour: str, label: str) -> None:
    """An upright stroke at each value on its line: nobody's time, but what is to be reached."""
    axes.plot(
        [value for value, _ in points],
        [line for _, line in points],
        linestyle="none",
        marker="|",
        markersize=13,
        markeredgewidth=2.2,
        color=colour,
        label=label,
        zorder=1.5,
    )


def _goals(axes: Axes, rows: list[CaseResult], layer: str, against: str) -> None:
    """What partstream is to reach on these lines, compiled."""
    goals = {
        goal.case: goal.at_least
        for goal in GOALS
        if (goal.layer, goal.against) == (layer, against)
        and goal.contender in (OWN, "partstream")
        and not goal.together
    }
    points = [(goals[row.case], line) for line, row in enumerate(rows) if row.case in goals]
    if points:
        _strokes(axes, points, _BLUE, "goal")


def _ratios(table: Table, layer: str, title: str) -> Figure:
    def ratio(row: CaseResult, name: str) -> float | None:
        return row.ratio(name, table.baseline)

    x = f"times as fast as {table.baseline} (log scale; right is faster)"
    figure, axes = _dots(table, ratio, title, x)
    _goals(axes, _rows(table, ratio), layer, table.baseline)
    axes.axvline(1, color=_BLACK, linewidth=0.8)
    _legend(figure, axes, 5)
    return figure


def _throughput(table: Table) -> Figure:
    def rate(row: CaseResult, name: str) -> float | None:
        return row.rate(name) if row.throughput else None

    title, x = "Throughput by case and parser", "MB/s (log scale; right is faster)"
    figure, axes = _dots(table, rate, title, x)
    limits = [
        (row.nbytes / row.limit / 1e6, line)
        for line, row in enumerate(_rows(table, rate))
        if row.limit
    ]
    _strokes(axes, limits, _GREY, "memchr limit")
    _legend(figure, axes, 5)
    return figure


def _share(row: CaseResult, name: str) -> float | None:
    seconds = row.cells[name].seconds
    return row.limit / seconds if row.limit and seconds else None


def _percent(value: float, _position: object = None) -> str:
    """0.5 as 50%, 0.001 as 0.1%."""
    return f"{value * 100:g}%"


def _limit(table: Table) -> Figure:
    x = "share of one bytes.find over the same chunks (log scale; right is faster)"
    figure, axes = _dots(table, _share, "Share of the memchr limit", x)
    _goals(axes, _rows(table, _share), SYNC, LIMIT)
    axes.axvline(1, color=_GREY, linewidth=2.2, label="memchr limit")
    axes.set_xlim(right=max(1.3, axes.get_xlim()[1]))
    axes.xaxis.set_major_formatter(FuncFormatter(_percent))
    _legend(figure, axes, 5)
    return figure


def _line_look(name: str) -> tuple[str, str, str]:
    """Of the scaling: a colour a twin, a dash and a mark a layer."""
    contender, _, layer = name.partition(" ")
    colour = {"partstream-c": _BLUE, "partstream-py": _ORANGE}.get(contender, _BLACK)
    dash, mark = {"": ("-", "o"), "async": ("--", "s")}.get(layer, (":", "^"))
    return colour, dash, mark


def _scaling(axis: Mapping[str, Any]) -> Figure:
    figure, (axes,) = _figure(4.2)
    for name, points in axis["series"].items():
        colour, dash, mark = _line_look(name)
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            color=colour,
            linestyle=dash,
            marker=mark,
            markersize=4.5,
            linewidth=1.5,
            label=name,
        )
    if axis["log_x"]:
        axes.set_xscale("log")
        _log(axes.xaxis)
    axes.set_yscale("log")
    _log(axes.yaxis)
    axes.set_xlabel(axis["x"] + (" (log scale)" if axis["log_x"] else ""))
    axes.set_ylabel(axis["y"] + " (log scale)")
    axes.set_title(axis["title"], loc="left", fontsize=11)
    _legend(figure, axes, 3)
    return figure


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar: the group that it stands in, whose it is, its colour, and what it starts on."""

    group: str
    label: str
    colour: str
    value: float
    base: float = 0.0


def _bars(axes: Axes, bars: list[_Bar], title: str, x: str) -> None:
    """Horizontal bars from above, a name at the left of each, the value at its end."""
    line, groups = 0.0, list(dict.fromkeys(bar.group for bar in bars))
    widest = max(bar.base + bar.value for bar in bars)
    ticks, names = [], []
    for group in groups:
        if group:
            axes.annotate(
                group,
                (0, line),
                xytext=(4, 0),  # right of the axis; over other lines, not amid them
                textcoords="offset points",
                va="center",
                fontweight="bold",
                fontsize=9,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )
            line += 1
        for bar in bars:
            if bar.group == group:
                axes.barh(line, bar.base, 0.72, color="#cccccc")
                axes.barh(line, bar.value, 0.72, left=bar.base, color=bar.colour)
                end = bar.base + bar.value
                axes.text(end, line, f" {_figures(end)}", va="center", fontsize=8.5)
                ticks.append(line)
                names.append(bar.label)
                line += 1
        line += 0.3
    axes.set_yticks(ticks, names, fontsize=9)
    axes.set_ylim(line - 0.6, -0.8)
    axes.set_xlim(0, widest * 1.1)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    axes.set_xlabel(x)
    axes.set_title(title, loc="left", fontsize=11)


def _figures(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _height(bars: list[_Bar]) -> float:
    return 0.9 + 0.24 * len(bars) + 0.31 * len({bar.group for bar in bars})


def _servers(rows: list[dict[str, Any]]) -> Figure:
    """A panel a kind of work: what the server can without a form, its own way, and ours."""
    kinds = {"nothing": (_GREY, "the server alone, no form read"), "": (_ORANGE, "its own way"),
             "partstream": (_BLUE, "partstream")}  # fmt: skip
    panels: dict[str, list[_Bar]] = {}
    units = {}
    for row in rows:
        kind = next(kind for kind in ("nothing", "partstream", "") if row["way"].startswith(kind))
        bar = _Bar(row["server"], row["way"], kinds[kind][0], row["per_second"])
        panels.setdefault(row["work"], []).append(bar)
        units[row["work"]] = row["unit"]
    heights = [_height(bars) for bars in panels.values()]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.4), layout="constrained")
    grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
    for (work, bars), axes in zip(panels.items(), grid[:, 0], strict=True):
        _bars(axes, bars, work[0].upper() + work[1:], units[work] + " (longer is faster)")
    handles = [Patch(color=colour, label=label) for colour, label in kinds.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _forms(rows: list[dict[str, Any]], title: str) -> Figure:
    """Two marks a line: of the form, which the goals are of, and of the whole request."""
    figure, (axes,) = _figure(0.9 + 0.24 * len(rows))
    lines = range(len(rows))
    for key, colour, mark, label in (
        ("ratio", _GREY, "s", "of the whole request"),
        ("form_ratio", _BLUE, "o", "of the form: less a request that parses nothing"),
    ):
        values = [row[key] for row in rows]
        axes.plot(values, lines, mark, color=colour, markersize=6, linestyle="", label=label)
    goals = dict(form_goals.at_least())
    wanted = [goals[form_goals.case_of(row["framework"], row["form"])] for row in rows]
    _strokes(axes, list(zip(wanted, lines, strict=True)), _ORANGE, "goal (of the form)")
    axes.axvline(1, color=_BLACK, linewidth=0.8)
    axes.set_xscale("log")
    _log(axes.xaxis)
    axes.set_yticks(lines, [f"{row['framework']}, {row['form']}" for row in rows], fontsize=9)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("times as fast as the framework's own parser (log scale; right is faster)")
    axes.set_title(title, loc="left", fontsize=11)
    _legend(figure, axes, 3)
    return figure


def _memory(peaks: list[dict[str, Any]], title: str) -> Figure:
    bars = [
        _Bar(peak["layer"], peak["contender"], _look(peak["contender"], 0)[0],
             peak["after"] - peak["before"], peak["before"])
        for peak in peaks
    ]  # fmt: skip
    figure, (axes,) = _figure(_height(bars))
    _bars(axes, bars, title, "MiB resident at most (grey: before, with everything imported)")
    return figure


def _held(items: list[dict[str, Any]]) -> Figure:
    bars = [
        _Bar(item["what"], item["contender"], _look(item["contender"], 0)[0], item["nbytes"])
        for item in items
    ]
    figure, (axes,) = _figure(_height(bars))
    _bars(axes, bars, "Memory while a form is held", "bytes a field (shorter is less)")
    return figure


def figures(results: Results) -> Iterator[tuple[str, str, Figure]]:
    """The name of the file, what it shows, and the picture, for all that the results hold."""
    tables = results.tables
    if sync := tables.get("sync"):
        yield "throughput", "Throughput by case and parser", _throughput(sync)
        title = f"Sans-IO parsers, compared with {sync.baseline}"
        yield "sansio", title, _ratios(sync, SYNC, title)
        yield "limit", "Share of the memchr limit", _limit(sync)
    for layer, name, title in (
        (ASYNC, "async", "Async readers"),
        (WRITER, "writers", "Writers"),
    ):
        if table := tables.get(layer):
            title = f"{title}, compared with {table.baseline}"
            yield name, title, _ratios(table, layer, title)
    for axis in results.more.get("scaling", ()):
        yield f"scaling-{axis['name']}", axis["title"], _scaling(axis)
    footprint = results.more.get("footprint", {})
    if peaks := footprint.get("peaks"):
        title = f"Memory while one part of {footprint['nbytes'] >> 20} MiB goes through"
        yield "memory", title, _memory(peaks, title)
    if items := footprint.get("held"):
        yield "held", "Memory while a form is held, a field", _held(items)
    if servers := results.more.get("servers"):
        yield "servers", "Throughput of real servers on loopback", _servers(servers)
    if forms := results.more.get("forms"):
        title = "Forms in web frameworks, partstream in place of their own parser"
        yield "forms", title, _forms(forms, title)


def draw(results: Results, folder: Path) -> dict[str, str]:
    """Write all pictures to that folder; what each shows, by its file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = {}
    with matplotlib.rc_context(_STYLE):
        for name, title, figure in figures(results):
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
            shown[f"{name}.svg"] = title
    return shown
