"""Encodings of parts, applied: read back by ours and by others, whatever the cut; sizes, lines."""

from __future__ import annotations

import array
import base64
import binascii
import ctypes
import email
import gzip
import quopri
import random
import zlib
from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType, SimpleNamespace
from typing import Any

import aiohttp
import brotli
import pytest
from aiohttp.streams import StreamReader

from support import chunking, effort
from support.serving import run

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from backports import zstd

Module = Callable[[str], ModuleType]

TEXT = b"Some text that goes on, and on, and on.\r\n" * 40
TRANSFERS = (None, "7bit", "8bit", "binary", "base64", "quoted-printable")
REAL = ("gzip", "x-gzip", "deflate", "br", "zstd")
PAIRS = tuple(", ".join(two) for two in product(REAL, REAL))
CODINGS = (None, "identity", *REAL, *PAIRS)
BOTH = (
    *product((None, "base64", "quoted-printable"), CODINGS),
    *product(("7bit", "8bit", "binary"), (None, "gzip")),
)
#: Names of no encoding at all.
IDLE = (None, "", " ", "identity", "7bit", "8bit", "binary", " 8Bit\t", "IDENTITY")
#: What is hard on quoted-printable: line ends, blanks before them, dots and escapes alone.
HARD = (b"\r\n", b"\r", b"\n", b" ", b"\t", b"x", b"=", b"\0", b"\xff", b"=\r\n", b"=41", b"y" * 70)

each_transfer = pytest.mark.parametrize("transfer", TRANSFERS)
each_of_both = pytest.mark.parametrize(("transfer", "coding"), BOTH)
each_line_encoding = pytest.mark.parametrize("transfer", ["base64", "quoted-printable"])


def encoded(encoder: Any, chunks: list[bytes]) -> bytes:
    """Encode chunks, each given in one of the three kinds of buffers."""
    kinds: list[Callable[[bytes], Any]] = [bytes, bytearray, memoryview]
    pieces = [encoder.feed(kinds[at % 3](chunk)) for at, chunk in enumerate(chunks)]
    pieces.append(encoder.end())
    assert {type(piece) for piece in pieces} == {bytes}
    return b"".join(pieces)


def at_once(ps_module: Module, transfer: str | None, coding: str | None, data: bytes) -> bytes:
    return encoded(ps_module("encoding").Encoder(transfer, coding), [data])


def cuts(data: bytes, rng: random.Random) -> list[list[bytes]]:
    sizes = (1, 2, 7)
    return [
        [data],
        chunking.random_cuts(data, rng),
        *(chunking.pieces(data, size) for size in sizes),
    ]


def hard(rng: random.Random, count: int) -> bytes:
    """Give data that is hard on quoted-printable, in lines of about all lengths."""
    return b"".join(rng.choice(HARD) * rng.randrange(1, 5) for _ in range(count))


def samples(rng: random.Random) -> Iterator[bytes]:
    yield from (b"", b"x", b"\n", b"\r\n", b" ", TEXT, bytes(range(256)) * 3)
    yield rng.randbytes(rng.randrange(2000))
    yield hard(rng, 150)


# Read back


@each_of_both
def test_our_reader_undoes_it(
    ps: ModuleType,
    ps_module: Module,
    rng: random.Random,
    transfer: str | None,
    coding: str | None,
) -> None:
    for data in (TEXT, hard(rng, 30)) if coding in PAIRS else samples(rng):
        for chunks in cuts(data, rng):
            result = encoded(ps_module("encoding").Encoder(transfer, coding), chunks)
            decoder = ps_module("decoding").Decoder(transfer, coding, ps.Limits.STREAM)
            assert decoder.all(result) == data


def inflated(data: bytes) -> bytes:
    """Undo deflate without a wrapper, all of it."""
    one = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    result = one.decompress(data)
    assert one.eof
    assert one.unused_data == b""
    return result


@pytest.mark.parametrize(
    ("coding", "undo"),
    [
        ("gzip", gzip.decompress),
        ("x-gzip", gzip.decompress),
        ("deflate", inflated),
        ("br", brotli.decompress),
        ("zstd", zstd.decompress),
        ("gzip, br", lambda data: gzip.decompress(brotli.decompress(data))),
        ("identity,deflate , gzip", lambda data: inflated(gzip.decompress(data))),
    ],
)
def test_each_coding_is_what_others_know_by_its_name(
    ps_module: Module, rng: random.Random, coding: str, undo: Callable[[bytes], bytes]
) -> None:
    for data in samples(rng):
        for chunks in cuts(data, rng):
            assert undo(encoded(ps_module("encoding").Encoder(None, coding), chunks)) == data
    assert len(at_once(ps_module, None, coding, TEXT)) < len(TEXT) / 8


@each_line_encoding
def test_email_undoes_the_transfer_encodings(
    ps_module: Module, rng: random.Random, transfer: str
) -> None:
    head = f"Content-Type: image/x\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n".encode()
    for data in samples(rng):
        for chunks in cuts(data, rng):
            result = encoded(ps_module("encoding").Encoder(transfer, None), chunks)
            assert email.message_from_bytes(head + result).get_payload(decode=True) == data


@pytest.mark.parametrize(
    ("transfer", "coding"),
    [
        (None, "gzip"),
        (None, "deflate"),
        ("base64", None),
        ("quoted-printable", None),
        ("base64", "gzip"),
        ("quoted-printable", "deflate"),
    ],
)
def test_the_reader_of_aiohttp_undoes_it(
    ps_module: Module, rng: random.Random, transfer: str | None, coding: str | None
) -> None:
    headers = {"Content-Transfer-Encoding": transfer, "Content-Encoding": coding}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)

    async def read(body: bytes) -> bytes:
        protocol: Any = SimpleNamespace(_reading_paused=False, resume_reading=lambda **_: None)
        stream = StreamReader(protocol, 2**30, loop=SimpleNamespace())  # type: ignore[arg-type]
        stream.feed_data(b"--B\r\n" + head.encode() + b"\r\n" + body + b"\r\n--B--\r\n")
        stream.feed_eof()
        reader = aiohttp.MultipartReader({"Content-Type": "multipart/mixed; boundary=B"}, stream)
        part = await reader.next()
        assert isinstance(part, aiohttp.BodyPartReader)
        return bytes(await part.read(decode=True))

    for data in (TEXT, rng.randbytes(100_000), hard(rng, 150)):
        assert run(read(at_once(ps_module, transfer, coding, data))) == data


def test_gzip_of_the_same_data_is_the_same(ps_module: Module) -> None:
    """No time and no name are in its header: RFC 1952 section 2.3."""
    result = at_once(ps_module, None, "gzip", TEXT)
    assert result[:8] == b"\x1f\x8b\x08" + bytes(5)
    assert result == at_once(ps_module, None, "x-gzip", TEXT)


def test_the_content_encoding_comes_first(ps_module: Module) -> None:
    result = at_once(ps_module, "base64", "gzip", TEXT)
    assert gzip.decompress(base64.b64decode(result)) == TEXT


# base64


def test_lines_of_base64_are_as_the_email_package_makes_them(
    ps_module: Module, rng: random.Random
) -> None:
    """But for the line end behind the last: that belongs to nobody here."""
    for size in (*range(301), *(rng.randrange(200_000) for _ in effort.rounds(3))):
        data = rng.randbytes(size)
        expected = base64.encodebytes(data).replace(b"\n", b"\r\n").removesuffix(b"\r\n")
        ways = cuts(data, rng) if size <= 300 else [[data], chunking.random_cuts(data, rng)]
        for chunks in ways:
            assert encoded(ps_module("encoding").Encoder("base64", None), chunks) == expected


def test_the_size_of_base64_is_arithmetic(ps_module: Module, rng: random.Random) -> None:
    for size in (*range(301), *(rng.randrange(500_000) for _ in effort.rounds(20))):
        encoder = ps_module("encoding").Encoder(" BASE64 ", "identity")
        told = encoder.size(size)
        assert told == len(encoded(encoder, [bytes(size)]))


@pytest.mark.parametrize("transfer", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("coding", [*REAL, "gzip, br", None])
def test_other_sizes_are_not_known(ps_module: Module, transfer: str, coding: str | None) -> None:
    encoder = ps_module("encoding").Encoder(transfer, coding)
    assert encoder.size(None) is None
    if coding or transfer == "quoted-printable":
        assert encoder.size(0) is None
        assert encoder.size(100) is None


# quoted-printable


def check_lines(text: bytes) -> None:
    """Check what RFC 2045 section 6.7 says of encoded text."""
    for line in text.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.endswith((b" ", b"\t"))
        assert all(byte == 9 or 32 <= byte < 127 for byte in line)
    assert not text.endswith((b"=", b"=\r\n"))


def test_any_bytes_come_back_from_quoted_printable(ps_module: Module, rng: random.Random) -> None:
    for _ in effort.rounds(40):
        data = hard(rng, rng.randrange(300)) if rng.random() < 0.7 else rng.randbytes(3000)
        for chunks in cuts(data, rng):
            text = encoded(ps_module("encoding").Encoder("quoted-printable", None), chunks)
            check_lines(text)
            assert binascii.a2b_qp(text) == quopri.decodestring(text) == data


def test_lines_of_quoted_printable_at_their_limit(ps_module: Module) -> None:
    """About the column where a line is full, each end of it that is special."""
    special = (b"", b"x", b" ", b"\t", b"=", b"\r", b"\n", b"\r\n", b".")
    for size, first, second, third in product(range(72, 78), special, special, special):
        data = b"a" * size + first + second + third
        text = at_once(ps_module, "quoted-printable", None, data)
        check_lines(text)
        assert binascii.a2b_qp(text) == data
        assert text.count(b"\r\n") <= 2 + sum(b"\n" in end for end in (first, second, third))


def test_quoted_printable_does_not_depend_on_the_cuts(
    ps_module: Module, rng: random.Random
) -> None:
    """But for dots that stand alone, which may be escaped."""
    for _ in effort.rounds(20):
        data = hard(rng, 400)
        texts = {
            encoded(ps_module("encoding").Encoder("quoted-printable", None), chunks)
            for chunks in cuts(data, rng)
        }
        assert len(texts) == 1


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"caf\xc3\xa9 = 1\r\nnext\r\n", b"caf=C3=A9 =3D 1\r\nnext\r\n"),
        (b"blank \r\ntab\t\r\nend ", b"blank=20\r\ntab=09\r\nend=20"),
        (b"one\ntwo\n", b"one=0A=\r\ntwo=0A"),
        (b"one\rtwo\r", b"one=0Dtwo=0D"),
        (b"\r\r\n\n\r", b"=0D\r\n=0A=\r\n=0D"),
        (b"\r\n\r\n", b"\r\n\r\n"),
        (b"a" * 77, b"a" * 75 + b"=\r\naa"),
        (b"a" * 76 + b"\r\n", b"a" * 76 + b"\r\n"),
    ],
)
def test_quoted_printable_can_be_read_by_people(
    ps_module: Module, data: bytes, text: bytes
) -> None:
    assert at_once(ps_module, "quoted-printable", None, data) == text


# The encoder


@pytest.mark.parametrize("name", IDLE)
def test_nothing_to_do_gives_the_same_object(ps_module: Module, name: str | None) -> None:
    for encoder in map(ps_module("encoding").Encoder, (name, name), (name, None)):
        assert encoder.idle is True
        assert encoder.compresses is False
        assert encoder.size(7) == 7
        assert encoder.size(None) is None
        assert encoder.feed(TEXT) is TEXT
        assert encoder.feed(bytearray(TEXT)) == TEXT
        assert encoder.feed(memoryview(TEXT)[:9]) == TEXT[:9]
        assert encoder.end() == b""


@each_of_both
def test_an_encoder_tells_whether_it_compresses(
    ps_module: Module, transfer: str | None, coding: str | None
) -> None:
    encoder = ps_module("encoding").Encoder(transfer, coding)
    assert encoder.compresses is (coding not in IDLE)
    assert encoder.idle is (coding in IDLE and transfer in IDLE)


@pytest.mark.parametrize(
    ("transfer", "coding"),
    [(None, None), *(("base64", one) for one in (None, *REAL)), ("quoted-printable", None)],
)
def test_any_buffer_counts_by_its_bytes(
    ps_module: Module, transfer: str | None, coding: str | None
) -> None:
    numbers = array.array("I", range(5000))
    expected = at_once(ps_module, transfer, coding, numbers.tobytes())
    square = memoryview(numbers).cast("B").cast("I", (50, 100))
    for data in (numbers, memoryview(numbers), square):
        encoder = ps_module("encoding").Encoder(transfer, coding)
        assert encoder.feed(data) + encoder.end() == expected
    nothing: Any = ((ctypes.c_int * 0) * 3)()
    encoder = ps_module("encoding").Encoder(transfer, coding)
    assert encoder.feed(nothing) + encoder.end() == at_once(ps_module, transfer, coding, b"")


@each_transfer
@pytest.mark.parametrize("coding", [None, *REAL])
def test_a_buffer_is_the_callers_again(
    ps_module: Module, transfer: str | None, coding: str | None
) -> None:
    """It may be changed, and resized, as soon as it was taken."""
    encoder = ps_module("encoding").Encoder(transfer, coding)
    data = bytearray(TEXT)
    pieces = [encoder.feed(data)]
    data[:] = b"?" * len(TEXT)
    data.clear()
    pieces.append(encoder.end())
    assert b"".join(pieces) == at_once(ps_module, transfer, coding, TEXT)


@pytest.mark.parametrize("transfer", [None, "base64"])
@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("text", "not str: encode text first"),
        (5, "not int"),
        (None, "not NoneType"),
        (memoryview(TEXT)[::2], r"not contiguous: give bytes\(view\)"),
    ],
)
def test_what_is_no_buffer_is_refused(
    ps_module: Module, transfer: str | None, data: Any, text: str
) -> None:
    encoder = ps_module("encoding").Encoder(transfer, None)
    with pytest.raises(TypeError, match=text):
        encoder.feed(data)
    assert encoder.feed(b"abc") + encoder.end() == (b"YWJj" if transfer else b"abc")


@each_transfer
@pytest.mark.parametrize("coding", [None, *REAL])
def test_an_encoder_is_for_one_body(
    ps_module: Module, transfer: str | None, coding: str | None
) -> None:
    encoder = ps_module("encoding").Encoder(transfer, coding)
    encoder.end()
    for call in (encoder.end, lambda: encoder.feed(b"more")):
        with pytest.raises(ValueError, match="make a new one for each body"):
            call()


@pytest.mark.parametrize(
    ("transfer", "coding", "text"),
    [
        ("rot13", None, "Content-Transfer-Encoding 'rot13': known are base64, quoted-printable, 7"),
        ("gzip", "gzip", "Content-Transfer-Encoding 'gzip'"),
        ("base64, base64", None, "Content-Transfer-Encoding 'base64, base64'"),
        (None, "snappy", "Content-Encoding 'snappy': known are gzip, x-gzip, deflate, br, zstd, i"),
        ("base64", "gzip, compress", "Content-Encoding 'compress'"),
        (None, "base64", "Content-Encoding 'base64'"),
        (None, "x" * 1000, "Content-Encoding 'x{40}'"),
    ],
)
def test_what_is_unknown_is_refused_and_what_is_known_is_named(
    ps_module: Module, transfer: str | None, coding: str | None, text: str
) -> None:
    module = ps_module("encoding")
    with pytest.raises(module.UnknownEncoding, match=f"unknown {text}") as caught:
        module.Encoder(transfer, coding)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, RuntimeError)


@pytest.mark.parametrize(("name", "package"), [("br", "brotli"), ("zstd", "backports")])
def test_a_package_that_is_not_there_is_named(
    ps_module: Module, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    for missing in (package, "compression"):
        monkeypatch.setitem(__import__("sys").modules, missing, None)
    module = ps_module("encoding")
    text = rf"Content-Encoding '{name}' needs a package: pip install 'partstream\[{name}\]'"
    with pytest.raises(module.UnknownEncoding, match=text):
        module.Encoder(None, f"gzip, {name.upper()}")


# Much of it


@each_line_encoding
@pytest.mark.parametrize(
    ("size", "piece"), [(8 << 20, 8 << 20), (8 << 20, 1 << 16), (8 << 20, 1000), (40_000, 1)]
)
def test_the_work_grows_with_the_size_alone(
    ps_module: Module, monkeypatch: pytest.MonkeyPatch, transfer: str, size: int, piece: int
) -> None:
    """Each byte is encoded once, or not much more, and not much is kept back."""
    work = largest = 0

    def counting(function: Callable[..., bytes]) -> Callable[..., bytes]:
        def counted(data: Any, *args: Any, **options: Any) -> bytes:
            nonlocal work, largest
            work += len(data)
            largest = max(largest, len(data))
            return function(data, *args, **options)

        return counted

    names = ("a2b_qp", "b2a_qp", "b2a_base64")
    counted = SimpleNamespace(**{name: counting(getattr(binascii, name)) for name in names})
    monkeypatch.setattr(ps_module("encoding"), "binascii", counted)
    data = (TEXT + bytes(range(256))) * (size // (len(TEXT) + 256))
    encoder = ps_module("encoding").Encoder(transfer, None)
    pieces = []
    for chunk in chunking.pieces(data, piece):
        pieces.append(encoder.feed(chunk))
        assert work <= 1.5 * len(pieces) * piece
    pieces.append(encoder.end())
    assert work <= 1.5 * len(data)
    assert largest <= 1 << 17
    assert len(pieces[-1]) <= 3 * 512
    undo = binascii.a2b_qp if transfer == "quoted-printable" else binascii.a2b_base64
    assert undo(b"".join(pieces)) == data


@pytest.mark.parametrize("transfer", [None, "base64"])
@pytest.mark.parametrize("coding", REAL)
def test_much_is_compressed_as_it_comes(
    ps: ModuleType, ps_module: Module, rng: random.Random, transfer: str | None, coding: str
) -> None:
    """What is random has no shorter form, so that what is kept back can be told."""
    chunks = [rng.randbytes(1 << 16) for _ in range(64)]
    encoder = ps_module("encoding").Encoder(transfer, coding)
    pieces = [encoder.feed(chunk) for chunk in chunks]
    pieces.append(encoder.end())
    assert len(pieces[-1]) < 1 << 20
    assert sum(map(len, pieces)) > 1 << 22
    decoder = ps_module("decoding").Decoder(transfer, coding, ps.Limits.STREAM)
    assert decoder.all(b"".join(pieces)) == b"".join(chunks)
