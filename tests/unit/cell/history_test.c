/* One order for everybody: against models that are too slow to be wrong. */
#include "cell/history.h"

#include <stdlib.h>

#include "tests/lib/test.h"

#define ENTRIES_MAX 160
#define LOGS_MAX    6
#define DEPS_MAX    5

/* A random history as its author made it: entry i depends only on entries before i. */
struct dag {
    size_t count;
    struct {
        uint8_t id[32];
        uint32_t log;
        uint64_t seq;
        size_t deps[DEPS_MAX], deps_count;
        size_t previous; /* SIZE_MAX: none */
        uint32_t height;
    } items[ENTRIES_MAX];
    bool saw[ENTRIES_MAX][ENTRIES_MAX]; /* saw[b][a], by walking */
};

static void log_id(uint8_t ret[32], uint32_t log)
{
    memset(ret, 0x40 + (int)log, 32);
}

static void make(struct dag *d, struct rng *r, size_t count, size_t logs)
{
    size_t tips[LOGS_MAX];
    uint64_t seqs[LOGS_MAX] = {0};
    memset(d, 0, sizeof *d);
    d->count = count;
    for (size_t i = 0; i < LOGS_MAX; i++)
        tips[i] = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        uint32_t log = (uint32_t)rng_below(r, logs);
        test_random(r, d->items[i].id, 32);
        d->items[i].log = log;
        d->items[i].seq = ++seqs[log];
        d->items[i].previous = tips[log];
        d->items[i].deps_count = i == 0 ? 0 : (size_t)rng_below(r, DEPS_MAX + 1);
        for (size_t k = 0; k < d->items[i].deps_count; k++)
            d->items[i].deps[k] = (size_t)rng_below(r, i);
        tips[log] = i;
        for (size_t k = 0; k <= d->items[i].deps_count; k++) {
            size_t parent = k < d->items[i].deps_count ? d->items[i].deps[k] : d->items[i].previous;
            if (parent == SIZE_MAX)
                continue;
            if (d->items[parent].height > d->items[i].height)
                d->items[i].height = d->items[parent].height;
            for (size_t a = 0; a < i; a++)
                d->saw[i][a] = d->saw[i][a] || d->saw[parent][a];
        }
        d->items[i].height++;
        d->saw[i][i] = true;
    }
}

static int add(struct history *h, const struct dag *d, size_t i, uint32_t *ret)
{
    uint8_t id[32], deps[32 * DEPS_MAX];
    log_id(id, d->items[i].log);
    struct history_entry e = {.log = history_log(h, id), .seq = d->items[i].seq, .type = 40};
    memcpy(e.id, d->items[i].id, 32);
    for (size_t k = 0; k < d->items[i].deps_count; k++)
        memcpy(deps + 32 * k, d->items[d->items[i].deps[k]].id, 32);
    return history_add(h, &e, deps, d->items[i].deps_count, ret);
}

/* Add everything in a random order that history_add() accepts; entries[i] names item i. */
static struct history *insert(const struct dag *d, struct rng *r, uint32_t *entries)
{
    struct history *h = history_new();
    bool done[ENTRIES_MAX] = {false};
    CHECK(h != NULL);
    for (size_t left = d->count; left > 0;) {
        size_t i = (size_t)rng_below(r, d->count);
        int err = add(h, d, i, &entries[i]);
        bool ready = d->items[i].previous == SIZE_MAX || done[d->items[i].previous];
        for (size_t k = 0; k < d->items[i].deps_count; k++)
            ready = ready && done[d->items[i].deps[k]];
        CHECK_ERR(err, done[i] ? HOP_EEXIST : ready ? HOP_OK : HOP_ENOTFOUND);
        if (err == HOP_OK)
            left--;
        done[i] = done[i] || err == HOP_OK;
        if (rng_below(r, 8) == 0)
            (void)history_ordered(h, 0); /* bring the order up to date now and then */
    }
    return h;
}

static int compare_items(const struct dag *d, size_t a, size_t b)
{
    if (d->items[a].height != d->items[b].height)
        return d->items[a].height < d->items[b].height ? -1 : 1;
    return memcmp(d->items[a].id, d->items[b].id, 32);
}

/* Two devices that walk the same records in two orders would show two meetings. */
TEST(history_order_does_not_depend_on_arrival)
{
    static struct dag d;
    struct rng r = test_rng("order");
    for (size_t round = 0; round < 60; round++) {
        uint32_t a[ENTRIES_MAX], b[ENTRIES_MAX];
        make(&d, &r, 1 + (size_t)rng_below(&r, ENTRIES_MAX), 1 + (size_t)rng_below(&r, LOGS_MAX));
        struct history *x = insert(&d, &r, a), *y = insert(&d, &r, b);
        CHECK_EQ(history_count(x), d.count);
        for (size_t n = 0; n < d.count; n++) {
            const struct history_entry *ex = history_at(x, history_ordered(x, n));
            CHECK_BYTES(ex->id, history_at(y, history_ordered(y, n))->id, 32);
        }
        for (size_t i = 0; i < d.count; i++) {
            CHECK_EQ(history_at(x, a[i])->height, d.items[i].height);
            CHECK_EQ(history_find(x, d.items[i].id), a[i]);
        }
        for (size_t n = 1; n < d.count; n++) {
            size_t before = 0, after = 0;
            while (a[before] != history_ordered(x, n - 1))
                before++;
            while (a[after] != history_ordered(x, n))
                after++;
            CHECK(compare_items(&d, before, after) < 0);
            CHECK(!d.saw[before][after]); /* nothing stands before what it had seen */
        }
        CHECK_EQ(history_ordered(x, d.count), HISTORY_NONE);
        history_free(x);
        history_free(y);
    }
}

/* "The close had seen this vote" decides whether it counts. */
TEST(history_saw_agrees_with_walking_the_graph)
{
    static struct dag d;
    struct rng r = test_rng("saw");
    for (size_t round = 0; round < 30; round++) {
        uint32_t entries[ENTRIES_MAX];
        make(&d, &r, 100, 1 + (size_t)rng_below(&r, LOGS_MAX));
        struct history *h = insert(&d, &r, entries);
        for (size_t b = 0; b < d.count; b++) {
            for (size_t a = 0; a < d.count; a++)
                CHECK_EQ(history_saw(h, entries[b], entries[a]), d.saw[b][a]);
        }
        for (size_t n = 0; n < 5000; n++) { /* and in no order at all */
            size_t a = (size_t)rng_below(&r, d.count), b = (size_t)rng_below(&r, d.count);
            CHECK_EQ(history_saw(h, entries[b], entries[a]), d.saw[b][a]);
        }
        history_free(h);
    }
}

/* What was answered between additions must stay true, and new logs must not confuse the cache. */
TEST(history_saw_holds_while_records_arrive)
{
    static struct dag d;
    struct rng r = test_rng("growing");
    for (size_t round = 0; round < 20; round++) {
        struct history *h = history_new();
        uint32_t entries[ENTRIES_MAX];
        CHECK(h != NULL);
        make(&d, &r, ENTRIES_MAX, LOGS_MAX);
        for (size_t i = 0; i < d.count; i++) {
            CHECK_OK(add(h, &d, i, &entries[i]));
            for (size_t n = 0; n < 6; n++) {
                size_t a = (size_t)rng_below(&r, i + 1), b = (size_t)rng_below(&r, i + 1);
                CHECK_EQ(history_saw(h, entries[b], entries[a]), d.saw[b][a]);
            }
        }
        history_free(h);
    }
}

/* A fold that goes on from a place that has moved shows a meeting that never was. */
TEST(history_stable_says_how_much_of_the_order_is_unmoved)
{
    static struct dag d;
    struct rng r = test_rng("stable");
    for (size_t round = 0; round < 40; round++) {
        struct history *h = history_new();
        uint32_t entries[ENTRIES_MAX], marked[ENTRIES_MAX];
        bool done[ENTRIES_MAX] = {false};
        size_t marked_count = 0;
        CHECK(h != NULL);
        make(&d, &r, ENTRIES_MAX, LOGS_MAX);
        for (size_t tries = 0; tries < 2000; tries++) {
            size_t i = (size_t)rng_below(&r, d.count);
            if (!done[i])
                done[i] = add(h, &d, i, &entries[i]) == HOP_OK;
            size_t stable = history_stable(h);
            CHECK(stable <= marked_count);
            for (size_t n = 0; n < stable; n++)
                CHECK_EQ(history_ordered(h, n), marked[n]);
            if (stable < marked_count) /* not pessimistic: the next place really moved */
                CHECK(history_ordered(h, stable) != marked[stable]);
            if (rng_below(&r, 4) == 0) {
                history_mark(h);
                marked_count = history_count(h);
                for (size_t n = 0; n < marked_count; n++)
                    marked[n] = history_ordered(h, n);
                CHECK_EQ(history_stable(h), marked_count);
            }
        }
        history_free(h);
    }
}

/* A record whose past is not here must wait, and leave no trace. */
TEST(history_add_refuses_gaps_and_changes_nothing)
{
    struct history *h = history_new();
    uint8_t log[32] = {1}, unknown[64] = {9};
    uint32_t at;
    CHECK(h != NULL);
    struct history_entry e = {.log = history_log(h, log), .seq = 2};
    CHECK_ERR(history_add(h, &e, NULL, 0, &at), HOP_ENOTFOUND);
    e.seq = 1;
    CHECK_ERR(history_add(h, &e, unknown, 2, &at), HOP_ENOTFOUND);
    CHECK_EQ(history_count(h), 0);
    CHECK_EQ(history_log_tip(h, e.log), 0);
    CHECK_OK(history_add(h, &e, NULL, 0, &at));
    CHECK_ERR(history_add(h, &e, NULL, 0, &at), HOP_EEXIST);
    CHECK_EQ(at, 0);
    CHECK_EQ(history_count(h), 1);
    CHECK_EQ(history_log_entry(h, e.log, 1), 0);
    CHECK_EQ(history_log_entry(h, e.log, 2), HISTORY_NONE);
    CHECK_EQ(history_log_entry(h, e.log, 0), HISTORY_NONE);
    history_free(h);
    history_free(NULL);
}

/* In a dossier ancestors are left out: the height given must hold as the least. */
TEST(history_keeps_a_height_given_as_the_least)
{
    struct history *h = history_new();
    uint8_t log[32] = {1}, other[32] = {2};
    uint32_t at;
    CHECK(h != NULL);
    struct history_entry e = {.id = {1}, .log = history_log(h, log), .seq = 1, .height = 7};
    CHECK_OK(history_add(h, &e, NULL, 0, &at));
    CHECK_EQ(history_at(h, at)->height, 7);
    e = (struct history_entry){.id = {2}, .log = e.log, .seq = 2, .height = 3};
    CHECK_OK(history_add(h, &e, NULL, 0, &at));
    CHECK_EQ(history_at(h, at)->height, 8); /* never before its predecessor */
    uint8_t deps[32] = {2};
    e = (struct history_entry){.id = {3}, .log = history_log(h, other), .seq = 1, .height = 1};
    CHECK_OK(history_add(h, &e, deps, 1, &at));
    CHECK_EQ(history_at(h, at)->height, 9);
    history_free(h);
}

/* A hundred thousand records of thirty logs: if anything were quadratic, this would not end. */
TEST(history_takes_a_hundred_thousand_records)
{
    enum { COUNT = 100000, LOGS = 30 };
    struct rng r = test_rng("many");
    struct history *h = history_new();
    uint8_t(*ids)[32] = malloc(sizeof(uint8_t[COUNT][32]));
    uint64_t seqs[LOGS] = {0};
    uint32_t at, logs[LOGS];
    CHECK(h != NULL && ids != NULL);
    for (uint32_t i = 0; i < LOGS; i++) {
        uint8_t id[32] = {0};
        id[0] = (uint8_t)i;
        logs[i] = history_log(h, id);
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t log = (size_t)rng_below(&r, LOGS);
        struct history_entry e = {.log = logs[log], .seq = ++seqs[log]};
        test_random(&r, ids[i], 32);
        memcpy(e.id, ids[i], 32);
        CHECK_OK(history_add(h, &e, i == 0 ? NULL : ids[i - 1], i % 3 == 1 ? 1 : 0, &at));
        if (i % 1000 == 0) {
            history_mark(h);
            CHECK_EQ(history_stable(h), i + 1);
        }
    }
    for (uint32_t n = 1; n < COUNT; n++) {
        const struct history_entry *a = history_at(h, history_ordered(h, n - 1));
        const struct history_entry *b = history_at(h, history_ordered(h, n));
        CHECK(a->height < b->height || (a->height == b->height && memcmp(a->id, b->id, 32) < 0));
    }
    size_t seen = 0;
    for (uint32_t n = 0; n < COUNT; n++) /* as a fold asks: the entries of a log ascending */
        seen += history_saw(h, history_ordered(h, n), 0) ? 1 : 0;
    CHECK(seen > 1 && seen <= COUNT);
    free(ids);
    history_free(h);
}
