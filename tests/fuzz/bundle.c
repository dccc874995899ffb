/* fuzz: mesh cell store crypto base */
/* Bytes as a stick: every block that is found is parsed as what it says it is, and checked with
 * nothing else at hand; what it lists is written again as it was understood; and the same is found
 * whether all is shown at once or bit by bit. */
#include <assert.h>

#include "mesh/bundle.h"
#include "mesh/fork.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t scratch[2 * MESH_FRAME_BYTES_MAX];

/* A finding is only what a checksum guards: give the fuzzer blocks without having to guess it. */
static struct span as_block(struct buf *room, const uint8_t *data, size_t size)
{
    if (size > 2 && data[0] == 0 && data[1] >= BUNDLE_LIST && data[1] < BUNDLE_KINDS_END)
        bundle_block_put(room, (enum bundle_kind)data[1], SPAN(data + 2, size - 2));
    return room->size > 0 ? buf_written(room) : SPAN(data, size);
}

static void read_block(const struct bundle_block *b)
{
    static struct segment s;
    const uint8_t *prev;
    struct bundle_blob blob;
    struct fork_proof proof;
    struct arena arena = {.base = scratch, .size = sizeof scratch};
    if (b->kind == BUNDLE_SEGMENT && bundle_segment_parse(&s, &prev, b->payload) == HOP_OK)
        (void)!bundle_segment_check(&s, prev, arena);
    if (b->kind == BUNDLE_BLOB)
        (void)!bundle_blob_parse(&blob, b->payload);
    if (b->kind == BUNDLE_PROOF)
        (void)!fork_proof_parse(&proof, b->payload);
}

/* How many blocks there are, when the bytes come step by step. */
static uint64_t find_all(struct span bytes, size_t step, uint64_t *ret_skipped)
{
    struct bundle_scan scan = {0};
    struct bundle_block b;
    uint64_t blocks = 0;
    size_t from = 0, shown = bytes.size < step ? bytes.size : step;
    for (;;) {
        struct span window = SPAN(bytes.data + from, shown - from);
        enum bundle_found found = bundle_scan(&scan, window, shown == bytes.size, &b);
        if (found == BUNDLE_END)
            break;
        if (found == BUNDLE_FOUND) {
            read_block(&b);
            blocks++;
            continue;
        }
        assert(shown < bytes.size);
        from += scan.used;
        scan.used = 0;
        shown = bytes.size - shown < step ? bytes.size : shown + step;
    }
    assert(scan.passed == bytes.size);
    *ret_skipped = scan.skipped;
    return blocks;
}

static void check_inventory(struct span bytes)
{
    struct bundle_inventory v = {0}, again = {0};
    struct buf b = {0};
    if (bundle_inventory_read(&v, bytes) == HOP_OK) {
        bundle_inventory_put(&b, &v);
        int err = bundle_inventory_read(&again, buf_written(&b));
        assert(err == HOP_OK && again.count == v.count);
        for (size_t i = 0; i < v.count; i++) {
            const struct bundle_entry *e = &v.items[i];
            if (e->type == BUNDLE_RUN) {
                assert(bundle_inventory_reach(&v, e->id, e->first) == e->last);
                assert(bundle_inventory_next(&v, e->id, e->first) == e->first);
            }
        }
    }
    bundle_inventory_free(&v);
    bundle_inventory_free(&again);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf room = {0};
    uint64_t skipped[2];
    if (size == 0)
        return 0;
    struct span bytes = as_block(&room, data, size);
    uint64_t at_once = find_all(bytes, bytes.size, &skipped[0]);
    uint64_t bit_by_bit = find_all(bytes, 13, &skipped[1]);
    assert(at_once == bit_by_bit && skipped[0] == skipped[1]);
    check_inventory(bytes);
    buf_free(&room);
    return 0;
}
