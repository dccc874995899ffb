#include "mesh/tree.h"

#include <assert.h>

/* ---- shapes ---- */

uint64_t tree_span(unsigned level)
{
    uint64_t span = TREE_CHUNK_BYTES;
    for (unsigned i = 0; i < level; i++)
        span *= TREE_FANOUT;
    return span;
}

unsigned tree_level(uint64_t size)
{
    unsigned level = 0;
    while (size > tree_span(level) && level < TREE_LEVEL_MAX)
        level++;
    return level;
}

/* Blobs of the level below that size bytes make. */
static uint64_t children(unsigned level, uint64_t size)
{
    uint64_t span = tree_span(level - 1);
    return size / span + (size % span != 0);
}

size_t tree_blob_bytes(unsigned level, uint64_t size)
{
    assert(size >= 1 && size <= tree_span(level));
    return level == 0 ? TREE_SEALED_BYTES((size_t)size)
                      : TREE_NODE_BYTES((size_t)children(level, size));
}

void tree_name(uint8_t ret[static TREE_NAME_BYTES], struct span blob)
{
    hop_hash(ret, TREE_NAME_BYTES, LABEL_BLOB_NAME, blob);
}

int tree_measure(struct span blob, unsigned *ret_level, uint64_t *ret_size)
{
    struct wire_reader r = wire_reader(blob.data, blob.size);
    unsigned level = wire_get_u8(&r);
    uint64_t size;
    if (r.bad || level > TREE_LEVEL_MAX)
        return HOP_EMALFORMED;
    if (level > 0)
        size = wire_get_u64(&r);
    else
        size = r.left > CRYPTO_TAG_BYTES ? r.left - CRYPTO_TAG_BYTES : 0;
    if (r.bad || size < 1 || size > tree_span(level) || blob.size != tree_blob_bytes(level, size))
        return HOP_EMALFORMED;
    *ret_level = level;
    *ret_size = size;
    return HOP_OK;
}

bool tree_fits(struct span blob, unsigned level, uint64_t size)
{
    unsigned its_level;
    uint64_t its_size;
    return tree_measure(blob, &its_level, &its_size) == HOP_OK && its_level == level &&
           its_size == size;
}

void tree_nonce(uint8_t ret[static CRYPTO_NONCE_BYTES], uint64_t index)
{
    struct wire_writer w = wire_writer(ret, CRYPTO_NONCE_BYTES);
    wire_put_u64(&w, index);
    wire_put_zeros(&w, CRYPTO_NONCE_BYTES - 8);
}

/* ---- growing one ---- */

static void push(struct tree_builder *b, unsigned level, const uint8_t *name, uint64_t size)
{
    assert(b->count[level] < TREE_FANOUT);
    memcpy(b->names[level][b->count[level]++], name, TREE_NAME_BYTES);
    b->under[level] += size;
}

void tree_add(struct tree_builder *b, const uint8_t name[static TREE_NAME_BYTES], size_t size)
{
    assert(size >= 1 && size <= TREE_CHUNK_BYTES && b->size % TREE_CHUNK_BYTES == 0);
    assert(b->size + size <= TREE_BYTES_MAX);
    push(b, 0, name, size);
    b->size += size;
}

bool tree_grow(struct tree_builder *b, bool end, uint8_t room[static TREE_NODE_BYTES(TREE_FANOUT)],
               uint8_t ret_name[static TREE_NAME_BYTES], struct span *ret)
{
    unsigned top = tree_level(b->size);
    for (unsigned level = 1; level <= TREE_LEVEL_MAX; level++) {
        size_t count = b->count[level - 1];
        bool rest = end && level <= top && count > 0;
        if (count < TREE_FANOUT && !rest)
            continue;
        struct wire_writer w = wire_writer(room, TREE_NODE_BYTES(TREE_FANOUT));
        wire_put_u8(&w, (uint8_t)level);
        wire_put_u64(&w, b->under[level - 1]);
        wire_put_bytes(&w, b->names[level - 1][0], TREE_NAME_BYTES * count);
        assert(!w.bad);
        *ret = wire_written(&w);
        tree_name(ret_name, *ret);
        push(b, level, ret_name, b->under[level - 1]);
        b->count[level - 1] = 0;
        b->under[level - 1] = 0;
        return true;
    }
    return false;
}

const uint8_t *tree_root(const struct tree_builder *b)
{
    unsigned top = tree_level(b->size);
    assert(b->size > 0 && b->count[top] == 1 && b->under[top] == b->size);
    return b->names[top][0];
}

/* ---- walking one ---- */

/* From a blob to the one beneath it that covers `at`. HOP_ENOTFOUND: the blob is not here. */
static int step_down(struct store *store, struct tree_place *p, uint64_t at)
{
    struct span bytes;
    int err = store_find(store, STORE_BLOBS, SPAN(p->name, TREE_NAME_BYTES), &bytes);
    if (err != HOP_OK)
        return err;
    if (!tree_fits(bytes, p->level, p->size))
        return HOP_EMALFORMED;
    uint64_t span = tree_span(p->level - 1), index = (at - p->at) / span;
    memcpy(p->name, bytes.data + TREE_NODE_BYTES(0) + TREE_NAME_BYTES * index, TREE_NAME_BYTES);
    p->level--;
    p->at += index * span;
    p->size = p->size - index * span < span ? p->size - index * span : span;
    return HOP_OK;
}

int tree_look(struct store *store, const uint8_t root[static TREE_NAME_BYTES], uint64_t size,
              unsigned level, uint64_t at, struct tree_place *ret)
{
    struct tree_place p = {.level = tree_level(size), .size = size};
    struct span bytes;
    assert(at < size && level <= p.level && at % tree_span(level) == 0);
    memcpy(p.name, root, TREE_NAME_BYTES);
    while (p.level > level) {
        int err = step_down(store, &p, at);
        if (err != HOP_OK)
            return err;
    }
    int err = store_find(store, STORE_BLOBS, SPAN(p.name, TREE_NAME_BYTES), &bytes);
    if (err != HOP_OK && err != HOP_ENOTFOUND)
        return err;
    p.here = err == HOP_OK;
    *ret = p;
    return HOP_OK;
}

void tree_walk_begin(struct tree_walk *w, struct store *store,
                     const uint8_t root[static TREE_NAME_BYTES], uint64_t size)
{
    assert(size >= 1 && size <= TREE_BYTES_MAX);
    *w = (struct tree_walk){.store = store, .size = size, .level = tree_level(size)};
    memcpy(w->root, root, TREE_NAME_BYTES);
}

/* To the blob that follows everything beneath this one: the highest that begins there. */
static void pass(struct tree_walk *w, const struct tree_place *p)
{
    w->at = p->at + p->size;
    w->level = 0;
    while (w->level < tree_level(w->size) && w->at % tree_span(w->level + 1) == 0)
        w->level++;
}

int tree_walk_next(struct tree_walk *w, struct tree_place *ret)
{
    struct tree_place p;
    if (w->at >= w->size)
        return HOP_ENOTFOUND;
    int err = tree_look(w->store, w->root, w->size, w->level, w->at, &p);
    if (err == HOP_ENOTFOUND) /* the node above was here when we passed it */
        return HOP_EIO;
    if (err != HOP_OK)
        return err;
    if (p.here && p.level > 0)
        w->level--;
    else
        pass(w, &p);
    *ret = p;
    return HOP_OK;
}

void tree_walk_back(struct tree_walk *w, const struct tree_place *place, bool beneath)
{
    unsigned level = beneath && place->level > 0 ? place->level - 1 : place->level;
    if (w->at < place->at || (w->at == place->at && w->level >= level))
        return;
    w->at = place->at;
    w->level = level;
}

/* Among the children of one node. */
static int find_beneath(struct store *store, const struct tree_place *node, const uint8_t *name,
                        struct tree_place *ret)
{
    struct span bytes;
    int err = store_find(store, STORE_BLOBS, SPAN(node->name, TREE_NAME_BYTES), &bytes);
    if (err != HOP_OK)
        return err;
    if (!tree_fits(bytes, node->level, node->size))
        return HOP_EMALFORMED;
    uint64_t span = tree_span(node->level - 1), count = children(node->level, node->size);
    for (uint64_t i = 0; i < count; i++) {
        if (memcmp(bytes.data + TREE_NODE_BYTES(0) + TREE_NAME_BYTES * i, name, TREE_NAME_BYTES) !=
            0)
            continue;
        *ret = *node;
        return step_down(store, ret, node->at + i * span);
    }
    return HOP_ENOTFOUND;
}

int tree_find(struct store *store, const uint8_t root[static TREE_NAME_BYTES], uint64_t size,
              const uint8_t name[static TREE_NAME_BYTES], struct tree_place *ret)
{
    struct tree_walk w;
    struct tree_place p;
    struct span bytes;
    int err, found = HOP_ENOTFOUND;
    tree_walk_begin(&w, store, root, size);
    while (found == HOP_ENOTFOUND && (err = tree_walk_next(&w, &p)) == HOP_OK) {
        if (memcmp(p.name, name, TREE_NAME_BYTES) == 0) {
            *ret = p;
            return HOP_OK;
        }
        if (p.level > 0 && p.here)
            found = find_beneath(store, &p, name, ret);
        if (p.level == 1)
            pass(&w, &p); /* its chunks have been looked through */
    }
    if (found == HOP_OK)
        ret->here = store_find(store, STORE_BLOBS, SPAN(name, TREE_NAME_BYTES), &bytes) == HOP_OK;
    return found != HOP_ENOTFOUND ? found : err;
}

bool tree_whole(struct store *store, const uint8_t root[static TREE_NAME_BYTES], uint64_t size)
{
    struct tree_walk w;
    struct tree_place p;
    int err;
    tree_walk_begin(&w, store, root, size);
    while ((err = tree_walk_next(&w, &p)) == HOP_OK) {
        if (!p.here)
            return false;
    }
    return err == HOP_ENOTFOUND;
}
