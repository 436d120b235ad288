"""Runs Django's own tests of uploads against ours: see ci/framework-tests.

``django_suite_settings.py`` has Django's ``runtests.py`` take the runner here, and has our upload
handler stand before Django's.  With ``FORM_PARSER`` in the environment our parser class is every
request's instead (Django 6.1 and later).
"""

from __future__ import annotations

import os
from typing import Any
from unittest import TestResult

import django
from django.http import HttpRequest
from django.test.runner import DiscoverRunner

from partstream.contrib.django import FormParser

from .framework_suite import Suite

#: Which of the two is in place.
PLACED = "FormParser" if os.environ.get("FORM_PARSER") else "FormUploadHandler"
if PLACED == "FormParser":
    HttpRequest._multipart_parser_class = FormParser

#: No directory is read-only to root; the test has nothing to do with parsers.
_AS_ROOT = {} if os.geteuid() else {"test_readonly_root": "wants a user who is not root"}

_QUOTED = (
    "its extended parameters are quoted, which RFC 8187 does not allow and parsers read in three "
    "ways; ours refuses them"
)

SUITE = Suite(
    f"django {django.__version__}, {PLACED}",
    {
        "test_blank_filenames": "one of its filenames ends in a backslash, which hides the quote "
        "behind it: to ours it is never closed",
        "test_non_printable_chars_in_file_names": "its filename has NUL in it, which ours refuses "
        "in a header",
        "test_truncated_multipart_handled_gracefully": "wants an empty form of a body that ends "
        "early; ours is MultiPartParserError",
        "test_unicode_file_name_rfc2231_with_double_quotes": _QUOTED,
        "test_unicode_name_rfc2231_with_double_quotes": _QUOTED,
        "test_base64_invalid_upload": "wants '!' refused as base64; ours skips what is no digit, "
        "as RFC 2045 has it",
        **_AS_ROOT,
    },
)


def _name(test: Any) -> str:
    return str(getattr(test, "test_case", test).id()).rpartition(".")[2]


class Runner(DiscoverRunner):  # type: ignore[misc]
    """Django's own runner, which has the suite say what became of the tests."""

    def get_resultclass(self) -> Any:
        """Give a class of results that are recorded."""
        base = super().get_resultclass() or self.test_runner.resultclass

        class Result(base):  # type: ignore[misc, valid-type]
            def startTest(self, test: Any) -> None:
                SUITE.begin(_name(test))
                super().startTest(test)

            def addSuccess(self, test: Any) -> None:
                SUITE.record(_name(test), True)
                super().addSuccess(test)

            def addFailure(self, test: Any, error: Any) -> None:
                SUITE.record(_name(test), False)
                if SUITE.entry(_name(test)) is None:  # or its traceback is of no interest
                    super().addFailure(test, error)

            def addError(self, test: Any, error: Any) -> None:
                SUITE.record(_name(test), False)
                if SUITE.entry(_name(test)) is None:
                    super().addError(test, error)

            def addSubTest(self, test: Any, subtest: Any, error: Any) -> None:
                SUITE.record(_name(test), error is None)
                super().addSubTest(test, subtest, error)

        return Result

    def suite_result(self, suite: Any, result: TestResult, **options: Any) -> int:
        """Print the report; give the exit status: zero where all is as it is known to be."""
        lines, good = SUITE.verdict()
        print(*lines, sep="\n")
        return 0 if good else 1
