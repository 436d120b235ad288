"""A pytest plugin that runs Werkzeug's own tests of forms against ours: see ci/framework-tests.

The parser that its requests make, and ``werkzeug.formparser.FormDataParser``, are ours while they
run.
"""

from __future__ import annotations

from importlib.metadata import version

import pytest
import werkzeug.formparser
import werkzeug.wrappers

from partstream.contrib.werkzeug import FormDataParser

from .framework_suite import Suite

werkzeug.formparser.FormDataParser = FormDataParser  # type: ignore[misc]
werkzeug.wrappers.Request.form_data_parser_class = FormDataParser

SUITE = Suite(
    f"werkzeug {version('werkzeug')}",
    {
        "test_missing_multipart_boundary": "wants an empty form where no boundary is named; "
        "ours is BadRequest",
        "test_end_of_file": "wants an empty form of a body that ends early; ours is BadRequest",
        "test_ie7_unc_path": "its file has lines that end in LF, which ours refuses in a form",
        "test_nonstandard_line_endings[\\n]": "ours refuses lines that end in LF in a form",
        "test_nonstandard_line_endings[\\r]": "ours refuses lines that end in CR",
        "test_file_rfc2231_filename_continuations": "its header is folded, which ours "
        "refuses in a form",
    },
)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SUITE)
