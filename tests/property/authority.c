/* Who may write, over random histories: what must hold whatever people of all ranks write, split
 * and merged as it comes, with removed devices that write on and make it look old.
 *
 *     tests/property/authority [HISTORIES] [SEED]
 *
 * Linked with the toy backend: what is signed here is never doubted. A failure prints the seed of
 * its history; HISTORIES 1 and that seed show it again. */
#include "tests/unit/cell/world.h"

#define ACTS 28 /* after the founding, a history's own */

static struct world w;
static bool argued; /* tell the story of what fails */
static uint64_t seed_now;
static unsigned failures;

/* ---- histories ---- */

static uint32_t any_device(struct rng *r)
{
    return (uint32_t)rng_below(r, w.devices_count);
}

static enum auth_role any_role(struct rng *r)
{
    static const enum auth_role roles[] = {ROLE_MEMBER,    ROLE_MEMBER, ROLE_COMMITTEE,
                                           ROLE_COMMITTEE, ROLE_DEPUTY, ROLE_OBSERVER};
    return roles[rng_below(r, sizeof roles / sizeof roles[0])];
}

static bool room(void)
{
    return w.devices_count + 2 < WORLD_DEVICES_MAX && w.records_count + 8 < WORLD_RECORDS_MAX;
}

/* Some cuts lie: lower than what was seen, or nothing at all. */
static struct auth_cuts bent_cuts(struct rng *r, uint32_t by, const uint8_t *member,
                                  const uint8_t *ik, uint8_t *bytes, size_t size)
{
    struct auth_cuts cuts = world_cuts(&w, &w.devices[by].seen, member, ik, bytes, size);
    if (rng_below(r, 4) == 0 && cuts.count > 0) {
        uint8_t *seq = bytes + rng_below(r, cuts.count) * AUTH_CUT_BYTES + 32 + 7;
        *seq = (uint8_t)rng_below(r, (uint64_t)*seq + 1);
    }
    if (rng_below(r, 10) == 0)
        cuts.count = 0;
    return cuts;
}

static void remove_somebody(struct rng *r, uint32_t by)
{
    uint8_t bytes[48 * AUTH_CUT_BYTES];
    uint32_t target = any_device(r);
    struct auth_remove v = {.reason = REASON_REMOVED};
    memcpy(v.member, w.devices[target].member, 16);
    if (rng_below(r, 3) == 0)
        memcpy(v.ik, w.devices[target].cert.ik, 32);
    static const uint8_t all[32];
    bool whole = memcmp(v.ik, all, 32) == 0;
    v.cuts = bent_cuts(r, by, v.member, whole ? NULL : v.ik, bytes, sizeof bytes);
    (void)world_remove(&w, by, AUTH_REMOVE, &v);
}

static void change_role(struct rng *r, uint32_t by)
{
    uint8_t bytes[48 * AUTH_CUT_BYTES], keys[32 * AUTH_DEVICES_MAX];
    struct auth_role_change v = {.role = (uint8_t)any_role(r),
                                 .category = (uint8_t)rng_below(r, CATEGORIES_COUNT)};
    memcpy(v.member, w.devices[any_device(r)].member, 16);
    v.devices = world_devices(&w, &w.devices[by].seen, v.member, keys);
    v.cuts = bent_cuts(r, by, v.member, NULL, bytes, sizeof bytes);
    (void)world_role(&w, by, AUTH_ROLE, &v);
}

static void leave(struct rng *r, uint32_t by)
{
    uint8_t bytes[48 * AUTH_CUT_BYTES];
    struct auth_leave v;
    v.cuts = bent_cuts(r, by, w.devices[by].member, NULL, bytes, sizeof bytes);
    (void)world_leave(&w, by, AUTH_LEAVE, &v);
}

static void bring_in(struct rng *r, uint32_t by)
{
    unsigned kind = (unsigned)rng_below(r, 4);
    const uint8_t *member = NULL;
    if (kind == 0)
        member = w.devices[by].member;
    else if (kind == 1)
        member = w.devices[any_device(r)].member;
    if (!room())
        return;
    uint32_t fresh = world_bring_in(&w, by, any_role(r), member);
    if (rng_below(r, 6) == 0) { /* admitted again, by somebody who heard of the invitation */
        const struct written *last = &w.records[w.records_count - 1];
        uint32_t other = any_device(r);
        world_hear(&w, other, by);
        (void)world_write_seeing(&w, other, AUTH_ADMIT, SPAN(last->body, last->size),
                                 &w.devices[other].seen);
    }
    if (rng_below(r, 3) != 0)
        world_hear(&w, fresh, any_device(r));
}

/* The newest configuration that this device has seen, or the founding. */
static uint32_t config_seen(uint32_t by, uint32_t *ret_number)
{
    uint32_t found = 0;
    *ret_number = 0;
    for (uint32_t i = 0; i < w.records_count; i++) {
        struct auth_config v;
        if (w.records[i].type != AUTH_CONFIG || !marked(&w.devices[by].seen, i) ||
            auth_config_parse(&v, SPAN(w.records[i].body, w.records[i].size)) != HOP_OK ||
            v.number < *ret_number)
            continue;
        *ret_number = v.number;
        found = i;
    }
    return found;
}

/* A device that this one takes for good; WORLD_NOBODY, if it finds none. */
static uint32_t known_device(struct rng *r, uint32_t by)
{
    for (unsigned tries = 0; tries < 8; tries++) {
        uint8_t keys[32 * AUTH_DEVICES_MAX];
        uint32_t device = any_device(r);
        struct auth_devices good =
            world_devices(&w, &w.devices[by].seen, w.devices[device].member, keys);
        for (size_t i = 0; i < good.count; i++) {
            if (memcmp(keys + 32 * i, w.devices[device].cert.ik, 32) == 0)
                return device;
        }
    }
    return WORLD_NOBODY;
}

static void configure(struct rng *r, uint32_t by)
{
    uint32_t number, prev = config_seen(by, &number), seats[5], removed[1];
    uint32_t founder = prev == 0 ? 0 : prev;
    size_t count = 1 + (size_t)rng_below(r, 4), kept = 0, gone = rng_below(r, 4) == 0 ? 1 : 0;
    removed[0] = any_device(r);
    for (size_t i = 0; i < count; i++) {
        uint32_t seat = known_device(r, by);
        if (seat == WORLD_NOBODY)
            return;
        bool twice = memcmp(w.devices[seat].member, w.devices[removed[0]].member, 16) == 0;
        for (size_t k = 0; k < kept; k++)
            twice = twice || seats[k] == seat;
        if (!twice)
            seats[kept++] = seat;
    }
    uint32_t secretary = known_device(r, by);
    if (rng_below(r, 4) == 0)
        secretary = WORLD_NOBODY; /* the office is vacant */
    if (secretary != WORLD_NOBODY &&
        memcmp(w.devices[secretary].member, w.devices[removed[0]].member, 16) == 0)
        gone = 0;
    if (kept == 0)
        return;
    (void)world_configure(&w, by, number + 1, w.records[founder].id, secretary, seats, kept,
                          removed, gone);
}

static void cosign(struct rng *r, uint32_t by)
{
    for (unsigned tries = 0; tries < 8; tries++) {
        uint32_t at = (uint32_t)rng_below(r, w.records_count);
        if ((w.records[at].type == AUTH_CONFIG || w.records[at].type == AUTH_CHECKPOINT) &&
            marked(&w.devices[by].seen, at)) {
            (void)world_sign(&w, by, at);
            return;
        }
    }
}

static void fix_point(uint32_t by)
{
    uint8_t bytes[96 * AUTH_CUT_BYTES];
    struct auth_checkpoint v;
    memset(&v, 0, sizeof v);
    (void)config_seen(by, &v.number);
    v.tips = world_cuts(&w, &w.devices[by].seen, NULL, NULL, bytes, sizeof bytes);
    (void)world_checkpoint(&w, by, AUTH_CHECKPOINT, &v);
}

static void make_group(struct rng *r, uint32_t by)
{
    uint8_t members[32];
    struct auth_group v;
    memset(&v, 0, sizeof v);
    (void)snprintf(v.name, sizeof v.name, "G");
    memcpy(members, w.devices[any_device(r)].member, 16);
    memcpy(v.leader, members, 16);
    v.members = members;
    v.members_count = 1;
    for (uint32_t i = 0; i < w.records_count && rng_below(r, 2) == 0; i++) {
        if (w.records[i].type == AUTH_GROUP)
            memcpy(v.group, w.records[i].id, 16);
    }
    (void)world_group(&w, by, AUTH_GROUP, &v);
}

static void end_invite(struct rng *r, uint32_t by)
{
    struct auth_invite_end v = {.reason = (uint8_t)rng_below(r, 2)};
    for (unsigned tries = 0; tries < 8; tries++) {
        uint32_t at = (uint32_t)rng_below(r, w.records_count);
        if (w.records[at].type != AUTH_INVITE)
            continue;
        memcpy(v.invite, w.records[at].body, 16);
        (void)world_invite_end(&w, by, AUTH_INVITE_END, &v);
        return;
    }
}

static void new_key(struct rng *r, uint32_t by)
{
    struct auth_prekey v;
    struct hop_box_key kem;
    uint8_t seed[32] = {(uint8_t)rng_below(r, 256), 9};
    memset(&v, 0, sizeof v);
    hop_box_keypair(&kem, seed);
    memcpy(v.kem, kem.public_key, 32);
    auth_prekey_sign(&v, &w.devices[by].ik, w.cell_id);
    (void)world_prekey(&w, by, AUTH_PREKEY, &v);
}

static void act_of(struct rng *r, uint32_t by)
{
    switch (rng_below(r, 20)) {
    case 0:
    case 1:
    case 2:
    case 3:
        remove_somebody(r, by);
        break;
    case 4:
    case 5:
    case 6:
        change_role(r, by);
        break;
    case 7:
    case 8:
    case 9:
        bring_in(r, by);
        break;
    case 10:
    case 11:
        (void)world_hold(&w, by, any_device(r), rng_below(r, 2) == 0);
        break;
    case 12:
        leave(r, by);
        break;
    case 13:
    case 14:
        configure(r, by);
        break;
    case 15:
    case 16:
        cosign(r, by);
        break;
    case 17:
        fix_point(by);
        break;
    case 18:
        if (rng_below(r, 2) == 0)
            make_group(r, by);
        else
            end_invite(r, by);
        break;
    default:
        new_key(r, by);
        break;
    }
}

/* The device pretends to have seen only what some older record had, in a new log or in its own. */
static void pretend(struct rng *r, uint32_t by)
{
    struct gadget kept = w.devices[by];
    uint32_t old = (uint32_t)rng_below(r, w.records_count);
    if (rng_below(r, 2) == 0)
        world_new_log(&w, by);
    w.devices[by].seen = w.records[old].past;
    if (w.devices[by].last != WORLD_NOBODY) /* what its log has seen, it cannot unsee */
        merge(&w.devices[by].seen, &w.records[w.devices[by].last].past);
    act_of(r, by);
    merge(&w.devices[by].seen, &kept.seen);
}

static void people(struct rng *r)
{
    world_found(&w);
    size_t count = 3 + (size_t)rng_below(r, 4);
    for (size_t i = 0; i < count; i++)
        (void)world_bring_in(&w, 0, any_role(r), NULL);
    if (rng_below(r, 2) == 0) {
        uint32_t seats[3] = {0, 1, 2};
        world_meet(&w);
        (void)world_configure(&w, 0, 1, w.records[0].id, 0, seats, 3, NULL, 0);
    }
    world_meet(&w);
}

static void happen(struct rng *r)
{
    people(r);
    for (unsigned n = 0; n < ACTS && room(); n++) {
        uint32_t by = any_device(r);
        if (rng_below(r, 5) == 0)
            pretend(r, by);
        else
            act_of(r, by);
        if (rng_below(r, 3) == 0)
            world_hear(&w, any_device(r), any_device(r));
        if (rng_below(r, 12) == 0)
            world_meet(&w);
    }
}

/* ---- what must hold ---- */

static uint32_t device_of(const uint8_t *id, size_t size)
{
    for (uint32_t i = 0; i < w.devices_count; i++) {
        if (memcmp(size == 16 ? w.devices[i].member : w.devices[i].cert.ik, id, size) == 0)
            return i;
    }
    return 99;
}

/* The history as a story, for who has to find out why. */
static void tell(const struct fold *f)
{
    static const char *const types[] = {"-",      "LOG-OPEN", "GENESIS",   "EPOCH",      "GRANT",
                                        "INVITE", "ADMIT",    "PROCEDURE", "REMOVE",     "ROLE",
                                        "CONFIG", "SUSPEND",  "LEAVE",     "CHECKPOINT", "SEEN",
                                        "COSIGN", "PREKEY",   "GROUP",     "PROPOSE",    "END"};
    for (uint32_t i = 0; i < w.records_count; i++) {
        const struct written *r = &w.records[i];
        struct auth_admit a;
        uint32_t about = 99;
        unsigned role = 99;
        if (r->type == AUTH_ADMIT && auth_admit_parse(&a, SPAN(r->body, r->size)) == HOP_OK) {
            about = device_of(a.cert.ik, 32);
            role = a.role;
        } else if (r->type == AUTH_REMOVE || r->type == AUTH_ROLE) {
            about = device_of(r->body, 16);
            role = r->body[16];
        } else if (r->type == AUTH_SUSPEND) {
            about = device_of(r->body, 32);
        }
        (void)fprintf(stderr, "%3u %-10s by %2u log %u/%u:%llu about %2u (%u)  %s  saw", i,
                      types[r->type], r->device, r->log[0], r->log[1], (unsigned long long)r->seq,
                      about, role, text_key(fold_why(f, &w, i)));
        for (size_t k = 0; k < r->deps_count; k++)
            (void)fprintf(stderr, " %u", r->deps[k]);
        (void)fprintf(stderr, "\n");
    }
    for (size_t i = 0; i < cell_member_count(f->cell); i++) {
        const struct cell_member *m = cell_member(f->cell, i);
        (void)fprintf(stderr, "member of device %u: role %d rank %u %s%s\n", device_of(m->id, 16),
                      (int)m->role, m->rank, m->active ? "active" : "gone",
                      m->pending ? " pending" : "");
    }
    for (size_t i = 0; i < cell_device_count(f->cell); i++) {
        const struct cell_device *d = cell_device(f->cell, i);
        (void)fprintf(stderr, "device %u of member %u: state %d%s\n", device_of(d->cert.ik, 32),
                      d->member, (int)d->state, d->seat ? " seat" : "");
    }
}

static const struct fold *told;

static void broken(const char *what)
{
    if (told != NULL)
        tell(told);
    (void)fprintf(stderr, "authority: %s; seed %llu\n", what, (unsigned long long)seed_now);
    failures++;
}

static void reasons(const struct fold *f, enum text_id ret[WORLD_RECORDS_MAX])
{
    memset(ret, 0, WORLD_RECORDS_MAX * sizeof ret[0]);
    for (size_t i = 0; i < cell_ignored_count(f->cell); i++) {
        const struct cell_ignored *g = cell_ignored_at(f->cell, i);
        for (uint32_t k = 0; k < w.records_count; k++) {
            if (memcmp(w.records[k].id, g->record, 32) == 0)
                ret[k] = g->why;
        }
    }
}

/* Only the order of arrival differs, and how often the cell was looked at on the way. */
static void fold_shuffled(struct fold *f, struct rng *r, const struct marks *set)
{
    struct marks left = *set;
    fold_open(f, &w);
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < w.records_count; i++) {
            if (!marked(&left, i) || rng_below(r, 3) == 0) {
                more = more || marked(&left, i);
                continue;
            }
            if (!fold_ready(f, &w, i, set)) {
                more = true;
                continue;
            }
            left.bits[i / 64] &= ~(UINT64_C(1) << i % 64);
            fold_take(f, &w, i);
            if (rng_below(r, 4) == 0)
                CHECK_OK(cell_resolve(f->cell, f->history));
        }
    }
    CHECK_OK(cell_resolve(f->cell, f->history));
}

static void check_order(struct rng *r, const struct marks *set, const uint8_t digest[32],
                        const enum text_id *why)
{
    static struct fold f;
    uint8_t other[32];
    enum text_id other_why[WORLD_RECORDS_MAX];
    fold_shuffled(&f, r, set);
    fold_digest(&f, other);
    reasons(&f, other_why);
    if (argued && memcmp(digest, other, 32) != 0)
        tell(&f);
    if (memcmp(digest, other, 32) != 0)
        broken("another order of arrival gives another cell (I1)");
    else if (memcmp(why, other_why, sizeof other_why) != 0)
        broken("another order of arrival gives other reasons (I1)");
    fold_close(&f);
}

/* Records that a cut voids, with nothing kept that had seen them, are taken away. */
static void check_cut(const uint8_t digest[32], const enum text_id *why)
{
    static struct fold f;
    struct marks kept = world_all(&w), seen = {{0}};
    uint8_t other[32];
    enum text_id other_why[WORLD_RECORDS_MAX];
    bool fewer = false;
    for (uint32_t i = w.records_count; i-- > 0;) {
        if (why[i] == CELL_CUT && !marked(&seen, i)) {
            kept.bits[i / 64] &= ~(UINT64_C(1) << i % 64);
            fewer = true;
            continue;
        }
        merge(&seen, &w.records[i].past);
    }
    if (!fewer)
        return;
    fold_set(&f, &w, &kept);
    fold_digest(&f, other);
    reasons(&f, other_why);
    if (argued && memcmp(digest, other, 32) != 0)
        tell(&f);
    if (memcmp(digest, other, 32) != 0)
        broken("a record beyond a cut mattered (I2)");
    for (uint32_t i = 0; i < w.records_count; i++) {
        if (marked(&kept, i) && (why[i] == TEXT_NONE) != (other_why[i] == TEXT_NONE)) {
            (void)fprintf(stderr, "record %u: %s, then %s\n", i, text_key(why[i]),
                          text_key(other_why[i]));
            broken("a record beyond a cut changed what has effect (I2)");
            break;
        }
    }
    fold_close(&f);
}

static bool sat(uint32_t device)
{
    for (uint32_t i = 0; i < w.records_count; i++) {
        struct auth_config v;
        if (w.records[i].type != AUTH_CONFIG ||
            auth_config_parse(&v, SPAN(w.records[i].body, w.records[i].size)) != HOP_OK)
            continue;
        for (size_t n = 0; n < v.seats_count; n++) {
            if (memcmp(v.seats[n], w.devices[device].cert.ik, 32) == 0)
                return true;
        }
    }
    return device == 0;
}

/* A device that was removed writes whatever it likes, as old as it likes: nothing changes. Seats
 * are left out: what they sign is judged by the chain, which takes a majority. */
static void check_retaliation(struct rng *r, const struct fold *before, const uint8_t digest[32],
                              const enum text_id *why)
{
    static struct fold f;
    uint32_t traitor = WORLD_NOBODY;
    for (unsigned tries = 0; tries < 8 && traitor == WORLD_NOBODY; tries++) {
        uint32_t by = any_device(r);
        const struct cell_device *d = cell_device_by_key(before->cell, w.devices[by].cert.ik);
        if (d == NULL || d->state != DEVICE_REVOKED || sat(by))
            continue;
        bool left = false; /* who left by own will may still take own acts back */
        for (uint32_t i = 0; i < w.records_count; i++)
            left = left ||
                   (w.records[i].type == AUTH_LEAVE && why[i] == TEXT_NONE &&
                    memcmp(w.devices[w.records[i].device].member, w.devices[by].member, 16) == 0);
        if (!left)
            traitor = by;
    }
    if (traitor == WORLD_NOBODY)
        return;
    uint32_t from = w.records_count;
    for (unsigned n = 0; n < 4 && room(); n++)
        pretend(r, traitor);
    struct marks all = world_all(&w);
    uint8_t other[32];
    enum text_id other_why[WORLD_RECORDS_MAX];
    fold_set(&f, &w, &all);
    fold_digest(&f, other);
    reasons(&f, other_why);
    if (argued && memcmp(digest, other, 32) != 0)
        tell(before);
    told = argued ? &f : NULL;
    if (memcmp(digest, other, 32) != 0)
        broken("what a removed device wrote changed the cell (I3)");
    for (uint32_t i = 0; i < from; i++) {
        if ((why[i] == TEXT_NONE) == (other_why[i] == TEXT_NONE))
            continue;
        (void)fprintf(stderr, "record %u: %s, then %s\n", i, text_key(why[i]),
                      text_key(other_why[i]));
        broken("what a removed device wrote changed the effect of others' records (I3)");
        break;
    }
    fold_close(&f);
    w.records_count = from;
}

/* Somebody can always act for the cell: a secretary, or more than half of the seats. */
static void check_reachable(const struct fold *f)
{
    const struct cell_config *config = cell_config(f->cell);
    const struct cell_member *s = cell_secretary(f->cell);
    if (s != NULL && s->role == ROLE_SECRETARY && s->active)
        return;
    if (cell_config_conflict(f->cell, (uint8_t[32]){0}, (uint8_t[32]){0}))
        return; /* seats have signed twice, and everybody sees it */
    for (uint32_t i = 0; i < w.records_count; i++) {
        struct auth_config v;
        if (w.records[i].type == AUTH_CONFIG &&
            auth_config_parse(&v, SPAN(w.records[i].body, w.records[i].size)) == HOP_OK &&
            v.removed_count > 0)
            return; /* seats may remove whom they named, and name whom they removed */
    }
    size_t reachable = 0;
    for (size_t n = 0; n < config->body.seats_count; n++) {
        const struct cell_device *d = cell_device_by_key(f->cell, config->body.seats[n]);
        static const uint8_t nothing[32];
        /* a key that never was a device, or is not yet, can sign: the seats themselves chose it */
        reachable += d == NULL || d->state != DEVICE_REVOKED ||
                     memcmp(d->ended, nothing, sizeof nothing) == 0;
    }
    if (2 * reachable <= config->body.seats_count)
        broken("no secretary, and no majority of the seats can be reached (I4)");
}

/* Nobody removes who has as much rank, as both were known to the remover. */
static void check_ranks(const struct fold *f, const enum text_id *why)
{
    for (uint32_t i = 0; i < w.records_count; i++) {
        struct auth_remove v;
        if (w.records[i].type != AUTH_REMOVE || why[i] != TEXT_NONE ||
            auth_remove_parse(&v, SPAN(w.records[i].body, w.records[i].size)) != HOP_OK)
            continue;
        const struct cell_device *by =
            cell_device_by_key(f->cell, w.devices[w.records[i].device].cert.ik);
        size_t target = cell_member_index(f->cell, v.member);
        if (by == NULL || target == SIZE_MAX || by->member == target)
            continue;
        struct cell_standing a = cell_standing_at(f->cell, f->history, by->member, f->entries[i]);
        struct cell_standing b = cell_standing_at(f->cell, f->history, target, f->entries[i]);
        if (a.rank <= b.rank)
            broken("a removal by no higher rank had effect (I5)");
    }
}

/* All orders in which at most six records can come. */
static void check_permutations(struct rng *r)
{
    static struct fold f;
    uint8_t first[32], other[32];
    people(r);
    uint32_t base = w.records_count;
    while (w.records_count < base + 5 && room())
        act_of(r, any_device(r));
    if (w.records_count > base + 6)
        w.records_count = base + 6;
    uint32_t n = w.records_count - base;
    struct marks all = world_all(&w);
    fold_set(&f, &w, &all);
    fold_digest(&f, first);
    fold_close(&f);
    unsigned orders = 1;
    for (uint32_t k = 2; k <= n; k++)
        orders *= k;
    for (unsigned order = 0; order < orders; order++) {
        uint32_t left[6], count = n, code = order;
        bool possible = true;
        for (uint32_t k = 0; k < n; k++)
            left[k] = base + k;
        fold_open(&f, &w);
        for (uint32_t i = 0; i < base; i++)
            fold_take(&f, &w, i);
        CHECK_OK(cell_resolve(f.cell, f.history));
        while (count > 0 && possible) {
            uint32_t pick = code % count, at = left[pick];
            code /= count;
            left[pick] = left[--count];
            possible = fold_ready(&f, &w, at, &all);
            if (!possible)
                break;
            fold_take(&f, &w, at);
            CHECK_OK(cell_resolve(f.cell, f.history));
        }
        if (possible) {
            fold_digest(&f, other);
            if (memcmp(first, other, 32) != 0)
                broken("an order of at most six records gives another cell (I1)");
        }
        fold_close(&f);
    }
}

static void history(uint64_t seed)
{
    static struct fold f;
    struct rng r = rng_seeded(seed);
    uint8_t digest[32];
    enum text_id why[WORLD_RECORDS_MAX];
    seed_now = seed;
    if (seed % 512 == 0) {
        check_permutations(&r);
        return;
    }
    happen(&r);
    struct marks all = world_all(&w);
    fold_set(&f, &w, &all);
    told = argued ? &f : NULL;
    fold_digest(&f, digest);
    reasons(&f, why);
    check_order(&r, &all, digest, why);
    check_cut(digest, why);
    check_ranks(&f, why);
    check_reachable(&f);
    check_retaliation(&r, &f, digest, why);
    fold_close(&f);
}

int main(int argc, char **argv)
{
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    argued = count == 1;
    for (unsigned long n = 0; n < count && failures == 0; n++)
        history(seed + n);
    if (failures > 0)
        return 1;
    (void)printf("%lu histories of %d acts and more: all properties hold\n", count, ACTS);
    return 0;
}
