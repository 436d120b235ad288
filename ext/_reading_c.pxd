# What the readers' logic is held in when it is compiled: types and calls of C for the text of
# src/partstream/_item.py and the modules behind it, which setup.py puts together.  Nothing is
# decided here: without this file the same text runs as Python.

cimport cython
from partstream._scanner_c cimport PartBegin

cdef extern from "reading.h":
    object blank(object kind)

cdef object NEED, PartEnd


cdef class Item:
    cdef bint _is_over(self) except? -1
    cdef Item _pass(self)
    cdef object _done(self)
    cdef object _end(self)


cdef class Flow:
    cdef public object pull, unread, close_source, parser, settings, ahead, error, fault
    cdef public list events
    cdef public bint busy, drain, ended, filling, past
    cdef public long long fed, read_size

    cpdef object ask(self)
    cpdef object answered(self, object chunk)
    cdef object take_in(self, bytes chunk)
    cdef object feed(self, bytes chunk)
    @cython.locals(taken=list)
    cdef object line_up(self, object events)
    cdef object take(self)
    cdef object take_end(self)
    cdef object skip(self, int depth)


cdef class Stream(Flow):
    cdef public object boundary, charset, delimiter, part_cls, subtype
    cdef public PartBegin current


cdef class PartFlow(Flow):
    cdef object _behind, _end, _fault
    cdef bytes _chunk, _delimiter, _held
    cdef long long _given
    cdef bint _measured
    cdef Py_ssize_t _shift

    cdef object _find_behind(self, object end)
    cdef bytes _pending(self)
    cdef bint _ends_in_delimiter(self) except? -1
    cdef object _shifted(self, object error)


@cython.final
cdef class Body:
    cdef Flow flow
    cdef readonly int depth
    cdef public bint ended, complete, skipping
    cdef list pieces
    cdef bytes rest
    cdef Py_ssize_t size, digits, rest_at
    cdef object fault

    cdef object put(self, bytes data, object end)
    cpdef bint over(self)
    cpdef object chunk(self)
    @cython.locals(pieces=list, size=Py_ssize_t)
    cpdef object all(self, long long most)
    cpdef object some(self, object size)
    cpdef object quartets(self, object size)
    @cython.locals(size=Py_ssize_t)
    cpdef object line(self, long long most)
    cpdef object skip(self)
    cpdef object close(self)
    cpdef object restore(self, bytes data)
    cdef object _end(self, object event)
    cdef object _too_large(self)
    cdef object _keep(self, list pieces, Py_ssize_t size)
    cdef object _advance(self, Py_ssize_t at)
    cdef object _put_back(self, bytes data)
    cdef object _drop(self)


cdef Body _READ


cdef class Passed(Item):
    cdef Stream _stream
    cdef object _depth
    cdef Body _body


cdef class CharsetField(Passed):
    cdef object _event
    cdef Body _field


cdef class PartBase(Item):
    cdef public object _boundary, _settings, _own_headers, _default_charset, _decoder, _base64
    cdef public PartBegin _event
    cdef public Flow _stream
    cdef public Body _body

    @cython.locals(event=PartBegin)
    cpdef object _join(self, Stream stream, object headers, object charset)
    cdef object _begin(self, Flow stream, object settings, PartBegin event, object charset)
    cpdef Body _opened(self)
    @cython.locals(stream=Flow)
    cdef object _whole(self)
    cpdef object _all(self)
    cpdef object _piece(self)
    cpdef object _some(self, object size)


cdef class ReaderBase(Item):
    cdef public object headers, _delimiter, _last_part
    cdef public PartBegin _coming
    cdef public Stream _stream
    cdef public int _depth
    cdef public bint _at_eof, _hooked, _own_fetch

    cpdef object _next(self)
    @cython.locals(last=Item, stream=Stream)
    cpdef object _advance(self)
    @cython.locals(stream=Stream)
    cdef object _made(self, PartBegin event)
    @cython.locals(part=PartBase, event=PartBegin)
    cdef object _dispatch(self, object headers)
    cdef object _start(self)
    @cython.locals(last=Item)
    cdef object _end(self)
