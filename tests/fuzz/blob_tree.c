/* fuzz: mesh store crypto base */
/* A store that is full of somebody's idea of a tree: bytes cut into blobs, the first of them the
 * root. Measuring, walking and finding must end, and tell nothing that does not fit. */
#include "mesh/tree.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader r = wire_reader(data, size);
    uint64_t document = wire_get_u64(&r) % TREE_BYTES_MAX + 1, told = 0;
    uint8_t root[32] = {0}, name[32];
    struct store *store = store_memory_new(0);
    struct tree_walk w;
    struct tree_place p;
    bool first = true;
    assert(store != NULL && hop_init() == HOP_OK);
    while (!r.bad && r.left > 2) {
        struct span blob = wire_get_blob(&r, TREE_NODE_BYTES(40));
        unsigned level;
        uint64_t beneath;
        if (r.bad)
            break;
        tree_name(name, blob);
        if (tree_measure(blob, &level, &beneath) == HOP_OK)
            assert(tree_blob_bytes(level, beneath) == blob.size && tree_fits(blob, level, beneath));
        if (first)
            memcpy(root, name, sizeof root);
        first = false;
        assert(store_put(store, STORE_BLOBS, SPAN(name, 32), blob) == HOP_OK);
    }
    tree_walk_begin(&w, store, root, document);
    for (unsigned n = 0; n < 5000 && tree_walk_next(&w, &p) == HOP_OK; n++) {
        assert(p.size >= 1 && p.at + p.size <= document && p.at >= told);
        assert(p.size <= tree_span(p.level) && p.at % tree_span(p.level) == 0);
        told = p.at;
        if (n % 50 == 0 && tree_find(store, root, document, p.name, &p) == HOP_OK)
            assert(p.at + p.size <= document);
    }
    store_close(store);
    return 0;
}
