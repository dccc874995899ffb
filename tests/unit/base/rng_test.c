#include "tests/lib/test.h"

/* A seed that meant something else tomorrow would make every filed failure unrepeatable. */

/* The outputs of the reference code by Blackman and Vigna from the state 1, 2, 3, 4. */
TEST(rng_is_xoshiro256_starstar)
{
    static const uint64_t want[] = {UINT64_C(11520),
                                    UINT64_C(0),
                                    UINT64_C(1509978240),
                                    UINT64_C(1215971899390074240),
                                    UINT64_C(1216172134540287360),
                                    UINT64_C(607988272756665600),
                                    UINT64_C(16172922978634559625),
                                    UINT64_C(8476171486693032832),
                                    UINT64_C(10595114339597558777),
                                    UINT64_C(2904607092377533576)};
    struct rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        CHECK_EQ(rng_next(&r), want[i]);
}

/* Vigna's splitmix64 from 1234567 fills the state. */
TEST(rng_is_seeded_by_splitmix64)
{
    struct rng r = rng_seeded(1234567);
    CHECK_EQ(r.s[0], UINT64_C(6457827717110365317));
    CHECK_EQ(r.s[1], UINT64_C(3203168211198807973));
    CHECK_EQ(r.s[2], UINT64_C(9817491932198370423));
    CHECK_EQ(r.s[3], UINT64_C(4593380528125082431));
}

/* Adding a draw to one purpose must not change another, and forking must not change the parent. */
TEST(rng_forks_are_independent)
{
    struct rng root = rng_seeded(7), same = root;
    struct rng a = rng_fork(&root, rng_tag("beacon")), b = rng_fork(&root, rng_tag("gossip"));
    CHECK(memcmp(&root, &same, sizeof root) == 0);
    uint64_t first_b = rng_next(&b);
    for (int i = 0; i < 100; i++)
        (void)rng_next(&a);
    b = rng_fork(&root, rng_tag("gossip"));
    CHECK_EQ(rng_next(&b), first_b);

    int equal = 0, ones = 0;
    a = rng_fork(&root, rng_tag("beacon"));
    b = rng_fork(&root, rng_tag("beacoo")); /* one bit of the tag */
    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_next(&a), y = rng_next(&b);
        equal += x == y;
        for (uint64_t bits = x ^ y; bits != 0; bits &= bits - 1)
            ones++;
    }
    CHECK_EQ(equal, 0);
    CHECK(ones > 31000 && ones < 33000); /* half of 64,000 differ; the deviation is 126 */
}

/* Tags are letters in order; two purposes with one tag would share a stream. */
TEST(rng_tags_differ)
{
    static const char *const names[] = {"a", "b", "ab", "ba", "beacon", "beacons", "gossip", ""};
    CHECK_EQ(rng_tag("ab"), 0x6162);
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < i; j++)
            CHECK(rng_tag(names[i]) != rng_tag(names[j]));
    }
}

/* A bias would send every node to the same peer first. */
TEST(rng_below_is_even_and_in_range)
{
    struct rng r = rng_seeded(3);
    int count[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint64_t v = rng_below(&r, 7);
        CHECK(v < 7);
        count[v]++;
    }
    for (int i = 0; i < 7; i++) /* mean 10,000, deviation 93: six of them */
        CHECK(count[i] > 9440 && count[i] < 10560);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(rng_below(&r, 1), 0);
        CHECK(rng_below(&r, UINT64_MAX) < UINT64_MAX);
        CHECK(rng_below(&r, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }
}
