"""Both readers behind one face, so that one test runs over the async and the blocking one."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterable, Iterator
from types import ModuleType
from typing import Any

__all__ = ["NAMES", "Reading", "cut"]

NAMES = ("async", "sync")


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


class Unreading:
    """A source of chunks, async or not, that takes bytes back."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = list(chunks)

    def unread_data(self, data: bytes) -> None:
        self.chunks.insert(0, data)

    @property
    def left(self) -> bytes:
        return b"".join(self.chunks)

    def _next(self) -> bytes:
        return self.chunks.pop(0) if self.chunks else b""


class AsyncUnreading(Unreading):
    async def read(self, size: int) -> bytes:
        return self._next()


class SyncUnreading(Unreading):
    def read(self, size: int) -> bytes:
        return self._next()


class Reading:
    """Makes readers of one kind, and calls them as if none had to be awaited."""

    def __init__(self, name: str, package: ModuleType, sync: ModuleType) -> None:
        self.name = name
        self.package = package
        self.module = package if name == "async" else sync

    def source(self, chunks: Iterable[bytes]) -> Any:
        return _source(chunks) if self.name == "async" else iter(list(chunks))

    def unreading(self, chunks: Iterable[bytes]) -> Unreading:
        return (AsyncUnreading if self.name == "async" else SyncUnreading)(chunks)

    def reader(
        self,
        data: bytes,
        size: int = 7,
        subtype: str = "mixed",
        boundary: str = "B",
        **options: Any,
    ) -> Any:
        value = f"multipart/{subtype}; boundary={boundary}"
        kind = options.pop("kind", self.module.MultipartReader)
        return kind(value, self.source(cut(data, size)), **options)

    def done(self, value: Any) -> Any:
        """Give a result; a coroutine is run, and must not have to wait for anything outside."""
        if not inspect.isawaitable(value):
            return value
        steps = value.__await__()
        try:
            next(steps)
        except StopIteration as result:
            return result.value
        raise AssertionError("the reader waits for something else than its source")

    def each(self, value: Any) -> Iterator[Any]:
        """Iterate, whichever way that is done."""
        if hasattr(value, "__anext__"):
            while True:
                try:
                    yield self.done(value.__anext__())
                except StopAsyncIteration:
                    return
        yield from value


async def _source(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
