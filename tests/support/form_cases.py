"""What every integration of forms has to stand, as data; see ``test_contrib_servers.py``."""

from __future__ import annotations

import random
from typing import NamedTuple

from . import effort, generate
from .asgi_forms import BOUNDARY, CONTENT_TYPE, part, whole
from .form_apps import BODY, FIELD_SIZE, PARTS
from .fuzz_inputs import mutated

MIB = 1 << 20

#: Forms as clients send them: names, and texts, or filenames and contents.
FORMS: dict[str, list[tuple[str, str | tuple[str, bytes]]]] = {
    "text": [("a", "1"), ("a", "2"), ("é", "ü&=\r\n"), ("empty", "")],
    "several files": [
        ("f", ("one.txt", b"x" * 9000)),
        ("f", ("two.bin", bytes(range(256)) * (2 * MIB // 256))),
        ("t", "z"),
        ("g", ("three", b"\r\n--")),
    ],
    "empty file": [("f", ("empty.txt", b"")), ("t", "z")],
    "100 fields": [(f"field{n}", f"value {n}") for n in range(100)],
}
URLENCODED = [("a", "1"), ("a", "2"), ("b", "ü&= +%"), ("empty", "")]


class Body(NamedTuple):
    """A body that is refused by most."""

    body: bytes
    status: int = 400
    content_type: str = CONTENT_TYPE


#: Large enough for every framework to have it on disk, when the fault comes.
_FILE = part("f", bytes(2 * MIB), "large")
#: So small that all is sent when it is refused by its first bytes, or by its Content-Type.
SMALL = whole(part("a", b"1"))


def _coded(data: bytes) -> bytes:
    coded = b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return part("g", data, "coded").replace(b"\r\n\r\n", coded, 1)


def _head(lines: bytes) -> bytes:
    head = b'\r\nContent-Disposition: form-data; name="x"\r\n'
    return b"--" + BOUNDARY.encode() + head + lines + b"\r\n\r\nx\r\n"


REFUSED: dict[str, Body] = {
    # Malformed
    "nothing": Body(b""),
    "no delimiter": Body(b"hello"),
    "cut in a file": Body(_FILE),
    "cut in a field": Body(_FILE + part("a", b"1")[:-2]),
    "cut in a header": Body(_FILE + part("a", b"1")[:-20]),
    "cut behind a part": Body(_FILE + part("a", b"1") + f"--{BOUNDARY}\r\n".encode()),
    "no colon in a header": Body(whole(_FILE, _head(b"no colon"))),
    "a NUL in a header": Body(whole(_FILE, _head(b"X-A: \0"))),
    "no name": Body(whole(_FILE, part("x", b"").replace(b'; name="x"', b""))),
    "no Content-Disposition": Body(whole(_FILE, f"--{BOUNDARY}\r\nX-A: b\r\n\r\nx\r\n".encode())),
    "no base64": Body(whole(_FILE, _coded(b"abcde"))),
    "not UTF-8": Body(whole(_FILE, part("a", b"\xff"))),
    "no boundary": Body(SMALL, content_type="multipart/form-data"),
    "an empty boundary": Body(SMALL, content_type='multipart/form-data; boundary=""'),
    "a long boundary": Body(SMALL, content_type=f"multipart/form-data; boundary={'x' * 150}"),
    "of no form": Body(b"{}", 200, "application/json"),
    # Over a limit of a framework
    "many fields": Body(whole(_FILE, *[part("a", b"")] * (PARTS + 1)), 413),
    "many files": Body(whole(_FILE, *[part("g", b"", "g")] * PARTS), 413),
    "a large field": Body(whole(_FILE, part("a", bytes(FIELD_SIZE + 1))), 413),
    # Over one that most frameworks do not have
    "a long header": Body(whole(_FILE, _head(b"X-A: " + b"x" * 9000)), 413),
    "many headers": Body(whole(_FILE, _head(b"\r\n".join([b"X-A: b"] * 200))), 413),
    "a long preamble": Body(b"x" * 66_000 + b"\r\n" + SMALL, 413),
    "a long epilogue": Body(whole(_FILE) + b"x" * 66_000, 413),
}  # fmt: skip

ASGI, WSGI = ("uvicorn", "hypercorn"), ("gunicorn", "waitress")


class Integration(NamedTuple):
    """What is peculiar to an integration.

    Attributes:
        servers: that it is tested in; the pure twin only in the first.
        statuses: that differ from those of :data:`REFUSED`.
        unchosen: whether a file input without a file is a file in the form.
        body: how it knows that a body is too large: it is ``announced`` by its Content-Length, it
            is ``counted``; None where the framework has no limit.
        chunked: whether it reads a body of unknown length, where the server hands that on; its form
            is empty else.
    """

    servers: tuple[str, ...]
    statuses: dict[str, int]
    unchosen: bool = True
    body: str | None = None
    chunked: bool = True


_STARLETTE = {"many fields": 400, "many files": 400, "a large field": 400, "not UTF-8": 200}
_LITESTAR = {
    name: 400 for name, body in REFUSED.items() if body.status == 413
} | {"a large field": 200}  # fmt: skip
_WERKZEUG = {"not UTF-8": 200}
_DJANGO = {"nothing": 200, "no name": 200, "no Content-Disposition": 200, "not UTF-8": 200} | {
    name: 400 for name, body in REFUSED.items() if body.status == 413
}
_PLAIN = {"of no form": 415}

INTEGRATIONS: dict[str, Integration] = {
    "starlette": Integration(ASGI, _STARLETTE),
    "fastapi": Integration(ASGI, _STARLETTE),
    "litestar": Integration(ASGI, _LITESTAR, unchosen=False, body="announced"),
    "quart": Integration(ASGI[::-1], _WERKZEUG, body="announced"),
    "django-asgi": Integration(ASGI[::-1], _DJANGO, unchosen=False, chunked=False),
    "django-parser-asgi": Integration(ASGI, _DJANGO, unchosen=False, chunked=False),
    "plain-asgi": Integration(ASGI, _PLAIN, body="counted"),
    "aiohttp": Integration(("aiohttp",), {"a large field": 200}, unchosen=False, body="counted"),
    "flask": Integration(WSGI, _WERKZEUG, body="announced"),
    "werkzeug": Integration(WSGI[::-1], _WERKZEUG, body="announced"),
    "django-wsgi": Integration(WSGI, _DJANGO, unchosen=False, chunked=False),
    "django-parser-wsgi": Integration(WSGI[::-1], _DJANGO, unchosen=False, chunked=False),
    "plain-wsgi": Integration(WSGI[::-1], _PLAIN, body="counted"),
}

#: A body over the limit by so many bytes only: a server that counts has taken all the others.
OVER = whole(part("f", bytes(BODY), "large"))
UNCHOSEN = whole(
    part("f", b"", "").replace(b"text/x-odd", b"application/octet-stream"), part("t", b"z")
)
#: What is sent before a client leaves, of a form that is said to be three times as large.
HALF = part("f", bytes(3 * MIB), "large")[:-2]


_TOKENS = (
    *(token.replace(b"B", BOUNDARY.encode()) for token in generate.TOKENS),
    b'"', b"\\", b"; ", b"=", b"*=utf-8''%ff", b"*0=", b"\0", b"\xff", b"\xc3", b"\r\n ",
    b"x" * 2000,
    b"\r\nContent-Type: text/plain; charset=", b"utf-7", b"utf-16", b"idna", b"rot13", b"unknown",
    b"\r\nContent-Transfer-Encoding: ", b"base64", b"quoted-printable", b"\r\nContent-Length: -1",
    b"_charset_", b"multipart/mixed; boundary=C", b"--C", b"; filename=", b"; name=", b"..", b"/",
)  # fmt: skip


def mutations(seed: int) -> list[bytes]:
    """Give forms with a few changes each, the same for the same seed."""
    rng = random.Random(seed)
    forms = [
        whole(part("a", "1\u00e9".encode()), part("f", b"x" * 500, "x.txt"), part("b", b"2")),
        whole(part("_charset_", b"latin-1"), part("a", b"\xe9"), part("f", b"", "")),
        whole(_coded(b"aGVsbG8="), part("f", b"y", "a/b.txt"), part("", b"1")),
    ]
    return [mutated(rng, rng.choice(forms), _TOKENS, rng.choice(forms)) for _ in effort.rounds(30)]


#: Of forms, more or less.
ODD_TYPES = [
    f"multipart/form-data; boundary={BOUNDARY}; charset={charset}"
    for charset in ("latin-1", "utf-7", "utf-16", "idna", "rot13", "base64", "unknown", "")
] + [
    f"multipart/form-data; boundary*=utf-8''{BOUNDARY}",
    f"multipart/form-data; boundary={BOUNDARY}; boundary=other",
    f'multipart/form-data; boundary="{BOUNDARY}',
    f"multipart/form-data;;; boundary = {BOUNDARY}",
    f"MULTIPART/Form-Data; BOUNDARY={BOUNDARY}",
    f"multipart/form-data, multipart/form-data; boundary={BOUNDARY}",
    "multipart/form-data; boundary=\xe9",
    "multipart/form-data; boundary=a b",
    f"multipart/mixed; boundary={BOUNDARY}",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=unknown",
    "multipart/",
    "",
]
ODD_URLENCODED = [
    b"",
    b"&&&",
    b"=",
    b"a",
    b"%",
    b"%zz=%",
    b"a=\xff",
    b"%ff=%fe",
    b"a=" + b"%00" * 99,
]
