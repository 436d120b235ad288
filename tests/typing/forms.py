"""What type checkers make of forms; never run, see ``ci/types``."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from partstream import FilePart, Form, UploadedFile, parse_form, sync


async def keep(part: FilePart) -> str:
    assert_type(part.filename, str)
    async for chunk in part:
        assert_type(chunk, bytes)
    return "kept"


async def awaiting(headers: dict[str, str], source: Any) -> None:
    form = await parse_form(headers, source)
    assert_type(form, Form)
    async with parse_form(headers, source, on_file=keep) as other:
        assert_type(other, Form)
        for name in other.files:
            file = other.files[name]
            if isinstance(file, UploadedFile):
                assert_type(await file.read(), bytes)


def blocking(headers: dict[str, str], source: Any) -> None:
    with sync.parse_form(headers, source) as form:
        assert_type(form, sync.Form)
        for file in form.files.values():
            if isinstance(file, sync.UploadedFile):
                assert_type(file.read(), bytes)
