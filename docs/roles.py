"""Docstrings for the site: roles become links to the reference, literal blocks become code.

An extension of Griffe, which reads the sources for mkdocstrings.  A role that names what the
reference does not have, such as a private helper, becomes plain code.  Constructors that no user
calls are left out.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from typing import Any, Final

from griffe import Alias, Extension

_PAGES: Final = Path(__file__).parent / "reference"
_ROLE: Final = re.compile(r":(?:class|meth|func|attr|mod|data|exc):`~?([\w.]+)`")
_BLOCK: Final = re.compile(
    r"^([ \t]*)((?:(?!>>>).)*?):(:)\n\n((?:\1[ ]{2,}.*\n?|\n)+)", re.MULTILINE
)
#: An example, up to the next empty line.
_DOCTEST: Final = re.compile(r"^([ \t]*)>>> .*(?:\n[ \t]*\S.*)*", re.MULTILINE)

#: The classes that the package alone makes, where their constructors are defined: none is shown.
_MADE_HERE: Final = frozenset(
    {
        "partstream._form_files.FileBase",
        "partstream._form_part.PartBase",
        "partstream._form_reading.FormBase",
        "partstream._part_py.PartBegin",
        "partstream._views.Body",
        "partstream._views.Chunks",
        "partstream._views.AsyncBody",
    }
)


def _documented() -> frozenset[str]:
    """Give what the pages of the reference name."""
    lines = (line for page in _PAGES.glob("*.md") for line in page.read_text("utf-8").splitlines())
    return frozenset(line[4:].strip() for line in lines if line.startswith("::: "))


class Roles(Extension):  # type: ignore[misc]
    """Rewrites each docstring before it is parsed."""

    def __init__(self) -> None:
        self._names = _documented()

    def on_module_members(self, *, node: Any, mod: Any, **kwargs: Any) -> None:
        """Take the pure twin, which is the one that can be read, where a module chooses."""
        for choice in getattr(node, "body", ()):
            if isinstance(choice, ast.If) and "TYPE_CHECKING or" in ast.unparse(choice.test):
                for line in choice.body:
                    if isinstance(line, ast.ImportFrom):
                        for name in (item.name for item in line.names):
                            home = f"partstream.{line.module}.{name}"
                            mod.members[name] = Alias(name, home, parent=mod)

    def on_object(self, *, obj: Any, loader: Any, **kwargs: Any) -> None:
        """Rewrite the docstring of an object."""
        if obj.is_class:
            obj.members.pop("__new__", None)  # of an enum: nobody calls it
            if obj.path in _MADE_HERE:
                obj.members.pop("__init__", None)
        if obj.docstring is None:
            return
        text = _BLOCK.sub(_fenced, obj.docstring.value)
        text = _DOCTEST.sub(r"\1```pycon\n\g<0>\n\1```", text)
        obj.docstring.value = _ROLE.sub(lambda role: self._link(role[1], obj), text)

    def _link(self, name: str, obj: Any) -> str:
        shown = name.rpartition(".")[2] if name.startswith("partstream.") else name
        target = self._target(name, obj)
        return f"[`{shown}`][{target}]" if target else f"`{shown}`"

    def _target(self, name: str, obj: Any) -> str | None:
        """Give the identifier of a public name, as the reference has it, if it does."""
        head, _, member = name.partition(".")
        for module in ("partstream.sync.", "partstream."):
            if module == "partstream.sync." and obj.module.path != "partstream.sync":
                continue
            if module + head in self._names:
                return module + name
        if name in self._names:
            return name
        above = name.rpartition(".")[0]
        if above in self._names:
            return name
        owner = obj.parent if obj.is_function or obj.is_attribute else obj
        if member or owner is None or not owner.is_class or head not in owner.all_members:
            return None
        for module in ("partstream.sync.", "partstream."):
            public = module + owner.name
            if public in self._names and obj.module.path != "partstream." + module:
                if module == "partstream.sync." and obj.module.path != "partstream.sync":
                    continue
                return f"{public}.{head}"
        return None


def _fenced(block: re.Match[str]) -> str:
    indent, lead, _, body = block.groups()
    code = textwrap.indent(textwrap.dedent(body.rstrip("\n")), indent)
    lead = f"{indent}{lead}:\n\n" if lead.strip() else ""
    return f"{lead}{indent}```python\n{code}\n{indent}```\n\n"
