/* Is this store whole, as far as our own logs go? An honest device must never sign two records with
 * one number; one that cannot tell what it has signed writes to new logs. device/keys.h says how it
 * can tell. What it wrote before comes back from the others, as anybody's records do. */
#include "device/state.h"

#include "base/encode.h"

#include <stdio.h>

#define SESSION_KEY "session" /* in STORE_META */

static const uint8_t zeros[16];

/* The session that the store was last written in; zeros: none. */
static int stored_session(const struct device *d, uint8_t ret[static 16])
{
    struct span found;
    int err = store_find(d->store, STORE_META, span_text(SESSION_KEY), &found);
    memset(ret, 0, 16);
    if (err == HOP_OK && found.size == 16)
        memcpy(ret, found.data, 16);
    return err == HOP_ENOTFOUND ? HOP_OK : err;
}

static int own_tips(const struct device *d, uint64_t ret[static DEVICE_LANES])
{
    for (size_t lane = 0; lane < DEVICE_LANES; lane++) {
        struct store_tip tip = {0};
        int err = store_tip(d->store, d->keys->log[lane].public_key, &tip);
        if (err != HOP_OK && err != HOP_ENOTFOUND)
            return err;
        ret[lane] = tip.seq;
    }
    return HOP_OK;
}

int device_check_whole(struct device *d)
{
    struct device_keys *k = d->keys;
    uint8_t session[16];
    uint64_t tips[DEVICE_LANES];
    int err = stored_session(d, session);
    if (err == HOP_OK)
        err = own_tips(d, tips);
    if (err != HOP_OK || memcmp(k->session, zeros, sizeof zeros) == 0)
        return err; /* these logs are new: whatever the store was, they are whole */
    bool whole = memcmp(session, k->session, sizeof session) == 0;
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        whole = whole && !(k->stopped && tips[lane] < k->tips[lane]);
    if (whole)
        return HOP_OK;
    trace(&d->trace, "the store is not the one our records were last written to -> new logs");
    device_renew_logs(d, true);
    d->notice = NOTICE_NOT_WHOLE;
    return HOP_OK;
}

int device_session(struct device *d)
{
    struct device_keys *k = d->keys;
    if (d->session_records > 0) {
        d->session_records--;
        return HOP_OK;
    }
    hop_drbg_take(&d->drbg, k->session, sizeof k->session);
    k->stopped = false;
    k->changed = true; /* and is saved before this turn is committed */
    d->session_records = DEVICE_SESSION_RECORDS - 1;
    return store_put(d->store, STORE_META, span_text(SESSION_KEY),
                     SPAN(k->session, sizeof k->session));
}

void device_session_undo(struct device *d)
{
    uint8_t session[16];
    if (stored_session(d, session) != HOP_OK || memcmp(session, d->keys->session, 16) == 0)
        return;
    d->session_records = 0;
    memcpy(d->keys->session, session, sizeof session); /* nothing of the later one is durable */
    d->keys->changed = true;
}

void device_stop(struct device *d)
{
    struct device_keys *k = d->keys;
    uint64_t tips[DEVICE_LANES];
    if (!k->has_cell || k->stopped || memcmp(k->session, zeros, sizeof zeros) == 0 ||
        own_tips(d, tips) != HOP_OK)
        return;
    memcpy(k->tips, tips, sizeof k->tips);
    k->stopped = true;
    k->changed = true;
}

void device_copied(struct device *d)
{
    d->own_came_back = true;
}

/* ---- what a person should hear ---- */

size_t device_notices(struct device *d, struct text_said *ret, size_t max)
{
    struct device_fork forks[DEVICE_FORKS_SHOWN];
    size_t count = 0;
    if (d->keys->carrier && count < max)
        (void)text_say(&ret[count++], CELL_CARRIER, 0);
    if (d->notice != TEXT_NONE && count < max)
        (void)text_say(&ret[count++], d->notice, 0);
    size_t n = device_forks(d, forks, DEVICE_FORKS_SHOWN);
    for (size_t i = 0; i < n && i < DEVICE_FORKS_SHOWN && count < max; i++) {
        char seq[24], log[HEX_SIZE(4)];
        (void)snprintf(seq, sizeof seq, "%llu", (unsigned long long)forks[i].seq);
        hex_encode(log, SPAN(forks[i].log, 4));
        if (forks[i].own)
            (void)text_say(&ret[count++], NOTICE_FORK_OWN, 1, seq);
        else if (forks[i].member == HISTORY_NONE)
            (void)text_say(&ret[count++], NOTICE_FORK_UNKNOWN, 2, log, seq);
        else
            (void)text_say(&ret[count++], NOTICE_FORK, 2,
                           cell_member(d->cell, forks[i].member)->name, seq);
    }
    return count + device_document_notices(d, ret + count, max - count);
}
