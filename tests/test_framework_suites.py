"""The verdict over a framework's own tests, of which ``ci/framework-tests`` makes much."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from partstream import _form_reading, sync
from peers.framework_suite import Suite

BODY = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
KNOWN = {"test_bad": "by design", "test_each[2]": "the second alone"}
AS_KNOWN = {"test_good": True, "test_bad[1]": False, "test_each[1]": True, "test_each[2]": False}


@pytest.fixture
def judged() -> Iterator[Callable[..., tuple[str, bool]]]:
    suites = []

    def judge(outcomes: dict[str, bool], reads: bool = True) -> tuple[str, bool]:
        suite = Suite("framework 1", KNOWN)
        suites.append(suite)
        for test, passed in outcomes.items():
            suite.begin(test)
            if reads:
                sync.parse_form("multipart/form-data; boundary=b", BODY).close()
            suite.record(test, passed)
            suite.record(test, True)  # its teardown: a test that has failed stays so
        lines, good = suite.verdict()
        return "\n".join(lines), good

    yield judge
    for suite in suites:
        suite.put_back()


def test_ours_are_put_back() -> None:
    places = {**vars(_form_reading)}
    suite = Suite("framework 1", KNOWN)
    assert suite.replaced
    assert any(module is _form_reading for module, _, _ in suite.replaced)
    assert vars(_form_reading) != places
    suite.put_back()
    assert vars(_form_reading) == places


def test_all_is_as_it_is_known_to_be(judged: Callable[..., tuple[str, bool]]) -> None:
    report, good = judged(AS_KNOWN)
    assert good
    assert report.startswith("framework 1: 2 of 4 pass: 50.0%; in 4 a form was read by ours")
    assert report.endswith("\n  test_bad[1]: by design\n  test_each[2]: the second alone")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"test_good": False}, "test_good: NOT KNOWN"),
        ({"test_each[1]": False}, "test_each[1]: NOT KNOWN"),
        ({"test_bad[2]": True}, "test_bad[2]: PASSES, though it is listed"),
    ],
)
def test_what_is_not_known_fails_the_run(
    judged: Callable[..., tuple[str, bool]], change: dict[str, bool], complaint: str
) -> None:
    report, good = judged({**AS_KNOWN, **change})
    assert not good
    assert complaint in report


def test_an_entry_without_test_fails_the_run(judged: Callable[..., tuple[str, bool]]) -> None:
    report, good = judged({"test_good": True, "test_bad": False})
    assert not good
    assert "test_each[2]: LISTED, and no such test" in report


def test_a_run_that_never_gets_to_ours_fails(judged: Callable[..., tuple[str, bool]]) -> None:
    report, good = judged(AS_KNOWN, reads=False)
    assert not good
    assert "NO FORM WAS READ BY OURS" in report
