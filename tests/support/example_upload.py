"""``examples/upload_server.py``, imported for tests."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def example_of(ps: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the example, on the twin that ``ps`` is."""
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])
    monkeypatch.delitem(sys.modules, "_uploads", raising=False)
    spec = importlib.util.spec_from_file_location("upload_server", EXAMPLES / "upload_server.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.partstream is ps
    return module


@contextmanager
def settings(folder: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int = 100) -> Iterator[Path]:
    """Set what ``main`` sets for the workers, and give the directory for files, for a while."""
    kept, reports = folder / "files", folder / "reports"
    for directory in (kept, reports):
        directory.mkdir(parents=True)
    values = {"directory": str(kept), "reports": str(reports), "megabytes": megabytes}
    with monkeypatch.context() as patch:
        patch.setenv("UPLOAD_SERVER_SETTINGS", json.dumps(values))
        yield kept
    shutil.rmtree(kept, ignore_errors=True)  # a test may have done so
