"""``partstream inspect``: its arguments, and what it prints."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from typing import Final

from . import _inspect_json, _inspect_table
from ._inspect_files import Extraction
from ._inspect_policies import POLICIES
from ._inspect_source import FileSource
from ._inspect_text import Text
from ._progress import Progress
from .errors import MultipartError
from .inspection import Options, Report, inspect
from .parameters import checked_boundary, is_token

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY: Final = "show the parts of a multipart message, and what is wrong with it"

_UNDOABLE: Final = ("chunked", "gzip", "deflate")
_EPILOG: Final = """\
FILE is an HTTP request or response as it was on the wire, a mail, or the body alone.  Chunks and
compression (gzip, deflate) are undone; offsets count from the start of the multipart body.
The first line of the output is the answer, the last ones say what each policy makes of the body.

Exit status: 0 if all could be read, 1 if the message is malformed under the policy asked for, 2 if
the command could not be done (wrong usage, a file that cannot be read or written)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("file", metavar="FILE", help="what to look into; - for standard input")
    add("--json", action="store_true", help="print one JSON object in place of the table")
    add("--sha256", action="store_true", help="give the digest of each part's body")
    add("--extract", metavar="DIR",
        help="write each part's body, as it is, to a new file in this directory")  # fmt: skip
    add("--policy", choices=POLICIES, default="default",
        help="how much is tolerated (default: %(default)s)")  # fmt: skip
    add("--boundary", metavar="B", type=_boundary,
        help="the boundary, whatever the message says of it")  # fmt: skip
    add("--subtype", metavar="S", type=_subtype,
        help="what stands behind multipart/, such as form-data or mixed")  # fmt: skip
    add("--content-type", metavar="VALUE", help="a Content-Type in place of the message's own")
    add("--bare", action="store_true", help="FILE is a body: look for no head")
    codings = parser.add_mutually_exclusive_group()
    codings.add_argument("--decoded", action="store_true",
        help="the body is in FILE decoded: undo neither chunks nor compression")  # fmt: skip
    codings.add_argument("--undo", metavar="CODING", action="append", choices=_UNDOABLE,
        default=[], help="undo chunked, gzip or deflate though no header says so; give it again "
        "for a second one, the outermost first")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Inspect the file and print what was found; give the exit status.

    Raises:
        OSError: where something cannot be read or written.
    """
    options = Options(
        boundary=arguments.boundary, subtype=arguments.subtype,
        content_type=arguments.content_type, policy=POLICIES[arguments.policy],
        bare=arguments.bare, decoded=arguments.decoded,
        undo=tuple(arguments.undo), headers=arguments.json,
        sha256=arguments.sha256)  # fmt: skip
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(_open(arguments.file))
        extraction = None
        if arguments.extract is not None:
            extraction = stack.enter_context(contextlib.closing(Extraction(arguments.extract)))
        report = inspect(source, options, extraction)
    _print(report, arguments)
    return 0 if report.fault is None else 1


def _open(name: str) -> FileSource:
    def progress(total: int | None) -> Progress:
        return Progress(sys.stderr, total)

    if name == "-":
        return FileSource(name, sys.stdin.buffer, progress, keep=True)
    return FileSource(name, open(name, "rb"), progress)


def _print(report: Report, arguments: argparse.Namespace) -> None:
    out = sys.stdout
    if arguments.json:
        digests, paths = arguments.sha256, arguments.extract is not None
        for piece in _inspect_json.render(report, digests=digests, paths=paths):
            out.write(piece)
    else:
        columns = shutil.get_terminal_size().columns if out.isatty() else None
        for line in _inspect_table.render(report, Text(out.encoding), columns):
            out.write(f"{line}\n")
    out.flush()


def _boundary(value: str) -> bytes:
    try:
        return checked_boundary(value)
    except MultipartError as error:
        raise argparse.ArgumentTypeError(error.message) from None


def _subtype(value: str) -> str:
    subtype = value.lower().removeprefix("multipart/")
    if not is_token(subtype):
        raise argparse.ArgumentTypeError("it must be a token such as form-data")
    return subtype
