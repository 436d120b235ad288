# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: cdivision=True, freethreading_compatible=True, binding=False
# cython: embedsignature=True, embedsignature.format=clinic
"""Boundary scanner, compiled twin of ``src/partstream/_scanner_py.py``: chunks in, events out.

The places that the scanner can be in, and the invariants, are described there; each place is a
method of the same name here.  What runs once a byte stands in the C headers: the search in
``scan.h``, delimiters in ``delimiters.h``, the usual header block in ``block.h``.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.unicode cimport PyUnicode_1BYTE_DATA, PyUnicode_DecodeUTF8, PyUnicode_GET_LENGTH
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memchr, memcmp, memcpy

cimport cython

from sys import intern

from partstream._headers_c cimport mapping

from ._headers_c import tokenize
from .deviations import Deviation, cut_short
from .errors import MultipartError
from .events import EventList, part_end
from .headers import Level, examine
from .limits import DEEPEST, Limits
from .parameters import checked_boundary
from .policy import Policy, check_settings

__all__ = ["FREE_THREADED", "MultipartParser", "PartBegin"]

include "native.pxi"

ctypedef const unsigned char *chars

ctypedef struct ps_text:
    chars s
    Py_ssize_t size

# Longer than a delimiter with all its padding: enough to decide what was held back.
cdef enum:
    WINDOW = 192

# A body of so many bytes in a chunk is copied as it is searched, if it has to be copied; but not
# its first ones: where it ends among them, no copy is laid out for all of it.
cdef enum:
    COPIED_FROM = 16384
    COPIED_LATER = 2048

# Of a body that begins amid a chunk, and may end there, at most so many: from 128 KiB on an
# allocator asks the system, which for each small part of a large chunk takes longer than the part.
cdef enum:
    COPIED_UP_TO = 126976

# Limits.packed, in its order.
ctypedef struct Maxima:
    int64_t line, lines, block, preamble, epilogue, depth, parts, size, total

cdef enum Place:
    BETWEEN, HEADERS, BODY, MEASURED, AFTER_LENGTH, EPILOGUE

# The bits of the tolerances, read once from the one list of deviations.
cdef uint64_t BARE_LF = Deviation.BARE_LF.bit
cdef uint64_t BOUNDARY_IN_CONTENT = Deviation.BOUNDARY_IN_CONTENT.bit
cdef uint64_t DASHED_BOUNDARY = Deviation.DASHED_BOUNDARY.bit
cdef uint64_t DELIMITER_IN_HEADERS = Deviation.DELIMITER_IN_HEADERS.bit
cdef uint64_t DELIMITER_PADDING = Deviation.DELIMITER_PADDING.bit
cdef uint64_t DELIMITER_SUFFIX = Deviation.DELIMITER_SUFFIX.bit
cdef uint64_t EPILOGUE_BYTES = Deviation.EPILOGUE.bit
cdef uint64_t FIRST_LINE_SUFFIX = Deviation.FIRST_LINE_SUFFIX.bit
cdef uint64_t LENGTH_MISMATCH = Deviation.LENGTH_MISMATCH.bit
cdef uint64_t MISSING_LINE_BREAK = Deviation.MISSING_LINE_BREAK.bit
cdef uint64_t NAMELESS_PART = Deviation.NAMELESS_PART.bit
cdef uint64_t PREAMBLE = Deviation.PREAMBLE.bit
cdef uint64_t TRANSFER_ENCODING = Deviation.TRANSFER_ENCODING.bit
cdef uint64_t TRUNCATED = Deviation.TRUNCATED.bit
cdef uint64_t UNCLOSED_CHILD = Deviation.UNCLOSED_CHILD.bit
cdef uint64_t UNDECODABLE_HEADER = Deviation.UNDECODABLE_HEADER.bit
cdef uint64_t UNSAFE_CHARSET = Deviation.UNSAFE_CHARSET.bit

cdef tuple _FAULTS = (Deviation.BARE_LF, Deviation.DELIMITER_PADDING, Deviation.DELIMITER_SUFFIX,
                      Deviation.FIRST_LINE_SUFFIX)  # in the order of delimiters.h

cdef str _BOUNDARY_WITHIN = "the boundary of an inner multipart holds that of an outer one"

cdef object _LIMITS_CLASS = Limits
cdef object _POLICY_CLASS = Policy
cdef object _DEFAULT_LIMITS = Limits.STREAM
cdef object _DEFAULT_POLICY = Policy.DEFAULT
cdef bytes _DEFAULT_PACKED = Limits.STREAM.packed
cdef uint64_t _DEFAULT_FORM_MASK = Policy.DEFAULT.form_mask
cdef uint64_t _DEFAULT_OTHER_MASK = Policy.DEFAULT.other_mask

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
        self._set_up(boundary, subtype, nested, limits, policy)

    cdef int _set_up(
        self, object boundary, object subtype, bint nested, object limits, object policy
    ) except -1:
        cdef bytes raw
        cdef bint form
        if self._delimiters.depth:
            raise ValueError("a parser cannot be used again: make a new one for each stream")
        if type(subtype) is str and <str> subtype == "form-data":
            form = True
        elif isinstance(subtype, str):
            form = subtype.lower() == "form-data"
        else:
            kind = type(subtype).__name__
            raise TypeError(f"subtype takes a str such as 'form-data', not {kind}")
        if type(limits) is not _LIMITS_CLASS or type(policy) is not _POLICY_CLASS:
            check_settings(limits, policy)
        self._limits = limits
        self._policy = policy
        self._nested = nested
        raw = _DEFAULT_PACKED if limits is _DEFAULT_LIMITS else limits.packed
        memcpy(&self._max, PyBytes_AS_STRING(raw), sizeof(Maxima))
        cdef ps_text text = _plain_boundary(boundary)
        if text.size == 0:
            raw = checked_boundary(boundary)
            text.s = <chars> PyBytes_AS_STRING(raw)
            text.size = PyBytes_GET_SIZE(raw)
        return self._open(text, form, -1)

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
        self._enter()
        try:
            self._feed(data, events)
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
        self._enter()
        try:
            self._closed = self._final = True
            size = self._held_size
            memcpy(held, self._held, size)
            self._held_size = 0
            self._base = self.offset - size
            self._run(held, size, events)
            self._end(events)
        except MultipartError as error:
            self._error = error
            raise
        finally:
            ps_give(&self._taken)
        return events

    cdef int _enter(self) except -1:
        """Begin to change the state of this parser, unless another thread does."""
        if self._delimiters.depth == 0:
            raise ValueError("this parser was not set up: call super().__init__() first")
        if not ps_take(&self._taken):
            raise ValueError("this parser is in use by another thread: make one for each stream")
        if self._error is None and not self._closed:
            return 0
        ps_give(&self._taken)
        if self._error is not None:
            raise self._error
        raise ValueError("this parser was closed: make a new one for each stream")

    cdef int _feed(self, bytes chunk, list events) except -1:
        cdef chars data = <chars> PyBytes_AS_STRING(chunk)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(chunk), at = 0
        cdef bint too_long = size > self._max.total - self.offset
        if too_long:
            size = self._max.total - self.offset
        while self._held_size and at < size:
            at += self._feed_held(data + at, size - at, events)
        if at < size:
            self._chunk = chunk
            self._base = self.offset
            self.offset += size - at
            self._run(data + at, size - at, events)
        if too_long:
            raise self._limits.exceeded("max_total_size", self._max.total)
        return 0

    cdef Py_ssize_t _feed_held(self, chars data, Py_ssize_t size, list events) except -1:
        """Decide on what was held back; give how many bytes of the chunk that took.

        A window is laid over what was held back and the start of the chunk.  It is read only
        until the bytes held back are behind, so that the chunk itself is never copied.
        """
        cdef unsigned char window[2 * WINDOW]
        cdef Py_ssize_t held = self._held_size, at = 0
        cdef Py_ssize_t end = held + min(size, WINDOW)
        memcpy(window, self._held, held)
        memcpy(window + held, data, end - held)
        self._held_size = 0
        self._base = self.offset - held
        if self._is_data(window, held, end, events):
            return 0
        self.offset += end - held
        while at < held:
            at = self._step(window, at, end, events)
        self.offset -= end - at
        return at - held

    cdef bint _is_data(self, chars window, Py_ssize_t held, Py_ssize_t end, list events) except -1:
        """Deliver what was held back, if it turns out to be no delimiter; tell whether it did."""
        cdef ps_delimiters *d = &self._delimiters
        if self._fresh or self._strays or (self._place != BODY and self._place != BETWEEN):
            return False
        if memcmp(window, d.needle.bytes, min(end, <Py_ssize_t> d.needle.size)) == 0:
            if end < d.needle.size:
                return False
            if ps_match(d, window, d.break_size, end, self._place == BETWEEN and self._in_preamble,
                        False) != PS_NO:
                return False
        if self._place != BODY:
            self._discard(window, 0, held)
        elif self._size + held > self._max.size:
            self._emit(window, 0, held, events)
        else:
            # It goes out with what follows it in the chunk, see _emit().
            self._size += held
            self._before = held
        return True

    cdef int _run(self, chars s, Py_ssize_t end, list events) except -1:
        cdef Py_ssize_t at = 0
        while at < end:
            at = self._step(s, at, end, events)
        return 0

    cdef inline Py_ssize_t _step(
        self, chars s, Py_ssize_t at, Py_ssize_t end, list events
    ) except -1:
        if self._place == BODY:
            return self._body(s, at, end, events)
        if self._place == HEADERS:
            return self._headers(s, at, end, events)
        if self._place == BETWEEN:
            return self._between(s, at, end, events)
        if self._place == MEASURED:
            return self._measured(s, at, end, events)
        if self._place == AFTER_LENGTH:
            return self._after_length(s, at, end, events)
        return self._epilogue(s, at, end)

    cdef Py_ssize_t _hold(self, chars s, Py_ssize_t at, Py_ssize_t end) noexcept:
        self._held_size = end - at
        memcpy(self._held, s + at, end - at)
        return end

    cdef int _match(self, chars s, Py_ssize_t at, Py_ssize_t end, bint first, bint final) except -1:
        cdef int result = ps_match(&self._delimiters, s, at, end, first, final)
        if result == PS_FAULT:
            self._raise_fault()
        return result

    cdef int _raise_fault(self) except -1:
        raise _FAULTS[self._delimiters.fault].at(self._base + self._delimiters.fault_at)

    cdef ps_level *_top(self) noexcept:
        return &self._delimiters.levels[self._delimiters.depth - 1]

    # Between bodies

    cdef int _open(self, ps_text boundary, bint form, int64_t end) except -1:
        """Enter a multipart."""
        cdef uint64_t mask
        if self._policy is _DEFAULT_POLICY:
            mask = _DEFAULT_FORM_MASK if form else _DEFAULT_OTHER_MASK
        else:
            mask = self._policy.form_mask if form else self._policy.other_mask
        cdef ps_level *level = ps_push(&self._delimiters, boundary.s, <int> boundary.size)
        if level == NULL:
            raise MemoryError
        level.form = form
        level.mask = mask
        if self._delimiters.depth == 1:
            self._strays = not mask & BOUNDARY_IN_CONTENT
        level.end = end
        level.bare_lf = (mask & BARE_LF) != 0
        level.padding = (mask & DELIMITER_PADDING) != 0
        level.suffix = (mask & DELIMITER_SUFFIX) != 0
        level.first_suffix = (mask & FIRST_LINE_SUFFIX) != 0
        level.dashed = (mask & DASHED_BOUNDARY) != 0
        level.unclosed = (mask & UNCLOSED_CHILD) != 0
        level.unbroken = (mask & MISSING_LINE_BREAK) != 0
        self._set_rules()
        self._enter_between(preamble=True)
        return 0

    cdef void _set_rules(self) noexcept:
        cdef ps_level *top = self._top()
        self._rules.form = top.form
        self._rules.nested = self._nested
        self._rules.high = (top.mask & UNDECODABLE_HEADER) != 0
        self._rules.nameless = (top.mask & NAMELESS_PART) != 0
        self._rules.any_charset = (top.mask & UNSAFE_CHARSET) != 0
        self._rules.any_encoding = (top.mask & TRANSFER_ENCODING) != 0

    cdef void _enter_between(self, bint preamble) noexcept:
        self._in_preamble = self._fresh = preamble
        self._discarded = 0
        self._last_is_cr = False
        self._place = BETWEEN

    cdef Py_ssize_t _between(self, chars s, Py_ssize_t at, Py_ssize_t end, list events) except -1:
        cdef ps_delimiters *d = &self._delimiters
        cdef int result
        cdef Py_ssize_t found, search, size
        if self._fresh and not self._in_preamble:
            # Of an epilogue only the line of its closing delimiter is looked at (row o).
            size = min(d.break_size, end - at)
            if memcmp(s + at, d.needle.bytes, size) != 0:
                raise Deviation.EPILOGUE.at(self._base + at)
            if size < d.break_size and not self._final:
                return self._hold(s, at, end)
            self._fresh = False
        elif self._fresh:
            result = self._match(s, at, end, self._in_preamble, self._final)
            if result == PS_MORE:
                return self._hold(s, at, end)
            if result != PS_NO:
                return self._delimiter(result, at, events, False)
            if not self._top().mask & PREAMBLE:
                return self._strict_start(s, at, end)
            self._fresh = False
        search = at
        while True:
            found = ps_find(s, search, end, &d.needle, False)
            if found < 0:
                break
            self._discard(s, at, found)
            at = found
            search = found + 1
            result = self._match(
                s, found + d.break_size, end, self._in_preamble, self._final
            )
            if result == PS_MORE:
                return self._hold(s, found, end)
            if result != PS_NO:
                self._check_first_line_end(found)
                return self._delimiter(result, found, events, False)
        found = self._partial(s, at, end)
        self._discard(s, at, found)
        return self._hold(s, found, end)

    cdef Py_ssize_t _strict_start(self, chars s, Py_ssize_t at, Py_ssize_t end) except -1:
        """Let one CRLF stand before the first delimiter, and nothing else."""
        if not self._discarded and s[at] == c"\r":
            if at + 1 < end:
                if s[at + 1] == c"\n":
                    self._discarded = 2
                    return at + 2
            else:
                return end if self._final else self._hold(s, at, end)
        # What is cut within its first delimiter ends too early, and has no preamble (row p).
        if self._final and s[at] == c"-":
            if self._match(s, at, end, self._in_preamble, False) == PS_MORE:
                return end
        raise Deviation.PREAMBLE.at(self._base + at)

    cdef int _check_first_line_end(self, Py_ssize_t found) except -1:
        """Refuse a first delimiter behind a bare LF: until then lines may end in either."""
        if self._delimiters.lf < 0 and not self._last_is_cr:
            if not self._delimiters.levels[0].bare_lf:
                raise Deviation.BARE_LF.at(self._base + found)
        return 0

    cdef int _discard(self, chars s, Py_ssize_t start, Py_ssize_t stop) except -1:
        cdef Py_ssize_t stray
        if self._strays and self._delimiters.lf >= 0 and not self._final:
            stray = ps_stray(&self._delimiters, s, start, stop)
            if stray < stop:
                self._count_discarded(s, start, stray)
                raise Deviation.BOUNDARY_IN_CONTENT.at(self._base + stray)
        return self._count_discarded(s, start, stop)

    cdef int _count_discarded(self, chars s, Py_ssize_t start, Py_ssize_t stop) except -1:
        cdef int64_t size, limit
        if stop > start:
            self._discarded += stop - start
            self._last_is_cr = s[stop - 1] == c"\r"
        # A CR before the LF that the search starts with belongs to the delimiter.
        size = self._discarded - (self._last_is_cr and self._delimiters.lf < 0)
        limit = self._max.preamble if self._in_preamble else self._max.epilogue
        if size > limit:
            name = "max_preamble" if self._in_preamble else "max_epilogue"
            raise self._limits.exceeded(name, self._mark + limit)
        return 0

    cdef Py_ssize_t _delimiter(
        self, int result, Py_ssize_t at, list events, bint leaf
    ) except -1:
        """Act on the delimiter that starts at ``at``; ``leaf``: a body ends there."""
        cdef ps_delimiters *d = &self._delimiters
        cdef int64_t offset = self._base + at
        cdef int level = d.level, top = d.depth - 1
        if level < top and not d.levels[level].unclosed:
            raise Deviation.UNCLOSED_CHILD.at(offset)
        if not ps_accept(d):
            raise Deviation.DASHED_BOUNDARY.at(offset)
        if leaf:
            events.append(_part_end(top))
        self._check_end(self._closed_end, offset)
        self._closed_end = -1
        while top > level:
            self._check_end(d.levels[top].end, offset)
            top -= 1
            events.append(part_end(top, False))
        if d.depth > level + 1:
            ps_cut(d, level + 1)
            self._set_rules()
        self._mark = self._base + d.end
        if result == PS_CLOSE:
            self._close_level(level, events)
        else:
            self._parts += 1
            if self._parts > self._max.parts:
                raise self._limits.exceeded("max_parts", offset)
            self._place = HEADERS
        return d.end

    cdef int _close_level(self, int level, list events) except -1:
        if level == 0:
            self.end_offset = self._mark
            self._discarded = 0
            self._crlf_left = 1 if self._delimiters.lf else 2
            self._place = EPILOGUE
            return 0
        self._closed_end = self._top().end
        ps_cut(&self._delimiters, level)
        self._set_rules()
        events.append(_part_end(level - 1))
        self._enter_between(preamble=False)
        self._fresh = not self._top().mask & EPILOGUE_BYTES
        return 0

    cdef int _check_end(self, int64_t expected, int64_t offset) except -1:
        if expected != -1 and expected != offset:
            raise Deviation.LENGTH_MISMATCH.at(offset)
        return 0

    # Headers

    cdef Py_ssize_t _headers(self, chars s, Py_ssize_t at, Py_ssize_t end, list events) except -1:
        cdef ps_block block
        cdef Py_ssize_t reach = <Py_ssize_t> min(end - at, min(self._max.line, self._max.block))
        if self._head_size == 0 and self._delimiters.lf == 0:
            if ps_read_block(s + at, reach, &self._rules, &block):
                if block.lines <= self._max.lines and not (
                    self._strays
                    and ps_stray(&self._delimiters, s, at, at + block.size) < at + block.size
                ):
                    self._begin_plain(s + at, &block, events)
                    return at + block.end
        return self._header_lines(s, at, end, events)

    cdef int _begin_plain(self, chars s, ps_block *block, list events) except -1:
        cdef PartBegin part = PartBegin.__new__(PartBegin)
        if block.size <= PART_ROOM:
            part._short_size = <int> block.size
            memcpy(part._short, s, block.size)
        else:
            part._long = PyBytes_FromStringAndSize(<const char *> s, block.size)
        if block.name.size >= 0:
            part.name = _decoded(s, block.name, block.high)
        if block.filename.size >= 0:
            part.filename = _decoded(s, block.filename, block.high)
        if block.type.size >= 0:
            part.content_type = _essence(s, block.type, block.high)
        if self._top().mask & LENGTH_MISMATCH:
            block.length = -1
        return self._begin(part, block.end, block.length, None, events)

    cdef Py_ssize_t _header_lines(
        self, chars s, Py_ssize_t at, Py_ssize_t end, list events
    ) except -1:
        """Collect the block line by line: it is cut by a chunk's end, or not plain."""
        cdef chars found
        cdef Py_ssize_t stop, line_size
        cdef int lf = self._delimiters.lf
        cdef int width = 1 if lf else 2
        cdef bint cr
        while at < end:
            found = <chars> memchr(s + at, c"\n", end - at)
            stop = end if found == NULL else found - s + 1
            self._keep(s + at, stop - at)
            at = stop
            self._check_header_size(found != NULL)
            if found == NULL:
                break
            cr = self._head_size >= 2 and self._head[self._head_size - 2] == c"\r"
            if cr == (lf == 1):
                self._refuse_line_end(lf)
            line_size = self._head_size - self._line
            if line_size == width:
                self._examine(self._line - width, self._nested, events)
                break
            if self._head[self._line] == c"-" and self._head[self._line + 1] == c"-":
                if self._delimiter_in_headers(events):
                    break
            self._line = self._head_size
            self._lines += 1
            if self._lines > self._max.lines:
                raise self._limits.exceeded("max_headers", self._mark + self._line - line_size)
        return at

    cdef int _refuse_line_end(self, bint lf) except -1:
        """Refuse a line that ends otherwise than those of this stream."""
        cdef int64_t end = self._mark + self._head_size
        if lf:
            raise Deviation.HEADER_CONTROL.at(end - 2, "a CR, and lines end in LF")
        raise Deviation.BARE_LF.at(end - 1)

    cdef int _keep(self, chars s, Py_ssize_t size) except -1:
        """Put bytes behind the header block so far."""
        cdef Py_ssize_t needed = self._head_size + size
        cdef unsigned char *head
        if needed > self._head_room:
            needed = max(2 * needed, 256)
            head = <unsigned char *> realloc(self._head, needed)
            if head == NULL:
                raise MemoryError
            self._head = head
            self._head_room = needed
        memcpy(self._head + self._head_size, s, size)
        self._head_size += size
        return 0

    cdef int _check_header_size(self, bint ended) except -1:
        """Refuse a line or a block that is too long, whichever limit comes first."""
        cdef Py_ssize_t end = self._head_size - ended
        cdef bint line_over, block_over
        if not self._delimiters.lf and end > self._line and self._head[end - 1] == c"\r":
            end -= 1
        line_over = end - self._line > self._max.line
        block_over = self._head_size > self._max.block
        if block_over and (not line_over or self._max.block <= self._line + self._max.line):
            raise self._limits.exceeded("max_header_block", self._mark + self._max.block)
        if line_over:
            raise self._limits.exceeded(
                "max_header_line", self._mark + self._line + self._max.line
            )
        return 0

    cdef bint _delimiter_in_headers(self, list events) except -1:
        """Act on a header line that is a delimiter; tell whether it was one."""
        cdef int64_t offset = self._mark + self._line
        cdef int64_t base = self._base
        cdef Py_ssize_t size = self._head_size - self._line
        cdef bytes line = PyBytes_FromStringAndSize(<char *> self._head + self._line, size)
        cdef chars s = <chars> PyBytes_AS_STRING(line)
        cdef int result
        self._base = offset
        result = self._match(s, 0, size, False, True)
        if result == PS_NO:
            self._base = base
            return False
        if not self._top().mask & DELIMITER_IN_HEADERS:
            raise Deviation.DELIMITER_IN_HEADERS.at(offset)
        self._examine(self._line - (1 if self._delimiters.lf else 2), False, events)
        if self._place == MEASURED:
            raise Deviation.LENGTH_MISMATCH.at(offset)
        self._delimiter(result, 0, events, self._place == BODY)
        self._base = base
        return True

    cdef int _examine(self, Py_ssize_t size, bint nested, list events) except -1:
        """Have a block of ``size`` bytes looked at that is not plain, and begin its part."""
        cdef ps_level *top = self._top()
        cdef bytes block = PyBytes_FromStringAndSize(<char *> self._head, max(size, 0))
        cdef Py_ssize_t whole = self._head_size
        cdef PartBegin part
        cdef Py_ssize_t stray
        if self._strays:
            stray = ps_stray(&self._delimiters, self._head, 0, max(size, 0))
            if stray < size:
                raise Deviation.BOUNDARY_IN_CONTENT.at(self._mark + stray)
        head = examine(
            block, self._mark, Level(top.mask, top.form, nested), lf=self._delimiters.lf == 1
        )
        free(self._head)
        self._head = NULL
        self._head_size = self._head_room = self._line = self._lines = 0
        part = _odd_part(head.block, head.name, head.filename)
        return self._begin(part, whole, head.length, head.child, events)

    cdef int _begin(
        self, PartBegin part, Py_ssize_t size, int64_t length, object child, list events
    ) except -1:
        """Begin the part whose header block, of ``size`` bytes, has just ended."""
        cdef bytes boundary
        part.depth = self._delimiters.depth - 1
        part.offset = self._mark
        part.body_offset = self._mark + size
        part.multipart = child is not None
        if child is not None and part.depth + 2 > self._max.depth:
            raise self._limits.exceeded("max_depth", part.offset)
        if child is not None and self._strays:
            boundary = b"--" + child.boundary
            size = len(boundary)
            if ps_stray(&self._delimiters, <chars> PyBytes_AS_STRING(boundary), 0, size) < size:
                raise Deviation.BOUNDARY_IN_CONTENT.at(part.offset, _BOUNDARY_WITHIN)
        events.append(part)
        self._fresh = True
        self._size = 0
        if child is not None:
            self._mark = part.body_offset
            boundary = child.boundary
            self._open(
                ps_text(<chars> PyBytes_AS_STRING(boundary), PyBytes_GET_SIZE(boundary)),
                child.form,
                part.body_offset + length if length >= 0 else -1,
            )
        elif length < 0:
            self._place = BODY
        else:
            self._remaining = length
            self._place = MEASURED
            self._end_measured(events)
        return 0

    # Bodies

    cdef Py_ssize_t _body(self, chars s, Py_ssize_t at, Py_ssize_t end, list events) except -1:
        cdef ps_delimiters *d = &self._delimiters
        cdef bint passing = ps_passes(d)
        cdef int result
        cdef Py_ssize_t found, search, stop
        if self._fresh:
            if s[at] == c"-":
                result = self._match(s, at, end, False, self._final)
                if result == PS_MORE:
                    return self._hold(s, at, end)
                if result != PS_NO:
                    return self._unbroken(result, at, events, True)
            self._fresh = False
        search = at
        stop = end
        if end - at >= COPIED_FROM and self._is_cut(s, at, end):
            stop = at + COPIED_LATER
        while True:
            if self._copy == NULL:
                found = ps_find(s, search, stop, &d.needle, passing)
            else:
                found = self._find_and_copy(s, at, search, stop)
            if found >= 0:
                result = self._match_in_body(s, at, found, end, events, False)
                if result != PS_NO:
                    self._emit(s, at, found, events)
                    if result == PS_MORE:
                        return self._hold(s, found, end)
                    return self._delimiter(result, found, events, True)
                search = found + 1
            elif stop < end:
                search = max(search, stop - d.needle.size + 1)
                stop = end
                self._lay_out(s, at, search, end)
            else:
                break
        found = self._partial(s, at, end)
        self._emit(s, at, found, events)
        return self._hold(s, found, end)

    cdef inline Py_ssize_t _partial(self, chars s, Py_ssize_t at, Py_ssize_t end) noexcept:
        """Find where an end of the data starts that has to be held back, or give its end."""
        cdef Py_ssize_t found
        if self._final:
            return end
        found = ps_partial(&self._delimiters, s, at, end)
        if self._strays and self._delimiters.lf >= 0:
            return ps_partial_stray(&self._delimiters, s, at, found, end)
        return found

    cdef bint _is_cut(self, chars s, Py_ssize_t at, Py_ssize_t end) noexcept:
        """Tell whether these are many bytes of a body that go out as other than the whole chunk."""
        if not self._is_chunk(s + at, end - at):
            return end - at <= COPIED_UP_TO
        return ps_partial(&self._delimiters, s, at, end) < end

    cdef int _lay_out(self, chars s, Py_ssize_t at, Py_ssize_t search, Py_ssize_t end) except -1:
        """Have what of a body is searched from now on be copied."""
        cdef object made = PyBytes_FromStringAndSize(NULL, self._before + end - at)
        Py_XDECREF(self._copy)
        Py_INCREF(made)
        self._copy = <PyObject *> made
        memcpy(PyBytes_AS_STRING(made) + self._before, s + at, search - at)
        return 0

    cdef Py_ssize_t _find_and_copy(
        self, chars s, Py_ssize_t at, Py_ssize_t search, Py_ssize_t end
    ) noexcept:
        """Find the next delimiter of a body that starts at ``at``, and copy the body."""
        cdef ps_delimiters *d = &self._delimiters
        cdef bint passing = ps_passes(d)
        cdef unsigned char *to
        cdef Py_ssize_t found
        to = <unsigned char *> PyBytes_AS_STRING(<object> self._copy) + self._before
        found = ps_find_and_copy(s + at, search - at, end - at, &d.needle, passing, to)
        return found + at if found >= 0 else -1

    cdef int _match_in_body(
        self, chars s, Py_ssize_t at, Py_ssize_t found, Py_ssize_t end, list events, bint last
    ) except -1:
        """Match a delimiter at ``found``; on a fault, deliver the body before it first."""
        cdef int result = ps_match_found(
            &self._delimiters, s, found, end, last or self._final
        )
        if result == PS_FAULT:
            self._emit(s, at, found, events)
            self._raise_fault()
        return result

    cdef Py_ssize_t _unbroken(
        self, int result, Py_ssize_t at, list events, bint leaf
    ) except -1:
        """Act on a delimiter with no line end of its own behind a header block (row q)."""
        if not self._delimiters.levels[self._delimiters.level].unbroken:
            raise Deviation.MISSING_LINE_BREAK.at(self._base + at)
        return self._delimiter(result, at, events, leaf)

    cdef int _emit(self, chars s, Py_ssize_t start, Py_ssize_t stop, list events) except -1:
        """Deliver data of a body, and before it what turned out to be data and was held back."""
        cdef Py_ssize_t size, before = self._before, stray = stop
        cdef int64_t over
        # What is left at the end of input may be a delimiter that was cut (row p).
        if self._strays and start < stop and not self._final:
            stray = ps_stray(&self._delimiters, s, start, stop)
        size = max(stray - start, 0)
        cdef bytes joined
        self._before = 0
        self._size += size
        over = self._size - self._max.size
        if over > 0:
            size -= <Py_ssize_t> over
        if self._copy != NULL:
            self._emit_copy(before, size, events)
        elif before == 0:
            if size:
                events.append(self._bytes(s + start, size))
        elif self._is_chunk(s + start, size):
            events.append(PyBytes_FromStringAndSize(<const char *> self._held, before))
            events.append(self._chunk)
        else:
            # It has to be copied in any case: one event, and one copy.
            joined = PyBytes_FromStringAndSize(NULL, before + size)
            memcpy(PyBytes_AS_STRING(joined), self._held, before)
            memcpy(PyBytes_AS_STRING(joined) + before, s + start, size)
            events.append(joined)
        if over > 0:
            raise self._limits.exceeded("max_part_size", self._base + start + size)
        if stray < stop:
            raise Deviation.BOUNDARY_IN_CONTENT.at(self._base + stray)
        return 0

    cdef int _emit_copy(self, Py_ssize_t before, Py_ssize_t size, list events) except -1:
        """Deliver what was copied while it was searched."""
        cdef PyObject *data = self._copy
        self._copy = NULL
        if before + size != PyBytes_GET_SIZE(<object> data):
            _PyBytes_Resize(&data, before + size)  # on failure it has set data to NULL, and raises
        memcpy(PyBytes_AS_STRING(<object> data), self._held, before)
        if before + size:
            events.append(<object> data)
        Py_DECREF(data)
        return 0

    cdef bint _is_chunk(self, chars s, Py_ssize_t size) noexcept:
        """Tell whether these bytes are all of the chunk that is being fed."""
        return (
            self._chunk is not None
            and s == <chars> PyBytes_AS_STRING(self._chunk)
            and size == PyBytes_GET_SIZE(self._chunk)
        )

    cdef bytes _bytes(self, chars s, Py_ssize_t size):
        """Give these bytes as an object: the chunk itself where they are all of it."""
        if self._is_chunk(s, size):
            return self._chunk
        return PyBytes_FromStringAndSize(<const char *> s, size)

    cdef Py_ssize_t _measured(self, chars s, Py_ssize_t at, Py_ssize_t end, list events) except -1:
        cdef ps_delimiters *d = &self._delimiters
        cdef bint passing = ps_passes(d)
        cdef bint last = self._remaining <= end - at  # whether the body ends within the data
        cdef Py_ssize_t found, stop = at + self._remaining if last else end
        cdef int result
        if self._fresh and s[at] == c"-":
            result = self._match(s, at, stop, False, last or self._final)
            if result == PS_MORE:
                return self._hold(s, at, end)
            if result != PS_NO:
                raise Deviation.LENGTH_MISMATCH.at(self._base + at)
        self._fresh = False
        found = ps_find(s, at, stop, &d.needle, passing)
        while found >= 0:
            result = self._match_in_body(s, at, found, stop, events, last)
            if result != PS_NO:
                self._emit(s, at, found, events)
                self._remaining -= found - at
                if result == PS_MORE:
                    return self._hold(s, found, end)
                raise Deviation.LENGTH_MISMATCH.at(self._base + found)
            found = ps_find(s, found + 1, stop, &d.needle, passing)
        found = stop if last else self._partial(s, at, stop)
        self._emit(s, at, found, events)
        self._remaining -= found - at
        self._end_measured(events)
        return found if last else self._hold(s, found, end)

    cdef int _end_measured(self, list events) except -1:
        if self._remaining == 0:
            events.append(_part_end(self._delimiters.depth - 1))
            self._place = AFTER_LENGTH
        return 0

    cdef Py_ssize_t _after_length(
        self, chars s, Py_ssize_t at, Py_ssize_t end, list events
    ) except -1:
        cdef ps_delimiters *d = &self._delimiters
        cdef bint unbroken = self._fresh and s[at] == c"-"
        cdef Py_ssize_t width = 0 if unbroken else d.break_size
        cdef Py_ssize_t have = min(width, end - at)
        cdef int result = PS_NO
        cdef Py_ssize_t i = 0
        while i < have and s[at + i] == d.needle.bytes[i]:
            i += 1
        if i == width:
            result = self._match(s, at + width, end, False, self._final)
            if result == PS_NO and self._final:
                result = self._match(s, at + width, end, False, False)
        elif i == have:
            result = PS_MORE
        if result == PS_MORE:
            return end if self._final else self._hold(s, at, end)
        if result == PS_NO:
            raise Deviation.LENGTH_MISMATCH.at(self._base + at)
        if unbroken:
            return self._unbroken(result, at, events, False)
        return self._delimiter(result, at, events, False)

    # The end

    cdef Py_ssize_t _epilogue(self, chars s, Py_ssize_t at, Py_ssize_t end) except -1:
        while self._crlf_left and at < end:
            if s[at] != (c"\n" if self._crlf_left == 1 else c"\r"):
                break
            self._crlf_left -= 1
            self._mark += 1
            at += 1
        if at == end:
            return at
        self._crlf_left = 0
        if not self._delimiters.levels[0].mask & EPILOGUE_BYTES:
            raise Deviation.EPILOGUE.at(self._base + at)
        self._discarded += end - at
        if self._discarded > self._max.epilogue:
            raise self._limits.exceeded("max_epilogue", self._mark + self._max.epilogue)
        return end

    cdef int _end(self, list events) except -1:
        """Refuse an end of input that comes too early, or end what is open (row p)."""
        cdef uint64_t mask = self._delimiters.levels[0].mask
        cdef bint started = self._delimiters.lf >= 0
        cdef int depth
        if self._place == HEADERS and mask & DELIMITER_IN_HEADERS:
            # The last line, which nothing ends any more.
            if self._head_size - self._line >= 2 and self._head[self._line] == c"-":
                if self._head[self._line + 1] == c"-":
                    self._delimiter_in_headers(events)
        depth = self._delimiters.depth - 1
        if self.end_offset >= 0:
            if self._crlf_left == 1 and not self._delimiters.lf:  # a CR, and no LF
                if not mask & EPILOGUE_BYTES:
                    raise Deviation.EPILOGUE.at(self.offset - 1)
            return 0
        if not started or not mask & TRUNCATED:
            raise cut_short(self.offset, started, self._parts, self._where())
        if self._place == BODY or self._place == MEASURED:
            events.append(part_end(depth, False))
        while depth > 0:
            depth -= 1
            events.append(part_end(depth, False))
        self.end_offset = self.offset
        return 0

    cdef str _where(self):
        if self._place == HEADERS:
            return "in the headers of"
        return "in" if self._place == BODY or self._place == MEASURED else "after"


cdef bytes _as_bytes(object chunk):
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    try:
        return bytes(memoryview(chunk))
    except TypeError:
        kind = type(chunk).__name__
        raise TypeError(f"feed() takes bytes, bytearray or memoryview, not {kind}") from None


include "making.pxi"
