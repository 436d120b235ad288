"""The process that both readers of Go are in; it is built when it is first asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .process import INSTALLED, Process

_SOURCE = Path(__file__).parent / "go" / "main.go"
_PROGRAM = INSTALLED / "go" / "readback"


def _command() -> list[str]:
    if not _PROGRAM.exists() or _PROGRAM.stat().st_mtime < _SOURCE.stat().st_mtime:
        _PROGRAM.parent.mkdir(parents=True, exist_ok=True)
        built = _PROGRAM.with_suffix(f".{os.getpid()}")
        subprocess.run(["go", "build", "-o", str(built), str(_SOURCE)], check=True)
        built.replace(_PROGRAM)
    return [str(_PROGRAM)]


process = Process(_command)


def missing() -> str | None:
    """Give a line on what is missing."""
    return None if shutil.which("go") else "there is no `go` on the path"
