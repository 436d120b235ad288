"""The three modes of the build, each in a copy of the tree and into an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ["src", "ext", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE",
           "CHANGES.md"]  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the build needs, without anything that an earlier build left."""
    copy = tmp_path / "tree"
    copy.mkdir()
    ignore = shutil.ignore_patterns("*.so", "*.pyd", "*.c", "__pycache__", "*.egg-info")
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, copy / name, ignore=ignore)
        else:
            shutil.copy(path, copy / name)
    return copy


def pip(tree: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pip on the tree; it needs no network, as the build tools are installed."""
    command = [sys.executable, "-m", "pip", *arguments, "--no-build-isolation", "--no-deps", "-v",
               "--disable-pip-version-check", "."]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if "PARTSTREAM" not in name}
    return subprocess.run(
        command,
        cwd=tree,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def backend(folder: Path, **variables: str) -> str:
    """Give the backend of the package that was installed there."""
    code = "import partstream, sys; sys.stdout.write(partstream.BACKEND + partstream.__file__)"
    environment = {name: value for name, value in os.environ.items() if "PARTSTREAM" not in name}
    environment.update(variables, PYTHONPATH=str(folder))
    output = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert str(folder) in output
    return output[: output.index(str(folder))]


def test_with_a_compiler_the_package_is_compiled(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    result = pip(tree, "install", "--target", str(target), PARTSTREAM_REQUIRE_EXTENSIONS="1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert backend(target) == "c"
    assert backend(target, PARTSTREAM_NO_EXTENSIONS="1") == "py"
    left_out = {path.suffix for path in target.rglob("*")} & {".c", ".h", ".pyx", ".pxi", ".pxd"}
    assert not left_out


def test_without_a_compiler_the_install_is_pure_and_says_so(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    result = pip(tree, "install", "--target", str(target), CC="/bin/false")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (result.stdout + result.stderr).count("built without extensions, as pure Python") == 1
    assert backend(target) == "py"


def test_without_a_compiler_required_extensions_are_an_error(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    result = pip(
        tree,
        "install",
        "--target",
        str(target),
        CC="/bin/false",
        PARTSTREAM_REQUIRE_EXTENSIONS="1",
    )
    assert result.returncode != 0
    assert not (target / "partstream").exists()


def test_without_extensions_the_wheel_is_for_every_platform(tree: Path, tmp_path: Path) -> None:
    result = pip(tree, "wheel", "--wheel-dir", str(tmp_path), PARTSTREAM_NO_EXTENSIONS="1")
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "partstream/py.typed" in names
    assert not [name for name in names if name.startswith("tests/") or name.endswith(".so")]


def test_the_sdist_holds_what_a_build_needs(tree: Path) -> None:
    code = "from setuptools import build_meta; print(build_meta.build_sdist('dist'))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=True
    )
    name = result.stdout.split()[-1]
    with tarfile.open(tree / "dist" / name) as archive:
        members = {member.partition("/")[2] for member in archive.getnames()}
    needed = {str(path.relative_to(tree)) for path in (tree / "ext").rglob("*.[hp]*")}
    assert needed
    assert {*needed, "setup.py", "pyproject.toml", "LICENSE"} <= members
