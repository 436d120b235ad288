"""Which payload is made for which type of value."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar, cast

from ._payload import Payload

__all__ = ["LookupError", "Order", "PayloadRegistry"]

Factory: TypeAlias = Callable[..., Payload]
AnyFactory = TypeVar("AnyFactory", bound="Callable[..., Any]")


class LookupError(Exception):  # noqa: A001
    """No payload is registered for a type."""


class Order(str, enum.Enum):
    """When a registered payload is tried: before the others, among them, or when none of them fits.

    Within each, the first that was registered comes first; but among ``normal`` ones, that which
    was registered last for the very type of a value, so that a payload of ours can be replaced.
    """

    normal = "normal"
    try_first = "try_first"
    try_last = "try_last"


class PayloadRegistry:
    """The payloads by the types that they are made for."""

    __slots__ = ("_exact", "_first", "_last", "_normal")

    def __init__(self) -> None:
        self._first: list[tuple[Factory, Any]] = []
        self._normal: list[tuple[Factory, Any]] = []
        self._last: list[tuple[Factory, Any]] = []
        self._exact: dict[type, Factory] = {}

    def get(self, data: Any, *args: Any, **kwargs: Any) -> Payload:
        """Make the payload for a value; a payload is given back as it is.

        Args:
            data: the value.
            args: passed on to the payload's class, as is ``kwargs``.
            kwargs: such as ``headers``, ``content_type`` and ``filename``.

        Raises:
            LookupError: where none is registered for its type.
        """
        for factory, kind in self._first:
            if isinstance(data, kind):
                return factory(data, *args, **kwargs)
        exact = self._exact.get(type(data))  # pyright: ignore[reportUnknownArgumentType]
        if exact is not None:
            return exact(data, *args, **kwargs)
        if isinstance(data, Payload):
            return data
        for factories in (self._normal, self._last):
            for factory, kind in factories:
                if isinstance(data, kind):
                    return factory(data, *args, **kwargs)
        raise LookupError(f"no payload is registered for {type(data).__name__}")

    def register(
        self,
        factory: AnyFactory,
        type: Any,  # noqa: A002
        *,
        order: Order = Order.normal,
    ) -> AnyFactory:
        """Make ``factory`` the payload for a type, or for each of a tuple of types.

        Args:
            factory: a subclass of :class:`Payload`, or what makes one.
            type: as of ``isinstance()``.
            order: when it is tried.

        Raises:
            ValueError: for an unknown order.
        """
        if order is Order.try_first:
            self._first.append((factory, type))
        elif order is Order.normal:
            self._normal.append((factory, type))
            kinds = tuple(cast(Any, type)) if isinstance(type, Iterable) else (type,)
            for kind in kinds:
                self._exact[kind] = factory
        elif order is Order.try_last:
            self._last.append((factory, type))
        else:
            raise ValueError(f"unsupported order {order!r}: it must be one of Order")
        return factory
