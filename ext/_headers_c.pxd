# What the event at the beginning of a part uses of the header tokenizer.

cdef object mapping(const char *at, Py_ssize_t size)
