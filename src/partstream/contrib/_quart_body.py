"""The queue of a request's body for Quart, which hands chunks on as they came.

Quart's own puts all that comes into one ``bytearray``, and copies what is there for whoever reads:
each byte twice.  ``body_class`` of a request is where Quart lets an application have its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any, Final

from quart.wrappers.request import Body
from werkzeug.exceptions import RequestEntityTooLarge

__all__ = ["ChunkedBody"]

#: Pieces below this size are put together: each is an object, and a peer could send single bytes.
_SMALL: Final = 1 << 13


class ChunkedBody(Body):
    """A body that gives chunks without copying them; to an application it is Quart's.

    Args:
        expected_content_length: what the request says its body has.
        max_content_length: how many bytes may be there at a time, None for any number.
    """

    def __init__(self, expected_content_length: int | None, max_content_length: int | None) -> None:
        super().__init__(expected_content_length, max_content_length)
        self._pieces: deque[bytes | bytearray] = deque()
        self._size = 0

    async def __anext__(self) -> bytes:
        """Give what came next.

        Raises:
            RequestEntityTooLarge: where more is there than may be.
            StopAsyncIteration: at the end.
        """
        while True:
            if self._must_raise is not None:
                raise self._must_raise
            if self._pieces:
                piece = self._pieces.popleft()
                self._size -= len(piece)
                return piece if type(piece) is bytes else bytes(piece)
            if self._complete.is_set():
                raise StopAsyncIteration
            self._has_data.clear()
            await self._has_data.wait()

    def __await__(self) -> Generator[Any, None, bytes]:
        if self._must_raise is not None:
            raise self._must_raise
        yield from self._complete.wait().__await__()
        if self._must_raise is not None:
            raise self._must_raise
        whole = b"".join(self._pieces)
        self._pieces = deque([whole] if whole else ())
        return whole

    def append(self, data: bytes) -> None:
        """Take what has come."""
        if not data or self._must_raise is not None:
            return
        pieces = self._pieces
        if type(data) is not bytes:  # whoever gave it may go on changing it
            data = bytes(data)
        if not pieces or len(data) >= _SMALL or len(last := pieces[-1]) >= _SMALL:
            pieces.append(data)
        elif type(last) is bytearray:
            last += data
        else:
            pieces[-1] = bytearray(last) + data
        self._size += len(data)
        self._has_data.set()
        if self._max_content_length is not None and self._size > self._max_content_length:
            self._must_raise = RequestEntityTooLarge()
            self.set_complete()

    def clear(self) -> None:
        """Forget what is there."""
        self._pieces.clear()
        self._size = 0
