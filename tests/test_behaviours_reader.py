"""The behaviour table through both readers, the async and the blocking one, with both twins.

What the parser decides must reach whoever reads parts; and some cells only a reader can show: what
is decoded, which charset text is in, and how early data is there.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from support import behaviours, chunking
from support.behaviours import HEADERS, POLICIES, READINGS, STREAMS, HeaderRow, ReaderRow, Row
from support.events import policy_of

Make = Callable[..., Any]

_A = b'Content-Disposition: form-data; name="a"\r\n'


@pytest.fixture(params=["async", "sync"])
def make(
    request: pytest.FixtureRequest, ps: ModuleType, ps_module: Callable[[str], ModuleType]
) -> Make:
    """Makes a reader of chunks: ``make(content_type, chunks, policy, limits)``."""
    waits = request.param == "async"
    kind = ps.MultipartReader if waits else ps_module("sync").MultipartReader

    def reader(
        content_type: str,
        chunks: Iterable[bytes],
        policy: str,
        limits: Mapping[str, int | None] | None = None,
    ) -> Any:
        return kind(
            content_type,
            _later(chunks) if waits else iter(chunks),
            policy=policy_of(ps, policy),
            limits=ps.Limits(**dict(limits or {})),
        )

    return reader


async def _later(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _settled(value: Any) -> Any:
    """Give what a method of either reader gives."""
    return await value if inspect.isawaitable(value) else value


async def _described(ps: ModuleType, reader: Any, mark: int, shows: str) -> str:
    """Read all, and write it in the notation of a cell."""
    words: list[str] = []
    try:
        await _walk(ps, reader, shows, words)
    except ps.MultipartError as error:
        place = "" if error.offset == mark else f"@{error.offset}"
        words.append(f"!{error.code}{place}")
    return " ".join(words) or "-"


async def _walk(ps: ModuleType, reader: Any, shows: str, words: list[str]) -> None:
    while (part := await _settled(reader.next())) is not None:
        if not isinstance(part, type(reader)):
            await _leaf(ps, part, shows, words)
            continue
        disposition = part.headers.get("Content-Disposition")
        name = ps.parse_content_disposition(disposition)[1].get("name", "-")
        inner: list[str] = []
        try:
            await _walk(ps, part, shows, inner)
        finally:
            words.append(f"{name}[ {''.join(item + ' ' for item in inner)}]")


async def _leaf(ps: ModuleType, part: Any, shows: str, words: list[str]) -> None:
    name = "-" if part.name is None else behaviours.escaped(part.name)
    if shows in ("decoded", "text"):
        try:
            found = await _settled(part.text() if shows == "text" else part.read(decode=True))
        except ps.MultipartError as error:
            found = f"!{error.code}"
        text = found if isinstance(found, str) else found.decode("latin-1")
        words.append(f"{name}={behaviours.escaped(text)}")
        return
    body, end = b"", "~"
    try:
        while chunk := await _settled(part.read_chunk()):
            body += chunk
        end = "" if part.complete else "~"
    finally:
        shown = "" if shows == "name" else f"={behaviours.escaped(_shown(part, shows, body))}"
        words.append(f"{name}{shown}{end}")


def _shown(part: Any, shows: str, body: bytes) -> str:
    if shows == "headers":
        return "; ".join(f"{key}: {value}" for key, value in part.headers.items())
    if shows == "filename":
        return "-" if part.filename is None else str(part.filename)
    if shows == "type":
        return str(part.headers.get("Content-Type"))
    return body.decode("latin-1")


def _cells(rows: Iterable[Row | ReaderRow]) -> Iterator[Any]:
    for row in rows:
        for subtype, cells in (("form-data", row.form), ("mixed", row.other)):
            for policy, cell in zip(POLICIES, cells or (), strict=False):
                name = f"{row.row}-{row.what}-{subtype}-{policy}".replace(" ", "_")
                yield pytest.param(row, subtype, policy, cell, id=name)


@pytest.mark.parametrize(("row", "subtype", "policy", "cell"), list(_cells(READINGS)))
def test_reading(
    ps: ModuleType, make: Make, row: ReaderRow, subtype: str, policy: str, cell: str
) -> None:
    data, mark = behaviours.marked(row.data)

    async def main() -> None:
        for chunks in chunking.every(data):
            reader = make(f"multipart/{subtype}; boundary=B", chunks, policy, row.limits)
            found = await _described(ps, reader, mark, row.shows)
            assert found == cell, [len(chunk) for chunk in chunks][:2]

    asyncio.run(main())


@pytest.mark.parametrize(("row", "subtype", "policy", "cell"), list(_cells(STREAMS)))
def test_stream(ps: ModuleType, make: Make, row: Row, subtype: str, policy: str, cell: str) -> None:
    data, mark = behaviours.marked(row.data)

    async def main() -> None:
        for name, chunks in chunking.coarse(data).items():
            value = f'multipart/{subtype}; boundary="{row.boundary}"'
            reader = make(value, chunks, policy, row.limits)
            assert await _described(ps, reader, mark, row.shows) == _read(cell), name

    asyncio.run(main())


def _read(cell: str) -> str:
    """Give what a reader shows of a parser's cell."""
    # It does not tell whether a multipart was complete, and does not look behind the end.
    return cell.replace("]~", "]").partition(" !max_epilogue")[0]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("subtype", ["form-data", "mixed"])
@pytest.mark.parametrize("row", HEADERS, ids=lambda row: f"{row.row}-{row.what}".replace(" ", "_"))
def test_content_type(
    ps: ModuleType, make: Make, row: HeaderRow, subtype: str, policy: str
) -> None:
    cell = row.cells[POLICIES.index(policy)]
    value = row.text.replace("mixed", subtype)
    line = b"--" + cell.encode()
    data = line + b"\r\n" + _A + b"\r\n1\r\n" + line + b"--"
    if not cell.startswith("!"):
        assert asyncio.run(_described(ps, make(value, [data], policy), -1, "body")) == "a=1"
        return
    with pytest.raises(ps.ParseError) as caught:
        make(value, [data], policy)
    assert (f"!{caught.value.code}", caught.value.offset) == (cell, None)


# Row t2: Content-Length lets data out early


class _TooEarly(Exception):
    """The reader asked for more than it needs."""


def _then_nothing(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from chunks
    raise _TooEarly


_BY_LENGTH = [
    ("form-data", "STRICT", True),
    ("form-data", "DEFAULT", False),
    ("form-data", "LEGACY", False),
    ("mixed", "STRICT", True),
    ("mixed", "DEFAULT", True),
    ("mixed", "LEGACY", False),
]


@pytest.mark.parametrize(("subtype", "policy", "early"), _BY_LENGTH)
def test_content_length_lets_data_out_early(
    make: Make, subtype: str, policy: str, early: bool
) -> None:
    """The body and its end are there before a byte of the next delimiter has come."""
    data = b"--B\r\n" + _A + b"Content-Length: 5\r\n\r\n12345"

    async def main(chunks: list[bytes]) -> None:
        reader = make(f"multipart/{subtype}; boundary=B", _then_nothing(chunks), policy)
        part = await _settled(reader.next())
        if not early:
            with pytest.raises(_TooEarly):
                await _settled(part.read())
            return
        assert await _settled(part.read()) == b"12345"
        assert part.at_eof()
        assert part.complete
        with pytest.raises(_TooEarly):
            await _settled(reader.next())

    for chunks in chunking.every(data):
        asyncio.run(main(chunks))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("subtype", ["form-data", "mixed"])
def test_a_part_ends_with_its_delimiter(make: Make, subtype: str, policy: str) -> None:
    """Without Content-Length it is the next delimiter line that a reader waits for, no more."""
    data = b"--B\r\n" + _A + b"\r\n12345\r\n--B\r\n"

    async def main(chunks: list[bytes]) -> None:
        reader = make(f"multipart/{subtype}; boundary=B", _then_nothing(chunks), policy)
        part = await _settled(reader.next())
        assert await _settled(part.read()) == b"12345"
        assert part.at_eof()

    for chunks in chunking.every(data):
        asyncio.run(main(chunks))
