"""A pytest plugin: what PyPy does otherwise by design, and the tests of it; see ci/pypy."""

from __future__ import annotations

import pytest

from platforms import core

__all__ = ["NOT_HERE"]

#: Tests that cannot be run here, by the reason.
NOT_HERE = {
    "what nobody holds any more is closed some time later": (
        "test_byteranges.py::test_a_pass_that_is_dropped_closes_the_path",
        "test_form.py::test_a_form_that_is_dropped_says_so_and_closes",
        "test_passes.py::test_a_pass_that_is_dropped_closes_its_file_at_once",
        "test_payload_streams.py::test_a_body_that_is_given_up_closes_its_generator",
        "test_payload_files.py::test_a_file_is_written_from_its_position_and_stays_open[zip]",
        "test_payload_files.py::test_the_size_of_a_file_is_that_of_its_bytes[zip]",
        "test_views.py::test_a_body_that_is_dropped_closes_what_it_has_opened",
        "test_views.py::test_each_iteration_of_chunks_starts_anew"),
    "the interpreter is started by a loader of its own, which a child process is not": (
        "test_advisories_layers.py::test_cve_2025_69227_nothing_hangs_on_asserts",
        "test_disks.py::test_a_process_without_descriptors_serves_on",
        "test_main.py::test_as_a_process",
        "test_main.py::test_a_broken_pipe_is_quiet",
        "test_packing.py::test_curl_sends_what_comes_out_of_the_pipe",
        "test_public_names.py::test_little_is_imported_at_once",
        "test_public_names.py::test_writing_needs_little_of_the_library",
        "test_public_names.py::test_every_name_is_found",
        "test_public_names.py::test_a_module_that_is_documented_is_an_attribute"),
    "its library is Python, whose steps are counted, too": (
        "test_disposition.py::test_twice_the_length_takes_twice_the_steps[percent, not ASCII]",),
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    core.leave_out(items, NOT_HERE)
