"""Fresh interpreters, for what can only be measured in one: import time, peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

#: What picks a twin of partstream, by the twin's name.
BACKENDS = {"c": {"PARTSTREAM_NO_EXTENSIONS": "0"}, "py": {"PARTSTREAM_NO_EXTENSIONS": "1"}}

_TIMEOUT = 300

Environment = dict[str, str]


@contextmanager
def warm() -> Iterator[Environment]:
    """The environment for the block's interpreters: one in which modules are compiled once.

    Where Python was told to write no bytecode, it goes to a folder that is removed again.
    """
    environment = dict(os.environ)
    if not sys.dont_write_bytecode:
        yield environment
        return
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        yield environment | {"PYTHONPYCACHEPREFIX": folder}


def python(arguments: list[str], environment: Environment) -> subprocess.CompletedProcess[str]:
    """Run an interpreter to its end; what it says when it fails is said again."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"python {' '.join(arguments)} failed:\n{done.stderr}")
    return done


def installed(module: str) -> bool:
    """Whether a peer is there to be measured."""
    return find_spec(module.partition(".")[0]) is not None
