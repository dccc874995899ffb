/* What many records, many devices and bad days must come to in the end. */
#include "tests/lib/cluster.h"

#include <stdio.h>

static struct cluster c; /* large: outs and events */

static void publish_many(size_t node, enum record_lane lane, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        cluster_publish(&c, node, lane, "a record of ordinary length, as most are");
}

/* Records of a kilobyte: two thousand are two windows and a bit. */
static void publish_history(size_t node, enum record_lane lane, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        cluster_publish_large(&c, node, lane, 1000);
}

/* Two halves of a cell that met apart would stay apart. */
TEST(partition_heals_and_both_halves_agree)
{
    cluster_init(&c, 4, test_seed());
    cluster_link_all(&c);
    cluster_run(&c, 500);
    for (size_t a = 0; a < 2; a++) {
        for (size_t b = 2; b < 4; b++)
            cluster_unlink(&c, a, b);
    }
    for (size_t node = 0; node < 4; node++)
        publish_many(node, LANE_MEETING, 5);
    cluster_run(&c, 1000);
    CHECK_EQ(cluster_records(&c, 0), 10);
    CHECK_EQ(cluster_records(&c, 3), 10);
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_agrees, 1000));
    CHECK_EQ(cluster_records(&c, 0), 20);
    cluster_close(&c);
}

/* A long history would be sent in one burst, twice, or not to its end. */
TEST(long_history_comes_in_windows_and_each_record_once)
{
    cluster_init(&c, 3, test_seed());
    publish_history(0, LANE_MEETING, 2000);
    publish_history(0, LANE_BULK, 500);
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 1) == false);
    cluster_run(&c, 25);
    CHECK(cluster_records(&c, 1) == 0);
    cluster_run(&c, 20); /* the first window has come, the second has not been let go */
    CHECK(cluster_records(&c, 1) > 0 && cluster_records(&c, 1) < 2500);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    CHECK_EQ(cluster_records(&c, 1), 2500);
    CHECK_EQ(c.records_sent, 2500);
    cluster_link(&c, 0, 2); /* two neighbours have it all: one is asked */
    cluster_link(&c, 1, 2);
    c.nodes[2].delivered = 0;
    cluster_run(&c, 5000);
    CHECK_EQ(c.nodes[2].delivered, 2500);
    CHECK_EQ(c.records_sent, 5000);
    CHECK(c.bytes[FRAME_SEGMENT] / c.records_sent <
          1040 + 116); /* padded text, envelope, signature */
    cluster_close(&c);
}

/* The neighbour asked first is lost halfway: the other must take over where it stopped. */
TEST(history_goes_on_from_another_neighbour)
{
    cluster_init(&c, 3, test_seed());
    publish_history(0, LANE_MEETING, 2000);
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    uint64_t before = c.records_sent;
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
    cluster_run(&c, 55);
    uint64_t had = cluster_records(&c, 2);
    CHECK(had > 0 && had < 2000);
    cluster_kill(&c, 0);
    CHECK(cluster_run_until(&c, cluster_agrees, 5000));
    cluster_run(&c, 5000);
    CHECK_EQ(cluster_records(&c, 2), 2000);
    CHECK(c.records_sent - before < 2000 + 2000);
    cluster_close(&c);
}

/* News would reach neighbours only. */
TEST(news_travels_along_a_line_of_five)
{
    cluster_init(&c, 5, test_seed());
    for (size_t i = 0; i + 1 < 5; i++)
        cluster_link(&c, i, i + 1);
    cluster_run(&c, 1000);
    cluster_publish(&c, 0, LANE_MEETING, "from one end");
    cluster_publish(&c, 4, LANE_MEETING, "from the other");
    CHECK(cluster_run_until(&c, cluster_agrees, 1000));
    CHECK_EQ(cluster_records(&c, 2), 2);
    CHECK_EQ(c.records_sent, 8); /* every link once */
    cluster_close(&c);
}

static void room(size_t n, unsigned records)
{
    cluster_init(&c, n, test_seed());
    c.jitter_ms = 20;
    cluster_link_all(&c);
    CHECK(cluster_run_until(&c, cluster_in_sync, 3000));
    memset(c.frames, 0, sizeof c.frames);
    memset(c.bytes, 0, sizeof c.bytes);
    for (unsigned i = 0; i < records; i++) {
        cluster_publish(&c, i % n, LANE_MEETING, "a motion of some forty letters, or a vote");
        cluster_run(&c, 1000);
    }
    CHECK(cluster_agrees(&c));
    CHECK_EQ(c.records_sent, records * (n - 1));
    uint64_t bytes = 0;
    for (unsigned type = 0; type < FRAMES_END; type++)
        bytes += c.bytes[type];
    double each = (double)records * (double)n;
    printf("room of %zu: %.2f copies a node and record; bytes a node and record: %.0f "
           "(segments %.0f, acks %.0f, frontiers %.0f, keepalives %.0f)\n",
           n, (double)c.records_sent / (double)(records * (n - 1)), (double)bytes / each,
           (double)c.bytes[FRAME_SEGMENT] / each, (double)c.bytes[FRAME_ACK] / each,
           (double)c.bytes[FRAME_FRONTIER] / each, (double)c.bytes[FRAME_KEEPALIVE] / each);
    cluster_close(&c);
}

/* A vote in a full room would be sent by everybody to everybody. */
TEST(rooms_get_one_copy_a_node)
{
    room(3, 30);
    room(10, 30);
}

/* TCP does not do it, but a radio bridge might: nothing may come twice, and nothing be missed. */
TEST(duplicated_and_reordered_frames_do_no_harm)
{
    cluster_init(&c, 4, test_seed());
    c.jitter_ms = 60;
    cluster_link_all(&c);
    cluster_run(&c, 500); /* HELLO must be first: it is sent while links keep their order */
    c.duplicate_percent = 30;
    c.reorder = 1;
    for (unsigned i = 0; i < 100; i++) {
        cluster_publish(&c, i % 4, (enum record_lane)(i % LANES_COUNT), "a record");
        cluster_run(&c, 20);
    }
    CHECK(cluster_run_until(&c, cluster_agrees, 20000));
    for (size_t i = 0; i < 4; i++) {
        CHECK_EQ(cluster_records(&c, i), 100);
        CHECK_EQ(c.nodes[i].delivered, 75);
        CHECK_EQ(c.nodes[i].errors, 0);
    }
    cluster_close(&c);
}

/* Both dial at once: if each dropped the other's link, they would never meet. */
TEST(devices_that_dial_each_other_keep_one_link)
{
    for (unsigned order = 0; order < 2; order++) {
        struct mesh_peer_view views[4];
        cluster_init(&c, 2, test_seed());
        cluster_link(&c, order, 1 - order);
        cluster_link(&c, 1 - order, order);
        cluster_run(&c, 1000);
        CHECK_EQ(mesh_peers(c.nodes[0].mesh, views, 4), 1);
        mesh_link kept = views[0].link;
        CHECK_EQ(mesh_peers(c.nodes[1].mesh, views, 4), 1);
        CHECK_EQ(views[0].link / 100, kept / 100); /* the same one */
        CHECK(views[0].in_sync);
        cluster_close(&c);
    }
}

/* The largest record there may be, and many of them, must still fit frames and windows. */
TEST(records_of_a_megabyte_pass)
{
    cluster_init(&c, 2, test_seed());
    for (unsigned i = 0; i < 4; i++)
        cluster_publish_large(&c, 0, LANE_BULK, RECORD_BODY_BYTES_MAX - 64 * i);
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 3000));
    CHECK_EQ(cluster_records(&c, 1), 4);
    cluster_close(&c);
}

/* A message to those present would reach those it should not, or come twice. */
TEST(tell_reaches_members_who_are_there)
{
    cluster_init(&c, 3, test_seed());
    c.nodes[0].knows[2] = false;
    cluster_link(&c, 0, 1);
    cluster_link(&c, 0, 2);
    cluster_run(&c, 100);
    c.duplicate_percent = 100;
    struct mesh_in in = {.type = MESH_IN_TELL, .bytes = span_text("raised hand")};
    CHECK_OK(cluster_step(&c, 0, in));
    cluster_run(&c, 100);
    CHECK_EQ(c.nodes[1].told, 1);
    CHECK_TEXT(c.nodes[1].last_told, "raised hand");
    CHECK_EQ(c.nodes[2].told, 0);
    cluster_close(&c);
}

/* A dead peer would look connected for ever, and a live one would be hung up on. */
TEST(silence_ends_a_link_and_quiet_does_not)
{
    cluster_init(&c, 3, test_seed());
    cluster_link(&c, 0, 1);
    cluster_puppet(&c, 0, 2, 2);
    cluster_run(&c, 60 * 1000);
    CHECK(cluster_view(&c, 0, 1).in_sync);
    CHECK_EQ(cluster_view(&c, 0, 2).greeted, false); /* gone */
    CHECK_EQ(c.nodes[0].dropped, 1);
    CHECK(c.frames[FRAME_KEEPALIVE] >= 2 * 60 / 2 && c.frames[FRAME_KEEPALIVE] <= 110);
    cluster_close(&c);
}

/* Bad days: links come and go, devices crash, disks fail. */
static void chaos(uint64_t seed, uint8_t ret_root[8], uint64_t *ret_bytes)
{
    static const uint8_t salt[8] = {9};
    cluster_init(&c, 6, seed);
    c.jitter_ms = 30;
    struct rng r = rng_seeded(seed);
    for (unsigned i = 0; i < 300; i++) {
        size_t a = (size_t)rng_below(&r, c.n), b = (a + 1 + (size_t)rng_below(&r, c.n - 1)) % c.n;
        struct store_faults *faults = store_memory_faults(c.nodes[a].store);
        bool both = c.nodes[a].mesh != NULL && c.nodes[b].mesh != NULL;
        switch (rng_below(&r, 8)) {
        case 0:
            cluster_unlink(&c, a, b);
            break;
        case 1:
            if (c.nodes[a].mesh != NULL)
                cluster_kill(&c, a);
            break;
        case 2:
        case 3:
            if (c.nodes[a].mesh == NULL)
                cluster_start(&c, a);
            break;
        case 4:
        case 5:
            if (both)
                cluster_link(&c, a, b);
            break;
        case 6:
            if (c.nodes[a].mesh != NULL && faults->commit_countdown + faults->write_countdown == 0)
                cluster_publish(&c, a, (enum record_lane)(i % LANES_COUNT), "in the storm");
            break;
        default:
            faults->error = HOP_EIO;
            faults->commit_countdown = rng_below(&r, 4);
            faults->write_countdown = rng_below(&r, 4);
            break;
        }
        cluster_run(&c, (unsigned)rng_below(&r, 300));
    }
    for (size_t i = 0; i < c.n; i++) { /* heal, and demand that all agree */
        *store_memory_faults(c.nodes[i].store) = (struct store_faults){0};
        if (c.nodes[i].mesh == NULL)
            cluster_start(&c, i);
    }
    for (size_t i = 0; i + 1 < c.n; i++)
        cluster_link(&c, i, i + 1);
    CHECK(cluster_run_until(&c, cluster_agrees, 120 * 1000));
    mesh_root(c.nodes[0].mesh, salt, ret_root);
    *ret_bytes = c.bytes[FRAME_SEGMENT] * 1000003 + c.bytes[FRAME_FRONTIER];
    cluster_close(&c);
}

/* Safety at every step (the cluster checks), agreement at the end, and the same run twice. */
TEST(storm_ends_in_agreement_and_repeats_to_the_byte)
{
    for (uint64_t seed = test_seed(); seed < test_seed() + 6; seed++) {
        uint8_t first[8], again[8];
        uint64_t bytes, bytes_again;
        chaos(seed, first, &bytes);
        chaos(seed, again, &bytes_again);
        CHECK_BYTES(again, first, 8);
        CHECK_EQ(bytes_again, bytes);
    }
}
