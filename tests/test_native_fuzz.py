"""The native targets of ci/fuzz find nothing in our headers, and find what is planted there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fuzzing import seeds

ROOT = Path(__file__).parent.parent
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")

pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform == "win32", reason="needs a C compiler"
)


def _built(folder: Path, name: str, headers: Path) -> Path:
    program = folder / name
    native = ROOT / "tests" / "native"
    command = [str(COMPILER), "-std=c99", "-g", "-O1", f"-I{headers}", *SANITIZERS,
               str(native / f"fuzz_{name}.c"), str(native / "again.c"), "-o",
               str(program)]  # fmt: skip
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0 and "sanitize" in built.stderr + built.stdout:
        pytest.skip("the compiler has no sanitizers")
    assert built.returncode == 0, built.stderr
    return program


def _ran(folder: Path, name: str, headers: Path) -> subprocess.CompletedProcess[str]:
    """Run a target over its seeds, and over some changes of each."""
    program = _built(folder, name, headers)
    seeds.write(name, folder / "seeds", 500)
    files = sorted((folder / "seeds").iterdir())
    return subprocess.run([program, "7", "20", *files], capture_output=True, text=True,
                          check=False)  # fmt: skip


@pytest.mark.parametrize("name", ["search", "delimiters", "block"])
def test_nothing_is_found(tmp_path: Path, name: str) -> None:
    ran = _ran(tmp_path, name, ROOT / "ext")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("name", "header", "right", "wrong"),
    [
        ("search", "search.h", "if (at >= stop) {", "if (at + 1 >= stop) {"),
        ("search", "search.h", "(size_t)(end - stop));", "(size_t)(end - stop) - 1);"),
        ("search", "scan.h", "return p + 1 < end && p[1] != '-';", "return p[1] != '-';"),
        ("delimiters", "delimiters.h", "if (more && !final)\n        return PS_MORE;", ""),
        ("delimiters", "delimiters.h", "PS_MAX_PADDING = 64", "PS_MAX_PADDING = 63"),
        ("delimiters", "delimiters.h", "at = end - size + 1;", "at = end - size + 2;"),
        ("delimiters", "delimiters.h", "if (stop + 1 == end)", "if (stop == end)"),
        ("block", "block.h", "if (s[at++] != ';')", "at++;\n        if (0)"),
        ("block", "block.h", "at + 3 >= size", "at + 2 >= size"),
        ("block", "block.h", "c == '\\t' || (c >= 32 && c < 127)", "c == '\\t' || c >= 32"),
    ],
)
def test_what_is_planted_is_found(
    tmp_path: Path, name: str, header: str, right: str, wrong: str
) -> None:
    headers = tmp_path / "ext"
    shutil.copytree(ROOT / "ext", headers)
    text = (headers / header).read_text("utf-8")
    assert right in text
    (headers / header).write_text(text.replace(right, wrong), "utf-8")
    ran = _ran(tmp_path, name, headers)
    assert ran.returncode != 0
    assert "this does not hold" in ran.stderr or "ERROR: AddressSanitizer" in ran.stderr, ran.stderr
