"""What type checkers make of the readers; never run, see ``ci/types``."""

from __future__ import annotations

from typing import Any

from multidict import CIMultiDictProxy
from typing_extensions import assert_type

import partstream
from partstream import (
    BodyPartReader,
    ContentRange,
    Deviation,
    HttpMessage,
    IncompleteBody,
    LimitExceeded,
    Limits,
    MultipartError,
    MultipartParser,
    MultipartReader,
    ParseError,
    PartBegin,
    PartEnd,
    Policy,
    sync,
)


def parsing(chunk: bytes) -> None:
    parser = MultipartParser("B", subtype="mixed", nested=True)
    for event in parser.feed(chunk):
        if isinstance(event, PartBegin):
            assert_type(event.name, str | None)
            assert_type(event.filename, str | None)
            assert_type(event.content_type, str | None)
            assert_type(event.headers, CIMultiDictProxy[str])
            assert_type(event.depth, int)
            assert_type(event.offset, int)
        elif isinstance(event, PartEnd):
            assert_type(event.depth, int)
            assert_type(event.complete, bool)
    parser.close()


async def awaiting(headers: dict[str, str], content: Any) -> None:
    reader = MultipartReader(headers, content, limits=Limits.STREAM, policy=Policy.STRICT)
    # A subclass may give something else, so nothing narrower is promised than what is asked for.
    assert_type(await reader.next(), Any)
    async for part in reader:
        if isinstance(part, MultipartReader):
            assert_type(part, MultipartReader)
        if not isinstance(part, BodyPartReader):
            continue
        assert_type(part, BodyPartReader)
        assert_type(part.name, str | None)
        assert_type(part.filename, str | None)
        assert_type(part.headers, CIMultiDictProxy[str])
        assert_type(await part.read(), bytes)
        assert_type(await part.read(decode=True), bytes)
        assert_type(await part.read_chunk(1024), bytes)
        assert_type(await part.readline(), bytes)
        assert_type(await part.text(), str)
        assert_type(await part.json(), Any)
        assert_type(await part.form(), list[tuple[str, str]])
        assert_type(await part.http(), HttpMessage)
        assert_type(part.content_range, ContentRange | None)
        assert_type(part.at_eof(), bool)
        async for chunk in part:
            assert_type(chunk, bytes)


def blocking(headers: dict[str, str], content: Any) -> None:
    for part in sync.MultipartReader(headers, content):
        if not isinstance(part, sync.BodyPartReader):
            continue
        assert_type(part.read(), bytes)
        assert_type(part.text(), str)
        assert_type(part.http(), HttpMessage)
        for chunk in part:
            assert_type(chunk, bytes)


def faults(error: MultipartError) -> None:
    assert_type(error.code, str)
    assert_type(error.offset, int | None)
    assert_type(error.http_status, int)
    assert_type(error.message, str)
    wide: list[type[MultipartError]] = [ParseError, IncompleteBody, LimitExceeded]
    assert_type(wide, list[type[MultipartError]])
    assert_type(Deviation.TRUNCATED.at(0), MultipartError)


def others(path: str) -> None:
    backend: str = partstream.BACKEND
    print(backend)
    assert_type(partstream.__version__, str)
    for part in partstream.index(path, "multipart/mixed; boundary=B"):
        assert_type(part, partstream.PartIndex)
    assert_type(partstream.parse_content_type("a/b"), tuple[str, dict[str, str]])
