/* What others ask of the verdicts: standing as a record had seen it, what a cut accepts, and how
 * far a removal written now would. */
#include "cell/fold.h"

#include <assert.h>
#include <stdlib.h>

int cell_resolve(struct cell *c, const struct history *h)
{
    uint32_t from = (uint32_t)c->order.count;
    int err = HOP_OK;
    bool more = from > 0 && cell_index_more(c, h, &err);
    if (err != HOP_OK)
        return err;
    for (uint32_t i = from; more && i < c->acts.count; i++)
        more = cell_judge_last(c, i);
    if (!more && (from == 0 || c->order.count < c->acts.count))
        err = cell_index_all(c, h);
    if (!more && err == HOP_OK)
        err = cell_judge_all(c);
    return err == HOP_OK ? cell_publish(c) : err;
}

struct cell_standing cell_standing_at(const struct cell *c, const struct history *h, size_t member,
                                      uint32_t entry)
{
    assert(member < c->members.count);
    uint32_t person = list_u32(&c->member_persons, member);
    struct view v = cell_view_now(c);
    if (entry == HISTORY_NONE) {
        const struct cell_member *m = cell_member(c, member);
        return (struct cell_standing){
            .role = m->role, .category = m->category, .rank = m->rank, .active = m->active};
    }
    v.past = history_past(h, entry);
    if (v.past == NULL)
        return (struct cell_standing){0};
    v.config = cell_config_in(c, v.past);
    struct office o = cell_office(c, person, &v);
    return (struct cell_standing){.role = o.role,
                                  .category = o.category,
                                  .rank = o.rank,
                                  .active = cell_present(c, person, &v)};
}

/* The group's last record that stands and that entry had seen; NONE. */
static uint32_t group_record_at(const struct cell *c, const struct history *h,
                                const uint8_t id[static 16], uint32_t entry)
{
    uint32_t assembly = names_find(&c->group_ids, id);
    if (assembly == NONE)
        return NONE;
    const struct list *about = &assembly_at(c, assembly)->about;
    for (size_t i = about->count; i-- > 0;) {
        const struct act *a = act_at(c, list_u32(about, i));
        if (a->type == AUTH_GROUP && a->verdict == VERDICT_STANDS &&
            history_saw(h, entry, a->entry))
            return list_u32(about, i);
    }
    return NONE;
}

bool cell_group_at(const struct cell *c, const struct history *h, const uint8_t id[static 16],
                   uint32_t entry, struct cell_group *ret)
{
    struct auth_group v;
    const struct cell_group *now = cell_group_by_id(c, id);
    if (entry == HISTORY_NONE) {
        if (now != NULL)
            *ret = *now;
        return now != NULL;
    }
    uint32_t record = group_record_at(c, h, id, entry);
    if (record == NONE ||
        auth_group_parse(&v, SPAN(act_at(c, record)->body, act_at(c, record)->size)) != HOP_OK)
        return false;
    *ret = (struct cell_group){.leader = NONE};
    memcpy(ret->id, id, sizeof ret->id);
    memcpy(ret->name, v.name, sizeof ret->name);
    size_t leader = cell_member_index(c, v.leader);
    if (leader != SIZE_MAX)
        ret->leader = (uint32_t)leader;
    for (size_t i = 0; i < v.members_count; i++) {
        size_t m = cell_member_index(c, v.members + 16 * i);
        if (m != SIZE_MAX)
            ret->members[ret->members_count++] = (uint32_t)m;
    }
    cell_group_sort(ret);
    return true;
}

bool cell_accepts(const struct cell *c, const uint8_t ik[static 32], const uint8_t log[static 32],
                  uint64_t seq)
{
    const struct cell_device *d = cell_device_by_key(c, ik);
    if (d == NULL)
        return false;
    uint32_t t = list_u32(&c->device_ties, (size_t)(d - cell_device(c, 0)));
    return tie_at(c, t)->stands && cell_cut_by(c, t, log, seq, 0, NULL) == NONE;
}

/* Is this log of a device that the cut is for? */
static bool concerns(const struct cell *c, const uint8_t *owner, size_t member, const uint8_t *ik)
{
    if (owner == NULL)
        return false;
    if (ik != NULL)
        return memcmp(owner, ik, 32) == 0;
    const struct cell_device *d = cell_device_by_key(c, owner);
    return d != NULL && (member == SIZE_MAX || d->member == member);
}

/* The last record of a log that has effect: a cut accepts all before it. */
static uint64_t accepted(const struct cell *c, const uint8_t *ik, const uint8_t log[static 32],
                         uint64_t tip)
{
    uint64_t low = 0, high = tip; /* low has effect, or is none */
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (cell_accepts(c, ik, log, middle))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Insert by log, ascending: the lists are short, and made rarely. */
static void insert(struct buf *b, size_t from, const uint8_t cut[static AUTH_CUT_BYTES])
{
    buf_bytes(b, cut, AUTH_CUT_BYTES);
    if (b->bad)
        return;
    size_t at = b->size - AUTH_CUT_BYTES;
    while (at > from && memcmp(b->data + at - AUTH_CUT_BYTES, cut, 32) > 0) {
        memcpy(b->data + at, b->data + at - AUTH_CUT_BYTES, AUTH_CUT_BYTES);
        at -= AUTH_CUT_BYTES;
    }
    memcpy(b->data + at, cut, AUTH_CUT_BYTES);
}

int cell_cuts(const struct cell *c, const struct history *h, const struct cell_log_owner *owners,
              size_t member, const uint8_t *ik, struct buf *ret)
{
    size_t from = ret->size;
    for (uint32_t log = 0; log < history_log_count(h); log++) {
        struct auth_cut cut;
        uint8_t bytes[AUTH_CUT_BYTES];
        struct wire_writer w = wire_writer(bytes, sizeof bytes);
        if (!concerns(c, owners[log].ik, member, ik))
            continue;
        memcpy(cut.log, history_log_id(h, log), sizeof cut.log);
        cut.seq = accepted(c, owners[log].ik, cut.log, history_log_tip(h, log));
        if (cut.seq == 0)
            continue; /* not named: nothing of it */
        if ((ret->size - from) / AUTH_CUT_BYTES == AUTH_CUTS_MAX)
            return HOP_EFULL;
        memcpy(cut.id, history_at(h, history_log_entry(h, log, cut.seq))->id, sizeof cut.id);
        auth_cut_put(&w, &cut);
        insert(ret, from, bytes);
    }
    return ret->bad ? HOP_ENOMEM : HOP_OK;
}

struct auth_devices cell_devices_of(const struct cell *c, size_t member,
                                    uint8_t ret[static AUTH_DEVICES_MAX * 32])
{
    struct auth_devices devices = {.keys = ret};
    for (size_t n = 0; n < c->devices.count && devices.count < AUTH_DEVICES_MAX; n++) {
        const struct cell_device *d = cell_device(c, n);
        if (d->member != member || d->state == DEVICE_REVOKED)
            continue;
        size_t at = devices.count++;
        for (; at > 0 && memcmp(ret + 32 * (at - 1), d->cert.ik, 32) > 0; at--)
            memcpy(ret + 32 * at, ret + 32 * (at - 1), 32);
        memcpy(ret + 32 * at, d->cert.ik, 32);
    }
    return devices;
}

void cell_checkpoint(const struct cell *c, uint8_t ret[static 32])
{
    memset(ret, 0, 32);
    if (c->checkpoints.count > 0)
        memcpy(ret, act_at(c, list_u32(&c->checkpoints, c->checkpoints.count - 1))->id, 32);
}

/* Weigh and check an act as if it were written now by somebody who has seen all. */
static enum text_id check_now(struct cell *c, struct act *a)
{
    if (a->flaw != TEXT_NONE)
        return a->flaw;
    if (a->type == AUTH_CONFIG || a->type == AUTH_COSIGN || a->type == AUTH_CHECKPOINT)
        return cell_check_top(c, a);
    struct judged j = cell_weigh(c, a);
    return j.tie == NONE ? j.why : cell_check(c, a, &j);
}

enum text_id cell_may(struct cell *c, const uint8_t ik[static 32], unsigned type, struct span body)
{
    static const uint8_t new_log[32]; /* that no cut names */
    struct cell_event e = {.id = new_log,
                           .ik = ik,
                           .log = new_log,
                           .seq = 1,
                           .entry = HISTORY_NONE,
                           .type = type,
                           .body = body};
    struct act a;
    size_t sights = c->sights.count, bits = c->bits.count;
    if (c->chain.count == 0 || cell_read_act(c, &e, &a) != HOP_OK)
        return CELL_AUTHOR_UNKNOWN;
    enum text_id why = cell_see_all(c, &a) == HOP_OK ? check_now(c, &a) : CELL_AUTHOR_UNKNOWN;
    c->sights.count = sights;
    c->bits.count = bits;
    free(a.body);
    return why;
}
