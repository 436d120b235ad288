/* What is found out of a delimiter stays so whatever follows, and is what the law of rows c3 to m2 says.

   The input: line ends, policy and boundaries, each of them a byte of size and flags and its characters;
   an empty one closes the innermost. Then the data: bytes of 0x80 and more stand for delimiters. */

#include "delimiters.h"
#include "naive.h"

enum { DEEPEST = 12, MOST = 1 << 12, PADDING = 64, LONGEST = PS_MAX_LINE + PADDING + 8 };

/* The candidates, collected anew from the stack: longest first, then innermost first. */
static int collect(const ps_delimiters *d, ps_candidate *to) {
    int count = 0;
    for (int level = 0; level < d->depth; level++) {
        const int last = level == d->depth - 1 && d->dash_open;
        for (int dashed = 0; dashed <= last; dashed++) {
            const int size = d->levels[level].size - 2 * dashed;
            const ps_candidate item = {(int16_t)level, (unsigned char)size, (unsigned char)dashed};
            to[count++] = item;
        }
    }
    for (int i = 1; i < count; i++) {
        for (int j = i; j > 0; j--) {
            const ps_candidate a = to[j - 1], b = to[j];
            if (a.size > b.size || (a.size == b.size && a.level > b.level))
                break;
            to[j - 1] = b;
            to[j] = a;
        }
    }
    return count;
}

static void check_stack(const ps_delimiters *d) {
    ps_candidate expected[DEEPEST + 1];
    const int count = collect(d, expected);
    HOLDS(d->candidate_count == count && d->depth <= d->room);
    int common = PS_MAX_LINE;
    for (int i = 0; i < count; i++) {
        const ps_candidate *item = &d->candidates[i];
        HOLDS(item->level == expected[i].level && item->size == expected[i].size);
        HOLDS(item->dashed == expected[i].dashed);
        const unsigned char *one = ps_line_of(d, &expected[0]), *line = ps_line_of(d, item);
        int same = 0;
        while (same < common && same < item->size && one[same] == line[same])
            same++;
        common = same;
    }
    const int crlf = d->lf == 0;
    HOLDS(d->break_size == 1 + crlf && d->needle.size == d->break_size + common);
    HOLDS(memcmp(d->needle.bytes, crlf ? "\r\n" : "\n", (size_t)d->break_size) == 0);
    HOLDS(memcmp(d->needle.bytes + d->break_size, ps_line_of(d, &expected[0]), (size_t)common) == 0);
}

/* The law for one boundary, of which dashes and all stand before `at`: the answer, and its place. */
static int law_of_tail(const ps_delimiters *d, const ps_level *level, const unsigned char *s,
                       ptrdiff_t at, ptrdiff_t end, ptrdiff_t *place, int *fault) {
    ptrdiff_t padding = 0;
    while (at + padding < end && padding <= PADDING && strchr(" \t", s[at + padding]) &&
           s[at + padding])
        padding++;
    const ptrdiff_t stop = at + padding, left = end - stop;
    *place = at, *fault = PS_PADDING;
    if (padding > PADDING)
        return PS_FAULT;
    if (left == 0)
        return PS_MORE;
    if (s[stop] == '-') {
        if (padding)
            return PS_NO;
        *place = stop + 2;
        return left == 1 ? PS_MORE : s[stop + 1] == '-' ? PS_CLOSE : PS_NO;
    }
    if (s[stop] != '\r' && s[stop] != '\n')
        return PS_NO;
    if (d->lf == 1 && s[stop] == '\r')
        return PS_NO;
    if (d->lf != 1 && s[stop] == '\r' && left == 1)
        return PS_MORE;
    const int crlf = d->lf != 1 && s[stop] == '\r' && s[stop + 1] == '\n';
    const int lf = s[stop] == '\n' && (d->lf == 1 || (d->lf < 0 && level->bare_lf));
    if (crlf || lf) {
        if (padding && !level->padding)
            return PS_FAULT;
        *place = stop + 1 + crlf;
        return PS_OPEN;
    }
    *place = stop, *fault = PS_BARE_LF;
    return d->lf < 0 || !level->bare_lf ? PS_FAULT : PS_NO;
}

/* The law for all of them: the longest one that is there counts, if no longer one can come. */
static int law(const ps_delimiters *d, const unsigned char *s, ptrdiff_t at, ptrdiff_t end,
               int first, int final, ptrdiff_t *place, int *fault, int *level) {
    int coming = 0, suffixed = -1;
    ptrdiff_t behind = -1;
    for (int i = 0; i < d->candidate_count; i++) {
        const ps_candidate *item = &d->candidates[i];
        const unsigned char *line = ps_line_of(d, item);
        ptrdiff_t same = 0;
        while (same < item->size && at + same < end && s[at + same] == line[same])
            same++;
        if (same < item->size && at + same < end)
            continue;
        *level = item->level;
        const int result = same < item->size
                               ? PS_MORE
                               : law_of_tail(d, &d->levels[item->level], s, at + item->size, end,
                                             place, fault);
        if (result == PS_MORE) {
            coming = 1;
        } else if (result == PS_NO) {
            if (suffixed < 0)
                suffixed = item->level, behind = at + item->size;
        } else if (final || !coming) {
            return result;
        }
    }
    if (coming && !final)
        return PS_MORE;
    if (suffixed < 0)
        return PS_NO;
    const ps_level *its = &d->levels[suffixed];
    *place = behind, *fault = first ? PS_FIRST_SUFFIX : PS_SUFFIX;
    return (first ? its->first_suffix : its->suffix) ? PS_NO : PS_FAULT;
}

/* Look at one place with more and more of what follows. */
static void check_place(const ps_delimiters *d, const unsigned char *s, ptrdiff_t at, ptrdiff_t size,
                        int first) {
    int known = PS_MORE;
    ps_delimiters before = *d;
    ptrdiff_t end = at + LONGEST < size ? at + LONGEST : size, stop = at;
    for (; stop <= end; stop++) {
        /* Of its own size, so that each byte that is read behind it ends the program. */
        unsigned char *data = exact(s + at, (size_t)(stop - at));
        for (int final = 0; final < 2; final++) {
            ps_delimiters now = *d;
            ptrdiff_t place = -1;
            int fault = -1, level = -1;
            const int result = ps_match(&now, data, 0, stop - at, first, final);
            HOLDS(result == law(d, data, 0, stop - at, first, final, &place, &fault, &level));
            HOLDS(result != PS_MORE || !final);
            if (result == PS_OPEN || result == PS_CLOSE)
                HOLDS(now.end == place && now.level == level && place <= stop - at);
            if (result == PS_FAULT)
                HOLDS(now.fault == fault && now.fault_at == place);
            if (final)
                continue;
            if (known != PS_MORE) {
                HOLDS(result == known);
                HOLDS(result < PS_OPEN || result == PS_FAULT || now.end == before.end);
                HOLDS(result != PS_FAULT || now.fault_at == before.fault_at);
            }
            known = result, before = now;
        }
        free(data);
    }
}

static void check_found(const ps_delimiters *d, const unsigned char *data, ptrdiff_t size) {
    const int pass = ps_passes(d);
    ptrdiff_t at = 0;
    for (ptrdiff_t found; (found = naive(data, at, size, &d->needle, 0)) >= 0; at = found + 1) {
        for (int final = 0; final < 2; final++) {
            ps_delimiters one = *d, other = *d;
            const int result = ps_match(&one, data, found + d->break_size, size, 0, final);
            HOLDS(ps_match_found(&other, data, found, size, final) == result);
            if (result == PS_OPEN || result == PS_CLOSE)
                HOLDS(one.end == other.end && one.level == other.level);
            if (result == PS_FAULT)
                HOLDS(one.fault == other.fault && one.fault_at == other.fault_at);
            /* What the search passes by is what the law takes for data. */
            if (pass && naive(data, found, found + d->needle.size + 2 < size
                                                ? found + d->needle.size + 2 : size,
                              &d->needle, 1) != found)
                HOLDS(result == PS_NO);
        }
    }
}

static void check_partial(const ps_delimiters *d, const unsigned char *data, ptrdiff_t size) {
    for (ptrdiff_t at = 0; at <= size; at += 1 + at / 8) {
        ptrdiff_t simple = at;
        while (simple < size && (size - simple >= d->needle.size ||
                                 memcmp(data + simple, d->needle.bytes, (size_t)(size - simple))))
            simple++;
        HOLDS(ps_partial(d, data, at, size) == simple);
    }
}

/* The first place where all of a line stands, or (`cut`) the start of one that the data's end cuts. */
static ptrdiff_t naive_stray(const ps_delimiters *d, const unsigned char *data, ptrdiff_t at,
                             ptrdiff_t stop, ptrdiff_t size, int cut) {
    for (; at < stop; at++) {
        for (int i = 0; i < d->depth; i++) {
            const ptrdiff_t have = size - at, line = d->levels[i].size;
            const int fits = cut ? have < line : have >= line;
            if (fits && memcmp(data + at, d->levels[i].line, (size_t)(cut ? have : line)) == 0)
                return at;
        }
    }
    return stop;
}

static void check_strays(const ps_delimiters *d, const unsigned char *data, ptrdiff_t size) {
    for (ptrdiff_t at = 0; at <= size; at += 1 + at / 4) {
        const ptrdiff_t stray = naive_stray(d, data, at, size, size, 0);
        HOLDS(ps_stray(d, data, at, size) == stray);
        for (ptrdiff_t stop = at; stop <= size; stop += 1 + stop / 2) {
            /* What is all there comes first, unless one that is cut starts before it. */
            const ptrdiff_t cut = naive_stray(d, data, at, stop, size, 1);
            const ptrdiff_t whole = naive_stray(d, data, at, cut, size, 0);
            const ptrdiff_t near = size - 2 * (PS_MAX_LINE - 1);
            const ptrdiff_t found = ps_partial_stray(d, data, at, stop, size);
            const int both = naive_stray(d, data, cut, stop, size, 0) == cut;
            if (whole == cut || whole >= near)
                HOLDS(found == (whole < cut ? stop : cut) || (both && found == stop));
        }
    }
}

/* Read the boundaries; give how much of the input they are. */
static size_t build(ps_delimiters *d, const uint8_t *input, size_t size) {
    static const char characters[] = "-ab-B";
    size_t at = 1;
    d->lf = input[0] % 3 - 1;
    for (int count = 1 + input[0] / 3 % 16; count > 0 && at + 1 < size; count--) {
        unsigned char boundary[70];
        const uint8_t flags = input[at++];
        int length = input[at++] % 71;
        if (length == 0 && d->depth > 1) {
            ps_cut(d, 1 + flags % (d->depth - 1));
            check_stack(d);
            continue;
        }
        if (d->depth == DEEPEST)
            break;
        length = length ? length : 1;
        for (int i = 0; i < length; i++)
            boundary[i] = (unsigned char)characters[at < size ? input[at++] % 5 : 0];
        ps_level *level = ps_push(d, boundary, length);
        if (!level)
            exit(3);
        level->bare_lf = flags & 1, level->padding = flags >> 1 & 1;
        level->suffix = flags >> 2 & 1, level->first_suffix = flags >> 3 & 1;
        level->dashed = flags >> 4 & 1;
        check_stack(d);
    }
    return at;
}

static size_t unfolded(const uint8_t *input, size_t size, const ps_delimiters *d,
                       unsigned char *to) {
    size_t made = 0;
    for (size_t i = 0; i < size && made + PS_MAX_LINE + 2 < MOST; i++) {
        if (input[i] < 0x80) {
            to[made++] = input[i];
            continue;
        }
        const ps_candidate *item = &d->candidates[input[i] % d->candidate_count];
        const size_t keep = input[i] & 0x40 ? item->size - input[i] / 4 % item->size : item->size;
        if (input[i] & 0x20)
            to[made++] = '\r', to[made++] = '\n';
        memcpy(to + made, ps_line_of(d, item), keep);
        made += keep;
    }
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 3)
        return 0;
    ps_delimiters d;
    memset(&d, 0, sizeof d);
    const size_t used = build(&d, input, size);
    if (d.depth) {
        static unsigned char made[MOST];
        const size_t end = unfolded(input + used, size - used, &d, made);
        unsigned char *data = exact(made, end);
        /* At its start, and at the start of each line. */
        for (size_t at = 0, places = 0; at <= end && places < 8; at++) {
            if (at == 0 || data[at - 1] == '\n') {
                check_place(&d, data, (ptrdiff_t)at, (ptrdiff_t)end, places == 0);
                places++;
            }
        }
        check_found(&d, data, (ptrdiff_t)end);
        check_partial(&d, data, (ptrdiff_t)end);
        check_strays(&d, data, (ptrdiff_t)end);
        const int result = ps_match(&d, data, 0, (ptrdiff_t)end, 1, 0);
        if (result == PS_OPEN || result == PS_CLOSE) {
            const int dashed = d.matched_dashed, level = d.level;
            const int before = d.levels[level].size, tolerated = d.levels[level].dashed;
            const int latched = d.lf >= 0 ? d.lf : d.shown_lf, was_open = d.dash_open;
            if (!ps_accept(&d)) {
                HOLDS(dashed && !tolerated);
            } else {
                HOLDS(d.lf == latched && !d.dash_open);
                HOLDS(d.levels[level].size == before - (was_open && dashed ? 2 : 0));
                check_stack(&d);
            }
        }
        free(data);
    }
    ps_free(&d);
    return 0;
}
