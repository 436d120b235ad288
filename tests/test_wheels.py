"""What ``ci/wheels`` looks for in distributions, and what the release builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from wheelhouse import contents

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parent.parent
NAME = "partstream-0.1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
EXTENSIONS = ("_scanner_c", "_reading_c", "_forming_c")


def _project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)
    return project


def _made(
    folder: Path,
    name: str = NAME,
    extensions: tuple[str, ...] = EXTENSIONS,
    more: dict[str, bytes] | None = None,
    without: str = "",
) -> list[str]:
    """Make a wheel; give what is wrong with it."""
    sources = ROOT / "src"
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for module in (sources / "partstream").rglob("*.py"):
            inside = str(module.relative_to(sources))
            if inside != without:
                archive.write(module, inside)
        archive.writestr("partstream/py.typed", "")
        for extension in extensions:
            archive.writestr(f"partstream/{extension}.cpython-312-x86_64-linux-gnu.so", b"")
        pure = "true" if "none-any" in name else "false"
        archive.writestr("partstream-0.1.0.dist-info/WHEEL", f"Root-Is-Purelib: {pure}\n")
        for inside, data in (more or {}).items():
            archive.writestr(zipfile.ZipInfo(inside), data)
    return list(contents.wheel(path))


def test_a_good_wheel_is_good(tmp_path: Path) -> None:
    assert _made(tmp_path) == []
    assert _made(tmp_path, "partstream-0.1.0-py3-none-any.whl", ()) == []
    free_threaded = NAME.replace("cp312-cp312", "cp314-cp314t")
    assert _made(tmp_path, free_threaded, EXTENSIONS[:1]) == []


@pytest.mark.parametrize(
    "name",
    ["partstream/_scanner_c.c", "partstream/_scanner_c.pyx", "partstream/_reading_c.pxd",
     "partstream/bodies.pxi", "partstream/scan.h", "tests/test_parser.py", "partstream/notes.txt",
     "extra.py"],
)  # fmt: skip
def test_sources_and_tests_have_no_place_in_a_wheel(tmp_path: Path, name: str) -> None:
    assert _made(tmp_path, more={name: b""}) == [f"{name} has no place in it"]


def test_what_is_missing_is_found(tmp_path: Path) -> None:
    name = "partstream/contrib/django.py"
    assert _made(tmp_path, without=name) == [f"{name} is missing"]
    (found,) = _made(tmp_path, extensions=EXTENSIONS[:2])
    assert found.startswith("its extensions are ")
    (found,) = _made(tmp_path, "partstream-0.1.0-py3-none-any.whl")
    assert found.startswith("its extensions are ")


def test_a_large_wheel_is_found(tmp_path: Path) -> None:
    more = {"partstream-0.1.0.dist-info/large": bytes(contents.MOST["c"])}
    (found,) = _made(tmp_path, more=more)
    assert "bytes are more than" in found


def test_a_wheel_of_this_system_alone_is_found(tmp_path: Path) -> None:
    (found,) = _made(tmp_path, NAME.replace("manylinux_2_17", "linux"))
    assert "not repaired" in found


def test_the_release_builds_the_versions_that_are_promised() -> None:
    project = _project()
    promised = {
        f"cp3{found[1]}-*"
        for line in project["project"]["classifiers"]
        if (found := re.fullmatch(r"Programming Language :: Python :: 3\.(\d+)", line))
    }
    assert promised
    assert set(project["tool"]["cibuildwheel"]["build"]) == {*promised, "cp314t-*"}
    (script,) = re.findall(r"\{project\}/(\S+)", project["tool"]["cibuildwheel"]["test-command"])
    assert (ROOT / script).exists()


@pytest.mark.skipif(os.name == "nt", reason="the release is made on Linux")
def test_a_tag_is_held_against_the_version_and_what_is_said_of_it(tmp_path: Path) -> None:
    for name in ("ci/release", "ci/changes", "src/partstream/_version.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "src/partstream/_version.py").write_text('__version__ = "1.0"\n')
    (tmp_path / "changes").mkdir()

    def said(tag: str, section: str) -> str:
        text = f"# Changes\n\n## 1.1 (unreleased)\n\n{section}\n\n- One.\n"
        (tmp_path / "CHANGES.md").write_text(text)
        command = [tmp_path / "ci/release", "tag", tag]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert bool(done.returncode) == bool(done.stderr)
        return done.stderr

    assert said("v1.0", "## 1.0 (2026-01-02)") == ""
    assert "the tag is v1.1, the version 1.0" in said("v1.1", "## 1.0 (2026-01-02)")
    assert "no section '## 1.0" in said("v1.0", "## 1.0 (unreleased)")
    assert "no section '## 1.0" in said("v1.0", "## 0.9 (2026-01-02)")
    (tmp_path / "changes/a.md").write_text("- Two.\n")
    assert "changes wait" in said("v1.0", "## 1.0 (2026-01-02)")


def test_the_jobs_of_the_release_build_all_of_it() -> None:
    options = _project()["tool"]["cibuildwheel"]
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {
        name: re.search(rf"^ +{name}: \[(.+)\]$", text, re.MULTILINE)[1].split(", ")  # type: ignore[index]
        for name in ("archs", "python")
    }
    assert [f"{name}-*" for name in found["python"]] == options["build"]
    built = [*re.findall(r"archs: (\w+) \}", text), *found["archs"]]
    systems = ("linux", "macos", "windows")
    assert sorted(built) == sorted(arch for system in systems for arch in options[system]["archs"])


@pytest.mark.parametrize("path", sorted(ROOT.glob(".github/workflows/*.yml")), ids=lambda p: p.name)
def test_workflows_call_scripts_that_run_anywhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    commands = re.findall(r"^ *(?:- )?run: *(.*)$", text, re.MULTILINE)
    assert [line for line in commands if line and not re.match(r"\.?ci/[a-z]+", line)] == []
    for line in filter(None, commands):
        assert (ROOT / line.split()[0]).exists()
    actions = re.findall(r"uses: *(.*)$", text, re.MULTILINE)
    assert actions
    assert [line for line in actions if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", line)] == []
