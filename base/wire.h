/* Reading and writing fixed binary layouts, big endian.
 *
 * A reader is a window that only shrinks. Asking for more than is left sets `bad` for good and
 * yields zero, so a parser reads straight down the page and checks once, at the end. Nothing is
 * copied or allocated: spans point into the input and live as long as it does.
 *
 * A writer is the mirror image: a window that only fills. Writing past its end sets `bad` for
 * good and writes nothing more. */
#ifndef HOP_BASE_WIRE_H
#define HOP_BASE_WIRE_H

#include "base/span.h"

struct wire_reader {
    const uint8_t *next;
    size_t left;
    bool bad;
};

static inline struct wire_reader wire_reader(const uint8_t *bytes, size_t size)
{
    return (struct wire_reader){.next = bytes, .left = size};
}

uint8_t wire_get_u8(struct wire_reader *r);
uint16_t wire_get_u16(struct wire_reader *r);
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);
struct span wire_get_bytes(struct wire_reader *r, size_t size);
struct span wire_get_blob(struct wire_reader *r, size_t max_size); /* u16 length, then bytes */

/* Copy exactly size bytes into ret; zeros if the reader is or goes bad. */
void wire_get_into(struct wire_reader *r, uint8_t *ret, size_t size);

/* Read size bytes that must all be zero; anything else makes the reader bad. */
void wire_get_zeros(struct wire_reader *r, size_t size);

/* True if everything parsed and nothing is left over. Left-over bytes are refused because a
 * message that can be spelled two ways has two hashes. */
static inline bool wire_end(const struct wire_reader *r)
{
    return !r->bad && r->left == 0;
}

struct wire_writer {
    uint8_t *base;
    size_t size, used;
    bool bad;
};

static inline struct wire_writer wire_writer(uint8_t *bytes, size_t size)
{
    return (struct wire_writer){.base = bytes, .size = size};
}

/* What has been written so far; valid until the buffer changes. */
static inline struct span wire_written(const struct wire_writer *w)
{
    return SPAN(w->base, w->used);
}

void wire_put_u8(struct wire_writer *w, uint8_t v);
void wire_put_u16(struct wire_writer *w, uint16_t v);
void wire_put_u32(struct wire_writer *w, uint32_t v);
void wire_put_u64(struct wire_writer *w, uint64_t v);
void wire_put_bytes(struct wire_writer *w, const uint8_t *bytes, size_t size);
void wire_put_blob(struct wire_writer *w, struct span s); /* u16 length, then bytes */
void wire_put_zeros(struct wire_writer *w, size_t size);

/* Reserve size bytes to be filled in later; NULL (and bad) if they do not fit. */
uint8_t *wire_take(struct wire_writer *w, size_t size);

#endif
