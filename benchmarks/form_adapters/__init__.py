"""How a form is posted to each framework: a module each, with `FRAMEWORK` and `ways`.

`ways(parts)` gives, by the names `OWN`, `OURS` and `NOTHING`, what posts a body (in chunks, with a
Content-Type) so many times, and gives how many fields there were and how many bytes the files had.
`NOTHING` is a parser, at the place where the others are, that reads the body, does not look at it,
and gives what it was told is in it: `parts`. Its files stand in memory already.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import Any

from ..body import File, Part

OWN, OURS, NOTHING = "its own parser", "partstream", "nothing"

Found = tuple[int, int]
Post = Callable[[Sequence[bytes], str, int], Found]
Fields = list[tuple[str, str]]
App = Callable[[Any, Any, Any], Awaitable[None]]


def known(parts: list[Part]) -> tuple[Fields, list[File]]:
    """Give the fields, names and texts, and the files."""
    fields = [(part.name, part.data.decode()) for part in parts if not isinstance(part, File)]
    return fields, [part for part in parts if isinstance(part, File)]


def spooled(data: bytes) -> Any:
    """Give a file in memory, of the kind that ASGI frameworks close without a thread."""
    file = SpooledTemporaryFile(max_size=1 << 30)  # noqa: SIM115
    file._file = io.BytesIO(data)
    return file


@lru_cache(1)
def joined(chunks: Sequence[bytes]) -> bytes:
    """Give the body as one: a server of WSGI gives what can be read, and that is made of it."""
    return b"".join(chunks)


def asgi(app: App, found: list[Found]) -> Post:
    """Post to an ASGI application as a server would, which adds to the list what it found."""
    loop = asyncio.new_event_loop()

    async def once(chunks: Sequence[bytes], content_type: str) -> None:
        left = iter(enumerate(chunks, 1))

        async def receive() -> dict[str, Any]:
            number, chunk = next(left)
            return {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}

        async def send(message: dict[str, Any]) -> None:
            if message.get("status", 200) != 200:
                raise RuntimeError(f"the application answers {message}")

        headers = [(b"host", b"localhost"), (b"content-type", content_type.encode())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": "/", "raw_path": b"/", "root_path": "", "query_string": b"",
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await app(scope, receive, send)

    async def times(chunks: Sequence[bytes], content_type: str, count: int) -> None:
        for _ in range(count):
            await once(chunks, content_type)

    def post(chunks: Sequence[bytes], content_type: str, count: int) -> Found:
        found.clear()
        loop.run_until_complete(times(chunks, content_type, count))
        if len(found) != count or len(set(found)) != 1:
            raise RuntimeError(f"the application finds {found[:3]} in {count} requests")
        return found[0]

    return post
