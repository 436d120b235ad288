"""What the package exports: all of it on purpose, documented and typed."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import os
import pickle
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Module = Callable[[str], ModuleType]

#: What the sans-IO core exports.  The layers above add their names.
CORE = {
    "BACKEND", "Deviation", "IncompleteBody", "LimitExceeded", "Limits", "MultipartError",
    "MultipartParser", "ParseError", "PartBegin", "PartEnd", "Policy", "UnsupportedEncoding",
    "UnsupportedMediaType",
    "__version__", "hdrs",
}  # fmt: skip

#: All that there may be.
DOCUMENTED = CORE | {
    "BadContentDispositionHeader", "BadContentDispositionParam", "ContentRange", "HttpMessage",
    "AsyncFilePayload", "IterablePayload", "JsonBytesPayload", "PathPayload", "Progress",
    "PartIndex", "index", "BodyPartReader", "BodyPartReaderPayload", "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload", "AsyncIterablePayload", "FilePart", "Form", "IOBasePayload", "JsonPayload",
    "MultipartReader", "MultipartResponseWrapper", "MultipartWriter", "Order", "PAYLOAD_REGISTRY",
    "Payload", "StringIOPayload", "StringPayload", "TextIOPayload", "UploadedFile",
    "content_disposition_filename", "get_payload", "parse_content_disposition",
    "parse_content_type", "parse_form", "payload_type", "register_payload",
    "RangeResponse", "byteranges", "parse_range", "range_response",
}  # fmt: skip


def _submodules(ps: ModuleType) -> list[str]:
    return [item.name for item in pkgutil.iter_modules(ps.__path__) if item.name != "__main__"]


def test_all_is_what_is_documented(ps: ModuleType) -> None:
    names = ps.__all__
    assert len(set(names)) == len(names)
    assert set(names) >= CORE
    assert set(names) <= DOCUMENTED
    for name in names:
        assert hasattr(ps, name), name


def test_nothing_else_looks_public(ps: ModuleType) -> None:
    public = {name for name in vars(ps) if not name.startswith("_")}
    modules = set(_submodules(ps)) | {"annotations", "contrib", "TYPE_CHECKING"}
    assert public - modules <= set(ps.__all__)


def test_both_twins_export_the_same(twins: dict[str, ModuleType]) -> None:
    assert twins["c"].__all__ == twins["py"].__all__


def test_every_module_exports_what_it_has(ps: ModuleType, ps_module: Module) -> None:
    for name in ("charsets", "deviations", "disposition", "errors", "events", "headers", "limits",
                 "parameters", "parser", "policy", "_backend"):  # fmt: skip
        module = ps_module(name)
        for item in module.__all__:
            assert hasattr(module, item), f"{name}.{item}"


def _exported(ps: ModuleType) -> Iterator[tuple[str, Any]]:
    for name in ps.__all__:
        item = getattr(ps, name)
        if inspect.isclass(item) or inspect.isroutine(item):
            yield name, item


def test_every_name_has_a_docstring(ps: ModuleType) -> None:
    for name, item in _exported(ps):
        assert inspect.getdoc(item), name
        if inspect.isclass(item):
            for key, member in vars(item).items():
                if not key.startswith("_") and (
                    inspect.isroutine(member) or isinstance(member, property)
                ):
                    assert inspect.getdoc(member), f"{name}.{key}"


def test_the_parser_of_both_twins_has_the_same_interface(twins: dict[str, ModuleType]) -> None:
    for name in ("MultipartParser", "PartBegin", "PartEnd"):
        kinds = [getattr(package, name) for package in twins.values()]
        names = [{key for key in dir(kind) if not key.startswith("_")} for kind in kinds]
        assert names[0] == names[1]
        for key in names[0]:
            docs = {inspect.getdoc(getattr(kind, key)) for kind in kinds}
            assert len(docs) == 1 or name == "PartBegin", f"{name}.{key}"


def test_the_vocabulary_is_that_of_the_package(ps: ModuleType) -> None:
    """Names are where a traceback, and a pickle, says that they are."""
    for name, item in _exported(ps):
        assert item.__module__.split(".")[0] == "partstream", name


def test_the_package_is_typed(ps: ModuleType) -> None:
    assert (Path(str(ps.__file__)).parent / "py.typed").exists()


def test_the_version_is_one(ps: ModuleType) -> None:
    assert ps.__version__.count(".") >= 1
    try:
        installed = importlib.metadata.version("partstream")
    except importlib.metadata.PackageNotFoundError:
        return
    assert installed == ps.__version__


def test_the_backend_is_visible(ps: ModuleType, ps_module: Module) -> None:
    assert ps.BACKEND in ("c", "py")
    kind = ps_module("_backend").Scanner
    assert issubclass(ps.MultipartParser, kind)
    # The compiled class is what users have, under the name that both twins give it.
    assert (kind is ps.MultipartParser) == (ps.BACKEND == "c")
    if ps.BACKEND == "py":
        assert kind.__module__ == "partstream._scanner_py"


def test_the_parser_is_known_by_one_name(ps: ModuleType, ps_module: Module) -> None:
    kind = ps.MultipartParser
    assert kind is ps_module("parser").MultipartParser
    assert (kind.__name__, kind.__qualname__) == ("MultipartParser", "MultipartParser")
    assert kind.__module__ == "partstream.parser"
    assert repr(kind("B")).startswith("<partstream.parser.MultipartParser object at")
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_the_parser_of_both_twins_has_the_same_documentation(
    twins: dict[str, ModuleType],
) -> None:
    docs = {inspect.getdoc(package.MultipartParser) for package in twins.values()}
    assert len(docs) == 1


@pytest.mark.parametrize("value", ["1", "yes"])
def test_the_environment_can_ask_for_the_pure_twin(
    ps_module: Module, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    backend = ps_module("_backend")
    monkeypatch.setenv("PARTSTREAM_NO_EXTENSIONS", value)
    assert backend._wants_pure()
    for other in ("", "0"):
        monkeypatch.setenv("PARTSTREAM_NO_EXTENSIONS", other)
        assert not backend._wants_pure()


# What is imported when


def _fresh(code: str, pure: bool = False) -> str:
    """Run code in an interpreter of its own, and give what it prints."""
    environment = dict(os.environ, PARTSTREAM_NO_EXTENSIONS="1" if pure else "")
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


#: What takes long to import, and is not needed by most.
HEAVY = ("asyncio", "dataclasses", "email", "http", "inspect", "json", "mimetypes", "secrets",
         "ssl", "tempfile")  # fmt: skip


@pytest.mark.parametrize("pure", [False, True])
def test_little_is_imported_at_once(pure: bool) -> None:
    core = "import sys, multidict; before = set(sys.modules); import partstream\n"
    code = f"{core}print(*sorted(set(sys.modules) - before))"
    found = set(_fresh(code, pure).split())
    assert not found.intersection(HEAVY)
    own = {name.partition(".")[2] for name in found if name.startswith("partstream.")}
    twin = {name for name in own if name.endswith(("_py", "_c"))}
    assert own - twin == {
        "_backend", "_options", "_version", "charsets", "deviations", "errors", "events", "hdrs",
        "headers", "limits", "parameters", "parser", "policy",
    }  # fmt: skip
    assert twin


def test_writing_needs_little_of_the_library() -> None:
    heavy = [name for name in HEAVY if name not in ("dataclasses", "inspect")]
    code = f"""import sys, multidict; before = set(sys.modules)
from partstream import MultipartWriter, MultipartReader
writer = MultipartWriter("form-data")
writer.append("text", {{"Content-Disposition": 'form-data; name="a"'}})
assert b"text" in writer.body().read()
print(*(set(sys.modules) - before).intersection({heavy!r}))"""
    assert _fresh(code) == ""


def test_every_name_is_found() -> None:
    """By ``dir()``, by a star, by its own name, and only where it stands."""
    code = """import partstream
assert set(partstream.__all__) <= set(dir(partstream)), dir(partstream)
assert "MultipartWriter" not in vars(partstream)
assert partstream.MultipartWriter is vars(partstream)["MultipartWriter"]
space = {}
exec("from partstream import *", space)
print(*sorted(set(partstream.__all__) - set(space)))
try:
    partstream.MultipartWritten
except AttributeError as error:
    print(error)"""
    assert _fresh(code) == "module 'partstream' has no attribute 'MultipartWritten'"


def test_a_module_that_is_documented_is_an_attribute() -> None:
    assert _fresh("import partstream; print(partstream.sync.MultipartReader.__module__)") == (
        "partstream.sync"
    )


def test_type_checkers_see_what_is_imported_later(ps: ModuleType) -> None:
    tree = ast.parse(Path(str(ps.__file__)).read_text(encoding="utf-8"))
    seen = {}
    for node in tree.body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
            for item in ast.walk(node):
                if isinstance(item, ast.ImportFrom):
                    seen |= {alias.name: item.module or alias.name for alias in item.names}
    assert seen == ps._HOMES
    assert set(seen) - {"sync"} <= set(ps.__all__)
