"""A pytest plugin: aiohttp's own tests of ``request.post()`` against ours; see ci/framework-tests.

The method is ours while they run.  Of the tests of requests and of the server, those are of
interest that call it.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version
from typing import Any

import pytest
from aiohttp import web

from partstream.contrib.aiohttp import post

from .framework_suite import Suite

web.BaseRequest.post = post  # type: ignore[assignment, method-assign]


def _calls_it(function: Any) -> bool:
    return ".post()" in inspect.getsource(function)


SUITE = Suite(
    f"aiohttp {version('aiohttp')}, request.post()",
    {
        "test_urlencoded_form_empty_segments_count": "wants what is empty between two '&' counted "
        "as a field; ours counts those that the form has",
        "test_multipart_formdata_field_missing_name": "wants a ValueError, which a server answers "
        "with 500; ours is HTTPBadRequest",
        "test_multipart_formdata_headers_too_many": "wants BadHttpMessage, which a server answers "
        "with 500; ours is HTTPRequestEntityTooLarge, for the same number",
        "test_multipart_formdata_header_too_long": "wants LineTooLong, which a server answers with "
        "500; ours is HTTPRequestEntityTooLarge, for the same size",
    },
    _calls_it,
)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SUITE)
