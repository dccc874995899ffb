#include "device/keys.h"

#include "base/wire.h"

#include <assert.h>

#define KEYS_VERSION 2
#define STEP_BYTES   1024

static void new_sign_key(struct hop_sign_key *ret, struct hop_drbg *drbg)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    hop_drbg_take(drbg, seed, sizeof seed);
    hop_sign_keypair(ret, seed);
    hop_wipe(seed, sizeof seed);
}

static void new_box_key(struct hop_box_key *ret, struct hop_drbg *drbg)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    hop_drbg_take(drbg, seed, sizeof seed);
    hop_box_keypair(ret, seed);
    hop_wipe(seed, sizeof seed);
}

void device_keys_new(struct device_keys *ret, struct hop_drbg *drbg)
{
    *ret = (struct device_keys){.changed = true};
    new_sign_key(&ret->ik, drbg);
    new_box_key(&ret->lk, drbg);
    new_box_key(&ret->kem, drbg);
}

void device_keys_reincarnate(struct device_keys *k, struct hop_drbg *drbg)
{
    k->incarnation++;
    k->stopped = false;
    memset(k->session, 0, sizeof k->session);
    memset(k->tips, 0, sizeof k->tips);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        new_sign_key(&k->log[lane], drbg);
    k->changed = true;
}

void device_keys_renew_kem(struct device_keys *k, struct hop_drbg *drbg)
{
    memmove(&k->kem_before[1], &k->kem_before[0], (DEVICE_KEMS - 2) * sizeof k->kem);
    k->kem_before[0] = k->kem;
    if (k->kems_before < DEVICE_KEMS - 1)
        k->kems_before++;
    new_box_key(&k->kem, drbg);
    k->changed = true;
}

/* ---- epochs ---- */

void device_keys_epoch(const struct device_keys *k, size_t index, struct epoch *ret)
{
    const struct device_epoch *d = &k->epochs[index];
    assert(index < k->epochs_count);
    if (d->held == EPOCH_ROUTE)
        epoch_derive_blind(ret, d->other, d->secret);
    else
        epoch_derive(ret, d->secret, d->held == EPOCH_HISTORY ? d->other : NULL);
}

int device_keys_hold(struct device_keys *k, const struct epoch *e, bool made)
{
    struct device_epoch d = {.held = (uint8_t)e->held, .made = made};
    size_t at = 0;
    assert(e->held != EPOCH_NOTHING && e->held != EPOCH_AUTH);
    memcpy(d.secret, e->held == EPOCH_ROUTE ? e->route : e->secret, sizeof d.secret);
    if (e->held == EPOCH_HISTORY)
        memcpy(d.other, e->history, sizeof d.other);
    else if (e->held == EPOCH_ROUTE)
        memcpy(d.other, e->commit, sizeof d.other);
    while (at < k->epochs_count && !hop_equal(k->epochs[at].secret, d.secret, sizeof d.secret))
        at++;
    int err = at == DEVICE_EPOCHS_MAX ? HOP_EFULL : HOP_OK;
    if (err == HOP_OK && (at == k->epochs_count || k->epochs[at].held < d.held)) {
        k->epochs[at] = d;
        k->epochs_count += at == k->epochs_count;
        k->changed = true;
    }
    hop_wipe(&d, sizeof d);
    return err;
}

void device_keys_drop(struct device_keys *k, size_t index)
{
    assert(index < k->epochs_count);
    k->epochs_count--;
    memmove(&k->epochs[index], &k->epochs[index + 1],
            (k->epochs_count - index) * sizeof k->epochs[0]);
    hop_wipe(&k->epochs[k->epochs_count], sizeof k->epochs[0]);
    k->changed = true;
}

/* ---- bytes ---- */

static unsigned flags_of(const struct device_keys *k)
{
    return (k->has_cell ? 1u : 0) | (k->founding ? 2u : 0) | (k->stopped ? 4u : 0) |
           (k->carrier ? 8u : 0);
}

static void put_epochs(struct wire_writer *w, const struct device_keys *k)
{
    wire_put_u16(w, (uint16_t)k->epochs_count);
    for (size_t i = 0; i < k->epochs_count; i++) {
        wire_put_u8(w, k->epochs[i].held);
        wire_put_u8(w, k->epochs[i].made ? 1 : 0);
        wire_put_bytes(w, k->epochs[i].secret, 32);
        wire_put_bytes(w, k->epochs[i].other, 32);
    }
}

/* Signing keys are kept as their seeds, the first half of the secret. */
void device_keys_put(uint8_t ret[static DEVICE_KEYS_BYTES_MAX], size_t *ret_size,
                     const struct device_keys *k)
{
    struct wire_writer w = wire_writer(ret, DEVICE_KEYS_BYTES_MAX);
    wire_put_u8(&w, KEYS_VERSION);
    wire_put_u8(&w, (uint8_t)flags_of(k));
    wire_put_bytes(&w, k->ik.secret, 32);
    wire_put_bytes(&w, k->lk.secret, 32);
    wire_put_bytes(&w, k->kem.secret, 32);
    wire_put_u8(&w, k->kems_before);
    for (size_t i = 0; i < k->kems_before; i++)
        wire_put_bytes(&w, k->kem_before[i].secret, 32);
    wire_put_bytes(&w, k->kem_epoch, sizeof k->kem_epoch);
    wire_put_bytes(&w, k->cell_id, 32);
    wire_put_bytes(&w, k->sync_key, 32);
    wire_put_u32(&w, k->incarnation);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        wire_put_bytes(&w, k->log[lane].secret, 32);
    wire_put_bytes(&w, k->log_epoch, sizeof k->log_epoch);
    wire_put_u32(&w, k->seat_lost);
    wire_put_u32(&w, k->seat_number);
    wire_put_bytes(&w, k->seat_config, 32);
    wire_put_bytes(&w, k->session, sizeof k->session);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        wire_put_u64(&w, k->tips[lane]);
    put_epochs(&w, k);
    size_t rest = (STEP_BYTES - w.used % STEP_BYTES) % STEP_BYTES;
    if (rest > DEVICE_KEYS_BYTES_MAX - w.used)
        rest = DEVICE_KEYS_BYTES_MAX - w.used;
    wire_put_zeros(&w, rest);
    assert(!w.bad);
    *ret_size = w.used;
}

static void get_sign_key(struct wire_reader *r, struct hop_sign_key *ret)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    wire_get_into(r, seed, sizeof seed);
    hop_sign_keypair(ret, seed);
    hop_wipe(seed, sizeof seed);
}

static void get_box_key(struct wire_reader *r, struct hop_box_key *ret)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    wire_get_into(r, seed, sizeof seed);
    hop_box_keypair(ret, seed);
    hop_wipe(seed, sizeof seed);
}

static void get_epochs(struct wire_reader *r, struct device_keys *k)
{
    size_t count = wire_get_u16(r);
    if (count > DEVICE_EPOCHS_MAX)
        r->bad = true;
    for (size_t i = 0; i < count && !r->bad; i++) {
        struct device_epoch *e = &k->epochs[i];
        e->held = wire_get_u8(r);
        unsigned made = wire_get_u8(r);
        wire_get_into(r, e->secret, 32);
        wire_get_into(r, e->other, 32);
        e->made = made == 1;
        if (made > 1 || e->held >= EPOCH_HOLDS_COUNT || e->held == EPOCH_NOTHING ||
            e->held == EPOCH_AUTH)
            r->bad = true;
        k->epochs_count++;
    }
}

static unsigned get_keys(struct wire_reader *r, struct device_keys *k)
{
    unsigned flags = wire_get_u8(r);
    get_sign_key(r, &k->ik);
    get_box_key(r, &k->lk);
    get_box_key(r, &k->kem);
    k->kems_before = wire_get_u8(r);
    if (k->kems_before > DEVICE_KEMS - 1) {
        r->bad = true;
        return flags;
    }
    for (size_t i = 0; i < k->kems_before; i++)
        get_box_key(r, &k->kem_before[i]);
    wire_get_into(r, k->kem_epoch, sizeof k->kem_epoch);
    wire_get_into(r, k->cell_id, 32);
    wire_get_into(r, k->sync_key, 32);
    k->incarnation = wire_get_u32(r);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        get_sign_key(r, &k->log[lane]);
    wire_get_into(r, k->log_epoch, sizeof k->log_epoch);
    k->seat_lost = wire_get_u32(r);
    k->seat_number = wire_get_u32(r);
    wire_get_into(r, k->seat_config, 32);
    wire_get_into(r, k->session, sizeof k->session);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        k->tips[lane] = wire_get_u64(r);
    get_epochs(r, k);
    return flags;
}

int device_keys_parse(struct device_keys *ret, struct span bytes)
{
    struct wire_reader r = wire_reader(bytes.data, bytes.size);
    struct device_keys k = {0};
    unsigned version = wire_get_u8(&r);
    if (!r.bad && version > KEYS_VERSION)
        return HOP_EVERSION;
    if (version != KEYS_VERSION || bytes.size > DEVICE_KEYS_BYTES_MAX)
        return HOP_EMALFORMED;
    unsigned flags = get_keys(&r, &k);
    size_t used = bytes.size - r.left, rest = (STEP_BYTES - used % STEP_BYTES) % STEP_BYTES;
    if (rest > DEVICE_KEYS_BYTES_MAX - used)
        rest = DEVICE_KEYS_BYTES_MAX - used;
    wire_get_zeros(&r, rest);
    k.has_cell = (flags & 1) != 0;
    k.founding = (flags & 2) != 0;
    k.stopped = (flags & 4) != 0;
    k.carrier = (flags & 8) != 0;
    int err = wire_end(&r) && flags <= 15 ? HOP_OK : HOP_EMALFORMED;
    if (err == HOP_OK)
        *ret = k;
    hop_wipe(&k, sizeof k);
    return err;
}
