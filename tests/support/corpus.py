"""The captured messages of ``tests/corpus``, each with what it is known to hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "corpus"


@dataclass(frozen=True)
class Case:
    """A captured multipart body.

    Attributes:
        content_type: of the message, as sent.
        complete: whether the stream ends with its closing delimiter.
        refused: the code of the error that it gets, None where it is read.
        parts: what it holds, as the JSON file has it.
    """

    name: str
    content_type: str
    body: bytes
    complete: bool
    refused: str | None
    parts: list[dict[str, Any]]


def names() -> list[str]:
    """Name all cases."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> Case:
    """Read a case."""
    known = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    message = next(FOLDER.glob(f"{name}.[!j]*")).read_bytes()
    head, _, body = message.partition(b"\r\n\r\n")
    if b"\r\ntransfer-encoding: chunked" in head.lower():
        body = unchunked(body)
    return Case(
        name,
        known["content_type"],
        body,
        known["complete"],
        known.get("refused"),
        known["parts"],
    )


def unchunked(body: bytes) -> bytes:
    """Undo the chunked transfer coding (RFC 9112 section 7.1); extensions and trailers go."""
    found: list[bytes] = []
    while True:
        line, _, body = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if size == 0:
            return b"".join(found)
        found.append(body[:size])
        body = body[size + 2 :]
