"""The requests of the soak, by kind, each with what has to be answered; all from one seed."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from soak.server import ASGI
from support.asgi_forms import BOUNDARY, CONTENT_TYPE, part, whole
from support.form_apps import BODY, digest
from support.form_cases import (
    FORMS,
    INTEGRATIONS,
    MIB,
    ODD_TYPES,
    ODD_URLENCODED,
    REFUSED,
    SMALL,
    mutations,
)

__all__ = ["ROUND", "Kinds", "Request", "routes_of"]

#: Requests of a round by kind; the other ones of it are small forms.
ROUND: Final = {
    "chunked": 10, "urlencoded": 4, "medium": 4, "large": 1, "malformed": 16, "mutated": 10,
    "odd type": 3, "over a limit": 6, "bomb": 3, "slow": 4, "aborted": 14,
}  # fmt: skip

#: What may come of a body that nobody can foretell.
_ANY: Final = frozenset({200, 400, 413, 415})
#: No answer is the one that a client may miss, where it still sends when it is refused.
_REFUSED: Final = frozenset({413, None})
_URLENCODED: Final = "application/x-www-form-urlencoded"
_SIZES: Final = (32, 64, 128, 256)

#: What the plain reader makes of the bodies that are refused: it has no notion of a form that needs
#: names, and stops at the closing delimiter.
_READER: Final = {
    "of no form": 400, "no name": 200, "no Content-Disposition": 200, "a long epilogue": 200,
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """A way to read a form.

    Attributes:
        path: with a slash at its end; what is ``large`` stands behind it.
        statuses: what is answered to the bodies of ``REFUSED``.
        bounded: whether a body may be too large.
        chunked: whether it reads a body of unknown length.
        decodes: whether it undoes Content-Encoding, in what is no form.
    """

    path: str
    statuses: dict[str, int]
    bounded: bool
    chunked: bool
    decodes: bool = False


def _route(path: str, name: str) -> Route:
    integration = INTEGRATIONS[name]
    statuses = {case: integration.statuses.get(case, body.status) for case, body in REFUSED.items()}
    return Route(path, statuses, integration.body is not None, integration.chunked)


def routes_of(server: str) -> list[Route]:
    """Give the ways that a server has."""
    statuses = {case: _READER.get(case, body.status) for case, body in REFUSED.items()}
    reader = Route("/reader/", statuses, True, True, decodes=True)
    form = _route("/form/", "plain-asgi")
    if server == "aiohttp":
        return [reader, form, _route("/", "aiohttp")]
    return [reader, form, *(_route(f"/{name}/", name) for name in ASGI)]


@dataclass(frozen=True)
class Request:
    """A request, and what has to be answered.

    Attributes:
        pieces: gives its body anew.
        size: of the body; None for one that is sent in chunks.
        told: what a form holds, for status 200.
        leave: close, reset or half-close, and the bytes that are sent before, head included.
        pause: in seconds, between two pieces.
    """

    kind: str
    path: str
    pieces: Callable[[], Iterable[bytes]]
    size: int | None
    statuses: frozenset[int | None] = frozenset({200})
    content_type: str = CONTENT_TYPE
    told: Any = None
    headers: str = ""
    leave: tuple[str, int] | None = None
    pause: float = 0.0

    def head(self) -> bytes:
        length = (
            "Transfer-Encoding: chunked" if self.size is None else f"Content-Length: {self.size}"
        )
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {self.content_type}\r\n"
            f"{self.headers}{length}\r\n\r\n"
        ).encode("latin-1")

    def sent(self) -> Iterator[bytes]:
        """Give all that goes out, piece by piece."""
        yield self.head()
        for piece in self.pieces():
            yield b"%x\r\n%b\r\n" % (len(piece), piece) if self.size is None else piece
        if self.size is None:
            yield b"0\r\n\r\n"


Form = list[tuple[str, "str | tuple[str, bytes]"]]


def _told(form: Form) -> Any:
    """Give what is told of a form, in an order of its own."""
    files = [[n, v[0], *digest([v[1]])] for n, v in form if isinstance(v, tuple)]
    return {"fields": sorted([n, v] for n, v in form if isinstance(v, str)), "files": sorted(files)}


def _encoded(form: Form) -> bytes:
    return whole(*(
        part(name, value.encode()) if isinstance(value, str) else part(name, value[1], value[0])
        for name, value in form
    ))  # fmt: skip


@cache
def _bomb(coding: str, size: int) -> bytes:
    data = bytes(size)
    for name in coding.split(", "):
        data = gzip.compress(data, 9, mtime=0) if name == "gzip" else zlib.compress(data, 9)
    return data


@cache
def _whole_bomb() -> bytes:
    return gzip.compress(whole(part("f", bytes(64 * MIB), "bomb")), 1, mtime=0)


class _Large:
    """Data without end, of which no two blocks are the same; what is known of it is kept."""

    def __init__(self, rng: random.Random) -> None:
        self._block = rng.randbytes(MIB)
        self._digests: dict[int, str] = {}

    def blocks(self, count: int) -> Iterator[bytes]:
        for number in range(count):
            yield self._block[number:] + self._block[:number]

    def digest(self, count: int) -> str:
        if count not in self._digests:
            self._digests[count] = digest(self.blocks(count))[1]
        return self._digests[count]


class Kinds:
    """Makes the requests of one round after the other.

    Args:
        seed: of the run.
        server: aiohttp or uvicorn.
        largest: of uploads, in MiB.
    """

    def __init__(self, seed: int, server: str, largest: int) -> None:
        self._rng = random.Random(f"{seed}:{server}")
        self._server, self._largest = server, largest
        self._routes = routes_of(server)
        self._large = _Large(self._rng)
        self._count = 0
        self._makers: dict[str, Callable[[Route], Request]] = {
            "chunked": self._chunked, "urlencoded": self._urlencoded, "medium": self._medium,
            "large": self._upload, "malformed": self._malformed, "mutated": self._mutated,
            "odd type": self._odd_type, "over a limit": self._over, "bomb": self._bombed,
            "slow": self._slow, "aborted": self._aborted,
        }  # fmt: skip

    def first(self) -> list[Request]:
        """Give the first round, which takes every way to its peak: each kind, the largest file."""
        found = []
        for route in self._routes:
            found.append(replace(self._upload(route), **self._of_size(self._largest)))
            found += [maker(route) for name, maker in self._makers.items() if name != "large"]
        return [*found, *self.round(120)]

    def round(self, size: int) -> list[Request]:
        """Give the requests of a round, in an order that is random.

        Args:
            size: how many; kinds that are rare are left out where it is small.
        """
        found = []
        for kind, share in ROUND.items():
            count = share * size / 120
            for _ in range(int(count) + (self._rng.random() < count % 1)):
                found.append(self._makers[kind](self._next()))
        found += [self._small(self._next()) for _ in range(max(size - len(found), 0))]
        self._rng.shuffle(found)
        return found

    def _next(self) -> Route:
        self._count += 1
        return self._routes[self._count % len(self._routes)]

    # What is answered with what was sent

    def _form(self, most: int = 20_000) -> Form:
        rng = self._rng
        if rng.random() < 0.1:
            return FORMS[rng.choice(["text", "empty file", "100 fields"])]
        found: Form = []
        for number in range(rng.randrange(1, 9)):
            text = rng.choice(
                ("", "on", "1234567", "jane.doe@example.org", "\u00fc\u20ac", "\r\n--")
            )
            found.append((f"field{number}", text * rng.randrange(1, 30)))
        for number in range(rng.randrange(4)):
            data = rng.randbytes(rng.randrange(most))
            if rng.random() < 0.2:
                data += f"\r\n--{BOUNDARY[:-1]}\r\n\r".encode() * 9
            found.append((f"file{number}", (f"n\u00e4me {number}.bin", data)))
        rng.shuffle(found)
        return found

    def _good(self, kind: str, route: Route, form: Form, **more: Any) -> Request:
        body = _encoded(form)
        return Request(kind, route.path, lambda: (body,), len(body), told=_told(form), **more)

    def _small(self, route: Route) -> Request:
        waits = "Expect: 100-continue\r\n" if self._rng.random() < 0.05 else ""
        return self._good("small", route, self._form(), headers=waits)

    def _chunked(self, route: Route) -> Request:
        if not route.chunked:
            return self._small(route)
        form = self._form()
        body, step = _encoded(form), self._rng.choice((7, 100, 1000, 16_384))
        step = max(step, -(-len(body) // 2000))
        pieces = [body[at : at + step] for at in range(0, len(body), step)]
        return Request("chunked", route.path, lambda: pieces, None, told=_told(form))

    def _urlencoded(self, route: Route) -> Request:
        if route.decodes:  # the reader knows multiparts alone
            return self._small(route)
        if self._rng.random() < 0.3:
            body = self._rng.choice(ODD_URLENCODED)
            return Request("urlencoded", route.path, lambda: (body,), len(body), _ANY, _URLENCODED)
        pairs = [(f"n{number}", "\u00fc&= +%") for number in range(self._rng.randrange(1, 50))]
        body = urlencode(pairs).encode()
        told = _told(list(pairs))
        return Request("urlencoded", route.path, lambda: (body,), len(body),
                       content_type=_URLENCODED, told=told)  # fmt: skip

    def _medium(self, route: Route) -> Request:
        data = self._rng.randbytes(self._rng.randrange(500_000, 2_500_000))
        return self._good("medium", route, [("f", ("medium", data)), ("t", "z")])

    def _upload(self, route: Route) -> Request:
        sizes = [size for size in _SIZES if size <= self._largest] or [self._largest]
        made = self._of_size(self._rng.choice(sizes))
        return Request("large", f"{route.path}large", **made)

    def _of_size(self, count: int) -> dict[str, Any]:
        first, last = part("f", b"", "large")[:-2], whole(b"\r\n")

        def pieces() -> Iterator[bytes]:
            yield first
            yield from self._large.blocks(count)
            yield last

        told = {"fields": [], "files": [["f", "large", count * MIB, self._large.digest(count)]]}
        return {"pieces": pieces, "size": len(first) + count * MIB + len(last), "told": told}

    def _slow(self, route: Route) -> Request:
        body = _encoded(form := self._form(300))
        places = sorted(self._rng.randrange(len(body) + 1) for _ in range(self._rng.randrange(40)))
        pieces = [body[a:b] for a, b in zip((0, *places), (*places, len(body)), strict=True)]
        return Request("slow", route.path, lambda: pieces, len(body), told=_told(form),
                       pause=self._rng.random() * 0.02)  # fmt: skip

    # What is refused

    def _malformed(self, route: Route) -> Request:
        case = self._rng.choice(list(REFUSED))
        body, _, content_type = REFUSED[case]
        return Request("malformed", route.path, lambda: (body,), len(body),
                       frozenset({route.statuses[case]}), content_type)  # fmt: skip

    def _mutated(self, route: Route) -> Request:
        body = self._rng.choice(mutations(self._rng.randrange(10**9)))
        return Request("mutated", route.path, lambda: (body,), len(body), _ANY)

    def _odd_type(self, route: Route) -> Request:
        return Request("odd type", route.path, lambda: (SMALL,), len(SMALL), _ANY,
                       self._rng.choice(ODD_TYPES))  # fmt: skip

    def _over(self, route: Route) -> Request:
        if not route.bounded:
            body = REFUSED["many fields"].body
            statuses: frozenset[int | None] = frozenset({route.statuses["many fields"]})
        else:
            body = whole(part("f", bytes(BODY + self._rng.randrange(3 * BODY)), "over"))
            statuses = _REFUSED
        size = None if route.chunked and self._rng.random() < 0.3 else len(body)
        step = 1 << 16
        pieces = [body[at : at + step] for at in range(0, len(body), step)]
        return Request("over a limit", route.path, lambda: pieces, size, statuses)

    def _bombed(self, route: Route) -> Request:
        coding = self._rng.choice(("gzip", "deflate", "gzip, gzip", "gzip, deflate"))
        if self._server == "aiohttp" and self._rng.random() < 0.3:  # which undoes that of a request
            packed = _whole_bomb()
            return Request("bomb", route.path, lambda: (packed,), len(packed), _REFUSED,
                           headers="Content-Encoding: gzip\r\n")  # fmt: skip
        data = _bomb(coding, 64 * MIB)
        coded = f"\r\nContent-Encoding: {coding}\r\n\r\n".encode()
        body = whole(part("f", data, "bomb").replace(b"\r\n\r\n", coded, 1))
        if route.decodes:
            return Request("bomb", route.path, lambda: (body,), len(body), frozenset({413}),
                           f"multipart/mixed; boundary={BOUNDARY}")  # fmt: skip
        told = _told([("f", ("bomb", data))])  # in a form it is never decoded
        return Request("bomb", route.path, lambda: (body,), len(body), told=told)

    def _aborted(self, route: Route) -> Request:
        rng = self._rng
        form = self._form()
        if rng.random() < 0.4:
            form = [*form, ("f", ("half", bytes(rng.randrange(1, 6 * MIB))))]
        body = _encoded(form)
        made = Request("aborted", f"{route.path}large", lambda: (body,), len(body))
        head = len(made.head())
        # The line end behind the closing delimiter is nothing that a reader waits for.
        cut = rng.randrange(len(body) - len("\r\n"))
        at = rng.randrange(head) if rng.random() < 0.1 else head + cut
        how = rng.choice(("close", "reset", "half-close", "stall"))
        return replace(made, leave=(how, at), statuses=frozenset({None, 400}))
