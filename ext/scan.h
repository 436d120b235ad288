/* Search for a short needle in long data, without a bad case.

   A candidate must match the first and the last byte of the needle, which a vector compare tests
   for 16 places at once.  A delimiter starts with CR or LF and ends in a byte of the boundary, so
   content made of one of the two (all CRLF, all dashes) gives no candidates, and content without
   either runs at the speed of memory.  Candidates are tested for the second byte as a vector too,
   and only then one by one: no data can make more than one place in three expensive.

   Nothing is read outside of data[at .. size). */

#ifndef PARTSTREAM_SCAN_H
#define PARTSTREAM_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define PS_VECTOR 1
typedef __m128i ps_vec;
static inline ps_vec ps_fill(unsigned char c) { return _mm_set1_epi8((char)c); }
static inline ps_vec ps_equal(const unsigned char *p, ps_vec c) {
    return _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), c);
}
static inline ps_vec ps_and(ps_vec a, ps_vec b) { return _mm_and_si128(a, b); }
static inline ps_vec ps_or(ps_vec a, ps_vec b) { return _mm_or_si128(a, b); }
static inline int ps_any(ps_vec v) { return _mm_movemask_epi8(v); }
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define PS_VECTOR 1
typedef uint8x16_t ps_vec;
static inline ps_vec ps_fill(unsigned char c) { return vdupq_n_u8(c); }
static inline ps_vec ps_equal(const unsigned char *p, ps_vec c) {
    return vceqq_u8(vld1q_u8(p), c);
}
static inline ps_vec ps_and(ps_vec a, ps_vec b) { return vandq_u8(a, b); }
static inline ps_vec ps_or(ps_vec a, ps_vec b) { return vorrq_u8(a, b); }
static inline int ps_any(ps_vec v) { return vmaxvq_u8(v) != 0; }
#endif

/* Large bodies come from memory, not from the cache: ask for it in time.  4 KiB ahead took 32 MB of
   text from 7 to 11 GB/s, where memchr made 12; 0.5 KiB was not enough, 8 KiB gave no more. */
#if defined(__GNUC__) || defined(__clang__)
#define PS_PREFETCH(address) __builtin_prefetch(address)
#else
#define PS_PREFETCH(address) ((void)0)
#endif
enum { PS_AHEAD = 4096 };

/* Find the needle one place after the other; `stop` is behind the last place it can start at. */
static inline ptrdiff_t ps_find_plain(const unsigned char *data, ptrdiff_t at, ptrdiff_t stop,
                                      const unsigned char *needle, ptrdiff_t size) {
    const unsigned char first = needle[0], last = needle[size - 1];
    for (; at < stop; at++) {
        if (data[at] == first && data[at + size - 1] == last &&
            memcmp(data + at, needle, (size_t)size) == 0)
            return at;
    }
    return -1;
}

/* Give the first place at or after `at` where the needle (two bytes at least) stands, or -1. */
static inline ptrdiff_t ps_find(const unsigned char *data, ptrdiff_t at, ptrdiff_t end,
                                const unsigned char *needle, ptrdiff_t size) {
    const ptrdiff_t stop = end - size + 1;
#ifdef PS_VECTOR
    const ps_vec first = ps_fill(needle[0]), last = ps_fill(needle[size - 1]);
    const ps_vec second = ps_fill(needle[1]);
    const ptrdiff_t gap = size - 1;
    while (at + 64 <= stop) {
        const unsigned char *p = data + at, *q = p + gap;
        PS_PREFETCH((const void *)((uintptr_t)p + PS_AHEAD));
        const ps_vec a = ps_and(ps_equal(p, first), ps_equal(q, last));
        const ps_vec b = ps_and(ps_equal(p + 16, first), ps_equal(q + 16, last));
        const ps_vec c = ps_and(ps_equal(p + 32, first), ps_equal(q + 32, last));
        const ps_vec d = ps_and(ps_equal(p + 48, first), ps_equal(q + 48, last));
        if (ps_any(ps_or(ps_or(a, b), ps_or(c, d)))) {
            const ps_vec e = ps_or(ps_and(a, ps_equal(p + 1, second)),
                                   ps_and(b, ps_equal(p + 17, second)));
            const ps_vec f = ps_or(ps_and(c, ps_equal(p + 33, second)),
                                   ps_and(d, ps_equal(p + 49, second)));
            if (ps_any(ps_or(e, f))) {
                const ptrdiff_t found = ps_find_plain(data, at, at + 64, needle, size);
                if (found >= 0)
                    return found;
            }
        }
        at += 64;
    }
#endif
    return ps_find_plain(data, at, stop, needle, size);
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
