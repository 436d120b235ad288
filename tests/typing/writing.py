"""What type checkers make of the writer; never run, see ``ci/types``."""

from __future__ import annotations

from multidict import CIMultiDict
from typing_extensions import assert_type

from partstream import MultipartWriter, Payload, byteranges, parse_range


async def writing() -> None:
    writer = MultipartWriter("form-data")
    writer.append_fields({"title": "Cat", "tags": ["grey", "asleep"]})
    writer.append_fields([("a", "1"), ("b", 2)])
    part = writer.append(b"x", name="photo", filename="cat.jpg")
    assert_type(part, Payload)
    assert_type(part.headers, CIMultiDict[str])
    assert_type(writer.append_json({"a": 1}), Payload)
    assert_type(writer.boundary, str)
    assert_type(writer.content_type, str)
    assert_type(writer.size, int | None)
    assert_type(writer.consumed, bool)
    assert_type(len(writer), int)
    for payload in writer:
        assert_type(payload, Payload)
    assert_type(writer.body().read(10), bytes)
    for piece in writer.chunks():
        assert_type(piece, bytes)
    async for data in writer.abody():
        assert_type(data, bytes | bytearray | memoryview)
    assert_type(await writer.as_bytes(), bytes)
    with MultipartWriter("mixed") as inner:
        assert_type(inner, MultipartWriter)
    assert_type(byteranges(b"abc", [(0, 1)]), MultipartWriter)
    print(parse_range("bytes=0-1", 3))
