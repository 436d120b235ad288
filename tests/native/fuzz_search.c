/* The search finds what the plainest code finds, in each width, and with a copy that is right.

   The input: a byte of flags, where to begin, the size of the boundary, the boundary, and the data,
   in which a byte of 0x80 and more stands for the needle or its start: chance would not bring it. */

#include "naive.h"

typedef ptrdiff_t (*search)(const unsigned char *, ptrdiff_t, ptrdiff_t, const ps_needle *, int);
typedef ptrdiff_t (*search_and_copy)(const unsigned char *, ptrdiff_t, ptrdiff_t, const ps_needle *,
                                     int, unsigned char *);

enum { MOST = 1 << 14 };

/* Write out what the bytes of 0x80 and more stand for. */
static size_t unfolded(const uint8_t *input, size_t size, const ps_needle *needle,
                       unsigned char *to) {
    size_t made = 0;
    for (size_t i = 0; i < size && made + PS_MAX_NEEDLE < MOST; i++) {
        size_t keep = (size_t)needle->size;
        if (input[i] < 0x80) {
            to[made++] = input[i];
            continue;
        }
        if (input[i] >= 0xC0)
            keep = input[i] % keep + 1;
        memcpy(to + made, needle->bytes, keep);
        made += keep;
        if (input[i] >= 0xA0 && input[i] < 0xC0)
            to[made - 1 - input[i] % keep] ^= 1;
    }
    return made;
}

static void check(search find, search_and_copy copying, const unsigned char *data, ptrdiff_t at,
                  ptrdiff_t size, const ps_needle *needle, int pass, ptrdiff_t expected) {
    HOLDS(find(data, at, size, needle, pass) == expected);
    unsigned char *copy = malloc(size ? (size_t)size : 1);
    if (!copy)
        exit(3);
    memset(copy, 0xEE, (size_t)size);
    HOLDS(copying(data, at, size, needle, pass, copy) == expected);
    const ptrdiff_t stop = expected < 0 ? size : expected;
    HOLDS(stop <= at || memcmp(copy + at, data + at, (size_t)(stop - at)) == 0);
    for (ptrdiff_t i = 0; i < at && i < size; i++)
        HOLDS(copy[i] == 0xEE);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 4)
        return 0;
    const uint8_t flags = input[0], start = input[1];
    ps_needle needle;
    needle.size = 0;
    if (flags & 1)
        needle.bytes[needle.size++] = '\r';
    needle.bytes[needle.size++] = '\n';
    needle.bytes[needle.size++] = '-';
    needle.bytes[needle.size++] = '-';
    size_t boundary = input[2] % 71u;
    input += 3, size -= 3;
    boundary = boundary < size ? boundary : size;
    memcpy(needle.bytes + needle.size, input, boundary);
    needle.size += (int)boundary;
    input += boundary, size -= boundary;

    static unsigned char made[MOST];
    const ptrdiff_t end = (ptrdiff_t)unfolded(input, size, &needle, made);
    unsigned char *data = exact(made, (size_t)end);
    ps_choose_vectors();
    for (int pass = 0; pass < 2; pass++) {
        /* From a place that is given, and from behind each hit, as the scanner goes on. */
        ptrdiff_t at = start <= end ? start : end;
        for (int hits = 0; hits < 40; hits++) {
            const ptrdiff_t expected = naive(data, at, end, &needle, pass);
            check(ps_find_plain, ps_find_and_copy_plain, data, at, end, &needle, pass, expected);
            check(ps_find16, ps_find_and_copy16, data, at, end, &needle, pass, expected);
#ifdef PS_AVX2
            if (ps_find == ps_find32)
                check(ps_find32, ps_find_and_copy32, data, at, end, &needle, pass, expected);
#endif
            if (expected < 0)
                break;
            at = expected + 1;
        }
    }
    free(data);
    return 0;
}
