"""``on_file``: files that are taken away while they arrive."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import field_part, file_part, form
from support.forms import CONTENT_TYPE, Forms, driven, nothing_left

Module = Callable[[str], ModuleType]

DATA = bytes(range(256)) * 100
BODY = form(
    field_part("before", b"1"),
    file_part("a", "../a.bin", DATA, ("Content-Type", "image/png; x=y")),
    file_part("b", "b.txt", b"small"),
    file_part("none", "", b""),
    field_part("after", b"2"),
    file_part("coded", "c", b"aGVsbG8=", ("Content-Transfer-Encoding", "base64")),
)


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with nothing_left(tmp_path, monkeypatch):
        yield


async def _drained(part: Any) -> bytes:
    return b"".join([chunk async for chunk in part])


def _reading(forms: Forms, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a hook that gives what ``read`` gives, awaited where that has to be."""
    if forms.name == "sync":
        return read

    async def on_file(part: Any) -> Any:
        value = read(part)
        return await value if hasattr(value, "__await__") else value

    return on_file


def _all(part: Any) -> Any:
    return b"".join(part) if hasattr(part, "__iter__") else _drained(part)


WAYS = {
    "iterated": _all,
    "read": lambda part: part.read(),
    "chunks": lambda part: _by_chunks(part),
}


def _by_chunks(part: Any) -> Any:
    if hasattr(part, "__iter__"):
        return b"".join(iter(lambda: part.read_chunk(1000), b""))

    async def chunks() -> bytes:
        found = []
        while chunk := await part.read_chunk(1000):
            assert len(chunk) <= 1000
            found.append(chunk)
        return b"".join(found)

    return chunks()


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_read_while_it_arrives(forms: Forms, way: str) -> None:
    for chunks in (*chunking.coarse(BODY).values(), chunking.pieces(BODY, 3000)):
        with forms.open(chunks, on_file=_reading(forms, WAYS[way])) as got:
            assert dict(got.fields) == {"before": "1", "after": "2"}
            values = [value for value in got.files.values() if isinstance(value, bytes)]
            assert values == [DATA, b"small", b"hello"]
            assert list(got.files) == ["a", "b", "none", "coded"]
            assert got.files["none"].empty


def test_what_a_part_says(forms: Forms) -> None:
    seen: list[Any] = []

    def look(part: Any) -> None:
        seen.append((part.name, part.filename, part.safe_name, part.content_type))
        assert part.headers["Content-Disposition"].startswith("form-data")
        assert isinstance(part, forms.module.FilePart)

    with forms.open(BODY, on_file=forms.hook(look)) as got:
        assert list(got.files) == ["none"]  # the others gave nothing
    assert seen == [
        ("a", "../a.bin", "a.bin", "image/png"),
        ("b", "b.txt", "b.txt", None),
        ("coded", "c", "c", None),
    ]


@pytest.mark.parametrize("size", [0, 1, 5000, len(DATA), 2 * len(DATA)])
def test_what_is_left_unread_is_skipped(forms: Forms, size: int) -> None:
    def some(part: Any) -> Any:
        return part.read_chunk(size) if size else 5

    for chunks in (chunking.whole(BODY), chunking.pieces(BODY, 700)):
        with forms.open(chunks, on_file=_reading(forms, some)) as got:
            assert got.fields["after"] == "2"
            assert got.files["b"] == (b"small"[:size] if size else 5)
            assert got.files["coded"] == (b"hello"[:size] if size else 5)


def test_a_part_that_is_given_back_is_spooled(forms: Forms) -> None:
    def choose(part: Any) -> Any:
        return part if part.name == "a" else "elsewhere"

    limits: dict[str, int | None] = {"max_spool_size": 100}
    for chunks in chunking.coarse(BODY).values():
        with forms.open(chunks, on_file=forms.hook(choose), limits=limits) as got:
            assert driven(got.files["a"].read()) == DATA
            assert "on disk" in repr(got.files["a"])
            assert got.files["b"] == "elsewhere"


def test_a_part_that_was_read_cannot_be_given_back(forms: Forms) -> None:
    def both(part: Any) -> Any:
        read = part.read_chunk(1)
        if not hasattr(read, "__await__"):
            return part

        async def later() -> Any:
            await read
            return part

        return later()

    with pytest.raises(ValueError, match="has read from it") as caught:
        forms.parse(BODY, on_file=_reading(forms, both))
    assert not isinstance(caught.value, forms.package.MultipartError)


def test_a_part_is_over_when_the_hook_returns(forms: Forms) -> None:
    parts: list[Any] = []
    with (
        forms.open(BODY, on_file=forms.hook(parts.append)),
        pytest.raises(ValueError, match="until on_file returns"),
    ):
        driven(parts[0].read())
    for call in (parts[0].read_chunk, lambda: parts[0].read_chunk(1)):
        with pytest.raises(ValueError, match="until on_file returns"):
            driven(call())


def test_a_size_below_one_is_refused(forms: Forms) -> None:
    def wrong(part: Any) -> Any:
        return part.read_chunk(0)

    with pytest.raises(ValueError, match="size=0"):
        forms.parse(BODY, on_file=_reading(forms, wrong))


def test_behind_the_end_nothing_comes(forms: Forms) -> None:
    def twice(part: Any) -> Any:
        if forms.name == "sync":
            return part.read() + b"|" + part.read() + part.read_chunk()

        async def later() -> bytes:
            return await part.read() + b"|" + await part.read() + await part.read_chunk()

        return later()

    for chunks in chunking.coarse(BODY).values():
        with forms.open(chunks, on_file=_reading(forms, twice)) as got:
            assert got.files["b"] == b"small|"


def test_an_error_of_the_hook_ends_the_form(forms: Forms) -> None:
    closed: list[bool] = []

    def source() -> Iterator[bytes]:
        try:
            yield from chunking.pieces(BODY, 100)
        finally:
            closed.append(True)

    def fail(part: Any) -> None:
        raise LookupError(part.name)

    with pytest.raises(LookupError, match="a"):
        forms.parse(source(), on_file=forms.hook(fail))


def test_a_fault_cannot_be_hidden(forms: Forms) -> None:
    """A hook that swallows it does not make half a form a whole one."""
    cut = BODY[: BODY.index(b"\r\nContent-Disposition", 300)]

    def swallow(part: Any) -> Any:
        if forms.name == "sync":
            with pytest.raises(forms.package.MultipartError):
                part.read()
            return "fine"

        async def later() -> str:
            for _ in range(2):  # again and again
                with pytest.raises(forms.package.MultipartError):
                    await part.read()
            return "fine"

        return later()

    for body, code in (
        (BODY[:5000], "truncated"),
        (cut.replace(b"\xff", b"\xff" * 9), "max_part_size"),
    ):
        with pytest.raises(forms.package.MultipartError) as caught:
            forms.parse(
                chunking.pieces(body, 900),
                on_file=_reading(forms, swallow),
                limits={"max_part_size": len(DATA)},
            )
        assert caught.value.code == code


def test_limits_hold_while_a_file_is_streamed(forms: Forms) -> None:
    for limits, code in (({"max_files": 1}, "max_files"), ({"max_part_size": 99}, "max_part_size")):
        with pytest.raises(forms.package.LimitExceeded) as caught:
            forms.parse(BODY, on_file=_reading(forms, _all), limits=limits)
        assert caught.value.code == code


def test_spooled_files_are_closed_when_a_later_hook_fails(forms: Forms) -> None:
    kept: list[Any] = []

    def first(part: Any) -> Any:
        if part.name == "a":
            return part
        raise LookupError

    limits: dict[str, int | None] = {"max_spool_size": 100}
    with pytest.raises(LookupError):
        forms.parse(chunking.pieces(BODY, 99), on_file=forms.hook(first), limits=limits)
    assert kept == []


def test_a_hash(forms: Forms) -> None:
    """Memory is that of a chunk."""

    def digest(part: Any) -> Any:
        found = hashlib.sha256()
        if forms.name == "sync":
            for chunk in part:
                found.update(chunk)
            return found.hexdigest()

        async def later() -> str:
            async for chunk in part:
                found.update(chunk)
            return found.hexdigest()

        return later()

    with forms.open(chunking.pieces(BODY, 99), on_file=_reading(forms, digest)) as got:
        assert got.files["a"] == hashlib.sha256(DATA).hexdigest()


def test_a_plain_function_can_be_the_hook_of_coroutines(ps: ModuleType) -> None:
    async def main() -> None:
        async with ps.parse_form(CONTENT_TYPE, BODY, on_file=lambda part: part.filename) as got:
            assert got.files["a"] == "../a.bin"

    driven(main())


def test_a_coroutine_function_cannot_be_the_hook_of_others(ps: ModuleType) -> None:
    async def on_file(part: Any) -> bytes:
        return await part.read()  # type: ignore[no-any-return]

    with pytest.raises(TypeError, match=r"partstream\.parse_form awaits it"):
        ps.sync.parse_form(CONTENT_TYPE, BODY, on_file=on_file)


def test_it_is_a_file_for_those_who_copy_one(ps_module: Module) -> None:
    def copied(part: Any) -> bytes:
        target = io.BytesIO()
        shutil.copyfileobj(part, target, 999)
        assert part.read(0) == b""
        return target.getvalue()

    with ps_module("sync").parse_form(CONTENT_TYPE, BODY, on_file=copied) as got:
        assert got.files["a"] == DATA


def test_one_task_at_a_time(ps: ModuleType) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield BODY[:400]
        # While this is waited for, another read is begun.
        with pytest.raises(ValueError, match="another task"):
            await parts[0].read_chunk()
        yield BODY[400:]

    parts: list[Any] = []

    async def on_file(part: Any) -> Any:
        parts.append(part)
        return await part.read() if part.name == "a" else None

    async def main() -> None:
        async with ps.parse_form(CONTENT_TYPE, source(), on_file=on_file) as got:
            assert got.files["a"] == DATA

    driven(main())
