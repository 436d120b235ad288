# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: cdivision=True, freethreading_compatible=True, binding=False
# cython: embedsignature=True, embedsignature.format=clinic
"""Boundary scanner, compiled twin of ``src/partstream/_scanner_py.py``: chunks in, events out.

The places that the scanner can be in, and the invariants, are described there; each place is a
function of the same name here.  What runs once a byte stands in the C headers: the search in
``scan.h``, delimiters in ``delimiters.h``, the usual header block in ``block.h``.

Here is what a parser knows, and what callers see of it.  What works on it is included, by what a
stream consists of: ``chunks.pxi`` (what is held back, and which place reads on), ``multiparts.pxi``
(those that are open), ``preamble.pxi``, ``delimiters.pxi`` (what one does), ``headers.pxi``,
``bodies.pxi``, ``content_length.pxi``, ``epilogue.pxi``; and beside that ``part.pxi`` (the event of
a part), ``tokenizer.pxi`` (its headers, for who asks), ``making.pxi`` (how a parser is made),
``settings.pxi`` (limits and tolerances as numbers) and ``native.pxi`` (what is used of the C
headers).  Functions, where the pure twin has methods: C calls them without a table.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.unicode cimport (
    PyUnicode_1BYTE_DATA,
    PyUnicode_DecodeASCII,
    PyUnicode_DecodeUTF8,
    PyUnicode_GET_LENGTH,
)
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memchr, memcmp, memcpy

cimport cython

from sys import intern

from multidict import CIMultiDict, CIMultiDictProxy

from . import hdrs
from .deviations import Deviation, cut_short
from .errors import MultipartError
from .events import EventList, part_end
from .headers import Level, examine
from .limits import DEEPEST, Limits
from .parameters import checked_boundary
from .policy import Policy, check_settings

__all__ = ["FREE_THREADED", "MultipartParser", "PartBegin", "tokenize"]

include "native.pxi"

ctypedef const unsigned char *chars

ctypedef struct ps_text:
    chars s
    Py_ssize_t size

# Longer than a delimiter with all its padding: enough to decide what was held back.
cdef enum:
    WINDOW = 192

include "settings.pxi"

cdef enum Place:
    BETWEEN, HEADERS, BODY, MEASURED, AFTER_LENGTH, EPILOGUE

# The event for each depth, made once.
cdef int _DEEPEST = DEEPEST
cdef tuple _ENDS = tuple(part_end(depth) for depth in range(_DEEPEST))


cdef inline object _part_end(int depth):
    return <object> _ENDS[depth] if depth < _DEEPEST else part_end(depth)


cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define PS_FREE_THREADED 1
    #else
    #define PS_FREE_THREADED 0
    #endif
    """
    bint PS_FREE_THREADED

FREE_THREADED = PS_FREE_THREADED

ps_fill_classes()
ps_choose_vectors()


include "tokenizer.pxi"
include "part.pxi"


@cython.freelist(8)
cdef class MultipartParser:
    """Incremental parser of a ``multipart/*`` body (RFC 2046 section 5.1, RFC 7578).

    >>> parser = MultipartParser("B", subtype="mixed")
    >>> for event in parser.feed(b"--B\\r\\nContent-Type: text/plain\\r\\n\\r\\nhello\\r\\n--B--"):
    ...     print(event)
    PartBegin(name=None, filename=None, content_type='text/plain', depth=0, offset=5)
    b'hello'
    PartEnd(depth=0, complete=True)
    >>> parser.close()
    []

    The events depend on the bytes alone, never on how they were cut into chunks, but for the
    places where the data of a body is cut.

    Args:
        boundary: the ``boundary`` parameter of the Content-Type, without leading dashes added.
        subtype: what stands behind ``multipart/``; ``form-data`` picks the rules for forms.
        nested: take a part that is a multipart apart too: its parts' events come between its
            ``PartBegin`` and its ``PartEnd``, one deeper.
        limits: what the stream may be at most.
        policy: which deviations are tolerated.

    Attributes:
        offset: how many bytes of the stream were fed so far.
        end_offset: the offset behind the closing delimiter of the outermost multipart, in bytes of
            the stream; -1 as long as it has not come.

    Raises:
        ParseError: for a boundary that cannot be used (1 to 70 printable ASCII characters).
        TypeError: for an argument of another type.
    """

    cdef ps_delimiters _delimiters
    cdef ps_block_rules _rules  # for header blocks of the innermost multipart
    cdef object _limits, _policy, _error
    cdef bytes _chunk  # the chunk that is being fed, to be handed on where it is all body
    cdef PyObject *_copy  # bytes that a body is copied to as it is searched, behind _before of them
    cdef long _taken
    cdef Place _place
    cdef bint _strays  # whether it is a fault that the boundary stands in what is no delimiter
    cdef bint _nested, _closed, _final, _fresh, _in_preamble, _last_is_cr
    cdef Maxima _max
    cdef int64_t _base, _mark, _closed_end, _discarded, _parts, _size, _remaining
    cdef unsigned char _held[2 * WINDOW]
    cdef Py_ssize_t _held_size
    cdef Py_ssize_t _before  # how much of _held is data that the next piece of the body begins with
    cdef unsigned char *_head
    cdef Py_ssize_t _head_size, _head_room, _line
    cdef int64_t _lines
    cdef int _crlf_left
    cdef readonly int64_t offset, end_offset

    def __cinit__(self):
        self._delimiters.lf = -1
        self.end_offset = self._closed_end = self._remaining = -1

    def __init__(
        self,
        boundary,
        *,
        subtype="form-data",
        bint nested=False,
        limits=_DEFAULT_LIMITS,
        policy=_DEFAULT_POLICY,
    ):
        _set_up(self, boundary, subtype, nested, limits, policy)

    def __dealloc__(self):
        ps_free(&self._delimiters)
        free(self._head)
        Py_CLEAR(self._copy)

    @property
    def done(self):
        """Whether the closing delimiter of the outermost multipart has come."""
        return self.end_offset >= 0

    def feed(self, chunk):
        """Take the next bytes of the stream and give the events that they complete.

        Args:
            chunk: any number of bytes, cut anywhere; one that is all body comes back as the event.

        Returns:
            A list.  Where a fault follows good events, iterating it raises after the last of them.

        Raises:
            MultipartError: for a fault with no event before it in this chunk, and for every
                call after a fault.
            TypeError: for a chunk that is not bytes-like.
            ValueError: after close(), and when another thread is feeding this parser just now.
        """
        cdef bytes data = chunk if type(chunk) is bytes else _as_bytes(chunk)
        cdef list events = []
        _enter(self)
        try:
            _feed(self, data, events)
        except MultipartError as error:
            self._error = error
            if events:
                return EventList(events, error)
            raise
        except BaseException:
            # Somewhere amid a chunk: where, nobody knows.
            self._error = ValueError(
                "this parser was interrupted: make a new one for each stream"
            )
            raise
        finally:
            self._chunk = None
            Py_CLEAR(self._copy)
            ps_give(&self._taken)
        return events

    def close(self):
        """Say that no more bytes come.

        Returns:
            The events that this completes; none unless the policy tolerates a truncated stream.

        Raises:
            IncompleteBody: if the closing delimiter has not come.
            MultipartError: the fault that feed() met.
            ValueError: when another thread is feeding this parser just now, or was interrupted
                while it did.
        """
        cdef list events = []
        cdef unsigned char held[WINDOW]
        cdef Py_ssize_t size
        if self._closed and self._error is None:
            return []
        _enter(self)
        try:
            self._closed = self._final = True
            size = self._held_size
            memcpy(held, self._held, size)
            self._held_size = 0
            self._base = self.offset - size
            _run(self, held, size, events)
            _end(self, events)
        except MultipartError as error:
            self._error = error
            raise
        finally:
            ps_give(&self._taken)
        return events


cdef int _enter(MultipartParser parser) except -1:
    """Begin to change the state of this parser, unless another thread does."""
    if parser._delimiters.depth == 0:
        raise ValueError("this parser was not set up: call super().__init__() first")
    if not ps_take(&parser._taken):
        raise ValueError("this parser is in use by another thread: make one for each stream")
    if parser._error is None and not parser._closed:
        return 0
    ps_give(&parser._taken)
    if parser._error is not None:
        raise parser._error
    raise ValueError("this parser was closed: make a new one for each stream")


cdef bytes _as_bytes(object chunk):
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    try:
        return bytes(memoryview(chunk))
    except TypeError:
        kind = type(chunk).__name__
        raise TypeError(f"feed() takes bytes, bytearray or memoryview, not {kind}") from None


include "chunks.pxi"
include "multiparts.pxi"
include "preamble.pxi"
include "delimiters.pxi"
include "headers.pxi"
include "bodies.pxi"
include "content_length.pxi"
include "epilogue.pxi"
include "making.pxi"
