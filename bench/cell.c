/* The cell: who may write, from 10,000 control records at once and from one more at a time. */
#include "bench/report.h"

#include "base/rng.h"
#include "cell/cell.h"

#define RECORDS 10000
#define MORE    2000 /* one at a time, behind those */
#define MEMBERS 300
#define DEVICES (2 * MEMBERS)

struct machine {
    struct hop_sign_key ik;
    uint8_t member[16], log[32];
    uint32_t log_index;
    uint64_t seq;
};

static struct machine machines[DEVICES];
static uint32_t machines_count;
static struct history *history;
static struct cell *cell;
static uint8_t cell_id_bytes[32];
static uint8_t (*ids)[32]; /* of all records */
static size_t records_count;
static double apply_us, resolve_us;
static bool at_once = true;

static void take(uint32_t by, unsigned type, const struct wire_writer *body, struct rng *r)
{
    struct machine *m = &machines[by];
    uint8_t deps[64];
    size_t deps_count = records_count == 0 ? 0 : 1;
    struct history_entry e = {.log = m->log_index, .seq = ++m->seq, .type = (uint16_t)type};
    uint32_t entry;
    bench_must(!body->bad, "room for a body");
    uint64_t n[2] = {records_count, rng_next(r)};
    hop_hash(e.id, 32, LABEL_REC_ID, SPAN((const uint8_t *)n, sizeof n));
    if (records_count > 0)
        memcpy(deps, ids[records_count - 1], 32);
    bench_must(history_add(history, &e, deps, deps_count, &entry) == HOP_OK, "add to the history");
    memcpy(ids[records_count++], e.id, 32);
    struct cell_event event = {.id = e.id,
                               .ik = m->ik.public_key,
                               .log = m->log,
                               .seq = e.seq,
                               .entry = entry,
                               .type = type,
                               .body = wire_written(body)};
    double from = bench_cpu_us();
    bench_must(cell_apply(cell, &event) == HOP_OK, "apply");
    double then = bench_cpu_us();
    apply_us += then - from;
    if (at_once)
        return;
    bench_must(cell_resolve(cell, history) == HOP_OK, "resolve");
    resolve_us += bench_cpu_us() - then;
}

static uint32_t machine(void)
{
    uint32_t n = machines_count++;
    uint8_t seed[32] = {(uint8_t)n, (uint8_t)(n >> 8), 1};
    hop_sign_keypair(&machines[n].ik, seed);
    memcpy(machines[n].log, seed, 32);
    machines[n].log[31] = 7;
    machines[n].log_index = history_log(history, machines[n].log);
    return n;
}

static void sign_cert(struct auth_cert *cert, uint32_t n, const uint8_t invite[static 16])
{
    uint8_t seed[32] = {(uint8_t)n, (uint8_t)(n >> 8), 2};
    struct hop_box_key kem;
    hop_box_keypair(&kem, seed);
    memset(cert->lk, (int)n, 32);
    memcpy(cert->kem, kem.public_key, 32);
    auth_cert_sign(cert, &machines[n].ik, cell_id_bytes, invite);
}

static void found(struct rng *r)
{
    uint8_t body[1024];
    struct wire_writer w = wire_writer(body, sizeof body);
    struct auth_genesis g = {.founder_role = ROLE_SECRETARY, .name = "C", .founder_name = "F"};
    history = history_new();
    uint32_t n = machine();
    struct auth_admit a = {.role = ROLE_SECRETARY, .rank = 3, .name = "F"};
    sign_cert(&a.cert, n, a.invite);
    memcpy(g.founder_ik, a.cert.ik, 32);
    memcpy(g.founder_lk, a.cert.lk, 32);
    memcpy(g.founder_kem, a.cert.kem, 32);
    auth_genesis_put(&w, &g);
    auth_genesis_cell_id(cell_id_bytes, wire_written(&w));
    cell = cell_new(cell_id_bytes);
    bench_must(cell != NULL, "memory");
    take(n, AUTH_GENESIS, &w, r);
    sign_cert(&a.cert, n, a.invite);
    cell_member_id(a.member, cell_id_bytes, a.invite, a.cert.ik);
    memcpy(machines[n].member, a.member, 16);
    w = wire_writer(body, sizeof body);
    auth_admit_put(&w, &a);
    take(n, AUTH_ADMIT, &w, r);
}

static void invite(struct auth_invite *i, struct hop_sign_key *key, enum auth_role role,
                   const uint8_t *member)
{
    static uint32_t made;
    uint8_t seed[32] = {(uint8_t)++made, (uint8_t)(made >> 8), 3};
    *i = (struct auth_invite){.role = (uint8_t)role, .name = "M"};
    hop_sign_keypair(key, seed);
    memcpy(i->sign_key, key->public_key, 32);
    hop_hash(i->id, 16, LABEL_INVITE_ID, SPAN(seed, sizeof seed));
    if (member != NULL)
        memcpy(i->member, member, 16);
}

static void bring_in(uint32_t by, enum auth_role role, const uint8_t *member, struct rng *r)
{
    uint8_t body[1024], message[CELL_JOIN_MESSAGE_BYTES];
    struct wire_writer w = wire_writer(body, sizeof body);
    struct auth_invite i;
    struct hop_sign_key key;
    invite(&i, &key, role, member);
    auth_invite_put(&w, &i);
    take(by, AUTH_INVITE, &w, r);
    uint32_t n = machine();
    struct auth_admit a = {.role = i.role, .rank = auth_rank_of(role), .name = "M"};
    memcpy(a.invite, i.id, 16);
    sign_cert(&a.cert, n, a.invite);
    if (member == NULL)
        cell_member_id(a.member, cell_id_bytes, a.invite, a.cert.ik);
    else
        memcpy(a.member, member, 16);
    memcpy(machines[n].member, a.member, 16);
    cell_join_message(message, cell_id_bytes, a.invite, &a.cert);
    hop_sign(a.join_sig, &key, LABEL_JOIN_SIG, SPAN(message, sizeof message));
    w = wire_writer(body, sizeof body);
    auth_admit_put(&w, &a);
    take(by, AUTH_ADMIT, &w, r);
}

/* A day in the government of a cell. */
static void govern(struct rng *r)
{
    uint8_t body[2048];
    struct wire_writer w = wire_writer(body, sizeof body);
    uint32_t officer = (uint32_t)rng_below(r, 12);
    uint32_t any = 12 + (uint32_t)rng_below(r, MEMBERS - 12) + MEMBERS * (uint32_t)rng_below(r, 2);
    struct auth_suspend s = {.resume = (uint8_t)rng_below(r, 2)};
    struct auth_role_change role = {.role = ROLE_MEMBER,
                                    .category = (uint8_t)rng_below(r, CATEGORIES_COUNT)};
    struct auth_prekey p = {.lacks_count = 0};
    struct auth_invite i;
    struct hop_sign_key key;
    switch (rng_below(r, 8)) {
    case 0:
    case 1:
        memcpy(role.member, machines[any].member, 16);
        auth_role_put(&w, &role);
        take(officer, AUTH_ROLE, &w, r);
        break;
    case 2:
    case 3:
    case 4:
        memcpy(s.ik, machines[any].ik.public_key, 32);
        auth_suspend_put(&w, &s);
        take(officer, AUTH_SUSPEND, &w, r);
        break;
    case 5:
        invite(&i, &key, ROLE_MEMBER, NULL);
        auth_invite_put(&w, &i);
        take(officer, AUTH_INVITE, &w, r);
        break;
    default:
        memset(p.kem, 9, 32);
        auth_prekey_sign(&p, &machines[any].ik, cell_id_bytes);
        auth_prekey_put(&w, &p);
        take(any, AUTH_PREKEY, &w, r);
        break;
    }
}

static void measure_authority(void)
{
    struct rng r = rng_seeded(1);
    ids = calloc(RECORDS + MORE + 8, sizeof *ids);
    bench_must(ids != NULL, "memory");
    found(&r);
    for (uint32_t n = 1; n < MEMBERS; n++)
        bring_in(0, n < 3 ? ROLE_DEPUTY : n < 12 ? ROLE_COMMITTEE : ROLE_MEMBER, NULL, &r);
    for (uint32_t n = 0; n < MEMBERS; n++)
        bring_in(n, ROLE_MEMBER, machines[n].member, &r);
    while (records_count < RECORDS)
        govern(&r);
    double from = bench_cpu_us();
    bench_must(cell_resolve(cell, history) == HOP_OK, "resolve");
    double all = bench_cpu_us() - from;
    bench_must(cell_member_count(cell) == MEMBERS && cell_device_count(cell) == DEVICES &&
                   cell_ignored_count(cell) == 0,
               "everybody is there");
    double applied = apply_us;
    apply_us = 0;
    at_once = false;
    while (records_count < RECORDS + MORE)
        govern(&r);
    (void)printf("apply %.1f ms, resolve %.1f ms; more: apply %.1f us, resolve %.1f us\n",
                 applied / 1e3, all / 1e3, apply_us / MORE, resolve_us / MORE);
}

int main(int argc, char **argv)
{
    bench_start("cell", argc, argv);
    bench_must(hop_init() == HOP_OK, "start the library");
    measure_authority();
    cell_free(cell);
    history_free(history);
    free(ids);
    return bench_end();
}
