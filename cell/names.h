/* Byte strings of one width, numbered from 0 in the order of their first mention: keys, member ids,
 * record ids. They are hashes or random, so that any eight bytes of them serve as a hash; who makes
 * many that collide slows down only the folding of the cell it writes into. */
#ifndef HOP_CELL_NAMES_H
#define HOP_CELL_NAMES_H

#include "base/err.h"
#include "base/span.h"

#define NAMES_NONE UINT32_MAX

struct names { /* zeroed, but for width: an empty one */
    size_t width;
    uint8_t *bytes; /* count times width */
    size_t count, capacity;
    uint32_t *table; /* index + 1; 0: free */
    size_t table_size;
};

uint32_t names_find(const struct names *n, const uint8_t *name); /* NAMES_NONE: never mentioned */
uint32_t names_add(struct names *n, const uint8_t *name);        /* NAMES_NONE: no memory */
const uint8_t *names_at(const struct names *n, uint32_t index);
void names_clear(struct names *n); /* forget them; the width stays */

#endif
