/* A borrowed run of bytes, and time as the pure code knows it. */
#ifndef HOP_BASE_SPAN_H
#define HOP_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Not owned: valid as long as whatever it points into. data may be NULL when size is 0. */
struct span {
    const uint8_t *data;
    size_t size;
};

#define SPAN(bytes, n) ((struct span){.data = (bytes), .size = (n)})

static inline struct span span_text(const char *text)
{
    return SPAN((const uint8_t *)text, strlen(text));
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Microseconds since any origin; never goes back. Wall-clock time is data inside records and
 * is never compared with this. */
typedef uint64_t hop_time;
#define HOP_NEVER  UINT64_MAX
#define HOP_MS     UINT64_C(1000)
#define HOP_SECOND UINT64_C(1000000)

#endif
