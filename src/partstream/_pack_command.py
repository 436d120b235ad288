"""``partstream pack``: its arguments, and what it writes."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
from collections.abc import Generator, Iterable, Iterator
from typing import BinaryIO, Final

from ._passes import Piece
from ._progress import Progress
from ._views import Body
from .packing import add_item, chunked, request_head
from .writer import MultipartWriter

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY: Final = "build a multipart body, or a whole HTTP request, from fields and files"

_FAILED: Final = 2
_EPILOG: Final = """\
ITEM is one of

  NAME=TEXT                          a field
  NAME=@FILE[;type=T][;filename=N]   a file; its type is told from its name
  NAME=<FILE[;type=T]                a field whose text is in FILE

FILE may be - for standard input.  The Content-Type, which the body cannot be read without, goes to
standard error as a header line:

  partstream pack title=Cat photo=@cat.jpg -o body.bin 2> type.txt
  curl --data-binary @body.bin -H "$(cat type.txt)" http://localhost:8080/upload

  partstream pack photo=@cat.jpg --boundary xyz 2> /dev/null |
      curl --data-binary @- -H "Content-Type: multipart/form-data; boundary=xyz" http://localhost/

  partstream pack photo=@cat.jpg --request http://localhost:8080/upload | nc localhost 8080

Exit status: 0, or 2 if it could not be done; then there is no output file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("items", metavar="ITEM", nargs="*", help="a field or a file, see below")
    add("-o", "--output", metavar="FILE", default="-",
        help="where the body goes (default: standard output)")  # fmt: skip
    add("--subtype", metavar="S", default="form-data",
        help="what stands behind multipart/ (default: %(default)s)")  # fmt: skip
    add("--boundary", metavar="B", help="by default a random one, which no data can hold")
    add("--literal", metavar="NAME=TEXT", action="append", default=[],
        help="a field whose text may start with @ or <; these come behind the others")  # fmt: skip
    add("--request", metavar="URL", help="write a whole HTTP/1.1 request to this address")
    add("--method", metavar="M", default="POST", help="of the request (default: %(default)s)")
    add("--header", metavar="LINE", action="append", default=[],
        help="one more header of the request, 'Name: value'")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Write the body; give the exit status.

    Raises:
        OSError: where something cannot be read or written.
    """
    try:
        _pack(arguments)
    except ValueError as error:
        if isinstance(error, OSError):
            raise
        print(f"partstream: {error}", file=sys.stderr)
        return _FAILED
    return 0


def _pack(arguments: argparse.Namespace) -> None:
    writer = MultipartWriter(arguments.subtype, arguments.boundary)
    stdin = sys.stdin.buffer
    for item in arguments.items:
        add_item(writer, item, stdin)
    for item in arguments.literal:
        name, found, text = item.partition("=")
        if not found:
            raise ValueError(f"--literal {item!r} is not NAME=TEXT")
        writer.append(text, name=name)
    size = writer.size
    bar = Progress(sys.stderr, size, verb="written")
    # Watched, the body comes in more pieces.
    watched = sys.stderr.isatty()
    body = writer.body(progress=(lambda progress: bar.update(progress.sent)) if watched else None)
    if arguments.request is None:
        pieces: Iterable[Piece] = body
    else:
        head = request_head(writer, size, arguments.method, arguments.request, arguments.header)
        pieces = _request(head, body, size)
    with contextlib.closing(body), contextlib.ExitStack() as stack:
        stack.callback(bar.erase)
        out = stack.enter_context(_output(arguments.output))
        if arguments.request is None:
            print(f"Content-Type: {writer.content_type}", file=sys.stderr, flush=True)
        for piece in pieces:
            out.write(piece)
        out.flush()


def _request(head: bytes, body: Body, size: int | None) -> Iterator[Piece]:
    yield head
    yield from chunked(body) if size is None else body


@contextlib.contextmanager
def _output(name: str) -> Generator[BinaryIO, None, None]:
    """Open the output; a file is there when it is whole, and what was there stays until then."""
    if name == "-":
        yield sys.stdout.buffer
        return
    name = os.path.realpath(name)
    if os.path.exists(name) and not os.path.isfile(name):  # a device or a pipe
        with open(name, "wb") as file:
            yield file
        return
    part = f"{name}.{secrets.token_hex(4)}.part"
    try:
        with open(part, "xb") as file:
            yield file
        os.replace(part, name)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
