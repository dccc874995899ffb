/* Who is in the cell: the fold over control records, and what it ignores and why. */
#include "cell/cell.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/test.h"

/* A person with a device, and an invitation that was made for somebody. */
struct person {
    struct hop_sign_key ik;
    struct auth_cert cert;
    uint8_t member[16];
};

struct invitation {
    struct hop_sign_key key;
    struct auth_invite body;
};

struct written {
    uint8_t id[32];
    const uint8_t *ik;
    unsigned type;
    uint8_t body[1024];
    size_t size;
};

struct fixture {
    uint8_t cell_id[32];
    struct auth_genesis genesis;
    struct person founder;
    struct cell *cell;
    uint8_t next_id;
};

static const char procedure[] = "name = \"p\";";

static void person_make(struct person *p, uint8_t n)
{
    uint8_t seed[32] = {n, 1};
    memset(p, 0, sizeof *p);
    hop_sign_keypair(&p->ik, seed);
    memcpy(p->cert.ik, p->ik.public_key, 32);
    memset(p->cert.lk, n, 32);
    memset(p->cert.kem, n + 1, 32);
}

static void write_event(struct fixture *f, struct written *w, const struct person *by,
                        unsigned type, const struct wire_writer *body)
{
    memset(w->id, 0, sizeof w->id);
    w->id[31] = ++f->next_id;
    w->ik = by->ik.public_key;
    w->type = type;
    w->size = body->used;
    CHECK(!body->bad);
}

static int apply(struct cell *c, const struct written *w)
{
    struct cell_event e = {
        .id = w->id, .ik = w->ik, .type = w->type, .body = SPAN(w->body, w->size)};
    return cell_apply(c, &e);
}

static void write_genesis(struct fixture *f, struct written *w)
{
    struct wire_writer out = wire_writer(w->body, sizeof w->body);
    auth_genesis_put(&out, &f->genesis);
    write_event(f, w, &f->founder, AUTH_GENESIS, &out);
}

static void write_admit(struct fixture *f, struct written *w, const struct person *by,
                        const struct auth_admit *a)
{
    struct wire_writer out = wire_writer(w->body, sizeof w->body);
    auth_admit_put(&out, a);
    write_event(f, w, by, AUTH_ADMIT, &out);
}

static void write_invite(struct fixture *f, struct written *w, const struct person *by,
                         const struct invitation *i)
{
    struct wire_writer out = wire_writer(w->body, sizeof w->body);
    auth_invite_put(&out, &i->body);
    write_event(f, w, by, AUTH_INVITE, &out);
}

static void invitation_make(struct invitation *i, uint8_t n, enum auth_role role)
{
    uint8_t seed[32] = {n, 2};
    memset(i, 0, sizeof *i);
    hop_sign_keypair(&i->key, seed);
    memcpy(i->body.sign_key, i->key.public_key, 32);
    memset(i->body.id, n, 16);
    i->body.role = (uint8_t)role;
    (void)snprintf(i->body.name, sizeof i->body.name, "Member %u", n);
}

/* The admission an honest inviter writes. */
static struct auth_admit admit_make(struct fixture *f, struct person *p, const struct invitation *i)
{
    uint8_t message[CELL_JOIN_MESSAGE_BYTES];
    struct auth_admit a = {.role = i->body.role,
                           .category = i->body.category,
                           .rank = auth_rank_of((enum auth_role)i->body.role)};
    auth_cert_sign(&p->cert, &p->ik, f->cell_id, i->body.id);
    a.cert = p->cert;
    memcpy(a.invite, i->body.id, 16);
    memcpy(a.name, i->body.name, sizeof a.name);
    cell_member_id(a.member, f->cell_id, a.invite, p->cert.ik);
    memcpy(p->member, a.member, 16);
    cell_join_message(message, f->cell_id, a.invite, &p->cert);
    hop_sign(a.join_sig, &i->key, LABEL_JOIN_SIG, SPAN(message, sizeof message));
    return a;
}

static struct auth_admit admit_founder(struct fixture *f)
{
    struct auth_admit a = {.role = ROLE_SECRETARY, .rank = 3};
    auth_cert_sign(&f->founder.cert, &f->founder.ik, f->cell_id, a.invite);
    a.cert = f->founder.cert;
    memcpy(a.name, f->genesis.founder_name, sizeof a.name);
    cell_member_id(a.member, f->cell_id, a.invite, a.cert.ik);
    memcpy(f->founder.member, a.member, 16);
    return a;
}

static void begin(struct fixture *f)
{
    uint8_t body[1024];
    struct wire_writer out = wire_writer(body, sizeof body);
    CHECK_OK(hop_init());
    memset(f, 0, sizeof *f);
    person_make(&f->founder, 100);
    f->genesis.founder_role = ROLE_SECRETARY;
    (void)snprintf(f->genesis.name, sizeof f->genesis.name, "Cell");
    (void)snprintf(f->genesis.founder_name, sizeof f->genesis.founder_name, "Founder");
    hop_hash(f->genesis.procedure, 32, LABEL_PROCEDURE, span_text(procedure));
    memcpy(f->genesis.founder_ik, f->founder.cert.ik, 32);
    memcpy(f->genesis.founder_lk, f->founder.cert.lk, 32);
    memcpy(f->genesis.founder_kem, f->founder.cert.kem, 32);
    auth_genesis_put(&out, &f->genesis);
    auth_genesis_cell_id(f->cell_id, wire_written(&out));
    f->cell = cell_new(f->cell_id);
    CHECK(f->cell != NULL);
}

static void found(struct fixture *f)
{
    struct written w;
    struct auth_admit a = admit_founder(f);
    write_genesis(f, &w);
    CHECK_OK(apply(f->cell, &w));
    write_admit(f, &w, &f->founder, &a);
    CHECK_OK(apply(f->cell, &w));
    CHECK_EQ(cell_member_count(f->cell), 1);
}

static void check_ignored(struct fixture *f, const struct written *w, enum text_id why)
{
    size_t before = cell_ignored_count(f->cell), members = cell_member_count(f->cell);
    CHECK_OK(apply(f->cell, w));
    CHECK_EQ(cell_ignored_count(f->cell), before + 1);
    const struct cell_ignored *i = cell_ignored_at(f->cell, before);
    CHECK_EQ(i->why, why);
    CHECK_BYTES(i->record, w->id, 32);
    CHECK_EQ(cell_member_count(f->cell), members);
}

/* Founder invites a person, who comes in. */
static void bring_in(struct fixture *f, struct person *p, uint8_t n, enum auth_role role)
{
    struct invitation i;
    struct written w;
    person_make(p, n);
    invitation_make(&i, n, role);
    write_invite(f, &w, &f->founder, &i);
    CHECK_OK(apply(f->cell, &w));
    struct auth_admit a = admit_make(f, p, &i);
    write_admit(f, &w, &f->founder, &a);
    size_t before = cell_member_count(f->cell);
    CHECK_OK(apply(f->cell, &w));
    CHECK_EQ(cell_member_count(f->cell), before + 1);
}

/* Without its founder a cell is nobody's. */
TEST(cell_is_founded_by_genesis_and_the_founders_own_admission)
{
    struct fixture f;
    begin(&f);
    CHECK(cell_genesis(f.cell) == NULL);
    CHECK(cell_secretary(f.cell) == NULL);
    found(&f);
    const struct cell_member *m = cell_member(f.cell, 0);
    CHECK_TEXT(m->name, "Founder");
    CHECK_EQ(m->rank, 3);
    CHECK_BYTES(m->admitted_by, m->id, 16);
    CHECK(cell_secretary(f.cell) == m);
    CHECK(cell_member_by_id(f.cell, f.founder.member) == m);
    CHECK(cell_device_by_key(f.cell, f.founder.cert.ik) == cell_device(f.cell, 0));
    CHECK_EQ(cell_member_index(f.cell, f.cell_id), SIZE_MAX);
    cell_free(f.cell);
}

/* A stranger's founding record, or one of another cell, must not found this one. */
TEST(cell_ignores_any_other_genesis)
{
    struct fixture f;
    struct person stranger;
    struct written w;
    begin(&f);
    person_make(&stranger, 9);
    write_genesis(&f, &w);
    w.ik = stranger.ik.public_key;
    check_ignored(&f, &w, CELL_NOT_FOUNDER);
    f.genesis.salt[0] ^= 1;
    write_genesis(&f, &w);
    check_ignored(&f, &w, CELL_NOT_THIS_CELL);
    f.genesis.salt[0] ^= 1;
    struct auth_admit a = admit_founder(&f);
    write_admit(&f, &w, &f.founder, &a);
    check_ignored(&f, &w, CELL_NOT_FOUNDER); /* before genesis there is no founder */
    found(&f);
    write_genesis(&f, &w);
    check_ignored(&f, &w, CELL_SECOND_GENESIS);
    cell_free(f.cell);
}

/* The founder comes in once, with the keys and the name that genesis names. */
TEST(cell_ignores_a_founder_who_is_not_the_one_named)
{
    struct fixture f;
    struct written w;
    begin(&f);
    write_genesis(&f, &w);
    CHECK_OK(apply(f.cell, &w));
    struct auth_admit good = admit_founder(&f);
    for (unsigned n = 0; n < 5; n++) {
        struct auth_admit a = good;
        if (n == 0)
            a.cert.lk[0] ^= 1;
        else if (n == 1)
            a.cert.kem[0] ^= 1;
        else if (n == 2)
            a.name[0] = 'X';
        else if (n == 3)
            a.role = ROLE_MEMBER;
        else
            a.cert.ik[0] ^= 1;
        write_admit(&f, &w, &f.founder, &a);
        check_ignored(&f, &w, CELL_NOT_FOUNDER);
    }
    struct auth_admit a = good;
    a.rank = 4;
    write_admit(&f, &w, &f.founder, &a);
    check_ignored(&f, &w, CELL_CERT_BAD);
    a = good;
    a.member[0] ^= 1;
    write_admit(&f, &w, &f.founder, &a);
    check_ignored(&f, &w, CELL_CERT_BAD);
    a = good;
    a.cert.sig[0] ^= 1;
    write_admit(&f, &w, &f.founder, &a);
    check_ignored(&f, &w, CELL_CERT_BAD);
    write_admit(&f, &w, &f.founder, &good);
    CHECK_OK(apply(f.cell, &w));
    CHECK_EQ(cell_member_count(f.cell), 1);
    write_admit(&f, &w, &f.founder, &good);
    check_ignored(&f, &w, CELL_NOT_FOUNDER);
    cell_free(f.cell);
}

/* One invitation, one person: else a stolen text lets any number in. */
TEST(cell_ignores_the_second_use_of_an_invitation)
{
    struct fixture f;
    struct person first, second;
    struct invitation i;
    struct written w;
    begin(&f);
    found(&f);
    person_make(&first, 1);
    person_make(&second, 2);
    invitation_make(&i, 1, ROLE_MEMBER);
    write_invite(&f, &w, &f.founder, &i);
    CHECK_OK(apply(f.cell, &w));
    check_ignored(&f, &w, CELL_INVITE_USED); /* the same invitation again */
    struct auth_admit a = admit_make(&f, &first, &i), b = admit_make(&f, &second, &i);
    write_admit(&f, &w, &f.founder, &a);
    CHECK_OK(apply(f.cell, &w));
    CHECK_EQ(cell_member_count(f.cell), 2);
    CHECK(cell_invite(f.cell, 0)->used);
    write_admit(&f, &w, &f.founder, &b);
    check_ignored(&f, &w, CELL_INVITE_USED);
    write_admit(&f, &w, &f.founder, &a);
    check_ignored(&f, &w, CELL_INVITE_USED);
    CHECK(cell_device_by_key(f.cell, second.cert.ik) == NULL);
    cell_free(f.cell);
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
    struct fixture f;
    struct person people[ROLES_COUNT];
    begin(&f);
    found(&f);
    people[ROLE_SECRETARY] = f.founder;
    bring_in(&f, &people[ROLE_DEPUTY], 1, ROLE_DEPUTY);
    bring_in(&f, &people[ROLE_COMMITTEE], 2, ROLE_COMMITTEE);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct invitation i;
        struct written w;
        size_t before = cell_invite_count(f.cell);
        invitation_make(&i, (uint8_t)(100 + n), cases[n].to);
        write_invite(&f, &w, &people[cases[n].by], &i);
        if (!cases[n].allowed) {
            check_ignored(&f, &w, CELL_ROLE_RANK);
            CHECK_EQ(cell_invite_count(f.cell), before);
            continue;
        }
        CHECK_OK(apply(f.cell, &w));
        CHECK_EQ(cell_invite_count(f.cell), before + 1);
    }
    cell_free(f.cell);
}

/* Only who holds an office brings people in, and nobody from outside. */
TEST(cell_ignores_invitations_and_admissions_by_others)
{
    struct fixture f;
    struct person member, committee, stranger, joiner;
    struct invitation i;
    struct written w;
    begin(&f);
    found(&f);
    CHECK_EQ(cell_ignored_count(f.cell), 0);
    bring_in(&f, &member, 1, ROLE_MEMBER);
    bring_in(&f, &committee, 2, ROLE_COMMITTEE);
    person_make(&stranger, 50);
    person_make(&joiner, 51);
    invitation_make(&i, 60, ROLE_MEMBER);
    write_invite(&f, &w, &member, &i);
    check_ignored(&f, &w, CELL_AUTHOR_RANK);
    write_invite(&f, &w, &stranger, &i);
    check_ignored(&f, &w, CELL_AUTHOR_UNKNOWN);
    struct auth_admit a = admit_make(&f, &joiner, &i);
    write_admit(&f, &w, &committee, &a);
    check_ignored(&f, &w, CELL_INVITE_UNKNOWN);
    write_invite(&f, &w, &committee, &i);
    CHECK_OK(apply(f.cell, &w));
    write_admit(&f, &w, &member, &a);
    check_ignored(&f, &w, CELL_AUTHOR_RANK);
    write_admit(&f, &w, &stranger, &a);
    check_ignored(&f, &w, CELL_AUTHOR_UNKNOWN);
    write_admit(&f, &w, &committee, &a);
    CHECK_OK(apply(f.cell, &w));
    const struct cell_member *m = cell_member_by_id(f.cell, joiner.member);
    CHECK(m != NULL);
    CHECK_BYTES(m->admitted_by, committee.member, 16);
    cell_free(f.cell);
}

/* A relay that puts its own keys, or a better office, into an admission. */
TEST(cell_ignores_an_admission_that_differs_from_its_invitation)
{
    struct fixture f;
    struct person joiner, relay;
    struct invitation i;
    struct written w;
    begin(&f);
    found(&f);
    person_make(&joiner, 1);
    person_make(&relay, 2);
    invitation_make(&i, 1, ROLE_MEMBER);
    write_invite(&f, &w, &f.founder, &i);
    CHECK_OK(apply(f.cell, &w));
    struct auth_admit good = admit_make(&f, &joiner, &i);
    for (unsigned n = 0; n < 6; n++) {
        struct auth_admit a = good;
        if (n == 0)
            a.join_sig[5] ^= 1;
        else if (n == 1)
            a.name[0] = 'X';
        else if (n == 2)
            a.role = ROLE_SECRETARY;
        else if (n == 3)
            a.category = CATEGORY_EXEMPT;
        else if (n == 4)
            a.cert.kem[0] ^= 1;
        else { /* another device altogether, with a good certificate of its own */
            auth_cert_sign(&relay.cert, &relay.ik, f.cell_id, i.body.id);
            a.cert = relay.cert;
            cell_member_id(a.member, f.cell_id, a.invite, relay.cert.ik);
        }
        write_admit(&f, &w, &f.founder, &a);
        check_ignored(&f, &w, CELL_INVITE_PROOF);
    }
    for (unsigned n = 0; n < 3; n++) {
        struct auth_admit a = good;
        if (n == 0)
            a.cert.sig[0] ^= 1;
        else if (n == 1)
            a.rank = 3;
        else
            a.member[3] ^= 1;
        write_admit(&f, &w, &f.founder, &a);
        check_ignored(&f, &w, CELL_CERT_BAD);
        CHECK(!cell_invite(f.cell, 0)->used);
    }
    write_admit(&f, &w, &f.founder, &good); /* after all that it is still good */
    CHECK_OK(apply(f.cell, &w));
    CHECK_EQ(cell_member_count(f.cell), 2);
    cell_free(f.cell);
}

/* One device, one member: else a person could vote twice. */
TEST(cell_ignores_a_device_that_is_in_already)
{
    struct fixture f;
    struct person p;
    struct invitation i;
    struct written w;
    begin(&f);
    found(&f);
    bring_in(&f, &p, 1, ROLE_MEMBER);
    invitation_make(&i, 2, ROLE_MEMBER);
    write_invite(&f, &w, &f.founder, &i);
    CHECK_OK(apply(f.cell, &w));
    struct auth_admit a = admit_make(&f, &p, &i);
    write_admit(&f, &w, &f.founder, &a);
    check_ignored(&f, &w, CELL_DEVICE_KNOWN);
    CHECK(!cell_invite(f.cell, 1)->used);
    cell_free(f.cell);
}

/* What a newer version writes, and garbage, must be kept without effect, never refused. */
TEST(cell_ignores_what_it_does_not_know)
{
    struct fixture f;
    struct written w = {.type = AUTH_REMOVE, .size = 3};
    begin(&f);
    found(&f);
    w.ik = f.founder.ik.public_key;
    for (unsigned type = 0; type < 32; type++) {
        static const bool known[32] = {
            [AUTH_LOG_OPEN] = true,  [AUTH_GENESIS] = true, [AUTH_EPOCH] = true,
            [AUTH_GRANT] = true,     [AUTH_INVITE] = true,  [AUTH_ADMIT] = true,
            [AUTH_PROCEDURE] = true, [AUTH_SEEN] = true};
        w.type = type;
        if (!known[type])
            check_ignored(&f, &w, CELL_UNKNOWN_TYPE);
    }
    w.type = AUTH_INVITE;
    check_ignored(&f, &w, CELL_MALFORMED);
    w.type = AUTH_ADMIT;
    check_ignored(&f, &w, CELL_MALFORMED);
    cell_free(f.cell);
}

/* The rules are the ones the founders pinned. */
TEST(cell_takes_the_procedure_that_genesis_pins_and_no_other)
{
    struct fixture f;
    struct written w;
    begin(&f);
    found(&f);
    CHECK_EQ(cell_procedure(f.cell).size, 0);
    struct wire_writer out = wire_writer(w.body, sizeof w.body);
    wire_put_bytes(&out, (const uint8_t *)"name = \"q\";", 11);
    write_event(&f, &w, &f.founder, AUTH_PROCEDURE, &out);
    check_ignored(&f, &w, CELL_PROCEDURE_OTHER);
    w.body[8] = 'p';
    CHECK_OK(apply(f.cell, &w));
    CHECK_SPAN(cell_procedure(f.cell), span_text(procedure));
    check_ignored(&f, &w, CELL_PROCEDURE_OTHER);
    cell_free(f.cell);
}

/* A cell may grow to the size it promises. */
TEST(cell_grows_to_its_limit_of_members)
{
    struct fixture f;
    struct written w;
    begin(&f);
    found(&f);
    for (unsigned n = 1; n <= CELL_MEMBERS_MAX; n++) {
        struct invitation i;
        struct person p;
        uint8_t seed[32] = {(uint8_t)n, (uint8_t)(n >> 8), 3};
        person_make(&p, 1);
        hop_sign_keypair(&p.ik, seed);
        memcpy(p.cert.ik, p.ik.public_key, 32);
        invitation_make(&i, 1, ROLE_MEMBER);
        i.body.id[0] = (uint8_t)n;
        i.body.id[1] = (uint8_t)(n >> 8);
        write_invite(&f, &w, &f.founder, &i);
        CHECK_OK(apply(f.cell, &w));
        struct auth_admit a = admit_make(&f, &p, &i);
        write_admit(&f, &w, &f.founder, &a);
        if (n == CELL_MEMBERS_MAX)
            check_ignored(&f, &w, CELL_FULL);
        else
            CHECK_OK(apply(f.cell, &w));
        CHECK_EQ(cell_member_count(f.cell), n < CELL_MEMBERS_MAX ? n + 1 : n);
    }
    cell_free(f.cell);
}

/* ---- order: control records of several authors, arriving any way ---- */

#define EVENTS_MAX 32

struct story_record {
    struct written w;
    uint32_t log; /* 0 the founder's, 1 the committee member's … */
    size_t deps[2], deps_count;
};

/* Fold what the history says, in its order, and spell the result. */
static void fold(const struct fixture *f, struct story_record *records, size_t count,
                 const size_t *arrival, char *ret, size_t size)
{
    struct history *h = history_new();
    struct cell *c = cell_new(f->cell_id);
    bool done[EVENTS_MAX] = {false};
    uint32_t at;
    CHECK(h != NULL && c != NULL);
    for (size_t left = count; left > 0;) {
        size_t before = left;
        for (size_t k = 0; k < count; k++) {
            struct story_record *r = &records[arrival[k]];
            uint8_t log[32] = {(uint8_t)(r->log + 1)}, deps[64];
            if (done[arrival[k]])
                continue;
            struct history_entry e = {.log = history_log(h, log), .type = (uint16_t)r->w.type};
            memcpy(e.id, r->w.id, 32);
            uint64_t seq = 1;
            for (size_t n = 0; n < arrival[k]; n++)
                seq += records[n].log == r->log ? 1 : 0;
            e.seq = seq;
            for (size_t n = 0; n < r->deps_count; n++)
                memcpy(deps + 32 * n, records[r->deps[n]].w.id, 32);
            if (history_add(h, &e, deps, r->deps_count, &at) != HOP_OK)
                continue;
            done[arrival[k]] = true;
            left--;
        }
        CHECK(left < before);
    }
    for (size_t n = 0; n < count; n++) {
        const struct history_entry *e = history_at(h, history_ordered(h, n));
        size_t k = 0;
        while (memcmp(records[k].w.id, e->id, 32) != 0)
            k++;
        CHECK_OK(apply(c, &records[k].w));
    }
    size_t used = 0;
    for (size_t n = 0; n < cell_member_count(c); n++)
        used += (size_t)snprintf(ret + used, size - used, "%s;", cell_member(c, n)->name);
    for (size_t n = 0; n < cell_ignored_count(c); n++)
        used +=
            (size_t)snprintf(ret + used, size - used, "%u:%u;", cell_ignored_at(c, n)->record[31],
                             (unsigned)cell_ignored_at(c, n)->why);
    CHECK(used < size);
    history_free(h);
    cell_free(c);
}

/* One invitation used at two ends of a split: everybody must name the same one as its user. */
TEST(cell_is_the_same_for_every_order_of_arrival)
{
    static struct story_record records[EVENTS_MAX];
    struct fixture f;
    struct person committee, a, b, c;
    struct invitation for_committee, shared, for_c;
    struct rng r = test_rng("arrival");
    char first[1024] = "", other[1024];
    size_t n = 0;
    begin(&f);
    person_make(&committee, 1);
    person_make(&a, 2);
    person_make(&b, 3);
    person_make(&c, 4);
    invitation_make(&for_committee, 1, ROLE_COMMITTEE);
    invitation_make(&shared, 2, ROLE_MEMBER);
    invitation_make(&for_c, 3, ROLE_MEMBER);
    struct auth_admit admits[] = {admit_founder(&f), admit_make(&f, &committee, &for_committee),
                                  admit_make(&f, &a, &shared), admit_make(&f, &b, &shared),
                                  admit_make(&f, &c, &for_c)};
    write_genesis(&f, &records[n++].w);
    write_admit(&f, &records[n++].w, &f.founder, &admits[0]);
    write_invite(&f, &records[n++].w, &f.founder, &for_committee);
    write_invite(&f, &records[n++].w, &f.founder, &shared);
    write_admit(&f, &records[n++].w, &f.founder, &admits[1]);
    /* the split: founder admits a, the committee member b, with the same invitation */
    write_admit(&f, &records[n++].w, &f.founder, &admits[2]);
    size_t mine = n;
    records[n] = (struct story_record){.log = 1, .deps = {4}, .deps_count = 1};
    write_admit(&f, &records[n++].w, &committee, &admits[3]);
    records[n].log = 1;
    write_invite(&f, &records[n++].w, &committee, &for_c);
    records[n].log = 1;
    write_admit(&f, &records[n++].w, &committee, &admits[4]);
    CHECK_EQ(mine, 6);
    for (unsigned round = 0; round < 200; round++) {
        size_t order[EVENTS_MAX];
        for (size_t k = 0; k < n; k++)
            order[k] = k;
        for (size_t k = n; k > 1; k--) {
            size_t with = (size_t)rng_below(&r, k), t = order[k - 1];
            order[k - 1] = order[with];
            order[with] = t;
        }
        fold(&f, records, n, order, round == 0 ? first : other, sizeof other);
        if (round > 0)
            CHECK_TEXT(other, first);
    }
    CHECK(strstr(first, "Member 1;Member 2;Member 3;") != NULL);
    char used[16];
    (void)snprintf(used, sizeof used, ":%u;", (unsigned)CELL_INVITE_USED);
    CHECK(strstr(first, used) != NULL);
    cell_free(f.cell);
}
