/* Governing: one control record a call, after the cell was asked whether it would have any effect
 * (cell_may(), which is the rule of the fold). What is refused here before that question is what
 * would be pointless or a mistake: removing oneself, giving an office twice. */
#include "device/govern.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "device/state.h"

/* Room for the largest body beside its cuts. */
#define BODY_BYTES (8u << 10)

struct turn { /* one record on its way */
    struct device *d;
    uint64_t wall;
    struct text_said *why;
    uint8_t id[32];                      /* of the record, once written */
    uint8_t keys[AUTH_DEVICES_MAX * 32]; /* of the devices that an office is given to */
};

/* ---- before ---- */

static int begin(const struct turn *t)
{
    struct device *d = t->d;
    if (d->keys->carrier)
        return text_say(t->why, CELL_CARRIER, 0);
    if (!d->keys->has_cell || device_self(d) == HISTORY_NONE)
        return text_say(t->why, CELL_NONE, 0);
    const struct cell_device *own = cell_device_by_key(d->cell, d->keys->ik.public_key);
    if (own == NULL || own->state == DEVICE_REVOKED)
        return text_say(t->why, GOVERN_SELF_OUT, 0);
    return HOP_OK;
}

/* ---- writing ---- */

static int write_body(struct turn *t, unsigned type, struct span body)
{
    struct device *d = t->d;
    struct device_draft draft = {.lane = LANE_CONTROL, .type = type, .wall = t->wall, .body = body};
    enum text_id no = cell_may(d->cell, d->keys->ik.public_key, type, body);
    if (no != TEXT_NONE)
        return text_say_of(t->why, GOVERN_NO_EFFECT, no);
    return device_write_refusal(device_author(d, &draft, t->id), t->why);
}

/* What was just written may have taken somebody out: then new keys are made in the same turn, so
 * that nothing is written for who is out. */
static int shut_out(const struct turn *t)
{
    int err = device_rotate(t->d, EPOCH_REMOVED, t->wall);
    return err == HOP_EBUSY ? HOP_OK : device_write_refusal(err, t->why);
}

/* The accepted reach of every log of these devices (cell_cuts()), of several members one after the
 * other. HOP_EREFUSED if there are too many for one record. */
static int add_cuts(struct turn *t, size_t member, const uint8_t *ik, struct buf *cuts)
{
    struct device *d = t->d;
    size_t logs = history_log_count(d->history);
    struct cell_log_owner *owners = calloc(logs + 1, sizeof *owners);
    if (owners == NULL)
        return device_write_refusal(HOP_ENOMEM, t->why);
    for (size_t i = 0; i < logs && i < d->logs_count; i++)
        owners[i].ik = d->logs[i].next > 1 && !d->logs[i].refused ? d->logs[i].ik : NULL;
    int err = cell_cuts(d->cell, d->history, owners, member, ik, cuts);
    free(owners);
    if (err == HOP_OK && cuts->bad)
        err = HOP_ENOMEM;
    if (err == HOP_OK && cuts->size / AUTH_CUT_BYTES > AUTH_CUTS_MAX)
        return text_say(t->why, GOVERN_TOO_MANY_CUTS, 0);
    return device_write_refusal(err, t->why);
}

static struct auth_cuts cuts_of(const struct buf *cuts)
{
    return (struct auth_cuts){.bytes = cuts->data, .count = cuts->size / AUTH_CUT_BYTES};
}

/* A body of what the writer's put makes of value; at most its cuts and BODY_BYTES. */
typedef void body_put(struct wire_writer *w, const void *value);

static int write_value(struct turn *t, unsigned type, body_put *put, const void *value, size_t cuts)
{
    size_t size = BODY_BYTES + cuts * AUTH_CUT_BYTES;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return device_write_refusal(HOP_ENOMEM, t->why);
    struct wire_writer w = wire_writer(bytes, size);
    put(&w, value);
    int err =
        w.bad ? device_write_refusal(HOP_EFULL, t->why) : write_body(t, type, wire_written(&w));
    free(bytes);
    return err;
}

#define PUTTER(name, type)                                                                         \
    static void put_##name(struct wire_writer *w, const void *value)                               \
    {                                                                                              \
        const struct auth_##type *v = value;                                                       \
        auth_##name##_put(w, v);                                                                   \
    }
PUTTER(remove, remove)
PUTTER(role, role_change)
PUTTER(config, config)
PUTTER(suspend, suspend)
PUTTER(leave, leave)
PUTTER(checkpoint, checkpoint)
PUTTER(cosign, cosign)
PUTTER(group, group)
PUTTER(propose, propose)
PUTTER(invite_end, invite_end)

/* ---- members and devices ---- */

static const char *name_of(const struct device *d, size_t member)
{
    return member < cell_member_count(d->cell) ? cell_member(d->cell, member)->name : "?";
}

static size_t active_devices(const struct device *d, size_t member)
{
    size_t count = 0;
    for (size_t i = 0; i < cell_device_count(d->cell); i++) {
        const struct cell_device *x = cell_device(d->cell, i);
        count += x->member == member && x->state == DEVICE_ACTIVE;
    }
    return count;
}

/* What would be a mistake, whoever may do it. */
static int removal_sense(const struct turn *t, size_t member, const uint8_t *ik)
{
    const struct device *d = t->d;
    bool own = member == device_self(d);
    const struct cell_device *x = ik == NULL ? NULL : cell_device_by_key(d->cell, ik);
    if (ik == NULL && own)
        return text_say(t->why, GOVERN_SELF_REMOVE, 0);
    if (own && x != NULL && x->state == DEVICE_ACTIVE && active_devices(d, member) == 1)
        return text_say(t->why, GOVERN_LAST_DEVICE, 0);
    const struct cell_member *m = cell_member(d->cell, member);
    if (x != NULL ? x->state == DEVICE_REVOKED : !m->active && !m->pending)
        return text_say(t->why, GOVERN_GONE_ALREADY, 1, m->name);
    return HOP_OK;
}

int device_remove(struct device *d, size_t member, const uint8_t *ik, enum auth_reason reason,
                  uint64_t wall, struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    struct auth_remove body = {.reason = (uint8_t)reason};
    struct buf cuts = {0};
    int err = begin(&t);
    if (err == HOP_OK)
        err = removal_sense(&t, member, ik);
    if (err == HOP_OK)
        err = add_cuts(&t, member, ik, &cuts);
    if (err == HOP_OK) {
        memcpy(body.member, cell_member(d->cell, member)->id, sizeof body.member);
        if (ik != NULL)
            memcpy(body.ik, ik, sizeof body.ik);
        body.cuts = cuts_of(&cuts);
        err = write_value(&t, AUTH_REMOVE, put_remove, &body, body.cuts.count);
    }
    if (err == HOP_OK)
        err = shut_out(&t);
    buf_free(&cuts);
    return err;
}

int device_set_role(struct device *d, size_t member, enum auth_role role,
                    enum auth_category category, uint64_t wall, struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    struct auth_role_change body = {.role = (uint8_t)role, .category = (uint8_t)category};
    struct buf cuts = {0};
    int err = begin(&t);
    const struct cell_member *m = err == HOP_OK ? cell_member(d->cell, member) : NULL;
    if (m != NULL && m->active && m->role == role && m->category == category)
        err = text_say(why, GOVERN_SAME_ROLE, 1, m->name);
    if (m != NULL && err == HOP_OK && (role == ROLE_SECRETARY) != (m->role == ROLE_SECRETARY))
        err = text_say(why, GOVERN_NEEDS_CONFIG, 0);
    if (m != NULL && err == HOP_OK && auth_rank_of(role) < m->rank)
        err = add_cuts(&t, member, NULL, &cuts);
    if (m != NULL && err == HOP_OK) {
        memcpy(body.member, m->id, sizeof body.member);
        body.devices = cell_devices_of(d->cell, member, t.keys);
        body.cuts = cuts_of(&cuts);
        err = write_value(&t, AUTH_ROLE, put_role, &body, body.cuts.count);
    }
    if (err == HOP_OK)
        err = shut_out(&t); /* a carrier reads no more */
    buf_free(&cuts);
    return err;
}

int device_suspend(struct device *d, const uint8_t ik[static 32], bool resume,
                   enum auth_reason reason, uint64_t wall, struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    struct auth_suspend body = {.resume = resume ? 1 : 0, .reason = (uint8_t)reason};
    int err = begin(&t);
    if (err != HOP_OK)
        return err;
    const struct cell_device *x = cell_device_by_key(d->cell, ik);
    if (x == NULL || x->state == DEVICE_REVOKED)
        return text_say(why, GOVERN_GONE_ALREADY, 1, x == NULL ? "?" : name_of(d, x->member));
    if (x->state == (resume ? DEVICE_ACTIVE : DEVICE_SUSPENDED))
        return text_say(why, resume ? GOVERN_NOT_SUSPENDED : GOVERN_SUSPENDED_ALREADY, 0);
    memcpy(body.ik, ik, sizeof body.ik);
    err = write_value(&t, AUTH_SUSPEND, put_suspend, &body, 0);
    return err != HOP_OK || resume ? err : shut_out(&t);
}

int device_leave(struct device *d, uint64_t wall, struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    struct auth_leave body = {0};
    struct buf cuts = {0};
    size_t others = 0;
    int err = begin(&t);
    uint32_t self = device_self(d);
    for (size_t i = 0; i < cell_member_count(d->cell); i++)
        others += i != self && cell_member(d->cell, i)->active;
    if (err == HOP_OK && others == 0)
        err = text_say(why, GOVERN_LAST_MEMBER, 0);
    if (err == HOP_OK)
        err = add_cuts(&t, self, NULL, &cuts);
    if (err == HOP_OK) {
        body.cuts = cuts_of(&cuts);
        err = write_value(&t, AUTH_LEAVE, put_leave, &body, body.cuts.count);
    }
    buf_free(&cuts);
    return err;
}

/* ---- the top: configurations, signatures, checkpoints ---- */

static int compare_cuts(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

/* Of several members: by log, each once. */
static void sort_cuts(struct buf *cuts)
{
    if (cuts->size > 0)
        qsort(cuts->data, cuts->size / AUTH_CUT_BYTES, AUTH_CUT_BYTES, compare_cuts);
}

static bool holds_seat(const struct cell_config *config, const uint8_t ik[static 32])
{
    for (size_t i = 0; i < config->body.seats_count; i++) {
        if (memcmp(config->body.seats[i], ik, 32) == 0)
            return true;
    }
    return false;
}

/* Has the configuration that holds seen what this device wrote since it was restored? Then its
 * authors knew, and have named it all the same. */
static bool named_again(const struct device *d, const struct cell_config *config)
{
    uint32_t entry = history_find(d->history, config->record);
    for (uint32_t i = 0; i < d->logs_count && entry != HISTORY_NONE; i++) {
        const struct device_log *log = &d->logs[i];
        if (log->next <= 1 || log->refused || log->incarnation < d->keys->seat_lost ||
            memcmp(log->ik, d->keys->ik.public_key, 32) != 0)
            continue;
        if (history_saw(d->history, entry, history_log_entry(d->history, i, 1)))
            return true;
    }
    return false;
}

/* May this device sign anything as a seat? */
static int begin_seat(const struct turn *t)
{
    struct device *d = t->d;
    int err = begin(t);
    if (err != HOP_OK)
        return err;
    const struct cell_config *config = cell_config(d->cell);
    const struct cell_device *own = cell_device_by_key(d->cell, d->keys->ik.public_key);
    if (config == NULL || !holds_seat(config, own->cert.ik))
        return text_say(t->why, GOVERN_NOT_SEAT, 0);
    if (own->double_signed)
        return text_say(t->why, GOVERN_SEAT_VOID, 0);
    if (d->keys->seat_lost != 0 && !named_again(d, config))
        return text_say(t->why, GOVERN_RESTORED, 0);
    d->keys->changed = d->keys->changed || d->keys->seat_lost != 0;
    d->keys->seat_lost = 0;
    return HOP_OK;
}

/* The lock of this seat: of the configurations with this number it signs one. record NULL: one that
 * is still to be written. A lock that names a record which is not here holds nothing: it was our
 * own, of a turn that never became durable (a store that is not whole has been noticed before). */
static int seat_is_free(const struct turn *t, uint32_t number, const uint8_t *record)
{
    const struct device *d = t->d;
    const struct device_keys *k = d->keys;
    char said[16];
    if (k->seat_number < number ||
        (k->seat_number == number && record != NULL && memcmp(k->seat_config, record, 32) == 0))
        return HOP_OK;
    if (d->authored.count > 0)
        return device_write_refusal(HOP_EBUSY, t->why); /* it may be the one of this turn */
    if (k->seat_number == number && history_find(d->history, k->seat_config) == HISTORY_NONE)
        return HOP_OK;
    (void)snprintf(said, sizeof said, "%u", (unsigned)number);
    return text_say(t->why, GOVERN_LOCKED, 1, said);
}

static void lock_seat(struct device *d, uint32_t number, const uint8_t record[static 32])
{
    d->keys->seat_number = number;
    memcpy(d->keys->seat_config, record, 32);
    d->keys->changed = true; /* the owner saves it before it commits */
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static int put_seats(const struct turn *t, const struct device_config_change *change,
                     struct auth_config *body)
{
    char most[16];
    (void)snprintf(most, sizeof most, "%d", AUTH_SEATS_MAX);
    if (change->seats_count == 0 || change->seats_count > AUTH_SEATS_MAX)
        return text_say(t->why, GOVERN_SEATS_COUNT, 1, most);
    memset(body->seats, 0, sizeof body->seats);
    body->seats_count = (uint8_t)change->seats_count;
    for (size_t i = 0; i < change->seats_count; i++) {
        if (cell_device_active(t->d->cell, change->seats[i]) == NULL)
            return text_say(t->why, GOVERN_SEAT_UNKNOWN, 0);
        memcpy(body->seats[i], change->seats[i], 32);
    }
    qsort(body->seats, body->seats_count, 32, compare_keys);
    return HOP_OK;
}

static int put_removed(struct turn *t, const struct device_config_change *change,
                       struct auth_config *body, struct buf *cuts)
{
    char most[16];
    int err = HOP_OK;
    (void)snprintf(most, sizeof most, "%d", AUTH_REMOVED_MAX);
    if (change->removed_count > AUTH_REMOVED_MAX)
        return text_say(t->why, GOVERN_REMOVED_COUNT, 1, most);
    body->removed_count = (uint8_t)change->removed_count;
    for (size_t i = 0; i < change->removed_count && err == HOP_OK; i++) {
        size_t member = cell_member_index(t->d->cell, change->removed[i]);
        if (member == SIZE_MAX)
            return text_say(t->why, REFUSE_NO_SUCH_MEMBER, 0);
        memcpy(body->removed[i], change->removed[i], 16);
        err = add_cuts(t, member, NULL, cuts);
    }
    return err;
}

/* The new secretary; the one before, if somebody else and not removed, gets cuts: beyond them the
 * office is gone. */
static int put_secretary(struct turn *t, const uint8_t *secretary, struct auth_config *body,
                         struct buf *cuts)
{
    const struct device *d = t->d;
    static const uint8_t nobody[16];
    uint8_t before[16];
    memcpy(before, body->secretary, sizeof before);
    if (memcmp(secretary, nobody, 16) != 0) {
        size_t member = cell_member_index(d->cell, secretary);
        if (member == SIZE_MAX || !cell_member(d->cell, member)->active)
            return text_say(t->why, REFUSE_NO_SUCH_MEMBER, 0);
    }
    memcpy(body->secretary, secretary, 16);
    size_t index = cell_member_index(d->cell, before);
    if (memcmp(before, secretary, 16) == 0 || index == SIZE_MAX)
        return HOP_OK;
    for (size_t i = 0; i < body->removed_count; i++) {
        if (memcmp(body->removed[i], before, 16) == 0)
            return HOP_OK;
    }
    return add_cuts(t, index, NULL, cuts);
}

static int make_config(struct turn *t, const struct device_config_change *change,
                       struct auth_config *body, struct buf *cuts)
{
    const struct cell_config *now = cell_config(t->d->cell);
    int err = HOP_OK;
    *body = now->body;
    body->number = now->body.number + 1;
    memcpy(body->prev, now->record, 32);
    body->removed_count = 0;
    memset(body->removed, 0, sizeof body->removed);
    if (change->seats != NULL)
        err = put_seats(t, change, body);
    if (err == HOP_OK)
        err = put_removed(t, change, body, cuts);
    if (err == HOP_OK && change->secretary != NULL)
        err = put_secretary(t, change->secretary, body, cuts);
    if (err == HOP_OK && change->procedure != NULL)
        memcpy(body->procedure, change->procedure, 32);
    if (err != HOP_OK)
        return err;
    size_t secretary = cell_member_index(t->d->cell, body->secretary);
    body->devices = (struct auth_devices){0};
    if (secretary != SIZE_MAX)
        body->devices = cell_devices_of(t->d->cell, secretary, t->keys);
    sort_cuts(cuts);
    body->cuts = cuts_of(cuts);
    bool same = body->removed_count == 0 && body->seats_count == now->body.seats_count &&
                memcmp(body->seats, now->body.seats, sizeof body->seats) == 0 &&
                memcmp(body->secretary, now->body.secretary, 16) == 0 &&
                memcmp(body->procedure, now->body.procedure, 32) == 0;
    return same ? text_say(t->why, GOVERN_NO_CHANGE, 0) : HOP_OK;
}

int device_configure(struct device *d, const struct device_config_change *change, uint64_t wall,
                     uint8_t ret_id[static 32], struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    struct auth_config *body = malloc(sizeof *body);
    struct buf cuts = {0};
    int err = body == NULL ? device_write_refusal(HOP_ENOMEM, why) : begin_seat(&t);
    if (err == HOP_OK)
        err = make_config(&t, change, body, &cuts);
    if (err == HOP_OK)
        err = seat_is_free(&t, body->number, NULL);
    if (err == HOP_OK)
        err = write_value(&t, AUTH_CONFIG, put_config, body, body->cuts.count);
    if (err == HOP_OK) {
        lock_seat(d, body->number, t.id);
        memcpy(ret_id, t.id, 32);
        err = shut_out(&t);
    }
    buf_free(&cuts);
    free(body);
    return err;
}

/* The configuration among those that wait; NULL: there is none with this id. */
static const struct cell_config *waiting_config(const struct cell *c, const uint8_t id[static 32])
{
    for (size_t i = 0; i < cell_config_waiting_count(c); i++) {
        if (memcmp(cell_config_waiting(c, i)->record, id, 32) == 0)
            return cell_config_waiting(c, i);
    }
    return NULL;
}

int device_cosign(struct device *d, const uint8_t record[static 32], uint64_t wall,
                  struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    struct auth_cosign body;
    int err = begin_seat(&t);
    if (err != HOP_OK)
        return err;
    uint32_t entry = history_find(d->history, record);
    const struct cell_config *config = waiting_config(d->cell, record);
    bool checkpoint =
        entry != HISTORY_NONE && history_at(d->history, entry)->type == AUTH_CHECKPOINT;
    if (config == NULL && !checkpoint)
        return text_say(why, GOVERN_NOTHING_TO_SIGN, 0);
    uint32_t number = config == NULL ? 0 : config->body.number;
    if (config != NULL)
        err = seat_is_free(&t, number, record);
    memcpy(body.record, record, sizeof body.record);
    if (err == HOP_OK)
        err = write_value(&t, AUTH_COSIGN, put_cosign, &body, 0);
    if (err == HOP_OK && config != NULL)
        lock_seat(d, number, record);
    return err != HOP_OK ? err : shut_out(&t);
}

/* Every control log, as far as it is here. */
static int gather_tips(const struct device *d, struct buf *tips)
{
    for (uint32_t i = 0; i < d->logs_count; i++) {
        uint8_t bytes[AUTH_CUT_BYTES];
        struct wire_writer w = wire_writer(bytes, sizeof bytes);
        struct auth_cut cut = {.seq = history_log_tip(d->history, i)};
        if (cut.seq == 0 || d->logs[i].refused)
            continue;
        const struct history_entry *e =
            history_at(d->history, history_log_entry(d->history, i, cut.seq));
        if (e->lane != LANE_CONTROL)
            continue;
        memcpy(cut.log, history_log_id(d->history, i), 32);
        memcpy(cut.id, e->id, 32);
        auth_cut_put(&w, &cut);
        buf_span(tips, wire_written(&w));
    }
    sort_cuts(tips);
    return tips->bad ? HOP_ENOMEM : HOP_OK;
}

int device_checkpoint(struct device *d, uint64_t wall, struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    struct auth_checkpoint body = {0};
    struct buf tips = {0};
    int err = begin_seat(&t);
    if (err == HOP_OK)
        err = device_write_refusal(gather_tips(d, &tips), why);
    if (err == HOP_OK && tips.size / AUTH_CUT_BYTES > AUTH_CUTS_MAX)
        err = text_say(why, GOVERN_TOO_MANY_CUTS, 0);
    if (err == HOP_OK) {
        body.number = cell_config(d->cell)->body.number;
        cell_checkpoint(d->cell, body.prev);
        body.tips = cuts_of(&tips);
        err = write_value(&t, AUTH_CHECKPOINT, put_checkpoint, &body, body.tips.count);
    }
    buf_free(&tips);
    return err;
}

/* ---- groups, proposals, invitations ---- */

int device_set_group(struct device *d, const struct auth_group *group, uint64_t wall,
                     uint8_t ret_id[static 16], struct text_said *why)
{
    static const uint8_t none[16];
    struct turn t = {.d = d, .wall = wall, .why = why};
    char most[16];
    bool led = false;
    int err = begin(&t);
    (void)snprintf(most, sizeof most, "%d", AUTH_GROUP_MEMBERS_MAX);
    for (size_t i = 0; i < group->members_count; i++)
        led = led || memcmp(group->members + 16 * i, group->leader, 16) == 0;
    if (err == HOP_OK && (!led || group->members_count > AUTH_GROUP_MEMBERS_MAX))
        err = text_say(why, GOVERN_GROUP_MEMBERS, 1, most);
    if (err == HOP_OK)
        err = write_value(&t, AUTH_GROUP, put_group, group, 0);
    if (err == HOP_OK)
        memcpy(ret_id, memcmp(group->group, none, 16) == 0 ? t.id : group->group, 16);
    return err;
}

int device_propose(struct device *d, const struct auth_propose *p, uint64_t wall,
                   struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    int err = begin(&t);
    if (err == HOP_OK && p->name[0] == '\0')
        err = text_say(why, INVITE_NO_NAME, 0);
    const struct cell_group *g = err == HOP_OK ? cell_group_by_id(d->cell, p->group) : NULL;
    if (err == HOP_OK && (g == NULL || g->leader != device_self(d)))
        err = text_say(why, GOVERN_NOT_LEADER, 0);
    return err != HOP_OK ? err : write_value(&t, AUTH_PROPOSE, put_propose, p, 0);
}

int device_invite_end(struct device *d, const uint8_t invite[static 16], uint8_t reason,
                      uint64_t wall, struct text_said *why)
{
    struct turn t = {.d = d, .wall = wall, .why = why};
    struct auth_invite_end body = {.reason = reason};
    int err = begin(&t);
    bool open = false;
    for (size_t i = 0; err == HOP_OK && i < cell_invite_count(d->cell); i++) {
        const struct cell_invite *v = cell_invite(d->cell, i);
        open = open || (memcmp(v->body.id, invite, 16) == 0 && !v->used && !v->ended);
    }
    if (err == HOP_OK && !open)
        err = text_say(why, GOVERN_NO_INVITE, 0);
    memcpy(body.invite, invite, sizeof body.invite);
    return err != HOP_OK ? err : write_value(&t, AUTH_INVITE_END, put_invite_end, &body, 0);
}

/* ---- what a person should hear ---- */

struct heard {
    struct text_said *said;
    size_t count, max;
};

/* The next place, or one that is thrown away. */
static struct text_said *next_notice(struct heard *h)
{
    static struct text_said spare;
    return h->count < h->max ? &h->said[h->count++] : &spare;
}

static void hear_config(const struct device *d, struct heard *h, const struct cell_config *config)
{
    const struct cell_device *own = cell_device_by_key(d->cell, d->keys->ik.public_key);
    char number[16], have[16], needed[16], id[HEX_SIZE(32)];
    (void)snprintf(number, sizeof number, "%u", (unsigned)config->body.number);
    (void)snprintf(have, sizeof have, "%zu", config->signatures);
    (void)snprintf(needed, sizeof needed, "%zu", config->needed);
    hex_encode(id, SPAN(config->record, 32));
    bool free = d->keys->seat_number < config->body.number && d->keys->seat_lost == 0;
    bool mine = own != NULL && own->seat && !own->double_signed && free;
    (void)text_say(next_notice(h), mine ? NOTICE_CONFIG_WAITS : NOTICE_CONFIG_WAITING, 4, number,
                   have, needed, id);
}

static void hear_seats(const struct device *d, struct heard *h)
{
    size_t seats = 0;
    char count[16];
    for (size_t i = 0; i < cell_device_count(d->cell); i++) {
        const struct cell_device *x = cell_device(d->cell, i);
        seats += x->seat && !x->double_signed && x->state == DEVICE_ACTIVE;
        if (x->seat && x->double_signed)
            (void)text_say(next_notice(h), NOTICE_DOUBLE_SIGNED, 1, name_of(d, x->member));
    }
    (void)snprintf(count, sizeof count, "%zu", seats);
    if (seats < DEVICE_SEATS_LEAST)
        (void)text_say(next_notice(h), NOTICE_FEW_SEATS, 1, count);
}

/* What somebody with an office has to decide. */
static void hear_waiting(const struct device *d, struct heard *h)
{
    for (size_t i = 0; i < cell_member_count(d->cell); i++) {
        if (cell_member(d->cell, i)->pending)
            (void)text_say(next_notice(h), NOTICE_PENDING, 1, name_of(d, i));
    }
    for (size_t i = 0; i < cell_proposal_count(d->cell); i++) {
        const struct cell_proposal *p = cell_proposal(d->cell, i);
        char id[HEX_SIZE(32)];
        hex_encode(id, SPAN(p->record, 32));
        if (!p->answered)
            (void)text_say(next_notice(h), NOTICE_PROPOSAL, 3, name_of(d, p->by), p->body.name, id);
    }
}

size_t device_govern_notices(struct device *d, struct text_said *ret, size_t max)
{
    struct heard h = {.said = ret, .max = max};
    const struct cell_config *config = cell_config(d->cell);
    const struct cell_device *own = cell_device_by_key(d->cell, d->keys->ik.public_key);
    uint8_t winner[32], loser[32];
    char names[2][HEX_SIZE(4)];
    if (config == NULL || own == NULL || d->keys->carrier)
        return 0;
    if (own->state != DEVICE_ACTIVE)
        (void)text_say(next_notice(&h),
                       own->state == DEVICE_REVOKED ? GOVERN_SELF_OUT : GOVERN_SELF_SUSPENDED, 0);
    if (own->state == DEVICE_REVOKED)
        return h.count; /* what the others do is not its business any more */
    if (cell_config_conflict(d->cell, winner, loser)) {
        hex_encode(names[0], SPAN(winner, 4));
        hex_encode(names[1], SPAN(loser, 4));
        (void)text_say(next_notice(&h), NOTICE_CONFIG_CONFLICT, 2, names[0], names[1]);
    }
    bool office = cell_member(d->cell, own->member)->rank >= 1;
    for (size_t i = 0; i < cell_config_waiting_count(d->cell); i++)
        hear_config(d, &h, cell_config_waiting(d->cell, i));
    if (office || own->seat)
        hear_seats(d, &h);
    if (office)
        hear_waiting(d, &h);
    const struct cell_member *secretary = cell_secretary(d->cell);
    if (secretary == NULL || !secretary->active || secretary->role != ROLE_SECRETARY)
        (void)text_say(next_notice(&h), NOTICE_NO_SECRETARY, 0);
    return h.count;
}

size_t device_beyond_cuts(const struct device *d, uint32_t *ret, size_t max)
{
    size_t count = 0;
    for (uint32_t i = 0; i < d->logs_count; i++) {
        const struct device_log *log = &d->logs[i];
        uint64_t tip = history_log_tip(d->history, i);
        const uint8_t *id = history_log_id(d->history, i);
        if (tip == 0 || log->refused || cell_device_by_key(d->cell, log->ik) == NULL)
            continue;
        /* From the tip down: what a cut voids is the end of a log. */
        for (; tip > 0 && !cell_accepts(d->cell, log->ik, id, tip); tip--) {
            uint32_t entry = history_log_entry(d->history, i, tip);
            if (history_at(d->history, entry)->type < ACT_MEETING)
                continue;
            if (count < max)
                ret[count] = entry;
            count++;
        }
    }
    return count;
}
