"""Build of the extensions; everything else stands in pyproject.toml.

Three modes: ``PARTSTREAM_REQUIRE_EXTENSIONS=1`` makes a failed build of an extension an error,
``PARTSTREAM_NO_EXTENSIONS=1`` builds a pure wheel for every platform, and by default the package
falls back to its pure twins where there is no compiler, and says so in one line.
"""

import os
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

NAMES = ("_headers_c", "_scanner_c")


def wanted(variable):
    """Tell whether an environment variable is set to something other than 0."""
    return os.environ.get(variable, "") not in ("", "0")


class OptionalBuild(build_ext):
    """Builds all extensions or none: a package with half of them would mix the twins."""

    def run(self):
        """Build, and fall back to the pure twins where that fails and may."""
        try:
            super().run()
        except Exception as error:
            if wanted("PARTSTREAM_REQUIRE_EXTENSIONS"):
                raise
            reason = str(error).strip().split("\n")[0]
            print(
                f"partstream: built without extensions, as pure Python ({reason})", file=sys.stderr
            )
            self._forget()

    def _forget(self):
        """Take away what was built before one of them failed."""
        for extension in self.extensions:
            for folder in (self.build_lib, "src"):
                path = os.path.join(folder, self.get_ext_filename(extension.name))
                if os.path.exists(path):
                    os.remove(path)
        self.extensions = []


def extensions():
    """List the extensions, translated from Cython."""
    if wanted("PARTSTREAM_NO_EXTENSIONS"):
        if wanted("PARTSTREAM_REQUIRE_EXTENSIONS"):
            sys.exit(
                "PARTSTREAM_NO_EXTENSIONS and PARTSTREAM_REQUIRE_EXTENSIONS exclude each other"
            )
        return []
    from Cython.Build import cythonize

    modules = [
        Extension(
            f"partstream.{name}",
            [f"ext/{name}.pyx"],
            depends=[
                "ext/scan.h",
                "ext/search.h",
                "ext/vectors.h",
                "ext/delimiters.h",
                "ext/block.h",
                "ext/shortcuts.h",
                "ext/native.pxi",
                "ext/making.pxi",
                "ext/part.pxi",
            ],
            include_dirs=["ext"],
            extra_compile_args=[] if sys.platform == "win32" else ["-O3"],
        )
        for name in NAMES
    ]
    return cythonize(modules, build_dir="build/cython")


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild})
