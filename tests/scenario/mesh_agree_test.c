/* How devices that meet find out what each lacks: by sketches, and when sketches are not enough. */
#include "mesh/exchange.h"
#include "tests/lib/cluster.h"

static struct cluster c; /* large: outs and events */

/* n nodes that know each other's logs, three each, and are apart again. */
static void acquainted(size_t n)
{
    static const enum record_lane lanes[] = {LANE_CONTROL, LANE_MEETING, LANE_BULK};
    cluster_init(&c, n, test_seed());
    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < 3; k++)
            cluster_publish(&c, i, lanes[k], "hello");
    }
    for (size_t i = 0; i < n; i++)
        cluster_link(&c, i, (i + 1) % n);
    CHECK(cluster_run_until(&c, cluster_in_sync, 30 * 1000));
    for (size_t i = 0; i < n; i++)
        cluster_unlink(&c, i, (i + 1) % n);
    cluster_run(&c, 4000);
    memset(c.frames, 0, sizeof c.frames);
    memset(c.bytes, 0, sizeof c.bytes);
    c.records_sent = 0;
}

/* Each contact would cost as many bytes as there are logs. */
TEST(sketch_names_the_logs_that_differ)
{
    acquainted(4);
    unsigned begin = cluster_ms(&c);
    cluster_publish(&c, 0, LANE_MEETING, "a motion");
    cluster_publish(&c, 1, LANE_BULK, "a voice note");
    c.telling = true;
    c.now = (begin / 10000 + 1) * 10000 * HOP_MS;
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 2000));
    CLUSTER_TRACE(&c, "[10000] 0 > link 101 up -> greet\n"
                      "[10000] 1 > link 100 up -> wait for its greeting\n"
                      "[10010] 1 > 100 greets as somebody known -> answer\n"
                      "[10010] 1 > sketch 12 logs for 100: room for 2 changes\n"
                      "[10020] 0 > 101 is a member\n"
                      "[10020] 0 > 101 differs in 2 logs -> list them, take what it has\n"
                      "[10020] 0 > send 101 log fb67 2..2\n"
                      "[10030] 1 > 100 is a member\n"
                      "[10030] 1 > answer of 100: it lacks 1, has 1 more\n"
                      "[10030] 1 > send 100 log 9cb8 2..2\n"
                      "[10030] 1 > 100 brings log fb67 2..2 -> store\n"
                      "[10040] 0 > 101 brings log 9cb8 2..2 -> store\n"
                      "[10040] 0 > 101 has log fb67 up to 2\n"
                      "[10050] 1 > 100 has log 9cb8 up to 2\n"
                      "[10290] 0 > in sync with 101\n"
                      "[10300] 1 > in sync with 100\n");
    CHECK(c.bytes[FRAME_KNOWN] + c.bytes[FRAME_LIST] <= KNOWN_BYTES(40));
    cluster_close(&c);
}

/* A meeting of two who have all would cost more than a word each. */
TEST(equal_devices_say_one_word_each)
{
    acquainted(4);
    cluster_link(&c, 0, 1);
    cluster_run(&c, 50);
    CHECK(cluster_in_sync(&c));
    CHECK_EQ(c.frames[FRAME_KNOWN], 1);
    CHECK_EQ(c.frames[FRAME_KEEPALIVE], 1);
    CHECK(c.bytes[FRAME_KNOWN] <= KNOWN_BYTES(24));
    CHECK_EQ(c.frames[FRAME_SKETCH] + c.frames[FRAME_LIST] + c.frames[FRAME_MORE] +
                 c.frames[FRAME_FRONTIER],
             0);
    cluster_close(&c);
}

/* Numbers are known modulo 1023: whoever is further off would be sent the wrong part of a log, and
 * never the right one. */
TEST(device_far_behind_is_told_apart_from_one_that_is_ahead)
{
    static const unsigned distances[] = {511, 512, 700, 1022, 1023, 1024, 2100};
    for (size_t i = 0; i < sizeof distances / sizeof distances[0]; i++) {
        acquainted(4);
        for (unsigned k = 0; k < distances[i]; k++)
            cluster_publish(&c, 0, LANE_BULK, "more");
        if (i % 2 == 0)
            cluster_link(&c, 0, 1);
        else
            cluster_link(&c, 1, 0);
        CHECK(cluster_run_until(&c, cluster_in_sync, 15 * 1000));
        CHECK_EQ(cluster_records(&c, 1), 12 + distances[i]);
        CHECK_EQ(c.records_sent, distances[i]);
        cluster_close(&c);
    }
}

static void differ_in(size_t logs)
{
    acquainted(16);
    for (size_t i = 0; i < logs; i++)
        cluster_publish(&c, i % 8, (enum record_lane)(i / 8), "news");
    for (size_t i = 1; i < 8; i++) /* node 0 gathers it */
        cluster_link(&c, 0, i);
    CHECK(cluster_run_until(&c, cluster_in_sync, 30 * 1000));
    cluster_kill(&c, 0); /* and forgets whom it has met */
    cluster_start(&c, 0);
    cluster_run(&c, 5000);
    memset(c.frames, 0, sizeof c.frames);
    memset(c.bytes, 0, sizeof c.bytes);
    c.records_sent = 0;
    cluster_link(&c, 0, 15);
    CHECK(cluster_run_until(&c, cluster_in_sync, 3000));
    CHECK_EQ(c.records_sent, logs);
    cluster_close(&c);
}

/* A first sketch that is too small would end in a list of everything, or in nothing. */
TEST(sketch_grows_until_it_is_enough)
{
    differ_in(9);
    CHECK_EQ(c.bytes[FRAME_KNOWN], KNOWN_BYTES(24)); /* a sketch for two changes */
    CHECK_EQ(c.frames[FRAME_MORE], 1);
    CHECK_EQ(c.frames[FRAME_NEXT], 1);
    CHECK_EQ(c.frames[FRAME_LIST], 1);
    differ_in(24); /* half of all: now a list is shorter */
    CHECK_EQ(c.bytes[FRAME_KNOWN], KNOWN_BYTES(24));
    CHECK_EQ(c.frames[FRAME_LIST], 2);
}

/* What is remembered of a peer would keep from it what it has lost since. */
TEST(peer_that_lost_its_store_gets_everything)
{
    acquainted(4);
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 1000)); /* 0 remembers 1 */
    cluster_kill(&c, 1);
    store_close(c.nodes[1].store);
    c.nodes[1].store = store_memory_new(0);
    cluster_start(&c, 1);
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 3000));
    CHECK_EQ(cluster_records(&c, 1), 12);
    cluster_close(&c);
}

/* ---- one mesh, and a peer played by hand ---- */

static int inject(struct span frame)
{
    c.nodes[0].error = HOP_OK;
    cluster_inject(&c, 0, 900, frame);
    return c.nodes[0].error;
}

static void puppet_of_node_1(void)
{
    acquainted(4);
    cluster_puppet(&c, 0, 900, 1);
}

static struct frame_sketch opening(void)
{
    struct frame_sketch f;
    struct span frame = cluster_stray(&c, FRAME_SKETCH);
    CHECK_OK(frame_sketch_parse(&f, frame));
    return f;
}

static int more(const struct frame_sketch *f, size_t want)
{
    uint8_t bytes[MORE_BYTES];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    frame_more_put(&w, &(struct frame_more){(uint8_t)f->number, want});
    return inject(wire_written(&w));
}

/* Syndromes of two different frontiers would be put together. */
TEST(changed_frontier_opens_another_exchange)
{
    struct frame_next next;
    puppet_of_node_1();
    struct frame_sketch first = opening();
    CHECK_OK(more(&first, 8));
    CHECK_OK(frame_next_parse(&next, cluster_stray(&c, FRAME_NEXT)));
    CHECK_EQ(next.first, 6);
    CHECK_EQ(next.count, 2);
    cluster_publish(&c, 0, LANE_MEETING, "in between");
    CHECK_OK(more(&first, 10));
    CHECK_EQ(cluster_stray(&c, FRAME_NEXT).size, 0);
    struct frame_sketch second = opening();
    CHECK_EQ(second.number, (first.number + 1) % EXCHANGE_NUMBERS);
    CHECK_EQ(second.count, 10);
    CHECK_OK(more(&first, 12)); /* of an exchange that is over */
    CHECK_EQ(cluster_stray(&c, FRAME_NEXT).size, 0);
    cluster_close(&c);
}

/* A peer could have us send syndromes for ever. */
TEST(requests_for_more_have_an_end)
{
    puppet_of_node_1();
    struct frame_sketch f = opening();
    for (size_t i = 0; i < 10; i++)
        CHECK_OK(more(&f, 100 + i));
    CHECK_EQ(c.frames[FRAME_NEXT], 3);
    CHECK_OK(more(&f, 0));
    CHECK_EQ(c.frames[FRAME_LIST], 0);
    cluster_close(&c);
}

/* An exchange that was lost on the way would be the last. */
TEST(unanswered_exchange_is_opened_again)
{
    static uint8_t keepalive[KEEPALIVE_BYTES] = {FRAME_KEEPALIVE, 1, 2};
    puppet_of_node_1();
    uint64_t before = c.frames[FRAME_SKETCH];
    for (unsigned i = 0; i < 8; i++) {
        CHECK_OK(inject(SPAN(keepalive, sizeof keepalive))); /* of another root */
        cluster_run(&c, 1000);
    }
    CHECK_EQ(c.frames[FRAME_SKETCH], before + 1);
    cluster_close(&c);
}

static struct span garbage(struct rng *r, uint16_t number, size_t n)
{
    static uint8_t bytes[SKETCH_BYTES(SKETCH_SYNDROMES_MAX)];
    static uint8_t syndromes[2 * SKETCH_SYNDROMES_MAX];
    struct frame_sketch f = {.number = number, .eager = true, .count = n, .syndromes = syndromes};
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    f.logs = (uint32_t)rng_below(r, 1u << 20);
    test_random(r, syndromes, sizeof syndromes);
    frame_sketch_put(&w, &f);
    return wire_written(&w);
}

/* Somebody who sends noise could make us believe that it lacks, or has, this or that. */
TEST(noise_is_answered_with_a_question_and_believed_in_nothing)
{
    struct rng r = test_rng("noise");
    puppet_of_node_1();
    cluster_strays_forget(&c);
    for (uint16_t i = 0; i < 200; i++) {
        CHECK_OK(inject(garbage(&r, i, 1 + (size_t)rng_below(&r, SKETCH_SYNDROMES_MAX))));
        CHECK_EQ(cluster_stray(&c, FRAME_MORE).size > 0, true);
        cluster_strays_forget(&c);
    }
    CHECK_EQ(c.records_sent, 0);
    CHECK_EQ(cluster_view(&c, 0, 900).records_behind, 0);
    CHECK_EQ(c.nodes[0].dropped, 0);
    cluster_close(&c);
}

/* A list of positions where nothing is could make us keep what it names, or ask for it for ever. */
TEST(list_of_strange_positions_leaves_nothing_behind)
{
    static uint8_t bytes[LIST_BYTES(2000)];
    static struct list_entry entries[2000];
    struct frame_list f = {.number = 5, .all = true, .eager = true, .entries = entries};
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    puppet_of_node_1();
    for (; f.count < 2000; f.count++)
        entries[f.count] = (struct list_entry){(uint16_t)(f.count * 30), f.count + 1, 7, 7};
    frame_list_put(&w, &f);
    CHECK_OK(inject(wire_written(&w)));
    CHECK_EQ(cluster_view(&c, 0, 900).records_behind, 0);
    cluster_run(&c, 5000);
    CHECK_EQ(c.frames[FRAME_FRONTIER], 0);
    cluster_close(&c);
}
