"""What those who help need to find: each command is told of, and what is told of is there."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
#: What the other commands call.
INNER = {"debian-root", "env", "node-peers", "python"}


def _verbs() -> list[str]:
    return sorted(
        path.name for path in (ROOT / "ci").iterdir() if path.is_file() and path.name not in INNER
    )


def test_each_verb_is_told_of() -> None:
    told = re.findall(r"^\| `ci/([\w-]+)` \| .+ \| .+ \|$", CONTRIBUTING, re.MULTILINE)
    assert sorted(told) == _verbs()


@pytest.mark.parametrize("verb", [*_verbs(), *sorted(INNER)])
def test_each_verb_can_be_run_and_says_what_it_does(verb: str) -> None:
    path = ROOT / "ci" / verb
    assert os.access(path, os.X_OK)
    first, second = path.read_text(encoding="utf-8").splitlines()[:2]
    assert first in ("#!/usr/bin/env bash", "#!/usr/bin/env python3")
    assert second.startswith(("# ", '"""'))


@pytest.mark.parametrize(
    "name",
    [
        "CONTRIBUTING.md",
        ".pre-commit-config.yaml",
        ".github/PULL_REQUEST_TEMPLATE.md",
        ".devcontainer/devcontainer.json",
        "changes/README.md",
    ],
)
def test_commands_that_are_named_are_there(name: str) -> None:
    found = set(re.findall(r"(?<![\w.])ci/[\w-]+", (ROOT / name).read_text(encoding="utf-8")))
    assert found
    for command in found:
        assert (ROOT / command).is_file(), command


def test_reports_ask_for_what_inspect_prints() -> None:
    folder = ROOT / ".github"
    for path in (
        folder / "ISSUE_TEMPLATE" / "bug.yml",
        folder / "ISSUE_TEMPLATE" / "feature.yml",
        folder / "PULL_REQUEST_TEMPLATE.md",
    ):
        assert "`partstream inspect`" in path.read_text(encoding="utf-8"), path.name


def test_the_container_has_an_interpreter_that_is_supported() -> None:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)
    image = re.fullmatch(r"python:(3\.\d+)-\w+", container["image"])
    assert image is not None
    assert container["containerEnv"]["PYTHON"].endswith(f"python{image[1]}")


def test_hooks_fetch_nothing() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^ *- repo: (.*)$", text, re.MULTILINE) == ["local"]
