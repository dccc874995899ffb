/* fuzz: mesh cell store crypto base toy */
/* Bytes as a few logs of ours and as syndromes. What decodes must have exactly these syndromes,
 * and be no more than they can name. */
#include "mesh/sketch.h"

#include <assert.h>

#include "base/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* First byte: how many logs, two bytes of position and two of tag each; the rest are syndromes, to
 * which, if the second byte is odd, ours are added, as when a peer sends them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sketch_entry ours[256], found[SKETCH_CHANGES_MAX];
    static struct sketch_change changes[SKETCH_CHANGES_MAX];
    uint16_t syndromes[SKETCH_SYNDROMES_MAX], again[SKETCH_SYNDROMES_MAX] = {0};
    struct wire_reader r = wire_reader(data, size);
    size_t logs = wire_get_u8(&r), n = 0, count = 0;
    bool add = (wire_get_u8(&r) & 1) != 0;
    sketch_init();
    for (size_t i = 0; i < logs; i++) {
        ours[i] = (struct sketch_entry){.position = wire_get_u16(&r) % SKETCH_POSITIONS};
        ours[i].tag = wire_get_u16(&r);
    }
    sketch_sort(ours, logs);
    while (r.left >= 2 && n < SKETCH_SYNDROMES_MAX)
        syndromes[n++] = wire_get_u16(&r);
    if (add)
        sketch_add(syndromes, 0, n, ours, logs);
    if (sketch_decode(changes, &count, syndromes, n, ours, logs) != HOP_OK)
        return 0;
    assert(count <= sketch_capacity(n));
    for (size_t i = 0; i < count; i++)
        found[i] = (struct sketch_entry){.position = changes[i].position, .tag = changes[i].added};
    sketch_add(again, 0, n, found, count);
    assert(memcmp(again, syndromes, n * sizeof again[0]) == 0);
    return 0;
}
