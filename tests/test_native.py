"""The C headers alone, without Python: what only a compiler's sanitizers see."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.mark.skipif(COMPILER is None or sys.platform == "win32", reason="needs a C compiler")
@pytest.mark.parametrize("optimised", ["-O1", "-O3"])
def test_the_search_is_right_and_reads_nothing_outside(tmp_path: Path, optimised: str) -> None:
    program = tmp_path / "search"
    command = [str(COMPILER), "-std=c99", "-g", optimised, f"-I{ROOT / 'ext'}", *SANITIZERS,
               str(ROOT / "tests" / "native" / "search.c"), "-o", str(program)]  # fmt: skip
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0 and "sanitize" in built.stderr + built.stdout:
        pytest.skip("the compiler has no sanitizers")
    assert built.returncode == 0, built.stderr
    for seed in range(1, 4):
        ran = subprocess.run([program, str(seed), "8000"], capture_output=True, text=True,
                             check=False)  # fmt: skip
        assert ran.returncode == 0, f"seed {seed}: {ran.stdout}{ran.stderr}"
