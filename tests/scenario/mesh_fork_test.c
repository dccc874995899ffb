/* A device that shows one history to some and another to others. */
#include "mesh/fork.h"
#include "tests/lib/cluster.h"

#include <stdio.h>

static struct cluster c; /* large: outs and events */

static uint64_t fork_at(size_t node)
{
    struct mesh_fork_view v[4];
    return mesh_forks(c.nodes[node].mesh, v, 4) == 1 ? v[0].seq : 0;
}

static bool all_know(struct cluster *cl)
{
    for (size_t i = 0; i < cl->n; i++) {
        if (cl->nodes[i].mesh != NULL && mesh_forks(cl->nodes[i].mesh, NULL, 0) == 0)
            return false;
    }
    return cluster_agrees(cl) && cluster_in_sync(cl);
}

/* The first n nodes hold `common` records of node 0's log; then 1 and 2 get branches of their own.
 */
static void prepare(size_t nodes, unsigned common)
{
    cluster_init(&c, nodes, test_seed());
    for (unsigned i = 0; i < common; i++)
        cluster_publish(&c, 0, LANE_MEETING, "to everybody");
    for (size_t i = 1; i < nodes; i++)
        cluster_link(&c, 0, i);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    for (size_t i = 1; i < nodes; i++)
        cluster_unlink(&c, 0, i);
    cluster_run(&c, 100);
    memset(c.frames, 0, sizeof c.frames);
    memset(c.bytes, 0, sizeof c.bytes);
}

static uint64_t dispute_bytes(void)
{
    return c.bytes[FRAME_PROBE] + c.bytes[FRAME_BRANCH] + c.bytes[FRAME_PROOF] +
           c.bytes[FRAME_STOP];
}

/* Everybody would believe the branch that came first, and vote on different motions. */
TEST(fork_of_equal_length_is_proven_to_both)
{
    prepare(3, 2);
    cluster_fork(&c, 0, 1, LANE_MEETING, "I vote yes");
    cluster_fork(&c, 0, 2, LANE_MEETING, "I vote no");
    c.telling = true;
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 2000));
    CHECK_EQ(fork_at(1), 3);
    CHECK_EQ(fork_at(2), 3);
    CHECK_EQ(c.nodes[1].forks, 1);
    CHECK_EQ(c.nodes[2].forks, 1);
    CHECK(dispute_bytes() <= 1600);
    printf("fork of equal length: %llu B in all\n", (unsigned long long)dispute_bytes());
    CHECK(c.frames[FRAME_BRANCH] <= 2 && c.frames[FRAME_PROOF] <= 2);
    cluster_close(&c);
}

/* A run that does not follow looks like a forged one: the forker would only be disbelieved there.
 */
TEST(fork_of_different_length_is_proven_to_both)
{
    prepare(3, 2);
    cluster_fork(&c, 0, 1, LANE_MEETING, "one");
    for (unsigned i = 0; i < 3; i++)
        cluster_fork(&c, 0, 2, LANE_MEETING, "another, and more");
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 2000));
    CHECK_EQ(fork_at(1), 3);
    CHECK_EQ(fork_at(2), 3);
    CHECK(dispute_bytes() <= 1600);
    printf("fork of different length: %llu B in all\n", (unsigned long long)dispute_bytes());
    cluster_close(&c);
}

/* The proof would stay with those two who had the branches. */
TEST(proof_reaches_those_who_hold_neither_branch)
{
    prepare(5, 3);
    cluster_fork(&c, 0, 1, LANE_MEETING, "one");
    cluster_fork(&c, 0, 2, LANE_MEETING, "another");
    cluster_fork(&c, 0, 2, LANE_MEETING, "and on");
    cluster_link(&c, 1, 2);
    cluster_link(&c, 2, 3);
    cluster_link(&c, 3, 4);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    for (size_t i = 1; i < 5; i++) {
        struct span proof;
        struct fork_proof p;
        CHECK_EQ(fork_at(i), 4);
        CHECK_OK(
            mesh_fork_proof(c.nodes[i].mesh, c.nodes[0].logs[LANE_MEETING].key.public_key, &proof));
        CHECK_OK(fork_proof_parse(&p, proof)); /* by anybody, with no key */
        CHECK_EQ(p.seq, 4);
    }
    cluster_close(&c);
}

/* Three nodes with three branches would end with three histories. */
TEST(three_branches_end_as_one_trunk)
{
    prepare(4, 5);
    cluster_fork(&c, 0, 1, LANE_MEETING, "first branch");
    cluster_fork(&c, 0, 2, LANE_MEETING, "second branch");
    cluster_fork(&c, 0, 3, LANE_MEETING, "third branch");
    cluster_fork(&c, 0, 3, LANE_MEETING, "which is longer");
    for (size_t i = 1; i < 4; i++)
        cluster_link(&c, i, i % 3 + 1);
    CHECK(cluster_run_until(&c, all_know, 60 * 1000) || c.nodes[0].mesh != NULL);
    for (size_t i = 1; i < 4; i++)
        CHECK_EQ(fork_at(i), 6);
    cluster_link(&c, 0, 1); /* the forker itself, as it was */
    CHECK(cluster_run_until(&c, all_know, 60 * 1000));
    CHECK_EQ(fork_at(0), 6);
    cluster_close(&c);
}

/* A lower fork than the one already proven would leave part of a void branch standing. */
TEST(earlier_fork_takes_the_place_of_a_later_one)
{
    prepare(4, 1);
    cluster_fork(&c, 0, 1, LANE_MEETING, "a");
    cluster_fork(&c, 0, 3, LANE_MEETING, "z"); /* parts at 2 */
    cluster_link(&c, 1, 2);
    cluster_run(&c, 1000);
    cluster_unlink(&c, 1, 2);
    cluster_fork(&c, 0, 1, LANE_MEETING, "b");
    cluster_fork(&c, 0, 2, LANE_MEETING, "c"); /* parts at 3 */
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    CHECK_EQ(fork_at(1), 3);
    CHECK_EQ(fork_at(2), 3);
    cluster_link(&c, 2, 3);
    cluster_run(&c, 60 * 1000);
    for (size_t i = 1; i < 4; i++)
        CHECK_EQ(fork_at(i), 2);
    cluster_close(&c);
}

/* A log without a single common record has nothing to hold on to, and is forked all the same. */
TEST(fork_at_the_first_record_leaves_an_empty_log)
{
    prepare(3, 0);
    cluster_fork(&c, 0, 1, LANE_CONTROL, "I am one");
    cluster_fork(&c, 0, 2, LANE_CONTROL, "I am another");
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    CHECK_EQ(fork_at(1), 1);
    CHECK_EQ(fork_at(2), 1);
    cluster_close(&c);
}

/* The forker would go on to be heard by those who know. */
TEST(forker_that_goes_on_writing_is_not_heard)
{
    prepare(3, 2);
    cluster_fork(&c, 0, 1, LANE_MEETING, "one");
    cluster_fork(&c, 0, 2, LANE_MEETING, "another");
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    uint64_t before = cluster_records(&c, 1);
    cluster_publish(&c, 0, LANE_MEETING, "a third, at the same number");
    cluster_link(&c, 0, 1);
    cluster_run(&c, 1000);
    CHECK_EQ(fork_at(0), 3); /* it is told, first of all */
    cluster_fork(&c, 0, 0, LANE_MEETING, "and goes on");
    cluster_fork(&c, 0, 2, LANE_MEETING, "and on, at another place");
    cluster_run(&c, 5000);
    CHECK_EQ(cluster_records(&c, 1), before);
    CHECK(cluster_agrees(&c) && cluster_in_sync(&c));
    cluster_close(&c);
}

/* What is left of a forked log, up to the fork, must still reach who has none of it: its last
 * record may have no signature of its own. */
TEST(trunk_reaches_newcomers_after_the_proof)
{
    cluster_init(&c, 4, test_seed());
    for (unsigned i = 0; i < 10; i++)
        cluster_publish(&c, 0, LANE_MEETING, "a long common history");
    cluster_link(&c, 0, 1);
    CHECK(
        cluster_run_until(&c, cluster_in_sync, 5000)); /* in one run: one signature, of number 10 */
    cluster_kill(&c, 0);
    for (unsigned i = 0; i < 7; i++) /* and another history with the first four */
        (void)0;
    struct span bytes;
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    for (uint64_t seq = 1; seq <= 4; seq++) {
        struct record r;
        struct store_tip tip = {.seq = seq};
        CHECK_OK(store_get(c.nodes[0].store, log, seq, &bytes));
        CHECK_OK(record_parse(&r, bytes));
        record_id(tip.head, r.header, r.text);
        CHECK_OK(store_append(c.nodes[2].store, log, &tip, bytes));
    }
    CHECK_OK(store_commit(c.nodes[2].store));
    cluster_kill(&c, 2);
    cluster_start(&c, 2);
    cluster_fork(&c, 0, 2, LANE_MEETING, "from the fifth on");
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    CHECK_EQ(fork_at(1), 5);
    CHECK_EQ(fork_at(2), 5);
    cluster_link(&c, 1, 3); /* 1 holds no signature before number 10 */
    CHECK(cluster_run_until(&c, cluster_in_sync, 10 * 1000));
    CHECK_EQ(fork_at(3), 5);
    CHECK_EQ(cluster_records(&c, 3), 4);
    CHECK_OK(store_get(c.nodes[3].store, log, 4, &bytes));
    cluster_close(&c);
}

/* A proof that comes first would be lost on who has no record of that log yet. */
TEST(proof_may_come_before_the_records)
{
    prepare(3, 0);
    cluster_publish(&c, 0, LANE_MEETING, "common");
    cluster_link(&c, 0, 1);
    CHECK(cluster_run_until(&c, cluster_in_sync, 3000));
    cluster_unlink(&c, 0, 1);
    cluster_fork(&c, 0, 1, LANE_MEETING, "one");
    cluster_publish(&c, 0, LANE_MEETING, "another");
    cluster_link(&c, 0, 1);
    cluster_run(&c, 1000);
    CHECK_EQ(fork_at(1), 2);
    struct span proof;
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    CHECK_OK(mesh_fork_proof(c.nodes[1].mesh, log, &proof));
    uint8_t frame[1024] = {FRAME_PROOF};
    memcpy(frame + 1, proof.data, proof.size);
    cluster_puppet(&c, 2, 7, 1);
    cluster_inject(&c, 2, 7, SPAN(frame, proof.size + 1));
    CHECK_EQ(fork_at(2), 2);
    CHECK_EQ(cluster_records(&c, 2), 0);
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_agrees, 5000));
    CHECK_EQ(cluster_records(&c, 2), 1);
    cluster_close(&c);
}

/* A power cut between proof and commit would leave one node believing what the others do not. */
TEST(crash_while_a_proof_is_stored_ends_in_agreement)
{
    for (unsigned held = 0; held < 2; held++) {
        prepare(3, 2);
        cluster_fork(&c, 0, 1, LANE_MEETING, "one");
        cluster_fork(&c, 0, 2, LANE_MEETING, "another");
        c.nodes[1 + held].commits_held = true;
        cluster_link(&c, 1, 2);
        cluster_run(&c, 500);
        cluster_kill(&c, 1 + held);
        c.nodes[1 + held].commits_held = false;
        cluster_start(&c, 1 + held);
        cluster_link(&c, 1, 2);
        CHECK(cluster_run_until(&c, cluster_in_sync, 60 * 1000));
        CHECK_EQ(fork_at(1), 3);
        CHECK_EQ(fork_at(2), 3);
        cluster_kill(&c, 1);
        cluster_start(&c, 1); /* and it is read again at every start */
        CHECK_EQ(fork_at(1), 3);
        CHECK_EQ(fork_at(2), 3);
        cluster_close(&c);
    }
}

/* Two long histories that part far back would be compared record by record. */
TEST(fork_far_back_is_found_in_a_few_rounds)
{
    prepare(3, 1);
    for (unsigned i = 0; i < 1500; i++) {
        cluster_fork(&c, 0, 1, LANE_MEETING, "x");
        cluster_fork(&c, 0, 2, LANE_MEETING, "y");
    }
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    CHECK_EQ(fork_at(1), 2);
    CHECK_EQ(fork_at(2), 2);
    CHECK(c.frames[FRAME_PROBE] <= 6);
    CHECK_EQ(mesh_log_limit(c.nodes[1].mesh, c.nodes[0].logs[LANE_MEETING].key.public_key), 1);
    cluster_close(&c);
}

/* Anybody could silence anybody with a proof that proves nothing. */
TEST(proofs_that_prove_nothing_are_refused)
{
    prepare(3, 2);
    const uint8_t *log = c.nodes[0].logs[LANE_MEETING].key.public_key;
    uint8_t frame[2048] = {FRAME_PROOF};
    struct wire_writer w = wire_writer(frame + 1, sizeof frame - 1);
    CHECK_OK(fork_branch_put(&w, c.nodes[1].store, log, 2));
    CHECK_OK(fork_branch_put(&w, c.nodes[1].store, log, 2)); /* one record, twice */
    struct fork_proof p;
    CHECK_ERR(fork_proof_parse(&p, wire_written(&w)), HOP_EMALFORMED);
    cluster_puppet(&c, 2, 7, 1);
    cluster_inject(&c, 2, 7, SPAN(frame, w.used + 1));
    CHECK_EQ(c.nodes[2].error, HOP_EMALFORMED);
    CHECK_EQ(mesh_forks(c.nodes[2].mesh, NULL, 0), 0);
    cluster_fork(&c, 0, 1, LANE_MEETING, "one");
    cluster_fork(&c, 0, 2, LANE_MEETING, "another");
    cluster_link(&c, 1, 2);
    CHECK(cluster_run_until(&c, cluster_in_sync, 5000));
    struct span good;
    CHECK_OK(mesh_fork_proof(c.nodes[1].mesh, log, &good));
    uint8_t bad[2048];
    for (size_t bit = 0; bit < good.size * 8;
         bit += 7) { /* nor does a good one with a bit changed */
        memcpy(bad, good.data, good.size);
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(fork_proof_parse(&p, SPAN(bad, good.size)) != HOP_OK);
    }
    for (size_t size = 0; size < good.size; size++)
        CHECK(fork_proof_parse(&p, SPAN(good.data, size)) != HOP_OK);
    cluster_close(&c);
}
