/* Compares the search and the matching of delimiters (ext/scan.h, ext/delimiters.h) with the plainest
   code that does the same, on random data in memory of just its size: under -fsanitize=address each
   byte that is read outside of it ends the program.  Usage: search SEED ROUNDS */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delimiters.h"
#include "naive.h"

typedef ptrdiff_t (*search)(const unsigned char *, ptrdiff_t, ptrdiff_t, const ps_needle *, int);
typedef ptrdiff_t (*search_and_copy)(const unsigned char *, ptrdiff_t, ptrdiff_t, const ps_needle *,
                                     int, unsigned char *);

static uint64_t state;

static unsigned below(unsigned limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % limit);
}

/* Data that is full of delimiters, of their starts, and of what their bytes look like. */
static void fill(unsigned char *data, ptrdiff_t size, const ps_needle *needle) {
    static const unsigned char odd[] = "\r\n- \tx\0\xff\r-";
    const unsigned kind = below(4);
    ptrdiff_t at = 0;
    while (at < size) {
        if (below(kind * 20 + 3) == 0) {
            const int keep = below(3) ? needle->size : (int)below((unsigned)needle->size) + 1;
            for (int i = 0; i < keep && at < size; i++)
                data[at++] = needle->bytes[i];
            if (below(4) == 0) /* all but one byte of it */
                data[at - 1 - (ptrdiff_t)below((unsigned)(keep < at ? keep : at))] ^= 1;
        } else {
            data[at++] = below(3) ? odd[below(sizeof odd - 1)] : needle->bytes[needle->size - 1];
        }
    }
}

static void push(ps_delimiters *d, unsigned size, int suffix) {
    unsigned char boundary[70];
    for (unsigned i = 0; i < size; i++)
        boundary[i] = "-ab"[below(3)];
    ps_level *level = ps_push(d, boundary, (int)size);
    if (!level)
        exit(3);
    level->suffix = (unsigned char)suffix;
    level->bare_lf = level->padding = level->first_suffix = (unsigned char)below(2);
}

static int fail(const char *what, ptrdiff_t got, ptrdiff_t expected) {
    printf("%s: %td, and %td was expected\n", what, got, expected);
    return 1;
}

int main(int count, char **arguments) {
    const search searches[] = {
        ps_find_plain,
        ps_find16,
#ifdef PS_AVX2
        ps_find32,
#endif
    };
    const search_and_copy copying[] = {
        ps_find_and_copy_plain,
        ps_find_and_copy16,
#ifdef PS_AVX2
        ps_find_and_copy32,
#endif
    };
    unsigned kinds = sizeof searches / sizeof *searches;
    if (count != 3)
        return 2;
    state = strtoull(arguments[1], NULL, 10) * 2654435761u + 1;
    ps_choose_vectors();
#ifdef PS_AVX2
    if (ps_find != ps_find32)
        kinds--;
#endif
    for (long round = atol(arguments[2]); round > 0; round--) {
        ps_delimiters d;
        memset(&d, 0, sizeof d);
        d.lf = (int)below(3) - 1;
        push(&d, 1 + below(70), (int)below(2));
        while (below(4) == 0)
            push(&d, 1 + below(70), (int)below(2));
        if (below(2))
            ps_cut(&d, 1);
        const ptrdiff_t size = (ptrdiff_t)below(below(2) ? 700 : 100);
        unsigned char *data = malloc(size ? (size_t)size : 1);
        unsigned char *copy = malloc(size ? (size_t)size : 1);
        fill(data, size, &d.needle);
        const int pass = ps_passes(&d);
        for (ptrdiff_t at = 0; at <= size; at += 1 + below(below(2) ? 80 : 2)) {
            const ptrdiff_t expected = naive(data, at, size, &d.needle, pass);
            for (unsigned i = 0; i < kinds; i++) {
                const ptrdiff_t found = searches[i](data, at, size, &d.needle, pass);
                if (found != expected)
                    return fail("a search", found, expected);
                memset(copy, 0xEE, (size_t)size);
                const ptrdiff_t seen = copying[i](data, at, size, &d.needle, pass, copy);
                const ptrdiff_t stop = expected < 0 ? size : expected + 1;
                if (seen != expected)
                    return fail("a search that copies", seen, expected);
                if (stop > at && memcmp(copy + at, data + at, (size_t)(stop - at)) != 0)
                    return fail("a copy", at, stop);
                for (ptrdiff_t i = 0; i < at && i < size; i++)
                    if (copy[i] != 0xEE)
                        return fail("a copy of what lies before", i, at);
            }
            /* What is passed by is what the law takes for data. */
            for (ptrdiff_t hit = naive(data, at, size, &d.needle, 0);
                 hit >= 0 && (hit < expected || expected < 0);
                 hit = naive(data, hit + 1, size, &d.needle, 0)) {
                if (ps_match(&d, data, hit + d.break_size, size, 0, 0) != PS_NO)
                    return fail("passed by", hit, -1);
            }
            if (expected >= 0) {
                const int final = (int)below(2);
                ps_delimiters e = d;
                const int long_way = ps_match(&e, data, expected + d.break_size, size, 0, final);
                const int short_way = ps_match_found(&d, data, expected, size, final);
                if (short_way != long_way || d.fault != e.fault || d.fault_at != e.fault_at)
                    return fail("a match", short_way, long_way);
                if (short_way >= PS_OPEN && short_way < PS_FAULT)
                    if (d.end != e.end || d.level != e.level || d.shown_lf != e.shown_lf)
                        return fail("the end of a match", d.end, e.end);
            }
            const ptrdiff_t partial = ps_partial(&d, data, at, size);
            ptrdiff_t simple = at;
            while (simple < size && (size - simple >= d.needle.size ||
                                     memcmp(data + simple, d.needle.bytes, (size_t)(size - simple))))
                simple++;
            if (partial != simple)
                return fail("a start at the end", partial, simple);
        }
        free(copy);
        free(data);
        ps_free(&d);
    }
    return 0;
}
