#include "mesh/bundle.h"

#include <stdlib.h>

#include "tests/lib/cluster.h"
#include "tests/vectors/vectors.h"

#define LOG_RECORDS 40

/* What the tests read: a section of two logs and a blob, written by the store's own side. */
static struct cluster c;
static uint8_t scratch_bytes[2 * MESH_FRAME_BYTES_MAX];
static uint8_t blob_name[32];

static struct arena scratch(void)
{
    return (struct arena){.base = scratch_bytes, .size = sizeof scratch_bytes};
}

static void id_before(const uint8_t log[static 32], uint64_t seq, uint8_t ret[static 32])
{
    struct span bytes;
    struct record r;
    CHECK_OK(store_get(c.nodes[0].store, log, seq, &bytes));
    CHECK_OK(record_parse(&r, bytes));
    memcpy(ret, r.prev, 32);
}

static void add_log(struct bundle_section *s, enum record_lane lane, uint64_t after)
{
    const uint8_t *log = c.nodes[0].logs[lane].key.public_key;
    struct segment run;
    while (segment_read(&run, c.nodes[0].store, log, after, LOG_RECORDS, 2048)) {
        struct buf payload = {0};
        uint8_t prev[32];
        struct bundle_entry e = {
            .type = BUNDLE_RUN, .first = run.first, .last = run.first + run.count - 1};
        memcpy(e.id, log, 32);
        id_before(log, run.first, prev);
        bundle_segment_put(&payload, prev, &run);
        CHECK_OK(bundle_section_add(s, BUNDLE_SEGMENT, buf_written(&payload), &e));
        buf_free(&payload);
        after = e.last;
    }
    CHECK_EQ(after, LOG_RECORDS);
}

static void begin(void)
{
    uint8_t blob[5000];
    struct rng r = test_rng("blob");
    cluster_init(&c, 2, 1);
    for (unsigned i = 0; i < LOG_RECORDS; i++) {
        cluster_publish(&c, 0, LANE_CONTROL, "kết nạp");
        cluster_publish(&c, 0, LANE_MEETING, "phát biểu tại cuộc họp");
    }
    test_random(&r, blob, sizeof blob);
    cluster_put_blob(&c, 0, SPAN(blob, sizeof blob), blob_name);
}

/* after: how much of both logs is left out. */
static struct buf make_section(uint64_t after)
{
    struct bundle_section s = {0};
    struct buf ret = {0}, payload = {0};
    struct span blob;
    struct bundle_entry e = {.type = BUNDLE_CHUNK};
    add_log(&s, LANE_CONTROL, after);
    add_log(&s, LANE_MEETING, after);
    CHECK_OK(store_find(c.nodes[0].store, STORE_BLOBS, SPAN(blob_name, 32), &blob));
    bundle_blob_put(&payload, blob_name, blob);
    memcpy(e.id, blob_name, 32);
    CHECK_OK(bundle_section_add(&s, BUNDLE_BLOB, buf_written(&payload), &e));
    CHECK_OK(bundle_section_end(&s, &ret));
    buf_free(&payload);
    return ret;
}

struct found {
    size_t lists, segments, blobs, records;
    struct bundle_scan scan;
};

static void count_block(struct found *f, const struct bundle_block *b)
{
    struct segment s;
    struct bundle_blob blob;
    const uint8_t *prev;
    if (b->kind == BUNDLE_LIST) {
        f->lists++;
    } else if (b->kind == BUNDLE_SEGMENT) {
        CHECK_OK(bundle_segment_parse(&s, &prev, b->payload));
        CHECK_OK(bundle_segment_check(&s, prev, scratch()));
        f->segments++;
        f->records += s.count;
    } else {
        CHECK_OK(bundle_blob_parse(&blob, b->payload));
        CHECK_BYTES(blob.name, blob_name, 32);
        f->blobs++;
    }
}

static struct found find_all(struct span bytes)
{
    struct found f = {0};
    struct bundle_block b;
    while (bundle_scan(&f.scan, bytes, true, &b) == BUNDLE_FOUND)
        count_block(&f, &b);
    CHECK_EQ(f.scan.passed, bytes.size);
    return f;
}

/* A stick would bring less than was put on it, or would have to be asked to be believed. */
TEST(bundle_proves_itself_with_nothing_else_at_hand)
{
    begin();
    struct buf section = make_section(7);
    struct found f = find_all(buf_written(&section));
    CHECK_EQ(f.lists, 2);
    CHECK_EQ(f.records, 2 * (LOG_RECORDS - 7));
    CHECK_EQ(f.blobs, 1);
    CHECK(f.segments > 4);
    CHECK_EQ(f.scan.holes, 0);
    buf_free(&section);
    cluster_close(&c);
}

/* Pulled out in the middle: whatever was whole before the cut must be read. */
TEST(bundle_cut_anywhere_gives_what_is_before_the_cut)
{
    begin();
    struct buf section = make_section(0);
    struct found whole = find_all(buf_written(&section)), last = {0};
    for (size_t size = 0; size <= section.size; size += 97) {
        struct found f = find_all(SPAN(section.data, size));
        CHECK(f.records >= last.records && f.segments >= last.segments && f.lists <= 2);
        CHECK(f.scan.holes <= 1);
        last = f;
    }
    last = find_all(SPAN(section.data, section.size - 1));
    CHECK_EQ(last.records, whole.records);
    CHECK_EQ(last.blobs, whole.blobs);
    CHECK_EQ(last.lists, 1);
    buf_free(&section);
    cluster_close(&c);
}

/* One bad sector would cost the rest of the stick. */
TEST(bundle_loses_to_a_bad_sector_only_the_blocks_it_touches)
{
    begin();
    struct buf section = make_section(0);
    struct found whole = find_all(buf_written(&section));
    uint8_t *damaged = malloc(section.size);
    for (size_t at = 0; at < section.size; at += 512) {
        size_t n = section.size - at < 512 ? section.size - at : 512;
        memcpy(damaged, section.data, section.size);
        memset(damaged + at, at % 1024 == 0 ? 0 : 0xf5, n);
        struct found f = find_all(SPAN(damaged, section.size));
        size_t blocks = f.lists + f.segments + f.blobs;
        CHECK(f.scan.holes == 1);
        CHECK(blocks < whole.lists + whole.segments + whole.blobs);
        CHECK(blocks + 3 >= whole.lists + whole.segments + whole.blobs);
    }
    free(damaged);
    buf_free(&section);
    cluster_close(&c);
}

/* A window smaller than the file would find other blocks than one that shows all of it. */
TEST(bundle_reads_alike_through_a_window_and_at_once)
{
    begin();
    struct buf section = make_section(0);
    struct found whole = find_all(buf_written(&section)), f = {0};
    uint8_t *window = malloc(BUNDLE_BLOCK_BYTES_MAX + 1000);
    size_t held = 0, at = 0;
    for (;;) {
        struct bundle_block b;
        enum bundle_found found = bundle_scan(&f.scan, SPAN(window, held), at == section.size, &b);
        if (found == BUNDLE_END)
            break;
        if (found == BUNDLE_FOUND) {
            count_block(&f, &b);
            continue;
        }
        held -= f.scan.used;
        memmove(window, window + f.scan.used, held);
        f.scan.used = 0;
        size_t n = section.size - at < 1000 ? section.size - at : 1000;
        memcpy(window + held, section.data + at, n);
        held += n;
        at += n;
        CHECK(held <= BUNDLE_BLOCK_BYTES_MAX + 1000);
    }
    CHECK_EQ(f.records, whole.records);
    CHECK_EQ(f.lists + f.blobs, whole.lists + whole.blobs);
    CHECK_EQ(f.scan.passed, section.size);
    free(window);
    buf_free(&section);
    cluster_close(&c);
}

/* A file of false marks would keep the reader busy for hours. */
TEST(bundle_gives_up_a_file_of_false_marks)
{
    size_t size = 8u << 20;
    struct buf one = {0};
    struct bundle_scan scan = {0};
    struct bundle_block b;
    static uint8_t zeros[BUNDLE_PAYLOAD_BYTES_MAX];
    bundle_block_put(&one, BUNDLE_BLOB, SPAN(zeros, sizeof zeros));
    one.data[20] ^= 1;
    uint8_t *bytes = malloc(size);
    for (size_t at = 0; at + 32 <= size; at += 32)
        memcpy(bytes + at, one.data, 32);
    CHECK_EQ(bundle_scan(&scan, SPAN(bytes, size), true, &b), BUNDLE_END);
    CHECK(scan.hopeless);
    CHECK(scan.in_vain < 2 * size);
    CHECK_EQ(scan.passed, size);
    free(bytes);
    buf_free(&one);
}

/* Forged, or from another place of the log: it must not pass for what it says. */
TEST(bundle_refuses_a_run_that_does_not_prove_itself)
{
    begin();
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    struct buf good = {0};
    struct segment run, got;
    uint8_t prev[32];
    const uint8_t *got_prev;
    CHECK(segment_read(&run, c.nodes[0].store, log, 5, 20, 4096));
    id_before(log, run.first, prev);
    bundle_segment_put(&good, prev, &run);
    CHECK_OK(bundle_segment_parse(&got, &got_prev, buf_written(&good)));
    CHECK_OK(bundle_segment_check(&got, got_prev, scratch()));
    good.data[3] ^= 1; /* another predecessor */
    CHECK_OK(bundle_segment_parse(&got, &got_prev, buf_written(&good)));
    CHECK_ERR(bundle_segment_check(&got, got_prev, scratch()), HOP_EAUTH);
    good.data[3] ^= 1;
    good.data[good.size - 70] ^= 1; /* another text */
    CHECK_OK(bundle_segment_parse(&got, &got_prev, buf_written(&good)));
    CHECK_ERR(bundle_segment_check(&got, got_prev, scratch()), HOP_EAUTH);
    memset(good.data, 0, 32); /* the first of a log, and yet number 6 */
    CHECK_ERR(bundle_segment_parse(&got, &got_prev, buf_written(&good)), HOP_EMALFORMED);
    for (size_t size = 0; size < good.size; size++)
        CHECK(bundle_segment_parse(&got, &got_prev, SPAN(good.data, size)) != HOP_OK);
    buf_free(&good);
    cluster_close(&c);
}

/* Another implementation, written from the page, would not be understood. */
TEST(bundle_of_the_vectors_is_read_and_written_alike)
{
    static uint8_t section_bytes[8192], damaged_bytes[8192], log[32];
    struct vectors v = vectors_open("tests/vectors/sync/bundle.txt");
    struct span section = vectors_bytes(&v, "section", section_bytes, sizeof section_bytes);
    struct span damaged = vectors_bytes(&v, "damaged", damaged_bytes, sizeof damaged_bytes);
    struct bundle_section s = {0};
    struct bundle_scan scan = {0};
    struct bundle_block b;
    struct buf again = {0};
    CHECK_EQ(vectors_bytes(&v, "log", log, sizeof log).size, 32);
    (void)vectors_bytes(&v, "blob_name", blob_name, sizeof blob_name);
    struct found f = find_all(section);
    CHECK_EQ(f.records, 3);
    CHECK_EQ(f.lists + f.blobs, 3);
    CHECK_EQ(f.scan.holes, 0);
    while (bundle_scan(&scan, section, true, &b) == BUNDLE_FOUND) {
        struct bundle_entry run = {.type = BUNDLE_RUN, .first = 1, .last = 3};
        struct bundle_entry chunk = {.type = BUNDLE_CHUNK};
        memcpy(run.id, log, 32);
        memcpy(chunk.id, blob_name, 32);
        if (b.kind != BUNDLE_LIST)
            CHECK_OK(bundle_section_add(&s, b.kind, b.payload,
                                        b.kind == BUNDLE_SEGMENT ? &run : &chunk));
    }
    CHECK_OK(bundle_section_end(&s, &again));
    CHECK_SPAN(buf_written(&again), section);
    f = find_all(damaged);
    CHECK_EQ(f.records, 0);
    CHECK_EQ(f.lists + f.blobs, 3);
    CHECK_EQ(f.scan.holes, 1);
    buf_free(&again);
    vectors_close(&v);
}

/* ---- what the mesh makes of it ---- */

static int carry(size_t node, enum mesh_in_type type, struct span payload)
{
    return cluster_step(&c, node, (struct mesh_in){.type = type, .bytes = payload});
}

/* Every block of a section, in its order; how many were taken. */
static size_t carry_all(size_t node, struct span section)
{
    struct bundle_scan scan = {0};
    struct bundle_block b;
    size_t taken = 0;
    while (bundle_scan(&scan, section, true, &b) == BUNDLE_FOUND) {
        if (b.kind != BUNDLE_LIST)
            taken += carry(node, b.kind == BUNDLE_SEGMENT ? MESH_IN_CARRIED : MESH_IN_CARRIED_BLOB,
                           b.payload) == HOP_OK;
    }
    return taken;
}

/* A device that met nobody would not have what the stick brought. */
TEST(mesh_takes_from_a_bundle_what_it_would_take_from_a_link)
{
    begin();
    struct buf section = make_section(0);
    CHECK_OK(carry(1, MESH_IN_WANT, SPAN(blob_name, 32)));
    struct found f = find_all(buf_written(&section));
    CHECK_EQ(carry_all(1, buf_written(&section)), f.segments + f.blobs);
    CHECK(cluster_agrees(&c));
    CHECK(cluster_has_blob(&c, 1, blob_name));
    CHECK_EQ(c.nodes[1].delivered, 2 * LOG_RECORDS);
    CHECK_EQ(carry_all(1, buf_written(&section)), 0); /* here already */
    buf_free(&section);
    cluster_close(&c);
}

/* What came by stick must go on by link. */
TEST(mesh_passes_on_what_a_bundle_brought)
{
    begin();
    cluster_close(&c);
    cluster_init(&c, 3, 1);
    for (unsigned i = 0; i < LOG_RECORDS; i++) {
        cluster_publish(&c, 0, LANE_CONTROL, "kết nạp");
        cluster_publish(&c, 0, LANE_MEETING, "phát biểu");
    }
    cluster_put_blob(&c, 0, span_text("tài liệu"), blob_name);
    struct buf section = make_section(0);
    cluster_link(&c, 1, 2);
    cluster_run(&c, 1000);
    CHECK(carry_all(1, buf_written(&section)) > 0);
    CHECK(cluster_run_until(&c, cluster_agrees, 2000));
    CHECK_EQ(cluster_records(&c, 2), 2 * LOG_RECORDS);
    buf_free(&section);
    cluster_close(&c);
}

/* Holes in a log would make it unreadable for ever. */
TEST(mesh_refuses_from_a_bundle_what_does_not_fit)
{
    begin();
    struct buf late = make_section(10), forged = {0};
    struct segment run;
    uint8_t prev[32] = {0};
    CHECK_EQ(carry_all(1, buf_written(&late)), 0); /* begins beyond what is here */
    CHECK_EQ(cluster_records(&c, 1), 0);
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    CHECK(segment_read(&run, c.nodes[0].store, log, 0, 5, 4096));
    bundle_segment_put(&forged, prev, &run);
    forged.data[forged.size - 70] ^= 1;
    CHECK_ERR(carry(1, MESH_IN_CARRIED, buf_written(&forged)), HOP_EAUTH);
    CHECK_ERR(carry(1, MESH_IN_CARRIED, SPAN(forged.data, 40)), HOP_EMALFORMED);
    struct buf payload = {0};
    bundle_blob_put(&payload, blob_name, span_text("nobody asked"));
    CHECK_ERR(carry(1, MESH_IN_CARRIED_BLOB, buf_written(&payload)), HOP_EAUTH);
    CHECK_EQ(cluster_records(&c, 1), 0);
    buf_free(&payload);
    buf_free(&forged);
    buf_free(&late);
    cluster_close(&c);
}

/* Records 21 to last of the meeting log as its author tells them to others. */
static struct buf another_history(uint64_t last)
{
    static uint8_t buffer[RECORD_BYTES_MAX], copies[SEGMENT_RECORDS_MAX][1024];
    struct cluster_log fork = c.nodes[0].logs[LANE_MEETING];
    struct segment run = {0};
    struct buf payload = {0};
    uint8_t prev[32];
    fork.seq = 20;
    id_before(fork.key.public_key, 21, fork.head);
    memcpy(prev, fork.head, 32);
    for (size_t i = 0; i < last - 20; i++) {
        struct record r;
        struct span sealed =
            cluster_seal(&c, &fork, LANE_MEETING, &c.nodes[0].drbg, span_text("hai lời"), buffer);
        memcpy(copies[i], sealed.data, sealed.size);
        CHECK_OK(record_parse(&r, SPAN(copies[i], sealed.size)));
        segment_add(&run, &r);
    }
    bundle_segment_put(&payload, prev, &run);
    return payload;
}

static uint64_t forked_at(size_t node)
{
    struct mesh_fork_view fork = {0};
    return mesh_forks(c.nodes[node].mesh, &fork, 1) == 0 ? 0 : fork.seq;
}

/* A fork on a stick would be taken for a forgery, and its author for an innocent. */
TEST(mesh_proves_a_fork_that_a_stick_brings)
{
    for (uint64_t last = 21; last <= LOG_RECORDS + 10; last += 29) { /* shorter than ours, longer */
        begin();
        struct buf section = make_section(0), payload = another_history(last);
        CHECK(carry_all(1, buf_written(&section)) > 0);
        CHECK_ERR(carry(1, MESH_IN_CARRIED, buf_written(&payload)), HOP_EREFUSED);
        CHECK_EQ(forked_at(1), 21);
        CHECK_ERR(carry(1, MESH_IN_CARRIED, buf_written(&payload)), HOP_EEXIST);
        CHECK_EQ(carry_all(1, buf_written(&section)), 0); /* nothing of it is wanted any more */
        buf_free(&payload);
        buf_free(&section);
        cluster_close(&c);
    }
}

/* Whoever met only the forger's friends would believe it. */
TEST(mesh_takes_the_proof_of_a_fork_from_a_stick)
{
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    struct span proof;
    begin();
    struct buf section = make_section(0), payload = another_history(30);
    CHECK(carry_all(1, buf_written(&section)) > 0);
    CHECK_ERR(carry(1, MESH_IN_CARRIED, buf_written(&payload)), HOP_EREFUSED);
    CHECK_OK(mesh_fork_proof(c.nodes[1].mesh, log, &proof));
    payload.size = 0;
    buf_span(&payload, proof);
    CHECK_EQ(forked_at(0), 0);
    CHECK_OK(carry(0, MESH_IN_CARRIED_PROOF, buf_written(&payload)));
    CHECK_EQ(forked_at(0), 21);
    CHECK_ERR(carry(0, MESH_IN_CARRIED_PROOF, buf_written(&payload)), HOP_EEXIST);
    payload.data[payload.size - 1] ^= 1;
    cluster_kill(&c, 0);
    cluster_start(&c, 0);
    CHECK_EQ(forked_at(0), 21); /* it was durable */
    CHECK(carry(1, MESH_IN_CARRIED_PROOF, buf_written(&payload)) != HOP_OK);
    buf_free(&payload);
    buf_free(&section);
    cluster_close(&c);
}

/* ---- inventories ---- */

/* The writer would leave out what is not there, or repeat what is. */
TEST(inventory_knows_how_far_runs_reach)
{
    struct bundle_inventory v = {0};
    struct bundle_entry e = {.type = BUNDLE_RUN, .id = {7}};
    static const uint64_t runs[][2] = {{31, 40}, {1, 10}, {5, 20}, {21, 22}, {50, 50}};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        e.first = runs[i][0];
        e.last = runs[i][1];
        CHECK_OK(bundle_inventory_add(&v, &e));
    }
    struct bundle_entry chunk = {.type = BUNDLE_CHUNK, .id = {9}};
    CHECK_OK(bundle_inventory_add(&v, &chunk));
    CHECK_OK(bundle_inventory_add(&v, &chunk));
    CHECK_EQ(bundle_inventory_reach(&v, e.id, 1), 22);
    CHECK_EQ(bundle_inventory_reach(&v, e.id, 22), 22);
    CHECK_EQ(bundle_inventory_reach(&v, e.id, 23), 22);
    CHECK_EQ(bundle_inventory_reach(&v, e.id, 35), 40);
    CHECK_EQ(bundle_inventory_reach(&v, e.id, 51), 50);
    CHECK_EQ(bundle_inventory_next(&v, e.id, 1), 1);
    CHECK_EQ(bundle_inventory_next(&v, e.id, 23), 31);
    CHECK_EQ(bundle_inventory_next(&v, e.id, 41), 50);
    CHECK_EQ(bundle_inventory_next(&v, e.id, 51), UINT64_MAX);
    CHECK_EQ(bundle_inventory_next(&v, chunk.id, 1), UINT64_MAX);
    CHECK_EQ(bundle_inventory_reach(&v, chunk.id, 1), 0);
    CHECK_EQ(v.count, 4);
    CHECK(bundle_inventory_has(&v, BUNDLE_CHUNK, chunk.id));
    CHECK(!bundle_inventory_has(&v, BUNDLE_WANTED, chunk.id));
    struct buf b = {0};
    struct bundle_inventory again = {0};
    bundle_inventory_put(&b, &v);
    CHECK_OK(bundle_inventory_read(&again, buf_written(&b)));
    CHECK_EQ(again.count, 4);
    CHECK_EQ(bundle_inventory_reach(&again, e.id, 2), 22);
    b.data[BUNDLE_HEAD_BYTES + 4]++; /* says five entries, and is a bad block by its checksum */
    bundle_inventory_free(&again);
    CHECK_OK(bundle_inventory_read(&again, buf_written(&b)));
    CHECK_EQ(again.count, 0);
    buf_free(&b);
    bundle_inventory_free(&again);
    bundle_inventory_free(&v);
}
