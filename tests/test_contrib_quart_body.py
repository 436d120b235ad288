"""The queue of a body in ``partstream.contrib.quart``, beside Quart's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from quart.wrappers.request import Body
from werkzeug.exceptions import RequestEntityTooLarge

from support.serving import run

KIB = 1 << 10


@pytest.fixture
def ours(ps_module: Callable[[str], ModuleType]) -> type[Body]:
    kind: type[Body] = ps_module("contrib.quart").FormRequest.body_class
    assert kind is not Body
    return kind


async def _read(body: Body, chunks: list[bytes], found: list[bytes]) -> None:
    """Read while somebody sends, who sees what is read between any two chunks."""
    reading = asyncio.ensure_future(_gather(body, found))
    for chunk in chunks:
        body.append(chunk)
        await asyncio.sleep(0)
    body.set_complete()
    await reading


async def _gather(body: Body, found: list[bytes]) -> None:
    async for chunk in body:
        found.append(chunk)


def _outcome(kind: Any, limit: int | None, chunks: list[bytes]) -> Any:
    found: list[bytes] = []
    try:
        run(_read(kind(None, limit), chunks, found))
    except RequestEntityTooLarge:
        return "too large", b"".join(found)
    return b"".join(found)


@pytest.mark.parametrize("limit", [None, 10, 64 * KIB])
@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [b""],
        [b"abc"],
        [b"abc", b"", b"de"],
        [b"x" * 11, b"y"],
        [bytes(64 * KIB), b"x"],
        [bytes(64 * KIB + 1)],
    ],
    ids=["nothing", "empty", "one", "several", "over ten", "64 KiB and one", "over 64 KiB"],
)
def test_gives_what_quarts_gives(ours: type[Body], limit: int | None, chunks: list[bytes]) -> None:
    assert _outcome(ours, limit, chunks) == _outcome(Body, limit, chunks)


@pytest.mark.parametrize("limit", [None, 5, 6])
def test_awaited_as_quarts(ours: type[Body], limit: int | None) -> None:
    async def awaited(kind: Any) -> Any:
        body = kind(None, limit)
        body.append(b"abc")
        reading = asyncio.ensure_future(_whole(body))
        await asyncio.sleep(0)
        body.append(b"def")
        body.set_complete()
        try:
            whole = await reading
        except RequestEntityTooLarge:
            return "too large"
        again = await body  # Quart's `get_data` leaves it there
        body.clear()
        return whole, again, await body, [chunk async for chunk in body]

    assert run(awaited(ours)) == run(awaited(Body))


async def _whole(body: Body) -> bytes:
    return await body  # type: ignore[no-any-return]


def test_an_announced_length_over_the_limit_is_refused_at_once(ours: type[Body]) -> None:
    for kind in (ours, Body):
        with pytest.raises(RequestEntityTooLarge):
            run(_gather(kind(11, 10), []))


def test_large_chunks_are_handed_on_and_small_ones_put_together(ours: type[Body]) -> None:
    large, odd = bytes(8 * KIB), bytearray(b"changes")
    body, found = ours(None, None), []
    for chunk in (large, odd, *[b"x"] * 20_000, large):
        body.append(chunk)  # type: ignore[arg-type]
    odd[:] = b"......."
    body.set_complete()
    run(_gather(body, found))
    assert found[0] is found[-1] is large
    assert b"".join(found[1:-1]) == b"changes" + b"x" * 20_000
    assert len(found) == 5
    assert all(type(chunk) is bytes for chunk in found)


def test_a_reader_that_is_cancelled_leaves_it_to_the_next(ours: type[Body]) -> None:
    async def main() -> list[bytes]:
        body, found = ours(None, None), []
        first = asyncio.ensure_future(_gather(body, found))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await _read(body, [b"1", b"2"], found)
        return found

    assert run(main()) == [b"1", b"2"]
