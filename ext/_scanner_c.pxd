# The event at the beginning of a part, for what else is compiled.

from libc.stdint cimport int64_t

# A block that is not longer costs no object of its own: a form has one a field.
cdef enum:
    PART_ROOM = 72

cdef class PartBegin:
    cdef bytes _long  # the block, None where it is short: then it stands in the event itself
    cdef unsigned char _short[PART_ROOM]
    cdef int _short_size
    cdef object _headers
    cdef readonly str name, filename, content_type
    cdef readonly int64_t offset, body_offset
    cdef readonly int depth
    cdef readonly bint multipart
