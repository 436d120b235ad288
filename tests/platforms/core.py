"""A pytest plugin: the suite's core, on platforms where the whole suite cannot be run.

Used by ci/wasm, ci/emulated and ci/pypy.  ``LEFT_OUT`` says which files are not run there, and why;
everything else is.  What a test needs beside its file's subject is found out when it runs: one
that uses a peer that is not installed is skipped with its name, and so is one that starts a
process or a thread where the platform has none.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Generator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

#: Files that are not run, by the reason.
LEFT_OUT = {
    "looks at the sources, the docs or the build, which are the same everywhere": (
        "test_benchmarks.py", "test_build.py", "test_docs.py", "test_framework_suites.py",
        "test_fuzzing.py", "test_instructions.py", "test_layers.py"),
    "needs a server, a framework or a client, and so sockets": (
        "test_clients.py", "test_contrib_aiohttp.py", "test_contrib_aiohttp_forms.py",
        "test_contrib_aiohttp_parts.py", "test_contrib_aiohttp_post.py",
        "test_contrib_django.py", "test_contrib_fastapi.py", "test_contrib_litestar.py",
        "test_contrib_quart.py", "test_contrib_servers.py", "test_contrib_starlette.py",
        "test_contrib_werkzeug.py", "test_example_upload.py", "test_example_upload_page.py",
        "test_mission.py", "test_mission_writing.py", "test_mjpeg.py", "test_object_storage.py",
        "test_range_requests.py", "test_servers.py", "test_sync_sources.py"),
    "compares with other parsers, which are not installed": (
        "test_head.py", "test_peers.py", "test_readback.py"),
    "starts a compiler, or processes of their own": (
        "test_fuzz.py", "test_leaks.py", "test_native.py", "test_native_fuzz.py"),
    "is about threads and event loops beside asyncio": (
        "test_form_loops.py", "test_sinks.py", "test_sources.py"),
}  # fmt: skip

#: What tests import beside pytest and hypothesis. One that is not installed is stood in for.
PEERS = frozenset({"aiofiles", "aiohttp", "anyio", "backports", "brotli", "httpx", "multipart",
                   "requests", "starlette", "tracemalloc", "trio", "uvicorn",
                   "werkzeug"})  # fmt: skip


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
    sys.meta_path.insert(0, _STAND_INS)


def pytest_collection_finish() -> None:
    _STAND_INS.remove()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return any(collection_path.name in names for names in LEFT_OUT.values()) or None


def _lack(error: BaseException) -> str | None:
    """Say what the platform lacks, if that is what an error tells."""
    if isinstance(error, ModuleNotFoundError):
        peer = (error.name or "").partition(".")[0]
        return f"{peer} is not here" if peer in _STAND_INS.names else None
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return "no threads on this platform"
    if isinstance(error, OSError) and (
        error.errno == errno.ENOEXEC or "does not support processes" in str(error)
    ):
        return "no processes on this platform"  # qemu emulates one, and pyodide has none
    return None


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    try:
        return (yield)
    except Exception as error:
        lack = _lack(error)
        if lack is None:
            raise
        pytest.skip(lack)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: Any) -> Generator[None, object, object]:
    if request.fixturename == "twins" and "c" not in _tested():
        pytest.skip("compares the twins, and there is one")
    return (yield)


def _tested() -> list[str]:
    from support import twins

    return [name for name, twin in twins._LOADED.items() if isinstance(twin, twins.Twin)]
