/* A store that is older than its key file: a backup put back, a clone. A device that wrote on in
 * its old logs would fork them, and nobody would take its word again. */
#include "device/device.h"

#include "tests/unit/device/party.h"

/* What the store holds now, in a store of its own. */
static struct store *copy_of(struct store *s)
{
    struct store *copy = store_memory_new(0);
    uint8_t log[32];
    uint64_t seq;
    CHECK(copy != NULL);
    for (uint64_t i = 0; store_arrival(s, i, log, &seq) == HOP_OK; i++) {
        struct span bytes;
        struct record r;
        struct store_tip tip = {.seq = seq};
        CHECK_OK(store_get(s, log, seq, &bytes));
        CHECK_OK(record_parse(&r, bytes));
        record_id(tip.head, r.header, r.text);
        CHECK_OK(store_append(copy, log, &tip, bytes));
    }
    struct span mark;
    if (store_find(s, STORE_META, span_text("device"), &mark) == HOP_OK)
        CHECK_OK(store_put(copy, STORE_META, span_text("device"), mark));
    CHECK_OK(store_commit(copy));
    return copy;
}

/* The device goes on with its keys and another store. */
static void restore(struct party *p, uint32_t i, struct store *s)
{
    struct party_device *x = &p->devices[i];
    for (uint32_t k = 0; k < p->n; k++)
        party_unlink(p, i, k);
    device_free(x->d);
    x->d = NULL;
    store_close(x->store);
    x->store = s;
    x->keys = x->saved;
    party_start(p, i);
}

static int say(struct party *p, uint32_t i)
{
    uint8_t id[32];
    struct act a = party_a(p, ACT_OPINION);
    return party_act(p, i, &a, id);
}

static void check_opinions(struct party *p, size_t count)
{
    party_run(p, 40);
    party_check_agree(p);
    for (uint32_t i = 0; i < p->n; i++)
        CHECK_EQ(party_meeting(p, i)->opinions_count, count);
}

/* Of an old backup some logs are there, but not to their end: others know the end. */
TEST(device_whose_store_is_a_backup_writes_new_logs)
{
    struct party *p = party_gathered(3);
    party_hold_meeting(p, (struct span){0});
    size_t count = party_meeting(p, 0)->opinions_count;
    struct store *backup = copy_of(p->devices[1].store);
    CHECK_OK(say(p, 1));
    CHECK_OK(say(p, 1));
    check_opinions(p, count + 2);
    uint32_t before = p->devices[1].keys.incarnation;
    restore(p, 1, backup);
    CHECK_EQ(p->devices[1].keys.incarnation, before); /* it cannot know yet */
    party_run(p, 40);
    CHECK_EQ(p->devices[1].keys.incarnation, before + 1);
    CHECK(!p->devices[1].keys.changed);
    CHECK_OK(say(p, 1));
    check_opinions(p, count + 3);
    party_free(p);
}

static bool is_segment_of(struct span frame, const uint8_t log[static 32])
{
    static struct segment s;
    return frame.data[0] == FRAME_SEGMENT && segment_parse(&s, frame) == HOP_OK &&
           memcmp(s.log, log, SEGMENT_BRIEF_BYTES) == 0;
}

/* The same number comes from a peer and is written here, in one turn: neither may stop the device.
 */
TEST(device_that_writes_while_its_own_records_come_back_lives)
{
    struct party *p = party_gathered(2);
    party_hold_meeting(p, (struct span){0});
    size_t count = party_meeting(p, 0)->opinions_count;
    struct store *backup = copy_of(p->devices[1].store);
    struct party_device *x = &p->devices[1];
    uint8_t log[32];
    memcpy(log, x->keys.log[LANE_MEETING].public_key, 32);
    CHECK_OK(say(p, 1));
    check_opinions(p, count + 1);
    restore(p, 1, backup);
    party_link_all(p);
    bool clashed = false;
    while (p->count > 0 && !clashed) {
        const struct party_frame *f = &p->frames[p->first];
        clashed = f->to == 1 && is_segment_of(SPAN(f->bytes, f->size), log);
        if (clashed) {
            struct text_said why;
            uint8_t id[32];
            struct act a = party_a(p, ACT_OPINION);
            CHECK_OK(device_act(x->d, &a, party_wall(p), id, &why)); /* not committed yet */
        }
        party_deliver(p);
    }
    CHECK(clashed);
    CHECK(memcmp(x->keys.log[LANE_MEETING].public_key, log, 32) != 0);
    party_run(p, 40);
    CHECK_OK(say(p, 1)); /* the person is told that it failed, and says it again */
    check_opinions(p, count + 2);
    party_free(p);
}
