# What a parser is set to, as C has it: the limits, the bits of the tolerances, the defaults.

# Limits.packed, in its order.
ctypedef struct Maxima:
    int64_t line, lines, block, preamble, epilogue, depth, parts, size, total

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
