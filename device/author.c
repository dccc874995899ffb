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

/* What we have seen since our last record: the newest opened record of every log that moved. */
static size_t gather_deps(struct device *d, uint32_t self, uint8_t *ret)
{
    size_t count = 0;
    for (uint32_t i = 0; i < d->logs_count && count < RECORD_DEPS_MAX; i++) {
        uint64_t seen = history_log_tip(d->history, i);
        if (i == self || seen <= d->logs[i].dep_mark)
            continue;
        uint32_t entry = history_log_entry(d->history, i, seen);
        memcpy(ret + 32 * count++, history_at(d->history, entry)->id, 32);
        d->logs[i].dep_mark = seen;
    }
    return count;
}

static int write_record(struct device *d, const struct device_draft *draft,
                        uint8_t ret_id[static 32])
{
    const struct hop_sign_key *key = &d->keys->log[draft->lane];
    const struct epoch *epoch = epochs_send(d->epochs);
    struct store_tip tip = {0};
    uint32_t index;
    struct device_log *log = device_log_state(d, key->public_key, &index);
    assert(epoch != NULL); /* a cell without an epoch is never entered */
    if (log == NULL)
        return HOP_ENOMEM;
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
        inner.deps_count = gather_deps(d, index, deps);
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
        d->authored[draft->lane] = true;
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

int device_author(struct device *d, const struct device_draft *draft, uint8_t ret_id[static 32])
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
    if (err == HOP_ENOTFOUND)
        err = open_own_log(d, draft->lane, draft->wall);
    if (err == HOP_OK)
        err = write_record(d, draft, ret_id);
    return err;
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
    int err = epoch_slots_put(&w, epochs_send(d->epochs), &context, d->keys->kem.public_key, 1,
                              true, &d->drbg);
    if (err == HOP_OK) {
        struct device_draft draft = {.lane = LANE_CONTROL,
                                     .outer = OUTER_EPOCH,
                                     .type = AUTH_EPOCH,
                                     .wall = wall,
                                     .body = wire_written(&w)};
        err = device_author(d, &draft, id);
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

/* Half a cell is none: nothing of it may become durable with the turn. */
static int undo_founding(struct device *d, int err, struct text_said *why)
{
    store_rollback(d->store);
    memset(d->authored, 0, sizeof d->authored);
    d->keys->has_cell = d->keys->founding = false;
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
    hop_drbg_take(&d->drbg, k->first_epoch, sizeof k->first_epoch);
    device_keys_reincarnate(k, &d->drbg);
    d->session_records = 0;
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
