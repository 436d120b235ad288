"""Payloads that come while they are written: iterables, and parts that are being read."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from multidict import CIMultiDict

from . import hdrs
from ._head import charset_in, encodings_of
from ._later import Later
from ._passes import BLOCK, Closing, Piece, Request, Steps, Wait, Work, as_piece
from ._payload import Headers, Payload, gathered
from ._payload_files import refuse_consumed
from .deviations import Deviation
from .errors import MultipartError
from .reader import BodyPartReader
from .sync import BodyPartReader as SyncBodyPartReader

if TYPE_CHECKING:
    import inspect
else:
    inspect = Later("inspect")

__all__ = ["AsyncIterablePayload", "BodyPartReaderPayload", "IterablePayload"]

#: How long chunks of an iterable are put together on a thread before they are handed over.
_PATIENCE: Final = 0.02  # seconds
_END: Final[Any] = object()


class AsyncIterablePayload(Payload):
    """What an async iterable or generator of bytes gives.

    An iterator can be written once; where ``__aiter__()`` gives a fresh one, so is every pass.

    Args:
        value: the iterable.
        args: as of :class:`Payload`.
        kwargs: as of :class:`Payload`; ``size``, if it is known, is checked.

    Raises:
        TypeError: for anything else.
    """

    _awaits = True
    _autoclose = True
    _iter: AsyncIterator[bytes] | None = None
    _cached_chunks: list[Piece] | None = None

    def __init__(self, value: AsyncIterable[bytes], *args: Any, **kwargs: Any) -> None:
        if not isinstance(value, AsyncIterable):
            raise TypeError(
                "value argument must support collections.abc.AsyncIterable interface, "
                f"got {type(value)!r}"
            )
        super().__init__(value, *args, **kwargs)
        self._iter = value.__aiter__()
        self._once = self._iter is value

    def _steps(self) -> Steps:
        if self._cached_chunks is not None:
            yield from self._cached_chunks
            return
        refuse_consumed(self)
        iterator = self._iter
        if iterator is None:
            iterator = self._value.__aiter__()
        self._iter = None
        # What has been taken from an iterator is gone, also where the pass ends early.
        self._consumed = self._once
        close = getattr(iterator, "aclose", None)
        if close is not None:
            yield Closing(close)
        # At the end there comes a mark: no exception is thrown into steps but a fault.
        while (chunk := (yield Wait(lambda: anext(iterator, _END)))) is not _END:
            piece = as_piece(chunk, type(self).__name__)
            if piece:
                yield piece

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Give what :meth:`as_bytes` has read, as text.

        Args:
            encoding: the charset.
            errors: as of ``bytes.decode()``.

        Raises:
            TypeError: where :meth:`as_bytes` was not awaited before.
        """
        if self._cached_chunks is None:
            raise TypeError("Unable to decode - content not cached. Call as_bytes() first.")
        return b"".join(self._cached_chunks).decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Read all of it, and keep it, so that it can be written; the arguments mean nothing."""
        if self._cached_chunks is None:
            chunks: list[Piece] = []
            steps = self._steps()
            data = await gathered(_noting(steps, chunks))
            self._cached_chunks = chunks
            self._consumed = self._once = False
            return data
        return b"".join(self._cached_chunks)


def _noting(steps: Steps, chunks: list[Piece]) -> Steps:
    """Keep the pieces that go by."""
    return through(steps, lambda piece: _kept(piece, chunks))


def _kept(piece: Piece, chunks: list[Piece]) -> Steps:
    chunks.append(piece)
    yield piece


def through(
    steps: Steps,
    change: Callable[[Piece], Iterable[Any]],
    finish: Callable[[], Iterable[Any]] | None = None,
    enough: Callable[[], bool] | None = None,
) -> Steps:
    """Send the pieces among some steps through ``change``, and let requests pass.

    Args:
        steps: closed at the end, however it comes.
        change: gives the steps that take the place of a piece.
        finish: gives those behind the last one.
        enough: tells, behind a piece, whether the rest is left out.
    """
    answer: Any = None
    error: BaseException | None = None
    try:
        while True:
            try:
                item = steps.send(answer) if error is None else steps.throw(error)
            except StopIteration:
                break
            answer = error = None
            if isinstance(item, Request):
                try:
                    answer = yield item
                except BaseException as raised:
                    error = raised
            else:
                yield from change(item)
                if enough is not None and enough():
                    break
        if finish is not None:
            yield from finish()
    finally:
        steps.close()


class IterablePayload(Payload):
    """What an iterable or a generator of bytes gives.

    Where an event loop runs, it is advanced on a thread of that loop's.  An iterator can be written
    once; where ``iter()`` gives a fresh one, so is every pass.

    Args:
        value: the iterable.
        args: as of :class:`Payload`.
        kwargs: as of :class:`Payload`; ``size``, if it is known, is checked.

    Raises:
        TypeError: for anything else, and for iterables whose items cannot be meant, such as dicts.
    """

    _autoclose = True

    def __init__(self, value: Iterable[bytes], *args: Any, **kwargs: Any) -> None:
        if not isinstance(value, Iterable) or isinstance(value, (str, Mapping, set, frozenset)):
            kind = type(cast("object", value))
            raise TypeError(
                f"cannot write {kind.__name__} as a part: only an iterable of bytes, "
                "or see append_json() and append_form()"
            )
        if isinstance(value, (list, tuple)):
            for item in value:
                as_piece(item, type(self).__name__)
            kwargs.setdefault("size", sum(memoryview(item).nbytes for item in value))
        super().__init__(value, *args, **kwargs)
        self._once = isinstance(value, Iterator)

    def _steps(self) -> Steps:
        refuse_consumed(self)
        self._consumed = self._once
        iterator = iter(self._value)
        over = given_up = False

        def some() -> list[Piece]:
            """Take chunks for a while: a thread for each would take longer than the chunk."""
            nonlocal over
            chunks: list[Piece] = []
            size, until = 0, time.monotonic() + _PATIENCE
            for chunk in iterator:
                piece = as_piece(chunk, type(self).__name__)
                if piece:
                    chunks.append(piece)
                    size += len(piece)
                if size >= BLOCK or time.monotonic() >= until:
                    break
            else:
                over = True
            if given_up:
                self._end(iterator)
            return chunks

        try:
            while not over:
                yield from (yield Work(some))
        finally:
            given_up = True
            self._end(iterator)

    def _end(self, iterator: Iterator[bytes]) -> None:
        """Close the iterator, if it is one of this pass alone."""
        close = getattr(iterator, "close", None)
        if close is not None and (self._once or inspect.isgenerator(iterator)):
            # Where the pass was given up while a thread is in it, that thread closes it.
            with suppress(ValueError):
                close()


class BodyPartReaderPayload(Payload):
    """A part that is being read, written into another multipart, chunk by chunk and uncopied.

    Its headers are those of the part.  As long as Content-Encoding and Content-Transfer-Encoding
    are what they were, its bytes are passed on as they come; where they are taken away or changed,
    or the part goes into a form, they are decoded.  It can be written once, and only before its
    reader is asked for the next part.

    Args:
        value: a part of a :class:`MultipartReader`, awaited or not.
        headers: win over those of the part.
        kwargs: as of :class:`Payload`.
    """

    _autoclose = True
    _once = True
    _value: BodyPartReader | SyncBodyPartReader

    def __init__(
        self,
        value: BodyPartReader | SyncBodyPartReader,
        headers: Headers | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value, **kwargs)
        self._awaits = isinstance(value, BodyPartReader)
        own = CIMultiDict(value.headers)
        length = own.popall(hdrs.CONTENT_LENGTH, [None])[0]
        # Where neither names a type, the default would be another than what it has meant so far.
        other = self._headers if kwargs.get("content_type") is None else own
        other.popall(hdrs.CONTENT_TYPE, None)
        self._name_again(own)
        given = CIMultiDict(self._headers)
        self._headers.clear()
        self._headers.extend(own)
        for key in set(given) - set(own):
            self._headers[key] = given[key]
        if headers:
            self._headers.update(headers)
        self._applied = encodings_of(own)
        ignored = value._settings.mask & Deviation.LENGTH_MISMATCH.bit
        self._raw_size = None if ignored else length_in(length)
        self._encoding = charset_in(self.content_type)

    def _name_again(self, headers: CIMultiDict[str]) -> None:
        """Write Content-Disposition anew: as it came, it might be read in two ways."""
        disposition = headers.get(hdrs.CONTENT_DISPOSITION)
        if disposition is None:
            return
        part = self._value
        try:
            found = {"name": part.name, "filename": part.filename}
        except MultipartError:
            found = {}
        kind = disposition.partition(";")[0].strip().lower() or "attachment"
        names = {key: value for key, value in found.items() if value is not None}
        self._dispose(kind, names)
        # In a form it would have no name, or not be a part of it (RFC 7578 section 4.2).
        self._disposition_is_default = kind != "form-data" or "name" not in names
        self._filename = names.get("filename")
        headers[hdrs.CONTENT_DISPOSITION] = self._headers[hdrs.CONTENT_DISPOSITION]

    @property
    def consumed(self) -> bool:
        """Whether the part was written, or was read by somebody else, or skipped for the next."""
        return self._consumed or self._value.at_eof()

    @property
    def size(self) -> int | None:
        """How many bytes there are before any encoding, None where the part does not say."""
        return None if any(self._applied) else self._raw_size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Refuse: a part that is being read is not held.

        Raises:
            TypeError: always.
        """
        raise TypeError("Unable to decode: read the part with text() or read(decode=True).")

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Refuse: a part that is being read is not held.

        Raises:
            TypeError: always.
        """
        raise TypeError("Unable to read body part as bytes. Use write() to consume the payload.")

    def _steps(self) -> Steps:
        return self._decoded_steps() if any(self._applied) else self._raw_steps()

    def _raw_steps(self) -> Steps:
        """Give the body as it comes."""
        refuse_consumed(self)
        self._consumed = True
        part: Any = self._value
        if self._awaits:
            request: Any = Wait(lambda: anext(part, _END))
        else:
            request = Work(lambda: next(part, _END))
        while (chunk := (yield request)) is not _END:
            yield chunk

    def _decoded_steps(self) -> Steps:
        """Give what the body stands for."""
        decoder = self._value._new_decoder()
        return through(self._raw_steps(), lambda piece: decoder.feed(bytes(piece)), decoder.end)


def length_in(value: str | None) -> int | None:
    """Read a Content-Length that may be none."""
    return int(value) if value is not None and value.isascii() and value.isdigit() else None
