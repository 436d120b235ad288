"""What is written: names, filenames and contents that readers differ on, and random ones."""

from __future__ import annotations

import random
from collections.abc import Iterator

from . import Item
from .readings import BOUNDARY
from .written import Node, Part

#: Names and filenames.
TEXTS = (
    "a", "name with blanks", 'a"b', '"', '""', "100%", "a%22b", "%0D%0A", "%0d%0a", "%2522", "%",
    "a\\b", "a\\", "\\", "\\\\", "a\\\\", "a\\\\b", "a\\\\\\b", "\\a", 'a\\"b', '\\"', "a\\;b",
    "a\\/b", "a\\(b", "a\\\u00e9", "a\r\nb", "\r", "\n", "a\r\nX-Header: y\r\n\r\nz",
    "\U0001f600", "\U0001f469\u200d\U0001f4bb.png", "\u65e5\u672c\u8a9e.txt", "\u00fc.txt",
    "e\u0301", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "\u202ea.exe", "\u00a0a\u00a0",
    "a\u2028b", "a\u0085b", "\ufeffa", "a;b", "a;b;c", ";", ";;", "a=b", "a'b",
    "filename*=UTF-8''x", '"; filename="x', "x; filename=y", "a; name=b", "=?utf-8?q?a?=",
    "  a", "a  ", "\ta", "a\t", "a\tb", " ", "../x", "../../etc/passwd", "/a/b", "a/", "/", "//",
    "C:\\dir\\x.txt", "C:\\dir\\", "\\\\host\\x", "C:/dir/x", ".", "..", "...", "", "a,b", "(a)",
    "<a>", "a:b", "&amp;", "a&lt.txt", "&#x41;", "_charset_", "*", "~", "`", "--", "CON",
)  # fmt: skip

#: Lengths of names and filenames, at the limits that readers have.
LONG = (
    ("n", "f" * 4096),
    ("n" * 4096, None),
    ("\u00fc" * 2048, None),
    ("n", "\u65e5" * 1365 + ".txt"),
    ("n", "\u65e5" * 310 + ".txt"),
    ("n", "\u65e5" * 340 + ".txt"),
    ("n", "f" * 300 + ".tar.gz"),
    ("n", "f." + "x" * 300),
    ("n" * 4096, "f" * 600),
    ("n" * 4096, "f" * 4096),
)

#: Contents that are text.
TEXT_DATA = (
    b"", b"a", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"a\r\n", b"\r\na", b"a\r", b"\r\r\n\n",
    b"\r\n" * 5000, b"--", b"\r\n--", b"\r\n-", b"-" * 70_000, b"\r\n--" * 20_000,
    b"\r\n--" + BOUNDARY[:-1], b"\r\n--" + BOUNDARY[:-1] + b"\r\n", b"--" + BOUNDARY[:9] + b"--",
    b"a\r\n--" + BOUNDARY[:-1] + b"\x00", b"\n--" + BOUNDARY[:-1] + b"\n",
    b"\0" * 100, b"\xef\xbb\xbfa", "\u65e5\u672c\u8a9e \U0001f600".encode(),
    b"Content-Type: text/html\r\n\r\n<html>", b"=3D=\r\n", b"GIF89a" * 50_000,
)  # fmt: skip

#: Contents that are none.
BINARY_DATA = (bytes(range(256)), b"\xff", b"a\xe2\x82", b"\xff\xfe\0a", b"\xf0\x9f\x98" * 9)

#: Contents that hold the boundary without its dashes, which the writer lets pass.
BOUNDARY_DATA = (b"a" + BOUNDARY,)

_LAST = Item("last", None, "text/plain", b"whole")
_LEAF = Item(None, None, "text/plain", b"whole")


def forms() -> Iterator[list[Item]]:
    """Give forms, each about one thing."""
    for text in TEXTS:
        yield [Item(text, "f.txt", "text/plain", b"1"), _LAST]
        yield [Item(text, None, "text/plain", b"1"), _LAST]
        yield [Item("n", text, "image/png", b"1"), _LAST]
    for name, filename in LONG:
        yield [Item(name, filename, "text/plain", b"1"), _LAST]
    for content in TEXT_DATA + BINARY_DATA + BOUNDARY_DATA:
        for kind in ("text/plain", "application/octet-stream", None):
            yield [Item("n", None, kind, content), _LAST]
            yield [Item("n", "f", kind, content), _LAST]
    yield [Item("n", "..", "image/png", bytes(300_000)), _LAST]
    yield [Item("n", None, None, b"1"), Item("f", "g", "a/b", b"2"), Item("n", None, None, b"3")]
    yield [Item("n", str(number), "a/b", b"%d" % number) for number in range(100)]


def trees() -> Iterator[list[Node]]:
    """Give other multiparts: attachments, each about one thing, and multiparts within."""
    for text in TEXTS:
        if not set("\r\n") & set(text):
            yield [Part(Item(None, text, "image/png", b"1")), Part(_LEAF)]
    for _, filename in LONG:
        if filename is not None:
            yield [Part(Item(None, filename, "image/png", b"1")), Part(_LEAF)]
    for content in TEXT_DATA + BINARY_DATA + BOUNDARY_DATA:
        yield [Part(Item(None, None, "text/plain", content)), Part(_LEAF)]
        yield [Part(Item(None, "f", None, content)), Part(_LEAF)]
    one, two, three = (Part(Item(None, number, "a/b", number.encode())) for number in "123")
    yield [[one]]
    yield [[[one]]]
    yield [[[one], two], three]
    yield [one, [two, [three]]]
    yield [[one], [two], [[three], [one]], two]


def encoded(encodings: tuple[str, ...], rng: random.Random) -> Iterator[list[Node]]:
    """Give multiparts whose parts are encoded in each of these ways."""
    contents = [*TEXT_DATA, *BINARY_DATA, data(rng)]
    for encoding in encodings:
        transfers = encoding in ("base64", "quoted-printable")
        header = "Content-Transfer-Encoding" if transfers else "Content-Encoding"
        for content in contents:
            yield [Part(Item(None, None, "a/b", content), ((header, encoding),)), Part(_LEAF)]
    if "gzip" in encodings:
        both = (("Content-Transfer-Encoding", "base64"), ("Content-Encoding", "gzip"))
        yield [Part(Item(None, "f", "a/b", content), both) for content in contents]


# Random ones.

_PIECES = (
    *'"%\\;=\'*/:,()<>&.~ \t\r\n', *"abz019", "%22", "%0D", "%0A", "\\\\", '\\"', "..", "\u00e9",
    "e\u0301", "\u65e5", "\U0001f600", "\u200d", "filename=", "; name=", "&amp;", "C:\\", "--",
)  # fmt: skip


#: What docs/readback.md says that all read alike.
_PLAIN = "abcXYZ089-_.,()!#+=@~"
_LETTERS = "\u00fc\u00df\u0416\u03a9\u05d0\u0639\u65e5\u672c\ud55c\u0e01\U00020000"


def plain(rng: random.Random, ascii_only: bool) -> Item:
    """Give a file whose names are read alike by all."""
    letters = _PLAIN if ascii_only else _PLAIN + _LETTERS
    name, filename = ("".join(rng.choices(letters, k=rng.randrange(1, 99))) for _ in range(2))
    return Item(f"n{name} {name}n", f"f{filename} {filename}f", "image/png", data(rng))


def form(rng: random.Random) -> list[Item]:
    """Give a form; now and then of one part that is large."""
    if rng.random() < 0.05:
        return [_item(rng, rng.randbytes(300_000))]
    return [_item(rng, data(rng)) for _ in range(rng.randrange(1, 6))]


def tree(rng: random.Random, depth: int = 3) -> list[Node]:
    """Give a multipart with others in it, down to a depth."""
    return [
        tree(rng, depth - 1) if depth and rng.random() < 0.4 else _attachment(rng)
        for _ in range(rng.randrange(1, 4))
    ]


def data(rng: random.Random) -> bytes:
    """Give a content that is not large."""
    kind = rng.random()
    if kind < 0.3:
        return rng.choice([short for short in TEXT_DATA + BINARY_DATA if len(short) < 1000])
    if kind < 0.6:
        return b"".join(rng.choices((b"\r", b"\n", b"\r\n", b"-", BOUNDARY[:7], b"x"), k=200))
    return rng.randbytes(rng.randrange(3000))


def _text(rng: random.Random) -> str:
    return "".join(rng.choices(_PIECES, k=rng.randrange(1, 12)))


def _item(rng: random.Random, content: bytes) -> Item:
    name, filename = _text(rng), rng.choice((None, _text(rng)))
    if name.endswith("\\") and filename is not None:
        # Who reads on there may find parameters in the filename: too odd to be foretold.
        filename = filename.replace(";", "")
    kind = rng.choice(("text/plain", "image/png", "application/octet-stream", None))
    return Item(name, filename, kind, content)


def _attachment(rng: random.Random) -> Part:
    filename = _text(rng).replace("\r", "").replace("\n", "")
    if ";" in filename:
        # aiohttp may find parameters behind a quote: too odd to be foretold.
        filename = filename.replace('"', "")
    kind = rng.choice(("text/plain", "image/png", None))
    return Part(Item(None, rng.choice((None, filename)), kind, data(rng)))
