"""A pytest plugin: the suite's core, on platforms where the whole suite cannot be run.

Used by ci/wasm, ci/emulated and ci/pypy.  ``LEFT_OUT`` says which files are not run there, and why;
everything else is, but for single tests that a platform's own plugin names.  What a test needs
beside its file's subject is found out when it runs: one that uses a peer that is not installed is
skipped with its name, and so is one that starts a process or a thread where the platform has none.

A name here that names nothing, and a file that imports what may be missing and is not in ``PEERS``,
fail in ``test_platforms.py``, which runs everywhere else.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

#: Files that are not run, by the reason.
LEFT_OUT = {
    "looks at the sources, the docs, the build or the tests, which are the same everywhere": (
        "test_advisory_list.py", "test_benchmarks.py", "test_build.py", "test_changes.py",
        "test_community.py", "test_docs.py", "test_docs_files.py", "test_docs_links.py",
        "test_docs_moving.py", "test_docs_pages.py", "test_framework_suites.py", "test_fuzzing.py",
        "test_instructions.py", "test_layers.py", "test_linear.py", "test_platforms.py",
        "test_soak.py", "test_wheels.py"),
    "needs a server, a framework or a client, and so sockets": (
        "test_clients.py", "test_contrib_advisories.py", "test_contrib_aiohttp.py",
        "test_contrib_aiohttp_forms.py", "test_contrib_aiohttp_parts.py",
        "test_contrib_aiohttp_post.py", "test_contrib_django.py", "test_contrib_fastapi.py",
        "test_contrib_litestar.py", "test_contrib_quart.py", "test_contrib_quart_body.py",
        "test_contrib_servers.py", "test_contrib_starlette.py", "test_contrib_werkzeug.py",
        "test_example_upload.py", "test_example_upload_page.py", "test_interrupted_forms.py",
        "test_mission.py", "test_mjpeg.py", "test_object_storage.py", "test_range_requests.py",
        "test_servers.py"),
    "compares with other parsers, which are not installed": ("test_peers.py", "test_readback.py"),
    "starts a compiler, or processes of their own": (
        "test_fuzz.py", "test_leaks.py", "test_native.py", "test_native_fuzz.py"),
    "is about threads and event loops beside asyncio": (
        "test_form_loops.py", "test_threads.py", "test_threads_shared.py"),
}  # fmt: skip

#: Why a test is skipped that asks for the compiled twin.
ONE_TWIN = "compares the twins, and there is one"

#: What is tested, and must be there.
PACKAGE = "partstream"

#: Where the tests are.
TESTS = Path(__file__).parent.parent

#: What tests import beside pytest and hypothesis. One that is not installed is stood in for.
PEERS = frozenset({"aiofiles", "aiohttp", "anyio", "backports", "brotli", "httpx", "multipart",
                   "requests", "resource", "starlette", "tracemalloc", "trio", "urllib3", "uvicorn",
                   "werkzeug"})  # fmt: skip


#: Tests that would have files open when it turns out that a peer is missing, by the peer.
AMID = {
    "anyio": ("test_passes.py::test_nothing_stays_open_wherever_a_pass_is_closed",
              "test_passes.py::test_nothing_stays_open_wherever_a_write_is_cancelled",
              "test_passes.py::test_nothing_stays_open_wherever_the_peer_goes"),
}  # fmt: skip


class _Missing:
    """A name of a peer that is not installed: the test that uses it is skipped."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # asked for by whoever looks at a module's names
        return _Missing(f"{self._name}.{name}")

    def __call__(self, *_: Any, **__: Any) -> Any:
        pytest.skip(f"{self._name.partition('.')[0]} is not here")

    def __mro_entries__(self, _: Any) -> tuple[type, ...]:
        return (object,)

    __enter__ = __iter__ = __or__ = __ror__ = __getitem__ = __call__


class _MissingModule(ModuleType):
    """Stands in for a peer while test files are imported."""

    __path__: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Missing(f"{self.__name__}.{name}")


class _StandIns(MetaPathFinder, Loader):
    """Finds peers that are not installed, until the tests are collected."""

    def __init__(self) -> None:
        self.names = {name for name in PEERS if find_spec(name) is None}
        if find_spec("_tracemalloc") is None:  # PyPy has the module alone
            self.names.add("tracemalloc")

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name.partition(".")[0] in self.names:
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _MissingModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to do: see __getattr__ of the module."""

    def remove(self) -> None:
        """Let imports fail again, as the package has to see it."""
        sys.meta_path.remove(self)
        for name in [name for name in sys.modules if name.partition(".")[0] in self.names]:
            del sys.modules[name]


_STAND_INS = _StandIns()


def pytest_configure() -> None:
    wrong = unknown(LEFT_OUT)
    if wrong:
        raise pytest.UsageError(f"left out, and not there: {', '.join(wrong)}")
    sys.meta_path.insert(0, _STAND_INS)


def pytest_collection_finish() -> None:
    _STAND_INS.remove()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return any(collection_path.name in names for names in LEFT_OUT.values()) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what can be told to be skipped before it runs, and so has no files open by then."""
    missing = {peer: names for peer, names in AMID.items() if peer in _STAND_INS.names}
    leave_out(items, {f"{peer} is not here": names for peer, names in missing.items()})
    alone = "c" not in _tested()
    for item in items:
        if alone and "twins" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=ONE_TWIN))
        for peer in _STAND_INS.names.intersection(_parameters(item)):
            item.add_marker(pytest.mark.skip(reason=f"{peer} is not here"))


def _parameters(item: pytest.Item) -> list[str]:
    return item.name.partition("[")[2].rstrip("]").split("-")


def unknown(left_out: Mapping[str, Sequence[str]]) -> list[str]:
    """Give the names that name no file of tests, or (as ``file::test``) no test there."""
    wrong = []
    for name in (name for names in left_out.values() for name in names):
        file, _, test = name.partition("[")[0].partition("::")
        path = TESTS / file
        if not path.is_file() or (test and f"def {test}(" not in path.read_text("utf-8")):
            wrong.append(name)
    return wrong


def leave_out(items: Sequence[pytest.Item], not_here: Mapping[str, Sequence[str]]) -> None:
    """Skip single tests.

    Args:
        items: what was collected.
        not_here: their names by the reason, as ``file::test``, or as ``file::test[one]`` where that
            is so with one of its parameters alone.

    Raises:
        pytest.UsageError: for a name that names no test.
    """
    wrong = unknown(not_here)
    if wrong:
        raise pytest.UsageError(f"not run here, and not there: {', '.join(wrong)}")
    reasons = {name: reason for reason, names in not_here.items() for name in names}
    for item in items:
        name = f"{item.path.name}::{getattr(item, 'originalname', item.name)}"
        for found in (name, *(f"{name}[{one}]" for one in _parameters(item))):
            if found in reasons:
                item.add_marker(pytest.mark.skip(reason=reasons[found]))


def _lack(error: BaseException) -> str | None:
    """Say what the platform lacks, if that is what an error tells."""
    absent = _absent(error)
    if absent is not None:
        return f"{absent} is not here"
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return "no threads on this platform"
    if isinstance(error, OSError) and (
        error.errno == errno.ENOEXEC or "does not support processes" in str(error)
    ):
        return "no processes on this platform"  # qemu emulates one, and pyodide has none
    if type(error).__name__ == "TwinUnavailable" and "c" not in _tested():
        return ONE_TWIN
    return None


def _absent(error: BaseException | None) -> str | None:
    """Give the name of the peer whose absence an error tells, or what it came from."""
    if isinstance(error, AssertionError):
        return None
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            peer = (error.name or "").partition(".")[0]
            if peer in _STAND_INS.names or peer not in {PACKAGE, *sys.stdlib_module_names}:
                return peer
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def _skipping() -> Iterator[None]:
    """Skip where the platform lacks what is asked for."""
    try:
        yield
    except Exception as error:
        lack = _lack(error)
        if lack is None:
            raise
        pytest.skip(lack)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    with _skipping():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    with _skipping():
        return (yield)


def _tested() -> list[str]:
    from support import twins

    return [name for name, twin in twins._LOADED.items() if isinstance(twin, twins.Twin)]
