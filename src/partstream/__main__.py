"""The command line: ``partstream COMMAND ...``, also as ``python -m partstream COMMAND ...``.

Each command is a module with a ``SUMMARY``, ``add_arguments(parser)`` and ``run(arguments)``,
which gives the exit status.  What every command has in common is here: how it ends when the user,
the reader of its output or the system stops it.  Never with a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from . import _inspect_command, _pack_command
from ._backend import BACKEND
from ._inspect_text import Text
from ._version import __version__

__all__ = ["main"]

_COMMANDS: Final = {"inspect": _inspect_command, "pack": _pack_command}

_FAILED: Final = 2  # as argparse has it for wrong usage
_INTERRUPTED: Final = 130  # what a shell gives for a process that SIGINT ended
_BROKEN_PIPE: Final = 141  # the same for SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; give the exit status.

    Args:
        argv: the arguments, None for those of the process.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as end:  # argparse has printed what there is to say
        return end.code if isinstance(end.code, int) else _FAILED
    try:
        status: int = _COMMANDS[arguments.command].run(arguments)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return _BROKEN_PIPE
    except OSError as error:
        print(f"partstream: {_sentence(error)}", file=sys.stderr)
        return _FAILED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="partstream", description="Look into multipart messages, and build them."
    )
    version = f"partstream {__version__} ({BACKEND} backend)"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in _COMMANDS.items():
        summary = command.SUMMARY
        command.add_arguments(commands.add_parser(name, help=summary, description=summary))
    return parser


def _sentence(error: OSError) -> str:
    what = error.strerror or str(error)
    name = error.filename
    if not isinstance(name, str):
        return what
    return f"{Text(sys.stderr.encoding).shown(name, 200)}: {what}"


def _discard_output() -> None:
    """Let what is still buffered go nowhere, or the interpreter complains at its exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass


if __name__ == "__main__":
    sys.exit(main())
