"""What can be a part of a :class:`partstream.MultipartWriter`, and how that is chosen by type.

The payloads themselves are in ``_payload_memory.py``, ``_payload_files.py`` and
``_payload_streams.py``; what they have in common is in ``_payload.py``.
"""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterable, Iterable
from typing import Any, Final

from ._file_pass import READ
from ._payload import Payload
from ._payload_files import (
    AsyncFile,
    AsyncFilePayload,
    BufferedReaderPayload,
    BytesIOPayload,
    File,
    IOBasePayload,
    PathPayload,
    TextIOPayload,
    file_payload,
)
from ._payload_memory import (
    BytesPayload,
    JsonBytesPayload,
    JsonPayload,
    StringIOPayload,
    StringPayload,
)
from ._payload_streams import AsyncIterablePayload, BodyPartReaderPayload, IterablePayload
from ._registry import AnyFactory, Factory, LookupError, Order, PayloadRegistry  # noqa: A004
from .reader import BodyPartReader
from .sync import BodyPartReader as SyncBodyPartReader

__all__ = [
    "DEFAULT_CHUNK_SIZE", "PAYLOAD_REGISTRY", "AsyncFile", "AsyncFilePayload",
    "AsyncIterablePayload", "BodyPartReaderPayload", "BufferedReaderPayload", "BytesIOPayload",
    "BytesPayload", "IOBasePayload", "IterablePayload", "JsonBytesPayload", "JsonPayload",
    "LookupError", "Order", "PathPayload", "Payload", "PayloadRegistry", "StringIOPayload",
    "StringPayload", "TextIOPayload", "get_payload", "payload_type", "register_payload",
]  # fmt: skip

#: What is read from a file at a time, in bytes.
DEFAULT_CHUNK_SIZE: Final = READ


def get_payload(data: Any, *args: Any, **kwargs: Any) -> Payload:
    """Make the payload for a value, by its type; a payload is given back as it is.

    Args:
        data: the value.
        args: passed on to the payload's class, as is ``kwargs``.
        kwargs: such as ``headers``, ``content_type``, ``filename`` and ``size``.

    Raises:
        LookupError: of this module, where no payload is registered for the type.
    """
    return PAYLOAD_REGISTRY.get(data, *args, **kwargs)


def register_payload(factory: Factory, type: Any, *, order: Order = Order.normal) -> None:  # noqa: A002
    """Have values of a type written by a payload of one's own.

    Args:
        factory: a subclass of :class:`Payload`, or what makes one: called with the value.
        type: as of ``isinstance()``.
        order: before the others, among them, or behind them.

    Raises:
        ValueError: for an unknown order.
    """
    PAYLOAD_REGISTRY.register(factory, type, order=order)


class payload_type:
    """Registers the payload that it decorates; see :func:`register_payload`.

    Args:
        type: as of ``isinstance()``.
        order: before the others, among them, or behind them.
    """

    def __init__(self, type: Any, *, order: Order = Order.normal) -> None:  # noqa: A002
        self.type = type
        self.order = order

    def __call__(self, factory: AnyFactory) -> AnyFactory:
        """Register the payload, and give it back."""
        register_payload(factory, self.type, order=self.order)
        return factory


PAYLOAD_REGISTRY = PayloadRegistry()
PAYLOAD_REGISTRY.register(BytesPayload, (bytes, bytearray, memoryview))
PAYLOAD_REGISTRY.register(StringPayload, str)
PAYLOAD_REGISTRY.register(StringIOPayload, io.StringIO)
PAYLOAD_REGISTRY.register(TextIOPayload, io.TextIOBase)
PAYLOAD_REGISTRY.register(BytesIOPayload, io.BytesIO)
PAYLOAD_REGISTRY.register(BufferedReaderPayload, (io.BufferedReader, io.BufferedRandom))
PAYLOAD_REGISTRY.register(IOBasePayload, io.IOBase)
PAYLOAD_REGISTRY.register(BodyPartReaderPayload, (BodyPartReader, SyncBodyPartReader))
PAYLOAD_REGISTRY.register(PathPayload, os.PathLike)
PAYLOAD_REGISTRY.register(AsyncFilePayload, AsyncFile)
PAYLOAD_REGISTRY.register(file_payload, File)
# Many things can be iterated that are something else before.
PAYLOAD_REGISTRY.register(AsyncIterablePayload, AsyncIterable, order=Order.try_last)
PAYLOAD_REGISTRY.register(IterablePayload, Iterable, order=Order.try_last)
