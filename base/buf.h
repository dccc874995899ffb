/* A byte buffer that grows, for documents and messages whose size is not known beforehand.
 *
 * Sticky like the wire reader: if memory runs out or the limit is reached, `bad` stays set,
 * later appends do nothing, and one check at the end is enough. A zeroed struct is an empty
 * buffer; buf_free of a zeroed one is harmless. */
#ifndef HOP_BASE_BUF_H
#define HOP_BASE_BUF_H

#include "base/span.h"

#define BUF_BYTES_MAX (256u << 20) /* a dossier of a large meeting, with room */

struct buf {
    uint8_t *data; /* always followed by a NUL once anything was appended */
    size_t size, capacity;
    bool bad;
};

void buf_bytes(struct buf *b, const uint8_t *bytes, size_t size);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void buf_span(struct buf *b, struct span s)
{
    buf_bytes(b, s.data, s.size);
}

static inline struct span buf_written(const struct buf *b)
{
    return SPAN(b->data, b->size);
}

/* The contents as a C string; "" when empty. Valid until the next append or free. */
const char *buf_string(const struct buf *b);

void buf_free(struct buf *b);

#endif
