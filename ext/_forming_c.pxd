# What the logic of forms is held in when it is compiled: types and calls of C for the text of
# src/partstream/_form_work.py and _form_assembler.py, which setup.py puts together.  Nothing is
# decided here: without this file the same text runs as Python.

cimport cython
from partstream._scanner_c cimport PartBegin

cdef object PartEnd, _LOCK, _NOTHING, AS_FIELD, SKIPPED, MultipartParser
cdef long long _FILE
cdef Py_ssize_t _SMALL, _LEAST_ENCODED


cdef class Assembler:
    cdef public object head, limits, policy, decode, charset
    cdef public list items, files
    cdef public bint complete, ended
    cdef public long long left, fields_left
    cdef list _jobs, _sinks, _pieces
    cdef Py_ssize_t _queued
    cdef bint _busy, _over

    cdef object _set_up(self, object limits, object policy, object decode, object charset)
    cpdef object feed(self, bytes chunk)
    cpdef object take_in(self, bytes chunk)
    cpdef object go(self)
    cpdef object charge_text(self, long long offset, str name, object data, Py_ssize_t size)
    cpdef Py_ssize_t add_file(self, str name, object value=*)
    @cython.locals(size=Py_ssize_t)
    cdef list queue(self, object sink, list pieces, object data)
    cdef object store(self, Py_ssize_t place, object sink, bint waits)
    cpdef object _store(self, tuple file)
    cdef object _abort(self)


cdef class FormAssembler(Assembler):
    cdef PartBegin _begin
    cdef str _name
    cdef object _data, _sink, _odd, _decoder, _outer, _open, _parser, _events
    cdef long long _room, _files_left
    cdef Py_ssize_t _place
    cdef bint _begun, _usual, _streamed, _spilt

    cpdef object take_in(self, bytes chunk)
    @cython.locals(begin=PartBegin, part=PartBegin, name=str, left=cython.longlong,
                   room=cython.longlong, most=cython.longlong, each=cython.longlong, size=cython.longlong, usual=bint, items=list)
    cpdef object go(self)
    cdef object _too_many(self, PartBegin part)
    cdef object _start(self, PartBegin part)
    cdef object _start_field(self, str name, PartBegin part)
    cdef object _start_file(self, str name, PartBegin part)
    cdef object _write(self, bytes data)
    cdef object _put(self, object data)
    cdef object _finish(self, object event)
    cdef object _end(self, object event)
