/* A block is read in one pass where it is plain, all of it there, and as simple code reads it; else not.

   The input: a byte of rules, and the block. */

#include "block.h"
#include "naive.h"

typedef struct {
    const unsigned char *s;
    ptrdiff_t size;
} text;

static int is_token(int c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static int is_blank(int c) { return c == ' ' || c == '\t'; }

static int is(text t, const char *word) {
    const ptrdiff_t size = (ptrdiff_t)strlen(word);
    for (ptrdiff_t i = 0; t.size == size && i < size; i++) {
        const int c = t.s[i] >= 'A' && t.s[i] <= 'Z' ? t.s[i] + 32 : t.s[i];
        if (c != word[i])
            return 0;
    }
    return t.size == size;
}

static text cut(text t, ptrdiff_t from, ptrdiff_t to) {
    const text part = {t.s + from, to - from};
    return part;
}

/* Give where a byte stands, or where the text ends. */
static ptrdiff_t find(text t, int c) {
    ptrdiff_t at = 0;
    while (at < t.size && t.s[at] != c)
        at++;
    return at;
}

static text stripped(text t) {
    while (t.size && is_blank(t.s[0]))
        t = cut(t, 1, t.size);
    while (t.size && is_blank(t.s[t.size - 1]))
        t.size--;
    return t;
}

/* What simple code reads: spans as in the block that is checked, and whether all is plain. */
typedef struct {
    text name, filename, type;
    int seen_disposition, seen_type, high, lines;
    int64_t length;
} reading;

static const text none = {NULL, -1};

/* Read one parameter; give what is left of the value, size -1 where it is not plain. */
static text read_parameter(text value, int form, reading *r) {
    while (value.size && is_blank(value.s[0]))
        value = cut(value, 1, value.size);
    const ptrdiff_t equals = find(value, '=');
    if (equals == value.size)
        return none;
    const text key = cut(value, 0, equals);
    text *place = is(key, "name") ? &r->name : is(key, "filename") ? &r->filename : NULL;
    if (!place || place->size >= 0)
        return none;
    value = cut(value, equals + 1, value.size);
    const int quoted = value.size && value.s[0] == '"';
    value = cut(value, quoted, value.size);
    ptrdiff_t stop = 0;
    if (quoted)
        stop = find(value, '"');
    else
        while (stop < value.size && is_token(value.s[stop]))
            stop++;
    if (quoted ? stop == value.size : stop == 0)
        return none;
    *place = cut(value, 0, stop);
    if ((quoted && find(*place, '\\') < stop) || (form && find(*place, '%') < stop))
        return none;
    return cut(value, stop + quoted, value.size);
}

static int read_disposition(text value, int form, reading *r) {
    ptrdiff_t at = 0;
    while (at < value.size && is_token(value.s[at]))
        at++;
    if (at == 0)
        return 0;
    value = cut(value, at, value.size);
    while (value.size > 0) {
        if (value.s[0] != ';')
            return 0;
        value = read_parameter(cut(value, 1, value.size), form, r);
    }
    return value.size == 0;
}

static int read_length(text value, reading *r) {
    if (r->length >= 0 || value.size == 0 || value.size > 18)
        return 0;
    r->length = 0;
    for (ptrdiff_t i = 0; i < value.size; i++) {
        if (value.s[i] < '0' || value.s[i] > '9')
            return 0;
        r->length = r->length * 10 + (value.s[i] - '0');
    }
    return 1;
}

/* Read a line without its end; 0: it is not plain. */
static int read_line(text line, const ps_block_rules *rules, reading *r) {
    const ptrdiff_t colon = find(line, ':');
    if (colon == 0 || colon == line.size)
        return 0;
    for (ptrdiff_t i = 0; i < line.size; i++) {
        if (i < colon ? !is_token(line.s[i])
                      : line.s[i] != '\t' && (line.s[i] < 32 || line.s[i] == 127))
            return 0;
        r->high |= line.s[i] >= 128;
    }
    if (colon >= 2 && line.s[0] == '-' && line.s[1] == '-')
        return 0;
    const text key = cut(line, 0, colon), value = stripped(cut(line, colon + 1, line.size));
    if (is(key, "content-disposition"))
        return !r->seen_disposition++ && read_disposition(value, rules->form, r);
    if (is(key, "content-type")) {
        r->type = stripped(cut(value, 0, find(value, ';')));
        if (rules->nested && value.size >= 10 && is(cut(value, 0, 10), "multipart/"))
            return 0;
        return !r->seen_type++ && rules->any_charset;
    }
    if (is(key, "content-length"))
        return read_length(value, r);
    return !is(key, "content-transfer-encoding") || !rules->form || rules->any_encoding;
}

/* Read a whole block; give where it ends, or -1 if it is not plain. */
static ptrdiff_t read_all(text rest, const ps_block_rules *rules, reading *r) {
    const unsigned char *start = rest.s;
    for (;;) {
        ptrdiff_t stop = 0;
        while (stop + 1 < rest.size && !(rest.s[stop] == '\r' && rest.s[stop + 1] == '\n'))
            stop++;
        if (stop + 3 >= rest.size || !read_line(cut(rest, 0, stop), rules, r))
            return -1;
        r->lines++;
        rest = cut(rest, stop + 2, rest.size);
        if (rest.s[0] == '\r' && rest.s[1] == '\n')
            break;
    }
    if ((r->high && !rules->high) || (rules->form && !rules->nameless && r->name.size < 0))
        return -1;
    return rest.s + 2 - start;
}

static void check_span(const unsigned char *s, ps_span found, text expected) {
    HOLDS(found.size == expected.size);
    HOLDS(found.size <= 0 || s + found.at == expected.s);
}

static int check(const unsigned char *s, ptrdiff_t size, const ps_block_rules *rules,
                 ptrdiff_t *end) {
    ps_block block;
    reading r = {none, none, none, 0, 0, 0, 0, -1};
    const text all = {s, size};
    const int found = ps_read_block(s, size, rules, &block);
    *end = read_all(all, rules, &r);
    HOLDS(found == (*end >= 0));
    if (!found)
        return 0;
    HOLDS(block.end == *end && block.size == *end - 4);
    HOLDS(block.lines == r.lines && block.length == r.length);
    HOLDS(block.high == r.high);
    check_span(s, block.name, r.name);
    check_span(s, block.filename, r.filename);
    check_span(s, block.type, r.type);
    check_span(s, ps_content_type(s, block.size), r.type);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size == 0)
        return 0;
    const int bits = input[0];
    const ps_block_rules rules = {bits & 1,      bits >> 1 & 1, bits >> 2 & 1,
                                  bits >> 3 & 1, bits >> 4 & 1, bits >> 5 & 1};
    ps_fill_classes();
    unsigned char *data = exact(input + 1, size - 1);
    ptrdiff_t end, again;
    if (check(data, (ptrdiff_t)size - 1, &rules, &end)) {
        /* What follows changes nothing, and a byte less is not a block. */
        unsigned char *less = exact(data, (size_t)end);
        HOLDS(check(less, end, &rules, &again) && again == end);
        HOLDS(!check(less, end - 1, &rules, &again));
        free(less);
    }
    ps_content_type(data, (ptrdiff_t)size - 1);
    free(data);
    return 0;
}
