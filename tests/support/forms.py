"""Both kinds of ``parse_form`` behind one face, so that one test runs over both."""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

NAMES = ("async", "sync")
#: What of ``os`` writes a file of a form: PyPy has not the first.
WRITES = "writev" if hasattr(os, "writev") else "write"
CONTENT_TYPE = "multipart/form-data; boundary=B"


def driven(value: Any) -> Any:
    """Give what a call gives, awaited or not, without an event loop: nothing here suspends.

    Where there is no loop, what may block is done at once.
    """
    if not inspect.isawaitable(value):
        return value
    steps = value.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise AssertionError("this waits for something")


async def _later(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


class Forms:
    """Parses forms in one of the two ways."""

    def __init__(self, name: str, package: ModuleType, module: Callable[[str], ModuleType]) -> None:
        self.name = name
        self.package = package
        self.submodule = module
        self.module = package if name == "async" else module("sync")

    def source(self, chunks: Iterable[bytes]) -> Any:
        return _later(chunks) if self.name == "async" else iter(chunks)

    def hook(self, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Make a coroutine function, or leave it."""
        if self.name == "sync":
            return call

        async def on_file(part: Any) -> Any:
            return call(part)

        return on_file

    def parse(
        self,
        chunks: Iterable[bytes],
        content_type: Any = CONTENT_TYPE,
        *,
        policy: str = "DEFAULT",
        limits: dict[str, int | None] | None = None,
        on_file: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Give a form, to be closed with :meth:`close`, or use :meth:`open`."""
        return driven(
            self.module.parse_form(
                content_type,
                self.source([chunks] if isinstance(chunks, bytes) else chunks),
                policy=getattr(self.package.Policy, policy),
                limits=limits_of(self.package, limits),
                on_file=on_file,
            )
        )

    @contextmanager
    def open(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        form = self.parse(*arguments, **options)
        try:
            yield form
        finally:
            self.close(form)

    def close(self, thing: Any) -> None:
        driven(thing.aclose() if self.name == "async" else thing.close())

    def content(self, form: Any) -> list[tuple[str, str, bytes]]:
        """Give name, filename and content of each file."""
        return [(name, file.filename, driven(file.read())) for name, file in form.files.items()]


def limits_of(package: ModuleType, changes: dict[str, int | None] | None) -> Any:
    if not changes:
        return package.Limits.FORM
    values = {name: getattr(package.Limits.FORM, name) for name in ("max_parts",)}
    return package.Limits(**(values | changes))


def outcome(forms: Forms, chunks: Iterable[bytes], *arguments: Any, **options: Any) -> Any:
    """Give all that a form is, or its error, in values that can be compared."""
    try:
        form = forms.parse(chunks, *arguments, **options)
    except forms.package.MultipartError as error:
        return type(error).__name__, error.code, error.offset, error.message
    files = [(name, *_facts(file), driven(file.read())) for name, file in form.files.items()]
    forms.close(form)
    return list(form.fields.items()), files, form.complete


def _facts(file: Any) -> tuple[Any, ...]:
    assert file.size >= 0
    return file.filename, file.content_type, tuple(file.headers.items()), file.size, file.empty


# What is left behind


def handles() -> set[tuple[str, str]]:
    """Give the open files of this process, by number and target (Linux)."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
        except OSError:
            continue  # the listing's own
    return found


@contextmanager
def nothing_left(folder: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """See to it that no temporary file, and no handle of one, is left behind."""
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield
    assert os.listdir(folder) == []
    assert [target for _, target in handles() if target.startswith(str(folder))] == []
