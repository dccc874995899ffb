/* Blobs kept for others: a queue in which the oldest goes first.
 *
 * A carrier cannot know who has got what it brought: it may be unable to read a single receipt. So
 * what came first goes first, when the quota is full or when a document of our own needs the room.
 * Each is written down under a number as it comes, in the same commit, so after a crash the queue
 * says what is there. What has become part of a document of ours in the meantime only leaves the
 * queue. */
#include <stdlib.h>

#include "device/state.h"
#include "mesh/tree.h"

#define ENTRY_KEY_BYTES (3 + 8)
#define BATCH_MAX       4096 /* taken out at once: some 256 MiB of chunks */
#define ENTRY_COST      128  /* what a blob costs beside its bytes, so that crumbs count too */

/* "foreign": what they take; the number of the oldest; the next number. */
#define TOTAL_KEY "foreign"

/* "old", number: name and size of one. */
static struct span entry_key(uint8_t room[static ENTRY_KEY_BYTES], uint64_t number)
{
    struct wire_writer w = wire_writer(room, ENTRY_KEY_BYTES);
    wire_put_bytes(&w, (const uint8_t *)"old", 3);
    wire_put_u64(&w, number);
    return wire_written(&w);
}

void device_foreign_load(struct device *d)
{
    struct span value;
    memset(&d->foreign, 0, sizeof d->foreign);
    if (store_find(d->store, STORE_META, span_text(TOTAL_KEY), &value) != HOP_OK)
        return;
    struct wire_reader r = wire_reader(value.data, value.size);
    d->foreign.bytes = wire_get_u64(&r);
    d->foreign.first = wire_get_u64(&r);
    d->foreign.next = wire_get_u64(&r);
    if (!wire_end(&r) || d->foreign.first > d->foreign.next)
        memset(&d->foreign, 0, sizeof d->foreign);
}

static int save(struct device *d)
{
    uint8_t room[24];
    struct wire_writer w = wire_writer(room, sizeof room);
    wire_put_u64(&w, d->foreign.bytes);
    wire_put_u64(&w, d->foreign.first);
    wire_put_u64(&w, d->foreign.next);
    return store_put(d->store, STORE_META, span_text(TOTAL_KEY), wire_written(&w));
}

/* ---- taking out ---- */

struct batch {
    uint8_t (*names)[32];
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

/* The oldest leaves the queue, and its name joins the batch. */
static int take_oldest(struct device *d, struct batch *b)
{
    uint8_t key[ENTRY_KEY_BYTES];
    struct span value;
    uint64_t size = 0;
    int err = store_find(d->store, STORE_META, entry_key(key, d->foreign.first), &value);
    if (err == HOP_OK) {
        struct wire_reader r = wire_reader(value.data, value.size);
        wire_get_into(&r, b->names[b->count], 32);
        size = wire_get_u32(&r) + (uint64_t)ENTRY_COST;
        if (wire_end(&r))
            b->count++;
        err = store_remove(d->store, STORE_META, entry_key(key, d->foreign.first));
    }
    if (err != HOP_OK && err != HOP_ENOTFOUND)
        return err;
    d->foreign.bytes -= size < d->foreign.bytes ? size : d->foreign.bytes;
    if (++d->foreign.first == d->foreign.next)
        d->foreign.bytes = 0;
    return HOP_OK;
}

static void keep_name(struct batch *b, const uint8_t name[static 32])
{
    const uint8_t(*found)[32] =
        b->count == 0 ? NULL : bsearch(name, b->names, b->count, sizeof *b->names, by_name);
    if (found == NULL)
        return;
    size_t at = (size_t)(found - (const uint8_t(*)[32])b->names);
    b->count--;
    memmove(b->names[at], b->names[at + 1], (b->count - at) * sizeof *b->names);
}

/* What is part of this tree stays: the blob, and what the nodes say lies beneath it. */
static void keep_tree(struct device *d, struct batch *b, const uint8_t name[static 32],
                      unsigned level)
{
    struct span blob;
    unsigned said;
    uint64_t size;
    keep_name(b, name);
    if (level == 0 || store_find(d->store, STORE_BLOBS, SPAN(name, 32), &blob) != HOP_OK ||
        tree_measure(blob, &said, &size) != HOP_OK || said != level)
        return;
    for (size_t at = TREE_NODE_BYTES(0); at < blob.size; at += 32)
        keep_tree(d, b, blob.data + at, level - 1);
}

/* As many of the oldest as it takes to free so many bytes, or as one batch has room for. */
static int free_batch(struct device *d, uint64_t bytes)
{
    struct batch b = {.names = malloc(BATCH_MAX * sizeof *b.names)};
    uint64_t goal = d->foreign.bytes > bytes ? d->foreign.bytes - bytes : 0;
    int err = b.names == NULL ? HOP_ENOMEM : HOP_OK;
    while (err == HOP_OK && b.count < BATCH_MAX && d->foreign.bytes > goal &&
           d->foreign.first < d->foreign.next)
        err = take_oldest(d, &b);
    if (b.count > 0)
        qsort(b.names, b.count, sizeof *b.names, by_name);
    for (size_t i = 0; err == HOP_OK && i < d->documents_count; i++)
        keep_tree(d, &b, d->documents[i].root, tree_level(d->documents[i].size));
    for (size_t i = 0; err == HOP_OK && i < b.count; i++) {
        err = store_remove(d->store, STORE_BLOBS, SPAN(b.names[i], 32));
        err = err == HOP_ENOTFOUND ? HOP_OK : err;
    }
    if (err == HOP_OK)
        err = save(d);
    trace(&d->trace, "%zu blobs kept for others -> taken out", b.count);
    free(b.names);
    return err;
}

int device_foreign_free(struct device *d, uint64_t bytes)
{
    int err = HOP_OK;
    uint64_t goal = d->foreign.bytes > bytes ? d->foreign.bytes - bytes : 0;
    while (err == HOP_OK && d->foreign.bytes > goal && d->foreign.first < d->foreign.next)
        err = free_batch(d, d->foreign.bytes - goal);
    if (err != HOP_OK)
        d->write_error = err; /* half of it must not become durable */
    return err;
}

bool device_foreign_yield(struct device *d)
{
    if (d->mesh == NULL || d->foreign.first == d->foreign.next)
        return false;
    struct mesh_blobs_view v = mesh_blobs(d->mesh);
    uint64_t lack = v.waiting == 0 ? 0 : store_blob_lack(d->store, v.waiting_least);
    if (lack == 0 || lack > d->foreign.bytes)
        return false;                           /* there is room, or it would not help */
    if (device_foreign_free(d, lack) == HOP_OK) /* else the commit fails, and it is tried later */
        d->stored = true;                       /* so that the mesh looks again */
    return true;
}

/* ---- putting in ---- */

int device_foreign_add(struct device *d, const uint8_t name[static 32], size_t size)
{
    uint8_t key[ENTRY_KEY_BYTES], room[32 + 4];
    struct wire_writer w = wire_writer(room, sizeof room);
    wire_put_bytes(&w, name, 32);
    wire_put_u32(&w, (uint32_t)size);
    int err = store_put(d->store, STORE_META, entry_key(key, d->foreign.next), wire_written(&w));
    if (err != HOP_OK)
        return err;
    d->foreign.next++;
    d->foreign.bytes += size + ENTRY_COST;
    if (d->foreign.bytes >
        DEVICE_FOREIGN_BYTES_MAX) /* some at once: finding out what is ours costs */
        return device_foreign_free(d, DEVICE_FOREIGN_BYTES_MAX / 8);
    return save(d);
}
