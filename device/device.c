/* A device: what happens when records are written, arrive, and become durable. */
#include "device/device.h"

#include "device/state.h"

#include <assert.h>
#include <stdlib.h>

#define FOLD_REST_PER_RECORD 100 /* µs; folding takes a tenth of that */

static int load_frontier(struct device *d);

/* ---- life ---- */

/* A carrier cannot read who is a member: whoever found it holds the cell's beacon key, and may pass
 * records on. */
static bool roster_is_member(void *ctx, const uint8_t identity[32])
{
    const struct device *d = ctx;
    return d->keys->carrier || cell_device_by_key(d->cell, identity) != NULL;
}

static bool is_own_log(const struct device *d, const uint8_t log[static 32])
{
    bool own = false;
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        own = own || memcmp(d->keys->log[lane].public_key, log, 32) == 0;
    return own;
}

static bool roster_is_own(void *ctx, const uint8_t log[32])
{
    return is_own_log(ctx, log);
}

static bool roster_device(void *ctx, size_t index, uint8_t ret_identity[32])
{
    const struct device *d = ctx;
    if (index >= cell_device_count(d->cell))
        return false;
    memcpy(ret_identity, cell_device(d->cell, index)->cert.ik, 32);
    return true;
}

/* The shared point of two kem keys, and whose they are: who puts another's kem key into his own
 * certificate gets a key that he cannot compute either. */
static bool roster_pair(void *ctx, const uint8_t identity[32], uint8_t ret[32])
{
    const struct device *d = ctx;
    const struct cell_device *other = cell_device_by_key(d->cell, identity);
    const uint8_t *self = d->keys->ik.public_key;
    uint8_t point[32], context[96];
    if (other == NULL || cell_device_by_key(d->cell, self) == NULL ||
        hop_box_shared(point, d->keys->kem.secret, other->cert.kem) != HOP_OK)
        return false;
    bool first = memcmp(self, identity, 32) < 0;
    memcpy(context, d->keys->cell_id, 32);
    memcpy(context + 32, first ? self : identity, 32);
    memcpy(context + 64, first ? identity : self, 32);
    hop_derive(ret, 32, point, LABEL_PAIR, SPAN(context, sizeof context));
    hop_wipe(point, sizeof point);
    return true;
}

void device_leave_cell(struct device *d)
{
    mesh_free(d->mesh);
    meeting_state_free(d->meetings);
    history_free(d->history);
    cell_free(d->cell);
    free(d->logs);
    device_forget_bodies(d);
    device_documents_free(d);
    d->mesh = NULL;
    d->meetings = NULL;
    d->history = NULL;
    d->cell = NULL;
    d->logs = NULL;
    d->logs_count = d->logs_capacity = 0;
    free(d->waived);
    d->waived = NULL;
    d->waived_count = d->waived_capacity = 0;
    d->folded = 0;
    d->procedure_set = false;
}

int device_enter_cell(struct device *d)
{
    device_leave_cell(d);
    d->cell = cell_new(d->keys->cell_id);
    d->history = history_new();
    d->meetings = meeting_state_new();
    if (d->cell == NULL || d->history == NULL || d->meetings == NULL)
        return HOP_ENOMEM;
    if (!d->keys->has_cell)
        return HOP_OK;
    struct epoch e;
    if (d->keys->carrier)
        epoch_derive_blind(&e, d->keys->first_epoch);
    else
        epoch_derive(&e, d->keys->first_epoch);
    uint8_t sync_key[32]; /* of the first epoch, so that all of the cell have the same, for good */
    hop_derive(sync_key, sizeof sync_key, e.route, LABEL_SYNC_KEY, SPAN(d->keys->cell_id, 32));
    int err = cell_add_epoch(d->cell, &e);
    hop_wipe(&e, sizeof e);
    if (err != HOP_OK)
        return err;
    struct mesh_config config = {.seed = d->mesh_seed,
                                 .identity = &d->keys->ik,
                                 .store = d->store,
                                 .roster = {.is_member = roster_is_member,
                                            .is_own = roster_is_own,
                                            .device = roster_device,
                                            .pair = roster_pair,
                                            .ctx = d},
                                 .trace = d->trace,
                                 /* what is looked for must not push itself out */
                                 .foreign_bytes_max = DEVICE_FOREIGN_BYTES_MAX / 4 * 3};
    device_foreign_load(d);
    memcpy(config.cell_id, d->keys->cell_id, sizeof config.cell_id);
    memcpy(config.sync_key, sync_key, sizeof config.sync_key);
    d->mesh = mesh_new(&config);
    return d->mesh == NULL ? HOP_ENOMEM : HOP_OK;
}

void device_store_mark(const struct device *d, uint8_t ret[static DEVICE_MARK_BYTES])
{
    memcpy(ret, d->keys->cell_id, 32);
    memcpy(ret + 32, d->keys->log[LANE_CONTROL].public_key, 32);
}

/* HOP_EAUTH: it is the store of another cell. */
static int check_store(const struct device *d)
{
    struct span found = {0};
    int err = store_find(d->store, STORE_META, span_text(DEVICE_MARK), &found);
    if (err == HOP_ENOTFOUND)
        return HOP_OK;
    if (err == HOP_OK && (found.size != DEVICE_MARK_BYTES || !d->keys->has_cell ||
                          memcmp(found.data, d->keys->cell_id, 32) != 0))
        err = HOP_EAUTH;
    return err;
}

/* A founding that did not become durable is undone; a log that is not whole here is not continued.
 */
static int check_keys(struct device *d)
{
    struct device_keys *k = d->keys;
    uint8_t log[32];
    struct store_tip tip;
    if (k->has_cell && k->founding) {
        int err = store_next_log(d->store, NULL, log, &tip);
        if (err != HOP_OK && err != HOP_ENOTFOUND)
            return err;
        k->has_cell = err == HOP_OK;
        k->founding = false;
        k->changed = true;
    }
    int err = check_store(d);
    return err == HOP_OK && k->has_cell ? device_check_whole(d) : err;
}

int device_new(struct device **ret, const struct device_config *config)
{
    struct device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return HOP_ENOMEM;
    d->keys = config->keys;
    d->store = config->store;
    d->trace = config->trace;
    hop_drbg_seed(&d->drbg, config->seed);
    d->mesh_seed = hop_drbg_u64(&d->drbg);
    int err = check_keys(d);
    if (err == HOP_OK)
        err = device_sweep_documents(d);
    if (err == HOP_OK)
        err = device_enter_cell(d);
    if (err == HOP_OK)
        err = device_fork_load(d);
    if (err == HOP_OK)
        err = load_frontier(d);
    if (err == HOP_OK)
        err = device_open_all(d);
    if (err == HOP_OK)
        err = device_fold(d);
    if (err != HOP_OK) {
        device_free(d);
        return err;
    }
    *ret = d;
    return HOP_OK;
}

void device_free(struct device *d)
{
    if (d == NULL)
        return;
    device_puts_forget(d);
    device_leave_cell(d);
    hop_wipe(&d->drbg, sizeof d->drbg);
    free(d);
}

/* ---- logs ---- */

struct device_log *device_log_state(struct device *d, const uint8_t id[static 32],
                                    uint32_t *ret_index)
{
    uint32_t index = history_log(d->history, id);
    if (index == HISTORY_NONE)
        return NULL;
    if (index >= d->logs_capacity) {
        size_t capacity = d->logs_capacity == 0 ? 16 : d->logs_capacity * 2;
        struct device_log *logs = realloc(d->logs, capacity * sizeof *logs);
        if (logs == NULL)
            return NULL;
        d->logs = logs;
        d->logs_capacity = capacity;
    }
    assert(d->logs != NULL);
    assert(index <= d->logs_count); /* the history hands out indexes one by one, and only here */
    if (index == d->logs_count)
        d->logs[d->logs_count++] = (struct device_log){.next = 1};
    *ret_index = index;
    return &d->logs[index];
}

/* How far every log reaches in the store: at start, and after a failed commit. */
static int load_frontier(struct device *d)
{
    uint8_t log[32], after[32];
    struct store_tip tip;
    const uint8_t *from = NULL;
    for (size_t i = 0; i < d->logs_count; i++)
        d->logs[i].tip = 0;
    int err;
    while ((err = store_next_log(d->store, from, log, &tip)) == HOP_OK) {
        uint32_t index;
        struct device_log *state = device_log_state(d, log, &index);
        if (state == NULL)
            return HOP_ENOMEM;
        uint64_t limit = d->mesh == NULL ? UINT64_MAX : mesh_log_limit(d->mesh, log);
        state->tip = tip.seq < limit ? tip.seq : limit;
        memcpy(after, log, sizeof after);
        from = after;
    }
    return err == HOP_ENOTFOUND ? HOP_OK : err;
}

/* ---- a turn ---- */

/* Our own records, from somebody else: this store is older than what we have signed (a backup, or
 * a clone of the device). From now on we write to new logs. */
static bool renew_logs(struct device *d)
{
    bool pending = !d->own_came_back;
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        pending = pending || d->authored[lane] || d->publish[lane];
    if (pending)
        return false;
    trace(&d->trace, "a peer had records of ours that we lacked -> new logs");
    device_keys_reincarnate(d->keys, &d->drbg);
    d->own_came_back = false;
    d->session_records = 0;
    d->notice = NOTICE_OWN_ELSEWHERE;
    d->version++;
    return true;
}

static int store_record(struct device *d, const struct mesh_out *o)
{
    struct store_tip tip = {.seq = o->seq};
    uint32_t index;
    struct device_log *log = device_log_state(d, o->log, &index);
    if (is_own_log(d, o->log))
        d->own_came_back = true;
    if (log == NULL)
        return HOP_ENOMEM;
    if (log->tip + 1 != o->seq) { /* ours, and written here as well in this turn: it is void */
        store_rollback(d->store);
        return HOP_EIO;
    }
    memcpy(tip.head, o->id, sizeof tip.head);
    int err = store_append(d->store, o->log, &tip, o->bytes);
    if (err == HOP_OK)
        log->tip = o->seq;
    return err;
}

/* Somebody says that there is more of a log we write to than is here. Its records will show whether
 * that is so; until then nothing is written, for a short time and not often, because anybody can
 * say anything. What was written in this turn has their numbers: it must not become durable. */
static int hold_writing(struct device *d)
{
    bool written = false;
    if (d->own_came_back || d->write_error != HOP_OK || d->holds == DEVICE_HOLDS_MAX)
        return HOP_OK;
    d->holds++;
    d->held_until = d->now + DEVICE_HOLD;
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        written = written || d->authored[lane];
    if (!written)
        return HOP_OK;
    store_rollback(d->store);
    return HOP_EIO;
}

/* Does somebody have exactly what we have? It only matters when a log is forked. */
static bool level_with(const struct device *d, mesh_link link)
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    if (mesh_forks(d->mesh, NULL, 0) == 0)
        return false;
    size_t n = mesh_peers(d->mesh, views, MESH_LINKS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (views[i].link == link)
            return views[i].in_sync;
    }
    return false;
}

/* Open all again: what stood behind a fork has no effect any more. */
static int reopen(struct device *d)
{
    struct history *history = history_new();
    if (history == NULL)
        return HOP_ENOMEM;
    device_forget_bodies(d);
    history_free(d->history);
    d->history = history;
    d->logs_count = 0;
    d->folded = 0;
    d->cell_dirty = true;
    d->reopen = false;
    d->version++;
    return load_frontier(d);
}

static int store_blob(struct device *d, const struct mesh_out *o)
{
    int err = store_put(d->store, STORE_BLOBS, SPAN(o->id, 32), o->bytes);
    return err == HOP_OK && o->foreign ? device_foreign_add(d, o->id, o->bytes.size) : err;
}

/* Carry out what the mesh asked of the store; what is left is for the owner. */
static void carry_out(struct device *d, struct mesh_outs *outs)
{
    size_t kept = 0;
    for (size_t i = 0; i < outs->n; i++) {
        struct mesh_out *o = &outs->items[i];
        int err = HOP_OK;
        if (o->type == MESH_OUT_STORE) {
            if (d->write_error == HOP_OK)
                err = store_record(d, o);
            d->stored = true;
        } else if (o->type == MESH_OUT_BLOB) {
            if (d->write_error == HOP_OK)
                err = store_blob(d, o);
            d->stored = true;
        } else if (o->type == MESH_OUT_META) {
            if (d->write_error == HOP_OK)
                err = store_put(d->store, STORE_META, o->key, o->bytes);
            d->stored = true;
        } else if (o->type == MESH_OUT_FORK) {
            d->reopen = true;
            d->own_came_back = d->own_came_back || is_own_log(d, o->log);
        } else if (o->type == MESH_OUT_OWN_BEHIND) {
            if (is_own_log(d, o->log))
                err = hold_writing(d);
        } else {
            if (o->type == MESH_OUT_BLOB_HERE && d->write_error == HOP_OK)
                err = device_document_whole(d, o->id, o->seq);
            d->settled = d->settled || (o->type == MESH_OUT_PEER && level_with(d, o->link));
            outs->items[kept++] = *o;
        }
        if (err != HOP_OK)
            d->write_error =
                err; /* the store has undone this turn: nothing more of it is written */
    }
    outs->n = kept;
}

int device_step(struct device *d, const struct mesh_in *in, struct mesh_outs *outs)
{
    outs->n = 0;
    if (d->mesh == NULL)
        return HOP_ENOTFOUND;
    d->now = in->now;
    int err = mesh_step(d->mesh, in, outs);
    carry_out(d, outs);
    return err;
}

/* The commit failed: the store is as it was before the turn, and so are we. */
static int undo_turn(struct device *d, hop_time now, struct mesh_outs *outs)
{
    memset(d->authored, 0, sizeof d->authored);
    d->admitting_count = 0;
    d->stored = false;
    d->failures++;
    device_documents_again(d);
    for (size_t i = 0; i < d->logs_count; i++)
        d->logs[i].dep_mark = 0; /* name everything again: once too often does no harm */
    if (!d->keys->founding)
        device_session_undo(d);
    if (d->keys->founding) {
        d->keys->has_cell = d->keys->founding = false;
        d->keys->changed = true;
        return device_enter_cell(d);
    }
    int err = load_frontier(d);
    if (d->mesh != NULL) {
        struct mesh_in in = {.type = MESH_IN_STORE_FAILED, .now = now};
        (void)device_step(d, &in, outs);
    }
    (void)renew_logs(d);
    return err;
}

static bool holds_document(void *ctx, const struct meeting_document *doc)
{
    return device_holds_document(ctx, doc->entry);
}

/* Does a peer have more for us? */
static bool more_to_come(const struct device *d)
{
    struct mesh_peer_view peers[MESH_LINKS_MAX];
    size_t count = d->mesh == NULL ? 0 : mesh_peers(d->mesh, peers, MESH_LINKS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (peers[i].records_behind > 0)
            return true;
    }
    return false;
}

/* A long history comes in many commits, log after log, so that nearly each brings records that sort
 * in before others, and the meetings would be folded from the start each time. So while records
 * keep coming and a peer has more, that waits, but not so long that people would wait for receipts;
 * and who asks gets an answer that is up to date (device_meetings). */
static int fold_committed(struct device *d, hop_time now, bool came)
{
    hop_time rest = history_count(d->history) * FOLD_REST_PER_RECORD;
    if (device_folded(d))
        return HOP_OK;
    if (came && now < d->folded_at + rest && more_to_come(d))
        return HOP_OK;
    d->folded_at = now;
    return device_fold(d);
}

/* Do records of our own wait to be opened? What they say counts only then: a receipt that waits for
 * a record behind a fork is no receipt yet, and another would wait as well. */
static bool own_records_wait(const struct device *d)
{
    for (size_t i = 0; i < d->logs_count; i++) {
        if (d->logs[i].next <= d->logs[i].tip &&
            is_own_log(d, history_log_id(d->history, (uint32_t)i)))
            return true;
    }
    return false;
}

/* A receipt for what is durable here; true if one was written. */
static bool write_receipt(struct device *d, uint64_t wall)
{
    struct meeting_holds holds = {.document = holds_document, .ctx = d};
    struct act receipt;
    struct text_said why;
    uint8_t id[32];
    uint32_t self = device_self(d);
    if (self == HISTORY_NONE || !device_folded(d) || own_records_wait(d) ||
        !meeting_owes_receipt(d->meetings, self, &holds, &receipt))
        return false;
    return device_act(d, &receipt, wall, id, &why) == HOP_OK;
}

/* The next thing the mesh must hear; false when there is none. */
static bool next_news(struct device *d, struct mesh_in *in)
{
    if (d->stored) {
        d->stored = false;
        in->type = MESH_IN_STORED;
        return true;
    }
    if (d->roster_changed) {
        d->roster_changed = false;
        in->type = MESH_IN_ROSTER;
        return true;
    }
    for (size_t lane = 0; lane < DEVICE_LANES; lane++) {
        if (d->publish[lane]) {
            d->publish[lane] = false;
            in->type = MESH_IN_PUBLISH;
            in->bytes = SPAN(d->keys->log[lane].public_key, 32);
            return true;
        }
    }
    if (d->wants_count > 0) {
        const struct device_document *doc = &d->wants[--d->wants_count];
        in->type = MESH_IN_WANT;
        in->bytes = SPAN(doc->root, 32);
        in->size = doc->size;
        in->rank = doc->rank;
        return true;
    }
    return false;
}

static bool has_news(const struct device *d)
{
    bool any = d->stored || d->roster_changed || d->wants_count > 0 || d->reopen ||
               d->waived_changed || d->marked;
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        any = any || d->publish[lane];
    return any;
}

int device_committed(struct device *d, int result, hop_time now, uint64_t wall,
                     struct mesh_outs *outs, bool *ret_again)
{
    outs->n = 0;
    d->now = now;
    *ret_again = false;
    if (d->write_error != HOP_OK)
        result = d->write_error;
    d->write_error = HOP_OK;
    if (result != HOP_OK) {
        int err = undo_turn(d, now, outs);
        return err == HOP_OK ? result : err;
    }
    d->admitting_count = 0;
    d->commits++;
    d->marked = false;
    if (d->keys->founding) { /* a save lost from here on costs nothing: the records are there */
        d->keys->founding = false;
        d->keys->changed = true;
    }
    for (size_t lane = 0; lane < DEVICE_LANES; lane++) {
        d->publish[lane] = d->publish[lane] || d->authored[lane];
        d->authored[lane] = false;
    }
    size_t before = history_count(d->history);
    d->waived_changed = false;
    int err = d->reopen ? reopen(d) : HOP_OK;
    if (err == HOP_OK)
        err = device_open_all(d);
    if (err == HOP_OK)
        err = device_fold_cell(d);
    if (err != HOP_OK)
        return err;
    bool came = history_count(d->history) != before;
    if (came || d->stored)
        d->version++;
    struct mesh_in in = {.now = now};
    if (d->mesh != NULL && next_news(d, &in))
        (void)device_step(d, &in, outs);
    err = fold_committed(d, now, came); /* the mesh has heard what it now has: is there more? */
    if (err != HOP_OK)
        return err;
    device_documents_look(d);
    device_documents_watch(d);
    /* Last, when the mesh has heard all: it takes what it finds in the store for durable. */
    *ret_again = has_news(d) || renew_logs(d) || device_foreign_yield(d) || write_receipt(d, wall);
    return HOP_OK;
}

hop_time device_deadline(const struct device *d)
{
    return d->mesh == NULL ? HOP_NEVER : mesh_deadline(d->mesh);
}

/* ---- reading ---- */

const struct cell *device_cell(const struct device *d)
{
    return d->cell;
}

bool device_has_cell(const struct device *d)
{
    return d->keys->has_cell;
}

struct meeting_state *device_meetings(struct device *d)
{
    if (!device_folded(d) &&
        device_fold(d) != HOP_OK) /* the next commit tries again, and says so */
        trace(&d->trace, "the meetings could not be brought up to date");
    return d->meetings;
}

const struct mesh *device_mesh(const struct device *d)
{
    return d->mesh;
}

const struct history *device_history(const struct device *d)
{
    return d->history;
}

uint32_t device_self(const struct device *d)
{
    const struct cell_device *self = cell_device_by_key(d->cell, d->keys->ik.public_key);
    return self == NULL ? HISTORY_NONE : self->member;
}

bool device_has_written(const struct device *d, const uint8_t ik[static 32])
{
    for (size_t i = 0; i < d->logs_count; i++) {
        if (memcmp(d->logs[i].ik, ik, 32) == 0)
            return true;
    }
    return false;
}

uint64_t device_record_count(const struct device *d)
{
    return history_count(d->history);
}

uint64_t device_pending_count(const struct device *d)
{
    uint64_t pending = 0;
    for (size_t i = 0; i < d->logs_count; i++)
        pending += d->logs[i].tip + 1 - d->logs[i].next;
    return pending;
}

uint64_t device_version(const struct device *d)
{
    return d->version + d->tellings;
}

uint64_t device_version_stored(const struct device *d)
{
    return d->version;
}
