"""One small change to a real message: most often where it matters, near a delimiter or a header.

One change only, so that where two parsers then differ there is one cause to name.
"""

from __future__ import annotations

import random
from typing import Final

from . import Message

_BITS: Final = (
    b"\r\n", b"\r\n\r\n", b"\n", b"\n\n", b"\r", b" ", b"\t", b"-", b"--", b"a", b"xx", b'"',
    b"\\", b"\\\\", b'\\"', b"%22", b"%0D%0A", b"%2522", b";", b"; ", b"=", b":", b": ", b"/", b".",
    b"\x00", b"\x80", b"\xc3\xa4", b"\x0b", b"&amp;", b"'", b"B",
)  # fmt: skip
_LINES: Final = (
    b'Content-Disposition: form-data; name="b"\r\n',
    b"Content-Type: text/plain\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 003\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"X-A: b\r\n",
    b"X-A: \xff\r\n",
    b" folded\r\n",
    b"no colon\r\n",
    b"Bad Name: x\r\n",
    b"Spaced : x\r\n",
    b"X!: x\r\n",
    b"X-Empty:\r\n",
    b"X-A: b\n",
    b"\r\n",
)
_PARAMETERS: Final = (
    b'; name="b"', b"; filename=b/c", b"; filename*=utf-8''%c3%a4", b'; filename="C:\\d\\e"',
    b'; filename=""', b"; x=y", b"; X=y z", b'; filename="../a&lt;b"', b"; filename=plain",
    b'; x="y;z"', b" ;name*0=b",
)  # fmt: skip


def mutated(rng: random.Random, message: Message) -> Message:
    """Give the message with one change."""
    change = rng.choice((_inserted, _inserted, _replaced, _replaced, _deleted, _repeated, _cut,
                         _line_added, _line_added, _parameter_added, _delimiter_added))  # fmt: skip
    return message._replace(data=change(rng, message))


def numbered(message: Message) -> Message:
    """Put a number in front of each body of a form that is not empty.

    So no two are the same, and parts that a parser loses are seen at the place where they are.
    """
    blocks = message.data.split(message.line + b"\r\n")
    for index, block in enumerate(blocks):
        head, empty_line, body = block.partition(b"\r\n\r\n")
        if empty_line and not body.startswith((b"\r\n--", b"--")):
            blocks[index] = b"%b\r\n\r\n%d:%b" % (head, index, body)
    return message._replace(data=(message.line + b"\r\n").join(blocks))


def _spot(rng: random.Random, message: Message) -> int:
    """Choose a place: three times of four in a delimiter or the header block behind it."""
    data = message.data
    starts = _delimiters(message)
    if not starts or rng.random() < 0.25:
        return rng.randrange(len(data) + 1)
    start = rng.choice(starts)
    stop = data.find(b"\r\n\r\n", start)
    stop = len(data) if stop < 0 else stop
    return rng.randrange(max(0, start - 4), min(len(data), stop + 7) + 1)


def _delimiters(message: Message) -> list[int]:
    starts = []
    at = message.data.find(message.line)
    while at >= 0:
        starts.append(at)
        at = message.data.find(message.line, at + 1)
    return starts


def _inserted(rng: random.Random, message: Message) -> bytes:
    at = _spot(rng, message)
    return message.data[:at] + rng.choice(_BITS) + message.data[at:]


def _replaced(rng: random.Random, message: Message) -> bytes:
    at = _spot(rng, message)
    return message.data[:at] + rng.choice(_BITS) + message.data[at + 1 :]


def _deleted(rng: random.Random, message: Message) -> bytes:
    at = _spot(rng, message)
    return message.data[:at] + message.data[at + rng.choice((1, 1, 2, 3)) :]


def _repeated(rng: random.Random, message: Message) -> bytes:
    at = _spot(rng, message)
    stop = at + rng.choice((1, 2, 4, len(message.line) + 2))
    return message.data[:stop] + message.data[at:]


def _cut(rng: random.Random, message: Message) -> bytes:
    return message.data[: _spot(rng, message)]


def _line_added(rng: random.Random, message: Message) -> bytes:
    starts = _delimiters(message) or [0]
    at = message.data.find(b"\r\n", rng.choice(starts)) + 2
    if rng.random() < 0.5:  # behind the first header line
        at = message.data.find(b"\r\n", at) + 2
    return message.data[:at] + rng.choice(_LINES) + message.data[at:]


def _parameter_added(rng: random.Random, message: Message) -> bytes:
    starts = _delimiters(message) or [0]
    at = message.data.find(b"\r\n", message.data.find(b"Content-", rng.choice(starts)))
    return message.data[:at] + rng.choice(_PARAMETERS) + message.data[at:]


def _delimiter_added(rng: random.Random, message: Message) -> bytes:
    at = _spot(rng, message)
    start = rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"", b"x"))
    end = rng.choice((b"\r\n", b"--", b"--\r\n", b"\n", b"\r", b" \r\n", b"\t \r\n", b" x",
                      b"xx", b"xx\r\n", b"-", b"-x\r\n", b"--xx\r\n", b"",
                      b"\x0b\r\n"))  # fmt: skip
    return message.data[:at] + start + message.line + end + message.data[at:]
