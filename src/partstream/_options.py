"""Frozen classes of options, which are dataclasses to whoever asks.

:mod:`dataclasses` brings :mod:`inspect` with it, and importing the two takes longer than importing
the rest of the package does.  So the decorator here makes what a frozen dataclass is, and what
:mod:`dataclasses` knows of such a class (``fields()``, ``replace()``, ``asdict()``, a class that
inherits) is made when somebody asks for it, which needs :mod:`dataclasses` anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, TypeVar

__all__ = ["Option", "dataclass", "field", "options", "replace"]

_T = TypeVar("_T", bound=type)
_V = TypeVar("_V")

_NONE: Final[Mapping[str, Any]] = {}


class Option:
    """What a class body says of one field; see :func:`dataclasses.field`."""

    __slots__ = ("default", "init", "metadata")

    def __init__(self, default: Any, metadata: Mapping[str, Any], init: bool) -> None:
        self.default = default
        self.metadata = metadata
        self.init = init


def field(
    *,
    default: Any = None,
    metadata: Mapping[str, Any] = _NONE,
    init: bool = True,
    repr: bool = True,  # noqa: A002
    compare: bool = True,
) -> Any:
    """Declare a field: one to be given, or (``init=False``) one that follows from the others.

    Raises:
        TypeError: for a field that is neither: what follows is not shown and not compared.
    """
    if not init == repr == compare:
        raise TypeError("a field is shown and compared if it can be given, and only then")
    return Option(default, metadata, init)


def options(kind: Any) -> dict[str, Option]:
    """Give the fields of a class that can be given, by name and in their order."""
    found: dict[str, Option] = kind.__options__
    return found


def replace(value: _V, **changes: Any) -> _V:
    """Give what :func:`dataclasses.replace` gives."""
    kind = type(value)
    if "__options__" not in vars(kind):  # a class that inherits may be a real dataclass
        import dataclasses

        return dataclasses.replace(value, **changes)  # type: ignore[type-var]
    given = {name: getattr(value, name) for name in options(kind)} | changes
    return kind(**given)


def dataclass(*, frozen: bool, kw_only: bool) -> Callable[[_T], _T]:
    """Make a class a frozen dataclass whose fields are given by keyword.

    Raises:
        TypeError: for a class of any other kind.
    """
    if not (frozen and kw_only):
        raise TypeError("only frozen classes with keywords are made here")
    return _made


def _made(kind: _T) -> _T:
    declared = {name: item for name, item in vars(kind).items() if isinstance(item, Option)}
    given = {name: item for name, item in declared.items() if item.init}
    defaults = {name: item.default for name, item in given.items()}
    for name, item in declared.items():
        if item.init:
            setattr(kind, name, item.default)
        else:
            delattr(kind, name)
    for member in _members(kind, declared, defaults):
        member.__qualname__ = f"{kind.__qualname__}.{member.__name__}"
        setattr(kind, member.__name__, member)
    twin = _Twin(kind, declared)
    for name in ("__dataclass_fields__", "__dataclass_params__", "__signature__"):
        setattr(kind, name, _Asked(twin, name))
    for name, value in (("__options__", given), ("__match_args__", ())):
        setattr(kind, name, value)
    return kind


def _members(
    kind: type, declared: Mapping[str, Option], defaults: dict[str, Any]
) -> list[Callable[..., Any]]:
    values: Callable[[Any], tuple[Any, ...]] = attrgetter(*defaults)

    def __init__(self: Any, **given: Any) -> None:
        for name in given:
            if name not in defaults:
                start = f"{kind.__name__}.__init__() got an unexpected keyword argument"
                raise TypeError(f"{start} {name!r}")
        own = self.__dict__  # past __setattr__
        own.update(defaults)
        own.update(given)
        self.__post_init__()

    def __setattr__(self: Any, name: str, value: object) -> None:
        if type(self) is kind or name in declared:
            raise _frozen(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is kind or name in declared:
            raise _frozen(f"cannot delete field {name!r}")
        object.__delattr__(self, name)

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def __hash__(self: Any) -> int:
        return hash(values(self))

    def __repr__(self: Any) -> str:
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in defaults])
        return f"{self.__class__.__qualname__}({shown})"

    def __replace__(self: Any, **changes: Any) -> Any:
        return self.__class__(**{name: getattr(self, name) for name in defaults} | changes)

    return [__init__, __setattr__, __delattr__, __eq__, __hash__, __repr__, __replace__]


def _frozen(message: str) -> AttributeError:
    from dataclasses import FrozenInstanceError

    return FrozenInstanceError(message)


class _Twin:
    """A dataclass with the fields of another class, made when somebody asks for it."""

    def __init__(self, kind: type, declared: Mapping[str, Option]) -> None:
        self._kind, self._declared = kind, declared
        self._made: type | None = None

    def __call__(self) -> type:
        if self._made is None:
            import dataclasses

            body: dict[str, Any] = {
                name: dataclasses.field(default=item.default, metadata=item.metadata)
                if item.init
                else dataclasses.field(init=False, repr=False, compare=False)
                for name, item in self._declared.items()
            }
            body["__annotations__"] = {name: self._kind.__annotations__[name] for name in body}
            # Where dataclasses looks up what an annotation that is text may mean.
            body["__module__"] = dataclasses.__name__
            made = type(self._kind.__name__, (), body)
            self._made = dataclasses.dataclass(frozen=True, kw_only=True)(made)
        return self._made


class _Asked:
    """An attribute of a class, taken from its twin."""

    def __init__(self, twin: _Twin, name: str) -> None:
        self._twin, self._name = twin, name

    def __get__(self, instance: object, owner: type) -> Any:
        if self._name != "__signature__":
            return getattr(self._twin(), self._name)
        from inspect import signature

        return signature(self._twin())
