"""Limits and Policy are dataclasses to whoever asks, and need no dataclasses to be imported."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

Module = Callable[[str], ModuleType]


@pytest.fixture(params=["Limits", "Policy"])
def kind(ps: ModuleType, request: pytest.FixtureRequest) -> Any:
    """One of the two classes."""
    return getattr(ps, request.param)


def _change(kind: Any) -> dict[str, Any]:
    return {"max_parts": 5} if kind.__name__ == "Limits" else {"bare_lf": "always"}


def test_they_are_dataclasses(kind: Any) -> None:
    assert dataclasses.is_dataclass(kind)
    fields = dataclasses.fields(kind)
    assert fields == dataclasses.fields(kind())
    given = [item for item in fields if item.init]
    assert [item.name for item in given] == list(inspect.signature(kind).parameters)
    for item in given:
        assert item.kw_only
        assert item.default == getattr(kind, item.name) == getattr(kind(), item.name)
        assert item.type == kind.__annotations__[item.name]
        assert item.metadata["doc"]
    follow = {item.name for item in fields} - {item.name for item in given}
    assert follow == (
        {"maxima", "packed", "unlimited"} if "max_parts" in kind.__annotations__
        else {"form_mask", "other_mask"}
    )  # fmt: skip
    assert dataclasses.asdict(kind()) == {item.name: getattr(kind(), item.name) for item in fields}
    assert not any(hasattr(kind, name) for name in follow)


def test_their_arguments_are_shown(kind: Any) -> None:
    parameters = inspect.signature(kind).parameters.values()
    assert {item.kind for item in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    (name,) = _change(kind)
    assert inspect.signature(kind).parameters[name].default == getattr(kind, name)


def test_they_are_values(kind: Any) -> None:
    change = _change(kind)
    one, same, other = kind(**change), kind(**change), kind()
    assert one == same != other
    assert hash(one) == hash(same)
    assert len({one, same, other}) == 2
    assert one != 5
    (item,) = change.items()
    assert f"{item[0]}={item[1]!r}" in repr(one)
    assert eval(repr(one), {kind.__name__: kind}) == one
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again == one
        assert vars(again) == vars(one)


def test_they_are_replaced(kind: Any, ps_module: Module) -> None:
    change = _change(kind)
    (name,) = change
    for replace in (dataclasses.replace, ps_module("_options").replace):
        changed = replace(kind(), **change)
        assert changed == kind(**change)
        assert type(changed) is kind
        assert replace(changed, **{name: getattr(kind, name)}) == kind()
        with pytest.raises(TypeError):
            replace(kind(), other=1)
    if hasattr(copy, "replace"):  # from 3.13 on
        assert copy.replace(kind(), **change) == kind(**change)


def test_they_cannot_be_changed(kind: Any) -> None:
    one = kind()
    for name in (*_change(kind), "anything"):
        with pytest.raises(
            dataclasses.FrozenInstanceError, match=f"cannot assign to field {name!r}"
        ):
            setattr(one, name, 1)
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot delete field {name!r}"):
            delattr(one, name)
    assert one == kind()


def test_what_they_do_not_know_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"__init__\(\) got an unexpected keyword argument 'other'"):
        kind(other=1)
    with pytest.raises(TypeError, match="positional"):
        kind(1)


def test_a_dataclass_may_inherit(ps: ModuleType, kind: Any, ps_module: Module) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class More(kind):  # type: ignore[misc]
        extra: int = 3

    change = _change(kind)
    one = More(**change, extra=4)
    assert dataclasses.fields(More)[-1].name == "extra"
    assert one == More(**change, extra=4) != More(**change)
    for replace in (dataclasses.replace, ps_module("_options").replace):
        assert replace(one, extra=3) == More(**change)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.extra = 5
    settings = {kind.__name__.lower(): one}
    assert ps.MultipartParser("B", **settings).close is not None


def test_a_plain_class_may_inherit(kind: Any) -> None:
    class Named(kind):  # type: ignore[misc]
        pass

    change = _change(kind)
    one = Named(**change)
    one.label = "mine"
    assert one == Named(**change) != kind(**change)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, *next(iter(change.items())))
    del one.label
    assert repr(one).partition("(")[0].endswith("Named")


def test_what_is_no_such_class_is_not_made(ps_module: Module) -> None:
    options = ps_module("_options")
    with pytest.raises(TypeError, match="frozen"):
        options.dataclass(frozen=False, kw_only=True)
    with pytest.raises(TypeError, match="shown and compared"):
        options.field(default=1, compare=False)


def test_they_are_dataclasses_also_where_the_package_cannot_be_found(
    twins: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where two copies of it are loaded: dataclasses looks into ``sys.modules``."""
    package = twins["py"]
    module = sys.modules["partstream"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "partstream"]:
        monkeypatch.delitem(sys.modules, name)
    for kind in (package.Limits, package.Policy):
        twin = vars(kind)["__dataclass_fields__"]._twin
        monkeypatch.setattr(twin, "_made", None)
        assert dataclasses.is_dataclass(kind)
    assert module is not package
