"""The heading of a report: machine, interpreter, date, versions."""

from __future__ import annotations

import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
#: What stands below this line is no peer.
_TOOLS = "# Tools"


def cpu() -> str:
    """The processor's model name, as far as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def interpreter() -> str:
    """Implementation and minor version, such as "cpython-3.12", or "cpython-3.14t" without GIL."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{sys.implementation.name}-{version}{getattr(sys, 'abiflags', '')}"


def _peer(name: str, pinned: list[str]) -> str:
    """The installed version, with the pinned ones beside it where it is none of them."""
    try:
        installed = version(name)
    except PackageNotFoundError:
        return f"{name} not installed"
    return f"{name} {installed}" + ("" if installed in pinned else f" (pinned: {pinned[0]})")


def peers() -> str:
    """Every pinned peer and what is installed of it."""
    pins: dict[str, list[str]] = {}
    for line in _REQUIREMENTS.read_text().splitlines():
        if line.startswith(_TOOLS):
            break
        name, _, pinned = line.partition("#")[0].partition(";")[0].strip().partition("==")
        if name:
            pins.setdefault(name, []).append(pinned)
    return ", ".join(_peer(name, pinned) for name, pinned in pins.items())


def heading(sizes: str, rounds: int, wall: bool) -> dict[str, str]:
    """What a reader has to know to judge the numbers."""
    return {
        "machine": f"{cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "peers": peers(),
        "run": f"sizes {sizes}, {rounds} rounds, medians of processor time"
        f"{' (of writing files: of time)' if wall else ''}, the driver's own cost subtracted",
    }
