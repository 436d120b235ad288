"""What is written for a part: its Content-Length, its encoding, its exact size, few writes."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.running import run
from support.writing import KINDS, AsyncOnly, Files, Leaf, Node, Recorder, build, data_of, made

Module = Callable[[str], ModuleType]
MB = 1 << 20


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    with Files(tmp_path) as found:
        yield found


# Content-Length and encodings of parts.


def lengths(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\r\n") if line.lower().startswith(b"content-length")]


def test_a_part_whose_size_is_not_known_has_no_content_length(ps: ModuleType) -> None:
    writer = made(ps, b"abc", iter([b"d"]), made(ps, iter([b"e"]), boundary="I"))
    assert lengths(data_of(writer)) == [b"Content-Length: 3"]


def test_content_length_can_be_taken_out_of_every_part(ps: ModuleType) -> None:
    inner = made(ps, b"x", boundary="I")
    writer = made(ps, b"abc", inner)
    for part in (*writer, *inner):
        assert part.headers.pop(ps.hdrs.CONTENT_LENGTH, None) is not None
    assert lengths(data_of(writer)) == []
    assert writer.size == len(data_of(writer))


def test_a_wrong_content_length_is_refused_before_anything_is_written(ps: ModuleType) -> None:
    for value in ("4", "-1", "+3", "three", "", "3, 3", "3\u0663"):
        writer = made(ps)
        writer.append(b"abc", {"Content-Length": value})
        with pytest.raises(ValueError, match="Content-Length"):
            data_of(writer)
        with pytest.raises(ValueError, match="Content-Length"):
            writer.body()
    twice = made(ps)
    twice.append(b"abc").headers.add("Content-Length", "4")  # the first one is right
    with pytest.raises(ValueError, match=r"(?i)content-length"):
        data_of(twice)


def test_a_right_content_length_stays_where_it_is(ps: ModuleType) -> None:
    writer = made(ps)
    writer.append(b"abc", {"content-length": "3", "X-A": "1"})
    assert lengths(data_of(writer)) == [b"content-length: 3"]


def test_a_content_length_that_is_given_is_a_promise(ps: ModuleType) -> None:
    writer = made(ps)
    writer.append(AsyncOnly(b"ab", b"c"), {"Content-Length": "3"})
    data = data_of(writer)
    assert writer.size == len(data)
    assert lengths(data) == [b"Content-Length: 3"]
    for chunk in (b"", b"abcd"):
        wrong = made(ps)
        wrong.append(AsyncOnly(b"ab", chunk), {"Content-Length": "3"})
        with pytest.raises(ValueError, match="3 bytes announced"):
            data_of(wrong)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "base64", "quoted-printable"])
def test_an_encoding_that_is_set_later_is_applied(ps: ModuleType, coding: str) -> None:
    writer = made(ps)
    part = writer.append(b"abc" * 100)
    transfer = coding in ("base64", "quoted-printable")
    key = "Content-Transfer-Encoding" if transfer else "Content-Encoding"
    part.headers[key] = coding
    data = data_of(writer)
    assert lengths(data) == []
    assert b"abc" * 100 not in data or coding == "quoted-printable"
    assert (writer.size is None) == (coding != "base64")
    del part.headers[key]
    assert lengths(data_of(writer)) == [b"Content-Length: 300"]


def test_a_list_of_codings_is_applied_in_its_order(ps: ModuleType, ps_module: Module) -> None:
    writer = made(ps)
    writer.append(b"data", [("Content-Encoding", "deflate"), ("Content-Encoding", "gzip")])
    writer.append(
        b"data", {"Content-Encoding": "deflate, gzip", "Content-Transfer-Encoding": "base64"}
    )
    data = data_of(writer)
    first = data.split(b"\r\n\r\n", 1)[1].split(b"\r\n--B", 1)[0]
    assert zlib.decompress(gzip.decompress(first), -zlib.MAX_WBITS) == b"data"
    reader = ps_module("sync").MultipartReader(writer.content_type, data)
    assert [part.read(decode=True) for part in reader][1] == b"data"


def test_an_unknown_encoding_is_refused_at_append_or_before_anything_is_written(
    ps: ModuleType,
) -> None:
    for key in ("Content-Encoding", "Content-Transfer-Encoding"):
        writer = made(ps)
        with pytest.raises(ValueError, match=f"unknown {key} 'rot13'"):
            writer.append(b"x", {key: "rot13"})
        assert len(writer) == 0
        writer.append(b"x").headers[key] = "rot13"
        recorder = Recorder()
        with pytest.raises(RuntimeError, match=f"unknown {key} 'rot13'"):
            run(writer.write(recorder))
        assert recorder.pieces == []


def test_a_nested_writer_can_be_compressed(ps: ModuleType, ps_module: Module) -> None:
    inner = made(ps, "one", boundary="I")
    writer = made(ps, inner)
    inner.headers["Content-Encoding"] = "gzip"
    inner.append("two")
    data = data_of(writer)
    assert writer.size is None
    head, _, rest = data.partition(b"\r\n\r\n")
    assert lengths(head) == []
    found = gzip.decompress(rest.removesuffix(b"\r\n--B--\r\n"))
    reader = ps_module("sync").MultipartReader(inner.content_type, found)
    assert [part.text() for part in reader] == ["one", "two"]


def test_what_is_in_a_compressed_writer_is_checked_before_the_first_byte(ps: ModuleType) -> None:
    inner = made(ps, boundary="I")
    writer = made(ps, b"x" * 100_000, inner)
    inner.headers["Content-Encoding"] = "gzip"
    part = inner.append(b"y")
    part.headers["X-A"] = "\r\nX-B: injected"
    with pytest.raises(ValueError, match="X-A"):
        writer.body()
    part.headers["X-A"] = "good"
    inner.append(AsyncOnly(b"z"))
    with pytest.raises(TypeError, match=r"abody\(\)"):
        writer.body().read(1)


def test_a_part_of_another_multipart_can_become_a_part_of_a_form(ps: ModuleType) -> None:
    part = made(ps).append(b"x")
    assert "Content-Length" in part.headers
    form = made(ps, part, subtype="form-data")
    assert lengths(data_of(form)) == []


# Sizes.

SIZED = [name for name, kind in KINDS.items() if kind.sized]
UNSIZED = [name for name, kind in KINDS.items() if not kind.sized]


@pytest.mark.parametrize("kind", SIZED)
@pytest.mark.parametrize("count", [0, 1, 57, 58, 40_000])
def test_the_size_of_each_kind_is_exact_plain_and_in_base64(
    ps: ModuleType, ps_module: Module, files: Files, kind: str, count: int
) -> None:
    base64 = {"Content-Transfer-Encoding": "base64"}
    leaves = [Leaf(kind, b"x" * count), Leaf(kind, b"x" * count, base64)]
    for node in (
        Node("mixed", "B", [*leaves]),
        Node("mixed", "B", [Node("mixed", "C", [*leaves])]),
    ):
        writer = build(node, ps, ps_module("sync"), files)
        for close in (True, False):
            recorder = Recorder()
            size = writer.abody(close_boundary=close).size
            fresh = build(node, ps, ps_module("sync"), files)
            run(fresh.write(recorder, close_boundary=close))
            assert size == len(recorder.data)


@pytest.mark.parametrize("kind", UNSIZED)
def test_one_part_of_an_unknown_size_makes_all_around_it_unknown(
    ps: ModuleType, ps_module: Module, files: Files, kind: str
) -> None:
    inner = Node("mixed", "C", [Leaf("bytes", b"x"), Leaf(kind, b"y")])
    writer = build(Node("mixed", "B", [Leaf("bytes", b"z"), inner]), ps, ps_module("sync"), files)
    assert writer.size is None
    assert "Content-Length" not in list(writer)[1].headers
    assert "Content-Length" not in writer.http_headers()
    for view in (writer.body(), writer.abody()):
        assert view.size is None
        with pytest.raises(TypeError, match="len"):
            len(view)


def test_the_size_follows_what_is_changed(ps: ModuleType, files: Files) -> None:
    buffer, path = bytearray(b"ab"), files.path(b"cd")
    writer = made(ps, buffer, path)
    buffer += b"more"
    path.write_bytes(b"and more")
    data = data_of(writer)
    assert writer.size == len(data)
    assert lengths(data) == [b"Content-Length: 6", b"Content-Length: 8"]
    path.unlink()
    with pytest.raises(FileNotFoundError):
        _ = writer.size
    with pytest.raises(FileNotFoundError):
        data_of(writer)


def test_a_size_that_is_no_longer_known_is_no_promise(ps: ModuleType) -> None:
    class Changing(ps.Payload):  # type: ignore[name-defined,misc]
        size: int | None = 3

        async def write(self, writer: Any) -> None:
            await writer.write(b"many more")

    writer = made(ps)
    part = writer.append(Changing(None))
    assert part.headers["Content-Length"] == "3"
    part.size = None
    assert lengths(data_of(writer)) == []


def test_headers_are_those_of_the_time_when_a_body_was_asked_for(ps: ModuleType) -> None:
    inner = made(ps, b"in", boundary="I")
    packed = made(ps, b"in", boundary="P")
    writer = made(ps, b"x", inner, packed)
    packed.headers["Content-Encoding"] = "gzip"
    body, abody = writer.body(), writer.abody()
    before = writer.body().read()
    for part in (*writer, *inner, *packed):
        part.headers["X-New"] = "1"
    for each in (inner, packed, writer):
        each.append("more")
    assert writer.body().read() != before
    assert body.read() == before == run(gathered(abody))


async def gathered(chunks: Any) -> bytes:
    return b"".join([chunk async for chunk in chunks])


# What can be written once only.


def test_a_part_that_goes_once_and_stands_there_twice_is_refused(ps: ModuleType) -> None:
    inner = made(ps, boundary="I")
    writer = made(ps, b"x", inner)
    part = writer.append(iter([b"once"]))
    inner.append_payload(part)
    with pytest.raises(ValueError, match="stands here twice"):
        writer.body().read(1)
    inner.headers["Content-Encoding"] = "gzip"
    recorder = Recorder()
    with pytest.raises(ValueError, match="stands here twice"):
        run(writer.write(recorder))
    assert recorder.pieces == []
    assert not writer.consumed


def test_nothing_is_written_where_a_part_was_written_before(ps: ModuleType) -> None:
    inner = made(ps, AsyncOnly(b"x"), boundary="I")
    part = inner.append(iter([b"once"]))
    writer = made(ps, b"a" * 100_000, inner)
    for coding in ("identity", "gzip"):
        inner.headers["Content-Encoding"] = coding
        part._consumed = True
        recorder = Recorder()
        with pytest.raises(ValueError, match="cannot be written again"):
            run(writer.write(recorder))
        with pytest.raises(ValueError, match="cannot be written again"):
            aiter(writer.abody())
        assert recorder.pieces == []
        assert writer.consumed


def test_a_part_counts_as_written_once_its_turn_has_come(ps: ModuleType) -> None:
    writer = made(ps, b"a" * 100_000, iter([b"once"]))
    body = writer.body()
    body.read(50_000)
    assert not writer.consumed
    body.read()
    assert writer.consumed


# Few writes, and little memory.


def test_a_form_of_a_hundred_fields_is_one_write(ps: ModuleType) -> None:
    fields = {f"name{number}": f"value {number}" for number in range(100)}
    whole = made(ps, subtype="form-data")
    whole.append_fields(fields)
    single = made(ps, subtype="form-data")
    for name, value in fields.items():
        single.append(value, name=name)
    for form in (whole, single):
        recorder = Recorder()
        run(form.write(recorder))
        assert len(recorder.pieces) == 1
        assert recorder.data.count(b"name=") == 100
        assert len(list(form.body())) == 1


def test_small_parts_are_put_together_and_large_ones_go_as_they_are(ps: ModuleType) -> None:
    large = b"x" * 100_000
    writer = made(ps, *[b"small"] * 50, large, *[made(ps, b"s", boundary=f"{i}") for i in range(9)])
    found = list(writer.body())
    assert len(found) == 3
    assert found[1] is large


def test_many_small_parts_are_written_in_writes_of_a_sensible_size(ps: ModuleType) -> None:
    writer = made(ps, *[b"x" * 3_000] * 1_000)
    recorder = Recorder()
    run(writer.write(recorder))
    sizes = [len(piece) for piece in recorder.pieces[:-1]]
    assert min(sizes) >= 1 << 16
    assert max(sizes) < 1 << 17


def test_many_small_parts_are_no_single_write_where_somebody_looks_on(ps: ModuleType) -> None:
    writer = made(ps, *[b"x" * 3_000] * 1_000)
    sizes = [len(piece) for piece in writer.body(progress=lambda step: None)]
    assert max(sizes) < 1 << 17


def test_a_payload_of_bytes_that_has_a_write_of_its_own_is_written_by_it(ps: ModuleType) -> None:
    class Own(ps.BytesPayload):  # type: ignore[name-defined,misc]
        async def write(self, writer: Any) -> None:
            await writer.write(self._value.upper())

    data = data_of(made(ps, Own(b"abc")))
    assert b"\r\n\r\nABC\r\n" in data


def test_much_is_compressed_off_the_event_loop_and_little_at_once(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    offload, calls = ps_module("_passes").offload, []

    async def counted(work: Callable[[], Any]) -> Any:
        calls.append(work)
        return await offload(work)

    monkeypatch.setattr(ps_module("_passes"), "offload", counted)
    for data, count in ((b"x" * 1000, 0), (b"x" * 100_000, 1), (b"x" * (2 * MB), 8)):
        calls.clear()
        writer = made(ps)
        writer.append(data, {"Content-Encoding": "gzip"})
        body = data_of(writer)
        assert len(calls) == count
        coded = body.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n--B--\r\n")
        assert gzip.decompress(coded) == data
        calls.clear()
        base64 = made(ps)
        base64.append(data, {"Content-Transfer-Encoding": "base64"})
        data_of(base64)
        assert calls == []


def peak(use: Callable[[], Any]) -> int:
    """Tell how many bytes more than before were held at a time."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        use()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


class Nowhere:
    async def write(self, chunk: Any) -> None:
        pass


def pass_over(chunks: Any) -> None:
    for _ in chunks:
        pass


def read_through(body: Any) -> None:
    while body.read(65536):
        pass


async def await_all(chunks: Any) -> None:
    async for _ in chunks:
        pass


@pytest.fixture(scope="module")
def much() -> bytes:
    return bytes(64 * MB)


USES: dict[str, Callable[[Any], Any]] = {
    "size": lambda writer: writer.size,
    "iteration": lambda writer: pass_over(writer.body()),
    "read": lambda writer: read_through(writer.body()),
    "write": lambda writer: run(writer.write(Nowhere())),
    "abody": lambda writer: run(await_all(writer.abody())),
}


@pytest.mark.parametrize("use", USES)
def test_what_lies_in_memory_is_not_copied_as_a_whole(
    ps: ModuleType, much: bytes, use: str
) -> None:
    inner = made(ps, much, bytearray(8 * MB), boundary="I")
    coded = made(ps, much[: 8 * MB], boundary="C")
    next(iter(coded)).headers["Content-Transfer-Encoding"] = "base64"
    assert peak(lambda: USES[use](made(ps, inner, coded, boundary="outer"))) < 2 * MB


@pytest.mark.parametrize("use", USES)
def test_many_small_parts_are_not_copied_as_a_whole(ps: ModuleType, use: str) -> None:
    writer = made(ps, *[b"x" * 20_000] * 1_000)
    assert peak(lambda: USES[use](writer)) < 3 * MB


@pytest.mark.parametrize("use", USES)
def test_a_file_is_read_in_blocks(ps: ModuleType, files: Files, use: str) -> None:
    path = files.path(bytes(16 * MB))
    writer = made(ps, path, files.opened(bytes(16 * MB)))
    writer.append(path, {"Content-Encoding": "gzip"})
    assert peak(lambda: USES[use](writer)) < 5 * MB


def test_all_of_it_at_once_is_copied_once(ps: ModuleType, much: bytes) -> None:
    writer = made(ps, much)

    async def length() -> int:  # asyncio.run() makes a text of the result of its task
        return len(await writer.as_bytes())

    assert peak(lambda: run(length())) < 66 * MB
    assert peak(lambda: writer.body().read()) < 66 * MB
