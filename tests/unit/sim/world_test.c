/* The simulator: repeatable from one number, and true under faults. */
#include "sim/world.h"

#include <stdlib.h>

#include "tests/lib/test.h"

static struct sim_options options_of(uint64_t seed)
{
    return (struct sim_options){.seed = seed, .nodes = 5, .delay_ms = 20, .opinions = 6};
}

/* Run one play to its end; its digest. */
static void run(const struct sim_options *o, uint8_t ret[static 32], struct sim_counters *counters)
{
    struct sim_world *w = malloc(sizeof *w);
    CHECK(w != NULL);
    CHECK_OK(hop_init());
    int err = sim_world_run(w, o);
    if (err != HOP_OK)
        print_error("seed %llu: %s\n", (unsigned long long)o->seed, w->failure);
    CHECK_OK(err);
    sim_world_digest(w, ret);
    if (counters != NULL)
        *counters = w->counters;
    sim_world_free(w);
    free(w);
}

/* A failure that cannot be repeated cannot be repaired. */
TEST(sim_same_seed_gives_the_same_run)
{
    struct sim_options o = options_of(7);
    uint8_t a[32], b[32];
    struct sim_counters x, y;
    o.split = o.crashes = true;
    o.loss_percent = 3;
    run(&o, a, &x);
    run(&o, b, &y);
    CHECK_BYTES(b, a, 32);
    CHECK_EQ(memcmp(&x, &y, sizeof x), 0);
}

/* A seed that changed nothing would make a thousand seeds one test. */
TEST(sim_other_seeds_give_other_runs)
{
    uint8_t digests[4][32];
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct sim_options o = options_of(seed);
        run(&o, digests[seed], NULL);
        for (uint64_t k = 0; k < seed; k++)
            CHECK(memcmp(digests[seed], digests[k], 32) != 0);
    }
}

/* Whatever the network and the disks do: everybody ends with the same meeting. */
TEST(sim_everybody_agrees_under_split_crashes_and_loss)
{
    uint64_t crashes = 0, lost = 0;
    for (uint64_t seed = 100; seed < 120; seed++) {
        struct sim_options o = options_of(seed);
        struct sim_counters c;
        uint8_t digest[32];
        o.nodes = 3 + seed % 4;
        o.split = o.crashes = true;
        o.loss_percent = (unsigned)(seed % 11);
        run(&o, digest, &c);
        crashes += c.crashes;
        lost += c.lost;
        CHECK(c.acts > o.nodes);
    }
    CHECK(crashes >= 20); /* the faults did happen */
    CHECK(lost > 100);
}

/* The trace of frames is part of the digest: a loss must show in it. */
TEST(sim_digest_sees_the_network)
{
    struct sim_options o = options_of(1);
    uint8_t whole[32], lossy[32];
    run(&o, whole, NULL);
    o.loss_percent = 1;
    run(&o, lossy, NULL);
    CHECK(memcmp(whole, lossy, 32) != 0);
}

/* Two is the least, and a play with nothing in it still ends well. */
TEST(sim_plays_with_two_and_without_opinions)
{
    struct sim_options o = {.seed = 3, .nodes = 2};
    uint8_t digest[32];
    run(&o, digest, NULL);
}
