/* Who is in the cell: founding, invitations and admissions, and what is ignored and why. */
#include "tests/unit/cell/world.h"

static struct world w;
static struct fold f;

static void fold_all(void)
{
    struct marks all = world_all(&w);
    fold_set(&f, &w, &all);
}

/* The last record has no effect, for this reason. */
static void check_ignored(uint32_t record, enum text_id why)
{
    fold_all();
    CHECK_EQ(fold_why(&f, &w, record), why);
    fold_close(&f);
}

/* Without its founder a cell is nobody's. */
TEST(cell_is_founded_by_genesis_and_the_founders_own_admission)
{
    world_begin(&w, ROLE_SECRETARY);
    fold_all();
    CHECK(cell_genesis(f.cell) == NULL);
    CHECK(cell_secretary(f.cell) == NULL);
    CHECK(cell_config(f.cell) == NULL);
    fold_close(&f);
    world_found(&w);
    fold_all();
    const struct cell_member *m = cell_member(f.cell, 0);
    CHECK_TEXT(m->name, "Founder");
    CHECK_EQ(m->rank, 3);
    CHECK(m->active);
    CHECK_BYTES(m->admitted_by, m->id, 16);
    CHECK(cell_secretary(f.cell) == m);
    CHECK(cell_member_by_id(f.cell, w.devices[0].member) == m);
    CHECK(cell_device_by_key(f.cell, w.devices[0].cert.ik) == cell_device(f.cell, 0));
    CHECK(cell_device_active(f.cell, w.devices[0].cert.ik) == cell_device(f.cell, 0));
    CHECK(cell_device(f.cell, 0)->seat);
    CHECK_EQ(cell_member_index(f.cell, w.cell_id), SIZE_MAX);
    CHECK_EQ(cell_config(f.cell)->body.number, 0);
    CHECK_EQ(cell_config(f.cell)->body.seats_count, 1);
    CHECK_BYTES(cell_config(f.cell)->record, w.records[0].id, 32);
    CHECK_EQ(cell_ignored_count(f.cell), 0);
    fold_close(&f);
}

/* A stranger's founding record, or one of another cell, must not found this one. */
TEST(cell_ignores_any_other_genesis)
{
    world_begin(&w, ROLE_SECRETARY);
    uint32_t stranger = world_device(&w);
    check_ignored(world_genesis(&w, stranger, AUTH_GENESIS, &w.genesis), CELL_NOT_FOUNDER);
    struct auth_genesis other = w.genesis;
    other.salt[0] ^= 1;
    check_ignored(world_genesis(&w, 0, AUTH_GENESIS, &other), CELL_NOT_THIS_CELL);
    struct auth_admit a = world_founder(&w);
    check_ignored(world_admit(&w, 0, AUTH_ADMIT, &a), CELL_NOT_FOUNDER); /* no genesis yet */
    world_found(&w);
    check_ignored(world_genesis(&w, 0, AUTH_GENESIS, &w.genesis), CELL_SECOND_GENESIS);
}

/* The founder comes in with the keys and the name that genesis names. */
TEST(cell_ignores_a_founder_who_is_not_the_one_named)
{
    for (unsigned n = 0; n < 9; n++) {
        world_begin(&w, ROLE_SECRETARY);
        (void)world_genesis(&w, 0, AUTH_GENESIS, &w.genesis);
        struct auth_admit a = world_founder(&w);
        enum text_id why = n < 6 ? CELL_NOT_FOUNDER : CELL_CERT_BAD;
        if (n == 0)
            a.name[0] = 'X';
        else if (n == 1)
            a.role = ROLE_MEMBER, a.rank = 0;
        else if (n == 2)
            a.category = CATEGORY_EXEMPT;
        else if (n == 3)
            a.member[0] ^= 1;
        else if (n == 4)
            memset(a.cert.lk, 9, 32);
        else if (n == 5)
            memcpy(a.cert.kem, w.devices[0].cert.lk, 32);
        else if (n == 6)
            a.rank = 4;
        else if (n == 7)
            a.cert.sig[0] ^= 1;
        else
            a.cert.ik[0] ^= 1;
        if (n == 4 || n == 5)
            auth_cert_sign(&a.cert, &w.devices[0].ik, w.cell_id, a.invite);
        check_ignored(world_admit(&w, 0, AUTH_ADMIT, &a), why);
        a = world_founder(&w);
        uint32_t good = world_admit(&w, 0, AUTH_ADMIT, &a);
        fold_all();
        CHECK_EQ(fold_why(&f, &w, good), TEXT_NONE);
        CHECK_EQ(cell_member_count(f.cell), 1);
        fold_close(&f);
    }
}

/* One invitation, one person: else a stolen text lets any number in. */
TEST(cell_ignores_the_second_use_of_an_invitation)
{
    world_found(&w);
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, 0, AUTH_INVITE, &i.body);
    uint32_t first = world_device(&w), second = world_device(&w);
    struct auth_admit a = world_make_admit(&w, &i, first), b = world_make_admit(&w, &i, second);
    (void)world_admit(&w, 0, AUTH_ADMIT, &a);
    check_ignored(world_admit(&w, 0, AUTH_ADMIT, &b), CELL_INVITE_USED);
    check_ignored(world_admit(&w, 0, AUTH_ADMIT, &a), CELL_DEVICE_KNOWN);
    fold_all();
    CHECK_EQ(cell_member_count(f.cell), 2);
    CHECK_EQ(cell_invite_count(f.cell), 1);
    CHECK(cell_invite(f.cell, 0)->used);
    CHECK(cell_device_by_key(f.cell, w.devices[second].cert.ik) == NULL);
    fold_close(&f);
}

/* An office is given from above: a committee member who could invite a secretary is one. */
TEST(cell_ignores_invitations_to_an_office_not_below_the_inviters)
{
    static const struct {
        enum auth_role by, to;
        bool allowed;
    } cases[] = {{ROLE_SECRETARY, ROLE_SECRETARY, false}, {ROLE_SECRETARY, ROLE_DEPUTY, true},
                 {ROLE_DEPUTY, ROLE_SECRETARY, false},    {ROLE_DEPUTY, ROLE_DEPUTY, false},
                 {ROLE_DEPUTY, ROLE_COMMITTEE, true},     {ROLE_COMMITTEE, ROLE_SECRETARY, false},
                 {ROLE_COMMITTEE, ROLE_COMMITTEE, false}, {ROLE_COMMITTEE, ROLE_MEMBER, true},
                 {ROLE_COMMITTEE, ROLE_OBSERVER, true}};
    uint32_t by[ROLES_COUNT] = {0};
    world_found(&w);
    by[ROLE_DEPUTY] = world_bring_in(&w, 0, ROLE_DEPUTY, NULL);
    by[ROLE_COMMITTEE] = world_bring_in(&w, 0, ROLE_COMMITTEE, NULL);
    world_meet(&w);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct invitation i = world_make_invite(&w, cases[n].to, NULL);
        check_ignored(world_invite(&w, by[cases[n].by], AUTH_INVITE, &i.body),
                      cases[n].allowed ? TEXT_NONE : CELL_ROLE_RANK);
    }
}

/* Who admits needs as much rank as who invites: an invitation is not a proxy for it. */
TEST(cell_ignores_an_admission_to_an_office_not_below_the_admitters)
{
    world_found(&w);
    uint32_t committee = world_bring_in(&w, 0, ROLE_COMMITTEE, NULL);
    struct invitation i = world_make_invite(&w, ROLE_COMMITTEE, NULL);
    (void)world_invite(&w, 0, AUTH_INVITE, &i.body);
    world_meet(&w);
    struct auth_admit a = world_make_admit(&w, &i, world_device(&w));
    check_ignored(world_admit(&w, committee, AUTH_ADMIT, &a), CELL_ROLE_RANK);
    check_ignored(world_admit(&w, 0, AUTH_ADMIT, &a), TEXT_NONE);
}

/* Only who holds an office brings people in, and nobody from outside. */
TEST(cell_ignores_invitations_and_admissions_by_others)
{
    world_found(&w);
    uint32_t member = world_bring_in(&w, 0, ROLE_MEMBER, NULL);
    uint32_t committee = world_bring_in(&w, 0, ROLE_COMMITTEE, NULL);
    uint32_t stranger = world_device(&w), joiner = world_device(&w);
    world_meet(&w);
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    check_ignored(world_invite(&w, member, AUTH_INVITE, &i.body), CELL_AUTHOR_RANK);
    check_ignored(world_invite(&w, stranger, AUTH_INVITE, &i.body), CELL_AUTHOR_UNKNOWN);
    struct auth_admit a = world_make_admit(&w, &i, joiner);
    check_ignored(world_admit(&w, committee, AUTH_ADMIT, &a), CELL_INVITE_UNKNOWN);
    (void)world_invite(&w, committee, AUTH_INVITE, &i.body);
    world_meet(&w);
    check_ignored(world_admit(&w, member, AUTH_ADMIT, &a), CELL_AUTHOR_RANK);
    check_ignored(world_admit(&w, stranger, AUTH_ADMIT, &a), CELL_AUTHOR_UNKNOWN);
    check_ignored(world_admit(&w, committee, AUTH_ADMIT, &a), TEXT_NONE);
    fold_all();
    const struct cell_member *m = cell_member_by_id(f.cell, w.devices[joiner].member);
    CHECK(m != NULL);
    CHECK_BYTES(m->admitted_by, w.devices[committee].member, 16);
    fold_close(&f);
}

/* A relay that puts its own keys, or a better office, into an admission. */
TEST(cell_ignores_an_admission_that_differs_from_its_invitation)
{
    world_found(&w);
    uint32_t joiner = world_device(&w), relay = world_device(&w);
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, 0, AUTH_INVITE, &i.body);
    for (unsigned n = 0; n < 9; n++) {
        struct auth_admit a = world_make_admit(&w, &i, joiner);
        enum text_id why = n < 5 ? CELL_INVITE_PROOF : CELL_CERT_BAD;
        if (n == 0)
            a.join_sig[5] ^= 1;
        else if (n == 1)
            a.name[0] = 'X';
        else if (n == 2)
            a.role = ROLE_SECRETARY, a.rank = 3;
        else if (n == 3)
            a.category = CATEGORY_EXEMPT;
        else if (n == 4) { /* another device altogether, with a good certificate of its own */
            auth_cert_sign(&w.devices[relay].cert, &w.devices[relay].ik, w.cell_id, i.body.id);
            a.cert = w.devices[relay].cert;
            cell_member_id(a.member, w.cell_id, a.invite, a.cert.ik);
        } else if (n == 5)
            a.cert.sig[0] ^= 1;
        else if (n == 6)
            a.rank = 3;
        else if (n == 7)
            a.member[3] ^= 1;
        else
            a.cert.kem[0] ^= 1;
        check_ignored(world_admit(&w, 0, AUTH_ADMIT, &a), why);
    }
    struct auth_admit a = world_make_admit(&w, &i, joiner);
    check_ignored(world_admit(&w, 0, AUTH_ADMIT, &a), TEXT_NONE); /* still good after all that */
}

/* Somebody else's device, admitted once more by an invitation of one's own, would be theirs. */
TEST(cell_ignores_a_certificate_that_was_made_for_another_invitation)
{
    world_found(&w);
    uint32_t committee = world_bring_in(&w, 0, ROLE_COMMITTEE, NULL);
    uint32_t victim = world_bring_in(&w, 0, ROLE_MEMBER, NULL);
    world_meet(&w);
    struct auth_cert cert = w.devices[victim].cert;
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, committee, AUTH_INVITE, &i.body);
    struct auth_admit a = world_make_admit(&w, &i, victim);
    a.cert = cert;
    check_ignored(world_admit(&w, committee, AUTH_ADMIT, &a), CELL_CERT_BAD);
}

/* A key is a device once: by a second invitation it could be two members at a time. */
TEST(cell_ignores_a_device_that_is_in_already)
{
    world_found(&w);
    uint32_t first = world_bring_in(&w, 0, ROLE_MEMBER, NULL);
    struct invitation i = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, 0, AUTH_INVITE, &i.body);
    struct auth_admit a = world_make_admit(&w, &i, first);
    check_ignored(world_admit(&w, 0, AUTH_ADMIT, &a), CELL_DEVICE_KNOWN);
    fold_all();
    CHECK_EQ(cell_member_count(f.cell), 2);
    CHECK_EQ(cell_device_count(f.cell), 2);
    fold_close(&f);
}

/* What a newer version writes, or a broken one, is kept and shown, and does nothing. */
TEST(cell_ignores_what_it_does_not_know)
{
    static const uint8_t junk[3] = {1, 2, 3};
    static const unsigned known[] = {AUTH_INVITE,    AUTH_ADMIT,   AUTH_REMOVE, AUTH_ROLE,
                                     AUTH_CONFIG,    AUTH_SUSPEND, AUTH_LEAVE,  AUTH_CHECKPOINT,
                                     AUTH_COSIGN,    AUTH_PREKEY,  AUTH_GROUP,  AUTH_PROPOSE,
                                     AUTH_INVITE_END};
    struct wire_writer out = {.base = (uint8_t[sizeof junk]){0}, .size = sizeof junk};
    wire_put_bytes(&out, junk, sizeof junk);
    world_found(&w);
    check_ignored(world_write(&w, 0, 31, &out), CELL_UNKNOWN_TYPE);
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++)
        check_ignored(world_write(&w, 0, known[n], &out), CELL_MALFORMED);
    fold_all();
    size_t before = cell_ignored_count(f.cell);
    fold_close(&f);
    static const unsigned quiet[] = {AUTH_LOG_OPEN, AUTH_EPOCH, AUTH_GRANT, AUTH_SEEN};
    for (size_t n = 0; n < sizeof quiet / sizeof quiet[0]; n++)
        (void)world_write(&w, 0, quiet[n], &out);
    fold_all();
    CHECK_EQ(cell_ignored_count(f.cell), before);
    fold_close(&f);
}

/* The rules of meetings are those whose hash the cell agreed on, whoever brings the text. */
TEST(cell_takes_the_procedure_that_its_configuration_names_and_no_other)
{
    world_found(&w);
    fold_all();
    CHECK_EQ(cell_procedure(f.cell).size, 0);
    fold_close(&f);
    struct wire_writer other = {.base = (uint8_t[64]){0}, .size = 64};
    wire_put_bytes(&other, (const uint8_t *)"name = \"q\";", 11);
    check_ignored(world_write(&w, 0, AUTH_PROCEDURE, &other), CELL_PROCEDURE_OTHER);
    struct wire_writer out = {.base = (uint8_t[64]){0}, .size = 64};
    wire_put_bytes(&out, (const uint8_t *)world_procedure, strlen(world_procedure));
    check_ignored(world_write(&w, 0, AUTH_PROCEDURE, &out), TEXT_NONE);
    fold_all();
    CHECK_SPAN(cell_procedure(f.cell), span_text(world_procedure));
    fold_close(&f);
}

/* Two rooms use one invitation: everybody must come to the same answer, whatever came first. */
TEST(cell_is_the_same_for_every_order_of_arrival)
{
    struct rng r = test_rng("arrival");
    uint8_t first[32], digest[32];
    world_found(&w);
    uint32_t committee = world_bring_in(&w, 0, ROLE_COMMITTEE, NULL);
    struct invitation shared = world_make_invite(&w, ROLE_MEMBER, NULL);
    (void)world_invite(&w, 0, AUTH_INVITE, &shared.body);
    world_meet(&w);
    struct auth_admit a = world_make_admit(&w, &shared, world_device(&w));
    struct auth_admit b = world_make_admit(&w, &shared, world_device(&w));
    (void)world_admit(&w, 0, AUTH_ADMIT, &a);
    (void)world_admit(&w, committee, AUTH_ADMIT, &b);
    uint32_t third = world_bring_in(&w, committee, ROLE_MEMBER, NULL);
    fold_all();
    fold_digest(&f, first);
    CHECK_EQ(cell_member_count(f.cell), 4);
    CHECK(cell_member_by_id(f.cell, a.member) != NULL); /* the secretary's word is the higher one */
    CHECK(cell_member_by_id(f.cell, w.devices[third].member) != NULL);
    fold_close(&f);
    for (unsigned round = 0; round < 200; round++) {
        struct marks left = world_all(&w), all = left;
        fold_open(&f, &w);
        for (uint32_t taken = 0; taken < w.records_count;) {
            uint32_t at = (uint32_t)rng_below(&r, w.records_count);
            if (!marked(&left, at) || !fold_ready(&f, &w, at, &all))
                continue;
            left.bits[at / 64] &= ~(UINT64_C(1) << at % 64);
            fold_take(&f, &w, at);
            taken++;
            if (rng_below(&r, 3) == 0)
                CHECK_OK(cell_resolve(f.cell, f.history)); /* on the way */
        }
        CHECK_OK(cell_resolve(f.cell, f.history));
        fold_digest(&f, digest);
        CHECK_BYTES(digest, first, 32);
        fold_close(&f);
    }
}

/* What is asked by beacon tag finds the device, as long as it is active. */
TEST(cell_finds_active_devices_by_the_tag_of_their_beacons)
{
    uint8_t route[32] = {7}, tag[16];
    world_found(&w);
    uint32_t member = world_bring_in(&w, 0, ROLE_MEMBER, NULL);
    hop_derive(tag, sizeof tag, route, LABEL_DEVICE_TAG, SPAN(w.devices[member].cert.ik, 32));
    fold_all();
    const struct cell_device *d = cell_device_by_tag(f.cell, route, tag);
    CHECK(d != NULL);
    CHECK_BYTES(d->cert.ik, w.devices[member].cert.ik, 32);
    fold_close(&f);
    (void)world_remove_member(&w, 0, member);
    fold_all();
    CHECK(cell_device_by_tag(f.cell, route, tag) == NULL);
    CHECK(cell_device_by_key(f.cell, w.devices[member].cert.ik) != NULL);
    fold_close(&f);
}

/* A group's meeting of last year would be of those who are in the group today. */
TEST(cell_group_is_as_a_record_had_seen_it)
{
    struct cell_group g;
    struct auth_group v = {.name = "Tổ 1", .members_count = 1};
    world_found(&w);
    uint32_t first = world_bring_in(&w, 0, ROLE_MEMBER, NULL);
    uint32_t second = world_bring_in(&w, 0, ROLE_MEMBER, NULL);
    memcpy(v.leader, w.devices[first].member, 16);
    v.members = w.devices[first].member;
    uint32_t before = w.records_count - 1;
    uint32_t made = world_group(&w, 0, AUTH_GROUP, &v);
    memcpy(v.group, w.records[made].id, 16);
    memcpy(v.leader, w.devices[second].member, 16);
    v.members = w.devices[second].member;
    uint32_t changed = world_group(&w, 0, AUTH_GROUP, &v);
    fold_all();
    size_t one = cell_member_index(f.cell, w.devices[first].member);
    size_t two = cell_member_index(f.cell, w.devices[second].member);
    CHECK(!cell_group_at(f.cell, f.history, v.group, f.entries[before], &g));
    CHECK(cell_group_at(f.cell, f.history, v.group, f.entries[made], &g));
    CHECK(g.leader == one && g.members_count == 1 && g.members[0] == one);
    CHECK(cell_group_at(f.cell, f.history, v.group, f.entries[changed], &g));
    CHECK(g.leader == two && g.members_count == 1 && g.members[0] == two);
    CHECK(cell_group_at(f.cell, NULL, v.group, HISTORY_NONE, &g));
    CHECK_EQ(g.leader, two);
    CHECK(!cell_group_at(f.cell, f.history, w.devices[0].member, f.entries[changed], &g));
    fold_close(&f);
}
