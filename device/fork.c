/* What a forked log means to a device: its records from the fork on have no effect, for anybody.
 *
 * The mesh proves the fork and ends the log before it; here the history is opened again without
 * what came after. Honest records may name such a record among those their author had seen. Who
 * has none of them cannot tell it from one that is still on its way, so it waits until it is in
 * sync with somebody: what that one does not have either is left out. Should it come after all,
 * the history is opened once more. So everybody with the same records has the same order. */
#include "device/state.h"

#include <stdlib.h>

#define WAIVED_KEY "waived" /* in STORE_META: the ids, so that a start alone shows the same */

/* ---- ids left out ---- */

static size_t waived_place(const struct device *d, const uint8_t id[static 32])
{
    for (size_t i = 0; i < d->waived_count; i++) {
        if (memcmp(d->waived[i], id, 32) == 0)
            return i;
    }
    return SIZE_MAX;
}

bool device_fork_waived(const struct device *d, const uint8_t id[static 32])
{
    return waived_place(d, id) != SIZE_MAX;
}

static int waive(struct device *d, const uint8_t id[static 32])
{
    if (d->waived_count == d->waived_capacity) {
        size_t capacity = d->waived_capacity == 0 ? 16 : 2 * d->waived_capacity;
        void *waived = realloc(d->waived, capacity * 32);
        if (waived == NULL)
            return HOP_ENOMEM;
        d->waived = waived;
        d->waived_capacity = capacity;
    }
    memcpy(d->waived[d->waived_count++], id, 32);
    return HOP_OK;
}

static int keep_waived(struct device *d)
{
    size_t size = d->waived_count * 32;
    if (size > STORE_VALUE_BYTES_MAX)
        return HOP_OK; /* those beyond are found again */
    d->waived_changed = true;
    return store_put(d->store, STORE_META, span_text(WAIVED_KEY), SPAN(d->waived[0], size));
}

int device_fork_load(struct device *d)
{
    struct span ids;
    int err = store_find(d->store, STORE_META, span_text(WAIVED_KEY), &ids);
    for (size_t at = 0; err == HOP_OK && at + 32 <= ids.size; at += 32)
        err = waive(d, ids.data + at);
    return err == HOP_ENOTFOUND ? HOP_OK : err;
}

void device_fork_arrived(struct device *d, const uint8_t id[static 32])
{
    size_t place = waived_place(d, id);
    if (place == SIZE_MAX)
        return;
    trace(&d->trace, "a record that others had seen has come after all -> open all again");
    memmove(d->waived + place, d->waived + place + 1, (--d->waived_count - place) * 32);
    d->reopen = true;
    if (keep_waived(d) != HOP_OK)
        d->write_error = HOP_EIO; /* the turn is lost, and the record comes again */
}

size_t device_fork_filter(const struct device *d, uint8_t *ret, const uint8_t *deps, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (waived_place(d, deps + 32 * i) == SIZE_MAX)
            memmove(ret + 32 * kept++, deps + 32 * i, 32);
    }
    return kept;
}

/* ---- what is nowhere ---- */

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

/* Ids of all records that are here and not opened; HOP_ENOMEM. */
static int list_pending(const struct device *d, struct buf *ret)
{
    for (uint32_t i = 0; i < d->logs_count; i++) {
        for (uint64_t seq = d->logs[i].next; seq <= d->logs[i].tip; seq++) {
            struct span bytes;
            struct record r;
            uint8_t id[32];
            if (store_get(d->store, history_log_id(d->history, i), seq, &bytes) != HOP_OK ||
                record_parse(&r, bytes) != HOP_OK)
                break;
            record_id(id, r.header, r.text);
            buf_bytes(ret, id, sizeof id);
        }
    }
    if (!ret->bad && ret->size > 0)
        qsort(ret->data, ret->size / 32, 32, compare_ids);
    return ret->bad ? HOP_ENOMEM : HOP_OK;
}

int device_fork_settle(struct device *d, bool *ret_progress)
{
    static const uint8_t zeros[32];
    struct buf pending = {0};
    *ret_progress = false;
    if (!d->settled || mesh_forks(d->mesh, NULL, 0) == 0)
        return HOP_OK;
    int err = list_pending(d, &pending);
    for (uint32_t i = 0; i < d->logs_count && err == HOP_OK; i++) {
        struct device_log *log = &d->logs[i];
        if (!log->waiting || memcmp(log->waits_for, zeros, sizeof zeros) == 0 ||
            waived_place(d, log->waits_for) != SIZE_MAX ||
            (pending.size > 0 &&
             bsearch(log->waits_for, pending.data, pending.size / 32, 32, compare_ids) != NULL))
            continue;
        trace(&d->trace, "a record waits for one that nobody has, and a log is forked -> go on");
        err = waive(d, log->waits_for);
        log->waiting = false;
        *ret_progress = true;
    }
    buf_free(&pending);
    return err == HOP_OK && *ret_progress ? keep_waived(d) : err;
}

/* ---- for people ---- */

size_t device_forks(struct device *d, struct device_fork *ret, size_t max)
{
    struct mesh_fork_view views[DEVICE_FORKS_SHOWN];
    if (d->mesh == NULL)
        return 0;
    size_t count = mesh_forks(d->mesh, views, DEVICE_FORKS_SHOWN);
    for (size_t i = 0; i < count && i < DEVICE_FORKS_SHOWN && i < max; i++) {
        ret[i] = (struct device_fork){.seq = views[i].seq, .member = HISTORY_NONE};
        memcpy(ret[i].log, views[i].log, 32);
        ret[i].bound = device_log_owner(d, views[i].log, ret[i].ik);
        const struct cell_device *of = ret[i].bound ? cell_device_by_key(d->cell, ret[i].ik) : NULL;
        if (of != NULL)
            ret[i].member = of->member;
        ret[i].own = memcmp(ret[i].ik, d->keys->ik.public_key, 32) == 0;
    }
    return count;
}
