"""The process of Node that both of its readers are in."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from .process import INSTALLED, Process

_SCRIPT = Path(__file__).parent / "node" / "peers.js"
_MODULES = INSTALLED / "node" / "node_modules"


def _command() -> list[str]:
    return ["node", str(_SCRIPT)]


_ENVIRONMENT = {**os.environ, "NODE_PATH": str(_MODULES), "NODE_OPTIONS": ""}

process = Process(_command, _ENVIRONMENT)


def missing(package: str) -> str | None:
    """Give a line on what is missing: Node itself, or a package that ci/node-peers installs."""
    if shutil.which("node") is None:
        return "there is no `node` on the path"
    if (_MODULES / package).is_dir() or (package == "undici" and _has_undici_6()):
        return None
    return f"{package} is not installed: run ci/node-peers"


@cache
def _has_undici_6() -> bool:
    command = ["node", "-p", "process.versions.undici"]
    return subprocess.check_output(command, text=True, env=_ENVIRONMENT).startswith("6.")
