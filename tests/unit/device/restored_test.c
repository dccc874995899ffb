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
    if (store_find(s, STORE_META, span_text("session"), &mark) == HOP_OK)
        CHECK_OK(store_put(copy, STORE_META, span_text("session"), mark));
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

/* A peer shows the number that is written here in the same turn: signed twice, it would be a fork.
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
    while (p->count > 0) {
        const struct party_frame *f = &p->frames[p->first];
        if (!clashed && f->to == 1 && f->bytes[0] == FRAME_LIST) {
            struct text_said why;
            uint8_t id[32];
            struct act a = party_a(p, ACT_OPINION);
            clashed = true;
            CHECK_OK(device_act(x->d, &a, party_wall(p), id, &why)); /* not committed yet */
        }
        party_deliver(p);
    }
    CHECK(clashed);
    party_run(p, 40);
    CHECK(memcmp(x->keys.log[LANE_MEETING].public_key, log, 32) != 0);
    CHECK_EQ(device_forks(x->d, NULL, 0), 0);
    CHECK_OK(say(p, 1)); /* the person is told that it failed, and says it again */
    check_opinions(p, count + 2);
    party_free(p);
}

static const struct text_said *only_notice(struct party *p, uint32_t i)
{
    static struct text_said said[4];
    CHECK_EQ(device_notices(p->devices[i].d, said, 4), 1);
    return &said[0];
}

/* Switched off in order and on again; its key file is saved as the owner does. */
static void stop(struct party *p, uint32_t i)
{
    struct party_device *x = &p->devices[i];
    device_stop(x->d);
    x->keys.changed = false;
    x->saved = x->keys;
}

/* The file put back is from before the last start: it would sign all since then once more, with
 * nobody there to tell it. */
TEST(store_of_an_earlier_session_is_known_at_start)
{
    struct party *p = party_gathered(2);
    party_hold_meeting(p, (struct span){0});
    struct store *backup = copy_of(p->devices[1].store);
    uint32_t before = p->devices[1].keys.incarnation;
    restore(p, 1, copy_of(p->devices[1].store)); /* a power cut, and on again: nothing is lost */
    CHECK_EQ(p->devices[1].keys.incarnation, before);
    CHECK_OK(say(p, 1));
    restore(p, 1, backup);
    CHECK_EQ(p->devices[1].keys.incarnation, before + 1);
    CHECK_EQ(only_notice(p, 1)->id, NOTICE_NOT_WHOLE);
    CHECK_OK(say(p, 1)); /* at once: nobody was met yet */
    party_link_all(p);
    size_t count = party_meeting(p, 0)->opinions_count;
    party_run(p, 40);
    party_check_agree(p);
    CHECK_EQ(party_meeting(p, 0)->opinions_count, count + 1);
    CHECK_EQ(mesh_forks(device_mesh(p->devices[0].d), NULL, 0), 0);
    party_free(p);
}

/* A copy made within the session and put back after an orderly stop. */
TEST(store_shorter_than_at_the_last_stop_is_known_at_start)
{
    struct party *p = party_gathered(2);
    party_hold_meeting(p, (struct span){0});
    CHECK_OK(say(p, 1));
    struct store *early = copy_of(p->devices[1].store);
    CHECK_OK(say(p, 1));
    struct store *late = copy_of(p->devices[1].store);
    uint32_t before = p->devices[1].keys.incarnation;
    stop(p, 1);
    restore(p, 1, late);
    CHECK_EQ(p->devices[1].keys.incarnation, before);
    restore(p, 1, early);
    CHECK_EQ(p->devices[1].keys.incarnation, before + 1);
    CHECK_EQ(only_notice(p, 1)->id, NOTICE_NOT_WHOLE);
    party_free(p);
}

/* Somebody deleted the file. */
TEST(missing_store_is_known_at_start_and_comes_back_from_the_others)
{
    struct party *p = party_gathered(2);
    party_hold_meeting(p, (struct span){0});
    uint64_t records = device_record_count(p->devices[1].d);
    uint32_t before = p->devices[1].keys.incarnation;
    restore(p, 1, store_memory_new(0));
    CHECK_EQ(p->devices[1].keys.incarnation, before + 1);
    party_link_all(p);
    party_run(p, 40);
    CHECK(device_record_count(p->devices[1].d) >= records); /* it owes receipts again */
    party_check_agree(p);
    CHECK_OK(say(p, 1));
    party_free(p);
}

/* One directory on two machines: whoever meets the other's records says so and stops; what both
 * have signed is proven and named, and everybody goes on with the same records. */
TEST(copied_directory_is_named_and_stops)
{
    struct party *p = party_gathered(4);
    party_hold_meeting(p, (struct span){0});
    party_run(p, 40);
    struct party_device *x = &p->devices[1], *y = &p->devices[2];
    p->apart = true; /* else two of one identity would meet */
    for (uint32_t k = 0; k < 4; k++) {
        party_unlink(p, 1, k);
        party_unlink(p, 2, k);
    }
    device_free(y->d); /* 2 becomes a copy of 1 */
    store_close(y->store);
    y->d = NULL;
    y->store = copy_of(x->store);
    y->keys = y->saved = x->saved;
    party_start(p, 2);
    uint8_t log[32];
    memcpy(log, x->keys.log[LANE_MEETING].public_key, 32);
    CHECK_OK(say(p, 1));
    CHECK_OK(say(p, 2)); /* the same number, signed twice */
    party_link(p, 1, 0);
    party_link(p, 2, 3);
    party_run(p, 40);
    for (uint32_t i = 0; i < 4; i++) {
        struct device_fork f[2];
        CHECK_EQ(device_forks(p->devices[i].d, f, 2), 1);
        CHECK_BYTES(f[0].log, log, 32);
        CHECK_EQ(f[0].member, device_self(x->d));
        CHECK_EQ(f[0].own, i == 1 || i == 2);
    }
    CHECK_EQ(only_notice(p, 0)->id, NOTICE_FORK);
    CHECK(memcmp(x->keys.log[LANE_MEETING].public_key, log, 32) != 0);
    CHECK(memcmp(y->keys.log[LANE_MEETING].public_key, log, 32) != 0);
    CHECK_OK(say(p, 1));
    CHECK_OK(say(p, 2)); /* both go on, in logs of their own */
    party_run(p, 40);
    party_check_agree(p);
    party_free(p);
}

/* A copy was met at a link: what it may have written is not here, and the next number may be taken.
 */
TEST(device_that_was_copied_writes_to_new_logs)
{
    struct party *p = party_gathered(3);
    party_hold_meeting(p, (struct span){0});
    party_run(p, 40);
    struct party_device *x = &p->devices[1];
    uint32_t incarnation = x->keys.incarnation;
    uint8_t log[32];
    memcpy(log, x->keys.log[LANE_MEETING].public_key, 32);
    device_copied(x->d);
    CHECK_ERR(say(p, 1), HOP_EREFUSED); /* not one more in the old ones */
    CHECK_OK(say(p, 1));
    CHECK_EQ(x->keys.incarnation, incarnation + 1);
    CHECK(memcmp(x->keys.log[LANE_MEETING].public_key, log, 32) != 0);
    party_run(p, 40);
    party_check_agree(p);
    CHECK_EQ(device_forks(p->devices[0].d, NULL, 0), 0);
    party_free(p);
}
