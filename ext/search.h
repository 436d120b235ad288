/* The loop of the search, for vectors of PS_WIDTH bytes; scan.h includes this once for each width,
   hence no include guard. */

#define PS_PASTE(name, width) name##width
#define PS_EXPAND(name, width) PS_PASTE(name, width)
#define PS_OF(name) PS_EXPAND(name, PS_WIDTH)

PS_TARGET static inline int PS_OF(ps_is)(const unsigned char *p, const ps_needle *needle,
                                         PS_OF(ps_vec) head, PS_OF(ps_vec) tail) {
    const ptrdiff_t size = needle->size;
    if (size < PS_WIDTH)
        return memcmp(p, needle->bytes, (size_t)size) == 0;
    /* Whole vectors, and one for the rest that begins before it. */
    PS_OF(ps_vec) differ =
        PS_OF(ps_either)(PS_OF(ps_differ)(p, head), PS_OF(ps_differ)(p + size - PS_WIDTH, tail));
    for (ptrdiff_t i = PS_WIDTH; i + PS_WIDTH < size; i += PS_WIDTH)
        differ = PS_OF(ps_either)(differ,
                                  PS_OF(ps_differ)(p + i, PS_OF(ps_load)(needle->bytes + i)));
    return PS_OF(ps_none)(differ);
}

/* `to`: where data[0] goes, or NULL, which is known where this is compiled.  All from `at` up to what
   is found is copied, with its first byte, behind which a caller goes on; and maybe some of what
   follows. */
PS_TARGET static PS_ALWAYS_INLINE ptrdiff_t PS_OF(ps_seek)(
    const unsigned char *data, ptrdiff_t at, ptrdiff_t end, const ps_needle *needle, int pass,
    unsigned char *to) {
    const ptrdiff_t size = needle->size, stop = end - size + 1;
    if (stop - at < PS_BLOCK)
        return to ? ps_find_and_copy_plain(data, at, end, needle, pass, to)
                  : ps_find_plain(data, at, end, needle, pass);
    const PS_OF(ps_vec) first = PS_OF(ps_fill)(needle->bytes[0]);
    const PS_OF(ps_vec) last = PS_OF(ps_fill)(needle->bytes[size - 1]);
    const PS_OF(ps_vec) head = PS_OF(ps_load)(needle->bytes);
    const PS_OF(ps_vec) tail =
        PS_OF(ps_load)(needle->bytes + (size > PS_WIDTH ? size - PS_WIDTH : 0));
    /* The second block overlaps the first one, so that from there on all stores are aligned. */
    ptrdiff_t step = to ? PS_BLOCK - (ptrdiff_t)((uintptr_t)(to + at) % PS_BLOCK) : PS_BLOCK;
    for (;;) {
        const unsigned char *p = data + at;
        uint64_t hits = PS_OF(ps_hits)(p, size - 1, first, last);
        if (to)
            PS_OF(ps_copy)(to + at, p);
        if (PS_RARE(hits)) {
            int sifted = 0;
            do {
                const unsigned char *found = p + ps_lowest(hits);
                hits &= hits - 1;
                if (PS_OF(ps_is)(found, needle, head, tail)) {
                    if (!(pass && ps_goes_on(found + size, data + end)))
                        return found - data;
                } else if (hits && !sifted) {
                    /* Not all of them for the whole needle: two more bytes first. */
                    hits &= PS_OF(ps_places)(p + 1, PS_OF(ps_fill)(needle->bytes[1]));
                    hits &= PS_OF(ps_places)(p + 2, PS_OF(ps_fill)(needle->bytes[2]));
                    sifted = 1;
                }
            } while (hits);
        }
        at += step;
        step = PS_BLOCK;
        if (PS_RARE(at + PS_BLOCK > stop)) {
            if (at >= stop) {
                if (to)
                    memcpy(to + stop, data + stop, (size_t)(end - stop));
                return -1;
            }
            /* The last places, in a block that begins with some that were looked at before. */
            at = stop - PS_BLOCK;
        }
    }
}

PS_TARGET static ptrdiff_t PS_OF(ps_find)(const unsigned char *data, ptrdiff_t at, ptrdiff_t end,
                                          const ps_needle *needle, int pass) {
    return PS_OF(ps_seek)(data, at, end, needle, pass, NULL);
}

PS_TARGET static ptrdiff_t PS_OF(ps_find_and_copy)(const unsigned char *data, ptrdiff_t at,
                                                   ptrdiff_t end, const ps_needle *needle,
                                                   int pass, unsigned char *to) {
    return PS_OF(ps_seek)(data, at, end, needle, pass, to);
}

#undef PS_PASTE
#undef PS_EXPAND
#undef PS_OF
#undef PS_WIDTH
#undef PS_TARGET
