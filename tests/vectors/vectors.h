/* Reads a file of "name = value" lines; for the tests of our own vectors. */
#ifndef HOP_TESTS_VECTORS_VECTORS_H
#define HOP_TESTS_VECTORS_VECTORS_H

#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

struct vectors {
    char *text; /* owned */
};

static inline struct vectors vectors_open(const char *path)
{
    struct vectors v = {.text = calloc(1, 1u << 18)};
    FILE *f = fopen(path, "rb");
    if (f == NULL || v.text == NULL)
        fail_msg("%s cannot be read; run the test from the top of the tree", path);
    CHECK(fread(v.text, 1, (1u << 18) - 1, f) > 0);
    (void)fclose(f);
    return v;
}

static inline void vectors_close(struct vectors *v)
{
    free(v->text);
}

/* The value of a name, copied into ret as text. */
static inline const char *vectors_text(const struct vectors *v, const char *name, char *ret,
                                       size_t room)
{
    size_t n = strlen(name);
    for (const char *line = v->text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, name, n) != 0 || strncmp(line + n, " = ", 3) != 0)
            continue;
        size_t size = strcspn(line + n + 3, "\n");
        CHECK(size < room);
        memcpy(ret, line + n + 3, size);
        ret[size] = '\0';
        return ret;
    }
    fail_msg("the vectors have no \"%s\"", name);
    return NULL;
}

static inline struct span vectors_bytes(const struct vectors *v, const char *name, uint8_t *ret,
                                        size_t room)
{
    static char hex[1u << 17];
    return test_unhex(ret, room, vectors_text(v, name, hex, sizeof hex));
}

/* got must be the bytes that the file gives for name. */
static inline void vectors_check(const struct vectors *v, const char *name, struct span got)
{
    static uint8_t want[1u << 16];
    CHECK_SPAN(got, vectors_bytes(v, name, want, sizeof want));
}

#endif
