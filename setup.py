"""Build of the extensions; everything else stands in pyproject.toml.

Three modes: ``PARTSTREAM_REQUIRE_EXTENSIONS=1`` makes a failed build of an extension an error,
``PARTSTREAM_NO_EXTENSIONS=1`` builds a pure wheel for every platform, and by default the package
falls back to its pure twins where there is no compiler, and says so in one line.
"""

import ast
import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

NAMES = ("_scanner_c",)
#: What the extensions are built of beside their own files: a change in any builds them anew.
INCLUDED = sorted(str(path) for kind in ("*.h", "*.pxi") for path in Path("ext").glob(kind))

#: The logic of the readers and of forms is one text for both twins: these modules, put together,
#: are compiled as _reading_c and _forming_c, with the types of ext/_reading_c.pxd, _forming_c.pxd.
READING = ("_item", "_flow", "_stream", "_part_flow", "_body", "_passed", "_parts", "_readers")
FORMING = ("_form_work", "_form_assembler")
DIRECTIVES = {"language_level": 3, "annotation_typing": False, "auto_pickle": False,
              "freethreading_compatible": True, "binding": False, "embedsignature": True,
              "embedsignature.format": "clinic"}  # fmt: skip
TOGETHER = Path("build/cython/together/partstream")


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

    TOGETHER.mkdir(parents=True, exist_ok=True)
    write(TOGETHER / "__init__.pxd", "")
    for types in Path("ext").glob("*.pxd"):
        write(TOGETHER / types.name, types.read_text(encoding="utf-8"))
    sources = {name: f"ext/{name}.pyx" for name in NAMES}
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        # Without the GIL, a reader that two threads share by mistake is safe as Python only.
        for name, modules in (("_reading_c", READING), ("_forming_c", FORMING)):
            sources[name] = put_together(name, modules)
    built = [
        Extension(
            f"partstream.{name}",
            [source],
            depends=INCLUDED,
            include_dirs=["ext"],
            extra_compile_args=[] if sys.platform == "win32" else ["-O3"],
        )
        for name, source in sources.items()
    ]
    return cythonize(built, build_dir="build/cython", include_path=[str(TOGETHER.parent)])


def put_together(target, modules):
    """Write modules as one, beside the file that has its types; give its path."""
    left_out = {*modules, "_backend", "_blank"}  # the last two: their names come from C
    imports, texts = ["from __future__ import annotations"], []
    for name in modules:
        text = Path(f"src/partstream/{name}.py").read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body[1:]:  # the first one is the docstring
            above = (item.lineno for item in getattr(node, "decorator_list", ()))
            part = "\n".join(lines[min([node.lineno, *above]) - 1 : node.end_lineno])
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                if getattr(node, "module", None) not in left_out and part not in imports:
                    imports.append(part)
            elif not part.startswith("__all__"):
                texts.append(part)
    head = "# cython: " + ", ".join(f"{name}={value}" for name, value in DIRECTIVES.items())
    path = TOGETHER / f"{target}.py"
    write(path, "\n".join([head, *imports, *texts, ""]))
    return str(path)


def write(path, text):
    """Write a file, unless it is so already: what is newer is compiled anew."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild})
