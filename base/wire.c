#include "base/wire.h"

#include <assert.h>

struct span wire_get_bytes(struct wire_reader *r, size_t size)
{
    if (r->bad || size > r->left) { /* compare sizes; never next + size */
        r->bad = true;
        return (struct span){0};
    }
    struct span s = {.data = r->next, .size = size};
    if (size > 0) /* next may be NULL when nothing is left, and NULL + 0 is not C */
        r->next += size;
    r->left -= size;
    return s;
}

static uint64_t get_integer(struct wire_reader *r, size_t size)
{
    struct span s = wire_get_bytes(r, size);
    uint64_t v = 0;
    for (size_t i = 0; i < s.size; i++)
        v = v << 8 | s.data[i];
    return v;
}

uint8_t wire_get_u8(struct wire_reader *r)
{
    return (uint8_t)get_integer(r, 1);
}

uint16_t wire_get_u16(struct wire_reader *r)
{
    return (uint16_t)get_integer(r, 2);
}

uint32_t wire_get_u32(struct wire_reader *r)
{
    return (uint32_t)get_integer(r, 4);
}

uint64_t wire_get_u64(struct wire_reader *r)
{
    return get_integer(r, 8);
}

struct span wire_get_blob(struct wire_reader *r, size_t max_size)
{
    size_t size = wire_get_u16(r);
    if (size > max_size)
        r->bad = true;
    return wire_get_bytes(r, size);
}

void wire_get_into(struct wire_reader *r, uint8_t *ret, size_t size)
{
    struct span s = wire_get_bytes(r, size);
    if (s.size > 0)
        memcpy(ret, s.data, size);
    else
        memset(ret, 0, size);
}

void wire_get_zeros(struct wire_reader *r, size_t size)
{
    struct span s = wire_get_bytes(r, size);
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] != 0)
            r->bad = true;
    }
}

uint8_t *wire_take(struct wire_writer *w, size_t size)
{
    assert(w->used <= w->size);
    if (w->bad || size > w->size - w->used) {
        w->bad = true;
        return NULL;
    }
    uint8_t *p = w->base + w->used;
    w->used += size;
    return p;
}

static void put_integer(struct wire_writer *w, uint64_t v, size_t size)
{
    uint8_t *p = wire_take(w, size);
    if (p == NULL)
        return;
    for (size_t i = size; i-- > 0; v >>= 8)
        p[i] = (uint8_t)v;
}

void wire_put_u8(struct wire_writer *w, uint8_t v)
{
    put_integer(w, v, 1);
}

void wire_put_u16(struct wire_writer *w, uint16_t v)
{
    put_integer(w, v, 2);
}

void wire_put_u32(struct wire_writer *w, uint32_t v)
{
    put_integer(w, v, 4);
}

void wire_put_u64(struct wire_writer *w, uint64_t v)
{
    put_integer(w, v, 8);
}

void wire_put_bytes(struct wire_writer *w, const uint8_t *bytes, size_t size)
{
    uint8_t *p = wire_take(w, size);
    if (p != NULL && size > 0)
        memcpy(p, bytes, size);
}

void wire_put_blob(struct wire_writer *w, struct span s)
{
    if (s.size > UINT16_MAX) {
        w->bad = true;
        return;
    }
    wire_put_u16(w, (uint16_t)s.size);
    wire_put_bytes(w, s.data, s.size);
}

void wire_put_zeros(struct wire_writer *w, size_t size)
{
    uint8_t *p = wire_take(w, size);
    if (p != NULL && size > 0)
        memset(p, 0, size);
}
