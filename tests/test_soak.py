"""`ci/soak`: a small load goes well, and each fault that is planted in its server is found."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from soak import kinds, run, watch
from soak.client import Answer

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")


def _soak(server: str, *arguments: str) -> int:
    return run.main(["--requests", "90", "--seed", "3", "--largest", "2", *arguments, server])


@pytest.mark.parametrize("twin", ["c", "py"])
@pytest.mark.parametrize("server", run.SERVERS)
def test_a_small_load_goes_well(
    server: str, twin: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few requests are all warm-up.
    monkeypatch.setattr(watch, "GROWTH", {"memory": 64 << 20})
    status = _soak(server, "--twin", twin)
    out = capsys.readouterr().out
    assert status == 0, out
    assert f"{server}: " in out
    assert "WRONG" not in out
    for kind in (*kinds.ROUND, "small"):
        assert f"  {kind:<14} " in out or kinds.ROUND[kind] < 6


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("handle", "files are open, "),
        ("memory", "memory grew by "),
        ("objects", "objects grew by "),
        ("file", "temporary files are left: ['tmp"),
        ("task", "tasks are open, "),
        ("log", '"level": "ERROR", "logger": "soak", "message": "planted"'),
        ("500", "500 instead of 200"),
        ("digest", "instead of {'fields': "),
    ],
)
def test_a_fault_is_found(
    fault: str,
    expected: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "SETTLED", 1.0)
    monkeypatch.setattr(watch, "GROWTH", {"memory": 4 << 20, "objects": 1000})
    monkeypatch.setattr(run, "_ENOUGH", 1)
    assert _soak("aiohttp", "--fault", fault) == 1
    wrong = [line for line in capsys.readouterr().out.splitlines() if "WRONG: " in line]
    assert any(expected in line for line in wrong), wrong


def test_a_server_that_does_not_start_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert _soak("aiohttp") == 1
    assert "WRONG: the server is gone" in capsys.readouterr().out


def test_growth_is_told_from_noise() -> None:
    mib = 1 << 20
    assert watch.rise([10 * mib]) == 0
    assert watch.rise([2 * mib, 4 * mib, 6 * mib]) == pytest.approx(4 * mib)
    noise = [watch.Sample(100 * mib + at % 2 * 9 * mib, 5, 3, 2, 900, 900) for at in range(30)]
    assert watch.grown(noise) == []
    risen = [sample._replace(memory=sample.memory + at * mib) for at, sample in enumerate(noise)]
    assert "memory grew by" in "".join(watch.grown(risen))
    risen = [sample._replace(objects=40 * at) for at, sample in enumerate(noise)]
    assert "objects grew by 1160 in 30 rounds" in "".join(watch.grown(risen))


def test_requests_are_the_same_for_the_same_seed() -> None:
    one, other = (kinds.Kinds(5, "uvicorn", 1).round(60) for _ in range(2))
    assert [b"".join(request.sent()) for request in one] == [
        b"".join(request.sent()) for request in other
    ]
    assert len({request.path for request in one}) > 6


def test_an_answer_that_is_not_right_is_told_of() -> None:
    request = kinds.Request("small", "/", lambda: (), 0, told={"fields": [["a", "1"]], "files": []})
    good = b'{"fields": [["a", "1"]], "files": []}'
    assert run.amiss(request, Answer(200, good, False)) is None
    assert "told" in str(run.amiss(request, Answer(200, good.replace(b"1", b"2"), False)))
    assert "None instead of 200" in str(run.amiss(request, Answer(None, b"", True)))


@pytest.mark.parametrize("arguments", [["nginx"], ["--minutes", "0"], ["--requests", "-1"]])
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        run.main(arguments)
