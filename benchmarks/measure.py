"""Measures: the three tables, one case of one again, and what the modules beside them measure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from importlib import import_module
from typing import Any

from . import cases, form_goals, writing
from .goals import FORMS
from .layers import Layer, Plan, run_layer
from .results import Table

Tell = Callable[[str], None]

_MODULES = {"sync": "sansio", "async": "streams"}
_WRITER = "writer"
LAYERS = (*_MODULES, _WRITER)
CASES = (*cases.BY_NAME, *writing.CASES, *form_goals.CASES)
#: Modules with a `run(sizes, tell)` of their own, in the order in which they run and are shown.
BESIDE = ("scaling", "footprint", "servers", "clients", "forms")


def _layer(layer: str) -> tuple[Layer, tuple[str, ...]]:
    module = import_module(f".{_MODULES[layer]}", __package__)
    return module.LAYER, module.NAMES


def names(layer: str) -> tuple[str, ...]:
    """The contenders of that layer."""
    if layer == FORMS:
        return form_goals.NAMES
    return writing.NAMES if layer == _WRITER else _layer(layer)[1]


def table(
    layer: str, plan: Plan, tell: Tell, only: Collection[str], wanted: Collection[str]
) -> Table:
    """One layer's table: these cases, and those of its contenders that are wanted."""
    chosen = [name for name in names(layer) if name in wanted]
    only = list(only)
    if layer == FORMS:
        forms: Any = import_module(".forms", __package__)
        held: Table = forms.held(
            plan.sizes, [name for name in form_goals.CASES if name in only], tell
        )
        return held
    if layer == _WRITER:
        return writing.run_table(chosen, only, plan, tell)
    return run_layer(_layer(layer)[0], chosen, only, plan, tell)


def tables(
    plan: Plan,
    tell: Tell,
    layers: Iterable[str] = LAYERS,
    only: Collection[str] = CASES,
    wanted: Collection[str] | None = None,
) -> dict[str, Table]:
    """The tables by layer; a layer that has none of the wanted contenders is left out."""
    found = {}
    for layer in layers:
        chosen = names(layer) if wanted is None else [n for n in names(layer) if n in wanted]
        if chosen:
            found[layer] = table(layer, plan, tell, only, chosen)
    return found


def _plain(found: Any) -> Any:
    """As data for JSON: of one object, or of a list of them."""
    if isinstance(found, list | tuple):
        return [item.as_data() for item in found]
    return found.as_data()


def beside(sizes: cases.Sizes, tell: Tell) -> dict[str, Any]:
    """What the other modules find, as plain data by their names."""
    found = {}
    for name in BESIDE:
        try:
            module: Any = import_module(f".{name}", __package__)
        except ModuleNotFoundError as missing:
            if missing.name != f"{__package__}.{name}":
                raise  # what it needs is missing, which is no reason to leave it out
            tell(f"left out: {missing.name} is not there")
            continue
        found[name] = _plain(module.run(sizes, tell))
    return found
