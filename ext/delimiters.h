/* The stack of open boundaries, and what a delimiter line is; compiled twin of
   src/partstream/_delimiters_py.py, where the law is written down.

   Pure C over plain memory: no Python object is known here, and no error is raised; a fault is a
   return value, with its kind and place in the struct. */

#ifndef PARTSTREAM_DELIMITERS_H
#define PARTSTREAM_DELIMITERS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

enum { PS_NO, PS_MORE, PS_OPEN, PS_CLOSE, PS_FAULT };
enum { PS_BARE_LF, PS_PADDING, PS_SUFFIX, PS_FIRST_SUFFIX };
enum { PS_MAX_LINE = 72, PS_MAX_PADDING = 64 };

typedef struct {
    unsigned char line[PS_MAX_LINE]; /* dashes and boundary */
    int size;
    int common;    /* how many bytes this line and all those around it start with alike */
    int form;      /* whether it is multipart/form-data */
    uint64_t mask; /* tolerated deviations, for header blocks */
    int64_t end;   /* where this multipart must end, -1 if unknown */
    /* Tolerated deviations, for delimiters. */
    unsigned char bare_lf, padding, suffix, first_suffix, dashed, unclosed, unbroken;
} ps_level;

typedef struct {
    int16_t level;
    unsigned char size, dashed; /* dashed: the boundary's own dashes are those of the delimiter */
} ps_candidate;

typedef struct {
    ps_level *levels;
    ps_candidate *candidates; /* longest first; room for one more than there are levels */
    ps_level first_level;     /* where the two above are kept as long as one boundary is open */
    ps_candidate first_candidates[2];
    int depth, room, candidate_count;
    int dash_open; /* whether the innermost boundary may still turn out to hold the dashes */
    int lf;        /* whether lines end in LF; -1 until the first delimiter has shown it */
    ps_needle needle;
    int break_size; /* of the line end that the needle starts with */
    /* What matched last. */
    int level, matched_dashed, shown_lf;
    ptrdiff_t end;
    int fault;
    ptrdiff_t fault_at;
} ps_delimiters;

static inline const unsigned char *ps_line_of(const ps_delimiters *d, const ps_candidate *item) {
    return d->levels[item->level].line + (item->dashed ? 2 : 0);
}

/* Look for the innermost boundary too.  Of equal ones the innermost comes first. */
static inline void ps_add(ps_delimiters *d, int dashed) {
    const int level = d->depth - 1, size = d->levels[level].size - (dashed ? 2 : 0);
    const ps_candidate item = {(int16_t)level, (unsigned char)size, (unsigned char)dashed};
    int at = d->candidate_count++;
    while (at > 0 && d->candidates[at - 1].size <= size) {
        d->candidates[at] = d->candidates[at - 1];
        at--;
    }
    d->candidates[at] = item;
}

/* Look no more for boundaries at `depth` and deeper, nor for one without its dashes. */
static inline void ps_drop(ps_delimiters *d, int depth) {
    int kept = 0;
    for (int i = 0; i < d->candidate_count; i++) {
        if (d->candidates[i].level < depth && !d->candidates[i].dashed)
            d->candidates[kept++] = d->candidates[i];
    }
    d->candidate_count = kept;
    d->dash_open = 0;
}

/* Give how many of the first `size` bytes of `line` the outermost boundary starts with. */
static inline int ps_same(const ps_delimiters *d, const unsigned char *line, int size) {
    int same = 0;
    while (same < size && line[same] == d->levels[0].line[same])
        same++;
    return same;
}

static inline int ps_least(int a, int b) { return a < b ? a : b; }

/* Derive the needle: the line end, and what all delimiters to look for start with. */
static void ps_update(ps_delimiters *d) {
    const ps_level *top = &d->levels[d->depth - 1];
    int common = top->common;
    if (d->dash_open)
        common = ps_same(d, top->line + 2, ps_least(common, top->size - 2));
    d->break_size = 0;
    if (d->lf == 0)
        d->needle.bytes[d->break_size++] = '\r';
    d->needle.bytes[d->break_size++] = '\n';
    memcpy(d->needle.bytes + d->break_size, top->line, (size_t)common);
    d->needle.size = d->break_size + common;
}

/* Take up the innermost boundary.  Those around it stay as they are, so that opening a boundary
   takes no longer the more of them are open, but for a few bytes that are moved. */
static inline void ps_look_for_top(ps_delimiters *d) {
    ps_level *top = &d->levels[d->depth - 1];
    top->common = top->size;
    if (d->depth > 1)
        top->common = ps_same(d, top->line, ps_least(top->size, top[-1].common));
    ps_add(d, 0);
    if (d->dash_open)
        ps_add(d, 1);
    ps_update(d);
}

static void ps_free(ps_delimiters *d) {
    if (d->room > 1) {
        free(d->levels);
        free(d->candidates);
    }
    d->levels = NULL;
    d->candidates = NULL;
    d->room = 0;
}

/* Make room for more boundaries.  0: out of memory. */
static int ps_grow(ps_delimiters *d) {
    const int room = d->room ? d->room * 4 : 1;
    if (room == 1) {
        d->levels = &d->first_level;
        d->candidates = d->first_candidates;
        d->room = room;
        return 1;
    }
    ps_level *levels = malloc((size_t)room * sizeof *levels);
    ps_candidate *candidates = malloc(((size_t)room + 1) * sizeof *candidates);
    if (!levels || !candidates) {
        free(levels);
        free(candidates);
        return 0;
    }
    memcpy(levels, d->levels, (size_t)d->depth * sizeof *levels);
    memcpy(candidates, d->candidates, (size_t)d->candidate_count * sizeof *candidates);
    ps_free(d);
    d->levels = levels;
    d->candidates = candidates;
    d->room = room;
    return 1;
}

/* Open a boundary; the caller fills in what the level tolerates.  NULL: out of memory. */
static ps_level *ps_push(ps_delimiters *d, const unsigned char *boundary, int size) {
    if (d->depth == d->room && !ps_grow(d))
        return NULL;
    if (d->dash_open)
        ps_drop(d, d->depth); /* only of the innermost may the dashes be open */
    ps_level *level = &d->levels[d->depth++];
    level->line[0] = level->line[1] = '-';
    memcpy(level->line + 2, boundary, (size_t)size);
    level->size = size + 2;
    level->end = -1;
    d->dash_open = size > 2 && boundary[0] == '-' && boundary[1] == '-';
    ps_look_for_top(d);
    return level;
}

/* Close all but the outermost `depth` boundaries. */
static void ps_cut(ps_delimiters *d, int depth) {
    ps_drop(d, depth);
    d->depth = depth;
    ps_update(d);
}

static inline int ps_fail(ps_delimiters *d, int fault, ptrdiff_t at) {
    d->fault = fault;
    d->fault_at = at;
    return PS_FAULT;
}

/* Tell whether the CR or LF at `at` ends a line of this stream. */
static inline int ps_line_end(ps_delimiters *d, const unsigned char *s, ptrdiff_t at,
                              ptrdiff_t end, const ps_level *level) {
    if (s[at] == '\n') {
        if (d->lf == 1 || (d->lf < 0 && level->bare_lf)) {
            d->end = at + 1;
            d->shown_lf = 1;
            return PS_OPEN;
        }
    } else if (d->lf == 1) {
        return PS_NO;
    } else if (at + 1 == end) {
        return PS_MORE;
    } else if (s[at + 1] == '\n') {
        d->end = at + 2;
        d->shown_lf = 0;
        return PS_OPEN;
    }
    if (d->lf < 0 || !level->bare_lf)
        return ps_fail(d, PS_BARE_LF, at);
    return PS_NO;
}

/* Tell what follows dashes and boundary. */
static inline int ps_tail(ps_delimiters *d, const unsigned char *s, ptrdiff_t at, ptrdiff_t end,
                          const ps_level *level) {
    ptrdiff_t stop = at;
    while (stop < end && (s[stop] == ' ' || s[stop] == '\t')) {
        if (++stop - at > PS_MAX_PADDING)
            return ps_fail(d, PS_PADDING, at);
    }
    if (stop == end)
        return PS_MORE;
    if (s[stop] == '-') {
        if (stop > at)
            return PS_NO;
        if (stop + 1 == end)
            return PS_MORE;
        d->end = stop + 2;
        d->shown_lf = 0;
        return s[stop + 1] == '-' ? PS_CLOSE : PS_NO;
    }
    if (s[stop] != '\r' && s[stop] != '\n')
        return PS_NO;
    const int result = ps_line_end(d, s, stop, end, level);
    if (result == PS_OPEN && stop > at && !level->padding)
        return ps_fail(d, PS_PADDING, at);
    return result;
}

/* Tell what starts at `at`, which is known to be the start of a line; `first`: of a preamble. */
static int ps_match(ps_delimiters *d, const unsigned char *s, ptrdiff_t at, ptrdiff_t end,
                    int first, int final) {
    int more = 0;
    ptrdiff_t suffixed = -1;
    const ps_level *suffixed_level = NULL;
    for (int i = 0; i < d->candidate_count; i++) {
        const ps_candidate *item = &d->candidates[i];
        const ptrdiff_t left = end - at;
        if (memcmp(s + at, ps_line_of(d, item), (size_t)(left < item->size ? left : item->size)))
            continue;
        if (left < item->size) {
            more = 1;
            continue;
        }
        const ptrdiff_t stop = at + item->size;
        const int result = ps_tail(d, s, stop, end, &d->levels[item->level]);
        if (result == PS_FAULT) {
            if (more && !final)
                continue; /* a longer boundary may still make it something else */
            return result;
        }
        if (result == PS_NO) {
            if (suffixed < 0) {
                suffixed = stop;
                suffixed_level = &d->levels[item->level];
            }
        } else if (result == PS_MORE) {
            more = 1;
        } else if (!more || final) {
            d->level = item->level;
            d->matched_dashed = item->dashed;
            return result;
        }
    }
    if (more && !final)
        return PS_MORE;
    if (suffixed_level && !(first ? suffixed_level->first_suffix : suffixed_level->suffix))
        return ps_fail(d, first ? PS_FIRST_SUFFIX : PS_SUFFIX, suffixed);
    return PS_NO;
}

/* Tell whether the needle is a whole delimiter, and where it goes on as text it is data. */
static inline int ps_passes(const ps_delimiters *d) {
    return d->candidate_count == 1 && d->levels[0].suffix;
}

/* Tell what starts where the needle was found in a body. */
static inline int ps_match_found(ps_delimiters *d, const unsigned char *s, ptrdiff_t found,
                                 ptrdiff_t end, int final) {
    if (d->candidate_count > 1)
        return ps_match(d, s, found + d->break_size, end, 0, final);
    const ptrdiff_t stop = found + d->needle.size;
    const int result = ps_tail(d, s, stop, end, &d->levels[0]);
    d->level = d->matched_dashed = 0;
    if (result == PS_NO && !d->levels[0].suffix)
        return ps_fail(d, PS_SUFFIX, stop);
    return result == PS_MORE && final ? PS_NO : result;
}

/* Latch what the delimiter that matched last has shown.  0: row c3 is not tolerated. */
static inline int ps_accept(ps_delimiters *d) {
    if (d->lf >= 0 && !d->dash_open)
        return 1;
    if (d->lf < 0)
        d->lf = d->shown_lf;
    if (!d->dash_open) {
        ps_update(d);
        return 1;
    }
    ps_drop(d, d->depth - 1); /* both readings of the innermost boundary */
    if (d->matched_dashed) {
        ps_level *level = &d->levels[d->level];
        if (!level->dashed)
            return 0;
        level->size -= 2;
        memmove(level->line, level->line + 2, (size_t)level->size);
    }
    ps_look_for_top(d);
    return 1;
}

/* Find where dashes and an open boundary stand in what is no delimiter; `end` if nowhere. */
static inline ptrdiff_t ps_stray(const ps_delimiters *d, const unsigned char *s, ptrdiff_t at,
                                 ptrdiff_t end) {
    ptrdiff_t first = end;
    for (int i = 0; i < d->depth; i++) {
        ps_needle line;
        line.size = d->levels[i].size;
        memcpy(line.bytes, d->levels[i].line, PS_MAX_LINE);
        /* Only what starts before the first one that was found. */
        const ptrdiff_t stop = first + line.size - 1 < end ? first + line.size - 1 : end;
        const ptrdiff_t found = ps_find(s, at, stop, &line, 0);
        if (found >= 0)
            first = found;
    }
    return first;
}

/* Find where an end of the data starts, before `stop`, that may still become a stray one. What is one
   already may overlap what may become one, as boundaries may hold dashes: then it is `stop`. */
static inline ptrdiff_t ps_partial_stray(const ps_delimiters *d, const unsigned char *s,
                                         ptrdiff_t at, ptrdiff_t stop, ptrdiff_t end) {
    if (at < end - 2 * (PS_MAX_LINE - 1))
        at = end - 2 * (PS_MAX_LINE - 1);
    for (; at < stop; at++) {
        for (int i = 0; s[at] == '-' && i < d->depth; i++) {
            const ps_level *level = &d->levels[i];
            const ptrdiff_t have = end - at < level->size ? end - at : level->size;
            if (memcmp(s + at, level->line, (size_t)have) == 0)
                return have < level->size ? at : stop;
        }
    }
    return stop;
}

/* Find where an end of the data starts that may still become a delimiter; `end` if nowhere. */
static inline ptrdiff_t ps_partial(const ps_delimiters *d, const unsigned char *s, ptrdiff_t at,
                                   ptrdiff_t end) {
    const unsigned char *needle = d->needle.bytes;
    const ptrdiff_t size = d->needle.size;
    if (at < end - size + 1)
        at = end - size + 1;
    while (at < end) {
        const unsigned char *found = memchr(s + at, needle[0], (size_t)(end - at));
        if (!found)
            return end;
        at = found - s;
        if (memcmp(found, needle, (size_t)(end - at)) == 0)
            return at;
        at++;
    }
    return end;
}

#endif
