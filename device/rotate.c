/* Who may read, kept up: when a new epoch is made, and who makes it.
 *
 * An epoch is as good as its recipients: as long as all of them are active, it is written under;
 * when one of them is not, it is over, for everybody who has heard of it, with no clock and no vote
 * (cell/epochs.h). What is left to do is to have another one soon, and not from everybody at once.
 *
 * Who takes somebody out makes the next epoch in the same turn: the removal is written under the
 * old epoch, so that all who are in it hear of it, and the EPOCH record right after, in the same
 * log; all that follows is in new logs under the new epoch, so that those outside can tell neither
 * what is written nor by whom. If it was not the author's to do (somebody has left, two parts of a
 * cell have met, a log is forked), any device that may read all does it: at once, if it has
 * something to write; else the one whose place in a keyed order is the first, then the second, each
 * a few seconds later, in case the ones before are not there. Two who were apart may both do it;
 * then there are two epochs, everybody is given both, all choose the same one, and the next follows
 * both.
 *
 * An epoch is sealed to all devices that its author knows as active. Somebody admitted elsewhere at
 * the same time is not among them: whoever holds it and sees that, grants it, in the same order. A
 * device that finds an EPOCH record it cannot read (its keys are from a backup; somebody sealed it
 * rubbish) says so in a PREKEY record, and is granted what it asked for.
 *
 * The same duty renews an epoch that is old: a month, or 20,000 records. There a clock has a say,
 * and only in when somebody makes an epoch, never in which one is used: a wrong one costs an epoch.
 *
 * Everything is decided from what has been opened, after a commit, and only when no peer has more
 * for us: who is still reading a long history would else mend what was mended long ago. */
#include "device/state.h"

#include <assert.h>
#include <stdlib.h>

#define DUTY_REST      (1 * HOP_SECOND) /* others may have done it, and it is on its way */
#define DUTY_STEP      (3 * HOP_SECOND) /* from place to place */
#define GRANTS_A_TURN  16               /* more follow with the next commit */
#define ASKED_AT_ONCE  AUTH_LACKS_MAX
#define EPOCH_AGE_US   (UINT64_C(30) * 24 * 3600 * 1000000)
#define EPOCH_RECORDS  20000
#define PLACES_COUNTED 64 /* beyond, all come at the same time: they would wait for minutes */

/* ---- keys ---- */

void device_renew_logs(struct device *d, bool lost)
{
    device_keys_reincarnate(d->keys, &d->drbg);
    d->session_records = 0;
    if (lost)
        d->keys->seat_lost = d->keys->incarnation;
}

int device_epochs_load(struct device *d)
{
    struct device_keys *k = d->keys;
    epochs_free(d->epochs);
    d->epochs = epochs_new();
    d->judged = UINT64_MAX;
    d->duty = false;
    for (size_t i = 0; i < d->logs_count; i++)
        d->logs[i].scanned = 0;
    for (size_t i = 0; i < k->epochs_count && d->epochs != NULL; i++) {
        struct epoch e;
        device_keys_epoch(k, i, &e);
        int err = epochs_add(d->epochs, &e);
        hop_wipe(&e, sizeof e);
        if (err != HOP_OK && err != HOP_EEXIST)
            return err;
    }
    if (d->epochs != NULL && k->founding)
        epochs_found(d->epochs, k->log_epoch);
    return d->epochs == NULL ? HOP_ENOMEM : HOP_OK;
}

/* The keys are saved before the commit: an epoch of ours may be there whose record is not. */
void device_epochs_settle(struct device *d)
{
    struct device_keys *k = d->keys;
    for (size_t i = k->epochs_count; i-- > 0;) {
        struct epoch e;
        if (!k->epochs[i].made)
            continue;
        device_keys_epoch(k, i, &e);
        if (epochs_known(d->epochs, e.commit)) {
            k->epochs[i].made = false;
        } else {
            trace(&d->trace, "an epoch of ours never became durable -> let go");
            epochs_drop(d->epochs, e.commit);
            device_keys_drop(k, i);
        }
        hop_wipe(&e, sizeof e);
    }
}

/* Make room for one: another tells of it; else the oldest, whose records stay closed from then on.
 */
static void make_room(struct device *d)
{
    struct device_keys *k = d->keys;
    size_t worst = 0;
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < k->epochs_count; i++) {
        struct epoch e;
        device_keys_epoch(k, i, &e);
        uint32_t generation = epochs_generation(d->epochs, e.commit);
        bool derivable = epochs_derivable(d->epochs, e.commit);
        hop_wipe(&e, sizeof e);
        if (derivable) {
            worst = i;
            break;
        }
        if (generation < least) {
            worst = i;
            least = generation;
        }
    }
    device_keys_drop(k, worst);
}

void device_epochs_keep(struct device *d)
{
    for (size_t i = 0; i < epochs_count(d->epochs); i++) {
        const struct epoch *e = epochs_at(d->epochs, i);
        if (e->held == EPOCH_AUTH || epochs_derivable(d->epochs, e->commit))
            continue;
        if (device_keys_hold(d->keys, e, false) == HOP_OK)
            continue;
        make_room(d);
        int err = device_keys_hold(d->keys, e, false);
        assert(err == HOP_OK); /* there is room now */
        (void)err;
    }
}

/* ---- judging ---- */

static bool author_of(void *ctx, const uint8_t log[32], uint64_t seq, uint8_t ret_ik[32])
{
    struct device *d = ctx;
    uint32_t index = history_log(d->history, log);
    if (index >= d->logs_count || d->logs[index].refused || d->logs[index].closed ||
        d->logs[index].next <= seq)
        return false;
    memcpy(ret_ik, d->logs[index].ik, 32);
    return true;
}

int device_judge(struct device *d)
{
    int err = HOP_OK;
    if (d->keys->carrier)
        epochs_judge_blind(d->epochs);
    else if (!d->keys->founding)
        err = epochs_judge(d->epochs, d->cell, d->history, author_of, d);
    d->judged = epochs_version(d->epochs);
    return err;
}

static const struct cell_device *own_device(const struct device *d)
{
    return cell_device_active(d->cell, d->keys->ik.public_key);
}

static enum auth_role role_of(const struct device *d, const struct cell_device *of)
{
    return cell_member(d->cell, of->member)->role;
}

/* May this device make epochs, and hand them on? */
static bool may_make(const struct device *d)
{
    const struct cell_device *own = d->keys->carrier ? NULL : own_device(d);
    return own != NULL && epochs_share(role_of(d, own)) == EPOCH_HISTORY;
}

/* ---- making one ---- */

static size_t list_recipients(const struct device *d, struct epoch_recipient *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < cell_device_count(d->cell); i++) {
        const struct cell_device *x = cell_device(d->cell, i);
        if (x->state == DEVICE_ACTIVE)
            ret[count++] = (struct epoch_recipient){
                .ik = x->cert.ik, .kem = x->cert.kem, .share = epochs_share(role_of(d, x))};
    }
    return count;
}

static int write_epoch(struct device *d, const struct epoch *e, const struct epoch_made *made)
{
    uint8_t id[32];
    uint8_t *text = malloc(EPOCH_TEXT_BYTES_MAX);
    if (text == NULL)
        return HOP_ENOMEM;
    struct wire_writer w = wire_writer(text, EPOCH_TEXT_BYTES_MAX);
    struct epoch_context context = {.cell_id = d->keys->cell_id,
                                    .log = d->keys->log[LANE_CONTROL].public_key};
    int err = epoch_put(&w, e, &context, made, &d->drbg);
    if (err == HOP_OK) {
        struct device_draft draft = {.lane = LANE_CONTROL,
                                     .outer = OUTER_EPOCH,
                                     .type = AUTH_EPOCH,
                                     .wall = made->wall,
                                     .body = wire_written(&w)};
        err = device_author_here(d, &draft, id);
    }
    free(text);
    return err;
}

/* An EPOCH record names nothing that its author had seen: it is not sealed. So a record that does
 * goes before it, and whoever has the epoch in its place has all by which it was made. */
static int tell_seen(struct device *d, uint64_t wall)
{
    uint8_t id[32];
    struct device_draft draft = {.lane = LANE_CONTROL, .type = AUTH_SEEN, .wall = wall};
    return device_author_here(d, &draft, id);
}

/* The epoch that follows all that there are. */
static int make_epoch(struct device *d, enum epoch_reason reason, uint64_t wall)
{
    const struct epoch *parents[EPOCH_PARENTS_MAX];
    struct epoch_made made = {.reason = reason, .generation = 1, .wall = wall, .parents = parents};
    struct epoch e;
    uint8_t secrets[64];
    int err = tell_seen(d, wall);
    if (err != HOP_OK)
        return err;
    struct epoch_recipient *to = calloc(cell_device_count(d->cell) + 1, sizeof *to);
    if (to == NULL)
        return HOP_ENOMEM;
    made.recipients = to;
    made.recipients_count = list_recipients(d, to);
    made.parents_count = epochs_tips(d->epochs, parents, EPOCH_PARENTS_MAX);
    for (size_t i = 0; i < made.parents_count; i++) {
        uint32_t generation = epochs_generation(d->epochs, parents[i]->commit);
        if (generation >= made.generation)
            made.generation = generation + 1;
    }
    hop_drbg_take(&d->drbg, secrets, sizeof secrets);
    epoch_derive(&e, secrets, secrets + 32);
    err = write_epoch(d, &e, &made);
    if (err == HOP_OK) {
        if (d->keys->epochs_count == DEVICE_EPOCHS_MAX)
            make_room(d);
        err = device_keys_hold(d->keys, &e, true);
    }
    if (err == HOP_OK)
        err = epochs_add(d->epochs, &e);
    trace(&d->trace, "a new epoch, for %zu devices, after %zu -> %s", made.recipients_count,
          made.parents_count, hop_error_text(err));
    hop_wipe(&e, sizeof e);
    hop_wipe(secrets, sizeof secrets);
    free(to);
    return err;
}

/* What was written in this turn counts from now on; should the commit fail, all is opened again. */
static int take_in(struct device *d)
{
    d->early = true;
    int err = device_open_all(d);
    return err == HOP_OK ? device_fold_cell(d) : err;
}

int device_rotate(struct device *d, enum epoch_reason reason, uint64_t wall)
{
    int err = take_in(d);
    if (err != HOP_OK || (epochs_send(d->epochs) != NULL && reason != EPOCH_AGE))
        return err;
    if (!may_make(d))
        return HOP_EBUSY;
    err = make_epoch(d, reason, wall);
    return err == HOP_OK ? take_in(d) : err;
}

int device_ready(struct device *d, uint64_t wall)
{
    int err = HOP_OK;
    if (d->keys->founding)
        return HOP_OK;
    if (epochs_send(d->epochs) == NULL)
        err = device_rotate(d, EPOCH_REMOVED, wall);
    const struct epoch *send = epochs_send(d->epochs);
    if (err != HOP_OK || send == NULL)
        return err != HOP_OK ? err : HOP_EBUSY;
    if (memcmp(d->keys->log_epoch, send->tag, sizeof send->tag) == 0)
        return HOP_OK;
    trace(&d->trace, "another epoch is written under -> new logs");
    device_renew_logs(d, false);
    memcpy(d->keys->log_epoch, send->tag, sizeof d->keys->log_epoch);
    return HOP_OK;
}

/* ---- duties ---- */

enum duty { DUTY_NONE, DUTY_ROTATE, DUTY_AGE, DUTY_GRANT, DUTY_ASK };

static uint64_t records_under(const struct device *d, const struct epoch *e)
{
    uint64_t count = 0;
    for (size_t i = 0; i < d->logs_count; i++) {
        if (memcmp(d->logs[i].tag, e->tag, sizeof e->tag) == 0)
            count += d->logs[i].next - 1;
    }
    return count;
}

static bool is_old(const struct device *d, uint64_t wall)
{
    const struct epoch *send = epochs_send(d->epochs);
    const struct cell_device *own = own_device(d);
    uint64_t made = send == NULL ? 0 : epochs_wall(d->epochs, send->commit);
    if (send == NULL || own == NULL || cell_member(d->cell, own->member)->rank < 1)
        return false;
    return (wall > made && wall - made > EPOCH_AGE_US) || records_under(d, send) >= EPOCH_RECORDS;
}

/* Is the key that others seal to one that we have? */
static bool kem_is_ours(const struct device *d, const struct cell_device *own)
{
    const struct device_keys *k = d->keys;
    bool ours = memcmp(own->cert.kem, k->kem.public_key, 32) == 0;
    for (size_t i = 0; i < k->kems_before; i++)
        ours = ours || memcmp(own->cert.kem, k->kem_before[i].public_key, 32) == 0;
    return ours;
}

static enum duty find_duty(const struct device *d, uint64_t wall)
{
    struct epochs_gap gap;
    uint8_t closed[1][32];
    size_t at = 0;
    const struct cell_device *own = d->keys->carrier || !d->keys->has_cell ? NULL : own_device(d);
    if (own == NULL || d->own_came_back || d->write_error != HOP_OK)
        return DUTY_NONE;
    if (epochs_send(d->epochs) == NULL)
        return may_make(d) ? DUTY_ROTATE : DUTY_NONE;
    if (!kem_is_ours(d, own) || epochs_closed(d->epochs, own->cert.ik, closed, 1) > 0)
        return DUTY_ASK;
    if (!may_make(d))
        return DUTY_NONE;
    if (epochs_gap(d->epochs, d->cell, &at, &gap))
        return DUTY_GRANT;
    return is_old(d, wall) ? DUTY_AGE : DUTY_NONE;
}

/* How many devices come before this one. The order is another one for every epoch. */
static size_t place_of_own(const struct device *d)
{
    uint8_t own[16], other[16], context[64];
    size_t place = 0;
    const struct epoch *tip = NULL;
    memset(context, 0, sizeof context);
    if (epochs_tips(d->epochs, &tip, 1) > 0)
        memcpy(context, tip->commit, 32);
    memcpy(context + 32, d->keys->ik.public_key, 32);
    hop_derive(own, sizeof own, d->keys->sync_key, LABEL_EP_PLACE, SPAN(context, sizeof context));
    for (size_t i = 0; i < cell_device_count(d->cell); i++) {
        const struct cell_device *x = cell_device(d->cell, i);
        if (x->state != DEVICE_ACTIVE || epochs_share(role_of(d, x)) != EPOCH_HISTORY)
            continue;
        memcpy(context + 32, x->cert.ik, 32);
        hop_derive(other, sizeof other, d->keys->sync_key, LABEL_EP_PLACE,
                   SPAN(context, sizeof context));
        place += memcmp(other, own, sizeof own) < 0;
    }
    return place < PLACES_COUNTED ? place : PLACES_COUNTED;
}

/* One slot for a device that lacks it, on record. */
static int write_grant(struct device *d, const struct epochs_gap *gap, uint64_t wall)
{
    uint8_t text[GRANT_TEXT_BYTES], id[32];
    const struct cell_device *x = cell_device(d->cell, gap->device);
    struct epoch_recipient to = {.ik = x->cert.ik, .kem = x->cert.kem, .share = gap->share};
    int err = device_ready(d, wall);
    if (err != HOP_OK)
        return err;
    struct wire_writer w = wire_writer(text, sizeof text);
    struct epoch_context context = {.cell_id = d->keys->cell_id,
                                    .log = d->keys->log[LANE_CONTROL].public_key};
    err = epoch_grant_put(&w, gap->epoch, &context, &to, &d->drbg);
    struct device_draft draft = {.lane = LANE_CONTROL,
                                 .outer = OUTER_GRANT,
                                 .type = AUTH_GRANT,
                                 .wall = wall,
                                 .body = wire_written(&w)};
    return err == HOP_OK ? device_author_here(d, &draft, id) : err;
}

static int grant_all(struct device *d, uint64_t wall)
{
    struct epochs_gap gap;
    size_t at = 0;
    int err = HOP_OK;
    for (int i = 0; i < GRANTS_A_TURN && err == HOP_OK; i++) {
        if (!epochs_gap(d->epochs, d->cell, &at, &gap))
            break;
        err = write_grant(d, &gap, wall);
    }
    return err;
}

/* Say which EPOCH records cannot be read here, and to which key they are to be sealed. */
static int ask(struct device *d, uint64_t wall)
{
    const struct cell_device *own = own_device(d);
    struct auth_prekey p = {0};
    struct device_keys *k = d->keys;
    uint8_t body[256], id[32];
    int err = device_ready(d, wall);
    if (err != HOP_OK || own == NULL)
        return err;
    size_t closed = epochs_closed(d->epochs, own->cert.ik, p.lacks, ASKED_AT_ONCE);
    p.lacks_count = (uint8_t)(closed < ASKED_AT_ONCE ? closed : ASKED_AT_ONCE);
    device_keys_renew_kem(k, &d->drbg);
    memcpy(k->kem_epoch, k->log_epoch, sizeof k->kem_epoch);
    memcpy(p.kem, k->kem.public_key, sizeof p.kem);
    auth_prekey_sign(&p, &k->ik, k->cell_id);
    struct wire_writer w = wire_writer(body, sizeof body);
    auth_prekey_put(&w, &p);
    assert(!w.bad);
    trace(&d->trace, "%zu epochs cannot be read here -> ask", closed);
    struct device_draft draft = {
        .lane = LANE_CONTROL, .type = AUTH_PREKEY, .wall = wall, .body = wire_written(&w)};
    return device_author_here(d, &draft, id);
}

static int do_duty(struct device *d, enum duty duty, uint64_t wall)
{
    switch (duty) {
    case DUTY_ROTATE:
        return device_rotate(d, EPOCH_LEFT, wall);
    case DUTY_AGE:
        return device_rotate(d, EPOCH_AGE, wall);
    case DUTY_GRANT:
        return grant_all(d, wall);
    case DUTY_ASK:
        return ask(d, wall);
    case DUTY_NONE:
        break;
    }
    return HOP_OK;
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

int device_duties(struct device *d, hop_time now, uint64_t wall, bool *ret_wrote)
{
    enum duty duty = find_duty(d, wall);
    d->duty_called = false;
    if (duty == DUTY_NONE) {
        d->duty = false;
        return HOP_OK;
    }
    if (!d->duty) {
        hop_time wait = duty == DUTY_ASK ? DUTY_STEP : place_of_own(d) * DUTY_STEP;
        d->duty = true;
        d->duty_since = now;
        d->duty_at = now + DUTY_REST + wait;
    }
    if (now < d->duty_at)
        return HOP_OK;
    if (more_to_come(d)) {
        d->duty_at = now + DUTY_REST;
        return HOP_OK;
    }
    d->duty = false;
    int err = do_duty(d, duty, wall);
    *ret_wrote = err == HOP_OK || d->write_error != HOP_OK;
    return err == HOP_ENOMEM ? err
                             : HOP_OK; /* of others the commit says so, or it is tried again */
}
