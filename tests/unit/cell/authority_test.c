/* Who may write: one small history for each thing the rule says, with what must come of it. The
 * same histories, and each with some record changed, are the vectors of tests/vectors/authority/,
 * from which a second implementation can check itself:
 *
 *     HOP_VECTORS=. build/debug-gcc/tests/unit/cell/authority_test vectors */
#include "tests/unit/cell/world.h"

#include "base/encode.h"

static struct world w;
static struct fold f;

enum { SECRETARY, DEPUTY, OTHER_DEPUTY, COMMITTEE, MEMBER, PEOPLE };

/* A secretary, two deputies, a committee member and a member, who have all heard of each other. */
static void people(void)
{
    static const enum auth_role roles[PEOPLE] = {ROLE_SECRETARY, ROLE_DEPUTY, ROLE_DEPUTY,
                                                 ROLE_COMMITTEE, ROLE_MEMBER};
    world_found(&w);
    for (uint32_t i = 1; i < PEOPLE; i++)
        (void)world_bring_in(&w, SECRETARY, roles[i], NULL);
    world_meet(&w);
}

/* The same, with secretary and deputies as seats. Returns the CONFIG. */
static uint32_t seats_of_three(void)
{
    static const uint32_t seats[] = {SECRETARY, DEPUTY, OTHER_DEPUTY};
    people();
    uint32_t config =
        world_configure(&w, SECRETARY, 1, w.records[0].id, SECRETARY, seats, 3, NULL, 0);
    world_meet(&w);
    return config;
}

static void fold_all(void)
{
    struct marks all = world_all(&w);
    fold_set(&f, &w, &all);
}

static enum text_id why(uint32_t record)
{
    return fold_why(&f, &w, record);
}

static const struct cell_member *member(uint32_t device)
{
    return cell_member_by_id(f.cell, w.devices[device].member);
}

static enum cell_device_state state(uint32_t device)
{
    const struct cell_device *d = cell_device_by_key(f.cell, w.devices[device].cert.ik);
    CHECK(d != NULL);
    return d->state;
}

/* ---- the histories; each returns the record that the vectors change ---- */

static uint32_t h_founding(void)
{
    world_found(&w);
    return 1;
}

static void c_founding(uint32_t at)
{
    CHECK_EQ(why(at), TEXT_NONE);
    CHECK_EQ(member(SECRETARY)->rank, 3);
}

static uint32_t h_removal(void)
{
    people();
    uint32_t removal = world_remove_member(&w, DEPUTY, MEMBER);
    (void)world_hold(&w, MEMBER, COMMITTEE, false); /* it does not know yet */
    return removal;
}

static void c_removal(uint32_t at)
{
    CHECK_EQ(why(at), TEXT_NONE);
    CHECK(!member(MEMBER)->active);
    CHECK_BYTES(member(MEMBER)->removal, w.records[at].id, 32);
    CHECK_EQ(state(MEMBER), DEVICE_REVOKED);
    CHECK_EQ(why(at + 1), CELL_CUT);
    CHECK(!cell_accepts(f.cell, w.devices[MEMBER].cert.ik, w.devices[MEMBER].log, 1));
}

static uint32_t h_no_mutual_removal(void)
{
    people();
    uint32_t one = world_remove_member(&w, DEPUTY, OTHER_DEPUTY);
    (void)world_remove_member(&w, OTHER_DEPUTY, DEPUTY);
    return one;
}

static void c_no_mutual_removal(uint32_t at)
{
    CHECK_EQ(why(at), CELL_TARGET_RANK);
    CHECK_EQ(why(at + 1), CELL_TARGET_RANK);
    CHECK(member(DEPUTY)->active && member(OTHER_DEPUTY)->active);
}

/* A deputy is removed, and retaliates in a new log that pretends to be older than that. */
static uint32_t h_retaliation(void)
{
    people();
    struct marks old = w.devices[DEPUTY].seen;
    uint32_t removal = world_remove_member(&w, SECRETARY, DEPUTY);
    world_new_log(&w, DEPUTY);
    w.devices[DEPUTY].seen = old;
    (void)world_remove_member(&w, DEPUTY, COMMITTEE);
    (void)world_bring_in(&w, DEPUTY, ROLE_MEMBER, NULL);
    return removal;
}

static void c_retaliation(uint32_t at)
{
    CHECK_EQ(why(at + 1), CELL_CUT);
    CHECK(member(COMMITTEE)->active);
    CHECK_EQ(why(at + 3), CELL_CUT);
    CHECK(member(PEOPLE)->pending); /* whom the removed one let in */
}

/* Removal wins over an office that had not seen it; the office of higher word over the removal. */
static uint32_t h_removal_and_office(void)
{
    people();
    uint32_t removal = world_remove_member(&w, DEPUTY, MEMBER);
    (void)world_set_role(&w, OTHER_DEPUTY, MEMBER, ROLE_COMMITTEE);
    (void)world_remove_member(&w, DEPUTY, COMMITTEE);
    (void)world_set_role(&w, SECRETARY, COMMITTEE, ROLE_DEPUTY);
    return removal;
}

static void c_removal_and_office(uint32_t at)
{
    CHECK(!member(MEMBER)->active);
    CHECK_EQ(why(at + 2), CELL_TARGET_RANK);
    CHECK_EQ(member(COMMITTEE)->rank, 2);
    CHECK(member(COMMITTEE)->active);
}

/* A fall in rank: what its cuts accept keeps its weight, what comes after does not. */
static uint32_t h_fall(void)
{
    people();
    struct invitation before = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, COMMITTEE, AUTH_INVITE, &before.body);
    world_hear(&w, SECRETARY, COMMITTEE);
    uint32_t fall = world_set_role(&w, SECRETARY, COMMITTEE, ROLE_MEMBER);
    struct invitation after = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, COMMITTEE, AUTH_INVITE, &after.body);
    return fall;
}

static void c_fall(uint32_t at)
{
    CHECK_EQ(member(COMMITTEE)->rank, 0);
    CHECK_EQ(why(at - 1), TEXT_NONE);
    CHECK_EQ(why(at + 1), CELL_AUTHOR_RANK);
}

static uint32_t h_majority(void)
{
    static const uint32_t seats[] = {SECRETARY, DEPUTY, COMMITTEE};
    uint32_t first = seats_of_three();
    uint32_t next = world_configure(&w, DEPUTY, 2, w.records[first].id, DEPUTY, seats, 3, NULL, 0);
    world_meet(&w);
    (void)world_sign(&w, OTHER_DEPUTY, next);
    world_meet(&w);
    return next;
}

static void c_majority(uint32_t at)
{
    CHECK_EQ(why(at), TEXT_NONE);
    CHECK_EQ(cell_config(f.cell)->body.number, 2);
    CHECK_EQ(cell_config(f.cell)->signatures, 2);
    CHECK_EQ(cell_config(f.cell)->needed, 2);
    CHECK(cell_secretary(f.cell) == member(DEPUTY));
    CHECK_EQ(member(SECRETARY)->rank, 0);
}

static uint32_t h_minority(void)
{
    static const uint32_t seats[] = {DEPUTY};
    uint32_t first = seats_of_three();
    uint32_t next = world_configure(&w, DEPUTY, 2, w.records[first].id, DEPUTY, seats, 1, NULL, 0);
    world_meet(&w);
    (void)world_sign(&w, MEMBER, next); /* no seat */
    return next;
}

static void c_minority(uint32_t at)
{
    CHECK_EQ(why(at), CELL_CONFIG_WAITS);
    CHECK_EQ(why(at + 1), CELL_NOT_SEAT);
    CHECK_EQ(cell_config(f.cell)->body.number, 1);
    CHECK_EQ(cell_config_waiting_count(f.cell), 1);
    CHECK_EQ(cell_config_waiting(f.cell, 0)->signatures, 1);
}

/* A seat signs two successors: one holds, and the seat has no voice any more. */
static uint32_t h_double_signature(void)
{
    static const uint32_t seats[] = {SECRETARY, DEPUTY, OTHER_DEPUTY};
    uint32_t first = seats_of_three();
    uint32_t x = world_configure(&w, DEPUTY, 2, w.records[first].id, DEPUTY, seats, 3, NULL, 0);
    uint32_t y =
        world_configure(&w, OTHER_DEPUTY, 2, w.records[first].id, OTHER_DEPUTY, seats, 3, NULL, 0);
    world_meet(&w);
    (void)world_sign(&w, SECRETARY, x);
    (void)world_sign(&w, SECRETARY, y);
    world_meet(&w);
    return x;
}

static void c_double_signature(uint32_t at)
{
    uint8_t winner[32], loser[32];
    CHECK(cell_config_conflict(f.cell, winner, loser));
    CHECK(memcmp(winner, loser, 32) < 0);
    CHECK_BYTES(cell_config(f.cell)->record, winner, 32);
    CHECK(cell_device_by_key(f.cell, w.devices[SECRETARY].cert.ik)->double_signed);
    CHECK(!cell_device_by_key(f.cell, w.devices[DEPUTY].cert.ik)->double_signed);
    CHECK_EQ(why(at) == TEXT_NONE ? why(at + 1) : why(at), CELL_CONFIG_LOST);
}

/* A configuration removes the secretary, whom nobody of rank could. */
static uint32_t h_secretary_removed(void)
{
    static const uint32_t seats[] = {DEPUTY, OTHER_DEPUTY}, gone[] = {SECRETARY};
    uint32_t first = seats_of_three();
    (void)world_remove_member(&w, DEPUTY, SECRETARY);
    uint32_t next = world_configure(&w, DEPUTY, 2, w.records[first].id, DEPUTY, seats, 2, gone, 1);
    world_meet(&w);
    (void)world_sign(&w, OTHER_DEPUTY, next);
    (void)world_set_role(&w, SECRETARY, MEMBER, ROLE_DEPUTY);
    return next;
}

static void c_secretary_removed(uint32_t at)
{
    CHECK_EQ(why(at - 1), CELL_TARGET_RANK);
    CHECK(!member(SECRETARY)->active);
    CHECK_EQ(why(at + 2), CELL_CUT);
    CHECK_EQ(member(MEMBER)->rank, 0);
    CHECK(cell_secretary(f.cell) == member(DEPUTY));
}

/* A rogue secretary cuts a deputy at the very beginning; the seats had fixed how far it counts. */
static uint32_t h_checkpoint(void)
{
    uint8_t bytes[32 * AUTH_CUT_BYTES];
    struct auth_checkpoint fixed;
    struct auth_remove rogue = {.reason = REASON_REMOVED};
    (void)seats_of_three();
    (void)world_bring_in(&w, OTHER_DEPUTY, ROLE_MEMBER, NULL);
    world_meet(&w);
    memset(&fixed, 0, sizeof fixed);
    fixed.number = 1;
    fixed.tips = world_cuts(&w, &w.devices[DEPUTY].seen, NULL, NULL, bytes, sizeof bytes);
    uint32_t checkpoint = world_checkpoint(&w, DEPUTY, AUTH_CHECKPOINT, &fixed);
    world_meet(&w);
    (void)world_sign(&w, OTHER_DEPUTY, checkpoint);
    world_meet(&w);
    memcpy(rogue.member, w.devices[COMMITTEE].member, 16);
    (void)world_bring_in(&w, COMMITTEE, ROLE_MEMBER, NULL);
    (void)world_remove(&w, SECRETARY, AUTH_REMOVE, &rogue);
    return checkpoint;
}

static void c_checkpoint(uint32_t at)
{
    uint8_t newest[32];
    CHECK_EQ(why(at), TEXT_NONE);
    cell_checkpoint(f.cell, newest);
    CHECK_BYTES(newest, w.records[at].id, 32);
    CHECK(!member(COMMITTEE)->active);
    CHECK(member(PEOPLE)->active);      /* let in by a deputy, before */
    CHECK(member(PEOPLE + 1)->pending); /* let in by the committee member, after */
}

static uint32_t h_checkpoint_lifts_a_cut(void)
{
    uint8_t bytes[32 * AUTH_CUT_BYTES];
    struct auth_checkpoint fixed;
    struct auth_remove rogue = {.reason = REASON_REMOVED};
    (void)seats_of_three();
    (void)world_bring_in(&w, COMMITTEE, ROLE_MEMBER, NULL);
    world_meet(&w);
    memset(&fixed, 0, sizeof fixed);
    fixed.number = 1;
    fixed.tips = world_cuts(&w, &w.devices[DEPUTY].seen, NULL, NULL, bytes, sizeof bytes);
    uint32_t checkpoint = world_checkpoint(&w, DEPUTY, AUTH_CHECKPOINT, &fixed);
    world_meet(&w);
    (void)world_sign(&w, OTHER_DEPUTY, checkpoint);
    world_meet(&w);
    memcpy(rogue.member, w.devices[COMMITTEE].member, 16);
    (void)world_remove(&w, SECRETARY, AUTH_REMOVE, &rogue); /* names no log at all */
    return checkpoint;
}

static void c_checkpoint_lifts_a_cut(uint32_t at)
{
    CHECK_EQ(why(at), TEXT_NONE);
    CHECK(!member(COMMITTEE)->active);
    CHECK(member(PEOPLE)->active && !member(PEOPLE)->pending);
}

static uint32_t h_seat_stays(void)
{
    static const uint32_t seats[] = {SECRETARY, COMMITTEE};
    people();
    uint32_t config =
        world_configure(&w, SECRETARY, 1, w.records[0].id, SECRETARY, seats, 2, NULL, 0);
    world_meet(&w);
    (void)world_remove_member(&w, DEPUTY, COMMITTEE);
    (void)world_revoke(&w, DEPUTY, COMMITTEE);
    (void)world_go(&w, COMMITTEE);
    (void)world_go(&w, SECRETARY);
    return config;
}

static void c_seat_stays(uint32_t at)
{
    CHECK_EQ(why(at + 1), CELL_TARGET_SEAT);
    CHECK_EQ(why(at + 2), CELL_TARGET_SEAT);
    CHECK_EQ(why(at + 3), CELL_LEAVE_OFFICE);
    CHECK_EQ(why(at + 4), CELL_LEAVE_OFFICE);
    CHECK(member(COMMITTEE)->active && member(SECRETARY)->active);
}

static uint32_t h_leave(void)
{
    people();
    uint32_t phone = world_bring_in(&w, COMMITTEE, ROLE_MEMBER, w.devices[COMMITTEE].member);
    world_meet(&w);
    uint32_t leave = world_go(&w, phone);
    struct invitation late = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, COMMITTEE, AUTH_INVITE, &late.body);
    return leave;
}

static void c_leave(uint32_t at)
{
    CHECK_EQ(why(at), TEXT_NONE);
    CHECK(!member(COMMITTEE)->active);
    CHECK_EQ(state(COMMITTEE), DEVICE_REVOKED);
    CHECK_EQ(state(PEOPLE), DEVICE_REVOKED);
    CHECK_EQ(why(at + 1), CELL_CUT);
}

/* Who was removed comes back with new keys, without office, by an invitation that knew of it. */
static uint32_t h_return(void)
{
    people();
    (void)world_remove_member(&w, SECRETARY, COMMITTEE);
    (void)world_bring_in(&w, SECRETARY, ROLE_COMMITTEE, w.devices[COMMITTEE].member);
    return w.records_count - 1;
}

static void c_return(uint32_t at)
{
    CHECK_EQ(why(at), TEXT_NONE);
    CHECK(member(COMMITTEE)->active);
    CHECK_EQ(member(COMMITTEE)->rank, 0);
    CHECK_EQ(state(COMMITTEE), DEVICE_REVOKED);
    CHECK_EQ(state(PEOPLE), DEVICE_ACTIVE);
}

/* A device brought in for a member does not bring back whom somebody removed meanwhile. */
static uint32_t h_no_return_unknowing(void)
{
    people();
    uint32_t removal = world_remove_member(&w, SECRETARY, MEMBER);
    (void)world_bring_in(&w, COMMITTEE, ROLE_MEMBER, w.devices[MEMBER].member);
    return removal;
}

static void c_no_return_unknowing(uint32_t at)
{
    CHECK_EQ(why(at + 2), TEXT_NONE);
    CHECK(!member(MEMBER)->active);
    CHECK_EQ(state(PEOPLE), DEVICE_REVOKED);
}

/* A device revokes what it brought in, and not the other way round. */
static uint32_t h_own_devices(void)
{
    people();
    uint32_t phone = world_bring_in(&w, MEMBER, ROLE_MEMBER, w.devices[MEMBER].member);
    uint32_t tablet = world_bring_in(&w, phone, ROLE_MEMBER, w.devices[MEMBER].member);
    world_meet(&w);
    uint32_t up = world_revoke(&w, tablet, MEMBER);
    (void)world_revoke(&w, MEMBER, phone);
    return up;
}

static void c_own_devices(uint32_t at)
{
    CHECK_EQ(why(at), CELL_DEVICE_NOT_YOURS);
    CHECK_EQ(why(at + 1), TEXT_NONE);
    CHECK_EQ(state(MEMBER), DEVICE_ACTIVE);
    CHECK_EQ(state(PEOPLE), DEVICE_REVOKED);
    CHECK_EQ(state(PEOPLE + 1), DEVICE_ACTIVE); /* brought in before */
    CHECK(member(MEMBER)->active);
}

static uint32_t h_suspend(void)
{
    people();
    uint32_t phone = world_bring_in(&w, MEMBER, ROLE_MEMBER, w.devices[MEMBER].member);
    world_meet(&w);
    (void)world_hold(&w, phone, MEMBER, false);
    (void)world_hold(&w, COMMITTEE, SECRETARY, false); /* upward too */
    (void)world_hold(&w, MEMBER, MEMBER, true);        /* not itself */
    (void)world_hold(&w, MEMBER, COMMITTEE, false);    /* no office */
    world_meet(&w);
    uint32_t resume = world_hold(&w, DEPUTY, SECRETARY, true);
    (void)world_hold(&w, OTHER_DEPUTY, SECRETARY, false); /* apart from that */
    return resume;
}

static void c_suspend(uint32_t at)
{
    CHECK_EQ(state(MEMBER), DEVICE_SUSPENDED);
    CHECK_EQ(state(SECRETARY), DEVICE_SUSPENDED); /* the last was not answered */
    CHECK_EQ(why(at - 2), CELL_RESUME_SELF);
    CHECK_EQ(why(at - 1), CELL_AUTHOR_RANK);
    CHECK_EQ(member(SECRETARY)->rank, 3); /* held, and still in office */
    CHECK_EQ(state(COMMITTEE), DEVICE_ACTIVE);
}

/* A lost device gets nothing from an office that its member is given later. */
static uint32_t h_office_names_devices(void)
{
    people();
    uint32_t phone = world_bring_in(&w, MEMBER, ROLE_MEMBER, w.devices[MEMBER].member);
    world_meet(&w);
    (void)world_revoke(&w, COMMITTEE, phone);
    world_meet(&w);
    uint32_t role = world_set_role(&w, SECRETARY, MEMBER, ROLE_DEPUTY);
    world_meet(&w);
    (void)world_remove_member(&w, phone, COMMITTEE); /* in a log that nobody cut it in */
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, MEMBER, AUTH_INVITE, &i.body);
    return role;
}

static void c_office_names_devices(uint32_t at)
{
    CHECK_EQ(member(MEMBER)->rank, 2);
    CHECK_EQ(why(at + 1), CELL_CUT);
    CHECK_EQ(why(at + 2), TEXT_NONE);
    CHECK(member(COMMITTEE)->active);
    CHECK_EQ(state(PEOPLE), DEVICE_REVOKED);
}

/* A promotion does not undo what was decided about the member before it. */
static uint32_t h_promotion_keeps_the_past(void)
{
    people();
    (void)world_set_role(&w, DEPUTY, MEMBER, ROLE_COMMITTEE);
    world_meet(&w);
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, MEMBER, AUTH_INVITE, &i.body);
    world_meet(&w);
    return world_set_role(&w, SECRETARY, MEMBER, ROLE_DEPUTY);
}

static void c_promotion_keeps_the_past(uint32_t at)
{
    CHECK_EQ(member(MEMBER)->rank, 2);
    CHECK_EQ(why(at - 1), TEXT_NONE);
    CHECK_EQ(why(at - 2), TEXT_NONE);
}

/* The word of somebody removed is void from the cut on; who was let in by it waits. */
static uint32_t h_pending(void)
{
    people();
    struct auth_remove v = {.reason = REASON_COMPROMISED};
    (void)world_bring_in(&w, COMMITTEE, ROLE_MEMBER, NULL);
    (void)world_bring_in(&w, PEOPLE, ROLE_MEMBER, w.devices[PEOPLE].member);
    world_meet(&w);
    memcpy(v.member, w.devices[COMMITTEE].member, 16);
    return world_remove(&w, SECRETARY, AUTH_REMOVE, &v); /* nothing of it is accepted */
}

static void c_pending(uint32_t at)
{
    CHECK_EQ(why(at), TEXT_NONE);
    CHECK(member(PEOPLE)->pending && !member(PEOPLE)->active);
    CHECK_EQ(state(PEOPLE), DEVICE_REVOKED);
    CHECK_EQ(why(at - 3), CELL_CUT);
    CHECK_EQ(why(at - 1), CELL_AUTHOR_PENDING);
}

static uint32_t h_group(void)
{
    uint8_t ids[2 * 16];
    struct auth_group g;
    struct auth_propose p;
    people();
    memset(&g, 0, sizeof g);
    memset(&p, 0, sizeof p);
    (void)snprintf(g.name, sizeof g.name, "G");
    (void)snprintf(p.name, sizeof p.name, "Somebody");
    bool first = memcmp(w.devices[MEMBER].member, w.devices[COMMITTEE].member, 16) < 0;
    memcpy(ids, w.devices[first ? MEMBER : COMMITTEE].member, 16);
    memcpy(ids + 16, w.devices[first ? COMMITTEE : MEMBER].member, 16);
    memcpy(g.leader, w.devices[MEMBER].member, 16);
    g.members = ids;
    g.members_count = 2;
    uint32_t made = world_group(&w, COMMITTEE, AUTH_GROUP, &g);
    world_meet(&w);
    memcpy(g.group, w.records[made].id, 16);
    memcpy(p.group, g.group, 16);
    g.members_count = 1;
    (void)world_group(&w, MEMBER, AUTH_GROUP, &g); /* the list of members */
    memcpy(g.leader, w.devices[DEPUTY].member, 16);
    (void)world_group(&w, MEMBER, AUTH_GROUP, &g); /* not who leads it */
    uint32_t proposal = world_propose(&w, MEMBER, AUTH_PROPOSE, &p);
    world_meet(&w);
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    memcpy(i.body.proposal, w.records[proposal].id, 32);
    (void)world_invite(&w, COMMITTEE, AUTH_INVITE, &i.body);
    return made;
}

static void c_group(uint32_t at)
{
    CHECK_EQ(cell_group_count(f.cell), 1);
    const struct cell_group *g = cell_group_by_id(f.cell, w.records[at].id);
    CHECK(g != NULL);
    CHECK_EQ(g->members_count, 1);
    CHECK(cell_member(f.cell, g->leader) == member(MEMBER));
    CHECK_EQ(why(at + 2), CELL_GROUP_LEADER);
    CHECK_EQ(cell_proposal_count(f.cell), 1);
    CHECK(cell_proposal(f.cell, 0)->answered);
}

/* An end counts for admissions on no higher word than its own. */
static uint32_t h_invite_end(void)
{
    struct auth_invite_end end = {.reason = 0};
    people();
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, DEPUTY, AUTH_INVITE, &i.body);
    world_meet(&w);
    memcpy(end.invite, i.body.id, 16);
    uint32_t at = world_invite_end(&w, OTHER_DEPUTY, AUTH_INVITE_END, &end);
    world_meet(&w);
    struct auth_admit a = world_make_admit(&w, &i, world_device(&w));
    (void)world_admit(&w, DEPUTY, AUTH_ADMIT, &a);
    return at;
}

static void c_invite_end(uint32_t at)
{
    CHECK_EQ(why(at + 1), CELL_INVITE_ENDED);
    CHECK(cell_invite(f.cell, cell_invite_count(f.cell) - 1)->ended);
    CHECK(member(PEOPLE) == NULL);
}

static uint32_t h_prekey(void)
{
    struct auth_prekey p;
    struct hop_box_key kem;
    uint8_t seed[32] = {7, 7};
    people();
    memset(&p, 0, sizeof p);
    hop_box_keypair(&kem, seed);
    memcpy(p.kem, kem.public_key, 32);
    auth_prekey_sign(&p, &w.devices[MEMBER].ik, w.cell_id);
    uint32_t at = world_prekey(&w, MEMBER, AUTH_PREKEY, &p);
    auth_prekey_sign(&p, &w.devices[COMMITTEE].ik, w.cell_id);
    (void)world_prekey(&w, MEMBER, AUTH_PREKEY, &p); /* signed by another */
    return at;
}

static void c_prekey(uint32_t at)
{
    CHECK_BYTES(cell_device_by_key(f.cell, w.devices[MEMBER].cert.ik)->cert.kem, w.records[at].body,
                32);
    CHECK_EQ(why(at + 1), CELL_CERT_BAD);
}

/* Two give one member different offices apart: the higher word holds, then the lower rank. */
static uint32_t h_offices_apart(void)
{
    people();
    uint32_t at = world_set_role(&w, SECRETARY, MEMBER, ROLE_COMMITTEE);
    (void)world_set_role(&w, DEPUTY, MEMBER, ROLE_OBSERVER);
    (void)world_set_role(&w, DEPUTY, COMMITTEE, ROLE_COMMITTEE);
    (void)world_set_role(&w, OTHER_DEPUTY, COMMITTEE, ROLE_MEMBER);
    return at;
}

static void c_offices_apart(uint32_t at)
{
    (void)at;
    CHECK_EQ(member(MEMBER)->role, ROLE_COMMITTEE);
    CHECK_EQ(member(COMMITTEE)->rank, 0);
}

static const struct history_case {
    const char *name, *about;
    uint32_t (*make)(void);
    void (*check)(uint32_t at);
} cases[] = {
    {"founding", "a founder is a member by its own word", h_founding, c_founding},
    {"removal", "a removal cuts what the removed one writes on", h_removal, c_removal},
    {"no-mutual-removal", "equals cannot remove each other", h_no_mutual_removal,
     c_no_mutual_removal},
    {"retaliation", "what a removed device makes look old is void", h_retaliation, c_retaliation},
    {"removal-and-office", "removal wins over an office given apart by no higher word",
     h_removal_and_office, c_removal_and_office},
    {"fall", "a fall in rank holds beyond its cuts", h_fall, c_fall},
    {"majority", "a configuration that two of three seats signed", h_majority, c_majority},
    {"minority", "a configuration that one of three seats signed", h_minority, c_minority},
    {"double-signature", "a seat signs two successors", h_double_signature, c_double_signature},
    {"secretary-removed", "only a configuration removes a secretary", h_secretary_removed,
     c_secretary_removed},
    {"checkpoint", "a checkpoint fixes only what was there", h_checkpoint, c_checkpoint},
    {"checkpoint-lifts-a-cut", "no cut goes below a checkpoint", h_checkpoint_lifts_a_cut,
     c_checkpoint_lifts_a_cut},
    {"seat-stays", "a seat and its member stay until a configuration says otherwise", h_seat_stays,
     c_seat_stays},
    {"leave", "a member leaves with all devices", h_leave, c_leave},
    {"return", "a return brings new keys and no office", h_return, c_return},
    {"no-return-unknowing", "a new device does not bring back who was removed apart",
     h_no_return_unknowing, c_no_return_unknowing},
    {"own-devices", "a device revokes what it brought in", h_own_devices, c_own_devices},
    {"suspend", "a device is held until somebody who knows resumes it", h_suspend, c_suspend},
    {"office-names-devices", "a lost device gets nothing from a later office",
     h_office_names_devices, c_office_names_devices},
    {"promotion-keeps-the-past", "a promotion undoes nothing that was before it",
     h_promotion_keeps_the_past, c_promotion_keeps_the_past},
    {"pending", "who was let in by a word that is cut waits", h_pending, c_pending},
    {"group", "a leader keeps the list of the group and proposes", h_group, c_group},
    {"invite-end", "an invitation that was ended admits nobody", h_invite_end, c_invite_end},
    {"prekey", "a device tells a newer key", h_prekey, c_prekey},
    {"offices-apart", "of offices given apart one holds", h_offices_apart, c_offices_apart},
};
#define CASES (sizeof cases / sizeof cases[0])

/* Each line of docs/protocol.md §4.4 has a history here: if it were not so, that line would lie. */
TEST(authority_follows_the_rule_in_each_of_these_histories)
{
    for (size_t i = 0; i < CASES; i++) {
        uint32_t at = cases[i].make();
        fold_all();
        cases[i].check(at);
        fold_close(&f);
    }
}

/* ---- as vectors ---- */

static void put_hex(struct buf *b, const uint8_t *bytes, size_t size)
{
    char hex[2 * WORLD_BODY_MAX + 1];
    hex_encode(hex, SPAN(bytes, size));
    buf_text(b, size == 0 ? "-" : hex);
}

static void put_record(struct buf *b, uint32_t i)
{
    const struct written *r = &w.records[i];
    buf_printf(b, "record %u = ", i);
    put_hex(b, r->id, 32);
    buf_text(b, " ");
    put_hex(b, w.devices[r->device].cert.ik, 32);
    buf_text(b, " ");
    put_hex(b, r->log, 32);
    buf_printf(b, " %u %u ", (unsigned)r->seq, r->type);
    for (size_t k = 0; k < r->deps_count; k++)
        buf_printf(b, "%s%u", k == 0 ? "" : ",", r->deps[k]);
    buf_text(b, r->deps_count == 0 ? "- " : " ");
    put_hex(b, r->body, r->size);
    buf_text(b, "\n");
}

static void put_members(struct buf *b)
{
    static const char *const states[] = {"active", "suspended", "revoked"};
    for (size_t i = 0; i < cell_member_count(f.cell); i++) {
        const struct cell_member *m = cell_member(f.cell, i);
        buf_text(b, "member ");
        put_hex(b, m->id, 16);
        buf_printf(b, " role %d category %d rank %u %s by ", (int)m->role, (int)m->category,
                   m->rank,
                   m->pending  ? "pending"
                   : m->active ? "active"
                               : "gone");
        put_hex(b, m->admitted_by, 16);
        buf_text(b, "\n");
    }
    for (size_t i = 0; i < cell_device_count(f.cell); i++) {
        const struct cell_device *d = cell_device(f.cell, i);
        buf_text(b, "device ");
        put_hex(b, d->cert.ik, 32);
        buf_printf(b, " of %u %s%s%s kem ", d->member, states[d->state], d->seat ? " seat" : "",
                   d->double_signed ? " void-seat" : "");
        put_hex(b, d->cert.kem, 32);
        buf_text(b, "\n");
    }
}

/* The state of the fold as lines; the reasons for what is void are for people and stay out. */
static void put_state(struct buf *b)
{
    const struct cell_config *config = cell_config(f.cell);
    if (config != NULL) {
        buf_printf(b, "config %u ", config->body.number);
        put_hex(b, config->record, 32);
        buf_text(b, "\n");
    }
    put_members(b);
    for (size_t i = 0; i < cell_group_count(f.cell); i++) {
        const struct cell_group *g = cell_group(f.cell, i);
        buf_text(b, "group ");
        put_hex(b, g->id, 16);
        buf_printf(b, " leader %d members", g->leader == UINT32_MAX ? -1 : (int)g->leader);
        for (size_t k = 0; k < g->members_count; k++)
            buf_printf(b, " %u", g->members[k]);
        buf_text(b, "\n");
    }
    buf_text(b, "void");
    for (uint32_t i = 0; i < w.records_count; i++) {
        if (fold_why(&f, &w, i) != TEXT_NONE)
            buf_printf(b, " %u", i);
    }
    buf_text(b, "\n");
}

static void put_changed(struct buf *b, const char *what, uint32_t at)
{
    buf_printf(b, "\nchanged: %s\n", what);
    put_record(b, at);
    fold_all();
    put_state(b);
    fold_close(&f);
}

/* The record by somebody of no rank; in a log of its author that nothing had named; having seen
 * nothing; with one byte of its body changed. */
static void put_changes(struct buf *b, uint32_t at)
{
    struct written *r = &w.records[at], kept = *r;
    uint32_t last = w.devices[r->device].last;
    r->device = w.devices_count - 1;
    memset(r->log, 0xdd, 32);
    r->seq = 1;
    if (last == at) /* else its log would have a gap */
        put_changed(b, "another author", at);
    *r = kept;
    if (at > 1) {
        r->deps_count = 0;
        put_changed(b, "no deps", at);
        *r = kept;
    }
    for (size_t n = 0; n < 3; n++) {
        size_t byte = n == 0 ? 0 : n == 1 ? r->size / 2 : r->size - 1;
        r->body[byte] ^= n == 2 ? 0x80 : 0x01;
        put_changed(b, "a byte of the body", at);
        *r = kept;
    }
}

static void put_case(struct buf *b, const struct history_case *k)
{
    uint32_t at = k->make();
    buf_printf(b, "# %s\n", k->about);
    buf_text(b, "cell = ");
    put_hex(b, w.cell_id, 32);
    buf_text(b, "\n");
    for (uint32_t i = 0; i < w.records_count; i++)
        put_record(b, i);
    buf_text(b, "\nstate:\n");
    fold_all();
    put_state(b);
    fold_close(&f);
    put_changes(b, at);
}

/* A second implementation reads these files: if the code and they part, one of the two is wrong. */
TEST(authority_vectors_hold)
{
    const char *write_to = getenv("HOP_VECTORS");
    static char want[1u << 20];
    for (size_t i = 0; i < CASES; i++) {
        struct buf b = {0};
        char path[300];
        (void)snprintf(path, sizeof path, "%s/tests/vectors/authority/%s.txt",
                       write_to == NULL ? "." : write_to, cases[i].name);
        put_case(&b, &cases[i]);
        FILE *file = fopen(path, write_to == NULL ? "rb" : "wb");
        if (file == NULL)
            fail_msg("%s cannot be opened; run the test from the top of the tree", path);
        if (write_to != NULL) {
            CHECK(fwrite(b.data, 1, b.size, file) == b.size);
        } else {
            size_t n = fread(want, 1, sizeof want - 1, file);
            want[n] = '\0';
            CHECK_TEXT(buf_string(&b), want);
        }
        CHECK_EQ(fclose(file), 0);
        buf_free(&b);
    }
}
