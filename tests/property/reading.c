/* Who may read, over random histories of whole devices: people are admitted, removed, suspended,
 * leave, bring more devices and get other offices, while records go from one to another as it
 * comes, and those who are out are handed everything all the same.
 *
 *     tests/property/reading [HISTORIES] [SEED]
 *
 *   I7  the epoch that a device writes under is held by nobody who is, as far as it knows, not to
 *       read it: no key among all that the others hold
 *   I8  when all have met and some time has gone by, every active device has opened every record,
 *       and all write under one epoch and show one cell
 *   I9  who was out, for good, when something was said, as far as its author knew before, opens it
 *       with none of its keys: tried, with all of them. (What ends an epoch, and the EPOCH record
 *       itself, is written under the one that ends: that those who are out may read.)
 *
 * Linked with the toy backend. A failure prints the seed of its history. */
#include <stdio.h>
#include <stdlib.h>

#include "device/govern.h"
#include "device/state.h"
#include "procedures/assets.h"
#include "base/rng.h"

#define DEVICES_MAX 7
#define ACTS        24
#define WRITTEN_MAX 512

/* A record, and who was out for good when it was written, as far as its author knew. */
struct written {
    uint8_t log[32];
    uint64_t seq;
    uint32_t out; /* bits */
    uint32_t by;
};

struct one {
    struct device_keys keys;
    struct store *store;
    struct device *d;
    bool in;      /* has ever been */
    uint32_t out; /* who is out, as far as it knew before this turn: bits */
    unsigned starts, index;
};

struct world {
    struct one ones[DEVICES_MAX];
    uint32_t count;
    hop_time now;
    struct written written[WRITTEN_MAX];
    size_t written_count;
    bool doubts[DEVICES_MAX][DEVICES_MAX];
    struct mesh_outs outs;
    uint8_t *scratch;
    uint64_t seed;
};

static unsigned failures;
static bool told; /* tell the story of what fails */

static void broken(const struct world *w, const char *what, uint32_t a, uint32_t b)
{
    (void)fprintf(stderr, "%s: devices %u and %u, history %llu\n", what, (unsigned)a, (unsigned)b,
                  (unsigned long long)w->seed);
    failures++;
}

static void must(int err, const char *what)
{
    if (err == HOP_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", what, hop_error_text(err));
    abort();
}

/* ---- devices ---- */

static void tell(void *ctx, const char *line)
{
    if (told)
        (void)fprintf(stderr, "%u: %s\n", *(unsigned *)ctx, line);
}

static void start(struct world *w, uint32_t i)
{
    struct one *x = &w->ones[i];
    struct device_config config = {
        .keys = &x->keys, .store = x->store, .trace = {.line = tell, .ctx = &x->index}};
    x->index = i;
    config.seed[0] = (uint8_t)(i + 1);
    config.seed[1] = (uint8_t)++x->starts;
    memcpy(config.seed + 8, &w->seed, sizeof w->seed);
    must(device_new(&x->d, &config), "start");
}

static void add(struct world *w)
{
    struct one *x = &w->ones[w->count];
    struct hop_drbg drbg;
    uint8_t seed[32] = {(uint8_t)(w->count + 1), 0xde};
    memcpy(seed + 8, &w->seed, sizeof w->seed);
    hop_drbg_seed(&drbg, seed);
    device_keys_new(&x->keys, &drbg);
    x->store = store_memory_new(0);
    start(w, w->count++);
}

static const struct epoch *send_of(const struct world *w, uint32_t i)
{
    return epochs_send(device_epochs(w->ones[i].d));
}

/* As device `by` knows it. */
static bool is_active(const struct world *w, uint32_t by, uint32_t i)
{
    return cell_device_active(device_cell(w->ones[by].d), w->ones[i].keys.ik.public_key) != NULL;
}

static bool is_out(const struct world *w, uint32_t by, uint32_t i)
{
    const struct cell_device *x =
        cell_device_by_key(device_cell(w->ones[by].d), w->ones[i].keys.ik.public_key);
    return x != NULL && x->state == DEVICE_REVOKED;
}

static bool reads_all(const struct world *w, uint32_t by, uint32_t i)
{
    const struct cell *c = device_cell(w->ones[by].d);
    const struct cell_device *x = cell_device_active(c, w->ones[i].keys.ik.public_key);
    return x != NULL && epochs_share(cell_member(c, x->member)->role) == EPOCH_HISTORY;
}

static void note_out(struct world *w, uint32_t i)
{
    w->ones[i].out = 0;
    for (uint32_t k = 0; k < w->count; k++)
        w->ones[i].out |= is_out(w, i, k) ? 1u << k : 0;
}

/* What was said in this turn. */
static void note_written(struct world *w, uint32_t i)
{
    const struct one *x = &w->ones[i];
    for (size_t n = 0; n < x->d->authored.count; n++) {
        struct store_tip tip;
        must(store_tip(x->store, x->d->authored.logs[n], &tip), "tip");
        for (uint64_t seq = tip.seq; seq > 0 && w->written_count < WRITTEN_MAX; seq--) {
            bool known = false;
            for (size_t m = w->written_count; m-- > 0 && !known;)
                known = w->written[m].seq == seq &&
                        memcmp(w->written[m].log, x->d->authored.logs[n], 32) == 0;
            if (known)
                break;
            struct written *r = &w->written[w->written_count++];
            *r = (struct written){.seq = seq, .out = x->out, .by = i};
            memcpy(r->log, x->d->authored.logs[n], 32);
        }
    }
}

static void commit(struct world *w, uint32_t i)
{
    struct one *x = &w->ones[i];
    for (bool again = true; again;) {
        note_written(w, i);
        x->keys.changed = false;
        must(store_commit(x->store), "commit");
        must(device_committed(x->d, HOP_OK, w->now, w->now, &w->outs, &again), "committed");
        note_out(w, i);
    }
}

/* Everything that a has and b has not. */
static void hand_over(struct world *w, uint32_t a, uint32_t b)
{
    struct one *from = &w->ones[a], *to = &w->ones[b];
    uint8_t log[32], after[32];
    const uint8_t *at = NULL;
    struct store_tip tip;
    if (!from->in || !to->in || a == b)
        return;
    if (told)
        (void)fprintf(stderr, "%u -> %u\n", a, b);
    while (store_next_log(from->store, at, log, &tip) == HOP_OK) {
        struct store_tip have = {0};
        uint32_t index;
        if (store_tip(to->store, log, &have) != HOP_OK)
            have.seq = 0;
        for (uint64_t seq = have.seq + 1; seq <= tip.seq; seq++) {
            struct span bytes;
            struct record r;
            struct store_tip next = {.seq = seq};
            must(store_get(from->store, log, seq, &bytes), "get");
            must(record_parse(&r, bytes), "parse");
            record_id(next.head, r.header, r.text);
            must(store_append(to->store, log, &next, bytes), "append");
            device_log_state(to->d, log, &index)->tip = seq;
        }
        memcpy(after, log, sizeof after);
        at = after;
    }
    commit(w, b);
}

/* ---- what people do ---- */

static void found(struct world *w)
{
    struct text_said why;
    struct span text = SPAN(procedure_assets[0].bytes, procedure_assets[0].size);
    add(w);
    must(device_found(w->ones[0].d, "C", "p", text, "A", ROLE_SECRETARY, w->now, &why), "found");
    w->ones[0].in = true;
    commit(w, 0);
}

static void join(struct world *w, struct rng *r, uint32_t host)
{
    static const enum auth_role roles[] = {ROLE_MEMBER, ROLE_MEMBER, ROLE_COMMITTEE, ROLE_DEPUTY,
                                           ROLE_OBSERVER};
    struct device_invite invite;
    struct device_join j;
    struct text_said why;
    uint8_t request[JOIN_FRAME_BYTES_MAX], answer[JOIN_FRAME_BYTES_MAX];
    size_t request_size, answer_size;
    struct device *d = w->ones[host].d;
    uint32_t self = device_self(d);
    struct device_invite_ask ask = {
        .name = "B", .role = roles[rng_below(r, 5)], .category = CATEGORY_FULL};
    if (w->count == DEVICES_MAX || self == HISTORY_NONE || !is_active(w, host, host))
        return;
    if (rng_below(r, 3) == 0)
        ask.member = cell_member(device_cell(d), self)->id;
    int err = device_invite_for(d, &ask, w->now, &invite, &why);
    commit(w, host);
    if (err != HOP_OK)
        return;
    add(w);
    struct one *x = &w->ones[w->count - 1];
    must(device_join_read(&j, invite.text, &why), "read");
    must(device_join_request(x->d, &j, request, &request_size), "request");
    device_join_answer(d, SPAN(request, request_size), j.link_key.public_key, w->now, answer,
                       &answer_size);
    commit(w, host);
    if (device_join_finish(x->d, &j, SPAN(answer, answer_size), &why) != HOP_OK)
        return;
    device_free(x->d);
    start(w, w->count - 1);
    x->in = true;
    hand_over(w, host, w->count - 1);
}

static void say(struct world *w, uint32_t i)
{
    static const uint8_t words[] = "words";
    uint8_t id[32];
    int err = HOP_EREFUSED;
    struct device_draft draft = {
        .lane = LANE_MEETING, .type = ACT_OPINION, .body = SPAN(words, sizeof words)};
    if (is_active(w, i, i))
        err = device_author(w->ones[i].d, &draft, id);
    if (told)
        (void)fprintf(stderr, "%u speaks: %s\n", i, hop_error_text(err));
    commit(w, i);
}

static void govern(struct world *w, struct rng *r, uint32_t by)
{
    static const enum auth_role roles[] = {ROLE_MEMBER, ROLE_COMMITTEE, ROLE_OBSERVER};
    struct device *d = w->ones[by].d;
    uint32_t about = (uint32_t)rng_below(r, w->count);
    const uint8_t *ik = w->ones[about].keys.ik.public_key;
    const struct cell_device *x = cell_device_by_key(device_cell(d), ik);
    struct text_said why = {0};
    if (x == NULL || !is_active(w, by, by))
        return;
    uint64_t deed = rng_below(r, 8);
    int err = HOP_EREFUSED; /* who may not, does not */
    switch (deed) {
    case 0:
    case 1:
        err = device_remove(d, x->member, NULL, REASON_REMOVED, w->now, &why);
        break;
    case 2:
        err = device_remove(d, x->member, ik, REASON_LOST, w->now, &why);
        break;
    case 3:
        err = device_suspend(d, ik, false, REASON_LOST, w->now, &why);
        break;
    case 4:
        err = device_suspend(d, ik, true, REASON_LOST, w->now, &why);
        break;
    case 5:
        err = device_set_role(d, x->member, roles[rng_below(r, 3)], CATEGORY_FULL, w->now, &why);
        break;
    case 6:
        if (by != 0)
            err = device_leave(d, w->now, &why);
        break;
    default:
        err = device_rotate(d, EPOCH_AGE, w->now);
        break;
    }
    if (told)
        (void)fprintf(stderr, "%u does %llu about %u: %s\n", by, (unsigned long long)deed, about,
                      hop_error_text(err));
    commit(w, by);
}

/* ---- what must hold ---- */

/* Whose view is asked in the end; w->count if nobody is left who could make an epoch. */
static uint32_t reference(const struct world *w)
{
    uint32_t a = 0;
    while (a < w->count && !(w->ones[a].in && reads_all(w, a, a)))
        a++;
    return a;
}

/* Somebody writes who knows of another that it is out, and the other holds the key: wrong, if it
 * turns out to be so. (Who was removed, and has not heard of it, may take others for removed.) */
static void check_send(struct world *w)
{
    for (uint32_t i = 0; i < w->count; i++) {
        const struct epoch *send = w->ones[i].in && is_active(w, i, i) ? send_of(w, i) : NULL;
        for (uint32_t k = 0; k < w->count && send != NULL; k++) {
            const struct epoch *has = epochs_by_tag(device_epochs(w->ones[k].d), send->tag);
            if (has == NULL || has->held < EPOCH_SECRET || is_active(w, i, k) || !is_out(w, i, k))
                continue;
            w->doubts[i][k] = true;
        }
    }
}

/* With each key that k holds; and none can be had from a slot that its KEM keys open. */
static bool opens(const struct world *w, uint32_t k, const struct written *r)
{
    static uint8_t plain[1 << 16];
    struct span bytes;
    struct record record;
    if (store_get(w->ones[r->by].store, r->log, r->seq, &bytes) != HOP_OK ||
        record_parse(&record, bytes) != HOP_OK || record.lane == LANE_CONTROL)
        return false;
    const struct epochs *held = device_epochs(w->ones[k].d);
    for (size_t i = 0; i < epochs_count(held); i++) {
        const struct epoch *e = epochs_at(held, i);
        struct record_inner inner;
        uint8_t key[32];
        if (e->held < EPOCH_SECRET)
            continue;
        record_key(key, record_class_key(e, record.lane), record.header);
        if (record_open(&inner, plain, &record, key) == HOP_OK)
            return true;
    }
    return false;
}

static void check_closed(const struct world *w)
{
    uint32_t a = reference(w);
    if (a == w->count)
        return;
    for (uint32_t i = 0; i < w->count; i++) {
        for (uint32_t k = 0; k < w->count; k++) {
            if (w->doubts[i][k] && is_out(w, a, k) && !is_out(w, a, i))
                broken(w, "I7 writes for somebody who is out", i, k);
        }
    }
    for (size_t n = 0; n < w->written_count; n++) {
        for (uint32_t k = 0; k < w->count; k++) {
            if ((w->written[n].out >> k & 1) != 0 && is_out(w, a, k) &&
                !is_out(w, a, w->written[n].by) && opens(w, k, &w->written[n]))
                broken(w, "I9 opens what was written without it", w->written[n].by, k);
        }
    }
}

static void cell_digest(const struct cell *c, uint8_t ret[static 32])
{
    struct hop_hash h;
    hop_hash_init(&h, LABEL_SIM);
    for (size_t i = 0; i < cell_member_count(c); i++) {
        const struct cell_member *m = cell_member(c, i);
        uint8_t said[] = {(uint8_t)m->role, m->active, m->pending};
        hop_hash_add(&h, SPAN(m->id, 16));
        hop_hash_add(&h, SPAN(said, sizeof said));
    }
    for (size_t i = 0; i < cell_device_count(c); i++) {
        uint8_t state = (uint8_t)cell_device(c, i)->state;
        hop_hash_add(&h, SPAN(cell_device(c, i)->cert.ik, 32));
        hop_hash_add(&h, SPAN(&state, 1));
    }
    hop_hash_end(&h, ret, 32);
}

/* Is every epoch held by somebody who may hand it on? Else only they can help who are out: it may
 * be that all who held one have been suspended, and then people have to let somebody in again. */
static bool is_shared(const struct world *w, uint32_t a)
{
    for (uint32_t i = 0; i < w->count; i++) {
        const struct epochs *all = device_epochs(w->ones[i].d);
        for (size_t n = 0; n < epochs_count(all); n++) {
            bool shared = false;
            for (uint32_t k = 0; k < w->count && !shared; k++) {
                const struct epoch *e =
                    epochs_by_commit(device_epochs(w->ones[k].d), epochs_at(all, n)->commit);
                shared = reads_all(w, a, k) && reads_all(w, k, k) && e != NULL &&
                         e->held == EPOCH_HISTORY;
            }
            if (!shared)
                return false;
        }
    }
    return true;
}

static void check_settled(const struct world *w)
{
    uint8_t first[32], other[32];
    uint32_t a = reference(w);
    if (a == w->count || !is_shared(w, a))
        return;
    cell_digest(device_cell(w->ones[a].d), first);
    for (uint32_t i = 0; i < w->count; i++) {
        const struct device *d = w->ones[i].d;
        if (!w->ones[i].in || !is_active(w, a, i))
            continue;
        cell_digest(device_cell(d), other);
        if (memcmp(first, other, sizeof first) != 0)
            broken(w, "I8 shows another cell", a, i);
        if (send_of(w, i) == NULL || send_of(w, a) == NULL ||
            memcmp(send_of(w, i)->tag, send_of(w, a)->tag, 16) != 0)
            broken(w, "I8 writes under another epoch", a, i);
        if (device_pending_count(d) != 0)
            broken(w, "I8 has not opened all", a, i);
        for (uint32_t log = 0; reads_all(w, a, i) && log < d->logs_count; log++) {
            if (d->logs[log].closed) {
                broken(w, "I8 may read all, and cannot", a, i);
                break;
            }
        }
    }
}

/* For who looks for the cause. */
static void dump(const struct world *w)
{
    for (uint32_t i = 0; i < w->count && told; i++) {
        const struct device *d = w->ones[i].d;
        const struct epoch *send = send_of(w, i);
        (void)fprintf(stderr, "device %u writes under %02x, waits for %llu; epochs", i,
                      send == NULL ? 0 : send->tag[0], (unsigned long long)device_pending_count(d));
        for (size_t n = 0; n < epochs_count(d->epochs); n++) {
            const struct epoch *e = epochs_at(d->epochs, n);
            (void)fprintf(stderr, " %02x/%d/%u", e->tag[0], (int)e->held,
                          (unsigned)epochs_generation(d->epochs, e->commit));
        }
        (void)fprintf(stderr, "; devices");
        for (uint32_t k = 0; k < w->count; k++) {
            const struct cell_device *x =
                cell_device_by_key(d->cell, w->ones[k].keys.ik.public_key);
            (void)fprintf(stderr, " %d", x == NULL ? -1 : (int)x->state);
        }
        (void)fprintf(stderr, "\n");
    }
}

/* ---- a history ---- */

static void settle(struct world *w)
{
    for (int round = 0; round < 12; round++) {
        w->now += 10 * HOP_SECOND;
        for (uint32_t a = 0; a < w->count; a++) {
            for (uint32_t b = 0; b < w->count; b++)
                hand_over(w, a, b);
            if (w->ones[a].in)
                commit(w, a);
        }
    }
}

static void play(struct world *w, uint64_t seed)
{
    struct rng r = rng_seeded(seed);
    w->seed = seed;
    w->count = 0;
    w->written_count = 0;
    memset(w->doubts, 0, sizeof w->doubts);
    w->now = HOP_SECOND;
    found(w);
    for (int i = 0; i < 2; i++)
        join(w, &r, 0);
    for (int n = 0; n < ACTS; n++) {
        uint32_t a = (uint32_t)rng_below(&r, w->count), b = (uint32_t)rng_below(&r, w->count);
        w->now += rng_below(&r, 4 * HOP_SECOND);
        switch (rng_below(&r, 8)) {
        case 0:
            if (w->ones[a].in)
                join(w, &r, a);
            break;
        case 1:
        case 2:
            if (w->ones[a].in)
                govern(w, &r, a);
            break;
        case 3:
        case 4:
            if (w->ones[a].in)
                say(w, a);
            break;
        default:
            hand_over(w, a, b);
            break;
        }
        check_send(w);
    }
    settle(w);
    dump(w);
    check_send(w);
    check_settled(w);
    check_closed(w);
    for (uint32_t i = 0; i < w->count; i++) {
        device_free(w->ones[i].d);
        store_close(w->ones[i].store);
        w->ones[i] = (struct one){0};
    }
}

int main(int argc, char **argv)
{
    static struct world w;
    unsigned long histories = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    w.scratch = malloc(MESH_SCRATCH_BYTES);
    if (w.scratch == NULL || hop_init() != HOP_OK)
        return 3;
    w.outs.scratch = (struct arena){.base = w.scratch, .size = MESH_SCRATCH_BYTES};
    told = histories == 1;
    for (unsigned long n = 0; n < histories && failures < 10; n++)
        play(&w, seed + n);
    free(w.scratch);
    printf("%lu histories of whole devices, %u failures\n", histories, failures);
    return failures == 0 ? 0 : 1;
}
