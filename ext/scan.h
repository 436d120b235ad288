/* Search for a short needle in long data, without a bad case.

   A candidate must match the first and the last byte of the needle, which a vector compare tests
   for 64 places at once (vectors.h, search.h).  A delimiter starts with CR or LF and ends in a byte
   of the boundary, so content made of one of the two (all CRLF, all dashes) gives no candidates, and
   content without either runs at the speed of memory.  A candidate is compared a vector at a time, which
   takes a nanosecond or two; where one is not the needle, two more bytes are tested at the other places
   first, so that no data can make more than one place in three a candidate that is compared.

   Nothing is read outside of data[at .. end). */

#ifndef PARTSTREAM_SCAN_H
#define PARTSTREAM_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vectors.h"

enum { PS_MAX_NEEDLE = 74 };

typedef struct {
    unsigned char bytes[PS_MAX_NEEDLE];
    int size; /* three at least: a line end and two dashes */
} ps_needle;

/* Tell whether a needle that ends at p, and is all of a delimiter, goes on as no delimiter can. */
static inline int ps_goes_on(const unsigned char *p, const unsigned char *end) {
    if (p == end)
        return 0;
    if (*p > '-')
        return 1;
    if (*p == '-')
        return p + 1 < end && p[1] != '-';
    return *p != '\r' && *p != '\n' && *p != ' ' && *p != '\t';
}

/* Find the needle one place after the other. */
static inline ptrdiff_t ps_find_plain(const unsigned char *data, ptrdiff_t at, ptrdiff_t end,
                                      const ps_needle *needle, int pass) {
    const ptrdiff_t size = needle->size, stop = end - size + 1;
    const unsigned char first = needle->bytes[0], last = needle->bytes[size - 1];
    for (; at < stop; at++) {
        if (data[at] == first && data[at + size - 1] == last &&
            memcmp(data + at, needle->bytes, (size_t)size) == 0 &&
            !(pass && ps_goes_on(data + at + size, data + end)))
            return at;
    }
    return -1;
}

static inline ptrdiff_t ps_find_and_copy_plain(const unsigned char *data, ptrdiff_t at,
                                               ptrdiff_t end, const ps_needle *needle, int pass,
                                               unsigned char *to) {
    if (at < end)
        memcpy(to + at, data + at, (size_t)(end - at));
    return ps_find_plain(data, at, end, needle, pass);
}

enum { PS_BLOCK = 64 };

#if defined(_MSC_VER)
#define PS_ALWAYS_INLINE __forceinline
#else
#define PS_ALWAYS_INLINE inline __attribute__((always_inline))
#endif

#ifdef PS_BASE
#define PS_WIDTH 16
#define PS_TARGET
#include "search.h"
#else
#define ps_find16 ps_find_plain
#define ps_find_and_copy16 ps_find_and_copy_plain
#endif

#ifdef PS_AVX2
#define PS_WIDTH 32
#define PS_TARGET PS_AVX2
#include "search.h"
#endif

/* Give the first place at or after `at` where the needle stands, or -1.  `pass`: the needle is a whole
   delimiter, and one that goes on as text is none; those are passed by. */
static ptrdiff_t (*ps_find)(const unsigned char *data, ptrdiff_t at, ptrdiff_t end,
                            const ps_needle *needle, int pass) = ps_find16;

/* Do the same, and copy data[at .. what is found, or end) to the same places behind `to`, also the first
   byte of what is found.  In one pass it takes less than a search and a memcpy: each byte is loaded
   once. */
static ptrdiff_t (*ps_find_and_copy)(const unsigned char *data, ptrdiff_t at, ptrdiff_t end,
                                     const ps_needle *needle, int pass,
                                     unsigned char *to) = ps_find_and_copy16;

/* Take the widest vectors that this processor has; called once, before any search. */
static inline void ps_choose_vectors(void) {
#ifdef PS_AVX2
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2"))
        ps_find = ps_find32, ps_find_and_copy = ps_find_and_copy32;
#endif
}

/* A flag that two threads cannot take at once, also where no interpreter lock protects it. */
#if defined(_MSC_VER)
#include <intrin.h>
static inline int ps_take(volatile long *flag) { return _InterlockedExchange(flag, 1) == 0; }
static inline void ps_give(volatile long *flag) { _InterlockedExchange(flag, 0); }
#else
static inline int ps_take(volatile long *flag) {
    return __atomic_exchange_n(flag, 1, __ATOMIC_ACQUIRE) == 0;
}
static inline void ps_give(volatile long *flag) { __atomic_store_n(flag, 0, __ATOMIC_RELEASE); }
#endif

#endif
