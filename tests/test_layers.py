"""Imports point down only, and what must not be in a layer is not in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "partstream"

#: Each module's layer: it may import its own and those below.  A new module needs an entry.
VOCABULARY, CORE, READERS, FORMS, EDGES = range(5)
LAYERS = {
    "_options": VOCABULARY,
    "_version": VOCABULARY,
    "charsets": VOCABULARY,
    "deviations": VOCABULARY,
    "errors": VOCABULARY,
    "events": VOCABULARY,
    "hdrs": VOCABULARY,
    "limits": VOCABULARY,
    "policy": VOCABULARY,
    "_backend": CORE,
    "_between_py": CORE,
    "_blocks_py": CORE,
    "_delimiters_py": CORE,
    "_headers_py": CORE,
    "_ordinary_py": CORE,
    "_part_py": CORE,
    "_scanner_c": CORE,
    "_scanner_py": CORE,
    "_search_py": CORE,
    "_state_py": CORE,
    "headers": CORE,
    "parameters": CORE,
    "parser": CORE,
    "_batch_writing": READERS,
    "_body": READERS,
    "_byteranges": READERS,
    "_collision": READERS,
    "_compressing": READERS,
    "_compression": READERS,
    "_fields": READERS,
    "_blank": READERS,
    "_file_pass": READERS,
    "_flow": READERS,
    "_head": READERS,
    "_item": READERS,
    "_need": READERS,
    "_later": READERS,
    "_offload": READERS,
    "_part_flow": READERS,
    "_passed": READERS,
    "_passes": READERS,
    "_payload": READERS,
    "_payload_files": READERS,
    "_payload_memory": READERS,
    "_payload_slices": READERS,
    "_payload_streams": READERS,
    "_plan": READERS,
    "_pushed": READERS,
    "_readers": READERS,
    "_reading": READERS,
    "_reading_c": READERS,
    "_forming": FORMS,
    "_forming_c": FORMS,
    "_registry": READERS,
    "_reused": READERS,
    "_sinks": READERS,
    "_small_files": READERS,
    "_stream": READERS,
    "_parts": READERS,
    "_response": READERS,
    "_settings": READERS,
    "_sync_sources": READERS,
    "_text": READERS,
    "_views": READERS,
    "batch": READERS,
    "decoding": READERS,
    "encoding": READERS,
    "payloads": READERS,
    "ranges": READERS,
    "reader": READERS,
    "sources": READERS,
    "sync": READERS,
    "writer": READERS,
    "form": FORMS,
    "__init__": EDGES,
    "__main__": EDGES,
    "_pack_command": EDGES,
    "_progress": EDGES,
    "chunked": EDGES,
    "diagnosis": EDGES,
    "disposition": EDGES,
    "framing": EDGES,
    "indexing": EDGES,
    "inspection": EDGES,
    "message": EDGES,
    "packing": EDGES,
}

#: Families of modules that are of one layer, by the start of their names.
_FAMILIES = {"_form_": FORMS, "_inspect_": EDGES, "contrib.": EDGES, "contrib": EDGES}

#: The blocking names of all layers are in one place, which imports what it uses nothing of.
_DOORS = {("sync", "_form_sync")}

#: Who says that the program, not a peer, has forgotten something.
_MAY_WARN = {"_form_files"}

#: The only modules of the standard library, and of others, that the lower layers need.
_ALLOWED = {
    VOCABULARY: {
        "__future__", "collections", "dataclasses", "enum", "functools", "itertools", "struct",
        "typing", "multidict",
    },
    CORE: {
        "__future__", "collections", "dataclasses", "enum", "functools", "itertools", "struct",
        "threading", "typing", "multidict",
    },
}  # fmt: skip
_ALSO = {"_backend": {"os"}, "_options": {"inspect", "operator"}, "_delimiters_py": {"bisect"}}

MODULES = sorted(
    ".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in SOURCE.rglob("*.py")
)
each = pytest.mark.parametrize("module", MODULES)


def _layer(module: str) -> int:
    name = module.removesuffix(".__init__")
    if name in LAYERS:
        return LAYERS[name]
    for start, layer in _FAMILIES.items():
        if name.startswith(start):
            return layer
    raise AssertionError(f"{module} stands in no layer: add it to the table of this test")


def _tree(module: str) -> ast.Module:
    return ast.parse((SOURCE / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))


def _imports(module: str) -> Iterator[tuple[str, bool]]:
    """Give what a module imports, and whether it is of this package."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                own = alias.name.startswith("partstream")
                yield alias.name.removeprefix("partstream."), own
        elif isinstance(node, ast.ImportFrom):
            yield from _imports_from(node, module)


def _imports_from(node: ast.ImportFrom, module: str) -> Iterator[tuple[str, bool]]:
    source = node.module or ""
    if not node.level:
        own = source.split(".")[0] == "partstream"
        yield source.removeprefix("partstream").lstrip(".") or "__init__", own
        return
    package = module.split(".")[:-1]
    package = package[: len(package) - (node.level - 1)]
    if source:
        yield ".".join([*package, source]), True
        return
    for alias in node.names:
        name = ".".join([*package, alias.name])
        yield (name if _is_module(name) else "__init__"), True


def _is_module(name: str) -> bool:
    path = SOURCE / name.replace(".", "/")
    return name in LAYERS or path.with_suffix(".py").exists() or path.is_dir()


@each
def test_every_module_has_a_layer(module: str) -> None:
    assert _layer(module) in range(EDGES + 1)


@each
def test_imports_point_down(module: str) -> None:
    for name, own in _imports(module):
        if own and name != "__init__" and (module, name) not in _DOORS:
            assert _layer(name) <= _layer(module), f"{module} imports {name}"


@each
def test_nothing_below_the_edges_imports_the_package_itself(module: str) -> None:
    if _layer(module) < EDGES:
        assert "__init__" not in [name for name, own in _imports(module) if own]


@each
def test_the_core_knows_no_io(module: str) -> None:
    allowed = _ALLOWED.get(_layer(module))
    if allowed is not None:
        allowed = allowed | _ALSO.get(module, set())
        found = {name.split(".")[0] for name, own in _imports(module) if not own}
        assert found <= allowed


@each
def test_no_regular_expressions_on_input(module: str) -> None:
    if _layer(module) < EDGES:
        assert "re" not in [name for name, _ in _imports(module)]


@each
def test_no_assert_steers_anything(module: str) -> None:
    """Under ``python -O`` they would be gone."""
    asserts = [node.lineno for node in ast.walk(_tree(module)) if isinstance(node, ast.Assert)]
    assert asserts == []


@each
def test_no_logging_below_the_edges(module: str) -> None:
    """A peer must not be able to fill a log: errors are raised, never written down."""
    if _layer(module) < EDGES:
        assert "logging" not in {name for name, _ in _imports(module)}
        calls = [node for node in ast.walk(_tree(module)) if isinstance(node, ast.Call)]
        names = [getattr(call.func, "id", getattr(call.func, "attr", "")) for call in calls]
        forbidden = {"print"} if module in _MAY_WARN else {"print", "warn"}
        assert not forbidden & set(names)


@each
def test_a_module_says_what_it_is(module: str) -> None:
    docstring = ast.get_docstring(_tree(module))
    if module != "contrib.__init__":
        assert docstring
        assert docstring.split("\n")[0].endswith((".", ":"))


def test_only_one_module_chooses_the_twin() -> None:
    for module in MODULES:
        names = {name for name, own in _imports(module) if own}
        if "_scanner_c" in names:
            assert module == "_backend"


def test_the_table_has_no_strangers() -> None:
    """What the table names and is not there yet is planned: no more than these."""
    planned = {"_forming_c", "_reading_c", "_scanner_c"}
    assert set(LAYERS) - set(MODULES) <= planned | {"__main__", "inspection", "reader", "sources"}
