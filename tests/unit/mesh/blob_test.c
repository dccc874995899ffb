/* Documents that travel as trees of blobs: from any holder, after any cut, past any liar. */
#include "mesh/bundle.h"
#include "mesh/state.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/cluster.h"

static struct cluster c;
static struct tree_builder builder;

/* ---- a document of so many bytes in the store of a node ---- */

struct document {
    uint8_t root[32];
    uint64_t size;
    size_t blobs;
};

static void keep(struct store *s, const uint8_t name[32], struct span bytes)
{
    if (s != NULL)
        CHECK_OK(store_put(s, STORE_BLOBS, SPAN(name, 32), bytes));
}

static bool even(size_t index)
{
    return index % 2 == 0;
}

static bool odd(size_t index)
{
    return index % 2 == 1;
}

static bool all(size_t index)
{
    (void)index;
    return true;
}

/* Its nodes, and those of its chunks that are to be there. */
static struct document put_part(size_t node, uint64_t size, const char *title,
                                bool (*chunk)(size_t))
{
    static uint8_t bytes[TREE_BLOB_BYTES_MAX];
    uint8_t name[32], room[TREE_NODE_BYTES(TREE_FANOUT)];
    struct store *s = c.nodes[node].store;
    struct document doc = {.size = size};
    struct rng r = test_rng(title);
    struct span grown;
    memset(&builder, 0, sizeof builder);
    for (size_t i = 0; builder.size < size; i++) {
        uint64_t left = size - builder.size;
        size_t n = left < TREE_CHUNK_BYTES ? (size_t)left : TREE_CHUNK_BYTES;
        test_random(&r, bytes + 1, 64); /* enough to tell them apart */
        struct span blob = SPAN(bytes, TREE_SEALED_BYTES(n));
        tree_name(name, blob);
        keep(chunk(i) ? s : NULL, name, blob);
        tree_add(&builder, name, n);
        doc.blobs++;
        while (tree_grow(&builder, builder.size == size, room, name, &grown)) {
            keep(s, name, grown);
            doc.blobs++;
        }
    }
    CHECK_OK(store_commit(s));
    memcpy(doc.root, tree_root(&builder), 32);
    return doc;
}

static struct document put(size_t node, uint64_t size, const char *title)
{
    return put_part(node, size, title, all);
}

static int want(size_t node, const struct document *doc, uint64_t rank)
{
    return cluster_step(
        &c, node,
        (struct mesh_in){
            .type = MESH_IN_WANT, .bytes = SPAN(doc->root, 32), .size = doc->size, .rank = rank});
}

static bool whole(size_t node, const struct document *doc)
{
    return tree_whole(c.nodes[node].store, doc->root, doc->size);
}

static bool one_here(struct cluster *cluster)
{
    return cluster->nodes[0].blobs_here == 1;
}

#define CHUNK(n) ((n) * (uint64_t)TREE_CHUNK_BYTES)

static void begin(size_t n)
{
    cluster_init(&c, n, test_seed());
    for (size_t i = 1; i < n; i++)
        cluster_link(&c, 0, i);
    cluster_run(&c, 1000);
}

/* ---- whole ---- */

/* Whatever its size, a document must come whole, each blob of it once, and be announced once. */
TEST(blob_tree_of_any_size_comes_whole_and_says_so_once)
{
    static const uint64_t sizes[] = {1, CHUNK(1), CHUNK(1) + 1, CHUNK(7) + 9, CHUNK(150)};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        begin(2);
        struct document doc = put(1, sizes[i], "any size");
        CHECK_OK(want(0, &doc, 5));
        CHECK(cluster_run_until(&c, one_here, 20000));
        CHECK(whole(0, &doc));
        CHECK_EQ(c.nodes[0].blobs_stored, doc.blobs);
        CHECK_OK(want(0, &doc, 5)); /* again: it is here, and says so at once */
        CHECK_EQ(c.nodes[0].blobs_here, 2);
        CHECK_EQ(c.nodes[0].blobs_stored, doc.blobs);
        CHECK_EQ(mesh_blobs(c.nodes[0].mesh).wanted, 0);
        CHECK(c.bytes[FRAME_BLOB] < doc.size + doc.size / 100 + 200);
        cluster_close(&c);
    }
}

/* ---- cuts ---- */

static uint64_t stop_at;

static bool stored_enough(struct cluster *cluster)
{
    return cluster->nodes[0].blobs_stored >= stop_at;
}

/* What a cut costs must be what was on its way, not what is stored: else a short contact would
 * never bring a long document. */
TEST(blob_tree_goes_on_after_a_cut_behind_every_blob_from_another_holder)
{
    for (unsigned restart = 0; restart < 2; restart++) {
        for (stop_at = 0; stop_at <= 14; stop_at++) {
            cluster_init(&c, 3, test_seed());
            struct document doc = put(1, CHUNK(13) + 100, "cut");
            (void)put(2, CHUNK(13) + 100, "cut");
            CHECK_OK(want(0, &doc, 1));
            cluster_link(&c, 0, 1);
            CHECK(cluster_run_until(&c, stored_enough, 20000));
            cluster_unlink(&c, 0, 1);
            if (restart) {
                cluster_kill(&c, 0);
                cluster_start(&c, 0);
                CHECK_OK(want(0, &doc, 1));
            }
            cluster_link(&c, 0, 2);
            CHECK(cluster_run_until(&c, one_here, 20000));
            CHECK(whole(0, &doc));
            CHECK_EQ(c.nodes[0].blobs_stored, doc.blobs); /* none of them twice */
            CHECK(c.bytes[FRAME_BLOB] < doc.size + doc.size / 100 + 200 + 2 * CHUNK(1));
            cluster_close(&c);
        }
    }
}

/* Two who hold half of it each hold all of it. */
TEST(blob_tree_is_put_together_from_two_halves)
{
    begin(3);
    struct document doc = put_part(1, CHUNK(100), "halves", even);
    (void)put_part(2, CHUNK(100), "halves", odd);
    CHECK_OK(want(0, &doc, 1));
    CHECK(cluster_run_until(&c, one_here, 60000));
    CHECK(whole(0, &doc));
    cluster_close(&c);
}

/* What nobody has now may come with somebody tomorrow; until then nobody is to be asked all the
 * time, and what can be had is to be had. */
TEST(blob_tree_with_a_hole_rests_and_is_whole_when_somebody_has_it)
{
    begin(3);
    struct document doc = put_part(1, CHUNK(100), "hole", even);
    CHECK_OK(want(0, &doc, 1));
    cluster_run(&c, 60 * 1000);
    CHECK_EQ(c.nodes[0].blobs_here, 0);
    CHECK_EQ(c.nodes[0].blobs_stored, 51);
    uint64_t asked = c.frames[FRAME_WANT];
    cluster_run(&c, 600 * 1000);
    /* of two, for fifty chunks in four pieces, after 80, 160 and then every 300 seconds */
    CHECK(c.frames[FRAME_WANT] - asked < 5 * 2 * 50 * 4);
    CHECK_EQ(mesh_blobs(c.nodes[0].mesh).wanted, 1);
    cluster_unlink(&c, 0, 2);
    (void)put(2, CHUNK(100), "hole");
    cluster_link(&c, 0, 2);
    CHECK(cluster_run_until(&c, one_here, 5000)); /* somebody new is asked at once */
    CHECK_EQ(c.nodes[0].blobs_stored, doc.blobs);
    cluster_close(&c);
}

/* A commit that fails takes chunks with it: they must be asked for again, once the store is well.
 */
TEST(blob_tree_comes_whole_whichever_commit_fails)
{
    for (unsigned long n = 1; n <= 12; n++) {
        begin(2);
        struct document doc = put(1, CHUNK(9), "commit");
        struct store_faults *faults = store_memory_faults(c.nodes[0].store);
        faults->error = HOP_ENOSPACE;
        faults->commit_countdown = n;
        CHECK_OK(want(0, &doc, 1));
        CHECK(cluster_run_until(&c, one_here, 60000));
        CHECK(whole(0, &doc));
        cluster_close(&c);
    }
}

/* ---- several holders ---- */

/* One of two holders would do all the work, and a document take twice as long. */
TEST(blob_holders_share_the_load)
{
    begin(4);
    struct document doc = put(1, CHUNK(120), "shared");
    (void)put(2, CHUNK(120), "shared");
    (void)put(3, CHUNK(120), "shared");
    c.rate = 1000000;
    CHECK_OK(want(0, &doc, 1));
    hop_time began = c.now;
    CHECK(cluster_run_until(&c, one_here, 60000));
    hop_time took = c.now - began;
    uint64_t sent = 0;
    for (size_t i = 1; i < 4; i++) {
        uint64_t part = c.nodes[i].sent_bytes[FRAME_BLOB];
        CHECK(part > doc.size / 4 && part < doc.size / 2);
        sent += part;
    }
    CHECK(sent < doc.size + doc.size / 100);
    CHECK(took < doc.size * HOP_SECOND / 2500000); /* of 3 MB/s */
    printf("three holders of 1 MB/s: %.2f MB/s\n", (double)doc.size / (double)took);
    cluster_close(&c);
}

/* A newer paper that everybody is waiting for would wait for an older film. */
TEST(blob_trees_of_better_rank_overtake)
{
    begin(2);
    c.rate = 100000;
    struct document film = put(1, CHUNK(200), "film"), draft = put(1, 9000, "draft");
    CHECK_OK(want(0, &film, 2));
    cluster_run(&c, 10000);
    CHECK_EQ(c.nodes[0].blobs_here, 0);
    CHECK_OK(want(0, &draft, 1));
    hop_time asked = c.now;
    CHECK(cluster_run_until(&c, one_here, 5000));
    CHECK(whole(0, &draft) && !whole(0, &film));
    /* what was on its way, its own bytes, and a way there and back */
    CHECK(c.now - asked <
          (CHUNK(1) + 500 + 9000) * HOP_SECOND / c.rate + 4 * c.latency_ms * HOP_MS);
    CHECK_OK(want(0, &film, 0)); /* and ranks can change */
    CHECK(!one_here(&c) || !whole(0, &film));
    c.rate = 0;
    c.nodes[0].blobs_here = 0;
    CHECK(cluster_run_until(&c, one_here, 60000));
    CHECK(whole(0, &film));
    cluster_close(&c);
}

/* Documents that nobody has would keep away those that somebody has. */
TEST(blob_trees_that_nobody_has_do_not_stand_in_the_way)
{
    begin(3);
    for (uint8_t i = 0; i < 200; i++) {
        struct document nowhere = {.root = {0xdd, i}, .size = CHUNK(300)};
        CHECK_OK(want(0, &nowhere, i));
    }
    struct document doc = put(1, CHUNK(20), "last of all");
    CHECK_OK(want(0, &doc, 1000));
    CHECK(cluster_run_until(&c, one_here, 30000));
    CHECK_EQ(mesh_blobs(c.nodes[0].mesh).wanted, 200);
    cluster_close(&c);
}

/* ---- hostile holders: a puppet is link 9 ---- */

static struct frame_want last_want;

static bool puppet_was_asked(void)
{
    static uint8_t bytes[WANT_BYTES];
    struct span frame = cluster_stray(&c, FRAME_WANT);
    if (frame.size == 0)
        return false;
    memcpy(bytes, frame.data, frame.size);
    CHECK_OK(frame_want_parse(&last_want, SPAN(bytes, frame.size)));
    return true;
}

static int puppet_sends(uint32_t total, size_t size, uint8_t fill)
{
    static uint8_t frame[BLOB_BYTES(TREE_BLOB_BYTES_MAX)], bytes[TREE_BLOB_BYTES_MAX];
    struct wire_writer w = wire_writer(frame, sizeof frame);
    memset(bytes, fill, sizeof bytes);
    bytes[0] = 0;
    struct frame_piece p = {last_want.ask, last_want.offset, total, SPAN(bytes, size)};
    frame_piece_put(&w, &p);
    return cluster_step(
        &c, 0, (struct mesh_in){.type = MESH_IN_FRAME, .link = 9, .bytes = wire_written(&w)});
}

static void begin_with_puppet(struct document *doc, uint64_t size)
{
    cluster_init(&c, 3, test_seed());
    *doc = put(1, size, "draft");
    CHECK_OK(want(0, doc, 1));
    cluster_puppet(&c, 0, 9, 2);
    CHECK(puppet_was_asked());
}

/* Another document could be slipped under the name of ours; and one liar must cost little. */
TEST(blob_that_is_not_what_was_asked_for_is_refused_and_got_elsewhere)
{
    struct document doc;
    begin_with_puppet(&doc, 100);
    CHECK_EQ(last_want.length, 117);
    CHECK_ERR(puppet_sends(117, 117, 7), HOP_EAUTH);
    CHECK_EQ(c.nodes[0].blobs_stored, 0);
    CHECK_EQ(c.nodes[0].mesh->links[0]->strikes, 1);
    CHECK_OK(puppet_sends(117, 117, 7)); /* not asked any more: not even looked at */
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, one_here, 1000));
    CHECK(whole(0, &doc));
    cluster_close(&c);
}

/* Lengths from outside would size memory, or write beyond it. */
TEST(blob_pieces_that_do_not_fit_the_ask_are_refused)
{
    struct document doc;
    begin_with_puppet(&doc, CHUNK(1));
    CHECK_OK(puppet_sends(TREE_BLOB_BYTES_MAX - 1, 1000, 7)); /* of a shorter blob */
    CHECK(c.nodes[0].mesh->fetches_count == 0 || c.nodes[0].mesh->fetches[0].got == 0);
    cluster_close(&c);
    begin_with_puppet(&doc, CHUNK(1));
    CHECK(last_want.length < TREE_BLOB_BYTES_MAX);
    CHECK_OK(puppet_sends(TREE_BLOB_BYTES_MAX, TREE_BLOB_BYTES_MAX, 7)); /* more than asked */
    CHECK_EQ(c.nodes[0].mesh->fetches[0].got, 0);
    last_want.offset = 5; /* not where we are */
    CHECK_OK(puppet_sends(TREE_BLOB_BYTES_MAX, 1000, 7));
    CHECK_EQ(c.nodes[0].mesh->fetches[0].got, 0);
    last_want.offset = 0;
    last_want.ask++; /* nor what we asked */
    CHECK_OK(puppet_sends(TREE_BLOB_BYTES_MAX, 1000, 7));
    CHECK_EQ(c.nodes[0].mesh->fetches[0].got, 0);
    last_want.ask--;
    CHECK_OK(puppet_sends(TREE_BLOB_BYTES_MAX, 1000, 7));
    CHECK_EQ(c.nodes[0].mesh->fetches[0].got, 1000);
    cluster_close(&c);
}

/* One who gives a wrong half and leaves would make us blame the one who gives the right half. */
TEST(blob_of_two_sources_that_proves_wrong_is_nobodys_fault_and_is_got_from_one)
{
    struct document doc;
    begin_with_puppet(&doc, CHUNK(1));
    CHECK_OK(puppet_sends(TREE_BLOB_BYTES_MAX, 1000, 7));
    CHECK_OK(cluster_step(&c, 0, (struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = 9}));
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, one_here, 3000));
    CHECK(whole(0, &doc));
    CHECK_EQ(c.nodes[0].mesh->links[0]->strikes, 0);
    CHECK_EQ(c.nodes[0].dropped, 0);
    cluster_close(&c);
}

/* A holder that says nothing would keep a document from us for ever. */
TEST(blob_not_answered_is_got_from_the_next)
{
    struct document doc;
    static uint8_t keepalive[KEEPALIVE_BYTES] = {FRAME_KEEPALIVE, 1};
    begin_with_puppet(&doc, CHUNK(30));
    cluster_link(&c, 0, 1);
    hop_time began = c.now;
    for (unsigned i = 0; i < 20 && !one_here(&c); i++) {
        (void)cluster_run_until(&c, one_here, 1000);
        cluster_inject(&c, 0, 9, SPAN(keepalive, sizeof keepalive));
    }
    CHECK(one_here(&c) && whole(0, &doc));
    CHECK(c.now - began < MESH_BLOB_WAIT + 2 * HOP_SECOND);
    cluster_close(&c);
}

/* And one who says no at once, to everything, must not slow us down. */
TEST(blob_refused_is_asked_of_the_next_and_again_after_a_rest)
{
    struct document doc = {.root = {1}, .size = 50};
    uint8_t frame[NOBLOB_BYTES];
    static uint8_t keepalive[KEEPALIVE_BYTES] = {FRAME_KEEPALIVE, 1};
    cluster_init(&c, 3, test_seed());
    CHECK_OK(want(0, &doc, 1));
    cluster_puppet(&c, 0, 9, 2);
    for (unsigned i = 0; i < 4; i++) { /* asked at once, then after 10, 20 and 40 seconds */
        CHECK(puppet_was_asked());
        struct wire_writer w = wire_writer(frame, sizeof frame);
        frame_noblob_put(&w, last_want.ask);
        cluster_inject(&c, 0, 9, wire_written(&w));
        for (unsigned s = 0; s < (10u << i); s++) {
            cluster_strays_forget(&c);
            cluster_inject(&c, 0, 9, SPAN(keepalive, sizeof keepalive));
            cluster_run(&c, s == 0 ? 990 : 1000);
        }
        CHECK(!puppet_was_asked());
        cluster_run(&c, 20);
    }
    CHECK(puppet_was_asked());
    cluster_close(&c);
}

/* An author who lies about the size could fill our disk; and must not spoil another's record. */
TEST(blob_tree_that_lies_about_its_size_is_given_up)
{
    begin(2);
    struct document doc = put(1, CHUNK(40), "true"), lie = doc;
    lie.size = CHUNK(40000);
    CHECK_OK(want(0, &lie, 1));
    cluster_run(&c, 30000);
    CHECK_EQ(c.nodes[0].blobs_stored, 0);
    CHECK_EQ(mesh_blobs(c.nodes[0].mesh).unusable, 1);
    CHECK_EQ(c.nodes[0].mesh->links[0]->strikes, 0); /* who brings it does not lie */
    CHECK_OK(want(0, &doc, 2));
    CHECK(cluster_run_until(&c, one_here, 5000));
    CHECK(whole(0, &doc));
    CHECK_OK(want(0, &lie, 0));
    CHECK_EQ(c.nodes[0].blobs_here, 1);
    cluster_close(&c);
}

/* ---- serving ---- */

/* Strangers could fetch documents whose names they have heard. */
TEST(blob_is_not_here_for_a_stranger)
{
    uint8_t bytes[WANT_BYTES];
    cluster_init(&c, 3, test_seed());
    struct document doc = put(0, 100, "draft");
    c.nodes[0].knows[2] = false;
    cluster_puppet(&c, 0, 9, 2);
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    frame_want_put(&w, &(struct frame_want){1, 0, 117, doc.root});
    cluster_inject(&c, 0, 9, wire_written(&w));
    CHECK_EQ(c.frames[FRAME_BLOB], 0);
    CHECK_EQ(c.frames[FRAME_NOBLOB], 1);
    cluster_close(&c);
}

/* Asking for more than there is, for nothing that was named, or for too much at once. */
TEST(blob_asks_have_limits)
{
    uint8_t bytes[WANT_BYTES];
    cluster_init(&c, 3, test_seed());
    struct document doc = put(0, CHUNK(1), "draft");
    cluster_puppet(&c, 0, 9, 2);
    for (unsigned i = 0; i < 3; i++) {
        struct frame_want f = {(uint16_t)i, i == 0 ? TREE_BLOB_BYTES_MAX : 5, UINT32_MAX,
                               i == 1 ? NULL : doc.root};
        struct wire_writer w = wire_writer(bytes, sizeof bytes);
        frame_want_put(&w, &f);
        cluster_inject(&c, 0, 9, wire_written(&w));
        CHECK_EQ(c.frames[FRAME_NOBLOB], i < 1 ? 1 : 2); /* beyond its end; not named */
    }
    CHECK_EQ(c.bytes[FRAME_BLOB] - c.frames[FRAME_BLOB] * BLOB_BYTES(0), TREE_BLOB_BYTES_MAX - 5);
    cluster_close(&c);
}

/* ---- slow links ---- */

struct delays {
    hop_time worst;
    unsigned votes;
};

/* A vote every so often while a document flows: how long until the other side has it. */
static struct delays vote_while(const struct document *doc, unsigned every_ms, unsigned votes)
{
    struct delays d = {0};
    CHECK_OK(want(1, doc, 1));
    for (; d.votes < votes && !whole(1, doc); d.votes++) {
        cluster_run(&c, every_ms + (unsigned)rng_below(&c.rng, every_ms));
        uint64_t delivered = c.nodes[1].delivered;
        hop_time began = c.now;
        cluster_publish(&c, 0, LANE_MEETING, "tán thành");
        while (c.nodes[1].delivered == delivered && c.now < began + 600 * HOP_SECOND)
            cluster_run(&c, 1);
        CHECK(c.nodes[1].delivered > delivered);
        d.worst = c.now - began > d.worst ? c.now - began : d.worst;
    }
    return d;
}

static hop_time airtime(uint64_t bytes)
{
    return bytes * HOP_SECOND / c.rate + c.latency_ms * HOP_MS;
}

/* A film in the air would keep a vote from being counted. */
TEST(blob_on_its_way_delays_a_vote_by_no_more_than_a_chunk)
{
    static const struct {
        uint32_t rate;
        bool told;
        uint64_t chunks;
        unsigned every_ms, votes;
    } links[] = {
        {125, true, 1, 20000, 12}, /* 1 kbit/s: a radio whose owner knows its rate */
        {1200, true, 4, 5000, 25}, /* 9600 bit/s, known */
        {1200, false, 4, 5000, 25},
        {8000, false, 20, 3000, 30},  /* 64 kbit/s */
        {125000, false, 300, 700, 60} /* 1 Mbit/s */
    };
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        cluster_init(&c, 2, test_seed());
        c.rate = links[i].rate;
        c.rate_told = links[i].told;
        struct document film = put(0, CHUNK(links[i].chunks), "film");
        cluster_link(&c, 0, 1);
        cluster_run(&c, 20000);
        struct delays d = vote_while(&film, links[i].every_ms, links[i].votes);
        struct span log = SPAN(c.nodes[0].logs[LANE_MEETING].key.public_key, 32), record;
        CHECK_OK(store_get(c.nodes[0].store, log.data, 1, &record));
        uint64_t vote = record.size + 120; /* and an acknowledgement or a keepalive before it */
        uint64_t unit = links[i].told ? (links[i].rate > 200 ? links[i].rate : 200)
                                      : TREE_BLOB_BYTES_MAX + 4 * BLOB_BYTES(0);
        hop_time chunk = airtime(unit + BLOB_BYTES(0) + vote);
        uint64_t moved = c.nodes[0].sent_bytes[FRAME_BLOB];
        printf("%6u B/s%s: %2u votes, the slowest took %.2f s (bound %.2f s); blobs had %.0f%%\n",
               (unsigned)c.rate, links[i].told ? ", known" : "       ", d.votes,
               (double)d.worst / 1e6, (double)chunk / 1e6,
               100.0 * (double)moved / ((double)c.now / 1e6 * c.rate));
        CHECK(d.votes > 5);
        CHECK(d.worst <= chunk);
        CHECK(moved > 0);
        cluster_close(&c);
    }
}

/* ---- for others ---- */

/* A carrier that only forwards what it can use is none: it has to bring what others look for. */
TEST(blob_tree_passes_through_one_who_has_no_use_for_it)
{
    cluster_init(&c, 3, test_seed());
    cluster_kill(&c, 1);
    c.foreign_max = CHUNK(30);
    cluster_start(&c, 1);
    struct document doc = put(2, CHUNK(12) + 5, "carried");
    cluster_link(&c, 0, 1);
    cluster_run(&c, 500);
    CHECK_OK(want(0, &doc, 1));
    cluster_run(&c, 3000);
    cluster_unlink(&c, 0, 1); /* it goes to another valley */
    cluster_run(&c, 3000);
    cluster_link(&c, 1, 2);
    cluster_run(&c, 10000);
    CHECK(whole(1, &doc));
    CHECK_EQ(c.nodes[1].blobs_here, 0); /* nobody there waits for it */
    cluster_unlink(&c, 1, 2);
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, one_here, 5000));
    CHECK(whole(0, &doc));
    CHECK(c.nodes[1].foreign_bytes > doc.size);
    cluster_close(&c);
}

/* Somebody could fill the disks of all carriers by asking for films. */
TEST(blob_trees_for_others_stay_within_their_bytes)
{
    cluster_init(&c, 3, test_seed());
    cluster_kill(&c, 1);
    c.foreign_max = CHUNK(10);
    cluster_start(&c, 1);
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    cluster_run(&c, 500);
    struct document film = put(2, CHUNK(11), "film"), a = put(2, CHUNK(6), "a"),
                    b = put(2, CHUNK(6), "b"), small = put(2, 500, "small");
    CHECK_OK(want(0, &film, 1));
    CHECK_OK(want(0, &a, 2));
    CHECK_OK(want(0, &b, 3));
    CHECK_OK(want(0, &small, 4));
    cluster_run(&c, 60000);
    CHECK(!whole(0, &film) && whole(0, &small));
    CHECK(whole(0, &a) && whole(0, &b)); /* one after the other */
    struct mesh_blobs_view v = mesh_blobs(c.nodes[1].mesh);
    CHECK(v.foreign_refused > 0);
    CHECK_EQ(v.wanted, 0);
    for (uint8_t i = 0; i < 200; i++) { /* nor fill their memory */
        struct document nowhere = {.root = {0xdd, i}, .size = 5};
        CHECK_OK(want(0, &nowhere, i));
    }
    cluster_run(&c, 30000);
    CHECK(c.nodes[1].mesh->trees_count <= MESH_FOREIGN_TREES_MAX);
    cluster_close(&c);
}

/* ---- a disk with little room ---- */

#define SMALL_DISK (16u << 20) /* a quarter of it is the reserve */

static uint64_t room_of(size_t node)
{
    return store_blob_room(c.nodes[node].store);
}

/* A vote must never wait for a film: one that does not fit beside the reserve is not begun, what
 * fits overtakes it, records come, and the film comes by itself when there is room. */
TEST(blob_tree_waits_for_room_and_records_do_not)
{
    begin(2);
    store_memory_limit(c.nodes[0].store, SMALL_DISK);
    struct document film = put(1, CHUNK(250), "film"), paper = put(1, CHUNK(20), "paper");
    CHECK_OK(want(0, &film, 1));
    CHECK_OK(want(0, &paper, 2));
    cluster_run(&c, 20000);
    CHECK(whole(0, &paper));
    CHECK_EQ(c.nodes[0].blobs_stored, paper.blobs); /* nothing of the film */
    struct mesh_blobs_view v = mesh_blobs(c.nodes[0].mesh);
    uint8_t waiting[4][32];
    CHECK_EQ(v.waiting, 1);
    CHECK(v.waiting_bytes > film.size && v.waiting_bytes < film.size + film.size / 8);
    CHECK_EQ(mesh_blobs_waiting(c.nodes[0].mesh, waiting, 4), 1);
    CHECK_BYTES(waiting[0], film.root, 32);
    cluster_publish(&c, 1, LANE_MEETING, "a vote");
    CHECK(cluster_run_until(&c, cluster_agrees, 5000));
    store_memory_limit(c.nodes[0].store, 2 * SMALL_DISK);
    cluster_run(&c, 60000);
    CHECK(whole(0, &film));
    CHECK_EQ(mesh_blobs(c.nodes[0].mesh).waiting, 0);
    CHECK(room_of(0) > 0);
    cluster_close(&c);
}

/* Others take room too, while a document is on its way: it stops before the reserve, and goes on
 * where it stopped. A restart must not forget how much is here. */
TEST(blob_tree_pauses_when_room_goes_and_goes_on)
{
    begin(2);
    store_memory_limit(c.nodes[0].store, 2 * SMALL_DISK);
    struct document film = put(1, CHUNK(250), "film");
    CHECK_OK(want(0, &film, 1));
    stop_at = 100;
    CHECK(cluster_run_until(&c, stored_enough, 30000));
    store_memory_limit(c.nodes[0].store, (size_t)CHUNK(160)); /* 60 more, of them 40 the reserve */
    cluster_run(&c, 30000);
    CHECK_EQ(mesh_blobs(c.nodes[0].mesh).waiting, 1);
    CHECK(c.nodes[0].blobs_stored < 122);
    struct store_space space;
    store_space(c.nodes[0].store, &space);
    CHECK(space.left >= CHUNK(38)); /* not a chunk into it */
    uint64_t stored = c.nodes[0].blobs_stored;
    cluster_kill(&c, 0);
    cluster_start(&c, 0);
    cluster_link(&c, 0, 1);
    CHECK_OK(want(0, &film, 1));
    cluster_run(&c, 30000);
    CHECK_EQ(c.nodes[0].blobs_stored, stored);
    CHECK(mesh_blobs(c.nodes[0].mesh).waiting_bytes < film.size - CHUNK(90));
    /* room for the rest of it, not for all of it */
    store_memory_limit(c.nodes[0].store, (size_t)CHUNK(360));
    cluster_run(&c, 60000);
    CHECK(whole(0, &film));
    CHECK_EQ(c.nodes[0].blobs_stored, film.blobs);
    cluster_close(&c);
}

/* A stick must not fill the disk either, and who has no room himself relays nothing. */
TEST(blob_of_a_bundle_or_for_others_leaves_the_reserve)
{
    cluster_init(&c, 3, test_seed());
    cluster_kill(&c, 1);
    c.foreign_max = CHUNK(1000);
    cluster_start(&c, 1);
    store_memory_limit(c.nodes[1].store, (size_t)CHUNK(40));
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    cluster_run(&c, 500);
    struct document film = put(2, CHUNK(60), "film"), paper = put(2, CHUNK(9), "paper");
    CHECK_OK(want(0, &film, 1));
    CHECK_OK(want(0, &paper, 2));
    cluster_run(&c, 30000);
    CHECK(whole(1, &paper) && !whole(0, &film));
    CHECK(room_of(1) > CHUNK(19)); /* no part of the film */
    CHECK_OK(want(1, &film, 1));
    struct span root;
    struct buf block = {0};
    CHECK_OK(store_find(c.nodes[2].store, STORE_BLOBS, SPAN(film.root, 32), &root));
    bundle_blob_put(&block, film.root, root);
    CHECK_ERR(
        cluster_step(&c, 1,
                     (struct mesh_in){.type = MESH_IN_CARRIED_BLOB, .bytes = buf_written(&block)}),
        HOP_ENOSPACE);
    CHECK(!cluster_has_blob(&c, 1, film.root));
    buf_free(&block);
    cluster_close(&c);
}
