"""No input makes parser, readers or parse_form raise anything but MultipartError, or heed cuts.

This target is guided by coverage: atheris traces the pure twin.  An input is a few bytes that
choose (see ``reader_inputs.py``), a line that is a boundary or a Content-Type, and the stream.

Usage: python tests/fuzzing/reader.py [arguments of libFuzzer] [FOLDER or FILE...]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import atheris

sys.path[0] = str(Path(__file__).parent.parent)
os.environ["PARTSTREAM_NO_EXTENSIONS"] = "1"

with atheris.instrument_imports(include=["partstream"]):
    from support.twins import twin

    PS: Final = twin("py").package
    SYNC: Final = twin("py").module("sync")
    for name in sorted(Path(PS.__file__ or "").parent.glob("*.py")):
        if name.stem not in ("__init__", "__main__"):
            twin("py").module(name.stem)

from fuzzing import chunking  # noqa: E402
from fuzzing.reader_inputs import unpacked  # noqa: E402


def announced(line: bytes, data: bytes) -> None:
    """Read a stream whose Content-Type is any line; nothing but MultipartError may come."""
    value = line.decode("utf-8", "surrogateescape")
    for open_ in (_read, _parsed, PS.parse_content_type, PS.parse_content_disposition):
        try:
            if open_ in (_read, _parsed):
                open_(value, data)
            else:
                open_(value)
        except PS.MultipartError:
            continue


def _read(value: str, data: bytes) -> None:
    for part in SYNC.MultipartReader({"Content-Type": value}, data):
        if isinstance(part, SYNC.BodyPartReader):
            part.read()


def _parsed(value: str, data: bytes) -> None:
    SYNC.parse_form({"Content-Type": value}, data).close()


def one_input(data: bytes) -> None:
    """Try an input; raise where the invariant does not hold."""
    line, given = unpacked(data)
    announced(line, given.data)
    finding = chunking.check({"py": PS}, given)[1]
    if finding is not None:
        raise AssertionError(finding.report())


def main() -> None:
    """Run until the time is over, or something is found."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
