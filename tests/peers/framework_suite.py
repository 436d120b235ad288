"""A framework's own tests, run with ours in the place of its parser: the verdict over them.

A suite module (``werkzeug_suite.py`` and others; see ci/framework-tests) puts ours in place when it
is imported, and makes a :class:`Suite` of the tests that are known not to pass, each with its
reason.  The run fails where one of them passes, and where any other fails, so that the table stays
true; it fails, too, where no test got to our reader, as ours is in no place then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pytest

import partstream
from partstream._form_urlencoded import UrlencodedAssembler
from partstream._forming import FormAssembler

__all__ = ["Suite"]


class Suite:
    """What became of each test, and whether that is what is known; a plugin of pytest as well.

    Args:
        title: of what is tested, with its version.
        known: the tests that do not pass, and why, by their names; a name without brackets stands
            for all the parameters of its test.
        selected: says of a test's function whether it is of interest; by default all are.

    Attributes:
        outcomes: whether a test passed, by its name.
        readers: the tests in which a form was read by ours.
        replaced: of ours, what counting classes stand for: modules, names and what was there.
    """

    def __init__(
        self,
        title: str,
        known: Mapping[str, str],
        selected: Callable[[Any], bool] = lambda function: True,
    ) -> None:
        self.title = title
        self.known = known
        self.outcomes: dict[str, bool] = {}
        self.readers: set[str] = set()
        self.replaced: list[tuple[ModuleType, str, type]] = []
        self._selected = selected
        self._running = ""
        self._count_readers()

    def _count_readers(self) -> None:
        """Put classes that count in the place of ours: compiled ones cannot be changed."""
        ours: tuple[type, ...] = (FormAssembler, UrlencodedAssembler)
        kinds = {kind: self._counting(kind) for kind in ours}
        for name, module in list(sys.modules.items()):
            if name.startswith("partstream."):
                for kind, counting in kinds.items():
                    if getattr(module, kind.__name__, None) is kind:
                        setattr(module, kind.__name__, counting)
                        self.replaced.append((module, kind.__name__, kind))

    def put_back(self) -> None:
        """Put ours back in their places, where more than this suite is run."""
        for module, name, kind in self.replaced:
            setattr(module, name, kind)
        self.replaced.clear()

    def _counting(self, kind: type) -> type:
        def begin(assembler: Any, *args: Any, **options: Any) -> None:
            self.readers.add(self._running)
            kind.__init__(assembler, *args, **options)  # type: ignore[misc]

        return type(kind.__name__, (kind,), {"__init__": begin})

    def begin(self, test: str) -> None:
        """Say that a test begins."""
        self._running = test

    def record(self, test: str, passed: bool) -> None:
        """Say what became of a step of a test: it has passed where all of its steps have."""
        self.outcomes[test] = self.outcomes.get(test, True) and passed

    def entry(self, test: str) -> str | None:
        """Give the name that a test is known by not to pass, if it is."""
        return next((name for name in (test, test.partition("[")[0]) if name in self.known), None)

    def verdict(self) -> tuple[list[str], bool]:
        """Give the lines of a report, and whether all is as it is known to be."""
        failed = [test for test, passed in self.outcomes.items() if not passed]
        passed = [test for test, passed in self.outcomes.items() if passed]
        count, all_of_them = len(passed), len(self.outcomes)
        lines = [
            f"{self.title}: {count} of {all_of_them} pass: {count / max(1, all_of_them):.1%}; in "
            f"{len(self.readers)} a form was read by ours (backend {partstream.BACKEND})"
        ]
        lines += [
            f"  {test}: {self.known.get(self.entry(test) or '', 'NOT KNOWN')}" for test in failed
        ]
        wrong = [f"  {test}: PASSES, though it is listed" for test in passed if self.entry(test)]
        met = {self.entry(test) for test in self.outcomes}
        wrong += [f"  {name}: LISTED, and no such test" for name in self.known if name not in met]
        if not self.readers:
            wrong.append("  NO FORM WAS READ BY OURS")
        return lines + wrong, not wrong and all(map(self.entry, failed))

    # Hooks of pytest

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Function]
    ) -> None:
        """Leave out what is of no interest."""
        unwanted = [item for item in items if not self._selected(item.function)]
        items[:] = [item for item in items if self._selected(item.function)]
        config.hook.pytest_deselected(items=unwanted)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Remember which test runs."""
        self.begin(_name(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record what became of it."""
        if report.failed or (report.passed and report.when == "call"):
            self.record(_name(report.nodeid), report.passed)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the report."""
        for line in self.verdict()[0]:
            terminalreporter.write_line(line)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Have the run pass where all is as it is known to be."""
        good = self.verdict()[1]
        session.exitstatus = pytest.ExitCode.OK if good else pytest.ExitCode.TESTS_FAILED


def _name(nodeid: str) -> str:
    return nodeid.partition("::")[2].rpartition("::")[2]
