#include "device/keys.h"

#include "base/wire.h"

#include <assert.h>

#define KEYS_VERSION 1

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

/* Signing keys are kept as their seeds, the first half of the secret. */
void device_keys_put(uint8_t ret[static DEVICE_KEYS_BYTES], const struct device_keys *k)
{
    struct wire_writer w = wire_writer(ret, DEVICE_KEYS_BYTES);
    wire_put_u8(&w, KEYS_VERSION);
    wire_put_u8(&w, (uint8_t)((k->has_cell ? 1 : 0) | (k->founding ? 2 : 0) | (k->stopped ? 4 : 0) |
                              (k->carrier ? 8 : 0)));
    wire_put_bytes(&w, k->ik.secret, 32);
    wire_put_bytes(&w, k->lk.secret, 32);
    wire_put_bytes(&w, k->kem.secret, 32);
    wire_put_bytes(&w, k->cell_id, 32);
    wire_put_u32(&w, k->incarnation);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        wire_put_bytes(&w, k->log[lane].secret, 32);
    wire_put_bytes(&w, k->first_epoch, 32);
    wire_put_bytes(&w, k->session, sizeof k->session);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        wire_put_u64(&w, k->tips[lane]);
    wire_put_zeros(&w, DEVICE_KEYS_BYTES - w.used);
    assert(!w.bad);
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

int device_keys_parse(struct device_keys *ret, struct span bytes)
{
    struct wire_reader r = wire_reader(bytes.data, bytes.size);
    struct device_keys k = {0};
    unsigned version = wire_get_u8(&r);
    if (!r.bad && version > KEYS_VERSION)
        return HOP_EVERSION;
    if (bytes.size != DEVICE_KEYS_BYTES || version != KEYS_VERSION)
        return HOP_EMALFORMED;
    unsigned flags = wire_get_u8(&r);
    k.has_cell = (flags & 1) != 0;
    k.founding = (flags & 2) != 0;
    k.stopped = (flags & 4) != 0;
    k.carrier = (flags & 8) != 0;
    get_sign_key(&r, &k.ik);
    get_box_key(&r, &k.lk);
    get_box_key(&r, &k.kem);
    wire_get_into(&r, k.cell_id, 32);
    k.incarnation = wire_get_u32(&r);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        get_sign_key(&r, &k.log[lane]);
    wire_get_into(&r, k.first_epoch, 32);
    wire_get_into(&r, k.session, sizeof k.session);
    for (size_t lane = 0; lane < DEVICE_LANES; lane++)
        k.tips[lane] = wire_get_u64(&r);
    wire_get_zeros(&r, r.left);
    int err = wire_end(&r) && flags <= 15 ? HOP_OK : HOP_EMALFORMED;
    if (err == HOP_OK)
        *ret = k;
    hop_wipe(&k, sizeof k);
    return err;
}
