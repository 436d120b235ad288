/* The fast path for header blocks: the shape that nearly all parts have, read in one pass.

   A block is taken here only where src/partstream/headers.py would change nothing and refuse
   nothing; every other one goes there, so this file makes no decision of its own on odd input.

   Pure C over plain memory. */

#ifndef PARTSTREAM_BLOCK_H
#define PARTSTREAM_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PS_SEEN_DISPOSITION = 1, PS_SEEN_TYPE = 2 };
enum { PS_TOKEN = 1, PS_TEXT = 2, PS_HIGH = 4, PS_QUOTABLE = 8 };

/* What a byte may be part of in a header: TEXT holds for HTAB, SP, VCHAR and the high bytes;
   QUOTABLE for those of them that mean just themselves in a quoted string of any form. */
static unsigned char ps_class[256];

static void ps_fill_classes(void) {
    static const char token[] = "!#$%&'*+-.^_`|~";
    for (int c = 0; c < 256; c++) {
        const int alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        unsigned char bits = 0;
        if (alnum || (c && strchr(token, c)))
            bits |= PS_TOKEN;
        if (c == '\t' || (c >= 32 && c < 127))
            bits |= PS_TEXT;
        if (c >= 128)
            bits |= PS_TEXT | PS_HIGH;
        if (bits & PS_TEXT && c != '"' && c != '\\' && c != '%')
            bits |= PS_QUOTABLE;
        ps_class[c] = bits;
    }
}

typedef struct {
    ptrdiff_t at, size; /* size -1: absent */
} ps_span;

/* What the caller asks for. */
typedef struct {
    int form;           /* the rules of multipart/form-data hold */
    int nested;         /* a multipart part is taken apart */
    int high;           /* bytes of 128 and more are fine in headers */
    int nameless;       /* a form part without name is fine */
    int any_charset;    /* charsets are not looked at here */
    int any_encoding;   /* Content-Transfer-Encoding is not looked at here */
} ps_block_rules;

typedef struct {
    ptrdiff_t size; /* of the block, without its last line end */
    ptrdiff_t end;  /* behind the empty line */
    int lines;
    ps_span name, filename;
    ps_span type;   /* the value of Content-Type without parameters */
    int high;       /* whether a byte of 128 or more is in it */
    int64_t length; /* Content-Length, -1: absent */
} ps_block;

/* `word` is in lower case; compares ASCII letters without case. */
static inline int ps_is(const unsigned char *s, const char *word, ptrdiff_t size) {
    for (ptrdiff_t i = 0; i < size; i++) {
        if ((s[i] | (s[i] >= 'A' && s[i] <= 'Z' ? 32 : 0)) != (unsigned char)word[i])
            return 0;
    }
    return 1;
}

static inline ptrdiff_t ps_token_end(const unsigned char *s, ptrdiff_t at, ptrdiff_t end) {
    while (at < end && ps_class[s[at]] & PS_TOKEN)
        at++;
    return at;
}

/* Read the value of a parameter at `at`; give where it ends, or -1 if it is not plain. */
static inline ptrdiff_t ps_value(const unsigned char *s, ptrdiff_t at, ptrdiff_t end, int form,
                                 ps_span *value) {
    const int quoted = at < end && s[at] == '"';
    const ptrdiff_t start = at + quoted;
    ptrdiff_t stop = start;
    if (quoted) {
        while (stop < end && s[stop] != '"') {
            if (s[stop] == '\\' || (form && s[stop] == '%'))
                return -1;
            stop++;
        }
        if (stop == end)
            return -1;
    } else {
        stop = ps_token_end(s, start, end);
        for (ptrdiff_t i = start; form && i < stop; i++) {
            if (s[i] == '%')
                return -1;
        }
        if (stop == start)
            return -1;
    }
    value->at = start;
    value->size = stop - start;
    return stop + quoted;
}

/* Read a Content-Disposition with nothing but plain name and filename.  0: it is not plain. */
static inline int ps_disposition(const unsigned char *s, ptrdiff_t at, ptrdiff_t end, int form,
                                 ps_block *block) {
    const ptrdiff_t kind = at;
    at = ps_token_end(s, at, end);
    if (at == kind)
        return 0;
    while (at < end) {
        if (s[at++] != ';')
            return 0;
        while (at < end && (s[at] == ' ' || s[at] == '\t'))
            at++;
        ps_span *value;
        if (end - at > 5 && s[at + 4] == '=' && ps_is(s + at, "name", 4)) {
            value = &block->name;
            at += 5;
        } else if (end - at > 9 && s[at + 8] == '=' && ps_is(s + at, "filename", 8)) {
            value = &block->filename;
            at += 9;
        } else {
            return 0;
        }
        if (value->size >= 0)
            return 0;
        at = ps_value(s, at, end, form, value);
        if (at < 0)
            return 0;
    }
    return 1;
}

static inline int ps_length(const unsigned char *s, ptrdiff_t at, ptrdiff_t end, ps_block *block) {
    if (block->length >= 0 || at == end || end - at > 18)
        return 0;
    int64_t length = 0;
    for (; at < end; at++) {
        if (s[at] < '0' || s[at] > '9')
            return 0;
        length = length * 10 + (s[at] - '0');
    }
    block->length = length;
    return 1;
}

/* Give what stands before the parameters of a value. */
static inline ps_span ps_essence(const unsigned char *s, ptrdiff_t at, ptrdiff_t end) {
    ptrdiff_t stop = at;
    while (stop < end && s[stop] != ';')
        stop++;
    while (stop > at && (s[stop - 1] == ' ' || s[stop - 1] == '\t'))
        stop--;
    const ps_span value = {at, stop - at};
    return value;
}

/* Look at a header that matters; 0: it is not plain. */
static inline int ps_header(const unsigned char *s, ptrdiff_t name, ptrdiff_t name_size,
                            ptrdiff_t at, ptrdiff_t end, const ps_block_rules *rules, int *seen,
                            ps_block *block) {
    if (name_size == 19 && ps_is(s + name, "content-disposition", 19)) {
        const int again = *seen & PS_SEEN_DISPOSITION;
        *seen |= PS_SEEN_DISPOSITION;
        return !again && ps_disposition(s, at, end, rules->form, block);
    }
    if (name_size == 12 && ps_is(s + name, "content-type", 12)) {
        const int again = *seen & PS_SEEN_TYPE;
        *seen |= PS_SEEN_TYPE;
        if (again || !rules->any_charset)
            return 0;
        block->type = ps_essence(s, at, end);
        return !(rules->nested && end - at >= 10 && ps_is(s + at, "multipart/", 10));
    }
    if (name_size == 14 && ps_is(s + name, "content-length", 14))
        return ps_length(s, at, end, block);
    if (name_size == 25 && ps_is(s + name, "content-transfer-encoding", 25))
        return !rules->form || rules->any_encoding;
    return 1;
}

/* Read the line at `at`; give where it ends, or -1 if it is not plain. */
static inline ptrdiff_t ps_line(const unsigned char *s, ptrdiff_t at, ptrdiff_t size,
                                const ps_block_rules *rules, int *seen, unsigned char *high,
                                ps_block *block) {
    const ptrdiff_t name = at;
    at = ps_token_end(s, at, size);
    if (at == name || at == size || s[at] != ':' || (s[name] == '-' && s[name + 1] == '-'))
        return -1;
    const ptrdiff_t name_size = at++ - name;
    while (at < size && (s[at] == ' ' || s[at] == '\t'))
        at++;
    const ptrdiff_t value = at;
    while (at < size && ps_class[s[at]] & PS_TEXT)
        *high |= ps_class[s[at++]];
    ptrdiff_t end = at;
    while (end > value && (s[end - 1] == ' ' || s[end - 1] == '\t'))
        end--;
    return ps_header(s, name, name_size, value, end, rules, seen, block) ? at : -1;
}

/* Read what stands up to a quote; give where the quote is, or -1 if it is not plain. */
static inline ptrdiff_t ps_quoted(const unsigned char *s, ptrdiff_t at, ptrdiff_t size,
                                  ps_span *value, unsigned char *seen) {
    value->at = at;
    while (at < size && ps_class[s[at]] & PS_QUOTABLE)
        *seen |= ps_class[s[at++]];
    if (at == size || s[at] != '"')
        return -1;
    value->size = at - value->at;
    return at;
}

/* Read the line that every browser writes; give where it ends, or -1 if it is another one. */
static inline ptrdiff_t ps_usual(const unsigned char *s, ptrdiff_t size, ps_block *block,
                                 unsigned char *seen) {
    static const char start[] = "Content-Disposition: form-data; name=\"";
    static const char next[] = "; filename=\"";
    enum { START = sizeof start - 1, NEXT = sizeof next - 1 };
    if (size < START || memcmp(s, start, START) != 0)
        return -1;
    ptrdiff_t at = ps_quoted(s, START, size, &block->name, seen);
    if (at >= 0 && size - ++at > NEXT && memcmp(s + at, next, NEXT) == 0) {
        at = ps_quoted(s, at + NEXT, size, &block->filename, seen);
        at += at >= 0;
    }
    if (at < 0 || at == size || s[at] != '\r') {
        block->name.size = block->filename.size = -1;
        return -1;
    }
    return at;
}

/* Read the block that starts at s[0], lines ending in CRLF.  0: it is not plain, or not all there. */
static int ps_read_block(const unsigned char *s, ptrdiff_t size, const ps_block_rules *rules,
                         ps_block *block) {
    ptrdiff_t at;
    int seen = 0;
    unsigned char high = 0;
    block->lines = 0;
    block->name.size = block->filename.size = block->type.size = -1;
    block->length = -1;
    at = ps_usual(s, size, block, &high);
    if (at >= 0)
        seen = PS_SEEN_DISPOSITION;
    else
        at = ps_line(s, 0, size, rules, &seen, &high, block);
    for (;;) {
        block->lines++;
        if (at < 0 || at + 3 >= size || s[at] != '\r' || s[at + 1] != '\n')
            return 0;
        if (s[at + 2] == '\r' && s[at + 3] == '\n')
            break;
        at = ps_line(s, at + 2, size, rules, &seen, &high, block);
    }
    block->high = (high & PS_HIGH) != 0;
    if (block->high && !rules->high)
        return 0;
    block->size = at;
    block->end = at + 4;
    return !rules->form || rules->nameless || block->name.size >= 0;
}

/* Give type and subtype of the first Content-Type of a normal block; size -1: it has none. */
static ps_span ps_content_type(const unsigned char *s, ptrdiff_t size) {
    const ps_span none = {0, -1};
    ptrdiff_t at = 0;
    while (at < size) {
        const unsigned char *cr = memchr(s + at, '\r', (size_t)(size - at));
        const ptrdiff_t end = cr ? cr - s : size;
        if (end - at > 12 && s[at + 12] == ':' && ps_is(s + at, "content-type", 12)) {
            at += 13;
            while (at < end && (s[at] == ' ' || s[at] == '\t'))
                at++;
            return ps_essence(s, at, end);
        }
        at = end + 2;
    }
    return none;
}

#endif
