"""The heading of a report: machine, interpreter, date, versions."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def cpu() -> str:
    """The processor's model name, as far as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _peer(pin: str) -> str:
    """The installed version, with the pinned one beside it where they differ."""
    name, _, pinned = pin.partition("==")
    try:
        installed = version(name)
    except PackageNotFoundError:
        return f"{name} not installed"
    return f"{name} {installed}" + ("" if installed == pinned else f" (pinned: {pinned})")


def peers() -> str:
    """Every pinned peer and what is installed of it."""
    lines = (line.split("#")[0].strip() for line in _REQUIREMENTS.read_text().splitlines())
    return ", ".join(_peer(line) for line in lines if line)


def heading(sizes: str, rounds: int) -> dict[str, str]:
    """What a reader has to know to judge the numbers."""
    return {
        "machine": f"{cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "peers": peers(),
        "run": f"sizes {sizes}, {rounds} rounds, medians, the driver's own cost subtracted",
    }
