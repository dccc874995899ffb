/* Stories of a cell that governs itself through splits, losses and retaliation: whole devices with
 * real keys, in virtual time. */
#include "tests/unit/device/party.h"

#include "device/govern.h"

enum { AN, BINH, CHAU, DUNG, EM }; /* secretary, deputy, committee member, member, one more */

static const char *const names[] = {"Nguyễn Văn A", "Bình", "Châu", "Dũng", "Em"};

static struct device *dev(struct party *p, uint32_t i)
{
    return p->devices[i].d;
}

static const uint8_t *key(const struct party *p, uint32_t i)
{
    return p->devices[i].keys.ik.public_key;
}

/* The member called so, as device i has it. */
static size_t who(struct party *p, uint32_t i, uint32_t person)
{
    const struct cell *c = device_cell(dev(p, i));
    for (size_t k = 0; k < cell_member_count(c); k++) {
        if (strcmp(cell_member(c, k)->name, names[person]) == 0)
            return k;
    }
    fail_msg("%s is not known to device %u", names[person], (unsigned)i);
    return 0;
}

static const struct cell_member *member(struct party *p, uint32_t i, uint32_t person)
{
    return cell_member(device_cell(dev(p, i)), who(p, i, person));
}

static const struct cell_device *device_of(struct party *p, uint32_t i, uint32_t person)
{
    return cell_device_by_key(device_cell(dev(p, i)), key(p, person));
}

static struct party *cell_of_four(void)
{
    static const enum auth_role roles[] = {ROLE_SECRETARY, ROLE_DEPUTY, ROLE_COMMITTEE,
                                           ROLE_MEMBER};
    struct party *p = party_new(4);
    CHECK_OK(party_found(p, AN));
    for (uint32_t i = BINH; i <= DUNG; i++)
        CHECK_OK(party_join(p, AN, i, names[i], roles[i]));
    party_run(p, 20);
    party_check_agree(p);
    return p;
}

/* Two sides that do not hear each other; `apart` in the middle of nobody. */
static void split(struct party *p, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    p->apart = true;
    for (uint32_t i = 0; i < p->n; i++) {
        for (uint32_t k = i + 1; k < p->n; k++)
            party_unlink(p, i, k);
    }
    party_link(p, a, b);
    party_link(p, c, d);
}

static void done(struct party *p, uint32_t i, int err)
{
    CHECK_OK(err);
    CHECK_OK(party_commit(p, i));
}

static void remove_person(struct party *p, uint32_t by, uint32_t person)
{
    struct text_said why = {0};
    done(p, by,
         device_remove(dev(p, by), who(p, by, person), NULL, REASON_REMOVED, party_wall(p), &why));
}

static const uint8_t *send_tag(struct party *p, uint32_t i)
{
    const struct epoch *e = epochs_send(device_epochs(dev(p, i)));
    CHECK(e != NULL);
    return e->tag;
}

static bool can_read(struct party *p, uint32_t reader, uint32_t writer)
{
    return epochs_by_tag(device_epochs(dev(p, reader)), send_tag(p, writer)) != NULL;
}

static bool hears(struct party *p, uint32_t i, enum text_id id)
{
    struct text_said said[16];
    size_t count = device_govern_notices(dev(p, i), said, 16);
    for (size_t k = 0; k < count; k++) {
        if (said[k].id == id)
            return true;
    }
    return false;
}

static void agree(struct party *p, uint32_t a, uint32_t b)
{
    uint8_t first[32], second[32];
    party_digest(p, a, first);
    party_digest(p, b, second);
    CHECK_BYTES(second, first, 32);
}

/* Three seats: An's, Bình's, Châu's. */
static void three_seats(struct party *p)
{
    uint8_t seats[3][32], id[32];
    struct text_said why = {0};
    for (uint32_t i = 0; i < 3; i++)
        memcpy(seats[i], key(p, i), 32);
    struct device_config_change change = {.seats = (const uint8_t(*)[32])seats, .seats_count = 3};
    CHECK(hears(p, AN, NOTICE_FEW_SEATS));
    done(p, AN, device_configure(dev(p, AN), &change, party_wall(p), id, &why));
    party_run(p, 20);
    for (uint32_t i = 0; i < p->n; i++) {
        CHECK_EQ(cell_config(device_cell(dev(p, i)))->body.number, 1);
        CHECK(!hears(p, i, NOTICE_FEW_SEATS));
    }
}

static void minutes_of(struct party *p, uint32_t i, struct buf *ret)
{
    *ret = (struct buf){0};
    CHECK_OK(meeting_minutes_text(device_meetings(dev(p, i)), device_cell(dev(p, i)),
                                  party_meeting(p, i), TEXT_VI, ret));
}

static void act_on_meeting(struct party *p, uint32_t i, enum act_type type)
{
    uint8_t id[32];
    struct act a = party_a(p, type);
    CHECK_OK(party_act(p, i, &a, id));
}

/* A cell whose secretary is gone would never have another; or the old one would change the past. */
TEST(story_of_a_secretary_replaced_by_the_seats)
{
    struct party *p = cell_of_four();
    struct text_said why = {0};
    struct buf before, after;
    uint8_t id[32];
    three_seats(p);
    party_hold_meeting(p, (struct span){0});
    act_on_meeting(p, AN, ACT_TALLY);
    act_on_meeting(p, AN, ACT_CLOSE);
    party_run(p, 20);
    minutes_of(p, CHAU, &before);
    split(p, BINH, CHAU, CHAU, DUNG); /* An is lost */
    const struct device_config_change change = {.secretary = member(p, BINH, BINH)->id};
    CHECK_ERR(device_configure(dev(p, DUNG), &change, party_wall(p), id, &why), HOP_EREFUSED);
    CHECK_TEXT(text_key(why.id), text_key(GOVERN_NOT_SEAT));
    done(p, BINH, device_configure(dev(p, BINH), &change, party_wall(p), id, &why));
    party_run(p, 20);
    CHECK_EQ(cell_config(device_cell(dev(p, DUNG)))->body.number,
             1); /* one of three is no majority */
    CHECK(hears(p, CHAU, NOTICE_CONFIG_WAITS));
    done(p, CHAU, device_cosign(dev(p, CHAU), id, party_wall(p), &why));
    party_run(p, 20);
    CHECK_EQ(cell_config(device_cell(dev(p, DUNG)))->body.number, 2);
    CHECK_TEXT(cell_secretary(device_cell(dev(p, DUNG)))->name, names[BINH]);
    p->apart = false; /* An was only travelling */
    party_run(p, 30);
    party_check_agree(p);
    for (uint32_t i = 0; i < p->n; i++) {
        CHECK_EQ(member(p, i, BINH)->rank, 3);
        CHECK(member(p, i, AN)->active);
        CHECK(member(p, i, AN)->rank < 3);
    }
    minutes_of(p, AN, &after);
    CHECK_TEXT(buf_string(&after), buf_string(&before));
    buf_free(&before);
    buf_free(&after);
    party_free(p);
}

/* Removals on the two sides of a split would undo each other, or depend on who merges first. */
TEST(story_of_a_split_where_both_sides_remove)
{
    struct party *p = cell_of_four();
    split(p, AN, DUNG, BINH, CHAU);
    remove_person(p, AN, CHAU);   /* and Châu, who has not heard of it … */
    remove_person(p, CHAU, DUNG); /* … removes Dũng, who is with An */
    party_run(p, 20);
    CHECK(member(p, BINH, CHAU)->active);
    CHECK(!member(p, BINH, DUNG)->active);
    CHECK(member(p, AN, DUNG)->active);
    party_link(p, AN, BINH);
    party_run(p, 30);
    for (uint32_t i = AN; i <= BINH; i++) {
        CHECK(!member(p, i, CHAU)->active);
        CHECK(member(p, i, DUNG)->active); /* what Châu wrote lies beyond the cut */
    }
    agree(p, AN, BINH);
    p->apart = false;
    party_run(p, 30);
    agree(p, AN, DUNG);
    CHECK(can_read(p, DUNG, AN));
    CHECK(!can_read(p, CHAU, AN));
    party_free(p);
}

/* A thief with the secretary's open laptop would go on reading what is written after the loss. */
TEST(story_of_a_stolen_laptop)
{
    struct party *p = cell_of_four();
    struct text_said why = {0};
    p->apart = true;
    party_unlink(p, AN, BINH);
    party_unlink(p, AN, CHAU);
    party_unlink(p, AN, DUNG);
    CHECK_ERR(device_suspend(dev(p, DUNG), key(p, AN), false, REASON_LOST, party_wall(p), &why),
              HOP_EREFUSED); /* a plain member may not */
    CHECK_TEXT(text_key(why.id), text_key(GOVERN_NO_EFFECT));
    done(p, BINH,
         device_suspend(dev(p, BINH), key(p, AN), false, REASON_LOST, party_wall(p), &why));
    party_run(p, 20);
    CHECK_EQ(device_of(p, DUNG, AN)->state, DEVICE_SUSPENDED);
    CHECK_TEXT(cell_secretary(device_cell(dev(p, DUNG)))->name, names[AN]); /* keeps the office */
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, CHAU, &a, p->meeting));
    party_run(p, 20);
    CHECK(!can_read(p, AN, CHAU));
    uint64_t records = device_record_count(dev(p, AN));
    p->apart = false; /* the thief comes near */
    party_run(p, 30);
    CHECK_EQ(device_record_count(dev(p, AN)), records);
    CHECK(meeting_find(device_meetings(dev(p, AN)), p->meeting) == NULL);
    done(p, CHAU, device_suspend(dev(p, CHAU), key(p, AN), true, REASON_LOST, party_wall(p), &why));
    party_run(p, 60); /* found again */
    CHECK(can_read(p, AN, CHAU));
    CHECK(meeting_find(device_meetings(dev(p, AN)), p->meeting) != NULL);
    party_free(p);
}

/* Who was removed would reach back, by records that pretend to be older than the removal. */
TEST(story_of_retaliation_by_back_dating)
{
    struct party *p = cell_of_four();
    struct text_said why = {0};
    uint8_t id[32], before[32], after[32];
    party_hold_meeting(p, (struct span){0});
    split(p, AN, DUNG, BINH, CHAU);
    remove_person(p, AN, CHAU);
    party_run(p, 20);
    party_digest(p, AN, before);
    for (int i = 0; i < 4; i++) { /* dated a year before */
        struct act a = party_a(p, ACT_OPINION);
        CHECK_OK(device_act(dev(p, CHAU), &a, PARTY_WALL / 2, id, &why));
        CHECK_OK(party_commit(p, CHAU));
    }
    act_on_meeting(p, CHAU, ACT_VOTE);
    remove_person(p, CHAU, DUNG);
    party_run(p, 20);
    CHECK(!member(p, BINH, DUNG)->active); /* Bình believes it, not having heard */
    party_link(p, AN, BINH);
    party_run(p, 40);
    party_digest(p, AN, after);
    CHECK_BYTES(after, before, 32);
    agree(p, AN, BINH);
    agree(p, AN, DUNG);
    CHECK(member(p, BINH, DUNG)->active);
    CHECK(device_beyond_cuts(dev(p, BINH), NULL, 0) >= 5); /* kept, and shown without effect */
    party_free(p);
}

/* A leader of a group would have to be of the committee, or nobody would know on whose word. */
TEST(story_of_a_group_leader_who_proposes)
{
    struct party *p = cell_of_four();
    struct text_said why = {0};
    struct auth_group g = {.name = "Tổ 1", .members_count = 1};
    struct auth_propose propose = {.name = "Em", .role = ROLE_MEMBER};
    uint8_t ids[16];
    memcpy(g.leader, member(p, AN, DUNG)->id, 16);
    memcpy(ids, g.leader, 16);
    g.members = ids;
    done(p, AN, device_set_group(dev(p, AN), &g, party_wall(p), propose.group, &why));
    party_run(p, 20);
    CHECK_ERR(device_propose(dev(p, CHAU), &propose, party_wall(p), &why), HOP_EREFUSED);
    CHECK_TEXT(text_key(why.id), text_key(GOVERN_NOT_LEADER));
    done(p, DUNG, device_propose(dev(p, DUNG), &propose, party_wall(p), &why));
    party_run(p, 20);
    CHECK(hears(p, CHAU, NOTICE_PROPOSAL));
    CHECK(!hears(p, DUNG, NOTICE_PROPOSAL));
    party_free(p);
}

/* Who has left would be written for until somebody happened to think of the keys. */
TEST(story_of_leaving)
{
    struct party *p = cell_of_four();
    struct text_said why = {0};
    uint8_t id[32];
    struct act a = party_a_meeting();
    done(p, DUNG, device_leave(dev(p, DUNG), party_wall(p), &why));
    party_run(p, 60);
    for (uint32_t i = AN; i <= CHAU; i++) {
        CHECK(!member(p, i, DUNG)->active);
        CHECK(!can_read(p, DUNG, i));
        agree(p, AN, i);
    }
    CHECK_OK(party_act(p, AN, &a, p->meeting));
    party_run(p, 30);
    CHECK(meeting_find(device_meetings(dev(p, BINH)), p->meeting) != NULL);
    CHECK(meeting_find(device_meetings(dev(p, DUNG)), p->meeting) == NULL);
    CHECK(device_act(dev(p, DUNG), &a, party_wall(p), id, &why) == HOP_EREFUSED);
    CHECK_TEXT(text_key(why.id), text_key(GOVERN_SELF_OUT));
    party_free(p);
}
