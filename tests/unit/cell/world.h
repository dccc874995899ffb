/* A cell at the bench: devices that write control records while each has seen what it has seen, and
 * folds of any part of what they wrote, in any order. Nothing is sealed or sent. */
#ifndef HOP_TESTS_UNIT_CELL_WORLD_H
#define HOP_TESTS_UNIT_CELL_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "cell/cell.h"
#include "tests/lib/test.h"

#define WORLD_RECORDS_MAX 256
#define WORLD_DEVICES_MAX 48
#define WORLD_BODY_MAX    5120
#define WORLD_NOBODY      UINT32_MAX

/* A set of records, by index. */
struct marks {
    uint64_t bits[WORLD_RECORDS_MAX / 64];
};

static inline bool marked(const struct marks *m, uint32_t i)
{
    return (m->bits[i / 64] >> i % 64 & 1) != 0;
}
static inline void mark(struct marks *m, uint32_t i)
{
    m->bits[i / 64] |= UINT64_C(1) << i % 64;
}
static inline void merge(struct marks *m, const struct marks *other)
{
    for (size_t w = 0; w < WORLD_RECORDS_MAX / 64; w++)
        m->bits[w] |= other->bits[w];
}

struct written {
    uint8_t id[32], log[32];
    uint64_t seq;
    uint32_t device;
    unsigned type;
    size_t size;
    uint8_t body[WORLD_BODY_MAX];
    struct marks past; /* with itself */
    uint32_t deps[WORLD_DEVICES_MAX * 2];
    size_t deps_count;
};

struct gadget { /* a device */
    struct hop_sign_key ik;
    struct auth_cert cert;
    uint8_t member[16];
    uint8_t log[32];
    uint32_t logs; /* so far */
    uint64_t seq;
    uint32_t last; /* record of its log, or WORLD_NOBODY */
    struct marks seen;
};

struct world {
    uint8_t cell_id[32];
    struct auth_genesis genesis;
    struct gadget devices[WORLD_DEVICES_MAX];
    uint32_t devices_count;
    struct written records[WORLD_RECORDS_MAX];
    uint32_t records_count;
    uint32_t invites; /* so far */
};

struct fold { /* a device that has these records */
    struct history *history;
    struct cell *cell;
    uint32_t entries[WORLD_RECORDS_MAX];
    struct cell_log_owner owners[WORLD_RECORDS_MAX];
};

static const char world_procedure[] = "name = \"p\";";

static inline uint32_t world_device(struct world *w)
{
    uint32_t n = w->devices_count++;
    struct gadget *d = &w->devices[n];
    uint8_t seed[32] = {(uint8_t)(n + 1), 1};
    CHECK(n < WORLD_DEVICES_MAX);
    memset(d, 0, sizeof *d);
    hop_sign_keypair(&d->ik, seed);
    memcpy(d->cert.ik, d->ik.public_key, 32);
    memset(d->cert.lk, (int)n + 1, 32);
    seed[1] = 2;
    seed[2] = (uint8_t)(n + 1); /* the lowest bits of the first byte do not count */
    struct hop_box_key kem;
    hop_box_keypair(&kem, seed);
    memcpy(d->cert.kem, kem.public_key, 32);
    memset(d->log, 0, 32);
    d->log[0] = (uint8_t)(n + 1);
    d->last = WORLD_NOBODY;
    return n;
}

/* From now on the device writes a new log. */
static inline void world_new_log(struct world *w, uint32_t device)
{
    struct gadget *d = &w->devices[device];
    d->logs++;
    memset(d->log, 0, 32);
    d->log[0] = (uint8_t)(device + 1);
    d->log[1] = (uint8_t)d->logs;
    d->seq = 0;
    d->last = WORLD_NOBODY;
}

/* The records of this set that no other of it had seen. */
static inline void world_tips(const struct world *w, const struct marks *set, struct written *ret)
{
    struct marks covered = {{0}};
    for (uint32_t i = w->records_count; i-- > 0;) {
        if (!marked(set, i) || marked(&covered, i))
            continue;
        if (ret->deps_count == sizeof ret->deps / sizeof ret->deps[0])
            break;
        ret->deps[ret->deps_count++] = i;
        merge(&covered, &w->records[i].past);
    }
}

/* A record of this device that has seen only what is in `seen` and its own log. */
static inline uint32_t world_write_seeing(struct world *w, uint32_t device, unsigned type,
                                          struct span body, const struct marks *seen)
{
    struct gadget *d = &w->devices[device];
    uint32_t at = w->records_count;
    CHECK(at < WORLD_RECORDS_MAX && body.size <= WORLD_BODY_MAX);
    struct written *r = &w->records[at];
    *r = (struct written){.device = device, .type = type, .size = body.size, .seq = ++d->seq};
    memcpy(r->log, d->log, 32);
    if (body.size > 0)
        memcpy(r->body, body.data, body.size);
    world_tips(w, seen, r);
    struct hop_hash h;
    hop_hash_init(&h, LABEL_REC_ID);
    hop_hash_add(&h, SPAN(r->log, 32));
    uint8_t head[16] = {(uint8_t)r->seq, (uint8_t)type, (uint8_t)at, (uint8_t)(at >> 8)};
    hop_hash_add(&h, SPAN(head, sizeof head));
    hop_hash_add(&h, body);
    for (size_t i = 0; i < r->deps_count; i++)
        hop_hash_add(&h, SPAN(w->records[r->deps[i]].id, 32));
    hop_hash_end(&h, r->id, 32);
    for (size_t i = 0; i < r->deps_count; i++)
        merge(&r->past, &w->records[r->deps[i]].past);
    if (d->last != WORLD_NOBODY)
        merge(&r->past, &w->records[d->last].past);
    mark(&r->past, at);
    d->last = at;
    w->records_count++;
    return at;
}

static inline uint32_t world_write(struct world *w, uint32_t device, unsigned type,
                                   const struct wire_writer *body)
{
    struct gadget *d = &w->devices[device];
    CHECK(!body->bad);
    uint32_t at = world_write_seeing(w, device, type, wire_written(body), &d->seen);
    merge(&d->seen, &w->records[at].past);
    return at;
}

/* Device a hears of all that b has. */
static inline void world_hear(struct world *w, uint32_t a, uint32_t b)
{
    merge(&w->devices[a].seen, &w->devices[b].seen);
}

static inline void world_meet(struct world *w)
{
    struct marks all = {{0}};
    for (uint32_t i = 0; i < w->devices_count; i++)
        merge(&all, &w->devices[i].seen);
    for (uint32_t i = 0; i < w->devices_count; i++)
        w->devices[i].seen = all;
}

/* ---- folds ---- */

static inline void fold_open(struct fold *f, const struct world *w)
{
    memset(f, 0, sizeof *f);
    f->history = history_new();
    f->cell = cell_new(w->cell_id);
    CHECK(f->history != NULL && f->cell != NULL);
    memset(f->entries, 0xff, sizeof f->entries);
}

static inline void fold_close(struct fold *f)
{
    cell_free(f->cell);
    history_free(f->history);
}

/* Take one record, whose ancestors are there, and apply it. */
static inline void fold_take(struct fold *f, const struct world *w, uint32_t at)
{
    const struct written *r = &w->records[at];
    uint8_t deps[32 * WORLD_DEVICES_MAX * 2];
    struct history_entry e = {
        .log = history_log(f->history, r->log), .seq = r->seq, .type = (uint16_t)r->type};
    memcpy(e.id, r->id, 32);
    for (size_t i = 0; i < r->deps_count; i++)
        memcpy(deps + 32 * i, w->records[r->deps[i]].id, 32);
    CHECK_OK(history_add(f->history, &e, deps, r->deps_count, &f->entries[at]));
    f->owners[e.log].ik = w->devices[r->device].ik.public_key;
    struct cell_event event = {.id = r->id,
                               .ik = w->devices[r->device].ik.public_key,
                               .log = r->log,
                               .seq = r->seq,
                               .entry = f->entries[at],
                               .type = r->type,
                               .body = SPAN(r->body, r->size)};
    CHECK_OK(cell_apply(f->cell, &event));
}

static inline bool fold_ready(const struct fold *f, const struct world *w, uint32_t at,
                              const struct marks *set)
{
    for (uint32_t i = 0; i < at; i++) {
        if (marked(&w->records[at].past, i) && marked(set, i) && f->entries[i] == UINT32_MAX)
            return false;
    }
    return true;
}

/* All of a set that is closed under "had seen", in the order they were written. */
static inline void fold_set(struct fold *f, const struct world *w, const struct marks *set)
{
    fold_open(f, w);
    for (uint32_t i = 0; i < w->records_count; i++) {
        if (marked(set, i))
            fold_take(f, w, i);
    }
    CHECK_OK(cell_resolve(f->cell, f->history));
}

static inline struct marks world_all(const struct world *w)
{
    struct marks all = {{0}};
    for (uint32_t i = 0; i < w->records_count; i++)
        mark(&all, i);
    return all;
}

static inline enum text_id fold_why(const struct fold *f, const struct world *w, uint32_t at)
{
    for (size_t i = 0; i < cell_ignored_count(f->cell); i++) {
        if (memcmp(cell_ignored_at(f->cell, i)->record, w->records[at].id, 32) == 0)
            return cell_ignored_at(f->cell, i)->why;
    }
    return TEXT_NONE;
}

/* All that a device with these records shows, but for the reasons, and for who is only pending:
 * that is shown, and stands for nothing. */
static inline void fold_digest(const struct fold *f, uint8_t ret[static 32])
{
    struct hop_hash h;
    const struct cell *c = f->cell;
    hop_hash_init(&h, LABEL_STATE);
    for (size_t i = 0; i < cell_member_count(c); i++) {
        const struct cell_member *m = cell_member(c, i);
        uint8_t v[] = {(uint8_t)m->role, (uint8_t)m->category, m->rank, m->active};
        if (m->pending)
            continue;
        hop_hash_add(&h, SPAN(m->id, 16));
        hop_hash_add(&h, SPAN(v, sizeof v));
        hop_hash_add(&h, SPAN(m->admitted_by, 16));
        hop_hash_add(&h, SPAN(m->admit, 32));
    }
    for (size_t i = 0; i < cell_device_count(c); i++) {
        const struct cell_device *d = cell_device(c, i);
        uint8_t v[] = {(uint8_t)d->state, d->seat, d->double_signed, (uint8_t)d->member};
        static const uint8_t pending[32];
        if (d->state == DEVICE_REVOKED && memcmp(d->ended, pending, 32) == 0)
            continue;
        hop_hash_add(&h, SPAN(d->cert.ik, 32));
        hop_hash_add(&h, SPAN(d->cert.kem, 32));
        hop_hash_add(&h, SPAN(v, sizeof v));
    }
    for (size_t i = 0; i < cell_invite_count(c); i++) {
        const struct cell_invite *v = cell_invite(c, i);
        uint8_t bits[] = {v->used, v->ended};
        hop_hash_add(&h, SPAN(v->record, 32));
        hop_hash_add(&h, SPAN(bits, sizeof bits));
    }
    for (size_t i = 0; i < cell_group_count(c); i++) {
        const struct cell_group *g = cell_group(c, i);
        hop_hash_add(&h, SPAN(g->id, 16));
        hop_hash_add(&h, SPAN((const uint8_t *)&g->leader, 4));
        hop_hash_add(&h, SPAN((const uint8_t *)g->members, 4 * g->members_count));
    }
    if (cell_config(c) != NULL)
        hop_hash_add(&h, SPAN(cell_config(c)->record, 32));
    hop_hash_end(&h, ret, 32);
}

/* ---- founding and records ---- */

#define WORLD_WRITER(name, value_type)                                                             \
    static inline uint32_t world_##name(struct world *w, uint32_t device, unsigned type,           \
                                        const value_type *v)                                       \
    {                                                                                              \
        uint8_t body[WORLD_BODY_MAX];                                                              \
        struct wire_writer out = wire_writer(body, sizeof body);                                   \
        auth_##name##_put(&out, v);                                                                \
        return world_write(w, device, type, &out);                                                 \
    }
WORLD_WRITER(genesis, struct auth_genesis)
WORLD_WRITER(invite, struct auth_invite)
WORLD_WRITER(admit, struct auth_admit)
WORLD_WRITER(remove, struct auth_remove)
WORLD_WRITER(role, struct auth_role_change)
WORLD_WRITER(config, struct auth_config)
WORLD_WRITER(suspend, struct auth_suspend)
WORLD_WRITER(leave, struct auth_leave)
WORLD_WRITER(checkpoint, struct auth_checkpoint)
WORLD_WRITER(cosign, struct auth_cosign)
WORLD_WRITER(prekey, struct auth_prekey)
WORLD_WRITER(group, struct auth_group)
WORLD_WRITER(propose, struct auth_propose)
WORLD_WRITER(invite_end, struct auth_invite_end)

static inline void world_begin(struct world *w, enum auth_role founder_role)
{
    uint8_t body[1024];
    struct wire_writer out = wire_writer(body, sizeof body);
    CHECK_OK(hop_init());
    w->devices_count = w->records_count = w->invites = 0;
    uint32_t founder = world_device(w);
    struct gadget *d = &w->devices[founder];
    memset(&w->genesis, 0, sizeof w->genesis);
    w->genesis.founder_role = (uint8_t)founder_role;
    (void)snprintf(w->genesis.name, sizeof w->genesis.name, "Cell");
    (void)snprintf(w->genesis.founder_name, sizeof w->genesis.founder_name, "Founder");
    hop_hash(w->genesis.procedure, 32, LABEL_PROCEDURE, span_text(world_procedure));
    memcpy(w->genesis.founder_ik, d->cert.ik, 32);
    memcpy(w->genesis.founder_lk, d->cert.lk, 32);
    memcpy(w->genesis.founder_kem, d->cert.kem, 32);
    auth_genesis_put(&out, &w->genesis);
    auth_genesis_cell_id(w->cell_id, wire_written(&out));
}

static inline struct auth_admit world_founder(struct world *w)
{
    struct gadget *d = &w->devices[0];
    struct auth_admit a = {.role = w->genesis.founder_role,
                           .rank = auth_rank_of((enum auth_role)w->genesis.founder_role)};
    auth_cert_sign(&d->cert, &d->ik, w->cell_id, a.invite);
    a.cert = d->cert;
    memcpy(a.name, w->genesis.founder_name, sizeof a.name);
    cell_member_id(a.member, w->cell_id, a.invite, a.cert.ik);
    memcpy(d->member, a.member, 16);
    return a;
}

static inline void world_found(struct world *w)
{
    world_begin(w, ROLE_SECRETARY);
    struct auth_admit a = world_founder(w);
    (void)world_genesis(w, 0, AUTH_GENESIS, &w->genesis);
    (void)world_admit(w, 0, AUTH_ADMIT, &a);
}

/* An invitation, and the key its joiner will have. */
struct invitation {
    struct hop_sign_key key;
    struct auth_invite body;
    uint32_t record;
};

static inline struct invitation world_make_invite(struct world *w, enum auth_role role,
                                                  const uint8_t *member)
{
    struct invitation i;
    uint8_t seed[32] = {(uint8_t)++w->invites, (uint8_t)(w->invites >> 8), 3};
    memset(&i, 0, sizeof i);
    hop_sign_keypair(&i.key, seed);
    memcpy(i.body.sign_key, i.key.public_key, 32);
    hop_hash(i.body.id, 16, LABEL_INVITE_ID, SPAN(seed, sizeof seed));
    i.body.role = (uint8_t)role;
    (void)snprintf(i.body.name, sizeof i.body.name, "Member %u", w->invites);
    if (member != NULL)
        memcpy(i.body.member, member, 16);
    return i;
}

/* The admission that an honest inviter writes for this joining device. */
static inline struct auth_admit world_make_admit(struct world *w, const struct invitation *i,
                                                 uint32_t joiner)
{
    struct gadget *d = &w->devices[joiner];
    uint8_t message[CELL_JOIN_MESSAGE_BYTES];
    struct auth_admit a = {.role = i->body.role,
                           .category = i->body.category,
                           .rank = auth_rank_of((enum auth_role)i->body.role)};
    auth_cert_sign(&d->cert, &d->ik, w->cell_id, i->body.id);
    a.cert = d->cert;
    memcpy(a.invite, i->body.id, 16);
    memcpy(a.name, i->body.name, sizeof a.name);
    static const uint8_t nobody[16];
    if (memcmp(i->body.member, nobody, 16) == 0)
        cell_member_id(a.member, w->cell_id, a.invite, d->cert.ik);
    else
        memcpy(a.member, i->body.member, 16);
    memcpy(d->member, a.member, 16);
    cell_join_message(message, w->cell_id, a.invite, &d->cert);
    hop_sign(a.join_sig, &i->key, LABEL_JOIN_SIG, SPAN(message, sizeof message));
    return a;
}

/* Invite and admit; the new device has seen what the inviter has. Its index. */
static inline uint32_t world_bring_in(struct world *w, uint32_t by, enum auth_role role,
                                      const uint8_t *member)
{
    struct invitation i = world_make_invite(w, role, member);
    i.record = world_invite(w, by, AUTH_INVITE, &i.body);
    uint32_t joiner = world_device(w);
    struct auth_admit a = world_make_admit(w, &i, joiner);
    (void)world_admit(w, by, AUTH_ADMIT, &a);
    world_hear(w, joiner, by);
    return joiner;
}

/* The cuts that an honest device with these records writes for these logs: all that it has seen.
 * NULL: of any member, of any device. bytes: room for AUTH_CUT_BYTES a log. */
static inline struct auth_cuts world_cuts(const struct world *w, const struct marks *seen,
                                          const uint8_t *member, const uint8_t *ik, uint8_t *bytes,
                                          size_t room)
{
    struct auth_cuts cuts = {.bytes = bytes};
    for (uint32_t i = w->records_count; i-- > 0;) {
        const struct written *r = &w->records[i];
        const struct gadget *d = &w->devices[r->device];
        size_t at = 0;
        if (!marked(seen, i) || (ik != NULL && memcmp(d->cert.ik, ik, 32) != 0) ||
            (member != NULL && memcmp(d->member, member, 16) != 0))
            continue; /* NULL: of any device, of any member */
        while (at < cuts.count && memcmp(bytes + at * AUTH_CUT_BYTES, r->log, 32) < 0)
            at++;
        if (at < cuts.count && memcmp(bytes + at * AUTH_CUT_BYTES, r->log, 32) == 0)
            continue; /* a later one of that log was seen */
        if ((cuts.count + 1) * AUTH_CUT_BYTES > room)
            break;
        memmove(bytes + (at + 1) * AUTH_CUT_BYTES, bytes + at * AUTH_CUT_BYTES,
                (cuts.count - at) * AUTH_CUT_BYTES);
        struct auth_cut cut = {.seq = r->seq};
        memcpy(cut.log, r->log, 32);
        memcpy(cut.id, r->id, 32);
        struct wire_writer out = wire_writer(bytes + at * AUTH_CUT_BYTES, AUTH_CUT_BYTES);
        auth_cut_put(&out, &cut);
        cuts.count++;
    }
    return cuts;
}

/* Does somebody with these records take the device for good: brought in, by nobody who was out, and
 * heard of no removal? */
static inline bool world_good(const struct world *w, const struct marks *seen, uint32_t n)
{
    const struct gadget *d = &w->devices[n];
    bool known = n == 0, gone = false;
    for (uint32_t i = 0; i < w->records_count; i++) {
        const struct written *r = &w->records[i];
        struct auth_admit a;
        struct auth_remove v;
        static const uint8_t all[32];
        const struct span body = SPAN(r->body, r->size);
        if (!marked(seen, i))
            continue;
        if (r->type == AUTH_LEAVE && memcmp(w->devices[r->device].member, d->member, 16) == 0)
            gone = true;
        if (r->type == AUTH_ADMIT && auth_admit_parse(&a, body) == HOP_OK &&
            memcmp(a.cert.ik, d->cert.ik, 32) == 0 && n != 0 && r->device < n)
            known = known || world_good(w, seen, r->device);
        if (r->type == AUTH_REMOVE && auth_remove_parse(&v, body) == HOP_OK)
            gone = gone || memcmp(v.ik, d->cert.ik, 32) == 0 ||
                   (memcmp(v.ik, all, 32) == 0 && memcmp(v.member, d->member, 16) == 0);
    }
    return known && !gone;
}

/* The devices of a member that this one takes for good. bytes: room for AUTH_DEVICES_MAX keys. */
static inline struct auth_devices world_devices(const struct world *w, const struct marks *seen,
                                                const uint8_t *member, uint8_t *bytes)
{
    struct auth_devices ret = {.keys = bytes};
    for (uint32_t n = 0; n < w->devices_count && ret.count < AUTH_DEVICES_MAX; n++) {
        const struct gadget *d = &w->devices[n];
        if (memcmp(d->member, member, 16) != 0 || !world_good(w, seen, n))
            continue;
        size_t at = ret.count++;
        while (at > 0 && memcmp(bytes + 32 * (at - 1), d->cert.ik, 32) > 0) {
            memcpy(bytes + 32 * at, bytes + 32 * (at - 1), 32);
            at--;
        }
        memcpy(bytes + 32 * at, d->cert.ik, 32);
    }
    return ret;
}

static inline uint32_t world_remove_member(struct world *w, uint32_t by, uint32_t target)
{
    uint8_t bytes[24 * AUTH_CUT_BYTES];
    struct auth_remove v = {.reason = REASON_REMOVED};
    memcpy(v.member, w->devices[target].member, 16);
    v.cuts = world_cuts(w, &w->devices[by].seen, v.member, NULL, bytes, sizeof bytes);
    return world_remove(w, by, AUTH_REMOVE, &v);
}

static inline uint32_t world_revoke(struct world *w, uint32_t by, uint32_t target)
{
    uint8_t bytes[24 * AUTH_CUT_BYTES];
    struct auth_remove v = {.reason = REASON_LOST};
    memcpy(v.member, w->devices[target].member, 16);
    memcpy(v.ik, w->devices[target].cert.ik, 32);
    v.cuts = world_cuts(w, &w->devices[by].seen, v.member, v.ik, bytes, sizeof bytes);
    return world_remove(w, by, AUTH_REMOVE, &v);
}

static inline uint32_t world_set_role(struct world *w, uint32_t by, uint32_t target,
                                      enum auth_role role)
{
    uint8_t bytes[24 * AUTH_CUT_BYTES], keys[32 * AUTH_DEVICES_MAX];
    struct auth_role_change v = {.role = (uint8_t)role};
    memcpy(v.member, w->devices[target].member, 16);
    v.devices = world_devices(w, &w->devices[by].seen, v.member, keys);
    v.cuts = world_cuts(w, &w->devices[by].seen, v.member, NULL, bytes, sizeof bytes);
    return world_role(w, by, AUTH_ROLE, &v);
}

static inline uint32_t world_hold(struct world *w, uint32_t by, uint32_t target, bool resume)
{
    struct auth_suspend v = {.resume = resume, .reason = REASON_LOST};
    memcpy(v.ik, w->devices[target].cert.ik, 32);
    return world_suspend(w, by, AUTH_SUSPEND, &v);
}

static inline uint32_t world_go(struct world *w, uint32_t device)
{
    uint8_t bytes[24 * AUTH_CUT_BYTES];
    struct auth_leave v = {{0}};
    v.cuts = world_cuts(w, &w->devices[device].seen, w->devices[device].member, NULL, bytes,
                        sizeof bytes);
    return world_leave(w, device, AUTH_LEAVE, &v);
}

static inline uint32_t world_sign(struct world *w, uint32_t by, uint32_t record)
{
    struct auth_cosign v;
    memcpy(v.record, w->records[record].id, 32);
    return world_cosign(w, by, AUTH_COSIGN, &v);
}

/* A successor of a configuration: seats are devices. */
static inline uint32_t world_configure(struct world *w, uint32_t by, uint32_t number,
                                       const uint8_t prev[static 32], uint32_t secretary,
                                       const uint32_t *seats, size_t seats_count,
                                       const uint32_t *removed, size_t removed_count)
{
    uint8_t bytes[48 * AUTH_CUT_BYTES], keys[32 * AUTH_DEVICES_MAX];
    struct auth_config v = {.number = number,
                            .seats_count = (uint8_t)seats_count,
                            .removed_count = (uint8_t)removed_count};
    memcpy(v.prev, prev, 32);
    memcpy(v.procedure, w->genesis.procedure, 32);
    if (secretary != WORLD_NOBODY) {
        memcpy(v.secretary, w->devices[secretary].member, 16);
        v.devices = world_devices(w, &w->devices[by].seen, v.secretary, keys);
    }
    for (size_t i = 0; i < seats_count; i++) { /* ascending */
        size_t at = i;
        while (at > 0 && memcmp(v.seats[at - 1], w->devices[seats[i]].cert.ik, 32) > 0) {
            memcpy(v.seats[at], v.seats[at - 1], 32);
            at--;
        }
        memcpy(v.seats[at], w->devices[seats[i]].cert.ik, 32);
    }
    for (size_t i = 0; i < removed_count; i++)
        memcpy(v.removed[i], w->devices[removed[i]].member, 16);
    /* of everybody: those of who is removed, or is secretary no more, are looked at */
    v.cuts = world_cuts(w, &w->devices[by].seen, NULL, NULL, bytes, sizeof bytes);
    return world_config(w, by, AUTH_CONFIG, &v);
}

#endif
