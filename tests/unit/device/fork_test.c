/* A log that was signed twice, as whole devices see it: what it does to those who believed a
 * branch. */
#include "device/device.h"

#include "tests/unit/device/party.h"

static void say(struct party *p, uint32_t i)
{
    uint8_t id[32];
    struct act a = party_a(p, ACT_OPINION);
    CHECK_OK(party_act(p, i, &a, id));
}

static void part(struct party *p)
{
    p->apart = true;
    for (uint32_t a = 0; a < p->n; a++) {
        for (uint32_t b = 0; b < p->n; b++)
            party_unlink(p, a, b);
    }
}

/* Device `to` is from now on a second copy of device `from`, with all it has. */
static void copy_device(struct party *p, uint32_t from, uint32_t to)
{
    struct party_device *x = &p->devices[from], *y = &p->devices[to];
    uint8_t log[32];
    uint64_t seq;
    device_free(y->d);
    store_close(y->store);
    y->d = NULL;
    y->store = store_memory_new(0);
    CHECK(y->store != NULL);
    for (uint64_t i = 0; store_arrival(x->store, i, log, &seq) == HOP_OK; i++) {
        struct span bytes, session;
        struct record r;
        struct store_tip tip = {.seq = seq};
        CHECK_OK(store_get(x->store, log, seq, &bytes));
        CHECK_OK(record_parse(&r, bytes));
        record_id(tip.head, r.header, r.text);
        CHECK_OK(store_append(y->store, log, &tip, bytes));
        CHECK_OK(store_find(x->store, STORE_META, span_text("session"), &session));
        CHECK_OK(store_put(y->store, STORE_META, span_text("session"), session));
    }
    CHECK_OK(store_commit(y->store));
    y->keys = y->saved = x->saved;
    party_start(p, to);
}

static void check_same(struct party *p, uint32_t a, uint32_t b)
{
    uint8_t one[32], other[32];
    CHECK_EQ(device_pending_count(p->devices[a].d), 0);
    CHECK_EQ(device_pending_count(p->devices[b].d), 0);
    meeting_digest(device_meetings(p->devices[a].d), device_cell(p->devices[a].d), one);
    meeting_digest(device_meetings(p->devices[b].d), device_cell(p->devices[b].d), other);
    CHECK_BYTES(one, other, 32);
}

/* Who had seen a void record would be heard by nobody any more: those who lack it would wait for it
 * for ever, and with them everything he writes. */
TEST(fork_does_not_silence_those_who_believed_a_branch)
{
    struct party *p = party_gathered(4);
    party_hold_meeting(p, (struct span){0});
    party_run(p, 40);
    part(p);
    copy_device(p, 1, 2);
    size_t count = party_meeting(p, 0)->opinions_count;
    say(p, 1); /* one branch */
    say(p, 2); /* and the other */
    party_link(p, 0, 1);
    party_link(p, 2, 3);
    party_run(p, 40);
    CHECK_EQ(party_meeting(p, 0)->opinions_count, count + 1);
    CHECK_EQ(party_meeting(p, 3)->opinions_count, count + 1);
    say(p, 0); /* each after what it believes */
    say(p, 3);
    party_run(p, 10);
    part(p);
    party_link(p, 0, 3);
    party_run(p, 60);
    CHECK_EQ(device_forks(p->devices[0].d, NULL, 0), 1);
    CHECK_EQ(device_forks(p->devices[3].d, NULL, 0), 1);
    check_same(p, 0, 3);
    CHECK_EQ(party_meeting(p, 0)->opinions_count, count + 2); /* both that stand */
    part(p);
    party_crash(p, 0); /* alone, it shows the same */
    CHECK_EQ(party_meeting(p, 0)->opinions_count, count + 2);
    CHECK_EQ(device_pending_count(p->devices[0].d), 0);
    party_link(p, 1, 0);
    party_run(p, 60);
    check_same(p, 0, 1);
    CHECK_EQ(party_meeting(p, 1)->opinions_count,
             count + 2); /* its own is void to itself as well */
    party_free(p);
}

/* After a start, a device would count again what is void. */
TEST(fork_is_remembered_over_a_start)
{
    struct party *p = party_gathered(4);
    party_hold_meeting(p, (struct span){0});
    party_run(p, 40);
    part(p);
    copy_device(p, 1, 2);
    size_t count = party_meeting(p, 0)->opinions_count;
    say(p, 1);
    say(p, 2);
    party_link(p, 0, 1);
    party_link(p, 2, 3);
    party_run(p, 40);
    party_link(p, 0, 3);
    party_run(p, 60);
    CHECK_EQ(party_meeting(p, 0)->opinions_count, count);
    party_crash(p, 0);
    struct device_fork f;
    CHECK_EQ(device_forks(p->devices[0].d, &f, 1), 1);
    CHECK(f.bound && !f.own);
    CHECK_EQ(party_meeting(p, 0)->opinions_count, count);
    CHECK_EQ(device_pending_count(p->devices[0].d), 0);
    party_free(p);
}
