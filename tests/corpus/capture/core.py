"""What every capture shares: the case registry, the expected parts, the files."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).resolve().parent.parent


class Missing(Exception):
    """The sender of a case is not installed here."""


@dataclass(frozen=True)
class Part:
    """One expected part: what was given to the sender, before it was put on the wire."""

    body: bytes = b""
    name: str | None = None
    filename: str | None = None
    content_type: str | None = None
    parts: Sequence[Part] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the entry of the JSON file; a nested multipart has children, not a body."""
        entry: dict[str, Any] = {
            "name": self.name,
            "filename": self.filename,
            "content_type": self.content_type,
        }
        if self.parts is not None:
            return entry | {"parts": [child.to_json() for child in self.parts]}
        return entry | {"size": len(self.body), "sha256": hashlib.sha256(self.body).hexdigest()}


@dataclass(frozen=True)
class Case:
    """One captured message and what it is known to hold."""

    sender: str
    what: str
    raw: bytes
    parts: Sequence[Part]
    complete: bool = True
    suffix: str = ".http"
    disputed: bool = False
    """The email package is known to read this one differently."""
    refused: str | None = None
    """The code of the error that partstream gives: two parsers would read it differently."""

    def to_json(self) -> dict[str, Any]:
        """Return the content of the JSON file."""
        return {
            "sender": self.sender,
            "what": self.what,
            "content_type": header(self.raw, "content-type"),
            "complete": self.complete,
            **({"refused": self.refused} if self.refused else {}),
            "parts": [part.to_json() for part in self.parts],
        }


CASES: dict[str, Callable[[], Case]] = {}


def case(name: str) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    """Register a function that captures the case called name."""

    def register(function: Callable[[], Case]) -> Callable[[], Case]:
        CASES[name] = function
        return function

    return register


def header(raw: bytes, name: str) -> str:
    """Return the value of a header of the message, unfolded; folds become one space."""
    head = raw.split(b"\r\n\r\n", 1)[0]
    value = rb":[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)"
    found = re.search(rb"(?im)^" + name.encode() + value, head)
    if not found:
        return ""
    return re.sub(r"\r\n[ \t]+", " ", found[1].decode().rstrip())


def body_of(raw: bytes) -> bytes:
    """Return the message body with the chunked transfer coding removed."""
    body = raw.split(b"\r\n\r\n", 1)[1]
    if header(raw, "transfer-encoding").lower() != "chunked":
        return body
    chunks = []
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if not size:
            break
        chunks.append(body[:size])
        body = body[size + 2 :]
    return b"".join(chunks)


def write(name: str, captured: Case) -> None:
    """Write the two files of a case."""
    text = json.dumps(captured.to_json(), indent=1, ensure_ascii=False)
    (CORPUS / f"{name}{captured.suffix}").write_bytes(captured.raw)
    (CORPUS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def program(name: str) -> str:
    """Return the path of an installed program, or say that it is missing."""
    path = shutil.which(name)
    if path is None:
        raise Missing(f"{name} is not installed")
    return path


def output(*command: str, cwd: Path | None = None, stdin: bytes = b"") -> bytes:
    """Run a program and return what it printed; its failure is an error."""
    path = program(command[0])
    done = subprocess.run([path, *command[1:]], cwd=cwd, input=stdin, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace')}")
    return done.stdout
