"""MultipartWriter: its parts and headers, nesting, what it is written onto, and what it closes."""

from __future__ import annotations

import io
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.running import run
from support.writing import AsyncOnly, Files, Recorder, data_of, descriptors, drained, made

Module = Callable[[str], ModuleType]


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    with Files(tmp_path) as found:
        yield found


def nested(ps: ModuleType, depth: int) -> tuple[Any, Any]:
    """Give writers within each other: the outermost and the innermost."""
    outermost = innermost = ps.MultipartWriter()
    for _ in range(depth - 1):
        with ps.MultipartWriter() as inner:
            innermost.append(inner)
            innermost = inner
    return outermost, innermost


# Parts and headers.


def test_a_writer_says_what_it_is(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("related", boundary="B:C")
    assert writer.boundary == "B:C"
    assert writer.content_type == 'multipart/related; boundary="B:C"'
    assert dict(writer.headers) == {"Content-Type": writer.content_type}
    assert isinstance(writer, ps.Payload)
    assert (len(writer), list(writer), writer.consumed, writer.autoclose) == (0, [], False, True)
    assert writer  # though it has no parts
    assert repr(writer) == "<MultipartWriter 'multipart/related; boundary=\"B:C\"' of 0 parts>"


def test_a_writer_without_parts_is_a_closing_delimiter(ps: ModuleType, ps_module: Module) -> None:
    writer = made(ps)
    assert data_of(writer) == b"--B--\r\n" == writer.body().read()
    assert writer.size == 7
    assert list(ps_module("sync").MultipartReader(writer.content_type, b"--B--\r\n")) == []
    assert writer.body(close_boundary=False).read() == b""


def test_parts_stand_there_in_their_order_with_their_headers(ps: ModuleType) -> None:
    writer = made(ps, "text", b"bytes")
    writer.append_json({"a": [1, "\xfc"]})
    writer.append_form([("a", "b c"), ("d", "\xfc")])
    assert data_of(writer) == (
        b"--B\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\ntext\r\n"
        b"--B\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\nbytes\r\n"
        b"--B\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
        b'{"a": [1, "\\u00fc"]}\r\n'
        b"--B\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\n"
        b"a=b+c&d=%C3%BC\r\n"
        b"--B--\r\n"
    )


def test_headers_that_are_given_win_and_keep_their_order(ps: ModuleType) -> None:
    writer = made(ps)
    given = OrderedDict([("X-B", "1"), ("content-type", "image/gif"), ("X-A", "2")])
    part = writer.append(io.BytesIO(b"GIF89a"), given)
    found = [(key.lower(), value) for key, value in part.headers.items()]
    assert found == [
        ("content-type", "image/gif"), ("x-b", "1"), ("x-a", "2"), ("content-length", "6"),
    ]  # fmt: skip
    assert data_of(writer).startswith(b"--B\r\ncontent-type: image/gif\r\nX-B: 1\r\nX-A: 2\r\n")


def test_append_takes_headers_as_pairs_as_well(ps: ModuleType) -> None:
    part = made(ps).append(b"x", [("X-A", "1"), ("X-B", "2")])
    assert list(part.headers)[1:3] == ["X-A", "X-B"]


def test_append_gives_the_payload_whose_headers_can_be_changed(ps: ModuleType) -> None:
    writer = made(ps)
    part = writer.append(b"x")
    assert writer.append_payload(ps.BytesPayload(b"y")) is list(writer)[1]
    part.headers[ps.hdrs.CONTENT_ID] = "X-12345"
    part.set_content_disposition("attachment", filename="secret.txt")
    data = data_of(writer)
    assert b"\r\nContent-ID: X-12345\r\n" in data
    assert b'\r\nContent-Disposition: attachment; filename="secret.txt"\r\n' in data


def test_append_takes_the_names_the_type_and_the_size(ps: ModuleType) -> None:
    form = made(ps, subtype="form-data")
    part = form.append(iter([b"abc"]), name="n", filename="a.png", content_type="x/y", size=3)
    assert dict(part.headers) == {
        "Content-Type": "x/y", "Content-Disposition": 'form-data; name="n"; filename="a.png"',
    }  # fmt: skip
    assert part.size == 3
    mixed = made(ps)
    assert mixed.append(b"x", filename="a.png").headers["Content-Type"] == "image/png"
    assert next(iter(mixed)).headers["Content-Disposition"] == 'attachment; filename="a.png"'
    assert mixed.append_json(1, name="n").headers["Content-Disposition"] == 'attachment; name="n"'


def test_append_with_a_payload_adds_to_its_headers(ps: ModuleType) -> None:
    payload = ps.BytesPayload(b"x", headers={"X-A": "1"})
    found = made(ps).append(payload, {"X-B": "2"}, content_type="x/y", filename="f")
    assert found is payload
    assert [*payload.headers] == [
        "Content-Type", "X-A", "X-B", "Content-Disposition", "Content-Length",
    ]  # fmt: skip
    assert payload.content_type == "x/y"
    with pytest.raises(TypeError, match="give it to the payload"):
        made(ps).append(ps.BytesPayload(b"x"), size=1)


@pytest.mark.parametrize("thing", [None, 1, 1.5, object(), {"a": 1}, {1, 2}])
def test_what_cannot_be_a_part_is_refused_with_the_remedy(ps: ModuleType, thing: Any) -> None:
    writer = made(ps)
    with pytest.raises(TypeError, match=r"append_json\(\)"):
        writer.append(thing)
    with pytest.raises(TypeError, match=r"use append\(\)"):
        writer.append_payload(thing)
    assert len(writer) == 0


def test_json_takes_a_dumps_that_gives_text_or_bytes(ps: ModuleType) -> None:
    writer = made(ps)
    writer.append_json([1], dumps=lambda value: json.dumps(value) + " ")
    writer.append_json([1], {"X-A": "1"}, dumps=lambda value: b"[2]")
    assert [run(part.as_bytes()) for part in writer] == [b"[1] ", b"[2]"]
    assert list(writer)[1].headers["X-A"] == "1"


def test_a_form_part_takes_mappings_and_repeated_fields(ps: ModuleType) -> None:
    writer = made(ps)
    writer.append_form({"a": ["1", "2"], "b": "&"})
    writer.append_form((("a", "1"),), {"Content-Type": "x/y"})
    assert [run(part.as_bytes()) for part in writer] == [b"a=1&a=2&b=%26", b"a=1"]
    assert list(writer)[1].headers["Content-Type"] == "x/y"
    for thing in ("a=b", b"a=b", 1, None):
        with pytest.raises(TypeError, match="mapping or a sequence of pairs"):
            writer.append_form(thing)


def test_what_is_registered_for_a_plain_type_is_taken(
    ps: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loud(ps.StringPayload):  # type: ignore[name-defined,misc]
        def __init__(self, value: str, *args: Any, **kwargs: Any) -> None:
            super().__init__(value.upper(), *args, **kwargs)
            self.headers["X-Loud"] = "yes"

    registry = ps.payloads.PayloadRegistry()
    registry.register(Loud, str)
    monkeypatch.setattr(ps.payloads, "PAYLOAD_REGISTRY", registry)
    part = made(ps).append("text")
    assert dict(part.headers) == {
        "Content-Type": "text/plain; charset=utf-8", "X-Loud": "yes", "Content-Length": "4",
    }  # fmt: skip
    assert run(part.as_bytes()) == b"TEXT"


def test_iteration_gives_all_parts_also_fields_that_came_together(ps: ModuleType) -> None:
    form = made(ps, subtype="form-data")
    form.append("first")
    form.append_fields({"a": "1", "b": ["2", b"3"]})
    before = data_of(form)
    assert len(form) == 4
    assert [run(part.as_bytes()) for part in form] == [b"first", b"1", b"2", b"3"]
    assert data_of(form) == before
    assert len(form) == 4
    list(form)[1].headers["X-A"] = "1"
    assert b'name="a"\r\nX-A: 1\r\n' in data_of(form)


def test_headers_for_a_message_have_the_length_where_it_is_known(ps: ModuleType) -> None:
    writer = made(ps, b"x")
    length = str(len(data_of(writer)))
    assert dict(writer.http_headers()) == {
        "Content-Type": writer.content_type, "Content-Length": length,
    }  # fmt: skip
    assert "Content-Length" not in writer.headers
    writer.headers["X-A"] = "1"
    writer.append(iter([b"x"]))
    assert dict(writer.http_headers()) == {"Content-Type": writer.content_type, "X-A": "1"}


def test_headers_that_cannot_be_sent_are_none_for_a_message_either(ps: ModuleType) -> None:
    writer = made(ps, b"x")
    writer.headers["X-A"] = "\r\nX-B: injected"
    with pytest.raises(ValueError, match="X-A"):
        writer.http_headers()


def test_headers_for_a_message_have_no_length_from_when_it_was_a_part(ps: ModuleType) -> None:
    writer = made(ps, b"x")
    made(ps, writer, boundary="outer")
    assert "Content-Length" in writer.headers
    writer.append(iter([b"x"]))
    assert "Content-Length" not in writer.http_headers()


# Nesting.


def test_with_nests_as_in_the_introduction_and_closes_nothing(
    ps: ModuleType, ps_module: Module, files: Files
) -> None:
    file = files.opened(b"file")
    with ps.MultipartWriter("mixed") as writer:
        writer.append("a")
        with ps.MultipartWriter("related") as inner:
            inner.append("b")
            with ps.MultipartWriter("related") as innermost:
                innermost.append(file)
            inner.append(innermost)
        writer.append(inner)
    assert not file.closed
    reader = ps_module("sync").MultipartReader(writer.content_type, writer.body())
    assert reader.next().text() == "a"
    related = reader.next()
    assert related.next().text() == "b"
    assert related.next().next().read() == b"file"


def test_async_with_closes_the_files_that_were_given(ps: ModuleType, files: Files) -> None:
    file, inner_file = files.opened(b"x"), files.opened(b"y")

    async def main() -> None:
        async with ps.MultipartWriter() as writer:
            writer.append(file)
            writer.append(made(ps, inner_file))
            await writer.as_bytes()
            assert not file.closed

    run(main())
    assert file.closed
    assert inner_file.closed


def test_a_thousand_levels_are_no_recursion(ps: ModuleType, files: Files) -> None:
    outermost, innermost = nested(ps, 1000)
    file = files.opened(b"leaf")
    innermost.append(file)
    data = outermost.body().read()
    assert data.count(b"leaf") == 1
    assert outermost.size == len(data)
    assert data_of(outermost) == run(drained(outermost.abody())) == b"".join(outermost.body())
    recorder = Recorder()
    run(outermost.write(recorder))
    assert recorder.data == data
    assert outermost.decode() == data.decode()
    assert not outermost.consumed
    assert repr(outermost).endswith("of 1 parts>")
    above = made(ps, outermost)
    with pytest.raises(ValueError, match="part of itself"):
        innermost.append(above)
    run(outermost.close())
    assert file.closed
    assert outermost.consumed


@pytest.mark.parametrize("depth", [2, 20])
def test_what_is_nested_deep_reads_back_where_the_limits_allow_it(
    ps: ModuleType, ps_module: Module, depth: int
) -> None:
    outermost, innermost = nested(ps, depth)
    innermost.append("leaf")
    limits = ps.Limits(max_depth=depth)
    reader = ps_module("sync").MultipartReader(
        outermost.content_type, outermost.body(), limits=limits
    )
    for _ in range(depth - 1):
        reader = reader.next()
    assert reader.next().text() == "leaf"


def test_a_writer_cannot_be_a_part_of_itself(ps: ModuleType) -> None:
    first, second, third = made(ps), made(ps), made(ps)
    with pytest.raises(ValueError, match="part of itself"):
        first.append(first)
    first.append(second)
    second.append(third, {"Content-Encoding": "gzip"})
    for inner in (first, second):
        with pytest.raises(ValueError, match="part of itself"):
            third.append_payload(inner)
    assert (len(first), len(second), len(third)) == (1, 1, 0)


def test_a_loop_made_behind_its_back_is_found_when_it_is_written(ps: ModuleType) -> None:
    first, second = made(ps, boundary="1"), made(ps, boundary="2")
    first.append(second)
    second._parts = [(first, "", "")]
    for use in (lambda: first.size, first.body, first.abody, lambda: data_of(first)):
        with pytest.raises(ValueError, match="part of itself"):
            use()
    assert not first.consumed
    above = made(ps, boundary="0")
    above._parts = [(first, "", "")]
    with pytest.raises(ValueError, match="part of itself"):
        _ = above.size


def test_a_writer_can_be_a_part_twice(ps: ModuleType) -> None:
    inner = made(ps, "x")
    writer = made(ps, inner, inner, boundary="outer")
    assert writer.size == len(data_of(writer))
    assert data_of(writer).count(data_of(inner)) == 2


def test_parts_may_be_added_to_a_writer_that_is_a_part_already(ps: ModuleType) -> None:
    inner = made(ps, boundary="I")
    writer = made(ps, inner)
    assert inner.headers["Content-Length"] == "7"
    inner.append("x")
    data = data_of(writer)
    assert b"\r\nContent-Length: %d\r\n\r\n--I\r\n" % inner.size in data
    assert writer.size == len(data)


def test_frames_of_a_camera_read_back_while_the_stream_goes_on(ps: ModuleType) -> None:
    frames = [b"\xff\xd8" + bytes([number]) * 50_000 + b"\xff\xd9" for number in range(3)]

    async def stream() -> AsyncIterator[bytes]:
        for frame in frames:
            recorder = Recorder()
            writer = made(ps, subtype="image/jpeg", boundary="frame")
            writer.append(frame, {"Content-Type": "image/jpeg"})
            await writer.write(recorder, close_boundary=False)
            for piece in recorder.pieces:
                yield piece
        raise AssertionError("each frame is to be had without what comes behind it")

    async def main() -> list[bytes]:
        value = "multipart/x-mixed-replace; boundary=frame"
        reader = ps.MultipartReader(value, stream())
        return [await (await reader.next()).read() for _ in frames]

    assert run(main()) == frames


# What is closed.


@pytest.mark.parametrize("fail_at", [0, 1, 2, 5, 8])
def test_all_that_was_opened_is_closed_where_writing_fails(
    ps: ModuleType, files: Files, fail_at: int
) -> None:
    source = AsyncOnly(b"a" * 40_000, b"b" * 40_000)
    path, given = files.path(b"p" * 700_000), files.opened(b"g" * 100)
    writer = made(ps, path, source, given)

    async def main() -> None:
        before = descriptors()
        with pytest.raises(ConnectionResetError):
            await writer.write(Recorder(fail_at))
        assert source.open == 0
        assert descriptors() == before

    run(main())
    assert not given.closed
    assert data_of(writer)  # and all is there for the next try


def test_close_closes_what_was_given_also_what_was_written_and_what_came_later(
    ps: ModuleType, files: Files
) -> None:
    file, pipe, late = files.opened(b"x"), files.pipe(b"y"), files.opened(b"z")
    inner = made(ps, pipe, boundary="I")
    writer = made(ps, file, inner, files.path(b"p"), io.BytesIO(b"m"))
    data_of(writer)
    assert not file.closed
    assert not pipe.closed
    run(writer.close())
    assert file.closed
    assert pipe.closed
    inner.append(late)
    run(writer.close())
    assert late.closed
    with pytest.raises(ValueError, match="has been written, or closed"):
        data_of(writer)


def test_what_lies_in_memory_or_has_a_path_can_be_written_after_close(
    ps: ModuleType, files: Files
) -> None:
    writer = made(ps, "text", b"x", files.path(b"p"), io.BytesIO(b"m"), io.StringIO("s"))
    data = data_of(writer)
    run(writer.close())
    assert data_of(writer) == data


def test_a_payload_that_closes_itself_is_not_closed(ps: ModuleType) -> None:
    class Own(ps.BytesPayload):  # type: ignore[name-defined,misc]
        closed = 0

        async def close(self) -> None:
            self.closed += 1

    part, other = Own(b"x"), Own(b"y")
    other._autoclose = False
    writer = made(ps, made(ps, part, other))
    for _ in range(2):
        run(writer.close())
    assert (part.closed, other.closed) == (0, 1)


def test_one_that_cannot_be_closed_does_not_keep_the_others_open(
    ps: ModuleType, files: Files
) -> None:
    class Stuck(ps.BytesPayload):  # type: ignore[name-defined,misc]
        _autoclose = False

        async def close(self) -> None:
            raise OSError("stuck")

    file = files.opened(b"x")
    run(made(ps, Stuck(b"y"), file).close())
    assert file.closed
