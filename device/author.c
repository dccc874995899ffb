/* Writing records of our own: founding and acts. */
#include "device/state.h"

#include <assert.h>
#include <stdlib.h>

int device_write_refusal(int err, struct text_said *why)
{
    switch (err) {
    case HOP_OK:
        return HOP_OK;
    case HOP_ENOSPACE:
        (void)text_say(why, ACT_STORE_FULL, 0);
        return err;
    case HOP_EFULL:
        return text_say(why, ACT_TOO_LARGE, 0);
    case HOP_EBUSY:
        return text_say(why, NOTICE_OWN_RENEWING, 0);
    default:
        (void)text_say(why, ACT_STORE_ERROR, 0);
        return err;
    }
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

/* All that we have seen, by the records that none comes after. Deps of a control record show alone
 * what other control records it had seen. */
static size_t gather_deps(const struct device *d, uint32_t self, bool control, uint8_t *ret)
{
    uint32_t heads[RECORD_DEPS_MAX];
    size_t n = history_heads(d->history, control, heads, RECORD_DEPS_MAX), count = 0;
    for (size_t i = 0; i < n && i < RECORD_DEPS_MAX; i++) {
        const struct history_entry *e = history_at(d->history, heads[i]);
        if (e->log != self)
            memcpy(ret + 32 * count++, e->id, 32);
    }
    if (count > 0)
        qsort(ret, count, 32, compare_ids);
    return count;
}

static bool note_written(struct device_written *w, const uint8_t log[static 32])
{
    for (size_t i = 0; i < w->count; i++) {
        if (memcmp(w->logs[i], log, 32) == 0)
            return true;
    }
    if (w->count == DEVICE_WRITTEN_MAX)
        return false;
    memcpy(w->logs[w->count++], log, 32);
    return true;
}

static int write_record(struct device *d, const struct device_draft *draft,
                        uint8_t ret_id[static 32])
{
    const struct hop_sign_key *key = &d->keys->log[draft->lane];
    const struct epoch *epoch = epochs_by_tag(d->epochs, d->keys->log_epoch);
    struct store_tip tip = {0};
    uint32_t index;
    struct device_log *log = device_log_state(d, key->public_key, &index);
    if (log == NULL)
        return HOP_ENOMEM;
    if (epoch == NULL || epoch->held < EPOCH_SECRET)
        return HOP_EBUSY; /* let go because it never became durable: others are on the way */
    if (d->publish.count + d->authored.count + DEVICE_LANES > DEVICE_WRITTEN_MAX ||
        !note_written(&d->authored, key->public_key))
        return HOP_EBUSY; /* the mesh has first to hear of the logs before */
    int err = store_tip(d->store, key->public_key, &tip);
    if (err != HOP_OK && err != HOP_ENOTFOUND)
        return err;
    uint8_t *deps = malloc(32 * RECORD_DEPS_MAX);
    size_t size = record_room(draft->body.size, RECORD_DEPS_MAX);
    uint8_t *bytes = malloc(size);
    err = deps == NULL || bytes == NULL ? HOP_ENOMEM : HOP_OK;
    if (err != HOP_OK)
        goto out;
    struct record_inner inner = {.type = (uint16_t)draft->type,
                                 .class = draft->class,
                                 .version = 1,
                                 .wall = draft->wall,
                                 .body = draft->body,
                                 .deps = deps};
    if (draft->outer == OUTER_SEALED)
        inner.deps_count = gather_deps(d, index, draft->lane == LANE_CONTROL, deps);
    struct record_place place = {.lane = draft->lane,
                                 .outer = draft->outer,
                                 .seq = tip.seq + 1,
                                 .prev = tip.head,
                                 .log_key = key,
                                 .epoch = epoch};
    err = record_seal(bytes, &size, ret_id, &place, &inner, &d->drbg);
    if (err != HOP_OK)
        goto out;
    tip.seq++;
    memcpy(tip.head, ret_id, sizeof tip.head);
    err = store_append(d->store, key->public_key, &tip, SPAN(bytes, size));
    if (err == HOP_OK) {
        d->logs[index].tip = tip.seq;
    } else {
        d->write_error = err;
    }
out:
    free(bytes);
    free(deps);
    return err;
}

/* A log begins with the record that binds it to this device. */
static int open_own_log(struct device *d, enum record_lane lane, uint64_t wall)
{
    uint8_t body[256], id[32], mark[DEVICE_MARK_BYTES];
    struct wire_writer w = wire_writer(body, sizeof body);
    struct auth_log_open o = {.incarnation = d->keys->incarnation, .lane = (uint8_t)lane};
    memcpy(o.cell_id, d->keys->cell_id, sizeof o.cell_id);
    auth_log_open_sign(&o, &d->keys->ik, d->keys->log[lane].public_key);
    auth_log_open_put(&w, &o);
    struct device_draft draft = {
        .lane = lane, .type = AUTH_LOG_OPEN, .wall = wall, .body = wire_written(&w)};
    device_store_mark(d, mark);
    int err = store_put(d->store, STORE_META, span_text(DEVICE_MARK), SPAN(mark, sizeof mark));
    if (err != HOP_OK) {
        d->write_error = err;
        return err;
    }
    return write_record(d, &draft, id);
}

/* The first control record under an epoch tells a new epoch key: whoever takes the device later, or
 * has taken the old key, opens nothing that is sealed to this one. A key that nobody has heard of
 * yet is told again. */
static int tell_kem(struct device *d, uint64_t wall)
{
    const struct cell_device *own = cell_device_by_key(d->cell, d->keys->ik.public_key);
    struct auth_prekey p = {0};
    uint8_t body[256], id[32];
    struct device_keys *k = d->keys;
    if (own == NULL || memcmp(k->kem_epoch, k->log_epoch, sizeof k->kem_epoch) == 0)
        return HOP_OK;
    if (memcmp(own->cert.kem, k->kem.public_key, 32) == 0)
        device_keys_renew_kem(k, &d->drbg);
    memcpy(k->kem_epoch, k->log_epoch, sizeof k->kem_epoch);
    k->changed = true;
    memcpy(p.kem, k->kem.public_key, sizeof p.kem);
    auth_prekey_sign(&p, &k->ik, k->cell_id);
    struct wire_writer w = wire_writer(body, sizeof body);
    auth_prekey_put(&w, &p);
    assert(!w.bad);
    struct device_draft draft = {
        .lane = LANE_CONTROL, .type = AUTH_PREKEY, .wall = wall, .body = wire_written(&w)};
    return write_record(d, &draft, id);
}

int device_author_here(struct device *d, const struct device_draft *draft,
                       uint8_t ret_id[static 32])
{
    struct store_tip tip;
    if (d->keys->carrier)
        return HOP_EREFUSED; /* it has no key to write under */
    if (d->write_error != HOP_OK)
        return d->write_error; /* this turn is lost already: nothing of it will be durable */
    if (d->own_came_back || d->now < d->held_until)
        return HOP_EBUSY; /* it may be that new logs are about to be made */
    int err = device_session(d);
    if (err != HOP_OK) {
        d->write_error = err;
        return err;
    }
    err = store_tip(d->store, d->keys->log[draft->lane].public_key, &tip);
    if (err == HOP_ENOTFOUND) {
        err = open_own_log(d, draft->lane, draft->wall);
        if (err == HOP_OK && draft->lane == LANE_CONTROL && draft->outer == OUTER_SEALED)
            err = tell_kem(d, draft->wall);
    }
    if (err == HOP_OK)
        err = write_record(d, draft, ret_id);
    return err;
}

int device_author(struct device *d, const struct device_draft *draft, uint8_t ret_id[static 32])
{
    if (d->keys->carrier)
        return HOP_EREFUSED;
    if (d->write_error != HOP_OK)
        return d->write_error;
    int err = device_ready(d, draft->wall);
    return err == HOP_OK ? device_author_here(d, draft, ret_id) : err;
}

/* ---- founding ---- */

static int author_control(struct device *d, unsigned type, struct span body, uint64_t wall)
{
    uint8_t id[32];
    struct device_draft draft = {.lane = LANE_CONTROL, .type = type, .wall = wall, .body = body};
    return device_author(d, &draft, id);
}

static int author_first_epoch(struct device *d, uint64_t wall)
{
    uint8_t id[32];
    uint8_t *text = malloc(EPOCH_TEXT_BYTES_MAX);
    if (text == NULL)
        return HOP_ENOMEM;
    struct wire_writer w = wire_writer(text, EPOCH_TEXT_BYTES_MAX);
    struct epoch_context context = {.cell_id = d->keys->cell_id,
                                    .log = d->keys->log[LANE_CONTROL].public_key};
    struct epoch_recipient self = {
        .ik = d->keys->ik.public_key, .kem = d->keys->kem.public_key, .share = EPOCH_HISTORY};
    struct epoch_made made = {.reason = EPOCH_FOUNDED,
                              .generation = 1,
                              .wall = wall,
                              .recipients = &self,
                              .recipients_count = 1};
    int err = epoch_put(&w, epochs_send(d->epochs), &context, &made, &d->drbg);
    if (err == HOP_OK) {
        struct device_draft draft = {.lane = LANE_CONTROL,
                                     .outer = OUTER_EPOCH,
                                     .type = AUTH_EPOCH,
                                     .wall = wall,
                                     .body = wire_written(&w)};
        err = device_author_here(d, &draft, id);
    }
    free(text);
    return err;
}

static int author_founder(struct device *d, const struct auth_genesis *g, uint64_t wall)
{
    uint8_t body[512];
    struct wire_writer w = wire_writer(body, sizeof body);
    struct auth_admit a = {.role = g->founder_role,
                           .category = CATEGORY_FULL,
                           .rank = auth_rank_of((enum auth_role)g->founder_role)};
    memcpy(a.name, g->founder_name, sizeof a.name);
    memcpy(a.cert.lk, d->keys->lk.public_key, 32);
    memcpy(a.cert.kem, d->keys->kem.public_key, 32);
    auth_cert_sign(&a.cert, &d->keys->ik, d->keys->cell_id, a.invite);
    cell_member_id(a.member, d->keys->cell_id, a.invite, a.cert.ik);
    auth_admit_put(&w, &a);
    return author_control(d, AUTH_ADMIT, wire_written(&w), wall);
}

static bool copy_name(char *ret, size_t max, const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > max || !utf8_plain(span_text(name), true))
        return false;
    memcpy(ret, name, n + 1);
    return true;
}

static void make_genesis(struct device *d, struct auth_genesis *g, struct span procedure,
                         enum auth_role role)
{
    hop_drbg_take(&d->drbg, g->salt, sizeof g->salt);
    hop_hash(g->procedure, 32, LABEL_PROCEDURE, procedure);
    g->founder_role = (uint8_t)role;
    memcpy(g->founder_ik, d->keys->ik.public_key, 32);
    memcpy(g->founder_lk, d->keys->lk.public_key, 32);
    memcpy(g->founder_kem, d->keys->kem.public_key, 32);
}

/* Its secrets, and what the cell takes from it for good. */
static void make_first_epoch(struct device *d)
{
    struct device_keys *k = d->keys;
    struct epoch e;
    uint8_t secrets[64];
    hop_drbg_take(&d->drbg, secrets, sizeof secrets);
    epoch_derive(&e, secrets, secrets + 32);
    k->epochs_count = 0;
    int err = device_keys_hold(k, &e, false);
    assert(err == HOP_OK); /* it is the first */
    memcpy(k->log_epoch, e.tag, sizeof k->log_epoch);
    memcpy(k->kem_epoch, e.tag, sizeof k->kem_epoch);
    hop_derive(k->sync_key, sizeof k->sync_key, e.route, LABEL_SYNC_KEY, SPAN(k->cell_id, 32));
    hop_wipe(&e, sizeof e);
    hop_wipe(secrets, sizeof secrets);
}

/* Half a cell is none: nothing of it may become durable with the turn. */
static int undo_founding(struct device *d, int err, struct text_said *why)
{
    store_rollback(d->store);
    d->authored.count = 0;
    d->keys->has_cell = d->keys->founding = false;
    d->keys->epochs_count = 0;
    int entered = device_enter_cell(d);
    return device_write_refusal(entered == HOP_OK ? err : entered, why);
}

int device_found(struct device *d, const char *cell_name, const char *procedure_name,
                 struct span procedure_text, const char *founder_name, enum auth_role role,
                 uint64_t wall, struct text_said *why)
{
    struct auth_genesis g = {0};
    if (d->keys->has_cell)
        return text_say(why, CELL_EXISTS, 1,
                        cell_genesis(d->cell) == NULL ? "?" : cell_genesis(d->cell)->name);
    if (!copy_name(g.name, AUTH_NAME_BYTES_MAX, cell_name) ||
        !copy_name(g.procedure_name, AUTH_TEXT_BYTES_MAX, procedure_name) ||
        !copy_name(g.founder_name, AUTH_NAME_BYTES_MAX, founder_name))
        return text_say(why, CELL_NAME_BAD, 0);
    make_genesis(d, &g, procedure_text, role);
    uint8_t body[1024];
    struct wire_writer w = wire_writer(body, sizeof body);
    auth_genesis_put(&w, &g);
    assert(!w.bad);

    struct device_keys *k = d->keys;
    auth_genesis_cell_id(k->cell_id, wire_written(&w));
    make_first_epoch(d);
    device_renew_logs(d, false);
    k->has_cell = k->founding = true;
    int err = device_enter_cell(d);
    if (err == HOP_OK)
        err = author_control(d, AUTH_GENESIS, wire_written(&w), wall);
    if (err == HOP_OK)
        err = author_control(d, AUTH_PROCEDURE, procedure_text, wall);
    if (err == HOP_OK)
        err = author_first_epoch(d, wall);
    if (err == HOP_OK)
        err = author_founder(d, &g, wall);
    return err == HOP_OK ? HOP_OK : undo_founding(d, err, why);
}

/* ---- acts ---- */

int device_act(struct device *d, const struct act *act, uint64_t wall, uint8_t ret_id[static 32],
               struct text_said *why)
{
    uint32_t self = device_self(d);
    if (d->keys->carrier)
        return text_say(why, CELL_CARRIER, 0);
    if (!d->keys->has_cell || self == HISTORY_NONE)
        return text_say(why, CELL_NONE, 0);
    const struct cell_device *own = cell_device_by_key(d->cell, d->keys->ik.public_key);
    if (own == NULL || own->state == DEVICE_REVOKED)
        return text_say(why, GOVERN_SELF_OUT, 0);
    int err = meeting_may(device_meetings(d), d->cell, self, act, why);
    if (err != HOP_OK)
        return err;
    uint8_t *body = malloc(ACT_BODY_BYTES_MAX);
    if (body == NULL)
        return device_write_refusal(HOP_ENOMEM, why);
    struct wire_writer w = wire_writer(body, ACT_BODY_BYTES_MAX);
    err = act_put(&w, act);
    if (err == HOP_OK) {
        struct device_draft draft = {.lane = act->type == ACT_RECEIPT ? LANE_CONTROL : LANE_MEETING,
                                     .type = act->type,
                                     .class = act->type == ACT_DOC ? (uint8_t)act->value : 0,
                                     .wall = wall,
                                     .body = wire_written(&w)};
        err = device_author(d, &draft, ret_id);
    } else {
        err = HOP_EFULL; /* the values were checked by meeting_may: what is left is length */
    }
    free(body);
    return device_write_refusal(err, why);
}
