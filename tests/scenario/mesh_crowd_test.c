/* What holds among many that is not seen among three. */
#include "tests/lib/crowd.h"
#include "tests/lib/test.h"

#include "mesh/state.h"

static struct crowd c;

static bool all_have(uint64_t records)
{
    bool all = true;
    for (uint32_t i = 0; i < c.n; i++)
        all = all && (c.nodes[i].mesh == NULL || crowd_records(&c, i) == records);
    return all;
}

static size_t eager_links(uint32_t author)
{
    size_t eager = 0;
    for (uint32_t i = 0; i < c.n; i++) {
        const struct mesh *m = c.nodes[i].mesh;
        uint32_t log = mesh_log_find(m, c.nodes[author].log_key.public_key);
        for (uint32_t slot = 0; slot < MESH_LINKS_MAX && log != NO_SLOT; slot++)
            eager += m->links[slot] != NULL && (m->links[slot]->logs[log].flags & PEER_EAGER) != 0;
    }
    return eager;
}

/* A hall of thirty would send itself every vote thirty times over. */
TEST(crowd_grows_one_tree_and_sends_one_copy)
{
    struct crowd_wire wire = {.delay_min_ms = 20, .delay_max_ms = 100};
    crowd_init(&c, 30, test_seed());
    for (uint32_t a = 0; a < c.n; a++)
        for (uint32_t b = a + 1; b < c.n; b++)
            (void)crowd_link(&c, a, b, &wire);
    crowd_run(&c, 3000);
    crowd_forget(&c);
    for (unsigned i = 0; i < 10; i++) {
        crowd_publish(&c, 3, 200);
        crowd_run(&c, 1000);
    }
    CHECK(all_have(10));
    CHECK(c.copies <= 10 * 29 * 11 / 10);
    CHECK(eager_links(3) <= 29 + 3);
    for (uint32_t i = 0; i < c.n; i++)
        mesh_check(c.nodes[i].mesh);
    crowd_close(&c);
}

/* A branch of the tree would stay without news when the one above it leaves. */
TEST(crowd_heals_its_tree_when_one_leaves)
{
    struct crowd_wire wire = {.delay_min_ms = 20, .delay_max_ms = 100};
    crowd_init(&c, 40, test_seed());
    crowd_graph(&c, 4, &wire);
    crowd_run(&c, 3000);
    for (unsigned i = 0; i < 5; i++) {
        crowd_publish(&c, 0, 200);
        crowd_run(&c, 1000);
    }
    for (uint32_t i = 3; i < c.n; i += 10)
        crowd_kill(&c, i);
    crowd_forget(&c);
    for (unsigned i = 0; i < 5; i++) {
        crowd_publish(&c, 0, 200);
        crowd_run(&c, 1000);
    }
    crowd_run(&c, 3000);
    CHECK(all_have(10));
    CHECK(c.copies <= 5 * 35 * 13 / 10);
    crowd_close(&c);
}

/* The same run twice: a failure in a crowd must be repeatable from its seed. */
TEST(crowd_repeats_to_the_byte)
{
    struct crowd_wire wire = {.delay_min_ms = 20, .delay_max_ms = 100, .loss_percent = 5};
    uint64_t bytes[2];
    for (unsigned i = 0; i < 2; i++) {
        crowd_init(&c, 20, test_seed());
        crowd_graph(&c, 4, &wire);
        for (uint32_t k = 0; k < 10; k++) {
            crowd_publish(&c, k, 200);
            crowd_run(&c, 500);
        }
        crowd_run(&c, 60 * 1000);
        CHECK(all_have(10));
        bytes[i] = crowd_bytes(&c);
        crowd_close(&c);
    }
    CHECK_EQ(bytes[0], bytes[1]);
}

/* A window fit for a LAN fills a radio's queue for minutes, and the link is taken for dead. */
TEST(slow_link_is_never_given_more_than_it_can_carry)
{
    struct crowd_wire wire = {.delay_min_ms = 20, .delay_max_ms = 20, .rate = 125};
    for (unsigned known = 0; known < 2; known++) {
        wire.rate_hint = known ? 125 : 0;
        crowd_init(&c, 2, test_seed());
        for (unsigned i = 0; i < 20; i++)
            crowd_write(&c, 0, 200);
        crowd_restart(&c, 0);
        (void)crowd_link(&c, 0, 1, &wire);
        crowd_run(&c, 120 * 1000);
        CHECK(all_have(20));
        CHECK_EQ(c.frames[FRAME_GREET], 1); /* it never broke */
        crowd_close(&c);
    }
}
