#include "cell/names.h"

#include <assert.h>
#include <stdlib.h>

static size_t slot_of(const struct names *n, const uint8_t *name)
{
    uint64_t v;
    memcpy(&v, name, sizeof v);
    return (size_t)(v ^ v >> 32) & (n->table_size - 1);
}

/* The slot of a name, or the free one where it would be. */
static uint32_t *find_slot(const struct names *n, const uint8_t *name)
{
    for (size_t s = slot_of(n, name);; s = (s + 1) & (n->table_size - 1)) {
        uint32_t v = n->table[s];
        if (v == 0 || memcmp(n->bytes + (v - 1) * n->width, name, n->width) == 0)
            return &n->table[s];
    }
}

uint32_t names_find(const struct names *n, const uint8_t *name)
{
    if (n->table_size == 0)
        return NAMES_NONE;
    uint32_t v = *find_slot(n, name);
    return v == 0 ? NAMES_NONE : v - 1;
}

static bool reserve(struct names *n)
{
    if (n->count == n->capacity) {
        size_t more = n->capacity == 0 ? 16 : n->capacity * 2;
        uint8_t *bytes = realloc(n->bytes, more * n->width);
        if (bytes == NULL)
            return false;
        n->bytes = bytes;
        n->capacity = more;
    }
    if ((n->count + 1) * 2 <= n->table_size)
        return true;
    size_t size = n->table_size == 0 ? 32 : n->table_size * 2;
    uint32_t *table = calloc(size, sizeof *table);
    if (table == NULL)
        return false;
    free(n->table);
    n->table = table;
    n->table_size = size;
    for (uint32_t i = 0; i < n->count; i++)
        *find_slot(n, n->bytes + i * n->width) = i + 1;
    return true;
}

uint32_t names_add(struct names *n, const uint8_t *name)
{
    assert(n->width >= sizeof(uint64_t));
    uint32_t index = names_find(n, name);
    if (index != NAMES_NONE)
        return index;
    if (n->count + 1 >= NAMES_NONE || !reserve(n))
        return NAMES_NONE;
    memcpy(n->bytes + n->count * n->width, name, n->width);
    *find_slot(n, name) = (uint32_t)n->count + 1;
    return (uint32_t)n->count++;
}

const uint8_t *names_at(const struct names *n, uint32_t index)
{
    assert(index < n->count);
    return n->bytes + index * n->width;
}

void names_clear(struct names *n)
{
    free(n->bytes);
    free(n->table);
    *n = (struct names){.width = n->width};
}
