"""Random streams that are nasty on purpose: pieces of delimiters, of headers, and of line ends.

Bytes at random would almost never hold a delimiter.  These are put together from tokens, so that
most of them get far into a parser before they go wrong.
"""

from __future__ import annotations

import dataclasses
import random
from typing import Final

from support.events import Settings

_DELIMITERS: Final = (
    b"--B", b"\r\n--B", b"\r\n--B\r\n", b"--B--", b"\r\n--B--\r\n", b"\n--B\n",
    b"--BC", b"\r\n--BC\r\n", b"\r\n--BC--", b"\r\n----B\r\n", b"\r\n--B-\r\n", b"\r\n--B---",
    b"\r--B\r\n", b"x--B", b"\n--BC--",
)  # fmt: skip
_HEADERS: Final = (
    b'Content-Disposition: form-data; name="a"\r\n',
    b'Content-Disposition: form-data; name="f"; filename="x"\r\n',
    b"Content-Disposition: form-data; name=a; filename*=utf-8''%e4\r\n",
    b'Content-Disposition: form-data; name="%22\\"\\\\"; filename="C:\\x"\r\n',
    b"Content-Type: multipart/mixed; boundary=BC\r\n",
    b"Content-Type: multipart/mixed; boundary=--B\r\n",
    b'Content-Type: multipart/related; boundary="B-"\r\n',
    b"Content-Type: text/plain\r\n",
    b"Content-Type: text/plain; charset=utf-7\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 12\r\n",
    b"X-A: b\r\n",
    b" folded\r\n",
    b"nocolon\r\n",
    b"Bad Name: x\r\n",
    b"Spaced : x\r\n",
    b"A: b\n",
)
_BITS: Final = (
    b"\r\n", b"\r\n", b"\r\n\r\n", b"\r\n\r\n", b"\n", b"\n\n", b"\r", b"--", b"-", b"B", b" ",
    b"\t", b" " * 65, b"a", b"xyz", b"\xff", b"\x00", b"\xc3\xa4",
)  # fmt: skip
#: What one parser takes for a delimiter and another for data: it follows a lone CR or LF.
_LONE: Final = (
    b"\r--B\r\n", b"\n--B\r\n", b"\r--B--\r\n", b"\n--B--", b"\r\r--B\r", b"\n\r--B", b"\r--BC\r\n",
    b"\n--BC--\r\n",
)  # fmt: skip
TOKENS: Final = _DELIMITERS + _HEADERS + _BITS + _LONE

_LONG: Final = "-----------------" + "b" * 20

_STARTS: Final = (b"--B\r\n", b"\r\n--B\r\n", b"--B\n", b"----B\r\n")
_ENDS: Final = (b"", b"\r\n", b"x", b"\r")
_TIGHT: Final = {
    "max_header_line": 20, "max_headers": 2, "max_header_block": 50, "max_preamble": 4,
    "max_epilogue": 3, "max_depth": 2, "max_parts": 3, "max_part_size": 7, "max_total_size": 150,
}  # fmt: skip
_TOLERANCES: Final = ("never", "form", "other", "always")


def stream(rng: random.Random) -> bytes:
    """Give a stream that is rarely right."""
    data = b"".join(_token(rng) for _ in range(rng.randrange(1, 14)))
    if rng.random() < 0.7:
        data = rng.choice(_STARTS) + data
    if rng.random() < 0.4:
        data += b"\r\n--B--" + rng.choice(_ENDS)
    return data


def _token(rng: random.Random) -> bytes:
    """Give a token; now and then so many bytes that what follows is far from what was before."""
    if rng.random() < 0.04:
        return rng.choice((b"x", b"\r", b"-")) * rng.randrange(170, 210)
    return rng.choice(TOKENS)


def lengthened(settings: Settings, data: bytes) -> tuple[Settings, bytes]:
    """Give the same with a long boundary in place of ``B``: those are searched for otherwise."""
    boundary = str(settings.boundary).replace("B", _LONG)
    return dataclasses.replace(settings, boundary=boundary), data.replace(b"B", _LONG.encode())


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Give the data with a few bytes or tokens put in, taken out, doubled or changed."""
    found = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(found) + 1)
        size = rng.choice((0, 0, 1, 2, 5))
        token = rng.choice((b"", rng.choice(TOKENS), bytes(found[at : at + 9]), b"\x80"))
        found[at : at + size] = token
    return bytes(found)


def settings(rng: random.Random, tolerances: list[str]) -> Settings:
    """Give arguments for a parser.

    Args:
        rng: what chooses.
        tolerances: the fields of Policy that say where something is tolerated.
    """
    choices = {}
    if rng.random() < 0.2:
        choices = {name: rng.choice(_TOLERANCES) for name in rng.sample(tolerances, 3)}
    if rng.random() < 0.15:  # STRICT ends most streams before that counts
        choices["boundary_in_content"] = rng.choice(_TOLERANCES[:3])
    return Settings(
        boundary=rng.choice(("B", "B", "B", "--B")),
        subtype=rng.choice(("form-data", "mixed")),
        nested=rng.random() < 0.6,
        policy=rng.choice(("STRICT", "DEFAULT", "LEGACY")),
        choices=choices,
        limits=_limits(rng),
    )


def _limits(rng: random.Random) -> dict[str, int]:
    kind = rng.random()
    if kind < 0.5:
        return {}
    if kind < 0.75:
        return dict(_TIGHT)
    return {name: rng.randrange(1, 30) for name in rng.sample(sorted(_TIGHT), 2)}
