"""A pytest plugin: asyncio where there are no sockets and no threads; see ci/wasm.

Pyodide's own event loop is the browser's: it cannot run a coroutine to its end while Python waits.
The one here can. It waits for nothing but time, and does the work for a thread at once, as
pyodide's own does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from platforms import core

__all__ = ["Loop"]

#: Tests that cannot be run here, by the reason.
NOT_HERE = {
    "a new file that a link leads to is made there, whatever is asked for": (
        "test_main.py::test_extract_overwrites_nothing",),
    "no file is without a name, nor are links counted": (
        "test_form_advisories.py::test_a_temporary_file_has_no_name_to_guess",),
    "a file with gaps is as large in memory as it says": (
        "test_byteranges.py::test_bytes_at_the_end_of_a_huge_file",
        "test_main.py::test_memory_stays_small",
        "test_writer_review.py::test_of_a_file_that_has_grown_no_more_is_read_than_announced"),
}  # fmt: skip


class _Timer:
    """In the place of a selector, with nothing to select from."""

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits for something that cannot come")
        time.sleep(timeout)
        return []


class Loop(asyncio.base_events.BaseEventLoop):
    """An event loop without files, sockets or threads."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Timer()

    def _process_events(self, events: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody else could wake it."""

    def run_in_executor(self, _: Any, work: Callable[..., Any], *arguments: Any) -> Any:
        future = self.create_future()
        try:
            future.set_result(work(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


def _run(main: Coroutine[Any, Any, Any], *, debug: bool | None = None) -> Any:
    return asyncio.runners.run(main, debug=debug, loop_factory=Loop)


def pytest_configure() -> None:
    asyncio._set_running_loop(None)  # pyodide's own is said to run all the time
    asyncio.run = _run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    core.leave_out(items, NOT_HERE)
