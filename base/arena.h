/* Scratch memory that is given back all at once.
 *
 * Outputs of a step live in an arena and are valid until it is reset at the top of the next
 * step, so nothing in the hot path calls malloc. Nothing here frees or grows. */
#ifndef HOP_BASE_ARENA_H
#define HOP_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *base;
    size_t size, used;
};

/* Bytes aligned to align (a power of two), or NULL when the arena is full. */
static inline void *arena_take(struct arena *a, size_t size, size_t align)
{
    size_t pad = (0 - (uintptr_t)(a->base + a->used)) & (align - 1);
    if (pad > a->size - a->used || size > a->size - a->used - pad)
        return NULL;
    a->used += pad;
    void *p = a->base + a->used;
    a->used += size;
    return p;
}

static inline void arena_reset(struct arena *a)
{
    a->used = 0;
}

#endif
