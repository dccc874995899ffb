/* How two devices find out who is at the other end, and what becomes of those who lie. Both ends
 * are real; what passes between them passes through here. */
#include "tests/lib/cluster.h"

static struct cluster c; /* large: outs and events */
static uint8_t binding[32];

#define LINK 9

static void link_up(size_t node, mesh_link link, bool listener)
{
    struct mesh_in in = {.type = MESH_IN_LINK_UP,
                         .link = link,
                         .listener = listener,
                         .bytes = SPAN(binding, sizeof binding)};
    CHECK_OK(cluster_step(&c, node, in));
}

/* Nodes 0 and 1, each with a record; 0 dials. */
static void begin(uint8_t mark)
{
    cluster_init(&c, 3, test_seed());
    cluster_publish(&c, 0, LANE_MEETING, "of the first");
    cluster_publish(&c, 1, LANE_MEETING, "of the second");
    cluster_strays_forget(&c);
    memset(binding, mark, sizeof binding);
    link_up(0, LINK, false);
    link_up(1, LINK, true);
}

/* The next frame of this type that somebody has sent. */
static struct span sent(enum frame_type type)
{
    struct span frame = cluster_stray(&c, type);
    CHECK(frame.size > 0);
    return frame;
}

static int give(size_t node, mesh_link link, struct span frame)
{
    c.nodes[node].error = HOP_OK;
    cluster_inject(&c, node, link, frame);
    return c.nodes[node].error;
}

static bool member(size_t node, mesh_link link)
{
    return cluster_view(&c, node, link).member;
}

/* ---- those who know each other ---- */

/* Every contact would begin with 198 bytes, 1.6 s of the slowest radio. */
TEST(devices_that_know_each_other_greet_in_23_bytes)
{
    begin(1);
    CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
    CHECK(!member(1, LINK)); /* it has only said so */
    struct span known = sent(FRAME_KNOWN);
    CHECK_OK(give(0, LINK, known));
    CHECK(member(0, LINK));
    CHECK_BYTES(cluster_view(&c, 0, LINK).identity, c.nodes[1].identity.public_key, 32);
    CHECK_OK(give(1, LINK, sent(FRAME_VOUCH)));
    CHECK(member(1, LINK));
    CHECK_BYTES(cluster_view(&c, 1, LINK).identity, c.nodes[0].identity.public_key, 32);
    CHECK_EQ(c.bytes[FRAME_GREET] + KNOWN_BYTES(0) + c.bytes[FRAME_VOUCH], 23);
    CHECK_EQ(c.frames[FRAME_HELLO], 0);
    CHECK_OK(give(1, LINK, sent(FRAME_LIST))); /* what was asked inside KNOWN is answered */
    CHECK_OK(give(1, LINK, sent(FRAME_SEGMENT)));
    CHECK_EQ(cluster_records(&c, 1), 2);
    cluster_close(&c);
}

/* An exchange that is too large to come along would never come. */
TEST(large_exchange_comes_after_the_greeting)
{
    cluster_init(&c, CLUSTER_NODES_MAX, test_seed());
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    cluster_unlink(&c, 0, 1);
    for (size_t i = 2; i < c.n; i++) {
        for (unsigned lane = 0; lane < 3; lane++)
            cluster_publish(&c, i, (enum record_lane)lane, "news");
        cluster_link(&c, 1, i);
    }
    CHECK(cluster_run_until(&c, cluster_in_sync, 30 * 1000));
    memset(c.bytes, 0, sizeof c.bytes);
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 1000)); /* before a root would tell */
    CHECK_EQ(c.bytes[FRAME_KNOWN], KNOWN_BYTES(0));
    CHECK(c.bytes[FRAME_LIST] > KNOWN_BODY_MAX);
    CHECK_EQ(cluster_records(&c, 0), 3 * (c.n - 2));
    cluster_close(&c);
}

/* A key that is replaced would end links that are well, or shut a device out for ever. */
TEST(new_kem_key_leaves_links_alone_and_is_used_by_the_next)
{
    begin(1);
    CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
    CHECK_OK(give(0, LINK, sent(FRAME_KNOWN)));
    CHECK_OK(give(1, LINK, sent(FRAME_VOUCH)));
    hop_box_keypair(&c.nodes[0].kem, (const uint8_t[32]){77});
    CHECK_OK(cluster_step(&c, 1, (struct mesh_in){.type = MESH_IN_ROSTER}));
    CHECK(member(0, LINK) && member(1, LINK));
    memset(binding, 2, sizeof binding);
    link_up(0, LINK + 1, false);
    link_up(1, LINK + 1, true);
    CHECK_OK(give(1, LINK + 1, sent(FRAME_GREET)));
    CHECK_OK(give(0, LINK + 1, sent(FRAME_KNOWN)));
    CHECK_OK(give(1, LINK + 1, sent(FRAME_VOUCH)));
    CHECK(member(0, LINK + 1) && member(1, LINK + 1));
    cluster_close(&c);
}

/* ---- those who do not ---- */

/* Two that do not know each other's keys would never meet. */
TEST(who_is_not_known_says_hello)
{
    for (unsigned known = 0; known < 4; known++) {
        begin(1);
        c.nodes[0].knows[1] = (known & 1) != 0;
        c.nodes[1].knows[0] = (known & 2) != 0;
        CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
        CHECK_OK(give(0, LINK, sent(FRAME_KNOWN)));
        if (known < 3) {
            CHECK(!cluster_view(&c, 0, LINK).greeted);
            CHECK_OK(give(1, LINK, sent(FRAME_HELLO)));
            CHECK_OK(give(0, LINK, sent(FRAME_HELLO)));
            CHECK_EQ(c.frames[FRAME_VOUCH], 0);
            CHECK(cluster_view(&c, 0, LINK).greeted && cluster_view(&c, 1, LINK).greeted);
            CHECK_EQ(member(0, LINK), c.nodes[0].knows[1]);
            CHECK_EQ(member(1, LINK), c.nodes[1].knows[0]);
        }
        cluster_close(&c);
    }
}

/* A device without a roster (a joiner, a carrier) would wait for an answer to what it cannot say.
 */
TEST(device_without_a_roster_says_hello_at_once)
{
    for (size_t without = 0; without < 2; without++) {
        cluster_init(&c, 2, test_seed());
        c.nodes[without].knows[without] = false;
        memset(binding, 1, sizeof binding);
        link_up(0, LINK, false);
        link_up(1, LINK, true);
        if (without == 1)
            CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
        CHECK_OK(give(1 - without, LINK, sent(FRAME_HELLO)));
        CHECK_OK(give(without, LINK, sent(FRAME_HELLO)));
        CHECK(member(0, LINK) && member(1, LINK));
        CHECK_EQ(c.frames[FRAME_KNOWN], 0);
        cluster_close(&c);
    }
}

/* Whoever can link could ask, device by device, who is in a roster. */
TEST(answer_to_a_stranger_looks_like_any_other)
{
    size_t sizes[2];
    for (unsigned known = 0; known < 2; known++) {
        begin(1);
        c.nodes[1].knows[0] = known != 0;
        CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
        sizes[known] = sent(FRAME_KNOWN).size;
        CHECK_EQ(c.frames[FRAME_HELLO], 0);
        cluster_close(&c);
    }
    CHECK_EQ(sizes[0], sizes[1]);
}

/* Two devices with one hint: the wrong one would be spoken to, and the right one never. */
TEST(hint_of_two_devices_is_of_neither)
{
    uint8_t hints[2][GREET_HINT_BYTES];
    static const uint8_t sync_key[32];
    cluster_init(&c, 3, test_seed());
    memset(binding, 0, sizeof binding);
    uint32_t n = 0;
    do {
        n++;
        memcpy(binding, &n, sizeof n);
        greet_hint(hints[0], sync_key, binding, false, c.nodes[0].identity.public_key);
        greet_hint(hints[1], sync_key, binding, false, c.nodes[2].identity.public_key);
    } while (memcmp(hints[0], hints[1], sizeof hints[0]) != 0);
    link_up(0, LINK, false);
    link_up(1, LINK, true);
    CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
    CHECK_OK(give(0, LINK, sent(FRAME_KNOWN)));
    CHECK_OK(give(1, LINK, sent(FRAME_HELLO)));
    CHECK_OK(give(0, LINK, sent(FRAME_HELLO)));
    CHECK(member(0, LINK) && member(1, LINK));
    cluster_close(&c);
}

/* ---- those who lie ---- */

/* Somebody between the two could pass as one of them, or keep them apart for good. */
TEST(known_that_does_not_hold_is_answered_with_hello)
{
    uint8_t bytes[KNOWN_BYTES(KNOWN_BODY_MAX)];
    size_t size = KNOWN_BYTES(0);
    for (size_t at = 1; at < size; at++) {
        begin(1);
        CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
        struct span known = sent(FRAME_KNOWN);
        memcpy(bytes, known.data, known.size);
        bytes[at] ^= 1;
        size = known.size;
        CHECK_OK(give(0, LINK, SPAN(bytes, known.size)));
        CHECK(!cluster_view(&c, 0, LINK).greeted);
        CHECK_EQ(c.frames[FRAME_VOUCH], 0);
        CHECK_OK(give(1, LINK, sent(FRAME_HELLO)));
        CHECK_OK(give(0, LINK, sent(FRAME_HELLO)));
        CHECK(member(0, LINK) && member(1, LINK));
        cluster_close(&c);
    }
}

/* Whoever names a hint would be let in; and have as many guesses as it likes. */
TEST(vouch_that_does_not_hold_costs_the_link)
{
    uint8_t bytes[VOUCH_BYTES];
    for (size_t at = 1; at < VOUCH_BYTES; at++) {
        begin(1);
        CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
        CHECK_OK(give(0, LINK, sent(FRAME_KNOWN)));
        memcpy(bytes, sent(FRAME_VOUCH).data, sizeof bytes);
        bytes[at] ^= 0x80;
        CHECK_ERR(give(1, LINK, SPAN(bytes, sizeof bytes)), HOP_EAUTH);
        CHECK_EQ(c.nodes[1].dropped, 1);
        CHECK_ERR(give(1, LINK, SPAN(bytes, sizeof bytes)), HOP_ENOTFOUND);
        cluster_close(&c);
    }
}

/* A device could be made to vouch for itself against itself. */
TEST(greeting_that_is_reflected_proves_nothing)
{
    uint8_t vouch[VOUCH_BYTES] = {FRAME_VOUCH};
    begin(1);
    CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
    memcpy(vouch + 1, sent(FRAME_KNOWN).data + 2, GREET_MAC_BYTES);
    CHECK_ERR(give(1, LINK, SPAN(vouch, sizeof vouch)), HOP_EAUTH); /* its own MAC */
    cluster_close(&c);

    begin(1);
    link_up(0, LINK + 1, true); /* the mirror */
    CHECK_OK(give(0, LINK + 1, sent(FRAME_GREET)));
    CHECK_OK(give(0, LINK, sent(FRAME_KNOWN)));
    CHECK_EQ(c.frames[FRAME_VOUCH], 0);
    CHECK_ERR(give(0, LINK, sent(FRAME_HELLO)), HOP_EAUTH); /* its own, as who dialled */
    CHECK(!cluster_view(&c, 0, LINK + 1).greeted);
    cluster_close(&c);
}

/* What was heard once would open every link after it. */
TEST(greeting_is_good_for_one_link)
{
    uint8_t greet[GREET_BYTES], known[KNOWN_BYTES(KNOWN_BODY_MAX)], vouch[VOUCH_BYTES];
    begin(1);
    memcpy(greet, sent(FRAME_GREET).data, sizeof greet);
    CHECK_OK(give(1, LINK, SPAN(greet, sizeof greet)));
    struct span frame = sent(FRAME_KNOWN);
    size_t size = frame.size;
    memcpy(known, frame.data, size);
    CHECK_OK(give(0, LINK, SPAN(known, size)));
    memcpy(vouch, sent(FRAME_VOUCH).data, sizeof vouch);
    cluster_close(&c);

    begin(2);
    (void)sent(FRAME_GREET);
    CHECK_OK(give(1, LINK, SPAN(greet, sizeof greet)));
    CHECK_ERR(give(1, LINK, SPAN(vouch, sizeof vouch)), HOP_EAUTH);
    CHECK_OK(give(0, LINK, SPAN(known, size)));
    CHECK(!cluster_view(&c, 0, LINK).greeted);
    CHECK_EQ(c.frames[FRAME_VOUCH], 0);
    cluster_close(&c);
}

/* Somebody just shut out would come in with what was begun before. */
TEST(roster_that_changes_during_a_greeting_counts)
{
    begin(1);
    CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
    cluster_admit(&c, 1, 0, false);
    CHECK_OK(give(0, LINK, sent(FRAME_KNOWN)));
    CHECK_ERR(give(1, LINK, sent(FRAME_VOUCH)), HOP_EAUTH);
    cluster_close(&c);

    begin(1); /* another key, meanwhile */
    CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
    CHECK_OK(give(0, LINK, sent(FRAME_KNOWN)));
    hop_box_keypair(&c.nodes[0].kem, (const uint8_t[32]){77});
    CHECK_ERR(give(1, LINK, sent(FRAME_VOUCH)), HOP_EAUTH);
    cluster_close(&c);

    begin(1); /* admitted, meanwhile */
    c.nodes[1].knows[0] = false;
    CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
    cluster_admit(&c, 1, 0, true);
    CHECK_OK(give(0, LINK, sent(FRAME_KNOWN)));
    CHECK_OK(give(1, LINK, sent(FRAME_HELLO)));
    CHECK_OK(give(0, LINK, sent(FRAME_HELLO)));
    CHECK(member(0, LINK) && member(1, LINK));
    cluster_close(&c);
}

/* A frame at the wrong end, or twice, would be taken for one at the right time. */
TEST(frames_of_a_greeting_come_once_and_at_one_end)
{
    static const uint8_t greet[GREET_BYTES] = {FRAME_GREET}, vouch[VOUCH_BYTES] = {FRAME_VOUCH},
                         known[KNOWN_BYTES(0)] = {FRAME_KNOWN};
    begin(1);
    CHECK_ERR(give(0, LINK, SPAN(greet, sizeof greet)), HOP_EMALFORMED);
    CHECK_ERR(give(1, LINK, SPAN(known, sizeof known)), HOP_EMALFORMED);
    cluster_close(&c);
    begin(1);
    CHECK_ERR(give(0, LINK, SPAN(vouch, sizeof vouch)), HOP_EMALFORMED);
    CHECK_ERR(give(1, LINK, SPAN(vouch, sizeof vouch)), HOP_EMALFORMED); /* before KNOWN */
    cluster_close(&c);
    begin(1);
    CHECK_OK(give(1, LINK, sent(FRAME_GREET)));
    CHECK_ERR(give(1, LINK, SPAN(greet, sizeof greet)), HOP_EMALFORMED);
    CHECK_OK(give(0, LINK, SPAN(known, sizeof known)));
    CHECK_ERR(give(0, LINK, SPAN(known, sizeof known)), HOP_EMALFORMED);
    cluster_close(&c);
}

/* Unproven claims could have everybody wait for records that never come. */
TEST(claim_that_is_not_proven_holds_up_nobody)
{
    begin(1);
    c.nodes[1].knows[0] = false;
    CHECK_OK(give(1, LINK, sent(FRAME_GREET))); /* and nothing more from there */
    cluster_link(&c, 2, 1);
    cluster_publish(&c, 2, LANE_MEETING, "of the third");
    cluster_run(&c, 500);
    CHECK_EQ(cluster_records(&c, 1), 2);
    cluster_close(&c);
}
