"""The interpreters of this machine that wheels can be built for."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_EARLIEST = (3, 10)
_NAME = re.compile(r"python3\.\d+t?")

#: Asked of each: a shim of pyenv is on PATH for what it will not start, a Debian without
#: python3-venv makes no environments, and one without python3-dev builds no extensions.
_PROBE = """
import ensurepip, json, os, sys, sysconfig, venv
header = os.path.join(sysconfig.get_path("include"), "Python.h")
print(json.dumps({
    "cpython": sys.implementation.name == "cpython",
    "version": sys.version_info[:3],
    "final": sys.version_info[3] == "final",
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "header": os.path.exists(header),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One that builds extensions; `tag` is that of the wheels made with it, such as cp314t."""

    path: str
    version: tuple[int, int, int]
    free_threaded: bool

    @property
    def tag(self) -> str:
        """As in the names of wheels."""
        return f"cp{self.version[0]}{self.version[1]}{'t' * self.free_threaded}"

    def __str__(self) -> str:
        return ".".join(map(str, self.version)) + "t" * self.free_threaded


def probed(path: str) -> Interpreter | str:
    """Give the interpreter, or why it is none that can be used."""
    try:
        done = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not start: {error}"
    if done.returncode:
        return f"it cannot make environments: {done.stderr.strip().rpartition(chr(10))[2]}"
    found = json.loads(done.stdout)
    if not found["cpython"]:
        return "it is no CPython"
    if tuple(found["version"][:2]) < _EARLIEST:
        return "it is older than 3.10"
    if not found["header"]:
        return "it has no Python.h"
    major, minor, micro = found["version"]
    return Interpreter(path, (major, minor, micro), found["free_threaded"])


def _candidates() -> Iterator[str]:
    """Paths that are named as interpreters are, each once for what it leads to."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [Path(name) for name in os.environ.get("PATH", "").split(os.pathsep) if name]
    folders += sorted(pyenv.glob("versions/*/bin"), reverse=True)
    folders += sorted(Path("/opt/python").glob("*/bin"))
    seen: set[Path] = set()
    for folder in folders:
        if folder == pyenv / "shims" or not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            real = path.resolve()
            if _NAME.fullmatch(path.name) and real not in seen and os.access(path, os.X_OK):
                seen.add(real)
                yield str(path)


def find(named: Iterable[str]) -> list[Interpreter]:
    """Give one interpreter a tag, the oldest first; those that are named come before others.

    Raises:
        SystemExit: where one that is named cannot be used, or there is none at all.
    """
    found: dict[str, Interpreter] = {}
    for path in named:
        result = probed(path)
        if isinstance(result, str):
            raise SystemExit(f"{path} cannot be used: {result}")
        found.setdefault(result.tag, result)
    for path in _candidates():
        result = probed(path)
        if isinstance(result, Interpreter):
            found.setdefault(result.tag, result)
    if not found:
        raise SystemExit("no CPython from 3.10 on is here that can build extensions; name one")
    return sorted(found.values(), key=lambda item: (item.version, item.free_threaded))
