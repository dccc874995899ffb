/* What only the store in memory does: failing when told, and small. */
#include "store/store.h"

#include "tests/lib/test.h"

static const uint8_t log_id[STORE_LOG_BYTES] = {1};

static int append(struct store *s, uint64_t seq, const char *text)
{
    struct store_tip tip = {.seq = seq};
    return store_append(s, log_id, &tip, span_text(text));
}

static uint64_t reach(struct store *s)
{
    struct store_tip tip;
    return store_tip(s, log_id, &tip) == HOP_OK ? tip.seq : 0;
}

static bool has(struct store *s, const char *key)
{
    struct span value;
    return store_find(s, STORE_META, span_text(key), &value) == HOP_OK;
}

/* Five turns of two records and a value each; how many turns were acknowledged before the first
 * error, which is returned. A turn that fails is not tried again. */
static int five_turns(struct store *s, uint64_t *ret_turns)
{
    char key[] = "turn 0";
    for (*ret_turns = 0; *ret_turns < 5; ++*ret_turns) {
        int err = append(s, 2 * *ret_turns + 1, "first");
        if (err == HOP_OK)
            err = append(s, 2 * *ret_turns + 2, "second");
        key[5] = (char)('0' + *ret_turns);
        if (err == HOP_OK)
            err = store_put(s, STORE_META, span_text(key), span_text("done"));
        if (err == HOP_OK)
            err = store_commit(s);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static void check_turns(struct store *s, uint64_t turns)
{
    char key[] = "turn 0";
    CHECK_EQ(reach(s), 2 * turns);
    for (uint64_t i = 0; i < 5; i++) {
        key[5] = (char)('0' + i);
        CHECK_EQ(has(s, key), i < turns);
    }
    CHECK_OK(append(s, 2 * turns + 1, "after"));
    CHECK_OK(store_commit(s));
    store_memory_crash(s);
    CHECK_EQ(reach(s), 2 * turns + 1);
}

/* A failure at any write or commit must leave exactly the turns that were acknowledged, and a
 * store that works. */
TEST(memory_fails_at_every_write_and_loses_nothing_acknowledged)
{
    static const int errors[] = {HOP_ENOSPACE, HOP_EIO, HOP_OK};
    bool done = false;
    for (unsigned long n = 1; !done; n++) {
        for (int commits = 0; commits < 2; commits++) {
            struct store *s = store_memory_new(0);
            struct store_faults *faults = store_memory_faults(s);
            faults->error = errors[n % 3];
            *(commits ? &faults->commit_countdown : &faults->write_countdown) = n;
            uint64_t turns;
            int err = five_turns(s, &turns);
            if (err == HOP_OK) {
                CHECK_EQ(turns, 5);
                done = done || !commits; /* 15 writes outlast 5 commits */
            } else {
                CHECK_ERR(err, errors[n % 3] == HOP_OK ? HOP_EIO : errors[n % 3]);
                CHECK_EQ(turns, commits ? n - 1 : (n - 1) / 3);
                check_turns(s, turns);
            }
            store_close(s);
        }
        CHECK(n <= 16);
    }
}

/* A disk that never fills would let the "disk full" sentence go untested. */
TEST(memory_is_full_at_its_limit_and_recovers)
{
    struct store *s = store_memory_new(200);
    CHECK_OK(append(s, 1, "twenty bytes of text"));
    CHECK_OK(store_commit(s));
    CHECK_OK(append(s, 2, "twenty bytes of text"));
    CHECK_OK(append(s, 3, "twenty bytes of text"));
    CHECK_ERR(append(s, 4, "twenty bytes of text and some more, which is too much"), HOP_ENOSPACE);
    CHECK_EQ(reach(s), 1); /* the whole turn is gone, not only the write that failed */

    store_memory_limit(s, 0);
    CHECK_OK(append(s, 2, "twenty bytes of text and some more, which is too much"));
    CHECK_OK(store_commit(s));
    store_memory_limit(s, 1);
    CHECK_ERR(store_put(s, STORE_META, span_text("k"), span_text("v")), HOP_ENOSPACE);
    CHECK_EQ(reach(s), 2);
    store_close(s);
}

/* Were documents not to stop before the reserve, records could not be written any more. */
TEST(memory_leaves_a_reserve_that_blobs_may_not_use)
{
    struct store *s = store_memory_new(0);
    struct store_space space;
    uint8_t bytes[1000] = {0};
    store_space(s, &space);
    CHECK(space.left == STORE_SPACE_ANY && store_blob_room(s) == STORE_SPACE_ANY);
    CHECK_EQ(store_blob_lack(s, UINT64_MAX), 0);
    store_memory_limit(s, 10000); /* small: a quarter of it */
    CHECK_EQ(store_blob_room(s), 7500);
    CHECK_EQ(store_blob_lack(s, 7500), 0);
    CHECK_EQ(store_blob_lack(s, 8000), 500);
    CHECK_OK(store_put(s, STORE_BLOBS, span_text("b"), SPAN(bytes, 999)));
    CHECK_EQ(store_blob_room(s), 6500); /* before the commit too */
    store_rollback(s);
    CHECK_EQ(store_blob_room(s), 7500);
    for (char name = 'a'; name < 'i'; name++) {
        CHECK_OK(store_put(s, STORE_BLOBS, SPAN((uint8_t *)&name, 1), SPAN(bytes, 999)));
        CHECK_OK(store_commit(s));
    }
    CHECK_EQ(store_blob_room(s), 0);
    CHECK_EQ(store_blob_lack(s, 100), 600); /* the reserve is touched already */
    CHECK_OK(store_remove(s, STORE_BLOBS, span_text("a")));
    CHECK_EQ(store_blob_room(s), 500);
    store_memory_limit(s, (size_t)1 << 30); /* large: 32 MiB are enough */
    store_space(s, &space);
    CHECK_EQ(space.left - store_blob_room(s), STORE_RESERVE_BYTES);
    store_close(s);
}

/* Replacing a value frees the old one: a counter kept in the store must not fill it. */
TEST(memory_does_not_count_replaced_values)
{
    struct store *s = store_memory_new(100);
    for (int i = 0; i < 1000; i++) {
        CHECK_OK(store_put(s, STORE_META, span_text("counter"), span_text("forty bytes of value")));
        if (i % 3 == 0)
            CHECK_OK(store_commit(s));
        if (i % 3 == 1)
            store_rollback(s);
    }
    store_close(s);
}

/* Thousands of nodes with a long history share one machine's memory. */
TEST(memory_holds_a_long_history)
{
    struct store *s = store_memory_new(0);
    uint8_t bytes[400] = {0}, id[STORE_LOG_BYTES] = {0};
    for (uint64_t i = 0; i < 100000; i++) {
        struct store_tip tip = {.seq = i / 300 + 1};
        id[3] = (uint8_t)(i % 300), id[2] = (uint8_t)(i % 300 / 256);
        CHECK_OK(store_append(s, id, &tip, SPAN(bytes, sizeof bytes)));
        if (i % 100 == 99)
            CHECK_OK(store_commit(s));
    }
    struct span got;
    uint64_t seq;
    CHECK_OK(store_arrival(s, 99999, id, &seq));
    CHECK_OK(store_get(s, id, seq, &got));
    CHECK_EQ(got.size, sizeof bytes);
    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t key[4] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16), 1};
        CHECK_OK(store_put(s, STORE_BLOBS, SPAN(key, sizeof key), SPAN(key, 3)));
    }
    static const uint8_t name[4] = {0, 0, 0, 1};
    CHECK_OK(store_find(s, STORE_BLOBS, SPAN(name, sizeof name), &got));
    store_rollback(s);
    CHECK_ERR(store_find(s, STORE_BLOBS, SPAN(name, sizeof name), &got), HOP_ENOTFOUND);
    store_close(s);
}
