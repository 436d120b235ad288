"""Streams that are nearly right, for ``ci/fuzz``: forms, and multiparts within multiparts.

Streams of random tokens go wrong early; these get to the end now and then, and so to what counts
depth, length and parts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

#: Levels of multiparts: one more than the smallest limits allow, and no more, since each level
#: multiplies the size.
_LEVELS: Final = 4

_BODIES: Final = (
    b"", b"", b"x", b"value", b"\r\n", b"\r", b"\n", b"--", b"\r\n--", b"\r\n-", b"\r\n\r\n", b"-",
    b"\xff\x00", b"y" * 90, b"\r" * 70, b"\r\n" * 40, b"z" * 150, b"a: b\r\n",
)  # fmt: skip
_VALUES: Final = (
    b"a", b'"a"', b'""', b'"a;b=c"', b'"%22"', b'"\\""', b'"\\\\x"', b'"C:\\dir\\f"', b'"\xc3\xa4"',
    b'"\xff"', b"utf-8''%e2%82%ac", b"latin-1''%e4", b"utf-8''%ff", b"utf-16''a", b"x''a",
    b"utf-8''%zz", b"a b", b'"a', b'"a"b', b"", b"=", b'"%0D%0A"', b"\xc3\xa4", b"utf-7''+AGE-",
)  # fmt: skip
_NAMES: Final = (
    b"name", b"name", b"filename", b"filename", b"filename*", b"name*", b"filename*0",
    b"filename*1*", b"filename*0*", b"NAME", b"charset", b"charset*", b"boundary*", b"x", b"",
)  # fmt: skip
_KINDS: Final = (
    b"text/plain", b"Text/HTML", b"application/octet-stream", b"image/jpeg", b"x", b"",
    b"multipart/form-data", b"message/rfc822",
)  # fmt: skip
_OTHERS: Final = (
    b"X-A: b\r\n", b"X-A:\r\n", b"x-a:  b \r\n", b"Content-ID: <1>\r\n", b"X-A: \xff\r\n",
    b"X-A: b\r\n c\r\n", b"Content-Transfer-Encoding: 8bit\r\n", b"x: " + b"v" * 150 + b"\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Encoding: gzip\r\n",
)  # fmt: skip


#: What may stand before a delimiter that is none for those who want CRLF there, and behind it.
_LONE: Final = (b"\r", b"\n", b"\n\r", b"\r\r", b"x\r", b"x\n")
_BEHIND: Final = (b"\r\n", b"--", b"--\r\n", b"", b"\r", b"\n", b" x", b"C\r\n")


def pick(rng: random.Random, items: Sequence[_T]) -> _T:
    """Give one of the items; faster than ``rng.choice``."""
    return items[int(rng.random() * len(items))]


def tree(rng: random.Random, boundary: bytes, level: int = 1) -> bytes:
    """Give a multipart with whatever is in it."""
    delimiter = b"--" + boundary
    found = [b"pre\r\n"] if rng.random() < 0.1 else []
    for _ in range(1 + int(rng.random() * 2.5)):
        padding = b" \t" if rng.random() < 0.04 else b""
        found += (delimiter, padding, b"\r\n", _part(rng, boundary, level), b"\r\n")
    if rng.random() < 0.87:
        found += (delimiter, b"--", pick(rng, (b"", b"", b"\r\n", b"\r\n\r\n", b"\r\nepilogue")))
    else:
        found.pop()
    data = b"".join(found)
    if level == 1 and rng.random() < 0.07:
        return data.replace(b"\r\n", b"\n")
    return data


def _part(rng: random.Random, boundary: bytes, level: int) -> bytes:
    headers = []
    if rng.random() < 0.7:
        headers.append(_disposition(rng))
    if level < _LEVELS and rng.random() < 0.33:
        inner = _inner(rng, boundary)
        kind = pick(rng, (b"mixed", b"mixed", b"related", b"form-data"))
        headers.append(b'Content-Type: multipart/%b; boundary="%b"\r\n' % (kind, inner))
        body = tree(rng, inner, level + 1)
    else:
        if rng.random() < 0.5:
            headers.append(b"Content-Type: " + pick(rng, _KINDS) + _parameters(rng, 0.2) + b"\r\n")
        body = pick(rng, _BODIES) + pick(rng, _BODIES)
        if rng.random() < 0.08:
            body += b"%b--%b%b" % (pick(rng, _LONE), boundary, pick(rng, _BEHIND))
            body += pick(rng, _BODIES)
    if rng.random() < 0.2:
        size = len(body) + (int(rng.random() * 5) - 2 if rng.random() < 0.2 else 0)
        headers.append(b"Content-Length: %d\r\n" % size)
    if rng.random() < 0.2:
        headers.append(pick(rng, _OTHERS))
    if rng.random() < 0.2:
        rng.shuffle(headers)
    if rng.random() < 0.03:
        headers.append(b"--" + boundary + b"\r\n")
    return b"".join(headers) + b"\r\n" + body


def _inner(rng: random.Random, boundary: bytes) -> bytes:
    """Give a boundary that looks like the one around it, more often than not."""
    made = pick(rng, (boundary + b"C", boundary[:-1], b"--" + boundary, b"-", b"I" * 40, boundary,
                      boundary + b"--", boundary + b" C", b"X-1", b":",
                      boundary[:1] + b" " * 66 + b"x"))  # fmt: skip
    return made[:70] or b"I"


def _disposition(rng: random.Random) -> bytes:
    if rng.random() < 0.5:
        name = b'Content-Disposition: form-data; name="n"'
        return name + (b"\r\n" if rng.random() < 0.6 else b'; filename="f.txt"\r\n')
    kind = b"form-data" if rng.random() < 0.8 else pick(rng, (b"attachment", b"", b"Form-Data"))
    return b"Content-Disposition: " + kind + _parameters(rng, 0.6) + b"\r\n"


def _parameters(rng: random.Random, often: float) -> bytes:
    found = b""
    while rng.random() < often:
        link = pick(rng, (b"; ", b"; ", b"; ", b";", b" ;\t", b" ", b";; "))
        found += link + pick(rng, _NAMES) + b"=" + pick(rng, _VALUES)
    return found


def limits(rng: random.Random) -> dict[str, Any]:
    """Give limits that such a stream gets to, rather than stumbles over."""
    counts = {"max_depth": 4, "max_parts": 8, "max_headers": 4}
    sizes = {"max_header_line": 120, "max_header_block": 250, "max_preamble": 12,
             "max_epilogue": 20, "max_part_size": 250, "max_total_size": 1200}  # fmt: skip
    chosen = rng.sample([*counts.items(), *sizes.items()], int(rng.random() * 4))
    return {name: 1 + int(rng.random() * most) for name, most in chosen}
