"""Fixtures: both twins of the package, and randomness that can be repeated."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("support")

from support import effort  # noqa: E402
from support import forms as form_support  # noqa: E402
from support import threads as thread_support  # noqa: E402
from support import twins as twin_support  # noqa: E402

settings.register_profile(
    "partstream",
    max_examples=len(effort.rounds(100)),
    derandomize=effort.EFFORT <= 1,
    database=None,
    deadline=None,
    print_blob=True,
    # The fixtures of a twin are the same for each example.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("partstream")


def _twin(name: str) -> twin_support.Twin:
    """Give a twin; without it the test fails, because a skip would hide what is not tested."""
    try:
        return twin_support.twin(name)
    except twin_support.TwinUnavailable as error:
        pytest.fail(str(error), pytrace=False)


#: Both, but where only what is compiled is looked at: ci/sanitize.
TWINS = os.environ.get("PARTSTREAM_TEST_TWINS", " ".join(twin_support.NAMES)).split()


@pytest.fixture(params=TWINS)
def ps(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """The package, once with each twin; it is in ``sys.modules`` while the test runs."""
    twin = _twin(request.param)
    with twin.active():
        yield twin.package


@pytest.fixture
def ps_module(ps: ModuleType) -> Callable[[str], ModuleType]:
    """Gives submodules of the twin that ``ps`` is: ``ps_module("parameters")``."""
    return _twin(ps.BACKEND).module


@pytest.fixture(params=form_support.NAMES)
def forms(
    request: pytest.FixtureRequest, ps: ModuleType, ps_module: Callable[[str], ModuleType]
) -> form_support.Forms:
    """Parses forms, once with coroutines and once without, with each twin."""
    return form_support.Forms(request.param, ps, ps_module)


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The directory for temporary files, which the test has for itself."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads that take turns all the time, and leave nothing open."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    with thread_support.in_turns(), form_support.nothing_left(folder, monkeypatch):
        yield


@pytest.fixture
def twins() -> dict[str, ModuleType]:
    """The package of each twin by name, for tests that compare them."""
    return {name: _twin(name).package for name in twin_support.NAMES}


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """A random number generator; its seed is shown when the test fails."""
    seed = effort.seed_for(request.node.nodeid)
    print(f"PARTSTREAM_TEST_SEED={seed}")
    return random.Random(seed)
