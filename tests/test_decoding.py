"""Encodings of parts, undone: whole, cut anywhere, capped, and refused where they are wrong."""

from __future__ import annotations

import base64
import binascii
import gzip
import quopri
import random
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import brotli
import pytest

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from backports import zstd

Module = Callable[[str], ModuleType]

TEXT = b"Some text that goes on, and on, and on.\r\n" * 40


def _raw_deflate(data: bytes) -> bytes:
    one = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return one.compress(data) + one.flush()


#: Content-Encoding, and how it is made.
CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "members": ("gzip", lambda data: gzip.compress(data[:99]) + gzip.compress(data[99:])),
    "padded": ("gzip", lambda data: gzip.compress(data) + bytes(9)),
    "zlib": ("deflate", zlib.compress),
    "raw": ("deflate", _raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
    "frames": ("zstd", lambda data: zstd.compress(data[:99]) + zstd.compress(data[99:])),
    "twice": ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
    "identity": ("identity", bytes),
}
TRANSFERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "base64": ("base64", base64.b64encode),
    "lines": ("Base64", lambda data: base64.encodebytes(data).replace(b"\n", b" \r\n")),
    "quoted": ("quoted-printable", lambda data: quopri.encodestring(data, quotetabs=True)),
    "soft": ("quoted-printable", lambda data: data.replace(b" ", b"=20=\r\n")),
    "8bit": ("8bit", bytes),
    "binary": ("binary", bytes),
    "7bit": ("7bit", bytes),
}


def _decode(decoder: Any, chunks: list[bytes]) -> bytes:
    pieces = [piece for chunk in chunks for piece in decoder.feed(chunk)]
    return b"".join(pieces + list(decoder.end()))


def _cuts(data: bytes, rng: random.Random) -> list[list[bytes]]:
    at = rng.randrange(len(data) + 1)
    return [
        [data],
        [data[at : at + 1] for at in range(len(data))],
        [data[:at], data[at:]],
        [data[at : at + 7] for at in range(0, len(data), 7)],
    ]


@pytest.mark.parametrize("kind", CODINGS)
def test_content_encodings(
    ps: ModuleType, ps_module: Module, rng: random.Random, kind: str
) -> None:
    name, encode = CODINGS[kind]
    for data in (TEXT, b"x", rng.randbytes(700)):
        encoded = encode(data)
        for chunks in _cuts(encoded, rng):
            decoder = ps_module("decoding").Decoder(None, name, ps.Limits.STREAM)
            assert _decode(decoder, chunks) == data


@pytest.mark.parametrize("kind", TRANSFERS)
def test_transfer_encodings(
    ps: ModuleType, ps_module: Module, rng: random.Random, kind: str
) -> None:
    name, encode = TRANSFERS[kind]
    encoded = encode(TEXT)
    whole = binascii.a2b_qp(encoded) if name == "quoted-printable" else TEXT
    for chunks in _cuts(encoded, rng):
        decoder = ps_module("decoding").Decoder(name, None, ps.Limits.STREAM)
        assert _decode(decoder, chunks) == whole


def test_both_at_once(ps: ModuleType, ps_module: Module, rng: random.Random) -> None:
    encoded = base64.encodebytes(gzip.compress(TEXT))
    for chunks in _cuts(encoded, rng):
        decoder = ps_module("decoding").Decoder("base64", "gzip", ps.Limits.STREAM)
        assert _decode(decoder, chunks) == TEXT


@pytest.mark.parametrize("kind", [kind for kind in CODINGS if kind != "identity"])
def test_nothing_is_nothing_in_any_coding(ps: ModuleType, ps_module: Module, kind: str) -> None:
    decoder = ps_module("decoding").Decoder(None, CODINGS[kind][0], ps.Limits.STREAM)
    assert decoder.all(b"") == b""


@pytest.mark.parametrize("kind", [kind for kind in CODINGS if kind != "identity"])
def test_what_is_cut_short_is_an_error(ps: ModuleType, ps_module: Module, kind: str) -> None:
    name, encode = CODINGS[kind]
    encoded = encode(TEXT).rstrip(b"\0")
    for end in (1, len(encoded) // 2, len(encoded) - 1):
        decoder = ps_module("decoding").Decoder(None, name, ps.Limits.STREAM)
        with pytest.raises(ps.ParseError) as caught:
            decoder.all(encoded[:end])
        assert caught.value.code == "invalid_encoding"


@pytest.mark.parametrize("kind", [kind for kind in CODINGS if kind != "identity"])
def test_what_is_not_so_encoded_is_an_error(ps: ModuleType, ps_module: Module, kind: str) -> None:
    for data in (b"no such thing" * 9, bytes(50), b"\xff" * 50):
        decoder = ps_module("decoding").Decoder(None, CODINGS[kind][0], ps.Limits.STREAM)
        with pytest.raises(ps.ParseError) as caught:
            decoder.all(data)
        assert caught.value.code == "invalid_encoding"


@pytest.mark.parametrize("kind", [kind for kind in CODINGS if kind not in ("identity", "br")])
def test_nothing_may_stand_behind(ps: ModuleType, ps_module: Module, kind: str) -> None:
    name, encode = CODINGS[kind]
    decoder = ps_module("decoding").Decoder(None, name, ps.Limits.STREAM)
    with pytest.raises(ps.ParseError):
        decoder.all(encode(TEXT) + bytes(3) + b"x")


@pytest.mark.parametrize(
    "data", [b"QUJ", b"QUI=QUI=", b"QU=I", b"=QUI", b"Q===", b"QUI=Q", b"====", b"QUJDR"]
)
def test_base64_with_padding_amiss(
    ps: ModuleType, ps_module: Module, rng: random.Random, data: bytes
) -> None:
    for chunks in _cuts(data, rng):
        decoder = ps_module("decoding").Decoder("base64", None, ps.Limits.STREAM)
        with pytest.raises(ps.ParseError, match="base64") as caught:
            _decode(decoder, chunks)
        assert caught.value.code == "invalid_encoding"


@pytest.mark.parametrize("data", [b"a=", b"a=4", b"a=\r", b"a=zz", b"=", b"a \t", b"a=20 "])
def test_quoted_printable_at_its_end(
    ps: ModuleType, ps_module: Module, rng: random.Random, data: bytes
) -> None:
    for chunks in _cuts(data, rng):
        decoder = ps_module("decoding").Decoder("quoted-printable", None, ps.Limits.STREAM)
        assert _decode(decoder, chunks) == binascii.a2b_qp(data)


@pytest.mark.parametrize(
    ("transfer", "coding", "text"),
    [
        ("rot13", None, "unknown content transfer encoding 'rot13'"),
        (None, "snappy", "unknown content encoding 'snappy'"),
        (None, "gzip, compress", "unknown content encoding 'compress'"),
        (None, "gzip," * 4 + "gzip", "5 codings in a row"),
    ],
)
def test_what_is_unknown_is_refused_and_what_is_known_is_named(
    ps: ModuleType, ps_module: Module, transfer: str | None, coding: str | None, text: str
) -> None:
    with pytest.raises(ps.ParseError, match=text) as caught:
        ps_module("decoding").Decoder(transfer, coding, ps.Limits.STREAM)
    assert caught.value.code == "unsupported_encoding"
    assert "gzip, deflate, br, zstd" in str(caught.value)


@pytest.mark.parametrize(("name", "package"), [("br", "brotli"), ("zstd", "backports")])
def test_a_package_that_is_not_there_is_named(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    for missing in (package, "compression"):
        monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(ps.ParseError, match=rf"pip install 'partstream\[{name}\]'") as caught:
        ps_module("decoding").Decoder(None, name, ps.Limits.STREAM)
    assert caught.value.code == "unsupported_encoding"


@pytest.mark.parametrize("kind", ["gzip", "zlib", "raw", "br", "zstd", "twice"])
def test_a_bomb_stops_after_one_piece_too_many(
    ps: ModuleType, ps_module: Module, kind: str
) -> None:
    name, encode = CODINGS[kind]
    bomb = encode(bytes(50_000_000))
    decoder = ps_module("decoding").Decoder(None, name, ps.Limits(max_decoded_size=1_000_000))
    sizes: list[int] = []
    with pytest.raises(ps.LimitExceeded) as caught:
        sizes.extend(len(piece) for piece in decoder.feed(bomb))
    assert caught.value.code == "max_decoded_size"
    assert sum(sizes) <= 1_000_000
    assert max(sizes, default=0) <= 1 << 19


def test_a_stage_before_the_last_is_capped_too(ps: ModuleType, ps_module: Module) -> None:
    """What comes out is small; what is between the stages is not."""
    bomb = gzip.compress(gzip.compress(b"") * 100_000)
    decoder = ps_module("decoding").Decoder(None, "gzip, gzip", ps.Limits(max_decoded_size=100_000))
    with pytest.raises(ps.LimitExceeded):
        decoder.all(bomb)


def test_many_members_of_gzip_are_decoded_in_linear_steps(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each member used to copy all that followed it; here the windows that zlib sees are added."""
    seen = 0

    class Counting:
        def __init__(self, wbits: int) -> None:
            self.undo = zlib.decompressobj(wbits=wbits)

        def decompress(self, data: Any, room: int) -> bytes:
            nonlocal seen
            seen += len(data)
            return self.undo.decompress(data, room)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.undo, name)

    class Zlib:
        MAX_WBITS = zlib.MAX_WBITS
        error = zlib.error
        decompressobj = Counting

    monkeypatch.setattr(ps_module("_compression"), "zlib", Zlib)
    data = gzip.compress(b"") * 1000
    assert ps_module("decoding").Decoder(None, "gzip", ps.Limits.STREAM).all(data) == b""
    assert seen <= 1000 * 512
