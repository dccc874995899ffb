/* Sketches of frontiers, against what a naive comparison finds, and against those who lie. */
#include "mesh/sketch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "tests/lib/test.h"

#define LOGS_MAX 1200

struct side {
    struct sketch_entry entries[LOGS_MAX];
    size_t count;
};

static struct side ours, theirs;
static uint16_t syndromes[SKETCH_SYNDROMES_MAX];
static struct sketch_change changes[SKETCH_CHANGES_MAX];

static struct sketch_salt salt_of(uint8_t n)
{
    struct sketch_salt salt;
    uint8_t key[32] = {1};
    CHECK_OK(hop_init());
    sketch_init();
    sketch_salt(&salt, key, SPAN(&n, 1));
    return salt;
}

static void log_id(uint8_t ret[32], uint64_t n)
{
    memset(ret, 0, 32);
    for (unsigned i = 0; i < 8; i++)
        ret[i] = (uint8_t)(n >> (8 * i));
}

static void put(struct side *s, const struct sketch_salt *salt, uint64_t n, uint64_t seq)
{
    uint8_t id[32], head[32], mark;
    log_id(id, n);
    log_id(head, n << 32 | seq);
    s->entries[s->count++] = (struct sketch_entry){.position = sketch_position(salt, id, &mark),
                                                   .tag = sketch_tag(seq, sketch_check(salt, head)),
                                                   .log = (uint32_t)n,
                                                   .seq = seq};
}

static int reconcile(size_t n, size_t *ret_count)
{
    memset(syndromes, 0, n * sizeof syndromes[0]);
    sketch_add(syndromes, 0, n, ours.entries, ours.count);
    sketch_add(syndromes, 0, n, theirs.entries, theirs.count);
    return sketch_decode(changes, ret_count, syndromes, n, ours.entries, ours.count);
}

/* What differs, by looking at every position. */
static uint16_t naive[SKETCH_POSITIONS];
static size_t compare(void)
{
    size_t differ = 0;
    memset(naive, 0, sizeof naive);
    for (size_t i = 0; i < ours.count; i++)
        naive[ours.entries[i].position] ^= ours.entries[i].tag;
    for (size_t i = 0; i < theirs.count; i++)
        naive[theirs.entries[i].position] ^= theirs.entries[i].tag;
    for (size_t p = 0; p < SKETCH_POSITIONS; p++)
        differ += naive[p] != 0;
    return differ;
}

/* logs common ones, of which k differ in one of the ways there are. */
static void sides_make(struct rng *r, size_t logs, size_t k)
{
    struct sketch_salt salt = salt_of((uint8_t)rng_below(r, 250));
    ours.count = theirs.count = 0;
    for (size_t i = 0; i < logs; i++) {
        uint64_t seq = 1 + rng_below(r, 3000), more = seq + 1 + rng_below(r, 400);
        unsigned way = i < k ? 1 + (unsigned)rng_below(r, 4) : 0;
        if (way != 4)
            put(&ours, &salt, i, way == 1 ? more : seq);
        if (way != 3)
            put(&theirs, &salt, i, way == 2 ? more : seq);
    }
    sketch_sort(ours.entries, ours.count);
    sketch_sort(theirs.entries, theirs.count);
}

/* The tables could be of another field, or the sums wrong in the same way on both sides. */
TEST(syndromes_are_what_the_definition_says)
{
    struct rng r = test_rng("syndromes");
    sides_make(&r, 40, 0);
    memset(syndromes, 0, sizeof syndromes);
    sketch_add(syndromes, 3, 20, ours.entries, ours.count);
    for (unsigned j = 3; j < 23; j++) {
        uint32_t sum = 0;
        for (size_t i = 0; i < ours.count; i++) { /* tag * x^(j position), bit by bit */
            uint32_t term = ours.entries[i].tag;
            for (unsigned k = 0; k < j * ours.entries[i].position; k++) {
                term <<= 1;
                if (term & 0x10000)
                    term ^= 0x1100b;
            }
            sum ^= term;
        }
        CHECK_EQ(syndromes[j - 3], sum);
    }
}

/* Positions would not be those a second implementation computes. */
TEST(positions_and_tags_are_siphash_under_the_salt)
{
    struct sketch_salt salt = salt_of(7);
    uint8_t key[16], id[32], hash[8], mark;
    for (unsigned i = 0; i < 16; i++)
        key[i] = (uint8_t)(salt.key[i / 8] >> (8 * (i % 8)));
    for (unsigned n = 0; n < 100; n++) {
        uint64_t h = 0;
        log_id(id, n * 77);
        CHECK_EQ(crypto_shorthash(hash, id, 32, key), 0);
        for (unsigned i = 8; i-- > 0;)
            h = h << 8 | hash[i];
        CHECK_EQ(sketch_position(&salt, id, &mark), h % 65535);
        CHECK_EQ(mark, h >> 58);
        CHECK_EQ(sketch_tag(n, sketch_check(&salt, id)), n == 0 ? 0 : (n + 1) << 6 | h >> 58);
    }
}

/* A device would believe that it agrees, or ask for what it has. */
TEST(decoding_finds_what_a_naive_comparison_finds)
{
    struct rng r = test_rng("model");
    for (unsigned round = 0; round < 400; round++) {
        size_t logs = 1 + (size_t)rng_below(&r, LOGS_MAX);
        size_t k = (size_t)rng_below(&r, 1 + (round % 2 == 0 ? 8 : 200));
        size_t found = 99;
        sides_make(&r, logs, k < logs ? k : logs);
        size_t differ = compare();
        size_t n = sketch_syndromes(differ) + (size_t)rng_below(&r, 5);
        CHECK_OK(reconcile(n, &found));
        CHECK_EQ(found, differ);
        for (size_t i = 0; i < found; i++) {
            CHECK_EQ(changes[i].added, naive[changes[i].position]);
            CHECK(i == 0 || changes[i].position > changes[i - 1].position);
        }
    }
}

/* More changes than a sketch can name must be seen to be more: a wrong answer would send the wrong
 * records, and hide the right ones until the next exchange. */
TEST(overloaded_sketch_is_refused)
{
    struct rng r = test_rng("overload");
    unsigned wrong = 0, refused = 0;
    for (unsigned round = 0; round < 20000; round++) {
        size_t found, n = 4 + 2 * (size_t)rng_below(&r, 6);
        sides_make(&r, 24, 1 + sketch_capacity(n) + (size_t)rng_below(&r, 10));
        size_t differ = compare();
        if (differ <= sketch_capacity(n))
            continue;
        if (reconcile(n, &found) == HOP_OK)
            wrong++;
        else
            refused++;
    }
    CHECK(refused > 15000);
    CHECK_EQ(wrong, 0);
}

/* Random syndromes must not be taken for a difference. */
TEST(garbage_is_refused)
{
    struct rng r = test_rng("garbage");
    size_t found;
    sides_make(&r, 300, 0);
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = 4 + (size_t)rng_below(&r, 40);
        for (size_t j = 0; j < n; j++)
            syndromes[j] = (uint16_t)rng_next(&r);
        CHECK_ERR(sketch_decode(changes, &found, syndromes, n, ours.entries, ours.count),
                  HOP_EFULL);
    }
}

/* With so few syndromes that nothing is checked, a sketch says nothing. */
TEST(sketch_of_no_capacity_names_no_change)
{
    size_t found = 9;
    struct rng r = test_rng("none");
    sides_make(&r, 10, 1);
    for (size_t n = 1; n < 4; n++)
        CHECK_ERR(reconcile(n, &found), HOP_EFULL);
    CHECK_OK(reconcile(0, &found));
    CHECK_EQ(found, 0);
}

/* The largest there may be, all at positions we have, and as many as may be at others. */
TEST(largest_sketches_decode)
{
    size_t found;
    struct sketch_salt salt = salt_of(1);
    ours.count = theirs.count = 0;
    for (uint64_t i = 0; i < SKETCH_CHANGES_MAX; i++)
        put(&ours, &salt, i, 5 + i);
    sketch_sort(ours.entries, ours.count);
    size_t differ = compare();
    CHECK_OK(reconcile(SKETCH_SYNDROMES_MAX, &found));
    CHECK_EQ(found, differ);
    ours.count = theirs.count = 0;
    for (uint64_t i = 0; i < SKETCH_STRANGE_MAX; i++)
        put(&theirs, &salt, i, 5 + i);
    sketch_sort(theirs.entries, theirs.count);
    differ = compare();
    CHECK_OK(reconcile(SKETCH_SYNDROMES_MAX, &found));
    CHECK_EQ(found, differ);
    for (uint64_t i = 0; i < 10; i++)
        put(&theirs, &salt, 1000 + i, 1);
    sketch_sort(theirs.entries, theirs.count);
    CHECK_ERR(reconcile(SKETCH_SYNDROMES_MAX, &found), HOP_EFULL);
}

/* The number of the peer would be guessed wrong within the range that is promised. */
TEST(guess_is_exact_within_511_of_ours)
{
    static const uint8_t head[32] = {9};
    struct sketch_salt salt = salt_of(3);
    CHECK_EQ(sketch_guess(0, 77), 0);
    for (uint64_t mine = 0; mine < 5000; mine += 37) {
        for (uint64_t other = mine < 511 ? 1 : mine - 511; other <= mine + 511; other++) {
            if (other > 0)
                CHECK_EQ(sketch_guess(sketch_tag(other, sketch_check(&salt, head)), mine), other);
        }
    }
    for (unsigned tag = 0; tag <= UINT16_MAX; tag++) /* what only garbage holds is a number too */
        CHECK(sketch_guess((uint16_t)tag, 20) <= 20 + 1023);
}

/* Two logs at one position would be given each other's numbers. */
TEST(entries_at_one_position_keep_their_order)
{
    struct sketch_entry e[300];
    struct rng r = test_rng("sort");
    size_t first, all = 0;
    for (uint32_t i = 0; i < 300; i++)
        e[i] = (struct sketch_entry){.position = (uint16_t)rng_below(&r, 20), .log = i};
    sketch_sort(e, 300);
    for (size_t i = 1; i < 300; i++) {
        CHECK(e[i - 1].position <= e[i].position);
        CHECK(e[i - 1].position < e[i].position || e[i - 1].log < e[i].log);
    }
    for (uint16_t p = 0; p < 21; p++) {
        size_t n = sketch_find(e, 300, p, &first);
        for (size_t i = 0; i < n; i++)
            CHECK_EQ(e[first + i].position, p);
        all += n;
    }
    CHECK_EQ(all, 300);
}
