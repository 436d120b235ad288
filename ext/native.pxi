# What the scanner uses of the C headers beside this file.

cdef extern from "scan.h":
    ctypedef struct ps_needle:
        unsigned char *bytes
        int size
    Py_ssize_t ps_find(const unsigned char *data, Py_ssize_t at, Py_ssize_t end,
                       const ps_needle *needle, bint passing) noexcept nogil
    Py_ssize_t ps_find_and_copy(const unsigned char *data, Py_ssize_t at, Py_ssize_t end,
                                const ps_needle *needle, bint passing,
                                unsigned char *to) noexcept nogil
    void ps_choose_vectors() noexcept
    bint ps_take(long *flag) noexcept nogil
    void ps_give(long *flag) noexcept nogil

cdef extern from "delimiters.h":
    enum: PS_NO, PS_MORE, PS_OPEN, PS_CLOSE, PS_FAULT
    enum: PS_BARE_LF, PS_PADDING, PS_SUFFIX, PS_FIRST_SUFFIX
    ctypedef struct ps_level:
        bint form
        uint64_t mask
        int64_t end
        unsigned char bare_lf, padding, suffix, first_suffix, dashed, unclosed, unbroken
    ctypedef struct ps_delimiters:
        ps_level *levels
        int depth, lf, break_size, level, fault
        ps_needle needle
        Py_ssize_t end, fault_at
    ps_level *ps_push(ps_delimiters *d, const unsigned char *boundary, int size) noexcept
    void ps_cut(ps_delimiters *d, int depth) noexcept
    void ps_free(ps_delimiters *d) noexcept
    int ps_match(ps_delimiters *d, const unsigned char *s, Py_ssize_t at, Py_ssize_t end,
                 bint first, bint final) noexcept
    bint ps_passes(const ps_delimiters *d) noexcept
    int ps_match_found(ps_delimiters *d, const unsigned char *s, Py_ssize_t found,
                       Py_ssize_t end, bint final) noexcept
    bint ps_accept(ps_delimiters *d) noexcept
    Py_ssize_t ps_stray(const ps_delimiters *d, const unsigned char *s, Py_ssize_t at,
                        Py_ssize_t end) noexcept
    Py_ssize_t ps_partial_stray(const ps_delimiters *d, const unsigned char *s, Py_ssize_t at,
                                Py_ssize_t stop, Py_ssize_t end) noexcept
    Py_ssize_t ps_partial(const ps_delimiters *d, const unsigned char *s, Py_ssize_t at,
                          Py_ssize_t end) noexcept

cdef extern from "block.h":
    void ps_fill_classes() noexcept
    ctypedef struct ps_span:
        Py_ssize_t at, size
    ctypedef struct ps_block_rules:
        bint form, nested, high, nameless, any_charset, any_encoding
    ctypedef struct ps_block:
        Py_ssize_t size, end
        int lines
        ps_span name, filename, type
        bint high
        int64_t length
    bint ps_read_block(const unsigned char *s, Py_ssize_t size, const ps_block_rules *rules,
                       ps_block *block) noexcept
    ps_span ps_content_type(const unsigned char *s, Py_ssize_t size) noexcept

cdef extern from "Python.h":
    int _PyBytes_Resize(PyObject **data, Py_ssize_t size) except -1
    void Py_CLEAR(PyObject *object) noexcept
    void Py_DECREF(PyObject *object) noexcept
    void Py_XDECREF(PyObject *object) noexcept
    ctypedef object (*vectorcallfunc)(object, PyObject *const *, size_t, PyObject *)
    Py_ssize_t PyVectorcall_NARGS(size_t count) noexcept
    bint PyUnicode_IS_COMPACT_ASCII(object text) noexcept

cdef extern from "shortcuts.h":
    void ps_rename(object kind, const char *name) noexcept
    void ps_answer_calls(object kind, vectorcallfunc make) noexcept
    object ps_make_slowly(object kind, PyObject *const *arguments, size_t count, PyObject *names)
    object ps_ascii(const unsigned char *s, Py_ssize_t size)
