"""``partstream.contrib.quart``, beside Quart's own parser."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from types import ModuleType
from typing import Any

import pytest
from quart.datastructures import FileStorage
from quart.formparser import FormDataParser
from quart.wrappers.request import Body
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from support.asgi_forms import (
    BOUNDARY,
    part,
    temporary_files,
    whole,
)  # fmt: skip
from support.serving import run

MIB = 1 << 20
pytestmark = pytest.mark.usefixtures("directory")
FILE = part("f", bytes(MIB), "large")


@pytest.fixture
def contrib(ps_module: Callable[[str], ModuleType]) -> ModuleType:
    return ps_module("contrib.quart")


async def parsed(kind: Any, body: bytes, options: Any = None, **limits: Any) -> Any:
    source = Body(len(body), None)
    source.set_result(body)
    parser = kind(**limits)
    given = {"boundary": BOUNDARY} if options is None else options
    return await parser.parse(source, "multipart/form-data", len(body), given)


def listed(form: Any, files: Any) -> Any:
    found = []
    for name, file in files.items(multi=True):
        facts = file.filename, file.name, file.content_type, list(file.headers)
        found.append((name, *facts, hashlib.sha256(file.read()).hexdigest()))
        file.close()
    return list(form.items(multi=True)), found


FORMS = {
    "empty": whole(),
    "text": whole(part("a", b"1"), part("b", "é".encode()), part("a", b"\xe9")),
    "100 fields": whole(*[part(f"field{n}", b"value %d" % n) for n in range(100)]),
    "files": whole(part("f", b"x" * 9000, "a.txt"), part("f", b"y", "b"), part("t", b"z")),
    "no file chosen": whole(part("f", b"", "")),
    "on disk": whole(FILE, part("t", b"z")),
}


@pytest.mark.parametrize("name", FORMS)
def test_gives_what_quart_gives(contrib: ModuleType, name: str) -> None:
    found = listed(*run(parsed(contrib.FormDataParser, FORMS[name])))
    assert found == listed(*run(parsed(FormDataParser, FORMS[name])))
    assert any(found) == (name != "empty")


def test_files_are_quarts_own(contrib: ModuleType) -> None:
    _, files = run(parsed(contrib.FormDataParser, whole(FILE)))
    assert type(files["f"]) is FileStorage
    assert type(files["f"].stream) is SpooledTemporaryFile
    files["f"].close()


def test_a_stream_factory_is_used(contrib: ModuleType) -> None:
    told = []

    def factory(**facts: Any) -> io.BytesIO:
        told.append((facts["filename"], facts["content_type"]))
        return io.BytesIO()

    body = whole(part("f", b"123", "x"), part("g", b"", "y"))
    _, files = run(parsed(contrib.FormDataParser, body, stream_factory=factory))
    assert (files["f"].read(), files["g"].read()) == (b"123", b"")
    assert told == [("x", "text/x-odd"), ("y", "text/x-odd")]


@pytest.mark.parametrize(
    ("body", "options"),
    [(FILE, None), (b"hello", None), (whole(FILE), {}), (whole(FILE), {"boundary": "x" * 300})],
    ids=["no end", "no delimiter", "no boundary", "long boundary"],
)
def test_malformed_forms_are_bad_requests(contrib: ModuleType, body: bytes, options: Any) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        run(parsed(contrib.FormDataParser, body, options))
    assert not temporary_files()
    with pytest.raises(ValueError, match=r"boundary|delimiter"):
        run(parsed(contrib.FormDataParser, body, options, silent=False))


@pytest.mark.parametrize(
    ("limits", "body"),
    [
        ({"max_form_parts": 1}, whole(FILE, part("a", b""))),
        ({"max_form_memory_size": 10}, whole(FILE, part("a", b"12345678901"))),
    ],
    ids=["parts", "memory"],
)
def test_limits_are_quarts(contrib: ModuleType, limits: Any, body: bytes) -> None:
    with pytest.raises(RequestEntityTooLarge):
        run(parsed(contrib.FormDataParser, body, **limits))
    assert not temporary_files()


def test_cancelling_leaves_nothing(contrib: ModuleType) -> None:
    async def read() -> None:
        source = Body(None, None)
        source.append(FILE)
        parser = contrib.FormDataParser()
        parsing = asyncio.ensure_future(
            parser.parse(source, "multipart/form-data", None, {"boundary": BOUNDARY})
        )
        while len(source._data):
            await asyncio.sleep(0)
        parsing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await parsing

    run(read())
    assert not temporary_files()
