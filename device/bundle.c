#include "device/bundle.h"

#include <assert.h>
#include <stdlib.h>

#include "device/state.h"
#include "mesh/tree.h"

/* ---- who has what ---- */

static bool newest_incarnation(const struct device *d, const uint8_t ik[static 32], uint32_t *ret)
{
    bool found = false;
    for (size_t i = 0; i < d->logs_count; i++) {
        const struct device_log *log = &d->logs[i];
        if (log->next == 1 || log->refused || memcmp(log->ik, ik, 32) != 0)
            continue;
        if (!found || log->incarnation > *ret)
            *ret = log->incarnation;
        found = true;
    }
    return found;
}

/* Only the newest logs of a device speak for it: it began them because the older ones, or what they
 * had seen, may be lost. Its own newest logs it has whole. */
int device_bundle_known(struct device *d, const uint8_t ik[static 32], uint64_t *ret)
{
    size_t logs = history_log_count(d->history);
    uint32_t incarnation = 0;
    memset(ret, 0, logs * sizeof *ret);
    if (!newest_incarnation(d, ik, &incarnation))
        return HOP_OK;
    for (uint32_t i = 0; i < d->logs_count; i++) {
        const struct device_log *log = &d->logs[i];
        uint64_t tip = history_log_tip(d->history, i);
        if (tip == 0 || log->incarnation != incarnation || memcmp(log->ik, ik, 32) != 0)
            continue;
        const uint64_t *past = history_past(d->history, history_log_entry(d->history, i, tip));
        if (past == NULL)
            return HOP_ENOMEM;
        for (size_t k = 0; k < logs; k++)
            ret[k] = past[k] > ret[k] ? past[k] : ret[k];
        ret[i] = UINT64_MAX;
    }
    return HOP_OK;
}

/* By log, what all whom the bundle is for have; everything if it is for nobody. */
static int floor_of(struct device *d, const struct device_bundle_ask *ask, uint64_t *ret)
{
    size_t logs = history_log_count(d->history);
    uint64_t *known = calloc(logs + 1, sizeof *known);
    int err = known == NULL ? HOP_ENOMEM : HOP_OK;
    uint32_t self = device_self(d);
    for (size_t k = 0; k < logs; k++)
        ret[k] = ask->all ? 0 : UINT64_MAX;
    for (size_t i = 0; i < cell_device_count(d->cell) && err == HOP_OK && !ask->all; i++) {
        const struct cell_device *device = cell_device(d->cell, i);
        bool wanted = ask->members == NULL ? device->member != self : ask->members[device->member];
        if (!wanted || device->state == DEVICE_REVOKED ||
            memcmp(device->cert.ik, d->keys->ik.public_key, 32) == 0)
            continue;
        err = device_bundle_known(d, device->cert.ik, known);
        for (size_t k = 0; k < logs && err == HOP_OK; k++)
            ret[k] = known[k] < ret[k] ? known[k] : ret[k];
    }
    free(known);
    return err;
}

/* By log, what every other device that writes is known to have; 0 where there is none to ask. A
 * carrier writes nothing: nobody knows what it has. */
static int all_known(struct device *d, uint64_t *ret)
{
    size_t logs = history_log_count(d->history);
    uint64_t *known = calloc(logs + 1, sizeof *known);
    int err = known == NULL ? HOP_ENOMEM : HOP_OK;
    bool any = false;
    for (size_t i = 0; i < cell_device_count(d->cell) && err == HOP_OK; i++) {
        const struct cell_device *device = cell_device(d->cell, i);
        if (cell_member(d->cell, device->member)->role == ROLE_CARRIER ||
            memcmp(device->cert.ik, d->keys->ik.public_key, 32) == 0)
            continue;
        err = device_bundle_known(d, device->cert.ik, known);
        for (size_t k = 0; k < logs && err == HOP_OK; k++)
            ret[k] = !any || known[k] < ret[k] ? known[k] : ret[k];
        any = true;
    }
    free(known);
    return err;
}

/* ---- records out ---- */

/* A section being filled from the store. */
struct filling {
    struct device *d;
    const struct device_bundle_ask *ask;
    struct bundle_section section;
    bool full;
};

static int add_block(struct filling *f, enum bundle_kind kind, const struct buf *payload,
                     const struct bundle_entry *e)
{
    if (payload->bad)
        return HOP_ENOMEM;
    f->full = !bundle_section_fits(&f->section, payload->size, f->ask->bytes_aim);
    return f->full ? HOP_OK : bundle_section_add(&f->section, kind, buf_written(payload), e);
}

static int head_of(struct device *d, const uint8_t log[static 32], uint64_t seq,
                   uint8_t ret[static 32])
{
    struct span bytes;
    struct record r;
    memset(ret, 0, 32);
    if (seq == 0)
        return HOP_OK;
    int err = store_get(d->store, log, seq, &bytes);
    if (err == HOP_OK)
        err = record_parse(&r, bytes);
    if (err == HOP_OK)
        record_id(ret, r.header, r.text);
    return err;
}

/* Proofs that logs are forked go first: whoever has one takes nothing false. */
static int fill_proofs(struct filling *f)
{
    struct mesh_fork_view forks[DEVICE_FORKS_SHOWN];
    size_t count = mesh_forks(f->d->mesh, forks, DEVICE_FORKS_SHOWN);
    int err = HOP_OK;
    for (size_t i = 0; i < count && i < DEVICE_FORKS_SHOWN && err == HOP_OK && !f->full; i++) {
        struct span proof;
        struct buf payload = {0};
        struct bundle_entry e = {.type = BUNDLE_FORK, .first = forks[i].seq, .last = forks[i].seq};
        uint64_t there = bundle_inventory_fork(f->ask->there, forks[i].log);
        if ((there > 0 && there <= e.first) ||
            mesh_fork_proof(f->d->mesh, forks[i].log, &proof) != HOP_OK)
            continue;
        memcpy(e.id, forks[i].log, 32);
        buf_span(&payload, proof);
        err = add_block(f, BUNDLE_PROOF, &payload, &e);
        buf_free(&payload);
    }
    return err;
}

/* How much of a log the store holds: past a fork, more than has effect. The signature of what comes
 * before the fork may stand behind it. */
static uint64_t stored(struct device *d, const uint8_t log[static 32])
{
    struct store_tip tip;
    return store_tip(d->store, log, &tip) == HOP_OK ? tip.seq : 0;
}

/* What follows `after` in one log, as far as the section has room and the stick lacks it. */
static int fill_log(struct filling *f, uint32_t log, uint64_t after)
{
    const uint8_t *id = history_log_id(f->d->history, log);
    uint64_t tip = f->d->logs[log].tip;
    struct segment run;
    int err = HOP_OK;
    while (err == HOP_OK && !f->full && after < tip) {
        uint8_t prev[32];
        struct buf payload = {0};
        struct bundle_entry e = {.type = BUNDLE_RUN};
        after = bundle_inventory_reach(f->ask->there, id, after + 1);
        if (after >= tip ||
            !segment_read(&run, f->d->store, id, after, stored(f->d, id), SEGMENT_BYTES_AIM))
            break;
        e.first = run.first;
        e.last = after = run.first + run.count - 1;
        memcpy(e.id, id, 32);
        err = head_of(f->d, id, run.first - 1, prev);
        if (err != HOP_OK)
            break;
        bundle_segment_put(&payload, prev, &run);
        err = add_block(f, BUNDLE_SEGMENT, &payload, &e);
        buf_free(&payload);
    }
    return err;
}

/* The lane is fixed by a log's first record. LANES_COUNT: it cannot be read. */
static enum record_lane lane_of(struct device *d, uint32_t log)
{
    struct span bytes;
    struct record r;
    if (d->logs[log].tip == 0 || d->logs[log].refused ||
        store_get(d->store, history_log_id(d->history, log), 1, &bytes) != HOP_OK ||
        record_parse(&r, bytes) != HOP_OK)
        return LANES_COUNT;
    return r.lane;
}

static int fill_records(struct filling *f, const uint64_t *floor)
{
    for (unsigned lane = 0; lane < LANES_COUNT; lane++) {
        for (uint32_t i = 0; i < f->d->logs_count && !f->full; i++) {
            if (floor[i] >= f->d->logs[i].tip || lane_of(f->d, i) != (enum record_lane)lane)
                continue;
            int err = fill_log(f, i, floor[i]);
            if (err != HOP_OK)
                return err;
        }
    }
    return HOP_OK;
}

/* ---- documents out ---- */

/* Every blob of a document that is known of: bytes is empty for what is not here. Ends with what
 * each() returns other than HOP_OK. */
typedef int each_blob(void *ctx, const uint8_t name[32], struct span bytes);

static int walk_blobs(struct device *d, const struct act *doc, each_blob *each, void *ctx)
{
    struct tree_walk w;
    struct tree_place p;
    int err = doc->size == 0 ? HOP_ENOTFOUND : HOP_OK;
    if (err == HOP_OK)
        tree_walk_begin(&w, d->store, doc->root, doc->size);
    while (err == HOP_OK && (err = tree_walk_next(&w, &p)) == HOP_OK) {
        struct span bytes = {0};
        if (p.here)
            err = store_find(d->store, STORE_BLOBS, SPAN(p.name, 32), &bytes);
        if (err == HOP_OK)
            err = each(ctx, p.name, bytes);
        if (err != HOP_OK)
            return err;
    }
    /* a record whose size is not its document's has nothing to carry */
    return err == HOP_ENOTFOUND || err == HOP_EMALFORMED ? HOP_OK : err;
}

/* Has everybody it is for said that they hold the document? */
static bool delivered(const struct filling *f, const struct meeting_document *doc)
{
    for (size_t i = 0; i < doc->receipts_count; i++) {
        const struct meeting_receipt *r = &doc->receipts[i];
        bool wanted =
            f->ask->members == NULL ? r->member != device_self(f->d) : f->ask->members[r->member];
        if (wanted && r->state == 0)
            return false;
    }
    return true;
}

static int fill_blob(void *ctx, const uint8_t name[32], struct span bytes)
{
    struct filling *f = ctx;
    struct buf payload = {0};
    struct bundle_entry e = {.type = BUNDLE_CHUNK};
    if (f->full || bytes.size == 0 || bundle_inventory_has(f->ask->there, BUNDLE_CHUNK, name))
        return HOP_OK; /* what has not come yet cannot be carried */
    memcpy(e.id, name, 32);
    bundle_blob_put(&payload, name, bytes);
    int err = add_block(f, BUNDLE_BLOB, &payload, &e);
    buf_free(&payload);
    return err;
}

/* The parts of one document. */
static int each_blob_of(struct device *d, const struct meeting_document *doc, each_blob *each,
                        void *ctx)
{
    struct device_opened o;
    struct act act;
    int err = device_open_entry(d, doc->entry, &o);
    if (err != HOP_OK)
        return err;
    if (act_parse(&act, ACT_DOC, o.body) == HOP_OK)
        err = walk_blobs(d, &act, each, ctx);
    free(o.bytes);
    return err;
}

static int fill_documents(struct filling *f)
{
    for (size_t i = 0; i < meeting_count(f->d->meetings); i++) {
        const struct meeting *m = meeting_at(f->d->meetings, i);
        for (size_t k = 0; k < m->documents_count && !f->full; k++) {
            if (!f->ask->all && delivered(f, &m->documents[k]))
                continue;
            int err = each_blob_of(f->d, &m->documents[k], fill_blob, f);
            if (err != HOP_OK)
                return err;
        }
    }
    return HOP_OK;
}

int device_bundle_write(struct device *d, const struct device_bundle_ask *ask, struct buf *ret)
{
    struct filling f = {.d = d, .ask = ask};
    uint64_t *floor = calloc(history_log_count(d->history) + 1, sizeof *floor);
    int err = floor == NULL ? HOP_ENOMEM : floor_of(d, ask, floor);
    if (err == HOP_OK && d->mesh != NULL)
        err = fill_proofs(&f);
    if (err == HOP_OK)
        err = fill_records(&f, floor);
    if (err == HOP_OK && !f.full)
        err = fill_documents(&f);
    if (err == HOP_OK && f.section.contents.count > 0)
        err = bundle_section_end(&f.section, ret);
    bundle_section_free(&f.section);
    free(floor);
    return err;
}

/* ---- what we have seen, said ---- */

/* Is there anything our own records have not named, other than that others have seen this? */
static bool news_unsaid(const struct device *d, const uint64_t *said)
{
    for (uint32_t i = 0; i < d->logs_count; i++) {
        uint64_t tip = history_log_tip(d->history, i);
        for (uint64_t seq = tip; seq > said[i]; seq--) {
            uint32_t entry = history_log_entry(d->history, i, seq);
            if (history_at(d->history, entry)->type != AUTH_SEEN)
                return true;
        }
    }
    return false;
}

int device_bundle_seen(struct device *d, uint64_t wall, bool *ret_written)
{
    uint8_t id[32];
    uint64_t *said = calloc(history_log_count(d->history) + 1, sizeof *said);
    *ret_written = false;
    if (said == NULL)
        return HOP_ENOMEM;
    int err = device_bundle_known(d, d->keys->ik.public_key, said);
    if (err == HOP_OK && device_self(d) != HISTORY_NONE && news_unsaid(d, said)) {
        struct device_draft draft = {.lane = LANE_CONTROL, .type = AUTH_SEEN, .wall = wall};
        err = device_author(d, &draft, id);
        *ret_written = err == HOP_OK;
    }
    free(said);
    return err;
}

/* ---- what is here, and what is wanted ---- */

static int add_wanted(void *ctx, const uint8_t name[32], struct span bytes)
{
    struct bundle_inventory *v = ctx;
    struct bundle_entry e = {.type = BUNDLE_WANTED};
    memcpy(e.id, name, 32);
    return bytes.size > 0 ? HOP_OK : bundle_inventory_add(v, &e);
}

/* Every member but its author has said that they have it. */
static bool everybody_has(struct device *d, const struct meeting_document *doc)
{
    bool has = doc->receipts_count > 0 && device_holds_document(d, doc->entry);
    for (size_t i = 0; i < doc->receipts_count; i++)
        has = has && doc->receipts[i].state != 0;
    return has;
}

static int add_chunk(void *ctx, const uint8_t name[32], struct span bytes)
{
    struct bundle_entry e = {.type = BUNDLE_CHUNK};
    memcpy(e.id, name, 32);
    return bytes.size == 0 ? HOP_OK : bundle_inventory_add(ctx, &e);
}

static int add_delivered(struct device *d, struct bundle_inventory *v)
{
    int err = HOP_OK;
    for (size_t i = 0; i < meeting_count(d->meetings) && err == HOP_OK; i++) {
        const struct meeting *m = meeting_at(d->meetings, i);
        for (size_t k = 0; k < m->documents_count && err == HOP_OK; k++) {
            if (everybody_has(d, &m->documents[k]))
                err = each_blob_of(d, &m->documents[k], add_chunk, v);
        }
    }
    return err;
}

int device_bundle_had(struct device *d, struct buf *ret)
{
    struct bundle_inventory v = {0};
    uint64_t *known = calloc(history_log_count(d->history) + 1, sizeof *known);
    int err = known == NULL ? HOP_ENOMEM : all_known(d, known);
    for (uint32_t i = 0; i < d->logs_count && err == HOP_OK; i++) {
        uint64_t tip = d->logs[i].tip;
        struct bundle_entry e = {
            .type = BUNDLE_RUN, .first = 1, .last = known[i] < tip ? known[i] : tip};
        memcpy(e.id, history_log_id(d->history, i), 32);
        if (e.last > 0)
            err = bundle_inventory_add(&v, &e);
    }
    if (err == HOP_OK)
        err = add_delivered(d, &v);
    if (err == HOP_OK)
        bundle_inventory_put(ret, &v);
    bundle_inventory_free(&v);
    free(known);
    return err == HOP_OK && ret->bad ? HOP_ENOMEM : err;
}

size_t *device_bundle_budget(struct device *d)
{
    return &d->bundle_budget;
}

int device_bundle_have(struct device *d, struct buf *ret)
{
    struct bundle_inventory v = {0};
    int err = HOP_OK;
    d->bundle_budget = DEVICE_BUNDLE_BUDGET;
    for (uint32_t i = 0; i < d->logs_count && err == HOP_OK; i++) {
        struct bundle_entry e = {.type = BUNDLE_RUN, .first = 1, .last = d->logs[i].tip};
        memcpy(e.id, history_log_id(d->history, i), 32);
        uint64_t limit = d->mesh == NULL ? UINT64_MAX : mesh_log_limit(d->mesh, e.id);
        if (limit != UINT64_MAX && e.last >= limit)
            e.last = FRAME_SEQ_MAX; /* it ends here: nothing more of it is wanted */
        if (e.last > 0)
            err = bundle_inventory_add(&v, &e);
        e = (struct bundle_entry){.type = BUNDLE_FORK, .first = limit + 1, .last = limit + 1};
        memcpy(e.id, history_log_id(d->history, i), 32);
        if (limit != UINT64_MAX && err == HOP_OK)
            err = bundle_inventory_add(&v, &e);
    }
    for (size_t i = 0; i < meeting_count(d->meetings) && err == HOP_OK; i++) {
        const struct meeting *m = meeting_at(d->meetings, i);
        for (size_t k = 0; k < m->documents_count && err == HOP_OK; k++)
            err = each_blob_of(d, &m->documents[k], add_wanted, &v);
    }
    if (err == HOP_OK)
        bundle_inventory_put(ret, &v);
    bundle_inventory_free(&v);
    return err == HOP_OK && ret->bad ? HOP_ENOMEM : err;
}

/* ---- records in ---- */

/* The log's state if the store has any of it, else NULL. */
static const struct device_log *log_here(struct device *d, const uint8_t id[static 32])
{
    struct store_tip tip;
    uint32_t index;
    if (store_tip(d->store, id, &tip) != HOP_OK)
        return NULL;
    return device_log_state(d, id, &index);
}

int device_bundle_admits(struct device *d, const struct bundle_block *b, size_t *budget)
{
    struct segment s;
    const uint8_t *prev;
    if (b->kind == BUNDLE_BLOB)
        return HOP_OK; /* taken only if a record that we opened names it */
    if (b->kind == BUNDLE_PROOF)
        return HOP_OK; /* taken only of a log that is known */
    int err = bundle_segment_parse(&s, &prev, b->payload);
    if (err != HOP_OK)
        return err;
    const struct device_log *log = log_here(d, s.log);
    bool ours = log != NULL;
    for (size_t i = 0; i < s.count && !ours; i++)
        ours = epochs_by_tag(d->epochs, s.records[i].cell_tag) != NULL;
    if (!ours || (log != NULL && log->refused))
        return HOP_EREFUSED;
    if (log != NULL && log->next > 1 && cell_device_by_key(d->cell, log->ik) != NULL)
        return HOP_OK;
    if (b->payload.size > *budget)
        return HOP_EFULL;
    *budget -= b->payload.size;
    return HOP_OK;
}
