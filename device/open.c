/* From sealed records in the store to folds: opening, ordering, folding. */
#include "device/state.h"

#include <assert.h>
#include <stdlib.h>

/* A record as far as it could be opened. type 0: sealed by somebody who does not know how. */
struct opened {
    uint8_t id[32];
    struct record record;
    struct record_inner inner;
    uint8_t *plain; /* owned */
    bool closed;    /* we know its epoch, and may not read it */
};

int device_record_key(const struct device *d, const struct record *r, uint8_t ret[static 32])
{
    const struct epoch *e = epochs_by_tag(d->epochs, r->cell_tag);
    if (e == NULL || e->held < (r->lane == LANE_CONTROL ? EPOCH_AUTH : EPOCH_SECRET))
        return HOP_ENOTFOUND;
    record_key(ret, record_class_key(e, r->lane), r->header);
    return HOP_OK;
}

/* HOP_ENOTFOUND: its epoch is not known (yet). Of an epoch before our time we have the control keys
 * only: then what others wrote is closed to us for good, and keeps its place all the same, because
 * what we may read names it. Should its key come after all, everything is opened again. */
static int open_sealed(const struct device *d, struct opened *o)
{
    uint8_t key[32];
    if (device_record_key(d, &o->record, key) != HOP_OK) {
        const struct epoch *e = epochs_by_tag(d->epochs, o->record.cell_tag);
        o->closed = e != NULL && e->held >= EPOCH_AUTH;
        return o->closed ? HOP_OK : HOP_ENOTFOUND;
    }
    o->plain = malloc(o->record.text.size + 1);
    if (o->plain == NULL)
        return HOP_ENOMEM;
    if (record_open(&o->inner, o->plain, &o->record, key) != HOP_OK)
        o->inner = (struct record_inner){0};
    hop_wipe(key, sizeof key);
    return HOP_OK;
}

/* Open record seq of a log. On HOP_OK the caller frees o->plain. */
static int open_record(struct device *d, const uint8_t log[static 32], uint64_t seq,
                       struct opened *o)
{
    struct span bytes;
    *o = (struct opened){0};
    int err = store_get(d->store, log, seq, &bytes);
    if (err != HOP_OK)
        return err;
    if (record_parse(&o->record, bytes) != HOP_OK)
        return HOP_EMALFORMED; /* the mesh verified it before it was stored: the disk changed it */
    record_id(o->id, o->record.header, o->record.text);
    if (o->record.outer == OUTER_SEALED)
        return open_sealed(d, o);
    o->inner.type = o->record.outer == OUTER_EPOCH ? AUTH_EPOCH : AUTH_GRANT;
    o->inner.body = o->record.text;
    return HOP_OK;
}

/* The first record of a log must bind it to a device. */
static bool bind_log(struct device *d, struct device_log *log, const struct opened *o)
{
    struct auth_log_open binding;
    if (o->inner.type != AUTH_LOG_OPEN || auth_log_open_parse(&binding, o->inner.body) != HOP_OK ||
        memcmp(binding.cell_id, d->keys->cell_id, 32) != 0 ||
        binding.lane != (uint8_t)o->record.lane ||
        auth_log_open_check(&binding, o->record.log) != HOP_OK)
        return false;
    memcpy(log->ik, binding.ik, sizeof log->ik);
    log->incarnation = binding.incarnation;
    return true;
}

/* Remember what the next record of a log waits for, so that it is not opened in vain again. */
static void wait_for(const struct device *d, struct device_log *log,
                     const struct record_inner *inner)
{
    log->waiting = true;
    log->waits_keys = epochs_version(d->epochs);
    memset(log->waits_for, 0, sizeof log->waits_for);
    for (size_t i = 0; i < inner->deps_count; i++) {
        if (history_find(d->history, inner->deps + 32 * i) == HISTORY_NONE &&
            !device_fork_waived(d, inner->deps + 32 * i)) {
            memcpy(log->waits_for, inner->deps + 32 * i, 32);
            return;
        }
    }
}

static bool still_waits(const struct device *d, const struct device_log *log)
{
    static const uint8_t zeros[32];
    if (!log->waiting)
        return false;
    if (memcmp(log->waits_for, zeros, sizeof zeros) == 0)
        return log->waits_keys == epochs_version(d->epochs); /* for a key */
    return history_find(d->history, log->waits_for) == HISTORY_NONE &&
           !device_fork_waived(d, log->waits_for);
}

/* ---- bodies kept until they are folded, so that a record is opened once ---- */

#define KEPT_BYTES_MAX                                                                             \
    (32u << 20) /* a history of 100,000 records; beyond, they are opened again                     \
                 */
#define KEPT_NOWHERE UINT32_MAX

struct kept_head {
    uint64_t wall;
    size_t size;
};

void device_forget_bodies(struct device *d)
{
    buf_free(&d->kept);
    buf_free(&d->kept_at);
}

static void keep_body(struct device *d, uint32_t entry, const struct record_inner *inner)
{
    struct kept_head head = {.wall = inner->wall, .size = inner->body.size};
    uint32_t at = KEPT_NOWHERE;
    if (d->kept.bad || d->kept_at.bad)
        return; /* no memory for a convenience */
    if (d->kept_at.size == 0)
        d->kept_first = entry;
    assert(entry == d->kept_first + d->kept_at.size / sizeof at);
    if (d->kept.size + sizeof head + head.size <= KEPT_BYTES_MAX) {
        at = (uint32_t)d->kept.size;
        buf_bytes(&d->kept, (const uint8_t *)&head, sizeof head);
        buf_span(&d->kept, inner->body);
    }
    buf_bytes(&d->kept_at, (const uint8_t *)&at, sizeof at);
}

/* Borrowed until the next record is opened: ret->bytes is NULL. */
static bool find_kept(const struct device *d, uint32_t entry, struct device_opened *ret)
{
    struct kept_head head;
    uint32_t at;
    if (d->kept.bad || d->kept_at.bad || entry < d->kept_first ||
        entry - d->kept_first >= d->kept_at.size / sizeof at)
        return false;
    memcpy(&at, d->kept_at.data + (entry - d->kept_first) * sizeof at, sizeof at);
    if (at == KEPT_NOWHERE)
        return false;
    memcpy(&head, d->kept.data + at, sizeof head);
    *ret = (struct device_opened){.body = SPAN(d->kept.data + at + sizeof head, head.size),
                                  .wall = head.wall};
    return true;
}

/* As device_open_entry(), but ret->bytes may be NULL, and the body borrowed. */
static int open_for_fold(struct device *d, uint32_t entry, struct device_opened *ret)
{
    return find_kept(d, entry, ret) ? HOP_OK : device_open_entry(d, entry, ret);
}

/* ---- opening, log by log ---- */

/* Only what stands on the control lane has a say in who is who: all of the cell may read it. */
static bool is_control(const struct history_entry *e)
{
    return e->lane == LANE_CONTROL && e->type < ACT_MEETING && !e->closed;
}

/* May it change what somebody was allowed to do in a meeting? */
static bool moves_standing(unsigned type)
{
    return type == AUTH_ADMIT || type == AUTH_REMOVE || type == AUTH_ROLE || type == AUTH_CONFIG ||
           type == AUTH_COSIGN || type == AUTH_SUSPEND || type == AUTH_LEAVE ||
           type == AUTH_CHECKPOINT;
}

/* Try the next record of a log. HOP_ENOTFOUND: it must wait for another record or a key. */
static int open_next(struct device *d, uint32_t index)
{
    struct device_log *log = &d->logs[index];
    uint8_t id[32];
    struct opened o;
    memcpy(id, history_log_id(d->history, index), sizeof id);
    int err = open_record(d, id, log->next, &o);
    if (err != HOP_OK)
        goto out;
    if (log->next == 1) {
        memcpy(log->tag, o.record.cell_tag, sizeof log->tag);
        log->closed = o.closed;
    }
    if (log->next == 1 && !o.closed && !bind_log(d, log, &o)) {
        log->refused = true;
        trace(&d->trace, "a log whose first record binds it to nobody -> not opened");
        goto out;
    }
    struct history_entry e = {.log = index,
                              .seq = log->next,
                              .type = o.inner.type,
                              .lane = (uint8_t)o.record.lane,
                              .closed = o.closed || log->closed};
    memcpy(e.id, o.id, sizeof e.id);
    uint32_t entry;
    err = history_add(d->history, &e, o.inner.deps, o.inner.deps_count, &entry);
    if (err == HOP_ENOTFOUND && d->waived_count > 0 && o.inner.deps_count > 0) {
        uint8_t *deps = o.plain + (o.inner.deps - o.plain); /* they point into it */
        size_t count = device_fork_filter(d, deps, o.inner.deps, o.inner.deps_count);
        o.inner.deps_count = count;
        err = history_add(d->history, &e, deps, count, &entry);
    }
    if (err != HOP_OK)
        goto out;
    device_fork_arrived(d, o.id);
    log->next++;
    log->waiting = false;
    keep_body(d, entry, &o.inner);
    if (is_control(&e) && e.type != AUTH_LOG_OPEN) { /* that one says nothing to it */
        d->cell_dirty = true;
        d->standing_dirty = d->standing_dirty || moves_standing(e.type);
    }
out:
    if (err == HOP_ENOTFOUND)
        wait_for(d, log, &o.inner);
    free(o.plain);
    return err;
}

/* All of one log that can be opened now; *ret_progress is set if there was any. */
static int open_log(struct device *d, uint32_t index, bool *ret_progress)
{
    while (!d->logs[index].refused && d->logs[index].next <= d->logs[index].tip &&
           !still_waits(d, &d->logs[index])) {
        int err = open_next(d, index);
        if (err == HOP_ENOTFOUND)
            return HOP_OK;
        if (err != HOP_OK)
            return err;
        *ret_progress = true;
    }
    return HOP_OK;
}

/* ---- keys, wherever they lie ---- */

static int scan_record(struct device *d, const uint8_t log[static 32], uint64_t seq)
{
    struct span bytes;
    struct record r;
    uint8_t id[32];
    int err = store_get(d->store, log, seq, &bytes);
    if (err != HOP_OK || record_parse(&r, bytes) != HOP_OK || r.outer == OUTER_SEALED)
        return err;
    record_id(id, r.header, r.text);
    struct device_keys *k = d->keys;
    struct epochs_own own = {.cell_id = k->cell_id,
                             .kems = {&k->kem, k->kems_before > 0 ? &k->kem_before[0] : NULL,
                                      k->kems_before > 1 ? &k->kem_before[1] : NULL},
                             .carrier = k->carrier};
    struct epochs_record note = {.id = id,
                                 .log = log,
                                 .tag = r.cell_tag,
                                 .seq = seq,
                                 .grant = r.outer == OUTER_GRANT,
                                 .text = r.text};
    return epochs_note(d->epochs, &own, &note);
}

/* What EPOCH and GRANT records bring, before their turn: the log that one stands in may be sealed
 * under an epoch that only it tells of. */
static int scan_keys(struct device *d)
{
    uint64_t before = epochs_version(d->epochs);
    for (uint32_t i = 0; i < d->logs_count; i++) {
        while (d->logs[i].scanned < d->logs[i].tip) {
            uint8_t id[32];
            memcpy(id, history_log_id(d->history, i), sizeof id);
            int err = scan_record(d, id, d->logs[i].scanned + 1);
            if (err != HOP_OK)
                return err;
            d->logs[i].scanned++;
        }
    }
    if (epochs_version(d->epochs) != before)
        device_epochs_keep(d);
    return HOP_OK;
}

/* Is there a log that was closed to us, and is no more? */
static bool has_unlocked(const struct device *d)
{
    for (uint32_t i = 0; i < d->logs_count; i++) {
        const struct epoch *e = d->logs[i].closed ? epochs_by_tag(d->epochs, d->logs[i].tag) : NULL;
        if (e != NULL && e->held >= EPOCH_SECRET)
            return true;
    }
    return false;
}

int device_open_all(struct device *d)
{
    if (!d->keys->has_cell)
        return HOP_OK;
    int scanned = scan_keys(d);
    if (scanned == HOP_OK && has_unlocked(d))
        scanned = device_reopen(d);
    if (scanned != HOP_OK || d->keys->carrier)
        return scanned;
    for (bool progress = true; progress;) {
        progress = false;
        for (uint32_t i = 0; i < d->logs_count; i++) {
            int err = open_log(d, i, &progress);
            if (err != HOP_OK)
                return err;
        }
        if (!progress) {
            int err = device_fork_settle(d, &progress);
            if (err != HOP_OK)
                return err;
        }
    }
    d->settled = false;
    return HOP_OK;
}

bool device_log_owner(struct device *d, const uint8_t log[static 32], uint8_t ret_ik[static 32])
{
    struct opened o;
    struct device_log state = {0};
    bool bound = open_record(d, log, 1, &o) == HOP_OK && bind_log(d, &state, &o);
    if (bound)
        memcpy(ret_ik, state.ik, sizeof state.ik);
    free(o.plain);
    return bound;
}

int device_open_entry(struct device *d, uint32_t entry, struct device_opened *ret)
{
    const struct history_entry *e = history_at(d->history, entry);
    struct opened o;
    int err = open_record(d, history_log_id(d->history, e->log), e->seq, &o);
    if (err != HOP_OK)
        return err;
    if (o.plain == NULL) { /* outer kinds are not sealed: the body lies in the store's page */
        o.plain = malloc(o.inner.body.size + 1);
        if (o.plain == NULL)
            return HOP_ENOMEM;
        if (o.inner.body.size > 0)
            memcpy(o.plain, o.inner.body.data, o.inner.body.size);
        o.inner.body.data = o.plain;
    }
    *ret = (struct device_opened){.bytes = o.plain, .body = o.inner.body, .wall = o.inner.wall};
    return HOP_OK;
}

/* ---- folding ---- */

/* A digest of who is who, with which office: for the mesh, and because meetings that are open show
 * who counts now. The checkpoint has a say in what a cut accepts. */
static void roster_digest(const struct cell *c, uint8_t ret[static 32])
{
    struct hop_hash h;
    hop_hash_init(&h, LABEL_STATE);
    for (size_t i = 0; i < cell_member_count(c); i++) {
        const struct cell_member *m = cell_member(c, i);
        uint8_t now[] = {(uint8_t)m->role, (uint8_t)m->category, m->rank, m->active};
        hop_hash_add(&h, SPAN(m->id, 16));
        hop_hash_add(&h, SPAN(now, sizeof now));
    }
    for (size_t i = 0; i < cell_device_count(c); i++) {
        uint8_t state = (uint8_t)cell_device(c, i)->state;
        hop_hash_add(&h, SPAN(cell_device(c, i)->cert.ik, 32));
        hop_hash_add(&h, SPAN(&state, 1));
    }
    for (size_t i = 0; i < cell_group_count(c); i++) {
        const struct cell_group *g = cell_group(c, i);
        uint32_t now[2] = {g->leader, (uint32_t)g->members_count};
        hop_hash_add(&h, SPAN(g->id, sizeof g->id));
        hop_hash_add(&h, SPAN((const uint8_t *)now, sizeof now));
        hop_hash_add(&h,
                     SPAN((const uint8_t *)g->members, g->members_count * sizeof g->members[0]));
    }
    uint8_t checkpoint[32];
    cell_checkpoint(c, checkpoint);
    hop_hash_add(&h, SPAN(checkpoint, sizeof checkpoint));
    hop_hash_end(&h, ret, 32);
}

static int fold_cell_entry(struct device *d, uint32_t entry)
{
    const struct history_entry *e = history_at(d->history, entry);
    struct device_opened o;
    int err = open_for_fold(d, entry, &o);
    if (err != HOP_OK)
        return err;
    struct cell_event event = {.id = e->id,
                               .ik = d->logs[e->log].ik,
                               .log = history_log_id(d->history, e->log),
                               .seq = e->seq,
                               .entry = entry,
                               .type = e->type,
                               .body = o.body};
    err = cell_apply(d->cell, &event);
    struct auth_prekey p;
    if (err == HOP_OK && e->type == AUTH_PREKEY && auth_prekey_parse(&p, o.body) == HOP_OK)
        err = epochs_ask(d->epochs, event.ik, p.kem, p.lacks[0], p.lacks_count);
    free(o.bytes);
    return err;
}

/* The cell takes what came since the last time; the rest it has. */
static int fold_cell(struct device *d)
{
    uint8_t before[32], after[32];
    uint64_t turns = cell_turns(d->cell);
    roster_digest(d->cell, before);
    if (d->cell_read == 0) {
        cell_reset(d->cell);
        epochs_forget_asks(d->epochs);
    }
    for (size_t count = history_count(d->history); d->cell_read < count; d->cell_read++) {
        if (!is_control(history_at(d->history, (uint32_t)d->cell_read)))
            continue;
        int err = fold_cell_entry(d, (uint32_t)d->cell_read);
        if (err != HOP_OK)
            return err;
    }
    int err = cell_resolve(d->cell, d->history);
    if (err != HOP_OK)
        return err;
    roster_digest(d->cell, after);
    if (memcmp(before, after, sizeof after) != 0) {
        d->folded = 0; /* indexes may have moved, and who counts now has changed */
        d->roster_changed = d->mesh != NULL;
    }
    if (turns != cell_turns(d->cell))
        d->folded = 0; /* who might do what, or what has effect, is another */
    d->cell_dirty = false;
    return HOP_OK;
}

/* The rules of the configuration that holds, once their text is here. */
static void set_procedure(struct device *d)
{
    struct span file = cell_procedure(d->cell);
    const struct cell_config *config = cell_config(d->cell);
    if (file.size == 0 || config == NULL ||
        memcmp(d->procedure, config->body.procedure, sizeof d->procedure) == 0)
        return;
    struct procedure *p = malloc(sizeof *p);
    struct text_said why;
    if (p != NULL && procedure_parse(p, file, &why) == HOP_OK) {
        meeting_set_procedure(d->meetings, p);
        d->folded = 0;
    }
    free(p);
    memcpy(d->procedure, config->body.procedure, sizeof d->procedure);
}

static int fold_meeting_entry(struct device *d, uint32_t entry)
{
    const struct history_entry *e = history_at(d->history, entry);
    struct device_opened o;
    int err = open_for_fold(d, entry, &o);
    if (err != HOP_OK)
        return err;
    const uint8_t *ik = d->logs[e->log].ik;
    const struct cell_device *author = cell_device_by_key(d->cell, ik);
    if (author != NULL && !cell_accepts(d->cell, ik, history_log_id(d->history, e->log), e->seq)) {
        free(o.bytes); /* beyond a cut: it never was, whatever came of it */
        return HOP_OK;
    }
    struct meeting_event event = {.entry = entry,
                                  .id = e->id,
                                  .member = author == NULL ? HISTORY_NONE : author->member,
                                  .wall = o.wall,
                                  .type = e->type,
                                  .body = o.body};
    err = meeting_apply(d->meetings, d->cell, d->history, &event);
    if (err == HOP_OK && e->type == ACT_DOC)
        err = device_document_laid(d, entry, o.body);
    free(o.bytes);
    return err;
}

int device_fold_cell(struct device *d)
{
    int err = HOP_OK;
    if (d->cell_dirty) {
        err = fold_cell(d);
        if (err == HOP_OK)
            set_procedure(d);
    } else if (d->judged == epochs_version(d->epochs)) {
        return HOP_OK;
    }
    return err == HOP_OK ? device_judge(d) : err;
}

/* Records sort in before some that the meetings have: they must be folded from the start. */
static bool out_of_order(const struct device *d)
{
    return history_stable(d->history) < d->folded;
}

bool device_folded(const struct device *d)
{
    return !d->cell_dirty && d->folded == history_count(d->history) && !out_of_order(d);
}

int device_fold(struct device *d)
{
    int err = device_fold_cell(d);
    if (err != HOP_OK)
        return err;
    size_t count = history_count(d->history);
    if (out_of_order(d))
        d->folded = 0;
    if (d->folded == 0) {
        meeting_reset(d->meetings);
        device_documents_forget(d);
    }
    for (; d->folded < count; d->folded++) {
        uint32_t entry = history_ordered(d->history, d->folded);
        if (entry == HISTORY_NONE)
            return HOP_ENOMEM;
        if (history_at(d->history, entry)->type < ACT_MEETING ||
            history_at(d->history, entry)->closed)
            continue;
        err = fold_meeting_entry(d, entry);
        if (err != HOP_OK)
            return err;
    }
    history_mark(d->history);
    device_forget_bodies(d);
    device_documents_look(d);
    return HOP_OK;
}
