/* Governing from one device: refused with a sentence before anything is written, one record a call,
 * and the lock of a seat that holds through crashes and backups. */
#include "tests/unit/device/party.h"

#include "device/govern.h"

enum { AN, BINH, CHAU, DUNG }; /* secretary, deputy, committee member, member */

static struct device *dev(struct party *p, uint32_t i)
{
    return p->devices[i].d;
}

static const uint8_t *key(const struct party *p, uint32_t i)
{
    return p->devices[i].keys.ik.public_key;
}

static size_t of(struct party *p, uint32_t i)
{
    return cell_device_by_key(device_cell(dev(p, AN)), key(p, i))->member;
}

static struct party *cell_of_four(void)
{
    static const enum auth_role roles[] = {ROLE_SECRETARY, ROLE_DEPUTY, ROLE_COMMITTEE,
                                           ROLE_MEMBER};
    static const char *const names[] = {"An", "Bình", "Châu", "Dũng"};
    struct party *p = party_new(4);
    CHECK_OK(party_found(p, AN));
    for (uint32_t i = BINH; i <= DUNG; i++)
        CHECK_OK(party_join(p, AN, i, names[i], roles[i]));
    party_run(p, 20);
    return p;
}

static int configure_seats(struct party *p, uint32_t by, size_t count, uint8_t ret_id[static 32])
{
    uint8_t seats[4][32];
    struct text_said why = {0};
    for (uint32_t i = 0; i < count; i++)
        memcpy(seats[i], key(p, i), 32);
    struct device_config_change change = {.seats = (const uint8_t(*)[32])seats,
                                          .seats_count = count};
    int err = device_configure(dev(p, by), &change, party_wall(p), ret_id, &why);
    return err == HOP_OK ? party_commit(p, by) : err;
}

static struct party *cell_of_three_seats(void)
{
    struct party *p = cell_of_four();
    uint8_t id[32];
    CHECK_OK(configure_seats(p, AN, 3, id));
    party_run(p, 20);
    CHECK_EQ(cell_config(device_cell(dev(p, DUNG)))->body.number, 1);
    return p;
}

static int name_secretary(struct party *p, uint32_t by, uint32_t whom, uint8_t ret_id[static 32],
                          struct text_said *why)
{
    uint8_t id[16];
    memcpy(id, cell_member(device_cell(dev(p, by)), of(p, whom))->id, 16);
    struct device_config_change change = {.secretary = id};
    return device_configure(dev(p, by), &change, party_wall(p), ret_id, why);
}

static void check_refused(int err, const struct text_said *why, enum text_id id)
{
    struct buf said[TEXT_LANGS_COUNT] = {{0}};
    CHECK_ERR(err, HOP_EREFUSED);
    CHECK_TEXT(text_key(why->id), text_key(id));
    for (enum text_lang lang = 0; lang < TEXT_LANGS_COUNT; lang++) {
        text_said_fill(&said[lang], lang, why);
        CHECK(said[lang].size > 10);
        CHECK(strchr(buf_string(&said[lang]), '{') == NULL);
        buf_free(&said[lang]);
    }
}

/* A record without effect would tell everybody of a mistake, for ever. */
TEST(govern_says_why_before_anything_is_written)
{
    struct party *p = cell_of_four();
    struct text_said why = {0};
    uint64_t wall = party_wall(p);
    struct device *an = dev(p, AN), *dung = dev(p, DUNG), *chau = dev(p, CHAU);
    uint64_t records[PARTY_MAX];
    uint8_t id[32];
    for (uint32_t i = 0; i < 4; i++)
        records[i] = device_record_count(dev(p, i));
    const struct auth_propose proposal = {.name = "Em"};
#define REFUSED(call, id)                                                                          \
    do {                                                                                           \
        why = (struct text_said){0};                                                               \
        int err_ = (call);                                                                         \
        check_refused(err_, &why, id);                                                             \
    } while (0)
    REFUSED(device_remove(an, of(p, AN), NULL, REASON_REMOVED, wall, &why), GOVERN_SELF_REMOVE);
    REFUSED(device_remove(an, of(p, AN), key(p, AN), REASON_LOST, wall, &why), GOVERN_LAST_DEVICE);
    REFUSED(device_remove(dung, of(p, CHAU), NULL, REASON_REMOVED, wall, &why), GOVERN_NO_EFFECT);
    REFUSED(device_remove(chau, of(p, BINH), NULL, REASON_REMOVED, wall, &why), GOVERN_NO_EFFECT);
    REFUSED(device_set_role(an, of(p, BINH), ROLE_DEPUTY, CATEGORY_FULL, wall, &why),
            GOVERN_SAME_ROLE);
    REFUSED(device_set_role(an, of(p, BINH), ROLE_SECRETARY, CATEGORY_FULL, wall, &why),
            GOVERN_NEEDS_CONFIG);
    REFUSED(device_set_role(chau, of(p, DUNG), ROLE_COMMITTEE, CATEGORY_FULL, wall, &why),
            GOVERN_NO_EFFECT);
    REFUSED(device_suspend(an, key(p, BINH), true, REASON_LOST, wall, &why), GOVERN_NOT_SUSPENDED);
    REFUSED(device_suspend(dung, key(p, BINH), false, REASON_LOST, wall, &why), GOVERN_NO_EFFECT);
    REFUSED(name_secretary(p, BINH, BINH, id, &why), GOVERN_NOT_SEAT);
    REFUSED(name_secretary(p, AN, AN, id, &why), GOVERN_NO_CHANGE);
    memset(id, 7, sizeof id);
    REFUSED(device_cosign(an, id, wall, &why), GOVERN_NOTHING_TO_SIGN);
    REFUSED(device_checkpoint(dev(p, BINH), wall, &why), GOVERN_NOT_SEAT);
    REFUSED(device_propose(dung, &proposal, wall, &why), GOVERN_NOT_LEADER);
    REFUSED(device_invite_end(an, id, 0, wall, &why), GOVERN_NO_INVITE);
#undef REFUSED
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_OK(party_commit(p, i));
        CHECK_EQ(device_record_count(dev(p, i)), records[i]);
    }
    party_free(p);
}

/* Whoever holds an office would have to trust that what the screen says has happened. */
TEST(govern_writes_one_record_that_has_its_effect)
{
    struct party *p = cell_of_four();
    struct text_said why = {0};
    uint64_t wall = party_wall(p);
    CHECK_OK(device_set_role(dev(p, AN), of(p, DUNG), ROLE_COMMITTEE, CATEGORY_PROBATIONARY, wall,
                             &why));
    CHECK_OK(party_commit(p, AN));
    party_run(p, 20);
    for (uint32_t i = 0; i < 4; i++) {
        const struct cell_member *m = cell_member(device_cell(dev(p, i)), of(p, DUNG));
        CHECK_EQ(m->role, ROLE_COMMITTEE);
        CHECK_EQ(m->category, CATEGORY_PROBATIONARY);
        CHECK_EQ(m->rank, 1);
        CHECK_EQ(cell_ignored_count(device_cell(dev(p, i))), 0);
    }
    CHECK_OK(device_set_role(dev(p, BINH), of(p, DUNG), ROLE_MEMBER, CATEGORY_FULL, wall, &why));
    CHECK_OK(party_commit(p, BINH));
    CHECK_OK(device_remove(dev(p, BINH), of(p, CHAU), NULL, REASON_COMPROMISED, wall, &why));
    CHECK_OK(party_commit(p, BINH));
    party_run(p, 20);
    CHECK(!cell_member(device_cell(dev(p, AN)), of(p, CHAU))->active);
    CHECK_EQ(cell_member(device_cell(dev(p, AN)), of(p, DUNG))->rank, 0);
    check_refused(device_remove(dev(p, AN), of(p, CHAU), NULL, REASON_REMOVED, wall, &why), &why,
                  GOVERN_GONE_ALREADY);
    party_free(p);
}

/* Two majorities for two secretaries would split the cell for good. */
TEST(seat_signs_one_of_two_configurations)
{
    struct party *p = cell_of_three_seats();
    struct text_said why = {0};
    uint8_t x[32], y[32];
    p->apart = true;
    party_unlink(p, AN, BINH);
    CHECK_OK(name_secretary(p, AN, CHAU, x, &why));
    CHECK_OK(party_commit(p, AN));
    CHECK_OK(name_secretary(p, BINH, BINH, y, &why));
    CHECK_OK(party_commit(p, BINH));
    p->apart = false;
    party_run(p, 20);
    CHECK_EQ(cell_config_waiting_count(device_cell(dev(p, AN))), 2);
    check_refused(device_cosign(dev(p, AN), y, party_wall(p), &why), &why, GOVERN_LOCKED);
    check_refused(device_cosign(dev(p, BINH), x, party_wall(p), &why), &why, GOVERN_LOCKED);
    check_refused(name_secretary(p, AN, BINH, x, &why), &why, GOVERN_LOCKED);
    CHECK_OK(device_cosign(dev(p, CHAU), y, party_wall(p), &why));
    CHECK_OK(party_commit(p, CHAU));
    party_run(p, 20);
    for (uint32_t i = 0; i < 4; i++) {
        const struct cell *c = device_cell(dev(p, i));
        CHECK_BYTES(cell_config(c)->record, y, 32);
        CHECK_EQ(cell_member(c, of(p, BINH))->rank, 3);
        CHECK(!cell_config_conflict(c, x, x));
    }
    party_free(p);
}

/* A seat that forgets what it has signed when the power fails is no seat. */
TEST(seat_keeps_its_lock_through_a_crash)
{
    struct party *p = cell_of_three_seats();
    struct text_said why = {0};
    uint8_t x[32], y[32];
    CHECK_OK(name_secretary(p, AN, CHAU, x, &why));
    p->devices[AN].crash_before = 1; /* the key file is saved, the record is not */
    CHECK_ERR(party_commit(p, AN), HOP_EBUSY);
    CHECK_EQ(cell_config_waiting_count(device_cell(dev(p, AN))), 0);
    CHECK_OK(name_secretary(p, AN, BINH, y, &why)); /* nobody has seen x: it never was */
    p->devices[AN].crash_after = 1;
    CHECK_ERR(party_commit(p, AN), HOP_EBUSY);
    CHECK_EQ(cell_config_waiting_count(device_cell(dev(p, AN))), 1);
    check_refused(name_secretary(p, AN, CHAU, x, &why), &why, GOVERN_LOCKED);
    party_run(p, 20);
    CHECK_OK(device_cosign(dev(p, BINH), y, party_wall(p), &why));
    CHECK_OK(party_commit(p, BINH));
    party_run(p, 20);
    CHECK_EQ(cell_member(device_cell(dev(p, DUNG)), of(p, BINH))->rank, 3);
    party_free(p);
}

/* Two configurations in one turn: the second must not take the first for one that never was. */
TEST(seat_signs_one_configuration_a_turn)
{
    struct party *p = cell_of_three_seats();
    struct text_said why = {0};
    uint8_t x[32];
    CHECK_OK(name_secretary(p, AN, CHAU, x, &why));
    CHECK(name_secretary(p, AN, BINH, x, &why) != HOP_OK);
    CHECK_OK(party_commit(p, AN));
    party_run(p, 20);
    CHECK_EQ(cell_config_waiting_count(device_cell(dev(p, DUNG))), 1);
    party_free(p);
}

/* A device put back from a backup may have signed what it does not remember. */
TEST(restored_seat_signs_nothing_until_it_is_named_again)
{
    struct party *p = cell_of_three_seats();
    struct text_said why = {0};
    uint8_t x[32], id[32];
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, BINH, &a, id));
    party_run(p, 20);
    struct party_device *b = &p->devices[BINH];
    for (uint32_t k = 0; k < p->n; k++)
        party_unlink(p, BINH, k);
    device_free(b->d);
    b->d = NULL;
    store_close(b->store);
    b->store = store_memory_new(0); /* its disk is lost, its keys are not */
    b->keys = b->saved;
    party_start(p, BINH);
    party_run(p, 60);
    CHECK(b->keys.seat_lost != 0);
    CHECK_OK(name_secretary(p, AN, CHAU, x, &why));
    CHECK_OK(party_commit(p, AN));
    party_run(p, 20);
    check_refused(device_cosign(dev(p, BINH), x, party_wall(p), &why), &why, GOVERN_RESTORED);
    a = party_a_meeting();
    CHECK_OK(party_act(p, BINH, &a, id)); /* something in its new logs */
    CHECK_OK(device_cosign(dev(p, CHAU), x, party_wall(p), &why));
    CHECK_OK(party_commit(p, CHAU));
    party_run(p, 20);
    check_refused(name_secretary(p, BINH, AN, x, &why), &why, GOVERN_RESTORED);
    CHECK_OK(configure_seats(p, AN, 4, x)); /* names it again, having seen the new logs */
    party_run(p, 20);
    CHECK_OK(device_cosign(dev(p, CHAU), x, party_wall(p), &why));
    CHECK_OK(party_commit(p, CHAU));
    party_run(p, 20);
    CHECK_OK(configure_seats(p, CHAU, 3, x));
    party_run(p, 20);
    CHECK_OK(device_cosign(dev(p, BINH), x, party_wall(p), &why));
    CHECK_OK(party_commit(p, BINH));
    CHECK_EQ(b->keys.seat_lost, 0);
    party_free(p);
}

/* What a secretary did in office would be undone by a later configuration that is not about it. */
TEST(acts_of_a_former_secretary_stand_through_later_configurations)
{
    struct party *p = cell_of_three_seats();
    struct text_said why = {0};
    uint8_t x[32];
    CHECK_OK(name_secretary(p, AN, CHAU, x, &why));
    CHECK_OK(party_commit(p, AN));
    party_run(p, 20);
    CHECK_OK(device_cosign(dev(p, CHAU), x, party_wall(p), &why));
    CHECK_OK(party_commit(p, CHAU));
    party_run(p, 20);
    CHECK_OK(configure_seats(p, BINH, 4, x));
    party_run(p, 20);
    CHECK_OK(device_cosign(dev(p, CHAU), x, party_wall(p), &why));
    CHECK_OK(party_commit(p, CHAU));
    party_run(p, 20);
    for (uint32_t i = 0; i < 4; i++) {
        const struct cell *c = device_cell(dev(p, i));
        CHECK_EQ(cell_config(c)->body.number, 3);
        CHECK_EQ(cell_device_count(c), 4); /* An had invited and admitted all of them */
        CHECK_EQ(cell_ignored_count(c), 0);
    }
    party_free(p);
}

/* The page would warn for ever, or never. */
TEST(govern_warns_of_few_seats_and_of_a_vacant_office)
{
    struct party *p = cell_of_four();
    struct text_said said[8], why = {0};
    static const uint8_t nobody[16];
    uint8_t id[32];
    CHECK_EQ(device_govern_notices(dev(p, AN), said, 8), 1);
    CHECK_TEXT(text_key(said[0].id), text_key(NOTICE_FEW_SEATS));
    CHECK_EQ(device_govern_notices(dev(p, DUNG), said, 8), 0); /* has no office and no seat */
    CHECK_OK(configure_seats(p, AN, 3, id));
    CHECK_EQ(device_govern_notices(dev(p, AN), said, 8), 0);
    party_run(p, 20);
    struct device_config_change change = {.secretary = nobody};
    CHECK_OK(device_configure(dev(p, AN), &change, party_wall(p), id, &why));
    CHECK_OK(party_commit(p, AN));
    party_run(p, 20);
    CHECK_EQ(device_govern_notices(dev(p, BINH), said, 8), 1);
    CHECK_TEXT(text_key(said[0].id), text_key(NOTICE_CONFIG_WAITS));
    CHECK_OK(device_cosign(dev(p, BINH), id, party_wall(p), &why));
    CHECK_OK(party_commit(p, BINH));
    party_run(p, 20);
    CHECK_EQ(device_govern_notices(dev(p, DUNG), said, 8), 1);
    CHECK_TEXT(text_key(said[0].id), text_key(NOTICE_NO_SECRETARY));
    party_free(p);
}
