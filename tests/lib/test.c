#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"

uint64_t test_seed(void)
{
    const char *text = getenv("HOP_TEST_SEED");
    return text == NULL ? 1 : strtoull(text, NULL, 0);
}

struct rng test_rng(const char *name)
{
    struct rng root = rng_seeded(test_seed());
    return rng_fork(&root, rng_tag(name));
}

void test_random(struct rng *r, uint8_t *ret, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ret[i] = (uint8_t)(rng_next(r) >> 56);
}

/* Never returns; the seed is part of every failure, so that it can be repeated. */
static void fail_at(const char *file, int line)
{
    print_error("seed: HOP_TEST_SEED=%llu\n", (unsigned long long)test_seed());
    _fail(file, line);
}

void test_check(bool holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    print_error("does not hold: %s\n", what);
    fail_at(file, line);
}

void test_check_eq(uintmax_t got, uintmax_t want, const char *what, const char *file, int line)
{
    if (got == want)
        return;
    print_error("%s\n  got  %ju (%#jx)\n  want %ju (%#jx)\n", what, got, got, want, want);
    fail_at(file, line);
}

void test_check_err(int got, int want, const char *what, const char *file, int line)
{
    if (got == want)
        return;
    print_error("%s\n  got  %s\n  want %s\n", what, hop_error_name(got), hop_error_name(want));
    fail_at(file, line);
}

void test_check_text(const char *got, const char *want, const char *what, const char *file,
                     int line)
{
    if (got != NULL && want != NULL && strcmp(got, want) == 0)
        return;
    print_error("%s\n  got  \"%s\"\n  want \"%s\"\n", what, got == NULL ? "(null)" : got,
                want == NULL ? "(null)" : want);
    fail_at(file, line);
}

static void print_bytes(const char *name, struct span s)
{
    char hex[HEX_SIZE(64)];
    size_t n = s.size < 64 ? s.size : 64;
    hex_encode(hex, SPAN(s.data, n));
    print_error("  %s %zu bytes: %s%s\n", name, s.size, hex, n < s.size ? "..." : "");
}

void test_check_span(struct span got, struct span want, const char *what, const char *file,
                     int line)
{
    if (span_equal(got, want))
        return;
    size_t at = 0;
    while (at < got.size && at < want.size && got.data[at] == want.data[at])
        at++;
    print_error("%s: differs from byte %zu\n", what, at);
    print_bytes("got ", got);
    print_bytes("want", want);
    fail_at(file, line);
}

struct span test_unhex(uint8_t *ret, size_t room, const char *hex)
{
    char pair[3] = {0};
    size_t n = 0;
    for (const char *p = hex; *p != '\0';) {
        if (*p == ' ' || *p == '\n') {
            p++;
            continue;
        }
        pair[0] = p[0];
        pair[1] = p[1];
        if (n == room || hex_decode(ret + n, 1, pair) != HOP_OK)
            fail_msg("not hexadecimal, or more than %zu bytes: %s", room, hex);
        n++;
        p += 2;
    }
    return SPAN(ret, n);
}

/* ---- stories ---- */

void story_begin(struct story *s)
{
    s->size = 0;
    s->full = false;
    s->text[0] = '\0';
}

void story_add(struct story *s, const char *format, ...)
{
    va_list ap;
    size_t room = sizeof s->text - s->size;
    va_start(ap, format);
    int n = vsnprintf(s->text + s->size, room, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n + 1 >= room) {
        s->text[s->size] = '\0';
        s->full = true;
        return;
    }
    s->size += (size_t)n;
    s->text[s->size++] = '\n';
    s->text[s->size] = '\0';
}

static void add_line(void *ctx, const char *text)
{
    struct story *s = ctx;
    story_add(s, "%s", text);
}

struct trace story_trace(struct story *s)
{
    return (struct trace){.line = add_line, .ctx = s};
}

static size_t line_size(const char *p)
{
    return strcspn(p, "\n");
}

void story_check(struct story *s, const char *want, const char *file, int line)
{
    const char *a = s->text;
    const char *b = want;
    unsigned n = 1;
    while (*a != '\0' && *b != '\0' && line_size(a) == line_size(b) &&
           strncmp(a, b, line_size(a)) == 0) {
        a += line_size(a) + (a[line_size(a)] == '\n');
        b += line_size(b) + (b[line_size(b)] == '\n');
        n++;
    }
    if (s->full)
        fail_msg("a story of more than %zu bytes is not for reading", sizeof s->text);
    if (*a != '\0' || *b != '\0') {
        print_error("the story differs at line %u\n  got  %.*s\n  want %.*s\nall of it:\n%s", n,
                    (int)line_size(a), a, (int)line_size(b), b, s->text);
        fail_at(file, line);
    }
    story_begin(s);
}
