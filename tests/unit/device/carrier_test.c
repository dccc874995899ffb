/* A carrier keeps and passes on what it cannot read. */
#include "tests/unit/device/party.h"

#include "tests/lib/test.h"

/* A member, a carrier that meets both, and a member who is met only by the carrier. */
static struct party *with_carrier(void)
{
    struct party *p = party_new(3);
    CHECK_OK(party_found(p, 0));
    CHECK_OK(party_join(p, 0, 1, "Người chuyển tin", ROLE_CARRIER));
    CHECK_OK(party_join(p, 0, 2, "Hùng", ROLE_MEMBER));
    return p;
}

static bool store_holds(struct store *s, struct span words)
{
    uint8_t log[32], after[32];
    const uint8_t *from = NULL;
    struct store_tip tip;
    while (store_next_log(s, from, log, &tip) == HOP_OK) {
        for (uint64_t seq = 1; seq <= tip.seq; seq++) {
            struct span record;
            CHECK_OK(store_get(s, log, seq, &record));
            for (size_t at = 0; at + words.size <= record.size; at++) {
                if (memcmp(record.data + at, words.data, words.size) == 0)
                    return true;
            }
        }
        memcpy(after, log, sizeof after);
        from = after;
    }
    return false;
}

/* If this failed, two members who never meet would not hear of each other. */
TEST(carrier_brings_records_from_one_member_to_another)
{
    struct party *p = with_carrier();
    struct act a = party_a_meeting();
    uint8_t id[32];
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_unlink(p, 0, 2);
    party_unlink(p, 1, 2);
    party_link(p, 0, 1);
    party_run(p, 20);
    party_unlink(p, 0, 1);
    party_link(p, 1, 2);
    party_run(p, 20);
    CHECK(party_meeting(p, 2) != NULL);
    CHECK_EQ(party_meeting(p, 2)->stage, STAGE_CONVENED);
    party_free(p);
}

/* If this failed, whoever takes the carrier's laptop would read the cell's papers. */
TEST(carrier_cannot_read_what_it_carries)
{
    struct party *p = with_carrier();
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    party_link(p, 0, 1);
    party_run(p, 20);
    struct device *d = p->devices[1].d;
    struct device *founder = p->devices[0].d;
    CHECK(device_record_count(founder) > 5);
    CHECK_EQ(device_record_count(d), 0);         /* it has opened none */
    CHECK(device_pending_count(d) > 5);          /* and holds them */
    CHECK(cell_genesis(device_cell(d)) == NULL); /* it does not know whose they are */
    CHECK(!store_holds(p->devices[1].store, span_text("Họp tháng 12")));
    /* no key of the founder's epoch is among its own, or follows from them: nothing opens */
    const struct epoch *epoch = epochs_send(device_epochs(founder));
    const struct epoch *held = epochs_send(device_epochs(d));
    CHECK_EQ(held->held, EPOCH_ROUTE);
    CHECK_BYTES(held->route, epoch->route, 32);
    CHECK_EQ(p->devices[1].keys.epochs_count, 1);
    CHECK_BYTES(p->devices[1].keys.epochs[0].secret, epoch->route, 32);
    CHECK(memcmp(held->auth, epoch->auth, 32) != 0);
    CHECK(memcmp(held->body, epoch->body, 32) != 0);
    uint8_t media[32];
    CHECK_ERR(epochs_media_key(device_epochs(d), p->meeting, media), HOP_ENOTFOUND);
    party_free(p);
}

/* It says why, instead of failing somewhere deep. */
TEST(carrier_is_told_that_it_writes_nothing)
{
    struct party *p = with_carrier();
    struct act a = party_a_meeting();
    struct text_said why = {0};
    uint8_t id[32];
    CHECK_ERR(device_act(p->devices[1].d, &a, party_wall(p), id, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, CELL_CARRIER);
    party_free(p);
}

/* A carrier that was switched off is a carrier when it comes back. */
TEST(carrier_stays_one_after_a_restart)
{
    struct party *p = with_carrier();
    party_link(p, 0, 1);
    party_run(p, 20);
    uint64_t held = device_pending_count(p->devices[1].d);
    party_crash(p, 1);
    CHECK_EQ(device_pending_count(p->devices[1].d), held);
    CHECK(p->devices[1].keys.carrier);
    CHECK_EQ(device_record_count(p->devices[1].d), 0);
    party_free(p);
}
