"""A pytest plugin that runs Starlette's own tests of forms against ours: see ci/framework-tests.

The request that the tests import, and the one that Starlette's applications make, is ours while
they run.  What fails is listed here with the reason; anything else that fails, or anything here
that passes, fails the run.  Three tests make Starlette's parsers themselves, and say nothing about
ours.
"""

from __future__ import annotations

from importlib.metadata import version

import pytest
import starlette.formparsers
import starlette.requests
import starlette.routing

from partstream.contrib.starlette import FormRequest

from .framework_suite import Suite

starlette.requests.Request = FormRequest  # type: ignore[misc]
starlette.routing.Request = FormRequest  # type: ignore[attr-defined]


def _within_application(test: str, reason: str) -> dict[str, str]:
    """Without one these look at no message."""
    return {f"{test}[{loop}-app1-expectation1]": reason for loop in ("asyncio", "trio")}


SUITE = Suite(
    f"starlette {version('starlette')}",
    {
        "test_multipart_request_resolves_charset_once": "wants one search among Python's codecs; "
        "ours looks into a table of those that are safe, and makes none",
        **_within_application(
            "test_multipart_boundary_exceeds_limit",
            "wants 'Invalid multipart data.'; ours says what is wrong with the boundary, with the "
            "same class and status",
        ),
        "test_multipart_headers_exceed_limit": "wants no more than 8 headers in a part; ours takes "
        "128",
        **_within_application(
            "test_missing_name_parameter_on_content_disposition",
            "its header is 'form-data; =\"...\"', of which ours says that it cannot be read, with "
            "the same class and status",
        ),
        "test_multipart_closes_tempfile_on_oserror": "its file, which is put in place of "
        "Starlette's, fails in write(): ours is another",
        "test_multipart_request_large_file_rollover_in_background_thread": "wants rollover() of "
        "its own file: ours is another, made and written on a thread as well (test_form_loops.py)",
    },
)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SUITE)
