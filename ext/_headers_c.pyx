# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""Header tokenizer, compiled twin of ``src/partstream/_headers_py.py``.

:func:`tokenize` turns a normal header block (see ``headers.py``) into the pairs that a mapping is
made of.  It checks nothing, because nothing unchecked reaches it, and runs only when somebody
asks for the headers.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII, PyUnicode_DecodeUTF8
from libc.string cimport memchr

from . import hdrs

__all__ = ["tokenize"]

# Names as they stand on the wire, to the one object that stands for them.
cdef dict _NAMES = {
    spelling.encode("ascii"): name
    for name in hdrs.KNOWN
    for spelling in (str(name), name.lower())
}


cdef inline const char *_skip(const char *at, const char *end) noexcept:
    while at < end and (at[0] == c" " or at[0] == c"\t"):
        at += 1
    return at


cdef inline const char *_trim(const char *start, const char *end) noexcept:
    while end > start and ((end - 1)[0] == c" " or (end - 1)[0] == c"\t"):
        end -= 1
    return end


def tokenize(bytes block not None):
    """Give the headers of a normal block as pairs of name and value, in their order.

    Values are decoded as UTF-8; bytes that are not UTF-8 become lone surrogates.
    """
    cdef list pairs = []
    cdef const char *at = PyBytes_AS_STRING(block)
    cdef const char *end = at + PyBytes_GET_SIZE(block)
    cdef const char *stop
    cdef const char *colon
    cdef const char *value
    while at < end:
        stop = <const char *> memchr(at, c"\r", end - at)
        if stop == NULL:
            stop = end
        colon = <const char *> memchr(at, c":", stop - at)
        if colon == NULL:
            raise ValueError("tokenize() takes a header block in normal form")
        raw = at[: colon - at]
        name = _NAMES.get(raw)
        if name is None:
            name = PyUnicode_DecodeASCII(at, colon - at, NULL)
        value = _skip(colon + 1, stop)
        pairs.append((
            name,
            PyUnicode_DecodeUTF8(value, _trim(value, stop) - value, "surrogateescape"),
        ))
        at = stop + 2
    return pairs
