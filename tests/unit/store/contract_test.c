/* What both sides of the store promise: every test here runs in memory and on disk. */
#include "store/store.h"

#include "tests/unit/store/store_dir.h"

struct side {
    struct store *s;
    bool disk;
    struct store_dir dir;
};

static void side_open(struct side *side)
{
    enum store_trouble trouble;
    if (side->disk) {
        CHECK_OK(store_lmdb_open(&side->s, side->dir.path, &trouble));
        CHECK_EQ(trouble, STORE_FINE);
    } else {
        side->s = store_memory_new(0);
        CHECK(side->s != NULL);
    }
}

/* Stop without a word of goodbye, and come back. */
static void side_crash(struct side *side)
{
    if (side->disk) {
        store_close(side->s);
        side_open(side);
    } else {
        store_memory_crash(side->s);
    }
}

static void side_run(void (*body)(struct side *), bool disk)
{
    struct side side = {.disk = disk};
    if (disk)
        store_dir_make(&side.dir);
    side_open(&side);
    body(&side);
    store_close(side.s);
    if (disk)
        store_dir_remove(&side.dir);
}

#define CONTRACT(id)                                                                               \
    static void id(struct side *side);                                                             \
    TEST(id##_in_memory)                                                                           \
    {                                                                                              \
        side_run(id, false);                                                                       \
    }                                                                                              \
    TEST(id##_on_disk)                                                                             \
    {                                                                                              \
        side_run(id, true);                                                                        \
    }                                                                                              \
    static void id(struct side *side)

/* ---- a small language for the tests ---- */

struct name {
    uint8_t bytes[STORE_LOG_BYTES];
};

static struct name named(unsigned n)
{
    struct name ret = {{0}};
    ret.bytes[0] = (uint8_t)(n >> 8);
    ret.bytes[STORE_LOG_BYTES - 1] = (uint8_t)n;
    return ret;
}

/* The tip of a log of n whose last record is seq: its id is made of both. */
static struct store_tip tip_of(unsigned n, uint64_t seq)
{
    struct store_tip tip = {.seq = seq};
    memset(tip.head, (int)(n * 31 + (unsigned)seq), sizeof tip.head);
    return tip;
}

static int append(struct store *s, unsigned log, uint64_t seq, const char *text)
{
    struct store_tip tip = tip_of(log, seq);
    return store_append(s, named(log).bytes, &tip, span_text(text));
}

static int put(struct store *s, enum store_table table, const char *key, const char *value)
{
    return store_put(s, table, span_text(key), span_text(value));
}

static void check_record(struct store *s, unsigned log, uint64_t seq, const char *want)
{
    struct span got;
    CHECK_OK(store_get(s, named(log).bytes, seq, &got));
    CHECK_SPAN(got, span_text(want));
}

static void check_no_record(struct store *s, unsigned log, uint64_t seq)
{
    struct span got;
    CHECK_ERR(store_get(s, named(log).bytes, seq, &got), HOP_ENOTFOUND);
}

static void check_value(struct store *s, enum store_table table, const char *key, const char *want)
{
    struct span got;
    CHECK_OK(store_find(s, table, span_text(key), &got));
    CHECK_SPAN(got, span_text(want));
}

static void check_no_value(struct store *s, enum store_table table, const char *key)
{
    struct span got;
    CHECK_ERR(store_find(s, table, span_text(key), &got), HOP_ENOTFOUND);
}

static void check_tip(struct store *s, unsigned log, uint64_t seq)
{
    struct store_tip got, want = tip_of(log, seq);
    if (seq == 0) {
        CHECK_ERR(store_tip(s, named(log).bytes, &got), HOP_ENOTFOUND);
        return;
    }
    CHECK_OK(store_tip(s, named(log).bytes, &got));
    CHECK_EQ(got.seq, seq);
    CHECK_BYTES(got.head, want.head, sizeof got.head);
}

static void check_arrival(struct store *s, uint64_t index, unsigned log, uint64_t seq)
{
    uint8_t id[STORE_LOG_BYTES];
    uint64_t got;
    CHECK_OK(store_arrival(s, index, id, &got));
    CHECK_BYTES(id, named(log).bytes, sizeof id);
    CHECK_EQ(got, seq);
}

static uint64_t arrivals_count(struct store *s)
{
    uint8_t id[STORE_LOG_BYTES];
    uint64_t n = 0, seq;
    while (store_arrival(s, n, id, &seq) == HOP_OK)
        n++;
    return n;
}

/* ---- reading what was written ---- */

/* An empty store that finds something, or fails, would stop a first start. */
CONTRACT(store_that_is_empty_finds_nothing)
{
    uint8_t id[STORE_LOG_BYTES];
    struct store_tip tip;
    check_no_record(side->s, 1, 1);
    check_tip(side->s, 1, 0);
    check_no_value(side->s, STORE_META, "device");
    CHECK_EQ(arrivals_count(side->s), 0);
    CHECK_ERR(store_next_log(side->s, NULL, id, &tip), HOP_ENOTFOUND);
    CHECK_OK(store_commit(side->s)); /* of nothing */
    store_rollback(side->s);
    check_no_record(side->s, 1, 1);
}

/* The node decides on what it has just written, before the commit. */
CONTRACT(store_shows_writes_before_the_commit)
{
    CHECK_OK(append(side->s, 1, 1, "one"));
    CHECK_OK(append(side->s, 1, 2, "two"));
    CHECK_OK(put(side->s, STORE_META, "device", "a"));
    check_record(side->s, 1, 1, "one");
    check_record(side->s, 1, 2, "two");
    check_no_record(side->s, 1, 0);
    check_no_record(side->s, 1, 3);
    check_tip(side->s, 1, 2);
    check_value(side->s, STORE_META, "device", "a");
    CHECK_EQ(arrivals_count(side->s), 2);
}

/* What was committed must outlive the process. */
CONTRACT(store_keeps_what_was_committed)
{
    CHECK_OK(append(side->s, 1, 1, "one"));
    CHECK_OK(append(side->s, 2, 1, ""));
    CHECK_OK(put(side->s, STORE_BLOBS, "name", "content"));
    CHECK_OK(store_commit(side->s));
    side_crash(side);
    check_record(side->s, 1, 1, "one");
    check_record(side->s, 2, 1, "");
    check_tip(side->s, 1, 1);
    check_tip(side->s, 2, 1);
    check_arrival(side->s, 0, 1, 1);
    check_arrival(side->s, 1, 2, 1);
    check_value(side->s, STORE_BLOBS, "name", "content");
    CHECK_OK(append(side->s, 1, 2, "two")); /* and it goes on from there */
    CHECK_OK(store_commit(side->s));
    side_crash(side);
    check_arrival(side->s, 2, 1, 2);
}

static void half_a_turn(struct side *side)
{
    CHECK_OK(append(side->s, 1, 1, "one"));
    CHECK_OK(put(side->s, STORE_META, "device", "a"));
    CHECK_OK(store_commit(side->s));
    CHECK_OK(append(side->s, 1, 2, "lost"));
    CHECK_OK(append(side->s, 2, 1, "lost"));
    CHECK_OK(put(side->s, STORE_META, "device", "b"));
    CHECK_OK(put(side->s, STORE_META, "device", "c"));
    CHECK_OK(put(side->s, STORE_META, "new", "x"));
}

static void check_half_a_turn_is_gone(struct side *side)
{
    check_record(side->s, 1, 1, "one");
    check_no_record(side->s, 1, 2);
    check_no_record(side->s, 2, 1);
    check_tip(side->s, 1, 1);
    check_tip(side->s, 2, 0);
    CHECK_EQ(arrivals_count(side->s), 1);
    check_value(side->s, STORE_META, "device", "a");
    check_no_value(side->s, STORE_META, "new");

    CHECK_OK(append(side->s, 2, 1, "again"));
    CHECK_OK(append(side->s, 1, 2, "again"));
    CHECK_OK(put(side->s, STORE_META, "new", "y"));
    CHECK_OK(store_commit(side->s));
    check_arrival(side->s, 1, 2, 1);
    check_arrival(side->s, 2, 1, 2);
    check_value(side->s, STORE_META, "new", "y");
}

/* A rollback that left something would keep a record that was refused. */
CONTRACT(store_rollback_undoes_everything_since_the_commit)
{
    half_a_turn(side);
    store_rollback(side->s);
    check_half_a_turn_is_gone(side);
}

/* Half a turn that survived would be a promise nobody made. */
CONTRACT(store_crash_undoes_everything_since_the_commit)
{
    half_a_turn(side);
    side_crash(side);
    check_half_a_turn_is_gone(side);
}

/* ---- order ---- */

/* Frontiers of two devices are compared in this order. */
CONTRACT(store_walks_logs_in_ascending_order)
{
    static const unsigned logs[] = {7, 0x300, 2, 0x1ff, 9, 0};
    static const unsigned sorted[] = {0, 2, 7, 9, 0x1ff, 0x300};
    for (size_t i = 0; i < 6; i++) {
        CHECK_OK(append(side->s, logs[i], 1, "x"));
        if (i == 3)
            CHECK_OK(store_commit(side->s)); /* some committed, some not */
    }
    CHECK_OK(append(side->s, 9, 2, "y"));
    uint8_t id[STORE_LOG_BYTES];
    struct store_tip tip;
    const uint8_t *after = NULL;
    for (size_t i = 0; i < 6; i++, after = id) {
        CHECK_OK(store_next_log(side->s, after, id, &tip));
        CHECK_BYTES(id, named(sorted[i]).bytes, sizeof id);
        CHECK_EQ(tip.seq, sorted[i] == 9 ? 2 : 1);
    }
    CHECK_ERR(store_next_log(side->s, id, id, &tip), HOP_ENOTFOUND);
    struct name absent = named(8); /* a log that is not there is a place all the same */
    CHECK_OK(store_next_log(side->s, absent.bytes, id, &tip));
    CHECK_BYTES(id, named(9).bytes, sizeof id);
}

/* The fold reads records in this order, once; a gap or a repeat would lose one. */
CONTRACT(store_counts_arrivals_across_logs_and_rollbacks)
{
    CHECK_OK(append(side->s, 5, 1, "a"));
    CHECK_OK(append(side->s, 3, 1, "b"));
    CHECK_OK(store_commit(side->s));
    CHECK_OK(append(side->s, 3, 2, "lost"));
    store_rollback(side->s);
    CHECK_OK(append(side->s, 5, 2, "c"));
    CHECK_OK(append(side->s, 3, 2, "d"));
    CHECK_OK(store_commit(side->s));
    CHECK_EQ(arrivals_count(side->s), 4);
    check_arrival(side->s, 0, 5, 1);
    check_arrival(side->s, 1, 3, 1);
    check_arrival(side->s, 2, 5, 2);
    check_arrival(side->s, 3, 3, 2);
    check_record(side->s, 3, 2, "d");
}

/* ---- values ---- */

/* A replaced value that came back would be a setting that changes by itself. */
CONTRACT(store_replaces_values_and_keeps_tables_apart)
{
    CHECK_OK(put(side->s, STORE_META, "k", "first"));
    CHECK_OK(put(side->s, STORE_BLOBS, "k", "blob"));
    CHECK_OK(store_commit(side->s));
    CHECK_OK(put(side->s, STORE_META, "k", ""));
    check_value(side->s, STORE_META, "k", "");
    CHECK_OK(put(side->s, STORE_META, "k", "third and longer"));
    CHECK_OK(store_commit(side->s));
    side_crash(side);
    check_value(side->s, STORE_META, "k", "third and longer");
    check_value(side->s, STORE_BLOBS, "k", "blob");
}

/* A value that was taken out must not come back, and one whose removal was undone must. */
CONTRACT(store_takes_values_out)
{
    CHECK_ERR(store_remove(side->s, STORE_BLOBS, span_text("k")), HOP_ENOTFOUND);
    CHECK_OK(put(side->s, STORE_BLOBS, "k", "first"));
    CHECK_OK(put(side->s, STORE_BLOBS, "l", "stays"));
    CHECK_OK(store_commit(side->s));
    CHECK_OK(store_remove(side->s, STORE_BLOBS, span_text("k")));
    check_no_value(side->s, STORE_BLOBS, "k");
    CHECK_ERR(store_remove(side->s, STORE_BLOBS, span_text("k")), HOP_ENOTFOUND);
    store_rollback(side->s);
    check_value(side->s, STORE_BLOBS, "k", "first");
    CHECK_OK(store_remove(side->s, STORE_BLOBS, span_text("k")));
    CHECK_OK(put(side->s, STORE_BLOBS, "k", "second"));
    CHECK_OK(put(side->s, STORE_BLOBS, "m", "never there"));
    CHECK_OK(store_remove(side->s, STORE_BLOBS, span_text("m")));
    CHECK_OK(store_commit(side->s));
    check_value(side->s, STORE_BLOBS, "k", "second");
    CHECK_OK(store_remove(side->s, STORE_BLOBS, span_text("k")));
    CHECK_OK(store_commit(side->s));
    side_crash(side);
    check_no_value(side->s, STORE_BLOBS, "k");
    check_no_value(side->s, STORE_BLOBS, "m");
    check_value(side->s, STORE_BLOBS, "l", "stays");
    CHECK_OK(put(side->s, STORE_BLOBS, "k", "third"));
    CHECK_OK(store_commit(side->s));
    check_value(side->s, STORE_BLOBS, "k", "third");
}

/* The largest record and the longest key are allowed, so they must fit. */
CONTRACT(store_keeps_values_of_every_size)
{
    static const size_t sizes[] = {0,
                                   1,
                                   100,
                                   2000,
                                   2030,
                                   2048,
                                   4080,
                                   4096,
                                   8175,
                                   8176,
                                   8177,
                                   65535,
                                   70000,
                                   1 << 20,
                                   (1 << 20) + 300,
                                   STORE_VALUE_BYTES_MAX};
    struct rng r = test_rng("sizes");
    uint8_t *bytes = malloc(STORE_VALUE_BYTES_MAX), key[STORE_KEY_BYTES_MAX] = {0};
    CHECK(bytes != NULL);
    test_random(&r, bytes, STORE_VALUE_BYTES_MAX);
    for (uint64_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct store_tip tip = tip_of(1, i + 1);
        key[STORE_KEY_BYTES_MAX - 1] = (uint8_t)i;
        CHECK_OK(store_append(side->s, named(1).bytes, &tip, SPAN(bytes, sizes[i])));
        CHECK_OK(store_put(side->s, STORE_BLOBS, SPAN(key, sizeof key), SPAN(bytes, sizes[i])));
    }
    CHECK_OK(store_commit(side->s));
    side_crash(side);
    for (uint64_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct span got;
        CHECK_OK(store_get(side->s, named(1).bytes, i + 1, &got));
        CHECK_SPAN(got, SPAN(bytes, sizes[i]));
        key[STORE_KEY_BYTES_MAX - 1] = (uint8_t)i;
        CHECK_OK(store_find(side->s, STORE_BLOBS, SPAN(key, sizeof key), &got));
        CHECK_SPAN(got, SPAN(bytes, sizes[i]));
    }
    free(bytes);
}

/* Several spans are held while one answer is put together. */
CONTRACT(store_spans_stay_valid_while_others_are_read)
{
    for (int committed = 0; committed < 2; committed++) {
        struct span one, two;
        uint64_t seq = committed ? 3 : 1;
        CHECK_OK(append(side->s, 1, seq, "one"));
        CHECK_OK(append(side->s, 1, seq + 1, "two"));
        if (committed)
            CHECK_OK(store_commit(side->s));
        CHECK_OK(store_get(side->s, named(1).bytes, seq, &one));
        CHECK_OK(store_get(side->s, named(1).bytes, seq + 1, &two));
        check_tip(side->s, 1, seq + 1);
        CHECK(arrivals_count(side->s) >= 2);
        CHECK_SPAN(one, span_text("one"));
        CHECK_SPAN(two, span_text("two"));
    }
}

/* ---- one side against the other ---- */

static void same_answer(struct store *a, struct store *b, unsigned log, uint64_t seq,
                        struct span key)
{
    struct span in_a = {0}, in_b = {0};
    int err = store_get(a, named(log).bytes, seq, &in_a);
    CHECK_ERR(store_get(b, named(log).bytes, seq, &in_b), err);
    CHECK_SPAN(in_b, in_a);
    in_a = in_b = (struct span){0};
    err = store_find(a, STORE_META, key, &in_a);
    CHECK_ERR(store_find(b, STORE_META, key, &in_b), err);
    CHECK_SPAN(in_b, in_a);
}

static void same_frontier(struct store *a, struct store *b)
{
    uint8_t id_a[STORE_LOG_BYTES], id_b[STORE_LOG_BYTES];
    struct store_tip tip_a, tip_b;
    const uint8_t *after_a = NULL, *after_b = NULL;
    int err;
    do {
        err = store_next_log(a, after_a, id_a, &tip_a);
        CHECK_ERR(store_next_log(b, after_b, id_b, &tip_b), err);
        if (err == HOP_OK) {
            CHECK_BYTES(id_b, id_a, sizeof id_a);
            CHECK_EQ(tip_b.seq, tip_a.seq);
            CHECK_BYTES(tip_b.head, tip_a.head, sizeof tip_a.head);
        }
        after_a = id_a, after_b = id_b;
    } while (err == HOP_OK);
    CHECK_EQ(arrivals_count(b), arrivals_count(a));
}

#define LOGS 6

/* One random write to both sides; seqs says how far each log reaches now. */
static void random_write(struct rng *r, struct store *a, struct store *b, uint64_t seqs[LOGS])
{
    static uint8_t bytes[70000];
    uint8_t key = (uint8_t)(1 + rng_below(r, 40));
    size_t size = rng_below(r, 8) == 0 ? rng_below(r, sizeof bytes) : rng_below(r, 600);
    test_random(r, bytes, size < 64 ? size : 64);
    if (rng_below(r, 2) == 0) {
        CHECK_OK(store_put(a, STORE_META, SPAN(&key, 1), SPAN(bytes, size)));
        CHECK_OK(store_put(b, STORE_META, SPAN(&key, 1), SPAN(bytes, size)));
        return;
    }
    unsigned log = (unsigned)rng_below(r, LOGS);
    struct store_tip tip = tip_of(log, ++seqs[log]);
    CHECK_OK(store_append(a, named(log).bytes, &tip, SPAN(bytes, size)));
    CHECK_OK(store_append(b, named(log).bytes, &tip, SPAN(bytes, size)));
}

/* The simulator runs on one side and the node on the other: a difference makes it worthless. It
 * also shows that whatever LMDB writes passes the check of the file when it is opened. */
TEST(store_sides_agree_after_any_writes)
{
    struct rng r = test_rng("agree");
    struct side memory = {0}, disk = {.disk = true};
    store_dir_make(&disk.dir);
    side_open(&memory);
    side_open(&disk);
    uint64_t seqs[LOGS] = {0}, kept[LOGS] = {0};
    for (int i = 0; i < 4000; i++) {
        uint64_t what = rng_below(&r, 60);
        if (what < 5) {
            CHECK_OK(store_commit(memory.s));
            CHECK_OK(store_commit(disk.s));
            memcpy(kept, seqs, sizeof kept);
        } else if (what < 8) {
            if (what == 7) {
                side_crash(&memory);
                side_crash(&disk);
            } else {
                store_rollback(memory.s);
                store_rollback(disk.s);
            }
            memcpy(seqs, kept, sizeof seqs);
            same_frontier(memory.s, disk.s);
        } else {
            random_write(&r, memory.s, disk.s, seqs);
        }
        uint8_t key = (uint8_t)(1 + rng_below(&r, 40));
        same_answer(memory.s, disk.s, (unsigned)rng_below(&r, LOGS), 1 + rng_below(&r, 200),
                    SPAN(&key, 1));
        if (what == 8)
            store_lmdb_trim(disk.s);
    }
    CHECK(seqs[0] > 10);
    store_close(memory.s);
    store_close(disk.s);
    store_dir_remove(&disk.dir);
}
