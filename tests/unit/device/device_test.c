/* Whole devices: founding, coming in, acting, documents, disks that fail. */
#include "device/device.h"

#include "tests/unit/device/party.h"

/* The story all of hop is for: three devices hold a meeting and show the same. */
TEST(devices_hold_a_meeting_and_agree)
{
    struct party *p = party_gathered(3);
    uint8_t id[32];
    party_hold_meeting(p, span_text("Dự thảo"));
    for (uint32_t i = 0; i < 3; i++) {
        struct act a = party_a(p, ACT_VOTE);
        CHECK_OK(party_act(p, i, &a, id));
    }
    party_run(p, 10);
    struct act a = party_a(p, ACT_TALLY);
    CHECK_OK(party_act(p, 0, &a, id));
    a = party_a(p, ACT_CLOSE);
    CHECK_OK(party_act(p, 0, &a, id));
    CHECK_OK(party_sign_minutes(p, 0));
    party_run(p, 10);
    party_check_agree(p);
    const struct meeting *m = party_meeting(p, 2);
    CHECK_EQ(m->stage, STAGE_CLOSED);
    CHECK_EQ(m->motions[0].agree, 3);
    CHECK_EQ(m->motions[0].outcome, OUTCOME_ADOPTED);
    CHECK_EQ(m->minutes_count, 1);
    CHECK_EQ(m->receipts_count, 2);
    CHECK_EQ(m->receipts[0].state, RECEIPT_RECEIVED);
    CHECK_EQ(m->receipts[1].state, RECEIPT_RECEIVED);
    CHECK_EQ(m->documents[0].receipts[1].state, RECEIPT_RECEIVED);
    CHECK(p->own_records_sent > 0);
    party_free(p);
}

/* A device switched off and on again knows what it knew, without a peer. */
TEST(device_starts_again_with_all_it_had)
{
    struct party *p = party_gathered(2);
    uint8_t before[32], after[32];
    party_hold_meeting(p, span_text("Dự thảo"));
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t records = device_record_count(p->devices[i].d);
        party_digest(p, i, before);
        party_crash(p, i);
        CHECK_EQ(device_record_count(p->devices[i].d), records);
        party_digest(p, i, after);
        CHECK_BYTES(after, before, 32);
        CHECK_EQ(device_self(p->devices[i].d), i);
    }
    party_free(p);
}

/* Several receipts owed at once: each leaves only after its own commit (party_check_leaving()), or
 * a power cut would make the device sign another record with the same number: a fork. */
TEST(device_receipts_leave_only_when_durable)
{
    struct party *p = party_gathered(2);
    uint8_t id[32];
    party_unlink(p, 0, 1);
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    for (unsigned n = 0; n < 4; n++)
        CHECK_OK(party_document(p, 0, span_text("Dự thảo"), id));
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 10);
    party_check_agree(p);
    for (unsigned n = 0; n < 4; n++)
        CHECK_EQ(party_meeting(p, 0)->documents[n].receipts[0].state, RECEIPT_RECEIVED);
    party_free(p);
}

/* A vote cast behind a split is kept and shown as late, on every device alike. */
TEST(device_vote_that_the_close_had_not_seen_is_late_for_everybody)
{
    struct party *p = party_gathered(3);
    uint8_t id[32];
    party_hold_meeting(p, (struct span){0});
    for (uint32_t i = 0; i < 2; i++) {
        struct act a = party_a(p, ACT_VOTE);
        CHECK_OK(party_act(p, i, &a, id));
    }
    party_run(p, 10);
    struct act vote = party_a(p, ACT_VOTE), tally = party_a(p, ACT_TALLY);
    CHECK_OK(party_act(p, 2, &vote, id)); /* its frame is still on the way */
    CHECK_OK(party_act(p, 0, &tally, id));
    party_run(p, 10);
    party_check_agree(p);
    CHECK_EQ(party_meeting(p, 1)->motions[0].late, 1);
    CHECK_EQ(party_meeting(p, 1)->motions[0].agree, 2);
    party_free(p);
}

/* Before a cell there is nothing to show and nothing to do, and no crash. */
TEST(device_without_a_cell_says_so)
{
    struct party *p = party_new(1);
    struct device *d = p->devices[0].d;
    struct text_said why;
    struct act a = party_a_meeting();
    struct device_invite invite;
    uint8_t id[32];
    CHECK(!device_has_cell(d));
    CHECK(device_mesh(d) == NULL);
    CHECK_EQ(device_self(d), HISTORY_NONE);
    CHECK_EQ(device_deadline(d), HOP_NEVER);
    CHECK_EQ(meeting_count(device_meetings(d)), 0);
    CHECK_ERR(device_act(d, &a, 0, id, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, CELL_NONE);
    CHECK_ERR(device_invite(d, "B", ROLE_MEMBER, CATEGORY_FULL, NULL, 0, &invite, &why),
              HOP_EREFUSED);
    CHECK_ERR(party_step(p, 0, (struct mesh_in){.type = MESH_IN_TIMEOUT}), HOP_ENOTFOUND);
    CHECK_OK(party_commit(p, 0));
    party_free(p);
}

/* One device, one cell: a second one would mix their keys. */
TEST(device_founds_once)
{
    struct party *p = party_new(1);
    CHECK_OK(party_found(p, 0));
    uint64_t records = device_record_count(p->devices[0].d);
    CHECK_ERR(party_found(p, 0), HOP_EREFUSED);
    CHECK_EQ(device_record_count(p->devices[0].d), records);
    party_free(p);
}

/* A founding that is refused must leave nothing behind, or the device can never found again. */
TEST(device_refused_founding_leaves_nothing)
{
    struct party *p = party_new(1);
    struct device *d = p->devices[0].d;
    struct text_said why;
    uint8_t *large = calloc(1, 1u << 20);
    static const char *const bad[] = {"", "\xff"};
    char long_name[AUTH_NAME_BYTES_MAX + 2];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    CHECK(large != NULL);
    for (size_t i = 0; i < 3; i++) {
        const char *name = i < 2 ? bad[i] : long_name;
        CHECK_ERR(device_found(d, name, "p", span_text("x"), "A", ROLE_SECRETARY, 0, &why),
                  HOP_EREFUSED);
        CHECK_ERR(device_found(d, "C", "p", span_text("x"), name, ROLE_SECRETARY, 0, &why),
                  HOP_EREFUSED);
        CHECK(!device_has_cell(d));
    }
    CHECK(device_found(d, "C", "p", SPAN(large, 1u << 20), "A", ROLE_SECRETARY, 0, &why) != HOP_OK);
    (void)party_commit(p, 0);
    CHECK(!device_has_cell(p->devices[0].d));
    CHECK_OK(party_found(p, 0));
    CHECK_EQ(device_self(p->devices[0].d), 0);
    party_crash(p, 0);
    CHECK_EQ(device_self(p->devices[0].d), 0);
    free(large);
    party_free(p);
}

/* ---- disks ---- */

/* A full disk stops writing and nothing else; when there is room again, everything goes on. */
TEST(device_goes_on_when_a_full_disk_has_room_again)
{
    struct party *p = party_gathered(2);
    struct text_said why;
    uint8_t id[32];
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    uint64_t records = device_record_count(p->devices[0].d);
    for (uint32_t full = 0; full < 2; full++) {
        store_memory_limit(p->devices[full].store, 1);
        for (unsigned n = 0; n < 3; n++) {
            a = party_a_meeting();
            CHECK_ERR(device_act(p->devices[0].d, &a, 0, id, &why),
                      full == 0 ? HOP_ENOSPACE : HOP_OK);
            CHECK(full != 0 || why.id == ACT_STORE_FULL);
            CHECK_ERR(party_commit(p, 0), full == 0 ? HOP_ENOSPACE : HOP_OK);
        }
        party_run(p, 5);
        CHECK_EQ(device_record_count(p->devices[full].d), records);
        store_memory_limit(p->devices[full].store, 0);
        party_run(p, 200); /* the mesh rests up to two minutes after a store that failed */
        records = device_record_count(p->devices[0].d);
        party_check_agree(p);
        records = device_record_count(p->devices[1].d);
    }
    a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 10);
    party_check_agree(p);
    CHECK_EQ(party_meeting(p, 0)->receipts[0].state, RECEIPT_RECEIVED);
    party_free(p);
}

/* ---- greeting ---- */

/* The frame that device 0 has just sent. */
static struct span last_sent(const struct party *p)
{
    CHECK(p->count > 0);
    const struct party_frame *f = &p->frames[(p->first + p->count - 1) % PARTY_FRAMES_MAX];
    return SPAN(f->bytes, f->size);
}

/* Another implementation, written from the page, would be taken for a stranger: the pair key and
 * all that follows from it are worked out here from the keys alone. */
TEST(device_greets_by_the_kem_keys_of_its_roster)
{
    struct party *p = party_gathered(2);
    const struct device_keys *keys[2] = {&p->devices[0].keys, &p->devices[1].keys};
    uint8_t point[32], context[96], pair[32], sync_key[32], binding[32] = {0xb1};
    uint8_t frame[KNOWN_BYTES(0)], hint[GREET_HINT_BYTES];
    CHECK_OK(hop_box_shared(point, keys[1]->kem.secret, keys[0]->kem.public_key));
    size_t first = memcmp(keys[0]->ik.public_key, keys[1]->ik.public_key, 32) < 0 ? 0 : 1;
    memcpy(context, keys[0]->cell_id, 32);
    memcpy(context + 32, keys[first]->ik.public_key, 32);
    memcpy(context + 64, keys[1 - first]->ik.public_key, 32);
    hop_derive(pair, 32, point, LABEL_PAIR, SPAN(context, sizeof context));
    memcpy(sync_key, keys[0]->sync_key, sizeof sync_key);
    party_unlink(p, 0, 1);
    mesh_link link = p->link[0][1] = ++p->links_made;
    p->link[1][0] = link;
    struct mesh_in in = {.type = MESH_IN_LINK_UP, .link = link, .bytes = SPAN(binding, 32)};
    CHECK_OK(party_step(p, 0, in));
    struct greet_scope scope = {pair, binding, {{0}, 0}};
    CHECK_OK(frame_greet_parse(&scope.greet, last_sent(p)));
    greet_hint(hint, sync_key, binding, false, keys[0]->ik.public_key);
    CHECK_BYTES(scope.greet.hint, hint, sizeof hint);
    struct frame_known known = {0};
    struct frame_vouch vouch, want;
    struct wire_writer w = wire_writer(frame, sizeof frame);
    greet_hint(hint, sync_key, binding, true, keys[1]->ik.public_key);
    known.hint = hint[0];
    greet_known_seal(&known, &scope);
    frame_known_put(&w, &known);
    in = (struct mesh_in){.type = MESH_IN_FRAME, .link = link, .bytes = wire_written(&w)};
    CHECK_OK(party_step(p, 0, in));
    CHECK_OK(frame_vouch_parse(&vouch, last_sent(p)));
    greet_vouch(&want, &scope, known.mac);
    CHECK_BYTES(vouch.mac, want.mac, sizeof want.mac);
    party_free(p);
}
