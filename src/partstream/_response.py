"""How the readers get at the body of a client's response, and let go of it."""

from __future__ import annotations

from typing import Any

__all__ = ["content_of", "release"]


def content_of(response: Any, streams: str) -> Any:
    """Give what a response's body is read from.

    ``.content`` is a stream in aiohttp; in httpx and requests it reads the whole body, so that it
    is touched only where the response does not stream by itself.

    Args:
        response: of any client.
        streams: the name of the method by which a response streams itself.
    """
    return response if hasattr(response, streams) else response.content


def release(response: Any, *names: str) -> Any:
    """Call the first of the methods that ``response`` has; give what it gives."""
    for name in names:
        method = getattr(response, name, None)
        if method is not None:
            return method()
    return None
