"""`benchmarks/servers.py`: every way answers rightly, what is wrong is seen, and all of it ends."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, wherever the tests are started."""
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    return importlib.import_module("benchmarks.servers")


def _smoke(servers: Any) -> Any:
    return servers.run(servers.cases.SMOKE, lambda line: None)


def _nothing_left(threads: int) -> None:
    assert multiprocessing.active_children() == []
    assert threading.active_count() == threads


def test_every_way_reads_every_request(servers: Any) -> None:
    threads = threading.active_count()
    rows = _smoke(servers)
    found = {(row.server, row.way, row.work) for row in rows}
    works = (servers.SMALL, servers.UPLOAD)
    assert found == {
        (server, way, work)
        for server, ways in servers.WAYS.items()
        for way in ways
        for work in works
    }
    assert len(rows) == len(found)
    assert all(row.per_second > 0 and row.cpu >= 0 for row in rows)
    assert {row.unit for row in rows if row.work == servers.UPLOAD} == {"MB/s"}
    _nothing_left(threads)


def test_an_answer_that_is_not_right_ends_the_run(
    servers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = threading.active_count()
    monkeypatch.setattr(servers._Work, "expected", lambda _work, _way: "10 1")
    with pytest.raises(RuntimeError, match="instead of '10 1'"):
        _smoke(servers)
    _nothing_left(threads)


def test_a_server_that_is_gone_ends_the_run(servers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = threading.active_count()
    sample = servers._Server.sample

    def end_them_first(server: Any, work: Any, way: str, count: int) -> Any:
        for process in multiprocessing.active_children():
            process.kill()
            process.join()
        return sample(server, work, way, count)

    monkeypatch.setattr(servers._Server, "sample", end_them_first)
    with pytest.raises(OSError):  # a broken pipe, or a reset, or a closed connection
        _smoke(servers)
    _nothing_left(threads)
