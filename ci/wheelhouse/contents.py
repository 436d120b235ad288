"""What may be in a distribution, and how large it may be."""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

#: The most that a wheel may have, in bytes; see ARCHITECTURE.md, "Wheels".
MOST = {"c": 660_000, "py": 330_000}

_EXTENSIONS = ("_scanner_c", "_reading_c", "_forming_c")
#: Without the GIL the last two are Python only; see setup.py.
_FREE_THREADED = _EXTENSIONS[:1]

#: All that a wheel may hold beside the package's own modules: so there is no C, Cython or test.
_MAY = ("partstream/py.typed", "partstream-*.dist-info/*")
#: What is needed of an sdist to build and to check it.
_NEEDED = ("LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.py",
           "ext/_scanner_c.pyx", "ext/bodies.pxi", "ext/_reading_c.pxd", "ext/scan.h",
           "src/partstream/py.typed", "tests/wheel/check.py", "tests/corpus/curl-mixed.http",
           "ci/wheels")  # fmt: skip
#: What comes of a build, and has no place in an sdist.
_BUILT = ("*.so", "*.pyd", "*.pyc", "build/*", "dist/*", ".env/*", "src/*.c")


def twin(wheel: Path) -> str:
    """The twin that a wheel is of, by its name."""
    return "py" if wheel.name.endswith("-py3-none-any.whl") else "c"


def wheel(path: Path) -> Iterable[str]:
    """Give what is wrong with a wheel."""
    kind = twin(path)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        (tags,) = (name for name in names if name.endswith(".dist-info/WHEEL"))
        about = Parser().parsestr(archive.read(tags).decode())
    modules = {str(file.relative_to(ROOT / "src")) for file in _modules()}
    yield from (f"{name} is missing" for name in sorted({*modules, "partstream/py.typed"} - names))
    compiled = {name for name in names if name.endswith((".so", ".pyd"))}
    files = {name for name in names if not name.endswith("/")}
    for name in sorted(files - modules - compiled):
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in _MAY):
            yield f"{name} has no place in it"
    wanted: tuple[str, ...] = ()
    if kind == "c":
        wanted = _FREE_THREADED if path.name.split("-")[3].endswith("t") else _EXTENSIONS
    found = sorted(name.partition("/")[2].partition(".")[0] for name in compiled)
    if found != sorted(wanted):
        yield f"its extensions are {found}, not {sorted(wanted)}"
    if about["Root-Is-Purelib"] != ("true" if kind == "py" else "false"):
        yield f"Root-Is-Purelib is {about['Root-Is-Purelib']}"
    if "-linux_" in path.name:
        yield "it is for this system's Linux alone: not repaired"
    if (size := path.stat().st_size) > MOST[kind]:
        yield f"{size:,} bytes are more than {MOST[kind]:,}"


def _modules() -> Iterable[Path]:
    return (ROOT / "src" / "partstream").rglob("*.py")


def sdist(path: Path) -> Iterable[str]:
    """Give what is wrong with an sdist."""
    with tarfile.open(path) as archive:
        names = {item.name.partition("/")[2] for item in archive.getmembers() if item.isfile()}
    wanted = {*_NEEDED, *(str(file.relative_to(ROOT)) for file in _modules())}
    yield from (f"{name} is missing" for name in sorted(wanted - names))
    for name in sorted(names):
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in _BUILT):
            yield f"{name} has no place in it"


def _tool(command: Sequence[str], files: Iterable[Path]) -> list[str]:
    """Run a tool over files; give what it says where it finds something."""
    done = subprocess.run(
        [sys.executable, "-m", *command, *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).strip()
    return [f"{command[0]}: {said}"] if done.returncode else []


def check(files: Sequence[Path]) -> list[str]:
    """Give what is wrong with distributions: nothing, if they may be published."""
    wheels = [path for path in files if path.suffix == ".whl"]
    found: list[str] = []
    for path in files:
        wrong = wheel(path) if path.suffix == ".whl" else sdist(path)
        found += [f"{path.name}: {line}" for line in wrong]
    found += _tool(["twine", "check", "--strict"], files)
    if wheels:
        found += _tool(["check_wheel_contents"], wheels)
    return found
