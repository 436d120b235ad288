/* The search as plain as can be, which that of ext/scan.h is compared with. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

static ptrdiff_t naive(const unsigned char *data, ptrdiff_t at, ptrdiff_t end,
                       const ps_needle *needle, int pass) {
    for (; at + needle->size <= end; at++) {
        ptrdiff_t behind = at + needle->size;
        if (memcmp(data + at, needle->bytes, (size_t)needle->size) != 0)
            continue;
        if (!pass || behind == end || strchr("\r\n \t", data[behind] ? data[behind] : 'x'))
            return at;
        if (data[behind] == '-' && (behind + 1 == end || data[behind + 1] == '-'))
            return at;
    }
    return -1;
}

/* End the program where an invariant does not hold; the engine keeps the input. */
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Give a copy in memory of just this size: each byte that is read before it or behind it
   ends the program. */
static unsigned char *exact(const unsigned char *data, size_t size) {
    unsigned char *copy = malloc(size ? size : 1);
    if (!copy)
        exit(3);
    if (size)
        memcpy(copy, data, size);
    return copy;
}
