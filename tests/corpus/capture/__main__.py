"""Capture the corpus again: python -m capture [--only NAME...] (run in tests/corpus).

Needs, each optional: curl, chromium, node, nginx, ffmpeg, perl with LWP, git and openssl on the
PATH; the Python packages aiohttp, requests, requests-toolbelt, httpx, urllib3, django, werkzeug,
starlette and uvicorn. A case whose sender is missing is left out, and its old files stay.
"""

from __future__ import annotations

import argparse
import json
import sys

from . import aiohttp_client, browser, curl, ffmpeg, mail, node, perl, python, ranges  # noqa: F401
from .check import differences
from .core import CASES, CORPUS, Missing, write


def capture(name: str) -> bool:
    """Capture one case, check it and write its files; say whether all went well."""
    try:
        captured = CASES[name]()
    except (Missing, ImportError) as error:
        print(f"{name}: left out, {error}")
        return True
    problems = differences(captured)
    for problem in problems:
        print(f"{name}: {problem}")
    write(name, captured)
    print(f"{name}: {captured.sender}, {len(captured.raw)} bytes")
    return captured.disputed or not problems


def print_table() -> None:
    """Print the table of the cases for README.md."""
    print("| case | sender | parts | what |\n|---|---|---|---|")
    for path in sorted(CORPUS.glob("*.json")):
        entry = json.loads(path.read_text(encoding="utf-8"))
        what = entry["what"].replace("|", "\\|").replace("<", "&lt;")
        print(f"| {path.stem} | {entry['sender']} | {len(entry['parts'])} | {what} |")


def main() -> int:
    """Capture the cases that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="capture", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(CASES))
    parser.add_argument("--table", action="store_true", help="only print the table of cases")
    arguments = parser.parse_args()
    if arguments.table:
        print_table()
        return 0
    names = arguments.only or list(CASES)
    captured = [capture(name) for name in names]  # all of them, also after one that failed
    return 0 if all(captured) else 1


if __name__ == "__main__":
    sys.exit(main())
