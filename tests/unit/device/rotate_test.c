/* Who may read, on whole devices: removal, leaving, two parts that meet, one more device,
 * observers, keys that are lost. Every claim that somebody cannot read is tried with all the keys
 * it has. */
#include "device/govern.h"
#include "device/state.h"

#include "tests/unit/device/party.h"

/* Can this device open the record, with everything it holds? Tried with each of its epochs, and by
 * each of its KEM keys on each slot there is in anybody's store. */
static bool can_open(const struct party_device *by, const struct record *r)
{
    static uint8_t plain[RECORD_TEXT_BYTES_MAX];
    for (size_t i = 0; i < epochs_count(device_epochs(by->d)); i++) {
        const struct epoch *e = epochs_at(device_epochs(by->d), i);
        struct record_inner inner;
        uint8_t key[32];
        record_key(key, record_class_key(e, r->lane), r->header);
        if (record_open(&inner, plain, r, key) == HOP_OK)
            return true;
    }
    return false;
}

static bool slots_open(const struct party *p, const struct party_device *by, struct store *store)
{
    uint8_t log[32], after[32];
    const uint8_t *from = NULL;
    struct store_tip tip;
    bool opened = false;
    while (store_next_log(store, from, log, &tip) == HOP_OK) {
        for (uint64_t seq = 1; seq <= tip.seq; seq++) {
            struct span bytes;
            struct record r;
            struct epoch_text t;
            struct epoch got;
            CHECK_OK(store_get(store, log, seq, &bytes));
            CHECK_OK(record_parse(&r, bytes));
            if (r.outer == OUTER_SEALED || epoch_text_parse(&t, r.text) != HOP_OK)
                continue;
            struct epoch_context context = {.cell_id = p->devices[0].keys.cell_id, .log = log};
            const struct hop_box_key *kems[] = {&by->keys.kem, &by->keys.kem_before[0],
                                                &by->keys.kem_before[1]};
            for (size_t k = 0; k <= by->keys.kems_before; k++) {
                if (epoch_slot_open(&got, &t, &context, kems[k], false) == HOP_OK &&
                    epochs_by_commit(device_epochs(by->d), got.commit) == NULL)
                    opened = true;
            }
        }
        memcpy(after, log, sizeof after);
        from = after;
    }
    return opened;
}

/* Records of a log of one device that another can and cannot open. */
static void count_open(const struct party *p, uint32_t whose, uint32_t by, size_t *ret_open,
                       size_t *ret_closed)
{
    struct store *store = p->devices[whose].store;
    uint8_t log[32], after[32];
    const uint8_t *from = NULL;
    struct store_tip tip;
    *ret_open = *ret_closed = 0;
    while (store_next_log(store, from, log, &tip) == HOP_OK) {
        for (uint64_t seq = 1; seq <= tip.seq; seq++) {
            struct span bytes;
            struct record r;
            CHECK_OK(store_get(store, log, seq, &bytes));
            CHECK_OK(record_parse(&r, bytes));
            if (r.outer != OUTER_SEALED)
                continue;
            if (can_open(&p->devices[by], &r))
                ++*ret_open;
            else
                ++*ret_closed;
        }
        memcpy(after, log, sizeof after);
        from = after;
    }
}

static const struct epoch *send_of(const struct party *p, uint32_t i)
{
    return epochs_send(device_epochs(p->devices[i].d));
}

static void same_send(const struct party *p, uint32_t a, uint32_t b)
{
    CHECK(send_of(p, a) != NULL && send_of(p, b) != NULL);
    CHECK_BYTES(send_of(p, a)->tag, send_of(p, b)->tag, 16);
}

static void say(struct party *p, uint32_t i)
{
    struct act a = party_a(p, ACT_OPINION);
    uint8_t id[32];
    CHECK_OK(party_act(p, i, &a, id));
}

/* A cell of n, and a meeting that is convened. */
static struct party *convened(uint32_t n)
{
    struct party *p = party_gathered(n);
    struct act a = party_a_meeting();
    uint8_t id[32];
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 10);
    party_check_agree(p);
    return p;
}

static size_t member_of(const struct party *p, uint32_t at, uint32_t whose)
{
    const struct cell_device *x =
        cell_device_by_key(device_cell(p->devices[at].d), p->devices[whose].keys.ik.public_key);
    CHECK(x != NULL);
    return x->member;
}

static void remove_member(struct party *p, uint32_t by, uint32_t whom)
{
    struct text_said why;
    CHECK_OK(device_remove(p->devices[by].d, member_of(p, by, whom), NULL, REASON_REMOVED,
                           party_wall(p), &why));
    CHECK_OK(party_commit(p, by));
}

static size_t opinions(struct party *p, uint32_t i)
{
    return party_meeting(p, i)->opinions_count;
}

/* If this failed, whoever was removed would go on reading. */
TEST(removed_device_opens_nothing_that_is_written_later)
{
    struct party *p = convened(3);
    size_t open, closed, before;
    struct epoch old = *send_of(p, 0);
    count_open(p, 0, 2, &before, &closed);
    CHECK_EQ(closed, 0);
    remove_member(p, 0, 2);
    CHECK(memcmp(send_of(p, 0)->tag, old.tag, 16) != 0); /* in the same turn */
    party_run(p, 10);
    same_send(p, 0, 1);
    say(p, 0);
    say(p, 1);
    party_run(p, 10);
    CHECK_EQ(opinions(p, 0), 2);
    CHECK_EQ(opinions(p, 1), 2);
    CHECK(!slots_open(p, &p->devices[2], p->devices[0].store));
    count_open(p, 0, 2, &open, &closed);
    CHECK(closed >= 4); /* two logs that begin, and two opinions */
    CHECK(open >= before);
    CHECK_EQ(epochs_generation(device_epochs(p->devices[0].d), send_of(p, 0)->commit), 2);
    party_free(p);
}

/* In another part of the cell it was not known: what came from there holds, and what is written
 * after the parts have met is for nobody else. */
TEST(removal_in_one_part_holds_when_the_parts_meet)
{
    struct party *p = convened(4);
    for (uint32_t a = 0; a < 2; a++) {
        for (uint32_t b = 2; b < 4; b++)
            party_unlink(p, a, b);
    }
    p->apart = true;
    remove_member(p, 0, 3);
    say(p, 0);
    say(p, 2);
    say(p, 3); /* it does not know */
    party_run(p, 20);
    CHECK_EQ(opinions(p, 2), 2);
    p->apart = false;
    for (uint32_t a = 0; a < 2; a++)
        party_link(p, a, 2);
    party_run(p, 60);
    same_send(p, 0, 2);
    same_send(p, 1, 2);
    say(p, 2);
    party_run(p, 20);
    CHECK_EQ(device_pending_count(p->devices[0].d), 0);
    CHECK_EQ(device_pending_count(p->devices[2].d), 0);
    CHECK_EQ(opinions(p, 0), opinions(p, 2));
    size_t open, closed;
    count_open(p, 2, 3, &open, &closed);
    CHECK(closed >= 3); /* of the first device since the removal, and of the third since it heard */
    CHECK(!slots_open(p, &p->devices[3], p->devices[0].store));
    CHECK(!slots_open(p, &p->devices[3], p->devices[2].store));
    party_free(p);
}

/* Who leaves does not make the next epoch: somebody must, soon, and not everybody. */
TEST(after_somebody_has_left_one_device_renews_the_epoch)
{
    struct party *p = convened(4);
    struct text_said why;
    struct epoch old = *send_of(p, 0);
    CHECK_OK(device_leave(p->devices[3].d, party_wall(p), &why));
    CHECK_OK(party_commit(p, 3));
    party_run(p, 60); /* nobody writes anything */
    same_send(p, 0, 1);
    same_send(p, 0, 2);
    CHECK(memcmp(send_of(p, 0)->tag, old.tag, 16) != 0);
    const struct epoch *tips[4];
    CHECK_EQ(epochs_tips(device_epochs(p->devices[0].d), tips, 4), 1); /* one did */
    say(p, 1);
    party_run(p, 10);
    size_t open, closed;
    count_open(p, 1, 3, &open, &closed);
    CHECK(closed > 0);
    CHECK(!slots_open(p, &p->devices[3], p->devices[1].store));
    party_free(p);
}

/* Two parts each admit somebody: neither may be left without the other's words. */
TEST(parts_that_each_admitted_somebody_read_each_other_when_they_meet)
{
    struct party *p = party_gathered(2);
    struct act a = party_a_meeting();
    uint8_t id[32];
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 20);
    party_unlink(p, 0, 1);
    p->apart = true;
    party_add(p);
    party_add(p);
    CHECK_OK(party_join(p, 0, 2, "C", ROLE_MEMBER));
    CHECK_OK(party_join(p, 1, 3, "D", ROLE_MEMBER));
    party_link(p, 0, 2);
    party_link(p, 1, 3);
    party_run(p, 10);
    /* each part goes on to an epoch of its own, which the other's newcomer is not in */
    CHECK_OK(device_rotate(p->devices[0].d, EPOCH_AGE, party_wall(p)));
    CHECK_OK(party_commit(p, 0));
    CHECK_OK(device_rotate(p->devices[1].d, EPOCH_AGE, party_wall(p)));
    CHECK_OK(party_commit(p, 1));
    party_run(p, 10);
    say(p, 2);
    say(p, 3);
    party_run(p, 10);
    p->apart = false;
    party_link(p, 0, 1);
    party_run(p, 90);
    for (uint32_t i = 0; i < 4; i++) {
        same_send(p, 0, i);
        CHECK_EQ(device_pending_count(p->devices[i].d), 0);
        CHECK_EQ(opinions(p, i), 2);
    }
    for (uint32_t i = 0; i < 4; i++)
        say(p, i);
    party_run(p, 30);
    party_check_agree(p);
    CHECK_EQ(opinions(p, 3), 6);
    party_free(p);
}

/* A device of one's own: the same member, and all of the past. */
TEST(second_device_of_a_member_reads_all_and_speaks_as_the_same_member)
{
    struct party *p = convened(2);
    struct device_invite invite;
    struct device_join join;
    struct text_said why;
    uint8_t request[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t request_size, answer_size;
    say(p, 0);
    CHECK_OK(device_rotate(p->devices[0].d, EPOCH_AGE, party_wall(p)));
    CHECK_OK(party_commit(p, 0));
    party_run(p, 10);
    say(p, 1);
    party_add(p);
    const struct cell *c = device_cell(p->devices[1].d);
    struct device_invite_ask ask = {.member = cell_member(c, member_of(p, 1, 1))->id};
    CHECK_OK(device_invite_for(p->devices[1].d, &ask, party_wall(p), &invite, &why));
    CHECK_OK(party_commit(p, 1));
    CHECK_OK(device_join_read(&join, invite.text, &why));
    CHECK_OK(device_join_request(p->devices[2].d, &join, request, &request_size));
    device_join_answer(p->devices[1].d, SPAN(request, request_size), join.link_key.public_key,
                       party_wall(p), answer, &answer_size);
    CHECK_OK(party_commit(p, 1));
    CHECK_OK(party_finish(p, 2, &join, SPAN(answer, answer_size), &why));
    party_run(p, 30);
    CHECK_EQ(cell_member_count(device_cell(p->devices[0].d)), 2);
    CHECK_EQ(member_of(p, 0, 2), member_of(p, 0, 1));
    CHECK_EQ(device_pending_count(p->devices[2].d), 0);
    party_check_agree(p);
    CHECK_EQ(opinions(p, 2), 2);
    say(p, 2);
    party_run(p, 10);
    CHECK_EQ(opinions(p, 0), 3);
    CHECK_EQ(party_meeting(p, 0)->opinions[2].member, member_of(p, 0, 1));
    party_free(p);
}

/* An observer reads from its admission on; what was before is closed to it and stops nothing; who
 * becomes a member reads that too. */
TEST(observer_reads_from_its_epoch_on_and_all_once_it_is_a_member)
{
    struct party *p = convened(2);
    struct text_said why;
    say(p, 0);
    party_run(p, 5);
    CHECK_OK(device_rotate(p->devices[0].d, EPOCH_AGE, party_wall(p)));
    CHECK_OK(party_commit(p, 0));
    party_run(p, 10);
    party_add(p);
    CHECK_OK(party_join(p, 0, 2, "C", ROLE_OBSERVER));
    party_run(p, 20);
    struct device *d = p->devices[2].d;
    CHECK_EQ(device_pending_count(d), 0);
    CHECK_EQ(device_record_count(d), device_record_count(p->devices[0].d));
    CHECK_EQ(cell_member_count(device_cell(d)), 3);
    CHECK_EQ(meeting_count(device_meetings(d)), 0); /* it was prepared before */
    size_t open, closed;
    count_open(p, 0, 2, &open, &closed);
    CHECK(closed >= 3);
    say(p, 1); /* names what is closed to the observer */
    party_run(p, 10);
    CHECK_EQ(device_pending_count(d), 0);
    CHECK_EQ(device_record_count(d), device_record_count(p->devices[0].d));
    CHECK_OK(device_set_role(p->devices[0].d, member_of(p, 0, 2), ROLE_MEMBER, CATEGORY_FULL,
                             party_wall(p), &why));
    CHECK_OK(party_commit(p, 0));
    party_run(p, 60);
    CHECK_EQ(meeting_count(device_meetings(d)), 1);
    CHECK_EQ(opinions(p, 2), 2);
    party_check_agree(p);
    party_free(p);
}

/* Its keys are older than what others seal to: it says so, and is given what it cannot open. */
TEST(device_with_keys_from_a_backup_asks_and_is_granted)
{
    struct party *p = convened(3);
    struct device_keys backup = p->devices[2].keys;
    for (int n = 0; n < 4; n++) { /* so that its KEM key is gone from the three it keeps */
        CHECK_OK(device_rotate(p->devices[0].d, EPOCH_AGE, party_wall(p)));
        CHECK_OK(party_commit(p, 0));
        party_run(p, 10);
        say(p, 2);
        party_run(p, 10);
    }
    device_free(p->devices[2].d);
    store_close(p->devices[2].store);
    p->devices[2].d = NULL;
    p->devices[2].store = store_memory_new(0);
    p->devices[2].keys = p->devices[2].saved = backup;
    party_start(p, 2);
    CHECK(p->devices[2].keys.seat_lost != 0);
    party_unlink(p, 0, 2);
    party_unlink(p, 1, 2);
    party_link(p, 0, 2);
    party_link(p, 1, 2);
    party_run(p, 90);
    CHECK_EQ(device_pending_count(p->devices[2].d), 0);
    same_send(p, 0, 2);
    say(p, 2);
    party_run(p, 20);
    party_check_agree(p);
    CHECK_EQ(opinions(p, 0), 5);
    party_free(p);
}

/* A carrier is given the route of every epoch, and stays blind. */
TEST(carrier_follows_the_epochs_and_opens_nothing)
{
    struct party *p = convened(2);
    party_add(p);
    CHECK_OK(party_join(p, 0, 2, "C", ROLE_CARRIER));
    party_run(p, 10);
    same_send(p, 0, 2);
    CHECK_OK(device_rotate(p->devices[0].d, EPOCH_AGE, party_wall(p)));
    CHECK_OK(party_commit(p, 0));
    say(p, 1);
    say(p, 0);
    party_run(p, 20);
    same_send(p, 0, 2);
    CHECK_EQ(send_of(p, 2)->held, EPOCH_ROUTE);
    size_t open, closed;
    count_open(p, 0, 2, &open, &closed);
    CHECK_EQ(open, 0);
    CHECK(closed > 5);
    party_crash(p, 2);
    same_send(p, 0, 2);
    party_free(p);
}

/* A laptop taken now must not speak in what was closed before; and one that was read once, and is
 * clean again, must not be read for ever. */
TEST(new_epoch_brings_new_logs_and_a_new_epoch_key)
{
    struct party *p = convened(2);
    struct device_keys before = p->devices[1].keys;
    CHECK_OK(device_rotate(p->devices[0].d, EPOCH_AGE, party_wall(p)));
    CHECK_OK(party_commit(p, 0));
    party_run(p, 10);
    say(p, 1);
    party_run(p, 10);
    const struct device_keys *k = &p->devices[1].keys;
    CHECK(k->incarnation > before.incarnation);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        CHECK(memcmp(k->log[lane].public_key, before.log[lane].public_key, 32) != 0);
    party_run(p, 10);
    const struct cell_device *x =
        cell_device_by_key(device_cell(p->devices[0].d), k->ik.public_key);
    CHECK_BYTES(x->cert.kem, k->kem.public_key, 32);
    CHECK_BYTES(k->log_epoch, send_of(p, 0)->tag, 16);
    party_check_agree(p);
    party_free(p);
}

/* The power fails, or the disk says no, at every step of a removal: the person tries again, and in
 * the end nobody is shut out who should be in, nor in who should be out. */
static void fail_at(unsigned long n, bool commit, bool crash, bool *ret_fell)
{
    struct party *p = convened(3);
    struct store_faults *f = store_memory_faults(p->devices[0].store);
    struct text_said why;
    *f = (struct store_faults){.error = HOP_EIO};
    if (crash)
        p->devices[0].crash_before = n;
    else
        *(commit ? &f->commit_countdown : &f->write_countdown) = n;
    for (int tries = 0; tries < 4; tries++) {
        struct device *d = p->devices[0].d;
        size_t member = member_of(p, 0, 2);
        if (!cell_member(device_cell(d), member)->active)
            break;
        if (device_remove(d, member, NULL, REASON_REMOVED, party_wall(p), &why) == HOP_OK)
            (void)party_commit(p, 0);
        party_run(p, 3);
    }
    *ret_fell = crash    ? p->devices[0].crash_before == 0
                : commit ? f->commit_countdown == 0
                         : f->write_countdown == 0;
    *f = (struct store_faults){0};
    p->devices[0].crash_before = 0;
    party_run(p, 30);
    same_send(p, 0, 1);
    say(p, 0);
    say(p, 1);
    party_run(p, 10);
    CHECK_EQ(opinions(p, 0), 2);
    CHECK_EQ(opinions(p, 1), 2);
    CHECK_EQ(device_pending_count(p->devices[0].d), 0);
    CHECK_EQ(device_pending_count(p->devices[1].d), 0);
    CHECK(!slots_open(p, &p->devices[2], p->devices[0].store));
    party_crash(p, 0);
    same_send(p, 0, 1);
    party_free(p);
}

TEST(removal_survives_every_failed_write_commit_and_power_cut)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        bool fell = true;
        for (unsigned long n = 1; fell && n < 60; n++)
            fail_at(n, kind == 1, kind == 2, &fell);
    }
}
