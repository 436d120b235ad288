"""The named inputs, each with the one correct answer.

A case is built from a fixed seed when first asked for, cut into chunks outside every timed
region, and carries the parts that went into it: a contender is compared with what was written,
not with what another parser happened to read.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from .body import BOUNDARY, Field, File, Part, encode

KIB = 1024
MIB = 1024 * KIB
CHUNK = 64 * KIB


#: What every contender has to report of a part: its name, filename and content type (None where
#: it has none), and a field's value or a file's size. A plain tuple: cheap, and equal for all.
Record = tuple[str, "str | None", "str | None", "bytes | int"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the large cases are, in bytes."""

    name: str
    large: int
    worst: int
    mixed: int


FULL = Sizes("full", large=32 * MIB, worst=8 * MIB, mixed=MIB)
QUICK = Sizes("quick", large=4 * MIB, worst=MIB, mixed=256 * KIB)
SMOKE = Sizes("smoke", large=256 * KIB, worst=256 * KIB, mixed=16 * KIB)
SIZES = {sizes.name: sizes for sizes in (FULL, QUICK, SMOKE)}


@dataclass(frozen=True, slots=True)
class Workload:
    """One case at one size: the chunks to feed, and the records they hold."""

    chunks: list[bytes]
    records: list[Record]
    nbytes: int
    boundary: str
    subtype: str

    @property
    def content_type(self) -> str:
        """The header under which this body would have come."""
        return f"multipart/{self.subtype}; boundary={self.boundary}"


@dataclass(frozen=True, slots=True)
class Case:
    """A named input; `parts` and `preamble` are called with the sizes of the run.

    `throughput` says that bytes a second mean something: the time goes to data, not to heads.
    """

    name: str
    about: str
    parts: Callable[[Sizes], list[Part]]
    preamble: Callable[[Sizes], bytes] | None = None
    chunk_size: int = CHUNK
    throughput: bool = False
    boundary: str = BOUNDARY
    subtype: str = "form-data"


def _fields(count: int) -> list[Part]:
    rng = random.Random(count)
    words = ("alpha", "on", "", "1234567", "jane.doe@example.org", "Zürich", "two words")
    return [
        Field(f"field_{number:04d}", rng.choice(words).encode() + b"%d" % rng.randrange(1000))
        for number in range(count)
    ]


def _mixed(sizes: Sizes) -> list[Part]:
    rng = random.Random(7)
    kinds = ("image/png", "application/pdf", "text/plain", "application/octet-stream")
    smallest = min(KIB, sizes.mixed)
    parts: list[Part] = []
    for number, field in enumerate(_fields(20)):
        size = int(smallest * (sizes.mixed / smallest) ** (number / 19))
        kind = kinds[number % len(kinds)]
        parts += [
            field,
            File(f"file_{number:02d}", f"photo {number}.bin", kind, rng.randbytes(size)),
        ]
    return parts


def _one_file(data: bytes, content_type: str = "application/octet-stream") -> list[Part]:
    return [File("upload", "upload.bin", content_type, data)]


def _random(sizes: Sizes) -> list[Part]:
    return _one_file(random.Random(32).randbytes(sizes.large))


def _clean(sizes: Sizes) -> list[Part]:
    return _one_file(random.Random(8).randbytes(sizes.worst))


def _prose(size: int) -> bytes:
    """CRLF lines of 0 to 100 characters; 1 MiB of them, repeated, to be quick to build."""
    rng = random.Random(80)
    letters = "etaoin shrdlu cmfwyp vbgkqj xz, ."
    lines: list[str] = []
    length = 0
    while length < min(size, MIB):
        lines.append("".join(rng.choices(letters, k=rng.randrange(101))))
        length += len(lines[-1]) + 2
    block = ("\r\n".join(lines) + "\r\n").encode()
    return (block * (size // len(block) + 1))[:size]


def _text(sizes: Sizes) -> list[Part]:
    return _one_file(_prose(sizes.large), "text/plain")


def _repeat(pattern: bytes) -> Callable[[Sizes], list[Part]]:
    return lambda sizes: _one_file(pattern * (sizes.worst // len(pattern)))


def _fixed(count: int) -> Callable[[Sizes], list[Part]]:
    return lambda _sizes: _fields(count)


def _small_form(_sizes: Sizes) -> list[Part]:
    return [*_fields(5), *_one_file(_prose(512), "text/plain")]


_DELIMITER = f"\r\n--{BOUNDARY}".encode()

ALL = (
    Case("fields-2", "2 short text fields, as a browser sends them", _fixed(2)),
    Case("fields-100", "100 short text fields", _fixed(100)),
    Case("fields-1000", "1000 short text fields", _fixed(1000)),
    Case("mixed", "20 fields and 20 files of 1 KiB to 1 MiB (in a full run)", _mixed,
         throughput=True),
    Case("random", "one file of random bytes", _random, throughput=True),
    Case("text", "one file of CRLF lines of ordinary length", _text, throughput=True),
    Case("clean", "one file of random bytes, of the size of those that follow", _clean,
         throughput=True),
    Case("all-crlf", "one file of nothing but CRLF", _repeat(b"\r\n"), throughput=True),
    Case("all-cr", "one file of nothing but CR", _repeat(b"\r"), throughput=True),
    Case("all-lf", "one file of nothing but LF", _repeat(b"\n"), throughput=True),
    Case("delimiter-less-one", "the delimiter without its last byte, repeated",
         _repeat(_DELIMITER[:-1]), throughput=True),
    Case("delimiter-plus-one", "the delimiter and one more byte, repeated",
         _repeat(_DELIMITER + b"x"), throughput=True),
    Case("dashes", "one file of nothing but dashes", _repeat(b"-"), throughput=True),
    Case("preamble", "a long preamble of many lines, then a small form",
         _small_form, preamble=lambda sizes: _prose(sizes.worst), throughput=True),
    Case("one-byte", "a small form in chunks of one byte", _small_form, chunk_size=1),
)  # fmt: skip
BY_NAME = {case.name: case for case in ALL}


def _record(part: Part) -> Record:
    if isinstance(part, File):
        return (part.name, part.filename, part.content_type, len(part.data))
    return (part.name, None, None, part.data)


@lru_cache(maxsize=3)
def load(name: str, sizes: Sizes) -> Workload:
    """Build a case, or give the one built before. Few are kept: the large ones are large."""
    case = BY_NAME[name]
    parts = case.parts(sizes)
    preamble = case.preamble(sizes) if case.preamble else b""
    body = encode(parts, case.boundary, preamble)
    chunks = [body[at : at + case.chunk_size] for at in range(0, len(body), case.chunk_size)]
    records = [_record(part) for part in parts]
    return Workload(chunks, records, len(body), case.boundary, case.subtype)
