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
    "a file with gaps is as large in memory as it says": (
        "test_byteranges.py::test_bytes_at_the_end_of_a_huge_file",
        "test_main.py::test_memory_stays_small",
        "test_writer_review.py::test_of_a_file_that_has_grown_no_more_is_read_than_announced"),
    "a new file that a link leads to is made there, whatever is asked for": (
        "test_main.py::test_extract_overwrites_nothing",),
    "no file is without a name, nor are links counted": (
        "test_form_advisories.py::test_a_temporary_file_has_no_name_to_guess",),
    "no files that the system makes up, nor pipes with names": (
        "test_payload_readers.py::test_a_named_pipe_is_opened_when_it_is_written_and_only_then",
        "test_payload_readers.py::test_files_of_proc_have_no_size_and_are_written_whole"),
    "a pipe is never at its end": (
        "test_passes.py::test_a_pipe_does_not_change_so_its_size_must_be_the_one_promised",
        "test_writer.py::test_close_closes_what_was_given_also_what_was_written_and_what_came_later",
        "test_writer_roundtrip.py::test_each_kind_of_part_reads_back_by_itself_and_in_a_form[pipe]"),
    "what a thread would do is done at once": (
        "test_passes.py::test_a_write_that_is_cancelled_while_a_thread_reads_closes_its_path",
        "test_payload_streams.py::test_a_generator_that_a_thread_is_in_is_closed_by_that_thread",
        "test_payload_streams.py::test_an_iterable_is_advanced_on_a_thread_where_an_event_loop_runs",
        "test_sources.py::test_asyncio_cancels_a_read_while_the_thread_works",
        "test_sources.py::test_what_takes_long_to_decode_is_done_on_a_thread"),
    "no sockets": (
        "test_sinks.py::test_it_is_written_onto_a_stream_of_asyncio",
        "test_sync_sources.py::test_a_client_can_send_a_bad_length",
        "test_sync_sources.py::test_a_file_that_does_not_wait_is_refused_with_a_remedy",
        "test_sync_sources.py::test_a_frame_is_given_as_soon_as_its_bytes_are_there",
        "test_sync_sources.py::test_a_wsgi_request_is_read_to_its_length",
        "test_sync_sources.py::test_a_wsgi_request_that_ends_too_early"),
    "objects in a thousand others, one in the other, end the interpreter when they are freed": (
        "test_writer.py::test_a_thousand_levels_are_no_recursion",),
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
