"""Where the parts of a spooled body stand: what is sliced there is what a parser gives."""

from __future__ import annotations

import array
import hashlib
import io
import json
import mmap
import pickle
import random
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import corpus, effort, generate
from support.building import Multipart, Part, body, field_part, file_part, nested_part
from support.events import Part as Read
from support.events import Settings, fault_of, parse, tree

Module = Callable[[str], ModuleType]

MIXED = "multipart/mixed; boundary=B"
FORM = "multipart/form-data; boundary=B"

#: Two levels of multiparts, with all that may stand around their parts.
INNERMOST = Multipart("D", [Part((), b"--D3"), Part((), b"4\r\n")], epilogue=b"end of D\r\n--Dx")
INNER = Multipart(
    "C", [Part((("X-A", "b"),), b"2"), nested_part(INNERMOST)], b"start of C", b"\r\n\r\nend of C"
)
NESTED = body(
    Multipart("B", [field_part("a", b"1"), nested_part(INNER), Part((), b"")], b"first", b"last")
)


@pytest.fixture
def index(ps_module: Module) -> Callable[..., list[Any]]:
    return ps_module("indexing").index  # type: ignore[no-any-return]


def _bodies(data: bytes, parts: list[Any]) -> list[bytes]:
    return [data[part.slice] for part in parts]


def _places(parts: list[Any], by: int = 0) -> list[tuple[int, int, int]]:
    return [(p.header_offset + by, p.body_offset + by, p.body_length) for p in parts]


class Trickle:
    """A file that gives a few bytes a read."""

    def __init__(self, data: bytes, size: int) -> None:
        self._file = io.BytesIO(data)
        self._size = size

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._size))


# Places


@pytest.mark.parametrize("name", corpus.names())
def test_the_corpus(ps: ModuleType, index: Callable[..., Any], name: str) -> None:
    case = corpus.load(name)
    if case.refused is not None:
        with pytest.raises(ps.MultipartError) as caught:
            index(case.body, case.content_type)
        assert caught.value.code == case.refused
        return
    policy = ps.Policy.DEFAULT
    if not case.complete:
        with pytest.raises(ps.IncompleteBody):
            index(case.body, case.content_type)
        policy = ps.Policy.LEGACY
    parts = index(case.body, case.content_type, policy=policy)
    known = list(_known(case.parts))
    assert [_described(case.body, part) for part in parts] == [item for item, _ in known]
    if case.complete:
        assert [part.parent for part in parts] == [parent for _, parent in known]
        _check_by_level(index, case.body, case.content_type, parts, policy)
    for size in (1, 7):
        trickle = Trickle(case.body, size)
        assert index(trickle, case.content_type, policy=policy) == parts


def _known(
    parts: list[dict[str, Any]], number: list[int] | None = None, parent: int | None = None
) -> Iterator[tuple[dict[str, Any], int | None]]:
    """Give the parts in the order of their headers, each with the place of its parent."""
    number = [0] if number is None else number
    for part in parts:
        mine, number[0] = number[0], number[0] + 1
        keys = ["name", "filename", "content_type", *(["size", "sha256"] if "size" in part else [])]
        yield {key: part[key] for key in keys}, parent
        yield from _known(part.get("parts", []), number, mine)


def _described(data: bytes, part: Any) -> dict[str, Any]:
    found = {"name": part.name, "filename": part.filename, "content_type": part.content_type}
    if part.multipart:
        return found
    digest = hashlib.sha256(data[part.slice]).hexdigest()
    return found | {"size": part.body_length, "sha256": digest}


def _check_by_level(
    index: Callable[..., Any], data: bytes, content_type: str, parts: list[Any], policy: Any
) -> None:
    """Check that the slice of each whole multipart, indexed alone, gives its parts."""
    for place, part in [(None, None), *enumerate(parts)]:
        children = [item for item in parts if item.parent == place]
        if part is not None and not part.complete:
            continue
        if part is None or part.multipart:
            start = 0 if part is None else part.body_offset
            content = data if part is None else data[part.slice]
            value = content_type if part is None else part.headers["Content-Type"]
            alone = index(content, value, nested=False, policy=policy)
            assert _places(alone, start) == _places(children)
        else:
            assert children == []


def test_nested(index: Callable[..., Any], ps: ModuleType) -> None:
    parts = index(NESTED, MIXED)
    inner, innermost = body(INNER), body(INNERMOST)
    assert _bodies(NESTED, parts) == [b"1", inner, b"2", innermost, b"--D3", b"4\r\n", b""]
    assert [part.depth for part in parts] == [0, 0, 1, 1, 2, 2, 0]
    assert [part.parent for part in parts] == [None, None, 1, 1, 3, 3, None]
    assert [part.multipart for part in parts] == [False, True, False, True, False, False, False]
    assert all(part.complete for part in parts)
    _check_by_level(index, NESTED, MIXED, parts, ps.Policy.DEFAULT)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_chunks_of_any_size(index: Callable[..., Any], size: int) -> None:
    assert index(Trickle(NESTED, size), MIXED) == index(NESTED, MIXED)


def test_every_cut_of_a_chunk(
    index: Callable[..., Any], ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = index(NESTED, MIXED)
    for size in range(3, len(NESTED)):
        monkeypatch.setattr(ps_module("indexing"), "_CHUNK", size)
        assert index(NESTED, MIXED) == expected


def test_headers(index: Callable[..., Any]) -> None:
    part = file_part("é", "x.txt", b"data", ("X-A", "1"), ("x-a", "2"))
    data = body(Multipart("B", [part]))
    (found,) = index(data, FORM)
    block = data[found.header_offset : found.header_offset + found.header_length]
    assert block.startswith(b"Content-Disposition: ")
    assert block.endswith(b"\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
    assert found.header_offset + found.header_length == found.body_offset
    assert (found.name, found.filename, found.content_type) == ("é", "x.txt", None)
    assert found.headers.getall("X-a") == ["1", "2"]
    assert found.slice == slice(found.body_offset, found.body_offset + 4)


def test_not_nested(index: Callable[..., Any]) -> None:
    parts = index(NESTED, MIXED, nested=False)
    assert _bodies(NESTED, parts) == [b"1", body(INNER), b""]
    assert {(part.depth, part.multipart, part.parent) for part in parts} == {(0, False, None)}


def test_the_parents_delimiter_ends_its_children(index: Callable[..., Any]) -> None:
    open_ = Multipart("D", [Part((), b"3")], closed=False)
    inner = Multipart("C", [Part((), b"2"), nested_part(open_)], closed=False)
    last = Multipart("F", [Part((), b"4")], epilogue=b"--D--\r\n--C--")
    after = Multipart("E", [nested_part(last)], epilogue=b"--D--\r\n--C--")
    data = body(Multipart("B", [nested_part(inner), nested_part(after), Part((), b"5")]))
    parts = index(data, MIXED)
    assert _bodies(data, parts) == [
        body(inner), b"2", body(open_), b"3", body(after), body(last), b"4", b"5"
    ]  # fmt: skip
    assert [part.complete for part in parts] == [False, True, False] + [True] * 5


def test_a_closing_delimiter_of_the_outermost_ends_all(index: Callable[..., Any]) -> None:
    data = body(Multipart("B", [nested_part(INNER)], epilogue=b"\r\n--C\r\n"))
    assert data[index(data, MIXED)[0].slice] == body(INNER)


def test_a_multipart_without_parts(index: Callable[..., Any]) -> None:
    for inner in (b"--C--", b"nothing\r\n--C--", b"--C--\r\nno more", b"--C--\r\n\r\n--C"):
        data = b"--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n" + inner + b"\r\n--B--"
        (part,) = index(data, MIXED)
        assert data[part.slice] == inner
    data = b"--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--B\r\n\r\n1\r\n--B--"
    first, second = index(data, MIXED)
    assert (first.body_length, first.complete) == (0, False)
    assert data[second.slice] == b"1"


def test_boundaries_that_start_alike(index: Callable[..., Any]) -> None:
    deepest = Multipart("foo-", [Part((), b"1")], epilogue=b"--fooba\r\n--foox\r\n--f")
    inner = Multipart("foobar", [nested_part(deepest)], epilogue=b"x\r\n--foob")
    data = body(Multipart("fo", [nested_part(inner)]))
    parts = index(data, "multipart/mixed; boundary=fo")
    assert _bodies(data, parts) == [body(inner), body(deepest), b"1"]


def test_lines_that_only_look_like_delimiters(index: Callable[..., Any], ps: ModuleType) -> None:
    """Where such a line is data or not depends on where it stands (rows m and m2)."""
    inner = Multipart("C", [Part((), b"1")], preamble=b"--Cx")
    data = body(Multipart("B", [nested_part(inner)]))
    policy = replace(ps.Policy.DEFAULT, delimiter_suffix="never")
    assert _bodies(data, index(data, MIXED, policy=policy)) == [body(inner), b"1"]


def test_the_boundary_may_stand_beside_any_text(index: Callable[..., Any]) -> None:
    inner = body(Multipart("C", [Part((), b"1")]))
    for text in ("€".encode(), b"\xff"):
        head = b'Content-Type: multipart/mixed; x="' + text + b'"; boundary="C"\r\n\r\n'
        data = b"--B\r\n" + head + inner + b"\r\n--B--"
        assert _bodies(data, index(data, MIXED)) == [inner, b"1"]


def test_dashed_boundaries(index: Callable[..., Any]) -> None:
    """Row c3, in the stream that alternates documents and their attachments."""
    inner = b"start\r\n----:\r\nX-A: b\r\n\r\n2\r\n----:--\r\nend"
    value = b"Content-Type: multipart/related; boundary=----:\r\n\r\n"
    data = b"--:\r\n\r\n1\r\n--:\r\n" + value + inner + b"\r\n--:\r\n\r\n3\r\n--:--"
    for size in (1, 1000):
        parts = index(Trickle(data, size), "multipart/mixed; boundary=--:")
        assert _bodies(data, parts) == [b"1", inner, b"2", b"3"]


def test_a_length_ends_a_part(index: Callable[..., Any]) -> None:
    inner = Multipart("C", [Part((("Content-Length", "5"),), b"1\r\n-2")], epilogue=b"x")
    length = ("Content-Length", str(len(body(inner))))
    data = body(Multipart("B", [nested_part(inner, "mixed", length)]))
    assert _bodies(data, index(data, MIXED)) == [body(inner), b"1\r\n-2"]


# Deviations


@pytest.mark.parametrize("size", [1, 1000])
def test_lines_that_end_in_lf(index: Callable[..., Any], ps: ModuleType, size: int) -> None:
    data = NESTED.replace(b"\r\n", b"\n").replace(b"b\n\n2\n", b"b\n\n2\r\n")
    with pytest.raises(ps.ParseError, match="bare_lf"):
        index(data, MIXED)
    parts = index(Trickle(data, size), MIXED, policy=ps.Policy.LEGACY)
    inner, innermost = (
        body(item).replace(b"\r\n", b"\n").replace(b"b\n\n2\n", b"b\n\n2\r\n")
        for item in (INNER, INNERMOST)
    )
    assert _bodies(data, parts) == [b"1", inner, b"2\r", innermost, b"--D3", b"4\n", b""]
    _check_by_level(index, data, MIXED, parts, ps.Policy.LEGACY)


def test_cut_short_anywhere(index: Callable[..., Any], ps: ModuleType) -> None:
    """A multipart that was cut goes on to the end, one that was not does not."""
    policy, whole = ps.Policy.LEGACY, index(NESTED, MIXED)
    end = NESTED.rindex(b"\r\n--B--") + len(b"\r\n--B--")
    first = NESTED.index(b"--B\r\n") + len(b"--B\r\n")
    for size in range(first, len(NESTED)):
        data = NESTED[:size]
        if size < end:
            with pytest.raises(ps.IncompleteBody):
                index(data, MIXED)
        parts = index(data, MIXED, policy=policy)
        assert len(parts) == sum(part.body_offset <= size for part in whole)
        flat = index(data, MIXED, nested=False, policy=policy)
        assert _places([part for part in parts if part.depth == 0]) == _places(flat)
        for part in parts:
            stop = part.body_offset + part.body_length
            if not part.complete:
                assert stop == size
            elif part.parent is not None:
                assert part.body_offset + part.body_length <= size
        _check_by_level(index, data, MIXED, parts, policy)


def test_a_delimiter_within_a_header_block(index: Callable[..., Any], ps: ModuleType) -> None:
    """Row q3: the block ends before that line, and so does a multipart that it ends."""
    child = b"Content-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\n1\r\n--C\r\nX-A: b\r\n"
    data = b"--B\r\nX-A: b\r\n--B\r\n" + child + b"--B\r\n--B--"
    for size in (1, 1000):
        parts = index(Trickle(data, size), MIXED, policy=ps.Policy.LEGACY)
        assert _bodies(data, parts) == [b"", b"--C\r\n\r\n1\r\n--C\r\nX-A: b\r\n", b"1", b"", b""]
        blocks = [data[p.header_offset : p.header_offset + p.header_length] for p in parts]
        assert blocks == [b"X-A: b\r\n", child[:45], b"\r\n", b"X-A: b\r\n", b""]


def test_random_streams(ps: ModuleType, index: Callable[..., Any], rng: random.Random) -> None:
    """The places are those of the events, and the faults are those of the parser."""
    where = ("never", "form", "other", "always")
    tolerances = [item.name for item in fields(ps.Policy) if item.init and item.default in where]
    for _ in effort.rounds(1500):
        settings, data = generate.settings(rng, tolerances), generate.stream(rng)
        if rng.random() < 0.5:
            data = b"--B\r\nContent-Type: multipart/mixed; boundary=BC\r\n\r\n" + data
        if rng.random() < 0.3:
            settings, data = generate.lengthened(settings, data)
        _check_stream(ps, index, settings, data, rng.randrange(1, 40))


def _check_stream(
    ps: ModuleType, index: Callable[..., Any], settings: Settings, data: bytes, size: int
) -> None:
    value = f'multipart/{settings.subtype}; boundary="{settings.boundary!s}"'
    limits, policy = settings.made(ps)
    arguments = {"nested": settings.nested, "limits": limits, "policy": policy}
    outcome = parse(ps, settings, [data])
    found = []
    for source in (data, Trickle(data, size)):
        try:
            found.append(index(source, value, **arguments))
        except ps.MultipartError as error:
            found.append(fault_of(error))
    assert found[0] == found[1]
    if outcome.fault is not None:
        assert found[0] == outcome.fault
        return
    expected = list(_flat(tree(outcome.events)))
    for part, read in zip(found[0], expected, strict=True):
        assert (part.name, part.filename, part.content_type, part.depth, part.multipart) == (
            read.begin.name, read.begin.filename, read.begin.content_type, read.begin.depth,
            read.begin.multipart)  # fmt: skip
        assert (part.header_offset, part.complete) == (read.begin.offset, read.complete)
        assert read.body is None or data[part.slice] == read.body
        assert part.header_length >= 0
        if part.parent is not None:
            _check_within(part, found[0][part.parent])


def _flat(parts: tuple[Read, ...]) -> Iterator[Read]:
    for part in parts:
        yield part
        yield from _flat(part.parts)


def _check_within(part: Any, parent: Any) -> None:
    assert parent.multipart
    assert parent.depth == part.depth - 1
    assert parent.body_offset <= part.header_offset
    end = parent.body_offset + parent.body_length
    assert part.body_offset + part.body_length <= end


# Faults

_LARGE = b"1" * 300_000  # more than a chunk


@pytest.mark.parametrize(
    ("data", "code", "offset"),
    [
        (b"", "empty_body", None),
        (b"--B\r\nX-A: b\r\n\r\n1", "truncated", 16),
        (b"--B\r\nnocolon\r\n\r\n1\r\n--B--", "header_without_colon", 5),
        (b"--B\r\n\r\n1\r\n--B--" + b"x" * 65537, "max_epilogue", None),
        (b"--B\r\n\r\n" + _LARGE + b"\r\n--B\r\nA\r\n\r\n", "header_without_colon", 300_014),
    ],
)  # fmt: skip
def test_faults_are_those_of_the_parser(
    ps: ModuleType, index: Callable[..., Any], data: bytes, code: str, offset: int | None
) -> None:
    with pytest.raises(ps.MultipartError) as caught:
        index(io.BytesIO(data), MIXED)
    assert caught.value.code == code
    assert offset is None or caught.value.offset == offset


def test_limits(ps: ModuleType, index: Callable[..., Any]) -> None:
    for name in ("max_parts", "max_part_size", "max_depth", "max_total_size"):
        with pytest.raises(ps.LimitExceeded, match=name):
            index(NESTED, MIXED, limits=ps.Limits(**{name: 1}))


def test_the_content_type(ps: ModuleType, index: Callable[..., Any]) -> None:
    expected = index(NESTED, MIXED)
    for headers in (
        {"content-type": MIXED}, [(b"content-type", MIXED.encode())], {"CONTENT_TYPE": MIXED},
        {"Content-Type": "Multipart/Mixed ; boundary=B"},
    ):  # fmt: skip
        assert index(NESTED, headers) == expected
    for value, code in (
        ("text/plain", "not_multipart"), ({}, "not_multipart"),
        ("multipart/mixed", "missing_boundary"),
    ):  # fmt: skip
        with pytest.raises(ps.ParseError, match=code):
            index(NESTED, value)
    with pytest.raises(ps.ParseError, match="no_headers"):
        index(b"--B\r\n\r\n1\r\n--B--", FORM, policy=ps.Policy.STRICT)


# Sources


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_what_is_in_memory(index: Callable[..., Any], kind: Callable[[bytes], Any]) -> None:
    assert index(kind(NESTED), MIXED) == index(NESTED, MIXED)


def test_bytes_of_other_items_count_as_bytes(index: Callable[..., Any]) -> None:
    data = NESTED + b" " * (-len(NESTED) % 4)
    assert index(array.array("I", data), MIXED) == index(NESTED, MIXED)


def test_nothing(ps: ModuleType, index: Callable[..., Any]) -> None:
    for source in (b"", bytearray(), memoryview(b""), array.array("I"), io.BytesIO()):
        with pytest.raises(ps.IncompleteBody):
            index(source, MIXED)


def test_an_mmap(ps: ModuleType, index: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(NESTED)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    mapped.seek(9)  # where somebody else reads does not matter
    parts = index(mapped, MIXED)
    assert _bodies(mapped, parts) == _bodies(NESTED, index(NESTED, MIXED))
    with pytest.raises(ps.IncompleteBody):
        index(mapped, "multipart/mixed; boundary=X")
    assert mapped.tell() == 9
    mapped.close()  # raises BufferError if anybody still looks at it


def test_a_path(
    ps: ModuleType, ps_module: Module, index: Callable[..., Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What is opened is closed, on every way out."""
    opened: list[Any] = []

    def recording(*args: Any, **kwargs: Any) -> Any:
        opened.append(open(*args, **kwargs))  # noqa: SIM115
        return opened[-1]

    monkeypatch.setattr(ps_module("indexing"), "open", recording, raising=False)
    path = tmp_path / "body"
    path.write_bytes(NESTED)
    assert index(path, MIXED) == index(str(path), MIXED) == index(NESTED, MIXED)
    with pytest.raises(ps.IncompleteBody):
        index(path, "multipart/mixed; boundary=X")
    with pytest.raises(ps.LimitExceeded):
        index(path, MIXED, limits=ps.Limits(max_total_size=20))
    with pytest.raises(FileNotFoundError):
        index(tmp_path / "none", MIXED)
    assert [file.closed for file in opened] == [True] * 4
    with pytest.raises(ps.ParseError):
        index(path, "text/plain")
    assert len(opened) == 4


def test_a_file_is_read_from_where_it_stands(index: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "message"
    path.write_bytes(b"head\r\n\r\n" + NESTED)
    for buffering in (-1, 0):
        with open(path, "rb", buffering) as file:
            file.seek(8)
            assert index(file, MIXED) == index(NESTED, MIXED)
            assert not file.closed


def test_files_are_left_open(ps: ModuleType, index: Callable[..., Any]) -> None:
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(NESTED)
        spooled.seek(0)
        assert index(spooled, MIXED) == index(NESTED, MIXED)
        spooled.seek(0)
        with pytest.raises(ps.IncompleteBody):
            index(spooled, "multipart/mixed; boundary=X")
        assert not spooled.closed


def test_files_in_text_mode(index: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(NESTED)
    with pytest.raises(TypeError, match="open it with mode 'rb'"), path.open() as file:
        index(file, MIXED)
    with pytest.raises(TypeError, match="open it with mode 'rb'"):
        index(io.StringIO("--B"), MIXED)
    for text in ("", "--B"):
        with tempfile.SpooledTemporaryFile(mode="w+") as spooled:
            spooled.write(text)
            spooled.seek(0)
            with pytest.raises(TypeError, match="open it with mode 'rb'"):
                index(spooled, MIXED)


class _Views:
    """A file that gives views of a buffer of its own, and of items that are no bytes."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> memoryview:
        return memoryview(self._file.read(size & ~3)).cast("I")


class _Waiting:
    def read(self, size: int) -> bytes | None:
        return None


class _Async:
    async def read(self, size: int) -> bytes:
        return b""


def test_a_file_may_give_any_bytes(index: Callable[..., Any]) -> None:
    data = NESTED + b" " * (-len(NESTED) % 4)
    assert index(_Views(data), MIXED) == index(NESTED, MIXED)


def test_misuse(ps: ModuleType, index: Callable[..., Any]) -> None:
    for source in (None, 3, [b"x"], memoryview(b"abcd")[::2]):
        with pytest.raises(TypeError, match="source takes a path, a file opened in binary"):
            index(source, MIXED)
    with pytest.raises(TypeError, match="a coroutine: pass a file that blocks, or a path"):
        index(_Async(), MIXED)
    with pytest.raises(ValueError, match="blocking mode"):
        index(_Waiting(), MIXED)
    with pytest.raises(TypeError, match="headers takes"):
        index(b"", 3)
    with pytest.raises(TypeError, match="limits takes"):
        index(b"", MIXED, limits=3)
    with pytest.raises(TypeError, match="policy takes"):
        index(b"", MIXED, policy="LEGACY")


# Costs


def _peak(call: Callable[[], Any]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_bodies_are_not_held(index: Callable[..., Any], tmp_path: Path) -> None:
    """64 MiB in a sparse file, within a multipart, with room for three chunks."""
    path, size = tmp_path / "body", 64 << 20
    start = b"--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\n"
    with path.open("wb") as file:
        file.write(start)
        file.seek(len(start) + size)
        file.write(b"\r\n--C--\r\n--B--")
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with mapped:
        for source in (path, mapped):
            assert index(source, MIXED)[1].body_length == size
            assert _peak(lambda source=source: index(source, MIXED)) < 1 << 20  # type: ignore[misc]


def test_what_stood_between_parts_is_not_held(ps: ModuleType, index: Callable[..., Any]) -> None:
    """Neither the epilogues of many multiparts, nor a long one behind all of them."""
    inner = nested_part(Multipart("C", [Part((), b"1")], epilogue=b"x" * 20_000))
    data = body(Multipart("B", [inner] * 200, epilogue=b"x" * (4 << 20)))
    limits = ps.Limits(max_epilogue=None)
    for source in (data, Trickle(data, 1000)):
        assert len(index(source, MIXED, limits=limits)) == 400
    assert _peak(lambda: index(data, MIXED, limits=limits)) < 3 << 19
    trickle = Trickle(data, 1000)
    assert _peak(lambda: index(trickle, MIXED, limits=limits)) < 3 << 18


def test_small_chunks_of_a_body_are_not_held(index: Callable[..., Any]) -> None:
    data = body(Multipart("B", [nested_part(Multipart("C", [Part((), b"x" * (2 << 20))]))]))
    trickle = Trickle(data, 100)
    assert _peak(lambda: index(trickle, MIXED)) < 1 << 19


# The result


def test_a_result_is_a_value(ps_module: Module, index: Callable[..., Any]) -> None:
    parts = index(NESTED, MIXED)
    for part in parts:
        again = pickle.loads(pickle.dumps(part))
        assert again == part
        assert hash(again) == hash(part)
        assert list(again.headers.items()) == list(part.headers.items())
        assert not hasattr(part, "__dict__")
    assert len(set(parts)) == len(parts)
    with pytest.raises(FrozenInstanceError):
        parts[0].name = "b"
    assert json.loads(json.dumps(parts[0].body_offset)) == parts[0].body_offset
    assert isinstance(parts[0], ps_module("indexing").PartIndex)
