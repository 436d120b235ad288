"""The code of the documentation's pages, run as a reader would run it: all of a page, in its order.

What a fence says it is decides how it is run, in one namespace a page:

- ``python`` is executed; where a ``text`` block follows with nothing between, that is what it
  prints;
- ``pycon``, and ``python`` that begins with ``>>>``, is a doctest;
- ``console``: each ``$ partstream ...`` is run, and must print what stands below it.

Blocks of other languages are not code.  One that cannot be run has, in the line above its fence,
``<!-- not run: the reason -->``.  A ``python`` block that is meant to fail has
``<!-- raises: NameOfTheError -->`` there.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent.parent
_FENCE: Final = "```"
#: What the pages have that is no code of the reader's; anything else must be known here.
DATA: Final = frozenset({"text", "http", "json", "yaml", "nginx", "ini", ""})
CODE: Final = frozenset({"python", "pycon", "console"})


@dataclass
class Block:
    """A fenced block.

    Attributes:
        mark: what the comment above the fence says, empty where there is none.
        line: of its first line of code, from 1.
        prints: what has to be printed, None where the page does not say.
    """

    language: str
    code: str
    mark: str
    line: int
    prints: str | None = None

    @property
    def not_run(self) -> bool:
        return self.mark.startswith("not run:")

    @property
    def raises(self) -> str:
        return self.mark.removeprefix("raises:").strip() if self.mark.startswith("raises:") else ""

    @property
    def is_doctest(self) -> bool:
        return self.language == "pycon" or self.code.startswith(">>>")


def blocks_of(text: str) -> list[Block]:
    """Give the blocks of a page.

    Raises:
        ValueError: for a fence that is not closed.
    """
    found: list[Block] = []
    lines = text.splitlines()
    behind, at = -1, 0  # the line behind the block before
    while at < len(lines):
        if not lines[at].startswith(_FENCE):
            at += 1
            continue
        ticks = lines[at][: len(lines[at]) - len(lines[at].lstrip("`"))]
        try:
            end = lines.index(ticks, at + 1)
        except ValueError:
            raise ValueError(f"line {at + 1}: the fence is not closed") from None
        code = "\n".join(lines[at + 1 : end]) + "\n"
        above = lines[at - 1] if at else ""
        mark = above[5:-4] if above.startswith("<!-- ") and above.endswith(" -->") else ""
        block = Block(lines[at].strip("`").strip(), code, mark, at + 2)
        adjoins = found and behind >= 0 and not any(lines[behind:at])
        if block.language == "text" and adjoins and found[-1].language == "python":
            found[-1].prints = code
        found.append(block)
        behind = at = end + 1
    return found


class Page:
    """A page while it is run.

    Args:
        path: of the Markdown.
        backend: the twin that commands run, ``c`` or ``py``.

    Attributes:
        names: what the page's code finds there already, and what it has made.
    """

    def __init__(self, path: Path, backend: str) -> None:
        self.path = path
        self._module = ModuleType("page")
        self.names: dict[str, Any] = self._module.__dict__
        self._backend = backend

    def run(self, after: Callable[[], None] | None = None) -> int:
        """Run all blocks, and tell how many that were.

        Args:
            after: called when a block has run.

        Raises:
            AssertionError: where one does not do what the page says.
        """
        count = 0
        sys.modules["page"] = self._module  # dataclasses look there for what a name means
        try:
            for block in blocks_of(self.path.read_text(encoding="utf-8")):
                if block.language in CODE and not block.not_run:
                    count += 1
                    self._run(block)
                    if after is not None:
                        after()
        finally:
            del sys.modules["page"]
        return count

    def _run(self, block: Block) -> None:
        if block.is_doctest:
            self._doctest(block)
        elif block.language == "python":
            self._execute(block)
        else:
            for command, shown in _commands(block.code):
                self._command(command, shown, block.line)

    def _where(self, block: Block) -> str:
        return f"{self.path.name}, line {block.line}"

    def _doctest(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(
            block.code, self.names, self.path.name, str(self.path), block.line - 1
        )
        printed: list[str] = []
        results = doctest.DocTestRunner().run(test, out=printed.append, clear_globs=False)
        self.names.update(test.globs)
        assert results.failed == 0, "".join(printed)

    def _execute(self, block: Block) -> None:
        # The lines of a traceback are those of the page.
        code = compile("\n" * (block.line - 1) + block.code, str(self.path), "exec")
        output = io.StringIO()
        raised = ""
        with contextlib.redirect_stdout(output):
            try:
                exec(code, self.names)
            except Exception as error:
                raised = type(error).__name__
                if raised != block.raises:
                    raise
        assert raised == block.raises, self._where(block)
        if block.prints is not None:
            shown = output.getvalue().replace("\r\n", "\n")  # no page has CR
            assert shown == block.prints, self._where(block)

    def _command(self, command: str, shown: str, line: int) -> None:
        parts = shlex.split(command)
        assert parts[0] == "partstream", f"{self.path.name}, line {line}: mark it as not run"
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1"}
        if self._backend == "py":
            environment["PARTSTREAM_NO_EXTENSIONS"] = "1"
        done = subprocess.run(
            [sys.executable, "-m", *parts],
            capture_output=True, text=True, encoding="utf-8", env=environment, timeout=60,
        )  # fmt: skip
        # The pages show what the compiled twin prints.
        shown = shown.replace(", backend c\n", f", backend {self._backend}\n")
        printed = (done.stdout + done.stderr).replace("\r\n", "\n")
        assert printed == shown, f"{self.path.name}, line {line}"


def _commands(code: str) -> Iterator[tuple[str, str]]:
    """Give commands, and what each prints."""
    for part in ("\n" + code).split("\n$ ")[1:]:
        command, _, shown = part.partition("\n")
        while command.endswith("\\"):
            more, _, shown = shown.partition("\n")
            command = command[:-1] + more.lstrip("> ")
        yield command, shown
