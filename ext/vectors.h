/* What the search does with vectors, for each width that there is.

   A width W gives a type ps_vecW and: ps_fillW (a byte in all places), ps_loadW, ps_differW (zero where
   W bytes are those of a vector), ps_eitherW, ps_noneW (whether all is zero).  ps_placesW gives a bit
   for each of the places p .. p+63 where a byte stands, ps_hitsW for those where one stands and another
   one a gap behind; nearly always that is none.  ps_copyW copies these 64 bytes.

   Every processor of a platform has PS_BASE; for AVX2 the processor is asked when the module is
   imported.  AVX-512 was no faster (see ARCHITECTURE.md). */

#ifndef PARTSTREAM_VECTORS_H
#define PARTSTREAM_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define PS_RARE(condition) __builtin_expect(!!(condition), 0)
static inline int ps_lowest(uint64_t bits) { return __builtin_ctzll(bits); }
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_ARM64))
#include <intrin.h>
#define PS_RARE(condition) (condition)
static inline int ps_lowest(uint64_t bits) {
    unsigned long at;
    _BitScanForward64(&at, bits);
    return (int)at;
}
#endif

#if defined(PS_RARE) && (defined(__SSE2__) || defined(_M_X64))
#include <emmintrin.h>
#define PS_BASE 1
typedef __m128i ps_vec16;
static inline ps_vec16 ps_fill16(unsigned char c) { return _mm_set1_epi8((char)c); }
static inline ps_vec16 ps_load16(const unsigned char *p) {
    return _mm_loadu_si128((const __m128i *)p);
}
static inline void ps_store16(unsigned char *to, ps_vec16 v) {
    _mm_storeu_si128((__m128i *)to, v);
}
static inline ps_vec16 ps_differ16(const unsigned char *p, ps_vec16 v) {
    return _mm_xor_si128(ps_load16(p), v);
}
static inline ps_vec16 ps_either16(ps_vec16 a, ps_vec16 b) { return _mm_or_si128(a, b); }
static inline int ps_none16(ps_vec16 v) {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())) == 0xFFFF;
}
static inline ps_vec16 ps_equal16(const unsigned char *p, ps_vec16 c) {
    return _mm_cmpeq_epi8(ps_load16(p), c);
}
static inline ps_vec16 ps_both16(const unsigned char *p, ptrdiff_t gap, ps_vec16 first,
                                 ps_vec16 last) {
    return _mm_and_si128(ps_equal16(p, first), ps_equal16(p + gap, last));
}
static inline uint64_t ps_bits16(ps_vec16 a, ps_vec16 b, ps_vec16 c, ps_vec16 d) {
    return (uint64_t)(uint32_t)_mm_movemask_epi8(a) |
           (uint64_t)(uint32_t)_mm_movemask_epi8(b) << 16 |
           (uint64_t)(uint32_t)_mm_movemask_epi8(c) << 32 |
           (uint64_t)(uint32_t)_mm_movemask_epi8(d) << 48;
}

#elif defined(PS_RARE) && defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define PS_BASE 1
typedef uint8x16_t ps_vec16;
static inline ps_vec16 ps_fill16(unsigned char c) { return vdupq_n_u8(c); }
static inline ps_vec16 ps_load16(const unsigned char *p) { return vld1q_u8(p); }
static inline void ps_store16(unsigned char *to, ps_vec16 v) { vst1q_u8(to, v); }
static inline ps_vec16 ps_differ16(const unsigned char *p, ps_vec16 v) {
    return veorq_u8(vld1q_u8(p), v);
}
static inline ps_vec16 ps_either16(ps_vec16 a, ps_vec16 b) { return vorrq_u8(a, b); }
static inline int ps_none16(ps_vec16 v) { return vmaxvq_u8(v) == 0; }
static inline ps_vec16 ps_equal16(const unsigned char *p, ps_vec16 c) {
    return vceqq_u8(vld1q_u8(p), c);
}
static inline ps_vec16 ps_both16(const unsigned char *p, ptrdiff_t gap, ps_vec16 first,
                                 ps_vec16 last) {
    return vandq_u8(ps_equal16(p, first), ps_equal16(p + gap, last));
}
static inline uint64_t ps_bits16(ps_vec16 a, ps_vec16 b, ps_vec16 c, ps_vec16 d) {
    static const unsigned char weights[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                              1, 2, 4, 8, 16, 32, 64, 128};
    /* One bit a byte, and neighbours added up until eight of them are one byte. */
    const ps_vec16 bits = vld1q_u8(weights);
    const ps_vec16 low = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
    const ps_vec16 high = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
    const ps_vec16 all = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}
#endif

#ifdef PS_BASE
static inline uint64_t ps_hits16(const unsigned char *p, ptrdiff_t gap, ps_vec16 first,
                                 ps_vec16 last) {
    const ps_vec16 a = ps_both16(p, gap, first, last), b = ps_both16(p + 16, gap, first, last);
    const ps_vec16 c = ps_both16(p + 32, gap, first, last);
    const ps_vec16 d = ps_both16(p + 48, gap, first, last);
    if (ps_none16(ps_either16(ps_either16(a, b), ps_either16(c, d))))
        return 0;
    return ps_bits16(a, b, c, d);
}
static inline void ps_copy16(unsigned char *to, const unsigned char *p) {
    const ps_vec16 a = ps_load16(p), b = ps_load16(p + 16), c = ps_load16(p + 32);
    const ps_vec16 d = ps_load16(p + 48);
    ps_store16(to, a);
    ps_store16(to + 16, b);
    ps_store16(to + 32, c);
    ps_store16(to + 48, d);
}
static inline uint64_t ps_places16(const unsigned char *p, ps_vec16 c) {
    return ps_bits16(ps_equal16(p, c), ps_equal16(p + 16, c), ps_equal16(p + 32, c),
                     ps_equal16(p + 48, c));
}
#endif

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <immintrin.h>
#define PS_AVX2 __attribute__((target("avx2")))
typedef __m256i ps_vec32;
PS_AVX2 static inline ps_vec32 ps_fill32(unsigned char c) { return _mm256_set1_epi8((char)c); }
PS_AVX2 static inline ps_vec32 ps_load32(const unsigned char *p) {
    return _mm256_loadu_si256((const __m256i *)p);
}
PS_AVX2 static inline ps_vec32 ps_differ32(const unsigned char *p, ps_vec32 v) {
    return _mm256_xor_si256(ps_load32(p), v);
}
PS_AVX2 static inline ps_vec32 ps_either32(ps_vec32 a, ps_vec32 b) {
    return _mm256_or_si256(a, b);
}
PS_AVX2 static inline int ps_none32(ps_vec32 v) { return _mm256_testz_si256(v, v); }
PS_AVX2 static inline ps_vec32 ps_equal32(const unsigned char *p, ps_vec32 c) {
    return _mm256_cmpeq_epi8(ps_load32(p), c);
}
PS_AVX2 static inline ps_vec32 ps_both32(const unsigned char *p, ptrdiff_t gap, ps_vec32 first,
                                         ps_vec32 last) {
    return _mm256_and_si256(ps_equal32(p, first), ps_equal32(p + gap, last));
}
PS_AVX2 static inline uint64_t ps_bits32(ps_vec32 a, ps_vec32 b) {
    return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}
PS_AVX2 static inline uint64_t ps_hits32(const unsigned char *p, ptrdiff_t gap, ps_vec32 first,
                                         ps_vec32 last) {
    const ps_vec32 a = ps_both32(p, gap, first, last), b = ps_both32(p + 32, gap, first, last);
    return ps_none32(ps_either32(a, b)) ? 0 : ps_bits32(a, b);
}
PS_AVX2 static inline void ps_copy32(unsigned char *to, const unsigned char *p) {
    const ps_vec32 a = ps_load32(p), b = ps_load32(p + 32);
    _mm256_storeu_si256((__m256i *)to, a);
    _mm256_storeu_si256((__m256i *)(to + 32), b);
}
PS_AVX2 static inline uint64_t ps_places32(const unsigned char *p, ps_vec32 c) {
    return ps_bits32(ps_equal32(p, c), ps_equal32(p + 32, c));
}
#endif

#endif
