"""Compiles our headers, and the C that Cython makes of the core, with warnings as errors.

Usage: python tests/memory/strict.py COMPILER
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent

#: Headers of ours that know no Python: these have no exceptions.
PLAIN: Final = ("vectors.h", "scan.h", "delimiters.h", "block.h")

#: Headers that include Python.h, whose own warnings are not asked for.
WITH_PYTHON: Final = ("shortcuts.h", "reading.h")

#: What Cython makes C of.
EXTENSIONS: Final = {"_forming_c", "_reading_c", "_scanner_c"}

#: For our headers.  A header has functions that a file which includes it alone does not call.
STRICTEST: Final = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion",
                    "-Wshadow", "-Wcast-qual", "-Wstrict-prototypes", "-Wundef", "-Wvla", "-Werror",
                    "-Wno-unused-function")  # fmt: skip

#: For the C that Cython makes: all that its output keeps to.  Not asked for are, with the reason:
#: -Wpedantic (the tables of CPython's types take functions as void pointers) and -Wshadow (Cython
#: declares __pyx_tstate again in blocks of its own), -Wundef (from CPython 3.13 on, it asks for
#: CYTHON_PROFILE and CYTHON_TRACE without looking whether they are defined).
STRICT: Final = ("-Wall", "-Wextra", "-Wconversion", "-Wcast-qual", "-Wstrict-prototypes",
                 "-Werror",
                 # Cython passes Py_ssize_t to memcpy and its kin, which take size_t.
                 "-Wno-sign-conversion")  # fmt: skip


def _compiled(compiler: str, arguments: list[str], text: str | None = None) -> bool:
    command = [compiler, "-x", "c", "-c", "-o", "/dev/null", *arguments, *(["-"] if text else [])]
    done = subprocess.run(command, input=text, text=True, check=False, cwd=ROOT)
    return done.returncode == 0


def main(compiler: str) -> int:
    """Compile all; give the exit status: 1 where something was warned of."""
    python = ["-isystem", sysconfig.get_path("include")]
    right = True
    for name in (*PLAIN, *WITH_PYTHON):
        for level in ("-O0", "-O3"):
            standard = ["-std=c99", *python] if name in PLAIN else ["-std=c11", *python]
            arguments = [*standard, level, "-Iext", *STRICTEST]
            right &= _compiled(compiler, arguments, f'#include "{name}"\n')
    made = sorted(ROOT.glob("build/cython/**/*.c"))
    if {source.stem for source in made} != EXTENSIONS:
        sys.exit(f"these are not the C files of a build: {made}")
    for source in made:
        arguments = ["-O2", "-Iext", *python, *STRICT]
        right &= _compiled(compiler, [*arguments, str(source)])
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
