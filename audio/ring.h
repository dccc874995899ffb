/* A ring between exactly one producer and one consumer, on two threads or one.
 *
 * C11 atomics, fixed size, no lock, no allocation, no system call: the only thing a sound callback
 * and the voice thread share, and the only thing the voice thread and the main thread share. Items
 * have one size, chosen at init: a command, an int16_t sample, a byte. `head` and `tail` count
 * items for ever and wrap with size_t, so a full ring and an empty one never look the same.
 *
 * The producer calls ring_room() and ring_write(), the consumer ring_filled() and ring_read(), and
 * neither calls the other's. What was written before ring_write() returned is seen whole by the
 * ring_read() that takes it. */
#ifndef HOP_AUDIO_RING_H
#define HOP_AUDIO_RING_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ring {
    uint8_t *storage; /* the owner's: item_size * capacity bytes, kept */
    size_t item_size, capacity;
    /* on cache lines of their own, so that the two threads do not fight over one */
    _Alignas(64) _Atomic size_t head; /* items written; changed by the producer */
    _Alignas(64) _Atomic size_t tail; /* items read; changed by the consumer */
};

/* capacity must be a power of two. Before either thread uses the ring. */
static inline void ring_init(struct ring *r, void *storage, size_t item_size, size_t capacity)
{
    assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
    r->storage = storage;
    r->item_size = item_size;
    r->capacity = capacity;
    atomic_init(&r->head, 0);
    atomic_init(&r->tail, 0);
}

/* Producer: how many items fit now. */
static inline size_t ring_room(struct ring *r)
{
    return r->capacity - (atomic_load_explicit(&r->head, memory_order_relaxed) -
                          atomic_load_explicit(&r->tail, memory_order_acquire));
}

/* Consumer: how many items can be read now. */
static inline size_t ring_filled(struct ring *r)
{
    return atomic_load_explicit(&r->head, memory_order_acquire) -
           atomic_load_explicit(&r->tail, memory_order_relaxed);
}

/* Write as many of count items as fit; returns how many that was. */
static inline size_t ring_write(struct ring *r, const void *items, size_t count)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    size_t room = ring_room(r);
    size_t n = count < room ? count : room;
    size_t at = head & (r->capacity - 1);
    size_t first = n < r->capacity - at ? n : r->capacity - at;
    if (n == 0)
        return 0;
    memcpy(r->storage + at * r->item_size, items, first * r->item_size);
    memcpy(r->storage, (const uint8_t *)items + first * r->item_size, (n - first) * r->item_size);
    atomic_store_explicit(&r->head, head + n, memory_order_release);
    return n;
}

/* Read at most count items; returns how many there were. */
static inline size_t ring_read(struct ring *r, void *ret, size_t count)
{
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    size_t filled = ring_filled(r);
    size_t n = count < filled ? count : filled;
    size_t at = tail & (r->capacity - 1);
    size_t first = n < r->capacity - at ? n : r->capacity - at;
    if (n == 0)
        return 0;
    memcpy(ret, r->storage + at * r->item_size, first * r->item_size);
    memcpy((uint8_t *)ret + first * r->item_size, r->storage, (n - first) * r->item_size);
    atomic_store_explicit(&r->tail, tail + n, memory_order_release);
    return n;
}

/* One item, whole or not at all. */
static inline bool ring_push(struct ring *r, const void *item)
{
    return ring_write(r, item, 1) == 1;
}

static inline bool ring_pop(struct ring *r, void *ret)
{
    return ring_read(r, ret, 1) == 1;
}

#endif
