#include "device/bundle.h"

#include "tests/unit/device/party.h"

/* Devices that never meet: what one writes on a stick, another reads. A stick here is the bytes of
 * all sections ever written to it. */
static struct buf stick;
static struct bundle_inventory on_stick;

static void stick_begin(void)
{
    buf_free(&stick);
    bundle_inventory_free(&on_stick);
}

static void part_all(struct party *p)
{
    for (uint32_t a = 0; a < p->n; a++) {
        for (uint32_t b = a + 1; b < p->n; b++)
            party_unlink(p, a, b);
    }
}

/* Everything that device i would write; how many bytes. */
static size_t visit_write(struct party *p, uint32_t i, const bool *members, bool all)
{
    struct device_bundle_ask ask = {
        .there = &on_stick, .members = members, .all = all, .bytes_aim = 32768};
    size_t before = stick.size, last;
    bool seen;
    CHECK_OK(device_bundle_seen(p->devices[i].d, party_wall(p), &seen));
    CHECK_OK(party_commit(p, i));
    do {
        last = stick.size;
        CHECK_OK(device_bundle_write(p->devices[i].d, &ask, &stick));
        CHECK_OK(bundle_inventory_read(&on_stick, SPAN(stick.data + last, stick.size - last)));
    } while (stick.size > last);
    return stick.size - before;
}

static size_t take_all(struct party *p, uint32_t i, struct span blocks)
{
    struct bundle_scan scan = {0};
    struct bundle_block b;
    size_t taken = 0, budget = DEVICE_BUNDLE_BUDGET;
    while (bundle_scan(&scan, blocks, true, &b) == BUNDLE_FOUND) {
        struct mesh_in in = {.type =
                                 b.kind == BUNDLE_SEGMENT ? MESH_IN_CARRIED : MESH_IN_CARRIED_BLOB,
                             .bytes = b.payload};
        if (b.kind != BUNDLE_LIST && device_bundle_admits(p->devices[i].d, &b, &budget) == HOP_OK)
            taken += party_step(p, i, in) == HOP_OK;
    }
    CHECK_OK(party_commit(p, i));
    return taken;
}

/* As often as it brings something: records first, then what they name. */
static size_t visit_read(struct party *p, uint32_t i)
{
    size_t taken = 0, more;
    while ((more = take_all(p, i, buf_written(&stick))) > 0)
        taken += more;
    return taken;
}

static struct span a_document(void)
{
    static uint8_t bytes[200000];
    struct rng r = test_rng("document");
    test_random(&r, bytes, sizeof bytes);
    return SPAN(bytes, sizeof bytes);
}

static bool holds(const struct party *p, uint32_t i)
{
    const struct meeting *m = party_meeting(p, i);
    struct device_opened o;
    struct buf bytes = {0};
    struct act doc;
    if (m == NULL || m->documents_count == 0)
        return false;
    CHECK_OK(device_open_entry(p->devices[i].d, m->documents[0].entry, &o));
    CHECK_OK(act_parse(&doc, ACT_DOC, o.body));
    int err = device_get_document(p->devices[i].d, &doc, &bytes);
    bool same = err == HOP_OK && span_equal(buf_written(&bytes), a_document());
    free(o.bytes);
    buf_free(&bytes);
    return same;
}

/* A meeting is prepared by device 0 while nobody is there. */
static void prepare_alone(struct party *p)
{
    uint8_t id[32];
    struct act a = party_a_meeting();
    part_all(p);
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    CHECK_OK(party_document(p, 0, a_document(), id));
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
}

/* A cell whose villages share nothing but a courier could not meet. */
TEST(bundle_carries_a_meeting_both_ways_on_one_stick)
{
    struct party *p = party_gathered(3);
    uint8_t id[32];
    stick_begin();
    prepare_alone(p);
    CHECK(visit_write(p, 0, NULL, false) > 200000);
    CHECK(visit_read(p, 1) > 0);
    CHECK(holds(p, 1));
    struct act a = party_a(p, ACT_OPINION);
    a.item = 1;
    CHECK_OK(party_act(p, 1, &a, id));
    CHECK(visit_write(p, 1, NULL, false) < 8192); /* only what it adds */
    CHECK(visit_read(p, 2) > 0);                  /* from both, at one visit */
    CHECK(holds(p, 2));
    CHECK_EQ(party_meeting(p, 2)->opinions_count, 1);
    CHECK(visit_write(p, 2, NULL, false) < 8192);
    CHECK(visit_read(p, 0) > 0);
    CHECK_EQ(party_meeting(p, 0)->opinions_count, 1);
    CHECK_EQ(party_meeting(p, 0)->receipts[0].state, RECEIPT_RECEIVED);
    CHECK_EQ(party_meeting(p, 0)->receipts[1].state, RECEIPT_RECEIVED);
    CHECK(visit_read(p, 1) > 0); /* the receipts of the other two */
    CHECK_EQ(visit_read(p, 1), 0);
    stick_begin();
    party_free(p);
}

/* Every bundle would be the whole history, or would leave out what somebody lacks. */
TEST(bundle_leaves_out_what_everybody_is_known_to_have)
{
    struct party *p = party_gathered(3);
    party_hold_meeting(p, a_document());
    for (uint32_t i = 0; i < p->n; i++) { /* each says something, having seen all of it */
        struct act a = party_a(p, ACT_VOTE);
        uint8_t id[32];
        CHECK_OK(party_act(p, i, &a, id));
    }
    party_run(p, 10);
    part_all(p);
    stick_begin();
    CHECK(visit_write(p, 0, NULL, false) < 4096);
    stick_begin();
    CHECK(visit_write(p, 0, NULL, true) > 200000); /* unless it is asked for */
    stick_begin();
    uint8_t id[32];
    struct act a = party_a(p, ACT_OPINION);
    CHECK_OK(party_act(p, 1, &a, id)); /* nobody else has this */
    CHECK(visit_write(p, 1, NULL, false) > 0);
    CHECK(visit_read(p, 0) > 0);
    CHECK(visit_read(p, 2) > 0);
    CHECK_EQ(party_meeting(p, 2)->opinions_count, party_meeting(p, 1)->opinions_count);
    CHECK_EQ(visit_write(p, 1, NULL, false), 0); /* it is on the stick already */
    stick_begin();
    party_free(p);
}

/* A device that only reads would be sent everything again, for ever. */
TEST(bundle_says_what_a_silent_reader_has_seen)
{
    struct party *p = party_gathered(3);
    stick_begin();
    prepare_alone(p);
    (void)visit_write(p, 0, NULL, false);
    CHECK(visit_read(p, 1) > 0);
    CHECK(visit_read(p, 2) > 0);
    (void)visit_write(p, 1, NULL, false);
    (void)visit_write(p, 2, NULL, false);
    CHECK(visit_read(p, 0) > 0);
    bool seen;
    CHECK_OK(device_bundle_seen(p->devices[0].d, party_wall(p), &seen));
    CHECK_OK(party_commit(p, 0));
    stick_begin(); /* another stick, and both are known to have it all */
    CHECK(visit_write(p, 0, NULL, false) < 4096);
    CHECK_OK(device_bundle_seen(p->devices[0].d, party_wall(p), &seen));
    CHECK(!seen); /* nothing but that others have seen things: two devices would never end */
    stick_begin();
    party_free(p);
}

/* Those who are linked exchange what they have; nobody links anew. */
static void party_wait(struct party *p)
{
    for (unsigned n = 0; n < 20; n++) {
        while (p->count > 0)
            party_deliver(p);
        p->now += HOP_SECOND / 2;
        for (uint32_t i = 0; i < p->n; i++) {
            (void)party_step(p, i, (struct mesh_in){.type = MESH_IN_TIMEOUT});
            (void)party_commit(p, i);
        }
    }
}

/* What is meant for one would be held back by what another has, or the other way round. */
TEST(bundle_for_some_leaves_out_what_they_have)
{
    struct party *p = party_gathered(3);
    uint8_t id[32];
    struct act a = party_a_meeting();
    part_all(p);
    party_link(p, 0, 1);
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_wait(p);
    a = party_a(p, ACT_OPINION);
    CHECK_OK(party_act(p, 1, &a, id)); /* 1 has seen the meeting and says so */
    party_wait(p);
    part_all(p);
    const bool for_1[3] = {false, true, false}, for_2[3] = {false, false, true};
    stick_begin();
    size_t small = visit_write(p, 0, for_1, false);
    stick_begin();
    size_t large = visit_write(p, 0, for_2, false);
    CHECK(small < large);
    CHECK(visit_read(p, 2) > 0);
    CHECK(party_meeting(p, 2) != NULL);
    CHECK_EQ(party_meeting(p, 2)->opinions_count, 1);
    stick_begin();
    party_free(p);
}

/* A device that lost its store would never get its records back from a stick: what its old logs
 * said it had seen must not count. */
TEST(bundle_brings_all_to_a_device_with_new_logs)
{
    struct party *p = party_gathered(3);
    uint8_t id[32];
    party_hold_meeting(p, a_document());
    struct act a = party_a(p, ACT_VOTE);
    CHECK_OK(party_act(p, 1, &a, id));
    party_run(p, 10);
    struct party_device *x = &p->devices[1];
    struct hop_drbg drbg;
    uint8_t seed[32] = {9};
    hop_drbg_seed(&drbg, seed);
    device_keys_reincarnate(&x->keys, &drbg); /* as after a restore */
    x->saved = x->keys;
    device_free(x->d);
    x->d = NULL;
    part_all(p);
    party_start(p, 1);
    a = party_a(p, ACT_OPINION);
    a.item = 2;
    CHECK_OK(party_act(p, 1, &a, id));
    uint64_t known[PARTY_LOGS_MAX];
    CHECK(history_log_count(device_history(p->devices[1].d)) <= PARTY_LOGS_MAX);
    CHECK_OK(device_bundle_known(p->devices[1].d, x->keys.ik.public_key, known));
    size_t whole = 0;
    for (uint32_t k = 0; k < history_log_count(device_history(x->d)); k++)
        whole += known[k] == UINT64_MAX;
    CHECK_EQ(whole, 1); /* the meeting log of the new incarnation, and no old one */
    party_free(p);
}

/* ---- what need not be carried any more ---- */

/* Of the writer's meeting log: how far everybody has it; and of documents, how many blobs. */
static uint64_t had(struct party *p, uint32_t i, size_t *ret_blobs)
{
    struct buf bytes = {0};
    struct bundle_inventory v = {0};
    CHECK_OK(device_bundle_had(p->devices[i].d, &bytes));
    CHECK_OK(bundle_inventory_read(&v, buf_written(&bytes)));
    *ret_blobs = 0;
    for (size_t k = 0; k < v.count; k++)
        *ret_blobs += v.items[k].type == BUNDLE_CHUNK ? 1 : 0;
    uint64_t reach = bundle_inventory_reach(&v, p->devices[0].keys.log[LANE_MEETING].public_key, 1);
    bundle_inventory_free(&v);
    buf_free(&bytes);
    return reach;
}

/* A file removed from the stick while one village has not read it is lost on the way. */
TEST(bundle_is_had_by_all_only_when_the_last_has_said_so)
{
    struct party *p = party_gathered(3);
    size_t blobs;
    stick_begin();
    prepare_alone(p);
    uint64_t before = had(p, 0, &blobs);
    (void)visit_write(p, 0, NULL, false);
    (void)visit_read(p, 1);
    (void)visit_write(p, 1, NULL, false);
    (void)visit_read(p, 0); /* one of two has answered */
    CHECK_EQ(had(p, 0, &blobs), before);
    CHECK_EQ(blobs, 0);
    (void)visit_read(p, 2);
    (void)visit_write(p, 2, NULL, false);
    CHECK_EQ(had(p, 1, &blobs), before); /* it has not heard of the third */
    (void)visit_read(p, 0);
    CHECK(had(p, 0, &blobs) >= before + 3); /* the meeting, the document, the notice */
    CHECK_EQ(blobs, 5);
    party_free(p);
    p = party_new(1);
    CHECK_OK(party_found(p, 0));
    struct buf bytes = {0};
    CHECK_OK(device_bundle_had(p->devices[0].d, &bytes));
    CHECK_EQ(bytes.size, 0); /* alone: nothing is had by others */
    stick_begin();
    party_free(p);
}

/* ---- looking ---- */

static void look(struct party *p, uint32_t i, struct device_bundle_view *ret)
{
    CHECK_OK(device_bundle_look(p->devices[i].d, buf_written(&stick), ret));
}

/* A person would have to import to know what it is, or be told wrongly. */
TEST(bundle_tells_what_it_brings_before_it_is_read)
{
    struct party *p = party_gathered(3);
    struct device_bundle_view v;
    stick_begin();
    prepare_alone(p);
    (void)visit_write(p, 0, NULL, false);
    look(p, 0, &v); /* the writer: what the others lack */
    CHECK_EQ(v.carried.counts[BUNDLE_ITEM_NOTICE], 1);
    CHECK_EQ(v.carried.counts[BUNDLE_ITEM_DOCUMENT], 1);
    CHECK_EQ(v.carried.documents_whole, 1);
    CHECK(!v.lacks[0] && v.lacks[1] && v.lacks[2]);
    device_bundle_view_free(&v);
    uint64_t before = device_record_count(p->devices[1].d);
    look(p, 1, &v); /* a reader: what is new */
    CHECK_EQ(v.fresh.counts[BUNDLE_ITEM_MEETING], 1);
    CHECK_EQ(v.fresh.counts[BUNDLE_ITEM_NOTICE], 1);
    CHECK_EQ(v.fresh.counts[BUNDLE_ITEM_DOCUMENT], 1);
    CHECK_EQ(v.fresh.documents_whole, 1);
    CHECK_EQ(v.fresh.counts[BUNDLE_ITEM_SEALED], 0);
    CHECK(!v.lacks[0] && !v.lacks[1] && v.lacks[2]);
    CHECK_EQ(v.missing_count + v.foreign + v.bad + v.forked, 0);
    CHECK_EQ(device_record_count(p->devices[1].d), before); /* nothing was stored */
    device_bundle_view_free(&v);
    (void)visit_read(p, 1);
    look(p, 1, &v);
    CHECK_EQ(v.fresh.counts[BUNDLE_ITEM_NOTICE], 0);
    CHECK_EQ(v.carried.counts[BUNDLE_ITEM_NOTICE], 1);
    CHECK(!v.lacks[0] && v.lacks[2]);
    device_bundle_view_free(&v);
    (void)visit_read(p, 2);
    (void)visit_write(p, 2, NULL, false);
    (void)visit_read(p, 1);
    look(p, 1, &v);
    CHECK(v.lacks[0] && !v.lacks[2]); /* 2 has said what it has seen; 0 lacks its receipts */
    CHECK_EQ(v.carried.counts[BUNDLE_ITEM_RECEIPT], 2);
    CHECK_EQ(v.carried.counts[BUNDLE_ITEM_NOTICE], 0);
    device_bundle_view_free(&v);
    stick_begin();
    party_free(p);
}

/* The stick without its blob number `without`, as the command shows it; how many blobs it has. */
static unsigned stick_without(unsigned without, struct buf *ret)
{
    struct bundle_scan scan = {0};
    struct bundle_block b;
    struct bundle_blob blob;
    unsigned count = 0;
    while (bundle_scan(&scan, buf_written(&stick), true, &b) == BUNDLE_FOUND) {
        struct bundle_entry e = {.type = BUNDLE_CHUNK};
        struct buf list = {0};
        if (b.kind == BUNDLE_LIST || (b.kind == BUNDLE_BLOB && count++ == without))
            continue;
        bundle_block_put(ret, b.kind, b.payload);
        if (b.kind != BUNDLE_BLOB)
            continue;
        CHECK_OK(bundle_blob_parse(&blob, b.payload));
        memcpy(e.id, blob.name, 32);
        bundle_list_put(&list, &e, 1);
        bundle_block_put(ret, BUNDLE_LIST, buf_written(&list));
        buf_free(&list);
    }
    return count;
}

/* "1 document" said of a stick that lacks a part of it: somebody would carry it over the mountain
 * for nothing. */
TEST(bundle_calls_a_document_whole_only_with_every_part_of_it)
{
    struct party *p = party_gathered(2);
    struct device_bundle_view v;
    stick_begin();
    prepare_alone(p);
    (void)visit_write(p, 0, NULL, false);
    unsigned blobs = 5; /* four chunks and their node */
    for (unsigned without = 0; without <= blobs; without++) {
        struct buf shown = {0};
        CHECK_EQ(stick_without(without, &shown), blobs);
        CHECK_OK(device_bundle_look(p->devices[1].d, buf_written(&shown), &v));
        CHECK_EQ(v.fresh.counts[BUNDLE_ITEM_DOCUMENT], 1);
        CHECK_EQ(v.fresh.documents_whole, without < blobs ? 0 : 1);
        device_bundle_view_free(&v);
        struct bundle_entry run = {.type = BUNDLE_RUN, .first = 1, .last = 100};
        struct buf list = {0}; /* its writer has all of it; what counts is what the stick has */
        memcpy(run.id, p->devices[0].keys.log[LANE_MEETING].public_key, 32);
        bundle_list_put(&list, &run, 1);
        bundle_block_put(&shown, BUNDLE_LIST, buf_written(&list));
        CHECK_OK(device_bundle_look(p->devices[0].d, buf_written(&shown), &v));
        CHECK_EQ(v.carried.counts[BUNDLE_ITEM_DOCUMENT], 1);
        CHECK_EQ(v.carried.documents_whole, without < blobs ? 0 : 1);
        device_bundle_view_free(&v);
        buf_free(&shown);
        buf_free(&list);
    }
    stick_begin();
    party_free(p);
}

/* Damage would pass in silence. */
TEST(bundle_names_what_is_missing)
{
    struct party *p = party_gathered(2);
    struct device_bundle_view v;
    struct buf parts = {0}, list = {0};
    struct bundle_scan scan = {0};
    struct bundle_block b;
    uint8_t id[32];
    part_all(p);
    stick_begin();
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    (void)visit_write(p, 0, NULL, false);
    struct buf first = stick;
    stick = (struct buf){0};
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    (void)visit_write(p, 0, NULL, false);
    look(p, 1, &v); /* only the second section was found */
    CHECK_EQ(v.fresh.counts[BUNDLE_ITEM_NOTICE], 1);
    CHECK_EQ(v.missing_count, 1);
    CHECK_EQ(v.missing_total, 1);
    CHECK_EQ(v.missing[0].member, HISTORY_NONE); /* a log that nobody has shown us yet */
    CHECK(!v.missing[0].lost);
    struct bundle_entry lost = {
        .type = BUNDLE_LOST, .first = v.missing[0].first, .last = v.missing[0].last};
    memcpy(lost.id, v.missing[0].log, 32);
    bundle_list_put(&list, &lost, 1);
    bundle_block_put(&stick, BUNDLE_LIST, buf_written(&list));
    device_bundle_view_free(&v);
    look(p, 1, &v);
    CHECK_EQ(v.missing_total, 1); /* the gap and what was lost are one thing */
    CHECK(v.missing[0].lost);
    device_bundle_view_free(&v);
    CHECK_EQ(visit_read(p, 1), 0);
    while (bundle_scan(&scan, buf_written(&first), true, &b) == BUNDLE_FOUND)
        bundle_block_put(&parts, b.kind, b.payload);
    CHECK(take_all(p, 1, buf_written(&parts)) > 0);
    CHECK(visit_read(p, 1) > 0);
    CHECK(party_meeting(p, 1)->notice != NULL);
    buf_free(&parts);
    buf_free(&list);
    buf_free(&first);
    stick_begin();
    party_free(p);
}

/* A stick of another cell, or of nobody, would fill the store. */
TEST(bundle_of_another_cell_is_refused)
{
    struct party *p = party_gathered(2), *q = party_new(2);
    struct device_bundle_view v;
    uint8_t id[32];
    struct device_join join;
    device_free(q->devices[0].d); /* the same keys; another start founds another cell */
    q->devices[0].d = NULL;
    party_start(q, 0);
    CHECK_OK(party_found(q, 0));
    CHECK_OK(party_join(q, 0, 1, "Khác", ROLE_MEMBER));
    party_run(q, 5);
    part_all(q);
    CHECK_OK(party_invite(q, 0, "Thêm", ROLE_MEMBER, &join));
    struct act a = party_a_meeting();
    CHECK_OK(party_act(q, 0, &a, id));
    stick_begin();
    CHECK(visit_write(q, 0, NULL, true) > 0);
    uint64_t before = device_record_count(p->devices[1].d);
    look(p, 1, &v);
    CHECK(v.foreign > 0);
    for (size_t i = 0; i < BUNDLE_ITEMS_COUNT; i++)
        CHECK_EQ(v.fresh.counts[i], 0);
    device_bundle_view_free(&v);
    CHECK_EQ(visit_read(p, 1), 0);
    CHECK_EQ(device_record_count(p->devices[1].d), before);
    CHECK_EQ(device_pending_count(p->devices[1].d), 0);
    stick_begin();
    party_free(q);
    party_free(p);
}

/* A log of nobody's could take the whole disk, if only it named our epoch. */
TEST(bundle_of_a_log_that_is_bound_to_nobody_takes_no_more_than_its_budget)
{
    struct party *p = party_gathered(2);
    struct bundle_scan scan = {0};
    struct bundle_block b = {0};
    stick_begin();
    part_all(p);
    struct act a = party_a_meeting();
    uint8_t id[32];
    CHECK_OK(party_act(p, 0, &a, id));
    (void)visit_write(p, 0, NULL, false);
    size_t small = 10, enough = 100000, unbound = 0;
    while (bundle_scan(&scan, buf_written(&stick), true, &b) == BUNDLE_FOUND) {
        if (b.kind != BUNDLE_SEGMENT)
            continue;
        int err = device_bundle_admits(p->devices[1].d, &b, &small);
        unbound += err == HOP_EFULL;
        CHECK(err == HOP_OK || err == HOP_EFULL);
        CHECK_OK(device_bundle_admits(p->devices[1].d, &b, &enough));
    }
    CHECK_EQ(unbound, 1); /* the meeting log; the control log was bound at the admission */
    CHECK(enough < 100000);
    stick_begin();
    party_free(p);
}
